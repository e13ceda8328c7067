/*
 * thoughtless: players who do not think play a lesson, by typing lines that a learner could
 * type. They know the system by what the console would complete, and nothing of the lesson
 * but what the screen says. What comes of it: truecode/players.h; all of them over many
 * seeds: players_play() in truecode/session.h.
 */
#ifndef SESSION_THOUGHTLESS_H
#define SESSION_THOUGHTLESS_H

#include "session_internal.h"

/* Plays an opened session to its end by one player; outcome OUTCOME_COUNT: there is nothing
 * to do for that one in this lesson, and nothing was played. */
enum err thoughtless_play(enum player p, struct session *s, struct score *score,
                          struct errmsg *why) MUST_USE;
/* Plays a run by one player, the same. ERR_LESSON: the lesson cannot be played at all. */
enum err thoughtless_run(enum player p, const struct session_options *o,
                         struct score *score, struct errmsg *why) MUST_USE;

#endif
