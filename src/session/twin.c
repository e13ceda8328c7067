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
    return night_open(&t->run, l, seed, NIGHT_TWIN, 0, effort, why);
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

/* Bad requests here in a stretch of time, less those of the twin. */
static double ahead(const struct recording *here, const struct recording *twin,
                    comp_id client, sim_time from, sim_time to)
{
    return recording_fate(here, client, from, to).bad -
           recording_fate(twin, client, from, to).bad;
}

struct impact impact_of(const struct recording *here, const struct recording *twin,
                        comp_id client, sim_time from, sim_time to)
{
    struct fate all = recording_fate(here, client, from, to);
    double bad = ahead(here, twin, client, from, to);
    struct impact h = {.all = (uint64_t)(all.good + all.bad),
                       .bad = bad > 0 ? (uint64_t)bad : 0,
                       .share = NAN,
                       .since = SIM_FOREVER};
    if (h.all > 0)
        h.share = (double)h.bad / (double)h.all;
    if (h.bad == 0)
        return h;
    /* backwards, to the last second at which nobody had been hurt for good */
    sim_time t = to / SIM_SEC * SIM_SEC;
    while (t > from && ahead(here, twin, client, from, t) > 0)
        t -= SIM_SEC;
    h.since = t < from ? from : t;
    return h;
}

bool impact_counts(const struct impact *h, const struct slo *slo)
{
    return h->bad > 0 && slo && h->share > 1 - slo->objective;
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

enum err session_follow_twin(struct session *s, uint64_t *left)
{
    struct errmsg ignored = {0};
    if (!twin_ready(s))
        return ERR_OK;
    sim_time was = run_now(&s->twin.run);
    enum err e = twin_follow(&s->twin, run_now(&s->run), left, &ignored);
    if (e == ERR_OK && run_now(&s->twin.run) > was)
        session_touch(s); /* what users have lost is known now */
    if (e == ERR_LIMIT)
        s->twin_failed = true;
    return e == ERR_STOPPED ? e : ERR_OK;
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
