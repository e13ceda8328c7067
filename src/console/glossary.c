/*
 * The words that this program uses everywhere, for `help WORD`. What a lesson says of a word
 * comes first; what can be wrong (mechanisms) has its own list.
 */
#include "console_internal.h"

#include <strings.h>

static const struct glossary_term terms[] = {
    {"alert",
     "A rule that watches a number. It fires when the number is bad for some time."},
    {"budget",
     "The error budget: how many requests may be bad in a time, after the promise."},
    {"burn",
     "How fast the error budget is used. At 1 it lasts exactly as long as it should."},
    {"cached",
     "A value that was kept from before, so that nobody has to work it out again."},
    {"client", "Who sends requests: users, or another program."},
    {"closed", "It was a false alarm: nothing was wrong, and nothing was changed."},
    {"cured", "The cause is gone. Users are well, and will stay so."},
    {"dead letter",
     "A message that was given up and is kept aside, to be looked at and run again."},
    {"drain", "To let an instance finish its requests and give it no new ones."},
    {"endpoint", "One thing that a service can be asked for, like checkout/buy."},
    {"error rate",
     "The share of finished requests that failed. What hangs is not in it."},
    {"gauge", "A number that goes up and down, like the requests in flight."},
    {"goodput", "Answers for which somebody still waited."},
    {"in flight", "Begun and not yet finished."},
    {"instance", "One running copy of a service: checkout-3."},
    {"jitter",
     "A random part of a wait, so that not everybody comes back in the same moment."},
    {"lag",
     "How far a reader is behind what was written: in time, in bytes or in messages."},
    {"latency", "How long a request took, from its start to its end."},
    {"mitigated", "Users are well, but the cause may still be there."},
    {"on-call", "To be the one who is called when something breaks."},
    {"outcome",
     "How the incident ended: users still suffer, too early to say, mitigated, cured, "
     "recovered. Of a night without an incident: nothing was wrong, or changed for "
     "nothing."},
    {"p50", "Half of the finished requests were at least as quick as this."},
    {"p99", "99 of 100 finished requests were at least as quick as this."},
    {"page", "A call by the pager: somebody has to look now."},
    {"pager", "The device that wakes whoever is on call."},
    {"pool", "Connections that are kept open. A request takes one and gives it back."},
    {"probe", "A small question to an instance, every few seconds: are you well?"},
    {"queue", "Work that waits for its turn."},
    {"recovered", "The cause is gone, and nothing is left of it: no backlog, no mess."},
    {"replica", "A copy of a database that follows the first one."},
    {"rollback", "To go back to the version before."},
    {"slo", "The promise to users: which share of requests has to be good."},
    {"span", "One part of a trace: a call, a wait, a piece of work."},
    {"timeout", "The time after which a caller stops waiting."},
    {"trace", "What one request did, and for how long, step by step."},
    {"ttl", "Time to live: how long a cached value may be used."},
};

size_t glossary_terms(const struct glossary_term **list)
{
    *list = terms;
    return COUNT_OF(terms);
}

const char *glossary_meaning(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(terms); i++)
        if (strcasecmp(terms[i].word, word) == 0)
            return terms[i].meaning;
    return NULL;
}

/* ---- the course ------------------------------------------------------------------ */

/* All that are given, in the order given. */
struct gathered {
    struct course_word *list;
    size_t n;
};

static void gather(struct gathered *g, struct glossary_term term, const char *from)
{
    for (size_t i = 0; i < g->n; i++)
        if (strcasecmp(g->list[i].term.word, term.word) == 0)
            return;
    g->list[g->n++] = (struct course_word){term, from};
}

static int by_word(const void *a, const void *b, void *ctx)
{
    const struct course_word *x = a, *y = b;
    (void)ctx;
    return strcasecmp(x->term.word, y->term.word);
}

size_t glossary_course(struct arena *mem, const struct lesson_words *lessons, size_t n,
                       const struct course_word **out)
{
    size_t most = COUNT_OF(terms) + MECHANISM_COUNT;
    for (size_t i = 0; i < n; i++)
        most += lessons[i].nterms;
    struct gathered g = {arena_alloc(mem, most * sizeof *g.list), 0};
    for (size_t i = 0; i < COUNT_OF(terms); i++)
        gather(&g, terms[i], "");
    for (int m = 0; m < MECHANISM_COUNT; m++)
        gather(&g,
               (struct glossary_term){mechanism_word((enum mechanism)m),
                                      mechanism_doc((enum mechanism)m)},
               "");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lessons[i].nterms; k++)
            gather(&g, lessons[i].terms[k], lessons[i].title);
    sort_stable(g.list, g.n, sizeof *g.list, by_word, NULL);
    *out = g.list;
    return g.n;
}
