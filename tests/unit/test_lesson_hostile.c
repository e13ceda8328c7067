/*
 * Every script of tests/lessons/hostile must end in one clean ERR_LESSON, at the line
 * its first line names ("-- expect LINE: words|or other words"), the same one twice.
 * Steps are what stops them; that steps are worth their name the kernel sees to, with a
 * limit of processor time that none comes near.
 */
#include "truecode/lesson.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FOLDER      "tests/lessons/hostile"
#define CPU_SECONDS 5

struct script {
    char text[LESSON_MAX_BYTES + 1];
    size_t len;
    int line;
    char words[200];
};

static void read_script(struct script *s, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    s->len = fread(s->text, 1, sizeof s->text - 1, f);
    fclose(f);
    s->text[s->len] = '\0';
    const char *expect = strstr(s->text, "-- expect ");
    assert_non_null(expect);
    s->line = (int)strtol(expect + 10, NULL, 10);
    const char *words = strchr(expect, ':') + 2;
    snprintf(s->words, sizeof s->words, "%.*s", (int)strcspn(words, "\n"), words);
}

/* Runs one simulated second of the world and asks every predicate. */
static enum err ask_all(const struct lesson *l, struct lesson_world *lw,
                        struct errmsg *why)
{
    struct world *w = world_new(lw->model, 1, why);
    assert_non_null(w);
    struct recording *r = recording_new(lw->model, lw->rules, lw->nrules);
    struct observer o = recording_observer(r);
    enum err e = world_run(w, SIM_SEC, UINT64_MAX, &o, why);
    recording_sample(r, w);
    struct lesson_facts f = {
        .world = w, .rec = r, .first_change = SIM_FOREVER, .last_change = SIM_FOREVER};
    struct lesson_state *st = lesson_state_new(l);
    for (size_t i = 0; e == ERR_OK && i < lesson_moves(l); i++) {
        bool yes;
        e = lesson_test(st, lesson_move(l, i)->fn, &f, &yes, why);
    }
    lesson_state_free(st);
    recording_free(r);
    world_free(w);
    return e;
}

static enum err play(const struct script *s, const char *name, struct errmsg *why)
{
    struct lesson *l;
    struct lesson_world lw;
    enum err e = lesson_load(&l, s->text, s->len, name, why);
    if (e != ERR_OK)
        return e;
    e = lesson_build(l, 1, &lw, why);
    if (e == ERR_OK) {
        e = ask_all(l, &lw, why);
        lesson_world_release(&lw);
    }
    lesson_unref(l);
    return e;
}

static bool has_any(const char *text, const char *words)
{
    char word[200];
    while (*words) {
        size_t n = strcspn(words, "|");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        if (strstr(text, word))
            return true;
        words += n + (words[n] == '|');
    }
    return false;
}

static bool check(const char *name)
{
    static struct script s;
    struct errmsg first = {0}, second = {0};
    char where[300];
    read_script(&s, name);
    enum err e = play(&s, name, &first);
    if (play(&s, name, &second) != e || strcmp(first.text, second.text)) {
        print_error("%s: twice differs:\n  %s\n  %s\n", name, first.text, second.text);
        return false;
    }
    snprintf(where, sizeof where, "%.40s:%d:", name, s.line);
    if (e == ERR_LESSON && has_any(first.text, s.words) &&
        (s.line == 0 || !strncmp(first.text, where, strlen(where))))
        return true;
    print_error("%s: expected %s %s\n  got %s: %s\n", name, where, s.words,
                err_phrase(e), first.text);
    return false;
}

/* In a process that the kernel ends when it takes too long. */
static bool check_within(const char *name)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit r = {CPU_SECONDS, CPU_SECONDS};
        if (setrlimit(RLIMIT_CPU, &r) != 0)
            _exit(2);
        _exit(!check(name));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        print_error("%s: ended by signal %d%s\n", name, WTERMSIG(status),
                    WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL
                        ? ": its steps are worth more than 5 s"
                        : "");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_lua(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && !strcmp(d->d_name + n - 4, ".lua");
}

static void hostile_scripts_stop(void **state)
{
    (void)state;
    struct dirent **list;
    int failed = 0, n = scandir(FOLDER, &list, is_lua, compare);
    assert_true(n > 100);
    for (int i = 0; i < n; i++) {
        failed += !check_within(list[i]->d_name);
        free(list[i]);
    }
    free(list);
    assert_int_equal(failed, 0);
}

static void size_is_limited(void **state)
{
    (void)state;
    struct lesson *l;
    struct errmsg why = {0};
    char *text = calloc(1, LESSON_MAX_BYTES + 2);
    memset(text, ' ', LESSON_MAX_BYTES + 1);
    assert_int_equal(lesson_load(&l, text, LESSON_MAX_BYTES + 1, "a.lua", &why),
                     ERR_LESSON);
    assert_non_null(strstr(why.text, "262144"));
    assert_int_equal(lesson_load(&l, text, 0, "a.lua", &why), ERR_LESSON);
    free(text);
}

/* A name that would forge messages does not get into them. */
static void names_are_tidied(void **state)
{
    (void)state;
    struct lesson *l;
    struct errmsg why = {0};
    assert_int_equal(lesson_load(&l, "x", 1, "dir/a b\x1b[2J:\n.lua", &why),
                     ERR_LESSON);
    assert_true(!strncmp(why.text, "a?b?[2J??.lua:1:", 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_scripts_stop),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(names_are_tidied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
