/*
 * Inside the key decoder: its grammar (key_grammar.c), a function of bytes alone.
 *
 * The decoder (key_decoder.c) keeps the bytes that were fed and the clock; the grammar
 * looks at the head of them and says how many bytes are a key, or how long to wait:
 *
 *     struct reading r = grammar_read(&g, "\033[A", 3);   len 3, known, KEY_UP
 *     struct reading r = grammar_read(&g, "\033[", 2);    len 0: the rest may come
 *
 * Times are nanoseconds. Nothing is allocated, and no bytes are an error: those that are
 * no key are taken and swallowed.
 */
#ifndef KEY_INTERNAL_H
#define KEY_INTERNAL_H

#include "truecode/term_keys.h"

enum opens {
    OPENS_NOTHING,
    OPENS_PASTE,
    OPENS_STRING, /* to its end nothing is a key */
    OPENS_REST    /* of a sequence that is too long to be one */
};

/* The reading of the bytes' head. */
struct reading {
    size_t len; /* bytes it takes; 0: its rest has not come */
    bool known; /* `key` is one; else the bytes are swallowed */
    struct key key;
    enum opens opens;  /* a string follows, which the grammar does not read */
    sim_time patience; /* len 0: how long to wait for the rest */
};

struct grammar {
    bool utf8;
    bool late; /* nothing more comes: every reading has a length */
    sim_time escape;
};

/* n > 0. */
struct reading grammar_read(const struct grammar *g, const char *s, size_t n);
/* Reads a character, U+FFFD where there is none; the bytes it takes, 0: not all there. */
size_t grammar_character(const char *s, size_t n, bool utf8, uint32_t *cp);

#endif
