/*
 * lesson_reference: the reference for authors, as text.
 *
 * Apart from lesson.h, so that `truecode doc` can print it without seeing what a lesson
 * is: nothing of a lesson runs for it.
 */
#ifndef TRUECODE_LESSON_REFERENCE_H
#define TRUECODE_LESSON_REFERENCE_H

#include "truecode/base.h"

/* Appends everything a lesson may say (world functions, parameters, program operations,
 * steps, predicates) as Markdown, from the binding and kind tables. */
void lesson_reference(struct buf *out);

#endif
