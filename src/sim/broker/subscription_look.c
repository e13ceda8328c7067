/*
 * Looking at a subscription: how far behind it is, and its other metrics.
 *
 * Lag is what is not processed yet. It is told by partition, and of the whole as sum,
 * largest and mean: of eight partitions with one that stands still the mean tells
 * little.
 */
#include "broker/subscription.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/queue.h"

enum {
    M_LAG,
    M_LAG_MAX,
    M_LAG_MEAN,
    M_LAG_SECONDS,
    M_LAG_SECONDS_MEAN,
    M_OFFSET,
    M_CONSUMERS,
    M_LEFT_OUT,
    M_IN_FLIGHT,
    M_NOT_VISIBLE,
    M_DEAD_LETTERS,
    M_PROCESSED,
    M_GOOD,
    M_BAD,
    M_SLOW,
    M_FAILURES,
    M_REDELIVERED,
    M_DUPLICATES,
    M_DEAD,
    M_SKIPPED,
    M_LOST,
    M_BATCHES,
    M_REBALANCES,
    M_EVICTIONS,
    M_SECONDS,
    M_COUNT
};
#define GAUGE(n, p, u, i, d)                                                           \
    {                                                                                  \
        n, p, "", METRIC_GAUGE, u, i, d                                                \
    }
#define COUNTER(n, p, u, d)                                                            \
    {                                                                                  \
        n, p, "", METRIC_COUNTER, u, false, d                                          \
    }
const struct metric_desc subscription_metrics[] = {
    [M_LAG] = GAUGE("lag", "kafka_consumergroup_lag", "1", true,
                    "Messages that are not processed yet."),
    [M_LAG_MAX] = GAUGE("lag_max", "messaging_subscription_lag_max", "1", false,
                        "Lag of the partition with the most."),
    [M_LAG_MEAN] = GAUGE("lag_mean", "messaging_subscription_lag_mean", "1", false,
                         "Lag of a partition on average."),
    [M_LAG_SECONDS] =
        GAUGE("lag_seconds", "messaging_subscription_lag_seconds", "s", true,
              "Age of the oldest message that is not processed yet."),
    [M_LAG_SECONDS_MEAN] =
        GAUGE("lag_seconds_mean", "messaging_subscription_lag_seconds_mean", "s", false,
              "The same on average over the partitions."),
    [M_OFFSET] = GAUGE("offset", "kafka_consumergroup_current_offset", "1", true,
                       "Where it is: messages before it are confirmed."),
    [M_CONSUMERS] = GAUGE("consumers", "kafka_consumergroup_members", "1", false,
                          "Consumers it has."),
    [M_LEFT_OUT] =
        GAUGE("consumers_left_out", "messaging_subscription_consumers_left_out", "1",
              false, "Consumers more than a subscription may have: they do not work."),
    [M_IN_FLIGHT] = GAUGE("in_flight", "messaging_subscription_in_flight", "1", false,
                          "Messages its consumers have taken and not finished."),
    [M_NOT_VISIBLE] = GAUGE("not_visible", "messaging_subscription_not_visible", "1",
                            false, "Messages hidden until they are confirmed."),
    [M_DEAD_LETTERS] = GAUGE("dead_letters", "messaging_subscription_dead_letters", "1",
                             false, "Messages that were given up and are kept aside."),
    [M_PROCESSED] = COUNTER("processed_total", "messaging_process_messages_total", "1",
                            "Messages processed, each time counted."),
    [M_GOOD] = COUNTER("good_total", "messaging_messages_good_total", "1",
                       "Messages processed within the objective."),
    [M_BAD] = COUNTER("bad_total", "messaging_messages_bad_total", "1",
                      "Messages processed too late or not at all, counted as soon as "
                      "that is sure."),
    [M_SLOW] = COUNTER("slow_total", "messaging_messages_slow_total", "1",
                       "Messages processed too late."),
    [M_FAILURES] = COUNTER("failures_total", "messaging_process_failures_total", "1",
                           "Tries that failed."),
    [M_REDELIVERED] =
        COUNTER("redelivered_total", "messaging_redelivered_messages_total", "1",
                "Times a message of a queue was given out again."),
    [M_DUPLICATES] =
        COUNTER("duplicates_total", "messaging_process_duplicates_total", "1",
                "Messages processed that had been processed, or published, before."),
    [M_DEAD] = COUNTER("dead_total", "messaging_dead_messages_total", "1",
                       "Messages given up after too many tries."),
    [M_SKIPPED] = COUNTER("skipped_total", "messaging_skipped_messages_total", "1",
                          "Messages an operator has passed over or deleted."),
    [M_LOST] = COUNTER("lost_total", "messaging_lost_messages_total", "1",
                       "Messages deleted for their age before they were processed."),
    [M_BATCHES] =
        COUNTER("batches_total", "messaging_batches_total", "1", "Batches fetched."),
    [M_REBALANCES] = COUNTER("rebalances_total", "kafka_consumergroup_rebalances_total",
                             "1", "Times its consumers have changed."),
    [M_EVICTIONS] =
        COUNTER("evictions_total", "messaging_subscription_evictions_total", "1",
                "Consumers that left the group as they did not ask for messages."),
    [M_SECONDS] = COUNTER("seconds_total", "messaging_process_age_seconds_sum", "s",
                          "Age of all messages when they were processed."),
};
_Static_assert(COUNT_OF(subscription_metrics) == M_COUNT, "one for each");
_Static_assert((int)M_COUNT == (int)SUBSCRIPTION_METRICS, "and so many are told of");

static double cursor_lag(const struct world *w, comp_id c, uint32_t p)
{
    const struct cursor *u = cursor_at(w, c, p);
    int64_t waiting = partition_at(w, sub_topic(w, c), p)->end - u->next;
    return (double)(waiting + u->taken - u->processed);
}

double sub_lag(const struct world *w, comp_id c, int partition)
{
    const struct subscription_state *s = sub_of(w, c);
    double sum = 0;
    for (uint32_t p = 0; p < s->ncursors; p++)
        if (partition <= 0 || (uint32_t)partition == p + 1)
            sum += cursor_lag(w, c, p);
    if (partition <= 0)
        sum += s->nready + s->nout + (s->nagain - s->again_at);
    return sum;
}

static double age(const struct world *w, sim_time published)
{
    return (double)(w_now(w) - published) / (double)SIM_SEC;
}

static double cursor_age(const struct world *w, comp_id c, uint32_t p)
{
    const struct partition *from = partition_at(w, sub_topic(w, c), p);
    int64_t at = cursor_at(w, c, p)->processed;
    at = at < from->start ? from->start : at;
    return at < from->end ? age(w, partition_message(w, from, at)->published) : 0;
}

/* Tickets come in the order in which they were taken, nearly that of their age. */
static double tickets_age(const struct world *w, const struct subscription_state *s)
{
    for (ref r = s->tickets; r != 0; r = ticket_at(w, r)->next)
        if (ticket_at(w, r)->state != TICKET_GONE)
            return age(w, ticket_at(w, r)->message.published);
    return 0;
}

static double lag_seconds(const struct world *w, comp_id c, int partition, bool mean)
{
    const struct subscription_state *s = sub_of(w, c);
    double most = 0, sum = 0;
    for (uint32_t p = 0; p < s->ncursors; p++) {
        double x = cursor_age(w, c, p);
        if (partition > 0 && (uint32_t)partition != p + 1)
            continue;
        sum += x;
        most = x > most ? x : most;
    }
    double held = partition > 0 ? 0 : tickets_age(w, s);
    if (mean)
        return s->ncursors > 0 ? sum / s->ncursors : 0;
    return held > most ? held : most;
}

double sub_oldest(const struct world *w, comp_id c)
{
    return lag_seconds(w, c, 0, false);
}

static double lag_figure(const struct world *w, comp_id c, int metric, int partition)
{
    const struct subscription_state *s = sub_of(w, c);
    double most = 0;
    switch (metric) {
    case M_LAG:
        return sub_lag(w, c, partition);
    case M_LAG_MEAN:
        return sub_lag(w, c, 0) / s->ncursors;
    case M_LAG_MAX:
        for (uint32_t p = 0; p < s->ncursors; p++)
            most = cursor_lag(w, c, p) > most ? cursor_lag(w, c, p) : most;
        return most;
    case M_OFFSET:
        for (uint32_t p = 0; p < s->ncursors; p++)
            if (partition <= 0 || (uint32_t)partition == p + 1)
                most += (double)cursor_at(w, c, p)->committed;
        return most;
    default:
        return lag_seconds(w, c, partition, metric == M_LAG_SECONDS_MEAN);
    }
}

double sub_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct subscription_state *s = sub_of(w, c);
    const uint64_t counts[] = {s->processed, s->good,        s->bad,     s->slow,
                               s->failures,  s->redelivered, s->repeats, s->dead_total,
                               s->skipped,   s->expired,     s->batches, s->rebalances,
                               s->evictions};
    if (metric <= M_OFFSET)
        return lag_figure(w, c, metric, instance);
    switch (metric) {
    case M_BAD:
        return (double)(s->bad + sub_gap(w, c) + sub_overdue(w, c));
    case M_LOST:
        return (double)(s->expired + sub_gap(w, c));
    case M_CONSUMERS:
        return s->nmembers;
    case M_LEFT_OUT:
        return s->left_out;
    case M_IN_FLIGHT:
        return s->inside.count;
    case M_NOT_VISIBLE:
        return s->nout;
    case M_DEAD_LETTERS:
        return s->ndead;
    case M_SECONDS:
        return (double)s->seconds / (double)SIM_SEC;
    default:
        return (double)counts[metric - M_PROCESSED];
    }
}

int sub_instances(const struct world *w, comp_id c)
{
    return (int)sub_of(w, c)->ncursors;
}

void sub_inflight(const struct world *w, comp_id c,
                  void (*f)(const struct world *w, const struct act *a, void *ctx),
                  void *ctx)
{
    for (ref r = sub_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}
