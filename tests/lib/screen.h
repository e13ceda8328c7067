/*
 * What tests of the screen share: keys as short words, and screens compared with golden
 * files (tests/golden/ui_NAME.txt). UPDATE_GOLDEN=1 writes them anew; read the
 * difference before committing it.
 */
#ifndef TESTS_LIB_SCREEN_H
#define TESTS_LIB_SCREEN_H

#include "truecode/session.h"
#include "truecode/ui.h"

/* "abc": characters. "<enter>", "<esc>", "<tab>", "<up>", "<down>", "<left>",
 * "<right>",
 * "<pgup>", "<pgdn>", "<home>", "<end>", "<bs>", "<del>", "<f1>", "<c-p>", "<m-b>", "<c-left>":
 * keys, "c-" with ctrl, "m-" with alt.
 * Returns what the last key wanted. */
enum want screen_keys(struct ui *u, const char *keys);
/* Reads the next key of such a list; *at moves on. */
struct key screen_key(const char **at);
/* Draws at the size and compares. */
void screen_golden(struct ui *u, int rows, int cols, const char *name);
/* Draws and returns the text; free with mem_free(). */
char *screen_text(struct ui *u, int rows, int cols) MUST_USE;
/* The whole file, NUL-terminated; NULL: cannot be read. */
char *screen_file(const char *path) MUST_USE;
/* Compares text with tests/golden/ui_NAME.txt. */
void screen_compare(const char *text, const char *name);

#endif
