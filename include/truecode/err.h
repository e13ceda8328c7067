/*
 * Errors: how a function says that it could not do what was asked.
 *
 * Three kinds of trouble (only the first is an error value):
 *   - what a learner, an author, a file or a database can cause: return `enum err`,
 *     and put one sentence for a person into `struct errmsg *` (always the last
 *     parameter, may be NULL): what is wrong, where, and what would be right;
 *   - our own bug: assert(), or BUG() where it must hold in release builds too;
 *   - the machine is broken (out of memory): die() - it restores the terminal first.
 *
 *     struct errmsg why = {0};
 *     if (lesson_load(&l, text, len, "all-green.lua", &why) != ERR_OK)
 *         fprintf(stderr, "%s\n", why.text);
 */
#ifndef TRUECODE_ERR_H
#define TRUECODE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* name, phrase */
#define ERR_LIST(X)                                                                    \
    X(OK, "no error")                                                                  \
    X(INPUT, "the input is not valid")                                                 \
    X(NOT_FOUND, "no such thing")                                                      \
    X(REFUSED, "the system refused")                                                   \
    X(LESSON, "the lesson is broken")                                                  \
    X(LIMIT, "a limit was reached")                                                    \
    X(IO, "reading or writing failed")                                                 \
    X(CORRUPT, "saved data is damaged")                                                \
    X(MISMATCH, "the results differ")                                                  \
    X(STOPPED, "stopped before the end")                                               \
    X(LOST, "the other process is gone")

enum err {
#define X(name, phrase) ERR_##name,
    ERR_LIST(X)
#undef X
        ERR_COUNT
};

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))

/* A sentence for a person. Always NUL-terminated; cut at the end with "...". */
struct errmsg {
    char text[480];
};

/* Writes the sentence (if `why` is not NULL) and returns `e`: `return errmsg_set(...)`.
 */
enum err errmsg_set(struct errmsg *why, enum err e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Puts "prefix" (printf-formatted) in front of what is there already. */
void errmsg_prefix(struct errmsg *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The phrase of ERR_LIST, for logs and tests. */
const char *err_phrase(enum err e);

/* Sets what die() and BUG() call before they print: the front installs "restore the
 * terminal" here; everything else leaves it NULL. Set once, at start. */
void on_die(void (*restore)(void));

/* The machine is broken: restore the terminal, print to stderr, _exit(70). */
void die(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;

/* Our own bug, in every build: print file and line to stderr, then _exit(70). */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NORETURN;

#endif
