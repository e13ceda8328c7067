/*
 * Numbers that name nothing: whatever has instances, partitions or the like refuses to
 * have anything done to one that never was, in models of every kind.
 */
#include "../lib/any_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct value some_value(const struct arg_desc *d)
{
    struct value v = {.type = d->type};
    if (d->type == VALUE_NUMBER || d->type == VALUE_FRACTION)
        v.as.number = 0.5;
    else if (d->type == VALUE_COUNT)
        v.as.count = 1;
    else if (d->type == VALUE_DURATION)
        v.as.duration = SIM_SEC;
    else if (d->type == VALUE_TEXT)
        v.as.text = "v2";
    return v;
}

static void refused(struct world *w, comp_id c, enum action_kind kind, const char *name,
                    const struct arg_desc *args, int number)
{
    struct errmsg why = {0};
    struct action a = {.kind = kind, .comp = c, .instance = number, .name = name};
    uint64_t before = world_digest(w);
    while (a.nargs < OP_ARGS && args[a.nargs].name) {
        a.args[a.nargs] = some_value(&args[a.nargs]);
        a.nargs++;
    }
    if (world_apply(w, &a, "test", NULL, NULL, &why) == ERR_OK)
        fail_msg("%s %s-%d: not refused", name, model_name(world_model(w), c), number);
    assert_true(why.text[0] != '\0' && world_digest(w) == before);
}

/* Of its own instances, or of those that its numbers are of. */
static int highest(const struct world *w, comp_id c)
{
    comp_id of[] = {c, model_owner(world_model(w), c), model_target(world_model(w), c)};
    int most = 0;
    for (int i = 0; i < 3; i++)
        if (of[i] != COMP_NONE && world_instances(w, of[i]) > most)
            most = world_instances(w, of[i]);
    return most;
}

static void all_of(struct world *w)
{
    const struct model *m = world_model(w);
    for (size_t i = 0; i < model_comps(m); i++) {
        const struct kind_desc *k = model_kind(m, (comp_id)i);
        int beyond = highest(w, (comp_id)i) + 1;
        for (size_t j = 0; j < k->nops; j++)
            refused(w, (comp_id)i, ACTION_OP, k->ops[j].name, k->ops[j].args, beyond);
        for (size_t j = 0; j < k->nfaults; j++)
            refused(w, (comp_id)i, ACTION_FAULT, k->faults[j].name, k->faults[j].args,
                    beyond);
    }
}

static void what_never_was_is_refused(void **state)
{
    (void)state;
    int worlds = 0;
    for (uint64_t seed = 1; worlds < 60; seed++) {
        struct any a = {0};
        struct errmsg why = {0};
        struct model *m = any_model(&a, seed, 0);
        if (model_finish(m, &why) == ERR_OK) {
            struct world *w = world_new(m, seed, &why);
            assert_non_null(w);
            all_of(w);
            world_free(w);
            worlds++;
        }
        model_unref(m);
        any_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_never_was_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
