/*
 * The start screen: the course by tracks, what became of each incident, and a few lines
 * on the selected one. A person who has never seen it needs two keys: down and Enter.
 *
 * The list is a sequence of rows (lessons and blank lines between tracks), of which a
 * page is shown; from 116 columns on, what is known of the selected lesson stands to
 * its right.
 */
#include "ui_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LIST_WIDTH 78
#define GUIDED_END 72 /* where the points of each mode end */
#define ALONE_END  78
#define AIRY_ROWS  12 /* with more rows left, a blank one stands between paragraphs */

bool ui_has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    if (!text)
        return n == 0;
    for (; *text; text++)
        if (strncasecmp(text, word, n) == 0)
            return true;
    return n == 0;
}

static bool matches(const struct ui *u, const struct ui_lesson *l)
{
    const char *w = u->find.s;
    return ui_has_word(l->title, w) || ui_has_word(l->summary, w) ||
           ui_has_word(l->track, w) || ui_has_word(l->id, w) || ui_has_word(l->post, w);
}

static bool finished(const struct ui_lesson *l)
{
    return l->best >= 0;
}

bool start_won(const struct ui_lesson *l)
{
    return finished(l) && outcome_well(l->outcome);
}

/* The lesson still has something to do: to be won, or then to be played alone. */
static bool is_due(const struct ui_lesson *l)
{
    return !l->broken && (start_won(l) ? !l->alone : !finished(l));
}

static int next_open(const struct ui *u)
{
    for (size_t i = 0; i < u->nlessons; i++)
        if (is_due(&u->lessons[i]))
            return (int)i;
    return -1;
}

/* Selects the saved run, else what comes next. */
void start_pick_first(struct ui *u)
{
    int next = next_open(u);
    u->pick = next < 0 ? 0 : next;
    for (size_t i = 0; i < u->nlessons; i++)
        if (u->lessons[i].saved && !u->lessons[i].broken) {
            u->pick = (int)i;
            return;
        }
}

static void header(struct ui *u, struct canvas *c)
{
    size_t done = 0, saved = u->drawn_night;
    for (size_t i = 0; i < u->nlessons; i++) {
        done += finished(&u->lessons[i]) || u->lessons[i].alone;
        saved += u->lessons[i].saved;
    }
    char right[80];
    int n = snprintf(right, sizeof right, "%zu incident%s · %zu done", u->nlessons,
                     u->nlessons == 1 ? "" : "s", done);
    if (saved > 0 && n > 0)
        snprintf(right + n, sizeof right - (size_t)n, " · %zu begun", saved);
    canvas_text(c, 0, 1, 40, TONE_HEAD, "truecode");
    draw_right(c, 0, 12, c->cols - 13, TONE_DIM, right);
    canvas_text(c, 2, 1, c->cols - 2, TONE_NORMAL,
                "The True Code of Production Systems, as things that happen to you.");
    if (done > 0) {
        draw_right(c, 3, 0, GUIDED_END, TONE_DIM, "guided");
        draw_right(c, 3, 0, ALONE_END, TONE_DIM, "alone");
    }
}

static void state_of(const struct ui *u, int i, const char **glyph, enum tone *t,
                     const char **word)
{
    const struct ui_lesson *l = &u->lessons[i];
    if (l->broken) {
        *glyph = "✗", *t = TONE_BAD, *word = "cannot be loaded";
    } else if (l->saved) {
        *glyph = "◐", *t = TONE_ACCENT, *word = "begun: go on";
    } else if (l->stopped) {
        *glyph = "◐", *t = TONE_WARN, *word = "stopped by update";
    } else if (finished(l) || l->alone) {
        enum outcome o = l->alone ? l->outcome_alone : l->outcome;
        bool next = i == next_open(u);
        *glyph = "●", *word = next && start_won(l) ? "next: alone" : outcome_phrase(o);
        *t = next ? TONE_ACCENT : outcome_well(o) ? TONE_GOOD : TONE_WARN;
    } else {
        *glyph = "○", *t = TONE_DIM, *word = i == next_open(u) ? "next" : "";
    }
}

static void lesson_row(struct ui *u, struct canvas *c, int row, int i,
                       bool first_of_track)
{
    const struct ui_lesson *l = &u->lessons[i];
    bool on = i == u->pick;
    enum tone t = on ? TONE_SELECT : TONE_NORMAL, gt;
    const char *glyph, *word;
    state_of(u, i, &glyph, &gt, &word);
    spot_note(u, SPOT_LESSON, i, (struct rect){row, 0, 1, LIST_WIDTH});
    if (first_of_track)
        draw_clipped(c, row, 3, 8, TONE_ACCENT, l->track);
    if (on) {
        canvas_fill(c, (struct rect){row, 12, 1, LIST_WIDTH - 13}, TONE_SELECT, ' ');
        canvas_text(c, row, 11, 1, TONE_ACCENT, "›");
        c->cursor_row = row;
        c->cursor_col = 11;
    }
    canvas_text(c, row, 13, 1, on ? TONE_SELECT : gt, glyph);
    draw_clipped(c, row, 15, 26, t, l->title);
    if (l->minutes > 0)
        canvas_printf(c, row, 42, 7, on ? t : TONE_DIM, "%2d min", l->minutes);
    canvas_text(c, row, 50, 18, on ? t : gt, word);
    if (finished(l))
        canvas_printf(c, row, GUIDED_END - 3, 3, on ? t : TONE_NORMAL, "%3d", l->best);
    if (l->alone)
        canvas_printf(c, row, ALONE_END - 3, 3, on ? t : TONE_NORMAL, "%3d",
                      l->best_alone);
}

/* Row of lesson i in the list (0-based), with blank lines between tracks when `airy`.
 */
static int list_rows(struct ui *u, struct canvas *c, struct rect r, bool airy)
{
    int row = 0, before = -1;
    for (size_t i = 0; i < u->nlessons; i++) {
        if (!matches(u, &u->lessons[i]))
            continue;
        bool first =
            before < 0 || !str_eq(u->lessons[before].track, u->lessons[i].track);
        if (first && before >= 0 && airy)
            row++;
        if (c && row >= u->list_top && row - u->list_top < r.rows)
            lesson_row(u, c, r.row + row - u->list_top, (int)i, first);
        else if (!c && (int)i == u->pick)
            return row;
        before = (int)i;
        row++;
    }
    return c ? row : 0;
}

static void list(struct ui *u, struct canvas *c, struct rect r)
{
    struct canvas *none = canvas_new(1, 1);
    int top = u->list_top;
    u->list_top = 0;
    bool airy = list_rows(u, none, (struct rect){0, 0, 0, 0}, true) <= r.rows;
    canvas_free(none);
    int at = list_rows(u, NULL, r, airy);
    u->list_top = top > at ? at : at - top >= r.rows ? at - r.rows + 1 : airy ? 0 : top;
    if (list_rows(u, c, r, airy) == 0)
        canvas_printf(c, r.row, 3, r.cols, TONE_DIM,
                      "Nothing called \"%s\". Esc shows all.", u->find.s);
}

/* A paragraph of what is known of the selected lesson, as far as there is room in *r,
 * which is what is left of it afterwards. "": nothing. */
static void tell(struct canvas *c, struct rect *r, enum tone t, const char *label,
                 const char *text)
{
    char all[600];
    if (!text || !*text || r->rows <= 0)
        return;
    snprintf(all, sizeof all, "%s%s", label, text);
    int rows = draw_wrapped(c, *r, t, all, 0) + (r->rows > AIRY_ROWS);
    r->row += rows;
    r->rows -= rows;
}

static int top_level(const struct ui *u)
{
    int top = 0;
    for (size_t i = 0; i < u->nlessons; i++)
        top = u->lessons[i].level > top ? u->lessons[i].level : top;
    return top;
}

/* The lesson's name, how hard it is, and what its part of the course asks. */
static void about_head(struct ui *u, struct canvas *c, struct rect *r,
                       const struct ui_lesson *l)
{
    char hard[60] = "";
    int col = r->col, end = r->col + r->cols;
    col += canvas_printf(c, r->row, col, r->cols, TONE_STRONG, "%s", l->title) + 2;
    if (l->level > 0 && !l->broken)
        snprintf(hard, sizeof hard, "level %d of %d", l->level, top_level(u));
    if (col < end)
        canvas_text(c, r->row, col, end - col, TONE_DIM, hard);
    r->row++;
    r->rows--;
}

static void about(struct ui *u, struct canvas *c, struct rect r)
{
    if (u->pick < 0 || (size_t)u->pick >= u->nlessons)
        return;
    const struct ui_lesson *l = &u->lessons[u->pick];
    char track[100];
    about_head(u, c, &r, l);
    if (l->broken) {
        draw_wrapped(c, r, TONE_BAD, l->broken, 0);
        return;
    }
    tell(c, &r, TONE_NORMAL, "", l->summary);
    if (start_won(l))
        tell(c, &r, TONE_ACCENT, "",
             l->alone ? "Alone, another night: o. How it ended: d."
                      : "Next: the same system alone, another night. Press o.");
    bool next = u->pick == next_open(u) && !start_won(l);
    tell(c, &r, next ? TONE_ACCENT : TONE_DIM, next ? "Next: " : "Why here: ", l->why);
    snprintf(track, sizeof track, "%s: ", l->track ? l->track : "");
    tell(c, &r, TONE_DIM, track, l->asks);
    tell(c, &r, TONE_DIM, "Teaches: ", l->teaches);
    tell(c, &r, TONE_DIM, "After: ", l->post);
}

/* For somebody who sees this for the first time. */
static bool is_new(const struct ui *u)
{
    for (size_t i = 0; i < u->nlessons; i++)
        if (finished(&u->lessons[i]) || u->lessons[i].alone || u->lessons[i].saved ||
            u->lessons[i].stopped)
            return false;
    return u->nlessons > 0 && u->find.len == 0 && u->pick == next_open(u);
}

void start_draw(struct ui *u, struct canvas *c)
{
    bool wide = c->cols >= 116;
    int foot = c->rows - 1, about_rows = wide ? 0 : 6;
    header(u, c);
    list(u, c, (struct rect){4, 0, foot - 5 - about_rows, LIST_WIDTH});
    if (wide)
        about(u, c,
              (struct rect){4, 82, foot - 6, c->cols - 84 < 60 ? c->cols - 84 : 60});
    else
        about(u, c, (struct rect){foot - about_rows, 1, about_rows, c->cols - 2});
    if (is_new(u))
        canvas_printf(
            c, foot - about_rows - 1, 1, c->cols - 2, TONE_ACCENT,
            "New here? Press Enter. The first takes %d minutes and explains itself.",
            u->lessons[u->pick].minutes);
    if (u->finding) {
        int n =
            canvas_printf(c, foot, 1, c->cols - 2, TONE_PROMPT, "find: %s", u->find.s);
        c->cursor_row = foot;
        c->cursor_col = 1 + n;
        if (u->find.full)
            canvas_text(c, foot, 1 + n, c->cols - 2 - n, TONE_WARN, TEXT_CUT);
        if (n < 30)
            draw_right(c, foot, 30, c->cols - 31, TONE_DIM,
                       "Enter takes it  Esc shows all");
    } else {
        draw_footer(c, foot, AT_START, 0, NULL);
    }
}

/* ---- keys ------------------------------------------------------------------------ */

static void move(struct ui *u, int by)
{
    int i = u->pick;
    for (int left = by < 0 ? -by : by; left > 0; left--) {
        int next = i + (by < 0 ? -1 : 1);
        while (next >= 0 && (size_t)next < u->nlessons &&
               !matches(u, &u->lessons[next]))
            next += by < 0 ? -1 : 1;
        if (next < 0 || (size_t)next >= u->nlessons)
            break;
        i = next;
    }
    u->pick = i;
}

static void find_changed(struct ui *u)
{
    if (u->pick >= 0 && (size_t)u->pick < u->nlessons &&
        matches(u, &u->lessons[u->pick]))
        return;
    for (size_t i = 0; i < u->nlessons; i++)
        if (matches(u, &u->lessons[i])) {
            u->pick = (int)i;
            return;
        }
}

bool start_find_key(struct ui *u, const struct key *k)
{
    char bytes[4];
    if (key_types(k)) {
        buf_add(&u->find, bytes, utf8_put(bytes, k->cp));
    } else if (k->kind == KEY_BACKSPACE && u->find.len > 0) {
        text_drop_last(&u->find);
    } else if (k->kind == KEY_ESC) {
        buf_reset(&u->find);
        u->finding = false;
    } else if (k->kind == KEY_ENTER) {
        u->finding = false;
    } else {
        return false;
    }
    find_changed(u);
    return true;
}

void start_scroll(struct ui *u, const struct key *k)
{
    bool ch = k->kind == KEY_CHAR;
    if (k->kind == KEY_UP || (ch && k->cp == 'k'))
        move(u, -1);
    else if (k->kind == KEY_DOWN || (ch && k->cp == 'j'))
        move(u, 1);
    else if (k->kind == KEY_PGUP)
        move(u, -8);
    else if (k->kind == KEY_PGDN)
        move(u, 8);
    else if (k->kind == KEY_HOME || (ch && k->cp == 'g'))
        move(u, -1000);
    else if (k->kind == KEY_END || (ch && k->cp == 'G'))
        move(u, 1000);
}
