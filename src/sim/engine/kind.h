/*
 * kind: what a kind of component does, and what the rest may know of it.
 *
 * A kind is one file, kind_NAME.c, ending in the definition of `kind_NAME`, and one
 * line of kinds.c. No room below its own names it: what they want of it is a trait or a
 * function here. A kind that is called (service, database, cache, external, balancer)
 * has begin, resume and cancel; most have few of the others.
 */
#ifndef SIM_ENGINE_KIND_H
#define SIM_ENGINE_KIND_H

#include "engine/engine.h"
#include "truecode/cause.h"
#include "truecode/kind.h"

/* The record that an op or a fault writes; title and undo are filled by the core when
 * the kind leaves them empty. Texts of undo point into `text` or model memory. */
struct effect {
    char title[160];
    bool undoable;
    struct action undo;
    char text[48];  /* for texts of undo.args */
    sim_time busy;  /* keeps the operator busy; preset from op_desc.cost */
    bool no_record; /* nothing changed */
};

struct cal_event;   /* engine/calendar.h */
struct curve_point; /* truecode/model.h */
struct station;     /* engine/station.h */
struct resize_view; /* truecode/world.h */

/* Counts of what a component has many of (instances, keys, partitions), by its
 * parameters. */
struct bulk {
    double instances; /* given: the most there may be of the service it is or is of */
    double behind;    /* given: the most there may be of the service it sends to */
    double n;         /* how many */
    double bytes;     /* of all n, beyond the state of the component */
    bool in_state;    /* the state grows with n, too */
    const char *word; /* "keys"; NULL: they are not worth telling apart */
};

/* The traits of a kind: what the rooms below its own need to know. */
enum kind_trait {
    KIND_SERVES = 1,   /* has endpoints, in versions, which its instances run */
    KIND_WHOLE = 2,    /* called as a whole: has no endpoints */
    KIND_HANDS_ON = 4, /* stands in front of its target and hands on to it */
    KIND_STARTS = 8,   /* begins what others do: its acts are roots */
    KIND_USERS = 16,   /* acts are people, who wait for what is elsewhere */
    KIND_JUDGED = 32   /* the objective may be about what it begins */
};
/* When its components are set up in a new world. */
enum init_turn {
    INIT_FIRST,
    INIT_SERVES, /* tells those that were set up before of its instances */
    INIT_LOOKS   /* looks at instances */
};

/* The use of a name that stands for the kind; it may be pointed only at others like
 * it. */
enum named_as { NAMED_NOT, NAMED_CALLED, NAMED_WHOLE, NAMED_QUERIED };

struct kind_impl {
    struct kind_desc desc;
    uint8_t traits;             /* enum kind_trait, or'ed */
    uint8_t init_turn;          /* enum init_turn */
    uint8_t named;              /* enum named_as */
    const char *const *streams; /* names of its random streams, then NULL; or NULL */

    /* ---- model time: model_finish(), in this order; each may be NULL ------------- */

    /* Names to ids: sets comp.target and VALUE_COMP params; may model_add_nested(). */
    enum err (*resolve)(struct model *m, comp_id c, struct errmsg *why);
    /* Once for all components of the kind, when all endpoints' programs are compiled:
     * what else they run, and what belongs to each. */
    enum err (*gather)(struct model *m, struct errmsg *why);
    /* All programs and policies are there. */
    enum err (*check)(struct model *m, comp_id c, struct errmsg *why);
    size_t (*state_size)(const struct model *m, comp_id c);
    /* The room that its many things take (model/room.c). NULL: it has one state, and that
     * is all. */
    void (*bulk)(const struct model *m, comp_id c, struct bulk *b);
    /* The parameter that says how many it has of what its instances are, if there is
     * one: "partitions", "instances". A higher number names nothing. */
    const char *numbers;
    /* The names in an action's arguments are there; what is wrong, else. NULL: it takes
     * none that the model knows. */
    enum err (*names)(const struct model *m, const struct action *a,
                      struct errmsg *why);
    /* The most instances that an autoscaler may make of *service, and which that is;
     * COMP_NONE: it names none. */
    int64_t (*scales)(const struct model *m, comp_id c, comp_id *service);
    /* A pool whose connections go to replicas, a statement that may run on one. */
    bool (*on_replica)(const struct model *m, comp_id c);
    /* Writes what the component has beside its parameters that decides what it does, as
     * text (model_describe()). NULL: nothing. */
    void (*describe)(const struct model *m, comp_id c, struct buf *out);
    /* model_curve(). NULL: it has no rate that could follow one. */
    enum err (*curve)(struct model *m, comp_id c, const struct curve_point *p, size_t n,
                      sim_time period, struct errmsg *why);

    /* ---- running ----------------------------------------------------------------- */

    /* A new world; by init_turn, then in order of id. */
    void (*init)(struct world *w, comp_id c);
    void (*event)(struct world *w, comp_id c, int what, uint32_t a, uint32_t b);
    /* In a world larger than a processor's cache: this event of the component will be
     * next, or the one after that (`far`). Asks for what it will touch (w_fetch());
     * when it is far, looks at nothing that could be cold itself. May be NULL. */
    void (*ahead)(const struct world *w, const struct cal_event *e, bool far);
    /* A new act has arrived; network time is over. An ACT_QUERY comes at once: the
     * database first gets it a connection from act->pool, then spends the network time
     * itself, both ways (call_cross()), while the connection is held. */
    void (*begin)(struct world *w, struct act *a);
    /* Goes on: what the act waited for is there (act_ready()), or has failed. Whoever
     * is done with an act ends it with act_finish(), the last thing that is done with
     * it. */
    void (*resume)(struct world *w, struct act *a, enum reason reason);
    /* Leaves whatever it waits in, gives back what it holds; who asked frees it. */
    void (*cancel)(struct world *w, struct act *a);

    /* ---- doing: all is checked against the descriptor; refuse before changing ---- */

    /* The value is stored after this returns ERR_OK; may be NULL. */
    enum err (*set)(struct world *w, comp_id c, int param, const struct value *v,
                    struct errmsg *why);
    /* Called when a parameter was stored. */
    void (*changed)(struct world *w, comp_id c, int param, const struct value *old);
    /* An operator's change of a setting of CHANGE_AT_RESTART: what runs keeps `old`
     * until it starts again; the new value is stored after this. NULL: the component is
     * one process, and says when that starts (later_restarted()). */
    void (*keep)(struct world *w, comp_id c, int param, const struct value *old,
                 const struct value *now);
    /* The value that instance `number` keeps of such a setting; NULL: none. */
    const struct value *(*kept)(const struct world *w, comp_id c, int param,
                                int number);
    /* Whether, and how, hardware becomes `v`. Must be there where a parameter is of
     * CHANGE_BY_RESIZE. */
    enum err (*resize)(const struct world *w, comp_id c, int param,
                       const struct value *v, struct resize_view *out,
                       struct errmsg *why);
    /* The new machine takes over in this moment; the value is stored. May be NULL. */
    void (*resized)(struct world *w, comp_id c, int param);
    /* `op`, `fault`: index into the descriptor's tables. */
    enum err (*op)(struct world *w, comp_id c, int op, const struct action *a,
                   struct effect *fx, struct errmsg *why);
    /* on: it begins; else it ends (same action). */
    enum err (*fault)(struct world *w, comp_id c, int fault, const struct action *a,
                      bool on, struct errmsg *why);

    /* ---- what other rooms ask of it; each NULL where a kind has no part in it ---- */

    /* Services (KIND_SERVES). */

    /* An instance by its number; INSTANCE_NONE: there is none. */
    enum instance_state (*state)(const struct world *w, comp_id c, int number);
    /* The instances that take requests now: how many, and their numbers, which rise. */
    uint32_t (*eligible)(const struct world *w, comp_id c, const uint16_t **numbers);
    /* Chooses among `n` of them by a rule (enum balance). */
    int (*choose)(struct world *w, comp_id c, int rule, const uint16_t *numbers,
                  uint32_t n);
    /* Whether an instance has a file descriptor for another connection. Logs when not. */
    bool (*fd_free)(struct world *w, comp_id c, int number);
    /* The cores of an instance, or of a server (`number` 0); NULL: not up. Whatever is
     * inside when they stop goes on with INSTANCE_GONE. */
    struct station *(*cores)(const struct world *w, comp_id c, int number);
    /* A call's connection to it was opened (`more` 1) or closed (-1). NULL: they cost it
     * nothing. */
    void (*connected)(struct world *w, comp_id c, int more);
    /* Whether they cost it something, as it is set. */
    bool (*minds)(const struct world *w, comp_id c);
    /* `listener` wants to be told when instances change; whoever was to be told before
     * (COMP_NONE: nobody) is from now on told by `listener`. */
    comp_id (*listen)(struct world *w, comp_id c, comp_id listener);
    /* Called when what an instance insisted on (`ready_for`) may be there: it becomes
     * ready, if nothing else is missing. Of one that insists on nothing: nothing. */
    void (*may_be_ready)(struct world *w, comp_id c, int number);
    /* A lookup found a stale value, which is to be loaded in the background: the new
     * act runs the miss body of the program that made the lookup, ends at its
     * OP_STORE, is waited for by nobody and holds no worker. It has the lookup's key;
     * who asks sets its load. */
    struct act *(*refresh)(struct world *w, struct act *lookup);

    /* Hooks of what belongs to a service (a pool). */

    /* Whether instance `number` of the service has all that it insists on here before it
     * is ready, such as a full pool. Asked when the instance has started, right after it
     * was told of (pool_instance_up()), and not in a world's first moment. Who says no
     * calls the service's `may_be_ready` when that has changed. NULL: always. */
    bool (*ready_for)(const struct world *w, comp_id c, int number);

    /* Hooks of what listens to a service, or stands in front of it. */

    void (*instances_changed)(struct world *w, comp_id c);
    /* Whether a balancer lets that instance have requests. */
    bool (*rotates)(const struct world *w, comp_id c, int number);
    /* Whether it would, by what its own health checks found, if it may be asked. */
    bool (*trusts)(const struct world *w, comp_id c, int number);
    /* The link by which a balancer sends on; COMP_NONE: none of its own. */
    comp_id (*sends_on)(const struct world *w, comp_id c);
    /* A request that it wanted to know of (ACT_WATCHED) has ended. */
    void (*saw)(struct world *w, comp_id c, const struct act *a);
    /* A request that a limiter let through (ACT_LIMITED) has ended. */
    void (*let_out)(struct world *w, comp_id c, struct act *a);

    /* A call policy: a message over a link is there, or will never be. */

    void (*arrived)(struct world *w, struct act *a);
    void (*lost)(struct world *w, struct act *a, enum reason reason, comp_id culprit);
    /* Whether it keeps connections open that go over this link. */
    bool (*keeps_over)(const struct world *w, comp_id policy, comp_id link);

    /* A database. */

    /* The connection under a query is lost on the way. */
    void (*query_lost)(struct world *w, struct act *a, enum reason reason);
    /* The next step of opening the connection `conn`, of this number, is due. */
    void (*dial)(struct world *w, ref conn, uint32_t number);
    /* The server that answers at the address now, where there are several. */
    comp_id (*address)(const struct world *w, comp_id c);

    /* A key space: the value that an act was to load will not come, as the act is over
     * or its answer lost. */
    void (*load_lost)(struct world *w, comp_id c, struct act *a, enum reason reason);

    /* Users: the number of the tenant that this one is of, from 1; 0: they are of none.
     * NULL: the kind knows no tenants. */
    uint32_t (*tenant)(const struct world *w, comp_id c, uint32_t user);
    /* Hook of who begins things (KIND_STARTS): asks for what the end of each of its
     * acts touches (w_fetch()). */
    void (*fetch)(const struct world *w, comp_id c);

    /* ---- looking ----------------------------------------------------------------- */

    double (*metric)(const struct world *w, comp_id c, int metric, int instance);
    /* Messages that it keeps, and their bytes. NULL: none. */
    uint64_t (*keeps)(const struct world *w, comp_id c, size_t *bytes);
    int (*instances)(const struct world *w, comp_id c); /* highest number ever used */
    /* Calls f for every act inside, oldest first. NULL: it has none. */
    void (*inflight)(const struct world *w, comp_id c,
                     void (*f)(const struct world *w, const struct act *a, void *ctx),
                     void *ctx);
    /* The same for every act that may call somebody, probes and refreshes included;
     * branches are found at their parents. NULL: as `inflight`. */
    void (*callers)(const struct world *w, comp_id c,
                    void (*f)(const struct world *w, const struct act *a, void *ctx),
                    void *ctx);
};

static inline const struct kind_impl *comp_kind(const struct world *w, comp_id c)
{
    return w->kind_table[w->kinds[c]];
}

/* The place of a parameter that the kind has. */
static inline int kind_param(const struct kind_impl *k, const char *name)
{
    int i = 0;
    while (!str_eq(k->desc.params[i].name, name))
        i++;
    return i;
}

static inline bool comp_has(const struct comp *c, enum kind_trait t)
{
    return (c->kind->traits & t) != 0;
}

#endif
