/*
 * Doing something to a world: one path for the incident's schedule, an operator and a
 * revert. Everything is checked before anything changes; what was done is told as a
 * change record that knows how to undo itself.
 */
#include "engine/calendar.h"
#include "engine/kind.h"
#include "engine/memory.h"
#include "engine/schedule.h"
#include "engine/telling.h"
#include "model/build.h"
#include "model/later.h"
#include "truecode/world.h"

#include <stdio.h>

struct running_fault {
    struct action action;
    uint32_t timer;
    ref next;
};

/* ---- telling --------------------------------------------------------------------- */

static void tell(struct world *w, const struct action *a, const char *who,
                 const char *title, const struct action *undo)
{
    uint32_t id = ++W_HEAD(w)->next_change;
    if (!w->observer || !w->observer->change)
        return;
    struct change c = {.id = id,
                       .at = w_now(w),
                       .who = who,
                       .comp = a->comp,
                       .title = title,
                       .action = *a,
                       .undoable = undo};
    if (undo)
        c.undo = *undo;
    w->observer->change(w->observer->ctx, &c);
}

static void name_of(const struct world *w, const struct action *a, struct buf *b)
{
    buf_adds(b, w->comps[a->comp].name);
    if (a->instance > 0)
        buf_addf(b, "-%d", a->instance);
}

/* ---- parameters ------------------------------------------------------------------ */

static enum err apply_set(struct world *w, const struct action *a, const char *who,
                          struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, a->comp);
    size_t i = 0;
    while (!str_eq(k->desc.params[i].name, a->name))
        i++;
    const struct param_desc *p = &k->desc.params[i];
    struct value *slot = &w_values(w, a->comp)[i], old = *slot;
    enum err e = k->set ? k->set(w, a->comp, (int)i, &a->args[0], why) : ERR_OK;
    if (e != ERR_OK)
        return e;
    *slot = a->args[0];
    if (k->changed)
        k->changed(w, a->comp, (int)i, &old);
    if (!who)
        return ERR_OK;
    struct buf title;
    struct action undo = *a; /* an operator's: it takes what it takes */
    undo.args[0] = old;
    undo.kind = p->change > CHANGE_AT_ONCE ? ACTION_SET_LATER : ACTION_SET;
    buf_init(&title, 0);
    buf_addf(&title, "%s.%s ", w->comps[a->comp].name, p->name);
    value_format(w->model, p, &old, &title);
    buf_adds(&title, " -> ");
    value_format(w->model, p, &a->args[0], &title);
    tell(w, a, who, title.s, param_is_setting(p) ? &undo : NULL);
    buf_release(&title);
    return ERR_OK;
}

/* The deeds an operator may do to a component. */
static enum err apply_set_later(struct world *w, const struct action *a,
                                const char *who, struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, a->comp);
    const struct param_desc *p = &k->desc.params[kind_param(k, a->name)];
    struct action undo;
    struct buf title;
    if (!param_is_setting(p))
        return errmsg_set(why, ERR_REFUSED, "%s.%s is no setting: %s",
                          w->comps[a->comp].name, p->name, change_text(p->change));
    if (p->change == CHANGE_AT_ONCE)
        return apply_set(w, a, who, why);
    buf_init(&title, 0);
    enum err e = later_set(w, a, &title, &undo, why);
    if (e == ERR_OK && who)
        tell(w, a, who, title.s, &undo);
    buf_release(&title);
    return e;
}

/* ---- operations ------------------------------------------------------------------ */

static enum err apply_op(struct world *w, const struct action *a, const char *who,
                         sim_time *busy, struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, a->comp);
    size_t i = 0;
    if (action_is_nothing(a)) {
        struct buf title;
        buf_init(&title, 0);
        buf_addf(&title, "%s: back to what it was", w->comps[a->comp].name);
        if (who)
            tell(w, a, who, title.s, NULL);
        buf_release(&title);
        return ERR_OK;
    }
    while (!str_eq(k->desc.ops[i].name, a->name))
        i++;
    if (a->instance > 0 && !k->desc.ops[i].instance)
        return errmsg_set(why, ERR_INPUT, "%s is for all of %s, not for one instance",
                          a->name, w->comps[a->comp].name);
    struct effect fx = {.busy = k->desc.ops[i].cost};
    enum err e = !k->op ? errmsg_set(why, ERR_REFUSED, "%s cannot do that", a->name)
                        : k->op(w, a->comp, (int)i, a, &fx, why);
    if (e != ERR_OK)
        return e;
    if (busy)
        *busy = fx.busy;
    if (!who || fx.no_record)
        return ERR_OK;
    if (fx.title[0] == '\0') {
        struct buf title;
        buf_init(&title, 0);
        buf_addf(&title, "%s ", a->name);
        name_of(w, a, &title);
        snprintf(fx.title, sizeof fx.title, "%s", title.s);
        buf_release(&title);
    }
    tell(w, a, who, fx.title, fx.undoable ? &fx.undo : NULL);
    return ERR_OK;
}

/* ---- faults ---------------------------------------------------------------------- */

static int fault_index(const struct kind_desc *d, const char *name)
{
    for (size_t i = 0; i < d->nfaults; i++)
        if (str_eq(d->faults[i].name, name))
            return (int)i;
    return -1;
}

/* An action's texts are the model's, or are not needed at its end. */
static void remember(struct world *w, const struct action *a)
{
    struct head *h = W_HEAD(w);
    ref r = w_alloc(w, sizeof(struct running_fault));
    struct running_fault *f = W_PTR(w, struct running_fault, r);
    const struct kind_desc *d = model_kind(w->model, a->comp);
    f->action = *a;
    f->action.name = d->faults[fault_index(d, a->name)].name;
    for (size_t i = 0; i < a->nargs; i++)
        if (a->args[i].type == VALUE_TEXT)
            f->action.args[i].as.text = "";
    f->next = h->faults;
    h->faults = r;
    f->timer = cal_at(w, w_now(w) + a->duration, EV_OVER, a->comp, r, 0);
}

/* The same fault again replaces the one that runs: its end is forgotten. */
static void forget(struct world *w, const struct action *a)
{
    for (ref *at = &W_HEAD(w)->faults; *at != 0;) {
        struct running_fault *f = W_PTR(w, struct running_fault, *at);
        ref r = *at;
        bool same = f->action.comp == a->comp && f->action.instance == a->instance &&
                    str_eq(f->action.name, a->name);
        if (!same) {
            at = &f->next;
            continue;
        }
        cal_cancel(w, &f->timer);
        *at = f->next;
        w_release(w, r, sizeof *f);
    }
}

static enum err apply_fault(struct world *w, const struct action *a, const char *who,
                            struct errmsg *why)
{
    const struct kind_impl *k = comp_kind(w, a->comp);
    int i = fault_index(&k->desc, a->name);
    enum err e = !k->fault ? errmsg_set(why, ERR_REFUSED, "%s cannot fail",
                                        w->comps[a->comp].name)
                           : k->fault(w, a->comp, i, a, true, why);
    if (e != ERR_OK)
        return e;
    forget(w, a);
    if (a->duration > 0)
        remember(w, a);
    if (who) {
        struct buf title;
        buf_init(&title, 0);
        buf_addf(&title, "%s: ", a->name);
        name_of(w, a, &title);
        tell(w, a, who, title.s, NULL);
        buf_release(&title);
    }
    return ERR_OK;
}

static void fault_end(struct world *w, ref r)
{
    struct running_fault *f = W_PTR(w, struct running_fault, r);
    struct action a = f->action;
    f->timer = 0;
    forget(w, &a);
    const struct kind_impl *k = comp_kind(w, a.comp);
    (void)k->fault(w, a.comp, fault_index(&k->desc, a.name), &a, false, NULL);
}

static void resize_end(struct world *w, ref r)
{
    struct action done;
    struct buf title;
    buf_init(&title, 0);
    later_resized(w, r, &done, &title);
    tell(w, &done, "platform", title.s, NULL);
    buf_release(&title);
}

void apply_over(struct world *w, ref what, uint32_t kind)
{
    if (kind == 0)
        fault_end(w, what);
    else
        resize_end(w, what);
}

/* ---- the one path ---------------------------------------------------------------- */

/* An instance that never was is a mistake, whatever is to be done to it. */
static enum err need_instance(const struct world *w, const struct action *a,
                              struct errmsg *why)
{
    const char *word = "instances";
    comp_id by = model_numbered_by(w->model, a->comp);
    int most =
        a->instance == 0 ? 0 : world_instances(w, by == COMP_NONE ? a->comp : by);
    if (a->instance >= 0 && a->instance <= most)
        return ERR_OK;
    (void)model_numbers(w->model, a->comp, &word);
    if (most == 0)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no %s", w->comps[a->comp].name,
                          word);
    return errmsg_set(why, ERR_NOT_FOUND, "there is no %s-%d: its %s are 1 to %d",
                      w->comps[a->comp].name, a->instance, word, most);
}

static enum err apply(struct world *w, struct action *a, const char *who,
                      sim_time *busy, struct errmsg *why)
{
    enum err e = need_instance(w, a, why);
    if (e != ERR_OK)
        return e;
    switch (a->kind) {
    case ACTION_SET:
        return apply_set(w, a, who, why);
    case ACTION_OP:
        return apply_op(w, a, who, busy, why);
    case ACTION_FAULT:
        return apply_fault(w, a, who, why);
    case ACTION_SET_LATER:
        return apply_set_later(w, a, who, why);
    }
    return errmsg_set(why, ERR_INPUT, "no such kind of action");
}

enum err world_apply(struct world *w, const struct action *a, const char *who,
                     const struct observer *o, sim_time *busy, struct errmsg *why)
{
    struct action fit = *a;
    if (busy)
        *busy = 0;
    enum err e = model_check_action(w->model, &fit, why);
    if (e != ERR_OK)
        return e;
    if (W_HEAD(w)->stopped || !world_headroom(w, 4 * HEADROOM))
        return errmsg_set(why, ERR_LIMIT,
                          "the world ran away: nothing can be done in it");
    w->observer = o;
    world_settle(w);
    w->outcome = 0;
    e = apply(w, &fit, who, busy, why);
    w->observer = NULL;
    if (e == ERR_OK)
        W_HEAD(w)->digest =
            hash_u64(W_HEAD(w)->digest, hash_u64((uint64_t)w_now(w), fit.comp));
    return e;
}

/* The least pause between two faults of an entry that comes again. */
enum { REPEAT_MIN = SIM_US };

/* ---- the schedule ---------------------------------------------------------------- */

/* Draws how long a fault lasts this time, and when it comes again. */
static sim_time repeat(struct world *w, uint32_t index, uint32_t times)
{
    const struct schedule_entry *e = &w->model->schedule[index];
    struct rng r;
    struct buf name;
    buf_init(&name, 0);
    buf_addf(&name, "schedule/%s/%u/%u", w->comps[e->action.comp].name, e->nth, times);
    rng_seed(&r, W_HEAD(w)->seed, name.s);
    buf_release(&name);
    sim_time lasts = e->lasts.mean > 0 ? dist_draw(&e->lasts, &r) : 0;
    sim_time pause = dist_draw(&e->again, &r);
    lasts += e->lasts.mean > 0 && lasts == 0; /* 0 would be for ever */
    pause = pause > REPEAT_MIN ? pause : REPEAT_MIN;
    if (w_now(w) + lasts + pause <= e->until)
        cal_at(w, w_now(w) + lasts + pause, EV_SCHEDULE, e->action.comp, index,
               times + 1);
    return lasts;
}

static void note_refusal(struct world *w, const struct action *a,
                         const struct errmsg *why)
{
    if (w->refused++ > 0)
        return;
    struct buf at;
    w->line_refused = a->line;
    buf_init(&at, 0);
    time_format(&at, w_now(w));
    (void)errmsg_set(&w->why_refused, ERR_REFUSED, "%s of %s at %s: %s", a->name,
                     w->comps[a->comp].name, at.s, why->text);
    buf_release(&at);
}

void apply_scheduled(struct world *w, uint32_t index, uint32_t times)
{
    const struct schedule_entry *e = &w->model->schedule[index];
    struct action a = e->action;
    if (e->repeats)
        a.duration = repeat(w, index, times);
    if (e->decoy) {
        struct action nothing = {.kind = ACTION_OP, .comp = a.comp, .name = ""};
        tell(w, &nothing, e->who, e->title, e->final ? NULL : &nothing);
        return;
    }
    struct errmsg why = {0};
    if (apply(w, &a, e->who, NULL, &why) != ERR_OK) {
        w_outcome(w, 1); /* an operator was there first: it cannot be done any more */
        w_log(w, a.comp, a.instance, LOG_WARN, 0, "%s: %s", a.name, why.text);
        note_refusal(w, &a, &why);
    }
}
