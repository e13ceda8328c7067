/*
 * The score, from what happened to users, with the reference run as par. The reference
 * and doing nothing are forked where the learner first changed something, so reading is
 * free, and all meet the same customers. Who leaves early is not spared what follows:
 * all three runs go on, with nobody's hands on them, until a verdict on the last change
 * is due.
 *
 *     users spared   (nothing - you) / (nothing - reference), in bad user requests, 0..1
 *     no harm done   1 - (the most that "you" was ever behind "nothing", for any group of
 *                    users) / (a quarter of nothing's total)
 *     diagnosis      a right suspicion is open: 0.8; with a fact looked at there: 1; half
 *                    where a wrong one stands beside it. In a lesson whose steps ask for no
 *                    suspicion: its questions, a quarter less for each wrong answer
 *     verified       how long they watched after the last change, of what the lesson asks;
 *                    half where they called it better than it was
 *     told people    the best update: its share of the fields; half where its number is off
 *                    by more than a factor of two
 *
 * Doing nothing where something is wrong spares nobody and contains nothing. In a shift
 * without a fault it is the right thing, and any change is a loss.
 */
#include "session_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SETTLE SIM_MIN        /* what a change may need to take effect */
#define SLICE  (30 * SIM_SEC) /* a lesson's own good_for looks at such pieces */

/* ---- the branch that counts ------------------------------------------------------ */

const struct run *scored_run(const struct session *s)
{
    return s->practice ? &s->first.run : &s->run;
}

size_t scored_notes(const struct session *s)
{
    return s->practice ? s->first.nnotes : s->nnotes;
}

size_t scored_saids(const struct session *s)
{
    return s->practice ? s->first.nsaids : s->nsaids;
}

size_t scored_seen(const struct session *s)
{
    return s->practice ? s->first.nseen : s->seen_ever.n;
}

size_t scored_hints(const struct session *s)
{
    return s->practice ? s->first.hints : s->hints_total;
}

const struct done_action *scored_actions(const struct session *s, size_t *n)
{
    *n = s->practice ? s->first.nactions : s->nactions;
    return s->practice ? s->first.actions : s->actions;
}

bool note_open(const struct session *s, const struct note *n)
{
    assert(n);
    return s->practice ? n->open_then : n->open;
}

static double clamp01(double x)
{
    return x < 0 || isnan(x) ? 0 : x > 1 ? 1 : x;
}

/* ---- the rivals ------------------------------------------------------------------ */

/* Runs on; a world that runs away has ended there. */
static enum err run_on(struct run *r, sim_time end, struct errmsg *why)
{
    assert(r->world);
    enum err e = run_advance(r, end, NULL, NULL, why);
    return e == ERR_LIMIT ? ERR_OK : e;
}

/* A line that is refused at the learner's hour is left out. */
static enum err run_reference(struct run *r, const struct course *c, sim_time end,
                              struct errmsg *why)
{
    for (size_t i = 0; i < c->nlines && run_now(r) < end; i++) {
        struct errmsg refused = {0};
        if (run_line(r, c->lines[i], end, &refused) == ERR_LIMIT)
            break;
    }
    return run_on(r, end, why);
}

/* When a verdict on the last change is due; the learner's end, if that is later. */
static sim_time verdict_at(const struct session *s)
{
    assert(s->run.world);
    const struct lesson_info *li = lesson_info(s->lesson);
    const struct run *r = scored_run(s);
    sim_time from = r->last_change == SIM_FOREVER ? li->starts_at : r->last_change;
    sim_time due = from + SETTLE + li->good_for, now = run_now(r);
    due = due < li->ends_at ? due : li->ends_at;
    return s->over && due > now ? due : now;
}

static void end_together(struct rivals *v)
{
    const struct run *runs[] = {&v->you, &v->nothing, &v->reference};
    for (size_t i = 0; i < 3; i++)
        if (runs[i]->world && run_now(runs[i]) < v->to)
            v->to = run_now(runs[i]);
}

static enum err run_all(const struct session *s, struct rivals *v,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why)
{
    const struct run *from = s->fork.world ? &s->fork : &s->begin;
    enum err e = run_fork(&v->you, scored_run(s), why);
    if (e == ERR_OK)
        e = run_on(&v->you, v->to, why);
    if (e == ERR_OK)
        e = run_fork(&v->nothing, from, why);
    if (e == ERR_OK)
        e = run_on(&v->nothing, v->to, why);
    if (progress)
        progress(ctx, 0.5);
    if (e != ERR_OK || lesson_fixes(s->lesson) == 0)
        return e;
    e = run_fork(&v->reference, from, why);
    v->has_reference = e == ERR_OK;
    return e == ERR_OK
               ? run_reference(&v->reference, lesson_fix(s->lesson, 0), v->to, why)
               : e;
}

enum err rivals_run(const struct session *s, struct rivals *v,
                    void (*progress)(void *ctx, double share), void *ctx,
                    struct errmsg *why)
{
    memset(v, 0, sizeof(*v));
    v->from = lesson_info(s->lesson)->starts_at;
    v->left = run_now(scored_run(s));
    v->to = verdict_at(s);
    enum err e = run_all(s, v, progress, ctx, why);
    if (e == ERR_OK)
        end_together(v);
    if (progress)
        progress(ctx, 1);
    return e;
}

void rivals_release(struct rivals *v)
{
    run_release(&v->you);
    run_release(&v->nothing);
    run_release(&v->reference);
    memset(v, 0, sizeof(*v));
}

/* ---- the parts ------------------------------------------------------------------- */

static bool changed(const struct session *s)
{
    return scored_run(s)->last_change != SIM_FOREVER;
}

/* The right thing was to leave it alone. */
static bool quiet(const struct session *s)
{
    return lesson_info(s->lesson)->quiet;
}

static double users_spared(const struct session *s, const struct score *sc)
{
    double par = (double)sc->bad_nothing - (double)sc->bad_reference;
    double you = (double)sc->bad_nothing - (double)sc->bad_you;
    if (!changed(s))
        return quiet(s) ? 1 : 0;
    if (par < 1)
        return you >= 0 ? 1 : 0;
    return clamp01(you / par);
}

/* A client's bad user requests so far; all of them where it is COMP_NONE. */
static double bad_so_far(const struct recording *rec, comp_id client, sim_time from,
                         sim_time t)
{
    struct series sr;
    struct errmsg why = {0};
    if (client == COMP_NONE)
        return (double)recording_bad_count(rec, from, t);
    if (series_find(rec, client, "bad_total", 0, &sr, &why) != ERR_OK)
        return 0;
    double a = series_at(rec, sr, from), b = series_at(rec, sr, t);
    return isnan(b) ? 0 : b - (isnan(a) ? 0 : a);
}

/* How far these users were ever behind doing nothing, 1: not at all. */
static double contained(const struct rivals *v, comp_id client)
{
    assert(v->you.world);
    double behind = 0;
    for (sim_time t = v->from; t <= v->to; t += SIM_SEC) {
        double d = bad_so_far(v->you.rec, client, v->from, t) -
                   bad_so_far(v->nothing.rec, client, v->from, t);
        behind = d > behind ? d : behind;
    }
    double scale = bad_so_far(v->nothing.rec, COMP_NONE, v->from, v->to) / 4;
    return clamp01(1 - behind / (scale > 10 ? scale : 10));
}

static double containment(const struct session *s, const struct rivals *v)
{
    const struct model *m = s->run.stage->lw.model;
    if (changed(s) == quiet(s))
        return 0;
    double worst = contained(v, COMP_NONE);
    for (size_t i = 0; i < model_comps(m); i++) {
        if (!str_eq(model_kind(m, (comp_id)i)->name, "client"))
            continue;
        double c = contained(v, (comp_id)i);
        worst = c < worst ? c : worst;
    }
    return worst;
}

/* The component itself was looked at, or a facet of it. */
static bool fact_seen(const struct session *s, comp_id c)
{
    const char *name = model_name(s->run.stage->lw.model, c);
    size_t n = strlen(name);
    for (size_t i = 0; i < scored_seen(s); i++) {
        const char *fact = s->seen_ever.s[i];
        if (str_starts(fact, name) && (fact[n] == ':' || fact[n] == '\0'))
            return true;
    }
    return false;
}

/* The guided start asks for the cause as a question: then its answer is the diagnosis.
 */
static bool asks_for_cause(const struct session *s)
{
    if (s->mode != MODE_GUIDED || lesson_steps(s->lesson) == 0)
        return false;
    for (size_t i = 0; i < lesson_steps(s->lesson); i++)
        if (lesson_step(s->lesson, i)->wants_suspect)
            return false;
    return true;
}

size_t questions_answered(const struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < lesson_steps(s->lesson); i++)
        n += lesson_step(s->lesson, i)->kind->diagnoses && s->status[i] == STEP_DONE;
    return n;
}

static double answered(const struct session *s)
{
    size_t n = s->practice ? s->first.answered : questions_answered(s);
    size_t wrong = s->practice ? s->first.wrong_answers : s->wrong_answers;
    return n > 0 ? clamp01(1 - 0.25 * (double)wrong) : 0;
}

static double diagnosis(const struct session *s)
{
    if (asks_for_cause(s))
        return answered(s);
    double best = quiet(s) && scored_seen(s) > 0 ? 1 : 0;
    bool wrong_open = false;
    for (size_t i = 0; i < scored_notes(s); i++) {
        const struct note *n = &s->notes[i];
        if (n->kind != NOTE_SUSPICION || !note_open(s, n))
            continue;
        wrong_open |= !n->right;
        double d = n->right ? (fact_seen(s, n->comp) ? 1 : 0.8) : 0;
        best = d > best ? d : best;
    }
    return wrong_open ? best / 2 : best;
}

/* For how long the learner could see what the last change did. */
static sim_time watched(const struct session *s)
{
    const struct run *r = scored_run(s);
    if (changed(s))
        return run_now(r) - r->last_change;
    return quiet(s) ? run_now(r) - lesson_info(s->lesson)->starts_at : 0;
}

static bool called_too_good(const struct session *s, enum outcome o)
{
    for (int i = OUTCOME_MITIGATED; i <= OUTCOME_RECOVERED; i++)
        if (s->claimed && !s->practice &&
            str_eq(s->claimed, outcome_word((enum outcome)i)))
            return i > (int)o;
    return false;
}

static double verification(const struct session *s, enum outcome o)
{
    sim_time want = lesson_info(s->lesson)->good_for;
    if (!changed(s) && !quiet(s))
        return 0;
    double share = want > 0 ? clamp01((double)watched(s) / (double)want) : 1;
    return called_too_good(s, o) ? share / 2 : share;
}

static double communication(const struct session *s)
{
    double best = 0;
    for (size_t i = 0; i < scored_saids(s); i++) {
        double d = s->saids[i].fields / (double)UPDATE_FIELD_COUNT *
                   (s->saids[i].honest ? 1 : 0.5);
        best = d > best ? d : best;
    }
    return best;
}

/* ---- mitigated, cured, recovered ------------------------------------------------- */

/* Nothing of what the lesson said would move is still moved. */
static bool symptoms_gone(const struct session *s)
{
    const struct run *r = scored_run(s);
    for (size_t i = 0; i < lesson_moves(s->lesson); i++) {
        bool still = true;
        struct errmsg why = {0};
        if (run_test(r, lesson_move(s->lesson, i)->fn, &still, &why) != ERR_OK || still)
            return false;
    }
    return true;
}

enum outcome outcome_of(const struct session *s)
{
    const struct run *r = scored_run(s);
    sim_time want = lesson_info(s->lesson)->good_for, saw = watched(s);
    if (!run_well(r, 2 * SIM_MIN, NULL) || (quiet(s) && changed(s)))
        return OUTCOME_LOST;
    if ((!changed(s) && !quiet(s)) || saw + SLICE < want ||
        !run_well(r, saw < want ? saw : want, NULL))
        return OUTCOME_MITIGATED;
    return symptoms_gone(s) ? OUTCOME_RECOVERED : OUTCOME_CURED;
}

static void score_total(struct score *sc)
{
    static const int weights[SCORE_PARTS] = {
#define X(name, phrase, weight) weight,
        SCORE_LIST(X)
#undef X
    };
    double total = 0;
    for (int i = 0; i < SCORE_PARTS; i++)
        total += sc->part[i] * weights[i];
    sc->total = (int)(total + 0.5);
}

struct score score_of(const struct session *s, const struct rivals *v)
{
    struct score sc = {.outcome = outcome_of(s), .hints = (int)scored_hints(s)};
    sc.bad_you = recording_bad_count(v->you.rec, v->from, v->to);
    sc.bad_nothing = recording_bad_count(v->nothing.rec, v->from, v->to);
    sc.bad_reference = v->has_reference
                           ? recording_bad_count(v->reference.rec, v->from, v->to)
                           : sc.bad_nothing;
    sc.part[SCORE_USERS] = users_spared(s, &sc);
    sc.part[SCORE_CONTAINMENT] = containment(s, v);
    sc.part[SCORE_DIAGNOSIS] = diagnosis(s);
    sc.part[SCORE_VERIFICATION] = verification(s, sc.outcome);
    sc.part[SCORE_COMMUNICATION] = communication(s);
    score_total(&sc);
    return sc;
}
