/*
 * Inside term: what a back-end provides, and what back-ends share.
 *
 * A back-end is a file that ends in its `struct term_ops`: a whole screen by curses
 * (term_curses.c), one row that is edited (term_line.c), lines (term_plain.c), a script
 * of keys (term_script.c). Its own structure begins with
 * `struct term`, which term.c hands on; close() frees all of it and leaves the terminal
 * as it was found:
 *
 *     struct lines {
 *         struct term base;
 *         ...
 *     };
 *     static const struct term_ops ops = {.close = lines_close, .put = lines_put, ...};
 *
 * Canvases are borrowed for the call. Times to wait are milliseconds of real time, < 0
 * without an end; now() is nanoseconds and never goes back. What a crash has to put
 * back is in term_crash.c; the flags that signals set are with those who look at them.
 */
#ifndef TERM_INTERNAL_H
#define TERM_INTERNAL_H

#include "truecode/term.h"
#include "truecode/term_keys.h"

/* ---- a back-end ------------------------------------------------------------------ */

struct term {
    const struct term_ops *ops;
    int rows, cols; /* of the screen, as of the last event */
    bool mono;      /* no colours, whatever the theme */
};
struct term_ops {
    void (*close)(struct term *t);
    void (*put)(struct term *t, const struct canvas *c);
    void (*redraw)(struct term *t); /* NULL: nothing can be written over */
    struct term_event (*wait)(struct term *t, int ms);
    sim_time (*now)(const struct term *t);
    void (*theme)(struct term *t, enum theme theme);
    void (*bell)(struct term *t);
};

/* ---- terminfo, once setupterm() or newterm() has found the terminal -------------- */

/* A capability without its padding, added to `out`; false: the terminal has it not. */
bool terminfo_string(const char *name, struct buf *out);
int terminfo_number(const char *name); /* negative: it has it not */
void terminfo_learn_keys(struct key_decoder *d);

/* ---- the tables of looks (term_looks.c) ------------------------------------------ */

struct looks {
    struct look dark, light, unknown; /* by what is known of the background */
};
extern const struct look looks_mono[TONE_COUNT], looks_eight_dark[TONE_COUNT];
extern const struct looks looks_many[TONE_COUNT], looks_many_contrast[TONE_COUNT],
    looks_many_blind[TONE_COUNT]; /* 256 colours */
extern const struct looks looks_few[TONE_COUNT], looks_few_contrast[TONE_COUNT],
    looks_few_blind[TONE_COUNT]; /* 16 */
extern const short looks_heat_dark[8], looks_heat_light[8], looks_heat_blind_dark[8],
    looks_heat_blind_light[8];

/* ---- the terminal's background (term_ground.c) ----------------------------------- */

enum ground_state { GROUND_IN_TEXT, GROUND_IN_ESC, GROUND_IN_CSI, GROUND_IN_OSC };
/* Takes the terminal's answers out of what comes in. */
struct ground_reader {
    enum ground ground; /* the background, as answered */
    bool done;          /* no answer is to come any more */
    enum ground_state state;
    bool escaped; /* ESC was read inside a string */
    char seq[64]; /* the sequence so far */
    size_t n;
    struct buf typed; /* keys of the person's, between the answers */
};
void ground_reader_init(struct ground_reader *r);
void ground_reader_release(struct ground_reader *r);
void ground_read(struct ground_reader *r, const char *s, size_t n);
/* No more is read: a sequence whose rest has not come goes to `typed`, so that whoever
 * reads on knows what the rest belongs to. */
void ground_leave(struct ground_reader *r);
/* The text of an OSC without its frame: "11;rgb:ffff/ffff/dddd". false: no answer. */
bool ground_answer(const char *s, enum ground *out);
/* rxvt's and Konsole's environment variable, "15;0"; NULL is fine. */
enum ground ground_of_colorfgbg(const char *s);
/* Asks the terminal called `term`, read from `in`, at most 50 ms, then the environment.
 * The settings of the terminal are afterwards as before. The reader is an initialised
 * one; r->typed is to be given back as input. */
enum ground ground_find(struct ground_reader *r, int in, const char *term, int colours);

/* ---- what back-ends share -------------------------------------------------------- */

/* From now on a crash (SEGV, ABRT, BUS, FPE, ILL) and die() write these bytes to the
 * terminal `fd`, put its line settings back and go on dying. n 0: forget it. The settings
 * are those at the first call since: make it before curses or anybody changes them. */
void crash_prepare(int fd, const char *restore, size_t n);

/* INT, TERM, HUP and QUIT ask to leave; their number, 0 none. Blocked but while
 * waiting. */
void leave_signals_catch(void);
int leave_signal(void);
void leave_signal_clear(void);
/* poll() on a descriptor that such a signal (and WINCH, CONT) interrupts without a
 * race. > 0: readable, and signals that came before the bytes were handled before them
 * (a key typed into a window belongs to the window's size); 0: the time is up; -1: a
 * signal came. */
int wait_readable(int fd, int ms);
int wait_writable(int fd, int ms);
/* A descriptor for reading what `fd` has to read; the caller closes it. A terminal's does
 * not block (EAGAIN): Ctrl-C throws away what was readable a moment ago, and a read()
 * that waits for more keys is not ended by blocked signals. `fd` itself, which the shell
 * and others share, keeps its mode. */
int input_open(int fd);

#endif
