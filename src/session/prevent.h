/*
 * prevent: what each of a lesson's preventions would have saved.
 *
 * The same night, with one thing different from its beginning, and mended all the same: by
 * the lesson's first fix, an expert's time after somebody was called. Called is who is paged
 * once the incident has begun, at the page at the latest. Against it stands the night as it
 * was, mended so after its own page.
 *
 *     struct prices *p = prices_new(lesson, seed, page, NULL);
 *     while ((e = prices_work(p, twin, &left, &why)) == ERR_STOPPED) ...   // later more
 *     const struct saving *x = prices_of(p, i);
 *     if (x->known) ... x->without requests lost without it, x->with with it
 *     prices_free(p);
 *
 * A price depends on lesson and seed alone, never on what the learner did: it may be worked
 * out while somebody still plays, in slices, and is the same to the last bit. What is
 * simulated for it:
 *
 *     mended     the night as it was, once, from the page
 *     an alert   changes no world: what it would have seen is asked of the nights that were
 *                run anyway. Only where it calls before the page the night as it was is run
 *                up to there, once for all alerts, and mended from there
 *     settings   the night with them, and the healthy night with them
 *
 * Nobody looks into these worlds, so that only what users had of them is recorded.
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
/* Returns whether a choice is worth having: in a month with one such night and thirty
 * healthy ones a right choice saves a quarter of what is lost, and calls nobody for
 * nothing; a wrong one does not. */
bool saving_helps(const struct saving *x);

struct prices;
/* `page` stands at the page of the night as it was, or is the lesson's reference, somewhat
 * later; which is meant, `mended` says. It is copied. `effort`: borrowed; NULL: any.
 * ERR_LIMIT: there is no memory for a copy. */
enum err prices_new(struct prices **out, const struct run *page, bool mended,
                    uint64_t seed, struct effort *effort, struct errmsg *why) MUST_USE;
void prices_free(struct prices *p);
/* Goes on, at most *left events (NULL: any), and the lines of a fix, which are carried
 * out at once. ERR_STOPPED: more is owed. ERR_OK: all is known that can be. Another error is
 * of one choice, which stays unknown: call again for the others. `twin` was run to the end
 * of the night, with the stage's `warns` in sight (run_keep_users()). */
enum err prices_work(struct prices *p, const struct recording *twin, uint64_t *left,
                     struct errmsg *why) MUST_USE;
const struct saving *prices_of(const struct prices *p, size_t choice);

/* The choices, once users are well. */
bool prevent_may_ask(const struct session *s);
void prevent_show(struct session *s);

#endif
