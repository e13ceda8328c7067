/*
 * Moments as people write them, the same wherever a moment of the past is asked for:
 * 20:12, 20:12:05, now, or 30m, also "30m ago". Clock times repeat every day; the one meant
 * is the last before now. The word "ago" is taken off when a line is read (command_line.c).
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define DAY (24 * SIM_HOUR)

const char *clock_of(const struct call *c, sim_time t, bool seconds)
{
    struct buf b;
    buf_init(&b, 0);
    clock_format(&b, c->ctx->day_start, t, seconds);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

const char *span_of(const struct call *c, sim_time d)
{
    struct buf b;
    buf_init(&b, 0);
    time_format(&b, d);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* The time from t until now; from a second on as the clock has it: what was at 20:12:05 is
 * five seconds ago at 20:12:10. */
static sim_time since(const struct call *c, sim_time t)
{
    sim_time d = c->now > t ? c->now - t : 0;
    return d >= SIM_SEC ? (c->now / SIM_SEC - t / SIM_SEC) * SIM_SEC : d;
}

const char *ago(const struct call *c, sim_time t)
{
    return span_of(c, since(c, t));
}

/* Rounded as span_of() does it: to milliseconds, seconds, or minutes from an hour on. */
const char *span_short(const struct call *c, sim_time d)
{
    if (d < SIM_SEC - SIM_MS / 2)
        return strf(c, "%lldms", (long long)((d + SIM_MS / 2) / SIM_MS));
    long long s = (long long)((d + SIM_SEC / 2) / SIM_SEC);
    if (s >= 3600)
        s = (long long)((d + SIM_MIN / 2) / SIM_MIN) * 60;
    long long m = s / 60, h = m / 60;
    if (m < 1)
        return strf(c, "%llds", s);
    if (h < 1)
        return s % 60 ? strf(c, "%lldm%02llds", m, s % 60) : strf(c, "%lldm", m);
    if (h < 10)
        return strf(c, "%lldh%02lldm", h, m % 60);
    if (h < 72)
        return strf(c, "%lldh", h);
    return h < 240 ? strf(c, "%lldd%lldh", h / 24, h % 24) : strf(c, "%lldd", h / 24);
}

const char *ago_short(const struct call *c, sim_time t)
{
    return span_short(c, since(c, t));
}

static bool two_digits(const char **s, int limit, int *out)
{
    const char *p = *s;
    int n = 0, v = 0;
    while (n < 2 && p[n] >= '0' && p[n] <= '9')
        v = v * 10 + (p[n++] - '0');
    *s = p + n;
    *out = v;
    return n > 0 && v < limit;
}

/* "20:12" or "20:12:05" as time since midnight. */
static bool parse_clock(const char *s, sim_time *out)
{
    int h, m, sec = 0;
    if (!two_digits(&s, 24, &h) || *s++ != ':' || !two_digits(&s, 60, &m))
        return false;
    if (*s == ':') {
        s++;
        if (!two_digits(&s, 60, &sec))
            return false;
    }
    *out = h * SIM_HOUR + m * SIM_MIN + sec * SIM_SEC;
    return !*s;
}

static sim_time day_of(const struct call *c, sim_time t)
{
    sim_time day = (c->ctx->day_start + t) % DAY;
    return day < 0 ? day + DAY : day;
}

static enum err not_a_time(struct call *c, const char *text)
{
    return refuse(
        c, ERR_INPUT,
        "“%s” is not a time. Write a time of day (%s), how long ago (10m), or now.",
        text, clock_of(c, c->now, false));
}

enum err when_past(struct call *c, const char *text, sim_time *out)
{
    sim_time d;
    if (str_eq(text, "now")) {
        *out = c->now;
        return ERR_OK;
    }
    if (parse_clock(text, &d)) {
        *out = c->now - (day_of(c, c->now) - d + DAY) % DAY;
        if (*out < 0)
            return refuse(c, ERR_INPUT,
                          "Nothing is known of %s: the record runs from %s to %s.",
                          text, clock_of(c, 0, false), clock_of(c, c->now, false));
        return ERR_OK;
    }
    if (time_parse(text + (*text == '-'), &d, NULL) != ERR_OK)
        return not_a_time(c, text);
    *out = d > c->now ? 0 : c->now - d;
    return ERR_OK;
}

enum err when_since(struct call *c, sim_time window, sim_time *from)
{
    const char *text = call_opt(c, "--since");
    if (text)
        return when_past(c, text, from);
    *from = c->now > window ? c->now - window : 0;
    return ERR_OK;
}

enum err when_next(struct call *c, const char *text, sim_time *out)
{
    sim_time d;
    if (!parse_clock(text, &d))
        return refuse(c, ERR_INPUT, "“%s” is not a time of day, such as %s.", text,
                      clock_of(c, c->now + 5 * SIM_MIN, false));
    *out = c->now + (d - day_of(c, c->now) + DAY) % DAY;
    return ERR_OK;
}
