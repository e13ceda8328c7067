/*
 * Proof that the incident is what the lesson says it is. Nights that differ in one
 * thing answer that, not the author:
 *
 *   twin      without any cause, and with what `twin` sets, users are well;
 *   cause     without this one cause users are well: the incident needs it;
 *   innocent  without this one thing that is not a cause users suffer all the same.
 *
 * A night without an innocent entry costs a whole run, and a lesson has many of them:
 * they are looked at in one seed of PROVE_EVERY. A decoy changes nothing by what it is
 * and need not be run.
 */
#include "promise.h"
#include "prove_internal.h"
#include "twin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SETTLED = 4 };

/* How far users' share of good requests, from the page to the end, is above (+) or below
 * (-) the objective, in parts of what may be bad; bounded to 1 and -1. */
static double room_of(const struct prover *pv, const struct run *r, double *good)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    const struct slo *slo = model_get_slo(r->stage->lw.model);
    *good = recording_good(r->rec, li->starts_at, run_now(r));
    if (!slo || isnan(*good))
        return 0;
    double room = (*good - slo->objective) / (1 - slo->objective);
    return room > 1 ? 1 : room < -1 ? -1 : room;
}

static void judge_night(struct prover *pv, const struct run *r, enum proof_kind kind,
                        const char *name, bool well)
{
    double good, room = room_of(pv, r, &good);
    sim_time page = lesson_info(pv->lesson)->starts_at;
    const char *broken = kind == PROOF_TWIN ? run_broken(r, run_now(r) - page) : NULL;
    if (broken) {
        prove_result(pv, kind, name, false, NAN,
                     "a promise is not kept on the healthy night: %.120s", broken);
        return;
    }
    char until[16] = "the end";
    if (run_now(r) < lesson_info(pv->lesson)->ends_at) {
        struct buf at;
        buf_init(&at, 16);
        clock_format(&at, lesson_info(pv->lesson)->day_start, run_now(r), true);
        snprintf(until, sizeof until, "%.15s", at.s);
        buf_release(&at);
    }
    prove_result(pv, kind, name, (room >= 0) == well, well ? room : -room,
                 "%.2f %% good from the page to %s", 100 * good, until);
}

/* Users' bad requests beyond which a night cannot be well any more: SETTLED times as many
 * as the objective leaves room for among all who came while nothing was done. Not even
 * twice as many customers would bring the margin below 1. */
static double settled_at(const struct prover *pv)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    const struct recording *rec = pv->nothing.rec;
    double good = recording_good(rec, li->starts_at, li->ends_at);
    double bad = (double)recording_bad_count(rec, li->starts_at, li->ends_at);
    const struct slo *slo = model_get_slo(pv->stage->lw.model);
    if (!slo || slo->objective >= 1 || !(good < 1))
        return INFINITY;
    return SETTLED * (1 - slo->objective) * bad / (1 - good);
}

static bool goes_on(void *ctx, struct run *r)
{
    return run_bad(r, lesson_info(run_lesson(r))->starts_at) <= *(const double *)ctx;
}

/* A night to its end, or to where its verdict is settled; one that runs away is not
 * well. The run stays the caller's. */
static enum err run_night(struct prover *pv, struct run *r, enum proof_kind kind,
                          const char *name, bool well, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    double bad = settled_at(pv);
    bool settled = false;
    r->on_second = goes_on;
    r->ctx = &bad;
    enum err e = run_advance(r, li->ends_at, NULL, &settled, why);
    if (e == ERR_OK || settled) {
        e = ERR_OK;
        judge_night(pv, r, kind, name, well);
    } else if (e == ERR_LIMIT && pv->effort.events > 0) {
        prove_result(pv, kind, name, !well, NAN, "%.180s", why->text);
        e = ERR_OK;
    }
    return e;
}

static const char *entry_name(const struct prover *pv, const struct lesson_entry *n,
                              char out[64])
{
    snprintf(out, 64, "%s of %s, line %d", n->what,
             model_name(pv->stage->lw.model, n->comp), n->line);
    return out;
}

static enum err judge_entry(struct prover *pv, size_t i, struct errmsg *why)
{
    const struct lesson_entry *n = &pv->stage->lw.entries[i];
    bool cause = n->role == ENTRY_CAUSE;
    char name[64];
    struct run r;
    enum err e = twin_without(&r, pv->lesson, pv->seed, i, &pv->effort, why);
    if (e != ERR_OK)
        return e;
    run_keep_users(&r);
    e = run_night(pv, &r, cause ? PROOF_CAUSE : PROOF_INNOCENT, entry_name(pv, n, name),
                  cause, why);
    run_release(&r);
    return e;
}

static size_t causes_of(const struct prover *pv)
{
    size_t n = 0;
    for (size_t i = 0; i < pv->stage->lw.nentries; i++)
        n += pv->stage->lw.entries[i].role == ENTRY_CAUSE;
    return n;
}

enum err prove_twin(struct prover *pv, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    const struct lesson_world *lw = &pv->stage->lw;
    size_t causes = causes_of(pv);
    if (li->quiet)
        return ERR_OK;
    bool design = lesson_design(pv->lesson);
    if (causes == 0 && !lesson_has_twin(pv->lesson) && !design) {
        prove_result(pv, PROOF_TWIN, "says what to leave out", false, NAN,
                     "mark the cause with i:cause(…), or say how it should have been "
                     "built: twin = { set(…) }");
        return ERR_OK;
    }
    enum err e =
        night_open(&pv->twin, pv->lesson, pv->seed, NIGHT_TWIN, 0, &pv->effort, why);
    if (e == ERR_OK && run_wards(&pv->twin) == 0)
        run_keep_users(&pv->twin);
    if (e == ERR_OK)
        e = run_night(pv, &pv->twin, PROOF_TWIN, "users are well without the incident",
                      true, why);
    bool look = pv->thorough && prove_wants(pv, PROOF_INNOCENT, NULL);
    for (size_t i = 0; e == ERR_OK && i < lw->nentries; i++) {
        bool cause = lw->entries[i].role == ENTRY_CAUSE;
        if (lw->entries[i].role == ENTRY_DRAWN)
            continue; /* prove_design.c */
        bool decoy = str_eq(lw->entries[i].what, "decoy");
        if (cause ? causes > 1 || lesson_has_twin(pv->lesson) : look && !decoy)
            e = judge_entry(pv, i, why);
    }
    return e;
}
