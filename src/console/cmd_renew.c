/*
 * renew: gets a new certificate and puts it on the disk, where nobody sees it yet.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"certbot", "certbot renew --cert-name COMPONENT"},
    {"cert-manager", "cmctl renew COMPONENT"},
};
const struct command cmd_renew = {
    .info = {.name = "renew",
             .synopsis = "renew CERTIFICATE",
             .doc = "Gets a new certificate and puts it on the disk. It takes a reload "
                    "to present it.",
             .examples = "renew CERTIFICATE\nreload CERTIFICATE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT is renewed on the disk",
    .run = act_op,
};
