/*
 * When the program crashes, the terminal must be usable: out of the alternate screen,
 * cursor on, echo on.
 *
 * All that takes thought is done before: the bytes to write and the line settings to
 * put back lie ready. The handler only writes, sets, and lets the signal do what it
 * would have done.
 */
#include "term_internal.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
    int fd;
    char bytes[512];
    size_t n; /* 0: nothing to restore */
    struct termios line;
    bool has_line;
} restore;

static void restore_terminal(void)
{
    if (restore.n == 0)
        return;
    size_t n = restore.n;
    restore.n = 0;
    ssize_t written = write(restore.fd, restore.bytes, n);
    (void)written; /* nothing better to do about it while dying */
    if (restore.has_line)
        tcsetattr(restore.fd, TCSADRAIN, &restore.line);
}

static void on_crash(int sig)
{
    restore_terminal();
    /* SA_RESETHAND put the default action back; the signal is blocked until we return.
     */
    raise(sig);
}

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

static void catch_crashes(void)
{
    static _Alignas(16) char own_stack[16384];
    stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof own_stack};
    struct sigaction a = {.sa_handler = on_crash, .sa_flags = 0};
    a.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK);
    sigemptyset(&a.sa_mask);
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < COUNT_OF(crashes); i++)
        sigaction(crashes[i], &a, NULL);
}

void crash_prepare(int fd, const char *bytes, size_t n)
{
    bool first = restore.n == 0;
    restore.n = 0;
    if (n == 0 || n > sizeof restore.bytes)
        return;
    memcpy(restore.bytes, bytes, n);
    restore.fd = fd;
    if (first) /* curses, once it has begun, has other settings */
        restore.has_line = tcgetattr(fd, &restore.line) == 0;
    restore.n = n;
    on_die(restore_terminal);
    catch_crashes();
}
