/*
 * The line at plain mode's prompt: the console's editor, alone on a row.
 *
 * A row is all there is to draw on, so a long line slides; and nothing is ever drawn
 * over what was said: candidates are lines like any other, after which the row comes
 * again.
 */
#include "truecode/ui_prompt.h"

#include "ui_internal.h"

#include <string.h>

#define MEASURE 79

struct prompt {
    struct editor ed;
    struct buf queued; /* lines that Enter sent and nobody took yet */
    bool sent;         /* a line was sent, if only an empty one */
    enum glyphs glyphs;
};

struct prompt *prompt_new(complete_fn complete, void *ctx, enum glyphs glyphs)
{
    struct prompt *p = mem_alloc(sizeof *p);
    editor_init(&p->ed, complete, ctx);
    buf_init(&p->queued, EDITOR_LINE);
    p->glyphs = glyphs;
    return p;
}

void prompt_free(struct prompt *p)
{
    if (!p)
        return;
    editor_release(&p->ed);
    buf_release(&p->queued);
    mem_free(p);
}

/* ---- candidates ------------------------------------------------------------------ */

static void say_candidates(const struct completions *o, struct buf *said)
{
    struct buf words;
    buf_init(&words, 0);
    for (size_t i = 0; i < o->n; i++)
        buf_addf(&words, "%s%s", i > 0 ? ", " : "", o->words[i]);
    text_wrap(said, words.s, MEASURE);
    buf_release(&words);
}

/* The first Tab says what fits; the next ones go through it in the line itself. One that
 * finished the word has said enough. */
static void say_offer(const struct editor *e, bool finished, struct buf *said)
{
    const struct completions *o = &e->offer;
    if (o->n > 1)
        say_candidates(o, said);
    else if (!finished)
        buf_adds(said, o->usage ? o->usage : "Nothing fits here.");
    if (said->len > 0 && said->s[said->len - 1] != '\n')
        buf_addch(said, '\n');
}

static void tab(struct prompt *p, const struct key *k, const char *text,
                struct buf *said)
{
    struct buf before, offer;
    bool again = p->ed.offering && p->ed.offer.n > 1;
    buf_init(&before, EDITOR_LINE);
    buf_init(&offer, 0);
    buf_adds(&before, p->ed.text.s);
    editor_key(&p->ed, k);
    if (!again && p->ed.offering)
        say_offer(&p->ed, !str_eq(before.s, p->ed.text.s), &offer);
    if (offer.len > 0) {
        buf_addf(said, "%s%s\n%s", text, before.s, offer.s);
        if (p->ed.offer.n <= 1) /* nothing to go through */
            editor_key(&p->ed, &(struct key){.kind = KEY_ESC});
    }
    buf_release(&before);
    buf_release(&offer);
}

/* ---- keys ------------------------------------------------------------------------ */

static void send(struct prompt *p)
{
    buf_reset(&p->queued);
    buf_adds(&p->queued, p->ed.text.s);
    editor_set(&p->ed, "");
    p->sent = true;
}

enum prompt_does prompt_key(struct prompt *p, const struct key *k, const char *text,
                            struct buf *said)
{
    bool searching = p->ed.searching;
    if (!searching && (k->kind == KEY_TAB || k->kind == KEY_BACKTAB)) {
        tab(p, k, text, said);
        return PROMPT_EDITS;
    }
    if (!searching && k->kind == KEY_CHAR && k->ctrl && k->cp == 'd' &&
        p->ed.text.len == 0)
        return PROMPT_LEAVES;
    editor_key(&p->ed, k); /* Enter, too: it ends a search */
    if (k->kind != KEY_ENTER)
        return PROMPT_EDITS;
    send(p);
    return PROMPT_RUNS;
}

bool prompt_next(struct prompt *p, bool remember, struct buf *line)
{
    if (!p->sent)
        return false;
    size_t next, n = editor_first_line(p->queued.s, &next);
    struct buf rest;
    buf_init(&rest, EDITOR_LINE);
    buf_adds(&rest, p->queued.s + next);
    buf_reset(line);
    buf_add(line, p->queued.s, n);
    buf_reset(&p->queued);
    buf_adds(&p->queued, rest.s);
    p->sent = p->queued.len > 0;
    if (remember)
        editor_remember(&p->ed, line->s);
    buf_release(&rest);
    return true;
}

void prompt_put_back(struct prompt *p)
{
    if (p->sent && p->ed.text.len == 0)
        editor_set(&p->ed, p->queued.s);
    buf_reset(&p->queued);
    p->sent = false;
}

/* ---- drawing --------------------------------------------------------------------- */

/* On a very narrow terminal the line is worth more than the question. */
static const char *fitting(const char *text, int cols)
{
    return text_width(text) * 2 <= (size_t)cols ? text : "> ";
}

void prompt_draw(const struct prompt *p, const char *text, struct canvas *c)
{
    canvas_clear(c);
    editor_draw(&p->ed, c, 0, 0, c->cols, fitting(text, c->cols), true);
    if (p->glyphs == GLYPHS_ASCII)
        canvas_to_ascii(c);
}
