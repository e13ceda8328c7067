/*
 * JSON, written piece by piece. A level per open container remembers whether a comma is
 * due; nothing else has to be known of what was written before.
 *
 * A library would build a tree of the whole report first, and put one more parser into a
 * process that never reads JSON.
 */
#include "truecode/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct json json_to(struct buf *out)
{
    return (struct json){.out = out, .indent = -1};
}

void json_line(struct json *j, int indent)
{
    j->indent = indent;
}

/* Begins the line that was asked for; false: none was. */
static bool begin_line(struct json *j)
{
    if (j->indent < 0)
        return false;
    buf_addch(j->out, '\n');
    for (; j->indent > 0; j->indent--)
        buf_addch(j->out, ' ');
    j->indent = -1;
    return true;
}

static void put_text(struct buf *out, const char *s)
{
    struct buf clean;
    buf_init(&clean, out->max);
    text_clean(&clean, s, strlen(s), true);
    buf_addch(out, '"');
    for (const char *p = clean.s; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_addch(out, '\\');
        if (*p == '\n')
            buf_adds(out, "\\n");
        else
            buf_addch(out, *p);
    }
    buf_addch(out, '"');
    buf_release(&clean);
}

/* Writes what stands before a value: comma, line or blank, key. */
static void begin_value(struct json *j, const char *key)
{
    struct json_level *in = j->depth > 0 ? &j->levels[j->depth - 1] : NULL;
    assert(in ? (in->close == '}') == !!key : !key);
    if (in && in->any)
        buf_addch(j->out, ',');
    if (!begin_line(j) && in && in->any)
        buf_addch(j->out, ' ');
    if (in)
        in->any = true;
    if (key) {
        put_text(j->out, key);
        buf_adds(j->out, ": ");
    }
}

static void open_level(struct json *j, const char *key, char open, char close)
{
    begin_value(j, key);
    if (j->depth == JSON_DEPTH)
        BUG("JSON is nested deeper than %d", JSON_DEPTH);
    buf_addch(j->out, open);
    j->levels[j->depth++] = (struct json_level){.close = close};
}

void json_object(struct json *j, const char *key)
{
    open_level(j, key, '{', '}');
}

void json_array(struct json *j, const char *key)
{
    open_level(j, key, '[', ']');
}

void json_end(struct json *j)
{
    assert(j->depth > 0);
    begin_line(j);
    buf_addch(j->out, j->levels[--j->depth].close);
}

void json_text(struct json *j, const char *key, const char *s)
{
    if (!s) {
        json_null(j, key);
        return;
    }
    begin_value(j, key);
    put_text(j->out, s);
}

void json_textf(struct json *j, const char *key, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    json_text(j, key, text);
}

void json_count(struct json *j, const char *key, uint64_t n)
{
    begin_value(j, key);
    buf_addf(j->out, "%" PRIu64, n);
}

void json_int(struct json *j, const char *key, int64_t n)
{
    begin_value(j, key);
    buf_addf(j->out, "%" PRId64, n);
}

void json_real(struct json *j, const char *key, double x, int digits)
{
    begin_value(j, key);
    if (isfinite(x))
        buf_addf(j->out, "%.*g", digits, x);
    else
        buf_adds(j->out, "null");
}

void json_bool(struct json *j, const char *key, bool yes)
{
    begin_value(j, key);
    buf_adds(j->out, yes ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
    begin_value(j, key);
    buf_adds(j->out, "null");
}
