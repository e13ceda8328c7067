/*
 * Counts and sizes as text: thousands apart, few digits. The engine says them in the
 * records of what was done, the picture on every screen.
 */
#include "truecode/base.h"

#include <math.h>
#include <stdio.h>

void count_format(struct buf *b, double n)
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

void figure_format(struct buf *b, double x)
{
    double a = fabs(x);
    if (isnan(x) || a >= 99.95 || a < 0.0005)
        count_format(b, x);
    else if (a >= 9.995)
        buf_addf(b, is_whole(x, 0.05) ? "%.0f" : "%.1f", x);
    else if (is_whole(x, a < 0.995 ? 0.0005 : 0.05))
        buf_addf(b, "%.0f", x);
    else
        buf_addf(b, a < 0.0995 ? "%.3f" : a < 0.995 ? "%.2f" : "%.1f", x);
}

void bytes_format(struct buf *b, double v)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    while (fabs(v) >= 1024 && i + 1 < COUNT_OF(units)) {
        v /= 1024;
        i++;
    }
    figure_format(b, v);
    buf_addf(b, " %s", units[i]);
}
