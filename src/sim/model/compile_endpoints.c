/*
 * The programs of all endpoints: each source that was given, for its version of the
 * service, or for all that have none of their own.
 */
#include "engine/kind.h"
#include "engine/program.h"
#include "model/build.h"
#include "truecode/model.h"

static void endpoint_set_program(struct model *m, comp_id e, size_t versions,
                                 size_t version, const struct program *program)
{
    struct endpoint_data *d = m->comps[e].data;
    if (d == NULL) {
        d = arena_alloc(&m->arena, sizeof *d);
        d->programs = arena_alloc(&m->arena, versions * sizeof *d->programs);
        d->nprograms = versions;
        m->comps[e].data = d;
    }
    d->programs[version] = program;
}

static enum err compile_source(struct model *m, const struct source *s,
                               struct errmsg *why)
{
    comp_id service = m->comps[s->endpoint].owner;
    size_t versions = model_versions(m, service);
    struct program *program = NULL;
    enum err err = program_compile(m, service, s->endpoint, s->body, &program, why);
    for (size_t v = 0; v < versions && err == ERR_OK; v++) {
        bool compiled = endpoint_program(m, s->endpoint, (int)v);
        if (s->version == (int)v || (s->version == -1 && !compiled))
            endpoint_set_program(m, s->endpoint, versions, v, program);
    }
    return err;
}

/* In the order in which they were given: one that is like another may be that one's. */
static void copy_programs(struct model *m, comp_id endpoint)
{
    comp_id service = m->comps[endpoint].owner;
    const struct versions *v = m->comps[service].versions;
    struct endpoint_data *d = m->comps[endpoint].data;
    for (const struct version_like *a = v ? v->alike : NULL; a && d; a = a->next)
        d->programs[a->version] = d->programs[a->like];
}

enum err compile_endpoints(struct model *m, struct errmsg *why)
{
    for (const struct source *s = m->sources; s != NULL; s = s->next) {
        enum err err = compile_source(m, s, why);
        if (err != ERR_OK)
            return err;
    }
    for (const struct source *s = m->sources; s != NULL; s = s->next)
        copy_programs(m, s->endpoint);
    return ERR_OK;
}
