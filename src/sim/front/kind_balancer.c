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

#include <stdio.h>

/* ---- rotation ------------------------------------------------------------------- */

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

/* ---- probes --------------------------------------------------------------------- */

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

/* ---- limits --------------------------------------------------------------------- */

static bool limit_takes(struct limit *b, sim_time now)
{
    double most = b->per_s > 1 ? b->per_s : 1;
    b->tokens += b->per_s * (double)(now - b->at) / 1e9;
    b->tokens = b->tokens > most ? most : b->tokens;
    b->at = now;
    if (b->per_s <= 0 || b->tokens < 1)
        return false;
    b->tokens -= 1;
    return true;
}

static bool within_limits(struct world *w, struct balancer_state *s, comp_id endpoint)
{
    for (int i = 0; i < LIMITS_MAX; i++) {
        struct limit *b = &s->limits[i];
        bool applies = b->on && (i == 0 || b->endpoint == endpoint);
        if (applies && !limit_takes(b, w_now(w)))
            return false;
    }
    return true;
}

static void limit_set(struct world *w, struct limit *b, comp_id endpoint, double per_s)
{
    *b = (struct limit){.endpoint = endpoint,
                        .on = per_s >= 0,
                        .per_s = per_s,
                        .tokens = per_s,
                        .at = w_now(w)};
}

/* The bucket of this endpoint, else a free one; NULL: all are taken. */
static struct limit *limit_for(struct balancer_state *s, comp_id endpoint)
{
    struct limit *spare = NULL;
    for (int i = 1; i < LIMITS_MAX; i++) {
        if (s->limits[i].on && s->limits[i].endpoint == endpoint)
            return &s->limits[i];
        if (!s->limits[i].on && !spare)
            spare = &s->limits[i];
    }
    return spare;
}

/* ---- requests ------------------------------------------------------------------- */

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
    if (!within_limits(w, s, a->what)) {
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

/* ---- operations ----------------------------------------------------------------- */

enum { OP_DRAIN, OP_UNDRAIN, OP_LIMIT, OP_WEIGHT };

static enum err op_drain(struct world *w, comp_id c, const struct action *a, bool drain,
                         struct effect *e, struct errmsg *why)
{
    struct balancer_state *s = balancer_state(w, c);
    const char *service = w->comps[balancer_service(w, c)].name;
    int number = action_gives(a, 0) ? (int)a->args[0].as.count : a->instance;
    if (number < 1 || (uint32_t)number > s->n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no instance %d", service, number);
    struct backend *b = balancer_backend(w, s, number);
    if (b->drained == drain)
        return errmsg_set(why, ERR_REFUSED, "%s-%d is %s rotation already", service,
                          number, drain ? "out of" : "in");
    b->drained = drain;
    b->in_since = w_now(w);
    rotation_update(w, c);
    snprintf(e->title, sizeof e->title, "%s %s-%d", drain ? "drain" : "undrain",
             service, number);
    e->has_undo = true;
    e->undo = (struct action){.kind = ACTION_OP,
                              .comp = c,
                              .name = drain ? "undrain" : "drain",
                              .args = {value_count(number)},
                              .nargs = 1};
    return ERR_OK;
}

static enum err op_limit(struct world *w, comp_id c, const struct action *a,
                         struct effect *e, struct errmsg *why)
{
    struct balancer_state *s = balancer_state(w, c);
    double per_s = a->args[0].as.number;
    if (!action_gives(a, 1))
        return errmsg_set(why, ERR_INPUT, "say which endpoint, or set %s.limit",
                          w->comps[c].name);
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s/%s", w->comps[balancer_service(w, c)].name, a->args[1].as.text);
    comp_id endpoint = model_need(w->model, b.s, "endpoint", "limit", why);
    buf_release(&b);
    if (endpoint == COMP_NONE)
        return ERR_NOT_FOUND;
    struct limit *bucket = limit_for(s, endpoint);
    if (!bucket)
        return errmsg_set(why, ERR_REFUSED, "%s has %d limits already",
                          w->comps[c].name, LIMITS_MAX - 1);
    double was = bucket->on ? bucket->per_s : -1;
    limit_set(w, bucket, endpoint, per_s);
    snprintf(e->title, sizeof e->title,
             per_s < 0 ? "no limit on %s" : "limit %s to %.4g/s",
             w->comps[endpoint].name, per_s);
    const char *name =
        strchr(w->comps[endpoint].name, '/') + 1; /* outlives the action */
    e->has_undo = true;
    e->undo = (struct action){.kind = ACTION_OP,
                              .comp = c,
                              .name = "limit",
                              .args = {value_number(was), value_text(name)},
                              .nargs = 2};
    return ERR_OK;
}

static enum err op_weight(struct world *w, comp_id c, const struct action *a,
                          struct effect *e, struct errmsg *why)
{
    struct balancer_state *s = balancer_state(w, c);
    const char *service = w->comps[balancer_service(w, c)].name;
    double weight = a->args[0].as.number;
    int number = action_gives(a, 1) ? (int)a->args[1].as.count : a->instance;
    if (number < 1 || (uint32_t)number > s->n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no instance %d", service, number);
    if (!(weight >= 0 && weight <= 1000))
        return errmsg_set(why, ERR_INPUT, "a weight is 0 to 1000, not %.4g", weight);
    struct backend *b = balancer_backend(w, s, number);
    snprintf(e->title, sizeof e->title, "weight of %s-%d %.4g -> %.4g", service, number,
             b->weight, weight);
    e->has_undo = true;
    e->undo = (struct action){.kind = ACTION_OP,
                              .comp = c,
                              .name = "weight",
                              .args = {value_number(b->weight), value_count(number)},
                              .nargs = 2};
    b->weight = weight;
    return ERR_OK;
}

static enum err balancer_op(struct world *w, comp_id c, int op, const struct action *a,
                            struct effect *e, struct errmsg *why)
{
    if (op == OP_LIMIT)
        return op_limit(w, c, a, e, why);
    if (op == OP_WEIGHT)
        return op_weight(w, c, a, e, why);
    return op_drain(w, c, a, op == OP_DRAIN, e, why);
}

static void balancer_changed(struct world *w, comp_id c, int param,
                             const struct value *old)
{
    (void)old;
    if (param == P_LIMIT)
        limit_set(w, &balancer_state(w, c)->limits[0], COMP_NONE,
                  p_number(w, c, P_LIMIT));
    if (param == P_PROBE || param == P_EVERY)
        probes_arm(w, c);
    if (param == P_PROBE || param == P_PANIC)
        rotation_update(w, c);
    if (param == P_POLICY || param == P_EJECT_AFTER || param == P_EJECT_BELOW ||
        param == P_EJECT_EVERY)
        eject_tune(w, c);
}

/* ---- the kind ------------------------------------------------------------------- */

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
    enum err err = param_resolve(m, c, P_VIA, "link", why);
    return err == ERR_OK ? param_resolve(m, c, P_PROBE_VIA, "link", why) : err;
}

static void balancer_init(struct world *w, comp_id c)
{
    service_of(w, balancer_service(w, c))->balancer = c;
    limit_set(w, &balancer_state(w, c)->limits[0], COMP_NONE, p_number(w, c, P_LIMIT));
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

enum { M_REQUESTS, M_LIMITED, M_NO_BACKEND, M_ROTATION, M_EJECTIONS, M_EJECTED };

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

static const struct param_desc params[] = {
    [P_TO] = {.name = "to",
              .type = VALUE_COMP,
              .unit = "",
              .doc = "The service behind it."},
    [P_POLICY] =
        {.name = "policy",
         .type = VALUE_CHOICE,
         .unit = "",
         .def = "round_robin",
         .choices =
             "random|round_robin|least_in_flight|two_choices|hash|weighted|least_time",
         .change = CHANGE_AT_ONCE,
         .doc = "How an instance is chosen."},
    [P_PROBE] = {.name = "probe",
                 .type = VALUE_CHOICE,
                 .unit = "",
                 .def = "liveness",
                 .choices = "none|liveness|readiness",
                 .change = CHANGE_AT_ONCE,
                 .doc = "Which of an instance's health answers it asks for."},
    [P_EVERY] = {.name = "every",
                 .type = VALUE_DURATION,
                 .min = 0.1,
                 .max = 3600,
                 .unit = "s",
                 .def = "5s",
                 .change = CHANGE_AT_ONCE,
                 .doc = "How often it asks."},
    [P_THRESHOLD] = {.name = "threshold",
                     .type = VALUE_COUNT,
                     .min = 1,
                     .max = 1000,
                     .unit = "",
                     .def = "3",
                     .change = CHANGE_AT_ONCE,
                     .doc =
                         "Bad answers in a row that take an instance out of rotation."},
    [P_RISE] = {.name = "rise",
                .type = VALUE_COUNT,
                .min = 1,
                .max = 1000,
                .unit = "",
                .def = "1",
                .change = CHANGE_AT_ONCE,
                .doc = "Good answers in a row that bring it back."},
    [P_PANIC] =
        {.name = "panic_threshold",
         .type = VALUE_FRACTION,
         .min = 0,
         .max = 1,
         .unit = "",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc =
             "With a smaller share of instances in rotation it sends to all of them."},
    [P_LIMIT] = {.name = "limit",
                 .type = VALUE_NUMBER,
                 .min = -1,
                 .max = 1e9,
                 .unit = "1/s",
                 .def = "-1",
                 .change = CHANGE_AT_ONCE,
                 .doc = "Requests a second that it lets through, of all callers "
                        "together; -1: no limit."},
    [P_VIA] = {.name = "via",
               .type = VALUE_COMP,
               .unit = "",
               .def = "",
               .doc = "The link between it and the instances."},
    [P_PROBE_VIA] =
        {.name = "probe_via",
         .type = VALUE_COMP,
         .unit = "",
         .def = "",
         .doc =
             "The link that its health checks go over; none: they always get through."},
    [P_VIRTUAL_NODES] = {.name = "virtual_nodes",
                         .type = VALUE_COUNT,
                         .min = 1,
                         .max = 1000,
                         .unit = "",
                         .def = "100",
                         .change = CHANGE_AT_ONCE,
                         .doc =
                             "Places of an instance on the ring, with policy = hash."},
    [P_EJECT_AFTER] = {.name = "eject_after",
                       .type = VALUE_COUNT,
                       .min = 0,
                       .max = 1000,
                       .unit = "failures",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .doc = "Failures in a row after which an instance is ejected "
                              "for a while; 0: never."},
    [P_EJECT_BELOW] = {.name = "eject_below",
                       .type = VALUE_FRACTION,
                       .min = 0,
                       .max = 1,
                       .unit = "",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .doc = "Share of good answers in an interval below which it is "
                              "ejected; 0: never."},
    [P_EJECT_EVERY] = {.name = "eject_every",
                       .type = VALUE_DURATION,
                       .min = 0.1,
                       .max = 3600,
                       .unit = "s",
                       .def = "10s",
                       .change = CHANGE_AT_ONCE,
                       .doc = "Length of that interval."},
    [P_EJECT_FOR] =
        {.name = "eject_for",
         .type = VALUE_DURATION,
         .min = 0.1,
         .max = 3600,
         .unit = "s",
         .def = "30s",
         .change = CHANGE_AT_ONCE,
         .doc = "How long the first time, twice as long the second, and so on."},
    [P_EJECT_MAX] =
        {.name = "eject_max",
         .type = VALUE_FRACTION,
         .min = 0,
         .max = 1,
         .unit = "",
         .def = "0.1",
         .change = CHANGE_AT_ONCE,
         .doc = "Share of the instances that may be ejected at once; one always may."},
    [P_SLOW_START] = {.name = "slow_start",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 3600,
                      .unit = "s",
                      .def = "0",
                      .change = CHANGE_AT_ONCE,
                      .doc = "Over this time an instance that has just come gets more "
                             "and more; 0: all at "
                             "once."},
    [P_CHOICES] = {.name = "choices",
                   .type = VALUE_COUNT,
                   .min = 2,
                   .max = 100,
                   .unit = "instances",
                   .def = "2",
                   .change = CHANGE_AT_ONCE,
                   .doc = "How many different instances two_choices compares."},
};

static const struct op_desc ops[] = {
    {"drain",
     {{"instance", VALUE_COUNT, true, "its number"}},
     true,
     SIM_SEC,
     NULL,
     "Sends an instance nothing more."},
    {"undrain",
     {{"instance", VALUE_COUNT, true, "its number"}},
     true,
     SIM_SEC,
     NULL,
     "Sends it requests again."},
    {"limit",
     {{"per_second", VALUE_NUMBER, false, "requests let through; -1: no limit"},
      {"endpoint", VALUE_TEXT, true, "which one: buy"}},
     false,
     SIM_SEC,
     "requests above the limit are refused",
     "Limits the requests to one endpoint."},
    {"weight",
     {{"weight", VALUE_NUMBER, false, "its share, as others have 1"},
      {"instance", VALUE_COUNT, true, "its number"}},
     true,
     SIM_SEC,
     NULL,
     "Sends an instance more or less, with policy = weighted."},
};

static const struct metric_desc metrics[] = {
    {"requests_total", "balancer_requests_total", "", METRIC_COUNTER, "1", false,
     "Requests that came in."},
    {"limited_total", "balancer_limited_total", "", METRIC_COUNTER, "1", false,
     "Requests refused by a limit."},
    {"no_backend_total", "balancer_no_backend_total", "", METRIC_COUNTER, "1", false,
     "Requests refused because no instance was there."},
    {"in_rotation", "balancer_backends_up", "", METRIC_GAUGE, "1", false,
     "Instances that get requests."},
    {"ejections_total", "balancer_ejections_total", "", METRIC_COUNTER, "1", false,
     "Instances ejected because they failed."},
    {"ejected", "balancer_backends_ejected", "", METRIC_GAUGE, "1", false,
     "Those that are ejected now."},
};

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
             .params = params,
             .nparams = sizeof params / sizeof *params,
             .ops = ops,
             .nops = sizeof ops / sizeof *ops,
             .metrics = metrics,
             .nmetrics = sizeof metrics / sizeof *metrics,
             .needs = needs,
             .nneeds = sizeof needs / sizeof *needs,
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
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
