/*
 * The console over a database with replicas, backups and tables: who leads, what is
 * behind, what is done to it and what cannot be.
 */
#include "../lib/console_golden.h"
#include "truecode/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* cmocka.h last */
#include <cmocka.h>

static const char world_text[] =
    "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"
    "w:database { 'orders-db', cores = 4, data = 20e9, disk_size = 40e9,\n"
    "  auto_failover = 0, promote_time = sec(10),\n"
    "  backup = { every = hours(24), at = hours(2), rate = 100e6 },\n"
    "  replicas = { ['db-2'] = { delay = ms(20) }, ['db-3'] = { delay = ms(40) } },\n"
    "  tables = {\n"
    "    orders = { rows = 4e6, indexes = 'status', keys = 50 },\n"
    "    audit = { rows = 1000 } },\n"
    "  statements = {\n"
    "    find = { cpu = ms(1), table = 'orders', index = 'status', rows = 20 },\n"
    "    by_mail = { cpu = ms(1), table = 'audit', index = 'mail', rows = 1 },\n"
    "    pay = { cpu = ms(2), table = 'orders', updates = 1, wal = 4000 } } }\n"
    "w:service { 'shop', workers = 200, pool = { to = 'orders-db', size = 40 },\n"
    "  endpoints = {\n"
    "  find = { query('orders-db', 'find'), query('orders-db', 'by_mail') },\n"
    "  pay = { query('orders-db', 'pay') } } }\n"
    "w:client { 'finders', to = 'shop/find', rate = 5 }\n"
    "w:client { 'payers', to = 'shop/pay', rate = 20 }\n"
    "end }\n";

static struct shop start(void)
{
    struct shop s;
    shop_of_text(&s, world_text, 7);
    shop_run(&s, 5 * SIM_MIN);
    return s;
}

static void fault(struct shop *s, const char *comp, const char *name, sim_time duration,
                  double number)
{
    struct errmsg why = {0};
    struct action a = {.kind = ACTION_FAULT,
                       .comp = model_find(s->model, comp),
                       .name = name,
                       .args = {value_number(number)},
                       .nargs = number > 0,
                       .duration = duration};
    if (world_apply(s->world, &a, NULL, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void who_leads(void **state)
{
    (void)state;
    struct shop s = start();
    static const char *const lines[] = {"db",
                                        "db replicas",
                                        "status",
                                        "db failover orders-db",
                                        "db",
                                        "db replicas",
                                        "db orders-db replicas",
                                        "changes",
                                        "db failover orders-db db-2",
                                        "db failover orders-db db-9",
                                        "db failover",
                                        "db failover shop",
                                        NULL};
    golden_console(&s, "db_failover", lines);
    shop_release(&s);
}

/* A leader that is gone: what no replica had is lost, and it has to be rebuilt. */
static void a_leader_is_gone(void **state)
{
    (void)state;
    struct shop s = start();
    fault(&s, "orders-db", "down", 0, 0);
    shop_run(&s, 30 * SIM_SEC);
    static const char *const lines[] = {"db",
                                        "db replicas",
                                        "map",
                                        "db failover orders-db db-3",
                                        "# wait 60s",
                                        "db",
                                        "db replicas",
                                        "status",
                                        "map",
                                        "db sessions",
                                        "kill orders-db 1",
                                        "kill orders-db 99",
                                        "db restore orders-db",
                                        "replica rebuild orders-db",
                                        "# wait 10s",
                                        "db replicas",
                                        "replica rebuild orders-db",
                                        "db",
                                        "# wait 3m",
                                        "replica",
                                        NULL};
    golden_console(&s, "db_gone", lines);
    shop_release(&s);
}

static void replays_stop(void **state)
{
    (void)state;
    struct shop s = start();
    static const char *const lines[] = {"replica pause db-2",
                                        "# wait 60s",
                                        "replica",
                                        "db",
                                        "replica pause db-2",
                                        "replica resume db-2",
                                        "replica resume orders-db.db-2",
                                        "replica resume orders-db",
                                        "replica pause orders-db",
                                        "replica pause db-3",
                                        "replica resume orders-db",
                                        "replica",
                                        NULL};
    golden_console(&s, "db_replay", lines);
    shop_release(&s);
}

static void what_can_be_put_back(void **state)
{
    (void)state;
    struct shop s = start();
    fault(&s, "orders-db.backup", "empty", 0, 0);
    static const char *const lines[] = {"db backups",
                                        "db verify orders-db",
                                        "db backups",
                                        "db backup orders-db",
                                        "db backups",
                                        "db backup orders-db",
                                        "# wait 5m",
                                        "db backups",
                                        "db verify orders-db",
                                        "db restore orders-db",
                                        "db",
                                        "db restore orders-db",
                                        "# wait 30s",
                                        "db",
                                        "logs orders-db",
                                        "db restore orders-db weekly",
                                        "db verify shop",
                                        NULL};
    golden_console(&s, "db_backups", lines);
    shop_release(&s);
}

/* Rows that somebody deleted: beside the database, from what still has them. */
static void what_a_rescue_says(void **state)
{
    (void)state;
    struct shop s = start();
    static const char *const lines[] = {"db rescue orders-db nothing",
                                        "db rescue orders-db backup",
                                        "db backups",
                                        "db rescue orders-db backup",
                                        "db",
                                        "# wait 3m",
                                        "logs orders-db",
                                        "db backups",
                                        NULL};
    fault(&s, "orders-db.orders", "rows_deleted", 0, 0);
    golden_console(&s, "db_rescue", lines);
    shop_release(&s);
}

static void what_tables_get(void **state)
{
    (void)state;
    struct shop s = start();
    static const char *const lines[] = {
        "db indexes",
        "db indexes audit",
        "db tables",
        "db create-index audit mail",
        "db create-index audit mali",
        "db indexes audit",
        "db drop-index orders status",
        "db drop-index orders status",
        "db vacuum orders",
        "db analyze orders",
        "db vacuum-full orders",
        "db tables",
        "db vacuum orders",
        "# wait 2m",
        "db migrate orders add-column --lock-timeout 5s",
        "db migrate orders ad-column",
        "db migrate orders",
        "db widen-ids orders",
        "db free-disk orders-db 5GB",
        "db free-disk orders-db lots",
        "set orders-db.disk_size 80GB",
        "db migrate orders frob",
        "db vacuum shop",
        "db vacuum",
        "db vacum orders",
        "db frobnicate",
        "help db vacuum-full",
        NULL};
    golden_console(&s, "db_tables", lines);
    shop_release(&s);
}

/* Operations in the middle of a restore, behind a lock, on a full disk. */
static void what_ends_half_way(void **state)
{
    (void)state;
    struct shop s = start();
    static const char *const restore[] = {"db restore orders-db",
                                          "db",
                                          "db failover orders-db",
                                          "db restore orders-db",
                                          "db vacuum orders",
                                          "status",
                                          "# wait 60s",
                                          "db backups",
                                          "db",
                                          "logs orders-db",
                                          "revert 1",
                                          NULL};
    golden_console(&s, "db_restore", restore);
    shop_release(&s);
    s = start();
    struct errmsg why = {0};
    struct action idle = {.kind = ACTION_FAULT,
                          .comp = model_find(s.model, "orders-db"),
                          .name = "long_transaction",
                          .args = {value_text("orders")},
                          .nargs = 1};
    if (world_apply(s.world, &idle, NULL, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    struct action small = {.kind = ACTION_SET, /* as no operator could */
                           .comp = model_find(s.model, "orders-db"),
                           .name = "disk_size",
                           .args = {value_count(20800000000)},
                           .nargs = 1};
    if (world_apply(s.world, &small, NULL, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    static const char *const lock[] = {
        "db migrate orders add-column --lock-timeout 20s",
        "db tables",
        "db migrate orders backfill",
        "db indexes orders",
        "# wait 30s",
        "db tables",
        "logs orders-db",
        "db vacuum-full orders",
        "db tables",
        "kill orders-db idle-in-transaction",
        "# wait 60s",
        "db tables",
        "logs orders-db --since 2m | tail -2",
        "db free-disk orders-db 1GB",
        NULL};
    golden_console(&s, "db_half_way", lock);
    shop_release(&s);
}

/* ---- what holds whatever the text says ------------------------------------------- */

static size_t effects_of(struct shop *s, const char *line, enum err *e, char **text)
{
    struct effects fx = {0};
    *text = shop_says(s, line, e, &fx);
    size_t n = 0;
    for (size_t i = 0; i < fx.n; i++)
        n += fx.list[i].kind == EFFECT_ACTION;
    effects_release(&fx);
    return n;
}

/* A refusal of the engine comes before anybody is asked, and the try leaves no trace in
 * the world. */
static void what_cannot_be_is_refused_at_once(void **state)
{
    (void)state;
    static const char *const lines[] = {"db failover orders-db orders-db",
                                        "db drop-index orders nothing",
                                        "replica resume db-2",
                                        "db restore orders-db weekly",
                                        "db free-disk orders-db 1GB",
                                        "kill orders-db no-such-statement"};
    struct shop s = start();
    uint64_t before = world_digest(s.world);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        enum err e;
        char *text;
        if (effects_of(&s, lines[i], &e, &text) != 0 || e == ERR_OK)
            fail_msg("%s: %s", lines[i], text);
        mem_free(text);
    }
    assert_true(world_digest(s.world) == before);
    shop_release(&s);
}

/* The same fact for all that ask: the picture's state, the view and the metrics. */
static void all_know_who_leads(void **state)
{
    (void)state;
    struct shop s = start();
    comp_id db = model_find(s.model, "orders-db");
    struct db_cluster_view v;
    fault(&s, "orders-db", "down", 0, 0);
    shop_run(&s, SIM_SEC);
    struct scene scene = {s.world, s.rec, world_now(s.world), false, NULL};
    assert_string_equal(scene_state(&scene, db).word, "no leader");
    assert_int_equal(scene_state(&scene, db).level, LEVEL_BAD);
    struct action failover = {.kind = ACTION_OP, .comp = db, .name = "failover"};
    struct errmsg why = {0};
    if (shop_do(&s, &failover, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    world_db_cluster(s.world, db, &v);
    assert_int_equal(v.leader, COMP_NONE);
    assert_true(v.takes_over != COMP_NONE && v.left > 9 * SIM_SEC);
    scene.now = world_now(s.world);
    assert_string_equal(scene_state(&scene, db).word, "failing over");
    shop_run(&s, 2 * SIM_MIN);
    world_db_cluster(s.world, db, &v);
    scene.now = world_now(s.world);
    assert_int_equal(v.leader, scene_server(&scene, db));
    assert_true(v.leader != db && v.servers == 3 && v.unwell == 1);
    struct state st = scene_state(&scene, db);
    assert_int_equal(st.level, LEVEL_UNUSUAL);
    assert_non_null(strstr(model_name(s.model, v.leader), st.on));
    struct fact f[FACTS_MAX];
    size_t n = scene_status(&scene, db, FACT_NOW, f, FACTS_MAX);
    assert_true(n > 1);
    for (size_t i = 0; i < n; i++)
        if (strcmp(f[i].figure->metric, "connections") == 0)
            assert_true(f[i].value > 0 && f[i].value == world_metric(s.world, v.leader,
                                                                     "connections", 0));
    shop_release(&s);
}

static void completes(struct shop *s, const char *line, const char *word, bool offered)
{
    struct completions k = {0};
    bool found = false;
    console_complete(&s->ctx, line, strlen(line), &k);
    for (size_t i = 0; i < k.n; i++)
        found = found || strcmp(k.words[i], word) == 0;
    if (found != offered)
        fail_msg("%s<Tab>: %s is %soffered", line, word, found ? "" : "not ");
    completions_release(&k);
}

static void words_behind_words_are_completed(void **state)
{
    (void)state;
    struct shop s = start();
    completes(&s, "db ", "failover", true);
    completes(&s, "db ", "orders-db", true);
    completes(&s, "db failover ", "orders-db", true);
    completes(&s, "db failover ", "failover", false);
    completes(&s, "db failover orders-db ", "db-2", true);
    completes(&s, "db failover orders-db ", "orders-db",
              false); /* the leader already */
    completes(&s, "db create-index orders-db.audit ", "mail", true);
    completes(&s, "db create-index audit ", "mail", true);
    completes(&s, "db migrate orders-db.orders ", "add-column", true);
    completes(&s, "db verify ", "orders-db.backup", true);
    completes(&s, "replica pause ", "orders-db.db-2", true);
    completes(&s, "replica pause ", "shop", false);
    shop_release(&s);
}

/* ---- messages, jobs, counters, balancers ----------------------------------------- */

static const char mail_text[] =
    "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"
    "w:broker { 'events', topics = { orders = { partitions = 3, subscriptions = {\n"
    "  mail = { to = 'mailer/mail', style = 'queue', consumers = 3, tries = 3,\n"
    "    retry_delay = sec(1) } } } } }\n"
    "w:service { 'web', workers = 50, instances = 3, endpoints = {\n"
    "  order = { count('orders_placed'), publish('events.orders') } } }\n"
    "w:service { 'mailer', workers = 50, endpoints = { mail = { sleep(ms(20)) } } }\n"
    "w:balancer { 'edge', to = 'web' }\n"
    "w:job { 'nightly', every = min(2), duration = sec(10),\n"
    "  items = 'events.orders.mail.processed_total', per_item = ms(5) }\n"
    "w:job { 'rare', every = hours(1), duration = sec(10) }\n"
    "w:cache { 'pages', keyspaces = { front = { keys = 40, ttl = min(5) } } }\n"
    "w:client { 'users', to = 'edge/order', rate = 10 }\n"
    "end }\n";

static void what_lies_in_a_queue(void **state)
{
    (void)state;
    struct shop s;
    shop_of_text(&s, mail_text, 3);
    shop_run(&s, 3 * SIM_MIN);
    struct errmsg why = {0};
    struct action poison = {.kind = ACTION_FAULT,
                            .comp = model_find(s.model, "events.orders"),
                            .instance = 2,
                            .name = "poison",
                            .args = {value_number(0.02)},
                            .nargs = 1};
    if (world_apply(s.world, &poison, NULL, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    shop_run(&s, 2 * SIM_MIN);
    static const char *const lines[] = {"queue",
                                        "queue mail",
                                        "queue events.orders.mail",
                                        "queue dead",
                                        "queue dead show events.orders.mail 1",
                                        "queue dead show events.orders.mail 99",
                                        "queue dead replay mail 1",
                                        "queue dead drop mail 99",
                                        "queue dead drop mail 1",
                                        "queue dead drop mail",
                                        "queue dead replay mail",
                                        "queue dead",
                                        "queue skip events.orders.mail-2 5",
                                        "help queue",
                                        "help queue dead",
                                        NULL};
    golden_console(&s, "queue", lines);
    shop_release(&s);
}

static void how_many_there_were(void **state)
{
    (void)state;
    struct shop s;
    shop_of_text(&s, mail_text, 3);
    shop_run(&s, 5 * SIM_MIN);
    static const char *const lines[] = {"count",
                                        "count --from 2m",
                                        "count orders_placed --from 19:31 --to 19:33",
                                        "count users.answered_total",
                                        "count mailer.cpu",
                                        "count orders_placd",
                                        "count orders_placed --from 1m --to 2m",
                                        "jobs",
                                        "jobs run rare",
                                        "jobs run nobody",
                                        "jobs stop nightly",
                                        "# wait 20s",
                                        "jobs",
                                        "jobs disable rare",
                                        "jobs",
                                        "balancer",
                                        "balancer weight web-2 0.5",
                                        "balancer weight web-9 1",
                                        "balancer weight web-2",
                                        "set edge.policy weighted",
                                        "balancer",
                                        "changes",
                                        "flush pages",
                                        "flush pages front",
                                        NULL};
    golden_console(&s, "count", lines);
    shop_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_leads),
        cmocka_unit_test(a_leader_is_gone),
        cmocka_unit_test(replays_stop),
        cmocka_unit_test(what_can_be_put_back),
        cmocka_unit_test(what_a_rescue_says),
        cmocka_unit_test(what_tables_get),
        cmocka_unit_test(what_ends_half_way),
        cmocka_unit_test(what_cannot_be_is_refused_at_once),
        cmocka_unit_test(all_know_who_leads),
        cmocka_unit_test(words_behind_words_are_completed),
        cmocka_unit_test(what_lies_in_a_queue),
        cmocka_unit_test(how_many_there_were)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
