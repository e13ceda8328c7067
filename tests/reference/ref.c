/*
 * Verdicts: what was expected, what was measured, and whether that will do. One line a
 * case; the rules are in ref.h.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static void line(const struct ref *r, const char *what, const char *expected,
                 const char *measured, const char *error, const char *verdict)
{
    printf("# %-24s %-28s %-20s %12s %12s %8s  %s\n", r->table, r->row, what, expected,
           measured, error, verdict);
}

static void judge(struct ref *r, const char *what, const char *expected,
                  const char *measured, const char *error, const char *verdict, bool ok)
{
    if (r->trying)
        return;
    r->ok += ok;
    r->failed += !ok;
    line(r, what, expected, measured, error, verdict);
}

static void number(char out[32], double x)
{
    (void)snprintf(out, 32, "%.6g", x);
}

/* A case with a standard error; `fault` NULL: it passed. */
static void numbers(struct ref *r, const char *what, double expected, struct sample s,
                    const char *verdict, const char *fault)
{
    char e[32], m[32], se[32];
    number(e, expected);
    number(m, s.mean);
    (void)snprintf(se, sizeof se, "%.3f%%",
                   expected != 0 ? 100 * s.se / fabs(expected) : 0.0);
    judge(r, what, e, m, se, fault ? fault : verdict, !fault);
}

void ref_table(struct ref *r, const char *table)
{
    r->table = table;
    r->row[0] = '\0';
    r->trying = false;
    r->audited = 2e4;
    printf("# %-24s %-28s %-20s %12s %12s %8s  %s\n", "table", "case", "what",
           "expected", "measured", "s.e.", "verdict");
}

void ref_row(struct ref *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->row, sizeof r->row, fmt, ap);
    va_end(ap);
}

static double off(double expected, double se, struct sample s)
{
    double d = fabs(s.mean - expected);
    double spread = sqrt(se * se + s.se * s.se);
    /* Tables print six digits. */
    d -= fabs(expected) * 1e-6;
    return d <= 0 ? 0 : spread > 0 ? d / spread : INFINITY;
}

void ref_against(struct ref *r, const char *what, double expected, double its_se,
                 struct sample s)
{
    char verdict[48], fault[64];
    double z = off(expected, its_se, s);
    double spread = sqrt(its_se * its_se + s.se * s.se);
    (void)snprintf(verdict, sizeof verdict, "ok (%.1f s.e.)", z);
    if (!(spread <= REF_NOISE(r) * fabs(expected))) {
        r->noisy = true;
        numbers(r, what, expected, s, verdict, "FAIL: too noisy");
    } else if (!(z <= 4)) {
        (void)snprintf(fault, sizeof fault, "FAIL: off by %.1f s.e.", z);
        numbers(r, what, expected, s, verdict, fault);
    } else {
        numbers(r, what, expected, s, verdict, NULL);
    }
}

void ref_mean(struct ref *r, const char *what, double expected, struct sample s)
{
    ref_against(r, what, expected, 0, s);
}

void ref_share(struct ref *r, const char *what, double expected, struct sample s,
               double n)
{
    double least = sqrt(expected * (1 - expected) / n);
    if (s.se < least)
        s.se = least;
    ref_against(r, what, expected, 0, s);
}

void ref_percentile(struct ref *r, const char *what, double expected, struct sample s)
{
    double rel = fabs(s.mean - expected) / expected;
    char verdict[48], fault[64];
    if (expected == 0) {
        ref_exact(r, what, 0, s.mean, 6);
        return;
    }
    (void)snprintf(verdict, sizeof verdict, "ok (off by %.2f%%)", 100 * rel);
    (void)snprintf(fault, sizeof fault, "FAIL: off by %.2f%%", 100 * rel);
    if (!(s.se <= 0.0045 * expected)) {
        r->noisy = true;
        numbers(r, what, expected, s, verdict, "FAIL: too noisy");
    } else {
        numbers(r, what, expected, s, verdict, rel <= 0.02 ? NULL : fault);
    }
}

static void plain(struct ref *r, const char *what, double expected, double measured,
                  const char *verdict, bool ok)
{
    char e[32], m[32];
    number(e, expected);
    (void)snprintf(m, sizeof m, "%.8g", measured);
    judge(r, what, e, m, "", ok ? verdict : "FAIL", ok);
}

void ref_exact(struct ref *r, const char *what, double expected, double measured,
               int digits)
{
    char e[48], m[48];
    (void)snprintf(e, sizeof e, "%.*g", digits, expected);
    (void)snprintf(m, sizeof m, "%.*g", digits, measured);
    plain(r, what, expected, measured, "ok (exact)", strcmp(e, m) == 0);
}

void ref_between(struct ref *r, const char *what, double low, double high,
                 double measured)
{
    char e[48], m[32];
    bool ok = measured >= low && measured <= high;
    (void)snprintf(e, sizeof e, "%.6g..%.6g", low, high);
    number(m, measured);
    judge(r, what, e, m, "", ok ? "ok" : "FAIL", ok);
}

void ref_state(struct ref *r, const char *what, const char *expected,
               const char *measured)
{
    bool ok = strcmp(expected, measured) == 0;
    judge(r, what, expected, measured, "", ok ? "ok (state)" : "FAIL", ok);
}

void ref_calibrated(struct ref *r, const char *what, double expected, struct sample s,
                    double tolerance)
{
    char verdict[64];
    double rel = fabs(s.mean - expected) / expected;
    (void)snprintf(verdict, sizeof verdict, "calibrated (off by %.1f%%)", 100 * rel);
    numbers(r, what, expected, s, verdict,
            rel <= tolerance ? NULL : "FAIL: calibrated");
}

void ref_unreached(struct ref *r, const char *what)
{
    if (r->trying)
        return;
    r->unreached++;
    if (r->full)
        line(r, what, "", "", "", "out of reach: not run");
}

void ref_open(struct ref *r, const char *what, const char *why)
{
    if (r->trying)
        return;
    r->open++;
    printf("# %-24s %-28s %-20s not covered: %s\n", r->table, r->row, what, why);
}

bool ref_skips(struct ref *r, size_t row, size_t every)
{
    bool skips = !r->full && row % every != 0;
    r->left_out += skips;
    return skips;
}

void ref_end(struct ref *r, int failed_before)
{
    printf("# %-24s so far: %d ok, %d failed, %d out of reach, %d rows left out, "
           "%d not covered\n",
           r->table, r->ok, r->failed, r->unreached, r->left_out, r->open);
    (void)fflush(stdout);
    if (r->failed > failed_before)
        fail_msg("%s: %d cases failed", r->table, r->failed - failed_before);
}

struct sample sample_of(const double *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return (struct sample){mean, sqrt(squares / (double)(n - 1) / (double)n)};
}
