/*
 * Do the facts carry the diagnosis? At the page of every seed:
 *
 *   facts   each fact is so if it fits what is right, and is not so otherwise; a real
 *           command shows the place where it is seen; each rival is excluded by a fact;
 *           and what the first screen shows unasked leaves PLAUSIBLE_LEAST suspects.
 *
 * And each find step: its own answer is taken, garbage is not, and none is done by a
 * glance at everything.
 */
#include "prove_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- at the page ----------------------------------------------------------------- */

static void judge_fact(struct prover *pv, const struct case_fact *f)
{
    struct errmsg why = {0};
    bool is = false;
    enum err e = run_test(&pv->base, f->when, &is, &why);
    if (e != ERR_OK)
        prove_result(pv, PROOF_FACTS, f->name, false, NAN, "%.180s", why.text);
    else
        prove_result(pv, PROOF_FACTS, f->name, is == f->holds, NAN,
                     f->holds ? "it fits what is right, and is not so at the page"
                              : "it fits only what is wrong, and is so at the page");
}

/* ---- can it be seen? ------------------------------------------------------------- */

static bool line_shows(const struct prover *pv, const char *line, const char *subject)
{
    struct console_ctx ctx = {0};
    struct effects fx = {0};
    struct out out;
    bool yes = false;
    run_console(&pv->base, &ctx);
    out_init(&out);
    if (console_run(&ctx, line, &out, &fx) == ERR_OK)
        for (size_t i = 0; i < fx.n; i++)
            yes |= fx.list[i].kind == EFFECT_SEEN && str_eq(fx.list[i].text, subject);
    effects_release(&fx);
    out_release(&out);
    return yes;
}

/* Whether some line that only looks shows it. */
static bool can_be_seen(const struct prover *pv, const char *subject)
{
    static const char *const lines[] = {"status",
                                        "map",
                                        "alerts",
                                        "changes",
                                        "tickets",
                                        "ps %s",
                                        "db %s",
                                        "db sessions %s",
                                        "db locks %s",
                                        "db statements %s",
                                        "db tables %s",
                                        "db indexes %s",
                                        "db replicas %s",
                                        "db backups %s",
                                        "stacks %s",
                                        "logs %s",
                                        "logs %s --level debug",
                                        "logs %s --level warn",
                                        "traces %s",
                                        "metrics %s",
                                        "config %s",
                                        "cache %s",
                                        "cache ttl",
                                        "queue %s",
                                        "queue dead %s",
                                        "jobs %s",
                                        "chart %s",
                                        "tls %s",
                                        "dig %s",
                                        "balancer %s",
                                        "flag %s"};
    const char *metric = strstr(subject, ":metric.");
    char name[200], line[400];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(subject, ":"), subject);
    if (metric) {
        snprintf(line, sizeof line, "chart %s.%s", name, metric + strlen(":metric."));
        if (line_shows(pv, line, subject))
            return true;
        snprintf(line, sizeof line, "chart %s", name);
        return line_shows(pv, line, subject);
    }
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        const char *at = strstr(lines[i], "%s");
        snprintf(line, sizeof line, "%.*s%s%s", (int)(at ? at - lines[i] : 99),
                 lines[i], at ? name : "", at ? at + 2 : "");
        if (line_shows(pv, line, subject))
            return true;
    }
    return false;
}

static void judge_places(struct prover *pv, const struct case_fact *f)
{
    for (size_t i = 0; i < f->nseen; i++)
        prove_result(pv, PROOF_FACTS, "each can be seen where it says",
                     can_be_seen(pv, f->seen[i]), NAN,
                     "fact '%.60s': no command shows '%.60s'", f->name, f->seen[i]);
}

/* ---- do they tell suspects apart? ------------------------------------------------ */

static void judge_suspects(struct prover *pv)
{
    const struct lesson *l = pv->lesson;
    size_t n = lesson_suspects(l);
    prove_result(pv, PROOF_FACTS, "3 to 6 suspects",
                 n >= SUSPECTS_MIN || lesson_info(l)->quiet || lesson_design(l), NAN,
                 "%zu suspects: name what else it could plausibly be", n);
    for (size_t i = 0; i < n; i++) {
        char name[64];
        bool excluded = false;
        const struct suspect *x = lesson_suspect(l, i);
        if (!lesson_rival(l, i) || lesson_info(l)->quiet)
            continue;
        for (size_t k = 0; k < lesson_case_facts(l) && !excluded; k++)
            excluded = case_fact_excludes(l, lesson_case_fact(l, k), i);
        snprintf(name, sizeof name, "not %.25s %.30s", x->component,
                 mechanism_word(x->mechanism));
        prove_result(pv, PROOF_FACTS, name, excluded, NAN,
                     "no fact tells it from what is right");
    }
}

/* ---- at first sight -------------------------------------------------------------- */

enum { PLAUSIBLE_LEAST = 3 };

/* Whether the first screen shows a fact's place before anybody has asked for anything: a
 * number that the business measures. */
static bool at_first_sight(const struct prover *pv, const struct case_fact *f)
{
    const struct lesson_world *lw = &pv->base.stage->lw;
    for (size_t i = 0; i < f->nseen; i++) {
        size_t n = strcspn(f->seen[i], ":");
        for (size_t k = 0; k < lw->nshown; k++) {
            const char *name = model_name(lw->model, lw->shown[k].comp);
            bool whole =
                f->seen[i][n] == '\0' || str_starts(f->seen[i] + n, ":metric.");
            if (whole && strlen(name) == n && strncmp(f->seen[i], name, n) == 0)
                return true;
        }
    }
    return false;
}

static bool excluded_at_first_sight(const struct prover *pv, size_t suspect)
{
    const struct lesson *l = pv->lesson;
    for (size_t i = 0; i < lesson_case_facts(l); i++) {
        const struct case_fact *f = lesson_case_fact(l, i);
        struct errmsg why = {0};
        bool is = !f->holds;
        if (case_fact_excludes(l, f, suspect) && at_first_sight(pv, f) &&
            run_test(&pv->base, f->when, &is, &why) == ERR_OK && is == f->holds)
            return true;
    }
    return false;
}

static void judge_first_sight(struct prover *pv)
{
    size_t all = lesson_suspects(pv->lesson), left = 0;
    if (all == 0 || lesson_info(pv->lesson)->quiet)
        return;
    for (size_t i = 0; i < all; i++)
        left += !excluded_at_first_sight(pv, i);
    prove_result(pv, PROOF_FACTS, "several are plausible at first sight",
                 left >= PLAUSIBLE_LEAST, NAN,
                 "the first screen leaves %zu of %zu suspects, and should leave %d",
                 left, all, PLAUSIBLE_LEAST);
}

void prove_facts(struct prover *pv)
{
    judge_first_sight(pv);
    if (pv->seed == pv->first_seed)
        judge_suspects(pv);
    for (size_t i = 0; i < lesson_case_facts(pv->lesson); i++) {
        judge_fact(pv, lesson_case_fact(pv->lesson, i));
        if (pv->seed == pv->first_seed)
            judge_places(pv, lesson_case_fact(pv->lesson, i));
    }
}

/* ---- findings -------------------------------------------------------------------- */

void prove_finding(struct prover *pv, struct session *s)
{
    static const char *const garbage[] = {"cheese", "x", "-1", "19:99", "the cloud"};
    const struct step *st = step_current(s);
    struct finding_view view;
    if (!st || !st->finding)
        return;
    for (size_t i = 0; i < COUNT_OF(garbage); i++)
        prove_result(pv, PROOF_STEPS, "no finding is garbage",
                     finding_judge(s, st->finding, garbage[i], &view) != STEP_RIGHT,
                     NAN, "step %s takes \"%s\"", st->id, garbage[i]);
}

static bool all_seen(const void *ctx, const char *subject)
{
    (void)ctx;
    (void)subject;
    return true;
}

void prove_glance(struct prover *pv, struct session *s)
{
    const struct step *st = step_current(s);
    if (!st || !st->kind->reached)
        return;
    bool (*seen)(const void *ctx, const char *subject) = s->run.seen;
    s->run.seen = all_seen;
    bool done = step_reached(s);
    s->run.seen = seen;
    prove_result(pv, PROOF_STEPS, "none is done at a glance", !done, NAN,
                 "step %s is done by looking at things: ask what was found (find)",
                 st->id);
}
