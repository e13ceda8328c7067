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

#define EDGE      12 /* columns of an arrow with its rate */
#define FACT_ROWS 4  /* facts a component has room for, the worst ones */

struct map {
    struct scene scene;
    const struct model *m;
    struct canvas *c; /* the map's own */
    enum number_form form;
    int cols, rows;
    bool *drawn; /* by component */
};

static enum tone tone_of(enum level level)
{
    return level == LEVEL_PLAIN     ? TONE_DIM
           : level == LEVEL_UNUSUAL ? TONE_WARN
                                    : TONE_BAD;
}

/* ---- drawing --------------------------------------------------------------------- */

static int put(const struct map *p, int row, int col, enum tone t, const char *s)
{
    if (row >= p->rows)
        return (int)text_width(s);
    return draw_clipped(p->c, row, col, p->cols - col, t, s);
}

/* How many cells from (row, col) on are free, with one before and two after them. */
static int free_columns(const struct map *p, int row, int col, int most)
{
    const struct cell *cells = p->c->cells + (size_t)row * (size_t)p->cols;
    int n = 0;
    if (col > 0 && cells[col - 1].cp != ' ')
        return 0;
    while (n < most + 2 && col + n < p->cols && cells[col + n].cp == ' ')
        n++;
    return n >= most + 2 || col + n >= p->cols ? (n < most ? n : most) : n - 2;
}

static int fact_width(const struct map *p, const struct fact *f)
{
    struct buf text;
    buf_init(&text, 0);
    fact_text(&text, f, p->form);
    int width = (int)text_width(text.s);
    buf_release(&text);
    return width;
}

#define FACT_LEAST 16 /* columns of a fact that still say something */

/* Writes a fact at (row, col), or below where there is room for it; returns the row
 * after, or `row` where no row has the columns for it: then it is left out. */
static int put_fact(const struct map *p, int row, int col, const struct fact *f)
{
    struct buf text;
    double share = fact_share(f);
    int asked = row;
    buf_init(&text, 0);
    fact_text(&text, f, p->form);
    int width = (int)text_width(text.s), bar = isnan(share) ? 0 : 9, room = 0;
    int least = width < FACT_LEAST ? width : FACT_LEAST;
    while (row < p->rows && (room = free_columns(p, row, col, width + bar)) < least)
        row++;
    if (row == p->rows) {
        row = asked;
    } else {
        int n = draw_clipped(p->c, row, col, room < width ? room : width,
                             tone_of(f->level), text.s);
        if (bar && room >= width + bar)
            draw_bar(p->c, row, col + n + 1, bar - 1, share, tone_of(f->level));
        row++;
    }
    buf_release(&text);
    return row;
}

/* "──480/s───▶ " in EDGE columns; `corner` replaces the first stroke. */
static void put_edge(const struct map *p, int row, int col, const char *corner,
                     const struct edge *e)
{
    struct buf rate;
    buf_init(&rate, 0);
    if (!isnan(e->per_s))
        number_rate(&rate, e->per_s);
    for (int i = 0; i < EDGE - 2; i++)
        put(p, row, col + i, TONE_DIM, "─");
    put(p, row, col, TONE_DIM, corner);
    int used = put(p, row, col + 2, e->per_s > 0 ? TONE_NORMAL : TONE_DIM, rate.s);
    if (used < EDGE - 4)
        put(p, row, col + 2 + used, TONE_DIM, "─");
    put(p, row, col + EDGE - 2, TONE_DIM, "▶");
    buf_release(&rate);
}

static int name_of(const struct map *p, comp_id c, char out[64])
{
    if (comp_is(p->m, c, "service"))
        snprintf(out, 64, "%s ×%d", model_name(p->m, c), scene_state(&p->scene, c).all);
    else
        snprintf(out, 64, "%s", model_name(p->m, c));
    return (int)text_width(out);
}

static int place(struct map *p, comp_id c, const struct edge *way, int row, int col);

static int place_children(struct map *p, const struct edge *kids, size_t n, int row,
                          int col, int width, const struct fact *f, size_t nf)
{
    int right = col + width + 1 + EDGE;
    bool beside = right + 16 < p->cols;
    int next = row + 1, own = row + 1;
    size_t first = 0;
    if (beside) {
        put_edge(p, row, col + width + 1, "─", &kids[0]);
        next = place(p, kids[0].to, &kids[0], row, right);
        first = 1;
    }
    bool stem = n > first; /* goes down through the column col + 1 */
    for (size_t i = 0; i < nf; i++) {
        bool below_arrow = f[i].on_edge && col > EDGE && !stem;
        own = put_fact(p, own, below_arrow ? col - EDGE + 2 : col + 3, &f[i]);
    }
    if (own > next)
        next = own;
    int from = row + 1;
    for (size_t i = first; i < n; i++) {
        for (; from < next; from++)
            put(p, from, col + 1, TONE_DIM, "│");
        put_edge(p, next, col + 1, i + 1 < n ? "├" : "╰", &kids[i]);
        from = next + 1;
        next = place(p, kids[i].to, &kids[i], next, col + 1 + EDGE);
    }
    return next;
}

/* Red where it fails itself; what dies on the way to it is said beside the way. */
static enum tone name_tone(const struct fact *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (f[i].level == LEVEL_BAD && !f[i].on_edge)
            return TONE_BAD;
    return TONE_STRONG;
}

/* Draws c at (row, col); returns the row after all that hangs on it. */
static int place(struct map *p, comp_id c, const struct edge *way, int row, int col)
{
    struct edge kids[EDGES_MAX];
    struct fact f[FACTS_MAX];
    char name[64];
    int width = name_of(p, c, name);
    if (p->drawn[c]) {
        width = put(p, row, col, TONE_DIM, name);
        put(p, row, col + width, TONE_DIM, " ↑");
        if (scene_edge_facts(&p->scene, way, f, FACTS_MAX))
            put_fact(p, row, col + width + 4, &f[0]);
        return row + 1;
    }
    p->drawn[c] = true;
    size_t nf = scene_facts(&p->scene, c, way, f, FACTS_MAX);
    size_t n = scene_edges(&p->scene, c, kids, EDGES_MAX);
    put(p, row, col, name_tone(f, nf), name);
    nf = nf < FACT_ROWS ? nf : FACT_ROWS;
    if (n > 0)
        return place_children(p, kids, n, row, col, width, f, nf);
    int room = p->cols - col - width - 2;
    bool beside = room >= 20 || (nf == 1 && fact_width(p, &f[0]) <= room);
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
    struct map p = {.scene = ui_scene(v),
                    .m = world_model(v->world),
                    .form = u->o.glyphs == GLYPHS_ASCII ? NUMBER_ASCII : NUMBER_SCREEN,
                    .cols = cols,
                    .rows = MAP_ROWS};
    p.c = canvas_new(MAP_ROWS, cols);
    p.drawn = arena_alloc(&u->frame, (model_comps(p.m) + 1) * sizeof *p.drawn);
    *rows = 0;
    for (size_t i = 0; i < model_comps(p.m); i++)
        if (comp_is(p.m, (comp_id)i, "client") && !p.drawn[i])
            *rows = place(&p, (comp_id)i, NULL, *rows, 0);
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
    .about =
        "Who calls whom, and how often over the last minute. Below a component: "
        "where requests wait, and how full it is, now. ✗: requests that die on the "
        "way there, and of what. Where a business measures little, figures stand here "
        "from the moment on at which you have looked at a component.",
    .hint = NULL,
    .draw = map_draw,
    .wants = map_wants,
};
