/*
 * Plain mode on a terminal: the console's editor on one row, and nothing but lines
 * above it.
 */
#include "../lib/pty_term.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const play[] = {"play",   "first-page", "--plain",
                                   "--seed", "7",          NULL};
static const char *const list[] = {"--plain", NULL};

static int status_of(struct pty *p)
{
    assert_true(pty_ends(p));
    return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 1000 + WTERMSIG(p->status);
}

/* The terminal's line discipline reads lines and echoes: as a shell wants it. */
static bool reads_lines(const struct pty *p)
{
    struct termios t;
    assert_int_equal(tcgetattr(p->fd, &t), 0);
    return (t.c_lflag & ICANON) != 0 && (t.c_lflag & ECHO) != 0;
}

/* The last row that is not empty, once it is this. */
static void row_becomes(struct pty *p, const char *want)
{
    struct buf b;
    char row[700] = "";
    buf_init(&b, 0);
    for (int tries = 0; tries < 400; tries++) {
        pty_text(p, &b);
        while (b.len > 0 && b.s[b.len - 1] == '\n')
            b.s[--b.len] = '\0';
        const char *nl = strrchr(b.s, '\n');
        snprintf(row, sizeof row, "%s", nl ? nl + 1 : b.s);
        if (strcmp(row, want) == 0)
            break;
        pty_listen(p, 50);
    }
    buf_release(&b);
    assert_string_equal(row, want);
}

/* Up to the first prompt. */
static struct pty *start(int cols)
{
    struct pty *p = pty_start(play, NULL, NULL, 24, cols);
    row_becomes(p, ">");
    return p;
}

static void types_edits_and_recalls(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "sttus\033[D\033[D\033[Da");
    row_becomes(p, "> status");
    pty_type(p, "\r");
    assert_true(pty_sees(p, "COMPONENT"));
    row_becomes(p, ">");
    pty_type(p, "note one\r");
    assert_true(pty_sees(p, "Noted"));
    pty_type(p, "half");
    row_becomes(p, "> half");
    pty_type(p, "\033[A\033[A");
    row_becomes(p, "> status");
    pty_type(p, "\033[B\033[B");
    row_becomes(p, "> half");
    pty_type(p, "\025\022not");
    row_becomes(p, "search: not   note one");
    pty_type(p, "\033OF");
    row_becomes(p, "> note one");
    pty_type(p, "\027two");
    row_becomes(p, "> note two");
    pty_type(p, "\001\033[3~N");
    row_becomes(p, "> Note two");
    pty_free(p);
}

/* What is typed at the end of the line is written, and nothing else: that is what a
 * screen reader says. */
static void writes_no_more_than_it_must(void **state)
{
    (void)state;
    struct pty *p = start(80);
    size_t before = p->raw.len;
    static const char typed[] = "status";
    for (size_t i = 0; typed[i] != '\0'; i++) { /* by hand: one after the other */
        const char one[] = {typed[i], '\0'};
        pty_type(p, one);
        for (int k = 0; k < 400 && p->raw.len < before + i + 1; k++)
            pty_listen(p, 50);
    }
    assert_int_equal(p->raw.len - before, 6);
    assert_memory_equal(p->raw.s + before, typed, 6);
    pty_type(p, "\177");
    row_becomes(p, "> statu");
    before = p->raw.len;
    pty_type(p, "\r");
    assert_true(pty_sees(p, "There is no command"));
    assert_null(memmem(p->raw.s + before, p->raw.len - before, "> statu", 7));
    for (size_t i = 0; i + 1 < p->raw.len; i++) /* no sequence but those for pastes */
        if (p->raw.s[i] == '\033')
            assert_memory_equal(p->raw.s + i, "\033[?2004", 7);
    pty_free(p);
}

static void completes(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "sta\t");
    assert_true(pty_sees(p, "status, stacks"));
    row_becomes(p, "> sta");
    pty_type(p, "tu\t");
    row_becomes(p, "> status");
    pty_type(p, "\025xyzzy\t");
    assert_true(pty_sees(p, "Nothing fits here."));
    row_becomes(p, "> xyzzy");
    pty_free(p);
}

static void chooses_from_the_list(void **state)
{
    (void)state;
    struct pty *p = pty_start(list, NULL, NULL, 24, 80);
    assert_true(pty_sees(p, "Which number?"));
    pty_type(p, "99\r");
    assert_true(pty_sees(p, "Type the number"));
    pty_type(p, "first\t");
    row_becomes(p, "Which number? (Ctrl-D leaves) > first-page");
    pty_type(p, "\r");
    assert_true(pty_sees(p, "Step 1"));
    pty_type(p, "\004");
    assert_int_equal(status_of(p), 0);
    assert_true(reads_lines(p));
    pty_free(p);
}

static void a_line_longer_than_the_terminal_slides(void **state)
{
    (void)state;
    char line[200], row[100];
    struct pty *p = start(40);
    memset(line, 'x', sizeof line);
    memcpy(line, "note ", 5);
    snprintf(line + 150, sizeof line - 150, "end");
    size_t before = p->raw.len;
    pty_type(p, line);
    snprintf(row, sizeof row, "> \u2039%.*send", 32, line + 50);
    row_becomes(p, row);
    assert_null(memchr(p->raw.s + before, '\n', p->raw.len - before));
    pty_type(p, "\001");
    snprintf(row, sizeof row, "> %.*s\u2026", 36, line);
    row_becomes(p, row);
    pty_type(p, "\r");
    assert_true(pty_sees(p, "Noted"));
    snprintf(line + 153, sizeof line - 153, "\r\n");
    assert_non_null(memmem(p->raw.s + before, p->raw.len - before, line, 155));
    pty_free(p);
}

static void wide_characters_keep_their_place(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "note 日本語e\u0301");
    row_becomes(p, "> note 日本語e");
    pty_type(p, "\177\177\033[D!");
    row_becomes(p, "> note 日!本");
    pty_type(p, "\001\033[C\033[C\033[C\033[C\033[C\033[C\033[C\177");
    row_becomes(p, "> note 日本");
    pty_free(p);
}

static void leaves_saved_and_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int status;
    } ways[] = {{"\003", 130}, {"\004", 0}, {"half a line\003", 130}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct pty *p = start(80);
        assert_false(reads_lines(p));
        pty_type(p, ways[i].keys);
        assert_true(pty_sees(p, "Saved."));
        assert_int_equal(status_of(p), ways[i].status);
        assert_true(reads_lines(p));
        pty_free(p);
    }
    struct pty *p = start(80);
    pty_type(p, "abc\001\004\004");
    row_becomes(p, "> c");
    pty_free(p);
}

static void is_suspended_and_comes_back(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "stat");
    row_becomes(p, "> stat");
    pty_type(p, "\032");
    assert_true(pty_stops(p));
    assert_true(reads_lines(p));
    kill(p->pid, SIGCONT);
    for (int i = 0; i < 400 && reads_lines(p); i++)
        pty_listen(p, 20);
    pty_type(p, "us");
    row_becomes(p, "> status");
    assert_false(reads_lines(p));
    pty_free(p);
}

static void follows_the_window(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "note 0123456789012345678901234567890123456789");
    row_becomes(p, "> note 0123456789012345678901234567890123456789");
    pty_resize(p, 24, 100);
    pty_type(p, "x");
    row_becomes(p, "> note 0123456789012345678901234567890123456789x");
    pty_resize(p, 24, 30);
    pty_type(p, "y");
    row_becomes(p, "> \u203978901234567890123456789xy");
    pty_free(p);
}

static void pasted_lines_run_after_enter(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "\033[200~status\nchanges\n\033[201~");
    row_becomes(p, "> status\u21b5changes\u21b5");
    pty_type(p, "\r");
    assert_true(pty_sees(p, "> status"));
    assert_true(pty_sees(p, "> changes"));
    row_becomes(p, ">");
    pty_free(p);
}

static void a_hung_worker_can_be_ended(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pid_t worker = pty_worker(p);
    kill(worker, SIGSTOP);
    pty_type(p, "s");
    assert_true(pty_sees(p, "has not answered"));
    pty_type(p, "\003");
    assert_true(pty_sees(p, "dropped"));
    assert_true(pty_worker(p) != worker);
    pty_type(p, "status\r");
    assert_true(pty_sees(p, "COMPONENT"));
    pty_free(p);
}

static void a_crash_gives_the_lines_back(void **state)
{
    (void)state;
    struct pty *p = start(80);
    assert_false(reads_lines(p));
    kill(p->pid, SIGSEGV);
    assert_int_equal(status_of(p), 1000 + SIGSEGV);
    assert_true(reads_lines(p));
    pty_free(p);
}

/* Who has a terminal that reads lines aloud, or one that can nothing, keeps them. */
static void some_want_whole_lines(void **state)
{
    (void)state;
    static const char *const envs[][2] = {
        {"ACCESSIBLE=1", NULL}, {"TERM=dumb", NULL}, {"TERM=", NULL}};
    for (size_t i = 0; i < sizeof envs / sizeof *envs; i++) {
        struct pty *p = pty_start(play, envs[i], NULL, 24, 80);
        assert_true(pty_sees(p, "> "));
        assert_true(reads_lines(p));
        pty_type(p, "status\n");
        assert_true(pty_sees(p, "COMPONENT"));
        assert_null(memchr(p->raw.s, '\033', p->raw.len));
        pty_type(p, "\004");
        assert_int_equal(status_of(p), 0);
        pty_free(p);
    }
}

static void speaks_of_no_screen(void **state)
{
    (void)state;
    struct pty *p = start(80);
    pty_type(p, "hint\r");
    assert_true(pty_sees(p, "hint"));
    pty_type(p, "hint\r");
    row_becomes(p, ">");
    assert_null(memmem(p->raw.s, p->raw.len, "bottom", 6));
    pty_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_edits_and_recalls),
        cmocka_unit_test(writes_no_more_than_it_must),
        cmocka_unit_test(completes),
        cmocka_unit_test(chooses_from_the_list),
        cmocka_unit_test(a_line_longer_than_the_terminal_slides),
        cmocka_unit_test(wide_characters_keep_their_place),
        cmocka_unit_test(leaves_saved_and_in_order),
        cmocka_unit_test(is_suspended_and_comes_back),
        cmocka_unit_test(follows_the_window),
        cmocka_unit_test(pasted_lines_run_after_enter),
        cmocka_unit_test(a_hung_worker_can_be_ended),
        cmocka_unit_test(a_crash_gives_the_lines_back),
        cmocka_unit_test(some_want_whole_lines),
        cmocka_unit_test(speaks_of_no_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
