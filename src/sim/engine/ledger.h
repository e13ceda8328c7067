/*
 * ledger: where an act's time went.
 *
 * An act is accounted up to `since`; what it does from then on is either (cause, place)
 * or its child. So the slices of one that has ended sum to its duration. A few slices
 * lie in the act itself; when there are more, all of them are in chunks, of which only
 * the first is not full.
 */
#ifndef SIM_ENGINE_LEDGER_H
#define SIM_ENGINE_LEDGER_H

#include "engine/act.h"

#define LEDGER_SLICES 15
struct ledger_chunk {
    ref next;
    uint32_t n;
    struct slice slices[LEDGER_SLICES];
};

/* Takes over what the child (and those it waits for) has spent so far. */
void ledger_take(struct world *w, struct act *to, struct act *from);
/* Adds the ledger of one that has ended to another's; `from` keeps nothing of use. */
void ledger_merge_own(struct world *w, struct act *to, const struct act *from);
void ledger_merge_chunks(struct world *w, struct act *to, struct act *from);
HOT void ledger_merge(struct world *w, struct act *to, struct act *from)
{
    if (from->more != 0) {
        ledger_merge_chunks(w, to, from);
    } else if (to->nown == 0 && to->more == 0) {
        memcpy(to->own, from->own, sizeof to->own);
        to->nown = from->nown;
    } else {
        ledger_merge_own(w, to, from);
    }
}
/* For a second copy: what explains its caller's time until it was sent moves out of its
 * ledger, and is added to the caller's if it is this one that answers. */
void ledger_park(struct world *w, struct act *a) SELDOM;
void ledger_unpark(struct world *w, struct act *to, const struct act *from) SELDOM;
/* Gives an act's slices at *out, which is `buf` (of `max`) only if they are
 * gathered. */
size_t ledger_read(const struct world *w, const struct act *a, struct slice *buf,
                   size_t max, const struct slice **out);

#endif
