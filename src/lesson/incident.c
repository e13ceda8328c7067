/*
 * The events that befall a world: actions, tickets, pages and red herrings on a
 * schedule. An action is made by a constructor that only marks it; `i:at` resolves its
 * names against the world that was just built, and its arguments against what the
 * component says of itself.
 */
#include "binding.h"
#include "build.h"
#include "lesson_internal.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

/* ---- constructors ---------------------------------------------------------------- */

/* A marked table of the values given, the last of which may be a table of options. */
static int make_action(lua_State *L, const char *name, const char *usage, int least,
                       int most)
{
    int n = lua_gettop(L);
    if (n < least || n > most)
        fail(L, 0, "write %s", usage);
    if (lua_type(L, 1) != LUA_TSTRING)
        fail(L, 0, "write %s: the first is text, not a %s", usage, type_word(L, 1));
    lua_createtable(L, n, 3);
    mark_table(L, -1, "action");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "@action");
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(L, i);
        lua_rawseti(L, n + 1, i);
    }
    return 1;
}

static int make_fault(lua_State *L)
{
    return make_action(
        L, "fault",
        "fault(component, name[, { arguments }[, { lasts =, again =, before = }]])", 2,
        4);
}

static int make_op(lua_State *L)
{
    return make_action(L, "op", "op(component, name[, { arguments }[, { by = }]])", 2,
                       4);
}

static int make_set(lua_State *L)
{
    return make_action(L, "set", "set(\"component.parameter\", value[, { by = }])", 2,
                       3);
}

static int make_deploy(lua_State *L)
{
    return make_action(L, "deploy", "deploy(service, version[, { by =, was = }])", 2,
                       3);
}

static int make_flag(lua_State *L)
{
    return make_action(L, "flag", "flag(name, true or false[, { by = }])", 2, 3);
}

static int make_decoy(lua_State *L)
{
    return make_action(L, "decoy", "decoy(component, title[, { by =, final = }])", 2,
                       3);
}

static int make_ticket(lua_State *L)
{
    return make_action(L, "ticket", "ticket(who, text)", 2, 2);
}

static int make_page(lua_State *L)
{
    return make_action(L, "page", "page(text)", 1, 1);
}

static const struct binding action_list[] = {
    {"fault", "component, name[, { arguments }[, { lasts =, again =, before = }]]",
     make_fault,
     "Something breaks; leaves no record. `lasts`: ends by itself; `again`: begins "
     "anew so long after its end, for good or up to the moment `before`: "
     "`{ lasts = exponential(sec(1)), again = exponential(min(5)), before = min(40) "
     "}`."},
    {"op", "component, name[, { arguments }[, { by = }]]", make_op,
     "An operation (restart, scale, …), with a change record."},
    {"set", "\"component.parameter\", value[, { by = }]", make_set,
     "A parameter changes, with a change record."},
    {"deploy", "service, version[, { by =, was = }]", make_deploy,
     "A version is put out. As a red herring it may be one that the service does not "
     "name: a version is made that differs in nothing, from `was` (else from the one "
     "that runs at the start), and is put out and can be rolled back like any other."},
    {"flag", "name, on[, { by = }]", make_flag, "A feature flag is switched."},
    {"decoy", "component, title[, { by =, final = }]", make_decoy,
     "A change record without any effect. `final = true`: it cannot be taken back, as "
     "a "
     "mail that was sent."},
    {"ticket", "who, text", make_ticket, "A message from a person."},
    {"page", "text", make_page, "The pager."},
};
const struct binding_table bind_actions = {
    "", "Actions", "For `i:at`. `by`: who is shown in the change record.", action_list,
    COUNT_OF(action_list)};

/* ---- resolving ------------------------------------------------------------------- */

struct deed { /* an action table being resolved, at stack index `t` */
    struct build *b;
    lua_State *L;
    int t, line;
    char name[16];
    struct action a;
    const char *who, *was; /* `was`: the version before a deploy; NULL: not said */
    bool final;            /* of a decoy */
    bool repeats;          /* a fault with `again` */
    struct dist lasts, again;
    sim_time before; /* the moment after which a fault does not come again */
};

static const char *part_up_to(struct deed *d, int i, const char *what, size_t max)
{
    if (lua_rawgeti(d->L, d->t, i) != LUA_TSTRING)
        fail(d->L, d->line, "%s: %s must be text", d->name, what);
    const char *s = keep_text(d->b, d->L, -1, d->line, max);
    lua_pop(d->L, 1);
    return s;
}

static const char *part_text(struct deed *d, int i, const char *what)
{
    return part_up_to(d, i, what, NAME_BYTES);
}

/* The options at the end: { by = "…", lasts = …, again = …, before = … }. */
static void read_options(struct deed *d, int i, const char *otherwise)
{
    bool fault = !strcmp(d->name, "fault"), deploys = !strcmp(d->name, "deploy"),
         decoy = !strcmp(d->name, "decoy");
    const char *const names[] = {"by",
                                 fault     ? "lasts"
                                 : deploys ? "was"
                                           : "final",
                                 "again", "before"};
    d->who = otherwise;
    if (lua_rawgeti(d->L, d->t, i) == LUA_TNIL) {
        lua_pop(d->L, 1);
        return;
    }
    if (lua_type(d->L, -1) != LUA_TTABLE)
        fail(d->L, d->line, "%s: options are written { by = \"…\" }", d->name);
    int t = lua_gettop(d->L);
    push_sorted_keys(d->L, t);
    for (lua_Integer k = 1; lua_rawgeti(d->L, t + 1, k) != LUA_TNIL; k++) {
        const char *key =
            lua_type(d->L, -1) == LUA_TSTRING ? lua_tostring(d->L, -1) : "1";
        bool lasts = fault && !strcmp(key, "lasts");
        bool again = fault && !strcmp(key, "again");
        bool before = fault && !strcmp(key, "before");
        bool was = deploys && !strcmp(key, "was"),
             final = decoy && !strcmp(key, "final");
        if (!lasts && !again && !before && !was && !final && strcmp(key, "by"))
            fail_unknown(d->L, d->line, "no such option", key, names,
                         fault              ? 4
                         : deploys || decoy ? 2
                                            : 1);
        d->repeats = d->repeats || again;
        lua_getfield(d->L, t, key);
        if (lasts)
            (void)to_dist(d->L, -1, d->line, "lasts", &d->lasts);
        else if (again)
            (void)to_dist(d->L, -1, d->line, "again", &d->again);
        else if (before)
            d->before = to_duration(d->L, -1, d->line, "before");
        else if (final && lua_type(d->L, -1) == LUA_TBOOLEAN)
            d->final = lua_toboolean(d->L, -1);
        else if (final)
            fail(d->L, d->line, "decoy: `final` is true or false");
        else if (was && lua_type(d->L, -1) == LUA_TSTRING)
            d->was = keep_text(d->b, d->L, -1, d->line, NAME_BYTES);
        else if (lua_type(d->L, -1) == LUA_TSTRING)
            d->who = keep_text(d->b, d->L, -1, d->line, NAME_BYTES);
        else
            fail(d->L, d->line, "by must be text");
        lua_pop(d->L, 2);
    }
    lua_settop(d->L, t - 1);
    if (d->lasts.kind != DIST_CONST && !d->repeats)
        fail(d->L, d->line, "lasts is random only with again: write one time");
    if (d->before != SIM_FOREVER && !d->repeats)
        fail(d->L, d->line, "before ends what comes again: it needs again");
    d->a.duration = d->repeats ? 0 : d->lasts.mean;
}

/* "checkout" or "checkout-3". */
static void resolve_target(struct deed *d, const char *name)
{
    struct build *b = d->b;
    if (model_resolve(b->m, name, &d->a.comp, &d->a.instance, &b->why) != ERR_OK)
        fail_model(d->L, b, d->line);
}

/* Arguments: named, or the only one as a plain value. */
static void read_args(struct deed *d, int i, const struct arg_desc *args,
                      const char *of)
{
    lua_State *L = d->L;
    const char *names[OP_ARGS];
    size_t n = 0, used = 0;
    while (n < OP_ARGS && args[n].name)
        names[n] = args[n].name, n++;
    lua_rawgeti(L, d->t, i);
    int t = lua_gettop(L);
    if (!lua_isnil(L, t) && lua_type(L, t) != LUA_TTABLE)
        fail(L, d->line, "%s: arguments are written { name = value }", of);
    for (size_t k = 0; k < n; k++) {
        struct param_desc p = {.name = args[k].name, .type = args[k].type};
        if (lua_isnil(L, t))
            lua_pushnil(L);
        else
            lua_getfield(L, t, args[k].name);
        if (!lua_isnil(L, -1)) {
            d->a.args[k] = to_value(d->b, L, -1, &p, d->line, of);
            d->a.nargs = k + 1;
            used++;
        } else if (!args[k].optional)
            fail(L, d->line, "%s needs the argument %s (%s)", of, args[k].name,
                 args[k].doc);
        lua_settop(L, t);
    }
    if (lua_isnil(L, t)) {
        lua_settop(L, t - 1);
        return;
    }
    push_sorted_keys(L, t);
    if (lua_rawlen(L, -1) != used)
        for (lua_Integer k = 1; lua_rawgeti(L, t + 1, k) != LUA_TNIL; k++) {
            const char *key =
                lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "1";
            bool known = false;
            char what[96];
            for (size_t q = 0; q < n; q++)
                known |= !strcmp(names[q], key);
            snprintf(what, sizeof what, "%.60s has no argument", of);
            if (!known)
                fail_unknown(L, d->line, what, key, names, n);
            lua_pop(L, 1);
        }
    lua_settop(L, t - 1);
}

static void resolve_fault(struct deed *d)
{
    const char *names[32];
    char what[64];
    resolve_target(d, part_text(d, 1, "component"));
    const struct kind_desc *k = model_kind(d->b->m, d->a.comp);
    const char *name = part_text(d, 2, "name");
    d->a.kind = ACTION_FAULT;
    for (size_t i = 0; i < k->nfaults; i++) {
        names[i < 32 ? i : 31] = k->faults[i].name;
        if (!str_eq(k->faults[i].name, name))
            continue;
        d->a.name = k->faults[i].name;
        read_args(d, 3, k->faults[i].args, name);
        read_options(d, 4, NULL);
        return;
    }
    snprintf(what, sizeof what, "a %s has no fault", k->name);
    fail_unknown(d->L, d->line, what, name, names, k->nfaults < 32 ? k->nfaults : 32);
}

static const struct op_desc *find_op(struct deed *d, const char *name)
{
    const struct kind_desc *k = model_kind(d->b->m, d->a.comp);
    const char *names[32];
    char what[64];
    for (size_t i = 0; i < k->nops; i++) {
        names[i < 32 ? i : 31] = k->ops[i].name;
        if (str_eq(k->ops[i].name, name))
            return &k->ops[i];
    }
    snprintf(what, sizeof what, "a %s has no operation", k->name);
    fail_unknown(d->L, d->line, what, name, names, k->nops < 32 ? k->nops : 32);
}

static void resolve_op(struct deed *d)
{
    resolve_target(d, part_text(d, 1, "component"));
    const char *name = part_text(d, 2, "name");
    const struct op_desc *op = find_op(d, name);
    d->a.kind = ACTION_OP;
    d->a.name = op->name;
    read_args(d, 3, op->args, name);
    read_options(d, 4, "operator");
}

static void resolve_set(struct deed *d)
{
    const struct param_desc *p;
    struct build *b = d->b;
    const char *path = part_text(d, 1, "parameter");
    if (model_resolve_param(b->m, path, &d->a.comp, &p, &b->why) != ERR_OK)
        fail_model(d->L, b, d->line);
    if (p->change == CHANGE_NEVER)
        fail(d->L, d->line, "%s cannot be changed while the system runs", path);
    d->a.kind = ACTION_SET;
    d->a.name = p->name;
    lua_rawgeti(d->L, d->t, 2);
    d->a.args[0] = to_value(b, d->L, -1, p, d->line, model_name(b->m, d->a.comp));
    d->a.nargs = 1;
    lua_pop(d->L, 1);
    read_options(d, 3, "config");
}

static bool has_version(struct deed *d, const char *version)
{
    for (size_t i = 0; i < model_versions(d->b->m, d->a.comp); i++)
        if (str_eq(model_version(d->b->m, d->a.comp, i), version))
            return true;
    return false;
}

/* A red herring's version that the service does not name differs in nothing. */
static void add_version(struct deed *d, const char *version)
{
    if (model_version_like(d->b->m, d->a.comp, version, d->was, &d->b->why) != ERR_OK)
        fail_model(d->L, d->b, d->line);
}

static void resolve_deploy(struct deed *d, bool herring)
{
    const char *name = part_text(d, 1, "service"),
               *version = part_text(d, 2, "version");
    const char *names[32];
    d->a.comp = find_comp(d->L, d->b->m, name, d->line);
    read_options(d, 3, "deploy bot");
    if (herring && !has_version(d, version))
        add_version(d, version);
    if (!has_version(d, version)) {
        size_t n = model_versions(d->b->m, d->a.comp);
        for (size_t i = 0; i < n && i < 32; i++)
            names[i] = model_version(d->b->m, d->a.comp, i);
        fail_unknown(d->L, d->line, "deploy: there is no version", version, names,
                     n < 32 ? n : 32);
    }
    d->a.kind = ACTION_OP;
    d->a.name = find_op(d, "deploy")->name;
    d->a.args[0] = value_text(version);
    d->a.nargs = 1;
}

static void resolve_flag(struct deed *d)
{
    d->a.comp = find_comp(d->L, d->b->m, part_text(d, 1, "name"), d->line);
    if (!str_eq(model_kind(d->b->m, d->a.comp)->name, "flag"))
        fail(d->L, d->line, "'%s' is a %s, not a flag", model_name(d->b->m, d->a.comp),
             model_kind(d->b->m, d->a.comp)->name);
    if (lua_rawgeti(d->L, d->t, 2) != LUA_TBOOLEAN)
        fail(d->L, d->line, "flag: the second is true or false");
    d->a.kind = ACTION_SET;
    d->a.name = "on";
    d->a.args[0] = value_bool(lua_toboolean(d->L, -1));
    d->a.nargs = 1;
    lua_pop(d->L, 1);
    read_options(d, 3, "release manager");
}

static void add_decoy(struct deed *d, sim_time at, const char *title)
{
    if (model_decoy(d->b->m, at, d->a.comp, d->who, title, d->final, &d->b->why) !=
        ERR_OK)
        fail_model(d->L, d->b, d->line);
}

static void add_ticket(struct deed *d, sim_time at, bool page)
{
    struct lesson_world *w = d->b->out;
    if (w->ntickets == TICKETS_MAX)
        fail(d->L, d->line, "more than %d tickets", TICKETS_MAX);
    struct lesson_ticket *t = &w->tickets[w->ntickets++];
    *t = (struct lesson_ticket){.at = at, .page = page, .who = "pager"};
    if (!page)
        t->who = arena_strdup(&w->mem, part_text(d, 1, "who"));
    t->text = arena_strdup(&w->mem, part_up_to(d, page ? 1 : 2, "text", MESSAGE_BYTES));
    check_words(d->L, d->b->l, t->text, d->line);
}

static void open_deed(struct deed *d, struct build *b, lua_State *L, int t)
{
    *d = (struct deed){.b = b, .L = L, .t = lua_absindex(L, t), .before = SIM_FOREVER};
    if (!is_marked(L, t, "action"))
        fail(L, 0, "an action is wanted, like fault(…) or deploy(…), not a %s",
             type_word(L, t));
    d->line = d->a.line = mark_line(L, t, 0);
    lua_getfield(L, t, "@action");
    snprintf(d->name, sizeof d->name, "%s", luaL_optstring(L, -1, ""));
    lua_pop(L, 1);
}

/* Notes an entry; whether it happens in the night that is being built. */
static bool add_entry(struct deed *d, sim_time at, enum entry_role role, bool comes)
{
    struct build *b = d->b;
    struct lesson_world *w = b->out;
    if (w->nentries == ENTRIES_MAX)
        fail(d->L, d->line, "more than %d actions on the schedule", ENTRIES_MAX);
    if (w->nentries == b->entries_cap) {
        size_t cap = b->entries_cap ? 2 * b->entries_cap : 16;
        struct lesson_entry *more = arena_alloc(&w->mem, cap * sizeof *more);
        if (w->nentries > 0)
            memcpy(more, w->entries, w->nentries * sizeof *more);
        w->entries = more;
        b->entries_cap = cap;
    }
    size_t number = w->nentries++;
    w->entries[number] = (struct lesson_entry){.role = role,
                                               .at = at,
                                               .comp = d->a.comp,
                                               .what = arena_strdup(&w->mem, d->name),
                                               .line = d->line};
    bool cause = role == ENTRY_CAUSE || role == ENTRY_DRAWN;
    return comes && number != b->without && !(b->twin && cause);
}

comp_id incident_schedule(struct build *b, lua_State *L, sim_time at, int t,
                          enum entry_role role, bool comes)
{
    struct deed d;
    bool herring = role == ENTRY_HERRING;
    open_deed(&d, b, L, t);
    host_charge(L, 20);
    bool words = !strcmp(d.name, "ticket") || !strcmp(d.name, "page");
    if ((role == ENTRY_CAUSE || role == ENTRY_DRAWN) &&
        (words || !strcmp(d.name, "decoy")))
        fail(L, d.line, "a %s changes nothing: it is no cause", d.name);
    if (words) {
        add_ticket(&d, at, !strcmp(d.name, "page"));
        return COMP_NONE;
    }
    if (!strcmp(d.name, "decoy")) {
        d.a.comp = find_comp(L, b->m, part_text(&d, 1, "component"), d.line);
        read_options(&d, 3, "operator");
        if (add_entry(&d, at, role, comes))
            add_decoy(&d, at, part_text(&d, 2, "title"));
        return d.a.comp;
    }
    if (!strcmp(d.name, "deploy"))
        resolve_deploy(&d, herring);
    else if (!strcmp(d.name, "fault"))
        resolve_fault(&d);
    else if (!strcmp(d.name, "op"))
        resolve_op(&d);
    else if (!strcmp(d.name, "set"))
        resolve_set(&d);
    else
        resolve_flag(&d);
    if (!add_entry(&d, at, role, comes))
        return d.a.comp;
    enum err e = d.repeats
                     ? model_repeat(b->m, at, &d.a, d.lasts, d.again, d.before, &b->why)
                     : model_at(b->m, at, &d.a, d.who, &b->why);
    if (e != ERR_OK)
        fail_model(L, b, d.line);
    return d.a.comp;
}

void incident_set(struct build *b, lua_State *L, int t, struct action *out)
{
    struct deed d;
    open_deed(&d, b, L, t);
    if (strcmp(d.name, "set") != 0)
        fail(L, d.line, "with: only set(…) can be in it, not %s(…)", d.name);
    resolve_set(&d);
    for (size_t i = 0; i < d.a.nargs; i++)
        if (d.a.args[i].type == VALUE_TEXT)
            d.a.args[i].as.text = arena_strdup(&b->out->mem, d.a.args[i].as.text);
    *out = d.a;
}

/* A set(…) that is so from the beginning. Any parameter will do, those too that cannot be
 * changed while it runs. */
static void set_before(struct build *b, lua_State *L, int t, const char *field,
                       bool apply)
{
    struct deed d;
    const struct param_desc *p;
    open_deed(&d, b, L, t);
    if (strcmp(d.name, "set") != 0)
        fail(L, d.line, "%s: only set(…) can be in it, not %s(…)", field, d.name);
    const char *path = part_text(&d, 1, "parameter");
    if (model_resolve_param(b->m, path, &d.a.comp, &p, &b->why) != ERR_OK)
        fail_model(L, b, d.line);
    lua_rawgeti(L, d.t, 2);
    struct value v = to_value(b, L, -1, p, d.line, model_name(b->m, d.a.comp));
    if (apply && model_set(b->m, d.a.comp, p->name, v, &b->why) != ERR_OK)
        fail_model(L, b, d.line);
    lua_pop(L, 1);
}

/* Read in every night, so that a name that does not exist is found at once. */
static void set_all(struct build *b, lua_State *L, fn_id list, const char *field,
                    bool apply)
{
    fn_push(L, list);
    int t = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, t, i) != LUA_TNIL; i++) {
        set_before(b, L, -1, field, apply);
        lua_settop(L, t);
    }
    lua_settop(L, t - 1);
}

void build_twin(lua_State *L, struct build *b)
{
    if (b->l->twin != FN_NONE)
        set_all(b, L, b->l->twin, "twin", b->twin);
}

void build_prevention(lua_State *L, struct build *b)
{
    for (size_t i = 0; i < b->l->npreventions; i++) {
        const struct prevention *p = &b->l->preventions[i].says;
        if (p->built)
            set_all(b, L, p->with, "with", b->prevented == i);
    }
}

/* ---- i --------------------------------------------------------------------------- */

static struct build *in_incident(lua_State *L)
{
    struct build *b = build_of(L, "i");
    if (!b->incident)
        fail(L, 0, "i can be used inside incident only");
    return b;
}

static int schedule_all(lua_State *L, enum entry_role role, const char *method)
{
    struct build *b = in_incident(L);
    int n = lua_gettop(L);
    if (n < 3 || (lua_type(L, 2) != LUA_TNUMBER && !is_duration(L, 2)))
        fail(L, 0, "write i:%s(time, action, …)", method);
    sim_time at = to_duration(L, 2, 0, "time");
    if (at > b->l->info.ends_at)
        fail(L, 0, "this is after ends_at: it never happens");
    for (int k = 3; k <= n; k++)
        (void)incident_schedule(b, L, at, k, role, true);
    return 0;
}

static int incident_at(lua_State *L)
{
    return schedule_all(L, ENTRY_LIFE, "at");
}

static int incident_cause(lua_State *L)
{
    return schedule_all(L, ENTRY_CAUSE, "cause");
}

static int incident_red_herring(lua_State *L)
{
    return schedule_all(L, ENTRY_HERRING, "red_herring");
}

static const struct binding incident_list[] = {
    {"cause", "time, action, …", incident_cause,
     "Does the actions at that simulated time. Without any one of them there is no "
     "incident; the healthy twin has none of them."},
    {"at", "time, action, …", incident_at,
     "The same, for what happens on a healthy night as well."},
    {"red_herring", "time, action, …", incident_red_herring,
     "The same, for what only looks like a cause. Deploying a version that does not "
     "exist leaves nothing but a record."},
    {"draw", "{ times }, { [\"fault\"] = action, … }", incident_draw,
     "In a lesson with a `design`: as many of these faults as there are times come, "
     "drawn by "
     "the seed, one at each time. A fault is an action or a list of them; name those "
     "alone "
     "that the system of this seed can have."},
};
const struct binding_table bind_incident = {"i", "The incident",
                                            "What `incident = function(i)` is given.",
                                            incident_list, COUNT_OF(incident_list)};
