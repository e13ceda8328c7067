/*
 * scan: the words of a lesson file, before Lua sees it (scan.c), and the code of its
 * functions as words (source.c).
 *
 * A finished Lua table has forgotten on which line a key stood; the scan remembers, for
 * every key and every string literal. It also refuses what Lua's parser would take and the
 * sandbox must not have, and hands the text to the parser piece by piece.
 *
 *     struct scan s = {0};
 *     if (scan_text(&s, text, len, "all-green.lua", &why) != ERR_OK) ...
 *     int line = scan_line(&s, "say", step_line);   // where the step's `say` is written
 *     scan_release(&s);
 *
 * Owner: the caller owns the scan and the text, which outlives it. Lines are counted from 1,
 * offsets are bytes of the text.
 */
#ifndef LESSON_SCAN_H
#define LESSON_SCAN_H

#include "truecode/base.h"

struct scan_mark { /* a key or a string literal */
    uint32_t off, len;
    int line;
    uint32_t scope; /* keys in { }: the number of that table; else 0 */
};
struct scan_edit { /* the parser gets `text` before this offset */
    size_t off;
    const char *text;
};
struct scan {
    const char *text; /* borrowed */
    size_t len;
    struct scan_mark *marks; /* in order of length, bytes and line */
    size_t n, cap;
    struct scan_edit *edits; /* in order of their offsets */
    size_t nedits, edits_cap;
    bool modulo; /* the operator % is used */
    int open;    /* brackets and blocks left open; 0 for whatever Lua takes */
    struct scan_mark twice; /* a key that stands twice in one table; len 0: none */
    int first_line;         /* where it stands first */
};
/* Reads the tokens. ERR_LESSON: what Lua would take but the sandbox must not (scan.c). */
enum err scan_text(struct scan *s, const char *text, size_t len, const char *name,
                   struct errmsg *why) MUST_USE;
void scan_release(struct scan *s);
/* The line of the first mark `word` at or after line `from`; `from` when there is none.
 */
int scan_line(const struct scan *s, const char *word, int from);
/* Whether the bounds of a for on this line were wrapped. */
bool scan_wraps(const struct scan *s, int line);
/* The parser's next piece: a line at most. NULL: the end. Starts from zero. */
struct scan_reader {
    size_t off, edit;
    int line; /* lines begun */
};
const char *scan_piece(const struct scan *s, struct scan_reader *r, size_t *n);

/* source.c: the words of every function that begins on line `first` and ends on `last`,
 * without comments and blanks; when there is none, those of the whole file. */
void source_functions(const char *text, size_t len, int first, int last,
                      struct buf *out);

#endif
