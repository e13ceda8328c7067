/*
 * Needs of the debrief, run beforehand (ahead.h): one thing after the other, those
 * first without which there is no score.
 */
#include "ahead.h"
#include "prevent.h"
#include "promise.h"
#include "score.h"
#include "twin.h"

#include <string.h>

/* With less than that left, the memory is the learner's world's. */
#define MEM_SHARED (3 * MEM_RESERVE)

/* ---- the nights ------------------------------------------------------------------ */

/* The first moment at which a score may be due: there every rival has to be. */
static sim_time least_verdict(const struct session *s)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    sim_time due = li->starts_at + li->expert + verdict_after(s->lesson);
    return due < li->ends_at ? due : li->ends_at;
}

static bool has_reference(const struct session *s)
{
    return lesson_fixes(s->lesson) > 0 && !s->quiet;
}

static bool has_prices(const struct session *s)
{
    return has_reference(s) && lesson_preventions(s->lesson) > 0 && !s->twin_failed;
}

enum err rival_open(struct run *r, const struct session *s, struct errmsg *why)
{
    enum err e = run_fork(r, &s->begin, why);
    if (e == ERR_OK && run_wards(r) == 0)
        run_keep_users(r);
    return e;
}

static enum err work_nothing(struct session *s, uint64_t *left, struct errmsg *why)
{
    struct run *r = &s->ahead.nothing;
    enum err e = r->world ? ERR_OK : rival_open(r, s, why);
    return e == ERR_OK ? run_advance(r, least_verdict(s), left, NULL, why) : e;
}

/* The reference's fix has to end before the first verdict. Otherwise how much of it is done
 * depends on when the verdict is. */
static enum err work_reference(struct session *s, uint64_t *left, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    struct run *r = &s->ahead.reference;
    sim_time acts = li->starts_at + li->expert, end = least_verdict(s);
    enum err e = r->world ? ERR_OK : rival_open(r, s, why);
    if (e == ERR_OK && !s->ahead.mended) {
        e = run_advance(r, acts < end ? acts : end, left, NULL, why);
        if (e != ERR_OK)
            return e;
        run_course(r, lesson_fix(s->lesson, 0), end);
        s->ahead.mended = true;
        s->ahead.mended_whole = run_now(r) < end && r->busy_until < end;
    }
    return e == ERR_OK ? run_advance(r, end, left, NULL, why) : e;
}

/* ---- the prices ------------------------------------------------------------------ */

static enum err work_prices(struct session *s, uint64_t *left, struct errmsg *why)
{
    struct ahead *a = &s->ahead;
    sim_time end = lesson_info(s->lesson)->ends_at;
    enum err e = session_twin_to(s, end, left);
    if (e != ERR_OK || s->twin_failed)
        return e;
    if (!a->prices) {
        const struct run *ref = &a->reference;
        bool mended = a->mended_whole;
        if (s->rivals.you.world) {
            ref = &s->rivals.reference;
            mended = s->rivals.mended_whole;
        }
        e = prices_new(&a->prices, mended ? ref : &s->begin, mended, s->seed,
                       s->run.effort, why);
    }
    while (e == ERR_OK && !a->priced) {
        e = prices_work(a->prices, s->twin.run.rec, left, why);
        if (e == ERR_STOPPED)
            return e;
        a->priced = e == ERR_OK; /* other errors are of one choice: on to the next */
        e = ERR_OK;
    }
    return e;
}

/* ---- one after the other --------------------------------------------------------- */

static enum err work_rivals(struct session *s, uint64_t *left, struct errmsg *why)
{
    enum err e = has_reference(s) ? work_reference(s, left, why) : ERR_OK;
    return e == ERR_OK ? work_nothing(s, left, why) : e;
}

/* Before it is over the learner's world comes first. */
static bool no_room(const struct session *s)
{
    return !s->over && (s->ahead.dropped || !mem_room(MEM_SHARED));
}

enum err ahead_work(struct session *s, uint64_t *left)
{
    struct errmsg ignored = {0};
    struct ahead *a = &s->ahead;
    if (a->failed || a->priced)
        return ERR_OK;
    if (no_room(s)) {
        ahead_release(a);
        a->dropped = true;
        return ERR_OK;
    }
    bool taken = s->rivals.you.world;
    enum err e = taken ? ERR_OK : work_rivals(s, left, &ignored);
    if (e == ERR_OK && has_prices(s))
        e = work_prices(s, left, &ignored);
    a->failed = e != ERR_OK && e != ERR_STOPPED;
    return e == ERR_STOPPED ? e : ERR_OK;
}

void ahead_take(struct session *s, struct rivals *v)
{
    struct ahead *a = &s->ahead;
    if (a->mended_whole) {
        v->reference = a->reference;
        v->mended_whole = true;
        memset(&a->reference, 0, sizeof a->reference);
    }
    v->nothing = a->nothing;
    memset(&a->nothing, 0, sizeof a->nothing);
    run_release(&a->reference);
}

const struct prices *ahead_prices(const struct session *s)
{
    return s->ahead.priced ? s->ahead.prices : NULL;
}

bool ahead_owes(const struct session *s)
{
    return has_prices(s) && !s->ahead.priced && !s->ahead.failed;
}

void ahead_release(struct ahead *a)
{
    run_release(&a->reference);
    run_release(&a->nothing);
    prices_free(a->prices);
    memset(a, 0, sizeof *a);
}
