/*
 * config: parameters as they are, with units and defaults, how each may be changed, and
 * whether it is of each instance or of all. What somebody changed since the start is
 * marked, with the time; and so is what was set and does not hold yet.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

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
    if (means)
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

static void row(struct call *c, struct out_table *t, comp_id comp,
                const struct param_desc *p)
{
    struct value v = world_get(c->w, comp, p->name);
    const char *now = text_of(c, p, &v), *def = default_of(c, p);
    const struct change *k = last_change(c, comp, p->name);
    const char *later = later_of(c, comp, p);
    table_cell(t, TONE_STRONG, "%s.%s", name_of(c, comp), p->name);
    table_cell(t, k ? TONE_WARN : TONE_NORMAL, "%s", *now ? now : "-");
    table_cell(t, TONE_DIM, "%s", str_eq(now, def) ? "" : def);
    table_cell(t, TONE_DIM, "%s", each_of(c, comp, p));
    table_cell(t, param_is_setting(p) ? TONE_NORMAL : TONE_DIM, "%s",
               change_word(p->change));
    table_cell(t, k ? TONE_WARN : TONE_NORMAL, "%s%s", later ? later : "",
               k && !later ? strf(c, "%s by %s", clock_of(c, k->at, false), k->who)
                           : "");
}

enum rows { ROWS_ALL, ROWS_CHANGED, ROWS_NOT_DEFAULT };

static bool wanted(struct call *c, comp_id comp, const struct param_desc *p,
                   enum rows rows)
{
    if (rows == ROWS_ALL || last_change(c, comp, p->name))
        return true;
    struct value v = world_get(c->w, comp, p->name);
    return rows == ROWS_NOT_DEFAULT && !str_eq(text_of(c, p, &v), default_of(c, p));
}

static size_t rows_of(struct call *c, struct out_table *t, comp_id comp, enum rows rows)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    size_t n = 0;
    for (size_t i = 0; i < k->nparams; i++)
        if (wanted(c, comp, &k->params[i], rows)) {
            row(c, t, comp, &k->params[i]);
            n++;
        }
    if (n || rows == ROWS_ALL)
        seen_comp(c, comp, "config");
    return n;
}

static void show_component(struct call *c, comp_id comp)
{
    struct out_table t;
    struct buf calls;
    buf_init(&calls, 0);
    table_init(&t, c->o, "SETTING|NOW|DEFAULT|EACH|CHANGES|");
    rows_of(c, &t, comp, ROWS_ALL);
    for (size_t i = 0; i < model_comps(c->m); i++) {
        bool call = is_kind(c, (comp_id)i, "call");
        if (model_owner(c->m, (comp_id)i) != comp)
            continue;
        rows_of(c, &t, (comp_id)i, call ? ROWS_NOT_DEFAULT : ROWS_ALL);
        if (call)
            buf_addf(&calls, "%s%s", calls.len ? ", " : "", name_of(c, (comp_id)i));
    }
    table_print(&t);
    note(c, "DEFAULT where it differs. EACH instance, or each calling instance, has as "
            "much; empty: the whole. CHANGES: set NAME VALUE holds at once, from a "
            "restart on, or by a resize of minutes; built and users: no setting.");
    if (calls.len)
        note(c, "How it calls others (timeout, retries, ...) has its own: config %s",
             calls.s);
    buf_release(&calls);
}

static void show_changed(struct call *c)
{
    comp_id v[COMPS_MAX];
    size_t n = 0, comps = scene_order(&c->scene, v, COMPS_MAX);
    struct out_table t;
    table_init(&t, c->o, "SETTING|NOW|DEFAULT|EACH|CHANGES|");
    for (size_t i = 0; i < model_comps(c->m); i++)
        n += rows_of(c, &t, (comp_id)i, ROWS_CHANGED);
    if (!n) {
        mem_free(t.cells);
        arena_release(&t.mem);
        out_line(c->o, TONE_NORMAL, "No setting was changed since the start.");
    } else {
        table_print(&t);
    }
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < comps; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", name_of(c, v[i]));
    note(c, "config COMPONENT shows all of: %s", b.s);
    buf_release(&b);
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
    if (model_find(c->m, c->arg[0]) == COMP_NONE && strchr(c->arg[0], '.'))
        return show_param(c, c->arg[0]);
    enum err e = need_comp(c, c->arg[0], &comp, NULL);
    if (e == ERR_OK)
        show_component(c, comp);
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
             .synopsis = "config [COMPONENT|COMPONENT.PARAMETER]",
             .doc = "The settings, and what was changed. With units and defaults, how "
                    "each may be changed, and whether it is of each instance.",
             .examples = "config\nconfig COMPONENT\nconfig COMPONENT.PARAMETER",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 1,
    .run = run,
};
