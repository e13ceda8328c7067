/*
 * Deadlines that travel with calls. The root's is the moment when its user gives up; a
 * call whose policy says `propagate` hands on what is left of it, or its own timeout
 * where that is less. Whoever has one looks at it before the next step: when he is
 * given a worker, before he calls, before he tries again.
 */
#include "call/policy.h"

/* A user's own patience; everybody else has been told. */
static sim_time deadline_of(const struct act *p)
{
    if (p->kind == ACT_USER)
        return p->patience > 0 ? p->start + p->patience : 0;
    return p->deadline;
}

sim_time deadline_pass_on(struct world *w, const struct act *p, struct act *c,
                          sim_time patience)
{
    sim_time own = deadline_of(p), until = patience > 0 ? w_now(w) + patience : 0;
    if (own == 0 || (until != 0 && until <= own)) {
        c->deadline = until;
        return patience;
    }
    c->deadline = own;
    if (p->kind != ACT_USER) /* a user goes by himself */
        c->timeout = cal_at(w, own, EV_TIMEOUT, c->policy, W_REF(w, c), c->gen);
    return 0;
}
