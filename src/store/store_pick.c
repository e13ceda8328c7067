/*
 * The choice of a run: the one that goes on, the last, the best, the one that somebody
 * named. The list stands in the order of writing, so the last one that fits is the last
 * written.
 */
#include "store_internal.h"

#include <string.h>

size_t store_runs(const struct store *s, const struct store_run **runs)
{
    *runs = s->runs;
    return s->n;
}

const struct store_run *store_run_by_id(const struct store *s, const char *id)
{
    return runs_find(s, id);
}

static enum err several(const struct store *s, const char *prefix, struct errmsg *why)
{
    struct buf names;
    size_t n = strlen(prefix), shown = 0;
    buf_init(&names, 300);
    for (size_t i = s->n; i-- > 0 && shown < 3;)
        if (strncmp(s->runs[i].id, prefix, n) == 0)
            buf_addf(&names, "%s%s", shown++ > 0 ? ", " : "", s->runs[i].id);
    enum err e = errmsg_set(why, ERR_INPUT,
                            "several runs begin with '%s': %s%s. Type more of the one",
                            prefix, names.s, shown == 3 ? " ..." : "");
    buf_release(&names);
    return e;
}

enum err store_run_by_prefix(const struct store *s, const char *prefix,
                             const struct store_run **run, struct errmsg *why)
{
    size_t n = strlen(prefix), fits = 0;
    *run = n > 0 ? runs_find(s, prefix) : NULL;
    if (*run)
        return ERR_OK;
    for (size_t i = 0; n > 0 && i < s->n; i++)
        if (strncmp(s->runs[i].id, prefix, n) == 0) {
            *run = &s->runs[i];
            fits++;
        }
    if (fits > 1)
        return several(s, prefix, why);
    return fits == 1 ? ERR_OK
                     : errmsg_set(why, ERR_NOT_FOUND, "there is no run '%s'", prefix);
}

static bool is_of(const struct store_run *r, const char *lesson)
{
    return !lesson || strcmp(r->lesson, lesson) == 0;
}

/* The last run that was left in the middle, halted or not. Of a drawn one nobody is to know
 * which lesson it is of. */
static const struct store_run *last_open(const struct store *s, const char *lesson,
                                         bool touched)
{
    for (size_t i = s->n; i-- > 0;) {
        const struct store_run *r = &s->runs[i];
        if (r->finished == 0 && !r->dropped && is_of(r, lesson) &&
            !(lesson && r->mode == MODE_BLIND) && (!touched || tape_touched(s, r)))
            return r;
    }
    return NULL;
}

const struct store_run *store_drawn(const struct store *s)
{
    for (size_t i = s->n; i-- > 0;) {
        const struct store_run *r = &s->runs[i];
        if (r->mode == MODE_BLIND && r->finished == 0 && !r->dropped &&
            r->halt == HALT_NONE && tape_touched(s, r))
            return r;
    }
    return NULL;
}

const struct store_run *store_unfinished(const struct store *s, const char *lesson)
{
    const struct store_run *r = last_open(s, lesson, false);
    return r && r->halt == HALT_NONE ? r : NULL;
}

const struct store_run *store_begun(const struct store *s, const char *lesson)
{
    const struct store_run *r = last_open(s, lesson, true);
    return r && r->halt == HALT_NONE ? r : NULL;
}

const struct store_run *store_halted(const struct store *s, const char *lesson)
{
    const struct store_run *r = last_open(s, lesson, true);
    return r && r->halt != HALT_NONE ? r : NULL;
}

const struct store_run *store_finished(const struct store *s, const char *lesson)
{
    for (size_t i = s->n; i-- > 0;)
        if (s->runs[i].finished != 0 && is_of(&s->runs[i], lesson))
            return &s->runs[i];
    return NULL;
}

const struct store_run *store_ending(const struct store *s, const char *lesson,
                                     size_t i)
{
    for (size_t k = s->n; k-- > 0;)
        if (s->runs[k].finished != 0 && is_of(&s->runs[k], lesson) && i-- == 0)
            return &s->runs[k];
    return NULL;
}

static bool is_scored(const struct store_run *r, const char *lesson)
{
    return r->finished != 0 && r->score >= 0 && r->vouched && is_of(r, lesson);
}

/* Of a drawn night on which nothing was wrong; it says nothing of the lesson's incident. */
static bool was_quiet(const struct store_run *r)
{
    return r->mode == MODE_BLIND &&
           (r->outcome == OUTCOME_CLEAR || r->outcome == OUTCOME_MEDDLED);
}

static const struct store_run *better(const struct store_run *a,
                                      const struct store_run *b)
{
    return !a || (b && b->score > a->score) ? b : a;
}

const struct store_run *store_best_as(const struct store *s, const char *lesson,
                                      bool on_call)
{
    const struct store_run *best = NULL;
    for (size_t i = 0; i < s->n; i++)
        if (is_scored(&s->runs[i], lesson) && !was_quiet(&s->runs[i]) &&
            mode_on_call(s->runs[i].mode) == on_call)
            best = better(best, &s->runs[i]);
    return best;
}

const struct store_run *store_best(const struct store *s, const char *lesson)
{
    return better(store_best_as(s, lesson, false), store_best_as(s, lesson, true));
}
