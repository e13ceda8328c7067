/*
 * The words of a status update: two tables, read by whoever asks, checks, completes or
 * shows one. They live beside the mechanisms for the same reason: the console, the lessons
 * and the session all name them, and none of them may know the others.
 */
#include "truecode/update.h"

static const char *const words[UPDATE_FIELD_COUNT] = {
#define X(field, says, asks) #field,
    UPDATE_FIELDS(X)
#undef X
};

static const char *const phrases[UPDATE_FIELD_COUNT] = {
#define X(field, says, asks) says,
    UPDATE_FIELDS(X)
#undef X
};

static const char *const questions[UPDATE_FIELD_COUNT] = {
#define X(field, says, asks) asks,
    UPDATE_FIELDS(X)
#undef X
};

static const size_t offsets[UPDATE_FIELD_COUNT] = {
#define X(field, says, asks) offsetof(struct update, field),
    UPDATE_FIELDS(X)
#undef X
};

static const char *const states[UPDATE_STATE_COUNT] = {
#define X(id, word, meaning) word,
    UPDATE_STATES(X)
#undef X
};

static const char *const meanings[UPDATE_STATE_COUNT] = {
#define X(id, word, meaning) meaning,
    UPDATE_STATES(X)
#undef X
};

const char *update_field_word(enum update_field f)
{
    return f < UPDATE_FIELD_COUNT ? words[f] : "";
}

const char *update_field_says(enum update_field f)
{
    return f < UPDATE_FIELD_COUNT ? phrases[f] : "";
}

const char *update_field_asks(enum update_field f)
{
    return f < UPDATE_FIELD_COUNT ? questions[f] : "";
}

const char *const *update_field_words(void)
{
    return words;
}

const char *update_text(const struct update *u, enum update_field f)
{
    const char *base = (const char *)u;
    return f < UPDATE_FIELD_COUNT
               ? *(const char *const *)(const void *)(base + offsets[f])
               : NULL;
}

void update_set(struct update *u, enum update_field f, const char *text)
{
    char *base = (char *)u;
    if (f < UPDATE_FIELD_COUNT)
        *(const char **)(void *)(base + offsets[f]) = text;
}

const char *update_state_meaning(enum update_state s)
{
    return s < UPDATE_STATE_COUNT ? meanings[s] : "";
}

const char *const *update_state_words(void)
{
    return states;
}
