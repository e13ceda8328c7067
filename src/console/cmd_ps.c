/*
 * ps: instances as they are now, from the world itself: workers, queue, processor, and
 * who waits for a connection. Of what has no instances: its main numbers.
 */
#include "console_internal.h"
#include "lookup.h"

#include <limits.h>
#include <string.h>

static const char *state_word(const struct instance_view *v)
{
    switch (v->state) {
    case INSTANCE_STARTING:
        return "starting";
    case INSTANCE_DRAINING:
        return "draining";
    case INSTANCE_DOWN:
        return "down";
    default:
        return !v->ready ? "not ready" : v->warming ? "warming" : "up";
    }
}

static enum tone state_tone(const struct instance_view *v)
{
    if (v->state == INSTANCE_DOWN)
        return TONE_BAD;
    return v->state == INSTANCE_UP && v->ready && !v->warming ? TONE_GOOD : TONE_WARN;
}

/* "58/64", warned about when nothing is left. */
static void used_cell(struct out_table *t, int used, int of)
{
    table_cell(t, of > 0 && used >= of ? TONE_WARN : TONE_NORMAL, "%d/%d", used, of);
}

static void pool_cells(struct call *c, struct out_table *t,
                       const struct instance_view *v)
{
    used_cell(t, v->pool_in_use, v->pool_size);
    table_cell(t, v->pool_waiting ? TONE_WARN : TONE_NORMAL, "%d", v->pool_waiting);
    table_cell(t, v->pool_waiting ? TONE_WARN : TONE_NORMAL, "%s",
               v->pool_waiting ? ago_short(c, c->now - v->pool_oldest_wait) : "-");
}

static void instance_row(struct call *c, struct out_table *t, comp_id comp,
                         const struct instance_view *v, bool pool)
{
    table_cell(t, TONE_STRONG, "%s", inst_name(c, comp, v->number));
    table_cell(t, state_tone(v), "%s", state_word(v));
    table_cell(t, TONE_NORMAL, "%s", ago_short(c, v->since));
    used_cell(t, v->busy, v->workers);
    table_cell(t, v->queued ? TONE_WARN : TONE_NORMAL, "%d", v->queued);
    table_cell(t, v->cpu > 0.95 ? TONE_WARN : TONE_NORMAL, "%s", percent(c, v->cpu));
    if (pool)
        pool_cells(c, t, v);
}

static comp_id pool_of(const struct call *c, comp_id comp)
{
    return next_owned(c, comp, "pool", COMP_NONE);
}

struct extras {
    int n, restarted; /* instances, and those that have been restarted */
    int least, most;  /* restarts */
    const char *version;
    bool mixed; /* several versions */
};

static struct extras look_at(struct call *c, comp_id comp, int only)
{
    struct extras x = {.least = INT_MAX};
    for (int i = 1; i <= world_instances(c->w, comp); i++) {
        struct instance_view v;
        world_instance(c->w, comp, i, &v);
        if (v.state == INSTANCE_NONE || (only && i != only))
            continue;
        x.n++;
        x.restarted += v.restarts > 0;
        x.least = v.restarts < x.least ? v.restarts : x.least;
        x.most = v.restarts > x.most ? v.restarts : x.most;
        x.mixed = x.mixed || (x.version && !str_eq(x.version, v.version));
        x.version = v.version;
    }
    return x;
}

/* "checkout-1 v41, checkout-2 v42": what differs, of each instance. */
static void list_each(struct call *c, comp_id comp, int only, bool versions)
{
    struct buf b;
    buf_init(&b, 0);
    for (int i = 1; i <= world_instances(c->w, comp); i++) {
        struct instance_view v;
        world_instance(c->w, comp, i, &v);
        if (v.state == INSTANCE_NONE || (only && i != only) ||
            (!versions && !v.restarts))
            continue;
        buf_addf(&b, "%s%s ", b.len ? ", " : "", inst_name(c, comp, i));
        if (versions)
            buf_adds(&b, v.version);
        else
            buf_addf(&b, "%d", v.restarts);
    }
    note(c, "%s: %s.", versions ? "Versions" : "Restarts", b.s);
    buf_release(&b);
}

static void tell_extras(struct call *c, comp_id comp, int only)
{
    struct extras x = look_at(c, comp, only);
    if (x.n > 1 && x.restarted == x.n && x.least == x.most)
        note(c, "Each has been restarted %s.",
             x.most == 1 ? "once" : strf(c, "%d times", x.most));
    else if (x.restarted)
        list_each(c, comp, only, false);
    if (x.mixed)
        list_each(c, comp, only, true);
    else if (x.version && *x.version)
        note(c, "Version %s.", x.version);
}

/* "checkout-1 workers 16": what an instance runs with until it is restarted. */
static void tell_kept(struct call *c, comp_id comp, int only)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    struct buf b;
    struct value v;
    buf_init(&b, 0);
    for (int i = 1; i <= world_instances(c->w, comp); i++)
        for (size_t p = 0; p < k->nparams && (!only || only == i); p++) {
            if (!world_kept(c->w, comp, i, k->params[p].name, &v))
                continue;
            buf_addf(&b, "%s%s %s ", b.len ? ", " : "", inst_name(c, comp, i),
                     k->params[p].name);
            value_format(c->m, &k->params[p], &v, &b);
        }
    if (b.len)
        note(c, "Old values until restarted: %s.", b.s);
    buf_release(&b);
}

static void show_service(struct call *c, comp_id comp, int only)
{
    comp_id pool = pool_of(c, comp);
    struct out_table t;
    table_init(&t, c->o,
               pool == COMP_NONE
                   ? "INSTANCE|STATE|FOR|>WORKERS|>QUEUED|>CPU"
                   : "INSTANCE|STATE|FOR|>WORKERS|>QUEUED|>CPU|>POOL|>WAITING|OLDEST");
    for (int i = 1; i <= world_instances(c->w, comp); i++) {
        struct instance_view v;
        world_instance(c->w, comp, i, &v);
        if (v.state != INSTANCE_NONE && (!only || only == i))
            instance_row(c, &t, comp, &v, pool != COMP_NONE);
    }
    table_print(&t);
    if (pool != COMP_NONE)
        note(c, "POOL: connections to %s. OLDEST: the first that waits for one.",
             name_of(c, model_target(c->m, pool)));
    tell_extras(c, comp, only);
    tell_kept(c, comp, only);
    seen_comp(c, comp, "instances");
    if (pool != COMP_NONE)
        seen_comp(c, comp, "pool");
}

/* A component without instances: its gauges, and its counters as rates. */
static void show_numbers(struct call *c, comp_id comp)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    struct out_table t;
    table_init(&t, c->o, strf(c, "%s|>NOW", name_of(c, comp)));
    for (size_t i = 0; i < k->nmetrics; i++) {
        const struct metric_desc *d = &k->metrics[i];
        double v = d->type == METRIC_COUNTER ? rate(c, comp, d->name)
                                             : gauge(c, comp, d->name, 0);
        table_cell(&t, TONE_NORMAL, "%s", d->name);
        table_cell(&t, TONE_NORMAL, "%s", metric_value(c, v, d));
    }
    table_print(&t);
    seen_comp(c, comp, "metrics");
}

static void show_all(struct call *c)
{
    comp_id v[COMPS_MAX];
    size_t n = scene_order(&c->scene, v, COMPS_MAX), shown = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_kind(c, v[i], "service"))
            continue;
        if (shown++)
            out_end(c->o);
        show_service(c, v[i], 0);
    }
    if (!shown)
        out_line(c->o, TONE_NORMAL, "No service here has instances.");
}

static enum err run(struct call *c)
{
    comp_id comp;
    int instance;
    if (!c->nargs) {
        show_all(c);
        return ERR_OK;
    }
    enum err e = need_comp(c, c->arg[0], &comp, &instance);
    if (e != ERR_OK)
        return e;
    if (is_kind(c, comp, "service"))
        show_service(c, comp, instance);
    else
        show_numbers(c, comp);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl get pods -l app=COMPONENT -o wide"},
    {"kubectl", "kubectl top pods -l app=COMPONENT"},
    {"aws", "aws ecs describe-services --cluster prod --services COMPONENT"},
};
const struct command cmd_ps = {
    .info = {.name = "ps",
             .synopsis = "ps [COMPONENT|INSTANCE]",
             .doc =
                 "The instances, now. State and for how long, busy workers of all, "
                 "requests queued for a worker, processor, connections taken from the "
                 "pool, how many wait for one and how long the first has waited.",
             .examples = "ps\nps COMPONENT\nps INSTANCE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_INSTANCE},
    .max_args = 1,
    .run = run,
};
