/*
 * The start screen, as text and by its keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../lib/screen.h"

static const struct glossary_term words[] = {
    {"stampede", "Many callers that miss the same key at once and all load it anew."},
    {"TTL", "Another meaning of a word of the whole course."}};
static const struct ui_lesson course[] = {
    {"first-page", "Your first page", "start",
     "A deploy breaks a third of all orders. Your first night on call, step by step.",
     NULL, 6, 1, 92, OUTCOME_RECOVERED, false, false, NULL, .alone = false},
    {"all-green", "Everything is green", "fail",
     "Every check is green, no alert fires, and customers cannot pay.",
     "Your Production Health Checks Are Lying to You", 20, 2, 61, OUTCOME_MITIGATED,
     false, false, NULL, .alone = false},
    {"cache-stampede", "Sixty seconds", "fail",
     "A seat-booking site fails for seven seconds in every minute.",
     "Caching Is Easy. Production Caching Is Not.", 20, 2, -1, OUTCOME_LOST, true,
     false, NULL, .asks = "How does a system break while its lights are green?",
     .why = "A pool ran dry slowly. Here all is well, and for seconds nothing is.",
     .teaches = "keys written together expire together; a mean hides the minute",
     .terms = words, .nterms = 2, .alone = false},
    {"eleven-forty-seven", "11:47 on a Tuesday", "scale",
     "More instances, and it gets worse with each of them.", NULL, 20, 3, -1,
     OUTCOME_LOST, false, false, NULL, .alone = false},
    {"mine", "A lesson of my own", "lab", "", NULL, 5, 1, -1, OUTCOME_LOST, false,
     false, "lessons/lab/mine.lua:12: unknown field \"chocies\"; did you mean choices?",
     .alone = false},
};
#define COURSE (sizeof course / sizeof *course)

static struct ui *started(size_t n, enum glyphs g)
{
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80, .glyphs = g});
    ui_catalogue(u, course, n);
    return u;
}

static void it_is_drawn(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    screen_golden(u, 24, 80, "start_80x24");
    screen_golden(u, 22, 80, "start_80x22");
    screen_golden(u, 36, 120, "start_120x36");
    screen_golden(u, 60, 200, "start_200x60");
    screen_golden(u, 10, 40, "small_40x10");
    ui_free(u);
    u = started(COURSE, GLYPHS_ASCII);
    screen_golden(u, 24, 80, "start_80x24_ascii");
    ui_free(u);
}

static void enter_opens_what_is_selected(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    assert_int_equal(screen_keys(u, "<enter>"), WANT_OPEN);
    assert_string_equal(ui_wanted_lesson(u), "cache-stampede"); /* begun: goes on */
    assert_int_equal(screen_keys(u, "<up><enter>"), WANT_OPEN);
    assert_string_equal(ui_wanted_lesson(u), "all-green");
    assert_int_equal(screen_keys(u, "<end><enter>"),
                     WANT_NOTHING); /* broken: says why */
    char *text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "did you mean choices?"));
    mem_free(text);
    ui_free(u);
}

static const struct ui_ending ended[] = {
    {"2026-03-24 21:02", MODE_BLIND, OUTCOME_CLEAR, 100},
    {"2026-03-24 20:12", MODE_ONCALL, OUTCOME_MITIGATED, 61},
    {"2026-03-23 20:12", MODE_GUIDED, OUTCOME_CURED, -1},
};

/* After a guided win the same system alone is next, and offered by Enter and by o. */
static void what_was_won_goes_on_alone(void **state)
{
    (void)state;
    struct ui_lesson some[2] = {course[0], course[3]};
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_catalogue(u, some, 2);
    char *text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "next: alone"));
    assert_non_null(
        strstr(text, "Next: the same system alone, another night. Press o."));
    mem_free(text);
    assert_int_equal(screen_keys(u, "<enter><enter>"), WANT_ON_CALL);
    assert_string_equal(ui_wanted_lesson(u), "first-page");
    assert_int_equal(screen_keys(u, "<enter>2"), WANT_OPEN);
    assert_int_equal(screen_keys(u, "o1"), WANT_ON_CALL);
    assert_int_equal(screen_keys(u, "o2"), WANT_BLIND);
    assert_int_equal(screen_keys(u, "o<esc><down><enter>"), WANT_OPEN);
    some[0].alone = true, some[0].best_alone = 77,
    some[0].outcome_alone = OUTCOME_CURED;
    ui_catalogue(u, some, 2);
    screen_golden(u, 24, 80, "start_alone_80x24");
    ui_free(u);
}

/* The words of the course and its lessons; a letter goes to its first word, another key
 * closes them. */
static void the_words_are_explained(void **state)
{
    (void)state;
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_catalogue(u, course, COURSE);
    screen_keys(u, "ws");
    screen_golden(u, 24, 80, "start_words_80x24");
    screen_keys(u, "t");
    char *text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "ttl: Time to live"));
    assert_null(strstr(text, "Another meaning"));
    mem_free(text);
    screen_keys(u, "<esc>");
    text = screen_text(u, 24, 80);
    assert_null(strstr(text, "ttl: Time to live"));
    mem_free(text);
    ui_free(u);
}

/* All endings can be read again, the latest first. */
static void debriefs_are_read_again(void **state)
{
    (void)state;
    struct ui_lesson some[2] = {course[0], course[3]};
    some[0].endings = ended;
    some[0].nendings = 3;
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_catalogue(u, some, 2);
    screen_keys(u, "d");
    screen_golden(u, 24, 80, "start_endings_80x24");
    assert_int_equal(screen_keys(u, "2"), WANT_DEBRIEF);
    assert_string_equal(ui_wanted_lesson(u), "first-page");
    assert_int_equal(ui_wanted_number(u), 1);
    assert_int_equal(screen_keys(u, "<enter>3<down><down><enter>"), WANT_DEBRIEF);
    assert_int_equal(ui_wanted_number(u), 2);
    screen_keys(u, "<down>d");
    char *text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "No run of this lesson has ended yet"));
    mem_free(text);
    ui_free(u);
}

static void finding_narrows_the_list(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    screen_keys(u, "/TUESDAY");
    char *text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "11:47"));
    assert_null(strstr(text, "Sixty"));
    mem_free(text);
    assert_int_equal(screen_keys(u, "<enter><enter>"), WANT_OPEN);
    assert_string_equal(ui_wanted_lesson(u), "eleven-forty-seven");
    screen_keys(u, "<esc>");
    text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "Sixty"));
    mem_free(text);
    ui_free(u);
}

static void starting_over_asks(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    assert_int_equal(screen_keys(u, "x"), WANT_NOTHING);
    assert_int_equal(screen_keys(u, "n<enter>"), WANT_NOTHING);
    assert_int_equal(screen_keys(u, "xy<enter>"), WANT_RESTART);
    assert_string_equal(ui_wanted_lesson(u), "cache-stampede");
    ui_free(u);
}

static void esc_never_leaves(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    assert_int_equal(screen_keys(u, "<esc><esc>"), WANT_NOTHING);
    assert_int_equal(screen_keys(u, "q"), WANT_LEAVE);
    assert_int_equal(screen_keys(u, "<c-c>"), WANT_LEAVE);
    ui_free(u);
}

static void a_frame_is_due_only_after_a_change(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    bool more;
    mem_free(screen_text(u, 24, 80));
    assert_false(ui_dirty(u));
    ui_tick(u, SIM_SEC, 1000, &more);
    assert_false(ui_dirty(u));
    screen_keys(u, "<down>");
    assert_true(ui_dirty(u));
    ui_free(u);
}

static void an_empty_course_is_no_crash(void **state)
{
    (void)state;
    struct ui *u = started(0, GLYPHS_UTF8);
    mem_free(screen_text(u, 24, 80));
    assert_int_equal(screen_keys(u, "<enter><down>x<up>/a<enter>"), WANT_NOTHING);
    ui_free(u);
}

static void help_and_notices_lie_on_top(void **state)
{
    (void)state;
    struct ui *u = started(COURSE, GLYPHS_UTF8);
    screen_keys(u, "?");
    screen_golden(u, 24, 80, "start_help_80x24");
    screen_keys(u, "<esc>");
    ui_notice(u, "The lesson could not be opened.\x1b[2J");
    char *text = screen_text(u, 24, 80);
    assert_non_null(strstr(text, "could not be opened.^["));
    mem_free(text);
    screen_keys(u, "q"); /* the key that closes it does nothing else */
    text = screen_text(u, 24, 80);
    assert_null(strstr(text, "could not be opened"));
    mem_free(text);
    ui_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_drawn),
        cmocka_unit_test(enter_opens_what_is_selected),
        cmocka_unit_test(what_was_won_goes_on_alone),
        cmocka_unit_test(the_words_are_explained),
        cmocka_unit_test(debriefs_are_read_again),
        cmocka_unit_test(finding_narrows_the_list),
        cmocka_unit_test(starting_over_asks),
        cmocka_unit_test(esc_never_leaves),
        cmocka_unit_test(a_frame_is_due_only_after_a_change),
        cmocka_unit_test(an_empty_course_is_no_crash),
        cmocka_unit_test(help_and_notices_lie_on_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
