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

#include "truecode/session.h"

/* ---- cells ----------------------------------------------------------------------- */

/* One character cell. Wide characters: the first cell has width 2, the next one width
 * 0. */
struct cell {
    uint32_t cp;      /* ' ' when empty */
    uint32_t mark[2]; /* combining marks, 0: none */
    uint8_t width;    /* 0, 1, 2 */
    uint8_t tone; /* enum tone: what it means; the terminal decides how that looks */
    uint8_t heat; /* 0: none; 1..8: background shade (heat maps). `cp` is a shade of the
                     same strength: what shows the background draws a blank on it */
};
struct canvas {
    int rows, cols;
    struct cell *cells;         /* rows * cols */
    int cursor_row, cursor_col; /* -1: hidden */
};
struct canvas *canvas_new(int rows, int cols) MUST_USE;
void canvas_free(struct canvas *c);
void canvas_clear(struct canvas *c);
/* Writes clean text, clipped to the canvas and to `width` columns; returns the columns
 * used. */
int canvas_text(struct canvas *c, int row, int col, int width, enum tone t,
                const char *s);
/* As lines of UTF-8 without trailing spaces: golden files. */
void canvas_dump(const struct canvas *c, struct buf *out);

/* ---- keys ------------------------------------------------------------------------ */

enum key_kind {
    KEY_CHAR, /* cp */
    KEY_ENTER,
    KEY_TAB,
    KEY_BACKTAB,
    KEY_BACKSPACE,
    KEY_DELETE,
    KEY_ESC,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_PGUP,
    KEY_PGDN,
    KEY_F,          /* cp = 1..12 */
    KEY_PASTE_CHAR, /* a character of a paste: never a command */
    KEY_CLICK,      /* of the mouse: row, col */
    KEY_WHEEL_UP,
    KEY_WHEEL_DOWN,
    KEY_KINDS
};
struct key {
    enum key_kind kind;
    uint32_t cp;
    bool ctrl, alt; /* KEY_CHAR with ctrl: cp is the letter, 'a'..'z' */
    int row, col;   /* the cell under the mouse; else 0 */
};

/* ---- the program's faces --------------------------------------------------------- */

enum glyphs { GLYPHS_UTF8, GLYPHS_ASCII, GLYPHS_BRAILLE };
struct ui_options {
    int rows, cols;
    enum glyphs glyphs;
    bool mono;           /* colours are absent: rely on words and glyphs more */
    const char *program; /* how one types the program's name here; NULL: "truecode" */
};
/* What the front knows of each lesson, for the start screen. Strings are borrowed until
 * replaced. */
struct ui_lesson {
    const char *id, *title, *track, *summary, *post;
    int minutes, level;
    int best; /* score 0..100, -1: never finished */
    enum outcome outcome;
    bool saved;         /* a run can be resumed */
    bool stopped;       /* one was begun, and an update stopped it */
    const char *broken; /* NULL, or why it cannot be loaded */
};

enum ui_want { /* what ui asks of the front after a key */
               UI_NOTHING,
               UI_LEAVE,   /* leave the program, saved */
               UI_OPEN,    /* open lesson ui_wanted_lesson() (resume it if `saved`) */
               UI_RESTART, /* lesson ui_wanted_lesson() anew, from its page */
               UI_HOME,    /* close the session, show the start screen */
               UI_REDRAW, /* paint the whole screen anew: it may show what is not ours */
               UI_THEME   /* the next theme: how a tone looks is the terminal's */
};

/* A smaller screen is refused with a sentence: the header, the tabs, a panel, the step
 * and the console have no room there. */
#define UI_ROWS_LEAST 22
#define UI_COLS_LEAST 80

struct ui;
struct ui *ui_new(const struct ui_options *o) MUST_USE;
void ui_free(struct ui *u);
void ui_catalogue(struct ui *u, const struct ui_lesson *lessons, size_t n);
void ui_session(struct ui *u,
                struct session *s); /* borrowed; NULL: back to the start screen */
void ui_resize(struct ui *u, int rows, int cols);
/* A key. The session gets its inputs from here. */
enum ui_want ui_key(struct ui *u, const struct key *k);
const char *ui_wanted_lesson(const struct ui *u);
/* Real time went by (for charts that move and waits that end); runs the session at most
 * `max_events` events. *more as in session_tick; also once after the end: the debrief
 * is drawn up in the call after the frame that says so. */
void ui_tick(struct ui *u, sim_time elapsed, uint64_t max_events, bool *more);
/* A line that was pasted with others waits for its turn: the next ui_tick() runs it. */
bool ui_owes(const struct ui *u);
/* Something changed since the last ui_draw. */
bool ui_dirty(const struct ui *u);
/* A short text for the front to lay over everything until the next key; "" none
 * (errors). */
void ui_notice(struct ui *u, const char *text);
/* What is shown for the first time in a step goes on the tape: take the tape after
 * drawing. It may finish a step: then ui_dirty() again. */
void ui_draw(struct ui *u, struct canvas *c);
/* The one table of keys, for help, README and the footer. */
void ui_key_table(struct buf *markdown);

/* ---- plain mode ------------------------------------------------------------------ */

/* Append-only lines over the same session: no cursor, no boxes, numbered choices,
 * charts as sentences. Time stands still at the prompt. */
struct plain;
struct plain *plain_new(struct session *s) MUST_USE; /* borrowed */
void plain_free(struct plain *p);
void plain_start(struct plain *p, struct buf *out); /* briefing and the first step */
/* One line of input; its answer, ending in what is asked next. *over: the debrief was
 * printed. */
enum err plain_line(struct plain *p, const char *line, struct buf *out, bool *over,
                    struct errmsg *why) MUST_USE;
const char *plain_prompt(const struct plain *p); /* "> " or "Really? (yes/no) > " */
bool plain_asks(const struct plain *p);          /* the next line is a yes or a no */

#endif
