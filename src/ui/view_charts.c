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

enum how {
    HOW_GAUGE,
    HOW_RATE,       /* of a counter, per second */
    HOW_PER_MINUTE, /* of a business counter */
    HOW_SHARE,      /* metric / (metric + metric2), as rates */
    HOW_NOT_OK,     /* share of a client's requests that were not good */
    HOW_P99         /* of an endpoint's finished requests */
};

static const struct {
    const char *kind, *metric, *metric2, *label;
    enum how how;
} table[] = {
    {"client", NULL, NULL, "not ok", HOW_NOT_OK},
    {"counter", "*", NULL, "", HOW_PER_MINUTE},
    {"endpoint", NULL, NULL, "p99, finished", HOW_P99},
    {"service", "errors_total", NULL, "errors", HOW_RATE},
    {"database", "cpu", NULL, "CPU", HOW_GAUGE},
    {"pool", "pool_waiting", NULL, "requests waiting", HOW_GAUGE},
    {"pool", "pool_in_use", NULL, "in use", HOW_GAUGE},
    {"cache", "hits_total", "misses_total", "hit ratio", HOW_SHARE},
    {"call", "retries_total", NULL, "retries", HOW_RATE},
    {"call", "timeouts_total", NULL, "timeouts", HOW_RATE},
    {"service", "queued", NULL, "queued", HOW_GAUGE},
    {"database", "connections", NULL, "connections", HOW_GAUGE},
    {"database", "active", NULL, "statements running", HOW_GAUGE},
    {"service", "healthy", NULL, "instances ready", HOW_GAUGE},
    {"service", "in_flight", NULL, "requests inside", HOW_GAUGE},
    {"service", "cpu", NULL, "CPU", HOW_GAUGE},
    {"service", "requests_total", NULL, "requests", HOW_RATE},
    {"keyspace", "hits_total", "misses_total", "hit ratio", HOW_SHARE},
    {"external", "errors_total", NULL, "errors", HOW_RATE},
    {"client", "attempts_total", NULL, "requests sent", HOW_RATE},
};
#define NTABLE (sizeof table / sizeof *table)

static const int windows_min[] = {3, 10, 30, 60};
#define NWINDOWS 4

/* ---- candidates
 * -----------------------------------------------------------------------------------
 */

static int metric_index(const struct kind_desc *k, const char *name)
{
    if (str_eq(name, "*"))
        return k->nmetrics ? 0 : -1;
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name))
            return (int)i;
    return -1;
}

static void add_chart(struct ui *u, const struct model *m, comp_id c, size_t row)
{
    const struct kind_desc *k = model_kind(m, c);
    struct chart ch = {
        .comp = c, .metric = UINT16_MAX, .metric2 = UINT16_MAX, .how = (uint8_t)row};
    if (!str_eq(k->name, table[row].kind) || u->ncharts == CHARTS_MAX)
        return;
    if (table[row].metric) {
        int i = metric_index(k, table[row].metric);
        if (i < 0)
            return;
        ch.metric = (uint16_t)i;
    }
    if (table[row].metric2) {
        int i = metric_index(k, table[row].metric2);
        if (i < 0)
            return;
        ch.metric2 = (uint16_t)i;
    }
    u->charts[u->ncharts++] = ch;
}

static double series_value(const struct session_view *v, comp_id c, uint16_t metric,
                           bool rate, sim_time from, sim_time to)
{
    struct series s = {.comp = c, .metric = metric};
    return rate ? series_rate(v->rec, s, from, to) : series_mean(v->rec, s, from, to);
}

static double value_in(const struct session_view *v, const struct chart *ch,
                       sim_time from, sim_time to)
{
    double a, b;
    switch (table[ch->how].how) {
    case HOW_GAUGE:
        return series_value(v, ch->comp, ch->metric, false, from, to);
    case HOW_RATE:
        return series_value(v, ch->comp, ch->metric, true, from, to);
    case HOW_PER_MINUTE:
        return 60 * series_value(v, ch->comp, ch->metric, true, from, to);
    case HOW_NOT_OK:
        return 1 - recording_good_of(v->rec, ch->comp, from, to);
    case HOW_P99:
        return latency_quantile(v->rec, ch->comp, from, to, 0.99);
    case HOW_SHARE:
        a = series_value(v, ch->comp, ch->metric, true, from, to);
        b = series_value(v, ch->comp, ch->metric2, true, from, to);
        return a + b > 0 ? a / (a + b) : NAN;
    }
    return NAN;
}

static const char *unit_of(const struct session_view *v, const struct chart *ch)
{
    struct series s = {.comp = ch->comp, .metric = ch->metric};
    switch (table[ch->how].how) {
    case HOW_NOT_OK:
    case HOW_SHARE:
        return "ratio";
    case HOW_P99:
        return "s";
    case HOW_RATE:
        return "/s";
    case HOW_PER_MINUTE:
        return "/min";
    default:
        return series_desc(v->rec, s)->unit;
    }
}

static void title_of(const struct session_view *v, const struct chart *ch, char *out,
                     size_t max)
{
    const struct model *m = world_model(v->world);
    snprintf(out, max, "%s  %s", model_name(m, ch->comp), table[ch->how].label);
    if (table[ch->how].how == HOW_PER_MINUTE)
        for (char *p = out; *p; p++)
            if (*p == '_')
                *p = ' ';
}

static void note_seen(struct ui *u, const struct session_view *v,
                      const struct chart *ch)
{
    const struct model *m = world_model(v->world);
    const char *name = model_name(m, ch->comp), *metric = NULL;
    const struct kind_desc *k = model_kind(m, ch->comp);
    switch (table[ch->how].how) {
    case HOW_NOT_OK:
        metric = "good";
        break;
    case HOW_P99:
        metric = "p99";
        break;
    default:
        metric = k->metrics[ch->metric].name;
    }
    ui_show(u, "%s", name);
    ui_show(u, "%s:metrics", name);
    ui_show(u, "%s:metric.%s", name, metric);
    if (ch->metric2 != UINT16_MAX)
        ui_show(u, "%s:metric.%s", name, k->metrics[ch->metric2].name);
}

/* ---- which first
 * ----------------------------------------------------------------------------------------
 */

/* How much the last three minutes differ from before the page, 0..1. Shares by their
 * difference, everything else relative to the larger; small counts do not matter. */
static double moved(const struct session_view *v, const struct chart *ch)
{
    sim_time page = lesson_info(v->lesson)->starts_at;
    sim_time from = page / 4, to = page / 2;
    double was = value_in(v, ch, from, to);
    double is = value_in(v, ch, v->now - 3 * SIM_MIN, v->now);
    if (isnan(is))
        return isnan(was) ? -1 : 1; /* it fell silent */
    if (is == 0 && (was == 0 || isnan(was)))
        return -1; /* nothing there, then and now */
    if (isnan(was))
        was = 0;
    double change = is > was ? is - was : was - is;
    const char *unit = unit_of(v, ch);
    if (str_eq(unit, "ratio"))
        return change;
    double scale = is > was ? is : was;
    double least = str_eq(unit, "s") ? 0.05 : str_eq(unit, "/s") ? 0.5 : 10;
    return change / (scale > least ? scale : least);
}

static int rank_of(const struct chart *ch)
{
    if (table[ch->how].how == HOW_NOT_OK && (ch->first || ch->moved >= 0.01))
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

/* A client's endpoints are few; of many, only those users call directly are of
 * interest. */
static bool at_edge(const struct model *m, comp_id endpoint)
{
    for (size_t i = 0; i < model_comps(m); i++)
        if (str_eq(model_kind(m, (comp_id)i)->name, "client") &&
            (model_target(m, (comp_id)i) == endpoint ||
             model_target(m, (comp_id)i) == model_owner(m, endpoint)))
            return true;
    return false;
}

static void rank_charts(struct ui *u, const struct session_view *v)
{
    const struct model *m = world_model(v->world);
    u->ncharts = 0;
    bool any_edge = false;
    for (size_t c = 0; c < model_comps(m); c++)
        any_edge |= str_eq(model_kind(m, (comp_id)c)->name, "endpoint") &&
                    at_edge(m, (comp_id)c);
    for (size_t row = 0; row < NTABLE; row++)
        for (size_t c = 0; c < model_comps(m); c++)
            if ((table[row].how != HOW_P99 || !any_edge || at_edge(m, (comp_id)c)) &&
                !(v->users_hidden && str_eq(model_kind(m, (comp_id)c)->name, "client")))
                add_chart(u, m, (comp_id)c, row);
    for (size_t i = 0; i < u->ncharts; i++) {
        u->charts[i].moved = moved(v, &u->charts[i]);
        u->charts[i].first = i == 0;
    }
    sort_stable(u->charts, u->ncharts, sizeof *u->charts, by_rank, NULL);
    u->charts_step = v->step;
}

/* ---- drawing
 * -----------------------------------------------------------------------------------------------
 */

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

static void fill(const struct session_view *v, const struct chart *ch, struct window w,
                 double *out)
{
    for (int i = 0; i < w.n; i++) {
        sim_time from = w.from + w.slot * i, to = from + w.slot;
        if (to > v->now)
            to = v->now;
        out[i] = to <= 0 || from < 0 ? NAN : value_in(v, ch, from, to);
    }
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
    double *values = arena_alloc(&u->frame, (size_t)w.n * sizeof *values);
    char title[120];
    sim_time *marks;
    fill(v, ch, w, values);
    title_of(v, ch, title, sizeof title);
    if (vs->cursor >= w.n)
        vs->cursor = w.n - 1;
    struct plot p = {
        .title = title,
        .unit = unit_of(v, ch),
        .v = {values},
        .nseries = 1,
        .tone = {table[ch->how].how == HOW_NOT_OK ? TONE_BAD : TONE_SERIES1},
        .n = (size_t)w.n,
        .from = w.from,
        .to = w.to,
        .day_start = v->day_start,
        .cursor = u->at_panel && vs->sel == i ? vs->cursor : -1,
        .selected = u->at_panel && vs->sel == i,
        .braille = u->o.glyphs == GLYPHS_BRAILLE};
    if (str_eq(p.unit, "1"))
        p.unit = "";
    p.nmarks = change_times(u, v, &marks);
    p.marks = marks;
    plot_draw(c, r, &p);
    note_seen(u, v, ch);
}

static void heat_draw(struct ui *u, struct canvas *c, struct rect r);

const char *charts_legend(struct ui *u, int cols)
{
    const struct session_view *v = ui_view_of(u);
    struct window w = window_of(u, v, cols);
    sim_time *at;
    size_t n = change_times(u, v, &at);
    for (size_t i = 0; i < n; i++)
        if (at[i] >= w.from && at[i] <= w.to)
            return "┊ something was changed (5)";
    return NULL;
}

static void charts_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    struct view_state *vs = &u->vs[VIEW_CHARTS];
    if (u->charts_step != v->step)
        rank_charts(u, v);
    if (vs->open) {
        heat_draw(u, c, r);
        return;
    }
    int across = r.cols / 37 > 0 ? r.cols / 37 : 1;
    if (across > 3)
        across = 3;
    /* Right below the tabs no rule can carry the legend: it has a row of its own. */
    int room = r.row == 2 && r.rows >= 11 ? r.rows - 1 : r.rows;
    int down = room >= 16 ? room / 8 : room / 5;
    if (down < 1)
        down = 1;
    int rows = room / down;
    int cols = (r.cols - (across - 1) * 2) / across, page = across * down;
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
                   charts_legend(u, cols) ? charts_legend(u, cols) : "");
}

/* ---- latency as a heat map
 * ------------------------------------------------------------------------------------
 */

/* Users' side where it is measured, else the first endpoint: the first chart of either.
 */
static comp_id heat_of(struct ui *u, bool *users)
{
    for (size_t i = 0; i < u->ncharts; i++) {
        enum how how = table[u->charts[i].how].how;
        *users = how == HOW_NOT_OK;
        if (how == HOW_NOT_OK || how == HOW_P99)
            return u->charts[i].comp;
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
            value_text_of(&b, latency_bucket_upper((size_t)from), "s");
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
                  "%s  latency, %s; darker: more requests", name,
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

/* ---- keys
 * --------------------------------------------------------------------------------------------------------
 */

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
