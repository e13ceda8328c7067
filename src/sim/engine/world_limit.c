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

/* The acts that are inside a component. */
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
            if (!k->inflight || comp_has(&w->comps[i], KIND_USERS) != (users == 1))
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

/* The keeper of the most messages; how many, and their bytes. */
static uint64_t most_messages(const struct world *w, comp_id *keeper, size_t *bytes)
{
    uint64_t most = 0;
    for (size_t c = 0; c < w->model->ncomps; c++) {
        const struct kind_impl *k = w->comps[c].kind;
        size_t all = 0;
        uint64_t n = k->keeps ? k->keeps(w, (comp_id)c, &all) : 0;
        if (n > most) {
            most = n;
            *keeper = (comp_id)c;
            *bytes = all;
        }
    }
    return most;
}

/* Says so when what is kept, and not what is done, fills the world; false: it does
 * not. */
static bool say_kept(const struct world *w, struct buf *out)
{
    comp_id topic = COMP_NONE;
    size_t bytes = 0;
    uint64_t n = most_messages(w, &topic, &bytes);
    if (bytes < w->limit / 4 || bytes < W_HEAD(w)->acts * sizeof(struct act))
        return false;
    const char *name = w->comps[topic].name;
    buf_addf(out,
             "the world ran away: %llu messages that %s keeps fill its %zu MiB; a "
             "shorter %s.retention, a smaller %s.capacity, fewer messages or faster "
             "consumers would have kept it",
             (unsigned long long)n, name, w->limit >> 20, name, name);
    return true;
}

/* Work fills it: how much, where most of it is, and what would have kept it. */
static void say_work(const struct world *w, struct buf *out)
{
    struct crowd c;
    find_crowd(w, &c);
    unsigned cause = main_cause(&c);
    buf_addf(out,
             "the world ran away: %u pieces of work and %u pending events fill "
             "its %zu MiB",
             W_HEAD(w)->acts, calendar_pending(w), w->limit >> 20);
    if (c.all == 0)
        return;
    buf_addf(out, "; %zu are in %s", c.all, w->comps[c.comp].name);
    if (cause < CAUSE_COUNT)
        buf_addf(out, " (%s)", cause_phrase((enum cause)cause));
    if (c.abandoned > 0)
        buf_addf(out, ", %zu for callers that have given up", c.abandoned);
    buf_adds(out, "; ");
    say_advice(w, &c, cause, out);
}

enum err world_ran_away(struct world *w, struct errmsg *why)
{
    struct buf text;
    W_HEAD(w)->stopped = true;
    buf_init(&text, sizeof why->text);
    if (!say_kept(w, &text))
        say_work(w, &text);
    enum err e = errmsg_set(why, ERR_LIMIT, "%s", text.s);
    buf_release(&text);
    return e;
}
