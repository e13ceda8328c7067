/*
 * What goes wrong while the screen is up: terminals that are too small or that nobody
 * knows, a full disk, pastes that no hand types, a lesson that breaks in the middle, a
 * worker that is killed. Each is told on the screen; afterwards the terminal is sane
 * and the run is there.
 */
#include "../lib/pty_term.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const play[] = {"play", "small-shop", "--seed", "7", NULL};
/* Of our own: this program is run from the top of the tree. */
static const char *const ours[] = {"TRUECODE_LESSONS=tests/bad/lessons", NULL};
static const char *const resume[] = {"play", "small-shop", NULL};

#define LEFT_SCREEN "\033[?1049l"

/* ---- what is asked of every case ------------------------------------------------- */

static void start_playing(struct pty *p)
{
    assert_true(pty_sees(p, "Enter begin"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "console"));
}

static bool wrote(const struct pty *p, const char *bytes)
{
    return p->raw.len > 0 && memmem(p->raw.s, p->raw.len, bytes, strlen(bytes));
}

/* Ended by itself with this status, and the terminal is as it was. */
static void ends_well(struct pty *p, int status)
{
    assert_true(pty_ends(p));
    assert_true(WIFEXITED(p->status));
    assert_int_equal(WEXITSTATUS(p->status), status);
    size_t n = strlen(LEFT_SCREEN);
    bool in = wrote(p, "\033[?1049h"), out = false;
    for (size_t i = 0; i + n <= p->raw.len; i++) {
        if (memcmp(p->raw.s + i, "\033[?1049h", n) == 0)
            out = false;
        if (memcmp(p->raw.s + i, LEFT_SCREEN, n) == 0)
            out = true;
    }
    assert_true(!in || out);
    assert_true(!wrote(p, "\033[?2004h") || wrote(p, "\033[?2004l"));
    pty_free(p);
}

/* The run in `state` is there, with what was done in it. */
static void still_saved(const char *state, const char *seen)
{
    struct pty *p = pty_start(resume, ours, state, 24, 80);
    assert_true(pty_sees(p, seen));
    pty_type(p, "\003");
    ends_well(p, 130);
}

/* ---- terminals ------------------------------------------------------------------- */

static void a_tiny_terminal_is_told_the_size(void **state)
{
    (void)state;
    const char *dir = pty_fresh_dir();
    struct pty *p = pty_start(play, ours, dir, 5, 20);
    assert_true(pty_sees(p, "20x5 is too small:"));
    assert_true(pty_sees(p, "80x22 is needed"));
    assert_true(pty_sees(p, "leaves."));
    pty_resize(p, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_resize(p, 5, 20);
    assert_true(pty_sees(p, "leaves."));
    pty_type(p, "q");
    ends_well(p, 0);
    still_saved(dir, "finished requests");
}

static void the_tiniest_terminal_does_no_harm(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, ours, NULL, 24, 80);
    start_playing(p);
    for (int size = 1; size < 6; size += 2) {
        pty_resize(p, size, size);
        pty_type(p, "x");
    }
    pty_resize(p, 24, 80);
    assert_true(pty_sees(p, "console"));
    pty_type(p, "\003");
    ends_well(p, 130);
}

static void a_terminal_without_a_name_is_played_in_lines(void **state)
{
    (void)state;
    const char *const env[] = {"TERM=", ours[0], NULL};
    struct pty *p = pty_start(play, env, NULL, 24, 80);
    assert_true(pty_sees(p, "Step 1"));
    assert_false(wrote(p, "\033"));
    pty_type(p, "\004");
    ends_well(p, 0);
}

/* ---- disks ----------------------------------------------------------------------- */

/* No file may grow: what a full disk is, without one. */
static struct pty *start_on_full_disk(const char *dir)
{
    struct rlimit before, none;
    fflush(NULL);
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
    struct pty *p = pty_start(play, ours, dir, 24, 80);
    setrlimit(RLIMIT_FSIZE, &before);
    return p;
}

static void a_full_disk_is_told_and_mended(void **state)
{
    (void)state;
    const char *dir = pty_fresh_dir();
    struct pty *p = start_on_full_disk(dir);
    assert_true(pty_sees(p, "not saved"));
    pty_type(p, "\r");
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_true(pty_sees(p, "not saved"));
    struct rlimit all;
    getrlimit(RLIMIT_FSIZE, &all);
    assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &all, NULL), 0);
    pty_type(p, "changes\r");
    assert_true(pty_sees(p, "Jonas"));
    assert_true(pty_loses(p, "not saved"));
    kill(p->pid, SIGKILL); /* what it says is saved needs no good end */
    assert_true(pty_ends(p));
    pty_free(p);
    still_saved(dir, "Jonas");
}

static void a_full_disk_to_the_end_is_told_at_the_end(void **state)
{
    (void)state;
    struct pty *p = start_on_full_disk(pty_fresh_dir());
    assert_true(pty_sees(p, "not saved"));
    pty_type(p, "\r"); /* before it there is nothing that could be lost */
    assert_true(pty_sees(p, "console"));
    pty_type(p, "\003");
    assert_true(pty_ends(p));
    const char *left = memmem(p->raw.s, p->raw.len, LEFT_SCREEN, strlen(LEFT_SCREEN));
    assert_non_null(left);
    assert_non_null(strstr(left, "not saved"));
    ends_well(p, 1);
}

/* ---- what is typed --------------------------------------------------------------- */

/* Types while it reads what comes back: neither side may wait for the other. */
static void pour(struct pty *p, const char *s, size_t n)
{
    fcntl(p->fd, F_SETFL, O_NONBLOCK);
    for (int stuck = 0; n > 0;) {
        ssize_t put = write(p->fd, s, n);
        stuck = put < 0 ? stuck + 1 : 0;
        assert_true(stuck < 10000);
        if (put > 0)
            s += put, n -= (size_t)put;
        if (n > 0)
            pty_listen(p, 1);
    }
    fcntl(p->fd, F_SETFL, 0);
}

static void a_huge_paste_is_survived(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, ours, NULL, 24, 80);
    start_playing(p);
    struct buf b;
    buf_init(&b, 0);
    buf_adds(&b, "\033[200~");
    /* Ctrl-C, Ctrl-Z and Ctrl-\\ are the terminal's: it acts on them before anybody. */
    for (int i = 0; i < 100000; i++)
        buf_addch(&b, i % 97 != 0                              ? 'a'
                      : strchr("\003\032\034\033", i % 31 + 1) ? '\177'
                                                               : (char)(i % 31 + 1));
    buf_adds(&b, "\033[201~");
    pour(p, b.s, b.len);
    buf_release(&b);
    pty_type(p, "\025"); /* clears the line */
    assert_true(pty_loses(p, "aaaa"));
    pty_type(p, "\025status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_type(p, "\003");
    ends_well(p, 130);
}

static void keys_that_are_none_are_survived(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, ours, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "\377\376\303(\342\200\033[999;999;999~\033[<0;999;999M\033O\033[1;9Z"
                "\033]52;c;AAAA\a\033P+q\033\\\033[?62;c\033[200~\033[201~");
    pty_resize(p, 30, 100);
    assert_true(pty_sees(p, "Esc panels") || pty_sees(p, "Enter"));
    pty_type(p, ":\025status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_type(p, "\003");
    ends_well(p, 130);
}

/* ---- lessons and workers --------------------------------------------------------- */

/* A lesson file in a fresh folder: small-shop with `from` replaced by `to`. */
static void change_lesson(char *path, size_t size, const char *from, const char *to)
{
    static char text[256 * 1024];
    snprintf(path, size, "%s/changed.lua", pty_fresh_dir());
    FILE *f = fopen("tests/bad/lessons/small-shop.lua", "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    char *at = strstr(text, from);
    assert_non_null(at);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(f);
}

static void a_broken_lesson_is_told_below_a_sane_prompt(void **state)
{
    (void)state;
    char path[300];
    change_lesson(path, sizeof path, "minutes = 6", "minuets = 6");
    const char *const words[] = {"play", path, NULL};
    struct pty *p = pty_start(words, ours, NULL, 24, 80);
    assert_true(pty_ends(p));
    assert_true(wrote(p, "changed.lua:"));
    assert_true(wrote(p, "did you mean 'minutes'"));
    ends_well(p, 3);
}

static void a_broken_goal_is_told_and_passed(void **state)
{
    (void)state;
    char path[300];
    change_lesson(path, sizeof path, "return s:seen(\"status\")", "while true do end");
    const char *const words[] = {"play", path, "--seed", "7", NULL};
    struct pty *p = pty_start(words, ours, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "This lesson is broken: changed.lua:"));
    pty_type(p, "skip\r");
    assert_true(pty_sees(p, "What changed?"));
    pty_type(p, "changes\r");
    assert_true(pty_sees(p, "What is your guess?"));
    pty_type(p, "\003");
    ends_well(p, 130);
}

static void a_worker_killed_in_a_wait_is_replaced(void **state)
{
    (void)state;
    const char *dir = pty_fresh_dir();
    struct pty *p = pty_start(play, ours, dir, 24, 80);
    start_playing(p);
    pty_type(p, "status\rchanges\r2\rdown\r");
    assert_true(pty_sees(p, "Take it back"));
    pid_t worker = pty_worker(p);
    assert_true(worker > 0);
    pty_type(p, "wait 4m\r");
    assert_true(pty_sees(p, "> wait 4m"));
    kill(worker, SIGKILL); /* the wait's own ticks notice; a key would end the notice */
    assert_true(pty_sees(p, "restarted"));
    pty_type(p, "status\r");
    assert_true(pty_worker(p) != worker);
    pty_type(p, "rollback shop\r");
    assert_true(pty_sees(p, "goes back to the version before"));
    assert_true(pty_loses(p, "^C stops")); /* Ctrl-C is for that while it works */
    pty_type(p, "\003");
    ends_well(p, 130);
    still_saved(dir, "Take it back");
}

int main(void)
{

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tiny_terminal_is_told_the_size),
        cmocka_unit_test(the_tiniest_terminal_does_no_harm),
        cmocka_unit_test(a_terminal_without_a_name_is_played_in_lines),
        cmocka_unit_test(a_full_disk_is_told_and_mended),
        cmocka_unit_test(a_full_disk_to_the_end_is_told_at_the_end),
        cmocka_unit_test(a_huge_paste_is_survived),
        cmocka_unit_test(keys_that_are_none_are_survived),
        cmocka_unit_test(a_broken_lesson_is_told_below_a_sane_prompt),
        cmocka_unit_test(a_broken_goal_is_told_and_passed),
        cmocka_unit_test(a_worker_killed_in_a_wait_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
