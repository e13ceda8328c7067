/*
 * Sights: what a screen may tell unasked. A business measures little, and what it does not
 * measure stands on no map and no chart until somebody has looked there: else the first
 * glance would give the cause away. A look at a part of a component is one at all of it.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <assert.h>
#include <string.h>

/* "checkout", "checkout:pool" and "checkout.pool:metrics" are looks at checkout. */
comp_id looked_at(const struct model *m, const char *subject)
{
    char name[128];
    size_t n = strcspn(subject, ":");
    if (n >= sizeof name)
        return COMP_NONE;
    memcpy(name, subject, n);
    name[n] = '\0';
    return comp_top(m, model_find(m, name));
}

static void learn(struct session *s, comp_id c)
{
    if (c == COMP_NONE || s->known[c])
        return;
    s->known[c] = true;
    s->nknown++;
}

const bool *session_known(struct session *s)
{
    const struct lesson_world *lw = &s->run.stage->lw;
    if (lw->nshown == 0 || s->phase == PHASE_DEBRIEF)
        return NULL;
    if (s->known && s->known_seen == s->seen_ever.n)
        return s->known;
    size_t n = model_comps(lw->model);
    if (!s->known)
        s->known = mem_array(n, sizeof *s->known);
    memset(s->known, 0, n * sizeof *s->known);
    s->nknown = 0;
    for (size_t i = 0; i < lw->nshown; i++)
        learn(s, comp_top(lw->model, lw->shown[i].comp));
    for (size_t i = 0; i < s->seen_ever.n; i++)
        learn(s, looked_at(lw->model, s->seen_ever.s[i]));
    s->known_seen = s->seen_ever.n;
    return s->known;
}
