/*
 * term: the terminal back-ends of the front process.
 *
 * A `struct term` shows a canvas and gives events: keys, a new size, "leave". There are
 * two: curses (a person's terminal) and script (keys from a file, screens as text).
 * Both have a clock, so that the same loop plays a lesson live or scripted. Plain mode
 * is not a screen: it reads and writes lines (term_line_*).
 *
 *     struct term *t;
 *     err = term_curses_open(&t, &options, &why);
 *     term_put(t, canvas);
 *     struct term_event e = term_wait(t, 250);
 *     term_close(t);
 *
 * At most one terminal is open at a time: signals and curses are the process's.
 */
#ifndef TRUECODE_TERM_H
#define TRUECODE_TERM_H

#include "truecode/screen.h"

/* ---- looks ----------------------------------------------------------------------- */

/* name, word, what it is; the first is the default. FIRST is expanded for it alone, so
 * that a list of words can be joined. */
#define THEME_LIST_OF(FIRST, X)                                                        \
    FIRST(DEFAULT, "default", "dark or light, as the terminal's background is")        \
    X(DARK, "dark", "on black, whatever the terminal has")                             \
    X(LIGHT, "light", "on white, whatever the terminal has")                           \
    X(CONTRAST, "high-contrast", "bold and bright, nothing grey")                      \
    X(COLOUR_BLIND, "colour-blind", "blue and orange instead of green and red")        \
    X(MONO, "mono", "no colours: bold, underline and reverse")
#define THEME_LIST(X)            THEME_LIST_OF(X, X)
#define THEME_WORD(n, word, d)   word
#define THEME_WORDS_(n, word, d) "|" word
#define THEME_WORDS              THEME_LIST_OF(THEME_WORD, THEME_WORDS_) /* "a|b|c" */
enum theme {
#define X(name, word, doc) THEME_##name,
    THEME_LIST(X)
#undef X
        THEME_COUNT
};
const char *theme_name(enum theme t); /* NULL behind the last */
const char *theme_doc(enum theme t);
bool theme_parse(const char *word, enum theme *out);

/* The background of the terminal, which the colours must be readable on. */
enum ground {
    GROUND_UNKNOWN,
    GROUND_DARK,
    GROUND_LIGHT,
    GROUND_BETWEEN /* known, and neither dark nor light enough */
};
enum ground ground_of(uint32_t rgb); /* of a background 0xRRGGBB */

enum { LOOK_BOLD = 1, LOOK_UNDERLINE = 2, LOOK_REVERSE = 4 };
struct look {
    short fg, bg; /* of the palette; -1: the terminal's own */
    unsigned char attrs;
    bool blank; /* the background tells it: the cell's glyph is not drawn */
};
/* How a tone (and a heat, 0..8) looks with so many colours (0 or 2: none; 8, 16, 256).
 */
struct look look_of(enum theme theme, enum ground ground, int colours, enum tone tone,
                    int heat);

/* ---- a screen -------------------------------------------------------------------- */

enum term_event_kind {
    TERM_NOTHING, /* the time is up */
    TERM_KEY,
    TERM_RESIZE,
    TERM_LEAVE /* hang-up, termination, the end of a script: save and leave */
};
struct term_event {
    enum term_event_kind kind;
    struct key key;
    int signal; /* LEAVE: which one asked; HUP also for a terminal that went away; 0: a
                   script is over */
};
struct term_options {
    enum theme theme;
    enum ground ground; /* of the terminal, where that is known; else it is asked */
    bool mouse;         /* its keys and wheel are reported */
    bool test_sync;     /* the window's title says "truecode frame N" when frame N is
                       painted */
    /* script only */
    const char *script; /* the text of the script */
    const char *name;   /* its name, for messages */
    int rows, cols;
    bool dump; /* print the last screen when the script is over */
    void (*print)(const struct buf *screen); /* where to */
};

struct term;
/* ERR_REFUSED: this terminal cannot do it (the sentence names it and what would help).
 */
enum err term_curses_open(struct term **out, const struct term_options *o,
                          struct errmsg *why) MUST_USE;
/*
 * A script: words separated by blanks and newlines; # to the end of the line is a
 * comment.
 *
 *     "text"         typed; \" and \\ inside
 *     Enter Tab Backtab Backspace Delete Esc Up Down Left Right Home End PgUp PgDn F1..F12
 *     ^P  M-x        with ctrl, with alt
 *     paste "text"   as a bracketed paste; \n inside is a line's end
 *     tick 5s        so much time goes by
 *     dump           prints the screen as it is now
 *     size 120x36    the terminal is resized
 *
 * ERR_INPUT names line and word.
 */
enum err term_script_open(struct term **out, const struct term_options *o,
                          struct errmsg *why) MUST_USE;
void term_close(struct term *t); /* NULL is fine */
/* "120x36": columns x rows, within what a screen may have. */
bool term_size_parse(const char *s, int *rows, int *cols);

void term_size(const struct term *t, int *rows, int *cols);
bool term_mono(const struct term *t); /* no colours: a theme's, or the terminal's */
/* Another theme from the next term_put() on. */
void term_theme(struct term *t, enum theme theme);
void term_bell(struct term *t);
/* Paints what changed since the last call; nothing when nothing did. */
void term_put(struct term *t, const struct canvas *c);
/* What is on the terminal is not what was painted: the next term_put() paints all. */
void term_redraw(struct term *t);
/* Waits at most `ms` (-1: for ever; 0: only look). */
struct term_event term_wait(struct term *t, int ms);
/* Nanoseconds on the terminal's clock; only differences mean something. */
sim_time term_now(const struct term *t);

/* ---- one row --------------------------------------------------------------------- */

/* A person's terminal of which only the row with the cursor is drawn on: put a canvas
 * of one row. Everything else is said above it. false: there is no terminal that can,
 * and lines come whole (term_lines_*). */
bool term_line_open(struct term **out);
/* Says whole lines. A first line that stands in the row already is not written again;
 * "" only ends the row. After that there is no row until the next term_put(). false: it
 * cannot be written, as term_write(). */
bool term_line_say(struct term *t, const char *text);

/* ---- lines ----------------------------------------------------------------------- */

/* Reads lines from a descriptor; signals that mean "leave" end it. */
struct term_lines {
    int fd;
    struct buf pending;
    bool eof;
};
enum term_line { LINE_READ, LINE_EOF, LINE_LEAVE, LINE_TOO_LONG };
void term_lines_open(struct term_lines *t, int fd);
void term_lines_close(struct term_lines *t);
/* One line without its newline. A line over 64 KiB is skipped: LINE_TOO_LONG. */
enum term_line term_lines_read(struct term_lines *t, struct buf *line);
/* Writes everything. false: it cannot be written (errno; EPIPE: nobody reads any more),
 * or it would have to wait and a signal asks to leave (EINTR). */
bool term_write(int fd, const char *s, size_t n);
/* A signal asked to leave (INT, TERM, HUP, QUIT) since term_lines_open(); its number,
 * or 0. */
int term_left_by(void);
/* It was heard, and one stays: a Ctrl-C that stopped something else. */
void term_stay(void);

/* Whether the locale's characters are UTF-8. Call setlocale(LC_CTYPE, "") first. */
bool term_utf8(void);

#endif
