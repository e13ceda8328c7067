/*
 * queues: the one-service system that several tables are about.
 */
#ifndef TESTS_QUEUES_H
#define TESTS_QUEUES_H

#include "ref.h"

/* The tables' unit of time. */
#define UNIT        0.001
#define UNITS_PER_S 1000.0

/* Client "users" with Poisson arrivals, `rate` per unit, calls "app/get", which
 * computes `work`; `service` are the parameters of "app". */
struct lab queue_lab(const char *service, struct dist work, double rate);
struct sample in_units(struct sample seconds);

#endif
