/*
 * client: what the files of the kind "client" share.
 *
 *   kind_client.c       attempts: how each ends, and the ledger of that
 *   client_arrivals.c   when users come
 *   client_loop.c       users that are somebody: those who come back after a while, or do
 *                       several things before they leave
 *   client_params.c     the parameters
 *   client_look.c       the metrics, and attempts that wait
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "engine/act.h"
#include "engine/kind.h"
#include "engine/program.h"

struct curve_point;
struct zipf;
enum client_param {
    P_TO,
    P_RATE,
    P_ARRIVALS,
    P_GIVES_UP,
    P_RELOADS,
    P_RELOAD_DELAY,
    P_TRACE_EVERY,
    P_USERS,
    P_THINK,
    P_VISITS,
    P_GAPS,
    P_POPULATION,
    P_POPULARITY,
    P_PRIORITY,
    P_TENANTS,
    P_COUNT
};
enum { ARRIVALS_POISSON, ARRIVALS_EVEN, ARRIVALS_GAPS };
enum client_rng { RNG_ARRIVALS, RNG_BEHAVIOUR, RNG_THINK, RNG_IDENTITY };
enum client_event {
    EV_ARRIVAL,
    EV_GIVES_UP, /* a, b: the act */
    EV_LATE,     /* a, b: the act */
    EV_RELOAD,   /* a: the user, b: the visit; of users who stay, a: struct reload */
    EV_THOUGHT,  /* a: the user, b: visits so far */
    EV_FILL      /* more users come at this very moment */
};

struct client_state {      /* touched by every attempt: first */
    struct call_spec spec; /* see struct client_data */
    double rate;           /* P_RATE with the spike; a curve comes on top */
    double wanted; /* integral of the rate to the next arrival, from `from` on */
    sim_time from;
    uint32_t timer;
    uint32_t trace_every;
    uint64_t trace_lot; /* of all attempts, to choose those that are traced */
    uint32_t in_flight;
    struct list inside;
    uint8_t priority;
    bool steady;   /* no curve */
    bool poisson;  /* arrivals */
    bool slo;      /* the objective applies */
    bool loops;    /* see struct client_data */
    bool somebody; /* of a population, or to stay for a while */
    bool endures;  /* waits for ever, and nobody minds */
    uint64_t visits, attempts, answered, good;
    sim_time seconds; /* of answered attempts */
    uint64_t bad, slow, failed, gave_up, stale, lost;
    uint64_t visits_lost; /* not answered, and not tried again */
    double spike;         /* factor on the rate */
    /* client_loop.c */
    uint32_t users;  /* present now */
    uint32_t joined; /* of a closed loop: those let in, less those sent away */
    uint32_t next_user;
    uint32_t thinking;
    sim_time thought; /* integral of `thinking` up to `thought_at` */
    sim_time thought_at;
};

struct client_data {       /* model time */
    struct call_spec spec; /* first: call_root_spec() */
    comp_id endpoint;
    struct curve_point *curve;
    size_t ncurve;
    sim_time period;
    bool slo;
    bool closed; /* a number of users, not a rate */
    bool loops;  /* users make more than one visit each */
    uint32_t population;
    const struct zipf *popular; /* NULL: all alike */
};

static inline struct client_state *client_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct client_state, c);
}
static inline const struct client_data *client_data(const struct model *m, comp_id c)
{
    return m->comps[c].data;
}

/* kind_client.c: an attempt begins. `visit` names what the user wants, through all
 * attempts at it; 0: something new. `made`: visits of this user, this one included. */
void client_attempt(struct world *w, comp_id c, uint32_t user, uint32_t visit,
                    uint32_t made);
enum { VISITS_MAX = 32000 };
struct reload { /* of a user who stays for more than one visit */
    uint32_t user, visit, made;
};

/* client_params.c: by enum client_param */
extern const struct param_desc client_params[];

/* client_arrivals.c */
/* Draws the integral to the next arrival, and arms its timer. */
void client_want_next(struct world *w, comp_id c, struct client_state *s);
/* The rate was `before` (1/s, the spike included) until now: takes off the integral what
 * is over of it, and arms the timer anew. */
void client_rate_changed(struct world *w, comp_id c, double before);

/* client_look.c */
enum { CLIENT_METRICS = 16 };
extern const struct metric_desc client_metrics[CLIENT_METRICS];
double client_metric(const struct world *w, comp_id c, int metric, int instance);
void client_inflight(const struct world *w, comp_id c,
                     void (*f)(const struct world *w, const struct act *a, void *ctx),
                     void *ctx);

/* client_loop.c */
enum err client_check_loop(struct model *m, comp_id c, struct client_data *d,
                           struct errmsg *why);
void client_loop_init(struct world *w, comp_id c);
/* Brings the loop to the number of users wanted: `users` or the spike has changed. */
void client_loop_fill(struct world *w, comp_id c);
/* Draws who comes: somebody of the population. */
uint32_t client_who(struct world *w, comp_id c);
/* Notes that one more user is there. */
void client_joined(struct world *w, comp_id c);
/* A visit is over and not tried again. `answered`: well; `at_once`: in no time. */
void client_visit_over(struct world *w, comp_id c, uint32_t user, uint32_t made,
                       bool answered, bool at_once);
/* A user is away for a while (between an attempt and the next), or is back. */
void client_away(struct world *w, comp_id c, bool away);
void client_thought(struct world *w, comp_id c, uint32_t user, uint32_t made);
/* Integral of the number of thinking users up to now. */
sim_time client_thinking(const struct world *w, comp_id c);

#endif
