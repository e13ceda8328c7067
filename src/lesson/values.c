/*
 * Values that a lesson writes: durations, rates, distributions, curves, and draws from
 * its seed. What a duration is stands in duration.c; where one is wanted, a small bare
 * number is refused with the word that was meant.
 */
#include "values.h"
#include "binding.h"
#include "build.h"
#include "lesson_internal.h"

#include <math.h>
#include <string.h>

/* ---- marks ----------------------------------------------------------------------- */

void mark_table(lua_State *L, int t, const char *mark)
{
    t = lua_absindex(L, t);
    host_charge(L, 8);
    lua_pushstring(L, mark);
    lua_setfield(L, t, "@is");
    lua_pushinteger(L, host_line(L));
    lua_setfield(L, t, "@line");
}

bool is_marked(lua_State *L, int t, const char *mark)
{
    if (lua_type(L, t) != LUA_TTABLE)
        return false;
    lua_getfield(L, t, "@is");
    bool yes = lua_type(L, -1) == LUA_TSTRING && !strcmp(lua_tostring(L, -1), mark);
    lua_pop(L, 1);
    return yes;
}

int mark_line(lua_State *L, int t, int otherwise)
{
    if (lua_type(L, t) != LUA_TTABLE)
        return otherwise;
    lua_getfield(L, t, "@line");
    lua_Integer line = plain_integer(L, -1);
    lua_pop(L, 1);
    return line > 0 && line < 1000000 ? (int)line : otherwise;
}

/* ---- time ------------------------------------------------------------------------ */

static int push_duration(lua_State *L, double unit)
{
    double x = arg_number(L, 1) * unit;
    if (!(x >= 0 && x < 9e18))
        fail(L, 0, "a duration must be at least 0 and below 290 years");
    if (x > 0 && floor(x + 0.5) < 1)
        fail(L, 0, "a duration is 0, or at least a nanosecond");
    return duration_push(L, x);
}

static int time_ns(lua_State *L)
{
    return push_duration(L, 1);
}

static int time_us(lua_State *L)
{
    return push_duration(L, (double)SIM_US);
}

static int time_ms(lua_State *L)
{
    return push_duration(L, (double)SIM_MS);
}

static int time_sec(lua_State *L)
{
    return push_duration(L, (double)SIM_SEC);
}

static int time_min(lua_State *L)
{
    return push_duration(L, (double)SIM_MIN);
}

static int time_hours(lua_State *L)
{
    return push_duration(L, (double)SIM_HOUR);
}

static int rate_per_second(lua_State *L)
{
    lua_pushnumber(L, arg_number(L, 1));
    return 1;
}

static int rate_per_minute(lua_State *L)
{
    lua_pushnumber(L, arg_number(L, 1) / 60);
    return 1;
}

static int rate_per_hour(lua_State *L)
{
    lua_pushnumber(L, arg_number(L, 1) / 3600);
    return 1;
}

sim_time to_duration(lua_State *L, int i, int line, const char *what)
{
    if (lua_type(L, i) == LUA_TSTRING) {
        struct errmsg why = {0};
        sim_time t = 0;
        host_charge(L, 1 + lua_rawlen(L, i) / 8);
        if (time_parse(lua_tostring(L, i), &t, &why) != ERR_OK)
            fail(L, line, "%s: %s", what, why.text);
        return t;
    }
    if (lua_type(L, i) != LUA_TNUMBER && !is_duration(L, i))
        fail(L, line, "%s must be a duration like sec(2), not a %s", what,
             type_word(L, i));
    double x = is_duration(L, i) ? (double)duration_at(L, i) : lua_tonumber(L, i);
    if (!(x >= 0 && x < 9e18))
        fail(L, line, "%s: a duration must be at least 0 and below 290 years", what);
    if (!is_duration(L, i) && lacks_unit(x))
        fail(L, line, "%s lacks its unit: write sec(%g), ms(%g) or min(%g)", what, x, x,
             x);
    return is_duration(L, i) ? duration_at(L, i) : (sim_time)floor(x + 0.5);
}

static const struct binding time_list[] = {
    {"ns", "x", time_ns, "Nanoseconds."},
    {"us", "x", time_us, "Microseconds."},
    {"ms", "x", time_ms, "Milliseconds."},
    {"sec", "x", time_sec, "Seconds."},
    {"min", "x", time_min, "Minutes. (The smallest of numbers is `math.min`.)"},
    {"hours", "x", time_hours, "Hours."},
    {"per_second", "x", rate_per_second, "A rate."},
    {"per_minute", "x", rate_per_minute, "A rate."},
    {"per_hour", "x", rate_per_hour, "A rate."},
};
const struct binding_table bind_time = {
    "", "Time and rates",
    "A duration can be added to another, multiplied by a number and compared with "
    "another; "
    "divided by another it is a number. Everything that a lesson reads as a time "
    "(`s:p99(…)`, gauges in seconds, parameters) is one too. A bare number beside one, "
    "but "
    "for 0, is an error: `s:p99(…) > 2`. Fields that want one also take text: "
    "`\"1m30s\"`.",
    time_list, COUNT_OF(time_list)};

/* ---- distributions --------------------------------------------------------------- */

static void push_dist(lua_State *L, const struct dist *d)
{
    lua_createtable(L, 0, 6);
    mark_table(L, -1, "dist");
    lua_pushinteger(L, d->kind);
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, d->k);
    lua_setfield(L, -2, "k");
    lua_pushinteger(L, d->mean);
    lua_setfield(L, -2, "mean");
    lua_pushinteger(L, d->spread);
    lua_setfield(L, -2, "spread");
}

static sim_time dist_time(lua_State *L, int i, const char *what)
{
    luaL_checkany(L, i);
    return to_duration(L, i, 0, what);
}

static int give_dist(lua_State *L, struct dist d)
{
    push_dist(L, &d);
    return 1;
}

static int dist_fn_exponential(lua_State *L)
{
    return give_dist(L, (struct dist){DIST_EXPONENTIAL, 0, dist_time(L, 1, "mean"), 0});
}

static int dist_fn_uniform(lua_State *L)
{
    sim_time lo = dist_time(L, 1, "lowest"), hi = dist_time(L, 2, "highest");
    if (lo > hi)
        fail(L, 0, "uniform: the lowest is above the highest");
    return give_dist(L,
                     (struct dist){DIST_UNIFORM, 0, lo + (hi - lo) / 2, (hi - lo) / 2});
}

static int dist_fn_normal(lua_State *L)
{
    sim_time mean = dist_time(L, 1, "mean"), sd = dist_time(L, 2, "deviation");
    return give_dist(L, (struct dist){DIST_NORMAL, 0, mean, sd});
}

static int dist_fn_lognormal(lua_State *L)
{
    sim_time mean = dist_time(L, 1, "mean"), sd = dist_time(L, 2, "deviation");
    return give_dist(L, (struct dist){DIST_LOGNORMAL, 0, mean, sd});
}

static int dist_fn_erlang(lua_State *L)
{
    lua_Integer k = arg_integer(L, 1);
    luaL_argcheck(L, k >= 1 && k <= 100, 1, "stages: 1 to 100");
    return give_dist(L, (struct dist){DIST_ERLANG, (int)k, dist_time(L, 2, "mean"), 0});
}

/* `spread` carries a plain number in thousandths (see struct dist). */
static sim_time thousandths(lua_State *L, int i, double lo, double hi, const char *what)
{
    double x = arg_number(L, i);
    if (!(x >= lo && x <= hi))
        fail(L, 0, "%s must be %g to %g", what, lo, hi);
    return (sim_time)floor(x * 1000 + 0.5);
}

static int dist_fn_hyperexp(lua_State *L)
{
    sim_time mean = dist_time(L, 1, "mean");
    sim_time scv = thousandths(L, 2, 1, 1000, "the squared coefficient of variation");
    return give_dist(L, (struct dist){DIST_HYPEREXP, 0, mean, scv});
}

static int dist_fn_pareto(lua_State *L)
{
    sim_time mean = dist_time(L, 1, "mean");
    sim_time shape = thousandths(L, 2, 1.05, 100, "the shape");
    return give_dist(L, (struct dist){DIST_PARETO, 0, mean, shape});
}

static sim_time dist_field(lua_State *L, int t, const char *name)
{
    lua_getfield(L, t, name);
    lua_Integer v = plain_integer(L, -1);
    lua_pop(L, 1);
    return v < 0 ? 0 : v;
}

bool to_dist(lua_State *L, int i, int line, const char *what, struct dist *out)
{
    i = lua_absindex(L, i);
    if (!is_marked(L, i, "dist")) {
        *out = dist_const(to_duration(L, i, line, what));
        return false;
    }
    sim_time kind = dist_field(L, i, "kind"), k = dist_field(L, i, "k");
    if (kind > DIST_PARETO || k > 100)
        fail(L, line, "%s: this is not a distribution", what);
    *out = (struct dist){(enum dist_kind)kind, (int)k, dist_field(L, i, "mean"),
                         dist_field(L, i, "spread")};
    return true;
}

/* ---- curves ---------------------------------------------------------------------- */

static double number_field(lua_State *L, const char *name, double otherwise)
{
    lua_getfield(L, 1, name);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
        fail(L, 0, "%s must be a number, not a %s", name, type_word(L, -1));
    double x = lua_isnil(L, -1) ? otherwise : lua_tonumber(L, -1);
    lua_pop(L, 1);
    return x;
}

static sim_time duration_field(lua_State *L, const char *name, sim_time otherwise)
{
    lua_getfield(L, 1, name);
    sim_time t = lua_isnil(L, -1) ? otherwise : to_duration(L, -1, 0, name);
    lua_pop(L, 1);
    return t;
}

/* The names a curve's table may use: a misspelt one would be silent otherwise. */
static void only_fields(lua_State *L, const char *const *names, size_t n)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    push_sorted_keys(L, 1);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, keys, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
        bool known = lua_type(L, -1) == LUA_TNUMBER;
        for (size_t k = 0; k < n && !known; k++)
            known = !strcmp(names[k], lua_tostring(L, -1));
        if (!known)
            fail_unknown(L, 0, "unknown field", lua_tostring(L, -1), names, n);
    }
    lua_settop(L, 1);
}

static void push_point(lua_State *L, sim_time at, double factor, lua_Integer i)
{
    lua_createtable(L, 2, 0);
    lua_pushinteger(L, at);
    lua_rawseti(L, -2, 1);
    lua_pushnumber(L, factor);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, i);
}

/* A day: highest at `peak`, lowest half a period away, a cosine between. */
static int curve_diurnal(lua_State *L)
{
    static const char *const names[] = {"base", "low", "peak", "period"};
    only_fields(L, names, 4);
    double base = number_field(L, "base", -1), low = number_field(L, "low", 0.4);
    sim_time peak = duration_field(L, "peak", 0);
    sim_time period = duration_field(L, "period", 24 * SIM_HOUR);
    if (!(base >= 0) || !(low >= 0 && low <= 1) || period < SIM_SEC)
        fail(L, 0,
             "diurnal needs base >= 0, low from 0 to 1 and a period of a second or "
             "more");
    lua_settop(L, 0);
    host_charge(L, 49 * 8);
    lua_createtable(L, 48, 4);
    mark_table(L, 1, "curve");
    lua_pushnumber(L, base);
    lua_setfield(L, 1, "base");
    lua_pushinteger(L, period);
    lua_setfield(L, 1, "period");
    for (int i = 0; i <= 48; i++) {
        sim_time at = period / 48 * i;
        double turn = (double)(at - peak) / (double)period * 6.283185307179586;
        double high = (1 + tc_sin(turn + 1.5707963267948966)) / 2;
        push_point(L, at, low + (1 - low) * high, i + 1);
    }
    return 1;
}

static int curve_points(lua_State *L)
{
    static const char *const names[] = {"base", "period"};
    only_fields(L, names, 2);
    double base = number_field(L, "base", -1);
    if (!(base >= 0))
        fail(L, 0, "points needs base, the rate at factor 1");
    if (lua_rawlen(L, 1) == 0)
        fail(L, 0, "points needs at least one { time, factor }");
    mark_table(L, 1, "curve");
    return 1;
}

static const struct binding dist_list[] = {
    {"exponential", "mean", dist_fn_exponential, "Exponential."},
    {"uniform", "lowest, highest", dist_fn_uniform,
     "Anything between, equally likely."},
    {"normal", "mean, sd", dist_fn_normal, "Normal, cut below 0."},
    {"lognormal", "mean, sd", dist_fn_lognormal,
     "Lognormal, by its own mean and deviation."},
    {"erlang", "k, mean", dist_fn_erlang,
     "Erlang: k stages, more even than exponential."},
    {"hyperexp", "mean, scv", dist_fn_hyperexp,
     "Hyperexponential: mostly short, sometimes long; scv is variance by mean "
     "squared."},
    {"pareto", "mean, shape", dist_fn_pareto, "Pareto: a heavy tail; shape above 1."},
    {"diurnal", "{ base=, low=, peak=, period= }", curve_diurnal,
     "A client's rate over a day: `base` at `peak`, `low` times that half a period "
     "away."},
    {"points", "{ base=, period=, { time, factor }, … }", curve_points,
     "A client's rate: factors on `base`, linear in between; repeats after `period`, "
     "without one the last holds."},
};
const struct binding_table bind_dist = {
    "", "Distributions and curves",
    "Where a random duration is wanted, a plain duration is a constant one.", dist_list,
    COUNT_OF(dist_list)};

/* ---- draws ----------------------------------------------------------------------- */

/* A named draw has a stream of its own: the same name gives the same answer wherever it
 * is asked, in predicates too. An unnamed one takes the next number of the build's
 * stream. */
static struct rng *draw_stream(lua_State *L, bool named, struct rng *own)
{
    struct host *h = host_of(L);
    char stream[128];
    uint64_t seed;
    host_charge(L, 16);
    if (h->build)
        seed = h->build->seed;
    else if (h->facts && named)
        seed = world_seed(h->facts->world);
    else
        fail(L, 0,
             named ? "draws work in functions only, not while the file is read"
                   : "a draw without a name works in world and incident only");
    if (!named)
        return &h->build->rng;
    size_t n;
    const char *name = lua_tolstring(L, 1, &n);
    luaL_argcheck(L, n < 64, 1, "name too long");
    memcpy(stream, "lesson/", 7);
    memcpy(stream + 7, name, n + 1);
    rng_seed(own, seed, stream);
    return own;
}

static int draw_pick(lua_State *L)
{
    bool named = lua_type(L, 1) == LUA_TSTRING;
    int list = named ? 2 : 1;
    struct rng own;
    luaL_checktype(L, list, LUA_TTABLE);
    size_t n = lua_rawlen(L, list);
    luaL_argcheck(L, n > 0 && n <= LIST_MAX, list, "needs 1 to 512 elements");
    uint32_t i = rng_below(draw_stream(L, named, &own), (uint32_t)n);
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    return 1;
}

static int draw_vary(lua_State *L)
{
    bool named = lua_type(L, 1) == LUA_TSTRING;
    int a = named ? 2 : 1;
    struct rng own;
    lua_Number lo = arg_number(L, a), hi = arg_number(L, a + 1);
    luaL_argcheck(L, lo <= hi && hi - lo < 1e18, a,
                  "the lowest must not be above the highest");
    double u = rng_unit(draw_stream(L, named, &own));
    if (is_duration(L, a) || is_duration(L, a + 1))
        duration_push(L, lo + floor(u * (hi - lo + 1)));
    else if (lua_isinteger(L, a) && lua_isinteger(L, a + 1))
        lua_pushinteger(L, lua_tointeger(L, a) +
                               (lua_Integer)floor(u * ((double)(hi - lo) + 1)));
    else
        lua_pushnumber(L, lo + u * (hi - lo));
    return 1;
}

static const struct binding draw_list[] = {
    {"pick", "[name,] { … }", draw_pick, "One of a list."},
    {"vary", "[name,] lowest, highest", draw_vary,
     "A number between; whole when both ends are whole."},
};
const struct binding_table bind_draw = {"", "Draws",
                                        "From the seed, so that another seed is "
                                        "another night. With a name the answer is the "
                                        "same wherever it is asked; without one, in "
                                        "world and incident only, it is the next one.",
                                        draw_list, COUNT_OF(draw_list)};
