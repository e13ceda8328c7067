/*
 * The line editor: the keys of a shell, because the learner's fingers know them
 * already. Characters are what a person sees as one: a code point with the marks that
 * follow it; the cursor never stands between them. Completion asks through a callback
 * and shows what it got until another key is pressed.
 */
#include "ui_internal.h"

#include <string.h>

void editor_init(struct editor *e)
{
    memset(e, 0, sizeof *e);
    buf_init(&e->text, EDITOR_LINE);
    buf_init(&e->kept, EDITOR_LINE);
    buf_init(&e->killed, EDITOR_LINE);
    buf_init(&e->query, 200);
    e->found = SIZE_MAX;
    e->pick = SIZE_MAX;
}

static void drop_offer(struct editor *e)
{
    if (e->offering)
        completions_release(&e->offer);
    memset(&e->offer, 0, sizeof e->offer);
    e->offering = false;
    e->pick = SIZE_MAX;
}

void editor_release(struct editor *e)
{
    drop_offer(e);
    for (size_t i = 0; i < e->nhistory; i++)
        mem_free(e->history[i]);
    mem_free(e->history);
    buf_release(&e->text);
    buf_release(&e->kept);
    buf_release(&e->killed);
    buf_release(&e->query);
}

/* ---- text
 * ----------------------------------------------------------------------------------------
 */

void text_cut(struct buf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->s[len] = '\0';
    }
}

void text_drop_last(struct buf *b)
{
    size_t n = b->len;
    while (n > 1 && (b->s[n - 1] & 0xc0) == 0x80)
        n--;
    if (n > 0)
        text_cut(b, n - 1);
}

static void put_text(struct editor *e, const char *s)
{
    buf_reset(&e->text);
    buf_adds(&e->text, s);
    e->cursor = e->text.len;
}

void editor_set(struct editor *e, const char *line)
{
    drop_offer(e);
    e->searching = false;
    e->at = e->nhistory;
    put_text(e, line);
}

/* Replaces bytes [from, to) by s[0..n); the cursor goes behind them. */
static void replace(struct editor *e, size_t from, size_t to, const char *s, size_t n)
{
    if (e->text.len - (to - from) + n > EDITOR_LINE - 1)
        return;
    char *tail = mem_strdup(e->text.s + to);
    text_cut(&e->text, from);
    buf_add(&e->text, s, n);
    e->cursor = e->text.len;
    buf_adds(&e->text, tail);
    mem_free(tail);
}

static uint32_t code_at(const struct editor *e, size_t at, size_t *n)
{
    uint32_t cp = 0;
    *n = at < e->text.len ? utf8_next(e->text.s + at, e->text.len - at, &cp) : 0;
    return cp;
}

static size_t right_of(const struct editor *e, size_t at)
{
    size_t n;
    code_at(e, at, &n);
    at += n;
    while (at < e->text.len && text_width_cp(code_at(e, at, &n)) == 0)
        at += n;
    return at;
}

static size_t left_of(const struct editor *e, size_t at)
{
    size_t last = 0;
    for (size_t i = 0; i < at; i = right_of(e, i))
        last = i;
    return at > 0 ? last : 0;
}

static bool is_space(const struct editor *e, size_t at)
{
    return at < e->text.len && e->text.s[at] == ' ';
}

static size_t word_left(const struct editor *e, size_t at)
{
    while (at > 0 && is_space(e, left_of(e, at)))
        at = left_of(e, at);
    while (at > 0 && !is_space(e, left_of(e, at)))
        at = left_of(e, at);
    return at;
}

static size_t word_right(const struct editor *e, size_t at)
{
    while (at < e->text.len && is_space(e, at))
        at = right_of(e, at);
    while (at < e->text.len && !is_space(e, at))
        at = right_of(e, at);
    return at;
}

static void kill_range(struct editor *e, size_t from, size_t to)
{
    if (from >= to)
        return;
    buf_reset(&e->killed);
    buf_add(&e->killed, e->text.s + from, to - from);
    replace(e, from, to, "", 0);
}

static void insert_cp(struct editor *e, uint32_t cp)
{
    char bytes[4];
    if (cp < ' ' || cp == 0x7f)
        cp = ' '; /* a pasted newline or tab never runs or completes anything */
    replace(e, e->cursor, e->cursor, bytes, utf8_put(bytes, cp));
}

static void swap_letters(struct editor *e)
{
    size_t mid = e->cursor == e->text.len ? left_of(e, e->cursor) : e->cursor;
    size_t from = left_of(e, mid), to = right_of(e, mid);
    if (from == mid || mid == to)
        return;
    struct buf b;
    buf_init(&b, 64);
    buf_add(&b, e->text.s + mid, to - mid);
    buf_add(&b, e->text.s + from, mid - from);
    replace(e, from, to, b.s, b.len);
    buf_release(&b);
}

/* ---- history
 * -----------------------------------------------------------------------------------------
 */

void editor_remember(struct editor *e, const char *line)
{
    bool same = e->nhistory && str_eq(e->history[e->nhistory - 1], line);
    if (*line && !same) {
        if (e->nhistory == EDITOR_HISTORY) {
            mem_free(e->history[0]);
            memmove(e->history, e->history + 1, (e->nhistory - 1) * sizeof *e->history);
            e->nhistory--;
        }
        e->history = mem_grow(e->history, e->nhistory + 1, sizeof *e->history);
        e->history[e->nhistory++] = mem_strdup(line);
    }
    e->at = e->nhistory;
}

static void recall(struct editor *e, bool older)
{
    if (older ? e->at == 0 : e->at >= e->nhistory)
        return;
    if (e->at == e->nhistory) {
        buf_reset(&e->kept);
        buf_adds(&e->kept, e->text.s);
    }
    e->at += older ? (size_t)-1 : 1;
    put_text(e, e->at == e->nhistory ? e->kept.s : e->history[e->at]);
}

/* The newest line before `below` that contains the query. */
static void find_older(struct editor *e, size_t below)
{
    for (size_t i = below; i-- > 0;)
        if (strstr(e->history[i], e->query.s)) {
            e->found = i;
            return;
        }
}

static void search_begin(struct editor *e)
{
    e->searching = true;
    buf_reset(&e->query);
    e->found = SIZE_MAX;
}

static void search_end(struct editor *e, bool take)
{
    e->searching = false;
    if (take && e->found < e->nhistory) {
        e->at = e->nhistory;
        put_text(e, e->history[e->found]);
    }
}

/* Returns false when the key ended the search and must be handled again as usual. */
static bool search_key(struct editor *e, const struct key *k)
{
    char bytes[4];
    if (k->kind == KEY_CHAR && k->ctrl && k->cp == 'r') {
        find_older(e, e->found < e->nhistory ? e->found : e->nhistory);
    } else if (k->kind == KEY_CHAR && !k->ctrl && !k->alt) {
        buf_add(&e->query, bytes, utf8_put(bytes, k->cp));
        e->found = SIZE_MAX;
        find_older(e, e->nhistory);
    } else if (k->kind == KEY_BACKSPACE) {
        text_drop_last(&e->query);
        e->found = SIZE_MAX;
        find_older(e, e->nhistory);
    } else if (k->kind == KEY_ESC || (k->kind == KEY_CHAR && k->ctrl && k->cp == 'g')) {
        search_end(e, false);
    } else {
        search_end(e, true);
        return k->kind == KEY_TAB;
    }
    return true;
}

/* ---- completion
 * -------------------------------------------------------------------------------------------
 */

static size_t common_prefix(const struct completions *c)
{
    size_t n = strlen(c->words[0]);
    for (size_t i = 1; i < c->n; i++) {
        size_t same = 0;
        while (same < n && c->words[i][same] == c->words[0][same])
            same++;
        n = same;
    }
    while (n > 0 && (c->words[0][n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void take_word(struct editor *e, const char *word, size_t n, bool space)
{
    replace(e, e->offer.start, e->cursor, word, n);
    if (space && !is_space(e, e->cursor))
        replace(e, e->cursor, e->cursor, " ", 1);
}

static void complete(struct editor *e, complete_fn fn, void *ctx)
{
    drop_offer(e);
    fn(ctx, e->text.s, e->cursor, &e->offer);
    e->offering = true;
    if (e->offer.start > e->cursor)
        e->offer.start = e->cursor;
    if (e->offer.n == 0)
        return;
    size_t n = common_prefix(&e->offer);
    if (e->offer.n == 1) {
        const char *word = e->offer.words[0];
        size_t len = strlen(word);
        take_word(e, word, len, len && word[len - 1] != '.' && word[len - 1] != '=');
        e->offer.n = 0; /* usage may stay */
    } else if (n > e->cursor - e->offer.start) {
        take_word(e, e->offer.words[0], n, false);
    }
}

/* Tab again: the next candidate goes into the line. */
static void cycle(struct editor *e, bool back)
{
    size_t n = e->offer.n;
    if (e->pick == SIZE_MAX)
        e->pick = back ? n - 1 : 0;
    else
        e->pick = (e->pick + (back ? n - 1 : 1)) % n;
    take_word(e, e->offer.words[e->pick], strlen(e->offer.words[e->pick]), false);
}

/* ---- keys
 * ---------------------------------------------------------------------------------------------------
 */

static bool control_key(struct editor *e, uint32_t cp)
{
    switch (cp) {
    case 'a':
        e->cursor = 0;
        return true;
    case 'e':
        e->cursor = e->text.len;
        return true;
    case 'b':
        e->cursor = left_of(e, e->cursor);
        return true;
    case 'f':
        e->cursor = right_of(e, e->cursor);
        return true;
    case 'h':
        replace(e, left_of(e, e->cursor), e->cursor, "", 0);
        return true;
    case 'd':
        replace(e, e->cursor, right_of(e, e->cursor), "", 0);
        return true;
    case 'k':
        kill_range(e, e->cursor, e->text.len);
        return true;
    case 'u':
        kill_range(e, 0, e->cursor);
        return true;
    case 'w':
        kill_range(e, word_left(e, e->cursor), e->cursor);
        return true;
    case 'y':
        replace(e, e->cursor, e->cursor, e->killed.s, e->killed.len);
        return true;
    case 't':
        swap_letters(e);
        return true;
    case 'r':
        search_begin(e);
        return true;
    case 'n':
        recall(e, false);
        return true;
    default:
        return false;
    }
}

/* Deleting left must leave the cursor where the text went. */
static bool char_key(struct editor *e, const struct key *k)
{
    if (k->ctrl)
        return control_key(e, k->cp);
    if (k->alt) {
        switch (k->cp) {
        case 'b':
            e->cursor = word_left(e, e->cursor);
            return true;
        case 'f':
            e->cursor = word_right(e, e->cursor);
            return true;
        case 'd':
            kill_range(e, e->cursor, word_right(e, e->cursor));
            return true;
        default:
            return false;
        }
    }
    insert_cp(e, k->cp);
    return true;
}

static bool plain_key(struct editor *e, const struct key *k)
{
    switch (k->kind) {
    case KEY_CHAR:
        return char_key(e, k);
    case KEY_PASTE_CHAR:
        insert_cp(e, k->cp);
        return true;
    case KEY_BACKSPACE:
        if (k->alt)
            kill_range(e, word_left(e, e->cursor), e->cursor);
        else
            replace(e, left_of(e, e->cursor), e->cursor, "", 0);
        return true;
    case KEY_DELETE:
        replace(e, e->cursor, right_of(e, e->cursor), "", 0);
        return true;
    case KEY_LEFT:
        e->cursor = k->ctrl || k->alt ? word_left(e, e->cursor) : left_of(e, e->cursor);
        return true;
    case KEY_RIGHT:
        e->cursor =
            k->ctrl || k->alt ? word_right(e, e->cursor) : right_of(e, e->cursor);
        return true;
    case KEY_HOME:
        e->cursor = 0;
        return true;
    case KEY_END:
        e->cursor = e->text.len;
        return true;
    case KEY_UP:
        recall(e, true);
        return true;
    case KEY_DOWN:
        recall(e, false);
        return true;
    default:
        return false;
    }
}

bool editor_key(struct editor *e, const struct key *k, complete_fn complete_cb,
                void *ctx)
{
    if (e->searching && search_key(e, k))
        return true;
    if ((k->kind == KEY_TAB || k->kind == KEY_BACKTAB) && complete_cb) {
        if (e->offering && e->offer.n > 1)
            cycle(e, k->kind == KEY_BACKTAB);
        else
            complete(e, complete_cb, ctx);
        return true;
    }
    if (e->offering && k->kind == KEY_ESC) {
        drop_offer(e);
        return true;
    }
    drop_offer(e);
    return plain_key(e, k);
}

/* ---- drawing
 * ---------------------------------------------------------------------------------------------------
 */

static void draw_search(const struct editor *e, struct canvas *c, int row, int col,
                        int cols)
{
    int used = canvas_printf(c, row, col, cols, TONE_PROMPT, "search: %s", e->query.s);
    c->cursor_row = row;
    c->cursor_col = col + used;
    if (e->found < e->nhistory)
        draw_clipped(c, row, col + used + 3, cols - used - 3, TONE_NORMAL,
                     e->history[e->found]);
    else if (e->query.len)
        canvas_text(c, row, col + used + 3, cols - used - 3, TONE_DIM,
                    "nothing like it");
}

static int columns_between(const struct editor *e, size_t from, size_t to)
{
    int w = 0;
    for (size_t n; from < to; from += n)
        w += text_width_cp(code_at(e, from, &n));
    return w;
}

void editor_draw(const struct editor *e, struct canvas *c, int row, int col, int cols,
                 const char *prompt, bool cursor)
{
    if (e->searching) {
        draw_search(e, c, row, col, cols);
        return;
    }
    int p = canvas_text(c, row, col, cols, cursor ? TONE_PROMPT : TONE_DIM, prompt);
    int room = cols - p;
    size_t from = 0; /* a long line slides left so that the cursor stays in sight */
    int width = columns_between(e, 0, e->cursor);
    while (from < e->cursor && width > room - 1) {
        size_t next = right_of(e, from);
        width -= columns_between(e, from, next);
        from = next;
    }
    canvas_textn(c, row, col + p, room, TONE_NORMAL, e->text.s + from,
                 e->text.len - from);
    if (from > 0)
        canvas_put(c, row, col + p, TONE_DIM, 0x2039);
    if (cursor) {
        c->cursor_row = row;
        c->cursor_col = col + p + width;
    }
}

static void draw_words(const struct editor *e, struct canvas *c, int row, int col,
                       int cols)
{
    const struct completions *o = &e->offer;
    size_t first = 0;
    int width = 0;
    for (size_t i = 0; e->pick < o->n && i <= e->pick;
         i++) { /* keep the pick in sight */
        width += (int)text_width(o->words[i]) + 2;
        while (width > cols - 10 && first < i)
            width -= (int)text_width(o->words[first++]) + 2;
    }
    int at = 0;
    for (size_t i = first; i < o->n; i++) {
        int w = (int)text_width(o->words[i]);
        if (at + w > cols - 8 && i + 1 < o->n) {
            canvas_printf(c, row, col + at, cols - at, TONE_DIM, "… %zu more",
                          o->n - i);
            return;
        }
        at += canvas_text(c, row, col + at, cols - at,
                          i == e->pick ? TONE_SELECT : TONE_ACCENT, o->words[i]);
        at += 2;
    }
}

void editor_draw_offer(const struct editor *e, struct canvas *c, int row, int row2,
                       int col, int cols)
{
    const struct completions *o = &e->offer;
    if (!e->offering)
        return;
    canvas_fill(c, (struct rect){row, 0, 1, c->cols}, TONE_NORMAL, ' ');
    canvas_fill(c, (struct rect){row2, 0, 1, c->cols}, TONE_NORMAL, ' ');
    if (o->n > 1)
        draw_words(e, c, row, col, cols);
    if (e->pick < o->n && *o->docs[e->pick])
        draw_clipped(c, row2, col, cols, TONE_DIM, o->docs[e->pick]);
    else if (o->usage)
        draw_clipped(c, row2, col, cols, TONE_DIM, o->usage);
    else if (o->n == 0)
        canvas_text(c, row2, col, cols, TONE_DIM, "Nothing fits here.");
}
