/*
 * Memory that runs out, at every allocation in turn, through the life of a lesson and of
 * a lab: opened, stepped, typed at, forked, rewound, debriefed, closed.
 *
 * A life is lived once. At each allocation the process forks, and in the child that one
 * fails. What comes from mem_alloc() and its like must end the child at once with its
 * one sentence; where Lua or a world has no memory, the child lives on, must get errors
 * in words, and must have freed all when it is over.
 *
 * Only the hostile build can refuse memory. There HOSTILE=all tries each allocation of
 * the heap, which takes minutes; else one in 61, as all of them end in one place.
 */
#include "../lib/play.h"
#include "truecode/session_experiment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { GOOD = 0, SILENT = 3, LEAKED = 4, DIED = 70 };

/* ---- lives ----------------------------------------------------------------------- */

/* What went wrong must be said. The parent meets no error at all. */
static void said(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK && !why->text[0])
        _exit(SILENT);
}

static void types(struct session *s, const char *line)
{
    struct errmsg why = {0};
    enum err e = session_line(s, line, true, &why);
    if (e == ERR_LIMIT || e == ERR_LESSON)
        said(e, &why);
}

static void goes_on(struct session *s, sim_time t)
{
    struct errmsg why = {0};
    said(session_advance(s, session_view(s)->now + t, &why), &why);
}

static void live_session(void)
{
    static const char *const lines[] = {"",
                                        "2",
                                        "changes",
                                        "api",
                                        "status",
                                        "map",
                                        "metrics",
                                        "chart",
                                        "traces",
                                        "logs api",
                                        "up",
                                        "hurt users",
                                        "since 10:03",
                                        "much 30%",
                                        "trigger api",
                                        "sheet",
                                        "metrics api | grep requests | sort -r",
                                        "suspect api bad-deploy because errors",
                                        "note it",
                                        "scale api 3"};
    struct session_options o = play_options(play_small, NULL);
    struct session *s = NULL;
    struct errmsg why = {0};
    enum err e = session_open(&s, &o, &why);
    said(e, &why);
    if (e != ERR_OK)
        return;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        types(s, lines[i]);
    goes_on(s, 20 * SIM_SEC);
    types(s, "rollback api");
    types(s, "rewind 10:05:05");
    types(s, "rollback api");
    goes_on(s, 240 * SIM_SEC);
    types(s, "say --who users --since 10:03 --impact all --state cured --next 10:30");
    types(s, "resolve");
    struct report r = {0};
    e = session_report(s, &r, NULL, NULL, &why);
    said(e, &why);
    if (e == ERR_OK)
        report_release(&r);
    session_free(s);
}

static void live_lab(void)
{
    static const char text[] =
        "return lab { 'mm1', ends_at = min(2), warm_up = sec(10), world = function(w)\n"
        "  w:service { 'server', workers = 1, cores = 1,\n"
        "    endpoints = { serve = { compute(exponential(ms(10))) } } }\n"
        "  w:client { 'users', to = 'server/serve', rate = 70 } end }\n";
    struct experiment_options o = {.text = text,
                                   .len = strlen(text),
                                   .name = "mm1.lua",
                                   .seed = 1,
                                   .replications = 2};
    struct experiment *x = NULL;
    struct errmsg why = {0};
    struct buf b;
    bool more = true;
    enum err e = experiment_open(&x, &o, &why);
    said(e, &why);
    if (e != ERR_OK)
        return;
    while (e == ERR_OK && more)
        e = experiment_run(x, UINT64_MAX, &more, &why);
    said(e, &why);
    buf_init(&b, 0);
    if (e == ERR_OK)
        experiment_text(x, &b);
    buf_release(&b);
    experiment_free(x);
}

/* ---- deaths ---------------------------------------------------------------------- */

static struct trial {
    enum mem_use use; /* the resource that runs out */
    unsigned each;    /* one in so many allocations is tried */
    unsigned met, tried, lived, died;
    bool child; /* the one to fail has failed */
    int pipe[2];
    char wrong[400];
} trial;

static const char *const words[] = {
    [MEM_HEAP] = "heap", [MEM_LUA] = "Lua", [MEM_MAP] = "world"};

static void judge(int status, const char *text)
{
    bool dies = WIFEXITED(status) && WEXITSTATUS(status) == DIED &&
                str_starts(text, "truecode: out of memory: ");
    bool lives = WIFEXITED(status) && WEXITSTATUS(status) == GOOD;
    trial.died += dies;
    trial.lived += lives;
    bool well = trial.use == MEM_HEAP  ? dies
                : trial.use == MEM_LUA ? lives
                                       : dies || lives;
    if (!well && !trial.wrong[0])
        snprintf(trial.wrong, sizeof trial.wrong,
                 "%s allocation %u: status %#x (exit 3: an error without words, 4: a "
                 "leak): %s",
                 words[trial.use], trial.met, (unsigned)status, text);
}

static bool fails(enum mem_use use)
{
    if (trial.child || use != trial.use || trial.met++ % trial.each != 0)
        return false;
    if (pipe(trial.pipe) != 0)
        abort();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(trial.pipe[1], STDERR_FILENO);
        close(trial.pipe[0]);
        close(trial.pipe[1]);
        trial.child = true;
        return true;
    }
    char text[600] = "";
    size_t n = 0;
    close(trial.pipe[1]);
    for (ssize_t got; n < sizeof text - 1 &&
                      (got = read(trial.pipe[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    close(trial.pipe[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    trial.tried++;
    judge(status, text);
    return false;
}

static void live_and_die(void (*life)(void), enum mem_use use, unsigned each)
{
    if (!CHECKING)
        skip(); /* no memory is refused in this build */
    size_t before = mem_alive();
    trial = (struct trial){.use = use, .each = each};
    mem_trap(fails);
    life();
    mem_trap(NULL);
    bool leaked = mem_alive() != before;
    if (trial.child)
        _exit(leaked ? LEAKED : GOOD);
    print_message("# %s: %u allocations, %u failed: %u lived on, %u died in words\n",
                  words[use], trial.met, trial.tried, trial.lived, trial.died);
    assert_false(leaked);
    assert_true(trial.tried > 3);
    if (trial.wrong[0])
        fail_msg("%s", trial.wrong);
}

static unsigned one_in(unsigned each)
{
    return str_eq(getenv("HOSTILE"), "all") ? 1 : each;
}

static void a_session_without_heap_dies_in_words(void **state)
{
    (void)state;
    live_and_die(live_session, MEM_HEAP, one_in(61));
}

static void a_lab_without_heap_dies_in_words(void **state)
{
    (void)state;
    live_and_die(live_lab, MEM_HEAP, one_in(61));
}

static void a_session_without_lua_lives_on(void **state)
{
    (void)state;
    live_and_die(live_session, MEM_LUA, one_in(97));
}

static void a_lab_without_lua_lives_on(void **state)
{
    (void)state;
    live_and_die(live_lab, MEM_LUA, one_in(97));
}

static void a_session_without_worlds_lives_on_or_says_why(void **state)
{
    (void)state;
    live_and_die(live_session, MEM_MAP, one_in(3));
}

static void a_lab_without_worlds_lives_on_or_says_why(void **state)
{
    (void)state;
    live_and_die(live_lab, MEM_MAP, one_in(401));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_without_heap_dies_in_words),
        cmocka_unit_test(a_lab_without_heap_dies_in_words),
        cmocka_unit_test(a_session_without_lua_lives_on),
        cmocka_unit_test(a_lab_without_lua_lives_on),
        cmocka_unit_test(a_session_without_worlds_lives_on_or_says_why),
        cmocka_unit_test(a_lab_without_worlds_lives_on_or_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
