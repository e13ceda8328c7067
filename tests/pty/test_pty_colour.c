/*
 * Colours on terminals that answer what background they have, that do not, that answer
 * late or nonsense; settings that are kept; the key that changes colours; the bell and
 * the mouse.
 *
 * An answer is written before the program asks: then it is there at once, on a busy
 * machine too.
 */
#include "../lib/pty_term.h"
#include "truecode/term.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const list[] = {NULL};
static const char *const play[] = {"play", "first-page", "--seed", "7", NULL};

#define ASKED      "\033]11;?"
#define IS_WHITE   "\033]11;rgb:ffff/ffff/ffff\033\\"
#define IS_BLACK   "\033]11;rgb:0000/0000/0000\033\\"
#define IS_GREY    "\033]11;rgb:8080/8080/8080\033\\"
#define A_TERMINAL "\033[?62;22c"

static bool wrote(const struct pty *p, const char *bytes)
{
    return p->raw.len > 0 && memmem(p->raw.s, p->raw.len, bytes, strlen(bytes));
}

/* Whether a heading was painted as this theme does on that background. */
static bool paints(const struct pty *p, enum theme theme, enum ground ground)
{
    char sgr[32];
    struct look l = look_of(theme, ground, 256, TONE_HEAD, 0);
    snprintf(sgr, sizeof sgr, "38;5;%dm", l.fg);
    return wrote(p, sgr);
}

static struct pty *start(const char *const *words, const char *const *env,
                         const char *home, const char *answer)
{
    struct pty *p = pty_start(words, env, home, 24, 80);
    pty_type(p, answer);
    assert_true(pty_sees(p, "Your first page"));
    return p;
}

static void leave(struct pty *p)
{
    pty_type(p, "\003");
    assert_true(pty_ends(p));
    assert_true(WIFEXITED(p->status) && WEXITSTATUS(p->status) == 130); /* by Ctrl-C */
    pty_free(p);
}

static void write_config(const char *home, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/.config", home);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/.config/truecode", home);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/.config/truecode/config", home);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static bool config_says(const char *home, const char *line)
{
    char path[300], text[1000];
    snprintf(path, sizeof path, "%s/.config/truecode/config", home);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    return strstr(text, line);
}

/* ---- the background -------------------------------------------------------------- */

static void the_answer_chooses_the_colours(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum ground ground;
    } cases[] = {{IS_WHITE A_TERMINAL, GROUND_LIGHT},
                 {IS_BLACK A_TERMINAL, GROUND_DARK},
                 {"\033]11;rgb:ff/ff/ff\a" A_TERMINAL, GROUND_LIGHT},
                 {IS_GREY A_TERMINAL, GROUND_BETWEEN},
                 {A_TERMINAL, GROUND_UNKNOWN},
                 {"\033]11;purple\033\\" A_TERMINAL, GROUND_UNKNOWN},
                 {"", GROUND_UNKNOWN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pty *p = start(list, NULL, NULL, cases[i].answer);
        assert_true(wrote(p, ASKED));
        if (!paints(p, THEME_DEFAULT, cases[i].ground))
            fail_msg("case %zu: no colours of ground %d", i, cases[i].ground);
        assert_true(cases[i].ground == GROUND_BETWEEN ||
                    !wrote(p, "48;5;16")); /* no background of our own */
        leave(p);
    }
}

static void the_environment_is_asked_second(void **state)
{
    (void)state;
    const char *const env[] = {"COLORFGBG=0;15", NULL};
    struct pty *p = start(list, env, NULL, A_TERMINAL);
    assert_true(paints(p, THEME_DEFAULT, GROUND_LIGHT));
    leave(p);
    p = start(list, env, NULL, IS_BLACK A_TERMINAL);
    assert_true(paints(p, THEME_DEFAULT, GROUND_DARK));
    leave(p);
}

static void only_who_understands_is_asked(void **state)
{
    (void)state;
    static const char *const terms[] = {"TERM=linux", "TERM=vt100", "TERM=screen",
                                        "TERM=screen-256color", "TERM=xterm-mono"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const char *const env[] = {terms[i], NULL};
        struct pty *p = start(list, env, NULL, "");
        if (wrote(p, ASKED))
            fail_msg("%s was asked", terms[i]);
        leave(p);
    }
    const char *const in_screen[] = {"STY=1.pts", NULL};
    const char *const in_tmux[] = {"TERM=screen-256color", "TMUX=/tmp/t,1,0", NULL};
    struct pty *p = start(list, in_screen, NULL, "");
    assert_false(wrote(p, ASKED));
    leave(p);
    p = start(list, in_tmux, NULL, "");
    assert_true(wrote(p, ASKED));
    leave(p);
}

/* dark and light bring their background, so that they are it everywhere. */
static void a_remembered_choice_asks_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        const char *sees;
    } cases[] = {{"theme = light\n", "48;5;231m"},
                 {"theme = dark\n", "48;5;16m"},
                 {"background = light\n", "38;5;24m"},
                 {"background = dark\n", "38;5;110m"},
                 {"theme = mono\n", "Your first page"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *home = pty_fresh_dir();
        write_config(home, cases[i].config);
        struct pty *p = start(list, NULL, home, "");
        assert_false(wrote(p, ASKED));
        if (!wrote(p, cases[i].sees))
            fail_msg("%s: no %s", cases[i].config, cases[i].sees);
        leave(p);
    }
}

/* The first cell of so many rows and columns without the background; rows: none. */
static int bare_row(struct pty *p, int rows, int cols, int *col)
{
    for (int row = 0; row < rows; row++)
        for (*col = 0; *col < cols; (*col)++)
            if (pty_background(p, row, *col) != 231)
                return row;
    return rows;
}

/* To the last corner, after a resize too. */
static void a_background_of_its_own_covers_the_screen(void **state)
{
    (void)state;
    const char *const light[] = {"play", "first-page", "--theme", "light", NULL};
    struct pty *p = start(light, NULL, NULL, "");
    pty_type(p, "\rstatus\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_resize(p, 30, 90);
    int col = 0, row = 0;
    for (int i = 0; i < 1000 && (row = bare_row(p, 30, 90, &col)) < 30; i++)
        pty_listen(p, 20); /* a frame may come in pieces, and another behind it */
    if (row < 30)
        fail_msg("%d, %d: %d", row, col, pty_background(p, row, col));
    leave(p);
}

/* Keys typed while the terminal was asked are typed. */
static void typing_ahead_is_kept(void **state)
{
    (void)state;
    struct pty *p = pty_start(play, NULL, NULL, 24, 80);
    pty_type(p, "\r" IS_WHITE "sta" A_TERMINAL "tus\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_true(pty_sees(p, "> status"));
    assert_true(paints(p, THEME_DEFAULT, GROUND_LIGHT));
    leave(p);
}

/* A slow line: the answers come when nobody waits for them any more. */
static void a_late_answer_is_not_typed(void **state)
{
    (void)state;
    struct pty *p = start(play, NULL, NULL, "");
    pty_type(p, "\r");
    assert_true(pty_sees(p, "console"));
    pty_type(p, IS_WHITE A_TERMINAL);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_true(pty_sees(p, "> status"));
    leave(p);
}

/* ---- settings -------------------------------------------------------------------- */

static void no_color_is_a_word_and_not_nothing(void **state)
{
    (void)state;
    const char *const nothing[] = {"NO_COLOR=", NULL};
    const char *const something[] = {"NO_COLOR=0", NULL};
    const char *const dark[] = {"--theme", "dark", NULL};
    struct pty *p = start(list, nothing, NULL, IS_BLACK A_TERMINAL);
    assert_true(paints(p, THEME_DEFAULT, GROUND_DARK));
    leave(p);
    p = start(list, something, NULL, "");
    assert_false(wrote(p, "38;5;"));
    assert_false(wrote(p, ASKED));
    leave(p);
    p = start(dark, something, NULL, "");
    assert_true(wrote(p, "48;5;16m"));
    leave(p);
}

static void t_changes_the_colours_and_remembers_them(void **state)
{
    (void)state;
    const char *home = pty_fresh_dir();
    struct pty *p = start(list, NULL, home, IS_BLACK A_TERMINAL);
    assert_true(paints(p, THEME_DEFAULT, GROUND_DARK));
    for (int i = 1; i <= THEME_COUNT; i++) {
        char line[60];
        const char *name = theme_name((enum theme)(i % THEME_COUNT));
        snprintf(line, sizeof line, "Colours: %s", name);
        pty_type(p, "t");
        assert_true(pty_sees(p, line));
        snprintf(line, sizeof line, "\ntheme = %s\n", name);
        assert_true(config_says(home, line));
    }
    pty_type(p, "tt");
    assert_true(pty_sees(p, "Colours: light"));
    leave(p);
    p = start(list, NULL, home, "");
    assert_true(wrote(p, "48;5;231m"));
    leave(p);
}

/* Without colours the terminal is not asked: it is when they are wanted. */
static void colours_can_come_later(void **state)
{
    (void)state;
    const char *home = pty_fresh_dir();
    write_config(home, "theme = mono\n");
    struct pty *p = start(list, NULL, home, "");
    assert_false(wrote(p, "38;5;"));
    pty_type(p, "t" IS_WHITE A_TERMINAL);
    assert_true(pty_sees(p, "Colours: default"));
    assert_true(wrote(p, "38;5;"));
    leave(p);
}

static void what_is_wrong_in_the_file_is_told_and_play_goes_on(void **state)
{
    (void)state;
    const char *home = pty_fresh_dir();
    write_config(home, "theme = purple\nmouse=on\n");
    struct pty *p = start(list, NULL, home, "");
    assert_true(pty_sees(p, "purple"));
    pty_type(p, " \r"); /* the notice goes, the page comes */
    assert_true(pty_sees(p, "Enter begin"));
    leave(p);
}

/* ---- bell and mouse -------------------------------------------------------------- */

static void it_rings_when_one_is_paged(void **state)
{
    (void)state;
    const char *home = pty_fresh_dir();
    const char *const quiet[] = {"play", "first-page", "--quiet", NULL};
    const char *const again[] = {"play", "first-page", NULL};
    struct pty *p = start(play, NULL, home, A_TERMINAL);
    pty_type(p, "\rstatus\r");
    assert_true(pty_sees(p, "COMPONENT"));
    assert_true(wrote(p, "\a"));
    leave(p);
    p = start(again, NULL, home, A_TERMINAL); /* goes on: nobody is paged twice */
    assert_false(wrote(p, "\a"));
    leave(p);
    for (int i = 0; i < 2; i++) {
        home = pty_fresh_dir();
        write_config(home, i == 0 ? "" : "bell = off\n");
        p = start(i == 0 ? quiet : again, NULL, home, A_TERMINAL);
        pty_type(p, "\rstatus\r");
        assert_true(pty_sees(p, "COMPONENT"));
        assert_false(wrote(p, "\a"));
        leave(p);
    }
}

static void the_mouse_is_left_alone_unless_chosen(void **state)
{
    (void)state;
    const char *const mouse[] = {"play", "first-page", "--mouse", "on", NULL};
    struct pty *p = start(play, NULL, NULL, "");
    assert_false(wrote(p, "\033[?1000h") || wrote(p, "1006;1000h"));
    leave(p);
    p = start(mouse, NULL, NULL, "");
    pty_type(p, "\r");
    assert_true(pty_sees(p, "console"));
    pty_type(p, "\033[<0;13;2M\033[<0;13;2m"); /* on "2 Charts" */
    assert_true(pty_sees(p, "[2 Charts]"));
    leave(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_chooses_the_colours),
        cmocka_unit_test(the_environment_is_asked_second),
        cmocka_unit_test(only_who_understands_is_asked),
        cmocka_unit_test(a_remembered_choice_asks_nobody),
        cmocka_unit_test(a_background_of_its_own_covers_the_screen),
        cmocka_unit_test(typing_ahead_is_kept),
        cmocka_unit_test(a_late_answer_is_not_typed),
        cmocka_unit_test(no_color_is_a_word_and_not_nothing),
        cmocka_unit_test(t_changes_the_colours_and_remembers_them),
        cmocka_unit_test(colours_can_come_later),
        cmocka_unit_test(what_is_wrong_in_the_file_is_told_and_play_goes_on),
        cmocka_unit_test(it_rings_when_one_is_paged),
        cmocka_unit_test(the_mouse_is_left_alone_unless_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
