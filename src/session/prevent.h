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
    double healthy; /* requests lost with it on a healthy night, that are not without */
    size_t alarms;  /* pages on that night */
};
/* Returns whether a choice is worth having: in a month with one such night and thirty healthy ones a right choice
 * saves a quarter of what is lost, and calls nobody for nothing; a wrong one does not. */
bool saving_helps(const struct saving *x);
/* `reference` is the night mended after the page, as far as it was run; `twin` was run at
 * least as far. */
enum err prevent_price(const struct lesson *l, uint64_t seed, size_t which,
                       const struct run *reference, const struct recording *twin,
                       struct effort *effort, struct saving *out,
                       struct errmsg *why) MUST_USE;

/* The choices, once users are well. */
bool prevent_may_ask(const struct session *s);
void prevent_show(struct session *s);

#endif
