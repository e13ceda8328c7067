/*
 * Kind "balancer": what stands in front of a service. It knows an instance's health
 * only from its own probes, so it learns late, and only what the probe asks. A
 * connection that is refused at once (the process is not there) it tries with another
 * instance; a request that hangs it cannot tell from one that takes long.
 */
#include "call/call.h"
#include "engine/kind.h"
#include "engine/telling.h"
#include "front/balancer.h"
#include "model/model.h"
#include "net/net.h"

/* ---- rotation -------------------------------------------------------------------- */

static bool out(const struct backend *b)
{
    return b->out || b->drained || b->ejected;
}

void rotation_update(struct world *w, comp_id c)
{
    struct balancer_state *s = balancer_state(w, c);
    comp_id service = balancer_service(w, c);
    w_grow(w, &s->rotation, &s->rotation_cap, s->n + 1, sizeof(uint16_t));
    w_grow(w, &s->scratch, &s->scratch_cap, s->n + 1, sizeof(uint16_t));
    uint16_t *numbers = W_PTR(w, uint16_t, s->rotation);
    s->nrotation = 0;
    uint32_t known = 0;
    for (uint32_t k = 1; k <= s->n; k++) {
        const struct backend *b = balancer_backend(w, s, (int)k);
        bool there = balancer_may_ask(w, service, (int)k);
        known += there && !b->drained;
        if (there && !out(b))
            numbers[s->nrotation++] = (uint16_t)k;
    }
    if ((double)s->nrotation >= p_number(w, c, P_PANIC) * known)
        return;
    s->nrotation = 0; /* panic: better all than too few */
    for (uint32_t k = 1; k <= s->n; k++)
        if (balancer_may_ask(w, service, (int)k) &&
            !balancer_backend(w, s, (int)k)->drained)
            numbers[s->nrotation++] = (uint16_t)k;
}

void balancer_instances(struct world *w, comp_id c)
{
    struct balancer_state *s = balancer_state(w, c);
    uint32_t n = service_of(w, balancer_service(w, c))->n;
    w_grow(w, &s->backends, &s->cap, n, sizeof(struct backend));
    for (uint32_t k = s->n + 1; k <= n; k++) { /* a new one has to answer first */
        struct backend *b = balancer_backend(w, s, (int)k);
        b->out = w_now(w) > 0 && p_count(w, c, P_PROBE) != ASK_NONE;
        b->in_since = w_now(w);
        b->weight = 1;
    }
    s->n = n;
    rotation_update(w, c);
}

static bool balancer_has(const struct world *w, comp_id c, int number)
{
    const struct balancer_state *s = balancer_state(w, c);
    const uint16_t *numbers = W_PTR(w, uint16_t, s->rotation);
    for (uint32_t i = 0; i < s->nrotation; i++)
        if (numbers[i] == number)
            return takes(w, balancer_service(w, c), number);
    return false;
}

static bool balancer_trusts(const struct world *w, comp_id c, int number)
{
    const struct balancer_state *s = balancer_state(w, c);
    return (uint32_t)number <= s->n && !out(balancer_backend(w, s, number));
}

/* ---- probes ---------------------------------------------------------------------- */

static bool probe_reaches(const struct world *w, comp_id c, int number)
{
    comp_id link = p_comp(w, c, P_PROBE_VIA);
    const struct talk t = {.callee = (uint16_t)number};
    return link == COMP_NONE || link_reaches(w, link, &t);
}

static void probe_one(struct world *w, comp_id c, int number)
{
    struct balancer_state *s = balancer_state(w, c);
    struct backend *b = balancer_backend(w, s, number);
    comp_id service = balancer_service(w, c);
    bool ok =
        service_healthy(w, service, number, p_count(w, c, P_PROBE) == ASK_READINESS) &&
        probe_reaches(w, c, number);
    b->fails = ok ? 0 : b->fails + 1;
    b->oks = ok ? b->oks + 1 : 0;
    bool out = b->out ? b->oks < (uint64_t)p_count(w, c, P_RISE)
                      : b->fails >= (uint64_t)p_count(w, c, P_THRESHOLD);
    if (out == b->out)
        return;
    b->out = out;
    b->in_since = w_now(w);
    w_log(w, c, 0, out ? LOG_WARN : LOG_INFO, 0, "%s-%d %s rotation",
          w->comps[service].name, number, out ? "taken out of" : "back in");
}

static void probes_arm(struct world *w, comp_id c)
{
    struct balancer_state *s = balancer_state(w, c);
    cal_cancel(w, &s->timer);
    if (p_count(w, c, P_PROBE) != ASK_NONE)
        s->timer = cal_after(w, p_time(w, c, P_EVERY), EV_KIND + EV_PROBES, c, 0, 0);
}

static void balancer_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    struct balancer_state *s = balancer_state(w, c);
    comp_id service = balancer_service(w, c);
    (void)b;
    if (what == EV_JUDGE) {
        eject_judge(w, c);
        return;
    }
    if (what == EV_RETURN) {
        eject_return(w, c, (int)a);
        return;
    }
    s->timer = 0;
    for (uint32_t k = 1; k <= s->n; k++)
        if (service_instance(w, service, (int)k)->state != INSTANCE_NONE)
            probe_one(w, c, (int)k);
    rotation_update(w, c);
    probes_arm(w, c);
}

/* ---- requests -------------------------------------------------------------------- */

/* An instance that takes the connection; 0: there is none. */
static int choose(struct world *w, comp_id c, struct balancer_state *s,
                  const struct act *a)
{
    comp_id service = balancer_service(w, c);
    const uint16_t *numbers = W_PTR(w, uint16_t, s->rotation);
    uint32_t all = s->nrotation;
    if (all == 0)
        return 0;
    if (a->flags & ACT_COPY)
        all = hedge_others(w, a, &numbers, all, W_PTR(w, uint16_t, s->scratch));
    int number = balancer_choose(w, c, a, numbers, all);
    if (takes(w, service, number))
        return number;
    numbers = W_PTR(w, uint16_t, s->rotation);
    uint16_t *open = W_PTR(w, uint16_t, s->scratch);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->nrotation; i++)
        if (takes(w, service, numbers[i]))
            open[n++] = numbers[i];
    return n == 0 ? 0 : balancer_choose(w, c, a, open, n);
}

static void balancer_begin(struct world *w, struct act *a)
{
    comp_id c = a->comp;
    struct balancer_state *s = balancer_state(w, c);
    s->requests++;
    if (!balancer_within_limits(w, s, a->what)) {
        s->limited++;
        act_finish(w, a, REASON_RATE_LIMITED, a->comp);
        return;
    }
    int number = choose(w, a->comp, s, a);
    if (number == 0) {
        s->no_backend++;
        act_finish(w, a, REASON_NO_BACKEND, a->comp);
        return;
    }
    a->comp = a->place = balancer_service(w, a->comp);
    a->instance = (uint16_t)number;
    if (s->watches) {
        a->flags |= ACT_WATCHED;
        a->watcher = service_of(w, a->comp)->balancer;
    }
    if (p_comp(w, c, P_VIA) != COMP_NONE)
        path_send_on(w, a, p_comp(w, c, P_VIA));
    else
        service_begin(w, a);
}

static comp_id balancer_sends_on(const struct world *w, comp_id c)
{
    return p_comp(w, c, P_VIA);
}

/* ---- settings -------------------------------------------------------------------- */

static void balancer_changed(struct world *w, comp_id c, int param,
                             const struct value *old)
{
    (void)old;
    if (param == P_LIMIT)
        balancer_limit_set(w, &balancer_state(w, c)->limits[0], COMP_NONE,
                           p_number(w, c, P_LIMIT));
    if (param == P_PROBE || param == P_EVERY)
        probes_arm(w, c);
    if (param == P_PROBE || param == P_PANIC)
        rotation_update(w, c);
    if (param == P_POLICY || param == P_EJECT_AFTER || param == P_EJECT_BELOW ||
        param == P_EJECT_EVERY)
        eject_tune(w, c);
}

/* ---- the kind -------------------------------------------------------------------- */

static enum err balancer_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct value *to = &m->comps[c].params[P_TO];
    if (to->type == VALUE_TEXT) {
        comp_id s = model_need(m, to->as.text, "service", m->comps[c].name, why);
        if (s == COMP_NONE)
            return ERR_NOT_FOUND;
        *to = (struct value){.type = VALUE_COMP, .as.comp = s};
    }
    m->comps[c].target = to->as.comp;
    if (!comp_has(&m->comps[to->as.comp], KIND_SERVES))
        return errmsg_set(why, ERR_INPUT, "%s: a balancer stands in front of a service",
                          m->comps[c].name);
    enum err e = param_resolve(m, c, P_VIA, "link", why);
    return e == ERR_OK ? param_resolve(m, c, P_PROBE_VIA, "link", why) : e;
}

static void balancer_init(struct world *w, comp_id c)
{
    service_of(w, balancer_service(w, c))->balancer = c;
    balancer_limit_set(w, &balancer_state(w, c)->limits[0], COMP_NONE,
                       p_number(w, c, P_LIMIT));
    balancer_instances(w, c);
    probes_arm(w, c);
    eject_tune(w, c);
}

static enum err balancer_check(struct model *m, comp_id c, struct errmsg *why)
{
    (void)why;
    if (model_param(m, c, P_POLICY)->as.count == BALANCE_HASH)
        ring_reserve(m, m->comps[c].target,
                     model_param(m, c, P_VIRTUAL_NODES)->as.count);
    return ERR_OK;
}

static size_t balancer_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct balancer_state);
}

enum {
    M_REQUESTS,
    M_LIMITED,
    M_NO_BACKEND,
    M_ROTATION,
    M_EJECTIONS,
    M_EJECTED,
    M_COUNT
};

static double balancer_metric(const struct world *w, comp_id c, int metric,
                              int instance)
{
    const struct balancer_state *s = balancer_state(w, c);
    (void)instance;
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_LIMITED:
        return (double)s->limited;
    case M_NO_BACKEND:
        return (double)s->no_backend;
    case M_EJECTIONS:
        return (double)s->ejections;
    case M_EJECTED:
        return eject_count(w, c);
    default: {
        double n = 0;
        for (uint32_t k = 1; k <= s->n; k++)
            n += balancer_has(w, c, (int)k);
        return n;
    }
    }
}

static const struct metric_desc metrics[] = {
    [M_REQUESTS] = {.name = "requests_total",
                    .prom = "balancer_requests_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Requests that came in."},
    [M_LIMITED] = {.name = "limited_total",
                   .prom = "balancer_limited_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Requests refused by a limit."},
    [M_NO_BACKEND] = {.name = "no_backend_total",
                      .prom = "balancer_no_backend_total",
                      .labels = "",
                      .type = METRIC_COUNTER,
                      .unit = "1",
                      .doc = "Requests refused because no instance was there."},
    [M_ROTATION] = {.name = "in_rotation",
                    .prom = "balancer_backends_up",
                    .labels = "",
                    .type = METRIC_GAUGE,
                    .unit = "1",
                    .doc = "Instances that get requests."},
    [M_EJECTIONS] = {.name = "ejections_total",
                     .prom = "balancer_ejections_total",
                     .labels = "",
                     .type = METRIC_COUNTER,
                     .unit = "1",
                     .doc = "Instances ejected because they failed."},
    [M_EJECTED] = {.name = "ejected",
                   .prom = "balancer_backends_ejected",
                   .labels = "",
                   .type = METRIC_GAUGE,
                   .unit = "1",
                   .doc = "Those that are ejected now."},
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static const char *const streams[] = {"choice", "slow_start", NULL};

/* Metrics that are listed only where they are modelled. */
static const struct metric_need needs[] = {
    {"ejected", "eject_after"},
    {"ejected", "eject_below"},
    {"ejections_total", "eject_after"},
    {"ejections_total", "eject_below"},
};

static const struct figure_desc figures[] = {
    {.label = "turned away",
     .metric = "limited_total",
     .how = FIGURE_RATE,
     .map = MAP_IF_ANY,
     .bad = 1e-9},
    {.label = "with no instance",
     .metric = "no_backend_total",
     .how = FIGURE_RATE,
     .map = MAP_IF_ANY,
     .bad = 1e-9},
};

const struct kind_impl kind_balancer = {
    .desc = {.name = "balancer",
             .doc = "Spreads requests over the instances of a service.",
             .params = balancer_params,
             .nparams = P_COUNT,
             .ops = balancer_ops,
             .nops = BALANCER_OPS,
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .traits = KIND_HANDS_ON,
    .named = NAMED_CALLED,
    .init_turn = INIT_LOOKS,
    .streams = streams,
    .resolve = balancer_resolve,
    .check = balancer_check,
    .state_size = balancer_size,
    .init = balancer_init,
    .event = balancer_event,
    .begin = balancer_begin,
    .saw = balancer_saw,
    .sends_on = balancer_sends_on,
    .instances_changed = balancer_instances,
    .trusts = balancer_trusts,
    .rotates = balancer_has,
    .changed = balancer_changed,
    .op = balancer_op,
    .metric = balancer_metric,
};
