/*
 * screen: a grid of character cells, the keys that are pressed before one, and what the
 * program behind a screen may want of whoever shows it. Plain values: no terminal, no
 * session. Views write cells, the wire carries them, a terminal paints them.
 *
 *     struct canvas *c = canvas_new(24, 80);
 *     canvas_text(c, 0, 0, c->cols, TONE_HEAD, "checkout");
 *     canvas_dump(c, &golden);
 *     canvas_free(c);
 *
 * Writing is clipped, never refused: what lies beyond the right or lower edge is lost
 * and nothing else changes. Rows and columns count from 0.
 */
#ifndef TRUECODE_SCREEN_H
#define TRUECODE_SCREEN_H

#include "truecode/base.h"

/* ---- sizes ----------------------------------------------------------------------- */

/* A smaller screen is refused with a sentence: the header, the tabs, a panel, the step
 * and the console have no room there. */
#define SCREEN_ROWS_LEAST 22
#define SCREEN_COLS_LEAST 80
/* A larger terminal is used up to here. */
#define SCREEN_ROWS_MAX 200
#define SCREEN_COLS_MAX 500

/* ---- tones ----------------------------------------------------------------------- */

/* The meaning of a piece of text; how a tone looks is up to the terminal. */
#define TONE_LIST(X)                                                                   \
    X(NORMAL)                                                                          \
    X(DIM)                                                                             \
    X(STRONG)                                                                          \
    X(HEAD)                                                                            \
    X(GOOD)                                                                            \
    X(WARN)                                                                            \
    X(BAD)                                                                             \
    X(ACCENT)                                                                          \
    X(PROMPT)                                                                          \
    X(MARK)                                                                            \
    X(SELECT)                                                                          \
    X(SERIES1)                                                                         \
    X(SERIES2)                                                                         \
    X(SERIES3)                                                                         \
    X(SERIES4)                                                                         \
    X(GHOST)
enum tone {
#define X(name) TONE_##name,
    TONE_LIST(X)
#undef X
        TONE_COUNT
};

/* The characters a terminal can show. Views draw with lines and blocks; for ASCII the
 * finished canvas is translated (canvas_to_ascii()), braille makes charts finer. */
enum glyphs { GLYPHS_UTF8, GLYPHS_ASCII, GLYPHS_BRAILLE, GLYPHS_COUNT };

/* ---- cells ----------------------------------------------------------------------- */

#define HEAT_MAX 8 /* the strongest shade of a heat map */

/* A character cell. A wide character takes two: the first has width 2, the second
 * width 0. */
struct cell {
    uint32_t cp;      /* code point; ' ' when empty */
    uint32_t mark[2]; /* combining marks; 0: none */
    uint8_t width;    /* 0, 1, 2 */
    uint8_t tone;     /* enum tone */
    uint8_t heat;     /* background shade of a heat map, 1..HEAT_MAX; 0: none. `cp` is
                         then a block of the same strength, for terminals without
                         backgrounds; the others draw a blank */
};
struct canvas {
    int rows, cols;
    struct cell *cells;         /* rows * cols, row by row */
    int cursor_row, cursor_col; /* -1: hidden */
};
struct rect {
    int row, col, rows, cols;
};

/* Empty, with a hidden cursor; sides below 1 count as 1. The caller frees. */
struct canvas *canvas_new(int rows, int cols) MUST_USE;
void canvas_free(struct canvas *c); /* NULL is fine */
void canvas_clear(struct canvas *c);

/* Write clean text (text_clean()) up to its end or its first newline, clipped to the
 * canvas and to `width` columns; return the columns used. canvas_textn() takes the
 * bytes s[0..n), canvas_printf() cuts at 511 bytes. */
int canvas_text(struct canvas *c, int row, int col, int width, enum tone t,
                const char *s);
int canvas_textn(struct canvas *c, int row, int col, int width, enum tone t,
                 const char *s, size_t n);
int canvas_printf(struct canvas *c, int row, int col, int width, enum tone t,
                  const char *fmt, ...) PRINTF_LIKE(6, 7);
/* Writes one code point of width 1. */
void canvas_put(struct canvas *c, int row, int col, enum tone t, uint32_t cp);
/* Fills `r` with one code point of width 1. */
void canvas_fill(struct canvas *c, struct rect r, enum tone t, uint32_t cp);
/* Copies the rows of `src` from `src_row` on into `r` of `dst`. */
void canvas_blit(struct canvas *dst, struct rect r, const struct canvas *src,
                 int src_row);
/* Turns every cell into printable ASCII of the same width and, as near as can be, of
 * the same look. */
void canvas_to_ascii(struct canvas *c);
/* Appends the canvas as lines of UTF-8 without trailing spaces: golden files. */
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

/* ---- wants ----------------------------------------------------------------------- */

/* The wish of the program behind a screen after a key, for whoever has the terminal. */
enum want {
    WANT_NOTHING,
    WANT_LEAVE,   /* leave the program, saved */
    WANT_OPEN,    /* open the lesson named with the wish; go on with a saved run */
    WANT_ON_CALL, /* the lesson named with the wish, on call, on another night */
    WANT_BLIND,   /* a night drawn among the finished lessons; go on with a saved one */
    WANT_DEBRIEF, /* an ending of the lesson named with the wish, by its number */
    WANT_RESTART, /* the same lesson anew, from its page */
    WANT_HOME,    /* close the session, show the start screen */
    WANT_REDRAW,  /* paint the whole screen anew: foreign output may be on it */
    WANT_THEME,   /* the next theme: how a tone looks is the terminal's */
    WANT_ENTER, /* Enter once more when the night has come to its page; keys until then
                     after it */
    WANT_COUNT
};

#endif
