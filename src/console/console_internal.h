/*
 * Inside the console: a line becomes stages of words (parse.c), the first stage is a
 * command (a cmd_*.c file, listed in commands.c), the others are filters over its
 * lines.
 *
 * A command gets one `struct call`: what it may look at, its words, and where its lines
 * and effects go. Everything it builds for the length of the call lives in call.mem;
 * what an effect points to lives in effects.mem (fx_text()).
 */
#ifndef CONSOLE_INTERNAL_H
#define CONSOLE_INTERNAL_H

#include "truecode/console.h"
#include "truecode/picture.h"

#include <math.h>

#define CONSOLE_LINE_MAX 4096
#define WORDS_MAX        96
#define STAGES_MAX       8
#define WILD(a)          .wild = (a), .nwild = COUNT_OF(a)

/* ---- words (parse.c) ------------------------------------------------------------- */

struct word {
    const char *s;     /* without quotes */
    size_t start, end; /* bytes of the line it came from */
    bool quoted;
};
struct stage {
    struct word *words;
    size_t n;
    size_t start, end; /* bytes of the line */
};
struct parsed {
    struct stage stages[STAGES_MAX];
    size_t n;
    bool open_quote; /* the last word lacks its closing quote */
};
/* Words and stages go into `mem`. A quote opens only where a word (or a value after =)
 * begins, so that "it's" is one word. */
enum err parse_line(const char *line, struct arena *mem, struct parsed *out,
                    struct errmsg *why) MUST_USE;
/* ERR_INPUT when a word is an operator of a real shell. */
enum err refuse_shell(const struct stage *st, struct errmsg *why) MUST_USE;

/* ---- commands ----------------------------------------------------------------------
 */

/* The kinds of argument: they drive completion and the messages about a missing one. */
enum arg_kind {
    ARG_NONE,
    ARG_COMPONENT, /* any component that is not a call policy */
    ARG_INSTANCE,  /* a component or one instance */
    ARG_SERVICE,
    ARG_ENDPOINT,
    ARG_OP,     /* what has an operation named like the command */
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
    ARG_MIGRATION,
    ARG_SUBSCRIPTION,
    ARG_JOB,
    ARG_CACHE_VIEW,
    ARG_PERSON,
    ARG_IMPROVEMENT,
    ARG_TOPIC, /* what the person before it can be asked about */
    ARG_TIME,
    ARG_DURATION,
    ARG_TEXT
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
    const char *label;         /* what was typed to name it: "db", "db vacuum" */
    const char *wild; /* the wild line that fits, where a command knows better */
    bool piped;       /* filters follow: no notes, no cutting */
};

static inline struct scene scene_of(const struct console_ctx *ctx)
{
    return (struct scene){ctx->world, ctx->rec, world_now(ctx->world),
                          ctx->users_hidden, ctx->known};
}

extern const struct command *const commands[]; /* in order of name, NULL at the end */
/* The command that `word` names behind `cmd`; NULL: none. */
const struct command *command_sub(const struct command *cmd, const char *word);
const struct command *command_find(const char *name);
const char *const *command_names(size_t *n);

/* The same call by another command: what a bare word of it shows. Options go. */
enum err run_as(struct call *c, const char *name);
/* NULL: not given. */
const char *call_opt(const struct call *c, const char *name);
/* The sentence goes to the learner; returns `e`. */
enum err refuse(struct call *c, enum err e, const char *fmt, ...) PRINTF_LIKE(3, 4);
const char *strf(const struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A line of explanation below the facts; left out when filters follow. */
/* States a line of the incident sheet: the rest of the line under the command's name. */
enum err state_line(struct call *c);
void note(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text wrapped to the width, each line after `indent` spaces. */
void para(struct call *c, enum tone t, size_t indent, const char *text);
/* A counter of what has become of messages or values, and the words for it. */
struct fate_word {
    bool owner; /* counted by the component's owner; else by the component itself */
    const char *metric, *word;
};
/* Prints a paragraph of those of the `n` that ever happened: "So far 12 stored, 2
 * evicted." Begins with `lead`. Nothing happened: prints nothing. */
void tell_fates(struct call *c, const char *lead, comp_id comp,
                const struct fate_word *f, size_t n);
/* The command line a person would type for this in the wild, with names filled in:
 * COMPONENT, INSTANCE and VALUE. */
const char *wild_line(const struct call *c, const char *line, const char *comp,
                      const char *inst, const char *value);
/* The sentence after an action, and what one would type for it in the wild if both
 * stand on one line; help has the whole of it. */
const char *with_wild(const struct call *c, const char *text, const char *wild);

/* ---- effects (effects.c) --------------------------------------------------------- */

struct effect *fx_add(struct call *c, enum effect_kind kind);
const char *fx_text(struct call *c, const char *s);
void fx_action(struct call *c, const struct action *a, const char *say);
void fx_risk(struct call *c, const char *risk); /* kept unless --yes */
void seen(struct call *c, const char *subject);
void seen_comp(struct call *c, comp_id comp, const char *facet); /* facet NULL: none */
void seen_metric(struct call *c, comp_id comp, const char *metric);

/* ---- looking (look.c) ------------------------------------------------------------ */

const char *name_of(const struct call *c, comp_id comp);
const char *inst_name(const struct call *c, comp_id comp, int instance);
bool is_kind(const struct call *c, comp_id comp, const char *kind);
bool is_top(const struct call *c, comp_id comp); /* neither nested, counter nor flag */
/* First component of a kind after `from` (start with COMP_NONE). COMP_NONE: no more. */
comp_id next_of(const struct call *c, const char *kind, comp_id after);
size_t count_of(const struct call *c, const char *kind);
/* Nested component of `owner` by kind, next after `after`. */
comp_id next_owned(const struct call *c, comp_id owner, const char *kind,
                   comp_id after);
/* The endpoints a service, balancer or external answers. */
size_t endpoints_of(const struct call *c, comp_id comp, comp_id *out, size_t max);
#define COMPS_MAX 512

const struct metric_desc *metric_of(const struct call *c, comp_id comp,
                                    const char *name);
/* The gauge as it is now; NaN: no such metric. Instance 0: the whole. */
double gauge(const struct call *c, comp_id comp, const char *metric, int instance);
/* Per second over the last minute. NaN: no such metric. */
double rate(const struct call *c, comp_id comp, const char *metric);

/* Component or instance; the sentence suggests. */
/* Clients and what they call, where nobody measures users; REFUSED with a sentence. */
bool is_hidden(const struct call *c, comp_id comp);
/* A metric of one, or one that the objective alone could know. */
bool is_hidden_metric(const struct call *c, comp_id comp, const char *metric);
enum err refuse_hidden(struct call *c, comp_id comp);
enum err need_comp(struct call *c, const char *text, comp_id *comp, int *instance);
/* "orders-db.db-2", or "db-2" where no other of the kind is called that. COMP_NONE. */
comp_id nested_named(const struct call *c, const char *kind, const char *text);
enum err need_kind(struct call *c, const char *text, const char *kind, comp_id *comp);
/* After one of them found no such name, and none that is near: says what there is.
 * Returns ERR_NOT_FOUND. */
enum err no_such(struct call *c, const char *text, const char *names);
/* Names of a kind, ", " between; for messages. */
const char *names_of_kind(const struct call *c, const char *kind);

/* ---- time (when.c) --------------------------------------------------------------- */

/* 20:12, 20:12:05, 30m (ago), now: a moment of the past. */
enum err when_past(struct call *c, const char *text, sim_time *out);
/* --since: the start of a window; `window` when not given. */
enum err when_since(struct call *c, sim_time window, sim_time *from);
/* The next moment of a time of day. */
enum err when_next(struct call *c, const char *text, sim_time *out);
const char *clock_of(const struct call *c, sim_time t, bool seconds);
const char *ago(const struct call *c, sim_time t); /* "12 m 41 s" before now */
const char *span_of(const struct call *c, sim_time d);
/* For tables, at most six columns: "350ms", "42s", "13m20s", "1h05m", "12h". */
const char *span_short(const struct call *c, sim_time d);
const char *ago_short(const struct call *c, sim_time t);

/* ---- numbers (number.c) ---------------------------------------------------------- */

/* The picture's numbers, as strings that live as long as the call. */
const char *num(const struct call *c, double x);
const char *count(const struct call *c, double n);
const char *percent(const struct call *c, double share);
const char *quantity(const struct call *c, double v, const char *unit);
const char *per_time(const struct call *c, double per_s);
const char *metric_value(const struct call *c, double v, const struct metric_desc *d);
enum number_form form_of(const struct call *c);

/* Shows what a Prometheus server would scrape (cmd_metrics.c). */
enum err show_exposition(struct call *c, comp_id comp);

/* ---- acting (act.c) -------------------------------------------------------------- */

/* The run() of every command named like an operation: COMPONENT [ARGS] [--ARG VALUE].
 */
enum err act_op(struct call *c);
/* The component (or the balancer in front of it) that has the operation. */
struct act_target {
    comp_id comp;
    int instance;
    const struct op_desc *op;
};
const struct op_desc *op_of(const struct call *c, comp_id comp, const char *op);
enum err act_find(struct call *c, const char *op, const char *text,
                  struct act_target *t);
/* Whom `op` can be done to, in model order, services behind a balancer included. */
size_t op_targets(const struct call *c, const char *op, comp_id *out, size_t max);
enum err act_list(struct call *c); /* the bare word */
/* The usage after an operation's name and target: " version [--rolling]". */
const char *op_usage(const struct call *c, const struct op_desc *op);
/* The operation that a command is about: "create_index" of create-index. */
const char *op_name(const struct command *cmd);
/* Proposes the action of a command whose words are read already. A copy of the world
 * tries it first: a refusal comes before anybody is asked, and the learner reads what
 * the engine says of it, with its numbers. */
enum err act_do(struct call *c, const struct action *a, const char *risk);
/* Sets comp.param; the effect says what changed. */
enum err act_set(struct call *c, comp_id comp, const struct param_desc *p,
                 const char *text);

/* ---- charts (chart_*.c) ---------------------------------------------------------- */

#define CHART_SLOTS 240
struct chart {
    const char *title;       /* "checkout.pool_waiting", "orders_placed" */
    const char *short_title; /* for a sentence: "orders placed" */
    const char *metric;      /* its short name, or p99 */
    struct curve curve;
    sim_time from, to;
    struct curve_slot v[CHART_SLOTS];
    size_t n;
    struct curve_sum sum;
    double now; /* as everywhere: curve_now() */
    struct scale scale;
};
/* "orders_placed", "orders", "checkout.cpu", "checkout-3.cpu", "checkout.p99". */
enum err chart_pick(struct call *c, const char *text, struct chart *ch);
void chart_fill(struct call *c, struct chart *ch, sim_time from, sim_time to, size_t n);
const char *const *chart_latencies(const struct call *c, comp_id comp,
                                   size_t *n); /* p50 ... mean */
void chart_draw(struct call *c, const struct chart *ch, size_t rows);
void chart_speak(struct call *c, const struct chart *ch);
/* A row of blocks, for lists: the highest of each slot. */
const char *sparkline(const struct call *c, const struct curve_slot *v, size_t n,
                      double high);
/* A value of it with its unit. */
const char *chart_value(const struct call *c, const struct chart *ch, double v);
/* The window of a column: "each 15 s". */
const char *chart_window(const struct call *c, const struct chart *ch);

/* ---- filters (filter.c) ---------------------------------------------------------- */

struct fline {
    const char *s;
    const uint8_t *tone; /* one per byte */
    size_t n;
};
struct flines {
    struct fline *v;
    size_t n, cap;
};
struct filter {
    const char *name, *synopsis, *doc;
    enum err (*run)(struct arena *mem, struct flines *l, const struct word *args,
                    size_t nargs, struct errmsg *why);
};
extern const struct filter *const filters[]; /* NULL at the end */
extern const struct filter filter_grep, filter_head, filter_tail, filter_sort,
    filter_uniq, filter_wc, filter_cut;
const struct filter *filter_find(const char *name);
void flines_add(struct flines *l, struct arena *mem, struct fline f);
struct fline fline_text(struct arena *mem, const char *s);
enum err filter_through(struct out *o, struct arena *mem, const struct parsed *p,
                        struct errmsg *why);
/* Short options "-rn -k 2 -k2": calls back for each; value NULL when it takes none. */
struct optscan {
    const struct word *args;
    size_t nargs, i;     /* next word */
    const char *cluster; /* rest of "-rn" */
    const char *flags;   /* "rnuk:" */
    const char *value;
    const char *name;
    char bad[8];
};
/* The option letter, 0 at the first operand, '?' for an unknown or incomplete one. */
int optscan_next(struct optscan *s, struct errmsg *why);
bool parse_count(const char *s, long *out);

/* ---- patterns (match.c) ---------------------------------------------------------- */

/* A regular expression run as a set of states: time is pattern × text, always. */
struct pattern;
struct pattern *pattern_new(struct arena *mem, const char *re, bool extended, bool fold,
                            struct errmsg *why) MUST_USE;
/* Leftmost longest match; false: none. */
bool pattern_find(const struct pattern *p, const char *s, size_t n, size_t *start,
                  size_t *end);

/* glossary.c: a word of the whole course; NULL: not one of them */
const char *glossary_meaning(const char *word);

extern const struct command cmd_queue_dead;

/* ---- db (cmd_db.c) ------------------------------------------------------------------- */

/* The holder of a session of `db`; the database itself, or one of its servers, stands
 * for an operator. */
const char *db_client(const struct call *c, comp_id db, comp_id client, int instance);
/* The database that the call is about: its argument, or the only one there is. With
 * `server` not NULL also a server of one; that, or the one that leads, goes there. */
enum err db_of(struct call *c, comp_id *db, comp_id *server);
/* "db-2" of "orders-db.db-2". */
const char *last_name(const struct call *c, comp_id comp);
extern const char *const db_migrations[]; /* arguments of db migrate; NULL at the end */
extern const char *const cache_views[];   /* of the command cache; NULL at the end */
extern const char *const log_level_words[]; /* by enum log_level; NULL at the end */
enum err db_replicas_run(struct call *c);   /* the bare word replica, too */
/* Notes on a database that is being changed, or has a server that is not well. */
void db_tell_unwell(struct call *c, comp_id db);
/* Acts on a series of backups; a database stands for its only one. */
enum err db_act_series(struct call *c);

#endif
