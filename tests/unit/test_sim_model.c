/*
 * Building models: what is refused and with which sentence, and what can be read of a
 * finished one. Values: to text and back.
 */
#include "sim_test.h"

static struct model *small(void)
{
    struct model *m = model_new();
    comp_id api = must_add(m, "service", "checkout");
    must_set(m, api, "instances", value_count(3));
    struct node work = {
        .kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS), .line = 7};
    must(model_endpoint(m, api, "buy", NULL, &work, &why), &why);
    (void)must_add(m, "database", "orders-db");
    comp_id pool = must_add(m, "pool", "checkout.pool");
    must_set(m, pool, "to", value_text("orders-db"));
    comp_id users = must_add(m, "client", "shoppers");
    must_set(m, users, "to", value_text("checkout/buy"));
    must_set(m, users, "rate", value_number(1));
    return m;
}

static void says(enum err err, enum err want, const char *part)
{
    assert_int_equal(err, want);
    if (!strstr(why.text, part))
        fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void mistakes_get_a_suggestion(void **state)
{
    (void)state;
    struct model *m = small();
    comp_id c = model_find(m, "checkout");
    assert_int_equal(model_add(m, "servise", "x", &why), COMP_NONE);
    assert_non_null(strstr(why.text, "\"service\"?"));
    says(model_set(m, c, "instanses", value_count(1), &why), ERR_NOT_FOUND,
         "\"instances\"?");
    says(model_set(m, c, "instances", value_count(0), &why), ERR_INPUT,
         "must be 1 to 1000");
    says(model_set(m, c, "instances", value_count(1001), &why), ERR_INPUT,
         "must be 1 to 1000");
    says(model_set(m, c, "order", value_text("best"), &why), ERR_INPUT, "fifo|lifo");
    says(model_set(m, c, "start_up", value_text("5"), &why), ERR_INPUT, "start_up");
    says(model_set(m, c, "workers", value_bool(true), &why), ERR_INPUT,
         "a whole number");
    assert_int_equal(model_add(m, "service", "checkout", &why), COMP_NONE);
    assert_int_equal(model_add(m, "service", "a b", &why), COMP_NONE);
    assert_int_equal(model_add(m, "service", "", &why), COMP_NONE);
    assert_int_equal(model_add(m, "service", NULL, &why), COMP_NONE);
    model_unref(m);
}

static enum err finish_with(struct node *n)
{
    struct model *m = small();
    n->line = 12;
    must(model_endpoint(m, model_find(m, "checkout"), "x", NULL, n, &why), &why);
    why.text[0] = '\0';
    enum err e = model_finish(m, &why);
    model_unref(m);
    return e;
}

static void programs_are_checked_with_their_line(void **state)
{
    (void)state;
    struct node in = {.kind = NODE_COMPUTE};
    struct node n = {.kind = NODE_QUERY, .target = "order-db", .what = "q"};
    says(finish_with(&n), ERR_NOT_FOUND,
         "line 12: checkout/x: database: there is no database "
         "\"order-db\"; did you mean \"orders-db\"?");
    n = (struct node){.kind = NODE_QUERY, .target = "checkout", .what = "q"};
    says(finish_with(&n), ERR_NOT_FOUND, "is a service, not a database");
    n = (struct node){.kind = NODE_QUERY, .target = "orders-db", .what = "nope"};
    says(finish_with(&n), ERR_NOT_FOUND, "no statement \"orders-db.nope\"");
    n = (struct node){.kind = NODE_CALL, .target = "checkout", .what = "bye"};
    says(finish_with(&n), ERR_NOT_FOUND, "\"checkout/buy\"?");
    n = (struct node){.kind = NODE_CALL, .target = "orders-db", .what = "x"};
    says(finish_with(&n), ERR_INPUT, "cannot be called");
    n = (struct node){.kind = NODE_CALL, .target = NULL, .what = NULL};
    assert_int_not_equal(finish_with(&n), ERR_OK);
    n = (struct node){.kind = NODE_SOMETIMES, .p = 1.5, .body = &in};
    says(finish_with(&n), ERR_INPUT, "0 to 1");
    n = (struct node){.kind = NODE_WHEN_FLAG, .what = "f", .body = &in};
    says(finish_with(&n), ERR_NOT_FOUND, "no flag \"f\"");
    n = (struct node){.kind = NODE_COMPUTE, .time = {.mean = -1}};
    says(finish_with(&n), ERR_INPUT, "0 to 24 h");
    struct node tx = {.kind = NODE_TRANSACTION, .target = "orders-db", .body = &in};
    n = (struct node){.kind = NODE_TRANSACTION, .target = "orders-db", .body = &tx};
    says(finish_with(&n), ERR_INPUT, "transaction inside");
}

static void missing_things_are_named(void **state)
{
    (void)state;
    struct model *m = small();
    comp_id u = must_add(m, "client", "others");
    says(model_finish(m, &why), ERR_INPUT, "others: \"to\" must be given");
    must_set(m, u, "to", value_text("checkout/bye"));
    must_set(m, u, "rate", value_number(1));
    says(model_finish(m, &why), ERR_NOT_FOUND, "\"checkout/buy\"?");
    model_unref(m);
    m = small();
    (void)must_add(m, "statement", "lonely");
    says(model_finish(m, &why), ERR_INPUT, "belongs to another component");
    model_unref(m);
    m = small();
    struct action a = {
        .kind = ACTION_FAULT, .comp = model_find(m, "checkout"), .name = "crush"};
    must(model_at(m, SIM_SEC, &a, NULL, &why), &why);
    says(model_finish(m, &why), ERR_NOT_FOUND, "\"crash\"?");
    model_unref(m);
}

static void deep_and_large_programs_are_refused(void **state)
{
    static struct node deep[200], wide[6000];
    (void)state;
    struct model *m = small();
    for (int i = 0; i < 200; i++)
        deep[i] =
            (struct node){.kind = NODE_BLOCK, .body = i < 199 ? &deep[i + 1] : NULL};
    comp_id c = model_find(m, "checkout");
    says(model_endpoint(m, c, "deep", NULL, deep, &why), ERR_LIMIT, "too deep");
    for (int i = 0; i < 6000; i++)
        wide[i] =
            (struct node){.kind = NODE_COMPUTE, .next = i < 5999 ? &wide[i + 1] : NULL};
    says(model_endpoint(m, c, "wide", NULL, wide, &why), ERR_LIMIT, "too large");
    model_unref(m);
}

static void a_finished_model_can_be_read(void **state)
{
    (void)state;
    struct model *m = small();
    must(model_finish(m, &why), &why);
    says(model_finish(m, &why), ERR_REFUSED, "finished");
    assert_int_equal(model_add(m, "service", "late", &why), COMP_NONE);
    comp_id c, pool = model_find(m, "checkout.pool");
    int instance;
    assert_int_equal(model_owner(m, pool), model_find(m, "checkout"));
    assert_int_equal(model_target(m, pool), model_find(m, "orders-db"));
    assert_int_equal(model_target(m, model_find(m, "shoppers.checkout")),
                     model_find(m, "checkout"));
    must(model_resolve(m, "checkout-3", &c, &instance, &why), &why);
    assert_int_equal(c, model_find(m, "checkout"));
    assert_int_equal(instance, 3);
    must(model_resolve(m, "orders-db", &c, &instance, &why), &why);
    assert_int_equal(instance, 0);
    says(model_resolve(m, "chekout", &c, &instance, &why), ERR_NOT_FOUND,
         "\"checkout\"?");
    const struct param_desc *p;
    must(model_resolve_param(m, "checkout.pool.size", &c, &p, &why), &why);
    assert_int_equal(c, pool);
    assert_string_equal(p->name, "size");
    says(model_resolve_param(m, "checkout.pool.siez", &c, &p, &why), ERR_NOT_FOUND,
         "\"size\"?");
    assert_int_equal(model_versions(m, model_find(m, "checkout")), 1);
    assert_string_equal(model_version(m, model_find(m, "checkout"), 0), "v1");
    model_unref(m);
}

/* A word that names nothing is an error of the model, and not a thing that could not be
 * done when its time came. */
static void words_in_arguments_mean_something(void **state)
{
    static const struct {
        enum action_kind kind;
        const char *comp, *name, *word, *says; /* NULL: it is a good word */
        size_t arg;
    } all[] = {
        {ACTION_OP, "db", "failover", "b", NULL, 0},
        {ACTION_OP, "db", "failover", "db.b", NULL, 0},
        {ACTION_OP, "db", "failover", "db", NULL, 0},
        {ACTION_OP, "db", "failover", "n", "db has no replica \"n\"", 0},
        {ACTION_OP, "db", "restore", "n", NULL, 0},
        {ACTION_OP, "db", "restore", "b", "db has no backup \"b\"", 0},
        {ACTION_OP, "db", "rescue", "b", NULL, 0},
        {ACTION_OP, "db", "rescue", "z", "db has no backup or replica \"z\"", 0},
        {ACTION_FAULT, "db", "long_transaction", "t", NULL, 0},
        {ACTION_FAULT, "db", "long_transaction", "n", "db has no table \"n\"", 0},
        {ACTION_OP, "db.t", "migrate", "rewrite", NULL, 0},
        {ACTION_OP, "db.t", "migrate", "write", "add_index or backfill", 0},
        {ACTION_FAULT, "net", "one_way", "answers", NULL, 0},
        {ACTION_FAULT, "net", "one_way", "answer", "requests or answers", 0},
        {ACTION_FAULT, "net", "partial", "callers", NULL, 1},
        {ACTION_FAULT, "net", "partial", "both", "callers or callees", 1},
        {ACTION_OP, "app", "deploy", "v1", NULL, 0},
        {ACTION_OP, "app", "deploy", "v9", "app has no version \"v9\"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        static const struct node rest = {.kind = NODE_SLEEP, .time = {.mean = SIM_MS}};
        struct model *m = model_new();
        must_add(m, "database", "db");
        must_add(m, "replica", "db.b");
        must_add(m, "backup", "db.n");
        must_add(m, "table", "db.t");
        must_add(m, "link", "net");
        comp_id app = must_add(m, "service", "app");
        must(model_endpoint(m, app, "get", "v1", &rest, &why), &why);
        struct action a = {.kind = all[i].kind,
                           .comp = model_find(m, all[i].comp),
                           .name = all[i].name,
                           .args = {value_number(0.5)},
                           .nargs = all[i].arg + 1};
        a.args[all[i].arg] = value_text(all[i].word);
        must(model_at(m, SIM_MIN, &a, NULL, &why), &why);
        enum err e = model_finish(m, &why);
        if (!all[i].says)
            must(e, &why);
        else if (e == ERR_OK || !strstr(why.text, all[i].says))
            fail_msg("%s %s: %s", all[i].name, all[i].word, why.text);
        model_unref(m);
    }
}

static void actions_are_checked(void **state)
{
    (void)state;
    struct model *m = small();
    struct world *w = must_world(m, 1);
    comp_id c = named(w, "checkout");
    struct action a = {.kind = ACTION_SET,
                       .comp = c,
                       .name = "workers",
                       .args = {value_count(-4)},
                       .nargs = 1};
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_INPUT, "1 to 100000");
    a.name = "version";
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_REFUSED, "while it runs");
    a.name = "werkers";
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_NOT_FOUND, "\"workers\"?");
    a = (struct action){.kind = ACTION_OP, .comp = c, .name = "deploy"};
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_INPUT, "version");
    a.args[0] = value_text("v9");
    a.nargs = 1;
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_NOT_FOUND,
         "no version \"v9\"");
    a.args[0] = value_text("v1");
    a.instance = 1;
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_INPUT, "not for one instance");
    a.instance = 0;
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_REFUSED, "already");
    a = (struct action){.kind = ACTION_OP, .comp = c, .name = "rollback"};
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_REFUSED, "no other version");
    a = (struct action){.kind = ACTION_OP, .comp = c, .instance = 9, .name = "restart"};
    says(world_apply(w, &a, "me", NULL, NULL, &why), ERR_NOT_FOUND,
         "there is no checkout-9");
    a = (struct action){.kind = ACTION_OP, .comp = 999, .name = "restart"};
    assert_int_not_equal(world_apply(w, &a, "me", NULL, NULL, &why), ERR_OK);
    uint64_t before = world_digest(w);
    assert_true(world_digest(w) == before);
    world_free(w);
}

static void values_come_back_from_their_text(void **state)
{
    static const struct param_desc descs[] = {
        {.name = "number", .type = VALUE_NUMBER},
        {.name = "count", .type = VALUE_COUNT},
        {.name = "share", .type = VALUE_FRACTION, .max = 1},
        {.name = "time", .type = VALUE_DURATION},
        {.name = "bool", .type = VALUE_BOOL},
        {.name = "choice", .type = VALUE_CHOICE, .choices = "red|green|blue"},
        {.name = "dist", .type = VALUE_DIST},
    };
    static const struct {
        int desc;
        const char *text, *back;
    } cases[] = {
        {0, "1.5", "1.5"},
        {0, "-2", "-2"},
        {1, "17", "17"},
        {2, "15%", "15%"},
        {2, "0.005", "0.5%"},
        {3, "250ms", "250 ms"},
        {3, "0", NULL},
        {4, "on", "on"},
        {4, "off", "off"},
        {5, "green", "green"},
        {6, "10ms", NULL},
        {6, "exponential(10ms)", NULL},
        {6, "erlang(10ms, 3)", NULL},
        {6, "lognormal(180ms, 60ms)", NULL},
        {6, "pareto(10ms, 1.5)", NULL},
    };
    static const char *const bad[] = {"x",      "1e999",        "",
                                      "nan(",   "7 7",          "exponential(",
                                      "purple", "exponential)", "lognormal(1ms, x)",
                                      "--"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value v, again;
        struct buf b;
        const struct param_desc *p = &descs[cases[i].desc];
        must(value_parse(NULL, p, cases[i].text, &v, &why), &why);
        assert_int_equal(v.type, p->type);
        buf_init(&b, 0);
        value_format(NULL, p, &v, &b);
        if (cases[i].back)
            assert_string_equal(b.s, cases[i].back);
        must(value_parse(NULL, p, b.s, &again, &why), &why);
        if (v.type == VALUE_DIST)
            assert_true(v.as.dist.mean == again.as.dist.mean &&
                        v.as.dist.kind == again.as.dist.kind &&
                        v.as.dist.spread == again.as.dist.spread);
        buf_release(&b);
    }
    for (size_t k = 0; k < sizeof descs / sizeof *descs; k++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct value v;
            assert_int_not_equal(value_parse(NULL, &descs[k], bad[i], &v, &why),
                                 ERR_OK);
        }
}

static void draws_have_their_mean(void **state)
{
    const struct dist dists[] = {
        dist_const(10 * SIM_MS),
        dist_exponential(10 * SIM_MS),
        dist_lognormal(10 * SIM_MS, 5 * SIM_MS),
        {.kind = DIST_UNIFORM, .mean = 10 * SIM_MS, .spread = 10 * SIM_MS},
        {.kind = DIST_NORMAL, .mean = 10 * SIM_MS, .spread = 2 * SIM_MS},
        {.kind = DIST_ERLANG, .mean = 10 * SIM_MS, .k = 4},
        {.kind = DIST_HYPEREXP, .mean = 10 * SIM_MS, .spread = 4000},
        {.kind = DIST_PARETO, .mean = 10 * SIM_MS, .spread = 3000},
    };
    struct rng r;
    (void)state;
    for (size_t i = 0; i < sizeof dists / sizeof *dists; i++) {
        double sum = 0;
        rng_seed(&r, 1, "draws");
        for (int k = 0; k < 400000; k++) {
            sim_time t = dist_draw(&dists[i], &r);
            assert_true(t >= 0);
            sum += (double)t;
        }
        double mean = sum / 400000;
        assert_true(mean > 9.9e6 && mean < 10.1e6);
    }
}

static void every_kind_describes_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++) {
        const struct kind_desc *d = sim_kind(i);
        assert_non_null(d->name);
        assert_true(d->doc && d->doc[0] != '\0');
        for (size_t k = 0; k < d->nparams; k++) {
            assert_non_null(d->params[k].name);
            assert_non_null(d->params[k].doc);
            assert_true(d->params[k].type != VALUE_CHOICE || d->params[k].choices);
        }
        for (size_t k = 0; k < d->nmetrics; k++) {
            assert_true(d->metrics[k].name && d->metrics[k].prom &&
                        d->metrics[k].labels && d->metrics[k].unit &&
                        d->metrics[k].doc);
            for (size_t j = 0; j < k; j++)
                assert_string_not_equal(d->metrics[j].name, d->metrics[k].name);
        }
    }
    assert_null(sim_kind(sim_kinds()));
}

static void looking_works_for_every_kind(void **state)
{
    (void)state;
    struct world *w = must_world(small(), 1);
    must_run(w, 10 * SIM_SEC);
    for (comp_id c = 0; c < model_comps(world_model(w)) + 2; c++) {
        struct instance_view iv;
        struct db_session_view sv[4];
        struct cache_key_view kv[4];
        struct inflight_view fv[4];
        (void)world_instances(w, c);
        world_instance(w, c, 1, &iv);
        world_instance(w, c, 0, &iv);
        world_instance(w, c, 99, &iv);
        assert_int_equal(iv.state, INSTANCE_NONE);
        (void)world_db_sessions(w, c, sv, 4);
        (void)world_cache_keys(w, c, kv, 4);
        (void)world_inflight(w, c, fv, 4);
        assert_true(world_metric(w, c, "no such", 0) !=
                    world_metric(w, c, "no such", 0));
        assert_int_equal(world_get(w, c, "no such").type, VALUE_NONE);
        (void)world_digest_of(w, c);
        if (c >= model_comps(world_model(w)))
            continue;
        const struct kind_desc *d = model_kind(world_model(w), c);
        for (size_t i = 0; i < d->nmetrics; i++)
            for (int k = -1; k < 6; k++) {
                double x = world_metric_at(w, c, i, k);
                assert_true(x == x);
            }
        for (size_t i = 0; i < d->nparams; i++)
            assert_int_equal(world_get(w, c, d->params[i].name).type,
                             d->params[i].type);
    }
    world_free(w);
}

static void a_runaway_world_stops_with_a_sentence(void **state)
{
    (void)state;
    struct model *m = model_new();
    comp_id a = must_add(m, "service", "loop");
    must_set(m, a, "workers", value_count(100000));
    struct node two[] = {{.kind = NODE_CALL, .target = "loop", .what = "go"},
                         {.kind = NODE_CALL, .target = "loop", .what = "go"}};
    two[0].next = &two[1];
    struct node both = {.kind = NODE_PARALLEL, .body = two};
    must(model_endpoint(m, a, "go", NULL, &both, &why), &why);
    must_set(m, must_add(m, "call", "loop.loop"), "network", value_duration(0));
    comp_id u = must_add(m, "client", "users");
    must_set(m, u, "to", value_text("loop/go"));
    must_set(m, u, "rate", value_number(1));
    struct world *w = must_world(m, 1);
    says(world_run(w, 100 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_LIMIT, "ran away");
    says(world_run(w, 200 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_LIMIT, "ran away");
    assert_true(metric(w, "loop", "in_flight") >
                10000); /* still there to be looked at */
    assert_true(world_bytes(w) <= 64u << 20);
    world_free(w);
}

/* What a metric needs to be listed exists: a parameter of its kind, or a kind. */
static void needs_name_what_there_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++) {
        const struct kind_desc *k = sim_kind(i);
        for (size_t n = 0; n < k->nneeds; n++) {
            const char *need = k->needs[n].of; /* NULL: nobody can measure it */
            bool metric = false, of = !need || sim_kind_named(need);
            for (size_t m = 0; m < k->nmetrics; m++)
                metric |= str_eq(k->metrics[m].name, k->needs[n].metric);
            for (size_t p = 0; need && p < k->nparams; p++)
                of |= str_eq(k->params[p].name, need);
            if (!metric || !of)
                fail_msg("%s: %s needs %s", k->name, k->needs[n].metric,
                         need ? need : "nothing");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_name_what_there_is),
        cmocka_unit_test(mistakes_get_a_suggestion),
        cmocka_unit_test(programs_are_checked_with_their_line),
        cmocka_unit_test(missing_things_are_named),
        cmocka_unit_test(deep_and_large_programs_are_refused),
        cmocka_unit_test(a_finished_model_can_be_read),
        cmocka_unit_test(words_in_arguments_mean_something),
        cmocka_unit_test(actions_are_checked),
        cmocka_unit_test(values_come_back_from_their_text),
        cmocka_unit_test(draws_have_their_mean),
        cmocka_unit_test(every_kind_describes_itself),
        cmocka_unit_test(looking_works_for_every_kind),
        cmocka_unit_test(a_runaway_world_stops_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
