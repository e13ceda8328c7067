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
    {"drain", "To let an instance finish its requests and give it no new ones."},
    {"endpoint", "One thing that a service can be asked for, like checkout/buy."},
    {"error rate",
     "The share of finished requests that failed. What hangs is not in it."},
    {"gauge", "A number that goes up and down, like the requests in flight."},
    {"goodput", "Answers for which somebody still waited."},
    {"in flight", "Begun and not yet finished."},
    {"instance", "One running copy of a service: checkout-3."},
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
