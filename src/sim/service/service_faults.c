/*
 * Services, what an incident does to them: processes that die, hang, slow down, err,
 * leak, do not start, or are not ready, and zones that go dark. What is about a version
 * belongs to the service and hits whoever runs it, also later; the rest hits the
 * instances that are there.
 */
#include "engine/telling.h"
#include "service/describe.h"
#include "service/service_internal.h"

#include "truecode/model.h"

enum {
    FAULT_CRASH,
    FAULT_HANG,
    FAULT_SLOW,
    FAULT_ERRORS,
    FAULT_MEMORY_LEAK,
    FAULT_FD_LEAK,
    FAULT_FAILS_TO_START,
    FAULT_UNREADY,
    FAULT_ZONE_DOWN,
    FAULT_COUNT
};

/* ---- processes ------------------------------------------------------------------- */

/* Without a duration it is a crash that the supervisor answers with a restart. */
static void fault_crash(struct world *w, struct instance *i, const struct action *a,
                        bool on)
{
    if (on) {
        w_log(w, i->comp, i->number, LOG_ERROR, 0, "process died");
        if (a->duration == 0 && p_time(w, i->comp, SP_CRASH_BACKOFF) > 0) {
            instance_crash(w, i, 0);
            return;
        }
        i->held = a->duration > 0;
        instance_stop(w, i);
        if (!i->held)
            instance_start(w, i);
    } else if (i->held) {
        i->held = false;
        instance_start(w, i);
    }
}

static void fault_one(struct world *w, struct instance *i, int fault,
                      const struct action *a, bool on)
{
    if (i->state == INSTANCE_NONE)
        return;
    switch (fault) {
    case FAULT_CRASH:
        fault_crash(w, i, a, on);
        break;
    case FAULT_HANG:
        i->hung = on;
        instance_speed(w, i);
        instance_dispatch(w, i);
        break;
    case FAULT_SLOW:
        i->slow = on ? a->args[0].as.number : 1;
        instance_speed(w, i);
        break;
    case FAULT_ERRORS:
        i->error_rate = on ? a->args[0].as.number : 0;
        break;
    case FAULT_MEMORY_LEAK:
        i->leak = on ? a->args[0].as.number : 0;
        break;
    default:
        i->fd_leak = on ? a->args[0].as.number : 0;
    }
}

/* ---- versions -------------------------------------------------------------------- */

bool version_hit(const struct version_fault *f, uint16_t version)
{
    return f->rate > 0 && (f->version == VERSION_ANY || f->version == version);
}

static enum err version_fault(struct world *w, comp_id c, struct version_fault *f,
                              const struct action *a, size_t arg, double rate,
                              struct errmsg *why)
{
    int version = VERSION_ANY;
    if (action_text(a, arg)[0] != '\0') {
        enum err e = version_need(w->model, c, a->args[arg].as.text, &version, why);
        if (e != ERR_OK)
            return e;
    }
    *f = (struct version_fault){.rate = rate, .version = (uint16_t)version};
    return ERR_OK;
}

static enum err about_version(struct world *w, comp_id c, int fault,
                              const struct action *a, bool on, struct errmsg *why)
{
    struct service_state *s = service_of(w, c);
    struct version_fault *f = fault == FAULT_MEMORY_LEAK      ? &s->leak
                              : fault == FAULT_FAILS_TO_START ? &s->fails_to_start
                                                              : &s->unready;
    bool leak = fault == FAULT_MEMORY_LEAK;
    if (!on)
        *f = (struct version_fault){.rate = 0};
    enum err e = on ? version_fault(w, c, f, a, leak ? 1 : 0,
                                    leak ? a->args[0].as.number : 1, why)
                    : ERR_OK;
    if (e == ERR_OK && fault == FAULT_UNREADY)
        probe_wake(w, c);
    return e;
}

/* ---- zones ----------------------------------------------------------------------- */

int instance_zone(const struct world *w, const struct instance *i)
{
    return (int)((i->number - 1) % p_count(w, i->comp, SP_ZONES)) + 1;
}

static void zone_set(struct world *w, comp_id c, int zone, bool down)
{
    struct service_state *s = service_of(w, c);
    s->zone_down = (uint16_t)(down ? zone : 0);
    for (uint32_t k = 1; k <= s->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        if (i->state == INSTANCE_NONE || instance_zone(w, i) != zone)
            continue;
        if (down) {
            w_log(w, c, i->number, LOG_ERROR, 0, "zone %d is down", zone);
            instance_stop(w, i);
            i->held = true;
        } else if (i->held) {
            i->held = false;
            instance_start(w, i);
        }
    }
}

static enum err fault_zone(struct world *w, comp_id c, const struct action *a, bool on,
                           struct errmsg *why)
{
    int64_t zone = a->args[0].as.count, zones = p_count(w, c, SP_ZONES);
    int was = service_of(w, c)->zone_down;
    if (on && (zone < 1 || zone > zones))
        return errmsg_set(why, ERR_INPUT, "the zone must be 1 to %lld, not %lld",
                          (long long)zones, (long long)zone);
    if (was != 0)
        zone_set(w, c, was, false);
    if (on)
        zone_set(w, c, (int)zone, true);
    return ERR_OK;
}

/* ---- all ------------------------------------------------------------------------- */

static enum err check(int fault, const struct action *a, struct errmsg *why)
{
    double x = a->args[0].as.number;
    bool leak = fault == FAULT_MEMORY_LEAK || fault == FAULT_FD_LEAK;
    if (fault == FAULT_SLOW && !(x > 0))
        return errmsg_set(why, ERR_INPUT, "the factor must be above 0");
    if (leak && !(x >= 0 && x <= 1e6))
        return errmsg_set(
            why, ERR_INPUT, "%s must be 0 to 1000000, not %g",
            fault == FAULT_FD_LEAK ? "descriptors per request" : "KiB per request", x);
    if (a->instance != 0 && fault >= FAULT_FAILS_TO_START)
        return errmsg_set(why, ERR_INPUT, "that is for all instances, not for one");
    return ERR_OK;
}

enum err service_fault(struct world *w, comp_id c, int fault, const struct action *a,
                       bool on, struct errmsg *why)
{
    enum err e = service_need_instance(w, a, on ? why : NULL);
    if (e == ERR_OK)
        e = on ? check(fault, a, why) : ERR_OK;
    if (e != ERR_OK)
        return e;
    if (fault == FAULT_ZONE_DOWN)
        return fault_zone(w, c, a, on, why);
    bool all = a->instance == 0 && fault == FAULT_MEMORY_LEAK;
    if (all || fault == FAULT_FAILS_TO_START || fault == FAULT_UNREADY)
        e = about_version(w, c, fault, a, on, why);
    for (uint32_t k = 1; k <= service_of(w, c)->n && fault <= FAULT_FD_LEAK; k++)
        if (!all && (a->instance == 0 || a->instance == (int)k))
            fault_one(w, service_instance(w, c, (int)k), fault, a, on);
    if (e == ERR_OK)
        service_features(w, c);
    return e;
}

const struct fault_desc service_faults[SERVICE_FAULTS] = {
    [FAULT_CRASH] = {.name = "crash",
                     .doc = "The process dies; with a duration it does not start "
                            "before that is over."},
    [FAULT_HANG] =
        {.name = "hang",
         .doc = "The workers stand still; the health thread goes on answering."},
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "times as much processor time"}},
                    .doc = "Everything takes more processor time."},
    [FAULT_ERRORS] =
        {.name = "error_rate",
         .args = {{.name = "fraction", .type = VALUE_FRACTION, .doc = "of requests"}},
         .doc = "A share of requests fails at once."},
    [FAULT_MEMORY_LEAK] =
        {.name = "memory_leak",
         .args = {{.name = "kib",
                   .type = VALUE_NUMBER,
                   .doc = "KiB that each request leaves behind"},
                  {.name = "version",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "only instances that run this one leak"}},
         .doc = "Requests leave memory behind that only a restart gives back."},
    [FAULT_FD_LEAK] =
        {.name = "fd_leak",
         .args = {{.name = "per_request",
                   .type = VALUE_NUMBER,
                   .doc = "descriptors that each request leaves open"}},
         .doc = "Requests leave file descriptors open that only a restart closes."},
    [FAULT_FAILS_TO_START] = {.name = "fails_to_start",
                              .args = {{.name = "version",
                                        .type = VALUE_TEXT,
                                        .optional = true,
                                        .doc = "only instances of this one"}},
                              .doc = "The process dies as soon as it has started."},
    [FAULT_UNREADY] = {.name = "unready",
                       .args = {{.name = "version",
                                 .type = VALUE_TEXT,
                                 .optional = true,
                                 .doc = "only instances of this one"}},
                       .doc = "The readiness probe answers no."},
    [FAULT_ZONE_DOWN] =
        {.name = "zone_down",
         .args = {{.name = "zone", .type = VALUE_COUNT, .doc = "its number, from 1"}},
         .doc = "Every instance in a zone is gone until it is over."},
};
_Static_assert((int)FAULT_COUNT == (int)SERVICE_FAULTS, "each fault has its words");

/* ---- what they name -------------------------------------------------------------- */

static bool has_version(const struct model *m, comp_id c, const char *version)
{
    size_t n = model_versions(m, c);
    bool yes = n == 0; /* no version has a name */
    for (size_t i = 0; i < n; i++)
        yes |= str_eq(model_version(m, c, i), version);
    return yes;
}

static enum err no_version(const struct model *m, comp_id c, const char *version,
                           struct errmsg *why)
{
    struct buf list;
    buf_init(&list, 0);
    for (size_t i = 0; i < model_versions(m, c); i++)
        buf_addf(&list, "%s%s", i ? ", " : "", model_version(m, c, i));
    enum err e =
        errmsg_set(why, ERR_NOT_FOUND, "%s has no version \"%.60s\"; there are: %.200s",
                   m->comps[c].name, version, list.s);
    buf_release(&list);
    return e;
}

enum err service_names(const struct model *m, const struct action *a,
                       struct errmsg *why)
{
    const struct kind_desc *d = model_kind(m, a->comp);
    if (action_sets(a))
        return ERR_OK;
    if (a->kind == ACTION_FAULT && str_eq(a->name, "zone_down")) {
        long long zone = (long long)a->args[0].as.count;
        long long zones = (long long)model_param(m, a->comp, SP_ZONES)->as.count;
        if (zone < 1 || zone > zones)
            return errmsg_set(why, ERR_INPUT,
                              "%s has no zone %lld: its zones are 1 to %lld",
                              m->comps[a->comp].name, zone, zones);
    }
    const struct arg_desc *args = NULL;
    for (size_t i = 0; a->kind == ACTION_FAULT && i < d->nfaults; i++)
        if (str_eq(d->faults[i].name, a->name))
            args = d->faults[i].args;
    for (size_t i = 0; a->kind == ACTION_OP && i < d->nops; i++)
        if (str_eq(d->ops[i].name, a->name))
            args = d->ops[i].args;
    for (size_t k = 0; args && k < a->nargs; k++)
        if (str_eq(args[k].name, "version") && action_gives(a, k) &&
            !has_version(m, a->comp, a->args[k].as.text))
            return no_version(m, a->comp, a->args[k].as.text, why);
    return ERR_OK;
}
