/*
 * What is not connected changes nothing: the worlds of all lessons and labs, alone and
 * beside strangers (strangers.lua: one of every kind, added first, so that every number
 * shifts). Each component must live through the same events, by its digest.
 */
#include "truecode/lesson.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 150000 };

static void must(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK)
        fail_msg("%s: %s", err_phrase(e), why->text);
}

static void read_text(struct buf *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    for (int c; (c = fgetc(f)) != EOF;)
        buf_addch(b, (char)c);
    fclose(f);
}

/* Adds the text up to and including `begin`, and a call there; false: it has none. */
static bool add_call(struct buf *out, const char **text, const char *begin,
                     const char *call)
{
    const char *at = strstr(*text, begin);
    if (!at)
        return false;
    at += strlen(begin);
    buf_add(out, *text, (size_t)(at - *text));
    buf_adds(out, call);
    *text = at;
    return true;
}

/* The file with the strangers in front of all that its world builds and all that happens
 * in it. */
static void add_strangers(struct buf *out, const char *text)
{
    read_text(out, "tests/golden/strangers.lua");
    assert_true(add_call(out, &text, "world = function(w)", " strangers(w) "));
    (void)add_call(out, &text, "incident = function(i)", " strange_days(i) ");
    buf_adds(out, text);
}

/* What is seen of a component: a digest of when, where and for how long its traced
 * requests were. Their numbers are for people, and those of all. */
struct sights {
    uint64_t *of; /* by component */
};

static void on_span(void *ctx, const struct span *s)
{
    struct sights *seen = ctx;
    uint64_t *h = &seen->of[s->place];
    *h = hash_u64(*h, (uint64_t)s->start);
    *h = hash_u64(*h, (uint64_t)s->end);
    *h = hash_u64(*h, (uint64_t)s->instance);
}

static struct world *run_text(const char *name, const char *text, bool lab,
                              sim_time *until, struct sights *seen)
{
    struct observer o = {.ctx = seen, .span = on_span};
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    must(lab ? lesson_load_lab(&l, text, strlen(text), name, &why)
             : lesson_load(&l, text, strlen(text), name, &why),
         &why);
    must(lesson_build(l, 1, &lw, &why), &why);
    struct world *w = world_new(lw.model, 1, &why);
    assert_non_null(w);
    seen->of = calloc(model_comps(lw.model), sizeof *seen->of);
    sim_time end = *until > 0 ? *until : SIM_HOUR;
    for (sim_time t = SIM_SEC; t <= end; t += SIM_SEC) {
        must(world_run(w, t, UINT64_MAX, &o, &why), &why);
        if (*until == 0 && world_events(w) > EVENTS)
            break;
    }
    *until = world_now(w);
    lesson_world_release(&lw);
    lesson_unref(l);
    return w;
}

/* All that a component tells of itself. */
static void compare_metrics(const char *name, const struct world *alone, comp_id a,
                            const struct world *beside, comp_id b)
{
    const struct kind_desc *k = model_kind(world_model(alone), a);
    for (size_t i = 0; i < k->nmetrics; i++) {
        double one = world_metric(alone, a, k->metrics[i].name, 0);
        double two = world_metric(beside, b, k->metrics[i].name, 0);
        if (!(one == two || (isnan(one) && isnan(two))))
            fail_msg("%s: %s of %s is %.17g, beside strangers %.17g", name,
                     k->metrics[i].name, model_name(world_model(alone), a), one, two);
    }
}

static void compare(const char *name, const struct world *alone,
                    const struct sights *seen, const struct world *beside,
                    const struct sights *seen_beside)
{
    const struct model *a = world_model(alone), *b = world_model(beside);
    assert_true(world_metric(beside, model_find(b, "far-users"), "good_total", 0) >
                100);
    for (size_t c = 0; c < model_comps(a); c++) {
        comp_id same = model_find(b, model_name(a, (comp_id)c));
        if (world_digest_of(alone, (comp_id)c) != world_digest_of(beside, same))
            fail_msg("%s: %s lives through something else beside strangers", name,
                     model_name(a, (comp_id)c));
        if (seen->of[c] != seen_beside->of[same])
            fail_msg("%s: other traces of %s are seen beside strangers", name,
                     model_name(a, (comp_id)c));
        compare_metrics(name, alone, (comp_id)c, beside, same);
    }
}

static void try_file(const char *dir, const char *file, bool lab)
{
    char path[400];
    struct buf text, both;
    sim_time until = 0;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    buf_init(&text, LESSON_MAX_BYTES);
    buf_init(&both, LESSON_MAX_BYTES);
    read_text(&text, path);
    add_strangers(&both, text.s);
    struct sights seen, seen_beside;
    struct world *alone = run_text(file, text.s, lab, &until, &seen);
    struct world *beside = run_text(file, both.s, lab, &until, &seen_beside);
    compare(file, alone, &seen, beside, &seen_beside);
    free(seen.of);
    free(seen_beside.of);
    world_free(alone);
    world_free(beside);
    buf_release(&text);
    buf_release(&both);
}

static void try_folder(const char *dir, bool lab)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d));) {
        size_t len = strlen(f->d_name);
        if (len > 4 && strcmp(f->d_name + len - 4, ".lua") == 0 &&
            strcmp(f->d_name, "course.lua") != 0)
            try_file(dir, f->d_name, lab);
    }
    closedir(d);
}

static void lessons_do_not_notice_strangers(void **state)
{
    (void)state;
    try_folder("lessons", false);
}

static void labs_do_not_notice_strangers(void **state)
{
    (void)state;
    try_folder("lessons/lab", true);
}

static void what_is_worked_out_does_not_notice_strangers(void **state)
{
    (void)state;
    try_file("tests/golden", "worked_out.lua", true);
}

/* A new kind is not covered until somebody writes it down in strangers.lua. */
static void strangers_are_of_every_kind(void **state)
{
    struct buf text;
    sim_time until = SIM_SEC;
    (void)state;
    buf_init(&text, 0);
    read_text(&text, "tests/golden/strangers.lua");
    buf_adds(&text, "return lab { 'x', world = function(w) strangers(w) end, incident "
                    "= function(i) strange_days(i) end }");
    struct sights seen;
    struct world *w = run_text("strangers.lua", text.s, true, &until, &seen);
    const struct model *m = world_model(w);
    size_t lacking = 0;
    for (size_t k = 0; k < sim_kinds(); k++) {
        bool there = false;
        for (size_t c = 0; c < model_comps(m); c++)
            there |= model_kind(m, (comp_id)c) == sim_kind(k);
        if (!there)
            print_error("tests/golden/strangers.lua lacks a %s: add one, busy and "
                        "connected to nothing else\n",
                        sim_kind(k)->name);
        lacking += !there;
    }
    free(seen.of);
    world_free(w);
    buf_release(&text);
    assert_int_equal(lacking, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lessons_do_not_notice_strangers),
        cmocka_unit_test(labs_do_not_notice_strangers),
        cmocka_unit_test(what_is_worked_out_does_not_notice_strangers),
        cmocka_unit_test(strangers_are_of_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
