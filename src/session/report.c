/*
 * The debrief, as typed blocks: what happened to users in the learner's run, the
 * reference and doing nothing; the learner's timeline; where time went and why requests
 * failed, from the engine's own accounting; the learner's own wrong turns; the sums;
 * what would have prevented it; the post.
 */
#include "session_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHART_POINTS 60

struct maker { /* what every section needs */
    const struct session *s;
    const struct rivals *v;
    struct report *r;
};

/* ---- blocks
 * ---------------------------------------------------------------------------------------
 */

static struct block *add_block(struct report *r, enum block_kind kind, const char *text)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 32;
        struct block *grown = arena_alloc(&r->mem, cap * sizeof(*grown));
        if (r->n)
            memcpy(grown, r->blocks, r->n * sizeof(*grown));
        r->blocks = grown;
        r->cap = cap;
    }
    struct block *b = &r->blocks[r->n++];
    *b = (struct block){.kind = kind, .text = text ? arena_strdup(&r->mem, text) : ""};
    return b;
}

static void add_text(struct report *r, enum block_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static void add_text(struct report *r, enum block_kind kind, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    add_block(r, kind, b.s);
    buf_release(&b);
}

/* Rows of a table being built. */
struct rows {
    struct report *r;
    const char **cells;
    size_t n, cap;
};

static void row_cell(struct rows *t, const char *s)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 32;
        t->cells = mem_grow(t->cells, t->cap, sizeof(*t->cells));
    }
    t->cells[t->n++] = arena_strdup(&t->r->mem, s);
}

static void rows_block(struct rows *t, const char *heads, size_t ncols)
{
    if (t->n == 0)
        return;
    struct block *b = add_block(t->r, BLOCK_TABLE, heads);
    b->cells = arena_alloc(&t->r->mem, t->n * sizeof(*b->cells));
    memcpy(b->cells, t->cells, t->n * sizeof(*b->cells));
    b->ncells = t->n;
    b->ncols = ncols;
    mem_free(t->cells);
}

static const char *at_clock(const struct maker *k, sim_time t)
{
    struct buf b;
    buf_init(&b, 32);
    clock_format(&b, lesson_info(k->s->lesson)->day_start, t, true);
    char *s = arena_strdup(&k->r->mem, b.s);
    buf_release(&b);
    return s;
}

/* ---- how it went
 * --------------------------------------------------------------------------------------
 */

static const char *outcome_sentence(enum outcome o)
{
    switch (o) {
    case OUTCOME_LOST:
        return "Users still suffer: not mitigated.";
    case OUTCOME_MITIGATED:
        return "Mitigated: users are well at the moment. Not yet shown to last.";
    case OUTCOME_CURED:
        return "Cured: users stayed well for long enough to know.";
    case OUTCOME_RECOVERED:
        return "Recovered: users are well and nothing of the symptoms is left.";
    }
    return "";
}

static void make_score(const struct maker *k)
{
    static const struct {
        const char *phrase;
        int weight;
    } parts[SCORE_PARTS] = {
#define X(name, phrase, weight) {phrase, weight},
        SCORE_LIST(X)
#undef X
    };
    const struct score *sc = &k->r->score;
    add_text(k->r, BLOCK_TEXT, "%s Score %d of 100%s.", outcome_sentence(sc->outcome),
             sc->total,
             k->s->practice ? ", for the part before you went back in time" : "");
    struct rows t = {.r = k->r};
    char cell[64];
    for (int i = 0; i < SCORE_PARTS; i++) {
        row_cell(&t, parts[i].phrase);
        snprintf(cell, sizeof(cell), "%.0f of %d", sc->part[i] * parts[i].weight,
                 parts[i].weight);
        row_cell(&t, cell);
    }
    rows_block(&t, "SCORE|>POINTS", 2);
}

static void make_users(const struct maker *k)
{
    const struct score *sc = &k->r->score;
    add_block(k->r, BLOCK_HEADING, "What happened to users");
    struct rows t = {.r = k->r};
    const char *names[3] = {"you", "the reference", "doing nothing"};
    uint64_t bad[3] = {sc->bad_you, sc->bad_reference, sc->bad_nothing};
    char cell[64];
    for (int i = 0; i < 3; i++) {
        if (i == 1 && !k->v->has_reference)
            continue;
        row_cell(&t, names[i]);
        snprintf(cell, sizeof(cell), "%llu", (unsigned long long)bad[i]);
        row_cell(&t, cell);
    }
    rows_block(&t, "RUN|>FAILED OR SLOW REQUESTS SINCE THE PAGE", 2);
}

static double *bad_curve(const struct maker *k, const struct recording *rec)
{
    double *v = arena_alloc(&k->r->mem, CHART_POINTS * sizeof(*v));
    sim_time span = k->v->to - k->v->from;
    for (int i = 0; i < CHART_POINTS; i++) {
        sim_time a = k->v->from + span * i / CHART_POINTS;
        sim_time b = k->v->from + span * (i + 1) / CHART_POINTS;
        double good = recording_good(rec, a, b);
        v[i] = isnan(good) ? NAN : 100 * (1 - good);
    }
    return v;
}

static void make_chart(const struct maker *k)
{
    if (k->v->to - k->v->from < CHART_POINTS * SIM_SEC / 4)
        return;
    struct block *b = add_block(k->r, BLOCK_CHART, "failed or slow requests");
    b->unit = "%";
    b->from = k->v->from;
    b->to = k->v->to;
    b->n = CHART_POINTS;
    b->series[b->nseries++] =
        (struct block_series){"you", bad_curve(k, scored_run(k->s)->rec)};
    if (k->v->has_reference)
        b->series[b->nseries++] =
            (struct block_series){"reference", bad_curve(k, k->v->reference.rec)};
    b->series[b->nseries++] =
        (struct block_series){"nothing", bad_curve(k, k->v->nothing.rec)};
    sim_time *marks = arena_alloc(&k->r->mem, (k->s->nactions + 1) * sizeof(*marks));
    for (size_t i = 0; i < k->s->nactions; i++)
        marks[b->nmarks++] = k->s->actions[i].at;
    b->marks = marks;
}

/* ---- the timeline
 * --------------------------------------------------------------------------------------
 */

struct moment {
    sim_time at;
    const char *text;
};

static int by_time(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    const struct moment *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static const char *note_line(const struct maker *k, const struct note *n)
{
    const char *kind = n->kind == 's'   ? "you suspected"
                       : n->kind == 'r' ? "you ruled out"
                       : n->kind == 'u' ? "you told people"
                                        : "you noted";
    return arena_printf(&k->r->mem, "%s: %s", kind, n->text);
}

static void make_timeline(const struct maker *k)
{
    const struct run *r = scored_run(k->s);
    size_t nch = recording_changes(r->rec), nal = recording_alerts(r->rec);
    size_t all = nch + nal + k->s->nnotes + k->s->run.stage->ntickets + 2, n = 0;
    struct moment *m = arena_alloc(&k->r->mem, all * sizeof(*m));
    /* At the same moment: what came in, what was thought, what was done. */
    for (size_t i = 0; i < run_tickets(r, k->v->to); i++) {
        const struct ticket *t = &r->stage->tickets[i];
        m[n++] =
            (struct moment){t->at, arena_printf(&k->r->mem, "%s: %s", t->who, t->text)};
    }
    for (size_t i = 0; i < k->s->nnotes; i++)
        m[n++] = (struct moment){k->s->notes[i].at, note_line(k, &k->s->notes[i])};
    for (size_t i = 0; i < nch; i++) {
        const struct change *c = recording_change(r->rec, i);
        m[n++] = (struct moment){c->at,
                                 arena_printf(&k->r->mem, "%s: %s", c->who, c->title)};
    }
    for (size_t i = 0; i < nal; i++) {
        struct alert a = recording_alert(r->rec, i);
        m[n++] = (struct moment){a.since,
                                 arena_printf(&k->r->mem, "alert: %s", a.rule->name)};
    }
    m[n++] = (struct moment){k->v->to, "the end"};
    sort_stable(m, n, sizeof(*m), by_time, NULL);
    add_block(k->r, BLOCK_HEADING, "The timeline");
    struct rows t = {.r = k->r};
    for (size_t i = 0; i < n; i++) {
        row_cell(&t, at_clock(k, m[i].at));
        row_cell(&t, m[i].text);
    }
    rows_block(&t, "TIME|WHAT", 2);
}

/* ---- explanations
 * -----------------------------------------------------------------------------------------
 */

static void time_rows(const struct maker *k, comp_id client, const char *name)
{
    struct share slow[5], mid[8];
    const struct run *r = scored_run(k->s);
    size_t n = explain_time(r->rec, client, k->v->from, k->v->to, 0.9, 1, slow, 5);
    size_t nm = explain_time(r->rec, client, k->v->from, k->v->to, 0.4, 0.6, mid, 8);
    const struct model *m = r->stage->lw.model;
    struct rows t = {.r = k->r};
    for (size_t i = 0; i < n && slow[i].share >= 0.01; i++) {
        double typical = 0;
        for (size_t j = 0; j < nm; j++)
            if (mid[j].place == slow[i].place && mid[j].cause == slow[i].cause)
                typical = mid[j].seconds;
        row_cell(&t, arena_printf(&k->r->mem, "%s, %s", cause_phrase(slow[i].cause),
                                  slow[i].place == COMP_NONE
                                      ? "-"
                                      : model_name(m, slow[i].place)));
        row_cell(&t, arena_printf(&k->r->mem, "%.0f ms", 1000 * slow[i].seconds));
        row_cell(&t, arena_printf(&k->r->mem, "%.0f %%", 100 * slow[i].share));
        row_cell(&t, arena_printf(&k->r->mem, "%.0f ms", 1000 * typical));
    }
    if (t.n == 0)
        return;
    add_text(k->r, BLOCK_TEXT,
             "Where the time of the slowest tenth of %s' requests went:", name);
    rows_block(&t, "WAITING FOR|>TIME|>SHARE|>A TYPICAL REQUEST", 4);
}

static void failure_rows(const struct maker *k, comp_id client, const char *name)
{
    struct failure f[6];
    const struct run *r = scored_run(k->s);
    const struct model *m = r->stage->lw.model;
    size_t n = explain_failures(r->rec, client, k->v->from, k->v->to, f, 6);
    if (n == 0)
        return;
    struct rows t = {.r = k->r};
    for (size_t i = 0; i < n; i++) {
        row_cell(&t, reason_phrase(f[i].reason));
        row_cell(&t, f[i].place == COMP_NONE ? "-" : model_name(m, f[i].place));
        row_cell(&t, arena_printf(&k->r->mem, "%llu", (unsigned long long)f[i].count));
    }
    add_text(k->r, BLOCK_TEXT, "Why requests of %s failed:", name);
    rows_block(&t, "REASON|WHERE|>REQUESTS", 3);
}

static void make_explanations(const struct maker *k)
{
    const struct model *m = k->s->run.stage->lw.model;
    add_block(k->r, BLOCK_HEADING, "Where time went, and why requests failed");
    for (size_t c = 0; c < model_comps(m); c++) {
        if (!str_eq(model_kind(m, (comp_id)c)->name, "client"))
            continue;
        const char *name = model_name(m, (comp_id)c);
        time_rows(k, (comp_id)c, name);
        failure_rows(k, (comp_id)c, name);
    }
}

/* ---- wrong turns
 * ---------------------------------------------------------------------------------------------
 */

static bool same_action(const struct action *a, const struct action *b)
{
    return a->kind == b->kind && a->comp == b->comp && str_eq(a->name, b->name);
}

/* Did the learner do what this course does? Its own predicate, or all of its actions.
 */
static bool course_taken(const struct session *s, const struct course *c)
{
    const struct run *r = scored_run(s);
    bool yes = false;
    struct errmsg why = {0};
    if (c->used != FN_NONE) {
        struct lesson_facts f = run_facts(r);
        return lesson_test(r->lua, c->used, &f, &yes, &why) == ERR_OK && yes;
    }
    bool any = false;
    for (size_t i = 0; i < c->nlines; i++) {
        struct console_ctx ctx;
        struct out out;
        struct effects fx = {0};
        run_console(&s->begin, &ctx);
        out_init(&out);
        bool found = true;
        if (console_run(&ctx, c->lines[i], &out, &fx) == ERR_OK)
            for (size_t x = 0; x < fx.n; x++) {
                if (fx.list[x].kind != EFFECT_ACTION)
                    continue;
                any = true;
                found = false;
                for (size_t a = 0; a < s->nactions && !found; a++)
                    found = same_action(&s->actions[a].action, &fx.list[x].action);
            }
        effects_release(&fx);
        out_release(&out);
        if (!found)
            return false;
    }
    return any;
}

static void make_turns(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    bool fixed = k->r->score.outcome >= OUTCOME_CURED, head = false;
    for (size_t i = 0; i < lesson_wrongs(l); i++) {
        const struct course *c = lesson_wrong(l, i);
        if (!c->says || !course_taken(k->s, c))
            continue;
        if (!head)
            add_block(k->r, BLOCK_HEADING,
                      fixed ? "Turns that did not help" : "What you tried");
        head = true;
        add_text(k->r, BLOCK_BULLET, "%s. %s", c->title, c->says);
    }
}

static void make_predictions(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    bool head = false;
    for (size_t i = 0; i < k->s->nforecasts; i++) {
        const struct forecast *f = &k->s->forecasts[i];
        const struct prediction *p = &lesson_step(l, f->step)->predict[f->index];
        if (!f->told || isnan(f->after))
            continue;
        if (!head)
            add_block(k->r, BLOCK_HEADING, "What you predicted");
        head = true;
        add_text(k->r, BLOCK_BULLET, "%s: you said %s. It was %.3g, then %.3g: %s.",
                 p->what, direction_word(f->said), f->before, f->after,
                 direction_word(direction_of(f->before, f->after)));
    }
}

/* ---- the lesson's own words
 * ------------------------------------------------------------------------------------
 */

static void make_lesson(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    const struct lesson_info *li = lesson_info(l);
    if (lesson_debrief(l)) {
        add_block(k->r, BLOCK_HEADING, "What it was");
        add_block(k->r, BLOCK_TEXT, lesson_debrief(l));
    }
    if (lesson_sums(l))
        add_block(k->r, BLOCK_HEADING, "The sum");
    for (size_t i = 0; i < lesson_sums(l); i++)
        add_block(k->r, BLOCK_BULLET, lesson_sum(l, i));
    if (lesson_fixes(l))
        add_block(k->r, BLOCK_HEADING, "What works");
    for (size_t i = 0; i < lesson_fixes(l); i++) {
        const struct course *c = lesson_fix(l, i);
        add_text(k->r, BLOCK_BULLET, "%s%s%s", c->title, c->says ? ". " : "",
                 c->says ? c->says : "");
    }
    if (li->post_title || lesson_reals(l))
        add_block(k->r, BLOCK_HEADING, "Read on");
    if (li->post_title) {
        struct block *b = add_block(k->r, BLOCK_LINK, li->post_title);
        b->url = arena_strdup(&k->r->mem, li->post_url);
        add_text(k->r, BLOCK_TEXT,
                 "From the series \"The True Code of Production Systems\" "
                 "(thetruecode.com). This "
                 "lesson is an independent adaptation%s.",
                 str_eq(li->post_basis, "opening") ? " of the post's opening"
                                                   : " of the post's theme");
    }
    for (size_t i = 0; i < lesson_reals(l); i++) {
        struct block *b = add_block(k->r, BLOCK_LINK, lesson_real(l, i)->text);
        b->url = arena_strdup(&k->r->mem, lesson_real(l, i)->url);
    }
}

/* One line to paste into a chat. */
static void make_card(const struct maker *k)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    struct buf b;
    buf_init(&b, 400);
    const struct run *r = scored_run(k->s);
    sim_time span = k->v->to - k->v->from;
    buf_addf(&b, "truecode · %s · ", lesson_info(k->s->lesson)->title);
    for (int i = 0; i < 20; i++) {
        double good = recording_good(r->rec, k->v->from + span * i / 20,
                                     k->v->from + span * (i + 1) / 20);
        int h = isnan(good) ? 0 : (int)((1 - good) * 7.999);
        buf_adds(&b, bars[h < 0 ? 0 : h > 7 ? 7 : h]);
    }
    buf_addf(&b, " failed · %d of 100", k->r->score.total);
    add_block(k->r, BLOCK_TEXT, b.s);
    buf_release(&b);
}

enum err session_report(struct session *s, struct report *out,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why)
{
    struct rivals v;
    memset(out, 0, sizeof(*out));
    enum err e = rivals_run(s, &v, progress, ctx, why);
    if (e == ERR_OK) {
        out->score = score_of(s, &v);
        struct maker k = {s, &v, out};
        add_text(out, BLOCK_TITLE, "%s: what happened", lesson_info(s->lesson)->title);
        make_score(&k);
        make_users(&k);
        make_chart(&k);
        make_timeline(&k);
        make_explanations(&k);
        make_turns(&k);
        make_predictions(&k);
        make_lesson(&k);
        make_card(&k);
    }
    rivals_release(&v);
    return e;
}

void report_release(struct report *r)
{
    arena_release(&r->mem);
    memset(r, 0, sizeof(*r));
}
