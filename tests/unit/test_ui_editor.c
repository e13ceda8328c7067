/*
 * The line editor: keys in, line and cursor out. A case is a string of keys; '|' in
 * what is expected stands for the cursor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../src/ui/ui_internal.h"
#include "../lib/screen.h"

static void words(void *ctx, const char *line, size_t cursor, struct completions *out)
{
    static const char *const all[] = {"restart", "resolve", "rollback", "status"};
    (void)ctx;
    out->start = cursor;
    while (out->start > 0 && line[out->start - 1] != ' ')
        out->start--;
    out->words = arena_alloc(&out->mem, 4 * sizeof *out->words);
    out->docs = arena_alloc(&out->mem, 4 * sizeof *out->docs);
    for (size_t i = 0; i < 4; i++)
        if (strncmp(all[i], line + out->start, cursor - out->start) == 0) {
            out->docs[out->n] = "";
            out->words[out->n++] = all[i];
        }
}

static void type(struct editor *e, const char *keys)
{
    while (*keys) {
        struct key k = screen_key(&keys);
        editor_key(e, &k, words, NULL);
    }
}

static void expect_line(struct editor *e, const char *want)
{
    char is[300];
    snprintf(is, sizeof is, "%.*s|%s", (int)e->cursor, e->text.s,
             e->text.s + e->cursor);
    assert_string_equal(is, want);
}

static void expect_keys(const char *keys, const char *want)
{
    struct editor e;
    editor_init(&e);
    editor_remember(&e, "status");
    editor_remember(&e, "logs checkout");
    editor_remember(&e, "ps checkout");
    type(&e, keys);
    expect_line(&e, want);
    editor_release(&e);
}

static void letters_and_movement(void **state)
{
    (void)state;
    expect_keys("abc<left><left>x", "ax|bc");
    expect_keys("abc<home>x<end>y", "xabcy|");
    expect_keys("abc<c-a><del><c-e><bs>", "b|");
    expect_keys("one two<c-a><c-d><c-f><c-f>", "ne| two");
    expect_keys("ab<c-t>", "ba|");
}

static void killing_and_yanking(void **state)
{
    (void)state;
    expect_keys("one two three<c-w>", "one two |");
    expect_keys("one two<c-w><c-y><c-y>", "one twotwo|");
    expect_keys("one two<c-u>x", "x|");
    expect_keys("one<c-a><c-k><c-y>!", "one!|");
}

static void characters_are_what_people_see(void **state)
{
    (void)state;
    expect_keys("añ漢<left>x", "añx|漢");
    expect_keys("e\xcc\x81z<left><left>x", "x|e\xcc\x81z");
    expect_keys("e\xcc\x81<bs>", "|");
    expect_keys("漢字<bs>", "漢|");
}

static void history_comes_back(void **state)
{
    (void)state;
    expect_keys("<up>", "ps checkout|");
    expect_keys("<up><up><up><up>", "status|");
    expect_keys("mine<up><down>", "mine|");
    expect_keys("<c-r>log<enter>", "logs checkout|");
    expect_keys("<c-r>check<c-r><enter>", "logs checkout|");
    expect_keys("mine<c-r>log<esc>", "mine|");
}

static void tab_completes(void **state)
{
    (void)state;
    expect_keys("sta<tab>", "status |");
    expect_keys("r<tab>", "r|");
    expect_keys("re<tab>", "res|");
    expect_keys("re<tab><tab>", "restart|");
    expect_keys("re<tab><tab><tab>", "resolve|");
    expect_keys("re<tab><tab><btab>", "resolve|");
}

static void a_paste_never_runs_anything(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e);
    for (const char *p = "restart\ncheckout\t"; *p; p++)
        editor_key(&e, &(struct key){.kind = KEY_PASTE_CHAR, .cp = (unsigned char)*p},
                   words, NULL);
    expect_line(&e, "restart checkout |");
    editor_release(&e);
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e);
    for (int i = 0; i < 10000; i++)
        editor_key(&e, &(struct key){.kind = KEY_CHAR, .cp = 'x'}, words, NULL);
    assert_true(e.text.len < EDITOR_LINE);
    editor_release(&e);
}

static void a_long_line_slides(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e);
    type(&e, "0123456789");
    struct canvas *c = canvas_new(1, 8);
    editor_draw(&e, c, 0, 0, 8, "> ", true);
    assert_int_equal(c->cursor_col, 7);
    assert_int_equal(c->cells[6].cp, '9');
    canvas_free(c);
    editor_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_and_movement),
        cmocka_unit_test(killing_and_yanking),
        cmocka_unit_test(characters_are_what_people_see),
        cmocka_unit_test(history_comes_back),
        cmocka_unit_test(tab_completes),
        cmocka_unit_test(a_paste_never_runs_anything),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(a_long_line_slides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
