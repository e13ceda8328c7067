/*
 * A tenth of the diagnosis is what began it: the trigger as it stood on the sheet before the
 * change that mattered (at the end, where none did), held against the incident's own entries.
 * Whoever reads it off the cure has not found it. The rest is the suspicion; all of it is,
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

static bool is_right(const struct grading *g, const struct statement *st,
                     struct judgement *out)
{
    struct witness w = sheet_witness(g->s, scored_run(g->s), g->v->twin, g->v->left);
    *out = (struct judgement){0};
    if (st)
        *out = sheet_judge(&w, SHEET_trigger, st->text);
    return out->share > 0;
}

/* The change that is meant by its number, or the words as they were said. */
static const char *change_said(const struct grading *g, const struct statement *st)
{
    struct witness w = sheet_witness(g->s, scored_run(g->s), g->v->twin, st->at);
    const struct change *c = sheet_trigger_change(&w, st->text);
    return c ? arena_printf(g->mem, "%u, %s", c->id, c->title) : st->text;
}

void grade_trigger(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    const struct done_action *change = score_mattered(g);
    const struct statement *last = sheet_line_at(s, SHEET_trigger, scored_sheet(s)),
                           *st = change
                                     ? sheet_line_at(s, SHEET_trigger, change->nsheet)
                                     : last;
    if (score_quiet(s) || (!last && s->mode == MODE_GUIDED)) /* not asked for */
        return;
    int most = item->full / TRIGGER_PART;
    struct judgement j, later;
    bool right = is_right(g, st, &j), found_later = is_right(g, last, &later);
    item->points = item->points * (item->full - most) / item->full + (right ? most : 0);
    if (right)
        return;
    add_sentence(
        g->mem, &item->cost,
        found_later
            ? arena_printf(g->mem,
                           "What began it was stated only after the change that "
                           "made users well: that loses its %d points.",
                           most)
        : last
            ? arena_printf(g->mem, "You said that \"%.60s\" began it. %s",
                           change_said(g, last), later.truth)
            : arena_printf(g->mem,
                           "What began it was not stated (trigger): that loses its %d "
                           "points.",
                           most));
}
