/*
 * The view of a predicate: `s`, a world and its recording, read only. Every name is
 * resolved when it is asked for and a wrong one is a broken lesson, with a suggestion.
 * Whatever has the unit of seconds is given as a duration, so that it compares with
 * sec(2).
 */
#include "facts.h"
#include "binding.h"
#include "build.h"
#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char view_key; /* registry: the metatable of views */

const struct lesson_facts *facts_of(lua_State *L)
{
    const struct lesson_facts *f = host_of(L)->facts;
    if (!f)
        fail(L, 0, "s can be used only while a predicate is asked");
    return f;
}

const struct model *facts_model(lua_State *L)
{
    return world_model(facts_of(L)->world);
}

const char *facts_text(lua_State *L, int i, const char *what)
{
    if (lua_type(L, i) != LUA_TSTRING)
        fail(L, 0, "%s must be text, not a %s", what, type_word(L, i));
    return lua_tostring(L, i);
}

/* ---- windows --------------------------------------------------------------------- */

sim_time facts_last_sample(const struct lesson_facts *f)
{
    sim_time now = f->as_of ? f->as_of : world_now(f->world);
    sim_time end = recording_end(f->rec);
    return end < now ? end : now;
}

static struct window window_of(lua_State *L, int i, sim_time least)
{
    const struct lesson_facts *f = facts_of(L);
    if (lua_isnoneornil(L, i))
        fail(L, 0, "a window is missing, like min(1)");
    sim_time length = to_duration(L, i, 0, "the window"), to = facts_last_sample(f);
    if (length < least)
        fail(L, 0, "a window must be a second or more");
    host_charge(L, 20 + (uint64_t)(length / (10 * SIM_SEC)));
    return (struct window){length > to ? 0 : to - length, to};
}

struct window facts_window(lua_State *L, int i)
{
    return window_of(L, i, SIM_SEC);
}

/* ---- values ---------------------------------------------------------------------- */

static bool in_seconds(const struct metric_desc *d)
{
    return d->unit && !strcmp(d->unit, "s");
}

int facts_push_seconds(lua_State *L, double seconds)
{
    return duration_push(L, seconds * (double)SIM_SEC);
}

static int push_metric(lua_State *L, const struct metric_desc *d, double x)
{
    if (in_seconds(d))
        return facts_push_seconds(L, x);
    lua_pushnumber(L, x);
    return 1;
}

static int push_value(lua_State *L, const struct model *m, const struct param_desc *p,
                      const struct value *v)
{
    char name[64];
    switch (v->type) {
    case VALUE_NUMBER:
    case VALUE_FRACTION:
        lua_pushnumber(L, v->as.number);
        break;
    case VALUE_COUNT:
        lua_pushinteger(L, v->as.count);
        break;
    case VALUE_DURATION:
        duration_push_whole(L, v->as.duration);
        break;
    case VALUE_BOOL:
        lua_pushboolean(L, v->as.on);
        break;
    case VALUE_DIST:
        duration_push_whole(L, v->as.dist.mean);
        break;
    case VALUE_TEXT:
        lua_pushstring(L, v->as.text ? v->as.text : "");
        break;
    case VALUE_COMP:
        lua_pushstring(L, v->as.comp == COMP_NONE ? "" : model_name(m, v->as.comp));
        break;
    case VALUE_CHOICE:
        if (!p->choices ||
            !choice_name(p->choices, (size_t)v->as.count, name, sizeof name))
            name[0] = '\0';
        lua_pushstring(L, name);
        break;
    default:
        lua_pushnil(L);
    }
    return 1;
}

static const struct metric_desc *find_metric(const struct kind_desc *k,
                                             const char *name, size_t *index)
{
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name)) {
            *index = i;
            return &k->metrics[i];
        }
    return NULL;
}

static void no_metric(lua_State *L, const struct kind_desc *k, const char *word,
                      bool params)
{
    size_t n = 0, max = k->nmetrics + k->nparams;
    char what[64];
    const char **names = lua_newuserdatauv(L, (max + 1) * sizeof *names, 0);
    for (size_t i = 0; i < k->nmetrics; i++)
        names[n++] = k->metrics[i].name;
    for (size_t i = 0; params && i < k->nparams; i++)
        names[n++] = k->params[i].name;
    snprintf(what, sizeof what, "a %s has no metric", k->name);
    fail_unknown(L, 0, what, word, names, n);
}

static const struct metric_desc *need_metric(lua_State *L, comp_id c, const char *name,
                                             size_t *index)
{
    const struct kind_desc *k = model_kind(facts_model(L), c);
    const struct metric_desc *d = find_metric(k, name, index);
    if (!d)
        no_metric(L, k, name, false);
    return d;
}

static void need_instance(lua_State *L, struct view v, const char *name)
{
    const char *word = "instances";
    int had = world_instances(facts_of(L)->world, v.c);
    int most =
        v.instance > had ? model_numbers(facts_model(L), v.c, &word) : v.instance;
    if (v.instance > most)
        fail(L, 0, "there is no %s-%d: its %s are 1 to %d", name, v.instance, word,
             most > had ? most : had);
}

/* "checkout" or "checkout-3" at index i. */
struct view facts_target(lua_State *L, int i)
{
    const struct model *m = facts_model(L);
    struct view v = {COMP_NONE, 0};
    struct errmsg why = {0};
    const char *name = facts_text(L, i, "the component");
    host_charge(L, 10);
    v.c = model_find(m, name);
    if (v.c == COMP_NONE && model_resolve(m, name, &v.c, &v.instance, &why) != ERR_OK)
        find_comp(L, m, name, 0);
    need_instance(L, v, model_name(m, v.c));
    return v;
}

/* ---- views ----------------------------------------------------------------------- */

static int view_field(lua_State *L)
{
    const struct view *v = lua_touserdata(L, 1);
    const struct world *w = facts_now(L, "of");
    const char *name = facts_text(L, 2, "a field");
    const struct kind_desc *k = model_kind(facts_model(L), v->c);
    size_t i;
    host_charge(L, 10);
    const struct metric_desc *d = find_metric(k, name, &i);
    if (d)
        return push_metric(L, d, world_metric_at(w, v->c, i, v->instance));
    for (i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, name)) {
            struct value value = world_get(w, v->c, name);
            return push_value(L, facts_model(L), &k->params[i], &value);
        }
    no_metric(L, k, name, true);
    return 0;
}

static int view_index(lua_State *L)
{
    const struct view *v = lua_touserdata(L, 1);
    char what[120];
    view_field(L);
    if (host_of(L)->parts) {
        const char *owner = model_name(facts_model(L), v->c);
        int n = snprintf(what, sizeof what, "%.60s", owner);
        if (v->instance > 0)
            n += snprintf(what + n, sizeof what - (size_t)n, "-%d", v->instance);
        snprintf(what + n, sizeof what - (size_t)n, ".%.40s", lua_tostring(L, 2));
        parts_note(L, what, -1);
    }
    return 1;
}

static int push_view(lua_State *L, struct view v)
{
    struct view *u = lua_newuserdatauv(L, sizeof *u, 0);
    *u = v;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &view_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushcfunction(L, view_index);
        lua_setfield(L, -2, "__index");
        lua_pushliteral(L, "locked");
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &view_key);
    }
    lua_setmetatable(L, -2);
    return 1;
}

static struct view view_at(lua_State *L, int i)
{
    struct view v = facts_target(L, i);
    if (!lua_isnoneornil(L, i + 1)) {
        lua_Integer n = arg_integer(L, i + 1);
        luaL_argcheck(L, n >= 0 && n <= 10000, i, "not an instance's number");
        v.instance = (int)n;
        need_instance(L, v, model_name(facts_model(L), v.c));
    }
    return v;
}

static int s_of(lua_State *L)
{
    return push_view(L, view_at(L, 2));
}

/* s:KIND(name): as s:of, and it must be of that kind. */
static int s_kind(lua_State *L)
{
    const struct kind_desc *k = lua_touserdata(L, lua_upvalueindex(1));
    struct view v = view_at(L, 2);
    const struct kind_desc *kind = model_kind(facts_model(L), v.c);
    if (kind != k && !str_eq(kind->name, k->name))
        fail(L, 0, "'%s' is a %s, not a %s", model_name(facts_model(L), v.c),
             kind->name, k->name);
    return push_view(L, v);
}

/* ---- metrics now and over time --------------------------------------------------- */

static int s_metric(lua_State *L)
{
    struct view v = facts_target(L, 2);
    size_t i;
    const struct metric_desc *d =
        need_metric(L, v.c, facts_text(L, 3, "the metric"), &i);
    if (!lua_isnoneornil(L, 4)) {
        v.instance = (int)arg_integer(L, 4);
        need_instance(L, v, model_name(facts_model(L), v.c));
    }
    return push_metric(L, d,
                       world_metric_at(facts_now(L, "metric"), v.c, i, v.instance));
}

struct asked { /* a series and a window, from the arguments */
    struct series s;
    const struct metric_desc *d;
    struct window w;
};

/* (component, metric, window), or for business counters (counter, window). */
static struct asked series_at_args(lua_State *L, sim_time least)
{
    struct asked a = {0};
    struct view v = facts_target(L, 2);
    size_t i = 0;
    int next = 3;
    if (lua_type(L, 3) == LUA_TSTRING) {
        a.d = need_metric(L, v.c, lua_tostring(L, 3), &i);
        next = 4;
    } else {
        const struct kind_desc *k = model_kind(facts_model(L), v.c);
        if (!str_eq(k->name, "counter") || k->nmetrics == 0)
            fail(L, 0, "'%s' is a %s: say which metric",
                 model_name(facts_model(L), v.c), k->name);
        a.d = &k->metrics[0];
    }
    a.s = (struct series){v.c, (uint16_t)i, v.instance};
    a.w = window_of(L, next, least);
    return a;
}

static int s_rate(lua_State *L)
{
    struct asked a = series_at_args(L, SIM_SEC);
    if (a.d->type != METRIC_COUNTER)
        fail(L, 0, "%s is not a counter; use mean, highest or lowest", a.d->name);
    lua_pushnumber(L, series_rate(facts_of(L)->rec, a.s, a.w.from, a.w.to));
    return 1;
}

static int s_increase(lua_State *L)
{
    struct asked a = series_at_args(L, SIM_SEC);
    if (a.d->type != METRIC_COUNTER)
        fail(L, 0, "%s is not a counter; use mean, highest or lowest", a.d->name);
    double rate = series_rate(facts_of(L)->rec, a.s, a.w.from, a.w.to);
    return push_metric(L, a.d, rate * ((double)(a.w.to - a.w.from) / (double)SIM_SEC));
}

/* ("charges"), or (component, metric). */
static int s_total(lua_State *L)
{
    struct view v = facts_target(L, 2);
    const struct kind_desc *k = model_kind(facts_model(L), v.c);
    size_t i = 0;
    const struct metric_desc *d = &k->metrics[0];
    if (lua_type(L, 3) == LUA_TSTRING)
        d = need_metric(L, v.c, lua_tostring(L, 3), &i);
    else if (!str_eq(k->name, "counter"))
        fail(L, 0, "'%s' is a %s: say which metric", model_name(facts_model(L), v.c),
             k->name);
    if (d->type != METRIC_COUNTER)
        fail(L, 0, "%s is not a counter; use mean, highest or lowest", d->name);
    const struct lesson_facts *f = facts_of(L);
    double x = series_at(f->rec, (struct series){v.c, (uint16_t)i, v.instance},
                         facts_last_sample(f));
    return push_metric(L, d, isnan(x) ? 0 : x);
}

static int over_time(lua_State *L, double (*of)(const struct recording *, struct series,
                                                sim_time, sim_time))
{
    struct asked a = series_at_args(L, SIM_SEC);
    if (a.d->type == METRIC_COUNTER)
        fail(L, 0, "%s is a counter; use rate or increase", a.d->name);
    return push_metric(L, a.d, of(facts_of(L)->rec, a.s, a.w.from, a.w.to));
}

static int s_mean(lua_State *L)
{
    return over_time(L, series_mean);
}

static int s_highest(lua_State *L)
{
    return over_time(L, series_max);
}

static int s_lowest(lua_State *L)
{
    return over_time(L, series_min);
}

static int s_ago(lua_State *L)
{
    struct asked a = series_at_args(L, 0);
    return push_metric(L, a.d, series_at(facts_of(L)->rec, a.s, a.w.from));
}

/* ---- the system ------------------------------------------------------------------ */

static int s_param(lua_State *L)
{
    const struct world *w = facts_now(L, "param");
    const struct param_desc *p;
    struct errmsg why = {0};
    comp_id c;
    host_charge(L, 20);
    if (model_resolve_param(facts_model(L), facts_text(L, 2, "the parameter"), &c, &p,
                            &why) != ERR_OK)
        fail(L, 0, "%s", why.text);
    struct value v = world_get(w, c, p->name);
    return push_value(L, facts_model(L), p, &v);
}

static int s_flag(lua_State *L)
{
    struct view v = facts_target(L, 2);
    if (!str_eq(model_kind(facts_model(L), v.c)->name, "flag"))
        fail(L, 0, "'%s' is a %s, not a flag", model_name(facts_model(L), v.c),
             model_kind(facts_model(L), v.c)->name);
    lua_pushboolean(L, world_get(facts_now(L, "flag"), v.c, "on").as.on);
    return 1;
}

static comp_id service_at(lua_State *L, int i)
{
    struct view v = facts_target(L, i);
    if (!str_eq(model_kind(facts_model(L), v.c)->name, "service"))
        fail(L, 0, "'%s' is a %s, not a service", model_name(facts_model(L), v.c),
             model_kind(facts_model(L), v.c)->name);
    return v.c;
}

/* Instances that are up; with a version, those of that version; `ready`: that are
 * ready. */
static lua_Integer count_instances(lua_State *L, comp_id c, const char *version,
                                   bool ready)
{
    const struct world *w = facts_now(L, "instances");
    lua_Integer count = 0;
    int n = world_instances(w, c);
    host_charge(L, (uint64_t)n * 2);
    for (int i = 1; i <= n; i++) {
        struct instance_view v;
        world_instance(w, c, i, &v);
        count += v.state == INSTANCE_UP && (!ready || v.ready) &&
                 (!version || str_eq(version, v.version));
    }
    return count;
}

static void need_version(lua_State *L, comp_id c, const char *version)
{
    const struct model *m = facts_model(L);
    const char *names[64];
    char what[100];
    size_t n = 0;
    for (; n < model_versions(m, c) && n < 64; n++) {
        names[n] = model_version(m, c, n);
        if (str_eq(names[n], version))
            return;
    }
    snprintf(what, sizeof what, "%.60s has no version", model_name(m, c));
    fail_unknown(L, 0, what, version, names, n);
}

static int s_instances(lua_State *L)
{
    comp_id c = service_at(L, 2);
    const char *version =
        lua_isnoneornil(L, 3) ? NULL : facts_text(L, 3, "the version");
    if (version)
        need_version(L, c, version);
    lua_pushinteger(L, count_instances(L, c, version, false));
    return 1;
}

static int s_ready(lua_State *L)
{
    lua_pushinteger(L, count_instances(L, service_at(L, 2), NULL, true));
    return 1;
}

/* The version that most of the instances that are up run; of equals the newer. */
static int s_version(lua_State *L)
{
    comp_id c = service_at(L, 2);
    const struct model *m = facts_model(L);
    lua_Integer most = -1;
    for (size_t i = 0; i < model_versions(m, c); i++) {
        lua_Integer n = count_instances(L, c, model_version(m, c, i), false);
        if (n >= most) {
            most = n;
            lua_settop(L, 2);
            lua_pushstring(L, model_version(m, c, i));
        }
    }
    return most < 0 ? 0 : 1;
}

static void need_alert(lua_State *L, const struct recording *r, const char *name)
{
    const char *names[64];
    size_t all, n = 0;
    const struct alert_rule *rules = recording_rules(r, &all);
    for (; n < all && n < 64; n++) {
        names[n] = rules[n].name;
        if (str_eq(names[n], name))
            return;
    }
    fail_unknown(L, 0, "there is no alert", name, names, n);
}

static int s_alerting(lua_State *L)
{
    const struct recording *r = facts_of(L)->rec;
    const char *name = lua_isnoneornil(L, 2) ? NULL : facts_text(L, 2, "the alert");
    sim_time now = world_now(facts_now(L, "alerting"));
    bool firing = false;
    size_t n = recording_alerts(r);
    host_charge(L, n);
    if (name)
        need_alert(L, r, name);
    for (size_t i = 0; i < n; i++) {
        struct alert a = recording_alert(r, i);
        firing |=
            a.since <= now && a.until > now && (!name || str_eq(a.rule->name, name));
    }
    lua_pushboolean(L, firing);
    return 1;
}

static const struct binding facts_list[] = {
    {"of", "name[, instance]", s_of,
     "A component: its metrics and parameters as fields, as they are now."},
    {"metric", "name, metric[, instance]", s_metric, "One metric, as it is now."},
    {"rate", "name, metric, window", s_rate,
     "A counter's increase per second. A business counter needs no metric."},
    {"increase", "name, metric, window", s_increase, "A counter's increase."},
    {"total", "name, metric", s_total,
     "A counter since the beginning. A business counter needs no metric."},
    {"mean", "name, metric, window", s_mean, "A gauge's mean."},
    {"highest", "name, metric, window", s_highest, "A gauge's highest value."},
    {"lowest", "name, metric, window", s_lowest, "A gauge's lowest value."},
    {"ago", "name, metric, time", s_ago, "The value as it was so long ago."},
    {"p50", "endpoint or client, window", s_p50, "Median latency, a duration."},
    {"p95", "endpoint or client, window", s_p95, "95th percentile, a duration."},
    {"p99", "endpoint or client, window", s_p99, "99th percentile, a duration."},
    {"latency", "endpoint or client, window", s_latency, "Mean latency, a duration."},
    {"quantile", "endpoint or client, q, window", s_quantile, "Any quantile."},
    {"good", "window", s_good, "The share of good user requests."},
    {"good_of", "client, window", s_good_of, "The same, of one client."},
    {"bad", "window", s_bad, "How many user requests were bad."},
    {"good_for", "duration", s_good_for,
     "All promises were kept for so long, all of it after the first change. Users: the "
     "objective was met over all of it and over each half (or one request was bad), "
     "and "
     "in no half-minute were three or more bad while the budget burned ten times too "
     "fast; where nobody came that is not known, and not true. Data: `holds` is true, "
     "and "
     "`broken` did not rise. Fresh: never older."},
    {"budget", "", s_budget, "The share of the error budget that is left."},
    {"seen", "subject[, facet]", s_seen,
     "The learner looked at it in this step: \"checkout\", \"pool\"; or \"changes\"."},
    {"suspected", "", s_suspected, "A right suspicion is open."},
    {"now", "", s_now, "Simulated time."},
    {"changed", "", s_changed, "The learner has changed something."},
    {"improved", "[id]", s_improved,
     "Of a design: how many improvements were chosen; with an id whether that one "
     "was."},
    {"since_change", "", s_since_change,
     "Time since the last change, a second at least, so that it can be a window; not a "
     "number (compares false) before any."},
    {"since_first_change", "", s_since_first_change,
     "Time since the first change, likewise."},
    {"in_step", "", s_in_step, "Time since this step began, likewise."},
    {"param", "\"component.parameter\"", s_param, "A parameter, as it is now."},
    {"flag", "name", s_flag, "A feature flag is on."},
    {"instances", "service[, version]", s_instances, "Instances that are up."},
    {"ready", "service", s_ready, "Instances that are up and answer ready."},
    {"version", "service", s_version, "What most instances run."},
    {"alerting", "[alert]", s_alerting, "This alert is firing; without a name: any."},
};
const struct binding_table bind_facts = {
    "s", "Predicates",
    "What every `function(s)` is given. Also `s:service(name)`, `s:database(name)` and "
    "so on "
    "for each kind: as `s:of`, and it must be of that kind. A number that is not there "
    "(nothing finished, no traffic) is not a number and compares as false. Windows end "
    "now.",
    facts_list, COUNT_OF(facts_list)};

/* s:NAME: a method, or a kind. */
int facts_index(lua_State *L)
{
    const char *names[128], *word = facts_text(L, 2, "a name");
    size_t n = 0;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        parts_wrap(L, word);
        return 1;
    }
    for (size_t i = 0; i < sim_kinds(); i++)
        if (!strcmp(sim_kind(i)->name, word)) {
            lua_pushlightuserdata(L, (void *)sim_kind(i));
            lua_pushcclosure(L, s_kind, 1);
            return 1;
        }
    for (size_t i = 0; i < bind_facts.n; i++)
        names[n++] = facts_list[i].name;
    for (size_t i = 0; i < sim_kinds() && n < 128; i++)
        names[n++] = sim_kind(i)->name;
    fail_unknown(L, 0, "s has no", word, names, n);
}
