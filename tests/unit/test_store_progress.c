/*
 * Progress: what was saved is there again; what is broken is set aside, never lost;
 * what cannot be written is kept in memory and written later. Tapes likewise.
 */
#include "../../src/store/store_internal.h"
#include "truecode/tape.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include <cmocka.h>

static char dir[256];

static void path_of(char *to, size_t size, const char *name)
{
    snprintf(to, size, "%s/%s", dir, name);
}

static int fresh_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "%s/truecode-store-XXXXXX",
             getenv("SCRATCH") ? getenv("SCRATCH") : "/tmp");
    return !mkdtemp(dir);
}

static int remove_dir(void **state)
{
    (void)state;
    const char *names[] = {"progress.db", "progress.bak", "progress.db-journal"};
    char path[400];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(path, sizeof path, names[i]);
        unlink(path);
    }
    return 0;
}

static struct store_run finished(struct store *s, const char *lesson, int score)
{
    struct store_run r = store_begin(s, lesson, "", 7, 0);
    struct tape_file *t = tape_create(s, &r);
    tape_append(t, "a tape\n", 7); /* or its score is believed by nobody */
    tape_close(t);
    r.finished = r.started + 60;
    r.score = score;
    r.outcome = 2;
    return r;
}

static void saved_runs_are_there_again(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    assert_null(store_trouble(s));
    struct store_run a = finished(s, "all-green", 61), b = finished(s, "all-green", 88);
    assert_string_not_equal(a.id, b.id);
    assert_true(store_save(s, &a));
    assert_true(store_save(s, &b));
    struct store_run open = store_begin(s, "first-page", "", UINT64_MAX, 1);
    assert_true(store_save(s, &open));
    store_close(s);

    const struct store_run *runs;
    s = store_open(dir);
    assert_int_equal(store_runs(s, &runs), 3);
    assert_int_equal(store_best(s, "all-green")->score, 88);
    const struct store_run *u = store_unfinished(s, NULL);
    assert_string_equal(u->lesson, "first-page");
    assert_true(u->seed == UINT64_MAX && u->mode == 1);
    assert_null(store_unfinished(s, "all-green"));
    open.dropped = true;
    store_save(s, &open);
    assert_null(store_unfinished(s, NULL));
    store_close(s);
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
}

static void a_folder_that_all_may_read_is_closed(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(chmod(dir, 0755), 0);
    store_close(store_open(dir));
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    char tapes[400];
    path_of(tapes, sizeof tapes, "tapes");
    assert_int_equal(mkdir(tapes, 0755) == 0 || errno == EEXIST, 1);
    assert_int_equal(chmod(tapes, 0755), 0);
    struct store *s = store_open(dir);
    (void)finished(s, "x", 1);
    store_close(s);
    assert_int_equal(stat(tapes, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void the_newest_run_goes_on(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    const uint64_t seeds[] = {7, 7, 9, 8, 1};
    for (size_t i = 0; i < 5; i++) {
        struct store_run r = store_begin(s, "all-green", "", seeds[i], 0);
        store_save(s, &r);
        assert_string_equal(store_unfinished(s, "all-green")->id, r.id);
    }
    store_close(s);
}

/* A run is begun when its tape has more than the reading of the briefing. */
static void a_briefing_is_no_run(void **state)
{
    struct tape_head h = {.engine = 1, .lesson = "x", .hash = "0", .mode = "guided"};
    struct tape_line line = {.at = 18, .kind = "read", .text = ""};
    struct tape_chain chain;
    struct buf lines;
    (void)state;
    buf_init(&lines, 0);
    tape_put_head(&lines, &chain, &h);
    tape_put_line(&lines, &chain, &line);
    struct store *s = store_open(dir);
    struct store_run old = finished(s, "x", 40);
    assert_true(store_save(s, &old));
    struct store_run r = store_begin(s, "x", "", 3, 0);
    struct tape_file *t = tape_create(s, &r);
    assert_true(store_save(s, &r));
    assert_null(store_begun(s, "x"));
    assert_true(tape_append(t, lines.s, lines.len));
    assert_null(store_begun(s, "x"));
    assert_string_equal(store_unfinished(s, "x")->id, r.id);
    assert_string_equal(store_finished(s, NULL)->id, old.id);
    assert_null(store_finished(s, "y"));
    line = (struct tape_line){.at = 18, .kind = "cmd", .text = "status"};
    buf_reset(&lines);
    tape_put_line(&lines, &chain, &line);
    assert_true(tape_append(t, lines.s, lines.len));
    buf_release(&lines);
    assert_string_equal(store_begun(s, "x")->id, r.id);
    tape_close(t);
    store_close(s);
}

static void two_at_once_lose_nothing(void **state)
{
    (void)state;
    struct store *a = store_open(dir), *b = store_open(dir);
    struct store_run ra = finished(a, "one", 10), rb = finished(b, "two", 20);
    assert_true(store_save(a, &ra));
    assert_true(store_save(b, &rb));
    ra.score = 11;
    assert_true(store_save(a, &ra));
    store_close(a);
    store_close(b);
    a = store_open(dir);
    assert_int_equal(store_best(a, "one")->score, 11);
    assert_int_equal(store_best(a, "two")->score, 20);
    store_close(a);
}

static void overwrite(const char *name, const char *with, size_t n, long at)
{
    char path[400];
    path_of(path, sizeof path, name);
    FILE *f = fopen(path, at >= 0 ? "r+" : "w");
    assert_non_null(f);
    if (at > 0)
        fseek(f, at, SEEK_SET);
    fwrite(with, 1, n, f);
    fclose(f);
}

static void a_damaged_file_is_set_aside(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run r = finished(s, "all-green", 77);
    assert_true(store_save(s, &r));
    store_close(s);
    char junk[2000];
    memset(junk, 0x5A, sizeof junk);
    overwrite("progress.db", junk, sizeof junk, 100);

    s = store_open(dir);
    assert_non_null(store_news(s));
    assert_non_null(strstr(store_news(s), "backup"));
    assert_null(store_trouble(s));
    assert_int_equal(store_best(s, "all-green")->score, 77);
    r = finished(s, "first-page", 50);
    assert_true(store_save(s, &r));
    store_close(s);
    s = store_open(dir);
    assert_null(store_news(s));
    assert_int_equal(store_best(s, "first-page")->score, 50);
    store_close(s);
}

static void something_else_is_set_aside_too(void **state)
{
    (void)state;
    overwrite("progress.db", "this is no database, but a letter to my aunt", 44, -1);
    struct store *s = store_open(dir);
    assert_non_null(store_news(s));
    struct store_run r = finished(s, "x", 1);
    assert_true(store_save(s, &r));
    store_close(s);
}

/* A file that grows no more is what a full disk looks like to us. */
static void full_disk(bool full)
{
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit r = {full ? 0 : RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void a_full_disk_is_survived(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run first = finished(s, "before", 30);
    assert_true(store_save(s, &first));
    struct tape_file *t = tape_create(s, &first);
    assert_true(tape_append(t, "one\n", 4));

    full_disk(true);
    struct store_run r = finished(s, "during", 40);
    assert_false(store_save(s, &r));
    assert_non_null(store_trouble(s));
    assert_int_equal(store_best(s, "during")->score, 40); /* play goes on */
    assert_false(tape_append(t, "two\n", 4));
    assert_false(tape_append(t, "three\n", 6));
    full_disk(false);

    assert_true(tape_append(t, "four\n", 5));
    assert_true(store_retry(s));
    assert_null(store_trouble(s));
    tape_close(t);
    store_close(s);
    struct buf text;
    buf_init(&text, 0);
    s = store_open(dir);
    assert_int_equal(store_finished(s, "during")->score, 40);
    assert_null(store_best(s, "during")); /* the run's own tape was closed unwritten */
    assert_int_equal(tape_read(s, &first, &text, NULL), ERR_OK);
    assert_string_equal(text.s, "one\ntwo\nthree\nfour\n");
    buf_release(&text);
    store_close(s);
}

static void without_a_place_play_goes_on(void **state)
{
    (void)state;
    struct store *s = store_open("/dev/null/nowhere");
    assert_non_null(store_trouble(s));
    struct store_run r = finished(s, "x", 9);
    assert_false(store_save(s, &r));
    struct tape_file *t = tape_create(s, &r);
    assert_false(tape_append(t, "line\n", 5));
    tape_close(t);
    assert_int_equal(store_best(s, "x")->score, 9);
    store_close(s);
}

static void tapes_go_on_after_a_cut(void **state)
{
    (void)state;
    struct buf text;
    struct errmsg why = {0};
    struct tape_file *t, *other;
    struct store *s = store_open(dir);
    struct store_run r = store_begin(s, "all-green", "", 3, 0);
    buf_init(&text, 0);
    t = tape_create(s, &r);
    assert_true(tape_append(t, "head\n0 read\n", 12));
    assert_int_equal(tape_resume(&other, s, &r, &text, &why), ERR_REFUSED);
    char path[400];
    snprintf(path, sizeof path, "%s", tape_path(t));
    tape_close(t);
    FILE *f = fopen(path, "a"); /* the power went in the middle of a line */
    fputs("120 cmd sta", f);
    fclose(f);

    assert_int_equal(tape_resume(&t, s, &r, &text, &why), ERR_OK);
    assert_string_equal(text.s, "head\n0 read\n");
    assert_true(tape_append(t, "130 cmd ps\n", 11));
    tape_close(t);
    assert_int_equal(tape_read(s, &r, &text, &why), ERR_OK);
    assert_string_equal(text.s, "head\n0 read\n130 cmd ps\n");
    store_close(s);

    /* The row was never saved: the tape alone brings the run back. */
    s = store_open(dir);
    const struct store_run *found = store_unfinished(s, "all-green");
    assert_non_null(found);
    assert_true(found->seed == 3);
    assert_string_equal(found->id, r.id);
    store_close(s);
    buf_release(&text);
}

static void a_newer_schema_is_only_read(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run r = finished(s, "old", 12);
    assert_true(store_save(s, &r));
    store_close(s);
    const char version[4] = {0, 0, 0, 99}; /* user_version, big-endian at offset 60 */
    overwrite("progress.db", version, 4, 60);
    s = store_open(dir);
    assert_non_null(strstr(store_trouble(s), "newer"));
    assert_int_equal(store_best(s, "old")->score, 12);
    r = finished(s, "new", 13);
    assert_false(store_save(s, &r));
    store_close(s);
    s = store_open(dir);
    assert_null(store_best(s, "new"));
    store_close(s);
}

static void ids_that_are_no_names_are_not_believed(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run r = store_begin(s, "x", "", 1, 0);
    snprintf(r.id, sizeof r.id, "../../etc/passwd");
    struct buf text;
    buf_init(&text, 0);
    assert_int_equal(tape_read(s, &r, &text, NULL), ERR_INPUT);
    store_save(s, &r);
    store_close(s);
    const struct store_run *runs;
    s = store_open(dir);
    for (size_t n = store_runs(s, &runs), i = 0; i < n; i++)
        assert_null(strchr(runs[i].id, '/'));
    buf_release(&text);
    store_close(s);
}

/* What the schema check would miss: a file has no way to rewrite its own schema through
 * the connection that plays, nor may a view in it ask what only the program may. */
static void what_a_file_says_runs_without_rights(void **state)
{
    static const char view[] = "CREATE VIEW spy AS SELECT * FROM pragma_database_list";
    (void)state;
    struct store *s = store_open(dir);
    struct store_run r = finished(s, "x", 1);
    assert_true(store_save(s, &r));
    assert_int_equal(sqlite3_exec(s->db, view, NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(s->db, "SELECT * FROM spy", NULL, NULL, NULL),
                         SQLITE_OK);
    sqlite3_exec(s->db, "PRAGMA writable_schema=ON", NULL, NULL, NULL);
    assert_int_not_equal(
        sqlite3_exec(s->db, "UPDATE sqlite_schema SET sql = NULL", NULL, NULL, NULL),
        SQLITE_OK);
    store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(saved_runs_are_there_again),
        TEST(a_folder_that_all_may_read_is_closed),
        TEST(the_newest_run_goes_on),
        TEST(a_briefing_is_no_run),
        TEST(two_at_once_lose_nothing),
        TEST(a_damaged_file_is_set_aside),
        TEST(something_else_is_set_aside_too),
        TEST(a_full_disk_is_survived),
        TEST(without_a_place_play_goes_on),
        TEST(tapes_go_on_after_a_cut),
        TEST(a_newer_schema_is_only_read),
        TEST(ids_that_are_no_names_are_not_believed),
        TEST(what_a_file_says_runs_without_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
