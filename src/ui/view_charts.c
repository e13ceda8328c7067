/*
 * Charts. Which ones, is decided from the world alone: a table says what is worth
 * charting of each kind of component, in which order; what has moved lately against how
 * it was goes first. They are ranked when a step begins and then stay where they are,
 * so that nothing jumps while somebody reads. The users' own experience is always the
 * first.
 */
#include "ui_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const int windows_min[] = {3, 10, 30, 60};
#define NWINDOWS 4

/* "orders placed", "orders-db  CPU". */
static void title_of(const struct session_view *v, const struct curve *k, char *out,
                     size_t max)
{
    const struct model *m = world_model(v->world);
    bool named = k->label && *k->label;
    snprintf(out, max, "%s%s%s", model_name(m, k->comp), named ? "  " : "",
             named ? k->label : "");
    if (comp_is(m, k->comp, "counter"))
        for (char *p = out; *p; p++)
            if (*p == '_')
                *p = ' ';
}

/* "now 97 %"; what is counted: "last min 42/min". */
static void value_of(const struct session_view *v, const struct curve *k,
                     struct scale sc, char *out, size_t max)
{
    struct scene s = ui_scene(v);
    struct buf b;
    double now = curve_now(&s, k);
    buf_init(&b, 64);
    buf_adds(&b, curve_is_read_off(k) ? "now " : "last min ");
    curve_text(&b, k, sc, now);
    snprintf(out, max, "%s", b.s);
    buf_release(&b);
}

static void note_seen(struct ui *u, const struct session_view *v, const struct curve *k)
{
    const struct model *m = world_model(v->world);
    const char *name = model_name(m, k->comp);
    const struct kind_desc *d = model_kind(m, k->comp);
    bool good = k->how == CURVE_GOOD || k->how == CURVE_NOT_GOOD;
    ui_show(u, "%s", name);
    ui_show(u, "%s:metrics", name);
    ui_show(u, "%s:metric.%s", name,
            good                       ? "good"
            : k->how == CURVE_QUANTILE ? "p99"
                                       : d->metrics[k->metric].name);
    if (k->how == CURVE_SHARE || k->how == CURVE_PART)
        ui_show(u, "%s:metric.%s", name, d->metrics[k->other].name);
}

/* ---- which first ----------------------------------------------------------------- */

/* How much the last three minutes differ from before the page, 0..1. Shares by their
 * difference, everything else relative to the larger; small counts do not matter. */
static double moved(const struct session_view *v, const struct chart *ch)
{
    sim_time page = lesson_info(v->lesson)->starts_at;
    sim_time from = page / 4, to = page / 2;
    struct scene s = ui_scene(v);
    double before = curve_value(&s, &ch->curve, from, to);
    double now = curve_value(&s, &ch->curve, v->now - 3 * SIM_MIN, v->now);
    if (isnan(now))
        return isnan(before) ? -1 : 1; /* the metric fell silent */
    if (now == 0 && (before == 0 || isnan(before)))
        return -1; /* nothing there, then and now */
    if (isnan(before))
        before = 0;
    double change = now > before ? now - before : before - now;
    const char *unit = ch->curve.desc->unit;
    if (str_eq(unit, "ratio"))
        return change;
    double scale = now > before ? now : before;
    double least = str_eq(unit, "s") ? 0.05 : ch->curve.how == CURVE_RATE ? 0.2 : 10;
    return change / (scale > least ? scale : least);
}

static int rank_of(const struct chart *ch)
{
    if (ch->curve.how == CURVE_NOT_GOOD && (ch->first || ch->moved >= 0.01))
        return 9;
    return ch->moved >= 0.6   ? 4
           : ch->moved >= 0.3 ? 3
           : ch->moved >= 0.1 ? 2
           : ch->moved >= 0   ? 1
                              : 0;
}

static int by_rank(const void *a, const void *b, void *ctx)
{
    const struct chart *x = a, *y = b;
    (void)ctx;
    return rank_of(y) - rank_of(x);
}

static void rank_charts(struct ui *u, const struct session_view *v)
{
    struct curve curves[CHARTS_MAX];
    struct scene s = ui_scene(v);
    u->ncharts = scene_curves(&s, curves, CHARTS_MAX);
    for (size_t i = 0; i < u->ncharts; i++)
        u->charts[i].curve = curves[i];
    for (size_t i = 0; i < u->ncharts; i++) {
        u->charts[i].moved = moved(v, &u->charts[i]);
        u->charts[i].first = i == 0;
    }
    sort_stable(u->charts, u->ncharts, sizeof *u->charts, by_rank, NULL);
    u->charts_step = v->step;
    u->charts_known = v->nknown;
}

/* ---- drawing --------------------------------------------------------------------- */

struct window {
    sim_time from, to, slot;
    int n;
};

/* Whole seconds a slot, slots on fixed edges, the last one up to now: columns stand
 * still while time goes on. */
static struct window window_of(struct ui *u, const struct session_view *v, int cols)
{
    struct window w = {.n = plot_columns(cols)};
    sim_time span = windows_min[u->vs[VIEW_CHARTS].scale] * SIM_MIN;
    if (w.n < 1)
        w.n = 1;
    w.slot = (span / w.n + SIM_SEC - 1) / SIM_SEC * SIM_SEC;
    w.to = (v->now + w.slot - 1) / w.slot * w.slot;
    w.from = w.to - w.slot * w.n;
    return w;
}

static size_t change_times(struct ui *u, const struct session_view *v, sim_time **out)
{
    size_t n = recording_changes(v->rec);
    *out = arena_alloc(&u->frame, (n + 1) * sizeof **out);
    for (size_t i = 0; i < n; i++)
        (*out)[i] = recording_change(v->rec, i)->at;
    return n;
}

static void draw_chart(struct ui *u, struct canvas *c, struct rect r, int i)
{
    const struct session_view *v = ui_view_of(u);
    struct view_state *vs = &u->vs[VIEW_CHARTS];
    const struct chart *ch = &u->charts[i];
    struct window w = window_of(u, v, r.cols);
    struct curve_slot *values = arena_alloc(&u->frame, (size_t)w.n * sizeof *values);
    char title[120], value[64];
    sim_time *marks;
    struct scene scene = ui_scene(v);
    const struct curve *k = &ch->curve;
    struct curve_sum sum = curve_fill(&scene, k, w.from, w.to, values, (size_t)w.n);
    struct scale sc = curve_scale(k, sum.high);
    title_of(v, k, title, sizeof title);
    value_of(v, k, sc, value, sizeof value);
    if (vs->cursor >= w.n)
        vs->cursor = w.n - 1;
    struct plot p = {.title = title,
                     .value = value,
                     .scale = sc,
                     .top = axis_top(sc, sum.high),
                     .v = {values},
                     .nseries = 1,
                     .tone = {k->how == CURVE_NOT_GOOD ? TONE_BAD : TONE_SERIES1},
                     .n = (size_t)w.n,
                     .from = w.from,
                     .to = w.to,
                     .day_start = v->day_start,
                     .cursor = u->at_panel && vs->sel == i ? vs->cursor : -1,
                     .selected = u->at_panel && vs->sel == i,
                     .braille = u->o.glyphs == GLYPHS_BRAILLE};
    p.nmarks = change_times(u, v, &marks);
    p.marks = marks;
    plot_draw(c, r, &p);
    note_seen(u, v, k);
}

static void heat_draw(struct ui *u, struct canvas *c, struct rect r);

/* Charts beside each other in a panel so wide, and the width of each. */
static int charts_across(int panel, int *each)
{
    int n = panel / 37;
    n = n < 1 ? 1 : n > 3 ? 3 : n;
    *each = (panel - (n - 1) * 2) / n;
    return n;
}

const char *charts_legend(struct ui *u, int panel)
{
    int cols;
    (void)charts_across(panel, &cols);
    const struct session_view *v = ui_view_of(u);
    struct window w = window_of(u, v, cols);
    sim_time *at;
    size_t n = change_times(u, v, &at);
    bool changed = false;
    for (size_t i = 0; i < n; i++)
        changed |= at[i] >= w.from && at[i] <= w.to;
    return arena_printf(&u->frame, "%s%lld s each, ░ highest",
                        changed && panel > 72 ? "┊ changed (5)  " : "",
                        (long long)(w.slot / SIM_SEC));
}

static void charts_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    struct view_state *vs = &u->vs[VIEW_CHARTS];
    if (u->charts_step != v->step || u->charts_known != v->nknown)
        rank_charts(u, v);
    if (vs->open) {
        heat_draw(u, c, r);
        return;
    }
    int cols, across = charts_across(r.cols, &cols);
    /* Right below the tabs no rule can carry the legend: it has a row of its own. */
    int room = r.row == 2 && r.rows >= 11 ? r.rows - 1 : r.rows;
    int down = room >= 16 ? room / 8 : room / 5;
    if (down < 1)
        down = 1;
    int rows = room / down;
    int page = across * down;
    if (u->at_panel && u->tab == VIEW_CHARTS && vs->sel < 0)
        vs->sel = 0;
    view_clamp(vs, (int)u->ncharts, page);
    vs->top -= vs->top % across;
    for (int i = 0; i < page && vs->top + i < (int)u->ncharts; i++) {
        struct rect at = {r.row + i / across * rows, r.col + i % across * (cols + 2),
                          rows, cols};
        draw_chart(u, c, at, vs->top + i);
    }
    vs->page = across;
    if (room < r.rows)
        draw_right(c, r.row + r.rows - 1, r.col, r.cols, TONE_DIM,
                   charts_legend(u, r.cols));
}

/* ---- latency as a heat map ------------------------------------------------------- */

/* Users' side where it is measured, else the first endpoint: the first chart of either.
 */
static comp_id heat_of(struct ui *u, bool *users)
{
    for (size_t i = 0; i < u->ncharts; i++) {
        const struct curve *k = &u->charts[i].curve;
        *users = k->how == CURVE_NOT_GOOD;
        if (*users || k->how == CURVE_QUANTILE)
            return k->comp;
    }
    return COMP_NONE;
}

static void heat_range(uint32_t (*counts)[LATENCY_BUCKETS], int n, int *low, int *high)
{
    *low = LATENCY_BUCKETS, *high = -1;
    for (int i = 0; i < n; i++)
        for (int b = 0; b < LATENCY_BUCKETS; b++)
            if (counts[i][b]) {
                *low = b < *low ? b : *low;
                *high = b > *high ? b : *high;
            }
}

static int shade_of(uint32_t n)
{
    int shade = 0;
    for (uint32_t left = n; left > 0 && shade < 8; shade++)
        left =
            (uint32_t)((uint64_t)left * 100 / 220); /* each shade: 2.2 times as many */
    return shade;
}

static void heat_cell(struct canvas *c, int row, int col, int shade)
{
    static const uint32_t glyphs[9] = {' ',    0x2591, 0x2591, 0x2591, 0x2592,
                                       0x2592, 0x2593, 0x2593, 0x2588};
    if (shade == 0)
        return;
    canvas_put(c, row, col, TONE_SERIES1, glyphs[shade]);
    if (row < c->rows && col < c->cols)
        c->cells[(size_t)row * (size_t)c->cols + (size_t)col].heat = (uint8_t)shade;
}

static void heat_rows(struct canvas *c, struct rect body,
                      uint32_t (*counts)[LATENCY_BUCKETS], int n, int low, int high)
{
    int per = (high - low + body.rows) / body.rows;
    if (per < 1)
        per = 1;
    for (int row = 0; row < body.rows; row++) {
        int from = low + row * per, at = body.row + body.rows - 1 - row;
        if (from > high)
            break;
        if (row % 2 == 0) {
            struct buf b;
            buf_init(&b, 32);
            number_seconds(&b, latency_bucket_upper((size_t)from));
            draw_right(c, at, body.col - 9, 8, TONE_DIM, b.s);
            buf_release(&b);
        }
        canvas_put(c, at, body.col - 1, TONE_DIM, 0x2502);
        for (int i = 0; i < n; i++) {
            uint32_t sum = 0;
            for (int k = from; k < from + per && k < LATENCY_BUCKETS; k++)
                sum += counts[i][k];
            heat_cell(c, at, body.col + i, shade_of(sum));
        }
    }
}

static void heat_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    bool users = false;
    comp_id client = heat_of(u, &users);
    struct rect body = {r.row + 1, r.col + 9, r.rows - 2, r.cols - 9};
    if (client == COMP_NONE || body.rows < 2 || body.cols < 8)
        return;
    struct window w = window_of(u, v, body.cols + 7);
    if (w.slot < 10 * SIM_SEC) {
        w.slot = 10 * SIM_SEC;
        w.to = (v->now + w.slot - 1) / w.slot * w.slot;
        w.from = w.to - w.slot * w.n;
    }
    uint32_t(*counts)[LATENCY_BUCKETS] =
        arena_alloc(&u->frame, (size_t)w.n * sizeof *counts);
    for (int i = 0; i < w.n; i++)
        latency_histogram(v->rec, client, w.from + w.slot * i,
                          w.from + w.slot * (i + 1), counts[i]);
    int low, high;
    heat_range(counts, w.n, &low, &high);
    const char *name = model_name(world_model(v->world), client);
    canvas_printf(c, r.row, r.col, r.cols, TONE_HEAD,
                  "%s  latency, %s; stronger: more requests", name,
                  users ? "users' side" : "finished requests");
    if (high < 0)
        canvas_text(c, body.row, body.col, body.cols, TONE_DIM,
                    "No request has finished.");
    else
        heat_rows(c, body, counts, w.n, low, high);
    struct plot times = {
        .from = w.from, .to = w.to, .n = (size_t)w.n, .day_start = v->day_start};
    plot_times(c, body, &times);
    ui_show(u, "%s:metric.latency", name);
}

/* ---- keys ------------------------------------------------------------------------ */

static bool charts_key(struct ui *u, const struct key *k)
{
    struct view_state *vs = &u->vs[VIEW_CHARTS];
    bool ch = k->kind == KEY_CHAR && !k->ctrl && !k->alt;
    if (k->kind == KEY_LEFT || (ch && k->cp == 'h'))
        vs->cursor++;
    else if (k->kind == KEY_RIGHT || (ch && k->cp == 'l'))
        vs->cursor = vs->cursor > 0 ? vs->cursor - 1 : -1;
    else if (ch && k->cp == '-' && vs->scale < NWINDOWS - 1)
        vs->scale++;
    else if (ch && (k->cp == '+' || k->cp == '=') && vs->scale > 0)
        vs->scale--;
    else if (ch && k->cp == 'm')
        vs->open = !vs->open;
    else
        return false;
    return true;
}

const struct view view_charts = {
    .name = "Charts",
    .key = '2',
    .about = "First what your users feel, then what has moved most since before the "
             "page. The dotted line: something was changed.",
    .hint = "arrows: chart, moment  + -: time  m: heat map",
    .draw = charts_draw,
    .on_key = charts_key,
};
