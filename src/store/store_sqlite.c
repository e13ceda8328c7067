/*
 * The database of runs.
 *
 * journal_mode TRUNCATE with synchronous EXTRA is the combination that loses no
 * acknowledged commit when the power fails, and both pragmas are asked whether they
 * took. Each write is one BEGIN IMMEDIATE ... COMMIT over all runs that are marked;
 * only then are they clean. The file may also come from a stranger or a failing disk:
 * what is in it is looked at before any of it is used (store_schema.c), its text is
 * cleaned, and a damaged one is set aside and never deleted (store_mend.c).
 */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- small steps ----------------------------------------------------------------- */

static void trouble(struct store *s, const char *doing)
{
    const char *because = s->db ? sqlite3_errmsg(s->db) : "out of memory";
    int sys = s->db ? sqlite3_system_errno(s->db) : 0;
    buf_reset(&s->trouble);
    buf_addf(&s->trouble, "Progress %s: %s: %s (%s/progress.db%s%s).",
             s->make ? "is not saved" : "cannot be read", doing, because, s->dir.s,
             sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

bool sql_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

int64_t sql_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t v = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

static bool answers(struct store *s, const char *sql, const char *expected)
{
    sqlite3_stmt *st = NULL;
    bool yes = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK &&
               sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) &&
               strcmp((const char *)sqlite3_column_text(st, 0), expected) == 0;
    sqlite3_finalize(st);
    return yes;
}

/* ---- opening --------------------------------------------------------------------- */

enum opened { OPENED, ABSENT, DAMAGED, EMPTY, FOREIGN, UNUSABLE };

static enum opened judge(const struct store *s)
{
    int code = sqlite3_errcode(s->db) & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? DAMAGED : UNUSABLE;
}

static bool set_durable(struct store *s)
{
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return true;
    return answers(s, "PRAGMA journal_mode=TRUNCATE", "truncate") &&
           sql_run(s->db, "PRAGMA synchronous=EXTRA") &&
           sql_number(s->db, "PRAGMA synchronous") == 3;
}

/* SQLite would make it 0644; its journal takes the mode from it. */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    (void)!fchmod(fd, 0600);
    close(fd);
}

static enum opened open_connection(struct store *s)
{
    struct buf path;
    state_path(s, &path, "progress.db");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW;
    bool there = file_exists(path.s);
    enum opened o = OPENED;
    if (!there && backup_usable(s))
        o = EMPTY;
    else if (!there && !s->make)
        o = ABSENT;
    else if (!there)
        make_private(path.s);
    if (o == OPENED &&
        sqlite3_open_v2(path.s, &s->db, flags | (s->make ? SQLITE_OPEN_CREATE : 0),
                        NULL) != SQLITE_OK)
        o = judge(s);
    buf_release(&path);
    return o;
}

static bool quick_check(struct store *s, enum opened *o)
{
    if (answers(s, "PRAGMA quick_check(1)", "ok"))
        return true;
    int code = sqlite3_errcode(s->db) & 0xff;
    bool said_no = code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;
    *o = said_no ? DAMAGED : judge(s);
    return false;
}

static enum opened open_file(struct store *s)
{
    enum opened o = open_connection(s);
    if (o != OPENED)
        return o;
    sqlite3_busy_timeout(s->db, 5000);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    if (!sql_run(s->db, "PRAGMA cell_size_check=ON") ||
        !sql_run(s->db, "SELECT count(*) FROM sqlite_schema"))
        return judge(s);
    return OPENED;
}

/* ---- what is in it --------------------------------------------------------------- */

/* Rows of an older program were believed when they were written; from now on their
 * seals say so. */
static bool seal_old_runs(struct store *s)
{
    sqlite3_stmt *all = NULL, *put = NULL;
    bool ok = sqlite3_prepare_v2(s->db,
                                 "SELECT id, score, outcome, practice FROM runs "
                                 "WHERE finished != 0 AND seal = ''",
                                 -1, &all, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(s->db, "UPDATE runs SET seal = ?2 WHERE id = ?1", -1,
                                 &put, NULL) == SQLITE_OK;
    while (ok && sqlite3_step(all) == SQLITE_ROW) {
        struct store_run r = {.score = sqlite3_column_int(all, 1),
                              .outcome = sqlite3_column_int(all, 2),
                              .practice = sqlite3_column_int(all, 3) != 0};
        char seal[65];
        snprintf(r.id, sizeof r.id, "%s", (const char *)sqlite3_column_text(all, 0));
        seal_make(s, &r, seal);
        ok = sqlite3_bind_text(put, 1, r.id, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
             sqlite3_bind_text(put, 2, seal, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
             sqlite3_step(put) == SQLITE_DONE;
        sqlite3_reset(put);
    }
    sqlite3_finalize(all);
    sqlite3_finalize(put);
    return ok;
}

static bool migrate(struct store *s, int from)
{
    if ((from > 0 && !db_backup(s)) || !sql_run(s->db, "BEGIN IMMEDIATE"))
        return false;
    /* Another window may have done it while we waited for the lock. */
    from = (int)sql_number(s->db, "PRAGMA user_version");
    bool ok = schema_raise(s->db, from) && (from == 0 || seal_old_runs(s)) &&
              sql_run(s->db, "COMMIT");
    /* A rollback that SQLite did already would fail, and hide why. */
    if (!ok && sqlite3_get_autocommit(s->db) == 0)
        sql_run(s->db, "ROLLBACK");
    return ok;
}

static bool is_read_only(struct store *s)
{
    return sqlite3_db_readonly(s->db, "main") == 1;
}

static enum opened found_newer(struct store *s)
{
    s->read_only = true;
    buf_reset(&s->trouble);
    buf_addf(&s->trouble,
             "Progress is only read: %s/progress.db was written by a newer truecode "
             "(schema %lld, this one knows %d).",
             s->dir.s, (long long)sql_number(s->db, "PRAGMA user_version"),
             schema_current());
    return OPENED;
}

/* To the schema that we write. What can only be read stays as old as it is. */
static enum opened found_ours(struct store *s)
{
    int version = (int)sql_number(s->db, "PRAGMA user_version");
    enum opened o = OPENED;
    if (!quick_check(s, &o) || !set_durable(s))
        return o != OPENED ? o : judge(s);
    if (is_read_only(s) && s->make) {
        buf_reset(&s->trouble);
        buf_addf(
            &s->trouble,
            "Progress is not saved: %s/progress.db is readonly: it can be read and "
            "not written.",
            s->dir.s);
    }
    if (version >= schema_current() || is_read_only(s))
        return OPENED;
    return migrate(s, version) ? OPENED : judge(s);
}

static enum opened found_nothing(struct store *s)
{
    if (backup_usable(s))
        return EMPTY;
    if (!s->make)
        return ABSENT;
    return set_durable(s) && migrate(s, 0) ? OPENED : judge(s);
}

static enum opened check_schema(struct store *s, struct buf *what)
{
    switch (schema_look(s->db, what)) {
    case FOUND_OURS:
        return found_ours(s);
    case FOUND_NEWER:
        return found_newer(s);
    case FOUND_NOTHING:
        return found_nothing(s);
    case FOUND_FOREIGN:
        return FOREIGN;
    case FOUND_DAMAGED:
        break;
    }
    return judge(s);
}

/* ---- reading --------------------------------------------------------------------- */

/* A text of the database: bounded, cleaned. */
static void take_text(sqlite3_stmt *st, int col, char *to, size_t size)
{
    struct buf clean;
    buf_init(&clean, 4096);
    const char *s = (const char *)sqlite3_column_text(st, col);
    if (s)
        text_clean(&clean, s, strlen(s), false);
    snprintf(to, size, "%s", clean.s);
    buf_release(&clean);
}

static int take_int(sqlite3_stmt *st, int col, int min, int max)
{
    int64_t v = sqlite3_column_int64(st, col);
    return v < min ? min : v > max ? max : (int)v;
}

#define OLD_COLUMNS                                                                    \
    "id, lesson, hash, seed, mode, started, finished, score, outcome, hints, step, "   \
    "steps, practice, dropped"
#define COLUMNS OLD_COLUMNS ", halt, seal, written"

static bool take_run(sqlite3_stmt *st, struct store_run *r)
{
    *r = (struct store_run){0};
    take_text(st, 0, r->id, sizeof r->id);
    take_text(st, 1, r->lesson, sizeof r->lesson);
    take_text(st, 2, r->hash, sizeof r->hash);
    r->seed = (uint64_t)sqlite3_column_int64(st, 3);
    r->mode = (enum play_mode)take_int(st, 4, 0, MODE_COUNT - 1);
    r->started = sqlite3_column_int64(st, 5);
    r->finished = sqlite3_column_int64(st, 6);
    r->score = take_int(st, 7, -1, 100);
    r->outcome = (enum outcome)take_int(st, 8, 0, OUTCOME_COUNT - 1);
    r->hints = take_int(st, 9, 0, 100000);
    r->step = take_int(st, 10, 0, 1000);
    r->steps = take_int(st, 11, 0, 1000);
    r->practice = take_int(st, 12, 0, 1) == 1;
    r->dropped = take_int(st, 13, 0, 1) == 1;
    r->halt = (enum store_halt)take_int(st, 14, HALT_NONE, HALT_DAMAGED);
    take_text(st, 15, r->seal, sizeof r->seal);
    r->written = sqlite3_column_int64(st, 16);
    r->mark = RUN_CLEAN;
    /* Ids become file names and lessons are looked up: nothing else may be one. */
    return run_id_valid(r->id) && run_id_valid(r->lesson);
}

/* Changes that were made here and are not written yet are newer than the row. */
static void take_over(struct store *s, bool first, const struct store_run *run)
{
    const struct store_run *old = first ? NULL : runs_find(s, run->id);
    if (!old)
        runs_append(s, run);
    else if (old->mark == RUN_CLEAN || old->mark == RUN_FOUND)
        s->runs[old - s->runs] = *run;
}

static enum opened read_runs(struct store *s)
{
    sqlite3_stmt *st = NULL;
    bool first = s->n == 0;
    /* A schema that could not be raised: its own order is that of the ids. */
    const char *sql = sql_number(s->db, "PRAGMA user_version") >= 2
                          ? "SELECT " COLUMNS " FROM runs ORDER BY written, id"
                          : "SELECT " OLD_COLUMNS
                            ", 0, '', row_number() OVER (ORDER BY id) FROM runs";
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        struct store_run run;
        rc = sqlite3_step(st);
        if (rc == SQLITE_ROW && take_run(st, &run))
            take_over(s, first, &run);
    }
    sqlite3_finalize(st);
    runs_order(s);
    return rc == SQLITE_DONE ? OPENED : judge(s);
}

static enum opened open_all(struct store *s, struct buf *what)
{
    enum opened o = open_file(s);
    if (o == OPENED)
        o = check_schema(s, what);
    if (o == OPENED)
        o = read_runs(s);
    if (o != OPENED && o != UNUSABLE)
        db_close(s);
    return o;
}

static bool can_be_mended(enum opened o)
{
    return o == DAMAGED || o == EMPTY || o == FOREIGN;
}

static enum opened mend_and_open(struct store *s, struct buf *what)
{
    int lock = state_lock(s);
    enum opened o = open_all(s, what); /* another window may have mended it */
    if (can_be_mended(o)) {
        struct buf phrase;
        buf_init(&phrase, 300);
        if (o == FOREIGN)
            buf_addf(&phrase, "holds what truecode never wrote there (%s)", what->s);
        else
            buf_adds(&phrase, o == EMPTY ? "was empty or gone" : "was damaged");
        if (mend(s, phrase.s))
            o = open_all(s, what);
        buf_release(&phrase);
    }
    state_unlock(lock);
    return o;
}

bool db_open(struct store *s)
{
    struct buf what;
    buf_init(&what, 200);
    enum opened o = open_all(s, &what);
    if (can_be_mended(o))
        o = mend_and_open(s, &what);
    buf_release(&what);
    if (o == OPENED) {
        if (!s->read_only && !is_read_only(s))
            buf_reset(&s->trouble);
        s->unreadable = false;
        return true;
    }
    if (o == ABSENT)
        return false;
    s->unreadable = true;
    if (s->db)
        trouble(s, "the file cannot be used");
    else {
        buf_reset(&s->trouble);
        buf_addf(&s->trouble,
                 "Progress cannot be read: %s/progress.db is damaged and cannot be set "
                 "aside: %s.",
                 s->dir.s, strerror(errno));
    }
    db_close(s);
    return false;
}

void db_close(struct store *s)
{
    sqlite3_close(s->db);
    s->db = NULL;
}

/* ---- writing --------------------------------------------------------------------- */

bool db_moved(const struct store *s)
{
    int moved = 0;
    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
               SQLITE_OK &&
           moved != 0;
}

bool db_is_last(const struct store *s, const struct store_run *run)
{
    sqlite3_stmt *st = NULL;
    bool yes =
        !db_moved(s) &&
        sqlite3_prepare_v2(s->db, "SELECT id FROM runs ORDER BY written DESC LIMIT 1",
                           -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) &&
        strcmp((const char *)sqlite3_column_text(st, 0), run->id) == 0;
    sqlite3_finalize(st);
    return yes;
}

/* The number is given here, inside the transaction: the next one, or its own. */
#define PUT(how)                                                                       \
    "INSERT OR " how " INTO runs (" COLUMNS                                            \
    ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"                                       \
    "coalesce(?, (SELECT coalesce(max(written), 0) + 1 FROM runs))) RETURNING written"

static bool bind_run(sqlite3_stmt *st, const struct store_run *r)
{
    const int64_t numbers[] = {(int64_t)r->seed, r->mode,     r->started, r->finished,
                               r->score,         r->outcome,  r->hints,   r->step,
                               r->steps,         r->practice, r->dropped, r->halt};
    const char *const texts[] = {r->id, r->lesson, r->hash};
    for (int i = 0; i < 3; i++)
        if (sqlite3_bind_text(st, i + 1, texts[i], -1, SQLITE_STATIC) != SQLITE_OK)
            return false;
    for (int i = 0; i < (int)(COUNT_OF(numbers)); i++)
        if (sqlite3_bind_int64(st, i + 4, numbers[i]) != SQLITE_OK)
            return false;
    return sqlite3_bind_text(st, 16, r->seal, -1, SQLITE_STATIC) == SQLITE_OK &&
           (r->mark == RUN_DIRTY ? sqlite3_bind_int64(st, 17, r->written)
                                 : sqlite3_bind_null(st, 17)) == SQLITE_OK;
}

static bool put_run(struct store *s, struct store_run *r, int64_t *number)
{
    sqlite3_stmt *st = NULL;
    const char *sql = r->mark == RUN_FOUND ? PUT("IGNORE") : PUT("REPLACE");
    *number = r->written;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && bind_run(st, r))
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        *number = sqlite3_column_int64(st, 0);
        rc = sqlite3_step(st);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE;
}

static bool put_marked(struct store *s, int64_t *numbers)
{
    bool ok = true;
    for (size_t i = 0; ok && i < s->n; i++)
        if (s->runs[i].mark != RUN_CLEAN)
            ok = put_run(s, &s->runs[i], &numbers[i]);
    return ok;
}

bool db_flush(struct store *s)
{
    int64_t *numbers = mem_array(s->n + 1, sizeof *numbers);
    for (size_t i = 0; i < s->n; i++)
        numbers[i] = s->runs[i].written;
    bool ok = sql_run(s->db, "BEGIN IMMEDIATE") && put_marked(s, numbers) &&
              sql_run(s->db, "COMMIT");
    if (ok) {
        for (size_t i = 0; i < s->n; i++) {
            s->runs[i].written = numbers[i];
            s->runs[i].mark = RUN_CLEAN;
        }
        runs_order(s);
        buf_reset(&s->trouble);
    } else {
        trouble(s, "writing failed");
        sql_run(s->db, "ROLLBACK");
        /* Opened afresh the next time: the disk may have been replaced meanwhile. */
        db_close(s);
    }
    mem_free(numbers);
    return ok;
}

static bool copy_into(struct store *s, const char *path)
{
    sqlite3 *to = NULL;
    unlink(path);
    make_private(path);
    bool ok = sqlite3_open(path, &to) == SQLITE_OK;
    sqlite3_backup *b = ok ? sqlite3_backup_init(to, "main", s->db, "main") : NULL;
    ok = b && sqlite3_backup_step(b, -1) == SQLITE_DONE;
    ok = sqlite3_backup_finish(b) == SQLITE_OK && ok;
    sqlite3_close(to);
    return ok;
}

/* Two windows may back up at once: each has a temporary file of its own. */
bool db_backup(struct store *s)
{
    struct buf temp, final;
    char name[64];
    if (!s->db || s->read_only || is_read_only(s))
        return false;
    snprintf(name, sizeof name, "progress.bak.%ld.tmp", (long)getpid());
    state_path(s, &temp, name);
    state_path(s, &final, "progress.bak");
    bool ok = copy_into(s, temp.s) && rename(temp.s, final.s) == 0;
    if (ok)
        dir_sync(s->dir.s);
    else
        unlink(temp.s);
    buf_release(&temp);
    buf_release(&final);
    return ok;
}
