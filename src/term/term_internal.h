/*
 * Inside term: what a back-end provides, and the crash handler they share.
 */
#ifndef TERM_INTERNAL_H
#define TERM_INTERNAL_H

#include "truecode/term.h"
#include "truecode/term_keys.h"

struct term {
    const struct term_ops *ops;
    int rows, cols;
    bool mono;
};
struct term_ops {
    void (*close)(struct term *t);
    void (*put)(struct term *t, const struct canvas *c);
    void (*redraw)(struct term *t); /* NULL: nothing can be written over */
    struct term_event (*wait)(struct term *t, int ms);
    sim_time (*now)(const struct term *t);
};

/* ---- terminfo, once setupterm() or newterm() has found the terminal ------------- */

/* A capability without its padding, added to `out`; false: the terminal has it not. */
bool terminfo_string(const char *name, struct buf *out);
int terminfo_number(const char *name); /* negative: it has it not */
void terminfo_learn_keys(struct key_decoder *d);

/* ---- what back-ends share -------------------------------------------------------- */

/* From now on a crash (SEGV, ABRT, BUS, FPE, ILL) and die() write these bytes to the
 * terminal `fd`, put its line settings back and go on dying. n 0: forget it. */
void crash_prepare(int fd, const char *restore, size_t n);

/* INT, TERM, HUP and QUIT ask to leave; their number, 0 none. Blocked but while
 * waiting. */
void leave_signals_catch(void);
int leave_signal(void);
void leave_signal_clear(void);
/* poll() on a descriptor that such a signal (and WINCH, CONT) interrupts without a
 * race. > 0: readable; 0: the time is up; -1: a signal came. */
int wait_readable(int fd, int ms);
int wait_writable(int fd, int ms);

#endif
