/*
 * Services while a model is finished: the pools and endpoints that belong to each, and
 * the small programs that its health checks run.
 */
#include "db/db.h"
#include "engine/program.h"
#include "model/model.h"
#include "service/service_internal.h"
#include "truecode/model.h"

/* ---- what belongs to it ---------------------------------------------------------- */

static void list_pools(struct model *m)
{
    for (size_t i = 0; i < m->ncomps; i++) {
        comp_id owner = m->comps[i].owner;
        if (m->comps[i].kind != &kind_pool || m->comps[owner].kind != &kind_service)
            continue;
        struct service_data *d = service_data(m, owner);
        comp_id *more = arena_alloc(&m->arena, (d->npools + 1) * sizeof *more);
        if (d->npools > 0)
            memcpy(more, d->pools, d->npools * sizeof *more);
        more[d->npools++] = (comp_id)i;
        d->pools = more;
    }
}

static bool endpoint_of_service(const struct model *m, size_t i)
{
    comp_id owner = m->comps[i].owner;
    return m->comps[i].kind == &kind_endpoint && m->comps[owner].kind == &kind_service;
}

static bool allocates(const struct model *m, comp_id endpoint)
{
    const struct endpoint_data *d = m->comps[endpoint].data;
    for (size_t v = 0; d && v < d->nprograms; v++)
        for (const struct op *op = d->programs[v] ? d->programs[v]->ops : NULL;
             op && op->code != OP_END; op++)
            if (op->code == OP_ALLOCATE)
                return true;
    return false;
}

static void list_endpoints(struct model *m)
{
    for (size_t i = 0; i < m->ncomps; i++)
        if (endpoint_of_service(m, i))
            service_data(m, m->comps[i].owner)->nendpoints++;
    for (size_t i = 0; i < m->ncomps; i++) {
        struct service_data *d = m->comps[i].data;
        if (m->comps[i].kind != &kind_service)
            continue;
        d->endpoints =
            arena_alloc(&m->arena, (d->nendpoints + 1) * sizeof *d->endpoints);
        d->nendpoints = 0;
    }
    for (size_t i = 0; i < m->ncomps; i++) {
        if (!endpoint_of_service(m, i))
            continue;
        struct service_data *d = service_data(m, m->comps[i].owner);
        d->endpoints[d->nendpoints++] = (comp_id)i;
        d->allocates |= allocates(m, (comp_id)i);
    }
}

/* ---- health checks --------------------------------------------------------------- */

/* Compiles what a health check runs: nothing, or the smallest query on the first
 * pool. */
static enum err compile_probes(struct model *m, comp_id service, comp_id pool,
                               struct errmsg *why)
{
    struct service_data *d = service_data(m, service);
    struct program *program = NULL;
    enum err e = program_compile(m, service, service, NULL, &program, why);
    if (e != ERR_OK)
        return e;
    d->probe_worker = program;
    if (pool == COMP_NONE)
        return ERR_OK;
    comp_id db = m->comps[pool].target;
    comp_id pol = call_policy_for(m, service, db, why);
    struct node query = {.kind = NODE_LEAK, .target = m->comps[db].name};
    if (pol == COMP_NONE)
        return ERR_INPUT;
    e = program_compile(m, service, service, &query, &program, why);
    if (e == ERR_OK) {
        struct op *op = &program->ops[0];
        op->code = OP_QUERY; /* of no statement */
        op_fill_call(m, op);
        d->probe_database = program;
    }
    return e;
}

/* Of each component that has pools, the first. */
static comp_id *first_pools(struct model *m)
{
    comp_id *first = arena_alloc(&m->arena, (m->ncomps + 1) * sizeof *first);
    memset(first, 0xff, (m->ncomps + 1) * sizeof *first);
    for (size_t i = m->ncomps; i-- > 0;)
        if (m->comps[i].kind == &kind_pool && m->comps[i].owner != COMP_NONE)
            first[m->comps[i].owner] = (comp_id)i;
    return first;
}

static enum err compile_all_probes(struct model *m, struct errmsg *why)
{
    size_t n = m->ncomps; /* only call policies and a pool are added below */
    const comp_id *pools = first_pools(m);
    for (size_t i = 0; i < n; i++) {
        if (m->comps[i].kind != &kind_service)
            continue;
        enum err e = compile_probes(m, (comp_id)i, pools[i], why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Finds the endpoint that health checks of the service ask for, where one is named. */
static enum err find_probe_endpoint(struct model *m, comp_id service,
                                    struct errmsg *why)
{
    const char *name = model_param(m, service, SP_PROBE_ENDPOINT)->as.text;
    struct service_data *d = service_data(m, service);
    const char *names[64];
    size_t n = 0;
    d->probe_endpoint = COMP_NONE;
    if (!name || name[0] == '\0')
        return ERR_OK;
    for (size_t i = 0; i < d->nendpoints; i++) {
        const char *own = strrchr(m->comps[d->endpoints[i]].name, '/') + 1;
        if (strcmp(own, name) == 0)
            d->probe_endpoint = d->endpoints[i];
        if (n < COUNT_OF(names))
            names[n++] = own;
    }
    if (d->probe_endpoint != COMP_NONE)
        return ERR_OK;
    const char *near = text_suggest(name, names, n);
    return errmsg_set(why, ERR_NOT_FOUND, "%s has no endpoint \"%s\" to probe%s%s%s",
                      m->comps[service].name, name, near ? "; did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

static enum err find_probe_endpoints(struct model *m, struct errmsg *why)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < m->ncomps && e == ERR_OK; i++)
        if (m->comps[i].kind == &kind_service)
            e = find_probe_endpoint(m, (comp_id)i, why);
    return e;
}

enum err services_gather(struct model *m, struct errmsg *why)
{
    for (size_t i = 0; i < m->ncomps; i++)
        if (m->comps[i].kind == &kind_service)
            m->comps[i].data = arena_alloc(&m->arena, sizeof(struct service_data));
    enum err e = compile_all_probes(m, why);
    list_pools(m);
    list_endpoints(m);
    return e == ERR_OK ? find_probe_endpoints(m, why) : e;
}
