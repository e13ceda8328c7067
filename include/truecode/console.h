/*
 * console: the simulated command line. It never runs a real command and never changes
 * anything itself: console_run() looks at a world and its recording, writes lines, and
 * returns effects that the session carries out.
 *
 *     struct out out;
 *     out_init(&out);
 *     struct effects fx = {0};
 *     console_run(&ctx, "restart checkout --rolling", &out, &fx);
 *     ... session applies fx.list[0 .. fx.n-1] ...
 *     effects_release(&fx), out_release(&out);
 *
 * One file per command (src/console/cmd_NAME.c), each ending in one const descriptor;
 * a command that may follow another ("db failover") is one too, in that one's table.
 * A bare word looks, an argument acts. Lines can be piped: logs checkout | grep timeout
 * | tail -5.
 */
#ifndef TRUECODE_CONSOLE_H
#define TRUECODE_CONSOLE_H

#include "truecode/mechanism.h"
#include "truecode/screen.h"
#include "truecode/telemetry.h"
#include "truecode/update.h"

/* ---- output ---------------------------------------------------------------------- */

/* Lines of toned text. Text is clean UTF-8 (out_* clean what they are given). */
struct out_run {
    uint32_t start; /* byte offset into the text */
    uint8_t tone;
};
struct out {
    struct buf text;      /* all lines, separated by '\n' */
    struct out_run *runs; /* where the tone changes, ascending; the first at byte 0 */
    size_t nruns, cap;
    size_t max_lines,
        lines;      /* output beyond max_lines (default 2000) is counted only */
    size_t columns; /* tables wrap their last column to this; 0: they do not */
};
void out_init(struct out *o);
void out_release(struct out *o);
void out_reset(struct out *o);
void out_add(struct out *o, enum tone t, const char *fmt, ...) PRINTF_LIKE(3, 4);
void out_line(struct out *o, enum tone t, const char *fmt, ...)
    PRINTF_LIKE(3, 4);       /* + '\n' */
void out_end(struct out *o); /* ends the line */

/* A table: cells are added row by row; columns as wide as they need, numbers (right =
 * true) to the right. The first row is the head. */
struct out_table {
    struct out *o;
    struct arena mem;
    size_t ncols, ncells, cap;
    int gap; /* blanks between columns; table_print() chooses */
    bool right[12];
    struct out_cell {
        const char *s;
        uint8_t tone;
    } * cells;
};
void table_init(struct out_table *t, struct out *o,
                const char *heads); /* "INSTANCE|>CPU|STATE" */
void table_cell(struct out_table *t, enum tone tone, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void table_print(struct out_table *t); /* and releases it */

/* ---- effects --------------------------------------------------------------------- */

enum effect_kind {
    EFFECT_ACTION, /* do `action` to the world; `text`: what to say when done */
    EFFECT_WAIT,   /* let `duration` pass */
    EFFECT_SPEED,  /* `number`: simulated seconds per second */
    EFFECT_PAUSE,
    EFFECT_REWIND,   /* to simulated time `at` */
    EFFECT_SEEN,     /* the learner saw `text` (subject, see below) */
    EFFECT_SUSPECT,  /* `comp`, `mechanism`, `text` = because */
    EFFECT_RULE_OUT, /* `comp`, `mechanism` (MECHANISM_COUNT: the whole component),
                        `text` */
    EFFECT_NOTE,     /* `text` */
    EFFECT_STATE,    /* `line` of the incident sheet is `text` */
    EFFECT_SHEET,    /* show it */
    EFFECT_SAY,      /* a status update: fields in `update` */
    EFFECT_HINT,
    EFFECT_SKIP,
    EFFECT_RESET,
    EFFECT_SOLUTION, /* show the solution of this step */
    EFFECT_ANSWER, /* `number`: choice 1.. of the step's question (a bare digit typed);
                       or  0 and `text`: predictions, "up, same" */
    EFFECT_IMPROVE, /* improvement `number` of the context is chosen; `text`: what to say */
    EFFECT_ASK, /* person `number` of the context, about `text` (NULL: in general) */
    EFFECT_RESOLVE, /* the learner says it is over: `text` mitigated|cured|recovered */
    EFFECT_WHY,     /* the explanation: shown already (`text` NULL), or `text`, to be
                       shown once the price was confirmed */
    EFFECT_KINDS
};
struct effect {
    enum effect_kind kind;
    struct action action; /* strings live in effects.mem */
    sim_time duration, at;
    double number;
    comp_id comp;
    enum mechanism mechanism;
    const char *text;
    const char *line; /* the word of its command */
    struct update update;
};
struct effects {
    struct arena mem;
    struct effect *list; /* in mem */
    size_t n, cap;
    bool changes; /* at least one effect changes the world */
    const char *
        confirm; /* the risk to name and ask about before anything is taped; NULL: none.
                    --yes on the line skips it */
};
void effects_release(struct effects *fx);

/*
 * Subjects of EFFECT_SEEN, what goals and evidence refer to: "component" or
 * "component:facet", one per thing actually shown. Facets: instances, pool, metrics,
 * metric.<short name>, logs, traces, sessions, keys, config, stacks, changes; and,
 * without a component: "status", "map", "alerts", "changes", "tickets". A command emits
 * both the wide and the narrow one ("checkout", "checkout:pool"). Overviews (status,
 * map) emit only themselves: they show no component closely enough to count as having
 * looked.
 */

/* ---- running --------------------------------------------------------------------- */

struct ticket { /* a message from a person */
    sim_time at;
    const char *who; /* "Support", "Mara (product)" */
    const char *text;
    bool page; /* the pager, not a person */
};

struct bystander { /* somebody who can be asked */
    const char *id, *name, *role;
    const char *const *topics; /* subjects known to be worth asking about */
    size_t ntopics;
};

struct improvement_offer {          /* an improvement that may be chosen (improve) */
    const char *id, *text, *effort; /* effort: NULL: none is said */
};

struct console_ctx {
    const struct world *world;
    const struct recording *rec;
    sim_time day_start;           /* time of day at simulated time 0 */
    const struct ticket *tickets; /* the arrived ones, oldest first */
    size_t ntickets;
    const struct bystander *people;
    size_t npeople;
    const struct improvement_offer *improvements;
    size_t nimprovements;     /* 32 at most; 0: nobody plans ahead here */
    uint32_t improved;        /* the chosen ones: a bit each */
    int budget;               /* the most that may be chosen */
    sim_time closes_at;       /* until then */
    const char *const *tools; /* the commands this lesson needs, for `help` */
    size_t ntools;
    const struct glossary_term *terms; /* for `help WORD` */
    size_t nterms;
    const char *step_say; /* the current step's question (for help); NULL */
    bool finished;        /* after the incident: `why` is free */
    bool may_rewind;
    bool practice;   /* after a rewind: nothing is scored any more */
    bool on_call;    /* no steps: the learner says what it is, and when it is over */
    int columns;     /* width to lay out for; >= 40 */
    bool ascii;      /* no block or line-drawing characters in charts and maps */
    bool lost_known; /* the two below are known; else nothing is said of them */
    uint64_t users_lost;
    sim_time lost_since; /* SIM_FOREVER: nobody was lost */
    bool users_hidden;   /* nobody measures users here: no metric comes from a client */
    bool spoken;         /* plain mode: charts as sentences and numbers */
    const bool *known;   /* components known to the learner, see struct scene; NULL:
                            all */
};

/* Runs one line (at most 4 KiB; longer is refused with a sentence). Errors are lines in
 * `out` with tone BAD, with a suggestion; then `fx` is empty and the result is not
 * ERR_OK. */
enum err console_run(const struct console_ctx *ctx, const char *line, struct out *out,
                     struct effects *fx) MUST_USE;

/* Completions of the word at byte `cursor`, in order; `start` is where that word
 * begins. */
struct completions {
    struct arena mem;
    const char **words;
    const char **docs; /* a phrase each, or "" */
    size_t n, cap;
    size_t start;
    const char *usage; /* the command's synopsis, or NULL */
};
void console_complete(const struct console_ctx *ctx, const char *line, size_t cursor,
                      struct completions *out);
void completions_release(struct completions *c);

/* ---- the commands, for help and documentation ------------------------------------ */

enum command_group { GROUP_LOOK, GROUP_ACT, GROUP_REASON, GROUP_TIME };
/* The words of the whole course, for help; a lesson's own come first. */
size_t glossary_terms(const struct glossary_term **list);
/* The glossary of a course: the words of the whole course, the mechanisms and the words of
 * its lessons, in one alphabet, each once; the course's meaning stands before a lesson's.
 * The list is in `mem`, the strings stay their owners'. */
struct lesson_words {
    const char *title; /* of the lesson */
    const struct glossary_term *terms;
    size_t nterms;
};
struct course_word {
    struct glossary_term term;
    const char *from; /* the title of the lesson whose word it is; "": of all */
};
size_t glossary_course(struct arena *mem, const struct lesson_words *lessons, size_t n,
                       const struct course_word **out);

struct command_wild { /* the line to type for the same thing in the wild */
    const char *tool; /* "kubectl" */
    const char *line; /* "kubectl rollout restart deployment/checkout" */
};
struct command_info {
    const char *name, *synopsis, *doc;
    const char *examples; /* lines separated by '\n' */
    enum command_group group;
    bool changes_world;
    const struct command_wild *wild;
    size_t nwild;
};
size_t console_commands(void);
const struct command_info *console_command(size_t i); /* in order of name */

#endif
