/*
 * Kind "job": work that a clock starts, as cron does: every so often, at an offset. A
 * run calls an endpoint of a service, or just takes its time; it may take longer the
 * more there is to do (`items` names a figure such as "events.orders.mailer.lag").
 *
 * What happens when the next run is due and the last one still runs is `overlap`, as
 * with Kubernetes' CronJobs. A run that does not happen says nothing: it is missed,
 * which shows only in the age of the last success. A dead-man's switch looks at that.
 *
 * A run is a root of its own (ACT_USER), with all its tries.
 */
#include "call/call.h"
#include "client/job.h"
#include "engine/life.h"
#include "engine/program.h"
#include "engine/queue.h"
#include "engine/telling.h"
#include "model/model.h"
#include "truecode/world.h"

#include <stdio.h>

/* ---- model time ------------------------------------------------------------------ */

/* The component of "component.word" in a parameter, and the word. */
static enum err find_named(struct model *m, comp_id c, int param, const char *what,
                           comp_id *comp, const char **word, struct errmsg *why)
{
    const char *text = model_param(m, c, param)->as.text, *dot = strrchr(text, '.');
    char name[160];
    *comp = COMP_NONE;
    if (text[0] == '\0')
        return ERR_OK;
    size_t n = dot ? (size_t)(dot - text) : 0;
    if (n == 0 || n >= sizeof name)
        return errmsg_set(why, ERR_INPUT, "%s: %s \"%.60s\" is not component.%s",
                          m->comps[c].name, job_params[param].name, text, what);
    memcpy(name, text, n);
    name[n] = '\0';
    *word = dot + 1;
    *comp = model_need(m, name, NULL, m->comps[c].name, why);
    return *comp == COMP_NONE ? ERR_NOT_FOUND : ERR_OK;
}

/* "orders-db.nightly.run": an operation that needs no arguments. */
static enum err find_does(struct model *m, comp_id c, struct job_data *d,
                          struct errmsg *why)
{
    const char *word;
    enum err e = find_named(m, c, P_DOES, "operation", &d->does, &word, why);
    if (e != ERR_OK || d->does == COMP_NONE)
        return e;
    const struct kind_desc *k = model_kind(m, d->does);
    for (size_t i = 0; i < k->nops; i++) {
        bool fits = !k->ops[i].args[0].name || k->ops[i].args[0].optional;
        if (!str_eq(k->ops[i].name, word) || !fits)
            continue;
        d->does_op = i;
        return ERR_OK;
    }
    return errmsg_set(why, ERR_NOT_FOUND,
                      "%s: a %s has no operation \"%.60s\" without arguments",
                      m->comps[c].name, k->name, word);
}

/* "events.orders.mailer.lag": the longest prefix that names a component, a metric. */
static enum err find_items(struct model *m, comp_id c, struct job_data *d,
                           struct errmsg *why)
{
    const char *word;
    enum err e = find_named(m, c, P_ITEMS, "metric", &d->items, &word, why);
    if (e != ERR_OK || d->items == COMP_NONE)
        return e;
    const struct kind_desc *k = model_kind(m, d->items);
    for (size_t i = 0; i < k->nmetrics; i++) {
        if (!str_eq(k->metrics[i].name, word))
            continue;
        d->items_metric = i;
        return ERR_OK;
    }
    return errmsg_set(why, ERR_NOT_FOUND, "%s: a %s has no metric \"%.60s\"",
                      m->comps[c].name, k->name, word);
}

static enum err job_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct job_data *d = arena_alloc(&m->arena, sizeof *d);
    const char *to = model_param(m, c, P_TO)->as.text;
    comp_id target, endpoint;
    m->comps[c].data = d;
    enum err e = find_items(m, c, d, why);
    if (e == ERR_OK)
        e = find_does(m, c, d, why);
    if (e != ERR_OK || to[0] == '\0')
        return e;
    e = model_call_target(m, to, &target, &endpoint, why);
    if (e != ERR_OK) {
        errmsg_prefix(why, "%s: ", m->comps[c].name);
        return e;
    }
    bool external = comp_has(&m->comps[target], KIND_WHOLE);
    m->comps[c].target = target;
    d->calls = true;
    d->spec = (struct call_spec){.policy = call_policy_for(m, c, target, why),
                                 .target = target,
                                 .what = endpoint == COMP_NONE ? target : endpoint,
                                 .pool = COMP_NONE,
                                 .kind = external ? ACT_EXTERNAL : ACT_REQUEST};
    return d->spec.policy == COMP_NONE ? ERR_INPUT : ERR_OK;
}

static enum err job_check(struct model *m, comp_id c, struct errmsg *why)
{
    struct job_data *d = m->comps[c].data;
    (void)why;
    d->slo = m->slo_set && m->slo_client[c];
    return ERR_OK;
}

static size_t job_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct job_state);
}

/* ---- a run ----------------------------------------------------------------------- */

static sim_time own_duration(struct world *w, comp_id c, uint32_t *rows)
{
    const struct job_data *d = job_data(w, c);
    *rows = 0;
    double t = (double)dist_draw(p_dist(w, c, P_DURATION), w_rng(w, c, RNG_DURATION));
    if (d->items != COMP_NONE) {
        double n = world_metric_at(w, d->items, d->items_metric, 0);
        t += n > 0 ? n * (double)p_time(w, c, P_PER_ITEM) : 0;
        *rows = n > 0 ? (uint32_t)(n < UINT32_MAX ? n : UINT32_MAX) : 0;
    }
    t *= job_state(w, c)->slow;
    return t < 1 ? 1 : t > 1e17 ? (sim_time)1e17 : (sim_time)t;
}

static uint32_t run_timer(struct world *w, struct act *a, sim_time delay, int event)
{
    return cal_at(w, w_now(w) + delay, EV_KIND + event, a->comp, W_REF(w, a), a->gen);
}

/* The process dies on its way, if it is to; what there is to do takes `whole`. */
static void maybe_dies(struct world *w, struct act *a, sim_time whole)
{
    struct job_state *s = job_state(w, a->comp);
    if (s->dies <= 0)
        return;
    a->of_job.death = run_timer(w, a, (sim_time)((double)whole * s->dies), EV_DIES);
    s->dies = 0;
}

/* The operation that a run begins with. False: it was refused. */
static bool does(struct world *w, struct act *a)
{
    const struct job_data *d = job_data(w, a->comp);
    if (d->does == COMP_NONE)
        return true;
    const struct kind_impl *k = w->comps[d->does].kind;
    struct action what = {
        .kind = ACTION_OP, .comp = d->does, .name = k->desc.ops[d->does_op].name};
    struct effect fx = {0};
    struct errmsg why;
    enum err e = k->op(w, d->does, (int)d->does_op, &what, &fx, &why);
    if (e != ERR_OK)
        w_log(w, a->comp, 0, LOG_ERROR, a->request, "%s", why.text);
    return e == ERR_OK;
}

static void work(struct world *w, struct act *a)
{
    struct job_state *s = job_state(w, a->comp);
    if (!does(w, a)) {
        a->phase = RUN_WORKS;
        a->culprit = a->comp;
        act_ready(w, a, REASON_ERROR);
        return;
    }
    if (job_data(w, a->comp)->calls) {
        a->phase = RUN_CALLS;
        maybe_dies(w, a, s->last_duration > 0 ? s->last_duration : SIM_MIN);
        call_begin(w, a, &job_data(w, a->comp)->spec);
        return;
    }
    sim_time d = own_duration(w, a->comp, &a->of_job.rows);
    a->of_job.whole = d;
    a->of_job.until = w_now(w) + d;
    a->phase = RUN_WORKS;
    maybe_dies(w, a, d);
    act_timer(w, a, d, CAUSE_SLEEP, a->comp);
}

static void run_start(struct world *w, comp_id c)
{
    struct job_state *s = job_state(w, c);
    const struct job_data *d = job_data(w, c);
    struct act *a = act_new(w, ACT_USER, c);
    sim_time most = p_time(w, c, P_TIMEOUT);
    a->request = ++W_HEAD(w)->next_request;
    a->serial = (uint32_t)s->counts[M_RUNS] + 1;
    a->client = c;
    a->what = d->calls ? d->spec.what : c;
    a->flags |= ACT_TRACED;
    a->span = w_span_id(w);
    s->counts[M_RUNS]++;
    s->last_run = w_now(w);
    s->counts[M_OVERLAPPING] += s->inside.count > 0;
    members_add(w, &s->inside, a);
    if (most > 0)
        a->of_job.timeout = run_timer(w, a, most, EV_TIMEOUT_OVER);
    if (d->slo)
        a->of_job.late = run_timer(w, a, w->model->slo->within + 1, EV_LATE);
    w_log(w, c, 0, LOG_INFO, a->request, "started");
    work(w, a);
}

/* Rows that a run has read, and was done with when it ends: one that is stopped, as much
 * as the share of its time that is over; one that fails at its end, nothing. */
static void count_rows(struct world *w, const struct act *a, enum reason reason)
{
    struct job_state *s = job_state(w, a->comp);
    double left = (double)(a->of_job.until - w_now(w)) / (double)a->of_job.whole;
    double done = reason == REASON_NONE               ? 1
                  : a->of_job.whole == 0 || left <= 0 ? 0
                                                      : 1 - left;
    assert(done >= 0 && done <= 1);
    s->last_in = a->of_job.rows;
    s->last_out = (uint64_t)(done * a->of_job.rows);
    s->rows_in += s->last_in;
    s->rows_out += s->last_out;
}

static void run_end(struct world *w, struct act *a, enum reason reason)
{
    comp_id c = a->comp;
    struct job_state *s = job_state(w, c);
    sim_time took = w_now(w) - a->start;
    bool late = job_data(w, c)->slo && a->of_job.late == 0; /* counted so by EV_LATE */
    cal_cancel(w, &a->of_job.timeout);
    cal_cancel(w, &a->of_job.death);
    cal_cancel(w, &a->of_job.late);
    act_account(w, a);
    call_drop(w, a);
    a->reason = (uint8_t)reason;
    if (reason == REASON_NONE || a->culprit == COMP_NONE)
        a->culprit = reason == REASON_NONE ? COMP_NONE : c;
    bool good = reason == REASON_NONE && !late && a->age != AGE_LOST;
    s->good += good;
    s->bad += !good && !late;
    s->seconds += took;
    if (job_data(w, c)->items != COMP_NONE)
        count_rows(w, a, reason);
    s->counts[reason == REASON_NONE ? M_SUCCEEDED : M_FAILED]++;
    if (reason == REASON_NONE) {
        s->last_success = w_now(w);
        s->last_duration = took;
        w_log(w, c, 0, LOG_INFO, a->request, "done");
    } else {
        w_log(w, c, 0, LOG_ERROR, a->request, "failed: %s", reason_phrase(reason));
    }
    members_remove(w, &s->inside, a);
    w_done(w, a, true, good);
    w_call_span(w, a);
    w_outcome(w, (uint32_t)reason);
    act_free(w, a);
}

/* Stops a run in the middle: a part of its work is done, and nobody says which. */
static void run_stop(struct world *w, struct act *a, enum reason reason)
{
    job_state(w, a->comp)->counts[M_HALF_DONE]++;
    a->culprit = COMP_NONE;
    run_end(w, a, reason);
}

static void stop_all(struct world *w, comp_id c, enum reason reason)
{
    struct job_state *s = job_state(w, c);
    while (s->inside.first != 0)
        run_stop(w, act_at(w, s->inside.first), reason);
}

static void job_resume(struct world *w, struct act *a, enum reason reason)
{
    struct job_state *s = job_state(w, a->comp);
    act_account(w, a);
    if (a->phase == RUN_PAUSES) {
        work(w, a);
        return;
    }
    if (reason == REASON_NONE && s->fails) {
        reason = REASON_ERROR;
        a->culprit = a->comp;
    }
    if (reason == REASON_NONE || a->key >= (uint64_t)p_count(w, a->comp, P_RETRIES)) {
        run_end(w, a, reason);
        return;
    }
    a->key++;
    s->counts[M_RETRIES]++;
    cal_cancel(w, &a->of_job.death);
    a->phase = RUN_PAUSES;
    act_timer(w, a, p_time(w, a->comp, P_RETRY_DELAY), CAUSE_BACKOFF, a->comp);
}

/* ---- the clock ------------------------------------------------------------------- */

static void arm(struct world *w, comp_id c)
{
    struct job_state *s = job_state(w, c);
    cal_cancel(w, &s->timer);
    s->timer = cal_at(w, s->due, EV_KIND + EV_DUE, c, 0, 0);
}

static bool can_run(const struct world *w, comp_id c)
{
    return p_on(w, c, P_ENABLED) && !job_state(w, c)->node_gone;
}

static void due(struct world *w, comp_id c)
{
    struct job_state *s = job_state(w, c);
    int64_t overlap = p_count(w, c, P_OVERLAP);
    if (!can_run(w, c) || s->skip > 0) {
        s->skip -= s->skip > 0;
        s->counts[M_MISSED]++;
        s->bad++;
        s->owed = true;
        return;
    }
    if (s->inside.count > 0 && overlap == OVERLAP_FORBID) {
        s->counts[M_SKIPPED]++;
        s->bad++;
        w_log(w, c, 0, LOG_WARN, 0, "skipped: the last run is not done yet");
        return;
    }
    if (s->inside.count > 0 && overlap == OVERLAP_REPLACE) {
        s->counts[M_REPLACED] += s->inside.count;
        stop_all(w, c, REASON_KILLED);
    }
    s->owed = false;
    run_start(w, c);
}

static void make_up(struct world *w, comp_id c)
{
    struct job_state *s = job_state(w, c);
    if (!s->owed || !p_on(w, c, P_CATCH_UP) || !can_run(w, c))
        return;
    s->owed = false;
    run_start(w, c);
}

static void job_event(struct world *w, comp_id c, int what, uint32_t r, uint32_t gen)
{
    struct job_state *s = job_state(w, c);
    if (what == EV_DUE) {
        s->timer = 0;
        s->due += p_time(w, c, P_EVERY);
        arm(w, c);
        due(w, c);
        return;
    }
    struct act *a = act_alive(w, r, gen);
    if (what == EV_LATE) {
        a->of_job.late = 0;
        s->bad++;
    } else if (what == EV_TIMEOUT_OVER) {
        a->of_job.timeout = 0;
        s->counts[M_TIMEOUTS]++;
        run_stop(w, a, REASON_TIMEOUT);
    } else {
        a->of_job.death = 0;
        run_stop(w, a, REASON_INSTANCE_GONE);
    }
}

static void job_init(struct world *w, comp_id c)
{
    struct job_state *s = job_state(w, c);
    sim_time at = p_time(w, c, P_AT);
    s->slow = 1;
    s->last_success = -p_time(w, c, P_LAST_SUCCESS);
    s->due = at > 0 ? at : p_time(w, c, P_EVERY);
    arm(w, c);
}

static void job_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    struct job_state *s = job_state(w, c);
    if (param == P_EVERY) { /* from the last time that it was due */
        sim_time last = s->due - old->as.duration, next = last + p_time(w, c, P_EVERY);
        s->due = next > w_now(w) ? next : w_now(w) + p_time(w, c, P_EVERY);
        arm(w, c);
    }
    if (param == P_ENABLED || param == P_CATCH_UP)
        make_up(w, c);
}

/* ---- operations and faults ------------------------------------------------------- */

static enum err op_enable(struct world *w, comp_id c, bool on, struct effect *fx,
                          struct errmsg *why)
{
    if (p_on(w, c, P_ENABLED) == on)
        return errmsg_set(why, ERR_REFUSED, "%s is %s already", w->comps[c].name,
                          on ? "enabled" : "disabled");
    w_values(w, c)[P_ENABLED].as.on = on;
    fx->undoable = true;
    fx->undo = (struct action){
        .kind = ACTION_OP, .comp = c, .name = on ? "disable" : "enable"};
    make_up(w, c);
    return ERR_OK;
}

static enum err job_op(struct world *w, comp_id c, int op, const struct action *a,
                       struct effect *fx, struct errmsg *why)
{
    struct job_state *s = job_state(w, c);
    (void)a;
    switch (op) {
    case OP_RUN:
        if (s->node_gone)
            return errmsg_set(why, ERR_REFUSED, "%s has nothing to run on",
                              w->comps[c].name);
        s->owed = false;
        run_start(w, c);
        return ERR_OK;
    case OP_STOP:
        if (s->inside.count == 0)
            return errmsg_set(why, ERR_REFUSED, "%s is not running", w->comps[c].name);
        snprintf(fx->title, sizeof fx->title, "stop %s: %u run%s", w->comps[c].name,
                 s->inside.count, s->inside.count == 1 ? "" : "s");
        stop_all(w, c, REASON_KILLED);
        return ERR_OK;
    default:
        return op_enable(w, c, op == OP_ENABLE, fx, why);
    }
}

static enum err job_fault(struct world *w, comp_id c, int fault, const struct action *a,
                          bool on, struct errmsg *why)
{
    struct job_state *s = job_state(w, c);
    double x = action_gives(a, 0) ? a->args[0].as.number : 0;
    switch (fault) {
    case FAULT_SKIP:
        if (on && action_gives(a, 0) && a->args[0].as.count < 1)
            return errmsg_set(why, ERR_INPUT, "skip: at least 1 run");
        s->skip = !on ? 0 : action_gives(a, 0) ? a->args[0].as.count : 1;
        break;
    case FAULT_NODE_GONE:
        s->node_gone = on;
        if (on)
            stop_all(w, c, REASON_INSTANCE_GONE);
        else
            make_up(w, c);
        break;
    case FAULT_DIES:
        s->dies = !on ? 0 : x > 0 ? x : 0.5;
        break;
    case FAULT_SLOW:
        if (on && !(x > 0 && x <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        s->slow = on ? x : 1;
        break;
    default:
        s->fails = on;
    }
    return ERR_OK;
}

/* ---- looking --------------------------------------------------------------------- */

static double job_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct job_state *s = job_state(w, c);
    (void)instance;
    switch (metric) {
    case M_RUNNING:
        return s->inside.count;
    case M_SUCCESS_AGE:
        return (double)(w_now(w) - s->last_success) / (double)SIM_SEC;
    case M_LAST_DURATION:
        return (double)s->last_duration / (double)SIM_SEC;
    case M_SECONDS:
        return (double)s->seconds / (double)SIM_SEC;
    case M_ROWS_IN:
        return (double)s->rows_in;
    case M_ROWS_OUT:
        return (double)s->rows_out;
    case M_RUN_AGE:
        return s->counts[M_RUNS] == 0
                   ? -1
                   : (double)(w_now(w) - s->last_run) / (double)SIM_SEC;
    case M_LAST_IN:
        return (double)s->last_in;
    case M_LAST_OUT:
        return (double)s->last_out;
    case M_ENABLED:
        return p_on(w, c, P_ENABLED);
    case M_GOOD:
        return (double)s->good;
    case M_BAD:
        return (double)s->bad;
    default:
        return (double)s->counts[metric];
    }
}

static void job_inflight(const struct world *w, comp_id c,
                         void (*f)(const struct world *w, const struct act *a,
                                   void *ctx),
                         void *ctx)
{
    for (ref r = job_state(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

/* ---- the kind -------------------------------------------------------------------- */

static const char *const streams[] = {"duration", NULL};

static const struct figure_desc figures[] = {
    {.label = "runs", .metric = "runs_total", .how = FIGURE_TOTAL, .status = true},
    {.label = "failed", .metric = "failed_total", .how = FIGURE_TOTAL, .status = true},
};

const struct kind_impl kind_job = {
    .desc = {.name = "job",
             .doc = "Work that a clock starts: every so often, like cron.",
             .params = job_params,
             .nparams = P_COUNT,
             .ops = job_ops,
             .nops = JOB_OPS,
             .faults = job_faults,
             .nfaults = FAULT_COUNT,
             .metrics = job_metrics,
             .nmetrics = M_COUNT,
             .needs = job_needs,
             .nneeds = JOB_NEEDS,
             .figures = figures,
             .nfigures = COUNT_OF(figures),
             .age = "last_success_age"},
    .traits = KIND_STARTS | KIND_JUDGED,
    .streams = streams,
    .resolve = job_resolve,
    .check = job_check,
    .state_size = job_size,
    .init = job_init,
    .event = job_event,
    .resume = job_resume,
    .changed = job_changed,
    .op = job_op,
    .fault = job_fault,
    .metric = job_metric,
    .inflight = job_inflight,
};
