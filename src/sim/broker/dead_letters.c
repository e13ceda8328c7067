/*
 * Dead letters one by one: what lies there, and what an operator does with one or with
 * all of them: they are processed again, or dropped for good.
 */
#include "broker/subscription.h"
#include "engine/kind.h"
#include "truecode/world.h"

#include <stdio.h>

static struct dead_letter *letters(const struct world *w, comp_id c)
{
    return W_PTR(w, struct dead_letter, sub_of(w, c)->dead);
}

size_t world_dead_letters(const struct world *w, comp_id c,
                          struct dead_letter_view *out, size_t max)
{
    if (c >= w->model->ncomps || w->comps[c].kind != &kind_subscription)
        return 0;
    size_t n = sub_of(w, c)->ndead;
    for (size_t i = 0; i < n && i < max; i++) {
        const struct dead_letter *d = &letters(w, c)[i];
        out[i] = (struct dead_letter_view){.partition = d->partition + 1,
                                           .request = d->message.request,
                                           .tries = d->tries,
                                           .published = d->message.published};
    }
    return n;
}

/* Takes a letter out by its number; those behind move up. */
static struct dead_letter take(struct world *w, comp_id c, uint32_t number)
{
    struct subscription_state *s = sub_of(w, c);
    assert(number >= 1 && number <= s->ndead);
    struct dead_letter d = letters(w, c)[number - 1];
    for (uint32_t i = number; i < s->ndead; i++)
        letters(w, c)[i - 1] = letters(w, c)[i];
    s->ndead--;
    return d;
}

static enum err which(const struct world *w, comp_id c, const struct action *a,
                      uint32_t *number, struct errmsg *why)
{
    uint32_t n = sub_of(w, c)->ndead;
    *number = 0;
    if (n == 0)
        return errmsg_set(why, ERR_REFUSED, "%s has no dead letters", w->comps[c].name);
    if (!action_gives(a, 0))
        return ERR_OK;
    if (a->args[0].as.count < 1 || a->args[0].as.count > n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has dead letters 1 to %u",
                          w->comps[c].name, n);
    *number = (uint32_t)a->args[0].as.count;
    return ERR_OK;
}

static void tell(const struct world *w, comp_id c, const char *verb, uint32_t n,
                 struct effect *fx)
{
    snprintf(fx->title, sizeof fx->title, "%s %s: %u dead letter%s, %u left", verb,
             w->comps[c].name, n, n == 1 ? "" : "s", sub_of(w, c)->ndead);
}

enum err dead_letters_op(struct world *w, comp_id c, bool drop, const struct action *a,
                         struct effect *fx, struct errmsg *why)
{
    struct subscription_state *s = sub_of(w, c);
    uint32_t number, n = s->ndead;
    enum err refused = which(w, c, a, &number, why);
    if (refused != ERR_OK)
        return refused;
    if (number > 0) {
        struct dead_letter d = take(w, c, number);
        n = 1;
        if (!drop)
            dead_letter_again(w, c, &d);
    } else if (drop) {
        s->ndead = 0;
    } else {
        (void)dead_letters_replay(w, c);
    }
    s->skipped += drop ? n : 0;
    if (!drop)
        sub_wake(w, c);
    tell(w, c, drop ? "drop" : "replay", n, fx);
    return ERR_OK;
}
