/*
 * Kind "client": users. They come whether or not the system answers (an open loop),
 * wait only so long, and some try again. What they live through is the ledger by which
 * a lesson is judged, so it is counted here and not in what is shown of it.
 *
 * Arrivals: the integral of the rate from one arrival to the next is an exponential
 * number with mean 1. So the rate may change over time in any way and the same
 * random numbers still give the same people, only earlier or later.
 *
 * An attempt is bad as soon as that is sure: it failed, its user gave up, or the
 * objective's time has passed without an answer.
 */
#include "call/call.h"
#include "client/client.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/loop.h"
#include "engine/queue.h"
#include "engine/telling.h"
#include "engine/zipf.h"
#include "model/model.h"
#include "service/endpoint.h"
#include "service/service.h"
#include "truecode/model.h"

#include <inttypes.h>

/* ACT_USER: x is the timer of its patience, `timeout` that of the objective; only the
 * one that is due first is armed, as hardly any comes so far. demand: how long it
 * waits, 0: for ever; phase 1: all wait as long; key 1: it is counted as bad already;
 * y: visits its user has made. */

enum { TRACES_PER_S = 25 };

/* ---- model time ----------------------------------------------------------------- */

static struct client_data *data_make(struct model *m, comp_id c)
{
    if (!m->comps[c].data) {
        struct client_data *d = arena_alloc(&m->arena, sizeof *d);
        d->endpoint = COMP_NONE;
        m->comps[c].data = d;
    }
    return m->comps[c].data;
}

static void client_describe(const struct model *m, comp_id c, struct buf *out)
{
    const struct client_data *d = m->comps[c].data;
    if (!d)
        return;
    for (size_t i = 0; i < d->ncurve; i++) {
        buf_addf(out, " %" PRId64, d->curve[i].at);
        describe_number(out, d->curve[i].factor);
    }
    buf_addf(out, " %" PRId64, d->period);
}

static enum err client_curve(struct model *m, comp_id c, const struct curve_point *p,
                             size_t n, sim_time period, struct errmsg *why)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i].at < 0 || (i > 0 && p[i].at <= p[i - 1].at) || !(p[i].factor >= 0) ||
            (period > 0 && p[i].at >= period))
            return errmsg_set(
                why, ERR_INPUT,
                "%s: a curve's times must rise, stay below its period, and "
                "its factors must not be negative",
                m->comps[c].name);
    }
    struct client_data *d = data_make(m, c);
    d->curve = arena_alloc(&m->arena, (n + 1) * sizeof *p);
    memcpy(d->curve, p, n * sizeof *p);
    d->ncurve = n;
    d->period = period;
    return ERR_OK;
}

static enum err client_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct client_data *d = data_make(m, c);
    const char *to = model_param(m, c, P_TO)->as.text;
    comp_id target;
    enum err err = model_call_target(m, to, &target, &d->endpoint, why);
    if (err != ERR_OK) {
        errmsg_prefix(why, "%s: ", m->comps[c].name);
        return err;
    }
    m->comps[c].target = target;
    bool external = comp_has(&m->comps[target], KIND_WHOLE);
    d->spec =
        (struct call_spec){.policy = call_policy_for(m, c, target, why),
                           .target = target,
                           .what = d->endpoint == COMP_NONE ? target : d->endpoint,
                           .pool = COMP_NONE,
                           .kind = external ? ACT_EXTERNAL : ACT_REQUEST};
    return d->spec.policy == COMP_NONE ? ERR_INPUT : ERR_OK;
}

static enum err client_check(struct model *m, comp_id c, struct errmsg *why)
{
    struct client_data *d = data_make(m, c);
    d->slo = m->has_slo && m->slo_client[c];
    return client_check_loop(m, c, d, why);
}

static size_t client_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct client_state);
}

/* ---- arrivals ------------------------------------------------------------------- */

/* The factor's straight line at `t`: its value now, its end, and its value there. */
static void curve_piece(const struct client_data *d, sim_time t, double *now,
                        sim_time *end, double *then)
{
    const struct curve_point *p = d->curve;
    size_t n = d->ncurve;
    sim_time lap = d->period > 0 ? t / d->period * d->period : 0, at = t - lap;
    size_t i = 0;
    while (i < n && p[i].at <= at)
        i++;
    if (n == 0 || (d->period == 0 && (i == 0 || i == n))) {
        *now = *then = n == 0 ? 1 : p[i == 0 ? 0 : n - 1].factor;
        *end = n > 0 && i == 0 ? p[0].at : SIM_FOREVER;
        return;
    }
    struct curve_point a = i > 0 ? p[i - 1] : p[n - 1], b = i < n ? p[i] : p[0];
    if (i == 0)
        a.at -= d->period;
    if (i == n)
        b.at += d->period;
    double share = (double)(at - a.at) / (double)(b.at - a.at);
    *now = a.factor + (b.factor - a.factor) * share;
    *then = b.factor;
    *end = lap + b.at;
}

/* Seconds until the integral of a rate that goes from r0 to r1 in `span` is `area`. */
static double time_of_area(double area, double r0, double r1, double span)
{
    double slope = (r1 - r0) / span;
    double root = tc_sqrt(r0 * r0 + 2 * slope * area);
    return 2 * area / (r0 + root);
}

/* So late that it never comes is SIM_FOREVER. */
static sim_time later(sim_time from, double seconds)
{
    return seconds < 1e9 ? from + (sim_time)(seconds * 1e9 + 0.5) : SIM_FOREVER;
}

static sim_time curved_arrival(const struct world *w, comp_id c, sim_time from,
                               double area)
{
    const struct client_data *d = client_data(w->model, c);
    double rate = client_at(w, c)->rate;
    if (rate <= 0)
        return SIM_FOREVER;
    for (int piece = 0; piece < 10000; piece++) {
        double f0, f1;
        sim_time end;
        curve_piece(d, from, &f0, &end, &f1);
        if (end == SIM_FOREVER)
            return f0 > 0 ? later(from, area / (rate * f0)) : SIM_FOREVER;
        double span = (double)(end - from) / 1e9, all = rate * (f0 + f1) / 2 * span;
        if (all > area)
            return later(from, time_of_area(area, rate * f0, rate * f1, span));
        area -= all;
        from = end;
    }
    return SIM_FOREVER;
}

HOT void arm(struct world *w, comp_id c, struct client_state *s)
{
    sim_time at = s->steady && s->rate > 0 ? later(s->from, s->wanted / s->rate)
                                           : curved_arrival(w, c, s->from, s->wanted);
    cal_cancel(w, &s->timer);
    if (at != SIM_FOREVER)
        s->timer = cal_put(w, at, EV_KIND + EV_ARRIVAL, c, 0, 0);
}

/* Gaps of another shape, at whatever the rate is then. */
static SELDOM double wanted_gap(struct world *w, comp_id c)
{
    const struct dist *d = p_dist(w, c, P_GAPS);
    if (p_count(w, c, P_ARRIVALS) == ARRIVALS_EVEN)
        return 1;
    return (double)dist_draw(d, w_rng(w, c, RNG_ARRIVALS)) / (double)d->mean;
}

static void want_next(struct world *w, comp_id c, struct client_state *s)
{
    s->from = w_now(w);
    s->wanted =
        s->poisson ? rng_exponential(w_rng(w, c, RNG_ARRIVALS)) : wanted_gap(w, c);
    arm(w, c, s);
}

/* The rate was `before`: what is left of the integral to the next arrival. */
static void rate_changed(struct world *w, comp_id c, double before)
{
    struct client_state *s = client_at(w, c);
    const struct client_data *d = client_data(w->model, c);
    while (s->from < w_now(w)) {
        double f0, f1;
        sim_time end;
        curve_piece(d, s->from, &f0, &end, &f1);
        sim_time to = end < w_now(w) ? end : w_now(w);
        double share =
            end == SIM_FOREVER ? 0 : (double)(to - s->from) / (double)(end - s->from);
        double mean = f0 + (f1 - f0) * share / 2;
        s->wanted -= before * mean * (double)(to - s->from) / 1e9;
        s->from = to;
    }
    if (s->wanted < 0)
        s->wanted = 0;
    arm(w, c, s);
}

/* ---- an attempt ----------------------------------------------------------------- */

static bool traced(const struct client_state *s, uint64_t request)
{
    return s->trace_every > 0 && hash_u64(0, request) % s->trace_every == 0;
}

/* Arms the end of an act's patience, of which `waited` is over already. */
static void arm_patience(struct world *w, struct act *a, sim_time waited)
{
    sim_time rest = a->patience - waited;
    if (a->patience == 0)
        return;
    a->of_user.timer = a->phase == 1 ? cal_after(w, rest, EV_KIND + EV_GIVES_UP,
                                                 a->comp, W_REF(w, a), a->gen)
                                     : cal_at(w, w_now(w) + rest, EV_KIND + EV_GIVES_UP,
                                              a->comp, W_REF(w, a), a->gen);
}

static void arm_user(struct world *w, struct act *a)
{
    const struct dist *patience = p_dist(w, a->comp, P_GIVES_UP);
    sim_time late = w->model->slo->within + 1;
    a->phase = patience->kind == DIST_CONST;
    a->patience = patience->mean;
    if (a->phase == 0) {
        sim_time d = dist_draw(patience, w_rng(w, a->comp, RNG_BEHAVIOUR));
        a->patience = d > 0 ? d : 1;
    }
    if (client_at(w, a->comp)->slo && (a->patience == 0 || a->patience > late))
        a->timeout =
            cal_after(w, late, EV_KIND + EV_LATE, a->comp, W_REF(w, a), a->gen);
    else
        arm_patience(w, a, 0);
}

void client_attempt(struct world *w, comp_id c, uint32_t user, uint32_t visit,
                    uint32_t made)
{
    struct client_state *s = client_at(w, c);
    const struct call_spec *spec = &s->spec;
    struct act *a = act_new(w, ACT_USER, c);
    a->request = ++W_HEAD(w)->next_request;
    a->user = user;
    a->visit = visit != 0 ? visit : (uint32_t)a->request;
    a->of_user.made = made;
    a->client = c;
    a->priority = s->priority;
    a->what = spec->what;
    s->attempts++;
    s->in_flight++;
    members_add(w, &s->inside, a);
    if (traced(s, a->request)) {
        a->flags |= ACT_TRACED;
        a->span = w_span_id(w);
    }
    if (!s->endures)
        arm_user(w, a);
    call_begin(w, a, spec);
}

static void count_bad(struct client_state *s, struct act *a)
{
    s->bad += a->key == 0;
    a->key = 1;
}

/* An answer with values of some age: too old, or of work that was dropped? */
static SELDOM bool outdated(const struct world *w, struct client_state *s,
                            const struct act *a, bool slow)
{
    const struct slo *slo = w->model->slo;
    bool lost = a->age == AGE_LOST;
    bool stale = s->slo && slo->max_age > 0 && a->age > slo->max_age && !lost;
    s->lost += lost;
    s->stale += stale && !slow;
    return lost || stale;
}

/* Counts how it went; true: it was good. */
HOT bool judge(struct world *w, struct client_state *s, struct act *a,
               enum reason reason)
{
    const struct slo *slo = w->model->slo;
    sim_time took = w_now(w) - a->start;
    if (reason == REASON_GAVE_UP)
        s->gave_up++;
    else if (reason != REASON_NONE)
        s->failed++;
    if (reason != REASON_NONE) {
        count_bad(s, a);
        return false;
    }
    bool slow = s->slo && took > slo->within;
    bool worthless = a->age != 0 && outdated(w, s, a, slow);
    s->answered++;
    s->seconds += took;
    s->slow += slow;
    if (slow || worthless) {
        count_bad(s, a);
        return false;
    }
    s->good++;
    return true;
}

static bool reloads(struct world *w, const struct act *a)
{
    comp_id c = a->comp;
    uint32_t first = a->user, second = a->visit;
    double share = p_number(w, c, P_RELOADS);
    if (share <= 0 || rng_unit(w_rng(w, c, RNG_BEHAVIOUR)) >= share)
        return false;
    if (client_at(w, c)->loops) {
        first = w_alloc(w, sizeof(struct reload));
        *W_PTR(w, struct reload, first) =
            (struct reload){a->user, a->visit, a->of_user.made};
        second = 0;
    }
    cal_after(w, p_time(w, c, P_RELOAD_DELAY), EV_KIND + EV_RELOAD, c, first, second);
    return true;
}

/* Decides what a user of a session does after an attempt. */
static SELDOM void go_on(struct world *w, const struct act *a, enum reason reason)
{
    if (reason != REASON_NONE && reloads(w, a))
        client_away(w, a->comp, true);
    else
        client_visit_over(w, a->comp, a->user, a->of_user.made, reason == REASON_NONE,
                          w_now(w) == a->start);
}

static void user_ended(struct world *w, struct act *a, enum reason reason)
{
    struct client_state *s = client_at(w, a->comp);
    act_account(w, a);
    cal_cancel(w, &a->timeout);
    cal_cancel(w, &a->of_user.timer);
    a->reason = (uint8_t)reason;
    if (reason == REASON_NONE)
        a->culprit = COMP_NONE;
    bool good = judge(w, s, a, reason);
    s->in_flight--;
    members_remove(w, &s->inside, a);
    w_done(w, a, true, good);
    if (a->flags & ACT_TRACED)
        w_call_span(w, a);
    w_outcome(w, (uint32_t)reason);
    if (s->loops)
        go_on(w, a, reason);
    else if (reason != REASON_NONE)
        (void)reloads(w, a);
    act_free(w, a);
}

static void user_gives_up(struct world *w, struct act *a)
{
    a->of_user.timer = 0;
    a->culprit = act_where(w, a);
    act_account(w, a);
    call_drop(w, a);
    user_ended(w, a, REASON_GAVE_UP);
}

static SELDOM void reload(struct world *w, comp_id c, uint32_t a, uint32_t b)
{
    struct reload r = {a, b, 1};
    if (client_data(w->model, c)->loops) {
        r = *W_PTR(w, struct reload, a);
        w_release(w, a, sizeof r);
        client_away(w, c, false);
    }
    client_attempt(w, c, r.user, r.visit, r.made);
}

/* Somebody in particular comes: of a population, or to stay for a while. */
static SELDOM void arrive(struct world *w, comp_id c)
{
    uint32_t user = client_who(w, c);
    bool loops = client_data(w->model, c)->loops;
    if (loops)
        client_joined(w, c);
    client_attempt(w, c, user, 0, 1);
}

static void client_event(struct world *w, comp_id c, int what, uint32_t r, uint32_t gen)
{
    struct client_state *s = client_at(w, c);
    struct act *a;
    switch (what) {
    case EV_ARRIVAL:
        s->timer = 0;
        s->visits++;
        want_next(w, c, s);
        if (s->somebody)
            arrive(w, c);
        else
            client_attempt(w, c, 0, 0, 1);
        break;
    case EV_RELOAD:
        reload(w, c, r, gen);
        break;
    case EV_THOUGHT:
        client_thought(w, c, r, gen);
        break;
    case EV_FILL:
        client_loop_fill(w, c);
        break;
    case EV_LATE:
        a = act_alive(w, r, gen);
        a->timeout = 0;
        count_bad(s, a);
        arm_patience(w, a, w_now(w) - a->start);
        break;
    default:
        user_gives_up(w, act_alive(w, r, gen));
    }
}

static void client_fetch(const struct world *w, comp_id c)
{
    w_fetch(client_at(w, c), offsetof(struct client_state, bad));
}

/* Somebody will come. */
static void client_ahead(const struct world *w, const struct cal_event *e, bool far)
{
    if (e->event != EV_KIND + EV_ARRIVAL)
        return;
    const struct client_state *s = client_at(w, e->comp);
    if (far) {
        w_fetch((const char *)s - 64, 64 + sizeof *s);
        return;
    }
    call_fetch(w, s->spec.policy);
    if (comp_has(&w->comps[s->spec.target], KIND_SERVES)) {
        w_fetch(W_STATE(w, char, s->spec.target) - 64, 64);
        const struct endpoint_state *p =
            W_STATE(w, struct endpoint_state, s->spec.what);
        const struct service_state *t = service_of(w, s->spec.target);
        w_fetch(W_PTR(w, char, t->sole), sizeof(struct instance));
        w_fetch(p->program, 2 * sizeof(struct op));
    }
}

/* ---- the kind ------------------------------------------------------------------- */

/* About TRACES_PER_S of them at most, unless the model says how many. */
static void choose_trace_every(struct world *w, comp_id c)
{
    int64_t every = p_count(w, c, P_TRACE_EVERY);
    double rate = p_number(w, c, P_RATE);
    if (client_data(w->model, c)->closed) /* a guess: 100 ms an answer */
        rate = (double)p_count(w, c, P_USERS) * 1e9 /
               (double)(p_dist(w, c, P_THINK)->mean + 100 * SIM_MS);
    if (every == 0)
        every = rate <= TRACES_PER_S ? 1 : (int64_t)(rate / TRACES_PER_S) + 1;
    client_at(w, c)->trace_every = every < 0 ? 0 : (uint32_t)every;
}

/* Keeps what every attempt asks for, as it is set now. */
static void settings(struct world *w, comp_id c)
{
    struct client_state *s = client_at(w, c);
    const struct client_data *d = client_data(w->model, c);
    const struct dist *patience = p_dist(w, c, P_GIVES_UP);
    s->spec = d->spec;
    s->rate = p_number(w, c, P_RATE) * s->spike;
    s->steady = d->ncurve == 0;
    s->poisson = p_count(w, c, P_ARRIVALS) == ARRIVALS_POISSON;
    s->slo = d->slo;
    s->loops = d->loops;
    s->somebody = d->loops || d->population > 0 || p_count(w, c, P_TENANTS) > 0;
    s->endures = !d->slo && patience->kind == DIST_CONST && patience->mean == 0;
    s->priority = (uint8_t)p_count(w, c, P_PRIORITY);
}

static void client_init(struct world *w, comp_id c)
{
    struct client_state *s = client_at(w, c);
    s->spike = 1;
    settings(w, c);
    choose_trace_every(w, c);
    client_loop_init(w, c);
    if (!client_data(w->model, c)->closed)
        want_next(w, c, s);
}

static enum err client_set(struct world *w, comp_id c, int param, const struct value *v,
                           struct errmsg *why)
{
    bool closed = client_data(w->model, c)->closed;
    if (param == P_USERS && !closed && v->as.count > 0)
        return errmsg_set(why, ERR_REFUSED,
                          "%s is an open loop: its users come at a rate, they are not "
                          "a number",
                          w->comps[c].name);
    if (param == P_RATE && closed && v->as.number > 0)
        return errmsg_set(why, ERR_REFUSED,
                          "%s is a closed loop: it has a number of users, no rate",
                          w->comps[c].name);
    return ERR_OK;
}

static void client_changed(struct world *w, comp_id c, int param,
                           const struct value *old)
{
    settings(w, c);
    if (param == P_RATE)
        rate_changed(w, c, old->as.number * client_at(w, c)->spike);
    if (param == P_TRACE_EVERY)
        choose_trace_every(w, c);
    if (param == P_USERS)
        client_loop_fill(w, c);
}

static enum err client_fault(struct world *w, comp_id c, int fault,
                             const struct action *a, bool on, struct errmsg *why)
{
    struct client_state *s = client_at(w, c);
    double before = p_number(w, c, P_RATE) * s->spike;
    (void)fault;
    if (on && !(a->args[0].as.number >= 0 && a->args[0].as.number <= 1e6))
        return errmsg_set(why, ERR_INPUT, "the factor must be 0 to 1000000");
    s->spike = on ? a->args[0].as.number : 1;
    settings(w, c);
    if (client_data(w->model, c)->closed)
        client_loop_fill(w, c);
    else
        rate_changed(w, c, before);
    return ERR_OK;
}

enum {
    M_VISITS,
    M_ATTEMPTS,
    M_GOOD,
    M_BAD,
    M_SLOW,
    M_FAILED,
    M_GAVE_UP,
    M_STALE,
    M_ANSWERED,
    M_SECONDS,
    M_IN_FLIGHT,
    M_USERS,
    M_THINKING,
    M_THINK_SECONDS,
    M_LOST,
    M_COUNT
};

static double client_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct client_state *s = client_at(w, c);
    const uint64_t counts[] = {s->visits, s->attempts, s->good,  s->bad,     s->slow,
                               s->failed, s->gave_up,  s->stale, s->answered};
    (void)instance;
    switch (metric) {
    case M_SECONDS:
        return (double)s->seconds / 1e9;
    case M_IN_FLIGHT:
        return s->in_flight;
    case M_USERS:
        return s->users;
    case M_THINKING:
        return s->thinking;
    case M_THINK_SECONDS:
        return (double)client_thinking(w, c) / 1e9;
    case M_LOST:
        return (double)s->lost;
    default:
        return (double)counts[metric];
    }
}

static uint32_t client_tenant(const struct world *w, comp_id c, uint32_t user)
{
    int64_t n = p_count(w, c, P_TENANTS);
    return n > 0 && user > 0 ? 1 + (user - 1) % (uint32_t)n : 0;
}

static void client_inflight(const struct world *w, comp_id c,
                            void (*f)(const struct world *w, const struct act *a,
                                      void *ctx),
                            void *ctx)
{
    for (ref r = client_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static const struct param_desc params[] = {
    [P_TO] = {.name = "to",
              .type = VALUE_TEXT,
              .unit = "",
              .doc =
                  "What they call: \"checkout/buy\", through a balancer \"edge/buy\"."},
    [P_RATE] = {.name = "rate",
                .type = VALUE_NUMBER,
                .min = 0,
                .max = 1e6,
                .unit = "1/s",
                .def = "0",
                .change = CHANGE_USERS,
                .doc = "New visits a second; given unless `users` is."},
    [P_ARRIVALS] =
        {.name = "arrivals",
         .type = VALUE_CHOICE,
         .unit = "",
         .def = "poisson",
         .choices = "poisson|even|gaps",
         .doc =
             "Whether visits come at random, like clockwork, or with the given gaps."},
    [P_GIVES_UP] = {.name = "gives_up",
                    .type = VALUE_DIST,
                    .min = 0,
                    .max = 86400,
                    .unit = "s",
                    .def = "0",
                    .change = CHANGE_USERS,
                    .doc = "How long a user waits for an answer; 0: for ever."},
    [P_RELOADS] =
        {.name = "reloads",
         .type = VALUE_FRACTION,
         .min = 0,
         .max = 1,
         .unit = "",
         .def = "0",
         .change = CHANGE_USERS,
         .doc = "Share of users who try again after a failure or after giving up."},
    [P_RELOAD_DELAY] = {.name = "reload_delay",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 3600,
                        .unit = "s",
                        .def = "1s",
                        .change = CHANGE_USERS,
                        .doc = "How long after that they try again."},
    [P_TRACE_EVERY] =
        {.name = "trace_every",
         .type = VALUE_COUNT,
         .min = -1,
         .max = 1000000,
         .unit = "requests",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "One request in so many is traced; 0: chosen from the rate, -1: none."},
    [P_USERS] = {.name = "users",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 100000,
                 .unit = "users",
                 .def = "0",
                 .change = CHANGE_USERS,
                 .doc = "A closed loop: so many users, each of whom thinks, asks, "
                        "waits, and thinks "
                        "again; "
                        "0: an open loop."},
    [P_THINK] = {.name = "think",
                 .type = VALUE_DIST,
                 .min = 0,
                 .max = 86400,
                 .unit = "s",
                 .def = "0",
                 .change = CHANGE_USERS,
                 .doc = "How long a user thinks before a visit (the first of an open "
                        "loop's comes at "
                        "once)."},
    [P_VISITS] = {.name = "visits",
                  .type = VALUE_COUNT,
                  .min = 0,
                  .max = VISITS_MAX,
                  .unit = "visits",
                  .def = "0",
                  .doc = "Visits a user makes before leaving; 0: one, or in a closed "
                         "loop no end of them."},
    [P_GAPS] = {.name = "gaps",
                .type = VALUE_DIST,
                .min = 0,
                .max = 86400,
                .unit = "s",
                .def = "exponential(1s)",
                .doc = "With arrivals = gaps: how times between visits are spread; "
                       "their mean is always "
                       "1 / rate."},
    [P_POPULATION] = {.name = "population",
                      .type = VALUE_COUNT,
                      .min = 0,
                      .max = 1000000,
                      .unit = "users",
                      .def = "0",
                      .doc = "So many different users there are, for what tells them "
                             "apart; 0: each is new."},
    [P_POPULARITY] =
        {.name = "popularity",
         .type = VALUE_NUMBER,
         .min = 0,
         .max = 5,
         .unit = "",
         .def = "0",
         .doc = "How unequally often they come, as a Zipf exponent: 0 all alike."},
    [P_PRIORITY] = {.name = "priority",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 3,
                    .unit = "",
                    .def = "2",
                    .change = CHANGE_AT_ONCE,
                    .doc = "How important its requests are where some must be refused: "
                           "3 the most, 0 first "
                           "to go."},
    [P_TENANTS] = {.name = "tenants",
                   .type = VALUE_COUNT,
                   .min = 0,
                   .max = 1000000,
                   .unit = "tenants",
                   .def = "0",
                   .doc = "Customers that the users belong to, user after user, for "
                          "what tells those apart; "
                          "0: the client is one."},
};

static const struct fault_desc faults[] = {
    {"spike",
     {{"factor", VALUE_NUMBER, false, "times as many visits"}},
     "More (or fewer) users than usual."},
};

#define M(name, prom, labels, type, unit, doc)                                         \
    {                                                                                  \
        name, prom, labels, type, unit, false, doc                                     \
    }
static const struct metric_desc metrics[] = {
    M("visits_total", "user_visits_total", "", METRIC_COUNTER, "1", "Users that came."),
    M("attempts_total", "user_attempts_total", "", METRIC_COUNTER, "1",
      "Their attempts, reloads included."),
    M("good_total", "user_requests_good_total", "", METRIC_COUNTER, "1",
      "Attempts that met the objective."),
    M("bad_total", "user_requests_bad_total", "", METRIC_COUNTER, "1",
      "Attempts that did not, counted as soon as that is sure."),
    M("slow_total", "user_requests_slow_total", "", METRIC_COUNTER, "1",
      "Answered, but too late."),
    M("failed_total", "user_requests_failed_total", "", METRIC_COUNTER, "1",
      "Ended with an error."),
    M("gave_up_total", "user_requests_gave_up_total", "", METRIC_COUNTER, "1",
      "Users that stopped waiting."),
    M("stale_total", "user_requests_stale_total", "", METRIC_COUNTER, "1",
      "Answered in time with data too old."),
    M("answered_total", "user_requests_answered_total", "", METRIC_COUNTER, "1",
      "Answered."),
    M("seconds_total", "user_request_duration_seconds_sum", "", METRIC_COUNTER, "s",
      "Time of all answered attempts."),
    M("in_flight", "user_requests_in_flight", "", METRIC_GAUGE, "1",
      "Attempts still waiting."),
    M("users", "user_sessions", "", METRIC_GAUGE, "1",
      "Users there, thinking or waiting (closed loops and sessions)."),
    M("thinking", "user_sessions_thinking", "", METRIC_GAUGE, "1",
      "Those of them that think."),
    M("think_seconds_total", "user_think_seconds_total", "", METRIC_COUNTER, "s",
      "Time that users have thought, those that still do included."),
    M("lost_total", "user_requests_lost_total", "", METRIC_COUNTER, "1",
      "Answered, though some of the work was dropped: bad, whatever the answer said."),
};
_Static_assert(sizeof metrics / sizeof *metrics == M_COUNT,
               "each metric has its description");

static const char *const streams[] = {"arrivals", "behaviour", "think", "identity",
                                      NULL};

static const struct figure_desc figures[] = {
    {.label = "not ok", .how = FIGURE_NOT_GOOD, .chart = 1},
    {.label = "requests sent",
     .metric = "attempts_total",
     .how = FIGURE_RATE,
     .chart = 200},
};

static void client_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    double people = (double)model_param(m, c, P_POPULATION)->as.count;
    b->bytes = zipf_bytes(people, model_param(m, c, P_POPULARITY)->as.number);
}

const struct kind_impl kind_client = {
    .desc = {.name = "client",
             .doc = "Users: they come at a rate, wait, give up, try again.",
             .params = params,
             .nparams = sizeof params / sizeof *params,
             .faults = faults,
             .nfaults = 1,
             .metrics = metrics,
             .nmetrics = sizeof metrics / sizeof *metrics,
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
    .traits = KIND_STARTS | KIND_USERS | KIND_JUDGED,
    .init_turn = INIT_LOOKS,
    .streams = streams,
    .resolve = client_resolve,
    .check = client_check,
    .describe = client_describe,
    .curve = client_curve,
    .bulk = client_bulk,
    .state_size = client_size,
    .ahead = client_ahead,
    .fetch = client_fetch,
    .init = client_init,
    .event = client_event,
    .resume = user_ended,
    .set = client_set,
    .changed = client_changed,
    .fault = client_fault,
    .metric = client_metric,
    .inflight = client_inflight,
    .tenant = client_tenant,
};
