/*
 * Plays the steps through a real session with the solutions the lesson gives, and reads
 * its texts as an 80x24 terminal would show them. A step whose goal is true before its
 * solution, or false after, is a broken step.
 */
#include "design.h"
#include "prove_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SCREEN_COLUMNS 76
#define STEP_LINES     12 /* question, choices: what the step panel can hold */
#define REPLY_LINES    6  /* the feedback on a deed or an answer */
#define PAGE_LINES     19 /* the briefing */

/* ---- playing --------------------------------------------------------------------- */

/* A line, and what it makes the operator wait for; stops when the step is done. */
void prove_play_line(struct session *s, const char *line, size_t step)
{
    struct errmsg why = {0};
    enum err e = session_line(s, line, true, &why);
    sim_time until = s->wait_until;
    for (int i = 0; e == ERR_OK && i < 64 && (s->step == step || step == SIZE_MAX);
         i++) {
        if (run_now(&s->run) >= until || s->phase == PHASE_DEBRIEF)
            break;
        s->wait_until = until; /* tickets stop a wait; a solution waits on */
        e = session_advance(s, until, &why);
    }
}

/* The lines that solve it, until one has. */
static void prove_play_step(struct session *s)
{
    const struct step *st = step_current(s);
    size_t step = s->step;
    struct buf line;
    buf_init(&line, 0);
    for (size_t i = 0; s->step == step && step_solve(st, i, &line); i++) {
        prove_play_line(s, line.s, step);
        buf_reset(&line);
    }
    if (s->step == step && st->kind->spends && session_best_line(s, &line))
        prove_play_line(s, line.s, step);
    buf_reset(&line);
    if (s->step == step && st->finding && finding_truth(s, st->finding, &line))
        prove_play_line(s, line.s, step);
    buf_release(&line);
}

/* The last thing the console said, on one line; what a predicate raised, if one did. */
static void last_words(const struct session *s, char *out, size_t size)
{
    if (s->broken.text[0] != '\0') {
        snprintf(out, size, "%.150s", s->broken.text);
        return;
    }
    const char *t = s->transcript.text.s;
    size_t n = s->transcript.text.len;
    size_t from = n > 120 ? n - 120 : 0;
    snprintf(out, size, "%.119s", t + from);
    for (char *p = out; *p; p++)
        if (*p == '\n')
            *p = ' ';
}

static bool judge_step(struct prover *pv, struct session *s, size_t i)
{
    const struct step *st = lesson_step(pv->lesson, i);
    char tail[160], parts[160];
    step_check(s);
    if (s->step > i) {
        prove_result(pv, PROOF_STEPS, st->id, false, NAN,
                     "done before its solution was played");
        return true;
    }
    prove_finding(pv, s);
    prove_glance(pv, s);
    prove_play_step(s);
    if (s->step > i) {
        prove_result(pv, PROOF_STEPS, st->id, true, NAN, "done");
        return true;
    }
    prove_parts(&s->run, st->goal, parts);
    last_words(s, tail, sizeof tail);
    prove_result(pv, PROOF_STEPS, st->id, false, NAN,
                 "not done after its solution%s: %s", parts, tail);
    return false;
}

/* Of a design: what was shown by the steps is the best set, so the night holds. */
static void judge_design_end(struct prover *pv, struct session *s)
{
    struct report r = {0};
    struct errmsg why = {0};
    enum err e = session_report(s, &r, NULL, NULL, &why);
    prove_result(pv, PROOF_STEPS, "the whole way",
                 e == ERR_OK && s->phase == PHASE_DEBRIEF &&
                     outcome_well(r.score.outcome),
                 NAN, "%.100s, ends %s", why.text, outcome_phrase(r.score.outcome));
    report_release(&r);
}

static void judge_end(struct prover *pv, struct session *s)
{
    if (lesson_design(pv->lesson)) {
        judge_design_end(pv, s);
        return;
    }
    enum outcome o = outcome_of(s, NULL);
    prove_result(pv, PROOF_STEPS, "the whole way",
                 s->phase == PHASE_DEBRIEF && outcome_well(o), NAN, "ends %s",
                 s->phase != PHASE_DEBRIEF ? "before the debrief"
                 : o == OUTCOME_LOST       ? "with users suffering"
                 : o == OUTCOME_EARLY      ? "too early to say"
                                           : "mitigated, not cured");
}

/* seed + tape is the run: replaying it ends in the same trace. */
static void judge_tape(struct prover *pv, struct session *s,
                       const struct session_options *o)
{
    struct buf tape;
    struct session *again = NULL;
    struct errmsg why = {0};
    buf_init(&tape, 0);
    session_take_tape(s, &tape);
    struct session_options back = *o;
    back.tape = tape.s;
    back.tape_len = tape.len;
    enum err e = session_open(&again, &back, &why);
    bool same = e == ERR_OK && session_digest(again) == session_digest(s) &&
                again->step == s->step;
    prove_result(pv, PROOF_SAME, "tape, same trace", same, NAN, "%.180s",
                 e == ERR_OK ? "the replay ends elsewhere" : why.text);
    if (e == ERR_OK)
        prove_same(pv, &again->begin);
    session_free(again);
    buf_release(&tape);
}

static enum err play_steps(struct prover *pv, struct session *s, bool *whole,
                           struct errmsg *why)
{
    struct looking *look = looking_new(pv, s);
    enum err e = ERR_OK;
    session_read(s);
    s->run.twice = true;
    *whole = lesson_steps(pv->lesson) > 0;
    for (size_t i = 0; e == ERR_OK && *whole && i < lesson_steps(pv->lesson); i++) {
        e = looking_around(look, s, why);
        *whole = e == ERR_OK && judge_step(pv, s, i);
        prove_tick(pv);
    }
    looking_end(look);
    s->onlooker = NULL;
    return e;
}

enum err prove_steps(struct prover *pv, struct errmsg *why)
{
    struct session *s;
    bool whole;
    struct session_options o = {.lesson = pv->lesson,
                                .seed = pv->seed,
                                .effort = &pv->effort,
                                .twin = pv->twin.world ? &pv->twin : NULL};
    enum err e = session_open_at(&s, &o, &pv->base, why);
    if (e != ERR_OK)
        return e;
    e = play_steps(pv, s, &whole, why);
    if (whole)
        judge_end(pv, s);
    if (whole && pv->thorough)
        judge_tape(pv, s, &o);
    session_free(s);
    return e;
}

/* ---- texts ----------------------------------------------------------------------- */

static unsigned lines_of(const char *text)
{
    struct buf b;
    unsigned n = 1;
    if (!text)
        return 0;
    buf_init(&b, 0);
    text_wrap(&b, text, SCREEN_COLUMNS);
    for (size_t i = 0; i + 1 < b.len; i++)
        n += b.s[i] == '\n';
    buf_release(&b);
    return n;
}

/* Of its longest variant. */
static unsigned text_lines(const struct text *t)
{
    unsigned most = 0;
    for (size_t i = 0; t && i < t->n; i++) {
        unsigned n = lines_of(t->variants[i].words);
        most = n > most ? n : most;
    }
    return most;
}

static void fits(struct prover *pv, const char *what, const char *id, unsigned lines,
                 unsigned room)
{
    prove_result(pv, PROOF_TEXT, "fits 80x24", lines <= room,
                 (double)((int)room - (int)lines) / room, "%s %s: %u lines, %u fit",
                 what, id, lines, room);
}

/* "`status`", or a hint that is a command line. */
static bool hands_over(const char *words, bool whole)
{
    char line[80];
    for (const char *p = strchr(words, '`'); p; p = strchr(p + 1, '`')) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(p + 1, "`"), p + 1);
        if (line_is_command(line))
            return true;
        p += 1 + strcspn(p + 1, "`");
        if (!*p)
            break;
    }
    return whole && line_is_command(words);
}

/* Holds a step to asking for a finding, whose command comes with the third hint; where the
 * guide explains the screen as it goes, it shows each command once. */
static void prove_no_commands(struct prover *pv, const struct step *st)
{
    if (!st->finding || lesson_info(pv->lesson)->guided_start)
        return;
    const char *where = NULL;
    for (size_t i = 0; i < st->say.n; i++)
        where = hands_over(st->say.variants[i].words, false) ? "its question" : where;
    for (size_t k = 0; k < st->nhints && k < 2; k++)
        for (size_t i = 0; i < st->hints[k].n; i++)
            if (hands_over(st->hints[k].variants[i].words, true))
                where = k ? "its second hint" : "its first hint";
    prove_result(pv, PROOF_HINTS, "commands stand in the third hint", !where, NAN,
                 "step %s: %s hands over a command", st->id, where ? where : "");
}

static void prove_step_text(struct prover *pv, const struct step *st)
{
    unsigned n = text_lines(&st->say);
    struct step_item it;
    for (size_t i = 0; step_item(st, i, &it); i++) {
        if (!it.number)
            continue;
        n += lines_of(it.text);
        fits(pv, "reply in", st->id, text_lines(it.reply), REPLY_LINES);
    }
    fits(pv, "step", st->id, n, STEP_LINES);
    fits(pv, "done in", st->id, text_lines(&st->done), REPLY_LINES);
    fits(pv, "moot in", st->id, text_lines(&st->moot), REPLY_LINES);
    prove_no_commands(pv, st);
    for (size_t i = 0; i < st->nhints; i++)
        fits(pv, "hint in", st->id, text_lines(&st->hints[i]), 4);
    prove_result(pv, PROOF_HINTS, "a hint and a solution everywhere",
                 st->nhints > 0 && (!st->kind->acts || st->nsolution > 0), NAN,
                 "step %s has %zu hints and %zu lines of solution", st->id, st->nhints,
                 st->nsolution);
}

void prove_text(struct prover *pv)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    fits(pv, "briefing", li->id, lines_of(li->place) + lines_of(li->page), PAGE_LINES);
    for (size_t i = 0; i < lesson_steps(pv->lesson); i++)
        prove_step_text(pv, lesson_step(pv->lesson, i));
    for (size_t i = 0; i < lesson_traps(pv->lesson); i++)
        fits(pv, "trap", lesson_trap(pv->lesson, i)->id,
             text_lines(&lesson_trap(pv->lesson, i)->say), REPLY_LINES);
    for (size_t i = 0; i < lesson_suspects(pv->lesson); i++)
        fits(pv, "reply to suspect", lesson_suspect(pv->lesson, i)->component,
             text_lines(&lesson_suspect(pv->lesson, i)->reply), REPLY_LINES);
    if (lesson_design(pv->lesson))
        return; /* every set of improvements is a way */
    bool ways = lesson_fixes(pv->lesson) >= 2 || li->quiet || li->guided_start;
    prove_result(pv, PROOF_TEXT, "two fixes, two wrong ones",
                 ways &&
                     (lesson_wrongs(pv->lesson) >= 2 || li->guided_start || li->quiet),
                 NAN, "%zu fixes, %zu wrong fixes", lesson_fixes(pv->lesson),
                 lesson_wrongs(pv->lesson));
}
