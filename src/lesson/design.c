/*
 * A system that is looked at before anything breaks (truecode/design.h): what a
 * lesson's file says of it, the faults that i:draw draws, and the arithmetic of prices.
 */
#include "binding.h"
#include "build.h"
#include "schema_fields.h"
#include "values.h"

#include <math.h>
#include <string.h>

/* ---- prices ---------------------------------------------------------------------- */

/* { ["fault"] = user-minutes, … }; negative where it may do `harm`. */
static struct fault_price *read_prices(struct reader *r, int line, const char *what,
                                       bool harm, size_t *n)
{
    lua_State *L = r->L;
    if (lua_type(L, -1) != LUA_TTABLE)
        fail(L, line, "%s is written { [\"fault\"] = user-minutes, … }", what);
    int t = lua_gettop(L);
    push_sorted_keys(L, t);
    size_t all = lua_rawlen(L, -1);
    if (all > DRAWN_MAX)
        fail(L, line, "%s: %d faults at most", what, DRAWN_MAX);
    struct fault_price *list = arena_alloc(r->mem, (all + 1) * sizeof *list);
    for (*n = 0; *n < all; ++*n) {
        lua_rawgeti(L, t + 1, (lua_Integer)*n + 1);
        list[*n].fault = read_string(r, -1, line, "a fault's name");
        int at = scan_line(r->h->scan, list[*n].fault, line);
        lua_rawget(L, t);
        double x = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        if (!isfinite(x) || x == 0 || (x < 0 && !harm))
            fail(L, at, "%s: '%.60s' needs a number of user-minutes", what,
                 list[*n].fault);
        list[*n].minutes = x;
        lua_pop(L, 1);
    }
    lua_settop(L, t);
    return list;
}

/* ---- improvements ---------------------------------------------------------------- */

#define THIS struct improvement
static void read_with(struct reader *r, const struct field *f, int line, void *out)
{
    ((struct improvement *)out)->with = read_sets(r, f, line);
}
static void read_saves(struct reader *r, const struct field *f, int line, void *out)
{
    struct improvement *p = out;
    p->saves = read_prices(r, line, f->name, true, &p->nsaves);
}
static const struct field improvement_fields[] = {
    FPOS(1, "id", STRING, id, "a word, as in `improve breaker`"),
    FPOS(2, "text", STRING, text, "what is done, in one line"),
    F("effort", STRING, effort, "what it takes, in a few words"),
    F("says", SAYS, says, "for the debrief: why it helped, or did not"),
    FCUSTOM("with", read_with, "{ set(…), … }: what is so from then on"),
    FCUSTOM("saves", read_saves,
            "{ [\"fault\"] = user-minutes, … }: what it saves of each, over many "
            "seeds; negative: "
            "it makes that one worse; left out: nothing"),
};
static void check_improvement(struct reader *r, int line, void *record)
{
    struct improvement *p = record;
    p->line = line;
    if (strspn(p->id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(p->id))
        fail(r->L, line, "improvement '%.40s' must be small letters, digits and -",
             p->id);
    if (p->with == FN_NONE)
        fail(r->L, line, "improvement '%.40s' needs with = { set(…), … }", p->id);
}
SCHEMA(improvement_schema, "improvement",
       "Something that may be chosen before anything breaks. The proof holds `saves` "
       "to what "
       "the engine says: half to twice of it on every seed, and next to nothing of any "
       "fault "
       "that is not named.",
       improvement_fields, check_improvement);
#undef THIS

/* ---- the design ------------------------------------------------------------------ */

#define THIS struct design
static void read_faults(struct reader *r, const struct field *f, int line, void *out)
{
    struct design *d = out;
    d->faults = read_prices(r, line, f->name, false, &d->nfaults);
}
static void read_list(struct reader *r, const struct field *f, int line, void *out)
{
    struct design *d = out;
    d->n = read_length(r, -1, line, f->name);
    if (d->n < 2 || d->n > IMPROVEMENTS_MAX)
        fail(r->L, line, "%s: 2 to %d", f->name, IMPROVEMENTS_MAX);
    d->list = arena_alloc(r->mem, d->n * sizeof *d->list);
    for (size_t i = 0; i < d->n; i++) {
        read_enter(r, -1, i);
        d->list[i].with = FN_NONE;
        read_record(r, -1, line, &improvement_schema, &d->list[i]);
        for (size_t k = 0; k < i; k++)
            if (str_eq(d->list[k].id, d->list[i].id))
                fail(r->L, d->list[i].line, "two improvements are called '%.40s'",
                     d->list[i].id);
        read_leave(r);
    }
}
static const struct field design_fields[] = {
    {"budget", FIELD_INT, offsetof(THIS, budget), 0, "how many may be chosen", 0, true,
     0, 0, 0},
    FREQ("closes_at", DURATION, closes_at, "until when; the first fault comes later"),
    F("request", DURATION, request,
      "user-minutes that a lost request stands for; left out: min(1)"),
    F("record", DURATION, record,
      "the same of each time that a promise of data is broken; left out: min(10)"),
    FCUSTOM(
        "faults", read_faults,
        "{ [\"fault\"] = user-minutes, … }: what each costs where nothing was chosen"),
    FCUSTOM("improvements", read_list, "what there is to choose from"),
};
static void check_saves(struct reader *r, const struct design *d,
                        const struct improvement *p)
{
    const char *names[DRAWN_MAX];
    for (size_t k = 0; k < d->nfaults; k++)
        names[k] = d->faults[k].fault;
    for (size_t k = 0; k < p->nsaves; k++) {
        double cost = design_costs(d, p->saves[k].fault);
        if (cost <= 0)
            fail_unknown(r->L, p->line, "there is no fault", p->saves[k].fault, names,
                         d->nfaults);
        if (p->saves[k].minutes > cost)
            fail(r->L, p->line, "'%.40s' cannot save more of '%.60s' than it costs",
                 p->id, p->saves[k].fault);
    }
}
static void check_design(struct reader *r, int line, void *record)
{
    struct design *d = record;
    d->given = true;
    d->line = line;
    if (d->budget < 1 || (size_t)d->budget >= d->n)
        fail(r->L, scan_line(r->h->scan, "budget", line),
             "budget: at least 1, and fewer than there are improvements");
    if (!d->request)
        d->request = SIM_MIN;
    if (!d->record)
        d->record = 10 * SIM_MIN;
    if (d->nfaults == 0)
        fail(r->L, line, "design needs faults = { [\"fault\"] = user-minutes, … }");
    for (size_t i = 0; i < d->n; i++)
        check_saves(r, d, &d->list[i]);
}
SCHEMA(design_schema, "design",
       "A budget of improvements, chosen before faults come that the seed draws. "
       "Nothing else "
       "can be changed in such a lesson, before or after; it needs no `fixes`.",
       design_fields, check_design);
#undef THIS

void check_design_times(struct reader *r, const struct lesson *l)
{
    const struct design *d = &l->design;
    if (d->given &&
        (d->closes_at <= l->info.starts_at || d->closes_at >= l->info.ends_at))
        fail(r->L, scan_line(r->h->scan, "closes_at", d->line),
             "closes_at must be later than starts_at and before ends_at");
}

const struct design *lesson_design(const struct lesson *l)
{
    return l->design.given ? &l->design : NULL;
}

/* ---- building: improvements ------------------------------------------------------ */

/* Resolved in every night, so that a name that does not exist is found at once. */
void build_improvements(lua_State *L, struct build *b)
{
    const struct design *d = &b->l->design;
    struct lesson_world *w = b->out;
    w->improvements = arena_alloc(&w->mem, (d->n + 1) * sizeof *w->improvements);
    for (size_t i = 0; i < d->n; i++) {
        struct improvement_actions *a = &w->improvements[i];
        fn_push(L, d->list[i].with);
        int t = lua_gettop(L);
        size_t n = lua_rawlen(L, t);
        a->list = arena_alloc(&w->mem, (n + 1) * sizeof *a->list);
        for (; a->n < n; a->n++) {
            lua_rawgeti(L, t, (lua_Integer)a->n + 1);
            incident_set(b, L, -1, &a->list[a->n]);
            lua_settop(L, t);
        }
        lua_settop(L, t - 1);
    }
}

static bool is_so(const struct model *m, const struct world *w, const struct action *a)
{
    const struct kind_desc *k = model_kind(m, a->comp);
    struct value now = world_get(w, a->comp, a->name);
    struct buf is, wanted;
    size_t i = 0;
    while (!str_eq(k->params[i].name, a->name))
        i++;
    buf_init(&is, 32);
    buf_init(&wanted, 32);
    value_format(m, &k->params[i], &now, &is);
    value_format(m, &k->params[i], &a->args[0], &wanted);
    bool same = str_eq(is.s, wanted.s);
    buf_release(&is);
    buf_release(&wanted);
    return same;
}

enum err design_there(const struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why)
{
    const struct design *d = lesson_design(l);
    if (!d)
        return ERR_OK;
    struct world *w = world_new(out->model, seed, why);
    if (!w)
        return ERR_LESSON;
    for (size_t i = 0; i < d->n; i++) {
        const struct improvement_actions *a = &out->improvements[i];
        bool all = a->n > 0;
        for (size_t k = 0; k < a->n; k++)
            all &= is_so(out->model, w, &a->list[k]);
        out->there |= all ? (design_set)1 << i : 0;
    }
    world_free(w);
    return ERR_OK;
}

/* ---- building: faults that the seed draws ---------------------------------------- */

/* Numbers 0 .. n-1 in an order of the seed's own. */
static void shuffle(uint64_t seed, size_t n, size_t order[DRAWN_MAX])
{
    struct rng rng;
    rng_seed(&rng, seed, "drawn faults");
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t k = rng_below(&rng, (uint32_t)i), x = order[k];
        order[k] = order[i - 1];
        order[i - 1] = x;
    }
}

static size_t read_times(lua_State *L, const struct build *b, int t,
                         sim_time out[DRAWN_MAX])
{
    size_t n = lua_rawlen(L, t);
    if (n == 0 || n > DRAWN_MAX)
        fail(L, 0, "i:draw: 1 to %d times", DRAWN_MAX);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, t, (lua_Integer)i + 1);
        out[i] = to_duration(L, -1, 0, "a time of i:draw");
        lua_pop(L, 1);
        if (out[i] <= (i ? out[i - 1] : b->l->design.closes_at) ||
            out[i] >= b->l->info.ends_at)
            fail(L, 0, "i:draw: times ascend, after closes_at and before ends_at");
    }
    return n;
}

/* When each fault comes. */
static void place_faults(const struct build *b, struct drawn_fault *f, size_t n,
                         const sim_time *times, size_t slots)
{
    size_t order[DRAWN_MAX];
    shuffle(b->seed, n, order);
    for (size_t i = 0; i < n; i++)
        f[i].at = SIM_FOREVER;
    if (b->only != SIZE_MAX)
        f[b->only < n ? b->only : n - 1].at = times[slots / 2];
    else
        for (size_t k = 0; k < slots && k < n; k++)
            f[order[k]].at = times[k];
}

/* An action, or a list of them, on top. */
static void schedule_fault(struct build *b, lua_State *L, struct drawn_fault *f)
{
    int t = lua_gettop(L);
    bool comes = f->at != SIM_FOREVER;
    sim_time at = comes ? f->at : b->l->info.ends_at;
    f->comp = COMP_NONE;
    if (is_marked(L, t, "action"))
        f->comp = incident_schedule(b, L, at, t, ENTRY_DRAWN, comes);
    else if (lua_type(L, t) == LUA_TTABLE)
        for (lua_Integer i = 1; lua_rawgeti(L, t, i) != LUA_TNIL; i++) {
            comp_id c = incident_schedule(b, L, at, -1, ENTRY_DRAWN, comes);
            f->comp = i == 1 ? c : f->comp;
            lua_settop(L, t);
        }
    lua_settop(L, t);
    if (f->comp == COMP_NONE)
        fail(L, 0, "i:draw: fault '%.60s' is an action or a list of them", f->name);
}

int incident_draw(lua_State *L)
{
    struct build *b = build_of(L, "i");
    const struct design *d = &b->l->design;
    struct lesson_world *w = b->out;
    sim_time times[DRAWN_MAX];
    if (!b->incident)
        fail(L, 0, "i can be used inside incident only");
    if (!d->given)
        fail(L, 0, "i:draw needs design = { … } in the lesson");
    if (lua_gettop(L) != 3 || lua_type(L, 2) != LUA_TTABLE ||
        lua_type(L, 3) != LUA_TTABLE)
        fail(L, 0, "write i:draw({ times }, { [\"fault\"] = action, … })");
    if (w->nfaults > 0)
        fail(L, 0, "i:draw can be used once");
    size_t slots = read_times(L, b, 2, times);
    push_sorted_keys(L, 3);
    size_t n = lua_rawlen(L, 4);
    if (n < slots || n > DRAWN_MAX)
        fail(L, 0, "i:draw: as many faults as there are times, %d at most", DRAWN_MAX);
    w->faults = arena_alloc(&w->mem, n * sizeof *w->faults);
    w->nfaults = n;
    w->drawn = slots;
    place_faults(b, w->faults, n, times, slots);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, 4, (lua_Integer)i + 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            fail(L, 0,
                 "i:draw: each fault has a name: [\"the cache is empty\"] = fault(…)");
        w->faults[i].name = arena_strdup(&w->mem, lua_tostring(L, -1));
        if (design_costs(d, w->faults[i].name) <= 0)
            fail(L, 0, "i:draw: design.faults has no price of '%.60s'",
                 w->faults[i].name);
        lua_rawget(L, 3);
        schedule_fault(b, L, &w->faults[i]);
        lua_settop(L, 4);
    }
    return 0;
}

/* ---- arithmetic ------------------------------------------------------------------ */

size_t design_set_size(design_set set)
{
    size_t n = 0;
    for (; set; set &= set - 1)
        n++;
    return n;
}

static double price_of(const struct fault_price *list, size_t n, const char *fault)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].fault, fault))
            return list[i].minutes;
    return 0;
}

double design_costs(const struct design *d, const char *fault)
{
    return price_of(d->faults, d->nfaults, fault);
}

double design_saves(const struct design *d, design_set set, const char *fault)
{
    double sum = 0, most = design_costs(d, fault);
    for (size_t i = 0; i < d->n; i++)
        if (set & (design_set)1 << i)
            sum += price_of(d->list[i].saves, d->list[i].nsaves, fault);
    return sum < most ? sum : most;
}

double design_worth(const struct design *d, design_set set,
                    const struct drawn_fault *faults, size_t nfaults, size_t drawn)
{
    double sum = 0;
    for (size_t i = 0; i < nfaults; i++)
        sum += design_saves(d, set, faults[i].name);
    return nfaults ? sum * (double)drawn / (double)nfaults : 0;
}

design_set design_best(const struct design *d, design_set there,
                       const struct drawn_fault *faults, size_t nfaults, size_t drawn)
{
    design_set best = 0;
    while (design_set_size(best) < (size_t)d->budget) {
        double most = -INFINITY;
        size_t next = 0;
        for (size_t i = 0; i < d->n; i++) {
            design_set with = best | (design_set)1 << i;
            double worth = design_worth(d, with & ~there, faults, nfaults, drawn);
            if (with != best && worth > most)
                most = worth, next = i;
        }
        best |= (design_set)1 << next;
    }
    return best;
}
