/*
 * An example for every kind of component, as it stands in a lesson's world: with what it
 * needs around it, so that each of them builds as it is; and one for each operation and
 * fault, done to that component (tests/unit/test_lesson_examples.c).
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
     "local buy = { compute(ms(3)), query(\"orders-db\", \"save\") }\n"
     "w:service  { \"checkout\", instances = 4, workers = 32, cores = 2,\n"
     "             pool = { to = \"orders-db\", size = 20 },\n"
     "             versions = { { \"v1\", buy = buy }, { \"v2\", buy = buy } } }\n"},
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
                 "  statements = { save = { cpu = exponential(ms(4)) } },\n"
                 "  replicas = { reader = {} }, backups = { nightly = {} } }\n"},
    {"statement",
     "w:database { \"orders-db\", cores = 8,\n"
     "  tables     = { orders = { rows = 100000 } },\n"
     "  statements = { save = { cpu = ms(1), table = \"orders-db.orders\",\n"
     "                          inserts = 1 } } }\n"},
    {"table", "w:database { \"orders-db\",\n"
              "  tables = { orders = { rows = 4000000, indexes = \"by-day\" } } }\n"},
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

static const struct {
    const char *kind, *verb, *lua;
} verbs[] = {
    {"client", "spike", "fault(\"shoppers\", \"spike\", { factor = 3 })"},
    {"service", "restart", "op(\"checkout\", \"restart\", { rolling = true })"},
    {"service", "scale", "op(\"checkout\", \"scale\", { count = 8 })"},
    {"service", "deploy", "op(\"checkout\", \"deploy\", { version = \"v2\" })"},
    {"service", "rollback", "op(\"checkout\", \"rollback\")"},
    {"service", "canary",
     "op(\"checkout\", \"canary\", { version = \"v2\", share = 0.1 })"},
    {"service", "promote", "op(\"checkout\", \"promote\")"},
    {"service", "abort", "op(\"checkout\", \"abort\")"},
    {"service", "crash", "fault(\"checkout\", \"crash\")"},
    {"service", "hang", "fault(\"checkout\", \"hang\")"},
    {"service", "slow", "fault(\"checkout\", \"slow\", { factor = 3 })"},
    {"service", "error_rate",
     "fault(\"checkout\", \"error_rate\", { fraction = 0.3 })"},
    {"service", "memory_leak", "fault(\"checkout\", \"memory_leak\", { kib = 64 })"},
    {"service", "fd_leak", "fault(\"checkout\", \"fd_leak\", { per_request = 0.1 })"},
    {"service", "fails_to_start",
     "fault(\"checkout\", \"fails_to_start\", { version = \"v2\" })"},
    {"service", "unready", "fault(\"checkout\", \"unready\")"},
    {"service", "zone_down", "fault(\"checkout\", \"zone_down\", { zone = 1 })"},
    {"balancer", "drain", "op(\"edge\", \"drain\", { instance = 2 })"},
    {"balancer", "undrain", "op(\"edge\", \"undrain\", { instance = 2 })"},
    {"balancer", "limit", "op(\"edge\", \"limit\", { per_second = 10 })"},
    {"balancer", "weight", "op(\"edge\", \"weight\", { weight = 0.2, instance = 2 })"},
    {"database", "kill",
     "op(\"orders-db\", \"kill\", { session = \"idle-in-transaction\" })"},
    {"database", "failover",
     "op(\"orders-db\", \"failover\", { to = \"orders-db.reader\" })"},
    {"database", "rebuild", "op(\"orders-db\", \"rebuild\")"},
    {"database", "restore", "op(\"orders-db\", \"restore\", { backup = \"nightly\" })"},
    {"database", "rescue",
     "op(\"orders-db\", \"rescue\", { from = \"orders-db.reader\" })"},
    {"database", "free_disk", "op(\"orders-db\", \"free_disk\", { bytes = 1e9 })"},
    {"database", "restart", "op(\"orders-db\", \"restart\")"},
    {"database", "slow", "fault(\"orders-db\", \"slow\", { factor = 3 })"},
    {"database", "stall", "fault(\"orders-db\", \"stall\")"},
    {"database", "down", "fault(\"orders-db\", \"down\")"},
    {"database", "disk_slow", "fault(\"orders-db\", \"disk_slow\", { factor = 20 })"},
    {"database", "disk_fill", "fault(\"orders-db\", \"disk_fill\", { bytes = 1e9 })"},
    {"database", "archive_stuck", "fault(\"orders-db\", \"archive_stuck\")"},
    {"database", "long_transaction", "fault(\"orders-db\", \"long_transaction\")"},
    {"database", "host_gone", "fault(\"orders-db\", \"host_gone\")"},
    {"statement", "slow", "fault(\"orders-db.save\", \"slow\", { factor = 3 })"},
    {"cache", "flush", "op(\"seats-cache\", \"flush\", { keyspace = \"seats\" })"},
    {"cache", "down", "fault(\"seats-cache\", \"down\")"},
    {"cache", "cold", "fault(\"seats-cache\", \"cold\")"},
    {"cache", "slow", "fault(\"seats-cache\", \"slow\", { factor = 3 })"},
    {"keyspace", "flush", "op(\"hot.pages\", \"flush\", { pattern = \"page-1*\" })"},
    {"external", "slow", "fault(\"card-gateway\", \"slow\", { factor = 3 })"},
    {"external", "errors", "fault(\"card-gateway\", \"errors\", { share = 0.3 })"},
    {"external", "down", "fault(\"card-gateway\", \"down\")"},
    {"external", "hang", "fault(\"card-gateway\", \"hang\")"},
    {"replica", "kill",
     "op(\"orders-db.reader\", \"kill\", { session = \"idle-in-transaction\" })"},
    {"replica", "pause_replay", "op(\"orders-db.reader\", \"pause_replay\")"},
    {"replica", "resume_replay", "op(\"orders-db.reader\", \"resume_replay\")"},
    {"replica", "rebuild", "op(\"orders-db.reader\", \"rebuild\")"},
    {"replica", "slow", "fault(\"orders-db.reader\", \"slow\", { factor = 3 })"},
    {"replica", "stall", "fault(\"orders-db.reader\", \"stall\")"},
    {"replica", "down", "fault(\"orders-db.reader\", \"down\")"},
    {"replica", "replay_stuck", "fault(\"orders-db.reader\", \"replay_stuck\")"},
    {"replica", "link_slow",
     "fault(\"orders-db.reader\", \"link_slow\", { factor = 10 })"},
    {"replica", "link_down", "fault(\"orders-db.reader\", \"link_down\")"},
    {"replica", "host_gone", "fault(\"orders-db.reader\", \"host_gone\")"},
    {"backup", "run", "op(\"orders-db.nightly\", \"run\")"},
    {"backup", "verify", "op(\"orders-db.nightly\", \"verify\")"},
    {"backup", "empty", "fault(\"orders-db.nightly\", \"empty\")"},
    {"backup", "skips", "fault(\"orders-db.nightly\", \"skips\")"},
    {"backup", "fails", "fault(\"orders-db.nightly\", \"fails\")"},
    {"link", "slow", "fault(\"wan\", \"slow\", { factor = 10 })"},
    {"link", "loss", "fault(\"wan\", \"loss\", { share = 0.02 })"},
    {"link", "partition", "fault(\"wan\", \"partition\")"},
    {"link", "one_way", "fault(\"wan\", \"one_way\", { what = \"answers\" })"},
    {"link", "partial", "fault(\"wan\", \"partial\", { share = 0.2 })"},
    {"link", "refuse", "fault(\"wan\", \"refuse\")"},
    {"link", "bandwidth", "fault(\"wan\", \"bandwidth\", { share = 0.1 })"},
    {"link", "flap", "fault(\"wan\", \"flap\", { period = min(1), down = sec(5) })"},
    {"link", "forget", "fault(\"wan\", \"forget\")"},
    {"broker", "down", "fault(\"events\", \"down\")"},
    {"broker", "slow", "fault(\"events\", \"slow\", { factor = 3 })"},
    {"topic", "purge", "op(\"events.orders\", \"purge\")"},
    {"topic", "poison", "fault(\"events.orders\", \"poison\")"},
    {"topic", "leader_lost", "fault(\"events.orders\", \"leader_lost\")"},
    {"subscription", "pause", "op(\"events.orders.mail\", \"pause\")"},
    {"subscription", "resume", "op(\"events.orders.mail\", \"resume\")"},
    {"subscription", "skip", "op(\"events.orders.mail\", \"skip\", { messages = 1 })"},
    {"subscription", "seek", "op(\"events.orders.mail\", \"seek\", { offset = 100 })"},
    {"subscription", "replay",
     "op(\"events.orders.mail\", \"replay\", { back = min(10) })"},
    {"subscription", "purge", "op(\"events.orders.mail\", \"purge\")"},
    {"subscription", "replay_dead", "op(\"events.orders.mail\", \"replay_dead\")"},
    {"subscription", "drop_dead", "op(\"events.orders.mail\", \"drop_dead\")"},
    {"subscription", "stuck",
     "fault(\"events.orders.mail\", \"stuck\", { consumers = 1 })"},
    {"subscription", "duplicates",
     "fault(\"events.orders.mail\", \"duplicates\", { share = 0.05 })"},
    {"dns", "point", "op(\"pay.example\", \"point\", { to = \"payments\" })"},
    {"dns", "down", "fault(\"pay.example\", \"down\")"},
    {"dns", "slow", "fault(\"pay.example\", \"slow\", { factor = 10 })"},
    {"dns", "gone", "fault(\"pay.example\", \"gone\")"},
    {"certificate", "renew", "op(\"shop-tls\", \"renew\")"},
    {"certificate", "reload", "op(\"shop-tls\", \"reload\")"},
    {"certificate", "revoked", "fault(\"shop-tls\", \"revoked\")"},
    {"certificate", "wrong_name", "fault(\"shop-tls\", \"wrong_name\")"},
    {"certificate", "renewal_fails", "fault(\"shop-tls\", \"renewal_fails\")"},
    {"clock", "sync", "op(\"shop-clock\", \"sync\")"},
    {"clock", "skew", "fault(\"shop-clock\", \"skew\", { seconds = 30 })"},
    {"clock", "drift", "fault(\"shop-clock\", \"drift\", { ppm = 200 })"},
    {"clock", "ntp_down", "fault(\"shop-clock\", \"ntp_down\")"},
    {"clock", "leap", "fault(\"shop-clock\", \"leap\")"},
    {"table", "create_index",
     "op(\"orders-db.orders\", \"create_index\", { index = \"by-user\", online = true "
     "})"},
    {"table", "drop_index",
     "op(\"orders-db.orders\", \"drop_index\", { index = \"by-day\" })"},
    {"table", "analyze", "op(\"orders-db.orders\", \"analyze\")"},
    {"table", "vacuum", "op(\"orders-db.orders\", \"vacuum\")"},
    {"table", "vacuum_full", "op(\"orders-db.orders\", \"vacuum_full\")"},
    {"table", "migrate",
     "op(\"orders-db.orders\", \"migrate\", { change = \"add_column\" })"},
    {"table", "widen_ids", "op(\"orders-db.orders\", \"widen_ids\")"},
    {"table", "delete_rows",
     "op(\"orders-db.orders\", \"delete_rows\", { share = 0.1 })"},
    {"table", "index_lost",
     "fault(\"orders-db.orders\", \"index_lost\", { index = \"by-day\" })"},
    {"table", "bad_plan", "fault(\"orders-db.orders\", \"bad_plan\")"},
    {"table", "rows_deleted",
     "fault(\"orders-db.orders\", \"rows_deleted\", { share = 0.3 })"},
    {"table", "dropped", "fault(\"orders-db.orders\", \"dropped\")"},
    {"limiter", "limit", "op(\"gate\", \"limit\", { per_second = 20 })"},
    {"limiter", "fails_open", "fault(\"gate\", \"fails_open\")"},
    {"limiter", "fails_closed", "fault(\"gate\", \"fails_closed\")"},
    {"job", "run", "op(\"nightly-report\", \"run\")"},
    {"job", "stop", "op(\"nightly-report\", \"stop\")"},
    {"job", "enable", "op(\"nightly-report\", \"enable\")"},
    {"job", "disable", "op(\"nightly-report\", \"disable\")"},
    {"job", "skip", "fault(\"nightly-report\", \"skip\", { runs = 3 })"},
    {"job", "node_gone", "fault(\"nightly-report\", \"node_gone\")"},
    {"job", "dies", "fault(\"nightly-report\", \"dies\", { share = 0.5 })"},
    {"job", "slow", "fault(\"nightly-report\", \"slow\", { factor = 3 })"},
    {"job", "fails", "fault(\"nightly-report\", \"fails\")"},
};

const char *lesson_verb_example(const char *kind, const char *verb)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (str_eq(verbs[i].kind, kind) && str_eq(verbs[i].verb, verb))
            return verbs[i].lua;
    return NULL;
}
