/*
 * Input that nobody sane types: too long, control bytes, broken UTF-8, terminal
 * escapes, every prefix of real lines, and noise. Whatever comes, the output is clean
 * text and an error leaves no effect.
 */
#include "../lib/console_shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h last */
#include <cmocka.h>

static struct shop shop;

static int set_up(void **state)
{
    (void)state;
    shop_init(&shop, 2 * SIM_MIN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_release(&shop);
    return 0;
}

static void assert_clean(const char *text, const char *line)
{
    size_t n = strlen(text);
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        at += utf8_next(text + at, n - at, &cp);
        if ((cp < 0x20 && cp != '\n') || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) ||
            (cp >= 0x202a && cp <= 0x202e))
            fail_msg("U+%04X in the answer to: %s", (unsigned)cp, line);
    }
}

static void try_line(const char *line)
{
    enum err e;
    struct effects fx = {0};
    struct completions c;
    char *text = shop_says(&shop, line, &e, &fx);
    assert_clean(text, line);
    if (e != ERR_OK)
        assert_int_equal(fx.n, 0);
    for (size_t i = 0; i < fx.n; i++)
        if (fx.list[i].text)
            assert_clean(fx.list[i].text, line);
    mem_free(text);
    effects_release(&fx);
    console_complete(&shop.ctx, line, strlen(line), &c);
    assert_true(c.start <= strlen(line));
    completions_release(&c);
}

static void too_long(void **state)
{
    size_t n = 100 * 1024;
    char *line = mem_alloc(n + 1);
    enum err e;
    (void)state;
    memset(line, 'a', n);
    char *text = shop_says(&shop, line, &e, NULL);
    assert_int_equal(e, ERR_INPUT);
    assert_non_null(strstr(text, "102400 bytes"));
    assert_true(strlen(text) < 200);
    mem_free(text);
    memset(line, ' ', n);
    line[4000] = '\0';
    try_line(line);
    for (size_t i = 0; i < 2000; i++)
        memcpy(line + 2 * i, "a ", 2);
    try_line(line);
    for (size_t i = 0; i < 4000; i++)
        line[i] = i % 2 ? '|' : 'a';
    try_line(line);
    memset(line, '\'', 4000);
    try_line(line);
    memcpy(line, "logs | grep -E ", 15);
    memset(line + 15, '(', 3985);
    try_line(line);
    memset(line + 15, '*', 3985);
    try_line(line);
    memset(line + 15, '[', 3985);
    try_line(line);
    mem_free(line);
}

static void control_bytes(void **state)
{
    (void)state;
    try_line("note \x1b]0;owned\x07 \x1b[31mred");
    try_line("\x1b[2J");
    try_line("ps \xff\xfe\xc0\x80");
    try_line("note \xe2\x80\xae gnp.exe");
    try_line("note a\tb\rc\nd");
    try_line("suspect checkout pool-leak because \x9b"
             "31m");
    try_line("logs | grep \x01\x02\x7f");
    try_line("\xf0\x9f\x92\xa5 boom");
    try_line("");
    try_line("   ");
    try_line("'' \"\"");
    try_line("--");
    try_line("-- --");
    try_line("=");
    try_line("\\");
    try_line("help \\");
}

static const char *const real_lines[] = {
    "status",
    "ps checkout-2",
    "map | head -3",
    "chart orders_placed --since 40m",
    "compare 19:30 now",
    "logs checkout --level warn --since=5m | grep -c 'declined card'",
    "traces --endpoint buy --slow 1s --errors --unfinished",
    "trace 2a",
    "db sessions orders-db",
    "cache ttl items:1*",
    "stacks checkout-1",
    "curl edge/buy",
    "probe checkout",
    "restart checkout --rolling --yes",
    "set checkout.pool.size 40",
    "flag pay-retry off",
    "kill orders-db --idle-in-transaction",
    "limit edge 50",
    "revert 1",
    "suspect checkout pool-leak because ps, db sessions",
    "say --who everyone --since 19:56 --impact \"about 600\" --state mitigated --next "
    "20:45",
    "wait 19:50",
    "rewind 1m",
    "metrics checkout pool_waiting",
    "config checkout.pool.size"};

static void every_prefix(void **state)
{
    char line[256];
    (void)state;
    for (size_t i = 0; i < sizeof real_lines / sizeof *real_lines; i++)
        for (size_t n = 0; n <= strlen(real_lines[i]); n++) {
            memcpy(line, real_lines[i], n);
            line[n] = '\0';
            try_line(line);
        }
}

/* Real lines with bytes changed, cut, doubled: the same every time. */
static void noise(void **state)
{
    struct rng r;
    char line[600];
    (void)state;
    rng_seed(&r, 7, "console noise");
    for (int round = 0; round < 3000; round++) {
        const char *from =
            real_lines[rng_below(&r, sizeof real_lines / sizeof *real_lines)];
        size_t n = strlen(from);
        memcpy(line, from, n + 1);
        for (uint32_t k = rng_below(&r, 5) + 1; k > 0; k--) {
            size_t at = rng_below(&r, (uint32_t)n);
            line[at] = (char)(1 + rng_below(&r, 255));
        }
        if (rng_below(&r, 4) == 0)
            memcpy(line + n, from, strlen(from) + 1);
        try_line(line);
    }
}

/* A world that has seen nothing yet: no sample, no change, no trace. */
static void before_the_first_second(void **state)
{
    struct shop young;
    (void)state;
    shop_init(&young, 0);
    for (size_t i = 0; i < sizeof real_lines / sizeof *real_lines; i++)
        mem_free(shop_says(&young, real_lines[i], NULL, NULL));
    young.ctx.spoken = true;
    mem_free(shop_says(&young, "chart orders_placed", NULL, NULL));
    mem_free(shop_says(&young, "map", NULL, NULL));
    shop_release(&young);
}

static void narrow_and_wide(void **state)
{
    int was = shop.ctx.columns;
    (void)state;
    for (int columns = 40; columns <= 220; columns += 30)
        for (size_t i = 0; i < sizeof real_lines / sizeof *real_lines; i++) {
            shop.ctx.columns = columns;
            mem_free(shop_says(&shop, real_lines[i], NULL, NULL));
        }
    shop.ctx.columns = was;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_long),
        cmocka_unit_test(control_bytes),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(noise),
        cmocka_unit_test(before_the_first_second),
        cmocka_unit_test(narrow_and_wide),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
