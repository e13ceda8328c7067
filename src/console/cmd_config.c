/*
 * config: settings as they are, with units and defaults, how each may be changed, and
 * whether it is of each instance or of all. What somebody changed since the start is
 * marked, with the time; and so is what was set and does not hold yet.
 *
 * A component has dozens of them, and most stand at their default. So of one a row is shown
 * for each setting where those are few; else for each that is not as it would be by itself,
 * and the others follow in a sentence. With the word all: a row for each parameter, also of
 * what is built so and no setting.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define FEW         16 /* rows with one for each setting */
#define MEANING_MAX 20 /* letters of a number's meaning; config PATH says all of it */

/* The meaning of a number that is none: parameters say so in their sentence as "0: no
 * limit" or "-1: none". The phrase in `n` bytes; NULL: it is just a number. */
static const char *meaning(const char *doc, const char *text, size_t *n)
{
    size_t sign = *text == '-', digits = strspn(text + sign, "0123456789");
    const char *p = doc;
    if (!digits || (text[sign + digits] && text[sign + digits] != ' '))
        return NULL;
    while ((p = strchr(p, ' '))) {
        p++;
        if (!strncmp(p, text, sign + digits) && str_starts(p + sign + digits, ": ")) {
            p += sign + digits + 2;
            *n = strcspn(p, ",.;");
            return p;
        }
    }
    return NULL;
}

static const char *text_of(struct call *c, const struct param_desc *p,
                           const struct value *v)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, 0);
    value_format(c->m, p, v, &b);
    const char *means = meaning(p->doc, b.s, &n);
    if (means && n <= MEANING_MAX)
        buf_addf(&b, " (%.*s)", (int)n, means);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

static const char *default_of(struct call *c, const struct param_desc *p)
{
    struct value v;
    if (!p->def)
        return "";
    if (!*p->def || value_parse(c->m, p, p->def, &v, NULL) != ERR_OK)
        return p->def;
    return text_of(c, p, &v);
}

static const struct change *last_change(struct call *c, comp_id comp, const char *param)
{
    for (size_t i = recording_changes(c->rec); i-- > 0;) {
        const struct change *k = recording_change(c->rec, i);
        if (k->comp == comp && action_sets(&k->action) && str_eq(k->action.name, param))
            return k;
    }
    return NULL;
}

/* The value that was set and does not hold yet, in a clause; NULL: all that is set
 * holds. */
static const char *later_of(struct call *c, comp_id comp, const struct param_desc *p)
{
    struct later_view v;
    if (!world_later(c->w, comp, p->name, &v))
        return NULL;
    const char *value = text_of(c, p, &v.value);
    if (v.instances)
        return strf(c, "%d still %s, until restarted", v.instances, value);
    return v.due ? strf(c, "%s at %s, a resize", value, clock_of(c, v.due, false))
                 : strf(c, "%s after a restart", value);
}

/* The owner of each value; where `scope` decides that, the one of now. */
static const char *each_of(struct call *c, comp_id comp, const struct param_desc *p)
{
    struct value scope = world_get(c->w, comp, "scope");
    const struct kind_desc *k = model_kind(c->m, comp);
    const struct param_desc *s = NULL;
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, "scope"))
            s = &k->params[i];
    if (p->each != EACH_CALLER)
        return each_word(p->each);
    return s && str_eq(text_of(c, s, &scope), "shared") ? "" : each_word(p->each);
}

/* The names in a table begin after `base`: of one component they are its own. */
struct config_table {
    struct out_table t;
    size_t base;
    size_t rows;
    struct buf others; /* settings without a row, with their values */
};

static void table_begin(struct call *c, struct config_table *t, comp_id comp)
{
    const char *name = comp == COMP_NONE ? "" : name_of(c, comp);
    *t = (struct config_table){.base = strlen(name)};
    buf_init(&t->others, 0);
    table_init(&t->t, c->o,
               comp == COMP_NONE ? "SETTING|NOW|DEFAULT|EACH|CHANGES|"
                                 : strf(c, "OF %s|NOW|DEFAULT|EACH|CHANGES|", name));
}

static void table_end(struct config_table *t)
{
    if (t->rows)
        table_print(&t->t);
    else {
        mem_free(t->t.cells);
        arena_release(&t->t.mem);
    }
    buf_release(&t->others);
}

/* "workers", "pool.size", "row.workers": as it follows the component's name in a path. */
static const char *short_name(struct call *c, const struct config_table *t,
                              comp_id comp, const struct param_desc *p)
{
    const char *path = strf(c, "%s.%s", name_of(c, comp), p->name);
    bool after = t->base > 0 && path[t->base] == '.';
    return after ? path + t->base + 1 : path;
}

static void row(struct call *c, struct config_table *table, comp_id comp,
                const struct param_desc *p)
{
    struct out_table *t = &table->t;
    struct value v = world_get(c->w, comp, p->name);
    const char *now = text_of(c, p, &v), *def = default_of(c, p);
    const struct change *k = last_change(c, comp, p->name);
    const char *later = later_of(c, comp, p);
    table->rows++;
    table_cell(t, TONE_STRONG, "%s", short_name(c, table, comp, p));
    table_cell(t, k ? TONE_WARN : TONE_NORMAL, "%s", *now ? now : "-");
    table_cell(t, TONE_DIM, "%s", str_eq(now, def) ? "" : def);
    table_cell(t, TONE_DIM, "%s", each_of(c, comp, p));
    table_cell(t, param_is_setting(p) ? TONE_NORMAL : TONE_DIM, "%s",
               change_word(p->change));
    table_cell(t, k ? TONE_WARN : TONE_NORMAL, "%s%s", later ? later : "",
               k && !later ? strf(c, "%s by %s", clock_of(c, k->at, false), k->who)
                           : "");
}

enum rows { ROWS_ALL, ROWS_CHANGED, ROWS_SETTINGS, ROWS_NOT_DEFAULT };

static bool as_by_default(struct call *c, comp_id comp, const struct param_desc *p)
{
    struct value v = world_get(c->w, comp, p->name);
    const char *now = text_of(c, p, &v), *def = default_of(c, p);
    return str_eq(now, def) || (!*def && str_eq(now, "none"));
}

static bool wanted(struct call *c, comp_id comp, const struct param_desc *p,
                   enum rows rows)
{
    if (rows == ROWS_ALL || last_change(c, comp, p->name) || later_of(c, comp, p))
        return true;
    if (rows == ROWS_CHANGED)
        return false;
    return (rows == ROWS_SETTINGS && param_is_setting(p)) || !as_by_default(c, comp, p);
}

static size_t rows_of(struct call *c, struct config_table *t, comp_id comp,
                      enum rows rows)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    size_t n = 0;
    for (size_t i = 0; i < k->nparams; i++) {
        const struct param_desc *p = &k->params[i];
        struct value v = world_get(c->w, comp, p->name);
        if (wanted(c, comp, p, rows)) {
            row(c, t, comp, p);
            n++;
        } else if (param_is_setting(p)) {
            const char *now = text_of(c, p, &v);
            buf_addf(&t->others, "%s%s %s", t->others.len ? ", " : "",
                     short_name(c, t, comp, p), *now ? now : "-");
        }
    }
    if (n || rows != ROWS_CHANGED)
        seen_comp(c, comp, "config");
    return n;
}

/* A part whose rows stand with those of `comp`; calls have a config of their own. */
static bool part_of(struct call *c, comp_id part, comp_id comp)
{
    return part == comp ||
           (model_owner(c->m, part) == comp && !is_kind(c, part, "call"));
}

/* Rows that `rows` would make of a component and its parts. */
static size_t count_rows(struct call *c, comp_id comp, enum rows rows)
{
    size_t n = 0;
    for (size_t i = 0; i < model_comps(c->m); i++) {
        const struct kind_desc *k = model_kind(c->m, (comp_id)i);
        for (size_t p = 0; p < k->nparams && part_of(c, (comp_id)i, comp); p++)
            n += wanted(c, (comp_id)i, &k->params[p], rows);
    }
    return n;
}

static bool has_settings(struct call *c, comp_id comp)
{
    for (size_t i = 0; i < model_comps(c->m); i++) {
        const struct kind_desc *k = model_kind(c->m, (comp_id)i);
        for (size_t p = 0; p < k->nparams && part_of(c, (comp_id)i, comp); p++)
            if (param_is_setting(&k->params[p]))
                return true;
    }
    return false;
}

static void show_component(struct call *c, comp_id comp, bool all)
{
    struct config_table t;
    struct buf calls;
    bool few = count_rows(c, comp, ROWS_SETTINGS) <= FEW;
    enum rows rows = all ? ROWS_ALL : few ? ROWS_SETTINGS : ROWS_NOT_DEFAULT;
    buf_init(&calls, 0);
    table_begin(c, &t, comp);
    rows_of(c, &t, comp, rows);
    for (size_t i = 0; i < model_comps(c->m); i++) {
        bool call = is_kind(c, (comp_id)i, "call");
        if (model_owner(c->m, (comp_id)i) != comp)
            continue;
        if (!call || all)
            rows_of(c, &t, (comp_id)i, rows);
        if (call)
            buf_addf(&calls, "%s%s", calls.len ? ", " : "", name_of(c, (comp_id)i));
    }
    const char *others = arena_strdup(c->mem, t.others.s);
    table_end(&t);
    if (*others)
        para(c, TONE_NORMAL, 0, strf(c, "As by default, and can be set: %s.", others));
    note(c,
         "set %s.NAME VALUE changes one: at once, from a restart on, or by a resize "
         "of minutes. built and users: no setting.%s",
         name_of(c, comp),
         all ? "" : strf(c, " All: config %s all.", name_of(c, comp)));
    if (calls.len)
        note(c, "How it calls others (timeout, retries, ...): config %s", calls.s);
    buf_release(&calls);
}

static bool listed(const comp_id *v, size_t n, comp_id comp)
{
    while (n-- > 0)
        if (v[n] == comp)
            return true;
    return false;
}

/* Names what has settings: the parts of the map in its order, then all that stands on no
 * map, as a counter does. */
static void name_those_with_settings(struct call *c)
{
    comp_id v[COMPS_MAX];
    size_t n = scene_order(&c->scene, v, COMPS_MAX), shown = 0;
    struct buf b;
    for (size_t i = 0; i < model_comps(c->m) && n < COMPS_MAX; i++)
        if (model_owner(c->m, (comp_id)i) == COMP_NONE && !listed(v, n, (comp_id)i))
            v[n++] = (comp_id)i;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++)
        if (has_settings(c, v[i]))
            buf_addf(&b, "%s%s", shown++ ? ", " : "", name_of(c, v[i]));
    note(c, "config NAME shows the settings of: %s", b.s);
    buf_release(&b);
}

static void show_changed(struct call *c)
{
    struct config_table t;
    table_begin(c, &t, COMP_NONE);
    for (size_t i = 0; i < model_comps(c->m); i++)
        rows_of(c, &t, (comp_id)i, ROWS_CHANGED);
    if (!t.rows)
        out_line(c->o, TONE_NORMAL, "No setting was changed since the start.");
    table_end(&t);
    name_those_with_settings(c);
}

static void show_all(struct call *c)
{
    struct config_table t;
    table_begin(c, &t, COMP_NONE);
    for (size_t i = 0; i < model_comps(c->m); i++)
        rows_of(c, &t, (comp_id)i, ROWS_ALL);
    table_end(&t);
}

/* Shows a parameter, with its sentence. */
static enum err show_param(struct call *c, const char *path)
{
    comp_id comp;
    const struct param_desc *p;
    enum err e = model_resolve_param(c->m, path, &comp, &p, c->why);
    if (e != ERR_OK)
        return e;
    struct value v = world_get(c->w, comp, p->name);
    out_add(c->o, TONE_STRONG, "%s.%s = %s", name_of(c, comp), p->name,
            text_of(c, p, &v));
    const char *each = each_of(c, comp, p), *later = later_of(c, comp, p);
    out_line(c->o, TONE_DIM, "   default %s%s%s", default_of(c, p),
             *each ? strf(c, ", for each %s",
                          str_eq(each, "caller") ? "calling instance" : each)
                   : "",
             p->choices ? strf(c, ", one of %s", p->choices) : "");
    para(c, TONE_NORMAL, 2, p->doc);
    para(c, TONE_NORMAL, 2, strf(c, "Changes: %s.", change_text(p->change)));
    if (later)
        para(c, TONE_WARN, 2, strf(c, "Not yet: %s.", later));
    seen_comp(c, comp, "config");
    return ERR_OK;
}

static enum err run(struct call *c)
{
    comp_id comp;
    if (!c->nargs) {
        show_changed(c);
        return ERR_OK;
    }
    bool all = str_eq(c->arg[c->nargs - 1], "all") &&
               model_find(c->m, c->arg[c->nargs - 1]) == COMP_NONE;
    if (all && c->nargs == 1) {
        show_all(c);
        return ERR_OK;
    }
    if (c->nargs == 2 && !all)
        return refuse(c, ERR_INPUT, "“%s” is too much. Usage: %s", c->arg[1],
                      c->cmd->info.synopsis);
    if (model_find(c->m, c->arg[0]) == COMP_NONE && strchr(c->arg[0], '.'))
        return show_param(c, c->arg[0]);
    enum err e = need_comp(c, c->arg[0], &comp, NULL);
    if (e == ERR_OK)
        show_component(c, comp, all);
    return e;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl get configmap COMPONENT -o yaml"},
    {"psql",
     "psql -c \"select name, setting, unit, boot_val from pg_settings where source "
     "<> 'default'\""},
    {"redis-cli", "redis-cli config get '*'"},
};
const struct command cmd_config = {
    .info = {.name = "config",
             .synopsis = "config [COMPONENT|COMPONENT.PARAMETER] [all]",
             .doc =
                 "The settings, and what was changed. With units and defaults, how "
                 "each may be changed, and whether it is of each instance. With all: "
                 "also what is built so.",
             .examples = "config\nconfig COMPONENT\nconfig COMPONENT.PARAMETER\n"
                         "config COMPONENT all",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 2,
    .run = run,
};
