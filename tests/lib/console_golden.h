/*
 * What the console says to a list of lines, compared with tests/golden/console_*.txt.
 * UPDATE_GOLDEN=1 writes the file anew.
 */
#ifndef CONSOLE_GOLDEN_H
#define CONSOLE_GOLDEN_H

#include "console_shop.h"

/* Each line's output, in a row. A line that acts is asked about and done, as a session
 * does it; "# wait 30s" lets time pass. No line of the output is wider than 76. NULL at
 * the end. */
void golden_console(struct shop *s, const char *name, const char *const *lines);

#endif
