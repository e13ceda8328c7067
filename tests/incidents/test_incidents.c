/*
 * Public incidents as worlds: each file, here and in lessons/lab, says in its head what
 * happened, with its source, and what the model is to agree with and what not. Each is
 * played here and its figures are held: those of the record, and those in which the model
 * differs from it.
 */
#include "../lib/lab.h"
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- playing one ----------------------------------------------------------------- */

struct incident {
    struct lesson *lesson;
    struct lesson_world world;
    struct lab lab; /* the model is the world's */
};

static void must(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK)
        fail_msg("%s: %s", err_phrase(e), why->text);
}

static struct incident incident_open(const char *name)
{
    char path[100];
    struct errmsg why = {0};
    struct incident x = {0};
    struct buf text;
    int ch;
    snprintf(path, sizeof path, "%s.lua", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot read %s", path);
    buf_init(&text, 0);
    while ((ch = fgetc(f)) != EOF)
        buf_addch(&text, (char)ch);
    fclose(f);
    must(lesson_load_lab(&x.lesson, text.s, text.len, path, &why), &why);
    must(lesson_build(x.lesson, 1, &x.world, &why), &why);
    x.lab.m = x.world.model;
    x.lab.w = world_new(x.lab.m, 1, &why);
    if (!x.lab.w)
        fail_msg("%s", why.text);
    buf_release(&text);
    return x;
}

static void incident_close(struct incident *x)
{
    world_free(x->lab.w);
    lesson_world_release(&x->world);
    lesson_unref(x->lesson);
}

static double get(const struct incident *x, const char *comp, const char *metric)
{
    return lab_metric(&x->lab, comp, metric);
}

static void near(const char *what, double got, double want, double tolerance)
{
    if (!(got >= want - tolerance && got <= want + tolerance))
        fail_msg("%s is %g, not %g to within %g", what, got, want, tolerance);
}

/* Runs until `to`, and gets the share of each client's requests since `from` that were
 * bad. The names end with NULL. */
static void bad_between(struct incident *x, sim_time from, sim_time to,
                        const char *const *clients, double *share)
{
    double good[8], bad[8];
    lab_run(&x->lab, from);
    for (size_t i = 0; clients[i]; i++) {
        assert_true(i < 8);
        good[i] = get(x, clients[i], "good_total");
        bad[i] = get(x, clients[i], "bad_total");
    }
    lab_run(&x->lab, to);
    for (size_t i = 0; clients[i]; i++) {
        double g = get(x, clients[i], "good_total") - good[i];
        double b = get(x, clients[i], "bad_total") - bad[i];
        assert_true(g + b > 0);
        share[i] = b / (g + b);
    }
}
#define CLIENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- resources that run out ------------------------------------------------------ */

/* 28,232 ports, 15,000 for each batch, 60 s: one batch of three that come is well. */
static void bluesky(void **state)
{
    struct incident x = incident_open("tests/incidents/bluesky");
    double bad[4];
    (void)state;
    bad_between(&x, SIM_MIN, 5 * SIM_MIN,
                CLIENTS("internal-unbounded", "users-unbounded", "internal-bounded",
                        "users-bounded"),
                bad);
    near("batches without a limit that fail", bad[0], 0.67, 0.1);
    assert_true(bad[1] > 0);
    near("batches with a limit", bad[2], 0, 0);
    near("users with a limit", bad[3], 0, 0);
    incident_close(&x);
}

static void mandrill(void **state)
{
    struct incident x = incident_open("tests/incidents/mandrill");
    double bad[6];
    (void)state;
    bad_between(&x, SIM_MIN, 9 * SIM_MIN, CLIENTS("mail1"), bad);
    near("mail of the shard before", bad[0], 0, 0);
    bad_between(&x, 12 * SIM_MIN, 60 * SIM_MIN,
                CLIENTS("mail1", "mail2", "mail3", "mail4", "mail5", "readers1"), bad);
    double sent = 1 - (bad[0] + bad[1] + bad[2] + bad[3] + bad[4]) / 5;
    near("share of the mail that is sent", sent, 0.8, 0);
    near("reads of the shard", bad[5], 0, 0);
    near("its vacuum is under way", get(&x, "shard1.jobs", "upkeep"), 1, 0);
    incident_close(&x);
}

static void basecamp(void **state)
{
    struct incident x = incident_open("tests/incidents/basecamp");
    double bad[2];
    (void)state;
    bad_between(&x, 30 * SIM_MIN, 2 * SIM_HOUR, CLIENTS("readers", "writers"), bad);
    near("reads when ids are out", bad[0], 0, 0);
    near("writes when ids are out", bad[1], 1, 0);
    near("the last id", 2147483647 - get(&x, "db.events", "ids_left"), 2147483647, 0);
    /* The record: still readable. PostgreSQL rewrites the table under a lock. */
    bad_between(&x, 2 * SIM_HOUR + SIM_MIN, 2 * SIM_HOUR + 30 * SIM_MIN,
                CLIENTS("readers", "writers"), bad);
    near("reads while the column is widened", bad[0], 1, 0);
    bad_between(&x, 3 * SIM_HOUR, 4 * SIM_HOUR, CLIENTS("readers", "writers"), bad);
    near("writes afterwards", bad[1], 0, 0);
    incident_close(&x);
}

/* ---- locks, replicas, backups ---------------------------------------------------- */

static void joyent(void **state)
{
    struct incident x = incident_open("lessons/lab/lock-queue");
    double bad[8], all = 0;
    (void)state;
    bad_between(&x, SIM_MIN, 10 * SIM_MIN, CLIENTS("readers-waits"), bad);
    near("with the vacuum alone", bad[0], 0, 0);
    near("the vacuum", get(&x, "shard-waits.objects", "upkeep"), 1, 0);
    bad_between(&x, 11 * SIM_MIN, 20 * SIM_MIN,
                CLIENTS("readers-waits", "writers-waits", "readers-second",
                        "writers-second", "readers-third", "readers-fourth",
                        "readers-times-out", "writers-times-out"),
                bad);
    for (int i = 0; i < 6; i++)
        all += i < 2 ? bad[i] / 2 : bad[i];
    near("share of all requests that fail", all / 4, 0.23, 0.04);
    near("a change that gives up after 2 s, reads", bad[6], 0, 0);
    near("a change that gives up after 2 s, writes", bad[7], 0, 0);
    bad_between(&x, 30 * SIM_MIN, 40 * SIM_MIN, CLIENTS("readers-waits"), bad);
    near("when the vacuum is done", bad[0], 0, 0);
    incident_close(&x);
}

static void github(void **state)
{
    struct incident x = incident_open("tests/incidents/github");
    double bad[3];
    (void)state;
    bad_between(&x, 10 * SIM_MIN, 10 * SIM_MIN + 43 * SIM_SEC,
                CLIENTS("users-split", "users-fenced", "users-sync"), bad);
    double east = get(&x, "mysql-split", "lost_writes_total") +
                  get(&x, "mysql-split", "diverged_writes_total");
    near("writes that only the old primary has", east, 954, 2);
    near("users while the old one takes writes", bad[0], 0, 0);
    assert_true(bad[2] > 0.7); /* who waits for a replica waits for the line */
    lab_run(&x.lab, SIM_HOUR);
    assert_true(get(&x, "mysql-split", "diverged_writes_total") > 111);
    near("writes on the new one in 40 minutes",
         get(&x, "mysql-split.west", "statements_total") / (954.0 / 43), 49 * 60, 60);
    near("diverged with fencing", get(&x, "mysql-fenced", "diverged_writes_total"), 0,
         0);
    near("lost if a replica has to have it", get(&x, "mysql-sync", "lost_writes_total"),
         0, 0);
    incident_close(&x);
}

static void gitlab(void **state)
{
    struct incident x = incident_open("tests/incidents/gitlab");
    double bad[1];
    (void)state;
    lab_run(&x.lab, 7 * SIM_HOUR + 5 * SIM_MIN);
    lab_run(&x.lab, 18 * SIM_HOUR);
    near("still restoring after 11 hours", get(&x, "db", "up"), 0, 0);
    lab_run(&x.lab, 19 * SIM_HOUR);
    near("rows lost", get(&x, "db", "rows_lost_total"), 5000, 250);
    near("restored", get(&x, "db", "restores_total"), 1, 0);
    bad_between(&x, 19 * SIM_HOUR, 24 * SIM_HOUR, CLIENTS("users"), bad);
    near("users afterwards", bad[0], 0, 0);
    incident_close(&x);
}

/* ---- deploys, checks, crashes ---------------------------------------------------- */

static void knight(void **state)
{
    struct incident x = incident_open("tests/incidents/knight");
    (void)state;
    lab_run(&x.lab, 30 * SIM_MIN);
    double before = get(&x, "undone-parents", "total"); /* in 20 minutes */
    lab_run(&x.lab, 55 * SIM_MIN);
    double after = get(&x, "undone-parents", "total") - before; /* in 25 */
    near("parent orders of the one server", get(&x, "smars-parents", "total"), 212, 1);
    near("executions for each", get(&x, "smars-executions", "total") / 212, 108, 10);
    near("without the new code", after / 25 / (before / 20), 8, 0.2);
    lab_run(&x.lab, 80 * SIM_MIN);
    near("after the flag is off", get(&x, "smars-parents", "total"), 212, 1);
    incident_close(&x);
}

static void stackexchange(void **state)
{
    struct incident x = incident_open("tests/incidents/stackexchange");
    double bad[4];
    const char *const *all = CLIENTS("home-checked", "question-checked",
                                     "home-unchecked", "question-unchecked");
    (void)state;
    bad_between(&x, SIM_MIN, 10 * SIM_MIN, all, bad);
    near("before", bad[0] + bad[1] + bad[2] + bad[3], 0, 0);
    bad_between(&x, 10 * SIM_MIN, 45 * SIM_MIN, all, bad);
    near("minutes without questions", bad[1] * 35, 34, 1);
    near("minutes without the home page", bad[0] * 35, 34, 1);
    near("questions without the check", bad[3], 0, 0);
    near("minutes without the home page alone", bad[2] * 35, 34, 1);
    incident_close(&x);
}

static void incidentio(void **state)
{
    struct incident x = incident_open("tests/incidents/incidentio");
    double bad[2];
    (void)state;
    bad_between(&x, 5 * SIM_MIN, 38 * SIM_MIN, CLIENTS("users-one", "users-split"),
                bad);
    near("minutes of downtime", bad[0] * 33, 13, 2.5);
    near("with workers of their own", bad[1], 0, 0);
    bad_between(&x, 38 * SIM_MIN, 45 * SIM_MIN, CLIENTS("users-one"), bad);
    near("after the purge", bad[0], 0, 0);
    incident_close(&x);
}

/* ---- herds, and what goes on by itself ------------------------------------------- */

static void dynamodb(void **state)
{
    struct incident x = incident_open("tests/incidents/dynamodb");
    double bad[1];
    (void)state;
    bad_between(&x, SIM_MIN, 19 * SIM_MIN, CLIENTS("storage"), bad);
    near("before", bad[0], 0, 0.001);
    bad_between(&x, SIM_HOUR, 3 * SIM_HOUR, CLIENTS("storage"), bad);
    near("40 to 160 minutes after a minute of trouble", bad[0], 1, 0.01);
    bad_between(&x, 3 * SIM_HOUR + 30 * SIM_MIN, 6 * SIM_HOUR, CLIENTS("storage"), bad);
    near("after the pause, with more capacity", bad[0], 0, 0.001);
    incident_close(&x);
}

static void google(void **state)
{
    struct incident x = incident_open("lessons/lab/herd");
    double bad[3];
    const char *const *all = CLIENTS("users-large", "users-throttled", "users-small");
    (void)state;
    bad_between(&x, 5 * SIM_MIN, 10 * SIM_MIN, all, bad);
    near("before", bad[0] + bad[1] + bad[2], 0, 0);
    bad_between(&x, 54 * SIM_MIN, 100 * SIM_MIN, all, bad);
    assert_true(bad[0] > 0.8);
    near("200 that start two a second", bad[1], 0, 0);
    near("20 that start together", bad[2], 0, 0);
    incident_close(&x);
}

static double done(struct incident *x, sim_time from, sim_time to)
{
    lab_run(&x->lab, from);
    double n = get(x, "hooks.push.subscription", "processed_total");
    lab_run(&x->lab, to);
    return (get(x, "hooks.push.subscription", "processed_total") - n) /
           ((double)(to - from) / (double)SIM_SEC);
}

static void circleci(void **state)
{
    struct incident x = incident_open("tests/incidents/circleci");
    (void)state;
    near("builds a second before", done(&x, SIM_MIN, 30 * SIM_MIN), 40, 1);
    assert_true(done(&x, 95 * SIM_MIN, 120 * SIM_MIN) < 4);
    assert_true(done(&x, 121 * SIM_MIN, 130 * SIM_MIN) > 200);
    lab_run(&x.lab, 3 * SIM_HOUR);
    near("the backlog with ten at once", get(&x, "hooks.push.subscription", "lag"), 0,
         50);
    incident_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bluesky),    cmocka_unit_test(mandrill),
        cmocka_unit_test(basecamp),   cmocka_unit_test(joyent),
        cmocka_unit_test(github),     cmocka_unit_test(gitlab),
        cmocka_unit_test(knight),     cmocka_unit_test(stackexchange),
        cmocka_unit_test(incidentio), cmocka_unit_test(dynamodb),
        cmocka_unit_test(google),     cmocka_unit_test(circleci),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
