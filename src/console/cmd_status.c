/*
 * status: one line for each component, as its own probes and metrics see it, then the
 * alerts. It is a dashboard, and lies as dashboards do: errors and latency are those of
 * finished requests, and it says so.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

#define FIGURES 5

static enum tone tone_of(enum level level)
{
    return level == LEVEL_PLAIN     ? TONE_GOOD
           : level == LEVEL_UNUSUAL ? TONE_WARN
                                    : TONE_BAD;
}

/* The figures of one window, two blanks apart. */
static void figures_cell(struct call *c, struct out_table *t, comp_id comp,
                         enum fact_when when)
{
    struct fact f[FIGURES];
    size_t n = scene_status(&c->scene, comp, when, f, FIGURES);
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++) {
        buf_adds(&b, i ? "  " : "");
        fact_text(&b, &f[i], form_of(c));
    }
    table_cell(t, TONE_NORMAL, "%s", b.s);
    buf_release(&b);
}

static void component_row(struct call *c, struct out_table *t, comp_id comp)
{
    struct state st = scene_state(&c->scene, comp);
    struct buf b;
    if (st.word)
        st.all = 0; /* a database's servers stand below the table */
    buf_init(&b, 0);
    state_text(&b, &st);
    table_cell(t, TONE_STRONG, "%s", name_of(c, comp));
    table_cell(t, tone_of(st.level), "%s", b.s);
    figures_cell(c, t, comp, FACT_NOW);
    figures_cell(c, t, comp, FACT_WINDOW);
    buf_release(&b);
}

static bool shown(const struct call *c, comp_id comp)
{
    return is_top(c, comp) && !is_kind(c, comp, "client") &&
           !is_kind(c, comp, "autoscaler");
}

static void tell_alerts(struct call *c)
{
    size_t firing = 0;
    for (size_t i = 0; i < recording_alerts(c->rec); i++) {
        struct alert a = recording_alert(c->rec, i);
        if (a.until != SIM_FOREVER)
            continue;
        firing++;
        out_line(c->o, TONE_BAD, "Alert since %s: %s", clock_of(c, a.since, false),
                 a.rule->name);
    }
    if (!firing)
        out_line(c->o, TONE_NORMAL, "No alert.");
    seen(c, "alerts");
}

/* Tells what the healthy night says; nothing where nobody measures users, or it is not
 * known yet. Since when is for the learner to find. */
static void tell_lost(struct call *c)
{
    struct buf b;
    if (!c->ctx->lost_known || c->ctx->users_hidden ||
        c->ctx->lost_since == SIM_FOREVER)
        return;
    buf_init(&b, 32);
    number_count(&b, (double)c->ctx->users_lost);
    out_line(c->o, TONE_WARN, "Users have lost %s requests so far.", b.s);
    buf_release(&b);
}

static enum err run(struct call *c)
{
    comp_id v[COMPS_MAX];
    size_t n = scene_order(&c->scene, v, COMPS_MAX);
    struct out_table t;
    table_init(&t, c->o, "COMPONENT|STATE|NOW|LAST MINUTE");
    for (size_t i = 0; i < n; i++)
        if (shown(c, v[i]))
            component_row(c, &t, v[i]);
    table_print(&t);
    tell_alerts(c);
    tell_lost(c);
    for (comp_id db = next_of(c, "database", COMP_NONE); db != COMP_NONE;
         db = next_of(c, "database", db))
        db_tell_unwell(c, db);
    note(c, "Errors and p99 are those of finished requests.");
    seen(c, "status");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl get deployments"},
    {"promtool",
     "promtool query instant http://prometheus:9090 'up{job=\"COMPONENT\"}'"},
    {"systemctl", "systemctl status COMPONENT"},
};
const struct command cmd_status = {
    .info =
        {.name = "status",
         .synopsis = "status",
         .doc = "The dashboard and the alerts. Each component as its probes and "
                "metrics see it. What it counts has finished; what hangs is not in it.",
         .examples = "status",
         .group = GROUP_LOOK,
         WILD(wild)},
    .run = run,
};
