/*
 * Services, two colours: a deploy with strategy = "blue_green" starts a whole second set
 * of instances with the other version. Nobody sends them requests until all of them have
 * been ready for `min_ready`; then all requests go to the new ones at once, and the old
 * ones finish what is inside. For `keep_old` the old ones go on running without
 * requests, and a rollback, or a deploy of their version, switches back at once. After
 * that they are stopped. (AWS CodeDeploy: "blue/green", terminationWaitTimeInMinutes;
 * Argo Rollouts: strategy blueGreen, scaleDownDelaySeconds.)
 *
 * A balancer in front that checks health itself must have found the new ones well.
 *
 * Twice as many instances need twice as much of all that is behind them: pools of both
 * sets are open. Only who is asked is switched: an instance that fetches its work
 * itself, as consumers of a topic do, works from its start on whatever its colour.
 *
 * A second set that does not get ready within `progress_deadline` is stopped, and the
 * old one never stopped serving. To scale a service while both sets run changes the
 * new one.
 */
#include "engine/kind.h"
#include "engine/telling.h"
#include "service/service_internal.h"
#include "truecode/model.h"

/* A balancer's health checks come this often to light. */
enum { LOOK_AGAIN = 100 * SIM_MS };

typedef bool (*which)(const struct instance *i);

static bool is_old(const struct instance *i)
{
    return i->colour == COLOUR_OLD && i->state != INSTANCE_NONE;
}

static bool is_new(const struct instance *i)
{
    return i->colour == COLOUR_NEW && i->state != INSTANCE_NONE;
}

static bool leaves(const struct instance *i)
{
    return i->state == INSTANCE_DRAINING && i->then == DRAINED_REMOVE;
}

static uint32_t count_of(const struct world *w, comp_id c, which f)
{
    uint32_t n = 0;
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        n += f(i) && !leaves(i);
    }
    return n;
}

/* All of a set lose their colour, and get requests or none. */
static void paint(struct world *w, comp_id c, which f, enum colour colour, bool idle)
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        if (!f(i) || leaves(i))
            continue;
        i->colour = (uint8_t)colour;
        i->idle = idle;
    }
}

static void stop_set(struct world *w, comp_id c, which f)
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        if (f(i) && !leaves(i))
            instance_drain(w, i, DRAINED_REMOVE);
    }
    service_of(w, c)->surged = 0;
    service_scale(w, c, service_count(w, c));
}

/* Tells all that the set of those who are asked has changed. */
static void tell_all(struct world *w, comp_id c)
{
    comp_id balancer = service_of(w, c)->balancer;
    eligible_update(w, c);
    if (balancer != COMP_NONE)
        comp_kind(w, balancer)->instances_changed(w, balancer);
}

static void version_is(struct world *w, comp_id c, int version)
{
    struct service_state *s = service_of(w, c);
    s->version = (uint16_t)version;
    w_values(w, c)[SP_VERSION] =
        value_text(model_version(w->model, c, (size_t)version));
}

static bool any(const struct instance *i)
{
    return i->state != INSTANCE_NONE && i->colour == COLOUR_NONE;
}

/* Requests go to the new set from now on. */
static void switch_over(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    sim_time keep = p_time(w, c, SP_KEEP_OLD);
    cal_cancel(w, &s->progress_timer);
    s->rollout = ROLLOUT_NONE;
    paint(w, c, is_old, COLOUR_OLD, true);
    paint(w, c, is_new, COLOUR_NONE, false);
    tell_all(w, c);
    w_log(w, c, 0, LOG_INFO, 0, "requests go to version %s",
          model_version(w->model, c, s->version));
    if (keep > 0)
        s->keep_timer = cal_after(w, keep, EV_KIND + SE_OLD_OVER, c, 0, 0);
    else
        stop_set(w, c, is_old);
}

static void begin(struct world *w, comp_id c, int version)
{
    struct service_state *s = service_of(w, c);
    uint32_t n = (uint32_t)service_count(w, c);
    s->previous = s->version;
    version_is(w, c, version);
    s->rollout = ROLLOUT_BLUE_GREEN;
    s->keeps_versions = false;
    paint(w, c, any, COLOUR_OLD, false);
    for (uint32_t k = 0; k < n; k++) {
        s->surged++;
        service_add_instance(w, c, false);
    }
    rollout_progress(w, c);
}

/* The old set gets its requests again; the new one leaves. */
static void switch_back(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    int version = s->previous;
    cal_cancel(w, &s->keep_timer);
    cal_cancel(w, &s->progress_timer);
    s->previous = s->version;
    version_is(w, c, version);
    s->rollout = ROLLOUT_NONE;
    paint(w, c, any, COLOUR_NEW, true); /* after a switch the new set has no colour */
    paint(w, c, is_old, COLOUR_NONE, false);
    tell_all(w, c);
    stop_set(w, c, is_new);
}

void blue_green_deploy(struct world *w, comp_id c, int version)
{
    struct service_state *s = service_of(w, c);
    bool kept = s->keep_timer != 0 || s->rollout == ROLLOUT_BLUE_GREEN;
    if (kept && version == s->previous) {
        switch_back(w, c);
        return;
    }
    if (s->rollout == ROLLOUT_BLUE_GREEN) {
        int was = s->previous;
        switch_back(w, c); /* a third version: the second is given up */
        s->previous = (uint16_t)was;
    } else if (kept) {
        blue_green_old_over(w, c);
    }
    begin(w, c, version);
}

void blue_green_old_over(struct world *w, comp_id c)
{
    cal_cancel(w, &service_of(w, c)->keep_timer);
    stop_set(w, c, is_old);
}

/* A balancer with health checks of its own has to have found it well, too. */
static bool is_trusted(const struct world *w, const struct instance *i)
{
    comp_id balancer = service_of(w, i->comp)->balancer;
    return balancer == COMP_NONE ||
           comp_kind(w, balancer)->trusts(w, balancer, i->number);
}

void blue_green_look(struct world *w, comp_id c)
{
    bool all_trusted = true;
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        if (!is_new(i) || leaves(i))
            continue;
        if (!rollout_available(w, i))
            return; /* looked at again when it is */
        all_trusted = all_trusted && is_trusted(w, i);
    }
    if (service_of(w, c)->rollout != ROLLOUT_BLUE_GREEN || count_of(w, c, is_new) == 0)
        return;
    if (all_trusted)
        switch_over(w, c);
    else
        cal_after(w, LOOK_AGAIN, EV_KIND + SE_LOOK_AT_SETS, c, 0, 0);
}

void blue_green_stuck(struct world *w, comp_id c)
{
    switch_back(w, c);
    service_of(w, c)->rollout = ROLLOUT_HALTED;
}
