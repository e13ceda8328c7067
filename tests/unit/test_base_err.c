/* Errors: sentences are cut and never overflow; die() and BUG() end the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "truecode/base.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_sentence_is_set_and_the_error_returned(void **state)
{
    (void)state;
    struct errmsg why = {0};
    assert_int_equal(errmsg_set(&why, ERR_INPUT, "line %d: no %s", 7, "client"),
                     ERR_INPUT);
    assert_string_equal(why.text, "line 7: no client");
    assert_int_equal(errmsg_set(NULL, ERR_IO, "nobody reads this"), ERR_IO);
}

static void a_long_sentence_ends_in_dots(void **state)
{
    (void)state;
    struct errmsg why;
    memset(&why, 'x', sizeof why);
    char longest[2000];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(errmsg_set(&why, ERR_LIMIT, "%s", longest), ERR_LIMIT);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
    assert_string_equal(why.text + sizeof why.text - 5, "a...");
}

static void what_just_fits_is_not_cut(void **state)
{
    (void)state;
    struct errmsg why;
    char fits[sizeof why.text];
    memset(fits, 'b', sizeof fits - 1);
    fits[sizeof fits - 1] = '\0';
    assert_int_equal(errmsg_set(&why, ERR_OK, "%s", fits), ERR_OK);
    assert_string_equal(why.text, fits);
}

static void a_prefix_goes_in_front(void **state)
{
    (void)state;
    struct errmsg why = {.text = "no such file"};
    errmsg_prefix(&why, "%s:%d: ", "all-green.lua", 12);
    assert_string_equal(why.text, "all-green.lua:12: no such file");
    errmsg_prefix(NULL, "nothing");
}

/* Prefixes until nothing of the first sentence is left: always terminated. */
static void many_prefixes_cut_the_end(void **state)
{
    (void)state;
    struct errmsg why = {.text = "the end"};
    for (int i = 0; i < 100; i++) {
        errmsg_prefix(&why, "prefix %d of many: ", i);
        assert_true(strnlen(why.text, sizeof why.text) < sizeof why.text);
    }
    assert_true(str_starts(why.text, "prefix 99 of many: prefix 98"));
    assert_string_equal(why.text + strlen(why.text) - 3, "...");
}

static void every_error_has_a_phrase(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++)
        assert_true(strlen(err_phrase((enum err)e)) > 3);
    assert_string_equal(err_phrase(ERR_NOT_FOUND), "no such thing");
    assert_string_equal(err_phrase((enum err)999), "an unknown error");
}

/* ---- the two ways to end at once ------------------------------------------------- */

static void restore(void)
{
    (void)!write(STDERR_FILENO, "[restored]", 10);
}

static void restore_that_dies(void)
{
    die("again");
}

/* Runs `end` in a child; what it wrote to stderr goes to `said`; its exit status. */
static int ending(void (*end)(void), char *said, size_t size)
{
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(fd[1], STDERR_FILENO);
        end();
        _exit(0);
    }
    close(fd[1]);
    size_t n = 0;
    for (ssize_t r; (r = read(fd[0], said + n, size - 1 - n)) > 0;)
        n += (size_t)r;
    said[n] = '\0';
    close(fd[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void end_by_die(void)
{
    on_die(restore);
    die("disk %d is gone", 3);
}

static void end_by_bug(void)
{
    on_die(restore);
    BUG("%s", "impossible");
}

static void end_by_long_bug(void)
{
    BUG("%01000d", 7);
}

static void end_by_a_hook_that_dies(void)
{
    on_die(restore_that_dies);
    die("first");
}

static void end_by_overflow(void)
{
    void *p = mem_array(SIZE_MAX / 2 + 2, 2); /* two bytes, if nobody looks */
    mem_free(p);
}

static void die_restores_the_terminal_first(void **state)
{
    (void)state;
    char said[2000];
    assert_int_equal(ending(end_by_die, said, sizeof said), 70);
    assert_string_equal(said, "[restored]truecode: disk 3 is gone\n");
}

static void bug_says_where(void **state)
{
    (void)state;
    char said[2000];
    assert_int_equal(ending(end_by_bug, said, sizeof said), 70);
    assert_true(str_starts(said, "[restored]truecode: a bug of ours at "));
    assert_non_null(strstr(said, "test_base_err.c:"));
    assert_non_null(strstr(said, ": impossible\n"));
}

static void a_long_bug_is_cut_but_ends_its_line(void **state)
{
    (void)state;
    char said[2000];
    assert_int_equal(ending(end_by_long_bug, said, sizeof said), 70);
    assert_true(strlen(said) < 600);
    assert_int_equal(said[strlen(said) - 1], '\n');
}

static void a_hook_that_dies_is_not_called_again(void **state)
{
    (void)state;
    char said[2000];
    assert_int_equal(ending(end_by_a_hook_that_dies, said, sizeof said), 70);
    assert_string_equal(said, "truecode: again\n");
}

static void a_size_that_overflows_dies(void **state)
{
    (void)state;
    char said[2000];
    assert_int_equal(ending(end_by_overflow, said, sizeof said), 70);
    assert_true(str_starts(said, "truecode: out of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_is_set_and_the_error_returned),
        cmocka_unit_test(a_long_sentence_ends_in_dots),
        cmocka_unit_test(what_just_fits_is_not_cut),
        cmocka_unit_test(a_prefix_goes_in_front),
        cmocka_unit_test(many_prefixes_cut_the_end),
        cmocka_unit_test(every_error_has_a_phrase),
        cmocka_unit_test(die_restores_the_terminal_first),
        cmocka_unit_test(bug_says_where),
        cmocka_unit_test(a_long_bug_is_cut_but_ends_its_line),
        cmocka_unit_test(a_hook_that_dies_is_not_called_again),
        cmocka_unit_test(a_size_that_overflows_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
