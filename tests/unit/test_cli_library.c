/*
 * A course with bad files in it: each has the reason with it, and the good ones are there.
 * A lesson that brings its worker down is found out among the others.
 */
#include "../../src/cli/cli_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[200];

static void path_of(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", dir, name);
}

/* `fill` times '-' behind the text: a comment. */
static void write_file(const char *name, const char *text, size_t fill)
{
    char path[300];
    path_of(path, sizeof path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    for (size_t i = 0; i < fill; i++)
        fputc('-', f);
    assert_int_equal(fclose(f), 0);
}

static void remove_file(const char *name)
{
    char path[300];
    path_of(path, sizeof path, name);
    assert_int_equal(remove(path), 0);
}

static int make_dir(void **state)
{
    (void)state;
    const char *scratch = getenv("SCRATCH");
    snprintf(dir, sizeof dir, "%.150s/library-XXXXXX", scratch ? scratch : "/tmp");
    return !mkdtemp(dir) || setenv("TRUECODE_LESSONS", dir, 1) != 0;
}

static int drop_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

static const struct wire_lesson *find(const struct library *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->lessons[i].name, name) == 0)
            return &l->lessons[i];
    fail_msg("%s is not in the library", name);
    return NULL;
}

static void read_library(struct library *l)
{
    struct errmsg why = {0};
    if (library_read(l, &(struct cli_args){0}, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void bad_files_have_their_reasons(void **state)
{
    (void)state;
    char folder[300];
    struct library l;
    write_file("course.lua", "return course { }", 0);
    write_file("good.lua", "return lesson { }", 0);
    write_file("large.lua", "return lesson { } --", LESSON_MAX_BYTES);
    write_file("notes.txt", "beside the lessons, and none", 0);
    write_file("saved.lua~", "by an editor", 0);
    path_of(folder, sizeof folder, "folder.lua");
    assert_int_equal(mkdir(folder, 0700), 0);
    read_library(&l);
    assert_int_equal(l.n, 3);
    assert_null(l.lost);
    assert_null(find(&l, "good.lua")->broken);
    assert_non_null(strstr(find(&l, "large.lua")->broken, "longer than 256 kB"));
    assert_non_null(strstr(find(&l, "folder.lua")->broken, "not a regular file"));
    library_release(&l);
    write_file("course.lua", "return course { } --", LESSON_MAX_BYTES);
    read_library(&l);
    assert_int_equal(l.n, 3);
    assert_non_null(strstr(l.lost, "course.lua is longer than"));
    library_release(&l);
    remove_file("course.lua");
    remove_file("good.lua");
    remove_file("large.lua");
    remove_file("folder.lua");
    remove_file("notes.txt");
    remove_file("saved.lua~");
}

/* More than a message holds: the largest are left out, and say so. */
static void too_much_leaves_out_the_largest(void **state)
{
    (void)state;
    enum { FILES = 48 };
    char name[32];
    struct library l;
    write_file("course.lua", "return course { }", 0);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "l%d.lua", i);
        write_file(name, "return lesson { } --", i == 20 ? 10 : 200000 + (size_t)i);
    }
    read_library(&l);
    assert_int_equal(l.n, FILES);
    assert_null(find(&l, "l20.lua")->broken);
    assert_null(find(&l, "l0.lua")->broken);
    assert_non_null(strstr(find(&l, "l47.lua")->broken, "more than 8 MB"));
    library_release(&l);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "l%d.lua", i);
        remove_file(name);
    }
    remove_file("course.lua");
}

/* ---- those that bring a worker down ---------------------------------------------- */

static enum err fall_over(void *ctx, const struct wire_lesson *w, struct errmsg *why)
{
    int *tried = ctx;
    ++*tried;
    return strcmp(w->name, "b.lua") == 0
               ? errmsg_set(why, ERR_LOST,
                            "the lesson's process was ended by signal 11")
               : ERR_OK;
}

static void the_one_that_falls_is_named(void **state)
{
    (void)state;
    struct wire_lesson lessons[] = {{.name = "a.lua", .text = "x", .len = 1},
                                    {.name = "b.lua", .text = "y", .len = 1},
                                    {.name = "c.lua", .text = "", .broken = "too long"},
                                    {.name = "d.lua", .text = "z", .len = 1}};
    struct library l = {.lessons = lessons, .n = 4};
    int tried = 0;
    assert_true(library_sift(&l, fall_over, &tried));
    assert_int_equal(tried, 3);
    assert_null(lessons[0].broken);
    assert_string_equal(lessons[1].broken,
                        "b.lua: the lesson's process was ended by signal 11");
    assert_int_equal(lessons[1].len, 0);
    assert_string_equal(lessons[2].broken, "too long");
    assert_null(lessons[3].broken);
    assert_false(library_sift(&l, fall_over, &tried));
    arena_release(&l.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_have_their_reasons),
        cmocka_unit_test(too_much_leaves_out_the_largest),
        cmocka_unit_test(the_one_that_falls_is_named),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
