/*
 * The console over a database with replicas, backups and tables: who leads, what is
 * behind, what is done to it and what cannot be.
 */
#include "../lib/console_golden.h"

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
                                        "db failover orders-db db-3",
                                        "# wait 60s",
                                        "db",
                                        "db replicas",
                                        "status",
                                        "db sessions",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_leads), cmocka_unit_test(a_leader_is_gone),
        cmocka_unit_test(replays_stop), cmocka_unit_test(what_can_be_put_back),
        cmocka_unit_test(what_tables_get)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
