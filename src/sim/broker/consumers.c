/*
 * Members: the consumers of a subscription. Each instance of the service that it calls
 * has `consumers` of them, as long as it is up. When that changes, a queue goes on with
 * the others. The group of a log rebalances. By the eager protocol it stops, all batches
 * are cut short, and after `rebalance` the partitions are shared out anew: partition p
 * to member p modulo their number. By the cooperative one (KIP-429) members keep what
 * they can, and only the partitions that move stand still for that time.
 *
 * A member that does not ask for more within `max_poll_interval` leaves the group, as
 * Kafka's consumers do: others get its partitions, from the last commit on, and what it
 * still does commits nothing. It goes on with its batch, as it does not know; then it
 * asks, joins, and the group rebalances once more.
 */
#include "broker/subscription.h"
#include "engine/kind.h"
#include "engine/telling.h"

/* ---- who there is ---------------------------------------------------------------- */

static bool instance_in(const struct world *w, comp_id service, uint16_t number,
                        bool draining)
{
    if (number == 0)
        return true; /* a third party */
    enum instance_state state = comp_kind(w, service)->state(w, service, number);
    return state == INSTANCE_UP || (draining && state == INSTANCE_DRAINING);
}

bool member_lives(const struct world *w, comp_id c, const struct member *m)
{
    return instance_in(w, sub_data(w, c)->service, m->instance, true);
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

static bool is_evicted(const struct world *w, comp_id c, uint16_t instance,
                       uint16_t ordinal)
{
    const struct subscription_state *s = sub_of(w, c);
    for (uint32_t i = 0; i < s->nevicted; i++) {
        const struct member *m = member_at(w, W_PTR(w, ref, s->evicted)[i]);
        if (m->instance == instance && m->ordinal == ordinal)
            return true;
    }
    return false;
}

static bool as_wanted(const struct world *w, comp_id c, const uint16_t *instances,
                      uint32_t n)
{
    const struct subscription_state *s = sub_of(w, c);
    uint32_t all = count(w, c, n), k = 0;
    for (uint32_t i = 0; i < all; i++) {
        if (is_evicted(w, c, instances[i % n], (uint16_t)(i / n)))
            continue;
        if (k == s->nmembers || sub_member(w, c, k++)->instance != instances[i % n])
            return false;
    }
    return k == s->nmembers;
}

/* ---- building the list ----------------------------------------------------------- */

void member_busy(struct world *w, comp_id c, struct member *m, bool busy)
{
    uint64_t *words = W_PTR(w, uint64_t, sub_of(w, c)->idle);
    uint64_t bit = UINT64_C(1) << m->index % 64;
    m->busy = busy;
    if (m->leaving)
        return; /* the number may be another's by now */
    if (busy || m->stuck)
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

/* The old list's member of the same ordinal and instance; NULL: there was none. Lists are
 * in that order: *at only ever rises. */
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
        member_free(w, m);
}

void members_build(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    uint16_t instances[MEMBERS_MAX];
    uint32_t n = wanted(w, c, instances, MEMBERS_MAX), all = count(w, c, n);
    uint32_t cap = 0, before = s->nmembers, at = 0, k = 0;
    ref fresh = 0;
    w_grow(w, &fresh, &cap, all + 1, sizeof(ref));
    for (uint32_t i = 0; i < before; i++)
        sub_member(w, c, i)->leaving = true;
    for (uint32_t i = 0; i < all; i++) {
        uint16_t instance = instances[i % n], ordinal = (uint16_t)(i / n);
        if (is_evicted(w, c, instance, ordinal))
            continue;
        struct member *m =
            member_before(w, W_PTR(w, ref, s->members), before, &at, instance, ordinal);
        if (!m)
            m = W_PTR(w, struct member, w_alloc(w, sizeof *m));
        m->instance = instance;
        m->ordinal = ordinal;
        m->leaving = false;
        m->index = k;
        W_PTR(w, ref, fresh)[k++] = W_REF(w, m);
    }
    for (uint32_t i = 0; i < before; i++)
        if (sub_member(w, c, i)->leaving)
            leave(w, c, sub_member(w, c, i));
    w_release(w, s->members, s->members_cap * sizeof(ref));
    s->members = fresh;
    s->members_cap = cap;
    s->nmembers = k;
    mark_idle(w, c);
    tell_left_out(w, c, all_of(w, c, n));
}

/* ---- crashes --------------------------------------------------------------------- */

/* Deliveries out at an instance that is not there any more are lost to the cursor. */
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

/* ---- who reads which partition --------------------------------------------------- */

static bool cooperative(const struct world *w, comp_id c)
{
    return p_count(w, c, SB_PROTOCOL) == PROTOCOL_COOPERATIVE;
}

static struct member *member_with(const struct world *w, comp_id c, uint32_t key)
{
    const struct subscription_state *s = sub_of(w, c);
    for (uint32_t i = 0; i < s->nmembers && key != 0; i++)
        if (member_key(sub_member(w, c, i)) == key)
            return sub_member(w, c, i);
    return NULL;
}

struct member *member_of_partition(const struct world *w, comp_id c, uint32_t p)
{
    const struct subscription_state *s = sub_of(w, c);
    if (s->nmembers == 0)
        return NULL;
    return cooperative(w, c) ? member_with(w, c, cursor_at(w, c, p)->owner)
                             : sub_member(w, c, p % s->nmembers);
}

/* Partitions of each member, who has `least` of them; `more` may have one more. */
struct shares {
    uint32_t of[PARTITIONS_MAX]; /* of the first so many members */
    uint32_t n, least, more;
};

static bool takes(struct shares *s, uint32_t member)
{
    if (member >= s->n || s->of[member] > s->least)
        return false;
    if (s->of[member] == s->least && s->more == 0)
        return false;
    s->more -= s->of[member] == s->least;
    s->of[member]++;
    return true;
}

/* Sticky: who may keep a partition keeps it; the rest goes to those who have too few. */
static void share_out(struct world *w, comp_id c, bool at_once)
{
    struct subscription_state *s = sub_of(w, c);
    struct shares sh = {.n = s->nmembers < s->ncursors ? s->nmembers : s->ncursors};
    uint32_t before[PARTITIONS_MAX], next = 0;
    if (!cooperative(w, c) || sh.n == 0)
        return;
    sh.least = s->ncursors / sh.n;
    sh.more = s->ncursors % sh.n;
    for (uint32_t p = 0; p < s->ncursors; p++) {
        struct cursor *u = cursor_at(w, c, p);
        const struct member *m = member_with(w, c, u->owner);
        before[p] = u->owner;
        u->owner = m && takes(&sh, m->index) ? u->owner : 0;
    }
    for (uint32_t p = 0; p < s->ncursors; p++) {
        struct cursor *u = cursor_at(w, c, p);
        if (u->owner != 0)
            continue;
        while (!takes(&sh, next))
            next++;
        assert(next < sh.n);
        u->owner = member_key(sub_member(w, c, next));
        u->moving = !at_once;
    }
    for (uint32_t p = 0; p < s->ncursors; p++)
        if (cursor_at(w, c, p)->owner == before[p])
            cursor_at(w, c, p)->moving = false;
}

static void drop_moving(struct world *w, comp_id c)
{
    for (uint32_t p = 0; p < sub_of(w, c)->ncursors; p++)
        if (cursor_at(w, c, p)->moving)
            deliveries_drop(w, c, NULL, (int)p);
}

/* ---- rebalancing ----------------------------------------------------------------- */

static void rebalance(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    sim_time pause = p_time(w, c, SB_REBALANCE);
    bool coop = cooperative(w, c);
    crash_cursors(w, c);
    if (coop) {
        members_build(w, c);
        share_out(w, c, false);
        drop_moving(w, c);
    } else {
        deliveries_drop(w, c, NULL, -1);
    }
    s->rebalances += s->timer == 0;
    s->rebalancing = !coop;
    cal_cancel(w, &s->timer);
    w_log(w, c, 0, LOG_INFO, 0, "rebalancing: its consumers have changed");
    if (pause == 0)
        sub_assign(w, c);
    else
        s->timer = cal_after(w, pause, EV_KIND + SE_ASSIGN, c, 0, 0);
}

void sub_assign_new(struct world *w, comp_id c)
{
    share_out(w, c, true);
}

void sub_assign(struct world *w, comp_id c)
{
    sub_of(w, c)->rebalancing = false;
    members_build(w, c);
    share_out(w, c, true);
    for (uint32_t p = 0; p < sub_of(w, c)->ncursors; p++)
        cursor_at(w, c, p)->moving = false;
    sub_wake(w, c);
}

/* ---- those that do not ask for more ---------------------------------------------- */

void member_free(struct world *w, struct member *m)
{
    cal_cancel(w, &m->timer);
    w_release(w, W_REF(w, m), sizeof *m);
}

static void take_out(struct world *w, comp_id c, const struct member *m)
{
    struct subscription_state *s = sub_of(w, c);
    ref *all = W_PTR(w, ref, s->members);
    memmove(all + m->index, all + m->index + 1,
            (s->nmembers - m->index - 1) * sizeof *all);
    s->nmembers--;
    for (uint32_t i = m->index; i < s->nmembers; i++)
        sub_member(w, c, i)->index = i;
    mark_idle(w, c);
}

static void evict(struct world *w, comp_id c, struct member *m)
{
    struct subscription_state *s = sub_of(w, c);
    for (ref r = s->inside.first; r != 0; r = act_at(w, r)->next) {
        const struct act *a = act_at(w, r);
        if (a->delivery.member == W_REF(w, m) && a->delivery.ticket == 0 &&
            a->delivery.stamp == cursor_at(w, c, a->delivery.partition)->fence)
            cursor_crash(w, c, a->delivery.partition);
    }
    take_out(w, c, m);
    m->evicted = m->leaving = true;
    w_grow(w, &s->evicted, &s->evicted_cap, s->nevicted + 1, sizeof(ref));
    W_PTR(w, ref, s->evicted)[s->nevicted++] = W_REF(w, m);
    s->evictions++;
    w_log(w, c, m->instance, LOG_WARN, 0,
          "a consumer has not asked for messages within max_poll_interval: it leaves "
          "the group");
    rebalance(w, c);
}

void member_poll_due(struct world *w, comp_id c, struct member *m)
{
    sim_time most = p_time(w, c, SB_MAX_POLL);
    m->timer = 0;
    bool asks = !m->busy && !m->stuck && m->batch.count == 0;
    if (most == 0 || m->leaving || asks)
        return;
    if (m->polled + most > w_now(w))
        m->timer = cal_at(w, m->polled + most, EV_KIND + SE_POLL, c, W_REF(w, m), 0);
    else
        evict(w, c, m);
}

void members_stick(struct world *w, comp_id c, uint32_t n)
{
    struct subscription_state *s = sub_of(w, c);
    sim_time most = p_time(w, c, SB_MAX_POLL);
    bool log = p_count(w, c, SB_STYLE) == STYLE_LOG;
    for (uint32_t i = 0; i < s->nmembers; i++) {
        struct member *m = sub_member(w, c, i);
        m->stuck = i < n;
        member_busy(w, c, m, m->busy);
        if (m->stuck && m->timer == 0 && log && most > 0)
            m->timer = cal_after(w, most, EV_KIND + SE_POLL, c, W_REF(w, m), 0);
    }
    for (uint32_t i = s->nevicted; n == 0 && i-- > 0;) {
        struct member *m = member_at(w, W_PTR(w, ref, s->evicted)[i]);
        m->stuck = false;
        member_go(w, c, m); /* maybe the last of the list, which takes its place */
    }
    sub_wake(w, c);
}

void member_rejoins(struct world *w, comp_id c, struct member *m)
{
    struct subscription_state *s = sub_of(w, c);
    ref *all = W_PTR(w, ref, s->evicted);
    uint32_t i = 0;
    while (all[i] != W_REF(w, m))
        i++;
    all[i] = all[--s->nevicted];
    w_log(w, c, m->instance, LOG_WARN, 0,
          "a consumer could not commit, as it had left the group; it joins again");
    member_free(w, m);
    sub_members_changed(w, c);
}

/* ---- changes --------------------------------------------------------------------- */

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
