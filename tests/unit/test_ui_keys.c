/*
 * Every key that is documented does something where it is said to. For each place there
 * are some situations; a key must change what is seen, or be an answer to the front, in
 * one of them at least.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../src/ui/ui_internal.h"
#include "../lib/play.h"
#include "../lib/screen.h"

#define ROWS 24
#define COLS 80

static const struct ui_lesson course[] = {
    {"one", "One", "start", "", NULL, 6, 1, 92, OUTCOME_RECOVERED, false, false, NULL,
     .alone = false},
    {"two", "Two", "start", "", NULL, 6, 1, -1, OUTCOME_LOST, true, false, NULL,
     .alone = false},
    {"three", "Three", "start", "", NULL, 6, 1, -1, OUTCOME_LOST, false, false, NULL,
     .alone = false},
};

/* Keys that lead from the first screen of a place to a situation. */
static const char *const at_start[] = {"<home><down>", "/three<enter>", NULL};
static const char *const at_briefing[] = {"", "<pgdn>", NULL};
static const char *const at_console[] = {
    "", "logs shop<enter>status<enter>help<enter>help<enter>ab cd<left><left>",
    "logs shop<enter>status<enter>help<enter>help<enter>ab cd<left><left><c-w><up>",
    "help<enter>help<enter><pgup><pgup>sta", NULL};
static const char *const at_panel[] = {"<esc>1",   "<esc>3<up><up><up>", "<esc>3",
                                       "<esc>2zm", "<esc>4<down>",       "<esc> ",
                                       NULL};

struct place {
    unsigned where;
    const char *const *situations;
};
static const struct place places[] = {
    {AT_START, at_start},
    {AT_BRIEFING, at_briefing},
    {AT_CONSOLE, at_console},
    {AT_PANEL, at_panel},
};

struct shown {
    struct ui *u;
    struct session *s;
    char *text;
};

/* A page that is longer than the screen, and few users: it is opened very often. */
static char *long_lesson(void)
{
    char *text = screen_file("tests/golden/ui_shop.lua"),
         line[] = "Mara runs the shop.";
    struct buf longer;
    buf_init(&longer, 0);
    for (int i = 0; i < 30; i++)
        buf_adds(&longer,
                 "Mara runs the shop. It has many shelves, and books on them. ");
    char *edited = play_edit(text, line, longer.s);
    char *cheap = play_edit(edited, "per_second(20)", "per_second(2)");
    buf_release(&longer);
    mem_free(text);
    mem_free(edited);
    return cheap;
}

static void play_to_the_end(struct shown *p)
{
    bool more = true;
    screen_keys(p->u, "<enter>2<enter><enter>status<enter><enter>down<enter>"
                      "rollback shop<enter>");
    for (int i = 0; i < 40; i++) {
        for (int j = 0; j < 16; j++)
            ui_tick(p->u, SIM_SEC / 4, 1000000, &more);
        screen_keys(p->u, i % 4 == 3 ? "wait 2m<enter>" : "");
    }
    screen_keys(p->u, "<enter>say impact=\"about 30% of orders failed\" "
                      "state=mitigated next=20:30<enter>");
    assert_int_equal(session_view(p->s)->phase, PHASE_DEBRIEF);
    while (more || !p->u->have_report)
        ui_tick(p->u, 0, 1000000, &more);
}

static struct shown shown_at(unsigned where, const char *keys)
{
    struct shown p = {.u = ui_new(&(struct ui_options){.rows = ROWS, .cols = COLS})};
    ui_catalogue(p.u, course, 3);
    if (where != AT_START) {
        p.text = long_lesson();
        struct session_options o = play_options(p.text, NULL);
        p.s = play_open(&o);
        ui_session(p.u, p.s);
    }
    if (where & AT_PLAY)
        screen_keys(p.u, "<enter>2<enter><enter>");
    else if (where == AT_DEBRIEF)
        play_to_the_end(&p);
    mem_free(screen_text(p.u, ROWS, COLS));
    for (const char *at = keys; *at != '\0';) { /* frames between, as for a person */
        struct key k = screen_key(&at);
        ui_key(p.u, &k);
        mem_free(screen_text(p.u, ROWS, COLS));
    }
    assert_int_equal(ui_where(p.u), where);
    return p;
}

static void closed(struct shown *p)
{
    ui_free(p->u);
    session_free(p->s);
    mem_free(p->text);
}

static char *seen(struct ui *u)
{
    struct canvas *c = canvas_new(ROWS, COLS);
    struct buf b;
    buf_init(&b, 0);
    ui_draw(u, c);
    canvas_dump(c, &b);
    buf_addf(&b, "%d %d", c->cursor_row, c->cursor_col);
    for (int i = 0; i < ROWS * COLS; i++) /* a selection may be a tone alone */
        buf_addch(&b, (char)('A' + c->cells[i].tone));
    canvas_free(c);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

static bool acts(struct ui *u, const struct key *k)
{
    char *before = seen(u);
    bool does = ui_key(u, k) != WANT_NOTHING;
    char *after = seen(u);
    does = does || strcmp(before, after) != 0;
    mem_free(before);
    mem_free(after);
    return does;
}

static bool acts_in(unsigned where, const char *situation, const struct key *k)
{
    struct shown p = shown_at(where, situation);
    bool does = acts(p.u, k);
    closed(&p);
    return does;
}

static void acts_somewhere(const struct place *place, const struct key *k,
                           const char *label)
{
    for (size_t i = 0; place->situations[i]; i++)
        if (acts_in(place->where, place->situations[i], k))
            return;
    fail_msg(
        "in place %u the key of the row '%s' (kind %d, '%c', ctrl %d, alt %d) does "
        "nothing",
        place->where, label, k->kind, (char)k->cp, k->ctrl, k->alt);
}

static void every_key_does_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *label = "";
        for (size_t j = 0; j < nbindings; j++) {
            const struct binding *b = &bindings[j];
            struct key k = {.kind = b->kind, .cp = b->cp, .ctrl = b->ctrl};
            label = b->label ? b->label : label;
            if (b->where & places[i].where)
                acts_somewhere(&places[i], &k, label);
        }
    }
}

/* One debrief for all its keys: it costs two more runs of the lesson. Esc closes what a
 * key opened, and else only asks the front to go home. */
static void every_key_of_the_debrief_does_something(void **state)
{
    (void)state;
    struct shown p = shown_at(AT_DEBRIEF, "");
    for (size_t j = 0; j < nbindings; j++) {
        struct key k = {
            .kind = bindings[j].kind, .cp = bindings[j].cp, .ctrl = bindings[j].ctrl};
        if (!(bindings[j].where & AT_DEBRIEF))
            continue;
        screen_keys(p.u, "<esc><home>");
        bool does = acts(p.u, &k);
        screen_keys(p.u, "<esc><home><pgdn>");
        if (!does && !acts(p.u, &k))
            fail_msg("row %zu of the keys does nothing in the debrief", j);
    }
    closed(&p);
}

static void every_key_of_the_line_does_something(void **state)
{
    (void)state;
    const struct place console = {AT_CONSOLE, at_console};
    const char *label = "";
    for (size_t j = 0; j < neditor_bindings; j++) {
        const struct editor_binding *b = &editor_bindings[j];
        struct key k = {.kind = b->kind, .cp = b->cp, .ctrl = b->ctrl, .alt = b->alt};
        label = b->label ? b->label : label;
        acts_somewhere(&console, &k, label);
    }
}

/* What a panel's own row of the help says ("arrows: ..  m: heat map"). */
static void every_panels_own_keys_do_something(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *key;
    } own[] = {
        {"<esc>2<down><down>", "<up>"},
        {"<esc>2", "<down>"},
        {"<esc>2", "<left>"},
        {"<esc>2<left>", "<right>"},
        {"<esc>2", "+"},
        {"<esc>2", "-"},
        {"<esc>2", "m"},
        {"<esc>3", "<up>"},
        {"<esc>4", "<down>"},
        {"<esc>4", "<enter>"},
        {"<esc>4", "e"},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const char *at = own[i].key;
        struct key k = screen_key(&at);
        if (!acts_in(AT_PANEL, own[i].situation, &k))
            fail_msg("%s after %s does nothing", own[i].key, own[i].situation);
    }
}

/* ... and what is documented nowhere does nothing, with Alt least of all. */
static void alt_with_anything_does_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct shown p = shown_at(places[i].where, places[i].situations[0]);
        char *before = seen(p.u);
        for (uint32_t c = ' '; c < 0x7f; c++) {
            struct key k = {.kind = KEY_CHAR, .cp = c, .alt = true};
            if (places[i].where == AT_CONSOLE && editor_binding_find(&k))
                continue;
            assert_int_equal(ui_key(p.u, &k), WANT_NOTHING);
        }
        for (int kind = KEY_ENTER; kind < KEY_PASTE_CHAR; kind++) {
            struct key k = {.kind = (enum key_kind)kind, .cp = 1, .alt = true};
            if (places[i].where == AT_CONSOLE && editor_binding_find(&k))
                continue;
            assert_int_equal(ui_key(p.u, &k), WANT_NOTHING);
        }
        char *after = seen(p.u);
        assert_string_equal(before, after);
        mem_free(before);
        mem_free(after);
        closed(&p);
    }
}

/* A field that is full says so, takes letters again when there is room, and at no time
 * hands them on as keys. */
static void a_full_field_says_so(void **state)
{
    (void)state;
    static const struct {
        unsigned where;
        const char *open;
    } fields[] = {{AT_START, "/"},
                  {AT_CONSOLE, "<c-p>"},
                  {AT_CONSOLE, "<c-r>"},
                  {AT_PANEL, "<esc>/"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct shown p = shown_at(fields[i].where, fields[i].open);
        for (int n = 0; n < 300; n++)
            assert_int_equal(screen_keys(p.u, "q"), WANT_NOTHING);
        char *text = seen(p.u);
        assert_non_null(strstr(text, "cut: no room for more"));
        mem_free(text);
        screen_keys(p.u, "<bs><bs>zz");
        text = seen(p.u);
        assert_non_null(strstr(text, "qzz"));
        assert_null(strstr(text, "cut: no room for more"));
        mem_free(text);
        closed(&p);
    }
}

static void redrawing_works_wherever_one_is(void **state)
{
    (void)state;
    static const char *const opened[] = {"<f1>", "<c-p>", "<c-r>", "a<c-p>b"};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        struct shown p = shown_at(AT_CONSOLE, opened[i]);
        char *before = seen(p.u);
        assert_int_equal(screen_keys(p.u, "<c-l>"), WANT_REDRAW);
        char *after = seen(p.u);
        assert_string_equal(before, after);
        mem_free(before);
        mem_free(after);
        closed(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_does_something),
        cmocka_unit_test(every_key_of_the_debrief_does_something),
        cmocka_unit_test(every_key_of_the_line_does_something),
        cmocka_unit_test(every_panels_own_keys_do_something),
        cmocka_unit_test(alt_with_anything_does_nothing),
        cmocka_unit_test(a_full_field_says_so),
        cmocka_unit_test(redrawing_works_wherever_one_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
