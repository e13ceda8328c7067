/*
 * The terminal that was set up, in terminfo's words. These are read through
 * declarations of our own: <term.h> defines a struct term, and macros like `lines`.
 *
 * Every key that terminfo knows is learnt, also those that we have no use for: what is
 * not known to be a key would be typed, and the F1 of a Wyse ends with Enter.
 */
#include "term_internal.h"

#include <stdio.h>
#include <string.h>

char *tigetstr(const char *name);
int tigetnum(const char *name);
/* The names of all the strings of the standard, in terminfo's spelling; ends with NULL. */
extern const char *const strnames[];

bool terminfo_string(const char *name, struct buf *out)
{
    char id[16];
    snprintf(id, sizeof id, "%s", name); /* old headers want it without const */
    const char *s = tigetstr(id);
    if (!s || s == (const char *)-1)
        return false;
    for (; *s != '\0'; s++) { /* without the padding "$<5>" */
        if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
            s = strchr(s, '>');
        else
            buf_addch(out, *s);
    }
    return true;
}

int terminfo_number(const char *name)
{
    char id[16];
    snprintf(id, sizeof id, "%s", name);
    return tigetnum(id);
}

/* ---- keys ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum key_kind kind;
} keys[] = {
    {"kcuu1", KEY_UP},      {"kcud1", KEY_DOWN},   {"kcub1", KEY_LEFT},
    {"kcuf1", KEY_RIGHT},   {"khome", KEY_HOME},   {"kend", KEY_END},
    {"kfnd", KEY_HOME},     {"kslt", KEY_END},     {"kll", KEY_END},
    {"kpp", KEY_PGUP},      {"knp", KEY_PGDN},     {"kdch1", KEY_DELETE},
    {"kbs", KEY_BACKSPACE}, {"kcbt", KEY_BACKTAB}, {"kent", KEY_ENTER},
};

/* Names that are no part of the standard: these, with xterm's number of a modifier. */
static const struct {
    const char *name;
    bool known;
    enum key_kind kind;
} extended[] = {
    {"kUP", true, KEY_UP},     {"kDN", true, KEY_DOWN},  {"kLFT", true, KEY_LEFT},
    {"kRIT", true, KEY_RIGHT}, {"kHOM", true, KEY_HOME}, {"kEND", true, KEY_END},
    {"kPRV", true, KEY_PGUP},  {"kNXT", true, KEY_PGDN}, {"kDC", true, KEY_DELETE},
    {"kIC", false, 0},         {"kFND", false, 0},       {"kSEL", false, 0},
};
/* Others without a modifier, and none of ours. */
static const char *const others[] = {
    "ka2",   "kb1",   "kb3",   "kc2",   "kp1",   "kp2",   "kp3",   "kp4",
    "kp5",   "kp6",   "kp7",   "kp8",   "kp9",   "kpADD", "kpSUB", "kpMUL",
    "kpDIV", "kpDOT", "kpCMA", "kpZRO", "kpNUM", "kcbt2", "kxIN",  "kxOUT"};

/* Two passes, first the keys that we have a use for, then the others: some entries give
 * one sequence to both, and then it is ours. */
static void learn(struct key_decoder *d, const char *name, const struct key *k,
                  bool ours)
{
    struct buf b;
    if (ours != (bool)k)
        return;
    buf_init(&b, 64);
    if (terminfo_string(name, &b) && b.len > 0 && !b.full)
        key_decoder_learn(d, b.s, k);
    buf_release(&b);
}

static bool standard_key(const char *name, struct key *k)
{
    int f = 0, end = 0;
    if (sscanf(name, "kf%d%n", &f, &end) == 1 && name[end] == '\0' && f >= 1 &&
        f <= 12) {
        *k = (struct key){.kind = KEY_F, .cp = (uint32_t)f};
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(keys[i].name, name) == 0) {
            *k = (struct key){.kind = keys[i].kind};
            return true;
        }
    return false;
}

static void learn_standard(struct key_decoder *d, bool ours)
{
    struct key k;
    for (size_t i = 0; strnames[i]; i++)
        if (strnames[i][0] == 'k' && strcmp(strnames[i], "kmous") != 0)
            learn(d, strnames[i], standard_key(strnames[i], &k) ? &k : NULL, ours);
}

/* 2 is Shift, and has its name without a number; 3 Alt, 5 Ctrl; and so on. */
static void learn_extended(struct key_decoder *d, bool ours)
{
    char name[16];
    for (size_t i = 0; i < COUNT_OF(extended); i++)
        for (int modifier = 2; modifier <= 8; modifier++) {
            struct key k = {.kind = extended[i].kind,
                            .alt = (modifier - 1) & 2,
                            .ctrl = (modifier - 1) & 4};
            snprintf(name, sizeof name, modifier == 2 ? "%s" : "%s%d", extended[i].name,
                     modifier);
            learn(d, name, extended[i].known ? &k : NULL, ours);
        }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        learn(d, others[i], NULL, ours);
    for (int f = 1; f <= 16; f++) { /* with Shift, on the terminals of Wyse */
        snprintf(name, sizeof name, "kF%d", f);
        learn(d, name, NULL, ours);
    }
}

void terminfo_learn_keys(struct key_decoder *d)
{
    for (int pass = 0; pass < 2; pass++) {
        learn_extended(d,
                       pass == 0); /* some of its names are others' in the standard */
        learn_standard(d, pass == 0);
    }
}
