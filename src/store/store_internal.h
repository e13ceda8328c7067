/*
 * Inside store: the database behind the list of runs, and the state directory.
 *
 * STATE is the folder of store_default_dir(). In it lie
 *
 *     progress.db    the list of runs: an SQLite database of truecode's own schema
 *     progress.bak   a copy of it that was good; mend() takes it
 *     tapes/ID.tape  a run each, written while it is played (store_tape.c)
 *     texts/, reports/   the lessons that runs were played with, and their post-mortems
 *
 * A `struct store` owns its runs, its connection and its sentences. The list in memory is
 * the truth while the program runs: what is not on disk yet is marked, and db_flush()
 * writes all of it in one transaction:
 *
 *     runs_put(s, &run, RUN_TOUCHED);
 *     if (!db_flush(s))
 *         ... s->trouble says why, and the marks stay for the next time
 *
 * Nothing here ends the program, and nothing believes a file: a database that is not
 * ours, damaged or emptied is set aside and not overwritten. Functions that return bool
 * have failed with false; where a person will read why, `trouble` or `news` has a
 * sentence. Times are seconds since 1970, sizes bytes.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "truecode/store.h"

struct sqlite3;

#define TAPE_LIMIT (4u * 1024 * 1024)

/* store_run.mark: what of a run in memory is not on disk yet. */
enum run_mark {
    RUN_CLEAN,
    RUN_DIRTY,   /* to be written at its place in the order */
    RUN_TOUCHED, /* to be written as the last one */
    RUN_FOUND    /* known by its tape: to be written unless there is a row by now */
};

struct store {
    struct buf dir;         /* absolute or relative as given; "" nowhere to write */
    bool make;              /* missing folders and files may be made */
    struct store_run *runs; /* by written, then id */
    size_t n, cap;
    struct sqlite3 *db; /* NULL: not open (yet) */
    bool read_only;     /* a newer schema: never written */
    bool unreadable;
    struct buf trouble, tape_trouble, news;
};

/* ---- the list of runs (store.c) -------------------------------------------------- */

/* Inserts or replaces by id; the order is kept. */
void runs_put(struct store *s, const struct store_run *run, enum run_mark mark);
/* Appends a run that is not in the list yet, whatever its number. */
void runs_append(struct store *s, const struct store_run *run);
struct store_run *runs_find(const struct store *s, const char *id);
void runs_order(struct store *s); /* after numbers were given */
/* The run is another's name by now: ours goes on under `id`. */
void runs_rename(struct store *s, const char *old, const char *id);
bool run_id_valid(const char *id);
/* The lesson, in a run's id; of a drawn one nobody is to know it. */
const char *run_id_name(const struct store_run *run);
void run_id_make(char id[STORE_ID_MAX], int64_t when, const char *lesson,
                 uint64_t seed);
void news_add(struct store *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Over the tape as it lies on disk, and what was made of it; "" without a tape. */
void seal_make(const struct store *s, const struct store_run *run, char seal[65]);

/* ---- the database (store_sqlite.c) ----------------------------------------------- */

/* Opens (or creates, migrates, repairs) STATE/progress.db and reads its runs. false: it
 * is not open, `trouble` says why. */
bool db_open(struct store *s);
void db_close(struct store *s);
/* Writes all runs that are not clean in one transaction. */
bool db_flush(struct store *s);
/* STATE/progress.bak becomes a copy of the database. */
bool db_backup(struct store *s);
/* The file that is open is not the one under its name any more. */
bool db_moved(const struct store *s);
/* No row was written after this one, and it is there. */
bool db_is_last(const struct store *s, const struct store_run *run);

bool sql_run(struct sqlite3 *db, const char *sql);
/* The first column of the first row as a number; -1 when there is none. */
int64_t sql_number(struct sqlite3 *db, const char *sql);

/* ---- what is in the file (store_schema.c) ---------------------------------------- */

enum found {
    FOUND_OURS,
    FOUND_NOTHING, /* no table at all: new, or emptied */
    FOUND_NEWER,   /* ours, of a newer truecode: may be read */
    FOUND_FOREIGN, /* not what truecode writes */
    FOUND_DAMAGED  /* the file cannot be read */
};
#define SCHEMA_OLDEST 1
int schema_current(void);
/* `what` gets a phrase for FOUND_FOREIGN. */
enum found schema_look(struct sqlite3 *db, struct buf *what);
/* To the current schema, in the transaction that is open. */
bool schema_raise(struct sqlite3 *db, int from);

/* ---- a file that cannot be used (store_mend.c) ----------------------------------- */

/* Sets STATE/progress.db aside if there is one and puts a good backup in its place. */
bool mend(struct store *s, const char *what);
bool backup_usable(const struct store *s);
/* A lock among all windows that mend; -1: not got, go on without. */
int state_lock(const struct store *s);
void state_unlock(int lock);

/* ---- folders and whole files (store_dir.c) --------------------------------------- */

/* Makes the directory and its parents, each 0700. The last one is narrowed to that where
 * it was there already; not behind a link, nor where it is another user's. False: errno. */
bool dir_make(const char *path);
/* Makes a directory's files 0600. */
void dir_narrow(const char *path);
void dir_sync(const char *path);
/* "STATE/name" in a fresh buf. */
void state_path(const struct store *s, struct buf *out, const char *name);
bool file_exists(const char *path);
/* Whole, synced, atomic, 0600. */
bool file_put(const char *path, const char *text, size_t n);
bool file_copy(const char *from, const char *to);
bool write_all(int fd, const char *s, size_t n);

#endif
