/*
 * Many requests on one connection (HTTP/2, RFC 9113): as many as `streams` share it, and
 * only beyond that another one is opened, as Go's http2.Transport does. All of them reach
 * the instance that the connection leads to; whoever gives up ends a stream and leaves the
 * connection open (RST_STREAM).
 *
 * TCP delivers bytes in the order in which they were sent. So a message that is lost on a
 * link holds up those behind it, in its direction, until it has been sent again and is
 * there (head-of-line blocking; RFC 9000 gives it as a reason for QUIC). Three messages
 * that were sent after it and have arrived tell the sender at once (RFC 5681, fast
 * retransmit; RFC 8985, RACK, where the repetition is lost again): a busy connection
 * hears of a loss sooner than a quiet one, and more requests wait for it.
 *
 * A sender whose retransmission timeout has passed sends nothing else until that message
 * has been acknowledged (RFC 5681, 3.1: the window is one packet): nothing behind it can
 * tell, and it is sent again after twice the time. Once it is there all the rest follows.
 *
 * Whoever gives up leaves its bytes in the stream: a missing message stays, for nobody,
 * and holds up the others until it is there. A connection over which nothing gets through
 * is given up as a whole, with all requests on it, when its oldest message is.
 */
#include "call/line.h"
#include "engine/kind.h"
#include "engine/queue.h"

enum { FAST_MESSAGES = 3 };

/* ---- order of messages ----------------------------------------------------------- */

void stream_sends(struct world *w, struct act *a, enum way way)
{
    struct line *l = line_at(w, a->line);
    assert(!a->ordered);
    a->ordered = 1;
    a->here = 0;
    a->way = way;
    a->sent = w_now(w);
    queue_push(w, &l->order[way], a);
}

/* The message goes on, in an event of its own. */
static void go_on(struct world *w, struct act *a)
{
    a->timer =
        cal_at(w, w_now(w), EV_KIND + CE_IN_ORDER, a->policy, W_REF(w, a), a->gen);
}

static void take_out(struct world *w, struct line *l, struct act *a)
{
    queue_remove(w, &l->order[a->way], a);
    a->ordered = a->here = 0;
}

static struct act *first_of(const struct world *w, const struct line *l, int way)
{
    ref r = l->order[way].first;
    return r ? act_at(w, r) : NULL;
}

/* Whether `a` tells the sender that the message of `first` is missing. */
static bool tells(const struct act *a, const struct act *first)
{
    return a->here && (uint64_t)a->sent >= first->mark;
}

/* The first one that is missing is sent again soon, if enough have told so. */
static void hear(struct world *w, struct line *l, int way)
{
    struct act *first = first_of(w, l, way);
    comp_id link = path_of(w, first->policy)->link;
    if (l->behind[way] < FAST_MESSAGES || link == COMP_NONE || first->timed)
        return;
    l->behind[way] = 0;
    link_hurries(w, link, first);
}

/* Frees messages that only waited for an earlier one; then there is another first. */
static void release(struct world *w, struct line *l, int way)
{
    struct act *first;
    while ((first = first_of(w, l, way)) && first->here) {
        take_out(w, l, first);
        go_on(w, first);
    }
    l->behind[way] = 0;
    for (ref r = l->order[way].first; r && l->behind[way] < FAST_MESSAGES;
         r = act_at(w, r)->qnext)
        l->behind[way] += tells(act_at(w, r), first);
    if (first)
        hear(w, l, way);
}

/* The sender's window opens: what has waited for that is sent. */
static void resume(struct world *w, const struct line *l, int way)
{
    for (ref r = l->order[way].first; r; r = act_at(w, r)->qnext) {
        struct act *a = act_at(w, r);
        if (!a->here && path_of(w, a->policy)->link != COMP_NONE)
            link_hurries(w, path_of(w, a->policy)->link, a);
    }
}

bool stream_arrives(struct world *w, struct act *a)
{
    struct line *l = line_at(w, a->line);
    int way = a->way;
    if (first_of(w, l, way) == a) {
        take_out(w, l, a);
        if (a->timed)
            resume(w, l, way);
        release(w, l, way);
        return true;
    }
    a->here = 1;
    l->behind[way] += tells(a, first_of(w, l, way));
    hear(w, l, way);
    return false;
}

void stream_leaves(struct world *w, struct act *a)
{
    if (!a->ordered)
        return;
    struct line *l = line_at(w, a->line);
    int way = a->way;
    bool here = a->here, first = first_of(w, l, way) == a;
    take_out(w, l, a);
    if (here)
        go_on(w, a);
    if (first)
        release(w, l, way);
}

bool stream_stays(const struct world *w, const struct act *a)
{
    return a->ordered && !a->here && a->tries > 0 &&
           first_of(w, line_at(w, a->line), a->way) == a;
}

void stream_breaks(struct world *w, struct line *l)
{
    l->broken = true;
    for (int way = WAY_THERE; way <= WAY_BACK; way++) {
        struct act *a;
        while ((a = first_of(w, l, way))) {
            take_out(w, l, a);
            cal_cancel(w, &a->timer);
            a->timer = cal_at(w, w_now(w), EV_KIND + CE_BROKEN, a->policy, W_REF(w, a),
                              a->gen);
        }
    }
}

/* ---- who shares ------------------------------------------------------------------ */

static bool has_room(const struct world *w, comp_id policy, const struct line *l)
{
    return !l->closing && l->streams > 0 && l->streams < path_of(w, policy)->streams;
}

static ref *share_of(struct world *w, struct caller *c, ref r)
{
    ref *at = &c->shared;
    while (*at && *at != r)
        at = &line_at(w, *at)->share;
    return at;
}

/* In the list, or out of it, as it has room. */
static void place(struct world *w, comp_id policy, ref r)
{
    struct line *l = line_at(w, r);
    struct caller *c = path_caller(w, path_of(w, policy), l->seat);
    ref *at = share_of(w, c, r);
    if (has_room(w, policy, l) && !*at)
        *at = r;
    else if (!has_room(w, policy, l) && *at) {
        *at = l->share;
        l->share = 0;
    }
}

void stream_joins(struct world *w, comp_id policy, ref r)
{
    line_at(w, r)->streams++;
    place(w, policy, r);
}

void stream_parts(struct world *w, comp_id policy, ref r)
{
    assert(line_at(w, r)->streams > 0);
    line_at(w, r)->streams--;
    place(w, policy, r);
}

ref stream_shares(const struct world *w, comp_id policy, uint32_t seat)
{
    const struct path *p = path_of(w, policy);
    ref r = seat < p->cap ? (W_PTR(w, struct caller, p->callers) + seat)->shared : 0;
    sim_time most = p_time(w, policy, P_MAX_AGE);
    while (r && ((most > 0 && w_now(w) - line_at(w, r)->opened >= most) ||
                 !has_room(w, policy, line_at(w, r))))
        r = line_at(w, r)->share;
    return r;
}

void streams_close(struct world *w, struct caller *c, comp_id to, uint16_t peer)
{
    ref *at = &c->shared;
    while (*at) {
        struct line *l = line_at(w, *at);
        if (peer != 0 && (l->to != to || l->peer != peer)) {
            at = &l->share;
            continue;
        }
        l->closing = true;
        *at = l->share;
        l->share = 0;
    }
}
