/*
 * Services, settings that are read when a process starts: an instance that runs keeps the
 * value it started with (struct instance.kept) until it stops. Few instances ever keep
 * one, so that whoever asks looks at one reference first.
 */
#include "engine/kind.h"
#include "service/service_internal.h"

struct kept {
    int param;
    struct value value;
    ref next;
};

static struct kept *kept_at(const struct world *w, ref r)
{
    return W_PTR(w, struct kept, r);
}

const struct value *instance_kept(const struct world *w, const struct instance *i,
                                  int param)
{
    for (ref r = i->kept; r != 0; r = kept_at(w, r)->next)
        if (kept_at(w, r)->param == param)
            return &kept_at(w, r)->value;
    return NULL;
}

static bool same(const struct value *a, const struct value *b)
{
    return a->type == VALUE_COUNT ? a->as.count == b->as.count
                                  : a->as.number == b->as.number;
}

static void forget(struct world *w, struct instance *i, int param)
{
    ref *at = &i->kept;
    while (*at != 0 && kept_at(w, *at)->param != param)
        at = &kept_at(w, *at)->next;
    if (*at == 0)
        return;
    ref r = *at;
    *at = kept_at(w, r)->next;
    w_release(w, r, sizeof(struct kept));
}

static void keep(struct world *w, struct instance *i, int param,
                 const struct value *old, const struct value *now)
{
    const struct value *kept = instance_kept(w, i, param);
    if (kept && same(kept, now)) {
        forget(w, i, param); /* back to the value that the process runs with */
    } else if (!kept) {
        ref r = w_alloc(w, sizeof(struct kept));
        *kept_at(w, r) = (struct kept){param, *old, i->kept};
        i->kept = r;
    }
}

void service_keep(struct world *w, comp_id c, int param, const struct value *old,
                  const struct value *now)
{
    const struct value was = *old;
    assert(was.type == VALUE_COUNT || was.type == VALUE_NUMBER);
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        if (i->state != INSTANCE_NONE && i->state != INSTANCE_DOWN)
            keep(w, i, param, &was, now);
    }
}

const struct value *service_kept(const struct world *w, comp_id c, int param,
                                 int number)
{
    const struct instance *i = service_instance(w, c, number);
    return i ? instance_kept(w, i, param) : NULL;
}

bool service_any_has(const struct world *w, comp_id c, int param)
{
    const struct value *v = &w_values(w, c)[param];
    bool any = v->type == VALUE_COUNT ? v->as.count > 0 : v->as.number > 0;
    for (uint32_t k = 1; k <= service_of(w, c)->n && !any; k++)
        any = instance_kept(w, service_instance(w, c, (int)k), param);
    return any;
}

void instance_keeps_nothing(struct world *w, struct instance *i)
{
    if (i->kept == 0)
        return;
    while (i->kept != 0)
        forget(w, i, kept_at(w, i->kept)->param);
    service_features(w, i->comp);
}
