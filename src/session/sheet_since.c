/*
 * Since when: a time of day. Held against the time from the first user who was hurt, and
 * would not have been on the healthy night, to the first minute that missed the objective.
 */
#include "session_internal.h"
#include "sheet.h"
#include "truecode/picture.h"
#include "twin.h"

#include <stdio.h>

#define NEAR (5 * SIM_MIN)  /* full marks; FINDING_SINCE asks so (truecode/step.h) */
#define FAR  (15 * SIM_MIN) /* half of them */

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    if (clock_in(w, text) != SIM_FOREVER || word_in(text, "never"))
        return true;
    errmsg_set(why, ERR_INPUT, "Since when is a time of day, like 14:05; or never.");
    return false;
}

static sim_time outside(sim_time t, sim_time first, sim_time last)
{
    return t < first ? first - t : t > last ? t - last : 0;
}

/* The end of the first minute in which the objective was missed: what begins with a few
 * is seen then. */
static sim_time seen_first(const struct witness *w, sim_time since)
{
    const struct slo *slo = model_get_slo(w->run->stage->lw.model);
    for (sim_time t = since + SIM_MIN; slo && t < w->at; t += SIM_MIN) {
        struct impact h = impact_of(w->run->rec, w->twin, COMP_NONE, t - SIM_MIN, t);
        if (impact_counts(&h, slo))
            return t;
    }
    return since;
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    struct impact h = witness_impact(w, COMP_NONE, 0);
    struct buf b;
    if (h.since == SIM_FOREVER) {
        snprintf(out->truth, sizeof out->truth, "Nobody was hurt by then.");
        out->share = word_in(text, "never") ? 1 : 0;
        return;
    }
    sim_time said = clock_in(w, text), off = said == SIM_FOREVER ? FAR + 1 : 0;
    if (said != SIM_FOREVER)
        off = outside(said, h.since, seen_first(w, h.since));
    out->share = off <= NEAR ? 1 : off <= FAR ? 0.5 : 0;
    buf_init(&b, 32);
    clock_format(&b, lesson_info(w->s->lesson)->day_start, h.since, false);
    snprintf(out->truth, sizeof out->truth, "The first user was hurt at %s.", b.s);
    buf_release(&b);
}

static void answer(const struct witness *w, struct buf *out)
{
    struct impact h = witness_impact(w, COMP_NONE, 0);
    if (h.since == SIM_FOREVER)
        buf_adds(out, "never");
    else
        clock_format(out, lesson_info(w->s->lesson)->day_start, h.since, false);
}

const struct sheet_line_kind sheet_since = {
    .word = "since",
    .heading = "since",
    .question = "Since when?",
    .synopsis = "since HH:MM | never",
    .field = UPDATE_since,
    .readable = readable,
    .judge = judge,
    .answer = answer,
};
