/*
 * The two rows on top: how the users are, in figures that stand still. Every field has
 * a place of fixed width, so that nothing jumps when a number changes; the title gives
 * way first, then the budget's bar.
 */
#include "ui_internal.h"

#include <math.h>
#include <stdio.h>

enum {
    LOST = 7,  /* columns of a number: 999 999 */
    SHARE = 7, /* of a share: 99.97 % */
    SINCE = 5  /* of a time of day: 19:52 */
};

/* Where the share of good requests is going: the last half minute against the one
 * before. */
static const char *trend(const struct session_view *v, enum tone *t)
{
    double now = recording_good(v->rec, v->now - 30 * SIM_SEC, v->now);
    double before =
        recording_good(v->rec, v->now - 90 * SIM_SEC, v->now - 30 * SIM_SEC);
    *t = TONE_DIM;
    if (isnan(now) || isnan(before) || (now - before < 0.01 && before - now < 0.01))
        return "=";
    *t = now > before ? TONE_GOOD : TONE_BAD;
    return now > before ? "▲" : "▼";
}

static enum tone slo_tone(const struct session_view *v)
{
    if (isnan(v->slo.good))
        return TONE_DIM;
    return v->slo.ok ? TONE_GOOD : TONE_BAD;
}

static int draw_slo(const struct session_view *v, struct canvas *c, int row, int col,
                    const char *label)
{
    struct buf share;
    enum tone t;
    const char *arrow = trend(v, &t);
    buf_init(&share, 0);
    number_share(&share, v->slo.good);
    int n = canvas_text(c, row, col, 12, TONE_DIM, label);
    draw_right(c, row, col + n, SHARE, slo_tone(v), share.s);
    buf_release(&share);
    n += SHARE + 1;
    return n + canvas_text(c, row, col + n, 1, t, arrow);
}

static int draw_budget(const struct session_view *v, struct canvas *c, int row, int col,
                       int bar)
{
    double left = v->slo.budget;
    enum tone t = left > 0.5 ? TONE_GOOD : left > 0.1 ? TONE_WARN : TONE_BAD;
    int n = canvas_text(c, row, col, 8, TONE_DIM, "budget ");
    if (bar > 0) {
        draw_bar(c, row, col + n, bar, left, t);
        n += bar + 1;
    }
    if (left <= 0)
        canvas_text(c, row, col + n, 5, t, "spent");
    else
        canvas_printf(c, row, col + n, 5, t, "%3.0f %%", left * 100);
    return n + 5;
}

/* "lost 312 since 19:52", "lost 312 so far" before it is over; nothing while it is
 * not known. */
static int draw_lost(const struct session_view *v, struct canvas *c, int row, int col)
{
    struct buf b;
    if (!v->lost_known)
        return 0;
    buf_init(&b, 32);
    if (v->users_lost < 1000000)
        number_count(&b, (double)v->users_lost);
    else
        buf_addf(&b, "%.2f M", (double)v->users_lost / 1e6);
    int n = canvas_text(c, row, col, 5, TONE_DIM, "lost ");
    n += canvas_text(c, row, col + n, LOST, v->users_lost ? TONE_WARN : TONE_DIM, b.s);
    buf_reset(&b);
    if (v->lost_since != SIM_FOREVER && v->phase != PHASE_DEBRIEF) {
        n += canvas_text(c, row, col + n, 7, TONE_DIM, " so far");
    } else if (v->lost_since != SIM_FOREVER) {
        clock_text(&b, v, v->lost_since, false);
        n += canvas_text(c, row, col + n, 7, TONE_DIM, " since ");
        n += canvas_text(c, row, col + n, SINCE, TONE_DIM, b.s);
    }
    buf_release(&b);
    return n;
}

static int draw_clock(struct ui *u, const struct session_view *v, struct canvas *c,
                      int row, int col)
{
    struct buf b;
    buf_init(&b, 32);
    clock_text(&b, v, v->now, true);
    int n = canvas_text(c, row, col, 10, TONE_STRONG, b.s) + 1;
    buf_release(&b);
    bool runs = (v->hold == HOLD_NONE && !v->feedback && !ui_unread(u)) ||
                v->hold == HOLD_WAITING;
    if (v->hold == HOLD_WAITING)
        canvas_text(c, row, col + n, 4, TONE_ACCENT, "▶▶");
    else if (runs)
        canvas_printf(c, row, col + n, 5, TONE_DIM, "×%.3g", v->speed);
    else
        canvas_text(c, row, col + n, 4, TONE_DIM, sign_pause(u->o.glyphs));
    return n + 3;
}

/* Columns of the fields beside title and bar, gaps included. Where there is no room for
 * both, what was lost stands in the budget's place. */
static int fixed_columns(const struct session_view *v, bool wide, int gap)
{
    bool over = v->phase == PHASE_DEBRIEF;
    int clock = 12, slo = (wide ? 9 : 3) + 9, budget = 12, alerts = 1 + 4,
        lost = 5 + LOST + 7 + (wide || over ? SINCE : 0);
    return 1 + clock + slo + (wide ? budget + gap : 0) + lost + alerts + 3 * gap;
}

/* The users' state; in words where nobody measures it. */
static void draw_users(const struct session_view *v, struct canvas *c, int row, int col,
                       bool wide, int bar, int gap)
{
    if (v->users_hidden) {
        canvas_text(c, row, col, 30, TONE_DIM, "users: nobody measures them");
        return;
    }
    draw_slo(v, c, row, col, wide ? "users ok " : "ok ");
    col += (wide ? 9 : 3) + 9 + gap;
    bool lost = v->lost_known && v->lost_since != SIM_FOREVER;
    if (wide || !lost) /* no room for both */
        col += draw_budget(v, c, row, col, bar) + gap;
    draw_lost(v, c, row, col);
}

void header_draw(struct ui *u, struct canvas *c, int row)
{
    const struct session_view *v = ui_view_of(u);
    bool wide = c->cols >= 110;
    int gap = wide ? 4 : 2, room = c->cols - fixed_columns(v, wide, gap);
    const char *title =
        mode_on_call(v->mode) ? "On call" : lesson_info(v->lesson)->title;
    int w = (int)text_width(title), col = 1;
    if (w > room)
        w = room;
    int bar = room - w - 1;
    bar = bar < 4 ? 0 : bar > 12 ? 12 : bar;
    draw_clipped(c, row, col, w, TONE_HEAD, title);
    col += w + gap;
    draw_clock(u, v, c, row, col);
    col += 12 + gap;
    draw_users(v, c, row, col, wide, bar, gap);
    if (u->flash) {
        canvas_fill(c, (struct rect){row, 0, 1, c->cols}, TONE_SELECT, ' ');
        draw_clipped(c, row, 1, c->cols - 2, TONE_SELECT, "The pager rings.");
        return;
    }
    if (v->alerts_firing > 0)
        canvas_printf(c, row, c->cols - 4, 4, TONE_BAD, "%s%zu",
                      sign_alert(u->o.glyphs), v->alerts_firing);
}

/* Why the clock stands, in words. */
static const char *stands_text(struct ui *u, const struct session_view *v, enum tone *t)
{
    if (ui_typing(u) && v->mode == MODE_GUIDED && v->hold == HOLD_NONE)
        return "while you type";
    if (ui_unread(u) && !v->feedback) {
        *t = TONE_ACCENT;
        return "reading: any key";
    }
    if (v->feedback && v->hold != HOLD_PAUSED) {
        *t = TONE_ACCENT;
        return "Enter: go on";
    }
    switch (v->hold) {
    case HOLD_READING:
        *t = TONE_ACCENT;
        return v->phase == PHASE_PLAY ? "reading" : "while you read";
    case HOLD_QUESTION:
        *t = TONE_ACCENT;
        return "a question is open";
    case HOLD_PAUSED:
        *t = TONE_WARN;
        return "paused: Space";
    default:
        return NULL;
    }
}

static void hold_text(struct ui *u, const struct session_view *v, enum tone *t,
                      char out[48])
{
    *t = TONE_DIM;
    const char *stands = stands_text(u, v, t);
    if (stands)
        snprintf(out, 48, "%s %s", sign_pause(u->o.glyphs), stands);
    else
        snprintf(out, 48, "%s",
                 v->hold == HOLD_WAITING ? "▶▶ waiting, ^C stops"
                 : v->hold == HOLD_OVER  ? "■ over"
                 : v->practice           ? "practice: not scored"
                 : mode_on_call(v->mode) ? "on call: the clock runs"
                                         : "");
}

void tabs_draw(struct ui *u, struct canvas *c, int row)
{
    const struct session_view *v = ui_view_of(u);
    int col = 0;
    for (int i = 0; i < VIEW_COUNT; i++) {
        const struct view *w = ui_view((enum view_id)i);
        bool on = i == (int)u->tab;
        char label[40];
        snprintf(label, sizeof label, on ? "[%c %s]" : " %c %s ", w->key, w->name);
        enum tone t = !on ? TONE_DIM : u->at_panel ? TONE_SELECT : TONE_STRONG;
        int used = canvas_text(c, row, col, 16, t, label);
        spot_note(u, SPOT_TAB, i, (struct rect){row, col, 1, used});
        col += used;
        if (i == VIEW_PEOPLE && v->unread_tickets > 0)
            col +=
                canvas_printf(c, row, col - 1, 4, TONE_WARN, "+%zu", v->unread_tickets);
    }
    enum tone t;
    char text[48];
    hold_text(u, v, &t, text);
    bool charts = u->tab == VIEW_CHARTS && !u->vs[VIEW_CHARTS].open;
    if (!*text && charts && u->charts_step != SIZE_MAX)
        snprintf(text, sizeof text, "%s", charts_legend(u, c->cols));
    if (c->cols - col - 2 >= (int)text_width(text))
        draw_right(c, row, col, c->cols - col - 1, t, text);
}
