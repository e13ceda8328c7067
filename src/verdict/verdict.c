/*
 * The words of modes, outcomes and parts of a score: one list each
 * (truecode/verdict.h), looked up here.
 */
#include "truecode/verdict.h"

static const struct {
    const char *word, *on_tape, *phrase;
} modes[MODE_COUNT] = {
#define X(name, w, t, p) [MODE_##name] = {.word = w, .on_tape = t, .phrase = p},
    MODE_LIST(X)
#undef X
};

const char *mode_word(enum play_mode m)
{
    return modes[m].word;
}

static bool same_word(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += *a == '-';
        b += *b == '-' || *b == ' ';
        if (*a != (*b >= 'A' && *b <= 'Z' ? *b - 'A' + 'a' : *b))
            return false;
        if (!*a)
            return true;
    }
}

bool mode_parse(const char *word, enum play_mode *out)
{
    for (int m = 0; m < MODE_COUNT; m++)
        if (word && same_word(modes[m].word, word)) {
            *out = (enum play_mode)m;
            return true;
        }
    return false;
}

bool mode_on_call(enum play_mode m)
{
    return m != MODE_GUIDED;
}

const char *mode_phrase(enum play_mode m)
{
    return modes[m].phrase;
}

const char *mode_on_tape(enum play_mode m)
{
    return modes[m].on_tape;
}

enum play_mode mode_of_tape(const char *word)
{
    for (int m = 0; m < MODE_COUNT; m++)
        if (str_eq(modes[m].on_tape, word))
            return (enum play_mode)m;
    return MODE_GUIDED;
}

static const struct {
    const char *word, *phrase;
    int most;
} outcomes[OUTCOME_COUNT] = {
#define X(name, w, p, points)                                                          \
    [OUTCOME_##name] = {.word = w, .phrase = p, .most = points},
    OUTCOME_LIST(X)
#undef X
};

const char *outcome_phrase(enum outcome o)
{
    return o < OUTCOME_COUNT ? outcomes[o].phrase : "";
}

const char *outcome_word(enum outcome o)
{
    return o < OUTCOME_COUNT ? outcomes[o].word : "";
}

bool outcome_well(enum outcome o)
{
    return o >= OUTCOME_CURED && o < OUTCOME_COUNT;
}

int outcome_most(enum outcome o)
{
    return o < OUTCOME_COUNT ? outcomes[o].most : 0;
}

/* ---- the parts of a score -------------------------------------------------------- */

static const struct {
    const char *phrase;
    int weight[SCALE_DESIGN + 1];
} parts[SCORE_PARTS] = {
#define X(name, p, w, d, b) [SCORE_##name] = {.phrase = p, .weight = {w, d, b}},
    SCORE_LIST(X)
#undef X
};

const char *score_phrase(enum score_part p)
{
    return parts[p].phrase;
}

int score_weight(enum score_part p, enum score_scale scale)
{
    return parts[p].weight[scale];
}
