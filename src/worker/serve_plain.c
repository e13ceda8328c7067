/*
 * The worker's plain face: lines that come whole from a pipe, or keys that become lines
 * in an editor on one row. Before there is a session, a line chooses a lesson.
 */
#include "worker_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *serve_asks(const struct server *s)
{
    return s->plain ? plain_prompt(s->plain) : "Which number? (Ctrl-D leaves) > ";
}

/* ---- lines ----------------------------------------------------------------------- */

/* The next word of a line, without blanks. */
static const char *next_word(const char *line, char *word, size_t size)
{
    line += strspn(line, " \t");
    size_t n = strcspn(line, " \t");
    snprintf(word, size, "%.*s", (int)n, line);
    return line + n;
}

static bool says_on_call(const char *word)
{
    enum play_mode m;
    return mode_parse(word, &m) && m == MODE_ONCALL;
}

/* The wish that stands behind a lesson: "on-call", "debriefs", "debriefs 2", or nothing. */
static enum want want_of(const char *rest, unsigned *number)
{
    char how[80], which[80];
    rest = next_word(rest, how, sizeof how);
    rest = next_word(rest, which, sizeof which);
    unsigned long n = strtoul(which, NULL, 10);
    *number = n < 1000 ? (unsigned)n : 0;
    if (rest[strspn(rest, " \t")] != '\0')
        return WANT_NOTHING;
    if (how[0] == '\0')
        return WANT_OPEN;
    if (str_starts(how, "debrief"))
        return WANT_DEBRIEF;
    return says_on_call(how) && which[0] == '\0' ? WANT_ON_CALL : WANT_NOTHING;
}

/* By the number or the name of a lesson; or a drawn night. */
static void choose(struct server *s, const char *line, struct wire_answer *a)
{
    char word[80], *end;
    unsigned ending = 0;
    const char *rest = next_word(line, word, sizeof word);
    enum want want = want_of(rest, &ending);
    if (says_on_call(word) && want == WANT_OPEN) {
        a->want = WANT_BLIND;
        return;
    }
    long n = strtol(word, &end, 10);
    bool number = word[0] != '\0' && *end == '\0';
    for (size_t i = 0; i < s->ncards; i++) {
        const struct wire_card *c = &s->cards[i];
        bool meant = number ? n == (long)i + 1 : str_eq(c->id, word);
        if (meant && c->broken[0] == '\0')
            a->want_lesson = c->id;
    }
    if (want == WANT_NOTHING)
        a->want_lesson = NULL;
    a->want_number = ending;
    if (a->want_lesson)
        a->want = want;
    else
        buf_adds(&s->text,
                 "Type the number of a lesson that can be loaded, alone or with "
                 "on-call or debriefs behind it.\n");
}

static void run_line(struct server *s, const char *line, struct wire_answer *a)
{
    struct errmsg why = {0};
    bool over = false;
    if (!s->plain && s->cards) {
        choose(s, line, a);
        return;
    }
    if (!s->plain)
        return;
    enum err e = plain_line(s->plain, line, &s->text, &over, &why);
    if (e != ERR_OK)
        serve_error(a, e, &why);
    s->over = over;
    if (session_view(s->session)->reset)
        a->want = WANT_RESTART;
}

void serve_line(struct server *s, const struct wire_request *q, struct wire_answer *a)
{
    run_line(s, q->line, a);
    a->prompt = serve_asks(s);
}

/* ---- keys ------------------------------------------------------------------------ */

/* Behind what was typed, as it would stand in a file. */
static void echo(struct server *s, const char *line)
{
    buf_adds(&s->text, serve_asks(s));
    text_clean(&s->text, line, strlen(line), false);
    buf_addch(&s->text, '\n');
}

/* Lines that were pasted run one after the other, until one asks back. */
static void run_typed(struct server *s, struct wire_answer *a)
{
    struct buf line;
    buf_init(&line, 0);
    for (bool asked = s->plain && plain_asks(s->plain);
         a->err == ERR_OK && a->want == WANT_NOTHING && !s->over &&
         prompt_next(s->prompt, !asked, &line);) {
        echo(s, line.s);
        run_line(s, line.s, a);
        if (s->plain && plain_asks(s->plain))
            break;
    }
    prompt_put_back(s->prompt);
    buf_release(&line);
}

/* Enter is the last key that counts: what follows it is for the next prompt. */
void serve_prompt_keys(struct server *s, const struct wire_request *q,
                       struct wire_answer *a)
{
    for (size_t i = 0; i < q->nkeys; i++) {
        enum prompt_does does =
            prompt_key(s->prompt, &q->keys[i], serve_asks(s), &s->text);
        if (does == PROMPT_LEAVES)
            a->want = WANT_LEAVE;
        if (does == PROMPT_RUNS)
            run_typed(s, a);
        if (does != PROMPT_EDITS)
            return;
    }
}

/* ---- the row --------------------------------------------------------------------- */

static bool begins(const char *word, const char *with, size_t n)
{
    return strncmp(word, with, n) == 0;
}

static void complete(void *ctx, const char *line, size_t cursor,
                     struct completions *out)
{
    const struct server *s = ctx;
    if (s->session) {
        session_complete(s->session, line, cursor, out);
        return;
    }
    out->words = arena_alloc(&out->mem, (s->ncards + 1) * sizeof *out->words);
    out->docs = arena_alloc(&out->mem, (s->ncards + 1) * sizeof *out->docs);
    for (size_t i = 0; i < s->ncards; i++)
        if (begins(s->cards[i].id, line, cursor)) {
            out->docs[out->n] = "";
            out->words[out->n++] = s->cards[i].id;
        }
}

void serve_make_prompt(struct server *s, const struct wire_request *q)
{
    serve_drop_canvases(s);
    prompt_free(s->prompt);
    s->prompt = NULL;
    if (q->rows == 0)
        return;
    s->prompt = prompt_new(complete, s, q->glyphs);
    s->next = canvas_new(q->rows, q->cols);
}

void serve_draw_prompt(struct server *s, struct wire_answer *a)
{
    prompt_draw(s->prompt, serve_asks(s), s->next);
    wire_frame_diff(&a->frame, s->shown, s->next, &a->mem);
}
