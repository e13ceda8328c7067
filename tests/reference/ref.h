/*
 * ref: the engine held to published results.
 *
 * Each table is a CSV file beside this one; its header says where the numbers come from
 * and what they mean. A test reads the file, builds each row's system of the components
 * that lessons are made of, runs it, and says for each number what was expected and
 * what was measured.
 *
 *     struct csv t = csv_open(r, "mm1");
 *     for (size_t i = 0; i < t.rows; i++) {
 *         double rho = csv_number(&t, i, "rho");
 *         struct lab l = ...;
 *         struct run run;
 *         if (!run_init(&run, r, &l, customers per second, queue_noise(rho, 1)))
 *             continue;
 *         ref_row(r, "rho=%g", rho);
 *         while (run_go(&run))
 *             ref_mean(r, "W", csv_number(&t, i, "W"), run_ratio(&run, ...));
 *         run_free(&run);
 *     }
 *
 * Rules, the same for every table; nothing is tuned for a case:
 *
 *   mean         within 4 standard errors, from at least 20 batches or replications,
 *                and the standard error must be small (REF_NOISE), or the case fails as
 *                too noisy
 *   percentile   nearest rank over single observations; within 2 %, and its standard
 *                error below 0.45 %; one of 0 is exact, unless an atom at 0 ends just
 *                there: then the atom's share is judged alone, as a mean
 *   exact        equal, but for the last digit that the table prints
 *   state        the run ended in the state that the table says
 *   calibrated   a measured figure of somebody's system, which the model was fitted to:
 *                it says that one set of numbers agrees with the published pair, and no
 *                more
 *
 * How long a run must be follows from theory before it starts (its `noise`: variance of
 * the mean of n customers, times n, over the mean's square). When a figure is still too
 * noisy then, the run goes on: by half as many batches, and again, up to four times the
 * planned length. Nothing but the standard errors decides it; where the figures lie is
 * not looked at, so that no run is repeated until it agrees. Cases that would take
 * longer than the mode allows are not run and are counted as out of reach, never as
 * passed. The short mode is part of `make test`; `make reference` runs the long one.
 *
 * Before each run, the same model runs once from empty to empty, watched after every
 * event (audit.c): arrivals = answers + failures + in flight at every moment that is
 * looked at, and the integral of what is inside equals the time that was spent there,
 * to the nanosecond, for each component.
 */
#ifndef TESTS_REF_H
#define TESTS_REF_H

#include "../lib/lab.h"

#include <stdio.h>

/* ---- tables of expected values --------------------------------------------------- */

enum { CSV_COLUMNS = 24, CSV_ROWS = 128 };
struct csv {
    char *text; /* the file; cells point into it */
    const char *names[CSV_COLUMNS];
    const char *cells[CSV_ROWS][CSV_COLUMNS];
    size_t columns, rows;
};
struct csv csv_open(const char *table); /* tests/reference/TABLE.csv */
void csv_close(struct csv *t);
const char *csv_text(const struct csv *t, size_t row, const char *column);
/* "inf" is INFINITY, an empty cell NAN. */
double csv_number(const struct csv *t, size_t row, const char *column);
/* The row whose `column` reads `text`. */
size_t csv_find(const struct csv *t, const char *column, const char *text);

/* ---- verdicts -------------------------------------------------------------------- */

struct ref {
    bool full; /* long mode */
    int ok, failed, unreached, left_out, open;
    bool trying; /* verdicts are neither printed nor counted: run_go() */
    bool noisy;  /* a verdict was too noisy */
    const char *table;
    char row[64];
    double audited; /* customers of an audit; fewer where each makes much work */
};
struct sample { /* a figure and its standard error */
    double mean, se;
};

#define REF_NOISE(r) ((r)->full ? 0.02 : 0.03)

enum { REF_BATCHES = 40, MOST_BATCHES = 4 * REF_BATCHES };

void ref_table(struct ref *r, const char *table);
void ref_row(struct ref *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ref_mean(struct ref *r, const char *what, double expected, struct sample s);
/* The expected value is itself somebody's simulation, with this standard error. */
void ref_against(struct ref *r, const char *what, double expected, double its_se,
                 struct sample s);
/* A share of n trials: its standard error is at least the binomial one. */
void ref_share(struct ref *r, const char *what, double expected, struct sample s,
               double n);
void ref_percentile(struct ref *r, const char *what, double expected, struct sample s);
/* `digits`: as many as the table prints. */
void ref_exact(struct ref *r, const char *what, double expected, double measured,
               int digits);
/* Between the two, without any statistics. */
void ref_between(struct ref *r, const char *what, double low, double high,
                 double measured);
void ref_state(struct ref *r, const char *what, const char *expected,
               const char *measured);
void ref_calibrated(struct ref *r, const char *what, double expected, struct sample s,
                    double tolerance);
/* Would take too long in this mode. */
void ref_unreached(struct ref *r, const char *what);
/* Not covered, or not reproducible; the reason is printed. */
void ref_open(struct ref *r, const char *what, const char *why);
/* The short mode leaves out all but every so many rows of a long table. */
bool ref_skips(struct ref *r, size_t row, size_t every);
/* Ends a table: fails the test when a case of it failed. */
void ref_end(struct ref *r, int failed_before);

/* Mean and standard error of independent figures. */
struct sample sample_of(const double *x, size_t n);

/* ---- runs ------------------------------------------------------------------------ */

/* Values of a histogram with 4096 steps per octave: the nearest rank is right to an
 * eighth of a thousandth. */
struct ranks {
    uint32_t *batch;
    uint64_t *all;
    uint64_t n_batch, n;
};
enum { RUN_RESPONSE, RUN_WAIT, RUN_RANKS };
enum { RUN_COUNTERS = 16, RUN_QUANTILES = 12, NO_QUANTILE = 99 };

struct run {
    struct ref *ref;
    struct lab *l;
    double customers, per_second; /* to be run, warm-up not counted */
    sim_time warm, batch;
    size_t batches; /* batches that were run */
    size_t n;       /* counters */
    struct {
        comp_id comp;
        int metric, instance;
        double growth[MOST_BATCHES];
    } counter[RUN_COUNTERS];
    comp_id client; /* whose requests are ranked; COMP_NONE: nobody's */
    struct ranks ranks[RUN_RANKS];
    size_t nquantiles;
    struct {
        int which;
        double q, batch[MOST_BATCHES];
    } quantile[RUN_QUANTILES];
    double waited[MOST_BATCHES]; /* the share of each batch that had to wait at all */
};

/* Variance constants, see above: of a FIFO queue's mean (Whitt 1989: for M/M/1 about
 * 2 (1 + scv) / (1 - rho)^2 when it is busy), and of one number per customer. */
double queue_noise(double rho, double scv);

/* A run that makes the standard error small enough, `rate` customers per second; audits
 * the model first, with another seed. False: out of reach, nothing was made. */
bool run_init(struct run *run, struct ref *r, struct lab *l, double rate, double noise);
void run_longer(struct run *run, double customers);
/* How many customers that is; 0: out of reach. */
double run_customers(const struct ref *r, double noise);
size_t run_count(struct run *run, const char *comp, const char *metric);
size_t run_count_of(struct run *run, const char *comp, const char *metric,
                    int instance);
/* Ranks the client's answered requests by response time, and by time in queues. */
void run_rank(struct run *run, const char *client);
/* A percentile of them. NO_QUANTILE: its standard error would be too large, as it needs
 * more than twice the customers (rank_need()) that the run has or may be given. With
 * half of what it needs, a reserve included, a run is begun: it may go on. */
size_t run_quantile(struct run *run, int which, double q, double need);
/* `alike`: how many neighbours tell no more than one does (1: independent). `steep`:
 * the percentile times the hazard rate there (1 for the mean of an exponential). */
double rank_need(double alike, double q, double steep);
/* Runs, and says whether the figures are to be judged: `while (run_go(&run))`, judge.
 * The verdicts of all rounds but the last only tell whether they are precise enough; if
 * not, the run goes on. The last round, at the same length as the one before, is told.
 */
bool run_go(struct run *run);
struct sample run_ratio(const struct run *run, size_t over, size_t under);
struct sample run_rate(const struct run *run, size_t counter); /* per second */
/* A percentile of all answers, with the error that its batches tell. */
struct sample run_rank_value(const struct run *run, size_t quantile, double unit);
/* The share of the ranked that had to wait at all, and how many were ranked. */
struct sample run_waited(const struct run *run);
double run_ranked(const struct run *run);
/* Judges a percentile in units of `unit` seconds; NO_QUANTILE: out of reach. */
void run_percentile(const struct run *run, const char *what, double expected,
                    size_t quantile, double unit);
double run_total(const struct run *run, size_t counter);
void run_free(struct run *run);

/* The same model in a new world. */
void lab_again(struct lab *l, uint64_t seed);

/* From empty to empty, about so long: fails the test where a book does not balance. */
void audit(struct model *m, uint64_t seed, sim_time length);

/* ---- the tables ------------------------------------------------------------------ */

#define REF_TABLES(X)                                                                  \
    X(mm1)                                                                             \
    X(mm1k)                                                                            \
    X(mmc)                                                                             \
    X(mmc_pooling)                                                                     \
    X(mg1)                                                                             \
    X(mg1_ps)                                                                          \
    X(md1_wait_percentiles)                                                            \
    X(erlang_b)                                                                        \
    X(erlang_b_blocking)                                                               \
    X(erlang_a)                                                                        \
    X(mm1_timeout)                                                                     \
    X(mm1_priority)                                                                    \
    X(mg1_pauses)                                                                      \
    X(closed_loop_mva)                                                                 \
    X(tandem_jackson)                                                                  \
    X(usl)                                                                             \
    X(lru_che_zipf)                                                                    \
    X(coupon_balls_bins)                                                               \
    X(bloom)                                                                           \
    X(power_of_two_choices)                                                            \
    X(consistent_hashing_balance)                                                      \
    X(retry_amplification)                                                             \
    X(retry_published)                                                                 \
    X(aws_sdk_retry_quota)                                                             \
    X(aws_backoff_jitter)                                                              \
    X(metastable_hotos21_retry)                                                        \
    X(metastable_hotos21_cache)                                                        \
    X(tail_fanout)                                                                     \
    X(tail_at_scale_hedging)                                                           \
    X(tail_at_scale_table1)                                                            \
    X(tail_at_scale_table2_tied)                                                       \
    X(bucket_admission)                                                                \
    X(slo_burn_rates)                                                                  \
    X(slo_alert_detection_times)
#define X(name) void table_##name(struct ref *r);
REF_TABLES(X)
#undef X

#endif
