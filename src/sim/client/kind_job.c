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
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/program.h"
#include "engine/queue.h"
#include "engine/telling.h"
#include "model/model.h"
#include "truecode/world.h"

#include <stdio.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum {
    P_EVERY,
    P_AT,
    P_TO,
    P_DURATION,
    P_ITEMS,
    P_PER_ITEM,
    P_OVERLAP,
    P_TIMEOUT,
    P_RETRIES,
    P_RETRY_DELAY,
    P_CATCH_UP,
    P_ENABLED,
    P_LAST_SUCCESS
};
enum { OVERLAP_ALLOW, OVERLAP_FORBID, OVERLAP_REPLACE };
enum { EV_DUE, EV_TIMEOUT_OVER, EV_DIES, EV_LATE };
enum { RNG_DURATION };
enum { RUN_WORKS, RUN_CALLS, RUN_PAUSES }; /* act->phase */

static const struct param_desc params[] = {
    [P_EVERY] = {.name = "every",
                 .type = VALUE_DURATION,
                 .min = 0.1,
                 .max = 31536000,
                 .unit = "s",
                 .change = CHANGE_AT_ONCE,
                 .doc = "How often it is due."},
    [P_AT] = {.name = "at",
              .type = VALUE_DURATION,
              .min = 0,
              .max = 31536000,
              .unit = "s",
              .def = "0",
              .doc = "When it is due for the first time; 0: after `every`."},
    [P_TO] = {.name = "to",
              .type = VALUE_TEXT,
              .unit = "",
              .def = "",
              .doc = "The endpoint that a run calls: \"billing/nightly\"; left out: it "
                     "takes time."},
    [P_DURATION] = {.name = "duration",
                    .type = VALUE_DIST,
                    .min = 0,
                    .max = 86400,
                    .unit = "s",
                    .def = "1m",
                    .change = CHANGE_BUILT,
                    .doc = "How long a run takes that calls nothing."},
    [P_ITEMS] = {.name = "items",
                 .type = VALUE_TEXT,
                 .unit = "",
                 .def = "",
                 .doc = "A figure that makes it longer: component.metric, as "
                        "\"events.orders.mailer.lag\"."},
    [P_PER_ITEM] = {.name = "per_item",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 3600,
                    .unit = "s",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc = "How much longer for each of them; needs no endpoint."},
    [P_OVERLAP] = {.name = "overlap",
                   .type = VALUE_CHOICE,
                   .unit = "",
                   .def = "allow",
                   .choices = "allow|forbid|replace",
                   .change = CHANGE_AT_ONCE,
                   .doc = "When one is due and the last one still runs: both, not this "
                          "one, or only it."},
    [P_TIMEOUT] = {.name = "timeout",
                   .type = VALUE_DURATION,
                   .min = 0,
                   .max = 864000,
                   .unit = "s",
                   .def = "0",
                   .change = CHANGE_AT_ONCE,
                   .doc = "A run that takes longer is stopped; 0: never."},
    [P_RETRIES] = {.name = "retries",
                   .type = VALUE_COUNT,
                   .min = 0,
                   .max = 100,
                   .unit = "",
                   .def = "0",
                   .change = CHANGE_AT_ONCE,
                   .doc = "How often a failed run is tried again."},
    [P_RETRY_DELAY] = {.name = "retry_delay",
                       .type = VALUE_DURATION,
                       .min = 0.001,
                       .max = 86400,
                       .unit = "s",
                       .def = "10s",
                       .change = CHANGE_AT_ONCE,
                       .doc = "How long after a failure."},
    [P_CATCH_UP] =
        {.name = "catch_up",
         .type = VALUE_BOOL,
         .unit = "",
         .def = "off",
         .change = CHANGE_AT_ONCE,
         .doc =
             "A run that was missed is made up for, once, as soon as it is possible."},
    [P_ENABLED] = {.name = "enabled",
                   .type = VALUE_BOOL,
                   .unit = "",
                   .def = "on",
                   .change = CHANGE_AT_ONCE,
                   .doc = "Whether it runs when it is due."},
    [P_LAST_SUCCESS] = {.name = "last_success",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 315360000,
                        .unit = "s",
                        .def = "0",
                        .doc = "How long ago it last succeeded, at the start."},
};

enum { OP_RUN, OP_STOP, OP_ENABLE, OP_DISABLE };
#define NO_ARGS                                                                        \
    {                                                                                  \
        {                                                                              \
            NULL, VALUE_NONE, false, NULL                                              \
        }                                                                              \
    }
static const struct op_desc ops[] = {
    {"run", NO_ARGS, false, SIM_SEC, NULL, "Starts a run now, due or not."},
    {"stop", NO_ARGS, false, SIM_SEC, "what it has done so far stays half done",
     "Stops the runs that are under way."},
    {"enable", NO_ARGS, false, SIM_SEC, NULL, "Lets it run when it is due."},
    {"disable", NO_ARGS, false, SIM_SEC, "it will not run until it is enabled",
     "Lets it not run any more."},
};

enum { FAULT_SKIP, FAULT_NODE_GONE, FAULT_DIES, FAULT_SLOW, FAULT_FAILS };
static const struct fault_desc faults[] = {
    {"skip",
     {{"runs", VALUE_COUNT, true, "How many; left out: the next one."}},
     "Runs that are due do not happen, and nothing says so."},
    {"node_gone", NO_ARGS, "What it runs on is gone: runs under way are lost."},
    {"dies",
     {{"share", VALUE_FRACTION, true, "How far it gets; left out: half way."}},
     "The next run dies on its way and leaves a part of its work."},
    {"slow",
     {{"factor", VALUE_NUMBER, false, "How many times longer."}},
     "Runs that call nothing take longer."},
    {"fails", NO_ARGS, "Runs fail at their end."},
};

enum {
    M_RUNS,
    M_SUCCEEDED,
    M_FAILED,
    M_MISSED,
    M_SKIPPED,
    M_OVERLAPPING,
    M_REPLACED,
    M_TIMEOUTS,
    M_HALF_DONE,
    M_RETRIES,
    M_RUNNING,
    M_SUCCESS_AGE,
    M_LAST_DURATION,
    M_SECONDS,
    M_ROWS_IN,
    M_ROWS_OUT,
    M_RUN_AGE,
    M_LAST_IN,
    M_LAST_OUT,
    M_ENABLED,
    M_GOOD,
    M_BAD
};
#define COUNTER(n, p, u, d)                                                            \
    {                                                                                  \
        n, p, "", METRIC_COUNTER, u, false, d                                          \
    }
#define GAUGE(n, p, u, d)                                                              \
    {                                                                                  \
        n, p, "", METRIC_GAUGE, u, false, d                                            \
    }
static const struct metric_desc metrics[] = {
    COUNTER("runs_total", "job_runs_total", "1", "Runs that were started."),
    COUNTER("succeeded_total", "job_succeeded_total", "1", "Runs that succeeded."),
    COUNTER("failed_total", "job_failed_total", "1", "Runs that did not."),
    COUNTER("missed_total", "job_missed_total", "1",
            "Runs that were due and did not happen."),
    COUNTER("skipped_total", "job_skipped_total", "1",
            "Runs left out because the last one still ran."),
    COUNTER("overlapping_total", "job_overlapping_total", "1",
            "Runs started while another one ran."),
    COUNTER("replaced_total", "job_replaced_total", "1",
            "Runs stopped because the next one was due."),
    COUNTER("timeouts_total", "job_timeouts_total", "1",
            "Runs stopped because they took too long."),
    COUNTER("half_done_total", "job_half_done_total", "1",
            "Runs that left a part of their work."),
    COUNTER("retries_total", "job_retries_total", "1", "Tries after the first."),
    GAUGE("running", "job_running", "1", "Runs under way."),
    GAUGE("last_success_age", "job_last_success_age_seconds", "s",
          "Time since a run last succeeded."),
    GAUGE("last_duration", "job_last_duration_seconds", "s",
          "How long the last run that succeeded took."),
    COUNTER("seconds_total", "job_duration_seconds_sum", "s",
            "Time of all runs that ended."),
    COUNTER("rows_in_total", "job_rows_in_total", "1",
            "Rows that runs have read, of the component that `items` names."),
    COUNTER("rows_out_total", "job_rows_out_total", "1",
            "Rows that they were done with: all of a run that succeeded, a part of one "
            "that was stopped."),
    GAUGE("last_run_age", "job_last_run_age_seconds", "s",
          "Time since a run was last started; -1: none was."),
    GAUGE("last_rows_in", "job_last_rows_in", "1", "Rows that the last run read."),
    GAUGE("last_rows_out", "job_last_rows_out", "1", "Rows it was done with."),
    GAUGE("enabled", "job_enabled", "1", "1 while it runs when it is due."),
    COUNTER("good_total", "job_runs_good_total", "1",
            "Runs that met the objective: done so soon after they were due."),
    COUNTER("bad_total", "job_runs_bad_total", "1",
            "Runs that did not, counted as soon as that is sure; those that were due "
            "and did not happen, too."),
};

static const struct metric_need needs[] = {{"rows_in_total", "items"},
                                           {"rows_out_total", "items"},
                                           {"last_rows_in", "items"},
                                           {"last_rows_out", "items"}};

static const char *const streams[] = {"duration", NULL};

struct job_state {
    struct list inside;
    sim_time due; /* the next time; `timer` fires then */
    uint32_t timer;
    bool node_gone, fails, owed; /* owed: one that was missed, to be made up for */
    int64_t skip;
    double dies, slow; /* dies: share of the next run, 0: none */
    sim_time last_success, last_duration, seconds;
    sim_time last_run; /* began; 0 with no run yet */
    uint64_t rows_in, rows_out, last_in, last_out;
    uint64_t counts[M_RUNNING];
    uint64_t good, bad;
};

struct job_data {          /* model time */
    struct call_spec spec; /* first: call_root_spec() */
    bool calls;
    bool slo;      /* the objective is about it */
    comp_id items; /* component; COMP_NONE: none */
    size_t items_metric;
};

static struct job_state *state_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct job_state, c);
}

static const struct job_data *data_of(const struct world *w, comp_id c)
{
    return w->comps[c].data;
}

/* ---- model time ----------------------------------------------------------------- */

/* "events.orders.mailer.lag": the longest prefix that names a component, a metric. */
static enum err find_items(struct model *m, comp_id c, struct job_data *d,
                           struct errmsg *why)
{
    const char *text = model_param(m, c, P_ITEMS)->as.text, *dot = strrchr(text, '.');
    char name[160];
    d->items = COMP_NONE;
    if (text[0] == '\0')
        return ERR_OK;
    size_t n = dot ? (size_t)(dot - text) : 0;
    if (n == 0 || n >= sizeof name)
        return errmsg_set(why, ERR_INPUT, "%s: items \"%.60s\" is not component.metric",
                          m->comps[c].name, text);
    memcpy(name, text, n);
    name[n] = '\0';
    d->items = model_need(m, name, NULL, m->comps[c].name, why);
    if (d->items == COMP_NONE)
        return ERR_NOT_FOUND;
    const struct kind_desc *k = model_kind(m, d->items);
    for (size_t i = 0; i < k->nmetrics; i++) {
        if (!str_eq(k->metrics[i].name, dot + 1))
            continue;
        d->items_metric = i;
        return ERR_OK;
    }
    return errmsg_set(why, ERR_NOT_FOUND, "%s: a %s has no metric \"%.60s\"",
                      m->comps[c].name, k->name, dot + 1);
}

static enum err job_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct job_data *d = arena_alloc(&m->arena, sizeof *d);
    const char *to = model_param(m, c, P_TO)->as.text;
    comp_id target, endpoint;
    m->comps[c].data = d;
    enum err err = find_items(m, c, d, why);
    if (err != ERR_OK || to[0] == '\0')
        return err;
    err = model_call_target(m, to, &target, &endpoint, why);
    if (err != ERR_OK) {
        errmsg_prefix(why, "%s: ", m->comps[c].name);
        return err;
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
    d->slo = m->has_slo && m->slo_client[c];
    return ERR_OK;
}

static size_t job_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct job_state);
}

/* ---- a run ---------------------------------------------------------------------- */

/* ACT_USER: demand stays 0; x: the timer of its timeout, y: of its death, key: tries
 * after the first. */

static sim_time own_duration(struct world *w, comp_id c, uint32_t *rows)
{
    const struct job_data *d = data_of(w, c);
    *rows = 0;
    double t = (double)dist_draw(p_dist(w, c, P_DURATION), w_rng(w, c, RNG_DURATION));
    if (d->items != COMP_NONE) {
        double n = world_metric_at(w, d->items, d->items_metric, 0);
        t += n > 0 ? n * (double)p_time(w, c, P_PER_ITEM) : 0;
        *rows = n > 0 ? (uint32_t)(n < UINT32_MAX ? n : UINT32_MAX) : 0;
    }
    t *= state_of(w, c)->slow;
    return t < 1 ? 1 : t > 1e17 ? (sim_time)1e17 : (sim_time)t;
}

static uint32_t run_timer(struct world *w, struct act *a, sim_time delay, int event)
{
    return cal_at(w, w_now(w) + delay, EV_KIND + event, a->comp, W_REF(w, a), a->gen);
}

/* The process dies on its way, if it is to; what there is to do takes `whole`. */
static void maybe_dies(struct world *w, struct act *a, sim_time whole)
{
    struct job_state *s = state_of(w, a->comp);
    if (s->dies <= 0)
        return;
    a->of_job.death = run_timer(w, a, (sim_time)((double)whole * s->dies), EV_DIES);
    s->dies = 0;
}

static void work(struct world *w, struct act *a)
{
    struct job_state *s = state_of(w, a->comp);
    if (data_of(w, a->comp)->calls) {
        a->phase = RUN_CALLS;
        maybe_dies(w, a, s->last_duration > 0 ? s->last_duration : SIM_MIN);
        call_begin(w, a, &data_of(w, a->comp)->spec);
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
    struct job_state *s = state_of(w, c);
    const struct job_data *d = data_of(w, c);
    struct act *a = act_new(w, ACT_USER, c);
    sim_time most = p_time(w, c, P_TIMEOUT);
    a->request = ++W_HEAD(w)->next_request;
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
    struct job_state *s = state_of(w, a->comp);
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
    struct job_state *s = state_of(w, c);
    sim_time took = w_now(w) - a->start;
    cal_cancel(w, &a->of_job.timeout);
    cal_cancel(w, &a->of_job.death);
    cal_cancel(w, &a->of_job.late);
    act_account(w, a);
    call_drop(w, a);
    a->reason = (uint8_t)reason;
    if (reason == REASON_NONE || a->culprit == COMP_NONE)
        a->culprit = reason == REASON_NONE ? COMP_NONE : c;
    bool good = reason == REASON_NONE && !a->of_job.bad && a->age != AGE_LOST;
    s->good += good;
    s->bad += !good && !a->of_job.bad;
    s->seconds += took;
    if (data_of(w, c)->items != COMP_NONE)
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
    state_of(w, a->comp)->counts[M_HALF_DONE]++;
    a->culprit = COMP_NONE;
    run_end(w, a, reason);
}

static void stop_all(struct world *w, comp_id c, enum reason reason)
{
    struct job_state *s = state_of(w, c);
    while (s->inside.first != 0)
        run_stop(w, act_at(w, s->inside.first), reason);
}

static void job_resume(struct world *w, struct act *a, enum reason reason)
{
    struct job_state *s = state_of(w, a->comp);
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

/* ---- the clock ------------------------------------------------------------------ */

static void arm(struct world *w, comp_id c)
{
    struct job_state *s = state_of(w, c);
    cal_cancel(w, &s->timer);
    s->timer = cal_at(w, s->due, EV_KIND + EV_DUE, c, 0, 0);
}

static bool can_run(const struct world *w, comp_id c)
{
    return p_on(w, c, P_ENABLED) && !state_of(w, c)->node_gone;
}

static void due(struct world *w, comp_id c)
{
    struct job_state *s = state_of(w, c);
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
    struct job_state *s = state_of(w, c);
    if (!s->owed || !p_on(w, c, P_CATCH_UP) || !can_run(w, c))
        return;
    s->owed = false;
    run_start(w, c);
}

static void job_event(struct world *w, comp_id c, int what, uint32_t r, uint32_t gen)
{
    struct job_state *s = state_of(w, c);
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
        a->of_job.bad = true;
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
    struct job_state *s = state_of(w, c);
    sim_time at = p_time(w, c, P_AT);
    s->slow = 1;
    s->last_success = -p_time(w, c, P_LAST_SUCCESS);
    s->due = at > 0 ? at : p_time(w, c, P_EVERY);
    arm(w, c);
}

static void job_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    struct job_state *s = state_of(w, c);
    if (param == P_EVERY) { /* from the last time that it was due */
        sim_time last = s->due - old->as.duration, next = last + p_time(w, c, P_EVERY);
        s->due = next > w_now(w) ? next : w_now(w) + p_time(w, c, P_EVERY);
        arm(w, c);
    }
    if (param == P_ENABLED || param == P_CATCH_UP)
        make_up(w, c);
}

/* ---- operations and faults ------------------------------------------------------ */

static enum err op_enable(struct world *w, comp_id c, bool on, struct effect *e,
                          struct errmsg *why)
{
    if (p_on(w, c, P_ENABLED) == on)
        return errmsg_set(why, ERR_REFUSED, "%s is %s already", w->comps[c].name,
                          on ? "enabled" : "disabled");
    w_values(w, c)[P_ENABLED].as.on = on;
    e->has_undo = true;
    e->undo = (struct action){
        .kind = ACTION_OP, .comp = c, .name = on ? "disable" : "enable"};
    make_up(w, c);
    return ERR_OK;
}

static enum err job_op(struct world *w, comp_id c, int op, const struct action *a,
                       struct effect *e, struct errmsg *why)
{
    struct job_state *s = state_of(w, c);
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
        snprintf(e->title, sizeof e->title, "stop %s: %u run%s", w->comps[c].name,
                 s->inside.count, s->inside.count == 1 ? "" : "s");
        stop_all(w, c, REASON_KILLED);
        return ERR_OK;
    default:
        return op_enable(w, c, op == OP_ENABLE, e, why);
    }
}

static enum err job_fault(struct world *w, comp_id c, int fault, const struct action *a,
                          bool on, struct errmsg *why)
{
    struct job_state *s = state_of(w, c);
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

/* ---- the kind ------------------------------------------------------------------- */

static double job_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct job_state *s = state_of(w, c);
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
    for (ref r = state_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static const struct figure_desc figures[] = {
    {.label = "runs", .metric = "runs_total", .how = FIGURE_TOTAL, .status = true},
    {.label = "failed", .metric = "failed_total", .how = FIGURE_TOTAL, .status = true},
};

const struct kind_impl kind_job = {
    .desc = {.name = "job",
             .doc = "Work that a clock starts: every so often, like cron.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
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
