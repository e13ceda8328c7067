/*
 * Words for how a parameter changes, the same in listings, help, refusals and the
 * reference. Where the facts come from:
 *
 * - At a restart: PostgreSQL's max_connections (pg_settings.context "postmaster"); a JVM's
 *   heap (-Xmx); a container's cores and memory limit, which live in its pod's template;
 *   a process's file descriptors (setrlimit at its start); worker threads and accept
 *   queue of a server (nginx, gunicorn and Tomcat read them when they start).
 * - By a resize: a managed database's instance class (Amazon RDS: an outage, or a failover
 *   with Multi-AZ) and its disk, which grows while it is in use and never shrinks.
 * - At once: PostgreSQL's "sighup" and "user" settings (statement_timeout, lock_timeout,
 *   synchronous_standby_names, wal_keep_size, autovacuum), HikariCP's pool sizes and
 *   time-outs (HikariConfigMXBean), Redis' CONFIG SET, a proxy's reload (nginx, HAProxy,
 *   Envoy's xDS), Kafka's partitions and retention, the spec of an autoscaler.
 */
#include "truecode/kind.h"

const char *change_word(enum param_change change)
{
    static const char *const words[] = {
        [CHANGE_NEVER] = "built",        [CHANGE_BUILT] = "built",
        [CHANGE_USERS] = "users",        [CHANGE_AT_ONCE] = "at once",
        [CHANGE_AT_RESTART] = "restart", [CHANGE_BY_RESIZE] = "resize"};
    _Static_assert(COUNT_OF(words) == CHANGES, "a change without a word");
    return words[change];
}

const char *change_text(enum param_change change)
{
    static const char *const texts[] = {
        [CHANGE_NEVER] = "how it is built; nobody changes it while it runs",
        [CHANGE_BUILT] = "it is how this is built; only another version or another "
                         "product changes it",
        [CHANGE_USERS] = "what users want is theirs; you can turn them away at an "
                         "edge or a service, and those count as lost",
        [CHANGE_AT_ONCE] = "may be set, and holds at once",
        [CHANGE_AT_RESTART] = "may be set, and holds after a restart",
        [CHANGE_BY_RESIZE] =
            "hardware: a resize takes minutes, and what is larger costs "
            "more"};
    _Static_assert(COUNT_OF(texts) == CHANGES, "a change without a text");
    return texts[change];
}

const char *each_word(enum param_each each)
{
    return each == EACH_NOT ? "" : each == EACH_CALLER ? "caller" : "instance";
}
