/*
 * Traces: the requests that were kept, newest first, and one of them as a waterfall:
 * who called whom, when, and what each moment was spent on. Calls are outlines, work is
 * solid, waiting is shaded and backoff is dotted, so that it reads without colour.
 */
#include "ui_internal.h"

#include <stdio.h>
#include <string.h>

#define HEADS_MAX 400
#define SPANS_MAX 240
#define NAMES     26 /* columns of names in the waterfall */
#define TOOK      9  /* columns of durations */

enum { SHOW_ALL, SHOW_FAILED, SHOW_UNFINISHED, SHOW_KINDS };

/* ---- the list
 * -----------------------------------------------------------------------------------
 */

static size_t heads_of(struct ui *u, const struct session_view *v,
                       struct trace_head **out)
{
    int show = u->vs[VIEW_TRACES].scale;
    struct trace_filter f = {.comp = COMP_NONE,
                             .errors = show == SHOW_FAILED,
                             .unfinished = show == SHOW_UNFINISHED,
                             .from = -1,
                             .to = v->now};
    *out = arena_alloc(&u->frame, HEADS_MAX * sizeof **out);
    size_t n = recording_traces(v->rec, &f, *out, HEADS_MAX);
    for (size_t i = 0; i < n / 2; i++) {
        struct trace_head t = (*out)[i];
        (*out)[i] = (*out)[n - 1 - i];
        (*out)[n - 1 - i] = t;
    }
    return n;
}

static void took_text(struct buf *b, sim_time t)
{
    buf_reset(b);
    if (t < 10 * SIM_SEC) {
        sim_time us = t / SIM_US;
        if (us < 9950)
            buf_addf(b, "%.1f ms", (double)us / 1000);
        else
            number_text(b, (double)(us / 1000)), buf_adds(b, " ms");
    } else {
        time_format(b, t);
    }
}

static void fate_text(char *out, size_t max, const struct model *m,
                      const struct trace_head *h)
{
    if (h->end == SIM_FOREVER)
        snprintf(out, max, "not finished");
    else if (h->reason == REASON_NONE)
        snprintf(out, max, "ok");
    else if (h->culprit == COMP_NONE)
        snprintf(out, max, "%s", reason_phrase(h->reason));
    else
        snprintf(out, max, "%s at %s", reason_phrase(h->reason),
                 model_name(m, h->culprit));
}

static enum tone fate_tone(const struct trace_head *h)
{
    return h->end == SIM_FOREVER      ? TONE_WARN
           : h->reason == REASON_NONE ? TONE_GOOD
                                      : TONE_BAD;
}

static void head_row(struct ui *u, struct canvas *c, struct rect r,
                     const struct trace_head *h, bool on)
{
    const struct session_view *v = ui_view_of(u);
    const struct model *m = world_model(v->world);
    struct buf b;
    char fate[120];
    buf_init(&b, 64);
    enum tone t = on ? TONE_SELECT : TONE_NORMAL;
    if (on)
        canvas_fill(c, r, TONE_SELECT, ' ');
    clock_text(&b, v, h->start, true);
    canvas_text(c, r.row, r.col, 8, on ? t : TONE_DIM, b.s);
    canvas_printf(c, r.row, r.col + 10, 10, on ? t : TONE_DIM, "%llu",
                  (unsigned long long)h->request);
    draw_clipped(c, r.row, r.col + 20, 22, t, model_name(m, h->endpoint));
    took_text(&b, (h->end == SIM_FOREVER ? v->now : h->end) - h->start);
    draw_right(c, r.row, r.col + 42, 11, t, b.s);
    buf_release(&b);
    fate_text(fate, sizeof fate, m, h);
    draw_clipped(c, r.row, r.col + 55, r.cols - 55, on ? t : fate_tone(h), fate);
}

/* The selection stays on its request while newer ones arrive above it. */
static void keep_selection(struct view_state *vs, const struct trace_head *heads,
                           size_t n)
{
    int by = vs->sel >= 0 ? vs->sel - vs->cursor : 0, at = -1;
    if (vs->sel < 0)
        return;
    for (size_t i = 0; i < n && at < 0; i++)
        if (heads[i].request == vs->id)
            at = (int)i;
    if (at >= 0)
        vs->sel = at + by;
    if (vs->sel >= (int)n)
        vs->sel = (int)n - 1;
    if (vs->sel < 0)
        vs->sel = 0;
    vs->cursor = vs->sel;
    if (n > 0)
        vs->id = heads[vs->sel].request;
}

static void list_draw(struct ui *u, struct canvas *c, struct rect r)
{
    static const char *const shows[] = {"all kept", "failed only", "unfinished only"};
    const struct session_view *v = ui_view_of(u);
    const struct model *m = world_model(v->world);
    struct view_state *vs = &u->vs[VIEW_TRACES];
    struct trace_head *heads;
    size_t n = heads_of(u, v, &heads);
    if (u->at_panel && u->tab == VIEW_TRACES && vs->sel < 0)
        vs->sel = 0, vs->cursor = 0, vs->id = n ? heads[0].request : 0;
    keep_selection(vs, heads, n);
    canvas_text(c, r.row, r.col, r.cols, TONE_HEAD,
                "START     REQUEST   ENDPOINT                      TOOK  OUTCOME");
    draw_right(c, r.row, r.col + 64, r.cols - 64, TONE_DIM, shows[vs->scale]);
    struct rect rows = {r.row + 1, r.col, r.rows - 1, r.cols};
    view_clamp(vs, (int)n, rows.rows);
    for (int i = 0; i < rows.rows && vs->top + i < (int)n; i++) {
        const struct trace_head *h = &heads[vs->top + i];
        bool on = u->at_panel && u->tab == VIEW_TRACES && vs->top + i == vs->sel;
        head_row(u, c, (struct rect){rows.row + i, r.col, 1, r.cols}, h, on);
        ui_show(u, "%s:traces", model_name(m, h->endpoint));
        if (model_owner(m, h->endpoint) != COMP_NONE)
            ui_show(u, "%s:traces", model_name(m, model_owner(m, h->endpoint)));
    }
    if (n == 0)
        canvas_text(c, rows.row, r.col, r.cols, TONE_DIM, "None was kept.");
}

/* ---- one of them
 * -----------------------------------------------------------------------------------
 */

struct fall {
    struct ui *u;
    struct canvas *c;
    struct rect r;
    const struct model *m;
    const struct span *s;
    size_t n;
    sim_time from, to;
    int row, skip;
};

static uint32_t stroke_of(uint8_t cause)
{
    switch (cause) {
    case CAUSE_CPU:
    case CAUSE_DB_CPU:
    case CAUSE_CACHE:
    case CAUSE_EXTERNAL:
        return 0x2588;
    case CAUSE_BACKOFF:
    case CAUSE_SLEEP:
        return 0x00b7;
    default:
        return 0x2591;
    }
}

static enum tone stroke_tone(uint8_t cause)
{
    switch (cause) {
    case CAUSE_CPU:
    case CAUSE_DB_CPU:
    case CAUSE_CACHE:
        return TONE_SERIES1;
    case CAUSE_EXTERNAL:
    case CAUSE_NETWORK:
        return TONE_SERIES2;
    case CAUSE_BACKOFF:
    case CAUSE_SLEEP:
        return TONE_DIM;
    default:
        return TONE_WARN;
    }
}

static void draw_stroke(const struct fall *f, int row, const struct span *s,
                        sim_time end)
{
    int cols = f->r.cols - NAMES - TOOK - 1, left = f->r.col + NAMES;
    double scale = (double)cols / (double)(f->to > f->from ? f->to - f->from : 1);
    int a = (int)((double)(s->start - f->from) * scale);
    int b = (int)((double)(end - f->from) * scale + 0.5);
    if (a > cols - 1)
        a = cols - 1;
    if (b <= a)
        b = a + 1;
    if (b > cols)
        b = cols;
    if (s->cause != CAUSE_COUNT) {
        for (int i = a; i < b; i++)
            canvas_put(f->c, row, left + i, stroke_tone(s->cause), stroke_of(s->cause));
        return;
    }
    enum tone t = s->reason == REASON_NONE ? TONE_DIM : TONE_BAD;
    for (int i = a; i < b; i++)
        canvas_put(f->c, row, left + i, t, 0x2500);
    if (b - a > 1) {
        canvas_put(f->c, row, left + a, t, 0x251c);
        canvas_put(f->c, row, left + b - 1, t, 0x2524);
    }
}

static void span_name(const struct fall *f, const struct span *s, char *out, size_t max)
{
    const char *place = s->place == COMP_NONE ? "" : model_name(f->m, s->place);
    const char *what = s->what == COMP_NONE ? place : model_name(f->m, s->what);
    if (s->cause != CAUSE_COUNT)
        snprintf(out, max, "%s", cause_phrase((enum cause)s->cause));
    else if (s->instance > 0)
        snprintf(out, max, "%s-%d", place, s->instance);
    else
        snprintf(out, max, "%s", what);
}

static void span_row(struct fall *f, const struct span *s, int depth)
{
    const struct session_view *v = ui_view_of(f->u);
    int row = f->r.row + f->row++ - f->skip;
    sim_time end = s->end == SIM_FOREVER ? v->now : s->end;
    if (row < f->r.row || row >= f->r.row + f->r.rows)
        return;
    char name[80];
    struct buf b;
    span_name(f, s, name, sizeof name);
    int indent = depth * 2 < NAMES - 8 ? depth * 2 : NAMES - 8;
    if (depth > 0)
        canvas_text(f->c, row, f->r.col + indent - 2, 1, TONE_DIM, "└");
    draw_clipped(f->c, row, f->r.col + indent, NAMES - indent - 1,
                 s->cause == CAUSE_COUNT ? TONE_STRONG : TONE_NORMAL, name);
    draw_stroke(f, row, s, end);
    buf_init(&b, 64);
    took_text(&b, end - s->start);
    draw_right(f->c, row, f->r.col + f->r.cols - TOOK, TOOK, TONE_NORMAL, b.s);
    buf_release(&b);
    if (s->place != COMP_NONE)
        ui_show(f->u, "%s:traces", model_name(f->m, s->place));
    if (!s->note[0] && s->reason == REASON_NONE)
        return;
    row = f->r.row + f->row++ - f->skip;
    if (row >= f->r.row && row < f->r.row + f->r.rows)
        canvas_printf(f->c, row, f->r.col + NAMES, f->r.cols - NAMES, TONE_DIM,
                      "%s%s%s",
                      s->reason == REASON_NONE ? "" : reason_phrase(s->reason),
                      s->note[0] && s->reason != REASON_NONE ? ": " : "", s->note);
}

static void fall_from(struct fall *f, uint32_t parent, int depth)
{
    for (size_t i = 0; i < f->n && depth < 12; i++)
        if (f->s[i].parent == parent && f->s[i].id != parent) {
            span_row(f, &f->s[i], depth);
            fall_from(f, f->s[i].id, depth + 1);
        }
}

/* Shares of the causes in one line; only pieces of work and waiting count, not whole
 * calls. */
static void where_it_went(struct fall *f)
{
    sim_time sum[CAUSE_COUNT] = {0}, all = 0;
    const struct session_view *v = ui_view_of(f->u);
    for (size_t i = 0; i < f->n; i++) {
        sim_time end = f->s[i].end == SIM_FOREVER ? v->now : f->s[i].end;
        if (f->s[i].cause < CAUSE_COUNT) {
            sum[f->s[i].cause] += end - f->s[i].start;
            all += end - f->s[i].start;
        }
    }
    int row = f->r.row + f->r.rows - 1, col = f->r.col;
    col += canvas_text(f->c, row, col, 24, TONE_DIM, "where the time went  ");
    for (int shown = 0; shown < 4 && all > 0; shown++) {
        int most = 0;
        for (int i = 1; i < CAUSE_COUNT; i++)
            if (sum[i] > sum[most])
                most = i;
        if (sum[most] * 200 < all)
            break;
        col += canvas_printf(f->c, row, col, f->r.col + f->r.cols - col, TONE_NORMAL,
                             "%s %.0f %%   ", cause_phrase((enum cause)most),
                             100.0 * (double)sum[most] / (double)all);
        sum[most] = 0;
    }
}

static bool find_head(struct ui *u, const struct session_view *v,
                      struct trace_head *out)
{
    struct trace_head *heads;
    size_t n = heads_of(u, v, &heads);
    for (size_t i = 0; i < n; i++)
        if (heads[i].request == u->vs[VIEW_TRACES].id) {
            *out = heads[i];
            return true;
        }
    return false;
}

static void one_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    const struct model *m = world_model(v->world);
    struct view_state *vs = &u->vs[VIEW_TRACES];
    struct span *spans = arena_alloc(&u->frame, SPANS_MAX * sizeof *spans);
    size_t n = recording_spans(v->rec, vs->id, spans, SPANS_MAX);
    struct trace_head h;
    if (n == 0 || !find_head(u, v, &h)) {
        canvas_text(c, r.row, r.col, r.cols, TONE_DIM,
                    "This trace is not kept any more. Esc: the list.");
        return;
    }
    char fate[120];
    struct buf b;
    buf_init(&b, 64);
    sim_time end = h.end == SIM_FOREVER ? v->now : h.end;
    took_text(&b, end - h.start);
    fate_text(fate, sizeof fate, m, &h);
    int used =
        canvas_printf(c, r.row, r.col, r.cols, TONE_HEAD, "%llu  %s  %s",
                      (unsigned long long)h.request, model_name(m, h.endpoint), b.s);
    buf_release(&b);
    draw_clipped(c, r.row, r.col + used + 3, r.cols - used - 3, fate_tone(&h), fate);
    struct fall f = {.u = u,
                     .c = c,
                     .r = {r.row + 1, r.col, r.rows - 2, r.cols},
                     .m = m,
                     .s = spans,
                     .n = n,
                     .from = h.start,
                     .to = end,
                     .skip = vs->page};
    fall_from(&f, 0, 0);
    if (vs->page > f.row - f.r.rows)
        vs->page = f.row > f.r.rows ? f.row - f.r.rows : 0;
    f.r.rows += 1;
    where_it_went(&f);
}

static void traces_draw(struct ui *u, struct canvas *c, struct rect r)
{
    if (u->vs[VIEW_TRACES].open)
        one_draw(u, c, r);
    else
        list_draw(u, c, r);
}

static bool traces_key(struct ui *u, const struct key *k)
{
    struct view_state *vs = &u->vs[VIEW_TRACES];
    bool ch = k->kind == KEY_CHAR && !k->ctrl && !k->alt;
    if (vs->open) { /* vs->page: rows of the waterfall scrolled away */
        struct view_state fall = {.top = vs->page, .sel = -1, .count = 1000, .page = 8};
        if (!view_scroll(&fall, k))
            return false;
        vs->page = fall.top;
        return true;
    }
    if (k->kind == KEY_ENTER && vs->sel >= 0 && vs->count > 0) {
        vs->open = true;
        vs->page = 0;
    } else if (ch && k->cp == 'e') {
        vs->scale = (vs->scale + 1) % SHOW_KINDS;
        vs->sel = vs->cursor = 0;
        vs->id = 0;
    } else {
        return false;
    }
    return true;
}

const struct view view_traces = {
    .name = "Traces",
    .key = '4',
    .hint = "arrows: choose   Enter: open   e: failed, unfinished, all",
    .draw = traces_draw,
    .on_key = traces_key,
};
