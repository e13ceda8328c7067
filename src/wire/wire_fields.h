/*
 * Every field of every message, once: its type, and the bounds that a reader holds it to.
 * Writing, reading and checking are made of these lists (wire_messages.c), in this order;
 * a field that is missing here does not go over the wire.
 *
 *     X(type, member, bounds ..., complaint)
 *
 *     ENUM    an enum with so many values
 *     BOOL    yes or no
 *     U32     unsigned; SIZE: size_t, below 2^32; POINT: a code point
 *     U64     uint64_t
 *     INT     int, from .. to
 *     TIME    sim_time, from .. to
 *     REAL    double, from .. to (so not NaN); NUMBER: any double
 *     SHARES  an array of so many doubles, each 0..1
 *     COUNTS  an array of so many unsigned
 *     BYTES   const char * and its length, at most so many; any bytes
 *     STRING  const char *, at most so many bytes, no NUL inside
 *     CLEAN   const char *, at most so many bytes; made clean (text_clean()), one line
 *     LINES   the same, newlines stay
 *     CHARS   a char array; made clean, cut to its size
 *     ID      a lesson's id, [a-z0-9-], or ""
 *     HASH    64 hexadecimal digits, or ""
 *     TAPE    whole lines of printable text, and their length
 *     FRAME   struct wire_frame (wire_cells.c)
 *     LIST    an array and its length, of at most so many of a message below
 *     IF      a message below, there when the flag before it is set
 *     OF      a message below
 */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include "wire_internal.h"

#define LINE_MAX_BYTES    (64u * 1024)
#define NAME_MAX_BYTES    256
#define PROGRAM_MAX_BYTES 1024
#define REASON_MAX_BYTES  1024
#define FIELD_MAX_BYTES   4096
#define TEXT_MAX_BYTES    (4u * 1024 * 1024)
#define PROOF_ROWS_MAX    2000
#define PLAYER_ROWS_MAX   (MODE_COUNT * PLAYER_COUNT)

/* ---- requests -------------------------------------------------------------------- */

#define ENDING_FIELDS(X)                                                               \
    X(CLEAN, when, NAME_MAX_BYTES, "a date is too long")                               \
    X(ENUM, mode, MODE_COUNT, "an unknown mode")                                       \
    X(ENUM, outcome, OUTCOME_COUNT, "an unknown outcome")                              \
    X(INT, score, -1, 100, "a score is not within 0 to 100")

#define LESSON_FIELDS(X)                                                               \
    X(STRING, name, NAME_MAX_BYTES, "a lesson's name is too long")                     \
    X(BYTES, text, len, LESSON_MAX_BYTES, "a lesson is too long")                      \
    X(STRING, broken, REASON_MAX_BYTES, "a reason is too long")                        \
    X(INT, best, -1, 100, "a score is not within 0 to 100")                            \
    X(ENUM, outcome, OUTCOME_COUNT, "an unknown outcome")                              \
    X(BOOL, saved)                                                                     \
    X(BOOL, stopped)                                                                   \
    X(BOOL, alone)                                                                     \
    X(INT, best_alone, 0, 100, "a score is not within 0 to 100")                       \
    X(ENUM, outcome_alone, OUTCOME_COUNT, "an unknown outcome")                        \
    X(LIST, endings, nendings, ending, WIRE_ENDINGS_MAX, "too many endings")

#define KEY_FIELDS(X)                                                                  \
    X(ENUM, kind, KEY_KINDS, "an unknown key")                                         \
    X(POINT, cp, "a key is no character")                                              \
    X(BOOL, ctrl)                                                                      \
    X(BOOL, alt)                                                                       \
    X(INT, row, 0, SCREEN_ROWS_MAX - 1, "the mouse is below the screen")               \
    X(INT, col, 0, SCREEN_COLS_MAX - 1, "the mouse is beside the screen")

#define REQUEST_FIELDS(X)                                                              \
    X(ENUM, op, WIRE_OPS, "an unknown request")                                        \
    X(STRING, name, NAME_MAX_BYTES, "a name is too long")                              \
    X(BYTES, text, len, LESSON_MAX_BYTES, "the lesson is too long")                    \
    X(LIST, lessons, nlessons, lesson, LESSONS_MAX, "too many lessons")                \
    X(BYTES, tape, tape_len, TAPE_MAX_BYTES, "the tape is too long")                   \
    X(U64, seed)                                                                       \
    X(U64, first_seed)                                                                 \
    X(ENUM, mode, MODE_COUNT, "an unknown mode")                                       \
    X(BOOL, draft)                                                                     \
    X(BOOL, early)                                                                     \
    X(ENUM, face, WIRE_FACES, "an unknown face")                                       \
    X(INT, rows, 0, SCREEN_ROWS_MAX, "too many rows")                                  \
    X(INT, cols, 0, SCREEN_COLS_MAX, "too many columns")                               \
    X(ENUM, glyphs, GLYPHS_COUNT, "unknown glyphs")                                    \
    X(BOOL, mono)                                                                      \
    X(CLEAN, program, PROGRAM_MAX_BYTES, "the program's name is too long")             \
    X(LIST, keys, nkeys, key, WIRE_KEYS_MAX, "too many keys at once")                  \
    X(STRING, line, LINE_MAX_BYTES, "the line is too long")                            \
    X(TIME, elapsed, 0, SIM_MIN, "more time went by than can be")                      \
    X(U64, max_events)                                                                 \
    X(REAL, speed, 0, 1000, "the speed is out of range")                               \
    X(U32, count)                                                                      \
    X(TIME, until, 0, INT64_MAX, "the end lies before the beginning")                  \
    X(BOOL, json)                                                                      \
    X(BOOL, drawn)                                                                     \
    X(BOOL, no_frame)

/* ---- answers --------------------------------------------------------------------- */

#define TERM_FIELDS(X)                                                                 \
    X(CLEAN, word, FIELD_MAX_BYTES, "a word is too long")                              \
    X(CLEAN, meaning, FIELD_MAX_BYTES, "a meaning is too long")

#define CARD_FIELDS(X)                                                                 \
    X(ID, id)                                                                          \
    X(CLEAN, title, FIELD_MAX_BYTES, "a title is too long")                            \
    X(CLEAN, track, FIELD_MAX_BYTES, "a track's name is too long")                     \
    X(CLEAN, summary, FIELD_MAX_BYTES, "a summary is too long")                        \
    X(CLEAN, post, FIELD_MAX_BYTES, "a post's title is too long")                      \
    X(HASH, hash)                                                                      \
    X(CLEAN, broken, FIELD_MAX_BYTES, "a reason is too long")                          \
    X(CLEAN, asks, FIELD_MAX_BYTES, "a track's question is too long")                  \
    X(CLEAN, why, FIELD_MAX_BYTES, "a lesson's reason is too long")                    \
    X(CLEAN, teaches, FIELD_MAX_BYTES, "what a lesson teaches is too long")            \
    X(LIST, terms, nterms, term, LESSONS_MAX, "a lesson has too many words")           \
    X(INT, minutes, 0, 1000, "a lesson's length is out of range")                      \
    X(INT, level, 0, 100, "a lesson's level is out of range")

#define SCORE_FIELDS(X)                                                                \
    X(SHARES, part, SCORE_PARTS, "a part of the score is not within 0 to 1")           \
    X(INT, total, 0, 100, "a score is not within 0 to 100")                            \
    X(ENUM, outcome, OUTCOME_COUNT, "an unknown outcome")                              \
    X(U64, bad_you)                                                                    \
    X(U64, bad_reference)                                                              \
    X(U64, bad_nothing)                                                                \
    X(INT, hints, 0, 100000, "a count of hints is out of range")

#define ROW_FIELDS(X)                                                                  \
    X(ENUM, kind, PROOF_COUNT, "an unknown kind of proof")                             \
    X(CHARS, name, "a name is too long")                                               \
    X(U32, passed)                                                                     \
    X(U32, failed)                                                                     \
    X(U64, first_bad_seed)                                                             \
    X(NUMBER, margin_min)                                                              \
    X(CHARS, detail, "a detail is too long")

#define PROOF_FIELDS(X)                                                                \
    X(U32, seeds)                                                                      \
    X(BOOL, ok)                                                                        \
    X(LIST, rows, n, row, PROOF_ROWS_MAX, "a proof has too many rows")

#define PLAYER_FIELDS(X)                                                               \
    X(ENUM, player, PLAYER_COUNT, "an unknown player")                                 \
    X(ENUM, mode, MODE_COUNT, "an unknown mode")                                       \
    X(U32, seeds)                                                                      \
    X(U32, passed)                                                                     \
    X(INT, least, 0, 100, "a score is not within 0 to 100")                            \
    X(INT, most, 0, 100, "a score is not within 0 to 100")                             \
    X(REAL, mean, 0, 100, "a score is not within 0 to 100")                            \
    X(COUNTS, ended, OUTCOME_COUNT)                                                    \
    X(U64, best_seed)

#define PLAYERS_FIELDS(X)                                                              \
    X(LIST, rows, n, player, PLAYER_ROWS_MAX, "there are too many players")

#define ANSWER_FIELDS(X)                                                               \
    X(ENUM, kind, WIRE_KINDS, "an unknown kind of answer")                             \
    X(ENUM, err, ERR_COUNT, "an unknown error")                                        \
    X(LINES, error, FIELD_MAX_BYTES, "an error is too long")                           \
    X(SIZE, bad_line)                                                                  \
    X(ENUM, want, WANT_COUNT, "an unknown wish")                                       \
    X(ID, want_lesson)                                                                 \
    X(U32, want_number)                                                                \
    X(BOOL, more)                                                                      \
    X(BOOL, ticking)                                                                   \
    X(BOOL, fast)                                                                      \
    X(BOOL, bell)                                                                      \
    X(BOOL, over)                                                                      \
    X(BOOL, opening)                                                                   \
    X(LINES, text, TEXT_MAX_BYTES, "a text is too long")                               \
    X(CLEAN, prompt, FIELD_MAX_BYTES, "a prompt is too long")                          \
    X(TAPE, tape, tape_len, TAPE_MAX_BYTES, "too much tape at once")                   \
    X(FRAME, frame)                                                                    \
    X(ID, lesson)                                                                      \
    X(CLEAN, title, FIELD_MAX_BYTES, "a title is too long")                            \
    X(HASH, hash)                                                                      \
    X(U64, seed)                                                                       \
    X(U64, digest)                                                                     \
    X(TIME, now, 0, INT64_MAX, "the moment lies before time")                          \
    X(SIZE, step)                                                                      \
    X(SIZE, nsteps)                                                                    \
    X(BOOL, practice)                                                                  \
    X(BOOL, scored)                                                                    \
    X(IF, score, scored, score)                                                        \
    X(LIST, cards, ncards, card, LESSONS_MAX, "too many lessons")                      \
    X(U32, done)                                                                       \
    X(U32, all)                                                                        \
    X(U64, events)                                                                     \
    X(OF, proof, proof)                                                                \
    X(OF, players, players)

#endif
