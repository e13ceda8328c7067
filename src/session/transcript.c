/*
 * Words said: the transcript, which keeps its newest lines, and small sets of words.
 */
#include "session_internal.h"

#include <assert.h>
#include <string.h>

/* The transcript keeps about so many lines, and at most so many bytes of them. */
#define TRANSCRIPT_MAX   1500
#define TRANSCRIPT_KEEP  1000
#define TRANSCRIPT_BYTES (256 * 1024)
/* Room for one command's output more: it comes whole, and is trimmed then. */
#define TRANSCRIPT_LIMIT (4 * 1024 * 1024)

/* ---- strings --------------------------------------------------------------------- */

bool strings_has(const struct strings *v, const char *s)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->s[i], s))
            return true;
    return false;
}

const char *strings_keep(struct strings *v, const char *s)
{
    assert(s && v->n <= v->cap);
    strings_add(v, s);
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->s[i], s))
            return v->s[i];
    return NULL;
}

bool strings_add(struct strings *v, const char *s)
{
    if (strings_has(v, s))
        return false;
    GROW(v->s, v->n, v->cap);
    v->s[v->n++] = mem_strdup(s);
    return true;
}

void strings_release(struct strings *v)
{
    for (size_t i = 0; i < v->n; i++)
        mem_free(v->s[i]);
    mem_free(v->s);
    memset(v, 0, sizeof *v);
}

/* ---- saying things --------------------------------------------------------------- */

void session_touch(struct session *s)
{
    s->version++;
}

/* Where the r-th stretch of one tone begins; before the first run all is normal. */
static size_t tone_start(const struct out *o, size_t r)
{
    return r == 0 ? 0 : r <= o->nruns ? o->runs[r - 1].start : o->text.len;
}

/* Appends `src` from byte `from` on, tones and lines kept. */
static void transcript_copy(struct out *dst, const struct out *src, size_t from)
{
    assert(from <= src->text.len);
    const char *text = src->text.s;
    for (size_t r = 0; r <= src->nruns; r++) {
        enum tone tone = r == 0 ? TONE_NORMAL : (enum tone)src->runs[r - 1].tone;
        size_t at = tone_start(src, r), end = tone_start(src, r + 1);
        at = at < from ? from : at;
        while (at < end) {
            const char *nl = memchr(text + at, '\n', end - at);
            size_t n = nl ? (size_t)(nl - text) - at : end - at;
            if (n > 0)
                out_add(dst, tone, "%.*s", (int)n, text + at);
            if (nl)
                out_end(dst);
            at += n + (nl ? 1 : 0);
        }
    }
}

void transcript_init(struct out *o)
{
    out_init(o);
    o->max_lines = SIZE_MAX;
    buf_release(&o->text);
    buf_init(&o->text, TRANSCRIPT_LIMIT);
}

/* Where the lines begin that are kept. */
static size_t transcript_start(const struct out *o)
{
    size_t drop = o->lines > TRANSCRIPT_KEEP ? o->lines - TRANSCRIPT_KEEP : 0, at = 0;
    size_t least = o->text.len > TRANSCRIPT_BYTES ? o->text.len - TRANSCRIPT_BYTES : 0;
    while ((drop > 0 || at < least) && at < o->text.len)
        if (o->text.s[at++] == '\n' && drop > 0)
            drop--;
    while (at > 0 && at < o->text.len && o->text.s[at - 1] != '\n')
        at++;
    return at;
}

/* Keeps the newest lines only. */
static void transcript_trim(struct session *s)
{
    struct out kept, *o = &s->transcript;
    if (o->lines < TRANSCRIPT_MAX && o->text.len < 2 * TRANSCRIPT_BYTES)
        return;
    transcript_init(&kept);
    transcript_copy(&kept, o, transcript_start(o));
    out_release(o);
    *o = kept;
}

void session_print(struct session *s, const struct out *o)
{
    transcript_copy(&s->transcript, o, 0);
    transcript_trim(s);
    session_touch(s);
}

void session_say(struct session *s, enum tone t, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < b.len; i++)
        if (b.s[i] == '`') /* a line to type: a face may do better, text cannot */
            b.s[i] = '"';
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, b.s, (size_t)s->columns);
    for (char *line = lines.s; line && *line;) {
        char *nl = strchr(line, '\n');
        if (nl)
            *nl = '\0';
        out_line(&s->transcript, t, "%s", line);
        line = nl ? nl + 1 : NULL;
    }
    buf_release(&lines);
    buf_release(&b);
    transcript_trim(s);
    session_touch(s);
}
