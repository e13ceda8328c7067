/*
 * The tape is the run: whatever a learner does, at whatever moment, a session resumed
 * from the tape stands where the first one stood.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tick(struct session *s, sim_time elapsed, uint64_t events, bool *more)
{
    struct errmsg why = {0};
    assert_int_equal(session_tick(s, elapsed, events, more, &why), ERR_OK);
}

/* A view that shows a fact shows it in the replay as well. */
static void test_seen_by_a_view(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "2");
    play_for(s, 3300 * SIM_MS);
    session_seen(s, "changes");
    assert_int_equal(session_view(s)->step, 1);
    play_type(s, "suspect api bad-deploy");
    assert_true(play_said(s, "What you have seen fits bad-deploy alone."));
    play_same_again(s, play_small);
    session_free(s);
}

/* Words about an answer that were read are not said again. */
static void test_feedback_is_read_once(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "2");
    assert_non_null(session_view(s)->feedback);
    session_read(s);
    struct buf tape;
    buf_init(&tape, 0);
    session_take_tape(s, &tape);
    struct session_options o = {.text = play_small,
                                .len = strlen(play_small),
                                .name = "small.lua",
                                .seed = session_view(s)->seed,
                                .tape = tape.s,
                                .tape_len = tape.len};
    struct errmsg why = {0};
    struct session *again = NULL;
    assert_int_equal(session_open(&again, &o, &why), ERR_OK);
    assert_null(session_view(again)->feedback);
    session_free(again);
    session_free(s);
    buf_release(&tape);
}

/* Two things happen at the same whole second. */
static char *crowded(void)
{
    return play_edit(play_small, "    i:at(min(8),",
                     "    i:at(min(5) + sec(2), deploy('api', 'v1', { by = 'bot' }))\n"
                     "    i:at(min(5) + sec(2), deploy('api', 'v2', { by = 'bot' }))\n"
                     "    i:at(min(8),");
}

/* Events are run in slices. An input between two slices comes after all that happens at
 * its moment, or a replay, which knows of no slices, would differ. */
static void slices(const char *text, unsigned at)
{
    struct session *s = play_lesson(text, NULL);
    bool more = false;
    play_type(s, "");
    play_type(s, "2");
    tick(s, 3 * SIM_SEC, 1, &more);
    for (unsigned i = 0; i < at && more; i++)
        tick(s, 0, 1, &more);
    session_pause(s, true);
    session_pause(s, false);
    play_type(s, "scale api 3");
    tick(s, 20 * SIM_SEC, UINT64_MAX, &more);
    play_same_again(s, text);
    session_free(s);
}

static void test_inputs_between_slices(void **state)
{
    (void)state;
    char *text = crowded();
    for (unsigned at = 0; at < 400; at++)
        slices(text, at);
    mem_free(text);
}

/* A slice that ends at a whole second skips nothing of it. */
static void test_no_second_is_lost(void **state)
{
    (void)state;
    char *text = crowded();
    struct session *s = play_lesson(text, NULL);
    bool more = true;
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "status");
    tick(s, 10 * SIM_SEC, 1, &more);
    while (more) {
        tick(s, 0, 1, &more);
        const struct session_view *v = session_view(s);
        assert_true(recording_end(v->rec) >= v->now - SIM_SEC);
    }
    play_same_again(s, text);
    session_free(s);
    mem_free(text);
}

static void test_fractions_of_seconds(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    bool more = false;
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "status");
    for (int i = 0; i < 30; i++) {
        tick(s, 137 * SIM_MS, UINT64_MAX, &more);
        assert_true(session_view(s)->now % SIM_SEC == (i + 1) * 137 * SIM_MS % SIM_SEC);
        if (i % 5 == 0)
            play_type(s, "note here");
    }
    play_same_again(s, play_small);
    session_free(s);
}

/* Time that is only waited for is not on the tape as an input, so it may do nothing but
 * pass. */
static void test_a_wait_is_only_time(void **state)
{
    (void)state;
    char *text = play_edit(play_small,
                           "    find { 'changes', say = 'What changed?', watch = true, "
                           "of = 'component',\n      answer = function(s) return 'api' "
                           "end,\n",
                           "    act { 'changes', say = 'What changed?',\n      goal = "
                           "function(s) return s:in_step() > ms(300) end,\n");
    struct session *s = play_lesson(text, NULL);
    bool more = false;
    play_type(s, "");
    play_type(s, "2");
    tick(s, 500 * SIM_MS, UINT64_MAX, &more);
    play_type(s, "wait 20m");
    session_interrupt(s);
    play_same_again(s, text);
    session_free(s);
    mem_free(text);
}

static void test_an_interrupted_wait(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    bool more = false;
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "wait 10m");
    tick(s, 100 * SIM_MS, UINT64_MAX, &more);
    session_interrupt(s);
    assert_int_equal(session_view(s)->hold, HOLD_NONE);
    play_type(s, "note here");
    play_same_again(s, play_small);
    session_free(s);
}

/* Hands are busy: the next change waits for them, and its line bears the later time. */
static void test_busy_hands(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "restart api --rolling");
    sim_time then = session_view(s)->now;
    play_type(s, "scale api 3");
    assert_true(session_view(s)->now > then);
    assert_int_equal(session_line(s, "scale nobody 3", true, &why), ERR_NOT_FOUND);
    play_type(s, "scale api 2");
    play_same_again(s, play_small);
    session_free(s);
}

/* Whatever is typed at whatever moment, with the world stopped after any event: each
 * line of the tape bears the trace it was typed at, and the replay finds it again. */
static void test_any_inputs_at_any_moment(void **state)
{
    static const char *const lines[] = {"note here",   "scale api 3",  "changes",
                                        "restart api", "scale api 2",  "rollback api",
                                        "status",      "deploy api v1"};
    (void)state;
    char *text = crowded();
    for (uint64_t seed = 1; seed <= 15; seed++) {
        struct rng r;
        struct session *s = play_lesson(text, NULL);
        struct errmsg why = {0};
        bool more = false;
        rng_seed(&r, seed, "inputs");
        play_type(s, "");
        play_type(s, "2");
        for (int i = 0; i < 60; i++) {
            sim_time t = (sim_time)rng_below(&r, 2) * rng_below(&r, 1000000000);
            tick(s, t, 1 + rng_below(&r, 400), &more);
            if (rng_below(&r, 3) == 0)
                session_interrupt(s);
            if (rng_below(&r, 2) == 0 &&
                session_line(s, lines[rng_below(&r, 8)], true, &why) == ERR_LIMIT)
                fail_msg("%s", why.text);
        }
        play_same_again(s, text);
        session_free(s);
    }
    mem_free(text);
}

static void test_a_question_back(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    play_type(s, "");
    play_type(s, "2");
    assert_int_equal(session_line(s, "restart api", false, &why), ERR_STOPPED);
    assert_non_null(session_view(s)->confirm);
    assert_int_equal(session_line(s, "restart api", true, &why), ERR_OK);
    assert_null(session_view(s)->confirm);
    play_same_again(s, play_small);
    session_free(s);
}

static void test_in_the_briefing(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_same_again(s, play_small);
    session_free(s);
}

/* What is over stays as it was: looking is free, but nothing is changed or noted. */
static void test_after_the_end(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "resolve cured");
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    char *tape = play_tape(s);
    uint64_t digest = session_digest(s);
    static const char *const late[] = {"rollback api", "note late",
                                       "suspect api bad-deploy", "rewind 1m",
                                       "say --state cured"};
    for (size_t i = 0; i < sizeof late / sizeof *late; i++)
        assert_int_equal(session_line(s, late[i], true, &why), ERR_REFUSED);
    play_type(s, "changes");
    assert_true(session_digest(s) == digest);
    assert_int_equal(session_view(s)->nnotes, 0);
    char *more = play_tape(s);
    assert_string_equal(more, "");
    struct session *again = play_lesson(play_small, tape);
    assert_int_equal(session_view(again)->phase, PHASE_DEBRIEF);
    session_free(again);
    session_free(s);
    mem_free(tape);
    mem_free(more);
}

/* The score stands on the tape, once; a tape with another one is found out. */
static void test_the_score_is_taped(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL), *again;
    struct errmsg why = {0};
    struct report r;
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "resolve cured");
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    report_release(&r);
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    char *tape = play_tape(s), *line = strstr(tape, " score ");
    assert_non_null(line);
    assert_null(strstr(line + 1, " score "));
    char *edited = play_edit(tape, " score ", " score 1"), *forged = play_forge(edited);
    again = play_lesson(play_small, tape);
    assert_int_equal(session_report(again, &r, NULL, NULL, &why), ERR_OK);
    report_release(&r);
    char *more = play_tape(again);
    assert_string_equal(more, "");
    session_free(again);
    again = play_lesson(play_small, forged);
    assert_int_equal(session_report(again, &r, NULL, NULL, &why), ERR_MISMATCH);
    assert_non_null(strstr(why.text, "the score comes out as"));
    session_free(again);
    session_free(s);
    mem_free(more);
    mem_free(tape);
    mem_free(edited);
    mem_free(forged);
}

/* ---- a world that runs away ------------------------------------------------------ */

/* Each request makes the next one wait longer, for ever, and nobody gives up. */
static const char flood[] =
    "return lesson { id = 'flood', title = 'Flood', track = 'lab', minutes = 5,\n"
    "  level = 1, day_start = '10:00', starts_at = min(1), ends_at = min(60),\n"
    "  good_for = min(3), place = [[A lake.]], page = [[Water.]],\n"
    "  world = function(w)\n"
    "    w:service { 'api', instances = 1, workers = 100000, queue = 100000,\n"
    "      endpoints = { buy = { compute(min(50)) } } }\n"
    "    w:client { 'users', to = 'api/buy', rate = per_second(800),\n"
    "      gives_up = min(59) }\n"
    "  end,\n"
    "  promises = { users = { 'an answer', good = 0.95, within = sec(1), window = "
    "min(30) } },\n"
    "  incident = function(i) end,\n"
    "  fixes = { { 'wait', { 'wait 1m' } } },\n"
    "  debrief = [[Water.]],\n"
    "}\n";

static void test_a_world_that_runs_away(void **state)
{
    (void)state;
    struct session *s = play_lesson(flood, NULL);
    struct errmsg why = {0};
    play_type(s, "");
    assert_int_equal(session_advance(s, SIM_HOUR, &why), ERR_LIMIT);
    assert_true(play_said(s, "ran away"));
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    assert_true(session_view(s)->now < SIM_HOUR);
    struct report r;
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    report_release(&r);
    play_same_again(s, flood);
    session_free(s);
}

/* ---- limits ---------------------------------------------------------------------- */

/* The transcript keeps its newest lines, however much a command says at once. */
static void test_the_newest_lines_stay(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    char line[40];
    play_type(s, "");
    for (int i = 0; i < 60; i++) {
        play_type(s, "help all");
        snprintf(line, sizeof line, "note number %d", i);
        play_type(s, line);
        assert_true(play_said(s, line));
    }
    assert_true(session_view(s)->transcript->text.len < 400000);
    session_free(s);
}

static void test_a_notebook_has_an_end(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "2");
    for (int i = 0; i < 2000; i++)
        play_type(s, i % 2 ? "note again and again" : "say --state cured");
    assert_true(session_view(s)->nnotes <= 500);
    assert_true(play_said(s, "notebook is full"));
    play_same_again(s, play_small);
    session_free(s);
}

/* A tape goes on with another text where that is the same lesson in all that decides the
 * run; the sentence and no line of the tape is to blame where it is not. */
static void goes_on(const char *tape, const char *from, const char *to,
                    enum err expected)
{
    char *text = play_edit(play_small, from, to);
    struct session_options o = play_options(text, tape);
    struct errmsg why = {0};
    struct session *s = NULL;
    size_t bad = 99;
    o.bad_line = &bad;
    enum err e = session_open(&s, &o, &why);
    if (e != expected)
        fail_msg("%s -> %s: %d, not %d: %s", from, to, (int)e, (int)expected, why.text);
    assert_int_equal(bad, 0);
    session_free(s);
    mem_free(text);
}

static const char *const same_lesson[][2] = {
    {"Orders fail.", "Orders are failing."},
    {"A small shop.", "A very small shop."},
    {"Still broken.", "It is still broken."},
    {"What now?", "And what now?"},
    {"'Guess', reply", "'Guess wildly', reply"},
    {"hints = { 'look' }", "hints = { 'look', 'or read' }"},
    {"'scale', {", "'more of them', {"},
    {"A bad version.", "A version that was bad."},
    {"function(s) return 'api' end",
     "\nfunction(s) --[==[ which ]==] return 'api'\nend"},
    {"'the new version runs'", "'v2 is there'"},
    {"tells = 'v2 runs.'", "tells = 'It runs.'"},
    {"return lesson {", "-- a comment\nlocal unused = 3\nreturn lesson {"},
    {"  world = function(w)", "  world = function(w)\n    local nothing = 0"},
};
static const char *const other_lesson[][2] = {
    {"id = 'small'", "id = 'other'"},
    {"s:good_for(min(3)) end", "s:good_for(min(2)) end"},
    {"function(s) return 'api' end", "function(s) return 'users' end"},
    {"seen = 'changes'", "seen = 'status'"},
    {"'api', 'overload'", "'users', 'overload'"},
    {"rate = per_second(20)", "rate = per_second(21)"},
    {"min(8), ticket", "min(9), ticket"},
    {"deploy('api', 'v2'", "deploy('api', 'v1'"},
    {"reply = 'No.'", "reply = 'No.', right = true"},
    {"good = 0.95", "good = 0.96"},
    {"after = min(3)", "after = min(4)"},
    {"'deploy api v1'", "'rollback api'"},
    {"ends_at = min(40)", "ends_at = min(41)"},
    {"{ 'api', 'bad-deploy', right", "{ 'users', 'bad-deploy', right"},
};

static void test_words_do_not_matter(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "1");
    char *tape = play_tape(s);
    for (size_t i = 0; i < COUNT_OF(same_lesson); i++)
        goes_on(tape, same_lesson[i][0], same_lesson[i][1], ERR_OK);
    for (size_t i = 0; i < COUNT_OF(other_lesson); i++)
        goes_on(tape, other_lesson[i][0], other_lesson[i][1], ERR_MISMATCH);
    mem_free(tape);
    session_free(s);
}

static void test_the_damaged_line_is_named(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "status");
    play_type(s, "1");
    char *tape = play_tape(s), *damaged = play_edit(tape, "cmd status", "cmd stbtus");
    struct session_options o = play_options(play_small, damaged);
    struct errmsg why = {0};
    struct session *again = NULL;
    size_t bad = 0, line = 1;
    for (const char *p = damaged; p < strstr(damaged, "stbtus"); p++)
        line += *p == '\n';
    o.bad_line = &bad;
    assert_int_equal(session_open(&again, &o, &why), ERR_MISMATCH);
    assert_int_equal(bad, line);
    mem_free(tape);
    mem_free(damaged);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seen_by_a_view),
        cmocka_unit_test(test_feedback_is_read_once),
        cmocka_unit_test(test_inputs_between_slices),
        cmocka_unit_test(test_no_second_is_lost),
        cmocka_unit_test(test_fractions_of_seconds),
        cmocka_unit_test(test_a_wait_is_only_time),
        cmocka_unit_test(test_an_interrupted_wait),
        cmocka_unit_test(test_busy_hands),
        cmocka_unit_test(test_any_inputs_at_any_moment),
        cmocka_unit_test(test_a_question_back),
        cmocka_unit_test(test_in_the_briefing),
        cmocka_unit_test(test_after_the_end),
        cmocka_unit_test(test_the_score_is_taped),
        cmocka_unit_test(test_a_world_that_runs_away),
        cmocka_unit_test(test_the_newest_lines_stay),
        cmocka_unit_test(test_a_notebook_has_an_end),
        cmocka_unit_test(test_words_do_not_matter),
        cmocka_unit_test(test_the_damaged_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
