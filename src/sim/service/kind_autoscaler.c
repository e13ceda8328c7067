/*
 * autoscaler: looks at a service every `interval` and changes how many instances it
 * has, in proportion: wanted = instances * measured / target, as common autoscalers do.
 * Within a tenth of the target it leaves things alone. It reacts `delay` after it has
 * looked; it scales up at once, down only when nothing has changed for `cooldown`.
 */
#include "engine/kind.h"
#include "engine/telling.h"
#include "model/model.h"
#include "service/service_internal.h"
#include "truecode/model.h"

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum {
    P_SERVICE,
    P_METRIC,
    P_TARGET,
    P_MIN,
    P_MAX,
    P_INTERVAL,
    P_DELAY,
    P_COOLDOWN,
    P_ON
};
enum { BY_CPU, BY_QUEUE, BY_IN_FLIGHT };
static const struct param_desc params[] = {
    [P_SERVICE] = {.name = "service", .type = VALUE_COMP, .doc = "What it scales."},
    [P_METRIC] = {.name = "metric",
                  .type = VALUE_CHOICE,
                  .def = "cpu",
                  .choices = "cpu|queue|in_flight",
                  .live = true,
                  .doc = "What it looks at, as the mean over the instances."},
    [P_TARGET] = {.name = "target",
                  .type = VALUE_NUMBER,
                  .min = 0.001,
                  .max = 1000000,
                  .unit = "",
                  .def = "0.7",
                  .live = true,
                  .doc = "What the metric should be: a share of the cores, or a number "
                         "of requests."},
    [P_MIN] = {.name = "min",
               .type = VALUE_COUNT,
               .min = 1,
               .max = SERVICE_MAX,
               .unit = "instances",
               .def = "1",
               .live = true,
               .doc = "Fewest instances."},
    [P_MAX] = {.name = "max",
               .type = VALUE_COUNT,
               .min = 1,
               .max = SERVICE_MAX,
               .unit = "instances",
               .def = "10",
               .live = true,
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
                    .live = true,
                    .doc = "Time without a change before it scales down."},
    [P_ON] = {.name = "on",
              .type = VALUE_BOOL,
              .def = "on",
              .live = true,
              .doc = "Off: it changes nothing."},
};

enum { M_WANTED, M_MEASURED, M_UP, M_DOWN };
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

enum { EV_LOOK, EV_ACT };

struct autoscaler {
    int wanted;
    double measured;
    sim_time changed; /* it last scaled */
    uint64_t ups, downs;
};

static struct autoscaler *scaler_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct autoscaler, c);
}

static double measure(const struct world *w, comp_id c)
{
    comp_id service = w->comps[c].target;
    switch (p_count(w, c, P_METRIC)) {
    case BY_CPU:
        return service_cpu(w, service);
    case BY_QUEUE:
        return service_queued(w, service);
    default:
        return service_in_flight(w, service);
    }
}

/* Rounded up, and no change within a tenth of the target. */
static int wanted(const struct world *w, comp_id c, int have, double measured)
{
    int64_t min = p_count(w, c, P_MIN), max = p_count(w, c, P_MAX);
    double ratio = measured / p_number(w, c, P_TARGET);
    double exact = have * ratio;
    int64_t n = have;
    if (exact >= (double)max)
        n = max;
    else if (ratio > 1.1 || ratio < 0.9)
        n = (int64_t)exact + ((double)(int64_t)exact < exact);
    n = n < min ? min : n;
    return (int)(n > max ? max : n);
}

static void scale(struct world *w, comp_id c, int n)
{
    struct autoscaler *s = scaler_at(w, c);
    comp_id service = w->comps[c].target;
    int have = service_count(w, service);
    if (n == have || !p_on(w, c, P_ON))
        return;
    if (n < have && w_now(w) - s->changed < p_time(w, c, P_COOLDOWN))
        return;
    s->changed = w_now(w);
    if (n > have)
        s->ups++;
    else
        s->downs++;
    w_outcome(w, (uint32_t)n);
    w_log(w, c, 0, LOG_INFO, 0, "%s: %d -> %d instances (measured %.3g, target %.3g)",
          w->comps[service].name, have, n, s->measured, p_number(w, c, P_TARGET));
    service_scale(w, service, n);
}

static void look(struct world *w, comp_id c)
{
    struct autoscaler *s = scaler_at(w, c);
    sim_time delay = p_time(w, c, P_DELAY);
    s->measured = measure(w, c);
    s->wanted = wanted(w, c, service_count(w, w->comps[c].target), s->measured);
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
