/*
 * A night on which nothing is wrong: the healthy twin's world, with what disturbs people on
 * good nights as well. A person writes who is mistaken, and an alert fires whose limit was
 * set for another season. Words of the lesson's own stand in `quiet`; there are others for
 * every lesson. A drawn night with the incident has that alert, too: it tells nobody which
 * night it is.
 */
#include "build.h"
#include "schema_fields.h"

#include <string.h>

#define THIS struct quiet_decl
static const struct field quiet_fields[] = {
    F("says", TEXT, says, "what somebody writes, who is mistaken"),
    F("by", STRING, by, "who writes: one of `people`; left out: the desk"),
    F("alert", STRING, alert, "the alert that fires for nothing"),
    F("debrief", SAYS, debrief, "why it was nothing; after the letter and the alert"),
};
static void check_quiet(struct reader *r, int line, void *record)
{
    const struct quiet_decl *q = record;
    const char *names[PEOPLE_MAX];
    size_t n = 0;
    bool there = !q->by;
    for (; r->l && n < r->l->npeople; n++) {
        names[n] = r->l->people[n].id;
        there |= q->by && str_eq(names[n], q->by);
    }
    if (!there)
        fail_unknown(r->L, line, "nobody in people is called", q->by, names, n);
}
SCHEMA(
    quiet_schema, "quiet",
    "A night on which nothing is wrong, as a blind draw may bring it. All may be left "
    "out.",
    quiet_fields, check_quiet);
#undef THIS

/* ---- the letter ------------------------------------------------------------------ */

static const char *const letters[] = {
    "Two customers write that it is slow for them. Is something wrong?",
    "A customer says that nothing works. Can you have a look?",
    "Somebody could not get in a minute ago, and others can. Is it us?",
    "It feels slow from here. Is it only me?",
    "A customer got an error once and then it worked. Should I worry?",
};

static const struct person *writer(const struct lesson *l)
{
    const struct person *first = l->npeople > 0 ? &l->people[0] : NULL;
    for (size_t i = 0; i < l->npeople; i++) {
        const struct person *p = &l->people[i];
        if (l->quiet.by ? str_eq(p->id, l->quiet.by) : p->desk)
            return p;
    }
    return first;
}

/* The letter that comes by the page when something is wrong; NULL: there is none without
 * numbers of that night. */
static const struct lesson_ticket *real_letter(const struct lesson *l,
                                               const struct lesson_world *w)
{
    for (size_t i = 0; i < w->ntickets; i++) {
        const struct lesson_ticket *t = &w->tickets[i];
        if (!t->page && t->at <= l->info.starts_at && !strchr(t->text, '{'))
            return t;
    }
    return NULL;
}

/* On every second night the letter of the incident: a letter alone proves nothing. */
static void put_letter(const struct lesson *l, struct rng *rng,
                       struct lesson_world *out)
{
    const struct person *p = writer(l);
    const struct lesson_ticket *real = real_letter(l, out);
    if (rng_below(rng, 2) == 0 && real && !l->quiet.says) {
        out->tickets[0] = *real;
        out->ntickets = 1;
        return;
    }
    uint32_t which = rng_below(rng, COUNT_OF(letters));
    out->ntickets = 1;
    out->tickets[0] = (struct lesson_ticket){
        .at = l->info.starts_at,
        .who = p ? arena_printf(&out->mem, "%s (%s)", p->name, p->role) : "A colleague",
        .text =
            arena_strdup(&out->mem, l->quiet.says ? l->quiet.says : letters[which])};
}

/* The pager rang for the incident by the time of the page. */
static bool rings(const struct lesson *l, const struct lesson_world *w)
{
    for (size_t i = 0; i < w->ntickets; i++)
        if (w->tickets[i].page && w->tickets[i].at <= l->info.starts_at)
            return true;
    return false;
}

/* Where the pager rings for the incident, it rings for the alert that is for nothing. */
static void put_page(const struct lesson *l, struct lesson_world *w)
{
    struct alert_rule *r = &w->rules[w->noise];
    r->page = true;
    memmove(&w->tickets[1], &w->tickets[0], w->ntickets * sizeof *w->tickets);
    w->ntickets++;
    w->tickets[0] =
        (struct lesson_ticket){.at = l->info.starts_at,
                               .who = "pager",
                               .text = arena_printf(&w->mem, "alert: %s", r->name),
                               .page = true};
}

/* ---- the alert ------------------------------------------------------------------- */

static bool has_metric(const struct model *m, comp_id c, const char *metric)
{
    const struct kind_desc *k = model_kind(m, c);
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, metric))
            return true;
    return false;
}

/* The component that counts the requests of the first client whose rate is known, a
 * second, in *rate; COMP_NONE: there is none. */
static comp_id counted(const struct model *m, const struct world *w, double *rate)
{
    for (size_t i = 0; i < model_comps(m); i++) {
        if (!str_eq(model_kind(m, (comp_id)i)->name, "client"))
            continue;
        comp_id to = model_target(m, (comp_id)i);
        if (to != COMP_NONE && !has_metric(m, to, "requests_total"))
            to = model_owner(m, to);
        *rate = world_get(w, (comp_id)i, "rate").as.number;
        if (to != COMP_NONE && *rate > 0 && has_metric(m, to, "requests_total"))
            return to;
    }
    return COMP_NONE;
}

/* Fires a few minutes before the page and for good: half of what is usual is no limit. */
static enum err put_alert(const struct lesson *l, struct rng *rng, uint64_t seed,
                          struct lesson_world *out, struct errmsg *why)
{
    struct world *w = world_new(out->model, seed, why);
    if (!w)
        return ERR_LESSON;
    double rate = 0;
    comp_id c = counted(out->model, w, &rate);
    world_free(w);
    sim_time before = 2 * SIM_MIN + (sim_time)rng_below(rng, 240) * SIM_SEC;
    sim_time hold = l->info.starts_at - before;
    if (c == COMP_NONE)
        return ERR_OK;
    struct alert_rule *rules =
        arena_alloc(&out->mem, (out->nrules + 1) * sizeof *rules);
    for (size_t i = 0; i < out->nrules; i++)
        rules[i] = out->rules[i];
    rules[out->nrules++] = (struct alert_rule){
        .name = l->quiet.alert ? arena_strdup(&out->mem, l->quiet.alert)
                               : arena_printf(&out->mem, "%s: many requests",
                                              model_name(out->model, c)),
        .kind = ALERT_THRESHOLD,
        .comp = c,
        .metric = "requests_total",
        .value = rate / 2,
        .hold = hold > SIM_MIN ? hold : SIM_MIN};
    out->rules = rules;
    return ERR_OK;
}

enum err build_noise(const struct lesson *l, uint64_t seed, bool quiet,
                     struct lesson_world *out, struct errmsg *why)
{
    struct rng rng;
    bool page = rings(l, out);
    rng_seed(&rng, seed, "quiet night");
    if (quiet)
        put_letter(l, &rng, out);
    rng_seed(&rng, seed, "noise");
    out->noise = out->nrules;
    enum err e = put_alert(l, &rng, seed, out, why);
    if (out->noise == out->nrules)
        out->noise = SIZE_MAX;
    else if (page && quiet && out->ntickets < TICKETS_MAX)
        put_page(l, out);
    return e;
}

const struct text *lesson_quiet_debrief(const struct lesson *l)
{
    return &l->quiet.debrief;
}
