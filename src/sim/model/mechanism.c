/*
 * The mechanism vocabulary: one table, read three ways. It lives beside the engine
 * because the console, the lessons and the session all name mechanisms and none of them
 * may know the others.
 */
#include "truecode/mechanism.h"
#include "engine/zipf.h"

static const char *const words[MECHANISM_COUNT] = {
#define X(id, word, doc) word,
    MECHANISM_LIST(X)
#undef X
};

static const char *const docs[MECHANISM_COUNT] = {
#define X(id, word, doc) doc,
    MECHANISM_LIST(X)
#undef X
};

const char *mechanism_word(enum mechanism m)
{
    return m < MECHANISM_COUNT ? words[m] : "";
}

const char *mechanism_doc(enum mechanism m)
{
    return m < MECHANISM_COUNT ? docs[m] : "";
}

enum mechanism mechanism_find(const char *word)
{
    for (int i = 0; i < MECHANISM_COUNT; i++)
        if (str_eq(words[i], word))
            return (enum mechanism)i;
    return MECHANISM_COUNT;
}

const char *const *mechanism_words(void)
{
    return words;
}
