/*
 * What tests of keys share: a key decoder's keys as short words, and the terminals that
 * this machine's terminfo has.
 */
#ifndef TESTS_LIB_KEYS_H
#define TESTS_LIB_KEYS_H

#include "truecode/term_keys.h"

/* "a" for a character, "<up>", "<c-left>", "<m-x>", "<f3>"; a pasted character has "'"
 * before it. Appends. */
void keys_name(struct buf *out, const struct key *k);
/* All that comes out by `now` (as key_decoder_next() has it), by name. */
void keys_drain(struct key_decoder *d, sim_time now, struct buf *out);

/* Names of terminals, sorted, each once, NULL behind the last; from where ncurses looks
 * for them. Kept until the program ends. */
const char *const *terminals(size_t *n);

/* The next key capability of the terminal that was set up with setupterm(), standard or
 * extended; *i starts at 0. NULL: behind the last. */
struct capability {
    const char *name;
    char bytes[64];
};
bool capability_next(size_t *i, struct capability *c);

#endif
