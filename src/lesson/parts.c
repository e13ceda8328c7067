/*
 * The parts of a predicate: what `s` answered while it was asked, in words. A goal that is
 * false says so what it is made of:
 *
 *     good_for(25m): 3m; since_change: 12m; checkout.pool_waiting: 61
 *
 * Nothing is wrapped unless somebody asks for the parts.
 */
#include "facts.h"
#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PARTS_BYTES = 280 };

static void number(struct buf *out, double v, bool duration)
{
    if (isnan(v))
        buf_adds(out, "nothing");
    else if (duration && fabs(v) < 9e18)
        time_format(out, (sim_time)v);
    else
        buf_addf(out, "%.4g", v);
}

void parts_value(lua_State *L, int value, struct buf *out)
{
    switch (lua_type(L, value)) {
    case LUA_TNUMBER:
        number(out, lua_tonumber(L, value), false);
        break;
    case LUA_TLIGHTUSERDATA:
        number(out, (double)duration_at(L, value), true);
        break;
    case LUA_TBOOLEAN:
        buf_adds(out, lua_toboolean(L, value) ? "true" : "false");
        break;
    case LUA_TSTRING:
        buf_addf(out, "\"%.60s\"", lua_tostring(L, value));
        break;
    case LUA_TNIL:
        buf_adds(out, "nothing");
        break;
    default:
        buf_addf(out, "a %s", luaL_typename(L, value));
    }
}

/* Told once, however often it is asked. */
void parts_note(lua_State *L, const char *what, int value)
{
    struct host *h = host_of(L);
    struct buf b;
    if (!h->parts || lua_type(L, value) == LUA_TUSERDATA)
        return;
    buf_init(&b, 0);
    buf_addf(&b, "%s: ", what);
    bool told = h->parts->s && strstr(h->parts->s, b.s);
    if (h->part[0] != '\0')
        buf_adds(&b, h->part);
    else
        parts_value(L, value, &b);
    if (!told && h->parts->len + b.len + 2 < PARTS_BYTES)
        buf_addf(h->parts, "%s%s", h->parts->len > 0 ? "; " : "", b.s);
    buf_release(&b);
}

/* An argument as its author would write it. */
static void argument(lua_State *L, int i, struct buf *out)
{
    if (lua_type(L, i) == LUA_TSTRING)
        buf_addf(out, "%.40s", lua_tostring(L, i));
    else if (is_duration(L, i))
        number(out, (double)duration_at(L, i), true);
    else if (lua_type(L, i) == LUA_TNUMBER)
        number(out, lua_tonumber(L, i), false);
}

/* Upvalues: the method's name, the method. */
static int told(lua_State *L)
{
    struct host *h = host_of(L);
    struct buf what;
    int n = lua_gettop(L);
    h->part[0] = '\0';
    lua_pushvalue(L, lua_upvalueindex(2));
    for (int i = 1; i <= n; i++)
        lua_pushvalue(L, i);
    lua_call(L, n, 1);
    buf_init(&what, 0);
    buf_adds(&what, lua_tostring(L, lua_upvalueindex(1)));
    for (int i = 2; i <= n; i++) {
        buf_adds(&what, i == 2 ? "(" : ", ");
        argument(L, i, &what);
    }
    buf_adds(&what, n > 1 ? ")" : "");
    parts_note(L, what.s, -1);
    buf_release(&what);
    h->part[0] = '\0';
    return 1;
}

void parts_wrap(lua_State *L, const char *name)
{
    if (!host_of(L)->parts)
        return;
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_pushcclosure(L, told, 2);
}
