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
    HALT_DAMAGED /* the tape is damaged */
};

struct store_run {
    char id[STORE_ID_MAX]; /* "20260323-201205-all-green-000000000000002a" */
    char lesson[65];       /* [a-z0-9-] */
    char hash[65];         /* of the text that was played last; "": not known */
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
    char seal[65];   /* over tape and score; made by the store when a run is saved */
    /* The score belongs to the tape as it lies there, or was played in this process.
     * False: only a replay can tell; show no score. */
    bool vouched;
    int mark; /* the store's own */
};

struct store;
/* Opens the store to play: makes what is not there. `dir` NULL: the XDG state
 * directory. Never NULL; see store_trouble(). */
struct store *store_open(const char *dir) MUST_USE;
/* Opens it to look: makes no directory and no file, but mends what is damaged. */
struct store *store_look(const char *dir) MUST_USE;
void store_close(struct store *s);
const char *store_dir(const struct store *s);
/* Tries whether a tape could be written now; store_trouble() then says why not. */
void store_probe(struct store *s);

/* The sentence on what cannot be saved (after store_look(): read), and why; NULL: all
 * can. */
const char *store_trouble(const struct store *s);
/* News that the learner must be told once (a damaged file was set aside, the folder was
 * removed while playing ...); NULL: none. store_told() takes them away. */
const char *store_news(const struct store *s);
void store_told(struct store *s);
/* Whether saved runs are there and cannot be read: an empty list then says nothing
 * (exit code 5). */
bool store_unreadable(const struct store *s);

/* Gives all runs, the one written last at the end; valid until the next call that
 * changes the store. Returns their number. */
size_t store_runs(const struct store *s, const struct store_run **runs);
const struct store_run *store_run_by_id(const struct store *s, const char *id);
/* Finds a run by its id or the beginning of it. ERR_NOT_FOUND: no id begins so.
 * ERR_INPUT: several do; the sentence names some. */
enum err store_run_by_prefix(const struct store *s, const char *prefix,
                             const struct store_run **run, struct errmsg *why) MUST_USE;
/* Runs of a lesson (NULL: of any lesson), of several the one written last; NULL: none.
 * "Open" is neither finished nor dropped; "touched" has more on its tape than the
 * reading of the briefing.
 *
 *     store_unfinished  open, not halted
 *     store_begun       open, not halted, touched
 *     store_halted      open, touched, if it is halted; NULL also where another goes on
 *     store_finished    finished
 *     store_drawn       open, not halted, touched, drawn blind; of no lesson that anybody
 *                       names: the three above leave it out where a lesson is asked for
 *     store_ending      the i-th of the finished, the latest first
 *     store_best        finished, vouched for, with the best score
 *     store_best_as     the same, of those guided or of those on call; a drawn night on
 *                       which nothing was wrong is none of them */
const struct store_run *store_unfinished(const struct store *s, const char *lesson);
const struct store_run *store_begun(const struct store *s, const char *lesson);
const struct store_run *store_halted(const struct store *s, const char *lesson);
const struct store_run *store_finished(const struct store *s, const char *lesson);
const struct store_run *store_drawn(const struct store *s);
const struct store_run *store_ending(const struct store *s, const char *lesson,
                                     size_t i);
const struct store_run *store_best(const struct store *s, const char *lesson);
const struct store_run *store_best_as(const struct store *s, const char *lesson,
                                      bool on_call);

/* Makes a new run with an id of this second; tape_create() makes the id unique. */
struct store_run store_begin(struct store *s, const char *lesson, const char *hash,
                             uint64_t seed, enum play_mode mode);
/* Writes a run (by id) at its place in the order. True: on disk; false: only in memory
 * so far. */
bool store_save(struct store *s, const struct store_run *run);
/* Writes a run as the last in the order. Does nothing where it is the last already and
 * nothing else `changed`. */
bool store_touch(struct store *s, const struct store_run *run, bool changed);
/* Tries to write what is still only in memory; true when nothing is left. */
bool store_retry(struct store *s);

/* ---- tapes ----------------------------------------------------------------------- */

struct tape_file;
/* Makes the tape's file, with a lock: no other window has the same. Where the id is
 * taken the run gets another one. Never NULL: without a disk the tape is kept in memory
 * and written when that is possible. A tape in which nothing was ever written is
 * removed when it is closed. */
struct tape_file *tape_create(struct store *s, struct store_run *run) MUST_USE;
/* Opens the tape of a run to go on with: the whole lines go to `text`.
 *
 *     ERR_REFUSED            another window plays it
 *     ERR_NOT_FOUND, ERR_IO  the file cannot be read */
enum err tape_resume(struct tape_file **out, struct store *s,
                     const struct store_run *run, struct buf *text,
                     struct errmsg *why) MUST_USE;
/* Reads a tape without opening it for play. */
enum err tape_read(const struct store *s, const struct store_run *run, struct buf *text,
                   struct errmsg *why) MUST_USE;
/* Whether something was done in the run: more is on its tape than the reading of the
 * briefing. */
bool tape_touched(const struct store *s, const struct store_run *run);
/* Appends whole lines. True: on disk (synced); false: in memory, and store_trouble()
 * tells. A file that was removed meanwhile is made again, whole, and store_news()
 * tells: under another id (see tape_id()) where the old one was taken. */
bool tape_append(struct tape_file *t, const char *lines, size_t n);
/* Tries to write what is in memory; true: nothing is left. */
bool tape_retry(struct tape_file *t);
const char *tape_path(const struct tape_file *t);
const char *tape_id(const struct tape_file *t);
void tape_close(struct tape_file *t); /* after one more tape_retry(); NULL is fine */
/* Closes the tape and removes its file, if tape_create() made it. */
void tape_discard(struct tape_file *t);

/* ---- what runs were played with -------------------------------------------------- */

/* Keeps a lesson's text under its SHA-256. False: not written. */
bool text_keep(struct store *s, const char *hash, const char *text, size_t n);
/* Reads a kept text. ERR_NOT_FOUND: never kept. ERR_CORRUPT: another text by now. */
enum err text_kept(const struct store *s, const char *hash, struct buf *text,
                   struct errmsg *why) MUST_USE;
/* The path of a text's file, be it there or not. */
void text_path(const struct store *s, const char *hash, struct buf *path);
/* Keep the report of a run under the run's id, and read it. */
bool report_keep(struct store *s, const char *id, const char *text, size_t n);
enum err report_kept(const struct store *s, const char *id, struct buf *text,
                     struct errmsg *why) MUST_USE;

/* ---- paths and files ------------------------------------------------------------- */

/* The state directory as a path, NUL-terminated; false: neither XDG_STATE_HOME nor
 * HOME. */
bool store_default_dir(struct buf *path);
/* Reads a regular file of at most `max` bytes. ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, each
 * with a sentence that names the file. */
enum err file_read(const char *path, size_t max, struct buf *out,
                   struct errmsg *why) MUST_USE;
/* Replaces a file (or the one a link of that name leads to) by these bytes, all at
 * once, 0600; its folder is made, or narrowed, to 0700 (one behind a link stays as it
 * is). ERR_IO: the file is as it was. */
enum err file_replace(const char *path, const char *s, size_t n,
                      struct errmsg *why) MUST_USE;

#endif
