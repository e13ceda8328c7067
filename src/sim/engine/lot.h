/*
 * lot: shares that are worked out instead of drawn. Where every try, delivery and service
 * has to find the same (whether a visit has a property, where a request belongs), a stream
 * of random numbers will not do: the answer hangs on who asks, how often and when.
 *
 * So whatever begins something (a client, a job, a subscription, a topic) numbers what
 * it begins, and a lot hangs on the world's seed, the name of who began it and that
 * number. Never on a number that all share: a stranger in the model would shift it.
 */
#ifndef SIM_ENGINE_LOT_H
#define SIM_ENGINE_LOT_H

#include "engine/act.h"
#include "engine/engine.h"

/* Something that was begun: the number `number` of those of component `of`. COMP_NONE, 0:
 * nothing in particular. */
struct lot {
    comp_id of;
    uint32_t number;
};
/* Purposes, so that the shares of one lot have nothing to do with each other. A property's
 * is the hash of its name, of 32 bits. */
#define LOT_PURPOSE(n) (UINT64_C(1) << 32 | (n))
enum lot_use {
    LOT_TRACE,
    LOT_PLACE,     /* on a ring */
    LOT_RESOLVER,  /* asked for a name */
    LOT_PRESENTS,  /* the instance that presents the certificate */
    LOT_CUT,       /* by a link that is cut in part; with the attempt */
    LOT_FORGOTTEN, /* with the time at which connections were */
    LOT_AMOUNT,
    LOT_ROW /* the row of a table that is looked for; with the name of the table */
};
/* The part of a lot that all lots of a component have in common. */
static inline uint64_t lot_of(const struct world *w, comp_id of, uint64_t purpose)
{
    uint64_t name = of == COMP_NONE ? 0 : w->comps[of].name_hash;
    return hash_u64(hash_u64(W_HEAD(w)->seed, name), purpose);
}
static inline uint64_t lot_draw(const struct world *w, struct lot l, uint64_t purpose)
{
    return hash_u64(lot_of(w, l.of, purpose), l.number);
}
/* Whether the lot is among this share of all. */
static inline bool lot_within(uint64_t lot, double share)
{
    return (double)(lot >> 11) * 0x1p-53 < share;
}
/* The lot of an act's request: new at each attempt of a user, the same through all that it
 * comes to. A health check is nobody's request: its instance's service counts it. */
static inline struct lot act_lot(const struct act *a)
{
    return (struct lot){a->client != COMP_NONE ? a->client : a->comp, a->serial};
}
/* The share of an act's subject, or of its request where it has none. */
static inline uint64_t act_share(const struct world *w, const struct act *a,
                                 uint64_t purpose)
{
    if (a->visit == 0)
        return lot_draw(w, act_lot(a), purpose);
    return hash_u64(lot_of(w, a->origin, purpose), (uint64_t)a->nth << 32 | a->visit);
}

#endif
