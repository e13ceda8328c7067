/*
 * Tables, locks and upkeep under everything that operators, incidents and impatient
 * users can do to them, at random: slices sum to durations, forks end alike, and when
 * the users are gone nothing is left, no session, no transaction, no lock.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SQL(name) ((struct node){.kind = NODE_QUERY, .target = "db", .what = name})
#define LOCK(of, form)                                                                 \
    ((struct node){.kind = NODE_LOCK, .target = "db", .what = (of), .p = (form)})
#define TX(nodes)                                                                      \
    ((struct node){.kind = NODE_TRANSACTION, .target = "db", .body = nodes})

static struct node *seq(struct node *n, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        n[i].next = &n[i + 1];
    return n;
}

static void programs(struct lab *l)
{
    struct node think = {.kind = NODE_SLEEP, .time = dist_exponential(30 * SIM_MS)};
    struct node many[] = {SQL("many"), think, SQL("order"), SQL("get")};
    struct node locked[] = {LOCK("orders", LOCK_ROW), think, SQL("same")};
    struct node named[] = {LOCK("nightly", LOCK_ADVISORY), think,
                           LOCK("stock", LOCK_SHARE), SQL("order")};
    struct node pair[] = {SQL("order"), SQL("many"), LOCK("stock", LOCK_ROW_SHARED)};
    struct node both = {.kind = NODE_PARALLEL, .body = seq(pair, 3)};
    struct node change[] = {SQL("get"), think, SQL("put")};
    struct node tx1 = TX(seq(many, 4)), tx2 = TX(seq(locked, 3)),
                tx3 = TX(seq(named, 4)), tx4 = TX(&both);
    many[2].catches = true;
    lab_endpoint(l, "app", "many", &tx1);
    lab_endpoint(l, "app", "locked", &tx2);
    lab_endpoint(l, "app", "named", &tx3);
    lab_endpoint(l, "app", "both", &tx4);
    lab_endpoint(l, "app", "change", seq(change, 3));
}

static void users(struct lab *l)
{
    static const char *const to[] = {"many", "locked", "named", "both", "change"};
    char name[16], params[120];
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "u%zu", i);
        snprintf(params, sizeof params,
                 "to=app/%s rate=%zu gives_up=exponential(3s) reloads=0.3", to[i],
                 i == 2 ? 1 : 6 - i);
        lab_part(l, "client", name, params);
    }
}

/* A second server, which reads are also made at, and which may have to lead. */
static void second_server(struct lab *l)
{
    struct node look = SQL("look");
    lab_part(l, "replica", "db.b", "delay=20ms");
    lab_part(l, "statement", "db.look", "cpu=exponential(5ms) table=orders on=replica");
    lab_endpoint(l, "app", "look", &look);
    lab_part(l, "client", "lookers", "to=app/look rate=5 gives_up=exponential(3s)");
}

static struct lab shop(bool cancel, bool replica)
{
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "cores=2 max_connections=60 lock_timeout=4s");
    lab_part(&l, "table", "db.orders",
             "rows=20000 growth=50 keys=20 popularity=1 indexes=status vacuum_every=3s "
             "vacuum_scale=1% id_limit=80000");
    lab_part(&l, "table", "db.stock", "rows=3000 keys=5 vacuum_every=5s");
    lab_part(&l, "statement", "db.order",
             "cpu=exponential(3ms) table=orders inserts=3 updates=2 index=status");
    lab_part(
        &l, "statement", "db.many",
        "cpu=exponential(5ms) table=stock updates=3 lock_rows=3 deletes=1 inserts=1");
    lab_part(&l, "statement", "db.same",
             "cpu=exponential(5ms) table=orders updates=1 same_row=on");
    lab_part(&l, "statement", "db.get",
             "cpu=exponential(2ms) table=orders optimistic=read lock=share");
    lab_part(&l, "statement", "db.put",
             "cpu=exponential(2ms) table=orders updates=1 optimistic=write");
    lab_part(&l, "service", "app", "instances=2 workers=40");
    lab_part(&l, "pool", "app.pool", "to=db size=25 acquire_timeout=2s");
    lab_part(&l, "call", "app.db",
             cancel ? "timeout=2500ms cancel=on retries=1" : "timeout=2500ms");
    programs(&l);
    users(&l);
    if (replica)
        second_server(&l);
    return l;
}

/* ---- trouble --------------------------------------------------------------------- */

static void try_fault(struct lab *l, const char *comp, const char *name,
                      const char *arg, bool row, sim_time duration)
{
    struct errmsg why = {0};
    struct action a = {.kind = ACTION_FAULT,
                       .comp = model_find(l->m, comp),
                       .name = name,
                       .duration = duration};
    if (arg)
        a.args[a.nargs++] = value_text(arg);
    if (row)
        a.args[a.nargs++] = value_bool(true);
    (void)!world_apply(l->w, &a, "test", NULL, NULL, &why);
}

static void kill_one(struct lab *l, struct rng *r)
{
    struct db_session_view v[60];
    char id[16];
    size_t n = world_db_sessions(l->w, model_find(l->m, "db"), v, 60);
    if (n == 0)
        return;
    snprintf(id, sizeof id, "%u", v[rng_below(r, (uint32_t)(n < 60 ? n : 60))].id);
    (void)!lab_do(l, ACTION_OP, "db", "kill", id, 0);
}

static void trouble_of_two(struct lab *l, struct rng *r)
{
    sim_time d = (sim_time)(1 + rng_below(r, 6)) * SIM_SEC;
    switch (rng_below(r, 5)) {
    case 0:
        (void)!lab_do(l, ACTION_OP, "db", "failover", NULL, 0);
        break;
    case 1:
        (void)!lab_do(l, ACTION_OP, "db", "rebuild", NULL, 0);
        break;
    case 2:
        (void)!lab_do(l, ACTION_OP, "db.b", "rebuild", NULL, 0);
        break;
    case 3:
        try_fault(l, "db.b", "down", NULL, false, d);
        break;
    default:
        try_fault(l, "db.b", "stall", NULL, false, d);
    }
}

static void trouble(struct lab *l, struct rng *r)
{
    static const char *const tables[] = {"db.orders", "db.stock"};
    static const char *const changes[] = {"add_column", "rewrite", "backfill"};
    const char *t = tables[rng_below(r, 2)];
    sim_time d = (sim_time)(1 + rng_below(r, 6)) * SIM_SEC;
    switch (rng_below(r, 16)) {
    case 0:
        (void)!lab_do(l, ACTION_OP, t, "migrate", changes[rng_below(r, 3)], 0);
        break;
    case 1:
        (void)!lab_do(l, ACTION_OP, t, "vacuum", NULL, 0);
        break;
    case 2:
        (void)!lab_do(l, ACTION_OP, t, "vacuum_full", NULL, 0);
        break;
    case 3:
        (void)!lab_do(l, ACTION_OP, "db.orders", "drop_index", "status", 0);
        break;
    case 4:
        (void)!lab_do(l, ACTION_OP, "db.orders", "create_index", "status", 0);
        break;
    case 5:
        (void)!lab_do(l, ACTION_OP, "db.orders", "widen_ids", NULL, 0);
        break;
    case 6:
        (void)!lab_do(l, ACTION_OP, t, "analyze", NULL, 0);
        break;
    case 7:
        try_fault(l, "db", "long_transaction", "orders", rng_below(r, 2) == 0, d);
        break;
    case 8:
        try_fault(l, t, "bad_plan", NULL, false, d);
        break;
    case 9:
        try_fault(l, t, "index_lost", NULL, false, d);
        break;
    case 10:
        try_fault(l, "db", "down", NULL, false, d);
        break;
    case 11:
        try_fault(l, "db", "stall", NULL, false, d);
        break;
    case 12:
        (void)!lab_do(l, ACTION_OP, "db", "kill", "idle-in-transaction", 0);
        break;
    case 13:
        lab_set(l, "db", "statement_timeout", rng_below(r, 2) == 0 ? "0" : "1500ms");
        lab_set(l, "db", "lock_timeout", rng_below(r, 2) == 0 ? "0" : "700ms");
        break;
    case 14:
        (void)!lab_do(l, ACTION_OP, "app", "restart", NULL, 0);
        break;
    default:
        kill_one(l, r);
    }
}

/* ---- what must hold -------------------------------------------------------------- */

struct tally {
    uint64_t done, wrong;
    sim_time locked;
};

static void on_done(void *ctx, const struct request_done *d)
{
    struct tally *t = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < d->nslices; i++) {
        sum += d->slices[i].ns;
        if (d->slices[i].cause == CAUSE_LOCK)
            t->locked += d->slices[i].ns;
    }
    t->wrong += sum != d->end - d->start;
    t->done++;
}

static void watch(struct lab *l, sim_time until, struct tally *t)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = t, .done = on_done};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

/* Nobody is left; and whoever wants a table for himself gets it at once. */
static void assert_nothing_left(struct lab *l)
{
    char name[16];
    assert_int_equal(world_db_locks(l->w, model_find(l->m, "db"), NULL, 0), 0);
    assert_true(lab_metric(l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(l, "db", "active") == 0);
    assert_true(lab_metric(l, "db", "idle_in_transaction") == 0);
    assert_true(lab_metric(l, "app.pool", "pool_in_use") == 0);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "u%d", i);
        assert_true(lab_metric(l, name, "in_flight") == 0);
    }
    static const char *const statements[] = {"db.order", "db.many", "db.same", "db.get",
                                             "db.put"};
    for (int i = 0; i < 5; i++)
        assert_true(lab_metric(l, statements[i], "running") == 0);
    double waits = lab_metric(l, "db", "lock_waits_total");
    lab_op(l, "db.orders", "vacuum_full", NULL);
    lab_run(l, world_now(l->w) + 10 * SIM_SEC);
    lab_op(l, "db.stock", "vacuum_full", NULL);
    lab_run(l, world_now(l->w) + 10 * SIM_SEC);
    assert_true(lab_metric(l, "db", "lock_waits_total") == waits);
    assert_true(lab_metric(l, "db.stock", "dead_rows") == 0);
    assert_true(lab_metric(l, "db.stock", "updated_total") +
                    lab_metric(l, "db.stock", "deleted_total") +
                    lab_metric(l, "db.stock", "rolled_back_total") ==
                lab_metric(l, "db.stock", "cleaned_total"));
    assert_true(lab_metric(l, "db.stock", "rolled_back_total") > 0);
}

static void quiet(struct lab *l, bool replica)
{
    char name[16];
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "u%d", i);
        lab_set(l, name, "rate", "0");
    }
    lab_set(l, "db", "lock_timeout", "0");
    if (replica)
        lab_set(l, "lookers", "rate", "0");
}

static void one(bool cancel, bool replica, uint64_t seed)
{
    struct lab l = shop(cancel, replica);
    struct rng r;
    struct tally t = {0};
    struct errmsg why = {0};
    rng_seed(&r, seed, "trouble");
    lab_start(&l, seed);
    for (int i = 0; i < 150; i++) {
        struct world *fork = i % 10 == 0 ? world_fork(l.w) : NULL;
        sim_time until = world_now(l.w) + (sim_time)rng_below(&r, 1500) * SIM_MS;
        watch(&l, until, &t);
        if (fork) {
            assert_int_equal(world_run(fork, until, UINT64_MAX, NULL, &why), ERR_OK);
            assert_true(world_digest(fork) == world_digest(l.w));
            world_free(fork);
        }
        trouble(&l, &r);
        if (replica && i % 6 == 0)
            trouble_of_two(&l, &r);
    }
    assert_true(lab_metric(&l, "db", "lock_waits_total") > 100);
    quiet(&l, replica);
    watch(&l, world_now(l.w) + 200 * SIM_SEC, &t);
    (void)!lab_do(&l, ACTION_OP, "db", "kill", "idle-in-transaction", 0);
    assert_true(t.done > 1000 && t.locked > 0);
    assert_int_equal(t.wrong, 0);
    assert_nothing_left(&l);
    lab_free(&l);
}

static void nothing_is_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        one(false, false, seed);
}

static void nothing_is_lost_when_calls_are_cancelled(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        one(true, false, seed);
}

static void nothing_is_lost_with_two_servers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        one(seed % 2 == 0, true, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(nothing_is_lost_when_calls_are_cancelled),
        cmocka_unit_test(nothing_is_lost_with_two_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
