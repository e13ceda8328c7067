/*
 * world: what the files of the core share among themselves and kinds do not need.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "engine/sim_internal.h"

enum { HEADROOM = 256 * 1024, WORLD_LIMIT = 64 * 1024 * 1024 };
enum { WORLD_LIMIT_MAX = 192 * 1024 * 1024 };

/* memory.c */
void region_map(struct world *w, size_t bytes);
void region_resize(struct world *w, size_t bytes);
void region_trim(struct world *w);
void region_unmap(struct world *w);
/* Makes sure that the next event (and `extra` bytes) has room. False: limit reached. */
bool world_headroom(struct world *w, size_t extra);
static inline bool world_room(struct world *w)
{
    return W_HEAD(w)->used <= w->safe || world_headroom(w, 0);
}

/* limit.c: stops it for good and says what grew. */
enum err world_ran_away(struct world *w, struct errmsg *why) SELDOM;

/* act.c */
void acts_more(struct world *w) SELDOM;
void chunks_free(struct world *w, ref chunks) SELDOM;

HOT struct act *act_new(struct world *w, enum act_kind kind, comp_id c)
{
    struct head *h = W_HEAD(w);
    if (h->act_free == 0)
        acts_more(w);
    struct act *a = act_at(w, h->act_free);
    h->act_free = a->next;
    /* In pieces: compilers clear a few words with vector stores, more with a slow loop.
     */
    enum { PIECE = 64, REST = offsetof(struct act, own) - 3 * PIECE };
    char *p = (char *)a;
    memset(p, 0, PIECE);
    memset(p + PIECE, 0, PIECE);
    memset(p + 2 * PIECE, 0, PIECE);
    memset(p + 3 * PIECE, 0, REST);
    h->act_gen += h->act_gen + 1 == 0 ? 2 : 1;
    a->gen = h->act_gen;
    a->kind = (uint8_t)kind;
    a->cause = CAUSE_OTHER;
    a->comp = a->place = c;
    a->what = a->policy = a->client = a->culprit = a->caller = a->pool = COMP_NONE;
    a->start = a->since = h->now;
    h->acts++;
    return a;
}

HOT void act_free(struct world *w, struct act *a)
{
    struct head *h = W_HEAD(w);
    assert(a->gen != 0 && (a->parent | a->child | a->branches) == 0);
    cal_cancel(w, &a->timer);
    cal_cancel(w, &a->timeout);
    if ((a->more | a->before) != 0) {
        chunks_free(w, a->more);
        chunks_free(w, a->before);
    }
    a->gen = 0;
    a->next = h->act_free;
    h->act_free = W_REF(w, a);
    h->acts--;
}

void act_orphan(struct world *w, struct act *a); /* frees one that nobody waits for */
void act_event(struct world *w, int event, ref r, uint32_t gen);
/* Nobody waits for it any more; it goes on. Marks all below it. */
void act_abandon(struct world *w, struct act *a);
/* The component where it is really stuck: the deepest of those it waits for. */
comp_id act_where(const struct world *w, const struct act *a);
/* Takes over what the child (and those it waits for) has spent so far. */
void ledger_take(struct world *w, struct act *to, struct act *from);
/* Adds the ledger of one that has ended to another's; `from` keeps nothing of use. */
void ledger_merge_own(struct world *w, struct act *to, const struct act *from);
void ledger_merge_chunks(struct world *w, struct act *to, struct act *from);
HOT void ledger_merge(struct world *w, struct act *to, struct act *from)
{
    if (from->more != 0) {
        ledger_merge_chunks(w, to, from);
    } else if (to->nown == 0 && to->more == 0) {
        memcpy(to->own, from->own, sizeof to->own);
        to->nown = from->nown;
    } else {
        ledger_merge_own(w, to, from);
    }
}
/* For a second copy: what explains its caller's time until it was sent moves out of its
 * ledger, and is added to the caller's if it is this one that answers. */
void ledger_park(struct world *w, struct act *a) SELDOM;
void ledger_unpark(struct world *w, struct act *to, const struct act *from) SELDOM;
/* Its slices, at *out, which is `buf` (of `max`) only if they have to be gathered. */
size_t ledger_read(const struct world *w, const struct act *a, struct slice *buf,
                   size_t max, const struct slice **out);

/* call.c */
/* What a root calls: its kind's data begin with it. */
static inline const struct call_spec *call_root_spec(const struct world *w,
                                                     const struct act *a)
{
    return w->comps[a->comp].data;
}
void call_begin(struct world *w, struct act *parent, const struct call_spec *s);
/* Asks for what every call by this policy touches (kind_impl.ahead). */
void call_fetch(const struct world *w, comp_id policy);
void call_delivered(struct world *w, struct act *child);
void call_timeout(struct world *w, struct act *child);
void call_backoff(struct world *w, struct act *parent);
/* The parent stops waiting for its running call (it ends or is killed). */
void call_drop(struct world *w, struct act *parent);
comp_id call_policy_for(struct model *m, comp_id caller, comp_id callee,
                        struct errmsg *why);
enum balance {
    BALANCE_RANDOM,
    BALANCE_ROUND_ROBIN,
    BALANCE_LEAST,
    BALANCE_TWO,
    BALANCE_HASH,
    BALANCE_WEIGHTED,  /* only in balancers */
    BALANCE_LEAST_TIME /* only in balancers */
};
/* BALANCE_HASH of a call without a balancer. */
int call_hash(struct world *w, const struct act *a, const uint16_t *numbers,
              uint32_t n) SELDOM;
/* One that ends when nobody waits for it any more. */
void call_wasted(struct world *w, const struct act *a) SELDOM;
int call_balance(const struct world *w, comp_id policy);
/* Of `n` numbers those that no other copy of the attempt `a` has gone to: at *numbers,
 * which is `spare` (of `n`) if it is not all of them; returns how many. */
uint32_t hedge_others(const struct world *w, const struct act *a,
                      const uint16_t **numbers, uint32_t n, uint16_t *spare) SELDOM;
/* A copy is being served now. */
void hedge_started(struct world *w, struct act *a) SELDOM;

/* exec.c */
struct act *exec_refresh(struct world *w, struct act *lookup); /* kind_impl.refresh */
void exec_start(struct world *w, struct act *a);
void exec_resume(struct world *w, struct act *a, enum reason reason);
void exec_cancel(struct world *w, struct act *a); /* calls, branches, transaction */

/* model.c: "checkout/buy", "edge/buy", "card-gateway": what is called; endpoint
 * COMP_NONE for a third party. */
enum err model_call_target(const struct model *m, const char *text, comp_id *target,
                           comp_id *endpoint, struct errmsg *why);

/* apply.c */
void apply_scheduled(struct world *w, uint32_t index);
void apply_fault_end(struct world *w, ref fault);

/* values.c */
enum err value_fit(const struct model *m, const struct param_desc *p,
                   const struct value *v, struct value *out, struct errmsg *why);
enum err value_fit_arg(const struct model *m, const struct arg_desc *d,
                       const struct value *v, struct value *out, struct errmsg *why);

/* observe.c */
void w_tell_done(struct world *w, const struct act *a, bool user, bool good);
static inline void w_done(struct world *w, const struct act *a, bool user, bool good)
{
    if (w->observer != NULL && w->observer->done != NULL)
        w_tell_done(w, a, user, good);
}
void w_call_span(struct world *w, const struct act *a);
uint32_t w_span_id(struct world *w);

#endif
