/*
 * Keys on a real pseudo terminal: what terminals of many families send, pastes, and
 * windows of every size. After each the console must be there and obey.
 */
#include "../lib/keys.h"
#include "../lib/pty_term.h"
#include "truecode/ui.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

int setupterm(const char *name, int fd, int *status);

static const char *const play[] = {"play", "first-page", "--seed", "7", NULL};

static struct pty *play_on(const char *term, int rows, int cols)
{
    char variable[80], dirs[600];
    const char *where = getenv("TERMINFO_DIRS");
    snprintf(variable, sizeof variable, "TERM=%s", term);
    snprintf(dirs, sizeof dirs, "TERMINFO_DIRS=%s", where ? where : "");
    const char *const env[] = {variable, where ? dirs : NULL, NULL};
    struct pty *p = pty_start(play, env, NULL, rows, cols);
    if (rows >= SCREEN_ROWS_LEAST && cols >= SCREEN_COLS_LEAST) {
        assert_true(pty_writes(p, "Tidewater"));
        pty_type(p, "\r");
        assert_true(pty_writes(p, "console"));
    }
    return p;
}

/* From whatever was typed: ctrl-e ctrl-u empties the line, and a command is obeyed.
 * Seen in the bytes: not every terminal is one that libvterm can draw. */
static void obeys(struct pty *p)
{
    pty_type(p, "\005\025status\r");
    assert_true(pty_writes(p, "COMPONENT"));
    assert_false(p->ended);
    pty_free(p);
}

/* ---- terminals ------------------------------------------------------------------- */

/* A terminal of each family, of those that this machine's terminfo has. */
static const char *const families[] = {
    "linux", "xterm-256color", "rxvt",    "rxvt-unicode", "putty",  "screen",
    "tmux",  "konsole",        "vt100",   "vt220",        "vt52",   "sun",
    "wy50",  "tvi950",         "scoansi", "xterm-8bit",   "hp2392", "qnx",
    "st",    "alacritty"};

/* Each key, and behind it ctrl-u, which no key begins with and which breaks off what
 * has begun. One byte is not sent: it may be Ctrl-Z. F1 comes first, since help is
 * closed by the next key. */
static void type_keys(struct pty *p, bool f1)
{
    struct capability c;
    for (size_t i = 0; capability_next(&i, &c);)
        if (strlen(c.bytes) > 1 && (strcmp(c.name, "kf1") == 0) == f1) {
            pty_type(p, c.bytes);
            pty_type(p, "\025");
            pty_listen(p, 0);
        }
}

static void every_familys_keys_leave_the_console(void **state)
{
    (void)state;
    int tried = 0, status;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (setupterm(families[i], 1, &status) != 0)
            continue;
        struct pty *p = play_on(families[i], 24, 80);
        type_keys(p, true);
        type_keys(p, false);
        obeys(p);
        tried++;
    }
    if (tried == 0)
        skip(); /* no terminfo here */
}

/* A terminal that says it is an xterm and sends what another does. */
static void an_xterm_that_is_none_has_its_keys(void **state)
{
    (void)state;
    struct pty *p = play_on("xterm-256color", 24, 80);
    pty_type(p, "bc\033[1~a\033[4~d");
    assert_true(pty_sees(p, "> abcd"));
    pty_type(p, "\033[7~0\033[8~e");
    assert_true(pty_sees(p, "> 0abcde"));
    pty_type(p, "\033[11~");
    assert_true(pty_sees(p, "You are in the console"));
    pty_type(p, "\033[[A"); /* F1 of the console of Linux closes it */
    assert_true(pty_loses(p, "You are in the console"));
    pty_type(p, " two three\033Od\033[1;5Dx \033\177");
    assert_true(pty_sees(p, "> 0abcde two three"));
    obeys(p);
}

static void unknown_keys_are_not_typed(void **state)
{
    (void)state;
    struct pty *p = play_on("xterm-256color", 24, 80);
    pty_type(p,
             "a\033[25;5~\033[99~\033O1;9z\033q\033x\033:\033[200z\033\033[99~\035b");
    assert_true(pty_sees(p, "> ab"));
    pty_type(p, "\033quit\r"); /* Alt-q, and a word that the console has not */
    assert_true(pty_sees(p, "> abuit"));
    obeys(p);
}

/* ---- pastes ---------------------------------------------------------------------- */

static void what_looks_like_a_paste_is_none(void **state)
{
    (void)state;
    static const char *const keys[][2] = {{"linux", "\033\t"},
                                          {"linux", "\033[Z"},
                                          {"rxvt", "\033Ob"},
                                          {"xterm-256color", "\033[1;5B"}};
    int status;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (setupterm(keys[i][0], 1, &status) != 0)
            continue;
        struct pty *p = play_on(keys[i][0], 24, 80);
        pty_type(p, keys[i][1]);
        obeys(p);
    }
}

static void a_paste_without_an_end_ends(void **state)
{
    (void)state;
    struct pty *p = play_on("xterm-256color", 24, 80);
    pty_type(p, "\033[200~one ");
    assert_true(pty_sees(p, "> one"));
    while (pty_listen(p, 1500) > 0) /* until a second passed in which nothing came */
        ;
    pty_type(p, "\005\025status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_type(p, "\033[200~two ");
    assert_true(pty_sees(p, "> two"));
    pty_type(p, "\003"); /* and at once */
    assert_true(pty_ends(p));
    assert_true(WIFEXITED(p->status) && WEXITSTATUS(p->status) == 130);
    pty_free(p);
}

static void pasted_lines_are_run_after_enter(void **state)
{
    (void)state;
    struct pty *p = play_on("xterm-256color", 24, 80);
    pty_type(p, "\033[200~status\rchanges\r\n\nps\r\033[201~");
    assert_true(pty_sees(p, "> status↵changes↵↵ps"));
    assert_true(pty_sees(p, "Enter runs the lines one by one"));
    pty_type(p, "\r");
    assert_true(pty_sees(p, "> ps"));
    assert_true(pty_loses(p, "↵"));
    obeys(p);
}

static void a_character_comes_in_two_reads(void **state)
{
    (void)state;
    struct pty *p = play_on("xterm-256color", 24, 80);
    pty_type(p, "caf\303");
    assert_true(pty_sees(p, "> caf"));
    pty_type(p, "\251!\033[1");
    assert_true(pty_sees(p, "> café!"));
    pty_type(p, ";5D_");
    assert_true(pty_sees(p, "> _café!"));
    obeys(p);
}

/* ---- repainting ------------------------------------------------------------------ */

static void ctrl_l_paints_all_anew(void **state)
{
    (void)state;
    struct pty *p = play_on("xterm-256color", 24, 80);
    const char mess[] = "\033[H\033[2Jwall: the system goes down";
    for (int i = 0; i < 20 && pty_listen(p, 300) > 0; i++)
        ;
    vterm_input_write(p->vt, mess, sizeof mess - 1); /* somebody else wrote */
    assert_true(pty_loses(p, "console"));
    pty_type(p, "\014");
    assert_true(pty_sees(p, "console"));
    assert_true(pty_loses(p, "wall:"));
    obeys(p);
}

/* ---- windows --------------------------------------------------------------------- */

static void a_window_of_any_size_is_survived(void **state)
{
    (void)state;
    static const int sizes[][2] = {{65535, 65535}, {24, 65535}, {1, 1},
                                   {24, 32768},    {65535, 80}, {22, 80}};
    struct pty *p = play_on("xterm-256color", 24, 80);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pty_resize(p, sizes[i][0], sizes[i][1]);
        pty_type(p, "\025");
        pty_listen(p, 50);
    }
    for (int i = 0; i < 200; i++) /* dragged by a corner */
        pty_resize(p, 1 + i * 7 % 60, 1 + i * 13 % 200);
    pty_resize(p, 24, 80);
    assert_true(pty_sees(p, "Esc panels"));
    obeys(p);
}

/* Both come while the worker is busy with the key before: the size is told first. */
static void a_key_belongs_to_the_window_it_is_typed_into(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct pty *p = play_on("xterm-256color", 24, 80);
        pty_resize(p, 10, 60);
        assert_true(pty_sees(p, "Make the window larger"));
        pid_t worker = pty_worker(p);
        kill(worker, SIGSTOP);
        pty_type(p, "\005");
        if (late)
            assert_true(pty_sees(p, "has not answered"));
        else
            pty_listen(p, 200);
        pty_resize(p, 24, 80);
        pty_type(p, "status\r");
        pty_listen(p, late ? 200 : 0);
        kill(worker, SIGCONT);
        assert_true(pty_writes(p, "COMPONENT"));
        pty_free(p);
    }
}

static void it_starts_in_a_window_of_any_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{65535, 65535}, {24, 65535}, {1, 1}, {0, 0}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct pty *p = pty_start(play, NULL, NULL, sizes[i][0], sizes[i][1]);
        pty_listen(p, 100);
        pty_resize(p, 24, 80);
        assert_true(pty_sees(p, "Tidewater"));
        pty_type(p, "\r");
        assert_true(pty_sees(p, "console"));
        obeys(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_familys_keys_leave_the_console),
        cmocka_unit_test(an_xterm_that_is_none_has_its_keys),
        cmocka_unit_test(unknown_keys_are_not_typed),
        cmocka_unit_test(what_looks_like_a_paste_is_none),
        cmocka_unit_test(a_paste_without_an_end_ends),
        cmocka_unit_test(pasted_lines_are_run_after_enter),
        cmocka_unit_test(a_character_comes_in_two_reads),
        cmocka_unit_test(ctrl_l_paints_all_anew),
        cmocka_unit_test(a_window_of_any_size_is_survived),
        cmocka_unit_test(a_key_belongs_to_the_window_it_is_typed_into),
        cmocka_unit_test(it_starts_in_a_window_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
