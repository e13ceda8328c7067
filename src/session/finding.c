/*
 * Findings: what a find step asks for, typed at the prompt, held against the world of that
 * moment. A line that is a command stays one: it runs, and the question stays. A name or a
 * suspicion is always an answer, whatever else its word is.
 *
 * A finding that is a line of the sheet is stated there, right or wrong, and judged as the
 * score judges it.
 */
#include "session_internal.h"
#include "sheet.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEARLY 3.0 /* a near miss is off by so many times what is right */

/* ---- reading --------------------------------------------------------------------- */

static const struct model *model_of(const struct session *s)
{
    return s->run.stage->lw.model;
}

/* The only component of that last name: "standby" of "orders-db.standby". */
static comp_id by_last_name(const struct model *m, const char *name)
{
    comp_id found = COMP_NONE;
    for (size_t i = 0; i < model_comps(m); i++) {
        const char *dot = strrchr(model_name(m, (comp_id)i), '.');
        if (!dot || strcasecmp(dot + 1, name) != 0)
            continue;
        if (found != COMP_NONE)
            return COMP_NONE;
        found = (comp_id)i;
    }
    return found;
}

/* By its name in any case, whole or the last part, with or without an instance's number. */
static comp_id comp_typed(const struct session *s, const char *typed, size_t n)
{
    char name[200];
    struct errmsg ignored = {0};
    comp_id c = COMP_NONE;
    int instance;
    if (n == 0 || n >= sizeof name)
        return COMP_NONE;
    for (size_t i = 0; i < n; i++)
        name[i] = (char)tolower((unsigned char)typed[i]);
    name[n] = '\0';
    for (size_t i = 0; i < model_comps(model_of(s)); i++)
        if (strcasecmp(model_name(model_of(s), (comp_id)i), name) == 0)
            return (comp_id)i;
    return model_resolve(model_of(s), name, &c, &instance, &ignored) == ERR_OK
               ? c
               : by_last_name(model_of(s), name);
}

static bool is_client(const struct session *s, comp_id c)
{
    return str_eq(model_kind(model_of(s), c)->name, "client");
}

/* "checkout pool-leak because …"; false: it is not so written. */
static bool suspicion_typed(const struct session *s, const char *typed,
                            struct effect *out)
{
    char word[64];
    size_t n = strcspn(typed, " "), m;
    const char *rest = typed + n + strspn(typed + n, " ");
    m = strcspn(rest, " ");
    if (m == 0 || m >= sizeof word)
        return false;
    for (size_t i = 0; i < m; i++)
        word[i] = (char)tolower((unsigned char)rest[i]);
    word[m] = '\0';
    const char *why = rest + m + strspn(rest + m, " ");
    bool because = strncasecmp(why, "because", 7) == 0;
    *out = (struct effect){.kind = EFFECT_SUSPECT,
                           .comp = comp_typed(s, typed, n),
                           .mechanism = mechanism_find(word),
                           .text = because ? why + 7 + strspn(why + 7, " ") : ""};
    return out->comp != COMP_NONE && out->mechanism != MECHANISM_COUNT &&
           (because || *why == '\0');
}

/* "twelve" and "none", too. */
static double number_typed(const char *typed)
{
    double v = claim_number(typed);
    if (isnan(v) && word_in(typed, "none"))
        v = 0;
    for (size_t i = 1; i < NUMBER_WORDS && isnan(v); i++)
        if (word_in(typed, number_words[i]))
            v = (double)i;
    bool zero = word_in(typed, number_words[0]) || word_in(typed, "nobody");
    return isnan(v) && zero ? 0 : v;
}

/* "30%", "3 in 10", "0.3" and "30" are one share. */
static double share_typed(const char *typed)
{
    struct claim c = claim_read(typed);
    double v = number_typed(typed);
    if (c.kind == CLAIM_SHARE)
        return c.number;
    return v > 1 ? v / 100 : v;
}

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = (char)tolower((unsigned char)*a), y = (char)tolower((unsigned char)*b);
        x = x == '-' || x == '_' ? ' ' : x;
        y = y == '-' || y == '_' ? ' ' : y;
        if (x != y)
            return false;
    }
    return *a == *b;
}

/* ---- what is right --------------------------------------------------------------- */

static void names_of(struct session *s, const struct finding *f, struct buf *out)
{
    struct lesson_facts facts = run_facts(&s->run);
    struct errmsg why = {0};
    if (lesson_names(s->run.lua, f->answer, &facts, out, &why) != ERR_OK)
        session_broken(s, f->answer, &why);
}

/* Whether a name that was typed is one of those that are right. */
static bool is_named(struct session *s, const struct finding *f, const char *typed)
{
    struct buf names;
    bool yes = false;
    buf_init(&names, 100);
    names_of(s, f, &names);
    for (char *p = names.s, *end; (end = strchr(p, '\n')) && !yes; p = end + 1) {
        *end = '\0';
        yes = f->of == FINDING_STATE
                  ? same_word(p, typed)
                  : comp_typed(s, typed, strlen(typed)) == model_find(model_of(s), p);
    }
    buf_release(&names);
    return yes;
}

/* How far off a number is, in what is near enough: 1 and less is right. */
static double distance(struct session *s, const struct finding *f, double said)
{
    double truth = session_number(s, f->answer);
    double off = fabs(said - truth);
    if (f->of == FINDING_TIME) {
        double day = (double)(24 * SIM_HOUR);
        off = fmod(off, day);
        off = off > day / 2 ? day - off : off;
        return off / f->within;
    }
    double room = f->within * fabs(truth);
    if (room < 1e-9)
        return off < 1e-9 ? 0 : INFINITY;
    return off / room;
}

static struct witness witness_now(struct session *s)
{
    return sheet_witness(s, &s->run, session_twin(s), run_now(&s->run));
}

bool finding_truth(struct session *s, const struct finding *f, struct buf *out)
{
    double v;
    if (f->of == FINDING_SUSPECT) {
        for (size_t i = 0; i < lesson_suspects(s->lesson); i++) {
            const struct suspect *x = lesson_suspect(s->lesson, i);
            if (!x->right)
                continue;
            buf_addf(out, "%s %s", x->component, mechanism_word(x->mechanism));
            return true;
        }
        return false;
    }
    if (f->line) {
        struct witness w = witness_now(s);
        const struct sheet_line_kind *k = sheet_line_kind(sheet_line_named(f->line));
        if (k->answer)
            k->answer(&w, out);
        return k->answer;
    }
    if (f->of == FINDING_COMPONENT || f->of == FINDING_CLIENT ||
        f->of == FINDING_STATE) {
        size_t before = out->len;
        names_of(s, f, out);
        out->len = before + strcspn(out->s + before, "\n");
        out->s[out->len] = '\0';
        return out->len > before;
    }
    v = session_number(s, f->answer);
    if (f->of == FINDING_TIME && !isnan(v))
        clock_format(out, lesson_info(s->lesson)->day_start, (sim_time)v, false);
    else if (f->of == FINDING_SHARE)
        buf_addf(out, "%.4g%%", 100 * v);
    else
        buf_addf(out, "%.6g", v);
    return !isnan(v);
}

/* ---- judging --------------------------------------------------------------------- */

static enum step_judgement unclear(struct finding_view *out, const char *asks)
{
    errmsg_set(&out->why, ERR_INPUT, "%s", asks);
    return STEP_UNCLEAR;
}

static enum step_judgement judge_name(struct session *s, const struct finding *f,
                                      const char *typed, struct finding_view *out)
{
    comp_id c = comp_typed(s, typed, strlen(typed));
    if (f->of == FINDING_COMPONENT && c == COMP_NONE)
        return unclear(out, "A component is asked for, by its name; map shows them.");
    if (f->of == FINDING_CLIENT && (c == COMP_NONE || !is_client(s, c)))
        return unclear(out, "Somebody who uses the system is asked for, by the "
                            "client's name; map shows them.");
    return is_named(s, f, typed) ? STEP_RIGHT : STEP_WRONG;
}

static enum step_judgement judge_number(struct session *s, const struct finding *f,
                                        const char *typed, struct finding_view *out)
{
    struct witness w = {.s = s};
    double said;
    if (f->of == FINDING_TIME) {
        sim_time t = clock_in(&w, typed);
        said = t == SIM_FOREVER ? NAN : (double)t;
    } else {
        said = f->of == FINDING_SHARE ? share_typed(typed) : number_typed(typed);
    }
    if (isnan(said) || said < 0)
        return unclear(
            out, f->of == FINDING_TIME    ? "A time of day is asked for, like 14:05."
                 : f->of == FINDING_SHARE ? "A share is asked for, like 12% or 1 in 8."
                                          : "A number is asked for, like 120.");
    double d = distance(s, f, said);
    out->near = d > 1 && d <= NEARLY;
    return d <= 1 ? STEP_RIGHT : STEP_WRONG;
}

static enum step_judgement judge_line(struct session *s, const struct finding *f,
                                      const char *typed, struct finding_view *out)
{
    enum sheet_line line = sheet_line_named(f->line);
    if (!sheet_readable(s, line, typed, &out->why))
        return STEP_UNCLEAR;
    struct witness w = witness_now(s);
    struct judgement j = sheet_judge(&w, line, typed);
    out->near = j.share > 0 && j.share < 1;
    return j.share >= 1 ? STEP_RIGHT : STEP_WRONG;
}

static enum step_judgement judge_suspicion(struct session *s, const char *typed,
                                           struct finding_view *out)
{
    struct effect x;
    if (!suspicion_typed(s, typed, &x))
        return unclear(out, "A place and a word for what is wrong with it are asked "
                            "for, like: COMPONENT overload. suspect lists the words.");
    size_t i = suspect_of(s, x.comp, x.mechanism);
    return i != SIZE_MAX && lesson_suspect(s->lesson, i)->right ? STEP_RIGHT
                                                                : STEP_WRONG;
}

/* The lesson's own reply to this answer. */
static const struct finding_reply *reply_to(const struct session *s,
                                            const struct finding *f, const char *typed)
{
    comp_id c = comp_typed(s, typed, strlen(typed));
    for (size_t i = 0; i < f->nreplies; i++) {
        const struct finding_reply *r = &f->replies[i];
        if (same_word(r->answer, typed) ||
            (c != COMP_NONE && c == model_find(model_of(s), r->answer)))
            return r;
    }
    return NULL;
}

enum step_judgement finding_judge(struct session *s, const struct finding *f,
                                  const char *typed, struct finding_view *out)
{
    enum step_judgement j;
    *out = (struct finding_view){0};
    if (f->of == FINDING_SUSPECT)
        j = judge_suspicion(s, typed, out);
    else if (f->line)
        j = judge_line(s, f, typed, out);
    else if (f->of == FINDING_NUMBER || f->of == FINDING_TIME || f->of == FINDING_SHARE)
        j = judge_number(s, f, typed, out);
    else
        j = judge_name(s, f, typed, out);
    if (j == STEP_WRONG)
        out->own = reply_to(s, f, typed);
    return j;
}

/* ---- in a session ---------------------------------------------------------------- */

static void conclude(struct session *s, const struct finding *f, const char *typed,
                     enum step_judgement is, const struct finding_view *view)
{
    struct step_verdict v = {.is = is};
    const struct text *says = view->own    ? &view->own->says
                              : view->near ? &f->near
                                           : &f->wrong;
    if (is == STEP_RIGHT && !step_current(s)->done.n)
        snprintf(v.say, sizeof v.say, "%s",
                 f->line ? "Yes. That stands on your sheet now." : "Yes.");
    else if (is == STEP_UNCLEAR)
        snprintf(v.say, sizeof v.say, "%.190s", view->why.text);
    else if (is == STEP_WRONG && says->n)
        v.replies = true, v.reply = says;
    else if (is == STEP_WRONG)
        snprintf(v.say, sizeof v.say,
                 "\"%.60s\": that is not it. Look again where it can be read; `hint` "
                 "says where.",
                 typed);
    step_judged(s, &v);
}

void finding_stated(struct session *s, enum sheet_line line, const char *text)
{
    const struct step *st = step_current(s);
    struct finding_view view;
    if (!st || !st->finding || !st->finding->line ||
        sheet_line_named(st->finding->line) != line)
        return;
    enum step_judgement j = finding_judge(s, st->finding, text, &view);
    conclude(s, st->finding, text, j, &view);
}

static void take(struct session *s, const struct finding *f, const char *typed,
                 enum step_judgement j, const struct finding_view *view)
{
    struct effect x;
    tape_put(s, "found", typed);
    session_say(s, TONE_PROMPT, "> %s", typed);
    if (f->of == FINDING_SUSPECT && suspicion_typed(s, typed, &x))
        note_suspect(s, &x);
    else if (f->line && j != STEP_UNCLEAR)
        sheet_state(s, sheet_line_named(f->line), typed, false);
    if (f->of != FINDING_SUSPECT || j == STEP_UNCLEAR)
        conclude(s, f, typed, j, view);
    step_check(s);
    s->target = run_now(&s->run);
    session_touch(s);
}

static bool asks_name(const struct finding *f)
{
    return f->of == FINDING_COMPONENT || f->of == FINDING_CLIENT ||
           f->of == FINDING_SUSPECT || f->of == FINDING_HURT;
}

static bool suspects(const char *line)
{
    return str_starts(line, "suspect ") || str_eq(line, "suspect");
}

/* A name or a suspicion that is one is an answer even where a command has its word. */
static bool is_answer(const struct session *s, const struct finding *f,
                      const char *typed, enum step_judgement j)
{
    bool known = asks_name(f) && f->of != FINDING_SUSPECT &&
                 comp_typed(s, typed, strlen(typed)) != COMP_NONE;
    if (j != STEP_UNCLEAR && (known || f->of == FINDING_SUSPECT))
        return true;
    if (line_is_command(typed))
        return false;
    return j != STEP_UNCLEAR || !isalpha((unsigned char)typed[0]);
}

bool finding_open(const struct session *s)
{
    return step_current(s) && step_current(s)->finding;
}

bool finding_takes(struct session *s, const char *line)
{
    const struct step *st = step_current(s);
    struct finding_view view;
    char typed[300];
    line += strspn(line, " \t");
    size_t n = strlen(line);
    while (n > 0 && strchr(" \t\r\n.", line[n - 1]))
        n--;
    if (s->phase != PHASE_PLAY || !st || !st->finding || n == 0 || n >= sizeof typed)
        return false;
    memcpy(typed, line, n);
    typed[n] = '\0';
    if (line_is_command(typed) && (!asks_name(st->finding) || suspects(typed)))
        return false;
    enum step_judgement j = finding_judge(s, st->finding, typed, &view);
    if (!is_answer(s, st->finding, typed, j))
        return false;
    take(s, st->finding, typed, j, &view);
    return true;
}
