/*
 * Questions about a model and its recording that several commands ask. Metrics are
 * named by their short names; one that a kind does not have reads as NaN, and whoever
 * shows it leaves it out: a component tells what it has.
 */
#include "lookup.h"
#include "console_internal.h"

#include <string.h>

#define NAMES_SHOWN 12

const char *name_of(const struct call *c, comp_id comp)
{
    return comp == COMP_NONE ? "-" : model_name(c->m, comp);
}

const char *last_name(const struct call *c, comp_id comp)
{
    const char *name = name_of(c, comp), *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

const char *inst_name(const struct call *c, comp_id comp, int instance)
{
    if (instance <= 0)
        return name_of(c, comp);
    return strf(c, "%s-%d", name_of(c, comp), instance);
}

bool is_kind(const struct call *c, comp_id comp, const char *kind)
{
    return comp_is(c->m, comp, kind);
}

bool is_top(const struct call *c, comp_id comp)
{
    return comp_is_top(c->m, comp);
}

comp_id next_of(const struct call *c, const char *kind, comp_id after)
{
    size_t i = after == COMP_NONE ? 0 : (size_t)after + 1;
    for (; i < model_comps(c->m); i++)
        if (is_kind(c, (comp_id)i, kind))
            return (comp_id)i;
    return COMP_NONE;
}

size_t count_of(const struct call *c, const char *kind)
{
    size_t n = 0;
    for (comp_id i = next_of(c, kind, COMP_NONE); i != COMP_NONE;
         i = next_of(c, kind, i))
        n++;
    return n;
}

comp_id next_owned(const struct call *c, comp_id owner, const char *kind, comp_id after)
{
    comp_id i = next_of(c, kind, after);
    while (i != COMP_NONE && model_owner(c->m, i) != owner)
        i = next_of(c, kind, i);
    return i;
}

size_t endpoints_of(const struct call *c, comp_id comp, comp_id *out, size_t max)
{
    return comp_endpoints(c->m, comp, out, max);
}

/* ---- metrics --------------------------------------------------------------------- */

const struct metric_desc *metric_of(const struct call *c, comp_id comp,
                                    const char *name)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name))
            return &k->metrics[i];
    return NULL;
}

double gauge(const struct call *c, comp_id comp, const char *metric, int instance)
{
    return comp == COMP_NONE ? NAN : scene_gauge(&c->scene, comp, metric, instance);
}

double rate(const struct call *c, comp_id comp, const char *metric)
{
    return scene_rate(&c->scene, comp, metric);
}

/* ---- words to components --------------------------------------------------------- */

const char *names_of_kind(const struct call *c, const char *kind)
{
    struct buf b;
    buf_init(&b, 300);
    for (comp_id i = next_of(c, kind, COMP_NONE); i != COMP_NONE;
         i = next_of(c, kind, i))
        buf_addf(&b, "%s%s", b.len ? ", " : "", name_of(c, i));
    const char *s = arena_strdup(c->mem, b.len ? b.s : "none here");
    buf_release(&b);
    return s;
}

bool is_hidden(const struct call *c, comp_id comp)
{
    return scene_hides(&c->scene, comp);
}

bool is_hidden_metric(const struct call *c, comp_id comp, const char *metric)
{
    struct curve k;
    return curve_metric(c->m, comp, metric, 0, &k) &&
           scene_hides_metric(&c->scene, comp, k.desc);
}

enum err refuse_hidden(struct call *c, comp_id comp)
{
    return refuse(c, ERR_REFUSED,
                  "Nobody measures %s here: no metric comes from users.",
                  name_of(c, comp));
}

/* The components that stand alone, as many as a sentence holds. */
static const char *top_names(const struct call *c)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, 0);
    for (size_t i = 0; i < model_comps(c->m); i++) {
        if (!is_top(c, (comp_id)i))
            continue;
        if (n++ < NAMES_SHOWN)
            buf_addf(&b, "%s%s", b.len ? ", " : "", name_of(c, (comp_id)i));
    }
    if (n > NAMES_SHOWN)
        buf_addf(&b, " and %zu more", n - NAMES_SHOWN);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

enum err no_such(struct call *c, const char *text, const char *names)
{
    const char *why = c->why->text;
    size_t n = strlen(why);
    bool unknown = n > 1 && str_starts(why + 1, "here is no \"");
    if (!unknown || why[n - 1] == '?')
        return ERR_NOT_FOUND;
    return refuse(c, ERR_NOT_FOUND, "There is no \"%.80s\"; there is: %s.", text,
                  *names ? names : "none here");
}

enum err need_comp(struct call *c, const char *text, comp_id *comp, int *instance)
{
    int ignored;
    if (model_resolve(c->m, text, comp, instance ? instance : &ignored, c->why) !=
        ERR_OK)
        return no_such(c, text, top_names(c));
    int n = instance ? *instance : ignored;
    if (n > 0 && !instance)
        return refuse(c, ERR_INPUT, "%s takes a whole component here: %s",
                      c->cmd->info.name, name_of(c, *comp));
    const char *word = "instances";
    if (n == 0 || n <= world_instances(c->w, *comp))
        return ERR_OK;
    (void)model_numbers(c->m, *comp, &word);
    if (is_kind(c, *comp, "service"))
        return refuse(c, ERR_NOT_FOUND,
                      "There is no %s; %s has had %d instances so far.", text,
                      name_of(c, *comp), world_instances(c->w, *comp));
    return refuse(c, ERR_NOT_FOUND, "There is no %s; the %s of %s are 1 to %d.", text,
                  word, name_of(c, *comp), world_instances(c->w, *comp));
}

comp_id nested_named(const struct call *c, const char *kind, const char *text)
{
    comp_id found = COMP_NONE;
    size_t n = 0;
    for (comp_id i = next_of(c, kind, COMP_NONE); i != COMP_NONE;
         i = next_of(c, kind, i)) {
        if (str_eq(text, name_of(c, i)))
            return i;
        if (!str_eq(text, last_name(c, i)))
            continue;
        found = i;
        n++;
    }
    return n == 1 ? found : COMP_NONE;
}

enum err need_kind(struct call *c, const char *text, const char *kind, comp_id *comp)
{
    enum err e = need_comp(c, text, comp, NULL);
    if (e == ERR_NOT_FOUND)
        return no_such(c, text, names_of_kind(c, kind));
    if (e == ERR_OK && !is_kind(c, *comp, kind))
        return refuse(c, ERR_INPUT, "%s is a %s, not a %s; there is: %s", text,
                      model_kind(c->m, *comp)->name, kind, names_of_kind(c, kind));
    return e;
}
