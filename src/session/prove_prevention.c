/*
 * Would it have helped? A prevention that the engine can run has to be what the lesson says
 * of it: a right one saves users and costs nobody when nothing is wrong, a wrong one does
 * not. They are looked at in one seed of PREVENTION_EVERY.
 */
#include "prevent.h"
#include "prove_internal.h"
#include "score.h"
#include "twin.h"

#include <math.h>
#include <string.h>

enum { PREVENTION_EVERY = 10 };

static void judge_choice(struct prover *pv, size_t i, const struct saving *x)
{
    const struct prevention *p = lesson_prevention(pv->lesson, i);
    if (x->known)
        prove_result(pv, PROOF_PREVENTION, p->text, saving_helps(x) == p->right, NAN,
                     "%s: %.0f lost with it, %.0f without; on a healthy night %.0f "
                     "lost, %zu false alarms",
                     p->right ? "right" : "wrong", x->with, x->without, x->healthy,
                     x->alarms);
}

/* The healthy night to its end: as it was looked at for the row "twin", where that went so
 * far. */
static enum err healthy_night(struct prover *pv, struct errmsg *why)
{
    struct run *t = &pv->twin;
    enum err e = ERR_OK;
    if (!t->world) {
        e = night_open(t, pv->lesson, pv->seed, NIGHT_TWIN, 0, &pv->effort, why);
        if (e == ERR_OK)
            run_keep_users(t);
    }
    t->on_second = NULL;
    return e == ERR_OK
               ? run_advance(t, lesson_info(pv->lesson)->ends_at, NULL, NULL, why)
               : e;
}

enum err prove_prevention(struct prover *pv, struct errmsg *why)
{
    struct prices *p = NULL;
    size_t n = lesson_preventions(pv->lesson);
    if (n == 0 || lesson_fixes(pv->lesson) == 0 ||
        pv->seed % PREVENTION_EVERY != pv->first_seed % PREVENTION_EVERY)
        return ERR_OK;
    enum err e = healthy_night(pv, why);
    if (e == ERR_OK)
        e = prices_new(&p, &pv->base, false, pv->seed, &pv->effort, why);
    if (e == ERR_OK)
        e = prices_work(p, pv->twin.rec, NULL, why);
    for (size_t i = 0; e == ERR_OK && i < n; i++)
        judge_choice(pv, i, prices_of(p, i));
    prices_free(p);
    return e;
}
