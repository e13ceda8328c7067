/*
 * The healthy twin: one world with the first until the first cause, well after it, deaf
 * to the learner; what users suffered is the difference; and the proof asks whether the
 * incident needs what the lesson calls its cause.
 */
#include "../../src/session/prove_internal.h"
#include "../../src/session/twin.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CAUSE   "i:cause(min(3), deploy('api', 'v2', { by = 'bot' }))"
#define BECAUSE "i:cause(min(3), deploy('api', 'v2', { by = 'bot' }))\n"
#define THEN    "i:at(min(8)"

/* ---- two nights ------------------------------------------------------------------ */

struct nights {
    struct lesson *l;
    struct run here;
    struct twin twin;
};

static void nights_open(struct nights *n, const char *text)
{
    struct errmsg why = {0};
    memset(n, 0, sizeof *n);
    if (lesson_load(&n->l, text, strlen(text), "small.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    struct stage *g = stage_new(n->l, 7, &why);
    if (!g || run_open(&n->here, g, 7, &why) != ERR_OK ||
        twin_open(&n->twin, n->l, 7, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    stage_unref(g);
}

static void nights_until(struct nights *n, sim_time t)
{
    struct errmsg why = {0};
    assert_int_equal(run_advance(&n->here, t, NULL, NULL, &why), ERR_OK);
    assert_int_equal(twin_follow(&n->twin, t, NULL, &why), ERR_OK);
}

static struct impact impact(const struct nights *n, sim_time from)
{
    return impact_of(n->here.rec, n->twin.run.rec, COMP_NONE, from, run_now(&n->here));
}

static void nights_release(struct nights *n)
{
    run_release(&n->here);
    twin_release(&n->twin);
    lesson_unref(n->l);
}

static bool same_world(const struct nights *n)
{
    return world_digest(n->here.world) == world_digest(n->twin.run.world);
}

static void test_one_world_until_the_cause(void **state)
{
    struct nights n;
    (void)state;
    nights_open(&n, play_small);
    nights_until(&n, 3 * SIM_MIN - 1);
    assert_true(same_world(&n));
    assert_int_equal(impact(&n, 0).lost, 0);
    assert_true(impact(&n, 0).since == SIM_FOREVER);
    nights_until(&n, 10 * SIM_MIN);
    assert_false(same_world(&n));
    nights_release(&n);
}

/* Both nights see the same customers: 20 a second, three in ten of them fail in one. */
static void test_impact_is_the_difference(void **state)
{
    struct nights n;
    (void)state;
    nights_open(&n, play_small);
    nights_until(&n, 13 * SIM_MIN);
    struct impact i = impact(&n, 0);
    struct fate here = recording_fate(n.here.rec, COMP_NONE, 0, 13 * SIM_MIN);
    struct fate twin = recording_fate(n.twin.run.rec, COMP_NONE, 0, 13 * SIM_MIN);
    assert_true(twin.bad == 0);
    assert_true(fabs(here.good + here.bad - twin.good - twin.bad) <= 2);
    assert_int_equal(i.lost, (uint64_t)here.bad);
    assert_int_equal(i.all, (uint64_t)(here.good + here.bad));
    /* the new version is out, one instance at a time, some seconds after minute 3 */
    assert_in_range(i.since, 3 * SIM_MIN, 3 * SIM_MIN + 20 * SIM_SEC);
    /* of one window: what came before it is not counted */
    struct impact last = impact(&n, 12 * SIM_MIN);
    assert_in_range(last.all, 1100, 1300);
    assert_true(last.share > 0.25 && last.share < 0.35);
    assert_true(last.since >= 12 * SIM_MIN);
    nights_release(&n);
}

/* A request in ten fails on any night: those are nobody's incident. */
static void test_the_usual_failures_are_no_impact(void **state)
{
    struct nights n;
    (void)state;
    char *text =
        play_edit(play_small, "'v1', buy = { compute(ms(4)), ",
                  "'v1', buy = { compute(ms(4)), sometimes(0.1, { fail('no') }), ");
    nights_open(&n, text);
    nights_until(&n, 10 * SIM_MIN);
    struct impact i = impact(&n, 0);
    struct fate here = recording_fate(n.here.rec, COMP_NONE, 0, 10 * SIM_MIN);
    struct fate twin = recording_fate(n.twin.run.rec, COMP_NONE, 0, 10 * SIM_MIN);
    assert_true(twin.bad > 500);
    assert_int_equal(i.lost, (uint64_t)(here.bad - twin.bad));
    nights_release(&n);
    mem_free(text);
}

/* The second before which nobody was hurt: with few users one request tells it. */
static void test_since_the_first_of_them(void **state)
{
    struct nights n;
    (void)state;
    char *text = play_edit(play_small, "per_second(20)", "per_second(2)");
    nights_open(&n, text);
    nights_until(&n, 10 * SIM_MIN);
    sim_time since = impact(&n, 0).since;
    assert_true(since % SIM_SEC == 0);
    assert_true(recording_fate(n.here.rec, COMP_NONE, 0, since).bad == 0);
    assert_true(recording_fate(n.here.rec, COMP_NONE, 0, since + SIM_SEC).bad > 0);
    nights_release(&n);
    mem_free(text);
}

static void test_what_recovers_is_still_counted(void **state)
{
    struct errmsg why = {0};
    struct nights n;
    (void)state;
    nights_open(&n, play_small);
    nights_until(&n, 6 * SIM_MIN);
    assert_int_equal(run_line(&n.here, "rollback api", 40 * SIM_MIN, &why), ERR_OK);
    nights_until(&n, 12 * SIM_MIN);
    struct impact all = impact(&n, 0), late = impact(&n, 10 * SIM_MIN);
    assert_in_range(all.lost, 900, 1500);
    assert_in_range(all.since, 3 * SIM_MIN, 3 * SIM_MIN + 20 * SIM_SEC);
    assert_int_equal(late.lost, 0);
    assert_true(late.since == SIM_FOREVER);
    nights_release(&n);
}

/* An edge of the window before the start, after now, or empty: nobody, and no number. */
static void test_windows_without_anybody(void **state)
{
    struct nights n;
    (void)state;
    nights_open(&n, play_small);
    nights_until(&n, 5 * SIM_MIN);
    const struct recording *a = n.here.rec, *b = n.twin.run.rec;
    struct impact none = impact_of(a, b, COMP_NONE, 5 * SIM_MIN, 5 * SIM_MIN);
    assert_int_equal(none.all, 0);
    assert_true(isnan(none.share));
    assert_true(none.since == SIM_FOREVER);
    struct slo slo = {.objective = 0.95};
    assert_false(impact_counts(&none, &slo));
    nights_release(&n);
}

/* ---- a session's ----------------------------------------------------------------- */

static void test_the_learner_does_not_reach_the_twin(void **state)
{
    (void)state;
    struct session *idle = play_lesson(play_small, NULL);
    struct session *busy = play_lesson(play_small, NULL);
    session_read(idle);
    session_read(busy);
    play_type(busy, "scale api 5");
    play_type(busy, "rollback api");
    play_type(busy, "2");
    play_for(busy, 4 * SIM_MIN);
    sim_time now = run_now(&busy->run);
    struct errmsg why = {0};
    assert_int_equal(session_run_to(idle, now, &why), ERR_OK);
    assert_non_null(session_twin(idle));
    assert_non_null(session_twin(busy));
    assert_true(run_now(&busy->twin.run) == now);
    assert_true(world_digest(idle->twin.run.world) ==
                world_digest(busy->twin.run.world));
    assert_true(session_impact(busy, COMP_NONE, 0).lost <
                session_impact(idle, COMP_NONE, 0).lost);
    session_free(idle);
    session_free(busy);
}

/* It comes in what a tick leaves over, also while a question holds the clock. */
static void test_the_twin_follows_in_spare_time(void **state)
{
    bool more = true;
    struct errmsg why = {0};
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    session_read(s);
    assert_int_equal(session_hold(s), HOLD_QUESTION);
    int ticks = 0;
    while (more && ticks < 10000) {
        assert_int_equal(session_tick(s, 0, 500, &more, &why), ERR_OK);
        ticks++;
    }
    assert_in_range(ticks, 10, 9999);
    assert_true(run_now(&s->twin.run) == run_now(&s->run));
    session_free(s);
}

/* ---- what a lesson may say ------------------------------------------------------- */

static void refused(const char *from, const char *to, const char *words)
{
    struct errmsg why = {0};
    struct lesson *l = NULL;
    struct lesson_world lw;
    char *text = play_edit(play_small, from, to);
    enum err e = lesson_load(&l, text, strlen(text), "small.lua", &why);
    if (e == ERR_OK && (e = lesson_build(l, 1, &lw, &why)) == ERR_OK)
        lesson_world_release(&lw);
    if (e != ERR_LESSON || !strstr(why.text, words) ||
        strncmp(why.text, "small.lua:", 10) != 0)
        fail_msg("\"%s\" is not in: %s", words, why.text);
    lesson_unref(l);
    mem_free(text);
}

static void test_bad_twins(void **state)
{
    (void)state;
    refused("  expect =", "  twin = 5, expect =", "");
    refused("  expect =", "  twin = { 5 }, expect =", "twin is written { set(");
    refused("  expect =", "  twin = { flag('x', true) }, expect =", "only set(");
    refused("  expect =", "  twin = { set('api.worker', 5) }, expect =", "workers");
    refused("  expect =", "  twin = { set('api.workers', 'x') }, expect =", "workers");
    refused(CAUSE, "i:cause(min(3), ticket('A', 'b'))", "it is no cause");
    refused(CAUSE, "i:cause(min(3), decoy('api', 'b'))", "it is no cause");
    refused(CAUSE, "i:cause(deploy('api', 'v2'))", "write i:cause(time, action");
}

/* ---- what the proof asks --------------------------------------------------------- */

static void proof_says(const char *from, const char *to, const char *kind,
                       const char *words)
{
    struct proof p;
    struct errmsg why = {0};
    char *text = play_edit(play_small, from, to);
    enum err e = prove_lesson(&p,
                              &(struct prove_options){.text = text,
                                                      .len = strlen(text),
                                                      .name = "small.lua",
                                                      .first = 1,
                                                      .seed = 1,
                                                      .count = 1},
                              NULL, NULL, &why);
    assert_int_equal(e, ERR_OK);
    bool found = false;
    for (size_t i = 0; i < p.n; i++)
        found |= str_eq(proof_word(p.rows[i].kind), kind) && p.rows[i].failed > 0 &&
                 strstr(p.rows[i].detail, words);
    if (!found)
        fail_msg("no failed row \"%s\" says \"%s\"", kind, words);
    proof_release(&p);
    mem_free(text);
}

static void test_an_incident_without_a_cause(void **state)
{
    (void)state;
    proof_says(CAUSE, "i:at(min(3), deploy('api', 'v2'))", "twin", "mark the cause");
}

static void test_a_cause_that_is_not_needed(void **state)
{
    (void)state;
    proof_says(CAUSE, BECAUSE "i:cause(min(4), set('api.workers', 9))", "cause",
               "good from the page");
}

static void test_an_innocent_that_is_needed(void **state)
{
    (void)state;
    proof_says(CAUSE, "i:at(min(3), deploy('api', 'v2'))", "twin", "mark the cause");
    proof_says(
        CAUSE,
        "i:at(min(3), deploy('api', 'v2')) i:cause(min(2), set('api.workers', 9))",
        "innocent", "good from the page");
}

static void test_a_twin_that_suffers(void **state)
{
    (void)state;
    proof_says("  expect =", "  twin = { set('users.gives_up', ms(1)) }, expect =",
               "twin", "good from the page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_world_until_the_cause),
        cmocka_unit_test(test_impact_is_the_difference),
        cmocka_unit_test(test_the_usual_failures_are_no_impact),
        cmocka_unit_test(test_since_the_first_of_them),
        cmocka_unit_test(test_what_recovers_is_still_counted),
        cmocka_unit_test(test_windows_without_anybody),
        cmocka_unit_test(test_the_learner_does_not_reach_the_twin),
        cmocka_unit_test(test_the_twin_follows_in_spare_time),
        cmocka_unit_test(test_bad_twins),
        cmocka_unit_test(test_an_incident_without_a_cause),
        cmocka_unit_test(test_a_cause_that_is_not_needed),
        cmocka_unit_test(test_an_innocent_that_is_needed),
        cmocka_unit_test(test_a_twin_that_suffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
