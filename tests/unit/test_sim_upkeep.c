/* Upkeep of tables: dead rows and vacuums, indexes and migrations, and what stops them.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SQL(name) ((struct node){.kind = NODE_QUERY, .target = "db", .what = name})

/* Ten reads and ten updates a second. */
static struct lab shop(const char *db, const char *table)
{
    const struct node alone = {
        .kind = NODE_LOCK, .target = "db", .what = "t", .p = LOCK_ACCESS_EXCLUSIVE};
    const struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &alone};
    struct lab l = lab_new();
    lab_part(&l, "database", "db", db);
    lab_part(&l, "table", "db.t", table);
    lab_part(&l, "statement", "db.read", "cpu=1ms table=t access=index rows=100");
    lab_part(&l, "statement", "db.write", "cpu=1ms table=t access=index updates=1");
    lab_part(&l, "statement", "db.by_status", "cpu=1ms table=t index=status");
    lab_app(&l, "app", "to=db size=50", "db", "read write");
    lab_endpoint(&l, "app", "alone", &tx);
    lab_part(&l, "client", "readers", "to=app/read rate=10 arrivals=even");
    lab_part(&l, "client", "writers", "to=app/write rate=10 arrivals=even");
    lab_part(&l, "client", "loner", "to=app/alone rate=0 arrivals=even");
    lab_start(&l, 1);
    return l;
}
#define DB "cores=4 connect_time=0"

static enum err job(struct lab *l, const char *op, const char *a, const char *b,
                    const char *c)
{
    struct errmsg why = {0};
    struct action act = {
        .kind = ACTION_OP, .comp = model_find(l->m, "db.t"), .name = op};
    if (a)
        act.args[act.nargs++] = value_text(a);
    if (b)
        act.args[act.nargs++] =
            strcmp(op, "create_index") == 0 ? value_bool(*b == 'y') : value_text(b);
    if (c)
        act.args[act.nargs++] = value_duration((sim_time)(*c - '0') * SIM_SEC);
    return world_apply(l->w, &act, "test", NULL, NULL, &why);
}

static void must_job(struct lab *l, const char *op, const char *a, const char *b)
{
    assert_int_equal(job(l, op, a, b, NULL), ERR_OK);
}

static double at(const struct lab *l, const char *metric)
{
    return lab_metric(l, "db.t", metric);
}

static void autovacuum_cleans_when_there_is_enough(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000 vacuum_every=10s");
    lab_run(&l, 24 * SIM_SEC); /* 50 and a fifth of 1000 are 250 */
    assert_true(at(&l, "dead_rows") >= 238 && at(&l, "vacuums_total") == 0);
    lab_run(&l, 34 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") == 0);
    lab_run(&l, 36 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") == 1);
    assert_true(at(&l, "dead_rows") < 20);
    lab_run(&l, 1000 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") >= 26);
    assert_true(at(&l, "updated_total") ==
                at(&l, "dead_rows") + at(&l, "cleaned_total"));
    assert_true(lab_metric(&l, "writers", "failed_total") == 0);
    assert_true(lab_metric(&l, "db", "lock_waits_total") ==
                0); /* nobody waits for it */
    lab_free(&l);
}

/* A vacuum takes away what died before the oldest transaction began, and no more. */
static void an_open_transaction_holds_vacuum_back(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000 vacuum_every=10s");
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    double before = at(&l, "dead_rows");
    lab_fault(&l, "db", "long_transaction", NULL, 0);
    double read = lab_metric(&l, "db.read", "seconds_total");
    lab_run(&l, 21 * SIM_SEC);
    read = lab_metric(&l, "db.read", "seconds_total") - read;
    lab_run(&l, 400 * SIM_SEC);
    double cleaned = at(&l, "cleaned_total");
    assert_true(cleaned <= before && cleaned >= before - 15);
    assert_true(at(&l, "dead_rows") >= 3780);
    assert_true(lab_metric(&l, "db", "oldest_transaction") > 379);
    double late = lab_metric(&l, "db.read", "seconds_total");
    lab_run(&l, 401 * SIM_SEC); /* the same reads, nearly five times the rows */
    late = lab_metric(&l, "db.read", "seconds_total") - late;
    assert_true(late > read * 1.25);
    lab_op(&l, "db", "kill", "idle-in-transaction");
    assert_true(lab_metric(&l, "db", "oldest_transaction") == 0);
    lab_run(&l, 430 * SIM_SEC);
    assert_true(at(&l, "dead_rows") < 300);
    lab_free(&l);
}

static void the_fault_ends_and_may_be_killed_first(void **state)
{
    (void)state;
    struct lab l = shop(DB " idle_in_transaction_timeout=30s", "rows=1000");
    lab_fault(&l, "db", "long_transaction", NULL, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 1);
    lab_run(&l, 11 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 0);
    lab_fault(&l, "db", "long_transaction", NULL, 100 * SIM_SEC);
    lab_fault(&l, "db", "long_transaction", NULL, 100 * SIM_SEC); /* twice is once */
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 1);
    lab_run(&l, 42 * SIM_SEC); /* the time limit closes it, too */
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 0);
    lab_run(&l, 120 * SIM_SEC);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "db", "long_transaction", "no", 0),
                     ERR_NOT_FOUND);
    lab_free(&l);
}

/* It has read the table: a migration waits for it, and all others for that. */
static void a_forgotten_terminal_and_a_migration(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000");
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "db", "long_transaction", "t", 0);
    must_job(&l, "migrate", "add_column", NULL);
    lab_run(&l, 7 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "lock_waiting") > 35);
    lab_op(&l, "db", "kill", "idle-in-transaction");
    lab_run(&l, 8 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(at(&l, "upkeep") == 0);
    assert_true(lab_metric(&l, "readers", "failed_total") == 0);
    lab_free(&l);
}

static void a_vacuum_takes_cores(void **state)
{
    (void)state;
    struct lab l = shop("cores=1 connect_time=0", "rows=1000000 autovacuum=off");
    lab_set(&l, "writers", "rate", "500");
    lab_run(&l, 300 * SIM_SEC);
    lab_set(&l, "writers", "rate", "0");
    double dead = at(&l, "dead_rows");
    assert_true(dead > 100000);
    lab_run(&l, 400 * SIM_SEC);
    double idle = lab_metric(&l, "db.read", "seconds_total");
    lab_run(&l, 400 * SIM_SEC + 200 * SIM_MS);
    idle = lab_metric(&l, "db.read", "seconds_total") - idle;
    must_job(&l, "vacuum", NULL, NULL);
    double busy = lab_metric(&l, "db.read", "seconds_total");
    lab_run(&l, 400 * SIM_SEC + 400 * SIM_MS);
    busy = lab_metric(&l, "db.read", "seconds_total") - busy;
    assert_true(busy > 1.9 * idle && busy < 2.1 * idle);
    assert_true(at(&l, "progress") > 0.2 && at(&l, "progress") < 1);
    lab_run(&l, 402 * SIM_SEC);
    assert_true(at(&l, "dead_rows") == 0);
    assert_true(at(&l, "cleaned_total") == at(&l, "updated_total"));
    lab_free(&l);
}

static double good(const struct lab *l, const char *who)
{
    return lab_metric(l, who, "answered_total");
}

/* Five million rows, a microsecond each. */
static void an_index_online_or_not(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=5000000");
    lab_run(&l, 5 * SIM_SEC);
    must_job(&l, "create_index", "status", "no");
    double wrote = good(&l, "writers"), read = good(&l, "readers");
    lab_run(&l, 9990 * SIM_MS);
    assert_true(at(&l, "upkeep") == 1 && at(&l, "progress") > 0.95);
    assert_true(good(&l, "writers") <= wrote + 1); /* readers go on */
    assert_true(good(&l, "readers") >= read + 48);
    lab_run(&l, 10100 * SIM_MS);
    assert_true(at(&l, "upkeep") == 0);
    assert_int_equal(job(&l, "create_index", "status", "no", NULL), ERR_REFUSED);
    must_job(&l, "drop_index", "status", NULL);
    lab_run(&l, 12 * SIM_SEC);
    must_job(&l, "create_index", "status", NULL);
    wrote = good(&l, "writers");
    lab_run(&l, 21900 * SIM_MS); /* twice the work */
    assert_true(at(&l, "upkeep") == 1);
    assert_true(good(&l, "writers") >= wrote + 98);
    lab_run(&l, 23500 * SIM_MS);
    assert_true(at(&l, "upkeep") == 0);
    lab_free(&l);
}

/* An index made online also waits for those who had begun before. */
static void an_online_index_outwaits_old_transactions(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000");
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "db", "long_transaction", NULL, 20 * SIM_SEC);
    lab_run(&l, 6 * SIM_SEC);
    must_job(&l, "migrate", "add_index", "status");
    lab_run(&l, 24 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 1);
    assert_true(lab_metric(&l, "writers", "failed_total") == 0);
    lab_run(&l, 28 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0);
    assert_int_equal(job(&l, "create_index", "status", NULL, NULL), ERR_REFUSED);
    lab_free(&l);
}

static void a_rewrite_stops_everybody(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=3000000 autovacuum=off");
    lab_run(&l, 5 * SIM_SEC);
    must_job(&l, "migrate", "rewrite", NULL);
    double read = good(&l, "readers");
    lab_run(&l, 7900 * SIM_MS);
    assert_true(good(&l, "readers") <= read + 1);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 50); /* all there are */
    lab_run(&l, 9 * SIM_SEC);
    assert_true(good(&l, "readers") >= read + 38);
    assert_true(at(&l, "dead_rows") < 45); /* dead rows from before are gone */
    lab_free(&l);
}

static void a_backfill_lets_others_in_between(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=100000 autovacuum=off keys=1");
    lab_run(&l, 5 * SIM_SEC);
    must_job(&l, "migrate", "backfill", NULL);
    double dead = at(&l, "dead_rows");
    lab_run(&l, 6 * SIM_SEC); /* a batch is 10 ms of work and as long a rest */
    assert_true(at(&l, "progress") > 0.45 && at(&l, "progress") < 0.55);
    assert_true(lab_metric(&l, "db", "lock_waits_total") >= 2);
    lab_run(&l, 8 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0);
    assert_true(at(&l, "dead_rows") - dead >= 100000);
    assert_true(lab_metric(&l, "writers", "failed_total") == 0);
    double slowest = lab_metric(&l, "db", "lock_wait_seconds_total");
    assert_true(slowest < 1);
    lab_free(&l);
}

static void kill_stops_a_job(void **state)
{
    (void)state;
    struct db_session_view v[60];
    struct lab l = shop(DB, "rows=50000000 id_limit=60000000");
    lab_run(&l, 5 * SIM_SEC);
    must_job(&l, "widen_ids", NULL, NULL);
    lab_run(&l, 10 * SIM_SEC);
    comp_id db = model_find(l.m, "db");
    size_t n = world_db_sessions(l.w, db, v, 60);
    char id[16] = "";
    for (size_t i = 0; i < n; i++)
        if (v[i].client == db)
            snprintf(id, sizeof id, "%u", v[i].id);
    lab_op(&l, "db", "kill", id);
    lab_run(&l, 11 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0);
    assert_true(at(&l, "ids_left") == 10000000);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    must_job(&l, "widen_ids", NULL, NULL); /* again, and the database goes down */
    lab_run(&l, 12 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 5 * SIM_SEC);
    assert_int_equal(job(&l, "vacuum", NULL, NULL, NULL), ERR_REFUSED);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0);
    assert_true(at(&l, "ids_left") == 10000000);
    lab_free(&l);
}

static void autovacuum_gives_way(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000 vacuum_every=1s vacuum_speed=5");
    lab_run(&l, 30 * SIM_SEC); /* works for a minute */
    assert_true(at(&l, "upkeep") == 1);
    must_job(&l, "analyze", NULL, NULL); /* an operator goes first */
    lab_run(&l, 31 * SIM_SEC);
    lab_run(&l, 33 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 1);
    lab_set(&l, "loner", "rate", "2");
    lab_run(&l, 33600 * SIM_MS);
    lab_set(&l, "loner", "rate", "0");
    lab_run(&l, 34400 * SIM_MS);
    assert_true(lab_metric(&l, "db", "lock_waiting") > 0);
    double vacuums = at(&l, "vacuums_total");
    lab_run(&l, 35 * SIM_SEC); /* a second is all it has to wait */
    assert_true(good(&l, "loner") >= 1);
    assert_true(lab_metric(&l, "db", "lock_waiting") == 0);
    assert_true(at(&l, "vacuums_total") == vacuums);
    lab_free(&l);
}

static void jobs_are_refused_with_a_reason(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=5000000");
    assert_int_equal(job(&l, "migrate", "sideways", NULL, NULL), ERR_INPUT);
    assert_int_equal(job(&l, "migrate", "add_index", "nothing", NULL), ERR_NOT_FOUND);
    assert_int_equal(job(&l, "drop_index", "status", NULL, NULL), ERR_REFUSED);
    assert_int_equal(job(&l, "create_index", "primary", NULL, NULL), ERR_REFUSED);
    assert_int_equal(job(&l, "widen_ids", NULL, NULL, NULL), ERR_REFUSED);
    must_job(&l, "vacuum_full", NULL, NULL);
    assert_int_equal(job(&l, "vacuum", NULL, NULL, NULL), ERR_REFUSED);
    lab_run(&l, 6 * SIM_SEC);
    must_job(&l, "vacuum", NULL, NULL); /* nothing to do is done at once */
    lab_run(&l, 7 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0);
    lab_free(&l);
}

static void a_fork_in_the_middle_ends_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = shop(DB, "rows=300000 vacuum_every=5s keys=3 popularity=1");
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "db", "long_transaction", "t", 10 * SIM_SEC);
    must_job(&l, "migrate", "rewrite", NULL);
    lab_run(&l, 8 * SIM_SEC);
    struct world *fork = world_fork(l.w);
    assert_int_equal(world_run(fork, 60 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(world_digest(fork) == world_digest(l.w));
    assert_true(world_metric(fork, model_find(l.m, "db.t"), "dead_rows", 0) ==
                at(&l, "dead_rows"));
    world_free(fork);
    lab_free(&l);
}

/* The next look comes as the new setting says, and a piece that was begun at a high
 * speed does not last for ever at a low one. */
static void settings_of_autovacuum_hold_at_once(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000 vacuum_every=24h");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") == 0);
    lab_set(&l, "db.t", "vacuum_every", "10s");
    lab_run(&l, 112 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") == 1);
    lab_set(&l, "db.t", "vacuum_every", "1000s");
    lab_set(&l, "db.t", "vacuum_speed", "1000");
    lab_run(&l, 1300 * SIM_SEC);
    lab_set(&l, "db.t", "vacuum_speed", "1");
    lab_run(&l, 1310 * SIM_SEC);
    double cleaned = at(&l, "cleaned_total");
    lab_run(&l, 1320 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0 || at(&l, "cleaned_total") >= cleaned + 9);
    lab_free(&l);
}

/* ---- transaction ids ------------------------------------------------------------- */

#define ALMOST "frozen_age=2144483000" /* 648 are left before it stops */

/* It reads and does not write, until the table is frozen; autovacuum need not be on. */
static void a_database_without_transaction_ids_only_reads(void **state)
{
    (void)state;
    struct lab l = shop(
        DB, "rows=100000 autovacuum=off vacuum_every=10s vacuum_speed=1000 " ALMOST);
    assert_true(lab_metric(&l, "db", "transaction_ids_left") == 648);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "writers", "failed_total") == 0);
    assert_true(at(&l, "upkeep") == 1); /* begun, and takes 100 s */
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "transaction_ids_total") == 648);
    assert_true(lab_metric(&l, "db", "transaction_ids_left") == 0);
    double failed = lab_metric(&l, "writers", "failed_total");
    assert_true(failed > 340 &&
                lab_metric(&l, "app/write", "done_READ_ONLY") == failed);
    assert_true(lab_metric(&l, "db", "transaction_ids_refused_total") == failed);
    assert_true(lab_metric(&l, "readers", "failed_total") == 0);
    lab_run(&l, 115 * SIM_SEC);
    assert_true(at(&l, "frozen_age") < 700);
    failed = lab_metric(&l, "writers", "failed_total");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(lab_metric(&l, "writers", "failed_total") == failed);
    assert_true(at(&l, "upkeep") == 0 && at(&l, "vacuums_total") == 1);
    lab_free(&l);
}

/* At freeze_max_age and not before; a vacuum by hand freezes an old table, too. */
static void old_tables_are_frozen(void **state)
{
    (void)state;
    struct lab l = shop(DB " freeze_max_age=100000",
                        "rows=1000 autovacuum=off vacuum_every=1s frozen_age=94000");
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, "db.t", "vacuum", NULL);
    lab_run(&l, 11 * SIM_SEC);
    assert_true(at(&l, "frozen_age") > 94000); /* too young: only dead rows */
    lab_run(&l, 110 * SIM_SEC);
    lab_op(&l, "db.t", "vacuum", NULL);
    lab_run(&l, 111 * SIM_SEC);
    assert_true(at(&l, "frozen_age") < 100);
    lab_free(&l);
    l = shop(DB " freeze_max_age=100000",
             "rows=1000 autovacuum=off vacuum_every=1s frozen_age=99900");
    lab_run(&l, 9 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") == 0);
    lab_set(&l, "writers", "rate", "2000");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(at(&l, "vacuums_total") == 1 && at(&l, "frozen_age") < 60000);
    lab_free(&l);
}

/* A transaction that is open since before holds it back. */
static void an_open_transaction_holds_freezing_back(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000 autovacuum=off frozen_age=200000000");
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "db", "long_transaction", NULL, 0);
    lab_run(&l, 100 * SIM_SEC);
    lab_op(&l, "db.t", "vacuum", NULL);
    lab_run(&l, 101 * SIM_SEC);
    assert_true(at(&l, "frozen_age") > 890 && at(&l, "frozen_age") < 930);
    lab_free(&l);
}

/* A change of the table waits for a vacuum that does not give way, and all others wait
 * behind the change, until the vacuum is done or the change gives up. */
static void a_change_waits_for_a_vacuum(void **state)
{
    (void)state;
    for (int patient = 0; patient < 2; patient++) {
        struct lab l = shop(DB " freeze_max_age=100000",
                            "rows=1000000 vacuum_every=1s frozen_age=100000");
        lab_run(&l, 10 * SIM_SEC); /* 50 s of work */
        assert_true(at(&l, "upkeep") == 1 && at(&l, "lock_waiting") == 0);
        assert_int_equal(job(&l, "migrate", "add_column", "", patient ? NULL : "2"),
                         ERR_OK);
        assert_int_equal(job(&l, "vacuum", NULL, NULL, NULL), ERR_REFUSED);
        lab_run(&l, 11 * SIM_SEC);
        assert_true(at(&l, "lock_waiting") > 10);
        lab_run(&l, 40 * SIM_SEC);
        assert_true(patient ? at(&l, "lock_waiting") > 40
                            : at(&l, "lock_waiting") == 0);
        assert_true(at(&l, "upkeep") == 1 && at(&l, "vacuums_total") == 0);
        lab_run(&l, 70 * SIM_SEC);
        assert_true(at(&l, "vacuums_total") == 1 && at(&l, "lock_waiting") == 0);
        assert_true(at(&l, "upkeep") == 0 && at(&l, "frozen_age") < 2000);
        lab_free(&l);
    }
}

static void a_dropped_table_ends_both(void **state)
{
    (void)state;
    struct lab l = shop(DB " freeze_max_age=100000",
                        "rows=1000000 vacuum_every=1s frozen_age=100000");
    lab_run(&l, 10 * SIM_SEC);
    must_job(&l, "migrate", "add_column", "");
    lab_run(&l, 12 * SIM_SEC);
    lab_fault(&l, "db.t", "dropped", NULL, 0);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(at(&l, "upkeep") == 0 && at(&l, "lock_waiting") == 0);
    lab_free(&l);
}

/* Whoever waits for its lock waits to its end: it does not give way. */
static void freezing_does_not_give_way(void **state)
{
    (void)state;
    for (int forced = 0; forced < 2; forced++) {
        struct lab l = shop(DB, forced ? "rows=50000 vacuum_every=1s vacuum_speed=1000 "
                                         "frozen_age=300000000"
                                       : "rows=50 vacuum_every=1s vacuum_speed=1");
        lab_run(&l, 10 * SIM_SEC);
        assert_true(at(&l, "upkeep") == 1);
        lab_set(&l, "loner", "rate", "0.05");
        lab_run(&l, 45 * SIM_SEC);
        assert_true((lab_metric(&l, "loner", "answered_total") == 0) == forced);
        lab_free(&l);
    }
}

/* The fewer ids are free, the more are drawn in vain: all / left. */
static void ids_at_random_get_dearer(void **state)
{
    (void)state;
    double took[3];
    static const char *const tables[] = {
        "rows=500 id_limit=1000 ids=random index_step=1ms write_row=0",
        "rows=990 id_limit=1000 ids=random index_step=1ms write_row=0",
        "rows=990 id_limit=1000 index_step=1ms write_row=0"};
    for (int i = 0; i < 3; i++) {
        struct node add = SQL("add");
        struct lab l = lab_new();
        lab_part(&l, "database", "db", DB);
        lab_part(&l, "table", "db.t", tables[i]);
        lab_part(&l, "statement", "db.add",
                 "cpu=0 table=t inserts=1 access=index rows=0");
        lab_part(&l, "service", "app", "workers=1000");
        lab_endpoint(&l, "app", "add", &add);
        lab_part(&l, "client", "users", "to=app/add rate=1 arrivals=even");
        lab_start(&l, 1);
        while (lab_metric(&l, "db.add", "calls_total") < 1)
            lab_run(&l, world_now(l.w) + SIM_SEC);
        took[i] = lab_metric(&l, "db.add", "seconds_total");
        lab_run(&l, 200 * SIM_SEC);
        assert_true(i == 0 || at(&l, "inserted_total") == 10);
        assert_true(i < 2 || at(&l, "no_ids_total") > 150); /* a sequence says no */
        lab_free(&l);
    }
    (void)state;
    assert_true(took[0] > 0.0355 && took[0] < 0.0365); /* 9 ms down; 1 + 2 draws of 9 */
    assert_true(took[1] > 1.015 && took[1] < 1.025);
    assert_true(took[2] > 0.0195 && took[2] < 0.0205);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_without_transaction_ids_only_reads),
        cmocka_unit_test(old_tables_are_frozen),
        cmocka_unit_test(an_open_transaction_holds_freezing_back),
        cmocka_unit_test(a_change_waits_for_a_vacuum),
        cmocka_unit_test(a_dropped_table_ends_both),
        cmocka_unit_test(freezing_does_not_give_way),
        cmocka_unit_test(ids_at_random_get_dearer),
        cmocka_unit_test(settings_of_autovacuum_hold_at_once),
        cmocka_unit_test(autovacuum_cleans_when_there_is_enough),
        cmocka_unit_test(an_open_transaction_holds_vacuum_back),
        cmocka_unit_test(the_fault_ends_and_may_be_killed_first),
        cmocka_unit_test(a_forgotten_terminal_and_a_migration),
        cmocka_unit_test(a_vacuum_takes_cores),
        cmocka_unit_test(an_index_online_or_not),
        cmocka_unit_test(an_online_index_outwaits_old_transactions),
        cmocka_unit_test(a_rewrite_stops_everybody),
        cmocka_unit_test(a_backfill_lets_others_in_between),
        cmocka_unit_test(kill_stops_a_job),
        cmocka_unit_test(autovacuum_gives_way),
        cmocka_unit_test(jobs_are_refused_with_a_reason),
        cmocka_unit_test(a_fork_in_the_middle_ends_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
