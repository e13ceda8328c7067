/*
 * Lesson texts made wrong at random: bytes changed, pieces cut out, doubled and
 * swapped. Whatever comes out loads, or is refused with file and line; a lesson that
 * loads builds or is refused likewise. The random numbers are our own, so a failure
 * repeats: run with "SEED COUNT" to go on longer.
 */
#include "../../src/lesson/lesson_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char seed_text[LESSON_MAX_BYTES];
static size_t seed_len;
static unsigned long first = 1, count = 300;

/* What breaks parsers and readers more often than random bytes do. */
static const char *const spice[] = {"{",      "}",
                                    "(",      ")",
                                    "\"",     "[[",
                                    "]]",     "--[[",
                                    "end",    "function",
                                    "nil",    "0/0",
                                    "1e999",  "-1",
                                    "{}",     "return",
                                    "^",      "\\0",
                                    "..",     "...",
                                    "goto",   "::",
                                    "'",      "\x1b",
                                    "\xff",   "true",
                                    "= {",    "local",
                                    "s",      "w",
                                    ",",      "=",
                                    "sec(",   "string",
                                    "min(1)", "[1]",
                                    "\r\n",   "999999999999999999"};

static size_t below(struct rng *r, size_t n)
{
    return n ? rng_below(r, (uint32_t)n) : 0;
}

static void splice(struct buf *b, size_t at, size_t cut, const char *with, size_t n)
{
    struct buf out;
    buf_init(&out, 0);
    buf_add(&out, b->s, at);
    buf_add(&out, with, n);
    buf_add(&out, b->s + at + cut, b->len - at - cut);
    buf_release(b);
    *b = out;
}

static void mutate(struct buf *b, struct rng *r)
{
    size_t at = below(r, b->len), most = b->len - at;
    size_t n = below(r, most < 60 ? most : 60);
    const char *word = spice[below(r, sizeof spice / sizeof *spice)];
    char piece[64];
    switch (below(r, 5)) {
    case 0:
        b->s[at] = (char)below(r, 256);
        break;
    case 1:
        splice(b, at, n, "", 0);
        break;
    case 2:
        splice(b, at, 0, word, strlen(word));
        break;
    case 3:
        splice(b, at, n, word, strlen(word));
        break;
    default:
        memcpy(piece, b->s + at, n);
        splice(b, below(r, b->len), 0, piece, n);
    }
}

static bool placed(const char *text)
{
    return !strncmp(text, "f.lua:", 6) && text[6] >= '0' && text[6] <= '9';
}

static void try_one(unsigned long seed, const struct buf *b)
{
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    enum err e = lesson_load(&l, b->s, b->len, "f.lua", &why);
    if (e == ERR_OK) {
        assert_int_equal(l->scan.open, 0); /* the scan saw what Lua saw */
        e = lesson_build(l, seed, &lw, &why);
        if (e == ERR_OK)
            lesson_world_release(&lw);
        lesson_unref(l);
    }
    if (e != ERR_OK && (e != ERR_LESSON || !placed(why.text)))
        fail_msg("seed %lu: %s: %s", seed, err_phrase(e), why.text);
}

static void mutated_texts_are_survived(void **state)
{
    (void)state;
    for (unsigned long seed = first; seed < first + count; seed++) {
        struct rng r;
        struct buf b;
        rng_seed(&r, seed, "fuzz");
        buf_init(&b, 0);
        buf_add(&b, seed_text, seed_len);
        for (size_t i = 1 + below(&r, 4); i > 0; i--)
            mutate(&b, &r);
        try_one(seed, &b);
        buf_release(&b);
    }
}

static int read_seed(void **state)
{
    (void)state;
    FILE *f = fopen("lessons/first-page.lua", "rb");
    if (!f)
        return -1;
    seed_len = fread(seed_text, 1, sizeof seed_text, f);
    return fclose(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_texts_are_survived)};
    if (argc > 2) {
        first = strtoul(argv[1], NULL, 10);
        count = strtoul(argv[2], NULL, 10);
    }
    return cmocka_run_group_tests(tests, read_seed, NULL);
}
