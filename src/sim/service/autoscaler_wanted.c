/*
 * Autoscalers, the arithmetic: see kind_autoscaler.c for the algorithm and its source.
 */
#include "service/autoscaler.h"

#include <assert.h>
#include <limits.h>

/* Rounded up; 3.0000000001 instances are three. */
static int up(double exact)
{
    if (exact >= INT_MAX)
        return INT_MAX;
    int n = (int)exact;
    return n + ((double)n < exact - 1e-9);
}

static double off(double ratio)
{
    return ratio > 1 ? ratio - 1 : 1 - ratio;
}

int scaler_wanted(const struct census *n, int have, double target, double tolerance,
                  double busy)
{
    assert(target > 0);
    if (n->measured == 0)
        return have;
    double first = n->sum / n->measured / target;
    bool more = first > 1, fewer = first < 1;
    int idle = more ? n->not_ready + n->missing : 0;
    int full = fewer ? n->missing : 0;
    int of = n->measured + idle + full;
    double ratio = (n->sum + full * busy) / of / target;
    if (off(ratio) <= tolerance + 1e-9 || (more && ratio < 1) || (fewer && ratio > 1))
        return have;
    int wanted = up(ratio * of);
    if ((more && wanted < have) || (fewer && wanted > have))
        return have;
    return wanted;
}

int scaler_most(int was, double share, int count)
{
    int by_share = up(was * (1 + share));
    int by_count = was > INT_MAX - count ? INT_MAX : was + count;
    return by_share > by_count ? by_share : by_count;
}

int scaler_least(int was, double share)
{
    int least = (int)(was * (1 - share) + 1e-9);
    return least > 0 ? least : 0;
}
