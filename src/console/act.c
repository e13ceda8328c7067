/*
 * Acting, from the tables: a command named like an operation (restart, drain, flush)
 * can be done to every component whose kind lists that operation. Who that is, which
 * words follow, their types and the risk all come from the kind's descriptor, so a new
 * kind brings its operations to the console without a line here.
 *
 * A service that lacks an operation is reached through the balancer in front of it, as
 * when an instance is drained.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

#include <stdio.h>
#include <string.h>

const struct op_desc *op_of(const struct call *c, comp_id comp, const char *op)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    for (size_t i = 0; i < k->nops; i++)
        if (str_eq(k->ops[i].name, op))
            return &k->ops[i];
    return NULL;
}

/* The component that stands in front of `comp` and has the operation. */
static comp_id front_of(const struct call *c, comp_id comp, const char *op)
{
    for (size_t i = 0; i < model_comps(c->m); i++)
        if (model_target(c->m, (comp_id)i) == comp && is_top(c, (comp_id)i) &&
            !is_kind(c, (comp_id)i, "client") && op_of(c, (comp_id)i, op))
            return (comp_id)i;
    return COMP_NONE;
}

size_t op_targets(const struct call *c, const char *op, comp_id *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < model_comps(c->m) && n < max; i++) {
        comp_id comp = (comp_id)i;
        const struct op_desc *d = op_of(c, comp, op);
        if (!d && is_kind(c, comp, "service") && front_of(c, comp, op) != COMP_NONE)
            d = op_of(c, front_of(c, comp, op), op);
        else if (d && d->instance && is_kind(c, comp, "balancer"))
            continue; /* the instance's service is named instead */
        if (d)
            out[n++] = comp;
    }
    return n;
}

static const char *target_names(struct call *c, const char *op)
{
    comp_id v[COMPS_MAX];
    size_t n = op_targets(c, op, v, COMPS_MAX);
    struct buf b;
    buf_init(&b, 300);
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", name_of(c, v[i]));
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* "db-2" for orders-db.db-2, where only one that can do it has that name. */
static comp_id target_by_last_name(struct call *c, const char *op, const char *text)
{
    comp_id v[COMPS_MAX], found = COMP_NONE;
    size_t n = op_targets(c, op, v, COMPS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(last_name(c, v[i]), text) || !model_kind(c->m, v[i])->nested)
            continue;
        if (found != COMP_NONE)
            return COMP_NONE;
        found = v[i];
    }
    return found;
}

static enum err find_named(struct call *c, const char *op, const char *text,
                           struct act_target *t)
{
    comp_id whole = model_find(c->m, text);
    if (whole == COMP_NONE)
        whole = target_by_last_name(c, op, text);
    if (whole == COMP_NONE)
        return need_comp(c, text, &t->comp, &t->instance);
    t->comp = whole;
    t->instance = 0;
    return ERR_OK;
}

enum err act_find(struct call *c, const char *op, const char *text,
                  struct act_target *t)
{
    enum err e = find_named(c, op, text, t);
    if (e == ERR_NOT_FOUND)
        return no_such(c, text, target_names(c, op));
    if (e != ERR_OK)
        return e;
    t->op = op_of(c, t->comp, op);
    if (!t->op) {
        comp_id front = front_of(c, t->comp, op);
        const char *names = target_names(c, op);
        if (front == COMP_NONE && !*names)
            return refuse(c, ERR_INPUT, "%s works on nothing here.", c->label);
        if (front == COMP_NONE)
            return refuse(c, ERR_INPUT, "%s does not work on a %s. It works on: %s",
                          c->label, model_kind(c->m, t->comp)->name, names);
        t->comp = front;
        t->op = op_of(c, front, op);
    }
    if (t->instance && !t->op->instance)
        return refuse(c, ERR_INPUT, "%s works on the whole: %s %s", c->label, c->label,
                      name_of(c, t->comp));
    return ERR_OK;
}

/* ---- the list a bare word shows -------------------------------------------------- */

/* Commands and options have dashes where the engine's words have underscores. */
static const char *dashed(const struct call *c, const char *name)
{
    char *s = arena_strdup(c->mem, name);
    for (char *p = s; *p; p++)
        *p = *p == '_' ? '-' : *p;
    return s;
}

/* The usage after an operation's name and target: " version [--rolling]". */
static const char *op_usage(const struct call *c, const struct op_desc *op)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < OP_ARGS && op->args[i].name; i++) {
        const struct arg_desc *a = &op->args[i];
        const char *open = a->optional ? "[" : "", *close = a->optional ? "]" : "";
        const char *name = dashed(c, a->name);
        if (a->type == VALUE_BOOL)
            buf_addf(&b, " %s--%s%s", open, name, close);
        else
            buf_addf(&b, " %s%s%s", open, name, close);
    }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* "3 instances, v88": what a service is now. */
static const char *service_now(const struct call *c, comp_id comp)
{
    const char *version = NULL;
    bool mixed = false;
    int n = 0;
    for (int i = 1; i <= world_instances(c->w, comp); i++) {
        struct instance_view v;
        world_instance(c->w, comp, i, &v);
        if (v.state == INSTANCE_NONE)
            continue;
        mixed = mixed || (version && !str_eq(version, v.version));
        version = v.version;
        n++;
    }
    return strf(c, "%d instance%s%s%s", n, n == 1 ? "" : "s",
                version && *version ? ", " : "",
                mixed     ? "several versions"
                : version ? version
                          : "");
}

static void tell_versions(struct call *c, comp_id comp)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < model_versions(c->m, comp); i++)
        buf_addf(&b, "%s%s", i ? ", " : "", model_version(c->m, comp, i));
    note(c, "%s has %s.", name_of(c, comp), b.s);
    buf_release(&b);
}

/* Lists the targets: the answer to the bare word. */
static enum err act_list(struct call *c)
{
    comp_id v[COMPS_MAX];
    const char *op = op_name(c->cmd);
    size_t n = op_targets(c, op, v, COMPS_MAX);
    bool versions = false;
    if (!n)
        return refuse(c, ERR_NOT_FOUND, "This system has nothing that %s works on.",
                      c->label);
    struct out_table t;
    table_init(&t, c->o, "COMMAND|NOW|WHAT IT DOES");
    for (size_t i = 0; i < n; i++) {
        const struct op_desc *d = op_of(c, v[i], op);
        if (!d)
            d = op_of(c, front_of(c, v[i], op), op);
        versions = versions || str_eq(d->args[0].name, "version");
        table_cell(&t, TONE_STRONG, "%s %s%s%s", c->label, name_of(c, v[i]),
                   d->instance ? "[-N]" : "", op_usage(c, d));
        table_cell(&t, TONE_NORMAL, "%s",
                   is_kind(c, v[i], "service") ? service_now(c, v[i]) : "");
        table_cell(&t, TONE_DIM, "%s", d->doc);
    }
    table_print(&t);
    for (size_t i = 0; i < n && versions; i++)
        if (is_kind(c, v[i], "service"))
            tell_versions(c, v[i]);
    return ERR_OK;
}

/* ---- arguments ------------------------------------------------------------------- */

static enum err parse_back(struct call *c, const char *text, struct value *out)
{
    sim_time t = 0;
    enum err e = when_past(c, text, &t);
    *out = value_duration(c->now - t);
    return e;
}

static enum err parse_arg(struct call *c, const struct arg_desc *a, const char *text,
                          struct value *out)
{
    struct param_desc p = {.name = dashed(c, a->name),
                           .type = a->type,
                           .unit = str_eq(a->name, "bytes") ? "bytes" : "",
                           .doc = a->doc};
    if (str_eq(a->name, "back")) /* to a moment, in any notation of one */
        return parse_back(c, text, out);
    enum err e = value_parse(c->m, &p, text, out, c->why);
    if (e == ERR_OK && out->type == VALUE_TEXT)
        out->as.text = arena_strdup(c->mem, text);
    return e;
}

static size_t arg_named(const struct op_desc *op, const char *name, size_t len)
{
    for (size_t i = 0; i < OP_ARGS && op->args[i].name; i++) {
        const char *word = op->args[i].name;
        size_t k = 0;
        while (k < len && word[k] &&
               (word[k] == name[k] || (word[k] == '_' && name[k] == '-')))
            k++;
        if (k == len && !word[k])
            return i;
    }
    return OP_ARGS;
}

struct arg_reader {
    const struct op_desc *op;
    bool given[OP_ARGS];
    struct value v[OP_ARGS];
};

/* "--rolling", "--to v41", "--to=v41"; a name that no argument has is the value of the
 * first text argument (kill orders-db --idle-in-transaction). */
static enum err read_option(struct call *c, struct arg_reader *r, size_t *i)
{
    const char *name = c->arg[*i] + 2, *eq = strchr(name, '=');
    size_t k = arg_named(r->op, name, eq ? (size_t)(eq - name) : strlen(name));
    if (k == OP_ARGS) {
        for (k = 0; k < OP_ARGS && r->op->args[k].name; k++)
            if (r->op->args[k].type == VALUE_TEXT && !r->given[k] && !eq)
                break;
        if (k == OP_ARGS || !r->op->args[k].name)
            return refuse(c, ERR_INPUT, "%s has no option --%s. Usage: %s %s%s",
                          c->label, name, c->label, c->arg[0], op_usage(c, r->op));
        r->given[k] = true;
        return parse_arg(c, &r->op->args[k], name, &r->v[k]);
    }
    r->given[k] = true;
    if (r->op->args[k].type == VALUE_BOOL && !eq) {
        r->v[k] = value_bool(true);
        return ERR_OK;
    }
    if (!eq && *i + 1 >= c->nargs)
        return refuse(c, ERR_INPUT, "--%s needs a value: %s", name, r->op->args[k].doc);
    return parse_arg(c, &r->op->args[k], eq ? eq + 1 : c->arg[++*i], &r->v[k]);
}

static enum err read_word(struct call *c, struct arg_reader *r, const char *word)
{
    for (size_t k = 0; k < OP_ARGS && r->op->args[k].name; k++)
        if (!r->given[k]) {
            r->given[k] = true;
            return parse_arg(c, &r->op->args[k], word, &r->v[k]);
        }
    return refuse(c, ERR_INPUT, "“%s” is too much. Usage: %s %s%s", word, c->label,
                  c->arg[0], op_usage(c, r->op));
}

/* Fills an action; an argument left out before one that is given is VALUE_NONE. */
static enum err fill_action(struct call *c, const struct arg_reader *r,
                            struct action *a)
{
    for (size_t k = 0; k < OP_ARGS && r->op->args[k].name; k++) {
        if (r->given[k]) {
            a->args[k] = r->v[k];
            a->nargs = k + 1;
        } else if (!r->op->args[k].optional) {
            return refuse(c, ERR_INPUT, "%s needs %s (%.*s): %s %s%s", c->label,
                          dashed(c, r->op->args[k].name),
                          (int)strcspn(r->op->args[k].doc, ".;"), r->op->args[k].doc,
                          c->label, c->arg[0], op_usage(c, r->op));
        }
    }
    return ERR_OK;
}

static enum err read_args(struct call *c, const struct act_target *t, struct action *a)
{
    struct arg_reader r = {.op = t->op};
    for (size_t i = 1; i < c->nargs; i++) {
        if (i > 1 && str_eq(c->arg[i], "ago")) /* "10m ago" is 10m */
            continue;
        enum err e = str_starts(c->arg[i], "--") ? read_option(c, &r, &i)
                                                 : read_word(c, &r, c->arg[i]);
        if (e != ERR_OK)
            return e;
    }
    return fill_action(c, &r, a);
}

/* ---- what is said when it is done ------------------------------------------------ */

static bool has(const char *line, const char *what)
{
    return strstr(line, what);
}

/* The shortest line that fits what was typed: about one instance, with a value, or
 * neither. */
static const char *fitting_wild(const struct call *c, bool instance, bool value)
{
    const struct command_info *info = &c->cmd->info;
    const char *shortest = NULL;
    for (size_t i = 0; i < info->nwild; i++)
        if (has(info->wild[i].line, "INSTANCE") == instance &&
            has(info->wild[i].line, "VALUE") == value &&
            (!shortest || strlen(info->wild[i].line) < strlen(shortest)))
            shortest = info->wild[i].line;
    if (shortest)
        return shortest;
    for (size_t i = 0; i < info->nwild; i++)
        if (!has(info->wild[i].line, "INSTANCE") || instance)
            return info->wild[i].line;
    return NULL;
}

/* The first word of the call that is a value, and no name and no option. */
static const char *value_said(const struct call *c)
{
    for (size_t i = 1; i < c->nargs; i++)
        if (!str_starts(c->arg[i], "--"))
            return c->arg[i];
    return NULL;
}

static const char *done_text(struct call *c)
{
    const char *value = value_said(c), *name = c->nargs ? c->arg[0] : "";
    const char *option = c->nargs > 1 ? c->arg[1] + strspn(c->arg[1], "-") : "";
    if (!c->cmd->done)
        return strf(c, "Done: %s.", c->label);
    return strf(c, "%s.",
                wild_line(c, c->cmd->done, name, name, value ? value : option));
}

/* The line to type for it in the wild; NULL: nothing fits. */
static const char *wild_said(const struct call *c, int instance)
{
    const char *name = c->nargs ? c->arg[0] : "", *comp = name, *value = value_said(c);
    const char *wild = c->wild ? c->wild : fitting_wild(c, instance > 0, value);
    comp_id id;
    int ignored;
    if (model_resolve(c->m, name, &id, &ignored, NULL) == ERR_OK)
        comp = name_of(c, id);
    return wild ? wild_line(c, wild, comp, name, value) : NULL;
}

/* Whether the action goes one after the other, each drained first: then nobody is
 * asked. */
static bool goes_gently(const struct act_target *t, const struct action *a)
{
    for (size_t i = 0; i < a->nargs; i++)
        if (str_eq(t->op->args[i].name, "rolling") && a->args[i].as.on)
            return true;
    return false;
}

/* A descriptor's phrase as a sentence. */
static const char *sentence(struct call *c, const char *s)
{
    if (!s || !*s)
        return NULL;
    size_t n = strlen(s);
    char *r = arena_strdup(c->mem, strf(c, "%s%s", s, s[n - 1] == '.' ? "" : "."));
    if (*r >= 'a' && *r <= 'z')
        *r = (char)(*r - 'a' + 'A');
    return r;
}

/* ---- trying it first ------------------------------------------------------------- */

/* Result of an action in a copy of the world. */
struct tried {
    char title[200]; /* of its change; "": none is recorded */
    bool undoable;
};

static void hear(void *ctx, const struct change *change)
{
    struct tried *t = ctx;
    snprintf(t->title, sizeof t->title, "%s", change->title);
    t->undoable = change->undoable;
}

/* Without memory for a copy nothing is known: whoever does it will say. */
static enum err try_action(struct call *c, const struct action *a, struct tried *t)
{
    struct world *copy = world_fork(c->w);
    struct observer o = {.ctx = t, .change = hear};
    *t = (struct tried){.title = ""};
    if (!copy)
        return ERR_OK;
    enum err e = world_apply(copy, a, "you", &o, NULL, c->why);
    world_free(copy);
    return e;
}

/* The record of a change as a sentence; names keep their letters. */
static const char *told(struct call *c, const struct tried *t)
{
    const char *word = arena_strndup(c->mem, t->title, strcspn(t->title, " :"));
    return model_find(c->m, word) != COMP_NONE ? strf(c, "%s.", t->title)
                                               : sentence(c, t->title);
}

/* The question before it is done: the words of the engine, and the risk. */
static const char *question(struct call *c, const struct tried *t, const char *risk)
{
    if (!risk || c->cmd->done || !*t->title)
        return risk;
    return strf(c, "%s%s%s%s", c->cmd->foretells ? told(c, t) : "",
                c->cmd->foretells ? " " : "", risk,
                t->undoable ? "" : " revert cannot undo it.");
}

enum err act_do(struct call *c, const struct action *a, const char *risk)
{
    struct tried t;
    enum err e = try_action(c, a, &t);
    if (e != ERR_OK)
        return e;
    const char *what = c->cmd->done || !*t.title ? done_text(c) : told(c, &t);
    fx_action(c, a, with_wild(c, what, wild_said(c, a->instance)));
    fx_risk(c, question(c, &t, risk));
    return ERR_OK;
}

const char *op_name(const struct command *cmd)
{
    return cmd->op ? cmd->op : cmd->info.name;
}

enum err act_op(struct call *c)
{
    struct act_target t;
    if (!c->nargs)
        return act_list(c);
    enum err e = act_find(c, op_name(c->cmd), c->arg[0], &t);
    if (e != ERR_OK)
        return e;
    struct action a = {
        .kind = ACTION_OP, .comp = t.comp, .instance = t.instance, .name = t.op->name};
    e = read_args(c, &t, &a);
    if (e != ERR_OK)
        return e;
    return act_do(c, &a, goes_gently(&t, &a) ? NULL : sentence(c, t.op->risk));
}

/* ---- parameters ------------------------------------------------------------------ */

static const char *value_text_of(struct call *c, const struct param_desc *p,
                                 const struct value *v)
{
    struct buf b;
    buf_init(&b, 0);
    value_format(c->m, p, v, &b);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* The name of a parameter outside: a flag's own, anything else's path. */
static const char *param_label(const struct call *c, comp_id comp,
                               const struct param_desc *p)
{
    return is_kind(c, comp, "flag") ? name_of(c, comp)
                                    : strf(c, "%s.%s", name_of(c, comp), p->name);
}

/* Databases have their own words for two of the settings; the rest is configuration. */
static const char *set_wild(struct call *c, comp_id comp, const struct param_desc *p,
                            const struct value *v)
{
    static const struct {
        const char *ours, *theirs;
    } postgres[] = {
        {"idle_in_transaction_timeout", "idle_in_transaction_session_timeout"},
        {"statement_timeout", "statement_timeout"}};
    for (size_t i = 0; is_kind(c, comp, "database") && i < COUNT_OF(postgres); i++)
        if (str_eq(postgres[i].ours, p->name))
            return strf(c,
                        "psql -c \"alter system set %s = '%lldms'\" "
                        "-c 'select pg_reload_conf()'",
                        postgres[i].theirs, (long long)(v->as.duration / SIM_MS));
    comp_id owner = model_owner(c->m, comp);
    return wild_line(c, c->cmd->info.wild[0].line,
                     name_of(c, owner == COMP_NONE ? comp : owner), NULL,
                     value_text_of(c, p, v));
}

/* "16 cores cost 2 times as much": the price, where a size can be compared. */
static const char *price_of(struct call *c, const struct param_desc *p,
                            const struct value *from, const struct value *to)
{
    double a = from->type == VALUE_COUNT ? (double)from->as.count : 0;
    double b = to->type == VALUE_COUNT ? (double)to->as.count : 0;
    return a > 0 && b > 0 ? strf(c, " %s costs %s times as much from then on.", p->name,
                                 num(c, b / a))
                          : "";
}

/* A resize that takes its time: what it comes to, as a question first. */
static enum err set_by_resize(struct call *c, const struct action *a,
                              const struct param_desc *p, const char **say)
{
    struct resize_view v;
    struct value old = world_get(c->w, a->comp, p->name);
    const char *now = value_text_of(c, p, &old),
               *will = value_text_of(c, p, &a->args[0]);
    const char *label = param_label(c, a->comp, p);
    if (str_eq(now, will)) {
        *say = strf(c, "%s stays %s: the resize is called off.", label, now);
        return ERR_OK;
    }
    enum err e = world_resize(c->w, a->comp, p->name, &a->args[0], &v, c->why);
    if (e != ERR_OK)
        return e;
    const char *at = clock_of(c, c->now + v.takes, false);
    const char *away =
        v.away > 0 ? strf(c, " Then nobody gets in for %s.", span_of(c, v.away)) : "";
    fx_risk(c, strf(c, "The new size is there at %s.%s%s", at, away,
                    price_of(c, p, &old, &a->args[0])));
    *say =
        strf(c, "%s will be %s at %s (is %s): a resize.%s", label, will, at, now, away);
    return ERR_OK;
}

/* Sets a value that holds later. */
static enum err set_later(struct call *c, struct action *a, const struct param_desc *p,
                          const char **say)
{
    a->kind = ACTION_SET_LATER;
    if (p->change == CHANGE_BY_RESIZE)
        return set_by_resize(c, a, p, say);
    struct value old = world_get(c->w, a->comp, p->name);
    const char *now = value_text_of(c, p, &old),
               *will = value_text_of(c, p, &a->args[0]);
    const char *name = name_of(c, a->comp);
    *say = is_kind(c, a->comp, "service")
               ? strf(c,
                      "%s is %s for each instance that starts from now on (was %s). "
                      "Those that run keep %s until they are restarted.",
                      param_label(c, a->comp, p), will, now, now)
               : strf(c, "%s will be %s after a restart of %s (is %s).",
                      param_label(c, a->comp, p), will, name, now);
    return ERR_OK;
}

enum err act_set(struct call *c, comp_id comp, const struct param_desc *p,
                 const char *text)
{
    struct action a = {.kind = ACTION_SET, .comp = comp, .name = p->name, .nargs = 1};
    const char *label = param_label(c, comp, p);
    if (!param_is_setting(p))
        return refuse(c, ERR_REFUSED, "%s is no setting: %s.", label,
                      change_text(p->change));
    enum err e = value_parse(c->m, p, text, &a.args[0], c->why);
    if (e != ERR_OK)
        return e;
    struct value old = world_get(c->w, comp, p->name);
    const char *was = value_text_of(c, p, &old);
    const char *will = value_text_of(c, p, &a.args[0]);
    struct later_view later;
    bool waits = world_later(c->w, comp, p->name, &later) && !later.instances;
    if (waits && str_eq(value_text_of(c, p, &later.value), will))
        return refuse(c, ERR_REFUSED, "%s is on its way to %s already.", label, will);
    if (!waits && str_eq(was, will))
        return refuse(c, ERR_REFUSED, "%s is %s already.", label, will);
    const char *say = strf(c, "%s is now %s (was %s).", label, will, was);
    e = p->change == CHANGE_AT_ONCE ? ERR_OK : set_later(c, &a, p, &say);
    struct tried t;
    if (e == ERR_OK)
        e = try_action(c, &a, &t);
    if (e == ERR_OK)
        fx_action(c, &a, with_wild(c, say, set_wild(c, comp, p, &a.args[0])));
    return e;
}
