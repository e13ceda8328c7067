/*
 * `table` for lessons. Lua's own sort is neither stable nor safe against a comparison
 * that contradicts itself; this one is a merge sort over a second table, so it ends
 * after n log n comparisons whatever the comparison says. Every function charges for
 * the elements it will touch before it touches them.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <string.h>

static lua_Integer length(lua_State *L, int t)
{
    luaL_checktype(L, t, LUA_TTABLE);
    return (lua_Integer)lua_rawlen(L, t);
}

/* ---- sort ------------------------------------------------------------------------ */

struct merge {
    int from, to; /* stack indices of the two tables */
    bool (*less)(lua_State *L, int ctx);
    int ctx;
};

static bool right_first(lua_State *L, const struct merge *m, lua_Integer i,
                        lua_Integer j)
{
    host_look(L, 2);
    lua_rawgeti(L, m->from, j);
    lua_rawgeti(L, m->from, i);
    bool yes = m->less(L, m->ctx);
    lua_pop(L, 2);
    return yes;
}

static void merge(lua_State *L, const struct merge *m, lua_Integer lo, lua_Integer mid,
                  lua_Integer hi)
{
    lua_Integer i = lo, j = mid;
    for (lua_Integer k = lo; k < hi; k++) {
        bool right = i == mid || (j < hi && right_first(L, m, i, j));
        lua_rawgeti(L, m->from, right ? j++ : i++);
        lua_rawseti(L, m->to, k);
    }
}

void sort_list(lua_State *L, int t, lua_Integer n, bool (*less)(lua_State *L, int ctx),
               int ctx)
{
    luaL_checkstack(L, 8, NULL);
    host_look(L, (uint64_t)n);
    lua_createtable(L, (int)(n < 4096 ? n : 4096), 0);
    struct merge m = {lua_absindex(L, t), lua_gettop(L), less, ctx};
    for (lua_Integer width = 1; width < n; width *= 2) {
        for (lua_Integer lo = 1; lo <= n; lo += 2 * width) {
            lua_Integer mid = lo + width, hi = mid + width;
            merge(L, &m, lo, mid > n ? n + 1 : mid, hi > n ? n + 1 : hi);
        }
        int other = m.from;
        m.from = m.to;
        m.to = other;
    }
    if (m.from != lua_absindex(L, t))
        for (lua_Integer i = 1; i <= n; i++) {
            lua_rawgeti(L, m.from, i);
            lua_rawseti(L, m.to, i);
        }
    lua_settop(L, lua_gettop(L) - 1);
}

/* The two values to compare are on top; the comparison may be a function at `ctx`. */
static bool value_less(lua_State *L, int ctx)
{
    if (!ctx)
        return lua_compare(L, -2, -1, LUA_OPLT);
    lua_pushvalue(L, ctx);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 1);
    bool yes = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return yes;
}

/* Sorts a copy, so that a comparison which changes the list meets its own mess only. */
static int table_sort(lua_State *L)
{
    lua_Integer n = length(L, 1);
    lua_settop(L, 2);
    if (!lua_isnil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    host_look(L, (uint64_t)n * 2);
    lua_newtable(L);
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, 1, i) == LUA_TNIL)
            fail(L, 0, "sort: element %lld is nil", (long long)i);
        lua_rawseti(L, 3, i);
    }
    sort_list(L, 3, n, value_less, lua_isnil(L, 2) ? 0 : 2);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 3, i);
        lua_rawseti(L, 1, i);
    }
    lua_settop(L, 1);
    return 1;
}

/* ---- the rest -------------------------------------------------------------------- */

static int table_insert(lua_State *L)
{
    lua_Integer n = length(L, 1) + 1, pos = n;
    if (lua_gettop(L) == 3) {
        pos = arg_integer(L, 2);
        luaL_argcheck(L, pos >= 1 && pos <= n, 2, "position out of bounds");
    } else if (lua_gettop(L) != 2) {
        fail(L, 0, "insert takes a table, perhaps a position, and a value");
    }
    host_look(L, 1 + (uint64_t)(n - pos));
    for (lua_Integer i = n; i > pos; i--) {
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
    }
    lua_settop(L, 3);
    lua_pushvalue(L, lua_isnil(L, 3) ? 2 : 3);
    lua_rawseti(L, 1, pos);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer n = length(L, 1), pos = arg_integer_or(L, 2, n);
    if (n == 0)
        return 0;
    luaL_argcheck(L, pos >= 1 && pos <= n, 2, "position out of bounds");
    host_look(L, 1 + (uint64_t)(n - pos));
    lua_rawgeti(L, 1, pos);
    for (; pos < n; pos++) {
        lua_rawgeti(L, 1, pos + 1);
        lua_rawseti(L, 1, pos);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, n);
    return 1;
}

static size_t concat_size(lua_State *L, lua_Integer from, lua_Integer to, size_t sep)
{
    size_t total = 0, n;
    for (lua_Integer i = from; i <= to; i++) {
        host_look(L, 2);
        int type = lua_rawgeti(L, 1, i);
        if (type == LUA_TLIGHTUSERDATA)
            fail(L, 0, "concat: element %lld is a duration", (long long)i);
        if (type == LUA_TNUMBER) /* written twice: to be measured, and to be copied */
            host_charge(L, 2 * NUMBER_STEPS);
        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            fail(L, 0, "concat: element %lld is a %s", (long long)i, type_word(L, -1));
        lua_tolstring(L, -1, &n);
        total += n + sep;
        if (total > HOST_STRING)
            fail(L, 0, "concat: longer than %u bytes", HOST_STRING);
        lua_pop(L, 1);
    }
    return total;
}

static int table_concat(lua_State *L)
{
    size_t nsep, n, used = 0;
    lua_Integer to = length(L, 1);
    const char *sep = luaL_optlstring(L, 2, "", &nsep);
    lua_Integer from = arg_integer_or(L, 3, 1);
    to = arg_integer_or(L, 4, to);
    lua_settop(L, 2);
    size_t size = concat_size(L, from, to, nsep);
    host_charge(L, size / 16);
    char *out = lua_newuserdatauv(L, size + 64, 0);
    for (lua_Integer i = from; i <= to; i++) {
        lua_rawgeti(L, 1, i);
        const char *s = lua_tolstring(L, -1, &n);
        memcpy(out + used, s, n);
        used += n;
        if (i < to) {
            memcpy(out + used, sep, nsep);
            used += nsep;
        }
        lua_pop(L, 1);
    }
    lua_pushlstring(L, out, used);
    return 1;
}

static int table_pack(lua_State *L)
{
    int n = lua_gettop(L);
    host_look(L, (uint64_t)n);
    lua_createtable(L, n, 1);
    lua_insert(L, 1);
    for (int i = n; i >= 1; i--)
        lua_rawseti(L, 1, i);
    lua_pushinteger(L, n);
    lua_setfield(L, 1, "n");
    return 1;
}

static int table_unpack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer from = arg_integer_or(L, 2, 1);
    lua_Integer to = arg_integer_or(L, 3, (lua_Integer)lua_rawlen(L, 1));
    if (from > to)
        return 0;
    if ((lua_Unsigned)to - (lua_Unsigned)from >= HOST_VALUES)
        fail(L, 0, "unpack: more than %d values", HOST_VALUES);
    int n = (int)(to - from + 1);
    host_look(L, (uint64_t)n);
    luaL_checkstack(L, n, "too many values");
    for (int i = 0; i < n; i++)
        lua_rawgeti(L, 1, from + i);
    return n;
}

static const struct binding table_list[] = {
    {"concat", "list[, sep[, from[, to]]]", table_concat,
     "Strings and numbers as one string."},
    {"insert", "list, [pos,] value", table_insert,
     "Puts a value in, at the end or at pos."},
    {"pack", "...", table_pack, "A list of the values, with their number as `n`."},
    {"remove", "list[, pos]", table_remove,
     "Takes a value out, the last or the one at pos."},
    {"sort", "list[, less]", table_sort, "Sorts in place, stable; returns the list."},
    {"unpack", "list[, from[, to]]", table_unpack,
     "The elements as values, at most 200."},
};
const struct binding_table bind_table = {"table", "table", "Lists.", table_list,
                                         COUNT_OF(table_list)};
