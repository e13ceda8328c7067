/*
 * Small questions about strings: equal, begins with, matches, and what was meant.
 *
 * All of it bytewise or in ASCII; nothing asks the locale.
 */
#include "truecode/base.h"

#include <string.h>

bool str_eq(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static size_t char_length(const char *s)
{
    uint32_t cp;
    return utf8_next(s, strlen(s), &cp);
}

/* A later star can do whatever an earlier one could, so only the last is ever tried
 * again: the work is at most length times length. */
bool str_match(const char *pattern, const char *s)
{
    const char *star = NULL, *resume = NULL;
    while (*s) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = s;
        } else if (*pattern == '?') {
            pattern++;
            s += char_length(s);
        } else if (*pattern == *s) {
            pattern++;
            s++;
        } else if (star) {
            pattern = star;
            s = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* ---- did you mean ---------------------------------------------------------------- */

enum {
    WORD_MAX = 63,    /* longer words are nobody's typing mistakes */
    BEGINNING_MIN = 3 /* fewer letters begin too much */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, change, swap neighbours) from a to b: optimal string
 * alignment, three rows of the table. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++)
        above[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[nb];
}

/* Whether a part of `name` begins with `word`: "message" of poison-message. */
static bool has_part(const char *name, const char *word)
{
    for (const char *at = name; *at; at += strcspn(at, "-_")) {
        at += strspn(at, "-_");
        if (str_starts(at, word))
            return true;
    }
    return false;
}

/* The only one of `names` of which a part begins with `word`; NULL: none, or several. */
static const char *continued(const char *word, const char *const *names, size_t count)
{
    const char *only = NULL;
    if (strlen(word) < BEGINNING_MIN)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!has_part(names[i], word) || str_eq(names[i], only))
            continue;
        if (only)
            return NULL;
        only = names[i];
    }
    return only;
}

const char *text_suggest(const char *word, const char *const *names, size_t count)
{
    size_t n = strlen(word);
    if (n > WORD_MAX)
        return NULL;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t m = strlen(names[i]);
        if (m > WORD_MAX)
            continue;
        size_t d = distance(word, n, names[i], m);
        if (d <= (n > m ? n : m) / 3 && d < best_distance) {
            best_distance = d;
            best = names[i];
        }
    }
    return best ? best : continued(word, names, count);
}
