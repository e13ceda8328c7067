/*
 * Players who do not think play any lesson to its end by typing lines, the same way each
 * time; what they type is what their rule says; and the table tells who got through.
 */
#include "../../src/session/thoughtless.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct score run(enum player p, const char *text, enum play_mode mode)
{
    struct score score = {0};
    struct errmsg why = {0};
    struct session_options o = play_options(text, NULL);
    o.mode = mode;
    if (thoughtless_run(p, &o, &score, &why) != ERR_OK)
        fail_msg("%s: %s", player_word(p), why.text);
    return score;
}

static void test_all_come_to_an_end(void **state)
{
    struct players t;
    struct errmsg why = {0};
    struct buf table;
    (void)state;
    struct session_options o = play_options(play_small, NULL);
    assert_int_equal(players_play(&t, &o, 1, NULL, NULL, &why), ERR_OK);
    assert_int_equal(t.n, 2 * PLAYER_COUNT);
    for (size_t i = 0; i < t.n; i++) {
        assert_in_range(t.rows[i].most, 0, 100);
        /* no data are promised there, and nothing can be improved ahead */
        bool idle =
            t.rows[i].player == PLAYER_loser || t.rows[i].player == PLAYER_spender;
        assert_int_equal(t.rows[i].seeds, idle ? 0 : 1);
    }
    buf_init(&table, 0);
    players_print(&t, "small", &table);
    assert_non_null(strstr(table.s, "garbage"));
    assert_non_null(strstr(table.s, "on-call"));
    buf_release(&table);
    players_release(&t);
}

static void test_the_same_again(void **state)
{
    (void)state;
    for (int p = 0; p < PLAYER_COUNT; p++) {
        struct score a = run((enum player)p, play_small, MODE_GUIDED);
        struct score b = run((enum player)p, play_small, MODE_GUIDED);
        assert_int_equal(a.total, b.total);
        assert_int_equal(a.bad_you, b.bad_you);
    }
}

/* Who waits spares nobody; who takes back the last change, a bad version, does. */
static void test_they_do_what_they_say(void **state)
{
    (void)state;
    struct score waits = run(PLAYER_waiter, play_small, MODE_ONCALL);
    struct score reverts = run(PLAYER_reverter, play_small, MODE_ONCALL);
    struct score garbage = run(PLAYER_garbage, play_small, MODE_ONCALL);
    assert_int_equal(waits.bad_you, waits.bad_nothing);
    assert_int_equal(garbage.bad_you, garbage.bad_nothing);
    assert_true(reverts.bad_you * 4 < reverts.bad_nothing);
    assert_true(reverts.total < PLAYERS_PASS && reverts.part[SCORE_USERS] == 0.5);
    assert_int_equal(reverts.outcome, OUTCOME_RECOVERED);
    struct score lies = run(PLAYER_liar, play_small, MODE_ONCALL);
    assert_int_equal(lies.bad_you, lies.bad_nothing);
    assert_int_equal(lies.total, 0);
}

/* The right word and the cure, and nothing seen: users are well, and it is no pass. */
static void test_a_lucky_guess(void **state)
{
    (void)state;
    for (int mode = MODE_GUIDED; mode <= MODE_ONCALL; mode++) {
        struct score lucky = run(PLAYER_lucky, play_small, (enum play_mode)mode);
        assert_int_equal(lucky.outcome, OUTCOME_RECOVERED);
        assert_true(lucky.bad_you * 4 < lucky.bad_nothing);
        assert_true(mode == MODE_GUIDED || lucky.part[SCORE_USERS] == 0.5);
        assert_true(lucky.part[SCORE_DIAGNOSIS] == 0);
        assert_true(lucky.total < PLAYERS_PASS);
    }
}

static void test_the_highlighter_types_what_is_shown(void **state)
{
    (void)state;
    char *dumb = play_edit(play_small, "hints = { 'rollback api' }", "hints = { 'x' }");
    struct score none = run(PLAYER_highlighter, dumb, MODE_GUIDED);
    assert_int_equal(none.bad_you, none.bad_nothing);
    char *text =
        play_edit(dumb, "say = 'Put it right.'", "say = 'Try `rollback api`.'");
    struct score some = run(PLAYER_highlighter, text, MODE_GUIDED);
    assert_true(some.bad_you < some.bad_nothing);
    mem_free(text);
    text = play_edit(dumb, "hints = { 'x' }",
                     "hints = { 'x', 'rollback api, then wait 1m' }");
    some = run(PLAYER_highlighter, text, MODE_GUIDED);
    assert_true(some.bad_you < some.bad_nothing);
    mem_free(text);
    text = play_edit(dumb, "hints = { 'x' }", "hints = { 'x', 'y', 'rollback api' }");
    some = run(PLAYER_highlighter, text, MODE_GUIDED);
    assert_int_equal(some.bad_you, some.bad_nothing); /* the third it does not see */
    mem_free(text);
    mem_free(dumb);
}

/* Where a shop promises its data, whoever drops what cannot be delivered has not kept them. */
static void test_who_loses_data(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "window = min(30) } },",
                  "window = min(30) }, data = { { 'no event is passed over', broken = "
                  "function(s) "
                  "return s:total('bus.feed.readers', 'skipped_total') end } } },");
    char *sends =
        play_edit(text, "count('orders')", "publish('bus.feed'), count('orders')");
    char *shop = play_edit(
        sends, "    w:client { 'users'",
        "    w:service { 'mailer', instances = 1, endpoints = { send = { "
        "sleep(ms(800)) } "
        "} }\n"
        "    w:broker { 'bus', topics = { feed = { partitions = 1, subscriptions = {\n"
        "      readers = { to = 'mailer/send' } } } } }\n"
        "    w:client { 'users'");
    struct score some = run(PLAYER_loser, shop, MODE_ONCALL);
    assert_true(some.outcome != OUTCOME_COUNT);
    assert_false(outcome_well(some.outcome));
    assert_true(some.part[SCORE_DATA] == 0);
    mem_free(shop);
    mem_free(sends);
    mem_free(text);
}

static void test_ceiling(void **state)
{
    (void)state;
    struct player_row r = {.player = PLAYER_garbage, .most = PLAYERS_CEILING};
    assert_false(player_row_within(&r));
    r.most--;
    assert_true(player_row_within(&r));
    r = (struct player_row){.player = PLAYER_reverter, .most = 100};
    assert_true(player_row_within(&r));
    r = (struct player_row){.mode = MODE_ONCALL, .seeds = 10, .passed = 2};
    assert_false(player_row_passes(&r));
    r.passed++;
    assert_true(player_row_passes(&r));
    r.mode = MODE_GUIDED;
    assert_false(player_row_passes(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_come_to_an_end),
        cmocka_unit_test(test_the_same_again),
        cmocka_unit_test(test_they_do_what_they_say),
        cmocka_unit_test(test_a_lucky_guess),
        cmocka_unit_test(test_the_highlighter_types_what_is_shown),
        cmocka_unit_test(test_who_loses_data),
        cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
