/*
 * Services under operation: restarts, rollouts, scaling, probes, faults, balancers,
 * flags, and what the change records say of it.
 */
#include "../lib/lab.h"
#include "sim_test.h"

struct shop {
    struct model *m;
    comp_id api, users, edge;
};

/* Four instances of "api" behind "edge"; 200 users a second; 10 ms each. */
static struct shop shop(void)
{
    struct shop s = {.m = model_new()};
    s.api = must_add(s.m, "service", "api");
    must_set(s.m, s.api, "instances", value_count(4));
    must_set(s.m, s.api, "start_up", value_duration(5 * SIM_SEC));
    struct node good = {.kind = NODE_COMPUTE, .time = dist_exponential(10 * SIM_MS)};
    struct node fail = {.kind = NODE_FAIL, .what = "null pointer"};
    struct node sometimes = {.kind = NODE_SOMETIMES, .p = 0.3, .body = &fail};
    struct node bad = good;
    bad.next = &sometimes;
    must(model_endpoint(s.m, s.api, "get", "v1", &good, &why), &why);
    must(model_endpoint(s.m, s.api, "get", "v2", &bad, &why), &why);
    s.edge = must_add(s.m, "balancer", "edge");
    must_set(s.m, s.edge, "to", value_text("api"));
    s.users = must_add(s.m, "client", "users");
    must_set(s.m, s.users, "to", value_text("edge/get"));
    must_set(s.m, s.users, "rate", value_number(200));
    return s;
}

static struct change last_change;
static char last_title[200];
static int changes;

static void on_change(void *ctx, const struct change *c)
{
    (void)ctx;
    last_change = *c;
    snprintf(last_title, sizeof last_title, "%s", c->title);
    changes++;
}

static const struct observer watcher = {.change = on_change};

static enum err act(struct world *w, enum action_kind kind, const char *comp,
                    int instance, const char *name, struct value v)
{
    struct action a = {.kind = kind,
                       .comp = named(w, comp),
                       .instance = instance,
                       .name = name,
                       .args = {v},
                       .nargs = v.type != VALUE_NONE};
    return world_apply(w, &a, "me", &watcher, NULL, &why);
}

static const struct value none = {.type = VALUE_NONE};

static double failed_in(struct world *w, sim_time d)
{
    double before = metric(w, "users", "failed_total");
    must_run(w, world_now(w) + d);
    return metric(w, "users", "failed_total") - before;
}

static struct instance_view view(struct world *w, int number)
{
    struct instance_view v;
    world_instance(w, named(w, "api"), number, &v);
    return v;
}

static void a_bad_deploy_breaks_and_a_rollback_heals(void **state)
{
    (void)state;
    struct shop s = shop();
    struct world *w = must_world(s.m, 1);
    assert_true(failed_in(w, 30 * SIM_SEC) == 0);
    must(act(w, ACTION_OP, "api", 0, "deploy", value_text("v2")), &why);
    assert_string_equal(last_title, "deploy api v2 (was v1)");
    (void)failed_in(w, 60 * SIM_SEC);
    assert_string_equal(view(w, 3).version, "v2");
    double failed = failed_in(w, 20 * SIM_SEC); /* 30 % of 4,000 */
    assert_true(failed > 1080 && failed < 1320);
    must(act(w, ACTION_OP, "api", 0, "rollback", none), &why);
    (void)failed_in(w, 60 * SIM_SEC);
    assert_true(failed_in(w, 20 * SIM_SEC) == 0);
    assert_string_equal(view(w, 1).version, "v1");
    assert_true(metric(w, "api", "healthy") == 4);
    must(world_apply(w, &last_change.undo, "me", &watcher, NULL, &why), &why);
    assert_string_equal(last_title, "deploy api v2 (was v1)");
    world_free(w);
}

static void a_rolling_restart_loses_nothing(void **state)
{
    (void)state;
    struct shop s = shop();
    struct world *w = must_world(s.m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_OP, "api", 0, "restart", value_bool(true)), &why);
    assert_true(failed_in(w, 60 * SIM_SEC) == 0);
    for (int i = 1; i <= 4; i++)
        assert_int_equal(view(w, i).restarts, 1);
    must(act(w, ACTION_OP, "api", 0, "restart", none), &why); /* all at once */
    assert_true(failed_in(w, 10 * SIM_SEC) > 900); /* five seconds of nothing */
    assert_true(failed_in(w, 10 * SIM_SEC) == 0);
    world_free(w);
}

static void scaling_adds_and_removes(void **state)
{
    (void)state;
    struct shop s = shop();
    struct world *w = must_world(s.m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_OP, "api", 0, "scale", value_count(7)), &why);
    assert_string_equal(last_title, "scale api 4 -> 7");
    assert_true(last_change.undoable && last_change.undo.args[0].as.count == 4);
    assert_int_equal(view(w, 7).state, INSTANCE_STARTING);
    must_run(w, 16 * SIM_SEC);
    assert_int_equal(view(w, 7).state, INSTANCE_UP);
    must_run(w, 25 * SIM_SEC);
    assert_true(view(w, 7).in_rotation);
    assert_true(failed_in(w, 5 * SIM_SEC) == 0);
    must(world_apply(w, &last_change.undo, "me", &watcher, NULL, &why), &why);
    assert_true(failed_in(w, 15 * SIM_SEC) == 0);
    assert_int_equal(view(w, 7).state, INSTANCE_NONE);
    assert_int_equal(world_instances(w, named(w, "api")), 7); /* numbers stay */
    assert_true(metric(w, "edge", "in_rotation") == 4);
    assert_true(world_get(w, named(w, "api"), "instances").as.count == 4);
    must(act(w, ACTION_SET, "api", 0, "instances", value_count(5)), &why);
    must_run(w, world_now(w) + 10 * SIM_SEC);
    assert_true(metric(w, "api", "up") == 5);
    world_free(w);
}

static void one_instance_can_be_drained_and_restarted(void **state)
{
    (void)state;
    struct shop s = shop();
    struct world *w = must_world(s.m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_OP, "edge", 2, "drain", none), &why);
    assert_string_equal(last_title, "drain api-2");
    assert_int_equal(act(w, ACTION_OP, "edge", 2, "drain", none), ERR_REFUSED);
    double before = world_metric(w, named(w, "api"), "requests_total", 2);
    must_run(w, 20 * SIM_SEC);
    assert_true(world_metric(w, named(w, "api"), "requests_total", 2) == before);
    assert_false(view(w, 2).in_rotation);
    must(act(w, ACTION_OP, "api", 2, "restart", none), &why);
    assert_true(failed_in(w, 10 * SIM_SEC) == 0);
    must(world_apply(w,
                     &(struct action){.kind = ACTION_OP,
                                      .comp = named(w, "edge"),
                                      .name = "undrain",
                                      .args = {value_count(2)},
                                      .nargs = 1},
                     "me", NULL, NULL, &why),
         &why);
    must_run(w, 40 * SIM_SEC);
    assert_true(world_metric(w, named(w, "api"), "requests_total", 2) > before + 200);
    world_free(w);
}

static void a_crash_is_restarted_unless_its_machine_is_down(void **state)
{
    (void)state;
    struct shop s = shop();
    struct action crash = {.kind = ACTION_FAULT,
                           .comp = s.api,
                           .instance = 3,
                           .name = "crash",
                           .duration = 60 * SIM_SEC};
    must(model_at(s.m, 10 * SIM_SEC, &crash, NULL, &why), &why);
    struct world *w = must_world(s.m, 1);
    must_run(w, 30 * SIM_SEC);
    assert_int_equal(view(w, 3).state, INSTANCE_DOWN);
    assert_int_equal(act(w, ACTION_OP, "api", 3, "restart", none), ERR_REFUSED);
    assert_true(metric(w, "edge", "in_rotation") == 3);
    must_run(w, 80 * SIM_SEC);
    assert_int_equal(view(w, 3).state, INSTANCE_UP);
    assert_true(metric(w, "edge", "in_rotation") == 4);
    crash.duration = 0;
    must(world_apply(w, &crash, "me", NULL, NULL, &why), &why);
    assert_int_equal(view(w, 3).state, INSTANCE_STARTING);
    must_run(w, 90 * SIM_SEC);
    assert_int_equal(view(w, 3).state, INSTANCE_UP);
    world_free(w);
}

/* A probe notices only what it needs. */
static double restarts_when_workers_hang(const char *liveness)
{
    struct shop s = shop();
    must_set(s.m, s.api, "workers", value_count(8));
    must_set(s.m, s.api, "liveness", value_text(liveness));
    struct action hang = {
        .kind = ACTION_FAULT, .comp = s.api, .instance = 2, .name = "hang"};
    must(model_at(s.m, 10 * SIM_SEC, &hang, NULL, &why), &why);
    must_set(s.m, s.users, "gives_up", value_duration(2 * SIM_SEC));
    struct world *w = must_world(s.m, 1);
    must_run(w, 60 * SIM_SEC);
    double n = metric(w, "api", "restarts_total");
    double gave_up = metric(w, "users", "gave_up_total");
    must_run(w, 70 * SIM_SEC);
    double more = metric(w, "users", "gave_up_total") - gave_up;
    if (n == 0) { /* the health thread still answers: a quarter of users hang */
        assert_true(more > 400 && more < 600);
        assert_true(metric(w, "api", "healthy") == 4);
    } else {
        assert_true(more == 0);
    }
    world_free(w);
    return n;
}

static void a_probe_notices_only_what_it_needs(void **state)
{
    (void)state;
    assert_true(restarts_when_workers_hang("own_thread") == 0);
    assert_true(restarts_when_workers_hang("none") == 0);
    assert_true(restarts_when_workers_hang("worker") == 1);
}

static void readiness_takes_it_out_and_lets_it_back(void **state)
{
    (void)state;
    struct shop s = shop();
    must_set(s.m, s.api, "readiness", value_text("worker"));
    must_set(s.m, s.edge, "probe", value_text("readiness"));
    must_set(s.m, s.edge, "threshold", value_count(1));
    struct action hang = {.kind = ACTION_FAULT,
                          .comp = s.api,
                          .instance = 2,
                          .name = "hang",
                          .duration = 40 * SIM_SEC};
    must(model_at(s.m, 10 * SIM_SEC, &hang, NULL, &why), &why);
    struct world *w = must_world(s.m, 1);
    must_run(w, 45 * SIM_SEC);
    assert_false(view(w, 2).ready);
    assert_false(view(w, 2).in_rotation);
    assert_true(metric(w, "api", "healthy") == 3);
    must_run(w, 70 * SIM_SEC);
    assert_true(view(w, 2).ready && view(w, 2).in_rotation);
    assert_true(metric(w, "api", "restarts_total") == 0);
    world_free(w);
}

/* A check that gets a page is as slow as the page, and no worker need be missing. */
static void a_probe_may_ask_for_an_endpoint(void **state)
{
    (void)state;
    for (int page = 0; page < 2; page++) {
        struct lab l = lab_new();
        const struct node slow = {.kind = NODE_SLEEP, .time = dist_const(2 * SIM_SEC)};
        const struct node fast = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
        lab_part(&l, "service", "web",
                 page ? "instances=2 readiness=endpoint probe_endpoint=home"
                      : "instances=2 readiness=endpoint probe_endpoint=other");
        lab_endpoint(&l, "web", "home", &slow);
        lab_endpoint(&l, "web", "other", &fast);
        lab_part(&l, "client", "users", "to=web/other rate=10 gives_up=5s");
        lab_start(&l, 1);
        lab_run(&l, 60 * SIM_SEC);
        assert_true(lab_metric(&l, "web", "healthy") == (page ? 0 : 2));
        double before = lab_metric(&l, "users", "answered_total");
        lab_set(&l, "web", "probe_timeout", "3s");
        lab_run(&l, 120 * SIM_SEC);
        assert_true(lab_metric(&l, "web", "healthy") == 2);
        assert_true(lab_metric(&l, "users", "answered_total") > before + 400);
        /* checks are no requests */
        assert_true(lab_metric(&l, "web/home", "requests_total") == 0);
        lab_free(&l);
    }
    struct errmsg no = {0};
    struct lab l = lab_new();
    const struct node fast = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    lab_part(&l, "service", "web", "readiness=endpoint probe_endpoint=hoem");
    lab_endpoint(&l, "web", "home", &fast);
    assert_int_equal(model_finish(l.m, &no), ERR_NOT_FOUND);
    assert_string_equal(
        no.text, "web has no endpoint \"hoem\" to probe; did you mean \"home\"?");
    lab_free(&l);
}

static void slow_and_warming_take_more_cpu(void **state)
{
    (void)state;
    struct shop s = shop();
    must_set(s.m, s.api, "warm_up", value_duration(20 * SIM_SEC));
    must_set(s.m, s.api, "warm_up_factor", value_number(2));
    struct action slow = {.kind = ACTION_FAULT,
                          .comp = s.api,
                          .name = "slow",
                          .args = {value_number(3)},
                          .nargs = 1,
                          .duration = 20 * SIM_SEC};
    must(model_at(s.m, 20 * SIM_SEC, &slow, NULL, &why), &why);
    struct world *w = must_world(s.m, 1);
    must_run(w, 20 * SIM_SEC);
    double cpu = metric(w, "api", "cpu"); /* 50/s x 10 ms on 2 cores: 0.25 */
    must_run(w, 35 * SIM_SEC);
    assert_true(cpu > 0.15 && cpu < 0.35);
    assert_true(metric(w, "api", "cpu") > 0.55);
    must_run(w, 60 * SIM_SEC);
    assert_true(metric(w, "api", "cpu") < 0.4);
    must(act(w, ACTION_OP, "api", 1, "restart", none), &why);
    must_run(w, 66 * SIM_SEC);
    assert_true(view(w, 1).warming && !view(w, 2).warming);
    must_run(w, 90 * SIM_SEC);
    assert_false(view(w, 1).warming);
    world_free(w);
}

static void limits_refuse_and_can_be_undone(void **state)
{
    (void)state;
    struct shop s = shop();
    struct world *w = must_world(s.m, 1);
    must_run(w, 10 * SIM_SEC);
    must(act(w, ACTION_SET, "edge", 0, "limit", value_number(50)), &why);
    assert_string_equal(last_title, "edge.limit -1 -> 50");
    double failed = failed_in(w, 20 * SIM_SEC);
    assert_true(failed > 2700 && failed < 3200);
    must(world_apply(w, &last_change.undo, "me", &watcher, NULL, &why), &why);
    assert_true(failed_in(w, 10 * SIM_SEC) == 0);
    struct action a = {.kind = ACTION_OP,
                       .comp = named(w, "edge"),
                       .name = "limit",
                       .args = {value_number(0), value_text("get")},
                       .nargs = 2};
    must(world_apply(w, &a, "me", &watcher, NULL, &why), &why);
    double visits = metric(w, "users", "visits_total");
    failed = failed_in(w, 10 * SIM_SEC);
    assert_true(failed >= metric(w, "users", "visits_total") - visits - 5);
    must(world_apply(w, &last_change.undo, "me", &watcher, NULL, &why), &why);
    must_run(w, world_now(w) + SIM_SEC);
    assert_true(failed_in(w, 10 * SIM_SEC) == 0);
    world_free(w);
}

static void two_choices_beat_random(void **state)
{
    static const char *const rules[] = {"random", "two_choices", "least_in_flight"};
    double mean[3];
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct model *m = model_new();
        comp_id api = must_add(m, "service", "api");
        must_set(m, api, "instances", value_count(20));
        must_set(m, api, "workers", value_count(1));
        must_set(m, api, "cores", value_number(1));
        struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
        must(model_endpoint(m, api, "get", NULL, &work, &why), &why);
        comp_id users = must_add(m, "client", "users");
        must_set(m, users, "to", value_text("api/get"));
        must_set(m, users, "rate", value_number(18000)); /* rho 0.9 */
        comp_id call = must_add(m, "call", "users.api");
        must_set(m, call, "network", value_duration(0));
        must_set(m, call, "balance", value_text(rules[k]));
        struct world *w = must_world(m, 1);
        must_run(w, 20 * SIM_SEC);
        mean[k] = metric(w, "users", "seconds_total") * 1e3 /
                  metric(w, "users", "answered_total");
        world_free(w);
    }
    assert_true(mean[0] > 8.5 && mean[0] < 11.5); /* M/M/1: 10 */
    assert_true(mean[1] > 2.4 && mean[1] < 2.9);  /* fixed point, n -> infinity: 2.61 */
    assert_true(mean[2] < mean[1]);
}

static void flags_switch_programs(void **state)
{
    (void)state;
    struct model *m = model_new();
    comp_id flag = must_add(m, "flag", "new-path");
    must_set(m, flag, "on", value_bool(true));
    comp_id api = must_add(m, "service", "api");
    struct node yes = {.kind = NODE_COUNT, .what = "new"};
    struct node no = {.kind = NODE_COUNT, .what = "old"};
    struct node when = {
        .kind = NODE_WHEN_FLAG, .what = "new-path", .body = &yes, .other = &no};
    must(model_endpoint(m, api, "get", NULL, &when, &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(100));
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC);
    assert_true(metric(w, "new", "total") > 800 && metric(w, "old", "total") == 0);
    must(act(w, ACTION_SET, "new-path", 0, "on", value_bool(false)), &why);
    assert_string_equal(last_title, "new-path.on on -> off");
    double n = metric(w, "new", "total");
    must_run(w, 20 * SIM_SEC);
    assert_true(metric(w, "new", "total") <= n + 1 && metric(w, "old", "total") > 800);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_deploy_breaks_and_a_rollback_heals),
        cmocka_unit_test(a_rolling_restart_loses_nothing),
        cmocka_unit_test(scaling_adds_and_removes),
        cmocka_unit_test(one_instance_can_be_drained_and_restarted),
        cmocka_unit_test(a_crash_is_restarted_unless_its_machine_is_down),
        cmocka_unit_test(a_probe_notices_only_what_it_needs),
        cmocka_unit_test(a_probe_may_ask_for_an_endpoint),
        cmocka_unit_test(readiness_takes_it_out_and_lets_it_back),
        cmocka_unit_test(slow_and_warming_take_more_cpu),
        cmocka_unit_test(limits_refuse_and_can_be_undone),
        cmocka_unit_test(two_choices_beat_random),
        cmocka_unit_test(flags_switch_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
