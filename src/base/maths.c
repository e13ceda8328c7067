/*
 * log, exp, pow, sqrt and sin with the same bits on every machine.
 *
 * A C library's versions differ between libraries and even between processors, so a
 * simulation that used them would be another one elsewhere. These use only operations
 * that IEEE 754 defines to the last bit. log and exp reduce their argument by a table
 * of 128 entries, sum a short Taylor series, and carry the leading terms as pairs of
 * doubles ("double-double", T. J. Dekker, "A floating-point technique for extending
 * the available precision", 1971). The pair before the last rounding is good to about
 * 67 bits, which is what pow needs, and makes log and exp wrong in the last bit about
 * once in ten thousand arguments.
 */
#include "base_internal.h"

#include <float.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be evaluated as doubles");
_Static_assert(DBL_MANT_DIG == 53, "doubles must be IEEE 754 binary64");

static const double infinity = (double)__builtin_inff();

static uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double double_of(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* The only NaN that is made: processors disagree on the sign of theirs. */
static double not_a_number(void)
{
    return double_of(UINT64_C(0x7FF8000000000000));
}

/* 2^e for -1022 <= e <= 1023 */
static double power_of_two(int e)
{
    return double_of((uint64_t)(e + 1023) << 52);
}

/* ---- double-double --------------------------------------------------------------- */

/* a + b exactly, for |a| >= |b| or a == 0 */
static inline struct dd fast_two_sum(double a, double b)
{
    double s = a + b;
    return (struct dd){s, b - (s - a)};
}

/* a + b exactly */
static inline struct dd two_sum(double a, double b)
{
    double s = a + b, b_seen = s - a;
    return (struct dd){s, (a - (s - b_seen)) + (b - b_seen)};
}

/* The upper 26 bits of a, rounded; the rest fits in 26 bits too. |a| < 2^996. */
static inline double upper_half(double a)
{
    double t = a * 134217729.0; /* 2^27 + 1 */
    return t - (t - a);
}

/* a * b exactly, unless the low part underflows */
static inline struct dd two_product(double a, double b)
{
    double p = a * b;
    double a_hi = upper_half(a), a_lo = a - a_hi;
    double b_hi = upper_half(b), b_lo = b - b_hi;
    double e = ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
    return (struct dd){p, e};
}

/* ---- log ------------------------------------------------------------------------- */

/* ln(1 + r) without its first two terms, over r^3: the Taylor series for |r| < 2^-7 */
static inline double log1p_tail(double r)
{
    return 1.0 / 3 -
           r * (1.0 / 4 -
                r * (1.0 / 5 -
                     r * (1.0 / 6 -
                          r * (1.0 / 7 - r * (1.0 / 8 - r * (1.0 / 9 - r / 10))))));
}

/* ln(x) for finite x > 0. x = 2^k m; m c - 1 = r exactly (as a pair), because c has
 * nine bits and m is cut in two; ln x = k ln 2 - ln c + ln(1 + r). */
static struct dd log_pair(double x)
{
    static const double ln2_hi = 0x1.62e42fefa38p-1; /* 42 bits: k ln2_hi is exact */
    static const double ln2_lo = 0x1.ef35793c7673p-45;
    enum { ABOVE_SQRT_2 = 53 };

    int k = 0;
    if (x < DBL_MIN) {
        x *= 0x1p54;
        k = -54;
    }
    uint64_t u = bits_of(x);
    unsigned i = u >> 45 & 127;
    k += (int)(u >> 52) - 1023 + (i >= ABOVE_SQRT_2);

    uint64_t fraction = u & UINT64_C(0xFFFFFFFFFFFFF);
    double m = double_of(fraction | UINT64_C(0x3FF0000000000000));
    double m_hi = double_of(bits_of(m) & ~UINT64_C(0x7FFFFFF));
    const struct log_entry *e = &log_table[i];
    struct dd r = two_sum(m_hi * e->c - 1, (m - m_hi) * e->c);

    struct dd square = two_product(r.hi, r.hi);
    struct dd a = two_sum(k * ln2_hi, e->hi);
    struct dd b = two_sum(a.hi, r.hi);
    struct dd c = two_sum(b.hi, -0.5 * square.hi);
    double small = square.hi * r.hi * log1p_tail(r.hi) - r.hi * r.lo;
    small += r.lo - 0.5 * square.lo;
    small += e->lo + k * ln2_lo;
    return fast_two_sum(c.hi, a.lo + b.lo + c.lo + small);
}

double tc_log(double x)
{
    if (x > 0 && x < infinity)
        return log_pair(x).hi;
    if (x == 0)
        return -infinity;
    return x > 0 ? infinity : not_a_number();
}

/* ---- exp ------------------------------------------------------------------------- */

/* (hi + lo) 2^k, rounded once: in the range of subnormals the last bit that counts is
 * found by adding a power of two that has its own last bit there. 0.99 < hi < 2. */
static double scale_pair(struct dd v, int k)
{
    if (k > 1023)
        return v.hi * 0x1p1023 * power_of_two(k - 1023);
    if (k > -1022 || (k == -1022 && v.hi >= 1))
        return v.hi * power_of_two(k);
    double unit = power_of_two(-1022 - k);
    struct dd s = two_sum(unit, v.hi);
    double rounded = s.hi + (s.lo + v.lo);
    return (rounded - unit) * 0x1p-1022 * (1 / unit);
}

/* e^(x + lo). x = n ln2/128 + r; e^x = 2^(n/128) (1 + (e^r - 1)). |lo| is far below x.
 */
static double exp_pair(double x, double lo)
{
    static const double per_ln2 = 0x1.71547652b82fep+7; /* 128 / ln 2 */
    /* ln 2 / 128 in parts of 35, 35 and 53 bits: n times the first two is exact */
    static const double step_a = 0x1.62e42fef8p-8;
    static const double step_b = 0x1.1cf79abc8p-43;
    static const double step_c = 0x1.e3b39803f2f6bp-79;
    static const double to_integer = 0x1.8p52; /* adding it rounds to an integer */

    if (x > 710)
        return infinity;
    if (x < -746)
        return 0;
    double nd = (x * per_ln2 + to_integer) - to_integer;
    int n = (int)nd;
    unsigned j = (unsigned)n & 127;

    struct dd a = two_sum(x, -nd * step_a);
    struct dd b = two_sum(a.hi, -nd * step_b);
    struct dd r = fast_two_sum(b.hi, a.lo + b.lo + lo - nd * step_c);

    double h = r.hi;
    double series =
        0.5 +
        h * (1.0 / 6 + h * (1.0 / 24 + h * (1.0 / 120 + h * (1.0 / 720 + h / 5040))));
    struct dd p = fast_two_sum(h, r.lo + h * h * series);

    const struct exp_entry *t = &exp_table[j];
    struct dd q = two_product(t->hi, p.hi);
    struct dd s = fast_two_sum(t->hi, q.hi);
    double rest = s.lo + (q.lo + (t->lo + (t->hi * p.lo + t->lo * p.hi)));
    return scale_pair(fast_two_sum(s.hi, rest), (n - (int)j) / 128);
}

double tc_exp(double x)
{
    return x == x ? exp_pair(x, 0) : not_a_number();
}

/* ---- pow ------------------------------------------------------------------------- */

/* Where 0, 1, infinity or NaN decide; as C's annex F has it, for x >= 0. */
static bool pow_special(double x, double y, double *result)
{
    if (y == 0 || x == 1)
        *result = 1;
    else if (!(x >= 0) || y != y)
        *result = not_a_number();
    else if (x == 0 || x == infinity)
        *result = (x == 0) == (y > 0) ? 0 : infinity;
    else if (y == infinity || y == -infinity)
        *result = (x < 1) == (y > 0) ? 0 : infinity;
    else
        return false;
    return true;
}

double tc_pow(double x, double y)
{
    double special;
    if (pow_special(x, y, &special))
        return special;
    /* |ln x| is at least 2^-53, so beyond 2^64 the answer is 0 or infinity anyway, and
     * within it no product overflows. */
    if (y > 0x1p64)
        y = 0x1p64;
    if (y < -0x1p64)
        y = -0x1p64;
    struct dd l = log_pair(x);
    struct dd p = two_product(y, l.hi);
    return exp_pair(p.hi, p.lo + y * l.lo);
}

/* ---- sqrt ------------------------------------------------------------------------ */

/* IEEE 754 defines the square root to the last bit; compilers have an instruction for
 * it (-fno-math-errno keeps them from calling a library to set errno). */
double tc_sqrt(double x)
{
    return x >= 0 ? __builtin_sqrt(x) : not_a_number();
}

/* ---- sin ------------------------------------------------------------------------- */

/* Sine and cosine for |r.hi| <= pi/4 and a little: Taylor series to beyond the last bit.
 * The low part counts with the derivative. */
static double sin_reduced(struct dd r)
{
    double x = r.hi, z = x * x;
    double p =
        -1.0 / 6 +
        z * (1.0 / 120 +
             z * (-1.0 / 5040 + z * (1.0 / 362880 +
                                     z * (-1.0 / 39916800 +
                                          z * (1.0 / 6227020800.0 +
                                               z * (-1.0 / 1307674368000.0 +
                                                    z * (1.0 / 355687428096000.0)))))));
    return x + (x * z * p + r.lo * (1 - 0.5 * z));
}

static double cos_reduced(struct dd r)
{
    double x = r.hi, z = x * x;
    double p =
        1.0 / 24 +
        z * (-1.0 / 720 + z * (1.0 / 40320 +
                               z * (-1.0 / 3628800 +
                                    z * (1.0 / 479001600 +
                                         z * (-1.0 / 87178291200.0 +
                                              z * (1.0 / 20922789888000.0 -
                                                   z * (1.0 / 6402373705728000.0)))))));
    struct dd square = two_product(x, x);
    struct dd s = fast_two_sum(1, -0.5 * square.hi);
    return s.hi + (s.lo + (z * z * p - 0.5 * square.lo - x * r.lo));
}

/* x = n pi/2 + r, with pi/2 in parts of 33, 33 and 53 bits; n has at most 20. */
double tc_sin(double x)
{
    static const double per_quarter = 0x1.45f306dc9c883p-1; /* 2 / pi */
    static const double quarter_a = 0x1.921fb544p+0;
    static const double quarter_b = 0x1.0b4611a6p-34;
    static const double quarter_c = 0x1.3198a2e037073p-69;

    if (!(x > -1e6 && x < 1e6))
        return not_a_number();
    if (x == 0)
        return x;
    double nd = (x * per_quarter + 0x1.8p52) - 0x1.8p52;
    struct dd a = two_sum(x, -nd * quarter_a);
    struct dd b = two_sum(a.hi, -nd * quarter_b);
    struct dd r = fast_two_sum(b.hi, a.lo + b.lo - nd * quarter_c);
    switch ((unsigned)(int)nd & 3) {
    case 0:
        return sin_reduced(r);
    case 1:
        return cos_reduced(r);
    case 2:
        return -sin_reduced(r);
    default:
        return -cos_reduced(r);
    }
}
