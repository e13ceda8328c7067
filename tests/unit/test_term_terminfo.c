/*
 * Every terminal that this machine's terminfo has: each key it is said to send is the
 * key it is, or nothing; and after each the keyboard lives. One process and no terminal:
 * the decoder learns from terminfo as it does in front of one.
 */
#include "../../src/term/term_internal.h"
#include "../lib/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* From <term.h>, as in terminfo.c. */
int setupterm(const char *name, int fd, int *status);
int del_curterm(void *terminal);
extern void *cur_term;

struct tried {
    size_t terminals, keys;
};

static const struct {
    const char *name, *key;
} expected[] = {{"kcuu1", "<up>"},    {"kcud1", "<down>"},   {"kcub1", "<left>"},
                {"kcuf1", "<right>"}, {"khome", "<home>"},   {"kend", "<end>"},
                {"kpp", "<pgup>"},    {"knp", "<pgdn>"},     {"kdch1", "<del>"},
                {"kcbt", "<btab>"},   {"kent", "<enter>"},   {"kbs", "<bs>"},
                {"kf1", "<f1>"},      {"kf2", "<f2>"},       {"kf10", "<f10>"},
                {"kf12", "<f12>"},    {"kLFT5", "<c-left>"}, {"kRIT5", "<c-right>"},
                {"kLFT3", "<m-left>"}};

/* Some entries give one sequence to two keys; whichever it is then, is right. */
static bool has_another(const struct capability *c)
{
    struct capability other;
    for (size_t i = 0; capability_next(&i, &other);)
        if (strcmp(other.bytes, c->bytes) == 0 && strcmp(other.name, c->name) != 0)
            return true;
    return false;
}

static const char *expected_of(const struct capability *c)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strcmp(expected[i].name, c->name) == 0 && !has_another(c))
            return expected[i].key;
    return NULL;
}

/* A key or none; a keypad's may be its character. */
static bool is_one_key(const char *keys)
{
    size_t n = strlen(keys);
    if (n == 1)
        return strchr("0123456789+-*/.,= ", keys[0]);
    return n == 0 || (keys[0] == '<' && strchr(keys, '>') == keys + n - 1);
}

/* One byte is what it is on every keyboard, and what begins with a character is typed:
 * the Hazeltine's "~" cannot be told from a tilde. */
static bool is_ambiguous(const char *bytes)
{
    unsigned char first = (unsigned char)bytes[0];
    return strlen(bytes) == 1 || (first >= ' ' && first < 0x7f);
}

static void sends(struct key_decoder *d, const char *bytes, sim_time *now,
                  struct buf *keys)
{
    buf_reset(keys);
    key_decoder_feed(d, bytes, strlen(bytes), *now);
    keys_drain(d, -1, keys);
    for (int i = 0; i < 3; i++)
        keys_drain(d, *now += KEY_QUIET_LIMIT, keys);
}

static void one_key(const char *terminal, struct key_decoder *d,
                    const struct capability *c, sim_time *now)
{
    struct buf keys;
    buf_init(&keys, 0);
    sends(d, c->bytes, now, &keys);
    const char *want = expected_of(c), *is = keys.len > 0 ? keys.s : "";
    if (!is_ambiguous(c->bytes)) {
        if (want && strcmp(is, want) != 0)
            fail_msg("%s: %s is %s, not %s", terminal, c->name, is, want);
        if (!is_one_key(is))
            fail_msg("%s: %s is '%s', which is no key", terminal, c->name, is);
        if (strcmp(is, "<enter>") == 0 && strcmp(c->name, "kent") != 0 &&
            !has_another(c))
            fail_msg("%s: %s runs the line", terminal, c->name);
    }
    sends(d, "ok\r", now, &keys);
    if (strcmp(keys.s, "ok<enter>") != 0)
        fail_msg("%s: after %s 'ok' and Enter is %s", terminal, c->name, keys.s);
    buf_release(&keys);
}

static void one_terminal(const char *name, struct tried *tried)
{
    int status;
    struct capability c;
    sim_time now = SIM_SEC;
    if (setupterm(name, 1, &status) != 0)
        return;
    struct key_decoder *d = key_decoder_new(true, 25 * SIM_MS);
    terminfo_learn_keys(d);
    for (size_t i = 0; capability_next(&i, &c); tried->keys++)
        one_key(name, d, &c, &now);
    key_decoder_free(d);
    del_curterm(cur_term);
    tried->terminals++;
}

static void every_terminals_keys(void **state)
{
    (void)state;
    size_t n;
    struct tried tried = {0};
    const char *const *names = terminals(&n);
    for (size_t i = 0; i < n; i++)
        one_terminal(names[i], &tried);
    print_message("# %zu terminals, %zu keys\n", tried.terminals, tried.keys);
    if (tried.terminals == 0)
        skip(); /* no terminfo here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_terminals_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
