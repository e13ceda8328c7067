/*
 * Everything a lesson can reach, found by walking: fields, metatables, upvalues of C
 * functions. A test compares the result with a list in the repository, so that nothing
 * gets in unnoticed. Values are named by the shortest path found first; a table or
 * function seen before is not walked again.
 */
#include "binding.h"
#include "lesson_internal.h"

#include <string.h>

struct dump {
    lua_State *L;
    struct buf *out;
    int seen; /* stack index of the set of tables and functions met */
};

static void walk(struct dump *d, const char *path, int depth);

static bool met_before(struct dump *d)
{
    lua_pushvalue(d->L, -1);
    bool met = lua_rawget(d->L, d->seen) != LUA_TNIL;
    lua_pop(d->L, 1);
    if (!met) {
        lua_pushvalue(d->L, -1);
        lua_pushboolean(d->L, 1);
        lua_rawset(d->L, d->seen);
    }
    return met;
}

/* Walks the value on top as PATH.KEY; leaves the stack as it was. */
static void walk_child(struct dump *d, const char *path, const char *key, int depth)
{
    char child[200];
    size_t n = strlen(path), k = strlen(key);
    if (n + k + 2 > sizeof child)
        return;
    memcpy(child, path, n);
    memcpy(child + n, *path ? "." : "", 1);
    memcpy(child + n + (*path ? 1 : 0), key, k + 1);
    walk(d, child, depth + 1);
}

static void walk_table(struct dump *d, const char *path, int depth)
{
    lua_State *L = d->L;
    int t = lua_gettop(L);
    push_sorted_keys(L, t);
    for (lua_Integer i = 1; lua_rawgeti(L, t + 1, i) != LUA_TNIL; i++) {
        const char *key = luaL_tolstring(L, -1, NULL);
        lua_pushvalue(L, -2);
        lua_rawget(L, t);
        walk_child(d, path, key, depth);
        lua_settop(L, t + 1);
    }
    lua_settop(L, t);
}

static void walk(struct dump *d, const char *path, int depth)
{
    lua_State *L = d->L;
    int type = lua_type(L, -1), top = lua_gettop(L);
    luaL_checkstack(L, 16, NULL);
    if (depth > 12)
        return;
    buf_addf(d->out, "%s %s\n", *path ? path : "_G", lua_typename(L, type));
    bool walked = type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA;
    if (!(walked && !met_before(d)) && !(type == LUA_TSTRING && depth < 2))
        return;
    if (type == LUA_TTABLE)
        walk_table(d, path, depth);
    if (lua_getmetatable(L, top))
        walk_child(d, path, "@meta", depth);
    lua_settop(L, top);
    if (type == LUA_TFUNCTION)
        for (int i = 1; lua_getupvalue(L, top, i); i++) {
            char name[] = "@0";
            name[1] = (char)('0' + i % 10);
            walk_child(d, path, name, depth);
            lua_settop(L, top);
        }
}

static int dump_inside(lua_State *L)
{
    struct dump d = {L, lua_touserdata(L, 1), 0};
    lua_newtable(L);
    d.seen = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    walk(&d, "", 0);
    lua_pushliteral(L, "");
    walk_child(&d, "", "a string", 0);
    for (const char *name = "wis"; *name; name++) {
        char one[2] = {*name, '\0'};
        object_push(L, one);
        walk_child(&d, "", one, 0);
    }
    return 0;
}

void lesson_environment(struct buf *out)
{
    struct host h = {0};
    struct errmsg why = {0};
    if (host_open(&h, "environment", &why) != ERR_OK ||
        host_run(&h, dump_inside, out, STEPS_LOAD, 1, &why) != ERR_OK)
        buf_addf(out, "%s\n", why.text);
    host_close(&h);
}
