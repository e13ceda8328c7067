/*
 * A lesson's Lua state. Functions keep nothing between calls, so every run of a lesson has
 * a state of its own, and the prover asks two of them to make sure.
 *
 * Opening one costs an eighth of loading the file: the code is there already, so that
 * nothing is scanned or parsed, and the functions are found where they were found at first,
 * so that no field is read. And most runs are never asked anything: a state opens at its
 * first question.
 *
 * lua_load() believes whatever a binary chunk says, so it gets none but what lua_dump()
 * made of this lesson in this process. A lesson's own text is loaded as text only, and has
 * neither `load` nor `string.dump`.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <assert.h>
#include <stdio.h>

/* ---- opening --------------------------------------------------------------------- */

enum err lesson_host(const struct lesson *l, struct host *h, struct errmsg *why)
{
    h->limit = l->limit;
    enum err e = host_open(h, l->name, why);
    h->scan = &l->scan;
    h->dear = l->scan.modulo ? MODULO_PRICE : 0;
    return e;
}

static const char *whole_code(lua_State *L, void *ud, size_t *n)
{
    const struct buf **code = ud;
    const char *s = *code ? (*code)->s : NULL;
    (void)L;
    *n = *code ? (*code)->len : 0;
    *code = NULL;
    return s;
}

/* Pushes the value at a place in the table that the file returned, which is on top. */
static void push_place(lua_State *L, const struct place *p)
{
    lua_pushvalue(L, -1);
    for (int i = 0; i < p->depth; i++) {
        assert(lua_type(L, -1) == LUA_TTABLE);
        if (p->keys[i].name) {
            lua_pushstring(L, p->keys[i].name);
            lua_rawget(L, -2);
        } else {
            lua_rawgeti(L, -1, p->keys[i].i);
        }
        lua_remove(L, -2);
    }
}

/* The same code runs the same way, and so the same functions stand at the same places. */
static int open_inside(lua_State *L)
{
    const struct lesson *l = lua_touserdata(L, 1);
    const struct buf *code = &l->code;
    struct host *h = host_of(L);
    char chunk[64];
    snprintf(chunk, sizeof chunk, "=%s", l->name);
    h->trusted = true;
    int status = lua_load(L, whole_code, &code, chunk, "b");
    h->trusted = false;
    if (status != LUA_OK)
        return lua_error(L);
    host_charge(L, l->len / 4);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < l->nplaces; i++) {
        push_place(L, &l->places[i]);
        if (lua_type(L, -1) != l->places[i].type || fn_keep(L, -1) != (fn_id)i)
            BUG("what %s keeps as number %zu is not where it was", l->name, i);
        lua_pop(L, 1);
    }
    lua_settop(L, 0); /* the functions kept stay */
    host_settle(h);
    return 0;
}

enum err state_open(struct lesson_state *st, struct errmsg *why)
{
    struct lesson *l = st->lesson;
    assert(!st->host.L);
    st->host = (struct host){.parts = st->host.parts};
    enum err e = lesson_host(l, &st->host, why);
    if (e == ERR_OK)
        e = host_run(&st->host, open_inside, l, STEPS_LOAD, 1, why);
    if (e != ERR_OK)
        host_close(&st->host);
    return e;
}

/* ---- life ------------------------------------------------------------------------ */

struct lesson_state *lesson_state_new(const struct lesson *l)
{
    struct lesson_state *st = mem_alloc(sizeof *st);
    st->lesson = lesson_ref(l);
    return st;
}

void lesson_state_reset(struct lesson_state *st)
{
    host_close(&st->host);
    st->host = (struct host){0};
}

void lesson_state_free(struct lesson_state *st)
{
    if (!st)
        return;
    host_close(&st->host);
    lesson_unref(st->lesson);
    mem_free(st);
}

bool lesson_stopped(const struct lesson_state *st)
{
    return st->host.over || st->host.refused;
}

uint64_t lesson_effort(const struct lesson_state *st)
{
    return st->effort;
}

/* ---- questions ------------------------------------------------------------------- */

struct question {
    fn_id fn;
    int want; /* LUA_TBOOLEAN, LUA_TNUMBER; LUA_TSTRING: one or several; LUA_TNONE: any */
    bool yes;
    double number;
    struct buf *names; /* a line each */
};

static int ask_inside(lua_State *L)
{
    struct question *q = lua_touserdata(L, 1);
    lua_Debug ar = {0};
    fn_push(L, q->fn);
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
    host_of(L)->line = ar.linedefined;
    object_push(L, "s");
    int before = lua_gettop(L) - 2, several = q->want == LUA_TSTRING;
    lua_call(L, 1, several ? LUA_MULTRET : 1);
    if (q->want == LUA_TNONE)
        return 0;
    bool duration = q->want == LUA_TNUMBER && is_duration(L, -1);
    for (int i = before + 1; i <= lua_gettop(L) || i == before + 1; i++)
        if (lua_type(L, i) != q->want && !duration)
            fail(L, ar.linedefined, "this function must return %s, not a %s",
                 q->want == LUA_TBOOLEAN  ? "true or false"
                 : q->want == LUA_TNUMBER ? "a number"
                                          : "a name",
                 type_word(L, i));
    for (int i = before + 1; several && i <= lua_gettop(L); i++)
        buf_addf(q->names, "%s\n", lua_tostring(L, i));
    if (several)
        return 0;
    q->yes = lua_toboolean(L, -1);
    q->number = duration ? (double)duration_at(L, -1) : lua_tonumber(L, -1);
    return 0;
}

static enum err ask(struct lesson_state *st, struct question *q,
                    const struct lesson_facts *f, struct errmsg *why)
{
    assert(q->fn >= 0 && (size_t)q->fn < st->lesson->nplaces);
    st->effort = 0;
    if (!st->host.L && !lesson_stopped(st)) {
        enum err opened = state_open(st, why);
        st->effort = st->host.steps;
        if (opened != ERR_OK)
            return opened;
    }
    st->host.facts = f;
    st->host.lesson = st->lesson;
    enum err e =
        host_run(&st->host, ask_inside, q, STEPS_PREDICATE, st->lesson->line, why);
    st->host.facts = NULL;
    st->effort += st->host.steps;
    return e;
}

enum err lesson_test(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                     bool *out, struct errmsg *why)
{
    struct question q = {.fn = fn, .want = LUA_TBOOLEAN};
    enum err e = ask(st, &q, f, why);
    *out = q.yes;
    return e;
}

enum err lesson_names(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                      struct buf *out, struct errmsg *why)
{
    struct question q = {.fn = fn, .want = LUA_TSTRING, .names = out};
    return ask(st, &q, f, why);
}

enum err lesson_number(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                       double *out, struct errmsg *why)
{
    struct question q = {.fn = fn, .want = LUA_TNUMBER};
    enum err e = ask(st, &q, f, why);
    *out = q.number;
    return e;
}

enum err lesson_parts(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                      struct buf *out, struct errmsg *why)
{
    struct question q = {.fn = fn, .want = LUA_TNONE};
    st->host.parts = out;
    enum err e = ask(st, &q, f, why);
    st->host.parts = NULL;
    return e;
}
