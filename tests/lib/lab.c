/*
 * Small models for tests: see lab.h. Every refusal ends the test.
 */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void must(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK)
        fail_msg("%s: %s", err_phrase(e), why->text);
}

struct lab lab_new(void)
{
    return (struct lab){.m = model_new()};
}

void lab_free(struct lab *l)
{
    if (l->w)
        world_free(l->w);
    model_unref(l->m);
    *l = (struct lab){0};
}

static const struct param_desc *param_of(const struct lab *l, comp_id c,
                                         const char *name)
{
    const struct kind_desc *k = model_kind(l->m, c);
    for (size_t i = 0; i < k->nparams; i++)
        if (strcmp(k->params[i].name, name) == 0)
            return &k->params[i];
    fail_msg("a %s has no parameter %s", k->name, name);
    return NULL;
}

comp_id lab_part(struct lab *l, const char *kind, const char *name, const char *params)
{
    struct errmsg why = {0};
    char copy[400], *rest = NULL;
    comp_id c = model_add(l->m, kind, name, &why);
    if (c == COMP_NONE)
        fail_msg("%s", why.text);
    size_t n = strlen(params);
    assert_true(n < sizeof copy);
    memcpy(copy, params, n + 1);
    for (char *p = strtok_r(copy, " ", &rest); p; p = strtok_r(NULL, " ", &rest)) {
        char *text = strchr(p, '=');
        struct value v;
        assert_non_null(text);
        *text++ = '\0';
        const struct param_desc *d = param_of(l, c, p);
        if (d->type == VALUE_COMP)
            v = value_text(text);
        else
            must(value_parse(l->m, d, text, &v, &why), &why);
        must(model_set(l->m, c, p, v, &why), &why);
    }
    return c;
}

static comp_id part(const struct lab *l, const char *name)
{
    comp_id c = model_find(l->m, name);
    if (c == COMP_NONE)
        fail_msg("no component %s", name);
    return c;
}

void lab_endpoint(struct lab *l, const char *service, const char *name,
                  const struct node *body)
{
    struct errmsg why = {0};
    must(model_endpoint(l->m, part(l, service), name, NULL, body, &why), &why);
}

void lab_app(struct lab *l, const char *name, const char *pool, const char *db,
             const char *statements)
{
    char text[400], *rest = NULL;
    assert_true(snprintf(text, sizeof text, "%s.pool", name) < (int)sizeof text);
    lab_part(l, "service", name, "workers=1000");
    lab_part(l, "pool", text, pool);
    assert_true(snprintf(text, sizeof text, "%s", statements) < (int)sizeof text);
    for (char *p = strtok_r(text, " ", &rest); p; p = strtok_r(NULL, " ", &rest)) {
        const struct node query = {.kind = NODE_QUERY, .target = db, .what = p};
        lab_endpoint(l, name, p, &query);
    }
}

void lab_slo(struct lab *l, sim_time within, sim_time max_age)
{
    struct errmsg why = {0};
    const struct slo slo = {.name = "in time",
                            .within = within,
                            .max_age = max_age,
                            .objective = 0.99,
                            .window = SIM_HOUR};
    must(model_slo(l->m, &slo, NULL, 0, &why), &why);
}

void lab_start(struct lab *l, uint64_t seed)
{
    struct errmsg why = {0};
    must(model_finish(l->m, &why), &why);
    l->w = world_new(l->m, seed, &why);
    if (!l->w)
        fail_msg("%s", why.text);
}

void lab_run(struct lab *l, sim_time until)
{
    struct errmsg why = {0};
    must(world_run(l->w, until, UINT64_MAX, NULL, &why), &why);
}

double lab_metric_of(const struct lab *l, const char *comp, const char *metric,
                     int instance)
{
    double x = world_metric(l->w, part(l, comp), metric, instance);
    if (x != x)
        fail_msg("%s has no metric %s", comp, metric);
    return x;
}

double lab_metric(const struct lab *l, const char *comp, const char *metric)
{
    return lab_metric_of(l, comp, metric, 0);
}

static struct value arg_of(const char *arg)
{
    char *end;
    double x = strtod(arg, &end);
    if (*arg != '\0' && *end == '\0')
        return value_number(x);
    return value_text(arg);
}

enum err lab_do(struct lab *l, enum action_kind kind, const char *comp,
                const char *name, const char *arg, sim_time duration)
{
    struct errmsg why = {0};
    struct action a = {.kind = kind,
                       .comp = part(l, comp),
                       .name = name,
                       .duration = duration,
                       .nargs = arg ? 1 : 0};
    if (arg)
        a.args[0] = kind == ACTION_FAULT ? arg_of(arg) : value_text(arg);
    return world_apply(l->w, &a, "test", NULL, NULL, &why);
}

void lab_set(struct lab *l, const char *comp, const char *param, const char *value)
{
    struct errmsg why = {0};
    struct action a = {
        .kind = ACTION_SET, .comp = part(l, comp), .name = param, .nargs = 1};
    must(value_parse(l->m, param_of(l, a.comp, param), value, &a.args[0], &why), &why);
    must(world_apply(l->w, &a, "test", NULL, NULL, &why), &why);
}

void lab_op(struct lab *l, const char *comp, const char *name, const char *arg)
{
    struct errmsg why = {"op refused"};
    must(lab_do(l, ACTION_OP, comp, name, arg, 0), &why);
}

void lab_fault(struct lab *l, const char *comp, const char *name, const char *arg,
               sim_time duration)
{
    struct errmsg why = {"fault refused"};
    must(lab_do(l, ACTION_FAULT, comp, name, arg, duration), &why);
}

void lab_interval(const double batch[LAB_BATCHES], double *mean, double *half)
{
    const double t = 3.883; /* two-sided 99.9 %, 19 degrees of freedom */
    double sum = 0, squares = 0;
    for (int i = 0; i < LAB_BATCHES; i++)
        sum += batch[i];
    *mean = sum / LAB_BATCHES;
    for (int i = 0; i < LAB_BATCHES; i++)
        squares += (batch[i] - *mean) * (batch[i] - *mean);
    *half = t * tc_sqrt(squares / (LAB_BATCHES - 1) / LAB_BATCHES);
}
