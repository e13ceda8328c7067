/*
 * queue: topics and who reads them: how far behind each subscription is, in messages
 * and in time, and what it has given up. The whole and the worst partition stand side
 * by side, because the mean of eight partitions hides one that stands still.
 *
 * With a name it shows the partitions; with a word before the name it acts: the word is
 * an operation of the subscription (or topic), and its arguments follow.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

#define WINDOW SIM_MIN

/* ---- looking --------------------------------------------------------------------- */

static enum tone lag_tone(double seconds)
{
    return seconds > 60 ? TONE_BAD : seconds > 5 ? TONE_WARN : TONE_NORMAL;
}

static void subscription_row(struct call *c, struct out_table *t, comp_id sub)
{
    comp_id topic = model_owner(c->m, sub);
    double oldest = gauge(c, sub, "lag_seconds", 0),
           dead = gauge(c, sub, "dead_letters", 0);
    double failing = rate(c, sub, "failures_total");
    table_cell(t, TONE_STRONG, "%s", name_of(c, sub));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, rate(c, topic, "published_total")));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, rate(c, sub, "processed_total")));
    table_cell(t, TONE_NORMAL, "%s", count(c, gauge(c, sub, "lag", 0)));
    table_cell(t, lag_tone(oldest), "%s", count(c, gauge(c, sub, "lag_max", 0)));
    table_cell(t, lag_tone(oldest), "%s", span_short(c, (sim_time)(oldest * 1e9)));
    table_cell(t, failing > 0 ? TONE_WARN : TONE_NORMAL, "%s", per_time(c, failing));
    table_cell(t, dead > 0 ? TONE_WARN : TONE_NORMAL, "%s", count(c, dead));
    table_cell(t, TONE_NORMAL, "%s", count(c, gauge(c, sub, "consumers", 0)));
    seen_comp(c, sub, "metrics");
    seen_comp(c, topic, "metrics");
    seen_comp(c, model_owner(c->m, topic), "metrics");
    seen_metric(c, sub, "lag");
    seen_metric(c, sub, "lag_max");
}

static enum err subscriptions(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o, "SUBSCRIPTION|>IN|>DONE|>LAG|>WORST|>OLDEST|>FAIL|>DEAD|>BY");
    for (comp_id s = next_of(c, "subscription", COMP_NONE); s != COMP_NONE;
         s = next_of(c, "subscription", s))
        subscription_row(c, &t, s);
    table_print(&t);
    note(c, "Rates over the last minute. WORST: lag of the partition that is furthest "
            "behind. OLDEST: age of the oldest message that is not done. BY: how many "
            "consumers. queue NAME shows the partitions.");
    return ERR_OK;
}

static void partition_row(struct call *c, struct out_table *t, comp_id topic,
                          comp_id sub, int p)
{
    double oldest = world_metric(c->w, sub, "lag_seconds", p);
    bool leader = world_metric(c->w, topic, "leaderless", p) == 0;
    table_cell(t, TONE_STRONG, "%s-%d", name_of(c, sub), p);
    table_cell(t, TONE_NORMAL, "%s",
               count(c, world_metric(c->w, topic, "end_offset", p)));
    table_cell(t, TONE_NORMAL, "%s", count(c, world_metric(c->w, sub, "offset", p)));
    table_cell(t, lag_tone(oldest), "%s", count(c, world_metric(c->w, sub, "lag", p)));
    table_cell(t, lag_tone(oldest), "%s", span_short(c, (sim_time)(oldest * 1e9)));
    table_cell(t, leader ? TONE_NORMAL : TONE_BAD, "%s", leader ? "yes" : "none");
}

/* The fates of messages so far; what never happened is left out. */
static const struct fate_word fates[] = {
    {true, "published_total", "published"},
    {true, "duplicates_total", "of them sent twice by their producers"},
    {true, "deduplicated_total", "repeats not stored"},
    {true, "rejected_total", "refused"},
    {true, "purged_total", "deleted by an operator"},
    {true, "dropped_total", "deleted as there was no room"},
    {true, "expired_total", "deleted by retention"},
    {true, "cleared_total", "deleted when all had read them"},
    {false, "processed_total", "processed"},
    {false, "bad_total", "too late, lost or given up"},
    {false, "failures_total", "tries failed"},
    {false, "duplicates_total", "of them not for the first time"},
    {false, "redelivered_total", "given out again"},
    {false, "dead_total", "given up"},
    {false, "skipped_total", "passed over"},
    {false, "lost_total", "lost unread"},
    {false, "evictions_total", "times a consumer was evicted"},
};

/* The whole of a subscription, as it stands. */
static void tell_waiting(struct call *c, comp_id sub)
{
    double hidden = gauge(c, sub, "not_visible", 0);
    double dead = gauge(c, sub, "dead_letters", 0);
    double oldest = gauge(c, sub, "lag_seconds", 0);
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s not processed yet", count(c, gauge(c, sub, "lag", 0)));
    if (oldest > 0)
        buf_addf(&b, ", the oldest for %s", span_of(c, (sim_time)(oldest * 1e9)));
    if (hidden > 0)
        buf_addf(&b, "; %s of them not visible until confirmed", count(c, hidden));
    if (dead > 0)
        buf_addf(&b, "; %s dead letter%s (queue dead)", count(c, dead),
                 dead == 1 ? "" : "s");
    para(c, TONE_STRONG, 0, strf(c, "%s.", b.s));
    seen_metric(c, sub, "not_visible");
    seen_metric(c, sub, "lag_seconds");
    buf_release(&b);
}

static enum err partitions(struct call *c, comp_id sub)
{
    comp_id topic = model_owner(c->m, sub);
    struct out_table t;
    table_init(&t, c->o, "PARTITION|>END|>AT|>LAG|>OLDEST|LEADER");
    for (int p = 1; p <= world_instances(c->w, sub); p++)
        partition_row(c, &t, topic, sub, p);
    table_print(&t);
    tell_waiting(c, sub);
    tell_fates(c, "So far", sub, fates, COUNT_OF(fates));
    note(c, "AT: messages before it are confirmed. END: where the next one goes.");
    seen_comp(c, sub, "partitions");
    seen_comp(c, topic, "partitions");
    seen_metric(c, sub, "lag");
    return ERR_OK;
}

/* A subscription, or a topic (or broker) that has one. */
static enum err look(struct call *c)
{
    comp_id comp = nested_named(c, "subscription", c->arg[0]);
    if (comp != COMP_NONE)
        return partitions(c, comp);
    enum err e = need_comp(c, c->arg[0], &comp, NULL);
    if (e == ERR_NOT_FOUND)
        return no_such(c, c->arg[0],
                       strf(c, "%s. help queue says what may follow",
                            names_of_kind(c, "subscription")));
    if (e != ERR_OK)
        return e;
    for (comp_id s = next_of(c, "subscription", COMP_NONE); s != COMP_NONE;
         s = next_of(c, "subscription", s)) {
        comp_id topic = model_owner(c->m, s);
        if (s == comp || topic == comp || model_owner(c->m, topic) == comp)
            return partitions(c, s);
    }
    return refuse(c, ERR_INPUT, "%s has no subscription; there is: %s", c->arg[0],
                  names_of_kind(c, "subscription"));
}

/* ---- acting ---------------------------------------------------------------------- */

static const struct command_wild wild[] = {
    {"kafka", "kafka-consumer-groups.sh --bootstrap-server \"$KAFKA\" --describe "
              "--all-groups"},
    {"aws",
     "aws sqs get-queue-attributes --queue-url \"$QUEUE\" --attribute-names All"},
    {"rabbitmq", "rabbitmqctl list_queues name messages_ready messages_unacknowledged"},
};
static const struct command_wild wild_skip[] = {
    {"kafka",
     "kafka-consumer-groups.sh --bootstrap-server \"$KAFKA\" --group COMPONENT "
     "--topic \"$TOPIC\" --reset-offsets --shift-by VALUE --execute"},
};
static const struct command_wild wild_seek[] = {
    {"kafka",
     "kafka-consumer-groups.sh --bootstrap-server \"$KAFKA\" --group COMPONENT "
     "--topic \"$TOPIC\" --reset-offsets --to-offset VALUE --execute"},
};
static const struct command_wild wild_replay[] = {
    {"aws", "aws sqs start-message-move-task --source-arn \"$DEAD_LETTERS\""},
    {"kafka",
     "kafka-consumer-groups.sh --bootstrap-server \"$KAFKA\" --group COMPONENT "
     "--topic \"$TOPIC\" --reset-offsets --by-duration VALUE --execute"},
};
static const struct command_wild wild_purge[] = {
    {"aws", "aws sqs purge-queue --queue-url \"$QUEUE\""},
};

/* ---- its operations, as commands of their own ------------------------------------ */

#define VERB(id, word, usage, text, says, ...)                                         \
    static const struct command queue_##id = {.info = {.name = word,                   \
                                                       .synopsis = "queue " usage,     \
                                                       .doc = text,                    \
                                                       .examples = "",                 \
                                                       .group = GROUP_ACT,             \
                                                       .changes_world = true,          \
                                                       __VA_ARGS__},                   \
                                              .args = {ARG_SUBSCRIPTION, ARG_VALUE},   \
                                              .max_args = 6,                           \
                                              .raw = true,                             \
                                              .done = says,                            \
                                              .run = act_op}
VERB(pause, "pause", "pause NAME", "Takes no more messages until it is resumed.",
     "INSTANCE takes no more messages", .wild = NULL);
VERB(resume, "resume", "resume NAME", "Takes messages again.",
     "INSTANCE takes messages again", .wild = NULL);
VERB(skip, "skip", "skip NAME[-N] [COUNT]",
     "Goes past the next messages, as past one that cannot be read.", NULL,
     WILD(wild_skip));
VERB(seek, "seek", "seek NAME[-N] OFFSET", "Goes on at another place.", NULL,
     WILD(wild_seek));
VERB(replay, "replay", "replay NAME[-N] [TIME]",
     "Processes the dead letters again; with a time, everything since then.", NULL,
     WILD(wild_replay));
VERB(purge, "purge", "purge NAME", "Forgets what is not processed yet.",
     "INSTANCE is empty", WILD(wild_purge));

static const struct command *const subs[] = {
    &cmd_queue_dead, &queue_pause,  &queue_resume, &queue_skip,
    &queue_seek,     &queue_replay, &queue_purge,  NULL};

static enum err run(struct call *c)
{
    if (!count_of(c, "subscription"))
        return refuse(c, ERR_NOT_FOUND, "There is no message broker here.");
    if (!c->nargs)
        return subscriptions(c);
    return look(c);
}

const struct command cmd_queue = {
    .info = {.name = "queue",
             .synopsis = "queue [NAME], queue VERB NAME …",
             .doc = "Topics, and how far behind their readers are. NAME: its "
                    "partitions. replay without a time sends the dead letters again; "
                    "with one, everything since then.",
             .examples = "queue\nqueue SUBSCRIPTION\nqueue pause SUBSCRIPTION\n"
                         "queue skip SUBSCRIPTION-1 5\nqueue replay SUBSCRIPTION 10m",
             .group = GROUP_LOOK,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_SUBSCRIPTION},
    .max_args = 1,
    .subs = subs,
    .run = run,
};
