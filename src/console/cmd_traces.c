/*
 * traces: requests that were recorded with all their spans; which ones, when, how long,
 * how they ended. Unfinished ones are there, too: no latency metric has them. Where a
 * system hangs they are nearly all, so beside finished ones they are only counted.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define SHOWN  20
#define MAX    4000
#define WINDOW (10 * SIM_MIN)

/* "buy" or "checkout/buy". */
static bool endpoint_is(struct call *c, comp_id endpoint, const char *wanted)
{
    if (!wanted)
        return true;
    if (endpoint == COMP_NONE)
        return false;
    const char *name = name_of(c, endpoint), *slash = strrchr(name, '/');
    return str_eq(name, wanted) || (slash && str_eq(slash + 1, wanted));
}

static enum err check_endpoint(struct call *c, const char *wanted)
{
    const char *names[256];
    size_t n = 0;
    for (comp_id e = next_of(c, "endpoint", COMP_NONE); e != COMP_NONE;
         e = next_of(c, "endpoint", e)) {
        if (!wanted || endpoint_is(c, e, wanted))
            return ERR_OK;
        if (n < COUNT_OF(names))
            names[n++] = name_of(c, e);
    }
    const char *near = text_suggest(wanted, names, n);
    return refuse(c, ERR_NOT_FOUND, "There is no endpoint %s%s%s%s", wanted,
                  near ? "; did you mean " : "; there is ",
                  near ? near : names_of_kind(c, "endpoint"), near ? "?" : "");
}

static const char *result(struct call *c, const struct trace_head *h)
{
    if (h->end == SIM_FOREVER)
        return "not finished";
    if (h->reason == REASON_NONE)
        return h->result ? h->result : "ok";
    return h->culprit == COMP_NONE
               ? reason_phrase(h->reason)
               : strf(c, "%s at %s", reason_phrase(h->reason), name_of(c, h->culprit));
}

static void saw(struct call *c, const struct trace_head *h)
{
    seen_comp(c, h->endpoint, "traces");
    if (model_owner(c->m, h->endpoint) != COMP_NONE)
        seen_comp(c, model_owner(c->m, h->endpoint), "traces");
}

static void row(struct call *c, struct out_table *t, const struct trace_head *h)
{
    bool open = h->end == SIM_FOREVER;
    table_cell(t, TONE_STRONG, "%llx", (unsigned long long)h->request);
    table_cell(t, TONE_NORMAL, "%s", clock_of(c, h->start, true));
    table_cell(t, TONE_NORMAL, "%s", name_of(c, h->endpoint));
    table_cell(t, open ? TONE_WARN : TONE_NORMAL, "%s%s",
               open ? ago(c, h->start)
                    : span_of(c, (h->end - h->start) / SIM_MS * SIM_MS),
               open ? " so far" : "");
    table_cell(t, h->reason == REASON_NONE && !open ? TONE_GOOD : TONE_BAD, "%s%s",
               result(c, h), h->nopen ? ", transaction still open" : "");
    saw(c, h);
}

static enum err make_filter(struct call *c, struct trace_filter *f)
{
    *f = (struct trace_filter){.comp = COMP_NONE, .to = c->now, .now = c->w};
    f->open = call_opt(c, "--open");
    enum err e = when_since(c, WINDOW, &f->from);
    if (f->open && !call_opt(c, "--since"))
        f->from = 0; /* an open trace may be as old as the world */
    if (e == ERR_OK && c->nargs)
        e = need_comp(c, c->arg[0], &f->comp, NULL);
    if (e == ERR_OK && call_opt(c, "--slow"))
        e = time_parse(call_opt(c, "--slow"), &f->slower, c->why);
    if (e == ERR_OK)
        e = check_endpoint(c, call_opt(c, "--endpoint"));
    f->errors = call_opt(c, "--errors");
    f->unfinished = call_opt(c, "--unfinished");
    return e;
}

static size_t unfinished(const struct trace_head *v, size_t n)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += v[i].end == SIM_FOREVER;
    return open;
}

/* "94 have not finished (checkout/buy 94), the oldest for 12 m 41 s: ..." */
static void tell_unfinished(struct call *c, const struct trace_head *v, size_t n)
{
    comp_id seen_ids[COMPS_MAX];
    size_t kinds = 0, all = unfinished(v, n), first = n;
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0, same = 0;
        if (v[i].end != SIM_FOREVER)
            continue;
        first = i < first ? i : first;
        while (k < kinds && seen_ids[k] != v[i].endpoint)
            k++;
        if (k < kinds || kinds == COMPS_MAX)
            continue;
        seen_ids[kinds++] = v[i].endpoint;
        for (size_t j = i; j < n; j++)
            same += v[j].end == SIM_FOREVER && v[j].endpoint == v[i].endpoint;
        buf_addf(&b, "%s%s %zu", b.len ? ", " : "", name_of(c, v[i].endpoint), same);
        saw(c, &v[i]);
    }
    para(c, TONE_WARN, 0,
         strf(c,
              "%zu more %s not finished (%s), the oldest for %s: traces --unfinished",
              all, all == 1 ? "has" : "have", b.s, ago(c, v[first].start)));
    buf_release(&b);
}

/* Requests inside services (COMP_NONE: inside any) whose callers are gone: their traces
 * have ended, and their work has not. */
static size_t callers_gone(struct call *c, comp_id only)
{
    size_t gone = 0;
    for (comp_id s = next_of(c, "service", COMP_NONE); s != COMP_NONE;
         s = next_of(c, "service", s)) {
        size_t n =
            only == COMP_NONE || only == s ? world_inflight(c->w, s, NULL, 0) : 0;
        struct inflight_view *v = arena_alloc(c->mem, (n + 1) * sizeof *v);
        n = n > 0 ? world_inflight(c->w, s, v, n) : 0;
        for (size_t i = 0; i < n; i++)
            gone += v[i].abandoned;
    }
    return gone;
}

/* Only the finished ones, in place. */
static size_t keep_finished(struct trace_head *v, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].end != SIM_FOREVER)
            v[kept++] = v[i];
    return kept;
}

static enum err run(struct call *c)
{
    struct trace_filter f;
    enum err e = make_filter(c, &f);
    if (e != ERR_OK)
        return e;
    struct trace_head *v = arena_alloc(c->mem, MAX * sizeof *v);
    size_t n = recording_traces(c->rec, &f, v, MAX), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (endpoint_is(c, v[i].endpoint, call_opt(c, "--endpoint")))
            v[kept++] = v[i];
    size_t open = unfinished(v, kept);
    bool sum_up = open && open < kept && !c->piped && !f.unfinished;
    struct trace_head *all = v;
    size_t nall = kept;
    if (sum_up) {
        all = arena_alloc(c->mem, kept * sizeof *all);
        memcpy(all, v, kept * sizeof *all);
        kept = keep_finished(v, kept);
    }
    size_t gone = f.unfinished ? callers_gone(c, f.comp) : 0;
    size_t skip = !c->piped && kept > SHOWN ? kept - SHOWN : 0;
    struct out_table t;
    table_init(&t, c->o, "TRACE|AT|ENDPOINT|>TOOK|RESULT");
    size_t from =
        f.unfinished ? 0 : skip; /* of those that wait, the oldest tell most */
    for (size_t i = from; i < from + (kept - skip); i++)
        row(c, &t, &v[i]);
    table_print(&t);
    if (sum_up)
        tell_unfinished(c, all, nall);
    if (!kept)
        note(c,
             "No such trace since %s. Kept are errors, the slowest, and some of the "
             "rest.",
             clock_of(c, f.from, true));
    else if (f.unfinished && gone > 0)
        note(
            c,
            "%strace ID draws one. Nobody waits any more for %s that are still inside: "
            "stacks COMPONENT.",
            skip ? strf(c, "The oldest %d of %zu. ", SHOWN, kept) : "",
            count(c, (double)gone));
    else
        note(c, "%strace ID draws one.",
             !skip          ? ""
             : f.unfinished ? strf(c, "The oldest %d of %zu. ", SHOWN, kept)
                            : strf(c, "The last %d of %zu. ", SHOWN, kept));
    if (f.comp != COMP_NONE)
        seen_comp(c, f.comp, "traces");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"curl",
     "curl -s "
     "'http://jaeger:16686/api/traces?service=COMPONENT&minDuration=1s&limit=20'"},
    {"aws",
     "aws xray get-trace-summaries --start-time $(date -d '-10 min' +%s) --end-time "
     "$(date +%s) --filter-expression 'responsetime > 1'"},
};
const struct command cmd_traces = {
    .info = {.name = "traces",
             .synopsis =
                 "traces [COMPONENT] [--endpoint NAME] [--slow TIME] [--errors] "
                 "[--unfinished] [--open] [--since TIME]",
             .doc = "Requests recorded from end to end. Errors, the slowest, some of "
                    "the rest, and those that have not finished. --open: those that "
                    "left a transaction open which is open still, since the start.",
             .examples = "traces --slow 1s\ntraces --unfinished\ntraces --open\n"
                         "traces --endpoint "
                         "ENDPOINT --errors --since 30m",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 1,
    .opts = {{"--endpoint", ARG_ENDPOINT, "only this endpoint: buy, or checkout/buy"},
             {"--slow", ARG_DURATION, "at least so long: 1s, 500ms"},
             {"--errors", ARG_NONE, "only those that failed"},
             {"--unfinished", ARG_NONE, "only those that have not finished"},
             {"--open", ARG_NONE, "only those that left a transaction open"},
             {"--since", ARG_TIME, "20:12, or 30m for half an hour ago (default 10m)"}},
    .run = run,
};
