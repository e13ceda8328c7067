/*
 * What a lesson costs: reading its file, opening a state of it, building its world, a fresh
 * run and a fork of one at the page, with and without a question to it. Then what the
 * scripts of tests/lessons/hostile cost before they are stopped: processor time of loading
 * and building, the dearest first. The limit to keep below is 0.6 s.
 */
#include "../../src/session/session_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FOLDER "tests/lessons/hostile"
enum { SHOWN = 5 };

struct cost {
    char name[64];
    double seconds;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char text[LESSON_MAX_BYTES];

static size_t read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    return n;
}

/* ---- an ordinary lesson ---------------------------------------------------------- */

enum { TIMES = 200, ROUNDS = 5 };

struct bench {
    size_t len;
    struct lesson *l;
    struct stage *stage;
    struct run page; /* a run that stands at the page */
};

static void must(enum err e, const struct errmsg *why)
{
    if (e == ERR_OK)
        return;
    fprintf(stderr, "%s\n", why->text);
    exit(1);
}

static void load(struct bench *b)
{
    struct errmsg why = {0};
    struct lesson *l;
    must(lesson_load(&l, text, b->len, "a.lua", &why), &why);
    lesson_unref(l);
}

static void ask(const struct run *r)
{
    struct errmsg why = {0};
    bool yes;
    must(run_test(r, lesson_move(run_lesson(r), 0)->fn, &yes, &why), &why);
}

static void first_question(struct bench *b)
{
    lesson_state_reset(b->page.lua);
    ask(&b->page);
}

static void next_question(struct bench *b)
{
    ask(&b->page);
}

static void build(struct bench *b)
{
    struct errmsg why = {0};
    struct lesson_world lw;
    must(lesson_build(b->l, 1, &lw, &why), &why);
    lesson_world_release(&lw);
}

static void fresh_run(struct bench *b)
{
    struct errmsg why = {0};
    struct run r;
    must(run_open(&r, b->stage, 1, &why), &why);
    run_release(&r);
}

static void fork_run(struct bench *b)
{
    struct errmsg why = {0};
    struct run r;
    must(run_fork(&r, &b->page, &why), &why);
    run_release(&r);
}

static void fork_and_ask(struct bench *b)
{
    struct errmsg why = {0};
    struct run r;
    must(run_fork(&r, &b->page, &why), &why);
    ask(&r);
    run_release(&r);
}

/* The quickest of some rounds: what disturbs only adds. */
static void measure(const char *name, void (*what)(struct bench *b), struct bench *b)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now();
        for (int i = 0; i < TIMES; i++)
            what(b);
        double took = (now() - begin) / TIMES;
        best = took < best ? took : best;
    }
    printf("  %-32s %6.0f us\n", name, best * 1e6);
}

static void ordinary(const char *path)
{
    struct bench b = {.len = read_text(path)};
    struct errmsg why = {0};
    must(lesson_load(&b.l, text, b.len, "a.lua", &why), &why);
    b.stage = stage_new(b.l, 1, &why);
    must(b.stage ? ERR_OK : ERR_LESSON, &why);
    must(run_open(&b.page, b.stage, 1, &why), &why);
    must(run_advance(&b.page, lesson_info(b.l)->starts_at, NULL, NULL, &why), &why);
    printf("%s, %zu bytes, processor time:\n", path, b.len);
    measure("read the file", load, &b);
    measure("a state's first question", first_question, &b);
    measure("a state's next question", next_question, &b);
    measure("build the world of a seed", build, &b);
    measure("a fresh run", fresh_run, &b);
    measure("a fork at the page", fork_run, &b);
    measure("the same, asked something", fork_and_ask, &b);
    run_release(&b.page);
    stage_unref(b.stage);
    lesson_unref(b.l);
}

/* ---- hostile ones ---------------------------------------------------------------- */

static double play(const char *path)
{
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    size_t n = read_text(path);
    double begin = now();
    if (lesson_load(&l, text, n, "a.lua", &why) == ERR_OK) {
        if (lesson_build(l, 1, &lw, &why) == ERR_OK)
            lesson_world_release(&lw);
        lesson_unref(l);
    }
    return now() - begin;
}

/* Keeps the dearest, in order. */
static void keep(struct cost *most, const char *name, double seconds)
{
    int i = SHOWN;
    for (; i > 0 && seconds > most[i - 1].seconds; i--)
        if (i < SHOWN)
            most[i] = most[i - 1];
    if (i == SHOWN)
        return;
    snprintf(most[i].name, sizeof most[i].name, "%.60s", name);
    most[i].seconds = seconds;
}

int main(void)
{
    struct cost most[SHOWN] = {0};
    char path[400];
    int n = 0;
    ordinary("lessons/all-green.lua");
    DIR *d = opendir(FOLDER);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, FOLDER "/%s", e->d_name);
        keep(most, e->d_name, play(path));
        n++;
    }
    if (d)
        closedir(d);
    printf("%d hostile scripts, processor time until they are stopped:\n", n);
    for (int i = 0; i < SHOWN; i++)
        printf("  %-32s %6.0f ms\n", most[i].name, most[i].seconds * 1e3);
    return 0;
}
