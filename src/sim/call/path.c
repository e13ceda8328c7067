/*
 * The way of a call, where its policy says more of it than a delay (path.h): what
 * happens when a message arrives, and when it never does.
 */
#include "call/path.h"
#include "call/line.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/telling.h"

void path_tune(struct path *p)
{
    bool lines =
        p->keep_alive > 0 || p->kept || p->streams > 1 || p->certificate != COMP_NONE;
    p->what = (uint8_t)((p->link != COMP_NONE ? PATH_LINK : 0) |
                        (p->name != COMP_NONE ? PATH_NAME : 0) |
                        (lines ? PATH_LINES : 0) | (p->hops ? PATH_HOP : 0));
}

static enum way way_of(const struct act *a, int event)
{
    if (event == EV_READY) /* a query's: call_cross() was told */
        return (enum way)a->way;
    return event == EV_DELIVER ? WAY_BACK : WAY_THERE;
}

/* Over a connection that is gone. */
static void cross_broken(struct world *w, struct act *a)
{
    act_wait(w, a, CAUSE_DEAD_CONNECTION, path_of(w, a->policy)->link);
    a->timer = cal_at(w, w_now(w), EV_KIND + CE_BROKEN, a->policy, W_REF(w, a), a->gen);
}

/* Over the policy's own link. */
static void cross_own(struct world *w, struct act *a, enum way way)
{
    const struct path *p = path_of(w, a->policy);
    bool shared = (a->flags & ACT_LINE) && p->streams > 1;
    if (shared && line_at(w, a->line)->broken) {
        cross_broken(w, a);
        return;
    }
    if (shared)
        stream_sends(w, a, way);
    link_cross(w, p->link, a, way);
}

bool path_cross(struct world *w, struct act *a, int event)
{
    const struct path *p = path_of(w, a->policy);
    if ((a->flags & ACT_LINE) && (p->what & PATH_LINK))
        a->dead = path_line_dead(w, a);
    if (event == EV_DELIVER && a->hop != 0)
        link_cross(w, (comp_id)(a->hop - 1), a, WAY_BACK);
    else if (p->what & PATH_LINK)
        cross_own(w, a, way_of(a, event));
    else
        return false;
    return true;
}

void path_send_on(struct world *w, struct act *a, comp_id link)
{
    a->hop = (comp_id)(link + 1);
    a->flags |= ACT_SENT;
    link_cross(w, link, a, WAY_THERE);
}

void path_arrived(struct world *w, struct act *a)
{
    if (a->ordered && !stream_arrives(w, a))
        return;
    if ((a->flags & ACT_LINE) && a->parent == 0) {
        path_hang_up(w, a);
        act_orphan(w, a);
    } else {
        path_deliver(w, a);
    }
}

void path_deliver(struct world *w, struct act *a)
{
    int event = a->flags & ACT_BACK   ? EV_DELIVER
                : a->flags & ACT_SENT ? EV_ARRIVE
                                      : EV_READY;
    a->tries = 0;
    a->rest = 0;
    if (event == EV_DELIVER && a->hop != 0) { /* at the balancer; and on from there */
        a->hop = 0;
        act_account(w, a);
        if (call_cross(w, a, EV_DELIVER, WAY_BACK))
            return;
    }
    act_event(w, event, W_REF(w, a), a->gen);
}

/* The callee has answered, and the answer is lost. */
static void forget_answer(struct world *w, struct act *a, enum reason reason)
{
    if (a->kind == ACT_LOOKUP && a->reason == REASON_NONE && !(a->flags & ACT_HIT) &&
        a->load != 0)
        comp_kind(w, a->what)->load_lost(w, a->what, a, reason);
    a->load = 0;
    a->flags &= (uint16_t) ~(ACT_HIT | ACT_ANSWERED);
}

void path_fail(struct world *w, struct act *a, enum reason reason, comp_id culprit)
{
    w_outcome(w, (uint32_t)reason);
    if (a->parent != 0)
        w_log(w, a->caller, a->caller_instance, LOG_ERROR, a->request, "%s: %s",
              w->comps[a->comp].name, reason_phrase(reason));
    if (a->kind == ACT_QUERY) {
        comp_kind(w, a->comp)->query_lost(w, a, reason);
        return;
    }
    bool answered = (a->flags & ACT_BACK) != 0;
    act_account(w, a);
    cal_cancel(w, &a->timer);
    if (answered)
        forget_answer(w, a, reason);
    a->flags &= (uint16_t) ~(ACT_SENT | ACT_BACK);
    a->cause = CAUSE_OTHER;
    a->reason = (uint8_t)reason;
    a->culprit = culprit;
    if (a->flags & ACT_TRACED && !answered)
        w_call_span(w, a);
    call_delivered(w, a);
}
