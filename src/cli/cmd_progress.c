/*
 * progress: every run there was.
 */
#include "cli_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void date_of(char *to, size_t size, int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    to[0] = '\0';
    if (localtime_r(&t, &tm) != NULL)
        strftime(to, size, "%Y-%m-%d %H:%M", &tm);
}

static size_t shown(const struct store_run *r)
{
    return step_shown((size_t)r->step, (size_t)r->steps);
}

static void print_text(const struct store *s, const struct store_run *runs, size_t n)
{
    struct buf b;
    buf_init(&b, 0);
    if (n == 0)
        buf_addf(&b, "No run yet. Start one with: %s\n", command("", NULL).s);
    for (size_t i = 0; i < n; i++) {
        const struct store_run *r = &runs[i];
        char when[32];
        date_of(when, sizeof when, r->started);
        buf_addf(&b, "%s  %s", when, r->lesson);
        buf_pad(&b, 44);
        if (r->finished != 0 && r->score >= 0)
            buf_addf(&b, "%-10s %3d%s", outcome_word(r->outcome), r->score,
                     r->practice ? "  practice after a rewind" : "");
        else if (r->dropped)
            buf_adds(&b, "given up");
        else
            buf_adds(&b, tape_touched(s, r) ? "begun" : "opened");
        if (r->finished == 0 && !r->dropped && r->steps > 0)
            buf_addf(&b, ", step %zu of %d", shown(r), r->steps);
        else if (r->finished == 0 && !r->dropped && r->mode == MODE_ONCALL)
            buf_adds(&b, ", on call");
        buf_addf(&b, "\n    %s\n", r->id);
    }
    print_raw(&b);
    buf_release(&b);
}

static void json_run(struct buf *b, const struct store_run *r)
{
    buf_adds(b, "  {\"id\": ");
    json_text(b, r->id);
    buf_adds(b, ", \"lesson\": ");
    json_text(b, r->lesson);
    buf_addf(b, ", \"seed\": %" PRIu64 ", \"mode\": \"%s\", \"started\": %" PRId64,
             r->seed, r->mode == MODE_ONCALL ? "oncall" : "guided", r->started);
    if (r->finished != 0)
        buf_addf(
            b,
            ", \"finished\": %" PRId64
            ", \"score\": %d, \"outcome\": \"%s\", \"hints\": %d, \"practice\": %s",
            r->finished, r->score, outcome_word(r->outcome), r->hints,
            r->practice ? "true" : "false");
    else
        buf_addf(b, ", \"finished\": null, \"given_up\": %s",
                 r->dropped ? "true" : "false");
    buf_addf(b, ", \"step\": %zu, \"steps\": %d}", shown(r), r->steps);
}

static void print_json(const struct store_run *runs, size_t n)
{
    struct buf b;
    buf_init(&b, 0);
    buf_adds(&b, "[\n");
    for (size_t i = 0; i < n; i++) {
        json_run(&b, &runs[i]);
        buf_adds(&b, i + 1 < n ? ",\n" : "\n");
    }
    buf_adds(&b, "]\n");
    print_raw(&b);
    buf_release(&b);
}

static int run(const struct cli_args *a)
{
    struct store *s = store_open(NULL);
    const struct store_run *runs;
    size_t n = store_runs(s, &runs);
    if (store_news(s) != NULL)
        complain("%s", store_news(s));
    if (store_trouble(s) != NULL)
        complain("%s", store_trouble(s));
    if (option_given(a, OPT_JSON))
        print_json(runs, n);
    else
        print_text(s, runs, n);
    int status = store_unreadable(s) ? LEAVE_STATE : LEAVE_OK;
    store_close(s);
    return status;
}

const struct subcommand subcommand_progress = {
    .name = "progress",
    .synopsis = "progress [--json]",
    .doc = "every run you played",
    .examples = "truecode progress\ntruecode progress --json",
    .options = HAS(JSON) | HAS(HELP),
    .run = run,
};
