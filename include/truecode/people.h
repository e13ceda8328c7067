/*
 * people: who stands around an incident, what they know, and what makes them write.
 *
 * A lesson names people, and may add texts of its own to the rules by which everybody
 * writes (REACTIONS), or rules of its own:
 *
 *     people = {
 *       mara = { "Mara", role = "support", desk = true },
 *       ines = { "Ines", role = "wrote the payment code",
 *                knows = { { "pay-retry", "It notes a declined card for a retry. Why?" } } },
 *     },
 *     reactions = {
 *       { on = "silence", by = "mara", "Eleven people wait for an answer from me." },
 *       { by = "ines", when = function(s) return not s:flag("pay-retry") end,
 *         "You turned my flag off. Is it the flag?" },
 *     },
 *
 * Texts may hold values, {since}; PEOPLE_VALUES has them all. A text with a value that is
 * not known at that moment is not said.
 */
#ifndef TRUECODE_PEOPLE_H
#define TRUECODE_PEOPLE_H

#include "truecode/step.h"

/* word, when that rule speaks */
#define REACTIONS(X)                                                                   \
    X(OWN, "own", "a rule of the lesson: once, when its `when` holds")                 \
    X(NOT_WELL, "not-well", "you wrote that users are well, and they are not")         \
    X(WORSE, "worse", "more users suffer than before your last change")                \
    X(AGAIN, "again", "users were well, and suffer again")                             \
    X(BETTER, "better", "users suffered, and are well again")                          \
    X(SILENCE, "silence", "users suffer, and ten minutes went by without an update")   \
    X(LATE, "late", "the time of the next update has passed")                          \
    X(SINCE, "since", "the time that you wrote is more than ten minutes wrong")        \
    X(NUMBER, "number",                                                                \
      "the number that you wrote is wrong by more than a factor of two")               \
    X(OVER, "over",                                                                    \
      "users have been well for ten minutes, and nobody said it is over")              \
    X(CUSTOMER, "customer", "users suffer; a customer's own words")

enum reaction_kind {
#define X(id, word, doc) REACTION_##id,
    REACTIONS(X)
#undef X
        REACTION_COUNT
};

/* value, what it holds */
#define PEOPLE_VALUES(X)                                                               \
    X(clock, "the time of day")                                                        \
    X(minutes, "how long users have suffered, in whole minutes")                       \
    X(since, "when the first of them was hurt")                                        \
    X(quiet, "how long users have been well, in whole minutes")                        \
    X(change, "what you changed last")                                                 \
    X(changed, "when you changed it")                                                  \
    X(state, "the state in your last update")                                          \
    X(told, "the time since when, in your last update")                                \
    X(number, "the number in your last update")                                        \
    X(next, "when you promised the next one")

struct known {
    const char *about, *says;
    fn_id when; /* FN_NONE: always */
};
struct person {
    const char *id; /* "ines": what `ask` takes */
    const char *name, *role;
    bool desk; /* customers' complaints come to this person */
    struct known *knows;
    size_t nknows;
};
struct reaction {
    const char *by, *says;
    int on;     /* enum reaction_kind */
    fn_id when; /* FN_NONE: whenever its rule speaks */
};

struct lesson;
size_t lesson_persons(const struct lesson *l); /* in order of id */
const struct person *lesson_person(const struct lesson *l, size_t i);
size_t lesson_reactions(const struct lesson *l);
const struct reaction *lesson_reaction(const struct lesson *l, size_t i);

#endif
