/*
 * People: who writes when, in whose words; at moments that are the same however time is
 * sliced and when a tape is replayed; what they answer; and nobody writes while all is well.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT "  expect = { at = min(5),"
#define PEOPLE                                                                         \
    "  people = { mara = { 'Mara', role = 'support', desk = true },\n"                 \
    "    jo = { 'bot', role = 'deploys', knows = { { 'orders', 'They are counted.' "   \
    "},\n"                                                                             \
    "      { 'api', 'It runs v2.', when = function(s) return s:version('api') == "     \
    "'v2' "                                                                            \
    "end } } } },\n"                                                                   \
    "  reactions = { { on = 'silence', by = 'mara', 'Own words at {clock}.' },\n"      \
    "    { by = 'jo', when = function(s) return s:version('api') == 'v1' end,\n"       \
    "      'You took my version back.' } },\n"

/* On call, so that no question holds the clock. */
static struct session *open_night(const char *text, const char *tape)
{
    struct session_options o = play_options(text, tape);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    if (!tape)
        session_read(s);
    return s;
}

/* Waits until a minute of the night, whatever stops a wait. */
static void until(struct session *s, sim_time t)
{
    struct errmsg why = {0};
    for (int i = 0; i < 200 && session_view(s)->now < t; i++)
        assert_int_equal(session_advance(s, t, &why), ERR_OK);
}

static void inbox(const struct session *s, struct buf *out)
{
    const struct session_view *v = session_view(s);
    for (size_t i = 0; i < v->ntickets; i++)
        buf_addf(out, "%lld %s: %s\n", (long long)(v->tickets[i].at / SIM_SEC),
                 v->tickets[i].who, v->tickets[i].text);
}

/* Letters by a rule, so far. */
static size_t wrote(const struct session *s, enum reaction_kind k)
{
    return people_told(&s->people, k);
}

static void test_the_quiet_one_is_asked(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 14 * SIM_MIN + 59 * SIM_SEC);
    assert_int_equal(wrote(s, REACTION_SILENCE), 0);
    until(s, 15 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_SILENCE), 1);
    assert_true(wrote(s, REACTION_CUSTOMER) > 0);
    until(s, 39 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_SILENCE), 3);
    assert_int_equal(wrote(s, REACTION_BETTER) + wrote(s, REACTION_OVER), 0);
    session_free(s);
}

static void test_nobody_writes_while_all_is_well(void **state)
{
    (void)state;
    struct session *s = open_night(play_calm, NULL);
    until(s, 19 * SIM_MIN);
    assert_int_equal(session_view(s)->ntickets, 0);
    session_free(s);
}

static void test_better_and_is_it_over(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 6 * SIM_MIN);
    play_type(s, "rollback api");
    until(s, 12 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_BETTER), 1);
    assert_int_equal(wrote(s, REACTION_CUSTOMER), 0); /* nobody says "still" after it */
    assert_int_equal(wrote(s, REACTION_OVER), 0);
    until(s, 39 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_BETTER), 1);
    assert_int_equal(wrote(s, REACTION_OVER), 1);
    assert_int_equal(wrote(s, REACTION_SILENCE), 0);
    session_free(s);
}

static void test_worse_after_a_change_of_yours(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "      } }\n    w:client",
                  "        { 'v3', buy = { fail('no') } },\n      } }\n    w:client");
    struct session *s = open_night(text, NULL);
    until(s, 7 * SIM_MIN);
    play_type(s, "deploy api v3");
    until(s, 12 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_WORSE), 1);
    until(s, 39 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_WORSE), 1);
    session_free(s);
    free(text);
}

static void test_it_comes_back(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 6 * SIM_MIN);
    play_type(s, "deploy api v1");
    until(s, 12 * SIM_MIN);
    play_type(s, "deploy api v2");
    until(s, 20 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_AGAIN), 1);
    session_free(s);
}

static const char flapping[] =
    "  alerts = { threshold { 'orders fail', of = 'users', metric = 'failed_total',\n"
    "    above = 2, hold = sec(20), page = true } },\n"
    "  incident = function(i)\n"
    "    i:at(min(7), deploy('api', 'v1', { by = 'bot' }))\n"
    "    i:at(min(10), deploy('api', 'v2', { by = 'bot' }))\n"
    "    i:at(min(12), deploy('api', 'v1', { by = 'bot' }))\n"
    "    i:at(min(30), deploy('api', 'v2', { by = 'bot' }))\n";

/* An alert that comes back within ten minutes has rung already. */
static void test_the_pager_does_not_ring_for_the_same(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "  incident = function(i)\n", flapping);
    struct session *s = open_night(text, NULL);
    until(s, 29 * SIM_MIN);
    assert_true(recording_alerts(s->run.rec) >= 2);
    size_t before = s->people.pages;
    until(s, 35 * SIM_MIN);
    assert_int_equal(before, 0); /* the first time was before the page */
    assert_int_equal(s->people.pages, 1);
    session_free(s);
    mem_free(text);
}

/* However much there is to say: a minute at least between what people write. */
static void test_people_take_turns(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 7 * SIM_MIN);
    play_type(s, "say --who all --since 09:20 --impact 90000 orders --state cured "
                 "--next 10:12");
    until(s, 25 * SIM_MIN);
    const struct people *p = &s->people;
    assert_true(p->n > 4);
    for (size_t i = 1; i < p->n; i++)
        if (p->letters[i].rule != REACTION_COUNT)
            assert_true(p->inbox[i].at - p->inbox[i - 1].at >= SIM_MIN);
    session_free(s);
}

static void test_what_you_told_them(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 7 * SIM_MIN);
    play_type(s, "say --who all --since 09:20 --impact 90000 orders --state cured "
                 "--next 10:12");
    until(s, 25 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_NOT_WELL), 1);
    assert_int_equal(wrote(s, REACTION_SINCE), 1);
    assert_int_equal(wrote(s, REACTION_NUMBER), 1);
    assert_int_equal(wrote(s, REACTION_LATE), 1);
    session_free(s);
}

/* Nobody calls late what the score calls kept. */
static void test_late_is_late_for_all(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 7 * SIM_MIN);
    play_type(s, "say --who all --since 10:03 --impact not known yet --state "
                 "investigating --next 10:10");
    until(s, 10 * SIM_MIN + 110 * SIM_SEC);
    assert_int_equal(wrote(s, REACTION_LATE), 0);
    until(s, 14 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_LATE), 1);
    session_free(s);
}

static void test_the_truth_annoys_nobody(void **state)
{
    (void)state;
    struct session *s = open_night(play_small, NULL);
    until(s, 7 * SIM_MIN);
    play_type(s, "say --who all --since 10:03 --impact about 30 % of orders --state "
                 "investigating --next 10:20");
    play_type(s, "rollback api");
    until(s, 12 * SIM_MIN);
    play_type(s, "say --who all --since 10:03 --impact not known yet --state cured "
                 "--next 10:40");
    until(s, 39 * SIM_MIN);
    for (enum reaction_kind k = 0; k < REACTION_COUNT; k++)
        if (k != REACTION_BETTER && k != REACTION_CUSTOMER)
            assert_int_equal(wrote(s, k), 0);
    session_free(s);
}

/* ---- when ------------------------------------------------------------------------ */

/* In slices of a few events, as a face on a slow machine has it. */
static void creep(struct session *s, sim_time t)
{
    struct errmsg why = {0};
    bool more = false;
    while (session_view(s)->now < t) {
        sim_time left = t - session_view(s)->now;
        assert_int_equal(session_tick(s,
                                      more             ? 0
                                      : left < SIM_SEC ? left
                                                       : 700 * SIM_MS,
                                      37, &more, &why),
                         ERR_OK);
    }
}

static void test_the_same_in_any_slices(void **state)
{
    struct buf a, b;
    (void)state;
    buf_init(&a, 0);
    buf_init(&b, 0);
    char *text = play_edit(play_small, EXPECT, PEOPLE EXPECT);
    struct session *s = open_night(text, NULL), *t = open_night(text, NULL);
    until(s, 16 * SIM_MIN);
    creep(t, 16 * SIM_MIN);
    inbox(s, &a);
    inbox(t, &b);
    assert_string_equal(a.s, b.s);
    assert_int_equal(session_digest(s), session_digest(t));
    assert_non_null(strstr(a.s, "900 Mara (support): Own words at 10:15."));
    session_free(s);
    session_free(t);
    buf_release(&a);
    buf_release(&b);
    free(text);
}

static void test_the_same_from_the_tape(void **state)
{
    struct buf a, b;
    (void)state;
    buf_init(&a, 0);
    buf_init(&b, 0);
    struct session *s = open_night(play_small, NULL);
    until(s, 7 * SIM_MIN);
    play_type(s, "say --who all --since 09:20 --state mitigated --next 10:12");
    until(s, 16 * SIM_MIN);
    play_type(s, "rollback api");
    until(s, 30 * SIM_MIN);
    play_type(s, "note that was it");
    char *tape = play_tape(s);
    struct session *t = open_night(play_small, tape);
    inbox(s, &a);
    inbox(t, &b);
    assert_string_equal(a.s, b.s);
    session_free(s);
    session_free(t);
    buf_release(&a);
    buf_release(&b);
    free(tape);
}

static void test_a_letter_stops_a_wait(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct session *s = open_night(play_small, NULL);
    play_type(s, "wait 30m");
    assert_int_equal(session_advance(s, 35 * SIM_MIN, &why), ERR_OK);
    assert_true(session_view(s)->now < 9 * SIM_MIN);
    assert_int_equal(session_view(s)->hold, HOLD_NONE);
    session_free(s);
}

static void test_gone_with_the_time_that_is_gone(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "up");
    for (int i = 0; i < 50 && session_view(s)->now < 16 * SIM_MIN; i++)
        assert_int_equal(session_advance(s, 16 * SIM_MIN, &why), ERR_OK);
    assert_int_equal(wrote(s, REACTION_SILENCE), 1);
    play_type(s, "rewind 10:09");
    assert_int_equal(wrote(s, REACTION_SILENCE), 0);
    const struct session_view *v = session_view(s);
    assert_true(v->ntickets == 0 || v->tickets[v->ntickets - 1].at <= 9 * SIM_MIN);
    for (int i = 0; i < 50 && session_view(s)->now < 15 * SIM_MIN; i++)
        assert_int_equal(session_advance(s, 15 * SIM_MIN, &why), ERR_OK);
    assert_int_equal(wrote(s, REACTION_SILENCE), 1);
    session_free(s);
}

/* ---- words and answers ----------------------------------------------------------- */

static void test_other_seeds_other_words(void **state)
{
    (void)state;
    char first[400] = "";
    bool differ = false;
    for (uint64_t seed = 1; seed < 9; seed++) {
        struct session_options o = play_options(play_small, NULL);
        o.mode = MODE_ONCALL;
        o.seed = seed;
        struct session *s = play_open(&o);
        session_read(s);
        until(s, 9 * SIM_MIN);
        const struct session_view *v = session_view(s);
        assert_true(v->ntickets > 0);
        const char *text = v->tickets[0].text;
        differ |= seed > 1 && strcmp(first, text) != 0;
        snprintf(first, sizeof first, "%s", text);
        session_free(s);
    }
    assert_true(differ);
}

static void test_people_are_asked(void **state)
{
    (void)state;
    char *text = play_edit(play_small, EXPECT, PEOPLE EXPECT);
    struct session *s = open_night(text, NULL);
    play_type(s, "ask");
    assert_true(play_said(s, "deploys"));
    play_type(s, "ask mara");
    assert_true(play_said(s, "Mara (support): Customers write that they have trouble"));
    play_type(s, "ask jo about the api?");
    assert_true(play_said(s, "bot (deploys): It runs v2."));
    play_type(s, "ask jo changes");
    assert_true(play_said(s, "I changed that at 10:03"));
    play_type(s, "ask jo users");
    assert_true(play_said(s, "I can tell you nothing"));
    play_type(s, "rollback api");
    until(s, 10 * SIM_MIN);
    assert_int_equal(wrote(s, REACTION_OWN), 1);
    assert_true(play_said(s, "You took my version back."));
    play_type(s, "ask mara users");
    assert_true(play_said(s, "In the last moments nobody wrote."));
    session_free(s);
    free(text);
}

static void test_an_author_is_told(void **state)
{
    static const struct {
        const char *people, *says;
    } cases[] = {
        {"reactions = { { on = 'silence', by = 'eve', 'Hello?' } },\n", "called"},
        {"people = { a = { 'A', role = 'x' } }, reactions = { { by = 'a', 'Hm' } },\n",
         "says `on`"},
        {"people = { a = { 'A', role = 'x' } }, reactions = { { by = 'a', on = 'late', "
         "'It is {o} clock' } },\n",
         "no such value {o}"},
        {"people = { a = { 'A' } },\n", "lacks role"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char insert[400];
        struct errmsg why = {0};
        struct lesson *l = NULL;
        snprintf(insert, sizeof insert, "%s" EXPECT, cases[i].people);
        char *text = play_edit(play_small, EXPECT, insert);
        assert_int_equal(lesson_load(&l, text, strlen(text), "small.lua", &why),
                         ERR_LESSON);
        if (!strstr(why.text, cases[i].says))
            fail_msg("%s", why.text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_quiet_one_is_asked),
        cmocka_unit_test(test_nobody_writes_while_all_is_well),
        cmocka_unit_test(test_better_and_is_it_over),
        cmocka_unit_test(test_worse_after_a_change_of_yours),
        cmocka_unit_test(test_it_comes_back),
        cmocka_unit_test(test_the_pager_does_not_ring_for_the_same),
        cmocka_unit_test(test_people_take_turns),
        cmocka_unit_test(test_what_you_told_them),
        cmocka_unit_test(test_late_is_late_for_all),
        cmocka_unit_test(test_the_truth_annoys_nobody),
        cmocka_unit_test(test_the_same_in_any_slices),
        cmocka_unit_test(test_the_same_from_the_tape),
        cmocka_unit_test(test_a_letter_stops_a_wait),
        cmocka_unit_test(test_gone_with_the_time_that_is_gone),
        cmocka_unit_test(test_other_seeds_other_words),
        cmocka_unit_test(test_people_are_asked),
        cmocka_unit_test(test_an_author_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
