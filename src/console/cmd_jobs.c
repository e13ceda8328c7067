/*
 * jobs: what a clock starts: when it is due, whether it runs, and how long ago it last
 * succeeded. A run that did not happen is in no log; the age of the last success is
 * where it shows.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

static const char *seconds(const struct call *c, double s)
{
    return span_short(c, (sim_time)(s * (double)SIM_SEC));
}

/* When one last began, whatever became of it. */
static const char *last_run(const struct call *c, comp_id job)
{
    double age = world_metric(c->w, job, "last_run_age", 0);
    if (world_metric(c->w, job, "running", 0) > 0)
        return "running";
    return age < 0 ? "none yet" : strf(c, "%s ago", seconds(c, age));
}

static const char *rows(struct call *c, comp_id job, const char *metric)
{
    bool reads = world_get(c->w, job, "items").as.text[0] != '\0';
    bool ran = world_metric(c->w, job, "last_run_age", 0) >= 0;
    return reads && ran ? count(c, world_metric(c->w, job, metric, 0)) : "-";
}

static void job_row(struct call *c, struct out_table *t, comp_id job)
{
    double age = world_metric(c->w, job, "last_success_age", 0);
    double took = world_metric(c->w, job, "last_duration", 0);
    double failed = world_metric(c->w, job, "failed_total", 0);
    /* Runs before the start that were worth a word, the author has told. */
    bool never = world_metric(c->w, job, "succeeded_total", 0) == 0 &&
                 world_get(c->w, job, "last_success").as.duration == 0;
    bool on = world_get(c->w, job, "enabled").as.on;
    sim_time every = world_get(c->w, job, "every").as.duration;
    bool late = age > 2.0 * (double)every / (double)SIM_SEC + took;
    bool lost = world_metric(c->w, job, "last_rows_out", 0) <
                world_metric(c->w, job, "last_rows_in", 0);
    table_cell(t, TONE_STRONG, "%s", name_of(c, job));
    table_cell(t, on ? TONE_NORMAL : TONE_WARN, "%s",
               on ? span_short(c, every) : "disabled");
    table_cell(t, TONE_NORMAL, "%s", last_run(c, job));
    table_cell(t, late ? TONE_WARN : TONE_NORMAL, "%s",
               never ? "none yet" : strf(c, "%s ago", seconds(c, age)));
    table_cell(t, TONE_NORMAL, "%s", took > 0 ? seconds(c, took) : "-");
    table_cell(t, TONE_NORMAL, "%s",
               count(c, world_metric(c->w, job, "runs_total", 0)));
    table_cell(t, failed > 0 ? TONE_WARN : TONE_NORMAL, "%s", count(c, failed));
    table_cell(t, TONE_NORMAL, "%s", rows(c, job, "last_rows_in"));
    table_cell(t, lost ? TONE_WARN : TONE_NORMAL, "%s", rows(c, job, "last_rows_out"));
    seen_comp(c, job, "metrics");
    seen_comp(c, job, "config");
    seen_metric(c, job, "last_success_age");
    seen_metric(c, job, "last_run_age");
}

static enum err list(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o,
               "JOB|>EVERY|>LAST RUN|>LAST SUCCESS|>TOOK|>RUNS|>FAILED|>IN|>OUT");
    for (comp_id j = next_of(c, "job", COMP_NONE); j != COMP_NONE;
         j = next_of(c, "job", j))
        job_row(c, &t, j);
    table_print(&t);
    note(c, "What did not run has not failed either. IN, OUT: rows that the last run "
            "read, and was done with.");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl get cronjobs"},
    {"systemctl", "systemctl list-timers"},
};
static const struct command_wild wild_run[] = {
    {"kubectl", "kubectl create job by-hand --from=cronjob/COMPONENT"},
};
static const struct command_wild wild_stop[] = {
    {"kubectl", "kubectl delete jobs -l app=COMPONENT"},
};
static const struct command_wild wild_enable[] = {
    {"kubectl", "kubectl patch cronjob COMPONENT -p '{\"spec\":{\"suspend\":false}}'"},
};
static const struct command_wild wild_disable[] = {
    {"kubectl", "kubectl patch cronjob COMPONENT -p '{\"spec\":{\"suspend\":true}}'"},
};
#define VERB(id, text, says, w)                                                        \
    static const struct command jobs_##id = {.info = {.name = #id,                     \
                                                      .synopsis = "jobs " #id " NAME", \
                                                      .doc = text,                     \
                                                      .examples = "jobs " #id " JOB",  \
                                                      .group = GROUP_ACT,              \
                                                      .changes_world = true,           \
                                                      WILD(w)},                        \
                                             .args = {ARG_JOB},                        \
                                             .max_args = 6,                            \
                                             .raw = true,                              \
                                             .done = says,                             \
                                             .run = act_op}
VERB(run, "Starts one now, due or not.", "COMPONENT has been started", wild_run);
VERB(stop, "Stops the run that is under way.", "COMPONENT has been stopped", wild_stop);
VERB(enable, "It runs again when it is due.", "COMPONENT runs when it is due",
     wild_enable);
VERB(disable, "It does not run any more.", "COMPONENT does not run any more",
     wild_disable);
static const struct command *const subs[] = {&jobs_run, &jobs_stop, &jobs_enable,
                                             &jobs_disable, NULL};

static enum err run(struct call *c)
{
    if (!count_of(c, "job"))
        return refuse(c, ERR_NOT_FOUND, "There are no jobs here.");
    if (!c->nargs)
        return list(c);
    return refuse(c, ERR_INPUT,
                  "jobs lists them; jobs run, stop, enable or disable NAME acts on "
                  "one.");
}

const struct command cmd_jobs = {
    .info = {.name = "jobs",
             .synopsis = "jobs [run|stop|enable|disable NAME]",
             .doc = "What a clock starts, and when it last succeeded. run starts one "
                    "now, due or not.",
             .examples = "jobs\njobs run JOB\njobs disable JOB",
             .group = GROUP_LOOK,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_JOB},
    .max_args = 1,
    .subs = subs,
    .run = run,
};
