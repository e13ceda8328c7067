/*
 * The schema of the database, and how an older one is raised to it.
 *
 * The schema that a version should have is made in memory from the very migrations, and
 * what the file has must be that, word for word. So a view, a trigger or an index that
 * somebody put there is seen before anything of it can run, and no list of what is
 * allowed has to be kept.
 */
#include "store_internal.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x54436F64 /* "TCod" */

/* migrations[i] leads from schema i to i + 1. Never edit one that was released. */
static const char *const migrations[] = {
    "CREATE TABLE runs (id TEXT PRIMARY KEY, lesson TEXT NOT NULL, hash TEXT NOT NULL,"
    " seed INTEGER NOT NULL, mode INTEGER NOT NULL, started INTEGER NOT NULL,"
    " finished INTEGER NOT NULL, score INTEGER NOT NULL, outcome INTEGER NOT NULL,"
    " hints INTEGER NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL,"
    " practice INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT",

    "ALTER TABLE runs ADD COLUMN halt INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN written INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN seal TEXT NOT NULL DEFAULT '';"
    "UPDATE runs SET written = place FROM (SELECT id AS which, row_number() OVER"
    " (ORDER BY id) AS place FROM runs) WHERE id = which",
};
#define SCHEMA ((int)(COUNT_OF(migrations)))

int schema_current(void)
{
    return SCHEMA;
}

bool schema_raise(sqlite3 *db, int from)
{
    char sql[64];
    bool ok = true;
    for (int i = from; ok && i < SCHEMA; i++)
        ok = sql_run(db, migrations[i]);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", SCHEMA);
    ok = ok && sql_run(db, sql);
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d", APPLICATION_ID);
    return ok && sql_run(db, sql);
}

/* ---- what is in it --------------------------------------------------------------- */

static bool describe(sqlite3 *db, struct buf *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT type, name, tbl_name, coalesce(sql, '') FROM "
                                "sqlite_schema ORDER BY type, name",
                                -1, &st, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(st);
        for (int i = 0; rc == SQLITE_ROW && i < 4; i++)
            buf_addf(out, "%s\n", (const char *)sqlite3_column_text(st, i));
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE;
}

/* Describes what a database of this schema has in it. */
static bool describe_ours(int version, struct buf *out)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open(":memory:", &db) == SQLITE_OK;
    for (int i = 0; ok && i < version; i++)
        ok = sql_run(db, migrations[i]);
    ok = ok && describe(db, out);
    sqlite3_close(db);
    return ok;
}

/* The first thing that has no business there, as a phrase. */
static void name_stranger(sqlite3 *db, struct buf *what)
{
    sqlite3_stmt *st = NULL;
    buf_reset(what);
    if (sqlite3_prepare_v2(db,
                           "SELECT type, name FROM sqlite_schema ORDER BY type IN "
                           "('table', 'index'), name = 'runs', name",
                           -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        struct buf clean;
        const char *name = (const char *)sqlite3_column_text(st, 1);
        buf_init(&clean, 60);
        text_clean(&clean, name, strlen(name), false);
        buf_addf(what, "%s %s", (const char *)sqlite3_column_text(st, 0), clean.s);
        buf_release(&clean);
    }
    sqlite3_finalize(st);
}

static enum found look_at_ours(sqlite3 *db, int version, struct buf *what)
{
    struct buf found, wanted;
    buf_init(&found, 0);
    buf_init(&wanted, 0);
    enum found f = FOUND_DAMAGED;
    if (describe(db, &found) && describe_ours(version, &wanted)) {
        f = strcmp(found.s, wanted.s) == 0 ? FOUND_OURS : FOUND_FOREIGN;
        if (f == FOUND_FOREIGN)
            name_stranger(db, what);
    }
    buf_release(&found);
    buf_release(&wanted);
    return f;
}

/* A newer one has tables that this program does not know; it reads `runs` alone, which
 * must be a plain table, and nothing in the file may run by itself. */
static enum found look_at_newer(sqlite3 *db, struct buf *what)
{
    if (sql_number(db, "SELECT count(*) FROM sqlite_schema WHERE type IN ('view', "
                       "'trigger') OR sql LIKE 'CREATE VIRTUAL%'") == 0 &&
        sql_number(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
                       "name = 'runs'") == 1)
        return FOUND_NEWER;
    name_stranger(db, what);
    return FOUND_FOREIGN;
}

enum found schema_look(sqlite3 *db, struct buf *what)
{
    int64_t things = sql_number(db, "SELECT count(*) FROM sqlite_schema");
    int64_t app = sql_number(db, "PRAGMA application_id");
    int64_t version = sql_number(db, "PRAGMA user_version");
    if (things < 0 || app < 0 || version < 0)
        return FOUND_DAMAGED;
    if (things == 0)
        return FOUND_NOTHING;
    if (app != APPLICATION_ID || version < SCHEMA_OLDEST) {
        name_stranger(db, what);
        return FOUND_FOREIGN;
    }
    return version > SCHEMA ? look_at_newer(db, what)
                            : look_at_ours(db, (int)version, what);
}
