/*
 * wait: lets simulated time pass; pages and tickets interrupt it.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define LONGEST (24 * SIM_HOUR)

static enum err run(struct call *c)
{
    sim_time d, until;
    const char *text =
        c->nargs == 2 ? strf(c, "%s%s", c->arg[0], c->arg[1]) : c->arg[0];
    if (c->nargs == 2 && str_eq(c->arg[0], "until"))
        text = c->arg[1];
    if (strchr(text, ':')) {
        enum err e = when_next(c, text, &until);
        if (e != ERR_OK)
            return e;
        d = until - c->now;
    } else if (time_parse(text, &d, c->why) != ERR_OK) {
        return ERR_INPUT;
    }
    if (d > LONGEST)
        return refuse(c, ERR_INPUT, "That is too long; at most %s at once.",
                      span_of(c, LONGEST));
    if (d == 0)
        return refuse(c, ERR_INPUT, "Say how long, for example: wait 30s");
    fx_add(c, EFFECT_WAIT)->duration = d;
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"watch", "watch -n 10 kubectl get pods -l app=COMPONENT"},
    {"sleep", "sleep 300"},
};
const struct command cmd_wait = {
    .info = {.name = "wait",
             .synopsis = "wait DURATION|TIME",
             .doc = "Lets time pass. So long, or until a time of day; it stops early "
                    "at a page or a message.",
             .examples = "wait 30s\nwait 5m\nwait TIME",
             .group = GROUP_TIME,
             WILD(wild)},
    .args = {ARG_DURATION},
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
