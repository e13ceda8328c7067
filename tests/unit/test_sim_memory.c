/*
 * What a service's instances use up: memory and its limit, the heap and its collector,
 * file descriptors; and how a process that keeps dying is started again.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MIB 1048576.0

static struct node work = {.kind = NODE_COMPUTE};

/* A service "api", called by "users" without a network between. */
static struct lab small(const char *service, double rate, sim_time compute)
{
    struct lab l = lab_new();
    char params[80];
    lab_part(&l, "service", "api", service);
    work.time = dist_const(compute);
    lab_endpoint(&l, "api", "get", &work);
    snprintf(params, sizeof params, "to=api/get rate=%g arrivals=even", rate);
    lab_part(&l, "client", "users", params);
    lab_part(&l, "call", "users.api", "network=0");
    return l;
}

static enum err set_refused(struct lab *l, const char *param, struct value v,
                            struct errmsg *why)
{
    return model_set(l->m, model_find(l->m, "api"), param, v, why);
}

/* ---- memory ---------------------------------------------------------------------- */

static void memory_is_base_and_requests(void **state)
{
    (void)state;
    struct lab l = small("memory=100 memory_per_request=8 workers=4", 100, 25 * SIM_MS);
    lab_start(&l, 1);
    assert_true(lab_metric(&l, "api", "memory") == 100 * MIB);
    lab_run(&l, 10 * SIM_SEC + 5 * SIM_MS);
    double inside = lab_metric(&l, "api", "in_flight");
    assert_true(inside > 0);
    assert_true(lab_metric(&l, "api", "memory") == (100 + 8 * inside) * MIB);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 0); /* no limit */
    lab_free(&l);
}

static int ooms_logged, gone;
static void on_log(void *ctx, const struct log_line *line)
{
    (void)ctx;
    if (strstr(line->text, "out of memory"))
        ooms_logged++;
}
static void on_done(void *ctx, const struct request_done *r)
{
    (void)ctx;
    gone += !r->user && r->reason == REASON_INSTANCE_GONE;
}

/* 100 requests/s leave 100 KiB each: 60 s to the limit. */
static void a_leak_ends_in_a_kill(void **state)
{
    const struct observer o = {.log = on_log, .done = on_done};
    struct errmsg why = {0};
    (void)state;
    struct lab l = small("memory=100 memory_leak=102.4 memory_limit=700 start_up=2s "
                         "cores=8",
                         100, 35 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 59 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "memory") > 680 * MIB);
    assert_true(lab_metric(&l, "api", "memory_limit") == 700 * MIB);
    ooms_logged = gone = 0;
    assert_int_equal(world_run(l.w, 61 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_int_equal(ooms_logged, 1);
    assert_true(gone >= 3); /* everything inside, also the one that was too much */
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 1);
    assert_true(lab_metric(&l, "api", "restarts_total") == 1);
    assert_true(lab_metric(&l, "api", "memory") == 0); /* starting */
    lab_run(&l, 63 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "up") == 1);
    assert_true(lab_metric(&l, "api", "memory") < 160 * MIB);
    lab_free(&l);
}

/* More at once than there is room for: not a leak, a burst. */
static void a_burst_is_killed_too(void **state)
{
    (void)state;
    struct lab l = small("memory=100 memory_per_request=50 memory_limit=500 workers=64",
                         10, 100 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 0);
    lab_fault(&l, "users", "spike", "30", 5 * SIM_SEC);
    lab_run(&l, 31 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 1);
    lab_free(&l);
}

static void a_limit_at_exactly_what_is_held_holds(void **state)
{
    (void)state;
    struct lab l = small("memory=100 memory_per_request=50 memory_limit=150 workers=1 "
                         "queue=-1",
                         1, 100 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 0);
    lab_set(&l, "api", "memory_limit", "149");
    lab_run(&l, 31 * SIM_SEC + SIM_MS);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 1);
    lab_free(&l);
}

static void the_leak_fault_can_be_of_one_version(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = lab_new();
    lab_part(&l, "service", "api", "memory=100 instances=2 start_up=1s drain=1s");
    work.time = dist_const(SIM_MS);
    comp_id api = model_find(l.m, "api");
    assert_int_equal(model_endpoint(l.m, api, "get", "v1", &work, &why), ERR_OK);
    assert_int_equal(model_endpoint(l.m, api, "get", "v2", &work, &why), ERR_OK);
    lab_part(&l, "client", "users", "to=api/get rate=100");
    lab_start(&l, 1);
    struct action leak = {.kind = ACTION_FAULT,
                          .comp = api,
                          .name = "memory_leak",
                          .args = {value_number(512), value_text("v2")},
                          .nargs = 2,
                          .duration = 60 * SIM_SEC};
    assert_int_equal(world_apply(l.w, &leak, NULL, NULL, NULL, &why), ERR_OK);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "memory") == 200 * MIB);
    lab_op(&l, "api", "deploy", "v2");
    lab_run(&l, 40 * SIM_SEC);
    double leaked = lab_metric(&l, "api", "memory") - 200 * MIB;
    assert_true(leaked > 700 * MIB && leaked < 1000 * MIB);
    lab_run(&l, 60 * SIM_SEC + 1);
    double then =
        lab_metric(&l, "api", "memory"); /* over, but memory gone stays gone */
    lab_run(&l, 80 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "memory") == then && then > 1000 * MIB);
    lab_op(&l, "api", "restart", NULL);
    lab_run(&l, 90 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "memory") == 200 * MIB);
    leak.args[1] = value_text("v3");
    assert_int_equal(world_apply(l.w, &leak, NULL, NULL, NULL, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "no version"));
    lab_free(&l);
}

/* Whatever the way back is, everybody hears of it in the same moment; at any size, so
 * that it also happens when the world has hardly any room left before it grows. */
static void crowd_dies(const char *network, sim_time at)
{
    struct errmsg why = {0};
    struct lab l = lab_new();
    lab_part(&l, "service", "api", "workers=10");
    struct node hold = {.kind = NODE_SLEEP, .time = dist_const(SIM_HOUR)};
    lab_endpoint(&l, "api", "get", &hold);
    lab_part(&l, "client", "users", "to=api/get rate=2000");
    lab_part(&l, "call", "users.api", network);
    struct action crash = {
        .kind = ACTION_FAULT, .comp = model_find(l.m, "api"), .name = "crash"};
    assert_int_equal(model_at(l.m, at, &crash, NULL, &why), ERR_OK);
    lab_start(&l, 1);
    lab_run(&l, at - 1);
    double inside = lab_metric(&l, "api", "in_flight");
    assert_true(inside > 500);
    lab_run(&l, at);
    assert_true(lab_metric(&l, "api", "in_flight") == 0);
    lab_run(&l, at + SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") >= inside);
    lab_free(&l);
}

static void a_crowd_dies_at_once(void **state)
{
    (void)state;
    for (int k = 2; k < 40; k++) {
        crowd_dies("network=0", k * SIM_SEC / 5);
        crowd_dies("network=3ms", k * SIM_SEC / 5);
        crowd_dies("network=exponential(3ms)", k * SIM_SEC / 5);
    }
}

/* ---- dying again and again ------------------------------------------------------- */

/* When the process dies while it starts: 0, then 10 s, 20 s, 40 s ... */
static void crashes_back_off(void **state)
{
    (void)state;
    struct lab l =
        small("crash_backoff=10s crash_backoff_max=60s start_up=1s", 1, SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "api", "fails_to_start", NULL, 0);
    lab_fault(&l, "api", "crash", NULL, 0);
    /* starts at 10, dies at 11; 10 s: starts at 21, dies at 22; 20 s: 42, 43; 40 s: 83,
     * 84; 60 s: 144, 145; 60 s: 205, 206 */
    const double dies[] = {10, 11, 22, 43, 84, 145, 206, 267};
    for (int k = 1; k < 8; k++) {
        lab_run(&l, (sim_time)(dies[k] * 1e9) - 1);
        assert_true(lab_metric(&l, "api", "restarts_total") == k);
        lab_run(&l, (sim_time)(dies[k] * 1e9));
        assert_true(lab_metric(&l, "api", "restarts_total") == k + 1);
        assert_true(lab_metric(&l, "api", "backing_off") == 1);
    }
    lab_op(&l, "api", "restart", NULL); /* an operator does not wait */
    assert_true(lab_metric(&l, "api", "backing_off") == 0);
    lab_run(&l, 267 * SIM_SEC + SIM_SEC / 2);
    struct instance_view v;
    world_instance(l.w, model_find(l.m, "api"), 1, &v);
    assert_int_equal(v.state, INSTANCE_STARTING);
    lab_free(&l);
}

static void a_long_run_is_forgiven(void **state)
{
    (void)state;
    struct lab l =
        small("crash_backoff=10s crash_backoff_max=30s start_up=1s", 1, SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "api", "crash", NULL, 0); /* first: at once, up at 11 */
    lab_run(&l, 20 * SIM_SEC);
    lab_fault(&l, "api", "crash", NULL, 0); /* second: 10 s, up at 31 */
    lab_run(&l, 29 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "backing_off") == 1);
    lab_run(&l, 89 * SIM_SEC);
    lab_fault(&l, "api", "crash", NULL, 0); /* it ran 58 s, not 60: 20 s, up at 110 */
    assert_true(lab_metric(&l, "api", "backing_off") == 1);
    lab_run(&l, 109 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "backing_off") == 0);
    lab_run(&l, 171 * SIM_SEC);
    lab_fault(&l, "api", "crash", NULL, 0); /* it ran 61 s: at once again */
    assert_true(lab_metric(&l, "api", "backing_off") == 0);
    lab_free(&l);
}

/* ---- garbage collection ---------------------------------------------------------- */

/* 100/s x 2 MiB, heap 1000 of which 200 are alive: a pause of a fifth of 500 ms every
 * 4 s. */
static void pauses_as_often_and_long_as_the_formula_says(void **state)
{
    (void)state;
    struct lab l = small("memory=200 heap=1000 allocation=2 gc_pause=500ms workers=512",
                         100, 1000);
    lab_start(&l, 1);
    lab_run(&l, 399 * SIM_SEC);
    double n = lab_metric(&l, "api", "collections_total");
    double s = lab_metric(&l, "api", "gc_seconds_total");
    assert_true(n == 99);
    assert_true(s / n > 0.0999 && s / n < 0.1001);
    assert_true(lab_metric(&l, "api", "heap_live") == 200 * MIB);
    double used = lab_metric(&l, "api", "heap_used");
    assert_true(used >= 200 * MIB && used <= 1000 * MIB);
    assert_true(lab_metric(&l, "api", "memory") == used);
    lab_free(&l);
}

/* Half the free space: twice as often; with more alive each one longer. */
static double gc_share(const char *memory)
{
    char params[120];
    snprintf(params, sizeof params,
             "memory=%s heap=1000 allocation=2 gc_pause=500ms workers=100000", memory);
    struct lab l = small(params, 100, 1000);
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    double s = lab_metric(&l, "api", "gc_seconds_total") / 100;
    lab_free(&l);
    return s;
}

static void the_fuller_the_more_it_costs(void **state)
{
    (void)state;
    double fifth = gc_share("200"), half = gc_share("500"), most = gc_share("950");
    double full = gc_share("995");
    assert_true(fifth > 0.022 && fifth < 0.028); /* 0.2/0.8 x 0.1 */
    assert_true(half > 0.09 && half < 0.11);     /* 0.5/0.5 x 0.1 */
    assert_true(most > 0.6);                     /* thrashing: it hardly does more */
    assert_true(full > 0.95);
}

struct gc_seen {
    sim_time gc, other, all;
    int wrong, users;
};
static void on_gc_done(void *ctx, const struct request_done *r)
{
    struct gc_seen *s = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++) {
        sum += r->slices[i].ns;
        if (r->user)
            *(r->slices[i].cause == CAUSE_GC ? &s->gc : &s->other) += r->slices[i].ns;
    }
    s->wrong += sum != r->end - r->start;
    s->users += r->user;
    s->all += r->user ? r->end - r->start : 0;
}

/* One request alone: it computes 300 ms, in which others' garbage is collected. */
static void a_pause_is_gc_to_the_nanosecond(void **state)
{
    struct gc_seen s = {0};
    const struct observer o = {.ctx = &s, .done = on_gc_done};
    struct errmsg why = {0};
    (void)state;
    /* each collection pauses 100 ms; every fifth request starts one, and is alone */
    struct lab l =
        small("memory=200 heap=1000 allocation=160 gc_pause=500ms", 2, 40 * SIM_MS);
    lab_start(&l, 1);
    assert_int_equal(world_run(l.w, 100 * SIM_SEC + SIM_SEC / 4, UINT64_MAX, &o, &why),
                     ERR_OK);
    double n = lab_metric(&l, "api", "collections_total");
    assert_int_equal(s.wrong, 0);
    assert_int_equal(s.users, 200);
    assert_true(n == 40);
    assert_true(s.gc == 40 * 100 * SIM_MS); /* each waited for all of one pause */
    assert_true(s.other == 200 * 40 * SIM_MS);
    lab_free(&l);
}

/* In the middle of their work, sharing cores: still each nanosecond once. */
static void pauses_in_the_middle_add_up(void **state)
{
    struct gc_seen s = {0};
    const struct observer o = {.ctx = &s, .done = on_gc_done};
    struct errmsg why = {0};
    (void)state;
    struct lab l = small("memory=200 heap=1000 allocation=37 gc_pause=333ms cores=3",
                         90, 31 * SIM_MS);
    lab_start(&l, 7);
    assert_int_equal(world_run(l.w, 120 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_int_equal(s.wrong, 0);
    assert_true(s.users > 5000 && s.gc > SIM_SEC);
    assert_true(lab_metric(&l, "api", "cpu") > 0.9); /* the collector works, too */
    lab_free(&l);
}

/* A trace shows processor, pause, processor, without a gap. */
struct gc_spans {
    sim_time gc, cpu, end;
    int gaps, n;
};
static void on_gc_span(void *ctx, const struct span *span)
{
    struct gc_spans *s = ctx;
    if (span->cause != CAUSE_GC && span->cause != CAUSE_CPU)
        return;
    s->gaps += s->n > 0 && span->start != s->end && span->start % SIM_SEC != 0;
    *(span->cause == CAUSE_GC ? &s->gc : &s->cpu) += span->end - span->start;
    s->end = span->end;
    s->n++;
}

static void a_trace_shows_the_pause(void **state)
{
    struct gc_spans s = {0};
    const struct observer o = {.ctx = &s, .span = on_gc_span};
    struct errmsg why = {0};
    (void)state;
    /* a second one a quarter of a second later fills the heap while the first works */
    struct lab l =
        small("memory=200 heap=1000 allocation=400 gc_pause=500ms", 1, 600 * SIM_MS);
    lab_part(&l, "client", "others", "to=api/get rate=1 arrivals=even trace_every=-1");
    lab_part(&l, "call", "others.api", "network=250ms");
    lab_start(&l, 1);
    assert_int_equal(
        world_run(l.w, 50 * SIM_SEC + SIM_SEC * 97 / 100, UINT64_MAX, &o, &why),
        ERR_OK);
    double n = lab_metric(&l, "api", "collections_total");
    assert_true(n >= 45);
    assert_int_equal(s.gaps, 0);
    assert_true(s.n >= 3 * 45 && s.cpu == 50 * 600 * SIM_MS);
    assert_true(s.gc == (sim_time)n * 100 * SIM_MS);
    lab_free(&l);
}

/* The container's limit is below the heap: the kernel is there before the collector. */
static void a_heap_larger_than_its_container(void **state)
{
    (void)state;
    struct lab l =
        small("memory=200 heap=1000 allocation=2 memory_limit=900", 100, SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 1);
    assert_true(lab_metric(&l, "api", "collections_total") == 0);
    lab_free(&l);
}

static void a_full_heap_ends_the_process(void **state)
{
    (void)state;
    struct lab l =
        small("memory=200 heap=300 allocation=1 memory_leak=1024", 100, 1000);
    lab_start(&l, 1);
    lab_run(&l, 3 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "oom_kills_total") == 1);
    assert_true(lab_metric(&l, "api", "collections_total") >
                2); /* the collector tried hard */
    lab_free(&l);
}

/* Killed, switched off, forked in the middle of a pause. */
static void a_pause_can_be_cut_short(void **state)
{
    (void)state;
    const char *const params =
        "memory=500 heap=1000 allocation=5 gc_pause=4s workers=512 instances=1";
    struct lab l = small(params, 100, 5 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 2 * SIM_SEC); /* full after 1 s, a pause of 2 s */
    assert_true(lab_metric(&l, "api", "gc_seconds_total") > 0.9);
    struct world *fork = world_fork(l.w);
    struct errmsg why = {0};
    lab_op(&l, "api", "restart", NULL);
    assert_true(lab_metric(&l, "api", "in_flight") == 0);
    double s = lab_metric(&l, "api", "gc_seconds_total");
    lab_run(&l, 8 * SIM_SEC - 1);
    assert_true(lab_metric(&l, "api", "gc_seconds_total") > s); /* continued later */
    assert_int_equal(world_run(fork, 2 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    struct world *again = world_fork(fork);
    assert_int_equal(world_run(fork, 20 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_int_equal(world_run(again, 20 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(fork) == world_digest(again));
    world_free(fork);
    world_free(again);
    lab_set(&l, "api", "heap", "0"); /* the one that runs ends, no other comes */
    lab_run(&l, 20 * SIM_SEC);
    s = lab_metric(&l, "api", "collections_total");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "collections_total") == s);
    assert_true(lab_metric(&l, "api", "in_flight") <= 1);
    lab_free(&l);
}

/* ---- file descriptors ------------------------------------------------------------ */

static struct lab with_pool(const char *service)
{
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "cores=8");
    lab_part(&l, "statement", "db.read", "cpu=50ms");
    lab_part(&l, "service", "api", service);
    lab_part(&l, "pool", "api.pool", "to=db size=20");
    struct node q = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    lab_endpoint(&l, "api", "get", &q);
    lab_part(&l, "client", "users", "to=api/get rate=100");
    return l;
}

static void each_request_and_connection_takes_one(void **state)
{
    (void)state;
    struct lab l = with_pool("fds=1000");
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    double conns = lab_metric(&l, "api.pool", "pool_in_use") +
                   lab_metric(&l, "api.pool", "pool_idle") +
                   lab_metric(&l, "api.pool", "pool_connecting");
    assert_true(conns > 3);
    assert_true(lab_metric(&l, "api", "open_fds") ==
                conns + lab_metric(&l, "api", "in_flight"));
    assert_true(lab_metric(&l, "api", "no_fds_total") == 0);
    assert_true(lab_metric(&l, "api", "max_fds") == 1000);
    lab_free(&l);
}

/* There is room for a few: some requests are not accepted, some get no connection. */
static void without_descriptors_nothing_comes_in(void **state)
{
    (void)state;
    struct lab l = with_pool("fds=8");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    double no = lab_metric(&l, "api/get", "done_NO_FDS");
    assert_true(no > 100);
    assert_true(lab_metric(&l, "api/get", "done_NONE") > 100);
    assert_true(lab_metric(&l, "api", "open_fds") <= 8);
    assert_true(lab_metric(&l, "users.api", "failures_NO_FDS") == no);
    lab_free(&l);
}

static void a_leak_runs_dry_and_a_restart_heals(void **state)
{
    (void)state;
    struct lab l = with_pool("fds=400 liveness=none readiness=none start_up=1s");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "api", "fd_leak", "0.2", 60 * SIM_SEC); /* 20 a second */
    lab_run(&l, 20 * SIM_SEC);
    double open = lab_metric(&l, "api", "open_fds");
    assert_true(open > 190 && open < 240);
    assert_true(lab_metric(&l, "api", "no_fds_total") == 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "no_fds_total") > 2000);
    lab_op(&l, "api", "restart", NULL);
    lab_run(&l, 62 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "open_fds") < 80);
    lab_free(&l);
}

/* A health check is a connection, too. */
static void liveness_notices(void **state)
{
    (void)state;
    struct lab l = with_pool("fds=400 liveness=own_thread start_up=1s");
    lab_start(&l, 1);
    lab_fault(&l, "api", "fd_leak", "0.2", 0);
    lab_run(&l, 70 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "restarts_total") >= 1);
    lab_free(&l);
}

static void nonsense_is_refused_with_range_and_unit(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = small("", 1, SIM_MS);
    assert_int_equal(set_refused(&l, "memory_limit", value_number(-1), &why),
                     ERR_INPUT);
    assert_non_null(strstr(why.text, "MiB"));
    assert_int_equal(set_refused(&l, "fds", value_count(-1), &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "descriptors"));
    assert_int_equal(set_refused(&l, "gc_pause", value_duration(-1), &why), ERR_INPUT);
    lab_start(&l, 1);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "api", "fd_leak", "-1", 0), ERR_INPUT);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "api", "memory_leak", "-1", 0),
                     ERR_INPUT);
    lab_free(&l);
}

/* A service with nothing to do collects once a minute, and one that collects by need
 * only when a minute has gone by without: 100 ms each, nothing alive but the base. */
static void a_collector_also_runs_by_the_clock(void **state)
{
    (void)state;
    struct lab l = small(
        "memory=200 heap=1000 allocation=0 gc_pause=500ms gc_every=60s", 1, SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC - 1);
    assert_true(lab_metric(&l, "api", "collections_total") == 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "collections_total") == 1);
    lab_run(&l, 120 * SIM_SEC + 100 * SIM_MS - 1);
    assert_true(lab_metric(&l, "api", "collections_total") == 1);
    lab_run(&l, 601 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "collections_total") == 10);
    lab_set(&l, "api", "gc_every", "0");
    lab_run(&l, 1000 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "collections_total") == 10);
    lab_set(&l, "api", "gc_every", "10s");
    lab_op(&l, "api", "restart", NULL);
    lab_run(&l, 1015 * SIM_SEC - 1); /* up after 5 s */
    assert_true(lab_metric(&l, "api", "collections_total") == 10);
    lab_run(&l, 1015 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "collections_total") == 11);
    lab_free(&l);
}

/* Every 4 s by need: the clock never gets so far. */
static void the_clock_waits_for_those_by_need(void **state)
{
    (void)state;
    struct lab l = small("memory=200 heap=1000 allocation=2 gc_pause=500ms workers=512 "
                         "gc_every=6s",
                         100, 1000);
    lab_start(&l, 1);
    lab_run(&l, 399 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "collections_total") == 99);
    lab_free(&l);
}

static void a_clock_without_a_heap_is_refused(void **state)
{
    struct errmsg e = {0};
    struct lab l = lab_new();
    (void)state;
    lab_part(&l, "service", "api", "gc_every=60s");
    assert_int_equal(model_finish(l.m, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "heap"));
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_base_and_requests),
        cmocka_unit_test(a_leak_ends_in_a_kill),
        cmocka_unit_test(a_burst_is_killed_too),
        cmocka_unit_test(a_limit_at_exactly_what_is_held_holds),
        cmocka_unit_test(the_leak_fault_can_be_of_one_version),
        cmocka_unit_test(a_crowd_dies_at_once),
        cmocka_unit_test(crashes_back_off),
        cmocka_unit_test(a_long_run_is_forgiven),
        cmocka_unit_test(pauses_as_often_and_long_as_the_formula_says),
        cmocka_unit_test(the_fuller_the_more_it_costs),
        cmocka_unit_test(a_pause_is_gc_to_the_nanosecond),
        cmocka_unit_test(pauses_in_the_middle_add_up),
        cmocka_unit_test(a_trace_shows_the_pause),
        cmocka_unit_test(a_heap_larger_than_its_container),
        cmocka_unit_test(a_full_heap_ends_the_process),
        cmocka_unit_test(a_pause_can_be_cut_short),
        cmocka_unit_test(each_request_and_connection_takes_one),
        cmocka_unit_test(without_descriptors_nothing_comes_in),
        cmocka_unit_test(a_leak_runs_dry_and_a_restart_heals),
        cmocka_unit_test(liveness_notices),
        cmocka_unit_test(a_collector_also_runs_by_the_clock),
        cmocka_unit_test(the_clock_waits_for_those_by_need),
        cmocka_unit_test(a_clock_without_a_heap_is_refused),
        cmocka_unit_test(nonsense_is_refused_with_range_and_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
