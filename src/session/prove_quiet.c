/*
 * The night on which nothing is wrong, as a blind draw may bring it. The world of such a night
 * is the healthy twin's, which is looked at for every seed (prove_twin.c); here it is played
 * once: by somebody who looks, leaves it alone and closes it, and by somebody who restarts
 * everything.
 */
#include "prove_internal.h"
#include "quiet.h"
#include "thoughtless.h"

#include <math.h>

#define GOOD_ENOUGH 90 /* points of somebody who does all there is to do */

static struct session_options quiet_options(struct prover *pv)
{
    return (struct session_options){.lesson = pv->lesson,
                                    .seed = pv->seed,
                                    .mode = MODE_BLIND,
                                    .quiet = true,
                                    .effort = &pv->effort,
                                    .twin = pv->twin.world ? &pv->twin : NULL};
}

static bool noise_fires(const struct session *s)
{
    size_t noise = s->run.stage->lw.noise;
    for (size_t i = 0; i < recording_alerts(s->run.rec); i++) {
        struct alert a = recording_alert(s->run.rec, i);
        if (a.index == noise && a.until == SIM_FOREVER)
            return true;
    }
    return noise == SIZE_MAX;
}

static enum err judge_untouched(struct prover *pv, const struct run *page,
                                struct errmsg *why)
{
    struct session_options o = quiet_options(pv);
    struct session *s;
    struct report r = {0};
    enum err e = session_open_at(&s, &o, page, why);
    if (e != ERR_OK)
        return e;
    session_read(s);
    prove_play_line(s, "status", SIZE_MAX);
    prove_play_line(s, "changes", SIZE_MAX);
    prove_play_line(s, "hurt nobody", SIZE_MAX);
    e = session_advance(s, run_now(&s->run) + quiet_watch(s), why);
    bool fires = noise_fires(s);
    prove_play_line(s, "resolve closed", SIZE_MAX);
    if (e == ERR_OK)
        e = session_report_early(s, &r, why);
    if (e == ERR_OK)
        prove_result(pv, PROOF_QUIET, "left alone and closed",
                     r.score.outcome == OUTCOME_CLEAR && r.score.total >= GOOD_ENOUGH &&
                         fires,
                     (r.score.total - GOOD_ENOUGH) / (100.0 - GOOD_ENOUGH),
                     "%s, %d of 100%s", outcome_phrase(r.score.outcome), r.score.total,
                     fires ? "" : "; its alert does not fire");
    report_release(&r);
    session_free(s);
    return e;
}

static enum err judge_restarted(struct prover *pv, const struct run *page,
                                struct errmsg *why)
{
    struct session_options o = quiet_options(pv);
    struct score score = {0};
    struct session *s;
    enum err e = session_open_at(&s, &o, page, why);
    if (e != ERR_OK)
        return e;
    e = thoughtless_play(PLAYER_restarter, s, &score, why);
    session_free(s);
    if (e == ERR_OK)
        prove_result(
            pv, PROOF_QUIET, "restarted, all of it",
            score.outcome == OUTCOME_MEDDLED &&
                score.total <= outcome_most(OUTCOME_MEDDLED),
            1 - score.total / 100.0, "%s, %d of 100; %llu lost, left alone %llu",
            outcome_phrase(score.outcome), score.total,
            (unsigned long long)score.bad_you, (unsigned long long)score.bad_nothing);
    return e;
}

/* A lesson that names no cause has no such night, and its row "twin" says so. */
enum err prove_quiet(struct prover *pv, struct errmsg *why)
{
    struct errmsg ignored = {0};
    struct stage *g = lesson_info(pv->lesson)->quiet
                          ? NULL
                          : quiet_stage(pv->lesson, pv->seed, &ignored);
    if (!g)
        return ERR_OK;
    struct run page;
    enum err e = run_open(&page, g, pv->seed, why);
    stage_unref(g);
    if (e == ERR_OK) {
        page.effort = &pv->effort;
        e = run_advance(&page, lesson_info(pv->lesson)->starts_at, NULL, NULL, why);
    }
    if (e == ERR_OK)
        e = judge_untouched(pv, &page, why);
    if (e == ERR_OK)
        e = judge_restarted(pv, &page, why);
    run_release(&page);
    return e;
}
