/*
 * Caches: what a key space of a given size holds when lookups follow Zipf's law, and
 * how long a cold one takes to fill.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

/* A miss leads to a value to be stored, or to nothing. */
static const struct node loaded = {.kind = NODE_LOG, .what = "miss"};
static const struct node nothing = {.kind = NODE_FAIL, .what = "miss"};

/* A lookup takes no time and neither does the miss: one request after the other. */
static struct lab cache_lab(const char *keys, const char *client,
                            const struct node *miss)
{
    struct lab l = lab_new();
    const struct node look = {
        .kind = NODE_CACHED, .target = "cache", .what = "k", .body = miss};
    lab_part(&l, "cache", "cache", "latency=0");
    lab_part(&l, "keyspace", "cache.k", keys);
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "app", "get", &look);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", "network=0");
    lab_part(&l, "call", "app.cache", "network=0");
    lab_start(&l, 1);
    return l;
}

/* ---- LRU under Zipf -------------------------------------------------------------- */

/* The table's simulation has an error of its own (95 % interval). Che's approximation
 * is off by at most 0.001 in this grid, 0.0003 from a capacity of 1000 on. */
static void least_recently_used(struct ref *r, const struct csv *t, size_t i)
{
    double n = csv_number(t, i, "N"), alpha = csv_number(t, i, "alpha");
    double c = csv_number(t, i, "C"), sim = csv_number(t, i, "sim_lru_hit");
    double che = csv_number(t, i, "che_hit"), life = csv_number(t, i, "t_C_requests");
    char keys[120];
    struct run run;
    (void)snprintf(keys, sizeof keys,
                   "keys=%.0f popularity=%.17g capacity=%.0f ttl=240h", n, alpha, c);
    struct lab l = cache_lab(keys, "to=app/get rate=1000 trace_every=-1", &loaded);
    double noise = 4 * (1 - sim) / sim;
    double least = 60 * life / 4 * 10; /* the warm-up is a tenth of a run */
    if (!run_init(&run, r, &l, 1000, noise) || least > (r->full ? 6e7 : 6e5)) {
        ref_unreached(r, "LRU");
        lab_free(&l);
        return;
    }
    if (run.customers < least)
        run_longer(&run, least);
    size_t hits = run_count(&run, "cache.k", "hits_total");
    size_t all = run_count(&run, "users", "attempts_total");
    double limit = c >= 1000 ? 0.0003 : 0.001;
    while (run_go(&run)) {
        struct sample s = run_ratio(&run, hits, all);
        ref_against(r, "sim_lru_hit", sim, csv_number(t, i, "ci95") / 1.96, s);
        ref_between(r, "che_hit", che - limit - 4 * s.se, che + limit + 4 * s.se,
                    s.mean);
    }
    run_free(&run);
}

/* Flushes all keys but the first c, by their names: those that have a higher digit than
 * c's where all before it are c's, and those that are longer. */
static void keep_first(struct lab *l, int c)
{
    static const char any[] = "??????";
    char number[16], pattern[32];
    int digits = snprintf(number, sizeof number, "%d", c);
    for (int at = 0; at < digits; at++)
        for (int d = number[at] + 1; d <= '9'; d++) {
            (void)snprintf(pattern, sizeof pattern, "k:%.*s%c%.*s", at, number, d,
                           digits - at - 1, any);
            lab_op(l, "cache.k", "flush", pattern);
        }
    for (int n = digits + 1; n <= 6; n++) {
        (void)snprintf(pattern, sizeof pattern, "k:%.*s", n, any);
        lab_op(l, "cache.k", "flush", pattern);
    }
    assert_true(lab_metric(l, "cache.k", "present") == c);
}

/* What never changes and holds the most popular keys is the best there is. All values
 * are there at the start, an operator flushes the others, and nothing is stored, as
 * whatever is missing cannot be had. So many lookups that both the hits and the misses
 * are known well. */
static void best_there_is(struct ref *r, const struct csv *t, size_t i)
{
    double hit = csv_number(t, i, "static_top_C_hit");
    char keys[120];
    struct run run;
    (void)snprintf(keys, sizeof keys,
                   "keys=%.0f popularity=%.17g filled_at_start=on ttl=240h",
                   csv_number(t, i, "N"), csv_number(t, i, "alpha"));
    struct lab l = cache_lab(keys, "to=app/get rate=1000 trace_every=-1", &nothing);
    if (!run_init(&run, r, &l, 1000, 1 / hit / (1 - hit))) {
        ref_unreached(r, "static_top_C_hit");
        lab_free(&l);
        return;
    }
    keep_first(&l, (int)csv_number(t, i, "C"));
    size_t hits = run_count(&run, "cache.k", "hits_total");
    size_t all = run_count(&run, "users", "attempts_total");
    while (run_go(&run))
        ref_share(r, "static_top_C_hit", hit, run_ratio(&run, hits, all),
                  run_total(&run, all));
    run_free(&run);
}

void table_lru_che_zipf(struct ref *r)
{
    struct csv t = csv_open("lru_che_zipf");
    for (size_t i = 0; i < t.rows; i++) {
        ref_row(r, "N=%s alpha=%s C=%s", csv_text(&t, i, "N"), csv_text(&t, i, "alpha"),
                csv_text(&t, i, "C"));
        least_recently_used(r, &t, i);
        if (r->full || i % 4 == 0)
            best_there_is(r, &t, i);
        else
            r->left_out++;
    }
    csv_close(&t);
}

/* ---- filling a cold cache -------------------------------------------------------- */

/* Lookups one after the other, evenly; counts until all keys are there. */
static double draws_to_fill(struct lab *l, double n, double *occupied)
{
    comp_id keys = model_find(l->m, "cache.k");
    for (double draws = 1;; draws++) {
        lab_run(l, (sim_time)draws * SIM_MS);
        double present = world_metric(l->w, keys, "present", 0);
        if (draws == n)
            *occupied = present;
        if (present == n)
            return lab_metric(l, "users", "attempts_total");
    }
}

void table_coupon_balls_bins(struct ref *r)
{
    enum { WORLDS = 400 };
    struct csv t = csv_open("coupon_balls_bins");
    for (size_t i = 0; i < t.rows; i++) {
        double n = csv_number(&t, i, "n");
        double draws[WORLDS], occupied[WORLDS], empty[WORLDS];
        char keys[80];
        /* Relative deviation of the coupon collector's draws: pi / sqrt(6) / ln n. */
        double need = pow(1.2825 / log(n) / (REF_NOISE(r) / 2), 2);
        size_t worlds = (size_t)fmin(WORLDS, fmax(24, need));
        ref_row(r, "n=%.0f", n);
        if (!r->full && n > 1000) {
            ref_unreached(r, "all");
            continue;
        }
        (void)snprintf(keys, sizeof keys, "keys=%.0f ttl=240h", n);
        for (size_t k = 0; k < worlds; k++) {
            struct lab l = cache_lab(
                keys, "to=app/get rate=1000 arrivals=even trace_every=-1", &loaded);
            if (k == 0)
                audit(l.m, 2, 20 * SIM_SEC);
            lab_again(&l, k + 1);
            draws[k] = draws_to_fill(&l, n, &occupied[k]);
            empty[k] = 1 - occupied[k] / n;
            lab_free(&l);
        }
        ref_mean(r, "coupon_draws", csv_number(&t, i, "coupon_draws"),
                 sample_of(draws, worlds));
        ref_mean(r, "occupied_after_n", csv_number(&t, i, "occupied_after_n"),
                 sample_of(occupied, worlds));
        ref_mean(r, "empty_fraction", csv_number(&t, i, "empty_fraction"),
                 sample_of(empty, worlds));
    }
    csv_close(&t);
}
