/*
 * How much room a model needs before the first request: reckoned from its parameters
 * before anything is made of them. Instances count as many as an autoscaler may make of
 * them. A model that needs more than half of a world is refused with what it needs,
 * what there is, and what would fit; the other half is for requests, and what they come
 * to nobody knows before (limit.c tells of that).
 *
 * The tables of how popular keys are belong to the model and not to its worlds; they
 * count, too, since they are made as early and are as large.
 */
#include "broker.h"
#include "cache.h"
#include "client.h"
#include "model.h"
#include "service.h"
#include "table.h"

#include <stdio.h>

/* What all components of a kind come to. */
struct group {
    double bytes;    /* all of it */
    double each;     /* of these, what grows with `count` */
    double count;    /* instances, keys, ... */
    double most;     /* bytes of the largest component */
    comp_id largest; /* which that is */
    size_t n;        /* components */
};
struct sum {
    const struct model *m;
    double *instances; /* by component, of services: the most there may be */
    struct group of[64];
    double all;
};

/* ---- what one component comes to ------------------------------------------------- */

enum { PIECE = 512 }; /* what is beside an instance: places in lists, pools, probes */

static size_t streams_bytes(const struct kind_impl *k)
{
    size_t n = 0;
    while (k->streams != NULL && k->streams[n] != NULL)
        n++;
    return n * sizeof(struct rng) + 64;
}

/* For drawing unequally often: a table by key and one to guess with. */
static double popularity(double keys, double exponent)
{
    return exponent > 0 ? keys * (sizeof(double) + 2 * sizeof(uint32_t)) : 0;
}

static double count_at(const struct model *m, comp_id c, int p)
{
    return (double)model_param(m, c, p)->as.count;
}

static double number_at(const struct model *m, comp_id c, int p)
{
    return model_param(m, c, p)->as.number;
}

/* How many there are of what it has many of, and how many bytes they take beyond the
 * state that every component has. */
static double many(const struct sum *s, comp_id c, double *bytes)
{
    const struct model *m = s->m;
    const struct kind_impl *k = m->comps[c].kind;
    double n = 0;
    if (k == &kind_service) {
        n = s->instances[c];
        *bytes = n * (2 * sizeof(struct instance) + PIECE);
    } else if (k == &kind_keyspace) {
        n = count_at(m, c, KS_KEYS);
        *bytes = popularity(n, number_at(m, c, KS_POPULARITY));
    } else if (k == &kind_table) {
        n = count_at(m, c, TB_KEYS);
        *bytes = popularity(n, number_at(m, c, TB_POPULARITY));
    } else if (k == &kind_topic) {
        n = count_at(m, c, TP_PARTITIONS);
        *bytes = n * 2 * sizeof(struct partition) +
                 popularity(count_at(m, c, TP_KEYS), number_at(m, c, TP_POPULARITY));
    } else if (k == &kind_subscription) {
        *bytes = PARTITIONS_MAX * sizeof(struct cursor);
    } else if (k == &kind_client) {
        *bytes =
            popularity(count_at(m, c, P_POPULATION), number_at(m, c, P_POPULARITY));
    } else if (k == &kind_pool && m->comps[c].owner != COMP_NONE) {
        *bytes = s->instances[m->comps[c].owner] * PIECE;
    }
    return n;
}

static void add(struct sum *s, comp_id c)
{
    const struct kind_impl *k = s->m->comps[c].kind;
    struct group *g = &s->of[kind_number(k)];
    double more = 0, n = many(s, c, &more);
    double state = k->state_size == NULL ? 0 : (double)k->state_size(s->m, c);
    double bytes = state + more + (double)streams_bytes(k) +
                   (double)(k->desc.nparams * sizeof(struct value));
    g->n++;
    g->count += n;
    bool keys = k == &kind_keyspace || k == &kind_table; /* they lie in the state */
    g->each += keys ? state + more : more;
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
        if (s->m->comps[c].kind == &kind_service)
            s->instances[c] = count_at(s->m, (comp_id)c, SP_INSTANCES);
    for (size_t c = 0; c < s->m->ncomps; c++) {
        comp_id service = COMP_NONE;
        double most = s->m->comps[c].kind == &kind_autoscaler
                          ? (double)autoscaler_most(s->m, (comp_id)c, &service)
                          : 0;
        if (service != COMP_NONE && most > s->instances[service])
            s->instances[service] = most;
    }
}

static const char *word_of(const struct kind_impl *k)
{
    return k == &kind_service                        ? "instances"
           : k == &kind_topic                        ? "partitions"
           : k == &kind_keyspace || k == &kind_table ? "keys"
                                                     : NULL;
}

/* "svc: 150000 instances (150 services) take 210 MiB ..." It begins with the name of
 * the largest, so that whoever has the text finds the line. */
static enum err too_large(const struct sum *s, const struct group *g, double limit,
                          struct errmsg *why)
{
    const double mib = 1 << 20;
    const struct comp *c = &s->m->comps[g->largest];
    const char *kind = c->kind->desc.name, *word = word_of(c->kind);
    double rest = s->all - (word != NULL ? g->each : g->bytes);
    double count = word != NULL ? g->count : (double)g->n;
    double share = limit > rest ? (limit - rest) / (s->all - rest) : 0;
    char what[80], fits[80];
    if (word != NULL)
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
    enum err err = ERR_OK;
    s.instances = mem_array(m->ncomps + 1, sizeof *s.instances);
    count_instances(&s);
    for (size_t c = 0; c < m->ncomps; c++)
        add(&s, (comp_id)c);
    for (size_t k = 0; k < sizeof s.of / sizeof *s.of; k++)
        if (s.of[k].bytes > most->bytes)
            most = &s.of[k];
    if (s.all > (double)(m->limit / 2))
        err = too_large(&s, most, (double)(m->limit / 2), why);
    mem_free(s.instances);
    return err;
}
