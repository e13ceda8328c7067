/*
 * Before anything is sent: the name is resolved, the connection opened, the handshake
 * made. One small state machine for calls (an act's step and tries) and for a pool's
 * connections to a database (the connection's).
 *
 * A call takes a connection that is open already, if there is one: it goes where that
 * leads, whatever its name says by now, and needs no certificate. So a moved name, or
 * one that expired, is noticed only as fast as connections are opened anew.
 */
#include "call/path.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "truecode/world.h"

#define SYN_WAIT SIM_SEC /* Linux: then 2 s, 4 s ... 127 s in all */
enum { SYN_RETRIES = 6 };

/* ---- callers --------------------------------------------------------------------- */

/* Users are behind RESOLVERS of them, each with a cache of its own. */
enum { RESOLVERS = 64 };

static uint32_t seat_of(const struct world *w, const struct dial *d)
{
    return comp_has(&w->comps[d->caller], KIND_USERS)
               ? (uint32_t)(lot_draw(w, d->lot, LOT_PURPOSE(LOT_RESOLVER)) % RESOLVERS)
               : d->instance;
}

sim_time path_connect_until(const struct world *w, comp_id policy, sim_time since)
{
    sim_time most = p_time(w, policy, P_CONNECT_TIMEOUT);
    return most > 0 ? since + most : 0;
}

static struct dial dial_of(const struct world *w, const struct act *a)
{
    return (struct dial){.policy = a->policy,
                         .caller = a->caller,
                         .instance = a->caller_instance,
                         .lot = act_lot(a),
                         .attempt = a->try_number,
                         .to = a->comp,
                         .peer = a->instance,
                         .act = a,
                         .step = a->step,
                         .tries = a->tries,
                         .until = path_connect_until(w, a->policy, a->start)};
}

void path_instance_gone(struct world *w, comp_id service, uint16_t number)
{
    for (size_t i = 0; i < w->model->ncomps; i++) {
        if (w->comps[i].kind != &kind_call)
            continue;
        struct path *p = path_of(w, (comp_id)i);
        bool calling = w->comps[i].owner == service;
        if (calling)
            guard_forget(w, (comp_id)i, number);
        for (uint32_t k = 0; (p->what & PATH_DIALS) && k < p->cap; k++) {
            struct caller *c = path_caller(w, p, k);
            if (calling && k == number)
                c->answer = (struct dns_answer){.comp = COMP_NONE};
            if (!calling || k == number)
                path_lines_drop(w, (comp_id)i, c, service, calling ? 0 : number);
        }
    }
}

/* ---- dialling -------------------------------------------------------------------- */

static enum dial_says wait(struct dial *d, enum dial_step then, sim_time delay,
                           enum cause cause, comp_id place)
{
    d->step = (uint8_t)then;
    d->delay = delay;
    d->cause = cause;
    d->place = place;
    return DIAL_WAITS;
}

/* A connection that would take longer than connect_timeout is not waited for. */
static enum dial_says hurry(const struct world *w, struct dial *d)
{
    if (d->until == 0 || w_now(w) + d->delay <= d->until)
        return DIAL_WAITS;
    d->delay = d->until > w_now(w) ? d->until - w_now(w) : 0;
    d->step = DIAL_LATE;
    return DIAL_WAITS;
}

static enum dial_says fail(struct dial *d, enum reason reason, comp_id place)
{
    d->reason = reason;
    d->place = place;
    return DIAL_FAILED;
}

static enum dial_says resolve(struct world *w, struct dial *d, const struct path *p,
                              struct caller *c)
{
    switch (dns_look(w, p->name, &c->answer)) {
    case DNS_KNOWN:
        d->step = DIAL_LINE;
        return DIAL_GOES_ON;
    case DNS_NONE:
        return fail(d, REASON_DNS_FAILED, p->name);
    default: {
        sim_time delay;
        bool heard = dns_ask(w, p->name, &delay);
        return wait(d, heard ? DIAL_HEARD : DIAL_UNHEARD, delay, CAUSE_DNS, p->name);
    }
    }
}

static enum dial_says resolved(struct world *w, struct dial *d, const struct path *p,
                               struct caller *c, bool heard)
{
    bool user = comp_has(&w->comps[d->caller], KIND_USERS);
    double age = user ? 1 - (seat_of(w, d) + 1.0) / RESOLVERS : 0;
    if (!dns_learn(w, p->name, &c->answer, heard, p->answers, age))
        return fail(d, REASON_DNS_FAILED, p->name);
    d->step = DIAL_LINE;
    return DIAL_GOES_ON;
}

#define WAIT_MOST (120 * SIM_SEC)

/* The wait after the loss number `tries` + 1; *sofar: those before it. */
static sim_time wait_of(sim_time first, int tries, sim_time *sofar)
{
    sim_time t = first;
    *sofar = 0;
    for (int i = 0; i < tries; i++) {
        *sofar += t;
        t = 2 * t < WAIT_MOST ? 2 * t : WAIT_MOST;
    }
    return t;
}

/* A dial that was lost is sent again, or given up. */
static enum dial_says again(struct world *w, struct dial *d, comp_id link,
                            enum cause cause, sim_time first, int64_t retries)
{
    sim_time sofar;
    sim_time most = link == COMP_NONE ? 0 : p_time(w, link, LP_USER_TIMEOUT);
    comp_id place = link == COMP_NONE ? d->to : link;
    sim_time delay = wait_of(first, d->tries, &sofar);
    bool over = d->tries++ >= retries;
    if (most > 0 && sofar + delay >= most) {
        delay = most > sofar ? most - sofar : 0;
        over = true;
    }
    return wait(d, over ? DIAL_GIVES_UP : (enum dial_step)d->step, delay, cause, place);
}

/* `n` rounds there and back; it is lost if one of them is. The first wait is `rto`. */
static enum dial_says rounds(struct world *w, struct dial *d, const struct path *p,
                             int n, enum dial_step then, sim_time rto, int64_t retries)
{
    enum cause cause = then == DIAL_TLS ? CAUSE_CONNECT : CAUSE_TLS;
    comp_id place = then == DIAL_TLS ? d->to : p->certificate;
    const struct talk t = {d->lot, d->attempt, d->instance, d->peer};
    sim_time took = 0;
    if (p->link != COMP_NONE && link_refuses(w, p->link, &t))
        return wait(d, DIAL_GIVES_UP, 2 * link_latency(w, p->link), cause, p->link);
    if (p->link != COMP_NONE && link_loses(w, p->link, &t, 2 * (uint32_t)n))
        return again(w, d, p->link, cause, rto, retries);
    d->tries = 0;
    for (int i = 0; i < 2 * n; i++)
        took += p->link != COMP_NONE ? link_latency(w, p->link)
                                     : call_one_way(w, d->policy);
    return wait(d, then, took, cause, place);
}

static enum dial_says handshake(struct world *w, struct dial *d, const struct path *p)
{
    if (p->certificate == COMP_NONE) {
        d->step = DIAL_DONE;
        return DIAL_GOES_ON;
    }
    int n = certificate_rounds(w, p->certificate);
    sim_time rto = 200 * SIM_MS;
    int64_t retries = 15;
    if (p->link != COMP_NONE) {
        rto = p_time(w, p->link, LP_RTO);
        retries = p_count(w, p->link, LP_RETRANSMITS);
    }
    return rounds(w, d, p, n, DIAL_PRESENTS, rto, retries);
}

/* The place whose cores compute the callee's side. Where a balancer hands on the
 * connection as it is, that is an instance behind it; a balancer's own cores are not
 * modelled. */
static struct setup_site presents(struct world *w, const struct dial *d,
                                  const struct path *p)
{
    comp_id on = certificate_on(w, p->certificate);
    bool behind = comp_has(&w->comps[d->to], KIND_HANDS_ON) && on != COMP_NONE &&
                  comp_has(&w->comps[on], KIND_SERVES);
    struct setup_site site = {.comp = behind ? on : d->to, .instance = d->peer};
    if (!behind)
        return site;
    const uint16_t *numbers;
    const struct kind_impl *k = comp_kind(w, on);
    uint32_t n = k->eligible(w, on, &numbers);
    site.instance =
        n > 0 ? numbers[lot_draw(w, d->lot, LOT_PURPOSE(LOT_PRESENTS)) % n] : 0;
    return site;
}

static enum dial_says compute(struct world *w, struct dial *d, const struct path *p,
                              enum handshake_side side)
{
    d->step = side == SIDE_PRESENTS ? DIAL_CHECKS : DIAL_HELLO;
    d->delay = certificate_work(w, p->certificate, side);
    if (d->delay == 0)
        return DIAL_GOES_ON;
    d->cause = CAUSE_TLS;
    d->place = p->certificate;
    d->site = side == SIDE_PRESENTS
                  ? presents(w, d, p)
                  : (struct setup_site){.comp = d->caller, .instance = d->instance};
    return DIAL_WORKS;
}

/* The kernel's queue of connections that wait to be accepted is full: it drops more
 * of them without a word. */
static bool not_heard(const struct world *w, const struct dial *d, const struct path *p)
{
    struct setup_site site = {.comp = d->to, .instance = d->peer};
    return p->certificate != COMP_NONE && d->peer != 0 &&
           setups_at(w, site) >= certificate_backlog(w, p->certificate);
}

/* The instance that a connection leads to; 0: there is no choice to be made. */
static uint16_t peer_of(struct world *w, const struct dial *d, const struct path *p,
                        const struct caller *c)
{
    const struct kind_impl *k = comp_kind(w, d->to);
    if (!d->act || !comp_has(&w->comps[d->to], KIND_SERVES))
        return 0;
    int rule = call_balance(w, d->policy);
    if (p->what & PATH_NAME)
        return dns_choose(w, d->to, &c->answer, rule);
    const uint16_t *numbers;
    uint16_t spare[DNS_ADDRESSES];
    uint32_t n = k->eligible(w, d->to, &numbers);
    if (!(p->what & PATH_LINES) || n == 0)
        return 0;
    if ((d->act->flags & ACT_COPY) && n <= DNS_ADDRESSES)
        n = hedge_others(w, d->act, &numbers, n, spare);
    return (uint16_t)(rule == BALANCE_HASH ? call_hash(w, d->act, numbers, n)
                                           : k->choose(w, d->to, rule, numbers, n));
}

static enum dial_says step(struct world *w, struct dial *d, struct path *p,
                           struct caller *c)
{
    switch ((enum dial_step)d->step) {
    case DIAL_NAME:
        if (p->what & PATH_NAME)
            return resolve(w, d, p, c);
        d->step = DIAL_LINE;
        return DIAL_GOES_ON;
    case DIAL_HEARD:
    case DIAL_UNHEARD:
        return resolved(w, d, p, c, d->step == DIAL_HEARD);
    case DIAL_LINE:
        if (p->what & PATH_NAME)
            d->to = c->answer.comp;
        d->peer = peer_of(w, d, p, c);
        d->step = (p->what & PATH_LINES) || (d->pool && (p->what & PATH_LINK))
                      ? DIAL_SYN
                      : DIAL_DONE;
        return DIAL_GOES_ON;
    case DIAL_SYN:
        if (!d->pool && d->tries == 0 && !path_port_free(w, d->policy, seat_of(w, d)))
            return fail(d, REASON_NO_PORTS, d->policy);
        if (not_heard(w, d, p))
            return again(w, d, p->link, CAUSE_CONNECT, SYN_WAIT, SYN_RETRIES);
        return rounds(w, d, p, 1, DIAL_TLS, SYN_WAIT, SYN_RETRIES);
    case DIAL_TLS:
        return handshake(w, d, p);
    case DIAL_PRESENTS:
        return compute(w, d, p, SIDE_PRESENTS);
    case DIAL_CHECKS:
        return compute(w, d, p, SIDE_CHECKS);
    case DIAL_HELLO:
        if (p->verify && !certificate_good(w, p->certificate, d->caller, d->instance))
            return fail(d, REASON_TLS_FAILED, p->certificate);
        d->step = DIAL_DONE;
        return DIAL_GOES_ON;
    case DIAL_GIVES_UP:
        return fail(d, REASON_CONN_LOST, p->link != COMP_NONE ? p->link : d->to);
    case DIAL_LATE:
        return fail(d, REASON_CONNECT_TIMEOUT, d->to);
    case DIAL_DONE:
        break;
    }
    return DIAL_OPEN;
}

enum dial_says path_dial_on(struct world *w, struct dial *d)
{
    enum dial_says says;
    struct path *p = path_of(w, d->policy);
    struct caller *c = path_caller(w, p, seat_of(w, d));
    do
        says = step(w, d, p, c);
    while (says == DIAL_GOES_ON);
    return says == DIAL_WAITS ? hurry(w, d) : says;
}

/* ---- a call ---------------------------------------------------------------------- */

/* "orders/buy" at another service: that one's "buy". */
static comp_id same_endpoint(const struct world *w, comp_id what, comp_id to)
{
    comp_id service = comp_has(&w->comps[to], KIND_HANDS_ON) ? w->comps[to].target : to;
    if (comp_has(&w->comps[to], KIND_WHOLE))
        return to;
    if (w->comps[what].owner == service)
        return what;
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s%s", w->comps[service].name, strchr(w->comps[what].name, '/'));
    comp_id e = model_find(w->model, b.s);
    buf_release(&b);
    return e;
}

/* At what the name stands for. */
static bool aim(struct world *w, struct act *a, const struct path *p,
                const struct caller *c)
{
    comp_id what = same_endpoint(w, a->what, a->comp);
    if (what == COMP_NONE)
        return false;
    dns_used(w, p->name, &c->answer);
    a->what = what;
    return true;
}

static void opened(struct world *w, struct act *a, const struct dial *d)
{
    struct path *p = path_of(w, a->policy);
    struct caller *c = path_caller(w, p, seat_of(w, d));
    a->flags &= (uint16_t)~ACT_SENT;
    act_account(w, a);
    if ((p->what & PATH_NAME) && !aim(w, a, p, c)) {
        path_fail(w, a, REASON_ERROR, a->comp);
        return;
    }
    if (p->what & PATH_LINES)
        path_line_open(w, seat_of(w, d), a);
    call_send(w, a);
}

/* False: nobody's cores are meant; the time passes all the same. */
static bool works(struct world *w, struct act *a, const struct dial *d)
{
    struct act *s = setup_begin(w, d->site, d->delay, a->policy);
    if (!s)
        return false;
    act_wait(w, a, d->cause, d->place);
    if (d->until > 0)
        a->timer = cal_at(w, d->until > w_now(w) ? d->until : w_now(w),
                          EV_KIND + CE_LATE, a->policy, W_REF(w, a), a->gen);
    s->setup.of = W_REF(w, a);
    s->setup.of_gen = a->gen;
    return true;
}

static void go_on(struct world *w, struct act *a)
{
    struct dial d = dial_of(w, a);
    enum dial_says says = path_dial_on(w, &d);
    a->step = d.step;
    a->tries = d.tries;
    a->comp = d.to;
    a->instance = d.peer;
    if (says == DIAL_WORKS && works(w, a, &d))
        return;
    if (says == DIAL_WAITS || says == DIAL_WORKS) {
        act_wait(w, a, d.cause, d.place);
        a->timer = cal_at(w, w_now(w) + d.delay, EV_KIND + CE_DIAL, a->policy,
                          W_REF(w, a), a->gen);
    } else if (says == DIAL_FAILED) {
        path_fail(w, a, d.reason, d.place);
    } else {
        opened(w, a, &d);
    }
}

bool path_dial(struct world *w, struct act *a)
{
    struct path *p = path_of(w, a->policy);
    if (a->kind == ACT_QUERY) /* connections of its pool do */
        return false;
    struct dial d = dial_of(w, a);
    if ((p->what & PATH_LINES) && path_line_take(w, seat_of(w, &d), a)) {
        comp_id what = same_endpoint(w, a->what, a->comp);
        a->what = what != COMP_NONE ? what : a->what;
        return false;
    }
    a->step = DIAL_NAME;
    a->tries = 0;
    a->flags |= ACT_SENT;
    go_on(w, a);
    return true;
}

/* ---- looking --------------------------------------------------------------------- */

static struct dns_belief belief(const struct world *w, comp_id policy, comp_id name,
                                uint32_t seat, const struct dns_answer *a)
{
    comp_id caller = w->comps[policy].owner;
    sim_time until = a->until > a->again ? a->until : a->again;
    return (struct dns_belief){.caller = caller,
                               .instance = (int)seat,
                               .resolver = comp_has(&w->comps[caller], KIND_USERS),
                               .to = a->comp,
                               .addresses = dns_addresses(a),
                               .ttl_left = until == SIM_FOREVER ? SIM_FOREVER
                                                                : until - w_now(w),
                               .old = dns_old(w, name, a)};
}

size_t world_dns_beliefs(const struct world *w, comp_id name, struct dns_belief *out,
                         size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < w->model->ncomps; i++) {
        if (w->comps[i].kind != &kind_call || path_of(w, (comp_id)i)->name != name)
            continue;
        const struct path *p = path_of(w, (comp_id)i);
        for (uint32_t k = 0; k < p->cap; k++) {
            const struct caller *c = W_PTR(w, struct caller, p->callers) + k;
            if (!c->answer.known)
                continue;
            if (n < max)
                out[n] = belief(w, (comp_id)i, name, k, &c->answer);
            n++;
        }
    }
    return n;
}

/* ---- events ---------------------------------------------------------------------- */

static void worked(struct world *w, struct act *a, enum reason reason)
{
    cal_cancel(w, &a->timer); /* of connect_timeout */
    if (a->parent && reason != REASON_NONE)
        path_fail(w, a, REASON_CONN_LOST, a->comp);
    else
        path_dial_due(w, a);
}

/* Whoever has left meanwhile has let the other side compute in vain. */
void path_setup_over(struct world *w, struct act *s, enum reason reason)
{
    ref of = s->setup.of;
    uint32_t gen = s->setup.of_gen;
    bool of_conn = s->setup.of_conn;
    comp_id policy = s->comp;
    setup_end(w, s);
    struct act *a = of_conn ? NULL : act_alive(w, of, gen);
    if (of_conn)
        comp_kind(w, w->comps[policy].target)->dial(w, of, gen);
    else if (a)
        worked(w, a, reason);
}

void path_dial_late(struct world *w, struct act *a)
{
    a->timer = 0;
    if (!a->parent)
        act_orphan(w, a);
    else
        path_fail(w, a, REASON_CONNECT_TIMEOUT, a->comp);
}

void path_dial_due(struct world *w, struct act *a)
{
    a->timer = 0;
    if (a->parent == 0) /* nobody waits: nothing is sent */
        act_orphan(w, a);
    else
        go_on(w, a);
}
