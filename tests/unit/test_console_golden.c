/*
 * Whole outputs of a few commands on the shop, compared with
 * tests/golden/console_*.txt: text is the product, so a change of it is looked at.
 * UPDATE_GOLDEN=1 writes them anew.
 */
#include "../lib/console_golden.h"

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
    shop_init(&shop, 42 * SIM_MIN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_release(&shop);
    return 0;
}

static void check(const char *name, const char *const *lines)
{
    golden_console(&shop, name, lines);
}

static void look(void **state)
{
    static const char *const lines[] = {
        "status",         "ps", "map", "alerts", "changes", "tickets", "config",
        "probe checkout", NULL};
    (void)state;
    check("look", lines);
}

static void deeper(void **state)
{
    static const char *const lines[] = {"db",
                                        "db sessions",
                                        "db statements",
                                        "cache",
                                        "cache ttl items:1*",
                                        "stacks checkout-1",
                                        "curl edge/buy",
                                        "curl checkout/health",
                                        "curl checkout/metrics | grep -c checkout-2",
                                        "metrics cache --prometheus | grep ^cache_hits",
                                        "metrics --prometheus | grep -c ^user_",
                                        "help retry-storm",
                                        "help saturation",
                                        "help saturacion",
                                        "compare 19:35",
                                        "logs checkout --since 1h | tail -3",
                                        "logs --since 1h | grep -c declined",
                                        NULL};
    (void)state;
    check("deeper", lines);
}

static void charts(void **state)
{
    static const char *const lines[] = {
        "chart orders --since 40m", "chart checkout.pool_waiting --since 40m",
        "chart catalog.p99 --since 30m", "chart orders-db", NULL};
    (void)state;
    check("charts", lines);
    shop.ctx.ascii = true;
    check("charts_ascii", lines);
    shop.ctx.ascii = false;
}

static void spoken(void **state)
{
    static const char *const lines[] = {"chart orders --since 40m",
                                        "chart checkout.pool_waiting --since 40m",
                                        "chart catalog.p99 --since 30m",
                                        "chart cache.items.misses_total",
                                        "map",
                                        NULL};
    (void)state;
    shop.ctx.spoken = true;
    check("spoken", lines);
    shop.ctx.spoken = false;
}

static void helps(void **state)
{
    static const char *const lines[] = {
        "help",   "help all", "help restart", "help grep", "restart",
        "deploy", "flag",     "suspect",      "say",       NULL};
    (void)state;
    check("help", lines);
}

/* The first slow trace there is. */
static void waterfall(void **state)
{
    char line[64];
    shop.ctx.spoken = shop.ctx.ascii = false; /* a failed test may have left them */
    const char *lines[] = {"traces catalog --since 30m | tail -4", line, NULL};
    char *text =
        shop_says(&shop, "traces catalog | tail -1 | cut -d ' ' -f 1", NULL, NULL);
    (void)state;
    snprintf(line, sizeof line, "trace %.*s", (int)strcspn(text, "\n"), text);
    mem_free(text);
    check("trace", lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look),   cmocka_unit_test(deeper), cmocka_unit_test(charts),
        cmocka_unit_test(spoken), cmocka_unit_test(helps),  cmocka_unit_test(waterfall),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
