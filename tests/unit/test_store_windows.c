/*
 * What happens to saved runs behind our back: other windows, clocks that jump, folders
 * that go away, files that somebody wrote into, an older program's state.
 */
#include "truecode/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include <cmocka.h>

static char dir[256];

static const char head[] = "truecode tape 1\nlesson x\n--\n";

static int fresh_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "%s/truecode-windows-XXXXXX",
             getenv("SCRATCH") ? getenv("SCRATCH") : "/tmp");
    return !mkdtemp(dir);
}

static void in_dir(char *to, size_t size, const char *name)
{
    snprintf(to, size, "%s/%s", dir, name);
}

static void sql(const char *text)
{
    char path[400];
    sqlite3 *db;
    in_dir(path, sizeof path, "progress.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void put_file(const char *name, const char *text, size_t n)
{
    char path[600];
    in_dir(path, sizeof path, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fwrite(text, 1, n, f);
    fclose(f);
}

/* A run in which something was done; its tape is still open. */
static struct tape_file *begin(struct store *s, struct store_run *r, const char *lesson,
                               const char *deed)
{
    *r = store_begin(s, lesson, "", 7, 0);
    struct tape_file *t = tape_create(s, r);
    assert_true(tape_append(t, head, strlen(head)));
    if (deed)
        assert_true(tape_append(t, deed, strlen(deed)));
    assert_true(store_touch(s, r, true));
    return t;
}

static struct store_run played(struct store *s, const char *lesson, int score)
{
    struct store_run r;
    tape_close(begin(s, &r, lesson, "1 cmd status\n"));
    r.finished = r.started + 60;
    r.score = score;
    r.outcome = 3;
    assert_true(store_touch(s, &r, true));
    return r;
}

/* ---- windows --------------------------------------------------------------------- */

static void the_same_second_gives_two_tapes(void **state)
{
    (void)state;
    struct store *a = store_open(dir), *b = store_open(dir);
    struct store_run ra, rb;
    struct buf text;
    buf_init(&text, 0);
    struct tape_file *ta = begin(a, &ra, "x", "1 cmd note A\n");
    struct tape_file *tb = begin(b, &rb, "x", "1 cmd note B\n");
    assert_string_not_equal(ra.id, rb.id);
    assert_string_equal(tape_id(tb), rb.id);
    assert_true(tape_append(ta, "2 cmd note A\n", 13));
    tape_close(ta);
    tape_close(tb);
    store_close(a);
    store_close(b);
    a = store_open(dir);
    assert_int_equal(tape_read(a, &ra, &text, NULL), ERR_OK);
    assert_non_null(strstr(text.s, "1 cmd note A\n2 cmd note A\n"));
    assert_int_equal(tape_read(a, &rb, &text, NULL), ERR_OK);
    assert_non_null(strstr(text.s, "note B"));
    assert_null(strstr(text.s, "note A"));
    store_close(a);
    buf_release(&text);
}

/* A file of that name that nobody knows of is nobody's to write into. */
static void a_tape_that_is_there_is_not_taken(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run r = store_begin(s, "x", "", 7, 0);
    char name[200], path[600], before[STORE_ID_MAX];
    memcpy(before, r.id, sizeof before);
    in_dir(path, sizeof path, "tapes");
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(name, sizeof name, "tapes/%s.tape", r.id);
    put_file(name, "precious\n", 9);
    struct tape_file *t = tape_create(s, &r);
    assert_true(tape_append(t, "mine\n", 5));
    assert_string_not_equal(before, r.id);
    tape_close(t);
    struct buf text;
    buf_init(&text, 0);
    in_dir(path, sizeof path, name);
    assert_int_equal(file_read(path, 100, &text, NULL), ERR_OK);
    assert_string_equal(text.s, "precious\n");
    buf_release(&text);
    store_close(s);
}

static void what_was_written_last_goes_on(void **state)
{
    (void)state;
    struct store *a = store_open(dir), *b = store_open(dir);
    struct store_run ra, rb, empty;
    struct tape_file *ta = begin(a, &ra, "x", "1 cmd status\n");
    struct tape_file *tb = begin(b, &rb, "x", "1 cmd status\n");
    /* The first window is played on, without a step more: its run is the last one. */
    assert_true(tape_append(ta, "2 cmd ps\n", 9));
    assert_true(store_touch(a, &ra, false));
    tape_close(begin(b, &empty, "x", NULL)); /* and a briefing is no run */
    tape_close(ta);
    tape_close(tb);
    store_close(b);
    store_close(a);
    a = store_open(dir);
    assert_string_equal(store_begun(a, "x")->id, ra.id);
    store_close(a);
}

/* ---- clocks ---------------------------------------------------------------------- */

/* The clock was a year ahead when the first run was begun. */
static void a_clock_set_back_hides_nothing(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run future = store_begin(s, "x", "", 1, 0), now, later;
    memcpy(future.id, "2099", 4);
    future.started += 73 * 365 * 86400ll;
    struct tape_file *t = tape_create(s, &future);
    assert_true(tape_append(t, head, strlen(head)));
    assert_true(tape_append(t, "1 cmd status\n", 13));
    tape_close(t);
    future.finished = future.started + 60;
    future.score = 10;
    assert_true(store_touch(s, &future, true));
    tape_close(begin(s, &now, "x", "1 cmd status\n"));
    store_close(s);
    s = store_open(dir);
    assert_string_equal(store_begun(s, "x")->id, now.id);
    later = played(s, "x", 20);
    assert_string_equal(store_finished(s, NULL)->id, later.id);
    store_close(s);
}

/* ---- folders --------------------------------------------------------------------- */

static void remove_all(void)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

static void a_folder_removed_while_playing_is_made_again(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run old = played(s, "y", 50), r;
    struct tape_file *t = begin(s, &r, "x", "1 cmd status\n");
    remove_all();
    assert_true(tape_append(t, "2 cmd changes\n", 14));
    assert_non_null(strstr(store_news(s), "removed"));
    store_told(s);
    assert_null(store_news(s));
    assert_true(store_touch(s, &r, false));
    tape_close(t);
    store_close(s);
    struct buf text;
    buf_init(&text, 0);
    s = store_open(dir);
    assert_string_equal(store_begun(s, "x")->id, r.id);
    assert_int_equal(tape_read(s, &r, &text, NULL), ERR_OK);
    assert_non_null(strstr(text.s, "1 cmd status\n2 cmd changes\n"));
    assert_null(store_run_by_id(s, old.id)); /* gone with its tape */
    store_close(s);
    buf_release(&text);
}

static void modes_are_private(void **state)
{
    (void)state;
    const mode_t masks[] = {0, 022, 0777};
    const char *const wide[] = {"progress.db", "tapes"};
    struct stat st;
    for (size_t i = 0; i < 3; i++) {
        char path[400], deep[300];
        snprintf(deep, sizeof deep, "%s/deep%zu/er", dir, i);
        mode_t before = umask(masks[i]);
        struct store *s = store_open(deep);
        struct store_run r = played(s, "x", 5);
        char hash[65];
        sha256_hex(hash, "x", 1);
        assert_true(text_keep(s, hash, "x", 1));
        assert_true(report_keep(s, r.id, "# x\n", 4));
        store_close(s);
        umask(before);
        snprintf(path, sizeof path,
                 "find '%s' -type d ! -perm 700 -o -type f ! -perm 600"
                 " | grep -c . >/dev/null",
                 deep);
        assert_int_not_equal(system(path), 0); /* none */
        for (size_t k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "%s/%s", deep, wide[k]);
            assert_int_equal(chmod(path, 0777), 0);
        }
        assert_int_equal(chmod(deep, 0755), 0);
        store_close(store_look(deep));
        for (size_t k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "%s/%s", deep, wide[k]);
            assert_int_equal(stat(path, &st), 0);
            assert_int_equal(st.st_mode & 077, 0);
        }
        assert_int_equal(stat(deep, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
    }
}

static void looking_makes_nothing(void **state)
{
    (void)state;
    char nowhere[300];
    struct stat st;
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", dir);
    const struct store_run *runs;
    struct store *s = store_look(nowhere);
    assert_false(store_unreadable(s));
    assert_null(store_trouble(s));
    assert_int_equal(store_runs(s, &runs), 0);
    store_close(s);
    assert_int_not_equal(stat(nowhere, &st), 0);
    s = store_look("/dev/null/nowhere");
    assert_true(store_unreadable(s));
    assert_non_null(strstr(store_trouble(s), "cannot be read"));
    store_close(s);
}

static void a_database_that_is_a_folder_is_told(void **state)
{
    (void)state;
    char path[400];
    in_dir(path, sizeof path, "progress.db");
    assert_int_equal(mkdir(path, 0700), 0);
    struct store *s = store_look(dir);
    assert_true(store_unreadable(s));
    assert_non_null(store_trouble(s));
    store_close(s);
}

/* ---- the database ---------------------------------------------------------------- */

static void empty_or_gone_uses_the_backup(void **state)
{
    (void)state;
    char path[400];
    struct store *s = store_open(dir);
    played(s, "x", 61);
    store_close(s);
    in_dir(path, sizeof path, "progress.db");
    for (int way = 0; way < 3; way++) {
        if (way == 0)
            put_file("progress.db", "", 0);
        else if (way == 1)
            assert_int_equal(unlink(path), 0);
        else
            sql("DROP TABLE runs; VACUUM");
        s = way == 1 ? store_look(dir) : store_open(dir);
        assert_non_null(store_news(s));
        assert_non_null(strstr(store_news(s), "backup"));
        assert_non_null(store_best(s, "x"));
        assert_int_equal(store_best(s, "x")->score, 61);
        store_close(s);
    }
}

/* Neither is: then nothing is restored, and the tapes are all there is. */
static void a_bad_backup_is_not_used(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    struct store_run r = played(s, "x", 61);
    store_close(s);
    put_file("progress.db", "", 0);
    put_file("progress.bak", "no database", 11);
    s = store_open(dir);
    assert_null(store_trouble(s));
    assert_null(store_best(s, "x"));
    assert_string_equal(store_begun(s, "x")->id, r.id);
    store_close(s);
}

static void a_schema_that_is_not_ours_is_not_read(void **state)
{
    (void)state;
    const char *const strange[] = {
        "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
        "ALTER TABLE runs RENAME TO r; CREATE VIEW runs AS SELECT * FROM r",
        "CREATE INDEX i ON runs (abs(score))",
        "CREATE TABLE more (x)",
        "PRAGMA user_version=99; CREATE VIEW v AS SELECT 1",
        "PRAGMA application_id=1",
    };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        struct store *s = store_open(dir);
        played(s, "x", 61);
        store_close(s);
        sql(strange[i]);
        s = store_open(dir);
        assert_non_null(store_news(s));
        assert_non_null(strstr(store_news(s), "never wrote"));
        assert_non_null(store_best(s, "x"));
        played(s, "y", 62);
        store_close(s);
        s = store_open(dir);
        assert_null(store_news(s));
        assert_int_equal(store_best(s, "y")->score, 62);
        store_close(s);
    }
}

static void two_windows_mend_once(void **state)
{
    (void)state;
    struct store *s = store_open(dir);
    played(s, "x", 61);
    store_close(s);
    put_file("progress.db", "", 0);
    struct store *a = store_open(dir), *b = store_open(dir);
    assert_non_null(store_news(a));
    assert_null(store_news(b));
    assert_int_equal(store_best(b, "x")->score, 61);
    store_close(a);
    store_close(b);
}

/* ---- scores ---------------------------------------------------------------------- */

static void a_score_needs_its_tape(void **state)
{
    (void)state;
    char path[600];
    struct store *s = store_open(dir);
    struct store_run r = played(s, "x", 61), q = played(s, "y", 40);
    store_close(s);
    sql("UPDATE runs SET score = 99 WHERE lesson = 'x'");
    snprintf(path, sizeof path, "%s/tapes/%s.tape", dir, q.id);
    FILE *f = fopen(path, "a");
    fputs("9 cmd note more\n", f);
    fclose(f);
    s = store_open(dir);
    assert_false(store_run_by_id(s, r.id)->vouched);
    assert_false(store_run_by_id(s, q.id)->vouched);
    assert_null(store_best(s, "x"));
    assert_null(store_best(s, "y"));
    store_close(s);
}

/* ---- an older program's state ---------------------------------------------------- */

static void the_first_schema_is_raised(void **state)
{
    (void)state;
    char name[300], path[400];
    const char *const ids[] = {"20260101-100000-x-0000000000000001",
                               "20260101-110000-x-0000000000000002"};
    in_dir(path, sizeof path, "tapes");
    assert_int_equal(mkdir(path, 0755), 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "tapes/%s.tape", ids[i]);
        put_file(name, "truecode tape 1\n--\n1 cmd status\n", 32);
    }
    sql("CREATE TABLE runs (id TEXT PRIMARY KEY, lesson TEXT NOT NULL, hash TEXT NOT "
        "NULL, seed INTEGER NOT NULL, mode INTEGER NOT NULL, started INTEGER NOT NULL, "
        "finished INTEGER NOT NULL, score INTEGER NOT NULL, outcome INTEGER NOT NULL, "
        "hints INTEGER NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL, "
        "practice INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;"
        "PRAGMA application_id=1413705572; PRAGMA user_version=1;"
        "INSERT INTO runs VALUES ('20260101-110000-x-0000000000000002','x','',2,0,"
        "1767265200,0,-1,0,0,3,7,0,0);"
        "INSERT INTO runs VALUES ('20260101-100000-x-0000000000000001','x','',1,0,"
        "1767261600,1767262000,77,3,1,7,7,0,0)");
    struct store *s = store_look(dir);
    assert_null(store_news(s));
    assert_null(store_trouble(s));
    assert_int_equal(store_best(s, "x")->score, 77);
    assert_string_equal(store_begun(s, "x")->id, ids[1]);
    assert_int_equal(store_begun(s, "x")->step, 3);
    store_close(s);
    in_dir(path, sizeof path, "progress.bak");
    assert_int_equal(access(path, R_OK), 0); /* made before anything was changed */
    s = store_open(dir);
    struct store_run r;
    tape_close(begin(s, &r, "x", "1 cmd status\n"));
    assert_string_equal(store_begun(s, "x")->id, r.id);
    assert_int_equal(store_best(s, "x")->score, 77);
    store_close(s);
}

/* ---- names ----------------------------------------------------------------------- */

static void a_run_is_named_by_its_beginning(void **state)
{
    (void)state;
    struct errmsg why = {0};
    const struct store_run *found;
    struct store *s = store_open(dir);
    struct store_run a = played(s, "x", 1), b = played(s, "y", 2);
    char part[STORE_ID_MAX];
    assert_int_equal(store_run_by_prefix(s, a.id, &found, &why), ERR_OK);
    assert_string_equal(found->id, a.id);
    snprintf(part, sizeof part, "%.20s", b.id);
    part[strcspn(part, "y") + 1] = '\0';
    assert_int_equal(store_run_by_prefix(s, part, &found, &why), ERR_OK);
    assert_string_equal(found->id, b.id);
    assert_int_equal(store_run_by_prefix(s, "20", &found, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, b.id));
    assert_int_equal(store_run_by_prefix(s, "1999", &found, &why), ERR_NOT_FOUND);
    assert_int_equal(store_run_by_prefix(s, "", &found, &why), ERR_NOT_FOUND);
    store_close(s);
}

static void texts_are_what_their_names_say(void **state)
{
    (void)state;
    char hash[65], path[600];
    struct buf text;
    buf_init(&text, 0);
    sha256_hex(hash, "return 1", 8);
    struct store *s = store_open(dir);
    assert_int_equal(text_kept(s, hash, &text, NULL), ERR_NOT_FOUND);
    assert_true(text_keep(s, hash, "return 1", 8));
    assert_int_equal(text_kept(s, hash, &text, NULL), ERR_OK);
    assert_string_equal(text.s, "return 1");
    snprintf(path, sizeof path, "texts/%s.lua", hash);
    put_file(path, "return 2", 8);
    assert_int_equal(text_kept(s, hash, &text, NULL), ERR_CORRUPT);
    assert_true(text_keep(s, hash, "return 1", 8)); /* mended */
    assert_int_equal(text_kept(s, hash, &text, NULL), ERR_OK);
    assert_false(text_keep(s, "../../x", "x", 1));
    assert_false(report_keep(s, "../../x", "x", 1));
    store_close(s);
    buf_release(&text);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_second_gives_two_tapes),
        TEST(a_tape_that_is_there_is_not_taken),
        TEST(what_was_written_last_goes_on),
        TEST(a_clock_set_back_hides_nothing),
        TEST(a_folder_removed_while_playing_is_made_again),
        TEST(modes_are_private),
        TEST(looking_makes_nothing),
        TEST(a_database_that_is_a_folder_is_told),
        TEST(empty_or_gone_uses_the_backup),
        TEST(a_bad_backup_is_not_used),
        TEST(a_schema_that_is_not_ours_is_not_read),
        TEST(two_windows_mend_once),
        TEST(a_score_needs_its_tape),
        TEST(the_first_schema_is_raised),
        TEST(a_run_is_named_by_its_beginning),
        TEST(texts_are_what_their_names_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
