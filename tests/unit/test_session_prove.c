/*
 * The prover accepts what is true and refuses what is not: each kind of harm, steps
 * whose goal is true beforehand, predicates with a memory, lessons that end too early.
 */
#include "../../src/session/prove_internal.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE "{ 'scale', { 'scale api 4' }, harm = 'nothing'"

/* The failed rows, one a line: "kind name: detail". */
static char *failures(const char *text)
{
    struct proof p;
    struct errmsg why = {0};
    struct buf b;
    buf_init(&b, 0);
    enum err e = prove_lesson(&p,
                              &(struct prove_options){.text = text,
                                                      .len = strlen(text),
                                                      .name = "small.lua",
                                                      .first = 1,
                                                      .seed = 1,
                                                      .count = 2},
                              NULL, NULL, &why);
    if (e != ERR_OK)
        buf_addf(&b, "error: %s\n", why.text);
    for (size_t i = 0; i < p.n; i++)
        if (p.rows[i].failed)
            buf_addf(&b, "%s %s: %s\n", proof_word(p.rows[i].kind), p.rows[i].name,
                     p.rows[i].detail);
    assert_int_equal(p.ok && e == ERR_OK, b.len == 0);
    char *made = mem_strdup(b.s);
    buf_release(&b);
    proof_release(&p);
    return made;
}

static void proven(const char *text)
{
    char *f = failures(text);
    if (*f)
        fail_msg("%s", f);
    mem_free(f);
}

static void refused(const char *text, const char *words)
{
    char *f = failures(text);
    if (!strstr(f, words))
        fail_msg("\"%s\" is not in: %s", words, f);
    mem_free(f);
}

static void edited(void (*want)(const char *, const char *), const char *from,
                   const char *to, const char *words)
{
    char *text = play_edit(play_small, from, to);
    want(text, words);
    mem_free(text);
}

static void is_proven(const char *text, const char *words)
{
    (void)words;
    proven(text);
}

static void test_small_is_proven(void **state)
{
    (void)state;
    proven(play_small);
}

/* ---- what the guide says --------------------------------------------------------- */

#define V2 "function(s) return s:version('api') == 'v2' end"

static void test_claims(void **state)
{
    (void)state;
    edited(refused, "say = 'What now?'",
           "say = { 'Orders fail. What now?', claims = " V2 " }",
           "claims first: say: not so at 10:05:05 after 'roll back', done at step 1");
    edited(is_proven, "say = 'What now?'",
           "say = { { when = " V2 ", 'Orders fail. What now?', claims = " V2
           " }, 'What now?' }",
           "");
    edited(refused, "reply = 'No.'", "reply = { 'v2 fails.', claims = { " V2 " } }",
           "claims first: reply 1: not so");
    edited(refused, "hints = { 'look' }", "hints = { { 'v2', claims = " V2 " } }",
           "claims first: hint 1: not so");
}

/* At a later boundary: a wrong turn taken when the learner had mended it already. */
static void test_claims_later(void **state)
{
    (void)state;
    char *text = play_edit(
        play_small, "hints = { 'rollback api' } },\n  },",
        "hints = { 'rollback api' } },\n"
        "    ask { 'more', say = { 'Two run.', claims = function(s) return\n"
        "      s:instances('api') == 2 end }, choices = { { 'a', right = true }, 'b' "
        "}, hints = { 'a' } } },");
    refused(text, "claims more: say: not so");
    mem_free(text);
}

static void test_what_is_said_on_the_way(void **state)
{
    (void)state;
    edited(
        refused, "  fixes =",
        "  traps = { { 'more', when = function(s) return s:instances('api') > 2 end,\n"
        "    say = { 'More of v1.', claims = function(s) return not (" V2
        ")(s) end } } },\n  fixes =",
        "claims more: trap: not so");
    edited(refused, "solution = { 'changes' }",
           "done = { 'Well.', claims = function(s) return s:good(min(1)) > 0.9 end }, "
           "solution = { 'changes' }",
           "claims changes: done: not so at 10:05:00 on the guided way");
}

static void test_waiting_alone(void **state)
{
    (void)state;
    edited(refused, "return s:good_for(min(3)) end", "return s:now() > min(7) end",
           "step fix is done by waiting alone");
}

/* ---- the incident ---------------------------------------------------------------- */

/* Faults that `check` finds in a lesson. */
static void check_says(const char *text, const char *words)
{
    struct errmsg why = {0};
    struct lesson *l;
    struct buf faults;
    buf_init(&faults, 0);
    assert_int_equal(lesson_load(&l, text, strlen(text), "small.lua", &why), ERR_OK);
    assert_int_equal(lesson_check(l, 1, &faults, &why), ERR_OK);
    if (words[0] ? !faults.s || !strstr(faults.s, words) : faults.len > 0)
        fail_msg("\"%s\" is not in: %s", words, faults.s ? faults.s : "");
    buf_release(&faults);
    lesson_unref(l);
}

/* An entry that is refused when its time comes, long after the page. */
#define PLANNED "incident = function(i)\n    i:at(min(20), op('api', 'abort'))\n"

static void test_what_is_planned_can_be_done(void **state)
{
    (void)state;
    check_says(play_small, "");
    edited(refused, "incident = function(i)\n", PLANNED,
           "nothing all that is planned can be done: line ");
    edited(check_says, "incident = function(i)\n", PLANNED,
           "1 of the incident's actions cannot be done; the first: abort of api at ");
}

/* A number that is no predicate: how often a promise was broken. */
static void test_check_knows_promises(void **state)
{
    (void)state;
    edited(check_says, "window = min(30) } },\n",
           "window = min(30) },\n"
           "    data = { { 'all', broken = function(s) return 0 end } } },\n",
           "");
}

/* ---- kinds of harm --------------------------------------------------------------- */

static void test_nothing(void **state)
{
    (void)state;
    edited(refused, "'scale api 4'", "'rollback api'", "wrong scale: nothing");
}

static void test_worse(void **state)
{
    (void)state;
    edited(is_proven, SCALE,
           "{ 'scale', { 'restart api', 'restart api', 'restart api', 'restart api', "
           "'restart api' }, harm = 'worse'",
           NULL);
    edited(refused, SCALE, "{ 'scale', { 'scale api 4' }, harm = 'worse'",
           "wrong scale: worse");
    edited(refused, SCALE, "{ 'scale', { 'rollback api' }, harm = 'worse'",
           "wrong scale: worse: users");
}

/* Good for five minutes, then the bot puts v2 there again. */
static char *comes_back(const char *line)
{
    char *text = play_edit(play_small, "    i:at(min(8),",
                           "    i:at(min(12), deploy('api', 'v2', { by = 'bot' }))\n"
                           "    i:at(min(8),");
    char harm[200];
    snprintf(harm, sizeof harm, "{ 'scale', { '%s', 'wait 15m' }, harm = 'returns'",
             line);
    char *more = play_edit(text, SCALE, harm);
    mem_free(text);
    return more;
}

static void test_returns(void **state)
{
    (void)state;
    char *text = comes_back("rollback api");
    char *f = failures(text);
    assert_null(strstr(f, "wrong scale"));
    mem_free(f);
    mem_free(text);
    edited(refused, SCALE, "{ 'scale', { 'scale api 4' }, harm = 'returns'",
           "wrong scale: returns: never good");
    /* a fix that wins does not return, however one minute of it looks */
    edited(refused, SCALE,
           "{ 'scale', { 'rollback api', 'wait 3m', 'scale api 1', 'wait 2m', "
           "'scale api 2', 'wait 10m' }, harm = 'returns'",
           "wrong scale: returns");
}

static char *hiccup(const char *line)
{
    char *text = play_edit(play_small, "    i:at(min(8),",
                           "    i:at(min(12), deploy('api', 'v2', { by = 'bot' }))\n"
                           "    i:at(min(8),");
    char harm[200];
    snprintf(harm, sizeof harm,
             "{ 'scale', { '%s' }, harm = 'fragile', breaks_by = 'the bot', "
             "breaks_at = min(12)",
             line);
    char *more = play_edit(text, SCALE, harm);
    mem_free(text);
    return more;
}

static void test_fragile(void **state)
{
    (void)state;
    char *text = hiccup("scale api 4");
    refused(text, "wrong scale: fragile");
    mem_free(text);
    /* what breaks the reference as well says nothing about this one */
    text = hiccup("deploy api v1");
    refused(text, "wrong scale: fragile");
    mem_free(text);
}

static void test_partial(void **state)
{
    (void)state;
    edited(refused, SCALE, "{ 'scale', { 'scale api 4' }, harm = 'partial'",
           "wrong scale: partial");
    edited(refused, SCALE, "{ 'scale', { 'rollback api' }, harm = 'partial'", "it won");
    /* half of it: one instance of two fails no more */
    edited(is_proven, SCALE, "{ 'scale', { 'canary api v1 50%' }, harm = 'partial'",
           NULL);
}

static void test_costly(void **state)
{
    (void)state;
#define COSTLY(lines, price)                                                           \
    "{ 'scale', { " lines " }, harm = 'costly', price = function(s) return " price     \
    " end"
    edited(is_proven, SCALE,
           COSTLY("'rollback api', 'scale api 4'", "s:service('api').up > 2"), NULL);
    edited(refused, SCALE, COSTLY("'scale api 4'", "s:service('api').up > 2"),
           "wrong scale: costly");
    edited(refused, SCALE, COSTLY("'rollback api'", "s:service('api').up > 2"),
           "wrong scale: costly: its price is not true after it");
    edited(refused, SCALE, COSTLY("'rollback api'", "true"),
           "wrong scale: costly: its price is true after the fix");
#undef COSTLY
}

/* ---- steps ----------------------------------------------------------------------- */

/* The first step's goal is looked at before its solution as well. */
static void test_a_goal_true_at_rest(void **state)
{
    (void)state;
    char *text = play_edit(
        play_small, "    ask { 'first'",
        "    act { 'zero', say = 'Look.', goal = function(s) return true end,\n"
        "      solution = { 'status' }, hints = { 'status' } },\n"
        "    ask { 'first'");
    refused(text, "steps zero: done before its solution");
    mem_free(text);
    edited(refused, "s:good_for(min(3)) end", "s:good_for(min(30)) end",
           "steps fix: not done after its solution");
}

/* ---- suspects, facts, findings --------------------------------------------------- */

#define FITS "fits = 'bad-deploy'"
static void test_facts(void **state)
{
    (void)state;
    edited(refused, "return s:version('api') == 'v2' end, tells",
           "return s:version('api') == 'v1' end, tells",
           "facts the new version runs: it fits what is right, and is not so");
    edited(refused, FITS, "fits = 'overload'",
           "facts the new version runs: it fits only what is wrong, and is so");
    edited(refused, FITS, "fits = { 'bad-deploy', 'overload' }",
           "facts not api overload: no fact tells it");
    edited(refused, "seen = 'changes'", "seen = { 'changes', 'api:keys' }",
           "no command shows of api, a service, 'keys'");
    edited(refused, ", { 'api', 'overload' },\n    { 'users', 'traffic-spike' }", "",
           "facts 3 to 6 suspects: 1 suspects");
}

static void test_findings(void **state)
{
    (void)state;
    edited(refused, "of = 'component',\n      answer = function(s) return 'api' end",
           "of = 'state', answer = function(s) return 'x' end",
           "steps no finding is garbage: step changes takes \"x\"");
    edited(refused, "hints = { 'what people did' }", "hints = { 'changes' }",
           "its first hint hands over a command");
    edited(refused, "say = 'What changed?'", "say = 'What says `changes`?'",
           "its question hands over a command");
    edited(refused, "return s:good_for(min(3)) end", "return s:seen('status') end",
           "steps none is done at a glance: step fix");
}

/* A shift without a fault has none. */
static void test_no_steps(void **state)
{
    (void)state;
    char *f = failures(play_calm);
    if (*f)
        fail_msg("%s", f);
    mem_free(f);
}

/* ---- predicates ------------------------------------------------------------------ */

static void test_a_predicate_with_a_memory(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "return lesson {",
                           "local n = 0\nlocal function late()\n"
                           "  n = n + 1\n  return n > 5\nend\nreturn lesson {");
    char *moves = play_edit(text, "return s:good(min(1)) < 0.9", "return late()");
    refused(moves, "fresh state");
    mem_free(moves);
    char *goal = play_edit(text, "s:good_for(min(3))", "s:good_for(min(3)) and late()");
    refused(goal, "fresh state");
    mem_free(goal);
    mem_free(text);
}

static void test_a_predicate_that_raises(void **state)
{
    (void)state;
    edited(refused, "return s:good(min(1)) < 0.9", "return s.nothing.more",
           "small.lua:");
    edited(refused, "s:good_for(min(3))", "s.nothing.more", "small.lua:");
}

/* A proof that would go on and on ends, and says which seed and what was too much. */
static void limited(struct effort most, const char *words)
{
    struct proof p;
    struct errmsg why = {0};
    const struct prove_options o = {.text = play_small,
                                    .len = strlen(play_small),
                                    .name = "small.lua",
                                    .first = 41,
                                    .seed = 41,
                                    .count = 2};
    assert_int_equal(prove_within(&p, &o, most, NULL, NULL, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "seed 41 takes more than"));
    assert_non_null(strstr(why.text, words));
    proof_release(&p);
}

static void test_a_proof_has_limits(void **state)
{
    (void)state;
    limited((struct effort){.events = 50000, .steps = PROVE_STEPS}, "50000 events");
    limited((struct effort){.events = 10, .steps = PROVE_STEPS}, "events");
    limited((struct effort){.events = PROVE_EVENTS, .steps = 5000}, "steps of Lua");
}

/* ---- when ------------------------------------------------------------------------ */

static void test_expect_at(void **state)
{
    (void)state;
    edited(is_proven, "expect = { at = min(5)", "expect = { at = min(4)", NULL);
    edited(is_proven, "expect = { at = min(5)", "expect = { at = min(10)", NULL);
    edited(refused, "expect = { at = min(5)", "expect = { at = min(1)",
           "moves orders fail");
    edited(refused, "expect = { at = min(5)", "expect = { at = min(41)", "of 0");
}

/* A verdict needs good_for after the last change: a lesson has to last that long. */
static void test_a_fix_that_ends_too_late(void **state)
{
    (void)state;
    edited(is_proven, "{ 'rollback api' } }", "{ 'rollback api', 'wait 50m' } }", NULL);
    edited(refused, "ends_at = min(40)", "ends_at = min(8)", "ends_at");
}

/* ---- what is asked for ----------------------------------------------------------- */

static void only(const char *words, struct proof *p, struct errmsg *why, enum err want)
{
    const struct prove_options o = {.text = play_small,
                                    .len = strlen(play_small),
                                    .name = "small.lua",
                                    .first = 1,
                                    .seed = 1,
                                    .count = 1,
                                    .only = words};
    assert_int_equal(prove_lesson(p, &o, NULL, NULL, why), want);
}

static void test_only_some_rows(void **state)
{
    struct proof p;
    struct errmsg why = {0};
    (void)state;
    only("fix", &p, &why, ERR_OK);
    assert_true(p.n > 0);
    for (size_t i = 0; i < p.n; i++)
        assert_int_equal(p.rows[i].kind, PROOF_FIX);
    char words[96];
    snprintf(words, sizeof words, "fix %s", p.rows[0].name);
    proof_release(&p);
    only(words, &p, &why, ERR_OK);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.rows[0].name, words + 4);
    proof_release(&p);
    only("steps", &p, &why, ERR_OK);
    for (size_t i = 0; i < p.n; i++)
        assert_int_equal(p.rows[i].kind, PROOF_STEPS);
    proof_release(&p);
    only("wrong way", &p, &why, ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "there is no row \"wrong way\"; there are: \""));
    proof_release(&p);
}

/* A false goal says what it is made of. */
static void test_parts_of_a_false_goal(void **state)
{
    (void)state;
    edited(refused, "s:good_for(min(3))",
           "s:since_change() >= sec(1) and s:service('api').cpu < 2 and "
           "s:good_for(min(300))",
           "api.cpu: ");
    edited(refused, "s:good_for(min(3))", "s:good_for(min(300))", "(good_for(5 h): ");
}

/* The first seed of a proof is looked at in every way, whatever its number. */
static void test_the_first_seed_is_thorough(void **state)
{
    struct proof p;
    struct errmsg why = {0};
    (void)state;
    const struct prove_options o = {.text = play_small,
                                    .len = strlen(play_small),
                                    .name = "small.lua",
                                    .first = 44,
                                    .seed = 44,
                                    .count = 2};
    assert_int_equal(prove_lesson(&p, &o, NULL, NULL, &why), ERR_OK);
    assert_int_equal(proof_row(&p, PROOF_SAME, "same seed, same trace")->passed, 1);
    assert_int_equal(proof_row(&p, PROOF_SAME, "tape, same trace")->passed, 1);
    proof_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_is_proven),
        cmocka_unit_test(test_only_some_rows),
        cmocka_unit_test(test_parts_of_a_false_goal),
        cmocka_unit_test(test_the_first_seed_is_thorough),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_claims_later),
        cmocka_unit_test(test_what_is_said_on_the_way),
        cmocka_unit_test(test_waiting_alone),
        cmocka_unit_test(test_what_is_planned_can_be_done),
        cmocka_unit_test(test_check_knows_promises),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_worse),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_fragile),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_costly),
        cmocka_unit_test(test_a_goal_true_at_rest),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_no_steps),
        cmocka_unit_test(test_a_predicate_with_a_memory),
        cmocka_unit_test(test_a_predicate_that_raises),
        cmocka_unit_test(test_a_proof_has_limits),
        cmocka_unit_test(test_expect_at),
        cmocka_unit_test(test_a_fix_that_ends_too_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
