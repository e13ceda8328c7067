/*
 * A program on a real pseudo terminal, its output drawn by libvterm: what a person
 * would see.
 *
 * Waiting is for something to be seen, never for time to pass; the limit only ends a
 * test that would wait for ever.
 */
#ifndef PTY_TERM_H
#define PTY_TERM_H

#include "truecode/base.h"

#include <sys/types.h>
#include <vterm.h>

struct pty {
    int fd;
    pid_t shell; /* between us and the program, as a shell is: without one a program's
                  * process group is orphaned, and the system does not suspend those */
    pid_t pid;   /* the program */
    int rows, cols;
    VTerm *vt;
    VTermScreen *screen;
    struct buf raw;  /* every byte the program wrote */
    unsigned frames; /* painted, as told in the window's title */
    int status;      /* of waitpid(), when it has ended */
    bool ended;
};

/* Starts $TRUECODE (build/truecode) with these words and the environment lines
 * "NAME=value" given in addition to a bare one (HOME and the state directory in a fresh
 * place, TERM=xterm-256color, LANG=C.UTF-8). A state directory of NULL makes a fresh
 * one. */
struct pty *pty_start(const char *const *words, const char *const *env,
                      const char *state, int rows, int cols) MUST_USE;
void pty_free(struct pty *p); /* ends it if it still runs */
const char *pty_fresh_dir(void);

void pty_type(struct pty *p, const char *keys);
void pty_resize(struct pty *p, int rows, int cols);
/* The screen as text, lines without trailing blanks. */
void pty_text(struct pty *p, struct buf *out);
/* The colour behind a cell, as an index of the palette; -1: the terminal's own. */
int pty_background(struct pty *p, int row, int col);
/* false: it was not seen within 20 s, or the program ended. */
bool pty_sees(struct pty *p, const char *text);
bool pty_loses(struct pty *p, const char *text);  /* until it is not there any more */
bool pty_writes(struct pty *p, const char *text); /* among all its bytes */
bool pty_ends(struct pty *p);                     /* until the program ended */
void pty_hang_up(struct pty *p);                  /* the window is closed */
bool pty_stops(struct pty *p);                    /* until it was suspended */
/* Takes what is written within so many milliseconds; how many bytes that was. */
size_t pty_listen(struct pty *p, int ms);
/* The process id of the program's worker; 0: none. */
pid_t pty_worker(const struct pty *p);

#endif
