/*
 * The words for closed lists: why a request waits, why it fails, how a table is locked.
 */
#include "truecode/cause.h"

#define X(name, phrase) phrase,
static const char *const locks[] = {LOCK_MODE_LIST(X) "row", "shared row", "advisory"};
static const char *const causes[] = {CAUSE_LIST(X)};
static const char *const reasons[] = {REASON_LIST(X)};
#undef X

const char *cause_phrase(enum cause c)
{
    return (unsigned)c < CAUSE_COUNT ? causes[c] : "";
}

const char *reason_phrase(enum reason r)
{
    return (unsigned)r < REASON_COUNT ? reasons[r] : "";
}

const char *const *lock_forms(void)
{
    return locks;
}
