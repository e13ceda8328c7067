/*
 * Inside store: the database behind the list of runs, and the state directory.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "truecode/store.h"

struct sqlite3;

struct store {
    struct buf dir;         /* absolute or relative as given; "" nowhere to write */
    struct store_run *runs; /* in order of id: the oldest first */
    bool *dirty;            /* runs[i] is not on disk yet */
    size_t n, cap;
    struct sqlite3 *db; /* NULL: not open (yet) */
    bool read_only;     /* a newer schema: never written */
    bool unreadable;
    struct buf trouble, tape_trouble, news;
};

/* Inserts or replaces by id. */
void runs_put(struct store *s, const struct store_run *run, bool dirty);
bool run_id_valid(const char *id);

/* Opens (or creates, migrates, repairs) STATE/progress.db and reads its runs. false: it
 * is not open, `trouble` says why. */
bool db_open(struct store *s);
void db_close(struct store *s);
/* Writes all dirty runs in one transaction. */
bool db_flush(struct store *s);
/* STATE/progress.bak becomes a copy of the database. */
void db_backup(struct store *s);

/* Makes the directory and its parents (0700). */
bool dir_make(const char *path);
void dir_sync(const char *path);
void path_join(struct buf *out, const char *dir, const char *name);
bool file_copy(const char *from, const char *to); /* whole, synced, atomically */

#endif
