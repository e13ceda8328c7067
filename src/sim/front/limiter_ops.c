/*
 * Limiters, what an operator does: a limit of its own for one client, calling service,
 * endpoint or user.
 */
#include "engine/kind.h"
#include "front/limiter.h"
#include "model/model.h"
#include "truecode/model.h"

#include <stdio.h>
#include <stdlib.h>

/* A client, a calling service, an endpoint of what is behind, or a number. */
static enum err find_who(const struct world *w, comp_id c, const char *text,
                         struct override *o, struct errmsg *why)
{
    const struct model *m = w->model;
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    comp_id target, endpoint, client = model_find(m, text);
    struct buf b;
    o->given = true;
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= UINT32_MAX) {
        o->who = WHO_USER;
        o->key = (uint32_t)number;
        return ERR_OK;
    }
    if (client != COMP_NONE && comp_has(&w->comps[client], KIND_USERS)) {
        o->who = WHO_CLIENT;
        o->key = client;
        return ERR_OK;
    }
    if (client != COMP_NONE && comp_has(&w->comps[client], KIND_SERVES)) {
        o->who = WHO_CALLER;
        o->key = client;
        return ERR_OK;
    }
    buf_init(&b, 0);
    buf_addf(&b, "%s/%s", w->comps[c].name, text);
    enum err e = model_call_target(m, b.s, &target, &endpoint, why);
    buf_release(&b);
    if (e != ERR_OK || endpoint == COMP_NONE)
        return errmsg_set(
            why, ERR_NOT_FOUND,
            "\"%.60s\" is no client, calling service, endpoint or user's number", text);
    o->who = WHO_ENDPOINT;
    o->key = endpoint;
    return ERR_OK;
}

/* The one that is there already, else a free one; NULL: all are taken. */
static struct override *override_slot(struct limiter_state *s, const struct override *o)
{
    struct override *spare = NULL;
    for (uint32_t i = 0; i < s->noverrides; i++) {
        struct override *x = &s->overrides[i];
        if (x->given && x->who == o->who && x->key == o->key)
            return x;
        if (!x->given && !spare)
            spare = x;
    }
    if (!spare && s->noverrides < OVERRIDES_MAX)
        spare = &s->overrides[s->noverrides++];
    return spare;
}

/* Whoever the override is about has a full bucket. */
static void begins_anew(struct world *w, comp_id c, struct bucket_limits *b, void *ctx)
{
    const struct override *o = ctx;
    bool overridden;
    if (b->who != o->who || b->key != o->key)
        return;
    struct limit_rate r = limiter_rate(w, c, b, &overridden);
    bucket_full(b, &r, w_now(w));
    limiter_release(w, c, b);
}

enum err limiter_op(struct world *w, comp_id c, int op, const struct action *a,
                    struct effect *fx, struct errmsg *why)
{
    struct limiter_state *s = limiter_of(w, c);
    struct override o = {0};
    double per_s = a->args[0].as.number;
    (void)op;
    if (action_text(a, 1)[0] == '\0')
        return errmsg_set(why, ERR_INPUT, "say for whom, or set %s.rate",
                          w->comps[c].name);
    if (!(per_s >= -1 && per_s <= 1e9))
        return errmsg_set(why, ERR_INPUT, "limit: 0 to 1000000000 a second, or -1");
    enum err e = find_who(w, c, a->args[1].as.text, &o, why);
    if (e != ERR_OK)
        return e;
    struct override *slot = override_slot(s, &o);
    if (!slot)
        return errmsg_set(why, ERR_REFUSED, "%s has %d limits already",
                          w->comps[c].name, OVERRIDES_MAX);
    double was = !slot->given ? -1 : (double)slot->units / 1e6;
    o.units = per_s < 0 ? 0 : UNITS_OF(per_s);
    *slot = per_s < 0 ? (struct override){0} : o;
    limiter_each(w, c, begins_anew, &o);
    if (per_s < 0)
        snprintf(fx->title, sizeof fx->title, "%s: no limit of its own for %.40s",
                 w->comps[c].name, a->args[1].as.text);
    else
        snprintf(fx->title, sizeof fx->title, "%s: limit %.40s to %.4g/s",
                 w->comps[c].name, a->args[1].as.text, per_s);
    snprintf(fx->text, sizeof fx->text, "%s", a->args[1].as.text);
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP,
                               .comp = c,
                               .name = "limit",
                               .args = {value_number(was), value_text(fx->text)},
                               .nargs = 2};
    return ERR_OK;
}
