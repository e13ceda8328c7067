/*
 * store: what is kept between runs of the program: progress (SQLite) and tapes (text
 * files).
 *
 *     STATE/progress.db    one row per run: lesson, seed, score
 *     STATE/progress.bak   its backup, made after each finished run
 *     STATE/tapes/ID.tape  the run itself; written ahead of what the screen shows
 *
 * STATE is $XDG_STATE_HOME/truecode, or ~/.local/state/truecode, mode 0700.
 *
 * Nothing here stops a lesson. When the disk is full, read-only or broken, the store
 * goes on in memory, store_trouble() says so for a banner, and every later write tries
 * again; what could not be written is not forgotten while the program runs. The tapes
 * are the truth: a run whose row was lost is found again by its tape.
 *
 *     struct store *s = store_open(NULL);
 *     struct store_run run = store_begin(s, "all-green", hash, seed, mode);
 *     struct tape_file *t = tape_create(s, &run);
 *     tape_append(t, lines, n);               // on disk when it returns, or trouble
 *     run.finished = 1; run.score = 88; store_save(s, &run);
 */
#ifndef TRUECODE_STORE_H
#define TRUECODE_STORE_H

#include "truecode/base.h"

#define STORE_ID_MAX 112

struct store_run {
    char id[STORE_ID_MAX]; /* "20260323-201205-all-green-000000000000002a": sorts by
                              time */
    char lesson[65];       /* [a-z0-9-] */
    char hash[65];         /* of the lesson's text, or "" */
    uint64_t seed;
    int mode;         /* enum session_mode */
    int64_t started;  /* seconds since 1970 */
    int64_t finished; /* the same; 0: not yet */
    int score;        /* 0..100; -1: none */
    int outcome;      /* enum outcome */
    int hints;
    int step, steps;
    bool practice; /* not scored: after a rewind */
    bool dropped;  /* the learner began anew: not offered again */
};

struct store;
/* `dir` NULL: the XDG state directory. Always gives a store; see store_trouble(). */
struct store *store_open(const char *dir) MUST_USE;
void store_close(struct store *s);
const char *store_dir(const struct store *s);

/* What cannot be saved and why, one sentence for a banner; NULL: all is saved. */
const char *store_trouble(const struct store *s);
/* What the learner must be told once (a damaged file was set aside ...); NULL: nothing.
 */
const char *store_news(const struct store *s);
/* The saved state cannot be read at all (exit code 5). */
bool store_unreadable(const struct store *s);

/* All runs, oldest first; valid until the next call that changes the store. */
size_t store_runs(const struct store *s, const struct store_run **runs);
const struct store_run *store_run_by_id(const struct store *s, const char *id);
/* The newest run of a lesson (NULL: of any) that is neither finished nor dropped; NULL:
 * none. */
const struct store_run *store_unfinished(const struct store *s, const char *lesson);
/* The newest such run in which something was done: its tape has more than the reading
 * of the briefing. NULL: none. */
const struct store_run *store_begun(const struct store *s, const char *lesson);
/* The run of a lesson (NULL: of any) that was finished last; NULL: none. */
const struct store_run *store_finished(const struct store *s, const char *lesson);
/* The best finished run of a lesson; NULL: none. */
const struct store_run *store_best(const struct store *s, const char *lesson);

/* A new run with a fresh id; saved with its first store_save(). */
struct store_run store_begin(struct store *s, const char *lesson, const char *hash,
                             uint64_t seed, int mode);
/* Writes a run (by id): true when it is on disk, false while it is only in memory. */
bool store_save(struct store *s, const struct store_run *run);
/* Tries to write what is still only in memory; true when nothing is left. */
bool store_retry(struct store *s);

/* ---- tapes
 * -------------------------------------------------------------------------------- */

struct tape_file;
/* Never NULL: without a disk the tape is kept in memory and written when it can be. */
struct tape_file *tape_create(struct store *s, const struct store_run *run) MUST_USE;
/* Opens the tape of a run to go on with it: its whole lines go to `text`. ERR_REFUSED:
 * another window plays it. ERR_NOT_FOUND, ERR_IO: it cannot be read. */
enum err tape_resume(struct tape_file **out, struct store *s,
                     const struct store_run *run, struct buf *text,
                     struct errmsg *why) MUST_USE;
/* Reads a tape without opening it for play. */
enum err tape_read(const struct store *s, const struct store_run *run, struct buf *text,
                   struct errmsg *why) MUST_USE;
/* Something was done in the run: its tape has more than the reading of the briefing. */
bool tape_touched(const struct store *s, const struct store_run *run);
/* Whole lines. true: they are on disk (synced); false: in memory, store_trouble()
 * tells. */
bool tape_append(struct tape_file *t, const char *lines, size_t n);
bool tape_retry(struct tape_file *t);
const char *tape_path(const struct tape_file *t);
void tape_close(struct tape_file *t); /* tries once more; NULL is fine */

/* ---- paths and files
 * ------------------------------------------------------------------------ */

/* The state directory as a path, NUL-terminated; false: neither XDG_STATE_HOME nor
 * HOME. */
bool store_default_dir(struct buf *path);
/* A regular file of at most `max` bytes. ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, each with a
 * sentence that names it. */
enum err file_read(const char *path, size_t max, struct buf *out,
                   struct errmsg *why) MUST_USE;
/* The file (or the one a link of that name leads to) becomes these bytes, all at once,
 * 0600; its folder is made, or narrowed, to 0700. ERR_IO: it is as it was. */
enum err file_replace(const char *path, const char *s, size_t n,
                      struct errmsg *why) MUST_USE;

#endif
