/*
 * An example for every kind of component, as it stands in a lesson's world: with what it
 * needs around it, so that each of them builds as it is (tests/unit/test_lesson_examples.c).
 */
#include "binding.h"
#include "lesson_internal.h"

#include <string.h>

static const struct {
    const char *kind, *lua;
} examples[] = {
    {"client", "w:service { \"shop\", endpoints = { buy = { compute(ms(3)) } } }\n"
               "w:client  { \"shoppers\", to = \"shop/buy\", rate = per_second(20),\n"
               "            gives_up = sec(8), reloads = 0.3 }\n"},
    {"service",
     "w:database { \"orders-db\", statements = { save = { cpu = ms(4) } } }\n"
     "w:service  { \"checkout\", instances = 4, workers = 32, cores = 2,\n"
     "             pool = { to = \"orders-db\", size = 20 },\n"
     "             endpoints = {\n"
     "               buy = { compute(ms(3)), query(\"orders-db\", \"save\") } } }\n"},
    {"endpoint", "w:service { \"checkout\", workers = 32, endpoints = {\n"
                 "  buy    = { workers = 8, compute(ms(3)) },   -- at most 8 at once\n"
                 "  status = { compute(us(200)) } } }\n"},
    {"balancer",
     "w:service  { \"shop\", instances = 3,\n"
     "             endpoints = { buy = { compute(ms(3)) } } }\n"
     "w:balancer { \"edge\", to = \"shop\", policy = \"least_in_flight\" }\n"
     "w:client   { \"shoppers\", to = \"edge/buy\", rate = per_second(20) }\n"},
    {"call", "w:external { \"card-gateway\", latency = lognormal(ms(180), ms(60)) }\n"
             "w:service  { \"checkout\",\n"
             "  calls = { [\"card-gateway\"] = { timeout = sec(2), retries = 1 } },\n"
             "  endpoints = { buy = { call(\"card-gateway\", \"charge\") } } }\n"},
    {"pool",
     "w:database { \"orders-db\", statements = { save = { cpu = ms(4) } } }\n"
     "w:service  { \"checkout\",\n"
     "             pool = { to = \"orders-db\", size = 20 },   -- checkout.pool\n"
     "             endpoints = { buy = { query(\"orders-db\", \"save\") } } }\n"},
    {"database", "w:database { \"orders-db\", max_connections = 100, cores = 8,\n"
                 "  statements = { save = { cpu = exponential(ms(4)) } } }\n"},
    {"statement",
     "w:database { \"orders-db\", cores = 8,\n"
     "  tables     = { orders = { rows = 100000 } },\n"
     "  statements = { save = { cpu = ms(1), table = \"orders-db.orders\",\n"
     "                          inserts = 1 } } }\n"},
    {"table",
     "w:database { \"orders-db\", tables = { orders = { rows = 4000000 } } }\n"},
    {"replica",
     "w:database { \"orders-db\", statements = { save = { cpu = ms(4) } },\n"
     "  replicas = { reader = {} } }                     -- orders-db.reader\n"},
    {"backup", "w:database { \"orders-db\",\n"
               "  backups = { nightly = { every = hours(24), at = hours(2) } } }\n"},
    {"cache",
     "w:database { \"seats-db\", statements = { count = { cpu = ms(250) } } }\n"
     "w:cache    { \"seats-cache\",\n"
     "             keyspaces = { seats = { keys = 24, ttl = sec(60) } } }\n"
     "w:service  { \"booking\", pool = { to = \"seats-db\", size = 20 }, endpoints = "
     "{\n"
     "  view = { cached(\"seats-cache\", \"seats\", {\n"
     "    query(\"seats-db\", \"count\") }) } } }\n"},
    {"keyspace",
     "w:cache { \"hot\",\n"
     "  keyspaces = { pages = { keys = 5000, popularity = 1, ttl = min(10) } } }\n"},
    {"external",
     "w:external { \"card-gateway\", latency = lognormal(ms(180), ms(60)),\n"
     "             decline = 0.15 }\n"},
    {"autoscaler",
     "w:service    { \"api\", instances = 4,\n"
     "               endpoints = { get = { compute(ms(5)) } } }\n"
     "w:autoscaler { \"api-scaler\", service = \"api\", min = 2, max = 8 }\n"},
    {"flag",
     "w:flag    { \"gift-notes\", on = true }\n"
     "w:service { \"shop\", endpoints = {\n"
     "  buy = { when_flag(\"gift-notes\", { fail(\"gift note is empty\") }) } } }\n"},
    {"counter", "w:counter { \"orders\" }\n"
                "w:service { \"shop\", endpoints = {\n"
                "  buy = { compute(ms(3)), count(\"orders\") } } }\n"},
    {"link",
     "w:link    { \"wan\", latency = exponential(ms(40)) }\n"
     "w:service { \"far\", endpoints = { get = { compute(ms(2)) } } }\n"
     "w:service { \"near\", calls = { far = { via = \"wan\", timeout = sec(1) } },\n"
     "            endpoints = { get = { call(\"far\", \"get\") } } }\n"},
    {"broker", "w:service { \"mailer\", endpoints = { send = { sleep(ms(50)) } } }\n"
               "w:broker  { \"events\", topics = { orders = {\n"
               "  subscriptions = { mail = { to = \"mailer/send\" } } } } }\n"
               "w:service { \"shop\", endpoints = { order = { "
               "publish(\"events.orders\") } } }\n"},
    {"topic", "w:service { \"mailer\", endpoints = { send = { sleep(ms(50)) } } }\n"
              "w:broker  { \"events\", topics = { orders = {\n"
              "  partitions = 8, capacity = 50000,\n"
              "  subscriptions = { mail = { to = \"mailer/send\" } } } } }\n"},
    {"subscription",
     "w:service { \"mailer\", instances = 4,\n"
     "            endpoints = { send = { sleep(ms(50)) } } }\n"
     "w:broker  { \"events\", topics = { orders = { subscriptions = {\n"
     "  mail = { to = \"mailer/send\", batch = 50, tries = 5 },     -- like Kafka\n"
     "  late = { to = \"mailer/send\", style = \"queue\",           -- like SQS\n"
     "           visibility = sec(30) } } } } }\n"},
    {"dns", "w:service { \"payments\", endpoints = { pay = { compute(ms(5)) } } }\n"
            "w:dns     { \"pay.example\", to = \"payments\", ttl = sec(60) }\n"},
    {"certificate",
     "w:service     { \"shop\", endpoints = { buy = { compute(ms(3)) } } }\n"
     "w:certificate { \"shop-tls\", on = \"shop\" }\n"},
    {"clock", "w:service { \"shop\", instances = 3,\n"
              "            endpoints = { buy = { compute(ms(3)) } } }\n"
              "w:clock   { \"shop-clock\", on = \"shop\" }\n"},
    {"limiter", "w:service { \"api\", endpoints = { get = { compute(ms(5)) } } }\n"
                "w:limiter { \"gate\", to = \"api\", rate = 50, burst = 20 }\n"
                "w:client  { \"users\", to = \"gate/get\", rate = per_second(30) }\n"},
    {"job",
     "w:service { \"report\", endpoints = { run = { sleep(sec(20)) } } }\n"
     "w:job     { \"nightly-report\", every = hours(1), to = \"report/run\" }\n"},
};

const char *lesson_example(const char *kind)
{
    for (size_t i = 0; i < COUNT_OF(examples); i++)
        if (str_eq(examples[i].kind, kind))
            return examples[i].lua;
    return NULL;
}
