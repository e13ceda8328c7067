/*
 * Where the jail cannot be: under emulation, in a container that refuses seccomp, below
 * a low limit on memory. The program says what is missing, what that risks and how to
 * go on; it never goes on by itself, and never runs a stranger's file on a single word.
 *
 * The system that refuses is this one, with a filter of calls that answers for it.
 */
#include "truecode/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef HAVE_SECCOMP
#include <seccomp.h>

/* ---- systems that refuse --------------------------------------------------------- */

static void refuse(int error, int call, unsigned n, struct scmp_arg_cmp arg)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f || seccomp_rule_add(f, SCMP_ACT_ERRNO((uint32_t)error), call, n, arg) != 0 ||
        seccomp_load(f) != 0)
        _exit(99);
    seccomp_release(f);
}

/* seccomp(2) itself last: a filter that refuses it could not be followed by another. */
static void refuse_filters(int error)
{
    refuse(error, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
    refuse(error, SCMP_SYS(seccomp), 0, SCMP_A0(SCMP_CMP_EQ, 0));
}

static void as_emulated(void)
{
    refuse_filters(EINVAL);
}
static void as_in_a_container(void)
{
    refuse_filters(EPERM);
}
static void without_no_new_privileges(void)
{
    refuse(EINVAL, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS));
}
static void without_a_parent(void)
{
    refuse(EINVAL, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));
}
static void without_limits(void)
{
    refuse(EPERM, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_NE, 0));
}
static void limit(int what, rlim_t most)
{
    struct rlimit r = {most, most};
    if (setrlimit((__rlimit_resource_t)what, &r) != 0)
        _exit(99);
}
static void with_low_limits(void)
{
    limit(RLIMIT_AS, 200u << 20);
    limit(RLIMIT_NOFILE, 14);
    limit(RLIMIT_CORE, 0);
}

/* ---- running it there ------------------------------------------------------------ */

static struct buf said;

static void become(void (*system)(void), int out, char *const *argv)
{
    int in = open("/dev/null", O_RDONLY);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    if (geteuid() != 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (system)
        system();
    execv(argv[0], argv);
    _exit(98);
}

/* Runs "truecode WORDS" on such a system; its status, 1000 + a signal. */
static int run(void (*system)(void), const char *words)
{
    char line[1024], *argv[20], *at = line;
    const char *program = getenv("TRUECODE");
    int out[2], status, n = 1;
    argv[0] = mem_strdup(program ? program : "build/truecode");
    snprintf(line, sizeof line, "%s", words);
    for (char *word; n < 19 && (word = strsep(&at, " "));)
        argv[n++] = word;
    argv[n] = NULL;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(system, out[1], argv);
    close(out[1]);
    buf_reset(&said);
    char part[4096];
    for (ssize_t got; (got = read(out[0], part, sizeof part)) > 0;)
        buf_add(&said, part, (size_t)got);
    close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    mem_free(argv[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void assert_says(const char *text)
{
    if (said.len == 0 || !strstr(said.s, text))
        fail_msg("no '%s' in:\n%s", text, said.len > 0 ? said.s : "");
}

static void assert_runs(void (*system)(void), const char *words, int status,
                        const char *text)
{
    int got = run(system, words);
    if (got != status)
        fail_msg("truecode %s: status %d, not %d:\n%s", words, got, status,
                 said.len > 0 ? said.s : "");
    assert_says(text);
}

/* The lack, the risk, and how to go on. */
static void assert_told(void (*system)(void), const char *words, const char *missing)
{
    assert_runs(system, words, 1, missing);
    assert_says("cannot be walled in");
    assert_says("whatever you can");
    assert_says("--no-jail");
}

/* A lesson file of somebody else. */
static const char *strangers(void)
{
    static char path[300];
    const char *dir = getenv("SCRATCH");
    struct buf text;
    buf_init(&text, 1 << 20);
    snprintf(path, sizeof path, "%s/first-page.lua", dir ? dir : "/tmp");
    assert_int_equal(file_read("lessons/first-page.lua", 1 << 20, &text, NULL), ERR_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text.s, text.len), text.len);
    close(fd);
    buf_release(&text);
    return path;
}

/* ---- the tests ------------------------------------------------------------------- */

static const char *const everything[] = {
    "list",    "play first-page --plain --seed 7", "play --plain", "prove first-page",
    "lab mm1", "check lessons/first-page.lua",     "prove",
};

static void a_refused_filter_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof everything / sizeof *everything; i++)
        assert_told(as_emulated, everything[i],
                    "(seccomp) is refused: Invalid argument");
    assert_told(as_in_a_container, "list",
                "(seccomp) is refused: Operation not permitted");
}

static void what_else_is_refused_is_told(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* a filter without the privilege needs what is refused here */
    assert_told(without_no_new_privileges, "list", "privileges (prctl) is refused");
    assert_told(without_a_parent, "list", "ending with its parent (prctl) is refused");
    assert_told(without_limits, "list", "the limit on its address space is refused");
}

static void it_goes_on_without(void **state)
{
    (void)state;
    assert_runs(as_emulated, "list --no-jail", 0, "first-page");
    assert_runs(as_emulated, "play first-page --plain --no-jail --seed 7", 0, "Step 1");
    assert_runs(as_emulated, "replay first-page --no-jail", 0, "trace digest");
    assert_told(as_emulated, "replay first-page", "seccomp");
    assert_runs(as_emulated, "lab mm1 --no-jail --until 10s", 0, "good");
    assert_runs(as_emulated, "check lessons/first-page.lua --no-jail", 0,
                "worlds built");
}

static void a_strangers_file_needs_it_twice(void **state)
{
    (void)state;
    char words[400];
    static const char *const commands[] = {"check", "play --plain --seed 7",
                                           "prove --seeds 1", "lab"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        snprintf(words, sizeof words, "%s %s --no-jail", commands[i], strangers());
        assert_runs(NULL, words, 2, "does not come with truecode");
        assert_says("Give --no-jail twice");
        snprintf(words, sizeof words, "%s %s --no-jail --no-jail", commands[i],
                 strangers());
        int status = run(as_emulated, words);
        assert_null(strstr(said.s, "does not come"));
        assert_int_equal(status, 0);
    }
    assert_runs(NULL, "check lessons/../lessons/first-page.lua --no-jail", 0,
                "worlds built");
}

static void a_strangers_course_needs_it_twice(void **state)
{
    (void)state;
    char path[400];
    int folder = (int)(strrchr(strangers(), '/') - strangers());
    snprintf(path, sizeof path, "%.*s/course.lua", folder, strangers());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const char *text = "return course { { track = \"x\", \"first-page\" } }\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    path[folder] = '\0';
    setenv("TRUECODE_LESSONS", path, 1);
    assert_runs(NULL, "list", 0, "first-page");
    assert_runs(NULL, "list --no-jail", 2, "does not come with truecode");
    assert_runs(NULL, "play first-page --plain --no-jail", 2, "does not come");
    assert_runs(NULL, "list --no-jail --no-jail", 0, "first-page");
    unsetenv("TRUECODE_LESSONS");
}

static void the_doctor_is_of_one_mind(void **state)
{
    (void)state;
    assert_runs(as_emulated, "doctor", 1, "BAD  jail");
    assert_says("(seccomp) is refused: Invalid argument");
    assert_says("answers without the jail");
    assert_null(strstr(said.s, "ok   jail"));
    assert_runs(as_emulated, "doctor --json", 1, "\"jail\": {\"ok\": false");
}

static void lower_limits_are_as_good(void **state)
{
    (void)state;
    assert_runs(with_low_limits, "list", 0, "first-page");
    assert_runs(with_low_limits, "doctor", 0, "ok   jail");
    assert_runs(with_low_limits, "play first-page --plain --seed 7", 0, "Step 1");
}

int main(void)
{
    char state[300];
    const char *dir = getenv("SCRATCH");
    snprintf(state, sizeof state, "%s/state", dir ? dir : "/tmp");
    setenv("XDG_STATE_HOME", state, 1);
    buf_init(&said, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_filter_is_told),
        cmocka_unit_test(what_else_is_refused_is_told),
        cmocka_unit_test(it_goes_on_without),
        cmocka_unit_test(a_strangers_file_needs_it_twice),
        cmocka_unit_test(a_strangers_course_needs_it_twice),
        cmocka_unit_test(the_doctor_is_of_one_mind),
        cmocka_unit_test(lower_limits_are_as_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void there_is_no_filter(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_is_no_filter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
