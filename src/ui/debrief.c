/*
 * The debrief: what happened to users, the learner's timeline, three runs on one chart,
 * why. The session gives typed blocks; here they become one tall canvas as wide as a
 * page, made once for a width, of which a window is shown.
 */
#include "ui_internal.h"

#include <stdio.h>
#include <string.h>

#define MEASURE 100 /* columns of a page at most */
#define HEADS   8

void debrief_forget(struct ui *u)
{
    if (u->have_report)
        report_release(&u->report);
    canvas_free(u->page);
    u->page = NULL;
    u->have_report = u->report_failed = u->report_announced = false;
    u->report_early = false;
    u->page_top = 0;
    memset(&u->report_why, 0, sizeof u->report_why);
}

/* May take a moment, where little was run ahead. The screen says so first. */
static void debrief_prepare(struct ui *u)
{
    if (!u->report_announced) {
        u->report_announced = true;
        u->dirty = true;
        return;
    }
    enum err e = session_report_early(u->s, &u->report, &u->report_why);
    u->have_report = e == ERR_OK;
    u->report_failed = e != ERR_OK;
    u->report_early = session_report_owed(u->s);
    if (e != ERR_OK)
        report_release(&u->report);
    u->dirty = true;
}

/* Makes the page anew where it stands: all of it is known. */
static void complete(struct ui *u)
{
    int top = u->page_top;
    debrief_forget(u);
    u->report_announced = true;
    debrief_prepare(u);
    u->page_top = top;
}

void debrief_go_on(struct ui *u, uint64_t max_events, bool *more)
{
    if (!u->have_report && !u->report_failed) {
        debrief_prepare(u);
        *more = !u->have_report && !u->report_failed;
        return;
    }
    if (!u->report_early)
        return;
    struct errmsg ignored = {0};
    if (session_tick(u->s, 0, max_events, more, &ignored) != ERR_OK)
        *more = false;
    if (!session_report_owed(u->s))
        complete(u);
}

/* ---- blocks ---------------------------------------------------------------------- */

struct page {
    struct ui *u;
    struct canvas *c; /* grows */
    int row, cols;
};

static void need(struct page *p, int rows)
{
    if (p->row + rows <= p->c->rows)
        return;
    struct canvas *more = canvas_new((p->row + rows) * 2, p->cols);
    canvas_blit(more, (struct rect){0, 0, p->c->rows, p->cols}, p->c, 0);
    canvas_free(p->c);
    p->c = more;
}

static void text(struct page *p, int indent, enum tone t, const char *s)
{
    int measure = p->cols - indent < 86 ? p->cols - indent : 86;
    int rows = wrapped_rows(s, measure);
    need(p, rows + 2);
    p->row += draw_wrapped(p->c, (struct rect){p->row, indent, rows, measure}, t, s, 0);
}

static void bullet(struct page *p, const char *s)
{
    need(p, 2);
    canvas_text(p->c, p->row, 1, 1, TONE_ACCENT, "·");
    text(p, 3, TONE_NORMAL, s);
}

static void heading(struct page *p, const char *s)
{
    need(p, 3);
    p->row++;
    draw_rule(p->c, p->row, 0, p->cols, TONE_HEAD, s, NULL);
    p->row += 2;
}

static void link(struct page *p, const struct block *b)
{
    text(p, 0, TONE_NORMAL, b->text);
    need(p, 2);
    canvas_text(p->c, p->row++, 2, p->cols - 2, TONE_ACCENT, b->url ? b->url : "");
}

/* ---- tables ---------------------------------------------------------------------- */

struct heads {
    char text[256];
    const char *name[HEADS];
    bool right[HEADS];
    int width[HEADS];
    size_t n;
};

static void parse_heads(const struct block *b, struct heads *h)
{
    h->n = 0;
    snprintf(h->text, sizeof h->text, "%s", b->text ? b->text : "");
    for (char *at = h->text; at && h->n < HEADS && h->n < b->ncols;) {
        char *bar = strchr(at, '|');
        if (bar)
            *bar++ = '\0';
        h->right[h->n] = *at == '>';
        h->name[h->n] = *at == '>' ? at + 1 : at;
        h->width[h->n] = (int)text_width(h->name[h->n]);
        h->n++;
        at = bar;
    }
    for (size_t i = 0; i < b->ncells; i++) {
        size_t col = i % b->ncols;
        int w = (int)text_width(b->cells[i]);
        if (col < h->n && w > h->width[col])
            h->width[col] = w;
    }
}

enum { GAP = 3, NARROW = 8 }; /* between columns; the least width of one that wraps */

static int widest(const struct heads *h)
{
    int found = -1;
    for (size_t i = 0; i < h->n; i++)
        if (!h->right[i] && h->width[i] > NARROW &&
            (found < 0 || h->width[i] > h->width[found]))
            found = (int)i;
    return found;
}

/* Takes from the widest columns of words what the page has no room for: they wrap. */
static void fit(struct heads *h, int cols)
{
    int over = 2 - cols - GAP;
    for (size_t i = 0; i < h->n; i++)
        over += h->width[i] + GAP;
    for (int w; over > 0 && (w = widest(h)) >= 0; over--)
        h->width[w]--;
}

static int row_height(const struct heads *h, const char *const *cells)
{
    int rows = 1;
    for (size_t i = 0; i < h->n; i++) {
        bool wraps = !h->right[i] && (int)text_width(cells[i]) > h->width[i];
        int n = wraps ? wrapped_rows(cells[i], h->width[i]) : 1;
        rows = n > rows ? n : rows;
    }
    return rows;
}

static void table_row(struct page *p, const struct heads *h, const char *const *cells,
                      enum tone t)
{
    int col = 1, rows = row_height(h, cells);
    need(p, rows + 1);
    for (size_t i = 0; i < h->n; i++) {
        int w = h->width[i];
        if (h->right[i])
            draw_right(p->c, p->row, col, w, t, cells[i]);
        else if ((int)text_width(cells[i]) <= w)
            draw_clipped(p->c, p->row, col, w, t, cells[i]);
        else
            draw_wrapped(p->c, (struct rect){p->row, col, rows, w}, t, cells[i], 0);
        col += w + GAP;
    }
    p->row += rows;
}

static void table(struct page *p, const struct block *b)
{
    struct heads h;
    if (b->ncols == 0)
        return;
    parse_heads(b, &h);
    fit(&h, p->cols);
    table_row(p, &h, h.name, TONE_DIM);
    for (size_t i = 0; i + h.n <= b->ncells; i += b->ncols)
        table_row(p, &h, &b->cells[i], TONE_NORMAL);
}

/* ---- the chart of three runs ----------------------------------------------------- */

/* Values for as many columns as there are: each column shows the value at its place. */
static const struct curve_slot *stretched(struct ui *u, const double *v, size_t n,
                                          int cols, double *high)
{
    struct curve_slot *out = arena_alloc(&u->frame, (size_t)cols * sizeof *out);
    for (int i = 0; i < cols; i++) {
        double x = v[(size_t)i * n / (size_t)cols];
        out[i] = (struct curve_slot){x, x, x};
        *high = x > *high ? x : *high;
    }
    return out;
}

static void chart(struct page *p, const struct block *b)
{
    static const enum tone tones[BLOCK_SERIES_MAX] = {TONE_SERIES1, TONE_GOOD,
                                                      TONE_GHOST, TONE_ACCENT};
    int cols = plot_columns(p->cols - 2), rows = 12;
    if (b->n == 0 || b->nseries == 0)
        return;
    struct plot plot = {.title = b->text,
                        .scale = {100, "%"},
                        .n = (size_t)cols,
                        .nseries = b->nseries,
                        .from = b->from,
                        .to = b->to,
                        .day_start = ui_view_of(p->u)->day_start,
                        .marks = b->marks,
                        .nmarks = b->nmarks,
                        .cursor = -1};
    double high = 0;
    for (size_t s = 0; s < plot.nseries; s++) {
        plot.v[s] = stretched(p->u, b->series[s].v, b->n, cols, &high);
        plot.name[s] = b->series[s].name;
        plot.tone[s] = tones[s];
    }
    plot.top = axis_top(plot.scale, high);
    need(p, rows + 2);
    plot_draw(p->c, (struct rect){p->row, 1, rows, p->cols - 2}, &plot);
    p->row += rows;
    if (b->nmarks > 0)
        canvas_text(p->c, p->row++, 8, p->cols - 8, TONE_DIM,
                    "┊ you changed something");
}

/* ---- the page -------------------------------------------------------------------- */

static void add_block(struct page *p, const struct block *b, enum block_kind before)
{
    bool list = b->kind == BLOCK_BULLET || b->kind == BLOCK_LINK;
    bool joined = (list && before == b->kind) || b->kind == BLOCK_HEADING;
    if (!joined && before != BLOCK_HEADING && before != BLOCK_TITLE)
        p->row++;
    switch (b->kind) {
    case BLOCK_TITLE:
        text(p, 0, TONE_HEAD, b->text);
        break;
    case BLOCK_HEADING:
        heading(p, b->text);
        break;
    case BLOCK_TEXT:
        text(p, 0, TONE_NORMAL, b->text);
        break;
    case BLOCK_BULLET:
        bullet(p, b->text);
        break;
    case BLOCK_TABLE:
        table(p, b);
        break;
    case BLOCK_CHART:
        chart(p, b);
        break;
    case BLOCK_LINK:
        link(p, b);
        break;
    }
}

static void make_page(struct ui *u, int cols)
{
    const struct session_view *v = ui_view_of(u);
    struct page p = {.u = u, .c = canvas_new(100, cols), .cols = cols};
    if (v->feedback) {
        text(&p, 0, TONE_ACCENT, v->feedback);
        p.row++;
    }
    enum block_kind before = BLOCK_TITLE;
    for (size_t i = 0; i < u->report.n; i++) {
        add_block(&p, &u->report.blocks[i], before);
        before = u->report.blocks[i].kind;
    }
    u->page = p.c;
    u->page_rows = p.row;
}

void debrief_draw(struct ui *u, struct canvas *c)
{
    int cols = c->cols - 4 < MEASURE ? c->cols - 4 : MEASURE,
        left = (c->cols - cols) / 2;
    struct rect body = {2, left, c->rows - 4, cols};
    header_draw(u, c, 0);
    if (!u->have_report) {
        draw_footer(c, c->rows - 1, AT_DEBRIEF, FOOT_NO_HINT, NULL);
        draw_wrapped(c, (struct rect){c->rows / 2 - 1, left, 4, cols}, TONE_NORMAL,
                     u->report_failed
                         ? u->report_why.text
                         : "It is over. Drawing up what happened: the same "
                           "night is run again, once with the reference fix "
                           "and once with nobody doing anything …",
                     0);
        return;
    }
    if (!u->page || u->page->cols != cols) {
        canvas_free(u->page);
        make_page(u, cols);
    }
    int most = u->page_rows > body.rows ? u->page_rows - body.rows : 0;
    if (u->page_top > most)
        u->page_top = most;
    canvas_blit(c, body, u->page, u->page_top);
    draw_footer(c, c->rows - 1, AT_DEBRIEF, FOOT_NO_HINT, NULL);
    if (u->page_top < most) {
        int label = 1 + (int)text_width("Enter ");
        canvas_text(c, c->rows - 1, label, 8, TONE_DIM, "read on ");
        draw_right(c, c->rows - 2, left, cols, TONE_DIM, "▼ more: Enter");
    }
}

bool debrief_at_end(const struct ui *u)
{
    return u->report_failed || u->page_top >= u->page_rows - (u->o.rows - 4);
}

void debrief_scroll(struct ui *u, const struct key *k)
{
    struct view_state vs = {
        .top = u->page_top, .sel = -1, .count = u->page_rows, .page = u->o.rows - 5};
    if (view_scroll(&vs, k))
        u->page_top = vs.top;
}
