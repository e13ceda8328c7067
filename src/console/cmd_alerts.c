/*
 * alerts: what is firing, what fired before, and the rules that are watched at all:
 * what no rule watches never fires.
 */
#include "console_internal.h"
#include "lookup.h"

static void show_alert(struct call *c, struct out_table *t, const struct alert *a)
{
    bool firing = a->until == SIM_FOREVER;
    table_cell(t, firing ? TONE_BAD : TONE_DIM, "%s", firing ? "firing" : "over");
    table_cell(t, TONE_NORMAL, "%s", clock_of(c, a->since, true));
    table_cell(t, TONE_DIM, "%s",
               firing ? strf(c, "for %s", ago(c, a->since))
                      : strf(c, "until %s", clock_of(c, a->until, true)));
    table_cell(t, TONE_NORMAL, "%s", a->rule->page ? "page" : "ticket");
    table_cell(t, firing ? TONE_STRONG : TONE_NORMAL, "%s", a->rule->name);
}

static void show_objective(struct call *c)
{
    const struct slo *slo = model_get_slo(c->m);
    if (!slo || !call_opt(c, "--budget"))
        return;
    if (c->ctx->users_hidden) {
        para(c, TONE_NORMAL, 0,
             strf(c, "Objective: %s. Nobody measures it here.", slo->name));
        return;
    }
    struct slo_state s = recording_slo(c->rec, c->now);
    para(
        c, TONE_NORMAL, 0,
        strf(c,
             "Objective: %s, for %s of requests. Last minute %s good; the budget burns "
             "at %s times its pace; %s of it is left.",
             slo->name, percent(c, slo->objective), percent(c, s.good), num(c, s.burn),
             percent(c, s.budget < 0 ? 0 : s.budget)));
}

static enum err run(struct call *c)
{
    size_t n = recording_alerts(c->rec);
    if (n) {
        struct out_table t;
        table_init(&t, c->o, "STATE|SINCE||KIND|ALERT");
        for (size_t i = 0; i < n; i++) {
            struct alert a = recording_alert(c->rec, i);
            show_alert(c, &t, &a);
        }
        table_print(&t);
    } else {
        out_line(c->o, TONE_NORMAL, "No alert has fired.");
    }
    show_objective(c);
    seen(c, "alerts");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"amtool", "amtool alert query --alertmanager.url=http://alertmanager:9093"},
    {"curl", "curl -s http://prometheus:9090/api/v1/alerts"},
};
const struct command cmd_alerts = {
    .info = {.name = "alerts",
             .synopsis = "alerts [--budget]",
             .doc = "What is firing, and what fired before. Nothing fires for what no "
                    "rule watches.",
             .examples = "alerts\nalerts --budget",
             .group = GROUP_LOOK,
             WILD(wild)},
    .opts = {{"--budget", ARG_NONE,
              "also the objective and what is left of its budget"}},
    .run = run,
};
