/*
 * term: the terminal back-ends of the front process.
 *
 * A `struct term` shows a canvas and gives events: keys, a new size, "leave". Three
 * back-ends make one:
 *
 *     curses   a person's terminal, the whole of it       term_curses_open()
 *     script   keys from a file, screens as text          term_script_open()
 *     row      the one row with the cursor of a terminal  term_line_open()
 *
 * All have a clock, so that the same loop plays a lesson live or scripted. Where there
 * is no terminal at all, lines are read and written whole (term_lines_*, term_write()).
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

/* name, word, how it looks; the default comes first, and is expanded by FIRST, so that
 * the words can be joined by "|". */
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

/* The background of the terminal, on which the colours must be readable. */
enum ground {
    GROUND_UNKNOWN,
    GROUND_DARK,
    GROUND_LIGHT,
    GROUND_BETWEEN /* known, and neither dark nor light enough */
};
enum ground ground_of(uint32_t rgb); /* of a background 0xRRGGBB */

enum { LOOK_BOLD = 1, LOOK_UNDERLINE = 2, LOOK_REVERSE = 4 };
struct look {
    short fg, bg;        /* of the palette; -1: the terminal's own */
    unsigned char attrs; /* LOOK_* */
    bool blank;          /* the background says all: the cell's glyph is not drawn */
};
/* The look of a tone (and a heat, 0..HEAT_MAX) with so many colours: 0 or 2 (none), 8,
 * 16 or 256. */
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
    struct key key; /* TERM_KEY */
    int signal; /* TERM_LEAVE: the signal that asked; HUP also for a terminal that went
                       away; 0: a script is over */
};
struct term_options {
    enum theme theme;
    enum ground ground; /* the terminal's; GROUND_UNKNOWN: the terminal is asked */
    bool mouse;         /* buttons and wheel are reported */
    bool test_sync;     /* the window's title says "truecode frame N" when frame N is
                           painted */
    /* script only */
    const char *script; /* the text of the script */
    const char *name;   /* the back-end's name, for messages */
    int rows, cols;
    bool dump; /* print the last screen when the script is over */
    void (*print)(const struct buf *screen); /* where to */
};

struct term;
/* Takes the process's terminal. ERR_REFUSED: it cannot show a screen; the sentence
 * names it, and what would help. */
enum err term_curses_open(struct term **out, const struct term_options *o,
                          struct errmsg *why) MUST_USE;
/*
 * Plays a script: words separated by blanks and newlines; # to the end of the line is a
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
/* Reads "120x36", columns and rows, within SCREEN_COLS_MAX and SCREEN_ROWS_MAX. */
bool term_size_parse(const char *s, int *rows, int *cols);

void term_size(const struct term *t, int *rows, int *cols);
bool term_mono(const struct term *t); /* no colours: a theme's, or the terminal's */
/* Sets another theme, from the next term_put() on. */
void term_theme(struct term *t, enum theme theme);
void term_bell(struct term *t);
/* Paints what changed since the last call; nothing when nothing did. */
void term_put(struct term *t, const struct canvas *c);
/* Lets the next term_put() paint all: something else may be on the terminal by now. */
void term_redraw(struct term *t);
/* Waits at most `ms` (-1: for ever; 0: only look). */
struct term_event term_wait(struct term *t, int ms);
/* The terminal's clock in nanoseconds; only differences mean something. */
sim_time term_now(const struct term *t);

/* ---- one row --------------------------------------------------------------------- */

/* Takes a person's terminal of which only the row with the cursor is drawn on: put a
 * canvas of one row. Everything else is said above. False: no terminal here can, and
 * lines come whole (term_lines_*). */
bool term_line_open(struct term **out);
/* Says whole lines. A first line that stands in the row already is not written again;
 * "" only ends the row. Then there is no row until the next term_put(). False: as
 * term_write(). */
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
/* Reads one line, without its newline. A line over 64 KiB is skipped: LINE_TOO_LONG. */
enum term_line term_lines_read(struct term_lines *t, struct buf *line);
/* Writes everything. False: not all could be written, and errno says why; EPIPE: nobody
 * reads any more; EINTR: writing would have to wait, and a signal asks to leave. */
bool term_write(int fd, const char *s, size_t n);
/* The signal that asked to leave (INT, TERM, HUP, QUIT) since term_lines_open(); 0:
 * none did. */
int term_left_by(void);
/* Forgets that signal: a Ctrl-C that stopped something else was heard, and one
 * stays. */
void term_stay(void);

/* Whether the locale's characters are UTF-8. Call setlocale(LC_CTYPE, "") first. */
bool term_utf8(void);

#endif
