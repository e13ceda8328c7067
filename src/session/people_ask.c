/*
 * ask: what somebody answers. First what the lesson says that this person knows; then what
 * anybody would know who stands there: support how customers are, and everybody what they
 * changed themselves.
 */
#include "people.h"
#include "session_internal.h"

#include <string.h>
#include <strings.h>

static bool about_matches(const struct session *s, const char *about, const char *asked)
{
    comp_id a = model_find(s->run.stage->lw.model, about);
    comp_id b = model_find(s->run.stage->lw.model, asked);
    return strcasecmp(about, asked) == 0 || (a != COMP_NONE && a == b);
}

static const char *known_answer(struct session *s, const struct person *p,
                                const char *asked)
{
    for (size_t i = 0; i < p->nknows; i++) {
        const struct known *k = &p->knows[i];
        if (about_matches(s, k->about, asked) &&
            (k->when == FN_NONE || session_true(s, k->when)))
            return k->says;
    }
    return NULL;
}

/* The newest change by that person, of that component where one is asked about. */
static const struct change *own_change(const struct session *s, const struct person *p,
                                       comp_id comp)
{
    for (size_t i = recording_changes(s->run.rec); i-- > 0;) {
        const struct change *c = recording_change(s->run.rec, i);
        if (str_eq(c->who, p->name) && (comp == COMP_NONE || c->comp == comp))
            return c;
    }
    return NULL;
}

static bool answer_changes(struct session *s, const struct person *p, const char *asked,
                           struct buf *out)
{
    comp_id comp = model_find(s->run.stage->lw.model, asked);
    if (comp == COMP_NONE && strcasecmp(asked, "changes") != 0)
        return false;
    const struct change *c = own_change(s, p, comp);
    if (!c && comp != COMP_NONE)
        return false;
    if (!c) {
        buf_adds(out, "I have changed nothing tonight.");
        return true;
    }
    buf_adds(out, "I changed that at ");
    clock_format(out, lesson_info(s->lesson)->day_start, c->at, false);
    buf_addf(out, ": %s.", c->title);
    return true;
}

static bool asks_for_users(const struct session *s, const char *asked)
{
    static const char *const words[] = {"users", "customers", "people", "complaints"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasecmp(words[i], asked) == 0)
            return true;
    comp_id c = model_find(s->run.stage->lw.model, asked);
    return c != COMP_NONE &&
           str_eq(model_kind(s->run.stage->lw.model, c)->name, "client");
}

/* How it is now, not how it was when people last looked up. */
static void answer_users(struct session *s, struct buf *out)
{
    struct sight v = people_sight(s);
    struct impact moment = people_hurt(s, v.now - LOOK_MOMENT, v.now);
    const char *text = people_counts(s, &moment)
                           ? "Customers write that they have trouble. They still do."
                       : people_hurt(s, 0, v.now).lost > 0
                           ? "There were complaints. In the last moments nobody wrote."
                           : "Nobody has complained.";
    buf_adds(out, text);
}

static void answer(struct session *s, const struct person *p, const char *asked,
                   struct buf *out)
{
    const char *known = known_answer(s, p, asked);
    if (known)
        buf_adds(out, known);
    else if (p->desk && asks_for_users(s, asked))
        answer_users(s, out);
    else if (!answer_changes(s, p, asked, out))
        buf_addf(out, "About %s I can tell you nothing. Ask somebody who works on it.",
                 asked);
}

void people_ask(struct session *s, size_t person, const char *about)
{
    if (person >= lesson_persons(s->lesson))
        return;
    const struct person *p = lesson_person(s->lesson, person);
    struct buf b;
    buf_init(&b, 4000);
    if (about && *about)
        answer(s, p, about, &b);
    else if (p->desk)
        answer_users(s, &b);
    else if (!answer_changes(s, p, "changes", &b))
        buf_adds(&b, "What do you want to know?");
    session_say(s, TONE_ACCENT, "%s: %s", person_heading(s, p), b.s);
    buf_release(&b);
}

/* ---- for the console ------------------------------------------------------------- */

void people_introduce(struct session *s)
{
    size_t n = lesson_persons(s->lesson);
    struct arena *mem = &s->bystander_mem;
    s->bystanders = arena_alloc(mem, (n + 1) * sizeof *s->bystanders);
    for (size_t i = 0; i < n; i++) {
        const struct person *p = lesson_person(s->lesson, i);
        const char **topics = arena_alloc(mem, (p->nknows + 1) * sizeof *topics);
        for (size_t k = 0; k < p->nknows; k++)
            topics[k] = p->knows[k].about;
        s->bystanders[i] = (struct bystander){.id = p->id,
                                              .name = p->name,
                                              .role = p->role,
                                              .topics = topics,
                                              .ntopics = p->nknows};
    }
}
