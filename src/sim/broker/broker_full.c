/*
 * A broker that is full. Messages have sizes, connections have buffers; what both come to
 * may reach `memory`, and what is kept in all may reach `disk`.
 *
 * Then producers wait, in the order in which they came or by priority, and consumers go
 * on: RabbitMQ's memory and disk alarms suspend reading from connections that publish,
 * and look every 2.5 s whether they may go on (rabbitmq.com, Memory and Disk Alarms;
 * memory_monitor_interval = 2500). Kafka's producers hold on to what they cannot send
 * in buffer.memory, and then block for max.block.ms, a minute by default, before send()
 * fails (kafka.apache.org, Producer Configs): `max_block`. Or they are refused at once
 * (ActiveMQ: sendFailIfNoSpace, in Producer Flow Control).
 *
 * Memory counts what somebody needs yet: before it is full, messages that everybody has
 * read go, whatever `keep_read` says. The disk keeps them until their time is over.
 */
#include "broker/broker_full.h"
#include "broker/subscription.h"
#include "engine/kind.h"
#include "model/model.h"

#define CHECK_EVERY (2500 * SIM_MS)

void broker_keeps(struct world *w, comp_id c, comp_id topic, int64_t messages)
{
    struct broker_state *s = broker_at(w, c);
    s->kept += messages * p_count(w, topic, TP_MESSAGE_BYTES);
    assert(s->kept >= 0);
}

double broker_memory(const struct world *w, comp_id c)
{
    const struct broker_state *s = broker_at(w, c);
    return (double)s->kept +
           s->connections * p_number(w, c, BP_CONNECTION_MEMORY) * 1024;
}

static bool fits(const struct world *w, comp_id c, double bytes,
                 enum broker_param limit)
{
    double most = p_number(w, c, limit) * (1 << 20);
    double used =
        limit == BP_DISK ? (double)broker_at(w, c)->kept : broker_memory(w, c);
    return most <= 0 || used + bytes <= most;
}

static void clear_topics(struct world *w, comp_id c)
{
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_topic && w->comps[i].owner == c)
            topic_clear(w, (comp_id)i);
}

bool broker_has_room(struct world *w, comp_id c, comp_id topic)
{
    double bytes = (double)p_count(w, topic, TP_MESSAGE_BYTES);
    if (!fits(w, c, bytes, BP_MEMORY))
        clear_topics(w, c);
    return fits(w, c, bytes, BP_MEMORY) && fits(w, c, bytes, BP_DISK);
}

static void check_soon(struct world *w, comp_id c)
{
    struct broker_state *s = broker_at(w, c);
    if (s->timer == 0)
        s->timer = cal_after(w, CHECK_EVERY, EV_KIND + BROKER_EV_CHECK, c, 0, 0);
}

/* The class that it waits in. */
static int class_of(const struct world *w, const struct act *a)
{
    if (p_count(w, a->comp, BP_ORDER) == BROKER_FIFO)
        return 0;
    return a->priority < PRIORITY_CLASSES ? a->priority : PRIORITY_MOST;
}

void broker_blocks(struct world *w, struct act *a)
{
    struct broker_state *s = broker_at(w, a->comp);
    struct rng *r = w_rng(w, a->comp, BROKER_RNG_PATIENCE);
    sim_time own = patience_draw(p_dist(w, a->comp, BP_PATIENCE), r);
    s->blocked_total++;
    s->nblocked++;
    act_wait(w, a, CAUSE_BROKER, a->comp);
    queue_push(w, &s->blocked[class_of(w, a)], a);
    bool leaves = queue_impatient(w, a, own, p_time(w, a->comp, BP_MAX_BLOCK));
    a->phase = leaves ? PUBLISH_LEAVES : PUBLISH_BLOCKED;
    check_soon(w, a->comp);
}

void broker_unblocks(struct world *w, struct act *a)
{
    struct broker_state *s = broker_at(w, a->comp);
    queue_remove(w, &s->blocked[class_of(w, a)], a);
    assert(s->nblocked > 0);
    s->nblocked--;
}

/* The one that goes first; there is one. */
static struct act *first_blocked(const struct world *w, comp_id c)
{
    const struct broker_state *s = broker_at(w, c);
    int k = PRIORITY_MOST;
    while (k > 0 && s->blocked[k].count == 0)
        k--;
    assert(s->blocked[k].count > 0);
    return act_at(w, s->blocked[k].first);
}

void broker_check(struct world *w, comp_id c,
                  void (*admit)(struct world *w, struct act *a))
{
    struct broker_state *s = broker_at(w, c);
    s->timer = 0;
    while (s->nblocked > 0) {
        struct act *a = first_blocked(w, c);
        if (!broker_has_room(w, c, a->what))
            break;
        broker_unblocks(w, a);
        admit(w, a);
    }
    if (s->nblocked > 0)
        check_soon(w, c);
}
