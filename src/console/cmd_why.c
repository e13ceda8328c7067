/*
 * why: the simulator's own answer: where the time of users' requests went, and why and
 * where they failed. After the incident it is free; before, it has the price of the
 * solution, which is named first.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define WINDOW (10 * SIM_MIN)

static void tell_time(struct call *c, comp_id client, sim_time from, double q_low,
                      const char *whose, struct buf *b)
{
    struct share v[6];
    size_t n = explain_time(c->rec, client, from, c->now, q_low, 1, v, COUNT_OF(v));
    if (!n)
        return;
    buf_addf(b, "%s:", whose);
    for (size_t i = 0; i < n && (i == 0 || v[i].share >= 0.01); i++)
        buf_addf(b, "%s %s at %s %s (%s a request)", i ? "," : "",
                 cause_phrase(v[i].cause), name_of(c, v[i].place),
                 percent(c, v[i].share), quantity(c, v[i].seconds, "s"));
    buf_adds(b, ".\n\n");
}

static void tell_failures(struct call *c, comp_id client, sim_time from, struct buf *b)
{
    struct failure v[6];
    size_t n = explain_failures(c->rec, client, from, c->now, v, COUNT_OF(v));
    if (!n) {
        buf_adds(b, "None of them failed.\n\n");
        return;
    }
    buf_adds(b, "Why they failed:");
    for (size_t i = 0; i < n; i++)
        buf_addf(b, "%s %s at %s %s times", i ? "," : "", reason_phrase(v[i].reason),
                 name_of(c, v[i].place), count(c, (double)v[i].count));
    buf_adds(b, ".\n\n");
}

static const char *explain(struct call *c, sim_time from)
{
    struct buf b;
    buf_init(&b, 0);
    for (comp_id k = next_of(c, "client", COMP_NONE); k != COMP_NONE;
         k = next_of(c, "client", k)) {
        double good = recording_good_of(c->rec, k, from, c->now);
        buf_addf(&b, "%s, %s to %s: %s of requests were good.\n\n", name_of(c, k),
                 clock_of(c, from, false), clock_of(c, c->now, false),
                 percent(c, good));
        tell_time(c, k, from, 0, "Where the time of all of them went", &b);
        tell_time(c, k, from, 0.98, "The slowest 2 %", &b);
        tell_failures(c, k, from, &b);
    }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

static enum err run(struct call *c)
{
    sim_time from;
    enum err e = when_since(c, WINDOW, &from);
    if (e != ERR_OK)
        return e;
    const char *text = explain(c, from);
    bool shown = c->ctx->finished || c->yes;
    fx_add(c, EFFECT_WHY)->text = shown ? NULL : fx_text(c, text);
    if (shown)
        para(c, TONE_NORMAL, 0, text);
    else
        fx_risk(c, "This shows the answer, and counts as the solution shown.");
    return ERR_OK;
}

const struct command cmd_why = {
    .info = {.name = "why",
             .synopsis = "why [--since TIME]",
             .doc = "The exact answer. From the simulator's own accounting: where the "
                    "time of users' requests went, and why and where they failed. Free "
                    "once it is over; before that it counts as the solution shown.",
             .examples = "why\nwhy --since 15m",
             .group = GROUP_REASON},
    .opts = {{"--since", ARG_TIME, "20:12, or 30m for half an hour ago (default 10m)"}},
    .run = run,
};
