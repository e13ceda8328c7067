/*
 * net: what lies between a caller and what it calls: links, names, certificates,
 * clocks.
 *
 * A message over a link (link_run.c) is an act that waits at CAUSE_NETWORK, place: the
 * link. It may be lost and sent again any number of times before it arrives: act->tries
 * counts how often. When it is there, or never will be, the act's call policy is told
 * (kind_impl.arrived, lost).
 *
 * Every call policy's state begins with a struct path, which says what there is between
 * its two sides beyond a delay; `what` is 0 where there is nothing more.
 */
#ifndef SIM_NET_NET_H
#define SIM_NET_NET_H

#include "engine/lot.h"
#include "net/ports.h"

/* ---- the way of a policy's calls ------------------------------------------------- */

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
    bool hops;       /* the callee sends on by a link of its own */
    bool verify;     /* the certificate is checked */
    bool kept;       /* connections are kept within limits */
    uint8_t answers; /* enum dns_keeps: what becomes of the name's answers */
    comp_id link, name, certificate; /* COMP_NONE: none */
    int64_t bytes[2];                /* of a request, of an answer */
    int64_t keep_alive;              /* requests a connection serves; 0: any number */
    uint32_t streams;                /* requests that share one at once */
    ref callers;                     /* struct caller, by instance of the caller */
    uint32_t cap;
    uint32_t open; /* connections, those in use included */
    uint64_t opened;
};
static inline struct path *path_of(const struct world *w, comp_id policy)
{
    return W_STATE(w, struct path, policy);
}

extern const struct kind_impl kind_certificate, kind_clock;

/* ---- names (kind_dns.c) ---------------------------------------------------------- */

/* The knowledge a caller has of a name. */
enum { DNS_ADDRESSES = 256 };
struct dns_answer {
    bool known;
    comp_id comp;          /* COMP_NONE: there is no such name */
    sim_time until, again; /* good until; asked again then, when nobody answered */
    uint64_t set[DNS_ADDRESSES / 64]; /* of a service: numbers of its instances */
};
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
/* An instance from the answer; 0: there is none. */
uint16_t dns_choose(struct world *w, comp_id service, const struct dns_answer *a,
                    int rule);
/* Nobody would get that answer now. */
bool dns_old(const struct world *w, comp_id name, const struct dns_answer *a);
int dns_addresses(const struct dns_answer *a);
enum err dns_fits(const struct model *m, comp_id name, comp_id callee,
                  const char *policy, struct errmsg *why);

/* ---- certificates (kind_certificate.c) ------------------------------------------- */

/* A handshake begins: its round trips. */
int certificate_rounds(struct world *w, comp_id c);
/* The processor time of one side of a handshake, which begins to compute. */
enum handshake_side { SIDE_PRESENTS, SIDE_CHECKS };
sim_time certificate_work(struct world *w, comp_id c, enum handshake_side side);
/* Handshakes that an instance has under way at most. */
uint32_t certificate_backlog(const struct world *w, comp_id c);
/* The component that presents the certificate; COMP_NONE: none is said. */
comp_id certificate_on(const struct world *w, comp_id c);
/* An instance of who presents it starts: it reads the disk. */
void certificate_started(struct world *w, comp_id service, uint16_t number);
/* Whether this caller accepts what is presented. */
bool certificate_good(struct world *w, comp_id c, comp_id caller, int instance);

/* ---- links ----------------------------------------------------------------------- */

enum link_param {
    LP_LATENCY,
    LP_JITTER,
    LP_LOSS,
    LP_BANDWIDTH,
    LP_QUEUE,
    LP_RTO,
    LP_RETRANSMITS,
    LP_USER_TIMEOUT,
    LP_KEEPALIVE,
    LP_KEEPALIVE_INTERVAL,
    LP_KEEPALIVE_PROBES,
    LP_FORGETS_AFTER,
    LP_COUNT
};

/* The two ends of a talk over a link, as far as a partial partition asks. */
struct talk {
    struct lot lot; /* of the request or the connection */
    uint16_t attempt;
    uint16_t caller, callee; /* instances; 0: none, or not known yet */
};
/* kind_link.c: what is sent now is lost; what is sent now is refused at once. */
bool link_cut(const struct world *w, comp_id link, const struct talk *t, enum way way);
bool link_refuses(const struct world *w, comp_id link, const struct talk *t);

/* A connection over a link, as far as what lies between may forget it: a firewall or
 * NAT drops its entry, a machine dies without a word. Nothing that is sent over it gets
 * through from then on, and no reset says so. */
struct link_use {
    sim_time opened, used; /* used: the last time */
    struct lot lot;
};
/* Whether it is forgotten by now. */
bool link_forgot(const struct world *w, comp_id link, const struct link_use *u);
/* Of one that is forgotten and was idle since: whether keepalive has told so. */
bool link_notices(const struct world *w, comp_id link, const struct link_use *u);

/* link_run.c: sends the act's message; it waits until that arrives. */
void link_cross(struct world *w, comp_id link, struct act *a, enum way way);
/* Whether a small message would get through and back now. */
bool link_reaches(const struct world *w, comp_id link, const struct talk *t);
sim_time link_latency(struct world *w, comp_id link);
/* Messages behind a lost one on its connection have told so (fast retransmit): it is sent
 * again once its sender has heard. What is ordered on a connection (act->ordered) has in
 * act->mark when it was sent last. */
void link_hurries(struct world *w, comp_id link, struct act *a);
/* Whether one of so many small packets, there and back, is lost now. */
bool link_loses(struct world *w, comp_id link, const struct talk *t, uint32_t packets);

/* ---- clocks (kind_clock.c) ------------------------------------------------------- */

/* The time by the clock of a component's machine (or that of an instance): for whatever
 * real systems compare with a clock on the wall. */
sim_time clock_now(const struct world *w, comp_id c, int instance);

#endif
