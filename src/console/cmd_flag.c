/*
 * flag: feature flags. The bare word lists them, `flag NAME on|off` turns one.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

static const struct param_desc *switch_of(const struct call *c, comp_id flag)
{
    const struct kind_desc *k = model_kind(c->m, flag);
    for (size_t i = 0; i < k->nparams; i++)
        if (k->params[i].type == VALUE_BOOL)
            return &k->params[i];
    BUG("a flag without a switch");
}

static void list(struct call *c)
{
    struct out_table t;
    if (!count_of(c, "flag")) {
        out_line(c->o, TONE_NORMAL, "There are no flags here.");
        return;
    }
    table_init(&t, c->o, "FLAG|NOW");
    for (comp_id f = next_of(c, "flag", COMP_NONE); f != COMP_NONE;
         f = next_of(c, "flag", f)) {
        bool on = world_get(c->w, f, switch_of(c, f)->name).as.on;
        table_cell(&t, TONE_STRONG, "%s", name_of(c, f));
        table_cell(&t, on ? TONE_GOOD : TONE_DIM, "%s", on ? "on" : "off");
        seen_comp(c, f, "config");
    }
    table_print(&t);
}

static enum err run(struct call *c)
{
    comp_id flag;
    if (!c->nargs) {
        list(c);
        return ERR_OK;
    }
    enum err e = need_kind(c, c->arg[0], "flag", &flag);
    if (e != ERR_OK)
        return e;
    if (c->nargs == 1)
        return refuse(c, ERR_INPUT, "Say on or off: flag %s off", c->arg[0]);
    return act_set(c, flag, switch_of(c, flag), c->arg[1]);
}

static const struct command_wild wild[] = {
    {"unleash",
     "curl -X POST -H \"Authorization: $TOKEN\" "
     "https://unleash.example.com/api/admin/projects/default/features/COMPONENT/"
     "environments/production/VALUE"},
};
const struct command cmd_flag = {
    .info = {.name = "flag",
             .synopsis = "flag [NAME on|off]",
             .doc = "Feature flags: lists them, or turns one on or off. At once, "
                    "without a deploy.",
             .examples = "flag\nflag FLAG STATE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_FLAG, ARG_ON_OFF},
    .max_args = 2,
    .run = run,
};
