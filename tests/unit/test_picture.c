/* The picture: one number for one name, whoever shows it, and every number with its
 * window. */
#include "../lib/lab.h"

#include "truecode/picture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

/* ---- numbers --------------------------------------------------------------------- */

static void expect(void (*write)(struct buf *b, double x), double x, const char *text)
{
    struct buf b;
    buf_init(&b, 0);
    write(&b, x);
    assert_string_equal(b.s, text);
    buf_release(&b);
}

static void numbers_are_written_one_way(void **state)
{
    (void)state;
    expect(number_text, 0, "0");
    expect(number_text, 0.234, "0.23");
    expect(number_text, 4812.4, "4 812");
    expect(number_text, 41.26, "41.3");
    expect(number_text, NAN, "-");
    expect(number_count, 1253000, "1 253 000");
    expect(number_rate, 0.7, "42/min");
    expect(number_rate, 79.6, "80/s");
    expect(number_seconds, 0.2144, "214 ms");
    expect(number_seconds, 761, "12 m 41 s");
}

/* A part is not written as all, nor a little as nothing. */
static void shares_do_not_round_to_all_or_nothing(void **state)
{
    (void)state;
    expect(number_share, 0, "0 %");
    expect(number_share, 0.0004, "<0.1 %");
    expect(number_share, 0.0006, "0.1 %");
    expect(number_share, 0.42, "42 %");
    expect(number_share, 0.965, "96.5 %");
    expect(number_share, 0.99996, "99.99 %");
    expect(number_share, 1, "100 %");
}

/* ---- a shop whose pool runs dry -------------------------------------------------- */

struct shop {
    struct lab l;
    struct recording *rec;
    comp_id users, app, db;
};

/* Ten visits a second; two connections do two statements a second, the others give up
 * after half a second. */
static struct shop shop_new(void)
{
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    struct shop s = {.l = lab_new()};
    s.db = lab_part(&s.l, "database", "db", "cores=8 max_connections=10");
    lab_part(&s.l, "statement", "db.q", "cpu=1s");
    s.app = lab_part(&s.l, "service", "app", "instances=1 workers=1000");
    lab_part(&s.l, "pool", "app.pool", "to=db size=2 acquire_timeout=500ms");
    lab_endpoint(&s.l, "app", "get", &query);
    s.users = lab_part(&s.l, "client", "users", "to=app/get rate=10 arrivals=even");
    lab_slo(&s.l, 2 * SIM_SEC, 0);
    lab_start(&s.l, 1);
    s.rec = recording_new(s.l.m, NULL, 0);
    return s;
}

static void shop_free(struct shop *s)
{
    recording_free(s->rec);
    lab_free(&s->l);
}

static void shop_run(struct shop *s, sim_time until)
{
    struct observer o = recording_observer(s->rec);
    struct errmsg why = {0};
    for (sim_time t = world_now(s->l.w) / SIM_SEC * SIM_SEC + SIM_SEC; t <= until;
         t += SIM_SEC) {
        assert_int_equal(world_run(s->l.w, t, UINT64_MAX, &o, &why), ERR_OK);
        recording_sample(s->rec, s->l.w);
    }
}

static struct scene scene_of(const struct shop *s)
{
    return (struct scene){.w = s->l.w, .rec = s->rec, .now = world_now(s->l.w)};
}

static void an_arrow_counts_what_went_along_it(void **state)
{
    (void)state;
    struct shop s = shop_new();
    struct edge e[EDGES_MAX];
    shop_run(&s, 2 * SIM_MIN);
    struct scene scene = scene_of(&s);
    assert_int_equal(scene_edges(&scene, s.app, e, EDGES_MAX), 1);
    assert_int_equal(e[0].to, s.db);
    assert_true(e[0].pool != COMP_NONE && e[0].policy != COMP_NONE);
    assert_true(fabs(e[0].per_s - 2) < 0.1); /* not the ten that were tried */
    assert_int_equal(scene_edges(&scene, s.users, e, EDGES_MAX), 1);
    assert_int_equal(e[0].to, s.app);
    assert_true(fabs(e[0].per_s - 10) < 0.1);
    shop_free(&s);
}

static bool says(const struct fact *f, size_t n, const char *text)
{
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        struct buf b;
        buf_init(&b, 0);
        fact_text(&b, &f[i], NUMBER_SCREEN);
        found |= str_eq(b.s, text);
        buf_release(&b);
    }
    return found;
}

/* The service fails four in five: it is bad, and not only the way to it. */
static void who_fails_is_bad_itself(void **state)
{
    (void)state;
    struct shop s = shop_new();
    struct fact f[FACTS_MAX];
    shop_run(&s, 2 * SIM_MIN);
    struct scene scene = scene_of(&s);
    size_t n = scene_facts(&scene, s.app, NULL, f, FACTS_MAX);
    assert_true(n > 0 && f[0].level == LEVEL_BAD && !f[0].on_edge);
    assert_true(says(f, n, "errors 80 %"));
    n = scene_facts(&scene, s.db, NULL, f, FACTS_MAX);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(f[i].level, LEVEL_PLAIN); /* the database does its work */
    struct edge e[EDGES_MAX];
    (void)scene_edges(&scene, s.app, e, EDGES_MAX);
    n = scene_facts(&scene, s.db, &e[0], f, FACTS_MAX);
    assert_true(f[0].kind == FACT_DYING && f[0].on_edge);
    assert_true(says(f, n, "✗ 8/s no connection in time"));
    assert_true(says(f, n, "pool 2/2"));
    shop_free(&s);
}

static void status_tells_now_from_the_last_minute(void **state)
{
    (void)state;
    struct shop s = shop_new();
    struct fact f[FACTS_MAX];
    shop_run(&s, 2 * SIM_MIN);
    struct scene scene = scene_of(&s);
    size_t n = scene_status(&scene, s.app, FACT_NOW, f, FACTS_MAX);
    for (size_t i = 0; i < n; i++)
        assert_true(f[i].figure->how == FIGURE_NOW || f[i].figure->how == FIGURE_OF);
    n = scene_status(&scene, s.app, FACT_WINDOW, f, FACTS_MAX);
    assert_true(says(f, n, "errors 80 %"));
    n = scene_status(&scene, s.db, FACT_NOW, f, FACTS_MAX);
    assert_true(says(f, n, "conns 2/10"));
    n = scene_status(&scene, s.db, FACT_WINDOW, f, FACTS_MAX);
    assert_int_equal(n, 0);
    shop_free(&s);
}

/* ---- over time ------------------------------------------------------------------- */

/* Full for seven seconds of every minute, as a pool that many misses take at once. */
static void a_short_peak_shows_in_a_long_slot(void **state)
{
    (void)state;
    struct shop s = shop_new();
    struct curve k;
    struct curve_slot v[4];
    lab_set(&s.l, "users", "rate", "0.1");
    shop_run(&s, 50 * SIM_SEC);
    lab_set(&s.l, "users", "rate", "10");
    shop_run(&s, 55 * SIM_SEC);
    lab_set(&s.l, "users", "rate", "0");
    shop_run(&s, 120 * SIM_SEC);
    struct scene scene = scene_of(&s);
    assert_true(
        curve_metric(s.l.m, model_find(s.l.m, "app.pool"), "pool_in_use", 0, &k));
    struct curve_sum sum = curve_fill(&scene, &k, 0, 120 * SIM_SEC, v, 2);
    assert_true(v[0].low == 0 && v[0].high == 2 && v[0].mean < 1);
    assert_true(sum.high == 2 && sum.low == 0);
    assert_true(v[1].high == 0);
    shop_free(&s);
}

static void now_is_the_same_in_every_window(void **state)
{
    (void)state;
    struct shop s = shop_new();
    struct curve gauge, rate;
    shop_run(&s, 5 * SIM_MIN);
    struct scene scene = scene_of(&s);
    comp_id pool = model_find(s.l.m, "app.pool");
    assert_true(curve_metric(s.l.m, pool, "pool_waiting", 0, &gauge));
    assert_true(curve_now(&scene, &gauge) ==
                lab_metric(&s.l, "app.pool", "pool_waiting"));
    assert_true(curve_metric(s.l.m, s.app, "requests_total", 0, &rate));
    assert_true(curve_now(&scene, &rate) ==
                scene_rate(&scene, s.app, "requests_total"));
    shop_free(&s);
}

static void a_cell_is_solid_to_the_lowest_and_open_to_the_highest(void **state)
{
    (void)state;
    struct curve_slot v = {.low = 2, .high = 7, .mean = 3};
    const int want[] = {8, 8, CELL_SPAN, CELL_SPAN, CELL_SPAN, CELL_SPAN, CELL_SPAN, 0};
    for (size_t row = 0; row < 8; row++)
        assert_int_equal(curve_cell(&v, 1, 8, row, 8), want[row]);
    v = (struct curve_slot){.low = 2.5, .high = 2.5, .mean = 2.5};
    assert_int_equal(curve_cell(&v, 1, 8, 1, 8), 8);
    assert_int_equal(curve_cell(&v, 1, 8, 2, 8), 4);
    assert_int_equal(curve_cell(&v, 1, 8, 3, 8), 0);
    v = (struct curve_slot){0, 0, 0}; /* a zero is a value */
    assert_int_equal(curve_cell(&v, 1, 8, 0, 8), 1);
    v = (struct curve_slot){NAN, NAN, NAN};
    assert_int_equal(curve_cell(&v, 1, 8, 0, 8), 0);
}

/* It neither depends on when it is asked nor on where a minute begins. */
static void the_worst_minute_slides(void **state)
{
    (void)state;
    struct shop s = shop_new();
    lab_set(&s.l, "users", "rate", "1");
    shop_run(&s, 90 * SIM_SEC);
    lab_set(&s.l, "users", "rate", "10");
    shop_run(&s, 150 * SIM_SEC);
    lab_set(&s.l, "users", "rate", "1");
    struct worst_minute first = {0, 0};
    for (sim_time t = 170 * SIM_SEC; t <= 400 * SIM_SEC; t += 7 * SIM_SEC) {
        shop_run(&s, t);
        struct scene scene = scene_of(&s);
        struct worst_minute now = scene_worst_minute(&scene, 0, scene.now);
        if (first.bad_share == 0)
            first = now;
        assert_true(now.bad_share == first.bad_share);
        assert_true(now.bad_per_s == first.bad_per_s);
    }
    assert_true(first.bad_share > 0.75 && first.bad_per_s > 7.5);
    shop_free(&s);
}

static void clients_are_hidden_where_nobody_measures_them(void **state)
{
    (void)state;
    struct shop s = shop_new();
    struct curve k[64];
    struct edge e[EDGES_MAX];
    struct fact f[FACTS_MAX];
    shop_run(&s, 2 * SIM_MIN);
    struct scene scene = scene_of(&s);
    size_t open = scene_curves(&scene, k, 64);
    assert_int_equal(k[0].how, CURVE_NOT_GOOD); /* the users' own is the first */
    scene.users_hidden = true;
    assert_true(scene_curves(&scene, k, 64) < open);
    for (size_t i = 0; i < scene_curves(&scene, k, 64); i++)
        assert_int_not_equal(comp_top(s.l.m, k[i].comp), s.users);
    (void)scene_edges(&scene, s.users, e, EDGES_MAX);
    assert_int_equal(scene_edge_facts(&scene, &e[0], f, FACTS_MAX), 0);
    shop_free(&s);
}

/* Every figure of every kind names metrics that the kind has. */
static void figures_name_metrics_that_there_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++) {
        const struct kind_desc *k = sim_kind(i);
        for (size_t f = 0; f < k->nfigures; f++) {
            const char *named[] = {k->figures[f].metric, k->figures[f].of};
            for (int n = 0; n < 2; n++) {
                bool found = !named[n];
                for (size_t j = 0; j < k->nmetrics; j++)
                    found |= str_eq(k->metrics[j].name, named[n]);
                if (!found)
                    fail_msg("%s has no metric %s", k->name, named[n]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_one_way),
        cmocka_unit_test(shares_do_not_round_to_all_or_nothing),
        cmocka_unit_test(an_arrow_counts_what_went_along_it),
        cmocka_unit_test(who_fails_is_bad_itself),
        cmocka_unit_test(status_tells_now_from_the_last_minute),
        cmocka_unit_test(a_short_peak_shows_in_a_long_slot),
        cmocka_unit_test(now_is_the_same_in_every_window),
        cmocka_unit_test(a_cell_is_solid_to_the_lowest_and_open_to_the_highest),
        cmocka_unit_test(the_worst_minute_slides),
        cmocka_unit_test(clients_are_hidden_where_nobody_measures_them),
        cmocka_unit_test(figures_name_metrics_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
