/*
 * Services, versions: roll-outs and canaries. (Whole sets: service_bluegreen.c.)
 *
 * A roll-out goes through the instances in order of number. It takes at most
 * `max_unavailable` of them out of rotation at a time, lets each finish what is inside
 * (at most the parameter "drain"), starts it anew, and counts it as back once it is up,
 * ready, and has been so for `min_ready`. With `max_surge` it first starts some more,
 * and takes out as many more as of those are ready; they leave at the end. When for
 * `progress_deadline` no instance has come back, it stops where it is, and with
 * `auto_rollback` turns round. (Kubernetes has the same knobs, except that it never
 * turns round by itself.)
 *
 * A canary puts another version on a share of the instances, which get their share of
 * the requests; it stays until it is promoted, to all, or aborted. After a roll-out has
 * stopped, an instance that restarts keeps its version.
 */
#include "engine/telling.h"
#include "service/describe.h"
#include "service/service_internal.h"
#include "truecode/model.h"

#include <stdio.h>

/* ---- who is to change ------------------------------------------------------------ */

static uint16_t wanted(const struct service_state *s, const struct instance *i)
{
    return i->canary ? s->canary : s->version;
}

void instance_next_version(struct world *w, struct instance *i)
{
    const struct service_state *s = service_of(w, i->comp);
    if (i->colour == COLOUR_OLD)
        return;
    if (!s->keeps_versions || i->rolling)
        i->version = wanted(s, i);
}

static bool counts(const struct instance *i)
{
    return i->state != INSTANCE_NONE &&
           !(i->state == INSTANCE_DRAINING && i->then == DRAINED_REMOVE);
}

static bool needs_rollout(const struct service_state *s, const struct instance *i)
{
    if (!counts(i) || i->held || i->extra || i->colour == COLOUR_OLD)
        return false;
    return s->rollout == ROLLOUT_RESTART || i->version != wanted(s, i);
}

static struct instance *next_of(struct world *w, comp_id c)
{
    const struct service_state *s = service_of(w, c);
    for (uint32_t k = s->rollout_at + 1u; k <= s->n; k++)
        if (needs_rollout(s, service_instance(w, c, (int)k)))
            return service_instance(w, c, (int)k);
    return NULL;
}

/* ---- one step after the other ---------------------------------------------------- */

bool rollout_available(const struct world *w, const struct instance *i)
{
    return i->state == INSTANCE_UP && i->ready &&
           w_now(w) - i->ready_since >= p_time(w, i->comp, SP_MIN_READY);
}

/* The number of instances that may still be out now. */
static int64_t room(const struct world *w, comp_id c)
{
    const struct service_state *s = service_of(w, c);
    int64_t most = p_count(w, c, SP_MAX_UNAVAILABLE);
    if (most == 0 && s->surged == 0)
        most = 1; /* neither: it would never get anywhere */
    for (uint32_t k = 1; k <= s->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        most -= i->rolling;
        most += i->extra && rollout_available(w, i);
    }
    return most;
}

static void forget_marks(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    for (uint32_t k = 1; k <= s->n; k++)
        service_instance(w, c, (int)k)->rolling = false;
    cal_cancel(w, &s->progress_timer);
    s->rollout_at = 0;
}

/* Lets instances leave that were there only for the roll-out. */
static void drop_extras(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    s->surged = 0;
    for (uint32_t k = 1; k <= s->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        bool was = i->extra;
        i->extra = false;
        if (was && counts(i))
            instance_drain(w, i, DRAINED_REMOVE);
    }
}

static void rollout_end(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    s->rollout = ROLLOUT_NONE;
    forget_marks(w, c);
    drop_extras(w, c);
}

static bool under_way(const struct service_state *s)
{
    return s->rollout != ROLLOUT_NONE && s->rollout != ROLLOUT_HALTED;
}

static bool any_rolling(const struct world *w, comp_id c)
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++)
        if (service_instance(w, c, (int)k)->rolling)
            return true;
    return false;
}

void rollout_step(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    struct instance *i = NULL;
    if (!under_way(s))
        return;
    while ((i = next_of(w, c)) && room(w, c) > 0) {
        s->rollout_at = i->number;
        i->rolling = true;
        instance_drain(w, i, DRAINED_RESTART);
    }
    if (!i && !any_rolling(w, c))
        rollout_end(w, c);
}

void rollout_progress(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    sim_time most = p_time(w, c, SP_PROGRESS_DEADLINE);
    cal_cancel(w, &s->progress_timer);
    if (most > 0)
        s->progress_timer = cal_after(w, most, EV_KIND + SE_NO_PROGRESS, c, 0, 0);
}

/* Called when an instance came up, became ready, or has been so for long enough. */
void rollout_look(struct world *w, struct instance *i)
{
    bool looks = i->rolling || i->extra || i->colour == COLOUR_NEW;
    if (!looks || i->state != INSTANCE_UP || !i->ready)
        return;
    sim_time least = p_time(w, i->comp, SP_MIN_READY);
    if (w_now(w) - i->ready_since < least) {
        if (i->ready_timer == 0)
            i->ready_timer = cal_at(w, i->ready_since + least, EV_KIND + SE_AVAILABLE,
                                    i->comp, i->number, 0);
        return;
    }
    i->rolling = false;
    if (i->colour == COLOUR_NEW) {
        blue_green_look(w, i->comp);
        return;
    }
    if (!under_way(service_of(w, i->comp)))
        return;
    rollout_progress(w, i->comp);
    rollout_step(w, i->comp);
}

/* Called when an instance is gone for good. */
void rollout_gone(struct world *w, struct instance *i)
{
    bool was = i->rolling;
    i->rolling = i->extra = i->canary = i->idle = false;
    i->colour = COLOUR_NONE;
    if (was)
        rollout_step(w, i->comp);
}

void rollout_begin(struct world *w, comp_id c, enum rollout_kind kind)
{
    struct service_state *s = service_of(w, c);
    int64_t extra = p_count(w, c, SP_MAX_SURGE);
    forget_marks(w, c);
    s->rollout = (uint8_t)kind;
    s->keeps_versions = false;
    while (s->surged < extra && next_of(w, c) && s->n < SERVICE_MAX) {
        s->surged++;
        service_add_instance(w, c, false)->extra = true;
    }
    rollout_progress(w, c);
    rollout_step(w, c);
}

/* ---- versions -------------------------------------------------------------------- */

static const char *version_name(const struct world *w, comp_id c, int version)
{
    return model_version(w->model, c, (size_t)version);
}

static void end_canary(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    s->has_canary = false;
    for (uint32_t k = 1; k <= s->n; k++)
        service_instance(w, c, (int)k)->canary = false;
}

static void put_version(struct world *w, comp_id c, int version)
{
    struct service_state *s = service_of(w, c);
    end_canary(w, c);
    if (p_count(w, c, SP_STRATEGY) == STRATEGY_BLUE_GREEN || s->keep_timer != 0 ||
        s->rollout == ROLLOUT_BLUE_GREEN) {
        blue_green_deploy(w, c, version);
        return;
    }
    s->previous = s->version;
    s->version = (uint16_t)version;
    w_values(w, c)[SP_VERSION] = value_text(version_name(w, c, version));
    rollout_begin(w, c, ROLLOUT_DEPLOY);
}

void rollout_stuck(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    bool canary = s->rollout == ROLLOUT_CANARY;
    bool turn = p_on(w, c, SP_AUTO_ROLLBACK) &&
                (canary || (s->rollout == ROLLOUT_DEPLOY && s->previous != s->version));
    s->progress_timer = 0;
    if (!under_way(s))
        return;
    w_outcome(w, s->rollout);
    w_log(w, c, 0, LOG_ERROR, 0,
          "roll-out of %s %s: no instance became ready in %.0f s",
          version_name(w, c, canary ? s->canary : s->version),
          turn ? "turned round" : "stopped",
          (double)p_time(w, c, SP_PROGRESS_DEADLINE) / 1e9);
    if (s->rollout == ROLLOUT_BLUE_GREEN) {
        blue_green_stuck(w, c);
        return;
    }
    s->rollout = ROLLOUT_HALTED;
    s->keeps_versions = true;
    if (turn && canary) {
        end_canary(w, c);
        rollout_begin(w, c, ROLLOUT_DEPLOY);
    } else if (turn) {
        put_version(w, c, s->previous);
    }
}

static void deploy(struct world *w, comp_id c, int version, const char *verb,
                   struct effect *fx)
{
    const struct service_state *s = service_of(w, c);
    const char *was = version_name(w, c, s->version);
    snprintf(fx->title, sizeof fx->title, "%s %s %s (was %s)", verb, w->comps[c].name,
             version_name(w, c, version), was);
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP,
                               .comp = c,
                               .name = "deploy",
                               .args = {value_text(was)},
                               .nargs = 1};
    put_version(w, c, version);
}

enum err op_deploy(struct world *w, const struct action *a, struct effect *fx,
                   struct errmsg *why)
{
    int version;
    enum err e = version_need(w->model, a->comp, a->args[0].as.text, &version, why);
    if (e != ERR_OK)
        return e;
    if (version == service_of(w, a->comp)->version)
        return errmsg_set(why, ERR_REFUSED, "%s runs version %s already",
                          w->comps[a->comp].name, a->args[0].as.text);
    deploy(w, a->comp, version, "deploy", fx);
    return ERR_OK;
}

enum err op_rollback(struct world *w, const struct action *a, struct effect *fx,
                     struct errmsg *why)
{
    struct service_state *s = service_of(w, a->comp);
    if (s->previous == s->version)
        return errmsg_set(why, ERR_REFUSED, "%s has run no other version than %s",
                          w->comps[a->comp].name, version_name(w, a->comp, s->version));
    deploy(w, a->comp, s->previous, "roll back", fx);
    return ERR_OK;
}

/* ---- canaries -------------------------------------------------------------------- */

/* The first so many instances, at least one. */
static uint32_t mark_canaries(struct world *w, comp_id c, double share)
{
    struct service_state *s = service_of(w, c);
    double most = share * service_count(w, c);
    uint32_t marked = 0;
    for (uint32_t k = 1; k <= s->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        i->canary =
            counts(i) && !i->extra && (marked == 0 || marked + 1 <= most + 1e-9);
        marked += i->canary;
    }
    return marked;
}

enum err op_canary(struct world *w, const struct action *a, struct effect *fx,
                   struct errmsg *why)
{
    struct service_state *s = service_of(w, a->comp);
    int version;
    double share = a->args[1].as.number;
    enum err e = version_need(w->model, a->comp, a->args[0].as.text, &version, why);
    if (e != ERR_OK)
        return e;
    if (!(share > 0 && share <= 1))
        return errmsg_set(why, ERR_INPUT, "the share must be above 0 and at most 1");
    if (version == s->version)
        return errmsg_set(why, ERR_REFUSED, "%s runs version %s already",
                          w->comps[a->comp].name, a->args[0].as.text);
    if (s->keep_timer != 0 || s->rollout == ROLLOUT_BLUE_GREEN)
        return errmsg_set(why, ERR_REFUSED, "%s has two sets of instances now",
                          w->comps[a->comp].name);
    s->canary = (uint16_t)version;
    s->has_canary = true;
    uint32_t n = mark_canaries(w, a->comp, share);
    snprintf(fx->title, sizeof fx->title, "canary %s %s on %u of %d",
             w->comps[a->comp].name, version_name(w, a->comp, version), n,
             service_count(w, a->comp));
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP, .comp = a->comp, .name = "abort"};
    rollout_begin(w, a->comp, ROLLOUT_CANARY);
    return ERR_OK;
}

static enum err need_canary(const struct world *w, comp_id c, struct errmsg *why)
{
    if (service_of(w, c)->has_canary)
        return ERR_OK;
    return errmsg_set(why, ERR_REFUSED, "%s has no canary", w->comps[c].name);
}

enum err op_promote(struct world *w, const struct action *a, struct effect *fx,
                    struct errmsg *why)
{
    enum err e = need_canary(w, a->comp, why);
    if (e == ERR_OK)
        deploy(w, a->comp, service_of(w, a->comp)->canary, "promote", fx);
    return e;
}

enum err op_abort(struct world *w, const struct action *a, struct effect *fx,
                  struct errmsg *why)
{
    struct service_state *s = service_of(w, a->comp);
    enum err e = need_canary(w, a->comp, why);
    if (e != ERR_OK)
        return e;
    snprintf(fx->title, sizeof fx->title, "abort canary %s of %s",
             version_name(w, a->comp, s->canary), w->comps[a->comp].name);
    end_canary(w, a->comp);
    rollout_begin(w, a->comp, ROLLOUT_DEPLOY);
    return ERR_OK;
}

/* ---- looking --------------------------------------------------------------------- */

double rollout_pending(const struct world *w, const struct instance *i)
{
    const struct service_state *s = service_of(w, i->comp);
    if (i->colour != COLOUR_NONE)
        return i->colour == COLOUR_OLD && s->rollout == ROLLOUT_BLUE_GREEN;
    return counts(i) && (i->rolling || i->version != wanted(s, i));
}
