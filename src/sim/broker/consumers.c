/*
 * Members: the consumers of a subscription. Each instance of the service that it calls
 * has `consumers` of them, as long as it is up. When that changes, a queue goes on with
 * the others; the group of a log stops, all batches are cut short, and after
 * `rebalance` the partitions are shared out anew: partition p to member p modulo their
 * number.
 */
#include "broker/subscription.h"
#include "engine/kind.h"
#include "engine/telling.h"

/* ---- who there is --------------------------------------------------------------- */

static bool instance_in(const struct world *w, comp_id service, uint16_t number,
                        bool draining)
{
    if (number == 0)
        return true; /* a third party */
    enum instance_state state = comp_kind(w, service)->state(w, service, number);
    return state == INSTANCE_UP || (draining && state == INSTANCE_DRAINING);
}

/* Calls f for each that there should be, spread over the instances. */
static uint32_t wanted(const struct world *w, comp_id c, uint16_t *instances,
                       uint32_t max)
{
    const struct subscription_data *d = sub_data(w, c);
    uint32_t n = 0;
    if (d->service == COMP_NONE) {
        instances[n++] = 0;
        return n;
    }
    int most = comp_kind(w, d->service)->instances(w, d->service);
    for (int k = 1; k <= most && n < max; k++)
        if (instance_in(w, d->service, (uint16_t)k, false))
            instances[n++] = (uint16_t)k;
    return n;
}

uint32_t members_instances(const struct world *w, comp_id c)
{
    uint16_t instances[MEMBERS_MAX];
    return wanted(w, c, instances, MEMBERS_MAX);
}

static uint64_t all_of(const struct world *w, comp_id c, uint32_t instances)
{
    return (uint64_t)instances * (uint64_t)p_count(w, c, SB_CONSUMERS);
}

static uint32_t count(const struct world *w, comp_id c, uint32_t instances)
{
    uint64_t n = all_of(w, c, instances);
    return n < MEMBERS_MAX ? (uint32_t)n : MEMBERS_MAX;
}

enum err members_fit(const char *name, double instances, int64_t each,
                     struct errmsg *why)
{
    if (instances * (double)each <= MEMBERS_MAX)
        return ERR_OK;
    int64_t fit = (int64_t)(MEMBERS_MAX / instances);
    return errmsg_set(why, ERR_LIMIT,
                      "%s: %lld consumers in each of %.0f instances are %.0f; a "
                      "subscription has %d at most: %s%lld",
                      name, (long long)each, instances, instances * (double)each,
                      MEMBERS_MAX, fit > 0 ? "consumers = " : "fewer instances, ",
                      (long long)(fit > 0 ? fit : MEMBERS_MAX));
}

static bool as_wanted(const struct world *w, comp_id c, const uint16_t *instances,
                      uint32_t n)
{
    const struct subscription_state *s = sub_of(w, c);
    uint32_t all = count(w, c, n);
    if (all != s->nmembers)
        return false;
    for (uint32_t i = 0; i < all; i++)
        if (sub_member(w, c, i)->instance != instances[i % n])
            return false;
    return true;
}

/* ---- building the list ---------------------------------------------------------- */

void member_busy(struct world *w, comp_id c, struct member *m, bool busy)
{
    uint64_t *words = W_PTR(w, uint64_t, sub_of(w, c)->idle);
    uint64_t bit = UINT64_C(1) << m->index % 64;
    m->busy = busy;
    if (m->leaving)
        return; /* its number may be another's by now */
    if (busy)
        words[m->index / 64] &= ~bit;
    else
        words[m->index / 64] |= bit;
}

uint32_t member_idle(const struct world *w, comp_id c, uint32_t from)
{
    const struct subscription_state *s = sub_of(w, c);
    const uint64_t *words = W_PTR(w, uint64_t, s->idle);
    for (uint32_t i = from; i < s->nmembers; i = (i / 64 + 1) * 64) {
        uint64_t rest = words[i / 64] >> i % 64;
        if (rest != 0)
            return i + (uint32_t)__builtin_ctzll(rest);
    }
    return s->nmembers;
}

/* Both lists are in order of ordinal and instance: *at only ever rises. NULL: there was
 * no such member before. */
static struct member *member_before(const struct world *w, const ref *members,
                                    uint32_t n, uint32_t *at, uint16_t instance,
                                    uint16_t ordinal)
{
    for (; *at < n; ++*at) {
        struct member *m = member_at(w, members[*at]);
        if (m->instance == instance && m->ordinal == ordinal)
            return m;
        if (m->ordinal > ordinal || (m->ordinal == ordinal && m->instance > instance))
            break;
    }
    return NULL;
}

static void mark_idle(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    w_grow(w, &s->idle, &s->idle_cap, s->nmembers / 64 + 1, sizeof(uint64_t));
    memset(W_PTR(w, uint64_t, s->idle), 0, s->idle_cap * sizeof(uint64_t));
    for (uint32_t i = 0; i < s->nmembers; i++)
        member_busy(w, c, sub_member(w, c, i), sub_member(w, c, i)->busy);
}

/* Consumers that do not fit are not left out in silence. */
static void tell_left_out(struct world *w, comp_id c, uint64_t n)
{
    struct subscription_state *s = sub_of(w, c);
    uint32_t out = n > MEMBERS_MAX ? (uint32_t)(n - MEMBERS_MAX) : 0;
    if (out > 0 && out != s->left_out)
        w_log(w, c, 0, LOG_ERROR, 0,
              "%u consumers do not work: there are %d at most, and %llu are wanted",
              out, MEMBERS_MAX, (unsigned long long)n);
    s->left_out = out;
}

static void leave(struct world *w, comp_id c, struct member *m)
{
    deliveries_drop(w, c, m, -1);
    if (!m->busy)
        w_release(w, W_REF(w, m), sizeof *m);
}

void members_build(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    uint16_t instances[MEMBERS_MAX];
    uint32_t n = wanted(w, c, instances, MEMBERS_MAX), all = count(w, c, n);
    uint32_t cap = 0, before = s->nmembers, at = 0;
    ref fresh = 0;
    w_grow(w, &fresh, &cap, all + 1, sizeof(ref));
    for (uint32_t i = 0; i < before; i++)
        sub_member(w, c, i)->leaving = true;
    for (uint32_t i = 0; i < all; i++) {
        uint16_t instance = instances[i % n], ordinal = (uint16_t)(i / n);
        struct member *m =
            member_before(w, W_PTR(w, ref, s->members), before, &at, instance, ordinal);
        if (!m)
            m = W_PTR(w, struct member, w_alloc(w, sizeof *m));
        m->instance = instance;
        m->ordinal = ordinal;
        m->leaving = false;
        m->index = i;
        W_PTR(w, ref, fresh)[i] = W_REF(w, m);
    }
    for (uint32_t i = 0; i < before; i++)
        if (sub_member(w, c, i)->leaving)
            leave(w, c, sub_member(w, c, i));
    w_release(w, s->members, s->members_cap * sizeof(ref));
    s->members = fresh;
    s->members_cap = cap;
    s->nmembers = all;
    mark_idle(w, c);
    tell_left_out(w, c, all_of(w, c, n));
}

/* ---- changes -------------------------------------------------------------------- */

/* What is out at an instance that is not there any more is lost to the cursor. */
static void crash_cursors(struct world *w, comp_id c)
{
    const struct subscription_data *d = sub_data(w, c);
    for (ref r = sub_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next) {
        const struct act *a = act_at(w, r);
        if (a->delivery.ticket == 0 &&
            a->delivery.stamp == cursor_at(w, c, a->delivery.partition)->fence &&
            !instance_in(w, d->service, a->instance, true))
            cursor_crash(w, c, a->delivery.partition);
    }
}

static void rebalance(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    sim_time pause = p_time(w, c, SB_REBALANCE);
    crash_cursors(w, c);
    deliveries_drop(w, c, NULL, -1);
    s->rebalances += !s->rebalancing;
    s->rebalancing = true;
    cal_cancel(w, &s->timer);
    w_log(w, c, 0, LOG_INFO, 0, "rebalancing: its consumers have changed");
    if (pause == 0)
        sub_assign(w, c);
    else
        s->timer = cal_after(w, pause, EV_KIND + SE_ASSIGN, c, 0, 0);
}

void sub_assign(struct world *w, comp_id c)
{
    sub_of(w, c)->rebalancing = false;
    members_build(w, c);
    sub_wake(w, c);
}

void sub_members_changed(struct world *w, comp_id c)
{
    uint16_t instances[MEMBERS_MAX];
    uint32_t n = wanted(w, c, instances, MEMBERS_MAX);
    if (as_wanted(w, c, instances, n) && !sub_of(w, c)->rebalancing)
        return;
    if (p_count(w, c, SB_STYLE) == STYLE_LOG) {
        rebalance(w, c);
        return;
    }
    members_build(w, c);
    sub_wake(w, c);
}

void sub_instances_changed(struct world *w, comp_id c)
{
    for (comp_id k = (comp_id)(c + 1); k != 0; k = sub_of(w, (comp_id)(k - 1))->tells)
        sub_members_changed(w, (comp_id)(k - 1));
}
