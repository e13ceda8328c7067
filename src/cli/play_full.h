/*
 * play_full: playing on a screen, in four files.
 *
 *     play_full.c          the loop: a key or the next tick to the worker; starting, ending
 *     play_full_ask.c      one request and its answer; a worker that keeps us waiting
 *     play_full_open.c     from one lesson to another: what an answer asks the front to do
 *     play_full_paint.c    the worker's frame, and the line of our own over it
 *
 * A turn of the loop:
 *
 *     struct term_event e = …;                          // a key
 *     full_ask(f, &request);                            // tape written down, frame painted
 *     full_do_want(f);                                  // another lesson, the list, colours
 *
 * Owner: play_full() owns the struct and all in it but the play. Real time is the
 * terminal's (term_now()), in nanoseconds. Errors: what ends the program is said on stderr
 * after the terminal is closed, and leaves its exit code in p->status and `leave` set.
 */
#ifndef PLAY_FULL_H
#define PLAY_FULL_H

#include "config.h"

enum { AHEAD_MAX = 64 }; /* keys that are kept, and sent at once */

struct full {
    struct play *p;
    struct term *term;
    struct canvas *canvas; /* the worker's screen */
    struct canvas *over;   /* the same with our line on it, as painted */
    struct wire_answer a;  /* the last one */
    sim_time last_tick, last_paint;
    char line[480];              /* our line; "" none */
    char said[480];              /* the client's words about a fall; "" nothing */
    bool line_stays;             /* until the worker answers, not until the next key */
    bool holds;                  /* keys wait until the night has come to its page */
    bool listed;                 /* the open lesson was chosen from the list */
    struct key ahead[AHEAD_MAX]; /* typed while the worker did not answer */
    size_t nahead;
    bool home, leave, resized;
    bool keyed;       /* the last answer was one to the person's keys */
    bool interrupted; /* by Ctrl-C, a signal, a closed window */
    bool gone;        /* the terminal is gone */
};

/* ---- painting (play_full_paint.c) ------------------------------------------------ */

void full_paint(struct full *f);
/* Until there is a first frame, a slow start needs something to write on. */
void full_need_canvas(struct full *f);
/* Sets our own line, cleaned and cut to its room; painted with the next frame. */
void full_set_line(struct full *f, const char *text);

/* ---- asking (play_full_ask.c) ---------------------------------------------------- */

/* Asks the worker, notes what came and shows it. False: it fell, and the program ends. */
bool full_ask(struct full *f, struct wire_request *q);
void full_notice(struct full *f, const char *text); /* lays it over the screen */
/* The answer came: note it, show it. */
void full_take_answer(struct full *f);
/* Something to see while the worker gets a lesson ready. */
void full_say_opening(struct full *f);
/* Puts the client's words, or what became of the files, where the learner looks. */
void full_tell_said(struct full *f);
void full_tell_news(struct full *f);
/* Fills in the screen of a request: its size, its signs, the name of the program. */
void full_fill_screen(const struct full *f, struct wire_request *q);
void full_send_size(struct full *f);
/* Somebody wants to leave, or has closed the window. */
void full_leave_by(struct full *f, const struct term_event *e);
bool full_is_interrupt(const struct key *k);
/* Callbacks of the client; `ctx` is the struct full. */
bool full_on_waiting(void *ctx, int ms);
void full_on_said(void *ctx, const char *sentence);
void full_on_tape(void *ctx, const char *s, size_t n);

/* ---- from one lesson to another (play_full_open.c) ------------------------------- */

void full_go_home(struct full *f, const char *notice); /* to the list */
void full_go_lesson(struct full *f, const char *word);
void full_go_blind(struct full *f);
/* The lesson that was opened early will never come to its page, as the answer says. */
void full_open_failed(struct full *f);
/* Does what the last answer wants of the front. */
void full_do_want(struct full *f);

#endif
