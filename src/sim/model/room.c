/*
 * How much room a model needs before the first request: reckoned from its parameters
 * before anything is made of them. Instances count as many as an autoscaler may make of
 * them. A model that needs more than half of a world is refused with what it needs,
 * what there is, and what would fit; the other half is for requests, and what they come
 * to nobody knows before (world_limit.c tells of that).
 *
 * The tables of how popular keys are belong to the model and not to its worlds; they
 * count, too, since they are made as early and are as large.
 */
#include "engine/kind.h"
#include "engine/memory.h"
#include "model/build.h"
#include "truecode/model.h"

#include <stdio.h>

/* The sum over all components of a kind. */
struct group {
    double bytes;     /* all of it */
    double each;      /* of these, what grows with `count` */
    double count;     /* instances, keys, ... */
    double most;      /* bytes of the largest component */
    comp_id largest;  /* the component that is the largest */
    const char *word; /* the things `count` counts; NULL: there are none */
    size_t n;         /* components */
};
struct sum {
    const struct model *m;
    double *instances; /* by component, of services: the most there may be */
    struct group of[64];
    double all;
};

/* ---- what one component comes to ------------------------------------------------- */

static size_t streams_bytes(const struct kind_impl *k)
{
    size_t n = 0;
    while (k->streams && k->streams[n])
        n++;
    return n * sizeof(struct rng) + 64;
}

/* Of a service, or of the one that it belongs to. */
static double instances_of(const struct sum *s, comp_id c)
{
    const struct comp *of = &s->m->comps[c];
    if (comp_has(of, KIND_SERVES))
        return s->instances[c];
    return of->owner != COMP_NONE ? s->instances[of->owner] : 0;
}

/* Of its target, straight or behind something in front. */
static double instances_behind(const struct sum *s, comp_id c)
{
    comp_id to = s->m->comps[c].target;
    while (to != COMP_NONE && comp_has(&s->m->comps[to], KIND_HANDS_ON))
        to = s->m->comps[to].target;
    return to != COMP_NONE ? instances_of(s, to) : 0;
}

static void add(struct sum *s, comp_id c)
{
    const struct kind_impl *k = s->m->comps[c].kind;
    struct group *g = &s->of[kind_number(s->m, k)];
    struct bulk b = {.instances = instances_of(s, c), .behind = instances_behind(s, c)};
    if (k->bulk)
        k->bulk(s->m, c, &b);
    double state = k->state_size ? (double)k->state_size(s->m, c) : 0;
    double bytes = state + b.bytes + (double)streams_bytes(k) +
                   (double)(k->desc.nparams * sizeof(struct value));
    g->n++;
    g->count += b.n;
    g->word = b.word;
    g->each += b.in_state ? state + b.bytes : b.bytes;
    g->bytes += bytes;
    s->all += bytes;
    if (bytes > g->most || g->n == 1) {
        g->most = bytes;
        g->largest = c;
    }
}

/* ---- all of them ----------------------------------------------------------------- */

static void count_instances(struct sum *s)
{
    for (size_t c = 0; c < s->m->ncomps; c++)
        if (comp_has(&s->m->comps[c], KIND_SERVES))
            s->instances[c] =
                (double)model_param(s->m, (comp_id)c,
                                    kind_param(s->m->comps[c].kind, "instances"))
                    ->as.count;
    for (size_t c = 0; c < s->m->ncomps; c++) {
        comp_id service = COMP_NONE;
        const struct kind_impl *k = s->m->comps[c].kind;
        double most = k->scales ? (double)k->scales(s->m, (comp_id)c, &service) : 0;
        if (service != COMP_NONE && most > s->instances[service])
            s->instances[service] = most;
    }
}

/* "svc: 150000 instances (150 services) take 210 MiB ..." It begins with the name of
 * the largest, so that whoever has the text finds the line. */
static enum err too_large(const struct sum *s, const struct group *g, double limit,
                          struct errmsg *why)
{
    const double mib = 1 << 20;
    const struct comp *c = &s->m->comps[g->largest];
    const char *kind = c->kind->desc.name, *word = g->word;
    double rest = s->all - (word ? g->each : g->bytes);
    double count = word ? g->count : (double)g->n;
    double share = limit > rest ? (limit - rest) / (s->all - rest) : 0;
    char what[80], fits[80];
    if (word)
        snprintf(what, sizeof what, "%.0f %s of %zu %s%s", count, word, g->n, kind,
                 g->n == 1 ? "" : "s");
    else
        snprintf(what, sizeof what, "%zu components of the kind %s", g->n, kind);
    if (share > 0)
        snprintf(fits, sizeof fits, "%.0f would fit", (double)(int64_t)(count * share));
    else
        snprintf(fits, sizeof fits, "nor would it fit without them");
    return errmsg_set(why, ERR_LIMIT,
                      "%s: the world is too large: it needs %.1f MiB before the first "
                      "request, and there are %.0f; %.1f of them are for %s: %s",
                      c->name, s->all / mib, limit / mib, (s->all - rest) / mib, what,
                      fits);
}

double model_instances(const struct model *m, double *by_comp)
{
    struct sum s = {.m = m, .instances = by_comp};
    double n = 0;
    count_instances(&s);
    for (size_t c = 0; c < m->ncomps; c++)
        n += by_comp[c];
    return n;
}

void model_limit(struct model *m, size_t bytes)
{
    assert(!m->finished && bytes <= WORLD_LIMIT_MAX);
    m->limit = bytes;
}

enum err room_check(const struct model *m, struct errmsg *why)
{
    struct sum s = {.m = m};
    const struct group *most = &s.of[0];
    enum err e = ERR_OK;
    s.instances = mem_array(m->ncomps + 1, sizeof *s.instances);
    count_instances(&s);
    for (size_t c = 0; c < m->ncomps; c++)
        add(&s, (comp_id)c);
    for (size_t k = 0; k < COUNT_OF(s.of); k++)
        if (s.of[k].bytes > most->bytes)
            most = &s.of[k];
    if (s.all > (double)(m->limit / 2))
        e = too_large(&s, most, (double)(m->limit / 2), why);
    mem_free(s.instances);
    return e;
}
