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
        editor_key(e, &k);
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
    editor_init(&e, words, NULL);
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

static void words_are_walked_and_cut(void **state)
{
    (void)state;
    expect_keys("one two<c-left>x", "one x|two");
    expect_keys("one two<m-left><m-b>x", "x|one two");
    expect_keys("one two<home><c-right>x<m-f>y", "onex twoy|");
    expect_keys("one two<m-bs>", "one |");
    expect_keys("one two<m-bs><c-y>", "one two|");
    expect_keys("one two<home><m-d>", "| two");
    expect_keys("one two<home><c-del>", "| two");
}

/* Alt with what means nothing is no key at all: neither typed nor half obeyed. */
static void unknown_keys_do_nothing(void **state)
{
    (void)state;
    expect_keys("ab<m-q><m-x><m-up><m-tab><c-o><c-x><m-left>z", "z|ab");
    expect_keys("ab<c-r>log<m-q>g", "ab|");
    expect_keys("re<tab><tab><m-q><tab>", "resolve|"); /* the candidates stay */
    expect_keys("<c-up>", "ps checkout|");             /* no meaning of its own */
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

static void paste(struct editor *e, const char *text)
{
    for (; *text; text++)
        editor_key(e,
                   &(struct key){.kind = KEY_PASTE_CHAR, .cp = (unsigned char)*text});
}

static void drawn(struct editor *e, int cols, const char *want)
{
    struct canvas *c = canvas_new(1, cols);
    struct buf b;
    buf_init(&b, 0);
    editor_draw(e, c, 0, 0, cols, "> ", true);
    canvas_dump(c, &b);
    assert_string_equal(b.s, want);
    buf_release(&b);
    canvas_free(c);
}

static void a_paste_never_runs_anything(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e, words, NULL);
    paste(&e, "restart\tcheckout\t");
    expect_line(&e, "restart checkout |");
    editor_release(&e);
}

static void pasted_lines_stay_lines(void **state)
{
    (void)state;
    struct editor e;
    size_t next;
    editor_init(&e, words, NULL);
    paste(&e, "\nstatus\n\nlogs a\n");
    expect_line(&e, "status\n\nlogs a\n|");
    drawn(&e, 40, "> status↵↵logs a↵\n");
    assert_int_equal(editor_first_line(e.text.s, &next), 6);
    assert_string_equal(e.text.s + next, "logs a\n");
    type(&e, "<bs><c-left><c-left><c-left>x");
    expect_line(&e, "x|status\n\nlogs a");
    type(&e, "<end><c-w>sta<tab>!"); /* completes in its own line */
    expect_line(&e, "xstatus\n\nlogs status !|");
    type(&e, "<home><c-k>a<c-w>");
    paste(&e, "a\nsta");
    type(&e, "<tab>");
    expect_line(&e, "a\nstatus |");
    editor_release(&e);
}

static void a_line_that_is_cut_says_so(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e, words, NULL);
    for (int i = 0; i < 10000; i++)
        type(&e, "x");
    assert_int_equal(e.text.len, EDITOR_LINE - 1);
    drawn(&e, 50, "> ‹xxxxxxxxx   cut: a line has room for 4095 bytes\n");
    type(&e, "<bs>y"); /* room again */
    assert_false(e.cut);
    assert_int_equal(e.text.s[e.text.len - 1], 'y');
    type(&e, "z"); /* and now there is none */
    assert_true(e.cut);
    editor_set(&e, "");
    assert_false(e.cut);
    for (int i = 0; i < EDITOR_LINE - 2; i++)
        type(&e, "x");
    paste(&e, "\xc3"); /* two bytes where one is left: nothing behind it either */
    paste(&e, "b");
    assert_true(e.cut && e.text.s[e.text.len - 1] == 'x');
    editor_release(&e);
}

static void a_line_beyond_the_edge_shows_it(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e, words, NULL);
    type(&e, "0123456789<home>");
    drawn(&e, 8, "> 01234…\n");
    editor_release(&e);
}

static void a_long_line_slides(void **state)
{
    (void)state;
    struct editor e;
    editor_init(&e, words, NULL);
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
        cmocka_unit_test(words_are_walked_and_cut),
        cmocka_unit_test(unknown_keys_do_nothing),
        cmocka_unit_test(characters_are_what_people_see),
        cmocka_unit_test(history_comes_back),
        cmocka_unit_test(tab_completes),
        cmocka_unit_test(a_paste_never_runs_anything),
        cmocka_unit_test(pasted_lines_stay_lines),
        cmocka_unit_test(a_line_that_is_cut_says_so),
        cmocka_unit_test(a_line_beyond_the_edge_shows_it),
        cmocka_unit_test(a_long_line_slides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
