/*
 * Optional arguments: an action leaves any of them out, whether something is given
 * after it or not, and does the same either way. Held for every operation and fault that
 * a kind says it has; a new one is tried the day it is described.
 */
#include "../lib/any_world.h"
#include "sim_test.h"

enum { SEEDS = 60, TRIED_MAX = 512 };
struct tried { /* operations and faults that a world had */
    const struct arg_desc *args[TRIED_MAX];
    size_t n;
};

static bool any_optional(const struct arg_desc *args)
{
    for (size_t i = 0; i < OP_ARGS && args[i].name; i++)
        if (args[i].optional)
            return true;
    return false;
}

static void note(struct tried *t, const struct arg_desc *args)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->args[i] == args)
            return;
    assert_true(t->n < TRIED_MAX);
    t->args[t->n++] = args;
}

static struct value sample(enum value_type type)
{
    switch (type) {
    case VALUE_NUMBER:
        return value_number(2);
    case VALUE_COUNT:
        return value_count(1);
    case VALUE_FRACTION:
        return (struct value){.type = VALUE_FRACTION, .as.number = 0.5};
    case VALUE_DURATION:
        return value_duration(SIM_SEC);
    case VALUE_BOOL:
        return value_bool(true);
    default:
        return value_text("nothing-of-this-name");
    }
}

/* Does it in a copy of the world, which lives on for a while; returns the trace. */
static uint64_t done(const struct world *w, const struct action *a, struct errmsg *said)
{
    struct errmsg ran = {0};
    struct world *copy = world_fork(w);
    assert_non_null(copy);
    if (world_apply(copy, a, "me", NULL, NULL, said) == ERR_OK)
        (void)!world_run(copy, world_now(w) + 5 * SIM_SEC, 20000, NULL, &ran);
    uint64_t digest = world_digest(copy);
    world_free(copy);
    return digest;
}

/* `left_out`: bits of arguments. With and without a place kept for the last ones. */
static void leave_out(const struct world *w, struct action a,
                      const struct arg_desc *args, unsigned left_out)
{
    struct errmsg first = {0}, second = {0};
    size_t last = 0;
    for (size_t i = 0; i < OP_ARGS && args[i].name; i++) {
        bool out = left_out & 1u << i;
        a.args[i] = out ? (struct value){.type = VALUE_NONE} : sample(args[i].type);
        a.nargs = i + 1;
        last = out ? last : i + 1;
    }
    uint64_t kept = done(w, &a, &first);
    a.nargs = last;
    assert_true(done(w, &a, &second) == kept);
    assert_string_equal(first.text, second.text);
    if (strstr(first.text, " wants "))
        fail_msg("%s %s, without %x: %s", model_name(world_model(w), a.comp), a.name,
                 left_out, first.text);
}

static void leave_out_each(const struct world *w, const struct action *a,
                           const struct arg_desc *args, struct tried *t)
{
    unsigned optional = 0;
    for (size_t i = 0; i < OP_ARGS && args[i].name; i++)
        optional |= args[i].optional ? 1u << i : 0;
    if (!optional)
        return;
    note(t, args);
    for (unsigned out = 0; out < 1u << OP_ARGS; out++)
        if (!(out & ~optional))
            leave_out(w, *a, args, out);
}

static void try_all(const struct world *w, struct tried *t)
{
    const struct model *m = world_model(w);
    for (size_t c = 0; c < model_comps(m); c++) {
        const struct kind_desc *k = model_kind(m, (comp_id)c);
        struct action a = {.comp = (comp_id)c, .kind = ACTION_OP};
        for (size_t i = 0; i < k->nops; i++) {
            a.name = k->ops[i].name;
            leave_out_each(w, &a, k->ops[i].args, t);
        }
        a.kind = ACTION_FAULT;
        a.duration = SIM_SEC;
        for (size_t i = 0; i < k->nfaults; i++) {
            a.name = k->faults[i].name;
            leave_out_each(w, &a, k->faults[i].args, t);
        }
    }
}

static void any_optional_argument_can_be_left_out(void **state)
{
    struct tried t = {.n = 0};
    size_t there = 0;
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++) {
        for (size_t k = 0; k < sim_kind(i)->nops; k++)
            there += any_optional(sim_kind(i)->ops[k].args);
        for (size_t k = 0; k < sim_kind(i)->nfaults; k++)
            there += any_optional(sim_kind(i)->faults[k].args);
    }
    assert_true(there >= 20);
    for (uint64_t seed = 1; seed <= SEEDS && t.n < there; seed++) {
        struct any any;
        struct errmsg no = {0};
        struct model *m = any_model(&any, seed, 0);
        struct world *w =
            model_finish(m, &no) == ERR_OK ? world_new(m, seed, &no) : NULL;
        if (w && world_run(w, 2 * SIM_SEC, UINT64_MAX, NULL, &no) == ERR_OK)
            try_all(w, &t);
        world_free(w);
        model_unref(m);
        any_release(&any);
    }
    assert_int_equal(t.n, there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_optional_argument_can_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
