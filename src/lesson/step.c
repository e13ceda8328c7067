/*
 * Steps: the list of their kinds, how a lesson's are read, and what several kinds share. A
 * step's constructor (ask, look, ...) marks its table; the mark chooses the kind.
 */
#include "binding.h"
#include "step_internal.h"

#include <math.h>
#include <string.h>

/* ---- the list -------------------------------------------------------------------- */

#define X(name, doc) extern const struct step_kind step_kind_##name;
STEP_KINDS(X)
#undef X

static const struct step_kind *const kinds[] = {
#define X(name, doc) &step_kind_##name,
    STEP_KINDS(X)
#undef X
};

size_t step_kinds(void)
{
    return COUNT_OF(kinds);
}

const struct step_kind *step_kind_at(size_t i)
{
    return kinds[i];
}

/* ---- reading --------------------------------------------------------------------- */

void step_read_hints(struct reader *r, const struct field *f, int line, void *out)
{
    struct step *s = out;
    s->nhints = read_length(r, -1, line, f->name);
    if (s->nhints > LESSON_HINTS)
        fail(r->L, line, "%d hints at most", LESSON_HINTS);
    for (size_t i = 0; i < s->nhints; i++) {
        read_enter(r, -1, i);
        read_text(r, line, "a hint", &s->hints[i]);
        read_leave(r);
    }
}

void step_read_moot(struct reader *r, const struct field *f, int line, void *out)
{
    struct step *s = out;
    s->never_moot = lua_type(r->L, -1) == LUA_TBOOLEAN && !lua_toboolean(r->L, -1);
    if (!s->never_moot)
        read_text(r, line, f->name, &s->moot);
}

void step_name(struct reader *r, int line, void *record)
{
    struct step *s = record;
    (void)r;
    (void)line;
    if (!s->title)
        s->title = s->id;
}

/* "ask, look, ... or choose" */
static const char *kind_words(struct arena *mem)
{
    char *words = arena_strdup(mem, kinds[0]->name);
    for (size_t i = 1; i < step_kinds(); i++)
        words = arena_printf(mem, "%s%s%s", words, i + 1 < step_kinds() ? ", " : " or ",
                             kinds[i]->name);
    return words;
}

static const struct step_kind *kind_of(struct reader *r, int line, size_t i)
{
    for (size_t k = 0; k < step_kinds(); k++)
        if (is_marked(r->L, -1, kinds[k]->name))
            return kinds[k];
    fail(r->L, line, "step %zu must be made with %s", i + 1, kind_words(r->mem));
}

void read_steps(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    l->nsteps = read_length(r, -1, line, f->name);
    l->steps = arena_alloc(r->mem, (l->nsteps + 1) * sizeof *l->steps);
    for (size_t i = 0; i < l->nsteps; i++) {
        read_enter(r, -1, i);
        const struct step_kind *kind = kind_of(r, line, i);
        struct step *s = l->steps[i] = arena_alloc(r->mem, kind->size);
        s->kind = kind;
        s->goal = s->moot_when = FN_NONE;
        read_record(r, -1, line, kind->schema, s);
        for (size_t k = 0; k < i; k++)
            if (str_eq(l->steps[k]->id, s->id))
                fail(r->L, mark_line(r->L, -1, line), "two steps are called '%.40s'",
                     s->id);
        read_leave(r);
    }
}

/* ---- a goal to reach ------------------------------------------------------------- */

void step_check_goal(struct reader *r, int line, void *record)
{
    struct step *s = record;
    step_name(r, line, record);
    if (s->goal == FN_NONE)
        fail(r->L, line, "step '%.40s' needs a goal", s->id);
    if (s->nsolution == 0)
        fail(r->L, line, "step '%.40s' needs a solution", s->id);
}

bool step_goal_reached(const struct step *st, const struct step_eyes *eyes)
{
    return eyes->is_true(eyes->ctx, st->goal);
}

/* ---- what a face or a prover asks of any step ------------------------------------ */

bool step_asks(const struct step *st)
{
    return st->kind->answer || st->kind->update || (st->finding && !st->finding->watch);
}

bool step_item(const struct step *st, size_t i, struct step_item *out)
{
    return st->kind->item && st->kind->item(st, i, out);
}

struct step_how step_how(const struct step *st)
{
    return st->kind->how ? st->kind->how(st) : (struct step_how){0};
}

bool step_solve(const struct step *st, size_t i, struct buf *line)
{
    if (st->kind->solve)
        return st->kind->solve(st, i, line);
    if (i < st->nsolution)
        buf_adds(line, st->solution[i]);
    return i < st->nsolution;
}

/* ---- directions ------------------------------------------------------------------ */

const char *direction_word(enum direction d)
{
    static const char *const words[DIRECTION_COUNT] = {
#define X(id, word, phrase) word,
        DIRECTIONS(X)
#undef X
    };
    return d < DIRECTION_COUNT ? words[d] : "";
}

const char *direction_phrase(enum direction d)
{
    static const char *const phrases[DIRECTION_COUNT] = {
#define X(id, word, phrase) phrase,
        DIRECTIONS(X)
#undef X
    };
    return d < DIRECTION_COUNT ? phrases[d] : "";
}

enum direction direction_of(double before, double after)
{
    double scale = fabs(before) > fabs(after) ? fabs(before) : fabs(after);
    double change = after - before;
    if (isnan(before) || isnan(after) || fabs(change) <= 0.15 * scale)
        return DIRECTION_SAME;
    return change > 0 ? DIRECTION_UP : DIRECTION_DOWN;
}
