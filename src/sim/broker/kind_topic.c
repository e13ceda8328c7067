/*
 * Kind "topic": messages of one sort, in partitions. By default a message goes to the
 * partition that its key hashes to, so that all about one order stay in order; with
 * more partitions a key may land elsewhere from then on. Partitions are counted from 1,
 * and are the topic's instances.
 *
 * Two clocks delete. After `retention` a message goes, read or not: what was not read
 * is lost. Messages that every subscription is done with stay for `keep_read`, so that
 * they can be replayed. Both are looked at now and then, not to the millisecond.
 */
#include "broker/broker.h"
#include "broker/subscription.h"
#include "engine/kind.h"
#include "engine/zipf.h"
#include "truecode/model.h"

#include <stdio.h>

enum { EV_CLEAN };
#define CLEAN_MAX   (10 * SIM_SEC)
#define CLEAN_MIN   (100 * SIM_MS)
#define RETRY_LATER SIM_MIN /* time for which a repeated publish is recognised */
#define KEY_MASK    0xfffffffu

enum { OP_PURGE, TOPIC_OPS };
static const struct op_desc ops[] = {
    [OP_PURGE] = {.name = "purge",
                  .instance = true,
                  .cost = 5 * SIM_SEC,
                  .risk = "what is deleted is not processed by anybody",
                  .doc = "Deletes the messages, of one partition or all."},
};
_Static_assert(COUNT_OF(ops) == TOPIC_OPS, "one for each");

enum { FAULT_POISON, FAULT_LEADER, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_POISON] =
        {.name = "poison",
         .args =
             {{.name = "share",
               .type = VALUE_FRACTION,
               .optional = true,
               .doc =
                   "Share of the messages from now on; left out: the next one only."},
              {.name = "fixed_in",
               .type = VALUE_TEXT,
               .optional = true,
               .doc = "Version of the consumer that can read them."}},
         .doc =
             "Messages that nobody can read are published, to one partition or any."},
    [FAULT_LEADER] =
        {.name = "leader_lost",
         .doc =
             "A partition (or all) has no leader: it takes nothing and gives nothing."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

static const struct metric_need needs[] = {{"bytes", "message_bytes"}};

static const char *const streams[] = {"key", "fault", NULL};

/* ---- keys ------------------------------------------------------------------------ */

/* The data of a model's topic: which key is drawn; NULL: all alike. */
static enum err topic_check(struct model *m, comp_id c, struct errmsg *why)
{
    uint32_t keys = (uint32_t)model_param(m, c, TP_KEYS)->as.count;
    double s = model_param(m, c, TP_POPULARITY)->as.number;
    if (model_param(m, c, TP_RETENTION_BYTES)->as.count > 0 &&
        model_param(m, c, TP_MESSAGE_BYTES)->as.count == 0)
        return errmsg_set(why, ERR_INPUT,
                          "%s: retention_bytes means nothing while messages have no "
                          "size: message_bytes = 1000, say",
                          m->comps[c].name);
    if (keys > 0)
        m->comps[c].data = zipf_make(&m->arena, keys, s);
    return ERR_OK;
}

/* `draw` is what a publish drew when it was first tried: all its tries have one key. */
static uint32_t key_of(const struct world *w, comp_id c, uint32_t draw)
{
    const struct zipf *popular = w->comps[c].data;
    uint32_t keys = (uint32_t)p_count(w, c, TP_KEYS);
    if (keys == 0)
        return draw & KEY_MASK;
    if (!popular)
        return (uint32_t)((uint64_t)draw * keys >> 32);
    return zipf_at(popular, (double)draw / 4294967296.0);
}

static uint32_t partition_of(struct world *w, comp_id c, uint32_t key)
{
    struct topic_state *s = topic_of(w, c);
    if (p_count(w, c, TP_PARTITIONER) == PARTITIONER_KEY)
        return (uint32_t)(hash_u64(0, key) % s->n);
    for (uint32_t i = 0; i < s->n; i++) { /* past those that take nothing */
        uint32_t p = s->round_robin++ % s->n;
        if (!partition_at(w, c, p)->leaderless)
            return p;
    }
    return 0;
}

/* ---- publishing ------------------------------------------------------------------ */

void publish_key(struct world *w, struct act *a, comp_id topic)
{
    a->key = (uint32_t)(rng_next(w_rng(w, topic, TOPIC_RNG_KEY)) >> 32);
}

/* The message that an earlier try of this publish stored not long ago; NULL: none. */
static const struct message *stored_before(const struct world *w, comp_id c,
                                           uint32_t partition, const struct act *a)
{
    const struct partition *p = partition_at(w, c, partition);
    sim_time since = w_now(w) - RETRY_LATER;
    for (int64_t i = p->end - 1; i >= p->start; i--) {
        const struct message *m = partition_message(w, p, i);
        if (m->published < since)
            return NULL;
        if (m->request == a->request && m->id == a->key)
            return m;
    }
    return NULL;
}

static const struct message *repeated(const struct world *w, comp_id c,
                                      const struct act *a)
{
    const struct message *m = NULL;
    for (uint32_t p = 0; a->try_number > 1 && p < topic_of(w, c)->n && !m; p++)
        m = stored_before(w, c, p, a);
    return m;
}

/* The subject of a message: that of its producer, or, where there is none, as in a job's
 * run, the message itself. The second message of a program is another than the first. */
static void set_subject(struct world *w, comp_id c, struct message *m,
                        const struct act *a, const struct message *earlier)
{
    enum { APART = 10007 }; /* more than copies in a fan-out */
    m->visit = earlier ? earlier->visit : a->visit;
    m->origin = earlier ? earlier->origin : a->origin;
    m->nth = (uint16_t)(a->nth + a->mode * APART);
    if (m->visit == 0) {
        m->visit = ++topic_of(w, c)->begun;
        m->origin = c;
    }
}

static bool poisoned(struct world *w, comp_id c, uint32_t partition)
{
    struct topic_state *s = topic_of(w, c);
    if (s->poison_partition != 0 && s->poison_partition != partition + 1)
        return false;
    if (s->poison_next) {
        s->poison_next = false;
        return true;
    }
    return s->poison > 0 && rng_unit(w_rng(w, c, TOPIC_RNG_FAULT)) < s->poison;
}

/* The first kept message is `start`: whoever had not read those before has lost them.
 */
static void trim(struct world *w, comp_id c, uint32_t partition, int64_t start)
{
    assert(start >= 0);
    struct partition *p = partition_at(w, c, partition);
    if (start <= p->start)
        return;
    start = start < p->end ? start : p->end;
    broker_keeps(w, w->comps[c].owner, c, p->start - start);
    partition_trim(w, p, start);
    for (comp_id i = topic_of(w, c)->subscriptions; i != 0;
         i = sub_of(w, (comp_id)(i - 1))->next)
        sub_lost(w, (comp_id)(i - 1), partition, p->start);
}

static int64_t needed(const struct world *w, comp_id c, uint32_t partition)
{
    int64_t least = partition_at(w, c, partition)->end;
    for (comp_id i = topic_of(w, c)->subscriptions; i != 0;
         i = sub_of(w, (comp_id)(i - 1))->next) {
        int64_t from = sub_needs(w, (comp_id)(i - 1), partition);
        least = from < least ? from : least;
    }
    return least;
}

static void store(struct world *w, comp_id c, uint32_t partition,
                  const struct message *m)
{
    struct partition *p = partition_at(w, c, partition);
    int64_t most = p_count(w, c, TP_CAPACITY);
    partition_append(w, p, m);
    broker_keeps(w, w->comps[c].owner, c, 1);
    if (p->end - p->start > most) {
        topic_of(w, c)->dropped += (uint64_t)(p->end - p->start - most);
        trim(w, c, partition, p->end - most);
    }
    for (comp_id i = topic_of(w, c)->subscriptions; i != 0;
         i = sub_of(w, (comp_id)(i - 1))->next)
        sub_published(w, (comp_id)(i - 1), partition);
}

/* Messages before `upto` are needed by nobody any more. */
static void clear(struct world *w, comp_id c, uint32_t partition, int64_t upto)
{
    int64_t n = upto - partition_at(w, c, partition)->start;
    topic_of(w, c)->cleared += n > 0 ? (uint64_t)n : 0;
    trim(w, c, partition, upto);
}

void topic_clear(struct world *w, comp_id c)
{
    for (uint32_t p = 0; p < topic_of(w, c)->n; p++)
        clear(w, c, p, needed(w, c, p));
}

/* A message is refused when what nobody needs any more would not make room either. */
static bool is_full(struct world *w, comp_id c, uint32_t partition)
{
    const struct partition *p = partition_at(w, c, partition);
    int64_t most = p_count(w, c, TP_CAPACITY);
    if (p_count(w, c, TP_WHEN_FULL) == FULL_DROPS || p->end - p->start < most)
        return false;
    clear(w, c, partition, needed(w, c, partition));
    return p->end - p->start >= most;
}

enum reason topic_publish(struct world *w, comp_id c, const struct act *a)
{
    struct topic_state *s = topic_of(w, c);
    uint32_t key = key_of(w, c, a->key), partition = partition_of(w, c, key);
    if (partition_at(w, c, partition)->leaderless) {
        s->rejected++;
        return REASON_DOWN;
    }
    if (is_full(w, c, partition)) {
        s->rejected++;
        return REASON_QUEUE_FULL;
    }
    const struct message *again = repeated(w, c, a);
    if (again && p_on(w, c, TP_IDEMPOTENT)) {
        s->deduplicated++;
        return REASON_NONE;
    }
    struct message m = {.published = w_now(w),
                        .request = a->request,
                        .id = a->key,
                        .key = key & KEY_MASK};
    set_subject(w, c, &m, a, again);
    if (again) {
        s->duplicates++;
        m.flags |= MESSAGE_DUPLICATE;
    }
    if ((s->poison > 0 || s->poison_next) && poisoned(w, c, partition))
        m.flags |= MESSAGE_POISON;
    s->published++;
    w_outcome(w, partition);
    store(w, c, partition, &m);
    return REASON_NONE;
}

/* ---- deleting -------------------------------------------------------------------- */

/* Messages of a partition that `retention_bytes` has room for. */
static int64_t bytes_keep(const struct world *w, comp_id c)
{
    int64_t most = p_count(w, c, TP_RETENTION_BYTES);
    int64_t each = p_count(w, c, TP_MESSAGE_BYTES);
    return most > 0 && each > 0 ? most / each : INT64_MAX;
}

static void clean(struct world *w, comp_id c, uint32_t partition)
{
    const struct partition *p = partition_at(w, c, partition);
    sim_time keep = p_time(w, c, TP_RETENTION), read = p_time(w, c, TP_KEEP_READ);
    int64_t upto = p->start, done = needed(w, c, partition);
    if (keep > 0)
        upto = partition_find(w, p, w_now(w) - keep);
    int64_t most = bytes_keep(w, c);
    upto = p->end - upto > most ? p->end - most : upto;
    int64_t late = partition_find(w, p, w_now(w) - read);
    done = done < late ? done : late;
    topic_of(w, c)->expired += (uint64_t)(upto - p->start);
    trim(w, c, partition, upto);
    clear(w, c, partition, done);
}

static void clean_arm(struct world *w, comp_id c)
{
    struct topic_state *s = topic_of(w, c);
    sim_time keep = p_time(w, c, TP_RETENTION), read = p_time(w, c, TP_KEEP_READ);
    sim_time every = (keep > 0 && keep < read ? keep : read) / 20;
    every = every > CLEAN_MAX ? CLEAN_MAX : every < CLEAN_MIN ? CLEAN_MIN : every;
    cal_cancel(w, &s->timer);
    s->timer = cal_after(w, every, EV_KIND + EV_CLEAN, c, 0, 0);
}

static void topic_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    struct topic_state *s = topic_of(w, c);
    sim_time keep = p_time(w, c, TP_RETENTION);
    (void)what, (void)a, (void)b;
    s->timer = 0;
    for (uint32_t p = 0; p < s->n; p++)
        clean(w, c, p);
    for (comp_id i = s->subscriptions; keep > 0 && i != 0;
         i = sub_of(w, (comp_id)(i - 1))->next)
        tickets_expire(w, (comp_id)(i - 1), w_now(w) - keep);
    clean_arm(w, c);
}

/* ---- the kind -------------------------------------------------------------------- */

static size_t topic_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct topic_state);
}

static void set_partitions(struct world *w, comp_id c)
{
    struct topic_state *s = topic_of(w, c);
    uint32_t n = (uint32_t)p_count(w, c, TP_PARTITIONS);
    w_grow(w, &s->partitions, &s->cap, n, sizeof(struct partition));
    s->n = n;
    for (comp_id i = s->subscriptions; i != 0; i = sub_of(w, (comp_id)(i - 1))->next)
        sub_partitions(w, (comp_id)(i - 1));
}

static void topic_init(struct world *w, comp_id c)
{
    set_partitions(w, c);
    clean_arm(w, c);
}

static enum err topic_set(struct world *w, comp_id c, int param, const struct value *v,
                          struct errmsg *why)
{
    if (param == TP_PARTITIONS && v->as.count < p_count(w, c, TP_PARTITIONS))
        return errmsg_set(why, ERR_REFUSED,
                          "%s has %lld partitions: there can only be more",
                          w->comps[c].name, (long long)p_count(w, c, TP_PARTITIONS));
    return ERR_OK;
}

static void topic_changed(struct world *w, comp_id c, int param,
                          const struct value *old)
{
    (void)old;
    if (param == TP_PARTITIONS)
        set_partitions(w, c);
    if (param == TP_RETENTION || param == TP_KEEP_READ)
        clean_arm(w, c);
}

/* False: there is no such partition. 0: all. */
static enum err partition_named(const struct world *w, comp_id c, int number,
                                struct errmsg *why)
{
    if (number < 0 || (uint32_t)number > topic_of(w, c)->n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has partitions 1 to %u",
                          w->comps[c].name, topic_of(w, c)->n);
    return ERR_OK;
}

static enum err topic_op(struct world *w, comp_id c, int op, const struct action *a,
                         struct effect *fx, struct errmsg *why)
{
    struct topic_state *s = topic_of(w, c);
    int64_t n = 0;
    (void)op;
    enum err e = partition_named(w, c, a->instance, why);
    for (uint32_t i = 0; i < s->n && e == ERR_OK; i++) {
        const struct partition *p = partition_at(w, c, i);
        if (a->instance != 0 && (uint32_t)a->instance != i + 1)
            continue;
        n += p->end - p->start;
        for (comp_id k = s->subscriptions; k != 0;
             k = sub_of(w, (comp_id)(k - 1))->next)
            sub_purged(w, (comp_id)(k - 1), i, a->instance == 0);
        broker_keeps(w, w->comps[c].owner, c, p->start - p->end);
        partition_trim(w, partition_at(w, c, i), p->end);
    }
    s->purged += (uint64_t)n;
    snprintf(fx->title, sizeof fx->title, "purge %s: %lld message%s", w->comps[c].name,
             (long long)n, n == 1 ? "" : "s");
    return e;
}

/* A version's name in model memory; NULL: no service has it. */
static const char *version_text(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->ncomps; i++)
        for (size_t v = 0; v < model_versions(m, (comp_id)i); v++)
            if (str_eq(model_version(m, (comp_id)i, v), name))
                return model_version(m, (comp_id)i, v);
    return NULL;
}

static enum err topic_names(const struct model *m, const struct action *a,
                            struct errmsg *why)
{
    bool fixed = a->kind == ACTION_FAULT &&
                 str_eq(a->name, faults[FAULT_POISON].name) && a->nargs > 1 &&
                 a->args[1].type == VALUE_TEXT && a->args[1].as.text[0] != '\0';
    if (!fixed || version_text(m, a->args[1].as.text))
        return ERR_OK;
    return errmsg_set(why, ERR_NOT_FOUND, "no service has a version %.40s",
                      a->args[1].as.text);
}

static enum err fault_poison(struct world *w, comp_id c, const struct action *a,
                             bool on)
{
    struct topic_state *s = topic_of(w, c);
    if (!on) {
        s->poison = 0;
        s->poison_next = false;
        return ERR_OK;
    }
    const char *text = action_text(a, 1);
    const char *fixed = *text ? version_text(w->model, text) : NULL;
    s->poison = action_gives(a, 0) ? a->args[0].as.number : 0;
    s->poison_next = s->poison <= 0;
    s->poison_partition = (uint16_t)a->instance;
    s->fixed_in = fixed;
    return ERR_OK;
}

static enum err topic_fault(struct world *w, comp_id c, int fault,
                            const struct action *a, bool on, struct errmsg *why)
{
    enum err e = partition_named(w, c, a->instance, why);
    if (e != ERR_OK)
        return e;
    if (fault == FAULT_POISON)
        return fault_poison(w, c, a, on);
    for (uint32_t i = 0; i < topic_of(w, c)->n; i++)
        if (a->instance == 0 || (uint32_t)a->instance == i + 1)
            partition_at(w, c, i)->leaderless = on;
    if (!on)
        broker_wake(w, w->comps[c].owner);
    return ERR_OK;
}

static int topic_instances(const struct world *w, comp_id c)
{
    return (int)topic_of(w, c)->n;
}

static uint64_t topic_keeps(const struct world *w, comp_id c, size_t *bytes)
{
    uint64_t n = 0;
    for (uint32_t p = 0; p < topic_of(w, c)->n; p++) {
        const struct partition *of = partition_at(w, c, p);
        n += (uint64_t)(of->end - of->start);
    }
    *bytes = n * sizeof(struct message);
    return n;
}

static void topic_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    double keys = (double)model_param(m, c, TP_KEYS)->as.count;
    b->n = (double)model_param(m, c, TP_PARTITIONS)->as.count;
    b->bytes = b->n * 2 * sizeof(struct partition) +
               zipf_bytes(keys, model_param(m, c, TP_POPULARITY)->as.number);
    b->word = "partitions";
}

const struct kind_impl kind_topic = {
    .desc = {.name = "topic",
             .doc = "Messages of one sort at a broker, in partitions.",
             .nested = true,
             .within = "broker",
             .params = topic_params,
             .nparams = TP_PARAMS,
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = topic_metrics,
             .nmetrics = TOPIC_METRICS,
             .needs = needs,
             .nneeds = COUNT_OF(needs)},
    .streams = streams,
    .check = topic_check,
    .bulk = topic_bulk,
    .keeps = topic_keeps,
    .state_size = topic_size,
    .init = topic_init,
    .event = topic_event,
    .set = topic_set,
    .changed = topic_changed,
    .op = topic_op,
    .fault = topic_fault,
    .metric = topic_metric,
    .instances = topic_instances,
    .numbers = "partitions",
    .names = topic_names,
};
