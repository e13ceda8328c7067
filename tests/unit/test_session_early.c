/*
 * A session opened early: its page is there before its night, which ticks or the first input
 * run up to it; and from then on nothing tells it from one that was opened whole.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct session *open_early(const char *text, enum play_mode mode)
{
    struct session_options o = play_options(text, NULL);
    o.early = true;
    o.mode = mode;
    return play_open(&o);
}

/* Ticks up to the page; how many it took. */
static int come(struct session *s, uint64_t events)
{
    struct errmsg why = {0};
    bool more = true;
    int n = 0;
    for (; session_view(s)->opened < 1; n++) {
        assert_true(more);
        assert_int_equal(session_tick(s, 0, events, &more, &why), ERR_OK);
    }
    return n;
}

static void page_of(const struct session *s, struct buf *out)
{
    buf_init(out, 0);
    session_page(s, out);
    session_rules(s, out);
}

static void test_the_page_is_there_before_the_night(void **state)
{
    (void)state;
    struct session *early = open_early(play_small, MODE_GUIDED);
    struct session *whole = play_lesson(play_small, NULL);
    const struct session_view *v = session_view(early);
    struct buf a, b, tape;
    assert_true(v->opened < 0.01);
    assert_null(v->failed);
    assert_int_equal(v->phase, PHASE_BRIEFING);
    assert_int_equal(v->hold, HOLD_READING);
    assert_true(v->now == session_view(whole)->now);
    assert_int_equal(v->nsteps, session_view(whole)->nsteps);
    page_of(early, &a);
    page_of(whole, &b);
    assert_string_equal(a.s, b.s);
    buf_init(&tape, 0);
    session_take_tape(early, &tape);
    assert_int_equal(tape.len, 0); /* nothing to go on with yet */
    buf_release(&a);
    buf_release(&b);
    buf_release(&tape);
    session_free(early);
    session_free(whole);
}

static void same_tapes(struct session *a, struct session *b)
{
    assert_true(session_digest(a) == session_digest(b));
    char *one = play_tape(a), *two = play_tape(b);
    assert_string_equal(one, two);
    mem_free(one);
    mem_free(two);
}

static void test_ticks_bring_it_there(void **state)
{
    (void)state;
    struct session *early = open_early(play_small, MODE_GUIDED);
    struct session *whole = play_lesson(play_small, NULL);
    double before = 0;
    for (int i = 0; i < 5; i++) {
        struct errmsg why = {0};
        bool more = false;
        assert_int_equal(session_tick(early, 0, 500, &more, &why), ERR_OK);
        assert_true(more);
        assert_true(session_view(early)->opened > before);
        before = session_view(early)->opened;
    }
    assert_true(come(early, 500) > 1);
    play_type(early, "");
    play_type(whole, "");
    play_type(early, "2");
    play_type(whole, "2");
    assert_int_equal(session_view(early)->ntickets, session_view(whole)->ntickets);
    same_tapes(early, whole);
    session_free(early);
    session_free(whole);
}

/* Whoever is faster than the night waits for it. */
static void test_an_input_brings_it_there(void **state)
{
    (void)state;
    struct session *early = open_early(play_small, MODE_GUIDED);
    struct session *whole = play_lesson(play_small, NULL);
    play_type(early, "2");
    play_type(whole, "2");
    assert_int_equal(session_view(early)->opened, 1);
    same_tapes(early, whole);
    session_free(early);
    session_free(whole);
}

/* The page of a night drawn blind is what people have written by then. */
static void test_a_blind_night_is_opened_whole(void **state)
{
    (void)state;
    struct session *s = open_early(play_small, MODE_BLIND);
    assert_int_equal(session_view(s)->opened, 1);
    session_free(s);
}

/* A night that runs away before its page: it says why, as often as it is asked, and takes
 * no input. */
static void test_a_night_without_a_page(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "per_second(20), gives_up = sec(5)",
                           "per_second(20000), gives_up = min(9)");
    struct session *s = open_early(text, MODE_GUIDED);
    struct errmsg why = {0}, again = {0};
    bool more = true;
    enum err e = ERR_OK;
    while (e == ERR_OK && more)
        e = session_tick(s, 0, 1000000, &more, &why);
    assert_int_not_equal(e, ERR_OK);
    assert_false(more);
    assert_non_null(session_view(s)->failed);
    assert_string_equal(session_view(s)->failed, why.text);
    session_read(s);
    session_seen(s, "changes");
    assert_int_equal(session_view(s)->phase, PHASE_BRIEFING);
    assert_int_not_equal(session_line(s, "status", false, &again), ERR_OK);
    assert_string_equal(again.text, why.text);
    session_free(s);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_page_is_there_before_the_night),
        cmocka_unit_test(test_ticks_bring_it_there),
        cmocka_unit_test(test_an_input_brings_it_there),
        cmocka_unit_test(test_a_blind_night_is_opened_whole),
        cmocka_unit_test(test_a_night_without_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
