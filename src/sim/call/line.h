/*
 * line: a connection of a call policy, and the requests that share it.
 */
#ifndef SIM_CALL_LINE_H
#define SIM_CALL_LINE_H

#include "call/path.h"

struct line {
    ref next;  /* idle ones of the same caller, last used first */
    ref share; /* lines in use that have room, see struct caller */
    uint32_t number;
    uint32_t uses, timer; /* of idle_timeout, while idle */
    comp_id to;
    uint32_t seat;          /* of its caller */
    sim_time opened, since; /* since when it is idle, or in use */
    uint16_t peer;          /* instance at the other end; 0: not known, or none */
    bool dead;              /* broken, and nobody knows */
    bool closing;           /* takes no more requests; closed when the last has left */
    bool from_here;       /* closing: by the side that dialled, whose port then rests */
    bool broken;          /* the kernel has given it up: what is sent over it fails */
    uint32_t streams;     /* requests that go by it now */
    struct list order[2]; /* by enum way: messages on their way, as they were sent */
    uint32_t behind[2];   /* of them, those that have arrived and were sent after the
                               first was sent last */
};

static inline struct line *line_at(const struct world *w, ref r)
{
    return W_PTR(w, struct line, r);
}

/* path_stream.c */

/* The message of `a` gets its place in the order of its connection. */
void stream_sends(struct world *w, struct act *a, enum way way);
/* The message of `a` has arrived. False: one before it has not, it waits for that. */
bool stream_arrives(struct world *w, struct act *a);
/* Whether nobody waits for the answer of `a`, and its message has to get through all the
 * same, as others wait behind it. */
static inline bool stream_is_left(const struct act *a)
{
    return a->ordered && a->parent == 0;
}
/* The caller of `a` gives up. True: its message is the one that is missing. Then it
 * stays, and holds up the others, until it gets through or the connection is given up. */
bool stream_stays(const struct world *w, const struct act *a);
/* The kernel has given the connection up: all whose messages are on their way fail. */
void stream_breaks(struct world *w, struct line *l);
/* A request leaves its connection: nothing waits for its message any more. */
void stream_leaves(struct world *w, struct act *a);
/* A request more goes by the connection, or a request less. */
void stream_joins(struct world *w, comp_id policy, ref line);
void stream_parts(struct world *w, comp_id policy, ref line);
/* A connection in use that has room; 0: there is none. */
ref stream_shares(const struct world *w, comp_id policy, uint32_t seat);
/* No more requests go by those in use that lead to this instance; `peer` 0: any. */
void streams_close(struct world *w, struct caller *c, comp_id to, uint16_t peer);

#endif
