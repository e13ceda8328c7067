/*
 * The learner's diagnosis at the last moment before the change that mattered; when
 * no change did, at the end. The notebook is read again up to there: a suspicion opens, a
 * rule-out closes it. A suspicion that came with the cure or after it shows nothing, and
 * naming everything in turn shows little: from the third wrong suspicion on, each costs a
 * quarter.
 *
 *     a right suspicion is open   the share of the rivals that facts exclude which had been
 *                                 on the screen by then; all of them: 1
 *     a wrong one beside it       half of that; a part of the answer (a true symptom) costs
 *                                 nothing
 *     a wrong one, ruled out      half, too, if something was changed while it stood alone;
 *                                 by looking it costs nothing
 *     the true cause ruled out    nothing
 *
 * A lesson whose steps ask for no suspicion asks its own questions: a quarter less for each
 * wrong answer.
 */
#include "quiet.h"
#include "score.h"

#include <string.h>

#define FREE_GUESSES 2

struct thought {              /* the notebook, read up to a moment */
    const struct note *right; /* the open right suspicion; NULL: none */
    const struct note *last;  /* the last suspicion of all */
    bool wrong_open, ruled_out_right;
    unsigned wrong; /* suspicions that were not it */
};

const struct done_action *score_mattered(const struct grading *g)
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

/* A true symptom: no mistake, and not the whole answer. */
static bool is_part(const struct session *s, const struct note *n)
{
    return n->suspect != SIZE_MAX && lesson_suspect(s->lesson, n->suspect)->part;
}

static bool is_right(const struct session *s, size_t suspect)
{
    return suspect != SIZE_MAX && lesson_suspect(s->lesson, suspect)->right;
}

static struct thought thought_at(const struct session *s, size_t n)
{
    struct thought t = {0};
    for (size_t i = 0; i < n; i++) {
        const struct note *x = &s->notes[i];
        if (x->kind == NOTE_RULED_OUT)
            t.ruled_out_right |= is_right(s, x->suspect);
        if (x->kind != NOTE_SUSPICION)
            continue;
        bool open = !ruled_out_later(s, i, n), wrong = !x->right && !is_part(s, x);
        t.last = x;
        t.wrong += wrong;
        t.ruled_out_right |= x->right && !open;
        t.wrong_open |= open && wrong;
        if (open && x->right)
            t.right = x;
    }
    return t;
}

bool score_suspects(const struct session *s)
{
    return thought_at(s, scored_notes(s)).wrong_open;
}

/* The share of the rivals that the first so many facts exclude. */
static double excluded(const struct rivals_left *left)
{
    return left->rivals > 0 ? 1 - (double)left->rivals_open / left->rivals : 1;
}

/* The first change before the one that mattered (of all, where none did) that was made while
 * a wrong suspicion stood and the right one did not; NULL: none. */
static const struct done_action *tried_on_wrong(const struct grading *g)
{
    size_t n;
    const struct done_action *did = scored_actions(g->s, &n),
                             *mattered = score_mattered(g),
                             *end = mattered ? mattered : did + n;
    for (const struct done_action *a = did; a < end; a++) {
        struct thought t = thought_at(g->s, a->nnotes);
        if (t.wrong_open && !t.right)
            return a;
    }
    return NULL;
}

static double worth(const struct grading *g, const struct thought *t,
                    const struct rivals_left *left)
{
    if (!t->right)
        return 0;
    double d = excluded(left);
    if (t->wrong_open || tried_on_wrong(g))
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
        if (step_wants_suspect(lesson_step(s->lesson, i)))
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

bool score_by_luck(const struct grading *g)
{
    const struct session *s = g->s;
    size_t n;
    const struct done_action *did = scored_actions(s, &n), *change = score_mattered(g);
    if (score_quiet(s) && !score_changed(s))
        return !quiet_looks(s).users;
    if (n == 0 || score_quiet(s) || asks_for_cause(s))
        return false;
    change = change ? change : did;
    bool looked = lesson_case_facts(s->lesson) == 0 || change->nfacts > 0;
    for (size_t i = 0; i < change->nnotes; i++)
        if (s->notes[i].kind == NOTE_SUSPICION &&
            !ruled_out_later(s, i, change->nnotes))
            return !looked;
    return true;
}

/* ---- the suspicion --------------------------------------------------------------- */

static const char *what_it_was(const struct grading *g)
{
    const struct lesson *l = g->s->lesson;
    for (size_t i = 0; i < lesson_suspects(l); i++) {
        const struct suspect *x = lesson_suspect(l, i);
        if (x->right)
            return arena_printf(g->mem, "It was %s in %s.",
                                mechanism_word(x->mechanism), x->component);
    }
    return "";
}

/* "Of 4 rivals, what you had seen excluded 3; it left pool-too-small." */
static const char *what_was_excluded(const struct grading *g,
                                     const struct rivals_left *left)
{
    struct buf names;
    uint32_t open = left->open;
    for (size_t i = 0; i < lesson_suspects(g->s->lesson); i++)
        if (!lesson_rival(g->s->lesson, i))
            open &= ~(1u << i);
    buf_init(&names, 0);
    suspects_name(g->s, open, &names);
    const char *words =
        left->rivals_open == left->rivals
            ? arena_printf(g->mem, "Nothing that you had seen by then told it from %s.",
                           names.s)
            : arena_printf(g->mem,
                           "What you had seen by then excluded %u of %u rivals; it "
                           "left %s.",
                           left->rivals - left->rivals_open, left->rivals, names.s);
    buf_release(&names);
    return words;
}

static const char *what_it_cost(const struct grading *g, const struct thought *t,
                                const struct rivals_left *left,
                                const struct thought *at_end)
{
    const char *open =
        t->right && left->rivals_open > 0 ? what_was_excluded(g, left) : "";
    const char *gap = *open ? " " : "";
    if (t->right && t->wrong_open)
        return arena_printf(
            g->mem,
            "A wrong suspicion stood beside the right one, which halves "
            "it.%s%s",
            gap, open);
    if (t->right && t->wrong > FREE_GUESSES)
        return arena_printf(g->mem,
                            "%u other suspicions came before the right one: from the "
                            "third on each costs a quarter.%s%s",
                            t->wrong, gap, open);
    const struct done_action *tried = tried_on_wrong(g);
    if (t->right && tried)
        return arena_printf(
            g->mem,
            "At %s something was changed on a wrong suspicion, before it "
            "was ruled out: that halves it.%s%s",
            score_clock(g, tried->at), gap, open);
    if (t->right)
        return open;
    if (t->ruled_out_right)
        return "The true cause was ruled out.";
    if (at_end->right)
        return "The right suspicion came only after the change that made users well.";
    if (t->last && is_part(g->s, t->last))
        return "What was suspected is a part of it: what came of it, not what it was.";
    if (t->last)
        return "What was suspected was not it.";
    return at_end->last
               ? "Nothing was suspected before the change that made users well; "
                 "what came later was not it, either."
               : "Nothing was suspected.";
}

static void grade_suspicion(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    const struct done_action *change = score_mattered(g);
    size_t n = change ? change->nnotes : scored_notes(s);
    struct rivals_left left =
        evidence_left(s, change ? change->nfacts : scored_facts(s));
    struct thought t = thought_at(s, n), at_end = thought_at(s, scored_notes(s));
    const struct note *said = t.right ? t.right : t.last;
    item->points = share_points(worth(g, &t, &left), item->full);
    item->at = said ? said->at : SIM_FOREVER;
    const char *when =
        change ? arena_printf(g->mem, "Before the change that mattered (%s)",
                              score_clock(g, change->at))
               : "At the end";
    item->stated = said
                       ? arena_printf(g->mem, "%s you suspected: %s.", when, said->text)
                       : arena_printf(g->mem, "%s no suspicion was noted.", when);
    item->truth = what_it_was(g);
    item->best = "That, alone, before the change that mattered, with what was on the "
                 "screen by then excluding all the rest.";
    if (item->points < item->full)
        item->cost = what_it_cost(g, &t, &left, &at_end);
}

void grade_diagnosis(const struct grading *g, struct score_item *item)
{
    if (score_quiet(g->s)) {
        quiet_diagnosis(g, item);
    } else if (asks_for_cause(g->s)) {
        grade_answers(g, item);
    } else {
        grade_suspicion(g, item);
    }
}
