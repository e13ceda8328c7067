/*
 * A session end to end on a small lesson: steps, waits, the tape, resuming, going back,
 * the score, the debrief and the proof. The lesson: an api past its capacity because of
 * a bad version.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void play_to_the_fix(struct session *s)
{
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "up");
    play_type(s, "rollback api");
    for (int i = 0; i < 4 && session_view(s)->phase == PHASE_PLAY; i++)
        play_for(s, 8 * SIM_MIN); /* people write, which stops it */
}

/* ---- steps ----------------------------------------------------------------------- */

static void test_starts_with_the_page(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    const struct session_view *v = session_view(s);
    assert_int_equal(v->phase, PHASE_BRIEFING);
    assert_int_equal(v->hold, HOLD_READING);
    assert_true(v->now == 5 * SIM_MIN);
    bool more = false;
    struct errmsg why = {0};
    assert_int_equal(session_tick(s, 5 * SIM_SEC, UINT64_MAX, &more, &why), ERR_OK);
    assert_true(session_view(s)->now == 5 * SIM_MIN);
    session_free(s);
}

static void test_a_wrong_answer_stays(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "1");
    assert_int_equal(session_view(s)->step, 0);
    assert_true(play_said(s, "No."));
    play_type(s, "9");
    assert_int_equal(session_view(s)->step, 0);
    play_type(s, "2");
    assert_int_equal(session_view(s)->step, 1);
    session_free(s);
}

static void test_time_stands_at_a_question(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    bool more = false;
    play_type(s, "");
    assert_int_equal(session_view(s)->hold, HOLD_QUESTION);
    assert_int_equal(session_tick(s, SIM_SEC, UINT64_MAX, &more, &why), ERR_OK);
    assert_true(session_view(s)->now == 5 * SIM_MIN);
    play_type(s, "2");
    assert_int_equal(session_view(s)->hold, HOLD_READING); /* the next step's text */
    assert_int_equal(session_tick(s, SIM_SEC, UINT64_MAX, &more, &why), ERR_OK);
    assert_true(session_view(s)->now == 5 * SIM_MIN);
    play_type(s, "status");
    assert_int_equal(session_view(s)->hold, HOLD_NONE);
    assert_int_equal(session_tick(s, SIM_SEC, UINT64_MAX, &more, &why), ERR_OK);
    assert_true(session_view(s)->now == 5 * SIM_MIN + SIM_SEC);
    session_free(s);
}

static void test_a_wait_stops_at_a_ticket(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "wait 20m");
    assert_int_equal(session_view(s)->hold, HOLD_WAITING);
    play_for(s, 20 * SIM_MIN);
    assert_true(session_view(s)->now == 7 * SIM_MIN);
    assert_true(play_said(s, "A customer: "));
    play_type(s, "wait 20m");
    play_for(s, 20 * SIM_MIN);
    assert_true(session_view(s)->now == 8 * SIM_MIN);
    assert_true(play_said(s, "Still broken."));
    session_free(s);
}

static void test_the_whole_way(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_to_the_fix(s);
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    assert_true(play_said(s, "You predicted up"));
    session_free(s);
}

static void test_hint_skip_solution(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "hint");
    assert_true(play_said(s, "Hint 1 of 1."));
    play_type(s, "skip");
    assert_int_equal(session_view(s)->step, 1);
    assert_int_equal(session_view(s)->status[0], STEP_SKIPPED);
    play_type(s, "solution");
    assert_true(play_said(s, "  changes"));
    session_free(s);
}

/* Plain words come through as well as toned ones. */
static void test_output_is_whole(void **state)
{
    (void)state;
    struct session_options o = play_options(play_small, NULL);
    struct session *s = NULL;
    struct errmsg why = {0};
    o.spoken = true;
    assert_int_equal(session_open(&s, &o, &why), ERR_OK);
    play_type(s, "");
    play_type(s, "chart orders");
    const char *out = strstr(session_view(s)->transcript->text.s, "> chart orders\n");
    assert_non_null(out);
    assert_true(strlen(out) > 60);
    session_free(s);
}

/* ---- tape ------------------------------------------------------------------------ */

static void test_resumes_from_the_tape(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "2");
    play_for(s, 31 * SIM_SEC + 500 * SIM_MS);
    play_type(s, "api");
    play_type(s, "up");
    play_type(s, "rollback api");
    play_for(s, 25 * SIM_SEC);
    session_pause(s, true);
    char *tape = play_tape(s);
    struct session *again = play_lesson(play_small, tape);
    assert_true(session_view(again)->now == session_view(s)->now);
    assert_int_equal(session_view(again)->step, session_view(s)->step);
    assert_true(session_digest(again) == session_digest(s));
    session_free(again);
    session_free(s);
    mem_free(tape);
}

static void test_a_cut_line_is_dropped(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_to_the_fix(s);
    char *tape = play_tape(s);
    char *last = strstr(tape, "cmd rollback");
    assert_non_null(last);
    last[7] = '\0';
    struct session *again = play_lesson(play_small, tape);
    assert_int_equal(session_view(again)->step, 3);
    session_free(again);
    session_free(s);
    mem_free(tape);
}

static void refuses(const char *tape, enum err want, const char *words)
{
    struct session *s = NULL;
    struct errmsg why = {0};
    struct session_options o = play_options(play_small, tape);
    assert_int_equal(session_open(&s, &o, &why), want);
    assert_null(s);
    if (!strstr(why.text, words))
        fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

/* An edited tape is refused for its chain; with one that fits, for what it says. */
static void refuses_edited(const char *tape, const char *from, const char *to,
                           const char *words)
{
    char *edited = play_edit(tape, from, to), *forged = play_forge(edited);
    refuses(edited, ERR_MISMATCH, "changed");
    refuses(forged, ERR_MISMATCH, words);
    mem_free(edited);
    mem_free(forged);
}

static void test_refuses_other_tapes(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_to_the_fix(s);
    char *tape = play_tape(s);
    refuses("nonsense\n", ERR_CORRUPT, "line 1");
    refuses("truecode tape 1\nengine 1\n", ERR_CORRUPT, "truecode tape 1");
    refuses_edited(tape, "engine ", "engine 9", "engine");
    refuses_edited(tape, "seed 7", "seed 8", "seed");
    refuses_edited(tape, "guided", "on-call", "mode");
    refuses_edited(tape, "cmd rollback api", "cmd rollback nobody", "no longer works");
    refuses_edited(tape, "found api", "cmd scale api 4", "replay differs");
    refuses_edited(tape, "found api", "found cheese", "answers no open question");
    session_free(s);
    mem_free(tape);
}

/* ---- going back ------------------------------------------------------------------ */

static void test_rewind_ends_exactly_there(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    play_type(s, "");
    play_type(s, "2");
    play_for(s, 65 * SIM_SEC);
    play_type(s, "scale api 3");
    play_for(s, 30 * SIM_SEC);
    uint64_t digest = session_digest(s);
    sim_time then = session_view(s)->now;
    play_for(s, 70 * SIM_SEC);
    char line[64];
    sim_time day = then / SIM_SEC;
    snprintf(line, sizeof line, "rewind 10:%02d:%02d", (int)(day / 60 % 60),
             (int)(day % 60));
    assert_int_equal(session_line(s, line, true, &why), ERR_OK);
    assert_true(session_view(s)->now == then);
    assert_true(session_digest(s) == digest);
    assert_true(session_view(s)->practice);
    session_free(s);
}

/* ---- the debrief ----------------------------------------------------------------- */

static void test_report(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    struct report r;
    struct buf b;
    play_to_the_fix(s);
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    assert_true(r.score.bad_nothing > r.score.bad_you);
    assert_true(r.score.part[SCORE_USERS] > 0.5);
    assert_true(r.score.outcome >= OUTCOME_MITIGATED);
    buf_init(&b, 0);
    report_markdown(&r, &b);
    assert_non_null(strstr(b.s, "A bad version."));
    assert_non_null(strstr(b.s, "error answer"));
    buf_release(&b);
    report_release(&r);
    session_free(s);
}

static void test_proof(void **state)
{
    (void)state;
    struct proof p;
    struct errmsg why = {0};
    struct buf b;
    const struct prove_options o = {.text = play_small,
                                    .len = strlen(play_small),
                                    .name = "small.lua",
                                    .first = 1,
                                    .seed = 1,
                                    .count = 2};
    enum err e = prove_lesson(&p, &o, NULL, NULL, &why);
    if (e != ERR_OK)
        fail_msg("%s", why.text);
    buf_init(&b, 0);
    proof_print(&p, "small", &b);
    if (!p.ok)
        fail_msg("%s", b.s);
    buf_release(&b);
    proof_release(&p);
}

/* A lesson whose wrong fix wins is not proven: the prover can fail. */
static void test_proof_notices(void **state)
{
    (void)state;
    struct proof p;
    struct errmsg why = {0};
    char *text = mem_strdup(play_small);
    char *scale = strstr(text, "'scale api 4'");
    memcpy(scale, "'rollback api", 13);
    scale[13] = '\'';
    char *tail = scale + 14;
    assert_non_null(strstr(tail, "harm"));
    enum err e = prove_lesson(&p,
                              &(struct prove_options){.text = text,
                                                      .len = strlen(text),
                                                      .name = "small.lua",
                                                      .first = 1,
                                                      .seed = 1,
                                                      .count = 1},
                              NULL, NULL, &why);
    assert_true(e != ERR_OK || !p.ok);
    proof_release(&p);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_with_the_page),
        cmocka_unit_test(test_a_wrong_answer_stays),
        cmocka_unit_test(test_time_stands_at_a_question),
        cmocka_unit_test(test_a_wait_stops_at_a_ticket),
        cmocka_unit_test(test_the_whole_way),
        cmocka_unit_test(test_hint_skip_solution),
        cmocka_unit_test(test_output_is_whole),
        cmocka_unit_test(test_resumes_from_the_tape),
        cmocka_unit_test(test_a_cut_line_is_dropped),
        cmocka_unit_test(test_refuses_other_tapes),
        cmocka_unit_test(test_rewind_ends_exactly_there),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_proof),
        cmocka_unit_test(test_proof_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
