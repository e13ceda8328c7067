/*
 * subscription: what the files of the kind "subscription" share: who consumes
 * (consumers.c), what they do (consume.c), how far a log is read (cursor.c), and what
 * was taken from a queue (tickets.c).
 *
 * A message that is being worked on is an act of kind ACT_USER in the subscription, its
 * root as a client is a user's: it begins when the message was published, so its slices
 * say how long the message lay in the topic. It calls an endpoint through a call policy
 * like any caller.
 */
#ifndef SIM_BROKER_SUBSCRIPTION_H
#define SIM_BROKER_SUBSCRIPTION_H

#include "broker/topic.h"
#include "engine/kind.h"
#include "engine/program.h"

extern const struct kind_impl kind_subscription;
enum subscription_param {
    SB_TO,
    SB_STYLE,
    SB_CONSUMERS,
    SB_BATCH,
    SB_BATCH_COST,
    SB_TRIES,
    SB_RETRY_DELAY,
    SB_DEAD_LETTERS,
    SB_VISIBILITY,
    SB_REBALANCE,
    SB_TRACE_EVERY,
    SB_MAX_POLL,
    SB_PROTOCOL,
    SB_DELAY,
    SB_PARAMS
};
enum { STYLE_LOG, STYLE_QUEUE };
enum { PROTOCOL_EAGER, PROTOCOL_COOPERATIVE };
enum { SUB_RNG_FAULT };
enum subscription_event {             /* EV_KIND + this */
                          SE_ASSIGN,  /* the rebalance is over */
                          SE_VISIBLE, /* a, b: a ticket comes back */
                          SE_LATE,    /* a, b: a ticket is too late */
                          SE_POLL,    /* a: a member ought to have asked for more */
                          SE_DUE      /* a message may be delivered from now on */
};
enum { MEMBERS_MAX = 10000, DEAD_MAX = 100000, BATCH_MAX = 1000 };

/* How far a log subscription is in one partition. */
struct cursor {
    int64_t next;      /* to be taken */
    int64_t taken;     /* end of the batch that is out */
    int64_t processed; /* all before it is done with */
    int64_t committed; /* where it goes on after a crash */
    int64_t done;      /* highest that was processed + 1: before it, it is again */
    int64_t counted;   /* all before it are good or bad, or out */
    uint32_t fence;    /* results of acts with another one count no more */
    uint32_t out;      /* acts with this fence */
    uint32_t tries;    /* failed, of the message at `processed` */
    uint32_t owner;    /* cooperative: key of the member that reads it */
    bool moving;       /* cooperative: the owner does not read it yet */
};

/* A consumer: works on one message at a time, holds the rest of its batch. */
struct member {
    uint16_t instance, ordinal; /* of the service; instance 0: it has none */
    bool busy, leaving;
    bool evicted;      /* out of the group, which it does not know yet */
    bool stuck;        /* a fault: it does not go on */
    sim_time polled;   /* when it asked for messages last */
    uint32_t timer;    /* of its poll interval */
    uint32_t index;    /* among the members */
    uint32_t at;       /* LOG: partition it reads, QUEUE: looks at first */
    struct list batch; /* acts that wait for their turn */
};

/* An act of a subscription: one delivery of one message. */
enum delivery_phase {
    DELIVERY_WAITING, /* in its member's batch */
    DELIVERY_FETCH,   /* the batch is being fetched */
    DELIVERY_CALL,
    DELIVERY_BACKOFF
};

enum ticket_state { TICKET_READY, TICKET_OUT, TICKET_GONE };
struct ticket { /* a message that was taken from a queue, or came back */
    struct message message;
    uint32_t gen;
    uint8_t state;
    bool succeeded; /* once at least */
    bool late;      /* too late for the objective, and counted so */
    uint16_t partition;
    uint32_t receives; /* how often it was given out */
    uint32_t acts;     /* deliveries that work on it */
    uint32_t timer, late_timer;
    ref next, prev;   /* all of a subscription */
    ref rnext, rprev; /* all that are ready */
};
struct dead_letter {
    struct message message;
    uint32_t tries;
    uint16_t partition;
};

struct subscription_state {
    uint32_t begun; /* deliveries: the last one's number (lot.h) */
    ref cursors;    /* struct cursor, one per partition */
    uint32_t ncursors, cursors_cap;
    ref members; /* refs of struct member, by ordinal, then by instance */
    uint32_t nmembers, members_cap;
    ref idle; /* uint64_t: a bit for each member that is not busy */
    uint32_t idle_cap;
    uint32_t left_out; /* more than there may be: they do not work */
    ref evicted;       /* refs of members that are not in `members` */
    uint32_t nevicted, evicted_cap;
    uint32_t due_timer; /* SE_DUE, at `due_at` */
    sim_time due_at;
    uint32_t idle_from; /* QUEUE: whose turn it is */
    uint32_t fresh_at;  /* QUEUE: the partition that is looked at first */
    comp_id next;       /* of the same topic, + 1 */
    comp_id tells;      /* of a change of instances, after itself; + 1; 0: nobody */
    bool off;           /* an operator's */
    bool rebalancing;
    uint32_t timer; /* of the rebalance */
    double duplicates;
    uint32_t ticket_gen;
    ref tickets, tickets_last, ready, ready_last; /* struct ticket */
    uint32_t nready, nout;
    ref dead; /* struct dead_letter */
    uint32_t ndead, dead_cap;
    ref again; /* the same, on their way back: from again_at on */
    uint32_t again_at, nagain, again_cap;
    struct list inside;
    uint64_t good, bad, slow, processed, failures, redelivered, repeats, dead_total,
        skipped, expired, batches, rebalances, evictions;
    sim_time seconds; /* from published to processed */
};

static inline struct subscription_state *sub_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct subscription_state, c);
}
static inline struct cursor *cursor_at(const struct world *w, comp_id c, uint32_t p)
{
    return W_PTR(w, struct cursor, sub_of(w, c)->cursors) + p;
}
static inline struct ticket *ticket_at(const struct world *w, ref r)
{
    return W_PTR(w, struct ticket, r);
}
static inline comp_id sub_topic(const struct world *w, comp_id c)
{
    return w->comps[c].owner;
}

struct subscription_data { /* model time */
    struct call_spec spec; /* first: call_root_spec() */
    comp_id target;        /* the component that is called */
    comp_id service;       /* instances of it consume; COMP_NONE: a third party */
    bool slo;
};
static inline const struct subscription_data *sub_data(const struct world *w, comp_id c)
{
    return w->comps[c].data;
}

/* consumers.c: who consumes */
void members_build(struct world *w, comp_id c);
void sub_assign(struct world *w, comp_id c);     /* the rebalance is over */
void sub_assign_new(struct world *w, comp_id c); /* partitions have been added */
/* kind_impl.instances_changed: its own consumers, and those of whoever it tells. */
void sub_instances_changed(struct world *w, comp_id c) SELDOM;
/* Maybe there are others now; a log's group stops and shares out anew. */
void sub_members_changed(struct world *w, comp_id c);
/* `instances` with `each` consumers are more than there may be: says what would fit. */
enum err members_fit(const char *name, double instances, int64_t each,
                     struct errmsg *why);
/* The instances whose consumers there should be now. */
uint32_t members_instances(const struct world *w, comp_id c);
/* SE_POLL: a member that has been at its batch for too long leaves the group. */
void member_poll_due(struct world *w, comp_id c, struct member *m);
/* A fault: `n` of them do not go on, as long as they live; 0: all do again. */
void members_stick(struct world *w, comp_id c, uint32_t n);
/* An evicted one is done with its batch and joins again. It is freed. */
void member_rejoins(struct world *w, comp_id c, struct member *m);
/* Whether the process that the consumer is part of is there still. */
bool member_lives(const struct world *w, comp_id c, const struct member *m);
void member_free(struct world *w, struct member *m);
/* The member that reads the partition; NULL: nobody does. */
struct member *member_of_partition(const struct world *w, comp_id c, uint32_t p);
static inline uint32_t member_key(const struct member *m)
{
    return (uint32_t)m->instance << 16 | (uint32_t)(m->ordinal + 1);
}
void member_busy(struct world *w, comp_id c, struct member *m, bool busy);
/* The first idle one from `from` on; nmembers: there is none. */
uint32_t member_idle(const struct world *w, comp_id c, uint32_t from);
static inline struct member *member_at(const struct world *w, ref r)
{
    return W_PTR(w, struct member, r);
}
static inline struct member *sub_member(const struct world *w, comp_id c, uint32_t i)
{
    return member_at(w, W_PTR(w, ref, sub_of(w, c)->members)[i]);
}

/* consume.c: what they do */
void member_go(struct world *w, comp_id c, struct member *m); /* if it can */
void sub_published(struct world *w, comp_id c, uint32_t partition);
void sub_wake(struct world *w, comp_id c); /* whoever is idle looks for work */
void sub_resume(struct world *w, struct act *a, enum reason reason);
void sub_begin(struct world *w, struct act *a);
/* Ends deliveries of a member (NULL: any) and partition (-1: any) with no call out. */
void deliveries_drop(struct world *w, comp_id c, const struct member *m, int partition);

/* cursor.c: how far a log is read */
void cursor_delivered(struct world *w, comp_id c, const struct act *a, bool done);
void cursor_crash(struct world *w, comp_id c, uint32_t partition);
/* Moves a cursor to `to`; deliveries that are out count no more. */
void sub_seek(struct world *w, comp_id c, uint32_t partition, int64_t to);
/* The messages of a partition begin at `start` from now on. */
void sub_lost(struct world *w, comp_id c, uint32_t partition, int64_t start);
void sub_partitions(struct world *w, comp_id c); /* partitions may have been added */
/* The offset from which on it still needs the messages. */
int64_t sub_needs(const struct world *w, comp_id c, uint32_t partition);
/* An operator passes over everything up to `to`; how many that were not done with. */
int64_t cursor_skip(struct world *w, comp_id c, uint32_t partition, int64_t to);
/* Deleted by retention behind the back of a batch that is still out. */
uint64_t sub_gap(const struct world *w, comp_id c);
/* Messages that left without having been processed. */
void sub_left_bad(struct world *w, comp_id c, uint64_t n);

/* tickets.c */
struct ticket *ticket_new(struct world *w, comp_id c, const struct message *m,
                          uint32_t partition, enum ticket_state state);
struct ticket *ticket_take(struct world *w, comp_id c); /* a ready one; NULL: none */
void ticket_gone(struct world *w, comp_id c, struct ticket *t);
/* A delivery less works on the ticket. */
void ticket_let_go(struct world *w, comp_id c, struct ticket *t);
void ticket_event(struct world *w, comp_id c, ref r, uint32_t gen);
void tickets_expire(struct world *w, comp_id c, sim_time before);
uint32_t tickets_purge(struct world *w, comp_id c);
void dead_letter_add(struct world *w, comp_id c, const struct message *m,
                     uint32_t partition, uint32_t tries);
uint32_t dead_letters_replay(struct world *w, comp_id c);
void dead_letter_again(struct world *w, comp_id c, const struct dead_letter *letter);
/* The operations replay_dead and drop_dead (dead_letters.c). */
enum err dead_letters_op(struct world *w, comp_id c, bool drop, const struct action *a,
                         struct effect *fx, struct errmsg *why);

/* overdue.c: what is too late already */
bool sub_late(const struct world *w, comp_id c, sim_time published);
/* Messages that are late and in no book, tickets left out: those are in the books. */
uint64_t sub_overdue(const struct world *w, comp_id c);
/* Arms the moment at which a new ticket is too late. */
void ticket_arm_late(struct world *w, comp_id c, struct ticket *t);
void ticket_late(struct world *w, comp_id c, struct ticket *t);

/* subscription_params.c: by enum subscription_param */
extern const struct param_desc subscription_params[];

/* subscription_look.c */
enum { SUBSCRIPTION_METRICS = 25 };
extern const struct metric_desc subscription_metrics[SUBSCRIPTION_METRICS];
double sub_metric(const struct world *w, comp_id c, int metric, int instance);
int sub_instances(const struct world *w, comp_id c);
void sub_inflight(const struct world *w, comp_id c,
                  void (*f)(const struct world *w, const struct act *a, void *ctx),
                  void *ctx);
/* Messages that it has not processed yet; partition 0: of all. */
double sub_lag(const struct world *w, comp_id c, int partition);
/* Age of the oldest of them in seconds; 0: there is none. */
double sub_oldest(const struct world *w, comp_id c);

/* kind_subscription.c */
/* A partition is being emptied; `tickets`: what was taken from it, too. */
void sub_purged(struct world *w, comp_id c, uint32_t partition, bool tickets);

#endif
