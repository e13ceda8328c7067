/*
 * The texts that people write, with values filled in; and the heading of a writer.
 */
#include "people.h"
#include "session_internal.h"

#include <string.h>

/* ---- values ---------------------------------------------------------------------- */

static bool put_clock(const struct sight *v, sim_time t, struct buf *out)
{
    if (t != SIM_FOREVER)
        clock_format(out, lesson_info(v->s->lesson)->day_start, t, false);
    return t != SIM_FOREVER;
}

static bool put_minutes(const struct sight *v, sim_time from, struct buf *out)
{
    if (from != SIM_FOREVER)
        buf_addf(out, "%d", (int)((v->now - from) / SIM_MIN));
    return from != SIM_FOREVER;
}

static bool put_text(const char *text, struct buf *out)
{
    if (text)
        buf_adds(out, text);
    return text;
}

static bool put_change(const struct sight *v, struct buf *out)
{
    for (size_t i = recording_changes(v->s->run.rec); i-- > 0;) {
        const struct change *c = recording_change(v->s->run.rec, i);
        if (str_eq(c->who, "you"))
            return put_text(c->title, out);
    }
    return false;
}

static bool put_clock_value(const struct sight *v, struct buf *out)
{
    return put_clock(v, v->now, out);
}
static bool put_minutes_value(const struct sight *v, struct buf *out)
{
    return v->p->hurt && put_minutes(v, v->p->since, out);
}
static bool put_since_value(const struct sight *v, struct buf *out)
{
    return put_clock(v, people_hurt(v->s, 0, v->now).since, out);
}
static bool put_quiet_value(const struct sight *v, struct buf *out)
{
    return !v->p->hurt && put_minutes(v, v->p->since, out);
}
static bool put_change_value(const struct sight *v, struct buf *out)
{
    return put_change(v, out);
}
static bool put_changed_value(const struct sight *v, struct buf *out)
{
    return put_clock(v, v->last_change, out);
}
static bool put_state_value(const struct sight *v, struct buf *out)
{
    const struct told *l = &v->p->last;
    return l->at >= 0 && l->state < UPDATE_STATE_COUNT &&
           put_text(update_state_words()[l->state], out);
}
static bool put_told_value(const struct sight *v, struct buf *out)
{
    return put_clock(v, v->p->last.at < 0 ? SIM_FOREVER : v->p->last.since, out);
}
static bool put_number_value(const struct sight *v, struct buf *out)
{
    return put_text(v->p->last.number_text, out);
}
static bool put_next_value(const struct sight *v, struct buf *out)
{
    return put_clock(v, v->p->last.at < 0 ? SIM_FOREVER : v->p->last.next, out);
}

static bool put_value(const struct sight *v, const char *name, size_t n,
                      struct buf *out)
{
#define X(word, doc)                                                                   \
    if (n == sizeof #word - 1 && !strncmp(name, #word, n))                             \
        return put_##word##_value(v, out);
    PEOPLE_VALUES(X)
#undef X
    return false;
}

bool people_text(const struct sight *v, const char *text, struct buf *out)
{
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "{");
        buf_add(out, p, plain);
        p += plain;
        if (!*p)
            break;
        size_t n = strcspn(p + 1, "}");
        if (!put_value(v, p + 1, n, out))
            return false;
        p += 1 + n + (p[1 + n] == '}');
    }
    return true;
}

/* ---- writers --------------------------------------------------------------------- */

/* "Mara (support)"; of a longer role the name alone. */
const char *person_heading(struct session *s, const struct person *p)
{
    struct buf b;
    buf_init(&b, 200);
    buf_adds(&b, p->name);
    if (strlen(p->role) <= 16)
        buf_addf(&b, " (%s)", p->role);
    const char *kept = strings_keep(&s->words, b.s);
    buf_release(&b);
    return kept;
}

const char *people_desk(struct session *s)
{
    for (size_t i = 0; i < lesson_persons(s->lesson); i++)
        if (lesson_person(s->lesson, i)->desk)
            return person_heading(s, lesson_person(s->lesson, i));
    const struct stage *g = s->run.stage;
    for (size_t i = 0; i < g->ntickets; i++)
        if (!g->tickets[i].page)
            return g->tickets[i].who;
    return "Support";
}
