/*
 * The mouse: a click and a turn of the wheel go to what is drawn under them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../lib/play.h"
#include "../lib/screen.h"

static const struct ui_lesson course[] = {
    {"one", "The first", "start", "", NULL, 6, 1, 92, OUTCOME_RECOVERED, false, false,
     NULL, .alone = false},
    {"two", "The second", "start", "", NULL, 6, 1, -1, OUTCOME_LOST, false, false, NULL,
     .alone = false},
    {"three", "The third", "start", "", NULL, 6, 1, -1, OUTCOME_LOST, false, false,
     NULL, .alone = false},
};

/* Where on the screen a text stands; fails when nowhere. */
static void find(struct ui *u, const char *what, int *row, int *col)
{
    char *text = screen_text(u, 24, 80);
    const char *at = strstr(text, what), *line = text;
    if (!at)
        fail_msg("no '%s' on\n%s", what, text);
    *row = 0;
    for (const char *nl; (nl = strchr(line, '\n')) && nl < at; line = nl + 1)
        ++*row;
    *col = 0;
    for (const char *s = line; s < at; s++) /* a column a character here */
        *col += ((unsigned char)*s & 0xc0) != 0x80;
    mem_free(text);
}

static enum want at_text(struct ui *u, enum key_kind kind, const char *what)
{
    struct key k = {.kind = kind};
    find(u, what, &k.row, &k.col);
    return ui_key(u, &k);
}

static bool shows(struct ui *u, const char *what)
{
    char *text = screen_text(u, 24, 80);
    bool yes = strstr(text, what);
    mem_free(text);
    return yes;
}

static void a_click_chooses_an_incident_and_one_more_opens_it(void **state)
{
    (void)state;
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_catalogue(u, course, 3);
    assert_int_equal(at_text(u, KEY_CLICK, "The third"), WANT_NOTHING);
    assert_true(shows(u, "› ○ The third"));
    assert_int_equal(at_text(u, KEY_CLICK, "The first"), WANT_NOTHING);
    at_text(u, KEY_CLICK, "› ● The first"); /* won: how to go on is asked */
    assert_true(shows(u, "Guided, once more"));
    screen_keys(u, "<esc>");
    at_text(u, KEY_CLICK, "The second");
    assert_int_equal(at_text(u, KEY_CLICK, "› ○ The second"), WANT_OPEN);
    assert_string_equal(ui_wanted_lesson(u), "two");
    at_text(u, KEY_CLICK, "The first");
    at_text(u, KEY_WHEEL_DOWN, "The first");
    assert_true(shows(u, "› ○ The second"));
    at_text(u, KEY_WHEEL_UP, "The third");
    assert_true(shows(u, "› ● The first"));
    assert_int_equal(at_text(u, KEY_CLICK, "leave"),
                     WANT_NOTHING); /* no button there */
    ui_free(u);
}

static void a_click_opens_a_panel_and_gives_the_focus(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_session(u, s);
    screen_keys(u,
                "<enter>2<enter><enter>api<enter>up<enter>"); /* no question is open */
    at_text(u, KEY_CLICK, "4 Traces");
    assert_true(shows(u, "[4 Traces]"));
    screen_keys(u, "3"); /* a panel's key: the focus is there */
    assert_true(shows(u, "[3 Logs]"));
    at_text(u, KEY_CLICK, "─ console");
    screen_keys(u, "5");
    assert_true(shows(u, "> 5")); /* typed */
    ui_free(u);
    session_free(s);
}

static void the_wheel_scrolls_what_it_is_over(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_session(u, s);
    screen_keys(u, "<enter>help all<enter>");
    assert_true(shows(u, "> help all")); /* a long answer is read from its head */
    at_text(u, KEY_WHEEL_DOWN, "─ console");
    assert_false(shows(u, "> help all"));
    at_text(u, KEY_WHEEL_UP, "─ console");
    assert_true(shows(u, "> help all"));
    at_text(u, KEY_WHEEL_DOWN, "users ──"); /* over the panel */
    assert_true(shows(u, "> help all"));
    ui_free(u);
    session_free(s);
}

/* Over help, a question or a notice the mouse reaches nothing below. */
static void what_lies_above_keeps_the_mouse(void **state)
{
    (void)state;
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_catalogue(u, course, 3);
    screen_keys(u, "?");
    assert_int_equal(ui_key(u, &(struct key){.kind = KEY_CLICK, .row = 4, .col = 20}),
                     WANT_NOTHING);
    assert_true(shows(u, "Esc closes"));
    ui_free(u);
}

static void nowhere_is_harmless(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_session(u, s);
    for (int kind = KEY_CLICK; kind <= KEY_WHEEL_DOWN; kind++)
        for (int row = 0; row < 200; row += 3)
            for (int col = 0; col < 500; col += 41)
                ui_key(u, &(struct key){
                              .kind = (enum key_kind)kind, .row = row, .col = col});
    ui_free(u);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_click_chooses_an_incident_and_one_more_opens_it),
        cmocka_unit_test(a_click_opens_a_panel_and_gives_the_focus),
        cmocka_unit_test(the_wheel_scrolls_what_it_is_over),
        cmocka_unit_test(what_lies_above_keeps_the_mouse),
        cmocka_unit_test(nowhere_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
