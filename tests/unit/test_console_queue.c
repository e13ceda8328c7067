/* The console over messages, limiters and jobs: what it shows and what it does. */
#include "../lib/console_shop.h"
#include "../lib/lab.h"

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
    struct errmsg why = {0};
    struct lab l = lab_new();
    const struct node publish = {.kind = NODE_PUBLISH, .target = "events.orders"};
    const struct node apply = {.kind = NODE_SLEEP, .time = dist_const(20 * SIM_MS)};
    (void)state;
    lab_part(&l, "broker", "events", "");
    lab_part(&l, "topic", "events.orders", "partitions=3");
    lab_part(&l, "subscription", "events.orders.mail", "to=worker/apply consumers=3");
    lab_part(&l, "service", "web", "workers=50");
    lab_part(&l, "service", "worker", "workers=50");
    lab_endpoint(&l, "web", "order", &publish);
    lab_endpoint(&l, "worker", "apply", &apply);
    lab_part(&l, "limiter", "door", "to=web rate=20");
    const struct node load = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    const struct node look = {
        .kind = NODE_CACHED, .target = "hot", .what = "pages", .body = &load};
    lab_part(&l, "cache", "hot", "maxmemory=1 maxmemory_policy=allkeys-lru");
    lab_part(&l, "keyspace", "hot.pages", "keys=50 value_bytes=102400");
    lab_endpoint(&l, "web", "page", &look);
    lab_part(&l, "client", "readers", "to=web/page rate=5");
    lab_part(&l, "job", "nightly", "every=1m duration=10s");
    lab_part(&l, "job", "rare", "every=1h duration=10s");
    lab_part(&l, "client", "users", "to=door/order rate=30");
    assert_int_equal(model_finish(l.m, &why), ERR_OK);
    shop = (struct shop){.model = l.m, .world = world_new(l.m, 1, &why)};
    shop.rec = recording_new(l.m, NULL, 0);
    shop_run(&shop, 2 * SIM_MIN);
    struct action poison = {.kind = ACTION_FAULT,
                            .comp = model_find(l.m, "events.orders"),
                            .instance = 2,
                            .name = "poison"};
    assert_int_equal(world_apply(shop.world, &poison, NULL, NULL, NULL, &why), ERR_OK);
    shop_run(&shop, 3 * SIM_MIN);
    shop.ctx =
        (struct console_ctx){.world = shop.world, .rec = shop.rec, .columns = 100};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_release(&shop);
    return 0;
}

static void says(const char *line, const char *const *parts)
{
    enum err e;
    char *text = shop_says(&shop, line, &e, NULL);
    if (e != ERR_OK)
        fail_msg("%s: %s", line, text);
    for (; *parts; parts++)
        if (!strstr(text, *parts))
            fail_msg("%s: no “%s” in:\n%s", line, *parts, text);
    mem_free(text);
}
#define SAYS(line, ...) says(line, (const char *const[]){__VA_ARGS__, NULL})

/* Whoever follows the error of a log to its trace finds every try. */
static void what_fails_again_and_again_has_a_trace(void **state)
{
    (void)state;
    char line[64];
    char *text = shop_says(&shop, "logs worker --level error | tail -2", NULL, NULL);
    const char *id = strstr(text, "trace=");
    if (!id)
        fail_msg("no trace in: %s", text);
    id += strlen("trace=");
    snprintf(line, sizeof line, "trace %.*s", (int)strspn(id, "0123456789abcdef"), id);
    mem_free(text);
    SAYS(line, "so far", "tried before", "backoff", "more between",
         "still inside events.orders.mail");
    SAYS("traces worker --unfinished", line + strlen("trace "), "not finished");
    SAYS(line, "published by request");
}

static void half_a_suspicion_is_told_the_word(void **state)
{
    (void)state;
    enum err e;
    char *text = shop_says(&shop, "worker poison", &e, NULL);
    assert_int_equal(e, ERR_NOT_FOUND);
    assert_non_null(strstr(text, "did you mean worker poison-message?"));
    mem_free(text);
}

static void does(const char *line, const char *comp, int instance, const char *op)
{
    enum err e;
    struct effects fx = {0};
    char *text = shop_says(&shop, line, &e, &fx);
    if (e != ERR_OK)
        fail_msg("%s: %s", line, text);
    const struct effect *f = NULL;
    for (size_t i = 0; i < fx.n && !f; i++)
        if (fx.list[i].kind == EFFECT_ACTION)
            f = &fx.list[i];
    assert_non_null(f);
    assert_int_equal(f->action.comp, model_find(shop.model, comp));
    assert_int_equal(f->action.instance, instance);
    assert_string_equal(f->action.name, op);
    mem_free(text);
    effects_release(&fx);
}

static void shows_who_is_behind(void **state)
{
    (void)state;
    SAYS("queue", "events.orders.mail", "WORST", "consumers");
    SAYS("queue events.orders.mail", "events.orders.mail-2", "LEADER", "So far ",
         " published, ", " processed");
    SAYS("queue events", "events.orders.mail-3");
    SAYS("metrics events.orders.mail", "lag");
    SAYS("config events.orders", "partitions");
    SAYS("jobs", "nightly", "LAST SUCCESS");
    SAYS("jobs | grep ^rare", "none yet"); /* the first run is an hour away */
    SAYS("status", "events", "door", "worker", "nightly");
    SAYS("ps events", "lag");
    SAYS("config door", "OF door");
}

/* A learner on call says what it is and when it is over, whatever the lesson lists. */
/* A name that is nearly right, and a partition that is not there. */
/* The broker cannot know what an objective says that nobody measures: a row that was
 * swallowed is processed, to all who count here. */
static void what_the_objective_alone_knows_is_hidden(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } tries[] = {{"metrics events.orders.mail", "bad_total"},
                 {"metrics events --prometheus", "messages_bad_total"},
                 {"chart events.orders.mail.bad_total", "last minute"}};
    for (int hidden = 0; hidden < 2; hidden++)
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            enum err e;
            shop.ctx.users_hidden = hidden;
            char *text = shop_says(&shop, tries[i].line, &e, NULL);
            bool said = strstr(text, tries[i].says);
            if (said == hidden)
                fail_msg("%s: %s", tries[i].line, text);
            free(text);
        }
    shop.ctx.users_hidden = false;
}

static void says_which_partitions_there_are(void **state)
{
    (void)state;
    enum err e;
    char *text = shop_says(&shop, "queue skip events.orders.mail-9", &e, NULL);
    assert_int_not_equal(e, ERR_OK);
    assert_non_null(strstr(text, "1 to 3"));
    mem_free(text);
    text = shop_says(&shop, "logs events.orders-9", &e, NULL);
    assert_int_not_equal(e, ERR_OK);
    if (!strstr(text, "the partitions of events.orders are 1 to 3"))
        fail_msg("%s", text);
    mem_free(text);
}

static void tells_what_became_of_values(void **state)
{
    (void)state;
    SAYS("cache", "Values of hot.pages so far: ", " written, ",
         " evicted to make room.", "hot: 1.0 of 1.0 MiB in use, allkeys-lru.");
}

static void help_on_call_has_the_last_words(void **state)
{
    (void)state;
    static const char *const tools[] = {"status", "suspect"};
    shop.ctx.tools = tools;
    shop.ctx.ntools = 2;
    shop.ctx.on_call = true;
    SAYS("help", "  suspect ", "  rule-out ", "  resolve ");
    SAYS("help | grep -c suspect", "1");
    shop.ctx.tools = NULL;
    shop.ctx.ntools = 0;
    shop.ctx.on_call = false;
}

static void help_names_what_is_here(void **state)
{
    (void)state;
    SAYS("help queue", "  queue skip events.orders.mail-1 5\n", "skip NAME[-N] [COUNT]",
         "purge NAME", "dead [NAME]");
    SAYS("help queue dead replay", "queue dead replay NAME [NO]");
    SAYS("help jobs", "  jobs run nightly\n", "disable NAME");
    SAYS("help limit", "  limit web 50\n");
    SAYS("help renew", "  renew CERTIFICATE\n", "--cert-name COMPONENT");
    SAYS("help dig", "  dig NAME\n");
}

static void does_what_the_kinds_can(void **state)
{
    (void)state;
    does("queue skip events.orders.mail-2", "events.orders.mail", 2, "skip");
    does("queue skip events.orders.mail-2 5", "events.orders.mail", 2, "skip");
    does("queue pause events.orders.mail", "events.orders.mail", 0, "pause");
    does("queue replay events.orders.mail 10m", "events.orders.mail", 0, "replay");
    does("queue purge events.orders", "events.orders", 0, "purge");
    does("jobs run nightly", "nightly", 0, "run");
    does("jobs disable nightly", "nightly", 0, "disable");
    does("limit door 5", "door", 0, "rate");
    does("limit door 0 users", "door", 0, "limit");
    does("set events.orders.mail.batch 10", "events.orders.mail", 0, "batch");
    does("set events.orders.partitions 8", "events.orders", 0, "partitions");
}

static void refused(const char *line, const char *with)
{
    enum err e;
    char *text = shop_says(&shop, line, &e, NULL);
    assert_int_not_equal(e, ERR_OK);
    if (!strstr(text, with))
        fail_msg("%s: no “%s” in:\n%s", line, with, text);
    mem_free(text);
}

static void what_there_is_stands_beside_what_there_is_not(void **state)
{
    (void)state;
    refused("queue explode x",
            "There is no queue explode. What may follow queue: dead, "
            "pause,");
    refused("queue ded", "There is no queue ded; did you mean queue dead?");
    refused("queue explode", "there is: events.orders.mail. help queue says");
    refused("queue replay events.orders.mail", "has no dead letters");
    refused("queue pause elephant", "there is: events.orders.mail.\n");
    refused("restart elephant", "There is no \"elephant\"; there is: web, worker.\n");
    refused(
        "ps elephant",
        "there is: events, web, worker, door, hot, readers, nightly, rare, users.\n");
    refused("ps worker-9", "There is no worker-9; worker has had");
    refused("ps wrker", "did you mean \"worker\"?");
    refused("ps ?", "There is no \"?\"; there is: ");
}

static void refuses_with_a_sentence(void **state)
{
    (void)state;
    static const char *const lines[] = {"queue nobody", "queue skip nobody",
                                        "jobs fly nightly", "jobs run worker",
                                        "queue web"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        enum err e;
        char *text = shop_says(&shop, lines[i], &e, NULL);
        assert_int_not_equal(e, ERR_OK);
        assert_true(strlen(text) > 5);
        mem_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_again_and_again_has_a_trace),
        cmocka_unit_test(half_a_suspicion_is_told_the_word),
        cmocka_unit_test(shows_who_is_behind),
        cmocka_unit_test(what_the_objective_alone_knows_is_hidden),
        cmocka_unit_test(says_which_partitions_there_are),
        cmocka_unit_test(tells_what_became_of_values),
        cmocka_unit_test(help_on_call_has_the_last_words),
        cmocka_unit_test(help_names_what_is_here),
        cmocka_unit_test(does_what_the_kinds_can),
        cmocka_unit_test(what_there_is_stands_beside_what_there_is_not),
        cmocka_unit_test(refuses_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
