/*
 * How settings change when an operator changes them: at once, at the next restart of an
 * instance or a server, by a resize; what is no setting; and what an undo takes. The
 * incident's way is at once, whatever the parameter.
 */
#include "../lib/lab.h"
#include "truecode/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

static struct change told[16];
static char titles[16][160];
static size_t ntold;

static void on_change(void *ctx, const struct change *c)
{
    (void)ctx;
    assert_true(ntold < 16);
    snprintf(titles[ntold], sizeof *titles, "%s by %s", c->title, c->who);
    told[ntold++] = *c;
}
static const struct observer observer = {.change = on_change};

static struct lab shop(void)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(20 * SIM_MS)};
    lab_part(&l, "database", "db",
             "cores=4 max_connections=50 disk_size=1000000000000 resize_time=5m "
             "resize_away=30s restart_time=10s");
    lab_part(&l, "service", "api",
             "instances=3 workers=10 cores=2 start_up=5s drain=1s");
    lab_endpoint(&l, "api", "get", &work);
    lab_part(&l, "client", "users", "to=api/get rate=20");
    lab_start(&l, 1);
    ntold = 0;
    return l;
}

/* Does it in the console's way. */
static enum err ask(struct lab *l, const char *comp, const char *param, struct value to,
                    struct errmsg *why)
{
    struct action a = {.kind = ACTION_SET_LATER,
                       .comp = model_find(l->m, comp),
                       .name = param,
                       .args = {to},
                       .nargs = 1};
    return world_apply(l->w, &a, "you", &observer, NULL, why);
}

static void asks(struct lab *l, const char *comp, const char *param, struct value to)
{
    struct errmsg why = {0};
    if (ask(l, comp, param, to, &why) != ERR_OK)
        fail_msg("%s.%s: %s", comp, param, why.text);
}

static void refuses(struct lab *l, const char *comp, const char *param, struct value to,
                    const char *says)
{
    struct errmsg why = {0};
    assert_int_equal(ask(l, comp, param, to, &why), ERR_REFUSED);
    if (!strstr(why.text, says))
        fail_msg("%s.%s: “%s”, expected “%s”", comp, param, why.text, says);
}

static void runs(struct lab *l, sim_time until)
{
    struct errmsg why = {0};
    if (world_run(l->w, until, UINT64_MAX, &observer, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static int workers(const struct lab *l, int instance)
{
    struct instance_view v;
    world_instance(l->w, model_find(l->m, "api"), instance, &v);
    return v.workers;
}

static int64_t is(const struct lab *l, const char *comp, const char *param)
{
    return world_get(l->w, model_find(l->m, comp), param).as.count;
}

static bool later(const struct lab *l, const char *comp, const char *param,
                  struct later_view *v)
{
    return world_later(l->w, model_find(l->m, comp), param, v);
}

/* ---- at once, and not at all ----------------------------------------------------- */

static void at_once(void **state)
{
    (void)state;
    struct lab l = shop();
    asks(&l, "api", "drain", value_duration(3 * SIM_SEC));
    assert_true(world_get(l.w, model_find(l.m, "api"), "drain").as.duration ==
                3 * SIM_SEC);
    assert_string_equal(titles[0], "api.drain 1 s -> 3 s by you");
    assert_int_equal(told[0].undo.kind, ACTION_SET);
    lab_free(&l);
}

/* The incident may; an operator may not, and cannot take it back. */
static void users_and_built(void **state)
{
    (void)state;
    struct lab l = shop();
    struct errmsg why = {0};
    refuses(&l, "users", "rate", value_number(0), "what users want");
    refuses(&l, "users", "gives_up", value_dist(dist_const(SIM_SEC)), "turn them away");
    refuses(&l, "api", "memory_leak", value_number(0), "how this is built");
    refuses(&l, "db", "data", value_count(0), "cannot be changed");
    struct action a = {.kind = ACTION_SET,
                       .comp = model_find(l.m, "users"),
                       .name = "rate",
                       .args = {value_number(50)},
                       .nargs = 1};
    assert_int_equal(world_apply(l.w, &a, "a campaign", &observer, NULL, &why), ERR_OK);
    assert_string_equal(titles[0], "users.rate 20 -> 50 by a campaign");
    assert_false(told[0].undoable);
    lab_free(&l);
}

/* ---- at a restart ---------------------------------------------------------------- */

static void each_instance_at_its_restart(void **state)
{
    struct later_view v;
    (void)state;
    struct lab l = shop();
    runs(&l, 10 * SIM_SEC);
    asks(&l, "api", "workers", value_count(4));
    assert_int_equal(is(&l, "api", "workers"), 4);
    assert_int_equal(workers(&l, 1), 10);
    assert_true(later(&l, "api", "workers", &v) && v.instances == 3 &&
                v.value.as.count == 10);
    assert_string_equal(titles[0], "api.workers 10 -> 4, from each restart on by you");
    struct action restart = {.kind = ACTION_OP,
                             .comp = model_find(l.m, "api"),
                             .instance = 2,
                             .name = "restart"};
    struct errmsg why = {0};
    assert_int_equal(world_apply(l.w, &restart, "you", NULL, NULL, &why), ERR_OK);
    runs(&l, 20 * SIM_SEC);
    assert_int_equal(workers(&l, 1), 10);
    assert_int_equal(workers(&l, 2), 4);
    assert_true(later(&l, "api", "workers", &v) && v.instances == 2);
    asks(&l, "api", "workers", value_count(10)); /* back: the second keeps its 4 */
    assert_int_equal(workers(&l, 1), 10);
    assert_int_equal(workers(&l, 2), 4);
    assert_true(later(&l, "api", "workers", &v) && v.instances == 1);
    restart.instance = 0;
    assert_int_equal(world_apply(l.w, &restart, "you", NULL, NULL, &why), ERR_OK);
    runs(&l, 30 * SIM_SEC);
    assert_int_equal(workers(&l, 2), 10);
    assert_false(later(&l, "api", "workers", &v));
    lab_free(&l);
}

/* Work that is under way goes on with the cores that the instance started with. */
static void old_cores_work_on(void **state)
{
    (void)state;
    struct lab l = shop();
    runs(&l, 60 * SIM_SEC);
    asks(&l, "api", "cores", value_number(0.02));
    runs(&l, 120 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "in_flight") < 10);
    struct value kept;
    assert_true(world_kept(l.w, model_find(l.m, "api"), 1, "cores", &kept));
    assert_true(kept.as.number == 2);
    assert_false(world_kept(l.w, model_find(l.m, "api"), 1, "workers", &kept));
    lab_free(&l);
}

/* Whatever starts has what is set: a new instance, one that is scaled away and comes
 * again. */
static void who_starts_has_the_new(void **state)
{
    (void)state;
    struct lab l = shop();
    asks(&l, "api", "workers", value_count(4));
    lab_op(&l, "api", "scale", "4");
    runs(&l, 10 * SIM_SEC);
    assert_int_equal(workers(&l, 3), 10);
    assert_int_equal(workers(&l, 4), 4);
    lab_op(&l, "api", "scale", "2");
    runs(&l, 20 * SIM_SEC);
    lab_op(&l, "api", "scale", "3");
    runs(&l, 30 * SIM_SEC);
    assert_int_equal(workers(&l, 1), 10);
    assert_int_equal(workers(&l, 3), 4);
    lab_free(&l);
}

static void a_server_at_its_restart(void **state)
{
    struct later_view v;
    (void)state;
    struct lab l = shop();
    asks(&l, "db", "max_connections", value_count(80));
    assert_int_equal(is(&l, "db", "max_connections"), 50);
    assert_true(later(&l, "db", "max_connections", &v) && v.value.as.count == 80 &&
                v.due == 0);
    lab_op(&l, "db", "restart", NULL);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "restart", NULL, 0), ERR_REFUSED);
    runs(&l, 5 * SIM_SEC);
    assert_int_equal(is(&l, "db", "max_connections"), 50);
    runs(&l, 11 * SIM_SEC);
    assert_int_equal(is(&l, "db", "max_connections"), 80);
    assert_false(later(&l, "db", "max_connections", &v));
    asks(&l, "db", "max_connections", value_count(90)); /* any start will do */
    lab_fault(&l, "db", "down", NULL, 3 * SIM_SEC);
    runs(&l, 20 * SIM_SEC);
    assert_int_equal(is(&l, "db", "max_connections"), 90);
    asks(&l, "db", "max_connections", value_count(10)); /* called off */
    asks(&l, "db", "max_connections", value_count(90));
    assert_false(later(&l, "db", "max_connections", &v));
    lab_free(&l);
}

/* A fault that begins during a restart ends when it ends, not when the restart would. */
static void down_during_a_restart(void **state)
{
    (void)state;
    struct lab l = shop();
    lab_op(&l, "db", "restart", NULL);
    runs(&l, 5 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 60 * SIM_SEC);
    runs(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "up") == 0);
    runs(&l, 70 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "up") == 1);
    lab_free(&l);
}

/* ---- by a resize ----------------------------------------------------------------- */

static void a_resize_takes_its_time(void **state)
{
    struct later_view v;
    (void)state;
    struct lab l = shop();
    asks(&l, "db", "cores", value_count(8));
    assert_string_equal(titles[0], "db.cores 4 -> 8, a resize of 5 min by you");
    assert_true(told[0].undoable);
    runs(&l, 299 * SIM_SEC);
    assert_int_equal(is(&l, "db", "cores"), 4);
    assert_true(later(&l, "db", "cores", &v) && v.due == 300 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "up") == 1);
    runs(&l, 301 * SIM_SEC);
    assert_int_equal(is(&l, "db", "cores"), 8);
    assert_true(lab_metric(&l, "db", "up") == 0); /* the new machine takes over */
    assert_string_equal(titles[1], "db.cores 4 -> 8: resized by platform");
    runs(&l, 331 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "up") == 1);
    assert_false(later(&l, "db", "cores", &v));
    lab_free(&l);
}

static void a_resize_called_off(void **state)
{
    struct later_view v;
    struct errmsg why = {0};
    (void)state;
    struct lab l = shop();
    asks(&l, "db", "cores", value_count(8));
    runs(&l, 100 * SIM_SEC);
    asks(&l, "db", "cores", value_count(16)); /* anew */
    assert_true(later(&l, "db", "cores", &v) && v.due == 400 * SIM_SEC);
    assert_int_equal(world_apply(l.w, &told[0].undo, "you", &observer, NULL, &why),
                     ERR_OK);
    assert_false(later(&l, "db", "cores", &v));
    runs(&l, 600 * SIM_SEC);
    assert_int_equal(is(&l, "db", "cores"), 4);
    assert_true(lab_metric(&l, "db", "up") == 1);
    lab_free(&l);
}

static void a_disk_only_grows(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = shop();
    refuses(&l, "db", "disk_size", value_count(1000), "can only grow");
    asks(&l, "db", "disk_size", value_count(2000000000000));
    runs(&l, 301 * SIM_SEC);
    assert_true(is(&l, "db", "disk_size") == 2000000000000);
    assert_true(lab_metric(&l, "db", "up") == 1); /* in use all the time */
    assert_int_equal(world_apply(l.w, &told[0].undo, "you", NULL, NULL, &why),
                     ERR_REFUSED);
    lab_free(&l);
}

/* ---- undo, and the incident ------------------------------------------------------ */

static void the_incident_is_at_once(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = shop();
    struct action a = {.kind = ACTION_SET,
                       .comp = model_find(l.m, "api"),
                       .name = "workers",
                       .args = {value_count(4)},
                       .nargs = 1};
    assert_int_equal(world_apply(l.w, &a, "Tomek", &observer, NULL, &why), ERR_OK);
    assert_int_equal(workers(&l, 1), 4);
    assert_int_equal(told[0].undo.kind,
                     ACTION_SET_LATER); /* an operator's takes longer */
    assert_int_equal(world_apply(l.w, &told[0].undo, "you", NULL, NULL, &why), ERR_OK);
    assert_int_equal(workers(&l, 1), 4);
    assert_int_equal(is(&l, "api", "workers"), 10);
    lab_free(&l);
}

/* A fork has what waits, too, and goes the same way. */
static void a_fork_goes_the_same_way(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = shop();
    asks(&l, "db", "cores", value_count(8));
    asks(&l, "api", "workers", value_count(4));
    asks(&l, "api", "heap", value_number(64));
    asks(&l, "api", "memory_limit", value_number(128));
    runs(&l, 100 * SIM_SEC);
    lab_op(&l, "api", "restart", NULL);
    struct world *copy = world_fork(l.w);
    runs(&l, 400 * SIM_SEC);
    assert_int_equal(world_run(copy, 400 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(copy) == world_digest(l.w));
    assert_int_equal(world_get(copy, model_find(l.m, "db"), "cores").as.count, 8);
    world_free(copy);
    lab_free(&l);
}

/* Every kind says how what is hardware changes, and every table is whole. */
static void every_parameter_says_how(void **state)
{
    size_t of[CHANGES] = {0};
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++)
        for (size_t p = 0; p < sim_kind(i)->nparams; p++) {
            const struct param_desc *d = &sim_kind(i)->params[p];
            of[d->change]++;
            assert_true(*change_word(d->change) && *change_text(d->change));
            if (d->change == CHANGE_USERS)
                assert_true(param_is_setting(d) == false);
        }
    for (size_t c = 0; c < CHANGES; c++)
        assert_true(of[c] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once),
        cmocka_unit_test(users_and_built),
        cmocka_unit_test(each_instance_at_its_restart),
        cmocka_unit_test(old_cores_work_on),
        cmocka_unit_test(who_starts_has_the_new),
        cmocka_unit_test(a_server_at_its_restart),
        cmocka_unit_test(down_during_a_restart),
        cmocka_unit_test(a_resize_takes_its_time),
        cmocka_unit_test(a_resize_called_off),
        cmocka_unit_test(a_disk_only_grows),
        cmocka_unit_test(the_incident_is_at_once),
        cmocka_unit_test(a_fork_goes_the_same_way),
        cmocka_unit_test(every_parameter_says_how),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
