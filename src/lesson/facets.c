/*
 * The facets of `seen`: what of a component some command shows, and of which kinds. A facet
 * that no command can show of a component would never be true; it is refused.
 */
#include "facts.h"

#include <stdio.h>
#include <string.h>

/* word, kinds that have it (NULL: all), commands that show it, what is seen */
#define FACETS(X)                                                                      \
    X("metrics", NULL, "status NAME, metrics, ps, db, cache, queue", "its numbers")    \
    X("config", NULL, "config", "its parameters")                                      \
    X("logs", NULL, "logs", "its log lines")                                           \
    X("debug", NULL, "logs --level debug", "lines at this level")                      \
    X("info", NULL, "logs", "lines at this level")                                     \
    X("warn", NULL, "logs", "lines at this level")                                     \
    X("error", NULL, "logs", "lines at this level")                                    \
    X("traces", NULL, "traces, trace", "its part in requests")                         \
    X("changes", NULL, "changes", "what was done to it")                               \
    X("instances", "|service|dns|", "ps, probe, curl; dig", "each instance")           \
    X("pool", "|service|", "ps", "its connections, where it has a pool")               \
    X("stacks", "|service|", "stacks, curl", "what requests wait for")                 \
    X("sessions", "|database|replica|", "db sessions", "who holds a connection")       \
    X("statements", "|database|replica|", "db statements", "what takes the time")      \
    X("locks", "|database|replica|", "db locks", "who waits for whom")                 \
    X("tables", "|database|replica|", "db tables", "rows, dead rows, bytes")           \
    X("indexes", "|database|table|", "db indexes", "what can be looked up quickly")    \
    X("replicas", "|database|replica|", "db replicas", "who leads, who lags")          \
    X("backups", "|database|replica|", "db backups", "what could be restored")         \
    X("keys", "|cache|keyspace|", "cache keys", "which keys, how old")                 \
    X("partitions", "|topic|subscription|", "queue NAME", "each partition")            \
    X("dead", "|subscription|", "queue dead", "messages put aside")

static const struct facet list[] = {
#define X(word, kinds, commands, doc) {word, kinds, commands, doc},
    FACETS(X)
#undef X
};

const struct facet *facet_at(size_t i)
{
    return i < COUNT_OF(list) ? &list[i] : NULL;
}

/* By its name, "shop.pool": facts are read before owners are known. */
static bool has_pool(const struct model *m, comp_id c)
{
    const char *owner = model_name(m, c);
    size_t n = strlen(owner);
    bool yes = false;
    for (size_t i = 0; i < model_comps(m); i++) {
        const char *name = model_name(m, (comp_id)i);
        yes |= str_eq(model_kind(m, (comp_id)i)->name, "pool") &&
               strncmp(name, owner, n) == 0 && name[n] == '.';
    }
    return yes;
}

static bool shows(const struct facet *f, const struct model *m, comp_id c)
{
    char kind[64];
    snprintf(kind, sizeof kind, "|%.60s|", model_kind(m, c)->name);
    if (f->kinds && !strstr(f->kinds, kind))
        return false;
    return !str_eq(f->word, "pool") || has_pool(m, c);
}

/* "metric.cpu": the kind has that metric. */
static void check_metric(lua_State *L, const struct model *m, comp_id c,
                         const char *name, int line)
{
    const struct kind_desc *k = model_kind(m, c);
    const char *names[128];
    char what[80];
    size_t n = 0;
    for (; n < k->nmetrics && n < 128; n++) {
        names[n] = k->metrics[n].name;
        if (str_eq(names[n], name))
            return;
    }
    snprintf(what, sizeof what, "a %s has no metric", k->name);
    fail_unknown(L, line, what, name, names, n);
}

void check_facet(lua_State *L, const struct model *m, comp_id c, const char *facet,
                 int line)
{
    const char *names[COUNT_OF(list)];
    size_t n = 0;
    char what[160];
    if (str_starts(facet, "metric.")) {
        check_metric(L, m, c, facet + strlen("metric."), line);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(list); i++) {
        if (!shows(&list[i], m, c))
            continue;
        names[n++] = list[i].word;
        if (str_eq(list[i].word, facet))
            return;
    }
    snprintf(what, sizeof what, "no command shows of %.60s, a %s,", model_name(m, c),
             model_kind(m, c)->name);
    fail_unknown(L, line, what, facet, names, n);
}
