/*
 * tls: certificates, the one that is presented and the one on the disk, and the clocks
 * that they are checked by.
 */
#include "console_internal.h"
#include "lookup.h"

static const char *left(struct call *c, sim_time until)
{
    sim_time t = until - c->now;
    if (t < 0)
        return strf(c, "expired %s ago", span_of(c, -t / SIM_SEC * SIM_SEC));
    return span_of(c, t / SIM_SEC * SIM_SEC);
}

static void row(struct call *c, struct out_table *t, comp_id cert)
{
    struct certificate_view v;
    world_certificate(c->w, cert, &v);
    bool newer = v.disk_until != v.until || v.disk_from != v.from;
    table_cell(t, TONE_STRONG, "%s", name_of(c, cert));
    table_cell(t, TONE_NORMAL, "%s", v.on == COMP_NONE ? "-" : name_of(c, v.on));
    table_cell(t, v.until <= c->now ? TONE_BAD : TONE_NORMAL, "%s", left(c, v.until));
    table_cell(t, newer ? TONE_WARN : TONE_NORMAL, "%s",
               newer ? left(c, v.disk_until) : "the same");
    table_cell(t, v.wrong ? TONE_BAD : TONE_GOOD, "%s", v.wrong ? v.wrong : "good");
    seen_comp(c, cert, "metrics");
    seen_comp(c, cert, "config");
}

static void show_clocks(struct call *c)
{
    struct out_table t;
    if (!count_of(c, "clock"))
        return;
    table_init(&t, c->o, "CLOCK|OF|>AHEAD BY|SET BY NTP");
    for (comp_id k = next_of(c, "clock", COMP_NONE); k != COMP_NONE;
         k = next_of(c, "clock", k)) {
        double ahead = gauge(c, k, "offset_seconds", 0);
        bool synced = gauge(c, k, "synced", 0) > 0;
        table_cell(&t, TONE_STRONG, "%s", name_of(c, k));
        table_cell(&t, TONE_NORMAL, "%s", name_of(c, model_target(c->m, k)));
        table_cell(&t, ahead > 1 || ahead < -1 ? TONE_WARN : TONE_NORMAL, "%.3f s",
                   ahead);
        table_cell(&t, synced ? TONE_GOOD : TONE_BAD, "%s", synced ? "yes" : "no");
        seen_comp(c, k, "metrics");
    }
    table_print(&t);
}

static enum err run(struct call *c)
{
    comp_id cert = next_of(c, "certificate", COMP_NONE);
    struct out_table t;
    int instance;
    if (cert == COMP_NONE)
        return refuse(c, ERR_NOT_FOUND, "Nothing here has a certificate.");
    if (c->nargs > 0) {
        enum err e = need_comp(c, c->arg[0], &cert, &instance);
        if (e != ERR_OK)
            return e;
        if (!is_kind(c, cert, "certificate"))
            return refuse(c, ERR_INPUT, "%s is no certificate; there is %s", c->arg[0],
                          names_of_kind(c, "certificate"));
    }
    table_init(&t, c->o, "CERTIFICATE|ON|>EXPIRES IN|>ON THE DISK|SAYS A NEW CALLER");
    for (; cert != COMP_NONE; cert = next_of(c, "certificate", cert)) {
        row(c, &t, cert);
        if (c->nargs > 0)
            break; /* only this one was asked for */
    }
    table_print(&t);
    show_clocks(c);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"openssl", "openssl s_client -connect COMPONENT:443 </dev/null | openssl x509 "
                "-noout -dates"},
    {"curl", "curl -vI https://COMPONENT/ 2>&1 | grep -i 'expire date'"},
};
const struct command cmd_tls = {
    .info = {.name = "tls",
             .synopsis = "tls [CERTIFICATE]",
             .doc =
                 "Certificates, and the clocks that check them. Until when the one "
                 "that is presented is good, and the one on the disk. renew puts a new "
                 "one on the disk, reload presents it.",
             .examples = "tls\ntls CERTIFICATE\nrenew CERTIFICATE\nreload CERTIFICATE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 1,
    .run = run,
};
