/*
 * What the scripts of tests/lessons/hostile cost before they are stopped: processor time
 * of loading and building, the dearest first. The limit to keep below is 0.6 s.
 */
#include "truecode/lesson.h"

#include <dirent.h>
#include <stdio.h>
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

static double play(const char *path)
{
    static char text[LESSON_MAX_BYTES];
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    double begin = now();
    if (lesson_load(&l, text, n, "a.lua", &why) == ERR_OK) {
        if (lesson_build(l, 1, &lw, &why) == ERR_OK)
            lesson_world_release(&lw);
        lesson_free(l);
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
    DIR *d = opendir(FOLDER);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
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
