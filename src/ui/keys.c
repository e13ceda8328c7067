/*
 * Every key of the program, once; those of the line being typed are the editor's
 * (editor.c). Dispatch, the footer, the help page and the README read this table. Order
 * matters twice: the footer shows what comes first, and of two bindings for one key the
 * first that is valid in a place wins.
 *
 * A row names its action, and the macro makes the function's name of it: a key that is
 * documented and does nothing would not compile.
 */
#include "ui_internal.h"

#include "truecode/ui_keys.h"

#include <stdio.h>

#define CH(c)   KEY_CHAR, c, false
#define CTRL(c) KEY_CHAR, c, true
#define KEY(k)  k, 0, false
#define FN(n)   KEY_F, n, false

/* where, key, action, label, help, footer */
#define ROW(where, key, action, label, does, foot)                                     \
    {                                                                                  \
        where, key, ui_do_##action, label, does, foot                                  \
    }
/* Another key for the row above. */
#define SAME(where, key, action)                                                       \
    {                                                                                  \
        where, key, ui_do_##action, NULL, NULL, NULL                                   \
    }

#define AT_LISTS (AT_START | AT_PANEL | AT_DEBRIEF)
#define AT_PAGES (AT_PANEL | AT_BRIEFING | AT_DEBRIEF)

const struct binding bindings[] = {
    ROW(AT_START, KEY(KEY_ENTER), enter_list, "Enter",
        "start or go on with the incident", "start"),
    ROW(AT_BRIEFING, KEY(KEY_ENTER), begin, "Enter", "begin: the clock starts",
        "begin"),
    SAME(AT_BRIEFING, CH(' '), begin),
    ROW(AT_DEBRIEF, KEY(KEY_ENTER), read_on, "Enter",
        "read on; at the end: back to the list of incidents", "the list"),
    SAME(AT_DEBRIEF, CH(' '), read_on),
    ROW(AT_PANEL, KEY(KEY_ENTER), to_console_reading, "Enter",
        "open what is selected; else to the console", NULL),
    ROW(AT_PANEL, CH(':'), to_console, ":", "back to the console", "console"),
    SAME(AT_PANEL, CH('i'), to_console),
    ROW(AT_CONSOLE, FN(1), help, "F1", "help for where you are", "help"),
    ROW(AT_PANEL, FN(1), help, "F1", "help for where you are", NULL),
    ROW(AT_CONSOLE, KEY(KEY_TAB), complete, "Tab", NULL, "completes"),
    ROW(AT_CONSOLE, KEY(KEY_ESC), back, "Esc",
        "to the panels; closes what is open first", "panels"),
    ROW(AT_PANEL, CH('1'), tab, "1-6", "that panel", "panels"),
    SAME(AT_PANEL, CH('2'), tab),
    SAME(AT_PANEL, CH('3'), tab),
    SAME(AT_PANEL, CH('4'), tab),
    SAME(AT_PANEL, CH('5'), tab),
    SAME(AT_PANEL, CH('6'), tab),
    ROW(AT_PANEL, KEY(KEY_TAB), next_tab, "Tab", "the next panel", NULL),
    ROW(AT_PANEL, KEY(KEY_BACKTAB), prev_tab, "Shift-Tab", "the panel before", NULL),
    ROW(AT_LISTS, KEY(KEY_UP), move, "Up Down, k j", "move", NULL),
    SAME(AT_LISTS, KEY(KEY_DOWN), move),
    SAME(AT_LISTS, CH('k'), move),
    SAME(AT_LISTS, CH('j'), move),
    ROW(AT_BRIEFING, KEY(KEY_UP), move, "Up Down", "read back, and on", NULL),
    SAME(AT_BRIEFING, KEY(KEY_DOWN), move),
    ROW(AT_LISTS | AT_BRIEFING, KEY(KEY_PGDN), move, "PgUp PgDn", "a page up or down",
        NULL),
    SAME(AT_LISTS | AT_BRIEFING, KEY(KEY_PGUP), move),
    ROW(AT_LISTS, KEY(KEY_HOME), move, "Home End, g G", "first and last", NULL),
    SAME(AT_LISTS, KEY(KEY_END), move),
    SAME(AT_LISTS, CH('g'), move),
    SAME(AT_LISTS, CH('G'), move),
    ROW(AT_PANEL, CH('z'), zoom, "z", "the panel over the whole screen, and back",
        "zoom"),
    ROW(AT_PANEL, CH(' '), pause, "Space", "stop the clock, or let it go on", "pause"),
    ROW(AT_PANEL, CH('<'), slower, "<", "slower", NULL),
    ROW(AT_PANEL, CH('>'), faster, ">", "faster", NULL),
    ROW(AT_PANEL, CH('/'), find_logs, "/", "find in the logs", "find"),
    ROW(AT_START, CH('o'), on_call, "o",
        "on-call: the same system alone, another night; or a night drawn blind",
        "on-call"),
    ROW(AT_START, CH('d'), endings, "d", "read a debrief again", "debriefs"),
    ROW(AT_START, CH('/'), find, "/", "find", "find"),
    ROW(AT_START, CH('w'), words, "w", "every word of the course, explained", "words"),
    ROW(AT_START, CH('x'), reset_chosen, "x", "start it over (asks first)", NULL),
    ROW(AT_START | AT_PAGES, CH('?'), help, "?", "help for where you are", "help"),
    ROW(AT_START | AT_BRIEFING | AT_DEBRIEF, FN(1), help, "F1", "the same", NULL),
    ROW(AT_PLAY, CTRL('p'), palette, "ctrl-p", "find anything: panels, commands, keys",
        "anything"),
    ROW(AT_PLAY, FN(2), hint, "F2", "a hint for this step (the first cost nothing)",
        "hint"),
    ROW(AT_PANEL, CH('H'), hint, "H", "the same", NULL),
    ROW(AT_PANEL, CH('x'), reset, "x", "start this lesson over (asks first)", NULL),
    ROW(AT_DEBRIEF, CH('x'), reset, "x", "play it again (asks first)", "again"),
    ROW(AT_CONSOLE, KEY(KEY_PGUP), read_back, "PgUp PgDn", "read back, and on", NULL),
    SAME(AT_CONSOLE, KEY(KEY_PGDN), read_back),
    ROW(AT_CONSOLE, KEY(KEY_ENTER), submit, "Enter",
        "run the line; when it is empty: read on", NULL),
    ROW(AT_PAGES, KEY(KEY_ESC), back, "Esc", "back; never leaves", NULL),
    ROW(AT_START, KEY(KEY_ESC), back, "Esc", "show all again; never leaves", NULL),
    ROW(AT_ANY, CTRL('l'), redraw, "ctrl-l", "draw the screen anew", NULL),
    ROW(AT_START | AT_PAGES, CH('q'), leave, "q", "leave, saved", "leave"),
    ROW(AT_START | AT_PAGES, CH('t'), theme, "t",
        "other colours: the next theme, remembered", "colours"),
    ROW(AT_ANY, CTRL('c'), interrupt, "^C", "stop a running wait; else leave, saved",
        "leave, saved"),
};
const size_t nbindings = COUNT_OF(bindings);

static bool matches(const struct binding *b, unsigned where, const struct key *k,
                    bool ctrl)
{
    bool counts = k->kind == KEY_CHAR || k->kind == KEY_F;
    return (b->where & where) && b->kind == k->kind && b->ctrl == ctrl &&
           (!counts || b->cp == k->cp);
}

/* A special key with ctrl that has no meaning of its own is the key without. */
const struct binding *binding_find(unsigned where, const struct key *k)
{
    for (size_t i = 0; i < nbindings && !k->alt; i++)
        if (matches(&bindings[i], where, k, k->ctrl && k->kind == KEY_CHAR))
            return &bindings[i];
    return NULL;
}

bool binding_is_command(const struct binding *b)
{
    return b->run != ui_do_move && b->run != ui_do_tab && b->run != ui_do_palette &&
           b->run != ui_do_submit && b->run != ui_do_complete &&
           b->run != ui_do_read_back && b->run != ui_do_to_console_reading;
}

bool key_types(const struct key *k)
{
    return (k->kind == KEY_CHAR || k->kind == KEY_PASTE_CHAR) && !k->ctrl && !k->alt &&
           k->cp >= ' ' && k->cp != 0x7f;
}

void draw_footer(struct canvas *c, int row, unsigned where, unsigned now,
                 const char *right)
{
    int col = 1, end = c->cols - 1;
    canvas_fill(c, (struct rect){row, 0, 1, c->cols}, TONE_DIM, ' ');
    if (right) {
        draw_right(c, row, col, end - col, TONE_DIM, right);
        end -= (int)text_width(right) + 2;
    }
    for (size_t i = 0; i < nbindings; i++) {
        const struct binding *b = &bindings[i];
        if (!(b->where & where) || !b->foot ||
            ((now & FOOT_NO_HINT) && b->run == ui_do_hint))
            continue;
        if (b->run == ui_do_interrupt && where != AT_CONSOLE)
            continue;
        bool answers = (now & FOOT_ASKING) && b->run == ui_do_tab;
        const char *label = answers ? "Tab" : b->label;
        int w = (int)(text_width(label) + 1 + text_width(b->foot));
        if (col + w > end)
            continue;
        col += canvas_text(c, row, col, end - col, TONE_STRONG, label) + 1;
        col += canvas_text(c, row, col, end - col, TONE_DIM, b->foot) + 2;
    }
}

bool key_row(unsigned where, size_t i, const char **label, const char **does)
{
    *label = *does = NULL;
    if (i < nbindings) {
        const struct binding *b = &bindings[i];
        if ((b->where & where) && b->does)
            *label = b->label, *does = b->does;
    } else if (where == AT_CONSOLE && i - nbindings < neditor_bindings) {
        *label = editor_bindings[i - nbindings].label;
        *does = editor_bindings[i - nbindings].does;
    }
    return i < nbindings + neditor_bindings;
}

static void table_of(struct buf *out, unsigned where, const char *heading)
{
    const char *label, *does;
    buf_addf(out, "| %s | |\n| --- | --- |\n", heading);
    for (size_t i = 0; key_row(where, i, &label, &does); i++)
        if (label)
            buf_addf(out, "| `%s` | %s |\n", label, does);
    buf_adds(out, "\n");
}

void ui_key_table(struct buf *markdown)
{
    table_of(markdown, AT_START, "In the list of incidents");
    table_of(markdown, AT_BRIEFING, "On the page that called you");
    table_of(markdown, AT_CONSOLE, "In the console");
    table_of(markdown, AT_PANEL, "In the panels");
    table_of(markdown, AT_DEBRIEF, "In the debrief");
}
