/*
 * Users that are somebody. In a closed loop there is a number of them, and each thinks,
 * asks, waits for the answer, and thinks again: when the system is slow they ask less
 * often, N = X (R + Z). In an open loop with more than one visit each, they come at a
 * rate and leave when they have done all, or when something fails (a session). And a
 * population says who it is that comes, for whatever tells users apart.
 *
 * A thinking user is nothing but an event with his number and the visits he has made.
 */
#include "client/client.h"
#include "engine/zipf.h"

enum { USERS_MAX = 200000, AT_ONCE = 1000 };

/* ---- model time ------------------------------------------------------------------ */

enum err client_check_loop(struct model *m, comp_id c, struct client_data *d,
                           struct errmsg *why)
{
    int64_t visits = model_param(m, c, P_VISITS)->as.count;
    double popularity = model_param(m, c, P_POPULARITY)->as.number;
    d->closed = model_param(m, c, P_USERS)->as.count > 0;
    d->loops = d->closed || visits > 1;
    d->population = (uint32_t)model_param(m, c, P_POPULATION)->as.count;
    if (!d->closed && !m->comps[c].given[P_RATE])
        return errmsg_set(why, ERR_INPUT, "%s: \"rate\" must be given",
                          m->comps[c].name);
    if (d->closed && model_param(m, c, P_RATE)->as.number > 0)
        return errmsg_set(why, ERR_INPUT,
                          "%s: either \"rate\" or \"users\" is given, not both",
                          m->comps[c].name);
    if (model_param(m, c, P_GAPS)->as.dist.mean <= 0)
        return errmsg_set(why, ERR_INPUT, "%s: \"gaps\" must have a mean above 0",
                          m->comps[c].name);
    if (d->population > 1)
        d->popular = zipf_make(&m->arena, d->population, popularity);
    return ERR_OK;
}

/* ---- who ------------------------------------------------------------------------- */

uint32_t client_who(struct world *w, comp_id c)
{
    const struct client_data *d = client_data(w->model, c);
    struct rng *r = w_rng(w, c, RNG_IDENTITY);
    if (d->population == 0)
        return ++client_at(w, c)->next_user;
    if (!d->popular)
        return 1 + rng_below(r, d->population);
    return 1 + zipf_at(d->popular, rng_unit(r));
}

/* ---- thinking -------------------------------------------------------------------- */

sim_time client_thinking(const struct world *w, comp_id c)
{
    const struct client_state *s = client_at(w, c);
    return s->thought + (sim_time)s->thinking * (w_now(w) - s->thought_at);
}

void client_away(struct world *w, comp_id c, bool away)
{
    struct client_state *s = client_at(w, c);
    s->thought = client_thinking(w, c);
    s->thought_at = w_now(w);
    s->thinking += away ? 1 : (uint32_t)-1;
}

/* Nobody is so quick that he asks twice in the same moment. */
static void think(struct world *w, comp_id c, uint32_t user, uint32_t made,
                  bool at_once)
{
    const struct dist *d = p_dist(w, c, P_THINK);
    sim_time t = dist_draw(d, w_rng(w, c, RNG_THINK));
    if (t == 0 && at_once)
        t = SIM_MS;
    client_away(w, c, true);
    (void)cal_at(w, w_now(w) + t, EV_KIND + EV_THOUGHT, c, user, made);
}

/* ---- coming and going ------------------------------------------------------------ */

static uint32_t wanted(const struct world *w, comp_id c)
{
    double n = (double)p_count(w, c, P_USERS) * client_at(w, c)->spike;
    return n < USERS_MAX ? (uint32_t)(n + 0.5) : USERS_MAX;
}

void client_joined(struct world *w, comp_id c)
{
    client_at(w, c)->users++;
}

void client_loop_fill(struct world *w, comp_id c)
{
    struct client_state *s = client_at(w, c);
    if (!client_data(w->model, c)->closed)
        return;
    for (int i = 0; s->joined < wanted(w, c); i++) {
        if (i == AT_ONCE) { /* an event has only so much memory */
            (void)cal_at(w, w_now(w), EV_KIND + EV_FILL, c, 0, 0);
            return;
        }
        s->joined++;
        client_joined(w, c);
        think(w, c, client_who(w, c), 0, false);
    }
}

void client_loop_init(struct world *w, comp_id c)
{
    client_loop_fill(w, c);
}

/* Whether this user of a closed loop is one too many, sent away between two visits. */
static bool sent_away(struct world *w, comp_id c)
{
    struct client_state *s = client_at(w, c);
    if (!client_data(w->model, c)->closed || s->joined <= wanted(w, c))
        return false;
    s->joined--;
    s->users--;
    return true;
}

void client_thought(struct world *w, comp_id c, uint32_t user, uint32_t made)
{
    struct client_state *s = client_at(w, c);
    client_away(w, c, false);
    if (sent_away(w, c))
        return;
    s->visits++;
    client_attempt(w, c, user, 0, made + 1);
}

void client_visit_over(struct world *w, comp_id c, uint32_t user, uint32_t made,
                       bool answered, bool at_once)
{
    bool closed = client_data(w->model, c)->closed;
    int64_t most = p_count(w, c, P_VISITS);
    bool all = most > 0 && made >= (uint64_t)most;
    if (all || (!closed && !answered)) {
        client_at(w, c)->users--;
        return;
    }
    if (!sent_away(w, c))
        think(w, c, user, made, at_once);
}
