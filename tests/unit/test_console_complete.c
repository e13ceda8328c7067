/*
 * Completion: which words, where they begin, and nothing that would then be refused.
 */
#include "../lib/console_shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h last */
#include <cmocka.h>

static struct shop shop;

static int set_up(void **state)
{
    (void)state;
    shop_init(&shop, 16 * SIM_MIN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_release(&shop);
    return 0;
}

/* All completions of `line` (at its end), ", " between. */
static void completes(const char *line, size_t start, const char *expected)
{
    struct completions c;
    struct buf b;
    buf_init(&b, 0);
    console_complete(&shop.ctx, line, strlen(line), &c);
    for (size_t i = 0; i < c.n; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", c.words[i]);
    if (strcmp(b.s, expected) != 0)
        fail_msg("%s: [%s], expected [%s]", line, b.s, expected);
    assert_int_equal(c.start, start);
    buf_release(&b);
    completions_release(&c);
}

/* `word` is among the completions of `line`. */
static bool offers(const char *line, const char *word)
{
    struct completions c;
    bool found = false;
    console_complete(&shop.ctx, line, strlen(line), &c);
    for (size_t i = 0; i < c.n; i++)
        found = found || str_eq(c.words[i], word);
    completions_release(&c);
    return found;
}

static void commands(void **state)
{
    (void)state;
    completes("sta", 0, "status, stacks"); /* the lesson's tools first */
    completes("rest", 0, "restart");
    completes("zzz", 0, "");
    assert_true(offers("", "status"));
    completes("logs | h", 7, "head");
    completes("logs | ", 7, "cut, grep, head, sort, tail, uniq, wc");
    completes("help sta", 5, "stacks, status");
}

static void names(void **state)
{
    (void)state;
    completes("ps che", 3, "checkout");
    assert_true(offers("ps checkout", "checkout-2"));
    completes("restart ", 8,
              "orders-db, checkout, checkout-1, checkout-2, checkout-3, catalog, "
              "catalog-1, catalog-2");
    completes("drain checkout-", 6, "checkout-1, checkout-2, checkout-3");
    completes("kill ", 5, "orders-db");
    completes("flag ", 5, "pay-retry");
    completes("flag pay-retry o", 15, "on, off");
    completes("db s", 3, "sessions, statements");
    completes("cache t", 6, "ttl");
    completes("deploy catalog v", 15, "v87, v88");
    completes("suspect checkout pool-", 17, "pool-leak, pool-too-small");
    completes("resolve m", 8, "mitigated");
    completes("revert ", 7, "1");
}

static void parameters_and_metrics(void **state)
{
    (void)state;
    completes("set checkout.pool.si", 4, "checkout.pool.size");
    completes("set checkout.pool.size ", 23, "20");
    completes("set cache.items.single_flight ", 30, "on, off");
    completes("set checkout.order ", 19, "fifo, lifo, deadline, priority");
    completes("chart ord", 6, "orders_placed, orders-db");
    completes("chart checkout.p9", 6, "checkout.p90, checkout.p95, checkout.p99");
    completes("metrics checkout pool_w", 17, "pool_waiting");
}

static void options(void **state)
{
    (void)state;
    completes("logs --l", 5, "--level");
    completes("logs --level w", 13, "warn");
    completes("logs --level=w", 5, "--level=warn");
    completes("logs --level warn che", 18, "checkout");
    completes("restart checkout --r", 17, "--rolling");
    completes("kill orders-db --i", 15, "--idle-in-transaction");
    completes("traces --endpoint ch", 18, "checkout/buy");
}

static void in_the_middle(void **state)
{
    struct completions c;
    (void)state;
    console_complete(&shop.ctx, "ps che | head", 6, &c);
    assert_int_equal(c.n, 1);
    assert_string_equal(c.words[0], "checkout");
    assert_int_equal(c.start, 3);
    assert_string_equal(c.usage, "ps [COMPONENT|INSTANCE]");
    completions_release(&c);
}

/* Offers of completion as a whole first argument are understood. */
static void offered_words_are_understood(void **state)
{
    static const char *const lines[] = {"ps ",    "config ", "chart ",
                                        "flag ",  "help ",   "revert ",
                                        "probe ", "curl ",   "trace "};
    char line[200];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct completions c;
        console_complete(&shop.ctx, lines[i], strlen(lines[i]), &c);
        for (size_t k = 0; k < c.n; k++) {
            enum err e;
            memcpy(line, lines[i], strlen(lines[i]) + 1);
            strncat(line, c.words[k], 100);
            char *text = shop_says(&shop, line, &e, NULL);
            if (e == ERR_NOT_FOUND)
                fail_msg("%s: %s", line, text);
            mem_free(text);
        }
        completions_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(names),
        cmocka_unit_test(parameters_and_metrics),
        cmocka_unit_test(options),
        cmocka_unit_test(in_the_middle),
        cmocka_unit_test(offered_words_are_understood),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
