/*
 * Facts of a component and of the way to it. What a kind's descriptor names is
 * said if it has something to say; what fails goes first.
 */
#include "truecode/picture.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct facts {
    struct fact *v;
    size_t n, max;
};

static double known(double x)
{
    return isnan(x) ? 0 : x;
}

static void add(struct facts *all, struct fact f)
{
    if (all->n < all->max)
        all->v[all->n++] = f;
}

/* ---- state ----------------------------------------------------------------------- */

static struct state of_instances(const struct scene *s, comp_id c, bool rotation)
{
    assert(c < model_comps(world_model(s->w)));
    const struct model *m = world_model(s->w);
    comp_id service = rotation ? comp_top(m, model_target(m, c)) : c;
    struct state st = {.word = NULL};
    for (int i = 1; service != COMP_NONE && i <= world_instances(s->w, service); i++) {
        struct instance_view v;
        world_instance(s->w, service, i, &v);
        st.all += v.state != INSTANCE_NONE;
        st.part += v.state != INSTANCE_NONE && (rotation ? v.in_rotation : v.ready);
    }
    st.level = st.part == st.all ? LEVEL_PLAIN
               : st.part > 0     ? LEVEL_UNUSUAL
                                 : LEVEL_BAD;
    return st;
}

static struct state of_job(const struct scene *s, comp_id c)
{
    bool on = world_get(s->w, c, "enabled").as.on;
    bool running = scene_gauge(s, c, "running", 0) > 0;
    return (struct state){.word = !on       ? "disabled"
                                  : running ? "running"
                                            : "waiting",
                          .level = on ? LEVEL_PLAIN : LEVEL_UNUSUAL};
}

comp_id scene_server(const struct scene *s, comp_id c)
{
    struct db_cluster_view v;
    if (!comp_is(world_model(s->w), c, "database"))
        return c;
    world_db_cluster(s->w, c, &v);
    return v.named;
}

/* "db-2" of "orders-db.db-2". */
static const char *short_name(const struct model *m, comp_id c)
{
    const char *name = model_name(m, c), *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* A database is up while one of its servers takes writes, whichever it is; with a server
 * that does not do its part it is not as it should be. */
static struct state of_database(const struct scene *s, comp_id c)
{
    struct db_cluster_view v;
    struct state st = {.word = "up", .level = LEVEL_BAD};
    world_db_cluster(s->w, c, &v);
    if (v.restoring != COMP_NONE)
        st.word = "restoring";
    else if (v.takes_over != COMP_NONE)
        st.word = "failing over";
    else if (v.leader == COMP_NONE)
        st.word = v.unwell < v.servers ? "no leader" : "down";
    else
        st.level = v.unwell > 0 ? LEVEL_UNUSUAL : LEVEL_PLAIN;
    if (st.level == LEVEL_UNUSUAL) {
        st.all = (int)v.servers;
        st.part = (int)(v.servers - v.unwell);
    }
    if (v.leader != COMP_NONE && v.leader != c)
        st.on = short_name(world_model(s->w), v.leader);
    return st;
}

struct state scene_state(const struct scene *s, comp_id c)
{
    const struct model *m = world_model(s->w);
    if (comp_is(m, c, "service"))
        return of_instances(s, c, false);
    if (comp_is(m, c, "balancer") && comp_is(m, model_target(m, c), "service"))
        return of_instances(s, c, true);
    if (comp_is(m, c, "job"))
        return of_job(s, c);
    if (comp_is(m, c, "database"))
        return of_database(s, c);
    double up = scene_gauge(s, c, "up", 0);
    return (struct state){.word = up == 0 ? "down" : "up",
                          .level = up == 0 ? LEVEL_BAD : LEVEL_PLAIN};
}

void state_text(struct buf *b, const struct state *st)
{
    if (st->word)
        buf_adds(b, st->word);
    else
        buf_addf(b, "%d of %d healthy", st->part, st->all);
    if (st->on)
        buf_addf(b, " on %s", st->on);
    if (st->word && st->all > 0)
        buf_addf(b, ", %d of %d well", st->part, st->all);
}

/* ---- figures --------------------------------------------------------------------- */

static bool counted(const struct figure_desc *d)
{
    return d->how != FIGURE_NOW && d->how != FIGURE_OF && d->how != FIGURE_TOTAL;
}

/* A database is what its leader is, as far as a replica tells the same metric. */
static double gauge_of(const struct scene *s, comp_id c, const char *metric)
{
    comp_id server = scene_server(s, c);
    double x = server == c ? NAN : scene_gauge(s, server, metric, 0);
    return isnan(x) ? scene_gauge(s, c, metric, 0) : x;
}

static double value_of(const struct scene *s, comp_id c, const struct figure_desc *d)
{
    assert(d && c < model_comps(world_model(s->w)));
    double a, b;
    switch (d->how) {
    case FIGURE_NOW:
    case FIGURE_OF:
    case FIGURE_TOTAL:
        return gauge_of(s, c, d->metric);
    case FIGURE_RATE:
        return scene_rate(s, c, d->metric);
    case FIGURE_PART:
    case FIGURE_TIME:
        a = scene_rate(s, c, d->metric);
        b = scene_rate(s, c, d->of);
        return b > 0 ? a / b : NAN;
    case FIGURE_SHARE:
        a = scene_rate(s, c, d->metric);
        b = scene_rate(s, c, d->of);
        return a + b > 0 ? a / (a + b) : NAN;
    case FIGURE_P99:
        return scene_latency(s, c, 0.99);
    case FIGURE_NOT_GOOD:
        return 1 - recording_good_of(s->rec, c, s->now - SCENE_WINDOW, s->now);
    }
    return NAN;
}

static const char *metric_unit(const struct model *m, comp_id c, const char *name)
{
    const struct kind_desc *k = model_kind(m, c);
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name))
            return k->metrics[i].unit;
    return "";
}

static const char *unit_of(const struct model *m, comp_id c,
                           const struct figure_desc *d)
{
    switch (d->how) {
    case FIGURE_PART:
    case FIGURE_SHARE:
    case FIGURE_NOT_GOOD:
        return "ratio";
    case FIGURE_TIME:
    case FIGURE_P99:
        return "s";
    case FIGURE_RATE:
        return "";
    default:
        return metric_unit(m, c, d->metric);
    }
}

static enum level level_of(const struct figure_desc *d, double value, double of)
{
    assert(d);
    double x = d->how != FIGURE_OF ? value : of > 0 ? value / of : 0;
    return d->bad > 0 && x >= d->bad     ? LEVEL_BAD
           : d->warn > 0 && x >= d->warn ? LEVEL_UNUSUAL
                                         : LEVEL_PLAIN;
}

static struct fact figure_of(const struct scene *s, comp_id c,
                             const struct figure_desc *d)
{
    struct fact f = {.kind = FACT_FIGURE, .figure = d, .of = NAN};
    f.value = value_of(s, c, d);
    if (d->how == FIGURE_OF)
        f.of = scene_gauge(s, c, d->of, 0);
    f.unit = unit_of(world_model(s->w), c, d);
    f.level = level_of(d, f.value, f.of);
    return f;
}

static bool applies(const struct scene *s, comp_id c, const struct figure_desc *d)
{
    const struct kind_desc *k = model_kind(world_model(s->w), c);
    for (size_t i = 0; d->metric && i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, d->metric))
            return world_metric_applies(s->w, c, i);
    return !d->metric;
}

static bool on_map(const struct fact *f)
{
    switch (f->figure->map) {
    case MAP_ALWAYS:
        return !isnan(f->value);
    case MAP_IF_ANY:
        return f->value > 0;
    case MAP_IF_UNUSUAL:
        return f->level != LEVEL_PLAIN;
    default:
        return false;
    }
}

/* With a limit of 0 there is none: what is used stands alone. */
static void add_map_figures(const struct scene *s, comp_id c, struct facts *all)
{
    const struct kind_desc *k = model_kind(world_model(s->w), c);
    for (size_t i = 0; i < k->nfigures; i++) {
        if (k->figures[i].map == MAP_NEVER || !applies(s, c, &k->figures[i]))
            continue;
        struct fact f = figure_of(s, c, &k->figures[i]);
        if (on_map(&f))
            add(all, f);
    }
}

size_t scene_status(const struct scene *s, comp_id c, enum fact_when when,
                    struct fact *out, size_t max)
{
    assert(out && max > 0);
    const struct kind_desc *k = model_kind(world_model(s->w), c);
    struct facts all = {out, 0, max};
    for (size_t i = 0; i < k->nfigures; i++) {
        const struct figure_desc *d = &k->figures[i];
        if (!d->status || counted(d) != (when == FACT_WINDOW) || !applies(s, c, d))
            continue;
        struct fact f = figure_of(s, c, d);
        /* Nothing finished: that latency is unknown is worth saying, a share is not. */
        if (!isnan(f.value) || d->how == FIGURE_P99)
            add(&all, f);
    }
    return all.n;
}

/* ---- the way --------------------------------------------------------------------- */

#define DYING_SHOWN 2

static const char *const failures[REASON_COUNT] = {
#define X(name, phrase) "failures_" #name,
    REASON_LIST(X)
#undef X
};

static void add_dying(const struct scene *s, comp_id policy, struct facts *all)
{
    double r[REASON_COUNT] = {0};
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
        r[i] = known(scene_rate(s, policy, failures[i]));
    for (int shown = 0; shown < DYING_SHOWN; shown++) {
        int worst = REASON_NONE + 1;
        for (int i = worst; i < REASON_COUNT; i++)
            worst = r[i] > r[worst] ? i : worst;
        if (!(r[worst] > 0))
            return;
        add(all, (struct fact){.kind = FACT_DYING,
                               .level = LEVEL_BAD,
                               .on_edge = true,
                               .value = r[worst],
                               .of = NAN,
                               .unit = "",
                               .reason = (enum reason)worst});
        r[worst] = 0;
    }
}

size_t scene_edge_facts(const struct scene *s, const struct edge *way, struct fact *out,
                        size_t max)
{
    assert(max > 0);
    struct facts all = {out, 0, max};
    if (!way || way->policy == COMP_NONE || scene_hides(s, way->policy) ||
        !(scene_knows(s, way->from) || scene_knows(s, way->to)))
        return 0;
    add_dying(s, way->policy, &all);
    double again = scene_rate(s, way->policy, "retries_total");
    if (again > 0)
        add(&all, (struct fact){.kind = FACT_RETRIES,
                                .level = LEVEL_UNUSUAL,
                                .on_edge = true,
                                .value = again,
                                .of = NAN,
                                .unit = ""});
    return all.n;
}

/* Requests that a component turned away died on the way to it: the caller's reason says
 * more, where it is as much. */
static bool told_on_the_way(const struct facts *all, const struct fact *f)
{
    double died = 0;
    if (f->kind != FACT_FIGURE || !str_eq(f->figure->label, "turned away"))
        return false;
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].kind == FACT_DYING && all->v[i].reason != REASON_TIMEOUT)
            died += all->v[i].value;
    return died >= f->value * 0.99;
}

static void drop_told_twice(struct facts *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (!told_on_the_way(all, &all->v[i]))
            all->v[n++] = all->v[i];
    all->n = n;
}

static void worst_first(struct facts *all)
{
    assert(all->n <= all->max);
    for (size_t i = 1; i < all->n; i++)
        for (size_t k = i; k > 0 && all->v[k].level > all->v[k - 1].level; k--) {
            struct fact f = all->v[k];
            all->v[k] = all->v[k - 1];
            all->v[k - 1] = f;
        }
}

size_t scene_facts(const struct scene *s, comp_id c, const struct edge *way,
                   struct fact *out, size_t max)
{
    assert(max > 0 && c < model_comps(world_model(s->w)));
    struct facts all = {out, scene_edge_facts(s, way, out, max), max};
    const struct model *m = world_model(s->w);
    if (!comp_is(m, c, "client")) {
        struct state st = scene_state(s, c);
        if (st.level != LEVEL_PLAIN)
            add(&all, (struct fact){.kind = FACT_STATE,
                                    .level = st.level,
                                    .value = NAN,
                                    .of = NAN,
                                    .state = st});
    }
    if (way && way->pool != COMP_NONE && scene_knows(s, way->pool))
        add_map_figures(s, way->pool, &all);
    if (scene_knows(s, c))
        add_map_figures(s, c, &all);
    drop_told_twice(&all);
    worst_first(&all);
    return all.n;
}

/* ---- in words -------------------------------------------------------------------- */

static void dying_text(struct buf *b, const struct fact *f, enum number_form form)
{
    if (form != NUMBER_SPOKEN)
        buf_adds(b, form == NUMBER_ASCII ? "x " : "✗ ");
    number_rate(b, f->value);
    buf_addf(b, form == NUMBER_SPOKEN ? " fail: %s" : " %s", reason_phrase(f->reason));
}

static bool amount_first(const struct figure_desc *d)
{
    return d->how == FIGURE_RATE || (d->how == FIGURE_NOW && d->map == MAP_IF_ANY);
}

static void figure_text(struct buf *b, const struct fact *f, enum number_form form)
{
    const struct figure_desc *d = f->figure;
    if (d->how == FIGURE_RATE) {
        number_rate(b, f->value);
        buf_addf(b, " %s", d->label);
    } else if (amount_first(d)) {
        number_unit(b, f->value, f->unit);
        buf_addf(b, " %s", d->label);
    } else if (d->how == FIGURE_P99 && isnan(f->value)) {
        buf_addf(b, "%s no data", d->label);
    } else {
        buf_addf(b, "%s ", d->label);
        number_unit(b, f->value, f->unit);
    }
    if (d->how == FIGURE_OF && f->of > 0) {
        buf_adds(b, form == NUMBER_SPOKEN ? " of " : "/");
        number_unit(b, f->of, f->unit);
    }
}

void fact_text(struct buf *b, const struct fact *f, enum number_form form)
{
    switch (f->kind) {
    case FACT_FIGURE:
        figure_text(b, f, form);
        break;
    case FACT_STATE:
        state_text(b, &f->state);
        break;
    case FACT_DYING:
        dying_text(b, f, form);
        break;
    case FACT_RETRIES:
        number_rate(b, f->value);
        buf_adds(b, " retries");
        break;
    }
}

double fact_share(const struct fact *f)
{
    bool ratio = f->kind == FACT_FIGURE && f->figure->how == FIGURE_NOW &&
                 str_eq(f->unit, "ratio");
    return ratio ? f->value : NAN;
}
