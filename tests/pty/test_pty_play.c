/*
 * The program as a person meets it: on a terminal, with keys, signals and bad luck.
 */
#include "../lib/play.h"
#include "../lib/pty_term.h"
#include "truecode/limits.h"
#include "truecode/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const no_words[] = {NULL};
static const char *const play[] = {"play", "first-page", "--seed", "7", NULL};
static const char *const resume[] = {"play", "first-page", NULL};

#define LEFT_SCREEN "\033[?1049l" /* xterm's way out of the alternate screen */

static bool wrote(const struct pty *p, const char *bytes)
{
    return p->raw.len > 0 && memmem(p->raw.s, p->raw.len, bytes, strlen(bytes));
}

/* The last way into or out of the alternate screen was out. */
static bool screen_left(const struct pty *p)
{
    const char *in = NULL, *out = NULL;
    for (size_t i = 0; i + 8 <= p->raw.len; i++) {
        if (memcmp(p->raw.s + i, "\033[?1049h", 8) == 0)
            in = p->raw.s + i;
        if (memcmp(p->raw.s + i, LEFT_SCREEN, 8) == 0)
            out = p->raw.s + i;
    }
    return out && (!in || out > in);
}

static bool exited(const struct pty *p, int code)
{
    return p->ended && WIFEXITED(p->status) && WEXITSTATUS(p->status) == code;
}

/* Up to the first command line. */
static void start_playing(struct pty *p)
{
    assert_true(pty_sees(p, "Tidewater"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "console"));
}

static void starts_with_the_list_and_leaves(void **state)
{
    (void)state;
    struct pty *p = pty_start(no_words, NULL, NULL, 24, 80);
    assert_true(pty_sees(p, "Your first page"));
    pty_type(p, "q");
    assert_true(pty_ends(p));
    assert_true(exited(p, 0));
    assert_true(screen_left(p));
    pty_free(p);
}

static void plays_leaves_and_goes_on(void **state)
{
    (void)state;
    const char *dir = pty_fresh_dir();
    struct pty *p = pty_start(play, NULL, dir, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_type(p, "\003");
    assert_true(pty_ends(p));
    assert_true(exited(p, 130));
    assert_true(screen_left(p));
    pty_free(p);

    p = pty_start(no_words, NULL, dir, 24, 80);
    assert_true(pty_sees(p, "begun"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "finished requests")); /* the transcript is there again */
    pty_free(p);
}

static void is_killed_and_goes_on(void **state)
{
    (void)state;
    const char *dir = pty_fresh_dir();
    struct pty *p = pty_start(play, NULL, dir, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    kill(p->pid, SIGKILL);
    assert_true(pty_ends(p));
    pty_free(p);
    p = pty_start(resume, NULL, dir, 24, 80);
    assert_true(pty_sees(p, "finished requests"));
    pty_free(p);
}

static void follows_the_window(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pty_resize(p, 36, 120);
    assert_true(pty_sees(p, "console"));
    struct buf b;
    buf_init(&b, 0);
    size_t widest = 0;
    for (int tries = 0; tries < 100 && widest <= 80; tries++) {
        pty_listen(p, 50);
        pty_text(p, &b);
        for (char *s = b.s, *nl; (nl = strchr(s, '\n')); s = nl + 1) {
            *nl = '\0';
            size_t w = text_width(s);
            widest = w > widest ? w : widest;
        }
    }
    assert_true(widest > 80);
    buf_release(&b);
    pty_resize(p, 10, 40);
    assert_true(pty_sees(p, "80"));
    pty_resize(p, 24, 80);
    assert_true(pty_sees(p, "console"));
    pty_free(p);
}

static void is_suspended_and_comes_back(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "\032");
    assert_true(pty_stops(p));
    assert_true(screen_left(p));
    kill(p->pid, SIGCONT);
    for (int i = 0; i < 400 && screen_left(p); i++)
        pty_listen(p, 20);
    assert_false(screen_left(p)); /* redrawn without a key */
    assert_true(pty_sees(p, "console"));
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_free(p);
}

static void restores_the_terminal_when_it_crashes(void **state)
{
    (void)state;
    const int signals[] = {SIGSEGV, SIGABRT, SIGBUS};
    for (size_t i = 0; i < 3; i++) {
        struct pty *p = pty_start(play, NULL, NULL, 24, 80);
        start_playing(p);
        pty_type(p, "status\r"); /* a run is begun when something was done in it */
        assert_true(pty_sees(p, "COMPONENT"));
        kill(p->pid, signals[i]);
        assert_true(pty_ends(p));
        assert_true(WIFSIGNALED(p->status) && WTERMSIG(p->status) == signals[i]);
        assert_true(screen_left(p));
        assert_true(wrote(p, "\033[?2004l"));
        pty_free(p);
    }
}

static void saves_when_it_is_told_to_go(void **state)
{
    (void)state;
    const int signals[] = {SIGTERM, SIGHUP};
    for (size_t i = 0; i < 2; i++) {
        const char *dir = pty_fresh_dir();
        struct pty *p = pty_start(play, NULL, dir, 24, 80);
        start_playing(p);
        pty_type(p, "status\r"); /* a run is begun when something was done in it */
        assert_true(pty_sees(p, "COMPONENT"));
        kill(p->pid, signals[i]);
        assert_true(pty_ends(p));
        assert_true(WIFEXITED(p->status));
        assert_true(screen_left(p));
        pty_free(p);
        p = pty_start(no_words, NULL, dir, 24, 80);
        assert_true(pty_sees(p, "begun"));
        pty_free(p);
    }
}

static void shows_no_colour_when_asked(void **state)
{
    (void)state;
    const char *const env[] = {"NO_COLOR=1", NULL};
    struct pty *p = pty_start(play, env, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_false(wrote(p, "38;5;"));
    assert_false(wrote(p, "\033[31m"));
    pty_free(p);
    p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_true(wrote(p, "38;5;")); /* so the check above can fail */
    pty_free(p);
}

static void runs_on_terminals_nobody_knows(void **state)
{
    (void)state;
    const char *const terms[] = {"TERM=xterm-of-tomorrow", "TERM=linux", "TERM=vt100",
                                 "TERM=screen-256color"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const char *const env[] = {terms[i], NULL};
        struct pty *p = pty_start(no_words, env, NULL, 24, 80);
        assert_true(pty_sees(p, "Your first page"));
        pty_type(p, "q");
        assert_true(pty_ends(p));
        assert_true(exited(p, 0));
        pty_free(p);
    }
}

static void plays_in_lines_on_a_dumb_terminal(void **state)
{
    (void)state;
    const char *const env[] = {"TERM=dumb", NULL};
    struct pty *p = pty_start(play, env, NULL, 40, 100);
    assert_true(pty_sees(p, "Step 1"));
    pty_type(p, "status\n");
    assert_true(pty_sees(p, "shop"));
    assert_false(wrote(p, "\033"));
    pty_type(p, "\004");
    assert_true(pty_ends(p));
    assert_true(exited(p, 0));
    assert_true(wrote(p, "Saved"));
    pty_free(p);
}

static void draws_ascii_without_utf8(void **state)
{
    (void)state;
    const char *const env[] = {"LANG=C", NULL};
    struct pty *p = pty_start(play, env, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    for (size_t i = 0; i < p->raw.len; i++)
        assert_true((unsigned char)p->raw.s[i] < 128);
    pty_free(p);
}

/* Esc alone must act at once, not wait for a sequence that never comes. */
static void escape_acts_alone(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    assert_true(pty_sees(p, "Esc panels"));
    pty_type(p, "\033");
    assert_true(pty_loses(p, "Esc panels"));
    pty_free(p);
}

static void a_paste_is_text(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pty_type(p, "\033[200~stat\033[201~us");
    assert_true(pty_sees(p, "> status"));
    assert_false(wrote(p, "COMPONENT"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_free(p);
}

static void a_still_screen_sends_nothing(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    assert_true(pty_sees(p, "Tidewater"));
    for (int i = 0; i < 20 && pty_listen(p, 300) > 0; i++)
        ; /* let the frame be whole, also on a slow machine */
    assert_int_equal(pty_listen(p, 1500), 0);
    pty_free(p);
}

/* ---- the worker's misfortunes ---------------------------------------------------- */

static void a_killed_worker_is_replaced(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pid_t worker = pty_worker(p);
    assert_true(worker > 0);
    kill(worker, SIGKILL);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_true(pty_worker(p) != worker);
    pty_free(p);
}

static void a_hung_worker_can_be_ended(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pid_t worker = pty_worker(p);
    kill(worker, SIGSTOP);
    pty_type(p, "s");
    assert_true(pty_sees(p, "has not answered"));
    pty_type(p, "\003");
    assert_true(pty_loses(p, "has not answered"));
    assert_true(pty_worker(p) != worker);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_free(p);
}

static void the_worker_dies_with_the_front(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    start_playing(p);
    pid_t worker = pty_worker(p);
    kill(p->pid, SIGKILL);
    assert_true(pty_ends(p));
    for (int i = 0; i < 400 && kill(worker, 0) == 0; i++)
        pty_listen(p, 10);
    assert_int_equal(kill(worker, 0), -1);
    pty_free(p);
}

/* The clock stands while a question is open, and what users lost is worked out meanwhile:
 * the first row need not wait for a key. */
static void what_users_lost_is_there_while_somebody_reads(void **state)
{
    (void)state;
    static const char *const first[] = {"play", "first-page", "--seed", "7", NULL};
    struct pty *p = pty_start(first, NULL, NULL, 24, 80);
    assert_true(pty_sees(p, "Enter begin"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "a question is open"));
    assert_true(pty_sees(p, " so far"));
    pty_free(p);
}

/* From the list, where no run is open: the one that is begun is dropped, another begins. */
static void a_begun_lesson_is_started_over_from_the_list(void **state)
{
    (void)state;
    static const char *const nothing[] = {NULL};
    static const char *const first[] = {"play", "first-page", NULL};
    char dir[200];
    snprintf(dir, sizeof dir, "%s", pty_fresh_dir());
    struct pty *p = pty_start(first, NULL, dir, 24, 80);
    assert_true(pty_sees(p, "Enter begin"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "console"));
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_type(p, "\003");
    assert_true(pty_ends(p));
    pty_free(p);
    p = pty_start(nothing, NULL, dir, 24, 80);
    assert_true(pty_sees(p, "begun: go on"));
    pty_type(p, "x");
    assert_true(pty_sees(p, "Really"));
    pty_type(p, "y\r");
    assert_true(pty_sees(p, "Enter begin"));
    pty_type(p, "\003");
    assert_true(pty_ends(p));
    assert_true(WIFEXITED(p->status));
    pty_free(p);
}

/* A lesson in a file of its own, with one thing changed. */
static void write_lesson(const char *path, const char *text, const char *from,
                         const char *to)
{
    char *changed = play_edit(text, from, to);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(changed, f);
    fclose(f);
    mem_free(changed);
}

/* The page comes before its night. Whoever does not read it sees how far that is, and loses
 * nothing that was typed meanwhile. */
static void who_is_faster_than_the_night_waits(void **state)
{
    (void)state;
    char dir[200], path[240];
    struct buf text;
    struct errmsg why = {0};
    buf_init(&text, LESSON_MAX_BYTES);
    snprintf(dir, sizeof dir, "%s", pty_fresh_dir());
    snprintf(path, sizeof path, "%s/crowd.lua", dir);
    assert_int_equal(file_read("lessons/first-page.lua", LESSON_MAX_BYTES, &text, &why),
                     ERR_OK);
    write_lesson(path, text.s, "per_second(", "per_second(100 * ");
    buf_release(&text);
    const char *const words[] = {"play", path, NULL};
    struct pty *p = pty_start(words, NULL, dir, 24, 80);
    assert_true(pty_sees(p, "Enter begin"));
    pty_type(p, "\rstatus\r");
    assert_true(pty_writes(p, "up to this moment"));
    assert_true(pty_sees(p, "COMPONENT"));
    pty_free(p);
}

/* A night that never comes to its page ends with the reason; nothing of it is kept. */
static void a_night_without_a_page_says_why(void **state)
{
    (void)state;
    static const char *const progress[] = {"progress", NULL};
    char dir[200], path[240];
    snprintf(dir, sizeof dir, "%s", pty_fresh_dir());
    snprintf(path, sizeof path, "%s/flood.lua", dir);
    write_lesson(path, play_small, "per_second(20), gives_up = sec(5)",
                 "per_second(20000), gives_up = min(9)");
    const char *const words[] = {"play", path, NULL};
    struct pty *p = pty_start(words, NULL, dir, 24, 80);
    assert_true(pty_sees(p, "Enter begin"));
    assert_true(pty_ends(p));
    assert_true(exited(p, 3));
    assert_true(screen_left(p));
    assert_true(wrote(p, "ran away"));
    pty_free(p);
    p = pty_start(progress, NULL, dir, 24, 80);
    assert_true(pty_ends(p));
    assert_true(wrote(p, "No run yet"));
    pty_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_users_lost_is_there_while_somebody_reads),
        cmocka_unit_test(a_begun_lesson_is_started_over_from_the_list),
        cmocka_unit_test(starts_with_the_list_and_leaves),
        cmocka_unit_test(who_is_faster_than_the_night_waits),
        cmocka_unit_test(a_night_without_a_page_says_why),
        cmocka_unit_test(plays_leaves_and_goes_on),
        cmocka_unit_test(is_killed_and_goes_on),
        cmocka_unit_test(follows_the_window),
        cmocka_unit_test(is_suspended_and_comes_back),
        cmocka_unit_test(restores_the_terminal_when_it_crashes),
        cmocka_unit_test(saves_when_it_is_told_to_go),
        cmocka_unit_test(shows_no_colour_when_asked),
        cmocka_unit_test(runs_on_terminals_nobody_knows),
        cmocka_unit_test(plays_in_lines_on_a_dumb_terminal),
        cmocka_unit_test(draws_ascii_without_utf8),
        cmocka_unit_test(escape_acts_alone),
        cmocka_unit_test(a_paste_is_text),
        cmocka_unit_test(a_still_screen_sends_nothing),
        cmocka_unit_test(a_killed_worker_is_replaced),
        cmocka_unit_test(a_hung_worker_can_be_ended),
        cmocka_unit_test(the_worker_dies_with_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
