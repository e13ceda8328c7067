/*
 * The table of players who do not think (truecode/players.h): rows are filled, merged over
 * seeds and lessons, held to their limits, printed.
 */
#include "truecode/players.h"

#include <string.h>

/* Whoever says nothing of what it was, and tells nobody, does not pass. */
_Static_assert(SCORE_FULL_USERS + SCORE_FULL_CONTAINMENT + SCORE_FULL_VERIFICATION <
                   PLAYERS_PASS,
               "a run without a diagnosis would pass");
_Static_assert(SCORE_DATA_FULL_USERS + SCORE_DATA_FULL_CONTAINMENT +
                       SCORE_DATA_FULL_DATA + SCORE_DATA_FULL_VERIFICATION <
                   PLAYERS_PASS,
               "a run without a diagnosis would pass where data are promised");

static const struct {
    const char *word, *does;
    bool ceiling;
} players[PLAYER_COUNT] = {
#define X(id, d, c) [PLAYER_##id] = {.word = #id, .does = d, .ceiling = c},
    PLAYER_LIST(X)
#undef X
};

const char *player_word(enum player p)
{
    return players[p].word;
}

void player_row_add(struct player_row *r, const struct score *s, uint64_t seed)
{
    bool first = r->seeds == 0;
    if (first || s->total > r->most) {
        r->most = s->total;
        r->best_seed = seed;
    }
    r->least = first || s->total < r->least ? s->total : r->least;
    r->mean = (r->mean * r->seeds + s->total) / (r->seeds + 1);
    r->ended[s->outcome]++;
    r->passed += s->outcome >= OUTCOME_CURED && s->total >= PLAYERS_PASS;
    r->seeds++;
}

static void row_merge(struct player_row *a, const struct player_row *b)
{
    if (b->seeds == 0)
        return;
    if (a->seeds == 0) {
        *a = *b;
        return;
    }
    unsigned all = a->seeds + b->seeds;
    if (b->most > a->most) {
        a->most = b->most;
        a->best_seed = b->best_seed;
    }
    a->least = b->least < a->least ? b->least : a->least;
    a->mean = (a->mean * a->seeds + b->mean * b->seeds) / all;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        a->ended[i] += b->ended[i];
    a->passed += b->passed;
    a->seeds = all;
}

void players_merge(struct players *a, const struct players *b)
{
    if (!a->rows) {
        a->rows = mem_array(b->n + 1, sizeof *a->rows);
        a->n = b->n;
        for (size_t i = 0; i < b->n; i++)
            a->rows[i] = b->rows[i];
        return;
    }
    for (size_t i = 0; i < a->n && i < b->n; i++)
        row_merge(&a->rows[i], &b->rows[i]);
}

void players_release(struct players *p)
{
    mem_free(p->rows);
    *p = (struct players){0};
}

bool player_row_within(const struct player_row *r)
{
    return !players[r->player].ceiling || r->most < PLAYERS_CEILING;
}

bool player_row_passes(const struct player_row *all_lessons)
{
    return all_lessons->mode == MODE_ONCALL &&
           all_lessons->passed * PLAYERS_ONE_IN > all_lessons->seeds;
}

static void put_outcomes(const struct player_row *r, struct buf *out)
{
    bool first = true;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (r->ended[i] > 0) {
            buf_addf(out, "%s%u %s", first ? "" : ", ", r->ended[i],
                     outcome_phrase((enum outcome)i));
            first = false;
        }
}

void players_print(const struct players *p, const char *lesson_id, struct buf *out)
{
    buf_addf(out, "%s: players who do not think\n", lesson_id);
    buf_addf(out, "       %-12s %-8s %6s %5s %5s %5s  %s\n", "PLAYER", "MODE", "PASSED",
             "LEAST", "MEAN", "MOST", "ENDED");
    for (size_t i = 0; i < p->n; i++) {
        const struct player_row *r = &p->rows[i];
        if (r->seeds == 0) /* nothing to do for that player here */
            continue;
        buf_addf(out, "  %-4s %-12s %-8s %2u/%-3u %5d %5.0f %5d  ",
                 player_row_within(r) ? "ok" : "FAIL", player_word(r->player),
                 mode_on_tape(r->mode), r->passed, r->seeds, r->least, r->mean,
                 r->most);
        put_outcomes(r, out);
        buf_addf(out, "  (%s)\n", players[r->player].does);
    }
}

/* ---- the table of all lessons ---------------------------------------------------- */

static const struct player_row *row_of(const struct players *p, enum player who,
                                       enum play_mode mode)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].player == who && p->rows[i].mode == mode)
            return p->rows[i].seeds > 0 ? &p->rows[i] : NULL;
    return NULL;
}

static void put_points(const struct player_row *r, struct buf *out)
{
    if (!r)
        buf_addch(out, '-');
    else if (r->least == r->most)
        buf_addf(out, "%d", r->most);
    else
        buf_addf(out, "%d-%d", r->least, r->most);
}

void players_head(struct buf *out)
{
    buf_adds(out, "| lesson |");
    for (int i = 0; i < PLAYER_COUNT; i++)
        buf_addf(out, " %s |", players[i].word);
    buf_adds(out, "\n| --- |");
    for (int i = 0; i < PLAYER_COUNT; i++)
        buf_adds(out, " --- |");
    buf_addch(out, '\n');
}

void players_line(const struct players *p, const char *lesson_id, struct buf *out)
{
    buf_addf(out, "| `%s` |", lesson_id);
    for (int i = 0; i < PLAYER_COUNT; i++) {
        buf_addch(out, ' ');
        put_points(row_of(p, (enum player)i, MODE_GUIDED), out);
        buf_adds(out, " / ");
        put_points(row_of(p, (enum player)i, MODE_ONCALL), out);
        buf_adds(out, " |");
    }
    buf_addch(out, '\n');
}

void players_legend(struct buf *out)
{
    buf_adds(out, "| player | what it does |\n| --- | --- |\n");
    for (int i = 0; i < PLAYER_COUNT; i++)
        buf_addf(out, "| %s | %s |\n", players[i].word, players[i].does);
}
