/*
 * The pseudo terminal of the end-to-end tests: forkpty, libvterm, and patience.
 */
#include "pty_term.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000

const char *pty_fresh_dir(void)
{
    static char dirs[64][200];
    static int n;
    char *dir = dirs[n++ % 64];
    const char *base = getenv("SCRATCH");
    snprintf(dir, sizeof dirs[0], "%s/pty-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(dir))
        die("no scratch directory in %s", base ? base : "/tmp");
    return dir;
}

static NORETURN void become(const char *const *words, const char *const *env,
                            const char *state)
{
    const char *program = getenv("TRUECODE");
    const char *argv[20] = {program ? program : "build/truecode"};
    static char home[220], xdg[220];
    snprintf(home, sizeof home, "HOME=%s", state);
    snprintf(xdg, sizeof xdg, "XDG_STATE_HOME=%s", state);
    const char *envp[20] = {home, xdg, "LANG=C.UTF-8", "TERM=xterm-256color"};
    size_t n = 4, argc = 1;
    for (size_t i = 0; words[i] && argc < 19; i++)
        argv[argc++] = words[i];
    for (size_t i = 0; env && env[i] && n < 19; i++) {
        size_t at = n, len = strcspn(env[i], "=") + 1;
        for (size_t k = 0; k < n; k++) /* replaces what is there */
            if (strncmp(envp[k], env[i], len) == 0)
                at = k;
        envp[at] = env[i];
        n += at == n;
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(argv[0], (char *const *)argv, (char *const *)envp);
    _exit(127);
}

/* What a shell does for its foreground job: a group of its own, the terminal, its
 * status. */
static NORETURN void be_shell(int tell, const char *const *words,
                              const char *const *env, const char *state)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(0, getpid());
        signal(SIGTTOU, SIG_DFL);
        close(tell);
        become(words, env, state);
    }
    signal(SIGHUP, SIG_IGN); /* outlives its window, to tell the program's status */
    if (pid < 0 || write(tell, &pid, sizeof pid) != (ssize_t)sizeof pid)
        _exit(126);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(WTERMSIG(status), SIG_DFL); /* cmocka catches crashes */
    kill(getpid(), WTERMSIG(status));
    _exit(125);
}

/* libvterm's own window, which must be one; the program is told the true size. */
static int drawn(int size)
{
    return size < 1 ? 1 : size > 500 ? 500 : size;
}

struct pty *pty_start(const char *const *words, const char *const *env,
                      const char *state, int rows, int cols)
{
    struct pty *p = mem_alloc(sizeof *p);
    struct winsize size = {.ws_row = (unsigned short)rows,
                           .ws_col = (unsigned short)cols};
    if (!state)
        state = pty_fresh_dir();
    int tell[2];
    if (pipe(tell) != 0)
        die("pipe: %s", strerror(errno));
    fflush(NULL);
    p->shell = forkpty(&p->fd, NULL, NULL, &size);
    if (p->shell == 0)
        be_shell(tell[1], words, env, state);
    close(tell[1]);
    if (p->shell < 0 || read(tell[0], &p->pid, sizeof p->pid) != (ssize_t)sizeof p->pid)
        die("forkpty: %s", strerror(errno));
    close(tell[0]);
    p->rows = drawn(rows);
    p->cols = drawn(cols);
    buf_init(&p->raw, 64u << 20);
    p->vt = vterm_new(p->rows, p->cols);
    vterm_set_utf8(p->vt, 1);
    p->screen = vterm_obtain_screen(p->vt);
    vterm_screen_enable_altscreen(p->screen, 1);
    vterm_screen_reset(p->screen, 1);
    return p;
}

void pty_free(struct pty *p)
{
    if (!p->ended) {
        kill(p->pid, SIGKILL);
        waitpid(p->shell, &p->status, 0);
    }
    if (p->fd >= 0)
        close(p->fd);
    vterm_free(p->vt);
    buf_release(&p->raw);
    mem_free(p);
}

void pty_type(struct pty *p, const char *keys)
{
    for (size_t n = strlen(keys); n > 0;) {
        ssize_t put = write(p->fd, keys, n);
        if (put < 0 && errno != EINTR)
            return;
        if (put > 0) {
            keys += put;
            n -= (size_t)put;
        }
    }
}

void pty_resize(struct pty *p, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows,
                           .ws_col = (unsigned short)cols};
    p->rows = drawn(rows);
    p->cols = drawn(cols);
    vterm_set_size(p->vt, p->rows, p->cols);
    ioctl(p->fd, TIOCSWINSZ, &size);
}

/* ---- looking --------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes what is there within `ms`; false: nothing came. */
static bool take(struct pty *p, int ms)
{
    char part[16384];
    struct pollfd f = {.fd = p->fd, .events = POLLIN};
    if (poll(&f, 1, ms) <= 0)
        return false;
    ssize_t n = read(p->fd, part, sizeof part);
    if (n <= 0)
        return false;
    buf_add(&p->raw, part, (size_t)n);
    vterm_input_write(p->vt, part, (size_t)n);
    return true;
}

static void add_row(struct pty *p, int row, struct buf *out)
{
    struct buf line;
    buf_init(&line, 0);
    for (int col = 0; col < p->cols; col++) {
        VTermScreenCell cell;
        VTermPos at = {.row = row, .col = col};
        char utf8[4];
        vterm_screen_get_cell(p->screen, at, &cell);
        uint32_t cp =
            cell.chars[0] == 0 || cell.chars[0] == UINT32_MAX ? ' ' : cell.chars[0];
        buf_add(&line, utf8, utf8_put(utf8, cp));
        col += cell.width > 1 ? cell.width - 1 : 0;
    }
    while (line.len > 0 && line.s[line.len - 1] == ' ')
        line.len--;
    buf_add(out, line.s, line.len);
    buf_addch(out, '\n');
    buf_release(&line);
}

void pty_text(struct pty *p, struct buf *out)
{
    buf_reset(out);
    for (int row = 0; row < p->rows; row++)
        add_row(p, row, out);
}

int pty_background(struct pty *p, int row, int col)
{
    VTermScreenCell cell;
    vterm_screen_get_cell(p->screen, (VTermPos){.row = row, .col = col}, &cell);
    return VTERM_COLOR_IS_INDEXED(&cell.bg) ? cell.bg.indexed.idx : -1;
}

static bool shows(struct pty *p, const char *text)
{
    struct buf b;
    buf_init(&b, 0);
    pty_text(p, &b);
    bool yes = strstr(b.s, text);
    buf_release(&b);
    return yes;
}

static bool reap(struct pty *p)
{
    if (!p->ended && waitpid(p->shell, &p->status, WNOHANG) == p->shell)
        p->ended = true;
    return p->ended;
}

static bool wait_until(struct pty *p, const char *text, bool there)
{
    int64_t end = now_ms() + PATIENCE_MS;
    while (shows(p, text) != there) {
        bool more = take(p, 50);
        if ((!more && reap(p)) || now_ms() > end) {
            struct buf b;
            buf_init(&b, 0);
            pty_text(p, &b);
            fprintf(stderr, "# %s: '%s' in\n%s", there ? "not seen" : "still seen",
                    text, b.s);
            buf_release(&b);
            return shows(p, text) == there;
        }
    }
    return true;
}

bool pty_sees(struct pty *p, const char *text)
{
    return wait_until(p, text, true);
}

bool pty_loses(struct pty *p, const char *text)
{
    return wait_until(p, text, false);
}

bool pty_writes(struct pty *p, const char *text)
{
    size_t n = strlen(text);
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end;) {
        if (p->raw.len > 0 && memmem(p->raw.s, p->raw.len, text, n))
            return true;
        if (!take(p, 50) && reap(p))
            break;
    }
    fprintf(stderr, "# not written: '%s'\n", text);
    return false;
}

bool pty_ends(struct pty *p)
{
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end;)
        if (!take(p, 20) && reap(p))
            return true;
    return false;
}

void pty_hang_up(struct pty *p)
{
    close(p->fd);
    p->fd = -1;
}

bool pty_stops(struct pty *p)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)p->pid);
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end;) {
        take(p, 20);
        FILE *f = fopen(path, "r");
        const char *got = f ? fgets(text, sizeof text, f) : NULL;
        const char *name_end = got ? strrchr(text, ')') : NULL;
        if (f)
            fclose(f);
        if (!name_end)
            return false;
        if (name_end[2] == 'T') {
            while (take(p, 20)) /* output from before */
                ;
            return true;
        }
    }
    return false;
}

size_t pty_listen(struct pty *p, int ms)
{
    size_t before = p->raw.len;
    for (int64_t end = now_ms() + ms; now_ms() < end;)
        take(p, (int)(end - now_ms()));
    return p->raw.len - before;
}

pid_t pty_worker(const struct pty *p)
{
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)p->pid, (int)p->pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    char *got = fgets(text, sizeof text, f);
    fclose(f);
    return got ? (pid_t)strtol(got, NULL, 10) : 0;
}
