/*
 * The rules by which people write: when each speaks, who writes, and in what words. Each
 * rule is a row; the first that has something to say writes, and nobody writes within a
 * minute of another.
 *
 * Words are of what the writer can know. Support sees complaints, not causes: so the words
 * say that people have trouble, and never which.
 */
#include "people.h"
#include "session_internal.h"

#include <math.h>

#define QUIET_AFTER  SIM_MIN /* of any letter */
#define PATIENCE     (10 * SIM_MIN)
#define WRONG_SINCE  (10 * SIM_MIN)
#define SOON         (2 * SIM_MIN)
#define WORSE_SHARE  0.10
#define WORSE_WITHIN (8 * SIM_MIN)

/* ---- when ------------------------------------------------------------------------ */

static bool told_after(const struct sight *v, enum reaction_kind k, sim_time t)
{
    return people_told_at(v->p, k) >= t;
}

static bool not_well(const struct sight *v)
{
    const struct told *l = &v->p->last;
    return v->still && l->at >= 0 && l->state >= STATE_MITIGATED &&
           l->state < UPDATE_STATE_COUNT && v->p->since < l->at &&
           v->now >= l->at + SOON && v->now <= l->at + 15 * SIM_MIN &&
           !told_after(v, REACTION_NOT_WELL, l->at);
}

static bool worse(const struct sight *v)
{
    sim_time at = v->last_change;
    if (!v->still || at == SIM_FOREVER || v->now < at + SOON ||
        v->now > at + WORSE_WITHIN || told_after(v, REACTION_WORSE, at))
        return false;
    struct impact before = people_hurt(v->s, at - 3 * SIM_MIN, at);
    struct impact after = people_hurt(v->s, v->now - SOON, v->now);
    return after.share > before.share + WORSE_SHARE; /* false where nobody came */
}

/* Users are well, and were not. */
static bool better(const struct sight *v)
{
    return !v->p->hurt && v->p->was_hurt &&
           !told_after(v, REACTION_BETTER, v->p->since);
}

static bool again(const struct sight *v)
{
    return v->still && people_told(v->p, REACTION_BETTER) > 0 &&
           !told_after(v, REACTION_AGAIN, v->p->since) &&
           v->now >= v->p->since + LOOK_WINDOW + SIM_MIN;
}

static bool silence(const struct sight *v)
{
    sim_time from = v->page;
    from = v->p->since > from ? v->p->since : from;
    from = v->p->last.at > from ? v->p->last.at : from;
    return v->still && v->now >= from + PATIENCE &&
           people_told(v->p, REACTION_SILENCE) < 3 &&
           !told_after(v, REACTION_SILENCE, v->now - PATIENCE + 1);
}

static bool late(const struct sight *v)
{
    const struct told *l = &v->p->last;
    bool done = !v->p->hurt && l->state >= STATE_CURED && l->state < UPDATE_STATE_COUNT;
    return l->at >= 0 && l->next != SIM_FOREVER && !done && l->next > l->at &&
           v->now > l->next + NEXT_GRACE && !told_after(v, REACTION_LATE, l->at);
}

/* When it really began; SIM_FOREVER: nobody was hurt. */
static sim_time truth_since(const struct sight *v)
{
    return people_hurt(v->s, 0, v->now).since;
}

static bool since_wrong(const struct sight *v)
{
    const struct told *l = &v->p->last;
    if (l->at < 0 || l->since == SIM_FOREVER || v->now < l->at + SIM_MIN ||
        told_after(v, REACTION_SINCE, l->at))
        return false;
    sim_time truth = truth_since(v);
    return truth != SIM_FOREVER &&
           (l->since > truth + WRONG_SINCE || l->since < truth - WRONG_SINCE);
}

/* More (1) or fewer (-1) than was said; 0: about as many. */
static int number_off(const struct sight *v)
{
    const struct told *l = &v->p->last;
    double night = (double)people_hurt(v->s, 0, l->at).lost;
    double page = (double)people_hurt(v->s, v->page, l->at).lost;
    double least = page < night ? page : night, most = page < night ? night : page;
    return l->number < least / 2 ? 1 : l->number > 2 * most ? -1 : 0;
}

static bool number_wrong(const struct sight *v)
{
    const struct told *l = &v->p->last;
    return l->at >= 0 && l->number >= 0 && v->now >= l->at + SIM_MIN &&
           !told_after(v, REACTION_NUMBER, l->at) && number_off(v) != 0;
}

static bool over(const struct sight *v)
{
    const struct told *l = &v->p->last;
    bool said = l->at >= 0 && l->state >= STATE_CURED && l->state < UPDATE_STATE_COUNT;
    return !v->p->hurt && v->p->was_hurt && !said && v->now >= v->p->since + PATIENCE &&
           !told_after(v, REACTION_OVER, v->p->since);
}

static bool customer(const struct sight *v)
{
    return v->still && v->now >= v->p->since + 3 * SIM_MIN &&
           v->now >= v->page + 2 * SIM_MIN &&
           people_told(v->p, REACTION_CUSTOMER) < 3 &&
           !told_after(v, REACTION_CUSTOMER, v->now - 11 * SIM_MIN);
}

/* ---- which of its words ---------------------------------------------------------- */

static bool changed(const struct sight *v)
{
    return v->last_change != SIM_FOREVER &&
           v->last_change >= v->p->since - 15 * SIM_MIN;
}
static bool unchanged(const struct sight *v)
{
    return !changed(v);
}
static bool more(const struct sight *v)
{
    return number_off(v) > 0;
}
static bool fewer(const struct sight *v)
{
    return number_off(v) < 0;
}
static bool earlier(const struct sight *v)
{
    return truth_since(v) < v->p->last.since;
}
static bool later(const struct sight *v)
{
    return truth_since(v) > v->p->last.since;
}
static bool nothing_said(const struct sight *v)
{
    return v->p->last.at < 0;
}
static bool something_said(const struct sight *v)
{
    return v->p->last.at >= 0;
}
static bool mitigated(const struct sight *v)
{
    return v->p->last.state == STATE_MITIGATED;
}

enum { WORDS_MAX = 4 };
struct words {
    const char *text;
    bool (*when)(const struct sight *v); /* NULL: always */
};
struct rule {
    bool (*speaks)(const struct sight *v);
    const char *who; /* NULL: whoever answers for customers */
    struct words words[WORDS_MAX];
};

static const struct rule rules[] = {
    [REACTION_NOT_WELL] =
        {not_well,
         NULL,
         {{"You wrote \"{state}\". I still get complaints, so I cannot tell customers "
           "that. What is true?",
           NULL},
          {"I copied your \"{state}\" to customers. They answer that it does not work. "
           "Please look again.",
           NULL}}},
    [REACTION_WORSE] = {worse,
                        NULL,
                        {{"It got worse after {changed}. More people have trouble now "
                          "than before. Did "
                          "you change something?",
                          NULL},
                         {"I get more complaints than before {changed}. Was that you?",
                          NULL}}},
    [REACTION_AGAIN] = {again,
                        NULL,
                        {{"It has come back. People have trouble again.", NULL},
                         {"It was fine for a while. Now people complain again.",
                          NULL}}},
    [REACTION_BETTER] =
        {better,
         NULL,
         {{"Customers write that it works again. Was it what you changed at {changed}?",
           changed},
          {"It works again for the people I asked. What do I tell the others?",
           changed},
          {"It seems to work again. Did you do something?", unchanged},
          {"No new complaints. Did somebody repair it, or did it stop by itself?",
           unchanged}}},
    [REACTION_SILENCE] =
        {silence,
         NULL,
         {{"Customers ask me what is going on, and I have nothing to tell them. What "
           "do "
           "you know so far?",
           nothing_said},
          {"People have had trouble for a while, and nobody has said anything. Even "
           "\"we are looking\" would help me.",
           nothing_said},
          {"I still get complaints, and your last update is old. Is there anything "
           "new?",
           something_said},
          {"People have had trouble for {minutes} minutes. What can I tell them now?",
           something_said}}},
    [REACTION_LATE] =
        {late,
         NULL,
         {{"You promised news for {next}. It is {clock}. People are waiting.", NULL},
          {"It is {clock}, and the update of {next} has not come. Is there any news?",
           NULL}}},
    [REACTION_SINCE] =
        {since_wrong,
         NULL,
         {{"You wrote that it began at {told}. I have complaints that are older.",
           earlier},
          {"You wrote that it began at {told}. At that time everything still worked. "
           "Who "
           "looked that up?",
           later}}},
    [REACTION_NUMBER] = {number_wrong,
                         NULL,
                         {{"You wrote: {number}. It must be far more people; my list "
                           "is longer than that.",
                           more},
                          {"You wrote: {number}. That sounds like far too many. The "
                           "press asked me about "
                           "it. Are you sure?",
                           fewer}}},
    [REACTION_OVER] =
        {over,
         NULL,
         {{"No complaint for {quiet} minutes. Is it over? May I tell people so?",
           nothing_said},
          {"No complaint for {quiet} minutes. Your last word was \"{state}\". Is it "
           "over, or can it come back?",
           mitigated},
          {"It has been quiet for {quiet} minutes. Is it over?", NULL}}},
    [REACTION_CUSTOMER] =
        {customer,
         "A customer",
         {{"I tried again just now. It still does not work. Does anybody read this?",
           NULL},
          {"Is it my computer, or is it you? My neighbour cannot get through, either.",
           NULL},
          {"I have tried for a long time now. Should I go somewhere else?", NULL}}},
};
_Static_assert(COUNT_OF(rules) == REACTION_COUNT, "a row for each rule");

/* ---- choosing and writing -------------------------------------------------------- */

static const struct person *person_of(const struct lesson *l, const char *id)
{
    for (size_t i = 0; i < lesson_persons(l); i++)
        if (str_eq(lesson_person(l, i)->id, id))
            return lesson_person(l, i);
    return NULL;
}

static bool used(const struct sight *v, size_t reaction)
{
    for (size_t i = 0; i < v->p->n; i++)
        if (v->p->letters[i].reaction == reaction)
            return true;
    return false;
}

static bool said_before(const struct sight *v, const char *text)
{
    for (size_t i = 0; i < v->p->n; i++)
        if (str_eq(v->p->inbox[i].text, text))
            return true;
    return false;
}

static size_t turn(const struct sight *v, enum reaction_kind k)
{
    uint64_t h = hash_u64(hash_u64(0, v->s->seed), (uint64_t)k + 1);
    return (size_t)(h % 1024) + people_told(v->p, k);
}

static bool write_own(const struct sight *v, enum reaction_kind k, struct buf *b)
{
    const struct lesson *l = v->s->lesson;
    size_t n = lesson_reactions(l), start = n ? turn(v, k) % n : 0;
    for (size_t j = 0; j < n; j++) {
        size_t i = (start + j) % n;
        const struct reaction *x = lesson_reaction(l, i);
        if (x->on != (int)k || used(v, i) ||
            (x->when != FN_NONE && !session_true(v->s, x->when)))
            continue;
        buf_reset(b);
        if (!people_text(v, x->says, b))
            continue;
        people_deliver(v->s, k, i, person_heading(v->s, person_of(l, x->by)), b->s,
                       false);
        return true;
    }
    return false;
}

/* `fresh`: in words that nobody has written yet. */
static bool write_common(const struct sight *v, enum reaction_kind k, struct buf *b,
                         bool fresh)
{
    if (lesson_design(v->s->lesson))
        return false; /* nobody is at the desk of a night that was planned */
    const struct rule *r = &rules[k];
    size_t n = 0;
    while (n < WORDS_MAX && r->words[n].text)
        n++;
    for (size_t j = 0; j < n; j++) {
        const struct words *w = &r->words[(turn(v, k) + j) % n];
        if (w->when && !w->when(v))
            continue;
        buf_reset(b);
        if (!people_text(v, w->text, b) || (fresh && said_before(v, b->s)))
            continue;
        people_deliver(v->s, k, COMMON_WORDS, r->who ? r->who : people_desk(v->s), b->s,
                       false);
        return true;
    }
    return false;
}

void people_speak(const struct sight *v)
{
    const struct people *p = v->p;
    if (p->n > 0 && v->now < p->inbox[p->n - 1].at + QUIET_AFTER)
        return;
    struct buf b;
    buf_init(&b, 600);
    bool said = write_own(v, REACTION_OWN, &b);
    for (enum reaction_kind k = REACTION_OWN + 1; k < REACTION_COUNT && !said; k++)
        said = rules[k].speaks(v) &&
               (write_own(v, k, &b) || write_common(v, k, &b, true) ||
                write_common(v, k, &b, false));
    buf_release(&b);
}
