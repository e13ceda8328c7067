/*
 * Facts of `s` about users and the learner: latency, the share that was served well,
 * good_for, and what was seen and done.
 */
#include "build.h"
#include "facts.h"
#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- latency --------------------------------------------------------------------- */

static int quantile(lua_State *L, double q, int window)
{
    struct view v = facts_target(L, 2);
    struct window w = facts_window(L, window);
    const char *kind = model_kind(facts_model(L), v.c)->name;
    if (!str_eq(kind, "endpoint") && !str_eq(kind, "client"))
        fail(L, 0,
             "latency is kept for endpoints (\"checkout/buy\") and clients, not for "
             "a %s",
             kind);
    double x = q < 0 ? latency_mean(facts_of(L)->rec, v.c, w.from, w.to)
                     : latency_quantile(facts_of(L)->rec, v.c, w.from, w.to, q);
    return facts_push_seconds(L, x);
}

int s_p50(lua_State *L)
{
    return quantile(L, 0.5, 3);
}

int s_p95(lua_State *L)
{
    return quantile(L, 0.95, 3);
}

int s_p99(lua_State *L)
{
    return quantile(L, 0.99, 3);
}

int s_latency(lua_State *L)
{
    return quantile(L, -1, 3);
}

int s_quantile(lua_State *L)
{
    double q = arg_number(L, 3);
    luaL_argcheck(L, q >= 0 && q <= 1, 3, "must be from 0 to 1");
    return quantile(L, q, 4);
}

/* ---- users ----------------------------------------------------------------------- */

int s_good(lua_State *L)
{
    struct window w = facts_window(L, 2);
    lua_pushnumber(L, recording_good(facts_of(L)->rec, w.from, w.to));
    return 1;
}

int s_good_of(lua_State *L)
{
    struct view v = facts_target(L, 2);
    struct window w = facts_window(L, 3);
    const char *kind = model_kind(facts_model(L), v.c)->name;
    if (!str_eq(kind, "client") && !str_eq(kind, "subscription") &&
        !str_eq(kind, "job"))
        fail(L, 0, "'%s' is not a client, subscription or job",
             model_name(facts_model(L), v.c));
    lua_pushnumber(L, recording_good_of(facts_of(L)->rec, v.c, w.from, w.to));
    return 1;
}

int s_bad(lua_State *L)
{
    struct window w = facts_window(L, 2);
    lua_pushinteger(L,
                    (lua_Integer)recording_bad_count(facts_of(L)->rec, w.from, w.to));
    return 1;
}

/* Where few requests are, one bad one says nothing: a window may hold one, and a
 * half-minute is bad only with three, when the budget burns ten times too fast. */
enum { SLICE_BAD = 3 };
#define SLICE (30 * SIM_SEC)

static bool slice_bad(const struct recording *r, sim_time from, sim_time to,
                      double budget)
{
    double worst = budget * 10 < 0.5 ? budget * 10 : 0.5;
    return recording_bad_count(r, from, to) >= SLICE_BAD &&
           1 - recording_good(r, from, to) > worst;
}

/* False as well when nobody asked for anything: that proves nothing. */
static bool objective_met(const struct recording *r, sim_time from, sim_time to,
                          double objective)
{
    return recording_good(r, from, to) >= objective ||
           recording_bad_count(r, from, to) == 1;
}

static bool good_throughout(lua_State *L, struct window w, double objective)
{
    const struct recording *r = facts_of(L)->rec;
    sim_time half = w.from + (w.to - w.from) / 2;
    if (!objective_met(r, w.from, w.to, objective) ||
        !objective_met(r, w.from, half, objective) ||
        !objective_met(r, half, w.to, objective))
        return false;
    for (sim_time to = w.to; to > w.from; to -= SLICE) {
        host_charge(L, 4);
        if (slice_bad(r, to - SLICE > w.from ? to - SLICE : w.from, to, 1 - objective))
            return false;
    }
    return true;
}

/* For whoever asks why good_for is false: how long users have been well by now. */
static void tell_good_for(lua_State *L, sim_time length, double objective)
{
    const struct lesson_facts *f = facts_of(L);
    struct host *h = host_of(L);
    sim_time now = world_now(f->world), to = facts_last_sample(f), best = 0;
    struct buf b;
    if (f->first_change > now) {
        snprintf(h->part, sizeof h->part, "nothing was changed yet");
        return;
    }
    if (length > now - f->first_change)
        length = now - f->first_change;
    for (sim_time t = SLICE; t <= length; t += SLICE)
        if (good_throughout(L, (struct window){to - t, to}, objective))
            best = t;
    buf_init(&b, 0);
    time_format(&b, best);
    snprintf(h->part, sizeof h->part, "%.60s", b.s);
    buf_release(&b);
}

int s_good_for(lua_State *L)
{
    const struct lesson_facts *f = facts_of(L);
    const struct slo *slo = model_get_slo(facts_model(L));
    sim_time length = to_duration(L, 2, 0, "the duration"), now = world_now(f->world);
    struct window w = facts_window(L, 2);
    if (!slo)
        fail(L, 0, "good_for needs promises = { users = { … } }");
    bool since = f->first_change <= now && now - f->first_change >= length;
    bool good =
        since && good_throughout(L, w, slo->objective) && facts_promises_kept(L, w);
    if (!good && host_of(L)->parts)
        tell_good_for(L, length, slo->objective);
    lua_pushboolean(L, good);
    return 1;
}

int s_budget(lua_State *L)
{
    const struct lesson_facts *f = facts_of(L);
    host_charge(L, 20);
    lua_pushnumber(L, recording_slo(f->rec, facts_last_sample(f)).budget);
    return 1;
}

/* ---- the learner ----------------------------------------------------------------- */

void check_subject(lua_State *L, const struct model *m, const char *subject, int line)
{
    static const char *const alone[] = {"status", "map", "alerts", "changes",
                                        "tickets"};
    const char *colon = strchr(subject, ':');
    for (size_t i = 0; i < COUNT_OF(alone); i++)
        if (str_eq(alone[i], subject))
            return;
    char name[200];
    snprintf(name, sizeof name, "%.*s",
             (int)(colon ? colon - subject : (long)strlen(subject)), subject);
    comp_id c = find_comp(L, m, name, line);
    if (colon)
        check_facet(L, m, c, colon + 1, line);
}

/* ("changes"), ("checkout") or ("checkout", "pool"); a misspelt one would never be
 * true. */
int s_seen(lua_State *L)
{
    const struct lesson_facts *f = facts_of(L);
    char subject[200];
    const char *name = facts_text(L, 2, "what was seen");
    host_charge(L, 20);
    if (!lua_isnoneornil(L, 3)) {
        snprintf(subject, sizeof subject, "%.90s:%.90s", name,
                 facts_text(L, 3, "the facet"));
        name = subject;
    }
    check_subject(L, facts_model(L), name, 0);
    facts_now(L, "seen");
    lua_pushboolean(L, f->seen && f->seen(f->seen_ctx, name));
    return 1;
}

int s_suspected(lua_State *L)
{
    lua_pushboolean(L, facts_of(L)->suspected);
    return 1;
}

int s_now(lua_State *L)
{
    const struct lesson_facts *f = facts_of(L);
    return duration_push_whole(L, f->as_of ? f->as_of : world_now(f->world));
}

/* A second at least: the shortest window, so that what happened since can be asked for at
 * once. */
static int push_since(lua_State *L, sim_time t)
{
    sim_time now = world_now(facts_now(L, "since_change"));
    if (t > now)
        lua_pushnumber(L, (lua_Number)NAN); /* compares as false with everything */
    else
        duration_push_whole(L, now - t > SIM_SEC ? now - t : SIM_SEC);
    return 1;
}

int s_since_change(lua_State *L)
{
    return push_since(L, facts_of(L)->last_change);
}

int s_since_first_change(lua_State *L)
{
    return push_since(L, facts_of(L)->first_change);
}

int s_in_step(lua_State *L)
{
    return push_since(L, facts_of(L)->step_started);
}

int s_improved(lua_State *L)
{
    const struct lesson_facts *f = facts_of(L);
    const struct design *d = &host_of(L)->lesson->design;
    const char *names[IMPROVEMENTS_MAX];
    if (lua_isnoneornil(L, 2)) {
        lua_pushinteger(L, (lua_Integer)design_set_size(f->improved));
        return 1;
    }
    const char *id = facts_text(L, 2, "the improvement");
    for (size_t i = 0; i < d->n; i++) {
        names[i] = d->list[i].id;
        if (!str_eq(id, d->list[i].id))
            continue;
        lua_pushboolean(L, (f->improved & (design_set)1 << i) != 0);
        return 1;
    }
    fail_unknown(L, 0, "there is no improvement", id, names, d->n);
}

int s_changed(lua_State *L)
{
    lua_pushboolean(L, facts_of(L)->first_change <= world_now(facts_of(L)->world));
    return 1;
}
