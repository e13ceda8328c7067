/*
 * What the learner thought it was at the last moment before the change that mattered; when
 * no change did, at the end. The notebook is read again up to there: a suspicion opens, a
 * rule-out closes it. A suspicion that came with the cure or after it shows nothing, and
 * naming everything in turn shows little: from the third wrong suspicion on, each costs a
 * quarter.
 *
 *     a right suspicion is open   0.8; with a fact looked at there before: 1
 *     a wrong one beside it       half of that; a true symptom beside it costs nothing
 *     the true cause ruled out    nothing
 *
 * A lesson whose steps ask for no suspicion asks its own questions: a quarter less for each
 * wrong answer.
 */
#include "score.h"

#include <string.h>

#define FREE_GUESSES 2

struct thought {              /* the notebook, read up to a moment */
    const struct note *right; /* the open right suspicion; NULL: none */
    const struct note *last;  /* the last suspicion of all */
    bool wrong_open, ruled_out_right;
    unsigned wrong; /* suspicions that were not it */
};

/* The change that mattered; NULL: none did. */
static const struct done_action *mattered(const struct grading *g)
{
    size_t n;
    const struct done_action *did = scored_actions(g->s, &n);
    return g->v->mattered > 0 && g->v->mattered <= n ? &did[g->v->mattered - 1] : NULL;
}

static bool about(const struct note *suspicion, const struct note *ruled_out)
{
    return suspicion->comp == ruled_out->comp &&
           (ruled_out->mechanism == MECHANISM_COUNT ||
            ruled_out->mechanism == suspicion->mechanism);
}

static bool ruled_out_later(const struct session *s, size_t i, size_t n)
{
    for (size_t k = i + 1; k < n; k++)
        if (s->notes[k].kind == NOTE_RULED_OUT && about(&s->notes[i], &s->notes[k]))
            return true;
    return false;
}

static struct thought thought_at(const struct session *s, size_t n)
{
    struct thought t = {0};
    for (size_t i = 0; i < n; i++) {
        const struct note *x = &s->notes[i];
        if (x->kind != NOTE_SUSPICION)
            continue;
        bool open = !ruled_out_later(s, i, n);
        t.last = x;
        t.wrong += !x->right;
        t.ruled_out_right |= x->right && !open;
        t.wrong_open |= open && !x->right;
        if (open && x->right)
            t.right = x;
    }
    return t;
}

/* The component itself was looked at, or a facet of it, among the first n things. */
static bool fact_seen(const struct session *s, comp_id c, size_t n)
{
    const char *name = model_name(s->run.stage->lw.model, c);
    size_t len = strlen(name);
    for (size_t i = 0; i < n; i++) {
        const char *fact = s->seen_ever.s[i];
        if (str_starts(fact, name) && (fact[len] == ':' || fact[len] == '\0'))
            return true;
    }
    return false;
}

static double worth(const struct thought *t, bool seen)
{
    if (!t->right)
        return 0;
    double d = seen ? 1 : 0.8;
    if (t->wrong_open)
        d /= 2;
    for (unsigned i = FREE_GUESSES; i < t->wrong && d > 0; i++)
        d -= 0.25;
    return d > 0 ? d : 0;
}

/* ---- the guided question --------------------------------------------------------- */

/* The guided start asks for the cause as a question: then its answer is the diagnosis. */
static bool asks_for_cause(const struct session *s)
{
    if (mode_on_call(s->mode) || lesson_steps(s->lesson) == 0)
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

static void grade_answers(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    size_t n = s->practice ? s->first.answered : questions_answered(s);
    size_t wrong = s->practice ? s->first.wrong_answers : s->wrong_answers;
    double share = n > 0 ? 1 - 0.25 * (double)wrong : 0;
    item->points = share_points(share, item->full);
    item->stated =
        n == 0 ? "No question of the guide was answered."
        : wrong == 0
            ? "The guide's questions were answered without a wrong answer."
            : arena_printf(g->mem,
                           "The guide's questions were answered, with %zu wrong "
                           "answer%s.",
                           wrong, wrong == 1 ? "" : "s");
    item->best = "Each question is answered rightly at once.";
    if (item->points < item->full)
        item->cost = n > 0 ? "Each wrong answer costs a quarter."
                           : "Without an answer there is no diagnosis.";
}

/* ---- the suspicion --------------------------------------------------------------- */

static const char *what_it_was(const struct grading *g)
{
    if (score_quiet(g->s))
        return "Nothing was wrong.";
    if (lesson_accepts(g->s->lesson) == 0)
        return "";
    const struct accepted *a = lesson_accept(g->s->lesson, 0);
    return arena_printf(g->mem, "It was %s in %s.", mechanism_word(a->mechanism),
                        a->component);
}

static const char *what_it_cost(const struct grading *g, const struct thought *t,
                                bool seen, const struct thought *at_end)
{
    if (t->right && t->wrong_open)
        return "A wrong suspicion stood beside the right one.";
    if (t->right && t->wrong > FREE_GUESSES)
        return arena_printf(g->mem, "%u other suspicions came before the right one.",
                            t->wrong);
    if (t->right && !seen)
        return "Nothing of that component had been looked at by then.";
    if (t->ruled_out_right)
        return "The true cause was ruled out.";
    if (at_end->right)
        return "The right suspicion came only after the change that made users well.";
    return t->last ? "What was suspected was not it." : "Nothing was suspected.";
}

static void grade_suspicion(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    const struct done_action *change = mattered(g);
    size_t n = change ? change->nnotes : scored_notes(s);
    size_t nseen = change ? change->nseen : scored_seen(s);
    struct thought t = thought_at(s, n), at_end = thought_at(s, scored_notes(s));
    bool seen = t.right && fact_seen(s, t.right->comp, nseen);
    const struct note *said = t.right ? t.right : t.last;
    item->points = share_points(worth(&t, seen), item->full);
    item->at = said ? said->at : SIM_FOREVER;
    const char *when =
        change ? arena_printf(g->mem, "Before the change that mattered (%s)",
                              score_clock(g, change->at))
               : "At the end";
    item->stated = said
                       ? arena_printf(g->mem, "%s you suspected: %s.", when, said->text)
                       : arena_printf(g->mem, "%s no suspicion was noted.", when);
    item->truth = what_it_was(g);
    item->best = "That, alone, before the change that mattered, with a fact looked at.";
    if (item->points < item->full)
        item->cost = what_it_cost(g, &t, seen, &at_end);
}

void grade_diagnosis(const struct grading *g, struct score_item *item)
{
    if (score_quiet(g->s)) {
        bool looked = scored_seen(g->s) > 0;
        struct thought t = thought_at(g->s, scored_notes(g->s));
        bool changed = score_changed(g->s);
        item->points = !looked || changed ? 0
                       : t.wrong_open     ? item->full / 2
                                          : item->full;
        item->truth = what_it_was(g);
        item->best = "To look, and to suspect nothing.";
        if (!looked)
            item->cost = "Nothing was looked at.";
        else if (changed)
            item->cost = "To change something is to say that something was wrong.";
        else if (t.wrong_open)
            item->cost = "A suspicion stood to the end.";
    } else if (asks_for_cause(g->s)) {
        grade_answers(g, item);
    } else {
        grade_suspicion(g, item);
    }
}
