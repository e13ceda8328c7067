/*
 * Every key of the program, once. Dispatch, the footer, the help page and the README
 * read this table. Order matters twice: the footer shows what comes first, and of two
 * bindings for one key the first that is valid in a place wins.
 */
#include "ui_internal.h"

#include <stdio.h>

#define CH(c)   KEY_CHAR, c, false
#define CTRL(c) KEY_CHAR, c, true
#define KEY(k)  k, 0, false
#define FN(n)   KEY_F, n, false

const struct binding bindings[] = {
    /* where, key, what, label, help, footer */
    {AT_START, KEY(KEY_ENTER), ACT_ENTER, "Enter", "start or go on with the incident",
     "start"},
    {AT_BRIEFING, KEY(KEY_ENTER), ACT_ENTER, "Enter", "begin: the clock starts",
     "begin"},
    {AT_BRIEFING, CH(' '), ACT_ENTER, NULL, NULL, NULL},
    {AT_DEBRIEF, KEY(KEY_ENTER), ACT_HOME, "Enter",
     "read on; at the end: back to the list of incidents", "the list"},
    {AT_PANEL, KEY(KEY_ENTER), ACT_EDIT, "Enter", "open what is selected", NULL},
    {AT_PANEL, CH(':'), ACT_TO_CONSOLE, ":", "back to the console", "console"},
    {AT_PANEL, CH('i'), ACT_TO_CONSOLE, NULL, NULL, NULL},
    {AT_CONSOLE, FN(1), ACT_HELP, "F1", "help for where you are", "help"},
    {AT_PANEL, FN(1), ACT_HELP, "F1", "help for where you are", NULL},
    {AT_CONSOLE, KEY(KEY_TAB), ACT_EDIT, "Tab",
     "complete the word; again: the next candidate", "completes"},
    {AT_CONSOLE, KEY(KEY_ESC), ACT_BACK, "Esc",
     "to the panels; closes what is open first", "panels"},
    {AT_PANEL, CH('1'), ACT_TAB, "1-6", "that panel", "panels"},
    {AT_PANEL, CH('2'), ACT_TAB, NULL, NULL, NULL},
    {AT_PANEL, CH('3'), ACT_TAB, NULL, NULL, NULL},
    {AT_PANEL, CH('4'), ACT_TAB, NULL, NULL, NULL},
    {AT_PANEL, CH('5'), ACT_TAB, NULL, NULL, NULL},
    {AT_PANEL, CH('6'), ACT_TAB, NULL, NULL, NULL},
    {AT_PANEL, KEY(KEY_TAB), ACT_NEXT_TAB, "Tab", "the next panel", NULL},
    {AT_PANEL, KEY(KEY_BACKTAB), ACT_PREV_TAB, "Shift-Tab", "the panel before", NULL},
    {AT_PANEL | AT_DEBRIEF, KEY(KEY_UP), ACT_EDIT, "arrows, hjkl", "move", NULL},
    {AT_PANEL | AT_DEBRIEF, KEY(KEY_PGDN), ACT_EDIT, "PgUp PgDn", "a page up or down",
     NULL},
    {AT_PANEL | AT_DEBRIEF, KEY(KEY_HOME), ACT_EDIT, "Home End, g G", "first and last",
     NULL},
    {AT_PANEL, CH('z'), ACT_ZOOM, "z", "the panel over the whole screen, and back",
     "zoom"},
    {AT_PANEL, CH(' '), ACT_PAUSE, "Space", "stop the clock, or let it go on", "pause"},
    {AT_PANEL, CH('<'), ACT_SLOWER, "<", "slower", NULL},
    {AT_PANEL, CH('>'), ACT_FASTER, ">", "faster", NULL},
    {AT_PANEL | AT_START, CH('/'), ACT_FIND, "/", "find", "find"},
    {AT_START, KEY(KEY_UP), ACT_EDIT, "arrows, jk", "choose", NULL},
    {AT_START, CH('x'), ACT_RESET, "x", "start it over (asks first)", NULL},
    {AT_START | AT_PANEL | AT_BRIEFING | AT_DEBRIEF, CH('?'), ACT_HELP, "?",
     "help for where you are", "help"},
    {AT_START | AT_BRIEFING | AT_DEBRIEF, FN(1), ACT_HELP, "F1", "the same", NULL},
    {AT_PLAY, CTRL('p'), ACT_PALETTE, "ctrl-p", "find anything: panels, commands, keys",
     "anything"},
    {AT_PLAY, FN(2), ACT_HINT, "F2", "a hint for this step (recorded, costs nothing)",
     "hint"},
    {AT_PANEL, CH('H'), ACT_HINT, "H", "the same", NULL},
    {AT_PANEL, CH('x'), ACT_RESET, "x", "start this lesson over (asks first)", NULL},
    {AT_DEBRIEF, CH('x'), ACT_RESET, "x", "play it again (asks first)", "again"},
    {AT_CONSOLE, KEY(KEY_UP), ACT_EDIT, "Up Down", "lines typed before", NULL},
    {AT_CONSOLE, CTRL('r'), ACT_EDIT, "ctrl-r", "search the lines typed before", NULL},
    {AT_CONSOLE, KEY(KEY_PGUP), ACT_EDIT, "PgUp PgDn", "read back, and on", NULL},
    {AT_CONSOLE, CTRL('a'), ACT_EDIT, "ctrl-a ctrl-e", "start and end of the line",
     NULL},
    {AT_CONSOLE, CTRL('w'), ACT_EDIT, "ctrl-w ctrl-u ctrl-k",
     "cut a word, to start, to end; ctrl-y puts it back", NULL},
    {AT_CONSOLE, KEY(KEY_ENTER), ACT_EDIT, "Enter",
     "run the line; when it is empty: read on", NULL},
    {AT_PANEL | AT_DEBRIEF | AT_BRIEFING, KEY(KEY_ESC), ACT_BACK, "Esc",
     "back; never leaves", NULL},
    {AT_ANY, CTRL('l'), ACT_REDRAW, "ctrl-l", "draw the screen anew", NULL},
    {AT_PANEL | AT_START | AT_BRIEFING | AT_DEBRIEF, CH('q'), ACT_LEAVE, "q",
     "leave, saved", "leave"},
    {AT_ANY, CTRL('c'), ACT_INTERRUPT, "^C", "stop a running wait; else leave, saved",
     "leave, saved"},
};
const size_t nbindings = sizeof bindings / sizeof *bindings;

const struct binding *binding_find(unsigned where, const struct key *k)
{
    for (size_t i = 0; i < nbindings; i++) {
        const struct binding *b = &bindings[i];
        bool counts = k->kind == KEY_CHAR || k->kind == KEY_F;
        if (!(b->where & where) || b->kind != k->kind || (counts && b->cp != k->cp))
            continue;
        if (b->ctrl == k->ctrl && !k->alt)
            return b;
    }
    return NULL;
}

/* As many as fit, in the order of the table; `right`: what the panel's own keys do. */
void draw_footer(struct canvas *c, int row, unsigned where, bool no_hints,
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
        if (!(b->where & where) || !b->foot || (no_hints && b->act == ACT_HINT))
            continue;
        if (b->act == ACT_INTERRUPT && where != AT_CONSOLE)
            continue;
        int w = (int)(text_width(b->label) + 1 + text_width(b->foot));
        if (col + w > end)
            continue;
        col += canvas_text(c, row, col, end - col, TONE_STRONG, b->label) + 1;
        col += canvas_text(c, row, col, end - col, TONE_DIM, b->foot) + 2;
    }
}

static void table_of(struct buf *out, unsigned where, const char *heading)
{
    buf_addf(out, "| %s | |\n| --- | --- |\n", heading);
    for (size_t i = 0; i < nbindings; i++)
        if (bindings[i].label && (bindings[i].where & where))
            buf_addf(out, "| `%s` | %s |\n", bindings[i].label, bindings[i].does);
    buf_adds(out, "\n");
}

void ui_key_table(struct buf *markdown)
{
    table_of(markdown, AT_START, "In the list of incidents");
    table_of(markdown, AT_CONSOLE, "In the console");
    table_of(markdown, AT_PANEL, "In the panels");
    table_of(markdown, AT_DEBRIEF, "In the debrief");
}
