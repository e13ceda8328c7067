/*
 * A recording's life: the stores put together, and the observer that feeds them.
 *
 * Everything that never changes (names, columns, rules) is a plan, shared by a
 * recording and all its forks. A fork takes a reference to every chunk; who writes
 * first copies.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

struct recording *recording_new(struct model *m, const struct alert_rule *rules,
                                size_t nrules)
{
    struct recording *r = mem_alloc(sizeof *r);
    r->plan = plan_new(m, rules, nrules);
    r->cols = r->plan->cols;
    r->instances = mem_array(r->plan->ncomps + 1, sizeof *r->instances);
    r->alerts.states = mem_array(nrules + 1, sizeof *r->alerts.states);
    for (size_t i = 0; i < nrules; i++)
        r->alerts.states[i].true_since = SIM_FOREVER;
    return r;
}

void recording_free(struct recording *r)
{
    if (!r)
        return;
    table_release(&r->table);
    for (uint32_t c = 0; c < r->plan->ncomps; c++)
        mem_free(r->instances[c].first);
    mem_free(r->instances);
    mem_free(r->kept);
    slots_release(&r->slots);
    for (int i = 0; i < LOG_STORES; i++)
        logs_release(&r->logs[i]);
    traces_release(&r->traces);
    changes_release(&r->changes);
    alerts_release(&r->alerts);
    plan_unref(r->plan);
    mem_free(r);
}

static struct instances *copy_instances(const struct recording *from)
{
    uint32_t n = from->plan->ncomps;
    struct instances *to = mem_array(n + 1, sizeof *to);
    for (uint32_t c = 0; c < n; c++) {
        const struct instances *i = &from->instances[c];
        to[c].n = i->n;
        if (!i->n)
            continue;
        to[c].first = mem_array(i->n, sizeof *i->first);
        memcpy(to[c].first, i->first, i->n * sizeof *i->first);
    }
    return to;
}

struct recording *recording_fork(const struct recording *from)
{
    struct recording *r = mem_alloc(sizeof *r);
    r->plan = from->plan;
    r->plan->refs++;
    r->cols = from->cols;
    r->first = from->first;
    r->instances = copy_instances(from);
    if (from->kept) {
        r->nkept = from->nkept;
        r->kept = mem_array(from->nkept + 1, sizeof *r->kept);
        memcpy(r->kept, from->kept, from->nkept * sizeof *r->kept);
    }
    table_fork(&r->table, &from->table);
    slots_fork(&r->slots, &from->slots);
    for (int i = 0; i < LOG_STORES; i++)
        logs_fork(&r->logs[i], &from->logs[i]);
    traces_fork(&r->traces, &from->traces);
    changes_fork(&r->changes, &from->changes);
    alerts_fork(&r->alerts, &from->alerts, r->plan->nrules);
    return r;
}

/* ---- listening ------------------------------------------------------------------- */

static void on_done(void *ctx, const struct request_done *d)
{
    assert(d->end >= d->start);
    struct recording *r = ctx;
    slots_done(&r->slots, r->plan->ncomps, d);
    logs_access(r, d);
    if (d->user && d->traced)
        traces_done(&r->traces, d);
}

static void on_span(void *ctx, const struct span *s)
{
    assert(s->end >= s->start);
    struct recording *r = ctx;
    traces_span(&r->traces, r->plan->model, s);
}

static void on_log(void *ctx, const struct log_line *l)
{
    struct recording *r = ctx;
    logs_add(r, l);
}

static void on_change(void *ctx, const struct change *c)
{
    struct recording *r = ctx;
    changes_add(&r->changes, c);
}

struct observer recording_observer(struct recording *r)
{
    if (r->kept)
        return (struct observer){.ctx = r, .change = on_change};
    return (struct observer){
        .ctx = r, .done = on_done, .span = on_span, .log = on_log, .change = on_change};
}

void recording_sample(struct recording *r, const struct world *w)
{
    sim_time now = world_now(w);
    if ((uint32_t)(now / SIM_SEC) < table_rows(&r->table))
        return; /* the second has its sample already */
    series_sample(r, w);
    slots_advance(&r->slots, now);
    traces_advance(&r->traces, now);
    alerts_evaluate(r, now);
}

/* ---- keeping less ---------------------------------------------------------------- */

static void keep(struct recording *r, comp_id c, uint16_t metric)
{
    uint32_t col = r->plan->whole[c] + metric;
    for (uint32_t i = 0; i < r->nkept; i++)
        if (r->kept[i].col == col)
            return;
    r->kept[r->nkept++] = (struct kept){col, c, metric};
}

static void keep_rules(struct recording *r, const struct alert_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct rule_column at = plan_rule(r->plan, &rules[i]);
        if (at.col != NO_COLUMN)
            keep(r, at.comp, at.metric);
    }
}

void recording_keep_users(struct recording *r, const struct alert_rule *more, size_t n)
{
    const struct plan *p = r->plan;
    if (r->kept)
        return;
    r->kept = mem_array(2 * p->nclients + p->nrules + n + 1, sizeof *r->kept);
    for (uint32_t i = 0; i < p->nclients; i++) {
        comp_id c = p->clients[i];
        keep(r, c, (uint16_t)(p->good[i] - p->whole[c]));
        keep(r, c, (uint16_t)(p->bad[i] - p->whole[c]));
    }
    keep_rules(r, p->rules, p->nrules);
    keep_rules(r, more, n);
}

/* ---- looking at the whole -------------------------------------------------------- */

sim_time recording_end(const struct recording *r)
{
    uint32_t rows = table_rows(&r->table);
    return rows ? (sim_time)(rows - 1) * SIM_SEC : 0;
}

size_t recording_bytes(const struct recording *r)
{
    size_t n = sizeof *r + (r->plan->ncomps + 1) * sizeof *r->instances;
    for (uint32_t c = 0; c < r->plan->ncomps; c++)
        n += r->instances[c].n * sizeof *r->instances[c].first;
    n += table_bytes(&r->table);
    n += slots_bytes(&r->slots);
    for (int i = 0; i < LOG_STORES; i++)
        n += logs_bytes(&r->logs[i]);
    n += traces_bytes(&r->traces);
    n += changes_bytes(&r->changes);
    return n + r->alerts.cap * sizeof *r->alerts.past;
}

const struct model *recording_model(const struct recording *r)
{
    return r->plan->model;
}
