/*
 * model: a production system as it is built, before it runs.
 *
 * The simulator has two things. A model is what never changes while it runs:
 * components, their programs, the incident's schedule. It is built once, finished, and
 * then shared by reference count. A world (world.h) is everything that changes.
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
#ifndef TRUECODE_MODEL_H
#define TRUECODE_MODEL_H

#include "truecode/cause.h"
#include "truecode/kind.h"

struct model;

/* ---- programs -------------------------------------------------------------------- */

/*
 * An endpoint's program, as a tree; compiled at model_finish. All strings are copied.
 *
 *   COMPUTE      `time` of CPU on the instance's cores (processor sharing)
 *   SLEEP        `time` passes, holding the worker
 *   CALL         `target` = service, balancer or external, `what` = endpoint
 *   QUERY        `target` = database, `what` = statement; one connection of the
 *                caller's pool to that database for the length of the statement (or
 *                the enclosing TRANSACTION's connection). `p` > 0: on a connection of
 *                its own in any case; a transaction then holds two, and a pool in which
 *                each holds one and waits for another stands still
 *   TRANSACTION  `target` = database: takes a connection, runs body, gives it back
 *   LEAK         `target` = database: takes a connection as QUERY would, opens a
 *                transaction and never gives it back
 *   CACHED       `target` = cache, `what` = key space: looks up one batch of keys
 *                (drawn by the key space's popularity); for each miss runs body and
 *                stores the result
 *   PARALLEL     runs each child of `body` (linked by next) at once, goes on when all
 *                are done; fails when one fails
 *   SOMETIMES    with probability `p` body, else `other`
 *   EACH         a share `p` of all visits (in a consumer: messages) has the property
 *                `what` ("": the one without a name): body, else `other`. The same
 *                one has it at every try, redelivery, reload and consumer.
 *   WHEN_FLAG    `what` = flag: on: body, off: `other`
 *   COUNT        adds one to the business counter `what`
 *   REPLY        ends the program with a business answer `what` ("declined"): no error
 *   FAIL         ends the program with an error `what`
 *   ALLOCATE     takes `p` bytes of the instance's memory (1 to 2^40), in whole KiB,
 *                until the request ends; a collected heap keeps them as garbage then.
 *                More than there is kills the process
 *   CRASH        the process dies, with all that is inside, and starts again
 *   DROP         ends the program as if all had been done, without a log line: whoever
 *                asked goes on, but knows the work as lost when counting what was good
 *   LOG          writes log line `what`; `p` 0 debug, 1 info, 2 warn, 3 error
 *   PUBLISH      `target` = topic: sends it a message, through the call policy to its
 *                broker; not inside CACHED
 *   FAN_OUT      runs `count` copies of body at once; goes on when all are done, or, if
 *                `p` is not 0, when that share of them is done well: the others are let
 *                go then. Fails when that many cannot be reached any more.
 *   BLOCK        body, in sequence (also how a list is written: nodes linked by next)
 *   LOCK         inside a TRANSACTION of `target` = database: takes a lock and keeps it
 *                to the end. By `p`:
 *                  LOCK_ROW, LOCK_ROW_SHARED   a row of table `what`, drawn by the
 *                                              table's popularity
 *                  an enum lock_mode           the table `what`, in this mode
 *                  LOCK_ADVISORY               `what` is any name
 *
 * A third party that declines is a business answer, and ends the calling program with
 * one. A counter that no component declares is made, unless its name is nearly that of
 * one that is: then it is taken for a misspelling. A pool to a database that no
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
    NODE_FAN_OUT,
    NODE_ALLOCATE,
    NODE_CRASH,
    NODE_DROP,
    NODE_EACH
};
struct node {
    enum node_kind kind;
    const struct node *next;  /* the node that runs after this one */
    const struct node *body;  /* first child */
    const struct node *other; /* the alternative */
    struct dist time;
    double p; /* a probability, a share, a level, a lock, bytes: as above */
    const char *target, *what;
    bool catches; /* an error inside does not end the program */
    int line;     /* of the lesson file, for error messages */
    int count;    /* FAN_OUT */
};

/* ---- building a model ------------------------------------------------------------ */

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
 * any). It applies to the clients named, or to all where nclients is 0. Of a
 * subscription that is named, a message is good when it is processed so soon after it
 * was published; of a job, a run when it succeeds so soon after it was due. What has
 * not ended when the time is over is bad from then on. */
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
/* Whether the objective is about what this client (subscription, job) begins; where
 * it names nobody, or there is none: about users. The model is finished. */
bool model_in_slo(const struct model *m, comp_id client);
/* Whether what this client, job or subscription asks for can end in a message of the
 * topic: its endpoint's programs, in any version, those that they call, and those that
 * process messages on the way. The model is finished. */
bool model_sends_to(const struct model *m, comp_id client, comp_id topic);

/* ---- the schedule, and the end --------------------------------------------------- */

/* Scheduled at `at`. `who` is shown in the change record ("deploy bot"); NULL: the
 * action leaves no record (an incident's hidden fault). */
enum err model_at(struct model *m, sim_time at, const struct action *a, const char *who,
                  struct errmsg *why) MUST_USE;
/* A fault that comes again and again, first at `at`: lasts a time drawn from `lasts` (0:
 * as without a duration, such as a process that dies and is started), and begins anew a
 * time drawn from `again` after its end, up to and including `until` (SIM_FOREVER: as
 * long as the world runs). With exponential `again` the component fails as a Poisson
 * process while it works. No change records. */
enum err model_repeat(struct model *m, sim_time at, const struct action *fault,
                      struct dist lasts, struct dist again, sim_time until,
                      struct errmsg *why) MUST_USE;
/* A change record without any effect on the world: a red herring. `final`: it cannot be
 * taken back, as a mail that was sent; else its undo is another such record. */
enum err model_decoy(struct model *m, sim_time at, comp_id c, const char *who,
                     const char *title, bool final, struct errmsg *why) MUST_USE;
/* Another version of a service, in which every program is as in the version `like` (NULL:
 * the one that runs at the start); both are there then. To be called when all programs are given, before model_finish().
 * ERR_INPUT: it has a program of its own already. */
enum err model_version_like(struct model *m, comp_id service, const char *version,
                            const char *like, struct errmsg *why) MUST_USE;

/* Another limit for its worlds than 64 MiB, 192 MiB at most: for those that no lesson
 * makes. */
void model_limit(struct model *m, size_t bytes);

/* Resolves names, compiles programs, creates the call policies, checks everything.
 * Errors name the line of the node or the component, and suggest. ERR_LIMIT: what is
 * there before the first request takes more than half of a world; says what would
 * fit. */
enum err model_finish(struct model *m, struct errmsg *why) MUST_USE;
/* The most instances that each service may come to by itself, at by_comp[component]
 * (zeroed by the caller): as many as it has, or as an autoscaler may make. Returns the
 * sum. An operator can start more. */
double model_instances(const struct model *m, double *by_comp);

/* ---- reading a model ------------------------------------------------------------- */

size_t model_comps(const struct model *m);
comp_id model_find(const struct model *m, const char *name); /* COMP_NONE: none */
const char *model_name(const struct model *m, comp_id c);
const struct kind_desc *model_kind(const struct model *m, comp_id c);
/* Appends all that decides the model's worlds and nothing that only people read, as
 * text: equal texts give, seed by seed, equal traces. */
void model_describe(const struct model *m, struct buf *out);
/* The number of scheduled actions that come later than `t`. */
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
/* The highest number that an instance (partition) of it may have by the model and its
 * schedule; 0: its instances have no numbers, or nobody knows. `word`: what they are,
 * "partitions". */
int model_numbers(const struct model *m, comp_id c, const char **word);
/* "checkout.pool.size": component and parameter. ERR_NOT_FOUND suggests. */
enum err model_resolve_param(const struct model *m, const char *path, comp_id *c,
                             const struct param_desc **p, struct errmsg *why) MUST_USE;
/* Text to value and back, as the parameter (or argument) wants it; range-checked with
 * unit. */
enum err value_parse(const struct model *m, const struct param_desc *p,
                     const char *text, struct value *out, struct errmsg *why) MUST_USE;
void value_format(const struct model *m, const struct param_desc *p,
                  const struct value *v, struct buf *out);

#endif
