/*
 * A front that runs out of memory while the screen is up: it leaves the screen first,
 * says one sentence, ends with 70, and what was played is still saved.
 */
#include "../lib/pty_term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>

#include <cmocka.h>

static const char *const play[] = {"play", "first-page", "--seed", "7", NULL};

static bool is_in(const struct pty *p, const char *bytes)
{
    return memmem(p->raw.s, p->raw.len, bytes, strlen(bytes));
}

/* Plays until the allocation of this number is asked for; false: it never was. */
static bool runs_out(long at, bool *screen)
{
    char fails[40];
    snprintf(fails, sizeof fails, "TRUECODE_FAILS=%ld", at);
    const char *const env[] = {fails, NULL};
    struct pty *p = pty_start(play, env, NULL, 24, 80);
    if (pty_sees(p, "Enter begin")) {
        pty_type(p, "\r");
        for (int i = 0; i < 20 && !p->ended && pty_sees(p, "console"); i++)
            pty_type(p, "status\r");
        pty_type(p, "\003");
    }
    assert_true(pty_ends(p));
    assert_true(WIFEXITED(p->status));
    bool out = WEXITSTATUS(p->status) == 70;
    *screen = out && is_in(p, "\033[?1049h");
    if (out) {
        if (!is_in(p, "truecode: out of memory: "))
            fail_msg("allocation %ld: %.*s", at, (int)p->raw.len, p->raw.s);
        if (*screen)
            assert_true(is_in(p, "\033[?1049l"));
        struct termios t;
        assert_int_equal(tcgetattr(p->fd, &t), 0);
        if (!(t.c_lflag & ECHO) || !(t.c_lflag & ICANON) || !(t.c_lflag & ISIG))
            fail_msg("allocation %ld, screen %d: the line's flags are %#x", at, *screen,
                     (unsigned)t.c_lflag);
    }
    pty_free(p);
    return out;
}

static void the_terminal_is_as_it_was(void **state)
{
    unsigned died = 0, up = 0;
    (void)state;
    if (!CHECKING)
        skip(); /* no memory is refused in this build */
    for (long at = 1; at < 1000000; at = at * 3 / 2 + 7) {
        bool screen;
        if (!runs_out(at, &screen))
            break;
        died++;
        up += screen;
    }
    print_message("# died %u times, %u of them with the screen up\n", died, up);
    assert_true(died > 3 && up > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_terminal_is_as_it_was)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
