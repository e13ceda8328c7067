/*
 * Building: what world and incident say arrives in the model, wrong names are reported
 * where they stand, and the seed decides what a lesson draws.
 */
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `%s` on lines 2 (world) and 4 (incident). */
#define LAB                                                                            \
    "return lesson { id = 'x', title = 'X', track = 'lab', world = function(w)\n"      \
    "%s end, incident = function(i)\n"                                                 \
    "\n%s end }\n"
#define WORLD                                                                          \
    "w:flag { 'fast', on = true } w:counter { 'orders' } "                             \
    "w:database { 'db', max_connections = 50, statements = { save = { cpu = ms(4) } "  \
    "} } "                                                                             \
    "w:cache { 'c', keyspaces = { seats = { keys = 24, ttl = sec(60) } } } "           \
    "w:external { 'bank', latency = lognormal(ms(180), ms(60)), decline = 0.15 } "     \
    "w:service { 'shop', instances = 3, workers = 16, queue = 10, order = 'lifo', "    \
    "  pool = { to = 'db', size = 7, acquire_timeout = '2s' }, "                       \
    "  calls = { bank = { timeout = sec(2), retries = 1, backoff = 'exponential' } "   \
    "}, "                                                                              \
    "  versions = { { 'v9', buy = { query('db', 'save') } }, "                         \
    "    { 'v10', buy = { compute(ms(3)), sometimes(0.5, { count('orders') }, "        \
    "      { reply('declined') }), catch(call('bank', 'charge')), "                    \
    "      when_flag('fast', { leak('db') }), parallel { compute(ms(1)), "             \
    "      cached('c', 'seats', { transaction('db', { query('db', 'save') }) }) } } "  \
    "} }, "                                                                            \
    "  endpoints = { health = { compute(us(50)), log('info', 'x'), block { sleep(0) "  \
    "} } } } "                                                                         \
    "w:balancer { 'edge', to = 'shop' } "                                              \
    "w:client { 'users', to = 'edge/buy', rate = per_minute(60), gives_up = sec(8) }"

static char text[16384];

static enum err build(const char *world, const char *incident, uint64_t seed,
                      struct lesson_world *lw, struct errmsg *why)
{
    struct lesson *l;
    snprintf(text, sizeof text, LAB, world, incident);
    if (lesson_load(&l, text, strlen(text), "x.lua", why) != ERR_OK)
        fail_msg("load: %s", why->text);
    enum err e = lesson_build(l, seed, lw, why);
    lesson_unref(l); /* a built world does not need its lesson */
    return e;
}

static void build_ok(const char *world, const char *incident, uint64_t seed,
                     struct lesson_world *lw)
{
    struct errmsg why = {0};
    if (build(world, incident, seed, lw, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void refused(const char *world, const char *incident, int line,
                    const char *words)
{
    struct lesson_world lw;
    struct errmsg why = {0};
    char where[40];
    snprintf(where, sizeof where, "x.lua:%d: ", line);
    assert_int_equal(build(world, incident, 1, &lw, &why), ERR_LESSON);
    assert_null(lw.model);
    if (strncmp(why.text, where, strlen(where)) || !strstr(why.text, words))
        fail_msg("expected %s%s\n  got %s\n  %s | %s", where, words, why.text, incident,
                 world);
}

static struct value param(struct world *w, const char *path)
{
    comp_id c;
    const struct param_desc *p;
    struct errmsg why = {0};
    if (model_resolve_param(world_model(w), path, &c, &p, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return world_get(w, c, p->name);
}

static void a_world_arrives(void **state)
{
    (void)state;
    struct lesson_world lw;
    struct errmsg why = {0};
    build_ok(WORLD, "", 1, &lw);
    struct world *w = world_new(lw.model, 1, &why);
    assert_non_null(w);
    assert_int_equal(param(w, "shop.instances").as.count, 3);
    assert_int_equal(param(w, "shop.order").as.count, 1);
    assert_int_equal(param(w, "shop.pool.size").as.count, 7);
    assert_int_equal(param(w, "shop.pool.acquire_timeout").as.duration, 2 * SIM_SEC);
    assert_int_equal(param(w, "shop.bank.retries").as.count, 1);
    assert_int_equal(param(w, "bank.latency").as.dist.kind, DIST_LOGNORMAL);
    assert_int_equal(param(w, "bank.latency").as.dist.spread, 60 * SIM_MS);
    assert_true(param(w, "users.rate").as.number == 1.0);
    assert_int_equal(param(w, "c.seats.ttl").as.duration, 60 * SIM_SEC);
    assert_int_equal(param(w, "db.save.cpu").as.dist.mean, 4 * SIM_MS);
    comp_id shop = model_find(lw.model, "shop");
    assert_int_equal(model_versions(lw.model, shop), 2);
    assert_string_equal(model_version(lw.model, shop, 0),
                        "v9"); /* in the order listed, not sorted */
    assert_int_equal(world_run(w, 20 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_metric(w, model_find(lw.model, "users"), "visits_total", 0) > 5);
    world_free(w);
    lesson_world_release(&lw);
}

static void changes_on_time(void *ctx, const struct change *c)
{
    struct buf *b = ctx;
    buf_addf(b, "%lld %s: %s\n", (long long)(c->at / SIM_SEC), c->who, c->title);
}

static void an_incident_arrives(void **state)
{
    (void)state;
    struct lesson_world lw;
    struct errmsg why = {0};
    struct buf b;
    buf_init(&b, 0);
    build_ok(
        WORLD,
        "i:at(sec(9), deploy('shop', 'v10', { by = 'Jo' }), ticket('Mara', 'Slow.')) "
        "i:at(sec(2), set('shop.pool.size', 9), page('Wake up.')) "
        "i:at(sec(3), flag('fast', false, { by = 'Al' }), op('shop', 'scale', { count "
        "= 4 })) "
        "i:at(sec(4), fault('db', 'slow', { factor = 3 }, { lasts = sec(5) })) "
        "i:at(sec(5), fault('shop-2', 'crash')) "
        "i:red_herring(sec(6), decoy('db', 'report moved'), deploy('shop', 'v88'))",
        1, &lw);
    assert_int_equal(lw.ntickets, 2);
    assert_true(lw.tickets[0].page); /* in order of time */
    assert_string_equal(lw.tickets[0].text, "Wake up.");
    assert_string_equal(lw.tickets[1].who, "Mara");
    assert_int_equal(lw.tickets[1].at, 9 * SIM_SEC);
    struct world *w = world_new(lw.model, 1, &why);
    struct observer o = {.ctx = &b, .change = changes_on_time};
    assert_int_equal(world_run(w, 7 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_int_equal(param(w, "shop.pool.size").as.count, 9);
    assert_false(param(w, "fast.on").as.on);
    assert_int_equal(param(w, "shop.instances").as.count, 4);
    assert_int_equal(world_run(w, 60 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_non_null(strstr(b.s, "2 config: "));
    assert_non_null(strstr(b.s, "3 Al: "));
    assert_non_null(strstr(b.s, "3 operator: "));
    assert_non_null(strstr(b.s, "6 operator: report moved"));
    assert_non_null(strstr(b.s, "6 deploy bot: deploy shop v88 (was v9)"));
    assert_non_null(strstr(b.s, "9 Jo: "));
    assert_null(strstr(b.s, "slow")); /* faults leave no record */
    /* the herring's version is there, runs what v9 ran, and can be put out again */
    comp_id shop = model_find(lw.model, "shop");
    assert_int_equal(model_versions(lw.model, shop), 3);
    assert_string_equal(model_version(lw.model, shop, 2), "v88");
    struct action again = {.kind = ACTION_OP,
                           .comp = shop,
                           .name = "deploy",
                           .args = {value_text("v88")},
                           .nargs = 1};
    struct instance_view v;
    world_instance(w, model_find(lw.model, "shop"), 1, &v);
    assert_string_equal(v.version, "v10");
    assert_int_equal(world_apply(w, &again, "you", NULL, NULL, &why), ERR_OK);
    world_free(w);
    lesson_world_release(&lw);
    buf_release(&b);
}

/* How often the database goes down in two minutes, first at 5 s, with these options. */
static int outages(const char *options)
{
    char incident[200];
    struct lesson_world lw;
    struct errmsg why = {0};
    int n = 0;
    snprintf(incident, sizeof incident, "i:at(sec(5), fault('db', 'down', {}, { %s }))",
             options);
    build_ok(WORLD, incident, 1, &lw);
    struct world *w = world_new(lw.model, 1, &why);
    comp_id db = model_find(lw.model, "db");
    for (sim_time t = 0; t < 240; t++) {
        bool up = world_metric(w, db, "up", 0) > 0;
        assert_int_equal(world_run(w, t * SIM_SEC / 2, UINT64_MAX, NULL, &why), ERR_OK);
        n += up && world_metric(w, db, "up", 0) == 0;
    }
    world_free(w);
    lesson_world_release(&lw);
    return n;
}

static void a_fault_comes_again_up_to_a_moment(void **state)
{
    (void)state;
    assert_int_equal(outages("lasts = sec(1)"), 1);
    assert_int_equal(outages("lasts = sec(1), again = sec(19)"), 6); /* 5, 25 … 105 */
    assert_int_equal(outages("lasts = sec(1), again = sec(19), before = sec(45)"), 3);
    assert_int_equal(outages("lasts = sec(1), again = sec(19), before = sec(44)"), 2);
    refused(WORLD, "i:at(sec(5), fault('db', 'down', {}, { before = sec(9) }))", 4,
            "needs again");
}

#define TABLE                                                                          \
    "w:database { 'db', tables = { t = { rows = 10, scan_row = %s } }, statements = {" \
    " q = { cpu = ms(1), table = 'db.t' } } }"

static sim_time scan_row(const char *time)
{
    char world[512];
    struct lesson_world lw;
    struct errmsg why = {0};
    snprintf(world, sizeof world, TABLE, time);
    build_ok(world, "", 1, &lw);
    struct world *w = world_new(lw.model, 1, &why);
    sim_time t = world_get(w, model_find(lw.model, "db.t"), "scan_row").as.duration;
    world_free(w);
    lesson_world_release(&lw);
    return t;
}

static void durations_below_a_microsecond(void **state)
{
    char world[512];
    (void)state;
    assert_int_equal(scan_row("us(0.8)"), 800);
    assert_int_equal(scan_row("ns(100)"), 100);
    assert_int_equal(scan_row("ns(1)"), 1);
    assert_int_equal(scan_row("us(0.1) * 3 + ns(7)"), 307);
    assert_int_equal(scan_row("us(0.3) / 2"), 150);
    assert_int_equal(scan_row("us(0)"), 0);
    assert_int_equal(scan_row("ns(900) + us(0.1)"), 1000);
    assert_int_equal(scan_row("us(2)"), 2000);
    static const char *const bare[] = {"100", "0.5", "2.5", "(ns(5) and 5)"};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        snprintf(world, sizeof world, TABLE, bare[i]);
        refused(world, "", 2, "scan_row lacks its unit");
    }
    snprintf(world, sizeof world, TABLE, "ns(0.2)");
    refused(world, "", 2, "at least a nanosecond");
}

/* One that is left out before one that is given; what is wrong is said with its line. */
static void optional_arguments_by_name(void **state)
{
    static const char *const good[] = {
        "op('db.t', 'migrate', { change = 'add_column', lock_timeout = sec(2) })",
        "fault('db', 'long_transaction', { row = true })",
        "op('c', 'flush', { pattern = 'a*' })",
        "fault('b.orders', 'poison', { fixed_in = 'v2' })"};
    char incident[256];
    (void)state;
#define PARTS                                                                          \
    "w:database { 'db', tables = { t = {} }, statements = { q = { cpu = 0, table = "   \
    "'db.t' } } "                                                                      \
    "} w:cache { 'c', keyspaces = { seats = { keys = 24 } } } w:broker { 'b', topics " \
    "= { orders = {} } } w:service { 's', versions = { { 'v1', x = { compute(ms(1)) "  \
    "} }, { 'v2', x = { compute(ms(1)) } } } }"
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct lesson_world lw;
        snprintf(incident, sizeof incident, "i:at(min(1), %s)", good[i]);
        build_ok(PARTS, incident, 1, &lw);
        lesson_world_release(&lw);
    }
    refused(PARTS, "i:at(min(1), op('db.t', 'migrate', { lock_timeout = sec(2) }))", 4,
            "migrate needs the argument change");
    refused(PARTS,
            "i:at(min(1), op('db.t', 'migrate', { change = 'add_column', "
            "lock_timeout = 2 }))",
            4, "lock_timeout lacks its unit");
}

static void wrong_names_are_reported(void **state)
{
    (void)state;
    refused("w:servise { 'a' }", "", 2,
            "there is no kind 'servise'; did you mean 'service'?");
    refused("w:service { 'a',\n instnces = 2 }", "", 3,
            "a service has no field 'instnces'; did you mean 'instances'?");
    refused("w:service { 'a', pool = {\n siz = 2 } }", "", 3, "did you mean 'size'?");
    refused("w:service { 'a', order = 'lifi' }", "", 2, "lifi");
    refused("w:service { 'a', instances = 2.5 }", "", 2,
            "a.instances must be a whole number");
    refused("w:external { 'a', decline = 15 }", "", 2, "a.decline must be from 0 to 1");
    refused("w:service { 'a', start_up = 5 }", "", 2, "a.start_up lacks its unit");
    refused("w:service { 'a', start_up = 30000 }", "", 2, "a.start_up lacks its unit");
    refused("w:service { 'a', workers = sec(2) }", "", 2,
            "a.workers must be a number, not a duration");
    refused("local t = sec(3)\n if t > 2 then w:flag { 'a' } end", "", 3,
            "a duration is compared with 2, which lacks its unit");
    refused("w:service { instances = 2 }", "", 2, "begins with its name");
    refused(WORLD, "i:at(min(1), deploy('shop', 'v11'))", 4,
            "there is no version 'v11'");
    refused(WORLD, "i:at(min(1), deploy('shp', 'v9'))", 4,
            "there is no component 'shp'; did you mean 'shop'?");
    refused(WORLD, "i:at(min(1), fault('db', 'slw', { factor = 2 }))", 4,
            "a database has no fault 'slw'; did you mean 'slow'?");
    refused(WORLD, "i:at(min(1), fault('db', 'slow'))", 4,
            "slow needs the argument factor");
    refused(WORLD, "i:at(min(1), fault('db', 'slow', { factor = 2, fctor = 3 }))", 4,
            "has no argument 'fctor'");
    refused(WORLD, "i:at(min(1), op('shop', 'restrt'))", 4, "did you mean 'restart'?");
    refused(WORLD, "i:at(min(1), set('shop.pool.siz', 9))", 4, "siz");
    refused(WORLD, "i:at(min(1), set('shop.pool.size', 'many'))", 4, "size");
    refused(WORLD, "i:at(min(1), flag('db', true))", 4,
            "'db' is a database, not a flag");
    refused(WORLD, "i:at(hours(9), page('x'))", 4, "it never happens");
    refused(WORLD, "i:at(min(1), fault('shop-4', 'crash'))", 4,
            "there is no shop-4: its instances are 1 to 3");
    refused(WORLD, "i:at(min(1), op('edge', 'drain', { instance = 4 }))", 4,
            "there is no edge-4: its instances are 1 to 3");
    refused(WORLD, "i:at(min(1), op('c', 'flush', { keyspace = 'seets' }))", 4,
            "c has no key space \"seets\"");
    refused(WORLD " w:broker { 'q', topics = { t = { partitions = 8 } } }",
            "i:at(min(1), fault('q.t-9', 'poison'))", 4,
            "there is no q.t-9: its partitions are 1 to 8");
    refused(WORLD " w:broker { 'q', topics = { t = { subscriptions = { s = {"
                  " to = 'shop/buy' } } } } }",
            "i:at(min(1), op('q.t.s-2', 'skip'))", 4,
            "there is no q.t.s-2: its partitions are 1 to 1");
    refused(WORLD " w:broker { 'q', topics = { t = {} } }",
            "i:at(min(1), fault('q.t', 'poison', { share = 1, fixed_in = 'v11' }))", 4,
            "v11");
    refused("w:counter { 'orders' } w:service { 'a', endpoints = { get = {\n"
            "count('ordrs') } } }",
            "", 3, "did you mean \"orders\"?");
    refused("w:service { 'a', instances = 20, endpoints = { get = { sleep(0) } } } "
            "w:broker { 'q', topics = { t = { subscriptions = { s = { "
            "to = 'a/get', style = 'queue', consumers = 1000 } } } } }",
            "", 2, "consumers = 500");
    refused(WORLD, "i:at(30, page('x'))", 4, "lacks its unit");
    refused(WORLD, "i:at(min(1), 'page')", 4, "an action is wanted");
    refused(WORLD, "i:at(min(1), fault('db', 'slow', { factor = 2 }, { by = 5 }))", 4,
            "by must be text");
    refused(WORLD, "i:on(min(1))", 4, "i has no 'on'");
    refused(WORLD " w:balancer { 'b', to = 'shpo' }", "", 2, "shpo");
    refused("w:service { 'a', endpoints = { get = { call('nobody', 'x') } } }", "", 2,
            "nobody");
}

/* The seed decides; the same seed the same way; a named draw wherever it is asked. */
static void seeds_draw(void **state)
{
    (void)state;
    static const char *const world =
        "w:service { 'a', instances = vary(1, 100), workers = vary('n', 1, 1000), "
        "cores = vary('n', 1, 1000), "
        "endpoints = { get = { compute(ms(1)) } } } "
        "w:flag { pick { 'x', 'y', 'z' } }";
    long first[3] = {0};
    bool differs[3] = {false};
    for (uint64_t seed = 1; seed <= 8; seed++)
        for (int again = 0; again < 2; again++) {
            struct lesson_world lw;
            struct errmsg why = {0};
            build_ok(world, "", seed, &lw);
            struct world *w = world_new(lw.model, seed, &why);
            long now[3] = {(long)param(w, "a.instances").as.count,
                           (long)param(w, "a.workers").as.count,
                           model_find(lw.model, "x") != COMP_NONE   ? 1
                           : model_find(lw.model, "y") != COMP_NONE ? 2
                                                                    : 3};
            assert_true((long)param(w, "a.cores").as.number == now[1]);
            if (again)
                assert_memory_equal(now, first, sizeof now);
            else if (seed > 1)
                for (int i = 0; i < 3; i++)
                    differs[i] |= now[i] != first[i];
            memcpy(first, now, sizeof now);
            world_free(w);
            lesson_world_release(&lw);
        }
    assert_true(differs[0] && differs[1] && differs[2]);
}

/* Beside its program; a list that two endpoints share is not changed by it. */
static void endpoints_have_settings(void **state)
{
    (void)state;
    struct lesson_world lw;
    struct errmsg why = {0};
    build_ok("local p = { workers = 3, compute(ms(1)) } "
             "w:service { 'a', workers = 9, endpoints = { get = p, put = p, "
             "look = { reserved = 2, compute(ms(1)), sleep(ms(2)) } } }",
             "", 1, &lw);
    struct world *w = world_new(lw.model, 1, &why);
    assert_true(param(w, "a/get.workers").as.count == 3);
    assert_true(param(w, "a/put.workers").as.count == 3);
    assert_true(param(w, "a/look.workers").as.count == 0);
    assert_true(param(w, "a/look.reserved").as.count == 2);
    world_free(w);
    lesson_world_release(&lw);
    refused("w:service { 'a', endpoints = { get = { workers = -1, compute(ms(1)) } } }",
            "", 2, "workers");
    refused("w:service { 'a', endpoints = { get = { wrokers = 1, compute(ms(1)) } } }",
            "", 2, "named fields");
    refused("w:service { 'a', endpoints = { get = { workers = 1 } } }", "", 2,
            "at least one operation");
}

static void curves_move_the_rate(void **state)
{
    (void)state;
    struct lesson_world lw;
    struct errmsg why = {0};
    build_ok("w:service { 'a', endpoints = { get = { compute(us(10)) } } } "
             "w:client { 'u', to = 'a/get', rate = points { base = 100, { 0, 1 }, "
             "{ sec(10), 1 }, { sec(11), 0 } } } "
             "w:client { 'd', to = 'a/get', rate = diurnal { base = 100, low = 0, "
             "peak = sec(50), period = sec(100) } }",
             "", 1, &lw);
    struct world *w = world_new(lw.model, 1, &why);
    comp_id u = model_find(lw.model, "u"), d = model_find(lw.model, "d");
    assert_int_equal(world_run(w, 5 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    double night = world_metric(w, d, "visits_total", 0);
    assert_int_equal(world_run(w, 20 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    double at20 = world_metric(w, u, "visits_total", 0);
    assert_true(at20 > 900 && at20 < 1200);
    assert_int_equal(world_run(w, 48 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_metric(w, u, "visits_total", 0) == at20);
    double before = world_metric(w, d, "visits_total", 0);
    assert_int_equal(world_run(w, 53 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    double day = world_metric(w, d, "visits_total", 0) - before;
    assert_true(day > 400 && night < 60);
    world_free(w);
    lesson_world_release(&lw);
}

static void the_first_lesson_is_whole(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lesson *l;
    FILE *f = fopen("lessons/first-page.lua", "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    if (lesson_load(&l, text, n, "lessons/first-page.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        struct lesson_world lw;
        if (lesson_build(l, 7, &lw, &why) != ERR_OK)
            fail_msg("%s", why.text);
        struct world *w = world_new(lw.model, 7, &why);
        assert_int_equal(world_run(w, SIM_MIN, UINT64_MAX, NULL, &why), ERR_OK);
        digests[i] = world_digest(w);
        assert_true(lw.nrules > 0 && lw.ntickets > 0);
        world_free(w);
        lesson_world_release(&lw);
    }
    assert_true(digests[0] == digests[1]);
    lesson_unref(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_below_a_microsecond),
        cmocka_unit_test(optional_arguments_by_name),
        cmocka_unit_test(a_world_arrives),
        cmocka_unit_test(an_incident_arrives),
        cmocka_unit_test(a_fault_comes_again_up_to_a_moment),
        cmocka_unit_test(wrong_names_are_reported),
        cmocka_unit_test(seeds_draw),
        cmocka_unit_test(endpoints_have_settings),
        cmocka_unit_test(curves_move_the_rate),
        cmocka_unit_test(the_first_lesson_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
