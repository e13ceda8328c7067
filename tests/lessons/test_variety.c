/*
 * Another seed is another night. Over SEEDS nights of each lesson of the course: the times
 * of what happens, the names in it, who did it, what lies about besides and how many come
 * are not the same; in some lessons another instance is hit. And over the course the
 * recent deploy is guilty sometimes, and innocent sometimes.
 */
#include "engine/engine.h"
#include "engine/schedule.h"
#include "truecode/lesson.h"
#include "truecode/limits.h"

#include "../lib/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 20, LESSONS = 40 };

enum trait { TIMES, NAMES, PEOPLE, HERRINGS, CROWD, PLACES, TRAITS };
static const char *const trait_words[TRAITS] = {
    [TIMES] = "the times",         [NAMES] = "the names in what happens",
    [PEOPLE] = "who changed what", [HERRINGS] = "which herring lies about",
    [CROWD] = "how many come",     [PLACES] = "where it happens",
};
/* So many of SEEDS nights have to differ; 0: only some lessons. */
static const size_t least[TRAITS] = {
    [TIMES] = 15, [NAMES] = 3, [PEOPLE] = 2, [HERRINGS] = 2, [CROWD] = 4};

struct varied { /* a lesson over its nights */
    const char *id;
    size_t differ[TRAITS];
    bool deploy_guilty, deploy_innocent;
};
static struct course_list course;
static struct varied varied[LESSONS];

/* ---- a night in words ------------------------------------------------------------ */

static void tell_schedule(const struct model *m, struct buf words[TRAITS])
{
    for (size_t i = 0; i < m->nschedule; i++) {
        const struct schedule_entry *e = &m->schedule[i];
        buf_addf(&words[TIMES], "%lld ", (long long)e->at);
        buf_addf(&words[NAMES], "%s ", e->title ? e->title : "");
        for (size_t k = 0; k < e->action.nargs; k++)
            if (e->action.args[k].type == VALUE_TEXT)
                buf_addf(&words[NAMES], "%s ", e->action.args[k].as.text);
        buf_addf(&words[PEOPLE], "%s ", e->who ? e->who : "-");
        if (!e->decoy && e->action.kind != ACTION_SET)
            buf_addf(&words[PLACES], "%s-%d ", model_name(m, e->action.comp),
                     e->action.instance);
    }
}

static void tell_entries(const struct lesson_world *lw, struct buf words[TRAITS],
                         struct varied *v)
{
    for (size_t i = 0; i < lw->nentries; i++) {
        const struct lesson_entry *e = &lw->entries[i];
        bool deploy = str_eq(e->what, "deploy");
        if (e->role == ENTRY_HERRING)
            buf_addf(&words[HERRINGS], "%s %s ", e->what,
                     model_name(lw->model, e->comp));
        v->deploy_guilty |= deploy && e->role == ENTRY_CAUSE;
        v->deploy_innocent |= deploy && e->role == ENTRY_HERRING;
    }
}

static void tell_clients(const struct model *m, struct buf *words)
{
    for (size_t c = 0; c < model_comps(m); c++) {
        const struct kind_desc *k = model_kind(m, (comp_id)c);
        if (!str_eq(k->name, "client"))
            continue;
        for (size_t p = 0; p < k->nparams; p++)
            if (str_eq(k->params[p].name, "rate"))
                buf_addf(words, "%.9g ", m->comps[c].params[p].as.number);
    }
}

/* ---- how many differ ------------------------------------------------------------- */

static size_t distinct(char *const *nights)
{
    size_t n = 0;
    for (size_t i = 0; i < SEEDS; i++) {
        bool known = false;
        for (size_t k = 0; k < i; k++)
            known |= str_eq(nights[i], nights[k]);
        n += !known;
    }
    return n;
}

static void look_at(const char *id, struct varied *v)
{
    char path[120], *nights[TRAITS][SEEDS];
    struct errmsg why = {0};
    struct lesson *l;
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    char *text = screen_file(path);
    assert_non_null(text);
    if (lesson_load(&l, text, strlen(text), path, &why) != ERR_OK)
        fail_msg("%s", why.text);
    v->id = id;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lesson_world lw;
        struct buf words[TRAITS];
        if (lesson_build(l, seed, &lw, &why) != ERR_OK)
            fail_msg("%s", why.text);
        for (int t = 0; t < TRAITS; t++) {
            buf_init(&words[t], 0);
            buf_addch(&words[t],
                      ':'); /* memory of its own, also where nothing is told */
        }
        tell_schedule(lw.model, words);
        tell_entries(&lw, words, v);
        tell_clients(lw.model, &words[CROWD]);
        for (int t = 0; t < TRAITS; t++)
            nights[t][seed - 1] = words[t].s; /* kept */
        lesson_world_release(&lw);
    }
    for (int t = 0; t < TRAITS; t++) {
        v->differ[t] = distinct(nights[t]);
        for (size_t i = 0; i < SEEDS; i++)
            mem_free(nights[t][i]);
    }
    lesson_unref(l);
    mem_free(text);
}

static int look_at_all(void **state)
{
    struct errmsg why = {0};
    (void)state;
    char *text = screen_file("lessons/course.lua");
    assert_non_null(text);
    if (course_load(&course, text, strlen(text), "course.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    mem_free(text);
    assert_in_range(course.n, 1, LESSONS);
    for (size_t i = 0; i < course.n; i++)
        look_at(course.entries[i].id, &varied[i]);
    return 0;
}

static int release_all(void **state)
{
    (void)state;
    course_release(&course);
    return 0;
}

/* ---- what has to be so ----------------------------------------------------------- */

static void another_seed_is_another_night(void **state)
{
    (void)state;
    for (size_t i = 0; i < course.n; i++)
        for (int t = 0; t < TRAITS; t++)
            if (varied[i].differ[t] < least[t])
                fail_msg("%s: of %d nights %s are of %zu kinds, and should be of %zu",
                         varied[i].id, SEEDS, trait_words[t], varied[i].differ[t],
                         least[t]);
}

static void it_happens_elsewhere_in_some(void **state)
{
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < course.n; i++)
        n += varied[i].differ[PLACES] > 1;
    assert_true(n >= 3);
}

static void the_deploy_is_guilty_and_innocent(void **state)
{
    size_t guilty = 0, innocent = 0;
    (void)state;
    for (size_t i = 0; i < course.n; i++) {
        guilty += varied[i].deploy_guilty;
        innocent += varied[i].deploy_innocent && !varied[i].deploy_guilty;
    }
    assert_true(guilty >= 2);
    assert_true(innocent >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_seed_is_another_night),
        cmocka_unit_test(it_happens_elsewhere_in_some),
        cmocka_unit_test(the_deploy_is_guilty_and_innocent),
    };
    return cmocka_run_group_tests(tests, look_at_all, release_all);
}
