/*
 * Traces: the requests that were kept, newest first, and one of them as a waterfall:
 * who called whom, when, and what each moment was spent on. Calls are outlines, work is
 * solid, waiting is shaded and backoff is dotted, so that it reads without colour.
 */
#include "ui_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define HEADS_MAX 400
#define SPANS_MAX 240
#define NAMES     26 /* columns of names in the waterfall */
#define TOOK      9  /* columns of durations */

enum { SHOW_ALL, SHOW_FAILED, SHOW_UNFINISHED, SHOW_OPEN, SHOW_KINDS };

/* ---- the list -------------------------------------------------------------------- */

static size_t heads_of(struct ui *u, const struct session_view *v,
                       struct trace_head **out)
{
    int show = u->vs[VIEW_TRACES].scale;
    struct trace_filter f = {.comp = COMP_NONE,
                             .errors = show == SHOW_FAILED,
                             .unfinished = show == SHOW_UNFINISHED,
                             .open = show == SHOW_OPEN,
                             .from = -1,
                             .to = v->now,
                             .now = v->world};
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
    assert(t >= 0);
    buf_reset(b);
    if (t < 10 * SIM_SEC) { /* a column of milliseconds is read at a glance */
        number_text(b, (double)(t / SIM_US) / 1000);
        buf_adds(b, " ms");
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
        snprintf(out, max, "%s%s", h->result ? h->result : "ok",
                 h->nopen ? ", transaction open" : "");
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
    if (on) {
        canvas_fill(c, (struct rect){r.row, r.col + 2, 1, r.cols - 2}, TONE_SELECT,
                    ' ');
        canvas_text(c, r.row, r.col, 1, TONE_ACCENT, "›");
    }
    clock_text(&b, v, h->start, true);
    canvas_text(c, r.row, r.col + 2, 8, on ? t : TONE_DIM, b.s);
    canvas_printf(c, r.row, r.col + 12, 10, on ? t : TONE_DIM, "%llx",
                  (unsigned long long)h->request);
    draw_clipped(c, r.row, r.col + 22, 20, t, model_name(m, h->endpoint));
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
    static const char *const shows[] = {"all", "failed", "unfinished", "left open"};
    const struct session_view *v = ui_view_of(u);
    const struct model *m = world_model(v->world);
    struct view_state *vs = &u->vs[VIEW_TRACES];
    struct trace_head *heads;
    size_t n = heads_of(u, v, &heads);
    if (u->at_panel && u->tab == VIEW_TRACES && vs->sel < 0)
        vs->sel = 0, vs->cursor = 0, vs->id = n ? heads[0].request : 0;
    keep_selection(vs, heads, n);
    canvas_text(c, r.row, r.col, r.cols, TONE_HEAD,
                "  START     REQUEST   ENDPOINT                    TOOK  OUTCOME");
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
        canvas_text(c, rows.row, r.col, r.cols, TONE_DIM, "No trace to show yet.");
}

/* ---- one of them ----------------------------------------------------------------- */

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

/* Columns [*a, *b) of a span in the drawing; at least one. */
static void columns_of(const struct fall *f, sim_time start, sim_time end, int *a,
                       int *b)
{
    int cols = f->r.cols - NAMES - TOOK - 1;
    double scale = (double)cols / (double)(f->to > f->from ? f->to - f->from : 1);
    *a = (int)((double)(start - f->from) * scale);
    *b = (int)((double)(end - f->from) * scale + 0.5);
    if (*a > cols - 1)
        *a = cols - 1;
    if (*a < 0)
        *a = 0;
    if (*b <= *a)
        *b = *a + 1;
    if (*b > cols)
        *b = cols;
}

static sim_time end_of(const struct fall *f, const struct span *s)
{
    assert(s->end >= s->start);
    return s->end == SIM_FOREVER || s->end > f->to ? f->to : s->end;
}

static void stroke(const struct fall *f, int row, int a, int b, enum tone t,
                   uint32_t cp)
{
    for (int i = a; i < b; i++)
        canvas_put(f->c, row, f->r.col + NAMES + i, t, cp);
}

static void draw_stroke(const struct fall *f, int row, const struct span *s)
{
    int a, b, from, to;
    columns_of(f, s->start, end_of(f, s), &a, &b);
    if (s->cause != CAUSE_COUNT) {
        stroke(f, row, a, b, stroke_tone(s->cause), stroke_of(s->cause));
        return;
    }
    enum tone thin = s->reason == REASON_NONE ? TONE_DIM : TONE_BAD;
    stroke(f, row, a, b, s->reason == REASON_NONE ? TONE_SERIES1 : TONE_BAD, 0x2588);
    for (size_t i = 0; i < f->n; i++) {
        const struct span *kid = &f->s[i];
        if (kid->parent != s->id ||
            end_of(f, kid) - kid->start < (f->to - f->from) / 200)
            continue;
        columns_of(f, kid->start, end_of(f, kid), &from, &to);
        stroke(f, row, from < a ? a : from, to > b ? b : to, thin, 0x2500);
    }
}

static void span_name(const struct fall *f, const struct span *s, char *out, size_t max)
{
    const char *place = s->place == COMP_NONE ? "" : model_name(f->m, s->place);
    const char *what = s->what == COMP_NONE ? place : model_name(f->m, s->what);
    if (s->outlives)
        snprintf(out, max, "transaction");
    else if (s->cause != CAUSE_COUNT)
        snprintf(out, max, "%s", cause_phrase((enum cause)s->cause));
    else if (s->instance > 0)
        snprintf(out, max, "%s-%d", place, s->instance);
    else
        snprintf(out, max, "%s", what);
}

/* The deepest span says why it failed; those around it only failed with it. */
static bool fails_below(const struct fall *f, const struct span *s)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->s[i].parent == s->id && f->s[i].reason != REASON_NONE)
            return true;
    return false;
}

/* The fate of a transaction that a request left open. */
static void left_open_row(struct fall *f, const struct span *s)
{
    sim_time now = ui_view_of(f->u)->now;
    bool open = s->end == SIM_FOREVER || s->end > now;
    int row = f->r.row + f->row++ - f->skip;
    struct buf b;
    if (row < f->r.row || row >= f->r.row + f->r.rows)
        return;
    buf_init(&b, 64);
    took_text(&b, (open ? now : s->end) - s->start);
    canvas_printf(f->c, row, f->r.col + NAMES, f->r.cols - NAMES,
                  open ? TONE_WARN : TONE_DIM, "on %s, open for %s%s%s",
                  model_name(f->m, s->place), b.s, open ? ", never closed" : ": ",
                  open        ? ""
                  : s->reason ? reason_phrase(s->reason)
                              : "closed");
    buf_release(&b);
}

static void span_row(struct fall *f, const struct span *s, int depth)
{
    sim_time end = end_of(f, s);
    if (s->cause != CAUSE_COUNT && !s->note[0] && !s->outlives &&
        end - s->start < (f->to - f->from) / 80)
        return; /* too short to be seen */
    int row = f->r.row + f->row++ - f->skip;
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
    draw_stroke(f, row, s);
    buf_init(&b, 64);
    took_text(&b, end - s->start);
    draw_right(f->c, row, f->r.col + f->r.cols - TOOK, TOOK, TONE_NORMAL, b.s);
    buf_release(&b);
    if (s->place != COMP_NONE)
        ui_show(f->u, "%s:traces", model_name(f->m, s->place));
    const char *why =
        s->reason == REASON_NONE || fails_below(f, s) ? "" : reason_phrase(s->reason);
    if (s->outlives) {
        left_open_row(f, s);
        return;
    }
    if (s->result)
        why = s->result;
    if (!s->note[0] && !*why)
        return;
    row = f->r.row + f->row++ - f->skip;
    if (row >= f->r.row && row < f->r.row + f->r.rows)
        canvas_printf(f->c, row, f->r.col + NAMES, f->r.cols - NAMES, TONE_DIM,
                      "%s%s%s", why, *why && s->note[0] ? ": " : "", s->note);
}

static void fall_from(struct fall *f, uint32_t parent, int depth)
{
    for (size_t i = 0; i < f->n && depth < 12; i++)
        if (f->s[i].parent == parent && f->s[i].id != parent) {
            span_row(f, &f->s[i], depth);
            fall_from(f, f->s[i].id, depth + 1);
        }
}

/* The time of a call that no span below it covers. Spans are in order of start. */
static sim_time own_time(const struct fall *f, const struct span *s)
{
    sim_time own = 0, at = s->start;
    for (size_t i = 0; i < f->n; i++) {
        const struct span *kid = &f->s[i];
        if (kid->parent != s->id || kid->id == s->id || kid->outlives)
            continue;
        if (kid->start > at)
            own += kid->start - at;
        if (end_of(f, kid) > at)
            at = end_of(f, kid);
    }
    return own + (end_of(f, s) > at ? end_of(f, s) - at : 0);
}

struct piece {
    char name[64];
    sim_time ns;
};
#define PIECES 24

static void add_piece(struct piece *p, size_t *n, const char *name, sim_time ns)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(p[i].name, name)) {
            p[i].ns += ns;
            return;
        }
    if (*n < PIECES) {
        snprintf(p[*n].name, sizeof p[*n].name, "%s", name);
        p[(*n)++].ns = ns;
    }
}

static int by_share(const void *a, const void *b, void *ctx)
{
    const struct piece *x = a, *y = b;
    (void)ctx;
    return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : 0;
}

/* A line: waiting by its cause, work by where it was done. */
static void where_it_went(struct fall *f, int row)
{
    struct piece p[PIECES];
    size_t n = 0;
    sim_time all = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct span *s = &f->s[i];
        bool call = s->cause == CAUSE_COUNT;
        if (s->outlives)
            continue;
        sim_time ns = call ? own_time(f, s) : end_of(f, s) - s->start;
        char name[64];
        snprintf(name, sizeof name, "work in %.50s",
                 s->place == COMP_NONE ? "?" : model_name(f->m, s->place));
        add_piece(p, &n, call ? name : cause_phrase((enum cause)s->cause), ns);
        all += ns;
    }
    sort_stable(p, n, sizeof *p, by_share, NULL);
    int col = f->r.col;
    col += canvas_text(f->c, row, col, 24, TONE_DIM, "where the time went  ");
    for (size_t i = 0; i < n && p[i].ns * 200 >= all && all > 0; i++) {
        int room = f->r.col + f->r.cols - col;
        if (room < (int)text_width(p[i].name) + 7)
            return;
        struct buf share;
        buf_init(&share, 0);
        number_share(&share, (double)p[i].ns / (double)all);
        col += canvas_printf(f->c, row, col, room, TONE_NORMAL, "%s %s   ", p[i].name,
                             share.s);
        buf_release(&share);
    }
}

/* ---- a request that has not finished --------------------------------------------- */

#define INFLIGHT_MAX 4096
#define LIVE_SPAN    UINT32_MAX /* ids of the spans made up here, downwards */

/* A call's span is told when it ends. Of a request that is still inside, the world says
 * where: one span for each service it is in, one below it for what it waits for. */
static size_t add_live(struct ui *u, const struct session_view *v, uint64_t request,
                       struct span *spans, size_t n)
{
    const struct model *m = world_model(v->world);
    struct inflight_view *in = arena_alloc(&u->frame, INFLIGHT_MAX * sizeof *in);
    for (size_t c = 0; c < model_comps(m); c++) {
        if (!str_eq(model_kind(m, (comp_id)c)->name, "service"))
            continue;
        size_t all = world_inflight(v->world, (comp_id)c, in, INFLIGHT_MAX);
        for (size_t i = 0; i < all && i < INFLIGHT_MAX && n + 2 <= SPANS_MAX; i++) {
            if (in[i].request != request)
                continue;
            uint32_t id = LIVE_SPAN - (uint32_t)n;
            spans[n++] = (struct span){.request = request,
                                       .id = id,
                                       .place = (comp_id)c,
                                       .instance = in[i].instance,
                                       .what = in[i].endpoint,
                                       .cause = CAUSE_COUNT,
                                       .start = in[i].started,
                                       .end = SIM_FOREVER};
            if (in[i].cause < CAUSE_COUNT) {
                spans[n] = (struct span){.request = request,
                                         .id = id - 1,
                                         .parent = id,
                                         .place = in[i].place,
                                         .what = in[i].place,
                                         .cause = in[i].cause,
                                         .start = in[i].since,
                                         .end = SIM_FOREVER};
                snprintf(spans[n++].note, sizeof spans->note, "still, at %.32s",
                         in[i].place == COMP_NONE ? "?" : model_name(m, in[i].place));
            }
        }
    }
    return n;
}

/* Spans whose call has not ended yet hang on the first that is known to be open, else
 * on none. */
static void adopt_orphans(struct span *spans, size_t n, size_t live)
{
    for (size_t i = 0; i < live; i++) {
        bool known = spans[i].parent == 0;
        for (size_t j = 0; j < n && !known; j++)
            known = spans[j].id == spans[i].parent;
        if (!known)
            spans[i].parent = live < n ? spans[live].id : 0;
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
    if (!find_head(u, v, &h)) {
        canvas_text(c, r.row, r.col, r.cols, TONE_DIM,
                    "This trace is not kept any more. Esc: the list.");
        return;
    }
    size_t live = n;
    if (h.end == SIM_FOREVER)
        n = add_live(u, v, h.request, spans, n);
    adopt_orphans(spans, n, live);
    char fate[120];
    struct buf b;
    buf_init(&b, 64);
    sim_time end = h.end == SIM_FOREVER ? v->now : h.end;
    took_text(&b, end - h.start);
    fate_text(fate, sizeof fate, m, &h);
    int used =
        canvas_printf(c, r.row, r.col, r.cols, TONE_HEAD, "%llx  %s  %s",
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
    where_it_went(&f, r.row + r.rows - 1);
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
        struct trace_head
            *heads; /* a frame may not have been drawn since the last key */
        size_t n = heads_of(u, ui_view_of(u), &heads);
        keep_selection(vs, heads, n);
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
    .about = "Single requests. Solid: work. Thin: waiting for what it called. Shaded: "
             "waiting in a queue or for the network. Dots: pausing before a retry.",
    .hint = "arrows: choose  Enter: open  e: which",
    .draw = traces_draw,
    .on_key = traces_key,
};
