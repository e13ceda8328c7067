/*
 * kind: what a kind of component says of itself.
 *
 * Every part of a system is a component of some kind, and every kind describes itself:
 * parameters an operator may set, operations, faults, metrics. All of validation,
 * console commands, completion and reference texts come from there.
 *
 *     const struct kind_desc *d = sim_kind_named("cache");
 *     for (size_t i = 0; i < d->nmetrics; i++)
 *         puts(d->metrics[i].name);
 */
#ifndef TRUECODE_KIND_H
#define TRUECODE_KIND_H

#include "truecode/value.h"

/* How a parameter changes, and who may change it. The incident's schedule sets all but
 * CHANGE_NEVER, and at once; the rest of this list is about an operator. */
enum param_change {
    CHANGE_NEVER,      /* fixed before the world begins, for the incident too */
    CHANGE_BUILT,      /* how it is built or what it is like: no setting */
    CHANGE_USERS,      /* users' wishes and patience: theirs, no setting */
    CHANGE_AT_ONCE,    /* a setting */
    CHANGE_AT_RESTART, /* a setting that is read when a process starts */
    CHANGE_BY_RESIZE,  /* hardware: another machine, or another disk */
    CHANGES
};
/* The extent that a value counts for. */
enum param_each {
    EACH_NOT,      /* the component as a whole */
    EACH_INSTANCE, /* every instance (of a call: of whoever calls) has as much */
    EACH_CALLER    /* every calling instance, or all together: as `scope` says */
};

struct param_desc {
    const char *name;
    enum value_type type;
    double min, max;  /* in `unit`; durations in seconds; min == max: no limit */
    const char *unit; /* "s", "connections", "1/s", "" */
    const char *def;  /* default, as text that value_parse takes; NULL: must be given */
    const char *choices; /* VALUE_CHOICE: "fifo|lifo|deadline" */
    enum param_change change;
    const char *doc; /* a sentence */
    enum param_each each;
};

/* Returns whether an operator may change it at all. */
static inline bool param_is_setting(const struct param_desc *p)
{
    return p->change >= CHANGE_AT_ONCE;
}

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
    const char *risk; /* the warning before a yes is asked for; NULL: no risk */
    const char *doc;
};
struct fault_desc { /* a fault that an incident injects */
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
    bool per_instance; /* readable per instance, too; the component's value is the sum,
                          or the mean for ratios */
    const char *doc;
};

/* A metric of something that not every component of the kind has or uses: it says
 * nothing unless parameter `of` is not at its default, or the component has a nested
 * one of kind `of`. Listings leave it out then; its value is still a number. Without
 * `of` it never does: the simulator alone can know it, and a lesson may ask. */
struct metric_need {
    const char *metric, *of;
};

/* The figures a person looks at first in a component of the kind, best first. `status`,
 * the map and the charts take them from here. */
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
    bool status;         /* among the few that `status` has room for */
    enum figure_map map; /* when the map shows it */
    unsigned chart;      /* the rank among all kinds' charts, 1 first; 0: none */
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
    const char
        *age; /* the metric that says how old its data are; NULL: they have no age */
};

/* The cost of a change in a word ("at once", "restart", "resize", "built", "users"),
 * and in a clause that goes after a colon. */
const char *change_word(enum param_change change);
const char *change_text(enum param_change change);
/* "instance", "caller", "" for the whole. */
const char *each_word(enum param_each each);

size_t sim_kinds(void);
const struct kind_desc *sim_kind(size_t i);
const struct kind_desc *sim_kind_named(const char *name); /* NULL: none */

/* ---- actions --------------------------------------------------------------------- */

/* The one form in which anything is done to a world: by the incident's schedule, by an
 * operator, by a revert. A value; strings are borrowed. An optional argument that is
 * left out is VALUE_NONE, or lies at `nargs` or behind. */
enum action_kind {
    ACTION_SET, /* at once, whatever the parameter's `change` says: the incident's way */
    ACTION_OP,
    ACTION_FAULT,
    ACTION_SET_LATER /* when the parameter's `change` says: an operator's way. Refuses
                        what is no setting */
};
struct action {
    enum action_kind kind;
    comp_id comp;
    int instance;     /* 1-based; 0: the whole component */
    const char *name; /* parameter, operation or fault */
    struct value args[OP_ARGS];
    size_t nargs;
    sim_time duration; /* faults: ends by itself after this; 0: stays */
    int line;          /* of the lesson, for error messages; 0: none */
};

/* Returns whether it is about a parameter. */
static inline bool action_sets(const struct action *a)
{
    return a->kind == ACTION_SET || a->kind == ACTION_SET_LATER;
}
/* Returns whether argument `i` was given. */
static inline bool action_gives(const struct action *a, size_t i)
{
    return i < a->nargs && a->args[i].type != VALUE_NONE;
}
/* The text of argument `i`; "" when it was left out. */
static inline const char *action_text(const struct action *a, size_t i)
{
    return action_gives(a, i) ? a->args[i].as.text : "";
}

/* Whether people could measure it; else the simulator alone knows, and no command shows
 * it. */
bool kind_tells(const struct kind_desc *k, size_t metric);

#endif
