/*
 * trace: one request as a waterfall: who called whom, when, what each waited for, and
 * at the bottom where the time went.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define P50_WINDOW (10 * SIM_MIN)

#define SPANS_MAX 512
#define ROWS_MAX  48
#define HEADS_MAX 8000
#define DEPTH_MAX 40

#define CHILDREN_FIRST 8
#define CHILDREN_LAST  4
#define LABEL          22
#define INSIDE_MAX     50000

struct waterfall {
    struct call *c;
    struct span *v;
    size_t n;
    sim_time start, end;
    size_t width; /* of the bars */
    size_t rows, hidden;
    uint32_t ncut;        /* spans that were too many to keep */
    bool more[DEPTH_MAX]; /* at this depth, siblings follow */
};

static sim_time end_of(const struct waterfall *w, const struct span *s)
{
    return s->end == SIM_FOREVER || s->end > w->end ? w->end : s->end;
}

/* ---- finding it ------------------------------------------------------------------ */

static enum err find_trace(struct call *c, const char *text, struct trace_head *out)
{
    struct trace_filter f = {.comp = COMP_NONE, .to = c->now, .now = c->w};
    struct trace_head *v = arena_alloc(c->mem, HEADS_MAX * sizeof *v);
    size_t n = recording_traces(c->rec, &f, v, HEADS_MAX), hits = 0;
    for (size_t i = 0; i < n; i++) {
        const char *id = strf(c, "%llx", (unsigned long long)v[i].request);
        if (str_eq(id, text)) {
            *out = v[i];
            return ERR_OK;
        }
        if (str_starts(id, text)) {
            *out = v[i];
            hits++;
        }
    }
    if (hits > 1)
        return refuse(c, ERR_INPUT, "%zu traces begin with %s; write more of it.", hits,
                      text);
    return hits ? ERR_OK
                : refuse(c, ERR_NOT_FOUND,
                         "No trace %s is kept; traces lists those that are.", text);
}

/* ---- bars ------------------------------------------------------------------------ */

static const char *fill_of(const struct call *c, const struct span *s)
{
    if (s->cause == CAUSE_COUNT)
        return c->ctx->ascii ? "-" : "─";
    if (s->cause == CAUSE_CPU || s->cause == CAUSE_DB_CPU)
        return c->ctx->ascii ? "#" : "█";
    if (s->cause == CAUSE_BACKOFF || s->cause == CAUSE_SLEEP)
        return c->ctx->ascii ? "." : "·";
    return c->ctx->ascii ? "=" : "░";
}

static enum tone tone_of(const struct span *s)
{
    if (s->reason != REASON_NONE)
        return TONE_BAD;
    if (s->cause == CAUSE_COUNT)
        return TONE_NORMAL;
    return s->cause == CAUSE_CPU || s->cause == CAUSE_DB_CPU ? TONE_SERIES1 : TONE_WARN;
}

static size_t column(const struct waterfall *w, sim_time t)
{
    double share =
        w->end > w->start ? (double)(t - w->start) / (double)(w->end - w->start) : 0;
    size_t col = (size_t)(share * (double)w->width + 0.5);
    return col > w->width ? w->width : col;
}

static void draw_bar(const struct waterfall *w, const struct span *s, struct buf *b)
{
    size_t from = column(w, s->start), to = column(w, end_of(w, s));
    bool ascii = w->c->ctx->ascii, call = s->cause == CAUSE_COUNT;
    if (from >= w->width)
        from = w->width - 1;
    for (size_t i = 0; i < from; i++)
        buf_addch(b, ' ');
    if (to <= from + (call ? 1 : 0)) {
        buf_adds(b, ascii ? "|" : "▏");
        to = from + 1;
    } else {
        for (size_t i = from; i < to; i++)
            buf_adds(b, call && i == from     ? (ascii ? "|" : "├")
                        : call && i + 1 == to ? (ascii ? "|" : "┤")
                                              : fill_of(w->c, s));
    }
    for (size_t i = to; i < w->width; i++)
        buf_addch(b, ' ');
}

/* ---- rows ------------------------------------------------------------------------ */

/* The branch lines before a name: which ancestors have more children to come. */
static void tree_lines(const struct waterfall *w, size_t depth, struct buf *b)
{
    bool ascii = w->c->ctx->ascii;
    for (size_t d = 1; d <= depth && d < DEPTH_MAX; d++) {
        bool more = w->more[d];
        if (d == depth)
            buf_adds(b, ascii ? (more ? "+ " : "` ") : (more ? "├ " : "└ "));
        else
            buf_adds(b, !more ? "  " : ascii ? "| " : "│ ");
    }
}

/* A short note stands beside the name, a long one below. */
static bool note_fits(const struct span *s, const char *what, size_t depth)
{
    return *s->note && depth * 2 + text_width(what) + 2 + text_width(s->note) <= LABEL;
}

static const char *what_of(const struct call *c, const struct span *s)
{
    if (s->outlives)
        return "transaction";
    return s->cause < CAUSE_COUNT ? cause_phrase((enum cause)s->cause)
                                  : inst_name(c, s->place, s->instance);
}

static const char *label_of(const struct waterfall *w, const struct span *s,
                            size_t depth)
{
    struct call *c = w->c;
    const char *what = what_of(c, s);
    struct buf b;
    buf_init(&b, 0);
    tree_lines(w, depth, &b);
    buf_adds(&b, what);
    if (note_fits(s, what, depth))
        buf_addf(&b, ", %s", s->note);
    while (text_width(b.s) > LABEL && b.len) {
        do
            b.len--;
        while (b.len && ((unsigned char)b.s[b.len] & 0xc0) == 0x80);
        b.s[b.len] = '\0';
    }
    const char *s2 = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s2;
}

static const char *ms(struct call *c, sim_time d)
{
    double x = (double)d / (double)SIM_MS;
    return x < 9.95 ? strf(c, "%.1f", x) : count(c, x);
}

/* The fate of a transaction that a request left open. */
static const char *left_open(struct call *c, const struct span *s)
{
    if (s->end == SIM_FOREVER || s->end > c->now)
        return strf(c, "on %s, open for %s, never closed", name_of(c, s->place),
                    ago(c, s->start));
    return strf(c, "on %s, open for %s: %s", name_of(c, s->place),
                span_of(c, (s->end - s->start) / SIM_MS * SIM_MS),
                s->reason != REASON_NONE ? reason_phrase(s->reason) : "closed");
}

/* A result of its own, before what else is to be said; NULL: there is none. */
static const char *answered(struct call *c, const struct span *s)
{
    if (!s->result)
        return NULL;
    return *s->note ? strf(c, "answered %s, %s", s->result, s->note)
                    : strf(c, "answered %s", s->result);
}

static void remark(struct waterfall *w, const struct span *s, size_t depth)
{
    struct call *c = w->c;
    const char *text = s->outlives                          ? left_open(c, s)
                       : answered(c, s)                     ? answered(c, s)
                       : note_fits(s, what_of(c, s), depth) ? ""
                                                            : s->note;
    const char *reason = s->reason != REASON_NONE && s->cause != CAUSE_COUNT
                             ? reason_phrase(s->reason)
                             : "";
    if (s->outlives)
        reason = "";
    if (*text || *reason)
        out_line(c->o, TONE_DIM, "%*s%s%s%s", (int)(depth * 2 + 2), "", text,
                 *text && *reason ? ": " : "", reason);
}

static void draw_span(struct waterfall *w, const struct span *s, size_t depth)
{
    struct call *c = w->c;
    struct buf b;
    if (w->rows >= ROWS_MAX && !c->piped) {
        w->hidden++;
        return;
    }
    w->rows++;
    const char *label = label_of(w, s, depth);
    buf_init(&b, 0);
    draw_bar(w, s, &b);
    out_add(c->o, s->cause == CAUSE_COUNT ? TONE_STRONG : TONE_NORMAL, "%s%*s", label,
            (int)(LABEL + 1 - text_width(label)), "");
    out_add(c->o, tone_of(s), "%s", b.s);
    out_line(c->o, TONE_NORMAL, " %7s", ms(c, end_of(w, s) - s->start));
    remark(w, s, depth);
    buf_release(&b);
}

/* A call is told when it ends: what ended inside one that goes on has no parent yet. */
static bool is_root(const struct waterfall *w, const struct span *s)
{
    for (size_t i = 0; i < w->n && s->parent != 0; i++)
        if (w->v[i].id == s->parent)
            return false;
    return true;
}

/* parent 0: what is at the top. */
static bool is_child(const struct waterfall *w, const struct span *s, uint32_t parent)
{
    return parent == 0 ? is_root(w, s) : s->parent == parent && s->id != parent;
}

static size_t children(const struct waterfall *w, uint32_t parent)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += is_child(w, &w->v[i], parent);
    return n;
}

/* Of many under one parent (a message that is tried for hours) the first and the last
 * are shown; nth counts from 0. */
static bool left_out(size_t nth, size_t of)
{
    return of > CHILDREN_FIRST + CHILDREN_LAST + 1 && nth >= CHILDREN_FIRST &&
           nth < of - CHILDREN_LAST;
}

/* Puts a line in the place of all that are left out. */
static void tell_left_out(struct waterfall *w, size_t nth, size_t of, size_t depth)
{
    if (nth == CHILDREN_FIRST)
        out_line(w->c->o, TONE_DIM, "%*s… %s more between", (int)(depth * 2), "",
                 count(w->c, (double)(of - CHILDREN_FIRST - CHILDREN_LAST)));
}

static void draw_tree(struct waterfall *w, uint32_t parent, size_t depth)
{
    size_t n = depth < DEPTH_MAX ? children(w, parent) : 0, nth = 0;
    for (size_t i = 0; i < w->n && nth < n; i++) {
        const struct span *s = &w->v[i];
        if (!is_child(w, s, parent))
            continue;
        if (left_out(nth++, n)) {
            tell_left_out(w, nth - 1, n, depth);
            continue;
        }
        w->more[depth] = nth < n;
        draw_span(w, s, depth);
        seen_comp(w->c, s->place, "traces");
        draw_tree(w, s->id, depth + 1);
    }
}

/* ---- in words -------------------------------------------------------------------- */

static void speak_span(struct waterfall *w, const struct span *s, size_t depth)
{
    struct call *c = w->c;
    bool whole = s->cause == CAUSE_COUNT;
    if (s->outlives) {
        out_line(c->o, TONE_NORMAL, "%*sa transaction %s", (int)(depth * 2), "",
                 left_open(c, s));
        return;
    }
    out_line(c->o, TONE_NORMAL, "%*s%s%s%s: from %s ms, %s ms%s%s%s%s",
             (int)(depth * 2), "", inst_name(c, s->place, s->instance),
             whole ? "" : " ", whole ? "" : cause_phrase((enum cause)s->cause),
             ms(c, s->start - w->start), ms(c, end_of(w, s) - s->start),
             s->reason != REASON_NONE ? ", " : "",
             s->reason != REASON_NONE ? reason_phrase(s->reason) : "",
             *s->note || s->result ? ", " : "", s->result ? answered(c, s) : s->note);
    seen_comp(c, s->place, "traces");
}

static void speak_tree(struct waterfall *w, uint32_t parent, size_t depth)
{
    size_t n = depth < DEPTH_MAX ? children(w, parent) : 0, nth = 0;
    for (size_t i = 0; i < w->n && nth < n; i++) {
        const struct span *s = &w->v[i];
        if (!is_child(w, s, parent))
            continue;
        if (left_out(nth++, n)) {
            tell_left_out(w, nth - 1, n, depth);
            continue;
        }
        speak_span(w, s, depth);
        speak_tree(w, s->id, depth + 1);
    }
}

/* Spans are told when they end. What a request that hangs does right now, the world
 * knows; the youngest of it is the wait that everything else waits for. */
static void look_inside(struct waterfall *w, uint64_t request, comp_id place,
                        struct inflight_view *last)
{
    struct call *c = w->c;
    struct inflight_view *v = arena_alloc(c->mem, INSIDE_MAX * sizeof *v);
    size_t n = world_inflight(c->w, place, v, INSIDE_MAX);
    for (size_t i = 0; i < n && i < INSIDE_MAX; i++) {
        if (v[i].request != request)
            continue;
        out_line(c->o, TONE_WARN, "still inside %s: %s at %s for %s%s",
                 inst_name(c, place, v[i].instance),
                 cause_phrase((enum cause)v[i].cause), name_of(c, v[i].place),
                 ago(c, v[i].since), v[i].abandoned ? "; its caller is gone" : "");
        seen_comp(c, place, "traces");
        if (v[i].since > last->since)
            *last = v[i];
    }
}

static struct inflight_view still_inside(struct waterfall *w,
                                         const struct trace_head *h)
{
    static const char *const kinds[] = {"subscription", "service"};
    struct inflight_view last = {.since = w->start - 1};
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (comp_id s = next_of(w->c, kinds[k], COMP_NONE); s != COMP_NONE;
             s = next_of(w->c, kinds[k], s))
            look_inside(w, h->request, s, &last);
    return last;
}

/* ---- where the time went --------------------------------------------------------- */

/* The part of a span that none of its children covers; spans come in order of start. */
static sim_time self_time(const struct waterfall *w, const struct span *s)
{
    sim_time covered = s->start, self = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct span *k = &w->v[i];
        if (k->parent != s->id || k == s || k->outlives)
            continue;
        if (k->start > covered)
            self += k->start - covered;
        if (end_of(w, k) > covered)
            covered = end_of(w, k);
    }
    return self + (end_of(w, s) > covered ? end_of(w, s) - covered : 0);
}

struct part {
    const char *name;
    double ns;
};

static const char *part_name(struct call *c, const struct span *s)
{
    if (s->cause < CAUSE_COUNT)
        return cause_phrase((enum cause)s->cause);
    if (!is_kind(c, s->place, "client"))
        return name_of(c, s->place);
    return s->end == SIM_FOREVER || s->reason != REASON_NONE ? "no answer" : "network";
}

struct parts {
    struct part v[64];
    size_t n;
    double all;
};

static void add_part(struct parts *p, const char *name, double ns)
{
    size_t k = 0;
    while (k < p->n && !str_eq(p->v[k].name, name))
        k++;
    if (k == COUNT_OF(p->v) || !(ns > 0))
        return;
    if (k == p->n)
        p->v[p->n++] = (struct part){name, 0};
    p->v[k].ns += ns;
    p->all += ns;
}

/* Spans up to the wait that goes on, that wait, and what no span has told yet. */
static void gather_parts(struct waterfall *w, const struct inflight_view *wait,
                         struct parts *p)
{
    sim_time end = w->end;
    bool open = wait->since >= w->start && wait->since <= end;
    if (open)
        w->end = wait->since;
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].start <= w->end && !w->v[i].outlives)
            add_part(p, part_name(w->c, &w->v[i]), (double)self_time(w, &w->v[i]));
    w->end = end;
    if (!open)
        return;
    add_part(p, cause_phrase((enum cause)wait->cause), (double)(end - wait->since));
    add_part(p, w->ncut ? "not kept" : "not told yet",
             (double)(end - w->start) - p->all);
}

static void where_it_went(struct waterfall *w, const struct inflight_view *wait)
{
    struct call *c = w->c;
    struct parts p = {.n = 0};
    gather_parts(w, wait, &p);
    struct part *v = p.v;
    size_t n = p.n;
    double all = p.all;
    struct buf b;
    buf_init(&b, 0);
    for (int shown = 0; shown < 5 && all > 0; shown++) {
        size_t best = 0;
        for (size_t k = 1; k < n; k++)
            best = v[k].ns > v[best].ns ? k : best;
        if (v[best].ns / all < 0.0005)
            break;
        buf_addf(&b, "%s%s %s", shown ? ", " : "", v[best].name,
                 percent(c, v[best].ns / all));
        v[best].ns = 0;
    }
    if (b.len)
        para(c, TONE_STRONG, 0, strf(c, "where the time went: %s", b.s));
    buf_release(&b);
}

/* The usual latency of what the trace is one of: "; p50 in the 10 min before: 189 ms". A
 * message's trace begins when it was published, and so does its time. */
static const char *ordinary(struct call *c, const struct trace_head *h)
{
    sim_time from = h->start > P50_WINDOW ? h->start - P50_WINDOW : 0;
    bool message = h->client != COMP_NONE && is_kind(c, h->client, "subscription");
    double p50 = scene_latency_in(&c->scene, message ? h->client : h->endpoint, from,
                                  h->start, 0.5);
    if (isnan(p50))
        return "";
    return strf(c, "; p50%s in the 10 min before: %s",
                message ? " from publish to done" : "", quantity(c, p50, "s"));
}

static void headline(struct waterfall *w, const struct trace_head *h)
{
    struct call *c = w->c;
    bool open = h->end == SIM_FOREVER;
    out_add(c->o, TONE_STRONG, "trace %llx  %s  %s ms%s",
            (unsigned long long)h->request, name_of(c, h->endpoint),
            ms(c, w->end - w->start), open ? " so far" : "");
    if (h->reason != REASON_NONE)
        out_add(c->o, TONE_BAD, "  %s%s%s", reason_phrase(h->reason),
                h->culprit == COMP_NONE ? "" : " at ",
                h->culprit == COMP_NONE ? "" : name_of(c, h->culprit));
    out_end(c->o);
    out_line(c->o, TONE_DIM, "started %s, times in ms%s", clock_of(c, w->start, true),
             ordinary(c, h));
}

static enum err run(struct call *c)
{
    struct trace_head h = {.end = 0};
    enum err e = find_trace(c, c->arg[0], &h);
    if (e != ERR_OK)
        return e;
    struct waterfall w = {
        .c = c, .start = h.start, .end = h.end == SIM_FOREVER ? c->now : h.end};
    w.v = arena_alloc(c->mem, SPANS_MAX * sizeof *w.v);
    w.n = recording_spans(c->rec, h.request, w.v, SPANS_MAX);
    w.n = w.n > SPANS_MAX ? SPANS_MAX : w.n;
    w.ncut = h.ncut;
    w.width = (size_t)c->ctx->columns - LABEL - 10;
    if (c->ctx->columns < LABEL + 20)
        w.width = 10;
    headline(&w, &h);
    if (c->ctx->spoken)
        speak_tree(&w, 0, 0);
    else
        draw_tree(&w, 0, 0);
    if (w.hidden)
        note(c, "%zu more spans.", w.hidden);
    if (w.ncut)
        note(c, "%s spans from the middle were not kept.", count(c, w.ncut));
    struct inflight_view wait = still_inside(&w, &h);
    where_it_went(&w, &wait);
    seen_comp(c, h.endpoint, "traces");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"curl", "curl -s http://jaeger:16686/api/traces/TRACE_ID"},
    {"aws", "aws xray batch-get-traces --trace-ids TRACE_ID"},
};
const struct command cmd_trace = {
    .info = {.name = "trace",
             .synopsis = "trace ID",
             .doc = "One request from end to end. Each call with what it waited for, "
                    "and where the time went. traces lists the IDs; the beginning of "
                    "one is enough.",
             .examples = "trace ID",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_TRACE},
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
