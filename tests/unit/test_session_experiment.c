/*
 * Labs as the program runs them: what they measure against theory and against a plain
 * list, and what they say when they are stopped, run away or are wrong.
 */
#include "../../src/telemetry/measure_internal.h"
#include "truecode/session_experiment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MM1                                                                            \
    "return lab { 'mm1', ends_at = min(220), warm_up = min(20), world = function(w)\n" \
    "  w:service { 'server', workers = 1, cores = 1,\n"                                \
    "    endpoints = { serve = { compute(exponential(ms(10))) } } }\n"                 \
    "  w:client { 'users', to = 'server/serve', rate = 70 } end }\n"
/* Every request makes two: nothing stops it but the world's limit. */
#define RUNAWAY                                                                        \
    "return lab { 'runaway', ends_at = min(60), warm_up = sec(1), world = "            \
    "function(w)\n"                                                                    \
    "  w:service { 'api', workers = 1, endpoints = { get = { sleep(sec(1)) } } }\n"    \
    "  w:client { 'users', to = 'api/get', rate = 20000 } end }\n"

static void must(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK)
        fail_msg("%s: %s", err_phrase(e), why->text);
}

static enum err open_lab(struct experiment **x, const char *text, uint64_t seed,
                         unsigned replications, sim_time until, struct errmsg *why)
{
    return experiment_open(x,
                           &(struct experiment_options){.text = text,
                                                        .len = strlen(text),
                                                        .name = "test.lua",
                                                        .seed = seed,
                                                        .replications = replications,
                                                        .until = until},
                           why);
}

static struct experiment *run_lab(const char *text, uint64_t seed,
                                  unsigned replications, sim_time until, uint64_t slice)
{
    struct errmsg why = {0};
    struct experiment *x;
    must(open_lab(&x, text, seed, replications, until, &why), &why);
    for (bool more = true; more;)
        must(experiment_run(x, slice, &more, &why), &why);
    return x;
}

static void text_of(struct buf *b, const struct experiment *x, bool json)
{
    buf_init(b, 0);
    if (json)
        experiment_json(x, b);
    else
        experiment_text(x, b);
}

/* ---- histograms and errors ------------------------------------------------------- */

static int by_size(const void *a, const void *b, void *ctx)
{
    const sim_time *x = a, *y = b;
    (void)ctx;
    return (*x > *y) - (*x < *y);
}

static void percentiles_are_nearest_rank(void **state)
{
    static sim_time list[5000];
    static const unsigned q[] = {1, 5000, 9000, 9900, 9990, 10000};
    struct rng rng;
    (void)state;
    rng_seed(&rng, 3, "histogram");
    for (int round = 0; round < 40; round++) {
        struct histogram h = {0};
        size_t n = 1 + rng_below(&rng, 5000);
        double scale = tc_exp(rng_unit(&rng) * 28);
        for (size_t i = 0; i < n; i++) {
            list[i] = (sim_time)(rng_exponential(&rng) * scale);
            histogram_add(&h, list[i]);
        }
        sort_stable(list, n, sizeof *list, by_size, NULL);
        for (int i = 0; i < 6; i++) {
            size_t rank = (n * q[i] + 9999) / 10000;
            double exact = (double)list[rank > 0 ? rank - 1 : 0] / 1e9;
            double got = histogram_quantile(&h, q[i]);
            assert_true(fabs(got - exact) <= exact * 0.004 + 1e-15);
            assert_true(exact >= 128e-9 || got == exact);
        }
        assert_true(h.min == list[0] && h.max == list[n - 1]);
        histogram_release(&h);
    }
}

static void merged_is_as_if_it_had_been_one(void **state)
{
    struct histogram a = {0}, b = {0}, all = {0};
    struct rng rng;
    (void)state;
    rng_seed(&rng, 4, "histogram");
    for (int i = 0; i < 3000; i++) {
        sim_time t = (sim_time)(rng_next(&rng) >> (1 + rng_below(&rng, 60)));
        t = t > SIM_HOUR * 100000 ? SIM_HOUR : t;
        histogram_add(rng_below(&rng, 2) ? &a : &b, t);
        histogram_add(&all, t);
    }
    histogram_merge(&a, &b);
    assert_true(a.count == all.count && a.sum == all.sum && a.max == all.max);
    for (unsigned q = 1; q <= 10000; q += 97)
        assert_true(histogram_quantile(&a, q) == histogram_quantile(&all, q));
    histogram_reset(&a);
    assert_true(isnan(histogram_quantile(&a, 5000)) && isnan(histogram_mean(&a)));
    histogram_release(&a);
    histogram_release(&b);
    histogram_release(&all);
}

static void an_error_is_that_of_the_mean(void **state)
{
    struct spread s = {0};
    (void)state;
    assert_true(isnan(spread_error(&s)));
    for (int i = 1; i <= 5; i++)
        spread_add(&s, i);
    assert_true(fabs(s.mean - 3) < 1e-12);
    assert_true(fabs(spread_error(&s) - sqrt(2.5 / 5)) < 1e-12);
}

/* ---- measuring ------------------------------------------------------------------- */

/* A number behind "key": after `after` in the JSON. */
static double number_after(const struct buf *b, const char *after, const char *key)
{
    double x;
    const char *at = strstr(b->s, after);
    assert_non_null(at);
    at = strstr(at, key);
    assert_non_null(at);
    at = strpbrk(at + strlen(key), "0123456789-");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "%lf", &x), 1);
    return x;
}

/* M/M/1 with rho = 0.7: W = 33.33 ms, Wq = 23.33 ms, exponential percentiles; on the
 * way to the server it spends 0.2 ms.  */
static void one_server_is_as_theory_says(void **state)
{
    struct buf b;
    (void)state;
    struct experiment *x = run_lab(MM1, 5, 1, 0, 100000);
    text_of(&b, x, true);
    const char *row = "\"of\": \"server/serve\"";
    double w = number_after(&b, row, "\"response\": {\"mean\": {\"value\"");
    double wq = number_after(&b, row, "\"waiting\": {\"mean\": {\"value\"");
    double p99 = number_after(&b, row, "\"p99\": {\"value\"");
    double rate = number_after(&b, row, "\"throughput\": {\"value\"");
    double busy = number_after(&b, "\"name\": \"server\"", "\"busy\": {\"mean\"");
    assert_true(fabs(w - 0.033333) < 0.001 && fabs(wq - 0.023333) < 0.001);
    assert_true(fabs(w - wq - 0.0102) < 0.0001);
    assert_true(fabs(p99 - 0.15351) < 0.006);
    assert_true(fabs(rate - 70) < 0.5 && fabs(busy - 0.7) < 0.01);
    buf_release(&b);
    experiment_free(x);
}

/* Its error tells how far off it is: over many seeds, mostly within two of them. */
static void the_error_says_how_far_off_it_is(void **state)
{
    int within = 0, rounds = 40;
    (void)state;
    for (int seed = 1; seed <= rounds; seed++) {
        struct buf b;
        struct experiment *x =
            run_lab(MM1, (uint64_t)seed * 1000, 1, 30 * SIM_MIN, UINT64_MAX);
        text_of(&b, x, true);
        const char *mean = "\"waiting\": {\"mean\": ";
        double wq = number_after(&b, mean, "\"value\"");
        double se = number_after(&b, mean, "\"se\"");
        within += fabs(wq - 0.023333) < 2 * se;
        buf_release(&b);
        experiment_free(x);
    }
    assert_true(within >= rounds * 80 / 100);
}

static void slices_of_any_size_measure_the_same(void **state)
{
    struct buf a, b;
    (void)state;
    struct experiment *x = run_lab(MM1, 9, 1, 25 * SIM_MIN, 1000);
    struct experiment *y = run_lab(MM1, 9, 1, 25 * SIM_MIN, UINT64_MAX);
    text_of(&a, x, true);
    text_of(&b, y, true);
    assert_string_equal(a.s, b.s);
    assert_true(experiment_digest(x) == experiment_digest(y));
    buf_release(&a);
    buf_release(&b);
    experiment_free(x);
    experiment_free(y);
}

/* The mean of replications is the mean of what each comes to alone. */
static void replications_are_the_single_runs(void **state)
{
    double sum = 0;
    struct buf b;
    (void)state;
    for (uint64_t seed = 3; seed < 6; seed++) {
        struct experiment *x = run_lab(MM1, seed, 1, 25 * SIM_MIN, UINT64_MAX);
        text_of(&b, x, true);
        sum += number_after(&b, "\"of\": \"users\"", "\"throughput\": {\"value\"");
        buf_release(&b);
        experiment_free(x);
    }
    struct experiment *x = run_lab(MM1, 3, 3, 25 * SIM_MIN, UINT64_MAX);
    text_of(&b, x, true);
    double mean = number_after(&b, "\"of\": \"users\"", "\"throughput\": {\"value\"");
    assert_true(fabs(mean - sum / 3) < 1e-6);
    assert_true(number_after(&b, "\"replications\"", ": ") == 3);
    assert_true(number_after(&b, "\"measured\"", ": ") == 3 * 300);
    buf_release(&b);
    experiment_free(x);
}

/* ---- reports --------------------------------------------------------------------- */

/* Reads past a JSON value; NULL: none is there. */
static const char *json_value(const char *p, int depth);

static const char *json_text(const char *p)
{
    for (p++; *p != '"'; p++) {
        if ((unsigned char)*p < ' ')
            return NULL;
        p += *p == '\\';
    }
    return p + 1;
}

static const char *blanks(const char *p)
{
    return p ? p + strspn(p, " \n") : NULL;
}

static const char *json_list(const char *p, char end, int depth)
{
    p = blanks(p + 1);
    if (*p == end)
        return p + 1;
    for (;;) {
        if (end == '}') {
            if (*p != '"' || !(p = blanks(json_text(p))) || *p++ != ':')
                return NULL;
            p = blanks(p);
        }
        p = blanks(json_value(p, depth + 1));
        if (!p || (*p != ',' && *p != end))
            return NULL;
        if (*p++ == end)
            return p;
        p = blanks(p);
    }
}

static const char *json_value(const char *p, int depth)
{
    if (depth > 20)
        return NULL;
    if (*p == '{' || *p == '[')
        return json_list(p, *p == '{' ? '}' : ']', depth);
    if (*p == '"')
        return json_text(p);
    if (strncmp(p, "null", 4) == 0)
        return p + 4;
    size_t n = strspn(p, "-0123456789.eE+");
    return n > 0 ? p + n : NULL;
}

static void check_json(const struct experiment *x)
{
    struct buf b;
    text_of(&b, x, true);
    const char *end = json_value(b.s, 0);
    assert_non_null(end);
    assert_string_equal(end, "\n");
    assert_null(strstr(b.s, "nan"));
    assert_null(strstr(b.s, "inf,"));
    buf_release(&b);
}

static void check_width(const struct experiment *x)
{
    struct buf b;
    text_of(&b, x, false);
    for (const char *p = b.s; *p != '\0'; p += strcspn(p, "\n") + 1)
        assert_true(strcspn(p, "\n") <= 80);
    buf_release(&b);
}

static void reports_are_well_formed(void **state)
{
    (void)state;
    struct experiment *x = run_lab(MM1, 1, 2, 22 * SIM_MIN, UINT64_MAX);
    check_json(x);
    check_width(x);
    experiment_free(x);
}

/* Nothing comes at all: figures are unknown or zero, and nothing is divided by it. */
static void a_world_without_requests_is_measured(void **state)
{
    static const char text[] =
        "return lab { 'quiet \\\"\\\\ night', world = function(w)\n"
        "  w:service { 'api', endpoints = { get = { sleep(ms(1)) } } }\n"
        "  w:client { 'users', to = 'api/get', rate = 0 } end }\n";
    (void)state;
    struct experiment *x = run_lab(text, 1, 1, 0, UINT64_MAX);
    check_json(x);
    check_width(x);
    experiment_free(x);
}

/* ---- early ends ------------------------------------------------------------------ */

static void what_is_stopped_tells_what_there_is(void **state)
{
    struct errmsg why = {0};
    struct experiment *x;
    struct buf b;
    bool more = true;
    (void)state;
    must(open_lab(&x, MM1, 1, 1, 0, &why), &why);
    for (int i = 0; i < 60 && more; i++)
        must(experiment_run(x, 20000, &more, &why), &why);
    assert_true(more && experiment_done(x) > 0.1 && experiment_done(x) < 0.9);
    experiment_stop(x);
    experiment_stop(x);
    must(experiment_run(x, 20000, &more, &why), &why);
    assert_false(more);
    text_of(&b, x, false);
    assert_non_null(strstr(b.s, "STOPPED at "));
    assert_non_null(strstr(b.s, "server/serve"));
    buf_release(&b);
    check_json(x);
    experiment_free(x);
}

static void stopped_in_the_warm_up_there_is_nothing(void **state)
{
    struct errmsg why = {0};
    struct experiment *x;
    struct buf b;
    bool more;
    (void)state;
    must(open_lab(&x, MM1, 1, 1, 0, &why), &why);
    must(experiment_run(x, 100, &more, &why), &why);
    experiment_stop(x);
    text_of(&b, x, false);
    assert_non_null(strstr(b.s, "the warm-up was not over"));
    buf_release(&b);
    check_json(x);
    experiment_free(x);
}

static void what_runs_away_says_so(void **state)
{
    struct errmsg why = {0};
    struct experiment *x;
    struct buf b;
    bool more = true;
    enum err e = ERR_OK;
    (void)state;
    must(open_lab(&x, RUNAWAY, 1, 1, 0, &why), &why);
    while (more && e == ERR_OK)
        e = experiment_run(x, 100000, &more, &why);
    assert_int_equal(e, ERR_LIMIT);
    assert_non_null(strstr(why.text, "ran away"));
    assert_false(more);
    text_of(&b, x, false);
    assert_non_null(strstr(b.s, "ran away"));
    assert_non_null(strstr(b.s, "REQUESTS"));
    buf_release(&b);
    check_json(x);
    experiment_free(x);
}

/* ---- what is refused ------------------------------------------------------------- */

static void refused(const char *text, enum err want, const char *words, sim_time until,
                    unsigned replications)
{
    struct errmsg why = {0};
    struct experiment *x;
    assert_int_equal(open_lab(&x, text, 1, replications, until, &why), want);
    assert_null(x);
    if (!strstr(why.text, words))
        fail_msg("\"%s\" lacks \"%s\"", why.text, words);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    refused(MM1, ERR_INPUT, "later than the warm-up of 20 m", 10 * SIM_MIN, 1);
    refused(MM1, ERR_INPUT, "30 days", SIM_HOUR * 24 * 40, 1);
    refused(MM1, ERR_INPUT, "replications", 0, 1000000);
    refused("return lab { 'x' }", ERR_LESSON, "test.lua:1: lab lacks world", 0, 1);
    refused("return lab { 'x', batches = 3, world = function(w) end }", ERR_LESSON,
            "batches: 20 to 1000", 0, 1);
    refused("return lab { 'x', steps = {}, world = function(w) end }", ERR_LESSON,
            "lab has no field 'steps'", 0, 1);
    refused("return lab { 'x', ends_at = 5, world = function(w) end }", ERR_LESSON,
            "ends_at", 0, 1);
    refused("return lab { 'x', world = function(w)\n w:servce { 'a' } end }",
            ERR_LESSON,
            "test.lua:2: there is no kind 'servce'; did you mean 'service'?", 0, 1);
    refused("return lab { 'x', world = function(w) end,\n"
            "incident = function(i) i:at(min(30), page('x')) end }",
            ERR_LESSON, "test.lua:2: this is after ends_at", 0, 1);
    refused("return course { }", ERR_LESSON, "return lab", 0, 1);
}

/* Figures are kept by number, so all replications must have the same parts. */
static void seeds_build_the_same_parts(void **state)
{
    static const char text[] =
        "return lab { 'x', world = function(w)\n"
        "  w:service { pick { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' },\n"
        "    endpoints = { get = { sleep(ms(1)) } } } end }\n";
    struct errmsg why = {0};
    struct experiment *x;
    bool more = true;
    enum err e = ERR_OK;
    (void)state;
    must(open_lab(&x, text, 1, 20, 0, &why), &why);
    while (more && e == ERR_OK)
        e = experiment_run(x, UINT64_MAX, &more, &why);
    assert_int_equal(e, ERR_LESSON);
    assert_non_null(strstr(why.text, "builds other components"));
    check_json(x);
    experiment_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_nearest_rank),
        cmocka_unit_test(merged_is_as_if_it_had_been_one),
        cmocka_unit_test(an_error_is_that_of_the_mean),
        cmocka_unit_test(one_server_is_as_theory_says),
        cmocka_unit_test(the_error_says_how_far_off_it_is),
        cmocka_unit_test(slices_of_any_size_measure_the_same),
        cmocka_unit_test(replications_are_the_single_runs),
        cmocka_unit_test(reports_are_well_formed),
        cmocka_unit_test(a_world_without_requests_is_measured),
        cmocka_unit_test(what_is_stopped_tells_what_there_is),
        cmocka_unit_test(stopped_in_the_warm_up_there_is_nothing),
        cmocka_unit_test(what_runs_away_says_so),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(seeds_build_the_same_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
