/*
 * The incident sheet: its lines are stated by commands and by updates, refused when they say
 * nothing that could be judged, held against the healthy night, and on the tape; and an
 * open question takes the bare value.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct session *begun(enum play_mode mode)
{
    struct session_options o = play_options(play_small, NULL);
    o.mode = mode;
    struct session *s = play_open(&o);
    play_type(s, "");
    return s;
}

static double judged(struct session *s, enum sheet_line line, const char *text)
{
    struct witness w = sheet_witness(s, &s->run, session_twin(s), run_now(&s->run));
    return sheet_judge(&w, line, text).share;
}

static void test_lines_are_stated(void **state)
{
    (void)state;
    struct session *s = begun(MODE_GUIDED);
    play_type(s, "hurt users");
    play_type(s, "since 10:03");
    play_type(s, "much 30%");
    play_type(s, "trigger api");
    play_type(s, "suspect api bad-deploy");
    play_type(s, "sheet");
    assert_true(play_said(s, "who is hurt"));
    assert_true(play_said(s, "10:03  (stated at 10:05)"));
    assert_true(play_said(s, "api bad-deploy"));
    play_type(s, "since 10:04");
    assert_string_equal(sheet_line_at(s, SHEET_since, s->sheet.n)->text, "10:04");
    assert_int_equal(s->sheet.n, 5);
    play_same_again(s, play_small);
    session_free(s);
}

static void test_what_cannot_be_judged_is_refused(void **state)
{
    (void)state;
    struct session *s = begun(MODE_ONCALL);
    static const char *const lines[] = {
        "hurt cheese", "since yesterday", "much cheese", "trigger cheese",
        "trigger 99",  "since 25:61",     "trigger -1",  "trigger 10:01",
        "trigger 1.5", "trigger v1"};
    struct errmsg why = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(session_line(s, lines[i], true, &why), ERR_INPUT);
    assert_int_equal(s->sheet.n, 0);
    assert_true(play_said(s, "one or more of: users, everybody, nobody"));
    session_free(s);
}

static void test_lines_are_judged(void **state)
{
    (void)state;
    struct session *s = begun(MODE_ONCALL);
    play_for(s, SIM_MIN);
    assert_true(judged(s, SHEET_hurt, "users") == 1);
    assert_true(judged(s, SHEET_hurt, "nobody") == 0);
    assert_true(judged(s, SHEET_since, "10:03") == 1);
    assert_true(judged(s, SHEET_since, "09:15") == 0);
    assert_true(judged(s, SHEET_much, "30%") == 1);
    assert_true(judged(s, SHEET_much, "3 %") == 0);
    assert_true(judged(s, SHEET_much, "3000") == 0);
    assert_true(judged(s, SHEET_much, "not known yet") == 1);
    assert_true(judged(s, SHEET_trigger, "api") == 1);
    assert_true(judged(s, SHEET_trigger, "growth") == 0);
    assert_true(judged(s, SHEET_state, "investigating") == 1);
    assert_true(judged(s, SHEET_state, "cured") == 0);
    session_free(s);
}

/* A client that is served well: to count it among the hurt is no better than half. */
static void test_the_healthy_are_not_named(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "    w:client {",
                  "    w:service { 'desk', endpoints = { open = { compute(ms(1)) "
                  "} } }\n"
                  "    w:client { 'staff', to = 'desk/open', rate = "
                  "per_second(5) }\n"
                  "    w:client {");
    struct session_options o = play_options(text, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    play_for(s, SIM_MIN);
    assert_true(judged(s, SHEET_hurt, "users") == 1);
    assert_true(judged(s, SHEET_hurt, "users, staff") == 0.5);
    assert_true(judged(s, SHEET_hurt, "everybody") == 0.5);
    assert_true(judged(s, SHEET_hurt, "staff") == 0);
    session_free(s);
    mem_free(text);
}

/* Orders are answered at once and applied later: one message that nobody can read holds up
 * the rest of its partition, of two. */
static const char shown_late[] =
    "return lesson { id = 'late', title = 'Late', track = 'lab', minutes = 5,\n"
    "  level = 1, day_start = '10:00', starts_at = min(5), ends_at = min(20),\n"
    "  good_for = min(3), place = [[A shop.]], page = [[Where is it?]],\n"
    "  world = function(w)\n"
    "    w:broker { 'events', topics = { orders = { partitions = 2,\n"
    "      subscriptions = { apply = { to = 'views/apply' } } } } }\n"
    "    w:service { 'api', endpoints = { buy = { publish('events.orders') },\n"
    "      look = { compute(ms(1)) } } }\n"
    "    w:service { 'views', endpoints = { apply = { compute(ms(1)) } } }\n"
    "    w:client { 'buyers', to = 'api/buy', rate = per_second(10) }\n"
    "    w:client { 'lookers', to = 'api/look', rate = per_second(10) }\n"
    "  end,\n"
    "  promises = { users = { 'shown', good = 0.95, within = sec(5), window = "
    "min(30),\n"
    "    clients = { 'buyers', 'lookers', 'events.orders.apply' } } },\n"
    "  incident = function(i) i:cause(min(3), fault('events.orders-1', 'poison')) "
    "end,\n"
    "  debrief = [[Late.]] }\n";

static void test_who_sends_what_is_late_is_hurt(void **state)
{
    (void)state;
    struct session_options o = play_options(shown_late, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    play_for(s, SIM_MIN);
    assert_true(judged(s, SHEET_hurt, "buyers") == 1);
    assert_true(judged(s, SHEET_hurt, "lookers") == 0);
    assert_true(judged(s, SHEET_hurt, "buyers, lookers") < 1);
    struct errmsg why = {0};
    assert_int_equal(session_line(s, "hurt cheese", true, &why), ERR_INPUT);
    assert_true(play_said(s, "one or more of: buyers, lookers, everybody, nobody"));
    session_free(s);
}

/* An update says what stands on the sheet, and asks for the rest. */
static void test_an_update_begins_with_the_sheet(void **state)
{
    (void)state;
    struct session *s = begun(MODE_ONCALL);
    play_type(s, "hurt users");
    play_type(s, "since 10:03");
    play_type(s, "say");
    assert_true(play_said(s, "From your sheet, who is hurt: users"));
    play_type(s, "30 %");
    play_type(s, "1");
    play_type(s, "10:30");
    assert_true(play_said(s, "Posted."));
    assert_string_equal(sheet_line_at(s, SHEET_much, s->sheet.n)->text, "30 %");
    assert_true(sheet_line_at(s, SHEET_since, s->sheet.n)->told);
    session_free(s);
}

/* A mail and the crowd that comes of it are one event: the change that `changes` lists. */
static void test_a_trigger_is_an_event(void **state)
{
    (void)state;
    struct buf file;
    buf_init(&file, 8192);
    const char *deploy = strstr(play_small, "    i:cause(");
    const char *after = strchr(deploy, '\n');
    buf_add(&file, play_small, (size_t)(deploy - play_small));
    buf_adds(&file,
             "    i:cause(min(3), fault('api', 'error_rate', { fraction = 0.5 }))\n"
             "    i:at(min(3), decoy('users', 'a mail', { by = 'Lene' }))\n"
             "    i:red_herring(min(4), decoy('api', 'a new logo'))");
    buf_adds(&file, after);
    struct session_options o = play_options(file.s, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    assert_true(judged(s, SHEET_trigger, "1") == 1);
    assert_true(judged(s, SHEET_trigger, "change 1") == 1);
    assert_true(judged(s, SHEET_trigger, "users") == 1);
    assert_true(judged(s, SHEET_trigger, "api") == 1);
    assert_true(judged(s, SHEET_trigger, "2") == 0);
    assert_true(judged(s, SHEET_trigger, "growth") == 0);
    struct witness w = sheet_witness(s, &s->run, session_twin(s), run_now(&s->run));
    assert_string_equal(sheet_judge(&w, SHEET_trigger, "2").truth,
                        "It began at 10:03: a mail (Lene).");
    session_free(s);
    buf_release(&file);
}

/* What was done to a part was done to the whole; "db.orders" is not "db". */
static void test_a_trigger_may_be_a_part(void **state)
{
    (void)state;
    struct buf file;
    buf_init(&file, 8192);
    const char *client = strstr(play_small, "    w:client");
    const char *deploy = strstr(client, "    i:cause(");
    const char *after = strchr(deploy, '\n');
    buf_add(&file, play_small, (size_t)(client - play_small));
    buf_adds(&file, "    w:database { 'db', tables = { orders = { rows = 1000 }, "
                    "visits = { rows = 1000 } } }\n");
    buf_add(&file, client, (size_t)(deploy - client));
    buf_adds(&file, "    i:cause(min(3), op('db.orders', 'delete_rows', "
                    "{ share = 0.5 }, { by = 'Kim' }))\n"
                    "    i:red_herring(min(4), op('db.visits', 'delete_rows', "
                    "{ share = 0.5 }))");
    buf_adds(&file, after);
    struct session_options o = play_options(file.s, NULL);
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    assert_true(judged(s, SHEET_trigger, "db.orders") == 1);
    assert_true(judged(s, SHEET_trigger, "db") == 1);
    assert_true(judged(s, SHEET_trigger, "1") == 1);
    assert_true(judged(s, SHEET_trigger, "db.visits") == 0);
    assert_true(judged(s, SHEET_trigger, "2") == 0);
    assert_true(judged(s, SHEET_trigger, "api") == 0);
    session_free(s);
    buf_release(&file);
}

static void answers(const char *typed)
{
    struct session *s = begun(MODE_GUIDED);
    play_type(s, typed);
    if (session_view(s)->step != 1)
        fail_msg("\"%s\" is no answer", typed);
    play_same_again(s, play_small);
    session_free(s);
}

static void test_an_answer_in_any_form(void **state)
{
    (void)state;
    static const char *const forms[] = {"2", "2.", "2)", "two", "Two", " TWO "};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        answers(forms[i]);
}

/* A share is of what was lost since it began, unless the words say: the worst. */
static void test_a_number_is_held_to_what_it_claims(void **state)
{
    (void)state;
    struct session *s = begun(MODE_ONCALL);
    play_type(s, "rollback api");
    play_type(s, "wait 20m");
    for (int i = 0; i < 20; i++)
        play_for(s, SIM_MIN);
    assert_true(judged(s, SHEET_much, "3 %") == 1);
    assert_true(judged(s, SHEET_much, "up to 3 %") == 0);
    assert_true(judged(s, SHEET_much, "up to 30 %") == 1);
    assert_true(judged(s, SHEET_much, "three orders in ten, at most") == 1);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_stated),
        cmocka_unit_test(test_what_cannot_be_judged_is_refused),
        cmocka_unit_test(test_a_number_is_held_to_what_it_claims),
        cmocka_unit_test(test_lines_are_judged),
        cmocka_unit_test(test_the_healthy_are_not_named),
        cmocka_unit_test(test_who_sends_what_is_late_is_hurt),
        cmocka_unit_test(test_an_update_begins_with_the_sheet),
        cmocka_unit_test(test_a_trigger_is_an_event),
        cmocka_unit_test(test_a_trigger_may_be_a_part),
        cmocka_unit_test(test_an_answer_in_any_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
