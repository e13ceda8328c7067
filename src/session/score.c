/*
 * The score: its parts, each explained by itself (score.h), and how it ended. Points are
 * whole, so that the parts as printed add up to the total; then the outcome caps it: while
 * users suffer nobody has half of it left to lose.
 *
 * Doing nothing where something is wrong spares nobody and contains nothing. In a shift
 * without a fault it is the right thing, and any change is a loss.
 */
#include "score.h"
#include "design.h"
#include "promise.h"
#include "quiet.h"
#include "truecode/picture.h"
#include "twin.h"

#include <math.h>
#include <string.h>

#define SLICE  (30 * SIM_SEC) /* a lesson's own good_for looks at such pieces */
#define LATELY (2 * SIM_MIN)  /* the least that says how users are */

/* ---- the branch that counts ------------------------------------------------------ */

const struct run *scored_run(const struct session *s)
{
    return s->practice ? &s->first.run : &s->run;
}

size_t scored_notes(const struct session *s)
{
    return s->practice ? s->first.nnotes : s->nnotes;
}

size_t scored_saids(const struct session *s)
{
    return s->practice ? s->first.nsaids : s->nsaids;
}

size_t scored_seen(const struct session *s)
{
    return s->practice ? s->first.nseen : s->seen_ever.n;
}

size_t scored_facts(const struct session *s)
{
    return s->practice ? s->first.nfacts : s->nfacts_seen;
}

size_t scored_sheet(const struct session *s)
{
    return s->practice ? s->first.nsheet : s->sheet.n;
}

static size_t scored_hints(const struct session *s)
{
    return s->practice ? s->first.hints : s->hints_total;
}

static size_t scored_shown(const struct session *s)
{
    return s->practice ? s->first.shown : steps_shown(s);
}

const struct done_action *scored_actions(const struct session *s, size_t *n)
{
    *n = s->practice ? s->first.nactions : s->nactions;
    return s->practice ? s->first.actions : s->actions;
}

bool note_open(const struct session *s, const struct note *n)
{
    return s->practice ? n->open_then : n->open;
}

bool score_changed(const struct session *s)
{
    return scored_run(s)->last_change != SIM_FOREVER;
}

bool score_quiet(const struct session *s)
{
    return s->quiet;
}

sim_time score_watched(const struct session *s)
{
    const struct run *r = scored_run(s);
    if (score_changed(s))
        return run_now(r) - r->last_change;
    return score_quiet(s) ? run_now(r) - lesson_info(s->lesson)->starts_at : 0;
}

/* ---- words for the items --------------------------------------------------------- */

int share_points(double share, int full)
{
    double x = share < 0 || isnan(share) ? 0 : share > 1 ? 1 : share;
    return (int)(x * full + 0.5);
}

const char *score_clock(const struct grading *g, sim_time t)
{
    struct buf b;
    buf_init(&b, 32);
    clock_format(&b, lesson_info(g->s->lesson)->day_start, t, false);
    char *text = arena_strdup(g->mem, b.s);
    buf_release(&b);
    return text;
}

const char *score_span(const struct grading *g, sim_time t)
{
    struct buf b;
    buf_init(&b, 32);
    sim_time unit = t >= 10 * SIM_MIN ? SIM_MIN : SIM_SEC;
    time_format(&b, t / unit * unit);
    char *text = arena_strdup(g->mem, b.s);
    buf_release(&b);
    return text;
}

const char *score_count(const struct grading *g, double n)
{
    struct buf b;
    buf_init(&b, 32);
    number_count(&b, n);
    char *text = arena_strdup(g->mem, b.s);
    buf_release(&b);
    return text;
}

/* ---- how it ended ---------------------------------------------------------------- */

/* Nothing of what the lesson said would move is still moved. */
static bool symptoms_gone(const struct session *s)
{
    const struct run *r = scored_run(s);
    for (size_t i = 0; i < lesson_moves(s->lesson); i++) {
        bool still = true;
        struct errmsg why = {0};
        if (run_test(r, lesson_move(s->lesson, i)->fn, &still, &why) != ERR_OK || still)
            return false;
    }
    return true;
}

/* True where customers turned away were so many that the objective could not have been
 * met. */
static bool turned_away(const struct run *r, const struct recording *twin,
                        sim_time window)
{
    const struct slo *slo = model_get_slo(r->stage->lw.model);
    sim_time now = run_now(r);
    if (!slo || !twin)
        return false;
    struct fate there = recording_fate(twin, COMP_NONE, now - window, now);
    return users_missing(r->rec, twin, COMP_NONE, now - window, now) >
           (1 - slo->objective) * (there.good + there.bad);
}

static bool well_for(const struct run *r, const struct recording *twin, sim_time window)
{
    window = window > LATELY ? window : LATELY;
    return run_well(r, window, NULL) && !turned_away(r, twin, window);
}

/* The lesson's window has not gone by since the last change: what there is of it decides, or
 * the second half of that. A lull of a minute or two is neither. */
static enum outcome outcome_early(const struct run *r, const struct recording *twin,
                                  sim_time saw)
{
    bool settled = saw >= SETTLE + LATELY;
    sim_time span = saw - SETTLE;
    bool well = well_for(r, twin, span) || well_for(r, twin, span / 2);
    return settled && !well ? OUTCOME_LOST : OUTCOME_EARLY;
}

enum outcome outcome_of(const struct session *s, const struct recording *twin)
{
    const struct run *r = scored_run(s);
    sim_time want = lesson_info(s->lesson)->good_for, saw = score_watched(s);
    bool changed = score_changed(s), quiet = score_quiet(s);
    if (quiet && changed)
        return OUTCOME_MEDDLED;
    if (quiet)
        return saw + SLICE < quiet_watch(s) ? OUTCOME_EARLY : OUTCOME_CLEAR;
    if (!changed)
        return well_for(r, twin, want) ? OUTCOME_MITIGATED : OUTCOME_LOST;
    if (saw + SLICE < want)
        return outcome_early(r, twin, saw);
    if (!well_for(r, twin, saw < want ? saw : want))
        return well_for(r, twin, want / 2) ? OUTCOME_MITIGATED : OUTCOME_LOST;
    if (run_broken(r, saw < want ? saw : want))
        return OUTCOME_MITIGATED;
    return symptoms_gone(s) ? OUTCOME_RECOVERED : OUTCOME_CURED;
}

bool score_overcalled(const struct session *s, enum outcome o)
{
    enum outcome most = o == OUTCOME_EARLY ? OUTCOME_MITIGATED : o;
    bool closed = s->claimed && str_eq(s->claimed, update_state_words()[STATE_CLOSED]);
    if (closed || (score_quiet(s) && !score_changed(s)))
        return s->claimed && closed != (score_quiet(s) && !score_changed(s));
    for (int i = OUTCOME_MITIGATED; i <= OUTCOME_RECOVERED; i++)
        if (s->claimed && !s->practice &&
            str_eq(s->claimed, outcome_word((enum outcome)i)))
            return i > (int)most;
    return false;
}

/* ---- all of it ------------------------------------------------------------------- */

static uint64_t lost(const struct run *r, const struct rivals *v)
{
    return (uint64_t)users_lost(r->rec, v->twin, COMP_NONE, 0, v->to);
}

/* A learner who leaves before it can be told, with users suffering, has not mended
 * it. */
static int most_points(const struct session *s, const struct rivals *v, enum outcome o)
{
    sim_time since = v->you.last_change == SIM_FOREVER ? v->from : v->you.last_change;
    sim_time span = v->to - since - SETTLE;
    span = span > 2 * LATELY ? span : 2 * LATELY;
    bool suffer = o == OUTCOME_EARLY && !s->quiet &&
                  !users_well(&v->you, v->to, span / 2, NULL) &&
                  !users_well(&v->you, v->to, span, NULL);
    return suffer ? outcome_most(OUTCOME_LOST) : outcome_most(o);
}

int score_most_shown(const struct score *sc)
{
    return sc->steps > 0 ? 100 * (sc->steps - sc->shown) / sc->steps : 100;
}

static void grade_parts(const struct grading *g, struct score *sc,
                        struct score_item items[SCORE_PARTS])
{
    static void (*const grade[SCORE_PARTS])(const struct grading *,
                                            struct score_item *) = {
        [SCORE_USERS] = grade_users,
        [SCORE_CONTAINMENT] = grade_containment,
        [SCORE_DATA] = grade_data,
        [SCORE_DIAGNOSIS] = grade_diagnosis,
        [SCORE_VERIFICATION] = grade_verification,
        [SCORE_COMMUNICATION] = grade_communication,
    };
    bool design = lesson_design(g->s->lesson);
    enum score_scale scale = design                      ? SCALE_DESIGN
                             : run_wards(&g->v->you) > 0 ? SCALE_DATA
                                                         : SCALE_USERS;
    for (enum score_part i = 0; i < SCORE_PARTS; i++) {
        items[i] = (struct score_item){.full = score_weight(i, scale),
                                       .at = SIM_FOREVER,
                                       .stated = "",
                                       .truth = "",
                                       .best = "",
                                       .cost = ""};
        if (items[i].full == 0)
            continue;
        if (design)
            grade_design(g, &items[i]);
        else
            grade[i](g, &items[i]);
        if (i == SCORE_DIAGNOSIS)
            grade_trigger(g, &items[i]);
        sc->part[i] = (double)items[i].points / items[i].full;
        sc->total += items[i].points;
    }
}

struct score score_of(const struct session *s, const struct rivals *v,
                      struct arena *mem, struct score_item items[SCORE_PARTS])
{
    struct score sc = {.outcome = outcome_of(s, v->twin),
                       .hints = (int)scored_hints(s),
                       .shown = (int)scored_shown(s)};
    if (outcome_well(sc.outcome) && rivals_data_broken(s->lesson, v))
        sc.outcome = OUTCOME_MITIGATED;
    if (s->mode == MODE_GUIDED)
        sc.steps = (int)lesson_steps(s->lesson);
    const bool design = lesson_design(s->lesson);
    if (design) {
        struct design_losses x = design_losses_of(v);
        sc.outcome = design_outcome(design_share(x.nothing, x.you, x.best));
    }
    sc.bad_you = lost(&v->you, v);
    sc.bad_nothing = lost(&v->nothing, v);
    sc.bad_reference = v->has_reference ? lost(&v->reference, v) : sc.bad_nothing;
    grade_parts(&(struct grading){s, v, mem, &sc}, &sc, items);
    int most = design ? outcome_most(sc.outcome) : most_points(s, v, sc.outcome),
        own = score_most_shown(&sc);
    most = most < own ? most : own;
    sc.total = sc.total < most ? sc.total : most;
    return sc;
}
