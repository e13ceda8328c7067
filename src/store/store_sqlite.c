/*
 * The database of runs.
 *
 * journal_mode TRUNCATE with synchronous EXTRA is the combination that loses no
 * acknowledged commit when the power fails, and both pragmas are asked whether they
 * took. Each write is one BEGIN IMMEDIATE ... COMMIT over all dirty runs; only then are
 * they clean. The file may also come from a stranger or a failing disk: it is checked
 * before use, its text is cleaned, and a damaged one is set aside and never deleted.
 */
#include "store_internal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION_ID 0x54436F64 /* "TCod" */

/* migrations[i] leads from schema i to i + 1. Never edit one that was released. */
static const char *const migrations[] = {
    "CREATE TABLE runs (id TEXT PRIMARY KEY, lesson TEXT NOT NULL, hash TEXT NOT NULL,"
    " seed INTEGER NOT NULL, mode INTEGER NOT NULL, started INTEGER NOT NULL,"
    " finished INTEGER NOT NULL, score INTEGER NOT NULL, outcome INTEGER NOT NULL,"
    " hints INTEGER NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL,"
    " practice INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT",
};
#define SCHEMA ((int)(sizeof migrations / sizeof *migrations))

/* ---- small steps
 * ------------------------------------------------------------------------ */

static void trouble(struct store *s, const char *doing)
{
    const char *because = s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory";
    int sys = s->db != NULL ? sqlite3_system_errno(s->db) : 0;
    buf_reset(&s->trouble);
    buf_addf(&s->trouble, "Progress is not saved: %s: %s (%s/progress.db%s%s).", doing,
             because, s->dir.s, sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

static bool run_sql(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first column of the first row as a number; -1 when there is none. */
static int64_t ask_number(struct store *s, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t v = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

static bool answers(struct store *s, const char *sql, const char *expected)
{
    sqlite3_stmt *st = NULL;
    bool yes = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK &&
               sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) != NULL &&
               strcmp((const char *)sqlite3_column_text(st, 0), expected) == 0;
    sqlite3_finalize(st);
    return yes;
}

static void db_path(const struct store *s, struct buf *path, const char *name)
{
    buf_init(path, 4096);
    path_join(path, s->dir.s, name);
}

/* ---- opening
 * ------------------------------------------------------------------------------ */

enum opened { OPENED, DAMAGED, UNUSABLE };

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
           run_sql(s, "PRAGMA synchronous=EXTRA") &&
           ask_number(s, "PRAGMA synchronous") == 3;
}

static enum opened open_file(struct store *s)
{
    struct buf path;
    db_path(s, &path, "progress.db");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    int rc = sqlite3_open_v2(path.s, &s->db, flags, NULL);
    buf_release(&path);
    if (rc != SQLITE_OK)
        return judge(s);
    sqlite3_busy_timeout(s->db, 5000);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    if (!run_sql(s, "PRAGMA cell_size_check=ON") ||
        !run_sql(s, "SELECT count(*) FROM sqlite_schema"))
        return judge(s);
    if (!answers(s, "PRAGMA quick_check(1)", "ok"))
        return judge(s) == UNUSABLE && (sqlite3_errcode(s->db) & 0xff) != SQLITE_ROW &&
                       (sqlite3_errcode(s->db) & 0xff) != SQLITE_DONE &&
                       sqlite3_errcode(s->db) != SQLITE_OK
                   ? UNUSABLE
                   : DAMAGED;
    return set_durable(s) ? OPENED : judge(s);
}

/* ---- schema
 * --------------------------------------------------------------------------------- */

static bool migrate(struct store *s, int from)
{
    char sql[64];
    if (from > 0)
        db_backup(s);
    if (!run_sql(s, "BEGIN IMMEDIATE"))
        return false;
    bool ok = true;
    /* Another window may have done it while we waited for the lock. */
    from = (int)ask_number(s, "PRAGMA user_version");
    for (int i = from; ok && i < SCHEMA; i++)
        ok = run_sql(s, migrations[i]);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", SCHEMA);
    ok = ok && run_sql(s, sql);
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d", APPLICATION_ID);
    ok = ok && run_sql(s, sql) && run_sql(s, "COMMIT");
    /* A rollback that SQLite did already would fail, and hide why. */
    if (!ok && sqlite3_get_autocommit(s->db) == 0)
        run_sql(s, "ROLLBACK");
    return ok;
}

/* Whether the file is ours, and of a schema that we may write. */
static enum opened check_schema(struct store *s)
{
    int64_t app = ask_number(s, "PRAGMA application_id");
    int64_t version = ask_number(s, "PRAGMA user_version");
    int64_t tables = ask_number(s, "SELECT count(*) FROM sqlite_schema");
    if (tables > 0 && app != APPLICATION_ID)
        return DAMAGED; /* somebody else's database under our name */
    if (version > SCHEMA) {
        s->read_only = true;
        buf_reset(&s->trouble);
        buf_addf(&s->trouble,
                 "Progress is only read: %s/progress.db was written by a newer "
                 "truecode (schema %lld, this one knows %d).",
                 s->dir.s, (long long)version, SCHEMA);
        return OPENED;
    }
    if (version < SCHEMA && !migrate(s, (int)version))
        return judge(s);
    return OPENED;
}

/* ---- a damaged file
 * ---------------------------------------------------------------------------- */

static bool move_file(const struct store *s, const char *from, const char *to)
{
    struct buf a, b;
    db_path(s, &a, from);
    db_path(s, &b, to);
    bool ok = rename(a.s, b.s) == 0;
    buf_release(&a);
    buf_release(&b);
    return ok;
}

static bool restore_backup(const struct store *s)
{
    struct buf a, b;
    db_path(s, &a, "progress.bak");
    db_path(s, &b, "progress.db");
    bool ok = file_copy(a.s, b.s);
    buf_release(&a);
    buf_release(&b);
    dir_sync(s->dir.s);
    return ok;
}

/* The damaged file keeps its content under another name; the backup takes its place. */
static bool set_aside(struct store *s)
{
    char name[64], journal[80];
    snprintf(name, sizeof name, "progress.damaged-%lld", (long long)time(NULL));
    snprintf(journal, sizeof journal, "%s-journal", name);
    if (!move_file(s, "progress.db", name))
        return false;
    move_file(s, "progress.db-journal", journal);
    bool restored = restore_backup(s);
    buf_reset(&s->news);
    buf_addf(&s->news,
             "The progress file was damaged. It was set aside as %s/%s; %s. Runs whose "
             "tapes are there are listed again.",
             s->dir.s, name,
             restored ? "the backup made after the last finished lesson was restored"
                      : "there was no backup, so the list of scores starts anew");
    return true;
}

/* ---- reading
 * -----------------------------------------------------------------------------------
 */

/* A text of the database: bounded, cleaned. */
static void take_text(sqlite3_stmt *st, int col, char *to, size_t size)
{
    struct buf clean;
    buf_init(&clean, 4096);
    const char *s = (const char *)sqlite3_column_text(st, col);
    if (s != NULL)
        text_clean(&clean, s, strlen(s), false);
    snprintf(to, size, "%s", clean.s);
    buf_release(&clean);
}

static int take_int(sqlite3_stmt *st, int col, int min, int max)
{
    int64_t v = sqlite3_column_int64(st, col);
    return v < min ? min : v > max ? max : (int)v;
}

static bool take_run(sqlite3_stmt *st, struct store_run *r)
{
    *r = (struct store_run){0};
    take_text(st, 0, r->id, sizeof r->id);
    take_text(st, 1, r->lesson, sizeof r->lesson);
    take_text(st, 2, r->hash, sizeof r->hash);
    r->seed = (uint64_t)sqlite3_column_int64(st, 3);
    r->mode = take_int(st, 4, 0, 1);
    r->started = sqlite3_column_int64(st, 5);
    r->finished = sqlite3_column_int64(st, 6);
    r->score = take_int(st, 7, -1, 100);
    r->outcome = take_int(st, 8, 0, 3);
    r->hints = take_int(st, 9, 0, 100000);
    r->step = take_int(st, 10, 0, 1000);
    r->steps = take_int(st, 11, 0, 1000);
    r->practice = take_int(st, 12, 0, 1) == 1;
    r->dropped = take_int(st, 13, 0, 1) == 1;
    /* Ids become file names and lessons are looked up: nothing else may be one. */
    return run_id_valid(r->id) && run_id_valid(r->lesson);
}

#define COLUMNS                                                                        \
    "id, lesson, hash, seed, mode, started, finished, score, outcome, hints, step, "   \
    "steps, practice, dropped"

static bool is_dirty(const struct store *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->runs[i].id, id) == 0)
            return s->dirty[i];
    return false;
}

static enum opened read_runs(struct store *s)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT " COLUMNS " FROM runs ORDER BY id", -1,
                                &st, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        struct store_run run;
        rc = sqlite3_step(st);
        if (rc == SQLITE_ROW && take_run(st, &run) && !is_dirty(s, run.id))
            runs_put(s, &run, false);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? OPENED : judge(s);
}

static enum opened open_all(struct store *s)
{
    enum opened o = open_file(s);
    if (o == OPENED)
        o = check_schema(s);
    return o == OPENED ? read_runs(s) : o;
}

bool db_open(struct store *s)
{
    enum opened o = open_all(s);
    if (o == DAMAGED) {
        db_close(s);
        if (set_aside(s))
            o = open_all(s);
        else
            s->unreadable = true;
    }
    if (o == OPENED) {
        if (!s->read_only)
            buf_reset(&s->trouble);
        return true;
    }
    trouble(s, "the file cannot be used");
    db_close(s);
    return false;
}

void db_close(struct store *s)
{
    sqlite3_close(s->db);
    s->db = NULL;
}

/* ---- writing
 * -------------------------------------------------------------------------------------
 */

static bool put_run(sqlite3_stmt *st, const struct store_run *r)
{
    const int64_t numbers[] = {(int64_t)r->seed, r->mode,     r->started, r->finished,
                               r->score,         r->outcome,  r->hints,   r->step,
                               r->steps,         r->practice, r->dropped};
    const char *const texts[] = {r->id, r->lesson, r->hash};
    sqlite3_reset(st);
    for (int i = 0; i < 3; i++)
        if (sqlite3_bind_text(st, i + 1, texts[i], -1, SQLITE_STATIC) != SQLITE_OK)
            return false;
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
        if (sqlite3_bind_int64(st, i + 4, numbers[i]) != SQLITE_OK)
            return false;
    return sqlite3_step(st) == SQLITE_DONE;
}

static bool put_dirty(struct store *s)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(s->db,
                                 "INSERT OR REPLACE INTO runs (" COLUMNS
                                 ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                 -1, &st, NULL) == SQLITE_OK;
    for (size_t i = 0; ok && i < s->n; i++)
        if (s->dirty[i])
            ok = put_run(st, &s->runs[i]);
    sqlite3_finalize(st);
    return ok;
}

bool db_flush(struct store *s)
{
    bool ok = run_sql(s, "BEGIN IMMEDIATE") && put_dirty(s) && run_sql(s, "COMMIT");
    if (!ok) {
        trouble(s, "writing failed");
        run_sql(s, "ROLLBACK");
        /* Opened afresh the next time: the disk may have been replaced meanwhile. */
        db_close(s);
        return false;
    }
    memset(s->dirty, 0, s->n * sizeof *s->dirty);
    buf_reset(&s->trouble);
    return true;
}

void db_backup(struct store *s)
{
    struct buf temp, final;
    sqlite3 *to = NULL;
    if (s->db == NULL || s->read_only)
        return;
    db_path(s, &temp, "progress.bak.tmp");
    db_path(s, &final, "progress.bak");
    unlink(temp.s);
    bool ok = sqlite3_open(temp.s, &to) == SQLITE_OK;
    sqlite3_backup *b = ok ? sqlite3_backup_init(to, "main", s->db, "main") : NULL;
    ok = b != NULL && sqlite3_backup_step(b, -1) == SQLITE_DONE;
    ok = sqlite3_backup_finish(b) == SQLITE_OK && ok;
    sqlite3_close(to);
    if (ok && rename(temp.s, final.s) == 0)
        dir_sync(s->dir.s);
    buf_release(&temp);
    buf_release(&final);
}
