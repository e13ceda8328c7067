/*
 * status: one line for each component, as its own probes and metrics see it, then the
 * alerts. It is a dashboard, and lies as dashboards do: errors and latency are those of
 * finished requests, and it says so.
 */
#include "console_internal.h"

#include <string.h>

#define WINDOW SIM_MIN

struct line {
    const char *state;
    enum tone tone;
    const char *facts[5];
    size_t n;
};

static void fact(struct line *l, const char *text)
{
    if (text && l->n < COUNT_OF(l->facts))
        l->facts[l->n++] = text;
}

static const char *labelled(const struct call *c, const char *label, const char *value)
{
    return str_eq(value, "-") ? NULL : strf(c, "%s %s", label, value);
}

static void count_ready(const struct call *c, comp_id service, int *ready, int *all)
{
    *ready = *all = 0;
    for (int i = 1; i <= world_instances(c->w, service); i++) {
        struct instance_view v;
        world_instance(c->w, service, i, &v);
        if (v.state == INSTANCE_NONE)
            continue;
        ++*all;
        *ready += v.ready;
    }
}

/* Failed share of what the endpoints of a service answered lately. */
static double error_share(const struct call *c, comp_id comp)
{
    comp_id ends[64];
    double done = 0, failed = 0;
    size_t n = endpoints_of(c, comp, ends, 64);
    for (size_t i = 0; i < n; i++) {
        double d = rate(c, ends[i], "requests_total", WINDOW);
        double f = rate(c, ends[i], "errors_total", WINDOW);
        done += isnan(d) ? 0 : d;
        failed += isnan(f) ? 0 : f;
    }
    return done > 0 ? failed / done : NAN;
}

static void of_service(struct call *c, comp_id comp, struct line *l)
{
    int ready, all;
    count_ready(c, comp, &ready, &all);
    l->state = strf(c, "%d of %d healthy", ready, all);
    l->tone = ready == all ? TONE_GOOD : ready ? TONE_WARN : TONE_BAD;
    fact(l, labelled(c, "cpu", percent(c, gauge(c, comp, "cpu", 0))));
    fact(l, labelled(c, "errors", percent(c, error_share(c, comp))));
    double p99 = latency(c, comp, c->now - WINDOW, c->now, 0.99);
    fact(l, isnan(p99) ? "p99 no data" : strf(c, "p99 %s", quantity(c, p99, "s")));
}

static void of_balancer(struct call *c, comp_id comp, struct line *l)
{
    int in = 0, all = 0;
    comp_id to = model_target(c->m, comp);
    for (int i = 1; to != COMP_NONE && i <= world_instances(c->w, to); i++) {
        struct instance_view v;
        world_instance(c->w, to, i, &v);
        all += v.state != INSTANCE_NONE;
        in += v.in_rotation;
    }
    l->state = "up";
    l->tone = in == all ? TONE_GOOD : TONE_WARN;
    fact(l, strf(c, "probes %d of %d green", in, all));
}

static void of_database(struct call *c, comp_id comp, struct line *l)
{
    double up = gauge(c, comp, "up", 0);
    l->state = up == 0 ? "down" : "up";
    l->tone = up == 0 ? TONE_BAD : TONE_GOOD;
    fact(l, labelled(c, "cpu", percent(c, gauge(c, comp, "cpu", 0))));
    fact(l, strf(c, "connections %s of %s", num(c, gauge(c, comp, "connections", 0)),
                 num(c, gauge(c, comp, "max_connections", 0))));
}

static void of_cache(struct call *c, comp_id comp, struct line *l)
{
    double hits = 0, misses = 0;
    for (comp_id k = next_owned(c, comp, "keyspace", COMP_NONE); k != COMP_NONE;
         k = next_owned(c, comp, "keyspace", k)) {
        double h = rate(c, k, "hits_total", WINDOW),
               m = rate(c, k, "misses_total", WINDOW);
        hits += isnan(h) ? 0 : h;
        misses += isnan(m) ? 0 : m;
    }
    double up = gauge(c, comp, "up", 0);
    l->state = up == 0 ? "down" : "up";
    l->tone = up == 0 ? TONE_BAD : TONE_GOOD;
    if (hits + misses > 0)
        fact(l, strf(c, "hit ratio %s", percent(c, hits / (hits + misses))));
}

/* How far those who read from it are behind. */
static void of_broker(struct call *c, comp_id comp, struct line *l)
{
    double up = gauge(c, comp, "up", 0), oldest = 0;
    for (comp_id s = next_of(c, "subscription", COMP_NONE); s != COMP_NONE;
         s = next_of(c, "subscription", s)) {
        double x = gauge(c, s, "lag_seconds", 0);
        if (model_owner(c->m, model_owner(c->m, s)) == comp && x > oldest)
            oldest = x;
    }
    l->state = up == 0 ? "down" : "up";
    l->tone = up == 0 ? TONE_BAD : TONE_GOOD;
    fact(l, labelled(c, "lag", count(c, gauge(c, comp, "lag", 0))));
    fact(l, strf(c, "oldest %s", span_short(c, (sim_time)(oldest * 1e9))));
}

static void of_limiter(struct call *c, comp_id comp, struct line *l)
{
    double refused = rate(c, comp, "limited_total", WINDOW);
    l->state = "up";
    l->tone = TONE_GOOD;
    fact(l, labelled(c, "refused", per_time(c, refused)));
}

static void of_job(struct call *c, comp_id comp, struct line *l)
{
    bool on = world_get(c->w, comp, "enabled").as.on;
    double running = gauge(c, comp, "running", 0);
    l->state = !on ? "disabled" : running > 0 ? "running" : "waiting";
    l->tone = on ? TONE_GOOD : TONE_WARN;
    fact(l, labelled(c, "runs", count(c, gauge(c, comp, "runs_total", 0))));
    fact(l, labelled(c, "failed", count(c, gauge(c, comp, "failed_total", 0))));
}

static void of_any(struct call *c, comp_id comp, struct line *l)
{
    double up = gauge(c, comp, "up", 0);
    l->state = up == 0 ? "down" : "up";
    l->tone = up == 0 ? TONE_BAD : TONE_GOOD;
    fact(l, labelled(c, "errors", percent(c, gauge(c, comp, "error_ratio", 0))));
}

static bool shown(const struct call *c, comp_id comp)
{
    return is_top(c, comp) && !is_kind(c, comp, "client") &&
           !is_kind(c, comp, "autoscaler");
}

static struct line line_of(struct call *c, comp_id comp)
{
    struct line l = {.state = "", .tone = TONE_NORMAL};
    if (is_kind(c, comp, "service"))
        of_service(c, comp, &l);
    else if (is_kind(c, comp, "balancer"))
        of_balancer(c, comp, &l);
    else if (is_kind(c, comp, "database"))
        of_database(c, comp, &l);
    else if (is_kind(c, comp, "cache"))
        of_cache(c, comp, &l);
    else if (is_kind(c, comp, "broker"))
        of_broker(c, comp, &l);
    else if (is_kind(c, comp, "limiter"))
        of_limiter(c, comp, &l);
    else if (is_kind(c, comp, "job"))
        of_job(c, comp, &l);
    else
        of_any(c, comp, &l);
    return l;
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

static enum err run(struct call *c)
{
    comp_id v[COMPS_MAX];
    size_t n = flow_order(c, v, COMPS_MAX);
    struct out_table t;
    table_init(&t, c->o, "COMPONENT|STATE|OVER THE LAST MINUTE");
    for (size_t i = 0; i < n; i++) {
        if (!shown(c, v[i]))
            continue;
        struct line l = line_of(c, v[i]);
        struct buf b;
        buf_init(&b, 0);
        for (size_t k = 0; k < l.n; k++)
            buf_addf(&b, "%s%s", k ? "  " : "", l.facts[k]);
        table_cell(&t, TONE_STRONG, "%s", name_of(c, v[i]));
        table_cell(&t, l.tone, "%s", l.state);
        table_cell(&t, TONE_NORMAL, "%s", b.s);
        buf_release(&b);
    }
    table_print(&t);
    tell_alerts(c);
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
