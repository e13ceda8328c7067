/*
 * telling: what a world says of itself while it runs. Nothing in it depends on whether
 * anybody listens.
 */
#ifndef SIM_ENGINE_TELLING_H
#define SIM_ENGINE_TELLING_H

#include "engine/engine.h"
#include "truecode/cause.h"

/* A log line of a component; cheap when nobody listens (format only then). */
void w_log(struct world *w, comp_id c, int instance, enum log_level level,
           uint64_t request, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* Room for a span's note. */
enum { NOTE_BYTES = 48 };
/* A piece of a traced act's time that ends now (a->flags & ACT_TRACED). */
void w_span(struct world *w, const struct act *a, enum cause cause, comp_id place,
            sim_time start, enum reason reason, const char *note);
/* The trace that a transaction belongs to which its request leaves open. */
struct left_open {
    uint64_t request; /* 0: not traced */
    uint32_t span, parent;
};
/* The transaction at `place` has been left open (`end` SIM_FOREVER), or ends. */
void w_open_span(struct world *w, const struct left_open *x, comp_id place,
                 sim_time start, sim_time end, enum reason reason);
/* A request has ended, as its user sees it or on the server's side. */
void w_tell_done(struct world *w, const struct act *a, bool user, bool good);
static inline void w_done(struct world *w, const struct act *a, bool user, bool good)
{
    if (w->observer)
        w_tell_done(w, a, user, good);
}
/* A whole call of a traced request, which ends now. */
void w_call_span(struct world *w, const struct act *a);
/* A number for a span; taken whether or not anybody listens. */
uint32_t w_span_id(struct world *w);

#endif
