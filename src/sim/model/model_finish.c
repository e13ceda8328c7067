/*
 * model_finish(): from a heap of named things to a model that worlds can be made of.
 *
 * In this order: owners by name; required parameters; names to components (each kind's
 * resolve, balancers before the clients that call through them); programs, which add
 * call policies and pools; the schedule; each kind's check; and where everything lies
 * in a world's memory.
 */
#include "engine/kind.h"
#include "engine/schedule.h"
#include "model/build.h"
#include "truecode/model.h"

/* ---- owners and versions --------------------------------------------------------- */

/* "orders-db.reserve": the longest prefix before a dot (endpoints: slash) that is a
 * name. */
static comp_id owner_by_name(const struct model *m, comp_id c)
{
    char name[160];
    size_t n = strlen(m->comps[c].name);
    if (n >= sizeof name)
        return COMP_NONE;
    memcpy(name, m->comps[c].name, n + 1);
    for (size_t i = n; i-- > 1;) {
        if (name[i] != '.' && name[i] != '/')
            continue;
        name[i] = '\0';
        comp_id owner = model_find(m, name);
        if (owner != COMP_NONE)
            return owner;
    }
    return COMP_NONE;
}

static enum err find_owners(struct model *m, struct errmsg *why)
{
    for (size_t i = 0; i < m->ncomps; i++) {
        struct comp *c = &m->comps[i];
        if (!c->kind->desc.nested || c->owner != COMP_NONE)
            continue;
        c->owner = owner_by_name(m, (comp_id)i);
        if (c->owner == COMP_NONE)
            return errmsg_set(
                why, ERR_INPUT,
                "%s: a %s belongs to another component: name it owner.name", c->name,
                c->kind->desc.name);
        const struct comp *owner = &m->comps[c->owner];
        const char *within = c->kind->desc.within;
        if (within && !str_eq(owner->kind->desc.name, within))
            return errmsg_set(
                why, ERR_INPUT, "%s: a %s belongs to a %s, and %s is a %s", c->name,
                c->kind->desc.name, within, owner->name, owner->kind->desc.name);
    }
    return ERR_OK;
}

int version_add(struct model *m, comp_id service, const char *name)
{
    struct versions *v = m->comps[service].versions;
    if (!v)
        v = m->comps[service].versions = arena_alloc(&m->arena, sizeof *v);
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->names[i], name))
            return (int)i;
    if (v->n == v->cap) {
        size_t cap = v->cap == 0 ? TINY(8, 1) : v->cap * 2;
        const char **more = arena_alloc(&m->arena, cap * sizeof *more);
        for (size_t i = 0; i < v->n; i++)
            more[i] = v->names[i];
        v->names = more;
        v->cap = cap;
    }
    v->names[v->n] = arena_strdup(&m->arena, name);
    return (int)v->n++;
}

/* A service without named versions runs "v1". */
static void name_versions(struct model *m)
{
    for (size_t i = 0; i < m->ncomps; i++)
        if (comp_has(&m->comps[i], KIND_SERVES) && !m->comps[i].versions)
            (void)version_add(m, (comp_id)i, "v1");
}

/* ---- names to components --------------------------------------------------------- */

static enum err need_params(const struct model *m, struct errmsg *why)
{
    for (size_t i = 0; i < m->ncomps; i++) {
        const struct comp *c = &m->comps[i];
        for (size_t p = 0; p < c->kind->desc.nparams; p++)
            if (!c->kind->desc.params[p].def && !c->given[p])
                return errmsg_set(why, ERR_INPUT, "%s: \"%s\" must be given", c->name,
                                  c->kind->desc.params[p].name);
    }
    return ERR_OK;
}

/* Kinds that begin calls come late: what they call must be known by then. */
static enum err resolve_kind(struct model *m, bool late, struct errmsg *why)
{
    for (size_t i = 0; i < m->ncomps; i++) {
        const struct kind_impl *k = m->comps[i].kind;
        if (!k->resolve || comp_has(&m->comps[i], KIND_STARTS) != late)
            continue;
        enum err e = k->resolve(m, (comp_id)i, why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* A parameter that is still a name now names nothing that its kind cares about: look it
 * up. */
static enum err resolve_comps(struct model *m, struct errmsg *why)
{
    for (size_t i = 0; i < m->ncomps; i++) {
        struct comp *c = &m->comps[i];
        for (size_t p = 0; p < c->kind->desc.nparams; p++) {
            struct value *v = &c->params[p];
            if (c->kind->desc.params[p].type != VALUE_COMP || v->type != VALUE_TEXT)
                continue;
            comp_id id = model_need(m, v->as.text, NULL, c->name, why);
            if (id == COMP_NONE)
                return ERR_NOT_FOUND;
            *v = (struct value){.type = VALUE_COMP, .as.comp = id};
        }
    }
    return ERR_OK;
}

enum err param_resolve(struct model *m, comp_id c, int param, const char *kind,
                       struct errmsg *why)
{
    struct value *v = &m->comps[c].params[param];
    if (v->type == VALUE_TEXT) {
        comp_id id = model_need(m, v->as.text, kind, m->comps[c].name, why);
        if (id == COMP_NONE)
            return ERR_NOT_FOUND;
        *v = (struct value){.type = VALUE_COMP, .as.comp = id};
    }
    return ERR_OK;
}

/* The component at the end of a row of those that only hand on. */
static comp_id behind(const struct model *m, comp_id c)
{
    for (int i = 0; i < 16; i++) {
        if (!comp_has(&m->comps[c], KIND_HANDS_ON) || m->comps[c].target == COMP_NONE)
            break;
        c = m->comps[c].target;
    }
    return c;
}

enum err model_call_target(const struct model *m, const char *text, comp_id *target,
                           comp_id *endpoint, struct errmsg *why)
{
    char name[160];
    size_t n = strcspn(text, "/");
    *endpoint = model_find(m, text);
    *target = *endpoint;
    if (*endpoint != COMP_NONE && str_eq(model_kind(m, *endpoint)->name, "endpoint")) {
        *target = m->comps[*endpoint].owner;
        return ERR_OK;
    }
    *endpoint = COMP_NONE;
    if (*target != COMP_NONE && comp_has(&m->comps[*target], KIND_WHOLE))
        return ERR_OK;
    if (n >= sizeof name)
        return errmsg_set(why, ERR_INPUT, "\"%.80s\" is too long", text);
    memcpy(name, text, n);
    name[n] = '\0';
    *target = model_need(m, name, NULL, "calls", why);
    if (*target == COMP_NONE)
        return ERR_NOT_FOUND;
    comp_id service = behind(m, *target);
    if (comp_has(&m->comps[service], KIND_WHOLE))
        return ERR_OK;
    if (!comp_has(&m->comps[service], KIND_SERVES))
        return errmsg_set(why, ERR_INPUT, "%s is a %s: it cannot be called", name,
                          model_kind(m, *target)->name);
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s%s", model_name(m, service), text + n);
    *endpoint = model_need(m, b.s, "endpoint", "calls", why);
    buf_release(&b);
    return *endpoint == COMP_NONE ? ERR_NOT_FOUND : ERR_OK;
}

comp_id call_policy_for(struct model *m, comp_id caller, comp_id callee,
                        struct errmsg *why)
{
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s.%s", model_name(m, caller), model_name(m, callee));
    comp_id p = model_find(m, b.s);
    if (p == COMP_NONE)
        p = model_add_nested(m, "call", caller, b.s, why);
    else
        p = model_need(m, b.s, "call", "call policy", why);
    buf_release(&b);
    if (p != COMP_NONE)
        m->comps[p].target = callee;
    return p;
}

/* ---- the schedule ---------------------------------------------------------------- */

/* The action's name is from here on the table's, which outlives the action. */
static const struct arg_desc *args_of(const struct kind_desc *d, struct action *a)
{
    size_t n = a->kind == ACTION_OP ? d->nops : d->nfaults;
    for (size_t i = 0; i < n; i++) {
        bool op = a->kind == ACTION_OP;
        const char *name = op ? d->ops[i].name : d->faults[i].name;
        if (str_eq(name, a->name)) {
            a->name = name;
            return op ? d->ops[i].args : d->faults[i].args;
        }
    }
    return NULL;
}

static enum err no_such_action(const struct model *m, const struct action *a,
                               struct errmsg *why)
{
    static const char *const what[] = {[ACTION_SET] = "parameter",
                                       [ACTION_OP] = "operation",
                                       [ACTION_FAULT] = "fault",
                                       [ACTION_SET_LATER] = "parameter"};
    const struct kind_desc *d = model_kind(m, a->comp);
    const char *names[64];
    size_t n = 0;
    if (action_sets(a))
        for (; n < d->nparams && n < 64; n++)
            names[n] = d->params[n].name;
    else if (a->kind == ACTION_OP)
        for (; n < d->nops && n < 64; n++)
            names[n] = d->ops[n].name;
    else
        for (; n < d->nfaults && n < 64; n++)
            names[n] = d->faults[n].name;
    const char *near = text_suggest(a->name ? a->name : "", names, n);
    return errmsg_set(why, ERR_NOT_FOUND, "%s (a %s) has no %s \"%.60s\"%s%s%s",
                      model_name(m, a->comp), d->name, what[a->kind],
                      a->name ? a->name : "", near ? "; did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

static enum err check_set(const struct model *m, struct action *a, struct errmsg *why)
{
    const struct kind_desc *d = model_kind(m, a->comp);
    for (size_t i = 0; i < d->nparams; i++) {
        if (!str_eq(d->params[i].name, a->name))
            continue;
        a->name = d->params[i].name;
        if (d->params[i].change == CHANGE_NEVER)
            return errmsg_set(why, ERR_REFUSED, "%s.%s cannot be changed while it runs",
                              model_name(m, a->comp), a->name);
        if (a->nargs != 1)
            return errmsg_set(why, ERR_INPUT, "%s.%s wants one value",
                              model_name(m, a->comp), a->name);
        return value_fit(m, &d->params[i], &a->args[0], &a->args[0], why);
    }
    return no_such_action(m, a, why);
}

bool action_is_nothing(const struct action *a)
{
    return a->kind == ACTION_OP && a->nargs == 0 && str_eq(a->name, "");
}

enum err model_check_action(const struct model *m, struct action *a, struct errmsg *why)
{
    if (a->comp >= m->ncomps || a->nargs > OP_ARGS)
        return errmsg_set(why, ERR_INPUT, "the action names no component");
    if (action_sets(a))
        return check_set(m, a, why);
    if (action_is_nothing(a))
        return ERR_OK;
    const struct arg_desc *d = args_of(model_kind(m, a->comp), a);
    if (!d)
        return no_such_action(m, a, why);
    for (size_t i = 0; i < OP_ARGS; i++) {
        bool known = d[i].name, given = action_gives(a, i);
        if (!given && known && !d[i].optional)
            return errmsg_set(why, ERR_INPUT, "%s %s wants \"%s\": %s",
                              model_name(m, a->comp), a->name, d[i].name, d[i].doc);
        if (given && !known)
            return errmsg_set(why, ERR_INPUT, "%s %s wants %zu values at most, not %zu",
                              model_name(m, a->comp), a->name, i, a->nargs);
        enum err e =
            given ? value_fit_arg(m, &d[i], &a->args[i], &a->args[i], why) : ERR_OK;
        if (e != ERR_OK)
            return e;
    }
    while (a->nargs > 0 && !action_gives(a, a->nargs - 1))
        a->nargs--;
    if (a->duration < 0)
        return errmsg_set(why, ERR_INPUT, "a duration is not negative");
    const struct kind_impl *k = m->comps[a->comp].kind;
    return k->names ? k->names(m, a, why) : ERR_OK;
}

/* ---- numbers of instances -------------------------------------------------------- */

comp_id model_numbered_by(const struct model *m, comp_id c)
{
    comp_id owner = m->comps[c].owner, target = m->comps[c].target;
    if (m->comps[c].kind->numbers)
        return c;
    if (owner != COMP_NONE && m->comps[owner].kind->numbers)
        return owner;
    if (target != COMP_NONE && m->comps[target].kind->numbers)
        return target;
    return COMP_NONE;
}

/* The most that the model itself has, or makes. */
static double most_of(const struct model *m, comp_id c)
{
    const struct kind_impl *k = m->comps[c].kind;
    double n = (double)model_param(m, c, kind_param(k, k->numbers))->as.count;
    if (comp_has(&m->comps[c], KIND_SERVES)) {
        double *all = mem_array(m->ncomps + 1, sizeof *all);
        (void)model_instances(m, all);
        n = all[c] + (double)model_param(m, c, kind_param(k, "max_surge"))->as.count;
        mem_free(all);
    }
    return n;
}

int model_numbers(const struct model *m, comp_id c, const char **word)
{
    comp_id by = c < m->ncomps ? model_numbered_by(m, c) : COMP_NONE;
    if (by == COMP_NONE)
        return 0;
    *word = m->comps[by].kind->numbers;
    double n = most_of(m, by);
    for (size_t i = 0; i < m->nschedule; i++) {
        const struct action *a = &m->schedule[i].action;
        bool more = a->comp == by && a->nargs > 0 && a->args[0].type == VALUE_COUNT &&
                    (str_eq(a->name, *word) || str_eq(a->name, "scale"));
        if (more && (double)a->args[0].as.count > n)
            n = (double)a->args[0].as.count;
    }
    return (int)n;
}

/* The instance that the action is aimed at, or that its argument of this name says. */
static int number_in(const struct model *m, const struct action *a)
{
    struct action copy = *a;
    const struct arg_desc *d =
        action_sets(a) ? NULL : args_of(model_kind(m, a->comp), &copy);
    for (size_t i = 0; d && i < a->nargs; i++)
        if (str_eq(d[i].name, "instance") && a->args[i].type == VALUE_COUNT)
            return (int)a->args[i].as.count;
    return a->instance;
}

static enum err check_number(const struct model *m, const struct schedule_entry *e,
                             struct errmsg *why)
{
    const char *word = "";
    int number = number_in(m, &e->action);
    int most = number > 0 ? model_numbers(m, e->action.comp, &word) : 0;
    if (most == 0 || number <= most)
        return ERR_OK;
    return errmsg_set(why, ERR_NOT_FOUND, "there is no %s-%d: its %s are 1 to %d",
                      model_name(m, e->action.comp), number, word, most);
}

/* Numbers each entry among those of its component. */
static void number_schedule(struct model *m)
{
    uint32_t *sofar = arena_alloc(&m->arena, m->ncomps * sizeof *sofar);
    for (size_t i = 0; i < m->nschedule; i++)
        m->schedule[i].nth = sofar[m->schedule[i].action.comp]++;
}

static enum err check_schedule(struct model *m, struct errmsg *why)
{
    number_schedule(m);
    for (size_t i = 0; i < m->nschedule; i++) {
        struct schedule_entry *entry = &m->schedule[i];
        if (entry->decoy)
            continue;
        enum err e = model_check_action(m, &entry->action, why);
        if (e == ERR_OK)
            e = check_number(m, entry, why);
        if (e != ERR_OK) {
            if (entry->action.line > 0)
                errmsg_prefix(why, "line %d: ", entry->action.line);
            else
                errmsg_prefix(why, "incident, entry %zu: ", i + 1);
            return e;
        }
    }
    return ERR_OK;
}

/* ---- the end --------------------------------------------------------------------- */

static void choose_slo_clients(struct model *m)
{
    m->slo_client = arena_alloc(&m->arena, m->ncomps + 1);
    for (size_t i = 0; i < m->ncomps; i++)
        m->slo_client[i] = m->nslo_names == 0 && comp_has(&m->comps[i], KIND_USERS);
    for (size_t i = 0; i < m->nslo_names; i++)
        m->slo_client[m->slo_names[i]] = true;
}

static enum err gather_kinds(struct model *m, struct errmsg *why)
{
    for (size_t i = 0; i < m->parts->nkinds; i++) {
        const struct kind_impl *k = m->parts->kinds[i];
        enum err e = k->gather ? k->gather(m, why) : ERR_OK;
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err check_kinds(struct model *m, struct errmsg *why)
{
    for (size_t i = 0; i < m->ncomps; i++) {
        const struct kind_impl *k = m->comps[i].kind;
        enum err e = k->check ? k->check(m, (comp_id)i, why) : ERR_OK;
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

size_t model_versions(const struct model *m, comp_id service)
{
    const struct versions *v = service < m->ncomps ? m->comps[service].versions : NULL;
    return v ? v->n : 0;
}

const char *model_version(const struct model *m, comp_id service, size_t i)
{
    return i < model_versions(m, service) ? m->comps[service].versions->names[i] : "";
}

/* Models that do not fit a world are refused before (room.c), so that no sum
 * overflows. */
static ref lay(ref *at, size_t bytes)
{
    ref here = *at;
    *at += (ref)((bytes + 15) / 16 * 2);
    return here;
}

uint8_t kind_number(const struct model *m, const struct kind_impl *k)
{
    uint8_t i = 0;
    while (m->parts->kinds[i] != k)
        i++;
    return i;
}

static size_t stream_count(const struct kind_impl *k)
{
    size_t n = 0;
    while (k->streams && k->streams[n])
        n++;
    return n;
}

/* The fixed part of every world: its head, then each component's state, which begins
 * where a line of the processor's cache does, with its streams in front of it: that is
 * what most events touch. The values of all come after. */
static void lay_out(struct model *m)
{
    enum { LINE = 64 / 8 };
    ref at = 0;
    m->states = arena_alloc(&m->arena, m->ncomps * sizeof *m->states);
    m->kinds = arena_alloc(&m->arena, m->ncomps);
    (void)lay(&at, sizeof(struct head));
    for (size_t i = 0; i < m->ncomps; i++) {
        const struct kind_impl *k = m->comps[i].kind;
        size_t state = k->state_size ? k->state_size(m, (comp_id)i) : 0;
        size_t rngs = stream_count(k) * sizeof(struct rng);
        at = (at + LINE - 1) / LINE * LINE;
        (void)lay(&at, (rngs + 8 * LINE - 1) / (8 * LINE) * (8 * LINE));
        m->states[i] = lay(&at, state);
        m->kinds[i] = kind_number(m, k);
    }
    for (size_t i = 0; i < m->ncomps; i++)
        m->comps[i].values =
            lay(&at, m->comps[i].kind->desc.nparams * sizeof(struct value));
    m->fixed = at;
}

enum err model_finish(struct model *m, struct errmsg *why)
{
    enum err e = ERR_OK;
    if (m->finished)
        return errmsg_set(why, ERR_REFUSED, "the model is finished already");
    if ((e = find_owners(m, why)) != ERR_OK || (e = need_params(m, why)) != ERR_OK ||
        (e = room_check(m, why)) != ERR_OK)
        return e;
    m->ngiven = m->ncomps;
    name_versions(m);
    if ((e = resolve_kind(m, false, why)) != ERR_OK ||
        (e = resolve_kind(m, true, why)) != ERR_OK ||
        (e = compile_endpoints(m, why)) != ERR_OK ||
        (e = gather_kinds(m, why)) != ERR_OK || (e = resolve_comps(m, why)) != ERR_OK ||
        (e = count_results(m, why)) != ERR_OK)
        return e;
    choose_slo_clients(m);
    if ((e = check_schedule(m, why)) != ERR_OK || (e = check_kinds(m, why)) != ERR_OK ||
        (e = room_check(m, why)) != ERR_OK) /* calls came on top */
        return e;
    lay_out(m);
    m->finished = true;
    return ERR_OK;
}
