/*
 * The debrief, as typed blocks: what happened to users in the learner's run, the
 * reference and doing nothing; then the other files' sections; last a line to paste.
 */
#include "report_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHART_POINTS 60

/* ---- how it went ----------------------------------------------------------------- */

static const char *outcome_sentence(const struct maker *k, enum outcome o)
{
    bool quiet = lesson_info(k->s->lesson)->quiet;
    if (quiet)
        return o == OUTCOME_LOST ? "Nothing was wrong until something was changed."
                                 : "Nothing was wrong, and nothing was changed.";
    switch (o) {
    case OUTCOME_LOST:
        return "Users still suffer.";
    case OUTCOME_MITIGATED:
        return "Mitigated: users are well at the moment. Not yet shown to last.";
    case OUTCOME_CURED:
        return "Cured: users stayed well for long enough to know.";
    case OUTCOME_RECOVERED:
        return "Recovered: users are well and nothing of the symptoms is left.";
    case OUTCOME_COUNT:
        break;
    }
    return "";
}

static void make_score(const struct maker *k)
{
    static const struct {
        const char *phrase;
        int weight;
    } parts[SCORE_PARTS] = {
#define X(name, phrase, weight) {phrase, weight},
        SCORE_LIST(X)
#undef X
    };
    const struct score *sc = &k->r->score;
    const char *claim = k->s->practice ? NULL : k->s->claimed;
    add_text(k->r, BLOCK_TEXT, "%s%s%s%s Score %d of 100%s.",
             outcome_sentence(k, sc->outcome), claim ? " You called it " : "",
             claim ? claim : "", claim ? "." : "", sc->total,
             k->s->practice ? ", for the part before you went back in time" : "");
    struct rows t = {.r = k->r};
    char cell[64];
    for (int i = 0; i < SCORE_PARTS; i++) {
        row_cell(&t, parts[i].phrase);
        snprintf(cell, sizeof(cell), "%.0f of %d", sc->part[i] * parts[i].weight,
                 parts[i].weight);
        row_cell(&t, cell);
    }
    rows_block(&t, "SCORE|>POINTS", 2);
}

static void make_users(const struct maker *k)
{
    const struct score *sc = &k->r->score;
    add_block(k->r, BLOCK_HEADING, "What happened to users");
    struct rows t = {.r = k->r};
    const char *names[3] = {"you", "the reference", "doing nothing"};
    uint64_t bad[3] = {sc->bad_you, sc->bad_reference, sc->bad_nothing};
    for (int i = 0; i < 3; i++) {
        if (i == 1 && !k->v->has_reference)
            continue;
        row_cell(&t, names[i]);
        row_number(&t, number_count, (double)bad[i]);
    }
    rows_block(&t, "RUN|>FAILED OR SLOW REQUESTS SINCE THE PAGE", 2);
    if (k->v->to > k->v->left)
        add_text(k->r, BLOCK_TEXT,
                 "Counted until %s: what follows when one leaves early counts, too.",
                 at_clock(k, k->v->to));
}

static double *bad_curve(const struct maker *k, const struct recording *rec)
{
    double *v = arena_alloc(&k->r->mem, CHART_POINTS * sizeof(*v));
    sim_time span = k->v->to - k->v->from;
    for (int i = 0; i < CHART_POINTS; i++) {
        sim_time a = k->v->from + span * i / CHART_POINTS;
        sim_time b = k->v->from + span * (i + 1) / CHART_POINTS;
        double good = recording_good(rec, a, b);
        v[i] = 1 - good;
    }
    return v;
}

static void make_chart(const struct maker *k)
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
        (struct block_series){"nothing", bad_curve(k, k->v->nothing.rec)};
    size_t n;
    const struct done_action *did = scored_actions(k->s, &n);
    sim_time *marks = arena_alloc(&k->r->mem, (n + 1) * sizeof(*marks));
    for (size_t i = 0; i < n; i++)
        marks[b->nmarks++] = did[i].at;
    b->marks = marks;
}

/* One line to paste into a chat. */
static void make_card(const struct maker *k)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    struct buf b;
    buf_init(&b, 400);
    const struct run *r = &k->v->you;
    sim_time span = k->v->to - k->v->from;
    buf_addf(&b, "truecode · %s · ", lesson_info(k->s->lesson)->title);
    for (int i = 0; i < 20; i++) {
        double good = recording_good(r->rec, k->v->from + span * i / 20,
                                     k->v->from + span * (i + 1) / 20);
        int h = isnan(good) ? 0 : (int)((1 - good) * 7.999);
        buf_adds(&b, bars[h < 0 ? 0 : h > 7 ? 7 : h]);
    }
    buf_addf(&b, " failed · %d of 100", k->r->score.total);
    add_block(k->r, BLOCK_TEXT, b.s);
    buf_release(&b);
}

/* ---- all of it ------------------------------------------------------------------- */

static void make_report(const struct maker *k)
{
    add_text(k->r, BLOCK_TITLE, "%s: what happened", lesson_info(k->s->lesson)->title);
    make_score(k);
    make_users(k);
    make_chart(k);
    make_timeline(k);
    make_explanations(k);
    make_turns(k);
    make_lesson(k);
    make_card(k);
}

enum err session_report(struct session *s, struct report *out,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why)
{
    struct rivals now = {0}, *v = s->over ? &s->rivals : &now;
    enum err e = ERR_OK;
    memset(out, 0, sizeof(*out));
    if (!v->you.world)
        e = rivals_run(s, v, progress, ctx, why);
    if (e == ERR_OK) {
        out->score = score_of(s, v);
        make_report(&(struct maker){s, v, out});
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

void report_release(struct report *r)
{
    arena_release(&r->mem);
    memset(r, 0, sizeof(*r));
}
