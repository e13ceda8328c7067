/*
 * Promises as a goal sees them: what was written is kept, and what is shown is fresh, over a
 * window. Both are asked of the lesson and the engine at once, inside the goal's own call.
 */
#include "binding.h"
#include "facts.h"

#include <math.h>

/* The answer of a function of a promise, a truth as 0 or 1. */
static double answer_here(lua_State *L, fn_id fn, int want, const char *what)
{
    luaL_checkstack(L, 16, NULL);
    fn_push(L, fn);
    object_push(L, "s");
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != want)
        fail(L, 0, "%s must return %s, not a %s", what,
             want == LUA_TBOOLEAN ? "true or false" : "a number", luaL_typename(L, -1));
    double n = want == LUA_TBOOLEAN ? lua_toboolean(L, -1) : lua_tonumber(L, -1);
    lua_pop(L, 1);
    return n;
}

/* The same for an expression that was typed: the functions live in the run's state. */
static double answer_there(lua_State *L, fn_id fn, int want)
{
    const struct host *h = host_of(L);
    struct errmsg why = {0};
    bool yes = false;
    double n = 0;
    enum err e = want == LUA_TBOOLEAN ? lesson_test(h->run, fn, h->facts, &yes, &why)
                                      : lesson_number(h->run, fn, h->facts, &n, &why);
    if (e != ERR_OK)
        fail(L, 0, "%s", why.text);
    return want == LUA_TBOOLEAN ? yes : n;
}

static double answer(lua_State *L, fn_id fn, int want, const char *what)
{
    return host_of(L)->run ? answer_there(L, fn, want) : answer_here(L, fn, want, what);
}

/* How often a promise was broken until `at`. */
static double broken_until(lua_State *L, const struct data_promise *p, sim_time at)
{
    struct host *h = host_of(L);
    const struct lesson_facts *now = h->facts;
    struct lesson_facts then = *now;
    then.as_of = at > 0 ? at : 1;
    h->facts = &then;
    double n = answer(L, p->broken, LUA_TNUMBER, "broken");
    h->facts = now;
    return n;
}

static bool data_kept(lua_State *L, const struct data_promise *p, struct window w)
{
    if (p->holds != FN_NONE && answer(L, p->holds, LUA_TBOOLEAN, "holds") == 0)
        return false;
    return p->broken == FN_NONE ||
           broken_until(L, p, w.to) <= broken_until(L, p, w.from);
}

static bool fresh_kept(lua_State *L, const struct fresh_promise *p, struct window w)
{
    double age = recording_age(facts_of(L)->rec, model_find(facts_model(L), p->of),
                               w.from, w.to);
    return age * (double)SIM_SEC <= (double)p->within;
}

bool facts_promises_kept(lua_State *L, struct window w)
{
    const struct host *h = host_of(L);
    const struct lesson *l = h->run ? h->run->lesson : h->lesson;
    const struct promises_decl *p = &l->promises;
    for (size_t i = 0; i < p->ndata; i++)
        if (!data_kept(L, &p->data[i], w))
            return false;
    for (size_t i = 0; i < p->nfresh; i++)
        if (!fresh_kept(L, &p->fresh[i], w))
            return false;
    return true;
}

const struct world *facts_now(lua_State *L, const char *what)
{
    const struct lesson_facts *f = facts_of(L);
    if (f->as_of > 0)
        fail(L, 0,
             "`broken` is asked of past moments, too: s:%s says how it is now; use "
             "s:total "
             "or what takes a window",
             what);
    return f->world;
}
