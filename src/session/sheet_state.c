/*
 * How it stands: investigating, mitigated, cured, recovered or closed. Held against the
 * users of that moment and of two minutes before: whoever calls them well who suffered has
 * told people what is not so.
 */
#include "session_internal.h"
#include "sheet.h"

#include <stdio.h>

#define LATELY (2 * SIM_MIN)

static int state_in(const char *text)
{
    for (int i = UPDATE_STATE_COUNT - 1; i >= 0; i--)
        if (word_in(text, update_state_words()[i]))
            return i;
    return -1;
}

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    (void)w;
    if (state_in(text) >= 0)
        return true;
    errmsg_set(why, ERR_INPUT,
               "How it stands is investigating, mitigated, cured, recovered, or closed "
               "when nothing was wrong.");
    return false;
}

/* The last change by then; the page before any. */
static sim_time changed_last(const struct witness *w)
{
    size_t n;
    const struct done_action *did = scored_actions(w->s, &n);
    sim_time last = SIM_FOREVER;
    for (size_t i = 0; i < n && did[i].at <= w->at; i++)
        last = did[i].at;
    return last;
}

/* How users were, and whether long enough to know. */
static void how_users_were(const struct witness *w, bool *well, bool *proven)
{
    sim_time want = lesson_info(w->s->lesson)->good_for, last = changed_last(w);
    bool quiet = w->s->quiet;
    *well = users_well(w->run, w->at, LATELY, NULL) ||
            users_well(w->run, w->at, want, NULL);
    *proven = *well && users_well(w->run, w->at, want, NULL) &&
              (quiet || (last != SIM_FOREVER && w->at - last >= want - SIM_MIN));
}

/* A change of a moment ago has mended it, which the minutes before cannot show yet: users
 * are well from the statement on, as far as the run tells. */
static bool just_mended(const struct witness *w)
{
    sim_time to = w->at + LATELY, now = run_now(w->run), last = changed_last(w);
    to = to < now ? to : now;
    return last < w->at && w->at - last <= LATELY && to > w->at &&
           users_well(w->run, to, to - w->at, NULL);
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    int said = state_in(text);
    bool well, proven;
    how_users_were(w, &well, &proven);
    bool untouched = w->s->quiet && changed_last(w) == SIM_FOREVER;
    out->lie = !well && said > STATE_INVESTIGATING && !just_mended(w);
    if (said == STATE_CLOSED || untouched) {
        out->share = !untouched ? 0 : said == STATE_CLOSED ? 1 : 0.5;
        snprintf(out->truth, sizeof out->truth, "%s",
                 untouched ? "Nothing was wrong, and nothing was changed: closed."
                           : "It was no false alarm.");
        return;
    }
    if (!well)
        out->share = said == STATE_INVESTIGATING ? 1 : 0;
    else if (proven)
        out->share = said >= STATE_CURED ? 1 : 0.5;
    else
        out->share = said == STATE_MITIGATED       ? 1
                     : said == STATE_INVESTIGATING ? 0.8
                                                   : 0.5;
    snprintf(out->truth, sizeof out->truth, "%s",
             !well ? "Users had suffered within two minutes of it: investigating."
             : proven
                 ? "Users had been well for long enough to call it cured."
                 : "Users were well then, but not for long enough to know more than "
                   "mitigated.");
}

static void answer(const struct witness *w, struct buf *out)
{
    bool well, proven;
    how_users_were(w, &well, &proven);
    buf_adds(out, update_state_words()[!well    ? STATE_INVESTIGATING
                                       : proven ? STATE_CURED
                                                : STATE_MITIGATED]);
}

const struct sheet_line_kind sheet_state_line = {
    .word = "state",
    .heading = "how it stands",
    .question = "How does it stand?",
    .synopsis = "say --state investigating|mitigated|cured|recovered|closed",
    .field = UPDATE_state,
    .readable = readable,
    .judge = judge,
    .answer = answer,
};
