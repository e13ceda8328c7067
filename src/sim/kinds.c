/*
 * The table of kinds. A new kind is a file and a line here.
 */
#include "model/model.h"

const struct kind_impl *const all_kinds[] = {
    &kind_client,  &kind_service,     &kind_endpoint, &kind_balancer,
    &kind_call,    &kind_pool,        &kind_database, &kind_statement,
    &kind_cache,   &kind_keyspace,    &kind_external, &kind_autoscaler,
    &kind_flag,    &kind_counter,     &kind_replica,  &kind_backup,
    &kind_link,    &kind_broker,      &kind_topic,    &kind_subscription,
    &kind_dns,     &kind_certificate, &kind_clock,    &kind_table,
    &kind_limiter, &kind_job,
};

size_t sim_kinds(void)
{
    return sizeof all_kinds / sizeof *all_kinds;
}

const struct kind_desc *sim_kind(size_t i)
{
    return i < sim_kinds() ? &all_kinds[i]->desc : NULL;
}

uint8_t kind_number(const struct kind_impl *k)
{
    uint8_t i = 0;
    while (all_kinds[i] != k)
        i++;
    return i;
}

const struct kind_impl *kind_named(const char *name)
{
    for (size_t i = 0; i < sim_kinds(); i++)
        if (str_eq(all_kinds[i]->desc.name, name))
            return all_kinds[i];
    return NULL;
}

const struct kind_desc *sim_kind_named(const char *name)
{
    const struct kind_impl *k = kind_named(name);
    return k == NULL ? NULL : &k->desc;
}

#define X(name, phrase) phrase,
static const char *const locks[] = {LOCK_MODE_LIST(X) "row", "shared row", "advisory"};
static const char *const causes[] = {CAUSE_LIST(X)};
static const char *const reasons[] = {REASON_LIST(X)};
#undef X

const char *cause_phrase(enum cause c)
{
    return (unsigned)c < CAUSE_COUNT ? causes[c] : "";
}

const char *reason_phrase(enum reason r)
{
    return (unsigned)r < REASON_COUNT ? reasons[r] : "";
}

const char *const *lock_forms(void)
{
    return locks;
}
