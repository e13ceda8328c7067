/*
 * Promises: what a file says of them arrives or is refused with its place, and a goal is
 * reached only while all of them are kept.
 */
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define USERS "users = { 'quick', within = sec(1), good = 0.99, window = min(30) }"

/* A shop whose buyers are charged twice from 02:00 to 03:00, and whose index stops at 10:00.
 * `%s`: fields, on line 2. */
#define SHOP                                                                           \
    "return lesson { id = 'x', title = 'X', track = 'lab',\n"                          \
    "%s\n"                                                                             \
    "world = function(w)\n"                                                            \
    " w:counter { 'orders' } w:counter { 'charges' } w:flag { 'twice' }\n"             \
    " w:broker { 'bus', topics = { events = { subscriptions = {\n"                     \
    "   index = { to = 'indexer/add' } } } } }\n"                                      \
    " w:service { 'indexer', endpoints = { add = { compute(ms(1)) } } }\n"             \
    " w:service { 'shop', endpoints = { buy = { count('orders'), count('charges'),\n"  \
    "   when_flag('twice', { count('charges') }), publish('bus.events') } } }\n"       \
    " w:client { 'users', to = 'shop/buy', rate = 5 } end,\n"                          \
    "incident = function(i)\n"                                                         \
    " i:at(min(2), flag('twice', true)) i:at(min(3), flag('twice', false))\n"          \
    " i:at(min(10), fault('bus.events.index', 'stuck')) end }"

static struct lesson *load(const char *fields, struct errmsg *why)
{
    static char text[8192];
    struct lesson *l;
    snprintf(text, sizeof text, SHOP, fields);
    return lesson_load(&l, text, strlen(text), "x.lua", why) == ERR_OK ? l : NULL;
}

static void refused(const char *fields, int line, const char *words)
{
    struct errmsg why = {0};
    struct lesson_world lw = {0};
    char where[40];
    struct lesson *l = load(fields, &why);
    snprintf(where, sizeof where, "x.lua:%d: ", line);
    if (l)
        assert_int_equal(lesson_build(l, 1, &lw, &why), ERR_LESSON);
    lesson_unref(l);
    if (strncmp(why.text, where, strlen(where)) || !strstr(why.text, words))
        fail_msg("%s\n  expected %s%s\n  got %s", fields, where, words, why.text);
}

static void wrong_promises_are_named(void **state)
{
    (void)state;
    refused("promises = { data = {} },", 2, "promises lacks users");
    refused("promises = { " USERS ", data = { { 'kept' } } },", 2,
            "promise 'kept' needs holds or broken");
    refused("promises = { " USERS
            ", fresh = { { 'new', of = 'indx', within = sec(5) } } },",
            2, "there is no component 'indx'");
    refused("promises = { " USERS
            ", fresh = { { 'new', of = 'shop', within = sec(5) } } },",
            2, "'shop' is a service, whose data have no age");
    refused("shows = { 'ordrs' },", 2, "did you mean 'orders'?");
    refused("shows = { 'shop' },", 2, "'shop' is a service, not a counter");
    refused("shows = { 'shop.cpuu' },", 2, "did you mean 'cpu'?");
    refused("prevention = { { 'a', right = true } },", 2, "2 to 9 choices");
    refused("prevention = { { 'a' }, { 'b' } },", 2, "no right choice");
    refused("prevention = { { 'a', right = true }, { 'b', with = { flag('twice', true) "
            "} } },",
            2, "only set(…)");
    refused("prevention = { { 'a', right = true }, { 'b', with = { set('shop.corse', "
            "1) } } },",
            2, "did you mean \"cores\"?");
    refused("prevention = { { 'a', right = true }, { 'b', alert = { 'x' } } },", 2,
            "must be made with burn or threshold");
    refused("steps = { prevent { 'p', say = '?' } },", 2, "needs prevention");
    refused("slo = { 'quick' },", 2, "lesson has no field 'slo'");
}

static void choices_come_from_prevention(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lesson *l = load(
        "prevention = { { 'a', right = true, with = { set('shop.workers', 4) } },\n"
        "{ 'b', reply = 'no', alert = threshold { 'few', of = 'orders', metric = "
        "'total', below = 1 } } }, steps = { prevent { 'p', say = '?' } },",
        &why);
    if (!l)
        fail_msg("%s", why.text);
    const struct step *st = lesson_step(l, 0);
    assert_int_equal(st->nchoices, 2);
    assert_true(st->choices[0].right && !st->choices[1].right);
    assert_string_equal(st->choices[1].reply.variants[0].words, "no");
    struct lesson_world plain, built, warned;
    assert_int_equal(lesson_build(l, 1, &plain, &why), ERR_OK);
    assert_int_equal(lesson_build_night(l, 1, NIGHT_PREVENTED, 0, &built, &why),
                     ERR_OK);
    assert_int_equal(lesson_build_night(l, 1, NIGHT_PREVENTED, 1, &warned, &why),
                     ERR_OK);
    assert_int_equal(plain.nrules, 0);
    assert_int_equal(warned.nrules, 1);
    struct world *w = world_new(built.model, 1, &why),
                 *p = world_new(plain.model, 1, &why);
    comp_id shop = model_find(built.model, "shop");
    assert_true(world_get(w, shop, "workers").as.count == 4);
    assert_true(world_get(p, shop, "workers").as.count != 4);
    world_free(w);
    world_free(p);
    lesson_world_release(&plain);
    lesson_world_release(&built);
    lesson_world_release(&warned);
    lesson_unref(l);
}

/* ---- goals ----------------------------------------------------------------------- */

struct play {
    struct lesson *l;
    struct lesson_state *st;
    struct lesson_world lw;
    struct world *w;
    struct recording *rec;
};

static void open_play(struct play *p, const char *promises)
{
    char fields[2048];
    struct errmsg why = {0};
    snprintf(fields, sizeof fields,
             "promises = { " USERS ", %s },"
             "expect = { moves = { p = function(s) return s:good_for(min(1)) end } },",
             promises);
    p->l = load(fields, &why);
    if (!p->l || lesson_build(p->l, 1, &p->lw, &why) != ERR_OK)
        fail_msg("%s", why.text);
    p->st = lesson_state_new(p->l);
    p->w = world_new(p->lw.model, 1, &why);
    p->rec = recording_new(p->lw.model, p->lw.rules, p->lw.nrules);
}

static void close_play(struct play *p)
{
    recording_free(p->rec);
    world_free(p->w);
    lesson_world_release(&p->lw);
    lesson_state_free(p->st);
    lesson_unref(p->l);
}

/* The goal at a moment, asked as if something had been changed at 00:01. */
static enum err good_at(struct play *p, sim_time at, bool *yes, struct errmsg *why)
{
    struct observer o = recording_observer(p->rec);
    for (sim_time t = world_now(p->w) + SIM_SEC; t <= at; t += SIM_SEC) {
        assert_int_equal(world_run(p->w, t, UINT64_MAX, &o, why), ERR_OK);
        recording_sample(p->rec, p->w);
    }
    struct lesson_facts f = {
        .world = p->w, .rec = p->rec, .first_change = SIM_SEC, .last_change = SIM_SEC};
    return lesson_test(p->st, lesson_move(p->l, 0)->fn, &f, yes, why);
}

static void expect_good(struct play *p, sim_time at, bool want)
{
    bool yes = !want;
    struct errmsg why = {0};
    if (good_at(p, at, &yes, &why) != ERR_OK)
        fail_msg("%s", why.text);
    if (yes != want)
        fail_msg("at %lld s good_for says %d", (long long)(at / SIM_SEC), yes);
}

#define EXTRA "s:total('charges') - s:total('orders')"

static void data_that_breaks_is_not_good(void **state)
{
    (void)state;
    struct play p;
    open_play(&p, "data = { { 'charged once', broken = function(s) return " EXTRA
                  " end } }");
    expect_good(&p, 2 * SIM_MIN, true);
    expect_good(&p, 2 * SIM_MIN + 5 * SIM_SEC, false);
    expect_good(&p, 3 * SIM_MIN + 30 * SIM_SEC, false); /* in the window still */
    expect_good(&p, 4 * SIM_MIN + 2 * SIM_SEC, true);   /* not risen since */
    close_play(&p);
}

static void data_that_must_hold_stays_bad(void **state)
{
    (void)state;
    struct play p;
    open_play(&p, "data = { { 'charged once', holds = function(s) return " EXTRA
                  " == 0 end } }");
    expect_good(&p, 2 * SIM_MIN, true);
    expect_good(&p, 9 * SIM_MIN, false);
    close_play(&p);
}

static void stale_data_is_not_good(void **state)
{
    (void)state;
    struct play p;
    open_play(&p, "fresh = { { 'new', of = 'bus.events.index', within = sec(20) } }");
    expect_good(&p, 10 * SIM_MIN, true);
    expect_good(&p, 10 * SIM_MIN + 15 * SIM_SEC, true); /* behind, not so far */
    expect_good(&p, 10 * SIM_MIN + 40 * SIM_SEC, false);
    close_play(&p);
}

/* A count of past moments cannot read what is so now. */
static void broken_reads_no_present(void **state)
{
    (void)state;
    struct play p;
    bool yes;
    struct errmsg why = {0};
    open_play(&p, "data = { { 'x', broken = function(s) return "
                  "s:service('shop').cpu end } }");
    assert_int_equal(good_at(&p, 2 * SIM_MIN, &yes, &why), ERR_LESSON);
    assert_non_null(strstr(why.text, "asked of past moments"));
    close_play(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_promises_are_named),
        cmocka_unit_test(choices_come_from_prevention),
        cmocka_unit_test(data_that_breaks_is_not_good),
        cmocka_unit_test(data_that_must_hold_stays_bad),
        cmocka_unit_test(stale_data_is_not_good),
        cmocka_unit_test(broken_reads_no_present),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
