/*
 * A budget of improvements: the arithmetic of prices, what a file may say, what the
 * seed draws, how it is played and scored, and that the proof finds each claim that is
 * not so.
 */
#include "../lib/play.h"

#include "truecode/design.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A shop that asks a gateway; two of three faults come. "eject" is there already. */
static const char shop[] =
    "return lesson { id = 'small', title = 'Small', track = 'good', minutes = 5, level "
    "= 1,\n"
    "  starts_at = min(1), ends_at = min(12), good_for = min(5),\n"
    "  world = function(w)\n"
    "    w:external { 'gateway', latency = ms(50) }\n"
    "    w:service { 'api', instances = 2, workers = 8, calls = { gateway = {} },\n"
    "      endpoints = { buy = { compute(ms(2)), catch(call('gateway', 'pay')) } } }\n"
    "    w:balancer { 'edge', to = 'api', eject_after = 3 }\n"
    "    w:client { 'shoppers', to = 'edge/buy', rate = 5, gives_up = sec(5) }\n"
    "  end,\n"
    "  promises = { users = { 'an answer', good = 0.98, within = sec(1), window = "
    "min(10) } },\n"
    "  incident = function(i)\n"
    "    i:draw({ min(4), min(8) }, {\n"
    "      ['it hangs'] = fault('gateway', 'hang', {}, { lasts = sec(90) }),\n"
    "      ['it is slow'] = fault('gateway', 'slow', { factor = 60 }, { lasts = "
    "sec(60) }),\n"
    "      ['all fail'] = fault('api', 'error_rate', { fraction = 0.8 }, { lasts = "
    "sec(60) }) })\n"
    "  end,\n"
    "  design = { budget = 1, closes_at = min(3),\n"
    "    faults = { ['it hangs'] = 470, ['it is slow'] = 310, ['all fail'] = 240 },\n"
    "    improvements = {\n"
    "      { 'timeout', 'wait 300 ms', with = { set('api.gateway.timeout', ms(300)) "
    "},\n"
    "        saves = { ['it hangs'] = 470, ['it is slow'] = 310 }, says = 'Workers "
    "came back.' },\n"
    "      { 'eject', 'leave out who fails', with = { set('edge.eject_after', 3) } },\n"
    "      { 'bigger', 'more cores', with = { set('api.cores', 8) }, says = 'Idle.' } "
    "} },\n"
    "  steps = { spend { 'spend', say = 'Choose.', hints = { 'Think.' } } } }\n";

/* ---- arithmetic ------------------------------------------------------------------ */

static void prices_are_added_up_to_the_cost(void **state)
{
    (void)state;
    struct fault_price faults[] = {{"a", 100}, {"b", 60}};
    struct fault_price one[] = {{"a", 80}}, two[] = {{"a", 70}, {"b", 50}},
                       harm[] = {{"b", -30}};
    struct improvement list[] = {{.id = "one", .saves = one, .nsaves = 1},
                                 {.id = "two", .saves = two, .nsaves = 2},
                                 {.id = "three", .saves = harm, .nsaves = 1}};
    struct design d = {
        .budget = 2, .faults = faults, .nfaults = 2, .list = list, .n = 3};
    struct drawn_fault can[] = {{.name = "a"}, {.name = "b"}};
    assert_true(design_saves(&d, 1, "a") == 80);
    assert_true(design_saves(&d, 3, "a") == 100);
    assert_true(design_saves(&d, 6, "b") == 20);
    assert_true(design_worth(&d, 3, can, 2, 1) == 75);
    assert_int_equal(design_best(&d, 0, can, 2, 1), 3);
    assert_int_equal(design_best(&d, 1, can, 2, 1), 3); /* no harm, at least */
    assert_int_equal(design_best(&d, 0, can + 1, 1, 1), 3);
    assert_int_equal(design_set_size(7), 3);
}

/* ---- the file -------------------------------------------------------------------- */

static void refused(const char *from, const char *to, const char *because)
{
    char *text = play_edit(shop, from, to);
    struct lesson *l = NULL;
    struct lesson_world lw;
    struct errmsg why = {0};
    enum err e = lesson_load(&l, text, strlen(text), "small.lua", &why);
    if (e == ERR_OK) {
        e = lesson_build(l, 1, &lw, &why);
        if (e == ERR_OK)
            lesson_world_release(&lw);
    }
    lesson_unref(l);
    if (e != ERR_LESSON || !strstr(why.text, because))
        fail_msg("%s: \"%s\" does not say \"%s\"", to, why.text, because);
    free(text);
}

static void a_file_is_told_what_is_wrong(void **state)
{
    (void)state;
    refused("budget = 1", "budget = 3", "fewer than there are improvements");
    refused("closes_at = min(3)", "closes_at = min(20)", "closes_at");
    refused("['it hangs'] = 470, ['it is slow'] = 310 }, says",
            "['it hungs'] = 1 }, says", "did you mean 'it hangs'?");
    refused("= 470, ['it is slow'] = 310 }, says", "= 500 }, says",
            "more of 'it hangs'");
    refused("'api.cores'", "'api.cors'", "cors");
    refused("{ min(4), min(8) }", "{ min(2), min(8) }", "after closes_at");
    refused("{ min(4), min(8) }", "{ min(4), min(5), min(6), min(7) }",
            "as many faults");
    refused("['all fail'] = fault", "['some fail'] = fault", "no price of 'some fail'");
    refused("'eject', 'leave", "'timeout', 'leave", "two improvements");
}

/* ---- what the seed draws --------------------------------------------------------- */

static void the_seed_draws(void **state)
{
    (void)state;
    struct lesson *l;
    struct errmsg why = {0};
    unsigned came[3] = {0};
    assert_int_equal(lesson_load(&l, shop, strlen(shop), "small.lua", &why), ERR_OK);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct lesson_world lw;
        size_t drawn = 0;
        assert_int_equal(lesson_build(l, seed, &lw, &why), ERR_OK);
        assert_int_equal(lw.nfaults, 3);
        assert_int_equal(lw.there, 2); /* eject is there from the beginning */
        for (size_t i = 0; i < 3; i++)
            if (lw.faults[i].at != SIM_FOREVER)
                came[i]++, drawn++;
        assert_int_equal(drawn, 2);
        lesson_world_release(&lw);
    }
    for (size_t i = 0; i < 3; i++)
        assert_in_range(came[i], 25, 55);
    lesson_unref(l);
}

static void identity(const char *text, char out[65])
{
    struct lesson *l;
    struct lesson_world lw;
    struct errmsg why = {0};
    assert_int_equal(lesson_load(&l, text, strlen(text), "small.lua", &why), ERR_OK);
    assert_int_equal(lesson_build(l, 1, &lw, &why), ERR_OK);
    lesson_identity(l, &lw, out);
    lesson_world_release(&lw);
    lesson_unref(l);
}

/* A run goes on with other words, and not with another budget, price or improvement. */
static void what_decides_a_run_is_its_identity(void **state)
{
    (void)state;
    static const char *const edits[][2] = {{"budget = 1", "budget = 2"},
                                           {"closes_at = min(3)", "closes_at = min(2)"},
                                           {"['all fail'] = 240", "['all fail'] = 241"},
                                           {"timeout', ms(300)", "timeout', ms(400)"}};
    char was[65], is[65];
    identity(shop, was);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char *text = play_edit(shop, edits[i][0], edits[i][1]);
        identity(text, is);
        assert_string_not_equal(was, is);
        free(text);
    }
    char *words = play_edit(shop, "'wait 300 ms'", "'wait for less'");
    identity(words, is);
    assert_string_equal(was, is);
    free(words);
}

/* ---- played ---------------------------------------------------------------------- */

static struct report played(const char *const *lines, enum play_mode mode)
{
    struct report r;
    struct errmsg why = {0};
    struct session_options o = play_options(shop, NULL);
    o.mode = mode;
    struct session *s = play_open(&o);
    play_type(s, "");
    for (; *lines; lines++) {
        struct errmsg refused = {0};
        enum err e = session_line(s, *lines, true, &refused);
        (void)e; /* a choice too many is */
        if (strncmp(*lines, "wait", 4) == 0)
            play_for(s, 4 * SIM_MIN);
    }
    play_for(s, 12 * SIM_MIN);
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    session_free(s);
    return r;
}

static int points(const char *const *lines)
{
    struct report r = played(lines, MODE_ONCALL);
    int total = r.score.total;
    report_release(&r);
    return total;
}

static void the_best_wins_and_nothing_loses(void **state)
{
    (void)state;
    assert_int_equal(points((const char *const[]){"improve timeout", NULL}), 100);
    assert_true(points((const char *const[]){"improve bigger", NULL}) < 20);
    assert_true(points((const char *const[]){"improve eject", NULL}) < 20);
    assert_true(points((const char *const[]){NULL}) < 20);
    /* no more than the budget, and nothing by hand */
    assert_true(
        points((const char *const[]){"improve bigger", "improve timeout", NULL}) < 20);
    assert_true(points((const char *const[]){"set api.gateway.timeout 300ms",
                                             "wait 10m", NULL}) < 20);
}

static void the_list_closes(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct session_options o = play_options(shop, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    play_for(s, 3 * SIM_MIN);
    assert_int_equal(session_line(s, "improve timeout", true, &why), ERR_REFUSED);
    assert_non_null(strstr(why.text, "The list is closed"));
    session_free(s);
}

/* ---- the proof ------------------------------------------------------------------- */

static bool proven(const char *text, enum proof_kind kind, const char *name)
{
    struct proof p;
    struct errmsg why = {0};
    const struct prove_options o = {.text = text,
                                    .len = strlen(text),
                                    .name = "small.lua",
                                    .first = 1,
                                    .seed = 1,
                                    .count = 1};
    if (prove_lesson(&p, &o, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    const struct prove_row *r = proof_row(&p, kind, name);
    bool ok = r->passed > 0 && r->failed == 0;
    proof_release(&p);
    return ok;
}

static void not_proven(const char *from, const char *to, enum proof_kind kind,
                       const char *name)
{
    char *text = play_edit(shop, from, to);
    assert_true(proven(shop, kind, name));
    if (proven(text, kind, name))
        fail_msg("%s %s holds with: %s", proof_word(kind), name, to);
    free(text);
}

static void each_claim_is_held_to_the_engine(void **state)
{
    (void)state;
    assert_true(proven(shop, PROOF_TWIN, "users are well without the incident"));
    not_proven("['all fail'] = 240 }", "['all fail'] = 700 }", PROOF_FAULT, "all fail");
    not_proven("saves = { ['it hangs'] = 470, ['it is slow'] = 310 }",
               "saves = { ['it hangs'] = 200, ['it is slow'] = 310 }",
               PROOF_IMPROVEMENT, "timeout: it hangs");
    not_proven("saves = { ['it hangs'] = 470, ['it is slow'] = 310 }",
               "saves = { ['it hangs'] = 470 }", PROOF_IMPROVEMENT,
               "nothing of other faults");
    not_proven("with = { set('api.gateway.timeout', ms(300)) }",
               "with = { set('api.gateway.timeout', sec(60)) }", PROOF_BUDGET,
               "the best set");
    char *all =
        play_edit(shop, "{ set('api.cores', 8) }, says",
                  "{ set('api.cores', 8) },\n saves = { ['it hangs'] = 450 }, says");
    char *two = play_edit(all, "budget = 1", "budget = 2");
    assert_true(proven(shop, PROOF_BUDGET, "a set at random"));
    assert_false(proven(two, PROOF_BUDGET, "a set at random"));
    free(two), free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_are_added_up_to_the_cost),
        cmocka_unit_test(a_file_is_told_what_is_wrong),
        cmocka_unit_test(the_seed_draws),
        cmocka_unit_test(what_decides_a_run_is_its_identity),
        cmocka_unit_test(the_best_wins_and_nothing_loses),
        cmocka_unit_test(the_list_closes),
        cmocka_unit_test(each_claim_is_held_to_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
