/*
 * Preventions: each of the lesson's choices with what it takes, when it
 * would have called somebody, and what it would have saved, by the engine where that can be
 * run; and what the learner chose.
 */
#include "ahead.h"
#include "prevent.h"
#include "report_internal.h"
#include "score.h"
#include "sheet.h"

#include <string.h>

static void choice_row(const struct maker *k, struct rows *t, size_t i,
                       const struct saving *x)
{
    const struct prevention *p = lesson_prevention(k->s->lesson, i);
    size_t n = strlen(p->text);
    row_cell(t, arena_printf(&k->r->mem, "%zu. %.*s%s", i + 1,
                             (int)(n > 0 && p->text[n - 1] == '.' ? n - 1 : n), p->text,
                             x->known   ? ""
                             : p->right ? " (would have helped)"
                                        : " (would not have helped)"));
    row_cell(t, p->effort ? p->effort : "-");
    if (!x->known) {
        for (int empty = 0; empty < 3; empty++)
            row_cell(t, "-");
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

/* Says below the table how choices are compared, and with which night. */
static void put_without(const struct maker *k, double without)
{
    const struct lesson *l = k->s->lesson;
    add_text(k->r, BLOCK_TEXT,
             "Each is the same night, to its end, with that one thing from its "
             "beginning, mended "
             "by \"%s\" %s after somebody was called. Without any of them, mended so "
             "after the page of %s, %s were lost.",
             lesson_fix(l, 0)->title, words_span(k, lesson_info(l)->expert),
             at_clock(k, k->v->from), words_count(k, without));
}

static void put_table(const struct maker *k)
{
    const struct prices *p = ahead_prices(k->s);
    const struct saving none = {0}, *known = NULL;
    struct rows t = {.r = k->r};
    for (size_t i = 0; i < lesson_preventions(k->s->lesson); i++) {
        const struct saving *x = p ? prices_of(p, i) : &none;
        choice_row(k, &t, i, x);
        known = x->known ? x : known;
    }
    rows_block(&t, "CHOICE|TAKES|CALLS AT|>REQUESTS LOST|ON A HEALTHY NIGHT", 5);
    if (known)
        put_without(k, known->without);
}

void make_prevention(const struct maker *k)
{
    if (lesson_preventions(k->s->lesson) == 0)
        return;
    add_block(k->r, BLOCK_HEADING, "What would have prevented it");
    if (ahead_owes(k->s))
        add_block(k->r, BLOCK_TEXT,
                  "What each choice would have saved is being worked out: the same "
                  "night is run again with each of them.");
    else
        put_table(k);
    put_choice(k);
}
