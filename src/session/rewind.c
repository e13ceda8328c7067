/*
 * Going back. A mark is kept every two simulated minutes: a copy of the world and a
 * recording that shares its chunks. A rewind takes the latest mark before the moment,
 * and lives the rest again with the same actions, so that it ends exactly there. World,
 * step and recording go back; notes, what was seen, hints, predictions and suspicions
 * do not.
 */
#include "session_internal.h"

#include <assert.h>
#include <string.h>

#define MARK_EVERY (2 * SIM_MIN)
#define MARK_BYTES (48u << 20)

static void mark_drop(struct session *s, size_t i)
{
    assert(i < s->nmarks);
    world_free(s->marks[i].world);
    recording_free(s->marks[i].rec);
    memmove(&s->marks[i], &s->marks[i + 1], (s->nmarks - i - 1) * sizeof s->marks[0]);
    s->nmarks--;
}

/* Too much memory: every second mark goes, the first and the last stay. */
static void marks_thin(struct session *s)
{
    size_t bytes = 0;
    for (size_t i = 0; i < s->nmarks; i++)
        bytes += world_bytes(s->marks[i].world);
    if (bytes <= MARK_BYTES)
        return;
    for (size_t i = s->nmarks; i > 2; i -= 2)
        mark_drop(s, i - 2);
}

void mark_push(struct session *s)
{
    assert(s->nmarks <= s->marks_cap);
    sim_time now = run_now(&s->run);
    if (mode_on_call(s->mode) || (s->nmarks && s->marks[s->nmarks - 1].at >= now))
        return;
    struct world *copy = world_fork(s->run.world);
    if (!copy)
        return; /* no memory: there are older ones to come back to */
    GROW(s->marks, s->nmarks, s->marks_cap);
    s->marks[s->nmarks++] =
        (struct mark){.at = now, .world = copy, .rec = recording_fork(s->run.rec)};
    marks_thin(s);
}

void mark_take(struct session *s)
{
    if (run_now(&s->run) % MARK_EVERY == 0)
        mark_push(s);
}

void marks_release(struct session *s)
{
    while (s->nmarks > 0)
        mark_drop(s, s->nmarks - 1);
    mem_free(s->marks);
    s->marks = NULL;
    s->marks_cap = 0;
}

/* ---- what was done --------------------------------------------------------------- */

void action_remember(struct session *s, const struct action *a)
{
    GROW(s->actions, s->nactions, s->actions_cap);
    struct done_action *d = &s->actions[s->nactions++];
    *d = (struct done_action){.at = run_now(&s->run),
                              .busy_until = s->run.busy_until,
                              .action = *a,
                              .nnotes = s->nnotes,
                              .nsaids = s->nsaids,
                              .nsheet = s->sheet.n,
                              .nseen = s->seen_ever.n,
                              .nfacts = s->nfacts_seen};
    d->action.name = strings_keep(&s->words, a->name ? a->name : "");
    for (size_t i = 0; i < a->nargs; i++)
        if (a->args[i].type == VALUE_TEXT && a->args[i].as.text)
            d->action.args[i].as.text = strings_keep(&s->words, a->args[i].as.text);
}

/* ---- rewinding ------------------------------------------------------------------- */

/* Actions at t itself are undone, too: else nobody could take back a change made at
 * the page, where the clock stands. */
static void forget_actions_from(struct session *s, sim_time t)
{
    while (s->nactions > 0 && s->actions[s->nactions - 1].at >= t)
        s->nactions--;
    for (size_t i = 0; i < IMPROVEMENTS_MAX; i++)
        if (s->run.improved_at[i] >= t)
            s->run.improved_at[i] = SIM_FOREVER;
}

static void change_times(struct session *s)
{
    const struct done_action *a = s->actions;
    size_t n = s->nactions;
    s->run.first_change = n ? a[0].at : SIM_FOREVER;
    s->run.last_change = n ? a[n - 1].at : SIM_FOREVER;
    s->run.busy_until = n ? a[n - 1].busy_until : 0;
}

/* The same actions at the same moments, up to t, without steps being looked at. */
static enum err live_again(struct session *s, sim_time t, struct errmsg *why)
{
    assert(t >= run_now(&s->run));
    bool (*hook)(void *, struct run *) = s->run.on_second;
    s->run.on_second = NULL;
    enum err e = ERR_OK;
    sim_time from = run_now(&s->run);
    for (size_t i = 0; e == ERR_OK && i < s->nactions; i++) {
        if (s->actions[i].at < from)
            continue; /* a mark is taken before the inputs of its moment */
        e = run_advance(&s->run, s->actions[i].at, NULL, NULL, why);
        if (e == ERR_OK)
            e = run_apply(&s->run, &s->actions[i].action, "you", why);
    }
    if (e == ERR_OK)
        e = run_advance(&s->run, t, NULL, NULL, why);
    s->run.on_second = hook;
    return e;
}

static enum err restore(struct session *s, const struct mark *m, struct errmsg *why)
{
    assert(m && m->world);
    struct world *world = world_fork(m->world);
    if (!world)
        return errmsg_set(why, ERR_LIMIT, "there is no memory left for going back");
    lesson_state_reset(s->run.lua);
    world_free(s->run.world);
    recording_free(s->run.rec);
    s->run.world = world;
    s->run.rec = recording_fork(m->rec);
    s->run.sampled = m->at / SIM_SEC * SIM_SEC;
    s->run.midway = false;
    return ERR_OK;
}

/* The first branch is what counts: it is kept as it stands now. */
static enum err branch_keep(struct session *s, struct errmsg *why)
{
    assert(!s->first.run.world);
    struct branch *b = &s->first;
    enum err e = run_fork(&b->run, &s->run, why);
    if (e != ERR_OK)
        return e;
    b->nnotes = s->nnotes;
    b->nsaids = s->nsaids;
    b->nsheet = s->sheet.n;
    b->nseen = s->seen_ever.n;
    b->nfacts = s->nfacts_seen;
    b->hints = s->hints_total;
    b->shown = steps_shown(s);
    b->answered = questions_answered(s);
    b->wrong_answers = s->wrong_answers;
    b->nactions = s->nactions;
    b->actions = mem_array(s->nactions + 1, sizeof *b->actions);
    for (size_t i = 0; i < s->nactions; i++)
        b->actions[i] = s->actions[i];
    for (size_t i = 0; i < s->nnotes; i++)
        s->notes[i].open_then = s->notes[i].open;
    for (size_t i = 0; i < s->nforecasts; i++)
        s->forecasts[i].told_then = s->forecasts[i].told;
    return ERR_OK;
}

void branch_release(struct branch *b)
{
    run_release(&b->run);
    mem_free(b->actions);
    memset(b, 0, sizeof *b);
}

/* Back to the step that was open at t. */
static void step_back(struct session *s, sim_time t)
{
    size_t then = s->step;
    while (then > 0 && s->began[then] > t)
        then--;
    s->run.step_started = s->began[then];
    if (then == s->step)
        return;
    for (size_t i = then; i < lesson_steps(s->lesson); i++)
        s->status[i] = STEP_OPEN;
    s->step = then;
    s->hints_shown = 0;
    s->wrong_here = 0;
    s->moot = false;
    strings_release(&s->seen);
}

/* Traps may fire again. A prediction that nothing came of yet waits for the next
 * change, or is asked for again with its step. */
static void expectations_back(struct session *s, sim_time t)
{
    size_t kept = 0;
    for (size_t i = 0; i < lesson_traps(s->lesson); i++)
        if (s->trapped_at[i] > t)
            s->trapped_at[i] = SIM_FOREVER;
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast f = s->forecasts[i];
        f.armed = f.armed && (f.told || f.armed_at < t);
        f.made = f.armed ? f.made : 0;
        f.confounded = f.confounded && f.confounded_at < t;
        if (f.told || f.step < s->step)
            s->forecasts[kept++] = f;
    }
    s->nforecasts = kept;
}

/* Sets what the faces show of the moment. */
static void face_back(struct session *s)
{
    s->wait_until = 0;
    s->target = run_now(&s->run);
    people_back(s, s->target);
    if (s->tickets_read > s->people.n)
        s->tickets_read = s->people.n;
    session_feedback(s, TONE_NORMAL, NULL);
    session_say(s, TONE_ACCENT,
                "Back in time. From here on it is practice: the first branch counts.");
}

static const struct mark *mark_before(const struct session *s, sim_time t)
{
    const struct mark *best = NULL;
    for (size_t i = 0; i < s->nmarks && s->marks[i].at <= t; i++)
        best = &s->marks[i];
    return best;
}

enum err session_rewind(struct session *s, sim_time to, struct errmsg *why)
{
    if (mode_on_call(s->mode))
        return errmsg_set(why, ERR_REFUSED, "There is no going back on call.");
    const struct mark *m = mark_before(s, to);
    if (!m || to > run_now(&s->run))
        return errmsg_set(why, ERR_INPUT,
                          "You can go back to any moment between the page and now.");
    enum err e = s->practice ? ERR_OK : branch_keep(s, why);
    if (e == ERR_OK)
        e = restore(s, m, why);
    if (e != ERR_OK)
        return e;
    while (s->nmarks > 0 && s->marks[s->nmarks - 1].at > to)
        mark_drop(s, s->nmarks - 1);
    forget_actions_from(s, to);
    e = live_again(s, to, why);
    change_times(s);
    step_back(s, to);
    expectations_back(s, to);
    s->practice = true;
    face_back(s);
    return e;
}
