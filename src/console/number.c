/*
 * Numbers for people: few digits, always a unit, thousands apart.
 */
#include "console_internal.h"

#include <string.h>

const char *count(const struct call *c, double n)
{
    if (isnan(n))
        return "-";
    const char *digits = strf(c, "%.0f", fabs(n));
    size_t len = strlen(digits);
    struct buf b;
    buf_init(&b, 0);
    if (n <= -0.5)
        buf_addch(&b, '-');
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0 && len > 3)
            buf_addch(&b, ' ');
        buf_addch(&b, digits[i]);
    }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

const char *num(const struct call *c, double x)
{
    double a = fabs(x);
    if (isnan(x))
        return "-";
    if (a >= 99.95 || a < 0.0005)
        return count(c, x);
    if (a >= 9.995)
        return fabs(x - floor(x + 0.5)) < 0.05 ? count(c, x) : strf(c, "%.1f", x);
    if (fabs(x - floor(x + 0.5)) < (a < 0.995 ? 0.0005 : 0.05))
        return strf(c, "%.0f", x);
    return strf(c, a < 0.0995 ? "%.3f" : a < 0.995 ? "%.2f" : "%.1f", x);
}

const char *percent(const struct call *c, double share)
{
    double p = share * 100;
    if (isnan(share))
        return "-";
    if (p > 0 && p < 0.05)
        return "<0.1 %";
    if (p < 100 && p >= 99.95)
        return strf(c, "%.2f %%", floor(p * 100) / 100);
    return strf(c, p < 9.95 || (p > 90 && p < 100) ? "%.1f %%" : "%.0f %%", p);
}

const char *share_text(const struct call *c, double share)
{
    double p = share * 100;
    if (isnan(share))
        return "-";
    return strf(c, p < 9.95 && p > 0 ? "%.1f %%" : "%.0f %%", p);
}

static const char *bytes(const struct call *c, double v)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    while (fabs(v) >= 1024 && i + 1 < sizeof units / sizeof *units) {
        v /= 1024;
        i++;
    }
    return strf(c, "%s %s", num(c, v), units[i]);
}

const char *quantity(const struct call *c, double v, const char *unit)
{
    if (isnan(v))
        return "-";
    if (str_eq(unit, "s") && fabs(v) < 9e8)
        return span_of(c, (sim_time)(v * (double)SIM_SEC));
    if (str_eq(unit, "ratio"))
        return percent(c, v);
    if (str_eq(unit, "bytes"))
        return bytes(c, v);
    if (!unit || !*unit || str_eq(unit, "1"))
        return num(c, v);
    return strf(c, "%s %s", num(c, v), unit);
}

double steady(double x)
{
    double step = 1;
    if (isnan(x) || x == 0)
        return x;
    while (fabs(x) / step >= 1000)
        step *= 10;
    while (fabs(x) / step < 100 && step > 1e-9)
        step /= 10;
    return floor(x / step + 0.5) * step;
}

const char *per_time(const struct call *c, double per_s)
{
    if (isnan(per_s))
        return "-";
    if (per_s > 0 && per_s < 2)
        return strf(c, "%s/min", num(c, floor(per_s * 600 + 0.5) / 10));
    return strf(c, "%s/s", num(c, per_s >= 10 ? floor(per_s + 0.5) : per_s));
}

struct scale scale_for(const struct metric_desc *d, double max)
{
    if (d->type == METRIC_COUNTER && str_eq(d->unit, "s"))
        return (struct scale){1, "s per second"};
    if (d->type == METRIC_COUNTER)
        return isnan(max) || max >= 2 ? (struct scale){1, "per second"}
                                      : (struct scale){60, "per minute"};
    if (str_eq(d->unit, "ratio"))
        return (struct scale){100, "%"};
    if (str_eq(d->unit, "s"))
        return max < 1 ? (struct scale){1000, "ms"} : (struct scale){1, "s"};
    if (str_eq(d->unit, "bytes"))
        return (struct scale){1.0 / (1024 * 1024), "MiB"};
    return (struct scale){1, str_eq(d->unit, "1") ? "" : d->unit};
}
