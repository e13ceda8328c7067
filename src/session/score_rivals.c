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
#include "ahead.h"
#include "design.h"
#include "score.h"

#include <assert.h>
#include <string.h>

static sim_time earlier(sim_time a, sim_time b)
{
    return a < b ? a : b;
}

/* Runs on; a world that runs away has ended there. */
static enum err run_on(struct run *r, sim_time end, struct errmsg *why)
{
    assert(r->world);
    enum err e = run_advance(r, end, NULL, NULL, why);
    return e == ERR_LIMIT ? ERR_OK : e;
}

/* How long a course waits in all. */
static sim_time course_waits(const struct course *c)
{
    static const char wait[] = "wait ";
    sim_time all = 0;
    for (size_t i = 0; i < c->nlines; i++) {
        struct errmsg none = {0};
        sim_time t;
        if (strncmp(c->lines[i], wait, sizeof wait - 1) == 0 &&
            time_parse(c->lines[i] + sizeof wait - 1, &t, &none) == ERR_OK)
            all += t;
    }
    return all;
}

sim_time verdict_after(const struct lesson *l)
{
    sim_time want = lesson_info(l)->good_for;
    sim_time waits = lesson_fixes(l) > 0 ? course_waits(lesson_fix(l, 0)) : 0;
    return SETTLE + (want > waits ? want : waits);
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
    sim_time due = last + verdict_after(s->lesson), now = run_now(r);
    if (lesson_design(s->lesson))
        return lesson_info(s->lesson)->ends_at; /* the night is judged as a whole */
    due = due < session_end(s) ? due : session_end(s);
    return due > now ? due : now;
}

static void end_together(struct rivals *v)
{
    const struct run *runs[] = {&v->you, &v->nothing, &v->reference};
    for (size_t i = 0; i < COUNT_OF(runs); i++)
        if (runs[i]->world && run_now(runs[i]) < v->to)
            v->to = run_now(runs[i]);
}

static enum err run_nothing(const struct session *s, struct rivals *v,
                            struct errmsg *why)
{
    enum err e = v->nothing.world ? ERR_OK : rival_open(&v->nothing, s, why);
    return e == ERR_OK ? run_on(&v->nothing, v->to, why) : e;
}

/* The reference of a design: the best set, chosen at once, and left alone. */
static enum err run_design(const struct session *s, struct rivals *v,
                           struct errmsg *why)
{
    struct run *r = &v->reference;
    enum err e = ERR_OK;
    if (!r->world) {
        e = rival_open(r, s, why);
        if (e == ERR_OK)
            e = run_improve_all(r, stage_best(s->run.stage), why);
    }
    v->has_reference = e == ERR_OK;
    return e == ERR_OK ? run_on(r, v->to, why) : e;
}

static enum err run_best(const struct session *s, struct rivals *v, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    struct run *r = &v->reference;
    enum err e = ERR_OK;
    if (lesson_design(s->lesson))
        return run_design(s, v, why);
    if (lesson_fixes(s->lesson) == 0 || s->quiet)
        return ERR_OK;
    if (!r->world) {
        e = rival_open(r, s, why);
        if (e == ERR_OK)
            e = run_on(r, earlier(li->starts_at + li->expert, v->to), why);
        if (e == ERR_OK)
            run_course(r, lesson_fix(s->lesson, 0), v->to);
        v->mended_whole = e == ERR_OK && run_now(r) < v->to && r->busy_until < v->to;
    }
    v->has_reference = e == ERR_OK;
    return e == ERR_OK ? run_on(r, v->to, why) : e;
}

static enum err run_all(const struct session *s, struct rivals *v,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why)
{
    enum err e = run_fork(&v->you, scored_run(s), why);
    if (e == ERR_OK)
        e = run_on(&v->you, v->to, why);
    if (e == ERR_OK)
        e = run_nothing(s, v, why);
    if (e == ERR_OK && s->practice)
        e = run_fork(&v->practice, &s->run, why);
    if (e == ERR_OK && s->practice)
        e = run_on(&v->practice, v->to, why);
    if (progress)
        progress(ctx, 0.4);
    return e == ERR_OK ? run_best(s, v, why) : e;
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
    run_keep_users(&r);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        e = run_on(&r, did[i].at, why);
        if (e == ERR_OK)
            e = run_apply(&r, &did[i].action, "you", why);
    }
    if (e == ERR_OK)
        e = run_on(&r, v->to, why);
    *well = e == ERR_OK && ends_well(s, &r);
    run_release(&r);
    return ERR_OK; /* a night that cannot be lived again is not well */
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
    if (v == &s->rivals)
        ahead_take(s, v);
    enum err e = run_all(s, v, progress, ctx, why);
    if (progress)
        progress(ctx, 0.6);
    if (e == ERR_OK) {
        end_together(v);
        v->twin = session_twin_at(s, v->to);
        if (progress)
            progress(ctx, 0.8);
        e = lesson_design(s->lesson) ? ERR_OK : find_mattered(s, v, why);
        if (e == ERR_OK)
            turns_find(s, v);
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
