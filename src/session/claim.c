/*
 * Is the number in a status update honest? People say "600 orders", "about 30 %", "3 in
 * 10", "six a second": a count, a share or a rate. Each is held against what can be
 * known of users at that moment: since it began, over the last five minutes, or in the
 * worst minute so far; within a factor of two of any of these is honest. Words without
 * a number, "not known yet" among them, claim nothing.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '#';
}

/* Past "19:40", which is a time, or "v42", which is a name. */
static const char *past_name(const char *p)
{
    while (digit(*p) || *p == ':' || letter(*p) || *p == '.')
        p++;
    return p;
}

/* The next number of a text, NULL when there is none. */
static const char *next_number(const char *text)
{
    for (const char *p = text; *p; p++) {
        size_t n = strspn(p, "0123456789");
        if (letter(*p))
            p = past_name(p) - 1;
        else if (n > 0 && p[n] == ':')
            p = past_name(p) - 1;
        else if (n > 0)
            return p;
    }
    return NULL;
}

/* "1,234", "1 234", "2.5", "3k"; *rest: what follows. */
static double read_number(const char *p, const char **rest)
{
    double v = 0, place = 1;
    for (;;) {
        while (digit(*p))
            v = v * 10 + (*p++ - '0');
        bool group = (*p == ',' || *p == ' ') && strspn(p + 1, "0123456789") == 3;
        if (!group)
            break;
        p++;
    }
    if (*p == '.' && digit(p[1]))
        for (p++; digit(*p); p++)
            v += (*p - '0') * (place /= 10);
    if ((*p == 'k' || *p == 'K') && !letter(p[1])) {
        v *= 1000;
        p++;
    }
    *rest = p;
    return v;
}

static bool starts_word(const char *p, const char *word)
{
    size_t n = strlen(word);
    return strncasecmp(p, word, n) == 0 && !isalpha((unsigned char)p[n]);
}

/* How many seconds the unit of a rate has; 0: the text goes on otherwise. Between the
 * number and "per second" may stand what is counted: "6 orders a second". */
static double rate_seconds(const char *p)
{
    static const struct {
        const char *word;
        double seconds;
    } units[] = {{"second", 1}, {"sec", 1},     {"s", 1},   {"minute", 60},
                 {"min", 60},   {"hour", 3600}, {"h", 3600}};
    static const char *const links[] = {"per ", "a ", "each ", "every ", "an ", "/"};
    for (; *p && !strchr(",;.(", *p); p++)
        for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
            size_t n = strlen(links[i]);
            bool begins = *links[i] == '/' || p[-1] == ' ';
            if (!begins || strncasecmp(p, links[i], n) != 0)
                continue;
            for (size_t k = 0; k < sizeof units / sizeof *units; k++)
                if (starts_word(p + n, units[k].word))
                    return units[k].seconds;
        }
    return 0;
}

/* "of 10", "in 10", "out of 10". */
static double out_of(const char *p)
{
    const char *rest;
    p += strspn(p, " ");
    if (starts_word(p, "out"))
        p += 3 + strspn(p + 3, " ");
    if (!starts_word(p, "of") && !starts_word(p, "in"))
        return 0;
    p += 2 + strspn(p + 2, " ");
    return digit(*p) ? read_number(p, &rest) : 0;
}

struct claim claim_read(const char *text)
{
    struct claim c = {CLAIM_NONE, 0};
    const char *rest, *p = text ? next_number(text) : NULL;
    if (!p)
        return c;
    c.number = read_number(p, &rest);
    const char *after = rest + strspn(rest, " ");
    double whole = out_of(rest), seconds = rate_seconds(rest);
    c.kind = CLAIM_REQUESTS;
    if (*after == '%' || starts_word(after, "percent") ||
        starts_word(after, "per cent"))
        c = (struct claim){CLAIM_SHARE, c.number / 100};
    else if (whole > 0 && whole >= c.number)
        c = (struct claim){CLAIM_SHARE, c.number / whole};
    else if (seconds > 0)
        c = (struct claim){CLAIM_RATE, c.number / seconds};
    return c;
}

/* ---- what is so ------------------------------------------------------------------ */

static double bad_share(const struct session *s, sim_time from, sim_time to)
{
    double good = recording_good(s->run.rec, from, to);
    return isnan(good) ? 0 : 1 - good;
}

static double bad_rate(const struct session *s, sim_time from, sim_time to)
{
    double seconds = (double)(to - from) / (double)SIM_SEC;
    double bad = (double)recording_bad_count(s->run.rec, from, to);
    return seconds > 0 ? bad / seconds : 0;
}

static double so(const struct session *s, enum claim_kind kind, sim_time from,
                 sim_time to)
{
    return kind == CLAIM_SHARE  ? bad_share(s, from, to)
           : kind == CLAIM_RATE ? bad_rate(s, from, to)
                                : (double)recording_bad_count(s->run.rec, from, to);
}

/* How it was when it was worst: what people still say when it is over. */
static double worst_minute(const struct session *s, enum claim_kind kind)
{
    sim_time now = run_now(&s->run);
    struct scene scene = {.w = s->run.world, .rec = s->run.rec, .now = now};
    struct worst_minute worst = scene_worst_minute(&scene, 0, now);
    return kind == CLAIM_SHARE ? worst.bad_share : worst.bad_per_s;
}

static bool within_factor_two(double said, double truth)
{
    return said == truth ||
           (said > 0 && truth > 0 && said <= 2 * truth && truth <= 2 * said);
}

bool claim_holds(const struct session *s, const struct claim *c)
{
    sim_time now = run_now(&s->run), page = lesson_info(s->lesson)->starts_at;
    sim_time since[] = {page, 0, now - 5 * SIM_MIN};
    size_t n = c->kind == CLAIM_REQUESTS ? 2 : 3; /* a count is of all that was lost */
    bool holds = c->kind == CLAIM_NONE;
    for (size_t i = 0; i < n; i++)
        holds |= within_factor_two(c->number, so(s, c->kind, since[i], now));
    if (c->kind != CLAIM_REQUESTS)
        holds |= within_factor_two(c->number, worst_minute(s, c->kind));
    return holds;
}

void claim_truth(const struct session *s, const struct claim *c, struct buf *out)
{
    if (c->kind == CLAIM_SHARE) {
        number_share(out, worst_minute(s, CLAIM_SHARE));
        buf_adds(out, " of requests failed or were slow in the worst minute");
    } else if (c->kind == CLAIM_RATE) {
        number_text(out, worst_minute(s, CLAIM_RATE));
        buf_adds(out, " failed or slow requests a second in the worst minute");
    } else {
        number_count(out, (double)run_bad(&s->run, lesson_info(s->lesson)->starts_at));
        buf_adds(out, " failed or slow requests since the page");
    }
}
