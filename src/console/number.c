/*
 * Numbers of the picture as strings that live as long as the call.
 */
#include "console_internal.h"
#include "lookup.h"

static const char *kept(const struct call *c, struct buf *b)
{
    const char *s = arena_strdup(c->mem, b->s);
    buf_release(b);
    return s;
}

static const char *written(const struct call *c, void (*write)(struct buf *b, double x),
                           double x)
{
    struct buf b;
    buf_init(&b, 0);
    write(&b, x);
    return kept(c, &b);
}

const char *count(const struct call *c, double n)
{
    return written(c, number_count, n);
}

const char *num(const struct call *c, double x)
{
    return written(c, number_text, x);
}

const char *percent(const struct call *c, double share)
{
    return written(c, number_share, share);
}

const char *per_time(const struct call *c, double per_s)
{
    return written(c, number_rate, per_s);
}

const char *quantity(const struct call *c, double v, const char *unit)
{
    struct buf b;
    buf_init(&b, 0);
    number_unit(&b, v, unit);
    return kept(c, &b);
}

const char *metric_value(const struct call *c, double v, const struct metric_desc *d)
{
    struct buf b;
    buf_init(&b, 0);
    number_metric(&b, v, d);
    return kept(c, &b);
}

enum number_form form_of(const struct call *c)
{
    return c->ctx->spoken  ? NUMBER_SPOKEN
           : c->ctx->ascii ? NUMBER_ASCII
                           : NUMBER_SCREEN;
}
