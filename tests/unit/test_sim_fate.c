/*
 * What becomes of data: which writes somebody counts on, which of them are lost, rows
 * that are deleted by mistake, and what a backup brings back.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SQL(name) ((struct node){.kind = NODE_QUERY, .target = "db", .what = name})

static double of(const struct lab *l, const char *comp, const char *metric)
{
    return lab_metric(l, comp, metric);
}

/* Ten inserts and five deletes a second; a backup of a second at 60 s. */
static struct lab shop(const char *db, const char *table)
{
    struct lab l = lab_new();
    lab_part(&l, "database", "db", db);
    lab_part(&l, "table", "db.t", table);
    lab_part(&l, "table", "db.other", "rows=7");
    lab_part(&l, "statement", "db.add", "cpu=1ms table=t inserts=1 wal=100 stores=10");
    lab_part(&l, "statement", "db.drop", "cpu=1ms table=t deletes=1 wal=100");
    lab_part(&l, "statement", "db.see", "cpu=1ms table=t access=index");
    lab_part(&l, "replica", "db.b", "delay=1ms");
    lab_part(&l, "backup", "db.nightly", "every=1h at=60s rate=1e12");
    lab_app(&l, "app", "to=db size=50", "db", "add drop see");
    lab_part(&l, "client", "adders", "to=app/add rate=10 arrivals=even");
    lab_part(&l, "client", "droppers", "to=app/drop rate=5 arrivals=even");
    lab_part(&l, "client", "readers", "to=app/see rate=10 arrivals=even");
    lab_start(&l, 1);
    return l;
}
#define DB "connect_time=0 restore_rate=1e12 promote_time=1s data=1000"

static void still(struct lab *l)
{
    lab_set(l, "adders", "rate", "0");
    lab_set(l, "droppers", "rate", "0");
}

static void deleted_rows_come_back_from_a_backup(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000");
    lab_run(&l, 60 * SIM_SEC);
    double then = of(&l, "db.t", "rows");
    lab_run(&l, 100 * SIM_SEC);
    double rows = of(&l, "db.t", "rows"), bytes = of(&l, "db.t", "bytes");
    lab_fault(&l, "db.t", "rows_deleted", "0.25", 0);
    double wiped = of(&l, "db.t", "wiped_total");
    assert_true(wiped == (double)(int64_t)(rows * 0.25 + 0.5));
    assert_true(of(&l, "db.t", "rows") == rows - wiped);
    assert_true(of(&l, "db.t", "missing") == wiped &&
                of(&l, "db", "rows_missing") == wiped);
    assert_true(of(&l, "db.t", "dead_rows") >= wiped &&
                of(&l, "db.t", "bytes") == bytes);
    lab_run(&l, 110 * SIM_SEC);
    lab_op(&l, "db", "restore", NULL);
    still(&l);
    lab_run(&l, 115 * SIM_SEC);
    assert_true(of(&l, "db", "restores_total") == 1);
    assert_true(of(&l, "db.t", "rows") == then && of(&l, "db.other", "rows") == 7);
    /* Old and new rows are deleted alike: the backup has then / rows of them. */
    double back = of(&l, "db.t", "restored_total");
    assert_true(back >= wiped * then / rows - 1 && back <= wiped * then / rows);
    assert_true(of(&l, "db.t", "missing") == wiped - back);
    assert_true(of(&l, "db", "rows_restored_total") == back);
    assert_true(of(&l, "db", "rows_without_copy") == wiped - back);
    double lost = of(&l, "db.t", "lost_total"); /* ten a second for 50 s */
    assert_true(lost >= 495 && lost <= 502 && of(&l, "db", "rows_lost_total") == lost);
    lab_free(&l);
}

/* All of it, when nothing is said; a backup from afterwards does not help. */
static void a_backup_of_what_is_gone_is_none(void **state)
{
    (void)state;
    struct lab l = shop(DB, "rows=1000");
    lab_run(&l, 50 * SIM_SEC);
    still(&l);
    lab_run(&l, 51 * SIM_SEC);
    lab_fault(&l, "db.t", "rows_deleted", NULL, 5 * SIM_SEC);
    double wiped = of(&l, "db.t", "missing");
    assert_true(of(&l, "db.t", "rows") == 0 && wiped > 1200);
    lab_run(&l, 70 * SIM_SEC); /* the fault has ended: the rows are gone all the same */
    lab_op(&l, "db", "restore", NULL);
    lab_run(&l, 80 * SIM_SEC);
    assert_true(of(&l, "db.t", "rows") == 0 && of(&l, "db.t", "missing") == wiped);
    assert_true(of(&l, "db.t", "restored_total") == 0);
    lab_free(&l);
}

static void a_dropped_table_is_missed_until_it_is_restored(void **state)
{
    (void)state;
    struct lab l = shop(DB " disk_size=1000000000", "rows=100000 growth=3");
    lab_run(&l, 100 * SIM_SEC);
    double used = of(&l, "db", "disk_used_bytes");
    lab_fault(&l, "db.t", "dropped", NULL, 0);
    assert_true(of(&l, "db", "disk_used_bytes") < used - 10000000);
    assert_int_equal(lab_do(&l, ACTION_OP, "db.t", "vacuum", NULL, 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "db.t", "dropped", NULL, 0), ERR_REFUSED);
    lab_run(&l, 110 * SIM_SEC);
    assert_true(of(&l, "readers", "failed_total") >= 98);
    assert_true(of(&l, "adders", "failed_total") >= 98);
    assert_true(of(&l, "db.t", "rows") == 0 && of(&l, "db.t", "bytes") == 0);
    lab_op(&l, "db", "restore", NULL);
    lab_run(&l, 112 * SIM_SEC);
    double failed = of(&l, "readers", "failed_total");
    lab_run(&l, 130 * SIM_SEC);
    assert_true(of(&l, "readers", "failed_total") == failed);
    /* No more than the backup holds: 15 rows a second came in the 40 s after it. */
    assert_true(of(&l, "db.t", "rows") > 100000);
    double gone = of(&l, "db.t", "wiped_total"),
           back = of(&l, "db.t", "restored_total");
    assert_true(gone - back >= 300 && gone - back <= 340);
    assert_true(of(&l, "db.t", "missing") == gone - back);
    lab_free(&l);
}

/* In the middle of transactions and of a vacuum: nothing is below zero afterwards. */
static void rows_go_under_running_work(void **state)
{
    (void)state;
    for (int drop = 0; drop < 2; drop++) {
        struct node add = SQL("add"),
                    nap = {.kind = NODE_SLEEP, .time = dist_const(SIM_SEC)};
        struct node no = {.kind = NODE_FAIL, .what = "no"};
        struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &add};
        struct lab l = lab_new();
        add.next = &nap;
        nap.next = &no;
        lab_part(&l, "database", "db", DB);
        lab_part(&l, "table", "db.t", "rows=10 build_row=1ms");
        lab_part(&l, "statement", "db.add", "cpu=1ms table=t inserts=3 wal=100");
        lab_part(&l, "service", "app", "workers=1000");
        lab_part(&l, "pool", "app.pool", "to=db size=50");
        lab_endpoint(&l, "app", "try", &tx);
        lab_part(&l, "client", "users", "to=app/try rate=10");
        lab_start(&l, 1);
        lab_run(&l, 20 * SIM_SEC);
        lab_op(&l, "db.t", "vacuum_full", NULL);
        lab_run(&l, 20001 * SIM_MS);
        lab_fault(&l, "db.t", drop ? "dropped" : "rows_deleted", NULL, 0);
        lab_run(&l, 21 * SIM_SEC);
        for (sim_time t = 22 * SIM_SEC; t < 40 * SIM_SEC; t += SIM_SEC) {
            lab_run(&l, t);
            assert_true(of(&l, "db.t", "rows") >= 0 &&
                        of(&l, "db.t", "dead_rows") >= 0);
            assert_true(of(&l, "db.t", "bytes") >= 0 && of(&l, "db.t", "bytes") < 1e7);
        }
        lab_free(&l);
    }
}

/* A commit that nobody was told of is not lost; one that was answered is. */
static void only_what_was_answered_is_lost(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        static const char *const settings[] = {DB, DB " commit_time=300ms",
                                               DB " synchronous=on"};
        struct lab l = shop(settings[how], "rows=1000");
        lab_set(&l, "db.b", "delay", "2s");
        lab_run(&l, 30 * SIM_SEC);
        lab_fault(&l, "db.b", "link_down", NULL, 0); /* nothing comes from now on */
        double at = of(&l, "db", "acknowledged_writes_total");
        lab_run(&l, 32500 * SIM_MS);
        double then = of(&l, "db", "acknowledged_writes_total");
        lab_fault(&l, "db", "down", NULL, 0);
        lab_op(&l, "db", "failover", NULL);
        still(&l);
        lab_run(&l, 60 * SIM_SEC);
        double lost = of(&l, "db", "lost_writes_total");
        assert_true(of(&l, "db.b", "leads") == 1);
        double answered = then - at; /* of these, 4 or 5 were logged while it held */
        if (how == 0)
            assert_true(lost >= answered - 1 && lost <= answered + 1);
        else if (how == 1)
            assert_true(lost >= answered - 6 && lost <= answered - 3);
        else
            assert_true(lost == 0);
        lab_free(&l);
    }
}

/* ---- from a copy beside ---------------------------------------------------------- */

/* A table of 900 rows that 1 a second came to before the start, and a backup from 300 s
 * before; readers ask for rows, adders bring new ones. */
static struct lab old_shop(const char *db, const char *backup)
{
    struct lab l = lab_new();
    lab_part(&l, "database", "db", db);
    lab_part(&l, "table", "db.t", "rows=900 grew=1 row_bytes=100");
    lab_part(&l, "statement", "db.add", "cpu=1ms table=t inserts=1 wal=100");
    lab_part(&l, "statement", "db.see", "cpu=1ms table=t must_find=on");
    lab_part(&l, "statement", "db.late", "cpu=1ms table=t must_find=on on=replica");
    lab_part(&l, "replica", "db.b", "delay=1ms");
    lab_part(&l, "backup", "db.nightly", backup);
    lab_app(&l, "app", "to=db size=50", "db", "add see");
    lab_app(&l, "office", "to=db size=50 role=replica", "db", "late");
    lab_part(&l, "client", "adders", "to=app/add rate=10 arrivals=even");
    lab_part(&l, "client", "readers", "to=app/see rate=50 arrivals=even");
    lab_part(&l, "client", "clerks", "to=office/late rate=50 arrivals=even");
    lab_start(&l, 1);
    return l;
}
#define OLD   "every=1h at=50m clock=off last_success=300s rate=1e12"
#define SMALL "connect_time=0 restore_rate=100000 data=1000000" /* 10 s to bring up */

/* The share of requests between two moments that found no row. */
static double not_found(struct lab *l, const char *client, sim_time until)
{
    double failed = of(l, client, "failed_total");
    double answered = of(l, client, "answered_total");
    lab_run(l, until);
    failed = of(l, client, "failed_total") - failed;
    return failed / (failed + of(l, client, "answered_total") - answered);
}

/* Who asks for a row that is deleted finds none; a replica that has not applied the
 * deletion still has them all. */
static void a_row_that_is_deleted_is_not_found(void **state)
{
    (void)state;
    struct lab l = old_shop(SMALL, OLD);
    lab_op(&l, "db.b", "pause_replay", NULL);
    assert_true(not_found(&l, "readers", 10 * SIM_SEC) == 0);
    lab_op(&l, "db.t", "delete_rows", "0.4");
    double missing = of(&l, "db.t", "missing"), rows = of(&l, "db.t", "rows");
    double share = missing / (missing + rows);
    double seen = not_found(&l, "readers", 40 * SIM_SEC);
    assert_true(seen > share - 0.06 && seen < share + 0.03);
    assert_true(of(&l, "clerks", "failed_total") == 0);
    lab_op(&l, "db.b", "resume_replay", NULL);
    lab_run(&l, 41 * SIM_SEC);
    assert_true(not_found(&l, "clerks", 60 * SIM_SEC) > 0.2);
    lab_free(&l);
}

/* An old backup brings back its share of the rows, and with the archived log all of them;
 * the database goes on, and nothing that came since is lost. */
static void a_rescue_keeps_what_came_since(void **state)
{
    (void)state;
    for (int log = 0; log < 2; log++) {
        struct lab l = old_shop(log ? SMALL " log_replay=10" : SMALL, OLD);
        lab_run(&l, 10 * SIM_SEC);
        lab_op(&l, "db.t", "delete_rows", "0.5");
        double missing = of(&l, "db.t", "missing");
        lab_run(&l, 20 * SIM_SEC);
        double rows = of(&l, "db.t", "rows"), whole = 2 * missing;
        lab_op(&l, "db", "rescue", "nightly");
        assert_int_equal(lab_do(&l, ACTION_OP, "db", "rescue", "b", 0), ERR_REFUSED);
        lab_run(&l, 30 * SIM_SEC); /* 11.8 s to bring up; 31 s of log at ten times */
        assert_true(of(&l, "db.t", "missing") == missing && of(&l, "db", "up") == 1);
        lab_run(&l, 34 * SIM_SEC);
        assert_true((of(&l, "db.t", "missing") == missing) == (log == 1));
        lab_run(&l, 70 * SIM_SEC);
        double back = log ? missing : missing * 600 / whole;
        double restored = of(&l, "db.t", "restored_total");
        assert_true(restored >= back - 2 && restored <= back + 2);
        assert_true(of(&l, "db.t", "missing") == missing - restored);
        assert_true(of(&l, "db.t", "rows") >= rows + restored + 499);
        assert_true(of(&l, "db", "rows_lost_total") == 0);
        assert_true(of(&l, "db", "restores_total") == 0);
        if (!log) /* the same file again has no more */
            lab_op(&l, "db", "rescue", "nightly");
        lab_run(&l, 120 * SIM_SEC);
        assert_true(of(&l, "db.t", "restored_total") == restored);
        double without = of(&l, "db", "rows_without_copy"); /* the replica applied it */
        assert_true(without >= missing - restored - 1 && without <= missing - restored);
        lab_free(&l);
    }
}

/* Every copy can be spoilt: the replica by its replay, the backup by the next one. What
 * no copy has is gone. */
static void what_no_copy_has_is_gone(void **state)
{
    (void)state;
    struct lab l = old_shop(SMALL " log_replay=1000", OLD);
    lab_op(&l, "db.b", "pause_replay", NULL);
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, "db.t", "delete_rows", "0.5");
    double missing = of(&l, "db.t", "missing");
    assert_true(of(&l, "db", "rows_without_copy") == 0);
    lab_op(&l, "db.nightly", "run", NULL);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "runs_total") == 1);
    assert_true(of(&l, "db.nightly", "lacks_rows") == missing);
    assert_true(of(&l, "db", "rows_without_copy") == 0); /* the replica */
    lab_op(&l, "db", "rescue", "nightly");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(of(&l, "db.t", "missing") == missing);
    lab_op(&l, "db.b", "resume_replay", NULL);
    lab_run(&l, 41 * SIM_SEC);
    assert_true(of(&l, "db", "rows_without_copy") == missing);
    lab_op(&l, "db", "rescue", "b");
    lab_run(&l, 50 * SIM_SEC);
    assert_true(of(&l, "db.t", "missing") == missing);
    lab_free(&l);
}

/* The replica has them while it is paused, also where the database itself was emptied by
 * a file without data. */
static void a_paused_replica_still_has_them(void **state)
{
    (void)state;
    for (int emptied = 0; emptied < 2; emptied++) {
        struct lab l = old_shop(SMALL, "every=1h at=5s rate=1e12");
        lab_op(&l, "db.b", "pause_replay", NULL);
        lab_fault(&l, "db.nightly", "empty", NULL, 0);
        lab_run(&l, 10 * SIM_SEC);
        lab_op(&l, "db.t", "delete_rows", "0.5");
        double whole = 2 * of(&l, "db.t", "missing");
        if (emptied)
            lab_op(&l, "db", "restore", "nightly");
        lab_run(&l, 20 * SIM_SEC);
        assert_true((of(&l, "db.t", "rows") == 0) == (emptied == 1));
        assert_true(of(&l, "clerks", "failed_total") == 0); /* readers read there */
        lab_op(&l, "db", "rescue", "b");
        lab_run(&l, 30 * SIM_SEC);
        assert_true(of(&l, "db.t", "rows") >= whole - 1);
        assert_true(emptied || of(&l, "db.t", "missing") == 0);
        lab_free(&l);
    }
}

/* An older backup lacks what had come since: putting it back over the database loses
 * those rows. */
static void an_old_backup_lacks_what_came_before_the_start(void **state)
{
    (void)state;
    struct lab l = old_shop(SMALL, OLD);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "last_success_age") == 310);
    assert_true(of(&l, "db.nightly", "verified_age") == -1);
    lab_set(&l, "adders", "rate", "0");
    lab_op(&l, "db", "restore", NULL);
    lab_run(&l, 30 * SIM_SEC);
    double lost = of(&l, "db", "rows_lost_total");
    assert_true(of(&l, "db.t", "rows") == 600 && lost >= 398 && lost <= 402);
    lab_run(&l, 3600 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "runs_total") == 0); /* no clock of its own */
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deleted_rows_come_back_from_a_backup),
        cmocka_unit_test(a_backup_of_what_is_gone_is_none),
        cmocka_unit_test(a_dropped_table_is_missed_until_it_is_restored),
        cmocka_unit_test(rows_go_under_running_work),
        cmocka_unit_test(only_what_was_answered_is_lost),
        cmocka_unit_test(a_row_that_is_deleted_is_not_found),
        cmocka_unit_test(a_rescue_keeps_what_came_since),
        cmocka_unit_test(what_no_copy_has_is_gone),
        cmocka_unit_test(a_paused_replica_still_has_them),
        cmocka_unit_test(an_old_backup_lacks_what_came_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
