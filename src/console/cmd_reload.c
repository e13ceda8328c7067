/*
 * reload: presents the certificate that is on the disk.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"nginx", "nginx -s reload"},
    {"systemd", "systemctl reload haproxy"},
};
const struct command cmd_reload = {
    .info = {.name = "reload",
             .synopsis = "reload CERTIFICATE",
             .doc = "Presents the certificate that is on the disk from now on.",
             .examples = "reload CERTIFICATE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT is presented as it is on the disk",
    .run = act_op,
};
