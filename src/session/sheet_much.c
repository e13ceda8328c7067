/*
 * How much: a share, a number of requests, a rate, or that it is not known yet. Within a
 * factor of two of what it claims is right: of what was lost since it began, since the time
 * that was stated, or since the page; a share and a rate also of the last five minutes and
 * of the worst minute, which alone counts where the words say so ("up to", "peak").
 */
#include "session_internal.h"
#include "sheet.h"
#include "truecode/picture.h"
#include "twin.h"

#include <math.h>
#include <stdio.h>

#define LATELY (5 * SIM_MIN)
#define EARLY  (10 * SIM_MIN) /* after the page: not knowing is honest then */

static bool says_none(const char *text)
{
    return word_in(text, "none") || word_in(text, "nothing") || word_in(text, "nobody");
}

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    (void)w;
    if (says_unknown(text) || says_none(text) || claim_read(text).kind != CLAIM_NONE)
        return true;
    errmsg_set(
        why, ERR_INPUT,
        "How much is a share (30 %%), a number of requests (600), or \"not known "
        "yet\".");
    return false;
}

/* ---- what a number may be held against ------------------------------------------- */

struct reading {
    double value;
    const char *words; /* "since it began" */
};
enum { READINGS = 5 };

static double measured(const struct witness *w, enum claim_kind kind, sim_time from)
{
    struct impact h = witness_impact(w, COMP_NONE, from);
    double seconds = (double)(w->at - from) / (double)SIM_SEC;
    return kind == CLAIM_SHARE  ? (isnan(h.share) ? 0 : h.share)
           : kind == CLAIM_RATE ? (seconds > 0 ? (double)h.lost / seconds : 0)
                                : (double)h.lost;
}

static double worst_minute(const struct witness *w, enum claim_kind kind)
{
    struct scene scene = {.w = w->run->world, .rec = w->run->rec, .now = w->at};
    struct worst_minute worst = scene_worst_minute(&scene, 0, w->at);
    return kind == CLAIM_SHARE  ? worst.bad_share
           : kind == CLAIM_RATE ? worst.bad_per_s
                                : 60 * worst.bad_per_s;
}

/* The time on the sheet's line since, as it stood then; SIM_FOREVER: none. */
static sim_time stated_since(const struct witness *w)
{
    sim_time since = SIM_FOREVER;
    for (size_t i = 0; i < w->s->sheet.n; i++) {
        const struct statement *st = &w->s->sheet.list[i];
        if (st->line == SHEET_since && st->at <= w->at)
            since = clock_in(w, st->text);
    }
    return since < w->at ? since : SIM_FOREVER;
}

static bool says_worst(const char *text)
{
    return word_in(text, "worst") || word_in(text, "peak") || word_in(text, "up to") ||
           word_in(text, "at most");
}

/* The readings that a text may mean: the worst minute alone where it says so. */
static size_t readings(const struct witness *w, const struct claim *c, const char *text,
                       struct reading out[READINGS])
{
    sim_time page = lesson_info(w->s->lesson)->starts_at;
    sim_time began = witness_impact(w, COMP_NONE, 0).since, said = stated_since(w);
    struct reading worst = {worst_minute(w, c->kind), "in the worst minute"};
    size_t n = 0;
    if (says_worst(text)) {
        out[n++] = worst;
        return n;
    }
    out[n++] = (struct reading){
        measured(w, c->kind, began == SIM_FOREVER ? page : began), "since it began"};
    if (said != SIM_FOREVER)
        out[n++] = (struct reading){measured(w, c->kind, said),
                                    "since the time that you stated"};
    out[n++] = (struct reading){measured(w, c->kind, page), "since the page"};
    if (c->kind == CLAIM_REQUESTS)
        return n;
    out[n++] = (struct reading){measured(w, c->kind, w->at - LATELY),
                                "in the last five minutes"};
    out[n++] = worst;
    return n;
}

static bool near(double said, double truth)
{
    return said == truth ||
           (said > 0 && truth > 0 && said <= 2 * truth && truth <= 2 * said);
}

static void put_truth(const struct claim *c, const struct reading *r, char *to,
                      size_t size)
{
    struct buf b;
    buf_init(&b, 200);
    if (c->kind == CLAIM_SHARE)
        number_share(&b, r->value);
    else if (c->kind == CLAIM_RATE)
        number_text(&b, r->value);
    else
        number_count(&b, r->value);
    snprintf(to, size, "%s%s were lost %s.", b.s,
             c->kind == CLAIM_SHARE  ? " of requests"
             : c->kind == CLAIM_RATE ? " requests a second"
                                     : " requests",
             r->words);
    buf_release(&b);
}

/* How many times too large or too small. */
static double times_off(double said, double truth)
{
    if (said <= 0 || truth <= 0)
        return said == truth ? 1 : INFINITY;
    return said > truth ? said / truth : truth / said;
}

/* The number is held against the reading that it comes nearest to, which is shown. */
static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    struct claim c = claim_read(text);
    struct reading all[READINGS];
    sim_time page = lesson_info(w->s->lesson)->starts_at;
    bool unknown = says_unknown(text) && c.kind == CLAIM_NONE;
    if (c.kind == CLAIM_NONE)
        c.kind = CLAIM_REQUESTS; /* of which "none" is 0 */
    size_t n = readings(w, &c, text, all), best = 0;
    for (size_t i = 1; i < n && !unknown; i++)
        if (times_off(c.number, all[i].value) < times_off(c.number, all[best].value))
            best = i;
    put_truth(&c, &all[best], out->truth, sizeof out->truth);
    if (unknown)
        out->share = w->at <= page + EARLY ? 1 : 0.5;
    else
        out->share = near(c.number, all[best].value) ? 1 : 0;
}

static void answer(const struct witness *w, struct buf *out)
{
    struct impact all = witness_impact(w, COMP_NONE, 0);
    if (all.since == SIM_FOREVER)
        buf_adds(out, "none");
    else
        buf_addf(out, "%.0f%%", 100 * measured(w, CLAIM_SHARE, all.since));
}

const struct sheet_line_kind sheet_much = {
    .word = "much",
    .heading = "how much",
    .question = "How many users are hurt, or how much of what they do?",
    .synopsis = "much 12% | 600 | unknown",
    .field = UPDATE_impact,
    .readable = readable,
    .judge = judge,
    .answer = answer,
};
