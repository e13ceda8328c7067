/*
 * Numbers for people: few digits, always a unit, thousands apart. The only place where a
 * figure becomes text, so that neighbours on a screen are written alike.
 */
#include "truecode/picture.h"

#include <math.h>
#include <stdio.h>

void number_count(struct buf *b, double n)
{
    char digits[40];
    if (isnan(n)) {
        buf_addch(b, '-');
        return;
    }
    int len = snprintf(digits, sizeof digits, "%.0f", fabs(n));
    if (n <= -0.5)
        buf_addch(b, '-');
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_addch(b, ' ');
        buf_addch(b, digits[i]);
    }
}

static bool is_whole(double x, double within)
{
    return fabs(x - floor(x + 0.5)) < within;
}

void number_text(struct buf *b, double x)
{
    double a = fabs(x);
    if (isnan(x) || a >= 99.95 || a < 0.0005)
        number_count(b, x);
    else if (a >= 9.995)
        buf_addf(b, is_whole(x, 0.05) ? "%.0f" : "%.1f", x);
    else if (is_whole(x, a < 0.995 ? 0.0005 : 0.05))
        buf_addf(b, "%.0f", x);
    else
        buf_addf(b, a < 0.0995 ? "%.3f" : a < 0.995 ? "%.2f" : "%.1f", x);
}

/* Shares near all or nothing are not rounded to it: "<0.1 %", ">99.9 %". */
void number_share(struct buf *b, double share)
{
    double p = share * 100;
    if (isnan(share))
        buf_addch(b, '-');
    else if (p > 0 && p < 0.05)
        buf_adds(b, "<0.1 %");
    else if (p < 100 && p >= 99.95)
        buf_addf(b, "%.2f %%", floor(p * 100) / 100);
    else
        buf_addf(b, (p > 0 && p < 9.95) || (p > 90 && p < 100) ? "%.1f %%" : "%.0f %%",
                 p);
}

void number_rate(struct buf *b, double per_s)
{
    if (isnan(per_s)) {
        buf_addch(b, '-');
    } else if (per_s > 0 && per_s < 2) {
        number_text(b, floor(per_s * 600 + 0.5) / 10);
        buf_adds(b, "/min");
    } else {
        number_text(b, per_s >= 10 ? floor(per_s + 0.5) : per_s);
        buf_adds(b, "/s");
    }
}

static void bytes_text(struct buf *b, double v)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    while (fabs(v) >= 1024 && i + 1 < sizeof units / sizeof *units) {
        v /= 1024;
        i++;
    }
    number_text(b, v);
    buf_addf(b, " %s", units[i]);
}

void number_seconds(struct buf *b, double s)
{
    if (isnan(s) || fabs(s) >= 9e8) {
        buf_addch(b, '-');
        return;
    }
    if (s < 0)
        buf_addch(b, '-');
    time_format(b, (sim_time)(fabs(s) * (double)SIM_SEC));
}

void number_unit(struct buf *b, double v, const char *unit)
{
    if (isnan(v)) {
        buf_addch(b, '-');
    } else if (str_eq(unit, "s")) {
        number_seconds(b, v);
    } else if (str_eq(unit, "ratio")) {
        number_share(b, v);
    } else if (str_eq(unit, "bytes")) {
        bytes_text(b, v);
    } else {
        number_text(b, v);
        if (unit && *unit && !str_eq(unit, "1"))
            buf_addf(b, *unit == '/' ? "%s" : " %s", unit);
    }
}

void number_metric(struct buf *b, double v, const struct metric_desc *d)
{
    bool counter = d->type == METRIC_COUNTER;
    if (counter && !isnan(v) && (str_eq(d->unit, "s") || str_eq(d->unit, "bytes"))) {
        if (str_eq(d->unit, "s"))
            number_text(b, v);
        else
            bytes_text(b, v);
        buf_adds(b, str_eq(d->unit, "s") ? " s/s" : "/s");
    } else if (counter) {
        number_rate(b, v);
    } else {
        number_unit(b, v, d->unit);
    }
}
