/*
 * Two parts of the score: was it verified, and were people told the truth?
 *
 *     verified      how long the learner watched after the last change, of what the lesson
 *                   asks; half where they called it better than it was
 *     told people   the best update, field by field, each held against what was true when it
 *                   was posted; half of it where people were told that users were well who
 *                   suffered, and nothing where no later word put that right
 */
#include "quiet.h"
#include "score.h"
#include "sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void grade_verification(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    bool clear = score_quiet(s) && !score_changed(s);
    sim_time want = clear ? quiet_watch(s) : lesson_info(s->lesson)->good_for;
    sim_time saw = score_watched(s);
    bool over = score_overcalled(s, g->score->outcome) || (clear && !s->claimed);
    item->best = arena_printf(g->mem,
                              clear ? "Users are watched for %s, and it is closed."
                                    : "Users are watched for %s after the last "
                                      "change.",
                              score_span(g, want));
    if (!score_changed(s) && !score_quiet(s)) {
        item->cost = "Nothing was changed: there was nothing to verify.";
        return;
    }
    double share = want > 0 ? (double)saw / (double)want : 1;
    share = share > 1 ? 1 : share;
    item->stated = arena_printf(g->mem, "You watched for %s%s.", score_span(g, saw),
                                clear ? "" : " after the last change");
    item->points = share_points(over ? share / 2 : share, item->full);
    if (over && !s->claimed)
        item->cost = "Nobody closed it.";
    else if (over)
        item->cost = arena_printf(g->mem, "You called it %s; it was: %s.", s->claimed,
                                  outcome_phrase(g->score->outcome));
    else if (item->points < item->full)
        item->cost = "Too short to tell a cure from luck.";
}

/* ---- told people ----------------------------------------------------------------- */

struct grade { /* of one update */
    double share;
    const char *lost; /* the share's losses, in sentences */
};

static struct witness at_update(const struct grading *g, const struct said *u)
{
    return sheet_witness(g->s, scored_run(g->s), g->v->twin, u->at);
}

static void note_loss(struct buf *b, const struct statement *st,
                      const struct judgement *j)
{
    if (j->share < 1 && j->truth[0])
        buf_addf(b, "%sYou said (%s) \"%.40s\". %s", b->len ? " " : "",
                 sheet_line_kind(st->line)->heading, st->text, j->truth);
}

static struct grade grade_update(const struct grading *g, const struct said *u)
{
    struct grade out = {0};
    struct witness w = at_update(g, u);
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = u->first; i < u->end; i++) {
        const struct statement *st = &g->s->sheet.list[i];
        struct judgement j = sheet_judge(&w, st->line, st->text);
        out.share += j.share / UPDATE_FIELD_COUNT;
        note_loss(&b, st, &j);
    }
    unsigned missing = UPDATE_FIELD_COUNT - u->fields;
    if (missing > 0)
        buf_addf(&b, "%s%u of its %d fields %s empty.", b.len ? " " : "", missing,
                 UPDATE_FIELD_COUNT, missing == 1 ? "was" : "were");
    out.lost = arena_strdup(g->mem, b.s);
    buf_release(&b);
    return out;
}

/* Where nothing was wrong: that nobody was hurt stands on the sheet, or in an update. */
static void grade_all_clear(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    const struct statement *hurt = sheet_line_at(s, SHEET_hurt, scored_sheet(s));
    bool closed = s->claimed && !score_overcalled(s, OUTCOME_CLEAR);
    item->best = "It is said that nobody is hurt (hurt nobody), and it is closed.";
    if (hurt) {
        struct witness w = sheet_witness(s, scored_run(s), g->v->twin, hurt->at);
        struct judgement j = sheet_judge(&w, SHEET_hurt, hurt->text);
        item->at = hurt->at;
        item->points = share_points(j.share, item->full);
        item->stated =
            arena_printf(g->mem, "You said that the hurt are: %.60s.", hurt->text);
        item->truth = arena_strdup(g->mem, j.truth);
        if (j.share < 1)
            item->cost = "People were told of harm that was none.";
    } else {
        item->points = closed ? item->full / 2 : 0;
        item->cost = closed ? "You closed it, and nobody heard that nobody was hurt."
                            : "Nobody was told anything.";
    }
}

/* Whoever is told that all is well stops looking. */
struct lies {
    bool any, stands;
    sim_time at; /* of the last of them */
};

static bool is_lie(const struct grading *g, const struct statement *st)
{
    struct witness w = sheet_witness(g->s, &g->v->you, g->v->twin, st->at);
    return sheet_judge(&w, st->line, st->text).lie;
}

/* Lies among all that people were told, resolve's word with it: one stands until the
 * next word on the same line of the sheet. */
static struct lies lies_told(const struct grading *g)
{
    const struct sheet *sheet = &g->s->sheet;
    struct lies out = {0};
    for (enum sheet_line line = 0; line < SHEET_LINE_COUNT; line++) {
        bool lie = false;
        for (size_t i = 0; i < scored_sheet(g->s); i++) {
            const struct statement *st = &sheet->list[i];
            if (st->line != line || !st->told)
                continue;
            lie = is_lie(g, st);
            out.any |= lie;
            if (lie)
                out.at = st->at;
        }
        out.stands |= lie;
    }
    return out;
}

/* The best update; share -1: there is none. */
static struct grade best_update(const struct grading *g, struct score_item *item)
{
    struct grade best = {.share = -1, .lost = ""};
    for (size_t i = 0; i < scored_saids(g->s); i++) {
        struct grade now = grade_update(g, &g->s->saids[i]);
        if (now.share <= best.share)
            continue;
        best = now;
        item->at = g->s->saids[i].at;
    }
    return best;
}

static const char *what_lies_cost(const struct grading *g, const struct lies *lies)
{
    if (!lies->any)
        return "";
    return arena_printf(g->mem,
                        "At %s people were told that users were well, though some had "
                        "suffered just before%s",
                        score_clock(g, lies->at),
                        lies->stands
                            ? ", and no later word put it right: that costs all of it."
                            : "; a later word put it right: half of it is left.");
}

void grade_communication(const struct grading *g, struct score_item *item)
{
    const struct session *s = g->s;
    if (score_quiet(s) && !score_changed(s)) {
        grade_all_clear(g, item);
        return;
    }
    item->best =
        "Who is hurt, since when, how much, how it stands and when people hear "
        "again, all as it was then.";
    struct grade best = best_update(g, item);
    struct lies lies = lies_told(g);
    const char *lied = what_lies_cost(g, &lies);
    if (best.share < 0) {
        item->cost = lies.any ? lied : "Nobody was told anything.";
        return;
    }
    double left = lies.stands ? 0 : lies.any ? 0.5 : 1;
    item->points = share_points(best.share * left, item->full);
    item->stated = arena_printf(g->mem, "The best of %zu update%s was that of %s.",
                                scored_saids(s), scored_saids(s) == 1 ? "" : "s",
                                score_clock(g, item->at));
    if (item->points < item->full)
        item->cost = arena_printf(g->mem, "%s%s%s", best.lost,
                                  best.lost[0] && *lied ? " " : "", lied);
}
