/*
 * Evidence: which facts have been on the screen, and what they leave of the suspects.
 *
 * A fact counts from the moment at which the learner looked where it can be seen while it
 * was as it really is. What was looked at before it came about, or after it was mended,
 * shows nothing. Facts are only ever added, so that a number of them says what was known
 * at a moment. Which suspect is right is never told: what is said follows from the facts
 * that were seen, for a right suspicion as for a wrong one.
 */
#include "session_internal.h"

#include <assert.h>
#include <string.h>

enum { NAMED_MOST = 3 };

/* ---- seeing ---------------------------------------------------------------------- */

static bool fact_seen(const struct session *s, size_t fact)
{
    for (size_t i = 0; i < s->nfacts_seen; i++)
        if (s->facts_seen[i] == fact)
            return true;
    return false;
}

static bool shows(const struct case_fact *f, const char *subject)
{
    for (size_t i = 0; i < f->nseen; i++)
        if (str_eq(f->seen[i], subject))
            return true;
    return false;
}

/* Shown there now as it really is, and not seen before. */
static bool news(struct session *s, size_t fact, const char *subject)
{
    const struct case_fact *f = lesson_case_fact(s->lesson, fact);
    return shows(f, subject) && !fact_seen(s, fact) &&
           session_true(s, f->when) == f->holds;
}

bool evidence_waits(struct session *s, const char *subject)
{
    for (size_t i = 0; i < lesson_case_facts(s->lesson); i++)
        if (news(s, i, subject))
            return true;
    return false;
}

void evidence_look(struct session *s, const char *subject)
{
    for (size_t i = 0; i < lesson_case_facts(s->lesson); i++)
        if (news(s, i, subject)) {
            assert(s->nfacts_seen < CASE_FACTS_MAX);
            s->facts_seen[s->nfacts_seen++] = i;
        }
}

/* ---- what it leaves -------------------------------------------------------------- */

static bool is_place(const struct session *s, const struct suspect *x, comp_id c)
{
    const struct model *m = s->run.stage->lw.model;
    bool yes = model_find(m, x->component) == c;
    for (size_t i = 0; i < x->nalso && !yes; i++)
        yes = model_find(m, x->also[i]) == c;
    return yes;
}

size_t suspect_of(const struct session *s, comp_id c, enum mechanism m)
{
    for (size_t i = 0; i < lesson_suspects(s->lesson); i++) {
        const struct suspect *x = lesson_suspect(s->lesson, i);
        if (x->mechanism == m && is_place(s, x, c))
            return i;
    }
    return SIZE_MAX;
}

static const struct case_fact *evidence_against(const struct session *s, size_t suspect,
                                                size_t nfacts)
{
    assert(nfacts <= s->nfacts_seen);
    for (size_t i = 0; i < nfacts; i++) {
        const struct case_fact *f = lesson_case_fact(s->lesson, s->facts_seen[i]);
        if (case_fact_excludes(s->lesson, f, suspect))
            return f;
    }
    return NULL;
}

struct rivals_left evidence_left(const struct session *s, size_t nfacts)
{
    struct rivals_left left = {0};
    for (size_t i = 0; i < lesson_suspects(s->lesson); i++) {
        bool open = !evidence_against(s, i, nfacts);
        left.open |= open ? 1u << i : 0;
        left.rivals += lesson_rival(s->lesson, i);
        left.rivals_open += open && lesson_rival(s->lesson, i);
    }
    return left;
}

bool evidence_tells(const struct session *s)
{
    return evidence_left(s, s->nfacts_seen).rivals_open == 0;
}

/* ---- saying it ------------------------------------------------------------------- */

static bool word_is_shared(const struct session *s, size_t suspect)
{
    const struct suspect *x = lesson_suspect(s->lesson, suspect);
    for (size_t i = 0; i < lesson_suspects(s->lesson); i++)
        if (i != suspect && lesson_suspect(s->lesson, i)->mechanism == x->mechanism)
            return true;
    return false;
}

static void suspect_name(const struct session *s, size_t suspect, struct buf *out)
{
    const struct suspect *x = lesson_suspect(s->lesson, suspect);
    buf_adds(out, mechanism_word(x->mechanism));
    if (word_is_shared(s, suspect))
        buf_addf(out, " in %s", x->component);
}

/* In the order of the course's list, which says nothing of who is right. */
void suspects_name(const struct session *s, uint32_t which, struct buf *out)
{
    size_t left = 0;
    for (uint32_t w = which; w; w &= w - 1)
        left++;
    bool first = true;
    for (enum mechanism m = 0; m < MECHANISM_COUNT; m++)
        for (size_t i = 0; i < lesson_suspects(s->lesson); i++) {
            if (!(which >> i & 1) || lesson_suspect(s->lesson, i)->mechanism != m)
                continue;
            left--;
            buf_adds(out, first ? "" : left == 0 ? " and " : ", ");
            suspect_name(s, i, out);
            first = false;
        }
}

static void say_fact(struct session *s, const char *before, const struct case_fact *f)
{
    struct buf words;
    buf_init(&words, 0);
    session_show(s, &f->tells, "tells", &words);
    session_say(s, TONE_WARN, "%s %s", before, words.s);
    buf_release(&words);
}

static unsigned bits(uint32_t which)
{
    unsigned n = 0;
    for (; which; which &= which - 1)
        n++;
    return n;
}

/* Few are named. Of many a name each would be a list to choose from. */
static void say_alike(struct session *s, size_t suspect, uint32_t open)
{
    struct buf names;
    buf_init(&names, 100);
    if (bits(open) > NAMED_MOST) {
        suspect_name(s, suspect, &names);
        buf_addf(&names, " and %u other things it could be", bits(open) - 1);
    } else {
        suspects_name(s, open, &names);
    }
    session_say(s, TONE_NORMAL, "What you have seen fits %s alike. What would differ?",
                names.s);
    buf_release(&names);
}

static void say_open(struct session *s, size_t suspect)
{
    uint32_t open = evidence_left(s, s->nfacts_seen).open;
    const struct suspect *x = lesson_suspect(s->lesson, suspect);
    for (size_t i = 0; i < lesson_suspects(s->lesson); i++) /* a part is no rival */
        if (lesson_suspect(s->lesson, i)->part && i != suspect)
            open &= ~(1u << i);
    if (open != 1u << suspect) {
        say_alike(s, suspect, open);
        if (x->reply.n)
            session_feedback_text(s, TONE_NORMAL, &x->reply, "reply");
        return;
    }
    struct buf name;
    buf_init(&name, 64);
    suspect_name(s, suspect, &name);
    session_say(s, TONE_NORMAL, "What you have seen fits %s alone.", name.s);
    buf_release(&name);
}

void evidence_on_suspicion(struct session *s, size_t suspect)
{
    if (lesson_case_facts(s->lesson) == 0)
        return;
    if (s->nfacts_seen == 0) {
        session_say(s, TONE_WARN,
                    "Nothing that you have seen so far speaks for it or against it. "
                    "What would show it?");
        return;
    }
    if (suspect == SIZE_MAX) {
        session_say(s, TONE_NORMAL,
                    "Nothing that you have seen so far speaks for it. What would show "
                    "it?");
        return;
    }
    const struct case_fact *f = evidence_against(s, suspect, s->nfacts_seen);
    if (f)
        say_fact(s, "But you saw something that does not go with it.", f);
    else
        say_open(s, suspect);
}

void evidence_on_exclusion(struct session *s, size_t suspect)
{
    if (lesson_case_facts(s->lesson) == 0 || suspect == SIZE_MAX)
        return;
    const struct case_fact *f = evidence_against(s, suspect, s->nfacts_seen);
    if (f)
        say_fact(s, "What you saw excludes it.", f);
    else
        session_say(s, TONE_WARN,
                    "Nothing that you have seen so far excludes it. What would?");
}
