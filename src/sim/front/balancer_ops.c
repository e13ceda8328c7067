/*
 * An operator's settings at a balancer: the instances left out, the share of each,
 * and rate limits, as token buckets that hold a second's worth.
 */
#include "engine/kind.h"
#include "front/balancer.h"
#include "model/model.h"

#include <stdio.h>

enum { OP_DRAIN, OP_UNDRAIN, OP_LIMIT, OP_WEIGHT, OP_COUNT };
_Static_assert((int)OP_COUNT == (int)BALANCER_OPS, "a switch for each");

/* ---- limits ---------------------------------------------------------------------- */

static bool limit_takes(struct limit *b, sim_time now)
{
    double most = b->per_s > 1 ? b->per_s : 1;
    b->tokens += b->per_s * (double)(now - b->at) / 1e9;
    b->tokens = b->tokens > most ? most : b->tokens;
    b->at = now;
    if (b->per_s <= 0 || b->tokens < 1)
        return false;
    b->tokens -= 1;
    return true;
}

bool balancer_within_limits(struct world *w, struct balancer_state *s, comp_id endpoint)
{
    for (int i = 0; i < LIMITS_MAX; i++) {
        struct limit *b = &s->limits[i];
        bool applies = b->on && (i == 0 || b->endpoint == endpoint);
        if (applies && !limit_takes(b, w_now(w)))
            return false;
    }
    return true;
}

void balancer_limit_set(struct world *w, struct limit *b, comp_id endpoint,
                        double per_s)
{
    *b = (struct limit){.endpoint = endpoint,
                        .on = per_s >= 0,
                        .per_s = per_s,
                        .tokens = per_s,
                        .at = w_now(w)};
}

/* The bucket of this endpoint, else a free one; NULL: all are taken. */
static struct limit *limit_for(struct balancer_state *s, comp_id endpoint)
{
    struct limit *spare = NULL;
    for (int i = 1; i < LIMITS_MAX; i++) {
        if (s->limits[i].on && s->limits[i].endpoint == endpoint)
            return &s->limits[i];
        if (!s->limits[i].on && !spare)
            spare = &s->limits[i];
    }
    return spare;
}

/* ---- operations ------------------------------------------------------------------ */

static enum err op_drain(struct world *w, comp_id c, const struct action *a, bool drain,
                         struct effect *fx, struct errmsg *why)
{
    struct balancer_state *s = balancer_state(w, c);
    const char *service = w->comps[balancer_service(w, c)].name;
    int number = action_gives(a, 0) ? (int)a->args[0].as.count : a->instance;
    if (number < 1 || (uint32_t)number > s->n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no instance %d", service, number);
    struct backend *b = balancer_backend(w, s, number);
    if (b->drained == drain)
        return errmsg_set(why, ERR_REFUSED, "%s-%d is %s rotation already", service,
                          number, drain ? "out of" : "in");
    b->drained = drain;
    b->in_since = w_now(w);
    rotation_update(w, c);
    snprintf(fx->title, sizeof fx->title, "%s %s-%d", drain ? "drain" : "undrain",
             service, number);
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP,
                               .comp = c,
                               .name = drain ? "undrain" : "drain",
                               .args = {value_count(number)},
                               .nargs = 1};
    return ERR_OK;
}

static enum err op_limit(struct world *w, comp_id c, const struct action *a,
                         struct effect *fx, struct errmsg *why)
{
    struct balancer_state *s = balancer_state(w, c);
    double per_s = a->args[0].as.number;
    if (!action_gives(a, 1))
        return errmsg_set(why, ERR_INPUT, "say which endpoint, or set %s.limit",
                          w->comps[c].name);
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s/%s", w->comps[balancer_service(w, c)].name, a->args[1].as.text);
    comp_id endpoint = model_need(w->model, b.s, "endpoint", "limit", why);
    buf_release(&b);
    if (endpoint == COMP_NONE)
        return ERR_NOT_FOUND;
    struct limit *bucket = limit_for(s, endpoint);
    if (!bucket)
        return errmsg_set(why, ERR_REFUSED, "%s has %d limits already",
                          w->comps[c].name, LIMITS_MAX - 1);
    double was = bucket->on ? bucket->per_s : -1;
    balancer_limit_set(w, bucket, endpoint, per_s);
    snprintf(fx->title, sizeof fx->title,
             per_s < 0 ? "no limit on %s" : "limit %s to %.4g/s",
             w->comps[endpoint].name, per_s);
    const char *name =
        strchr(w->comps[endpoint].name, '/') + 1; /* outlives the action */
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP,
                               .comp = c,
                               .name = "limit",
                               .args = {value_number(was), value_text(name)},
                               .nargs = 2};
    return ERR_OK;
}

static enum err op_weight(struct world *w, comp_id c, const struct action *a,
                          struct effect *fx, struct errmsg *why)
{
    struct balancer_state *s = balancer_state(w, c);
    const char *service = w->comps[balancer_service(w, c)].name;
    double weight = a->args[0].as.number;
    int number = action_gives(a, 1) ? (int)a->args[1].as.count : a->instance;
    if (number < 1 || (uint32_t)number > s->n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no instance %d", service, number);
    if (!(weight >= 0 && weight <= 1000))
        return errmsg_set(why, ERR_INPUT, "a weight is 0 to 1000, not %.4g", weight);
    struct backend *b = balancer_backend(w, s, number);
    snprintf(fx->title, sizeof fx->title, "weight of %s-%d %.4g -> %.4g", service,
             number, b->weight, weight);
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP,
                               .comp = c,
                               .name = "weight",
                               .args = {value_number(b->weight), value_count(number)},
                               .nargs = 2};
    b->weight = weight;
    return ERR_OK;
}

enum err balancer_op(struct world *w, comp_id c, int op, const struct action *a,
                     struct effect *fx, struct errmsg *why)
{
    if (op == OP_LIMIT)
        return op_limit(w, c, a, fx, why);
    if (op == OP_WEIGHT)
        return op_weight(w, c, a, fx, why);
    return op_drain(w, c, a, op == OP_DRAIN, fx, why);
}

const struct op_desc balancer_ops[] = {
    [OP_DRAIN] = {.name = "drain",
                  .args = {{.name = "instance",
                            .type = VALUE_COUNT,
                            .optional = true,
                            .doc = "its number"}},
                  .instance = true,
                  .cost = SIM_SEC,
                  .doc = "Sends an instance nothing more."},
    [OP_UNDRAIN] = {.name = "undrain",
                    .args = {{.name = "instance",
                              .type = VALUE_COUNT,
                              .optional = true,
                              .doc = "its number"}},
                    .instance = true,
                    .cost = SIM_SEC,
                    .doc = "Sends it requests again."},
    [OP_LIMIT] = {.name = "limit",
                  .args = {{.name = "per_second",
                            .type = VALUE_NUMBER,
                            .doc = "requests let through; -1: no limit"},
                           {.name = "endpoint",
                            .type = VALUE_TEXT,
                            .optional = true,
                            .doc = "which one: buy"}},
                  .cost = SIM_SEC,
                  .risk = "requests above the limit are refused",
                  .doc = "Limits the requests to one endpoint."},
    [OP_WEIGHT] = {.name = "weight",
                   .args = {{.name = "weight",
                             .type = VALUE_NUMBER,
                             .doc = "its share, as others have 1"},
                            {.name = "instance",
                             .type = VALUE_COUNT,
                             .optional = true,
                             .doc = "its number"}},
                   .instance = true,
                   .cost = SIM_SEC,
                   .doc = "Sends an instance more or less, with policy = weighted."},
};
_Static_assert(COUNT_OF(balancer_ops) == OP_COUNT, "one for each");
