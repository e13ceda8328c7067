/*
 * The post-mortem: what `report` prints, and what a team would keep of the night. The same
 * facts as in the debrief, in the order in which those read who were not there:
 *
 *     summary, impact, timeline, root cause and what contributed, what helped, what hurt,
 *     prevention, the incident sheet, the score
 *
 * Impact is the difference to the healthy twin, what hurt is priced by the night without it,
 * prevention by the night with it. It says what was done and what came of it; nobody is
 * blamed, and no sentence asks for more care.
 */
#include "promise.h"
#include "quiet.h"
#include "report_internal.h"
#include "score.h"
#include "sheet.h"
#include "twin.h"

#include <math.h>
#include <string.h>

/* ---- what users had of it -------------------------------------------------------- */

/* All of it; the share is of those who came since the first was hurt. */
static struct impact harm_to(const struct maker *k, comp_id client)
{
    const struct rivals *v = k->v;
    struct impact h = impact_of(v->you.rec, v->twin, client, 0, v->to);
    if (h.since != SIM_FOREVER)
        h.share = impact_of(v->you.rec, v->twin, client, h.since, v->to).share;
    return h;
}

/* The end of the last minute in which more was lost than the objective lets pass. */
static sim_time last_hurt(const struct maker *k, sim_time since)
{
    const struct slo *slo = model_get_slo(k->s->run.stage->lw.model);
    sim_time t = k->v->to;
    for (; t > since + SIM_MIN; t -= 10 * SIM_SEC) {
        struct impact h =
            impact_of(k->v->you.rec, k->v->twin, COMP_NONE, t - SIM_MIN, t);
        if (impact_counts(&h, slo))
            break;
    }
    return t;
}

static const char *words_share(const struct maker *k, double share)
{
    struct buf b;
    buf_init(&b, 32);
    number_share(&b, share);
    char *s = arena_strdup(&k->r->mem, b.s);
    buf_release(&b);
    return s;
}

static void add_client(const struct maker *k, struct rows *t, comp_id c)
{
    struct impact h = harm_to(k, c);
    row_cell(t, model_name(k->s->run.stage->lw.model, c));
    row_number(t, number_count, (double)h.lost);
    row_cell(t, isnan(h.share) ? "nobody came" : words_share(k, h.share));
    row_cell(t, h.since == SIM_FOREVER ? "-" : at_clock(k, h.since));
}

static void make_promises(const struct maker *k)
{
    const struct rivals *v = k->v;
    for (size_t i = 0; i < run_wards(&v->you); i++) {
        struct ward w = run_ward(&v->you, i, v->from, v->to);
        struct buf b;
        buf_init(&b, 0);
        ward_words(&w, w.harm, &b);
        if (w.kept && w.harm <= 0)
            add_text(k->r, BLOCK_BULLET, "Kept: \"%s\".", w.name);
        else
            add_text(k->r, BLOCK_BULLET, "Not kept from the page on: \"%s\", %s %s%s.",
                     w.name, w.seconds ? "for" : "broken", b.s,
                     w.seconds     ? ""
                     : w.harm == 1 ? " time"
                                   : " times");
        buf_release(&b);
    }
}

static void make_impact(const struct maker *k)
{
    const struct score *sc = &k->r->score;
    struct witness w = sheet_witness(k->s, &k->v->you, k->v->twin, run_now(&k->v->you));
    struct rows t = {.r = k->r};
    add_block(k->r, BLOCK_HEADING, "Impact");
    for (comp_id c = witness_client(&w, COMP_NONE); c != COMP_NONE;
         c = witness_client(&w, c))
        add_client(k, &t, c);
    rows_block(&t, "WHO|>REQUESTS LOST|>OF THOSE THAT CAME|SINCE", 4);
    add_text(
        k->r, BLOCK_TEXT,
        "Lost is what was bad, or never came, and was well on the same night without "
        "the incident. Until %s in all: %s. Had nobody acted: %s.",
        at_clock(k, k->v->to), words_count(k, (double)sc->bad_you),
        words_count(k, (double)sc->bad_nothing));
    make_promises(k);
}

/* ---- in short -------------------------------------------------------------------- */

/* "past-the-peak in menu-db", several joined. */
static const char *what_it_was(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    const char *all = "";
    for (size_t i = 0; i < lesson_suspects(l); i++) {
        const struct suspect *x = lesson_suspect(l, i);
        if (x->right)
            all = arena_printf(&k->r->mem, "%s%s%s in %s", all, all[0] ? ", " : "",
                               mechanism_word(x->mechanism), x->component);
    }
    return all;
}

/* "It began at 19:40: …"; what the judge of that line says is so. */
static const char *what_began_it(const struct maker *k)
{
    struct witness w = sheet_witness(k->s, scored_run(k->s), k->v->twin, k->v->left);
    struct judgement j = sheet_judge(&w, SHEET_trigger, "nothing");
    return arena_strdup(&k->r->mem,
                        j.share > 0 ? "No change began it: it was built so." : j.truth);
}

static void make_summary(const struct maker *k)
{
    struct impact h = harm_to(k, COMP_NONE);
    const char *cause = what_it_was(k);
    add_block(k->r, BLOCK_HEADING, "Summary");
    if (h.since == SIM_FOREVER) {
        add_text(k->r, BLOCK_TEXT, "No user was hurt. %s",
                 outcome_sentence(k, k->r->score.outcome));
        return;
    }
    sim_time until = last_hurt(k, h.since);
    add_text(k->r, BLOCK_TEXT,
             "From %s %s users lost %s requests, %s of those that came. %s%s%s%s%s",
             at_clock(k, h.since),
             until < k->v->to
                 ? arena_printf(&k->r->mem, "to %s", at_clock(k, until))
                 : arena_printf(&k->r->mem, "on, and still at %s,", at_clock(k, until)),
             words_count(k, (double)h.lost), words_share(k, h.share),
             cause[0] ? "It was " : "", cause, cause[0] ? ". " : "", what_began_it(k),
             arena_printf(&k->r->mem, " Somebody was called at %s. %s",
                          at_clock(k, k->v->from),
                          outcome_sentence(k, k->r->score.outcome)));
}

/* ---- why ------------------------------------------------------------------------- */

static void make_causes(const struct maker *k)
{
    const struct lesson *l = k->s->lesson;
    const char *cause = what_it_was(k);
    add_block(k->r, BLOCK_HEADING, "Root cause and what contributed");
    if (k->s->quiet) {
        add_text(k->r, BLOCK_TEXT, "Nothing was wrong on this night.");
        return;
    }
    if (cause[0])
        add_text(k->r, BLOCK_BULLET, "Root cause: %s.", cause);
    add_text(k->r, BLOCK_BULLET, "Trigger: %s", what_began_it(k));
    for (size_t i = 0; i < lesson_suspects(l); i++) {
        const struct suspect *x = lesson_suspect(l, i);
        if (x->part)
            add_text(k->r, BLOCK_BULLET, "A part of it, and not the cause: %s in %s.",
                     mechanism_word(x->mechanism), x->component);
    }
    for (size_t i = 0; i < lesson_case_facts(l); i++) {
        const struct case_fact *f = lesson_case_fact(l, i);
        add_text(k->r, BLOCK_BULLET, "Told apart by: %s%s.",
                 f->holds ? "" : "not so: ", f->name);
    }
    add_words(k, BLOCK_TEXT, "", lesson_debrief(l));
}

/* ---- what came of what was done -------------------------------------------------- */

/* The words of what was done at a moment; NULL: nothing was. */
static const char *change_at(const struct run *r, sim_time at)
{
    for (size_t i = 0; i < recording_changes(r->rec); i++) {
        const struct change *c = recording_change(r->rec, i);
        if (c->at == at && str_eq(c->who, "you"))
            return c->title;
    }
    return NULL;
}

static void make_helped(const struct maker *k)
{
    size_t n, before = k->r->n + 1;
    const struct done_action *did = scored_actions(k->s, &n);
    const struct score *sc = &k->r->score;
    add_block(k->r, BLOCK_HEADING, "What helped");
    for (size_t i = 0; i < k->v->mattered && i < n; i++) {
        const char *title = change_at(scored_run(k->s), did[i].at);
        if (title && i + 1 == k->v->mattered)
            add_text(k->r, BLOCK_BULLET,
                     "At %s: %s. What was done up to then is enough for users to end "
                     "up well. It was done %s after somebody was called.",
                     at_clock(k, did[i].at), title,
                     words_span(k, did[i].at - k->v->from));
    }
    if (sc->bad_you < sc->bad_nothing)
        add_text(
            k->r, BLOCK_BULLET,
            "What was done spared users %s requests, compared with a night on which "
            "nobody acted.",
            words_count(k, (double)(sc->bad_nothing - sc->bad_you)));
    for (size_t i = 0; i < lesson_fixes(k->s->lesson) && !k->s->quiet; i++)
        if (lesson_fix(k->s->lesson, i)->says.n &&
            course_taken(k->s, lesson_fix(k->s->lesson, i)))
            add_course(k, lesson_fix(k->s->lesson, i));
    if (k->r->n == before)
        add_text(k->r, BLOCK_TEXT,
                 "Nothing that was done changed what users had of it.");
}

static void make_hurt(const struct maker *k)
{
    size_t before = k->r->n + 1;
    const struct rivals *v = k->v;
    add_block(k->r, BLOCK_HEADING, "What hurt, and what it cost");
    add_turns(k);
    for (size_t i = 0; i < lesson_wrongs(k->s->lesson) && !k->s->quiet; i++) {
        const struct course *c = lesson_wrong(k->s->lesson, i);
        if (c->says.n && course_taken(k->s, c))
            add_course(k, c);
    }
    if (v->has_reference && k->r->score.bad_you > k->r->score.bad_reference)
        add_text(
            k->r, BLOCK_BULLET,
            "Time: mended %s after the call, the same night would have lost %s "
            "requests less.",
            words_span(k, lesson_info(k->s->lesson)->expert),
            words_count(k, (double)(k->r->score.bad_you - k->r->score.bad_reference)));
    if (k->r->n == before)
        add_text(k->r, BLOCK_TEXT, "No change of the responder's cost users anything.");
}

/* ---- the sheet ------------------------------------------------------------------- */

static const struct note *last_suspicion(const struct maker *k)
{
    const struct note *last = NULL;
    for (size_t i = 0; i < scored_notes(k->s); i++)
        if (k->s->notes[i].kind == NOTE_SUSPICION && note_open(k->s, &k->s->notes[i]))
            last = &k->s->notes[i];
    return last;
}

static void sheet_row(struct rows *t, const char *line, const char *stated,
                      const char *when, const char *so)
{
    row_cell(t, line);
    row_cell(t, stated);
    row_cell(t, when);
    row_cell(t, so);
}

static void suspicion_row(const struct maker *k, struct rows *t)
{
    const struct note *n = last_suspicion(k);
    const char *cause = what_it_was(k);
    sheet_row(t, "what it may be", n ? n->text : "-", n ? at_clock(k, n->at) : "-",
              k->s->quiet ? "Nothing was wrong."
              : cause[0]  ? arena_printf(&k->r->mem, "It was %s.", cause)
                          : "-");
}

static void line_row(const struct maker *k, struct rows *t, enum sheet_line line)
{
    const struct statement *st = sheet_line_at(k->s, line, scored_sheet(k->s));
    const char *heading = sheet_line_kind(line)->heading;
    if (!st) {
        sheet_row(t, heading, "-", "-", "-");
        return;
    }
    sim_time at = line == SHEET_trigger || line == SHEET_prevent ? k->v->left : st->at;
    struct witness w = sheet_witness(k->s, scored_run(k->s), k->v->twin, at);
    struct judgement j = sheet_judge(&w, line, st->text);
    sheet_row(t, heading, st->text, at_clock(k, st->at), j.truth);
}

static void make_sheet(const struct maker *k)
{
    struct rows t = {.r = k->r};
    add_block(k->r, BLOCK_HEADING, "The incident sheet");
    for (enum sheet_line i = 0; i < SHEET_LINE_COUNT; i++) {
        if (i == SHEET_trigger)
            suspicion_row(k, &t);
        if (i != SHEET_prevent || lesson_preventions(k->s->lesson) > 0)
            line_row(k, &t, i);
    }
    rows_block(&t, "LINE|STATED|WHEN|WHAT WAS SO", 4);
}

/* ---- all of it ------------------------------------------------------------------- */

void make_post_mortem(const struct maker *k)
{
    add_text(k->r, BLOCK_TITLE, "Post-mortem: %s", lesson_info(k->s->lesson)->title);
    add_text(
        k->r, BLOCK_TEXT,
        "Played %s, night %llu. It says what happened and what came of it, and blames "
        "nobody.",
        mode_phrase(k->s->mode), (unsigned long long)k->s->seed);
    make_summary(k);
    make_impact(k);
    make_chart(k);
    make_timeline(k, true);
    make_causes(k);
    make_helped(k);
    make_hurt(k);
    make_prevention(k);
    make_sheet(k);
    add_block(k->r, BLOCK_HEADING, "The score");
    make_score(k);
}
