/*
 * The identity of a lesson: all that decides how a run of it goes and what it is
 * worth, and nothing that is only read. Two texts with one identity can take over each
 * other's runs: a corrected word reaches a run that is half-way through, a changed goal
 * does not.
 *
 * In it: the world that a seed builds and what happens to it (as the engine has it, so
 * that it does not matter how the functions that built it are written); times; alerts;
 * when people write; steps by kind, id, right answers and goals; traps; right
 * suspicions; the fixes, whose first is what a run is compared with. A function counts
 * as it is written, with the values that it uses from outside.
 *
 * Not in it: titles, briefings, questions, replies, hints, what people write, debrief.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <inttypes.h>
#include <string.h>

enum { VALUE_DEPTH = 20 };

struct identity {
    const struct lesson *l;
    const struct lesson_world *world;
    struct buf *out;
    int seen; /* stack index of the tables and functions that were met, by number */
    int met;
};

/* ---- values that functions use --------------------------------------------------- */

static void put_value(lua_State *L, struct identity *d, int depth);

static void put_text(struct buf *out, const char *s)
{
    if (!s)
        buf_adds(out, " -");
    else
        buf_addf(out, " %zu:%s", strlen(s), s);
}

/* Our own functions have no text; their name is what they are. */
static void put_native(lua_State *L, struct identity *d)
{
    static const struct binding_table *const tables[] = {
        &bind_base, &bind_string,  &bind_table,   &bind_math, &bind_utf8, &bind_time,
        &bind_dist, &bind_program, &bind_actions, &bind_draw, &bind_steps};
    lua_CFunction fn = lua_tocfunction(L, -1);
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (size_t i = 0; i < tables[t]->n; i++)
            if (tables[t]->list[i].fn == fn)
                buf_addf(d->out, " %s.%s", tables[t]->library, tables[t]->list[i].name);
    buf_adds(d->out, " native");
}

static void put_function(lua_State *L, struct identity *d, int depth)
{
    lua_Debug ar = {0};
    if (lua_iscfunction(L, -1)) {
        put_native(L, d);
        return;
    }
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
    host_charge(L, 1 + d->l->len / 16);
    source_functions(d->l->text, d->l->len, ar.linedefined, ar.lastlinedefined, d->out);
    const char *name;
    for (int i = 1; (name = lua_getupvalue(L, -1, i)); i++) {
        if (strcmp(name, "_ENV") != 0) {
            put_text(d->out, name);
            put_value(L, d, depth + 1);
        }
        lua_pop(L, 1);
    }
}

/* A table's fields in order; the line that a constructor noted does not count. */
static void put_table(lua_State *L, struct identity *d, int depth)
{
    int t = lua_gettop(L);
    host_walk(L);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, t); lua_pop(L, 1)) {
        bool text = lua_type(L, -2) == LUA_TSTRING;
        if ((!text && lua_type(L, -2) != LUA_TNUMBER && !is_duration(L, -2)) ||
            (text && strcmp(lua_tostring(L, -2), "@line") == 0))
            continue;
        lua_pushvalue(L, -2);
        lua_pushboolean(L, true);
        lua_rawset(L, t + 1);
    }
    push_sorted_keys(L, t + 1);
    buf_adds(d->out, " {");
    for (lua_Integer i = 1; lua_rawgeti(L, t + 2, i) != LUA_TNIL; i++) {
        put_value(L, d, depth + 1);
        lua_rawget(L, t);
        put_value(L, d, depth + 1);
        lua_pop(L, 1);
    }
    buf_adds(d->out, " }");
    lua_settop(L, t);
}

/* A table or function met before is told by its number. */
static bool met_before(lua_State *L, struct identity *d)
{
    lua_pushvalue(L, -1);
    if (lua_rawget(L, d->seen) == LUA_TNUMBER) {
        buf_addf(d->out, " #%d", (int)lua_tointeger(L, -1));
        lua_pop(L, 1);
        return true;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushinteger(L, ++d->met);
    lua_rawset(L, d->seen);
    return false;
}

/* The value on top, which stays there. */
static void put_value(lua_State *L, struct identity *d, int depth)
{
    lua_Number x;
    uint64_t bits;
    luaL_checkstack(L, 16, NULL);
    host_charge(L, 4);
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        buf_addf(d->out, " %s", lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        x = lua_tonumber(L, -1);
        memcpy(&bits, &x, sizeof bits);
        buf_addf(d->out, " %d:%" PRIx64, lua_isinteger(L, -1), bits);
        break;
    case LUA_TLIGHTUSERDATA: /* a duration: the number of nanoseconds */
        x = (lua_Number)duration_at(L, -1);
        memcpy(&bits, &x, sizeof bits);
        buf_addf(d->out, " 1:%" PRIx64, bits);
        break;
    case LUA_TSTRING:
        put_text(d->out, lua_tostring(L, -1));
        break;
    case LUA_TTABLE:
    case LUA_TFUNCTION:
        if (depth > VALUE_DEPTH)
            buf_adds(d->out, " deep");
        else if (met_before(L, d))
            break;
        else if (lua_type(L, -1) == LUA_TTABLE)
            put_table(L, d, depth);
        else
            put_function(L, d, depth);
        break;
    default:
        buf_addf(d->out, " %s", type_word(L, -1));
    }
}

static void put_fn(lua_State *L, struct identity *d, fn_id fn)
{
    if (fn == FN_NONE) {
        buf_adds(d->out, " -");
        return;
    }
    fn_push(L, fn);
    put_value(L, d, 0);
    lua_pop(L, 1);
}

/* ---- the lesson ------------------------------------------------------------------ */

static void put_bits(struct buf *out, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    buf_addf(out, " %" PRIx64, bits);
}

static void put_times(struct identity *d)
{
    const struct lesson_info *i = &d->l->info;
    put_text(d->out, i->id);
    buf_addf(d->out,
             " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d %d\n",
             i->starts_at, i->ends_at, i->day_start, i->good_for, i->expert, i->quiet,
             i->guided_start);
}

static void put_world(struct identity *d)
{
    const struct lesson_world *w = d->world;
    model_describe(w->model, d->out);
    for (size_t i = 0; i < w->nrules; i++) {
        const struct alert_rule *r = &w->rules[i];
        put_text(d->out, r->name);
        put_text(d->out, r->metric);
        buf_addf(d->out, " %d %d %d %d %" PRId64 " %" PRId64 " %" PRId64, (int)r->kind,
                 r->page, (int)r->comp, r->below, r->hold, r->long_window,
                 r->short_window);
        put_bits(d->out, r->value);
        put_bits(d->out, r->factor);
        buf_addch(d->out, '\n');
    }
    for (size_t i = 0; i < w->ntickets; i++)
        buf_addf(d->out, "ticket %" PRId64 " %d\n", w->tickets[i].at,
                 w->tickets[i].page);
}

static void put_entries(struct identity *d)
{
    for (size_t i = 0; i < d->world->nentries; i++)
        buf_addf(d->out, "entry %d\n", (int)d->world->entries[i].role);
}

/* The pen that a kind of step writes with. */
struct step_print {
    lua_State *L;
    struct identity *d;
};

void step_print_text(struct step_print *out, const char *s)
{
    put_text(out->d->out, s);
}

void step_print_number(struct step_print *out, int64_t n)
{
    buf_addf(out->d->out, " %" PRId64, n);
}

void step_print_sign(struct step_print *out, char sign)
{
    buf_addch(out->d->out, sign);
}

void step_print_fn(struct step_print *out, fn_id fn)
{
    put_fn(out->L, out->d, fn);
}

static int kind_number(const struct step_kind *kind)
{
    int i = 0;
    while (step_kind_at((size_t)i) != kind)
        i++;
    return i;
}

static void put_step(lua_State *L, struct identity *d, const struct step *s)
{
    struct step_print print = {L, d};
    buf_addf(d->out, "step %d", kind_number(s->kind));
    put_text(d->out, s->id);
    if (s->kind->identify)
        s->kind->identify(s, &print);
    put_fn(L, d, s->goal);
    buf_addch(d->out, '\n');
}

/* Names of facts and what they tell are words. */
static void put_suspects(lua_State *L, struct identity *d)
{
    const struct lesson *l = d->l;
    for (size_t i = 0; i < l->nsuspects; i++) {
        const struct suspect *x = &l->suspects[i];
        put_text(d->out, x->component);
        for (size_t k = 0; k < x->nalso; k++)
            put_text(d->out, x->also[k]);
        buf_addf(d->out, " %d %d%d\n", (int)x->mechanism, x->right, x->part);
    }
    for (size_t i = 0; i < l->nfacts; i++) {
        const struct case_fact *f = &l->facts[i];
        for (size_t k = 0; k < f->nseen; k++)
            put_text(d->out, f->seen[k]);
        buf_addf(d->out, " %u", (unsigned)f->fits);
        put_fn(L, d, f->when);
        buf_addch(d->out, '\n');
    }
}

static void put_course(lua_State *L, struct identity *d, const struct course *c)
{
    buf_addf(d->out, "course %d %" PRId64, (int)c->harm, c->until_at);
    for (size_t i = 0; i < c->nlines; i++)
        put_text(d->out, c->lines[i]);
    put_text(d->out, c->client);
    put_fn(L, d, c->used);
    put_fn(L, d, c->price);
    buf_addch(d->out, '\n');
}

static void put_promises(lua_State *L, struct identity *d)
{
    const struct lesson *l = d->l;
    for (size_t i = 0; i < l->promises.ndata; i++) {
        buf_adds(d->out, "data");
        put_fn(L, d, l->promises.data[i].holds);
        put_fn(L, d, l->promises.data[i].broken);
    }
    for (size_t i = 0; i < l->promises.nfresh; i++)
        buf_addf(d->out, "fresh %d %" PRId64 "\n", (int)d->world->fresh[i].comp,
                 l->promises.fresh[i].within);
    for (size_t i = 0; i < l->npreventions; i++)
        buf_addf(d->out, "prevention %d\n", l->preventions[i].says.right);
}

static void put_prices(struct identity *d, const struct fault_price *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_text(d->out, list[i].fault);
        put_bits(d->out, list[i].minutes);
    }
}

/* Budget, prices and what each improvement does; its words are words. */
static void put_design(lua_State *L, struct identity *d)
{
    const struct design *x = lesson_design(d->l);
    if (!x)
        return;
    buf_addf(d->out, "design %d %" PRId64 " %" PRId64 " %" PRId64, x->budget,
             x->closes_at, x->request, x->record);
    put_prices(d, x->faults, x->nfaults);
    for (size_t i = 0; i < x->n; i++) {
        put_text(d->out, x->list[i].id);
        put_prices(d, x->list[i].saves, x->list[i].nsaves);
        put_fn(L, d, x->list[i].with);
    }
    for (size_t i = 0; i < d->world->nfaults; i++)
        put_text(d->out, d->world->faults[i].name);
    buf_addch(d->out, '\n');
}

static int describe_inside(lua_State *L)
{
    struct identity *d = lua_touserdata(L, 1);
    const struct lesson *l = d->l;
    lua_newtable(L);
    d->seen = lua_gettop(L);
    put_times(d);
    put_world(d);
    put_entries(d);
    put_fn(L, d, l->twin);
    for (size_t i = 0; i < l->nsteps; i++)
        put_step(L, d, l->steps[i]);
    for (size_t i = 0; i < l->ntraps; i++) {
        put_text(d->out, l->traps[i].id);
        put_fn(L, d, l->traps[i].when);
    }
    put_suspects(L, d);
    put_promises(L, d);
    put_design(L, d);
    for (size_t i = 0; i < l->nfixes; i++)
        put_course(L, d, &l->fixes[i]);
    for (size_t i = 0; i < l->nwrongs; i++)
        put_course(L, d, &l->wrongs[i]);
    return 0;
}

void lesson_identity(const struct lesson *l, const struct lesson_world *world,
                     char out[65])
{
    struct buf text;
    struct errmsg ignored = {0};
    buf_init(&text, 0);
    struct identity d = {.l = l, .world = world, .out = &text};
    /* A lesson that costs too much even for this is known by its whole text. */
    struct lesson_state *st = lesson_state_new(l);
    enum err e = state_open(st, &ignored);
    if (e == ERR_OK)
        e = host_run(&st->host, describe_inside, &d, STEPS_LOAD, l->line, &ignored);
    lesson_state_free(st);
    if (e == ERR_OK)
        sha256_hex(out, text.s, text.len);
    else
        memcpy(out, l->hash, sizeof l->hash);
    buf_release(&text);
}
