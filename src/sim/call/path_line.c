/*
 * The connections that a call policy keeps: an attempt takes the idle one that was used
 * last, or opens one; an answer gives it back. Each calling instance has its own.
 *
 * A connection is closed when its peer is gone or the network says so, after so many
 * requests (keep_alive), beyond so many idle ones (max_idle), after so long unused or
 * so long in all, and when its caller gives up on a request: what is under way on it
 * cannot be called back. Whatever closes it from this side leaves its local port in
 * TIME_WAIT; when no port is free, none can be opened.
 *
 * A connection can be dead without anybody knowing: what lies between has forgotten it
 * (net.h, link_forgot()). What is sent over it is sent again and again until the kernel
 * gives the connection up, for 924.6 s with the defaults of Linux.
 *
 * With `streams` several requests share one (path_stream.c), which is in use until the
 * last of them has left.
 */
#include "call/line.h"
#include "engine/kind.h"
#include "engine/telling.h"

struct caller *path_caller(struct world *w, struct path *p, uint32_t seat)
{
    w_grow(w, &p->callers, &p->cap, seat + 1, sizeof(struct caller));
    return W_PTR(w, struct caller, p->callers) + seat;
}

/* ---- closing --------------------------------------------------------------------- */

static void connected(struct world *w, comp_id to, int more)
{
    if (comp_kind(w, to)->connected)
        comp_kind(w, to)->connected(w, to, more);
}

/* `from_here`: by the side that dialled, whose port then rests. */
static void line_close(struct world *w, comp_id policy, ref r, bool from_here)
{
    struct path *p = path_of(w, policy);
    struct line *l = line_at(w, r);
    struct caller *c = path_caller(w, p, l->seat);
    assert(p->open > 0 && c->open > 0);
    p->open--;
    c->open--;
    connected(w, l->to, -1);
    cal_cancel(w, &l->timer);
    if (from_here)
        ports_close(w, &c->ports, p_time(w, policy, P_TIME_WAIT));
    w_release(w, r, sizeof *l);
}

/* A request leaves its connection. True: it was the last. */
static bool part(struct world *w, struct act *a)
{
    ref r = a->line;
    stream_leaves(w, a);
    a->line = 0;
    a->flags &= (uint16_t)~ACT_LINE;
    stream_parts(w, a->policy, r);
    return line_at(w, r)->streams == 0;
}

/* Takes it out of the idle ones of its caller. */
static void unlink(struct world *w, struct caller *c, ref r)
{
    ref *at = &c->idle;
    while (*at != r)
        at = &line_at(w, *at)->next;
    *at = line_at(w, r)->next;
    c->nidle--;
    cal_cancel(w, &line_at(w, r)->timer);
}

void path_lines_drop(struct world *w, comp_id policy, struct caller *c, comp_id to,
                     uint16_t peer)
{
    for (ref r = c->idle, next; r; r = next) {
        const struct line *l = line_at(w, r);
        next = l->next;
        if (peer != 0 && (l->to != to || l->peer != peer))
            continue;
        unlink(w, c, r);
        line_close(w, policy, r, false);
    }
    streams_close(w, c, to, peer);
}

void path_line_idle(struct world *w, comp_id policy, ref r, uint32_t number)
{
    struct line *l = line_at(w, r);
    assert(l->number == number); /* a line that is freed cancels its timer first */
    (void)number;
    l->timer = 0;
    unlink(w, path_caller(w, path_of(w, policy), l->seat), r);
    line_close(w, policy, r, true);
}

/* ---- taking and giving back ------------------------------------------------------ */

static bool too_old(const struct world *w, comp_id policy, const struct line *l)
{
    sim_time most = p_time(w, policy, P_MAX_AGE);
    return most > 0 && w_now(w) - l->opened >= most;
}

static struct link_use use_of(comp_id policy, const struct line *l)
{
    return (struct link_use){
        .opened = l->opened, .used = l->since, .lot = {policy, l->number}};
}

/* The connection that was used last and is good for one request more, as far as its
 * owner knows; 0: there is none. */
static ref usable(struct world *w, comp_id policy, struct caller *c)
{
    comp_id link = path_of(w, policy)->link;
    while (c->idle) {
        ref r = c->idle;
        struct line *l = line_at(w, r);
        struct link_use use = use_of(policy, l);
        unlink(w, c, r);
        l->dead = l->dead || (link != COMP_NONE && link_forgot(w, link, &use));
        bool noticed = l->dead && link_notices(w, link, &use);
        if (!noticed && !too_old(w, policy, l))
            return r;
        line_close(w, policy, r, !noticed);
    }
    return 0;
}

bool path_line_take(struct world *w, uint32_t seat, struct act *a)
{
    struct caller *c = path_caller(w, path_of(w, a->policy), seat);
    ref r = c->shared ? stream_shares(w, a->policy, seat) : 0;
    r = r ? r : usable(w, a->policy, c);
    if (!r)
        return false;
    struct line *l = line_at(w, r);
    l->next = 0;
    l->since = w_now(w);
    stream_joins(w, a->policy, r);
    a->line = r;
    a->flags |= ACT_LINE;
    a->comp = a->place = l->to;
    a->instance = l->peer;
    return true;
}

bool path_port_free(struct world *w, comp_id policy, uint32_t seat)
{
    comp_id owner = w->comps[policy].owner;
    struct caller *c = path_caller(w, path_of(w, policy), seat);
    if (!c->ports.slots || comp_has(&w->comps[owner], KIND_USERS) ||
        path_ports(w, policy, c) < p_count(w, policy, P_PORTS))
        return true;
    w_log(w, owner, (int)seat, LOG_ERROR, 0,
          "connect: cannot assign requested address");
    return false;
}

uint32_t path_ports(const struct world *w, comp_id policy, const struct caller *c)
{
    return c->open + ports_waiting(w, &c->ports, p_time(w, policy, P_TIME_WAIT));
}

void path_ports_forget(struct world *w, comp_id policy)
{
    const struct path *p = path_of(w, policy);
    for (uint32_t k = 0; k < p->cap; k++)
        ports_forget(w, &(W_PTR(w, struct caller, p->callers) + k)->ports);
}

void path_line_open(struct world *w, uint32_t seat, struct act *a)
{
    struct path *p = path_of(w, a->policy);
    a->line = w_alloc(w, sizeof(struct line));
    a->flags |= ACT_LINE;
    struct line *l = line_at(w, a->line);
    l->number = (uint32_t)++p->opened;
    l->to = a->comp;
    l->peer = a->instance;
    l->seat = seat;
    l->opened = l->since = w_now(w);
    p->open++;
    path_caller(w, p, seat)->open++;
    connected(w, a->comp, 1);
    stream_joins(w, a->policy, a->line);
}

bool path_line_dead(struct world *w, const struct act *a)
{
    struct line *l = line_at(w, a->line);
    struct link_use use = use_of(a->policy, l);
    use.used = w_now(w); /* while it is in use, only what happens to it counts */
    l->dead = l->dead || link_forgot(w, path_of(w, a->policy)->link, &use);
    return l->dead;
}

static bool spent(const struct world *w, comp_id policy, const struct line *l,
                  const struct caller *c)
{
    int64_t uses = path_of(w, policy)->keep_alive;
    int64_t most = p_count(w, policy, P_MAX_IDLE);
    return (uses > 0 && l->uses >= uses) || (most >= 0 && c->nidle >= most) ||
           too_old(w, policy, l);
}

static void rest(struct world *w, comp_id policy, ref r)
{
    struct line *l = line_at(w, r);
    struct caller *c = path_caller(w, path_of(w, policy), l->seat);
    sim_time most = p_time(w, policy, P_IDLE_TIMEOUT);
    l->since = w_now(w);
    l->next = c->idle;
    c->idle = r;
    c->nidle++;
    if (most > 0)
        l->timer = cal_after(w, most, EV_KIND + CE_LINE_IDLE, policy, r, l->number);
}

/* The last request has left: the connection is kept, or closed. */
static void unused(struct world *w, comp_id policy, ref r)
{
    struct line *l = line_at(w, r);
    const struct caller *c = path_caller(w, path_of(w, policy), l->seat);
    if (l->closing)
        line_close(w, policy, r, l->from_here);
    else if (spent(w, policy, l, c))
        line_close(w, policy, r, true);
    else
        rest(w, policy, r);
}

/* Takes no more requests. */
static void closes(struct line *l, bool from_here)
{
    l->from_here = l->closing ? l->from_here : from_here;
    l->closing = true;
}

void path_hang_up(struct world *w, struct act *a)
{
    ref r = a->line;
    if (stream_stays(w, a))
        return;
    if (path_of(w, a->policy)->streams <= 1)
        closes(line_at(w, r), true);
    if (part(w, a))
        unused(w, a->policy, r);
}

/* Whether the call failed with its connection: an answer that tells of the failure of
 * something further down has come by a connection that is well. */
static bool breaks(const struct world *w, const struct act *a, const struct line *l,
                   enum reason reason)
{
    if (reason == REASON_CONN_LOST)
        return a->culprit == path_of(w, a->policy)->link || a->culprit == l->to;
    return (reason == REASON_INSTANCE_GONE || reason == REASON_DOWN) &&
           (a->culprit == l->to || a->culprit == w->comps[l->to].target);
}

void path_keep(struct world *w, struct act *a, enum reason reason)
{
    ref r = a->line;
    struct line *l = line_at(w, r);
    bool broken = breaks(w, a, l, reason);
    int64_t uses = path_of(w, a->policy)->keep_alive;
    l->uses++;
    if (broken && reason == REASON_CONN_LOST)
        stream_breaks(w, l);
    if (broken)
        closes(l, false);
    else if (uses > 0 && l->uses >= uses)
        closes(l, true);
    if (!broken && comp_has(&w->comps[l->to], KIND_SERVES))
        l->peer = a->instance;
    if (part(w, a))
        unused(w, a->policy, r);
}
