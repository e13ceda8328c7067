/*
 * The deeds of every command with its call: reads its options, refuses with a sentence,
 * writes paragraphs, and says what one would type for it in the wild.
 */
#include "console_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

enum err refuse(struct call *c, enum err e, const char *fmt, ...)
{
    assert(e != ERR_OK);
    va_list ap;
    struct buf b;
    buf_init(&b, sizeof c->why->text);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    e = errmsg_set(c->why, e, "%s", b.s);
    buf_release(&b);
    return e;
}

const char *strf(const struct call *c, const char *fmt, ...)
{
    va_list ap;
    struct buf b;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    const char *s = arena_strndup(c->mem, b.s, b.len);
    buf_release(&b);
    return s;
}

const char *call_opt(const struct call *c, const char *name)
{
    assert(name);
    for (size_t i = 0; i < OPTS_MAX && c->cmd->opts[i].name; i++)
        if (str_eq(c->cmd->opts[i].name, name))
            return c->opt[i];
    BUG("%s has no option %s", c->cmd->info.name, name);
}

void para(struct call *c, enum tone t, size_t indent, const char *text)
{
    struct buf b;
    buf_init(&b, 0);
    size_t width = (size_t)c->ctx->columns;
    text_wrap(&b, text, width > indent + 20 ? width - indent : 20);
    for (const char *p = b.s; *p;) {
        size_t n = strcspn(p, "\n");
        if (n)
            out_line(c->o, t, "%*s%.*s", (int)indent, "", (int)n, p);
        else
            out_end(c->o);
        p += n + (p[n] == '\n');
    }
    buf_release(&b);
}

void note(struct call *c, const char *fmt, ...)
{
    va_list ap;
    struct buf b;
    if (c->piped)
        return;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    para(c, TONE_DIM, 0, b.s);
    buf_release(&b);
}

const char *with_wild(const struct call *c, const char *text, const char *wild)
{
    const char *both = wild ? strf(c, "%s (In real life: %s)", text, wild) : text;
    return text_width(both) <= (size_t)c->ctx->columns ? both : text;
}

/* "orders" of "orders-db.orders": what SQL would call it. */
static const char *last_part(const char *name)
{
    const char *dot = name ? strrchr(name, '.') : NULL;
    return dot ? dot + 1 : name;
}

const char *wild_line(const struct call *c, const char *line, const char *comp,
                      const char *inst, const char *value)
{
    const struct {
        const char *name, *is;
    } names[] = {{"COMPONENT", comp},
                 {"INSTANCE", inst},
                 {"VALUE", value},
                 {"TABLE", last_part(comp)}};
    struct buf b;
    buf_init(&b, 0);
    while (*line) {
        size_t i = 0, len = 0;
        for (; i < COUNT_OF(names); i++) {
            len = strlen(names[i].name);
            if (names[i].is && !strncmp(line, names[i].name, len))
                break;
        }
        if (i < COUNT_OF(names)) {
            buf_adds(&b, names[i].is);
            line += len;
        } else {
            buf_addch(&b, *line++);
        }
    }
    const char *s = arena_strndup(c->mem, b.s, b.len);
    buf_release(&b);
    return s;
}
