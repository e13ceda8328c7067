/*
 * Looking at a world. Every function here works for every component: where there is
 * nothing of the kind asked for, the answer is empty.
 */
#include "engine/act.h"
#include "engine/kind.h"
#include "truecode/world.h"

#include <math.h>

struct value world_get(const struct world *w, comp_id c, const char *param)
{
    if (c >= w->model->ncomps)
        return (struct value){.type = VALUE_NONE};
    const struct kind_desc *d = model_kind(w->model, c);
    for (size_t i = 0; i < d->nparams; i++)
        if (str_eq(d->params[i].name, param))
            return w_values(w, c)[i];
    return (struct value){.type = VALUE_NONE};
}

double world_metric_at(const struct world *w, comp_id c, size_t metric, int instance)
{
    if (c >= w->model->ncomps)
        return (double)NAN;
    const struct kind_impl *k = w->comps[c].kind;
    if (metric >= k->desc.nmetrics || !k->metric)
        return (double)NAN;
    bool one = instance > 0 && k->desc.metrics[metric].per_instance;
    return k->metric(w, c, (int)metric, one ? instance : 0);
}

double world_metric(const struct world *w, comp_id c, const char *metric, int instance)
{
    if (c >= w->model->ncomps)
        return (double)NAN;
    const struct kind_desc *d = model_kind(w->model, c);
    for (size_t i = 0; i < d->nmetrics; i++)
        if (str_eq(d->metrics[i].name, metric))
            return world_metric_at(w, c, i, instance);
    return (double)NAN;
}

static bool is_default(const struct world *w, comp_id c, size_t param)
{
    const struct param_desc *p = &w->comps[c].kind->desc.params[param];
    struct value def;
    struct errmsg why = {0};
    struct buf now, usual;
    if (p->type == VALUE_COMP)
        return p_comp(w, c, (int)param) == COMP_NONE;
    if (!p->def || value_parse(w->model, p, p->def, &def, &why) != ERR_OK)
        return false;
    buf_init(&now, 0);
    buf_init(&usual, 0);
    value_format(w->model, p, &w_values(w, c)[param], &now);
    value_format(w->model, p, &def, &usual);
    bool same = str_eq(now.s, usual.s);
    buf_release(&now);
    buf_release(&usual);
    return same;
}

static bool uses(const struct world *w, comp_id c, const char *of)
{
    const struct kind_desc *d = model_kind(w->model, c);
    for (size_t i = 0; i < d->nparams; i++)
        if (str_eq(d->params[i].name, of))
            return !is_default(w, c, i);
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].owner == c && str_eq(w->comps[i].kind->desc.name, of))
            return true;
    return false;
}

bool kind_tells(const struct kind_desc *k, size_t metric)
{
    for (size_t i = 0; i < k->nneeds; i++)
        if (!k->needs[i].of && str_eq(k->needs[i].metric, k->metrics[metric].name))
            return false;
    return true;
}

bool world_metric_applies(const struct world *w, comp_id c, size_t metric)
{
    const struct kind_desc *d = model_kind(w->model, c);
    bool needs = false;
    if (!kind_tells(d, metric))
        return false;
    for (size_t i = 0; i < d->nneeds; i++) {
        if (!str_eq(d->needs[i].metric, d->metrics[metric].name))
            continue;
        if (uses(w, c, d->needs[i].of))
            return true;
        needs = true;
    }
    return !needs;
}

int world_instances(const struct world *w, comp_id c)
{
    if (c >= w->model->ncomps || !w->comps[c].kind->instances)
        return 0;
    return w->comps[c].kind->instances(w, c);
}

struct collect {
    struct inflight_view *out;
    size_t n, max;
};

/* Collects what an act waits for: itself, or the deepest of those it waits for. */
static void collect_one(const struct world *w, const struct act *a, void *ctx)
{
    struct collect *c = ctx;
    const struct act *deep = a;
    if (c->n++ >= c->max)
        return;
    while (deep->cause == CAUSE_COUNT && (deep->child != 0 || deep->branches != 0))
        deep = act_at(w, deep->child != 0 ? deep->child : deep->branches);
    c->out[c->n - 1] = (struct inflight_view){
        .request = a->request,
        .endpoint = a->what,
        .instance = a->instance,
        .started = a->start,
        .cause = deep->cause == CAUSE_COUNT ? CAUSE_OTHER : deep->cause,
        .place = deep->place,
        .since = deep->since,
        .abandoned = (a->flags & ACT_ABANDONED) != 0,
    };
}

static int older(const void *a, const void *b, void *ctx)
{
    const struct inflight_view *x = a, *y = b;
    (void)ctx;
    return x->started < y->started ? -1 : x->started > y->started;
}

size_t world_inflight(const struct world *w, comp_id c, struct inflight_view *out,
                      size_t max)
{
    struct collect all = {0};
    if (c >= w->model->ncomps || !w->comps[c].kind->inflight)
        return 0;
    w->comps[c].kind->inflight(w, c, collect_one, &all); /* counts */
    size_t n = all.n;
    if (n == 0 || max == 0)
        return n;
    all = (struct collect){.out = mem_array(n, sizeof *all.out), .max = n};
    w->comps[c].kind->inflight(w, c, collect_one, &all);
    sort_stable(all.out, n, sizeof *all.out, older, NULL);
    memcpy(out, all.out, (n < max ? n : max) * sizeof *out);
    mem_free(all.out);
    return n;
}
