/*
 * Going back. A mark is kept every two simulated minutes: a copy of the world and a
 * recording that shares its chunks. A rewind takes the latest mark before the moment,
 * and lives the rest again with the same actions, so that it ends exactly there. World,
 * step and recording go back; notes, what was seen, hints, predictions and suspicions
 * do not.
 */
#include "session_internal.h"

#include <string.h>

#define MARK_EVERY (2 * SIM_MIN)
#define MARK_BYTES (48u << 20)

static void mark_drop(struct session *s, size_t i)
{
    world_free(s->marks[i].world);
    recording_free(s->marks[i].rec);
    memmove(&s->marks[i], &s->marks[i + 1], (s->nmarks - i - 1) * sizeof(s->marks[0]));
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
    for (size_t i = s->nmarks > 2 ? s->nmarks - 2 : 0;
         i > 0 && i<s->nmarks; i -= i> 1 ? 2 : 1)
        mark_drop(s, i);
}

void mark_push(struct session *s)
{
    sim_time now = run_now(&s->run);
    if (s->mode != MODE_GUIDED || (s->nmarks && s->marks[s->nmarks - 1].at >= now))
        return;
    if (s->nmarks == s->marks_cap) {
        s->marks_cap = s->marks_cap ? 2 * s->marks_cap : 16;
        s->marks = mem_grow(s->marks, s->marks_cap, sizeof(*s->marks));
    }
    s->marks[s->nmarks++] = (struct mark){.at = now,
                                          .world = world_fork(s->run.world),
                                          .rec = recording_fork(s->run.rec),
                                          .step = s->step,
                                          .step_started = s->run.step_started};
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
    for (size_t i = 0; i < s->nactions; i++) {
        arena_release(&s->actions[i].mem);
        mem_free(s->actions[i].line);
    }
    mem_free(s->actions);
    s->actions = NULL;
    s->nactions = 0;
}

/* ---- what was done
 * -----------------------------------------------------------------------------------
 */

void action_copy(struct arena *mem, struct action *out, const struct action *a)
{
    *out = *a;
    out->name = arena_strdup(mem, a->name);
    for (size_t i = 0; i < a->nargs; i++)
        if (a->args[i].type == VALUE_TEXT && a->args[i].as.text)
            out->args[i].as.text = arena_strdup(mem, a->args[i].as.text);
}

void action_remember(struct session *s, const struct action *a, const char *line)
{
    if (s->nactions == s->actions_cap) {
        s->actions_cap = s->actions_cap ? 2 * s->actions_cap : 8;
        s->actions = mem_grow(s->actions, s->actions_cap, sizeof(*s->actions));
    }
    struct done_action *d = &s->actions[s->nactions++];
    memset(d, 0, sizeof(*d));
    d->at = run_now(&s->run);
    action_copy(&d->mem, &d->action, a);
    d->line = mem_strdup(line);
}

/* ---- rewinding
 * -------------------------------------------------------------------------------------------
 */

static void forget_actions_after(struct session *s, sim_time t)
{
    while (s->nactions > 0 && s->actions[s->nactions - 1].at > t) {
        struct done_action *d = &s->actions[--s->nactions];
        arena_release(&d->mem);
        mem_free(d->line);
    }
}

static void change_times(struct session *s)
{
    s->run.first_change = s->nactions ? s->actions[0].at : SIM_FOREVER;
    s->run.last_change = s->nactions ? s->actions[s->nactions - 1].at : SIM_FOREVER;
    s->run.busy_until = 0;
}

/* The same actions at the same moments, up to t, without steps being looked at. */
static enum err live_again(struct session *s, sim_time t, struct errmsg *why)
{
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
    return e == ERR_OK ? run_advance(&s->run, t, NULL, NULL, why) : e;
}

static enum err restore(struct session *s, const struct mark *m, struct errmsg *why)
{
    struct lesson *fresh = NULL;
    enum err e = lesson_reload(&fresh, s->lesson, why);
    if (e != ERR_OK)
        return e;
    lesson_free(s->run.lua);
    s->run.lua = fresh;
    world_free(s->run.world);
    recording_free(s->run.rec);
    s->run.world = world_fork(m->world);
    s->run.rec = recording_fork(m->rec);
    s->step = m->step;
    s->run.step_started = m->step_started;
    return ERR_OK;
}

enum err session_rewind(struct session *s, sim_time to, struct errmsg *why)
{
    if (s->mode != MODE_GUIDED)
        return errmsg_set(why, ERR_REFUSED, "There is no going back on call.");
    sim_time start = lesson_info(s->lesson)->starts_at;
    if (to < start || to > run_now(&s->run))
        return errmsg_set(why, ERR_INPUT,
                          "You can go back to any moment between the page and now.");
    bool (*hook)(void *, struct run *) = s->run.on_second;
    struct mark first = {.at = -1};
    const struct mark *best = &first;
    for (size_t i = 0; i < s->nmarks && s->marks[i].at <= to; i++)
        best = &s->marks[i];
    enum err e = ERR_OK;
    if (best->at < 0)
        return errmsg_set(why, ERR_REFUSED,
                          "No saved moment lies before that time yet.");
    if (!s->practice)
        e = run_fork(&s->scored, &s->run, why);
    if (e == ERR_OK)
        e = restore(s, best, why);
    if (e != ERR_OK)
        return e;
    while (s->nmarks > 0 && s->marks[s->nmarks - 1].at > to)
        mark_drop(s, s->nmarks - 1);
    forget_actions_after(s, to);
    change_times(s);
    e = live_again(s, to, why);
    change_times(s);
    s->run.on_second = hook;
    s->practice = true;
    s->wait_until = 0;
    s->target = run_now(&s->run);
    s->tickets_known = run_tickets(&s->run, s->target);
    if (s->tickets_read > s->tickets_known)
        s->tickets_read = s->tickets_known;
    session_say(s, TONE_ACCENT,
                "Back in time. From here on it is practice: the first branch counts.");
    return e;
}
