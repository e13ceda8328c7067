/*
 * ui_prompt: the line at plain mode's prompt, where there is a terminal. The same editor
 * as the console's, drawn on one row; what it has to say (candidates) is said in lines
 * above, as everything is in plain mode.
 *
 *     struct prompt *p = prompt_new(complete, ctx, GLYPHS_UTF8);
 *     if (prompt_key(p, &key, "> ", &said) == PROMPT_RUNS)
 *         while (prompt_next(p, true, &line)) ...
 *     prompt_draw(p, "> ", canvas);
 */
#ifndef TRUECODE_UI_PROMPT_H
#define TRUECODE_UI_PROMPT_H

#include "truecode/ui_editor.h"

struct prompt;
/* `complete` may be NULL. */
struct prompt *prompt_new(complete_fn complete, void *ctx, enum glyphs glyphs) MUST_USE;
void prompt_free(struct prompt *p); /* NULL is fine */

enum prompt_does {
    PROMPT_EDITS,
    PROMPT_RUNS,  /* Enter: take what was typed with prompt_next() */
    PROMPT_LEAVES /* ctrl-d on an empty line */
};
/* `said` gets whole lines, the first of them the line as it stood before the key. */
enum prompt_does prompt_key(struct prompt *p, const struct key *k, const char *text,
                            struct buf *said);
/* The next of the lines that Enter sent: one, or several that were pasted. */
bool prompt_next(struct prompt *p, bool remember, struct buf *line);
/* Gives a line that still waits back to be edited. */
void prompt_put_back(struct prompt *p);
/* The prompt's text and the line, on row 0, and the cursor. */
void prompt_draw(const struct prompt *p, const char *text, struct canvas *c);

#endif
