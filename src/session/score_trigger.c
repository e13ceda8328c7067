/*
 * A tenth of the diagnosis is what began it: the trigger as it stands on the sheet at the
 * end, held against the incident's own entries. The rest is the suspicion; all of it is,
 * where a guided run never came to the trigger.
 */
#include "score.h"
#include "sheet.h"

#define TRIGGER_PART 10

static void add_sentence(struct arena *mem, const char **to, const char *more)
{
    if (more[0])
        *to = arena_printf(mem, "%s%s%s", *to, (*to)[0] ? " " : "", more);
}

void grade_trigger(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    const struct statement *st = sheet_line_at(s, SHEET_trigger, s->sheet.n);
    if (score_quiet(s) || (!st && s->mode == MODE_GUIDED)) /* not asked for */
        return;
    struct witness w = sheet_witness(s, scored_run(s), g->v->twin, g->v->left);
    int most = item->full / TRIGGER_PART;
    struct judgement j =
        sheet_judge(&w, SHEET_trigger, st && st->at <= g->v->left ? st->text : "");
    bool right = st && st->at <= g->v->left && j.share > 0;
    item->points = item->points * (item->full - most) / item->full + (right ? most : 0);
    if (right)
        return;
    add_sentence(g->mem, &item->cost,
                 st ? arena_printf(g->mem, "You said that \"%.60s\" began it. %s",
                                   st->text, j.truth)
                    : arena_printf(g->mem,
                                   "What began it was not stated (trigger): %d points.",
                                   most));
}
