/*
 * Where the engine is put together: the list of kinds, and who takes what the loop hands
 * on. A new kind is a file in a room, ending in its descriptor `kind_NAME`, and a line
 * here. The order is that of help and of reference pages.
 */
#include "call/call.h"
#include "engine/kind.h"
#include "model/build.h"
#include "truecode/model.h"

#define KIND_LIST(X)                                                                   \
    X(client)                                                                          \
    X(service)                                                                         \
    X(endpoint)                                                                        \
    X(balancer)                                                                        \
    X(call)                                                                            \
    X(pool)                                                                            \
    X(database)                                                                        \
    X(statement)                                                                       \
    X(cache)                                                                           \
    X(keyspace)                                                                        \
    X(external)                                                                        \
    X(autoscaler)                                                                      \
    X(flag)                                                                            \
    X(counter)                                                                         \
    X(replica)                                                                         \
    X(backup)                                                                          \
    X(link)                                                                            \
    X(broker)                                                                          \
    X(topic)                                                                           \
    X(subscription)                                                                    \
    X(dns)                                                                             \
    X(certificate)                                                                     \
    X(clock)                                                                           \
    X(table)                                                                           \
    X(limiter)                                                                         \
    X(job)

#define X(name) extern const struct kind_impl kind_##name;
KIND_LIST(X)
#undef X

static const struct kind_impl *const kinds[] = {
#define X(name) &kind_##name,
    KIND_LIST(X)
#undef X
};

static const struct parts parts = {
    .kinds = kinds,
    .nkinds = COUNT_OF(kinds),
    .deliver = call_delivered,
    .timed_out = call_timeout,
    .try_again = call_backoff,
    .scheduled = apply_scheduled,
    .over = apply_over,
};

struct model *model_new(void)
{
    return model_make(&parts);
}

size_t sim_kinds(void)
{
    return parts.nkinds;
}

const struct kind_desc *sim_kind(size_t i)
{
    return i < parts.nkinds ? &kinds[i]->desc : NULL;
}

const struct kind_desc *sim_kind_named(const char *name)
{
    for (size_t i = 0; i < parts.nkinds; i++)
        if (str_eq(kinds[i]->desc.name, name))
            return &kinds[i]->desc;
    return NULL;
}
