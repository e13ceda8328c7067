/*
 * Several servers of one database: the log and its lag, who leads, what is lost, the
 * disk, backups.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

/* Writers write 1,000 bytes of log each, readers read at the replica. */
static struct lab shop(const char *db, const char *replica, const char *pool,
                       double writes)
{
    struct lab l = lab_new();
    char client[80];
    lab_part(&l, "database", "db", db);
    lab_part(&l, "statement", "db.put", "cpu=1ms wal=1000 stores=400");
    lab_part(&l, "statement", "db.get", "cpu=1ms on=replica");
    lab_part(&l, "replica", "db.b", replica);
    lab_part(&l, "service", "app", "instances=2 workers=50");
    lab_part(&l, "pool", "app.pool", pool);
    const struct node put = {.kind = NODE_QUERY, .target = "db", .what = "put"};
    const struct node get = {.kind = NODE_QUERY, .target = "db", .what = "get"};
    lab_endpoint(&l, "app", "put", &put);
    lab_endpoint(&l, "app", "get", &get);
    snprintf(client, sizeof client, "to=app/put rate=%g gives_up=5s", writes);
    lab_part(&l, "client", "writers", client);
    lab_part(&l, "client", "readers", "to=app/get rate=20 gives_up=5s");
    lab_slo(&l, SIM_SEC, 500 * SIM_MS);
    return l;
}

static double of(const struct lab *l, const char *comp, const char *metric)
{
    return lab_metric(l, comp, metric);
}

static void the_lag_is_the_delay(void **state)
{
    (void)state;
    struct lab l = shop("", "delay=2s", "to=db", 50);
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(of(&l, "db.b", "lag") > 1.8 && of(&l, "db.b", "lag") <= 2.0);
    assert_true(of(&l, "db.b", "catch_up") > 1.8 && of(&l, "db.b", "catch_up") <= 2.0);
    assert_true(of(&l, "db.b", "statements_total") > 1000);
    /* what they read is older than the objective allows */
    assert_true(of(&l, "readers", "stale_total") >
                0.95 * of(&l, "readers", "answered_total"));
    assert_true(of(&l, "writers", "stale_total") == 0);
    lab_set(&l, "db.b", "delay", "1ms");
    lab_run(&l, 62 * SIM_SEC);
    double stale = of(&l, "readers", "stale_total");
    lab_run(&l, 80 * SIM_SEC);
    assert_true(of(&l, "readers", "stale_total") == stale);
    lab_free(&l);
}

/* The replay is one queue with a known service time: its backlog is exact. */
static void a_slow_replay_falls_behind(void **state)
{
    (void)state;
    struct lab l = shop("", "delay=0 replay_rate=10000", "to=db", 20);
    lab_start(&l, 2);
    lab_run(&l, 100 * SIM_SEC);
    double behind = of(&l, "db.b", "lag_bytes");
    /* twice what it can: half of what was written is left; 0.1 s for each */
    assert_true(behind > 0.4 * of(&l, "db", "wal_bytes_total"));
    lab_set(&l, "writers", "rate", "0");
    lab_run(&l, 101 * SIM_SEC);
    double catch_up = of(&l, "db.b", "catch_up");
    lab_run(&l, 106 * SIM_SEC);
    double later = of(&l, "db.b", "catch_up");
    assert_true(catch_up - later > 5 - 1e-9 && catch_up - later < 5 + 1e-9);
    assert_true(of(&l, "db.b", "lag") > 10);
    lab_op(&l, "db.b", "pause_replay", NULL);
    assert_true(of(&l, "db.b", "catch_up") == -1);
    lab_run(&l, 120 * SIM_SEC);
    double stuck = of(&l, "db.b", "lag_bytes");
    lab_op(&l, "db.b", "resume_replay", NULL);
    assert_true(of(&l, "db.b", "lag_bytes") == stuck);
    /* what it was at begins anew; then one after the other */
    assert_true(of(&l, "db.b", "catch_up") == stuck / 10000);
    lab_run(&l, 120 * SIM_SEC + (sim_time)(stuck / 10000 * 1e9));
    assert_true(of(&l, "db.b", "lag") == 0 && of(&l, "db.b", "lag_bytes") == 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "db.b", "resume_replay", NULL, 0),
                     ERR_REFUSED);
    lab_free(&l);
}

static void more_marks_than_there_is_room_for(void **state)
{
    (void)state;
    struct lab l = shop("", "delay=0", "to=db", 200);
    lab_start(&l, 3);
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, "db.b", "pause_replay", NULL);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(of(&l, "db.b", "lag") > 29.8 && of(&l, "db.b", "lag") <= 30);
    assert_true(of(&l, "db.b", "lag_bytes") > 5e6);
    lab_op(&l, "db.b", "resume_replay", NULL);
    lab_run(&l, 41 * SIM_SEC);
    assert_true(of(&l, "db.b", "lag_bytes") < 1e5);
    lab_free(&l);
}

/* A replay that stood still for a minute: far more was written than there are marks, so
 * that nearly all is in the last one. */
static struct lab stood_still(void)
{
    struct lab l = shop("", "delay=0 replay_rate=400000", "to=db", 200);
    lab_start(&l, 3);
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, "db.b", "pause_replay", NULL);
    lab_run(&l, 70 * SIM_SEC);
    assert_true(of(&l, "db.b", "lag_bytes") > 20 * 512 * 1000.0);
    return l;
}

/* Nothing new comes: the bytes fall evenly, the oldest write moves on by the same share of
 * the minute, and both are nothing at the moment that was told. */
static void catching_up_is_even(void **state)
{
    (void)state;
    struct lab l = stood_still();
    lab_set(&l, "writers", "rate", "0");
    lab_run(&l, 71 * SIM_SEC);
    double behind = of(&l, "db.b", "lag_bytes"), lag = of(&l, "db.b", "lag");
    lab_op(&l, "db.b", "resume_replay", NULL);
    double whole = of(&l, "db.b", "catch_up");
    assert_true(whole == behind / 400000 && of(&l, "db.b", "lag_bytes") == behind);
    for (int k = 1; k < 20; k++) {
        double share = k / 20.0;
        lab_run(&l, 71 * SIM_SEC + (sim_time)(whole * share * 1e9));
        assert_true(fabs(of(&l, "db.b", "lag_bytes") - behind * (1 - share)) < 1001);
        assert_true(fabs(of(&l, "db.b", "lag") - (lag + (whole - 60) * share)) < 1);
        assert_true(fabs(of(&l, "db.b", "catch_up") - whole * (1 - share)) < 1e-6);
    }
    lab_run(&l, 71 * SIM_SEC + (sim_time)(whole * 1e9));
    assert_true(of(&l, "db.b", "lag") == 0 && of(&l, "db.b", "lag_bytes") == 0);
    assert_true(of(&l, "db.b", "catch_up") == 0);
    lab_free(&l);
}

/* A link that was down for a minute, and is what takes the time afterwards: what arrives
 * is applied at once, so it is even, too. */
static void a_link_catches_up_evenly(void **state)
{
    (void)state;
    struct lab l = shop("", "delay=0 bandwidth=400000", "to=db", 200);
    lab_start(&l, 3);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "db.b", "link_down", NULL, 61 * SIM_SEC);
    lab_run(&l, 70 * SIM_SEC);
    lab_set(&l, "writers", "rate", "0");
    lab_run(&l, 71 * SIM_SEC);
    double behind = of(&l, "db.b", "lag_bytes"), lag = of(&l, "db.b", "lag");
    double whole = of(&l, "db.b", "catch_up");
    assert_true(behind > 20 * 512 * 1000.0 && whole == behind / 400000);
    for (int k = 1; k < 20; k++) {
        double share = k / 20.0;
        lab_run(&l, 71 * SIM_SEC + (sim_time)(whole * share * 1e9));
        assert_true(fabs(of(&l, "db.b", "lag_bytes") - behind * (1 - share)) < 1001);
        assert_true(fabs(of(&l, "db.b", "lag") - (lag + (whole - 60) * share)) < 1);
    }
    lab_run(&l, 71 * SIM_SEC + (sim_time)(whole * 1e9));
    assert_true(of(&l, "db.b", "lag") == 0 && of(&l, "db.b", "lag_bytes") == 0);
    lab_free(&l);
}

/* While half of the replay's rate is written, and merged, on and on: a minute falls away
 * in a minute, and at no time does the lag grow. */
static void the_lag_falls_while_writing_goes_on(void **state)
{
    (void)state;
    struct lab l = stood_still();
    lab_op(&l, "db.b", "resume_replay", NULL);
    double behind = of(&l, "db.b", "lag_bytes"), lag = of(&l, "db.b", "lag");
    for (int s = 1; s <= 50; s++) {
        lab_run(&l, (70 + s) * SIM_SEC);
        double left = of(&l, "db.b", "lag_bytes"), late = of(&l, "db.b", "lag");
        assert_true(left < behind - 100000 && left > behind - 300000);
        assert_true(late < lag);
        behind = left;
        lag = late;
    }
    lab_run(&l, 140 * SIM_SEC);
    assert_true(of(&l, "db.b", "lag") < 0.1 && of(&l, "db.b", "lag_bytes") < 20000);
    lab_free(&l);
}

static void a_switchover_loses_nothing(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=3s", "delay=100ms", "to=db", 50);
    lab_start(&l, 4);
    lab_run(&l, 20 * SIM_SEC);
    lab_op(&l, "db", "failover", NULL);
    assert_true(of(&l, "db", "primary_up") == 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", NULL, 0), ERR_REFUSED);
    lab_run(&l, 22 * SIM_SEC);
    double failed = of(&l, "writers", "failed_total");
    assert_true(failed > 20);
    lab_run(&l, 24 * SIM_SEC);
    assert_true(of(&l, "db", "primary_up") == 1 && of(&l, "db.b", "leads") == 1);
    assert_true(of(&l, "db", "failovers_total") == 1);
    assert_true(of(&l, "db", "lost_writes_total") == 0);
    assert_true(of(&l, "db", "diverged_writes_total") == 0);
    failed = of(&l, "writers", "failed_total");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(of(&l, "writers", "failed_total") == failed);
    /* the old one follows; back again */
    lab_op(&l, "db", "failover", "db");
    lab_run(&l, 60 * SIM_SEC);
    assert_true(of(&l, "db.b", "leads") == 0 && of(&l, "db", "failovers_total") == 2);
    assert_true(of(&l, "db.b", "broken") == 0 &&
                of(&l, "db", "lost_writes_total") == 0);
    lab_free(&l);
}

/* Also where the old primary is not shut down: it stops taking writes. */
static void a_switchover_without_fencing_refuses_writes(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=3s fencing=off", "delay=100ms", "to=db", 50);
    lab_start(&l, 14);
    lab_run(&l, 20 * SIM_SEC);
    lab_op(&l, "db", "failover", NULL);
    lab_run(&l, 22 * SIM_SEC);
    double refused = of(&l, "app/put", "done_READ_ONLY");
    assert_true(refused > 60 && refused == of(&l, "writers", "failed_total"));
    lab_free(&l);
}

/* The primary dies: what was sent still arrives, the rest is lost, and no more. */
static void a_crash_loses_what_was_not_sent(void **state)
{
    (void)state;
    struct lab l =
        shop("auto_failover=5s promote_time=2s", "delay=400ms", "to=db", 100);
    lab_start(&l, 5);
    lab_run(&l, 30 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 0);
    lab_run(&l, 38 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 1);
    assert_true(of(&l, "db", "lost_writes_total") == 0);
    lab_free(&l);
    l = shop("auto_failover=5s promote_time=2s", "delay=400ms bandwidth=50000", "to=db",
             100);
    lab_start(&l, 5);
    lab_run(&l, 30 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 0);
    lab_run(&l, 34 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 0);
    lab_run(&l, 38 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 1);
    double lost = of(&l, "db", "lost_writes_total");
    assert_true(lost > 1350 && lost < 1650); /* the link carries half of 100/s */
    assert_true(of(&l, "db", "leaderless_seconds_total") == 7);
    double good = of(&l, "writers", "answered_total");
    lab_run(&l, 48 * SIM_SEC);
    assert_true(of(&l, "writers", "answered_total") > good + 900);
    /* nothing else is lost; the old server has to be rebuilt */
    assert_true(of(&l, "db", "lost_writes_total") == lost);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", "db", 0), ERR_REFUSED);
    lab_op(&l, "db", "rebuild", NULL);
    lab_run(&l, 110 * SIM_SEC);
    lab_op(&l, "db", "failover", "db"); /* db first gets all that it lacks */
    lab_run(&l, 300 * SIM_SEC);
    assert_true(of(&l, "db.b", "leads") == 0 &&
                of(&l, "db", "lost_writes_total") == lost);
    lab_free(&l);
}

/* Nothing is copied over a link that is down: neither at the start nor at the end. */
static void a_rebuild_needs_the_link(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=2s", "delay=10ms", "to=db size=20", 50);
    lab_start(&l, 5);
    lab_run(&l, 30 * SIM_SEC);
    lab_fault(&l, "db.b", "link_down", NULL, SIM_MIN);
    assert_int_equal(lab_do(&l, ACTION_OP, "db.b", "rebuild", NULL, 0), ERR_REFUSED);
    lab_run(&l, 100 * SIM_SEC);
    lab_op(&l, "db.b", "rebuild", NULL);
    lab_fault(&l, "db.b", "link_down", NULL, 30 * SIM_MIN);
    lab_run(&l, 10 * SIM_MIN);
    assert_true(of(&l, "db.b", "broken") == 1);
    lab_free(&l);
}

/* A machine that is gone refuses nobody and closes nothing, fenced or not: who connects
 * waits for connect_timeout, who is connected until it is back, which resets them. */
static void a_host_that_is_gone_says_nothing(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=2s", "delay=10ms", "to=db size=20", 50);
    lab_part(&l, "call", "app.db", "connect_timeout=3s");
    lab_start(&l, 5);
    lab_run(&l, 30 * SIM_SEC);
    double sessions = of(&l, "db", "connections");
    lab_fault(&l, "db", "host_gone", NULL, 5 * SIM_MIN);
    lab_run(&l, 32 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 0 && of(&l, "db.b", "up") == 1);
    assert_true(of(&l, "app.pool", "lost_total") == 0);
    assert_true(of(&l, "app.pool", "pool_connecting") > 10);
    lab_run(&l, 34 * SIM_SEC);
    assert_true(of(&l, "app.db", "failures_CONNECT_TIMEOUT") > 10);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "restart", NULL, 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", "put", 0), ERR_REFUSED);
    lab_op(&l, "db", "failover", NULL);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(of(&l, "db.b", "leads") == 1);
    assert_true(of(&l, "db", "connections") == sessions);
    assert_true(of(&l, "db", "refused_total") == 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "rebuild", NULL, 0), ERR_REFUSED);
    lab_run(&l, 6 * SIM_MIN);
    assert_true(of(&l, "db", "connections") == 0 && of(&l, "db", "up") == 0);
    lab_op(&l, "db", "rebuild", NULL);
    lab_run(&l, 9 * SIM_MIN);
    assert_true(of(&l, "db", "up") == 1);
    lab_free(&l);
}

/* A server that is busy with new sessions: who is not in within connect_timeout leaves,
 * and the work for it ends. */
static void connecting_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    struct lab l = shop("cores=1 connect_time=1s", "delay=10ms", "to=db size=20", 0.01);
    lab_part(&l, "call", "app.db", "connect_timeout=3s");
    lab_start(&l, 5);
    lab_set(&l, "app.pool", "min_size", "2"); /* two instances: four at once, 4 s */
    lab_run(&l, 2 * SIM_SEC);
    assert_true(of(&l, "app.pool", "pool_connecting") == 4);
    lab_run(&l, 3 * SIM_SEC + 100 * SIM_MS);
    assert_true(of(&l, "app.pool", "lost_total") == 4);
    assert_true(of(&l, "app.pool", "pool_connecting") == 0);
    double busy = of(&l, "db", "cpu_seconds_total");
    lab_run(&l, 3 * SIM_SEC + 200 * SIM_MS);
    assert_true(of(&l, "db", "cpu_seconds_total") == busy);
    lab_free(&l);
}

/* A process that starts has no failed attempts behind it, whatever became of those that
 * its predecessor was at. */
static void a_new_process_connects_at_once(void **state)
{
    (void)state;
    struct lab l =
        shop("connect_wait=1ms", "delay=10ms", "to=db size=20 min_size=5", 0.01);
    lab_start(&l, 5);
    lab_run(&l, SIM_SEC);
    assert_true(of(&l, "app.pool", "opened_total") == 10);
    lab_fault(&l, "db", "stall", NULL, SIM_MIN);
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(of(&l, "app.pool", "pool_connecting") == 10);
    lab_op(&l, "app", "restart", NULL); /* while its attempts hang */
    double opened = of(&l, "app.pool", "opened_total");
    for (sim_time t = 10 * SIM_SEC; of(&l, "app", "up") < 2; t += 100 * SIM_MS)
        lab_run(&l, t);
    assert_true(of(&l, "app.pool", "opened_total") == opened + 10);
    lab_free(&l);
}

/* A synchronous write waits for a replica's word, for ever if need be. */
static void synchronous_writes_wait(void **state)
{
    (void)state;
    struct lab l = shop("synchronous=on", "delay=20ms", "to=db size=50", 10);
    lab_start(&l, 6);
    lab_run(&l, 20 * SIM_SEC);
    double mean =
        of(&l, "writers", "seconds_total") / of(&l, "writers", "answered_total");
    assert_true(mean > 0.041 && mean < 0.050);
    lab_fault(&l, "db.b", "link_down", NULL, 3 * SIM_SEC);
    lab_run(&l, 22 * SIM_SEC);
    assert_true(of(&l, "db", "sync_waiting") > 5);
    lab_run(&l, 25 * SIM_SEC);
    assert_true(of(&l, "db", "sync_waiting") == 0);
    assert_true(of(&l, "writers", "failed_total") == 0 &&
                of(&l, "writers", "gave_up_total") == 0);
    lab_fault(&l, "db.b", "down", NULL, 0);
    lab_run(&l, 29 * SIM_SEC);
    assert_true(of(&l, "db", "sync_waiting") > 15);
    lab_fault(&l, "db.b", "stall", NULL, SIM_MS); /* no help: it is still down */
    lab_run(&l, 29 * SIM_SEC + 10 * SIM_MS);
    assert_true(of(&l, "db", "sync_waiting") > 15);
    lab_op(&l, "db", "kill", "put"); /* queries hold their sessions, running */
    assert_true(of(&l, "db", "sync_waiting") == 0);
    lab_run(&l, 31 * SIM_SEC);
    assert_true(of(&l, "db", "sync_waiting") > 5);
    lab_set(&l, "db", "synchronous", "off");
    lab_run(&l, 32 * SIM_SEC);
    assert_true(of(&l, "db", "sync_waiting") == 0);
    double failed = of(&l, "writers", "failed_total");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(of(&l, "writers", "failed_total") == failed);
    lab_free(&l);
}

static void a_commit_takes_the_disks_time(void **state)
{
    (void)state;
    struct lab l = shop("commit_time=5ms", "", "to=db", 10);
    lab_start(&l, 7);
    lab_run(&l, 60 * SIM_SEC);
    double mean =
        of(&l, "writers", "seconds_total") / of(&l, "writers", "answered_total");
    assert_true(mean > 0.006 && mean < 0.010);
    double n = of(&l, "writers", "answered_total"),
           s = of(&l, "writers", "seconds_total");
    lab_fault(&l, "db", "disk_slow", "20", 0);
    lab_run(&l, 120 * SIM_SEC);
    mean = (of(&l, "writers", "seconds_total") - s) /
           (of(&l, "writers", "answered_total") - n);
    assert_true(mean > 0.100 && mean < 0.115);
    lab_free(&l);
}

/* An instance that believes an old address knocks at a dead door. */
static void old_addresses_fail(void **state)
{
    (void)state;
    for (int ttl = 0; ttl < 2; ttl++) {
        struct lab l =
            shop("promote_time=1s", "", ttl ? "to=db address_ttl=30s" : "to=db", 50);
        lab_start(&l, 8);
        lab_run(&l, 10 * SIM_SEC);
        lab_fault(&l, "db", "down", NULL, 0);
        lab_op(&l, "db", "failover", NULL);
        lab_run(&l, 15 * SIM_SEC);
        double failed = of(&l, "writers", "failed_total");
        lab_run(&l, 30 * SIM_SEC);
        if (ttl)
            assert_true(of(&l, "writers", "failed_total") > failed + 500);
        else
            assert_true(of(&l, "writers", "failed_total") == failed);
        lab_run(&l, 45 * SIM_SEC);
        failed = of(&l, "writers", "failed_total");
        lab_run(&l, 55 * SIM_SEC);
        assert_true(of(&l, "writers", "failed_total") == failed);
        lab_free(&l);
    }
}

/* A primary that only stood still goes on writing what nobody will see. */
static void without_fencing_two_servers_write(void **state)
{
    (void)state;
    for (int fencing = 0; fencing < 2; fencing++) {
        struct lab l = shop(fencing ? "promote_time=1s auto_failover=3s"
                                    : "promote_time=1s auto_failover=3s fencing=off",
                            "", "to=db size=20", 50);
        lab_start(&l, 9);
        lab_run(&l, 10 * SIM_SEC);
        lab_fault(&l, "db", "stall", NULL, 10 * SIM_SEC);
        lab_run(&l, 40 * SIM_SEC);
        assert_true(of(&l, "db", "failovers_total") == 1);
        if (fencing)
            assert_true(of(&l, "db", "diverged_writes_total") == 0);
        else
            assert_true(of(&l, "db", "diverged_writes_total") > 100);
        lab_free(&l);
    }
}

/* Each answered write is in the log of the new primary, or lost, or diverged: those too
 * that the old one takes while the other is being promoted. */
static void writes_during_a_promotion_are_counted(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=5s fencing=off connect_time=0", "delay=1ms",
                        "to=db size=20", 50);
    lab_start(&l, 9);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "db.b", "link_down", NULL, 30 * SIM_SEC);
    double before = of(&l, "db", "acknowledged_writes_total");
    lab_run(&l, 12 * SIM_SEC);
    lab_op(&l, "db", "failover", NULL);
    lab_run(&l, 17 * SIM_SEC - 1);
    double answered = of(&l, "db", "acknowledged_writes_total") - before;
    double lost = of(&l, "db", "lost_writes_total");
    double diverged = of(&l, "db", "diverged_writes_total");
    assert_true(answered > 300 && lost < 120 && diverged > 200);
    assert_true(lost + diverged >= answered - 1 && lost + diverged <= answered + 1);
    lab_free(&l);
}

/* A replica that is away keeps the log, and the log fills the disk. */
static void a_lost_replica_fills_the_disk(void **state)
{
    (void)state;
    struct lab l =
        shop("data=1000000 wal_keep=10000 disk_size=1500000", "delay=1ms", "to=db", 50);
    lab_start(&l, 10);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(of(&l, "db", "wal_kept_bytes") == 10000);
    double used = of(&l, "db", "disk_used_bytes"),
           n = of(&l, "db", "wal_bytes_total") / 1000;
    assert_true(used == 1000000 + 400 * n + 10000);
    lab_fault(&l, "db.b", "down", NULL, 0);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(of(&l, "db", "disk_used_bytes") >= 1500000);
    assert_true(of(&l, "writers", "failed_total") > 100);
    assert_true(of(&l, "db", "up") == 0 && of(&l, "db", "panics_total") == 1);
    assert_true(of(&l, "readers", "failed_total") > 100); /* nobody is left to ask */
    lab_set(&l, "db", "disk_size", "3000000"); /* a larger disk helps for a while */
    lab_run(&l, 41 * SIM_SEC);
    double failed = of(&l, "writers", "failed_total");
    lab_run(&l, 44 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 1);
    assert_true(of(&l, "writers", "failed_total") == failed);
    lab_run(&l, 80 * SIM_SEC);
    assert_true(of(&l, "db", "panics_total") == 2);
    lab_set(&l, "db.b", "slot", "off"); /* without it, the replica must be rebuilt */
    lab_run(&l, 92 * SIM_SEC);
    failed = of(&l, "writers", "failed_total");
    lab_run(&l, 95 * SIM_SEC);
    assert_true(of(&l, "writers", "failed_total") == failed);
    assert_true(of(&l, "db.b", "broken") == 1);
    lab_fault(&l, "db", "disk_fill", "9000000", 0);
    lab_run(&l, 96 * SIM_SEC);
    assert_true(of(&l, "writers", "failed_total") > failed);
    lab_op(&l, "db", "free_disk", "20000000");
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "free_disk", "1", 0), ERR_REFUSED);
    failed = of(&l, "writers", "failed_total");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(of(&l, "writers", "failed_total") == failed);
    lab_fault(&l, "db", "archive_stuck", NULL, 0);
    double kept = of(&l, "db", "wal_kept_bytes");
    lab_run(&l, 110 * SIM_SEC);
    assert_true(of(&l, "db", "wal_kept_bytes") > kept + 300000);
    lab_fault(&l, "db.b", "down", NULL,
              SIM_SEC); /* up again, it still follows nobody */
    lab_run(&l, 112 * SIM_SEC);
    assert_true(of(&l, "db.b", "up") == 1 && of(&l, "db.b", "broken") == 1);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", "b", 0), ERR_REFUSED);
    lab_free(&l);
}

static struct lab with_backup(const char *backup, uint64_t seed)
{
    struct lab l = shop("data=10000000 restore_rate=1000000", "", "to=db", 20);
    lab_part(&l, "backup", "db.nightly", backup);
    lab_start(&l, seed);
    return l;
}

static void a_backup_can_be_put_back(void **state)
{
    (void)state;
    struct lab l = with_backup("every=60s at=30s rate=1000000 load=0.5", 11);
    lab_run(&l, 35 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "running") == 1);
    lab_run(&l, 42 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "runs_total") == 1);
    assert_true(of(&l, "db.nightly", "last_success_age") ==
                12); /* of the time of its beginning */
    assert_true(of(&l, "db.nightly", "last_size_bytes") > 1e7);
    double writes = of(&l, "db", "wal_bytes_total") / 1000;
    lab_op(&l, "db", "restore", NULL);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "restore", NULL, 0), ERR_REFUSED);
    lab_run(&l, 50 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 0);
    lab_run(&l, 56 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 1 && of(&l, "db", "restores_total") == 1);
    double lost = of(&l, "db", "lost_writes_total");
    assert_true(lost > 12 * 20 * 0.6 && lost < 12 * 20 * 1.4 && lost < writes);
    assert_true(of(&l, "db.b", "broken") == 1);
    lab_free(&l);
}

static double work_seconds(struct lab *l, sim_time until)
{
    double n = of(l, "db.put", "calls_total"), t = of(l, "db.put", "seconds_total");
    lab_run(l, until);
    return (of(l, "db.put", "seconds_total") - t) /
           (of(l, "db.put", "calls_total") - n);
}

static void a_backup_takes_its_share_while_it_runs(void **state)
{
    (void)state;
    struct lab l = with_backup("every=600s at=30s rate=1000000 load=0.5", 15);
    lab_run(&l, 1 * SIM_SEC);
    double before = work_seconds(&l, 29 * SIM_SEC);
    lab_run(&l, 31 * SIM_SEC);
    double during = work_seconds(&l, 40 * SIM_SEC);
    lab_run(&l, 42 * SIM_SEC);
    double after = work_seconds(&l, 70 * SIM_SEC);
    assert_true(before < 0.00105 && after < 0.00105 && during > 0.00195);
    lab_free(&l);
}

static void an_empty_backup_looks_well(void **state)
{
    (void)state;
    struct lab l = with_backup("every=60s at=30s rate=1000000", 12);
    lab_fault(&l, "db.nightly", "empty", NULL, 0);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "runs_total") == 2);
    assert_true(of(&l, "db.nightly", "failures_total") == 0);
    assert_true(of(&l, "db.nightly", "last_size_bytes") == 400);
    assert_true(of(&l, "db.nightly", "verified_age") == -1);
    lab_op(&l, "db.nightly", "verify", NULL);
    assert_true(of(&l, "db.nightly", "verified_age") == -1);
    lab_free(&l);
    l = with_backup("every=60s at=30s rate=1000000", 13);
    lab_fault(&l, "db.nightly", "skips", NULL, 0);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "last_success_age") == 130);
    lab_free(&l);
}

static bool listed(const struct lab *l, const char *comp, const char *metric)
{
    comp_id c = model_find(l->m, comp);
    const struct kind_desc *k = model_kind(l->m, c);
    for (size_t i = 0; i < k->nmetrics; i++)
        if (strcmp(k->metrics[i].name, metric) == 0)
            return world_metric_applies(l->w, c, i);
    fail_msg("%s has no metric %s", comp, metric);
    return false;
}

/* A metric is listed where it says something. */
static void what_is_not_used_is_not_listed(void **state)
{
    (void)state;
    struct lab l = shop("", "", "to=db", 1);
    lab_part(&l, "database", "plain", "");
    lab_start(&l, 1);
    assert_true(listed(&l, "plain", "cpu") && listed(&l, "db", "failovers_total"));
    assert_false(listed(&l, "plain", "failovers_total"));
    assert_false(listed(&l, "db", "disk_used_bytes"));
    assert_false(listed(&l, "db", "sync_waiting"));
    lab_set(&l, "db", "disk_size", "1000000000000");
    lab_set(&l, "db", "synchronous", "on");
    assert_true(listed(&l, "db", "disk_used_bytes") &&
                listed(&l, "db", "sync_waiting"));
    lab_free(&l);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = shop("", "", "to=db", 1);
    lab_start(&l, 1);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", "nobody", 0),
                     ERR_NOT_FOUND);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", "db", 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "rebuild", NULL, 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "restore", NULL, 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "db.b", "link_slow", "0", 0), ERR_INPUT);
    lab_fault(&l, "db.b", "down", NULL, 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", NULL, 0), ERR_REFUSED);
    lab_free(&l);
    struct model *m = model_new();
    comp_id db = model_add(m, "database", "db", &why);
    comp_id put = model_add(m, "statement", "db.put", &why);
    assert_true(db != COMP_NONE && put != COMP_NONE);
    assert_int_equal(model_set(m, put, "cpu", value_duration(SIM_MS), &why), ERR_OK);
    assert_int_equal(model_set(m, put, "wal", value_count(10), &why), ERR_OK);
    assert_int_equal(model_set(m, put, "on", value_text("replica"), &why), ERR_OK);
    assert_int_equal(model_finish(m, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "a replica only reads"));
    model_unref(m);
}

/* ---- nothing is lost ------------------------------------------------------------- */

struct tally {
    uint64_t wrong, users;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct tally *t = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    t->wrong += sum != r->end - r->start;
    t->users += r->user;
}

static void anything(struct lab *l, struct rng *r)
{
    static const struct {
        enum action_kind kind;
        const char *comp, *name, *arg;
    } all[] = {
        {ACTION_FAULT, "db", "down", NULL},
        {ACTION_FAULT, "db", "stall", NULL},
        {ACTION_FAULT, "db", "slow", "3"},
        {ACTION_FAULT, "db", "disk_slow", "9"},
        {ACTION_FAULT, "db.b", "down", NULL},
        {ACTION_FAULT, "db.b", "stall", NULL},
        {ACTION_FAULT, "db.b", "link_down", NULL},
        {ACTION_FAULT, "db.b", "link_slow", "7"},
        {ACTION_FAULT, "db.b", "replay_stuck", NULL},
        {ACTION_OP, "db", "failover", NULL},
        {ACTION_OP, "db", "failover", "db"},
        {ACTION_OP, "db", "rebuild", NULL},
        {ACTION_OP, "db.b", "rebuild", NULL},
        {ACTION_OP, "db", "kill", "put"},
        {ACTION_OP, "db.b", "kill", "get"},
        {ACTION_OP, "app", "restart", NULL},
        {ACTION_OP, "db", "restore", NULL},
        {ACTION_OP, "db.nightly", "run", NULL},
        {ACTION_OP, "db.b", "pause_replay", NULL},
        {ACTION_OP, "db.b", "resume_replay", NULL},
    };
    size_t i = rng_below(r, sizeof all / sizeof *all);
    sim_time d = (sim_time)rng_below(r, 8000) * SIM_MS + 1;
    (void)lab_do(l, all[i].kind, all[i].comp, all[i].name, all[i].arg, d);
    if (rng_below(r, 6) == 0)
        lab_set(l, "db", "synchronous", rng_below(r, 2) ? "on" : "off");
}

struct books {
    double acknowledged, lost;
};

/* Whoever was told that a write is there has a line in the books; a line is not taken
 * back, and nothing is lost that nobody counts on. */
static void assert_books(const struct lab *l, struct books *b)
{
    double told = of(l, "writers", "answered_total");
    double acknowledged = of(l, "db", "acknowledged_writes_total");
    double lost = of(l, "db", "lost_writes_total");
    if (told > acknowledged || acknowledged < b->acknowledged || lost < b->lost ||
        lost > acknowledged)
        fail_msg("%g told, %g acknowledged (%g before), %g lost (%g before)", told,
                 acknowledged, b->acknowledged, lost, b->lost);
    *b = (struct books){acknowledged, lost};
}

static void fuzz(uint64_t seed, bool fork)
{
    struct books b = {0};
    struct tally t = {0};
    struct observer o = {.ctx = &t, .done = on_done};
    struct errmsg why = {0};
    struct rng r;
    struct lab l =
        shop("data=1000000 restore_rate=500000 commit_time=3ms promote_time=1s "
             "auto_failover=2s wal_keep=20000 disk_size=2000000",
             "delay=30ms replay_rate=100000 bandwidth=200000",
             "to=db size=6 acquire_timeout=2s address_ttl=4s", 60);
    lab_part(&l, "backup", "db.nightly", "every=20s at=5s rate=300000");
    lab_part(&l, "call", "app.db", "timeout=900ms cancel=on");
    lab_start(&l, seed);
    rng_seed(&r, seed, "trouble");
    for (int s = 1; s <= 150; s++) {
        assert_int_equal(world_run(l.w, s * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
        anything(&l, &r);
        assert_books(&l, &b);
        if (fork && s % 10 == 0) {
            struct world *copy = world_fork(l.w);
            uint64_t before = world_digest(l.w);
            assert_int_equal(world_run(copy, (s + 5) * SIM_SEC, UINT64_MAX, NULL, &why),
                             ERR_OK);
            assert_true(world_digest(l.w) == before);
            struct world *again = world_fork(l.w);
            assert_int_equal(
                world_run(again, (s + 5) * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
            assert_true(world_digest(copy) == world_digest(again));
            world_free(copy);
            world_free(again);
        }
    }
    lab_set(&l, "writers", "rate", "0");
    lab_set(&l, "readers", "rate", "0");
    lab_set(&l, "db", "synchronous", "off");
    assert_int_equal(world_run(l.w, 400 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_books(&l, &b);
    assert_int_equal(t.wrong, 0);
    assert_true(t.users > 5000);
    assert_true(of(&l, "writers", "in_flight") == 0 &&
                of(&l, "readers", "in_flight") == 0);
    assert_true(of(&l, "app", "in_flight") == 0 && of(&l, "db", "active") == 0);
    assert_true(of(&l, "db", "sync_waiting") == 0);
    assert_int_equal(world_inflight(l.w, model_find(l.m, "db"), NULL, 0), 0);
    assert_true(of(&l, "app.pool", "pool_in_use") == 0 &&
                of(&l, "app.reads", "pool_in_use") == 0);
    lab_free(&l);
}

static uint64_t first = 1, worlds = 12, running;

static void nothing_is_lost(void **state)
{
    (void)state;
    for (uint64_t seed = first; seed < first + worlds; seed++) {
        running = seed;
        fuzz(seed, seed <= 3);
    }
}

/* Writes wait for a replica that nothing comes to, until their callers give up: they are
 * in the log, and nobody was told. Neither a failover nor a restore loses them. */
static void who_was_not_told_loses_nothing(void **state)
{
    (void)state;
    for (int restore = 0; restore < 2; restore++) {
        struct lab l = shop("synchronous=on data=1000 restore_rate=1e9", "delay=1ms",
                            "to=db size=200", 10);
        lab_part(&l, "call", "app.db", "timeout=900ms cancel=on");
        lab_part(&l, "backup", "db.nightly", "every=1h at=20s rate=1e9");
        lab_start(&l, 1);
        lab_run(&l, 30 * SIM_SEC);
        lab_fault(&l, "db.b", "link_down", NULL, 0);
        lab_run(&l, 31 * SIM_SEC);
        double told = of(&l, "writers", "answered_total");
        double since = restore ? told - of(&l, "writers", "visits_total") * 20 / 31 : 0;
        lab_run(&l, 60 * SIM_SEC);
        assert_true(of(&l, "writers", "answered_total") == told);
        assert_true(of(&l, "db", "acknowledged_writes_total") == told);
        if (!restore)
            lab_fault(&l, "db", "down", NULL, 0);
        lab_op(&l, "db", restore ? "restore" : "failover", NULL);
        lab_run(&l, 90 * SIM_SEC);
        double lost = of(&l, "db", "lost_writes_total");
        if (fabs(lost - since) > (restore ? 40 : 0))
            fail_msg("%g told, %g of them since the backup, %g lost", told, since,
                     lost);
        lab_free(&l);
    }
}

/* ---- what is left of a leader that is lost --------------------------------------- */

/* The slow one takes over while the other has received more than it ever will. */
static void no_difference_is_below_zero(void **state)
{
    (void)state;
    struct lab l =
        shop("wal_keep=1000 disk_size=1000000000000", "delay=1ms", "to=db", 50);
    lab_part(&l, "replica", "db.slow", "delay=1ms bandwidth=20000");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    lab_fault(&l, "db", "archive_stuck", NULL, 0);
    lab_run(&l, 90 * SIM_SEC);
    double written = of(&l, "db", "wal_bytes_total");
    lab_fault(&l, "db", "down", NULL, 0);
    lab_op(&l, "db", "failover", "slow");
    for (sim_time t = 91 * SIM_SEC; t < 140 * SIM_SEC; t += SIM_SEC) {
        lab_run(&l, t);
        assert_true(of(&l, "db.b", "lag_bytes") <= written);
        assert_true(of(&l, "db.slow", "lag_bytes") <= written);
        assert_true(of(&l, "db", "wal_kept_bytes") <= of(&l, "db", "wal_bytes_total"));
        assert_true(of(&l, "db", "wal_bytes_total") >= written); /* a counter */
    }
    assert_true(of(&l, "db.slow", "leads") == 1 && of(&l, "db.b", "broken") == 1);
    assert_true(of(&l, "db", "lost_writes_total") > 1000);
    lab_free(&l);
}

/* Set after the primary died: once, and so long after it was set. */
static void auto_failover_may_come_later(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=1s", "delay=1ms", "to=db", 10);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 0);
    lab_run(&l, 60 * SIM_SEC);
    lab_set(&l, "db", "auto_failover", "100s");
    lab_run(&l, 70 * SIM_SEC);
    lab_set(&l, "db", "auto_failover", "0");
    lab_run(&l, 300 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 0);
    lab_set(&l, "db", "auto_failover", "5s");
    lab_run(&l, 305900 * SIM_MS);
    assert_true(of(&l, "db", "failovers_total") == 0);
    lab_run(&l, 306 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 1);
    lab_run(&l, 600 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 1);
    lab_free(&l);
}

/* Nobody can take over at first: it is tried again. A new leader that dies while it
 * takes over is missed like any other. */
static void an_election_is_tried_again(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=5s auto_failover=5s", "delay=1ms", "to=db", 10);
    lab_part(&l, "replica", "db.c", "delay=2ms");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "db.b", "down", NULL, 20 * SIM_SEC);
    lab_fault(&l, "db.c", "down", NULL, 40 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 0);
    lab_run(&l, 34 * SIM_SEC); /* b is back at 30, tried at 30, takes 5 s */
    assert_true(of(&l, "db", "failovers_total") == 0);
    lab_fault(&l, "db.b", "down", NULL, 0);
    lab_run(&l, 49 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 1 &&
                of(&l, "db", "primary_up") == 0);
    lab_run(&l, 70 * SIM_SEC);
    assert_true(of(&l, "db.c", "leads") == 1 && of(&l, "db", "primary_up") == 1);
    lab_free(&l);
}

/* A switch-over to a replica that nothing reaches does not wait for what cannot come. */
static void a_promotion_behind_a_cut_link_ends(void **state)
{
    (void)state;
    struct lab l = shop("promote_time=5s", "delay=1ms", "to=db", 50);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "db.b", "link_down", NULL, 0);
    lab_run(&l, 20 * SIM_SEC);
    lab_op(&l, "db", "failover", "b");
    lab_run(&l, 26 * SIM_SEC);
    assert_true(of(&l, "db.b", "leads") == 1);
    assert_true(of(&l, "db", "lost_writes_total") > 450);
    lab_free(&l);
}

/* ---- what is changed while it matters -------------------------------------------- */

/* Commits that wait for a replica's answer do not when they no longer have to. */
static void synchronous_may_be_switched_off(void **state)
{
    (void)state;
    struct lab l = shop("synchronous=on", "delay=2000s", "to=db", 2);
    lab_start(&l, 1);
    lab_run(&l, 4 * SIM_SEC);
    assert_true(of(&l, "writers", "answered_total") == 0);
    lab_set(&l, "db", "synchronous", "off");
    lab_run(&l, 5 * SIM_SEC);
    assert_true(of(&l, "writers", "answered_total") > 4);
    assert_true(of(&l, "writers", "in_flight") < 2);
    lab_free(&l);
}

static void a_backup_goes_on_at_another_rate(void **state)
{
    (void)state;
    struct lab l = with_backup("every=1h at=10s rate=10000", 3); /* 1000 s */
    lab_run(&l, 510 * SIM_SEC);
    lab_set(&l, "db.nightly", "rate", "1000000");
    lab_run(&l, 513 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "runs_total") == 0);
    lab_run(&l, 517 * SIM_SEC);
    assert_true(of(&l, "db.nightly", "runs_total") == 1);
    assert_true(of(&l, "db.nightly", "running") == 0);
    lab_free(&l);
}

/* A file without data puts nothing back, and what was there had to go first. */
static void an_empty_backup_leaves_an_empty_database(void **state)
{
    (void)state;
    struct lab l = with_backup("every=1h at=60s rate=1000000", 4);
    lab_fault(&l, "db.nightly", "empty", NULL, 0);
    lab_run(&l, 100 * SIM_SEC);
    lab_op(&l, "db", "restore", NULL);
    lab_run(&l, 101 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 0);
    lab_run(&l, 103 * SIM_SEC);
    assert_true(of(&l, "db", "up") == 1 && of(&l, "db", "primary_up") == 1);
    assert_true(of(&l, "db", "restores_total") == 0);
    assert_true(of(&l, "db", "restores_failed_total") == 1);
    assert_true(of(&l, "db", "lost_writes_total") > 0);
    assert_true(of(&l, "db", "data_bytes") < 1000000);
    assert_true(of(&l, "db.b", "broken") == 1);
    lab_free(&l);
}

/* A restore is no reason to fail over. */
static void nobody_takes_over_during_a_restore(void **state)
{
    (void)state;
    struct lab l = lab_new();
    lab_part(&l, "database", "db",
             "data=100000000 restore_rate=1000000 auto_failover=5s");
    lab_part(&l, "replica", "db.b", "delay=1ms");
    lab_part(&l, "backup", "db.nightly", "every=1h at=1h");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, "db", "restore", NULL);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "failover", NULL, 0), ERR_REFUSED);
    lab_run(&l, 120 * SIM_SEC);
    assert_true(of(&l, "db", "failovers_total") == 0);
    assert_true(of(&l, "db", "restores_total") == 1 && of(&l, "db", "up") == 1);
    lab_free(&l);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        worlds = strtoull(argv[1], NULL, 10);
        cmocka_set_test_filter("nothing_is_lost");
    }
    if (argc > 2)
        first = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_difference_is_below_zero),
        cmocka_unit_test(auto_failover_may_come_later),
        cmocka_unit_test(an_election_is_tried_again),
        cmocka_unit_test(a_promotion_behind_a_cut_link_ends),
        cmocka_unit_test(synchronous_may_be_switched_off),
        cmocka_unit_test(a_backup_goes_on_at_another_rate),
        cmocka_unit_test(an_empty_backup_leaves_an_empty_database),
        cmocka_unit_test(nobody_takes_over_during_a_restore),
        cmocka_unit_test(the_lag_is_the_delay),
        cmocka_unit_test(a_slow_replay_falls_behind),
        cmocka_unit_test(more_marks_than_there_is_room_for),
        cmocka_unit_test(catching_up_is_even),
        cmocka_unit_test(a_link_catches_up_evenly),
        cmocka_unit_test(the_lag_falls_while_writing_goes_on),
        cmocka_unit_test(a_switchover_loses_nothing),
        cmocka_unit_test(a_switchover_without_fencing_refuses_writes),
        cmocka_unit_test(a_backup_takes_its_share_while_it_runs),
        cmocka_unit_test(a_crash_loses_what_was_not_sent),
        cmocka_unit_test(a_rebuild_needs_the_link),
        cmocka_unit_test(a_host_that_is_gone_says_nothing),
        cmocka_unit_test(connecting_is_not_waited_for_for_ever),
        cmocka_unit_test(a_new_process_connects_at_once),
        cmocka_unit_test(synchronous_writes_wait),
        cmocka_unit_test(a_commit_takes_the_disks_time),
        cmocka_unit_test(old_addresses_fail),
        cmocka_unit_test(without_fencing_two_servers_write),
        cmocka_unit_test(writes_during_a_promotion_are_counted),
        cmocka_unit_test(a_lost_replica_fills_the_disk),
        cmocka_unit_test(a_backup_can_be_put_back),
        cmocka_unit_test(an_empty_backup_looks_well),
        cmocka_unit_test(what_is_not_used_is_not_listed),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(who_was_not_told_loses_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed && argc > 1)
        printf("# world %llu\n", (unsigned long long)running);
    return failed;
}
