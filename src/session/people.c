/*
 * The inbox, and the moments at which people look up from their work (see people.h).
 */
#include "people.h"
#include "session_internal.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the inbox ------------------------------------------------------------------- */

static void put(struct people *p, struct ticket t, struct letter from)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->inbox = mem_grow(p->inbox, p->cap, sizeof *p->inbox);
        p->letters = mem_grow(p->letters, p->cap, sizeof *p->letters);
    }
    assert(p->n == 0 || p->inbox[p->n - 1].at <= t.at);
    p->pages += t.page;
    p->letters[p->n] = from;
    p->inbox[p->n++] = t;
}

static void tell(struct session *s, const struct ticket *t)
{
    struct buf b;
    buf_init(&b, 64);
    clock_format(&b, lesson_info(s->lesson)->day_start, t->at, false);
    session_say(s, t->page ? TONE_BAD : TONE_ACCENT, "%s  %s: %s", b.s, t->who,
                t->text);
    buf_release(&b);
}

void people_deliver(struct session *s, enum reaction_kind rule, size_t reaction,
                    const char *who, const char *text, bool page)
{
    struct ticket t = {.at = run_now(&s->run),
                       .who = strings_keep(&s->words, who),
                       .text = strings_keep(&s->words, text),
                       .page = page};
    put(&s->people, t, (struct letter){.rule = rule, .reaction = reaction});
    tell(s, &t);
    session_touch(s);
}

/* The pager does not ring again for an alert that it rang for a moment ago. */
#define RINGS_AGAIN (10 * SIM_MIN)
static bool rang_already(const struct recording *rec, size_t i)
{
    struct alert a = recording_alert(rec, i);
    for (size_t k = i; k-- > 0;) {
        struct alert b = recording_alert(rec, k);
        if (b.index == a.index && a.since - b.until < RINGS_AGAIN)
            return true;
    }
    return false;
}

/* A paging alert that has begun to fire. */
static size_t take_alerts(struct session *s, bool aloud)
{
    struct people *p = &s->people;
    size_t rung = 0, n = recording_alerts(s->run.rec);
    for (; p->alerts < n; p->alerts++) {
        struct alert a = recording_alert(s->run.rec, p->alerts);
        if (!a.rule->page || !aloud || rang_already(s->run.rec, p->alerts))
            continue;
        struct buf b;
        buf_init(&b, 400);
        buf_addf(&b, "alert: %s", a.rule->name);
        people_deliver(s, REACTION_COUNT, COMMON_WORDS, "Pager", b.s, true);
        buf_release(&b);
        rung++;
    }
    return rung;
}

size_t people_post(struct session *s, bool aloud)
{
    struct people *p = &s->people;
    size_t n = run_tickets(&s->run, run_now(&s->run)), came = 0;
    for (; p->scheduled < n; p->scheduled++, came++) {
        struct ticket t = s->run.stage->tickets[p->scheduled];
        struct buf words; /* live values are those of now */
        buf_init(&words, 0);
        session_words(s, t.text, &words);
        t.text = strings_keep(&s->words, words.s);
        buf_release(&words);
        put(p, t, (struct letter){.rule = REACTION_COUNT, .reaction = COMMON_WORDS});
        if (aloud)
            tell(s, &t);
    }
    return came + take_alerts(s, aloud);
}

size_t people_told(const struct people *p, enum reaction_kind rule)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->letters[i].rule == rule;
    return n;
}

sim_time people_told_at(const struct people *p, enum reaction_kind rule)
{
    for (size_t i = p->n; i-- > 0;)
        if (p->letters[i].rule == rule)
            return p->inbox[i].at;
    return -SIM_FOREVER;
}

/* ---- how users are --------------------------------------------------------------- */

static double allowed(const struct session *s)
{
    const struct slo *slo = model_get_slo(s->run.stage->lw.model);
    return slo ? 1 - slo->objective : 1;
}

/* More of them are served badly than the objective lets pass, whatever the reason. */
static bool looks_hurt(const struct session *s, sim_time from, sim_time to)
{
    struct fate f = recording_fate(s->run.rec, COMP_NONE, from, to);
    return f.bad > allowed(s) * (f.good + f.bad);
}

struct impact people_hurt(struct session *s, sim_time from, sim_time to)
{
    struct fate f = recording_fate(s->run.rec, COMP_NONE, from, to);
    const struct recording *twin = looks_hurt(s, from, to) ? session_twin(s) : NULL;
    if (twin)
        return impact_of(s->run.rec, twin, COMP_NONE, from, to);
    uint64_t all = (uint64_t)(f.good + f.bad);
    uint64_t bad = looks_hurt(s, from, to) ? (uint64_t)f.bad : 0;
    return (struct impact){.all = all,
                           .lost = bad,
                           .share = all ? (double)bad / (double)all : NAN,
                           .since = bad ? from : SIM_FOREVER};
}

bool people_counts(const struct session *s, const struct impact *h)
{
    return impact_counts(h, model_get_slo(s->run.stage->lw.model));
}

/* Users are hurt once they are in the window and in the last moments of it; and well when
 * the whole window is without trouble. In between, and where nobody came, what was known
 * stays. */
static void take_mood(struct session *s, sim_time now)
{
    struct people *p = &s->people;
    struct impact h = people_hurt(s, now - LOOK_WINDOW, now);
    struct impact moment = people_hurt(s, now - LOOK_MOMENT, now);
    bool hurt = people_counts(s, &h);
    if (isnan(h.share) || (hurt && !p->hurt && !people_counts(s, &moment)))
        return;
    if (hurt == p->hurt && p->since != SIM_FOREVER)
        return;
    p->hurt = hurt;
    p->was_hurt |= hurt;
    p->since = now - LOOK_WINDOW;
    if (hurt && people_hurt(s, 0, now).since < p->since && !p->was_well)
        p->since = people_hurt(s, 0, now).since;
    p->was_well |= !hurt;
}

/* ---- looking up ------------------------------------------------------------------ */

struct sight people_sight(struct session *s)
{
    sim_time now = run_now(&s->run);
    struct impact h = people_hurt(s, now - LOOK_MOMENT, now);
    return (struct sight){.s = s,
                          .p = &s->people,
                          .now = now,
                          .still = s->people.hurt && people_counts(s, &h),
                          .page = lesson_info(s->lesson)->starts_at,
                          .last_change = s->run.last_change};
}

/* An update whose time or number nobody has compared yet. */
static bool has_to_compare(const struct people *p)
{
    return p->last.at >= 0 && (p->last.since != SIM_FOREVER || p->last.number >= 0);
}

enum err people_look(struct session *s, uint64_t *left)
{
    struct people *p = &s->people;
    sim_time now = run_now(&s->run);
    assert(now == p->due);
    if (looks_hurt(s, now - LOOK_WINDOW, now) || has_to_compare(p)) {
        enum err e = session_follow_twin(s, left);
        if (e != ERR_OK)
            return e;
    }
    p->due += LOOK_EVERY;
    size_t n = p->n;
    take_mood(s, now);
    struct sight v = people_sight(s);
    people_speak(&v);
    if (p->n > n)
        session_break_wait(s);
    return ERR_OK;
}

void people_begin(struct session *s)
{
    s->people = (struct people){.due = run_now(&s->run) + LOOK_EVERY,
                                .since = SIM_FOREVER,
                                .last = {.at = -1},
                                .pages = 0};
    people_post(s, false);
}

/* Letters of a time that is no more go; how users were is looked up again. */
void people_back(struct session *s, sim_time t)
{
    struct people *p = &s->people;
    while (p->n > 0 && p->inbox[p->n - 1].at > t)
        p->n--;
    p->scheduled = run_tickets(&s->run, t);
    p->alerts = recording_alerts(s->run.rec);
    p->hurt = p->was_hurt = p->was_well = false;
    p->since = SIM_FOREVER;
    p->due = lesson_info(s->lesson)->starts_at + LOOK_EVERY;
    for (; p->due <= t; p->due += LOOK_EVERY)
        take_mood(s, p->due);
}

void people_release(struct people *p)
{
    mem_free(p->inbox);
    mem_free(p->letters);
    mem_free(p->last.since_text);
    mem_free(p->last.next_text);
    mem_free(p->last.number_text);
    *p = (struct people){0};
}

/* ---- what they were told --------------------------------------------------------- */

/* "20:45", "at 9:05": since midnight; -1: no time of day begins here. */
static sim_time time_of_day(const char *p)
{
    char *end;
    if (!isdigit((unsigned char)p[0]))
        return -1;
    long h = strtol(p, &end, 10);
    if (*end != ':' || h < 0 || h > 23 || !isdigit((unsigned char)end[1]) ||
        !isdigit((unsigned char)end[2]))
        return -1;
    long m = strtol(end + 1, &end, 10);
    return m > 59 ? -1 : h * SIM_HOUR + m * SIM_MIN;
}

/* "15 minutes", "15m", "1 h": how long; -1: it is no duration. */
static sim_time duration_of(const char *p)
{
    char *end;
    long n = strtol(p, &end, 10);
    if (end == p || n < 0 || n > 1000)
        return -1;
    end += strspn(end, " ");
    return *end == 'm' ? n * SIM_MIN : *end == 'h' ? n * SIM_HOUR : -1;
}

/* The moment of that time of day which is nearest to `at`, on the side that is meant. */
static sim_time nearest(sim_time day, sim_time at, bool ahead)
{
    const sim_time DAY = 24 * SIM_HOUR, slack = 30 * SIM_MIN;
    sim_time t = day;
    while (t < at - (ahead ? slack : DAY - slack))
        t += DAY;
    while (t > at + (ahead ? DAY - slack : slack))
        t -= DAY;
    return t;
}

static sim_time people_moment(const struct session *s, const char *text, sim_time at,
                              bool ahead)
{
    sim_time start = lesson_info(s->lesson)->day_start;
    for (const char *p = text; p && *p; p++) {
        if (!isdigit((unsigned char)*p) || (p > text && isdigit((unsigned char)p[-1])))
            continue;
        sim_time day = time_of_day(p), d = day < 0 ? duration_of(p) : -1;
        if (day >= 0)
            return nearest(day - start, at, ahead);
        if (d >= 0)
            return ahead ? at + d : at - d;
    }
    return SIM_FOREVER;
}

static void keep_text(char **to, const char *text)
{
    mem_free(*to);
    *to = text ? mem_strdup(text) : NULL;
}

static enum update_state state_of(const char *word)
{
    for (enum update_state i = 0; i < UPDATE_STATE_COUNT; i++)
        if (word && str_eq(update_state_words()[i], word))
            return i;
    return UPDATE_STATE_COUNT;
}

void people_hear(struct session *s, const struct update *u)
{
    struct told *l = &s->people.last;
    struct claim c = claim_read(u->impact);
    l->at = run_now(&s->run);
    l->state = state_of(u->state);
    l->since = people_moment(s, u->since, l->at, false);
    l->next = people_moment(s, u->next, l->at, true);
    l->number = c.kind == CLAIM_REQUESTS ? c.number : -1;
    keep_text(&l->since_text, u->since);
    keep_text(&l->next_text, u->next);
    keep_text(&l->number_text, u->impact);
}
