/*
 * Nothing gets lost among messages, and nothing is doubled in the books. Worlds with a
 * broker, two subscriptions set up at random, limiters and jobs are hit by whatever
 * operators and incidents can do: crashes, evictions, redelivery, purges, retention. All
 * along every stored message is good, bad or still there, what is bad never becomes
 * less, and every request's slices sum to its duration; in the end, when all faults are
 * over and nobody comes any more, nothing is left inside, each message is good, late,
 * skipped, lost or given up, and an idempotent consumer has had each once.
 *
 *     build/tests/unit/test_sim_messages 1000        so many worlds (make fuzz)
 *     build/tests/unit/test_sim_messages 1 4711      that one alone
 */
#include "sim_test.h"

#include <stdlib.h>

#define SHOP_TOPIC "events.orders"
#define LOG        "events.orders.projector"
#define QUEUE      "events.orders.mailer"

static comp_id part(struct model *m, const char *kind, const char *name,
                    const char *params)
{
    comp_id c = must_add(m, kind, name);
    char copy[300], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", params);
    for (char *p = strtok_r(copy, " ", &rest); p; p = strtok_r(NULL, " ", &rest)) {
        const struct kind_desc *k = model_kind(m, c);
        char *text = strchr(p, '=');
        struct value v = value_text(text + 1);
        *text = '\0';
        for (size_t i = 0; i < k->nparams; i++)
            if (str_eq(k->params[i].name, p) && k->params[i].type != VALUE_COMP)
                must(value_parse(m, &k->params[i], text + 1, &v, &why), &why);
        must_set(m, c, p, v);
    }
    return c;
}

static uint64_t state;
static uint32_t any(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

/* `text` with one of some settings behind it. */
static void subscription(struct model *m, const char *name, const char *text,
                         bool queue)
{
    static const char *const logs[] = {"", "protocol=cooperative",
                                       "max_poll_interval=1s",
                                       "protocol=cooperative max_poll_interval=800ms",
                                       "rebalance=0 max_poll_interval=2s"};
    static const char *const queues[] = {"", "delay=2s", "batch=9", "visibility=300ms",
                                         "dead_letters=off"};
    char all[300];
    snprintf(all, sizeof all, "%s %s", text, queue ? queues[any(5)] : logs[any(5)]);
    part(m, "subscription", name, all);
}

static struct model *shop(void)
{
    struct model *m = model_new();
    part(m, "broker", "events", "latency=exponential(8ms)");
    part(m, "topic", SHOP_TOPIC,
         "partitions=5 keys=40 popularity=0.8 retention=90s keep_read=20s "
         "capacity=900");
    subscription(m, LOG,
                 "to=projector/apply consumers=2 batch=4 batch_cost=5ms tries=6 "
                 "retry_delay=300ms rebalance=2s",
                 false);
    subscription(m, QUEUE,
                 "to=gate/mail style=queue consumers=6 batch=3 visibility=2s tries=4",
                 true);
    part(m, "counter", "applied", "idempotent=on remembers=24h amount=3");
    comp_id shop = part(m, "service", "shop", "instances=2 workers=20 queue=40");
    comp_id work = part(m, "service", "projector",
                        "instances=3 workers=12 start_up=2s drain=3s queue=50");
    part(m, "limiter", "door",
         "to=edge rate=60 burst=30 per=client over=wait max_wait=400ms");
    part(m, "limiter", "gate", "to=projector rate=200 burst=50 max_in_flight=9");
    part(m, "balancer", "edge", "to=shop");
    part(m, "job", "nightly",
         "every=7s to=shop/report overlap=replace timeout=5s retries=1 catch_up=on");
    part(m, "job", "sweep",
         "every=5s duration=exponential(4s) items=" LOG ".lag "
         "per_item=2ms overlap=forbid");
    struct node order[] = {
        {.kind = NODE_COMPUTE, .time = dist_exponential(2 * SIM_MS)},
        {.kind = NODE_PUBLISH, .target = SHOP_TOPIC, .catches = true},
        {.kind = NODE_PUBLISH, .target = SHOP_TOPIC}};
    order[0].next = &order[1];
    order[1].next = &order[2];
    struct node report = {.kind = NODE_SLEEP, .time = dist_exponential(2 * SIM_SEC)};
    struct node done = {.kind = NODE_COUNT, .what = "applied"};
    struct node apply = {
        .kind = NODE_COMPUTE, .time = dist_exponential(20 * SIM_MS), .next = &done};
    struct node mail = {.kind = NODE_SLEEP, .time = dist_exponential(300 * SIM_MS)};
    must(model_endpoint(m, shop, "order", NULL, order, &why), &why);
    must(model_endpoint(m, shop, "report", NULL, &report, &why), &why);
    for (int v = 0; v < 2; v++) {
        must(model_endpoint(m, work, "apply", v ? "v2" : "v1", &apply, &why), &why);
        must(model_endpoint(m, work, "mail", v ? "v2" : "v1", &mail, &why), &why);
    }
    part(m, "client", "users", "to=door/order rate=30 gives_up=600ms reloads=30%");
    part(m, "call", "users.door", "timeout=300ms retries=1 cancel=on");
    part(m, "call", "shop.events", "timeout=25ms retries=2");
    part(m, "call", QUEUE ".gate", "timeout=1500ms cancel=on");
    struct slo slo = {"soon", SIM_SEC, 0, 0.99, 30 * SIM_MIN, false};
    comp_id who[] = {model_find(m, "users"), model_find(m, LOG), model_find(m, QUEUE)};
    must(model_slo(m, &slo, who, 1 + any(3), &why), &why);
    return m;
}

/* ---- trouble --------------------------------------------------------------------- */

struct trouble {
    enum action_kind kind;
    const char *comp, *name;
    enum value_type type; /* NONE: no argument */
    double least, most;
    int instances; /* an instance of so many, or all */
    int seconds;   /* at most */
};
static const struct trouble all[] = {
    {ACTION_FAULT, "events", "down", VALUE_NONE, 0, 0, 0, 4},
    {ACTION_FAULT, "events", "slow", VALUE_NUMBER, 1, 20, 0, 5},
    {ACTION_FAULT, SHOP_TOPIC, "poison", VALUE_NONE, 0, 0, 5, 3},
    {ACTION_FAULT, SHOP_TOPIC, "poison", VALUE_FRACTION, 0, 0.2, 5, 3},
    {ACTION_FAULT, SHOP_TOPIC, "leader_lost", VALUE_NONE, 0, 0, 5, 5},
    {ACTION_FAULT, LOG, "stuck", VALUE_COUNT, 1, 3, 0, 6},
    {ACTION_FAULT, QUEUE, "stuck", VALUE_NONE, 0, 0, 0, 6},
    {ACTION_FAULT, LOG, "duplicates", VALUE_FRACTION, 0, 0.5, 0, 5},
    {ACTION_FAULT, QUEUE, "duplicates", VALUE_FRACTION, 0, 0.5, 0, 5},
    {ACTION_FAULT, "projector", "crash", VALUE_NONE, 0, 0, 3, 4},
    {ACTION_FAULT, "projector", "hang", VALUE_NONE, 0, 0, 3, 4},
    {ACTION_FAULT, "projector", "error_rate", VALUE_FRACTION, 0, 1, 0, 3},
    {ACTION_FAULT, "users", "spike", VALUE_NUMBER, 0, 6, 0, 5},
    {ACTION_FAULT, "door", "fails_open", VALUE_NONE, 0, 0, 0, 3},
    {ACTION_FAULT, "gate", "fails_closed", VALUE_NONE, 0, 0, 0, 3},
    {ACTION_FAULT, "nightly", "dies", VALUE_NONE, 0, 0, 0, 9},
    {ACTION_FAULT, "nightly", "node_gone", VALUE_NONE, 0, 0, 0, 9},
    {ACTION_FAULT, "sweep", "skip", VALUE_NONE, 0, 0, 0, 9},
    {ACTION_OP, LOG, "pause", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, LOG, "resume", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, LOG, "resume", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, QUEUE, "pause", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, QUEUE, "resume", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, LOG, "skip", VALUE_COUNT, 0, 9, 5, 0},
    {ACTION_OP, LOG, "seek", VALUE_COUNT, 0, 2000, 5, 0},
    {ACTION_OP, LOG, "replay", VALUE_DURATION, 0, 30, 5, 0},
    {ACTION_OP, LOG, "replay", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, QUEUE, "replay", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, QUEUE, "replay", VALUE_DURATION, 0, 10, 5, 0},
    {ACTION_OP, QUEUE, "skip", VALUE_COUNT, 0, 9, 5, 0},
    {ACTION_OP, LOG, "purge", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, QUEUE, "purge", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, SHOP_TOPIC, "purge", VALUE_NONE, 0, 0, 5, 0},
    {ACTION_OP, "projector", "restart", VALUE_NONE, 0, 0, 3, 0},
    {ACTION_OP, "projector", "scale", VALUE_COUNT, 1, 5, 0, 0},
    {ACTION_OP, "projector", "rollback", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, "nightly", "run", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, "nightly", "stop", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, "sweep", "disable", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_OP, "sweep", "enable", VALUE_NONE, 0, 0, 0, 0},
    {ACTION_SET, SHOP_TOPIC, "partitions", VALUE_COUNT, 5, 9, 0, 0},
    {ACTION_SET, LOG, "consumers", VALUE_COUNT, 1, 4, 0, 0},
    {ACTION_SET, QUEUE, "consumers", VALUE_COUNT, 1, 8, 0, 0},
    {ACTION_SET, LOG, "batch", VALUE_COUNT, 1, 20, 0, 0},
    {ACTION_SET, QUEUE, "visibility", VALUE_DURATION, 0.1, 5, 0, 0},
    {ACTION_SET, LOG, "max_poll_interval", VALUE_DURATION, 0, 4, 0, 0},
    {ACTION_SET, LOG, "rebalance", VALUE_DURATION, 0, 3, 0, 0},
    {ACTION_SET, QUEUE, "delay", VALUE_DURATION, 0, 3, 0, 0},
    {ACTION_SET, LOG, "tries", VALUE_COUNT, 1, 9, 0, 0},
    {ACTION_SET, "door", "rate", VALUE_NUMBER, 0, 90, 0, 0},
    {ACTION_SET, "gate", "max_in_flight", VALUE_COUNT, 0, 12, 0, 0},
};

static struct value value_between(enum value_type type, double least, double most)
{
    double x = least + (most - least) * any(1001) / 1000;
    if (type == VALUE_COUNT)
        return value_count((int64_t)x);
    if (type == VALUE_DURATION)
        return value_duration((sim_time)(x * 1e9));
    return type == VALUE_NONE ? (struct value){.type = VALUE_NONE} : value_number(x);
}

static void make_trouble(struct world *w, const struct observer *o)
{
    const struct trouble *t = &all[any(sizeof all / sizeof *all)];
    struct value v = value_between(t->type, t->least, t->most);
    struct action a = {.kind = t->kind,
                       .comp = model_find(world_model(w), t->comp),
                       .instance = (int)any((uint32_t)t->instances + 1),
                       .name = t->name,
                       .args = {v},
                       .nargs = v.type != VALUE_NONE};
    if (t->kind == ACTION_FAULT)
        a.duration = (1 + any((uint32_t)t->seconds)) * SIM_SEC;
    enum err e = world_apply(w, &a, "test", o, NULL, &why);
    if (e != ERR_OK && e != ERR_REFUSED && e != ERR_NOT_FOUND)
        fail_msg("%s %s: %s", t->comp, t->name, why.text);
}

/* ---- books ----------------------------------------------------------------------- */

static double figure(const struct world *w, const char *comp, const char *name)
{
    return world_metric(w, model_find(world_model(w), comp), name, 0);
}

static void assert_books(const struct world *w, const char *sub)
{
    double in = figure(w, SHOP_TOPIC, "published_total");
    double good = figure(w, sub, "good_total"), bad = figure(w, sub, "bad_total");
    double there = figure(w, sub, "lag");
    /* What comes again is there again, and work that is done may not be confirmed. */
    if (good + bad > in || good + bad + there < in)
        fail_msg("%s: %g published, %g good, %g bad, %g there", sub, in, good, bad,
                 there);
}

/* What has left is in one of these; who was given up may have been counted late. */
static void assert_fates(const struct world *w, const char *sub)
{
    double n = figure(w, SHOP_TOPIC, "published_total");
    double good = figure(w, sub, "good_total"), bad = figure(w, sub, "bad_total");
    double known = figure(w, sub, "slow_total") + figure(w, sub, "skipped_total") +
                   figure(w, sub, "lost_total");
    if (good + bad != n || known > bad || known + figure(w, sub, "dead_total") < bad)
        fail_msg("%s: %g published, %g good, %g bad; %g slow, %g skipped, %g lost, %g "
                 "given up",
                 sub, n, good, bad, figure(w, sub, "slow_total"),
                 figure(w, sub, "skipped_total"), figure(w, sub, "lost_total"),
                 figure(w, sub, "dead_total"));
}

static void assert_limiter(const struct world *w, const char *name)
{
    double in = figure(w, name, "requests_total");
    double out = figure(w, name, "admitted_total") + figure(w, name, "limited_total") +
                 figure(w, name, "too_many_total");
    assert_true(out + figure(w, name, "waiting") <= in); /* the rest has left */
}

static void assert_empty(const struct world *w)
{
    const struct model *m = world_model(w);
    for (size_t i = 0; i < model_comps(m); i++) {
        double n = world_metric(w, (comp_id)i, "in_flight", 0);
        if (n == n && n != 0)
            fail_msg("%s: %g in flight", model_name(m, (comp_id)i), n);
        assert_int_equal(world_inflight(w, (comp_id)i, NULL, 0), 0);
    }
    assert_true(figure(w, "door", "waiting") == 0);
}

struct tally {
    uint64_t n, wrong;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct tally *t = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    t->n++;
    t->wrong += sum != r->end - r->start;
}

static void quiet(struct world *w)
{
    static const char *const subs[] = {LOG, QUEUE};
    struct action rate = {.kind = ACTION_SET,
                          .comp = model_find(world_model(w), "users"),
                          .name = "rate",
                          .args = {value_number(0)},
                          .nargs = 1};
    must(world_apply(w, &rate, "test", NULL, NULL, &why), &why);
    static const char *const jobs[] = {"nightly", "sweep"};
    for (int i = 0; i < 2; i++) {
        struct action off = {.kind = ACTION_OP,
                             .comp = model_find(world_model(w), jobs[i]),
                             .name = "disable"};
        enum err done = world_apply(w, &off, "test", NULL, NULL, &why);
        assert_true(done == ERR_OK || done == ERR_REFUSED);
        struct action on = {.kind = ACTION_OP,
                            .comp = model_find(world_model(w), subs[i]),
                            .name = "resume"};
        enum err e = world_apply(w, &on, "test", NULL, NULL, &why);
        assert_true(e == ERR_OK || e == ERR_REFUSED);
        on.kind = ACTION_SET;
        on.name = "tries";
        on.args[0] = value_count(3);
        on.nargs = 1;
        must(world_apply(w, &on, "test", NULL, NULL, &why), &why);
        on.name = "max_poll_interval";
        on.args[0] = value_duration(SIM_HOUR);
        must(world_apply(w, &on, "test", NULL, NULL, &why), &why);
        on.name = "consumers";
        on.args[0] = value_count(12);
        must(world_apply(w, &on, "test", NULL, NULL, &why), &why);
    }
}

static void one_seed(uint64_t seed)
{
    state = seed * 977;
    struct world *w = must_world(shop(), seed), *fork = NULL;
    struct tally t = {0};
    struct observer o = {.ctx = &t, .done = on_done};
    double bad[2] = {0, 0};
    for (int i = 1; i <= 400; i++) {
        must_watch(w, i * 500 * SIM_MS, &o);
        if (any(2) == 0)
            make_trouble(w, &o);
        assert_books(w, LOG);
        assert_books(w, QUEUE);
        for (int k = 0; k < 2; k++) {
            double now = figure(w, k ? QUEUE : LOG, "bad_total");
            if (now < bad[k])
                fail_msg("%s: %g bad at %d, then %g", k ? QUEUE : LOG, bad[k], i - 1,
                         now);
            bad[k] = now;
        }
        assert_limiter(w, "door");
        assert_limiter(w, "gate");
    }
    quiet(w);
    fork = world_fork(w);
    must_watch(w, 1500 * SIM_SEC, &o);
    assert_int_equal(t.wrong, 0);
    assert_true(t.n > 10000);
    assert_empty(w);
    for (int i = 0; i < 2; i++) {
        const char *sub = i ? QUEUE : LOG;
        assert_true(figure(w, sub, "lag") == 0);
        assert_fates(w, sub);
    }
    double once = figure(w, "applied", "total"),
           pay = figure(w, "applied", "amount_total");
    assert_true(pay == 3 * once &&
                once <= figure(w, SHOP_TOPIC, "published_total") -
                            figure(w, SHOP_TOPIC, "duplicates_total"));
    /* What is tried again, by a user or by the call, has its two messages again. */
    double again =
        figure(w, SHOP_TOPIC, "duplicates_total") +
        2 * (figure(w, "users", "attempts_total") - figure(w, "users", "visits_total") +
             figure(w, "users.door", "retries_total"));
    assert_true(once >= figure(w, LOG, "good_total") - again);
    must_run(fork, 1500 * SIM_SEC);
    assert_true(world_digest(fork) == world_digest(w));
    world_free(fork);
    world_free(w);
}

static uint64_t first = 1, worlds = 24, running;

static void nothing_is_lost(void **s)
{
    (void)s;
    for (uint64_t seed = first; seed < first + worlds; seed++) {
        running = seed;
        one_seed(seed);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        worlds = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        first = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        printf("# world %llu\n", (unsigned long long)running);
    return failed;
}
