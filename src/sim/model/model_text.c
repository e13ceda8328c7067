/*
 * A model as text: all that decides its worlds and nothing else. Two models with the
 * same text give, seed by seed and action by action, the same trace.
 *
 * What stays out is what only people read: the line of the lesson's file that a program
 * stands on, who did a scheduled change, the title of one that has no effect.
 */
#include "engine/kind.h"
#include "engine/schedule.h"
#include "model/build.h"
#include "truecode/model.h"

#include <inttypes.h>
#include <string.h>

static void put_text(struct buf *out, const char *s)
{
    if (!s)
        buf_adds(out, " -");
    else
        buf_addf(out, " %zu:%s", strlen(s), s);
}

void describe_number(struct buf *out, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    buf_addf(out, " %" PRIx64, bits);
}

static void put_dist(struct buf *out, const struct dist *d)
{
    buf_addf(out, " %d %d %" PRId64 " %" PRId64, (int)d->kind, d->k, d->mean,
             d->spread);
}

static void put_value(struct buf *out, const struct value *v)
{
    buf_addf(out, " =%d", (int)v->type);
    switch (v->type) {
    case VALUE_NONE:
        break;
    case VALUE_NUMBER:
    case VALUE_FRACTION:
        describe_number(out, v->as.number);
        break;
    case VALUE_COUNT:
    case VALUE_CHOICE:
        buf_addf(out, " %" PRId64, v->as.count);
        break;
    case VALUE_DURATION:
        buf_addf(out, " %" PRId64, v->as.duration);
        break;
    case VALUE_BOOL:
        buf_addf(out, " %d", v->as.on);
        break;
    case VALUE_DIST:
        put_dist(out, &v->as.dist);
        break;
    case VALUE_COMP:
        buf_addf(out, " %d", (int)v->as.comp);
        break;
    case VALUE_TEXT:
        put_text(out, v->as.text);
        break;
    }
}

static void put_comp(struct buf *out, const struct model *m, comp_id id)
{
    const struct comp *c = &m->comps[id];
    const struct kind_desc *d = &c->kind->desc;
    buf_addf(out, "%s", d->name);
    put_text(out, c->name);
    buf_addf(out, " %d %d", (int)c->owner, (int)c->target);
    for (size_t i = 0; i < d->nparams; i++)
        put_value(out, &c->params[i]);
    for (const struct version_like *v = c->versions ? c->versions->alike : NULL; v;
         v = v->next)
        buf_addf(out, " %zu=%zu", v->version, v->like);
    if (c->kind->describe)
        c->kind->describe(m, id, out);
    buf_addch(out, '\n');
}

/* Deep as the model allows it, which is bounded. */
static void put_nodes(struct buf *out, const struct node *n)
{
    for (; n; n = n->next) {
        buf_addf(out, "(%d", (int)n->kind);
        put_dist(out, &n->time);
        describe_number(out, n->p);
        put_text(out, n->target);
        put_text(out, n->what);
        buf_addf(out, " %d %d", n->catches, n->count);
        put_nodes(out, n->body);
        buf_addch(out, '/');
        put_nodes(out, n->other);
        buf_addch(out, ')');
    }
}

static void put_entry(struct buf *out, const struct schedule_entry *e)
{
    const struct action *a = &e->action;
    buf_addf(out, "at %" PRId64 " %d %d %d %d", e->at, e->decoy, (int)a->kind,
             (int)a->comp, a->instance);
    put_text(out, a->name);
    for (size_t i = 0; i < a->nargs; i++)
        put_value(out, &a->args[i]);
    if (e->repeats) {
        struct value lasts = value_dist(e->lasts), again = value_dist(e->again);
        buf_addf(out, " again until %" PRId64, e->until);
        put_value(out, &lasts);
        put_value(out, &again);
    }
    buf_addf(out, " %" PRId64 " %d\n", a->duration, !!e->who);
}

static void put_objective(struct buf *out, const struct model *m)
{
    const struct slo *o = m->slo;
    if (!m->slo_set)
        return;
    buf_addf(out, "objective %" PRId64 " %" PRId64 " %" PRId64 " %d", o->within,
             o->max_age, o->window, o->hidden);
    describe_number(out, o->objective);
    for (size_t i = 0; i < m->nslo_names; i++)
        buf_addf(out, " %d", (int)m->slo_names[i]);
    buf_addch(out, '\n');
}

void model_describe(const struct model *m, struct buf *out)
{
    for (size_t i = 0; i < m->ncomps; i++)
        put_comp(out, m, (comp_id)i);
    for (const struct source *s = m->sources; s; s = s->next) {
        buf_addf(out, "program %d %d ", (int)s->endpoint, s->version);
        put_nodes(out, s->body);
        buf_addch(out, '\n');
    }
    for (size_t i = 0; i < m->nschedule; i++)
        put_entry(out, &m->schedule[i]);
    put_objective(out, m);
}
