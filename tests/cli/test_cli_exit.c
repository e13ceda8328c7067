/*
 * How the program leaves, and with what: output that cannot be written, output that
 * nobody reads, signals at each stage, a window that is closed. Nothing waits for
 * time to pass: each signal is sent when something was seen.
 */
#include "../lib/pty_term.h"

#include "truecode/store.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { OK = 0, NOT_DONE = 1, STATE = 5, INTERRUPTED = 130 };

/* ---- one run --------------------------------------------------------------------- */

struct run {
    pid_t pid;
    int in;  /* standard input */
    int out; /* what it writes; -1: elsewhere */
};

static void split(const char *words, char *line, size_t size, char **argv, int max)
{
    int n = 1;
    char *at = line;
    snprintf(line, size, "%s", words);
    for (char *word; n < max - 1 && (word = strsep(&at, " "));)
        argv[n++] = word;
    argv[n] = NULL;
}

static const char *program(void)
{
    const char *p = getenv("TRUECODE");
    return p ? p : "build/truecode";
}

/* out -1: closed; -2: a pipe to r->out. What it says to stderr goes to a file. */
static struct run start(const char *words, int out)
{
    struct run r = {.out = -1};
    int in[2], back[2] = {-1, -1};
    char line[512], *argv[20], err[300];
    split(words, line, sizeof line, argv, 20);
    argv[0] = (char *)(uintptr_t)program();
    snprintf(err, sizeof err, "%s/err", getenv("SCRATCH"));
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    if (out == -2)
        assert_int_equal(pipe2(back, O_CLOEXEC), 0);
    fflush(NULL);
    r.pid = fork();
    assert_true(r.pid >= 0);
    if (r.pid == 0) {
        int words_fd = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(in[0], 0);
        dup2(words_fd, 2);
        if (out == -1)
            close(1);
        else
            dup2(out == -2 ? back[1] : out, 1);
        signal(SIGPIPE, SIG_DFL);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    r.in = in[1];
    if (out == -2) {
        close(back[1]);
        r.out = back[0];
    }
    return r;
}

static void close_input(struct run *r)
{
    if (r->in >= 0)
        close(r->in);
    r->in = -1;
}

/* The process's status; 1000 + a signal. */
static int status_of(struct run *r)
{
    int status;
    close_input(r);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    if (r->out >= 0)
        close(r->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Reads until this was written. */
static void see(struct run *r, const char *text)
{
    struct buf b;
    char c;
    buf_init(&b, 1 << 20);
    while (b.len == 0 || !strstr(b.s, text))
        if (read(r->out, &c, 1) == 1)
            buf_addch(&b, c);
        else
            fail_msg("'%s' was not written, but: %s", text, b.len > 0 ? b.s : "");
    buf_release(&b);
}

static void said(const char *text)
{
    char err[300];
    struct buf b;
    buf_init(&b, 1 << 20);
    snprintf(err, sizeof err, "%s/err", getenv("SCRATCH"));
    assert_int_equal(file_read(err, 1 << 20, &b, NULL), ERR_OK);
    if (b.len == 0 || !strstr(b.s, text))
        fail_msg("'%s' was not said, but: %s", text, b.len > 0 ? b.s : "");
    buf_release(&b);
}

/* Waits until it has a worker. */
static void see_worker(const struct run *r)
{
    struct pty p = {.pid = r->pid};
    for (int i = 0; i < 20000 && pty_worker(&p) == 0; i++)
        sched_yield();
    assert_true(pty_worker(&p) != 0);
}

static void assert_leaves(struct run *r, int sig, int status, const char *what)
{
    kill(r->pid, sig);
    int got = status_of(r);
    if (got != status)
        fail_msg("%s, signal %d: status %d, not %d", what, sig, got, status);
}

/* ---- output ---------------------------------------------------------------------- */

static const char *script_command(void)
{
    static char words[400];
    char path[300];
    snprintf(path, sizeof path, "%s/keys", getenv("SCRATCH"));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, "Enter\n", 6), 6);
    close(fd);
    snprintf(words, sizeof words, "play first-page --script %s --dump", path);
    return words;
}

#define COMMANDS 15
static const char *command(size_t i)
{
    static const char *const commands[COMMANDS - 1] = {"list",
                                                       "list --json",
                                                       "progress",
                                                       "prove first-page --seeds 1",
                                                       "check lessons/first-page.lua",
                                                       "lab",
                                                       "lab mm1 --until 10s",
                                                       "replay first-page",
                                                       "doc",
                                                       "doctor",
                                                       "completion fish",
                                                       "help",
                                                       "help man",
                                                       "--version"};
    return i + 1 < COMMANDS ? commands[i] : script_command();
}

/* A run, so that there is something to replay. */
static void play_a_little(void)
{
    struct run r = start("play first-page --plain --seed 7 --new", -2);
    see(&r, "> ");
    close_input(&r);
    see(&r, "Saved.");
    assert_int_equal(status_of(&r), OK);
}

static void what_cannot_be_written_is_no_success(void **state)
{
    (void)state;
    play_a_little();
    for (size_t i = 0; i < COMMANDS; i++) {
        struct run r = start(command(i), -1);
        int got = status_of(&r);
        if (got != NOT_DONE)
            fail_msg("%s >&-: status %d", command(i), got);
        said("cannot be written: Bad file descriptor");
        int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        if (full < 0)
            continue; /* only Linux has it */
        r = start(command(i), full);
        got = status_of(&r);
        close(full);
        if (got != NOT_DONE)
            fail_msg("%s >/dev/full: status %d", command(i), got);
        said("cannot be written: No space left on device");
    }
}

static void nobody_who_reads_is_no_failure(void **state)
{
    (void)state;
    play_a_little();
    for (size_t i = 0; i < COMMANDS; i++) {
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        close(ends[0]);
        struct run r = start(command(i), ends[1]);
        close(ends[1]);
        int got = status_of(&r);
        if (got != OK)
            fail_msg("%s | true: status %d", command(i), got);
    }
}

static void a_reader_who_goes_away_loses_no_run(void **state)
{
    (void)state;
    struct run r = start("play first-page --plain --seed 7 --new", -2);
    see(&r, "> ");
    assert_int_equal(write(r.in, "status\n", 7), 7);
    see(&r, "COMPONENT");
    close(r.out);
    r.out = -1;
    assert_int_equal(write(r.in, "note after\n", 11), 11);
    assert_int_equal(status_of(&r), OK);
    r = start("play first-page --plain", -2);
    see(&r, "> ");
    assert_int_equal(status_of(&r), OK);
}

/* ---- signals --------------------------------------------------------------------- */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define EACH_SIGNAL(i) (size_t i = 0; i < sizeof signals / sizeof *signals; i++)

static void a_signal_ends_a_prompt(void **state)
{
    (void)state;
    for
        EACH_SIGNAL(i)
        {
            struct run r = start("play first-page --plain --seed 7 --new", -2);
            see(&r, "> ");
            kill(r.pid, signals[i]);
            see(&r, "Saved.");
            assert_int_equal(status_of(&r), INTERRUPTED);
            r = start("--plain", -2); /* the list */
            see(&r, "Which number?");
            assert_leaves(&r, signals[i], INTERRUPTED, "the list");
        }
}

/* Longer than a pipe holds: it waits in the middle of writing. */
static void a_signal_ends_a_write_that_waits(void **state)
{
    (void)state;
    for
        EACH_SIGNAL(i)
        {
            struct run r = start("doc", -2);
            see(&r, "#");
            assert_leaves(&r, signals[i], INTERRUPTED, "doc");
            r = start("play first-page --plain --seed 7 --new", -2);
            see(&r, "> ");
            for (int k = 0; k < 40; k++)
                assert_int_equal(write(r.in, "help all\n", 9), 9);
            see(&r, "help");
            assert_leaves(&r, signals[i], INTERRUPTED, "play with nobody reading");
        }
}

static void a_signal_ends_work(void **state)
{
    (void)state;
    static const char *const work[] = {"prove all-green --seeds 500",
                                       "lab mm1 --until 100h",
                                       "check lessons/all-green.lua --seeds 1000"};
    for (size_t k = 0; k < sizeof work / sizeof *work; k++)
        for
            EACH_SIGNAL(i)
            {
                struct run r = start(work[k], -2);
                see_worker(&r);
                assert_leaves(&r, signals[i], INTERRUPTED, work[k]);
            }
}

/* ---- terminals ------------------------------------------------------------------- */

static const char *const faces[][5] = {
    {"play", "first-page", "--seed", "7", NULL},
    {"play", "first-page", "--plain", "--seed=7", NULL},
    {"--plain", NULL},
    {NULL},
};
static const char *const shown[] = {"Tidewater", "Step 1", "Which number",
                                    "first page"};
#define FACES (sizeof faces / sizeof *faces)

static int pty_status(struct pty *p)
{
    assert_true(pty_ends(p));
    int status =
        WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 1000 + WTERMSIG(p->status);
    pty_free(p);
    return status;
}

static void ctrl_c_is_the_same_in_both_faces(void **state)
{
    (void)state;
    for (size_t i = 0; i < FACES; i++) {
        struct pty *p = pty_start(faces[i], NULL, NULL, 24, 80);
        assert_true(pty_sees(p, shown[i]));
        pty_type(p, "\003");
        assert_int_equal(pty_status(p), INTERRUPTED);
    }
}

static void a_closed_window_is_an_interruption(void **state)
{
    (void)state;
    for (size_t i = 0; i < FACES; i++) {
        struct pty *p = pty_start(faces[i], NULL, NULL, 24, 80);
        assert_true(pty_sees(p, shown[i]));
        pty_hang_up(p);
        assert_int_equal(pty_status(p), INTERRUPTED);
    }
}

static void a_signal_leaves_a_terminal_saved(void **state)
{
    (void)state;
    for (size_t i = 0; i < FACES; i++) {
        struct pty *p = pty_start(faces[i], NULL, NULL, 24, 80);
        assert_true(pty_sees(p, shown[i]));
        if (i ==
            0) { /* on its page, of a night that may still be on its way, nothing is */
            pty_type(p, "\r");
            assert_true(pty_sees(p, "console"));
        }
        kill(p->pid, SIGTERM);
        assert_true(i > 1 || pty_sees(p, "Saved."));
        assert_int_equal(pty_status(p), INTERRUPTED);
    }
}

/* ---- what is wrong is not 0 ------------------------------------------------------ */

static void not_saved_is_not_well(void **state)
{
    (void)state;
    const char *was = getenv("XDG_STATE_HOME");
    char keep[300];
    snprintf(keep, sizeof keep, "%s", was);
    setenv("XDG_STATE_HOME", "/dev/null", 1);
    struct run r = start("play first-page --plain --seed 7", -2);
    see(&r, "> ");
    assert_int_equal(write(r.in, "status\n", 7), 7);
    see(&r, "COMPONENT");
    close_input(&r);
    see(&r, "Not saved");
    int got = status_of(&r);
    setenv("XDG_STATE_HOME", keep, 1);
    assert_int_equal(got, NOT_DONE);
}

int main(void)
{
    char state[300];
    const char *dir = getenv("SCRATCH");
    if (!dir)
        setenv("SCRATCH", dir = "/tmp", 1);
    snprintf(state, sizeof state, "%s/state", dir);
    setenv("XDG_STATE_HOME", state, 1);
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_written_is_no_success),
        cmocka_unit_test(nobody_who_reads_is_no_failure),
        cmocka_unit_test(a_reader_who_goes_away_loses_no_run),
        cmocka_unit_test(a_signal_ends_a_prompt),
        cmocka_unit_test(a_signal_ends_a_write_that_waits),
        cmocka_unit_test(a_signal_ends_work),
        cmocka_unit_test(ctrl_c_is_the_same_in_both_faces),
        cmocka_unit_test(a_closed_window_is_an_interruption),
        cmocka_unit_test(a_signal_leaves_a_terminal_saved),
        cmocka_unit_test(not_saved_is_not_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
