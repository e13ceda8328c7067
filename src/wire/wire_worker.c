/*
 * A worker as its front sees it: started, asked, listened to, ended.
 *
 * The worker is the program's own image, run anew: descriptor 0 and 1 are its end of
 * the socket pair, 2 is a pipe whose last words explain a death, everything else is
 * closed. It leads a session of its own, so that Ctrl-C and Ctrl-Z reach the front
 * alone, and it dies with the front.
 */
#include "wire_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct wire_worker {
    pid_t pid;
    int fd;         /* our end of the socket pair, non-blocking */
    int words;      /* the worker's stderr */
    struct buf in;  /* bytes received and not yet decoded */
    struct buf out; /* the request being sent */
    enum wire_op op;
    unsigned done; /* of the request, as far as it told */
};

/* ---- the child ------------------------------------------------------------------- */

static void close_from(int first)
{
#ifdef __linux__
    if (close_range((unsigned)first, ~0u, 0) == 0)
        return;
#endif
    for (int fd = first; fd < 1024; fd++)
        close(fd);
}

/* Between fork and exec: only calls that are safe there. */
static NORETURN void become_worker(int sock, int words, char *const *argv)
{
    static char *const no_environment[] = {NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    /* Neither end is 0, 1 or 2: worker_start() made sure of it. */
    if (dup2(sock, 0) == 0 && dup2(sock, 1) == 1 && dup2(words, 2) == 2) {
        close_from(3);
        execve("/proc/self/exe", argv, no_environment);
        static const char no_exec[] =
            "/proc/self/exe cannot be run (is /proc mounted?)";
        ssize_t n = write(2, no_exec, sizeof no_exec - 1);
        (void)n; /* the status says it, too */
    }
    _exit(127);
}

/* ---- starting and ending --------------------------------------------------------- */

/* A descriptor above the standard ones, closed on exec. */
static int raise_fd(int fd)
{
    assert(fd >= 0);
    if (fd > 2)
        return fd;
    int up = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return up;
}

static void close_all(const int fds[4])
{
    for (int i = 0; i < 4; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* fds: our socket, theirs, our end of the pipe, theirs. */
static bool open_channels(int fds[4])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return false;
    if (pipe2(fds + 2, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 4; i++)
        if ((fds[i] = raise_fd(fds[i])) < 0)
            return false;
    return fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(fds[2], F_SETFL, O_NONBLOCK) == 0;
}

/* Ends the process if it still runs; its status. */
static int reap(struct wire_worker *w)
{
    int status = 0;
    if (w->pid <= 0)
        return 0;
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    w->pid = 0;
    return status;
}

void wire_worker_end(struct wire_worker *w)
{
    if (!w)
        return;
    reap(w);
    close(w->fd);
    close(w->words);
    buf_release(&w->in);
    buf_release(&w->out);
    mem_free(w);
}

int wire_worker_pid(const struct wire_worker *w)
{
    return w->pid;
}

int wire_worker_fd(const struct wire_worker *w)
{
    return w->fd;
}

/* ---- why it died ----------------------------------------------------------------- */

/* The worker's last words, cleaned; "" when it wrote none. */
static void last_words(struct wire_worker *w, struct buf *clean)
{
    char raw[300];
    ssize_t n = read(w->words, raw, sizeof raw);
    while (n > 0 && raw[n - 1] == '\n')
        n--;
    if (n > 0)
        text_clean(clean, raw, (size_t)n, false);
}

/* Waits a moment for a process whose socket is closed, so that its own status is seen
 * and not the signal we would send. */
static int status_of(struct wire_worker *w)
{
    int status = 0;
    for (int i = 0; i < 50 && w->pid > 0; i++) {
        if (waitpid(w->pid, &status, WNOHANG) == w->pid) {
            w->pid = 0;
            return status;
        }
        poll(NULL, 0, 2);
    }
    return reap(w);
}

static enum err lost(struct wire_worker *w, struct errmsg *why)
{
    int status = status_of(w);
    struct buf words;
    buf_init(&words, 1200);
    last_words(w, &words);
    const char *colon = words.len > 0 ? ": " : "";
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        errmsg_set(
            why, ERR_LOST,
            "the lesson's process was ended: it took more of the processor's time "
            "than a lesson may%s%s",
            colon, words.s);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        errmsg_set(
            why, ERR_LOST,
            "the lesson's process was ended: it asked the system for something a "
            "lesson may not%s%s",
            colon, words.s);
    else if (WIFSIGNALED(status))
        errmsg_set(why, ERR_LOST, "the lesson's process was ended by signal %d%s%s",
                   WTERMSIG(status), colon, words.s);
    else
        errmsg_set(why, ERR_LOST, "the lesson's process ended with status %d%s%s",
                   WEXITSTATUS(status), colon, words.s);
    buf_release(&words);
    return ERR_LOST;
}

/* ---- talking --------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#ifdef __linux__

static rlim_t seconds_for(enum wire_op op)
{
    switch (op) {
    case WIRE_PROVE:
    case WIRE_PLAYERS:
        return WIRE_CPU_PROVE_S;
    case WIRE_OPEN:
    case WIRE_LINE:
    case WIRE_REPORT:
    case WIRE_VALIDATE:
        return WIRE_CPU_LONG_S;
    default:
        return WIRE_CPU_S;
    }
}

/* From now on, for the request that it works on. What cannot be limited has still the
 * front's patience. */
static void renew_cpu_limit(struct wire_worker *w)
{
    clockid_t clock;
    struct timespec used;
    struct rlimit r;
    if (clock_getcpuclockid(w->pid, &clock) != 0 || clock_gettime(clock, &used) != 0 ||
        prlimit(w->pid, RLIMIT_CPU, NULL, &r) != 0)
        return;
    rlim_t until = (rlim_t)used.tv_sec + 1 + seconds_for(w->op);
    r.rlim_cur = until < r.rlim_max ? until : r.rlim_max;
    (void)prlimit(w->pid, RLIMIT_CPU, &r, NULL);
}

#else

static void renew_cpu_limit(struct wire_worker *w)
{
    (void)w;
}

#endif

#define PATIENCE_MS 500
#define LOOK_MS     50
#define START_MS    20000 /* on a machine that is very busy, or emulated */
#define SEND_MS     10000

/* The time for which a worker is waited for, and who may end that earlier. */
struct patience {
    int64_t start;
    int limit_ms; /* 0: no limit */
    bool (*waiting)(void *ctx, int ms);
    void *ctx;
};

static enum err still_patient(const struct patience *p, const char *late,
                              struct errmsg *why)
{
    int64_t waited = now_ms() - p->start;
    if (p->limit_ms > 0 && waited >= p->limit_ms)
        return errmsg_set(why, ERR_LIMIT, "%s for %d s", late, p->limit_ms / 1000);
    if (waited >= PATIENCE_MS && p->waiting && !p->waiting(p->ctx, (int)waited))
        return errmsg_set(why, ERR_STOPPED, "the lesson was stopped");
    return ERR_OK;
}

/* Until something can be read or written, or it is time to look around. */
static bool wait_for(int fd, short events, const struct patience *p)
{
    struct pollfd f = {.fd = fd, .events = events};
    int64_t waited = now_ms() - p->start;
    return poll(&f, 1, waited < PATIENCE_MS ? (int)(PATIENCE_MS - waited) : LOOK_MS) >
           0;
}

static enum err send_within(struct wire_worker *w, const struct wire_request *q,
                            const struct patience *p, struct errmsg *why)
{
    buf_reset(&w->out);
    wire_put_request(&w->out, q);
    if (w->out.full)
        return errmsg_set(why, ERR_LIMIT, "the request is too long");
    w->op = q->op;
    w->done = 0;
    renew_cpu_limit(w);
    for (size_t at = 0; at < w->out.len;) {
        ssize_t n = send(w->fd, w->out.s + at, w->out.len - at, MSG_NOSIGNAL);
        if (n > 0) {
            at += (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return lost(w, why);
        enum err e = still_patient(p, "the lesson's process did not listen", why);
        if (e != ERR_OK)
            return e;
        wait_for(w->fd, POLLOUT, p);
    }
    return ERR_OK;
}

enum err wire_worker_send(struct wire_worker *w, const struct wire_request *q,
                          struct errmsg *why)
{
    return send_within(w, q, &(struct patience){.start = now_ms(), .limit_ms = SEND_MS},
                       why);
}

/* A whole message is there? Then its bytes; ERR_NOT_FOUND: not yet. */
static enum err take_message(struct wire_worker *w, struct wire_answer *a,
                             struct errmsg *why)
{
    if (w->in.len < 4)
        return ERR_NOT_FOUND;
    struct wire_reader r = {.p = (unsigned char *)w->in.s, .left = 4};
    size_t n = get_u32(&r);
    if (n > WIRE_MESSAGE_MAX)
        return errmsg_set(why, ERR_CORRUPT, "the worker's answer is too long");
    if (w->in.len < n + 4)
        return ERR_NOT_FOUND;
    enum err e = wire_get_answer(a, w->in.s + 4, n, why);
    if (e == ERR_OK && a->kind == WIRE_PROGRESS && a->done > w->done) {
        w->done = a->done;
        renew_cpu_limit(w);
    }
    size_t rest = w->in.len - n - 4;
    memmove(w->in.s, w->in.s + n + 4, rest);
    w->in.len = rest;
    w->in.s[rest] = '\0';
    return e;
}

/* Takes what has arrived. */
static enum err receive_some(struct wire_worker *w, struct errmsg *why)
{
    char part[65536];
    ssize_t n = recv(w->fd, part, sizeof part, 0);
    if (n > 0) {
        buf_add(&w->in, part, (size_t)n);
        return ERR_OK;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_OK;
    return lost(w, why);
}

enum err wire_worker_poll(struct wire_worker *w, struct wire_answer *a,
                          struct errmsg *why)
{
    enum err e = take_message(w, a, why);
    if (e == ERR_NOT_FOUND)
        e = receive_some(w, why);
    else
        return e;
    return e == ERR_OK ? take_message(w, a, why) : e;
}

static enum err receive_within(struct wire_worker *w, struct wire_answer *a,
                               const struct patience *p, struct errmsg *why)
{
    for (;;) {
        enum err e = take_message(w, a, why);
        if (e != ERR_NOT_FOUND)
            return e;
        e = still_patient(p, "the lesson did not answer", why);
        if (e == ERR_OK && wait_for(w->fd, POLLIN, p))
            e = receive_some(w, why);
        if (e != ERR_OK)
            return e;
    }
}

enum err wire_worker_receive(struct wire_worker *w, struct wire_answer *a, int limit_ms,
                             bool (*waiting)(void *ctx, int ms), void *ctx,
                             struct errmsg *why)
{
    const struct patience p = {now_ms(), limit_ms, waiting, ctx};
    return receive_within(w, a, &p, why);
}

enum err wire_worker_ask(struct wire_worker *w, const struct wire_request *q,
                         struct wire_answer *a, int limit_ms,
                         bool (*waiting)(void *ctx, int ms), void *ctx,
                         struct errmsg *why)
{
    const struct patience p = {now_ms(), limit_ms, waiting, ctx};
    enum err e = send_within(w, q, &p, why);
    if (e == ERR_OK)
        e = receive_within(w, a, &p, why);
    if (e == ERR_OK && a->kind != WIRE_DONE)
        e = errmsg_set(why, ERR_CORRUPT, "the worker's answer is out of turn");
    return e;
}

/* ---- starting -------------------------------------------------------------------- */

static enum err start(struct wire_worker **out, bool jail, struct errmsg *why)
{
    int fds[4] = {-1, -1, -1, -1};
    char parent[16], name[] = "truecode", arg[] = WIRE_WORKER_ARG;
    char how[8];
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    snprintf(how, sizeof how, "%s", jail ? "jail" : "open");
    char *argv[] = {name, arg, how, parent, NULL};
    pid_t pid = open_channels(fds) ? fork() : -1;
    if (pid == 0)
        become_worker(fds[1], fds[3], argv);
    if (pid < 0) {
        close_all(fds);
        return errmsg_set(why, ERR_LOST, "the lesson's process cannot be started: %s",
                          strerror(errno));
    }
    close(fds[1]);
    close(fds[3]);
    struct wire_worker *w = mem_alloc(sizeof *w);
    w->pid = pid;
    w->fd = fds[0];
    w->words = fds[2];
    buf_init(&w->in, WIRE_MESSAGE_MAX + 4);
    buf_init(&w->out, WIRE_MESSAGE_MAX + 4);
    *out = w;
    return ERR_OK;
}

/* Says what a person needs to know to decide about a machine without a jail. */
static enum err tell_no_wall(const struct wire_answer *a, struct errmsg *why)
{
    if (a->err != ERR_REFUSED)
        return errmsg_set(why, a->err, "the lesson's process cannot be started: %s",
                          a->error);
    return errmsg_set(why, ERR_REFUSED,
                      "lessons cannot be walled in here: %s. Without the wall, a file "
                      "that turns out to be malicious can do whatever you can. "
                      "--no-jail goes on without it, with the lessons that come with "
                      "truecode; for other files give it twice, if you trust them",
                      a->error);
}

enum err wire_worker_start(struct wire_worker **out, bool jail, struct errmsg *why)
{
    struct wire_answer a = {0};
    struct errmsg late = {0};
    enum err e = start(out, jail, why);
    if (e != ERR_OK)
        return e;
    e = wire_worker_receive(*out, &a, START_MS, NULL, NULL, &late);
    if (e == ERR_OK && a.kind != WIRE_READY)
        e = errmsg_set(&late, ERR_CORRUPT, "it talks nonsense");
    if (e != ERR_OK)
        errmsg_set(why, e, "the lesson's process cannot be started: %s", late.text);
    else if (a.err != ERR_OK)
        e = tell_no_wall(&a, why);
    wire_answer_release(&a);
    if (e != ERR_OK) {
        wire_worker_end(*out);
        *out = NULL;
    }
    return e;
}
