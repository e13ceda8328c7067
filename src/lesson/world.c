/*
 * A lesson's world, built from a seed: its functions `world` and `incident` run once, in a
 * Lua state of their own, and what they made is finished, checked and handed over. What is
 * made belongs to the caller from the first byte, so that an error in the middle loses
 * nothing.
 */
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
    const struct slo_decl *s = &b->l->slo;
    comp_id clients[CLIENTS_MAX];
    if (!s->given)
        return;
    for (size_t i = 0; i < s->nclients; i++)
        clients[i] = find_comp(L, b->m, s->clients[i],
                               scan_line(&b->l->scan, s->clients[i], s->line));
    if (model_slo(b->m, &s->slo, clients, s->nclients, &b->why) != ERR_OK)
        fail_model(L, b, s->line);
}

static void set_rules(lua_State *L, struct build *b)
{
    const struct lesson *l = b->l;
    b->out->rules = arena_alloc(&b->out->mem, (l->nalerts + 1) * sizeof *b->out->rules);
    for (size_t i = 0; i < l->nalerts; i++) {
        const struct alert_decl *a = &l->alerts[i];
        struct alert_rule *r = &b->out->rules[i];
        const char *names[128];
        size_t n = 0;
        bool known = a->rule.kind == ALERT_BURN;
        *r = a->rule;
        r->name = arena_strdup(&b->out->mem, r->name);
        r->metric = known ? "" : arena_strdup(&b->out->mem, r->metric);
        if (!known) {
            r->comp = find_comp(L, b->m, a->comp, a->line);
            const struct kind_desc *k = model_kind(b->m, r->comp);
            for (; n < k->nmetrics && n < 128; n++) {
                names[n] = k->metrics[n].name;
                known |= str_eq(names[n], r->metric);
            }
        }
        if (!known)
            fail_unknown(L, a->line, "there is no metric", r->metric, names, n);
    }
    b->out->nrules = l->nalerts;
}

static int build_inside(lua_State *L)
{
    struct build *b = lua_touserdata(L, 1);
    fn_push(L, b->l->world);
    object_push(L, "w");
    lua_call(L, 1, 0);
    build_twin(L, b);
    b->incident = true;
    if (b->l->incident != FN_NONE) {
        fn_push(L, b->l->incident);
        object_push(L, "i");
        lua_call(L, 1, 0);
    }
    set_objective(L, b);
    check_components(L, b);
    set_rules(L, b);
    bool lab = b->l->batches > 0; /* a lab is measured, not recorded */
    if (model_finish(b->m, &b->why) != ERR_OK ||
        (!lab && recording_fits(b->m, &b->why) != ERR_OK))
        fail_finish(L, b);
    return 0;
}

static int by_time(const void *a, const void *b, void *ctx)
{
    const struct lesson_ticket *x = a, *y = b;
    (void)ctx;
    return (x->at > y->at) - (x->at < y->at);
}

static enum err build_as(const struct lesson *l, uint64_t seed, bool twin,
                         size_t without, struct lesson_world *out, struct errmsg *why)
{
    *out = (struct lesson_world){.model = model_new()};
    out->tickets = arena_alloc(&out->mem, TICKETS_MAX * sizeof *out->tickets);
    struct build b = {.l = l,
                      .out = out,
                      .m = out->model,
                      .seed = seed,
                      .twin = twin,
                      .without = without};
    rng_seed(&b.rng, seed, "lesson");
    struct lesson_state *st = lesson_state_new(l);
    enum err e = state_open(st, why);
    st->host.build = &b;
    if (e == ERR_OK)
        e = host_run(&st->host, build_inside, &b, STEPS_BUILD, l->line, why);
    lesson_state_free(st);
    arena_release(&b.mem);
    sort_stable(out->tickets, out->ntickets, sizeof *out->tickets, by_time, NULL);
    if (e != ERR_OK)
        lesson_world_release(out);
    return e;
}

enum err lesson_build(const struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why)
{
    return build_as(l, seed, false, SIZE_MAX, out, why);
}

enum err lesson_build_night(const struct lesson *l, uint64_t seed, enum night night,
                            size_t entry, struct lesson_world *out, struct errmsg *why)
{
    bool twin = night == NIGHT_TWIN;
    return build_as(l, seed, twin, twin ? SIZE_MAX : entry, out, why);
}

void lesson_world_release(struct lesson_world *lw)
{
    if (lw->model)
        model_unref(lw->model);
    arena_release(&lw->mem);
    *lw = (struct lesson_world){0};
}
