/*
 * How much: a share, a number of requests, a rate, or that it is not known yet. Within a
 * factor of two of what can be known is right: since the first user was hurt, over the last
 * five minutes, or in the worst minute.
 */
#include "sheet.h"
#include "truecode/picture.h"
#include "twin.h"

#include <math.h>
#include <stdio.h>

#define EARLY (10 * SIM_MIN) /* after the page: not knowing is honest then */

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

/* The truth that a number is held against, over one stretch of time. */
static double measured(const struct witness *w, enum claim_kind kind, sim_time from)
{
    struct impact h = witness_impact(w, COMP_NONE, from);
    double seconds = (double)(w->at - from) / (double)SIM_SEC;
    return kind == CLAIM_SHARE  ? (isnan(h.share) ? 0 : h.share)
           : kind == CLAIM_RATE ? (seconds > 0 ? (double)h.bad / seconds : 0)
                                : (double)h.bad;
}

static double worst_minute(const struct witness *w, enum claim_kind kind)
{
    struct scene scene = {.w = w->run->world, .rec = w->run->rec, .now = w->at};
    struct worst_minute worst = scene_worst_minute(&scene, 0, w->at);
    return kind == CLAIM_SHARE ? worst.bad_share : worst.bad_per_s;
}

static bool near(double said, double truth)
{
    return said == truth ||
           (said > 0 && truth > 0 && said <= 2 * truth && truth <= 2 * said);
}

static void put_truth(const struct claim *c, double since, double worst, char *to,
                      size_t size)
{
    struct buf b;
    buf_init(&b, 200);
    if (c->kind == CLAIM_SHARE) {
        number_share(&b, since);
        buf_adds(&b, " of requests were lost since it began, ");
        number_share(&b, worst);
        buf_adds(&b, " in the worst minute.");
    } else if (c->kind == CLAIM_RATE) {
        number_text(&b, since);
        buf_adds(&b, " requests a second were lost since it began, ");
        number_text(&b, worst);
        buf_adds(&b, " in the worst minute.");
    } else {
        number_count(&b, since);
        buf_adds(&b, " requests were lost since it began.");
    }
    snprintf(to, size, "%s", b.s);
    buf_release(&b);
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    struct claim c = claim_read(text);
    struct impact all = witness_impact(w, COMP_NONE, 0);
    sim_time page = lesson_info(w->s->lesson)->starts_at;
    sim_time began = all.since == SIM_FOREVER ? page : all.since;
    bool unknown = says_unknown(text) && c.kind == CLAIM_NONE;
    if (c.kind == CLAIM_NONE)
        c.kind = CLAIM_REQUESTS; /* of which "none" is 0 */
    double since = measured(w, c.kind, began), worst = worst_minute(w, c.kind);
    put_truth(&c, since, worst, out->truth, sizeof out->truth);
    if (unknown) {
        out->share = w->at <= page + EARLY ? 1 : 0.5;
        return;
    }
    bool holds = near(c.number, since) || near(c.number, measured(w, c.kind, page));
    if (c.kind != CLAIM_REQUESTS)
        holds |= near(c.number, worst) ||
                 near(c.number, measured(w, c.kind, w->at - 5 * SIM_MIN));
    out->share = holds ? 1 : 0;
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
