/*
 * Numbers for people: few digits, always a unit, thousands apart. With base's
 * count_format() and its kin the only place where a figure becomes text, so that
 * neighbours on a screen are written alike.
 */
#include "truecode/picture.h"

#include <math.h>

void number_count(struct buf *b, double n)
{
    count_format(b, n);
}

void number_text(struct buf *b, double x)
{
    figure_format(b, x);
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
        bytes_format(b, v);
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
            bytes_format(b, v);
        buf_adds(b, str_eq(d->unit, "s") ? " s/s" : "/s");
    } else if (counter) {
        number_rate(b, v);
    } else {
        number_unit(b, v, d->unit);
    }
}
