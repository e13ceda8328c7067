/*
 * term_keys: what a terminal sends, as keys. Pure: bytes and times go in, keys come
 * out; it reads nothing and knows no clock, so that a test can be any terminal.
 *
 *     struct key_decoder *d = key_decoder_new(true, 25 * SIM_MS);
 *     key_decoder_learn(d, "\033[11~", &(struct key){.kind = KEY_F, .cp = 1});
 *     key_decoder_feed(d, bytes, n, now);
 *     while (key_decoder_next(d, now, &key)) ...
 *     // then wait for more bytes, or until key_decoder_due(d)
 *
 * What it holds to:
 *  - A complete sequence is a key or nothing. One that nobody knows is swallowed; none
 *    of it is ever typed.
 *  - Alt is Esc before a key, at once. Esc alone is Esc after the time it was given.
 *  - A sequence or a character may come in pieces, as it does over a network.
 *  - A paste is characters, line breaks as '\n', until its end, or until a second went
 *    by without input: nothing makes the keyboard deaf for good.
 */
#ifndef TRUECODE_TERM_KEYS_H
#define TRUECODE_TERM_KEYS_H

#include "truecode/screen.h"

/* The rest of what opens a sequence for certain comes within this time, also
 * where a packet is sent twice; else it is dropped. */
#define KEY_REST_LIMIT (500 * SIM_MS)
/* The time without input that ends a paste, and a string that nobody ended. */
#define KEY_QUIET_LIMIT SIM_SEC

struct key_decoder;
/* utf8: what is no control is UTF-8, else in the locale's encoding. A lone Esc waits
 * `escape` for what may belong to it. */
struct key_decoder *key_decoder_new(bool utf8, sim_time escape) MUST_USE;
void key_decoder_free(struct key_decoder *d);
/* Teaches that this terminal sends these bytes for a key; NULL: for one without use.
 * What would take a key of every keyboard away (one byte, a letter) is not learnt. */
void key_decoder_learn(struct key_decoder *d, const char *bytes, const struct key *k);
void key_decoder_feed(struct key_decoder *d, const char *bytes, size_t n, sim_time now);
/* The next key. `now` decides what waited long enough; give -1 while there may be more
 * to read, and nothing is taken for too late. False: none yet. */
bool key_decoder_next(struct key_decoder *d, sim_time now, struct key *k);
/* When key_decoder_next() may know more without further bytes; -1: never. */
sim_time key_decoder_due(const struct key_decoder *d);
/* Forgets what has begun: half a sequence, a paste. */
void key_decoder_reset(struct key_decoder *d);

#endif
