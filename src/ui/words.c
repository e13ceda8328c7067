/*
 * The glossary of the course, over the list. A letter goes to its first word.
 */
#include "ui_internal.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

static size_t all_words(struct ui *u, const struct course_word **out)
{
    struct lesson_words *l = arena_alloc(&u->frame, (u->nlessons + 1) * sizeof *l);
    for (size_t i = 0; i < u->nlessons; i++)
        l[i] = (struct lesson_words){u->lessons[i].title, u->lessons[i].terms,
                                     u->lessons[i].nterms};
    return glossary_course(&u->frame, l, u->nlessons, out);
}

/* Draws n words from the row `top` on; how many rows there are in all. */
static int draw_words(const struct course_word *w, size_t n, struct canvas *c,
                      struct rect r, int top)
{
    char line[900];
    int row = 0;
    for (size_t i = 0; i < n; i++) {
        const struct course_word *x = &w[i];
        int at = row - top, above = at < 0 ? -at : 0, left = r.rows - at - above;
        struct rect part = {r.row + at + above, r.col, left > 0 ? left : 0, r.cols};
        snprintf(line, sizeof line, "%s: %s%s%s%s", x->term.word, x->term.meaning,
                 *x->from ? " (" : "", x->from, *x->from ? ")" : "");
        row += draw_wrapped(c, part, TONE_NORMAL, line, above);
    }
    return row;
}

/* The row at which the words from a letter on begin. */
static int row_of(const struct course_word *w, size_t n, int cols, int letter)
{
    struct canvas *none = canvas_new(1, 1);
    size_t before = 0;
    while (before < n && tolower((unsigned char)w[before].term.word[0]) < letter)
        before++;
    int row = draw_words(w, before, none, (struct rect){0, 0, 0, cols}, 0);
    canvas_free(none);
    return row;
}

void words_draw(struct ui *u, struct canvas *c)
{
    const struct course_word *w;
    size_t n = all_words(u, &w);
    struct rect r = over_rect(c, c->rows - 2, 76), in = over_inside(r);
    int all = row_of(w, n, in.cols, CHAR_MAX);
    if (u->over_letter)
        u->over_top = row_of(w, n, in.cols, u->over_letter);
    u->over_letter = 0;
    if (u->over_top > all - in.rows)
        u->over_top = all > in.rows ? all - in.rows : 0;
    draw_frame(c, r, "words", "a letter goes there  Esc closes");
    draw_words(w, n, c, in, u->over_top);
    c->cursor_row = c->cursor_col = -1;
}

bool words_key(struct ui *u, const struct key *k)
{
    if (k->kind != KEY_CHAR || k->ctrl || k->alt || k->cp > 'z' || !isalpha((int)k->cp))
        return false;
    u->over_letter = tolower((int)k->cp);
    return true;
}
