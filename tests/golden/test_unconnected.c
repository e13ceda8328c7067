/*
 * What is not connected changes nothing: the worlds of all lessons and labs, alone and
 * beside strangers (strangers.lua: one of every kind, added first, so that every number
 * shifts). Each component must live through the same events, by its digest.
 */
#include "truecode/lesson.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

/* The file with the strangers in front of all that its world builds. */
static void add_strangers(struct buf *out, const char *text)
{
    static const char begin[] = "world = function(w)";
    const char *at = strstr(text, begin);
    assert_non_null(at);
    at += strlen(begin);
    read_text(out, "tests/golden/strangers.lua");
    buf_add(out, text, (size_t)(at - text));
    buf_adds(out, " strangers(w) ");
    buf_adds(out, at);
}

static struct world *run_text(const char *name, const char *text, bool lab,
                              sim_time *until)
{
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    must(lab ? lesson_load_lab(&l, text, strlen(text), name, &why)
             : lesson_load(&l, text, strlen(text), name, &why),
         &why);
    must(lesson_build(l, 1, &lw, &why), &why);
    struct world *w = world_new(lw.model, 1, &why);
    assert_non_null(w);
    sim_time end = *until > 0 ? *until : SIM_HOUR;
    for (sim_time t = SIM_SEC; t <= end; t += SIM_SEC) {
        must(world_run(w, t, UINT64_MAX, NULL, &why), &why);
        if (*until == 0 && world_events(w) > EVENTS)
            break;
    }
    *until = world_now(w);
    lesson_world_release(&lw);
    lesson_unref(l);
    return w;
}

static void compare(const char *name, const struct world *alone,
                    const struct world *beside)
{
    const struct model *a = world_model(alone), *b = world_model(beside);
    assert_true(world_metric(beside, model_find(b, "far-users"), "good_total", 0) >
                100);
    for (size_t c = 0; c < model_comps(a); c++) {
        comp_id same = model_find(b, model_name(a, (comp_id)c));
        if (world_digest_of(alone, (comp_id)c) != world_digest_of(beside, same))
            fail_msg("%s: %s lives through something else beside strangers", name,
                     model_name(a, (comp_id)c));
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
    if (strstr(text.s, "each(")) { /* drawn by the number of a visit, which all share */
        printf("# %s: not compared, it tells visits apart by number\n", file);
        buf_release(&both);
        buf_release(&text);
        return;
    }
    add_strangers(&both, text.s);
    struct world *alone = run_text(file, text.s, lab, &until);
    struct world *beside = run_text(file, both.s, lab, &until);
    compare(file, alone, beside);
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

/* A new kind is not covered until somebody writes it down in strangers.lua. */
static void strangers_are_of_every_kind(void **state)
{
    struct buf text;
    sim_time until = SIM_SEC;
    (void)state;
    buf_init(&text, 0);
    read_text(&text, "tests/golden/strangers.lua");
    buf_adds(&text, "return lab { 'x', world = function(w) strangers(w) end }");
    struct world *w = run_text("strangers.lua", text.s, true, &until);
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
    world_free(w);
    buf_release(&text);
    assert_int_equal(lacking, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lessons_do_not_notice_strangers),
        cmocka_unit_test(labs_do_not_notice_strangers),
        cmocka_unit_test(strangers_are_of_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
