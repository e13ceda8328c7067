/*
 * lesson_text: what a lesson says to a learner, as data.
 *
 * A text is one string, or variants of which the first that holds is said. A string may hold
 * live values, `{held}`, that the lesson names in its `values`, and a text may carry claims:
 * functions that are true whenever it is shown. Who plays the lesson renders it; who proves
 * the lesson asks the claims.
 *
 *     say = "Nobody can buy."
 *     say = { { when = stopped, "Nobody can buy." }, "Orders are at {orders} a minute." }
 *     say = { "Nobody can buy.", claims = { stopped } }
 */
#ifndef TRUECODE_LESSON_TEXT_H
#define TRUECODE_LESSON_TEXT_H

#include "truecode/base.h"

typedef int32_t fn_id; /* a Lua function of the lesson */
#define FN_NONE ((fn_id)-1)

/* A way to put a text. */
struct variant {
    const char *words;
    fn_id when; /* FN_NONE: always */
    const fn_id *claims;
    size_t nclaims;
};
struct text {
    const struct variant *variants; /* the first that holds is said; none: nothing is */
    size_t n;                       /* 0: there is no text */
    const fn_id *claims;            /* of every variant */
    size_t nclaims;
};

/* word in a lesson's file, what the number is */
#define LIVE_UNITS(X)                                                                  \
    X(COUNT, "count", "a whole number: 12 600")                                        \
    X(NUMBER, "number", "three digits that count: 0.02, 42")                           \
    X(SHARE, "share", "0 to 1: 42 %")                                                  \
    X(RATE, "rate", "per second: 42/min, 80/s")                                        \
    X(DURATION, "duration", "a duration: 12 m 41 s")                                   \
    X(CLOCK, "clock", "a moment of the night: 19:52")                                  \
    X(BYTES, "bytes", "1.5 MiB")
enum live_unit {
#define X(id, word, doc) LIVE_##id,
    LIVE_UNITS(X)
#undef X
        LIVE_UNIT_COUNT
};
/* A number that texts may hold. */
struct live_value {
    const char *name;
    enum live_unit unit;
    fn_id value;
};

/* The next `{name}` at or after `p`: its first brace, its name and what follows it.
 * false: there is none. `{{` is a plain brace. */
struct text_slot {
    const char *at, *name, *after;
    size_t len; /* of the name; 0 at `{{`, and where a brace is not closed */
    bool plain; /* `{{` */
};
bool text_slot(const char *p, struct text_slot *out);

#endif
