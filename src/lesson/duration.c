/*
 * Durations as lessons see them: not numbers, so that `s:p99("shop/buy", min(1)) > 2`
 * is an error with its line, and no comparison of nanoseconds with 2.
 *
 * A duration is a light userdata whose address is its nanoseconds: no memory, equal when
 * it is equally long, and all of them share one metatable, by which they can be added,
 * compared and multiplied. What is without a unit has none to miss and stays a number: 0,
 * not-a-number, infinity, and the ratio of two durations. A bare number beside a duration,
 * or where one is wanted, is taken for nanoseconds from a million on (the counter of a
 * `for` over durations is one), and refused below. Beside == and ~= any number but 0 is
 * refused that is written there as such: they would never be equal (equals.c).
 *
 * A factor beyond a thousandth or a thousand takes the unit away: `d / 1e9` is a number
 * of seconds.
 */
#include "lesson_internal.h"
#include "values.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

_Static_assert(sizeof(void *) >= sizeof(sim_time), "an address holds a duration");

enum {
    UNITLESS_BELOW = 1000000, /* ns: a bare number below is meant in some other unit */
    FACTOR_MOST = 1000 /* limit of a factor: beyond it a result has no unit left */
};

bool is_duration(lua_State *L, int i)
{
    return lua_type(L, i) == LUA_TLIGHTUSERDATA;
}

const char *type_word(lua_State *L, int i)
{
    return is_duration(L, i) ? "duration" : luaL_typename(L, i);
}

sim_time duration_at(lua_State *L, int i)
{
    assert(is_duration(L, i));
    return (sim_time)(intptr_t)lua_touserdata(L, i);
}

int duration_push(lua_State *L, double ns)
{
    double whole = floor(ns + 0.5);
    if (!(whole > -9.2e18 && whole < 9.2e18) || whole == 0)
        lua_pushnumber(L, whole == 0 && ns != 0 ? ns : whole);
    else
        lua_pushlightuserdata(L, (void *)(intptr_t)(sim_time)whole);
    return 1;
}

int duration_push_whole(lua_State *L, sim_time t)
{
    if (t == 0)
        lua_pushinteger(L, 0);
    else
        lua_pushlightuserdata(L, (void *)(intptr_t)t);
    return 1;
}

bool lacks_unit(double x)
{
    return x != 0 && fabs(x) < UNITLESS_BELOW;
}

/* An operand in nanoseconds, as a duration or as a number; what else there is fails. */
static double operand(lua_State *L, int i, const char *doing)
{
    if (is_duration(L, i))
        return (double)duration_at(L, i);
    if (lua_type(L, i) != LUA_TNUMBER)
        fail(L, 0, "a duration is %s %s %s", doing,
             lua_type(L, i) == LUA_TNIL ? "a value that is" : "a", luaL_typename(L, i));
    return lua_tonumber(L, i);
}

/* The same where the other operand has a unit, so that this one needs one. */
static double with_unit(lua_State *L, int i, const char *doing)
{
    double x = operand(L, i, doing);
    if (!is_duration(L, i) && lacks_unit(x))
        fail(L, 0,
             "a duration is %s %g, which lacks its unit: write sec(%g), ms(%g) "
             "or min(%g)",
             doing, x, x, x, x);
    return x;
}

/* ---- comparing ------------------------------------------------------------------- */

static int compare(lua_State *L, bool or_equal)
{
    if (is_duration(L, 1) && is_duration(L, 2)) {
        sim_time a = duration_at(L, 1), b = duration_at(L, 2);
        lua_pushboolean(L, a < b || (or_equal && a == b));
        return 1;
    }
    double a = with_unit(L, 1, "compared with"), b = with_unit(L, 2, "compared with");
    lua_pushboolean(L, or_equal ? a <= b : a < b);
    return 1;
}

static int less(lua_State *L)
{
    return compare(L, false);
}

static int less_or_equal(lua_State *L)
{
    return compare(L, true);
}

/* Returns the side of a comparison by == or ~= with a number; the other operand is `false`,
 * which equals.c has put there. */
static int side(lua_State *L)
{
    int i = lua_type(L, 1) == LUA_TBOOLEAN && !lua_toboolean(L, 1) ? 2 : 1;
    if (is_duration(L, i))
        fail(L, 0,
             "a duration is never equal to a number: write sec(5) for 5 s, ms(5), "
             "min(5)");
    host_charge(L, 2);
    lua_pushvalue(L, i);
    return 1;
}

/* ---- reckoning ------------------------------------------------------------------- */

static int sum(lua_State *L, double sign, const char *doing)
{
    if (is_duration(L, 1) && is_duration(L, 2)) {
        sim_time a = duration_at(L, 1), b = duration_at(L, 2), t;
        if (sign < 0 ? !__builtin_sub_overflow(a, b, &t)
                     : !__builtin_add_overflow(a, b, &t))
            return duration_push_whole(L, t);
    }
    double a = with_unit(L, 1, doing), b = with_unit(L, 2, doing);
    return duration_push(L, a + sign * b);
}

static int add(lua_State *L)
{
    return sum(L, 1, "added to");
}

static int subtract(lua_State *L)
{
    return sum(L, -1, "reckoned with");
}

/* Whole factors stay exact. By a whole 1 are multiplied the bounds of a `for` (scan.c),
 * which Lua wants as numbers. */
static int multiply(lua_State *L)
{
    int d = is_duration(L, 1) ? 1 : 2, by = 3 - d;
    double x = operand(L, by, "multiplied by");
    if (is_duration(L, by) || (x != 0 && fabs(x) < 1.0 / FACTOR_MOST)) {
        lua_pushnumber(L, operand(L, d, "multiplied by") * x);
    } else if (lua_isinteger(L, by)) {
        sim_time t;
        if (lua_tointeger(L, by) == 1)
            lua_pushinteger(L, duration_at(L, d));
        else if (!__builtin_mul_overflow(duration_at(L, d), lua_tointeger(L, by), &t))
            duration_push_whole(L, t);
        else
            lua_pushnumber(L, (double)duration_at(L, d) * x);
    } else {
        duration_push(L, (double)duration_at(L, d) * x);
    }
    return 1;
}

static int divide(lua_State *L)
{
    double a = operand(L, 1, "divided by"), b = operand(L, 2, "divided by");
    if (!is_duration(L, 2) && fabs(b) < FACTOR_MOST)
        return duration_push(L, a / b);
    lua_pushnumber(L, a / b);
    return 1;
}

static int divide_whole(lua_State *L)
{
    double a = operand(L, 1, "divided by"), b = operand(L, 2, "divided by");
    if (!is_duration(L, 2) && fabs(b) < FACTOR_MOST)
        return duration_push(L, floor(a / b));
    lua_pushnumber(L, floor(a / b));
    return 1;
}

static int modulo(lua_State *L)
{
    double a = with_unit(L, 1, "divided by"), b = with_unit(L, 2, "divided by");
    return duration_push(L, b == 0 ? (double)NAN : a - floor(a / b) * b);
}

static int negate(lua_State *L)
{
    return duration_push_whole(L, -duration_at(L, 1));
}

/* ---- as text --------------------------------------------------------------------- */

int duration_text(lua_State *L, int i)
{
    lua_pushinteger(L, duration_at(L, i));
    lua_tostring(L, -1);
    return 1;
}

static int join(lua_State *L)
{
    for (int i = 1; i <= 2; i++) {
        if (is_duration(L, i))
            duration_text(L, i);
        else
            lua_pushvalue(L, i);
    }
    lua_concat(L, 2);
    return 1;
}

void durations_open(lua_State *L)
{
    static const luaL_Reg list[] = {
        {"__lt", less},      {"__le", less_or_equal},
        {"__add", add},      {"__sub", subtract},
        {"__mul", multiply}, {"__div", divide},
        {"__mod", modulo},   {"__idiv", divide_whole},
        {"__unm", negate},   {"__concat", join},
        {NULL, NULL},
    };
    lua_pushlightuserdata(L, NULL);
    lua_createtable(L, 0, 11);
    luaL_setfuncs(L, list, 0);
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
    lua_pushboolean(L, false);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, side);
    lua_setfield(L, -2, "__bor");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}
