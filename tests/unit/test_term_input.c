/*
 * Input that is taken back after it was readable, as Ctrl-C does, never blocks a reader.
 */
#include "../../src/term/term_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* What a reader of standard input sees, in a process whose terminal it is; the status
 * is the number of the check that failed. */
static int reads(bool canonical)
{
    char piece[16];
    struct termios t;
    int in = input_open(STDIN_FILENO);
    if (in < 0 || in == STDIN_FILENO || tcgetattr(in, &t) != 0)
        return 1;
    if (!canonical)
        t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (tcsetattr(in, TCSANOW, &t) != 0 || write(STDOUT_FILENO, "go", 2) != 2)
        return 2;
    if (wait_readable(in, -1) <= 0)
        return 3;
    tcflush(STDIN_FILENO, TCIFLUSH);
    if (read(in, piece, sizeof piece) != -1 || errno != EAGAIN)
        return 4;
    if (write(STDOUT_FILENO, "mended", 6) != 6 || wait_readable(in, -1) <= 0)
        return 5;
    if (read(in, piece, sizeof piece) != 4 || memcmp(piece, "two\n", 4) != 0)
        return 6;
    return fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK ? 7 : 0;
}

static void wait_for_text(int fd, const char *text)
{
    char all[256];
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, all + n, sizeof all - n);
        assert_true(got > 0);
        n += (size_t)got;
        if (memmem(all, n, text, strlen(text)))
            return;
        assert_true(n < sizeof all);
    }
}

static void a_terminal(bool canonical)
{
    int master, status;
    pid_t pid = forkpty(&master, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0)
        _exit((int)alarm(60) + reads(canonical)); /* nobody waits for ever */
    wait_for_text(master, "go");
    assert_int_equal(write(master, "one\n", 4), 4);
    wait_for_text(master, "mended");
    assert_int_equal(write(master, "two\n", 4), 4);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(master);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_was_flushed_is_not_waited_for(void **state)
{
    (void)state;
    a_terminal(true);
    a_terminal(false);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    int ends[2];
    char piece[16];
    assert_int_equal(pipe(ends), 0);
    int in = input_open(ends[0]);
    assert_true(in > ends[0]);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    close(ends[1]);
    assert_int_equal(read(in, piece, sizeof piece), 3);
    assert_int_equal(read(in, piece, sizeof piece), 0);
    close(in);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_flushed_is_not_waited_for),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
