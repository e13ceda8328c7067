/*
 * Why it was so: where time went and why requests failed, from the engine's own
 * accounting; then the lesson's own words.
 */
#include "report_internal.h"
#include "twin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- explanations ---------------------------------------------------------------- */

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
        row_number(&t, number_seconds, slow[i].seconds);
        row_number(&t, number_share, slow[i].share);
        row_number(&t, number_seconds, typical);
    }
    if (t.n == 0)
        return;
    add_text(
        k->r, BLOCK_TEXT,
        "Where the time of the slowest tenth of the requests of %s went, from the page "
        "at %s:",
        name, at_clock(k, k->v->from));
    rows_block(&t, "WAITING FOR|>TIME|>SHARE|>A TYPICAL REQUEST", 4);
}

static void failure_rows(const struct maker *k, comp_id client, const char *name)
{
    struct failure f[6];
    const struct run *r = &k->v->you;
    const struct model *m = r->stage->lw.model;
    struct impact h = impact_of(r->rec, k->v->twin, client, 0, k->v->to);
    sim_time from = h.since < k->v->from ? h.since : k->v->from;
    size_t n = explain_failures(r->rec, client, from, k->v->to, f, 6);
    if (n == 0)
        return;
    struct rows t = {.r = k->r};
    for (size_t i = 0; i < n; i++) {
        row_cell(&t, reason_phrase(f[i].reason));
        row_cell(&t, f[i].place == COMP_NONE ? "-" : model_name(m, f[i].place));
        row_number(&t, number_count, (double)f[i].count);
    }
    add_text(k->r, BLOCK_TEXT, "Why requests of %s failed, from %s to %s:", name,
             at_clock(k, from), at_clock(k, k->v->to));
    rows_block(&t, "REASON|WHERE|>REQUESTS", 3);
    double away = users_missing(r->rec, k->v->twin, client, from, k->v->to);
    if (k->v->twin && away >= 1)
        add_text(k->r, BLOCK_TEXT, "Besides, %s never came.", words_count(k, away));
}

void make_explanations(const struct maker *k)
{
    const struct model *m = k->s->run.stage->lw.model;
    size_t before = k->r->n;
    add_block(k->r, BLOCK_HEADING, "Where time went, and why requests failed");
    for (size_t c = 0; c < model_comps(m); c++) {
        if (!str_eq(model_kind(m, (comp_id)c)->name, "client"))
            continue;
        const char *name = model_name(m, (comp_id)c);
        time_rows(k, (comp_id)c, name);
        failure_rows(k, (comp_id)c, name);
    }
    if (k->r->n == before + 1)
        k->r->n = before; /* nobody came */
}

/* ---- the lesson's own words ------------------------------------------------------ */

void add_words(const struct maker *k, enum block_kind kind, const char *head,
               const struct text *t)
{
    struct buf b;
    buf_init(&b, 0);
    buf_adds(&b, head);
    if (run_text(scored_run(k->s), t, &b) || *head)
        add_block(k->r, kind, b.s);
    buf_release(&b);
}

void add_course(const struct maker *k, const struct course *c)
{
    char head[200];
    snprintf(head, sizeof head, "%s%s", c->title, c->says.n ? ". " : "");
    add_words(k, BLOCK_BULLET, head, &c->says);
}

void make_lesson(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    const struct lesson_info *li = lesson_info(l);
    if (lesson_debrief(l)->n) {
        add_block(k->r, BLOCK_HEADING, "What it was");
        add_words(k, BLOCK_TEXT, "", lesson_debrief(l));
    }
    if (lesson_sums(l))
        add_block(k->r, BLOCK_HEADING, "The sum");
    for (size_t i = 0; i < lesson_sums(l); i++)
        add_words(k, BLOCK_BULLET, "", lesson_sum(l, i));
    if (lesson_fixes(l))
        add_block(k->r, BLOCK_HEADING, "What works");
    for (size_t i = 0; i < lesson_fixes(l); i++)
        add_course(k, lesson_fix(l, i));
    if (li->post_title || lesson_reals(l))
        add_block(k->r, BLOCK_HEADING, "Read on");
    if (li->post_title) {
        struct block *b = add_block(k->r, BLOCK_LINK, li->post_title);
        b->url = arena_strdup(&k->r->mem, li->post_url);
        add_text(
            k->r, BLOCK_TEXT,
            "From the series \"The True Code of Production Systems\" by Gaurav "
            "Sharma (thetruecode.com). This lesson is an independent adaptation%s.",
            str_eq(li->post_basis, "opening") ? " of the post's opening"
                                              : " of the post's theme");
    }
    for (size_t i = 0; i < lesson_reals(l); i++) {
        struct block *b = add_block(k->r, BLOCK_LINK, lesson_real(l, i)->text);
        b->url = arena_strdup(&k->r->mem, lesson_real(l, i)->url);
    }
}
