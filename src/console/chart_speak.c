/*
 * A chart in words. The series is cut into stretches that are level within their own
 * noise (neighbours are joined, cheapest first, as long as joining costs less than the
 * noise explains); long stretches are told as "about 42 until 19:55", short ones are
 * listed, and a series that keeps coming back is told by its peaks.
 */
#include "chart.h"
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define SPOKEN_MAX   6 /* more stretches than this are told as swings */
#define LONG_STRETCH 4
#define SLIGHT       0.02 /* a step that is not worth a word */

/* A value for each slot: of a gauge the highest, so that nothing short is missed. */
struct spoken {
    const struct chart *chart;
    sim_time from, to;
    double v[CHART_SLOTS];
    size_t n;
    double low, high; /* of v */
    bool counted, good;
    const char *unit; /* of the metric */
};

struct stretch {
    size_t first, n;
    double sum, squares;
};

#define NOISE_SLOTS 16 /* of fewer, steps and noise cannot be told apart */
#define LEVEL                                                                          \
    0.2 /* how far apart, of the mean, what is called level may lie: ±10 %            \
         */

static double mean_of(const struct stretch *s)
{
    return s->sum / (double)s->n;
}

static double error_of(const struct stretch *s)
{
    double e = s->squares - s->sum * s->sum / (double)s->n;
    return e > 0 ? e : 0;
}

static struct stretch joined(const struct stretch *a, const struct stretch *b)
{
    return (struct stretch){a->first, a->n + b->n, a->sum + b->sum,
                            a->squares + b->squares};
}

static int compare_doubles(const void *a, const void *b, void *ctx)
{
    double x = *(const double *)a, y = *(const double *)b;
    (void)ctx;
    return (x > y) - (x < y);
}

/* The variance of one slot, from the median step between neighbours: a few real jumps
 * do not count as noise. */
static double noise_of(const double *v, size_t n)
{
    double step[CHART_SLOTS];
    if (n < 2)
        return 0;
    for (size_t i = 0; i + 1 < n; i++)
        step[i] = fabs(v[i + 1] - v[i]);
    sort_stable(step, n - 1, sizeof *step, compare_doubles, NULL);
    double median = step[(n - 1) / 2];
    return median * median * 1.1; /* (median / 0.954)²: normal noise */
}

/* The cost up to which stretches are joined: more, and a person would see a step. */
struct tolerance {
    double base;     /* noise seen in the series, and what is too small to matter */
    double counted;  /* counters: 1 / seconds of a slot, so that mean × this is their
                        own (Poisson) variance */
    const double *v; /* the values, which must be level to be joined; NULL: need not */
    double counts;   /* mean × this is the Poisson variance of one value */
    double slight;   /* a spread that is too small to matter */
    double noise;    /* a spread that the noise seen explains */
};

/* The spread of a stretch's values; of a long one the means of three, since
 * one value by itself is noise. */
static double spread_of(const double *v, const struct stretch *s)
{
    size_t wide = s->n >= 5 ? 3 : 1;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = s->first; i + wide <= s->first + s->n; i++) {
        double sum = 0;
        for (size_t k = 0; k < wide; k++)
            sum += v[i + k];
        sum /= (double)wide;
        low = sum < low ? sum : low;
        high = sum > high ? sum : high;
    }
    return high - low;
}

/* Things that are counted scatter by the root of their number, whatever happens. */
static bool is_level(const struct stretch *s, struct tolerance t)
{
    double mean = fabs(mean_of(s)), noise = 6 * tc_sqrt(mean * t.counts);
    double apart = LEVEL * mean;
    if (!t.v)
        return true;
    apart = noise > apart ? noise : apart;
    apart = t.noise > apart && s->n >= 5 ? t.noise : apart;
    return spread_of(t.v, s) <= (apart > t.slight ? apart : t.slight);
}

/* Joins neighbours, cheapest first, while that is tolerable or more than `most` are
 * left. */
static size_t join_stretches(struct stretch *s, size_t n, struct tolerance t,
                             size_t most)
{
    while (n > 1) {
        size_t best = 0;
        double least = INFINITY;
        for (size_t i = 0; i + 1 < n; i++) {
            struct stretch both = joined(&s[i], &s[i + 1]);
            double cost = error_of(&both) - error_of(&s[i]) - error_of(&s[i + 1]) -
                          6 * fabs(mean_of(&both)) * t.counted;
            if (cost < least && is_level(&both, t)) {
                least = cost;
                best = i;
            }
        }
        if (isinf(least) || (least > t.base && n <= most))
            break;
        s[best] = joined(&s[best], &s[best + 1]);
        memmove(&s[best + 1], &s[best + 2], (n - best - 2) * sizeof *s);
        n--;
    }
    return n;
}

/* Joins what the noise explains first; where that made one of what is not level, only
 * what is level is joined. */
static size_t join_levels(struct stretch *s, size_t n, struct tolerance t)
{
    struct stretch first[CHART_SLOTS];
    struct tolerance any = t;
    any.v = NULL;
    memcpy(first, s, n * sizeof *s);
    size_t k = join_stretches(first, n, any, n);
    for (size_t i = 0; i < k; i++)
        if (!is_level(&first[i], t))
            return join_stretches(s, n, t, n);
    memcpy(s, first, k * sizeof *s);
    return k;
}

static size_t find_stretches(const struct spoken *ch, struct stretch *s)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < ch->n; i++) {
        double x = ch->v[i];
        s[i] = (struct stretch){i, 1, x, x * x};
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    double visible = (high - low) / 6;
    double slot = (double)(ch->to - ch->from) / (double)SIM_SEC / (double)ch->n;
    struct tolerance t = {.base = 6 * noise_of(ch->v, ch->n)};
    if (visible < SLIGHT * high && !ch->good)
        visible = SLIGHT * high; /* for users' fate every percent counts */
    if (t.base < visible * visible / 2)
        t.base = visible * visible / 2;
    if (ch->counted && slot > 0)
        t.counted = 1 / slot;
    t.v = ch->v;
    if (ch->n >= NOISE_SLOTS) /* the range of many means of three: 5 deviations */
        t.noise = 5 * tc_sqrt(noise_of(ch->v, ch->n) / 3);
    t.slight = str_eq(ch->unit, "ratio") && !ch->good ? 0.05 : 0;
    if (ch->counted)
        t.counts = t.counted;
    else if (!str_eq(ch->unit, "s") && !str_eq(ch->unit, "ratio") &&
             !str_eq(ch->unit, "bytes"))
        t.counts = 1;
    return join_levels(s, ch->n, t);
}

/* ---- in words -------------------------------------------------------------------- */

/* A value with the digits that the highest deserves: 42, not 42.3, where it goes to
 * 67. */
static const char *value(struct call *c, const struct spoken *ch, double x)
{
    double top = fabs(ch->high) * ch->chart->scale.factor, step = 1;
    while (step * 1000 < top)
        step *= 10;
    while (top > 0 && step * 10 > top && step > 1e-6)
        step /= 10;
    double shown = floor(x * ch->chart->scale.factor / step + 0.5) * step;
    if (str_eq(ch->chart->scale.unit, "%") && x > 0.9 && x < 0.9995)
        return strf(c, "%.1f %%", x * 100);
    const char *text = fabs(shown) >= 10 ? count(c, shown) : num(c, shown);
    return str_eq(ch->chart->scale.unit, "%") ? strf(c, "%s %%", text) : text;
}

static sim_time slot_time(const struct spoken *ch, size_t i)
{
    return ch->from + (ch->to - ch->from) / (sim_time)ch->n * (sim_time)i;
}

static bool with_seconds(const struct spoken *ch)
{
    return ch->to - ch->from < 10 * SIM_MIN;
}

static const char *spoken_unit(const char *unit)
{
    return str_eq(unit, "%")       ? ""
           : str_eq(unit, "/min")  ? " per minute"
           : str_eq(unit, "/s")    ? " per second"
           : str_eq(unit, "s/s")   ? " in seconds per second"
           : str_eq(unit, "MiB/s") ? " in MiB per second"
           : str_eq(unit, "MiB")   ? " in MiB"
           : str_eq(unit, "ms")    ? " in ms"
           : str_eq(unit, "s")     ? " in s"
                                   : "";
}

static const char *head(struct call *c, const struct spoken *ch)
{
    const char *unit = spoken_unit(ch->chart->scale.unit);
    sim_time slot = (ch->to - ch->from) / (sim_time)ch->n;
    bool s = with_seconds(ch), gauge = curve_is_read_off(&ch->chart->curve);
    return strf(c, "%s%s, %s to %s%s: ", ch->chart->short_title, unit,
                clock_of(c, ch->from, s), clock_of(c, ch->to, s),
                gauge && slot > SIM_SEC
                    ? strf(c, ", highest of each %s", span_of(c, slot))
                    : "");
}

/* " (12 to 33)" where a level stretch scatters widely. */
static const char *scatter(struct call *c, const struct spoken *ch,
                           const struct stretch *s)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = s->first; i < s->first + s->n; i++) {
        low = ch->v[i] < low ? ch->v[i] : low;
        high = ch->v[i] > high ? ch->v[i] : high;
    }
    if (ch->counted || s->n < LONG_STRETCH || high - low < 2 * LEVEL * fabs(mean_of(s)))
        return "";
    const char *from = value(c, ch, low), *to = value(c, ch, high);
    return str_eq(from, to) ? "" : strf(c, " (%s to %s)", from, to);
}

static void tell_stretch(struct call *c, const struct spoken *ch,
                         const struct stretch *s, bool first, bool last, struct buf *b)
{
    const char *v = value(c, ch, mean_of(s));
    bool secs = with_seconds(ch);
    bool about = s->n > 1 && error_of(s) > 0 && !str_eq(v, "0");
    if (about && (first || last || s->n >= LONG_STRETCH))
        v = strf(c, "%s%s", v, scatter(c, ch, s));
    if (first && last)
        buf_addf(b, "%s%s all the time", about ? "about " : "", v);
    else if (last)
        buf_addf(b, "%s%s since %s", about ? "about " : "", v,
                 clock_of(c, slot_time(ch, s->first), secs));
    else if (s->n >= LONG_STRETCH || first)
        buf_addf(b, "%s%s until %s", about ? "about " : "", v,
                 clock_of(c, slot_time(ch, s->first + s->n), secs));
    else
        buf_adds(b, v);
}

static void tell_stretches(struct call *c, const struct spoken *ch,
                           const struct stretch *s, size_t n, struct buf *b)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 1)
            buf_adds(b, ", then ");
        else if (i)
            buf_adds(b, ", ");
        tell_stretch(c, ch, &s[i], i == 0, i + 1 == n, b);
    }
}

/* ---- swings ---------------------------------------------------------------------- */

/* Peaks: stretches of slots above the middle. */
static size_t find_peaks(const double *v, size_t n, double middle, size_t *top)
{
    size_t peaks = 0;
    for (size_t i = 0; i < n;) {
        if (!(v[i] > middle)) {
            i++;
            continue;
        }
        size_t best = i;
        for (; i < n && v[i] > middle; i++)
            if (v[i] > v[best])
                best = i;
        top[peaks++] = best;
    }
    return peaks;
}

static void tell_swings(struct call *c, const struct spoken *ch, struct buf *b)
{
    size_t top[CHART_SLOTS];
    double sum = 0;
    for (size_t i = 0; i < ch->n; i++)
        sum += ch->v[i];
    size_t n = find_peaks(ch->v, ch->n, (ch->low + ch->high) / 2, top);
    buf_addf(b, "swings between %s and %s, %s on average; high %zu time%s",
             value(c, ch, ch->low), value(c, ch, ch->high),
             value(c, ch, sum / (double)ch->n), n, n == 1 ? "" : "s");
    size_t first = n > 5 ? n - 5 : 0;
    buf_adds(b, first ? ", last at" : ", at");
    for (size_t i = first; i < n; i++)
        buf_addf(b, "%s %s", i > first ? "," : "",
                 clock_of(c, slot_time(ch, top[i]), true));
    if (n >= 3) {
        sim_time apart =
            (slot_time(ch, top[n - 1]) - slot_time(ch, top[0])) / (sim_time)(n - 1);
        apart = (apart + SIM_SEC / 2) / SIM_SEC * SIM_SEC;
        buf_addf(b, ", about %s apart", span_of(c, apart));
    }
}

/* ---- all of it ------------------------------------------------------------------- */

/* Missing values at the beginning are said; inside they are bridged. */
static size_t bridge(struct spoken *ch)
{
    size_t lead = 0, left = 0;
    while (lead < ch->n && isnan(ch->v[lead]))
        lead++;
    for (size_t i = lead; i < ch->n; i++)
        if (isnan(ch->v[i])) {
            ch->v[i] = ch->v[i - 1];
            left++;
        }
    return lead;
}

static void tell_marks(struct call *c, const struct spoken *ch)
{
    for (size_t i = 0; i < recording_changes(c->rec); i++) {
        const struct change *k = recording_change(c->rec, i);
        if (k->at > ch->from && k->at <= ch->to)
            para(c, TONE_DIM, 0,
                 strf(c, "Changed at %s: %s (%s).", clock_of(c, k->at, true), k->title,
                      k->who));
    }
}

static void skip_lead(struct spoken *ch, size_t lead)
{
    ch->from = slot_time(ch, lead);
    ch->n -= lead;
    memmove(ch->v, ch->v + lead, ch->n * sizeof *ch->v);
}

static struct spoken spoken_of(const struct chart *ch)
{
    struct spoken s = {.chart = ch, .from = ch->from, .to = ch->to, .n = ch->n};
    s.low = s.high = NAN;
    s.counted = ch->curve.how == CURVE_RATE;
    s.good = ch->curve.how == CURVE_GOOD;
    s.unit = ch->curve.desc->unit;
    for (size_t i = 0; i < ch->n; i++) {
        double x = s.v[i] = ch->v[i].high;
        s.low = !(s.low <= x) ? x : s.low;
        s.high = !(s.high >= x) ? x : s.high;
    }
    return s;
}

void chart_speak(struct call *c, const struct chart *given)
{
    struct spoken ch = spoken_of(given);
    struct stretch s[CHART_SLOTS];
    struct buf b;
    size_t lead = bridge(&ch);
    buf_init(&b, 0);
    buf_adds(&b, head(c, &ch));
    if (lead == ch.n) {
        buf_adds(&b, "no values.");
        para(c, TONE_NORMAL, 0, b.s);
        buf_release(&b);
        return;
    }
    if (lead) {
        skip_lead(&ch, lead);
        buf_addf(&b, "nothing before %s, ", clock_of(c, ch.from, with_seconds(&ch)));
    }
    size_t n = find_stretches(&ch, s), top[CHART_SLOTS];
    size_t peaks = find_peaks(ch.v, ch.n, (ch.low + ch.high) / 2, top);
    if (n > SPOKEN_MAX && peaks > 2) {
        tell_swings(c, &ch, &b);
    } else {
        n = join_stretches(s, n, (struct tolerance){.base = 0}, SPOKEN_MAX);
        tell_stretches(c, &ch, s, n, &b);
    }
    const char *now = value(c, &ch, given->now),
               *lowest = value(c, &ch, given->sum.low);
    if (!str_eq(lowest, value(c, &ch, ch.low)))
        buf_addf(&b, "; lowest %s", lowest);
    if (n > 0 && str_eq(now, value(c, &ch, mean_of(&s[n - 1]))))
        buf_addch(&b, '.');
    else
        buf_addf(&b, ". %s %s.",
                 curve_is_read_off(&given->curve) ? "Now" : "Last minute", now);
    para(c, TONE_NORMAL, 0, b.s);
    buf_release(&b);
    tell_marks(c, &ch);
}
