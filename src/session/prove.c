/*
 * The prover: plays a lesson headless over many seeds and holds it to what it claims.
 *
 * One world per seed is run up to the page; doing nothing, every fix and every wrong
 * fix fork from there, and the steps are played once through a real session. Nothing
 * here knows a lesson: all verdicts come from what happened to users.
 *
 * After its lines a course goes on until the operator's hands are free, a minute to
 * settle and `good_for` have passed, so that a verdict always sees the same length of
 * time.
 */
#include "promise.h"
#include "prove_internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SETTLE SIM_MIN

/* ---- what is asked for ----------------------------------------------------------- */

/* "wrong restart": the kind's word, and what a row's name holds, in any case. A kind has
 * companions where one row alone could not be made. */
bool prove_wants(const struct prover *pv, enum proof_kind kind, const char *name)
{
    const char *word = proof_word(kind);
    size_t n = strcspn(pv->only, " :=");
    if (n == 0)
        return true;
    if (kind == PROOF_CAUSE || kind == PROOF_INNOCENT)
        word = strncmp(pv->only, "twin", n) == 0 ? "twin" : word;
    bool plural = strlen(word) == n + 1 && word[n] == 's';
    if (strncmp(pv->only, word, n) != 0 || (strlen(word) != n && !plural))
        return false;
    const char *part = pv->only + n + strspn(pv->only + n, " :=");
    return !name || *part == '\0' || strcasestr(name, part);
}

/* The error of an `only` that names no row. */
static enum err found_nothing(const struct prover *pv, struct errmsg *why)
{
    size_t n = strcspn(pv->only, " :=");
    struct buf have;
    buf_init(&have, 0);
    for (int k = 0; k < PROOF_COUNT; k++)
        buf_addf(&have, "%s%s", k ? ", " : "", proof_word((enum proof_kind)k));
    for (int k = 0; k < PROOF_COUNT; k++) {
        const char *word = proof_word((enum proof_kind)k);
        if (strncmp(word, pv->only, n) != 0 || strlen(word) > n + 1)
            continue;
        buf_reset(&have);
        for (size_t i = 0; k == PROOF_FIX && i < lesson_fixes(pv->lesson); i++)
            buf_addf(&have, "%s\"%s\"", i ? ", " : "",
                     lesson_fix(pv->lesson, i)->title);
        for (size_t i = 0; k == PROOF_WRONG && i < lesson_wrongs(pv->lesson); i++)
            buf_addf(&have, "%s\"%s\"", i ? ", " : "",
                     lesson_wrong(pv->lesson, i)->title);
        for (size_t i = 0; k == PROOF_STEPS && i < lesson_steps(pv->lesson); i++)
            buf_addf(&have, "%s\"%s\"", i ? ", " : "", lesson_step(pv->lesson, i)->id);
    }
    enum err e =
        errmsg_set(why, ERR_NOT_FOUND, "--only: there is no row \"%.80s\"%s%.300s",
                   pv->only, have.len > 0 ? "; there are: " : "", have.s);
    buf_release(&have);
    return e;
}

void prove_parts(const struct run *r, fn_id fn, char out[160])
{
    struct buf b;
    struct errmsg why = {0};
    struct lesson_facts f = run_facts(r);
    out[0] = '\0';
    if (fn == FN_NONE)
        return;
    buf_init(&b, 0);
    if (lesson_parts(r->lua, fn, &f, &b, &why) == ERR_OK && b.len > 0)
        snprintf(out, 160, " (%.150s)", b.s);
    buf_release(&b);
}

void prove_tick(struct prover *pv)
{
    pv->done++;
    if (pv->progress && !pv->progress(pv->ctx, pv->done, pv->parts))
        pv->stopped = true;
}

/* ---- rows ------------------------------------------------------------------------ */

/* A detail says why it failed first, or else how it was where it was closest. */
void prove_result(struct prover *pv, enum proof_kind kind, const char *name, bool ok,
                  double margin, const char *fmt, ...)
{
    if (!prove_wants(pv, kind, name))
        return;
    struct prove_row *r = proof_row(pv->out, kind, name);
    bool closest = !isnan(margin) && (isnan(r->margin_min) || margin < r->margin_min);
    if (closest)
        r->margin_min = margin;
    bool tell = ok ? closest && r->failed == 0 : r->failed == 0;
    if (tell) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(r->detail, sizeof r->detail, fmt, ap);
        va_end(ap);
    }
    if (!ok && r->failed == 0)
        r->first_bad_seed = pv->seed;
    if (ok)
        r->passed++;
    else {
        r->failed++;
        pv->out->ok = false;
    }
}

/* ---- the system before anybody acts ---------------------------------------------- */

/* How often in the watched minute a predicate is asked in a fresh Lua state as well. */
#define FRESH_EVERY 20

static void watch_expect(struct prover *pv, const struct run *r)
{
    for (size_t i = 0; i < lesson_moves(pv->lesson); i++) {
        bool yes = false;
        fn_id fn = lesson_move(pv->lesson, i)->fn;
        if (run_test(r, fn, &yes, &pv->broken) != ERR_OK)
            return;
        pv->moved[i] += yes;
        if (!yes && pv->move_parts[i][0] == '\0')
            prove_parts(r, fn, pv->move_parts[i]);
    }
    for (size_t i = 0; i < lesson_normals(pv->lesson); i++) {
        bool yes = false;
        fn_id fn = lesson_normal(pv->lesson, i)->fn;
        if (run_test(r, fn, &yes, &pv->broken) != ERR_OK)
            return;
        pv->normal[i] += yes;
        if (!yes && pv->normal_parts[i][0] == '\0')
            prove_parts(r, fn, pv->normal_parts[i]);
    }
}

static void watch_traps(struct prover *pv, const struct run *r)
{
    for (size_t i = 0; i < lesson_traps(pv->lesson); i++) {
        bool yes = false;
        const struct trap *t = lesson_trap(pv->lesson, i);
        if (run_test(r, t->when, &yes, &pv->broken) != ERR_OK)
            return;
        pv->trapped[i] |= yes;
    }
}

/* Watches expect's predicates for a minute, and that no trap fires while nobody acts.
 */
static bool watch(void *ctx, struct run *r)
{
    struct prover *pv = ctx;
    sim_time now = run_now(r), at = lesson_expect_at(pv->lesson);
    if (now >= at && now <= at + SIM_MIN) {
        r->twice = pv->watched++ % FRESH_EVERY == 0;
        watch_expect(pv, r);
        r->twice = false;
    }
    if (now % (10 * SIM_SEC) == 0 && now >= lesson_info(pv->lesson)->starts_at)
        watch_traps(pv, r);
    return pv->broken.text[0] == '\0';
}

static void judge_expect(struct prover *pv)
{
    for (size_t i = 0; i < lesson_moves(pv->lesson); i++)
        prove_result(pv, PROOF_MOVES, lesson_move(pv->lesson, i)->name,
                     pv->moved[i] > 0,
                     (double)pv->moved[i] / (pv->watched ? pv->watched : 1),
                     "true in %u of %u seconds watched%s", pv->moved[i], pv->watched,
                     pv->moved[i] > 0 ? "" : pv->move_parts[i]);
    for (size_t i = 0; i < lesson_normals(pv->lesson); i++)
        prove_result(pv, PROOF_NORMAL, lesson_normal(pv->lesson, i)->name,
                     pv->watched > 0 && pv->normal[i] == pv->watched, NAN,
                     "true in %u of %u seconds watched%s", pv->normal[i], pv->watched,
                     pv->normal_parts[i]);
    for (size_t i = 0; i < lesson_traps(pv->lesson); i++)
        prove_result(pv, PROOF_TRAPS, lesson_trap(pv->lesson, i)->id, !pv->trapped[i],
                     NAN, "fires although nobody changed anything");
}

static double slo_objective(const struct prover *pv)
{
    const struct slo *slo = model_get_slo(pv->base.stage->lw.model);
    return slo ? slo->objective : 1;
}

static void judge_nothing(struct prover *pv)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    double good = recording_good(pv->nothing.rec, li->starts_at, li->ends_at);
    double room = 1 - slo_objective(pv);
    double over = (slo_objective(pv) - good) / (room > 0 ? room : 1);
    bool broken = good < slo_objective(pv);
    prove_result(pv, PROOF_NOTHING,
                 li->quiet ? "keeps the objective" : "breaks the objective",
                 !isnan(good) && broken != li->quiet,
                 li->quiet  ? -over
                 : over > 1 ? 1
                            : over,
                 "%.2f %% good from the page to the end, objective %.2f %%", 100 * good,
                 100 * slo_objective(pv));
}

/* Holds a lesson to its plan: all of it can be done, at least while nobody is in its way. */
static void judge_plan(struct prover *pv)
{
    const char *first;
    int line;
    size_t n = world_refused(pv->nothing.world, &first, &line);
    prove_result(pv, PROOF_NOTHING, "all that is planned can be done", n == 0, NAN,
                 n == 0 ? "" : "line %d, %.160s", line, first);
}

/* Base to the page, then doing nothing to the end. */
static enum err run_base(struct prover *pv, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    enum err e = run_open(&pv->base, pv->stage, pv->seed, why);
    if (e != ERR_OK)
        return e;
    pv->base.effort = &pv->effort;
    pv->base.on_second = watch;
    pv->base.ctx = pv;
    e = run_advance(&pv->base, li->starts_at, NULL, NULL, why);
    pv->base.on_second = NULL;
    if (e == ERR_OK)
        e = run_fork(&pv->nothing, &pv->base, why);
    if (e == ERR_OK) {
        pv->nothing.on_second = watch;
        pv->nothing.ctx = pv;
        e = run_advance(&pv->nothing, li->ends_at, NULL, NULL, why);
        pv->nothing.on_second = NULL;
    }
    if (pv->broken.text[0])
        return errmsg_set(why, ERR_LESSON, "%s", pv->broken.text);
    return e;
}

/* The same seed gives the same trace, twice. The replay of the steps' tape, which begins
 * with a world of its own, is one; where there was none, the world is run once more. */
void prove_same(struct prover *pv, const struct run *again)
{
    bool same = world_digest(again->world) == world_digest(pv->base.world);
    prove_result(pv, PROOF_SAME, "same seed, same trace", same, NAN, "traces differ");
    pv->same_judged = true;
}

static enum err judge_same(struct prover *pv, struct errmsg *why)
{
    struct run again;
    if (pv->same_judged)
        return ERR_OK;
    enum err e = run_open(&again, pv->stage, pv->seed, why);
    if (e == ERR_OK) {
        again.effort = &pv->effort;
        e = run_advance(&again, run_now(&pv->base), NULL, NULL, why);
        if (e == ERR_OK)
            prove_same(pv, &again);
    }
    run_release(&again);
    return e;
}

/* ---- courses --------------------------------------------------------------------- */

/* A verdict needs `good_for` after the last change. */
static enum err time_left(const struct run *r, const struct lesson_info *li,
                          struct errmsg *why)
{
    sim_time left = li->ends_at - r->busy_until;
    if (left >= li->good_for)
        return ERR_OK;
    return errmsg_set(
        why, ERR_LESSON,
        "ends_at leaves %lld s after its last change, good_for needs %lld",
        (long long)(left / SIM_SEC), (long long)(li->good_for / SIM_SEC));
}

/* No question of a course is asked of anything but its users: neither a promise of data
 * nor a price. */
static bool users_tell(const struct prover *pv)
{
    bool yes = run_wards(&pv->base) == 0;
    for (size_t i = 0; i < lesson_wrongs(pv->lesson); i++)
        yes &= lesson_wrong(pv->lesson, i)->price == FN_NONE;
    return yes;
}

enum err prove_course(struct prover *pv, struct run *r, const struct course *c,
                      sim_time until, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    enum err e = run_fork(r, &pv->base, why);
    if (e == ERR_OK && users_tell(pv))
        run_keep_users(r);
    for (size_t i = 0; e == ERR_OK && i < c->nlines; i++)
        e = run_line(r, c->lines[i], li->ends_at, why);
    if (e == ERR_OK)
        e = time_left(r, li, why);
    if (e != ERR_OK)
        return e;
    sim_time free_at = r->busy_until > run_now(r) ? r->busy_until : run_now(r);
    sim_time end = free_at + SETTLE + li->good_for;
    end = end > until ? end : until;
    return run_advance(r, end < li->ends_at ? end : li->ends_at, NULL, NULL, why);
}

/* The price of a fix cannot be what makes another course costly. */
static void judge_price(struct prover *pv, const struct course *fix,
                        const struct run *r)
{
    const struct course *costly = prove_price_paid(pv, r);
    if (costly)
        prove_result(pv, PROOF_WRONG, costly->title, false, NAN,
                     "costly: its price is true after the fix \"%s\", too", fix->title);
}

static enum err judge_fix(struct prover *pv, const struct course *c, struct errmsg *why)
{
    struct run r;
    double margin = 0;
    memset(&r, 0, sizeof r);
    enum err e = prove_course(pv, &r, c, 0, why);
    if (e == ERR_OK) {
        sim_time now = run_now(&r), window = lesson_info(pv->lesson)->good_for;
        bool won = run_well(&r, window, &margin);
        const char *broken = run_broken(&r, window);
        if (broken)
            prove_result(pv, PROOF_FIX, c->title, false, NAN,
                         "a promise is not kept after it: %.120s", broken);
        else
            prove_result(
                pv, PROOF_FIX, c->title, won, margin,
                "%.2f %% good over the last %lld min; %llu bad, doing nothing %llu",
                100 * recording_good(r.rec, now - window, now),
                (long long)(window / SIM_MIN),
                (unsigned long long)run_bad(&r, run_now(&pv->base)),
                (unsigned long long)recording_bad_count(pv->nothing.rec,
                                                        run_now(&pv->base), now));
        judge_price(pv, c, &r);
    } else {
        prove_result(pv, PROOF_FIX, c->title, false, NAN, "%.180s", why->text);
    }
    if (e == ERR_OK && c == lesson_fix(pv->lesson, 0))
        pv->reference = r;
    else
        run_release(&r);
    return ERR_OK;
}

/* ---- one seed -------------------------------------------------------------------- */

static void reset_seed(struct prover *pv)
{
    memset(pv->moved, 0, sizeof pv->moved);
    memset(pv->normal, 0, sizeof pv->normal);
    memset(pv->move_parts, 0, sizeof pv->move_parts);
    memset(pv->normal_parts, 0, sizeof pv->normal_parts);
    memset(pv->trapped, 0, sizeof pv->trapped);
    memset(&pv->base, 0, sizeof pv->base);
    memset(&pv->nothing, 0, sizeof pv->nothing);
    memset(&pv->reference, 0, sizeof pv->reference);
    memset(&pv->twin, 0, sizeof pv->twin);
    pv->effort = pv->most;
    pv->watched = 0;
    pv->broken.text[0] = '\0';
}

/* A proof ends at the same place everywhere, and says what was too much. */
static enum err too_much(const struct prover *pv, uint64_t most, const char *of,
                         const char *advice, struct errmsg *why)
{
    bool millions = most >= 1000000;
    return errmsg_set(why, ERR_LIMIT,
                      "seed %llu takes more than %llu%s %s to prove; %s",
                      (unsigned long long)pv->seed,
                      (unsigned long long)(millions ? most / 1000000 : most),
                      millions ? " million" : "", of, advice);
}

static enum err within_effort(const struct prover *pv, struct errmsg *why)
{
    if (pv->effort.events == 0)
        return too_much(pv, pv->most.events, "events",
                        "fewer requests, fewer courses or a sooner ends_at would do",
                        why);
    if (pv->effort.steps == 0)
        return too_much(pv, pv->most.steps, "steps of Lua",
                        "simpler goals, moves and traps would do", why);
    return ERR_OK;
}

/* The steps, and what the guide says on their way. */
static bool wants_steps(const struct prover *pv)
{
    return prove_wants(pv, PROOF_STEPS, NULL) || prove_wants(pv, PROOF_CLAIMS, NULL) ||
           prove_wants(pv, PROOF_SAME, NULL);
}

static enum err judge_courses(struct prover *pv, struct errmsg *why)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < lesson_fixes(pv->lesson); i++) {
        const struct course *c = lesson_fix(pv->lesson, i);
        bool reference = i == 0 && prove_wants(pv, PROOF_WRONG, NULL);
        if (reference || prove_wants(pv, PROOF_FIX, c->title))
            e = judge_fix(pv, c, why);
        prove_tick(pv);
    }
    for (size_t i = 0; e == ERR_OK && i < lesson_wrongs(pv->lesson); i++) {
        const struct course *c = lesson_wrong(pv->lesson, i);
        if (prove_wants(pv, PROOF_WRONG, c->title))
            e = prove_wrong(pv, c, why);
        prove_tick(pv);
    }
    return e;
}

static enum err prove_night(struct prover *pv, struct errmsg *why)
{
    enum err e = run_base(pv, why);
    prove_tick(pv);
    if (e != ERR_OK)
        return e;
    judge_expect(pv);
    judge_nothing(pv);
    judge_plan(pv);
    prove_facts(pv);
    if (prove_wants(pv, PROOF_TWIN, NULL) || prove_wants(pv, PROOF_CAUSE, NULL) ||
        prove_wants(pv, PROOF_INNOCENT, NULL))
        e = prove_twin(pv, why);
    prove_tick(pv);
    if (e == ERR_OK)
        e = prove_design(pv, why);
    if (e == ERR_OK && pv->thorough && !lesson_design(pv->lesson) &&
        prove_wants(pv, PROOF_QUIET, NULL))
        e = prove_quiet(pv, why);
    if (e == ERR_OK)
        e = judge_courses(pv, why);
    if (e == ERR_OK && prove_wants(pv, PROOF_PREVENTION, NULL))
        e = prove_prevention(pv, why);
    run_release(&pv->reference);
    run_release(&pv->nothing);
    if (e == ERR_OK && wants_steps(pv))
        e = prove_steps(pv, why);
    if (e == ERR_OK && pv->thorough && prove_wants(pv, PROOF_SAME, NULL))
        e = judge_same(pv, why);
    return e;
}

static enum err prove_seed(struct prover *pv, struct errmsg *why)
{
    reset_seed(pv);
    pv->stage = stage_new(pv->lesson, pv->seed, why);
    if (!pv->stage)
        return ERR_LESSON;
    enum err e = prove_night(pv, why);
    run_release(&pv->twin);
    run_release(&pv->reference);
    run_release(&pv->nothing);
    run_release(&pv->base);
    stage_unref(pv->stage);
    enum err limit = within_effort(pv, why);
    return limit != ERR_OK ? limit : e;
}

static bool too_many(const struct prover *pv)
{
    return lesson_moves(pv->lesson) > PROVE_MAX ||
           lesson_normals(pv->lesson) > PROVE_MAX ||
           lesson_traps(pv->lesson) > PROVE_MAX;
}

static enum err prove_seeds(struct prover *pv, const struct prove_options *o,
                            struct errmsg *why)
{
    const struct lesson *l = pv->lesson;
    enum err e = ERR_OK;
    unsigned each =
        (unsigned)(2 + lesson_fixes(l) + lesson_wrongs(l) + lesson_steps(l));
    pv->parts = each * o->count;
    for (unsigned i = 0; e == ERR_OK && i < o->count; i++) {
        pv->seed = o->seed + i;
        pv->thorough = (pv->seed - pv->first_seed) % PROVE_EVERY == 0;
        pv->done = each * i;
        e = prove_seed(pv, why);
        pv->done = each * (i + 1) - 1;
        prove_tick(pv);
        if (e == ERR_OK && pv->stopped)
            e = errmsg_set(why, ERR_STOPPED, "stopped after %u of %u seeds", i + 1,
                           o->count);
    }
    if (e == ERR_OK && pv->out->n == 0 && *pv->only && o->seed == o->first)
        e = found_nothing(pv, why);
    return e;
}

enum err prove_within(struct proof *out, const struct prove_options *o,
                      struct effort most,
                      bool (*progress)(void *ctx, unsigned done, unsigned all),
                      void *ctx, struct errmsg *why)
{
    struct prover pv = {.out = out,
                        .most = most,
                        .first_seed = o->first,
                        .only = o->only ? o->only : "",
                        .progress = progress,
                        .ctx = ctx};
    memset(out, 0, sizeof *out);
    out->ok = true;
    out->seeds = o->count;
    enum err e = lesson_load(&pv.lesson, o->text, o->len, o->name, why);
    if (e == ERR_OK && too_many(&pv))
        e = errmsg_set(why, ERR_LIMIT, "%s: at most %d moves, normals and traps",
                       o->name, PROVE_MAX);
    if (e == ERR_OK) {
        prove_text(&pv);
        e = prove_seeds(&pv, o, why);
    }
    lesson_unref(pv.lesson);
    return e;
}

enum err prove_lesson(struct proof *out, const struct prove_options *o,
                      bool (*progress)(void *ctx, unsigned done, unsigned all),
                      void *ctx, struct errmsg *why)
{
    const struct effort most = {PROVE_EVENTS, PROVE_STEPS};
    return prove_within(out, o, most, progress, ctx, why);
}
