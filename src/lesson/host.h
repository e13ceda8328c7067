/*
 * host: one Lua state in its sandbox, and how C code talks to the lesson in it.
 *
 *     host.c           opening it, the one protected call, counting steps
 *     host_memory.c    counting bytes, and the price of a step
 *     parts.c          what a predicate looked at, in words
 *
 * Whatever runs in Lua runs inside host_run(), within a budget of steps. A C function that a
 * lesson calls charges for its work before it does it, and raises with fail():
 *
 *     static int s_twice(lua_State *L)              // s:twice(x)
 *     {
 *         lua_Number x = arg_number(L, 2);          // raises where it is no number
 *         host_charge(L, 1);                        // raises when the budget is used up
 *         if (x < 0)
 *             fail(L, 0, "twice takes what is not below 0, not %g", x);
 *         lua_pushnumber(L, 2 * x);
 *         return 1;
 *     }
 *
 * Owner: whoever opens a host closes it. A function between a call that can raise and the
 * next owns nothing that needs freeing: what it needs lives in an arena or in Lua.
 * Units: memory in bytes, work in steps, never in seconds; so the same program stops at the
 * same place everywhere. Errors: ERR_LESSON with file and line.
 */
#ifndef LESSON_HOST_H
#define LESSON_HOST_H

#include "scan.h"

#include "truecode/lesson.h"

#include <lauxlib.h>
#include <lua.h>

/* ---- limits ---------------------------------------------------------------------- */

#define HOST_MEMORY (16u << 20) /* all of a Lua state */
#define HOST_STRING                                                                    \
    (32u << 10)             /* limit of a string; comparisons cost no more than
                                       this */
#define HOST_DEPTH      180 /* nested calls */
#define HOST_VALUES     200 /* values from one call (unpack, byte) or in one `...` */
#define STEPS_LOAD      2000000u /* the file's top level, and reading what it returned */
#define STEPS_BUILD     2000000u /* world and incident */
#define STEPS_PREDICATE 100000u  /* a call of a predicate */
#define NUMBER_STEPS    12       /* writing a number as text */
#define MODULO_PRICE    9        /* more a step: % of floats takes 2,000 rounds */
#define LIST_MAX        512      /* elements of any list in a lesson */

/* ---- host: one Lua state in its sandbox ------------------------------------------ */

/* Kinds of large blocks of memory. */
enum memory_kind {
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
    bool trusted;       /* memory asked for now is no lesson's: the host's own, or the
                           parser's */
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
    const struct lesson *lesson;      /* the predicate's lesson */
    struct lesson_state *run; /* eval: the run's state, which answers for the lesson's
                                 functions; NULL: this state has them itself */
    struct buf *parts; /* gets the answers of `s` in words (parts.c); NULL: unasked */
    char part[64];     /* words instead of the last answer; "": none */
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
/* Charges looks into tables, or comparisons of what may be strings. */
void host_look(lua_State *L, uint64_t times);
void host_walk(lua_State *L); /* before a table is walked with lua_next() */

/* ---- arguments and errors -------------------------------------------------------- */

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

/* ---- answers in words (parts.c) -------------------------------------------------- */

/* The method on top, called by `name`, becomes one that tells its answer. */
void parts_wrap(lua_State *L, const char *name);
void parts_note(lua_State *L, const char *what, int value); /* "name.cpu", an answer */
/* A value in words: "12m", "0.98", "true", "nothing" for what is not a number. */
void parts_value(lua_State *L, int value, struct buf *out);

#endif
