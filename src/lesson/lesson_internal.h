/*
 * lesson, inside: what a file says, and the Lua states that answer for it. Nothing here
 * leaves the module. The headers, from the bottom; each is the manual of its part:
 *
 *     scan.h           on which line a word of the file stands
 *     shape.h          what of the code's shape is too much for Lua's parser
 *     host.h           a Lua state in its sandbox: memory, steps, the one protected call
 *     binding.h        tables of what a lesson may call
 *     values.h         durations and distributions
 *     schema.h         tables of what its records may hold; schema_fields.h writes them
 *     step_internal.h  the kinds of steps (truecode/step.h)
 *     build.h          a model under construction
 *     facts.h          what a predicate sees
 *
 * From a file to an answer:
 *
 *     text ─ scan_text() ─ host_run() ─ read_record() by lesson_schema ─ struct lesson
 *     lesson + seed ─ state_open() ─ `world`, `incident` (struct build) ─ lesson_world
 *     lesson + run ─ struct lesson_state ─ a predicate over `s` ─ true, a number, an error
 *
 * Owner: a lesson is counted by references and owns all that its arena holds; nothing in it
 * changes once it is loaded. A run owns its lesson_state, which holds a reference. Times are
 * simulated nanoseconds; a line of 0 is "nobody knows".
 */
#ifndef LESSON_INTERNAL_H
#define LESSON_INTERNAL_H

#include "schema.h"

/* ---- declarations: what needs the world before it means anything ----------------- */

enum { ALERTS_MAX = 64, TICKETS_MAX = 64, CLIENTS_MAX = 16 };
enum { NAME_BYTES = 200, MESSAGE_BYTES = 2000 }; /* of names, log lines; of tickets */
struct alert_decl {
    struct alert_rule rule;
    const char *comp;
    double above, below_value; /* NaN: not given */
    int line;
};
struct slo_decl {
    struct slo slo;
    const char *const *clients;
    size_t nclients;
    bool given;
    int line;
};
struct promises_decl {
    struct slo_decl users;
    struct data_promise *data;
    struct fresh_promise *fresh;
    size_t ndata, nfresh;
};
struct prevention_decl {
    struct prevention says;
    struct alert_decl alert; /* where says.warned */
};
struct expect_decl {
    sim_time at;
    bool quiet;
    struct predicate *moves, *normals;
    size_t nmoves, nnormals;
};
struct post_decl {
    const char *title, *url, *basis;
};
struct quiet_decl { /* NULL and an empty text: what every lesson has */
    const char *says, *by, *alert;
    struct text debrief;
};

/* ---- the lesson ------------------------------------------------------------------ */

struct written; /* text.c */
struct lesson { /* all that a file says; nothing changes once it is loaded */
    unsigned refs;
    bool draft; /* being written: much may be missing */
    struct arena mem;
    struct scan scan;
    char *text;
    size_t len;
    const char *name; /* of the file, for messages */
    char hash[65];
    struct buf code;      /* the file as Lua compiled it, made here and nowhere else */
    size_t limit;         /* bytes that a Lua state of it may have */
    struct place *places; /* of its functions; the index is the fn_id */
    size_t nplaces, places_cap;
    int line; /* of `lesson {` */
    struct lesson_info info;
    struct post_decl post;
    struct step **steps;
    size_t nsteps;
    struct trap *traps;
    size_t ntraps;
    struct course *fixes, *wrongs;
    size_t nfixes, nwrongs;
    struct expect_decl expect;
    struct suspect *suspects;
    size_t nsuspects;
    struct case_fact *facts;
    size_t nfacts;
    struct text debrief;
    const struct text *sums;
    size_t nsums;
    struct live_value *lives;
    size_t nlives;
    struct written *written; /* the latest text that was read, until all are checked */
    struct cited *reals;
    size_t nreals;
    struct glossary_term *glossary;
    size_t nglossary;
    struct person *people;
    struct reaction *reactions;
    size_t npeople, nreactions;
    struct promises_decl promises;
    const char *const *shows;
    size_t nshows;
    struct prevention_decl *preventions;
    size_t npreventions;
    struct quiet_decl quiet;
    struct alert_decl *alerts;
    size_t nalerts;
    struct design design;
    fn_id world, incident;
    fn_id twin;            /* a list of set(…), kept like a function; FN_NONE: none */
    int batches;           /* lab */
    bool warm_up_left_out; /* lab: it follows ends_at */
};
#define LAB_WARM_UP_UNSET (-1)

/* ---- its states (state.c) -------------------------------------------------------- */

/* A Lua state of a lesson. Functions keep nothing between calls, so one state answers
 * like another, and none is opened before it is asked. */
struct lesson_state {
    struct lesson *lesson; /* a reference */
    struct host host;      /* host.L NULL: not opened yet */
    uint64_t effort;       /* steps that the last question took */
};
/* Opens a host with the limits and prices of this lesson. */
enum err lesson_host(const struct lesson *l, struct host *h,
                     struct errmsg *why) MUST_USE;
/* Opens a state, all at once; the caller closes its host. */
enum err state_open(struct lesson_state *st, struct errmsg *why) MUST_USE;

/* lesson_load() with another limit of memory: how the tests make every allocation fail.
 */
enum err lesson_load_within(struct lesson **out, const char *text, size_t len,
                            const char *name, size_t limit,
                            struct errmsg *why) MUST_USE;

#endif
