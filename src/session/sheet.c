/*
 * The sheet: statements with their times, and the table of lines (sheet.h).
 */
#include "sheet.h"
#include "session_internal.h"
#include "truecode/picture.h"
#include "twin.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- the lines ------------------------------------------------------------------- */

const struct sheet_line_kind *sheet_line_kind(enum sheet_line line)
{
    static const struct sheet_line_kind *const kinds[SHEET_LINE_COUNT] = {
        [SHEET_hurt] = &sheet_hurt,        [SHEET_since] = &sheet_since,
        [SHEET_much] = &sheet_much,        [SHEET_trigger] = &sheet_trigger,
        [SHEET_state] = &sheet_state_line, [SHEET_next] = &sheet_next,
        [SHEET_prevent] = &sheet_prevent,
    };
    return kinds[line];
}

enum sheet_line sheet_line_of(enum update_field field)
{
    enum sheet_line line = 0;
    while (line < SHEET_LINE_COUNT && sheet_line_kind(line)->field != (int)field)
        line++;
    return line;
}

enum sheet_line sheet_line_named(const char *word)
{
    enum sheet_line line = 0;
    while (line < SHEET_LINE_COUNT && !str_eq(sheet_line_kind(line)->word, word))
        line++;
    return line;
}

/* ---- statements ------------------------------------------------------------------ */

void sheet_state(struct session *s, enum sheet_line line, const char *text, bool told)
{
    struct sheet *sheet = &s->sheet;
    GROW(sheet->list, sheet->n, sheet->cap);
    sheet->list[sheet->n++] = (struct statement){
        .line = line, .at = run_now(&s->run), .told = told, .text = mem_strdup(text)};
    session_touch(s);
}

const struct statement *sheet_line_at(const struct session *s, enum sheet_line line,
                                      size_t n)
{
    for (size_t i = n; i > 0; i--)
        if (s->sheet.list[i - 1].line == line)
            return &s->sheet.list[i - 1];
    return NULL;
}

void sheet_release(struct session *s)
{
    for (size_t i = 0; i < s->sheet.n; i++)
        mem_free(s->sheet.list[i].text);
    mem_free(s->sheet.list);
    memset(&s->sheet, 0, sizeof s->sheet);
}

/* ---- what is so ------------------------------------------------------------------ */

struct witness sheet_witness(const struct session *s, const struct run *run,
                             const struct recording *twin, sim_time at)
{
    return (struct witness){.s = s, .run = run, .twin = twin, .at = at};
}

struct judgement sheet_judge(const struct witness *w, enum sheet_line line,
                             const char *text)
{
    struct judgement j = {0};
    struct errmsg ignored = {0};
    if (sheet_line_kind(line)->readable(w, text, &ignored))
        sheet_line_kind(line)->judge(w, text, &j);
    else
        snprintf(j.truth, sizeof j.truth, "%s", ignored.text);
    return j;
}

bool sheet_readable(const struct session *s, enum sheet_line line, const char *text,
                    struct errmsg *why)
{
    struct witness w = sheet_witness(s, &s->run, NULL, run_now(&s->run));
    return sheet_line_kind(line)->readable(&w, text, why);
}

struct impact witness_impact(const struct witness *w, comp_id client, sim_time from)
{
    if (!w->twin)
        return (struct impact){.share = 0, .since = SIM_FOREVER};
    return impact_of(w->run->rec, w->twin, client, from, w->at);
}

static bool hurt(const struct witness *w, comp_id c)
{
    struct impact any = witness_impact(w, c, 0);
    if (any.since == SIM_FOREVER)
        return false;
    struct impact h = witness_impact(w, c, any.since);
    return impact_counts(&h, model_get_slo(w->run->stage->lw.model));
}

/* The objective is about messages of `sub`, and what the client does sends them. */
static bool waits_for(const struct model *m, comp_id client, comp_id sub)
{
    return comp_is(m, sub, "subscription") && model_in_slo(m, sub) &&
           model_sends_to(m, client, model_owner(m, sub));
}

bool witness_hurt(const struct witness *w, comp_id client)
{
    const struct model *m = w->run->stage->lw.model;
    bool yes = hurt(w, client);
    for (size_t i = 0; !yes && i < model_comps(m); i++)
        yes = waits_for(m, client, (comp_id)i) && hurt(w, (comp_id)i);
    return yes;
}

/* Nobody that is told apart by name sends what it processes, as where a job does. */
static bool speaks_for_itself(const struct model *m, comp_id c)
{
    if (comp_is(m, c, "client") || !model_in_slo(m, c))
        return comp_is(m, c, "client");
    for (size_t i = 0; i < model_comps(m); i++)
        if (comp_is(m, (comp_id)i, "client") && waits_for(m, (comp_id)i, c))
            return false;
    return true;
}

comp_id witness_client(const struct witness *w, comp_id c)
{
    const struct model *m = w->run->stage->lw.model;
    size_t i = c == COMP_NONE ? 0 : (size_t)c + 1;
    for (; i < model_comps(m); i++)
        if (speaks_for_itself(m, (comp_id)i))
            return (comp_id)i;
    return COMP_NONE;
}

/* ---- reading --------------------------------------------------------------------- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

sim_time clock_in(const struct witness *w, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!digit(*p) || (p > text && (digit(p[-1]) || p[-1] == ':')))
            continue;
        int h = 0, m = 0, used = 0;
        if (sscanf(p, "%2d:%2d%n", &h, &m, &used) < 2 || h > 23 || m > 59)
            continue;
        sim_time day = 24 * SIM_HOUR;
        sim_time t =
            (sim_time)(h * 60 + m) * SIM_MIN - lesson_info(w->s->lesson)->day_start;
        while (t < 0)
            t += day;
        return t;
    }
    return SIM_FOREVER;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

bool word_in(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; *p; p++)
        if (strncasecmp(p, word, n) == 0 && (p == text || !in_word(p[-1])) &&
            !in_word(p[n]))
            return true;
    return false;
}

bool says_unknown(const char *text)
{
    return word_in(text, "unknown") || word_in(text, "not known") ||
           word_in(text, "not known yet") || word_in(text, "don't know");
}

/* ---- showing it ------------------------------------------------------------------ */

static bool open_suspicion(const struct session *s)
{
    for (size_t i = 0; i < s->nnotes; i++)
        if (s->notes[i].kind == NOTE_SUSPICION && s->notes[i].open)
            return true;
    return false;
}

static void show_suspicions(struct session *s)
{
    bool any = false;
    for (size_t i = 0; i < s->nnotes; i++) {
        const struct note *n = &s->notes[i];
        if (n->kind != NOTE_SUSPICION || !n->open)
            continue;
        session_say(s, TONE_NORMAL, "  %-18s %s", any ? "" : "what it may be", n->text);
        any = true;
    }
    if (!any)
        session_say(s, TONE_DIM, "  %-18s suspect COMPONENT MECHANISM",
                    "what it may be");
}

/* Facts that were seen; what is no fact is told as such. Before anything is suspected
 * they tell nothing apart, and are not said. */
static void show_told_apart(struct session *s)
{
    bool any = false;
    for (size_t i = 0; i < s->nfacts_seen && open_suspicion(s); i++) {
        const struct case_fact *f = lesson_case_fact(s->lesson, s->facts_seen[i]);
        session_say(s, TONE_NORMAL, "  %-18s %s%s", any ? "" : "told apart by",
                    f->holds ? "" : "not so: ", f->name);
        any = true;
    }
    if (!any)
        session_say(s, TONE_DIM, "  %-18s follows from what you look at",
                    "told apart by");
}

void sheet_show(struct session *s)
{
    session_say(s, TONE_HEAD, "The incident sheet");
    for (enum sheet_line i = 0; i < SHEET_LINE_COUNT; i++) {
        const struct sheet_line_kind *k = sheet_line_kind(i);
        const struct statement *st = sheet_line_at(s, i, s->sheet.n);
        if (i == SHEET_trigger)
            show_suspicions(s);
        if (i == SHEET_state)
            show_told_apart(s);
        if (!st) {
            session_say(s, TONE_DIM, "  %-18s %s", k->heading, k->synopsis);
            continue;
        }
        struct buf at;
        buf_init(&at, 32);
        clock_format(&at, lesson_info(s->lesson)->day_start, st->at, false);
        session_say(s, TONE_NORMAL, "  %-18s %s  (%s %s)", k->heading, st->text,
                    st->told ? "told at" : "stated at", at.s);
        buf_release(&at);
    }
}
