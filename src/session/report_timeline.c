/*
 * The timeline: what was done and when, by the learner, by others and by machines; and
 * the turns that did not help, found by what was done and not by what was typed.
 */
#include "report_internal.h"
#include "twin.h"

#include <math.h>
#include <string.h>

/* ---- the timeline ---------------------------------------------------------------- */

struct moment {
    sim_time at;
    const char *who, *text;
    bool verb; /* the text says what was done: "suspected: …" */
};

static int by_time(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    const struct moment *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* "you suspected" is what you did: the first word is who. */
static const char *note_line(const struct maker *k, const struct note *n)
{
    const char *tells = note_tells(n->kind);
    return arena_printf(&k->r->mem, "%s: %s", tells + strcspn(tells, " ") + 1, n->text);
}

struct moments {
    const struct maker *k;
    struct moment *m;
    size_t n;
};

static void put_moment(struct moments *all, sim_time at, const char *who,
                       const char *text)
{
    all->m[all->n++] = (struct moment){at, who, text, false};
}

/* Changes by the learner, or by everybody else. */
static void put_changes(struct moments *all, const struct run *r, bool by_learner)
{
    for (size_t i = 0; i < recording_changes(r->rec); i++) {
        const struct change *c = recording_change(r->rec, i);
        if (str_eq(c->who, "you") == by_learner)
            put_moment(all, c->at, c->who, c->title);
    }
}

static void put_news(struct moments *all, const struct run *r)
{
    for (size_t i = 0; i < recording_alerts(r->rec); i++) {
        struct alert a = recording_alert(r->rec, i);
        put_moment(all, a.since, "alert", a.rule->name);
    }
    for (size_t i = 0; i < run_tickets(r, all->k->v->left); i++) {
        const struct ticket *t = &r->stage->tickets[i];
        put_moment(all, t->at, t->who, t->text);
    }
}

/* The moment from which on users were hurt, and the page. */
static void put_users(struct moments *all, const struct run *r)
{
    const struct rivals *v = all->k->v;
    struct impact h = impact_of(v->you.rec, v->twin, COMP_NONE, 0, v->to);
    if (h.since != SIM_FOREVER)
        put_moment(all, h.since, "users", "the first of them is hurt");
    for (size_t i = 0; i < r->stage->ntickets; i++)
        if (r->stage->tickets[i].at == v->from) /* says it in its own words */
            return;
    put_moment(all, v->from, "page", "somebody is called");
}

/* Of one moment, what reached the learner comes first, then what was thought, then what
 * was done. */
static void gather(struct moments *all)
{
    const struct maker *k = all->k;
    const struct run *r = scored_run(k->s);
    size_t nnotes = scored_notes(k->s);
    size_t most = recording_changes(r->rec) + recording_alerts(r->rec) + nnotes +
                  r->stage->ntickets + 3;
    all->m = arena_alloc(&k->r->mem, most * sizeof *all->m);
    put_changes(all, r, false);
    put_users(all, r);
    put_news(all, r);
    for (size_t i = 0; i < nnotes; i++) {
        put_moment(all, k->s->notes[i].at, "you", note_line(k, &k->s->notes[i]));
        all->m[all->n - 1].verb = true;
    }
    put_changes(all, r, true);
    put_moment(all, k->v->left, "-", "the end");
    sort_stable(all->m, all->n, sizeof *all->m, by_time, NULL);
}

/* "Mara: Still broken."; "you suspected: …". */
static const char *moment_line(const struct maker *k, const struct moment *m)
{
    if (str_eq(m->who, "-"))
        return m->text;
    return arena_printf(&k->r->mem, "%s%s %s", m->who, m->verb ? "" : ":", m->text);
}

void make_timeline(const struct maker *k, bool who)
{
    struct moments all = {.k = k};
    struct rows t = {.r = k->r};
    gather(&all);
    add_block(k->r, BLOCK_HEADING, "The timeline");
    for (size_t i = 0; i < all.n; i++) {
        row_cell(&t, at_clock(k, all.m[i].at));
        if (who)
            row_cell(&t, all.m[i].who);
        row_cell(&t, who ? all.m[i].text : moment_line(k, &all.m[i]));
    }
    rows_block(&t, who ? "TIME|WHO|WHAT" : "TIME|WHAT", who ? 3 : 2);
}

/* ---- wrong turns ----------------------------------------------------------------- */

/* A pool of 90 is the turn that a pool of 100 is. */
#define TURN_FACTOR 2

static bool was_done(const struct session *s, const struct action *a)
{
    size_t n;
    const struct done_action *did = scored_actions(s, &n);
    for (size_t i = 0; i < n; i++)
        if (same_action(&did[i].action, a, TURN_FACTOR))
            return true;
    return false;
}

/* How many actions a line asks for; -1: one of them was not done. */
static int line_done(const struct session *s, const char *line)
{
    struct console_ctx ctx;
    struct out out;
    struct effects fx = {0};
    int n = 0;
    run_console(&s->begin, &ctx);
    out_init(&out);
    if (console_run(&ctx, line, &out, &fx) != ERR_OK)
        n = -1;
    for (size_t i = 0; n >= 0 && i < fx.n; i++)
        if (fx.list[i].kind == EFFECT_ACTION)
            n = was_done(s, &fx.list[i].action) ? n + 1 : -1;
    effects_release(&fx);
    out_release(&out);
    return n;
}

bool course_taken(const struct session *s, const struct course *c)
{
    bool yes = false;
    struct errmsg why = {0};
    if (c->used != FN_NONE)
        return run_test(scored_run(s), c->used, &yes, &why) == ERR_OK && yes;
    int all = 0;
    for (size_t i = 0; i < c->nlines; i++) {
        int n = line_done(s, c->lines[i]);
        if (n < 0)
            return false;
        all += n;
    }
    return all > 0;
}

/* Whether a forecast was told in the branch that counts. */
static bool told(const struct session *s, const struct forecast *f)
{
    return s->practice ? f->told_then : f->told;
}

static void make_forecasts(const struct maker *k)
{
    struct buf b;
    bool head = false;
    for (size_t i = 0; i < k->s->nforecasts; i++) {
        const struct forecast *f = &k->s->forecasts[i];
        bool tested = told(k->s, f) && !isnan(f->after);
        if (!tested && k->s->practice)
            continue;
        if (!head)
            add_block(k->r, BLOCK_HEADING, "What you predicted");
        head = true;
        buf_init(&b, 0);
        if (tested)
            forecast_words(f, &b);
        else
            buf_adds(&b, "It was not tried");
        add_text(k->r, BLOCK_BULLET, "%s: you said %s. %s.", f->of->what,
                 direction_phrase(f->said), b.s);
        buf_release(&b);
    }
}

void add_turns(const struct maker *k)
{
    for (size_t i = 0; i < k->v->nturns; i++) {
        const struct turn *t = &k->v->turns[i];
        add_text(k->r, BLOCK_BULLET,
                 "At %s: %s. Without it %s fewer requests would have been lost. %s%s.",
                 at_clock(k, t->at), t->what, words_count(k, t->cost),
                 t->undone == SIM_FOREVER ? "It was not undone" : "It was undone at ",
                 t->undone == SIM_FOREVER ? "" : at_clock(k, t->undone));
    }
}

void make_turns(const struct maker *k)
{
    if (k->v->nturns > 0)
        add_block(k->r, BLOCK_HEADING, "Turns that cost users");
    add_turns(k); /* by the engine, whatever the lesson says of such a turn */
    const struct lesson *l = k->s->lesson;
    bool fixed = outcome_well(k->r->score.outcome), head = false;
    for (size_t i = 0; i < lesson_wrongs(l); i++) {
        const struct course *c = lesson_wrong(l, i);
        if (!c->says.n || !course_taken(k->s, c))
            continue;
        if (!head)
            add_block(k->r, BLOCK_HEADING,
                      fixed ? "Turns that did not help" : "What you tried");
        head = true;
        add_course(k, c);
    }
    make_forecasts(k);
}
