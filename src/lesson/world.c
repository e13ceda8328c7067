/*
 * A lesson's world, built from a seed: its functions `world` and `incident` run once, in a
 * Lua state of their own, and what they made is finished, checked and handed over. What is
 * made belongs to the caller from the first byte, so that an error in the middle loses
 * nothing.
 */
#include "binding.h"
#include "build.h"
#include "lesson_internal.h"

#include <string.h>

static void check_components(lua_State *L, struct build *b)
{
    const struct lesson *l = b->l;
    check_suspects_in(L, l, b->m);
    for (size_t i = 0; i < l->nwrongs; i++)
        if (l->wrongs[i].client)
            find_comp(L, b->m, l->wrongs[i].client,
                      scan_line(&l->scan, l->wrongs[i].title, l->line));
}

static void set_objective(lua_State *L, struct build *b)
{
    const struct slo_decl *s = &b->l->promises.users;
    comp_id clients[CLIENTS_MAX];
    if (!s->given)
        return;
    for (size_t i = 0; i < s->nclients; i++)
        clients[i] = find_comp(L, b->m, s->clients[i],
                               scan_line(&b->l->scan, s->clients[i], s->line));
    if (model_slo(b->m, &s->slo, clients, s->nclients, &b->why) != ERR_OK)
        fail_model(L, b, s->line);
}

/* Of a kind's metrics; `names` get them, for a suggestion. */
static bool metric_known(const struct kind_desc *k, const char *metric,
                         const char *names[128], size_t *n, size_t *index)
{
    for (*n = 0; *n < k->nmetrics && *n < 128; ++*n) {
        names[*n] = k->metrics[*n].name;
        if (str_eq(names[*n], metric)) {
            *index = *n;
            return true;
        }
    }
    return false;
}

static struct alert_rule make_rule(lua_State *L, struct build *b,
                                   const struct alert_decl *a)
{
    struct alert_rule r = a->rule;
    const char *names[128];
    size_t n, i;
    if (r.kind == ALERT_THRESHOLD) {
        r.comp = find_comp(L, b->m, a->comp, a->line);
        if (!metric_known(model_kind(b->m, r.comp), r.metric, names, &n, &i))
            fail_unknown(L, a->line, "there is no metric", r.metric, names, n);
    }
    r.name = arena_strdup(&b->out->mem, r.name);
    r.metric = r.kind == ALERT_BURN ? "" : arena_strdup(&b->out->mem, r.metric);
    return r;
}

static void set_rules(lua_State *L, struct build *b)
{
    const struct lesson *l = b->l;
    struct lesson_world *out = b->out;
    out->rules = arena_alloc(&out->mem, (l->nalerts + 2) * sizeof *out->rules);
    out->warns = arena_alloc(&out->mem, (l->npreventions + 1) * sizeof *out->warns);
    for (size_t i = 0; i < l->nalerts; i++)
        out->rules[out->nrules++] = make_rule(L, b, &l->alerts[i]);
    for (size_t i = 0; i < l->npreventions; i++) {
        if (!l->preventions[i].says.warned)
            continue;
        out->warns[i] = make_rule(L, b, &l->preventions[i].alert);
        if (b->prevented == i)
            out->rules[out->nrules++] = out->warns[i];
    }
}

/* "orders_placed", or "checkout.cpu". */
static struct shown_series find_shown(lua_State *L, struct build *b, const char *name)
{
    const char *names[128], *dot = strrchr(name, '.');
    char comp[NAME_BYTES];
    size_t n;
    int line =
        scan_line(&b->l->scan, name, scan_line(&b->l->scan, "shows", b->l->line));
    struct shown_series out = {model_find(b->m, name), 0};
    if (out.comp == COMP_NONE && dot && (size_t)(dot - name) < sizeof comp) {
        memcpy(comp, name, (size_t)(dot - name));
        comp[dot - name] = '\0';
        out.comp = find_comp(L, b->m, comp, line);
        if (!metric_known(model_kind(b->m, out.comp), dot + 1, names, &n, &out.metric))
            fail_unknown(L, line, "there is no metric", dot + 1, names, n);
        return out;
    }
    if (out.comp == COMP_NONE)
        find_comp(L, b->m, name, line);
    if (!str_eq(model_kind(b->m, out.comp)->name, "counter"))
        fail(L, line,
             "shows: '%.60s' is a %s, not a counter; say which metric: \"%.60s.…\"",
             name, model_kind(b->m, out.comp)->name, name);
    return out;
}

static void set_shown(lua_State *L, struct build *b)
{
    const struct lesson *l = b->l;
    b->out->shown = arena_alloc(&b->out->mem, (l->nshows + 1) * sizeof *b->out->shown);
    for (size_t i = 0; i < l->nshows; i++)
        b->out->shown[b->out->nshown++] = find_shown(L, b, l->shows[i]);
}

/* Each fresh promise is about a kind that has an age. */
static void set_fresh(lua_State *L, struct build *b)
{
    const struct promises_decl *p = &b->l->promises;
    b->out->fresh = arena_alloc(&b->out->mem, (p->nfresh + 1) * sizeof *b->out->fresh);
    for (size_t i = 0; i < p->nfresh; i++) {
        const char *names[128];
        size_t n;
        struct shown_series *s = &b->out->fresh[i];
        s->comp = find_comp(L, b->m, p->fresh[i].of, p->fresh[i].line);
        const struct kind_desc *k = model_kind(b->m, s->comp);
        if (!k->age)
            fail(L, p->fresh[i].line,
                 "'%.60s' is a %s, whose data have no age; a replica, subscription, "
                 "broker, job or backup has one",
                 p->fresh[i].of, k->name);
        if (!metric_known(k, k->age, names, &n, &s->metric))
            BUG("a kind's age is not among its metrics");
    }
}

static int build_inside(lua_State *L)
{
    struct build *b = lua_touserdata(L, 1);
    fn_push(L, b->l->world);
    object_push(L, "w");
    lua_call(L, 1, 0);
    build_twin(L, b);
    build_prevention(L, b);
    build_improvements(L, b);
    b->incident = true;
    if (b->l->incident != FN_NONE) {
        fn_push(L, b->l->incident);
        object_push(L, "i");
        lua_call(L, 1, 0);
    }
    set_objective(L, b);
    check_components(L, b);
    bool lab = b->l->batches > 0; /* a lab is measured, not recorded */
    if (model_finish(b->m, &b->why) != ERR_OK ||
        (!lab && recording_fits(b->m, &b->why) != ERR_OK))
        fail_finish(L, b);
    set_rules(L, b); /* counters that programs alone name are there now */
    set_shown(L, b);
    set_fresh(L, b);
    return 0;
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const struct lesson_ticket *x = a, *y = b;
    (void)ctx;
    return (x->at > y->at) - (x->at < y->at);
}

struct otherwise { /* the differences of another night */
    bool twin;
    size_t without, prevented, only; /* SIZE_MAX: none */
};

static enum err build_as(const struct lesson *l, uint64_t seed, struct otherwise o,
                         struct lesson_world *out, struct errmsg *why)
{
    *out = (struct lesson_world){.model = model_new(), .noise = SIZE_MAX};
    out->tickets = arena_alloc(&out->mem, TICKETS_MAX * sizeof *out->tickets);
    struct build b = {.l = l,
                      .out = out,
                      .m = out->model,
                      .seed = seed,
                      .twin = o.twin,
                      .without = o.without,
                      .prevented = o.prevented,
                      .only = o.only};
    rng_seed(&b.rng, seed, "lesson");
    struct lesson_state *st = lesson_state_new(l);
    enum err e = state_open(st, why);
    st->host.build = &b;
    if (e == ERR_OK)
        e = host_run(&st->host, build_inside, &b, STEPS_BUILD, l->line, why);
    lesson_state_free(st);
    arena_release(&b.mem);
    sort_stable(out->tickets, out->ntickets, sizeof *out->tickets, by_time, NULL);
    if (e == ERR_OK)
        e = design_there(l, seed, out, why);
    if (e != ERR_OK)
        lesson_world_release(out);
    return e;
}

enum err lesson_build(const struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why)
{
    return build_as(l, seed, (struct otherwise){false, SIZE_MAX, SIZE_MAX, SIZE_MAX},
                    out, why);
}

enum err lesson_build_night(const struct lesson *l, uint64_t seed, enum night night,
                            size_t which, struct lesson_world *out, struct errmsg *why)
{
    bool prevented = night == NIGHT_PREVENTED || night == NIGHT_CAREFUL;
    bool healthy =
        night == NIGHT_TWIN || night == NIGHT_CAREFUL || night == NIGHT_QUIET;
    struct otherwise o = {healthy, night == NIGHT_WITHOUT ? which : SIZE_MAX,
                          prevented ? which : SIZE_MAX,
                          night == NIGHT_ALONE ? which : SIZE_MAX};
    enum err e = build_as(l, seed, o, out, why);
    if (e != ERR_OK || (night != NIGHT_QUIET && night != NIGHT_NOISY))
        return e;
    e = build_noise(l, seed, night == NIGHT_QUIET, out, why);
    if (e != ERR_OK)
        lesson_world_release(out);
    return e;
}

void lesson_world_release(struct lesson_world *lw)
{
    if (lw->model)
        model_unref(lw->model);
    arena_release(&lw->mem);
    *lw = (struct lesson_world){0};
}
