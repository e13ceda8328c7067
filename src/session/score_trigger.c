/*
 * What began it, as it stands on the sheet when the learner leaves, held against the
 * incident's own entries: right, it makes good a tenth of the diagnosis; wrong, it takes a
 * tenth; not stated, it changes nothing.
 */
#include "score.h"
#include "sheet.h"

#define TENTH 10

void grade_trigger(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    const struct statement *st = sheet_line_at(s, SHEET_trigger, s->sheet.n);
    struct witness w = sheet_witness(s, scored_run(s), g->v->twin, g->v->left);
    if (score_quiet(s) || !st || st->at > g->v->left)
        return;
    struct judgement j = sheet_judge(&w, SHEET_trigger, st->text);
    int tenth = item->full / TENTH, points = item->points;
    points += j.share > 0 ? tenth : -tenth;
    item->points = points < 0 ? 0 : points > item->full ? item->full : points;
    item->stated = arena_printf(g->mem, "%s%sYou said that \"%.60s\" began it.",
                                item->stated, item->stated[0] ? " " : "", st->text);
    if (j.share > 0)
        return;
    item->cost =
        arena_printf(g->mem, "%s%s%s", item->cost, item->cost[0] ? " " : "", j.truth);
}
