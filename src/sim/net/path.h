/*
 * path: what lies between a caller and what it calls, for the policies that say more of
 * it than a delay. Every call policy's state begins with a struct path; `what` is 0
 * where there is nothing more, and call.c tests just that (EXTRA_PATH).
 *
 * A message over a link (link_run.c) is an act that waits at CAUSE_NETWORK, place: the
 * link. It is on its way there (ACT_SENT, or a query in phase QUERY_OUT) or back
 * (ACT_BACK, QUERY_BACK), and may be lost and sent again any number of times before it
 * arrives: act->tries counts how often.
 */
#ifndef SIM_PATH_H
#define SIM_PATH_H

#include "engine/sim_internal.h"

enum path_what {
    PATH_LINK = 1,
    PATH_NAME = 2,  /* the callee is found by its name */
    PATH_LINES = 4, /* connections are opened and kept, perhaps with a certificate */
    PATH_HOP = 8,   /* a balancer sends it on by a link of its own */
    PATH_DIALS = PATH_NAME | PATH_LINES
};
enum dns_keeps { DNS_TTL, DNS_KEEPS_NOT, DNS_FOR_EVER };
struct path {
    uint8_t what;    /* enum path_what, or'ed */
    bool hops;       /* what it calls sends on by a link of its own */
    bool verify;     /* the certificate is checked */
    uint8_t answers; /* enum dns_keeps: what becomes of the name's answers */
    comp_id link, name, certificate; /* COMP_NONE: none */
    int64_t bytes[2];                /* of a request, of an answer */
    int64_t keep_alive;              /* requests a connection serves; 0: any number */
    ref callers;                     /* struct caller, by instance of the caller */
    uint32_t cap;
    uint32_t open; /* connections, those in use included */
    uint64_t opened;
};
static inline struct path *path_of(const struct world *w, comp_id policy)
{
    return W_STATE(w, struct path, policy);
}

/* What a caller knows of a name. */
enum { DNS_ADDRESSES = 256 };
struct dns_answer {
    bool known;
    comp_id comp;          /* COMP_NONE: there is no such name */
    sim_time until, again; /* good until; asked again then, when nobody answered */
    uint64_t set[DNS_ADDRESSES / 64]; /* of a service: numbers of its instances */
};
/* A connection of a call policy that is open. */
struct line {
    ref next; /* idle ones of the same caller, last used first */
    uint32_t uses;
    comp_id to;
    uint16_t peer; /* instance at the other end; 0: not known, or none */
};
struct caller { /* an instance of the caller; of users: one of their resolvers */
    struct dns_answer answer;
    ref idle; /* struct line */
};

/* Where a call that is being opened is at (act->step, conn->step). */
enum dial_step {
    DIAL_NAME,
    DIAL_HEARD,   /* the resolver's answer is there */
    DIAL_UNHEARD, /* it will not come */
    DIAL_LINE,
    DIAL_SYN,
    DIAL_TLS,
    DIAL_HELLO,    /* the certificate is there */
    DIAL_GIVES_UP, /* sent again often enough */
    DIAL_DONE
};
struct dial {
    comp_id policy, caller;
    uint16_t instance; /* of the caller */
    uint64_t request;
    uint16_t attempt;
    bool pool;  /* a pool's connection: it is opened over the link, if there is one */
    comp_id to; /* where it leads: what the name stands for, once that is known */
    uint8_t step;
    uint16_t tries;
    /* WAITS: so long, for this; FAILS: why, where */
    sim_time delay;
    enum cause cause;
    comp_id place;
    enum reason reason;
};
enum dial_says { DIAL_GOES_ON, DIAL_WAITS, DIAL_OPEN, DIAL_FAILED };

/* path.c */
void path_tune(struct path *p); /* sets `what` by the rest */
/* call_cross() over a link. False: there is none. */
bool path_cross(struct world *w, struct act *a, int event) SELDOM;
/* A balancer sends a request on to the instance that it has chosen. */
void path_send_on(struct world *w, struct act *a, comp_id link);
/* The call that `a` makes fails on its way, at `culprit`; nothing of it reaches
 * (or comes back from) its callee any more. */
void path_fail(struct world *w, struct act *a, enum reason reason, comp_id culprit);
/* It has arrived, whichever way it went. */
void path_arrived(struct world *w, struct act *a);

/* path_dial.c */
/* Before the call is sent: true: it will be (call_send()), or has failed; false: there
 * is nothing to be done first. */
bool path_dial(struct world *w, struct act *a) SELDOM;
/* The call is over: its connection is kept, or closed. */
void path_keep(struct world *w, struct act *a, enum reason reason) SELDOM;
/* Its caller does not wait for the answer: the connection is closed. */
void path_hang_up(struct world *w, struct act *a) SELDOM;
/* The instance knows nothing any more, and connections to it are closed. */
void path_instance_gone(struct world *w, comp_id service, uint16_t number);
/* A call that is being opened: its next step is due. */
void path_dial_due(struct world *w, struct act *a);
/* Goes on as far as it can. */
enum dial_says path_dial_on(struct world *w, struct dial *d);

/* ---- names (kind_dns.c) --------------------------------------------------------- */

enum dns_says { DNS_KNOWN, DNS_UNKNOWN, DNS_NONE };
enum dns_says dns_look(struct world *w, comp_id name, const struct dns_answer *a);
/* Asks the resolver. False: no answer will come; either way that is known in *delay. */
bool dns_ask(struct world *w, comp_id name, sim_time *delay);
/* The answer, or none (`heard` false), is there. `age`: share of its time that the
 * first one has been kept already. True: *a can be used. */
bool dns_learn(struct world *w, comp_id name, struct dns_answer *a, bool heard,
               enum dns_keeps keeps, double age);
/* A call goes by that answer. */
void dns_used(struct world *w, comp_id name, const struct dns_answer *a);
/* One of the instances in the answer; 0: there is none. */
uint16_t dns_choose(struct world *w, comp_id service, const struct dns_answer *a,
                    int rule);
/* Nobody would get that answer now. */
bool dns_old(const struct world *w, comp_id name, const struct dns_answer *a);
int dns_addresses(const struct dns_answer *a);
enum err dns_fits(const struct model *m, comp_id name, comp_id callee,
                  const char *policy, struct errmsg *why);

/* ---- certificates (kind_certificate.c) ------------------------------------------ */

/* A handshake begins: its round trips, and what both sides compute. */
int certificate_rounds(struct world *w, comp_id c, sim_time *work);
/* Whether this caller accepts what is presented. */
/* An instance of who presents it starts: it reads the disk. */
void certificate_started(struct world *w, comp_id service, uint16_t number);
bool certificate_good(struct world *w, comp_id c, comp_id caller, int instance);

/* ---- links ---------------------------------------------------------------------- */

enum link_param {
    LP_LATENCY,
    LP_JITTER,
    LP_LOSS,
    LP_BANDWIDTH,
    LP_QUEUE,
    LP_RTO,
    LP_RETRANSMITS,
    LP_USER_TIMEOUT
};
enum link_rng { LRNG_LATENCY, LRNG_LOSS };
enum link_event { /* EV_KIND + this */
                  LE_ARRIVED,
                  LE_AGAIN,  /* what was lost is sent again */
                  LE_BROKEN, /* refused, or sent again in vain for long enough */
                  LE_SENT    /* a: way: the head of that lane is out */
};

/* What becomes of a message on the wire. */
enum fate {
    FATE_ARRIVES,
    FATE_LOST,  /* sent again when no answer has come for so long */
    FATE_MISSED /* what came behind it tells that it is missing: sent again at once */
};

/* A message, or what is lost of one, that takes its turn on the wire. */
struct frame {
    ref act;
    uint32_t gen;
    uint32_t bytes;
    uint8_t fate;
};
/* One direction: frames leave one after the other at the link's rate. */
struct lane {
    ref ring; /* struct frame */
    uint32_t head, tail, cap;
    uint32_t timer;
    uint64_t left;       /* of the head: bytes * 1e9 */
    uint64_t queued;     /* bytes in the ring, the head as a whole */
    sim_time since;      /* `left` and `busy` are right as of */
    sim_time busy;       /* time at work */
    sim_time second;     /* the whole second that `busy_at` is about */
    sim_time busy_at[2]; /* busy at that second, and at the one before */
};
enum side { SIDE_CALLERS, SIDE_CALLEES };
struct link {
    struct lane lanes[2];
    uint64_t rate; /* bytes a second now; 0: no limit */
    /* faults that run */
    double slow, loss, narrow;
    double parted;   /* share of the callers, both ways */
    double refusing; /* share of the callers that is refused at once */
    double partial;  /* share of one side */
    uint8_t side;    /* enum side: which */
    bool one_way[2]; /* by enum way */
    sim_time flap_from, flap_period, flap_down; /* period 0: it does not flap */
    uint64_t messages, bytes, lost, cut, dropped, retransmits, broken;
};
static inline struct link *link_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct link, c);
}

/* Who talks over it: as far as a partial partition asks. */
struct talk {
    uint64_t request;
    uint16_t attempt;
    uint16_t caller, callee; /* instances; 0: none, or not known yet */
};
/* kind_link.c: what is sent now is lost; what is sent now is refused at once. */
bool link_cut(const struct world *w, comp_id link, const struct talk *t, enum way way);
bool link_refuses(const struct world *w, comp_id link, const struct talk *t);

/* link_run.c: sends the act's message; it waits until that arrives. */
void link_cross(struct world *w, comp_id link, struct act *a, enum way way);
/* Whether a small message would get through and back now. */
bool link_reaches(const struct world *w, comp_id link, const struct talk *t);
void link_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b);
sim_time link_latency(struct world *w, comp_id link);
/* Whether one of so many small packets, there and back, is lost now. */
bool link_loses(struct world *w, comp_id link, const struct talk *t, uint32_t packets);

/* link_lane.c */
/* The frame takes its turn; when it is out, lane_out() tells. */
void lane_push(struct world *w, comp_id link, enum way way, struct frame f);
/* The head is out. */
struct frame lane_pop(struct world *w, comp_id link, enum way way);
/* The rate has changed. */
void lanes_retune(struct world *w, comp_id link);
sim_time lane_busy(const struct world *w, const struct lane *l);
double lane_load(const struct world *w, const struct lane *l); /* of the last second */

#endif
