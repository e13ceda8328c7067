/*
 * The operations of an endpoint's program. One table says what each takes; the
 * constructor checks it when the lesson calls it (so the line is right), and
 * to_program() turns the marked tables into the engine's nodes.
 */
#include "binding.h"
#include "build.h"
#include "lesson_internal.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

enum arg_kind {
    ARG_NONE,
    ARG_TIME,
    ARG_TARGET,
    ARG_WHAT,
    ARG_TEXT,
    ARG_P,
    ARG_LEVEL,
    ARG_N,
    ARG_SHARE,
    ARG_BODY,
    ARG_OTHER,
    ARG_LOCK,
    ARG_BYTES,
    ARG_PROPERTY
};
enum { FORM_ARGS = 4 };
struct op_form {
    const char *name, *args;
    enum node_kind kind;
    enum arg_kind arg[FORM_ARGS];
    int needed; /* values that must be given */
};
enum { DEPTH_MAX = 32, NODES_MAX = 20000, FAN_OUT_MAX = 10000 };
#define BYTES_MAX 1099511627776.0
static const char *const levels[] = {
#define X(name, word) word,
    LOG_LEVEL_LIST(X)
#undef X
};

/* name, written as, node, values needed, doc, values */
#define FORM_LIST(X)                                                                   \
    X(compute, "time", COMPUTE, 1, "Needs so much CPU on the instance's cores.",       \
      ARG_TIME)                                                                        \
    X(sleep, "time", SLEEP, 1, "Waits, holding the worker.", ARG_TIME)                 \
    X(call, "component, endpoint", CALL, 1,                                            \
      "Calls a service, balancer or third party; also `call(\"edge/buy\")`.",          \
      ARG_TARGET, ARG_WHAT)                                                            \
    X(query, "database, statement", QUERY, 2,                                          \
      "Runs a statement on a connection of the caller's pool.", ARG_TARGET, ARG_WHAT)  \
    X(query_apart, "database, statement", QUERY, 2,                                    \
      "The same on a connection of its own, inside a transaction, too: that holds "    \
      "two.",                                                                          \
      ARG_TARGET, ARG_WHAT)                                                            \
    X(transaction, "database, { … }", TRANSACTION, 2,                                  \
      "Holds one connection while the body runs.", ARG_TARGET, ARG_BODY)               \
    X(leak, "database", LEAK, 1,                                                       \
      "Takes a connection, opens a transaction and never gives it back.", ARG_TARGET)  \
    X(cached, "cache, keyspace, { … }", CACHED, 3,                                     \
      "Looks a key up; on a miss the body runs and its result is stored.", ARG_TARGET, \
      ARG_WHAT, ARG_BODY)                                                              \
    X(parallel, "{ … }", PARALLEL, 1,                                                  \
      "Runs each operation at once; goes on when all are done.", ARG_BODY)             \
    X(sometimes, "p, { … }[, { otherwise }]", SOMETIMES, 2,                            \
      "With this probability the first body, else the second; drawn anew at each "     \
      "try and delivery.",                                                             \
      ARG_P, ARG_BODY, ARG_OTHER)                                                      \
    X(each, "p, { … }[, { otherwise }[, name]]", EACH, 2,                              \
      "The first body for this share of all visits or messages, else the second; the " \
      "same ones at every retry, reload, redelivery and consumer. Properties of "      \
      "different names have nothing to do with each other.",                           \
      ARG_P, ARG_BODY, ARG_OTHER, ARG_PROPERTY)                                        \
    X(when_flag, "flag, { on }[, { off }]", WHEN_FLAG, 2,                              \
      "What a feature flag decides.", ARG_WHAT, ARG_BODY, ARG_OTHER)                   \
    X(count, "counter", COUNT, 1, "Adds one to a business counter.", ARG_WHAT)         \
    X(reply, "text", REPLY, 1,                                                         \
      "Ends with a business answer (\"declined\"): not an error. Counted as "          \
      "ENDPOINT/declined.",                                                            \
      ARG_TEXT)                                                                        \
    X(fail, "text", FAIL, 1, "Ends with an error.", ARG_TEXT)                          \
    X(log, "level, text", LOG, 2,                                                      \
      "Writes a log line; level: debug, info, warn or error.", ARG_LEVEL, ARG_TEXT)    \
    X(publish, "topic", PUBLISH, 1,                                                    \
      "Sends a message to a topic (\"events.orders\"), as a call of its broker.",      \
      ARG_TARGET)                                                                      \
    X(block, "{ … }", BLOCK, 1, "Operations one after the other, as one.", ARG_BODY)   \
    X(lock, "database, table[, mode]", LOCK, 2,                                        \
      "In a transaction: locks a row (mode: \"row\", \"shared row\"), the table "      \
      "(\"share\", \"access exclusive\", …) or a name (\"advisory\") until it ends.",  \
      ARG_TARGET, ARG_WHAT, ARG_LOCK)                                                  \
    X(fan_out, "n, { … }[, share]", FAN_OUT, 2,                                        \
      "Runs the body n times at once; goes on when all, or that share, are done.",     \
      ARG_N, ARG_BODY, ARG_SHARE)                                                      \
    X(allocate, "bytes", ALLOCATE, 1,                                                  \
      "Takes so much of the instance's memory until the request ends: "                \
      "`allocate(50 * 1048576)`.",                                                     \
      ARG_BYTES)                                                                       \
    X(crash, "", CRASH, 0,                                                             \
      "The process dies, with all that is inside, and starts again.", ARG_NONE)        \
    X(drop, "", DROP, 0,                                                               \
      "Ends as if all had been done, without a log line: the work is lost. Only the "  \
      "objective knows.",                                                              \
      ARG_NONE)

static const struct op_form forms[] = {
#define X(name, args, node, needed, doc, ...)                                          \
    {#name, args, NODE_##node, {__VA_ARGS__}, needed},
    FORM_LIST(X)
#undef X
};
enum {
#define X(name, args, node, needed, doc, ...) FORM_##name,
    FORM_LIST(X)
#undef X
        FORMS
};

/* ---- constructors ---------------------------------------------------------------- */

static void check_arg(lua_State *L, const struct op_form *f, int i)
{
    struct dist d;
    char what[64];
    int at = i + 1;
    snprintf(what, sizeof what, "%s: value %d", f->name, at);
    switch (f->arg[i]) {
    case ARG_TIME:
        to_dist(L, at, 0, what, &d);
        break;
    case ARG_P:
        if (lua_type(L, at) != LUA_TNUMBER ||
            !(lua_tonumber(L, at) >= 0 && lua_tonumber(L, at) <= 1))
            fail(L, 0, "%s must be a probability from 0 to 1", what);
        break;
    case ARG_LEVEL:
        if (lua_type(L, at) != LUA_TSTRING)
            fail(L, 0, "%s must be debug, info, warn or error", what);
        for (int k = 0; k < LOG_LEVEL_COUNT; k++)
            if (!strcmp(levels[k], lua_tostring(L, at)))
                return;
        fail_unknown(L, 0, "log: no such level", lua_tostring(L, at), levels,
                     LOG_LEVEL_COUNT);
    case ARG_LOCK:
        if (lua_type(L, at) != LUA_TSTRING)
            fail(L, 0, "%s must be a mode in quotes, like \"row\"", what);
        for (int k = 0; k < LOCK_FORMS; k++)
            if (!strcmp(lock_forms()[k], lua_tostring(L, at)))
                return;
        fail_unknown(L, 0, "lock: no such mode", lua_tostring(L, at), lock_forms(),
                     LOCK_FORMS);
    case ARG_BYTES:
        if (lua_type(L, at) != LUA_TNUMBER ||
            !(lua_tonumber(L, at) >= 1 && lua_tonumber(L, at) <= BYTES_MAX))
            fail(L, 0, "%s must be a number of bytes from 1 to 2^40", what);
        break;
    case ARG_N:
        if (!lua_isinteger(L, at) || lua_tointeger(L, at) < 1 ||
            lua_tointeger(L, at) > FAN_OUT_MAX)
            fail(L, 0, "%s must be a whole number from 1 to %d", what, FAN_OUT_MAX);
        break;
    case ARG_SHARE:
        if (lua_type(L, at) != LUA_TNUMBER ||
            !(lua_tonumber(L, at) > 0 && lua_tonumber(L, at) <= 1))
            fail(L, 0, "%s must be a share above 0 and up to 1", what);
        break;
    case ARG_BODY:
    case ARG_OTHER:
        if (lua_type(L, at) != LUA_TTABLE)
            fail(L, 0, "%s must be operations in { … }, not a %s", what,
                 type_word(L, at));
        break;
    default:
        if (lua_type(L, at) != LUA_TSTRING)
            fail(L, 0, "%s must be a name in quotes, not a %s", what, type_word(L, at));
    }
}

static int make_op(lua_State *L, const struct op_form *f)
{
    int n = lua_gettop(L), max = 0;
    while (max < FORM_ARGS && f->arg[max] != ARG_NONE)
        max++;
    if (n < f->needed || n > max)
        fail(L, 0, "write %s(%s)", f->name, f->args);
    for (int i = 0; i < n; i++)
        check_arg(L, f, i);
    lua_createtable(L, max, 3);
    mark_table(L, -1, "op");
    lua_pushinteger(L, f - forms);
    lua_setfield(L, -2, "@op");
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(L, i);
        lua_rawseti(L, n + 1, i);
    }
    return 1;
}

#define X(name, args, node, needed, doc, ...)                                          \
    static int op_##name(lua_State *L)                                                 \
    {                                                                                  \
        return make_op(L, &forms[FORM_##name]);                                        \
    }
FORM_LIST(X)
#undef X

/* catch(op): a copy of it whose error does not end the program. */
static int op_catch(lua_State *L)
{
    if (!is_marked(L, 1, "op"))
        fail(L, 0, "write catch(operation)");
    lua_settop(L, 1);
    lua_createtable(L, 3, 4);
    host_walk(L);
    for (lua_pushnil(L); lua_next(L, 1);) {
        host_look(L, 2);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    lua_pushboolean(L, 1);
    lua_setfield(L, 2, "@catch");
    return 1;
}

static const struct binding program_list[] = {
#define X(name, args, node, needed, doc, ...) {#name, args, op_##name, doc},
    FORM_LIST(X)
#undef X
        {"catch", "operation", op_catch, "An error inside does not end the program."},
};
const struct binding_table bind_program = {
    "", "Programs", "What an endpoint does: a list of operations, one after the other.",
    program_list, COUNT_OF(program_list)};

/* ---- nodes ----------------------------------------------------------------------- */

static const char *text_arg(struct build *b, lua_State *L, int line)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        fail(L, line, "an operation was changed after it was made");
    return keep_text(b, L, -1, line, NAME_BYTES);
}

static void set_arg(struct build *b, lua_State *L, struct node *n, enum arg_kind arg,
                    int line, int depth)
{
    switch (arg) {
    case ARG_TIME:
        to_dist(L, -1, line, "time", &n->time);
        break;
    case ARG_TARGET:
        n->target = text_arg(b, L, line);
        break;
    case ARG_TEXT:
    case ARG_WHAT:
    case ARG_PROPERTY:
        n->what = text_arg(b, L, line);
        break;
    case ARG_N:
        n->count = (int)plain_integer(L, -1);
        break;
    case ARG_P:
    case ARG_SHARE:
    case ARG_BYTES:
        n->p = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        break;
    case ARG_BODY:
        n->body = to_program(b, L, -1, line, depth + 1);
        break;
    case ARG_OTHER:
        n->other = to_program(b, L, -1, line, depth + 1);
        break;
    case ARG_LEVEL:
        for (int k = 0; k < LOG_LEVEL_COUNT; k++)
            if (!strcmp(levels[k], text_arg(b, L, line)))
                n->p = k;
        break;
    case ARG_LOCK:
        for (int k = 0; k < LOCK_FORMS; k++)
            if (!strcmp(lock_forms()[k], text_arg(b, L, line)))
                n->p = k;
        break;
    case ARG_NONE:
        break;
    }
}

/* call("edge/buy") is call("edge", "buy"). */
static void split_target(struct build *b, struct node *n)
{
    const char *slash = n->target ? strchr(n->target, '/') : NULL;
    if (n->kind != NODE_CALL || n->what || !slash)
        return;
    n->what = slash + 1;
    n->target = arena_strndup(&b->mem, n->target, (size_t)(slash - n->target));
}

static struct node *to_node(struct build *b, lua_State *L, int t, int line, int depth)
{
    host_look(L, 8);
    lua_getfield(L, t, "@op");
    lua_Integer op = plain_integer(L, -1);
    lua_getfield(L, t, "@catch");
    bool catches = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (op < 0 || op >= FORMS)
        fail(L, line, "this is not an operation");
    if (++b->nodes >
        NODES_MAX) /* shared lists multiply: a small text can be a huge tree */
        fail(L, line, "more than %d operations in all", NODES_MAX);
    const struct op_form *f = &forms[op];
    struct node *n = arena_alloc(&b->mem, sizeof *n);
    n->kind = f->kind;
    n->catches = catches;
    n->line = mark_line(L, t, line);
    if (f->kind == NODE_LOCK)
        n->p = LOCK_ROW;
    if (op == FORM_query_apart)
        n->p = 1;
    for (int i = 0; i < FORM_ARGS; i++) {
        if (lua_rawgeti(L, t, i + 1) != LUA_TNIL)
            set_arg(b, L, n, f->arg[i], n->line, depth);
        lua_pop(L, 1);
    }
    split_target(b, n);
    return n;
}

const struct node *to_program(struct build *b, lua_State *L, int i, int line, int depth)
{
    struct reader r = {.L = L, .h = host_of(L), .mem = &b->mem};
    struct node *first = NULL, **end = &first;
    int t = lua_absindex(L, i);
    luaL_checkstack(L, 16, NULL);
    host_charge(L, 10);
    if (depth > DEPTH_MAX)
        fail(L, line, "operations nest deeper than %d", DEPTH_MAX);
    if (is_marked(L, t, "op"))
        return to_node(b, L, t, line, depth);
    size_t n = read_length(&r, t, line, "a program");
    if (n == 0 && depth == 0)
        fail(L, line, "a program needs at least one operation");
    for (size_t k = 1; k <= n; k++) {
        lua_rawgeti(L, t, (lua_Integer)k);
        if (!is_marked(L, -1, "op"))
            fail(L, line, "element %zu is a %s, not an operation like compute(ms(3))",
                 k, type_word(L, -1));
        *end = to_node(b, L, lua_gettop(L), line, depth);
        end = (struct node **)&(*end)->next;
        lua_pop(L, 1);
    }
    return first;
}
