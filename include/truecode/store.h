/*
 * store: what is kept between runs of the program: progress (SQLite), tapes, and what
 * they were played with (files).
 *
 *     STATE/progress.db       one row per run: lesson, seed, how far, score
 *     STATE/progress.bak      its backup, made after each finished run
 *     STATE/tapes/ID.tape     the run itself; written ahead of what the screen shows
 *     STATE/texts/SHA256.lua  the lesson's text that runs were played with
 *     STATE/reports/ID.md     the report of a finished run, as it was at its end
 *
 * STATE is $XDG_STATE_HOME/truecode, or ~/.local/state/truecode. Folders are 0700 and
 * files 0600, whatever the umask; wider ones are narrowed.
 *
 * Nothing here stops a lesson. When the disk is full, read-only or broken, the store
 * goes on in memory, store_trouble() says so for a banner, and every later write tries
 * again; what could not be written is not forgotten while the program runs. The tapes
 * are the truth: a run whose row was lost is found again by its tape, and a score whose
 * tape is gone or was changed is not believed.
 *
 * Order. Runs are ordered by `written`: a number that rises with each write, given out
 * by the database. No clock decides which run goes on.
 *
 *     struct store *s = store_open(NULL);
 *     struct store_run run = store_begin(s, "all-green", hash, seed, mode);
 *     struct tape_file *t = tape_create(s, &run);  // the id is ours alone from here on
 *     tape_append(t, lines, n);               // on disk when it returns, or trouble
 *     run.finished = 1; run.score = 88; store_touch(s, &run);
 */
#ifndef TRUECODE_STORE_H
#define TRUECODE_STORE_H

#include "truecode/verdict.h"

#define STORE_ID_MAX 112

/* Why a run that was begun cannot go on. */
enum store_halt {
    HALT_NONE,
    HALT_UPDATE, /* the lesson or the engine is another one by now */
    HALT_DAMAGED /* its tape is damaged */
};

struct store_run {
    char id[STORE_ID_MAX]; /* "20260323-201205-all-green-000000000000002a" */
    char lesson[65];       /* [a-z0-9-] */
    char hash[65];         /* of the lesson's text it was last played with, or "" */
    uint64_t seed;
    enum play_mode mode;
    int64_t started;  /* seconds since 1970 */
    int64_t finished; /* the same; 0: not yet */
    int score;        /* 0..100; -1: none */
    enum outcome outcome;
    int hints;
    int step, steps;
    bool practice; /* not scored: after a rewind */
    bool dropped;  /* the learner began anew: not offered again */
    enum store_halt halt;
    int64_t written; /* the place in the order of writing; given by the store */
    char seal[65];   /* over tape and score; made by the store when it is saved */
    /* The score is that of the tape as it lies there, or was played in this process.
     * False: only a replay can tell; show no score. */
    bool vouched;
    int mark; /* the store's own */
};

struct store;
/* To play: makes what is not there. `dir` NULL: the XDG state directory. Always gives a
 * store; see store_trouble(). */
struct store *store_open(const char *dir) MUST_USE;
/* To look: makes no directory and no file, but mends what is damaged. */
struct store *store_look(const char *dir) MUST_USE;
void store_close(struct store *s);
const char *store_dir(const struct store *s);
/* Tries whether a tape could be written now; store_trouble() then says why not. */
void store_probe(struct store *s);

/* What cannot be saved (after store_look(): read) and why, one sentence; NULL: nothing.
 */
const char *store_trouble(const struct store *s);
/* What the learner must be told once (a damaged file was set aside, the folder was
 * removed while playing ...); NULL: nothing. */
const char *store_news(const struct store *s);
void store_told(struct store *s); /* the news was told */
/* What is saved cannot be read: no runs is then no statement (exit code 5). */
bool store_unreadable(const struct store *s);

/* All runs, the one written last at the end; valid until the next call that changes the
 * store. */
size_t store_runs(const struct store *s, const struct store_run **runs);
const struct store_run *store_run_by_id(const struct store *s, const char *id);
/* The run whose id this is, or is the beginning of. ERR_NOT_FOUND: none. ERR_INPUT: of
 * several; the sentence names some. */
enum err store_run_by_prefix(const struct store *s, const char *prefix,
                             const struct store_run **run, struct errmsg *why) MUST_USE;
/* The run of a lesson (NULL: of any) written last that is neither finished, dropped nor
 * halted; NULL: none. */
const struct store_run *store_unfinished(const struct store *s, const char *lesson);
/* That of such runs in which something was done: its tape has more than the reading of
 * the briefing. NULL: none. */
const struct store_run *store_begun(const struct store *s, const char *lesson);
/* The run of a lesson that was written last in which something was done and that is
 * neither finished nor dropped, if it is halted; NULL: none, or another goes on. */
const struct store_run *store_halted(const struct store *s, const char *lesson);
/* The finished run of a lesson (NULL: of any) that was written last; NULL: none. */
const struct store_run *store_finished(const struct store *s, const char *lesson);
/* The best finished run of a lesson with a score that is vouched for; NULL: none. */
const struct store_run *store_best(const struct store *s, const char *lesson);

/* A new run with an id of this second; tape_create() makes the id its own. */
struct store_run store_begin(struct store *s, const char *lesson, const char *hash,
                             uint64_t seed, enum play_mode mode);
/* Writes a run (by id) at its place in the order: true when it is on disk, false while
 * it is only in memory. */
bool store_save(struct store *s, const struct store_run *run);
/* The same, and it is the run written last from now on. Does nothing when it was that
 * already and nothing else `changed`. */
bool store_touch(struct store *s, const struct store_run *run, bool changed);
/* Tries to write what is still only in memory; true when nothing is left. */
bool store_retry(struct store *s);

/* ---- tapes ---------------------------------------------------------------------- */

struct tape_file;
/* Makes the tape's file, with a lock: no other window has the same. Where the id is
 * taken the run gets another one. Never NULL: without a disk the tape is kept in memory
 * and written when it can be. A tape in which nothing was ever written is removed when
 * it is closed. */
struct tape_file *tape_create(struct store *s, struct store_run *run) MUST_USE;
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
 * tells. A file that was removed meanwhile is made again, whole, and store_news() tells:
 * under another id (see tape_id) where the old one was taken. */
bool tape_append(struct tape_file *t, const char *lines, size_t n);
bool tape_retry(struct tape_file *t);
const char *tape_path(const struct tape_file *t);
const char *tape_id(const struct tape_file *t);
void tape_close(struct tape_file *t);   /* tries once more; NULL is fine */
void tape_discard(struct tape_file *t); /* and its file, if tape_create() made it */

/* ---- what runs were played with ------------------------------------------------- */

/* A lesson's text, kept under its SHA-256. False: it could not be written. */
bool text_keep(struct store *s, const char *hash, const char *text, size_t n);
/* ERR_NOT_FOUND: it was never kept. ERR_CORRUPT: it is another text by now. */
enum err text_kept(const struct store *s, const char *hash, struct buf *text,
                   struct errmsg *why) MUST_USE;
/* Where it is, or would be. */
void text_path(const struct store *s, const char *hash, struct buf *path);
/* The report of a run. */
bool report_keep(struct store *s, const char *id, const char *text, size_t n);
enum err report_kept(const struct store *s, const char *id, struct buf *text,
                     struct errmsg *why) MUST_USE;

/* ---- paths and files ------------------------------------------------------------ */

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
