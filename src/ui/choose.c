/*
 * The ways to go on from the list with the selected lesson: on call, once more, or how it
 * ended. A short numbered list over the screen; a digit or Enter takes one.
 */
#include "ui_internal.h"

#include <assert.h>
#include <stdio.h>

static const struct ui_lesson *selected(const struct ui *u)
{
    return u->pick >= 0 && (size_t)u->pick < u->nlessons ? &u->lessons[u->pick] : NULL;
}

static void begin(struct ui *u, const char *title)
{
    snprintf(u->choices_title, sizeof u->choices_title, "%s", title);
    u->nchoices = 0;
    u->choice = 0;
    u->over = OVER_CHOOSE;
}

static struct way *add(struct ui *u, enum want want, unsigned number)
{
    assert(u->nchoices < CHOICES_MAX);
    struct way *c = &u->choices[u->nchoices++];
    *c = (struct way){.want = want, .number = number};
    return c;
}

static size_t finished(const struct ui *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->nlessons; i++)
        n += u->lessons[i].best >= 0 || u->lessons[i].alone;
    return n;
}

static void add_alone(struct ui *u, const struct ui_lesson *l)
{
    struct way *c = add(u, WANT_ON_CALL, 0);
    snprintf(c->text, sizeof c->text, "On call: %.40s alone, another night", l->title);
}

static void add_blind(struct ui *u)
{
    size_t n = finished(u);
    struct way *c = n > 0 || u->drawn_night ? add(u, WANT_BLIND, 0) : NULL;
    if (c)
        snprintf(
            c->text, sizeof c->text,
            u->drawn_night ? "On call, drawn blind: go on with that night"
            : n == 1
                ? "On call, drawn blind: one system, perhaps nothing is wrong"
                : "On call, drawn blind: one of %zu systems, perhaps nothing is wrong",
            n);
}

void choose_on_call(struct ui *u)
{
    const struct ui_lesson *l = selected(u);
    begin(u, "On call: no steps, no hints");
    if (l && !l->broken)
        add_alone(u, l);
    add_blind(u);
    if (u->nchoices == 0) {
        u->over = OVER_NONE;
        ui_notice(u, l ? l->broken : "There is no lesson here.");
    }
}

void choose_again(struct ui *u)
{
    const struct ui_lesson *l = selected(u);
    begin(u, l->title);
    add_alone(u, l);
    snprintf(add(u, WANT_OPEN, 0)->text, 100, "Guided, once more");
    if (l->nendings > 0)
        snprintf(add(u, WANT_NOTHING, 0)->text, 100, "Read a debrief again (%zu)",
                 l->nendings);
}

void choose_ending(struct ui *u)
{
    const struct ui_lesson *l = selected(u);
    if (!l || l->nendings == 0) {
        ui_notice(u,
                  "No run of this lesson has ended yet; when one has, its debrief can "
                  "be read again here.");
        return;
    }
    begin(u, "How it ended: the latest first");
    for (size_t i = 0; i < l->nendings && i < CHOICES_MAX; i++) {
        const struct ui_ending *e = &l->endings[i];
        struct way *c = add(u, WANT_DEBRIEF, (unsigned)i);
        int n = snprintf(c->text, sizeof c->text, "%.16s  %-20s  ", e->when,
                         mode_phrase(e->mode));
        if (n > 0 && e->score < 0)
            snprintf(c->text + n, sizeof c->text - (size_t)n, "no score");
        else if (n > 0)
            snprintf(c->text + n, sizeof c->text - (size_t)n, "%-18s %3d",
                     outcome_phrase(e->outcome), e->score);
    }
}

static struct rect place(const struct ui *u, const struct canvas *c)
{
    int rows = (int)u->nchoices + 2, cols = c->cols < 84 ? c->cols - 4 : 80;
    if (rows > c->rows - 2)
        rows = c->rows - 2;
    return (struct rect){(c->rows - rows) / 2, (c->cols - cols) / 2, rows, cols};
}

void choose_draw(struct ui *u, struct canvas *c)
{
    struct rect r = place(u, c);
    int room = r.rows - 2, top = u->choice >= room ? u->choice - room + 1 : 0;
    draw_frame(c, r, u->choices_title, "Enter takes it  Esc closes");
    for (int i = 0; i < room && (size_t)(i + top) < u->nchoices; i++) {
        bool on = i + top == u->choice;
        int row = r.row + 1 + i;
        enum tone t = on ? TONE_SELECT : TONE_NORMAL;
        if (on) {
            canvas_fill(c, (struct rect){row, r.col + 2, 1, r.cols - 4}, t, ' ');
            canvas_text(c, row, r.col + 1, 1, TONE_ACCENT, "›");
            c->cursor_row = row;
            c->cursor_col = r.col + 2;
        }
        if (i + top < 9)
            canvas_printf(c, row, r.col + 2, 2, t, "%d", i + top + 1);
        draw_clipped(c, row, r.col + 5, r.cols - 7, t, u->choices[i + top].text);
    }
}

static enum want take(struct ui *u)
{
    const struct way *c = &u->choices[u->choice];
    const struct ui_lesson *l = selected(u);
    u->over = OVER_NONE;
    if (c->want == WANT_NOTHING) {
        choose_ending(u);
        return WANT_NOTHING;
    }
    u->wanted = l ? l->id : NULL;
    u->wanted_number = c->number;
    return c->want;
}

enum want choose_key(struct ui *u, const struct key *k)
{
    bool ch = k->kind == KEY_CHAR && !k->ctrl;
    int last = (int)u->nchoices - 1;
    if (k->kind == KEY_ENTER)
        return take(u);
    if (ch && k->cp >= '1' && k->cp <= '9' && (int)(k->cp - '1') <= last) {
        u->choice = (int)(k->cp - '1');
        return take(u);
    }
    if (k->kind == KEY_DOWN || k->kind == KEY_TAB || (ch && k->cp == 'j'))
        u->choice += u->choice < last;
    else if (k->kind == KEY_UP || k->kind == KEY_BACKTAB || (ch && k->cp == 'k'))
        u->choice -= u->choice > 0;
    else if (ch && k->cp == 'q')
        u->over = OVER_NONE;
    return WANT_NOTHING;
}
