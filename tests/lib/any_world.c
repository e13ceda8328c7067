/* Models at random: see any_world.h. */
#include "any_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- drawing --------------------------------------------------------------------- */

static uint32_t below(struct any *a, uint32_t n)
{
    return rng_below(&a->r, n);
}

static bool chance(struct any *a, double p)
{
    return rng_unit(&a->r) < p;
}

static const char *keep(struct any *a, struct any_names *v, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static const char *keep(struct any *a, struct any_names *v, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 8;
        v->of = mem_grow(v->of, v->cap, sizeof *v->of);
    }
    memcpy(v->of[v->n++], name, sizeof name);
    if (v != &a->all)
        keep(a, &a->all, "%s", name);
    return arena_strdup(&a->mem, name);
}

static const char *pick(struct any *a, const struct any_names *v)
{
    return v->n == 0 ? NULL : arena_strdup(&a->mem, v->of[below(a, (uint32_t)v->n)]);
}

/* Mostly small, seldom many. */
static uint32_t some(struct any *a, uint32_t least, uint32_t most)
{
    uint32_t n = least;
    while (n < most && chance(a, 0.45))
        n++;
    return n;
}

/* Between two numbers, also over many orders of magnitude; the ends often. */
static double number(struct any *a, double min, double max)
{
    double u = rng_unit(&a->r);
    if (chance(a, 0.12))
        return min;
    if (chance(a, 0.12))
        return max;
    double low = min > 0 ? min : 0;
    if (max > 100 * (low + 1) && chance(a, 0.8)) /* the logarithm is even */
        return low + (tc_pow((max - low) + 1, u) - 1);
    return min + u * (max - min);
}

static sim_time duration(struct any *a, double min, double max)
{
    if (!(min < max)) {
        min = 0;
        max = 60;
    }
    return (sim_time)(number(a, min, max) * 1e9);
}

static struct dist random_time(struct any *a, double min, double max)
{
    struct dist d = {.kind = (enum dist_kind)below(a, DIST_PARETO + 1), .k = 1};
    d.mean = duration(a, min, max);
    d.spread = d.mean / (1 + below(a, 4));
    d.k = 1 + (int)below(a, 8);
    if (d.kind == DIST_HYPEREXP)
        d.spread = 1000 + below(a, 9000);
    if (d.kind == DIST_PARETO)
        d.spread = 1100 + below(a, 3000);
    return d;
}

static struct value any_choice(struct any *a, const char *choices)
{
    char word[64];
    uint32_t n = 1;
    for (const char *p = choices; *p; p++)
        n += *p == '|';
    const char *p = choices;
    for (uint32_t k = below(a, n); k > 0; k--)
        p = strchr(p, '|') + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(p, "|"), p);
    return value_text(arena_strdup(&a->mem, word));
}

static struct value any_value(struct any *a, enum value_type type, double min,
                              double max, const char *choices)
{
    bool free = !(min < max);
    struct value v;
    switch (type) {
    case VALUE_COUNT:
        return value_count((int64_t)(free ? number(a, 0, 1000) : number(a, min, max)));
    case VALUE_DURATION:
        return value_duration(duration(a, min, max));
    case VALUE_BOOL:
        return value_bool(chance(a, 0.5));
    case VALUE_CHOICE:
        return any_choice(a, choices);
    case VALUE_DIST:
        return value_dist(random_time(a, 0, free ? 2 : max));
    case VALUE_FRACTION:
        v = value_number(number(a, free ? 0 : min, free ? 1 : max));
        v.type = VALUE_FRACTION;
        return v;
    case VALUE_NUMBER:
        return value_number(free ? number(a, 0, 100) : number(a, min, max));
    default:
        return value_text(chance(a, 0.3) ? "v2" : pick(a, &a->all));
    }
}

/* ---- components ------------------------------------------------------------------ */

static void set(struct any *a, comp_id c, const char *param, const char *text)
{
    if (text && c != COMP_NONE)
        (void)!model_set(a->m, c, param, value_text(text), NULL);
}

/* Some of its parameters; names are for whoever knows what they may be. */
static comp_id add(struct any *a, const char *kind, const char *name)
{
    comp_id c = model_add(a->m, kind, name, NULL);
    const struct kind_desc *k = sim_kind_named(kind);
    for (size_t i = 0; c != COMP_NONE && i < k->nparams; i++) {
        const struct param_desc *p = &k->params[i];
        bool name_of = p->type == VALUE_COMP || p->type == VALUE_TEXT;
        if (name_of || (p->def && !chance(a, a->wild)))
            continue;
        (void)!model_set(a->m, c, p->name,
                         any_value(a, p->type, p->min, p->max, p->choices), NULL);
    }
    return c;
}

static void databases(struct any *a)
{
    for (uint32_t n = some(a, 0, 3), i = 0; i < n; i++) {
        const char *db = keep(a, &a->databases, "d%u", i);
        (void)add(a, "database", db);
        for (uint32_t k = some(a, 0, 3), j = 0; j < k; j++) {
            comp_id t = add(a, "table", keep(a, &a->tables, "%s.t%u", db, j));
            set(a, t, "indexes", chance(a, 0.5) ? "ia ib" : NULL);
        }
        for (uint32_t k = some(a, 1, 4), j = 0; j < k; j++) {
            comp_id q = add(a, "statement", keep(a, &a->statements, "%s.q%u", db, j));
            const char *table = chance(a, 0.6) ? pick(a, &a->tables) : NULL;
            if (chance(a, 0.8))
                set(a, q, "on", "primary");
            if (table && strncmp(table, db, strlen(db)) == 0)
                set(a, q, "table", strchr(table, '.') + 1);
        }
        for (uint32_t k = some(a, 0, 2), j = 0; j < k; j++)
            (void)add(a, "replica", keep(a, &a->all, "%s.r%u", db, j));
        if (chance(a, 0.2))
            (void)add(a, "backup", keep(a, &a->all, "%s.b", db));
    }
}

static void stores(struct any *a)
{
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++) {
        const char *cache = keep(a, &a->caches, "c%u", i);
        (void)add(a, "cache", cache);
        for (uint32_t k = some(a, 1, 3), j = 0; j < k; j++)
            (void)add(a, "keyspace", keep(a, &a->keyspaces, "%s.k%u", cache, j));
    }
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++)
        (void)add(a, "external", keep(a, &a->externals, "x%u", i));
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++)
        (void)add(a, "flag", keep(a, &a->flags, "f%u", i));
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++)
        (void)add(a, "link", keep(a, &a->links, "l%u", i));
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++) {
        const char *broker = keep(a, &a->all, "m%u", i);
        (void)add(a, "broker", broker);
        for (uint32_t k = some(a, 1, 3), j = 0; j < k; j++)
            (void)add(a, "topic", keep(a, &a->topics, "%s.t%u", broker, j));
    }
}

/* ---- programs -------------------------------------------------------------------- */

static struct node *any_program(struct any *a, int depth, bool tx, bool cached);

static struct node *named_node(struct any *a, struct node *n, enum node_kind kind,
                               const struct any_names *of, char between)
{
    const char *name = pick(a, of), *cut = name ? strchr(name, between) : NULL;
    if (!name || (between != '\0' && !cut))
        return n; /* unchanged: it computes */
    n->kind = kind;
    n->target = name;
    if (between != '\0') {
        n->target = arena_strndup(&a->mem, name, (size_t)(cut - name));
        n->what = cut + 1;
    }
    return n;
}

static struct node *any_node(struct any *a, int depth, bool tx, bool cached)
{
    struct node *n = arena_alloc(&a->mem, sizeof *n);
    n->kind = chance(a, 0.7) ? NODE_COMPUTE : NODE_SLEEP;
    n->time = random_time(a, 0, chance(a, 0.1) ? 100 : 0.02);
    n->catches = chance(a, 0.1);
    switch (below(a, depth > 0 ? 16 : 8)) {
    case 0:
    case 1:
        return named_node(a, n, NODE_CALL, &a->endpoints, '/');
    case 2:
        return named_node(a, n, NODE_CALL, &a->externals, '\0');
    case 3:
    case 4:
        return named_node(a, n, NODE_QUERY, &a->statements, '.');
    case 5:
        if (!cached)
            named_node(a, n, NODE_PUBLISH, &a->topics, '\0');
        return n;
    case 6:
        n->kind = chance(a, 0.5)   ? NODE_COUNT
                  : chance(a, 0.3) ? NODE_FAIL
                  : chance(a, 0.3) ? NODE_REPLY
                                   : NODE_LOG;
        n->what = "word";
        n->p = below(a, 4);
        return n;
    case 8:
    case 9:
        if (!cached && named_node(a, n, NODE_CACHED, &a->keyspaces, '.')->target)
            n->body = any_program(a, depth - 1, false, true);
        return n;
    case 10:
        if (!tx && named_node(a, n, NODE_TRANSACTION, &a->databases, '\0')->target)
            n->body = any_program(a, depth - 1, true, cached);
        return n;
    case 11:
        n->kind = NODE_PARALLEL;
        n->body = any_program(a, depth - 1, tx, cached);
        return n;
    case 12:
        n->kind = NODE_FAN_OUT;
        n->count = 1 + (int)number(a, 0, chance(a, 0.1) ? 9999 : 20);
        n->p = chance(a, 0.5) ? rng_unit(&a->r) : 0;
        n->body = any_program(a, 0, tx, cached);
        return n;
    case 13:
        n->kind = NODE_SOMETIMES;
        n->p = number(a, 0, 1);
        n->body = any_program(a, depth - 1, tx, cached);
        n->other = chance(a, 0.5) ? any_program(a, depth - 1, tx, cached) : NULL;
        return n;
    case 14:
        n->what = pick(a, &a->flags);
        if (n->what) {
            n->kind = NODE_WHEN_FLAG;
            n->body = any_program(a, depth - 1, tx, cached);
        }
        return n;
    case 15:
        if (chance(a, 0.2))
            return named_node(a, n, NODE_LEAK, &a->databases, '\0');
        if (tx && named_node(a, n, NODE_LOCK, &a->tables, '.')->kind == NODE_LOCK)
            n->p = below(a, LOCK_FORMS);
        return n;
    default:
        return n;
    }
}

static struct node *any_program(struct any *a, int depth, bool tx, bool cached)
{
    struct node *first = any_node(a, depth, tx, cached), *last = first;
    for (uint32_t n = some(a, 0, 4); n > 0; n--) {
        struct node *next = any_node(a, depth, tx, cached);
        last->next = next;
        last = next;
    }
    return first;
}

/* ---- who works and who asks ------------------------------------------------------ */

static void services(struct any *a)
{
    uint32_t n = some(a, 1, 5);
    for (uint32_t i = n; i-- > 0;) {
        char name[16];
        snprintf(name, sizeof name, "s%u", i);
        comp_id c = add(a, "service", name);
        for (uint32_t d = 0; d < a->databases.n; d++)
            if (chance(a, 0.3)) {
                comp_id pool = add(a, "pool", keep(a, &a->all, "%s.p%u", name, d));
                set(a, pool, "to", a->databases.of[d]);
            }
        for (uint32_t k = some(a, 1, 3), j = 0; j < k; j++) {
            char endpoint[8];
            snprintf(endpoint, sizeof endpoint, "e%u", j);
            (void)!model_endpoint(a->m, c, endpoint, chance(a, 0.3) ? "v1" : NULL,
                                  any_program(a, 2, false, false), NULL);
            if (chance(a, 0.3))
                (void)!model_endpoint(a->m, c, endpoint, "v2",
                                      any_program(a, 2, false, false), NULL);
            keep(a, &a->endpoints, "%s/%s", name, endpoint);
        }
        keep(a, &a->services, "%s", name);
    }
}

static void autoscaler(struct any *a, const char *name)
{
    comp_id c = add(a, "autoscaler", name);
    int64_t most = (int64_t)number(a, 1, 1000);
    set(a, c, "service", pick(a, &a->services));
    (void)!model_set(a->m, c, "max", value_count(most), NULL);
    (void)!model_set(a->m, c, "min", value_count((int64_t)number(a, 1, (double)most)),
                     NULL);
}

static void fronts(struct any *a)
{
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++) {
        const char *name = keep(a, &a->balancers, "edge%u", i);
        comp_id b = add(a, "balancer", name);
        const char *service = pick(a, &a->services);
        set(a, b, "to", service);
        set(a, b, "via", chance(a, 0.2) ? pick(a, &a->links) : NULL);
        if (chance(a, 0.8))
            keep(a, &a->endpoints, "%s/e0", name);
    }
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++)
        autoscaler(a, keep(a, &a->all, "as%u", i));
    if (chance(a, 0.2) && a->databases.n > 0)
        set(a, add(a, "dns", keep(a, &a->dns, "names")), "to", pick(a, &a->databases));
    if (chance(a, 0.2))
        set(a, add(a, "certificate", keep(a, &a->certificates, "cert")), "on",
            pick(a, &a->services));
    if (chance(a, 0.2))
        set(a, add(a, "clock", keep(a, &a->all, "clock")), "on", pick(a, &a->services));
    if (chance(a, 0.2))
        set(a, add(a, "limiter", keep(a, &a->all, "limit")), "to",
            pick(a, &a->services));
    for (uint32_t n = some(a, 0, 2), i = 0; i < n; i++)
        set(a, add(a, "job", keep(a, &a->all, "job%u", i)), "to",
            pick(a, &a->endpoints));
    for (size_t i = 0; i < a->topics.n; i++)
        for (uint32_t n = some(a, 0, 2), j = 0; j < n; j++)
            set(a,
                add(a, "subscription", keep(a, &a->all, "%s.g%u", a->topics.of[i], j)),
                "to", pick(a, &a->endpoints));
}

static void clients(struct any *a)
{
    for (uint32_t n = some(a, 1, 3), i = 0; i < n; i++) {
        const char *to = pick(a, chance(a, 0.95) ? &a->endpoints : &a->externals);
        const char *name = keep(a, &a->all, "u%u", i);
        comp_id c = add(a, "client", name);
        set(a, c, "to", to);
        if (chance(a, 0.5)) {
            (void)!model_set(a->m, c, "users", value_count(0), NULL);
            (void)!model_set(a->m, c, "rate",
                             value_number(number(a, 0.1, chance(a, 0.1) ? 1e5 : 500)),
                             NULL);
        } else {
            (void)!model_set(a->m, c, "rate", value_number(0), NULL);
            (void)!model_set(a->m, c, "users",
                             value_count((int64_t)number(a, 1, 100000)), NULL);
        }
        if (to && chance(a, 0.4)) {
            char call[64];
            snprintf(call, sizeof call, "%s.%.*s", name, (int)strcspn(to, "/"), to);
            comp_id p = add(a, "call", call);
            set(a, p, "via", chance(a, 0.4) ? pick(a, &a->links) : NULL);
            set(a, p, "tls", chance(a, 0.3) ? pick(a, &a->certificates) : NULL);
            set(a, p, "resolve", chance(a, 0.3) ? pick(a, &a->dns) : NULL);
        }
    }
}

/* Gives a kind in numbers that no lesson has. */
static void a_crowd(struct any *a)
{
    static const char *const kinds[] = {"service",  "service",    "autoscaler", "cache",
                                        "database", "external",   "broker",     "link",
                                        "client",   "certificate"};
    const char *kind = kinds[below(a, sizeof kinds / sizeof *kinds)];
    uint32_t n = 1 + (uint32_t)number(a, 0, 400);
    for (uint32_t i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof name, "crowd%u", i);
        if (str_eq(kind, "autoscaler")) {
            autoscaler(a, name);
            continue;
        }
        comp_id c = add(a, kind, name);
        if (str_eq(kind, "service"))
            (void)!model_endpoint(a->m, c, "e0", NULL, any_program(a, 0, false, false),
                                  NULL);
        set(a, c, "to", str_eq(kind, "client") ? pick(a, &a->endpoints) : NULL);
        snprintf(name, sizeof name, "crowd%u.k", i);
        if (str_eq(kind, "cache"))
            (void)add(a, "keyspace", name);
        if (str_eq(kind, "database"))
            (void)add(a, "table", name);
        if (str_eq(kind, "broker"))
            (void)add(a, "topic", name);
    }
}

struct model *any_model(struct any *a, uint64_t seed, double wild)
{
    memset(a, 0, sizeof *a);
    rng_seed(&a->r, seed, "any");
    a->wild = wild;
    a->m = model_new();
    databases(a);
    stores(a);
    services(a);
    fronts(a);
    clients(a);
    if (chance(a, 0.06))
        a_crowd(a);
    for (uint32_t n = some(a, 0, 6); n > 0; n--) {
        struct action what = any_action(a, a->m);
        if (str_eq(what.name, "nothing"))
            continue;
        (void)!model_at(a->m, duration(a, 0, 30), &what, chance(a, 0.5) ? "bot" : NULL,
                        NULL);
    }
    struct model *m = a->m;
    a->m = NULL;
    return m;
}

/* ---- doing ----------------------------------------------------------------------- */

static void any_args(struct any *a, struct action *x, const struct arg_desc *args)
{
    for (size_t i = 0; i < OP_ARGS && args[i].name; i++) {
        if (args[i].optional && chance(a, 0.4)) { /* whatever comes after it */
            x->args[x->nargs++] = (struct value){.type = VALUE_NONE};
            continue;
        }
        double most = args[i].type == VALUE_FRACTION ? 1 : chance(a, 0.2) ? 1e6 : 20;
        x->args[x->nargs++] = any_value(a, args[i].type, 0, most, "");
    }
}

static size_t live_params(const struct kind_desc *k)
{
    size_t n = 0;
    for (size_t i = 0; i < k->nparams; i++)
        n += k->params[i].change != CHANGE_NEVER;
    return n;
}

struct action any_action(struct any *a, const struct model *m)
{
    struct action x = {.comp = (comp_id)below(a, (uint32_t)model_comps(m))};
    const struct kind_desc *k = model_kind(m, x.comp);
    uint32_t what = below(a, 3);
    if (chance(a, 0.3))
        x.instance = 1 + (int)below(a, 4);
    if (what == 1 && k->nops > 0) {
        const struct op_desc *op = &k->ops[below(a, (uint32_t)k->nops)];
        x.kind = ACTION_OP;
        x.name = op->name;
        any_args(a, &x, op->args);
    } else if (what == 2 && k->nfaults > 0) {
        const struct fault_desc *f = &k->faults[below(a, (uint32_t)k->nfaults)];
        x.kind = ACTION_FAULT;
        x.name = f->name;
        x.duration = chance(a, 0.6) ? duration(a, 0, 20) : 0;
        any_args(a, &x, f->args);
    } else if (live_params(k) > 0) {
        const struct param_desc *p = k->params;
        for (size_t i = below(a, (uint32_t)live_params(k));
             i > 0 || p->change == CHANGE_NEVER; p++)
            i -= p->change != CHANGE_NEVER;
        x.kind = param_is_setting(p) && x.instance > 0 ? ACTION_SET_LATER : ACTION_SET;
        x.instance = 0; /* every third time as an operator does it */
        x.name = p->name;
        x.args[0] = any_value(a, p->type, p->min, p->max, p->choices);
        x.nargs = 1;
    } else {
        x.kind = ACTION_OP;
        x.name = "nothing";
    }
    return x;
}

void any_release(struct any *a)
{
    struct any_names *all[] = {
        &a->services,   &a->endpoints, &a->databases, &a->caches,       &a->externals,
        &a->topics,     &a->links,     &a->dns,       &a->certificates, &a->balancers,
        &a->statements, &a->tables,    &a->keyspaces, &a->flags,        &a->all};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]->of);
    arena_release(&a->mem);
}
