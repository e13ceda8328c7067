/*
 * The map: how requests flow from users through who calls whom, where they queue and
 * where they die. It is a tree laid out from the call policies: the first callee stands
 * to the right of its caller, further ones below it; a component that is drawn already
 * is named again with an arrow up. What is said of a component stands below or beside
 * it, worst first.
 *
 * Laid out twice: without a canvas to know its height, then for real. Widths do not
 * depend on numbers, so that nothing jumps.
 */
#include "ui_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EDGE    12 /* columns of an arrow with its rate */
#define FACTS   4
#define FACT    48
#define CALLEES 24

struct fact {
    char text[FACT];
    enum tone tone;
    double bar; /* >= 0: a bar after the text */
    bool edge;  /* of the way to it: stands below the arrow */
};
struct map {
    const struct session_view *v;
    const struct model *m;
    struct canvas *c; /* the map's own */
    int cols, rows;
    bool *drawn; /* by component */
};
struct callee {
    comp_id comp, policy;
};

/* ---- numbers --------------------------------------------------------------------- */

static double rate_of(const struct map *p, comp_id c, const char *metric)
{
    struct series s;
    if (series_find(p->v->rec, c, metric, 0, &s, NULL) != ERR_OK)
        return NAN;
    return series_rate(p->v->rec, s, p->v->now - 10 * SIM_SEC, p->v->now);
}

static double gauge_of(const struct map *p, comp_id c, const char *metric)
{
    return world_metric(p->v->world, c, metric, 0);
}

static bool is(const struct map *p, comp_id c, const char *kind)
{
    return str_eq(model_kind(p->m, c)->name, kind);
}

static void rate_text(char out[16], double per_s)
{
    if (isnan(per_s))
        snprintf(out, 16, "–");
    else if (per_s >= 9.95)
        snprintf(out, 16, "%.0f/s", per_s);
    else if (per_s >= 0.95)
        snprintf(out, 16, "%.1f/s", per_s);
    else
        snprintf(out, 16, "%.0f/min", per_s * 60);
}

/* ---- what is said of a component ------------------------------------------------- */

static void add_fact(struct fact *f, size_t *n, enum tone t, double bar,
                     const char *fmt, ...) PRINTF_LIKE(5, 6);
static void add_fact(struct fact *f, size_t *n, enum tone t, double bar,
                     const char *fmt, ...)
{
    va_list ap;
    if (*n == FACTS)
        return;
    va_start(ap, fmt);
    vsnprintf(f[*n].text, FACT, fmt, ap);
    va_end(ap);
    f[*n].tone = t;
    f[*n].edge = false;
    f[(*n)++].bar = bar;
}

/* Where requests die: the commonest reason on the way to it. */
static void edge_facts(const struct map *p, comp_id policy, struct fact *f, size_t *n)
{
#define X(name, phrase) "failures_" #name,
    static const char *const metrics[] = {REASON_LIST(X)};
#undef X
    double worst = 0, all = 0;
    int reason = 0;
    if (policy == COMP_NONE ||
        (p->v->users_hidden && is(p, model_owner(p->m, policy), "client")))
        return;
    for (int r = 1; r < REASON_COUNT; r++) {
        double rate = rate_of(p, policy, metrics[r]);
        all += isnan(rate) ? 0 : rate;
        if (rate > worst) {
            worst = rate;
            reason = r;
        }
    }
    if (all * 60 < 0.5)
        return;
    char text[16];
    rate_text(text, all);
    add_fact(f, n, TONE_BAD, -1, "✗ %s %s", text, reason_phrase((enum reason)reason));
    f[*n - 1].edge = true;
}

static void service_facts(const struct map *p, comp_id c, struct fact *f, size_t *n)
{
    double up = gauge_of(p, c, "up"), ready = gauge_of(p, c, "healthy");
    double queued = gauge_of(p, c, "queued"), busy = gauge_of(p, c, "busy");
    double workers = gauge_of(p, c, "workers"), cpu = gauge_of(p, c, "cpu");
    if (ready < up || up < 1)
        add_fact(f, n, TONE_BAD, -1, "%.0f of %.0f ready", ready, up);
    if (queued >= 1)
        add_fact(f, n, TONE_WARN, -1, "%.0f queued", queued);
    if (workers >= 1 && busy >= 0.8 * workers)
        add_fact(f, n, TONE_WARN, -1, "workers %.0f/%.0f busy", busy, workers);
    if (cpu >= 0)
        add_fact(f, n, cpu > 0.9 ? TONE_WARN : TONE_DIM, -1, "cpu %.0f %%", cpu * 100);
}

/* A service's pools, said where their database stands. */
static void pool_facts(const struct map *p, comp_id caller, comp_id db, struct fact *f,
                       size_t *n)
{
    for (size_t i = 0; i < model_comps(p->m); i++) {
        comp_id c = (comp_id)i;
        if (!is(p, c, "pool") || model_owner(p->m, c) != caller ||
            model_target(p->m, c) != db)
            continue;
        double used = gauge_of(p, c, "pool_in_use"),
               waiting = gauge_of(p, c, "pool_waiting");
        double size = gauge_of(p, c, "pool_size");
        if (waiting >= 1)
            add_fact(f, n, TONE_WARN, -1, "pool %.0f/%.0f, %.0f wait", used, size,
                     waiting);
        else
            add_fact(f, n, used >= size ? TONE_WARN : TONE_DIM, -1, "pool %.0f/%.0f",
                     used, size);
    }
}

static void database_facts(const struct map *p, comp_id c, struct fact *f, size_t *n)
{
    double cpu = gauge_of(p, c, "cpu"), conns = gauge_of(p, c, "connections");
    double most = gauge_of(p, c, "max_connections");
    if (gauge_of(p, c, "up") < 1)
        add_fact(f, n, TONE_BAD, -1, "down");
    add_fact(f, n, cpu > 0.9 ? TONE_WARN : TONE_DIM, cpu, "CPU %3.0f %% ", cpu * 100);
    if (most > 0)
        add_fact(f, n, conns >= most ? TONE_BAD : TONE_DIM, -1, "conns %.0f/%.0f",
                 conns, most);
    else
        add_fact(f, n, TONE_DIM, -1, "conns %.0f", conns);
}

static void cache_facts(const struct map *p, comp_id c, struct fact *f, size_t *n)
{
    struct series h, m;
    if (gauge_of(p, c, "up") < 1)
        add_fact(f, n, TONE_BAD, -1, "down");
    if (series_find(p->v->rec, c, "hits_total", 0, &h, NULL) != ERR_OK ||
        series_find(p->v->rec, c, "misses_total", 0, &m, NULL) != ERR_OK)
        return;
    sim_time from = p->v->now - 3 * SIM_MIN;
    double hits = series_rate(p->v->rec, h, from, p->v->now);
    double misses = series_rate(p->v->rec, m, from, p->v->now);
    if (hits + misses > 0)
        add_fact(f, n, TONE_DIM, -1, "hit %.0f %% (3 min)",
                 100 * hits / (hits + misses));
}

static void external_facts(const struct map *p, comp_id c, struct fact *f, size_t *n)
{
    struct series s, r;
    if (series_find(p->v->rec, c, "seconds_total", 0, &s, NULL) != ERR_OK ||
        series_find(p->v->rec, c, "requests_total", 0, &r, NULL) != ERR_OK)
        return;
    sim_time from = p->v->now - SIM_MIN;
    double n_s = series_rate(p->v->rec, r, from, p->v->now);
    if (n_s > 0)
        add_fact(f, n, TONE_DIM, -1, "mean %.0f ms",
                 1000 * series_rate(p->v->rec, s, from, p->v->now) / n_s);
}

static size_t facts_of(const struct map *p, comp_id c, comp_id caller, comp_id policy,
                       struct fact f[FACTS])
{
    size_t n = 0;
    edge_facts(p, policy, f, &n);
    if (is(p, c, "service"))
        service_facts(p, c, f, &n);
    else if (is(p, c, "cache"))
        cache_facts(p, c, f, &n);
    else if (is(p, c, "external"))
        external_facts(p, c, f, &n);
    else if (is(p, c, "database")) {
        pool_facts(p, caller, c, f, &n);
        database_facts(p, c, f, &n);
    }
    return n;
}

/* ---- who calls whom -------------------------------------------------------------- */

static void add_callee(struct callee *out, size_t *n, comp_id comp, comp_id policy)
{
    if (comp == COMP_NONE)
        return;
    for (size_t i = 0; i < *n; i++)
        if (out[i].comp == comp) {
            if (out[i].policy == COMP_NONE)
                out[i].policy = policy;
            return;
        }
    if (*n < CALLEES)
        out[(*n)++] = (struct callee){comp, policy};
}

/* The component that stands on the map for `c`: endpoints, statements, … by their
 * owner. */
static comp_id on_map(const struct map *p, comp_id c)
{
    while (c != COMP_NONE && model_owner(p->m, c) != COMP_NONE)
        c = model_owner(p->m, c);
    return c;
}

static size_t callees_of(const struct map *p, comp_id caller, struct callee *out)
{
    size_t n = 0;
    for (size_t i = 0; i < model_comps(p->m); i++) {
        comp_id c = (comp_id)i;
        bool call = is(p, c, "call"), pool = is(p, c, "pool");
        if ((call || pool) && model_owner(p->m, c) == caller)
            add_callee(out, &n, on_map(p, model_target(p->m, c)), call ? c : COMP_NONE);
    }
    if (is(p, caller, "balancer") || is(p, caller, "client"))
        add_callee(out, &n, on_map(p, model_target(p->m, caller)), COMP_NONE);
    return n;
}

/* ---- drawing
 * ------------------------------------------------------------------------------------------
 */

static int put(const struct map *p, int row, int col, enum tone t, const char *s)
{
    if (row >= p->rows)
        return (int)text_width(s);
    return draw_clipped(p->c, row, col, p->cols - col, t, s);
}

static bool is_free(const struct map *p, int row, int col, int width)
{
    for (int i = col; i < col + width && i < p->cols; i++)
        if (p->c->cells[(size_t)row * (size_t)p->cols + (size_t)i].cp != ' ')
            return false;
    return true;
}

/* Writes a fact at (row, col), or below where there is room for it; returns the row
 * after. */
static int put_fact(const struct map *p, int row, int col, const struct fact *f)
{
    char text[FACT];
    snprintf(text, sizeof text, "%s", f->text);
    char *aside = strstr(text, " (");
    if (aside && col + (int)text_width(text) > p->cols)
        *aside = '\0'; /* what stands in brackets goes first */
    int width = (int)text_width(text), bar = f->bar >= 0 ? 8 : 0;
    if (col + width + bar > p->cols)
        bar = 0;
    if (col + width > p->cols)
        width = p->cols - col;
    while (row < p->rows && !is_free(p, row, col - 1, width + bar + 2))
        row++;
    if (row >= p->rows || width < 3)
        return row;
    int n = draw_clipped(p->c, row, col, width, f->tone, text);
    if (bar)
        draw_bar(p->c, row, col + n, bar, f->bar, f->tone);
    return row + 1;
}

/* "──480/s───▶ " in EDGE columns; `corner` replaces the first stroke. */
static void put_edge(const struct map *p, int row, int col, const char *corner,
                     comp_id policy, comp_id to)
{
    char text[16];
    double rate = policy != COMP_NONE ? rate_of(p, policy, "attempts_total")
                                      : rate_of(p, to, "requests_total");
    rate_text(text, rate);
    enum tone t = rate > 0 ? TONE_NORMAL : TONE_DIM;
    for (int i = 0; i < EDGE - 2; i++)
        put(p, row, col + i, TONE_DIM, "─");
    put(p, row, col, TONE_DIM, corner);
    int used = put(p, row, col + 2, t, text);
    put(p, row, col + 2 + used, TONE_DIM, "─");
    put(p, row, col + EDGE - 2, TONE_DIM, "▶");
}

static int name_of(const struct map *p, comp_id c, char out[64])
{
    int n = is(p, c, "service") ? snprintf(out, 64, "%s ×%.0f", model_name(p->m, c),
                                           gauge_of(p, c, "up"))
                                : snprintf(out, 64, "%s", model_name(p->m, c));
    (void)n;
    return (int)text_width(out);
}

static int place(struct map *p, comp_id c, comp_id caller, comp_id policy, int row,
                 int col);

static int place_children(struct map *p, comp_id c, const struct callee *kids, size_t n,
                          int row, int col, int width, const struct fact *f, size_t nf)
{
    int right = col + width + 1 + EDGE;
    bool beside = right + 16 < p->cols;
    int next = row + 1, own = row + 1;
    size_t first = 0;
    if (beside) {
        put_edge(p, row, col + width + 1, "─", kids[0].policy, kids[0].comp);
        next = place(p, kids[0].comp, c, kids[0].policy, row, right);
        first = 1;
    }
    bool stem = n > first; /* goes down through the column col + 1 */
    for (size_t i = 0; i < nf; i++) {
        bool below_arrow = f[i].edge && col > EDGE && !stem;
        own = put_fact(p, own, below_arrow ? col - EDGE + 2 : col + 3, &f[i]);
    }
    if (own > next)
        next = own;
    int from = row + 1;
    for (size_t i = first; i < n; i++) {
        for (; from < next; from++)
            put(p, from, col + 1, TONE_DIM, "│");
        put_edge(p, next, col + 1, i + 1 < n ? "├" : "╰", kids[i].policy, kids[i].comp);
        from = next + 1;
        next = place(p, kids[i].comp, c, kids[i].policy, next, col + 1 + EDGE);
    }
    return next;
}

/* Draws c at (row, col); returns the row after all that hangs on it. */
static int place(struct map *p, comp_id c, comp_id caller, comp_id policy, int row,
                 int col)
{
    struct callee kids[CALLEES];
    struct fact f[FACTS];
    char name[64];
    int width = name_of(p, c, name);
    if (p->drawn[c]) {
        width = put(p, row, col, TONE_DIM, name);
        put(p, row, col + width, TONE_DIM, " ↑");
        size_t nf = 0;
        edge_facts(p, policy, f, &nf);
        if (nf)
            put_fact(p, row, col + width + 4, &f[0]);
        return row + 1;
    }
    p->drawn[c] = true;
    size_t nf = facts_of(p, c, caller, policy, f), n = callees_of(p, c, kids);
    put(p, row, col, nf && f[0].tone == TONE_BAD ? TONE_BAD : TONE_STRONG, name);
    if (n > 0)
        return place_children(p, c, kids, n, row, col, width, f, nf);
    bool beside = p->cols - col - width - 2 >= 20 || nf < 2;
    int at = beside ? col + width + 2 : col + 3, next = beside ? row : row + 1;
    for (size_t i = 0; i < nf; i++)
        next = put_fact(p, next, at, &f[i]);
    return next > row ? next : row + 1;
}

#define MAP_ROWS 120

/* Draws all of it on a canvas of its own; *rows: how many are in use. */
static struct canvas *map_layout(struct ui *u, int cols, int *rows)
{
    const struct session_view *v = ui_view_of(u);
    struct map p = {.v = v, .m = world_model(v->world), .cols = cols, .rows = MAP_ROWS};
    p.c = canvas_new(MAP_ROWS, cols);
    p.drawn = arena_alloc(&u->frame, (model_comps(p.m) + 1) * sizeof *p.drawn);
    *rows = 0;
    for (size_t i = 0; i < model_comps(p.m); i++)
        if (is(&p, (comp_id)i, "client") && !p.drawn[i])
            *rows = place(&p, (comp_id)i, COMP_NONE, COMP_NONE, *rows, 0);
    if (*rows > MAP_ROWS)
        *rows = MAP_ROWS;
    return p.c;
}

static int map_wants(struct ui *u, int cols)
{
    int rows;
    canvas_free(map_layout(u, cols, &rows));
    return rows + 1;
}

static void map_draw(struct ui *u, struct canvas *c, struct rect r)
{
    struct view_state *vs = &u->vs[VIEW_MAP];
    int rows;
    struct canvas *all = map_layout(u, r.cols, &rows);
    view_clamp(vs, rows, r.rows);
    canvas_blit(c, (struct rect){r.row, r.col, r.rows < rows ? r.rows : rows, r.cols},
                all, vs->top);
    canvas_free(all);
    if (rows > vs->top + r.rows)
        draw_right(c, r.row + r.rows - 1, r.col, r.cols, TONE_DIM, " ▼ more");
    ui_show(u, "map");
}

const struct view view_map = {
    .name = "Map",
    .key = '1',
    .about = "Who calls whom, and how often. Below a component: where requests wait, "
             "and how full it is. ✗: requests that die on the way there, and of what.",
    .hint = NULL,
    .draw = map_draw,
    .wants = map_wants,
};
