/*
 * design: a system that is looked at before anything breaks. A lesson of this kind has
 * a list of improvements and a budget of them. Until `closes_at` the learner may look
 * around and choose; then faults come, drawn by the seed from those that the system of
 * that seed can have (i:draw), and nobody touches anything any more. What it cost is
 * told in user-minutes:
 *
 *     requests lost x `request`  +  records lost (data promises broken) x `record`
 *
 * Prices. `faults` says what each fault costs a system without any improvement, `saves`
 * how much of it an improvement spares, both in user-minutes and as means over many
 * seeds; the proof holds each seed to them. From these prices follows which set would
 * have been best:
 *
 *     saved(set, fault) = min(cost of the fault, sum of what the set's improvements save of it;
 *                         an improvement that does harm there saves less than nothing)
 *     worth(set)        = sum over the faults that can come of: chance x saved(set, fault)
 *
 * where the chance is how many are drawn of how many there are. An improvement that is
 * there already (each of its set(…) changes nothing) saves nothing; the sets below are
 * without those.
 */
#ifndef TRUECODE_DESIGN_H
#define TRUECODE_DESIGN_H

#include "truecode/kind.h"
#include "truecode/lesson_text.h"

enum { IMPROVEMENTS_MAX = 24, DRAWN_MAX = 16 };

struct fault_price {
    const char *fault; /* a name of i:draw */
    double minutes;    /* user-minutes */
};
struct improvement {
    const char *id;     /* a word: `improve ID` */
    const char *text;   /* the deed, in one line */
    const char *effort; /* the effort, in words; NULL */
    struct text says;   /* the debrief: why it helped, or did not */
    fn_id with;         /* a list of set(…) */
    const struct fault_price *saves;
    size_t nsaves;
    int line;
};
struct design {
    bool given;
    int budget;         /* the most improvements that may be chosen */
    sim_time closes_at; /* until then */
    sim_time request, record;
    struct fault_price *faults;
    size_t nfaults;
    struct improvement *list;
    size_t n;
    int line;
};

/* A set of improvements: a bit each, by its place in the list. */
typedef uint32_t design_set;

/* A fault that can come on a seed. */
struct drawn_fault {
    const char *name;
    comp_id comp; /* of its first action */
    sim_time at;  /* when it comes; SIM_FOREVER: not on this night */
};
struct improvement_actions { /* of one improvement */
    struct action *list;
    size_t n;
};

size_t design_set_size(design_set set);
/* User-minutes that a set saves in a fault, by the prices. */
double design_saves(const struct design *d, design_set set, const char *fault);
double design_costs(const struct design *d, const char *fault); /* 0: not priced */
/* User-minutes that a set is worth on a mean night of a system that can have these faults, of
 * which `drawn` come. */
double design_worth(const struct design *d, design_set set,
                    const struct drawn_fault *faults, size_t nfaults, size_t drawn);
/* The set of `budget` improvements that is worth most where those of `there` are worth
 * nothing; of equals the first in the list's order. Greedy, as each next one adds no
 * more than the last did. */
design_set design_best(const struct design *d, design_set there,
                       const struct drawn_fault *faults, size_t nfaults, size_t drawn);

#endif
