/*
 * The plan of a recording: which column of the table is which metric of which
 * component, which columns are the user's ledger, and the alert rules. Made once, never
 * changed.
 */
#include "telemetry_internal.h"

#include <string.h>

static size_t metric_named(const struct kind_desc *k, const char *name)
{
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name) || str_eq(k->metrics[i].prom, name))
            return i;
    return k->nmetrics;
}

static void plan_columns(struct plan *p)
{
    p->whole = mem_array(p->ncomps + 1, sizeof *p->whole);
    p->per_instance = mem_array(p->ncomps + 1, sizeof *p->per_instance);
    for (uint32_t c = 0; c < p->ncomps; c++) {
        p->whole[c] = p->cols;
        p->cols += (uint32_t)model_kind(p->model, (comp_id)c)->nmetrics;
    }
    p->ordinal = mem_array(p->cols + 1, sizeof *p->ordinal);
    for (uint32_t c = 0; c < p->ncomps; c++) {
        const struct kind_desc *k = model_kind(p->model, (comp_id)c);
        for (size_t i = 0; i < k->nmetrics; i++)
            if (k->metrics[i].per_instance)
                p->ordinal[p->whole[c] + i] = ++p->per_instance[c];
    }
}

/* A kind that counts good and bad keeps the user's ledger. */
static void plan_clients(struct plan *p)
{
    p->clients = mem_array(p->ncomps + 1, sizeof *p->clients);
    p->in_slo = mem_array(p->ncomps + 1, sizeof *p->in_slo);
    p->good = mem_array(p->ncomps + 1, sizeof *p->good);
    p->bad = mem_array(p->ncomps + 1, sizeof *p->bad);
    for (uint32_t c = 0; c < p->ncomps; c++) {
        const struct kind_desc *k = model_kind(p->model, (comp_id)c);
        size_t good = metric_named(k, "good_total"), bad = metric_named(k, "bad_total");
        if (good == k->nmetrics || bad == k->nmetrics)
            continue;
        p->in_slo[p->nclients] = model_in_slo(p->model, (comp_id)c);
        p->clients[p->nclients] = (comp_id)c;
        p->good[p->nclients] = p->whole[c] + (uint32_t)good;
        p->bad[p->nclients++] = p->whole[c] + (uint32_t)bad;
    }
    const struct slo *slo = model_get_slo(p->model);
    if (slo)
        p->slo = *slo;
}

struct rule_column plan_rule(const struct plan *p, const struct alert_rule *r)
{
    struct rule_column none = {.col = NO_COLUMN};
    if (r->kind != ALERT_THRESHOLD || r->comp >= p->ncomps || !r->metric)
        return none;
    const struct kind_desc *k = model_kind(p->model, r->comp);
    size_t m = metric_named(k, r->metric);
    if (m == k->nmetrics)
        return none;
    return (struct rule_column){.col = p->whole[r->comp] + (uint32_t)m,
                                .rate = k->metrics[m].type == METRIC_COUNTER,
                                .comp = r->comp,
                                .metric = (uint16_t)m};
}

static void plan_rules(struct plan *p, const struct alert_rule *rules, size_t n)
{
    p->nrules = n;
    p->rules = mem_array(n + 1, sizeof *p->rules);
    p->rule_texts = mem_array(2 * n + 1, sizeof *p->rule_texts);
    p->rule_cols = mem_array(n + 1, sizeof *p->rule_cols);
    for (size_t i = 0; i < n; i++) {
        struct alert_rule *r = &p->rules[i];
        *r = rules[i];
        r->name = p->rule_texts[2 * i] = mem_strdup(r->name ? r->name : "");
        r->metric = p->rule_texts[2 * i + 1] = mem_strdup(r->metric ? r->metric : "");
        p->rule_cols[i] = plan_rule(p, r);
    }
}

struct plan *plan_new(struct model *m, const struct alert_rule *rules, size_t nrules)
{
    struct plan *p = mem_alloc(sizeof *p);
    p->refs = 1;
    p->model = model_ref(m);
    p->ncomps = (uint32_t)model_comps(m);
    plan_columns(p);
    plan_clients(p);
    plan_rules(p, rules, nrules);
    return p;
}

void plan_unref(struct plan *p)
{
    if (!p || --p->refs > 0)
        return;
    for (size_t i = 0; i < 2 * p->nrules; i++)
        mem_free(p->rule_texts[i]);
    mem_free(p->rule_texts);
    mem_free(p->rules);
    mem_free(p->rule_cols);
    mem_free(p->whole);
    mem_free(p->per_instance);
    mem_free(p->ordinal);
    mem_free(p->clients);
    mem_free(p->in_slo);
    mem_free(p->good);
    mem_free(p->bad);
    model_unref(p->model);
    mem_free(p);
}
