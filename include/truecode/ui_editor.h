/*
 * ui_editor: one line of input with the keys of a shell. Pure: it knows no terminal and
 * no session; keys go in, text and a cursor come out.
 *
 *     struct editor e;
 *     editor_init(&e, complete_line, session);   // NULL: Tab completes nothing
 *     if (key.kind == KEY_ENTER && !e.searching)
 *         run(e.text.s), editor_remember(&e, e.text.s), editor_set(&e, "");
 *     else
 *         editor_key(&e, &key);
 *     editor_draw(&e, canvas, row, col, cols, "> ", true);
 *     editor_release(&e);
 *
 * Text is clean UTF-8. A pasted line break stays in it as '\n' and is shown as one
 * column: the caller decides what several lines mean (editor_first_line()).
 */
#ifndef TRUECODE_UI_EDITOR_H
#define TRUECODE_UI_EDITOR_H

#include "truecode/console.h"
#include "truecode/screen.h"

#define EDITOR_HISTORY 500
#define EDITOR_LINE    4096 /* bytes a line may have, its NUL included */

/* Candidates for the word that ends at `cursor` in `line`, which is one line. */
typedef void (*complete_fn)(void *ctx, const char *line, size_t cursor,
                            struct completions *out);

struct editor {
    complete_fn complete; /* NULL: none */
    void *ctx;
    struct buf text;
    size_t cursor; /* byte offset, at a character's start */
    bool cut;      /* something found no room: the line is not all that came */
    char **history;
    size_t nhistory, history_cap;
    size_t at;         /* == nhistory: the line being typed */
    struct buf kept;   /* the line being typed, while history is looked at */
    struct buf killed; /* the text cut last; ctrl-y puts it back */
    bool searching;    /* ctrl-r */
    struct buf query;
    size_t found;  /* history index, SIZE_MAX: none */
    bool offering; /* candidates are shown */
    struct completions offer;
    size_t pick; /* SIZE_MAX: none yet */
};

void editor_init(struct editor *e, complete_fn complete, void *ctx);
void editor_release(struct editor *e);
void editor_set(struct editor *e, const char *line);
void editor_remember(struct editor *e, const char *line); /* into the history */
/* True when the key was an editing key. Enter is one only while searching: otherwise
 * the caller takes the line. */
bool editor_key(struct editor *e, const struct key *k);
/* The length of the first of the text's lines; *next: where the second begins, or the
 * text's length when there is none. */
size_t editor_first_line(const char *text, size_t *next);

void editor_draw(const struct editor *e, struct canvas *c, int row, int col, int cols,
                 const char *prompt, bool cursor);
/* The candidates, on one row; `row2` gets usage or the picked word's phrase. */
void editor_draw_offer(const struct editor *e, struct canvas *c, int row, int row2,
                       int col, int cols);

/* The keys and what each does, for dispatch, help and README. Each has its function. */
struct editor_binding {
    enum key_kind kind;
    uint32_t cp;
    bool ctrl, alt;
    void (*run)(struct editor *e);
    const char *label; /* "ctrl-a"; NULL: another key for the row above */
    const char *does;
};
extern const struct editor_binding editor_bindings[];
extern const size_t neditor_bindings;
/* NULL: such a key means nothing to the editor. A key with ctrl that has no meaning of
 * its own is the key without; with alt it is none. */
const struct editor_binding *editor_binding_find(const struct key *k);

#endif
