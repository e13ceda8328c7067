/*
 * progress: every run there was, the one that was played last at the end.
 *
 * A score is shown only when the tape gives it: as it was sealed when the run was
 * played, or else by playing it again now.
 */
#include "cli_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static size_t shown(const struct store_run *r)
{
    return step_shown((size_t)r->step, (size_t)r->steps);
}

/* A word for scripts and people; the step stands beside it. */
static const char *state_of(const struct store *s, const struct store_run *r)
{
    if (r->finished != 0)
        return "finished";
    if (r->dropped)
        return "given up";
    if (r->halt == HALT_UPDATE)
        return "stopped by an update";
    if (r->halt == HALT_DAMAGED)
        return "damaged tape";
    return tape_touched(s, r) ? "begun" : "opened";
}

/* Drawn blind: which lesson it is of, nobody is told before it is over. */
static bool is_secret(const struct store_run *r)
{
    return r->mode == MODE_BLIND && r->finished == 0 && !r->dropped;
}

static bool has_score(const struct store_run *r)
{
    return r->finished != 0 && r->score >= 0 && r->vouched;
}

/* Why a finished run shows no score. */
static const char *doubt(const struct store *s, const struct store_run *r)
{
    struct buf tape;
    buf_init(&tape, TAPE_MAX_BYTES);
    bool there = tape_read(s, r, &tape, NULL) == ERR_OK;
    buf_release(&tape);
    return there ? "finished; its tape does not give the score again"
                 : "finished; its tape is gone, and the score with it";
}

static void add_run(struct buf *b, const struct store *s, const struct store_run *r)
{
    char when[32];
    date_text(when, sizeof when, r->started);
    buf_addf(b, "%s  %s", when, is_secret(r) ? "?" : r->lesson);
    buf_pad(b, 44);
    buf_addf(b, "%s", mode_phrase(r->mode));
    buf_pad(b, 66);
    if (has_score(r))
        buf_addf(b, "%-18s %3d%s", outcome_phrase(r->outcome), r->score,
                 r->practice ? "  practice after a rewind" : "");
    else
        buf_adds(b, r->finished != 0 ? doubt(s, r) : state_of(s, r));
    if (r->finished == 0 && !r->dropped && r->steps > 0)
        buf_addf(b, ", step %zu of %d", shown(r), r->steps);
    buf_addf(b, "\n    %s\n", r->id);
}

static void print_text(const struct store *s, const struct store_run *runs, size_t n)
{
    struct buf b;
    buf_init(&b, 0);
    bool stopped = false;
    if (n == 0 && !store_unreadable(s))
        buf_addf(&b, "No run yet. Start one with: %s\n", command("", NULL).s);
    for (size_t i = 0; i < n; i++) {
        struct buf line;
        buf_init(&line, 0);
        add_run(&line, s, &runs[i]);
        buf_adds(&b, line.s);
        buf_release(&line);
        stopped = stopped || (runs[i].halt != HALT_NONE && runs[i].finished == 0);
    }
    if (stopped)
        buf_addf(&b, "What was stopped can be read: %s RUN. %s LESSON begins anew.\n",
                 command("report", NULL).s, command("play", NULL).s);
    print_raw(&b);
    buf_release(&b);
}

static void json_run(struct json *j, const struct store *s, const struct store_run *r)
{
    json_line(j, 2), json_object(j, NULL);
    json_text(j, "id", r->id);
    json_text(j, "lesson", is_secret(r) ? NULL : r->lesson);
    json_count(j, "seed", r->seed);
    json_text(j, "mode", mode_word(r->mode));
    json_int(j, "started", r->started);
    json_text(j, "state", state_of(s, r));
    if (r->finished) {
        json_int(j, "finished", r->finished);
    } else {
        json_null(j, "finished");
        json_bool(j, "given_up", r->dropped);
    }
    if (has_score(r)) {
        json_int(j, "score", r->score);
        json_text(j, "outcome", outcome_word(r->outcome));
        json_int(j, "hints", r->hints);
        json_bool(j, "practice", r->practice);
    } else if (r->finished) {
        json_null(j, "score");
        json_null(j, "outcome");
    }
    json_count(j, "step", shown(r));
    json_int(j, "steps", r->steps);
    json_end(j);
}

static void print_json(const struct store *s, const struct store_run *runs, size_t n)
{
    struct buf b;
    buf_init(&b, 0);
    struct json j = json_to(&b);
    json_array(&j, NULL);
    for (size_t i = 0; i < n; i++)
        json_run(&j, s, &runs[i]);
    json_line(&j, 0), json_end(&j);
    buf_addch(&b, '\n');
    print_raw(&b);
    buf_release(&b);
}

static int run(const struct cli_args *a)
{
    struct store *s = store_look(NULL);
    const struct store_run *runs;
    bool json = option_given(a, OPT_JSON);
    if (store_news(s))
        complain("%s", store_news(s));
    if (store_trouble(s))
        complain("%s", store_trouble(s));
    runs_check(s, a);
    size_t n = store_runs(s, &runs);
    if (json && (n > 0 || !store_unreadable(s)))
        print_json(s, runs, n);
    else if (!json)
        print_text(s, runs, n);
    int status = store_unreadable(s) ? LEAVE_STATE : LEAVE_OK;
    store_close(s);
    return status;
}

const struct subcommand subcommand_progress = {
    .name = "progress",
    .synopsis = "progress [--json]",
    .doc = "every run you played",
    .about =
        "The run that was played last stands at the end. Below each stands its id, "
        "for play, report and replay; the beginning of it will do where no other "
        "run begins so. A score is shown when the run's tape gives it.",
    .examples = "truecode progress\ntruecode progress --json",
    .options = HAS(JSON) | HAS(NO_JAIL) | HAS(HELP),
    .run = run,
};
