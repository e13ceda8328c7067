/*
 * tape: the text of a recorded run: a head, then one line per input.
 *
 *     truecode tape 2
 *     engine 1
 *     lesson all-green <sha256 of the file>
 *     identity <sha256 of what decides the run: lesson_identity()>
 *     seed 7
 *     mode guided
 *     -- 5d41402abc4b2a76
 *     7c01d3aa52e09b14 1800000000000 4be2f00c9d5ab731 read
 *     03b5f6c2d9a81e77 1800000000000 4be2f00c9d5ab731 cmd restart checkout --rolling
 *     b17e0c4421f3d960 1810000000000 9d20cc1b77ae3f02 time
 *     e8d3470fa6b2951c 2400000000000 1f6b8e03d4c97a25 score 88 recovered
 *
 * A line: DIGEST TIME TRACE KIND [TEXT]. TIME is simulated, in nanoseconds. TRACE is
 * the digest of the world's trace up to the input. DIGEST chains the lines: it is the
 * first 16 hex digits of the SHA-256 of this very line (without its newline) with the
 * digest of the line before in its place; that of "--" is of the whole text above it.
 * So a line that was edited, dropped, doubled, moved or robbed of its digest is found
 * at once, without a world; and an input that made something else of the world is found
 * when the run is played again. What a chain without a secret cannot find: a tape that
 * somebody makes anew as a whole, and an end that was cut off at a line.
 *
 * A last line without its newline was cut short by a crash and is not a line: whoever
 * owns the file truncates it to the last newline before appending.
 *
 * This module knows text alone: no world, no file. Reading:
 *
 *     struct tape_reader r;
 *     struct tape_line l;
 *     enum err e = tape_open(&r, text, len, &why);
 *     while (e == ERR_OK && (e = tape_next(&r, &l, &why)) == ERR_OK)
 *         use(&l);                              // ERR_NOT_FOUND: that was all
 */
#ifndef TRUECODE_TAPE_H
#define TRUECODE_TAPE_H

#include "truecode/base.h"

/* Rises whenever a pinned trace digest changes: older tapes cannot be resumed or
 * graded. */
#define ENGINE_NUMBER 3

#define TAPE_FORMAT   "truecode tape 2"
#define TAPE_DIGEST   16   /* hex digits */
#define TAPE_LINE_MAX 8192 /* bytes; what is longer is no line */

struct tape_head {
    int engine;
    char lesson[65];   /* the lesson's id */
    char hash[65];     /* of its text */
    char identity[65]; /* of what in it decides the run; "" not told */
    uint64_t seed;
    char mode[16]; /* "guided", "on-call" */
};

/* The digest of all that was written so far. */
struct tape_chain {
    char at[TAPE_DIGEST + 1];
};

struct tape_line {
    sim_time at;
    uint64_t trace;
    const char *kind; /* "read", "seen", "cmd", "found", "time", "score" */
    const char *text; /* "" none; read: valid until the next call on the reader */
};

/* Append to `b` and move the chain on. A newline within a text becomes a space. */
void tape_put_head(struct buf *b, struct tape_chain *c, const struct tape_head *h);
void tape_put_line(struct buf *b, struct tape_chain *c, const struct tape_line *l);

struct tape_reader {
    struct tape_head head;
    struct tape_chain chain;
    size_t line; /* the number of the line read last, from 1 */
    size_t good; /* bytes up to the end of the last good line */
    const char *text;
    size_t len;
    char copy[TAPE_LINE_MAX];
};

/* ERR_CORRUPT: that is no tape, or one of another format. ERR_MISMATCH: its head was
 * changed. The text is borrowed. */
enum err tape_open(struct tape_reader *r, const char *text, size_t len,
                   struct errmsg *why) MUST_USE;
/* ERR_NOT_FOUND: there is no further whole line (`why` is left alone). ERR_MISMATCH:
 * the chain breaks at this line. ERR_CORRUPT: the chain holds, but that is no line of a
 * tape. Each names the line. */
enum err tape_next(struct tape_reader *r, struct tape_line *l,
                   struct errmsg *why) MUST_USE;

/* The bytes of a tape that hold: whole lines up to the first that does not fit the
 * chain. 0: not even the head. *bad: the number of that line; 0: every whole line is
 * good. */
size_t tape_good_prefix(const char *text, size_t len, size_t *bad);

#endif
