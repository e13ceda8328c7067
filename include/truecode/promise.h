/*
 * promise: what a business has promised, beyond an answer in time.
 *
 *     users   requests, messages and runs that end well and soon enough: the objective
 *             (struct slo, truecode/model.h), counted by the engine
 *     data    a statement about what was written: "nothing is charged twice". `broken` counts
 *             how often it was broken up to a moment; `holds` says whether it is so now
 *     fresh   what is shown is no older than so long; the age is the engine's
 *
 * A data promise is kept over a stretch of time in which `broken` did not rise and at whose
 * end `holds` is true. A fresh one is kept while no sample of its age is above the limit; an
 * age that nobody can tell is not fresh.
 */
#ifndef TRUECODE_PROMISE_H
#define TRUECODE_PROMISE_H

#include "truecode/kind.h"
#include "truecode/lesson_text.h"

enum { PROMISES_MAX = 16, PREVENTIONS_MAX = 9, SHOWS_MAX = 12 };

struct data_promise {
    const char *name;
    fn_id holds;  /* true now; FN_NONE: as long as `broken` does not rise */
    fn_id broken; /* how often until a moment; FN_NONE: not counted */
    int line;
};
struct fresh_promise {
    const char *name;
    const char *of; /* a component whose kind has an age (struct kind_desc) */
    sim_time within;
    int line;
};

/* A thing that could have prevented the incident, or told of it sooner: a choice of the step
 * `prevent` and of the sheet's last line. */
struct prevention {
    const char *text;
    struct text reply;
    const char *effort; /* the effort, in words; NULL */
    bool right;
    bool
        built; /* with `with`: so from the beginning, the engine tells what that saves */
    fn_id with; /* a list of set(…); only where `built` */
    bool
        warned; /* with an alert: the engine tells how much sooner the page would have come */
    int line;
};

/* A series that the business measures: `shows`. */
struct shown_series {
    comp_id comp;
    size_t metric; /* of its kind */
};

#endif
