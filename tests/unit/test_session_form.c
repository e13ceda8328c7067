/*
 * The bare word say: an update asked for field by field, and what ends up on the tape.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void test_one_field_after_the_other(void **state)
{
    (void)state;
    static const char *const typed[] = {
        "",     "2",     "api",         "up",      "rollback api",
        "say",  "users", "status",      "10:03",   "half \"of\" them \\ all",
        "soon", "2",     "\"changes\"", "at 10:30"};
    struct session *s = play_lesson(play_small, NULL);
    for (size_t i = 0; i < COUNT_OF(typed); i++)
        play_type(s, typed[i]);
    assert_true(play_said(s, "Who is affected?"));
    assert_true(play_said(s, "One of these"));
    assert_true(play_said(s, "Posted."));
    const struct session_view *v = session_view(s);
    assert_string_equal(v->notes[v->nnotes - 1].text,
                        "users; 10:03; half 'of' them / all; mitigated; at 10:30");
    char *tape = play_tape(s);
    assert_non_null(strstr(tape, "cmd say --who \"users\" --since \"10:03\""));
    assert_null(strstr(tape, "cmd say\n"));
    struct session *again = play_lesson(play_small, tape);
    assert_int_equal(session_view(again)->nnotes, v->nnotes);
    session_free(again);
    session_free(s);
    mem_free(tape);
}

static void test_it_can_be_left(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "say");
    play_type(s, "everybody");
    play_type(s, "cancel");
    play_type(s, "2"); /* an answer again */
    assert_true(play_said(s, "Nothing was posted."));
    assert_int_equal(session_view(s)->step, 1);
    assert_int_equal(session_view(s)->nnotes, 0);
    session_free(s);
}

/* ---- a question that is answered by a name --------------------------------------- */

static bool completes(struct session *s, const char *line, const char *word)
{
    struct completions c = {0};
    bool yes = false;
    session_complete(s, line, strlen(line), &c);
    for (size_t i = 0; i < c.n && !yes; i++)
        yes = !strcmp(c.words[i], word);
    completions_release(&c);
    return yes;
}

static void test_an_answer_completes(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "watch = true, of = 'component'", "of = 'component'");
    char *cause =
        play_edit(play_small,
                  "of = 'component',\n      answer = function(s) return 'api' "
                  "end,",
                  "answer = 'suspect',");
    struct session *s = play_lesson(text, NULL);
    play_type(s, "");
    assert_false(completes(s, "ap", "api")); /* a number is asked for */
    play_type(s, "2");
    assert_true(completes(s, "ap", "api"));
    assert_true(completes(s, "", "users"));
    assert_true(completes(s, "ch", "changes")); /* commands stay */
    assert_true(completes(s, "ps ap", "api"));
    assert_false(completes(s, "api ", "bad-deploy"));
    session_free(s);
    s = play_lesson(cause, NULL);
    play_type(s, "");
    play_type(s, "2");
    assert_true(completes(s, "api ba", "bad-deploy"));
    assert_false(completes(s, "changes ba", "bad-deploy"));
    session_free(s);
    mem_free(cause);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_field_after_the_other),
        cmocka_unit_test(test_it_can_be_left),
        cmocka_unit_test(test_an_answer_completes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
