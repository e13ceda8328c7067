/*
 * A worker that never stops: silent, deaf, dripping single bytes, or sending progress or
 * pieces of a report without end. Whatever was started can be ended with Ctrl-C, and by
 * nothing stronger.
 *
 * The program is this test: its command line is main's own, its workers are the ones
 * below, since the program starts its own image again.
 */
int program_main(int argc, char **argv);
#define main program_main
#include "../../src/cli/main.c"
#undef main

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

/* ---- workers that never stop ----------------------------------------------------- */

static void send_answer(const struct wire_answer *a)
{
    struct buf b;
    buf_init(&b, 0);
    wire_put_answer(&b, a);
    if (!term_write(1, b.s, b.len))
        _exit(0);
    buf_release(&b);
}

static NORETURN void drip(void)
{
    static const char head[] = {0, 0, 64, 0}; /* of a message of 4 MiB */
    (void)term_write(1, head, sizeof head);
    while (term_write(1, "x", 1))
        poll(NULL, 0, 1);
    _exit(0);
}

static NORETURN void answer_for_ever(const struct wire_answer *a)
{
    char part[4096];
    while (read(0, part, sizeof part) > 0)
        send_answer(a);
    _exit(0);
}

/* Faster than it can be read. */
static NORETURN void flood(const struct wire_answer *a)
{
    struct buf b;
    buf_init(&b, 0);
    for (int i = 0; i < 1000; i++)
        wire_put_answer(&b, a);
    for (size_t at = 0;; at = at < b.len ? at : 0) {
        ssize_t n = write(1, b.s + at, b.len - at);
        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
}

/* How it never stops is the first word of its front's command line. */
static void kind_of(const char *front, char *kind, size_t size)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%s/cmdline", front);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = '\0';
    if (f)
        fclose(f);
    size_t first = strlen(text) + 1;
    snprintf(kind, size, "%s", first < n ? text + first : "");
}

static NORETURN void serve(const char *front)
{
    char kind[32];
    kind_of(front, kind, sizeof kind);
    send_answer(&(struct wire_answer){.kind = WIRE_READY});
    if (strcmp(kind, "drip") == 0)
        drip();
    if (strcmp(kind, "progress") == 0)
        flood(&(struct wire_answer){.kind = WIRE_PROGRESS, .done = 1, .all = 2});
    if (strcmp(kind, "more") == 0)
        answer_for_ever(&(struct wire_answer){.more = true, .text = "and more\n"});
    for (;;)
        pause();
}

/* ---- the front ------------------------------------------------------------------- */

static char own_path[4096];

/* Starts "truecode WORDS" against such a worker and waits until it listens to it. */
static pid_t start(const char *kind, const char *words)
{
    char line[256], *argv[20] = {own_path, (char *)(uintptr_t)kind}, *at = line;
    int n = 2;
    snprintf(line, sizeof line, "%s", words);
    for (char *word; n < 19 && (word = strsep(&at, " "));)
        argv[n++] = word;
    argv[n] = NULL;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static bool has_child(pid_t pid)
{
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *f = fopen(path, "r");
    bool any = f && fgets(text, sizeof text, f);
    if (f)
        fclose(f);
    return any;
}

static void assert_interruptible(const char *kind, const char *words, bool at_once)
{
    int status;
    pid_t pid = start(kind, words);
    while (!has_child(pid) && waitpid(pid, &status, WNOHANG) == 0)
        sched_yield();
    kill(pid, SIGINT);
    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += 10) {
        if (ms > 60000) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            fail_msg("%s, a worker of the kind %s: Ctrl-C did nothing", words, kind);
        }
        poll(NULL, 0, 10);
    }
    int left = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    /* An answer out of turn ends it before anybody can. */
    if (left != LEAVE_INTERRUPTED && !(left == LEAVE_NOT_PASSED && at_once))
        fail_msg("%s, a worker of the kind %s: status %x", words, kind, status);
}

static void whatever_waits_can_be_ended(void **state)
{
    (void)state;
    static const char *const kinds[] = {"silence", "drip", "progress", "more"};
    static const char *const commands[] = {
        "list",    "play --plain",     "play first-page --plain --seed 7",
        "prove",   "prove first-page", "check lessons/first-page.lua",
        "lab mm1",
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (k != 3 || i == 6) /* "more" means something to the lab alone */
                assert_interruptible(kinds[k], commands[i], k == 2);
}

int main(int argc, char **argv)
{
    char state[300];
    if (worker_asked(argc, argv) && argc == 4)
        serve(argv[3]);
    if (argc > 2) { /* "KIND WORDS..." */
        argv[1] = argv[0];
        return program_main(argc - 1, argv + 1);
    }
    const char *dir = getenv("SCRATCH");
    snprintf(state, sizeof state, "%s/state", dir ? dir : "/tmp");
    setenv("XDG_STATE_HOME", state, 1);
    char here[PATH_MAX];
    if (realpath("lessons", here))
        setenv("TRUECODE_LESSONS", here, 1);
    ssize_t n = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
    own_path[n > 0 ? n : 0] = '\0';
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_waits_can_be_ended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
