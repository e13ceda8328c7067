/*
 * The disk of a database: what tables take of it, what a vacuum gives back, and what
 * still works when it is full.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SQL(name) ((struct node){.kind = NODE_QUERY, .target = "db", .what = name})
#define TABLE     "rows=100000 row_bytes=200 vacuum_every=10s vacuum_speed=20000"

/* Rows of 200 bytes, 40 to a page: 20.48 MB, and 2.24 MB for the primary key. */
static struct lab shop(const char *db, const char *table)
{
    static const char *const names[] = {"touch", "add", "drop", "see", "note"};
    struct lab l = lab_new();
    char text[80];
    lab_part(&l, "database", "db", db);
    lab_part(&l, "table", "db.t", table);
    lab_part(&l, "statement", "db.touch",
             "cpu=1ms table=t updates=100 lock=none wal=9");
    lab_part(&l, "statement", "db.add", "cpu=1ms table=t inserts=100 wal=9");
    lab_part(&l, "statement", "db.drop", "cpu=1ms table=t deletes=100 lock=none wal=9");
    lab_part(&l, "statement", "db.see", "cpu=1ms table=t access=scan");
    lab_part(&l, "statement", "db.note", "cpu=1ms wal=1000");
    lab_part(&l, "replica", "db.b", "delay=1ms");
    lab_app(&l, "app", "to=db size=50", "db", "touch add drop see note");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "to=app/%s rate=0 arrivals=even", names[i]);
        lab_part(&l, "client", names[i], text);
    }
    lab_start(&l, 1);
    return l;
}
#define DB "cores=4 connect_time=0 data=1000000 wal_keep=1000"

static double of(const struct lab *l, const char *comp, const char *metric)
{
    return lab_metric(l, comp, metric);
}

/* 100 rows ten times a second, from now until `until`. */
static void work(struct lab *l, const char *what, sim_time until)
{
    lab_set(l, what, "rate", "10");
    lab_run(l, until);
    lab_set(l, what, "rate", "0");
    lab_run(l, until + SIM_SEC);
}

static double scan_time(struct lab *l, sim_time until)
{
    double was = of(l, "db.see", "seconds_total"), n = of(l, "db.see", "calls_total");
    work(l, "see", until);
    return (of(l, "db.see", "seconds_total") - was) /
           (of(l, "db.see", "calls_total") - n);
}

static void tables_and_indexes_lie_on_the_disk(void **state)
{
    (void)state;
    struct lab l = shop(DB " disk_size=1000000000", TABLE " indexes=a,b");
    assert_true(of(&l, "db.t", "bytes") == 2500 * 8192);
    assert_true(of(&l, "db.t", "index_bytes") == 3 * 274 * 8192);
    assert_true(of(&l, "db", "disk_used_bytes") == 1000000 + (2500 + 3 * 274) * 8192);
    lab_free(&l);
}

/* The room of dead rows is for new rows of the table; only a rewrite gives it back. */
static void plain_vacuum_keeps_the_space(void **state)
{
    (void)state;
    struct lab l = shop(DB, TABLE " autovacuum=off");
    double fast = scan_time(&l, 5 * SIM_SEC);
    work(&l, "touch", 206 * SIM_SEC); /* two dead rows for each */
    double bytes = of(&l, "db.t", "bytes"), index = of(&l, "db.t", "index_bytes");
    assert_true(bytes > 2.9 * 2500 * 8192 && index > 2.9 * 274 * 8192);
    lab_op(&l, "db.t", "vacuum", NULL);
    lab_run(&l, 300 * SIM_SEC);
    assert_true(of(&l, "db.t", "dead_rows") == 0);
    assert_true(of(&l, "db.t", "bytes") == bytes &&
                of(&l, "db.t", "index_bytes") == index);
    assert_true(of(&l, "db.t", "free_rows") > 195000);
    assert_true(scan_time(&l, 310 * SIM_SEC) > 2.5 * fast); /* empty pages are read */
    work(&l, "touch", 400 * SIM_SEC);
    assert_true(of(&l, "db.t", "bytes") == bytes);
    work(&l, "add", 450 * SIM_SEC);
    assert_true(of(&l, "db.t", "bytes") == bytes);
    lab_op(&l, "db.t", "vacuum_full", NULL);
    lab_run(&l, 500 * SIM_SEC);
    double rows = of(&l, "db.t", "rows");
    assert_true(of(&l, "db.t", "free_rows") == 0 && of(&l, "db.t", "dead_rows") == 0);
    assert_true(of(&l, "db.t", "bytes") < (rows / 40 + 1) * 8192 + 1);
    assert_true(scan_time(&l, 510 * SIM_SEC) < 1.6 * fast);
    lab_free(&l);
}

/* A transaction that is rolled back leaves its rows dead, and adds no room besides. */
static void deletes_that_are_undone_take_no_room(void **state)
{
    (void)state;
    struct node drop = SQL("drop"), no = {.kind = NODE_FAIL, .what = "no"};
    struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &drop};
    struct lab l = lab_new();
    drop.next = &no;
    lab_part(&l, "database", "db", DB);
    lab_part(&l, "table", "db.t", TABLE " autovacuum=off");
    lab_part(&l, "statement", "db.drop", "cpu=1ms table=t deletes=100 lock=none wal=9");
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "app", "undo", &tx);
    lab_part(&l, "client", "users", "to=app/undo rate=10 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(of(&l, "db.t", "deleted_total") > 50000);
    assert_true(of(&l, "db.t", "rows") == 100000 && of(&l, "db.t", "free_rows") == 0);
    assert_true(of(&l, "db.t", "bytes") == 2500 * 8192);
    lab_free(&l);
}

/* Bloat fills it: what needs more room fails, what fits or reads goes on. */
static void a_full_disk_stops_what_needs_room(void **state)
{
    (void)state;
    struct lab l = shop(DB " disk_size=40000000", TABLE " autovacuum=off");
    work(&l, "touch", 100 * SIM_SEC);
    assert_true(of(&l, "db", "disk_used_bytes") >= 40000000);
    double failed = of(&l, "touch", "failed_total");
    assert_true(failed > 100 && of(&l, "app/touch", "done_DISK_FULL") == failed);
    work(&l, "see", 110 * SIM_SEC);
    work(&l, "drop", 120 * SIM_SEC);
    assert_true(of(&l, "see", "failed_total") + of(&l, "drop", "failed_total") == 0);
    lab_op(&l, "db.t", "vacuum", NULL);
    lab_run(&l, 200 * SIM_SEC);
    assert_true(of(&l, "db", "disk_used_bytes") >= 40000000); /* full as before */
    work(&l, "touch", 210 * SIM_SEC);
    assert_true(of(&l, "touch", "failed_total") ==
                failed);                     /* but there is room inside */
    lab_op(&l, "db.t", "vacuum_full", NULL); /* no room for a second table */
    lab_run(&l, 300 * SIM_SEC);
    assert_true(of(&l, "db.t", "bytes") > 30000000 && of(&l, "db.t", "upkeep") == 0);
    lab_set(&l, "db", "disk_size", "80000000");
    lab_op(&l, "db.t", "vacuum_full", NULL);
    lab_run(&l, 400 * SIM_SEC);
    assert_true(of(&l, "db.t", "bytes") < 21000000);
    lab_free(&l);
}

/* The copy lies on the disk while it is written, and is gone when the job is stopped. */
static void a_rewrite_needs_room_meanwhile(void **state)
{
    (void)state;
    struct lab l = shop(DB " disk_size=1000000000", TABLE " build_row=100us");
    double before = of(&l, "db", "disk_used_bytes");
    lab_op(&l, "db.t", "vacuum_full", NULL);
    lab_run(&l, 9500 * SIM_MS);
    assert_true(of(&l, "db", "disk_used_bytes") > 1.8 * before);
    lab_op(&l, "db", "kill", "1");
    lab_run(&l, 9501 * SIM_MS);
    assert_true(of(&l, "db.t", "upkeep") == 0);
    assert_true(of(&l, "db", "disk_used_bytes") == before);
    lab_free(&l);
}

/* Where the log is held back it has to grow: the server panics, and comes back when
 * there is room. Within wal_keep its files are used again. */
static void a_log_without_room_is_a_panic(void **state)
{
    (void)state;
    struct lab l = shop(DB " disk_size=24000000", TABLE " autovacuum=off");
    lab_fault(&l, "db", "disk_fill", "9000000", 0);
    work(&l, "note", 10 * SIM_SEC); /* data may need room: fails, and no panic */
    assert_true(of(&l, "note", "failed_total") >= 99);
    assert_true(of(&l, "db", "up") == 1 && of(&l, "db", "panics_total") == 0);
    lab_fault(&l, "db", "archive_stuck", NULL, 0);
    lab_op(&l, "db", "free_disk", "9000000");
    work(&l, "note", 60 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 0 && of(&l, "db", "panics_total") == 1);
    lab_run(&l, 200 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 0);
    lab_set(&l, "db", "disk_size", "90000000");
    lab_run(&l, 211 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 1 && of(&l, "db", "panics_total") == 1);
    double failed = of(&l, "note", "failed_total");
    work(&l, "note", 220 * SIM_SEC);
    assert_true(of(&l, "note", "failed_total") == failed);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_and_indexes_lie_on_the_disk),
        cmocka_unit_test(plain_vacuum_keeps_the_space),
        cmocka_unit_test(deletes_that_are_undone_take_no_room),
        cmocka_unit_test(a_full_disk_stops_what_needs_room),
        cmocka_unit_test(a_rewrite_needs_room_meanwhile),
        cmocka_unit_test(a_log_without_room_is_a_panic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
