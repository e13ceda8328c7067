/*
 * The healthy twin (see twin.h). It is a run like any other; what is particular to it is
 * what was left out of its world, and that it is compared second by second.
 */
#include "twin.h"
#include "session_internal.h"

#include <math.h>
#include <string.h>

/* ---- the other night ------------------------------------------------------------- */

enum err night_open(struct run *out, const struct lesson *l, uint64_t seed,
                    enum night night, size_t entry, struct effort *effort,
                    struct errmsg *why)
{
    memset(out, 0, sizeof *out);
    struct stage *g = stage_night(l, seed, night, entry, why);
    if (!g)
        return ERR_LESSON;
    enum err e = run_open(out, g, seed, why);
    stage_unref(g);
    out->effort = effort;
    return e;
}

enum err twin_open(struct twin *t, const struct lesson *l, uint64_t seed,
                   struct effort *effort, struct errmsg *why)
{
    enum err e = night_open(&t->run, l, seed, NIGHT_TWIN, 0, effort, why);
    if (e == ERR_OK)
        run_keep_users(&t->run);
    return e;
}

enum err twin_without(struct run *out, const struct lesson *l, uint64_t seed,
                      size_t entry, struct effort *effort, struct errmsg *why)
{
    return night_open(out, l, seed, NIGHT_WITHOUT, entry, effort, why);
}

enum err twin_follow(struct twin *t, sim_time until, uint64_t *left, struct errmsg *why)
{
    if (run_now(&t->run) >= until && !t->run.midway)
        return ERR_OK;
    return run_advance(&t->run, until, left, NULL, why);
}

void twin_release(struct twin *t)
{
    run_release(&t->run);
}

/* ---- the difference -------------------------------------------------------------- */

/* Up to so many, requests are on their way and not missing. */
#define ON_THEIR_WAY 3

/* Bad requests here in a stretch of time, less those of the twin. */
static double ahead(const struct recording *here, const struct recording *twin,
                    comp_id client, sim_time from, sim_time to)
{
    return recording_fate(here, client, from, to).bad -
           recording_fate(twin, client, from, to).bad;
}

static double came(const struct recording *rec, comp_id client, sim_time from,
                   sim_time to)
{
    struct fate f = recording_fate(rec, client, from, to);
    return f.good + f.bad;
}

/* Users of one client who came on the healthy night and not here. The fate of a request
 * is known once it is late, so that those of the last moments may still come. */
static double missing_of(const struct recording *here, const struct recording *twin,
                         comp_id client, sim_time from, sim_time to)
{
    const struct slo *slo = model_get_slo(recording_model(here));
    sim_time known = to - (slo ? slo->within : 0);
    if (known <= from)
        return 0;
    double missing = came(twin, client, from, known) - came(here, client, from, to);
    return missing > ON_THEIR_WAY ? missing : 0;
}

/* Client by client: where one tries again and again, another is still missing. */
double users_missing(const struct recording *here, const struct recording *twin,
                     comp_id client, sim_time from, sim_time to)
{
    const struct model *m = recording_model(here);
    if (!twin)
        return 0;
    if (client != COMP_NONE)
        return missing_of(here, twin, client, from, to);
    double sum = 0;
    for (size_t i = 0; i < model_comps(m); i++)
        if (model_in_slo(m, (comp_id)i))
            sum += missing_of(here, twin, (comp_id)i, from, to);
    return sum;
}

double users_lost(const struct recording *here, const struct recording *twin,
                  comp_id client, sim_time from, sim_time to)
{
    if (!twin)
        return recording_fate(here, client, from, to).bad;
    double bad = ahead(here, twin, client, from, to);
    return (bad > 0 ? bad : 0) + users_missing(here, twin, client, from, to);
}

typedef double harm_fn(const struct recording *here, const struct recording *twin,
                       comp_id client, sim_time from, sim_time to);

/* Backwards, to the last second at which nobody had been hurt for good. */
static sim_time first_hurt(const struct recording *here, const struct recording *twin,
                           comp_id client, sim_time from, sim_time to, harm_fn *harm)
{
    sim_time t = to / SIM_SEC * SIM_SEC;
    while (t > from && harm(here, twin, client, from, t) > 0)
        t -= SIM_SEC;
    return t < from ? from : t;
}

struct impact impact_of(const struct recording *here, const struct recording *twin,
                        comp_id client, sim_time from, sim_time to)
{
    double all = came(here, client, from, to);
    if (!twin)
        return (struct impact){
            .all = (uint64_t)all, .share = NAN, .since = SIM_FOREVER};
    double bad = ahead(here, twin, client, from, to);
    double missing = users_missing(here, twin, client, from, to);
    double lost = (bad > 0 ? bad : 0) + missing;
    struct impact h = {.all = (uint64_t)(all + missing),
                       .lost = (uint64_t)lost,
                       .share = NAN,
                       .since = SIM_FOREVER};
    if (h.all > 0)
        h.share = (double)h.lost / (double)h.all;
    if (h.lost > 0)
        h.since =
            first_hurt(here, twin, client, from, to, bad > 0 ? ahead : users_lost);
    return h;
}

bool impact_counts(const struct impact *h, const struct slo *slo)
{
    return h->lost > 0 && slo && h->share > 1 - slo->objective;
}

/* ---- a session's ----------------------------------------------------------------- */

/* An operator cannot mend a lesson whose twin cannot be built or runs away: it goes on
 * without, and the proof says so. */
static bool twin_ready(struct session *s)
{
    struct errmsg ignored = {0};
    if (s->twin_failed)
        return false;
    if (!s->twin.run.world)
        s->twin_failed =
            twin_open(&s->twin, s->lesson, s->seed, s->run.effort, &ignored) != ERR_OK;
    return !s->twin_failed;
}

enum err session_twin_to(struct session *s, sim_time until, uint64_t *left)
{
    struct errmsg ignored = {0};
    if (!twin_ready(s))
        return ERR_OK;
    sim_time was = run_now(&s->twin.run);
    enum err e = twin_follow(&s->twin, until, left, &ignored);
    if (e == ERR_OK && run_now(&s->twin.run) > was && was < run_now(&s->run))
        session_touch(s); /* the users' losses are known now */
    if (e == ERR_LIMIT)
        s->twin_failed = true;
    return e == ERR_STOPPED ? e : ERR_OK;
}

enum err session_follow_twin(struct session *s, uint64_t *left)
{
    return session_twin_to(s, run_now(&s->run), left);
}

const struct recording *session_twin_at(struct session *s, sim_time until)
{
    struct errmsg ignored = {0};
    if (!twin_ready(s))
        return NULL;
    enum err e = twin_follow(&s->twin, until, NULL, &ignored);
    if (e == ERR_STOPPED)
        BUG("a twin without a limit stopped");
    s->twin_failed |= e != ERR_OK;
    return s->twin_failed ? NULL : s->twin.run.rec;
}

const struct recording *session_twin(struct session *s)
{
    return session_twin_at(s, run_now(&s->run));
}

struct impact session_impact(struct session *s, comp_id client, sim_time from)
{
    const struct recording *twin = session_twin(s);
    sim_time now = run_now(&s->run);
    if (twin)
        return impact_of(s->run.rec, twin, client, from, now);
    return (struct impact){.share = NAN, .since = SIM_FOREVER};
}
