/*
 * What would have prevented it: each of the lesson's choices with what it takes, when it
 * would have called somebody, and what it would have saved, by the engine where that can be
 * run; and what the learner chose.
 */
#include "prevent.h"
#include "report_internal.h"
#include "score.h"
#include "sheet.h"

#include <string.h>

static void choice_row(const struct maker *k, struct rows *t, size_t i,
                       const struct saving *x)
{
    const struct prevention *p = lesson_prevention(k->s->lesson, i);
    row_cell(t, arena_printf(&k->r->mem, "%zu. %s", i + 1, p->text));
    row_cell(t, p->effort ? p->effort : "-");
    if (!x->known) {
        row_cell(t, "-");
        row_cell(t, "-");
        row_cell(t, p->right ? "would have helped" : "would not have helped");
        return;
    }
    row_cell(t, at_clock(k, x->called));
    row_number(t, number_count, x->with);
    row_cell(t, p->warned
                    ? arena_printf(&k->r->mem, "%zu false alarm%s", x->alarms,
                                   x->alarms == 1 ? "" : "s")
                    : arena_printf(&k->r->mem, "%s lost", words_count(k, x->healthy)));
}

static void put_choice(const struct maker *k)
{
    const struct statement *st = sheet_line_at(k->s, SHEET_prevent, k->s->sheet.n);
    struct witness w = sheet_witness(k->s, scored_run(k->s), k->v->twin, k->v->left);
    if (!st)
        return;
    struct judgement j = sheet_judge(&w, SHEET_prevent, st->text);
    add_text(k->r, BLOCK_TEXT, "You chose %s. %s", st->text, j.truth);
}

/* The reference to the end of the night: what comes late counts, too. */
static void run_reference_on(const struct maker *k, struct run *mended)
{
    struct errmsg ignored = {0};
    memset(mended, 0, sizeof *mended);
    if (k->v->has_reference && run_fork(mended, &k->v->reference, &ignored) == ERR_OK &&
        run_advance(mended, lesson_info(k->s->lesson)->ends_at, NULL, NULL, &ignored) !=
            ERR_OK)
        run_release(mended);
}

void make_prevention(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    size_t n = lesson_preventions(l);
    struct rows t = {.r = k->r};
    double without = 0;
    bool known = false;
    struct run mended;
    if (n == 0)
        return;
    run_reference_on(k, &mended);
    add_block(k->r, BLOCK_HEADING, "What would have prevented it");
    for (size_t i = 0; i < n; i++) {
        struct saving x = {0};
        struct errmsg ignored = {0};
        if (prevent_price(l, k->s->seed, i, &mended, k->v->twin, NULL, &x, &ignored) !=
            ERR_OK)
            x.known = false;
        known |= x.known;
        if (x.known)
            without = x.without;
        choice_row(k, &t, i, &x);
    }
    rows_block(
        &t, "CHOICE|WHAT IT TAKES|SOMEBODY IS CALLED|>REQUESTS LOST|ON A HEALTHY NIGHT",
        5);
    run_release(&mended);
    if (known)
        add_text(
            k->r, BLOCK_TEXT,
            "Each is the same night, to its end, with that one thing from its "
            "beginning, mended "
            "by \"%s\" %s after somebody was called. Without any of them, mended so "
            "after the page of %s, %s were lost.",
            lesson_fix(l, 0)->title, words_span(k, lesson_info(l)->expert),
            at_clock(k, k->v->from), words_count(k, without));
    put_choice(k);
}
