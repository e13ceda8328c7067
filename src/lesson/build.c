/*
 * `w:KIND { "name", … }`: a component of any kind, from nothing but the kind's own
 * description. A field is a parameter of the kind, or a section that holds nested
 * components (`pool`, `pools`, `statements`, `keyspaces`, `calls`, …: a nested kind's
 * name or its plural), or a service's programs (`endpoints`, `versions`). So a new kind
 * in the engine can be written in lessons the day it is registered.
 */
#include "build.h"
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct build *build_of(lua_State *L, const char *what)
{
    struct build *b = host_of(L)->build;
    if (!b)
        fail(L, 0, "%s can be used inside world and incident only", what);
    return b;
}

/* The engine names the line of a node: "line 12: ...". */
static const char *model_line(struct build *b, int *line)
{
    const char *text = b->why.text;
    char *end;
    if (str_starts(text, "line ")) {
        long n = strtol(text + 5, &end, 10);
        if (n > 0 && n < 1000000 && str_starts(end, ": ")) {
            *line = (int)n;
            return end + 2;
        }
    }
    return text;
}

int fail_model(lua_State *L, struct build *b, int line)
{
    const char *text = model_line(b, &line);
    fail(L, line, "%s", text);
}

const char *keep_text(struct build *b, lua_State *L, int i, int line, size_t max)
{
    size_t n;
    const char *s = lua_tolstring(L, i, &n);
    if (n > max)
        fail(L, line, "a text of %zu bytes; %zu at most here", n, max);
    host_charge(L, 1 + n / 4);
    return arena_strndup(&b->mem, s, n);
}

/* An error found only at the end speaks of a component first ("edge: ..."); where that
 * is written the scan knows. */
int fail_finish(lua_State *L, struct build *b)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(b->why.text, ": (./"),
             b->why.text);
    fail_model(L, b, scan_line(&b->l->scan, name, b->l->line));
}

comp_id find_comp(lua_State *L, const struct model *m, const char *name, int line)
{
    comp_id c = model_find(m, name);
    if (c != COMP_NONE)
        return c;
    size_t n = model_comps(m);
    const char **names = lua_newuserdatauv(L, (n + 1) * sizeof *names, 0);
    for (size_t i = 0; i < n; i++)
        names[i] = model_name(m, (comp_id)i);
    fail_unknown(L, line, "there is no component", name, names, n);
}

/* ---- values ---------------------------------------------------------------------- */

static double need_number(lua_State *L, int i, int line, const char *what)
{
    if (lua_type(L, i) != LUA_TNUMBER)
        fail(L, line, "%s must be a number, not a %s", what, type_word(L, i));
    double x = lua_tonumber(L, i);
    if (!isfinite(x))
        fail(L, line, "%s is not a number that can be used", what);
    return x;
}

static void check_range(lua_State *L, int line, const char *what, double x,
                        const struct param_desc *p)
{
    if (p->min < p->max && !(x >= p->min && x <= p->max))
        fail(L, line, "%s must be from %.10g to %.10g%s%s, not %.10g", what, p->min,
             p->max, p->unit && *p->unit ? " " : "", p->unit ? p->unit : "", x);
}

static struct value number_value(lua_State *L, int i, const struct param_desc *p,
                                 int line, const char *what)
{
    double x = need_number(L, i, line, what);
    check_range(L, line, what, x, p);
    if (p->type == VALUE_COUNT) {
        if (floor(x) != x || fabs(x) > 1e15)
            fail(L, line, "%s must be a whole number", what);
        return value_count((int64_t)x);
    }
    struct value v = value_number(x);
    v.type = p->type;
    if (p->type == VALUE_FRACTION && !(x >= 0 && x <= 1))
        fail(L, line, "%s must be from 0 to 1", what);
    return v;
}

static struct value text_value(struct build *b, lua_State *L, int i,
                               const struct param_desc *p, int line, const char *what)
{
    const char *s = keep_text(b, L, i, line, NAME_BYTES);
    struct value v;
    if (p->type == VALUE_TEXT || p->type == VALUE_COMP)
        return value_text(s);
    if (value_parse(b->m, p, s, &v, &b->why) != ERR_OK) {
        errmsg_prefix(&b->why, "%s: ", what);
        fail_model(L, b, line);
    }
    return v;
}

struct value to_value(struct build *b, lua_State *L, int i, const struct param_desc *p,
                      int line, const char *of)
{
    char what[96];
    struct dist d;
    snprintf(what, sizeof what, "%s.%s", of, p->name);
    if (lua_type(L, i) == LUA_TSTRING)
        return text_value(b, L, i, p, line, what);
    switch (p->type) {
    case VALUE_NUMBER:
    case VALUE_COUNT:
    case VALUE_FRACTION:
        return number_value(L, i, p, line, what);
    case VALUE_DURATION: {
        sim_time t = to_duration(L, i, line, what);
        check_range(L, line, what, (double)t / (double)SIM_SEC, p);
        return value_duration(t);
    }
    case VALUE_BOOL:
        if (lua_type(L, i) != LUA_TBOOLEAN)
            fail(L, line, "%s must be true or false", what);
        return value_bool(lua_toboolean(L, i));
    case VALUE_DIST:
        to_dist(L, i, line, what, &d);
        check_range(L, line, what, (double)d.mean / (double)SIM_SEC, p);
        return value_dist(d);
    case VALUE_CHOICE:
        fail(L, line, "%s must be one of %s", what, p->choices);
    default:
        fail(L, line, "%s must be a name in quotes", what);
    }
}

/* ---- curves ---------------------------------------------------------------------- */

static double point_part(lua_State *L, int i, int line, bool duration)
{
    lua_rawgeti(L, -1, i);
    double x = duration ? (double)to_duration(L, -1, line, "a point's time")
                        : need_number(L, -1, line, "a point's factor");
    lua_pop(L, 1);
    return x;
}

/* `rate = diurnal { … }`: the base rate and the points. */
static void set_curve(struct build *b, lua_State *L, comp_id c, int t, int line)
{
    size_t n = lua_rawlen(L, t);
    if (n == 0 || n > LIST_MAX)
        fail(L, line, "a curve has 1 to %d points", LIST_MAX);
    host_look(L, 4 * n);
    struct curve_point *p = arena_alloc(&b->mem, n * sizeof *p);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, t, (lua_Integer)i + 1);
        if (lua_type(L, -1) != LUA_TTABLE)
            fail(L, line, "point %zu must be { time, factor }", i + 1);
        p[i].at = (sim_time)point_part(L, 1, line, true);
        p[i].factor = point_part(L, 2, line, false);
        if (p[i].factor < 0 || (i > 0 && p[i].at <= p[i - 1].at))
            fail(L, line, "point %zu: times must ascend, factors be 0 or more", i + 1);
        lua_pop(L, 1);
    }
    lua_getfield(L, t, "period");
    sim_time period = lua_isnil(L, -1) ? 0 : to_duration(L, -1, line, "period");
    lua_pop(L, 1);
    if (model_curve(b->m, c, p, n, period, &b->why) != ERR_OK)
        fail_model(L, b, line);
}

/* ---- components ------------------------------------------------------------------ */

static void fill(struct build *b, lua_State *L, comp_id c, int t, int line, int depth);

static comp_id add(struct build *b, lua_State *L, const char *kind, const char *name,
                   int line)
{
    comp_id c = model_add(b->m, kind, name, &b->why);
    if (c == COMP_NONE)
        fail_model(L, b, line);
    return c;
}

static const struct param_desc *param_of(const struct kind_desc *k, const char *name)
{
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, name))
            return &k->params[i];
    return NULL;
}

static void set_param(struct build *b, lua_State *L, comp_id c,
                      const struct param_desc *p, int line)
{
    int t = lua_gettop(L);
    if (p->type == VALUE_NUMBER && is_marked(L, t, "curve")) {
        set_curve(b, L, c, t, line);
        lua_getfield(L, t, "base");
    }
    struct value v = to_value(b, L, -1, p, line, model_name(b->m, c));
    if (model_set(b->m, c, p->name, v, &b->why) != ERR_OK)
        fail_model(L, b, line);
    lua_settop(L, t);
}

/* "pools" is about kind "pool". */
static const struct kind_desc *section_kind(const char *field, bool *plural)
{
    for (size_t i = 0; i < sim_kinds(); i++) {
        const struct kind_desc *k = sim_kind(i);
        size_t n = strlen(k->name);
        if (!k->nested || str_eq(k->name, "endpoint") || strncmp(field, k->name, n))
            continue;
        *plural = str_eq(field + n, "s");
        if (*plural || field[n] == '\0')
            return k;
    }
    return NULL;
}

static void add_nested(struct build *b, lua_State *L, comp_id owner,
                       const struct kind_desc *k, const char *name, int line, int depth)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        fail(L, line, "%s must be a table { … }, not a %s", name, type_word(L, -1));
    char *full = arena_printf(&b->mem, "%s.%s", model_name(b->m, owner), name);
    fill(b, L, add(b, L, k->name, full, line), lua_gettop(L), line, depth + 1);
}

static void add_section(struct build *b, lua_State *L, comp_id owner,
                        const struct kind_desc *k, bool plural, int line, int depth)
{
    int t = lua_gettop(L);
    if (!plural) {
        add_nested(b, L, owner, k, k->name, line, depth);
        return;
    }
    if (lua_type(L, t) != LUA_TTABLE)
        fail(L, line, "%ss must be { name = { … } }", k->name);
    push_sorted_keys(L, t);
    for (lua_Integer i = 1; lua_rawgeti(L, t + 1, i) != LUA_TNIL; i++) {
        if (lua_type(L, -1) != LUA_TSTRING)
            fail(L, line, "%ss must be { name = { … } }", k->name);
        const char *name = keep_text(b, L, -1, line, NAME_BYTES);
        lua_rawget(L, t);
        add_nested(b, L, owner, k, name, scan_line(&b->l->scan, name, line), depth);
        lua_pop(L, 1);
    }
    lua_settop(L, t);
}

/* ---- programs of a service ------------------------------------------------------- */

/* { workers = 4, compute(…) }: what is set of the endpoint beside its program. Leaves
 * the program alone on the stack in place of the table. */
enum { ENDPOINT_PARAMS = 8 };
static void take_params(struct build *b, lua_State *L, struct value *v, int line)
{
    const struct kind_desc *k = sim_kind_named("endpoint");
    int t = lua_gettop(L), copy = t + 1;
    memset(v, 0, ENDPOINT_PARAMS * sizeof *v);
    if (lua_type(L, t) != LUA_TTABLE || is_marked(L, t, "op"))
        return;
    lua_newtable(L);
    host_walk(L);
    for (lua_pushnil(L); lua_next(L, t); lua_pop(L, 1)) {
        host_look(L, 2);
        const struct param_desc *p =
            lua_type(L, -2) == LUA_TSTRING ? param_of(k, lua_tostring(L, -2)) : NULL;
        if (p && p - k->params < ENDPOINT_PARAMS) {
            v[p - k->params] = to_value(b, L, -1, p, line, "endpoint");
            continue;
        }
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, copy);
    }
    lua_replace(L, t);
}

static void give_params(struct build *b, lua_State *L, comp_id c, const char *name,
                        const struct value *v, int line)
{
    const struct kind_desc *k = sim_kind_named("endpoint");
    char *full = arena_printf(&b->mem, "%s/%s", model_name(b->m, c), name);
    for (size_t p = 0; p < k->nparams && p < ENDPOINT_PARAMS; p++)
        if (v[p].type != VALUE_NONE &&
            model_set(b->m, model_find(b->m, full), k->params[p].name, v[p], &b->why) !=
                ERR_OK)
            fail_model(L, b, line);
}

static void add_endpoints(struct build *b, lua_State *L, comp_id c, const char *version,
                          int line)
{
    int t = lua_gettop(L);
    if (lua_type(L, t) != LUA_TTABLE)
        fail(L, line, "endpoints must be { name = { … } }");
    push_sorted_keys(L, t);
    for (lua_Integer i = 1; lua_rawgeti(L, t + 1, i) != LUA_TNIL; i++) {
        if (lua_type(L, -1) == LUA_TNUMBER && version && plain_integer(L, -1) == 1) {
            lua_pop(L, 1); /* the version's name */
            continue;
        }
        if (lua_type(L, -1) != LUA_TSTRING)
            fail(L, line, "endpoints must be { name = { … } }");
        const char *name = keep_text(b, L, -1, line, NAME_BYTES);
        int at = scan_line(&b->l->scan, name, line);
        lua_rawget(L, t);
        struct value v[ENDPOINT_PARAMS];
        take_params(b, L, v, at);
        const struct node *body = to_program(b, L, -1, at, 0);
        if (model_endpoint(b->m, c, name, version, body, &b->why) != ERR_OK)
            fail_model(L, b, at);
        give_params(b, L, c, name, v, at);
        lua_pop(L, 1);
    }
    lua_settop(L, t);
}

/* A list { { "v41", buy = { … } }, … } in order of age, or { v41 = { buy = { … } }, …
 * }. */
static void add_versions(struct build *b, lua_State *L, comp_id c, int line)
{
    int t = lua_gettop(L);
    if (lua_type(L, t) != LUA_TTABLE)
        fail(L, line, "versions must be a list of { \"v1\", endpoint = { … } }");
    push_sorted_keys(L, t);
    for (lua_Integer i = 1; lua_rawgeti(L, t + 1, i) != LUA_TNIL; i++) {
        bool listed = lua_type(L, -1) == LUA_TNUMBER;
        lua_pushvalue(L, -1);
        lua_rawget(L, t);
        if (lua_type(L, -1) != LUA_TTABLE)
            fail(L, line, "versions must be a list of { \"v1\", endpoint = { … } }");
        if (listed)
            lua_rawgeti(L, -1, 1);
        else
            lua_pushvalue(L, -2);
        if (lua_type(L, -1) != LUA_TSTRING)
            fail(L, line,
                 "a version begins with its name: { \"v1\", endpoint = { … } }");
        const char *name = keep_text(b, L, -1, line, NAME_BYTES);
        lua_settop(L, t + 3);
        add_endpoints(b, L, c, name, scan_line(&b->l->scan, name, line));
        lua_settop(L, t + 1);
    }
    lua_settop(L, t);
}

static void unknown_field(lua_State *L, struct build *b, const struct kind_desc *k,
                          const char *key, int line)
{
    const char **names =
        arena_alloc(&b->mem, (k->nparams + sim_kinds() + 2) * sizeof *names);
    char what[64];
    size_t n = 0;
    for (; n < k->nparams; n++)
        names[n] = k->params[n].name;
    if (str_eq(k->name, "service")) {
        names[n++] = "endpoints";
        names[n++] = "versions";
    }
    snprintf(what, sizeof what, "a %s has no field", k->name);
    fail_unknown(L, line, what, key, names, n);
}

static void set_field(struct build *b, lua_State *L, comp_id c, const char *key,
                      int line, int depth)
{
    const struct kind_desc *k = model_kind(b->m, c);
    const struct param_desc *p = param_of(k, key);
    bool service = str_eq(k->name, "service"), plural = false;
    const struct kind_desc *nested = section_kind(key, &plural);
    if (p)
        set_param(b, L, c, p, line);
    else if (service && str_eq(key, "endpoints"))
        add_endpoints(b, L, c, NULL, line);
    else if (service && str_eq(key, "versions"))
        add_versions(b, L, c, line);
    else if (nested)
        add_section(b, L, c, nested, plural, line, depth);
    else
        unknown_field(L, b, k, key, line);
}

static void fill(struct build *b, lua_State *L, comp_id c, int t, int line, int depth)
{
    luaL_checkstack(L, 16, NULL);
    if (depth > 4)
        fail(L, line, "components nest too deep");
    push_sorted_keys(L, t);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, keys, i) != LUA_TNIL; i++) {
        bool text = lua_type(L, -1) == LUA_TSTRING;
        if (!text && !(depth == 0 && lua_tonumber(L, -1) == 1))
            fail(L, line, "%s: fields are written name = value", model_name(b->m, c));
        const char *key = text ? keep_text(b, L, -1, line, NAME_BYTES) : "@";
        lua_rawget(L, t);
        host_charge(L, 8);
        if (*key != '@')
            set_field(b, L, c, key, scan_line(&b->l->scan, key, line), depth);
        lua_settop(L, keys);
    }
    lua_settop(L, keys - 1);
}

/* w:KIND { … }; the kind is the closure's value. */
static int make_component(lua_State *L)
{
    struct build *b = build_of(L, "w");
    const struct kind_desc *k = lua_touserdata(L, lua_upvalueindex(1));
    int line = host_line(L);
    if (b->incident)
        fail(L, line, "the world is built already; this belongs into world");
    if (lua_gettop(L) != 2 || lua_type(L, 2) != LUA_TTABLE)
        fail(L, line, "write w:%s { \"name\", … }", k->name);
    if (lua_rawgeti(L, 2, 1) != LUA_TSTRING)
        fail(L, line, "a %s begins with its name: w:%s { \"name\", … }", k->name,
             k->name);
    const char *name = keep_text(b, L, -1, line, NAME_BYTES);
    lua_pop(L, 1);
    comp_id c = add(b, L, k->name, name, line);
    fill(b, L, c, 2, line, 0);
    lua_pushstring(L, name);
    return 1;
}

int world_index(lua_State *L)
{
    const char *names[64], *word = luaL_checkstring(L, 2);
    size_t n = 0;
    for (size_t i = 0; i < sim_kinds() && n < 64; i++) {
        const struct kind_desc *k = sim_kind(i);
        if (k->nested)
            continue;
        names[n++] = k->name;
        if (strcmp(k->name, word))
            continue;
        lua_pushlightuserdata(L, (void *)k);
        lua_pushcclosure(L, make_component, 1);
        return 1;
    }
    fail_unknown(L, 0, "there is no kind", word, names, n);
}
