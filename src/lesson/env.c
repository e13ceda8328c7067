/*
 * The environment of a lesson: everything it can reach, put there by hand. Lua's own
 * libraries are never opened, so what is not in a binding table does not exist.
 *
 * A library is sealed: the lesson sees an empty table whose metatable looks names up in
 * the real one, refuses unknown names with a suggestion and refuses assignment. There
 * is no raw access and no getmetatable, so nobody gets behind the seal. The globals are
 * sealed the same way: a misspelt name is an error where it stands, not a nil that
 * fails later.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

static const struct binding_table *const globals[] = {
    &bind_base,    &bind_time,   &bind_dist, &bind_program,
    &bind_actions, &bind_alerts, &bind_draw, &bind_steps};
static const struct binding_table *const libraries[] = {&bind_string, &bind_table,
                                                        &bind_math, &bind_utf8};

/* ---- base ------------------------------------------------------------------------ */

static int base_assert(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    fail(L, 0, "%s", luaL_optstring(L, 2, "assertion failed"));
}

static int base_error(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        fail(L, 0, "error takes a message, not a %s", type_word(L, 1));
    fail(L, 0, "%s", lua_tostring(L, 1));
}

static int ipairs_next(lua_State *L)
{
    lua_Integer i = arg_integer(L, 2) + 1;
    lua_pushinteger(L, i);
    return lua_geti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

static int base_ipairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushcfunction(L, ipairs_next);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

static bool key_less(lua_State *L, int ctx)
{
    (void)ctx;
    bool a = lua_type(L, -2) != LUA_TSTRING, b = lua_type(L, -1) != LUA_TSTRING;
    size_t na, nb;
    if (a && b)
        return lua_compare(L, -2, -1, LUA_OPLT);
    if (a || b)
        return a;
    const char *x = lua_tolstring(L, -2, &na), *y = lua_tolstring(L, -1, &nb);
    int c = memcmp(x, y, na < nb ? na : nb);
    return c < 0 || (c == 0 && na < nb);
}

void push_sorted_keys(lua_State *L, int t)
{
    lua_Integer n = 0;
    t = lua_absindex(L, t);
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L);
    int keys = lua_gettop(L);
    host_walk(L);
    for (lua_pushnil(L); lua_next(L, t);
         lua_pushvalue(L, -1), lua_rawseti(L, keys, ++n)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TNUMBER && lua_type(L, -1) != LUA_TSTRING &&
            !is_duration(L, -1))
            fail(L, 0, "a %s as key has no order; use numbers and strings",
                 type_word(L, -1));
        host_look(L, 1);
    }
    sort_list(L, keys, n, key_less, 0);
}

static int pairs_next(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
    for (;;) {
        host_look(L, 1);
        lua_settop(L, 0);
        if (lua_rawgeti(L, lua_upvalueindex(1), ++i) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(3)) != LUA_TNIL)
            break;
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

static int base_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    push_sorted_keys(L, 1);
    lua_pushinteger(L, 0);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, pairs_next, 3);
    return 1;
}

static int base_select(lua_State *L)
{
    int n = lua_gettop(L);
    host_charge(L, (uint64_t)n);
    if (lua_type(L, 1) == LUA_TSTRING && !strcmp(lua_tostring(L, 1), "#")) {
        lua_pushinteger(L, n - 1);
        return 1;
    }
    lua_Integer i = arg_integer(L, 1);
    if (i < 0)
        i = n + i;
    luaL_argcheck(L, i >= 1, 1, "out of range");
    return i >= n ? 0 : n - (int)i;
}

static int base_tonumber(lua_State *L)
{
    size_t n;
    luaL_checkany(L, 1);
    if (lua_type(L, 1) == LUA_TNUMBER) {
        lua_settop(L, 1);
        return 1;
    }
    const char *s = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &n) : NULL;
    if (s)
        host_charge(L, 1 + n / 16);
    if (!s || lua_stringtonumber(L, s) != n + 1)
        lua_pushnil(L);
    return 1;
}

/* No addresses, and one spelling of NaN: its sign differs between processors. */
int env_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    host_charge(L, 4);
    switch (lua_type(L, 1)) {
    case LUA_TNUMBER:
        host_charge(L, NUMBER_STEPS);
        if (!lua_isinteger(L, 1) && lua_tonumber(L, 1) != lua_tonumber(L, 1)) {
            lua_pushliteral(L, "nan");
            return 1;
        }
        lua_pushvalue(L, 1);
        lua_tostring(L, -1);
        return 1;
    case LUA_TLIGHTUSERDATA:
        host_charge(L, NUMBER_STEPS);
        return duration_text(L, 1);
    case LUA_TSTRING:
        lua_settop(L, 1);
        return 1;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
        return 1;
    default:
        lua_pushstring(L, type_word(L, 1));
        return 1;
    }
}

static int base_type(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushstring(L, type_word(L, 1));
    return 1;
}

static const struct binding base_list[] = {
    {"assert", "v[, message]", base_assert, "Raises `message` when v is false or nil."},
    {"error", "message", base_error, "Stops with a message, at this line."},
    {"ipairs", "list", base_ipairs, "Loops over 1, 2, 3 ... up to the first nil."},
    {"pairs", "t", base_pairs,
     "Loops over a table in order: numbers ascending, then strings; other keys are "
     "refused."},
    {"select", "n, ...", base_select, "What follows the n-th value; '#': how many."},
    {"tonumber", "v", base_tonumber, "The number a string stands for, or nil."},
    {"tostring", "v", env_tostring,
     "Text of a value; tables and functions only say so."},
    {"type", "v", base_type, "\"number\", \"duration\", \"string\", \"table\" ..."},
};
const struct binding_table bind_base = {"", "Basics",
                                        "Lua's own, where a lesson may use it.",
                                        base_list, COUNT_OF(base_list)};

/* ---- seals ----------------------------------------------------------------------- */

/* All the names in the table at `t`, for a suggestion; borrowed from Lua. */
static size_t collect_names(lua_State *L, int t, const char **names, size_t max)
{
    size_t n = 0;
    push_sorted_keys(L, t);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, keys, i) == LUA_TSTRING && n < max; i++) {
        names[n++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    return n;
}

static int sealed_index(lua_State *L)
{
    const char *names[256], *what = lua_tostring(L, lua_upvalueindex(2));
    char phrase[64];
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    if (lua_type(L, 2) != LUA_TSTRING)
        fail(L, 0, "%s has names only", what);
    snprintf(phrase, sizeof phrase, *what ? "%s has no" : "unknown name", what);
    const char *word = lua_tostring(L, 2);
    size_t n = collect_names(L, lua_upvalueindex(1), names, 256);
    const char *near = text_suggest(word, names, n);
    if (near)
        fail(L, 0, "%s '%.60s'; did you mean '%s'?", phrase, word, near);
    fail(L, 0, "%s '%.60s'", phrase, word);
}

static int sealed_newindex(lua_State *L)
{
    const char *what = lua_tostring(L, lua_upvalueindex(2));
    const char *word = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    if (*what)
        fail(L, 0, "%s.%.60s: %s cannot be changed", what, word, what);
    fail(L, 0, "'%.60s' is global; write `local %.60s = ...`", word, word);
}

/* Replaces the table on top by an empty one that shows what it holds and takes nothing.
 */
static void seal_table(lua_State *L, const char *what)
{
    int real = lua_gettop(L);
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, real);
    lua_pushstring(L, what);
    lua_pushcclosure(L, sealed_index, 2);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, real);
    lua_pushstring(L, what);
    lua_pushcclosure(L, sealed_newindex, 2);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_replace(L, real);
}

static void add_bindings(lua_State *L, const struct binding_table *b)
{
    for (size_t i = 0; i < b->n; i++) {
        lua_pushcfunction(L, b->list[i].fn);
        lua_setfield(L, -2, b->list[i].name);
    }
}

/* An object: nothing in it, everything through __index. */
static void add_object(lua_State *L, const char *name, lua_CFunction index,
                       const struct binding_table *methods)
{
    lua_newuserdatauv(L, 1, 0);
    lua_createtable(L, 0, 2);
    if (methods) {
        lua_newtable(L);
        add_bindings(L, methods);
        if (!index)
            seal_table(L, name);
    }
    if (index) {
        lua_pushcclosure(L, index, methods ? 1 : 0);
    }
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, name);
}

static const char objects_key; /* registry: w, i, s by name */

void object_push(lua_State *L, const char *name)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &objects_key);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

static void objects_open(lua_State *L)
{
    lua_newtable(L);
    add_object(L, "w", world_index, NULL);
    add_object(L, "i", NULL, &bind_incident);
    add_object(L, "s", facts_index, &bind_facts);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &objects_key);
}

static void seal_strings(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_newtable(L);
    add_bindings(L, &bind_string);
    seal_table(L, "string");
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void env_open(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; i < COUNT_OF(globals); i++)
        add_bindings(L, globals[i]);
    for (size_t i = 0; i < COUNT_OF(libraries); i++) {
        lua_newtable(L);
        add_bindings(L, libraries[i]);
        if (libraries[i] == &bind_math) {
            lua_pushnumber(L, 3.141592653589793);
            lua_setfield(L, -2, "pi");
            lua_pushnumber(L, (lua_Number)__builtin_inf());
            lua_setfield(L, -2, "huge");
            lua_pushinteger(L, LUA_MAXINTEGER);
            lua_setfield(L, -2, "maxinteger");
            lua_pushinteger(L, LUA_MININTEGER);
            lua_setfield(L, -2, "mininteger");
        }
        seal_table(L, libraries[i]->library);
        lua_setfield(L, -2, libraries[i]->library);
    }
    seal_table(L, "");
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    seal_strings(L);
    durations_open(L);
    objects_open(L);
}
