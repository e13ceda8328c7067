/*
 * Lines in, lines out: plain mode's terminal, and what a pipe gets.
 *
 * Reads with its own buffer instead of stdio's, so that a signal can end a wait for
 * input at once and nothing typed ahead is lost to a restart.
 */
#include "term_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE_LIMIT (64u * 1024)

void term_lines_open(struct term_lines *t, int fd)
{
    *t = (struct term_lines){.fd = input_open(fd)};
    buf_init(&t->pending, LINE_LIMIT + 8192);
    leave_signal_clear();
    leave_signals_catch();
}

void term_lines_close(struct term_lines *t)
{
    buf_release(&t->pending);
    close(t->fd);
}

/* Takes more input; false: end of input, or a signal. */
static bool fill(struct term_lines *t)
{
    char part[4096];
    for (;;) {
        if (leave_signal() != 0)
            return false;
        if (wait_readable(t->fd, -1) < 0)
            continue;
        ssize_t n = read(t->fd, part, sizeof part);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0) {
            t->eof = true;
            return false;
        }
        buf_add(&t->pending, part, (size_t)n);
        return true;
    }
}

static void take(struct term_lines *t, size_t n)
{
    memmove(t->pending.s, t->pending.s + n, t->pending.len - n);
    t->pending.len -= n;
    t->pending.s[t->pending.len] = '\0';
}

/* Throws away the rest of a line that is too long. */
static enum term_line skip_line(struct term_lines *t)
{
    for (;;) {
        char *nl = memchr(t->pending.s, '\n', t->pending.len);
        if (nl) {
            take(t, (size_t)(nl - t->pending.s) + 1);
            return LINE_TOO_LONG;
        }
        take(t, t->pending.len);
        if (!fill(t))
            return t->eof ? LINE_TOO_LONG : LINE_LEAVE;
    }
}

enum term_line term_lines_read(struct term_lines *t, struct buf *line)
{
    buf_reset(line);
    for (;;) {
        char *nl =
            t->pending.len > 0 ? memchr(t->pending.s, '\n', t->pending.len) : NULL;
        size_t n = nl ? (size_t)(nl - t->pending.s) : t->pending.len;
        if (n > LINE_LIMIT)
            return skip_line(t);
        if (nl || (t->eof && n > 0)) {
            buf_add(line, t->pending.s, n);
            take(t, nl ? n + 1 : n);
            return LINE_READ;
        }
        if (t->eof)
            return LINE_EOF;
        if (!fill(t) && !t->eof)
            return LINE_LEAVE;
    }
}

#define PIECE 4096 /* a pipe that can be written to takes so much without waiting */

/* Waits where writing would, with the signals let in. false: one asks to leave. What
 * can be written at once is, also after that: the last words. */
static bool may_write(int fd)
{
    for (;;) {
        int ready = wait_writable(fd, 0);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* an error is for write() to tell */
        if (leave_signal() != 0)
            return false;
        (void)wait_writable(fd, -1);
    }
}

bool term_write(int fd, const char *s, size_t n)
{
    while (n > 0) {
        if (!may_write(fd)) {
            errno = EINTR;
            return false;
        }
        ssize_t put = write(fd, s, n < PIECE ? n : PIECE);
        if (put < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (put <= 0)
            return false;
        s += put;
        n -= (size_t)put;
    }
    return true;
}
