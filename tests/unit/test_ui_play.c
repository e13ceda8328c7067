/*
 * A small incident played through the screen: what is drawn at each size, what keys do,
 * what is told to the session, and that time stands still while somebody reads or
 * types.
 */
#include "../../src/session/session_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../lib/play.h"
#include "../lib/screen.h"

struct play {
    char *text;
    struct session *s;
    struct ui *u;
};

static struct play *opened_text(char *text, enum glyphs g, bool spoken)
{
    struct play *p = mem_alloc(sizeof *p);
    struct errmsg why = {0};
    p->text = text;
    struct session_options o = {.text = p->text,
                                .len = strlen(p->text),
                                .name = "ui_shop.lua",
                                .seed = 7,
                                .ascii = g == GLYPHS_ASCII,
                                .spoken = spoken};
    if (session_open(&p->s, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    p->u = ui_new(&(struct ui_options){.rows = 24, .cols = 80, .glyphs = g});
    ui_session(p->u, p->s);
    return p;
}

static struct play *opened(enum glyphs g, bool spoken)
{
    char *text = screen_file("tests/golden/ui_shop.lua");
    assert_non_null(text);
    return opened_text(text, g, spoken);
}

static void closed(struct play *p)
{
    ui_free(p->u);
    session_free(p->s);
    mem_free(p->text);
    mem_free(p);
}

/* `seconds` of real time in quarters, as a front would hand them on. */
static void ticks(struct play *p, int seconds)
{
    bool more;
    for (int i = 0; i < 4 * seconds; i++) {
        ui_tick(p->u, SIM_SEC / 4, 100000, &more);
        while (more)
            ui_tick(p->u, 0, 100000, &more);
    }
}

static bool shows(struct play *p, int rows, int cols, const char *what)
{
    char *text = screen_text(p->u, rows, cols);
    bool yes = strstr(text, what);
    mem_free(text);
    return yes;
}

static sim_time now(struct play *p)
{
    return session_view(p->s)->now;
}

#define TO_LOOK "<enter>2<enter><enter>"
#define TO_ACT  TO_LOOK "status<enter><enter>down<enter>"

/* ---- digits ---------------------------------------------------------------------- */

/* A digit answers an open question wherever the keys go, and never changes the tab then. */
static void a_digit_answers_an_open_question(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, "<enter><esc>2");
    assert_true(session_view(p->s)->asking);
    size_t step = session_view(p->s)->step;
    screen_keys(p->u, "<enter>");
    assert_int_equal(session_view(p->s)->step, step + 1);
    closed(p);
}

/* ---- what is drawn --------------------------------------------------------------- */

static void it_is_drawn_at_80x24(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_golden(p->u, 24, 80, "briefing_80x24");
    screen_keys(p->u, "<enter>");
    screen_golden(p->u, 24, 80, "question_80x24");
    screen_keys(p->u, "1<enter>");
    screen_golden(p->u, 24, 80, "feedback_80x24");
    screen_keys(p->u, "<enter>2<enter><enter><esc>2");
    screen_golden(p->u, 24, 80, "charts_80x24");
    screen_keys(p->u, "m");
    screen_golden(p->u, 24, 80, "heat_80x24");
    screen_keys(p->u, "m3");
    screen_golden(p->u, 24, 80, "logs_80x24");
    screen_keys(p->u, "4e");
    screen_golden(p->u, 24, 80, "traces_80x24");
    screen_keys(p->u, "<enter>");
    screen_golden(p->u, 24, 80, "trace_80x24");
    screen_keys(p->u, "<esc>5");
    screen_golden(p->u, 24, 80, "changes_80x24");
    screen_keys(p->u, "6z");
    screen_golden(p->u, 24, 80, "people_zoomed_80x24");
    screen_keys(p->u, "z:status<enter>");
    screen_golden(p->u, 24, 80, "console_80x24");
    closed(p);
}

static void it_uses_the_room(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK);
    screen_golden(p->u, 36, 120, "cockpit_120x36");
    screen_golden(p->u, 60, 200, "cockpit_200x60");
    closed(p);
}

static void ascii_is_only_ascii(void **state)
{
    (void)state;
    static const char *const tabs[] = {"1", "2",  "3", "4",         "5",
                                       "6", "2m", "?", "<esc><c-p>"};
    struct play *p = opened(GLYPHS_ASCII, false);
    screen_keys(p->u, TO_LOOK "<esc>");
    for (size_t i = 0; i < sizeof tabs / sizeof *tabs; i++) {
        screen_keys(p->u, tabs[i]);
        char *text = screen_text(p->u, 36, 120);
        for (const char *c = text; *c; c++)
            assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
        mem_free(text);
    }
    screen_keys(p->u, "<esc>1");
    screen_golden(p->u, 24, 80, "cockpit_80x24_ascii");
    closed(p);
}

static void every_size_is_survived(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK "<esc>");
    for (int rows = 1; rows < 70; rows += 3)
        for (int cols = 1; cols < 230; cols += 13) {
            screen_keys(p->u, "<btab>");
            mem_free(screen_text(p->u, rows, cols));
        }
    closed(p);
}

/* No balancer between: the shop's callees hang from a stem where the way to it tells
 * what fails on it. */
static void the_map_does_not_cross_its_words(void **state)
{
    (void)state;
    char *shop = screen_file("tests/golden/ui_shop.lua");
    assert_non_null(shop);
    struct play *p = opened_text(play_edit(shop, "\"edge/buy\"", "\"shop/buy\""),
                                 GLYPHS_UTF8, false);
    mem_free(shop);
    screen_keys(p->u, TO_LOOK "<esc>1z");
    assert_true(shows(p, 24, 80, "/s error answer"));
    assert_true(shows(p, 40, 140, "/s error answer"));
    closed(p);
}

/* ---- time ------------------------------------------------------------------------ */

static void time_waits_for_the_reader(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK);
    sim_time t = now(p);
    screen_keys(p->u, "sta");
    ticks(p, 3);
    assert_int_equal(now(p), t); /* a line is being typed */
    screen_keys(p->u, "<c-u><f1>");
    ticks(p, 3);
    assert_int_equal(now(p), t); /* help is read */
    screen_keys(p->u, "<esc>");
    ticks(p, 3);
    assert_true(now(p) > t);
    t = now(p);
    screen_keys(p->u, "status<enter>");
    ticks(p, 3);
    assert_int_equal(now(p), t); /* the outcome is unread */
    screen_keys(p->u, "<esc> ");
    ticks(p, 3);
    assert_int_equal(now(p), t); /* paused, and a question */
    closed(p);
}

/* A search of old lines waits as long as a half-typed one, and no longer. */
static void a_search_does_not_stop_the_clock_for_ever(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT "status<enter><c-r>sta");
    sim_time t = now(p);
    ticks(p, 50);
    assert_true(now(p) == t);
    ticks(p, 20);
    assert_true(now(p) > t);
    closed(p);
}

/* While a question is open a digit is an answer, in whatever tab the keys go. */
static void digits_answer_in_every_focus(void **state)
{
    (void)state;
    static const char *const focus[] = {"", "<esc>", "<esc><tab>", "<esc><tab><tab>z"};
    for (size_t i = 0; i < sizeof focus / sizeof *focus; i++) {
        struct play *p = opened(GLYPHS_UTF8, false);
        screen_keys(p->u, "<enter>");
        assert_true(session_view(p->s)->asking);
        size_t step = session_view(p->s)->step;
        screen_keys(p->u, focus[i]);
        bool there = shows(p, 24, 80, "[2 Charts]");
        screen_keys(p->u, "2");
        assert_true(shows(p, 24, 80, "[2 Charts]") == there);
        screen_keys(p->u, "<enter>");
        assert_true(session_view(p->s)->feedback || session_view(p->s)->step != step);
        closed(p);
    }
}

/* F1 says first what the words mean that the question is asked in. */
static void help_explains_the_words_of_the_question(void **state)
{
    (void)state;
    char *text = screen_file("tests/golden/ui_shop.lua"), *steps;
    struct buf with;
    buf_init(&with, 0);
    assert_non_null(steps = text ? strstr(text, "  steps = {") : NULL);
    buf_add(&with, text, (size_t)(steps - text));
    buf_addf(&with,
             "  glossary = { ['paged'] = 'Called at night.', ['rollback'] = 'Back.' "
             "},\n%s",
             steps);
    struct play *p = opened_text(mem_strdup(with.s), GLYPHS_UTF8, false);
    screen_keys(p->u, "<enter><f1>");
    assert_true(shows(p, 40, 100, "paged: Called at night."));
    assert_false(shows(p, 40, 100, "rollback: Back."));
    screen_keys(p->u, "<esc>2<enter><enter><f1>"); /* none of them stands there */
    assert_true(shows(p, 40, 100, "Words of this lesson"));
    buf_release(&with);
    mem_free(text);
    closed(p);
}

/* Guided, the clock waits for a reader after every output; half a line waits for a minute. */
static void the_clock_waits_for_a_key(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT "status<enter>");
    sim_time t = now(p);
    ticks(p, 30);
    assert_true(now(p) == t);
    assert_true(shows(p, 24, 80, "reading: any key"));
    screen_keys(p->u, "l<bs>");
    ticks(p, 3);
    assert_true(now(p) == t + 3 * SIM_SEC);
    screen_keys(p->u, "lo");
    t = now(p);
    ticks(p, 50);
    assert_true(now(p) == t);
    assert_true(shows(p, 24, 80, "while you type"));
    ticks(p, 20);
    assert_true(now(p) > t + 5 * SIM_SEC);
    closed(p);
}

/* A bell and a frame for each page, however often it is drawn. */
static void the_pager_rings_once(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT);
    assert_false(ui_take_bell(p->u));
    p->s->people.pages++;
    session_touch(p->s);
    assert_true(shows(p, 24, 80, "The pager rings."));
    assert_true(ui_flashes(p->u));
    assert_true(ui_take_bell(p->u));
    assert_false(ui_take_bell(p->u));
    ticks(p, 1);
    assert_false(shows(p, 24, 80, "The pager rings."));
    assert_false(ui_take_bell(p->u));
    closed(p);
}

static void reset_begins_anew(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK "reset<enter>");
    assert_false(session_view(p->s)->reset);
    screen_keys(p->u, "yes<enter>");
    assert_true(session_view(p->s)->reset);
    closed(p);
}

static void a_still_screen_is_not_drawn_again(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK "<esc> ");
    for (int i = 0; i < 3; i++) { /* spare time brings the healthy night here */
        mem_free(screen_text(p->u, 24, 80));
        ticks(p, 20);
    }
    mem_free(screen_text(p->u, 24, 80));
    ticks(p, 2);
    assert_false(ui_dirty(p->u));
    closed(p);
}

/* ---- keys ------------------------------------------------------------------------ */

static void the_focus_goes_to_the_panels_and_back(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK "2");
    assert_true(shows(p, 24, 80, "> 2"));
    screen_keys(p->u, "<bs><esc>2");
    assert_true(shows(p, 24, 80, "[2 Charts]"));
    screen_keys(p->u, ":2");
    assert_true(shows(p, 24, 80, "> 2"));
    assert_int_equal(screen_keys(p->u, "<esc><esc><esc><esc>"), WANT_NOTHING);
    assert_int_equal(screen_keys(p->u, "<c-c>"), WANT_LEAVE);
    closed(p);
}

static void long_output_opens_the_console(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK);
    assert_false(shows(p, 24, 80, "more line"));
    screen_keys(p->u, "logs shop --level error | head -30<enter>");
    assert_true(shows(p, 24, 80, "more line"));
    assert_true(shows(p, 24, 80, "> logs shop")); /* from its head */
    screen_keys(p->u, "<pgdn><pgdn><pgdn><pgdn><pgdn>");
    assert_false(shows(p, 24, 80, "more line"));
    screen_keys(p->u, "<pgup>");
    assert_true(shows(p, 24, 80, "more line"));
    screen_keys(p->u, "<esc>");
    assert_false(shows(p, 24, 80, "more line"));
    closed(p);
}

static void a_risk_is_asked_about(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT "restart shop<enter>");
    assert_true(shows(p, 24, 80, "Really?"));
    screen_golden(p->u, 24, 80, "confirm_80x24");
    size_t before = recording_changes(session_view(p->s)->rec);
    screen_keys(p->u, "n<enter>");
    assert_false(shows(p, 24, 80, "Really?"));
    assert_int_equal(recording_changes(session_view(p->s)->rec), before);
    /* Somebody types on without having seen the question: that is no yes. */
    screen_keys(p->u, "restart shop<enter>flag pay");
    assert_false(shows(p, 24, 80, "Really?"));
    assert_true(shows(p, 24, 80, "> flag pay"));
    screen_keys(p->u, "<c-u>restart shop<enter>yaks");
    assert_true(shows(p, 24, 80, "> yaks"));
    assert_int_equal(recording_changes(session_view(p->s)->rec), before);
    screen_keys(p->u, "<c-u>restart shop<enter><enter>y");
    assert_int_equal(recording_changes(session_view(p->s)->rec), before);
    screen_keys(p->u, "<enter>");
    assert_int_equal(recording_changes(session_view(p->s)->rec), before + 1);
    closed(p);
}

/* ---- pasted lines ---------------------------------------------------------------- */

static void paste(struct play *p, const char *text)
{
    for (; *text != '\0'; text++)
        ui_key(p->u, &(struct key){.kind = KEY_PASTE_CHAR, .cp = (unsigned char)*text});
}

static bool said(struct play *p, const char *what)
{
    return strstr(session_view(p->s)->transcript->text.s, what);
}

/* Does what a front does while the worker says that there is more to do. */
static void go_on(struct play *p)
{
    bool more;
    while (ui_owes(p->u))
        ui_tick(p->u, 0, 100000, &more);
}

static void pasted_lines_are_run_one_by_one(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK);
    paste(p, "status\nchanges\n\nlogs shop\n");
    assert_false(said(p, "> status"));
    assert_false(ui_owes(p->u));
    assert_true(shows(p, 24, 80, "> status↵changes↵↵logs shop"));
    screen_keys(p->u, "<enter>");
    assert_true(said(p, "> status"));
    assert_false(said(p, "> changes")); /* not in the same breath */
    go_on(p);
    const char *text = session_view(p->s)->transcript->text.s;
    assert_true(strstr(text, "> status") < strstr(text, "> changes"));
    assert_true(strstr(text, "> changes") < strstr(text, "> logs shop"));
    assert_false(shows(p, 24, 80, "↵"));
    screen_keys(p->u, "<up>");
    assert_true(shows(p, 24, 80, " > logs shop"));
    closed(p);
}

static void a_paste_is_for_the_line_wherever_one_is(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK "<esc>2z");
    paste(p, "status q");
    assert_true(shows(p, 24, 80, " > status q"));
    screen_keys(p->u, "<c-u><esc>/"); /* but where words are typed they are those */
    paste(p, "gift");
    assert_true(shows(p, 24, 80, "/gift"));
    closed(p);
}

static void a_wait_comes_before_the_next_line(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT);
    paste(p, "wait 20s\nlogs shop\nchanges");
    sim_time t = now(p);
    screen_keys(p->u, "<enter>");
    assert_false(ui_owes(p->u));
    ticks(p, 8);
    assert_true(now(p) >= t + 20 * SIM_SEC);
    assert_true(said(p, "> logs shop") && said(p, "> changes"));
    paste(p, "wait 10m\nlogs edge");
    screen_keys(p->u, "<enter>");
    ticks(p, 0);
    screen_keys(p->u, "<c-c>"); /* stops the wait, and gives back what follows */
    go_on(p);
    assert_false(said(p, "> logs edge"));
    assert_true(shows(p, 24, 80, " > logs edge"));
    closed(p);
}

static void a_question_comes_before_the_next_line(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT);
    paste(p, "restart shop\nlogs shop\nlogs edge");
    screen_keys(p->u, "<enter>");
    go_on(p);
    assert_true(shows(p, 24, 80, "Really?"));
    assert_false(said(p, "> logs shop"));
    screen_keys(p->u, "y<enter>");
    ticks(p, 8); /* for the time of the restart */
    assert_true(said(p, "> logs edge"));
    paste(p, "restart shop\nlogs card-gateway");
    screen_keys(p->u, "<enter>n<enter>"); /* a no stops what was to follow */
    go_on(p);
    assert_true(shows(p, 24, 80, " > logs card-gateway"));
    screen_keys(p->u, "<c-u>");
    paste(p, "restart shop\nlogs covers");
    screen_keys(p->u, "<enter>xy"); /* typed on, the question unseen */
    go_on(p);
    assert_true(shows(p, 24, 80, " > xy"));
    screen_keys(p->u, "<up>");
    assert_true(shows(p, 24, 80, " > logs covers"));
    assert_false(said(p, "> logs covers"));
    closed(p);
}

/* ---- sizes ----------------------------------------------------------------------- */

/* A window of 24 rows with a line or two of somebody else's. */
static void fewer_rows_are_playable(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_golden(p->u, 22, 80, "briefing_80x22");
    screen_keys(p->u, "<enter>");
    screen_golden(p->u, 22, 80, "question_80x22");
    screen_keys(p->u, "2<enter><enter>status<enter>");
    screen_golden(p->u, 22, 80, "console_80x22");
    for (int rows = 22; rows <= 24; rows++)
        assert_false(shows(p, rows, 80, "needs 80 by 22"));
    assert_true(shows(p, 21, 80, "needs 80 by 22"));
    assert_true(shows(p, 22, 79, "needs 80 by 22"));
    closed(p);
}

/* Whatever the step's text, each part of the screen keeps rows to work with. */
static void every_part_has_rows(void **state)
{
    (void)state;
    char *text = screen_file("tests/golden/ui_shop.lua");
    char *longer = play_edit(
        text, "say = \"You were paged.",
        "say = \"A long question. It has many words and each of "
        "them takes room. It has many words and each of them takes "
        "room. It has many words and each of them takes room. It "
        "has many words and each of them takes room. It has many "
        "words and each of them takes room. It has many words and "
        "each of them takes room. It has many words and each of "
        "them takes room. It has many words and each of them takes "
        "room. It has many words and each of them takes room. You were paged.");
    mem_free(text);
    struct play *p = opened_text(longer, GLYPHS_UTF8, false);
    screen_keys(p->u, "<enter>");
    screen_golden(p->u, 22, 80, "long_step_80x22");
    closed(p);
}

static void starting_over_asks(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    assert_int_equal(screen_keys(p->u, TO_LOOK "<esc>x"), WANT_NOTHING);
    assert_int_equal(screen_keys(p->u, "y"), WANT_NOTHING);
    assert_int_equal(screen_keys(p->u, "<enter>"), WANT_RESTART);
    assert_string_equal(ui_wanted_lesson(p->u), "ui-shop");
    closed(p);
}

static void the_palette_finds_anything(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK "<c-p>trac<enter>");
    assert_true(shows(p, 24, 80, "[4 Traces]"));
    screen_keys(p->u, "<c-p>rollb<enter>");
    assert_true(shows(p, 24, 80, "> rollback"));
    closed(p);
}

static void a_wait_can_be_stopped(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK);
    for (int i = 0; i < 3; i++) { /* ends by itself: somebody writes */
        screen_keys(p->u, "wait 1m<enter>");
        ticks(p, 4);
    }
    sim_time t = now(p);
    screen_keys(p->u, "wait 10m<enter>");
    ticks(p, 1);
    assert_int_equal(screen_keys(p->u, "<c-c>"), WANT_NOTHING);
    assert_true(now(p) > t && now(p) < t + 10 * SIM_MIN);
    closed(p);
}

/* ---- what was seen --------------------------------------------------------------- */

static bool taped(struct play *p, const char *what)
{
    struct buf b;
    buf_init(&b, 0);
    session_take_tape(p->s, &b);
    bool yes = strstr(b.s, what);
    buf_release(&b);
    return yes;
}

static void only_what_is_shown_is_seen(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_LOOK);
    mem_free(screen_text(p->u, 24, 80));
    assert_false(taped(p, ":logs"));
    screen_keys(p->u, "<esc>3?"); /* help lies over it */
    mem_free(screen_text(p->u, 24, 80));
    assert_false(taped(p, ":logs"));
    screen_keys(p->u, "<esc>");
    mem_free(screen_text(p->u, 24, 80));
    assert_true(taped(p, "shop:logs"));
    screen_keys(p->u, "2");
    mem_free(screen_text(p->u, 24, 80));
    assert_true(taped(p, ":metric."));
    closed(p);
}

/* ---- the end --------------------------------------------------------------------- */

#define TO_END                                                                         \
    "say impact=\"about 30% of orders failed\" state=mitigated next=20:30<enter>"

static void it_ends_in_a_debrief(void **state)
{
    (void)state;
    struct play *p = opened(GLYPHS_UTF8, false);
    screen_keys(p->u, TO_ACT "rollback shop<enter>");
    for (int i = 0; i < 5; i++) { /* people write, which stops a wait */
        ticks(p, 4);
        screen_keys(p->u, "wait 2m<enter>");
    }
    ticks(p, 4);
    screen_keys(p->u, "<enter>" TO_END);
    assert_int_equal(session_view(p->s)->phase, PHASE_DEBRIEF);
    assert_true(shows(p, 24, 80, "Drawing up what happened"));
    ticks(p, 1);
    screen_golden(p->u, 24, 80, "debrief_80x24");
    screen_keys(p->u, "<pgdn>");
    screen_golden(p->u, 24, 80, "debrief_chart_80x24");
    screen_golden(p->u, 60, 120, "debrief_120x60");
    /* Enter reads on to the end, and only there it goes back. */
    screen_keys(p->u, "g");
    mem_free(screen_text(p->u, 24, 80));
    int pages = 0;
    while (screen_keys(p->u, "<enter>") == WANT_NOTHING && pages++ < 20)
        mem_free(screen_text(p->u, 24, 80));
    assert_in_range(pages, 1, 10);
    ui_session(p->u, NULL);
    mem_free(screen_text(p->u, 24, 80));
    closed(p);
}

/* ---- plain mode ------------------------------------------------------------------ */

static void plain_mode_says_the_same(void **state)
{
    (void)state;
    static const char *const lines[] = {"1",
                                        "2",
                                        "status",
                                        "down",
                                        "restart shop",
                                        "no",
                                        "rollback shop",
                                        "wait 2m",
                                        "wait 4m",
                                        "wait 4m",
                                        "say impact=\"about 30% of orders failed\" "
                                        "state=mitigated next=20:30"};
    struct play *p = opened(GLYPHS_UTF8, true);
    struct plain *t = plain_new(p->s);
    struct buf all;
    struct errmsg why = {0};
    bool over = false;
    buf_init(&all, 0);
    plain_start(t, &all);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && !over; i++) {
        buf_addf(&all, "%s%s\n", plain_prompt(t), lines[i]);
        assert_int_equal(plain_line(t, lines[i], &all, &over, &why), ERR_OK);
    }
    assert_true(over);
    for (const char *c = all.s; *c;
         c++) /* nothing that moves a cursor or draws a box */
        assert_true(*c == '\n' || (unsigned char)*c >= ' ');
    assert_null(strstr(all.s, "│"));
    screen_compare(all.s, "plain");
    buf_release(&all);
    plain_free(t);
    closed(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_answers_an_open_question),
        cmocka_unit_test(it_is_drawn_at_80x24),
        cmocka_unit_test(it_uses_the_room),
        cmocka_unit_test(ascii_is_only_ascii),
        cmocka_unit_test(every_size_is_survived),
        cmocka_unit_test(the_map_does_not_cross_its_words),
        cmocka_unit_test(time_waits_for_the_reader),
        cmocka_unit_test(a_search_does_not_stop_the_clock_for_ever),
        cmocka_unit_test(digits_answer_in_every_focus),
        cmocka_unit_test(help_explains_the_words_of_the_question),
        cmocka_unit_test(the_clock_waits_for_a_key),
        cmocka_unit_test(the_pager_rings_once),
        cmocka_unit_test(reset_begins_anew),
        cmocka_unit_test(a_still_screen_is_not_drawn_again),
        cmocka_unit_test(the_focus_goes_to_the_panels_and_back),
        cmocka_unit_test(long_output_opens_the_console),
        cmocka_unit_test(a_risk_is_asked_about),
        cmocka_unit_test(pasted_lines_are_run_one_by_one),
        cmocka_unit_test(a_paste_is_for_the_line_wherever_one_is),
        cmocka_unit_test(a_wait_comes_before_the_next_line),
        cmocka_unit_test(a_question_comes_before_the_next_line),
        cmocka_unit_test(fewer_rows_are_playable),
        cmocka_unit_test(every_part_has_rows),
        cmocka_unit_test(starting_over_asks),
        cmocka_unit_test(the_palette_finds_anything),
        cmocka_unit_test(a_wait_can_be_stopped),
        cmocka_unit_test(only_what_is_shown_is_seen),
        cmocka_unit_test(it_ends_in_a_debrief),
        cmocka_unit_test(plain_mode_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
