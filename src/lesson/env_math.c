/*
 * `math` and `utf8` for lessons. Nothing here reaches libm: what needs it comes from
 * base, bit-identical everywhere. There is no random: a lesson draws with pick() and
 * vary(), from a stream of its seed.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <math.h>
#include <string.h>

static int push_whole(lua_State *L, lua_Number x)
{
    lua_Integer n;
    if (lua_numbertointeger(x, &n))
        lua_pushinteger(L, n);
    else
        lua_pushnumber(L, x);
    return 1;
}

static int math_abs(lua_State *L)
{
    if (lua_isinteger(L, 1)) {
        lua_Integer n = lua_tointeger(L, 1);
        lua_pushinteger(L, n < 0 ? (lua_Integer)(0u - (lua_Unsigned)n) : n);
    } else if (is_duration(L, 1)) {
        duration_push(L, fabs(arg_number(L, 1)));
    } else {
        lua_pushnumber(L, fabs(arg_number(L, 1)));
    }
    return 1;
}

static int math_ceil(lua_State *L)
{
    return lua_isinteger(L, 1) || is_duration(L, 1)
               ? (lua_settop(L, 1), 1)
               : push_whole(L, ceil(arg_number(L, 1)));
}

static int math_floor(lua_State *L)
{
    return lua_isinteger(L, 1) || is_duration(L, 1)
               ? (lua_settop(L, 1), 1)
               : push_whole(L, floor(arg_number(L, 1)));
}

static int extreme(lua_State *L, bool largest)
{
    int n = lua_gettop(L), best = 1;
    arg_number(L, 1);
    host_charge(L, (uint64_t)n);
    for (int i = 2; i <= n; i++) {
        arg_number(L, i);
        if (largest ? lua_compare(L, best, i, LUA_OPLT)
                    : lua_compare(L, i, best, LUA_OPLT))
            best = i;
    }
    lua_pushvalue(L, best);
    return 1;
}

static int math_max(lua_State *L)
{
    return extreme(L, true);
}

static int math_min(lua_State *L)
{
    return extreme(L, false);
}

static int math_exp(lua_State *L)
{
    lua_pushnumber(L, tc_exp(arg_number(L, 1)));
    return 1;
}

static int math_log(lua_State *L)
{
    lua_Number x = arg_number(L, 1);
    lua_pushnumber(L, lua_isnoneornil(L, 2) ? tc_log(x)
                                            : tc_log(x) / tc_log(arg_number(L, 2)));
    return 1;
}

static int math_pow(lua_State *L)
{
    lua_Number x = arg_number(L, 1), y = arg_number(L, 2);
    luaL_argcheck(L, x >= 0, 1, "below 0");
    lua_pushnumber(L, tc_pow(x, y));
    return 1;
}

static int math_sqrt(lua_State *L)
{
    lua_Number x = arg_number(L, 1);
    luaL_argcheck(L, x >= 0, 1, "below 0");
    lua_pushnumber(L, tc_sqrt(x));
    return 1;
}

static int math_tointeger(lua_State *L)
{
    int whole;
    lua_Integer n = lua_tointegerx(L, 1, &whole);
    if (whole && lua_type(L, 1) == LUA_TNUMBER)
        lua_pushinteger(L, n);
    else
        lua_pushnil(L);
    return 1;
}

static int math_type(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) != LUA_TNUMBER)
        lua_pushnil(L);
    else
        lua_pushstring(L, lua_isinteger(L, 1) ? "integer" : "float");
    return 1;
}

static const struct binding math_list[] = {
    {"abs", "x", math_abs, "Without its sign."},
    {"ceil", "x", math_ceil, "The next whole number above."},
    {"exp", "x", math_exp, "e to the power of x."},
    {"floor", "x", math_floor, "The next whole number below."},
    {"log", "x[, base]", math_log, "Logarithm, natural unless a base is given."},
    {"max", "x, ...", math_max, "The largest."},
    {"min", "x, ...", math_min, "The smallest (`min` alone means minutes)."},
    {"pow", "x, y", math_pow,
     "x to the power of y, for x >= 0. There is no ^ operator."},
    {"sqrt", "x", math_sqrt, "Square root."},
    {"tointeger", "x", math_tointeger, "x as an integer, or nil when it is not whole."},
    {"type", "x", math_type, "\"integer\", \"float\" or nil."},
};
const struct binding_table bind_math = {
    "math", "math", "Also the numbers `pi`, `huge`, `maxinteger` and `mininteger`.",
    math_list, COUNT_OF(math_list)};

/* ---- utf8 ------------------------------------------------------------------------ */

static int utf8_char(lua_State *L)
{
    char out[4 * HOST_VALUES];
    size_t used = 0;
    int n = lua_gettop(L);
    luaL_argcheck(L, n <= HOST_VALUES, n, "too many values");
    host_charge(L, (uint64_t)n);
    for (int i = 1; i <= n; i++) {
        lua_Integer cp = arg_integer(L, i);
        luaL_argcheck(L, cp > 0 && cp <= 0x10ffff, i, "not a code point");
        used += utf8_put(out + used, (uint32_t)cp);
    }
    lua_pushlstring(L, out, used);
    return 1;
}

static int utf8_len(lua_State *L)
{
    size_t n;
    const char *s = luaL_checklstring(L, 1, &n);
    lua_Integer count = 0;
    host_charge(L, n / 4);
    while (n > 0) {
        uint32_t cp;
        size_t k = utf8_next(s, n, &cp);
        s += k;
        n -= k;
        count++;
    }
    lua_pushinteger(L, count);
    return 1;
}

static const struct binding utf8_list[] = {
    {"char", "...", utf8_char, "The text of these code points."},
    {"len", "s", utf8_len, "How many code points there are."},
};
const struct binding_table bind_utf8 = {"utf8", "utf8", "Text beyond ASCII.", utf8_list,
                                        COUNT_OF(utf8_list)};
