/*
 * What a prevention would have saved (prevent.h): one run for each.
 */
#include "prevent.h"
#include "score.h"
#include "twin.h"

#include <string.h>

/* The first page from `since` on; an alert that a prevention brings is always one. */
static sim_time paged_at(const struct run *r, sim_time since, bool warned)
{
    size_t own = r->stage->lw.nrules - 1;
    for (size_t i = 0; i < recording_alerts(r->rec); i++) {
        struct alert a = recording_alert(r->rec, i);
        if (a.since >= since && (a.rule->page || (warned && a.index == own)))
            return a.since;
    }
    return SIM_FOREVER;
}

struct watch {
    sim_time since, called;
    bool warned;
};

static bool watch(void *ctx, struct run *r)
{
    struct watch *w = ctx;
    w->called = paged_at(r, w->since, w->warned);
    return w->called == SIM_FOREVER;
}

/* Runs until somebody is called, at the page at the latest. */
static enum err run_to_call(struct run *r, struct watch *w, sim_time page,
                            struct errmsg *why)
{
    bool asked = false;
    r->on_second = watch;
    r->ctx = w;
    enum err e = run_advance(r, page, NULL, &asked, why);
    r->on_second = NULL;
    if (w->called > page)
        w->called = page;
    return e == ERR_STOPPED && asked ? ERR_OK : e;
}

#define WORTH  0.25 /* of the loss */
#define NIGHTS 30   /* healthy ones for each of this kind */

bool saving_helps(const struct saving *x)
{
    double worth = WORTH * x->without;
    double saved = x->without - x->with - NIGHTS * x->healthy;
    return saved >= worth && x->alarms == 0;
}

/* The healthy night with it, to `end`. */
static enum err price_healthy(const struct lesson *l, uint64_t seed, size_t which,
                              const struct recording *twin, sim_time end,
                              struct effort *effort, struct saving *out,
                              struct errmsg *why)
{
    struct run r;
    enum err e = night_open(&r, l, seed, NIGHT_CAREFUL, which, effort, why);
    if (e != ERR_OK)
        return e;
    e = run_advance(&r, end, NULL, NULL, why);
    double more = recording_fate(r.rec, COMP_NONE, 0, end).bad -
                  recording_fate(twin, COMP_NONE, 0, end).bad;
    out->healthy = more > 0 ? more : 0;
    bool warned = lesson_prevention(l, which)->warned;
    for (size_t i = 0; i < recording_alerts(r.rec); i++) {
        struct alert a = recording_alert(r.rec, i);
        out->alarms += warned && a.index == r.stage->lw.nrules - 1;
    }
    run_release(&r);
    return e;
}

enum err prevent_price(const struct lesson *l, uint64_t seed, size_t which,
                       const struct run *reference, const struct recording *twin,
                       struct effort *effort, struct saving *out, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(l);
    const struct prevention *p = lesson_prevention(l, which);
    memset(out, 0, sizeof *out);
    if ((!p->built && !p->warned) || lesson_fixes(l) == 0 || !twin || !reference->world)
        return ERR_OK;
    struct run r;
    enum err e = night_open(&r, l, seed, NIGHT_PREVENTED, which, effort, why);
    if (e != ERR_OK)
        return e;
    sim_time end = run_now(reference);
    struct impact h = impact_of(reference->rec, twin, COMP_NONE, 0, end);
    struct watch w = {h.since == SIM_FOREVER ? li->starts_at : h.since, SIM_FOREVER,
                      p->warned};
    e = run_to_call(&r, &w, li->starts_at, why);
    if (e == ERR_OK)
        e = run_reference(&r, lesson_fix(l, 0), li->expert, end, why);
    if (e == ERR_OK) {
        out->known = true;
        out->called = w.called;
        out->without = users_lost(reference->rec, twin, COMP_NONE, 0, end);
        out->with = users_lost(r.rec, twin, COMP_NONE, 0, end);
    }
    run_release(&r);
    return e == ERR_OK ? price_healthy(l, seed, which, twin, end, effort, out, why) : e;
}
