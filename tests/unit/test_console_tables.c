/*
 * Tables and locks as a lesson writes them, and as the console shows them: who waits
 * for whom behind a forgotten transaction, what the tables have become.
 */
#include "../lib/console_shop.h"
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char world_text[] =
    "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"
    "w:database { 'db', cores = 4, tables = {\n"
    "    orders = { rows = 2e6, growth = 20, indexes = 'status', keys = 50 },\n"
    "    audit = { rows = 1000, id_limit = 2147483647 } },\n"
    "  statements = {\n"
    "    find = { cpu = ms(1), table = 'orders', index = 'status', rows = 20 },\n"
    "    pay = { cpu = ms(2), table = 'orders', updates = 1, lock_rows = 1 },\n"
    "    note = { cpu = us(200), table = 'db.audit', inserts = 1 } } }\n"
    "w:service { 'shop', workers = 200, pool = { to = 'db', size = 40 }, endpoints = "
    "{\n"
    "  find = { query('db', 'find') },\n"
    "  pay = { transaction('db', { lock('db', 'orders'), query('db', 'pay'),\n"
    "      lock('db', 'ledger', 'advisory'), query('db', 'note') }) } } }\n"
    "w:client { 'finders', to = 'shop/find', rate = 5 }\n"
    "w:client { 'payers', to = 'shop/pay', rate = 5 }\n"
    "end }\n";

static void build(const char *text, struct lesson_world *lw)
{
    struct errmsg why = {0};
    struct lesson *l;
    if (lesson_load(&l, text, strlen(text), "x.lua", &why) != ERR_OK ||
        lesson_build(l, 1, lw, &why) != ERR_OK)
        fail_msg("%s", why.text);
    lesson_unref(l);
}

static struct shop shop_of(const struct lesson_world *lw)
{
    struct errmsg why = {0};
    struct shop s = {.model = lw->model, .world = world_new(lw->model, 7, &why)};
    s.rec = recording_new(s.model, NULL, 0);
    s.ctx = (struct console_ctx){
        .world = s.world, .rec = s.rec, .may_rewind = true, .columns = 76};
    return s;
}

static void act(struct shop *s, enum action_kind kind, const char *comp,
                const char *name, const char *arg)
{
    struct errmsg why = {0};
    struct action a = {.kind = kind,
                       .comp = model_find(s->model, comp),
                       .name = name,
                       .args = {value_text(arg)},
                       .nargs = 1};
    if (world_apply(s->world, &a, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void says(struct shop *s, const char *line, const char *words)
{
    enum err e;
    char *text = shop_says(s, line, &e, NULL);
    if (e != ERR_OK || !strstr(text, words))
        fail_msg("%s: expected \"%s\", got:\n%s", line, words, text);
    mem_free(text);
}

/* And asks nothing. */
static void refuses(struct shop *s, const char *line, const char *words)
{
    enum err e;
    struct effects fx = {0};
    char *text = shop_says(s, line, &e, &fx);
    if (e == ERR_OK || fx.confirm || !strstr(text, words))
        fail_msg("%s: expected \"%s\", got:\n%s", line, words, text);
    effects_release(&fx);
    mem_free(text);
}

static void locks_and_tables_are_shown(void **state)
{
    (void)state;
    struct lesson_world lw;
    build(world_text, &lw);
    struct shop s = shop_of(&lw);
    shop_run(&s, 30 * SIM_SEC);
    says(&s, "db locks", "Nobody waits for a lock.");
    says(&s, "db", "db tables");
    says(&s, "db tables", "orders");
    says(&s, "db tables", "2 000 ");
    act(&s, ACTION_FAULT, "db", "long_transaction", "orders");
    act(&s, ACTION_OP, "db.orders", "migrate", "add_column");
    shop_run(&s, 5 * SIM_SEC);
    says(&s, "db locks", "is idle in transaction for 5 s, and stops 4");
    says(&s, "db locks", "operator");
    says(&s, "db locks", "the table of db.orders  access exclusive");
    says(&s, "db locks", ", queued");
    says(&s, "db sessions", "waits for a lock");
    says(&s, "db sessions", "operator  idle in transaction");
    refuses(&s, "kill db 9999", "db has no session 9999; db sessions lists them.");
    refuses(&s, "db elephant", "there is: db. help db says what follows it");
    says(&s, "db tables", "add column for"); /* not begun */
    act(&s, ACTION_OP, "db", "kill", "idle-in-transaction");
    shop_run(&s, 2 * SIM_SEC);
    says(&s, "db locks", "Nobody waits for a lock.");
    recording_free(s.rec);
    world_free(s.world);
    lesson_world_release(&lw);
}

/* Two sorts of requests that take two rows in opposite order: each waits for the other
 * until one looks for the reason, a second after it began to wait. */
static void a_deadlock_is_as_old_as_the_wait_that_closed_it(void **state)
{
    static const char text[] =
        "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"
        "w:database { 'db', cores = 4, tables = { t = { rows = 10 } },\n"
        "  statements = { one = { cpu = ms(1) } } }\n"
        "w:service { 's', workers = 100, pool = { to = 'db', size = 20 },\n"
        "  endpoints = {\n"
        "    ab = { transaction('db', { lock('db', 'a', 'advisory'), sleep(sec(5)),\n"
        "        lock('db', 'b', 'advisory') }) },\n"
        "    ba = { transaction('db', { sleep(sec(4)), lock('db', 'b', 'advisory'),\n"
        "        sleep(ms(100)), lock('db', 'a', 'advisory') }) } } }\n"
        "w:client { 'u', to = 's/ab', rate = 1 }\n"
        "w:client { 'v', to = 's/ba', rate = 1 }\n"
        "end }\n";
    struct lesson_world lw;
    (void)state;
    build(text, &lw);
    struct shop s = shop_of(&lw);
    enum err e;
    bool found = false;
    for (int i = 0; i < 200 && !found; i++) {
        shop_run(&s, SIM_SEC);
        char *said = shop_says(&s, "db locks", &e, NULL);
        char *age = strstr(said, "A deadlock for ");
        found = age;
        if (found && !strstr(age, " ms: session "))
            fail_msg("older than what looks for it:\n%s", said);
        if (found && !strstr(age, "and 1 more wait"))
            fail_msg("no circle:\n%s", said);
        if (found && strstr(age + 1, "A deadlock for "))
            fail_msg("one circle is told once:\n%s", said);
        mem_free(said);
    }
    assert_true(found);
    recording_free(s.rec);
    world_free(s.world);
    lesson_world_release(&lw);
}

/* The caller's reason and what the callee turned away are one and the same. */
static void the_map_tells_a_refusal_once(void **state)
{
    static const char text[] =
        "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"
        "w:service { 'web', workers = 100, endpoints = {\n"
        "  a = { call('shop', 'b') } } }\n"
        "w:service { 'shop', workers = 1, queue = 2, endpoints = {\n"
        "  b = { sleep(ms(100)) } } }\n"
        "w:client { 'u', to = 'web/a', rate = 50 }\n"
        "end }\n";
    struct lesson_world lw;
    (void)state;
    build(text, &lw);
    struct shop s = shop_of(&lw);
    shop_run(&s, 90 * SIM_SEC);
    says(&s, "map", " queue full\n");
    says(&s, "map | grep -c 'turned away'", "0\n");
    recording_free(s.rec);
    world_free(s.world);
    lesson_world_release(&lw);
}

/* Nine services in a row, each with a second callee, so that all branch: six levels are
 * drawn, and below them it says that there is more. */
static void the_map_tells_where_it_ends(void **state)
{
    struct buf text;
    struct lesson_world lw;
    (void)state;
    buf_init(&text, 0);
    buf_adds(&text, "return lesson { id = 'x', title = 'X', track = 'lab',"
                    " world = function(w)\n");
    for (int i = 1; i <= 9; i++) {
        buf_addf(&text,
                 "w:service { 'side%d', endpoints = { a = { sleep(ms(1)) } } }\n", i);
        buf_addf(&text,
                 "w:service { 'level%d', endpoints = { a = { call('side%d', 'a')", i,
                 i);
        if (i < 9)
            buf_addf(&text, ", call('level%d', 'a')", i + 1);
        buf_adds(&text, " } } }\n");
    }
    buf_adds(&text, "w:client { 'u', to = 'level1/a', rate = 5 }\nend }\n");
    build(text.s, &lw);
    buf_release(&text);
    struct shop s = shop_of(&lw);
    shop_run(&s, 30 * SIM_SEC);
    says(&s, "map", "level7");
    says(&s, "map | grep -c level8", "0\n");
    says(&s, "map", "… 2 more below; status lists all\n");
    recording_free(s.rec);
    world_free(s.world);
    lesson_world_release(&lw);
}

static void a_lock_of_an_unknown_mode_is_refused_where_it_stands(void **state)
{
    static const char text[] =
        "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"
        "w:database { 'db', tables = { t = {} } }\n"
        "w:service { 's', endpoints = { e = { transaction('db', {\n"
        "  lock('db', 't', 'exclusiv') }) } } }\n"
        "end }\n";
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    (void)state;
    assert_int_equal(lesson_load(&l, text, strlen(text), "x.lua", &why), ERR_OK);
    assert_int_equal(lesson_build(l, 1, &lw, &why), ERR_LESSON);
    assert_non_null(strstr(why.text, "x.lua:4: "));
    assert_non_null(strstr(why.text, "did you mean 'exclusive'?"));
    lesson_unref(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_and_tables_are_shown),
        cmocka_unit_test(a_deadlock_is_as_old_as_the_wait_that_closed_it),
        cmocka_unit_test(the_map_tells_a_refusal_once),
        cmocka_unit_test(the_map_tells_where_it_ends),
        cmocka_unit_test(a_lock_of_an_unknown_mode_is_refused_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
