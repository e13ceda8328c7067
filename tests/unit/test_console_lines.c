/*
 * Lines and their effects: what a line means, what is refused and with which sentence,
 * and that an error leaves nothing behind.
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
    shop_init(&shop, 12 * SIM_MIN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_release(&shop);
    return 0;
}

/* The first effect that is not a "seen". */
static struct effect effect_of(const char *line, struct effects *fx)
{
    enum err e;
    *fx = (struct effects){0};
    char *text = shop_says(&shop, line, &e, fx);
    if (e != ERR_OK)
        fail_msg("%s: %s", line, text);
    mem_free(text);
    for (size_t i = 0; i < fx->n; i++)
        if (fx->list[i].kind != EFFECT_SEEN)
            return fx->list[i];
    fail_msg("%s: no effect", line);
    return (struct effect){0};
}

static void refuses(const char *line, const char *says)
{
    enum err e;
    struct effects fx = {0};
    char *text = shop_says(&shop, line, &e, &fx);
    assert_int_not_equal(e, ERR_OK);
    assert_int_equal(fx.n, 0);
    assert_null(fx.confirm);
    if (!strstr(text, says))
        fail_msg("%s: expected “%s”, got: %s", line, says, text);
    mem_free(text);
    effects_release(&fx);
}

static void shows(const char *line, const char *has)
{
    enum err e;
    char *text = shop_says(&shop, line, &e, NULL);
    if (e != ERR_OK || !strstr(text, has))
        fail_msg("%s: expected “%s”, got: %s", line, has, text);
    mem_free(text);
}

static void actions_come_from_the_tables(void **state)
{
    struct effects fx;
    (void)state;
    struct effect e = effect_of("restart checkout-2", &fx);
    assert_int_equal(e.kind, EFFECT_ACTION);
    assert_int_equal(e.action.kind, ACTION_OP);
    assert_string_equal(e.action.name, "restart");
    assert_int_equal(e.action.comp, model_find(shop.model, "checkout"));
    assert_int_equal(e.action.instance, 2);
    assert_non_null(fx.confirm);
    assert_true(fx.changes);
    assert_non_null(strstr(e.text, "kubectl delete pod checkout-2"));
    effects_release(&fx);

    e = effect_of("restart checkout --rolling", &fx);
    assert_null(fx.confirm);
    assert_int_equal(e.action.nargs, 1);
    assert_true(e.action.args[0].as.on);
    effects_release(&fx);

    e = effect_of("restart checkout --yes", &fx);
    assert_null(fx.confirm);
    effects_release(&fx);

    e = effect_of("scale checkout 8", &fx);
    assert_int_equal(e.action.args[0].as.count, 8);
    effects_release(&fx);

    e = effect_of("drain checkout-3", &fx);
    assert_int_equal(e.action.comp, model_find(shop.model, "edge"));
    assert_int_equal(e.action.instance, 3);
    effects_release(&fx);

    e = effect_of("kill orders-db --idle-in-transaction", &fx);
    assert_string_equal(e.action.args[0].as.text, "idle-in-transaction");
    effects_release(&fx);
}

static void settings_and_flags(void **state)
{
    struct effects fx;
    (void)state;
    struct effect e = effect_of("set checkout.pool.size 100", &fx);
    assert_int_equal(e.action.kind, ACTION_SET);
    assert_string_equal(e.action.name, "size");
    assert_int_equal(e.action.args[0].as.count, 100);
    assert_non_null(strstr(e.text, "(was 20)"));
    effects_release(&fx);

    e = effect_of("set orders-db.idle_in_transaction_timeout=60s", &fx);
    assert_true(e.action.args[0].as.duration == SIM_MIN);
    assert_null(strstr(e.text, "psql")); /* too long for one line */
    effects_release(&fx);

    shop.ctx.columns = 200;
    e = effect_of("set orders-db.idle_in_transaction_timeout=60s", &fx);
    assert_non_null(strstr(e.text, "idle_in_transaction_session_timeout = '60000ms'"));
    effects_release(&fx);
    shop.ctx.columns = 76;

    e = effect_of("flag pay-retry off", &fx);
    assert_false(e.action.args[0].as.on);
    assert_null(strstr(e.text, "curl"));
    effects_release(&fx);

    shows("config checkout.queue", "0 (no limit)");

    shows("config", "orders_placed"); /* a counter has settings, and is on no map */
    shows("config orders_placed", "idempotent");
    shows("config checkout", "As by default, and can be set");
    shows("config checkout all", "start_up_cores");
    refuses("config checkout what", "too much");
    refuses("set checkout.pool.size 20", "already");
    refuses("set checkout.pool.sise 5", "did you mean");
    refuses("set checkout.pool.size many", "many");
    refuses("set checkout.pool.to orders-db", "is no setting");
    refuses("flag pay-retry", "on or off");
}

static void every_action_is_accepted_by_the_world(void **state)
{
    static const char *const lines[] = {"restart checkout-1",
                                        "restart catalog --rolling",
                                        "scale checkout 4",
                                        "set checkout.pool.size 30",
                                        "flag pay-retry off",
                                        "drain checkout-2",

                                        "kill orders-db --idle-in-transaction",
                                        "flush cache",
                                        "flush cache.items items:1*",
                                        "limit edge 50",
                                        "deploy catalog v88",
                                        "set cache.items.jitter 10%"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct effects fx;
        struct errmsg why = {0};
        struct effect e = effect_of(lines[i], &fx);
        struct world *w = world_fork(shop.world);
        if (world_apply(w, &e.action, "you", NULL, NULL, &why) != ERR_OK)
            fail_msg("%s: %s", lines[i], why.text);
        world_free(w);
        effects_release(&fx);
    }
}

static void reasoning(void **state)
{
    struct effects fx;
    (void)state;
    struct effect e =
        effect_of("suspect checkout pool-leak because ps, db sessions", &fx);
    assert_int_equal(e.kind, EFFECT_SUSPECT);
    assert_int_equal(e.mechanism, MECHANISM_POOL_LEAK);
    assert_string_equal(e.text, "ps, db sessions");
    effects_release(&fx);
    e = effect_of("rule-out orders-db because it's idle", &fx);
    assert_int_equal(e.mechanism, MECHANISM_COUNT);
    assert_string_equal(e.text, "it's idle");
    effects_release(&fx);
    e = effect_of("note it's full; why & since when?", &fx);
    assert_string_equal(e.text, "it's full; why & since when?");
    effects_release(&fx);
    e = effect_of("say --who everyone at checkout since=19:56 --impact=\"about 600\" "
                  "--state mitigated",
                  &fx);
    assert_string_equal(e.update.who, "everyone at checkout");
    assert_string_equal(e.update.since, "19:56");
    assert_string_equal(e.update.impact, "about 600");
    assert_string_equal(e.update.state, "mitigated");
    assert_null(e.update.next);
    effects_release(&fx);
    refuses("suspect checkout pool-leek", "pool-leak");
    refuses("suspect chekout pool-leak", "checkout");
    refuses("say --state fixed", "investigating");
    refuses("resolve gone", "mitigated");
}

static void answers(void **state)
{
    struct effects fx;
    (void)state;
    struct effect e = effect_of("3", &fx);
    assert_int_equal(e.kind, EFFECT_ANSWER);
    assert_true(e.number == 3);
    effects_release(&fx);
    e = effect_of(" up, same ", &fx);
    assert_int_equal(e.kind, EFFECT_ANSWER);
    assert_string_equal(e.text, "up, same");
    effects_release(&fx);
    refuses("up, sideways", "up, same or down");
}

static void times(void **state)
{
    struct effects fx;
    (void)state;
    struct effect e = effect_of("wait 1 m", &fx); /* the clock says 19:42 */
    assert_true(e.duration == SIM_MIN);
    effects_release(&fx);
    e = effect_of("wait 19:50", &fx);
    assert_true(e.duration == 8 * SIM_MIN);
    effects_release(&fx);
    e = effect_of("rewind 19:35", &fx);
    assert_true(e.at == 5 * SIM_MIN);
    effects_release(&fx);
    e = effect_of("rewind 2m", &fx);
    assert_true(e.at == 10 * SIM_MIN);
    effects_release(&fx);
    static const char *const same[] = {"rewind 19:40", "rewind 2m", "rewind 2m ago",
                                       "rewind -2m"};
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        e = effect_of(same[i], &fx);
        assert_true(e.at == 10 * SIM_MIN);
        effects_release(&fx);
    }
    shows("count --from 4m ago --to 19:41", "19:38");
    shows("chart orders_placed --since 5m ago", "19:3");
    refuses("revert 19:31", "changes lists them");
    refuses("rewind 19:20", "19:30 to 19:42");
    refuses("rewind now", "That is now");
    refuses("wait 5", "unit");
    refuses("logs --since 25:00", "not a time");
    shop.ctx.may_rewind = false;
    refuses("rewind 2m", "on call");
    shop.ctx.may_rewind = true;
}

static void nonsense(void **state)
{
    (void)state;
    refuses("lgs", "did you mean logs?");
    refuses("chart", "For example: chart c"); /* of this world */
    refuses("stacks", "For example: stacks c");
    refuses("frobnicate", "help lists");
    refuses("kubectl get pods", "kubectl get pods -l app=COMPONENT");
    refuses("checkout", "ps checkout");
    refuses("grep x", "logs | grep");
    refuses("logs | frob", "After | comes a filter");
    refuses("logs |", "After | comes a filter");
    refuses("| head", "Before | comes a command");
    refuses("logs > file", "no files");
    refuses("logs && ps", "One line does one thing");
    refuses("logs 'open", "quote");
    refuses("logs --lvl warn", "--level");
    refuses("status now", "too much");
    refuses("restart shoppers", "checkout, catalog");
    refuses("restart checkout-9", "3 instances");
    refuses("chart checkout.p9", "p90");
}

static void why_has_a_price_until_it_is_over(void **state)
{
    struct effects fx;
    (void)state;
    struct effect e = effect_of("why", &fx);
    assert_int_equal(e.kind, EFFECT_WHY);
    assert_non_null(e.text);
    assert_non_null(fx.confirm);
    effects_release(&fx);
    shop.ctx.finished = true;
    e = effect_of("why", &fx);
    assert_null(e.text);
    assert_null(fx.confirm);
    effects_release(&fx);
    shows("why", "Where the time of all of them went");
    shop.ctx.finished = false;
}

static bool has_seen(const char *line, const char *subject)
{
    struct effects fx = {0};
    bool found = false;
    mem_free(shop_says(&shop, line, NULL, &fx));
    for (size_t i = 0; i < fx.n; i++)
        found = found ||
                (fx.list[i].kind == EFFECT_SEEN && str_eq(fx.list[i].text, subject));
    effects_release(&fx);
    return found;
}

static void what_was_shown_is_said(void **state)
{
    (void)state;
    assert_true(has_seen("ps checkout", "checkout"));
    assert_true(has_seen("ps checkout", "checkout:pool"));
    assert_true(has_seen("ps checkout | head -1", "checkout:instances"));
    assert_false(has_seen("ps checkout", "catalog"));
    assert_true(has_seen("db sessions", "orders-db:sessions"));
    assert_true(has_seen("cache ttl items:1", "cache:keys"));
    assert_false(has_seen("cache ttl nothing*", "cache:keys"));
    assert_true(has_seen("status", "status"));
    assert_false(has_seen("status", "checkout"));
    assert_true(has_seen("chart orders", "orders_placed:metric.total"));
    assert_true(has_seen("stacks checkout-1", "checkout:stacks"));
    assert_true(has_seen("config checkout", "checkout:config"));
}

/* What hangs is counted beside what finished, and its wait is part of its time. */
static void hanging_requests_are_told(void **state)
{
    char line[64];
    (void)state;
    shows("traces", "not finished (checkout/buy");
    char *open = shop_says(&shop, "traces --unfinished | tail -1", NULL, NULL);
    assert_non_null(strstr(open, "not finished"));
    snprintf(line, sizeof line, "trace %.*s", (int)strcspn(open, " "), open);
    mem_free(open);
    char *text = shop_says(&shop, line, NULL, NULL);
    const char *went = strstr(text, "where the time went: ");
    assert_non_null(went);
    assert_null(strstr(went, "network 100"));
    assert_non_null(strstr(text, "still inside"));
    mem_free(text);
}

/* Examples are about this world, and none of them is a cure. */
static void examples_are_of_this_world(void **state)
{
    (void)state;
    shows("help set", "  set checkout.instances 3\n");
    shows("help restart", "  restart checkout-1\n");
    shows("help flag", "  flag pay-retry on\n");
    shows("help suspect", "suspect checkout MECHANISM");
}

static void leaving_is_explained(void **state)
{
    static const char *const words[] = {"exit", "quit", "q", "bye"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        shop.ctx.spoken = false;
        refuses(words[i], "Ctrl-C leaves, saved.");
        shop.ctx.spoken = true;
        refuses(words[i], "Ctrl-D or Ctrl-C leaves, saved.");
    }
    shop.ctx.spoken = false;
}

/* Every command of the table can be asked for help, alone and bare, without a crash;
 * what it says fits the width. */
static void every_command_has_help(void **state)
{
    char line[64];
    (void)state;
    for (size_t i = 0; i < console_commands(); i++) {
        const struct command_info *info = console_command(i);
        if (i)
            assert_true(strcmp(console_command(i - 1)->name, info->name) < 0);
        assert_true(strlen(info->doc) > 10);
        assert_non_null(strchr(info->doc, '.'));
        snprintf(line, sizeof line, "help %s", info->name);
        shows(line, info->name);
        mem_free(shop_says(&shop, info->name, NULL, NULL));
        snprintf(line, sizeof line, "%s --help", info->name);
        shows(line, "In real life");
    }
    assert_null(console_command(console_commands()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_come_from_the_tables),
        cmocka_unit_test(settings_and_flags),
        cmocka_unit_test(hanging_requests_are_told),
        cmocka_unit_test(examples_are_of_this_world),
        cmocka_unit_test(leaving_is_explained),
        cmocka_unit_test(every_action_is_accepted_by_the_world),
        cmocka_unit_test(reasoning),
        cmocka_unit_test(answers),
        cmocka_unit_test(times),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(why_has_a_price_until_it_is_over),
        cmocka_unit_test(what_was_shown_is_said),
        cmocka_unit_test(every_command_has_help),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
