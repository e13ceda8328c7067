/*
 * Kind "client": users. They come whether or not the system answers (an open loop),
 * wait only so long, and some try again. What they live through is the ledger by which
 * a lesson is judged, so it is counted here and not in what is shown of it.
 *
 * An attempt is bad as soon as that is sure: it failed, its user gave up, or the
 * objective's time has passed without an answer.
 */
#include "call/call.h"
#include "client/client.h"
#include "engine/life.h"
#include "engine/lot.h"
#include "engine/queue.h"
#include "engine/telling.h"
#include "engine/zipf.h"
#include "model/model.h"
#include "service/endpoint.h"
#include "service/service.h"
#include "truecode/model.h"

#include <inttypes.h>

/* An attempt is an act ACT_USER. of_user.timer is the end of its patience, `timeout` that of
 * the objective; only the timer that is due first is armed, as hardly any comes so far.
 * `patience`: how long the user waits, 0: for ever; phase 1: all wait as long; key 1: the
 * attempt is counted as bad already; of_user.made: visits its user has made. */

enum { TRACES_PER_S = 25 };

/* ---- model time ------------------------------------------------------------------ */

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
    enum err e = model_call_target(m, to, &target, &d->endpoint, why);
    if (e != ERR_OK) {
        errmsg_prefix(why, "%s: ", m->comps[c].name);
        return e;
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
    d->slo = m->slo_set && m->slo_client[c];
    return client_check_loop(m, c, d, why);
}

static size_t client_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct client_state);
}

/* ---- an attempt ------------------------------------------------------------------ */

static bool traced(const struct client_state *s, const struct act *a)
{
    return s->trace_every > 0 &&
           hash_u64(s->trace_lot, a->serial) % s->trace_every == 0;
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
    a->serial = (uint32_t)++s->attempts;
    a->user = user;
    a->visit = visit != 0 ? visit : a->serial;
    a->origin = c;
    a->of_user.made = made;
    a->client = c;
    a->priority = s->priority;
    a->what = spec->what;
    s->in_flight++;
    members_add(w, &s->inside, a);
    if (traced(s, a)) {
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
    if (reason != REASON_NONE && reloads(w, a)) {
        client_away(w, a->comp, true);
        return;
    }
    client_at(w, a->comp)->visits_lost += reason != REASON_NONE;
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
        s->visits_lost += !reloads(w, a);
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
        client_want_next(w, c, s);
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

/* ---- the kind -------------------------------------------------------------------- */

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
    client_at(w, c)->trace_lot = lot_of(w, c, LOT_PURPOSE(LOT_TRACE));
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
        client_want_next(w, c, s);
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
        client_rate_changed(w, c, old->as.number * client_at(w, c)->spike);
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
        client_rate_changed(w, c, before);
    return ERR_OK;
}

static uint32_t client_tenant(const struct world *w, comp_id c, uint32_t user)
{
    int64_t n = p_count(w, c, P_TENANTS);
    return n > 0 && user > 0 ? 1 + (user - 1) % (uint32_t)n : 0;
}

enum { FAULT_SPIKE, FAULT_COUNT };

static const struct fault_desc faults[] = {
    [FAULT_SPIKE] = {.name = "spike",
                     .args = {{.name = "factor",
                               .type = VALUE_NUMBER,
                               .doc = "times as many visits"}},
                     .doc = "More (or fewer) users than usual."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

static const char *const streams[] = {"arrivals", "behaviour", "think", "identity",
                                      NULL};

static const struct metric_need needs[] = {{"visits_lost_total", "reloads"}};

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
             .params = client_params,
             .nparams = P_COUNT,
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = client_metrics,
             .nmetrics = CLIENT_METRICS,
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
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
