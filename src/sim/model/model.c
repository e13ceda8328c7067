/*
 * Building a model, piece by piece, and reading it. Names are given as text and
 * resolved only by model_finish(), so the order of building does not matter. Everything
 * lies in one arena.
 */
#include "truecode/model.h"
#include "engine/kind.h"
#include "engine/memory.h"
#include "engine/schedule.h"
#include "model/build.h"

enum {
    NAME_MAX_GIVEN = 40,
    NAME_MAX_NESTED = 120,
    COMPS_MAX = 60000,
    NODES_MAX = 4000,
    NODE_DEPTH = 40,
    CURVE_MAX = 2000,
    SCHEDULE_MAX = 2000
};

struct model *model_make(const struct parts *parts)
{
    struct model *m = mem_alloc(sizeof *m);
    m->parts = parts;
    m->refs = 1;
    m->slo = arena_alloc(&m->arena, sizeof *m->slo);
    m->limit = WORLD_LIMIT;
    return m;
}

static enum err open_for_change(const struct model *m, struct errmsg *why)
{
    if (m->finished)
        return errmsg_set(why, ERR_REFUSED, "the model is finished: it cannot change");
    return ERR_OK;
}

/* ---- components ------------------------------------------------------------------ */

static const struct kind_impl *kind_named(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->parts->nkinds; i++)
        if (str_eq(m->parts->kinds[i]->desc.name, name))
            return m->parts->kinds[i];
    return NULL;
}

static bool name_good(const char *name, size_t most)
{
    size_t n = name ? strlen(name) : 0;
    if (n == 0 || n > most)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool word =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c == '\0' || !strchr("-_./", c)))
            return false;
    }
    return true;
}

static void fill_defaults(struct model *m, struct comp *c)
{
    const struct kind_desc *d = &c->kind->desc;
    c->params = arena_alloc(&m->arena, (d->nparams + 1) * sizeof *c->params);
    c->given = arena_alloc(&m->arena, d->nparams + 1);
    for (size_t i = 0; i < d->nparams; i++) {
        struct errmsg why = {0};
        const struct param_desc *p = &d->params[i];
        if (!p->def)
            continue;
        if (p->type == VALUE_COMP) {
            c->params[i] = (struct value){.type = VALUE_COMP, .as.comp = COMP_NONE};
            if (p->def[0] != '\0')
                c->params[i] = value_text(p->def);
        } else if (value_parse(m, p, p->def, &c->params[i], &why) != ERR_OK) {
            BUG("%s.%s: default: %s", d->name, p->name, why.text);
        }
    }
}

/* Where this name is among the names, or where it would go. */
static size_t name_place(const struct model *m, const char *name)
{
    size_t i = (size_t)hash_bytes(0, name, strlen(name)) & (m->by_name_cap - 1);
    while (m->by_name[i] != COMP_NONE &&
           strcmp(m->comps[m->by_name[i]].name, name) != 0)
        i = (i + 1) & (m->by_name_cap - 1);
    return i;
}

static void name_add(struct model *m, comp_id c)
{
    if (m->ncomps * 2 > m->by_name_cap) {
        m->by_name_cap = m->by_name_cap == 0 ? TINY(64, 2) : m->by_name_cap * 2;
        m->by_name = mem_grow(m->by_name, m->by_name_cap, sizeof *m->by_name);
        memset(m->by_name, 0xff, m->by_name_cap * sizeof *m->by_name);
        for (size_t i = 0; i < c; i++)
            m->by_name[name_place(m, m->comps[i].name)] = (comp_id)i;
    }
    m->by_name[name_place(m, m->comps[c].name)] = c;
}

static comp_id model_append(struct model *m, const struct kind_impl *kind,
                            const char *name, struct errmsg *why)
{
    if (model_find(m, name) != COMP_NONE) {
        (void)errmsg_set(why, ERR_INPUT, "there are two components named \"%s\"", name);
        return COMP_NONE;
    }
    if (m->ncomps >= COMPS_MAX) {
        (void)errmsg_set(why, ERR_LIMIT, "more than %d components", COMPS_MAX);
        return COMP_NONE;
    }
    GROW(m->comps, m->ncomps, m->comps_cap);
    comp_id c = (comp_id)m->ncomps++;
    m->comps[c] = (struct comp){.name = arena_strdup(&m->arena, name),
                                .name_hash = hash_bytes(0, name, strlen(name)),
                                .kind = kind,
                                .owner = COMP_NONE,
                                .target = COMP_NONE};
    name_add(m, c);
    fill_defaults(m, &m->comps[c]);
    return c;
}

comp_id model_add(struct model *m, const char *kind, const char *name,
                  struct errmsg *why)
{
    const struct kind_impl *k = kind_named(m, kind);
    if (open_for_change(m, why) != ERR_OK)
        return COMP_NONE;
    if (!k) {
        const char *names[32];
        size_t n = 0;
        for (; n < m->parts->nkinds && n < 32; n++)
            names[n] = m->parts->kinds[n]->desc.name;
        const char *near = text_suggest(kind ? kind : "", names, n);
        (void)errmsg_set(why, ERR_INPUT, "there is no kind \"%.60s\"%s%s%s",
                         kind ? kind : "", near ? "; did you mean \"" : "",
                         near ? near : "", near ? "\"?" : "");
        return COMP_NONE;
    }
    if (!name_good(name, k->desc.nested ? NAME_MAX_NESTED : NAME_MAX_GIVEN)) {
        (void)errmsg_set(
            why, ERR_INPUT,
            "\"%.60s\" is no name: letters, digits and - _ . /, at most %d",
            name ? name : "", NAME_MAX_GIVEN);
        return COMP_NONE;
    }
    return model_append(m, k, name, why);
}

comp_id model_add_nested(struct model *m, const char *kind, comp_id owner,
                         const char *name, struct errmsg *why)
{
    const struct kind_impl *k = kind_named(m, kind);
    if (!k)
        BUG("no kind %s", kind);
    if (!name_good(name, NAME_MAX_NESTED)) {
        (void)errmsg_set(why, ERR_INPUT, "the name \"%.130s\" is too long", name);
        return COMP_NONE;
    }
    comp_id c = model_append(m, k, name, why);
    if (c != COMP_NONE)
        m->comps[c].owner = owner;
    return c;
}

/* ---- parameters ------------------------------------------------------------------ */

static const struct param_desc *param_named(const struct kind_desc *d, const char *name)
{
    for (size_t i = 0; i < d->nparams; i++)
        if (str_eq(d->params[i].name, name))
            return &d->params[i];
    return NULL;
}

static enum err no_param(const struct model *m, comp_id c, const char *param,
                         struct errmsg *why)
{
    const struct kind_desc *d = model_kind(m, c);
    const char *names[64];
    size_t n = 0;
    for (; n < d->nparams && n < 64; n++)
        names[n] = d->params[n].name;
    const char *near = text_suggest(param, names, n);
    return errmsg_set(why, ERR_NOT_FOUND, "%s (a %s) has no parameter \"%.60s\"%s%s%s",
                      model_name(m, c), d->name, param, near ? "; did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

enum err model_set(struct model *m, comp_id c, const char *param, struct value v,
                   struct errmsg *why)
{
    struct value fit = v;
    if (open_for_change(m, why) != ERR_OK)
        return ERR_REFUSED;
    if (c >= m->ncomps)
        return errmsg_set(why, ERR_INPUT, "there is no such component");
    const struct kind_desc *d = model_kind(m, c);
    const struct param_desc *p = param_named(d, param);
    if (!p)
        return no_param(m, c, param, why);
    bool by_name = p->type == VALUE_COMP && v.type == VALUE_TEXT; /* resolved later */
    if (!by_name) {
        enum err e = value_fit(m, p, &v, &fit, why);
        if (e != ERR_OK) {
            errmsg_prefix(why, "%s: ", model_name(m, c));
            return e;
        }
    }
    if (fit.type == VALUE_TEXT)
        fit.as.text = arena_strdup(&m->arena, fit.as.text ? fit.as.text : "");
    m->comps[c].params[p - d->params] = fit;
    m->comps[c].given[p - d->params] = true;
    return ERR_OK;
}

/* ---- programs -------------------------------------------------------------------- */

static const char *copy_text(struct model *m, const char *s)
{
    return s ? arena_strdup(&m->arena, s) : NULL;
}

/* Deep copy; `count` bounds the whole tree: above the limit it is cut short. */
static const struct node *copy_nodes(struct model *m, const struct node *n, int depth,
                                     int *count)
{
    const struct node *first = NULL, **at = &first;
    if (depth > NODE_DEPTH)
        *count = NODES_MAX + 1;
    for (; n && *count <= NODES_MAX; n = n->next) {
        struct node *copy = arena_alloc(&m->arena, sizeof *copy);
        ++*count;
        *copy = *n;
        copy->target = copy_text(m, n->target);
        copy->what = copy_text(m, n->what);
        copy->body = copy_nodes(m, n->body, depth + 1, count);
        copy->other = copy_nodes(m, n->other, depth + 1, count);
        copy->next = NULL;
        *at = copy;
        at = &copy->next;
    }
    return first;
}

static enum err endpoint_comp(struct model *m, comp_id service, const char *name,
                              comp_id *out, struct errmsg *why)
{
    char full[2 * NAME_MAX_GIVEN + 2];
    if (!name_good(name, NAME_MAX_GIVEN) || strchr(name, '/'))
        return errmsg_set(why, ERR_INPUT, "\"%.60s\" is no name for an endpoint",
                          name ? name : "");
    struct buf b;
    buf_init(&b, sizeof full);
    buf_addf(&b, "%s/%s", model_name(m, service), name);
    *out = model_find(m, b.s);
    if (*out == COMP_NONE)
        *out = model_add_nested(m, "endpoint", service, b.s, why);
    buf_release(&b);
    return *out == COMP_NONE ? ERR_INPUT : ERR_OK;
}

enum err model_endpoint(struct model *m, comp_id service, const char *name,
                        const char *version, const struct node *body,
                        struct errmsg *why)
{
    comp_id endpoint = COMP_NONE;
    int count = 0, index = -1;
    if (open_for_change(m, why) != ERR_OK)
        return ERR_REFUSED;
    if (service >= m->ncomps || !comp_has(&m->comps[service], KIND_SERVES))
        return errmsg_set(why, ERR_INPUT, "only a service has endpoints");
    if (version) {
        if (!name_good(version, NAME_MAX_GIVEN))
            return errmsg_set(why, ERR_INPUT, "\"%.60s\" is no name for a version",
                              version);
        index = version_add(m, service, version);
    }
    enum err e = endpoint_comp(m, service, name, &endpoint, why);
    if (e != ERR_OK)
        return e;
    for (const struct source *s = m->comps[endpoint].newest; s; s = s->older)
        if (s->version == index)
            return errmsg_set(why, ERR_INPUT,
                              "%s is defined twice for the same version",
                              model_name(m, endpoint));
    struct source *s = arena_alloc(&m->arena, sizeof *s);
    *s = (struct source){
        .endpoint = endpoint, .version = index, .older = m->comps[endpoint].newest};
    s->body = copy_nodes(m, body, 0, &count);
    if (count > NODES_MAX)
        return errmsg_set(why, ERR_LIMIT,
                          "%s: the program is too large or nested too deep",
                          model_name(m, endpoint));
    if (!m->last_source)
        m->sources = s;
    else
        m->last_source->next = s;
    m->last_source = s;
    m->comps[endpoint].newest = s;
    return ERR_OK;
}

enum err model_curve(struct model *m, comp_id client, const struct curve_point *p,
                     size_t n, sim_time period, struct errmsg *why)
{
    if (open_for_change(m, why) != ERR_OK)
        return ERR_REFUSED;
    if (client >= m->ncomps || !m->comps[client].kind->curve)
        return errmsg_set(why, ERR_INPUT, "only a client has a curve");
    if (n > CURVE_MAX || period < 0)
        return errmsg_set(why, ERR_INPUT, "%s: a curve has at most %d points",
                          model_name(m, client), CURVE_MAX);
    return m->comps[client].kind->curve(m, client, p, n, period, why);
}

/* ---- objective and schedule ------------------------------------------------------ */

enum err model_slo(struct model *m, const struct slo *slo, const comp_id *clients,
                   size_t nclients, struct errmsg *why)
{
    if (open_for_change(m, why) != ERR_OK)
        return ERR_REFUSED;
    if (slo->within <= 0 || slo->within > SIM_HOUR || slo->max_age < 0 ||
        slo->window <= 0 || !(slo->objective > 0 && slo->objective < 1))
        return errmsg_set(
            why, ERR_INPUT,
            "the objective needs a time above 0, a window above 0, and a share "
            "between 0 and 1");
    for (size_t i = 0; i < nclients; i++)
        if (clients[i] >= m->ncomps || !comp_has(&m->comps[clients[i]], KIND_JUDGED))
            return errmsg_set(
                why, ERR_INPUT,
                "the objective applies to clients, subscriptions and jobs only");
    *m->slo = *slo;
    m->slo->name = arena_strdup(&m->arena, slo->name ? slo->name : "");
    m->slo_set = true;
    m->nslo_names = nclients;
    m->slo_names = arena_alloc(&m->arena, (nclients + 1) * sizeof *m->slo_names);
    if (nclients > 0)
        memcpy(m->slo_names, clients, nclients * sizeof *clients);
    return ERR_OK;
}

const struct slo *model_get_slo(const struct model *m)
{
    return m->slo_set ? m->slo : NULL;
}

bool model_in_slo(const struct model *m, comp_id client)
{
    return m->slo_client[client];
}

static struct schedule_entry *schedule_add(struct model *m, sim_time at,
                                           struct errmsg *why)
{
    if (open_for_change(m, why) != ERR_OK)
        return NULL;
    if (at < 0 || m->nschedule >= SCHEDULE_MAX) {
        (void)errmsg_set(why, ERR_INPUT,
                         "the schedule has at most %d entries, none before 0",
                         SCHEDULE_MAX);
        return NULL;
    }
    GROW(m->schedule, m->nschedule, m->schedule_cap);
    struct schedule_entry *e = &m->schedule[m->nschedule++];
    *e = (struct schedule_entry){.at = at};
    return e;
}

enum err model_at(struct model *m, sim_time at, const struct action *a, const char *who,
                  struct errmsg *why)
{
    if (a->comp >= m->ncomps || a->nargs > OP_ARGS)
        return errmsg_set(why, ERR_INPUT, "the action names no component");
    struct schedule_entry *e = schedule_add(m, at, why);
    if (!e)
        return ERR_REFUSED;
    e->action = *a;
    e->action.name = arena_strdup(&m->arena, a->name ? a->name : "");
    for (size_t i = 0; i < a->nargs; i++)
        if (a->args[i].type == VALUE_TEXT)
            e->action.args[i].as.text = copy_text(m, a->args[i].as.text);
    e->who = copy_text(m, who);
    return ERR_OK;
}

enum err model_repeat(struct model *m, sim_time at, const struct action *fault,
                      struct dist lasts, struct dist again, sim_time until,
                      struct errmsg *why)
{
    if (fault->kind != ACTION_FAULT)
        return errmsg_set(why, ERR_INPUT, "only a fault comes again");
    if (lasts.mean < 0 || again.mean <= 0)
        return errmsg_set(why, ERR_INPUT,
                          "a fault that comes again needs a mean time above 0 between "
                          "its end and its next begin");
    enum err e = model_at(m, at, fault, NULL, why);
    if (e != ERR_OK)
        return e;
    struct schedule_entry *entry = &m->schedule[m->nschedule - 1];
    entry->repeats = true;
    entry->lasts = lasts;
    entry->again = again;
    entry->until = until;
    return ERR_OK;
}

/* The version that runs at the start, as far as it is said by now. */
static const char *first_version(const struct model *m, comp_id service)
{
    const struct comp *c = &m->comps[service];
    for (size_t p = 0; p < c->kind->desc.nparams; p++)
        if (str_eq(c->kind->desc.params[p].name, "version") && c->given[p] &&
            *c->params[p].as.text != '\0')
            return c->params[p].as.text;
    return model_versions(m, service) > 0 ? model_version(m, service, 0) : "v1";
}

enum err model_version_like(struct model *m, comp_id service, const char *version,
                            const char *like, struct errmsg *why)
{
    if (m->finished || service >= m->ncomps ||
        !comp_has(&m->comps[service], KIND_SERVES))
        return errmsg_set(why, ERR_INPUT, "no service that could have version \"%s\"",
                          version);
    for (size_t i = 0; i < model_versions(m, service); i++)
        if (str_eq(model_version(m, service, i), version))
            return errmsg_set(why, ERR_INPUT, "%s has a version \"%s\" of its own",
                              model_name(m, service), version);
    struct version_like *v = arena_alloc(&m->arena, sizeof *v);
    like = like ? like : first_version(m, service);
    *v = (struct version_like){.like = (size_t)version_add(m, service, like)};
    v->version = (size_t)version_add(m, service, version);
    struct version_like **at = &m->comps[service].versions->alike;
    while (*at)
        at = &(*at)->next;
    *at = v;
    return ERR_OK;
}

enum err model_decoy(struct model *m, sim_time at, comp_id c, const char *who,
                     const char *title, bool final, struct errmsg *why)
{
    if (c >= m->ncomps)
        return errmsg_set(why, ERR_INPUT, "the change names no component");
    struct schedule_entry *e = schedule_add(m, at, why);
    if (!e)
        return ERR_REFUSED;
    e->decoy = true;
    e->final = final;
    e->action = (struct action){.comp = c};
    e->who = copy_text(m, who ? who : "");
    e->title = copy_text(m, title ? title : "");
    return ERR_OK;
}

/* ---- reading --------------------------------------------------------------------- */

size_t model_comps(const struct model *m)
{
    return m->ncomps;
}

comp_id model_find(const struct model *m, const char *name)
{
    if (!name || m->by_name_cap == 0)
        return COMP_NONE;
    return m->by_name[name_place(m, name)];
}

const char *model_name(const struct model *m, comp_id c)
{
    return c < m->ncomps ? m->comps[c].name : "";
}

const struct kind_desc *model_kind(const struct model *m, comp_id c)
{
    return &m->comps[c].kind->desc;
}

comp_id model_owner(const struct model *m, comp_id c)
{
    return c < m->ncomps ? m->comps[c].owner : COMP_NONE;
}

comp_id model_target(const struct model *m, comp_id c)
{
    return c < m->ncomps ? m->comps[c].target : COMP_NONE;
}

comp_id model_need(const struct model *m, const char *name, const char *kind,
                   const char *for_what, struct errmsg *why)
{
    comp_id c = model_find(m, name);
    if (c != COMP_NONE && (!kind || str_eq(model_kind(m, c)->name, kind)))
        return c;
    if (c != COMP_NONE) {
        (void)errmsg_set(why, ERR_INPUT, "%s: %s is a %s, not a %s", for_what, name,
                         model_kind(m, c)->name, kind);
        return COMP_NONE;
    }
    const char **names = mem_array(m->ncomps + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < m->ncomps; i++)
        if (!kind || str_eq(m->comps[i].kind->desc.name, kind))
            names[n++] = m->comps[i].name;
    const char *near = text_suggest(name ? name : "", names, n);
    (void)errmsg_set(why, ERR_NOT_FOUND, "%s: there is no %s \"%.80s\"%s%s%s", for_what,
                     kind ? kind : "component", name ? name : "",
                     near ? "; did you mean \"" : "", near ? near : "",
                     near ? "\"?" : "");
    mem_free(names);
    return COMP_NONE;
}

/* "checkout-12" where "checkout" is a component that has instances: 12. Else 0. */
static int instance_suffix(const struct model *m, const char *text, comp_id *c)
{
    char name[NAME_MAX_NESTED + 1];
    const char *dash = strrchr(text, '-');
    size_t n = dash ? (size_t)(dash - text) : 0;
    if (n == 0 || n >= sizeof name || dash[1] == '\0' || dash[1] == '0')
        return 0;
    memcpy(name, text, n);
    name[n] = '\0';
    int number = 0;
    for (const char *p = dash + 1; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || number > 100000)
            return 0;
        number = number * 10 + (*p - '0');
    }
    comp_id owner = model_find(m, name);
    if (owner == COMP_NONE || !m->comps[owner].kind->instances)
        return 0;
    *c = owner;
    return number;
}

enum err model_resolve(const struct model *m, const char *text, comp_id *c,
                       int *instance, struct errmsg *why)
{
    *instance = 0;
    *c = model_find(m, text);
    if (*c != COMP_NONE)
        return ERR_OK;
    *instance = instance_suffix(m, text, c);
    if (*instance > 0)
        return ERR_OK;
    const char **names = mem_array(m->ncomps + 1, sizeof *names);
    for (size_t i = 0; i < m->ncomps; i++)
        names[i] = m->comps[i].name;
    const char *near = text_suggest(text, names, m->ncomps);
    (void)errmsg_set(why, ERR_NOT_FOUND, "there is no \"%.80s\"%s%s%s", text,
                     near ? "; did you mean \"" : "", near ? near : "",
                     near ? "\"?" : "");
    mem_free(names);
    return ERR_NOT_FOUND;
}

enum err model_resolve_param(const struct model *m, const char *path, comp_id *c,
                             const struct param_desc **p, struct errmsg *why)
{
    char name[NAME_MAX_NESTED + 1];
    int instance;
    const char *dot = strrchr(path, '.');
    size_t n = dot ? (size_t)(dot - path) : 0;
    if (n == 0 || n >= sizeof name)
        return errmsg_set(why, ERR_INPUT,
                          "\"%.80s\" names no parameter: write component.parameter",
                          path);
    memcpy(name, path, n);
    name[n] = '\0';
    enum err e = model_resolve(m, name, c, &instance, why);
    if (e != ERR_OK)
        return e;
    if (instance != 0)
        return errmsg_set(why, ERR_INPUT,
                          "parameters belong to %s, not to one instance",
                          model_name(m, *c));
    *p = param_named(model_kind(m, *c), dot + 1);
    return !*p ? no_param(m, *c, dot + 1, why) : ERR_OK;
}

size_t model_scheduled_after(const struct model *m, sim_time t)
{
    size_t n = 0;
    for (size_t i = 0; i < m->nschedule; i++)
        n += m->schedule[i].at > t;
    return n;
}
