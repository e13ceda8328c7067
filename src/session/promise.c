/*
 * Promises of data and freshness, asked of a run (promise.h). Counts of what was broken are
 * asked of both ends of a stretch of time, so that a run keeps no history of them.
 */
#include "promise.h"
#include "truecode/picture.h"

#include <math.h>
#include <string.h>

size_t run_wards(const struct run *r)
{
    const struct lesson *l = run_lesson(r);
    return lesson_data_promises(l) + lesson_fresh_promises(l);
}

/* How often a promise was broken from the beginning until `at`; NaN: its function raised. */
static double broken_until(const struct run *r, const struct data_promise *p,
                           sim_time at)
{
    struct lesson_facts f = run_facts(r);
    struct errmsg ignored = {0};
    double n = 0;
    f.as_of = at > 0 ? at : 1;
    return lesson_number(r->lua, p->broken, &f, &n, &ignored) == ERR_OK ? n : NAN;
}

static struct ward data_ward(const struct run *r, const struct data_promise *p,
                             sim_time from, sim_time to)
{
    struct ward w = {.name = p->name, .kept = true, .counted = p->broken != FN_NONE};
    struct errmsg ignored = {0};
    bool holds = true;
    if (p->holds != FN_NONE && to == run_now(r))
        w.kept = run_test(r, p->holds, &holds, &ignored) == ERR_OK && holds;
    if (p->broken == FN_NONE) {
        w.harm = w.kept ? 0 : 1;
        return w;
    }
    double more = broken_until(r, p, to) - broken_until(r, p, from);
    w.harm = more > 0 ? more : 0;
    w.kept &= more <= 0;
    return w;
}

static struct ward fresh_ward(const struct run *r, size_t i, sim_time from, sim_time to)
{
    const struct fresh_promise *p = lesson_fresh_promise(run_lesson(r), i);
    comp_id c = r->stage->lw.fresh[i].comp;
    sim_time stale = recording_stale(r->rec, c, p->within, from, to);
    bool known = !isnan(recording_age(r->rec, c, from, to));
    return (struct ward){.name = p->name,
                         .kept = known && stale == 0,
                         .harm = (double)(stale / SIM_SEC),
                         .seconds = true};
}

struct ward run_ward(const struct run *r, size_t i, sim_time from, sim_time to)
{
    const struct lesson *l = run_lesson(r);
    size_t data = lesson_data_promises(l);
    return i < data ? data_ward(r, lesson_data_promise(l, i), from, to)
                    : fresh_ward(r, i - data, from, to);
}

const char *run_broken(const struct run *r, sim_time window)
{
    sim_time now = run_now(r);
    for (size_t i = 0; i < run_wards(r); i++) {
        struct ward w = run_ward(r, i, now - window, now);
        if (!w.kept)
            return w.name;
    }
    return NULL;
}

void ward_words(const struct ward *w, double harm, struct buf *out)
{
    if (w->seconds)
        time_format(out, (sim_time)harm * SIM_SEC);
    else
        number_count(out, harm);
}
