/*
 * budgets: published limits on retries, the part that belongs to another table.
 */
#ifndef TESTS_BUDGETS_H
#define TESTS_BUDGETS_H

#include "ref.h"

void retries_per_minute(struct ref *r, double expected);
void adaptive_throttle(struct ref *r);

#endif
