/*
 * console, inside: what a command is, and what it is given. Read this first, then
 *
 *     parse.h     a line as stages of words
 *     lookup.h    components, moments and numbers, as most commands need them
 *     act.h       commands that change the world
 *     chart.h     curves as text
 *     db.h        what the commands behind `db` share
 *     filter.h    what stands behind a |
 *     complete.h  what the word at the cursor can become
 *
 * The way of a line (command_line.c): parse_line() makes stages of words, the first is a
 * command out of `commands`, its words are read by its descriptor, run() writes lines and
 * effects, the filters go over the lines. Only when all of them have succeeded do lines and
 * effects leave, so that an error is one sentence and changes nothing.
 *
 * A command is a file cmd_NAME.c that ends in its descriptor, and a line of commands.c:
 *
 *     static enum err run(struct call *c)
 *     {
 *         comp_id comp;
 *         int instance;
 *         enum err e = need_comp(c, c->arg[0], &comp, &instance);
 *         if (e != ERR_OK)
 *             return e;
 *         out_line(c->o, TONE_NORMAL, "%s is a %s.", name_of(c, comp), …);
 *         seen_comp(c, comp, NULL);
 *         return ERR_OK;
 *     }
 *     const struct command cmd_kind = {
 *         .info = {.name = "kind", .synopsis = "kind COMPONENT", …},
 *         .args = {ARG_COMPONENT}, .min_args = 1, .max_args = 1, .run = run,
 *     };
 *
 * Owner: all that a command builds for the length of the call lives in call.mem; the texts
 * of an effect live in effects.mem (fx_text()), as a question may be asked before it is
 * carried out. Nothing here changes a world. Errors: run() returns refuse(…), which puts the
 * sentence for the learner into c->why.
 */
#ifndef CONSOLE_INTERNAL_H
#define CONSOLE_INTERNAL_H

#include "parse.h"

#include "truecode/console.h"
#include "truecode/picture.h"

#include <math.h>

/* ---- descriptors ----------------------------------------------------------------- */

#define WILD(a) .wild = (a), .nwild = COUNT_OF(a)

/* The kinds of argument: they drive completion and the messages about a missing one. */
enum arg_kind {
    ARG_NONE,
    ARG_COMPONENT, /* any component that is not a call policy */
    ARG_INSTANCE,  /* a component or one instance */
    ARG_SERVICE,
    ARG_ENDPOINT,
    ARG_OP,     /* a component with an operation named like the command */
    ARG_PARAM,  /* checkout.pool.size */
    ARG_VALUE,  /* a value for the parameter before it */
    ARG_SERIES, /* checkout.pool_waiting, orders_placed */
    ARG_METRIC, /* a metric of the component before it */
    ARG_MECHANISM,
    ARG_COMMAND,
    ARG_TRACE,
    ARG_CHANGE,
    ARG_FLAG,
    ARG_ON_OFF,
    ARG_VERSION, /* of the service before it */
    ARG_LEVEL,
    ARG_STATE, /* of an incident */
    ARG_DATABASE,
    ARG_SERVER, /* of a database */
    ARG_TABLE,
    ARG_INDEX,  /* of the table before it */
    ARG_BACKUP, /* of the database before it, or any */
    ARG_OF_DB,  /* a server of the database before it */
    ARG_COPY,   /* a backup or a replica of the database before it */
    ARG_MIGRATION,
    ARG_SUBSCRIPTION,
    ARG_JOB,
    ARG_CACHE_VIEW,
    ARG_PERSON,
    ARG_IMPROVEMENT,
    ARG_TOPIC, /* a topic that the person before it can be asked about */
    ARG_TIME,
    ARG_DURATION,
    ARG_TEXT,
    ARG_KINDS
};
struct cmd_opt {
    const char *name;   /* "--since" */
    enum arg_kind kind; /* ARG_NONE: it takes no value */
    const char *doc;
};
struct call;
struct command {
    struct command_info info;
    enum arg_kind args[4]; /* the last one repeats when max_args asks for more */
    size_t min_args, max_args;
    struct cmd_opt opts[6];
    bool raw; /* options are words like others: the command reads them itself */
    /* acting commands: what to say when it is done; COMPONENT, VALUE as in wild lines
     */
    const char *done;
    bool foretells; /* acting: what is asked begins with what the engine says of it */
    const char *op; /* acting: the operation, where it is not called like the command */
    /* first words that are commands of their own ("db backups"); NULL at the end */
    const struct command *const *subs;
    enum err (*run)(struct call *c);
};

/* ---- a call ---------------------------------------------------------------------- */

#define OPTS_MAX 6
struct call {
    const struct console_ctx *ctx;
    const struct command *cmd;
    const struct world *w;
    const struct recording *rec;
    const struct model *m;
    sim_time now;
    struct scene scene; /* of these: what the picture is asked with */
    struct arena *mem;  /* for the length of the call */
    struct out *o;
    struct effects *fx;
    struct errmsg *why;
    const char **arg; /* positional words */
    size_t nargs;
    const char *opt[OPTS_MAX]; /* by index in cmd->opts; "" for one without value */
    const char *text;          /* all words after the name, as typed */
    bool yes;                  /* --yes was given */
    const char *label;         /* the typed name: "db", "db vacuum" */
    const char *wild; /* the wild line that fits, where a command knows better */
    bool piped;       /* filters follow: no notes, no cutting */
};

static inline struct scene scene_of(const struct console_ctx *ctx)
{
    return (struct scene){ctx->world, ctx->rec, world_now(ctx->world),
                          ctx->users_hidden, ctx->known};
}

/* ---- the table (commands.c) ------------------------------------------------------ */

extern const struct command *const commands[]; /* in order of name, NULL at the end */
const struct command *command_find(const char *name);
/* The command that `word` names behind `cmd`; NULL: none. */
const struct command *command_sub(const struct command *cmd, const char *word);
const char *const *command_names(size_t *n);

/* ---- what a command does with its call (call.c) ---------------------------------- */

/* The value of an option; NULL: not given. */
const char *call_opt(const struct call *c, const char *name);
/* The sentence goes to the learner; returns `e`. */
enum err refuse(struct call *c, enum err e, const char *fmt, ...) PRINTF_LIKE(3, 4);
const char *strf(const struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A line of explanation below the facts; left out when filters follow. */
void note(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text wrapped to the width, each line after `indent` spaces. */
void para(struct call *c, enum tone t, size_t indent, const char *text);
/* The command line a person would type for this in the wild, with names filled in:
 * COMPONENT, INSTANCE and VALUE. */
const char *wild_line(const struct call *c, const char *line, const char *comp,
                      const char *inst, const char *value);
/* The sentence after an action, and what one would type for it in the wild if both
 * stand on one line; help has the whole of it. */
const char *with_wild(const struct call *c, const char *text, const char *wild);

/* ---- work that several commands share -------------------------------------------- */

/* Runs the same call by another command: what a bare word of it shows. Options go. */
enum err run_as(struct call *c, const char *name);
/* The first of a command's examples, told with this world's names. */
const char *command_example(struct call *c, const struct command *k);
/* States a line of the incident sheet: the rest of the line under the command's name. */
enum err state_line(struct call *c);
/* A counter of what has become of messages or values, and the words for it. */
struct fate_word {
    bool owner; /* counted by the component's owner; else by the component itself */
    const char *metric, *word;
};
/* Prints a paragraph of those of the `n` that ever happened: "So far 12 stored, 2
 * evicted." Begins with `lead`. Nothing happened: prints nothing. */
void tell_fates(struct call *c, const char *lead, comp_id comp,
                const struct fate_word *f, size_t n);
/* Shows what a Prometheus server would scrape (cmd_metrics.c). */
enum err show_exposition(struct call *c, comp_id comp);
/* A word of the whole course (glossary.c); NULL: not one of them. */
const char *glossary_meaning(const char *word);
/* Words that complete an argument, NULL at the end; levels by enum log_level. */
extern const char *const log_level_words[], *const cache_views[];
extern const struct command cmd_queue_dead; /* behind queue */

/* ---- effects (effects.c) --------------------------------------------------------- */

struct effect *fx_add(struct call *c, enum effect_kind kind);
const char *fx_text(struct call *c, const char *s);
void fx_action(struct call *c, const struct action *a, const char *say);
void fx_risk(struct call *c, const char *risk); /* kept unless --yes */
void seen(struct call *c, const char *subject);
void seen_comp(struct call *c, comp_id comp, const char *facet); /* facet NULL: none */
void seen_metric(struct call *c, comp_id comp, const char *metric);

#endif
