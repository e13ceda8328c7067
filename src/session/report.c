/*
 * The debrief, as typed blocks: what happened to users in the learner's run, the
 * reference and doing nothing; then the other files' sections; last a line to paste.
 */
#include "ahead.h"
#include "promise.h"
#include "quiet.h"
#include "report_internal.h"
#include "score.h"
#include "twin.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define CHART_POINTS 60

/* ---- how it went ----------------------------------------------------------------- */

const char *outcome_sentence(const struct maker *k, enum outcome o)
{
    const struct run *r = scored_run(k->s);
    if (lesson_design(k->s->lesson))
        return design_sentence(o);
    const char *broken = run_broken(r, lesson_info(k->s->lesson)->good_for);
    const char *lost = rivals_data_broken(k->s->lesson, k->v);
    if (o == OUTCOME_MITIGATED && !broken && lost)
        return arena_printf(&k->r->mem,
                            "Mitigated: users are well, but something was done that no "
                            "later change takes back. Not kept: %s.",
                            lost);
    if (o == OUTCOME_MITIGATED && broken &&
        run_well(r, lesson_info(k->s->lesson)->good_for, NULL))
        return arena_printf(
            &k->r->mem, "Mitigated: users are well, but one promise is not kept: %s.",
            broken);
    switch (o) {
    case OUTCOME_MEDDLED:
        return "Nothing was wrong, and something was changed all the same.";
    case OUTCOME_CLEAR:
        return "Nothing was wrong, and nothing was changed.";
    case OUTCOME_LOST:
        return "Users still suffer.";
    case OUTCOME_EARLY:
        return k->s->quiet ? "Too early to say: it was closed before one could know "
                             "that nothing "
                             "was wrong."
                           : "Too early to say: the last change was not watched for "
                             "long enough.";
    case OUTCOME_MITIGATED:
        return score_changed(k->s)
                   ? "Mitigated: users are well, but were not for as long as it takes "
                     "to know that it lasts."
                   : "Mitigated: users are well, though nothing was changed.";
    case OUTCOME_CURED:
        return "Cured: users stayed well for long enough to know.";
    case OUTCOME_RECOVERED:
        return "Recovered: users are well and nothing of the symptoms is left.";
    case OUTCOME_COUNT:
        break;
    }
    return "";
}

/* "Diagnosis, 20 of 25. You suspected … It was … Full marks: … " */
static void explain_part(const struct maker *k, enum score_part part)
{
    const struct score_item *x = &k->r->items[part];
    if (x->full == 0)
        return;
    const char *said[] = {x->stated, x->truth, x->cost};
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s, %d of %d.", score_phrase(part), x->points, x->full);
    b.s[0] = (char)toupper((unsigned char)b.s[0]);
    for (size_t i = 0; i < COUNT_OF(said); i++)
        if (said[i][0])
            buf_addf(&b, " %s", said[i]);
    if (x->points < x->full && x->best[0])
        buf_addf(&b, " Full marks: %s", x->best);
    add_block(k->r, BLOCK_BULLET, b.s);
    buf_release(&b);
}

static int parts_sum(const struct report *r)
{
    int sum = 0;
    for (enum score_part i = 0; i < SCORE_PARTS; i++)
        sum += r->items[i].points;
    return sum;
}

static void points_row(struct rows *t, const char *what, const char *points)
{
    row_cell(t, what);
    row_cell(t, points);
}

static void score_table(const struct maker *k)
{
    struct rows t = {.r = k->r};
    struct arena *mem = &k->r->mem;
    int sum = parts_sum(k->r), total = k->r->score.total;
    for (enum score_part i = 0; i < SCORE_PARTS; i++)
        if (k->r->items[i].full > 0)
            points_row(&t, score_phrase(i),
                       arena_printf(mem, "%d of %d", k->r->items[i].points,
                                    k->r->items[i].full));
    if (total < sum && total == score_most_shown(&k->r->score))
        points_row(&t,
                   arena_printf(mem,
                                "more than %d: %d of %d steps were shown or guessed",
                                total, k->r->score.shown, k->r->score.steps),
                   arena_printf(mem, "-%d", sum - total));
    else if (total < sum)
        points_row(&t,
                   arena_printf(mem, "more than %d: not when it ends \"%s\"", total,
                                outcome_phrase(k->r->score.outcome)),
                   arena_printf(mem, "-%d", sum - total));
    points_row(&t, "together", arena_printf(mem, "%d of 100", total));
    rows_block(&t, "SCORE|>POINTS", 2);
}

void make_score(const struct maker *k)
{
    const struct score *sc = &k->r->score;
    const char *claim = k->s->practice ? NULL : k->s->claimed;
    add_text(k->r, BLOCK_TEXT, "%s%s%s%s Score %d of 100%s.",
             outcome_sentence(k, sc->outcome), claim ? " You called it " : "",
             claim ? claim : "", claim ? "." : "", sc->total,
             k->s->practice ? ", for the part before you went back in time" : "");
    score_table(k);
    for (enum score_part i = 0; i < SCORE_PARTS; i++)
        explain_part(k, i);
    if (sc->hints > 0 || sc->shown > 0)
        add_text(
            k->r, BLOCK_BULLET,
            "Hints used: %d. Steps shown, by solution or a hint that gives it away, or "
            "guessed, one answer after the other: %d of %d. The first hints cost "
            "nothing, nor do the first wrong answers to a step (one where few are "
            "possible, else two); what was shown or guessed is not yours.",
            sc->hints, sc->shown, sc->steps);
}

/* The moment up to which a number counts, and what it was when the learner left: then the
 * header had it. */
static void tell_counting(const struct maker *k)
{
    const struct rivals *v = k->v;
    struct impact h = impact_of(v->you.rec, v->twin, COMP_NONE, 0, v->to);
    if (h.since == SIM_FOREVER)
        return;
    if (v->to <= v->left) {
        add_text(k->r, BLOCK_TEXT, "Counted from %s, when the first user was hurt.",
                 at_clock(k, h.since));
        return;
    }
    add_text(
        k->r, BLOCK_TEXT,
        "Counted from %s, when the first user was hurt, until %s: what follows when "
        "one leaves early counts, too. When you left, at %s, you had lost %s.",
        at_clock(k, h.since), at_clock(k, v->to), at_clock(k, v->left),
        words_count(k, users_lost(v->you.rec, v->twin, COMP_NONE, 0, v->left)));
}

static void tell_reference(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    struct buf b;
    buf_init(&b, 0);
    number_seconds(&b, (double)lesson_info(l)->expert / (double)SIM_SEC);
    add_text(
        k->r, BLOCK_TEXT,
        "The reference is somebody who knows the system and looks at it for %s. Then: "
        "%s.",
        b.s, lesson_fix(l, 0)->title);
    buf_release(&b);
}

static void make_users(const struct maker *k)
{
    const struct score *sc = &k->r->score;
    add_block(k->r, BLOCK_HEADING, "What happened to users");
    struct rows t = {.r = k->r};
    bool practice = k->v->practice.world;
    const char *names[4] = {"you", "the reference", "doing nothing",
                            "practice, after you went back"};
    double lost =
        practice ? users_lost(k->v->practice.rec, k->v->twin, COMP_NONE, 0, k->v->to)
                 : 0;
    uint64_t bad[4] = {sc->bad_you, sc->bad_reference, sc->bad_nothing, (uint64_t)lost};
    for (int i = 0; i < 4; i++) {
        if ((i == 1 && !k->v->has_reference) || (i == 3 && !practice))
            continue;
        row_cell(&t, names[i]);
        row_number(&t, number_count, (double)bad[i]);
    }
    rows_block(&t, "RUN|>REQUESTS LOST", 2);
    if (k->v->has_reference)
        tell_reference(k);
    if (k->v->twin)
        tell_counting(k);
}

static double *bad_curve(const struct maker *k, const struct recording *rec)
{
    double *v = arena_alloc(&k->r->mem, CHART_POINTS * sizeof *v);
    sim_time span = k->v->to - k->v->from;
    for (int i = 0; i < CHART_POINTS; i++) {
        sim_time a = k->v->from + span * i / CHART_POINTS;
        sim_time b = k->v->from + span * (i + 1) / CHART_POINTS;
        double good = recording_good(rec, a, b);
        v[i] = 1 - good;
    }
    return v;
}

void make_chart(const struct maker *k)
{
    if (k->v->to - k->v->from < CHART_POINTS * SIM_SEC / 4)
        return;
    struct block *b = add_block(k->r, BLOCK_CHART, "failed or slow requests");
    b->from = k->v->from;
    b->to = k->v->to;
    b->n = CHART_POINTS;
    b->series[b->nseries++] = (struct block_series){"you", bad_curve(k, k->v->you.rec)};
    if (k->v->has_reference)
        b->series[b->nseries++] =
            (struct block_series){"reference", bad_curve(k, k->v->reference.rec)};
    b->series[b->nseries++] =
        (struct block_series){"doing nothing", bad_curve(k, k->v->nothing.rec)};
    if (k->v->practice.world)
        b->series[b->nseries++] =
            (struct block_series){"practice", bad_curve(k, k->v->practice.rec)};
    size_t n;
    const struct done_action *did = scored_actions(k->s, &n);
    sim_time *marks = arena_alloc(&k->r->mem, (n + 1) * sizeof *marks);
    for (size_t i = 0; i < n; i++)
        marks[b->nmarks++] = did[i].at;
    b->marks = marks;
}

/* After a win with a guide: the same system alone. */
static void make_next(const struct maker *k)
{
    const struct lesson_info *li = lesson_info(k->s->lesson);
    if (k->s->mode != MODE_GUIDED || !outcome_well(k->r->score.outcome))
        return;
    add_block(k->r, BLOCK_HEADING, "Next");
    if (lesson_design(k->s->lesson)) {
        add_text(k->r, BLOCK_TEXT,
                 "The same system another night: other gaps, other faults. Press o on "
                 "the list; in "
                 "lines, type the number of the lesson there, and on-call.");
        return;
    }
    add_text(
        k->r, BLOCK_TEXT,
        "The same system alone, another night: on-call. No steps and no hints; users "
        "must stay well for %lld minutes after your last change. Press o on the list; "
        "in lines, type the number of the lesson there, and on-call.",
        (long long)(li->good_for / SIM_MIN));
}

/* A line to paste into a chat. */
static void make_card(const struct maker *k)
{
    struct buf b;
    buf_init(&b, 0);
    const struct run *r = &k->v->you;
    sim_time span = k->v->to - k->v->from;
    buf_addf(&b, "truecode · %s · lost ", lesson_info(k->s->lesson)->title);
    for (int i = 0; i < 20; i++) {
        double good = recording_good(r->rec, k->v->from + span * i / 20,
                                     k->v->from + span * (i + 1) / 20);
        int high = isnan(good) ? 0 : (int)((1 - good) * 7.999);
        buf_adds(&b, cell_sign(1 + (high < 0 ? 0 : high > 7 ? 7 : high), false));
    }
    buf_addf(&b, " · score %d of 100", k->r->score.total);
    add_block(k->r, BLOCK_TEXT, b.s);
    buf_release(&b);
}

/* ---- all of it ------------------------------------------------------------------- */

static void make_report(const struct maker *k)
{
    bool blind = k->s->mode == MODE_BLIND;
    add_text(k->r, BLOCK_TITLE, "%s%s: what happened",
             blind ? "On call, drawn blind. " : "", lesson_info(k->s->lesson)->title);
    if (blind && k->s->quiet)
        add_text(k->r, BLOCK_TEXT,
                 "This was the system of that incident, on a night without it.");
    make_score(k);
    const bool design = lesson_design(k->s->lesson);
    if (design)
        make_design_users(k);
    else
        make_users(k);
    make_chart(k);
    if (design)
        make_design(k);
    make_timeline(k, false);
    make_prevention(k);
    make_explanations(k);
    if (k->s->quiet) {
        quiet_debrief(k);
    } else {
        make_turns(k);
        make_lesson(k);
    }
    make_next(k);
    make_card(k);
}

static enum err report_by(struct session *s, struct report *out, bool whole,
                          void (*make)(const struct maker *k),
                          void (*progress)(void *ctx, double share), void *ctx,
                          struct errmsg *why)
{
    struct rivals now = {0}, *v = s->over ? &s->rivals : &now;
    enum err e = ERR_OK;
    memset(out, 0, sizeof *out);
    if (!v->you.world)
        e = rivals_run(s, v, progress, ctx, why);
    if (e == ERR_OK) {
        if (whole && ahead_work(s, NULL) == ERR_STOPPED)
            BUG("work without a limit stopped");
        out->score = score_of(s, v, &out->mem, out->items);
        make(&(struct maker){s, v, out});
        if (s->over)
            e = tape_score(s, &out->score, why);
        if (e != ERR_OK)
            report_release(out);
    } else {
        rivals_release(v);
    }
    rivals_release(&now);
    return e;
}

enum err session_report(struct session *s, struct report *out,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why)
{
    return report_by(s, out, true, make_report, progress, ctx, why);
}

enum err session_report_early(struct session *s, struct report *out, struct errmsg *why)
{
    return report_by(s, out, false, make_report, NULL, NULL, why);
}

bool session_scored(const struct session *s)
{
    return s->over && s->rivals.you.world;
}

bool session_report_owed(const struct session *s)
{
    return ahead_owes(s);
}

enum err session_post_mortem(struct session *s, struct report *out, struct errmsg *why)
{
    return report_by(s, out, true, make_post_mortem, NULL, NULL, why);
}

void report_release(struct report *r)
{
    arena_release(&r->mem);
    memset(r, 0, sizeof *r);
}
