/*
 * The map of the course: each lesson stands where it says it stands, with a reason, and a
 * word has one meaning in all of them.
 */
#include "truecode/console.h"
#include "truecode/lesson.h"
#include "truecode/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static struct course_list course;
static struct lesson *lessons[100];

static void read_text(const char *id, struct buf *text)
{
    char path[120], part[4096];
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    buf_reset(text);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is not there", path);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_add(text, part, n);
    fclose(f);
}

static int load_all(void **state)
{
    struct errmsg why = {0};
    struct buf text;
    (void)state;
    buf_init(&text, LESSON_MAX_BYTES);
    read_text("course", &text);
    if (course_load(&course, text.s, text.len, "course.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    for (size_t i = 0; i < course.n; i++) {
        read_text(course.entries[i].id, &text);
        if (lesson_load(&lessons[i], text.s, text.len, course.entries[i].id, &why) !=
            ERR_OK)
            fail_msg("%s", why.text);
    }
    buf_release(&text);
    return 0;
}

static int release_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < course.n; i++)
        lesson_unref(lessons[i]);
    course_release(&course);
    return 0;
}

static void each_stands_where_it_says_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < course.n; i++) {
        const struct course_entry *e = &course.entries[i];
        assert_string_equal(lesson_info(lessons[i])->track, e->track);
        if (e->asks[0] == '\0' || e->why[0] == '\0')
            fail_msg("%s: the map has no question or no reason for it", e->id);
    }
}

static const char *meaning_in(const struct lesson *l, const char *word)
{
    size_t n;
    const struct glossary_term *t = lesson_terms(l, &n);
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(t[i].word, word) == 0)
            return t[i].meaning;
    return NULL;
}

static void a_word_is_explained_once(void **state)
{
    const struct glossary_term *all, *own;
    size_t nall = glossary_terms(&all), nown;
    (void)state;
    for (size_t i = 0; i < course.n; i++) {
        const char *id = course.entries[i].id;
        for (size_t k = 0; k < nall; k++)
            if (meaning_in(lessons[i], all[k].word))
                fail_msg("%s explains '%s', a word of the whole course", id,
                         all[k].word);
        own = lesson_terms(lessons[i], &nown);
        for (size_t k = 0; k < nown; k++) {
            if (mechanism_find(own[k].word) < MECHANISM_COUNT)
                fail_msg("%s explains '%s', a mechanism", id, own[k].word);
            for (size_t j = 0; j < i; j++)
                if (meaning_in(lessons[j], own[k].word))
                    fail_msg("%s and %s explain '%s': it is a word of the whole course",
                             course.entries[j].id, id, own[k].word);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stands_where_it_says_and_why),
        cmocka_unit_test(a_word_is_explained_once),
    };
    return cmocka_run_group_tests(tests, load_all, release_all);
}
