/*
 * Promises of data and freshness in score, outcome, debrief and proof: who breaks one pays
 * for it, though every user is answered in time.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The small shop with a flag that charges twice, and a promise that nothing is. */
static char *shop(void)
{
    char *a = play_edit(play_small, "{ compute(ms(4)), count('orders') }",
                        "{ compute(ms(4)), count('orders'),"
                        " when_flag('twice', { count('doubled') }) }");
    char *b = play_edit(a, "    w:client", "    w:flag { 'twice' }\n    w:client");
    char *c = play_edit(
        b, "min(30) } },",
        "min(30) }, data = { { 'nothing is charged twice', broken = function(s)"
        " return s:total('doubled') end } } },");
    char *d = play_edit(c, "wrong = {",
                        "wrong = { { 'charge twice', { 'flag twice on', 'rollback api' "
                        "}, harm = 'loses',"
                        " says = 'Twice.' },\n");
    free(a), free(b), free(c);
    return d;
}

/* Plays lines from the page ("": a minute goes by), and waits ten minutes after them. */
static struct report played(const char *text, const char *const *lines)
{
    struct report r;
    struct errmsg why = {0};
    struct session_options o = play_options(text, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    for (; *lines; lines++)
        if (**lines)
            play_type(s, *lines);
        else
            play_for(s, SIM_MIN);
    for (int i = 0; i < 20; i++)
        play_for(s, 30 * SIM_SEC);
    play_type(s, "resolve cured");
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    session_free(s);
    return r;
}

static bool reads(const struct report *r, const char *words)
{
    struct buf b;
    buf_init(&b, 0);
    report_markdown(r, &b);
    for (char *p = b.s; *p; p++)
        *p = *p == '\n' ? ' ' : *p;
    bool yes = strstr(b.s, words);
    buf_release(&b);
    return yes;
}

static void kept_data_are_full_marks(void **state)
{
    (void)state;
    char *text = shop();
    struct report r = played(text, (const char *const[]){"rollback api", NULL});
    assert_int_equal(r.items[SCORE_DATA].full, SCORE_DATA_FULL_DATA);
    assert_int_equal(r.items[SCORE_DATA].points, SCORE_DATA_FULL_DATA);
    assert_true(r.score.outcome >= OUTCOME_CURED);
    report_release(&r);
    free(text);
}

/* A lesson that promises nothing of its data has no such part, and makes 100 all the same. */
static void no_promise_no_part(void **state)
{
    (void)state;
    struct report r = played(play_small, (const char *const[]){"rollback api", NULL});
    int full = 0;
    for (enum score_part i = 0; i < SCORE_PARTS; i++)
        full += r.items[i].full;
    assert_int_equal(full, 100);
    assert_int_equal(r.items[SCORE_DATA].full, 0);
    assert_false(reads(&r, "data kept"));
    report_release(&r);
}

static void a_promise_still_broken_is_no_cure(void **state)
{
    (void)state;
    char *text = shop();
    struct report r =
        played(text, (const char *const[]){"flag twice on", "rollback api", NULL});
    assert_int_equal(r.items[SCORE_DATA].points, 0);
    assert_int_equal(r.score.outcome, OUTCOME_MITIGATED);
    assert_true(reads(&r, "one promise is not kept: nothing is charged twice"));
    assert_true(reads(&r, "You called it cured."));
    report_release(&r);
    free(text);
}

/* What was broken and stopped is stopped, and no cure: nobody is given back what was lost. */
static void a_promise_broken_once_costs(void **state)
{
    (void)state;
    char *text = shop();
    struct report r =
        played(text, (const char *const[]){"rollback api", "flag twice on", "",
                                           "flag twice off", NULL});
    assert_int_equal(r.items[SCORE_DATA].points, 0);
    assert_int_equal(r.score.outcome, OUTCOME_MITIGATED);
    assert_true(
        reads(&r, "no later change takes back. Not kept: nothing is charged twice."));
    assert_true(reads(&r, "Not kept: \"nothing is charged twice\", broken"));
    report_release(&r);
    free(text);
}

/* A second promise, which the learner keeps: harm of the learner's own hand to the first
 * counts by its size, against what users lose where nobody acts. */
static void harm_counts_by_its_size(void **state)
{
    (void)state;
    char *one = shop();
    char *two = play_edit(
        one, "data = { {",
        "data = { { 'orders are kept', broken = function(s) return 0 end }, {");
    static const char *const know[] = {"changes", "suspect api bad-deploy",
                                       "rollback api"};
    const char *none[] = {know[0], know[1], know[2], NULL};
    const char *all[] = {know[0], know[1], know[2], "flag twice on", NULL};
    struct report good = played(two, none), bad = played(two, all);
    assert_int_equal(good.items[SCORE_DATA].points, good.items[SCORE_DATA].full);
    assert_int_equal(good.items[SCORE_CONTAINMENT].points,
                     good.items[SCORE_CONTAINMENT].full);
    assert_int_equal(good.items[SCORE_USERS].points, good.items[SCORE_USERS].full);
    assert_int_equal(bad.items[SCORE_DATA].points, 0);
    assert_int_equal(bad.items[SCORE_CONTAINMENT].points, 0);
    assert_int_equal(bad.items[SCORE_USERS].points, 0);
    assert_true(reads(&bad, "By your own hand"));
    report_release(&good), report_release(&bad);
    const char *few[] = {know[0],         know[1],          know[2],
                         "flag twice on", "flag twice off", NULL};
    struct report some = played(two, few);
    assert_true(some.items[SCORE_CONTAINMENT].points > 0);
    assert_true(some.items[SCORE_USERS].points > 0);
    report_release(&some);
    free(one), free(two);
}

/* ---- proof ----------------------------------------------------------------------- */

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
    bool ok = proof_row(&p, kind, name)->failed == 0;
    proof_release(&p);
    return ok;
}

static void a_turn_that_breaks_a_promise_loses(void **state)
{
    (void)state;
    char *text = shop();
    char *idle =
        play_edit(text, "{ 'flag twice on', 'rollback api' }", "{ 'scale api 3' }");
    assert_true(proven(text, PROOF_WRONG, "charge twice"));
    assert_false(proven(idle, PROOF_WRONG, "charge twice"));
    free(idle);
    free(text);
}

static void a_fix_keeps_every_promise(void **state)
{
    (void)state;
    char *text = shop();
    char *bad =
        play_edit(text, "fixes = { { 'roll back', { 'rollback api' } }",
                  "fixes = { { 'roll back', { 'rollback api', 'flag twice on' } }");
    assert_true(proven(text, PROOF_FIX, "roll back"));
    assert_false(proven(bad, PROOF_FIX, "roll back"));
    free(bad);
    free(text);
}

/* A promise that the healthy night breaks is none. */
static void the_healthy_night_keeps_every_promise(void **state)
{
    (void)state;
    char *text = shop();
    char *bad = play_edit(text, "w:flag { 'twice' }", "w:flag { 'twice', on = true }");
    assert_true(proven(text, PROOF_TWIN, "users are well without the incident"));
    assert_false(proven(bad, PROOF_TWIN, "users are well without the incident"));
    free(bad);
    free(text);
}

/* ---- what began it, what would have prevented it --------------------------------- */

static int diagnosis(const char *text, const char *trigger)
{
    struct report r =
        played(text, (const char *const[]){trigger, "suspect api bad-deploy",
                                           "rollback api", NULL});
    int points = r.items[SCORE_DIAGNOSIS].points;
    report_release(&r);
    return points;
}

static void the_trigger_counts(void **state)
{
    (void)state;
    int plain = diagnosis(play_small, "status");
    assert_int_equal(diagnosis(play_small, "trigger api"), plain + 3);
    assert_int_equal(diagnosis(play_small, "trigger growth"), plain);
}

static char *preventable(void)
{
    char *quick = play_edit(play_small, "good_for = min(3),",
                            "good_for = min(3), expert = min(2),");
    char *text = play_edit(
        quick, "  debrief =",
        "  prevention = {\n"
        "    { 'an alert on answers', right = true, effort = 'an hour',\n"
        "      alert = threshold { 'bad', of = 'users', metric = 'bad_total',\n"
        "        above = 1, hold = sec(10) } },\n"
        "    { 'more workers', with = { set('api.workers', 64) } },\n"
        "    { 'a test' } },\n  debrief =");
    free(quick);
    return text;
}

static void each_prevention_is_priced(void **state)
{
    (void)state;
    char *text = preventable();
    struct report r = played(
        text, (const char *const[]){"rollback api", "", "", "", "prevent 1", NULL});
    assert_true(reads(&r, "What would have prevented it"));
    assert_true(reads(&r, "0 false alarms"));
    assert_true(reads(&r, "You chose 1. That would have helped"));
    report_release(&r);
    free(text);
}

/* The debrief of a night that was mended and closed after `spare` slices of time in which
 * nothing else was to be done. */
static struct buf debrief_after(const char *text, int spare, bool early, bool *owed)
{
    struct session_options o = play_options(text, NULL);
    struct errmsg why = {0};
    struct report r;
    struct buf b;
    bool more = true;
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    for (int i = 0; i < spare && more; i++)
        assert_int_equal(session_tick(s, 0, 1500, &more, &why), ERR_OK);
    play_type(s, "");
    play_type(s, "rollback api");
    for (int i = 0; i < 20; i++)
        play_for(s, 30 * SIM_SEC);
    play_type(s, "resolve cured");
    enum err e = early ? session_report_early(s, &r, &why)
                       : session_report(s, &r, NULL, NULL, &why);
    assert_int_equal(e, ERR_OK);
    *owed = session_report_owed(s);
    for (more = early; more;)
        assert_int_equal(session_tick(s, 0, 5000, &more, &why), ERR_OK);
    assert_false(session_report_owed(s));
    buf_init(&b, 0);
    report_markdown(&r, &b);
    report_release(&r);
    session_free(s);
    return b;
}

/* However much of it was run while somebody played, the same debrief comes of it; who does
 * not wait for the prices is told that they are to come. */
static void spare_time_changes_no_debrief(void **state)
{
    (void)state;
    char *text = preventable();
    bool owed;
    struct buf whole = debrief_after(text, 0, false, &owed);
    assert_non_null(strstr(whole.s, "false alarm"));
    for (int spare = 1; spare < 1000; spare += spare / 2 + 1) {
        struct buf again = debrief_after(text, spare, false, &owed);
        assert_string_equal(again.s, whole.s);
        assert_false(owed);
        buf_release(&again);
    }
    struct buf early = debrief_after(text, 0, true, &owed);
    assert_true(owed);
    assert_non_null(strstr(early.s, "being worked out"));
    assert_null(strstr(early.s, "false alarm"));
    buf_release(&early);
    early = debrief_after(text, 100000, true, &owed);
    assert_false(owed);
    assert_string_equal(early.s, whole.s);
    buf_release(&early);
    buf_release(&whole);
    free(text);
}

/* Asked while users suffer, the choices would say what it is. */
static void prevention_waits_until_users_are_well(void **state)
{
    (void)state;
    char *text = preventable();
    struct session_options o = play_options(text, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    play_type(s, "prevent");
    assert_true(play_said(s, "First mend it."));
    assert_false(play_said(s, "an alert on answers"));
    play_type(s, "rollback api");
    for (int i = 0; i < 8; i++)
        play_for(s, 30 * SIM_SEC);
    play_type(s, "prevent");
    assert_true(play_said(s, "an alert on answers"));
    struct errmsg why = {0};
    assert_int_not_equal(session_line(s, "prevent 7", true, &why), ERR_OK);
    assert_true(play_said(s, "a number from 1 to 3"));
    session_free(s);
    free(text);
}

static void a_choice_is_what_the_engine_says(void **state)
{
    (void)state;
    char *text = preventable();
    char *wrong = play_edit(text, "'more workers',", "'more workers', right = true,");
    assert_true(proven(text, PROOF_PREVENTION, "an alert on answers"));
    assert_true(proven(text, PROOF_PREVENTION, "more workers"));
    assert_false(proven(wrong, PROOF_PREVENTION, "more workers"));
    free(wrong);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_data_are_full_marks),
        cmocka_unit_test(no_promise_no_part),
        cmocka_unit_test(a_promise_still_broken_is_no_cure),
        cmocka_unit_test(a_promise_broken_once_costs),
        cmocka_unit_test(harm_counts_by_its_size),
        cmocka_unit_test(a_turn_that_breaks_a_promise_loses),
        cmocka_unit_test(a_fix_keeps_every_promise),
        cmocka_unit_test(the_healthy_night_keeps_every_promise),
        cmocka_unit_test(the_trigger_counts),
        cmocka_unit_test(each_prevention_is_priced),
        cmocka_unit_test(spare_time_changes_no_debrief),
        cmocka_unit_test(prevention_waits_until_users_are_well),
        cmocka_unit_test(a_choice_is_what_the_engine_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
