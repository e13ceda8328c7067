/*
 * ui: draws a session into a grid of cells and turns keys into inputs. Pure: no
 * terminal, no clock, no files; it lives in the worker and is tested as text.
 *
 *     struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
 *     ui_catalogue(u, lessons, n);                 // the start screen
 *     ui_key(u, &(struct key){.kind = KEY_CHAR, .cp = 'q'});
 *     ui_draw(u, canvas);                          // only when ui_dirty(u)
 */
#ifndef TRUECODE_UI_H
#define TRUECODE_UI_H

#include "truecode/screen.h"
#include "truecode/verdict.h"

struct session;

/* ---- the screen ------------------------------------------------------------------ */

struct ui_options {
    int rows, cols;
    enum glyphs glyphs;
    bool mono;           /* colours are absent: rely on words and glyphs more */
    const char *program; /* the program's name as one types it here; NULL: "truecode" */
};
/* A lesson on the start screen: what the file tells and what the front knows of its
 * runs. Strings are borrowed until the next ui_catalogue(). */
struct ui_lesson {
    const char *id, *title, *track, *summary, *post;
    int minutes, level;
    int best; /* score 0..100 of the best run; -1: never finished */
    enum outcome outcome;
    bool saved;         /* a run can be resumed */
    bool stopped;       /* a run was begun, and an update stopped it */
    const char *broken; /* the reason why it cannot be loaded; NULL: it can */
    const char *asks, *why, *teaches;  /* see struct wire_card */
    const struct glossary_term *terms; /* nterms, its own words */
    size_t nterms;
    bool alone;     /* finished on call, too: */
    int best_alone; /* the score of the best such run */
    enum outcome outcome_alone;
    const struct ui_ending *endings; /* nendings, the latest first */
    size_t nendings;
};
/* A finished run. */
struct ui_ending {
    const char *when; /* "2026-03-23 20:12" */
    enum play_mode mode;
    enum outcome outcome;
    int score; /* -1: none can be believed */
};

struct ui;
struct ui *ui_new(const struct ui_options *o) MUST_USE;
void ui_free(struct ui *u);
/* Sets the lessons of the start screen. */
void ui_catalogue(struct ui *u, const struct ui_lesson *lessons, size_t n);
/* Whether a night that was drawn blind can be gone on with. */
void ui_drawn(struct ui *u, bool begun);
/* Shows a session, which is borrowed; NULL: back to the start screen. */
void ui_session(struct ui *u, struct session *s);
void ui_resize(struct ui *u, int rows, int cols);

/* Takes a key; the session gets its inputs from here. Returns what the front is to
 * do. */
enum want ui_key(struct ui *u, const struct key *k);
/* The id of the lesson that WANT_OPEN and WANT_RESTART are about, and the number of the
 * ending that WANT_DEBRIEF is (0: the latest). */
const char *ui_wanted_lesson(const struct ui *u);
unsigned ui_wanted_number(const struct ui *u);
/* Lets `elapsed` real nanoseconds go by (charts move, waits end) and runs the session,
 * at most `max_events` events. *more as in session_tick(); true also once after the
 * end: the debrief is drawn up in the call after the frame that says so. */
void ui_tick(struct ui *u, sim_time elapsed, uint64_t max_events, bool *more);
/* Whether a line that was pasted with others waits for its turn: the next ui_tick()
 * runs it. */
bool ui_owes(const struct ui *u);
/* Lays a short text over everything until the next key (errors); "": none. */
void ui_notice(struct ui *u, const char *text);

/* Whether something changed since the last ui_draw(). */
bool ui_dirty(const struct ui *u);
/* Draws all. What is shown for the first time in a step goes on the tape, so take the
 * tape after drawing; it may finish a step, and then the screen is dirty again. */
void ui_draw(struct ui *u, struct canvas *c);
/* Whether what was drawn last is the flash of a page: tick on, and it ends. */
bool ui_flashes(const struct ui *u);
/* Whether a page came in that nobody rang for yet; then it is rung for. */
bool ui_take_bell(struct ui *u);

/* ---- plain mode ------------------------------------------------------------------ */

/* Append-only lines over the same session: no cursor, no boxes, numbered choices,
 * charts as sentences. Time stands still at the prompt. */
struct plain;
struct plain *plain_new(struct session *s) MUST_USE; /* borrowed */
void plain_free(struct plain *p);
/* Appends the briefing and the first step. */
void plain_start(struct plain *p, struct buf *out);
/* Takes one line of input and appends its answer, which ends in what is asked next.
 * *over: the debrief was printed. */
enum err plain_line(struct plain *p, const char *line, struct buf *out, bool *over,
                    struct errmsg *why) MUST_USE;
const char *plain_prompt(const struct plain *p); /* "> " or "Really? (yes/no) > " */
bool plain_asks(const struct plain *p);          /* the next line is a yes or a no */

#endif
