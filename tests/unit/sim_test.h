/*
 * sim_test: short words for building and running worlds in tests. Each test program is
 * one file, so these are static.
 */
#ifndef SIM_TEST_H
#define SIM_TEST_H

#include "truecode/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct errmsg why __attribute__((unused));

__attribute__((unused)) static void must(enum err err, const struct errmsg *e)
{
    if (err != ERR_OK)
        fail_msg("%s", e->text);
}

__attribute__((unused)) static comp_id must_add(struct model *m, const char *kind,
                                                const char *name)
{
    comp_id c = model_add(m, kind, name, &why);
    if (c == COMP_NONE)
        fail_msg("%s", why.text);
    return c;
}

__attribute__((unused)) static void must_set(struct model *m, comp_id c,
                                             const char *param, struct value v)
{
    must(model_set(m, c, param, v, &why), &why);
}

/* Finishes the model and gives it to the world. */
__attribute__((unused)) static struct world *must_world(struct model *m, uint64_t seed)
{
    must(model_finish(m, &why), &why);
    struct world *w = world_new(m, seed, &why);
    if (!w)
        fail_msg("%s", why.text);
    model_unref(m);
    return w;
}

__attribute__((unused)) static void must_run(struct world *w, sim_time until)
{
    must(world_run(w, until, UINT64_MAX, NULL, &why), &why);
}

__attribute__((unused)) static void must_watch(struct world *w, sim_time until,
                                               const struct observer *o)
{
    must(world_run(w, until, UINT64_MAX, o, &why), &why);
}

__attribute__((unused)) static comp_id named(const struct world *w, const char *name)
{
    comp_id c = model_find(world_model(w), name);
    if (c == COMP_NONE)
        fail_msg("no component %s", name);
    return c;
}

__attribute__((unused)) static double metric(const struct world *w, const char *name,
                                             const char *what)
{
    double x = world_metric(w, named(w, name), what, -1);
    if (x != x)
        fail_msg("%s has no metric %s", name, what);
    return x;
}

#endif
