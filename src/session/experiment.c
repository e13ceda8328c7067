/*
 * Running a lab file: worlds from one seed after another, each to its end, all into one
 * measure. The loop runs from one moment that the measure wants to see to the next, and
 * comes back to its caller after so many events, so that it can always be stopped.
 */
#include "experiment_internal.h"

#include <string.h>

const char *const experiment_quantiles[MEASURE_QUANTILES] = {"p50", "p90", "p99",
                                                             "p99.9"};

const struct experiment_part experiment_parts[EXPERIMENT_PARTS] = {
    {"all", "all", 0, 1},
    {"median", "p50", 0.45, 0.55},
    {"slow 1%", "p99", 0.985, 0.995},
};

/* ---- opening --------------------------------------------------------------------- */

static enum err settle_plan(struct experiment *x, const struct experiment_options *o,
                            struct errmsg *why)
{
    struct lab_plan *p = &x->plan;
    *p = lesson_lab_plan(x->lesson);
    x->wanted = o->replications > 0 ? o->replications : 1;
    if (x->wanted > REPLICATIONS_MAX)
        return errmsg_set(why, ERR_INPUT, "%u replications; %d at most", x->wanted,
                          REPLICATIONS_MAX);
    if (o->until == 0)
        return ERR_OK;
    if (o->until < SIM_SEC || o->until > LAB_LONGEST)
        return errmsg_set(why, ERR_INPUT, "until: from a second to 30 days");
    p->ends_at = o->until;
    if (p->warm_up_left_out)
        p->warm_up = o->until / LAB_WARM_UP_PART;
    if (p->warm_up < p->ends_at)
        return ERR_OK;
    struct buf warm;
    buf_init(&warm, 0);
    time_format(&warm, p->warm_up);
    errmsg_set(why, ERR_INPUT, "until must be later than the warm-up of %s", warm.s);
    buf_release(&warm);
    return ERR_INPUT;
}

/* A replication's world; the first also tells what can be measured. */
static enum err start(struct experiment *x, struct errmsg *why)
{
    lesson_world_release(&x->lw);
    enum err e = lesson_build(x->lesson, x->seed + x->done, &x->lw, why);
    if (e != ERR_OK)
        return e;
    if (!x->model) {
        const struct measure_plan p = {x->plan.warm_up, x->plan.ends_at,
                                       (unsigned)x->plan.batches};
        e = measure_new(&x->measure, x->lw.model, &p, why);
        if (e != ERR_OK)
            return e;
        x->model = model_ref(x->lw.model);
    }
    x->world = world_new(x->lw.model, x->seed + x->done, why);
    measure_begin(x->measure);
    return x->world ? ERR_OK : ERR_LIMIT;
}

enum err experiment_open(struct experiment **out, const struct experiment_options *o,
                         struct errmsg *why)
{
    struct experiment *x = mem_alloc(sizeof *x);
    x->seed = o->seed;
    enum err e = lesson_load_lab(&x->lesson, o->text, o->len, o->name, why);
    if (e == ERR_OK)
        e = settle_plan(x, o, why);
    if (e == ERR_OK)
        e = start(x, why);
    *out = e == ERR_OK ? x : NULL;
    if (e != ERR_OK)
        experiment_free(x);
    return e;
}

void experiment_free(struct experiment *x)
{
    if (!x)
        return;
    measure_free(x->measure);
    world_free(x->world);
    lesson_world_release(&x->lw);
    if (x->model)
        model_unref(x->model);
    lesson_unref(x->lesson);
    mem_free(x);
}

/* ---- running --------------------------------------------------------------------- */

/* The schedule's actions that were refused, and what was said to the first of them. */
static void note_refused(struct experiment *x)
{
    const char *first;
    size_t n = world_refused(x->world, &first, NULL);
    if (n > 0 && x->refused == 0)
        (void)errmsg_set(&x->why_refused, ERR_REFUSED, "%s", first);
    x->refused += n;
}

static void end_replication(struct experiment *x)
{
    note_refused(x);
    measure_end(x->measure, x->world);
    x->events += world_events(x->world);
    x->digest = hash_u64(x->digest, world_digest(x->world));
    x->done++;
    world_free(x->world);
    x->world = NULL;
}

/* A lab's components may not come and go with the seed: figures are kept by number. */
static enum err same_parts(const struct experiment *x, struct errmsg *why)
{
    const struct model *a = x->model, *b = x->lw.model;
    bool same = model_comps(a) == model_comps(b);
    for (size_t c = 0; same && c < model_comps(a); c++)
        same = str_eq(model_name(a, (comp_id)c), model_name(b, (comp_id)c)) &&
               model_kind(a, (comp_id)c) == model_kind(b, (comp_id)c);
    return same ? ERR_OK
                : errmsg_set(why, ERR_LESSON,
                             "seed %llu builds other components than seed %llu: they "
                             "cannot be measured together",
                             (unsigned long long)(x->seed + x->done),
                             (unsigned long long)x->seed);
}

static enum err next_replication(struct experiment *x, bool *more, struct errmsg *why)
{
    *more = x->done < x->wanted;
    if (!*more)
        return ERR_OK;
    enum err e = start(x, why);
    if (e == ERR_OK)
        e = same_parts(x, why);
    if (e != ERR_OK) {
        *more = false;
        world_free(x->world);
        x->world = NULL;
    }
    return e;
}

enum err experiment_run(struct experiment *x, uint64_t max_events, bool *more,
                        struct errmsg *why)
{
    *more = false;
    if (!x->world)
        return ERR_OK;
    struct observer o = measure_observer(x->measure);
    for (uint64_t end = world_events(x->world) + max_events;;) {
        sim_time t = measure_next(x->measure);
        if (t == SIM_FOREVER) {
            end_replication(x);
            return next_replication(x, more, why);
        }
        uint64_t now = world_events(x->world);
        struct errmsg said = {0};
        enum err e = world_run(x->world, t, now < end ? end - now : 0, &o, &said);
        *more = e == ERR_STOPPED;
        if (e == ERR_STOPPED)
            return ERR_OK;
        if (e != ERR_OK) {
            x->why_stopped = said;
            experiment_stop(x);
            return errmsg_set(why, e, "%s", said.text);
        }
        measure_tick(x->measure, x->world);
        if (!mem_room(MEM_RESERVE)) {
            e = errmsg_set(&x->why_stopped, ERR_LIMIT,
                           "the memory of its process is used up: %zu MiB of world",
                           world_bytes(x->world) >> 20);
            experiment_stop(x);
            return errmsg_set(why, e, "%s", x->why_stopped.text);
        }
    }
}

void experiment_stop(struct experiment *x)
{
    if (!x->world)
        return;
    x->stopped_at = world_now(x->world);
    end_replication(x);
}

double experiment_done(const struct experiment *x)
{
    double now = x->world ? (double)world_now(x->world) : 0;
    return (x->done + now / (double)x->plan.ends_at) / x->wanted;
}

uint64_t experiment_events(const struct experiment *x)
{
    return x->events + (x->world ? world_events(x->world) : 0);
}

uint64_t experiment_digest(const struct experiment *x)
{
    return x->digest;
}
