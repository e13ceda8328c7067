/*
 * Shared by all back-ends: calling them, and the signals that mean "save and leave".
 *
 * The leave signals are blocked except inside wait_readable(): they can arrive only
 * where the program waits, so no handler ever interrupts a write of the tape or the
 * screen.
 */
#include "term_internal.h"

#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

void term_close(struct term *t)
{
    if (t)
        t->ops->close(t);
}

void term_size(const struct term *t, int *rows, int *cols)
{
    *rows = t->rows;
    *cols = t->cols;
}

bool term_mono(const struct term *t)
{
    return t->mono;
}

void term_theme(struct term *t, enum theme theme)
{
    t->ops->theme(t, theme);
}

void term_bell(struct term *t)
{
    t->ops->bell(t);
}

void term_put(struct term *t, const struct canvas *c)
{
    t->ops->put(t, c);
}

void term_redraw(struct term *t)
{
    if (t->ops->redraw)
        t->ops->redraw(t);
}

struct term_event term_wait(struct term *t, int ms)
{
    return t->ops->wait(t, ms);
}

sim_time term_now(const struct term *t)
{
    return t->ops->now(t);
}

bool term_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- signals --------------------------------------------------------------------- */

static volatile sig_atomic_t asked_to_leave;

static void on_leave(int sig)
{
    asked_to_leave = sig;
}

static void ignore_but_wake(int sig)
{
    (void)sig;
}

static const int leave_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void leave_signals_catch(void)
{
    struct sigaction a = {.sa_handler = on_leave}, old;
    sigset_t set;
    sigemptyset(&a.sa_mask);
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT_OF(leave_signals); i++) {
        /* nohup set HUP aside: respect that. */
        if (sigaction(leave_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue;
        sigaction(leave_signals[i], &a, NULL);
        sigaddset(&set, leave_signals[i]);
    }
    struct sigaction wake = {.sa_handler = ignore_but_wake};
    sigemptyset(&wake.sa_mask);
    sigaction(SIGCONT, &wake, NULL);
    sigaddset(&set, SIGCONT);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int leave_signal(void)
{
    return asked_to_leave;
}

int term_left_by(void)
{
    wait_readable(-1, 0); /* lets in what is pending */
    return asked_to_leave;
}

void term_stay(void)
{
    leave_signal_clear();
}

void leave_signal_clear(void)
{
    asked_to_leave = 0;
}

/* pselect() that finds a descriptor ready leaves pending signals pending; without
 * descriptors it lets them in. */
static void let_in_pending(const sigset_t *none)
{
    struct timespec at_once = {0};
    pselect(0, NULL, NULL, NULL, &at_once, none);
}

static int wait_for(int fd, bool to_write, int ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    sigset_t none;
    fd_set set;
    sigemptyset(&none);
    FD_ZERO(&set);
    if (fd >= 0)
        FD_SET(fd, &set);
    int n = pselect(fd + 1, to_write ? NULL : &set, to_write ? &set : NULL, NULL,
                    ms < 0 ? NULL : &t, &none);
    if (n > 0)
        let_in_pending(&none);
    return n < 0 ? -1 : n > 0;
}

int wait_readable(int fd, int ms)
{
    return wait_for(fd, false, ms);
}

int wait_writable(int fd, int ms)
{
    return wait_for(fd, true, ms);
}

/* The terminal of our own session can be opened by this name also where its device
 * belongs to somebody else, as after su. */
static const char *name_of_terminal(int fd, char *room, size_t size)
{
    if (tcgetsid(fd) == getsid(0))
        return "/dev/tty";
    return ttyname_r(fd, room, size) == 0 ? room : NULL;
}

int input_open(int fd)
{
    char room[256];
    const char *name = isatty(fd) ? name_of_terminal(fd, room, sizeof room) : NULL;
    int in = -1;
    if (name)
        in = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return in >= 0 ? in : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}
