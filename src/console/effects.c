/*
 * Effects: what a command asks the session to do. Each keeps its own memory, and
 * outlives the call, because a confirmation may come first.
 */
#include "console_internal.h"
#include "lookup.h"

#include <assert.h>
#include <string.h>

void effects_release(struct effects *fx)
{
    arena_release(&fx->mem);
    *fx = (struct effects){0};
}

struct effect *fx_add(struct call *c, enum effect_kind kind)
{
    assert(c->fx->n <= c->fx->cap);
    struct effects *fx = c->fx;
    ARENA_GROW(&fx->mem, fx->list, fx->n, fx->cap);
    struct effect *e = &fx->list[fx->n++];
    *e = (struct effect){.kind = kind, .comp = COMP_NONE, .mechanism = MECHANISM_COUNT};
    e->action.comp = COMP_NONE;
    if (kind == EFFECT_ACTION)
        fx->changes = true;
    return e;
}

const char *fx_text(struct call *c, const char *s)
{
    return s ? arena_strdup(&c->fx->mem, s) : NULL;
}

void fx_action(struct call *c, const struct action *a, const char *say)
{
    assert(a->name);
    struct effect *e = fx_add(c, EFFECT_ACTION);
    e->action = *a;
    e->comp = a->comp;
    e->action.name = fx_text(c, a->name);
    for (size_t i = 0; i < a->nargs; i++)
        if (a->args[i].type == VALUE_TEXT)
            e->action.args[i].as.text = fx_text(c, a->args[i].as.text);
    e->text = fx_text(c, say);
}

void fx_risk(struct call *c, const char *risk)
{
    if (risk && !c->yes)
        c->fx->confirm = fx_text(c, risk);
}

void seen(struct call *c, const char *subject)
{
    assert(subject && *subject);
    for (size_t i = 0; i < c->fx->n; i++)
        if (c->fx->list[i].kind == EFFECT_SEEN && str_eq(c->fx->list[i].text, subject))
            return;
    fx_add(c, EFFECT_SEEN)->text = fx_text(c, subject);
}

void seen_comp(struct call *c, comp_id comp, const char *facet)
{
    seen(c, name_of(c, comp));
    if (facet)
        seen(c, strf(c, "%s:%s", name_of(c, comp), facet));
}

void seen_metric(struct call *c, comp_id comp, const char *metric)
{
    seen_comp(c, comp, "metrics");
    seen(c, strf(c, "%s:metric.%s", name_of(c, comp), metric));
}
