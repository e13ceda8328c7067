/*
 * speed: simulated seconds per second.
 */
#include "console_internal.h"

#define FASTEST 60

static enum err run(struct call *c)
{
    struct param_desc p = {
        .name = "speed", .type = VALUE_NUMBER, .unit = "", .doc = ""};
    struct value v;
    if (!c->nargs) {
        out_line(c->o, TONE_NORMAL,
                 "speed 1 is real time, speed 4 four times as fast; at most %d.",
                 FASTEST);
        return ERR_OK;
    }
    const char *text = *c->arg[0] == 'x' ? c->arg[0] + 1 : c->arg[0];
    if (value_parse(c->m, &p, text, &v, NULL) != ERR_OK || !(v.as.number > 0) ||
        v.as.number > FASTEST)
        return refuse(c, ERR_INPUT, "“%s” is not a speed; a number from 0.1 to %d.",
                      text, FASTEST);
    fx_add(c, EFFECT_SPEED)->number = v.as.number;
    return ERR_OK;
}

const struct command cmd_speed = {
    .info = {.name = "speed",
             .synopsis = "speed [FACTOR]",
             .doc = "How many simulated seconds pass in one of yours. 1 is real time.",
             .examples = "speed 4\nspeed 1",
             .group = GROUP_TIME},
    .args = {ARG_TEXT},
    .max_args = 1,
    .run = run,
};
