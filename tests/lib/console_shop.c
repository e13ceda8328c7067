/*
 * The shop of console_shop.h.
 */
#include "console_shop.h"
#include "truecode/lesson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct errmsg why;

static void ok(enum err e)
{
    if (e != ERR_OK) {
        fprintf(stderr, "shop: %s\n", why.text);
        abort();
    }
}

static comp_id add(struct model *m, const char *kind, const char *name)
{
    comp_id c = model_add(m, kind, name, &why);
    ok(c == COMP_NONE ? ERR_INPUT : ERR_OK);
    return c;
}

static void set(struct model *m, comp_id c, const char *param, struct value v)
{
    ok(model_set(m, c, param, v, &why));
}

static void add_stores(struct model *m)
{
    comp_id db = add(m, "database", "orders-db");
    set(m, db, "max_connections", value_count(150));
    set(m, db, "cores", value_count(8));
    comp_id s = add(m, "statement", "orders-db.reserve");
    set(m, s, "cpu", value_dist(dist_exponential(6 * SIM_MS)));
    s = add(m, "statement", "orders-db.list");
    set(m, s, "cpu", value_dist(dist_exponential(20 * SIM_MS)));
    comp_id gateway = add(m, "external", "card-gateway");
    set(m, gateway, "latency", value_dist(dist_lognormal(180 * SIM_MS, 60 * SIM_MS)));
    add(m, "cache", "cache");
    comp_id items = add(m, "keyspace", "cache.items");
    set(m, items, "keys", value_count(24));
    set(m, items, "ttl", value_duration(60 * SIM_SEC));
    add(m, "counter", "orders_placed");
    comp_id flag = add(m, "flag", "pay-retry");
    set(m, flag, "on", value_bool(true));
}

static void add_checkout(struct model *m)
{
    struct node log = {.kind = NODE_LOG, .what = "card declined", .p = 2};
    struct node leak = {.kind = NODE_LEAK, .target = "orders-db", .next = &log};
    struct node gated = {.kind = NODE_WHEN_FLAG, .what = "pay-retry", .body = &leak};
    struct node declined = {.kind = NODE_SOMETIMES, .p = 0.15, .body = &gated};
    struct node count = {
        .kind = NODE_COUNT, .what = "orders_placed", .next = &declined};
    struct node charge = {
        .kind = NODE_CALL, .target = "card-gateway", .what = "charge", .next = &count};
    struct node reserve = {
        .kind = NODE_QUERY, .target = "orders-db", .what = "reserve", .next = &charge};
    struct node buy = {
        .kind = NODE_COMPUTE, .time = dist_exponential(3 * SIM_MS), .next = &reserve};
    comp_id c = add(m, "service", "checkout");
    set(m, c, "instances", value_count(3));
    comp_id pool = add(m, "pool", "checkout.pool");
    set(m, pool, "to", value_text("orders-db"));
    set(m, pool, "size", value_count(20));
    set(m, pool, "acquire_timeout", value_duration(0));
    ok(model_endpoint(m, c, "buy", NULL, &buy, &why));
}

static void add_catalog(struct model *m)
{
    struct node list = {.kind = NODE_QUERY, .target = "orders-db", .what = "list"};
    struct node items = {
        .kind = NODE_CACHED, .target = "cache", .what = "items", .body = &list};
    struct node page = {
        .kind = NODE_COMPUTE, .time = dist_exponential(2 * SIM_MS), .next = &items};
    comp_id c = add(m, "service", "catalog");
    set(m, c, "instances", value_count(2));
    comp_id pool = add(m, "pool", "catalog.pool");
    set(m, pool, "to", value_text("orders-db"));
    set(m, pool, "size", value_count(5));
    ok(model_endpoint(m, c, "view", "v87", &page, &why));
    ok(model_endpoint(m, c, "view", "v88", &page, &why));
}

static void add_users(struct model *m)
{
    comp_id edge = add(m, "balancer", "edge");
    set(m, edge, "to", value_text("checkout"));
    comp_id users = add(m, "client", "shoppers");
    set(m, users, "to", value_text("edge/buy"));
    set(m, users, "rate", value_number(0.7));
    set(m, users, "gives_up", value_duration(8 * SIM_SEC));
    users = add(m, "client", "browsers");
    set(m, users, "to", value_text("catalog/view"));
    set(m, users, "rate", value_number(20));
}

static void add_incident(struct model *m)
{
    struct action deploy = {.kind = ACTION_OP,
                            .comp = model_find(m, "catalog"),
                            .name = "deploy",
                            .nargs = 1,
                            .args = {value_text("v88")}};
    ok(model_at(m, 14 * SIM_MIN, &deploy, "deploy bot", &why));
    struct action ttl = {.kind = ACTION_SET,
                         .comp = model_find(m, "cache.items"),
                         .name = "ttl",
                         .nargs = 1,
                         .args = {value_duration(45 * SIM_SEC)}};
    ok(model_at(m, 20 * SIM_MIN, &ttl, "Mara", &why));
}

static const struct ticket tickets[] = {
    {30 * SIM_MIN, "Support",
     "Three customers say the pay button spins for ever. Is something wrong?", false},
};
static const struct glossary_term terms[] = {
    {"saturation", "How full the thing is that runs out first."},
    {"idle in transaction", "A session that began a transaction and does nothing."},
};
static const char *const tools[] = {"status", "tickets", "chart",
                                    "ps",     "db",      "suspect"};

void shop_init(struct shop *s, sim_time length)
{
    *s = (struct shop){.model = model_new()};
    struct slo slo = {"an answer within 2 s", 2 * SIM_SEC, 0, 0.995,
                      30 * SIM_MIN,           false};
    add_stores(s->model);
    add_checkout(s->model);
    add_catalog(s->model);
    add_users(s->model);
    add_incident(s->model);
    ok(model_slo(s->model, &slo, NULL, 0, &why));
    ok(model_finish(s->model, &why));
    s->world = world_new(s->model, 42, &why);
    struct alert_rule rule = {.name = "checkout down",
                              .page = true,
                              .comp = model_find(s->model, "checkout"),
                              .metric = "healthy",
                              .below = true,
                              .value = 1,
                              .hold = 30 * SIM_SEC};
    s->rec = recording_new(s->model, &rule, 1);
    shop_run(s, length);
    s->ctx = (struct console_ctx){.world = s->world,
                                  .rec = s->rec,
                                  .day_start = 19 * SIM_HOUR + 30 * SIM_MIN,
                                  .tickets = tickets,
                                  .ntickets = length >= 30 * SIM_MIN ? 1 : 0,
                                  .tools = tools,
                                  .ntools = sizeof tools / sizeof *tools,
                                  .terms = terms,
                                  .nterms = sizeof terms / sizeof *terms,
                                  .may_rewind = true,
                                  .columns = 76};
}

void shop_run(struct shop *s, sim_time length)
{
    struct observer o = recording_observer(s->rec);
    sim_time end = world_now(s->world) + length;
    for (sim_time t = world_now(s->world) + SIM_SEC; t <= end; t += SIM_SEC) {
        ok(world_run(s->world, t, UINT64_MAX, &o, &why));
        recording_sample(s->rec, s->world);
    }
}

enum err shop_do(struct shop *s, const struct action *a, sim_time *busy,
                 struct errmsg *error)
{
    struct observer o = recording_observer(s->rec);
    enum err e = world_apply(s->world, a, "you", &o, busy, error);
    recording_sample(s->rec, s->world);
    return e;
}

void shop_of_text(struct shop *s, const char *text, uint64_t seed)
{
    struct lesson *l;
    struct lesson_world lw;
    ok(lesson_load(&l, text, strlen(text), "test.lua", &why));
    ok(lesson_build(l, seed, &lw, &why));
    lesson_unref(l);
    *s = (struct shop){.model = model_ref(lw.model),
                       .world = world_new(lw.model, seed, &why)};
    lesson_world_release(&lw);
    s->rec = recording_new(s->model, NULL, 0);
    s->ctx = (struct console_ctx){.world = s->world,
                                  .rec = s->rec,
                                  .day_start = 19 * SIM_HOUR + 30 * SIM_MIN,
                                  .may_rewind = true,
                                  .columns = 76};
}

void shop_release(struct shop *s)
{
    recording_free(s->rec);
    world_free(s->world);
    model_unref(s->model);
}

char *shop_says(struct shop *s, const char *line, enum err *e, struct effects *fx)
{
    struct out out;
    struct effects own = {0};
    enum err got;
    out_init(&out);
    got = console_run(&s->ctx, line, &out, fx ? fx : &own);
    if (e)
        *e = got;
    char *text = mem_strdup(out.text.s);
    out_release(&out);
    effects_release(&own);
    return text;
}
