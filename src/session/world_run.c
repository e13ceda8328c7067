/*
 * A world being run. The learner, the reference, doing nothing and every run of the
 * prover move through run_advance(): run the events up to the next whole second,
 * sample, let the owner look. Nothing here knows of steps, tapes or screens.
 */
#include "run.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- what a seed builds ---------------------------------------------------------- */

static struct stage *stage_of(const struct lesson *l, const struct lesson_world *lw)
{
    struct stage *g = mem_alloc(sizeof *g);
    g->refs = 1;
    g->lw = *lw;
    g->lesson = lesson_ref(l);
    g->ntickets = g->lw.ntickets;
    g->tickets = mem_array(g->ntickets + 1, sizeof *g->tickets);
    for (size_t i = 0; i < g->ntickets; i++) {
        const struct lesson_ticket *t = &g->lw.tickets[i];
        g->tickets[i] = (struct ticket){
            .at = t->at, .who = t->who, .text = t->text, .page = t->page};
    }
    g->offers = design_offers(l);
    return g;
}

struct stage *stage_new(const struct lesson *l, uint64_t seed, struct errmsg *why)
{
    struct lesson_world lw;
    return lesson_build(l, seed, &lw, why) == ERR_OK ? stage_of(l, &lw) : NULL;
}

struct stage *stage_night(const struct lesson *l, uint64_t seed, enum night night,
                          size_t entry, struct errmsg *why)
{
    struct lesson_world lw;
    enum err e = lesson_build_night(l, seed, night, entry, &lw, why);
    return e == ERR_OK ? stage_of(l, &lw) : NULL;
}

static struct stage *stage_ref(struct stage *g)
{
    assert(g->refs > 0);
    g->refs++;
    return g;
}

void stage_unref(struct stage *g)
{
    assert(!g || g->refs > 0);
    if (!g || --g->refs > 0)
        return;
    mem_free(g->tickets);
    mem_free(g->offers);
    lesson_world_release(&g->lw);
    lesson_unref(g->lesson);
    mem_free(g);
}

/* ---- life ------------------------------------------------------------------------ */

enum err run_open(struct run *r, struct stage *g, uint64_t seed, struct errmsg *why)
{
    memset(r, 0, sizeof *r);
    r->world = world_new(g->lw.model, seed, why);
    if (!r->world)
        return ERR_LESSON;
    r->rec = recording_new(g->lw.model, g->lw.rules, g->lw.nrules);
    r->lua = lesson_state_new(g->lesson);
    r->stage = stage_ref(g);
    r->first_change = SIM_FOREVER;
    r->last_change = SIM_FOREVER;
    for (size_t i = 0; i < IMPROVEMENTS_MAX; i++)
        r->improved_at[i] = SIM_FOREVER;
    return ERR_OK;
}

enum err run_fork(struct run *out, const struct run *r, struct errmsg *why)
{
    assert(r->world);
    *out = *r;
    out->on_second = NULL;
    out->ctx = NULL;
    out->seen = NULL;
    out->world = world_fork(r->world);
    if (!out->world) {
        memset(out, 0, sizeof *out);
        return errmsg_set(why, ERR_LIMIT,
                          "there is no memory left for a copy of the world (%zu MiB)",
                          world_bytes(r->world) >> 20);
    }
    out->rec = recording_fork(r->rec);
    out->lua = lesson_state_new(run_lesson(r));
    stage_ref(out->stage);
    return ERR_OK;
}

void run_keep_users(struct run *r)
{
    recording_keep_users(r->rec, r->stage->lw.warns, lesson_preventions(run_lesson(r)));
}

void run_release(struct run *r)
{
    if (r->world)
        world_free(r->world);
    if (r->rec)
        recording_free(r->rec);
    lesson_state_free(r->lua);
    stage_unref(r->stage);
    memset(r, 0, sizeof *r);
}

const struct lesson *run_lesson(const struct run *r)
{
    return r->stage->lesson;
}

sim_time run_now(const struct run *r)
{
    return world_now(r->world);
}

/* ---- moving ---------------------------------------------------------------------- */

static enum err used_up(struct errmsg *why)
{
    return errmsg_set(why, ERR_LIMIT, "more work than is allowed");
}

static void spend(uint64_t *left, uint64_t used)
{
    *left = used < *left ? *left - used : 0;
}

/* Runs the world to t, within what is left of the events. */
static enum err run_events(struct run *r, sim_time t, uint64_t *left,
                           struct errmsg *why)
{
    assert(r->world && t >= run_now(r));
    struct observer o = recording_observer(r->rec);
    uint64_t before = world_events(r->world), most = left ? *left : UINT64_MAX;
    bool last = r->effort && r->effort->events < most;
    if (last)
        most = r->effort->events;
    enum err e = world_run(r->world, t, most, &o, why);
    uint64_t used = world_events(r->world) - before;
    if (left)
        spend(left, used);
    if (r->effort)
        spend(&r->effort->events, used);
    r->midway = e == ERR_STOPPED;
    if (!r->midway || !last)
        return e;
    r->effort->events =
        0; /* a few may be left: an event is not begun that may not end */
    return used_up(why);
}

/* The recording is as large as one may be, or the process has no more
 * memory: it stops like a world that has run away. */
static enum err out_of_memory(const struct run *r, struct errmsg *why)
{
    if (recording_full(r->rec))
        return errmsg_set(why, ERR_LIMIT,
                          "what was recorded of it fills its %d MiB: %zu series; fewer "
                          "instances or components would have kept it",
                          RECORDING_LIMIT_MIB, recording_series(r->rec));
    return errmsg_set(why, ERR_LIMIT,
                      "the memory of its process is used up: %zu MiB of world, %zu MiB "
                      "recorded of it",
                      world_bytes(r->world) >> 20, recording_bytes(r->rec) >> 20);
}

enum err run_advance(struct run *r, sim_time until, uint64_t *left, bool *asked,
                     struct errmsg *why)
{
    if (asked)
        *asked = false;
    while (world_now(r->world) < until || r->midway) {
        sim_time now = world_now(r->world), second = r->sampled + SIM_SEC;
        sim_time stop = second < until ? second : until > now ? until : now;
        enum err e = run_events(r, stop, left, why);
        if (e != ERR_OK)
            return e;
        if (stop != second)
            continue;
        r->sampled = second;
        recording_sample(r->rec, r->world);
        if (r->effort)
            spend(&r->effort->events, model_comps(r->stage->lw.model));
        if (recording_full(r->rec) || !mem_room(MEM_RESERVE))
            return out_of_memory(r, why);
        if (r->on_second && !r->on_second(r->ctx, r)) {
            if (asked)
                *asked = true;
            return ERR_STOPPED;
        }
    }
    return ERR_OK;
}

enum err run_settle(struct run *r, struct errmsg *why)
{
    bool asked;
    r->midway = true; /* a deed of a moment ago may have more to follow */
    enum err e = run_advance(r, world_now(r->world), NULL, &asked, why);
    return e == ERR_STOPPED && asked ? ERR_OK : e;
}

enum err run_apply(struct run *r, const struct action *a, const char *who,
                   struct errmsg *why)
{
    assert(r->world && who);
    sim_time busy = 0;
    struct observer o = recording_observer(r->rec);
    enum err e = world_apply(r->world, a, who, &o, &busy, why);
    if (e != ERR_OK)
        return e;
    sim_time now = run_now(r);
    if (r->first_change == SIM_FOREVER)
        r->first_change = now;
    r->last_change = now;
    r->busy_until = now + busy;
    return ERR_OK;
}

/* ---- looking --------------------------------------------------------------------- */

struct lesson_facts run_facts(const struct run *r)
{
    return (struct lesson_facts){
        .world = r->world,
        .rec = r->rec,
        .seen = r->seen,
        .seen_ctx = r->ctx,
        .first_change = r->first_change,
        .last_change = r->last_change,
        .step_started = r->step_started,
        .suspected = r->suspected,
        .improved = run_improved(r),
    };
}

/* A predicate keeps nothing between calls, or a fork, which has a state of its own,
 * would see another lesson. */
static enum err test_fresh(const struct run *r, fn_id fn, const struct lesson_facts *f,
                           struct errmsg *why)
{
    struct lesson_state *fresh = lesson_state_new(run_lesson(r));
    bool yes = false;
    enum err e = lesson_test(fresh, fn, f, &yes, why);
    if (r->effort)
        spend(&r->effort->steps, lesson_effort(fresh));
    lesson_state_free(fresh);
    return e != ERR_OK || yes
               ? e
               : errmsg_set(why, ERR_LESSON,
                            "a predicate answers differently in a fresh state: it "
                            "keeps something between calls");
}

enum err run_test(const struct run *r, fn_id fn, bool *yes, struct errmsg *why)
{
    struct lesson_facts f = run_facts(r);
    enum err e = lesson_test(r->lua, fn, &f, yes, why);
    if (r->effort)
        spend(&r->effort->steps, lesson_effort(r->lua));
    if (e == ERR_OK && r->effort && r->effort->steps == 0)
        return used_up(why);
    return e == ERR_OK && *yes && r->twice ? test_fresh(r, fn, &f, why) : e;
}

size_t run_tickets(const struct run *r, sim_time t)
{
    size_t n = 0;
    while (n < r->stage->ntickets && r->stage->tickets[n].at <= t)
        n++;
    return n;
}

void run_console(const struct run *r, struct console_ctx *ctx)
{
    const struct lesson_info *li = lesson_info(run_lesson(r));
    *ctx = (struct console_ctx){
        .world = r->world,
        .rec = r->rec,
        .day_start = li->day_start,
        .tickets = r->stage->tickets,
        .ntickets = run_tickets(r, run_now(r)),
        .tools = li->tools,
        .ntools = li->ntools,
        .columns = 78,
    };
    run_offers(r, ctx);
    ctx->terms = lesson_terms(run_lesson(r), &ctx->nterms);
}

/* Lets the operator's hands be busy, but never beyond `end`. */
static enum err stay_busy(struct run *r, sim_time end, struct errmsg *why)
{
    assert(r->world);
    sim_time t = r->busy_until < end ? r->busy_until : end;
    return run_advance(r, t, NULL, NULL, why);
}

static enum err carry_out(struct run *r, const struct effect *x, sim_time end,
                          struct errmsg *why)
{
    enum err e = ERR_OK;
    if (x->kind == EFFECT_IMPROVE) {
        e = run_improve(r, (size_t)x->number, why);
    } else if (x->kind == EFFECT_ACTION) {
        e = run_apply(r, &x->action, "you", why);
        if (e == ERR_OK)
            e = stay_busy(r, end, why);
    } else if (x->kind == EFFECT_WAIT) {
        sim_time t = run_now(r) + x->duration;
        e = run_advance(r, t < end ? t : end, NULL, NULL, why);
    }
    return e;
}

enum err run_line(struct run *r, const char *line, sim_time end, struct errmsg *why)
{
    struct console_ctx ctx;
    struct out out;
    struct effects fx = {0};
    run_console(r, &ctx);
    out_init(&out);
    enum err e = console_run(&ctx, line, &out, &fx);
    if (e != ERR_OK)
        errmsg_set(why, e, "\"%s\": %.300s", line, out.text.s);
    for (size_t i = 0; e == ERR_OK && i < fx.n; i++)
        e = carry_out(r, &fx.list[i], end, why);
    effects_release(&fx);
    out_release(&out);
    return e;
}

/* A line that is refused is left out; where the world runs away the course ends. */
void run_course(struct run *r, const struct course *c, sim_time end)
{
    for (size_t i = 0; i < c->nlines && run_now(r) < end; i++) {
        struct errmsg refused = {0};
        if (run_line(r, c->lines[i], end, &refused) == ERR_LIMIT)
            break;
    }
}

/* ---- verdicts -------------------------------------------------------------------- */

/* How far `good` is above `objective`, as a share of the distance to perfect. */
static double headroom(double good, double objective)
{
    if (isnan(good))
        return -1; /* nobody came in this part: how users are is not known */
    double room = 1 - objective;
    return room > 0 ? (good - objective) / room : (good >= objective ? 1 : -1);
}

bool users_well(const struct run *r, sim_time at, sim_time window, double *margin)
{
    const struct slo *slo = model_get_slo(r->stage->lw.model);
    double least = 1;
    if (slo) {
        sim_time half = at - window / 2;
        double parts[3] = {recording_good(r->rec, at - window, at),
                           recording_good(r->rec, at - window, half),
                           recording_good(r->rec, half, at)};
        for (int i = 0; i < 3; i++) {
            double h = headroom(parts[i], slo->objective);
            least = h < least ? h : least;
        }
    }
    if (margin)
        *margin = least;
    return least >= 0;
}

bool run_well(const struct run *r, sim_time window, double *margin)
{
    return users_well(r, run_now(r), window, margin);
}

uint64_t run_bad(const struct run *r, sim_time from)
{
    return recording_bad_count(r->rec, from, run_now(r));
}
