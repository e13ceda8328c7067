/*
 * The first page of an incident: where you work, what the pager says, what to expect.
 * Nothing moves until it has been read.
 */
#include "ui_internal.h"

#include <stdio.h>

#define MEASURE 76 /* columns of prose a person reads with ease */

static int paragraph(struct canvas *c, struct rect area, int row, enum tone t,
                     const char *text, int skip)
{
    struct rect r = {area.row + row - skip, area.col, area.rows, area.cols};
    if (!text || !*text)
        return 0;
    /* rows above the area are skipped by drawing from further down the text */
    int above = r.row < area.row ? area.row - r.row : 0;
    r.row += above;
    r.rows = area.row + area.rows - r.row;
    return draw_wrapped(c, r, t, text, above);
}

static int page(struct ui *u, struct canvas *c, struct rect a, int skip)
{
    const struct session_view *v = ui_view_of(u);
    const struct lesson_info *li = lesson_info(v->lesson);
    char line[400];
    struct buf clock;
    int row = 0;
    buf_init(&clock, 32);
    clock_text(&clock, v, v->now, false);
    row += paragraph(c, a, row, TONE_NORMAL, li->place, skip) + 1;
    snprintf(line, sizeof line, "%s  What reaches you:", clock.s);
    buf_release(&clock);
    row += paragraph(c, a, row, TONE_WARN, line, skip);
    struct rect inner = {a.row, a.col + 2, a.rows, a.cols - 2};
    struct buf reaches;
    buf_init(&reaches, 0);
    session_page(u->s, &reaches);
    row += paragraph(c, inner, row, TONE_STRONG, reaches.s, skip) + 1;
    buf_release(&reaches);
    const struct slo *slo = model_get_slo(world_model(v->world));
    if (slo) {
        snprintf(line, sizeof line, "What counts: %s. The promise: %.4g %% of them.",
                 slo->name, slo->objective * 100);
        row += paragraph(c, a, row, TONE_DIM, line, skip);
    }
    struct buf rules;
    buf_init(&rules, 800);
    session_rules(u->s, &rules);
    row += paragraph(c, a, row, TONE_DIM, rules.s, skip);
    buf_release(&rules);
    return row;
}

void briefing_draw(struct ui *u, struct canvas *c)
{
    const struct session_view *v = ui_view_of(u);
    const struct lesson_info *li = lesson_info(v->lesson);
    int cols = c->cols - 8 < MEASURE ? c->cols - 8 : MEASURE;
    int left = (c->cols - cols) / 2;
    struct rect area = {4, left, c->rows - 7, cols};
    bool told = v->mode == MODE_GUIDED; /* on call nobody says what it will be */
    draw_clipped(c, 1, left, cols - 12, TONE_HEAD,
                 told       ? li->title
                 : v->blind ? "On call, drawn blind"
                            : "On call");
    char minutes[40];
    snprintf(minutes, sizeof minutes, "%d minutes", li->minutes);
    draw_right(c, 1, left, cols, TONE_DIM, minutes);
    draw_rule(c, 2, left, cols, TONE_DIM, NULL, NULL);
    int all = page(u, c, area, u->briefing_top);
    if (u->briefing_top > 0 && u->briefing_top > all - area.rows)
        u->briefing_top = all > area.rows ? all - area.rows : 0;
    if (all > area.rows + u->briefing_top)
        draw_right(c, area.row + area.rows, left, cols, TONE_DIM, "more below: PgDn");
    if (told && li->post_title) {
        char from[300];
        snprintf(from, sizeof from, "After \"%s\", thetruecode.com%s", li->post_title,
                 str_eq(li->post_basis, "title") ? " (an independent adaptation)" : "");
        draw_wrapped(c, (struct rect){c->rows - 3, left, 2, cols}, TONE_DIM, from, 0);
    }
    draw_footer(c, c->rows - 1, AT_BRIEFING, 0, NULL);
}

void briefing_scroll(struct ui *u, const struct key *k)
{
    if (k->kind == KEY_PGDN || k->kind == KEY_DOWN)
        u->briefing_top += k->kind == KEY_DOWN ? 1 : 10;
    else if (k->kind == KEY_PGUP || k->kind == KEY_UP)
        u->briefing_top -= k->kind == KEY_UP ? 1 : 10;
    if (u->briefing_top < 0)
        u->briefing_top = 0;
}
