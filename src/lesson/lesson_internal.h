/*
 * What the files of src/lesson share. Nothing here leaves the module. From the bottom:
 *
 *     scan      on which line a word of the file stands, and what shape its code has
 *     host      a Lua state in its sandbox: memory, steps, the one protected call
 *     binding   tables of what a lesson may call
 *     schema    tables of what its records may hold; read_record() fills structs by them
 *     lesson    what a file says, with its code compiled and the places of its functions
 *     state     one Lua state of a lesson, opened from that code
 *     build     a model under construction
 *     facts     what a predicate sees (facts.h)
 *     step      the kinds of steps (step_internal.h, truecode/step.h)
 */
#ifndef LESSON_INTERNAL_H
#define LESSON_INTERNAL_H

#include "truecode/lesson.h"

#include <lauxlib.h>
#include <lua.h>

/* ---- limits ---------------------------------------------------------------------- */

#define HOST_MEMORY     (16u << 20) /* all of a Lua state */
#define HOST_STRING     (32u << 10) /* one string; comparisons cost no more than this */
#define HOST_DEPTH      180         /* nested calls */
#define HOST_VALUES     200 /* values from one call (unpack, byte) or in one `...` */
#define STEPS_LOAD      2000000u /* the file's top level, and reading what it returned */
#define STEPS_BUILD     2000000u /* world and incident */
#define STEPS_PREDICATE 100000u  /* one call of a predicate */
#define NUMBER_STEPS    12       /* writing a number as text */
#define MODULO_PRICE    9        /* more a step: % of floats takes 2,000 rounds */
#define LIST_MAX        512      /* elements of any list in a lesson */

/* ---- scan: words and lines of the file ------------------------------------------- */

struct scan_mark { /* a key or a string literal */
    uint32_t off, len;
    int line;
    uint32_t scope; /* keys in { }: the number of that table; else 0 */
};
struct scan_edit { /* the parser gets `text` before this offset */
    size_t off;
    const char *text;
};
struct scan {
    const char *text; /* borrowed */
    size_t len;
    struct scan_mark *marks; /* in order of length, bytes and line */
    size_t n, cap;
    struct scan_edit *edits; /* in order of their offsets */
    size_t nedits, edits_cap;
    bool modulo; /* the operator % is used */
    int open;    /* brackets and blocks left open; 0 for whatever Lua takes */
    struct scan_mark twice; /* a key that stands twice in one table; len 0: none */
    int first_line;         /* where it stands first */
};
/* Reads the tokens; refuses what Lua would take but the sandbox must not (see scan.c).
 */
enum err scan_text(struct scan *s, const char *text, size_t len, const char *name,
                   struct errmsg *why) MUST_USE;
void scan_release(struct scan *s);
/* The line of the first mark `word` at or after line `from`; `from` when there is none.
 */
int scan_line(const struct scan *s, const char *word, int from);
/* The bounds of a for on this line were wrapped. */
bool scan_wraps(const struct scan *s, int line);
/* The parser's next piece: a line at most. NULL: the end. Starts from zero. */
struct scan_reader {
    size_t off, edit;
    int line; /* lines begun */
};
const char *scan_piece(const struct scan *s, struct scan_reader *r, size_t *n);

/* source.c: the words of every function that begins on line `first` and ends on `last`,
 * without comments and blanks; when there is none, those of the whole file. */
void source_functions(const char *text, size_t len, int first, int last,
                      struct buf *out);

/* ---- host: one Lua state in its sandbox ------------------------------------------ */

enum memory_kind {               /* of large blocks of memory */
                   MEMORY_PLAIN, /* out of a lesson's reach */
                   MEMORY_STRING,
                   MEMORY_NODES, /* the hash part of a table */
                   MEMORY_SLOTS, /* the array part of one, or anything else */
                   MEMORY_KINDS
};
enum { SIZE_CLASSES = 26 }; /* powers of two, up to more than HOST_MEMORY */

struct host {
    lua_State *L;
    char name[48];      /* of the file, for messages */
    size_t used, limit; /* bytes handed out; at most (0 before opening: HOST_MEMORY) */
    bool trusted;       /* what is allocated now is no lesson's: the host's own, or
                           the parser's */
    uint32_t alive[MEMORY_KINDS][SIZE_CLASSES]; /* large blocks */
    size_t peak[MEMORY_KINDS];    /* the largest since the evaluation began */
    size_t settled[MEMORY_KINDS]; /* the largest after the last full collection */
    uint64_t dear;                /* added to the price of a step: what the file uses */
    uint64_t steps, budget;       /* of the call that is running */
    bool over;                    /* over budget: sticky until the state is closed */
    const char *refused; /* memory: what was refused first; sticky. NULL: nothing */
    int line;            /* where we are, as far as is known */
    const struct scan *scan;
    int functions;                    /* how many lesson functions are kept */
    struct build *build;              /* while world or incident runs */
    const struct lesson_facts *facts; /* while a predicate runs */
    const struct lesson *lesson;      /* whose predicate that is */
    struct buf
        *parts;    /* gets what `s` answers, in words (parts.c); NULL: nobody asks */
    char part[64]; /* words instead of the last answer; "": none */
};
enum err host_open(struct host *h, const char *name, struct errmsg *why) MUST_USE;
void host_close(struct host *h);
struct host *host_of(lua_State *L);
/* Calls f(arg) protected: the one place. `line`: where an error is that has no place of
 * its own. */
enum err host_run(struct host *h, lua_CFunction f, void *arg, uint64_t budget, int line,
                  struct errmsg *why) MUST_USE;
void *host_allocate(void *ud, void *p, size_t osize, size_t nsize);
uint64_t host_price(const struct host *h);      /* of one step, now */
void host_take_stock(struct host *h);           /* an evaluation begins */
void host_settle(struct host *h);               /* collects all garbage */
void host_charge(lua_State *L, uint64_t steps); /* raises when that is too much */
/* So many looks into tables, or comparisons of what may be strings. */
void host_look(lua_State *L, uint64_t times);
void host_walk(lua_State *L); /* before a table is walked with lua_next() */
/* Numbers among the arguments. Text is refused: reading it as a number costs its
 * length. */
lua_Number arg_number(lua_State *L, int i);
lua_Integer arg_integer(lua_State *L, int i);
lua_Integer arg_integer_or(lua_State *L, int i, lua_Integer otherwise);
lua_Integer plain_integer(lua_State *L, int i); /* 0 when it is no whole number */
int host_line(lua_State *L); /* of the Lua code that called us; 0: none */
/* Raises "file:line: ..."; line 0: the caller's. */
int fail(lua_State *L, int line, const char *fmt, ...) PRINTF_LIKE(3, 4) NORETURN;
/* Raises with "; did you mean 'x'?" or the list of what there is. */
int fail_unknown(lua_State *L, int line, const char *what, const char *word,
                 const char *const *names, size_t n) NORETURN;
int fn_keep(lua_State *L, int index); /* keeps a function; returns its fn_id */
void fn_push(lua_State *L, fn_id id);

/* parts.c: the method on top, called by `name`, becomes one that tells its answer. */
void parts_wrap(lua_State *L, const char *name);
void parts_note(lua_State *L, const char *what, int value); /* "name.cpu", an answer */
/* A value in words: "12m", "0.98", "true", "nothing" for what is not a number. */
void parts_value(lua_State *L, int value, struct buf *out);

/* ---- bindings: what a lesson may call -------------------------------------------- */

struct binding {
    const char *name, *args; /* "sort", "t[, less]" */
    lua_CFunction fn;
    const char *doc;
};
struct binding_table {
    const char *library; /* "string"; "": global; "w", "i", "s": methods */
    const char *title, *doc;
    const struct binding *list;
    size_t n;
};
extern const struct binding_table bind_base, bind_string, bind_table, bind_math,
    bind_utf8;
extern const struct binding_table bind_time, bind_dist, bind_program, bind_steps,
    bind_actions, bind_draw, bind_incident, bind_facts, bind_alerts;
/* examples.c: a piece of a world that has such a component; NULL: there is none. */
const char *lesson_example(const char *kind);
int env_tostring(lua_State *L); /* tostring(v): no addresses, one NaN */
void env_open(lua_State *L);    /* builds the whole environment */
/* Pushes the keys of the table at `t` in order: numbers ascending, then strings
 * bytewise. */
void push_sorted_keys(lua_State *L, int t);
/* Stable merge sort of the list 1..n at `t`; less(L, ctx) compares the two values on
 * top. */
void sort_list(lua_State *L, int t, lua_Integer n, bool (*less)(lua_State *L, int ctx),
               int ctx);
/* An empty table that shows what the table on top holds and takes nothing. Replaces it.
 */
void seal_table(lua_State *L, const char *what);

/* A table that a constructor made: "@is" says what, "@line" where. */
void mark_table(lua_State *L, int t, const char *mark);
bool is_marked(lua_State *L, int t, const char *mark);
int mark_line(lua_State *L, int t, int otherwise);

/* ---- values ---------------------------------------------------------------------- */

/* Durations (duration.c): light userdata that reckon and compare, with units checked. */
void durations_open(lua_State *L);
bool is_duration(lua_State *L, int i);
sim_time duration_at(lua_State *L, int i); /* of a duration */
/* Pushes so many nanoseconds; a number where that is none: 0, not-a-number, infinity. */
int duration_push(lua_State *L, double ns);
int duration_push_whole(lua_State *L, sim_time t);
int duration_text(lua_State *L, int i);     /* pushes its nanoseconds as text */
const char *type_word(lua_State *L, int i); /* "duration", or as Lua names it */
bool lacks_unit(double x); /* a bare number that cannot be meant as nanoseconds */

/* A duration, a text like "1m30s", or a number of nanoseconds; a bare small number lacks
 * its unit. */
sim_time to_duration(lua_State *L, int i, int line, const char *what);
void push_dist(lua_State *L, const struct dist *d);
bool to_dist(lua_State *L, int i, int line, const char *what, struct dist *out);

/* ---- schema: what a record may hold ---------------------------------------------- */

enum field_type {
    FIELD_STRING,
    FIELD_TEXT, /* several lines: common indentation removed */
    FIELD_SAYS, /* a struct text: the same, or variants of it */
    FIELD_INT,
    FIELD_NUMBER,
    FIELD_FRACTION,
    FIELD_BOOL,
    FIELD_DURATION,
    FIELD_CLOCK, /* "19:40": since midnight */
    FIELD_FUNCTION,
    FIELD_STRINGS,
    FIELD_TEXTS,   /* list of struct text */
    FIELD_CHOICE,  /* index into `choices`, stored as int */
    FIELD_RECORDS, /* list of records of `of` */
    FIELD_RECORD,  /* one record of `of` */
    FIELD_CUSTOM
};
/* Where something that is kept in Lua, a function mostly, stands in what the file returned:
 * the keys that lead to it. */
enum { PLACE_DEPTH = 8 }; /* steps, 3, "of", 1, "value" are five */
struct key {
    const char *name; /* NULL: the i-th element */
    lua_Integer i;
};
struct place {
    struct key keys[PLACE_DEPTH];
    int depth;
    int type; /* LUA_TFUNCTION; LUA_TTABLE of a list */
};
struct reader {
    lua_State *L;
    struct host *h;
    struct arena *mem;
    struct lesson *l;   /* whose functions are kept; NULL: there are none */
    struct place place; /* of what is read now */
};
struct schema;
struct field {
    const char *name;
    enum field_type type;
    size_t offset; /* of the member; lists: of the pointer, with the count at `count` */
    size_t count;
    const char *doc;
    int pos; /* may also be given as the pos-th unnamed value; 0: may not */
    bool required;
    const char *choices; /* "up|same|down" */
    const struct schema *of;
    void (*custom)(struct reader *r, const struct field *f, int line, void *out);
};
struct schema {
    const char *name, *doc;
    const struct field *fields;
    size_t n, size;
    void (*check)(struct reader *r, int line, void *record); /* may be NULL */
};
/* Pushes the i-th element of the list at `t`, and pops it again. What is read in between
 * stands there. */
void read_enter(struct reader *r, int t, size_t i);
void read_enter_named(struct reader *r, int t, const char *name); /* a field's value */
void read_leave(struct reader *r);
/* The same of a field, which may be nil. */
/* Keeps the function, or list, on top and notes where it stands; `name` is the key that
 * leads to it, NULL where the reader has entered it already. */
fn_id read_kept(struct reader *r, const char *name);
/* Reads the table at `t` into `out` (zeroed by the caller). */
void read_record(struct reader *r, int t, int line, const struct schema *s, void *out);
/* Length of the list at `t`; raises when it has holes or named fields. */
size_t read_length(struct reader *r, int t, int line, const char *what);
const char *read_string(struct reader *r, int i, int line, const char *what);
/* The same without the indentation that all lines share. */
const char *read_lines(struct reader *r, int i, int line, const char *what);
/* text.c: reads what is on top, a string or variants. */
void read_text(struct reader *r, int line, const char *what, struct text *out);
void read_values(struct reader *r, const struct field *f, int line, void *out);
/* Raises where a text holds a value that the lesson does not have. */
void check_texts(struct reader *r);
/* The same of one string, of a file that was read. */
void check_words(lua_State *L, const struct lesson *l, const char *words, int line);
extern const struct schema live_schema;
int choice_index(const char *choices, const char *word);
/* The i-th of "a|b|c" into `out`; false: there is none. */
bool choice_name(const char *choices, size_t i, char *out, size_t size);
extern const struct schema lesson_schema, lab_schema;
/* Gives a step `prevent` the lesson's choices. */
void step_prevent_choices(struct reader *r, int line, const struct lesson *l,
                          struct step *st);
void read_steps(struct reader *r, const struct field *f, int line, void *out);
/* quiet.c: adds an alert that fires for nothing to a finished world; `quiet`: a healthy
 * one, and its letters become one of somebody who is mistaken */
extern const struct schema quiet_schema;
enum err build_noise(const struct lesson *l, uint64_t seed, bool quiet,
                     struct lesson_world *out, struct errmsg *why) MUST_USE;
/* schema_people.c */
enum { PEOPLE_MAX = 16 };
extern const struct schema person_schema, known_schema, reaction_schema;
void read_people(struct reader *r, const struct field *f, int line, void *out);
/* schema_suspects.c */
extern const struct schema suspect_schema, case_fact_schema;
/* Raises where suspects and facts do not go together. */
void check_suspects(struct reader *r, int line);
/* The same of what needs the world: components, and where facts are seen. */
void check_suspects_in(lua_State *L, const struct lesson *l, const struct model *m);
/* Raises where nothing can be seen by that name: "changes", "checkout", "checkout:pool". */
void check_subject(lua_State *L, const struct model *m, const char *subject, int line);
/* schema_promises.c */
extern const struct schema promises_schema, users_schema, data_schema, fresh_schema,
    prevention_schema;
void read_shows(struct reader *r, const struct field *f, int line, void *out);
void check_preventions(struct reader *r, int line, const struct lesson *l);
/* A list of set(…), kept until a world is built. */
fn_id read_sets(struct reader *r, const struct field *f, int line);
struct alert_decl;
/* An alert made with burn or threshold, on top; `what` names it in errors. */
void read_alert(struct reader *r, int line, const char *what, struct alert_decl *a);
/* Calls `each` with every schema, in the order of the reference. */
void schemas_each(void (*each)(struct buf *out, const struct schema *s),
                  struct buf *out);

/* ---- the lesson ------------------------------------------------------------------ */

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

#define LAB_WARM_UP_UNSET (-1)
/* lesson_load() with another limit of memory: how the tests make every allocation fail.
 */
enum err lesson_load_within(struct lesson **out, const char *text, size_t len,
                            const char *name, size_t limit,
                            struct errmsg *why) MUST_USE;

/* ---- build: a model under construction ------------------------------------------- */

enum { ENTRIES_MAX = 1024 };
struct build {
    const struct lesson *l;
    struct lesson_world *out;
    bool twin;        /* no causes, and what `twin` sets */
    size_t prevented; /* number of the prevention that was there from the beginning;
                         SIZE_MAX: none was */
    size_t without;   /* number of the entry that is left out; SIZE_MAX: none is */
    size_t only; /* number of the drawn fault that comes alone; SIZE_MAX: as drawn */
    size_t entries_cap;
    struct model *m;  /* out->model */
    struct arena mem; /* until the model is finished */
    struct rng rng;   /* unnamed draws */
    uint64_t seed;
    int nodes;     /* operations made so far */
    bool incident; /* the incident runs; else the world */
    struct errmsg why;
};
struct build *build_of(lua_State *L, const char *what); /* raises outside a build */
int world_index(lua_State *L);                          /* w:KIND */
void build_twin(lua_State *L, struct build *b); /* what makes the twin another world */
void build_prevention(lua_State *L, struct build *b); /* the same, of a prevention */
/* incident.c: reads the action at `t` and puts it on the schedule where `comes` is true; returns
 * what it is done to. */
comp_id incident_schedule(struct build *b, lua_State *L, sim_time at, int t,
                          enum entry_role role, bool comes);
/* The set(…) at `t`, to be done to a running world; its texts live in the world's memory. */
void incident_set(struct build *b, lua_State *L, int t, struct action *out);
/* design.c */
extern const struct schema design_schema, improvement_schema;
void check_design_times(struct reader *r, const struct lesson *l);
void build_improvements(lua_State *L, struct build *b);
int incident_draw(lua_State *L); /* i:draw */
/* Finds out which improvements a finished world has already. */
enum err design_there(const struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why) MUST_USE;
struct value to_value(struct build *b, lua_State *L, int i, const struct param_desc *p,
                      int line, const char *of);
/* A list of operations (or one) at `i` as nodes linked by next; lives in b->mem. */
const struct node *to_program(struct build *b, lua_State *L, int i, int line,
                              int depth);
/* The string at `i`, kept until the model is finished. Charged, so that C memory is
 * bounded by the budget too; longer than `max` bytes is refused. */
const char *keep_text(struct build *b, lua_State *L, int i, int line, size_t max);
comp_id find_comp(lua_State *L, const struct model *m, const char *name, int line);
/* Raises with what `b->why` says, behind file and line. */
int fail_model(lua_State *L, struct build *b, int line) NORETURN;
int fail_finish(lua_State *L,
                struct build *b) NORETURN; /* the same, of model_finish() */

int facts_index(lua_State *L); /* s:NAME */

/* The arguments of a lesson's functions: w, i, s. One of each in a state; they work
 * only while something is built or looked at. */
void objects_open(lua_State *L);
void object_push(lua_State *L, const char *name);

#endif
