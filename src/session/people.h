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
 *
 *     people_begin(s);                                    // at the page
 *     if (people_look(s, &left) == ERR_STOPPED) ...       // the twin has to run first
 *     people_hear(s, &update);                            // `say` told them something
 *
 * Owner: the session has the inbox; texts of letters are in session.words, or the stage's.
 */
#ifndef SESSION_PEOPLE_H
#define SESSION_PEOPLE_H

#include "twin.h"

/* ---- the inbox (people.c) -------------------------------------------------------- */

#define COMMON_WORDS SIZE_MAX
/* The reason why a letter came: a rule, and the reaction whose words it has. */
struct letter {
    enum reaction_kind rule; /* REACTION_COUNT: the incident's own, or the pager */
    size_t reaction;         /* of the lesson; COMMON_WORDS: everybody's words */
};
struct told {                /* the last word to people */
    sim_time at;             /* -1: nothing yet */
    enum update_state state; /* UPDATE_STATE_COUNT: none was given */
    sim_time since, next;    /* SIM_FOREVER: none was given */
    double number;           /* of requests; -1: none was given */
    char *since_text, *next_text, *number_text;
};
struct people {
    /* Letters that have arrived, oldest first; strings in session.words or the stage. */
    struct ticket *inbox;
    struct letter *letters;
    size_t n, cap;
    size_t scheduled, alerts;      /* of the incident, of the recording: seen so far */
    size_t pages;                  /* the pager rang so often */
    sim_time due;                  /* when people look up next */
    bool hurt, was_hurt, was_well; /* users: now, and ever */
    sim_time since; /* when what they are now began; SIM_FOREVER: not known */
    struct told last;
};
void people_begin(struct session *s);     /* at the page */
void people_introduce(struct session *s); /* fills session.bystanders */
/* Delivers the incident's letters, and paging alerts, up to now; how many came. */
size_t people_post(struct session *s, bool aloud);
/* People look up: the moment is due. ERR_STOPPED: the twin is owed first, beyond *left
 * events (NULL: any). */
enum err people_look(struct session *s, uint64_t *left) MUST_USE;
void people_back(struct session *s, sim_time t); /* after a rewind to t */
void people_release(struct people *p);
void people_hear(struct session *s, const struct update *u);
void people_ask(struct session *s, size_t person, const char *about);

/* ---- the rules (people_rules.c) -------------------------------------------------- */

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
struct sight people_sight(struct session *s);

#endif
