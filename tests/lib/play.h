/*
 * play: sessions of small lessons in tests, in few words. Whatever is refused fails the
 * test with the reason.
 *
 *     struct session *s = play_lesson(play_small, NULL);
 *     play_type(s, "");
 *     play_for(s, 20 * SIM_SEC);
 *     play_same_again(s, play_small);
 *     session_free(s);
 */
#ifndef TESTS_PLAY_H
#define TESTS_PLAY_H

#include "truecode/session.h"

/* A shop whose new version fails three orders in ten; paged at minute 5 (10:05), a
 * ticket at minute 8. Steps: ask (2 is right), look ("changes"), predict, act. */
extern const char play_small[];
/* A shift without a fault, steps or fixes; paged at minute 1. */
extern const char play_calm[];

struct session_options play_options(const char *text, const char *tape);
struct session *play_open(const struct session_options *o);
struct session *play_lesson(const char *text, const char *tape); /* seed 7, guided */
void play_type(struct session *s, const char *line);             /* confirmed */
void play_for(struct session *s, sim_time t); /* or to where a wait stops */
bool play_said(const struct session *s, const char *words);
char *play_tape(struct session *s); /* taken; the caller frees it */
/* The tape with a chain that fits what its lines say, as a forger would make it. */
char *play_forge(const char *tape);
/* Pauses, and holds a session resumed from the tape (which must not have been taken) to
 * the same time, trace, step, notes, tickets and hints. */
void play_same_again(struct session *s, const char *text);
/* A copy of the text with the first `from` replaced; the caller frees it. */
char *play_edit(const char *text, const char *from, const char *to);

#endif
