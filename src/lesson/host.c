/*
 * A Lua state that a stranger's program may run in.
 *
 * Three walls. Memory: every byte goes through host_allocate(), which refuses beyond a
 * cap, and refuses any string longer than HOST_STRING. Steps: a hook counts a hundred
 * instructions at a time, each at the price that the largest table and string make it
 * (host_memory.c), and every C function of ours charges for its work before it does it;
 * over budget is over for good. Depth: the hook also looks how deep calls nest and how
 * many values a `...` holds. Everything is counted in steps and bytes, never in seconds,
 * so the same program stops at the same place.
 *
 * Where Lua 5.4.4 works without an instruction for it, and what holds that:
 *
 *   work                                      held by
 *   chain of keys with one hash; `#` of a     the price of a step: the largest hash part
 *     hash part
 *   comparing, hashing long strings           the price of a step: the longest string
 *   a table counted anew, grown, copied       charged at the allocation
 *   finding the upvalues of a new function    charged at the allocation
 *   next() over emptied slots                 host_walk(), before each table is walked
 *   fmod() of a float `%`                     the price of a step, where the file has a %
 *   text read as a number by for              refused (shape.c)
 *   text read as a number by our functions    refused (arg_number, arg_integer)
 *   numbers written as text                   `..` one a step; elsewhere charged
 *   the parser: chains, jumps, names,         bounded or refused (shape.c)
 *     constants
 *   naming a variable for an error            once: the first error ends an evaluation
 *   collecting garbage                        in proportion to what was allocated
 *
 * All of Lua's errors end in host_run(), the only protected call in the program.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOOK_PERIOD = 100 };

static const char functions_key; /* registry: the list of kept functions */

struct host *host_of(lua_State *L)
{
    return *(struct host **)lua_getextraspace(L);
}

static void too_long(lua_State *L, int line)
{
    struct host *h = host_of(L);
    h->over = true;
    fail(L, line ? line : h->line, "this takes too long (more than %llu steps)",
         (unsigned long long)h->budget);
}

void host_charge(lua_State *L, uint64_t steps)
{
    assert(host_of(L)->L);
    struct host *h = host_of(L);
    h->steps = steps > UINT64_MAX - h->steps ? UINT64_MAX : h->steps + steps;
    if (h->over || h->steps > h->budget)
        too_long(L, host_line(L));
}

static void hook(lua_State *L, lua_Debug *ar)
{
    struct host *h = host_of(L);
    lua_Debug deep;
    h->steps += HOOK_PERIOD * host_price(h);
    if (h->over || h->steps > h->budget) {
        lua_sethook(L, hook, LUA_MASKCOUNT, 1);
        lua_getinfo(L, "l", ar);
        too_long(L, ar->currentline);
    }
    if (lua_getstack(L, HOST_DEPTH, &deep)) {
        lua_getinfo(L, "l", ar);
        fail(L, ar->currentline, "calls nest deeper than %d", HOST_DEPTH);
    }
    if (lua_getlocal(L, ar, -(HOST_VALUES + 1))) {
        lua_getinfo(L, "l", ar);
        fail(L, ar->currentline, "more than %d values in ...", HOST_VALUES);
    }
}

int host_line(lua_State *L)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "l", &ar);
        if (ar.currentline > 0)
            return ar.currentline;
    }
    return 0;
}

lua_Number arg_number(lua_State *L, int i)
{
    if (is_duration(L, i))
        return (lua_Number)duration_at(L, i);
    if (lua_type(L, i) != LUA_TNUMBER)
        luaL_typeerror(L, i, "number");
    return lua_tonumber(L, i);
}

lua_Integer arg_integer(lua_State *L, int i)
{
    int whole;
    if (is_duration(L, i))
        return duration_at(L, i);
    if (lua_type(L, i) != LUA_TNUMBER)
        luaL_typeerror(L, i, "number");
    lua_Integer n = lua_tointegerx(L, i, &whole);
    if (!whole)
        luaL_argerror(L, i, "number has no integer representation");
    return n;
}

lua_Integer arg_integer_or(lua_State *L, int i, lua_Integer otherwise)
{
    return lua_isnoneornil(L, i) ? otherwise : arg_integer(L, i);
}

lua_Integer plain_integer(lua_State *L, int i)
{
    return lua_type(L, i) == LUA_TNUMBER ? lua_tointeger(L, i) : 0;
}

int fail(lua_State *L, int line, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct host *h = host_of(L);
    if (line <= 0)
        line = host_line(L);
    lua_pushfstring(L, "%s:%d: %s", h->name, line > 0 ? line : 1, text);
    lua_error(L);
    abort(); /* lua_error() does not return */
}

int fail_unknown(lua_State *L, int line, const char *what, const char *word,
                 const char *const *names, size_t n)
{
    char list[240];
    size_t used = 0;
    const char *near = text_suggest(word, names, n);
    if (near)
        fail(L, line, "%s '%.60s'; did you mean '%s'?", what, word, near);
    list[0] = '\0';
    for (size_t i = 0; i < n && used < sizeof list - 60; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.50s",
                                 i ? ", " : "", names[i]);
    fail(L, line, "%s '%.60s'%s%s", what, word, n ? "; there are: " : "", list);
}

int fn_keep(lua_State *L, int index)
{
    struct host *h = host_of(L);
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
    lua_pushvalue(L, index);
    lua_rawseti(L, -2, h->functions + 1);
    lua_pop(L, 1);
    return h->functions++;
}

void fn_push(lua_State *L, fn_id id)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
    lua_rawgeti(L, -1, id + 1);
    lua_remove(L, -2);
}

/* Runs where an error is raised, and leaves it as it is. */
static int note_line(lua_State *L)
{
    int line = host_line(L);
    if (line > 0)
        host_of(L)->line = line;
    return 1;
}

/* Errors that Lua raises while C or the parser runs have no place of their own. */
static bool has_place(const struct host *h, const char *text)
{
    size_t n = strlen(h->name);
    return !strncmp(text, h->name, n) && text[n] == ':';
}

/* A message is one line, whatever the lesson wrote into it. */
static enum err one_line(struct errmsg *why)
{
    for (char *p = why ? why->text : NULL; p && *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = *p == '\n' || *p == '\t' ? ' ' : '?';
    return ERR_LESSON;
}

/* A bound of a for is text: Lua speaks of arithmetic, because shape.c made it that. */
static const char *hint(const struct host *h, const char *text)
{
    int line =
        has_place(h, text) ? (int)strtol(text + strlen(h->name) + 1, NULL, 10) : 0;
    bool bound = h->scan && scan_wraps(h->scan, line) &&
                 strstr(text, "perform arithmetic on a string");
    return bound ? "; the bounds of a for must be numbers" : "";
}

static enum err explain(struct host *h, int status, struct errmsg *why)
{
    int line = h->line > 0 ? h->line : 1;
    const char *text = lua_tostring(h->L, -1);
    if (h->refused)
        return errmsg_set(why, ERR_LESSON, "%s:%d: this needs %s", h->name, line,
                          h->refused);
    if (status != LUA_ERRRUN && status != LUA_ERRSYNTAX)
        return errmsg_set(why, ERR_LESSON, "%s:%d: Lua gave up (%s)", h->name, line,
                          text ? text : "no reason");
    if (!text || !has_place(h, text))
        return errmsg_set(why, ERR_LESSON, "%s:%d: %s", h->name, line,
                          text ? text : "an error without a message");
    return errmsg_set(why, ERR_LESSON, "%s%s", text, hint(h, text));
}

enum err host_run(struct host *h, lua_CFunction f, void *arg, uint64_t budget, int line,
                  struct errmsg *why)
{
    lua_State *L = h->L;
    if (h->over || h->refused)
        return errmsg_set(why, ERR_LESSON,
                          "%s: this lesson was stopped before; load it again", h->name);
    h->steps = 0;
    h->budget = budget;
    h->line = line;
    host_take_stock(h);
    lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_PERIOD);
    lua_pushcfunction(L, note_line);
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, arg);
    int status = lua_pcall(L, 1, 0, 1);
    bool whole = status == LUA_OK && !h->refused; /* some refusals Lua can live with */
    if (!whole)
        (void)explain(h, status, why);
    lua_settop(L, 0);
    return whole ? ERR_OK : one_line(why);
}

static int open_inside(lua_State *L)
{
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &functions_key);
    env_open(L);
    return 0;
}

enum err host_open(struct host *h, const char *name, struct errmsg *why)
{
    snprintf(h->name, sizeof h->name, "%s", name);
    h->limit = h->limit ? h->limit : HOST_MEMORY;
    h->trusted = true;
    h->L = lua_newstate(host_allocate, h);
    if (!h->L)
        return errmsg_set(why, ERR_LESSON, "%s:1: no memory for Lua", name);
    *(struct host **)lua_getextraspace(h->L) = h;
    enum err e = host_run(h, open_inside, NULL, STEPS_LOAD, 1, why);
    h->trusted = false;
    return e;
}

void host_close(struct host *h)
{
    if (h->L)
        lua_close(h->L);
    h->L = NULL;
    assert(h->used == 0);
}
