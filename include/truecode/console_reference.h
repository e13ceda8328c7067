/*
 * console_reference: the console's commands for authors, as text.
 *
 * Apart from console.h, so that `truecode doc` can print it without seeing a console.
 */
#ifndef TRUECODE_CONSOLE_REFERENCE_H
#define TRUECODE_CONSOLE_REFERENCE_H

#include "truecode/base.h"

/* Appends every command, its synopsis and examples, as Markdown. */
void console_reference(struct buf *out);

#endif
