/*
 * The worth of a prevention (prevent.h): a queue of runs, each of which can be left
 * between two events and gone on with.
 */
#include "prevent.h"
#include "score.h"
#include "twin.h"

#include <assert.h>
#include <string.h>

/* Where the run of a choice stands. */
enum part {
    PART_MENDED,  /* the night as it was, mended after the page */
    PART_CHOOSE,  /* the next choice is looked for */
    PART_CALL,    /* until somebody is called */
    PART_MEND,    /* from there to the end */
    PART_HEALTHY, /* the healthy night with it */
    PART_DONE
};
struct watch { /* until when a night is run */
    sim_time since, called;
};
struct mending { /* a fix to come */
    sim_time acts;
    bool acted;
};
struct prices {
    const struct lesson *lesson; /* the stage's */
    uint64_t seed;
    struct effort *effort;
    sim_time page, end;
    struct run mended;
    struct run
        night;      /* the true night, from its beginning: where alerts call before the
                  page */
    struct run run; /* of the current choice */
    struct mending mending;
    struct watch watch;
    enum part part;
    size_t choice;
    struct saving *list;
    bool *priced; /* by choice */
};

#define WORTH  0.25 /* of the loss */
#define NIGHTS 30   /* healthy ones for each of this kind */

bool saving_helps(const struct saving *x)
{
    double worth = WORTH * x->without;
    double saved = x->without - x->with - NIGHTS * x->healthy;
    return saved >= worth && x->alarms == 0;
}

/* ---- life ------------------------------------------------------------------------ */

enum err prices_new(struct prices **out, const struct run *page, bool mended,
                    uint64_t seed, struct effort *effort, struct errmsg *why)
{
    struct prices *p = mem_alloc(sizeof *p);
    const struct lesson_info *li = lesson_info(run_lesson(page));
    size_t n = lesson_preventions(run_lesson(page));
    *out = NULL;
    enum err e = run_fork(&p->mended, page, why);
    if (e != ERR_OK) {
        mem_free(p);
        return e;
    }
    run_keep_users(&p->mended);
    p->mended.effort = effort;
    p->lesson = run_lesson(page);
    p->seed = seed;
    p->effort = effort;
    p->page = li->starts_at;
    p->end = li->ends_at;
    p->mending = (struct mending){li->starts_at + li->expert, mended};
    p->list = mem_array(n + 1, sizeof *p->list);
    p->priced = mem_array(n + 1, sizeof *p->priced);
    p->part = lesson_fixes(p->lesson) > 0 ? PART_MENDED : PART_DONE;
    *out = p;
    return ERR_OK;
}

void prices_free(struct prices *p)
{
    if (!p)
        return;
    run_release(&p->mended);
    run_release(&p->night);
    run_release(&p->run);
    mem_free(p->list);
    mem_free(p->priced);
    mem_free(p);
}

const struct saving *prices_of(const struct prices *p, size_t choice)
{
    assert(choice < lesson_preventions(p->lesson));
    return &p->list[choice];
}

/* ---- who is called --------------------------------------------------------------- */

static sim_time earlier(sim_time a, sim_time b)
{
    return a < b ? a : b;
}

/* When users began to suffer, in the night as it was. */
static sim_time suffer_since(const struct prices *p, const struct recording *twin)
{
    struct impact h = impact_of(p->mended.rec, twin, COMP_NONE, 0, p->end);
    return h.since == SIM_FOREVER ? p->page : h.since;
}

/* The first page from the incident on, or alert of choice `i`. Neither changes the world:
 * the night as it was tells. */
static sim_time warned_at(const struct prices *p, size_t i, sim_time since)
{
    const struct lesson_world *lw = &p->mended.stage->lw;
    const struct recording *rec = p->mended.rec;
    sim_time called = recording_would_fire(rec, &lw->warns[i], since, p->page).first;
    for (size_t k = 0; k < lw->nrules; k++)
        if (lw->rules[k].page && k != lw->noise)
            called = earlier(
                called, recording_would_fire(rec, &lw->rules[k], since, p->page).first);
    return earlier(called, p->page);
}

static bool watch(void *ctx, struct run *r)
{
    struct watch *w = ctx;
    for (size_t i = 0; i < recording_alerts(r->rec); i++) {
        struct alert a = recording_alert(r->rec, i);
        if (a.since >= w->since && a.rule->page && w->called == SIM_FOREVER)
            w->called = a.since;
    }
    return w->called == SIM_FOREVER;
}

/* ---- runs ------------------------------------------------------------------------ */

/* A world that runs away has ended there. */
static enum err go_on(const struct prices *p, struct run *r, sim_time until,
                      uint64_t *left, struct errmsg *why)
{
    enum err e = run_advance(r, until, left, NULL, why);
    return e == ERR_LIMIT && !(p->effort && p->effort->events == 0) ? ERR_OK : e;
}

/* Lets somebody look for an expert's time, carries out the fix, and goes on to the end. */
static enum err mend(struct prices *p, struct run *r, uint64_t *left,
                     struct errmsg *why)
{
    struct mending *m = &p->mending;
    enum err e = ERR_OK;
    if (!m->acted) {
        e = go_on(p, r, earlier(m->acts, p->end), left, why);
        if (e != ERR_OK)
            return e;
        m->acted = true;
        run_course(r, lesson_fix(p->lesson, 0), p->end);
    }
    return go_on(p, r, p->end, left, why);
}

static enum err open_night(struct prices *p, struct run *r, enum night night,
                           struct errmsg *why)
{
    run_release(r);
    enum err e = night_open(r, p->lesson, p->seed, night, p->choice, p->effort, why);
    if (e == ERR_OK)
        run_keep_users(r);
    return e;
}

/* The night as it was, at the moment at which an alert calls. */
static enum err go_to_alert(struct prices *p, uint64_t *left, struct errmsg *why)
{
    sim_time called = p->list[p->choice].called;
    enum err e = ERR_OK;
    if (!p->night.world) {
        e = run_open(&p->night, p->mended.stage, p->seed, why);
        if (e != ERR_OK)
            return e;
        p->night.effort = p->effort;
        run_keep_users(&p->night);
    }
    e = run_advance(&p->night, called, left, NULL, why);
    return e == ERR_OK ? run_fork(&p->run, &p->night, why) : e;
}

/* The night with the settings of a choice, until somebody is called. */
static enum err go_to_call(struct prices *p, uint64_t *left, struct errmsg *why)
{
    bool asked = false;
    enum err e = ERR_OK;
    if (!p->run.world)
        e = open_night(p, &p->run, NIGHT_PREVENTED, why);
    if (e != ERR_OK)
        return e;
    p->run.on_second = watch;
    p->run.ctx = &p->watch;
    e = run_advance(&p->run, p->page, left, &asked, why);
    if (e == ERR_STOPPED && !asked)
        return e;
    p->run.on_second = NULL;
    p->list[p->choice].called = earlier(p->watch.called, p->page);
    return e == ERR_STOPPED ? ERR_OK : e;
}

/* ---- one choice after the other -------------------------------------------------- */

/* Another alert that called at the same moment: the night went on the same way. */
static const struct saving *same_call(const struct prices *p)
{
    for (size_t i = 0; i < lesson_preventions(p->lesson); i++)
        if (i != p->choice && p->priced[i] && p->list[i].known &&
            lesson_prevention(p->lesson, i)->warned &&
            p->list[i].called == p->list[p->choice].called)
            return &p->list[i];
    return NULL;
}

static void priced(struct prices *p, double with)
{
    p->list[p->choice].with = with;
    p->list[p->choice].known = true;
    p->priced[p->choice] = true;
    run_release(&p->run);
    p->part = PART_CHOOSE;
}

/* The first unpriced alert by the time at which it calls, so that one night serves all;
 * then the settings. */
static bool choose(struct prices *p)
{
    size_t n = lesson_preventions(p->lesson), best = n;
    for (size_t i = 0; i < n; i++) {
        const struct prevention *c = lesson_prevention(p->lesson, i);
        if (p->priced[i] || (!c->built && !c->warned))
            continue;
        bool sooner = best == n ||
                      (c->warned && !lesson_prevention(p->lesson, best)->warned) ||
                      (c->warned && p->list[i].called < p->list[best].called);
        best = sooner ? i : best;
    }
    p->choice = best;
    return best < n;
}

static void begin_choice(struct prices *p, const struct recording *twin)
{
    struct saving *x = &p->list[p->choice];
    const struct saving *same;
    x->without = users_lost(p->mended.rec, twin, COMP_NONE, 0, p->end);
    p->watch = (struct watch){suffer_since(p, twin), SIM_FOREVER};
    p->part = PART_CALL;
    if (!lesson_prevention(p->lesson, p->choice)->warned)
        return;
    if (x->called == p->page)
        priced(p, x->without);
    else if ((same = same_call(p)))
        priced(p, same->with);
}

/* Asks both nights when each alert would have fired. */
static void ask_alerts(struct prices *p, const struct recording *twin)
{
    const struct lesson_world *lw = &p->mended.stage->lw;
    sim_time since = suffer_since(p, twin);
    for (size_t i = 0; i < lesson_preventions(p->lesson); i++) {
        if (!lesson_prevention(p->lesson, i)->warned)
            continue;
        p->list[i].called = warned_at(p, i, since);
        p->list[i].alarms = recording_would_fire(twin, &lw->warns[i], 0, p->end).times;
    }
}

static enum err do_part(struct prices *p, const struct recording *twin, uint64_t *left,
                        struct errmsg *why)
{
    const struct prevention *c =
        p->part > PART_CHOOSE ? lesson_prevention(p->lesson, p->choice) : NULL;
    enum err e = ERR_OK;
    switch (p->part) {
    case PART_MENDED:
        e = mend(p, &p->mended, left, why);
        if (e != ERR_OK)
            break;
        p->end = run_now(&p->mended); /* sooner where it ran away */
        ask_alerts(p, twin);
        p->part = PART_CHOOSE;
        break;
    case PART_CHOOSE:
        p->part = PART_DONE;
        if (choose(p))
            begin_choice(p, twin);
        break;
    case PART_CALL:
        e = c->warned ? go_to_alert(p, left, why) : go_to_call(p, left, why);
        if (e != ERR_OK)
            break;
        p->mending =
            (struct mending){run_now(&p->run) + lesson_info(p->lesson)->expert, false};
        p->part = PART_MEND;
        break;
    case PART_MEND:
        e = mend(p, &p->run, left, why);
        if (e != ERR_OK)
            break;
        double with = users_lost(p->run.rec, twin, COMP_NONE, 0, p->end);
        if (c->warned) {
            priced(p, with);
        } else {
            p->list[p->choice].with = with;
            e = open_night(p, &p->run, NIGHT_CAREFUL, why);
            p->part = PART_HEALTHY;
        }
        break;
    case PART_HEALTHY:
        e = run_advance(&p->run, p->end, left, NULL, why);
        if (e != ERR_OK)
            break;
        double more = recording_fate(p->run.rec, COMP_NONE, 0, p->end).bad -
                      recording_fate(twin, COMP_NONE, 0, p->end).bad;
        p->list[p->choice].healthy = more > 0 ? more : 0;
        priced(p, p->list[p->choice].with);
        break;
    case PART_DONE:
        break;
    }
    return e;
}

enum err prices_work(struct prices *p, const struct recording *twin, uint64_t *left,
                     struct errmsg *why)
{
    enum err e = ERR_OK;
    while (e == ERR_OK && p->part != PART_DONE)
        e = do_part(p, twin, left, why);
    if (e == ERR_OK || e == ERR_STOPPED)
        return e;
    if (p->part == PART_MENDED) { /* nothing to compare with */
        p->part = PART_DONE;
        return e;
    }
    p->list[p->choice].known = false;
    p->priced[p->choice] = true;
    run_release(&p->run);
    p->part = PART_CHOOSE;
    return e;
}
