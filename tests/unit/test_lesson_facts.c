/*
 * Predicates: what `s` says is what the world and its recording say, a duration is a
 * duration everywhere, and good_for means what the guide promises.
 */
#include "truecode/lesson.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `%s`: expressions, each a line "function(s) return … end,". */
#define LAB                                                                            \
    "local function F(f) return f end return lesson { id = 'x', title = 'X', track = " \
    "'lab', "                                                                          \
    "promises = { users = { 'quick', within = ms(500), good = 0.99, window = min(30) " \
    "} }, "                                                                            \
    "alerts = { threshold { 'slow calls', of = 'api', metric = 'cpu', above = 2 } }, " \
    "world = function(w) w:flag { 'fast', on = true } w:counter { 'orders' } "         \
    "w:service { 'api', instances = 3, workers = 8, queue_timeout = sec(3), versions " \
    "= { "                                                                             \
    "{ 'v1', get = { compute(exponential(ms(5))), count('orders') } }, "               \
    "{ 'v2', get = { compute(ms(5)), fail('no') } } } } "                              \
    "w:client { 'users', to = 'api/get', rate = 20 } end, "                            \
    "incident = function(i) i:at(sec(120), deploy('api', 'v2')) "                      \
    "i:at(sec(240), deploy('api', 'v1')) end, "                                        \
    "expect = { moves = { p = function(s) return %s\nend } } }"

struct play {
    struct lesson *l;
    struct lesson_state *st;
    struct lesson_world lw;
    struct world *w;
    struct recording *rec;
    struct lesson_facts f;
};

static bool seen(const void *ctx, const char *subject)
{
    (void)ctx;
    return !strcmp(subject, "api:stacks") || !strcmp(subject, "changes");
}

static void open_play(struct play *p, const char *expression)
{
    static char text[8192];
    struct errmsg why = {0};
    snprintf(text, sizeof text, LAB, expression);
    if (lesson_load(&p->l, text, strlen(text), "x.lua", &why) != ERR_OK ||
        lesson_build(p->l, 1, &p->lw, &why) != ERR_OK)
        fail_msg("%s", why.text);
    p->st = lesson_state_new(p->l);
    p->w = world_new(p->lw.model, 1, &why);
    p->rec = recording_new(p->lw.model, p->lw.rules, p->lw.nrules);
    p->f = (struct lesson_facts){.world = p->w,
                                 .rec = p->rec,
                                 .seen = seen,
                                 .first_change = SIM_FOREVER,
                                 .last_change = SIM_FOREVER};
}

static void run_to(struct play *p, sim_time until)
{
    struct errmsg why = {0};
    struct observer o = recording_observer(p->rec);
    for (sim_time t = world_now(p->w) + SIM_SEC; t <= until; t += SIM_SEC) {
        assert_int_equal(world_run(p->w, t, UINT64_MAX, &o, &why), ERR_OK);
        recording_sample(p->rec, p->w);
    }
}

static void close_play(struct play *p)
{
    recording_free(p->rec);
    world_free(p->w);
    lesson_world_release(&p->lw);
    lesson_state_free(p->st);
    lesson_unref(p->l);
}

static double number(struct play *p)
{
    double x;
    struct errmsg why = {0};
    if (lesson_number(p->st, lesson_move(p->l, 0)->fn, &p->f, &x, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return x;
}

static bool test(struct play *p)
{
    bool yes;
    struct errmsg why = {0};
    if (lesson_test(p->st, lesson_move(p->l, 0)->fn, &p->f, &yes, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return yes;
}

/* The expression's number after a minute. */
static double after_a_minute(const char *expression)
{
    struct play p;
    open_play(&p, expression);
    run_to(&p, SIM_MIN);
    double x = number(&p);
    close_play(&p);
    return x;
}

static void numbers_are_the_world_s(void **state)
{
    (void)state;
    struct play p;
    open_play(&p, "1");
    run_to(&p, SIM_MIN);
    comp_id api = model_find(p.lw.model, "api"),
            get = model_find(p.lw.model, "api/get");
    double cpu = world_metric(p.w, api, "cpu", 0),
           cpu2 = world_metric(p.w, api, "cpu", 2);
    double orders = world_metric(p.w, model_find(p.lw.model, "orders"), "total", 0);
    double p99 = latency_quantile(p.rec, get, 0, SIM_MIN, 0.99);
    struct series s;
    struct errmsg why = {0};
    assert_int_equal(series_find(p.rec, get, "requests_total", 0, &s, &why), ERR_OK);
    double rate = series_rate(p.rec, s, 30 * SIM_SEC, SIM_MIN);
    close_play(&p);
    assert_true(orders > 900);
    assert_true(after_a_minute("s:service('api').cpu") == cpu);
    assert_true(after_a_minute("s:of('api').cpu") == cpu);
    assert_true(after_a_minute("s:metric('api', 'cpu')") == cpu);
    assert_true(after_a_minute("s:service('api', 2).cpu") == cpu2);
    assert_true(after_a_minute("s:of('api-2').cpu") == cpu2);
    assert_true(after_a_minute("s:increase('orders', min(1))") - orders < 1e-6);
    assert_true(after_a_minute("s:rate('api/get', 'requests_total', sec(30))") == rate);
    assert_true(after_a_minute("s:p99('api/get', min(1))") ==
                (double)(sim_time)(p99 * 1e9 + 0.5));
    assert_true(after_a_minute("s:quantile('api/get', 0.99, min(1))") ==
                (double)(sim_time)(p99 * 1e9 + 0.5));
    assert_true(after_a_minute("s:now()") == 60e9);
    assert_true(after_a_minute("s:good(min(1))") == 1.0);
    assert_true(after_a_minute("s:good_of('users', min(1))") == 1.0);
    assert_true(after_a_minute("s:bad(min(1))") == 0);
    assert_true(after_a_minute("s:param('api.workers')") == 8);
    assert_true(after_a_minute("s:param('api.queue_timeout')") == 3e9);
    assert_true(after_a_minute("s:service('api').queue_timeout") == 3e9);
    assert_true(after_a_minute("s:instances('api')") == 3);
    assert_true(after_a_minute("s:instances('api', 'v2')") == 0);
    assert_true(after_a_minute("s:ready('api')") == 3);
}

static void questions_are_answered(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "s:flag('fast')",
        "s:version('api') == 'v1'",
        "s:seen('api', 'stacks')",
        "s:seen('changes')",
        "not s:seen('api')",
        "not s:suspected()",
        "not s:changed()",
        "not (s:since_change() > sec(0)) and not (s:since_change() <= sec(0))",
        "not s:alerting()",
        "s:p99('users', min(1)) < ms(100) and s:p50('users', min(1)) > us(100)",
        "s:p95('api/get', min(1)) >= s:p50('api/get', min(1))",
        "s:latency('api/get', min(1)) > ms(1)",
        "s:highest('api', 'cpu', min(1)) >= s:mean('api', 'cpu', min(1))",
        "s:lowest('api', 'cpu', min(1)) <= s:mean('api', 'cpu', min(1))",
        "s:ago('orders', 'total', sec(30)) < s:of('orders').total",
        "s:ago('orders', 'total', sec(0)) == s:of('orders').total",
        "sec(2) == 2 * sec(1) and sec(2) ~= 3 * sec(1) and 2 * sec(1) == sec(2)",
        "sec(6) / sec(2) == 3 and 3 == sec(6) / sec(2) and sec(1) ~= 0",
        "nil ~= 5 and 5 ~= nil and 'x' ~= 5 and '5' ~= 5 and false ~= 5 and 5 ~= true",
        "(1 < 2) ~= 5 and not nil ~= 5 and #'abc' == 3 and -1 ~= 1 and 1 + 1 == 2",
        "1 | 2 == 3 and ({ n = 4 }).n == 4 and ({ 7 })[1] == 7 and 'a' .. 1 ~= 1",
        "(function(...) return ... == 5 end)(5, 6) and ('x'):len() == 1",
        "s:budget() > 0.9",
        "s:in_step() == s:now()",
        "pick('a', { 1, 2, 3 }) == pick('a', { 1, 2, 3 })",
        "s:param('users.to') == 'api/get' or true",
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        struct play p;
        open_play(&p, yes[i]);
        run_to(&p, SIM_MIN);
        if (!test(&p))
            fail_msg("not so: %s", yes[i]);
        close_play(&p);
    }
}

/* Good until 2:00, bad until about 4:00, good again. */
static void good_for_counts_from_the_first_change(void **state)
{
    (void)state;
    struct play p;
    open_play(&p, "s:good_for(min(1))");
    run_to(&p, 100 * SIM_SEC);
    assert_false(test(&p)); /* nothing was changed yet */
    p.f.first_change = p.f.last_change = 60 * SIM_SEC;
    assert_false(test(&p)); /* only 40 s of it after the change */
    p.f.first_change = 40 * SIM_SEC;
    assert_true(test(&p));
    run_to(&p, 180 * SIM_SEC);
    assert_false(test(&p)); /* the bad deploy */
    sim_time well = 0;
    for (sim_time t = 250 * SIM_SEC; t <= 400 * SIM_SEC && !well; t += SIM_SEC) {
        run_to(&p, t);
        if (test(&p))
            well = t;
    }
    /* the deploy back took until about 4:20; a minute later all is well */
    assert_in_range(well / SIM_SEC, 290, 360);
    assert_true(recording_good(p.rec, well - SIM_MIN, well) >= 0.99);
    close_play(&p);
}

/* Durations: what they can do, and where a number comes out. */
static void durations_reckon(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "s:now() == min(1)",
        "s:now() > sec(59.5) and s:now() >= min(1) and min(1) <= s:now()",
        "s:now() > 0 and s:now() ~= 0 and not (s:now() < 0)",
        "s:now() < math.huge",
        "s:param('api.queue_timeout') == sec(3)",
        "sec(90) == min(1.5) and sec(1) + ms(500) == ms(1500)",
        "sec(1) - sec(1) == 0 and sec(2) * 3 == sec(6) and 3 * sec(2) == sec(6)",
        "sec(3) / 2 == ms(1500) and sec(3) / sec(2) == 1.5",
        "s:now() / 1e9 == 60 and s:now() * 1e-9 > 59 and s:now() // sec(7) == 8",
        "s:now() % sec(7) == sec(4) and -sec(1) < sec(0) and math.abs(-sec(1)) == "
        "sec(1)",
        "math.max(sec(1), sec(3), sec(2)) == sec(3) and math.min(sec(1), sec(3)) == "
        "sec(1)",
        "tostring(sec(2)) == '2000000000' and 'x' .. us(1) == 'x1000'",
        "type(sec(2)) == 'duration'",
        "string.format('%.1f s', s:now() / sec(1)) == '60.0 s'",
        "string.format('%d', ms(1)) == '1000000'",
        "(function() local n = 0 for t = sec(1), sec(3), sec(1) do "
        "if t <= sec(2) then n = n + 1 end end return n end)() == 2",
        "(function() local n = 0 for t, x in pairs { [sec(2)] = 1, [sec(1)] = 2 } do "
        "n = 10 * n + x end return n end)() == 21",
        "ns(5) * 1000 == us(5) and ns(1) + ns(2) == ns(3)",
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        struct play p;
        struct errmsg why = {0};
        bool answer = false;
        open_play(&p, yes[i]);
        run_to(&p, SIM_MIN);
        enum err e = lesson_test(p.st, lesson_move(p.l, 0)->fn, &p.f, &answer, &why);
        if (e != ERR_OK || !answer)
            fail_msg("%s\n  is %s%s", yes[i], e == ERR_OK ? "false" : "", why.text);
        close_play(&p);
    }
}

static void broken_predicates_say_where(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"nil", "x.lua:1: this function must return true or false, not a nil"},
        {"s:of('ap').cpu", "there is no component 'ap'; did you mean 'api'?"},
        {"s:of('api').cpuu > 0", "a service has no metric 'cpuu'; did you mean 'cpu'?"},
        {"s:database('api').cpu > 0", "'api' is a service, not a database"},
        {"s:rate('api', 'cpu', min(1)) > 0", "cpu is not a counter"},
        {"s:mean('orders', 'total', min(1)) > 0", "total is a counter"},
        {"s:rate('api', min(1)) > 0", "'api' is a service: say which metric"},
        {"s:p99('api', min(1)) > 0", "latency is kept for endpoints"},
        {"s:good(5) > 0", "the window lacks its unit"},
        {"s:param('api.wrkers') > 0", "wrkers"},
        {"s:p99('api/get', min(1)) > 2",
         "compared with 2, which lacks its unit: write "},
        {"2.5 <= s:latency('api/get', min(1))", "compared with 2.5, which lacks"},
        {"s:now() >= 2000", "compared with 2000, which lacks its unit"},
        {"s:now() == 5", "a duration is never equal to a number"},
        {"5 == s:now()", "a duration is never equal to a number"},
        {"not (s:now() + sec(1) ~= 0x10)", "a duration is never equal to a number"},
        {"s:p99('users', min(1)) == 2e9 and true", "a duration is never equal to"},
        {"({ s:now() == 1.5 })[1]", "a duration is never equal to a number"},
        {"s:param('api.queue_timeout') < 30", "compared with 30, which lacks its unit"},
        {"s:now() + 5 > sec(1)", "added to 5, which lacks its unit"},
        {"s:now() - s:p99('api/get', min(1)) < 9", "compared with 9, which lacks"},
        {"math.max(s:now(), sec(1)) > 9", "compared with 9, which lacks its unit"},
        {"2 * s:now() / 3 > 1", "compared with 1, which lacks its unit"},
        {"s:now() > '2s'", "a duration is compared with a string"},
        {"s:flag('api')", "'api' is a service, not a flag"},
        {"s:seen('apy')", "there is no component 'apy'; did you mean 'api'?"},
        {"s:seen('api', 'pols')", "no command shows of api, a service, 'pols'"},
        {"s:of('api-9').cpu > 0", "there is no api-9: its instances are 1 to "},
        {"s.x.y", "s has no 'x'"},
        {"w:flag { 'late' }", "unknown name 'w'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct play p;
        struct errmsg why = {0};
        bool answer;
        open_play(&p, cases[i][0]);
        run_to(&p, 2 * SIM_SEC);
        assert_int_equal(
            lesson_test(p.st, lesson_move(p.l, 0)->fn, &p.f, &answer, &why),
            ERR_LESSON);
        if (strncmp(why.text, "x.lua:1: ", 9) || !strstr(why.text, cases[i][1]))
            fail_msg("%s\n  expected %s\n  got %s", cases[i][0], cases[i][1], why.text);
        close_play(&p);
    }
}

/* A predicate that ran away is over for good: the state is not asked again before it is
 * made anew. */
static void over_budget_is_sticky(void **state)
{
    (void)state;
    struct play p;
    struct errmsg why = {0};
    bool yes;
    open_play(&p, "(function() while true do end end)()");
    run_to(&p, SIM_SEC);
    fn_id fn = lesson_move(p.l, 0)->fn;
    assert_int_equal(lesson_test(p.st, fn, &p.f, &yes, &why), ERR_LESSON);
    assert_non_null(strstr(why.text, "x.lua:1: this takes too long"));
    assert_int_equal(lesson_test(p.st, fn, &p.f, &yes, &why), ERR_LESSON);
    assert_non_null(strstr(why.text, "stopped before"));
    assert_true(lesson_stopped(p.st));
    lesson_state_reset(p.st);
    assert_false(lesson_stopped(p.st));
    assert_int_equal(lesson_test(p.st, fn, &p.f, &yes, &why), ERR_LESSON);
    assert_non_null(strstr(why.text, "x.lua:1: this takes too long"));
    close_play(&p);
}

/* A raise, on the other hand, is one broken answer. */
static void a_raise_is_not(void **state)
{
    (void)state;
    struct play p;
    struct errmsg why = {0};
    bool yes;
    open_play(&p, "s:now() > sec(1) or error('too early')");
    run_to(&p, SIM_SEC);
    fn_id fn = lesson_move(p.l, 0)->fn;
    assert_int_equal(lesson_test(p.st, fn, &p.f, &yes, &why), ERR_LESSON);
    assert_string_equal(why.text, "x.lua:1: too early");
    run_to(&p, 2 * SIM_SEC);
    assert_true(test(&p));
    close_play(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_world_s),
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(good_for_counts_from_the_first_change),
        cmocka_unit_test(durations_reckon),
        cmocka_unit_test(broken_predicates_say_where),
        cmocka_unit_test(over_budget_is_sticky),
        cmocka_unit_test(a_raise_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
