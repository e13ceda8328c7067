/*
 * clock: what the machines of a component think the time is. Without one they are
 * right. A clock runs away by its drift, may be stepped, and is set right by NTP every
 * `every`, unless it is wrong by more than NTP dares to correct (ntpd: 1,000 s, then it
 * gives up). Nothing happens in a world for it: how wrong it is, is worked out when
 * somebody looks.
 */
#include "engine/kind.h"
#include "engine/telling.h"
#include "model/model.h"
#include "net/net.h"

#include <stdio.h>

enum { P_ON, P_SKEW, P_DRIFT, P_NTP, P_EVERY, P_PANIC, P_COUNT };
static const struct param_desc params[] = {
    [P_ON] = {.name = "on", .type = VALUE_COMP, .doc = "Whose clock it is."},
    [P_SKEW] = {.name = "skew",
                .type = VALUE_NUMBER,
                .min = -1e9,
                .max = 1e9,
                .unit = "s",
                .def = "0",
                .doc = "How far it is ahead at the start; below 0: behind."},
    [P_DRIFT] = {.name = "drift",
                 .type = VALUE_NUMBER,
                 .min = -1e6,
                 .max = 1e6,
                 .unit = "ppm",
                 .def = "0",
                 .doc = "How much too fast it runs, in millionths."},
    [P_NTP] = {.name = "ntp",
               .type = VALUE_BOOL,
               .unit = "",
               .def = "on",
               .change = CHANGE_AT_ONCE,
               .doc = "Whether it is set right from outside."},
    [P_EVERY] = {.name = "every",
                 .type = VALUE_DURATION,
                 .min = 1,
                 .max = 86400,
                 .unit = "s",
                 .def = "64s",
                 .change = CHANGE_AT_ONCE,
                 .doc = "How often that is done."},
    [P_PANIC] = {.name = "panic",
                 .type = VALUE_DURATION,
                 .min = 0,
                 .max = 1e9,
                 .unit = "s",
                 .def = "1000s",
                 .change = CHANGE_AT_ONCE,
                 .doc = "A clock that is wrong by more is left alone; 0: never."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "one for each");

enum { OP_SYNC, OP_COUNT };
static const struct op_desc ops[] = {
    [OP_SYNC] = {.name = "sync",
                 .instance = true,
                 .cost = 5 * SIM_SEC,
                 .risk = "Time jumps on those machines.",
                 .doc = "Sets the clocks right, however wrong they are."},
};
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

#define INSTANCE                                                                       \
    {                                                                                  \
        .name = "instance", .type = VALUE_COUNT, .optional = true,                     \
        .doc = "Which one; all."                                                       \
    }
enum { F_SKEW, F_DRIFT, F_NTP_DOWN, F_LEAP, F_COUNT };
static const struct fault_desc faults[] = {
    [F_SKEW] = {.name = "skew",
                .args = {{.name = "seconds",
                          .type = VALUE_NUMBER,
                          .doc = "How far it jumps ahead; below 0: back."},
                         INSTANCE},
                .doc = "The clock is stepped."},
    [F_DRIFT] = {.name = "drift",
                 .args = {{.name = "ppm",
                           .type = VALUE_NUMBER,
                           .doc = "How much too fast it runs, in millionths."}},
                 .doc = "The clock runs at the wrong speed."},
    [F_NTP_DOWN] = {.name = "ntp_down", .doc = "Nothing sets the clocks right."},
    [F_LEAP] = {.name = "leap",
                .doc = "A leap second that the machines do not know of: one ahead."},
};
_Static_assert(COUNT_OF(faults) == F_COUNT, "one for each");

/* How wrong it was, and when that was; [0]: all, else one instance besides. */
struct error {
    sim_time offset, since;
};
struct clock {
    ref errors;
    uint32_t cap;
    double drift; /* ppm */
    bool ntp_down;
    uint64_t steps;
};

static struct clock *clock_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct clock, c);
}

static struct error *error_at(const struct world *w, const struct clock *k, uint32_t i)
{
    return W_PTR(w, struct error, k->errors) + i;
}

/* ---- how wrong it is ------------------------------------------------------------- */

static sim_time magnitude(sim_time t)
{
    return t < 0 ? -t : t;
}

static bool synced(const struct world *w, comp_id c)
{
    return p_on(w, c, P_NTP) && !clock_at(w, c)->ntp_down;
}

/* The last time at or before now that NTP looked at it since its error was noted. */
static sim_time looked(const struct world *w, comp_id c, const struct error *e)
{
    sim_time every = p_time(w, c, P_EVERY);
    return e->since + (w_now(w) - e->since) / every * every;
}

static sim_time error_now(const struct world *w, comp_id c, uint32_t i)
{
    const struct clock *k = clock_at(w, c);
    const struct error *e = error_at(w, k, i);
    double drift = i == 0 ? k->drift : 0;
    sim_time panic = p_time(w, c, P_PANIC), from = e->since, offset = e->offset;
    sim_time last = looked(w, c, e);
    if (synced(w, c) && last > from && (panic == 0 || magnitude(offset) <= panic)) {
        offset = 0;
        from = last;
    }
    return offset + (sim_time)((double)(w_now(w) - from) * drift / 1e6);
}

/* Notes what it is, before something changes. */
static void note(struct world *w, comp_id c)
{
    struct clock *k = clock_at(w, c);
    for (uint32_t i = 0; i < k->cap; i++) {
        sim_time offset = error_now(w, c, i);
        *error_at(w, k, i) = (struct error){offset, w_now(w)};
    }
}

static sim_time clock_error(const struct world *w, comp_id c, int instance)
{
    const struct clock *k = clock_at(w, c);
    sim_time all = error_now(w, c, 0);
    if (instance > 0 && (uint32_t)instance < k->cap)
        all += error_now(w, c, (uint32_t)instance);
    return all;
}

sim_time clock_now(const struct world *w, comp_id c, int instance)
{
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_clock && w->comps[i].target == c)
            return w_now(w) + clock_error(w, (comp_id)i, instance);
    return w_now(w);
}

/* ---- doing ----------------------------------------------------------------------- */

static void step(struct world *w, comp_id c, int instance, sim_time by)
{
    struct clock *k = clock_at(w, c);
    w_grow(w, &k->errors, &k->cap, (uint32_t)instance + 1, sizeof(struct error));
    note(w, c);
    error_at(w, k, (uint32_t)instance)->offset += by;
    k->steps++;
    w_log(w, w->comps[c].target, instance, LOG_WARN, 0, "time jumped by %.3f s",
          (double)by / (double)SIM_SEC);
}

static enum err clock_op(struct world *w, comp_id c, int op, const struct action *a,
                         struct effect *fx, struct errmsg *why)
{
    struct clock *k = clock_at(w, c);
    (void)op, (void)why;
    note(w, c);
    double was = (double)clock_error(w, c, a->instance) / (double)SIM_SEC;
    for (uint32_t i = 0; i < k->cap; i++)
        if (a->instance == 0 || i == (uint32_t)a->instance)
            error_at(w, k, i)->offset = 0;
    if (a->instance > 0 && error_now(w, c, 0) != 0)
        step(w, c, a->instance, -error_now(w, c, 0));
    k->steps++;
    snprintf(fx->title, sizeof fx->title, "sync %s (was %+.3f s)", w->comps[c].name,
             was);
    return ERR_OK;
}

static enum err skew(struct world *w, comp_id c, const struct action *a, bool on,
                     struct errmsg *why)
{
    int64_t instance = action_gives(a, 1) ? a->args[1].as.count : 0;
    double s = a->args[0].as.number;
    if (!(s >= -1e9 && s <= 1e9))
        return errmsg_set(why, ERR_INPUT, "skew: -1e9 to 1e9 s, not %g", s);
    if (instance < 0 || instance > 1000)
        return errmsg_set(why, ERR_INPUT, "skew: there is no instance %lld",
                          (long long)instance);
    if (on)
        step(w, c, (int)instance, (sim_time)(s * 1e9));
    return ERR_OK;
}

static enum err clock_fault(struct world *w, comp_id c, int fault,
                            const struct action *a, bool on, struct errmsg *why)
{
    struct clock *k = clock_at(w, c);
    double ppm = a->args[0].as.number;
    switch (fault) {
    case F_SKEW:
        return skew(w, c, a, on, why);
    case F_DRIFT:
        if (on && !(ppm >= -1e6 && ppm <= 1e6))
            return errmsg_set(why, ERR_INPUT, "drift: -1e6 to 1e6 ppm, not %g", ppm);
        note(w, c);
        k->drift = on ? ppm : p_number(w, c, P_DRIFT);
        return ERR_OK;
    case F_NTP_DOWN:
        note(w, c);
        k->ntp_down = on;
        return ERR_OK;
    default:
        if (on)
            step(w, c, 0, SIM_SEC);
        return ERR_OK;
    }
}

/* Before the value is stored: what it was until now. */
static enum err clock_set(struct world *w, comp_id c, int param, const struct value *v,
                          struct errmsg *why)
{
    (void)param, (void)v, (void)why;
    note(w, c);
    return ERR_OK;
}

/* ---- the kind -------------------------------------------------------------------- */

enum { M_OFFSET, M_SYNCED, M_STEPS, M_COUNT };
static const struct metric_desc metrics[] = {
    [M_OFFSET] = {.name = "offset_seconds",
                  .prom = "node_timex_offset_seconds",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "s",
                  .per_instance = true,
                  .doc = "How far the clock is ahead."},
    [M_SYNCED] = {.name = "synced",
                  .prom = "node_timex_sync_status",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "1",
                  .doc = "1: NTP sets it right."},
    [M_STEPS] = {.name = "steps_total",
                 .prom = "node_timex_steps_total",
                 .labels = "",
                 .type = METRIC_COUNTER,
                 .unit = "1",
                 .doc = "Times it jumped."},
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static double clock_metric(const struct world *w, comp_id c, int metric, int instance)
{
    if (metric == M_OFFSET)
        return (double)clock_error(w, c, instance) / (double)SIM_SEC;
    if (metric == M_STEPS)
        return (double)clock_at(w, c)->steps;
    sim_time panic = p_time(w, c, P_PANIC);
    return synced(w, c) && (panic == 0 || magnitude(error_now(w, c, 0)) <= panic);
}

static enum err clock_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct value *on = &m->comps[c].params[P_ON];
    if (on->type == VALUE_TEXT) {
        comp_id id = model_need(m, on->as.text, NULL, m->comps[c].name, why);
        if (id == COMP_NONE)
            return ERR_NOT_FOUND;
        *on = (struct value){.type = VALUE_COMP, .as.comp = id};
    }
    m->comps[c].target = on->as.comp;
    return ERR_OK;
}

/* The owner's instances, so that each can be named. */
static int clock_instances(const struct world *w, comp_id c)
{
    const struct kind_impl *k = comp_kind(w, w->comps[c].target);
    return k->instances ? k->instances(w, w->comps[c].target) : 0;
}

static size_t clock_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct clock);
}

static void clock_init(struct world *w, comp_id c)
{
    struct clock *k = clock_at(w, c);
    w_grow(w, &k->errors, &k->cap, 1, sizeof(struct error));
    k->drift = p_number(w, c, P_DRIFT);
    error_at(w, k, 0)->offset = (sim_time)(p_number(w, c, P_SKEW) * 1e9);
}

const struct kind_impl kind_clock = {
    .desc = {.name = "clock",
             .doc = "What the machines of a component think the time is.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .resolve = clock_resolve,
    .state_size = clock_size,
    .init = clock_init,
    .set = clock_set,
    .op = clock_op,
    .fault = clock_fault,
    .metric = clock_metric,
    .instances = clock_instances,
};
