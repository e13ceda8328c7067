/*
 * replay: tapes played again, each line held to its digest, the world to the trace that
 * each line says it had, and the score to the one that was written down: on the tape,
 * and in the list of runs.
 */
#include "cli_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* The list of runs says what the tape says. */
static enum err check_books(const struct replayed *r, struct errmsg *why)
{
    const struct store_run *run = &r->run;
    if (!r->booked || run->finished == 0)
        return ERR_OK;
    if (!r->a.over)
        return errmsg_set(why, ERR_MISMATCH,
                          "the list of runs says that it is over, %s, %d of 100; its "
                          "tape ends before that: it was cut",
                          outcome_phrase(run->outcome), run->score);
    if (run->score != r->a.score.total || run->outcome != r->a.score.outcome)
        return errmsg_set(why, ERR_MISMATCH,
                          "the score comes out as %d %s, the list of runs has %d %s",
                          r->a.score.total, outcome_phrase(r->a.score.outcome),
                          run->score, outcome_phrase(run->outcome));
    return ERR_OK;
}

static enum err replay(struct replayed *r, const struct replay_options *o,
                       struct errmsg *why)
{
    enum err e = replayed_open(r, o, why);
    if (e == ERR_OK && r->a.over)
        e = replayed_report(r, why); /* works the score out, and compares */
    return e == ERR_OK ? check_books(r, why) : e;
}

/* ---- saying it ------------------------------------------------------------------- */

static void text_facts(struct buf *b, const struct replayed *r)
{
    const struct wire_answer *a = &r->a;
    struct buf t;
    buf_init(&t, 64);
    time_format(&t, a->now);
    buf_addf(b, "%s (%s), %s, seed %" PRIu64 "\nsimulated time %s, step %zu of %zu%s\n",
             a->title, a->lesson, mode_phrase(r->mode), a->seed, t.s,
             step_shown(a->step, a->nsteps), a->nsteps,
             a->over ? ", over" : ", not over");
    if (a->scored)
        buf_addf(b, "score %d of 100, %s%s\n", a->score.total,
                 outcome_phrase(a->score.outcome),
                 a->practice ? ", practice after a rewind" : "");
    buf_addf(b, "trace digest %016" PRIx64 ", as recorded\n", a->digest);
    if (r->half_line)
        buf_adds(b, "The last line was cut short and does not count.\n");
    buf_release(&t);
}

static void json_facts(struct json *j, const struct replayed *r)
{
    const struct wire_answer *a = &r->a;
    json_bool(j, "ok", true);
    json_text(j, "lesson", a->lesson);
    json_count(j, "seed", a->seed);
    json_text(j, "mode", mode_word(r->mode));
    json_textf(j, "digest", "%016" PRIx64, a->digest);
    json_count(j, "step", step_shown(a->step, a->nsteps));
    json_count(j, "steps", a->nsteps);
    json_bool(j, "over", a->over);
    if (a->scored) {
        json_int(j, "score", a->score.total);
        json_text(j, "outcome", outcome_word(a->score.outcome));
        json_bool(j, "practice", a->practice);
    } else {
        json_null(j, "score");
    }
    json_bool(j, "half_line", r->half_line);
}

static void say_json(const struct replayed *r, const char *word, enum err e,
                     const struct errmsg *why)
{
    struct buf b;
    buf_init(&b, 0);
    struct json j = json_to(&b);
    json_object(&j, NULL);
    json_text(&j, "run", word ? word : r->run.id);
    if (e == ERR_OK) {
        json_facts(&j, r);
    } else {
        json_bool(&j, "ok", false);
        json_int(&j, "exit", exit_code_of(e));
        json_text(&j, "error", why->text);
    }
    json_end(&j);
    buf_addch(&b, '\n');
    print_raw(&b);
    buf_release(&b);
}

static void say_text(const struct replayed *r, const char *of_many, enum err e,
                     const struct errmsg *why)
{
    struct buf b;
    if (e != ERR_OK) {
        complain("%s%s%s", of_many ? of_many : "", of_many ? ": " : "", why->text);
        return;
    }
    buf_init(&b, 0);
    if (of_many)
        buf_addf(&b, "%s:\n", of_many);
    text_facts(&b, r);
    print_raw(&b);
    buf_release(&b);
}

static int replay_one(const struct cli_args *a, const char *word)
{
    struct errmsg why = {0};
    struct replayed r;
    enum err e = replay(&r,
                        &(struct replay_options){
                            .word = word, .lesson = a->options[OPT_LESSON], .args = a},
                        &why);
    if (option_given(a, OPT_JSON))
        say_json(&r, word, e, &why);
    else
        say_text(&r, a->nwords > 1 ? word : NULL, e, &why);
    replayed_release(&r);
    return exit_code_of(e);
}

static int run(const struct cli_args *a)
{
    int worst = a->nwords == 0 ? replay_one(a, NULL) : LEAVE_OK;
    for (size_t i = 0; i < a->nwords; i++) {
        int status = replay_one(a, a->words[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct subcommand subcommand_replay = {
    .name = "replay",
    .synopsis = "replay [RUN|LESSON|TAPE]... [--json]",
    .doc = "play tapes again and hold them to what they say",
    .about =
        "Plays the run again, line by line. A line that was changed, added, moved or "
        "taken away, a world that comes out differently, and a score that the run does "
        "not give again end it with status 6 and the line's number. A tape may end "
        "anywhere: then the run is not over, and that is said. Nobody can tell from a "
        "tape who typed it. With --json: one object a line.",
    .examples = "truecode replay all-green\n"
                "truecode replay ./shared.tape --lesson ./shared.lua\n"
                "truecode replay handed-in/*.tape --json",
    .options = HAS(JSON) | HAS(LESSON) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_RUN,
    .max_words = 10000,
    .run = run,
};
