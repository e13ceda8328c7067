/*
 * The key decoder.
 *
 * Three things read the same bytes, and the longest reading wins: the sequences this
 * terminal is said to send (learnt from terminfo), the grammar that nearly all terminals
 * share (key_grammar.c), and time, which says that nothing more comes. Terminfo alone is
 * not enough: PuTTY and many others say that they are an xterm and send other codes. The
 * grammar alone is not enough: a Wyse sends ^A@ and a carriage return for F1.
 *
 * The alternative was curses' own keypad(). It types what it does not know, gives one
 * code to two keys where a code was taken twice, and splits Alt from its key.
 */
#include "key_internal.h"

#include <assert.h>
#include <string.h>

#define LEARNT_MAX 16 /* bytes of a sequence; the longest of terminfo's keys has 9 */

static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";

struct learnt {
    char bytes[LEARNT_MAX];
    size_t n;
    bool known;
    struct key key;
};

enum mode { MODE_KEYS, MODE_PASTE, MODE_STRING, MODE_REST };

struct key_decoder {
    bool utf8;
    sim_time escape;
    struct learnt *learnt;
    size_t nlearnt, cap;
    bool starts[256]; /* some learnt sequence begins with this byte */
    enum mode mode;
    bool after_cr;      /* in a paste: a line feed now is the rest of a line break */
    struct buf pending; /* bytes fed; [at, len) is not decoded yet */
    size_t at;
    sim_time fed;      /* when the last byte came */
    sim_time patience; /* how long what is pending waits for more */
};

struct key_decoder *key_decoder_new(bool utf8, sim_time escape)
{
    struct key_decoder *d = mem_alloc(sizeof *d);
    d->utf8 = utf8;
    d->escape = escape;
    buf_init(&d->pending, 0);
    return d;
}

void key_decoder_free(struct key_decoder *d)
{
    if (!d)
        return;
    mem_free(d->learnt);
    buf_release(&d->pending);
    mem_free(d);
}

void key_decoder_feed(struct key_decoder *d, const char *bytes, size_t n, sim_time now)
{
    assert(bytes || !n);
    struct buf *b = &d->pending;
    if (d->at > 0) {
        memmove(b->s, b->s + d->at, b->len - d->at);
        b->len -= d->at;
        d->at = 0;
    }
    buf_add(b, bytes, n);
    d->fed = now;
}

void key_decoder_reset(struct key_decoder *d)
{
    buf_reset(&d->pending);
    d->pending.full = false;
    d->at = 0;
    d->mode = MODE_KEYS;
}

static struct grammar grammar_of(const struct key_decoder *d, bool late)
{
    return (struct grammar){.utf8 = d->utf8, .late = late, .escape = d->escape};
}

/* ---- what this terminal sends ---------------------------------------------------- */

/* A byte that no character begins with. */
static bool begins_nothing(const struct key_decoder *d, unsigned char c)
{
    return d->utf8 && c >= 0x80 && (c < 0xc2 || c > 0xf4);
}

/* Only what begins with a control is no text; and a control alone, as ^L for the right
 * arrow, is one on every keyboard. */
static bool can_be_learnt(const struct key_decoder *d, const char *bytes, size_t n)
{
    assert(d->nlearnt <= d->cap);
    unsigned char first = (unsigned char)bytes[0];
    if (n == 0 || n > LEARNT_MAX || first == 3)
        return false;
    return begins_nothing(d, first) || (first < ' ' && (n > 1 || first > 27));
}

/* The grammar has a key for these bytes that does no harm where the terminal means one
 * we have no use for: what moves, or a keypad's digit. */
static bool is_harmless(const struct key_decoder *d, const char *bytes, size_t n)
{
    struct grammar g = grammar_of(d, false);
    struct reading r = grammar_read(&g, bytes, n);
    bool acts = r.known && (r.key.kind == KEY_ENTER || r.key.kind == KEY_F);
    return r.len == n && !acts;
}

void key_decoder_learn(struct key_decoder *d, const char *bytes, const struct key *k)
{
    size_t n = strlen(bytes);
    if (!can_be_learnt(d, bytes, n) || strcmp(bytes, paste_begin) == 0 ||
        strcmp(bytes, paste_end) == 0 || (!k && is_harmless(d, bytes, n)))
        return;
    GROW(d->learnt, d->nlearnt, d->cap);
    struct learnt *l = &d->learnt[d->nlearnt++];
    *l = (struct learnt){.n = n, .known = k};
    memcpy(l->bytes, bytes, n);
    if (k)
        l->key = *k;
    d->starts[(unsigned char)bytes[0]] = true;
}

/* The longest learnt sequence at the head; *longer: one that is longer may begin so. */
static const struct learnt *find_learnt(const struct key_decoder *d, const char *s,
                                        size_t n, bool *longer)
{
    const struct learnt *best = NULL;
    *longer = false;
    for (size_t i = 0; d->starts[(unsigned char)s[0]] && i < d->nlearnt; i++) {
        const struct learnt *l = &d->learnt[i];
        if (l->n > n && memcmp(l->bytes, s, n) == 0)
            *longer = true;
        else if (l->n <= n && memcmp(l->bytes, s, l->n) == 0 &&
                 (!best || l->n > best->n))
            best = l;
    }
    return best;
}

/* ---- reading --------------------------------------------------------------------- */

static const char *head(const struct key_decoder *d, size_t *n)
{
    assert(d->at <= d->pending.len);
    *n = d->pending.len - d->at;
    return d->pending.s + d->at;
}

/* Whether what waited for more has waited long enough. */
static bool is_late(struct key_decoder *d, sim_time patience, sim_time now)
{
    d->patience = patience;
    return now >= 0 && now - d->fed >= patience;
}

/* The reading of what is at the head; its length is 0 while it is not decided. */
static struct reading read_head(struct key_decoder *d, const char *s, size_t n,
                                sim_time now)
{
    assert(n > 0);
    bool longer;
    struct grammar g = grammar_of(d, false);
    const struct learnt *l = find_learnt(d, s, n, &longer);
    struct reading r = grammar_read(&g, s, n);
    if (r.len == 0 || longer) {
        sim_time patience = longer && r.patience < d->escape ? d->escape : r.patience;
        if (!is_late(d, patience, now))
            return (struct reading){0};
    }
    if (r.len == 0) {
        g.late = true;
        r = grammar_read(&g, s, n);
    }
    if (l && l->n >= r.len)
        r = (struct reading){.len = l->n, .known = l->known, .key = l->key};
    return r;
}

static enum mode mode_after(enum opens opens)
{
    static const enum mode after[] = {[OPENS_NOTHING] = MODE_KEYS,
                                      [OPENS_PASTE] = MODE_PASTE,
                                      [OPENS_STRING] = MODE_STRING,
                                      [OPENS_REST] = MODE_REST};
    return after[opens];
}

enum progress {
    WENT_ON,   /* something was taken that is no key */
    FOUND_KEY, /* *k */
    MUST_WAIT
};

static enum progress take_keys(struct key_decoder *d, sim_time now, struct key *k)
{
    size_t n;
    const char *s = head(d, &n);
    if (n == 0)
        return MUST_WAIT;
    struct reading r = read_head(d, s, n, now);
    if (r.len == 0)
        return MUST_WAIT;
    d->at += r.len;
    d->mode = mode_after(r.opens);
    d->after_cr = false;
    *k = r.key;
    return r.known ? FOUND_KEY : WENT_ON;
}

/* Quiet for so long that this paste or string is none any more. */
static enum progress end_if_quiet(struct key_decoder *d, sim_time now)
{
    if (!is_late(d, KEY_QUIET_LIMIT, now))
        return MUST_WAIT;
    key_decoder_reset(d);
    return WENT_ON;
}

static enum progress take_paste(struct key_decoder *d, sim_time now, struct key *k)
{
    size_t n, end = sizeof paste_end - 1;
    const char *s = head(d, &n);
    bool may_end = memcmp(s, paste_end, n < end ? n : end) == 0;
    if (n == 0 || (may_end && n < end))
        return end_if_quiet(d, now);
    if (may_end) {
        d->at += end;
        d->mode = MODE_KEYS;
        return WENT_ON;
    }
    *k = (struct key){.kind = KEY_PASTE_CHAR};
    size_t len = grammar_character(s, n, d->utf8, &k->cp);
    if (len == 0)
        return end_if_quiet(d, now);
    bool rest = d->after_cr && k->cp == '\n';
    d->at += len;
    d->after_cr = k->cp == '\r';
    if (d->after_cr)
        k->cp = '\n';
    return rest ? WENT_ON : FOUND_KEY;
}

/* A string ends with BEL or ESC \. Any other control breaks it off, and is read anew:
 * somebody typed it. */
static enum progress take_string(struct key_decoder *d, sim_time now)
{
    size_t n, i = 0;
    const char *s = head(d, &n);
    while (i < n && (unsigned char)s[i] >= ' ')
        i++;
    d->at += i;
    if (i == n || (s[i] == 27 && i + 1 == n))
        return end_if_quiet(d, now);
    if (s[i] == 7)
        d->at++;
    else if (s[i] == 27 && s[i + 1] == '\\')
        d->at += 2;
    d->mode = MODE_KEYS;
    return WENT_ON;
}

static enum progress take_rest(struct key_decoder *d, sim_time now)
{
    size_t n, i = 0;
    const char *s = head(d, &n);
    while (i < n && s[i] >= ' ' && s[i] < '@')
        i++;
    d->at += i;
    if (i == n)
        return end_if_quiet(d, now);
    if (s[i] >= '@')
        d->at++;
    d->mode = MODE_KEYS;
    return WENT_ON;
}

static enum progress take_one(struct key_decoder *d, sim_time now, struct key *k)
{
    switch (d->mode) {
    case MODE_PASTE:
        return take_paste(d, now, k);
    case MODE_STRING:
        return take_string(d, now);
    case MODE_REST:
        return take_rest(d, now);
    default:
        return take_keys(d, now, k);
    }
}

bool key_decoder_next(struct key_decoder *d, sim_time now, struct key *k)
{
    enum progress s;
    while ((s = take_one(d, now, k)) == WENT_ON)
        ;
    return s == FOUND_KEY;
}

sim_time key_decoder_due(const struct key_decoder *d)
{
    bool waits = d->mode != MODE_KEYS || d->pending.len > d->at;
    return waits ? d->fed + d->patience : -1;
}
