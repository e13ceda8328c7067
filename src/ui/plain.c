/*
 * Plain mode: the same session as lines that are only ever added. For screen readers,
 * pipes, and terminals that can do nothing else; also for scripts. Choices are
 * numbered, a risk is asked about in words, each change of state is a line that starts
 * with the time. Time stands still at the prompt; a wait runs at once to its end, or to
 * where something happened.
 */
#include "ui_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MEASURE 79
#define TAIL    64

struct plain {
    struct session *s;   /* borrowed */
    struct buf waiting;  /* the line that waits for a yes; empty: none */
    size_t said;         /* bytes of the transcript that were printed */
    char tail[TAIL + 1]; /* the last of them: the transcript forgets its beginning */
    size_t step;         /* the step that was printed */
    bool had_step;
    bool slo_ok;
    size_t alerts;
    sim_time now;
    bool over;
};

struct plain *plain_new(struct session *s)
{
    struct plain *p = mem_alloc(sizeof *p);
    p->s = s;
    p->step = SIZE_MAX;
    buf_init(&p->waiting, EDITOR_LINE);
    return p;
}

void plain_free(struct plain *p)
{
    if (!p)
        return;
    buf_release(&p->waiting);
    mem_free(p);
}

bool plain_asks(const struct plain *p)
{
    return p->waiting.len > 0;
}

const char *plain_prompt(const struct plain *p)
{
    return plain_asks(p) ? "Really? (yes/no) > " : "> ";
}

static void wrapped(struct buf *out, const char *first, const char *rest,
                    const char *text)
{
    struct buf lines;
    if (!text || !*text)
        return;
    buf_init(&lines, 0);
    size_t before = text_width(first), behind = text_width(rest);
    text_wrap(&lines, text, MEASURE - (before > behind ? before : behind));
    for (const char *at = lines.s; *at;) {
        const char *nl = strchr(at, '\n');
        size_t n = nl ? (size_t)(nl - at) : strlen(at);
        if (n > 0)
            buf_adds(out, at == lines.s ? first : rest);
        for (size_t i = 0; i < n; i++)
            buf_addch(out, at[i] == '`' ? '"' : at[i]); /* a line to type */
        buf_addch(out, '\n');
        at += n + (nl ? 1 : 0);
    }
    buf_release(&lines);
}

static void wrapped_question(struct buf *out, const char *what, const char *asks)
{
    struct buf line;
    buf_init(&line, 120);
    buf_addf(&line, "%s%s", what, asks);
    wrapped(out, "  ", "    ", line.s);
    buf_release(&line);
}

/* Adds words as a sentence: "2 a.m." has its stop already. */
static void add_sentence(struct buf *out, const char *words)
{
    size_t n = strlen(words);
    buf_adds(out, words);
    if (n == 0 || !strchr(".?!", words[n - 1]))
        buf_addch(out, '.');
}

/* ---- what the session said ------------------------------------------------------- */

/* Where the unprinted part of the transcript begins, also after it forgot old lines. */
static size_t unprinted(const struct plain *p, const struct out *o)
{
    size_t n = strlen(p->tail);
    if (p->said <= o->text.len && p->said >= n &&
        memcmp(o->text.s + p->said - n, p->tail, n) == 0)
        return p->said;
    for (size_t at = o->text.len; at >= n && at > 0; at--)
        if (memcmp(o->text.s + at - n, p->tail, n) == 0)
            return at;
    return 0;
}

/* Past the echo of the line, which the learner sees already; it may have been wrapped.
 */
static const char *past_echo(const char *text, const char *line)
{
    const char *at = text;
    if (!line || !str_starts(at, "> "))
        return text;
    for (at += 2; *line && (*at == *line || (*at == '\n' && *line == ' ')); at++)
        line++;
    return *line == '\0' && *at == '\n' ? at + 1 : text;
}

static bool is_step_line(const char *line, size_t n, const struct session_view *v)
{
    char head[40];
    int len = snprintf(head, sizeof head, "Step %zu of %zu. ", v->step + 1, v->nsteps);
    return v->current && (int)n >= len && memcmp(line, head, (size_t)len) == 0;
}

/* Prints the transcript's news since the last time; the step's heading is for
 * print_step(). */
static void print_said(struct plain *p, const char *echo, struct buf *out)
{
    const struct session_view *v = session_view(p->s);
    const struct out *o = v->transcript;
    const char *text = past_echo(o->text.s + unprinted(p, o), echo);
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (!is_step_line(text, n, v)) {
            buf_add(out, text, n);
            buf_addch(out, '\n');
        }
        text += n + (text[n] == '\n');
    }
    p->said = o->text.len;
    size_t n = o->text.len < TAIL ? o->text.len : TAIL;
    memcpy(p->tail, o->text.s + o->text.len - n, n);
    p->tail[n] = '\0';
}

/* ---- the step -------------------------------------------------------------------- */

static void print_step(struct plain *p, struct buf *out)
{
    const struct session_view *v = session_view(p->s);
    const struct step *s = v->current;
    if (!s || (p->had_step && p->step == v->step))
        return;
    if (p->had_step)
        buf_addch(out, '\n');
    buf_addf(out, "Step %zu of %zu. %s\n", v->step + 1, v->nsteps,
             s->title ? s->title : "");
    p->had_step = true;
    p->step = v->step;
    if (v->say)
        wrapped(out, "", "", v->say);
    struct step_item it;
    for (size_t i = 0; step_item(s, i, &it); i++) {
        char number[32];
        snprintf(number, sizeof number, "  %d  ", it.number);
        if (it.number)
            wrapped(out, number, "     ", it.text);
        else
            wrapped_question(out, it.text, it.asks);
    }
    struct step_how h = step_how(s);
    if (h.spoken && !(h.unless && v->say && ui_has_word(v->say, h.unless)))
        wrapped(out, "", "", h.spoken);
}

/* ---- changes of state ------------------------------------------------------------ */

static void print_counters(const struct session_view *v, struct buf *out)
{
    const struct model *m = world_model(v->world);
    struct scene s = ui_scene(v);
    for (size_t i = 0; i < model_comps(m); i++) {
        if (!comp_is(m, (comp_id)i, "counter") ||
            model_owner(m, (comp_id)i) != COMP_NONE)
            continue; /* a result of an endpoint: for those who look */
        double per_min = 60 * scene_rate(&s, (comp_id)i, "total");
        buf_addch(out, ' ');
        for (const char *c = model_name(m, (comp_id)i); *c; c++)
            buf_addch(out, *c == '_' ? ' ' : *c);
        buf_adds(out, " per minute ");
        number_text(out, per_min);
        buf_addch(out, '.');
    }
}

/* Prints a labelled line when time went on: what the business and its users feel. */
static void print_state(struct plain *p, struct buf *out)
{
    const struct session_view *v = session_view(p->s);
    bool first = p->now == 0, moved = v->now != p->now;
    bool turned = v->slo.ok != p->slo_ok || v->alerts_firing != p->alerts;
    p->now = v->now;
    p->slo_ok = v->slo.ok;
    p->alerts = v->alerts_firing;
    if (first || (!moved && !turned) || v->phase != PHASE_PLAY)
        return;
    struct buf line;
    buf_init(&line, 200);
    clock_text(&line, v, v->now, false);
    buf_addch(&line, ' ');
    print_counters(v, &line);
    if (v->users_hidden) {
        ; /* nobody measures them */
    } else if (isnan(v->slo.good)) {
        buf_adds(&line, " No user's request ended in the last minute.");
    } else {
        buf_adds(&line, " Users ok ");
        number_share(&line, v->slo.good);
        buf_adds(&line, v->slo.ok ? "." : ", below the objective.");
    }
    if (!v->users_hidden && v->lost_known && v->lost_since != SIM_FOREVER) {
        buf_adds(&line, " Lost ");
        number_count(&line, (double)v->users_lost);
        bool over = v->phase == PHASE_DEBRIEF;
        buf_adds(&line, over ? " since " : " so far");
        if (over)
            clock_text(&line, v, v->lost_since, false);
        buf_addch(&line, '.');
    }
    if (v->alerts_firing)
        buf_addf(&line, " Alerts firing: %zu.", v->alerts_firing);
    wrapped(out, "", "", line.s);
    buf_release(&line);
}

/* ---- the debrief ----------------------------------------------------------------- */

static const char *head_of(const struct block *b, size_t col, char *out, size_t max)
{
    const char *at = b->text ? b->text : "";
    for (; col > 0 && strchr(at, '|'); col--)
        at = strchr(at, '|') + 1;
    size_t n = strcspn(at, "|");
    if (*at == '>')
        at++, n--;
    snprintf(out, max, "%.*s", (int)n, at);
    for (char *c = out; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return out;
}

/* "pool wait, checkout.pool: time 2812 ms, share 94 %": a row as a sentence. */
static void print_row(const struct block *b, const char *const *cells, struct buf *out)
{
    struct buf line;
    char head[80];
    buf_init(&line, 0);
    buf_adds(&line, cells[0]);
    for (size_t i = 1, told = 0; i < b->ncols; i++) {
        if (b->ncols > 2 && str_eq(cells[i], "-"))
            continue; /* unknown: a screen has a place to keep empty, a sentence has none */
        buf_adds(&line, told++ == 0 ? ": " : ", ");
        if (b->ncols > 2)
            buf_addf(&line, "%s ", head_of(b, i, head, sizeof head));
        buf_adds(&line, cells[i]);
    }
    wrapped(out, "  ", "    ", line.s);
    buf_release(&line);
}

/* The mean of the values from i to before j; where there is none nobody came. */
static void print_mean(const double *v, size_t i, size_t j, struct buf *out)
{
    double sum = 0;
    size_t n = 0;
    for (; i < j; i++)
        if (!isnan(v[i])) {
            sum += v[i];
            n++;
        }
    if (n > 0)
        number_share(out, sum / (double)n);
    else
        buf_adds(out, "nobody came");
}

#define CHART_ROWS 6

/* A row for each stretch of the incident, a column for each run. */
static void print_chart(const struct block *b, sim_time day_start, struct buf *out)
{
    size_t rows = b->n < CHART_ROWS ? b->n : CHART_ROWS;
    struct buf line;
    buf_init(&line, 0);
    buf_addf(out, "%s:\n", b->text);
    buf_adds(&line, "  from");
    for (size_t s = 0; s < b->nseries; s++) {
        buf_pad(&line, 9 + 15 * s);
        buf_adds(&line, b->series[s].name);
    }
    buf_addf(out, "%s\n", line.s);
    for (size_t r = 0; r < rows; r++) {
        size_t i = b->n * r / rows, j = b->n * (r + 1) / rows;
        buf_reset(&line);
        buf_adds(&line, "  ");
        clock_format(&line, day_start,
                     b->from + (b->to - b->from) * (sim_time)r / (sim_time)rows, false);
        for (size_t s = 0; s < b->nseries; s++) {
            buf_pad(&line, 9 + 15 * s);
            print_mean(b->series[s].v, i, j, &line);
        }
        buf_addf(out, "%s\n", line.s);
    }
    buf_release(&line);
}

static void print_block(const struct block *b, sim_time day_start, struct buf *out)
{
    switch (b->kind) {
    case BLOCK_TITLE:
        wrapped(out, "", "", b->text);
        break;
    case BLOCK_HEADING:
        buf_addch(out, '\n');
        wrapped(out, "", "", b->text);
        break;
    case BLOCK_TEXT:
        wrapped(out, "", "", b->text);
        break;
    case BLOCK_BULLET:
        wrapped(out, "- ", "  ", b->text);
        break;
    case BLOCK_CHART:
        print_chart(b, day_start, out);
        break;
    case BLOCK_LINK:
        wrapped(out, "- ", "  ", b->text);
        buf_addf(out, "  %s\n", b->url ? b->url : "");
        break;
    case BLOCK_TABLE:
        for (size_t i = 0; b->ncols && i + b->ncols <= b->ncells; i += b->ncols)
            print_row(b, &b->cells[i], out);
        break;
    }
}

static enum err print_debrief(struct plain *p, struct buf *out, struct errmsg *why)
{
    struct report r;
    enum err e = session_report(p->s, &r, NULL, NULL, why);
    if (e != ERR_OK)
        return e;
    buf_addch(out, '\n');
    for (size_t i = 0; i < r.n; i++)
        print_block(&r.blocks[i], session_view(p->s)->day_start, out);
    report_release(&r);
    return ERR_OK;
}

/* ---- lines ----------------------------------------------------------------------- */

/* Runs what the line started to its end. */
static enum err run_out(struct plain *p, struct errmsg *why)
{
    enum err e = ERR_OK;
    while (e == ERR_OK && session_view(p->s)->hold == HOLD_WAITING) {
        sim_time before = session_view(p->s)->now;
        e = session_advance(p->s, session_view(p->s)->wait_until, why);
        if (session_view(p->s)->now == before)
            break;
    }
    return e;
}

static enum err after(struct plain *p, const char *echo, struct buf *out, bool *over,
                      struct errmsg *why)
{
    enum err e = run_out(p, why);
    print_said(p, echo, out);
    if (session_view(p->s)->feedback)
        session_read(p->s);
    print_state(p, out);
    if (session_view(p->s)->phase == PHASE_DEBRIEF && !p->over) {
        p->over = *over = true;
        return e == ERR_OK ? print_debrief(p, out, why) : e;
    }
    print_step(p, out);
    return e;
}

void plain_start(struct plain *p, struct buf *out)
{
    const struct session_view *v = session_view(p->s);
    const struct lesson_info *li = lesson_info(v->lesson);
    struct errmsg why = {0};
    bool over = false;
    if (v->phase == PHASE_BRIEFING) {
        struct buf head;
        buf_init(&head, 200);
        add_sentence(&head, v->blind                ? "On call, drawn blind"
                            : mode_on_call(v->mode) ? "On call"
                                                    : li->title);
        if (li->minutes > 0) /* a draft may not say */
            buf_addf(&head, " %d minutes.", li->minutes);
        if (li->post_title && v->mode == MODE_GUIDED)
            buf_addf(&head, " After the post \"%s\".", li->post_title);
        wrapped(out, "", "", head.s);
        buf_release(&head);
        buf_addch(out, '\n');
        wrapped(out, "", "", li->place);
        buf_addch(out, '\n');
        clock_text(out, v, v->now, false);
        buf_adds(out, "  What reaches you:\n");
        struct buf reaches;
        buf_init(&reaches, 0);
        session_page(p->s, &reaches);
        wrapped(out, "  ", "  ", reaches.s);
        buf_release(&reaches);
        buf_addch(out, '\n');
        if (mode_on_call(v->mode)) {
            struct buf rules;
            buf_init(&rules, 800);
            session_rules(p->s, &rules);
            wrapped(out, "", "", rules.s);
            buf_release(&rules);
            buf_addch(out, '\n');
        }
        session_read(p->s);
    }
    if (v->phase ==
        PHASE_DEBRIEF) { /* read again: the debrief, not all that led to it */
        struct buf before;
        buf_init(&before, 0);
        print_said(p, NULL, &before);
        buf_release(&before);
    }
    if (after(p, NULL, out, &over, &why) != ERR_OK)
        buf_addf(out, "%s\n", why.text);
}

static bool says_yes(const char *line)
{
    return strcasecmp(line, "yes") == 0 || strcasecmp(line, "y") == 0;
}

enum err plain_line(struct plain *p, const char *line, struct buf *out, bool *over,
                    struct errmsg *why)
{
    struct buf asked, shown;
    bool confirmed = false;
    *over = false;
    buf_init(&asked, 0); /* too long is for the console to say */
    buf_init(&shown, 0);
    line += strspn(line, " \t");
    if (p->waiting.len > 0) {
        confirmed = says_yes(line);
        buf_adds(&asked, p->waiting.s);
        buf_reset(&p->waiting);
        if (!confirmed) {
            buf_adds(out, "Left as it was.\n");
            buf_release(&asked);
            buf_release(&shown);
            return ERR_OK;
        }
    } else {
        buf_adds(&asked, line);
    }
    struct errmsg said = {0};
    enum err e = session_line(p->s, asked.s, confirmed, &said), result = ERR_OK;
    const struct session_view *v = session_view(p->s);
    if (e == ERR_STOPPED && v->confirm) {
        buf_adds(&p->waiting, asked.s);
        wrapped(out, "", "", v->confirm);
    } else {
        text_clean(&shown, asked.s, asked.len, false); /* the transcript's spelling */
        result = after(p, shown.s, out, over, why);
        if (result == ERR_LIMIT || result == ERR_STOPPED)
            result = ERR_OK; /* said in the transcript */
    }
    buf_release(&asked);
    buf_release(&shown);
    return result;
}
