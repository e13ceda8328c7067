/*
 * The books of a model: one run from empty to empty, looked at after every event.
 *
 * Between two events nothing changes, so the integral of a gauge is a sum of exact
 * products. Over a run that begins and ends empty it must equal the time that those who
 * were inside have spent there, which the component sums up when each of them leaves:
 * L = lambda W, to the nanosecond, with no statistics in it.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

/* Who says how many are inside, and who sums up their time. The client's own counter
 * knows only answered attempts: its time comes from what it tells. */
static const struct {
    const char *kind, *gauge, *seconds;
} laws[] = {
    {"client", "in_flight", NULL},
    {"call", "in_flight", "seconds_total"},
    {"endpoint", "in_flight", "seconds_total"},
    {"service", "in_flight", "seconds_total"},
    {"service", "queued", "queue_seconds_total"},
    {"external", "in_flight", "seconds_total"},
    {"pool", "pool_waiting", "wait_seconds_total"},
    {"statement", "running", "seconds_total"},
};

enum { BOOKS = 512 };
struct book {
    comp_id comp;
    size_t law;
    int gauge, seconds;
    double inside;
    sim_time integral;
};
struct audit {
    struct world *w;
    struct book books[BOOKS];
    size_t n;
    sim_time now;
    sim_time *user_time; /* by component: of the requests of that client */
    uint64_t *user_ended;
};

static int metric_index(const struct kind_desc *k, const char *name)
{
    for (size_t i = 0; name && i < k->nmetrics; i++)
        if (strcmp(k->metrics[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void open_books(struct audit *a)
{
    const struct model *m = world_model(a->w);
    for (size_t c = 0; c < model_comps(m); c++)
        for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
            const struct kind_desc *k = model_kind(m, (comp_id)c);
            if (strcmp(k->name, laws[i].kind) != 0)
                continue;
            assert_true(a->n < BOOKS);
            a->books[a->n++] =
                (struct book){.comp = (comp_id)c,
                              .law = i,
                              .gauge = metric_index(k, laws[i].gauge),
                              .seconds = metric_index(k, laws[i].seconds)};
            assert_true(a->books[a->n - 1].gauge >= 0);
        }
}

static void write_books(struct audit *a)
{
    sim_time span = world_now(a->w) - a->now;
    a->now = world_now(a->w);
    for (size_t i = 0; i < a->n; i++) {
        struct book *b = &a->books[i];
        b->integral += (sim_time)b->inside * span;
        b->inside = world_metric_at(a->w, b->comp, (size_t)b->gauge, 0);
        if (b->inside < 0)
            fail_msg("%s: less than nobody inside",
                     model_name(world_model(a->w), b->comp));
    }
}

static void on_done(void *ctx, const struct request_done *d)
{
    struct audit *a = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < d->nslices; i++)
        sum += d->slices[i].ns;
    if (sum != d->end - d->start)
        fail_msg("request %llu: its slices do not sum to its time",
                 (unsigned long long)d->id);
    if (d->user) {
        a->user_time[d->client] += d->end - d->start;
        a->user_ended[d->client]++;
    }
}

static void step_to(struct audit *a, sim_time until, uint64_t events)
{
    struct observer o = {.ctx = a, .done = on_done};
    struct errmsg why = {0};
    for (uint64_t i = 0; i < events && world_now(a->w) < until; i++) {
        enum err e = world_run(a->w, until, 1, &o, &why);
        if (e != ERR_OK && e != ERR_STOPPED)
            fail_msg("%s", why.text);
        write_books(a);
    }
}

/* ---- conservation ---------------------------------------------------------------- */

static double of(const struct audit *a, comp_id c, const char *metric)
{
    double x = world_metric(a->w, c, metric, 0);
    if (isnan(x))
        fail_msg("%s has no metric %s", model_name(world_model(a->w), c), metric);
    return x;
}

static void must_equal(const struct audit *a, comp_id c, const char *what, double x,
                       double y)
{
    if (x != y)
        fail_msg("%s: %s: %.10g is not %.10g", model_name(world_model(a->w), c), what,
                 x, y);
}

static void conserve_endpoint(const struct audit *a, comp_id c)
{
    const struct kind_desc *k = model_kind(world_model(a->w), c);
    double ended = 0;
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_starts(k->metrics[i].name, "done_"))
            ended += world_metric_at(a->w, c, i, 0);
    must_equal(a, c, "requests = ended + in flight", of(a, c, "requests_total"),
               ended + of(a, c, "in_flight"));
}

/* Arrived = answered + failed + in flight. */
static void conserve(const struct audit *a)
{
    const struct model *m = world_model(a->w);
    for (size_t i = 0; i < model_comps(m); i++) {
        comp_id c = (comp_id)i;
        const char *kind = model_kind(m, c)->name;
        if (strcmp(kind, "client") == 0) {
            double ended = of(a, c, "answered_total") + of(a, c, "failed_total") +
                           of(a, c, "gave_up_total");
            must_equal(a, c, "attempts = ended + in flight", of(a, c, "attempts_total"),
                       ended + of(a, c, "in_flight"));
            must_equal(a, c, "each was told", (double)a->user_ended[c], ended);
        } else if (strcmp(kind, "call") == 0) {
            must_equal(a, c, "attempts = ok + errors + lost + in flight",
                       of(a, c, "attempts_total"),
                       of(a, c, "ok_total") + of(a, c, "errors_total") +
                           of(a, c, "copies_lost_total") + of(a, c, "in_flight"));
        } else if (strcmp(kind, "endpoint") == 0) {
            conserve_endpoint(a, c);
        }
    }
}

/* ---- Little ---------------------------------------------------------------------- */

static void little(const struct audit *a)
{
    const struct model *m = world_model(a->w);
    for (size_t i = 0; i < a->n; i++) {
        const struct book *b = &a->books[i];
        sim_time spent = a->user_time[b->comp];
        if (b->seconds >= 0) {
            double s = world_metric_at(a->w, b->comp, (size_t)b->seconds, 0);
            spent = (sim_time)llround(s * 1e9);
        }
        if (spent != b->integral)
            fail_msg("%s: %s integrates to %lld ns, time spent is %lld ns",
                     model_name(m, b->comp), laws[b->law].gauge, (long long)b->integral,
                     (long long)spent);
        if (b->inside != 0)
            fail_msg("%s: %g are still inside", model_name(m, b->comp), b->inside);
    }
}

/* No new users; those inside may leave. An action comes after the whole of the event
 * that the world was stopped in: what ends in it is told, too. */
static void close_doors(struct audit *a)
{
    const struct model *m = world_model(a->w);
    struct observer o = {.ctx = a, .done = on_done};
    for (size_t i = 0; i < model_comps(m); i++) {
        struct errmsg why = {0};
        bool users = strcmp(model_kind(m, (comp_id)i)->name, "client") == 0 &&
                     world_get(a->w, (comp_id)i, "users").as.count > 0;
        struct action stop = {.kind = ACTION_SET,
                              .comp = (comp_id)i,
                              .name = users ? "users" : "rate",
                              .args = {users ? value_count(0) : value_number(0)},
                              .nargs = 1};
        if (strcmp(model_kind(m, (comp_id)i)->name, "client") == 0 &&
            world_apply(a->w, &stop, NULL, &o, NULL, &why) != ERR_OK)
            fail_msg("%s", why.text);
    }
}

static bool somebody(const struct audit *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->books[i].inside > 0)
            return true;
    return false;
}

void audit(struct model *m, uint64_t seed, sim_time length)
{
    struct errmsg why = {0};
    struct audit a = {.w = world_new(m, seed, &why)};
    if (!a.w)
        fail_msg("%s", why.text);
    a.user_time = mem_array(model_comps(m) + 1, sizeof *a.user_time);
    a.user_ended = mem_array(model_comps(m) + 1, sizeof *a.user_ended);
    open_books(&a);
    for (int part = 1; part <= 4; part++) {
        step_to(&a, length / 4 * part, UINT64_MAX);
        conserve(&a);
    }
    close_doors(&a);
    write_books(&a);
    for (int i = 0; i < 100000 && somebody(&a); i++)
        step_to(&a, INT64_MAX, 100);
    conserve(&a);
    little(&a);
    mem_free(a.user_time);
    mem_free(a.user_ended);
    world_free(a.w);
}
