/*
 * The fates of messages or values so far, in one sentence, from a component's
 * counters; what never happened is left out.
 */
#include "console_internal.h"
#include "lookup.h"

void tell_fates(struct call *c, const char *lead, comp_id comp,
                const struct fate_word *f, size_t n)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++) {
        comp_id of = f[i].owner ? model_owner(c->m, comp) : comp;
        double times = world_metric(c->w, of, f[i].metric, 0);
        if (times <= 0 || is_hidden_metric(c, of, f[i].metric))
            continue;
        buf_addf(&b, "%s%s %s", b.len ? ", " : "", count(c, times), f[i].word);
        seen_metric(c, of, f[i].metric);
    }
    if (b.len)
        para(c, TONE_NORMAL, 0, strf(c, "%s %s.", lead, b.s));
    buf_release(&b);
}
