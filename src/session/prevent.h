/*
 * prevent: what each of a lesson's preventions would have saved.
 *
 * The same night, with one thing different from its beginning, and mended all the same: by
 * the lesson's first fix, an expert's time after somebody was called. Called is who is paged
 * once the incident has begun, at the page at the latest. Against it stands the night as it
 * was, mended so after its own page.
 *
 *     struct saving x;
 *     if (prevent_price(s, i, &v->reference, v->twin, &x) == ERR_OK && x.known)
 *         ... x.without requests lost without it, x.with with it, called at x.called
 */
#ifndef SESSION_PREVENT_H
#define SESSION_PREVENT_H

#include "session_internal.h"

struct saving {
    bool known;     /* the choice can be run, and the lesson has a fix */
    double without; /* users' requests lost, from the beginning of the night */
    double with;
    sim_time called; /* when somebody would have been paged */
};
/* `reference` is the night mended after the page, as far as it was run; `twin` was run at
 * least as far. */
enum err prevent_price(const struct lesson *l, uint64_t seed, size_t which,
                       const struct run *reference, const struct recording *twin,
                       struct effort *effort, struct saving *out,
                       struct errmsg *why) MUST_USE;
/* A part of the loss that a right choice saves at least, and a wrong one does not. */
#define PREVENT_SAVES 0.1

/* The choices, once users are well. */
bool prevent_may_ask(const struct session *s);
void prevent_show(struct session *s);

#endif
