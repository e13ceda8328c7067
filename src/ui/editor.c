/*
 * The line editor: the keys of a shell, because the learner's fingers know them
 * already. Characters are what a person sees as one: a code point with the marks that
 * follow it; the cursor never stands between them. Completion asks through a callback
 * and shows what it got until another key is pressed.
 *
 * The table at the end is all the editor knows of keys. Its rows are made by macros
 * that put a function's name together, so that a key without one does not compile.
 */
#include "ui_internal.h"

#include <assert.h>
#include <string.h>

void editor_init(struct editor *e, complete_fn complete, void *ctx)
{
    memset(e, 0, sizeof *e);
    e->complete = complete;
    e->ctx = ctx;
    buf_init(&e->text, EDITOR_LINE);
    buf_init(&e->kept, EDITOR_LINE);
    buf_init(&e->killed, EDITOR_LINE);
    buf_init(&e->query, 40);
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

/* ---- text ------------------------------------------------------------------------ */

/* Shortens the text to its first len bytes. */
static void text_cut(struct buf *b, size_t len)
{
    assert(len <= b->len);
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
    b->full = false; /* the loss is told until there is room again */
}

static void put_text(struct editor *e, const char *s)
{
    buf_reset(&e->text);
    buf_adds(&e->text, s);
    e->cursor = e->text.len;
    e->cut = false;
}

void editor_set(struct editor *e, const char *line)
{
    drop_offer(e);
    e->searching = false;
    e->at = e->nhistory;
    put_text(e, line);
}

/* Replaces bytes [from, to) by s[0..n), whole or not at all; the cursor goes behind
 * them. */
static void replace(struct editor *e, size_t from, size_t to, const char *s, size_t n)
{
    assert(from <= to && to <= e->text.len);
    e->cut = e->text.len - (to - from) + n > EDITOR_LINE - 1;
    if (e->cut)
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
    assert(at <= e->text.len);
    uint32_t cp = 0;
    *n = at < e->text.len ? utf8_next(e->text.s + at, e->text.len - at, &cp) : 0;
    return cp;
}

/* A line break stands there as a character of its own. */
static int width_of(uint32_t cp)
{
    return cp == '\n' ? 1 : text_width_cp(cp);
}

size_t editor_right_of(const struct editor *e, size_t at)
{
    assert(at <= e->text.len);
    size_t n;
    code_at(e, at, &n);
    at += n;
    while (at < e->text.len && width_of(code_at(e, at, &n)) == 0)
        at += n;
    return at;
}

int editor_columns(const struct editor *e, size_t from, size_t to)
{
    assert(from <= to && to <= e->text.len);
    int w = 0;
    for (size_t n; from < to; from += n)
        w += width_of(code_at(e, from, &n));
    return w;
}

static size_t left_of(const struct editor *e, size_t at)
{
    assert(at <= e->text.len);
    size_t last = 0;
    for (size_t i = 0; i < at; i = editor_right_of(e, i))
        last = i;
    return at > 0 ? last : 0;
}

static bool is_space(const struct editor *e, size_t at)
{
    return at < e->text.len && (e->text.s[at] == ' ' || e->text.s[at] == '\n');
}

static size_t word_left(const struct editor *e, size_t at)
{
    assert(at <= e->text.len);
    while (at > 0 && is_space(e, left_of(e, at)))
        at = left_of(e, at);
    while (at > 0 && !is_space(e, left_of(e, at)))
        at = left_of(e, at);
    return at;
}

static size_t word_right(const struct editor *e, size_t at)
{
    assert(at <= e->text.len);
    while (at < e->text.len && is_space(e, at))
        at = editor_right_of(e, at);
    while (at < e->text.len && !is_space(e, at))
        at = editor_right_of(e, at);
    return at;
}

static void kill_range(struct editor *e, size_t from, size_t to)
{
    assert(to <= e->text.len);
    if (from >= to)
        return;
    buf_reset(&e->killed);
    buf_add(&e->killed, e->text.s + from, to - from);
    replace(e, from, to, "", 0);
}

static void insert_cp(struct editor *e, uint32_t cp)
{
    char bytes[4];
    if (e->cut)
        return; /* bytes behind a gap would mean something else */
    replace(e, e->cursor, e->cursor, bytes, utf8_put(bytes, cp));
}

/* A pasted tab completes nothing, and a pasted line break runs nothing: it stands there
 * until Enter. Before the first line it means nothing. */
static void insert_pasted(struct editor *e, uint32_t cp)
{
    if (cp == '\n' && e->cursor == 0)
        return;
    insert_cp(e, (cp < ' ' && cp != '\n') || cp == 0x7f ? ' ' : cp);
}

size_t editor_first_line(const char *text, size_t *next)
{
    size_t n = strcspn(text, "\n");
    *next = n + strspn(text + n, "\n");
    return n;
}

static void edit_swap(struct editor *e)
{
    size_t mid = e->cursor == e->text.len ? left_of(e, e->cursor) : e->cursor;
    size_t from = left_of(e, mid), to = editor_right_of(e, mid);
    if (from == mid || mid == to)
        return;
    struct buf b;
    buf_init(&b, 64);
    buf_add(&b, e->text.s + mid, to - mid);
    buf_add(&b, e->text.s + from, mid - from);
    replace(e, from, to, b.s, b.len);
    buf_release(&b);
}

/* ---- history --------------------------------------------------------------------- */

void editor_remember(struct editor *e, const char *line)
{
    assert(line);
    bool same = e->nhistory && str_eq(e->history[e->nhistory - 1], line);
    if (*line && !same) {
        if (e->nhistory == EDITOR_HISTORY) {
            mem_free(e->history[0]);
            memmove(e->history, e->history + 1, (e->nhistory - 1) * sizeof *e->history);
            e->nhistory--;
        }
        GROW(e->history, e->nhistory, e->history_cap);
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

static void edit_search(struct editor *e)
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

static void search_more(struct editor *e, uint32_t cp)
{
    char bytes[4];
    buf_add(&e->query, bytes, utf8_put(bytes, cp));
    e->found = SIZE_MAX;
    find_older(e, e->nhistory);
}

/* Returns false when the key ended the search and must be handled again as usual. */
static bool search_key(struct editor *e, const struct key *k)
{
    bool ctrl = k->kind == KEY_CHAR && k->ctrl;
    if (ctrl && k->cp == 'r') {
        find_older(e, e->found < e->nhistory ? e->found : e->nhistory);
    } else if (key_types(k)) {
        search_more(e, k->cp);
    } else if (k->kind == KEY_BACKSPACE) {
        text_drop_last(&e->query);
        e->found = SIZE_MAX;
        find_older(e, e->nhistory);
    } else if (k->kind == KEY_ESC || (ctrl && k->cp == 'g')) {
        search_end(e, false);
    } else {
        search_end(e, true);
        return k->kind == KEY_TAB || k->kind == KEY_ENTER;
    }
    return true;
}

/* ---- completion ------------------------------------------------------------------ */

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
    assert(n <= strlen(word));
    replace(e, e->offer.start, e->cursor, word, n);
    if (space && !is_space(e, e->cursor))
        replace(e, e->cursor, e->cursor, " ", 1);
}

/* Where the line with the cursor begins, of several. */
static size_t line_start(const struct editor *e)
{
    assert(e->cursor <= e->text.len);
    size_t at = e->cursor;
    while (at > 0 && e->text.s[at - 1] != '\n')
        at--;
    return at;
}

static void ask_for_candidates(struct editor *e)
{
    struct buf line;
    size_t from = line_start(e), n = strcspn(e->text.s + from, "\n");
    buf_init(&line, EDITOR_LINE);
    buf_add(&line, e->text.s + from, n);
    e->complete(e->ctx, line.s, e->cursor - from, &e->offer);
    e->offer.start += from;
    if (e->offer.start > e->cursor)
        e->offer.start = e->cursor;
    buf_release(&line);
}

static void complete(struct editor *e)
{
    drop_offer(e);
    ask_for_candidates(e);
    e->offering = true;
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

/* ---- keys ------------------------------------------------------------------------ */

static void edit_start(struct editor *e)
{
    e->cursor = 0;
}

static void edit_end(struct editor *e)
{
    e->cursor = e->text.len;
}

static void edit_left(struct editor *e)
{
    e->cursor = left_of(e, e->cursor);
}

static void edit_right(struct editor *e)
{
    e->cursor = editor_right_of(e, e->cursor);
}

static void edit_word_left(struct editor *e)
{
    e->cursor = word_left(e, e->cursor);
}

static void edit_word_right(struct editor *e)
{
    e->cursor = word_right(e, e->cursor);
}

static void edit_delete_left(struct editor *e)
{
    replace(e, left_of(e, e->cursor), e->cursor, "", 0);
}

/* Deleting right leaves the cursor where the text went. */
static void edit_delete_right(struct editor *e)
{
    replace(e, e->cursor, editor_right_of(e, e->cursor), "", 0);
}

static void edit_cut_word_left(struct editor *e)
{
    kill_range(e, word_left(e, e->cursor), e->cursor);
}

static void edit_cut_word_right(struct editor *e)
{
    kill_range(e, e->cursor, word_right(e, e->cursor));
}

static void edit_cut_to_start(struct editor *e)
{
    kill_range(e, 0, e->cursor);
}

static void edit_cut_to_end(struct editor *e)
{
    kill_range(e, e->cursor, e->text.len);
}

static void edit_put_back(struct editor *e)
{
    replace(e, e->cursor, e->cursor, e->killed.s, e->killed.len);
}

static void edit_older(struct editor *e)
{
    recall(e, true);
}

static void edit_newer(struct editor *e)
{
    recall(e, false);
}

static void edit_complete(struct editor *e)
{
    if (!e->complete)
        return;
    if (e->offering && e->offer.n > 1)
        cycle(e, false);
    else
        complete(e);
}

static void edit_complete_back(struct editor *e)
{
    if (e->offering && e->offer.n > 1)
        cycle(e, true);
    else
        edit_complete(e);
}

#define KEY(k)      k, 0, false, false
#define CTRL(c)     KEY_CHAR, c, true, false
#define ALT(c)      KEY_CHAR, c, false, true
#define CTRL_KEY(k) k, 0, true, false
#define ALT_KEY(k)  k, 0, false, true

/* key, function, label, help */
#define ROW(key, does, label, help)                                                    \
    {                                                                                  \
        key, edit_##does, label, help                                                  \
    }
/* Another key for the row above. */
#define SAME(key, does)                                                                \
    {                                                                                  \
        key, edit_##does, NULL, NULL                                                   \
    }

const struct editor_binding editor_bindings[] = {
    ROW(KEY(KEY_TAB), complete, "Tab", "complete the word; again: the next candidate"),
    ROW(KEY(KEY_BACKTAB), complete_back, "Shift-Tab", "the candidate before"),
    ROW(KEY(KEY_UP), older, "Up Down", "lines typed before"),
    SAME(KEY(KEY_DOWN), newer),
    SAME(CTRL('p'), older), /* where the palette does not have it */
    SAME(CTRL('n'), newer),
    ROW(CTRL('r'), search, "ctrl-r", "search the lines typed before"),
    ROW(KEY(KEY_LEFT), left, "Left Right", "by one character; also ctrl-b, ctrl-f"),
    SAME(KEY(KEY_RIGHT), right),
    SAME(CTRL('b'), left),
    SAME(CTRL('f'), right),
    ROW(CTRL_KEY(KEY_LEFT), word_left, "ctrl-Left ctrl-Right",
        "by one word; also alt-b, alt-f"),
    SAME(CTRL_KEY(KEY_RIGHT), word_right),
    SAME(ALT_KEY(KEY_LEFT), word_left),
    SAME(ALT_KEY(KEY_RIGHT), word_right),
    SAME(ALT('b'), word_left),
    SAME(ALT('f'), word_right),
    ROW(KEY(KEY_HOME), start, "Home End",
        "start and end of the line; also ctrl-a, ctrl-e"),
    SAME(KEY(KEY_END), end),
    SAME(CTRL('a'), start),
    SAME(CTRL('e'), end),
    ROW(KEY(KEY_BACKSPACE), delete_left, "Backspace Delete",
        "the character before, at the cursor"),
    SAME(KEY(KEY_DELETE), delete_right),
    SAME(CTRL('h'), delete_left),
    SAME(CTRL('d'), delete_right),
    ROW(CTRL('w'), cut_word_left, "ctrl-w ctrl-u ctrl-k",
        "cut a word, to start, to end; ctrl-y puts it back"),
    SAME(CTRL('u'), cut_to_start),
    SAME(CTRL('k'), cut_to_end),
    SAME(CTRL('y'), put_back),
    ROW(ALT_KEY(KEY_BACKSPACE), cut_word_left, "alt-Backspace alt-d",
        "cut the word before, behind the cursor"),
    SAME(ALT('d'), cut_word_right),
    SAME(ALT_KEY(KEY_DELETE), cut_word_right),
    SAME(CTRL_KEY(KEY_DELETE), cut_word_right),
    ROW(CTRL('t'), swap, "ctrl-t", "swap two letters"),
};
const size_t neditor_bindings = COUNT_OF(editor_bindings);

static const struct editor_binding *find(const struct key *k, bool ctrl)
{
    for (size_t i = 0; i < neditor_bindings; i++) {
        const struct editor_binding *b = &editor_bindings[i];
        if (b->kind == k->kind && b->ctrl == ctrl && b->alt == k->alt &&
            (b->kind != KEY_CHAR || b->cp == k->cp))
            return b;
    }
    return NULL;
}

const struct editor_binding *editor_binding_find(const struct key *k)
{
    const struct editor_binding *b = find(k, k->ctrl);
    return !b && k->ctrl && k->kind != KEY_CHAR ? find(k, false) : b;
}

bool editor_key(struct editor *e, const struct key *k)
{
    assert(e->cursor <= e->text.len);
    const struct editor_binding *b = editor_binding_find(k);
    if (k->alt && !b)
        return false;
    if (e->searching && search_key(e, k))
        return true;
    if (k->kind != KEY_TAB && k->kind != KEY_BACKTAB) {
        bool closes = e->offering && k->kind == KEY_ESC;
        drop_offer(e);
        if (closes)
            return true;
    }
    if (b)
        b->run(e);
    else if (k->kind == KEY_PASTE_CHAR)
        insert_pasted(e, k->cp);
    else if (key_types(k))
        insert_cp(e, k->cp);
    else
        return false;
    return true;
}
