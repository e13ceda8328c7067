/*
 * Words of the command line: results on stdout, messages on stderr, both through
 * text_clean(), since names of files and lessons come from anybody.
 */
#include "cli_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* A result that was to be kept and was not (a full disk, a closed descriptor) must not
 * pass for success. */
static NORETURN void leave_unwritten(int error)
{
    if (term_left_by() != 0)
        exit(LEAVE_INTERRUPTED);
    complain("what is printed cannot be written: %s", strerror(error));
    exit(LEAVE_NOT_PASSED);
}

static void clean_to(int fd, const struct buf *raw)
{
    struct buf clean;
    buf_init(&clean, 0);
    text_clean(&clean, raw->s, raw->len, true);
    if (!term_write(fd, clean.s, clean.len) && fd == STDOUT_FILENO && errno != EPIPE)
        leave_unwritten(errno);
    buf_release(&clean);
}

void complain(const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    buf_adds(&b, "truecode: ");
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    buf_addch(&b, '\n');
    clean_to(STDERR_FILENO, &b);
    buf_release(&b);
}

void print(const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    clean_to(STDOUT_FILENO, &b);
    buf_release(&b);
}

void print_raw(const struct buf *b)
{
    clean_to(STDOUT_FILENO, b);
}

int exit_code_of(enum err e)
{
    switch (e) {
    case ERR_OK:
        return LEAVE_OK;
    case ERR_LESSON:
        return LEAVE_LESSON;
    case ERR_CORRUPT:
        return LEAVE_STATE;
    case ERR_MISMATCH:
        return LEAVE_MISMATCH;
    case ERR_STOPPED:
        return LEAVE_INTERRUPTED;
    case ERR_NOT_FOUND:
    case ERR_INPUT:
        return LEAVE_USAGE;
    default:
        return LEAVE_NOT_PASSED;
    }
}

uint64_t fresh_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
    return seed % 1000000000 + 1; /* short enough to be told to a colleague */
}

size_t step_shown(size_t step, size_t steps)
{
    return step < steps ? step + 1 : steps;
}
