/*
 * The cockpit: where everything is while an incident is worked on. Narrow (80x22 and
 * up): one panel, the step, the console, from top to bottom. Wide (118x34 and up): map
 * and the chosen panel on the left, the step, people and the notebook on the right, the
 * console below both.
 *
 * Nothing jumps. The console has its usual height and only a long answer makes it
 * higher, until Esc or an empty line; the step has the rows that its text takes; the
 * panel gets the rest, and always enough to be read. On a wide screen every block has
 * its place, however long the step's text is.
 */
#include "ui_internal.h"

#include <assert.h>
#include <string.h>

#define PANEL_LEAST       5
#define PANEL_LEAST_SMALL 3 /* below 24 rows: the step keeps its room; z shows it all */
#define CONSOLE_LEAST     4 /* rule, two lines, input */

static bool is_wide(const struct canvas *c)
{
    return c->cols >= 118 && c->rows >= 34;
}

static void draw_view(struct ui *u, struct canvas *c, enum view_id id, struct rect r)
{
    assert(id < VIEW_COUNT);
    u->drawing = id;
    spot_note(u, SPOT_PANEL, (int)id, r);
    if (r.rows > 0 && r.cols > 0)
        ui_view(id)->draw(u, c, r);
}

/* A rule that names a panel. */
static void view_rule(struct ui *u, struct canvas *c, enum view_id id, int row, int col,
                      int cols)
{
    bool focus = u->at_panel && id == u->tab;
    draw_rule(c, row, col, cols, focus ? TONE_HEAD : TONE_DIM, ui_view(id)->name,
              id == VIEW_CHARTS && !u->vs[id].open ? charts_legend(u, cols) : NULL);
}

static int wants(struct ui *u, enum view_id id, int cols, int most)
{
    assert(id < VIEW_COUNT);
    int n = ui_view(id)->wants ? ui_view(id)->wants(u, cols) : most;
    return n < most ? n : most;
}

static int usual_console(int avail)
{
    return avail / 3 > 14 ? 14 : avail / 3;
}

/* For a long answer up to half of the screen, if the others leave it. */
static int console_rows_for(struct ui *u, const struct canvas *c, int usual, int most)
{
    int asked = console_wants(u, c->cols), half = c->rows / 2;
    most = most < half ? most : half;
    asked = asked < most ? asked : most;
    return asked > usual ? asked : usual;
}

static void draw_narrow(struct ui *u, struct canvas *c, int top, int avail)
{
    int step = step_rows(u, c->cols - 2) + 1, usual = usual_console(avail);
    int least = c->rows < 24 ? PANEL_LEAST_SMALL : PANEL_LEAST;
    if (step > avail - CONSOLE_LEAST - least)
        step = avail - CONSOLE_LEAST - least;
    if (usual > avail - step - least)
        usual = avail - step - least;
    int console = console_rows_for(u, c, usual, avail - step - least);
    int panel = avail - step - console;
    draw_view(u, c, u->tab, (struct rect){top, 1, panel, c->cols - 2});
    step_draw(u, c, (struct rect){top + panel, 0, step, c->cols});
    console_draw(u, c, (struct rect){top + panel + step, 0, console, c->cols});
}

/* Map above, the chosen panel below it; the map alone is Charts' companion. */
static void draw_left(struct ui *u, struct canvas *c, struct rect r)
{
    enum view_id below = u->tab == VIEW_MAP ? VIEW_CHARTS : u->tab;
    int map = wants(u, VIEW_MAP, r.cols, r.rows / 2);
    draw_view(u, c, VIEW_MAP, (struct rect){r.row, r.col, map, r.cols});
    view_rule(u, c, below, r.row + map, r.col, r.cols);
    draw_view(u, c, below,
              (struct rect){r.row + map + 1, r.col + 1, r.rows - map - 1, r.cols - 2});
}

/* A panel below the step has its own place there; a very long step hides it. */
static bool has_place(int from, int to, int row, int rows)
{
    return row >= from && rows > 2 && row + rows <= to;
}

static void draw_side(struct ui *u, struct canvas *c, struct rect r)
{
    int need = step_rows(u, r.cols - 2) + 1, each = r.rows / 4, end = r.row + r.rows;
    int notes = end - each, people = u->tab == VIEW_PEOPLE ? notes : notes - each;
    bool with_notes = has_place(r.row + need, end, notes, each);
    bool with_people = people < notes && has_place(r.row + need, end, people, each);
    int step = (with_people ? people : with_notes ? notes : end) - r.row;
    step_draw(u, c, (struct rect){r.row, r.col, step, r.cols});
    if (with_people) {
        draw_rule(c, people, r.col, r.cols, TONE_DIM, "People", NULL);
        draw_view(u, c, VIEW_PEOPLE,
                  (struct rect){people + 1, r.col + 1, each - 1, r.cols - 2});
    }
    if (with_notes) {
        draw_rule(c, notes, r.col, r.cols, TONE_DIM, "Notebook", NULL);
        notes_draw(u, c, (struct rect){notes + 1, r.col + 1, each - 1, r.cols - 2});
    }
}

static void draw_wide(struct ui *u, struct canvas *c, int top, int avail)
{
    int console = console_rows_for(u, c, usual_console(avail), avail - PANEL_LEAST);
    int above = avail - console;
    int side = c->cols / 3 > 64 ? 64 : c->cols / 3, left = c->cols - side - 1;
    draw_left(u, c, (struct rect){top, 1, above, left - 2});
    for (int i = 0; i < above; i++)
        canvas_put(c, top + i, left, TONE_DIM, 0x2502);
    draw_side(u, c, (struct rect){top, left + 1, above, side});
    console_draw(u, c, (struct rect){top + above, 0, console, c->cols});
}

void cockpit_draw(struct ui *u, struct canvas *c)
{
    const struct session_view *v = ui_view_of(u);
    int top = 2, avail = c->rows - 3;
    header_draw(u, c, 0);
    tabs_draw(u, c, 1);
    if (u->zoom && u->at_panel)
        draw_view(u, c, u->tab, (struct rect){top, 1, avail, c->cols - 2});
    else if (is_wide(c))
        draw_wide(u, c, top, avail);
    else
        draw_narrow(u, c, top, avail);
    bool no_hints = v->feedback || !v->current || v->hints_shown >= v->current->nhints;
    const char *hint = u->at_panel ? ui_view(u->tab)->hint : NULL;
    unsigned now = (no_hints ? FOOT_NO_HINT : 0) | (v->asking ? FOOT_ASKING : 0);
    draw_footer(c, c->rows - 1, ui_where(u), now, hint);
}

/* ---- keys ------------------------------------------------------------------------ */

static bool is_ch(const struct key *k, uint32_t cp)
{
    return k->kind == KEY_CHAR && !k->ctrl && !k->alt && k->cp == cp;
}

/* Rows by which a scrolling key moves; 0: not one. */
static int scroll_by(const struct key *k, int page, int count)
{
    if (k->kind == KEY_UP || is_ch(k, 'k'))
        return -1;
    if (k->kind == KEY_DOWN || is_ch(k, 'j'))
        return 1;
    if (k->kind == KEY_PGUP)
        return -(page > 1 ? page - 1 : 1);
    if (k->kind == KEY_PGDN)
        return page > 1 ? page - 1 : 1;
    if (k->kind == KEY_HOME || is_ch(k, 'g'))
        return -count - 1;
    if (k->kind == KEY_END || is_ch(k, 'G'))
        return count + 1;
    return 0;
}

bool view_scroll(struct view_state *vs, const struct key *k)
{
    int by = scroll_by(k, vs->page, vs->count);
    if (by == 0)
        return false;
    int *at = vs->sel >= 0 ? &vs->sel : &vs->top;
    *at += by;
    if (*at > vs->count - 1)
        *at = vs->count - 1;
    if (*at < 0)
        *at = 0;
    return true;
}

void view_clamp(struct view_state *vs, int count, int page)
{
    vs->count = count;
    vs->page = page;
    if (vs->sel >= count)
        vs->sel = count - 1;
    if (vs->sel >= 0) {
        if (vs->sel < vs->top)
            vs->top = vs->sel;
        if (vs->sel >= vs->top + page)
            vs->top = vs->sel - page + 1;
    }
    if (vs->top > count - page)
        vs->top = count - page;
    if (vs->top < 0)
        vs->top = 0;
}

/* Words looked for in the logs, typed on the footer's row. What finds no room is told,
 * and is not handed on: it would be a key of the panel. */
static bool find_key(struct ui *u, const struct key *k)
{
    struct view_state *vs = &u->vs[VIEW_LOGS];
    size_t n = strlen(vs->find);
    if (key_types(k)) {
        vs->find_cut = n + 5 >= sizeof vs->find;
        n += vs->find_cut ? 0 : utf8_put(vs->find + n, k->cp);
        vs->find[n] = '\0';
    } else if (k->kind == KEY_BACKSPACE && n > 0) {
        while (n > 1 && (vs->find[n - 1] & 0xc0) == 0x80)
            n--;
        vs->find[n - 1] = '\0';
        vs->find_cut = false;
    } else if (k->kind == KEY_ENTER) {
        u->finding = false;
    } else if (k->kind == KEY_ESC) {
        vs->find[0] = '\0';
        vs->find_cut = u->finding = false;
    } else {
        return false;
    }
    return true;
}

static enum want panel_key(struct ui *u, const struct key *k)
{
    const struct view *w = ui_view(u->tab);
    if (u->finding && find_key(u, k))
        return WANT_NOTHING;
    if (k->kind == KEY_PASTE_CHAR) { /* no panel takes one: it is meant for the line */
        ui_do_to_console(u, k);
        editor_key(&u->ed, k);
        return WANT_NOTHING;
    }
    if (w->on_key && w->on_key(u, k))
        return WANT_NOTHING;
    return ui_act(u, AT_PANEL, k);
}

/* In the console letters type: only keys that are no text are looked up first. */
enum want cockpit_key(struct ui *u, const struct key *k)
{
    if (u->at_panel)
        return panel_key(u, k);
    bool closes = k->kind == KEY_ESC && (u->ed.offering || u->ed.searching);
    if (!closes && binding_find(AT_CONSOLE, k))
        return ui_act(u, AT_CONSOLE, k);
    editor_key(&u->ed, k);
    return WANT_NOTHING;
}
