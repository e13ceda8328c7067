/*
 * The learner's session: its clock. Opening is in session_open.c, inputs are in line_input.c
 * and notebook.c, steps in guided_steps.c, the tape in tape.c, what faces read in face_view.c
 * and transcript.c.
 *
 * The clock. A tick moves `target`; the run follows it in slices of events, so that a
 * face can look for keys in between. Whatever holds time (a question, unread text) pins
 * target to now.
 */
#include "ahead.h"
#include "session_internal.h"
#include "sheet.h"
#include "twin.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A wait takes at most this much of the learner's real time. */
#define WAIT_REAL (3 * SIM_SEC)

void session_feedback(struct session *s, enum tone t, const char *text)
{
    mem_free(s->feedback);
    s->feedback = text ? mem_strdup(text) : NULL;
    if (text)
        session_say(s, t, "%s", text);
    session_touch(s);
}

void session_finish(struct session *s)
{
    if (s->phase == PHASE_DEBRIEF)
        return;
    s->phase = PHASE_DEBRIEF;
    s->over = true;
    s->wait_until = 0;
    marks_release(s); /* no way leads back from here */
    tape_time(s, true);
    session_touch(s);
}

/* ---- each second ----------------------------------------------------------------- */

static void stop_wait(struct session *s)
{
    s->wait_until = 0;
    s->target = run_now(&s->run);
}

static bool is_broken(const struct session *s, fn_id fn)
{
    bool yes = s->nbroken == BROKEN_MAX;
    for (size_t i = 0; i < s->nbroken && !yes; i++)
        yes = s->broken_fns[i] == fn;
    return yes;
}

/* A function raised. That is the lesson's fault and no wrong answer: it is told once, and
 * the incident goes on without it, with a Lua state that was not stopped. */
void session_broken(struct session *s, fn_id fn, const struct errmsg *why)
{
    s->broken_fns[s->nbroken++] = fn;
    if (lesson_stopped(s->run.lua))
        lesson_state_reset(s->run.lua);
    if (str_eq(s->broken.text, why->text))
        return;
    s->broken = *why;
    stop_wait(s);
    session_say(s, TONE_BAD, "This lesson is broken: %s", why->text);
    session_say(s, TONE_WARN,
                "That is not your mistake. skip goes on without this step.");
}

bool session_true(struct session *s, fn_id fn)
{
    bool yes = false;
    struct errmsg why = {0};
    if (is_broken(s, fn))
        return false;
    enum err e = run_test(&s->run, fn, &yes, &why);
    if (e != ERR_OK)
        session_broken(s, fn, &why);
    return e == ERR_OK && yes;
}

double session_number(struct session *s, fn_id fn)
{
    assert(s->run.world);
    double v = NAN;
    struct errmsg why = {0};
    struct lesson_facts f = run_facts(&s->run);
    if (fn == FN_NONE || is_broken(s, fn))
        return NAN;
    if (lesson_number(s->run.lua, fn, &f, &v, &why) == ERR_OK)
        return v;
    session_broken(s, fn, &why);
    return NAN;
}

/* Something came up: a wait ends here, and says so if it had longer to go. */
void session_break_wait(struct session *s)
{
    sim_time left = s->wait_until - run_now(&s->run);
    stop_wait(s);
    if (left < 10 * SIM_SEC || s->replaying)
        return;
    struct buf b;
    buf_init(&b, 64);
    time_format(&b, left / SIM_SEC * SIM_SEC);
    session_say(s, TONE_DIM, "The wait ended there, with %s to go.", b.s);
    buf_release(&b);
}

/* Time pressure is never a condition: the guided mode leaves two hours more than the
 * proof looks at. */
sim_time session_end(const struct session *s)
{
    return lesson_info(s->lesson)->ends_at +
           (s->mode == MODE_GUIDED ? 2 * SIM_HOUR : 0);
}

bool session_on_second(void *ctx, struct run *r)
{
    struct session *s = ctx;
    session_touch(s);
    tape_time(s, false);
    mark_take(s);
    if (people_post(s, true) > 0)
        session_break_wait(s);
    forecast_check(s);
    step_check(s);
    if (run_now(r) >= session_end(s) && !s->over) {
        session_say(s, TONE_WARN, "The shift is over.");
        session_finish(s);
    }
    return run_now(r) < s->target && !s->over;
}

/* ---- the clock ------------------------------------------------------------------- */

enum hold session_hold(const struct session *s)
{
    if (s->phase == PHASE_DEBRIEF)
        return HOLD_OVER;
    if (s->phase == PHASE_BRIEFING)
        return HOLD_READING;
    if (s->paused)
        return HOLD_PAUSED;
    if (s->wait_until > run_now(&s->run))
        return HOLD_WAITING;
    if (step_holds(s))
        return HOLD_QUESTION;
    return s->unread ? HOLD_READING : HOLD_NONE;
}

/* The world ran away: said, and over. */
static void session_ran_away(struct session *s, const struct errmsg *why)
{
    s->run.midway = false; /* the world does not run any more */
    session_say(s, TONE_BAD, "The system ran away and was stopped: %s", why->text);
    session_finish(s);
}

/* People look up where that is due; the prover's sessions have nobody around. */
static enum err look_up(struct session *s, uint64_t *left)
{
    while (!s->over && !s->run.effort && !s->run.midway &&
           run_now(&s->run) >= s->people.due)
        if (people_look(s, left) == ERR_STOPPED)
            return ERR_STOPPED;
    return ERR_OK;
}

/* Like run_advance(), with people looking up on the way: the world does not go beyond
 * such a moment before they have. ERR_STOPPED and not *asked: more is owed. */
static enum err move(struct session *s, sim_time until, uint64_t *left, bool *asked,
                     struct errmsg *why)
{
    enum err e = look_up(s, left);
    *asked = false;
    while (e == ERR_OK && !*asked && (run_now(&s->run) < until || s->run.midway)) {
        sim_time stop = s->run.effort || s->people.due > until ? until : s->people.due;
        e = run_advance(&s->run, stop, left, asked, why);
        if (e == ERR_OK || *asked)
            e = look_up(s, left);
        if (run_now(&s->run) >= s->target)
            break;
    }
    return e;
}

enum err session_run_to(struct session *s, sim_time t, struct errmsg *why)
{
    assert(s->run.world);
    enum err e = ERR_OK;
    bool asked;
    while (e == ERR_OK && run_now(&s->run) < t && !s->over) {
        s->target = t;
        e = move(s, t, NULL, &asked, why);
    }
    if (e == ERR_LIMIT)
        session_ran_away(s, why);
    return e == ERR_STOPPED || e == ERR_LIMIT ? ERR_OK : e;
}

void session_settle(struct session *s)
{
    struct errmsg why = {0};
    if (session_come(s, NULL, &why) != ERR_OK)
        return;
    if (!s->over && run_settle(&s->run, &why) == ERR_LIMIT)
        session_ran_away(s, &why);
    if (look_up(s, NULL) != ERR_OK)
        BUG("people without a limit stopped");
}

/* Runs towards `target` with a budget of events; deals with what can go wrong. */
static enum err follow(struct session *s, uint64_t *left, struct errmsg *why)
{
    bool asked = false;
    enum err e = move(s, s->target, left, &asked, why);
    if (e == ERR_LIMIT)
        session_ran_away(s, why);
    if (s->wait_until && run_now(&s->run) >= s->wait_until) {
        s->wait_until = 0;
        tape_time(s, true);
        session_touch(s);
    }
    return e;
}

/* The time that is left of a tick: for the twin, then for the debrief to come. */
static enum err spare_time(struct session *s, uint64_t *left)
{
    enum err e = session_follow_twin(s, left);
    return e == ERR_OK && !s->run.effort ? ahead_work(s, left) : e;
}

enum err session_tick(struct session *s, sim_time elapsed, uint64_t max_events,
                      bool *more, struct errmsg *why)
{
    assert(elapsed >= 0 && more);
    *more = false;
    enum err opened = session_come(s, &max_events, why);
    if (opened != ERR_OK) {
        *more = opened == ERR_STOPPED;
        return *more ? ERR_OK : opened;
    }
    enum hold h = session_hold(s);
    sim_time now = run_now(&s->run);
    if (h != HOLD_NONE && h != HOLD_WAITING) {
        s->target = now;
        *more = spare_time(s, &max_events) == ERR_STOPPED;
        return ERR_OK;
    }
    double speed = h == HOLD_WAITING ? s->wait_speed : s->speed;
    if (s->target < now)
        s->target = now;
    s->target += (sim_time)((double)elapsed * speed);
    if (h == HOLD_WAITING && s->target > s->wait_until)
        s->target = s->wait_until;
    enum err e = follow(s, &max_events, why);
    if (e == ERR_OK)
        e = spare_time(s, &max_events);
    if (e != ERR_STOPPED)
        return e;
    *more = true;
    return ERR_OK;
}

enum err session_advance(struct session *s, sim_time until, struct errmsg *why)
{
    enum err e = session_come(s, NULL, why);
    s->unread = false; /* a caller of this has read */
    while (e == ERR_OK && run_now(&s->run) < until) {
        enum hold h = session_hold(s);
        if (h != HOLD_NONE && h != HOLD_WAITING)
            break;
        bool waiting = h == HOLD_WAITING;
        sim_time before = run_now(&s->run);
        s->target = until;
        e = follow(s, NULL, why);
        if (waiting && !s->wait_until)
            break; /* the wait ended, or something ended it */
        if (run_now(&s->run) == before)
            break;
    }
    s->target = run_now(&s->run);
    return e;
}

void session_wait(struct session *s, sim_time duration)
{
    assert(duration >= 0);
    if (duration <= 0)
        return;
    s->wait_from = run_now(&s->run);
    s->wait_until = s->wait_from + duration;
    s->target = s->wait_from;
    double fast = (double)duration / (double)WAIT_REAL;
    s->wait_speed = fast > s->speed ? fast : s->speed;
    session_touch(s);
}

void session_interrupt(struct session *s)
{
    session_settle(s);
    if (!s->wait_until)
        return;
    stop_wait(s);
    tape_time(s, true);
    session_say(s, TONE_DIM, "Stopped waiting.");
}

void session_pause(struct session *s, bool on)
{
    session_settle(s);
    if (s->paused == on)
        return;
    s->paused = on;
    tape_time(s, true);
    session_touch(s);
}

void session_set_speed(struct session *s, double speed)
{
    assert(speed > 0);
    s->speed = speed < 0.25 ? 0.25 : speed > 64 ? 64 : speed;
    session_touch(s);
}

void session_set_columns(struct session *s, int columns)
{
    s->columns = columns < 40 ? 40 : columns > 200 ? 200 : columns;
}

void session_read(struct session *s)
{
    session_settle(s);
    if (s->opening) /* opening never ends now */
        return;
    s->unread = s->phase == PHASE_BRIEFING && s->mode == MODE_GUIDED;
    if (s->phase == PHASE_BRIEFING || (s->feedback && !s->over))
        tape_put(s, "read", ""); /* or a replay would show it again */
    if (s->phase == PHASE_BRIEFING)
        s->phase = PHASE_PLAY;
    mem_free(s->feedback);
    s->feedback = NULL;
    s->tickets_read = s->people.n;
    session_touch(s);
}

void session_seen(struct session *s, const char *subject)
{
    session_settle(s);
    bool again = strings_has(&s->seen, subject);
    if (s->phase != PHASE_PLAY || (again && !evidence_waits(s, subject)))
        return;
    tape_put(s, "seen", subject);
    evidence_look(s, subject);
    strings_add(&s->seen, subject);
    strings_add(&s->seen_ever, subject);
    step_check(s);
}

uint64_t session_digest(const struct session *s)
{
    return world_digest(s->run.world);
}

void session_take_tape(struct session *s, struct buf *out)
{
    buf_add(out, s->tape.s, s->tape.len);
    buf_reset(&s->tape);
}
