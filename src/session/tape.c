/*
 * The tape: a text file, a header and one line per input with its simulated time.
 *
 *     truecode tape 1
 *     engine 1
 *     lesson all-green <sha256 of the file>
 *     seed 7
 *     mode guided
 *     --
 *     1800000000000 read
 *     1800000000000 cmd status
 *     1812250000000 cmd restart checkout --rolling
 *     1820000000000 time 9f3c...          (digest of the trace so far)
 *
 * A last line without its newline was cut short by a crash and is not a line: whoever
 * owns the file truncates it to the last newline before appending.
 *
 * Replaying runs to each line's time and applies it again. A `time` line carries the
 * trace digest: a replay that comes out differently is noticed where it happens.
 */
#include "session_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAPE_EVERY (10 * SIM_SEC)
#define TAPE_LINE  8192

static const char *mode_word(enum session_mode m)
{
    return m == MODE_ONCALL ? "on-call" : "guided";
}

void tape_header(struct session *s)
{
    buf_addf(&s->tape,
             "truecode tape 1\nengine %d\nlesson %s %s\nseed %" PRIu64
             "\nmode %s\n--\n",
             ENGINE_NUMBER, lesson_info(s->lesson)->id, lesson_hash(s->lesson), s->seed,
             mode_word(s->mode));
    s->taped_at = run_now(&s->run);
}

void tape_put(struct session *s, const char *kind, const char *text)
{
    if (s->replaying)
        return;
    buf_addf(&s->tape, "%" PRId64 " %s", run_now(&s->run), kind);
    if (*text)
        buf_addch(&s->tape, ' ');
    for (const char *p = text; *p; p++)
        buf_addch(&s->tape, *p == '\n' || *p == '\r' ? ' ' : *p);
    buf_addch(&s->tape, '\n');
    s->taped_at = run_now(&s->run);
}

void tape_time(struct session *s, bool force)
{
    sim_time now = run_now(&s->run);
    if (s->replaying || now == s->taped_at || (!force && now % TAPE_EVERY != 0))
        return;
    char digest[32];
    snprintf(digest, sizeof(digest), "%016" PRIx64, session_digest(s));
    tape_put(s, "time", digest);
}

/* ---- reading
 * ---------------------------------------------------------------------------------------
 */

struct reader {
    const char *p, *end;
    size_t line;
    char text[TAPE_LINE];
};

/* The next whole line; a last line cut short is not a line. */
static bool next_line(struct reader *r)
{
    const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
    if (!nl)
        return false;
    size_t n = (size_t)(nl - r->p);
    n = n < sizeof(r->text) - 1 ? n : sizeof(r->text) - 1;
    memcpy(r->text, r->p, n);
    r->text[n] = '\0';
    r->p = nl + 1;
    r->line++;
    return true;
}

static enum err bad_header(const struct reader *r, const char *want, struct errmsg *why)
{
    return errmsg_set(why, ERR_CORRUPT,
                      "tape line %zu: expected \"%s ...\", found \"%.60s\"", r->line,
                      want, r->text);
}

static enum err header_field(struct reader *r, const char *key, const char *want,
                             const char *means, struct errmsg *why)
{
    size_t n = strlen(key);
    if (!next_line(r) || !str_starts(r->text, key) || r->text[n] != ' ')
        return bad_header(r, key, why);
    if (!str_eq(r->text + n + 1, want))
        return errmsg_set(why, ERR_MISMATCH,
                          "%s: the tape has \"%.90s\", this is \"%.90s\"", means,
                          r->text + n + 1, want);
    return ERR_OK;
}

static enum err read_header(struct session *s, struct reader *r, struct errmsg *why)
{
    char engine[16], lesson[160], seed[32];
    snprintf(engine, sizeof(engine), "%d", ENGINE_NUMBER);
    snprintf(lesson, sizeof(lesson), "%s %s", lesson_info(s->lesson)->id,
             lesson_hash(s->lesson));
    snprintf(seed, sizeof(seed), "%" PRIu64, s->seed);
    if (!next_line(r) || !str_eq(r->text, "truecode tape 1"))
        return bad_header(r, "truecode tape 1", why);
    enum err e = header_field(r, "engine", engine,
                              "the tape was recorded by another engine", why);
    if (e == ERR_OK)
        e = header_field(r, "lesson", lesson,
                         "the tape is of another lesson or version of it", why);
    if (e == ERR_OK)
        e = header_field(r, "seed", seed, "the tape has another seed", why);
    if (e == ERR_OK)
        e = header_field(r, "mode", mode_word(s->mode),
                         "the tape was played in another mode", why);
    if (e == ERR_OK && (!next_line(r) || !str_eq(r->text, "--")))
        e = errmsg_set(why, ERR_CORRUPT, "tape line %zu: expected \"--\"", r->line);
    return e;
}

static enum err check_digest(const struct session *s, const struct reader *r,
                             const char *digest, struct errmsg *why)
{
    char mine[32];
    snprintf(mine, sizeof(mine), "%016" PRIx64, session_digest(s));
    if (str_eq(mine, digest))
        return ERR_OK;
    return errmsg_set(
        why, ERR_MISMATCH,
        "tape line %zu: the replay differs from what was recorded (trace %s, "
        "recorded %.16s)",
        r->line, mine, digest);
}

static enum err replay_entry(struct session *s, const struct reader *r,
                             const char *kind, char *text, struct errmsg *why)
{
    if (str_eq(kind, "time"))
        return check_digest(s, r, text, why);
    if (str_eq(kind, "read"))
        session_read(s);
    else if (str_eq(kind, "seen"))
        session_seen(s, text);
    else if (str_eq(kind, "cmd")) {
        struct errmsg ignored = {0};
        session_feedback(s, TONE_NORMAL, NULL); /* whoever typed had read it */
        enum err e = input_apply(s, text, true, &ignored);
        s->wait_until = 0;
        if (e != ERR_OK)
            return errmsg_set(why, ERR_MISMATCH,
                              "tape line %zu: \"%.60s\" no longer works: %.200s",
                              r->line, text, ignored.text);
    } else
        return errmsg_set(
            why, ERR_CORRUPT,
            "tape line %zu: \"%.30s\" is not a kind of entry (time, read, "
            "seen, cmd)",
            r->line, kind);
    return ERR_OK;
}

static enum err replay_line(struct session *s, struct reader *r, struct errmsg *why)
{
    char *rest = NULL;
    long long t = strtoll(r->text, &rest, 10);
    if (rest == r->text || *rest != ' ' || t < 0 ||
        t > lesson_info(s->lesson)->ends_at + 3 * SIM_HOUR)
        return errmsg_set(
            why, ERR_CORRUPT,
            "tape line %zu: expected a time in nanoseconds, found \"%.40s\"", r->line,
            r->text);
    if (t < run_now(&s->run))
        return errmsg_set(why, ERR_CORRUPT,
                          "tape line %zu: its time is before that of the line above",
                          r->line);
    char *kind = rest + 1, *text = strchr(kind, ' ');
    if (text)
        *text++ = '\0';
    enum err e = session_run_to(s, t, why);
    return e == ERR_OK
               ? replay_entry(s, r, kind, text ? text : kind + strlen(kind), why)
               : e;
}

enum err tape_replay(struct session *s, const char *tape, size_t len,
                     struct errmsg *why)
{
    struct reader r = {.p = tape, .end = tape + len};
    enum err e = read_header(s, &r, why);
    s->replaying = true;
    while (e == ERR_OK && next_line(&r))
        e = replay_line(s, &r, why);
    s->replaying = false;
    s->target = run_now(&s->run);
    s->taped_at = s->target;
    buf_reset(&s->tape); /* the file has all of it already */
    session_touch(s);
    return e;
}
