/*
 * Access lines: what a service writes of each request that ended. No component writes
 * them and none is stored that is not shown: a finished request is told anyway, and of
 * those alike a few a second become a line (logs.c).
 *
 * A line has the endpoint, a status as HTTP servers log it, what came out where that is
 * not the usual answer, and how long it took. Who had no caller any more gets 499, as
 * nginx writes it (NGX_HTTP_CLIENT_CLOSED_REQUEST).
 */
#include "telemetry_internal.h"

#include <stdio.h>
#include <string.h>

enum { STATUS_OK = 200, STATUS_CALLER_GONE = 499, STATUS_ERROR = 500 };

/* RFC 9110: 503 refused for now, 504 no answer from behind in time, 502 a bad one. */
static const uint16_t statuses[REASON_COUNT] = {
    [REASON_NONE] = STATUS_OK,
    [REASON_TIMEOUT] = 504,
    [REASON_DEADLINE] = 504,
    [REASON_CONNECT_TIMEOUT] = 504,
    [REASON_QUEUE_FULL] = 503,
    [REASON_POOL_TIMEOUT] = 503,
    [REASON_POOL_FULL] = 503,
    [REASON_BREAKER_OPEN] = 503,
    [REASON_NO_BACKEND] = 503,
    [REASON_SHED] = 503,
    [REASON_DOWN] = 503,
    [REASON_THIRD_PARTY] = 502,
    [REASON_RATE_LIMITED] = 429,
    [REASON_NO_ROW] = 404,
    [REASON_CONFLICT] = 409,
    [REASON_GAVE_UP] = STATUS_CALLER_GONE,
    [REASON_CANCELLED] = STATUS_CALLER_GONE,
};

static int status_of(const struct request_done *d)
{
    if (d->abandoned)
        return STATUS_CALLER_GONE;
    return statuses[d->reason] ? statuses[d->reason] : STATUS_ERROR;
}

static void outcome(const struct model *m, const struct request_done *d, struct buf *b)
{
    if (d->result)
        buf_addf(b, " %s", d->result);
    if (d->reason != REASON_NONE)
        buf_addf(b, " %s", reason_phrase(d->reason));
    if (d->culprit != COMP_NONE && d->culprit != d->place)
        buf_addf(b, " (%s)", model_name(m, d->culprit));
    if (d->abandoned && d->reason == REASON_NONE)
        buf_adds(b, " caller gone");
}

/* A span of time rounded to what a reader of logs wants to know. */
static sim_time rounded(sim_time t)
{
    sim_time unit = t < 10 * SIM_MS ? 100 * SIM_US
                    : t < SIM_SEC   ? SIM_MS
                                    : 100 * SIM_MS;
    return t / unit * unit;
}

void access_text(const struct model *m, const struct request_done *d, char *out,
                 size_t max)
{
    const char *name = model_name(m, d->endpoint), *slash = strrchr(name, '/');
    struct buf b;
    buf_init(&b, 80);
    buf_addf(&b, "/%s %d", slash ? slash + 1 : name, status_of(d));
    outcome(m, d, &b);
    buf_adds(&b, " in ");
    time_format(&b, rounded(d->end - d->start));
    (void)snprintf(out, max, "%s", b.s);
    buf_release(&b);
}
