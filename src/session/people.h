/*
 * people, inside a session: letters that arrive, the rules that write them, and answers.
 *
 *     people.c         the inbox, the moments at which people look up, what was promised
 *     people_rules.c   when each rule speaks, and its words
 *     people_text.c    a text with its values filled in
 *     people_ask.c     what somebody answers
 *
 * Everybody looks up every half minute of the simulated clock, counted from the page, and
 * never in between. The world stops there until the twin has come as far, so that what is
 * written, and when, depends on seed and tape alone: not on slices, and not on how quick
 * the machine is. While users are well the twin is not asked for.
 */
#ifndef SESSION_PEOPLE_H
#define SESSION_PEOPLE_H

#include "session_internal.h"
#include "twin.h"

#define LOOK_EVERY  (30 * SIM_SEC)
#define LOOK_WINDOW (2 * SIM_MIN)  /* users are well after so long without trouble */
#define LOOK_MOMENT (30 * SIM_SEC) /* and who says "still" means so long ago at most */

/* The view of people who look up. */
struct sight {
    struct session *s;
    const struct people *p;
    sim_time now, page;
    sim_time last_change; /* of the learner; SIM_FOREVER: none */
    bool still;           /* users are hurt, and in the last moments, too */
};

/* A letter arrives now; `who` and `text` are copied. */
void people_deliver(struct session *s, enum reaction_kind rule, size_t reaction,
                    const char *who, const char *text, bool page);
size_t people_told(const struct people *p, enum reaction_kind rule); /* how often */
/* When last; -SIM_FOREVER: never. */
sim_time people_told_at(const struct people *p, enum reaction_kind rule);
/* Suffered from `from` to now of the incident. Costs the twin nothing while all was well. */
struct impact people_hurt(struct session *s, sim_time from, sim_time to);
bool people_counts(const struct session *s, const struct impact *h);

/* Lets the first rule that has something to say write one letter, or none. */
void people_speak(const struct sight *v);
/* The desk that answers for customers, as letters name it; owned by the session. */
const char *people_desk(struct session *s);
const char *person_heading(struct session *s, const struct person *p);
/* The text with its values; false: one of them is not known now. */
bool people_text(const struct sight *v, const char *text, struct buf *out);
/* The first time of day in a text, or "15 minutes": the moment nearest to `at`, before it
 * or (`ahead`) after it. SIM_FOREVER: there is none. */
sim_time people_moment(const struct session *s, const char *text, sim_time at,
                       bool ahead);
struct sight people_sight(struct session *s);

#endif
