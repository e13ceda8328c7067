/*
 * ui_keys: the table of keys, as text.
 *
 * Apart from ui.h, so that the command line can print it without seeing what a screen
 * draws.
 */
#ifndef TRUECODE_UI_KEYS_H
#define TRUECODE_UI_KEYS_H

#include "truecode/base.h"

/* Appends the one table of keys (help, README and footer are made of it) as Markdown. */
void ui_key_table(struct buf *markdown);

#endif
