/*
 * Errors: sentences for people, and the two ways to end the program at once.
 *
 * die() and bug_at() may run when memory is gone, inside the jail, or half-way through
 * anything: they format on the stack, write(2), and _exit(2); no stdio, no malloc, no
 * atexit handlers. The one mutable variable here is the hook that restores the
 * terminal.
 */
#include "truecode/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_BROKEN = 70 }; /* EX_SOFTWARE of <sysexits.h> */

static void (*restore_terminal)(void);

/* vsnprintf never promises more than `size`; what did not fit ends in "...". */
PRINTF_LIKE(3, 0)
static void format_cut(char *out, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(out, size, fmt, ap);
    if (n < 0)
        out[0] = '\0';
    else if ((size_t)n >= size)
        memcpy(out + size - 4, "...", 4);
}

enum err errmsg_set(struct errmsg *why, enum err e, const char *fmt, ...)
{
    if (why) {
        va_list ap;
        va_start(ap, fmt);
        format_cut(why->text, sizeof why->text, fmt, ap);
        va_end(ap);
    }
    return e;
}

void errmsg_prefix(struct errmsg *why, const char *fmt, ...)
{
    if (!why)
        return;
    char old[sizeof why->text];
    memcpy(old, why->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    format_cut(why->text, sizeof why->text, fmt, ap);
    va_end(ap);

    size_t used = strlen(why->text), room = sizeof why->text - used;
    size_t n = strlen(old);
    bool cut = n >= room;
    memcpy(why->text + used, old, cut ? room - 1 : n + 1);
    if (cut)
        memcpy(why->text + sizeof why->text - 4, "...", 4);
}

const char *err_phrase(enum err e)
{
    static const char *const phrases[] = {
#define X(name, phrase) phrase,
        ERR_LIST(X)
#undef X
    };
    return (unsigned)e < ERR_COUNT ? phrases[e] : "an unknown error";
}

void on_die(void (*restore)(void))
{
    restore_terminal = restore;
}

/* Ends with a newline whatever happens. The hook is taken away first: should it die
 * itself, we do not come back to it. */
NORETURN static void last_words(char *text)
{
    void (*restore)(void) = restore_terminal;
    restore_terminal = NULL;
    if (restore)
        restore();
    size_t n = strlen(text);
    text[n++] = '\n'; /* in the NUL's place */
    for (size_t done = 0; done < n;) {
        ssize_t w = write(STDERR_FILENO, text + done, n - done);
        if (w <= 0)
            break;
        done += (size_t)w;
    }
    _exit(EXIT_BROKEN);
}

void die(const char *fmt, ...)
{
    char text[512] = "truecode: ";
    size_t used = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    format_cut(text + used, sizeof text - used, fmt, ap);
    va_end(ap);
    last_words(text);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
    char text[512];
    snprintf(text, sizeof text, "truecode: a bug of ours at %s:%d: ", file, line);
    size_t used = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    format_cut(text + used, sizeof text - used, fmt, ap);
    va_end(ap);
    last_words(text);
}
