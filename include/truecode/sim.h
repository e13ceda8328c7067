/*
 * sim: a deterministic discrete-event simulator of production systems.
 *
 * Two things. A `model` is what never changes while it runs: components, their
 * programs, the incident's schedule. It is built once, finished, and then shared by
 * reference count. A `world` is a value: everything that changes. Same model, seed and
 * actions give the same trace, byte for byte; a world can be copied (world_fork) at any
 * moment and the copies never share.
 *
 * Every part of a system is a component of some kind, and every kind describes itself
 * (struct kind_desc): parameters an operator may set, operations, faults, metrics. All
 * of validation, console commands, completion and reference texts come from there.
 *
 *     struct errmsg why = {0};
 *     struct model *m = model_new();
 *     comp_id api = model_add(m, "service", "api", &why);
 *     model_set(m, api, "instances", value_count(2), &why);
 *     struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(10 * SIM_MS)};
 *     model_endpoint(m, api, "get", NULL, &work, &why);
 *     comp_id users = model_add(m, "client", "users", &why);
 *     model_set(m, users, "to", value_text("api/get"), &why);
 *     model_set(m, users, "rate", value_number(50), &why);
 *     if (model_finish(m, &why) != ERR_OK) ...
 *     struct world *w = world_new(m, 42, &why);
 *     world_run(w, 60 * SIM_SEC, UINT64_MAX, NULL, &why);
 *     double good = world_metric(w, users, "good_total", -1);
 *
 * Names. A component's name is unique. Nested ones carry their owner's: endpoint
 * "checkout/buy", statement "orders-db.reserve", pool "checkout.pool", key space
 * "cache.seats", call policy "checkout.orders-db" (caller.callee; exists for every pair
 * that a program or client uses, also when no policy was given). Instances are
 * "checkout-1" ... "checkout-6".
 */
#ifndef TRUECODE_SIM_H
#define TRUECODE_SIM_H

#include "truecode/base.h"

typedef uint16_t comp_id; /* index into the model's components */
#define COMP_NONE ((comp_id)0xffff)

struct model;
struct world;

/* ---- values --------------------------------------------------------------------- */

enum value_type {
    VALUE_NONE,
    VALUE_NUMBER,   /* double */
    VALUE_COUNT,    /* int64 */
    VALUE_FRACTION, /* double 0..1; written 0.15 or 15% */
    VALUE_DURATION, /* sim_time; written 250ms */
    VALUE_BOOL,     /* written on/off */
    VALUE_CHOICE,   /* index into param_desc.choices */
    VALUE_DIST,     /* a random duration: struct dist */
    VALUE_COMP,     /* a component */
    VALUE_TEXT      /* a name; borrowed pointer, copied where it is kept */
};

/* A random duration. `k`: Erlang stages. Lognormal is given by its own mean and sd.
 * Pareto: `spread` is the shape alpha times 1000, cut at 1000 means. */
enum dist_kind {
    DIST_CONST,
    DIST_EXPONENTIAL,
    DIST_UNIFORM, /* mean +- spread */
    DIST_NORMAL,  /* cut below 0 */
    DIST_LOGNORMAL,
    DIST_ERLANG,
    DIST_HYPEREXP, /* two phases, balanced means; spread = scv * 1000 */
    DIST_PARETO
};
struct dist {
    enum dist_kind kind;
    int k;
    sim_time mean;
    sim_time spread;
};
struct dist dist_const(sim_time t);
struct dist dist_exponential(sim_time mean);
struct dist dist_lognormal(sim_time mean, sim_time sd);
sim_time dist_draw(const struct dist *d, struct rng *r); /* >= 0 */

struct value {
    enum value_type type;
    union {
        double number; /* NUMBER, FRACTION */
        int64_t count; /* COUNT, CHOICE */
        sim_time duration;
        bool on;
        struct dist dist;
        comp_id comp;
        const char *text;
    } as;
};
struct value value_number(double x);
struct value value_count(int64_t n);
struct value value_duration(sim_time t);
struct value value_bool(bool on);
struct value value_dist(struct dist d);
struct value value_text(const char *s);

/* ---- what a kind says of itself ------------------------------------------------- */

struct param_desc {
    const char *name;
    enum value_type type;
    double min, max;  /* in `unit`; durations in seconds; min == max: no limit */
    const char *unit; /* "s", "connections", "1/s", "" */
    const char *def;  /* default, as text that value_parse takes; NULL: must be given */
    const char *choices; /* VALUE_CHOICE: "fifo|lifo|deadline" */
    bool live;           /* an operator may set it while it runs */
    const char *doc;     /* one sentence */
};

#define OP_ARGS 4
struct arg_desc {
    const char *name;
    enum value_type type;
    bool optional;
    const char *doc;
};
struct op_desc { /* an operator's action: restart, drain, flush ... */
    const char *name;
    struct arg_desc args[OP_ARGS];
    bool instance; /* may be aimed at one instance */
    sim_time cost; /* keeps the operator busy for so long; 0: until it is done itself */
    const char *risk; /* what to say before asking for a yes; NULL: no risk */
    const char *doc;
};
struct fault_desc { /* what an incident injects */
    const char *name;
    struct arg_desc args[OP_ARGS];
    const char *doc;
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };
struct metric_desc {
    const char *name;   /* short: "pool_waiting", what lessons and commands say */
    const char *prom;   /* Prometheus name: "db_client_connections_pending_requests" */
    const char *labels; /* fixed labels: "outcome=\"timeout\"", or "" */
    enum metric_type type;
    const char *unit;  /* "s", "ratio", "1", "bytes" */
    bool per_instance; /* also readable per instance; the component's value is the sum,
                          or the mean for ratios */
    const char *doc;
};

/* A metric of something that not every component of the kind has or uses: it says
 * nothing unless parameter `of` is not at its default, or the component has a nested
 * one of kind `of`. Listings leave it out then; its value is still a number. */
struct metric_need {
    const char *metric, *of;
};

/* What a person looks at first in a component of the kind, best first: `status`, the
 * map and the charts take it from here. */
enum figure_how {
    FIGURE_NOW,      /* the gauge `metric`, as it stands */
    FIGURE_OF,       /* the same, of as many as the gauge `of` says: "80 of 100" */
    FIGURE_RATE,     /* the counter `metric`, per second */
    FIGURE_TOTAL,    /* the counter `metric`, so far */
    FIGURE_PART,     /* `metric` of each `of`, both counted: errors of requests */
    FIGURE_SHARE,    /* `metric` of `metric` and `of` together: hits, misses */
    FIGURE_TIME,     /* seconds of each: `metric` counts seconds, `of` requests */
    FIGURE_P99,      /* latency of what has finished; no metric */
    FIGURE_NOT_GOOD, /* share of users' requests that missed the objective; no metric */
};
enum figure_map { MAP_NEVER, MAP_ALWAYS, MAP_IF_ANY, MAP_IF_UNUSUAL };
struct figure_desc {
    const char *label; /* "cpu"; FIGURE_RATE: what happens: "turned away" */
    const char *metric, *of;
    enum figure_how how;
    bool status;         /* one of the few that `status` has room for */
    enum figure_map map; /* when the map shows it */
    unsigned chart;      /* its rank among all kinds' charts, 1 first; 0: none */
    double warn, bad;    /* unusual from here on (FIGURE_OF: a share); 0: never is */
};

struct kind_desc {
    const char *name, *doc;
    bool nested;        /* belongs to another component */
    const char *within; /* nested: to one of this kind; NULL: to any that calls */
    const struct param_desc *params;
    size_t nparams;
    const struct op_desc *ops;
    size_t nops;
    const struct fault_desc *faults;
    size_t nfaults;
    const struct metric_desc *metrics;
    size_t nmetrics;
    const struct metric_need *needs;
    size_t nneeds;
    const struct figure_desc *figures;
    size_t nfigures;
};

size_t sim_kinds(void);
const struct kind_desc *sim_kind(size_t i);
const struct kind_desc *sim_kind_named(const char *name); /* NULL: none */

/* ---- programs ------------------------------------------------------------------- */

/*
 * An endpoint's program, as a tree; compiled at model_finish. All strings are copied.
 *
 *   COMPUTE      `time` of CPU on the instance's cores (processor sharing)
 *   SLEEP        `time` passes, holding the worker
 *   CALL         `target` = service, balancer or external, `what` = endpoint
 *   QUERY        `target` = database, `what` = statement; one connection of the
 *                caller's pool to that database for the length of the statement (or
 *                the enclosing TRANSACTION's connection)
 *   TRANSACTION  `target` = database: takes a connection, runs body, gives it back
 *   LEAK         `target` = database: takes a connection as QUERY would, opens a
 *                transaction and never gives it back
 *   CACHED       `target` = cache, `what` = key space: looks up one batch of keys
 *                (drawn by the key space's popularity); for each miss runs body and
 *                stores the result
 *   PARALLEL     runs each child of `body` (linked by next) at once, goes on when all
 *                are done; fails when one fails
 *   SOMETIMES    with probability `p` body, else `other`
 *   WHEN_FLAG    `what` = flag: on: body, off: `other`
 *   COUNT        adds one to the business counter `what`
 *   REPLY        ends the program with a business answer `what` ("declined"): no error
 *   FAIL         ends the program with an error `what`
 *   LOG          writes log line `what`; `p` 0 debug, 1 info, 2 warn, 3 error
 *   PUBLISH      `target` = topic: sends it a message, through the call policy to its
 *                broker; not inside CACHED
 *   FAN_OUT      runs `count` copies of body at once; goes on when all are done, or, if
 *                `p` is not 0, when that share of them is done well: the others are let
 *                go then. Fails when that many cannot be reached any more.
 *   BLOCK        body, in sequence (also how a list is written: nodes linked by next)
 *   LOCK         inside a TRANSACTION of `target` = database: takes a lock and keeps it
 *                to the end. `what` = table and `p` = LOCK_ROW or LOCK_ROW_SHARED: a
 * row, drawn by the table's popularity; `p` = a lock_mode: the table in this mode; `p`
 * = LOCK_ADVISORY: `what` is any name
 *
 * A third party that declines is a business answer, and ends the calling program with
 * one. A counter that no component declares is made. A pool to a database that no
 * component declares is made with its defaults ("checkout.pool"). Transactions do not
 * nest, nor do bodies of CACHED. A lookup that times out (or that a breaker refuses) is
 * a miss. Calls nest 64 deep at most; the next one fails.
 */
enum node_kind {
    NODE_COMPUTE,
    NODE_SLEEP,
    NODE_CALL,
    NODE_QUERY,
    NODE_TRANSACTION,
    NODE_LEAK,
    NODE_CACHED,
    NODE_PARALLEL,
    NODE_SOMETIMES,
    NODE_WHEN_FLAG,
    NODE_COUNT,
    NODE_REPLY,
    NODE_FAIL,
    NODE_LOG,
    NODE_BLOCK,
    NODE_PUBLISH,
    NODE_LOCK,
    NODE_FAN_OUT
};
/* How a table is locked: PostgreSQL's modes, weakest first. */
#define LOCK_MODE_LIST(X)                                                              \
    X(ACCESS_SHARE, "access share")                                                    \
    X(ROW_SHARE, "row share")                                                          \
    X(ROW_EXCLUSIVE, "row exclusive")                                                  \
    X(SHARE_UPDATE_EXCLUSIVE, "share update exclusive")                                \
    X(SHARE, "share")                                                                  \
    X(SHARE_ROW_EXCLUSIVE, "share row exclusive")                                      \
    X(EXCLUSIVE, "exclusive")                                                          \
    X(ACCESS_EXCLUSIVE, "access exclusive")
enum lock_mode {
#define X(name, phrase) LOCK_##name,
    LOCK_MODE_LIST(X)
#undef X
        LOCK_MODES
};
/* What else node.p of NODE_LOCK may be. */
enum { LOCK_ROW = LOCK_MODES, LOCK_ROW_SHARED, LOCK_ADVISORY, LOCK_FORMS };
/* The words for them: "access exclusive", ..., "row", "shared row", "advisory". */
const char *const *lock_forms(void); /* LOCK_FORMS of them */

struct node {
    enum node_kind kind;
    const struct node *next;  /* what runs after this one */
    const struct node *body;  /* first child */
    const struct node *other; /* the alternative */
    struct dist time;
    double p;
    const char *target, *what;
    bool catches; /* an error inside does not end the program */
    int line;     /* of the lesson file, for error messages */
    int count;    /* FAN_OUT */
};

/* ---- building a model ----------------------------------------------------------- */

struct model *model_new(void) MUST_USE;
struct model *model_ref(struct model *m);
void model_unref(struct model *m);

/* All of these refuse after model_finish. Names: letters, digits, - _ . /; 40 bytes. */
comp_id model_add(struct model *m, const char *kind, const char *name,
                  struct errmsg *why) MUST_USE; /* COMP_NONE: refused */
enum err model_set(struct model *m, comp_id c, const char *param, struct value v,
                   struct errmsg *why) MUST_USE;
/* `version` NULL: every version of the service. The first version named is the one that
 * runs at the start, unless the parameter "version" says otherwise. */
enum err model_endpoint(struct model *m, comp_id service, const char *name,
                        const char *version, const struct node *body,
                        struct errmsg *why) MUST_USE;
/* A client's rate over time: factors on "rate" at points in time, linear in between,
 * repeated with `period` (0: the last one holds). */
struct curve_point {
    sim_time at;
    double factor;
};
enum err model_curve(struct model *m, comp_id client, const struct curve_point *p,
                     size_t n, sim_time period, struct errmsg *why) MUST_USE;

/* The objective: a user's request is good when it is answered (a business answer
 * counts) within `within` and every cached value in it is at most `max_age` old (0:
 * any). It applies to the clients named, or to all where nclients is 0. */
struct slo {
    const char *name; /* a sentence: "an order, or a plain no, within 2 s" */
    sim_time within, max_age;
    double objective; /* 0.995 */
    sim_time window;  /* budget period */
    bool hidden; /* the team does not measure it: nothing shows it before the debrief */
};
enum err model_slo(struct model *m, const struct slo *slo, const comp_id *clients,
                   size_t nclients, struct errmsg *why) MUST_USE;
const struct slo *model_get_slo(const struct model *m); /* NULL: none */
/* Whether the objective is about this client's requests; without one: any client's. */
bool model_in_slo(const struct model *m, comp_id client);

/* ---- actions -------------------------------------------------------------------- */

/* The one form in which anything is done to a world: by the incident's schedule, by an
 * operator, by a revert. A value; strings are borrowed. */
enum action_kind { ACTION_SET, ACTION_OP, ACTION_FAULT };
struct action {
    enum action_kind kind;
    comp_id comp;
    int instance;     /* 1-based; 0: the whole component */
    const char *name; /* parameter, operation or fault */
    struct value args[OP_ARGS];
    size_t nargs;
    sim_time duration; /* faults: ends by itself after this; 0: stays */
};
/* Scheduled at `at`. `who` is shown in the change record ("deploy bot"); NULL: the
 * action leaves no record (an incident's hidden fault). */
enum err model_at(struct model *m, sim_time at, const struct action *a, const char *who,
                  struct errmsg *why) MUST_USE;
/* A change record without any effect on the world: a red herring. */
enum err model_decoy(struct model *m, sim_time at, comp_id c, const char *who,
                     const char *title, struct errmsg *why) MUST_USE;

/* Another limit for its worlds than 64 MiB, 192 MiB at most: for those that no lesson
 * makes. */
void model_limit(struct model *m, size_t bytes);

/* Resolves names, compiles programs, creates the call policies, checks everything.
 * Errors name the line of the node or the component, and suggest. ERR_LIMIT: what is
 * there before the first request takes more than half of a world; says what would fit.
 */
enum err model_finish(struct model *m, struct errmsg *why) MUST_USE;
/* The most instances that each service may come to by itself, at by_comp[component]
 * (zeroed by the caller): as many as it has, or as an autoscaler may make. Returns the
 * sum. An operator can start more. */
double model_instances(const struct model *m, double *by_comp);

/* ---- reading a model ------------------------------------------------------------ */

size_t model_comps(const struct model *m);
comp_id model_find(const struct model *m, const char *name); /* COMP_NONE: none */
const char *model_name(const struct model *m, comp_id c);
const struct kind_desc *model_kind(const struct model *m, comp_id c);
/* Appends all that decides the model's worlds and nothing that only people read, as
 * text: equal texts give, seed by seed, equal traces. */
void model_describe(const struct model *m, struct buf *out);
/* How many of its scheduled actions come later than `t`. */
size_t model_scheduled_after(const struct model *m, sim_time t);
/* Nested ones: whose; else COMP_NONE. */
comp_id model_owner(const struct model *m, comp_id c);
/* call policies: callee; pools: the database; balancers and autoscalers: the service;
 * clients and subscriptions: what they call. Else COMP_NONE. */
comp_id model_target(const struct model *m, comp_id c);
/* The versions of a service, oldest first. */
size_t model_versions(const struct model *m, comp_id service);
const char *model_version(const struct model *m, comp_id service, size_t i);
/* "checkout-3" or "checkout": component and instance (0: whole). ERR_NOT_FOUND
 * suggests. */
enum err model_resolve(const struct model *m, const char *text, comp_id *c,
                       int *instance, struct errmsg *why) MUST_USE;
/* "checkout.pool.size": component and parameter. ERR_NOT_FOUND suggests. */
enum err model_resolve_param(const struct model *m, const char *path, comp_id *c,
                             const struct param_desc **p, struct errmsg *why) MUST_USE;
/* Text to value and back, as the parameter (or argument) wants it; range-checked with
 * unit. */
enum err value_parse(const struct model *m, const struct param_desc *p,
                     const char *text, struct value *out, struct errmsg *why) MUST_USE;
void value_format(const struct model *m, const struct param_desc *p,
                  const struct value *v, struct buf *out);

/* ---- where time goes, and why requests fail ------------------------------------- */

/* name, phrase: closed lists */
#define CAUSE_LIST(X)                                                                  \
    X(CPU, "cpu")                                                                      \
    X(CPU_WAIT, "cpu contention")                                                      \
    X(WORKER_QUEUE, "worker queue")                                                    \
    X(POOL_WAIT, "pool wait")                                                          \
    X(CONNECT, "connecting")                                                           \
    X(DB_CPU, "database cpu")                                                          \
    X(DB_WAIT, "database contention")                                                  \
    X(LOCK, "lock wait")                                                               \
    X(CACHE, "cache")                                                                  \
    X(COALESCED, "waiting for another's miss")                                         \
    X(NETWORK, "network")                                                              \
    X(EXTERNAL, "third party")                                                         \
    X(BACKOFF, "backoff")                                                              \
    X(SLEEP, "sleep")                                                                  \
    X(PAUSE, "paused")                                                                 \
    X(OTHER, "other")                                                                  \
    X(GC, "garbage collection")                                                        \
    X(DISK, "disk")                                                                    \
    X(DNS, "resolving a name")                                                         \
    X(TLS, "tls handshake")                                                            \
    X(LIMITER, "rate limiter")                                                         \
    X(BROKER, "message broker")
enum cause {
#define X(name, phrase) CAUSE_##name,
    CAUSE_LIST(X)
#undef X
        CAUSE_COUNT
};

#define REASON_LIST(X)                                                                 \
    X(NONE, "ok")                                                                      \
    X(TIMEOUT, "timeout")                                                              \
    X(QUEUE_FULL, "queue full")                                                        \
    X(POOL_TIMEOUT, "no connection in time")                                           \
    X(POOL_FULL, "too many waiting for a connection")                                  \
    X(CONN_REFUSED, "database refused the connection")                                 \
    X(BREAKER_OPEN, "circuit breaker open")                                            \
    X(NO_BACKEND, "no healthy instance")                                               \
    X(INSTANCE_GONE, "instance went away")                                             \
    X(ERROR, "error answer")                                                           \
    X(THIRD_PARTY, "third party failed")                                               \
    X(RATE_LIMITED, "rate limited")                                                    \
    X(SHED, "shed")                                                                    \
    X(DOWN, "component down")                                                          \
    X(KILLED, "killed by an operator or a limit")                                      \
    X(GAVE_UP, "the user gave up")                                                     \
    X(DEADLINE, "deadline passed")                                                     \
    X(CANCELLED, "cancelled by its caller")                                            \
    X(CONN_LOST, "connection lost")                                                    \
    X(DNS_FAILED, "name not resolved")                                                 \
    X(TLS_FAILED, "certificate not accepted")                                          \
    X(NO_FDS, "too many open files")                                                   \
    X(LOCK_TIMEOUT, "lock not granted in time")                                        \
    X(DEADLOCK, "deadlock")                                                            \
    X(CONFLICT, "changed by somebody else meanwhile")                                  \
    X(READ_ONLY, "database is read-only")                                              \
    X(DISK_FULL, "disk full")                                                          \
    X(NO_IDS, "out of ids")
enum reason {
#define X(name, phrase) REASON_##name,
    REASON_LIST(X)
#undef X
        REASON_COUNT
};
const char *cause_phrase(enum cause c);
const char *reason_phrase(enum reason r);

/* A piece of a request's time. A finished request's slices sum to its duration. */
struct slice {
    comp_id place;
    uint8_t cause;
    sim_time ns;
};

/* ---- what a world tells while it runs ------------------------------------------- */

struct request_done {
    uint64_t id;    /* of the user's request; attempts and retries below it share it */
    comp_id client; /* the client at the root */
    comp_id endpoint; /* "checkout/buy"; at the user's side: what it called */
    comp_id place;    /* who finished it: the service, external, or the client */
    int instance;     /* 1-based, of the service; 0 at the client */
    bool
        user; /* true: seen from the user (the whole attempt); false: the server side */
    bool good;      /* user only: met the SLO */
    bool traced;    /* its spans were told */
    bool abandoned; /* server side: nobody was waiting for it any more (wasted work) */
    sim_time start, end;
    sim_time age;       /* oldest cached value in it */
    enum reason reason; /* REASON_NONE: answered */
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
    char note[48]; /* "61 others waiting", "retry 1", "miss"; "" */
};

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
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
    struct action action; /* what was done */
    struct action undo;   /* how to undo it */
    bool has_undo;        /* decoys have one too; it changes nothing */
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

/* ---- running -------------------------------------------------------------------- */

/* A world takes at most 64 MiB; beyond that world_run() is ERR_LIMIT with what grew. */
struct world *world_new(struct model *m, uint64_t seed, struct errmsg *why) MUST_USE;
void world_free(struct world *w);
/* NULL: the process has no memory left for it. */
struct world *world_fork(const struct world *w) MUST_USE;
const struct model *world_model(const struct world *w);
uint64_t world_seed(const struct world *w);
sim_time world_now(const struct world *w);
uint64_t world_events(const struct world *w); /* dispatched since the start */
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

/* ---- looking -------------------------------------------------------------------- */

struct value world_get(const struct world *w, comp_id c, const char *param);
/* `metric` by its short name; instance 0 or -1: the whole component. NaN: no such
 * metric. */
double world_metric(const struct world *w, comp_id c, const char *metric, int instance);
double world_metric_at(const struct world *w, comp_id c, size_t metric, int instance);

/* Whether the metric says anything about this component, as it is set up now. */
bool world_metric_applies(const struct world *w, comp_id c, size_t metric);

enum instance_state {
    INSTANCE_NONE, /* slot not in use */
    INSTANCE_STARTING,
    INSTANCE_UP,
    INSTANCE_DRAINING,
    INSTANCE_DOWN
};
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
    comp_id pool;          /* its first pool; COMP_NONE: none */
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
    uint32_t blocker;    /* one that it waits for */
    bool blocker_queues; /* which holds nothing, and only stands before it */
    uint32_t root;
    comp_id root_client;
    int root_instance;
    enum session_state root_state;
    sim_time root_since; /* in that state, or its transaction is open since */
};
/* In order of session; fills at most `max`, returns how many there are in all. */
size_t world_db_locks(const struct world *w, comp_id db, struct db_lock_view *out,
                      size_t max);

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

/* What the resolver says of a name (kind dns) now. */
struct dns_view {
    comp_id to;    /* COMP_NONE: there is no such name */
    int addresses; /* of a service: instances in the answer; else 0 */
    bool answers;  /* false: it does not */
    sim_time ttl;
};
void world_dns(const struct world *w, comp_id name, struct dns_view *v);
/* What one caller keeps of it. */
struct dns_belief {
    comp_id caller;
    int instance;  /* of the caller; users: number of a resolver they are behind */
    bool resolver; /* it is that */
    comp_id to;    /* COMP_NONE: that there is no such name */
    int addresses;
    sim_time ttl_left; /* <= 0: asks again at the next call; SIM_FOREVER */
    bool old;          /* not what the name says now */
};
/* Fills at most `max`; returns how many there are. */
size_t world_dns_beliefs(const struct world *w, comp_id name, struct dns_belief *out,
                         size_t max);

struct certificate_view {
    comp_id on;                     /* who presents it; COMP_NONE: not said */
    sim_time from, until;           /* presented; good in [from, until) */
    sim_time disk_from, disk_until; /* on the disk */
    const char *wrong; /* what a caller with the right time says; NULL: nothing */
};
void world_certificate(const struct world *w, comp_id c, struct certificate_view *v);

/* A request inside a component right now. */
struct inflight_view {
    uint64_t request;
    comp_id endpoint;
    int instance;
    sim_time started;
    uint8_t cause; /* what it waits for or does */
    comp_id place; /* where */
    sim_time since;
    bool abandoned; /* its caller is gone */
};
size_t world_inflight(const struct world *w, comp_id c, struct inflight_view *out,
                      size_t max); /* oldest first */

#endif
