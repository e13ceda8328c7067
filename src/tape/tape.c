/*
 * The tape's text: heads and lines written and read, each line chained to the ones
 * before.
 *
 * The reader looks at the chain before it looks at what a line says: a line that was
 * tampered with is told as that, whatever nonsense stands in it.
 */
#include "truecode/tape.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the chain ------------------------------------------------------------------- */

static void chain_set(struct tape_chain *c, const char *p, size_t n)
{
    char hex[65];
    sha256_hex(hex, p, n);
    memcpy(c->at, hex, TAPE_DIGEST);
    c->at[TAPE_DIGEST] = '\0';
}

/* The chain after a line that says `rest` behind its digest. */
static void chain_move(struct tape_chain *c, const char *rest, size_t n)
{
    struct buf b;
    buf_init(&b, 0);
    buf_adds(&b, c->at);
    buf_addch(&b, ' ');
    buf_add(&b, rest, n);
    chain_set(c, b.s, b.len);
    buf_release(&b);
}

/* ---- writing --------------------------------------------------------------------- */

void tape_put_head(struct buf *b, struct tape_chain *c, const struct tape_head *h)
{
    size_t from = b->len;
    buf_addf(b, TAPE_FORMAT "\nengine %d\nlesson %s %s\n", h->engine, h->lesson,
             h->hash);
    if (h->identity[0] != '\0')
        buf_addf(b, "identity %s\n", h->identity);
    buf_addf(b, "seed %" PRIu64 "\nmode %s\n", h->seed, h->mode);
    chain_set(c, b->s + from, b->len - from);
    buf_addf(b, "-- %s\n", c->at);
}

void tape_put_line(struct buf *b, struct tape_chain *c, const struct tape_line *l)
{
    assert(l->kind && l->text && l->kind[0]);
    struct buf rest;
    buf_init(&rest, TAPE_LINE_MAX - TAPE_DIGEST - 2);
    buf_addf(&rest, "%" PRId64 " %016" PRIx64 " %s%s", l->at, l->trace, l->kind,
             l->text[0] != '\0' ? " " : "");
    for (const char *p = l->text; *p != '\0'; p++)
        buf_addch(&rest, *p == '\n' || *p == '\r' ? ' ' : *p);
    chain_move(c, rest.s, rest.len);
    buf_addf(b, "%s %s\n", c->at, rest.s);
    buf_release(&rest);
}

/* ---- reading --------------------------------------------------------------------- */

/* The next whole line, copied; false: there is none. One that is too long is cut: it
 * then fits no chain and no form. */
static bool take_line(struct tape_reader *r, size_t *from, size_t *n)
{
    assert(*from <= r->len);
    const char *p = r->text + *from;
    const char *end = *from < r->len ? memchr(p, '\n', r->len - *from) : NULL;
    if (!end)
        return false;
    *n = (size_t)(end - p);
    *from += *n + 1;
    if (*n > sizeof r->copy - 1)
        *n = sizeof r->copy - 1;
    memcpy(r->copy, p, *n);
    r->copy[*n] = '\0';
    r->line++;
    return true;
}

static enum err no_tape(const struct tape_reader *r, const char *want,
                        struct errmsg *why)
{
    return errmsg_set(why, ERR_CORRUPT,
                      "that is no tape: line %zu should be \"%s\" and is \"%.60s\"",
                      r->line, want, r->copy);
}

/* The value of the head's line "KEY VALUE"; NULL: it is another line. */
static char *field(struct tape_reader *r, size_t *from, const char *key)
{
    size_t n, k = strlen(key);
    r->copy[0] = '\0';
    if (!take_line(r, from, &n)) {
        r->line++;
        return NULL;
    }
    return strncmp(r->copy, key, k) == 0 && r->copy[k] == ' ' ? r->copy + k + 1 : NULL;
}

static bool keep(char *to, size_t size, const char *from)
{
    assert(size > 0);
    return (size_t)snprintf(to, size, "%s", from) < size && from[0] != '\0';
}

static bool number(const char *s, uint64_t max, uint64_t *to)
{
    char *end;
    errno = 0;
    *to = strtoull(s, &end, 10);
    return s[0] >= '0' && s[0] <= '9' && *end == '\0' && errno == 0 && *to <= max;
}

static enum err read_format(struct tape_reader *r, size_t *from, struct errmsg *why)
{
    size_t n;
    r->copy[0] = '\0';
    if (!take_line(r, from, &n))
        r->line++;
    if (str_eq(r->copy, TAPE_FORMAT))
        return ERR_OK;
    if (str_starts(r->copy, "truecode tape "))
        return errmsg_set(why, ERR_CORRUPT,
                          "the tape is written as \"%.40s\"; this program reads "
                          "\"" TAPE_FORMAT "\"",
                          r->copy);
    return no_tape(r, TAPE_FORMAT, why);
}

static enum err read_lesson(struct tape_reader *r, size_t *from, struct errmsg *why)
{
    char *v = field(r, from, "lesson"), *hash = v ? strchr(v, ' ') : NULL;
    if (!hash)
        return no_tape(r, "lesson ID HASH", why);
    *hash++ = '\0';
    if (!keep(r->head.lesson, sizeof r->head.lesson, v) ||
        !keep(r->head.hash, sizeof r->head.hash, hash))
        return no_tape(r, "lesson ID HASH", why);
    return ERR_OK;
}

/* A tape without one is of its very text alone. */
static void read_identity(struct tape_reader *r, size_t *from)
{
    size_t after = *from, line = r->line;
    char *v = field(r, &after, "identity");
    if (v && keep(r->head.identity, sizeof r->head.identity, v))
        *from = after;
    else
        r->line = line;
}

static enum err read_head(struct tape_reader *r, size_t *from, struct errmsg *why)
{
    uint64_t engine = 0;
    enum err e = read_format(r, from, why);
    if (e != ERR_OK)
        return e;
    char *v = field(r, from, "engine");
    if (!v || !number(v, 1000000, &engine))
        return no_tape(r, "engine NUMBER", why);
    r->head.engine = (int)engine;
    e = read_lesson(r, from, why);
    if (e != ERR_OK)
        return e;
    read_identity(r, from);
    v = field(r, from, "seed");
    if (!v || !number(v, UINT64_MAX, &r->head.seed))
        return no_tape(r, "seed NUMBER", why);
    v = field(r, from, "mode");
    if (!v || !keep(r->head.mode, sizeof r->head.mode, v))
        return no_tape(r, "mode WORD", why);
    return ERR_OK;
}

enum err tape_open(struct tape_reader *r, const char *text, size_t len,
                   struct errmsg *why)
{
    assert(text || !len);
    size_t from = 0;
    memset(r, 0, sizeof *r);
    r->text = text;
    r->len = len;
    enum err e = read_head(r, &from, why);
    if (e != ERR_OK)
        return e;
    chain_set(&r->chain, text, from);
    char *v = field(r, &from, "--");
    if (!v)
        return no_tape(r, "-- DIGEST", why);
    if (!str_eq(v, r->chain.at))
        return errmsg_set(why, ERR_MISMATCH,
                          "tape line %zu: the head was changed: its digest is %s, "
                          "written is %.40s",
                          r->line, r->chain.at, v);
    r->good = from;
    return ERR_OK;
}

/* TIME TRACE KIND [TEXT], behind the digest. */
static bool parse(char *s, struct tape_line *l)
{
    char *end;
    errno = 0;
    l->at = strtoll(s, &end, 10);
    if (s[0] < '0' || s[0] > '9' || *end != ' ' || errno != 0)
        return false;
    s = end + 1;
    l->trace = strtoull(s, &end, 16);
    if (end != s + TAPE_DIGEST || *end != ' ')
        return false;
    l->kind = end + 1;
    char *text = strchr(l->kind, ' ');
    l->text = text ? text + 1 : "";
    if (text)
        *text = '\0';
    return l->kind[0] != '\0';
}

static bool has_digest(const char *s, size_t n)
{
    return n > TAPE_DIGEST && strspn(s, "0123456789abcdef") == TAPE_DIGEST &&
           s[TAPE_DIGEST] == ' ';
}

static enum err broken_chain(const struct tape_reader *r, const char *want, size_t n,
                             struct errmsg *why)
{
    if (!has_digest(r->copy, n))
        return errmsg_set(why, ERR_MISMATCH,
                          "tape line %zu: it should begin with its digest, and begins "
                          "with \"%.20s\"",
                          r->line, r->copy);
    return errmsg_set(
        why, ERR_MISMATCH,
        "tape line %zu: this line was changed, or one above it is missing "
        "or was moved: its digest is %s, written is %.16s",
        r->line, want, r->copy);
}

enum err tape_next(struct tape_reader *r, struct tape_line *l, struct errmsg *why)
{
    size_t from = r->good, n;
    if (!take_line(r, &from, &n))
        return ERR_NOT_FOUND;
    struct tape_chain next = r->chain;
    size_t skip = has_digest(r->copy, n) ? TAPE_DIGEST + 1 : 0;
    chain_move(&next, r->copy + skip, n - skip);
    if (skip == 0 || strncmp(next.at, r->copy, TAPE_DIGEST) != 0)
        return broken_chain(r, next.at, n, why);
    if (strlen(r->copy) != n || !parse(r->copy + skip, l))
        return errmsg_set(why, ERR_CORRUPT,
                          "tape line %zu: expected DIGEST TIME TRACE KIND TEXT, found "
                          "\"%.60s\"",
                          r->line, r->copy);
    r->chain = next;
    r->good = from;
    return ERR_OK;
}

size_t tape_good_prefix(const char *text, size_t len, size_t *bad)
{
    struct tape_reader r;
    struct tape_line l;
    enum err e = tape_open(&r, text, len, NULL);
    while (e == ERR_OK)
        e = tape_next(&r, &l, NULL);
    *bad = e == ERR_NOT_FOUND ? 0 : r.line;
    return r.good;
}
