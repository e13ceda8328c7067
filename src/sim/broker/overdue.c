/*
 * Messages that are late already: bad for the objective from the moment on at which it
 * is sure, though they still lie there or are being worked on, and whatever becomes of
 * them. Without that a message that is stuck would be in no book until somebody is done
 * with it, and a subscription that stands still would be perfect.
 *
 * Those of a log, and those that nobody has taken from a queue, lie in order of their
 * age, so that the late ones are counted when somebody asks. Tickets do not: each has an
 * event at its time, as a user has (kind_client.c).
 */
#include "broker/subscription.h"
#include "truecode/model.h"

bool sub_late(const struct world *w, comp_id c, sim_time published)
{
    return sub_data(w, c)->slo && w_now(w) - published > w->model->slo->within;
}

/* Messages that are worked on and deleted meanwhile. */
static uint64_t late_and_deleted(const struct world *w, comp_id c, uint32_t p)
{
    const struct cursor *u = cursor_at(w, c, p);
    int64_t start = partition_at(w, sub_topic(w, c), p)->start;
    uint64_t n = 0;
    for (ref r = sub_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next) {
        const struct act *a = act_at(w, r);
        n += a->delivery.ticket == 0 && a->delivery.partition == p &&
             a->delivery.stamp == u->fence && a->delivery.offset >= u->counted &&
             a->delivery.offset < start && sub_late(w, c, a->start);
    }
    return n;
}

static uint64_t late_in(const struct world *w, comp_id c, uint32_t p)
{
    const struct partition *from = partition_at(w, sub_topic(w, c), p);
    const struct cursor *u = cursor_at(w, c, p);
    int64_t first = u->counted > from->start ? u->counted : from->start;
    int64_t late = partition_find(w, from, w_now(w) - w->model->slo->within);
    uint64_t n = late > first ? (uint64_t)(late - first) : 0;
    if (u->out > 0 && u->counted < from->start)
        n += late_and_deleted(w, c, p);
    return n;
}

uint64_t sub_overdue(const struct world *w, comp_id c)
{
    uint64_t n = 0;
    for (uint32_t p = 0; sub_data(w, c)->slo && p < sub_of(w, c)->ncursors; p++)
        n += late_in(w, c, p);
    return n;
}

void ticket_arm_late(struct world *w, comp_id c, struct ticket *t)
{
    if (!sub_data(w, c)->slo || (t->message.flags & MESSAGE_AGAIN))
        return;
    if (sub_late(w, c, t->message.published))
        ticket_late(w, c, t);
    else
        t->late_timer = cal_at(w, t->message.published + w->model->slo->within + 1,
                               EV_KIND + SE_LATE, c, W_REF(w, t), t->gen);
}

void ticket_late(struct world *w, comp_id c, struct ticket *t)
{
    assert(!t->succeeded);
    t->late_timer = 0;
    t->late = true;
    if (!(t->message.flags & MESSAGE_AGAIN))
        sub_left_bad(w, c, 1);
    t->message.flags |= MESSAGE_AGAIN;
}
