/*
 * value: what a parameter, an argument or a metric of a simulated system holds.
 *
 * A value says its own type. A random duration (struct dist) is a value like any other.
 * Texts are borrowed: who keeps one copies it.
 */
#ifndef TRUECODE_VALUE_H
#define TRUECODE_VALUE_H

#include "truecode/base.h"

typedef uint16_t comp_id; /* index into the model's components */
#define COMP_NONE ((comp_id)0xffff)

enum value_type {
    VALUE_NONE,
    VALUE_NUMBER,   /* double */
    VALUE_COUNT,    /* int64 */
    VALUE_FRACTION, /* double 0..1; written 0.15 or 15% */
    VALUE_DURATION, /* sim_time; written 250ms */
    VALUE_BOOL,     /* written on/off */
    VALUE_CHOICE,   /* index into param_desc.choices */
    VALUE_DIST,     /* a random duration: struct dist */
    VALUE_COMP,     /* a component */
    VALUE_TEXT      /* a name; borrowed pointer, copied where it is kept */
};

/* A random duration. */
enum dist_kind {
    DIST_CONST,
    DIST_EXPONENTIAL,
    DIST_UNIFORM,   /* mean +- spread */
    DIST_NORMAL,    /* spread: its standard deviation; cut below 0 */
    DIST_LOGNORMAL, /* mean and spread: its own mean and standard deviation */
    DIST_ERLANG,    /* k: stages */
    DIST_HYPEREXP,  /* two phases, balanced means; spread: scv * 1000 */
    DIST_PARETO     /* spread: the shape alpha * 1000; cut at 1000 means */
};
struct dist {
    enum dist_kind kind;
    int k;
    sim_time mean;
    sim_time spread;
};
struct dist dist_const(sim_time t);
struct dist dist_exponential(sim_time mean);
struct dist dist_lognormal(sim_time mean, sim_time sd);
sim_time dist_draw(const struct dist *d, struct rng *r); /* >= 0 */

struct value {
    enum value_type type;
    union {
        double number; /* NUMBER, FRACTION */
        int64_t count; /* COUNT, CHOICE */
        sim_time duration;
        bool on;
        struct dist dist;
        comp_id comp;
        const char *text;
    } as;
};
struct value value_number(double x);
struct value value_count(int64_t n);
struct value value_duration(sim_time t);
struct value value_bool(bool on);
struct value value_dist(struct dist d);
struct value value_text(const char *s);

#endif
