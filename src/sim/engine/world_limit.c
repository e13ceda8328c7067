/*
 * The end of a world that ran away. Before each step the loop makes sure of its room
 * (memory.c); where there is none left, the world stops for good and says what grew,
 * where, and what would have kept it. It stays as it is: it can be looked at, copied
 * and left for an earlier one.
 */
#include "engine/act.h"
#include "engine/kind.h"
#include "engine/loop.h"
#include "engine/memory.h"

/* What is inside one component. */
struct crowd {
    comp_id comp;
    size_t all, abandoned;
    size_t by_cause[CAUSE_COUNT + 1];
};

static void count_act(const struct world *w, const struct act *a, void *ctx)
{
    struct crowd *c = ctx;
    (void)w;
    c->all++;
    c->abandoned += (a->flags & ACT_ABANDONED) != 0;
    c->by_cause[a->cause <= CAUSE_COUNT ? a->cause : CAUSE_OTHER]++;
}

/* Where most of the work is; users count only where nothing else does, as each of them
 * waits for something that is elsewhere. */
static void find_crowd(const struct world *w, struct crowd *most)
{
    *most = (struct crowd){.comp = COMP_NONE};
    for (int users = 0; users <= 1 && most->all == 0; users++) {
        for (size_t i = 0; i < w->model->ncomps; i++) {
            const struct kind_impl *k = w->comps[i].kind;
            struct crowd c = {.comp = (comp_id)i};
            if (k->inflight == NULL ||
                comp_has(&w->comps[i], KIND_USERS) != (users == 1))
                continue;
            k->inflight(w, (comp_id)i, count_act, &c);
            if (c.all > most->all)
                *most = c;
        }
    }
}

static unsigned main_cause(const struct crowd *c)
{
    unsigned best = 0;
    for (unsigned i = 1; i <= CAUSE_COUNT; i++)
        if (c->by_cause[i] > c->by_cause[best])
            best = i;
    return best;
}

static void say_advice(const struct world *w, const struct crowd *c, unsigned cause,
                       struct buf *out)
{
    const char *name = w->comps[c->comp].name;
    if (cause == CAUSE_WORKER_QUEUE)
        buf_addf(out, "a bound on %s.queue, ", name);
    else if (cause == CAUSE_POOL_WAIT)
        buf_adds(out, "a bound on how many wait for the pool, ");
    if (c->abandoned > c->all / 2)
        buf_adds(out, "cancelling what nobody waits for, ");
    buf_adds(out, "fewer retries or fewer arrivals would have kept it");
}

enum err world_ran_away(struct world *w, struct errmsg *why)
{
    struct head *h = W_HEAD(w);
    struct crowd c;
    struct buf text;
    h->stopped = true;
    find_crowd(w, &c);
    unsigned cause = main_cause(&c);
    buf_init(&text, sizeof why->text);
    buf_addf(&text,
             "the world ran away: %u pieces of work and %u pending events fill "
             "its %zu MiB",
             h->acts, calendar_pending(w), w->limit >> 20);
    if (c.all > 0) {
        buf_addf(&text, "; %zu are in %s", c.all, w->comps[c.comp].name);
        if (cause < CAUSE_COUNT)
            buf_addf(&text, " (%s)", cause_phrase((enum cause)cause));
        if (c.abandoned > 0)
            buf_addf(&text, ", %zu for callers that have given up", c.abandoned);
        buf_adds(&text, "; ");
        say_advice(w, &c, cause, &text);
    }
    enum err err = errmsg_set(why, ERR_LIMIT, "%s", text.s);
    buf_release(&text);
    return err;
}
