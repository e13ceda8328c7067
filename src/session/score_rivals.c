/*
 * The runs that a score compares. All begin at the page and meet the same customers: the
 * learner's; the reference, which is what somebody does who knows the lesson and looks for
 * as long as the lesson says before acting; and doing nothing. Waiting is therefore not
 * free, and reading while the clock stands still is. Who leaves early is not spared what
 * follows: all go on, with nobody's hands on them, until a verdict on the last change is
 * due.
 *
 * The change that mattered is found by living the night again with only the first so many
 * of the learner's changes: the fewest with which users end up well. A change without
 * effect is never it.
 */
#include "design.h"
#include "score.h"

#include <assert.h>
#include <string.h>

#define SETTLE SIM_MIN /* what a change may need to take effect */

/* Runs on; a world that runs away has ended there. */
static enum err run_on(struct run *r, sim_time end, struct errmsg *why)
{
    assert(r->world);
    enum err e = run_advance(r, end, NULL, NULL, why);
    return e == ERR_LIMIT ? ERR_OK : e;
}

/* A line that is refused at the expert's hour is left out. */
enum err run_reference(struct run *r, const struct course *c, sim_time looks,
                       sim_time end, struct errmsg *why)
{
    sim_time acts = run_now(r) + looks;
    enum err e = run_on(r, acts < end ? acts : end, why);
    for (size_t i = 0; e == ERR_OK && i < c->nlines && run_now(r) < end; i++) {
        struct errmsg refused = {0};
        if (run_line(r, c->lines[i], end, &refused) == ERR_LIMIT)
            break;
    }
    return e == ERR_OK ? run_on(r, end, why) : e;
}

/* When a verdict on the last change is due, and on the reference's; the learner's end, if
 * that is later. */
static sim_time verdict_at(const struct session *s)
{
    assert(s->run.world);
    const struct lesson_info *li = lesson_info(s->lesson);
    const struct run *r = scored_run(s);
    sim_time last = li->starts_at + li->expert;
    if (r->last_change != SIM_FOREVER && r->last_change > last)
        last = r->last_change;
    sim_time due = last + SETTLE + li->good_for, now = run_now(r);
    if (lesson_design(s->lesson))
        return li->ends_at; /* the night is judged as a whole */
    due = due < li->ends_at ? due : li->ends_at;
    return due > now ? due : now;
}

static void end_together(struct rivals *v)
{
    const struct run *runs[] = {&v->you, &v->nothing, &v->reference};
    for (size_t i = 0; i < COUNT_OF(runs); i++)
        if (runs[i]->world && run_now(runs[i]) < v->to)
            v->to = run_now(runs[i]);
}

/* The reference of a design: the best set, chosen at once, and left alone. */
static enum err run_best(const struct session *s, struct rivals *v, struct errmsg *why)
{
    enum err e = run_fork(&v->reference, &s->begin, why);
    v->has_reference = e == ERR_OK;
    if (e == ERR_OK)
        e = run_improve_all(&v->reference, stage_best(s->run.stage), why);
    return e == ERR_OK ? run_on(&v->reference, v->to, why) : e;
}

static enum err run_all(const struct session *s, struct rivals *v,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why)
{
    enum err e = run_fork(&v->you, scored_run(s), why);
    if (e == ERR_OK)
        e = run_on(&v->you, v->to, why);
    if (e == ERR_OK)
        e = run_fork(&v->nothing, &s->begin, why);
    if (e == ERR_OK)
        e = run_on(&v->nothing, v->to, why);
    if (e == ERR_OK && s->practice)
        e = run_fork(&v->practice, &s->run, why);
    if (e == ERR_OK && s->practice)
        e = run_on(&v->practice, v->to, why);
    if (progress)
        progress(ctx, 0.4);
    if (e == ERR_OK && lesson_design(s->lesson))
        return run_best(s, v, why);
    if (e != ERR_OK || lesson_fixes(s->lesson) == 0 || s->quiet)
        return e;
    e = run_fork(&v->reference, &s->begin, why);
    v->has_reference = e == ERR_OK;
    return e == ERR_OK ? run_reference(&v->reference, lesson_fix(s->lesson, 0),
                                       lesson_info(s->lesson)->expert, v->to, why)
                       : e;
}

/* ---- the change that mattered ---------------------------------------------------- */

static bool ends_well(const struct session *s, const struct run *r)
{
    sim_time want = lesson_info(s->lesson)->good_for;
    return run_well(r, want > SETTLE ? want - SETTLE : want, NULL);
}

/* The night with the first n changes, to the end of all; *well: users are. */
static enum err relive(const struct session *s, const struct rivals *v, size_t n,
                       bool *well, struct errmsg *why)
{
    size_t all;
    const struct done_action *did = scored_actions(s, &all);
    struct run r;
    enum err e = run_fork(&r, s->fork.world ? &s->fork : &s->begin, why);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        e = run_on(&r, did[i].at, why);
        if (e == ERR_OK)
            e = run_apply(&r, &did[i].action, "you", why);
    }
    if (e == ERR_OK)
        e = run_on(&r, v->to, why);
    *well = e == ERR_OK && ends_well(s, &r);
    run_release(&r);
    return ERR_OK; /* what cannot be lived again so is not well */
}

/* Halving: with `low` changes users are not well, with `high` they are. */
static enum err find_mattered(const struct session *s, struct rivals *v,
                              struct errmsg *why)
{
    size_t low = 0, high;
    enum err e = ERR_OK;
    scored_actions(s, &high);
    if (high == 0 || !ends_well(s, &v->you) || ends_well(s, &v->nothing))
        return ERR_OK;
    while (e == ERR_OK && high - low > 1) {
        size_t mid = low + (high - low) / 2;
        bool well = false;
        e = relive(s, v, mid, &well, why);
        if (well)
            high = mid;
        else
            low = mid;
    }
    v->mattered = high;
    return e;
}

enum err rivals_run(struct session *s, struct rivals *v,
                    void (*progress)(void *ctx, double share), void *ctx,
                    struct errmsg *why)
{
    memset(v, 0, sizeof *v);
    v->from = lesson_info(s->lesson)->starts_at;
    v->left = run_now(scored_run(s));
    v->to = verdict_at(s);
    enum err e = run_all(s, v, progress, ctx, why);
    if (progress)
        progress(ctx, 0.6);
    if (e == ERR_OK) {
        end_together(v);
        /* the night's end, to which savings of preventions are counted */
        sim_time end = lesson_info(s->lesson)->ends_at;
        v->twin = session_twin_at(s, lesson_preventions(s->lesson) ? end : v->to);
        if (progress)
            progress(ctx, 0.8);
        e = lesson_design(s->lesson) ? ERR_OK : find_mattered(s, v, why);
    }
    if (progress)
        progress(ctx, 1);
    return e;
}

void rivals_release(struct rivals *v)
{
    run_release(&v->you);
    run_release(&v->nothing);
    run_release(&v->reference);
    run_release(&v->practice);
    memset(v, 0, sizeof *v);
}
