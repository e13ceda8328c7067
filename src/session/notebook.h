/*
 * notebook: what the learner has said, and what was seen. All of it is only ever added, so
 * that a number of notes, updates or facts says what was known at a moment; a rewind takes
 * none of it back.
 *
 *     notebook.c     suspicions, what was ruled out, remarks, updates
 *     evidence.c     facts that were on the screen, and what they leave of the suspects
 *     forecast.c     predictions, each put to the test by its own change
 *     claim.c        the number in what somebody says
 *     transcript.c   small sets of words
 *
 * The lines of the incident sheet are in sheet.h.
 *
 *     note_suspect(s, effect);                           // `suspect checkout pool-leak`
 *     struct rivals_left left = evidence_left(s, s->nfacts_seen);
 *     if (left.rivals_open == 0) ...                     // the facts tell it
 *
 * Owner: the session owns every list and text here. Times are simulated nanoseconds.
 */
#ifndef SESSION_NOTEBOOK_H
#define SESSION_NOTEBOOK_H

#include "truecode/session.h"

/* ---- words (transcript.c) -------------------------------------------------------- */

struct strings { /* a small set of strings, in order of arrival; they never move */
    char **s;
    size_t n, cap;
};
bool strings_has(const struct strings *v, const char *s);
bool strings_add(struct strings *v, const char *s);         /* false: was there */
const char *strings_keep(struct strings *v, const char *s); /* the set's own copy */
void strings_release(struct strings *v);

/* ---- notes and updates (notebook.c) ---------------------------------------------- */

struct note {
    sim_time at;
    enum note_kind kind;
    bool open, right, open_then; /* open_then: at the first rewind */
    comp_id comp;
    enum mechanism mechanism;
    size_t suspect; /* of the lesson's; SIZE_MAX: none of them */
    char *text;
};
struct said { /* a status update */
    sim_time at;
    unsigned fields;   /* how many of all were given */
    size_t first, end; /* the update's statements on the sheet: first .. end-1 */
};
/* Effects of a line that leave the world alone. */
void note_suspect(struct session *s, const struct effect *x);
void note_rule_out(struct session *s, const struct effect *x);
void note_note(struct session *s, const struct effect *x);
void note_say(struct session *s, const struct effect *x);

/* ---- the number in an update (claim.c) ------------------------------------------- */

enum claim_kind {
    CLAIM_NONE,
    CLAIM_REQUESTS, /* a number, since the page */
    CLAIM_SHARE,    /* in percent */
    CLAIM_RATE      /* a number a second */
};
struct claim {
    enum claim_kind kind;
    double number;
};
/* The first number in a text, with its unit: "about 600 orders", "3 in 10". */
struct claim claim_read(const char *text);
double claim_number(const char *text); /* without its unit; NaN: there is none */
/* Numbers that people write as words: "zero", "one" … "twelve", by their value. */
enum { NUMBER_WORDS = 13 };
extern const char *const number_words[NUMBER_WORDS];

/* ---- predictions (forecast.c) ---------------------------------------------------- */

struct forecast { /* a prediction that waits for its day */
    size_t step;
    const struct prediction *of;
    enum direction said;
    bool armed, told, told_then; /* told_then: at the first rewind */
    unsigned making;             /* by the action that is being carried out */
    unsigned made;   /* the lines of its change that were carried out: a bit each */
    bool confounded; /* another change came between: the world is another one now */
    bool left; /* lived to the end on a copy, without the change that came between */
    sim_time armed_at, due, confounded_at;
    double before, after;
};
void forecast_add(struct session *s, const struct step_verdict *v);
/* Before an action of the learner, and once it was carried out. */
void forecast_changing(struct session *s, const struct action *a);
void forecast_changed(struct session *s);
void forecast_check(struct session *s); /* tells those that are due */
/* "It was 250 ms and became 4.2 s" */
void forecast_words(const struct forecast *f, struct buf *b);

/* ---- evidence (evidence.c) ------------------------------------------------------- */

/* A subject was shown: those of the facts that can be seen there now are seen. */
void evidence_look(struct session *s, const char *subject);
/* Whether a fact that is so now can still be seen there. */
bool evidence_waits(struct session *s, const char *subject);
/* The suspect that is meant; SIZE_MAX: none of the lesson's. */
size_t suspect_of(const struct session *s, comp_id c, enum mechanism m);
/* The first of the first `nfacts` seen facts that excludes a suspect; NULL: none does. */
struct rivals_left { /* by the first so many seen facts */
    uint32_t open;   /* suspects that none excludes: a bit each */
    unsigned rivals, rivals_open;
};
struct rivals_left evidence_left(const struct session *s, size_t nfacts);
bool evidence_tells(const struct session *s); /* no rival is left */
/* "pool-leak", or "pool-leak in checkout" where another suspect has the same word. */
void suspects_name(const struct session *s, uint32_t which, struct buf *out);
/* Says what the seen facts say of a suspicion, or of what was ruled out. */
void evidence_on_suspicion(struct session *s, size_t suspect);
void evidence_on_exclusion(struct session *s, size_t suspect);

#endif
