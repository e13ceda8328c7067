/*
 * Words for now: the first variant of a text that holds, with its live values written as
 * people write them. The one place where a text of a lesson becomes a string.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <math.h>

/* ---- a number -------------------------------------------------------------------- */

static void live_text(struct buf *out, enum live_unit unit, double v, sim_time day)
{
    if (isnan(v)) {
        buf_adds(out, "not known");
        return;
    }
    switch (unit) {
    case LIVE_COUNT:
        number_count(out, v);
        break;
    case LIVE_SHARE:
        number_share(out, v);
        break;
    case LIVE_RATE:
        number_rate(out, v);
        break;
    case LIVE_DURATION:
        number_seconds(out, v / (double)SIM_SEC);
        break;
    case LIVE_CLOCK:
        clock_format(out, day, (sim_time)v, false);
        break;
    case LIVE_BYTES:
        number_unit(out, v, "bytes");
        break;
    case LIVE_NUMBER:
    case LIVE_UNIT_COUNT:
        number_text(out, v);
        break;
    }
}

/* ---- a text ---------------------------------------------------------------------- */

/* The one that answers a text's functions: a session, which tells of one that raised,
 * or a run. */
struct answers {
    bool (*is_true)(const void *ctx, fn_id fn);
    double (*number)(const void *ctx, fn_id fn);
    const void *ctx;
    const struct lesson *lesson;
};

static const struct variant *variant_of(const struct answers *a, const struct text *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->variants[i].when == FN_NONE || a->is_true(a->ctx, t->variants[i].when))
            return &t->variants[i];
    return NULL;
}

static void fill(const struct answers *a, const char *words, struct buf *out)
{
    struct text_slot slot;
    sim_time day = lesson_info(a->lesson)->day_start;
    for (; text_slot(words, &slot); words = slot.after) {
        const struct live_value *v = lesson_live_named(a->lesson, slot.name, slot.len);
        buf_add(out, words, (size_t)(slot.at - words));
        if (v)
            live_text(out, v->unit, a->number(a->ctx, v->value), day);
        else
            buf_addch(out, '{');
    }
    buf_adds(out, words);
}

static const struct variant *say(const struct answers *a, const struct text *t,
                                 struct buf *out)
{
    const struct variant *v = t ? variant_of(a, t) : NULL;
    if (v)
        fill(a, v->words, out);
    return v;
}

/* ---- in a run -------------------------------------------------------------------- */

static bool true_in_run(const void *ctx, fn_id fn)
{
    bool yes = false;
    struct errmsg ignored = {0};
    return run_test(ctx, fn, &yes, &ignored) == ERR_OK && yes;
}

static double number_in_run(const void *ctx, fn_id fn)
{
    const struct run *r = ctx;
    struct lesson_facts f = run_facts(r);
    struct errmsg ignored = {0};
    double v = NAN;
    return lesson_number(r->lua, fn, &f, &v, &ignored) == ERR_OK ? v : NAN;
}

bool run_text(const struct run *r, const struct text *t, struct buf *out)
{
    struct answers a = {true_in_run, number_in_run, r, run_lesson(r)};
    return say(&a, t, out);
}

/* ---- in a session ---------------------------------------------------------------- */

static bool true_in_session(const void *ctx, fn_id fn)
{
    return session_true((struct session *)(uintptr_t)ctx, fn);
}

static double number_in_session(const void *ctx, fn_id fn)
{
    return session_number((struct session *)(uintptr_t)ctx, fn);
}

void session_words(struct session *s, const char *words, struct buf *out)
{
    struct answers a = {true_in_session, number_in_session, s, s->lesson};
    fill(&a, words, out);
}

const struct variant *session_variant(struct session *s, const struct text *t)
{
    struct answers a = {true_in_session, number_in_session, s, s->lesson};
    return t ? variant_of(&a, t) : NULL;
}

bool session_text(struct session *s, const struct text *t, struct buf *out)
{
    struct answers a = {true_in_session, number_in_session, s, s->lesson};
    return say(&a, t, out);
}

bool session_show(struct session *s, const struct text *t, const char *what,
                  struct buf *out)
{
    bool said = session_text(s, t, out);
    if (said && s->onlooker)
        s->onlooker->shown(s->onlooker->ctx, s, t, what);
    return said;
}

void session_feedback_text(struct session *s, enum tone tone, const struct text *t,
                           const char *what)
{
    struct buf words;
    buf_init(&words, 0);
    bool said = session_show(s, t, what, &words);
    session_feedback(s, tone, said ? words.s : NULL);
    buf_release(&words);
}
