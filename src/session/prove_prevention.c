/*
 * Would it have helped? A prevention that the engine can run has to be what the lesson says
 * of it: a right one saves users and costs nobody when nothing is wrong, a wrong one does
 * not. Three runs a choice, so that they are looked at in one seed of PREVENTION_EVERY.
 */
#include "prevent.h"
#include "prove_internal.h"
#include "score.h"
#include "twin.h"

#include <math.h>
#include <string.h>

enum { PREVENTION_EVERY = 10 };

static enum err judge_choice(struct prover *pv, size_t i, const struct run *mended,
                             const struct recording *twin, struct errmsg *why)
{
    const struct prevention *p = lesson_prevention(pv->lesson, i);
    struct saving x;
    enum err e =
        prevent_price(pv->lesson, pv->seed, i, mended, twin, &pv->effort, &x, why);
    if (e != ERR_OK || !x.known)
        return e;
    prove_result(pv, PROOF_PREVENTION, p->text, saving_helps(&x) == p->right, NAN,
                 "%s: %.0f lost with it, %.0f without; on a healthy night %.0f lost, "
                 "%zu false alarms",
                 p->right ? "right" : "wrong", x.with, x.without, x.healthy, x.alarms);
    return ERR_OK;
}

enum err prove_prevention(struct prover *pv, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    struct run mended;
    struct twin t;
    size_t n = lesson_preventions(pv->lesson);
    if (n == 0 || lesson_fixes(pv->lesson) == 0 ||
        pv->seed % PREVENTION_EVERY != pv->first_seed % PREVENTION_EVERY)
        return ERR_OK;
    memset(&mended, 0, sizeof mended);
    enum err e = twin_open(&t, pv->lesson, pv->seed, &pv->effort, why);
    if (e == ERR_OK)
        e = twin_follow(&t, li->ends_at, NULL, why);
    if (e == ERR_OK)
        e = run_fork(&mended, &pv->base, why);
    if (e == ERR_OK)
        e = run_reference(&mended, lesson_fix(pv->lesson, 0), li->expert, li->ends_at,
                          why);
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        e = judge_choice(pv, i, &mended, t.run.rec, why);
    run_release(&mended);
    twin_release(&t);
    return e;
}
