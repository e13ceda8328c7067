/*
 * players: what players who do not think get out of a lesson.
 *
 * A score is worth something only where it cannot be had without thinking. Each player
 * follows one rule that needs no understanding (the rules: session/thoughtless.c) and is
 * scored like anybody. Plain values that the session fills in, the wire carries and the
 * command line prints.
 *
 *     struct players all = {0};
 *     players_merge(&all, &seeds_1_to_5), players_merge(&all, &seeds_6_to_10);
 *     players_print(&all, "all-green", &out);
 *
 * A player passes a run that ends well (cured or recovered) with PLAYERS_PASS points or
 * more. The loser plays where a lesson promises something of its data alone, the
 * spender where improvements are chosen, and the lucky one where they are not. On call no
 * player may pass more than one run in five over all lessons; highlighter, liar and garbage
 * stay under PLAYERS_CEILING everywhere.
 */
#ifndef TRUECODE_PLAYERS_H
#define TRUECODE_PLAYERS_H

#include "truecode/verdict.h"

enum { PLAYERS_PASS = 60, PLAYERS_CEILING = 40, PLAYERS_ONE_IN = 5 };

/* id, what it does in words, whether PLAYERS_CEILING is its limit */
#define PLAYER_LIST(X)                                                                 \
    X(highlighter, "types what the text and two hints show", true)                     \
    X(restarter, "restarts everything", false)                                         \
    X(reverter, "takes back the last change", false)                                   \
    X(doubler, "doubles everything", false)                                            \
    X(buyer, "buys the biggest machines", false)                                       \
    X(limiter, "limits everything to as little as can be", false)                      \
    X(unplugger, "turns off whatever can be turned off", false)                        \
    X(waiter, "waits for the end", false)                                              \
    X(loser, "fails over, skips, drops, restores, empties", false)                     \
    X(liar, "says that nobody is hurt, and that it is over", true)                     \
    X(lucky, "guesses what works, and looks at nothing", false)                        \
    X(suspecter, "suspects everything in turn", false)                                 \
    X(garbage, "answers with random words", true)                                      \
    X(spender, "chooses improvements at random", false)

enum player {
#define X(id, does, ceiling) PLAYER_##id,
    PLAYER_LIST(X)
#undef X
        PLAYER_COUNT
};
const char *player_word(enum player p);

struct
    player_row { /* of one player in one mode, over seeds; none: it has nothing to do there */
    enum player player;
    enum play_mode mode;
    unsigned seeds, passed;
    int least, most; /* points */
    double mean;
    unsigned ended[OUTCOME_COUNT];
    uint64_t best_seed; /* of the run with the most points */
};
struct players {
    struct player_row *rows; /* guided first; PLAYER_COUNT each */
    size_t n;
};

/* Counts a run of a row's player in. */
void player_row_add(struct player_row *r, const struct score *s, uint64_t seed);
/* Adds the rows of `b` (other seeds, or another lesson) to `a`, whose rows are memory of
 * its own then: players_release() frees them. */
void players_merge(struct players *a, const struct players *b);
void players_release(struct players *p);
/* Whether a row keeps to PLAYERS_CEILING, where that is its limit. */
bool player_row_within(const struct player_row *r);
/* Whether a player of all lessons together passes too often on call. */
bool player_row_passes(const struct player_row *all_lessons);
void players_print(const struct players *p, const char *lesson_id, struct buf *out);
/* A Markdown table of lessons, a line each: the points of each player, least to most over
 * the seeds, guided / on call; "-": nothing to do there. */
void players_head(struct buf *out);
void players_line(const struct players *p, const char *lesson_id, struct buf *out);
/* A second one: what each player does. */
void players_legend(struct buf *out);

#endif
