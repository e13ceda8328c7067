/*
 * The reach of a client's requests: the messages that their programs publish, and
 * those that follow from them. An order that is answered at once is not done while its
 * message waits; whose message that is, says this file.
 */
#include "engine/kind.h"
#include "engine/program.h"
#include "model/model.h"
#include "truecode/model.h"

struct walk {
    const struct model *m;
    bool *seen; /* by component: endpoints and topics */
    comp_id topic;
};

static void walk_endpoint(struct walk *w, comp_id endpoint);

/* The endpoint in "to", which all have that begin something. */
static comp_id begins(const struct model *m, comp_id c)
{
    comp_id target, endpoint = COMP_NONE;
    struct errmsg ignored = {0};
    if (!comp_has(&m->comps[c], KIND_STARTS))
        return COMP_NONE;
    const char *to = model_param(m, c, kind_param(m->comps[c].kind, "to"))->as.text;
    if (to[0] != '\0' &&
        model_call_target(m, to, &target, &endpoint, &ignored) != ERR_OK)
        return COMP_NONE;
    return endpoint;
}

/* All that process messages of the topic. */
static void walk_topic(struct walk *w, comp_id topic)
{
    if (w->seen[topic])
        return;
    w->seen[topic] = true;
    for (size_t i = 0; i < w->m->ncomps; i++)
        if (w->m->comps[i].owner == topic)
            walk_endpoint(w, begins(w->m, (comp_id)i));
}

static void walk_program(struct walk *w, const struct program *p)
{
    for (const struct op *op = p ? p->ops : NULL; op && op->code != OP_END; op++)
        if (op->code == OP_PUBLISH)
            walk_topic(w, op->what);
        else if (op->code == OP_CALL)
            walk_endpoint(w, op->what);
}

/* COMP_NONE, or a third party, has no programs. */
static void walk_endpoint(struct walk *w, comp_id endpoint)
{
    comp_id owner = endpoint == COMP_NONE ? COMP_NONE : w->m->comps[endpoint].owner;
    if (owner == COMP_NONE || !comp_has(&w->m->comps[owner], KIND_SERVES) ||
        w->seen[endpoint])
        return;
    w->seen[endpoint] = true;
    const struct endpoint_data *d = w->m->comps[endpoint].data;
    for (size_t v = 0; d && v < d->nprograms; v++)
        walk_program(w, d->programs[v]);
}

bool model_sends_to(const struct model *m, comp_id client, comp_id topic)
{
    assert(client < m->ncomps && topic < m->ncomps);
    struct walk w = {m, mem_array(m->ncomps, sizeof *w.seen), topic};
    walk_endpoint(&w, begins(m, client));
    bool sends = w.seen[topic];
    mem_free(w.seen);
    return sends;
}
