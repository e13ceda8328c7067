/*
 * What a message is about: the visit that it came from, through reloads, retries,
 * redelivery and any number of consumers; counters that know it, and properties and
 * amounts that are the same wherever it comes.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOPIC "mq.tasks"
#define WORK  "mq.tasks.work"

static const struct node publish = {.kind = NODE_PUBLISH, .target = TOPIC};

/* users -> app/enqueue -> mq.tasks -> worker/run, which sleeps and counts twice. */
static struct lab tasks(const char *users, const char *sub, const struct node *enqueue,
                        const char *counters)
{
    struct lab l = lab_new();
    const struct node noticing = {.kind = NODE_COUNT, .what = "noticing"};
    const struct node once = {.kind = NODE_COUNT, .what = "once", .next = &noticing};
    const struct node run = {
        .kind = NODE_SLEEP, .time = dist_const(10 * SIM_MS), .next = &once};
    char text[200];
    snprintf(text, sizeof text, "idempotent=on %s", counters);
    lab_part(&l, "counter", "once", text);
    snprintf(text, sizeof text, "per_visit=on %s", counters);
    lab_part(&l, "counter", "noticing", text);
    lab_part(&l, "broker", "mq", "");
    lab_part(&l, "topic", TOPIC, "");
    lab_part(&l, "subscription", WORK, sub);
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "service", "worker", "workers=64 cores=8");
    lab_endpoint(&l, "app", "enqueue", enqueue);
    lab_endpoint(&l, "worker", "run", &run);
    lab_part(&l, "client", "users", users);
    return l;
}

static double total(const struct lab *l, const char *counter)
{
    return lab_metric(l, counter, "total");
}

static double repeats(const struct lab *l, const char *counter)
{
    return lab_metric(l, counter, "repeats_total");
}

static double published(const struct lab *l)
{
    return lab_metric(l, TOPIC, "published_total");
}

/* Nobody comes any more, and all is done. */
static void drain(struct lab *l)
{
    lab_set(l, "users", "rate", "0");
    lab_run(l, world_now(l->w) + 2 * SIM_MIN);
    assert_true(lab_metric(l, WORK, "lag") == 0);
}

/* ---- an idempotent consumer ------------------------------------------------------ */

/* The broker hands half of the messages out twice: the textbook's cure works. */
static void handed_out_twice_counts_once(void **state)
{
    (void)state;
    struct lab l =
        tasks("to=app/enqueue rate=10 arrivals=even",
              "to=worker/run style=queue consumers=8", &publish, "remembers=1h");
    lab_start(&l, 3);
    lab_fault(&l, WORK, "duplicates", "0.5", 0);
    lab_run(&l, 600 * SIM_SEC);
    drain(&l);
    double twice = lab_metric(&l, WORK, "duplicates_total");
    assert_true(published(&l) == 6000 && twice > 2800 && twice < 3200);
    assert_true(total(&l, "once") == 6000 && repeats(&l, "once") == twice);
    assert_true(total(&l, "noticing") == 6000 + twice);
    assert_true(repeats(&l, "noticing") == twice);
    lab_free(&l);
}

/* A log whose consumer crashes repeats what was not committed. */
static void a_crash_repeats_the_same_messages(void **state)
{
    (void)state;
    struct lab l = tasks("to=app/enqueue rate=80 arrivals=even",
                         "to=worker/run batch=50 rebalance=1s", &publish, "");
    lab_start(&l, 3);
    lab_run(&l, 20 * SIM_SEC);
    lab_op(&l, WORK, "pause", NULL);
    lab_run(&l, 22 * SIM_SEC);
    lab_op(&l, WORK, "resume", NULL);
    lab_run(&l, 22300 * SIM_MS);
    lab_fault(&l, "worker", "crash", NULL, 0);
    lab_run(&l, 60 * SIM_SEC);
    drain(&l);
    assert_true(repeats(&l, "once") > 0);
    assert_true(repeats(&l, "once") == repeats(&l, "noticing"));
    assert_true(total(&l, "once") == published(&l));
    lab_free(&l);
}

/* A publish whose confirmation is late is sent again, and its user reloads: both are
 * the visit that was meant. */
static void retries_and_reloads_are_the_same_visit(void **state)
{
    (void)state;
    const struct node fails = {.kind = NODE_FAIL, .what = "no"};
    const struct node half = {.kind = NODE_SOMETIMES, .p = 0.5, .body = &fails};
    struct node send = publish;
    send.next = &half;
    struct lab l =
        tasks("to=app/enqueue rate=10 reloads=100%", "to=worker/run", &send, "");
    lab_part(&l, "call", "app.mq", "network=0 timeout=3ms retries=1");
    lab_start(&l, 3);
    lab_set(&l, "mq", "latency", "exponential(2ms)");
    lab_run(&l, 300 * SIM_SEC);
    drain(&l);
    double visits = lab_metric(&l, "users", "visits_total");
    assert_true(published(&l) > lab_metric(&l, "users", "attempts_total"));
    assert_true(total(&l, "once") == visits);
    assert_true(repeats(&l, "noticing") == published(&l) - visits);
    lab_free(&l);
}

/* ---- what is not the same -------------------------------------------------------- */

static void copies_and_second_messages_are_others(void **state)
{
    (void)state;
    struct node second = publish, first = publish;
    first.next = &second;
    const struct node many = {.kind = NODE_FAN_OUT, .count = 5, .body = &first};
    const struct node outer = {.kind = NODE_FAN_OUT, .count = 3, .body = &many};
    struct lab l = tasks("to=app/enqueue rate=2 arrivals=even",
                         "to=worker/run consumers=64 style=queue", &outer, "");
    lab_start(&l, 3);
    lab_run(&l, 100 * SIM_SEC);
    drain(&l);
    assert_true(published(&l) == 200 * 3 * 5 * 2);
    assert_true(total(&l, "once") == published(&l) && repeats(&l, "once") == 0);
    lab_free(&l);
}

/* Runs of a job are nobody's visit; their messages still are somebody. */
static void a_jobs_messages_have_a_number(void **state)
{
    (void)state;
    const struct node many = {.kind = NODE_FAN_OUT, .count = 5, .body = &publish};
    struct lab l = tasks("to=app/enqueue rate=0",
                         "to=worker/run consumers=8 style=queue", &many, "");
    lab_part(&l, "job", "nightly", "every=10s to=app/enqueue");
    lab_start(&l, 3);
    lab_fault(&l, WORK, "duplicates", "1", 0);
    lab_run(&l, 101 * SIM_SEC);
    assert_true(total(&l, "once") == 50 && repeats(&l, "once") == 50);
    lab_free(&l);
}

/* Users of two closed loops, and the same user on another day, want other things. */
static void users_of_loops_are_not_mixed_up(void **state)
{
    (void)state;
    struct lab l =
        tasks("to=app/enqueue users=20 think=exponential(1s)",
              "to=worker/run consumers=64 style=queue", &publish, "remembers=1h");
    lab_part(&l, "client", "others", "to=app/enqueue users=20 think=exponential(1s)");
    lab_part(&l, "client", "regulars",
             "to=app/enqueue rate=5 visits=2 think=1s population=10");
    lab_start(&l, 3);
    lab_run(&l, 300 * SIM_SEC);
    assert_true(total(&l, "once") > 10000 && repeats(&l, "once") == 0);
    lab_free(&l);
}

/* ---- memory ---------------------------------------------------------------------- */

/* Each message comes twice, the second time when it is visible again, after 3 s. */
static double known_after(const char *counters, double *repeated)
{
    const struct node none = {.kind = NODE_SLEEP, .time = dist_const(0)};
    const struct node count = {.kind = NODE_COUNT, .what = "once"};
    const struct node late = {
        .kind = NODE_SLEEP, .time = dist_const(4 * SIM_SEC), .next = &none};
    struct node run = count;
    run.next = &late;
    struct lab l = lab_new();
    char text[100];
    snprintf(text, sizeof text, "idempotent=on %s", counters);
    lab_part(&l, "counter", "once", text);
    lab_part(&l, "broker", "mq", "latency=0");
    lab_part(&l, "topic", TOPIC, "");
    lab_part(&l, "subscription", WORK,
             "to=worker/run style=queue consumers=100 visibility=3s");
    lab_part(&l, "call", WORK ".worker", "network=0");
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "service", "worker", "workers=1000");
    lab_endpoint(&l, "app", "enqueue", &publish);
    lab_endpoint(&l, "worker", "run", &run);
    lab_part(&l, "client", "users", "to=app/enqueue rate=10 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    drain(&l);
    double n = total(&l, "once") - published(&l);
    *repeated = repeats(&l, "once");
    lab_free(&l);
    return n;
}

static void an_id_is_known_for_so_long_and_among_so_many(void **state)
{
    (void)state;
    double repeated;
    assert_true(known_after("remembers=3001ms", &repeated) == 0 && repeated == 200);
    assert_true(known_after("remembers=3s", &repeated) == 200 && repeated == 0);
    /* In 3 s another 29 came, and those that come again are not new. */
    assert_true(known_after("remembers=1h memory=31", &repeated) == 0);
    assert_true(known_after("remembers=1h memory=1", &repeated) > 190);
}

static void it_knows_as_many_as_it_says(void **state)
{
    (void)state;
    struct lab l = tasks("to=app/enqueue rate=10 arrivals=even", "to=worker/run",
                         &publish, "remembers=20s memory=150");
    lab_start(&l, 3);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "once", "known") == 150);
    lab_set(&l, "once", "memory", "0");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(lab_metric(&l, "once", "known") == 200);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 221 * SIM_SEC);
    assert_true(lab_metric(&l, "once", "known") == 0);
    lab_free(&l);
}

/* ---- properties ------------------------------------------------------------------ */

/* The producer, a consumer that is handed each message twice, and another one count
 * those that have a property. */
static struct lab large_ones(const char *name, double p, const char *other)
{
    struct lab l = lab_new();
    const struct node at[] = {{.kind = NODE_COUNT, .what = "sent"},
                              {.kind = NODE_COUNT, .what = "billed"},
                              {.kind = NODE_COUNT, .what = "mailed"}};
    const struct node either[] = {
        {.kind = NODE_EACH, .p = p, .what = name, .body = &at[0], .next = &publish},
        {.kind = NODE_EACH, .p = p, .what = name, .body = &at[1]},
        {.kind = NODE_EACH, .p = p, .what = other, .body = &at[2]}};
    for (int i = 0; i < 3; i++)
        lab_part(&l, "counter", at[i].what, "per_visit=on remembers=1h");
    lab_part(&l, "broker", "mq", "");
    lab_part(&l, "topic", TOPIC, "");
    lab_part(&l, "subscription", WORK, "to=worker/bill style=queue consumers=9");
    lab_part(&l, "subscription", "mq.tasks.mail", "to=worker/mail");
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "service", "worker", "workers=64 cores=8");
    lab_endpoint(&l, "app", "enqueue", &either[0]);
    lab_endpoint(&l, "worker", "bill", &either[1]);
    lab_endpoint(&l, "worker", "mail", &either[2]);
    lab_part(&l, "client", "users", "to=app/enqueue rate=50 arrivals=even");
    lab_start(&l, 5);
    lab_fault(&l, WORK, "duplicates", "1", 0);
    lab_run(&l, 200 * SIM_SEC);
    drain(&l);
    return l;
}

static void a_property_is_the_same_wherever_it_comes(void **state)
{
    (void)state;
    struct lab l = large_ones("", 0.1, "");
    double n = total(&l, "sent");
    assert_true(n > 850 && n < 1150); /* 10,000 x 0.1, 5 standard deviations */
    assert_true(total(&l, "billed") == 2 * n && repeats(&l, "billed") == n);
    assert_true(total(&l, "mailed") == n);
    lab_free(&l);
    l = large_ones("large", 0, "large");
    assert_true(total(&l, "sent") == 0 && total(&l, "billed") == 0);
    lab_free(&l);
    l = large_ones("large", 1, "large");
    assert_true(total(&l, "sent") == 10000 && total(&l, "mailed") == 10000);
    lab_free(&l);
}

/* Two names: 10 % of 10 % have both. */
static void properties_of_two_names_are_two(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node both = {.kind = NODE_COUNT, .what = "both"};
    const struct node b = {
        .kind = NODE_EACH, .p = 0.1, .what = "foreign", .body = &both};
    const struct node a = {.kind = NODE_EACH, .p = 0.1, .what = "large", .body = &b};
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "app", "enqueue", &a);
    lab_part(&l, "client", "users", "to=app/enqueue rate=500 arrivals=even");
    lab_start(&l, 5);
    lab_run(&l, 100 * SIM_SEC);
    double n = total(&l, "both");
    assert_true(n > 390 && n < 610); /* 50,000 x 0.01, 5 standard deviations */
    lab_free(&l);
}

/* A poisonous order fails at each of its tries; what is drawn anew seldom does. */
static double failures(enum node_kind kind)
{
    struct lab l = lab_new();
    const struct node fails = {.kind = NODE_FAIL, .what = "cannot read this"};
    const struct node order = {.kind = kind, .p = 0.1, .body = &fails};
    const struct node ask = {.kind = NODE_CALL, .target = "app", .what = "order"};
    lab_part(&l, "service", "front", "workers=1000");
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "call", "front.app", "retries=3");
    lab_endpoint(&l, "front", "order", &ask);
    lab_endpoint(&l, "app", "order", &order);
    lab_part(&l, "client", "users", "to=front/order rate=100 arrivals=even");
    lab_start(&l, 5);
    lab_run(&l, 100 * SIM_SEC);
    double bad = lab_metric(&l, "users", "bad_total");
    lab_free(&l);
    return bad;
}

static void what_is_drawn_once_is_not_drawn_again(void **state)
{
    (void)state;
    double each = failures(NODE_EACH), anew = failures(NODE_SOMETIMES);
    assert_true(each > 850 && each < 1150);
    assert_true(anew < 10); /* 10,000 x 0.1^4 = 1 */
}

/* ---- amounts --------------------------------------------------------------------- */

static void an_order_is_worth_the_same_everywhere(void **state)
{
    (void)state;
    struct lab l = tasks("to=app/enqueue rate=50 arrivals=even",
                         "to=worker/run style=queue consumers=8", &publish,
                         "remembers=1h amount=40 amount_sd=30");
    lab_start(&l, 3);
    lab_fault(&l, WORK, "duplicates", "0.5", 0);
    lab_run(&l, 400 * SIM_SEC);
    drain(&l);
    double once = lab_metric(&l, "once", "amount_total");
    double all = lab_metric(&l, "noticing", "amount_total");
    double again = lab_metric(&l, "once", "repeated_amount_total");
    assert_true(once > 20000 * (40 - 5 * 0.22) && once < 20000 * (40 + 5 * 0.22));
    assert_true(all - once - again < 1e-6 * all && once + again - all < 1e-6 * all);
    assert_true(again > 0.4 * once && again < 0.6 * once);
    lab_free(&l);
    l = tasks("to=app/enqueue rate=10 arrivals=even", "to=worker/run", &publish,
              "amount=2.5");
    lab_start(&l, 3);
    lab_run(&l, 100 * SIM_SEC);
    drain(&l);
    assert_true(lab_metric(&l, "once", "amount_total") == 2500);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handed_out_twice_counts_once),
        cmocka_unit_test(a_crash_repeats_the_same_messages),
        cmocka_unit_test(retries_and_reloads_are_the_same_visit),
        cmocka_unit_test(copies_and_second_messages_are_others),
        cmocka_unit_test(a_jobs_messages_have_a_number),
        cmocka_unit_test(users_of_loops_are_not_mixed_up),
        cmocka_unit_test(an_id_is_known_for_so_long_and_among_so_many),
        cmocka_unit_test(it_knows_as_many_as_it_says),
        cmocka_unit_test(a_property_is_the_same_wherever_it_comes),
        cmocka_unit_test(properties_of_two_names_are_two),
        cmocka_unit_test(what_is_drawn_once_is_not_drawn_again),
        cmocka_unit_test(an_order_is_worth_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
