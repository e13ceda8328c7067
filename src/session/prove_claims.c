/*
 * Is what the guide says true, whatever the learner did first? Every fix and every wrong
 * turn is played before the first step, and again wherever the guided way has moved the
 * clock. After it, at several moments, each step that could be open then is looked at: the
 * claims of its question, hints and replies have to hold. What is said on the way (traps,
 * what a step says when it is done) is held to its claims as it is said.
 *
 * Questions take no time, so that one play of a course stands for all steps which begin at
 * its moment. A whole seed's plays cost about as much as its courses do a second time; they
 * are done in one seed of CLAIMS_EVERY: 1, 11, 21 …
 */
#include "prove_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLAIMS_EVERY = 10, TEXTS_MAX = 200 };

/* Moments after a course at which the texts are looked at. */
static const sim_time moments[] = {0, SIM_MIN, 3 * SIM_MIN, 8 * SIM_MIN, 20 * SIM_MIN};
#define MOMENTS (sizeof moments / sizeof *moments)

/* The finding about one text: "stop: say". */
struct text_row {
    char name[48];
    char bad[200]; /* "": every claim held */
};
struct looking {
    struct prover *pv;
    const char *course; /* that was played; "": none */
    size_t begun;       /* the step that was open before it */
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

static bool hold(struct session *s, const fn_id *claims, size_t n)
{
    bool yes = true;
    for (size_t i = 0; i < n && yes; i++)
        yes = session_true(s, claims[i]);
    return yes;
}

static void tell_bad(const struct looking *look, const struct session *s,
                     const struct variant *v, struct text_row *row)
{
    struct buf at;
    buf_init(&at, 32);
    clock_format(&at, lesson_info(s->lesson)->day_start, run_now(&s->run), true);
    if (s->broken.text[0] != '\0')
        snprintf(row->bad, sizeof row->bad, "%.190s", s->broken.text);
    else if (*look->course)
        snprintf(row->bad, sizeof row->bad,
                 "not so at %s after '%.40s', done at step %zu: \"%.60s…\"", at.s,
                 look->course, look->begun + 1, v->words);
    else
        snprintf(row->bad, sizeof row->bad,
                 "not so at %s on the guided way: \"%.80s…\"", at.s, v->words);
    buf_release(&at);
}

static void look_at(struct looking *look, struct session *s, const struct text *t,
                    const char *id, const char *what)
{
    char name[48];
    bool claims = t && t->nclaims > 0;
    for (size_t i = 0; t && i < t->n; i++)
        claims |= t->variants[i].nclaims > 0;
    if (!claims)
        return;
    snprintf(name, sizeof name, "%.30s: %s", id, what);
    struct text_row *row = row_of(look, name);
    const struct variant *v = session_variant(s, t);
    if (!row || *row->bad || !v)
        return;
    if (!hold(s, t->claims, t->nclaims) || !hold(s, v->claims, v->nclaims))
        tell_bad(look, s, v, row);
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

/* ---- all that could be open now ---------------------------------------------------- */

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

/* ---- courses ---------------------------------------------------------------------- */

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

static enum err play_course(struct looking *look, const struct session *from,
                            const struct course *c, sim_time longest,
                            struct errmsg *why)
{
    struct session *s;
    enum err e = session_fork(&s, from, why);
    if (e != ERR_OK)
        return e;
    sim_time end = lesson_info(s->lesson)->ends_at;
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

/* ---- waiting alone ----------------------------------------------------------------- */

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

/* ---- the way ---------------------------------------------------------------------- */

static enum err walk(struct looking *look, struct session *s, struct errmsg *why)
{
    sim_time last = -1;
    enum err e = ERR_OK;
    for (size_t next = 0; e == ERR_OK && step_current(s) && s->step >= next;) {
        next = s->step + 1;
        if (run_now(&s->run) != last)
            e = play_courses(look, s, last < 0, why);
        last = run_now(&s->run);
        if (e == ERR_OK)
            e = wait_alone(look, s, why);
        look_at_step(look, s, step_current(s));
        prove_play_step(s);
    }
    return e;
}

static void judge(const struct looking *look)
{
    for (size_t i = 0; i < look->nrows; i++)
        prove_result(look->pv, PROOF_CLAIMS, look->rows[i].name, !*look->rows[i].bad,
                     NAN, "%s", look->rows[i].bad);
}

enum err prove_claims(struct prover *pv, struct errmsg *why)
{
    struct session *s;
    struct looking look = {.pv = pv, .course = ""};
    struct onlooker onlooker = {shown, &look};
    struct session_options o = {
        .lesson = pv->lesson, .seed = pv->seed, .effort = &pv->effort};
    if (pv->seed % CLAIMS_EVERY != 1 || lesson_steps(pv->lesson) == 0)
        return ERR_OK;
    enum err e = session_open(&s, &o, why);
    if (e != ERR_OK)
        return e;
    look.rows = mem_array(TEXTS_MAX, sizeof *look.rows);
    s->onlooker = &onlooker;
    session_read(s);
    e = walk(&look, s, why);
    judge(&look);
    mem_free(look.rows);
    session_free(s);
    return e;
}
