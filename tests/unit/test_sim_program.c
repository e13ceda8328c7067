/*
 * What programs do: branches, errors and where they go, business answers, transactions,
 * lookups of several keys, and the spans that are told of it.
 */
#include "../lib/lab.h"
#include "sim_test.h"

static struct node *seq(struct node *n, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        n[i].next = &n[i + 1];
    return n;
}

/* One even user every two seconds runs `body`; nothing takes time but what it says. */
static struct model *program(struct node *body, size_t n)
{
    struct model *m = model_new();
    comp_id db = must_add(m, "database", "db");
    must_set(m, db, "connect_time", value_duration(0));
    must_set(m, must_add(m, "statement", "db.q"), "cpu",
             value_dist(dist_const(10 * SIM_MS)));
    must_set(m, must_add(m, "call", "api.db"), "network", value_duration(0));
    comp_id cache = must_add(m, "cache", "cache");
    must_set(m, cache, "latency", value_dist(dist_const(SIM_MS)));
    comp_id k = must_add(m, "keyspace", "cache.k");
    must_set(m, k, "keys", value_count(4));
    must_set(m, k, "per_lookup", value_count(4));
    must_set(m, must_add(m, "call", "api.cache"), "network", value_duration(0));
    comp_id api = must_add(m, "service", "api");
    must_set(m, api, "cores", value_number(64));
    must(model_endpoint(m, api, "get", NULL, seq(body, n), &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(0.5));
    must_set(m, users, "arrivals", value_text("even"));
    must_set(m, must_add(m, "call", "users.api"), "network", value_duration(0));
    return m;
}

struct seen {
    struct request_done user;
    struct slice slices[16];
    struct span spans[64];
    size_t nspans;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    if (!r->user)
        return;
    s->user = *r;
    assert_true(r->nslices <= 16);
    memcpy(s->slices, r->slices, r->nslices * sizeof *r->slices);
}

static void on_span(void *ctx, const struct span *sp)
{
    struct seen *s = ctx;
    if (s->nspans < 64)
        s->spans[s->nspans++] = *sp;
}

/* The first user's request. */
static struct seen first(struct model *m, struct world **keep)
{
    struct seen s = {0};
    struct observer o = {.ctx = &s, .done = on_done, .span = on_span};
    struct world *w = must_world(m, 1);
    must_watch(w, 3900 * SIM_MS, &o);
    if (!keep)
        world_free(w);
    else
        *keep = w;
    return s;
}

/* ---- results and what is left open ----------------------------------------------- */

struct told {
    char result[32]; /* of the last request at the server's side */
    size_t n;
    struct span open[4]; /* spans that outlive their request, as they were told */
};

static void told_done(void *ctx, const struct request_done *r)
{
    struct told *t = ctx;
    if (!r->user)
        (void)snprintf(t->result, sizeof t->result, "%s", r->result ? r->result : "");
}

static void told_span(void *ctx, const struct span *s)
{
    struct told *t = ctx;
    bool other = t->n > 0 && s->id != t->open[0].id; /* the first one's story is told */
    if (s->outlives && !other && t->n < 4)
        t->open[t->n++] = *s;
}

static void watch_told(struct world *w, sim_time until, struct told *t)
{
    struct observer o = {.ctx = t, .done = told_done, .span = told_span};
    must_watch(w, until, &o);
}

/* A name that a program answers with is told, and counted under its endpoint. */
static void a_result_has_a_name_and_a_counter(void **state)
{
    (void)state;
    struct node body[] = {{.kind = NODE_REPLY, .what = "card declined"}};
    struct told t = {.n = 0};
    struct world *w = must_world(program(body, 1), 1);
    watch_told(w, 5 * SIM_SEC, &t);
    assert_string_equal(t.result, "card declined");
    comp_id counter = model_find(world_model(w), "api/get/card-declined");
    assert_int_not_equal(counter, COMP_NONE);
    assert_true(world_metric(w, counter, "total", -1) >= 2);
    comp_id get = model_find(world_model(w), "api/get");
    assert_int_equal(world_metric(w, get, "errors_total", -1), 0);
    world_free(w);
}

/* A leak is told when the request lets go of it, and again when the session ends. */
static void a_leak_is_an_open_span_until_its_session_ends(void **state)
{
    (void)state;
    struct node body[] = {{.kind = NODE_LEAK, .target = "db"}};
    struct model *m = program(body, 1);
    struct told t = {.n = 0};
    must_set(m, model_find(m, "db"), "idle_in_transaction_timeout",
             value_duration(SIM_MIN));
    struct world *w = must_world(m, 1);
    watch_told(w, 3 * SIM_SEC, &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.open[0].end, SIM_FOREVER);
    assert_int_equal(t.open[0].place, model_find(world_model(w), "db"));
    watch_told(w, 70 * SIM_SEC, &t);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.open[1].end - t.open[1].start, SIM_MIN);
    assert_int_equal(t.open[1].request, t.open[0].request);
    assert_int_not_equal(t.open[1].reason, REASON_NONE);
    world_free(w);
}

static sim_time slice_of(const struct seen *s, enum cause cause)
{
    sim_time sum = 0;
    for (size_t k = 0; k < s->user.nslices; k++)
        sum += s->slices[k].cause == (uint8_t)cause ? s->slices[k].ns : 0;
    return sum;
}

static sim_time took(const struct seen *s)
{
    return s->user.end - s->user.start;
}

static void the_last_branch_is_the_critical_path(void **state)
{
    struct node long_one[] = {{.kind = NODE_SLEEP, .time = dist_const(30 * SIM_MS)},
                              {.kind = NODE_COMPUTE, .time = dist_const(20 * SIM_MS)}};
    struct node branches[] = {{.kind = NODE_SLEEP, .time = dist_const(40 * SIM_MS)},
                              {.kind = NODE_BLOCK, .body = seq(long_one, 2)},
                              {.kind = NODE_QUERY, .target = "db", .what = "q"}};
    struct node body[] = {{.kind = NODE_PARALLEL, .body = seq(branches, 3)},
                          {.kind = NODE_SLEEP, .time = dist_const(5 * SIM_MS)}};
    (void)state;
    struct seen s = first(program(body, 2), NULL);
    assert_int_equal(took(&s), 55 * SIM_MS);
    assert_int_equal(slice_of(&s, CAUSE_SLEEP), 35 * SIM_MS);
    assert_int_equal(slice_of(&s, CAUSE_CPU), 20 * SIM_MS);
    assert_int_equal(slice_of(&s, CAUSE_DB_CPU), 0);
}

static void one_failing_branch_fails_all(void **state)
{
    struct node branches[] = {{.kind = NODE_SLEEP, .time = dist_const(40 * SIM_MS)},
                              {.kind = NODE_FAIL, .what = "no"}};
    struct node body[] = {{.kind = NODE_PARALLEL, .body = seq(branches, 2)},
                          {.kind = NODE_COUNT, .what = "after"}};
    struct world *w;
    (void)state;
    struct seen s = first(program(body, 2), &w);
    assert_int_equal(took(&s), 40 * SIM_MS);
    assert_int_equal(s.user.reason, REASON_ERROR);
    assert_int_equal(s.user.culprit, named(w, "api"));
    assert_true(metric(w, "after", "total") == 0);
    world_free(w);
}

static void a_block_catches(void **state)
{
    struct node inner[] = {{.kind = NODE_SLEEP, .time = dist_const(5 * SIM_MS)},
                           {.kind = NODE_FAIL, .what = "no"},
                           {.kind = NODE_COUNT, .what = "skipped"}};
    struct node body[] = {{.kind = NODE_BLOCK, .body = seq(inner, 3), .catches = true},
                          {.kind = NODE_COUNT, .what = "after"}};
    struct world *w;
    (void)state;
    struct seen s = first(program(body, 2), &w);
    assert_int_equal(s.user.reason, REASON_NONE);
    assert_true(metric(w, "after", "total") == 1 && metric(w, "skipped", "total") == 0);
    world_free(w);
}

/* Whatever fails: an error of the node that catches goes on behind it. */
static void every_kind_of_node_catches(void **state)
{
    struct node no = {.kind = NODE_FAIL, .what = "no"}, yes = {.kind = NODE_SLEEP};
    const struct node failing[] = {
        {.kind = NODE_FAIL, .what = "no"},
        {.kind = NODE_BLOCK, .body = &no},
        {.kind = NODE_TRANSACTION, .target = "db", .body = &no},
        {.kind = NODE_CACHED, .target = "cache", .what = "k", .body = &no},
        {.kind = NODE_PARALLEL, .body = &no},
        {.kind = NODE_FAN_OUT, .body = &no, .count = 2},
        {.kind = NODE_SOMETIMES, .p = 1, .body = &no, .other = &yes},
        {.kind = NODE_SOMETIMES, .p = 0, .body = &yes, .other = &no},
    };
    (void)state;
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        for (int catches = 0; catches < 2; catches++) {
            struct node body[] = {failing[i], {.kind = NODE_COUNT, .what = "after"}};
            struct world *w;
            body[0].catches = catches;
            struct seen s = first(program(body, 2), &w);
            assert_int_equal(s.user.reason, catches ? REASON_NONE : REASON_ERROR);
            assert_true(metric(w, "after", "total") == catches);
            world_free(w);
        }
    }
}

/* However a transaction ends, its connection comes back. */
static void transactions_give_their_connection_back(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct node in[] = {{.kind = NODE_QUERY, .target = "db", .what = "q"},
                            {.kind = how == 1   ? NODE_FAIL
                                     : how == 2 ? NODE_REPLY
                                                : NODE_QUERY,
                             .target = "db",
                             .what = how == 0 || how == 3 ? "q" : "no"}};
        struct node body[] = {{.kind = NODE_TRANSACTION,
                               .target = "db",
                               .body = seq(in, 2),
                               .catches = how == 1},
                              {.kind = NODE_COUNT, .what = "after"}};
        struct model *m = program(body, 2);
        if (how == 3) /* the second statement times out while the first has been done */
            must_set(m, model_find(m, "db.q"), "cpu",
                     value_dist(dist_exponential(SIM_SEC)));
        if (how == 3)
            must_set(m, model_find(m, "api.db"), "timeout",
                     value_duration(900 * SIM_MS));
        struct world *w;
        struct seen s = first(m, &w);
        must_run(w, 120 * SIM_SEC);
        struct action a = {.kind = ACTION_SET,
                           .comp = named(w, "users"),
                           .name = "rate",
                           .args = {value_number(0)},
                           .nargs = 1};
        must(world_apply(w, &a, "me", NULL, NULL, &why), &why);
        must_run(w, 180 * SIM_SEC);
        assert_true(metric(w, "api", "pool_in_use") == 0);
        if (how < 3)
            assert_int_equal(s.user.reason, REASON_NONE);
        if (how == 0)
            assert_int_equal(slice_of(&s, CAUSE_DB_CPU), 20 * SIM_MS);
        assert_true((metric(w, "after", "total") > 0) == (how != 2));
        world_free(w);
    }
}

static void leaks_stay(void **state)
{
    struct node body[] = {{.kind = NODE_LEAK, .target = "db"}};
    struct world *w;
    (void)state;
    (void)first(program(body, 1), &w);
    must_run(w, 7 * SIM_SEC);
    assert_true(metric(w, "api", "pool_in_use") == 3);
    struct db_session_view v[8];
    size_t n = world_db_sessions(w, named(w, "db"), v, 8);
    assert_int_equal(n, 3);
    assert_int_equal(v[0].state, SESSION_IDLE_IN_TRANSACTION);
    assert_int_equal(v[0].client, named(w, "api"));
    must_run(w, 60 * SIM_SEC); /* ten of them, then everybody waits */
    assert_true(metric(w, "api", "pool_in_use") == 10);
    assert_true(metric(w, "api", "pool_waiting") > 5);
    world_free(w);
}

static void several_keys_are_looked_up_at_once(void **state)
{
    struct node load[] = {{.kind = NODE_QUERY, .target = "db", .what = "q"}};
    struct node body[] = {
        {.kind = NODE_CACHED, .target = "cache", .what = "k", .body = load}};
    struct world *w;
    (void)state;
    struct seen s = first(program(body, 1), &w);
    assert_int_equal(took(&s), 11 * SIM_MS); /* 8 cores: four misses do not disturb */
    assert_true(metric(w, "db.q", "calls_total") == 4);
    must_run(w, 4500 * SIM_MS);
    assert_true(metric(w, "db.q", "calls_total") == 4); /* the next user hits */
    assert_true(metric(w, "users", "answered_total") == 2);
    struct cache_key_view v[8];
    assert_int_equal(world_cache_keys(w, named(w, "cache.k"), v, 8), 4);
    assert_true(v[3].present && v[3].ttl_left > 0);
    world_free(w);
}

static void a_failed_load_fails_once_and_leaves_nothing(void **state)
{
    struct node load[] = {{.kind = NODE_SLEEP, .time = dist_const(5 * SIM_MS)},
                          {.kind = NODE_FAIL, .what = "no"}};
    struct node body[] = {
        {.kind = NODE_CACHED, .target = "cache", .what = "k", .body = seq(load, 2)}};
    struct world *w;
    (void)state;
    struct seen s = first(program(body, 1), &w);
    assert_int_equal(s.user.reason, REASON_ERROR);
    must_run(w, 9 * SIM_SEC);
    struct cache_key_view v[8];
    assert_int_equal(world_cache_keys(w, named(w, "cache.k"), v, 8), 4);
    for (int i = 0; i < 4; i++)
        assert_true(!v[i].present && v[i].loading == 0);
    world_free(w);
}

static void spans_nest_and_cover_the_request(void **state)
{
    struct node body[] = {{.kind = NODE_COMPUTE, .time = dist_const(3 * SIM_MS)},
                          {.kind = NODE_QUERY, .target = "db", .what = "q"},
                          {.kind = NODE_SLEEP, .time = dist_const(4 * SIM_MS)}};
    struct world *w;
    (void)state;
    struct seen s = first(program(body, 3), &w);
    const struct span *root = NULL, *server = NULL, *query = NULL;
    bool cpu = false, sleep = false;
    for (size_t i = 0; i < s.nspans; i++) {
        const struct span *p = &s.spans[i];
        if (p->cause == CAUSE_COUNT && p->parent == 0)
            root = p;
        else if (p->cause == CAUSE_COUNT && p->place == named(w, "api"))
            server = p;
        else if (p->cause == CAUSE_COUNT && p->place == named(w, "db"))
            query = p;
        cpu |= p->cause == CAUSE_CPU && p->end - p->start == 3 * SIM_MS;
        sleep |= p->cause == CAUSE_SLEEP && p->end - p->start == 4 * SIM_MS;
    }
    assert_true(root && server && query && cpu && sleep);
    assert_int_equal(server->parent, root->id);
    assert_int_equal(query->parent, server->id);
    assert_int_equal(root->end - root->start, 17 * SIM_MS);
    assert_int_equal(query->what, named(w, "db.q"));
    world_free(w);
}

/* ---- memory, dying, losing ------------------------------------------------------- */

static struct lab small(const char *params, const char *users, const struct node *body)
{
    struct lab l = lab_new();
    lab_part(&l, "service", "app", params);
    lab_endpoint(&l, "app", "get", body);
    lab_part(&l, "client", "users", users);
    return l;
}

#define MIB 1048576.0

/* Two a second, a second each, of which half is in a branch: 100 MiB and 30 MiB, the
 * smallest piece is a KiB. */
static void what_a_program_takes_it_gives_back(void **state)
{
    (void)state;
    struct node wait = {.kind = NODE_SLEEP, .time = dist_const(400 * SIM_MS)};
    struct node branch = {.kind = NODE_ALLOCATE, .p = 30 * MIB - 1024};
    struct node body[4] = {{.kind = NODE_ALLOCATE, .p = 100 * MIB},
                           {.kind = NODE_PARALLEL, .body = &branch},
                           {.kind = NODE_ALLOCATE, .p = 1},
                           wait};
    for (int k = 0; k < 3; k++)
        body[k].next = &body[k + 1];
    struct lab l = small("memory=50", "to=app/get rate=2 arrivals=even", body);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 600 * SIM_MS);
    assert_true(lab_metric(&l, "app", "in_flight") == 1);
    assert_true(lab_metric(&l, "app", "memory") == 180 * MIB);
    lab_run(&l, 10 * SIM_SEC + 950 * SIM_MS);
    assert_true(lab_metric(&l, "app", "memory") == 50 * MIB);
    lab_free(&l);
}

static void too_much_of_it_kills(void **state)
{
    static const char *const params[] = {"memory=50 memory_limit=300 start_up=1s",
                                         "memory=50 heap=300 start_up=1s"};
    (void)state;
    struct node body[2] = {{.kind = NODE_ALLOCATE, .p = 100 * MIB, .next = &body[1]},
                           {.kind = NODE_SLEEP, .time = dist_const(3 * SIM_SEC)}};
    for (int k = 0; k < 2; k++) {
        struct lab l = small(params[k], "to=app/get rate=1 arrivals=even", body);
        lab_start(&l, 1);
        lab_run(&l, 10 * SIM_SEC + SIM_SEC / 2);
        assert_true(lab_metric(&l, "app", "oom_kills_total") >= 1);
        assert_true(lab_metric(&l, "users", "failed_total") >= 3);
        lab_run(&l, 100 * SIM_SEC);
        assert_true(lab_metric(&l, "app", "memory") < 300 * MIB);
        lab_free(&l);
    }
}

/* Memory that a request has held is garbage afterwards. */
static void a_heap_keeps_it_until_it_is_collected(void **state)
{
    (void)state;
    struct node body = {.kind = NODE_ALLOCATE, .p = 100 * MIB};
    struct lab l = small("memory=50 heap=1000 allocation=0 gc_pause=0",
                         "to=app/get rate=1 arrivals=even", &body);
    lab_start(&l, 1);
    lab_run(&l, 5 * SIM_SEC + SIM_SEC / 2);
    assert_true(lab_metric(&l, "app", "heap_live") == 50 * MIB);
    assert_true(lab_metric(&l, "app", "heap_used") == 550 * MIB);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(lab_metric(&l, "app", "collections_total") == 1);
    lab_free(&l);
}

static void a_crash_takes_all_with_it(void **state)
{
    (void)state;
    struct node die = {.kind = NODE_CRASH};
    struct node slow = {.kind = NODE_SLEEP, .time = dist_const(500 * SIM_MS)};
    struct lab l = small("start_up=1s", "to=app/get rate=10 arrivals=even", &slow);
    lab_endpoint(&l, "app", "bad", &die);
    lab_part(&l, "client", "somebody", "to=app/bad rate=0.1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(lab_metric(&l, "app", "restarts_total") == 1);
    assert_true(lab_metric(&l, "somebody", "failed_total") == 1);
    /* about 5 inside, and about 10 that found nobody */
    assert_true(lab_metric(&l, "users", "failed_total") >= 13);
    assert_true(lab_metric(&l, "users", "failed_total") <= 17);
    assert_true(lab_metric(&l, "app", "oom_kills_total") == 0);
    lab_free(&l);
}

/* The caller goes on as after any answer; the objective knows, at all depths. */
static void what_is_dropped_is_lost_to_the_objective_alone(void **state)
{
    (void)state;
    struct node drop = {.kind = NODE_DROP};
    struct node half = {.kind = NODE_SOMETIMES, .p = 0.5, .body = &drop};
    struct node count = {.kind = NODE_COUNT, .what = "after"};
    struct node call = {
        .kind = NODE_CALL, .target = "app", .what = "get", .next = &count};
    struct node fan = {.kind = NODE_PARALLEL, .body = &call};
    struct lab l = small("", "to=edge/get rate=100 arrivals=even", &half);
    lab_part(&l, "service", "edge", "");
    lab_endpoint(&l, "edge", "get", &fan);
    lab_slo(&l, SIM_SEC, 0);
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC + 5 * SIM_MS);
    double lost = lab_metric(&l, "users", "lost_total");
    assert_true(lost > 4700 && lost < 5300);
    assert_true(lab_metric(&l, "users", "bad_total") == lost);
    assert_true(lab_metric(&l, "users", "good_total") == 10000 - lost);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    assert_true(lab_metric(&l, "users", "stale_total") == 0);
    assert_true(lab_metric(&l, "after", "total") == 10000);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_has_a_name_and_a_counter),
        cmocka_unit_test(a_leak_is_an_open_span_until_its_session_ends),
        cmocka_unit_test(the_last_branch_is_the_critical_path),
        cmocka_unit_test(one_failing_branch_fails_all),
        cmocka_unit_test(a_block_catches),
        cmocka_unit_test(every_kind_of_node_catches),
        cmocka_unit_test(transactions_give_their_connection_back),
        cmocka_unit_test(leaks_stay),
        cmocka_unit_test(several_keys_are_looked_up_at_once),
        cmocka_unit_test(a_failed_load_fails_once_and_leaves_nothing),
        cmocka_unit_test(spans_nest_and_cover_the_request),
        cmocka_unit_test(what_a_program_takes_it_gives_back),
        cmocka_unit_test(too_much_of_it_kills),
        cmocka_unit_test(a_heap_keeps_it_until_it_is_collected),
        cmocka_unit_test(a_crash_takes_all_with_it),
        cmocka_unit_test(what_is_dropped_is_lost_to_the_objective_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
