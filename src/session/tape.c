/*
 * The session's end of the tape: what is written down of a run, and playing it again.
 * The text itself is the tape module's (truecode/tape.h).
 *
 * Replaying runs to each line's time, looks whether the world's trace is what the line
 * says it was, and applies the input again. So a replay that comes out differently is
 * noticed where it begins to differ.
 */
#include "session_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAPE_EVERY (10 * SIM_SEC)

static struct tape_head head_of(const struct session *s)
{
    struct tape_head h = {.engine = ENGINE_NUMBER, .seed = s->seed};
    snprintf(h.lesson, sizeof h.lesson, "%s", lesson_info(s->lesson)->id);
    snprintf(h.hash, sizeof h.hash, "%s", lesson_hash(s->lesson));
    snprintf(h.identity, sizeof h.identity, "%s", s->identity);
    snprintf(h.mode, sizeof h.mode, "%s", mode_on_tape(s->mode));
    return h;
}

void tape_header(struct session *s)
{
    struct tape_head h = head_of(s);
    tape_put_head(&s->tape, &s->chain, &h);
    s->taped_at = run_now(&s->run);
}

void tape_put(struct session *s, const char *kind, const char *text)
{
    assert(kind && text && *kind);
    if (s->replaying)
        return;
    tape_put_line(&s->tape, &s->chain,
                  &(struct tape_line){.at = run_now(&s->run),
                                      .trace = session_digest(s),
                                      .kind = kind,
                                      .text = text});
    s->taped_at = run_now(&s->run);
}

void tape_time(struct session *s, bool force)
{
    sim_time now = run_now(&s->run);
    if (s->replaying || now == s->taped_at || (!force && now % TAPE_EVERY != 0))
        return;
    tape_put(s, "time", "");
}

/* ---- the score ------------------------------------------------------------------- */

static void score_text(char *to, size_t size, const struct score *score)
{
    snprintf(to, size, "%d %s", score->total, outcome_word(score->outcome));
}

enum err tape_score(struct session *s, const struct score *score, struct errmsg *why)
{
    char now[SCORE_TEXT];
    score_text(now, sizeof now, score);
    if (s->taped_score[0] == '\0') {
        snprintf(s->taped_score, sizeof s->taped_score, "%s", now);
        tape_put(s, "score", now);
    }
    if (str_eq(s->taped_score, now))
        return ERR_OK;
    return errmsg_set(why, ERR_MISMATCH,
                      "tape line %zu: the score comes out as %s, written is %s",
                      s->score_line, now, s->taped_score);
}

/* ---- playing it again ------------------------------------------------------------ */

static enum err other(struct errmsg *why, const char *what, const char *tape,
                      const char *mine)
{
    return errmsg_set(why, ERR_MISMATCH,
                      "%s: the tape has \"%.90s\", this is \"%.90s\"", what, tape,
                      mine);
}

static enum err check_head(const struct session *s, const struct tape_head *h,
                           struct errmsg *why)
{
    struct tape_head mine = head_of(s);
    char a[160], b[160];
    if (h->engine != mine.engine) {
        snprintf(a, sizeof a, "%d", h->engine);
        snprintf(b, sizeof b, "%d", mine.engine);
        return other(why, "the tape was recorded by another engine", a, b);
    }
    /* Other words are the same lesson where all that decides the run is the same. */
    if (!str_eq(h->lesson, mine.lesson) ||
        (!str_eq(h->hash, mine.hash) && !str_eq(h->identity, mine.identity))) {
        snprintf(a, sizeof a, "%s %s", h->lesson, h->hash);
        snprintf(b, sizeof b, "%s %s", mine.lesson, mine.hash);
        return other(why, "the tape is of another lesson or version of it", a, b);
    }
    if (h->seed != mine.seed) {
        snprintf(a, sizeof a, "%" PRIu64, h->seed);
        snprintf(b, sizeof b, "%" PRIu64, mine.seed);
        return other(why, "the tape has another seed", a, b);
    }
    if (!str_eq(h->mode, mine.mode))
        return other(why, "the tape was played in another mode", h->mode, mine.mode);
    return ERR_OK;
}

static enum err check_trace(const struct session *s, const struct tape_reader *r,
                            const struct tape_line *l, struct errmsg *why)
{
    uint64_t mine = session_digest(s);
    if (mine == l->trace)
        return ERR_OK;
    return errmsg_set(
        why, ERR_MISMATCH,
        "tape line %zu: the replay differs from what was recorded (trace %016" PRIx64
        ", recorded %016" PRIx64 ")",
        r->line, mine, l->trace);
}

static enum err replay_command(struct session *s, const struct tape_reader *r,
                               const char *text, struct errmsg *why)
{
    struct errmsg ignored = {0};
    session_feedback(s, TONE_NORMAL, NULL); /* whoever typed had read it */
    enum err e = input_apply(s, text, true, &ignored);
    s->wait_until = 0;
    if (e == ERR_OK)
        return e;
    return errmsg_set(why, ERR_MISMATCH,
                      "tape line %zu: \"%.60s\" no longer works: %.200s", r->line, text,
                      ignored.text);
}

static enum err replay_finding(struct session *s, const struct tape_reader *r,
                               const char *text, struct errmsg *why)
{
    session_feedback(s, TONE_NORMAL, NULL);
    s->wait_until = 0;
    if (finding_takes(s, text))
        return ERR_OK;
    return errmsg_set(why, ERR_MISMATCH,
                      "tape line %zu: \"%.60s\" answers no open question", r->line,
                      text);
}

static enum err replay_score(struct session *s, const struct tape_reader *r,
                             const char *text, struct errmsg *why)
{
    if (!s->over || strlen(text) >= sizeof s->taped_score || s->taped_score[0] != '\0')
        return errmsg_set(why, ERR_MISMATCH,
                          "tape line %zu: a score stands once, after the end", r->line);
    snprintf(s->taped_score, sizeof s->taped_score, "%s", text);
    s->score_line = r->line;
    return ERR_OK;
}

static enum err replay_entry(struct session *s, const struct tape_reader *r,
                             const struct tape_line *l, struct errmsg *why)
{
    if (str_eq(l->kind, "time"))
        return ERR_OK;
    if (str_eq(l->kind, "read"))
        session_read(s);
    else if (str_eq(l->kind, "seen"))
        session_seen(s, l->text);
    else if (str_eq(l->kind, "cmd"))
        return replay_command(s, r, l->text, why);
    else if (str_eq(l->kind, "found"))
        return replay_finding(s, r, l->text, why);
    else if (str_eq(l->kind, "score"))
        return replay_score(s, r, l->text, why);
    else
        return errmsg_set(
            why, ERR_CORRUPT,
            "tape line %zu: \"%.30s\" is not a kind of entry (time, read, "
            "seen, cmd, found, score)",
            r->line, l->kind);
    return ERR_OK;
}

static enum err replay_line(struct session *s, const struct tape_reader *r,
                            const struct tape_line *l, struct errmsg *why)
{
    if (l->at > lesson_info(s->lesson)->ends_at + 3 * SIM_HOUR)
        return errmsg_set(why, ERR_CORRUPT,
                          "tape line %zu: its time is beyond the lesson's end",
                          r->line);
    if (l->at < run_now(&s->run))
        return errmsg_set(why, ERR_CORRUPT,
                          "tape line %zu: its time is before that of the line above",
                          r->line);
    enum err e = session_run_to(s, l->at, why);
    session_settle(s);
    if (e == ERR_OK)
        e = check_trace(s, r, l, why);
    return e == ERR_OK ? replay_entry(s, r, l, why) : e;
}

enum err tape_replay(struct session *s, const char *tape, size_t len, size_t *bad_line,
                     struct errmsg *why)
{
    struct tape_reader *r = mem_alloc(sizeof *r);
    struct tape_line l;
    enum err e = tape_open(r, tape, len, why);
    if (e == ERR_OK)
        e = check_head(s, &r->head, why);
    bool head = e == ERR_OK;
    s->replaying = true;
    while (e == ERR_OK && (e = tape_next(r, &l, why)) == ERR_OK)
        e = replay_line(s, r, &l, why);
    if (bad_line)
        *bad_line = head && e != ERR_OK && e != ERR_NOT_FOUND ? r->line : 0;
    s->replaying = false;
    s->chain = r->chain;
    s->target = run_now(&s->run);
    s->taped_at = s->target;
    buf_reset(&s->tape); /* the file has all of it already */
    session_touch(s);
    mem_free(r);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
