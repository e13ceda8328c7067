/*
 * Data kept: what became of each promise of data and freshness, from the page until the end
 * of all three runs. Who acts at an expert's hour breaks some of them a little longer, and
 * that is nobody's fault: it is the measure.
 *
 *     a promise   1 - (you - reference) / (nothing - reference), 0..1; where doing nothing
 *                 breaks no more than the reference, anything more is all of it
 *                 0 where it is not kept at the end over the lesson's own window
 *     all of them the mean, less what the learner's own hand broke (own_harm()): to keep one
 *                 promise makes no good of a larger harm to another
 */
#include "promise.h"
#include "score.h"
#include "truecode/picture.h"
#include "twin.h"

static double harm_of(const struct run *r, size_t i, const struct rivals *v)
{
    return r->world ? run_ward(r, i, v->from, v->to).harm : 0;
}

const char *rivals_data_broken(const struct lesson *l, const struct rivals *v)
{
    for (size_t i = 0; i < lesson_data_promises(l); i++) {
        double nothing = harm_of(&v->nothing, i, v),
               reference = v->has_reference ? harm_of(&v->reference, i, v) : 0;
        struct ward w = run_ward(&v->you, i, v->from, v->to);
        if (w.harm > nothing && w.harm > reference)
            return w.name;
    }
    return NULL;
}

double harm_scale(const struct rivals *v)
{
    double scale = users_lost(v->nothing.rec, v->twin, COMP_NONE, v->from, v->to) / 4;
    return scale > 10 ? scale : 10;
}

/* How far promise i was broken beyond both doing nothing and the reference. */
static double beyond(const struct rivals *v, size_t i, const struct ward *w)
{
    double nothing = harm_of(&v->nothing, i, v),
           reference = v->has_reference ? harm_of(&v->reference, i, v) : 0;
    double more = w->harm - (nothing > reference ? nothing : reference);
    return more > 0 ? more : 0;
}

struct own_harm own_harm(const struct grading *g)
{
    const struct rivals *v = g->v;
    struct own_harm out = {0};
    double worst = 0, span = (double)((v->to - v->from) / SIM_SEC) / 4;
    for (size_t i = 0; i < run_wards(&v->you); i++) {
        struct ward w = run_ward(&v->you, i, v->from, v->to);
        double more = beyond(v, i, &w);
        double share = w.counted   ? more / harm_scale(v)
                       : w.seconds ? more / (span > 1 ? span : 1)
                                   : more;
        if (w.counted)
            out.things += more;
        out.share += share;
        if (share <= worst)
            continue;
        worst = share;
        out.name = w.name;
        out.most = w.counted ? more : 0;
    }
    out.share = out.share < 1 ? out.share : 1;
    return out;
}

static double kept_share(const struct grading *g, size_t i, double you)
{
    const struct rivals *v = g->v;
    sim_time want = lesson_info(g->s->lesson)->good_for;
    double nothing = harm_of(&v->nothing, i, v);
    double least = v->has_reference ? harm_of(&v->reference, i, v) : nothing;
    double more = you - least, room = nothing - least;
    if (!run_ward(&v->you, i, v->to - want, v->to).kept)
        return 0;
    if (more <= 0)
        return 1;
    return room > 0 && more < room ? 1 - more / room : 0;
}

static void tell_harm(const struct ward *w, double least, struct buf *out)
{
    buf_addf(out, "%sNot kept: \"%s\", %s ", out->len ? " " : "", w->name,
             w->seconds ? "for" : "broken");
    ward_words(w, w->harm, out);
    buf_adds(out, w->seconds     ? "; at best "
                  : w->harm == 1 ? " time; at best "
                                 : " times; at best ");
    ward_words(w, least, out);
    buf_adds(out, ".");
}

void grade_data(const struct grading *g, struct score_item *item)
{
    const struct rivals *v = g->v;
    size_t n = run_wards(&v->you);
    double sum = 0;
    struct buf lost;
    item->best = "Nothing is broken that could have been kept.";
    if (!score_changed(g->s) && !score_quiet(g->s)) {
        item->cost = "Nothing was done for the data.";
        return;
    }
    buf_init(&lost, 0);
    for (size_t i = 0; i < n; i++) {
        struct ward w = run_ward(&v->you, i, v->from, v->to);
        double share = kept_share(g, i, w.harm);
        if (share < 1)
            tell_harm(&w, v->has_reference ? harm_of(&v->reference, i, v) : 0, &lost);
        sum += share / (double)n;
    }
    item->points = share_points(sum * (1 - own_harm(g).share), item->full);
    item->cost = arena_strdup(g->mem, lost.s);
    buf_release(&lost);
}
