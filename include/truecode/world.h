/*
 * world: a model that runs: a deterministic discrete-event simulation.
 *
 * A world is a value: everything that changes. Same model, seed and actions give the
 * same trace, byte for byte, on every machine; a world can be copied (world_fork) at
 * any moment and the copies never share.
 *
 *     struct world *w = world_new(m, 42, &why);
 *     world_run(w, 60 * SIM_SEC, UINT64_MAX, NULL, &why);
 *     double good = world_metric(w, users, "good_total", -1);
 *     world_free(w);
 */
#ifndef TRUECODE_WORLD_H
#define TRUECODE_WORLD_H

#include "truecode/model.h"

struct world;

/* ---- what a world tells while it runs -------------------------------------------- */

struct request_done {
    uint64_t id;    /* of the user's request; attempts and retries below it share it */
    comp_id client; /* the client at the root */
    comp_id endpoint; /* "checkout/buy"; at the user's side: what it called */
    comp_id place;    /* the finisher of the request: the service, external, or the
                         client */
    int instance;     /* 1-based, of the service; 0 at the client */
    bool user;        /* seen from the user, the whole attempt; else the server side */
    bool good;        /* user only: met the SLO */
    bool traced;      /* spans of the request were told */
    bool abandoned; /* server side: nobody was waiting for it any more (wasted work) */
    sim_time start, end;
    sim_time age;       /* oldest cached value in it */
    enum reason reason; /* REASON_NONE: answered */
    const char *result; /* answered with a result of its own, "declined"; else NULL. The
                           model's, known at the server's side alone */
    comp_id culprit;    /* where it failed, COMP_NONE when it did not */
    const struct slice *slices;
    size_t nslices;
};

struct span {
    uint64_t request;
    uint32_t id, parent; /* within the request; parent 0: the root */
    comp_id place;
    int instance;
    comp_id what;  /* endpoint, statement, key space; or the place itself */
    uint8_t cause; /* a wait or piece of work; CAUSE_COUNT: a whole call */
    sim_time start, end;
    enum reason reason;
    const char *result; /* of a whole call: as in struct request_done */
    bool outlives;  /* A transaction that its request left open. Told twice: when the
                           request lets go of it, with `end` SIM_FOREVER, and when it
                           ends, by whoever ends it */
    bool abandoned; /* nobody waited for the call any more */
    char note[48];  /* "61 others waiting", "retry 1", "miss"; "" */
};

struct log_line {
    sim_time at;
    comp_id comp;
    int instance;
    enum log_level level;
    uint64_t request; /* 0: none */
    const char *text; /* borrowed for the call */
};

struct change {
    uint32_t id; /* 1, 2, ... in this world */
    sim_time at;
    const char *who; /* borrowed for the call, as is title */
    comp_id comp;
    const char *title;    /* "checkout.pool.size 20 -> 100", "deploy v42 (was v41)" */
    struct action action; /* the deed */
    struct action undo;   /* how to undo it */
    bool undoable; /* `undo` holds; so for most decoys, whose undo changes nothing */
};

/* All optional. Called in time order, from inside world_run() and world_apply(); they
 * must not change the world. Nothing in a world depends on whether anybody listens. */
struct observer {
    void *ctx;
    void (*done)(void *ctx, const struct request_done *r);
    void (*span)(void *ctx, const struct span *s);
    void (*log)(void *ctx, const struct log_line *l);
    void (*change)(void *ctx, const struct change *c);
};

/* ---- running --------------------------------------------------------------------- */

/* A world takes at most 64 MiB; beyond that world_run() is ERR_LIMIT with what grew. */
struct world *world_new(struct model *m, uint64_t seed, struct errmsg *why) MUST_USE;
void world_free(struct world *w);
/* NULL: the process has no memory left for it. */
struct world *world_fork(const struct world *w) MUST_USE;
const struct model *world_model(const struct world *w);
uint64_t world_seed(const struct world *w);
sim_time world_now(const struct world *w);
uint64_t world_events(const struct world *w); /* dispatched since the start */
/* The number of scheduled actions that could not be done when their time came; `first`
 * and `line` (may be NULL) get what the first of them was, and why, and its action's
 * line. */
size_t world_refused(const struct world *w, const char **first, int *line);
size_t world_bytes(const struct world *w);

/* Runs every event at or before `until`, at most `max_events` of them. ERR_OK: the
 * clock is at `until`. ERR_STOPPED: max_events used up (call again). ERR_LIMIT: the
 * world ran away (memory, requests in flight); it stays readable but will not run on.
 */
enum err world_run(struct world *w, sim_time until, uint64_t max_events,
                   const struct observer *o, struct errmsg *why) MUST_USE;

/* Does `a` now; after the whole of an event that the world was stopped in, of which the
 * observer is told. ERR_REFUSED / ERR_INPUT with a sentence when it cannot be done.
 * `busy` (may be NULL) gets how long it keeps the operator busy. */
enum err world_apply(struct world *w, const struct action *a, const char *who,
                     const struct observer *o, sim_time *busy,
                     struct errmsg *why) MUST_USE;

/* Hash over (time, kind, component, outcome) of all dispatched events so far. */
uint64_t world_digest(const struct world *w);
uint64_t world_digest_of(const struct world *w, comp_id c);

/* ---- looking --------------------------------------------------------------------- */

struct value world_get(const struct world *w, comp_id c, const char *param);
/* A setting that was changed and does not hold yet. */
struct later_view {
    struct value value; /* the value to come; with `instances`, the one those run
                           with */
    sim_time due;       /* of a resize: when; 0: at the next restart */
    int instances;      /* instances that still run with the old value; 0: the whole
                           component */
};
/* Returns false where the value of world_get() is all there is. */
bool world_later(const struct world *w, comp_id c, const char *param,
                 struct later_view *out);
/* The value that an instance runs with until its next restart; false: the one set. */
bool world_kept(const struct world *w, comp_id c, int instance, const char *param,
                struct value *out);
/* The cost of giving hardware another size; for a parameter of
 * CHANGE_BY_RESIZE. ERR_REFUSED with a sentence where it cannot have that. */
struct resize_view {
    sim_time takes; /* until the new machine is there */
    sim_time away;  /* how long nobody is served when it takes over */
};
enum err world_resize(const struct world *w, comp_id c, const char *param,
                      const struct value *to, struct resize_view *out,
                      struct errmsg *why) MUST_USE;

/* `metric` by its short name; instance 0 or -1: the whole component. NaN: no such
 * metric. */
double world_metric(const struct world *w, comp_id c, const char *metric, int instance);
double world_metric_at(const struct world *w, comp_id c, size_t metric, int instance);

/* Whether the metric says anything about this component, as it is set up now. */
bool world_metric_applies(const struct world *w, comp_id c, size_t metric);

struct instance_view {
    int number; /* 1-based */
    enum instance_state state;
    bool warming;     /* up, but not yet at full speed */
    bool ready;       /* readiness as its probes answer now */
    bool in_rotation; /* gets traffic from the balancer in front, if there is one */
    const char *version;
    sim_time since;        /* up (or in this state) since */
    int busy, workers;     /* workers */
    int queued, queue_max; /* waiting for a worker; queue_max 0: unlimited */
    sim_time oldest;       /* age of the oldest request inside */
    double cpu;            /* share of its cores busy over the last second */
    comp_id pool;          /* the instance's first pool; COMP_NONE: none */
    int pool_in_use, pool_size, pool_waiting;
    sim_time pool_oldest_wait;
    int restarts;
};
/* Highest instance number ever used; views of unused slots have INSTANCE_NONE. */
int world_instances(const struct world *w, comp_id service);
void world_instance(const struct world *w, comp_id service, int number,
                    struct instance_view *v);

enum session_state {
    SESSION_IDLE,
    SESSION_ACTIVE,
    SESSION_IDLE_IN_TRANSACTION,
    SESSION_LOCK_WAIT
};
struct db_session_view {
    uint32_t id;
    comp_id client; /* the service that holds it */
    int instance;
    enum session_state state;
    sim_time since;    /* in this state since */
    comp_id statement; /* the one running or last run; COMP_NONE: none */
};
/* Fills at most `max`, in order of id; returns how many there are in all. */
size_t world_db_sessions(const struct world *w, comp_id db, struct db_session_view *out,
                         size_t max);

/* A session that waits for a lock, whom it waits for, and who is behind it in the end:
 * `root` waits for nobody. */
struct db_lock_view {
    uint32_t session;
    comp_id client; /* the database itself: an operator, or its own upkeep */
    int instance;
    comp_id table;       /* COMP_NONE: advisory */
    char what[40];       /* "row 17", "the table", or the advisory lock's name */
    enum lock_mode mode; /* wanted; of rows and names: SHARE or EXCLUSIVE */
    sim_time since;
    uint32_t blocker;    /* a session that stands in the way */
    bool blocker_queues; /* the blocker holds nothing, and only stands before it */
    uint32_t root;
    comp_id root_client;
    int root_instance;
    enum session_state root_state;
    sim_time root_since; /* in that state, or its transaction is open since */
};
/* In order of session; fills at most `max`, returns how many there are in all. */
size_t world_db_locks(const struct world *w, comp_id db, struct db_lock_view *out,
                      size_t max);

/* A server of a database: one of several, or the only one. */
enum db_server_role {
    SERVER_LEADS,      /* takes writes */
    SERVER_LEADS_TOO,  /* replaced, but not shut down: takes writes of its own */
    SERVER_FOLLOWS,    /* a replica */
    SERVER_TAKES_OVER, /* a replica that is being promoted */
    SERVER_BROKEN,     /* cannot follow any more: has to be rebuilt */
    SERVER_REBUILDS    /* a copy of the leader is being made */
};
struct db_server_view {
    comp_id server; /* the database itself, or a replica */
    enum db_server_role role;
    bool answers;
    bool fenced;     /* a failover has shut it down, for certain */
    bool paused;     /* receives the log and applies none of it */
    sim_time lag;    /* age of the oldest write that cannot be read there yet */
    uint64_t behind; /* bytes of log that are written and not applied there */
    uint64_t
        received; /* bytes of log there, applied or not; 0 unless it leads or follows */
    sim_time catch_up; /* until a write of now can be read; SIM_FOREVER: never */
    sim_time left;     /* TAKES_OVER, REBUILDS: until that is done */
};
/* In order of id, the database first; fills at most `max`, returns how many there are.
 */
size_t world_db_servers(const struct world *w, comp_id db, struct db_server_view *out,
                        size_t max);

/* The servers of a database, taken together. */
struct db_cluster_view {
    comp_id leader;     /* takes writes now; COMP_NONE: no server does */
    comp_id named;      /* leads, whether it answers or not */
    comp_id takes_over; /* a replica under promotion; COMP_NONE: none */
    comp_id restoring;  /* the series of backups that is being put back; COMP_NONE */
    sim_time left;      /* of the promotion, or of the restore; 0: neither */
    comp_id rescuing; /* rows are copied back from this backup or replica; COMP_NONE */
    sim_time rescue_left;
    size_t servers, unwell; /* unwell: neither lead nor follow as they should */
};
void world_db_cluster(const struct world *w, comp_id db, struct db_cluster_view *v);

/* An index of a table, or one that a statement looks for and does not find. */
struct db_index_view {
    char name[40];
    bool there;
    bool primary;        /* the primary key's */
    size_t statements;   /* the number of those that look rows up by it */
    comp_id statement;   /* the first of them; COMP_NONE */
    const char *working; /* "create index" while that works on it; NULL */
};
size_t world_db_indexes(const struct world *w, comp_id table, struct db_index_view *out,
                        size_t max);

/* The upkeep of a table that is under way. */
struct db_upkeep_view {
    const char *what; /* "vacuum", "rewrite"; NULL: none */
    bool waits;       /* for its lock, or for transactions that were there before */
    double done;      /* share of its work */
    sim_time began;
    uint32_t session;
};
void world_db_upkeep(const struct world *w, comp_id table, struct db_upkeep_view *v);

struct cache_key_view {
    uint32_t key;  /* number within the key space */
    char name[32]; /* "seats:ws-11" */
    bool present;
    sim_time ttl_left;               /* < 0: stale by so much */
    sim_time written;                /* 0: never */
    double hits_per_s, misses_per_s; /* over the last ten seconds */
    int loading;                     /* misses on it that are running now */
};
size_t world_cache_keys(const struct world *w, comp_id keyspace,
                        struct cache_key_view *out, size_t max);

/* The resolver's answer about a name (kind dns), now. */
struct dns_view {
    comp_id to;    /* COMP_NONE: there is no such name */
    int addresses; /* of a service: instances in the answer; else 0 */
    bool answers;  /* false: it does not */
    sim_time ttl;
};
void world_dns(const struct world *w, comp_id name, struct dns_view *v);
/* The answer that a caller keeps. */
struct dns_belief {
    comp_id caller;
    int instance;  /* of the caller; users: number of a resolver they are behind */
    bool resolver; /* the caller is that resolver */
    comp_id to;    /* COMP_NONE: that there is no such name */
    int addresses;
    sim_time ttl_left; /* <= 0: asks again at the next call; SIM_FOREVER */
    bool old;          /* not what the name says now */
};
/* Fills at most `max`; returns how many there are. */
size_t world_dns_beliefs(const struct world *w, comp_id name, struct dns_belief *out,
                         size_t max);

struct certificate_view {
    comp_id on;                     /* the presenter; COMP_NONE: not said */
    sim_time from, until;           /* presented; good in [from, until) */
    sim_time disk_from, disk_until; /* on the disk */
    const char *wrong; /* the words of a caller with the right time; NULL: nothing */
};
void world_certificate(const struct world *w, comp_id c, struct certificate_view *v);

/* An instance as a balancer sees it. */
struct backend_view {
    int number;
    bool gets_requests; /* in rotation */
    bool drained;       /* taken out by an operator */
    bool probes_fail;
    bool ejected;  /* for its errors, until `back` has passed */
    sim_time back; /* from now; 0 but for one that is ejected */
    double weight; /* counts with policy = weighted alone */
};
/* In order of number; fills at most `max`, returns how many there are. */
size_t world_backends(const struct world *w, comp_id balancer, struct backend_view *out,
                      size_t max);

/* A message that was given up and is kept aside. */
struct dead_letter_view {
    int partition;    /* 1-based */
    uint64_t request; /* the publisher's: the number of a trace */
    uint32_t tries;   /* failed ones */
    sim_time published;
};
/* The oldest first, as replay_dead and drop_dead number them from 1; fills at most `max`,
 * returns how many there are. */
size_t world_dead_letters(const struct world *w, comp_id subscription,
                          struct dead_letter_view *out, size_t max);

/* A request inside a component right now. */
struct inflight_view {
    uint64_t request;
    comp_id endpoint;
    int instance;
    sim_time started;
    uint8_t cause; /* the wait or the work now */
    comp_id place; /* where */
    sim_time since;
    bool abandoned; /* the caller is gone */
};
size_t world_inflight(const struct world *w, comp_id c, struct inflight_view *out,
                      size_t max); /* oldest first */

#endif
