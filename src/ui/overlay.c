/*
 * Overlays: help, the palette, a question before something risky, a
 * notice, and the page for a terminal that is too small. One at a time; Esc closes it.
 */
#include "ui_internal.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct rect over_rect(const struct canvas *c, int rows, int cols)
{
    if (rows > c->rows - 2)
        rows = c->rows - 2;
    if (cols > c->cols - 4)
        cols = c->cols - 4;
    return (struct rect){(c->rows - rows) / 2, (c->cols - cols) / 2, rows, cols};
}

struct rect over_inside(struct rect r)
{
    return (struct rect){r.row + 1, r.col + 2, r.rows - 2, r.cols - 4};
}

/* ---- help ------------------------------------------------------------------------ */

static const char *about_where(unsigned where)
{
    switch (where) {
    case AT_START:
        return "Each line is an incident on a system that really runs, in miniature. "
               "Choose "
               "one and press Enter: you are paged, you look, you act, and users feel "
               "it.";
    case AT_BRIEFING:
        return "Read the page, then press Enter. The clock waits for you.";
    case AT_CONSOLE:
        return "You are in the console: type a command and press Enter. help lists the "
               "commands this incident needs; help COMMAND explains one; Tab "
               "completes. A "
               "bare word looks, an argument acts. Wrong turns have real consequences "
               "here, "
               "and that is allowed.";
    case AT_PANEL:
        return "You are in the panels: single keys work here. Enter or : goes back to "
               "the "
               "console.";
    default:
        return "What happened, and why. Scroll to read; Enter goes back to the list.";
    }
}

static const char legend[] =
    "Above: ok is the share of users' requests that were good "
    "in the last minute (behind it ▲, ▼ or =: it rises, falls or stays), budget how "
    "much of what the promise "
    "allows is left, lost how many the incident has cost so far, "
    "%s how many alerts fire.";

/* A word stands in a text by itself, in any case, also with an s behind it. */
static bool text_names(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; *at; at++) {
        bool begins = at == text || !isalnum((unsigned char)at[-1]);
        if (!begins || strncasecmp(at, word, n) != 0)
            continue;
        const char *end = at + n + (at[n] == 's');
        if (!isalnum((unsigned char)*end))
            return true;
    }
    return false;
}

struct page {
    struct canvas *c;
    struct rect r;
    int row, skip;
};

static void paragraph(struct page *p, enum tone t, const char *text)
{
    int at = p->row - p->skip, above = at < 0 ? -at : 0;
    struct rect r = {p->r.row + at + above, p->r.col, p->r.rows - at - above,
                     p->r.cols};
    if (!text || !*text)
        return;
    if (r.rows < 0)
        r.rows = 0;
    p->row += draw_wrapped(p->c, r, t, text, above) + 1;
}

static void page_row(struct page *p, const char *label, const char *does)
{
    int at = p->row++ - p->skip;
    if (at < 0 || at >= p->r.rows)
        return;
    canvas_text(p->c, p->r.row + at, p->r.col, 22, TONE_STRONG, label);
    draw_clipped(p->c, p->r.row + at, p->r.col + 22, p->r.cols - 22, TONE_NORMAL, does);
}

static void word_row(struct page *p, const struct glossary_term *t)
{
    char line[600];
    int at = p->row - p->skip, above = at < 0 ? -at : 0;
    struct rect r = {p->r.row + at + above, p->r.col, p->r.rows - at - above,
                     p->r.cols};
    snprintf(line, sizeof line, "%s: %s", t->word, t->meaning);
    if (r.rows < 0)
        r.rows = 0;
    p->row += draw_wrapped(p->c, r, TONE_NORMAL, line, above);
}

#define WORDS_MAX 8

/* The words of a list that stand in a text and in none of the lists before; how many. */
static size_t words_in(const struct session_view *v, const struct glossary_term *list,
                       size_t n, const struct glossary_term **out, size_t have)
{
    const char *texts[] = {v->say, v->feedback, v->hint};
    for (size_t i = 0; i < n && have < WORDS_MAX; i++) {
        bool there = false, twice = false;
        for (size_t k = 0; k < COUNT_OF(texts); k++)
            there |= texts[k] && text_names(texts[k], list[i].word);
        for (size_t k = 0; k < have; k++)
            twice |= strcasecmp(out[k]->word, list[i].word) == 0;
        if (there && !twice)
            out[have++] = &list[i];
    }
    return have;
}

/* Explains the words of the question; without one of them, lists those of the lesson. */
static void words_text(struct page *p, const struct session_view *v)
{
    const struct glossary_term *own, *all, *found[WORDS_MAX];
    size_t nown, nall = glossary_terms(&all);
    own = lesson_terms(v->lesson, &nown);
    size_t n = words_in(v, own, nown, found, 0);
    n = words_in(v, all, nall, found, n);
    if (n > 0)
        page_row(p, "Words here", "help WORD explains any other");
    for (size_t i = 0; i < n; i++)
        word_row(p, found[i]);
    if (n > 0)
        p->row++;
    if (n > 0 || nown == 0)
        return;
    struct buf b;
    buf_init(&b, 600);
    buf_adds(&b, "Words of this lesson (help WORD explains one): ");
    for (size_t i = 0; i < nown; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", own[i].word);
    paragraph(p, TONE_NORMAL, b.s);
    buf_release(&b);
}

static int help_text(struct ui *u, struct canvas *c, struct rect r, int skip)
{
    unsigned where = ui_where(u);
    const struct session_view *v = ui_view_of(u);
    struct page p = {.c = c, .r = r, .skip = skip};
    if (where & AT_PLAY)
        words_text(&p, v);
    paragraph(&p, TONE_NORMAL, about_where(where));
    if (where == AT_PANEL)
        paragraph(&p, TONE_ACCENT, ui_view(u->tab)->about);
    if (where == AT_PANEL && ui_view(u->tab)->hint)
        page_row(&p, ui_view(u->tab)->name, ui_view(u->tab)->hint);
    const char *label, *does;
    for (size_t i = 0; key_row(where, i, &label, &does); i++)
        if (label)
            page_row(&p, label, does);
    p.row++;
    if (where & AT_PLAY) {
        struct buf text;
        buf_init(&text, 400);
        buf_addf(&text, legend, sign_alert(u->o.glyphs));
        paragraph(&p, TONE_DIM, text.s);
        buf_release(&text);
        paragraph(&p, TONE_ACCENT, v->say);
    }
    return p.row - 1;
}

void help_draw(struct ui *u, struct canvas *c)
{
    struct canvas *none = canvas_new(1, 1);
    struct rect r = over_rect(c, c->rows - 2, 76), in = over_inside(r);
    int all = help_text(u, none, (struct rect){0, 0, 0, in.cols}, 0);
    canvas_free(none);
    if (all + 2 < r.rows)
        r = over_rect(c, all + 2, 76), in = over_inside(r);
    if (u->over_top > all - in.rows)
        u->over_top = all > in.rows ? all - in.rows : 0;
    draw_frame(c, r, "help", all > in.rows ? "PgUp PgDn  Esc closes" : "Esc closes");
    help_text(u, c, in, u->over_top);
    c->cursor_row = c->cursor_col = -1;
}

/* ---- palette --------------------------------------------------------------------- */

struct item {
    const char *name, *doc;
    enum view_id view;             /* VIEW_COUNT: none */
    const struct binding *binding; /* NULL: none */
    bool command;
};
#define ITEMS_MAX 160

/* Letters of `word` in order in `name`; fewer gaps first. -1: no. */
static int fuzzy(const char *name, const char *word)
{
    assert(name && word);
    int gaps = 0;
    for (; *word; word++) {
        char low = *word >= 'A' && *word <= 'Z' ? (char)(*word + 32) : *word;
        while (*name && (*name >= 'A' && *name <= 'Z' ? *name + 32 : *name) != low) {
            name++;
            gaps++;
        }
        if (!*name++)
            return -1;
    }
    return gaps;
}

static size_t all_items(struct item *items)
{
    size_t n = 0;
    for (int i = 0; i < VIEW_COUNT; i++)
        items[n++] = (struct item){ui_view((enum view_id)i)->name, "show this panel",
                                   (enum view_id)i, NULL, false};
    for (size_t i = 0; i < console_commands() && n < ITEMS_MAX; i++) {
        const struct command_info *ci = console_command(i);
        items[n++] = (struct item){ci->name, ci->doc, VIEW_COUNT, NULL, true};
    }
    for (size_t i = 0; i < nbindings && n < ITEMS_MAX; i++) {
        const struct binding *b = &bindings[i];
        if (b->label && (b->where & AT_PLAY) && binding_is_command(b))
            items[n++] = (struct item){b->does, b->label, VIEW_COUNT, b, false};
    }
    return n;
}

static size_t found_items(struct ui *u, struct item *out)
{
    struct item all[ITEMS_MAX];
    int score[ITEMS_MAX];
    size_t n = all_items(all), m = 0;
    for (size_t i = 0; i < n; i++) {
        int s = fuzzy(all[i].name, u->palette.s);
        if (s < 0)
            continue;
        size_t at = m++;
        while (at > 0 && score[at - 1] > s) {
            out[at] = out[at - 1];
            score[at] = score[at - 1];
            at--;
        }
        out[at] = all[i];
        score[at] = s;
    }
    return m;
}

void palette_draw(struct ui *u, struct canvas *c)
{
    struct item items[ITEMS_MAX];
    size_t n = found_items(u, items);
    struct rect r = over_rect(c, 18, 72), in = over_inside(r);
    draw_frame(c, r, "anything", "Enter takes it  Esc closes");
    if (u->palette_pick >= (int)n)
        u->palette_pick = n ? (int)n - 1 : 0;
    int used =
        canvas_printf(c, in.row, in.col, in.cols, TONE_PROMPT, "> %s", u->palette.s);
    c->cursor_row = in.row;
    c->cursor_col = in.col + used;
    if (u->palette.full)
        draw_right(c, in.row + 1, in.col, in.cols, TONE_WARN, TEXT_CUT);
    int rows = in.rows - 2,
        top = u->palette_pick >= rows ? u->palette_pick - rows + 1 : 0;
    for (int i = 0; i < rows && (size_t)(i + top) < n; i++) {
        const struct item *it = &items[i + top];
        bool on = i + top == u->palette_pick;
        int row = in.row + 2 + i, name = it->command || it->view < VIEW_COUNT ? 16 : 54;
        if (on)
            canvas_fill(c, (struct rect){row, in.col, 1, in.cols}, TONE_SELECT, ' ');
        if (on)
            canvas_text(c, row, in.col - 1, 1, TONE_ACCENT, "›");
        draw_clipped(c, row, in.col, name, on ? TONE_SELECT : TONE_NORMAL, it->name);
        draw_clipped(c, row, in.col + name + 1, in.cols - name - 1,
                     on ? TONE_SELECT : TONE_DIM, it->doc);
    }
    if (n == 0)
        canvas_text(c, in.row + 2, in.col, in.cols, TONE_DIM, "Nothing like that.");
}

static enum want take_item(struct ui *u)
{
    struct item items[ITEMS_MAX];
    size_t n = found_items(u, items);
    u->over = OVER_NONE;
    if ((size_t)u->palette_pick >= n)
        return WANT_NOTHING;
    const struct item *it = &items[u->palette_pick];
    if (it->view < VIEW_COUNT) {
        ui_show_tab(u, (int)it->view);
        u->at_panel = true;
    } else if (it->command) {
        char line[80];
        snprintf(line, sizeof line, "%s ", it->name);
        editor_set(&u->ed, line);
        u->at_panel = false;
    } else {
        struct key k = {.kind = it->binding->kind, .cp = it->binding->cp};
        return it->binding->run(u, &k);
    }
    return WANT_NOTHING;
}

static enum want palette_key(struct ui *u, const struct key *k)
{
    char bytes[4];
    if (k->kind == KEY_ENTER)
        return take_item(u);
    if (k->kind == KEY_DOWN || k->kind == KEY_TAB)
        u->palette_pick++;
    else if ((k->kind == KEY_UP || k->kind == KEY_BACKTAB) && u->palette_pick > 0)
        u->palette_pick--;
    else if (k->kind == KEY_BACKSPACE && u->palette.len > 0)
        text_drop_last(&u->palette), u->palette_pick = 0;
    else if (key_types(k) && k->cp < 0x7f)
        buf_add(&u->palette, bytes, utf8_put(bytes, k->cp)), u->palette_pick = 0;
    return WANT_NOTHING;
}

/* ---- a question before something risky ------------------------------------------- */

static const char *question(struct ui *u)
{
    const struct session_view *v = ui_view_of(u);
    switch (u->ask) {
    case ASK_LINE:
        return v && v->confirm ? v->confirm : "This changes the running system.";
    case ASK_RESET:
        return "Start this incident over, from the page? What you did in this run is "
               "put "
               "aside.";
    case ASK_RESTART:
        return "Start this incident over? The run you began is put aside.";
    default:
        return "";
    }
}

/* The answer as typed so far, and those that may be given. */
static void answer_draw(struct ui *u, struct canvas *c, struct rect r)
{
    bool line = u->ask == ASK_LINE;
    int col = canvas_printf(c, r.row, r.col, 6, TONE_PROMPT, "> %s", u->answer);
    c->cursor_row = r.row;
    c->cursor_col = r.col + col;
    canvas_text(c, r.row, r.col + 8, 7, TONE_STRONG, "y Enter");
    canvas_text(c, r.row, r.col + 16, 10, TONE_NORMAL, line ? "do it" : "start over");
    canvas_text(c, r.row, r.col + 29, 13, TONE_STRONG, "anything else");
    canvas_text(c, r.row, r.col + 43, 10, TONE_NORMAL, line ? "leave it" : "stay");
}

void confirm_draw(struct ui *u, struct canvas *c)
{
    int cols = c->cols - 8 < 68 ? c->cols - 8 : 68;
    int rows = wrapped_rows(question(u), cols - 4);
    bool line = u->ask == ASK_LINE;
    struct rect r = over_rect(c, rows + 4 + (line ? 2 : 0), cols), in = over_inside(r);
    draw_frame(c, r, "Really?", "Esc: no");
    if (line) {
        draw_clipped(c, in.row, in.col, in.cols, TONE_PROMPT, u->asked.s);
        in.row += 2;
        in.rows -= 2;
    }
    draw_wrapped(c, in, TONE_NORMAL, question(u), 0);
    struct cell *first = &c->cells[(size_t)in.row * (size_t)c->cols + (size_t)in.col];
    if (first->cp >= 'a' && first->cp <= 'z')
        first->cp -= 'a' - 'A'; /* a risk is a phrase; here it is a sentence */
    int last = r.row + r.rows - 2;
    answer_draw(u, c, (struct rect){last, in.col, 1, in.cols});
}

static enum want yes(struct ui *u)
{
    enum ask what = u->ask;
    u->over = OVER_NONE;
    u->ask = ASK_NONE;
    if (what == ASK_LINE) {
        console_confirmed(u);
        return WANT_NOTHING;
    }
    if (what == ASK_RESTART && (size_t)u->pick < u->nlessons)
        u->wanted = u->lessons[u->pick].id;
    else if (u->s)
        u->wanted = lesson_info(ui_view_of(u)->lesson)->id;
    return WANT_RESTART;
}

static void no(struct ui *u)
{
    u->over = OVER_NONE;
    u->ask = ASK_NONE;
    console_drop_queue(u);
}

/* Somebody who types on has not read the question: what they typed is no answer, and
 * none of it is lost. */
static void typed_on(struct ui *u, uint32_t cp)
{
    char bytes[4];
    struct buf text;
    buf_init(&text, 40);
    buf_adds(&text, u->answer);
    buf_add(&text, bytes, utf8_put(bytes, cp));
    if (u->ask == ASK_LINE) {
        editor_set(&u->ed, text.s);
        u->at_panel = false;
    }
    no(u);
    buf_release(&text);
}

/* Whether `answer` with `cp` behind it is how a yes or a no begins. */
static bool answers(const char *answer, uint32_t cp)
{
    size_t n = strlen(answer);
    for (int i = 0; i < 2; i++) {
        const char *word = i == 0 ? "yes" : "no";
        if (strncmp(word, answer, n) == 0 && word[n] != '\0' && cp == (uint32_t)word[n])
            return true;
    }
    return false;
}

/* An answer is its first letter or the word, and Enter: never one key alone. */
static enum want confirm_key(struct ui *u, const struct key *k)
{
    size_t n = strlen(u->answer);
    uint32_t low = k->cp >= 'A' && k->cp <= 'Z' ? k->cp + 32 : k->cp;
    if (k->kind == KEY_ENTER && (str_eq(u->answer, "y") || str_eq(u->answer, "yes")))
        return yes(u);
    if (k->kind == KEY_ENTER && u->answer[0] == 'n')
        no(u);
    else if (k->kind == KEY_BACKSPACE && n > 0)
        u->answer[n - 1] = '\0';
    else if (key_types(k) && answers(u->answer, low))
        u->answer[n] = (char)low, u->answer[n + 1] = '\0';
    else if (key_types(k))
        typed_on(u, k->cp);
    return WANT_NOTHING;
}

enum want overlay_key(struct ui *u, const struct key *k)
{
    if (k->kind == KEY_ESC ||
        (u->over == OVER_HELP && k->kind == KEY_F && k->cp == 1)) {
        no(u);
        return WANT_NOTHING;
    }
    if (u->over == OVER_PALETTE)
        return palette_key(u, k);
    if (u->over == OVER_CONFIRM)
        return confirm_key(u, k);
    if (u->over == OVER_CHOOSE)
        return choose_key(u, k);
    if (u->over == OVER_WORDS && words_key(u, k))
        return WANT_NOTHING;
    struct view_state vs = {.top = u->over_top, .sel = -1, .count = 1000, .page = 10};
    if (view_scroll(&vs, k))
        u->over_top = vs.top;
    else
        u->over = OVER_NONE;
    return WANT_NOTHING;
}

/* ---- notices, and a terminal that is too small ----------------------------------- */

void notice_draw(struct ui *u, struct canvas *c)
{
    int cols = c->cols - 8 < 68 ? c->cols - 8 : 68;
    int rows = wrapped_rows(u->notice.s, cols - 4);
    struct rect r = over_rect(c, rows + 2, cols), in = over_inside(r);
    draw_frame(c, r, "notice", "any key closes");
    draw_wrapped(c, in, TONE_NORMAL, u->notice.s, 0);
    c->cursor_row = c->cursor_col = -1;
}

void small_draw(struct ui *u, struct canvas *c)
{
    char lines[1400];
    bool tiny = c->cols < 26 || c->rows < 6;
    const char *clock = u->s ? "The clock stands still." : "Nothing is lost.";
    if (tiny)
        snprintf(lines, sizeof lines,
                 "%dx%d is too small: %dx%d is needed. Enlarge it, or q leaves.",
                 u->o.cols, u->o.rows, SCREEN_COLS_LEAST, SCREEN_ROWS_LEAST);
    else
        snprintf(
            lines, sizeof lines,
            "This terminal is %d by %d; truecode needs %d by %d.\n\nMake the window "
            "larger, or leave with q and type:\n  %s --plain\n\n%s",
            u->o.cols, u->o.rows, SCREEN_COLS_LEAST, SCREEN_ROWS_LEAST, u->program,
            clock);
    int left = c->cols > 30 ? 2 : 0, n = wrapped_rows(lines, c->cols - left);
    int top = c->rows > n ? (c->rows - n) / 2 : 0;
    draw_wrapped(c, (struct rect){top, left, c->rows - top, c->cols - left},
                 TONE_NORMAL, lines, 0);
}
