/*
 * Nothing gets lost. A shop with everything in it is hit by all that can happen, over
 * several seeds; meanwhile every request's slices sum to its duration to the
 * nanosecond, and when users stop coming, nothing is left inside.
 */
#include "sim_test.h"

static struct node *seq(struct node *n, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        n[i].next = &n[i + 1];
    return n;
}

static void database(struct model *m)
{
    comp_id db = must_add(m, "database", "orders-db");
    must_set(m, db, "cores", value_number(2));
    must_set(m, db, "max_connections", value_count(30));
    must_set(m, must_add(m, "statement", "orders-db.reserve"), "cpu",
             value_dist(dist_exponential(6 * SIM_MS)));
    must_set(m, must_add(m, "statement", "orders-db.read"), "cpu",
             value_dist(dist_exponential(20 * SIM_MS)));
}

static void cache(struct model *m)
{
    (void)must_add(m, "cache", "cache");
    comp_id k = must_add(m, "keyspace", "cache.seats");
    must_set(m, k, "keys", value_count(24));
    must_set(m, k, "per_lookup", value_count(6));
    must_set(m, k, "ttl", value_duration(3 * SIM_SEC));
    must_set(m, k, "single_flight", value_bool(true));
    must_set(m, k, "stale_while_revalidate", value_duration(SIM_SEC));
}

static void checkout(struct model *m)
{
    comp_id c = must_add(m, "service", "checkout");
    must_set(m, c, "instances", value_count(3));
    must_set(m, c, "workers", value_count(10));
    must_set(m, c, "queue", value_count(40));
    must_set(m, c, "queue_timeout", value_duration(2 * SIM_SEC));
    must_set(m, c, "start_up", value_duration(3 * SIM_SEC));
    must_set(m, c, "warm_up", value_duration(2 * SIM_SEC));
    must_set(m, c, "liveness", value_text("worker"));
    must_set(m, c, "readiness", value_text("database"));
    comp_id pool = must_add(m, "pool", "checkout.pool");
    must_set(m, pool, "to", value_text("orders-db"));
    must_set(m, pool, "size", value_count(8));
    must_set(m, pool, "acquire_timeout", value_duration(SIM_SEC));
    struct node tx[] = {{.kind = NODE_QUERY, .target = "orders-db", .what = "reserve"},
                        {.kind = NODE_CALL, .target = "card-gateway"},
                        {.kind = NODE_QUERY, .target = "orders-db", .what = "reserve"}};
    struct node no[] = {{.kind = NODE_COUNT, .what = "declined"},
                        {.kind = NODE_REPLY, .what = "declined"}};
    struct node par[] = {{.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)},
                         {.kind = NODE_QUERY, .target = "orders-db", .what = "read"},
                         {.kind = NODE_SLEEP, .time = dist_exponential(5 * SIM_MS)}};
    struct node inner[] = {{.kind = NODE_CALL, .target = "stock", .what = "check"}};
    struct node buy[] = {
        {.kind = NODE_COMPUTE, .time = dist_exponential(3 * SIM_MS)},
        {.kind = NODE_BLOCK, .body = inner, .catches = true},
        {.kind = NODE_PARALLEL, .body = seq(par, 3)},
        {.kind = NODE_SOMETIMES, .p = 0.15, .body = seq(no, 2)},
        {.kind = NODE_TRANSACTION, .target = "orders-db", .body = seq(tx, 3)},
        {.kind = NODE_COUNT, .what = "orders"}};
    must(model_endpoint(m, c, "buy", "v1", seq(buy, 6), &why), &why);
    buy[3].p = 0.5;
    must(model_endpoint(m, c, "buy", "v2", buy, &why), &why);
    struct node load[] = {{.kind = NODE_QUERY, .target = "orders-db", .what = "read"}};
    struct node view[] = {
        {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)},
        {.kind = NODE_CACHED, .target = "cache", .what = "seats", .body = load}};
    must(model_endpoint(m, c, "view", NULL, seq(view, 2), &why), &why);
}

static void stock(struct model *m)
{
    comp_id s = must_add(m, "service", "stock");
    must_set(m, s, "instances", value_count(2));
    must_set(m, s, "workers", value_count(4));
    must_set(m, s, "order", value_text("lifo"));
    struct node work[] = {
        {.kind = NODE_COMPUTE, .time = dist_exponential(10 * SIM_MS)},
        {.kind = NODE_SOMETIMES,
         .p = 0.1,
         .body = &(struct node){.kind = NODE_FAIL, .what = "no stock"}}};
    must(model_endpoint(m, s, "check", NULL, seq(work, 2), &why), &why);
    comp_id call = must_add(m, "call", "checkout.stock");
    must_set(m, call, "timeout", value_duration(60 * SIM_MS));
    must_set(m, call, "retries", value_count(3));
    must_set(m, call, "backoff", value_text("exponential"));
    must_set(m, call, "base", value_duration(10 * SIM_MS));
    must_set(m, call, "jitter", value_text("full"));
    must_set(m, call, "breaker", value_number(0.5));
    must_set(m, call, "balance", value_text("two_choices"));
}

static void users(struct model *m, const char *name, const char *to, double rate)
{
    comp_id u = must_add(m, "client", name);
    must_set(m, u, "to", value_text(to));
    must_set(m, u, "rate", value_number(rate));
    must_set(m, u, "gives_up", value_dist(dist_exponential(4 * SIM_SEC)));
    must_set(m, u, "reloads", value_number(0.4));
}

static struct model *shop(bool cancel)
{
    struct model *m = model_new();
    database(m);
    cache(m);
    stock(m);
    checkout(m);
    comp_id pay = must_add(m, "external", "card-gateway");
    must_set(m, pay, "latency", value_dist(dist_lognormal(180 * SIM_MS, 60 * SIM_MS)));
    must_set(m, pay, "error_rate", value_number(0.02));
    comp_id edge = must_add(m, "balancer", "edge");
    must_set(m, edge, "to", value_text("checkout"));
    must_set(m, edge, "probe", value_text("readiness"));
    users(m, "shoppers", "edge/buy", 12);
    users(m, "viewers", "checkout/view", 30);
    comp_id call = must_add(m, "call", "shoppers.edge");
    must_set(m, call, "timeout", value_duration(3 * SIM_SEC));
    must_set(m, call, "retries", value_count(1));
    must_set(m, call, "cancel", value_bool(cancel));
    call = must_add(m, "call", "checkout.orders-db");
    must_set(m, call, "timeout", value_duration(400 * SIM_MS));
    must_set(m, call, "cancel", value_bool(cancel));
    must_set(m, must_add(m, "call", "checkout.cache"), "timeout",
             value_duration(50 * SIM_MS));
    struct slo slo = {"an answer within 2 s", 2 * SIM_SEC, 0, 0.99,
                      30 * SIM_MIN,           false};
    must(model_slo(m, &slo, NULL, 0, &why), &why);
    return m;
}

static void at(struct model *m, double s, enum action_kind kind, const char *comp,
               const char *name, struct value v, sim_time duration)
{
    struct action a = {.kind = kind,
                       .comp = model_find(m, comp),
                       .name = name,
                       .args = {v},
                       .nargs = v.type != VALUE_NONE,
                       .duration = duration};
    must(model_at(m, (sim_time)(s * 1e9), &a, "test", &why), &why);
}

static void trouble(struct model *m)
{
    struct value no = {.type = VALUE_NONE};
    at(m, 20, ACTION_FAULT, "shoppers", "spike", value_number(8), 15 * SIM_SEC);
    at(m, 30, ACTION_OP, "checkout", "restart", no, 0);
    at(m, 45, ACTION_FAULT, "orders-db", "slow", value_number(5), 10 * SIM_SEC);
    at(m, 60, ACTION_OP, "checkout", "deploy", value_text("v2"), 0);
    at(m, 75, ACTION_FAULT, "stock", "crash", no, 5 * SIM_SEC);
    at(m, 90, ACTION_OP, "checkout", "scale", value_count(6), 0);
    at(m, 100, ACTION_OP, "checkout", "restart", value_bool(true), 0);
    at(m, 105, ACTION_FAULT, "checkout", "hang", no, 8 * SIM_SEC);
    at(m, 120, ACTION_OP, "checkout", "scale", value_count(2), 0);
    at(m, 130, ACTION_FAULT, "card-gateway", "down", no, 5 * SIM_SEC);
    at(m, 140, ACTION_OP, "checkout", "rollback", no, 0);
    at(m, 150, ACTION_SET, "checkout", "workers", value_count(3), 0);
    at(m, 160, ACTION_FAULT, "checkout", "error_rate", value_number(0.3), 5 * SIM_SEC);
    at(m, 170, ACTION_SET, "shoppers", "rate", value_number(0), 0);
    at(m, 170, ACTION_SET, "viewers", "rate", value_number(0), 0);
}

struct tally {
    uint64_t users, servers, wrong, good, abandoned, changes, spans, logs;
    sim_time last;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct tally *t = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    for (size_t i = 1; i < r->nslices; i++) /* a cause has one slice a place */
        for (size_t k = 0; k < i; k++)
            t->wrong += r->slices[i].cause == r->slices[k].cause &&
                        r->slices[i].place == r->slices[k].place;
    if (sum != r->end - r->start) {
        if (t->wrong++ == 0)
            print_message("request %llu at %s: slices %lld, took %lld, %s\n",
                          (unsigned long long)r->id, r->user ? "user" : "server",
                          (long long)sum, (long long)(r->end - r->start),
                          reason_phrase(r->reason));
    }
    t->wrong += r->end < t->last; /* in order of time */
    t->last = r->end;
    t->users += r->user;
    t->servers += !r->user;
    t->good += r->good;
    t->abandoned += r->abandoned;
}

static void on_span(void *ctx, const struct span *s)
{
    struct tally *t = ctx;
    t->spans++;
    t->wrong += s->end < s->start || s->id == 0 || s->id == s->parent;
}

static void on_log(void *ctx, const struct log_line *l)
{
    (void)l;
    ((struct tally *)ctx)->logs++;
}

static void on_change(void *ctx, const struct change *c)
{
    ((struct tally *)ctx)->changes++;
    assert_true(c->title && c->title[0] != '\0');
}

static void assert_empty(const struct world *w)
{
    const struct model *m = world_model(w);
    for (size_t i = 0; i < model_comps(m); i++) {
        const char *kind = model_kind(m, (comp_id)i)->name;
        bool has = str_eq(kind, "service") || str_eq(kind, "client") ||
                   str_eq(kind, "call") || str_eq(kind, "endpoint");
        if (!has)
            continue;
        double n = world_metric(w, (comp_id)i, "in_flight", -1);
        if (n != 0)
            fail_msg("%s: %g in flight", model_name(m, (comp_id)i), n);
        assert_int_equal(world_inflight(w, (comp_id)i, NULL, 0), 0);
    }
}

static void assert_counts(const struct world *w, const struct tally *t)
{
    static const char *const who[] = {"shoppers", "viewers"};
    double attempts = 0, good = 0;
    for (int i = 0; i < 2; i++) {
        double all = metric(w, who[i], "attempts_total");
        double ended = metric(w, who[i], "answered_total") +
                       metric(w, who[i], "failed_total") +
                       metric(w, who[i], "gave_up_total");
        assert_true(all == ended + metric(w, who[i], "in_flight"));
        assert_true(ended ==
                    metric(w, who[i], "good_total") + metric(w, who[i], "bad_total"));
        attempts += all;
        good += metric(w, who[i], "good_total");
    }
    assert_true(attempts == (double)t->users);
    assert_true(good == (double)t->good);
    double calls = metric(w, "checkout.stock", "attempts_total");
    assert_true(calls == metric(w, "checkout.stock", "ok_total") +
                             metric(w, "checkout.stock", "errors_total") +
                             metric(w, "checkout.stock", "copies_lost_total"));
}

static void one_shop(bool cancel, uint64_t seed, bool watched, uint64_t *digest)
{
    struct model *m = shop(cancel);
    struct tally t = {0};
    struct observer o = {&t, on_done, on_span, on_log, on_change};
    trouble(m);
    struct world *w = must_world(m, seed);
    for (int s = 1; s <= 400; s++) {
        must_watch(w, s * SIM_SEC, watched ? &o : NULL);
        if (s % 7 == 0) { /* looking at things in the middle of trouble */
            struct inflight_view v[8];
            struct instance_view iv;
            size_t n = world_inflight(w, named(w, "checkout"), v, 8);
            for (size_t i = 0; i < n && i < 8; i++)
                assert_true(v[i].started <= v[i].since && v[i].since <= world_now(w));
            for (int k = 1; k <= world_instances(w, named(w, "checkout")); k++)
                world_instance(w, named(w, "checkout"), k, &iv);
        }
    }
    assert_empty(w);
    if (watched) {
        assert_int_equal(t.wrong, 0);
        assert_counts(w, &t);
        assert_true(t.users > 5000 && t.spans > 10000 && t.logs > 10);
        assert_int_equal(t.changes, 15);
        assert_true(t.good > 1000 && t.good < t.users);
    }
    *digest = world_digest(w);
    world_free(w);
}

static void nothing_is_lost(void **state)
{
    uint64_t digest;
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++)
        one_shop(false, seed, true, &digest);
}

static void nothing_is_lost_when_calls_are_cancelled(void **state)
{
    uint64_t digest;
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++)
        one_shop(true, seed, true, &digest);
}

static void watching_changes_nothing(void **state)
{
    uint64_t a, b;
    (void)state;
    one_shop(true, 99, true, &a);
    one_shop(true, 99, false, &b);
    assert_true(a == b);
}

/* Forked in the middle of trouble, again and again: all end alike. */
static void forks_in_trouble_end_alike(void **state)
{
    (void)state;
    struct model *m = shop(true);
    trouble(m);
    struct world *w = must_world(m, 5), *forks[20];
    for (int i = 0; i < 20; i++) {
        must_run(w, (i + 1) * 9 * SIM_SEC + i * 7 * SIM_MS);
        forks[i] = world_fork(w);
    }
    must_run(w, 250 * SIM_SEC);
    for (int i = 0; i < 20; i++) {
        must_run(forks[i], 250 * SIM_SEC);
        assert_true(world_digest(forks[i]) == world_digest(w));
        assert_true(world_events(forks[i]) == world_events(w));
        world_free(forks[i]);
    }
    world_free(w);
}

/* ---- the same shop over links ---------------------------------------------------- */

static comp_id policy(struct model *m, const char *name)
{
    comp_id c = model_find(m, name);
    return c != COMP_NONE ? c : must_add(m, "call", name);
}

static void over(struct model *m, const char *name, const char *link, int64_t bytes)
{
    comp_id c = policy(m, name);
    must_set(m, c, "via", value_text(link));
    must_set(m, c, "request_bytes", value_count(bytes));
    must_set(m, c, "response_bytes", value_count(4 * bytes));
}

static struct model *linked_shop(bool cancel)
{
    struct model *m = shop(cancel);
    comp_id wan = must_add(m, "link", "wan"), lan = must_add(m, "link", "lan");
    must_set(m, wan, "latency", value_dist(dist_exponential(15 * SIM_MS)));
    must_set(m, wan, "loss", value_number(0.01));
    must_set(m, lan, "bandwidth", value_count(400000));
    must_set(m, lan, "queue", value_count(60000));
    must_set(m, lan, "user_timeout", value_duration(6 * SIM_SEC));
    must_set(m, model_find(m, "edge"), "via", value_text("lan"));
    must_set(m, model_find(m, "edge"), "probe_via", value_text("lan"));
    over(m, "shoppers.edge", "wan", 700);
    over(m, "viewers.checkout", "wan", 300);
    over(m, "checkout.card-gateway", "wan", 500);
    over(m, "checkout.stock", "lan", 900);
    over(m, "checkout.orders-db", "lan", 200);
    over(m, "checkout.cache", "lan", 100);
    return m;
}

/* Names, certificates and clocks for whoever goes over links. */
static void dress(struct model *m)
{
    static const char *const tls[] = {"shoppers.edge", "checkout.stock",
                                      "checkout.orders-db", "checkout.card-gateway"};
    comp_id name = must_add(m, "dns", "stock.internal");
    must_set(m, name, "to", value_text("stock"));
    must_set(m, name, "ttl", value_duration(7 * SIM_SEC));
    must_set(m, name, "timeout", value_duration(300 * SIM_MS));
    name = must_add(m, "dns", "db.internal");
    must_set(m, name, "to", value_text("orders-db"));
    must_set(m, name, "ttl", value_duration(5 * SIM_SEC));
    comp_id cert = must_add(m, "certificate", "cert");
    must_set(m, cert, "expires_in", value_duration(140 * SIM_SEC));
    must_set(m, must_add(m, "clock", "time"), "on", value_text("checkout"));
    for (int i = 0; i < 4; i++)
        must_set(m, model_find(m, tls[i]), "tls", value_text("cert"));
    must_set(m, model_find(m, "checkout.stock"), "keep_alive", value_count(5));
    must_set(m, model_find(m, "checkout.stock"), "hedge_after",
             value_duration(15 * SIM_MS));
    must_set(m, model_find(m, "shoppers.edge"), "propagate", value_bool(true));
    must_set(m, model_find(m, "checkout.stock"), "resolve",
             value_text("stock.internal"));
    must_set(m, model_find(m, "checkout.orders-db"), "resolve",
             value_text("db.internal"));
    must_set(m, model_find(m, "checkout.pool"), "lifetime",
             value_duration(3 * SIM_SEC));
    must_set(m, policy(m, "viewers.checkout"), "keep_alive", value_count(1));
}

static void shake_names(struct model *m, struct rng *r)
{
    static const char *const names[] = {"stock.internal", "db.internal"};
    static const char *const bad[] = {"down", "gone"};
    static const char *const worse[] = {"revoked", "wrong_name"};
    for (double t = 5; t < 165; t += 1 + 4 * rng_unit(r)) {
        sim_time lasts = (sim_time)(rng_unit(r) * 3e9) + 1;
        struct value no = {.type = VALUE_NONE};
        switch (rng_below(r, 4)) {
        case 0:
            at(m, t, ACTION_FAULT, names[rng_below(r, 2)], bad[rng_below(r, 2)], no,
               lasts);
            break;
        case 1:
            at(m, t, ACTION_FAULT, "cert", worse[rng_below(r, 2)], no, lasts);
            break;
        case 2:
            at(m, t, ACTION_FAULT, names[rng_below(r, 2)], "slow", value_number(400),
               lasts);
            break;
        default:
            at(m, t, ACTION_FAULT, "time", "skew", value_number(100 * rng_unit(r)), 0);
        }
    }
}

/* Something happens to a link (or to who talks over it) every second or two. */
static void shake(struct model *m, struct rng *r)
{
    static const char *const links[] = {"wan", "lan"};
    static const char *const bare[] = {"partition", "refuse"};
    static const char *const ways[] = {"requests", "answers"};
    for (double t = 5; t < 165; t += 0.5 + 2 * rng_unit(r)) {
        const char *link = links[rng_below(r, 2)];
        sim_time lasts = (sim_time)(rng_unit(r) * 4e9) + 1;
        double u = rng_unit(r);
        switch (rng_below(r, 7)) {
        case 0:
            at(m, t, ACTION_FAULT, link, bare[rng_below(r, 2)],
               (struct value){.type = VALUE_NONE}, lasts);
            break;
        case 1:
            at(m, t, ACTION_FAULT, link, "one_way", value_text(ways[rng_below(r, 2)]),
               lasts);
            break;
        case 2:
            at(m, t, ACTION_FAULT, link, "partial", value_number(u), lasts);
            break;
        case 3:
            at(m, t, ACTION_FAULT, link, "loss", value_number(u / 2), lasts);
            break;
        case 4:
            at(m, t, ACTION_FAULT, link, "bandwidth", value_number(0.02 + u / 2),
               lasts);
            break;
        case 5:
            at(m, t, ACTION_SET, link, "bandwidth",
               value_count(u < 0.3 ? 0 : (int64_t)(u * 1e6)), 0);
            break;
        default:
            at(m, t, ACTION_FAULT, link, "slow", value_number(0.1 + 30 * u), lasts);
        }
    }
}

static void assert_link_counts(const struct world *w, const char *link)
{
    double tries =
        metric(w, link, "messages_total") + metric(w, link, "retransmits_total");
    assert_true(tries > 1000);
    assert_true(metric(w, link, "lost_total") > 0);
    assert_true(metric(w, link, "cut_total") > 0);
    assert_true(metric(w, link, "broken_total") > 0);
    assert_true(metric(w, link, "queue_bytes") == 0);
}

static void shaken(bool dressed)
{
    double names = 0, certificates = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct rng r;
        struct tally t = {0};
        struct observer o = {&t, on_done, on_span, on_log, on_change};
        struct model *m = linked_shop(seed % 2 == 0);
        rng_seed(&r, seed, "shake");
        trouble(m);
        shake(m, &r);
        if (dressed) {
            dress(m);
            shake_names(m, &r);
        }
        struct world *w = must_world(m, seed), *copy;
        must_watch(w, 93 * SIM_SEC + (sim_time)seed, &o);
        copy = world_fork(w);
        must_watch(w, 2000 * SIM_SEC, &o);
        must_run(copy, 2000 * SIM_SEC);
        assert_true(world_digest(copy) == world_digest(w));
        world_free(copy);
        assert_empty(w);
        assert_int_equal(t.wrong, 0);
        assert_counts(w, &t);
        assert_link_counts(w, "wan");
        assert_link_counts(w, "lan");
        assert_true(metric(w, "checkout.pool", "pool_in_use") == 0);
        assert_true(metric(w, "checkout.pool", "pool_waiting") == 0);
        if (dressed) {
            names += metric(w, "checkout.stock", "failures_DNS_FAILED");
            certificates += metric(w, "checkout.stock", "failures_TLS_FAILED");
            assert_true(metric(w, "checkout.pool", "lost_total") > 0);
            assert_true(metric(w, "viewers.checkout", "connections") == 0);
        }
        world_free(w);
    }
    assert_true(!dressed || (names > 0 && certificates > 0));
}

static void nothing_is_lost_on_links(void **state)
{
    (void)state;
    shaken(false);
}

static void nothing_is_lost_by_name(void **state)
{
    (void)state;
    shaken(true);
}

/* ---- services with everything on ------------------------------------------------- */

static void burden(struct model *m)
{
    comp_id c = model_find(m, "checkout"), s = model_find(m, "stock");
    must_set(m, c, "memory", value_number(100));
    must_set(m, c, "memory_per_request", value_number(4));
    must_set(m, c, "memory_limit", value_number(700));
    must_set(m, c, "heap", value_number(500));
    must_set(m, c, "allocation", value_number(9));
    must_set(m, c, "gc_pause", value_duration(300 * SIM_MS));
    must_set(m, c, "crash_backoff", value_duration(3 * SIM_SEC));
    must_set(m, c, "crash_backoff_max", value_duration(10 * SIM_SEC));
    must_set(m, c, "fds", value_count(60));
    must_set(m, c, "order", value_text("deadline"));
    must_set(m, c, "shed_by_priority", value_bool(true));
    must_set(m, c, "shed_delay", value_duration(30 * SIM_MS));
    must_set(m, c, "max_surge", value_count(1));
    must_set(m, c, "min_ready", value_duration(SIM_SEC));
    must_set(m, c, "progress_deadline", value_duration(20 * SIM_SEC));
    must_set(m, c, "auto_rollback", value_bool(true));
    must_set(m, c, "zones", value_count(3));
    must_set(m, s, "order", value_text("priority"));
    must_set(m, s, "shed_cpu", value_number(0.7));
    must_set(m, s, "heap", value_number(64));
    must_set(m, s, "gc_pause", value_duration(400 * SIM_MS));
    must_set(m, s, "memory", value_number(16));
    must_set(m, model_find(m, "shoppers"), "priority", value_count(3));
    must_set(m, model_find(m, "viewers"), "priority", value_count(0));
    must_set(m, model_find(m, "shoppers.edge"), "propagate", value_bool(true));
}

/* One thing that may happen to a service; whether it is refused does not matter. */
static void mishap(struct world *w, struct rng *r)
{
    static const struct {
        enum action_kind kind;
        const char *name, *text;
        double low, high;
        int also; /* a second argument: 1 a version, 2 a share */
    } all[] = {
        {ACTION_FAULT, "crash", NULL, 0, 0, 0},
        {ACTION_FAULT, "hang", NULL, 0, 0, 0},
        {ACTION_FAULT, "slow", NULL, 1, 6, 0},
        {ACTION_FAULT, "memory_leak", NULL, 100, 4000, 0},
        {ACTION_FAULT, "memory_leak", NULL, 100, 4000, 1},
        {ACTION_FAULT, "fd_leak", NULL, 0.1, 1, 0},
        {ACTION_FAULT, "fails_to_start", "v2", 0, 0, 0},
        {ACTION_FAULT, "unready", "v2", 0, 0, 0},
        {ACTION_FAULT, "zone_down", NULL, 1, 3, 0},
        {ACTION_OP, "deploy", "v2", 0, 0, 0},
        {ACTION_OP, "deploy", "v1", 0, 0, 0},
        {ACTION_OP, "canary", "v2", 0, 0, 2},
        {ACTION_OP, "promote", NULL, 0, 0, 0},
        {ACTION_OP, "abort", NULL, 0, 0, 0},
        {ACTION_OP, "rollback", NULL, 0, 0, 0},
        {ACTION_OP, "restart", NULL, 0, 0, 0},
        {ACTION_OP, "scale", NULL, 1, 7, 0},
        {ACTION_SET, "order", "fifo|lifo|deadline|priority", 0, 0, 0},
        {ACTION_SET, "heap", NULL, 0, 500, 0},
        {ACTION_SET, "memory_limit", NULL, 0, 900, 0},
        {ACTION_SET, "fds", NULL, 0, 80, 0},
        {ACTION_SET, "shed_cpu", NULL, 0, 1, 0},
        {ACTION_SET, "max_unavailable", NULL, 0, 3, 0},
        {ACTION_SET, "max_surge", NULL, 0, 2, 0},
        {ACTION_SET, "workers", NULL, 1, 12, 0},
        {ACTION_SET, "reserved", NULL, 0, 5, 0},
    };
    static const char *const orders[] = {"fifo", "lifo", "deadline", "priority"};
    size_t k = rng_below(r, sizeof all / sizeof *all);
    const char *name = all[k].name;
    const char *where = rng_below(r, 3) == 0 ? "stock" : "checkout";
    if (str_eq(name, "reserved") || (str_eq(name, "workers") && rng_below(r, 2) == 0))
        where = rng_below(r, 2) == 0 ? "checkout/buy" : "checkout/view";
    double x = all[k].low + (all[k].high - all[k].low) * rng_unit(r);
    bool whole = all[k].kind != ACTION_FAULT || str_eq(name, "zone_down");
    struct value v = whole ? value_count((int64_t)(x + 0.5)) : value_number(x);
    if (str_eq(name, "shed_cpu"))
        v = value_number(x);
    if (all[k].text)
        v = value_text(all[k].kind == ACTION_SET ? orders[rng_below(r, 4)]
                                                 : all[k].text);
    struct action a = {.kind = all[k].kind,
                       .comp = named(w, where),
                       .name = name,
                       .args = {v},
                       .nargs = all[k].text || all[k].high > 0,
                       .duration = (sim_time)rng_below(r, 12) * SIM_SEC};
    if (all[k].also != 0)
        a.args[a.nargs++] = all[k].also == 1 ? value_text("v2") : value_number(0.5);
    if (a.kind == ACTION_FAULT && rng_below(r, 3) == 0)
        a.instance = 1 + (int)rng_below(r, 3);
    if (a.kind == ACTION_FAULT && a.duration == 0 && !str_eq(name, "crash"))
        a.duration = 5 * SIM_SEC;
    enum err e = world_apply(w, &a, "test", NULL, NULL, &why);
    assert_true(e == ERR_OK || why.text[0] != '\0');
}

static void apply_set(struct world *w, const char *comp, const char *param,
                      struct value v)
{
    struct action a = {.kind = ACTION_SET,
                       .comp = named(w, comp),
                       .name = param,
                       .args = {v},
                       .nargs = 1};
    must(world_apply(w, &a, NULL, NULL, NULL, &why), &why);
}

/* Books that only a service keeps: workers, those inside, what is up. */
static void assert_service(const struct world *w, const char *name)
{
    double busy = metric(w, name, "busy"), queued = metric(w, name, "queued");
    assert_true(metric(w, name, "in_flight") == busy + queued);
    for (int k = 1; k <= world_instances(w, named(w, name)); k++) {
        struct instance_view v;
        world_instance(w, named(w, name), k, &v);
        assert_true(v.busy >= 0 && v.queued >= 0);
        if (v.state != INSTANCE_UP && v.state != INSTANCE_DRAINING)
            assert_true(v.busy == 0 && v.queued == 0);
        assert_true(world_metric(w, named(w, name), "memory", k) >= 0);
    }
}

static void nothing_is_lost_in_burdened_services(void **state)
{
    (void)state;
    double kills = 0, collected = 0, no_fds = 0, shed = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct model *m = shop(seed % 2 == 0);
        struct tally t = {0};
        struct observer o = {&t, on_done, on_span, on_log, on_change};
        struct rng r;
        rng_seed(&r, seed, "mishaps");
        burden(m);
        struct world *w = must_world(m, seed), *copy = NULL;
        for (int s = 1; s <= 300; s++) {
            must_watch(w, s * SIM_SEC, &o);
            mishap(w, &r);
            assert_service(w, "checkout");
            assert_service(w, "stock");
            if (s % 50 == 25) { /* runs on alike, whatever is under way */
                copy = world_fork(w);
                must_run(copy, s * SIM_SEC + 20 * SIM_SEC);
                struct world *again = world_fork(w);
                must_run(again, s * SIM_SEC + 20 * SIM_SEC);
                assert_true(world_digest(copy) == world_digest(again));
                world_free(copy);
                world_free(again);
            }
        }
        apply_set(w, "shoppers", "rate", value_number(0));
        apply_set(w, "viewers", "rate", value_number(0));
        must_watch(w, 600 * SIM_SEC, &o);
        assert_empty(w);
        assert_int_equal(t.wrong, 0);
        assert_counts(w, &t);
        assert_true(metric(w, "checkout.pool", "pool_in_use") == 0);
        kills += metric(w, "checkout", "oom_kills_total");
        collected += metric(w, "checkout", "collections_total");
        no_fds += metric(w, "checkout", "no_fds_total");
        shed += metric(w, "checkout", "shed_total");
        world_free(w);
    }
    assert_true(kills > 5 && collected > 50 && no_fds > 50 && shed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(nothing_is_lost_when_calls_are_cancelled),
        cmocka_unit_test(watching_changes_nothing),
        cmocka_unit_test(forks_in_trouble_end_alike),
        cmocka_unit_test(nothing_is_lost_on_links),
        cmocka_unit_test(nothing_is_lost_by_name),
        cmocka_unit_test(nothing_is_lost_in_burdened_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
