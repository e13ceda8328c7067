/*
 * parse: a line as stages of words (parse.c).
 *
 *     logs checkout --since 20:12 | grep "timed out" | tail -5
 *     └─ stage 0: 4 words ──────┘   └─ stage 1 ────┘   └ stage 2
 *
 * The first stage is a command, the others are filters. A quote opens only where a word (or
 * a value after =) begins, so that "it's" is one word.
 *
 *     struct parsed p;
 *     if (parse_line(line, &mem, &p, &why) != ERR_OK) ...     // ERR_INPUT, a sentence
 *     for (size_t i = 0; i < p.stages[0].n; i++) ... p.stages[0].words[i].s
 *
 * Owner: words and stages live in the caller's arena; offsets are bytes of the line.
 */
#ifndef CONSOLE_PARSE_H
#define CONSOLE_PARSE_H

#include "truecode/base.h"

#define CONSOLE_LINE_MAX 4096
#define WORDS_MAX        96
#define STAGES_MAX       8

struct word {
    const char *s;     /* without quotes */
    size_t start, end; /* bytes of the line it came from */
    bool quoted;
};
struct stage {
    struct word *words;
    size_t n;
    size_t start, end; /* bytes of the line */
};
struct parsed {
    struct stage stages[STAGES_MAX];
    size_t n;
    bool open_quote; /* the last word lacks its closing quote */
};
/* Words and stages go into `mem`. ERR_INPUT: too many words or stages. */
enum err parse_line(const char *line, struct arena *mem, struct parsed *out,
                    struct errmsg *why) MUST_USE;
/* ERR_INPUT: a word is an operator of a real shell. */
enum err refuse_shell(const struct stage *st, struct errmsg *why) MUST_USE;
/* A whole number in decimals, nothing else; false: none. */
bool parse_count(const char *s, long *out);

#endif
