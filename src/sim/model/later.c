/*
 * Settings that take their time, and what they wait for. The list of them is one for a
 * world, as there are few; a world in which nobody changes such a setting has none.
 */
#include "model/later.h"
#include "model/model.h"

#include "engine/calendar.h"
#include "engine/kind.h"
#include "engine/memory.h"
#include "engine/telling.h"
#include "truecode/world.h"

struct later {
    comp_id comp;
    int param;
    struct value value;
    sim_time due;   /* of a resize; 0: at the next restart */
    uint32_t timer; /* of a resize */
    ref next;
};

static struct later *later_at(const struct world *w, ref r)
{
    return W_PTR(w, struct later, r);
}

static ref find(const struct world *w, comp_id c, int param)
{
    ref r = W_HEAD(w)->laters;
    while (r != 0 && (later_at(w, r)->comp != c || later_at(w, r)->param != param))
        r = later_at(w, r)->next;
    return r;
}

static void drop(struct world *w, ref r)
{
    ref *at = &W_HEAD(w)->laters;
    while (*at != 0 && *at != r)
        at = &later_at(w, *at)->next;
    if (*at == 0)
        return;
    *at = later_at(w, r)->next;
    cal_cancel(w, &later_at(w, r)->timer);
    w_release(w, r, sizeof(struct later));
}

static void add(struct world *w, comp_id c, int param, const struct value *v,
                sim_time takes)
{
    ref r = w_alloc(w, sizeof(struct later));
    struct later *l = later_at(w, r);
    *l = (struct later){
        .comp = c, .param = param, .value = *v, .next = W_HEAD(w)->laters};
    W_HEAD(w)->laters = r;
    if (takes > 0) {
        l->due = w_now(w) + takes;
        l->timer = cal_at(w, l->due, EV_OVER, c, r, 1);
    }
}

static void store(struct world *w, comp_id c, int param, const struct value *v)
{
    const struct kind_impl *k = comp_kind(w, c);
    struct value *slot = &w_values(w, c)[param], old = *slot;
    *slot = *v;
    if (k->changed)
        k->changed(w, c, param, &old);
}

static bool same(const struct world *w, const struct param_desc *p,
                 const struct value *a, const struct value *b)
{
    struct buf x, y;
    buf_init(&x, 0);
    buf_init(&y, 0);
    value_format(w->model, p, a, &x);
    value_format(w->model, p, b, &y);
    bool equal = str_eq(x.s, y.s);
    buf_release(&x);
    buf_release(&y);
    return equal;
}

static void name_change(const struct world *w, comp_id c, const struct param_desc *p,
                        const struct value *from, const struct value *to,
                        struct buf *title)
{
    buf_addf(title, "%s.%s ", w->comps[c].name, p->name);
    value_format(w->model, p, from, title);
    buf_adds(title, " -> ");
    value_format(w->model, p, to, title);
}

/* ---- an operator's change -------------------------------------------------------- */

/* Holds for whatever starts from now on; who runs keeps the old value. */
static enum err at_restart(struct world *w, comp_id c, int param, const struct value *v,
                           struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, c);
    const struct param_desc *p = &k->desc.params[param];
    struct value *slot = &w_values(w, c)[param];
    enum err e = k->set ? k->set(w, c, param, v, why) : ERR_OK;
    if (e != ERR_OK)
        return e;
    if (k->keep) {
        k->keep(w, c, param, slot, v);
        store(w, c, param, v);
        return ERR_OK;
    }
    drop(w, find(w, c, param));
    if (!same(w, p, slot, v))
        add(w, c, param, v, 0);
    return ERR_OK;
}

/* Another value while a resize goes on begins it anew; the value that there is ends it. */
static enum err by_resize(struct world *w, comp_id c, int param, const struct value *v,
                          sim_time *takes, struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, c);
    struct resize_view view = {0};
    bool back = same(w, &k->desc.params[param], &w_values(w, c)[param], v);
    *takes = 0;
    if (!back) {
        enum err e = k->resize(w, c, param, v, &view, why);
        if (e != ERR_OK)
            return e;
        *takes = view.takes;
    }
    drop(w, find(w, c, param));
    if (!back)
        add(w, c, param, v, view.takes);
    return ERR_OK;
}

enum err later_set(struct world *w, const struct action *a, struct buf *title,
                   struct action *undo, struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, a->comp);
    int i = kind_param(k, a->name);
    const struct param_desc *p = &k->desc.params[i];
    ref waits = find(w, a->comp, i);
    struct value was = waits != 0 ? later_at(w, waits)->value : w_values(w, a->comp)[i];
    sim_time takes = 0;
    enum err e = p->change == CHANGE_AT_RESTART
                     ? at_restart(w, a->comp, i, &a->args[0], why)
                     : by_resize(w, a->comp, i, &a->args[0], &takes, why);
    if (e != ERR_OK)
        return e;
    *undo = *a;
    undo->args[0] = was;
    name_change(w, a->comp, p, &was, &a->args[0], title);
    if (p->change == CHANGE_AT_RESTART) {
        buf_adds(title, k->keep ? ", from each restart on" : ", from the restart on");
        return ERR_OK;
    }
    buf_adds(title, takes > 0 ? ", a resize of " : ", no resize");
    if (takes > 0)
        buf_addf(title, "%lld min", (long long)((takes + SIM_MIN - 1) / SIM_MIN));
    return ERR_OK;
}

/* ---- what it waited for ---------------------------------------------------------- */

static ref waits_for_restart(const struct world *w, comp_id c)
{
    ref r = W_HEAD(w)->laters;
    while (r != 0 && (later_at(w, r)->comp != c || later_at(w, r)->due != 0))
        r = later_at(w, r)->next;
    return r;
}

void later_restarted(struct world *w, comp_id c)
{
    for (ref r; (r = waits_for_restart(w, c)) != 0;) {
        struct later l = *later_at(w, r);
        drop(w, r);
        store(w, l.comp, l.param, &l.value);
    }
}

void later_resized(struct world *w, ref r, struct action *done, struct buf *title)
{
    struct later l = *later_at(w, r);
    const struct kind_impl *k = comp_kind(w, l.comp);
    const struct param_desc *p = &k->desc.params[l.param];
    struct value old = w_values(w, l.comp)[l.param];
    later_at(w, r)->timer = 0; /* the timer has come */
    drop(w, r);
    name_change(w, l.comp, p, &old, &l.value, title);
    buf_adds(title, ": resized");
    *done = (struct action){.kind = ACTION_SET_LATER,
                            .comp = l.comp,
                            .name = p->name,
                            .args = {l.value},
                            .nargs = 1};
    store(w, l.comp, l.param, &l.value);
    if (k->resized)
        k->resized(w, l.comp, l.param);
}

/* ---- looking --------------------------------------------------------------------- */

bool world_later(const struct world *w, comp_id c, const char *param,
                 struct later_view *out)
{
    *out = (struct later_view){0};
    if (c >= w->model->ncomps || !param)
        return false;
    const struct kind_impl *k = comp_kind(w, c);
    size_t i = 0;
    while (i < k->desc.nparams && !str_eq(k->desc.params[i].name, param))
        i++;
    if (i == k->desc.nparams)
        return false;
    ref r = find(w, c, (int)i);
    if (r != 0) {
        out->value = later_at(w, r)->value;
        out->due = later_at(w, r)->due;
        return true;
    }
    for (int n = k->kept ? world_instances(w, c) : 0; n > 0; n--) {
        const struct value *v = k->kept(w, c, (int)i, n);
        if (!v)
            continue;
        out->instances++;
        out->value = *v;
    }
    return out->instances > 0;
}

bool world_kept(const struct world *w, comp_id c, int instance, const char *param,
                struct value *out)
{
    if (c >= w->model->ncomps || !comp_kind(w, c)->kept)
        return false;
    const struct kind_impl *k = comp_kind(w, c);
    const struct value *v = k->kept(w, c, kind_param(k, param), instance);
    if (v)
        *out = *v;
    return v;
}

enum err world_resize(const struct world *w, comp_id c, const char *param,
                      const struct value *to, struct resize_view *out,
                      struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, c);
    *out = (struct resize_view){0};
    assert(k->resize);
    return k->resize(w, c, kind_param(k, param), to, out, why);
}
