/*
 * Opening a pool's connection where its way is more than a delay: a name is resolved, a
 * handshake made, and only then is the server asked. The steps are those of a call
 * (path_dial.c); what they have come to is in the connection.
 */
#include "call/dial.h"
#include "db/conn.h"
#include "engine/telling.h"
#include "net/net.h"
#include "truecode/model.h"

static comp_id policy_of(const struct world *w, const struct conn *n)
{
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s.%s", w->comps[n->service].name,
             w->comps[w->comps[n->pool].target].name);
    comp_id policy = model_find(w->model, b.s);
    buf_release(&b);
    return policy;
}

static struct dial dial_for(const struct world *w, const struct conn *n)
{
    return (struct dial){.policy = policy_of(w, n),
                         .caller = n->service,
                         .instance = n->instance,
                         .lot = {n->db, n->id},
                         .pool = true,
                         .to = n->db,
                         .until = path_connect_until(w, n->policy, n->opened),
                         .step = n->step,
                         .tries = n->tries};
}

/* False: nobody's cores are meant; the time passes all the same. */
static bool works(struct world *w, struct conn *n, const struct dial *d)
{
    struct act *s = setup_begin(w, d->site, d->delay, d->policy);
    if (!s)
        return false;
    s->setup.of = W_REF(w, n);
    s->setup.of_gen = n->id;
    s->setup.of_conn = true;
    n->setup = W_REF(w, s);
    return true;
}

static void go_on(struct world *w, struct conn *n)
{
    struct dial d = dial_for(w, n);
    enum dial_says says = path_dial_on(w, &d);
    n->step = d.step;
    n->tries = d.tries;
    if (d.to != n->db)
        session_move(w, n, d.to);
    if (says == DIAL_OPEN) {
        session_connect(w, n);
    } else if (says == DIAL_FAILED) {
        w_outcome(w, d.reason);
        w_log(w, n->service, n->instance, LOG_ERROR, 0, "%s: %s", w->comps[n->db].name,
              reason_phrase(d.reason));
        database_close(w, n, d.reason);
    } else {
        if (n->act != 0)
            act_wait(w, act_at(w, n->act), d.cause, d.place);
        if (says == DIAL_WORKS && works(w, n, &d))
            return;
        n->timer = cal_at(w, w_now(w) + d.delay, EV_KIND + CE_POOL, d.policy,
                          W_REF(w, n), n->id);
    }
}

bool db_dial_cut(const struct world *w, const struct conn *n)
{
    comp_id policy = n->pool == COMP_NONE ? COMP_NONE : policy_of(w, n);
    if (policy == COMP_NONE || path_of(w, policy)->link == COMP_NONE)
        return false;
    const struct talk t = {.lot = {n->db, n->id}, .caller = n->instance};
    return link_cut(w, path_of(w, policy)->link, &t, WAY_THERE);
}

static struct link_use use_of(const struct conn *n)
{
    return (struct link_use){
        .opened = n->opened, .used = n->used, .lot = {n->db, n->id}};
}

bool db_line_dead(struct world *w, struct conn *n)
{
    comp_id link = n->policy == COMP_NONE ? COMP_NONE : path_of(w, n->policy)->link;
    struct link_use use = use_of(n);
    n->dead = n->dead || (link != COMP_NONE && link_forgot(w, link, &use));
    n->used = w_now(w);
    return n->dead;
}

bool db_line_noticed(struct world *w, const struct conn *n)
{
    comp_id link = n->policy == COMP_NONE ? COMP_NONE : path_of(w, n->policy)->link;
    struct link_use use = use_of(n);
    return link != COMP_NONE && link_notices(w, link, &use);
}

/* Not here and now: if it failed at once, the pool would open the next one inside. */
bool db_dial_begin(struct world *w, struct conn *n)
{
    comp_id policy = policy_of(w, n);
    n->policy = policy;
    if (policy == COMP_NONE || path_of(w, policy)->what == 0)
        return false;
    n->step = DIAL_NAME;
    n->timer = cal_at(w, w_now(w), EV_KIND + CE_POOL, policy, W_REF(w, n), n->id);
    return true;
}

void db_dial(struct world *w, ref r, uint32_t number)
{
    struct conn *n = conn_at(w, r); /* the timer is cancelled before the connection is
                                       freed */
    assert(n->id == number);
    n->timer = 0;
    n->setup = 0;
    go_on(w, n);
}
