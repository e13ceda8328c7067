/*
 * Change records: every deploy, setting, flag and operator's action, kept whole. A
 * record is one allocation that holds the change and every text it points to, shared by
 * all forks. There are few; a limit keeps a runaway controller from filling memory.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

#define MAX_CHANGES 4096

struct change_rec {
    size_t refs;
    struct change change;
    size_t size; /* bytes of texts */
    char texts[];
};

/* Visits every text of a change; `f` may replace it. */
static void each_text(struct change *c, void (*f)(const char **text, void *ctx),
                      void *ctx)
{
    struct action *actions[] = {&c->action, &c->undo};
    f(&c->who, ctx);
    f(&c->title, ctx);
    for (size_t i = 0; i < 2; i++) {
        struct action *a = actions[i];
        if (a->nargs > OP_ARGS)
            a->nargs = OP_ARGS;
        f(&a->name, ctx);
        for (size_t k = 0; k < a->nargs; k++)
            if (a->args[k].type == VALUE_TEXT)
                f(&a->args[k].as.text, ctx);
    }
}

static void measure(const char **text, void *ctx)
{
    size_t *n = ctx;
    if (*text)
        *n += strlen(*text) + 1;
}

static void move_text(const char **text, void *ctx)
{
    char **to = ctx;
    if (!*text)
        return;
    size_t n = strlen(*text) + 1;
    memcpy(*to, *text, n);
    *text = *to;
    *to += n;
}

static struct change_rec *rec_new(const struct change *change)
{
    struct change c = *change;
    if (!c.undoable)
        c.undo = (struct action){.comp = COMP_NONE};
    size_t n = 0;
    each_text(&c, measure, &n);
    struct change_rec *rec = mem_alloc(sizeof *rec + n);
    rec->refs = 1;
    rec->change = c;
    rec->size = n;
    char *to = rec->texts;
    each_text(&rec->change, move_text, &to);
    return rec;
}

static void rec_unref(struct change_rec *rec)
{
    assert(rec->refs > 0);
    if (--rec->refs == 0)
        mem_free(rec);
}

void changes_add(struct changes *c, const struct change *change)
{
    if (c->n == MAX_CHANGES) {
        rec_unref(c->list[0]);
        c->n--;
        memmove(c->list, c->list + 1, c->n * sizeof *c->list);
    }
    GROW(c->list, c->n, c->cap);
    c->list[c->n++] = rec_new(change);
}

size_t recording_changes(const struct recording *r)
{
    return r->changes.n;
}

const struct change *recording_change(const struct recording *r, size_t i)
{
    return i < r->changes.n ? &r->changes.list[i]->change : NULL;
}

void changes_fork(struct changes *to, const struct changes *from)
{
    *to = (struct changes){.n = from->n, .cap = from->n};
    if (!from->n)
        return;
    to->list = mem_array(from->n, sizeof *to->list);
    memcpy(to->list, from->list, from->n * sizeof *to->list);
    for (uint32_t i = 0; i < to->n; i++)
        to->list[i]->refs++;
}

void changes_release(struct changes *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        rec_unref(c->list[i]);
    mem_free(c->list);
    *c = (struct changes){0};
}

size_t changes_bytes(const struct changes *c)
{
    size_t n = c->cap * sizeof *c->list;
    for (uint32_t i = 0; i < c->n; i++)
        n += sizeof *c->list[i] + c->list[i]->size;
    return n;
}
