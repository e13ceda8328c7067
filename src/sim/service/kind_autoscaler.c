/*
 * autoscaler: looks at a service every `interval` and changes how many instances the
 * service has, as the Kubernetes Horizontal Pod Autoscaler does
 * (https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/,
 * "Algorithm details" and "Configurable scaling behavior"; the code is
 * pkg/controller/podautoscaler/replica_calculator.go and horizontal.go):
 *
 *   wanted = ceil(instances with a measure * measured / target)
 *
 * Asked for is not there. An instance that is not ready yet has no measure that means
 * anything: the first ratio leaves it out. Where that ratio asks for more, the instance
 * counts as one that does nothing, and the ratio is worked out again. One whose measure
 * is missing (a process that died and waits) counts as doing nothing when more are
 * asked for, and as fully busy when fewer are. Nothing changes where the new ratio is
 * within `tolerance` of 1, points the other way than the first one, or nobody has a
 * measure.
 *
 * By processor an instance is not ready yet while it starts; for `initialisation` after
 * that also while its readiness fails or has not held for a whole window of the
 * measure; after that only as long as it has never been ready. By other measures only
 * while it starts. `unready = "measured"` takes every process as it is, as simpler
 * scalers do: such a scaler sees the work of its own starts.
 *
 * What is wanted goes through the windows: the smallest number wanted within
 * `up_window` for going up, the largest within `down_window` for coming down (at the
 * start: as many as there are). Then
 * through the limits: within `limit_period` at most `up_share` of the instances or
 * `up_count` are added, whichever is more, and at most `down_share` removed. The
 * defaults are Kubernetes' (100 % or 4 up, 100 % down, in 15 s), but for coming down:
 * there `cooldown` waits for five minutes without a change, as AWS's scale-in cooldown
 * does, where Kubernetes has a window of five minutes.
 */
#include "engine/kind.h"
#include "engine/telling.h"
#include "model/model.h"
#include "service/autoscaler.h"
#include "service/service_internal.h"
#include "truecode/model.h"

enum {
    P_SERVICE,
    P_METRIC,
    P_TARGET,
    P_MIN,
    P_MAX,
    P_INTERVAL,
    P_DELAY,
    P_COOLDOWN,
    P_TOLERANCE,
    P_UNREADY,
    P_INITIALISATION,
    P_UP_WINDOW,
    P_DOWN_WINDOW,
    P_LIMIT_PERIOD,
    P_UP_SHARE,
    P_UP_COUNT,
    P_DOWN_SHARE,
    P_ON,
    P_COUNT
};
static const struct param_desc params[] = {
    [P_SERVICE] = {.name = "service", .type = VALUE_COMP, .doc = "What it scales."},
    [P_METRIC] = {.name = "metric",
                  .type = VALUE_CHOICE,
                  .def = "cpu",
                  .choices = "cpu|queue|in_flight",
                  .change = CHANGE_AT_ONCE,
                  .doc = "What it looks at, as the mean over the instances."},
    [P_TARGET] = {.name = "target",
                  .type = VALUE_NUMBER,
                  .min = 0.001,
                  .max = 1000000,
                  .unit = "",
                  .def = "0.7",
                  .change = CHANGE_AT_ONCE,
                  .doc = "What the metric should be: a share of the cores, or a number "
                         "of requests."},
    [P_MIN] = {.name = "min",
               .type = VALUE_COUNT,
               .min = 1,
               .max = SERVICE_MAX,
               .unit = "instances",
               .def = "1",
               .change = CHANGE_AT_ONCE,
               .doc = "Fewest instances."},
    [P_MAX] = {.name = "max",
               .type = VALUE_COUNT,
               .min = 1,
               .max = SERVICE_MAX,
               .unit = "instances",
               .def = "10",
               .change = CHANGE_AT_ONCE,
               .doc = "Most instances."},
    [P_INTERVAL] = {.name = "interval",
                    .type = VALUE_DURATION,
                    .min = 1,
                    .max = 3600,
                    .unit = "s",
                    .def = "15s",
                    .doc = "How often it looks."},
    [P_DELAY] = {.name = "delay",
                 .type = VALUE_DURATION,
                 .min = 0,
                 .max = 3600,
                 .unit = "s",
                 .def = "0",
                 .doc = "Time from looking to changing anything."},
    [P_COOLDOWN] = {.name = "cooldown",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 86400,
                    .unit = "s",
                    .def = "5m",
                    .change = CHANGE_AT_ONCE,
                    .doc = "Time without a change before it scales down."},
    [P_TOLERANCE] = {.name = "tolerance",
                     .type = VALUE_FRACTION,
                     .min = 0,
                     .max = 1,
                     .def = "10%",
                     .change = CHANGE_AT_ONCE,
                     .doc = "Nothing changes while the measure is so near its target."},
    [P_UNREADY] = {.name = "unready",
                   .type = VALUE_CHOICE,
                   .def = "idle",
                   .choices = "idle|measured",
                   .change = CHANGE_BUILT,
                   .doc = "Instances that are not ready yet: counted as doing nothing "
                          "when more are wanted and else left out, or measured like "
                          "the others, their start included."},
    [P_INITIALISATION] = {.name = "initialisation",
                          .type = VALUE_DURATION,
                          .min = 0,
                          .max = 86400,
                          .unit = "s",
                          .def = "5m",
                          .change = CHANGE_BUILT,
                          .doc = "Time after its start in which an instance's cpu "
                                 "counts only once it has been ready for 10 s."},
    [P_UP_WINDOW] = {.name = "up_window",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 3600,
                     .unit = "s",
                     .def = "0",
                     .change = CHANGE_AT_ONCE,
                     .doc = "It goes up to the smallest number wanted in so long."},
    [P_DOWN_WINDOW] = {.name = "down_window",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 3600,
                       .unit = "s",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .doc = "It comes down to the largest number wanted in so long. "
                              "Kubernetes: 5m, and no cooldown."},
    [P_LIMIT_PERIOD] = {.name = "limit_period",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 1800,
                        .unit = "s",
                        .def = "15s",
                        .change = CHANGE_AT_ONCE,
                        .doc = "The time that the next three are about; 0: no limits."},
    [P_UP_SHARE] = {.name = "up_share",
                    .type = VALUE_NUMBER,
                    .min = 0,
                    .max = 1000,
                    .unit = "",
                    .def = "1",
                    .change = CHANGE_AT_ONCE,
                    .doc = "Share of the instances that may be added in a period; 1: "
                           "as many as there are."},
    [P_UP_COUNT] = {.name = "up_count",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = SERVICE_MAX,
                    .unit = "instances",
                    .def = "4",
                    .change = CHANGE_AT_ONCE,
                    .doc = "Or so many, where that is more."},
    [P_DOWN_SHARE] = {.name = "down_share",
                      .type = VALUE_FRACTION,
                      .min = 0,
                      .max = 1,
                      .def = "100%",
                      .change = CHANGE_AT_ONCE,
                      .doc = "Share of the instances that may be removed in a period."},
    [P_ON] = {.name = "on",
              .type = VALUE_BOOL,
              .def = "on",
              .change = CHANGE_AT_ONCE,
              .doc = "Off: it changes nothing."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "each parameter has its words");

enum { M_WANTED, M_MEASURED, M_UP, M_DOWN, M_COUNT };
static const struct metric_desc metrics[] = {
    [M_WANTED] = {.name = "wanted",
                  .prom = "autoscaler_desired_instances",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "1",
                  .doc = "Instances it wanted when it last looked."},
    [M_MEASURED] = {.name = "measured",
                    .prom = "autoscaler_metric_value",
                    .labels = "",
                    .type = METRIC_GAUGE,
                    .unit = "1",
                    .doc = "What it saw when it last looked."},
    [M_UP] = {.name = "ups_total",
              .prom = "autoscaler_changes_total",
              .labels = "direction=\"up\"",
              .type = METRIC_COUNTER,
              .unit = "1",
              .doc = "Times it scaled up."},
    [M_DOWN] = {.name = "downs_total",
                .prom = "autoscaler_changes_total",
                .labels = "direction=\"down\"",
                .type = METRIC_COUNTER,
                .unit = "1",
                .doc = "Times it scaled down."},
};

_Static_assert(COUNT_OF(metrics) == M_COUNT, "each metric has its words");

enum { EV_LOOK, EV_ACT };

/* The memory of windows and limits. */
struct memory {
    sim_time at;
    int wanted; /* at a look; 0: a change */
    int change; /* instances added, or removed: below 0 */
};
struct autoscaler {
    int wanted;
    double measured;
    sim_time changed; /* the last time it scaled */
    uint64_t ups, downs;
    ref memories; /* struct memory, oldest first */
    uint32_t n, cap;
};

static struct autoscaler *scaler_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct autoscaler, c);
}

/* ---- what is remembered ---------------------------------------------------------- */

static sim_time longest(const struct world *w, comp_id c)
{
    sim_time up = p_time(w, c, P_UP_WINDOW), down = p_time(w, c, P_DOWN_WINDOW);
    sim_time period = p_time(w, c, P_LIMIT_PERIOD);
    up = up > down ? up : down;
    return up > period ? up : period;
}

/* Makes room by forgetting what is too old for all windows; so the array stays within
 * twice what they hold. */
static void forget(struct world *w, comp_id c)
{
    struct autoscaler *s = scaler_at(w, c);
    struct memory *m = W_PTR(w, struct memory, s->memories);
    sim_time from = w_now(w) - longest(w, c);
    uint32_t old = 0;
    while (old < s->n && m[old].at < from)
        old++;
    s->n -= old;
    memmove(m, m + old, s->n * sizeof *m);
}

static void remember(struct world *w, comp_id c, int wanted, int change)
{
    struct autoscaler *s = scaler_at(w, c);
    if (s->n == s->cap && s->n > 0)
        forget(w, c);
    if (2 * (s->n + 1) > s->cap)
        w_grow(w, &s->memories, &s->cap, 2 * (s->n + 1), sizeof(struct memory));
    W_PTR(w, struct memory, s->memories)
    [s->n++] = (struct memory){w_now(w), wanted, change};
}

/* Between the smallest number wanted lately, for going up, and the largest, for coming
 * down; as many as there are where they disagree. */
static int steady(const struct world *w, comp_id c, int have, int wanted)
{
    const struct autoscaler *s = scaler_at(w, c);
    sim_time up = w_now(w) - p_time(w, c, P_UP_WINDOW);
    sim_time down = w_now(w) - p_time(w, c, P_DOWN_WINDOW);
    int least = wanted, most = wanted;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct memory *m = W_PTR(w, struct memory, s->memories) + i;
        if (m->wanted > 0 && m->at > up && m->wanted < least)
            least = m->wanted;
        if (m->wanted > 0 && m->at > down && m->wanted > most)
            most = m->wanted;
    }
    return have < least ? least : have > most ? most : have;
}

static int limited(const struct world *w, comp_id c, int have, int n)
{
    const struct autoscaler *s = scaler_at(w, c);
    sim_time period = p_time(w, c, P_LIMIT_PERIOD);
    int was = have;
    if (period == 0)
        return n;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct memory *m = W_PTR(w, struct memory, s->memories) + i;
        was -= m->at > w_now(w) - period ? m->change : 0;
    }
    int most =
        scaler_most(was, p_number(w, c, P_UP_SHARE), (int)p_count(w, c, P_UP_COUNT));
    int least = scaler_least(was, p_number(w, c, P_DOWN_SHARE));
    most = most > have ? most : have;
    least = least < have ? least : have;
    return n > most ? most : n < least ? least : n;
}

/* ---- looking and acting ---------------------------------------------------------- */

static int within_bounds(const struct world *w, comp_id c, int n)
{
    int min = (int)p_count(w, c, P_MIN), max = (int)p_count(w, c, P_MAX);
    n = n < min ? min : n;
    return n > max ? max : n;
}

static void scale(struct world *w, comp_id c, int wanted)
{
    struct autoscaler *s = scaler_at(w, c);
    comp_id service = w->comps[c].target;
    int have = service_count(w, service);
    int n = within_bounds(w, c, limited(w, c, have, wanted));
    if (n == have || !p_on(w, c, P_ON))
        return;
    if (n < have && w_now(w) - s->changed < p_time(w, c, P_COOLDOWN))
        return;
    s->changed = w_now(w);
    if (n > have)
        s->ups++;
    else
        s->downs++;
    remember(w, c, 0, n - have);
    w_outcome(w, (uint32_t)n);
    w_log(w, c, 0, LOG_INFO, 0, "%s: %d -> %d instances (measured %.3g, target %.3g)",
          w->comps[service].name, have, n, s->measured, p_number(w, c, P_TARGET));
    service_scale(w, service, n);
}

static void look(struct world *w, comp_id c)
{
    struct autoscaler *s = scaler_at(w, c);
    comp_id service = w->comps[c].target;
    enum scaler_metric by = (enum scaler_metric)p_count(w, c, P_METRIC);
    double target = p_number(w, c, P_TARGET);
    sim_time delay = p_time(w, c, P_DELAY);
    int have = service_count(w, service);
    struct census n = {0};
    service_census(w, service, by, p_count(w, c, P_UNREADY) == UNREADY_MEASURED,
                   p_time(w, c, P_INITIALISATION), &n);
    s->measured = n.measured > 0 ? n.sum / n.measured : 0;
    int wanted = scaler_wanted(&n, have, target, p_number(w, c, P_TOLERANCE),
                               by == BY_CPU ? 1 : target);
    wanted = within_bounds(w, c, wanted);
    s->wanted = steady(w, c, have, wanted);
    remember(w, c, wanted, 0);
    w_outcome(w, (uint32_t)s->wanted);
    if (delay > 0)
        cal_after(w, delay, EV_KIND + EV_ACT, c, (uint32_t)s->wanted, 0);
    else
        scale(w, c, s->wanted);
}

static void scaler_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)b;
    if (what == EV_ACT) {
        scale(w, c, (int)a);
        return;
    }
    look(w, c);
    cal_after(w, p_time(w, c, P_INTERVAL), EV_KIND + EV_LOOK, c, 0, 0);
}

static enum err scaler_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct comp *self = &m->comps[c];
    struct value *service = &self->params[P_SERVICE];
    if (service->type == VALUE_TEXT) {
        comp_id s = model_need(m, service->as.text, "service", self->name, why);
        if (s == COMP_NONE)
            return ERR_NOT_FOUND;
        *service = (struct value){.type = VALUE_COMP, .as.comp = s};
    }
    self->target = service->as.comp;
    if (self->params[P_MIN].as.count > self->params[P_MAX].as.count)
        return errmsg_set(why, ERR_INPUT, "%s: min is more than max", self->name);
    return ERR_OK;
}

/* `set` sees one of the two before it is stored. */
static enum err scaler_set(struct world *w, comp_id c, int param, const struct value *v,
                           struct errmsg *why)
{
    if ((param == P_MIN && v->as.count > p_count(w, c, P_MAX)) ||
        (param == P_MAX && v->as.count < p_count(w, c, P_MIN)))
        return errmsg_set(why, ERR_REFUSED, "%s: min would be more than max",
                          w->comps[c].name);
    return ERR_OK;
}

static int64_t autoscaler_most(const struct model *m, comp_id c, comp_id *service)
{
    const struct value *v = model_param(m, c, P_SERVICE);
    *service = v->type == VALUE_TEXT   ? model_find(m, v->as.text)
               : v->type == VALUE_COMP ? v->as.comp
                                       : COMP_NONE;
    return model_param(m, c, P_MAX)->as.count;
}

static size_t scaler_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct autoscaler);
}

static void scaler_init(struct world *w, comp_id c)
{
    remember(w, c, service_count(w, w->comps[c].target), 0);
    cal_after(w, p_time(w, c, P_INTERVAL), EV_KIND + EV_LOOK, c, 0, 0);
}

static double scaler_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)instance;
    const struct autoscaler *s = scaler_at(w, c);
    switch (metric) {
    case M_WANTED:
        return s->wanted > 0 ? s->wanted : service_count(w, w->comps[c].target);
    case M_MEASURED:
        return s->measured;
    case M_UP:
        return (double)s->ups;
    default:
        return (double)s->downs;
    }
}

const struct kind_impl kind_autoscaler = {
    .desc = {.name = "autoscaler",
             .doc = "Changes how many instances a service has, by what it measures.",
             .params = params,
             .nparams = COUNT_OF(params),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .init_turn = INIT_LOOKS,
    .resolve = scaler_resolve,
    .scales = autoscaler_most,
    .state_size = scaler_state_size,
    .init = scaler_init,
    .event = scaler_event,
    .set = scaler_set,
    .metric = scaler_metric,
};
