/*
 * thoughtless: players who do not think, and what a lesson gives them.
 *
 * A score is worth something only where it cannot be had without thinking. Each player
 * here follows one rule that needs no understanding, types nothing but lines that a
 * learner could type, and is scored like anybody: the highlighter does whatever a text
 * shows, others restart, double or switch off everything there is, one waits, one guesses,
 * one writes nonsense. They know the system by what the console would complete, and
 * nothing of the lesson but what the screen says.
 *
 *     struct thoughtless t;
 *     if (thoughtless_play(&t, &options, 1, 5, NULL, NULL, &why) == ERR_OK)
 *         thoughtless_print(&t, "all-green", &out);
 *
 * A player passes a lesson whose run ends well (cured or recovered) with PASS points or
 * more. No player may pass more than one lesson in five on call; highlighter and garbage
 * stay under CEILING everywhere. A lesson of its own cannot show the first: whoever has
 * several adds up their tables.
 */
#ifndef SESSION_THOUGHTLESS_H
#define SESSION_THOUGHTLESS_H

#include "session_internal.h"

enum { THOUGHTLESS_PASS = 60, THOUGHTLESS_CEILING = 40 };

/* id, what it does in words, whether CEILING is its limit */
#define PLAYER_LIST(X)                                                                 \
    X(highlighter, "types what the text and two hints show", true)                     \
    X(restarter, "restarts everything", false)                                         \
    X(reverter, "takes back the last change", false)                                   \
    X(doubler, "doubles everything", false)                                            \
    X(buyer, "buys the biggest machines", false)                                       \
    X(limiter, "limits everything to as little as can be", false)                      \
    X(unplugger, "turns off whatever can be turned off", false)                        \
    X(waiter, "waits for the end", false)                                              \
    X(suspecter, "suspects everything in turn", false)                                 \
    X(garbage, "answers with random words", true)

enum player {
#define X(id, does, ceiling) PLAYER_##id,
    PLAYER_LIST(X)
#undef X
        PLAYERS
};

struct thoughtless_row {
    enum player player;
    enum play_mode mode;
    unsigned seeds, passed;
    int least, most; /* points */
    double mean;
    unsigned ended[OUTCOME_RECOVERED + 1];
    uint64_t best_seed; /* of the run with the most points */
};
struct thoughtless {
    struct thoughtless_row rows[2 * PLAYERS]; /* guided first */
    size_t n;
};

/* Plays every player in both modes over seeds first .. first+count-1. `progress` returns
 * false to stop (ERR_STOPPED). ERR_LESSON: the lesson cannot be played at all. */
enum err thoughtless_play(struct thoughtless *out, const struct session_options *o,
                          uint64_t first, unsigned count,
                          bool (*progress)(void *ctx, unsigned done, unsigned all),
                          void *ctx, struct errmsg *why) MUST_USE;
/* One run of one player. */
enum err thoughtless_run(enum player p, const struct session_options *o,
                         struct score *score, struct errmsg *why) MUST_USE;
void thoughtless_print(const struct thoughtless *t, const char *lesson_id,
                       struct buf *out);
const char *player_word(enum player p);
/* Whether a row keeps to CEILING, where that is its limit. */
bool thoughtless_within(const struct thoughtless_row *r);

#endif
