/*
 * When people hear again: a time of day, kept by another update or by the end.
 */
#include "session_internal.h"
#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "in 20 minutes", "in 20m". */
static sim_time in_minutes(const struct witness *w, const char *text)
{
    const char *p = text + strcspn(text, "0123456789");
    long n = *p ? strtol(p, NULL, 10) : 0;
    bool minutes = strstr(p, "m");
    return n > 0 && n < 600 && minutes ? w->at + (sim_time)n * SIM_MIN : SIM_FOREVER;
}

static sim_time promised(const struct witness *w, const char *text)
{
    sim_time t = clock_in(w, text);
    return t != SIM_FOREVER ? t : in_minutes(w, text);
}

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    if (promised(w, text) != SIM_FOREVER)
        return true;
    errmsg_set(why, ERR_INPUT, "When people hear again is a time of day, like 20:30.");
    return false;
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    sim_time t = promised(w, text), end = run_now(w->run);
    bool kept = end <= t + NEXT_GRACE;
    for (size_t i = 0; i < scored_saids(w->s); i++)
        kept |= w->s->saids[i].at > w->at && w->s->saids[i].at <= t + NEXT_GRACE;
    bool ahead = t > w->at;
    out->share = !ahead ? 0 : kept ? 1 : 0.5;
    snprintf(out->truth, sizeof out->truth, "%s",
             !ahead ? "That time had passed already."
             : kept ? "It was kept."
                    : "No update came by then.");
}

const struct sheet_line_kind sheet_next = {
    .word = "next",
    .heading = "next update",
    .question = "When do people hear from you again?",
    .synopsis = "say --next HH:MM",
    .field = UPDATE_next,
    .readable = readable,
    .judge = judge,
};
