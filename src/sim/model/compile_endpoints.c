/*
 * The programs of all endpoints: each source that was given, for its version of the
 * service, or for all that have none of their own. Then the counters of their results.
 */
#include "engine/kind.h"
#include "engine/program.h"
#include "model/build.h"
#include "truecode/model.h"

static void endpoint_set_program(struct model *m, comp_id e, size_t versions,
                                 size_t version, const struct program *program)
{
    struct endpoint_data *d = m->comps[e].data;
    if (!d) {
        d = arena_alloc(&m->arena, sizeof *d);
        d->programs = arena_alloc(&m->arena, versions * sizeof *d->programs);
        d->nprograms = versions;
        m->comps[e].data = d;
    }
    d->programs[version] = program;
}

static enum err compile_source(struct model *m, struct source *s, struct errmsg *why)
{
    comp_id service = m->comps[s->endpoint].owner;
    size_t versions = model_versions(m, service);
    struct program *program = NULL;
    enum err e = program_compile(m, service, s->endpoint, s->body, &program, why);
    for (size_t v = 0; v < versions && e == ERR_OK; v++) {
        bool compiled = endpoint_program(m, s->endpoint, (int)v);
        if (s->version == (int)v || (s->version == -1 && !compiled))
            endpoint_set_program(m, s->endpoint, versions, v, program);
    }
    s->program = program;
    return e;
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
    for (struct source *s = m->sources; s; s = s->next) {
        enum err e = compile_source(m, s, why);
        if (e != ERR_OK)
            return e;
    }
    for (const struct source *s = m->sources; s; s = s->next)
        copy_programs(m, s->endpoint);
    return ERR_OK;
}

/* ---- results --------------------------------------------------------------------- */

static bool in_names(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
           (ch >= '0' && ch <= '9') || ch == '_';
}

/* A result's counter, "checkout/buy/declined": a part of its endpoint, one for all
 * versions. What no name may have in it becomes a dash. */
static comp_id result_counter(struct model *m, comp_id endpoint, const char *result,
                              struct errmsg *why)
{
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s/", model_name(m, endpoint));
    for (const char *s = result; *s; s++) {
        char last = b.s[b.len - 1];
        if (in_names(*s))
            buf_addch(&b, *s);
        else if (last != '/' && last != '-')
            buf_addch(&b, '-');
    }
    comp_id id = model_find(m, b.s);
    if (id == COMP_NONE)
        id = model_add_nested(m, "counter", endpoint, b.s, why);
    buf_release(&b);
    return id;
}

static enum err count_results_of(struct model *m, struct source *s, struct errmsg *why)
{
    for (struct op *op = s->program->ops; op->code != OP_END; op++) {
        if (op->code != OP_REPLY || !op->text[0])
            continue;
        op->target = result_counter(m, s->endpoint, op->text, why);
        if (op->target == COMP_NONE)
            return ERR_INPUT;
    }
    return ERR_OK;
}

enum err count_results(struct model *m, struct errmsg *why)
{
    enum err e = ERR_OK;
    for (struct source *s = m->sources; s && e == ERR_OK; s = s->next)
        e = count_results_of(m, s, why);
    return e;
}
