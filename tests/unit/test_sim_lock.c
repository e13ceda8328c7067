/* Locks: who waits for whom, in what order, and what ends a wait. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SQL(name) ((struct node){.kind = NODE_QUERY, .target = "db", .what = name})
#define WAIT(t)   ((struct node){.kind = NODE_SLEEP, .time = {.mean = (t)}})
#define TX(nodes)                                                                      \
    ((struct node){.kind = NODE_TRANSACTION, .target = "db", .body = nodes})
#define LOCK(of, form)                                                                 \
    ((struct node){.kind = NODE_LOCK, .target = "db", .what = (of), .p = (form)})

static const struct node *seq(struct node *n, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        n[i].next = &n[i + 1];
    return n;
}

/* Tables a and b, each with one row that everybody wants. */
static struct lab shop(const char *db)
{
    struct lab l = lab_new();
    lab_part(&l, "database", "db", db);
    lab_part(&l, "table", "db.a", "rows=1000 keys=1");
    lab_part(&l, "table", "db.b", "rows=1000 keys=1");
    lab_part(&l, "statement", "db.a1", "cpu=1ms table=a access=index updates=1");
    lab_part(&l, "statement", "db.b1", "cpu=1ms table=b access=index updates=1");
    lab_part(&l, "statement", "db.read", "cpu=1ms table=a access=index");
    lab_part(&l, "statement", "db.other", "cpu=1ms");
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "pool", "app.pool", "to=db size=100");
    return l;
}
#define DB "cores=50 connect_time=0"

/* A request at `at` seconds, and none after it. */
static void one(struct lab *l, const char *client, const char *to, double at)
{
    char params[80];
    snprintf(params, sizeof params, "to=app/%s rate=%.9f arrivals=even", to, 1 / at);
    lab_part(l, "client", client, params);
}

static void no_more(struct lab *l, const char *client)
{
    lab_set(l, client, "rate", "0");
}

static size_t locks(const struct lab *l, struct db_lock_view *v, size_t max)
{
    return world_db_locks(l->w, model_find(l->m, "db"), v, max);
}

static void who_waits_second_goes_second(void **state)
{
    (void)state;
    struct lab l = shop(DB);
    struct node slow[] = {SQL("a1"), WAIT(5 * SIM_SEC)};
    struct node tx = TX(seq(slow, 2)), quick = SQL("a1"), read = SQL("read");
    lab_endpoint(&l, "app", "slow", &tx);
    lab_endpoint(&l, "app", "quick", &quick);
    lab_endpoint(&l, "app", "read", &read);
    one(&l, "first", "slow", 1);
    one(&l, "second", "quick", 2);
    one(&l, "third", "read", 3);
    lab_start(&l, 1);
    lab_run(&l, SIM_SEC);
    no_more(&l, "first");
    lab_run(&l, 2 * SIM_SEC);
    no_more(&l, "second");
    lab_run(&l, 3500 * SIM_MS);
    no_more(&l, "third");
    assert_true(lab_metric(&l, "third", "good_total") == 1); /* reads do not wait */
    assert_true(lab_metric(&l, "db", "lock_waiting") == 1);
    assert_true(lab_metric(&l, "db.a", "lock_waiting") == 1);
    assert_true(lab_metric(&l, "db.b", "lock_waiting") == 0);
    struct db_lock_view v[2];
    assert_int_equal(locks(&l, v, 2), 1);
    assert_string_equal(v[0].what, "row 1");
    assert_true(v[0].mode == LOCK_EXCLUSIVE && v[0].root == v[0].blocker);
    assert_true(v[0].root_state == SESSION_IDLE_IN_TRANSACTION && !v[0].blocker_queues);
    assert_true(v[0].root_since < v[0].since);
    struct db_session_view s[4];
    size_t n = world_db_sessions(l.w, model_find(l.m, "db"), s, 4);
    size_t waiting = 0;
    for (size_t i = 0; i < n; i++)
        waiting += s[i].state == SESSION_LOCK_WAIT;
    assert_int_equal(waiting, 1);
    lab_run(&l, 7 * SIM_SEC);
    assert_true(lab_metric(&l, "second", "good_total") == 1);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    double waited = lab_metric(&l, "db", "lock_wait_seconds_total");
    assert_true(waited > 3.99 && waited < 4.02);
    lab_free(&l);
}

struct slices {
    sim_time lock, all, took;
    int n;
};

static void note(void *ctx, const struct request_done *r)
{
    struct slices *s = ctx;
    if (!r->user)
        return;
    s->n++;
    s->took += r->end - r->start;
    for (size_t i = 0; i < r->nslices; i++) {
        s->all += r->slices[i].ns;
        if (r->slices[i].cause == CAUSE_LOCK)
            s->lock += r->slices[i].ns;
    }
}

static void lock_waits_are_accounted(void **state)
{
    (void)state;
    struct lab l = shop(DB);
    struct node slow[] = {SQL("a1"), WAIT(SIM_SEC)};
    struct node tx = TX(seq(slow, 2));
    lab_endpoint(&l, "app", "slow", &tx);
    lab_part(&l, "client", "users", "to=app/slow rate=2 arrivals=even");
    lab_start(&l, 1);
    struct slices s = {0};
    struct observer o = {.ctx = &s, .done = note};
    struct errmsg why = {0};
    assert_int_equal(world_run(l.w, 20 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    lab_set(&l, "users", "rate", "0");
    assert_int_equal(world_run(l.w, 100 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_int_equal(s.n, 40);
    assert_true(s.all == s.took);
    double waited = lab_metric(&l, "db", "lock_wait_seconds_total");
    assert_true((double)s.lock > waited * 1e9 - 1 && (double)s.lock < waited * 1e9 + 1);
    assert_true(lab_metric(&l, "db", "lock_waits_total") == 39);
    lab_free(&l);
}

/* a then b, and b then a. */
static struct lab crossing(const char *db)
{
    struct lab l = shop(db);
    struct node ab[] = {SQL("a1"), WAIT(SIM_SEC), SQL("b1")};
    struct node ba[] = {SQL("b1"), WAIT(SIM_SEC), SQL("a1")};
    struct node tx1 = TX(seq(ab, 3)), tx2 = TX(seq(ba, 3));
    lab_endpoint(&l, "app", "ab", &tx1);
    lab_endpoint(&l, "app", "ba", &tx2);
    one(&l, "first", "ab", 10);
    one(&l, "second", "ba", 10.3);
    lab_start(&l, 1);
    lab_run(&l, 11 * SIM_SEC);
    no_more(&l, "first");
    no_more(&l, "second");
    return l;
}

static void the_one_who_finds_the_deadlock_fails(void **state)
{
    (void)state;
    struct lab l = crossing(DB);
    lab_run(&l, 11900 * SIM_MS);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 2);
    assert_true(lab_metric(&l, "db", "deadlocks_total") == 0);
    lab_run(&l, 12100 * SIM_MS); /* the first has waited for a second */
    assert_true(lab_metric(&l, "db", "deadlocks_total") == 1);
    assert_true(lab_metric(&l, "first", "failed_total") == 1);
    assert_true(lab_metric(&l, "app.db", "failures_DEADLOCK") == 1);
    assert_true(lab_metric(&l, "second", "good_total") == 1);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "deadlocks_total") == 1);
    lab_free(&l);
}

static void a_lock_timeout_comes_first_if_it_is_shorter(void **state)
{
    (void)state;
    struct lab l = crossing(DB " lock_timeout=200ms");
    lab_run(&l, 11900 * SIM_MS);
    assert_true(lab_metric(&l, "db", "lock_timeouts_total") == 1);
    assert_true(lab_metric(&l, "app.db", "failures_LOCK_TIMEOUT") == 1);
    assert_true(lab_metric(&l, "db", "deadlocks_total") == 0);
    assert_true(lab_metric(&l, "second", "good_total") == 1);
    lab_free(&l);
}

static void same_order_no_deadlock(void **state)
{
    (void)state;
    struct lab l = shop(DB);
    struct node ab[] = {SQL("a1"), WAIT(20 * SIM_MS), SQL("b1")};
    struct node tx = TX(seq(ab, 3));
    lab_endpoint(&l, "app", "ab", &tx);
    lab_part(&l, "client", "users", "to=app/ab rate=30");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "lock_waits_total") > 1000);
    assert_true(lab_metric(&l, "db", "deadlocks_total") == 0);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

/* Five rows of a hundred in any order, or in order. */
static double deadlocks(const char *sorted, size_t statements, const char *users)
{
    char params[120];
    struct lab l = shop(DB);
    struct node many = SQL("many");
    lab_part(&l, "table", "db.c", "rows=1000 keys=100");
    snprintf(params, sizeof params,
             "cpu=20ms table=c access=index updates=5 lock_rows=5 sorted=%s", sorted);
    lab_part(&l, "statement", "db.many", params);
    struct node twice[] = {many, many};
    struct node tx = TX(seq(twice, statements));
    lab_endpoint(&l, "app", "many", &tx);
    lab_part(&l, "client", "users", users);
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    double n = lab_metric(&l, "db", "deadlocks_total");
    assert_true(lab_metric(&l, "db", "lock_waits_total") > 100);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 600 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "in_flight") == 0);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    lab_free(&l);
    return n;
}

static void sorted_rows_do_not_deadlock(void **state)
{
    (void)state;
    assert_true(deadlocks("off", 1, "to=app/many rate=60") > 10);
    assert_true(deadlocks("on", 1, "to=app/many rate=60") == 0);
    /* Sorted within each statement is not sorted within the transaction. */
    assert_true(deadlocks("on", 2, "to=app/many rate=12") > 0);
}

static void migrate(struct lab *l, const char *table, const char *change,
                    sim_time limit)
{
    struct errmsg why = {0};
    struct action a = {
        .kind = ACTION_OP,
        .comp = model_find(l->m, table),
        .name = "migrate",
        .args = {value_text(change), value_text(""), value_duration(limit)},
        .nargs = 3};
    if (world_apply(l->w, &a, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

/* A transaction has read the table and is idle; a migration waits for it; everybody
 * else waits behind the migration. */
static struct lab behind_a_migration(sim_time limit)
{
    struct lab l = shop(DB);
    struct node hold[] = {SQL("read"), WAIT(60 * SIM_SEC)};
    struct node tx = TX(seq(hold, 2)), read = SQL("read");
    lab_endpoint(&l, "app", "hold", &tx);
    lab_endpoint(&l, "app", "read", &read);
    one(&l, "holder", "hold", 1);
    lab_part(&l, "client", "users", "to=app/read rate=1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    no_more(&l, "holder");
    lab_run(&l, 4500 * SIM_MS);
    assert_true(lab_metric(&l, "users", "good_total") == 4);
    migrate(&l, "db.a", "add_column", limit);
    lab_run(&l, 10500 * SIM_MS);
    return l;
}

static void everybody_waits_behind_a_waiting_migration(void **state)
{
    (void)state;
    struct db_lock_view v[8];
    struct lab l = behind_a_migration(0);
    assert_true(lab_metric(&l, "users", "good_total") == 4);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 7); /* the migration, and six */
    assert_int_equal(locks(&l, v, 8), 7);
    int queued = 0;
    for (int i = 0; i < 7; i++) {
        assert_true(v[i].root_state == SESSION_IDLE_IN_TRANSACTION);
        assert_string_equal(v[i].what, "the table");
        queued += v[i].blocker_queues;
    }
    assert_int_equal(queued, 6);
    lab_run(&l, 60500 * SIM_MS);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 57);
    lab_run(&l, 62 * SIM_SEC); /* the holder is done at 61 s */
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "db.a", "upkeep") == 0);
    assert_true(lab_metric(&l, "users", "good_total") +
                    lab_metric(&l, "users", "bad_total") >=
                61);
    lab_free(&l);
}

static void a_lock_timeout_lets_them_go(void **state)
{
    (void)state;
    struct lab l = behind_a_migration(2 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "db.a", "upkeep") == 0);
    assert_true(lab_metric(&l, "db", "lock_timeouts_total") == 1);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

static void killing_the_migration_or_the_holder_lets_them_go(void **state)
{
    (void)state;
    struct db_lock_view v[8];
    char id[16];
    struct lab l = behind_a_migration(0);
    assert_int_equal(locks(&l, v, 8), 7);
    comp_id db = model_find(l.m, "db");
    for (int i = 0; i < 7; i++)
        if (v[i].client == db)
            snprintf(id, sizeof id, "%u", v[i].session);
    lab_op(&l, "db", "kill", id);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    lab_run(&l, 10600 * SIM_MS);
    assert_true(lab_metric(&l, "db.a", "upkeep") == 0);
    assert_true(lab_metric(&l, "users", "in_flight") == 0);
    lab_free(&l);
    l = behind_a_migration(0);
    lab_op(&l, "db", "kill", "idle-in-transaction");
    lab_run(&l, 10600 * SIM_MS);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "db.a", "upkeep") == 0);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

/* Two hold it, one of them goes: whoever waits behind the migration still does. */
static void nobody_overtakes_when_one_of_two_holders_goes(void **state)
{
    (void)state;
    struct lab l = shop(DB);
    struct node shorter[] = {SQL("read"), WAIT(5 * SIM_SEC)};
    struct node longer[] = {SQL("read"), WAIT(20 * SIM_SEC)};
    struct node tx1 = TX(seq(shorter, 2)), tx2 = TX(seq(longer, 2)), read = SQL("read");
    lab_endpoint(&l, "app", "shorter", &tx1);
    lab_endpoint(&l, "app", "longer", &tx2);
    lab_endpoint(&l, "app", "read", &read);
    one(&l, "first", "shorter", 1);
    one(&l, "second", "longer", 1);
    one(&l, "third", "read", 3);
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    no_more(&l, "first");
    no_more(&l, "second");
    migrate(&l, "db.a", "add_column", 0);
    lab_run(&l, 3500 * SIM_MS);
    no_more(&l, "third");
    assert_true(lab_metric(&l, "db", "lock_waiting") == 2);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "first", "answered_total") == 1);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 2);
    lab_run(&l, 25 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "third", "answered_total") == 1);
    lab_free(&l);
}

/* A caller that gives up and cancels leaves the queue; one that does not, stays. */
static double waiting_after_patience(const char *cancel)
{
    struct lab l = shop(DB);
    struct node hold[] = {SQL("a1"), WAIT(60 * SIM_SEC)};
    struct node tx = TX(seq(hold, 2)), quick = SQL("a1");
    char params[60];
    lab_endpoint(&l, "app", "hold", &tx);
    lab_endpoint(&l, "app", "quick", &quick);
    snprintf(params, sizeof params, "timeout=500ms cancel=%s", cancel);
    lab_part(&l, "call", "app.db", params);
    one(&l, "holder", "hold", 1);
    lab_part(&l, "client", "users", "to=app/quick rate=1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    no_more(&l, "holder");
    lab_run(&l, 10700 * SIM_MS);
    double waiting = lab_metric(&l, "db", "lock_waiting");
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    lab_free(&l);
    return waiting;
}

static void a_cancelled_wait_leaves_the_queue(void **state)
{
    (void)state;
    assert_true(waiting_after_patience("on") == 0);
    assert_true(waiting_after_patience("off") == 9);
}

static void statement_timeout_ends_a_wait(void **state)
{
    (void)state;
    struct lab l = shop(DB " statement_timeout=3s");
    struct node hold[] = {SQL("a1"), WAIT(20 * SIM_SEC)};
    struct node tx = TX(seq(hold, 2)), quick = SQL("a1");
    lab_endpoint(&l, "app", "hold", &tx);
    lab_endpoint(&l, "app", "quick", &quick);
    one(&l, "holder", "hold", 1);
    one(&l, "user", "quick", 2);
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    no_more(&l, "holder");
    lab_run(&l, 2500 * SIM_MS);
    no_more(&l, "user");
    lab_run(&l, 4900 * SIM_MS);
    assert_true(lab_metric(&l, "user", "failed_total") == 0);
    lab_run(&l, 5100 * SIM_MS);
    assert_true(lab_metric(&l, "user", "failed_total") == 1);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(lab_metric(&l, "db.a1", "failed_total") == 1);
    assert_true(lab_metric(&l, "db.a1", "running") == 0);
    lab_free(&l);
}

/* lock(): a row, a table, a name. */
static void programs_lock(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int form;
        double waits; /* of two at once */
    } of[] = {{"a", LOCK_ROW, 1},
              {"a", LOCK_ROW_SHARED, 0},
              {"a", LOCK_SHARE, 0},
              {"a", LOCK_ACCESS_SHARE, 0},
              {"a", LOCK_SHARE_UPDATE_EXCLUSIVE, 1},
              {"a", LOCK_ACCESS_EXCLUSIVE, 1},
              {"nightly", LOCK_ADVISORY, 1}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct lab l = shop(DB);
        struct node hold[] = {LOCK(of[i].what, of[i].form), WAIT(5 * SIM_SEC)};
        struct node tx = TX(seq(hold, 2));
        lab_endpoint(&l, "app", "hold", &tx);
        lab_part(&l, "client", "users", "to=app/hold rate=1 arrivals=even");
        lab_start(&l, 1);
        lab_run(&l, 2500 * SIM_MS);
        lab_set(&l, "users", "rate", "0");
        assert_true(lab_metric(&l, "db", "lock_waiting") == of[i].waits);
        lab_run(&l, 20 * SIM_SEC);
        assert_true(lab_metric(&l, "users", "failed_total") == 0);
        assert_true(lab_metric(&l, "users", "in_flight") == 0);
        assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
        lab_free(&l);
    }
}

static void more_of_a_lock_goes_ahead_of_those_who_wait_for_it(void **state)
{
    (void)state;
    struct lab l = shop(DB);
    struct node up[] = {LOCK("a", LOCK_ACCESS_SHARE), WAIT(3 * SIM_SEC),
                        LOCK("a", LOCK_ACCESS_EXCLUSIVE)};
    struct node other[] = {LOCK("a", LOCK_ACCESS_EXCLUSIVE)};
    struct node tx = TX(seq(up, 3)), tx2 = TX(other);
    lab_endpoint(&l, "app", "up", &tx);
    lab_endpoint(&l, "app", "other", &tx2);
    one(&l, "first", "up", 1);
    one(&l, "second", "other", 2);
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    no_more(&l, "first");
    lab_run(&l, 2500 * SIM_MS);
    no_more(&l, "second");
    lab_run(&l, 10 * SIM_SEC); /* granted at once; there is no deadlock */
    assert_true(lab_metric(&l, "db", "deadlocks_total") == 0);
    assert_true(lab_metric(&l, "first", "good_total") == 1);
    assert_true(lab_metric(&l, "second", "answered_total") == 1);
    lab_free(&l);
}

static void a_lock_belongs_into_a_transaction(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = shop(DB);
    struct node lock = LOCK("a", LOCK_ROW), tx = TX(&lock);
    lab_endpoint(&l, "app", "bad", &lock);
    assert_true(model_finish(l.m, &why) != ERR_OK);
    assert_non_null(strstr(why.text, "transaction"));
    lab_free(&l);
    l = shop(DB);
    lock = LOCK("nothing", LOCK_ROW);
    lab_endpoint(&l, "app", "bad", &tx);
    assert_int_equal(model_finish(l.m, &why), ERR_NOT_FOUND);
    lab_free(&l);
}

/* After a failed statement the transaction is no good for anything else. */
static void a_failed_transaction_answers_nothing(void **state)
{
    (void)state;
    struct lab l = shop(DB " lock_timeout=100ms");
    struct node hold[] = {SQL("a1"), WAIT(60 * SIM_SEC)};
    struct node try[] = {SQL("b1"), SQL("a1"), SQL("other")};
    struct node tx = TX(seq(hold, 2)), tx2 = TX(try);
    seq(try, 3);
    try[1].catches = true;
    lab_endpoint(&l, "app", "hold", &tx);
    lab_endpoint(&l, "app", "try", &tx2);
    one(&l, "holder", "hold", 1);
    lab_part(&l, "client", "users", "to=app/try rate=1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    no_more(&l, "holder");
    lab_run(&l, 10500 * SIM_MS);
    assert_true(lab_metric(&l, "app.db", "failures_LOCK_TIMEOUT") == 10);
    assert_true(lab_metric(&l, "app.db", "failures_ERROR") == 10);
    assert_true(lab_metric(&l, "db.other", "calls_total") == 0);
    assert_true(lab_metric(&l, "users", "failed_total") == 10);
    assert_true(lab_metric(&l, "db.b", "updated_total") == 10);
    lab_free(&l);
}

/* ---- optimistic ------------------------------------------------------------------ */

static struct lab race(const char *keys)
{
    struct lab l = shop(DB);
    char params[60];
    snprintf(params, sizeof params, "rows=1000 keys=%s autovacuum=off", keys);
    lab_part(&l, "table", "db.c", params);
    lab_part(&l, "statement", "db.get", "cpu=1ms table=c access=index optimistic=read");
    lab_part(&l, "statement", "db.put",
             "cpu=1ms table=c access=index updates=1 optimistic=write");
    struct node both[] = {SQL("get"), WAIT(300 * SIM_MS), SQL("put")};
    lab_endpoint(&l, "app", "change", seq(both, 3));
    lab_part(&l, "client", "users", "to=app/change rate=4 arrivals=even");
    return l;
}

static void an_optimistic_write_fails_when_somebody_was_faster(void **state)
{
    (void)state;
    struct lab l = race("1");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC + 100 * SIM_MS);
    /* One every 250 ms, 304 ms from read to write: each second one loses. */
    double conflicts = lab_metric(&l, "db.c", "conflicts_total");
    double written = lab_metric(&l, "db.c", "updated_total");
    assert_true(conflicts + written == lab_metric(&l, "db.put", "calls_total"));
    assert_true(conflicts >= 198 && conflicts <= 200);
    assert_true(lab_metric(&l, "app.db", "failures_CONFLICT") == conflicts);
    assert_true(lab_metric(&l, "users", "failed_total") == conflicts);
    assert_true(lab_metric(&l, "db.c", "dead_rows") == written);
    lab_free(&l);
    l = race("100000");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC + 100 * SIM_MS); /* nobody wants the same */
    assert_true(lab_metric(&l, "db.c", "conflicts_total") == 0);
    assert_true(lab_metric(&l, "db.c", "updated_total") >= 398);
    lab_free(&l);
}

/* N clients at once, each writes the row once, with a retry of the whole after a
 * conflict: each round exactly one succeeds when all hops take the same time. */
static void n_clients_write_one_row(void **state)
{
    (void)state;
    enum { N = 10 };
    struct lab l = lab_new();
    struct node one_call = {.kind = NODE_CALL, .target = "app", .what = "write"};
    struct node calls[N];
    for (int i = 0; i < N; i++)
        calls[i] = one_call;
    struct node all = {.kind = NODE_PARALLEL, .body = seq(calls, N)};
    struct node both[] = {SQL("get"), SQL("put")};
    lab_part(&l, "database", "db", DB " max_connections=1000");
    lab_part(&l, "table", "db.c", "rows=1 keys=1 scan_row=0 index_step=0 write_row=0");
    lab_part(&l, "statement", "db.get", "cpu=0 table=c optimistic=read");
    lab_part(&l, "statement", "db.put", "cpu=0 table=c updates=1 optimistic=write");
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "pool", "app.pool", "to=db size=1000");
    lab_part(&l, "call", "app.db", "network=10ms");
    lab_endpoint(&l, "app", "write", seq(both, 2));
    lab_part(&l, "service", "driver", "workers=10");
    lab_endpoint(&l, "driver", "all", &all);
    lab_part(&l, "call", "driver.app", "network=0 retries=20");
    lab_part(&l, "client", "users", "to=driver/all rate=0.1 arrivals=even");
    lab_part(&l, "call", "users.driver", "network=0");
    lab_start(&l, 1);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "good_total") == 1);
    assert_true(lab_metric(&l, "db.c", "updated_total") == N);
    assert_true(lab_metric(&l, "db.put", "calls_total") == N * (N + 1) / 2);
    double took = lab_metric(&l, "driver.app", "seconds_total");
    /* Attempt k of all that are left takes 40 ms: 10 + 9 + ... + 1 of them. */
    assert_true(took > 55 * 0.04 - 1e-9 && took < 55 * 0.04 + 1e-9);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_second_goes_second),
        cmocka_unit_test(lock_waits_are_accounted),
        cmocka_unit_test(the_one_who_finds_the_deadlock_fails),
        cmocka_unit_test(a_lock_timeout_comes_first_if_it_is_shorter),
        cmocka_unit_test(same_order_no_deadlock),
        cmocka_unit_test(sorted_rows_do_not_deadlock),
        cmocka_unit_test(everybody_waits_behind_a_waiting_migration),
        cmocka_unit_test(a_lock_timeout_lets_them_go),
        cmocka_unit_test(killing_the_migration_or_the_holder_lets_them_go),
        cmocka_unit_test(nobody_overtakes_when_one_of_two_holders_goes),
        cmocka_unit_test(a_cancelled_wait_leaves_the_queue),
        cmocka_unit_test(statement_timeout_ends_a_wait),
        cmocka_unit_test(programs_lock),
        cmocka_unit_test(more_of_a_lock_goes_ahead_of_those_who_wait_for_it),
        cmocka_unit_test(a_lock_belongs_into_a_transaction),
        cmocka_unit_test(a_failed_transaction_answers_nothing),
        cmocka_unit_test(an_optimistic_write_fails_when_somebody_was_faster),
        cmocka_unit_test(n_clients_write_one_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
