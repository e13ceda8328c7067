/*
 * The debrief of a design: what came, what each improvement is worth, which set would
 * have been best. A mean night and what an improvement is worth tonight are told by the
 * lesson's prices, which the proof holds to the engine; what the learner's night and
 * the best set's cost is what happened.
 */
#include "design.h"
#include "report_internal.h"
#include "score.h"

static design_set bit(size_t i)
{
    return (design_set)1 << i;
}

const char *design_sentence(enum outcome o)
{
    switch (o) {
    case OUTCOME_RECOVERED:
        return "It held: nearly all that could be spared was spared.";
    case OUTCOME_CURED:
        return "It held for the most part.";
    case OUTCOME_MITIGATED:
        return "Half of it held.";
    default:
        return "It did not hold: what came met a gap that was left open.";
    }
}

static void users_row(const struct maker *k, struct rows *t, const char *who,
                      const struct run *r)
{
    const struct rivals *v = k->v;
    if (!r->world)
        return;
    row_cell(t, who);
    row_number(t, number_count, users_lost(r->rec, v->twin, COMP_NONE, v->from, v->to));
    row_number(t, number_count, run_records(r, v->from, v->to));
    row_number(t, number_count, run_cost(r, v->twin, v->from, v->to));
}

void make_design_users(const struct maker *k)
{
    const struct design *d = lesson_design(k->s->lesson);
    struct rows t = {.r = k->r};
    add_block(k->r, BLOCK_HEADING, "What it cost");
    users_row(k, &t, "you", &k->v->you);
    users_row(k, &t, "the best set", &k->v->reference);
    users_row(k, &t, "nothing chosen", &k->v->nothing);
    users_row(k, &t, "practice, after you went back", &k->v->practice);
    rows_block(&t, "RUN|>REQUESTS LOST|>PROMISES BROKEN|>USER-MINUTES", 4);
    add_text(k->r, BLOCK_TEXT,
             "A lost request counts as %s of somebody's time, each time that a promise "
             "of data was "
             "broken as %s.",
             words_span(k, d->request), words_span(k, d->record));
}

static void make_faults(const struct maker *k)
{
    const struct stage *g = k->s->run.stage;
    const struct design *d = lesson_design(k->s->lesson);
    design_set have = run_improved(scored_run(k->s)) & ~g->lw.there;
    struct rows t = {.r = k->r};
    for (sim_time last = 0;;) {
        const struct drawn_fault *next = NULL;
        for (size_t i = 0; i < g->lw.nfaults; i++)
            if (g->lw.faults[i].at > last && g->lw.faults[i].at != SIM_FOREVER &&
                (!next || g->lw.faults[i].at < next->at))
                next = &g->lw.faults[i];
        if (!next)
            break;
        last = next->at;
        row_cell(&t, at_clock(k, next->at));
        row_cell(&t, next->name);
        row_number(&t, number_count, design_costs(d, next->name));
        row_number(&t, number_count, design_saves(d, have, next->name));
    }
    rows_block(&t, "TIME|FAULT|>IT COSTS|>YOURS SAVE", 4);
}

/* Orders them so that the most worth comes first. */
static void sort_by_worth(const struct stage *g, size_t n,
                          size_t order[IMPROVEMENTS_MAX])
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && stage_worth(g, bit(order[k - 1])) < stage_worth(g, bit(i)); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

static double tonight(const struct stage *g, const struct design *d, design_set set)
{
    double sum = 0;
    for (size_t i = 0; i < g->lw.nfaults; i++)
        if (g->lw.faults[i].at != SIM_FOREVER)
            sum += design_saves(d, set & ~g->lw.there, g->lw.faults[i].name);
    return sum;
}

static void make_prices(const struct maker *k)
{
    const struct stage *g = k->s->run.stage;
    const struct design *d = lesson_design(k->s->lesson);
    design_set have = run_improved(scored_run(k->s)), best = stage_best(g);
    size_t order[IMPROVEMENTS_MAX];
    struct rows t = {.r = k->r};
    sort_by_worth(g, d->n, order);
    for (size_t i = 0; i < d->n; i++) {
        size_t x = order[i];
        row_cell(&t, d->list[x].id);
        row_cell(&t, have & bit(x) ? "yes" : "-");
        row_cell(&t, best & bit(x) ? "yes" : "-");
        row_number(&t, number_count, stage_worth(g, bit(x)));
        row_number(&t, number_count, tonight(g, d, bit(x)));
    }
    rows_block(&t, "IMPROVEMENT|CHOSEN|BEST|>A MEAN NIGHT|>TONIGHT", 5);
    add_text(k->r, BLOCK_TEXT,
             "User-minutes that each saves by itself, as means over many nights. 0: it "
             "was there "
             "already, or nothing that this system can have needs it. On a mean night, "
             "in which "
             "%zu of %zu faults come, yours save %s together, the best set %s.",
             g->lw.drawn, g->lw.nfaults, words_count(k, stage_worth(g, have)),
             words_count(k, stage_worth(g, best)));
}

/* The lesson's own words are of what an improvement did, so they need a fault that it is for; or
 * one that is for none. */
static void say_of(const struct maker *k, const struct improvement *p, size_t i)
{
    const struct stage *g = k->s->run.stage;
    struct buf b;
    buf_init(&b, 200);
    buf_addf(&b, "%s: ", p->id);
    if (g->lw.there & bit(i))
        buf_adds(&b, "it was there already. What is built twice is worth nothing.");
    else if (p->nsaves > 0 && tonight(g, lesson_design(g->lesson), bit(i)) == 0)
        buf_adds(&b, "nothing came that it is for. On another night it may.");
    else
        (void)run_text(scored_run(k->s), &p->says, &b);
    add_block(k->r, BLOCK_BULLET, b.s);
    buf_release(&b);
}

static void make_says(const struct maker *k)
{
    const struct stage *g = k->s->run.stage;
    const struct design *d = lesson_design(k->s->lesson);
    design_set have = run_improved(scored_run(k->s)), best = stage_best(g);
    for (size_t i = 0; i < d->n; i++)
        if (have & bit(i))
            say_of(k, &d->list[i], i);
    design_set missed = best & ~have;
    for (size_t i = 0; i < d->n; i++)
        if (missed & bit(i) && tonight(g, d, bit(i)) > 0)
            add_text(k->r, BLOCK_BULLET, "%s was not chosen: %s.", d->list[i].id,
                     d->list[i].text);
}

void make_design(const struct maker *k)
{
    add_block(k->r, BLOCK_HEADING, "What came, and what you had");
    make_faults(k);
    make_prices(k);
    make_says(k);
}
