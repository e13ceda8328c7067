/*
 * The example of each kind of component, as the reference prints it: there is one, it loads
 * as the world of a draft, it builds, and what it builds has a component of that kind. The
 * same of each operation and fault: it can be done to what the kind's example builds.
 */
#include "../../src/lesson/binding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static bool has_kind(const struct model *m, const char *kind)
{
    bool yes = false;
    for (size_t i = 0; i < model_comps(m); i++)
        yes |= str_eq(model_kind(m, (comp_id)i)->name, kind);
    return yes;
}

static void builds(const char *kind, const char *lua, const char *action)
{
    struct buf text;
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world w;
    buf_init(&text, 0);
    buf_addf(&text,
             "return lesson { id = 'x', title = 'x', track = 'fail',\n"
             "world = function(w)\n%s end,\n"
             "incident = function(i) %s%s%s end }",
             lua, action ? "i:at(min(5), " : "", action ? action : "",
             action ? ")" : "");
    if (lesson_load_draft(&l, text.s, text.len, kind, &why) != ERR_OK)
        fail_msg("%s: %s: %s", kind, action ? action : "", why.text);
    if (lesson_build(l, 1, &w, &why) != ERR_OK)
        fail_msg("%s: %s: %s", kind, action ? action : "", why.text);
    if (action)
        assert_int_equal(model_scheduled_after(w.model, 0), 1);
    if (!has_kind(w.model, kind))
        fail_msg("the example of %s builds none", kind);
    lesson_world_release(&w);
    lesson_unref(l);
    buf_release(&text);
}

static void test_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++) {
        const char *kind = sim_kind(i)->name, *lua = lesson_example(kind);
        if (!lua)
            fail_msg("src/lesson/examples.c has none of a %s", kind);
        builds(kind, lua, NULL);
    }
}

static void verb_builds(const char *kind, const char *verb)
{
    const char *action = lesson_verb_example(kind, verb);
    char quoted[64];
    if (!action)
        fail_msg("src/lesson/examples.c has none of %s of a %s", verb, kind);
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", verb);
    if (!strstr(action, quoted))
        fail_msg("%s of a %s: its example is another's: %s", verb, kind, action);
    builds(kind, lesson_example(kind), action);
}

static void test_every_operation_and_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++) {
        const struct kind_desc *k = sim_kind(i);
        for (size_t n = 0; n < k->nops; n++)
            verb_builds(k->name, k->ops[n].name);
        for (size_t n = 0; n < k->nfaults; n++)
            verb_builds(k->name, k->faults[n].name);
    }
}

/* Lines as the reference prints them, four columns in. */
static void test_width(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_kinds(); i++)
        for (const char *p = lesson_example(sim_kind(i)->name); *p; p++) {
            size_t n = strcspn(p, "\n");
            if (n > 76)
                fail_msg("%s: longer than 76: %.*s", sim_kind(i)->name, (int)n, p);
            p += n;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_every_operation_and_fault),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
