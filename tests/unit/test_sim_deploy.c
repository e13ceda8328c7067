/*
 * Versions: roll-outs with their knobs, canaries, probes that gate them, roll-outs that
 * stop by themselves; zones.
 */
#include "sim_test.h"

static const struct value none = {.type = VALUE_NONE};

/* "api" with n instances, v1 and a v2 that answers with an error half the time. */
static struct model *shop(int n)
{
    struct model *m = model_new();
    comp_id api = must_add(m, "service", "api");
    struct node good = {.kind = NODE_COMPUTE, .time = dist_const(5 * SIM_MS)};
    struct node fail = {.kind = NODE_FAIL, .what = "bug"};
    struct node half = {.kind = NODE_SOMETIMES, .p = 0.5, .body = &fail};
    struct node bad = good;
    must_set(m, api, "instances", value_count(n));
    must_set(m, api, "start_up", value_duration(4 * SIM_SEC));
    must_set(m, api, "drain", value_duration(2 * SIM_SEC));
    bad.next = &half;
    must(model_endpoint(m, api, "get", "v1", &good, &why), &why);
    must(model_endpoint(m, api, "get", "v2", &bad, &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(200));
    return m;
}

static void set(struct model *m, const char *param, struct value v)
{
    must_set(m, model_find(m, "api"), param, v);
}

static struct change last;
static char title[200];
static void on_change(void *ctx, const struct change *c)
{
    (void)ctx;
    last = *c;
    snprintf(title, sizeof title, "%s", c->title);
}
static const struct observer watcher = {.change = on_change};

static enum err act(struct world *w, enum action_kind kind, const char *name,
                    struct value a, struct value b, sim_time duration)
{
    struct action what = {.kind = kind,
                          .comp = named(w, "api"),
                          .name = name,
                          .args = {a, b},
                          .nargs =
                              (size_t)(a.type != VALUE_NONE) + (b.type != VALUE_NONE),
                          .duration = duration};
    return world_apply(w, &what, "me", &watcher, NULL, &why);
}

static void deploy(struct world *w, const char *version)
{
    must(act(w, ACTION_OP, "deploy", value_text(version), none, 0), &why);
}

static int runs(struct world *w, const char *version)
{
    int n = 0;
    for (int k = 1; k <= world_instances(w, named(w, "api")); k++) {
        struct instance_view v;
        world_instance(w, named(w, "api"), k, &v);
        n += v.state != INSTANCE_NONE && strcmp(v.version, version) == 0;
    }
    return n;
}

/* Runs on, second by second: fewest and most instances up. */
static void watch(struct world *w, sim_time until, double *fewest, double *most)
{
    *fewest = 1e9;
    *most = 0;
    while (world_now(w) < until) {
        must_run(w, world_now(w) + SIM_SEC / 4);
        double up = metric(w, "api", "up");
        *fewest = up < *fewest ? up : *fewest;
        *most = up > *most ? up : *most;
    }
}

/* ---- roll-outs ------------------------------------------------------------------- */

static void several_at_once(void **state)
{
    double fewest, most;
    (void)state;
    struct model *m = shop(9);
    set(m, "max_unavailable", value_count(3));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    deploy(w, "v2");
    watch(w, 16 * SIM_SEC, &fewest, &most);
    assert_true(fewest == 6 && most <= 9);
    assert_true(metric(w, "api", "rollout_pending") > 0);
    watch(w, 30 * SIM_SEC, &fewest, &most); /* three times four seconds */
    assert_true(fewest == 6);
    assert_int_equal(runs(w, "v2"), 9);
    assert_true(metric(w, "api", "rollout_pending") == 0);
    world_free(w);
}

static void surge_keeps_them_all(void **state)
{
    double fewest, most;
    (void)state;
    struct model *m = shop(4);
    set(m, "max_unavailable", value_count(0));
    set(m, "max_surge", value_count(2));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    double failed = metric(w, "users", "failed_total");
    must(act(w, ACTION_OP, "restart", value_bool(true), none, 0), &why);
    assert_int_equal(runs(w, "v1"), 6); /* two are starting */
    watch(w, 60 * SIM_SEC, &fewest, &most);
    assert_true(fewest == 4 && most <= 6);
    assert_true(metric(w, "api", "up") == 4); /* the extra ones have left */
    assert_true(metric(w, "users", "failed_total") == failed);
    assert_true(metric(w, "api", "restarts_total") == 4);
    assert_true(world_get(w, named(w, "api"), "instances").as.count == 4);
    must(act(w, ACTION_OP, "scale", value_count(5), none, 0), &why);
    must_run(w, 70 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 5);
    world_free(w);
}

static void neither_would_be_never(void **state)
{
    (void)state;
    struct model *m = shop(2);
    set(m, "max_unavailable", value_count(0));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    deploy(w, "v2");
    must_run(w, 30 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 2);
    world_free(w);
}

static void min_ready_slows_it_down(void **state)
{
    (void)state;
    struct model *m = shop(3);
    set(m, "min_ready", value_duration(20 * SIM_SEC));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    deploy(w, "v2"); /* each: 4 s to start, 20 s to be believed */
    must_run(w, 10 * SIM_SEC + 23 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 1);
    must_run(w, 10 * SIM_SEC + 25 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 2);
    assert_true(metric(w, "api", "up") == 2);
    must_run(w, 100 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 3);
    world_free(w);
}

static struct world *unready_v2(bool turn)
{
    struct model *m = shop(4);
    set(m, "readiness", value_text("worker"));
    set(m, "ready_at_start", value_bool(false));
    set(m, "min_ready", value_duration(SIM_SEC));
    set(m, "progress_deadline", value_duration(40 * SIM_SEC));
    set(m, "auto_rollback", value_bool(turn));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_FAULT, "unready", value_text("v2"), none, 0), &why);
    deploy(w, "v2");
    must_run(w, 49 * SIM_SEC);
    assert_true(metric(w, "api", "rollout_halted") == 0);
    assert_true(metric(w, "api", "healthy") == 3);
    return w;
}

static void a_rollout_that_does_not_get_ready_stops(void **state)
{
    (void)state;
    struct world *w = unready_v2(false);
    double bad = metric(w, "users", "failed_total");
    must_run(w, 200 * SIM_SEC);
    assert_true(metric(w, "api", "rollout_halted") == 1);
    assert_int_equal(runs(w, "v2"), 1); /* one, which nobody is sent to */
    assert_true(metric(w, "users", "failed_total") == bad && bad == 0);
    must(act(w, ACTION_FAULT, "crash", none, none, 0), &why); /* all of them */
    must_run(w, 230 * SIM_SEC);
    assert_int_equal(runs(w, "v1"), 3); /* the dead come back in their old version */
    must(act(w, ACTION_OP, "rollback", none, none, 0), &why);
    assert_true(metric(w, "api", "rollout_halted") == 0);
    must_run(w, 300 * SIM_SEC);
    assert_int_equal(runs(w, "v1"), 4);
    assert_true(metric(w, "api", "healthy") == 4);
    assert_true(metric(w, "api", "rollout_halted") == 0);
    world_free(w);
}

static void or_turns_round(void **state)
{
    (void)state;
    struct world *w = unready_v2(true);
    must_run(w, 100 * SIM_SEC);
    assert_int_equal(runs(w, "v1"), 4);
    assert_true(metric(w, "api", "healthy") == 4);
    assert_string_equal(world_get(w, named(w, "api"), "version").as.text, "v1");
    world_free(w);
}

/* Crash-looping new instances hold the roll-out up, too. */
static void a_version_that_does_not_start(void **state)
{
    (void)state;
    struct model *m = shop(3);
    set(m, "crash_backoff", value_duration(10 * SIM_SEC));
    set(m, "progress_deadline", value_duration(60 * SIM_SEC));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_FAULT, "fails_to_start", value_text("v2"), none, 0), &why);
    deploy(w, "v2");
    must_run(w, 100 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 2);
    assert_true(metric(w, "api", "rollout_halted") == 1);
    assert_true(metric(w, "api", "restarts_total") >= 3);
    deploy(w, "v1");
    must_run(w, 120 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 3);
    world_free(w);
}

/* Requests inside finish the program they began. */
/* A version that differs in nothing is put out and taken back like any other, and users
 * notice neither; one that is like a bad one is as bad. */
static void a_version_like_another(void **state)
{
    (void)state;
    struct model *m = shop(4);
    comp_id api = model_find(m, "api");
    must(model_version_like(m, api, "v3", NULL, &why), &why);
    must(model_version_like(m, api, "v4", "v2", &why), &why);
    assert_int_equal(model_version_like(m, api, "v2", NULL, &why), ERR_INPUT);
    set(m, "max_surge", value_count(1));
    struct world *w = must_world(m, 1);
    deploy(w, "v3");
    assert_string_equal(title, "deploy api v3 (was v1)");
    must_run(w, 60 * SIM_SEC);
    assert_int_equal(runs(w, "v3"), 4);
    assert_true(metric(w, "users", "failed_total") == 0);
    must(world_apply(w, &last.undo, "me", &watcher, NULL, &why), &why);
    must_run(w, 120 * SIM_SEC);
    assert_int_equal(runs(w, "v1"), 4);
    assert_true(metric(w, "users", "failed_total") == 0);
    deploy(w, "v4");
    must_run(w, 180 * SIM_SEC);
    assert_true(metric(w, "users", "failed_total") > 1000);
    world_free(w);
}

static void requests_keep_their_version(void **state)
{
    (void)state;
    struct model *m = model_new();
    comp_id api = must_add(m, "service", "api");
    struct node one[] = {{.kind = NODE_SLEEP, .time = dist_const(5 * SIM_SEC)},
                         {.kind = NODE_COUNT, .what = "old"}};
    struct node two[] = {{.kind = NODE_COUNT, .what = "new"}};
    one[0].next = &one[1];
    must_set(m, api, "instances", value_count(1));
    must_set(m, api, "drain", value_duration(10 * SIM_SEC));
    must(model_endpoint(m, api, "get", "v1", one, &why), &why);
    must(model_endpoint(m, api, "get", "v2", two, &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(10));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    double inside = metric(w, "api", "in_flight"), old = metric(w, "old", "total");
    deploy(w, "v2");
    must_run(w, 40 * SIM_SEC);
    assert_true(metric(w, "old", "total") == old + inside && inside > 20);
    assert_true(metric(w, "new", "total") > 200);
    world_free(w);
}

/* ---- canaries -------------------------------------------------------------------- */

static double failed_share(struct world *w, sim_time d)
{
    double failed = metric(w, "users", "failed_total");
    double all = metric(w, "users", "attempts_total");
    must_run(w, world_now(w) + d);
    return (metric(w, "users", "failed_total") - failed) /
           (metric(w, "users", "attempts_total") - all);
}

static void a_canary_gets_its_share(void **state)
{
    (void)state;
    struct world *w = must_world(shop(10), 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_OP, "canary", value_text("v2"), value_number(0.2), 0), &why);
    assert_string_equal(title, "canary api v2 on 2 of 10");
    struct action undo = last.undo;
    must_run(w, 30 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 2);
    assert_true(metric(w, "api", "canaries") == 2);
    double share = failed_share(w, 60 * SIM_SEC); /* 0.2 x 0.5 */
    assert_true(share > 0.08 && share < 0.12);
    must(act(w, ACTION_FAULT, "crash", none, none, 0), &why);
    must(act(w, ACTION_OP, "scale", value_count(12), none, 0), &why);
    must_run(w, world_now(w) + 20 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 2); /* also after a crash; new ones run the old */
    assert_int_equal(runs(w, "v1"), 10);
    must(world_apply(w, &undo, "me", &watcher, NULL, &why), &why);
    assert_string_equal(title, "abort canary v2 of api");
    must_run(w, world_now(w) + 30 * SIM_SEC);
    assert_int_equal(runs(w, "v1"), 12);
    assert_true(failed_share(w, 20 * SIM_SEC) == 0);
    assert_int_equal(act(w, ACTION_OP, "abort", none, none, 0), ERR_REFUSED);
    assert_int_equal(act(w, ACTION_OP, "promote", none, none, 0), ERR_REFUSED);
    world_free(w);
}

static void a_canary_can_grow_shrink_and_be_promoted(void **state)
{
    (void)state;
    struct world *w = must_world(shop(10), 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_OP, "canary", value_text("v2"), value_number(0.01), 0), &why);
    must_run(w, 20 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 1); /* at least one */
    must(act(w, ACTION_OP, "canary", value_text("v2"), value_number(0.5), 0), &why);
    must_run(w, 60 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 5);
    must(act(w, ACTION_OP, "canary", value_text("v2"), value_number(0.3), 0), &why);
    must_run(w, 90 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 3);
    must(act(w, ACTION_OP, "promote", none, none, 0), &why);
    assert_string_equal(title, "promote api v2 (was v1)");
    must_run(w, 150 * SIM_SEC);
    assert_int_equal(runs(w, "v2"), 10);
    assert_true(metric(w, "api", "canaries") == 0);
    must(act(w, ACTION_OP, "rollback", none, none, 0), &why);
    must_run(w, 220 * SIM_SEC);
    assert_int_equal(runs(w, "v1"), 10);
    world_free(w);
}

static void a_canary_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct world *w = must_world(shop(2), 1);
    struct value half = value_number(0.5);
    assert_int_equal(act(w, ACTION_OP, "canary", value_text("v3"), half, 0),
                     ERR_NOT_FOUND);
    assert_int_equal(act(w, ACTION_OP, "canary", value_text("v1"), half, 0),
                     ERR_REFUSED);
    assert_int_equal(act(w, ACTION_OP, "canary", value_text("v2"), value_number(0), 0),
                     ERR_INPUT);
    assert_int_equal(
        act(w, ACTION_OP, "canary", value_text("v2"), value_number(1.5), 0), ERR_INPUT);
    assert_int_equal(act(w, ACTION_OP, "canary", value_text("v2"), none, 0), ERR_INPUT);
    assert_true(metric(w, "api", "canaries") == 0);
    world_free(w);
}

/* ---- probes ---------------------------------------------------------------------- */

static double restarted_after(const char *param, int64_t n)
{
    struct model *m = shop(1);
    set(m, "liveness", value_text("worker"));
    if (param)
        set(m, param, value_count(n));
    set(m, "probe_timeout", value_duration(SIM_SEC));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_FAULT, "hang", none, none, 0), &why);
    while (metric(w, "api", "restarts_total") == 0 && world_now(w) < 100 * SIM_SEC)
        must_run(w, world_now(w) + SIM_SEC / 10);
    double s = (double)world_now(w) / 1e9 - 10;
    world_free(w);
    return s;
}

static void each_probe_has_its_own_patience(void **state)
{
    (void)state;
    double usual = restarted_after(NULL, 0); /* every 5 s, three times */
    assert_true(usual > 10 && usual < 17);
    assert_true(restarted_after("liveness_failures", 1) < 7);
    assert_true(restarted_after("liveness_failures", 6) > 25);
    assert_true(restarted_after("readiness_failures", 6) == usual);
}

static void readiness_comes_back_after_some_successes(void **state)
{
    (void)state;
    struct model *m = shop(2);
    set(m, "probe_successes", value_count(3));
    set(m, "probe_every", value_duration(2 * SIM_SEC));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_FAULT, "unready", none, none, 20 * SIM_SEC), &why);
    must_run(w, 29 * SIM_SEC);
    assert_true(metric(w, "api", "healthy") == 0); /* all together */
    must_run(w, 33 * SIM_SEC);
    assert_true(metric(w, "api", "healthy") == 0);
    must_run(w, 37 * SIM_SEC);
    assert_true(metric(w, "api", "healthy") == 2);
    world_free(w);
}

/* A dependency in the readiness probe takes all instances out together. */
static void a_dependency_in_a_probe_takes_all_out(void **state)
{
    (void)state;
    struct model *m = shop(4);
    comp_id db = must_add(m, "database", "db");
    (void)db;
    must_set(m, must_add(m, "pool", "api.pool"), "to", value_text("db"));
    set(m, "readiness", value_text("database"));
    struct world *w = must_world(m, 1);
    must_run(w, 20 * SIM_SEC);
    assert_true(metric(w, "users", "failed_total") == 0);
    struct action down = {.kind = ACTION_FAULT,
                          .comp = named(w, "db"),
                          .name = "down",
                          .duration = 60 * SIM_SEC};
    must(world_apply(w, &down, NULL, NULL, NULL, &why), &why);
    must_run(w, 60 * SIM_SEC);
    assert_true(metric(w, "api", "healthy") == 0); /* and none of them needs it */
    assert_true(metric(w, "users", "failed_total") > 3000);
    must_run(w, 100 * SIM_SEC);
    assert_true(metric(w, "api", "healthy") == 4);
    world_free(w);
}

static void a_slow_starter_needs_a_delay(void **state)
{
    (void)state;
    struct model *m = shop(1);
    set(m, "liveness", value_text("worker"));
    set(m, "probe_delay", value_duration(30 * SIM_SEC));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_OP, "restart", none, none, 0), &why);
    must_run(w, 15 * SIM_SEC); /* up at 14 */
    must(act(w, ACTION_FAULT, "hang", none, none, 25 * SIM_SEC), &why);
    must_run(w, 50 * SIM_SEC);
    assert_true(metric(w, "api", "restarts_total") == 1); /* nobody asked meanwhile */
    world_free(w);
}

/* ---- zones ----------------------------------------------------------------------- */

static void a_zone_takes_its_instances_with_it(void **state)
{
    (void)state;
    struct model *m = shop(7);
    set(m, "zones", value_count(3));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    assert_int_equal(act(w, ACTION_FAULT, "zone_down", value_count(4), none, 0),
                     ERR_INPUT);
    must(act(w, ACTION_FAULT, "zone_down", value_count(1), none, 30 * SIM_SEC), &why);
    assert_true(metric(w, "api", "up") == 4); /* 1, 4 and 7 are gone */
    assert_true(metric(w, "api", "zone_down") == 3);
    struct action one = {
        .kind = ACTION_OP, .comp = named(w, "api"), .instance = 4, .name = "restart"};
    assert_int_equal(world_apply(w, &one, "me", NULL, NULL, &why), ERR_REFUSED);
    must(act(w, ACTION_OP, "scale", value_count(10), none, 0), &why);
    must_run(w, 30 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 6); /* 8, 9; not 10 */
    must(act(w, ACTION_OP, "restart", none, none, 0), &why);
    must_run(w, 39 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 6);
    must_run(w, 45 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 10);
    must(act(w, ACTION_FAULT, "zone_down", value_count(2), none, 0), &why);
    must(act(w, ACTION_FAULT, "zone_down", value_count(3), none, 10 * SIM_SEC), &why);
    must_run(w, 52 * SIM_SEC); /* the second in place of the first */
    assert_true(metric(w, "api", "zone_down") == 3 && metric(w, "api", "up") == 7);
    must_run(w, 70 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 10);
    world_free(w);
}

/* ---- two colours ----------------------------------------------------------------- */

static struct world *colours(int n, sim_time keep, bool balancer)
{
    struct model *m = shop(n);
    set(m, "strategy", value_text("blue_green"));
    set(m, "keep_old", value_duration(keep));
    if (balancer) {
        comp_id lb = must_add(m, "balancer", "lb");
        must_set(m, lb, "to", value_text("api"));
        must_set(m, lb, "probe", value_text("readiness"));
        must_set(m, model_find(m, "users"), "to", value_text("lb/get"));
    }
    return must_world(m, 1);
}

/* Failures of v2, which errs half the time: none before the switch, and at once half
 * of 200 a second after it. */
static void all_at_once_when_all_are_ready(void **state)
{
    (void)state;
    for (int balancer = 0; balancer < 2; balancer++) {
        struct world *w = colours(4, 0, balancer);
        must_run(w, 10 * SIM_SEC);
        deploy(w, "v2");
        must_run(w, 14 * SIM_SEC - 1);
        assert_true(metric(w, "api", "rollout_pending") == 4);
        assert_true(metric(w, "api", "healthy") == 4);
        sim_time t = 14 * SIM_SEC + 1; /* a balancer has to find them well, too */
        for (; metric(w, "api", "rollout_pending") > 0 && t < SIM_MIN; t += SIM_MS) {
            assert_true(metric(w, "users", "failed_total") == 0);
            must_run(w, t);
        }
        assert_true(balancer
                        ? t >= 15 * SIM_SEC && t < 16 * SIM_SEC /* asks every 5 s */
                        : t <= 14 * SIM_SEC + SIM_MS + 1);
        must_run(w, t + SIM_SEC);
        double failed = metric(w, "users", "failed_total");
        assert_true(failed > 60 && failed < 140);
        assert_true(metric(w, "api", "healthy") == 4 && metric(w, "api", "up") == 4);
        must_run(w, SIM_MIN);
        assert_true(metric(w, "api", "idle") == 0);
        world_free(w);
    }
}

static void the_old_set_is_kept_to_go_back_to(void **state)
{
    (void)state;
    struct world *w = colours(4, SIM_MIN, true);
    must_run(w, 10 * SIM_SEC);
    deploy(w, "v2");
    must_run(w, 40 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 8 && metric(w, "api", "idle") == 4);
    double before = metric(w, "users", "failed_total");
    assert_true(before > 0);
    must(act(w, ACTION_OP, "rollback", none, none, 0), &why);
    must_run(w, 40 * SIM_SEC + 100 * SIM_MS); /* requests inside may still err */
    before = metric(w, "users", "failed_total");
    must_run(w, 60 * SIM_SEC);
    assert_true(metric(w, "users", "failed_total") == before);
    assert_true(metric(w, "api", "up") == 4 && metric(w, "api", "idle") == 0);
    assert_string_equal(world_get(w, named(w, "api"), "version").as.text, "v1");
    world_free(w);
}

static void kept_for_so_long_and_no_longer(void **state)
{
    (void)state;
    struct world *w = colours(3, SIM_MIN, false);
    deploy(w, "v2");
    must_run(w, 64 * SIM_SEC - 1);
    assert_true(metric(w, "api", "idle") == 3);
    must_run(w, 67 * SIM_SEC);
    assert_true(metric(w, "api", "idle") == 0 && metric(w, "api", "up") == 3);
    must(act(w, ACTION_OP, "rollback", none, none, 0), &why); /* a whole new set */
    must_run(w, 70 * SIM_SEC);
    assert_true(metric(w, "api", "rollout_pending") == 3);
    must_run(w, 75 * SIM_SEC);
    assert_true(metric(w, "api", "idle") == 3);
    world_free(w);
}

static void a_set_that_does_not_get_ready_never_serves(void **state)
{
    struct model *m = shop(3);
    (void)state;
    set(m, "strategy", value_text("blue_green"));
    set(m, "progress_deadline", value_duration(30 * SIM_SEC));
    struct world *w = must_world(m, 1);
    must(act(w, ACTION_FAULT, "fails_to_start", value_text("v2"), none, 0), &why);
    must_run(w, 10 * SIM_SEC);
    deploy(w, "v2");
    must_run(w, 39 * SIM_SEC);
    assert_true(metric(w, "api", "healthy") == 3);
    must_run(w, 60 * SIM_SEC);
    assert_true(metric(w, "users", "failed_total") == 0);
    assert_true(metric(w, "api", "rollout_halted") == 1);
    assert_true(metric(w, "api", "up") == 3 &&
                metric(w, "api", "rollout_pending") == 0);
    assert_string_equal(world_get(w, named(w, "api"), "version").as.text, "v1");
    world_free(w);
}

/* Scaled in the middle: the number asked for is there in the end, of the new version. */
static void scaling_while_both_run(void **state)
{
    (void)state;
    for (int n = 2; n <= 6; n += 2) {
        struct world *w = colours(4, 20 * SIM_SEC, true);
        deploy(w, "v2");
        must_run(w, 2 * SIM_SEC);
        must(act(w, ACTION_OP, "scale", value_count(n), none, 0), &why);
        must_run(w, 60 * SIM_SEC);
        assert_true(metric(w, "api", "healthy") == n);
        assert_true(metric(w, "api", "idle") == 0);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_at_once),
        cmocka_unit_test(surge_keeps_them_all),
        cmocka_unit_test(neither_would_be_never),
        cmocka_unit_test(min_ready_slows_it_down),
        cmocka_unit_test(a_rollout_that_does_not_get_ready_stops),
        cmocka_unit_test(or_turns_round),
        cmocka_unit_test(a_version_that_does_not_start),
        cmocka_unit_test(a_version_like_another),
        cmocka_unit_test(requests_keep_their_version),
        cmocka_unit_test(a_canary_gets_its_share),
        cmocka_unit_test(a_canary_can_grow_shrink_and_be_promoted),
        cmocka_unit_test(a_canary_that_makes_no_sense_is_refused),
        cmocka_unit_test(each_probe_has_its_own_patience),
        cmocka_unit_test(readiness_comes_back_after_some_successes),
        cmocka_unit_test(a_dependency_in_a_probe_takes_all_out),
        cmocka_unit_test(a_slow_starter_needs_a_delay),
        cmocka_unit_test(a_zone_takes_its_instances_with_it),
        cmocka_unit_test(all_at_once_when_all_are_ready),
        cmocka_unit_test(the_old_set_is_kept_to_go_back_to),
        cmocka_unit_test(kept_for_so_long_and_no_longer),
        cmocka_unit_test(a_set_that_does_not_get_ready_never_serves),
        cmocka_unit_test(scaling_while_both_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
