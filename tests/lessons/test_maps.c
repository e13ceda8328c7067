/*
 * The map of every lesson of the course at 80x24, over the whole screen: no stretch of
 * rows in which nothing but a line goes down, at the page.
 */
#include "../lib/screen.h"
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EMPTY_MOST = 4 }; /* as many as a component may have facts beside a line */

/* Whether a row has more than blanks and one stroke that goes down. */
static bool says_something(const char *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (row[i] >= '!' && row[i] <= '~')
            return true;
    return false;
}

static void look_at(const char *id, const char *screen)
{
    int row = 0, empty = 0;
    for (const char *at = screen; *at; row++) {
        size_t n = strcspn(at, "\n");
        const char *stroke = memmem(at, n, "│", strlen("│"));
        empty =
            row >= 2 && row < 23 && stroke && !says_something(at, n) ? empty + 1 : 0;
        if (empty > EMPTY_MOST)
            fail_msg("%s: an empty stretch of its map:\n%s", id, screen);
        at += n + (at[n] == '\n');
    }
}

static void draw_map(const char *id)
{
    char path[100];
    struct errmsg why = {0};
    struct lesson *l;
    struct session *s;
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    char *text = screen_file(path);
    assert_non_null(text);
    if (lesson_load(&l, text, strlen(text), path, &why) != ERR_OK ||
        session_open(&s, &(struct session_options){.lesson = l, .seed = 1}, &why) !=
            ERR_OK)
        fail_msg("%s", why.text);
    struct ui *u = ui_new(&(struct ui_options){.rows = 24, .cols = 80});
    ui_session(u, s);
    screen_keys(u, "<enter><esc>z");
    char *screen = screen_text(u, 24, 80);
    look_at(id, screen);
    mem_free(screen);
    ui_free(u);
    session_free(s);
    lesson_unref(l);
    mem_free(text);
}

static void no_map_has_empty_stretches(void **state)
{
    struct errmsg why = {0};
    struct course_list course;
    (void)state;
    char *text = screen_file("lessons/course.lua");
    assert_non_null(text);
    if (course_load(&course, text, strlen(text), "course.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    for (size_t i = 0; i < course.n; i++)
        draw_map(course.entries[i].id);
    course_release(&course);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_map_has_empty_stretches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
