/*
 * update: the one list of what a status update says, field by field, and of the states in
 * which an incident can be.
 *
 * The console's `say` and its completion, the form that asks for the fields, the steps
 * that need some of them and `resolve` take their words from here. Words are added, never
 * renamed: they stand on tapes.
 */
#ifndef TRUECODE_UPDATE_H
#define TRUECODE_UPDATE_H

#include <stddef.h>

/* field, what it says, the question that asks for it */
#define UPDATE_FIELDS(X)                                                               \
    X(who, "who is affected",                                                          \
      "Who is affected? Users by their names, everybody or nobody.")                   \
    X(since, "since when", "Since when? A time of day.")                               \
    X(impact, "how many, or how much; \"not known yet\" is honest",                    \
      "How many, or how much? A share (30 %), a number of requests (600), or "         \
      "\"not known yet\", which is honest.")                                           \
    X(state, "investigating, mitigated, cured, recovered or closed",                   \
      "How does it stand? Type the number.")                                           \
    X(next, "when the next update comes",                                              \
      "When do you write again? A time of day, hours and minutes.")

enum update_field {
#define X(field, says, asks) UPDATE_##field,
    UPDATE_FIELDS(X)
#undef X
        UPDATE_FIELD_COUNT
};
struct update { /* NULL: left out */
#define X(field, says, asks) const char *field;
    UPDATE_FIELDS(X)
#undef X
};
const char *update_field_word(enum update_field f);
const char *update_field_says(enum update_field f);
const char *update_field_asks(enum update_field f);
const char *const *update_field_words(void); /* UPDATE_FIELD_COUNT of them */
/* The text of a field; NULL: left out. */
const char *update_text(const struct update *u, enum update_field f);
void update_set(struct update *u, enum update_field f, const char *text);

/* word, what it means; all but the first end an incident */
#define UPDATE_STATES(X)                                                               \
    X(INVESTIGATING, "investigating", "users suffer, or nobody knows yet")             \
    X(MITIGATED, "mitigated", "users are well; the cause may still be there")          \
    X(CURED, "cured", "the cause is gone")                                             \
    X(RECOVERED, "recovered", "and nothing is left of it: no backlog, no mess")        \
    X(CLOSED, "closed", "nothing was wrong: a false alarm")

enum update_state {
#define X(id, word, meaning) STATE_##id,
    UPDATE_STATES(X)
#undef X
        UPDATE_STATE_COUNT
};
enum { UPDATE_ENDS = STATE_MITIGATED }; /* the states from here on may be resolved to */
const char *update_state_meaning(enum update_state s);
const char *const *update_state_words(void); /* UPDATE_STATE_COUNT of them */

#endif
