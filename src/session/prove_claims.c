/*
 * Proof that the guide says true, whatever the learner did first. Every fix and every
 * wrong turn is played before the first step, and again wherever the guided way has
 * moved the clock. After it, at several moments, each step that could be open then is
 * looked at: the claims of its question, hints and replies have to hold. What is said
 * on the way (traps, what a step says when it is done) is held to its claims as it is
 * said.
 *
 * Questions take no time, so that one play of a course stands for all steps which begin at
 * its moment; and where no text with a claim is left to come, no course is played. The plays
 * of a seed still cost more than all else of its proof does: they are done in one seed of
 * PROVE_EVERY.
 */
#include "prove_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXTS_MAX = 200 };

/* Moments after a course at which the texts are looked at. */
static const sim_time moments[] = {0, SIM_MIN, 3 * SIM_MIN, 8 * SIM_MIN, 20 * SIM_MIN};
#define MOMENTS (COUNT_OF(moments))

/* The finding about one text: "stop: say". */
struct text_row {
    char name[48];
    char bad[320]; /* "": every claim held */
};
struct looking {
    struct prover *pv;
    struct onlooker onlooker; /* of the session that is looked at, and of its forks */
    sim_time last;            /* when courses were played last; -1: not yet */
    const char *course;       /* the course played; "": none */
    size_t begun;             /* the step that was open before it */
    struct text_row *rows;
    size_t nrows;
};

/* ---- one text -------------------------------------------------------------------- */

static struct text_row *row_of(struct looking *look, const char *name)
{
    size_t i = 0;
    while (i < look->nrows && !str_eq(look->rows[i].name, name))
        i++;
    if (i == TEXTS_MAX)
        return NULL;
    if (i == look->nrows) {
        snprintf(look->rows[i].name, sizeof look->rows[i].name, "%s", name);
        look->nrows++;
    }
    return &look->rows[i];
}

/* The first claim that does not hold; FN_NONE: all do. */
static fn_id broken_claim(struct session *s, const fn_id *claims, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!session_true(s, claims[i]))
            return claims[i];
    return FN_NONE;
}

static void tell_bad(const struct looking *look, const struct session *s,
                     const struct variant *v, fn_id claim, struct text_row *row)
{
    struct buf at;
    char parts[160];
    prove_parts(&s->run, claim, parts);
    buf_init(&at, 32);
    clock_format(&at, lesson_info(s->lesson)->day_start, run_now(&s->run), true);
    if (s->broken.text[0] != '\0')
        snprintf(row->bad, sizeof row->bad, "%.190s", s->broken.text);
    else if (*look->course)
        snprintf(row->bad, sizeof row->bad,
                 "not so at %s after '%.40s', done at step %zu: \"%.60s…\"%s", at.s,
                 look->course, look->begun + 1, v->words, parts);
    else
        snprintf(row->bad, sizeof row->bad,
                 "not so at %s on the guided way: \"%.80s…\"%s", at.s, v->words, parts);
    buf_release(&at);
}

static bool claims(const struct text *t)
{
    bool yes = t && t->nclaims > 0;
    for (size_t i = 0; t && i < t->n; i++)
        yes |= t->variants[i].nclaims > 0;
    return yes;
}

static void look_at(struct looking *look, struct session *s, const struct text *t,
                    const char *id, const char *what)
{
    char name[48];
    if (!claims(t))
        return;
    snprintf(name, sizeof name, "%.30s: %s", id, what);
    struct text_row *row = row_of(look, name);
    const struct variant *v = session_variant(s, t);
    if (!row || *row->bad || !v)
        return;
    fn_id claim = broken_claim(s, t->claims, t->nclaims);
    if (claim == FN_NONE)
        claim = broken_claim(s, v->claims, v->nclaims);
    if (claim != FN_NONE)
        tell_bad(look, s, v, claim, row);
}

/* Looks at a text that a session says while it is played. */
static void shown(void *ctx, struct session *s, const struct text *t, const char *what)
{
    const struct step *st = step_current(s);
    const char *id = st ? st->id : "the end";
    for (size_t i = 0; i < lesson_traps(s->lesson); i++)
        if (t == &lesson_trap(s->lesson, i)->say)
            id = lesson_trap(s->lesson, i)->id;
    look_at(ctx, s, t, id, what);
}

/* ---- all that could be open now -------------------------------------------------- */

static bool step_claims(const struct step *st)
{
    bool yes = claims(&st->say) || claims(&st->done) || claims(&st->moot);
    for (size_t i = 0; i < st->nhints; i++)
        yes |= claims(&st->hints[i]);
    for (size_t i = 0; i < st->nchoices; i++)
        yes |= claims(&st->choices[i].reply);
    return yes;
}

/* A text with a claim may still be shown. */
static bool claims_to_come(const struct session *s)
{
    bool yes = false;
    for (size_t i = s->step; i < lesson_steps(s->lesson); i++)
        yes |= step_claims(lesson_step(s->lesson, i));
    for (size_t i = 0; i < lesson_traps(s->lesson); i++)
        yes |=
            s->trapped_at[i] == SIM_FOREVER && claims(&lesson_trap(s->lesson, i)->say);
    return yes;
}

static void look_at_step(struct looking *look, struct session *s, const struct step *st)
{
    char what[32];
    look_at(look, s, &st->say, st->id, "say");
    for (size_t i = 0; i < st->nhints; i++) {
        snprintf(what, sizeof what, "hint %zu", i + 1);
        look_at(look, s, &st->hints[i], st->id, what);
    }
    for (size_t i = 0; i < st->nchoices; i++) {
        snprintf(what, sizeof what, "reply %zu", i + 1);
        look_at(look, s, &st->choices[i].reply, st->id, what);
    }
}

/* From the open step on, up to one that mends and has not: nobody gets past it without
 * skipping. */
static void look_around(struct looking *look, struct session *s)
{
    size_t open = s->step;
    for (; s->step < lesson_steps(s->lesson); s->step++) {
        const struct step *st = step_current(s);
        bool done = step_reached(s);
        if (!done && !step_is_moot(s))
            look_at_step(look, s, st);
        if (!done && st->kind->mends)
            break;
    }
    s->step = open;
}

/* ---- courses --------------------------------------------------------------------- */

/* Waits so that nothing ends it early but the end. */
static void wait_until(struct session *s, sim_time t)
{
    struct errmsg why = {0};
    for (int i = 0; i < 200 && run_now(&s->run) < t && s->phase == PHASE_PLAY; i++) {
        session_wait(s, t - run_now(&s->run));
        if (session_advance(s, t, &why) != ERR_OK)
            break;
    }
}

/* Holds the debrief and its sums to their claims: after every fix, and every wrong
 * turn. */
static void look_at_debrief(struct looking *look, struct session *s)
{
    char what[32];
    look_at(look, s, lesson_debrief(s->lesson), "debrief", "text");
    for (size_t i = 0; i < lesson_sums(s->lesson); i++) {
        snprintf(what, sizeof what, "sum %zu", i + 1);
        look_at(look, s, lesson_sum(s->lesson, i), "debrief", what);
    }
}

static enum err play_course(struct looking *look, const struct session *from,
                            const struct course *c, sim_time longest,
                            struct errmsg *why)
{
    struct session *s;
    enum err e = session_fork(&s, from, why);
    if (e != ERR_OK)
        return e;
    sim_time end = lesson_info(s->lesson)->ends_at;
    s->run.twice = false;
    look->course = c->title;
    look->begun = s->step;
    for (size_t i = 0; i < c->nlines && s->phase == PHASE_PLAY; i++)
        prove_play_line(s, c->lines[i], SIZE_MAX);
    sim_time done = run_now(&s->run);
    for (size_t i = 0; i < MOMENTS && moments[i] <= longest; i++) {
        wait_until(s, done + moments[i] < end ? done + moments[i] : end);
        if (s->phase != PHASE_PLAY)
            break;
        look_around(look, s);
    }
    look_at_debrief(look, s);
    look->course = "";
    session_free(s);
    return ERR_OK;
}

static enum err play_courses(struct looking *look, const struct session *s, bool first,
                             struct errmsg *why)
{
    const struct lesson *l = s->lesson;
    sim_time longest = first ? 20 * SIM_MIN : 3 * SIM_MIN;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < lesson_fixes(l); i++)
        e = play_course(look, s, lesson_fix(l, i), longest, why);
    for (size_t i = 0; e == ERR_OK && i < lesson_wrongs(l); i++)
        e = play_course(look, s, lesson_wrong(l, i), longest, why);
    return e;
}

/* ---- waiting alone --------------------------------------------------------------- */

/* A step whose own solution is to wait says so. */
static bool only_waits(const struct step *st)
{
    bool yes = st->nsolution > 0;
    for (size_t i = 0; i < st->nsolution; i++)
        yes &= str_starts(st->solution[i], "wait");
    return yes;
}

static enum err wait_alone(struct looking *look, const struct session *from,
                           struct errmsg *why)
{
    const struct step *st = step_current(from);
    struct session *s;
    if (!st->kind->reached || only_waits(st))
        return ERR_OK;
    enum err e = session_fork(&s, from, why);
    if (e != ERR_OK)
        return e;
    s->onlooker = NULL;
    s->run.twice = false;
    sim_time good_for = lesson_info(s->lesson)->good_for;
    sim_time patience = st->kind->mends ? good_for + 2 * SIM_MIN : 3 * SIM_MIN;
    sim_time end = lesson_info(s->lesson)->ends_at, until = run_now(&s->run) + patience;
    wait_until(s, until < end ? until : end);
    prove_result(look->pv, PROOF_STEPS, "none is done by waiting alone",
                 s->step == from->step, NAN, "step %s is done by waiting alone",
                 st->id);
    session_free(s);
    return ERR_OK;
}

/* ---- the way --------------------------------------------------------------------- */

struct looking *looking_new(struct prover *pv, struct session *s)
{
    if (!pv->thorough || !prove_wants(pv, PROOF_CLAIMS, NULL))
        return NULL;
    struct looking *look = mem_alloc(sizeof *look);
    look->pv = pv;
    look->course = "";
    look->last = -1;
    look->rows = mem_array(TEXTS_MAX, sizeof *look->rows);
    look->onlooker = (struct onlooker){shown, look};
    s->onlooker = &look->onlooker;
    return look;
}

enum err looking_around(struct looking *look, struct session *s, struct errmsg *why)
{
    sim_time now = run_now(&s->run);
    enum err e = ERR_OK;
    if (!look || !step_current(s))
        return ERR_OK;
    if (now != look->last && claims_to_come(s))
        e = play_courses(look, s, look->last < 0, why);
    look->last = now;
    if (e == ERR_OK)
        e = wait_alone(look, s, why);
    look_at_step(look, s, step_current(s));
    return e;
}

void looking_end(struct looking *look)
{
    if (!look)
        return;
    for (size_t i = 0; i < look->nrows; i++)
        prove_result(look->pv, PROOF_CLAIMS, look->rows[i].name, !*look->rows[i].bad,
                     NAN, "%s", look->rows[i].bad);
    mem_free(look->rows);
    mem_free(look);
}
