/* A recording of a whole small world says what the world says, changes nothing in it,
 * and after a rewind the same run gives the same recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/lab.h"
#include "truecode/telemetry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct lab l;
    struct recording *rec;
};

static const struct alert_rule rules[] = {
    {.name = "bad answers",
     .kind = ALERT_BURN,
     .page = true,
     .factor = 2,
     .long_window = 2 * SIM_MIN,
     .short_window = 20 * SIM_SEC},
};

/* Users buy through a shop at a database that is slow from 100 s to 130 s. */
static struct lab shop(void)
{
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node log = {
        .kind = NODE_LOG, .what = "order placed", .p = 1, .next = &query};
    const struct node work = {.kind = NODE_COMPUTE,
                              .time = {DIST_EXPONENTIAL, 0, 3 * SIM_MS, 0},
                              .next = &log};
    struct lab l = lab_new();
    struct errmsg why = {0};
    lab_part(&l, "database", "db", "cores=2 max_connections=40");
    lab_part(&l, "statement", "db.q", "cpu=10ms");
    lab_part(&l, "service", "shop", "instances=2 workers=20");
    lab_part(&l, "pool", "shop.pool", "to=db size=10");
    lab_endpoint(&l, "shop", "buy", &work);
    lab_part(&l, "client", "users", "to=shop/buy rate=40 gives_up=2s");
    lab_slo(&l, SIM_SEC, 0);
    struct action slow = {.kind = ACTION_FAULT,
                          .comp = model_find(l.m, "db"),
                          .name = "slow",
                          .args = {value_number(10)},
                          .nargs = 1,
                          .duration = 30 * SIM_SEC};
    assert_int_equal(model_at(l.m, 100 * SIM_SEC, &slow, "night job", &why), ERR_OK);
    lab_start(&l, 11);
    return l;
}

static struct scene open_scene(void)
{
    struct scene s = {.l = shop()};
    s.rec = recording_new(s.l.m, rules, 1);
    return s;
}

static void close_scene(struct scene *s)
{
    recording_free(s->rec);
    lab_free(&s->l);
}

static void play(struct recording *r, struct world *w, sim_time until)
{
    struct errmsg why = {0};
    struct observer o = recording_observer(r);
    while (world_now(w) < until) {
        sim_time t = world_now(w) / SIM_SEC * SIM_SEC + SIM_SEC;
        if (world_run(w, t, UINT64_MAX, &o, &why) != ERR_OK)
            fail_msg("%s", why.text);
        recording_sample(r, w);
    }
}

static struct series find(const struct recording *r, const char *comp,
                          const char *metric, int instance)
{
    struct errmsg why = {0};
    struct series s;
    comp_id c = model_find(recording_model(r), comp);
    if (series_find(r, c, metric, instance, &s, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return s;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* ---- says what the world says ---------------------------------------------------- */

static void check_sample(const struct recording *r, const struct world *w)
{
    const struct model *m = recording_model(r);
    for (size_t c = 0; c < model_comps(m); c++) {
        const struct kind_desc *k = model_kind(m, (comp_id)c);
        int n = world_instances(w, (comp_id)c);
        for (size_t i = 0; i < k->nmetrics; i++)
            for (int k2 = 0; k2 <= (k->metrics[i].per_instance ? n : 0); k2++) {
                struct series s = {(comp_id)c, (uint16_t)i, k2};
                double want = world_metric_at(w, (comp_id)c, i, k2);
                if (!same(series_at(r, s, world_now(w)), want))
                    fail_msg("%s %s of %d: %g, not %g", model_name(m, (comp_id)c),
                             k->metrics[i].name, k2, series_at(r, s, world_now(w)),
                             want);
            }
    }
}

static void every_sample_is_the_worlds_own(void **state)
{
    (void)state;
    struct scene s = open_scene();
    for (int t = 1; t <= 150; t++) {
        play(s.rec, s.l.w, t * SIM_SEC);
        check_sample(s.rec, s.l.w);
        if (t == 70)
            lab_op(&s.l, "shop", "scale", "5");
        if (t == 120)
            lab_op(&s.l, "shop", "scale", "1");
    }
    struct series new_one = find(s.rec, "shop", "requests_total", 4);
    assert_true(isnan(series_at(s.rec, new_one, 60 * SIM_SEC)));
    assert_true(series_rate(s.rec, new_one, 80 * SIM_SEC, 110 * SIM_SEC) > 1);
    assert_int_equal(recording_end(s.rec), 150 * SIM_SEC);
    close_scene(&s);
}

static void a_wrong_name_gets_a_suggestion(void **state)
{
    (void)state;
    struct scene s = open_scene();
    struct errmsg why = {0};
    struct series out;
    comp_id pool = model_find(s.l.m, "shop.pool");
    assert_int_equal(series_find(s.rec, pool, "pool_waitng", 0, &out, &why),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "pool_waiting"));
    assert_int_equal(series_find(s.rec, pool, "db_client_connections_pending_requests",
                                 0, &out, &why),
                     ERR_OK);
    assert_string_equal(series_desc(s.rec, out)->name, "pool_waiting");
    assert_int_equal(series_find(s.rec, pool, "pool_waiting", 9, &out, &why),
                     ERR_NOT_FOUND);
    assert_int_equal(series_find(s.rec, COMP_NONE, "x", 0, &out, &why), ERR_NOT_FOUND);
    close_scene(&s);
}

static uint64_t requests_in(const struct recording *r, comp_id c, sim_time to)
{
    uint32_t counts[LATENCY_BUCKETS];
    uint64_t n = 0;
    latency_histogram(r, c, 0, to, counts);
    for (int i = 0; i < LATENCY_BUCKETS; i++)
        n += counts[i];
    return n;
}

static void requests_time_and_failures_add_up(void **state)
{
    (void)state;
    struct scene s = open_scene();
    sim_time end = 200 * SIM_SEC;
    play(s.rec, s.l.w, end);
    comp_id users = model_find(s.l.m, "users"), buy = model_find(s.l.m, "shop/buy");
    double answered = lab_metric(&s.l, "users", "answered_total");
    double failed = lab_metric(&s.l, "users", "failed_total") +
                    lab_metric(&s.l, "users", "gave_up_total");
    assert_true(failed > 100);
    assert_true((double)requests_in(s.rec, users, end) == answered + failed);
    assert_true((double)requests_in(s.rec, buy, end) ==
                lab_metric(&s.l, "shop/buy", "requests_total") -
                    lab_metric(&s.l, "shop/buy", "in_flight"));
    struct failure f[32];
    size_t n = explain_failures(s.rec, users, 0, end, f, 32);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)f[i].count;
    assert_true(sum == failed);
    struct share sh[64];
    double seconds = 0;
    n = explain_time(s.rec, users, 0, end, 0, 1, sh, 64);
    for (size_t i = 0; i < n; i++)
        seconds += sh[i].seconds;
    assert_true(fabs(seconds / latency_mean(s.rec, users, 0, end) - 1) < 1e-3);
    close_scene(&s);
}

static void the_objective_is_the_worlds_ledger(void **state)
{
    (void)state;
    struct scene s = open_scene();
    play(s.rec, s.l.w, 200 * SIM_SEC);
    double good = lab_metric(&s.l, "users", "good_total");
    double bad = lab_metric(&s.l, "users", "bad_total");
    struct slo_state slo = recording_slo(s.rec, 200 * SIM_SEC);
    assert_true((double)slo.bad == bad && (double)slo.total == good + bad);
    assert_true(recording_good(s.rec, 0, 200 * SIM_SEC) == good / (good + bad));
    assert_true(recording_good(s.rec, 110 * SIM_SEC, 130 * SIM_SEC) < 0.5);
    assert_true(recording_good(s.rec, 10 * SIM_SEC, 90 * SIM_SEC) == 1);
    assert_int_equal(recording_alerts(s.rec), 1);
    struct alert a = recording_alert(s.rec, 0);
    assert_true(a.since > 100 * SIM_SEC && a.since < 140 * SIM_SEC);
    assert_true(a.until < SIM_FOREVER);
    assert_int_equal(recording_changes(s.rec), 1);
    assert_string_equal(recording_change(s.rec, 0)->who, "night job");
    close_scene(&s);
}

/* Visitors that the objective is not about do not change it. */
static void only_those_it_is_about_count(void **state)
{
    (void)state;
    const struct node none = {.kind = NODE_FAIL, .what = "no"};
    struct lab l = lab_new();
    struct errmsg why = {0};
    lab_part(&l, "service", "shop", "instances=1");
    lab_endpoint(&l, "shop", "buy", &none);
    const struct node work = {.kind = NODE_COMPUTE,
                              .time = {DIST_EXPONENTIAL, 0, 3 * SIM_MS, 0}};
    lab_endpoint(&l, "shop", "look", &work);
    lab_part(&l, "client", "robots", "to=shop/buy rate=10");
    comp_id users = lab_part(&l, "client", "users", "to=shop/look rate=10");
    const struct slo slo = {
        .name = "an answer", .within = SIM_SEC, .objective = 0.9, .window = SIM_HOUR};
    assert_int_equal(model_slo(l.m, &slo, &users, 1, &why), ERR_OK);
    lab_start(&l, 5);
    struct recording *rec = recording_new(l.m, NULL, 0);
    play(rec, l.w, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "robots", "bad_total") > 100);
    assert_int_equal(recording_bad_count(rec, 0, 60 * SIM_SEC), 0);
    assert_true(recording_good(rec, 0, 60 * SIM_SEC) == 1);
    assert_true(recording_good_of(rec, model_find(l.m, "robots"), 0, 60 * SIM_SEC) ==
                0);
    recording_free(rec);
    lab_free(&l);
}

static void traces_and_logs_are_there(void **state)
{
    (void)state;
    struct scene s = open_scene();
    play(s.rec, s.l.w, 150 * SIM_SEC);
    static struct trace_head h[2000];
    struct trace_filter f = {.comp = model_find(s.l.m, "shop.pool"), .errors = true};
    size_t n = recording_traces(s.rec, &f, h, 2000);
    assert_true(n > 5);
    struct span sp[64];
    size_t spans = recording_spans(s.rec, h[n - 1].request, sp, 64);
    assert_true(spans > 2);
    assert_int_equal(sp[0].parent, 0);
    for (size_t i = 1; i < spans; i++)
        assert_true(sp[i].start >= sp[i - 1].start && sp[i].start >= h[n - 1].start);
    struct log_filter lf = {.comp = model_find(s.l.m, "shop"), .to = 90 * SIM_SEC};
    struct log_entry e[8];
    assert_int_equal(recording_logs(s.rec, &lf, e, 8), 8);
    assert_non_null(strstr(e[7].text, "order placed"));
    close_scene(&s);
}

/* ---- and changes nothing --------------------------------------------------------- */

static void nothing_in_the_world_depends_on_it(void **state)
{
    (void)state;
    struct scene s = open_scene();
    struct lab alone = shop();
    play(s.rec, s.l.w, 140 * SIM_SEC);
    lab_run(&alone, 140 * SIM_SEC);
    assert_true(world_digest(s.l.w) == world_digest(alone.w));
    lab_free(&alone);
    close_scene(&s);
}

static void same_text(const struct recording *a, const struct recording *b)
{
    struct buf x, y;
    buf_init(&x, 0);
    buf_init(&y, 0);
    recording_export(a, COMP_NONE, true, &x);
    recording_export(b, COMP_NONE, true, &y);
    size_t i = 0, line = 0;
    for (; x.s[i] && x.s[i] == y.s[i]; i++)
        line = x.s[i] == '\n' ? i + 1 : line;
    if (x.s[i] != y.s[i])
        fail_msg("%.80s, not %.80s", x.s + line, y.s + line);
    buf_release(&x);
    buf_release(&y);
}

static void same_recording(const struct recording *a, const struct recording *b,
                           sim_time end)
{
    const struct model *m = recording_model(a);
    assert_int_equal(recording_end(a), recording_end(b));
    same_text(a, b);
    for (size_t c = 0; c < model_comps(m); c++)
        for (sim_time t = 0; t < end; t += 30 * SIM_SEC)
            for (double q = 0; q <= 1; q += 0.25) {
                comp_id id = (comp_id)c;
                assert_true(same(latency_quantile(a, id, t, t + 30 * SIM_SEC, q),
                                 latency_quantile(b, id, t, t + 30 * SIM_SEC, q)));
            }
    assert_int_equal(recording_alerts(a), recording_alerts(b));
    for (size_t i = 0; i < recording_alerts(a); i++)
        assert_int_equal(recording_alert(a, i).since, recording_alert(b, i).since);
    assert_int_equal(recording_changes(a), recording_changes(b));
    struct log_entry x[200], y[200];
    struct log_filter f = {.comp = COMP_NONE};
    size_t n = recording_logs(a, &f, x, 200);
    assert_int_equal(n, recording_logs(b, &f, y, 200));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i].at, y[i].at);
        assert_int_equal(x[i].dropped, y[i].dropped);
        assert_string_equal(x[i].text, y[i].text);
    }
}

/* Rewind: the world and the recording from copies that were made before something else
 * was tried. */
static void a_rewind_gives_the_same_run_again(void **state)
{
    (void)state;
    struct scene s = open_scene(), straight = open_scene();
    sim_time end = 180 * SIM_SEC;
    play(straight.rec, straight.l.w, end);
    play(s.rec, s.l.w, 110 * SIM_SEC);
    struct world *then = world_fork(s.l.w);
    struct recording *tried = s.rec;
    s.rec = recording_fork(tried);
    lab_op(&s.l, "shop", "scale", "6");
    play(tried, s.l.w, 150 * SIM_SEC);
    play(s.rec, then, end);
    same_recording(s.rec, straight.rec, end);
    assert_int_equal(recording_end(tried), 150 * SIM_SEC);
    struct series six = find(tried, "shop", "up", 6);
    assert_true(series_max(tried, six, 110 * SIM_SEC, 150 * SIM_SEC) == 1);
    assert_true(isnan(series_at(s.rec, six, end)));
    recording_free(tried);
    world_free(then);
    close_scene(&straight);
    close_scene(&s);
}

/* ---- Prometheus text ------------------------------------------------------------- */

/* Every family once, its samples right behind it, no sample twice, and the numbers
 * those of the world. */
static void the_export_is_well_formed(void **state)
{
    (void)state;
    struct scene s = open_scene();
    play(s.rec, s.l.w, 60 * SIM_SEC);
    struct buf text;
    buf_init(&text, 0);
    recording_export(s.rec, COMP_NONE, true, &text);
    char family[100] = "", *rest = NULL;
    struct buf seen;
    buf_init(&seen, 0);
    size_t samples = 0;
    for (char *line = strtok_r(text.s, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[100];
        if (sscanf(line, "# TYPE %99s", name) == 1) {
            char key[110];
            (void)snprintf(key, sizeof key, " %s ", name);
            assert_null(strstr(seen.s, key));
            buf_adds(&seen, key);
            (void)snprintf(family, sizeof family, "%s", name);
        } else if (line[0] != '#') {
            assert_int_equal(strncmp(line, family, strlen(family)), 0);
            const char *suffix = line + strlen(family);
            assert_true(suffix[0] == '{' || str_starts(suffix, "_bucket{") ||
                        str_starts(suffix, "_sum{") || str_starts(suffix, "_count{"));
            char *value = strstr(line, "} ");
            assert_non_null(value);
            assert_true(isfinite(strtod(value + 2, NULL)));
            samples++;
        }
    }
    assert_true(samples > 60);
    buf_release(&seen);
    buf_release(&text);
    buf_init(&text, 0);
    recording_export(s.rec, COMP_NONE, true, &text);
    char want[120];
    (void)snprintf(want, sizeof want,
                   "\nuser_requests_good_total{component=\"users\"} %g\n",
                   lab_metric(&s.l, "users", "good_total"));
    assert_non_null(strstr(text.s, want));
    (void)snprintf(want, sizeof want,
                   "\nuser_request_latency_seconds_count{component=\"users\"} %g\n",
                   lab_metric(&s.l, "users", "answered_total"));
    assert_non_null(strstr(text.s, want));
    assert_non_null(strstr(text.s, "server_request_latency_seconds_bucket{"
                                   "component=\"shop/buy\",le=\"0.0128\"} "));
    assert_non_null(strstr(text.s, "http_server_requests_total{component=\"shop\","
                                   "instance=\"shop-2\"} "));
    buf_release(&text);
    close_scene(&s);
}

/* ---- keeping less ---------------------------------------------------------------- */

static void same_users(const struct recording *a, const struct recording *b)
{
    for (sim_time t = SIM_SEC; t <= 200 * SIM_SEC; t += SIM_SEC) {
        struct fate x = recording_fate(a, COMP_NONE, 0, t),
                    y = recording_fate(b, COMP_NONE, 0, t);
        assert_true(x.good == y.good && x.bad == y.bad);
    }
    assert_int_equal(recording_alerts(a), recording_alerts(b));
    for (size_t i = 0; i < recording_alerts(a); i++) {
        struct alert x = recording_alert(a, i), y = recording_alert(b, i);
        assert_true(x.since == y.since && x.until == y.until);
    }
    assert_int_equal(recording_changes(a), recording_changes(b));
}

/* What users had, alerts and changes are those of a whole recording, and the world goes
 * the same way; nothing else is kept, from there on and in forks. */
static void users_alone_are_kept(void **state)
{
    (void)state;
    struct scene whole = open_scene(), less = open_scene();
    struct series cpu, was;
    struct errmsg why = {0};
    comp_id db = model_find(less.l.m, "db"), users = model_find(less.l.m, "users");
    const struct alert_rule more = {
        .kind = ALERT_THRESHOLD, .comp = db, .metric = "connections", .value = 5};
    play(whole.rec, whole.l.w, 200 * SIM_SEC);
    play(less.rec, less.l.w, 60 * SIM_SEC);
    recording_keep_users(less.rec, &more, 1);
    struct recording *fork = recording_fork(less.rec);
    recording_free(less.rec);
    less.rec = fork;
    play(less.rec, less.l.w, 200 * SIM_SEC);
    assert_true(world_digest(whole.l.w) == world_digest(less.l.w));
    same_users(whole.rec, less.rec);
    assert_int_equal(series_find(less.rec, db, "cpu", 0, &cpu, &why), ERR_OK);
    assert_true(!isnan(series_at(less.rec, cpu, 60 * SIM_SEC)));
    assert_true(isnan(series_at(less.rec, cpu, 61 * SIM_SEC)));
    assert_int_equal(series_find(less.rec, db, "connections", 0, &was, &why), ERR_OK);
    assert_true(series_at(less.rec, was, 150 * SIM_SEC) ==
                series_at(whole.rec, was, 150 * SIM_SEC));
    assert_true(
        isnan(latency_quantile(less.rec, users, 120 * SIM_SEC, 180 * SIM_SEC, 0.5)));
    close_scene(&whole);
    close_scene(&less);
}

/* A rule that is asked afterwards has fired when it would have. */
static void a_rule_can_be_asked_afterwards(void **state)
{
    (void)state;
    struct scene with = open_scene(), without = {.l = shop()};
    without.rec = recording_new(without.l.m, NULL, 0);
    play(with.rec, with.l.w, 200 * SIM_SEC);
    play(without.rec, without.l.w, 200 * SIM_SEC);
    size_t n = recording_alerts(with.rec);
    assert_true(n > 0);
    sim_time first = recording_alert(with.rec, 0).since;
    struct fired f = recording_would_fire(without.rec, rules, 0, 200 * SIM_SEC);
    assert_true(f.times == n);
    assert_true(f.first == first);
    f = recording_would_fire(without.rec, rules, first + 1, first + SIM_SEC);
    assert_true(f.first == SIM_FOREVER && f.times == 1);
    f = recording_would_fire(without.rec, rules, 0, first - SIM_SEC);
    assert_true(f.first == SIM_FOREVER && f.times == 0);
    close_scene(&with);
    close_scene(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_the_worlds_own),
        cmocka_unit_test(a_wrong_name_gets_a_suggestion),
        cmocka_unit_test(requests_time_and_failures_add_up),
        cmocka_unit_test(the_objective_is_the_worlds_ledger),
        cmocka_unit_test(only_those_it_is_about_count),
        cmocka_unit_test(traces_and_logs_are_there),
        cmocka_unit_test(nothing_in_the_world_depends_on_it),
        cmocka_unit_test(a_rewind_gives_the_same_run_again),
        cmocka_unit_test(the_export_is_well_formed),
        cmocka_unit_test(users_alone_are_kept),
        cmocka_unit_test(a_rule_can_be_asked_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
