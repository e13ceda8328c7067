/*
 * certificate: what a callee presents to whoever opens a connection to it, and until
 * when. It is looked at in the handshake of a new connection and never again: when it
 * expires, calls go on over the connections that are open, and fail as these close, or
 * at once where everything is restarted.
 *
 * There are two of them: the one on the disk, which a renewal replaces, and the one
 * that is presented, until a reload reads the disk, or all instances of the service
 * that presents it have been started anew. Whether the time is right is for the
 * caller's clock to say.
 *
 * A handshake costs the cores of both sides. What it costs the one that presents the
 * certificate is nearly all its signature: about 1 ms with RSA-2048 and 0.15 ms with
 * ECDSA P-256 on a core of a few years ago (`openssl speed rsa2048 ecdsap256`), and
 * the key exchange and parsing on top; the caller verifies, which is cheap with RSA and
 * dearer with ECDSA: 0.2 ms for either.
 */
#include "engine/kind.h"
#include "engine/telling.h"
#include "net/net.h"
#include "truecode/world.h"

#include <stdio.h>

enum {
    P_ON,
    P_EXPIRES_IN,
    P_LIFETIME,
    P_BACKDATED,
    P_RENEW_BEFORE,
    P_AUTO_RELOAD,
    P_ROUNDS,
    P_HANDSHAKE,
    P_HANDSHAKE_CALLER,
    P_BACKLOG,
    P_COUNT
};
static const struct param_desc params[] = {
    [P_ON] = {.name = "on", .type = VALUE_COMP, .def = "", .doc = "Who presents it."},
    [P_EXPIRES_IN] = {.name = "expires_in",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 1e9,
                      .unit = "s",
                      .def = "720h",
                      .doc = "When the first one expires, from the start."},
    [P_LIFETIME] = {.name = "lifetime",
                    .type = VALUE_DURATION,
                    .min = 1,
                    .max = 1e9,
                    .unit = "s",
                    .def = "2160h",
                    .change = CHANGE_AT_ONCE,
                    .doc = "How long one is good from its issue."},
    [P_BACKDATED] = {.name = "backdated",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 1e9,
                     .unit = "s",
                     .def = "1h",
                     .change = CHANGE_BUILT,
                     .doc = "A new one is good from so long before its issue, for "
                            "clocks that are behind."},
    [P_RENEW_BEFORE] = {.name = "renew_before",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 1e9,
                        .unit = "s",
                        .def = "0",
                        .change = CHANGE_AT_ONCE,
                        .doc = "So long before it expires it is renewed by itself; 0: "
                               "by hand."},
    [P_AUTO_RELOAD] = {.name = "auto_reload",
                       .type = VALUE_BOOL,
                       .unit = "",
                       .def = "off",
                       .change = CHANGE_AT_ONCE,
                       .doc = "Whether a renewed one is presented at once."},
    [P_ROUNDS] = {.name = "round_trips",
                  .type = VALUE_COUNT,
                  .min = 0,
                  .max = 10,
                  .unit = "",
                  .def = "1",
                  .change = CHANGE_AT_ONCE,
                  .doc = "Round trips of a handshake (TLS 1.3: 1, 1.2: 2)."},
    [P_HANDSHAKE] = {.name = "handshake",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 60,
                     .unit = "s",
                     .def = "1ms",
                     .change = CHANGE_BUILT,
                     .doc = "Processor time of a handshake on the side that presents "
                            "it (RSA-2048: 1 ms, ECDSA P-256: 0.2 ms); longer where "
                            "its cores are busy."},
    [P_HANDSHAKE_CALLER] = {.name = "handshake_caller",
                            .type = VALUE_DURATION,
                            .min = 0,
                            .max = 60,
                            .unit = "s",
                            .def = "200us",
                            .change = CHANGE_BUILT,
                            .doc = "Processor time of a handshake on the caller's "
                                   "side; users have as many cores as they are."},
    [P_BACKLOG] = {.name = "backlog",
                   .type = VALUE_COUNT,
                   .min = 1,
                   .max = 1e6,
                   .unit = "connections",
                   .def = "4096",
                   .change = CHANGE_BUILT,
                   .doc = "Handshakes that each instance has under way at most (Linux: "
                          "somaxconn); who comes on top is not heard, and asks again "
                          "after 1 s, 2 s, 4 s ..."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "one for each");

enum { OP_RENEW, OP_RELOAD, OP_COUNT };
static const struct op_desc ops[] = {
    [OP_RENEW] = {.name = "renew",
                  .cost = 60 * SIM_SEC,
                  .doc = "Gets a new one and puts it on the disk; it is presented "
                         "after a reload, or a restart of all that present it."},
    [OP_RELOAD] = {.name = "reload",
                   .cost = 5 * SIM_SEC,
                   .doc = "Presents the one on the disk from now on."},
};
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

enum { F_REVOKED, F_WRONG_NAME, F_RENEWAL_FAILS, F_COUNT };
static const struct fault_desc faults[] = {
    [F_REVOKED] = {.name = "revoked",
                   .doc = "Whoever checks does not accept it any more."},
    [F_WRONG_NAME] = {.name = "wrong_name",
                      .doc = "Another one is presented, of a different name."},
    [F_RENEWAL_FAILS] = {.name = "renewal_fails",
                         .doc = "It cannot be renewed, and nobody is told."},
};
_Static_assert(COUNT_OF(faults) == F_COUNT, "one for each");

enum { FRESH_MAX = 256 }; /* higher numbers do not matter */
struct validity {
    sim_time from, until; /* good in [from, until) */
};
struct certificate {
    struct validity shown, disk;
    bool revoked, wrong_name, fails;
    uint32_t timer;
    uint64_t fresh[FRESH_MAX / 64]; /* instances started since the last renewal */
    sim_time work; /* of both sides, that handshakes took or were to take */
    uint64_t handshakes, failed, renewals, renewals_failed;
};
enum { EV_RENEW };
#define RENEW_AGAIN SIM_HOUR

static struct certificate *cert_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct certificate, c);
}

/* ---- in a handshake -------------------------------------------------------------- */

int certificate_rounds(struct world *w, comp_id c)
{
    cert_at(w, c)->handshakes++;
    return (int)p_count(w, c, P_ROUNDS);
}

sim_time certificate_work(struct world *w, comp_id c, enum handshake_side side)
{
    sim_time work =
        p_time(w, c, side == SIDE_PRESENTS ? P_HANDSHAKE : P_HANDSHAKE_CALLER);
    cert_at(w, c)->work += work;
    return work;
}

uint32_t certificate_backlog(const struct world *w, comp_id c)
{
    return (uint32_t)p_count(w, c, P_BACKLOG);
}

comp_id certificate_on(const struct world *w, comp_id c)
{
    return p_comp(w, c, P_ON);
}

/* NULL: nothing. */
static const char *wrong_with(const struct certificate *k, sim_time now)
{
    if (now < k->shown.from)
        return "certificate is not yet valid";
    if (now >= k->shown.until)
        return "certificate has expired";
    return k->wrong_name ? "certificate is for another name"
           : k->revoked  ? "certificate is revoked"
                         : NULL;
}

bool certificate_good(struct world *w, comp_id c, comp_id caller, int instance)
{
    struct certificate *k = cert_at(w, c);
    const char *wrong = wrong_with(k, clock_now(w, caller, instance));
    if (!wrong)
        return true;
    k->failed++;
    w_log(w, caller, instance, LOG_ERROR, 0, "tls: %s: %s", w->comps[c].name, wrong);
    return false;
}

/* ---- renewing -------------------------------------------------------------------- */

static void arm(struct world *w, comp_id c, sim_time soonest)
{
    struct certificate *k = cert_at(w, c);
    sim_time before = p_time(w, c, P_RENEW_BEFORE);
    cal_cancel(w, &k->timer);
    if (before == 0)
        return;
    sim_time at = k->disk.until - before;
    k->timer = cal_at(w, at > soonest ? at : soonest, EV_KIND + EV_RENEW, c, 0, 0);
}

static bool renew(struct world *w, comp_id c)
{
    struct certificate *k = cert_at(w, c);
    if (k->fails) {
        k->renewals_failed++;
        return false;
    }
    k->renewals++;
    memset(k->fresh, 0, sizeof k->fresh);
    k->disk.from = w_now(w) - p_time(w, c, P_BACKDATED);
    k->disk.until = k->disk.from + p_time(w, c, P_LIFETIME);
    if (p_on(w, c, P_AUTO_RELOAD))
        k->shown = k->disk;
    return true;
}

static bool all_fresh(const struct world *w, const struct certificate *k,
                      comp_id service)
{
    const struct kind_impl *s = comp_kind(w, service);
    for (int i = 1; i <= s->instances(w, service) && i < FRESH_MAX; i++)
        if (s->state(w, service, i) != INSTANCE_NONE &&
            !(k->fresh[i / 64] >> i % 64 & 1))
            return false;
    return true;
}

void certificate_started(struct world *w, comp_id service, uint16_t number)
{
    for (size_t i = 0; i < w->model->ncomps; i++) {
        if (w->comps[i].kind != &kind_certificate ||
            p_comp(w, (comp_id)i, P_ON) != service)
            continue;
        struct certificate *k = cert_at(w, (comp_id)i);
        if (number < FRESH_MAX)
            k->fresh[number / 64] |= UINT64_C(1) << number % 64;
        if (all_fresh(w, k, service))
            k->shown = k->disk;
    }
}

static void cert_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)what, (void)a, (void)b;
    cert_at(w, c)->timer = 0;
    (void)renew(w, c);
    arm(w, c, w_now(w) + RENEW_AGAIN);
}

static enum err cert_op(struct world *w, comp_id c, int op, const struct action *a,
                        struct effect *fx, struct errmsg *why)
{
    struct certificate *k = cert_at(w, c);
    (void)a;
    if (op == OP_RELOAD) {
        if (k->shown.until == k->disk.until && k->shown.from == k->disk.from)
            return errmsg_set(why, ERR_REFUSED,
                              "%s: the one on the disk is presented already",
                              w->comps[c].name);
        k->shown = k->disk;
        snprintf(fx->title, sizeof fx->title, "reload %s", w->comps[c].name);
        return ERR_OK;
    }
    if (!renew(w, c))
        return errmsg_set(why, ERR_REFUSED, "%s: the authority refuses to renew it",
                          w->comps[c].name);
    arm(w, c, w_now(w) + RENEW_AGAIN);
    snprintf(fx->title, sizeof fx->title, "renew %s", w->comps[c].name);
    return ERR_OK;
}

static enum err cert_fault(struct world *w, comp_id c, int fault,
                           const struct action *a, bool on, struct errmsg *why)
{
    struct certificate *k = cert_at(w, c);
    (void)a, (void)why;
    bool *trouble = fault == F_REVOKED      ? &k->revoked
                    : fault == F_WRONG_NAME ? &k->wrong_name
                                            : &k->fails;
    *trouble = on;
    return ERR_OK;
}

static void cert_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == P_RENEW_BEFORE)
        arm(w, c, w_now(w));
}

/* ---- the kind -------------------------------------------------------------------- */

enum {
    M_LEFT,
    M_DISK_LEFT,
    M_VALID,
    M_HANDSHAKES,
    M_FAILED,
    M_RENEWALS,
    M_RENEWALS_FAILED,
    M_WORK,
    M_COUNT
};
#define CERT_METRIC(n, p, t, u, d)                                                     \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_LEFT] =
        CERT_METRIC("seconds_left", "tls_certificate_expiry_seconds", METRIC_GAUGE, "s",
                    "Until the one that is presented expires; below 0: since."),
    [M_DISK_LEFT] =
        CERT_METRIC("disk_seconds_left", "tls_certificate_disk_expiry_seconds",
                    METRIC_GAUGE, "s", "Until the one on the disk expires."),
    [M_VALID] = CERT_METRIC("valid", "tls_certificate_valid", METRIC_GAUGE, "1",
                            "1: whoever has the right time accepts it."),
    [M_HANDSHAKES] = CERT_METRIC("handshakes_total", "tls_handshakes_total",
                                 METRIC_COUNTER, "1", "Handshakes begun."),
    [M_FAILED] =
        CERT_METRIC("failures_total", "tls_handshake_failures_total", METRIC_COUNTER,
                    "1", "Handshakes in which it was not accepted."),
    [M_RENEWALS] = CERT_METRIC("renewals_total", "tls_certificate_renewals_total",
                               METRIC_COUNTER, "1", "Times it was renewed."),
    [M_RENEWALS_FAILED] =
        CERT_METRIC("renewals_failed_total", "tls_certificate_renewal_failures_total",
                    METRIC_COUNTER, "1", "Times that failed."),
    [M_WORK] = CERT_METRIC("cpu_seconds_total", "tls_handshake_cpu_seconds_total",
                           METRIC_COUNTER, "s",
                           "Processor time that its handshakes ask for, both sides."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static double cert_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct certificate *k = cert_at(w, c);
    (void)instance;
    switch (metric) {
    case M_LEFT:
        return (double)(k->shown.until - w_now(w)) / (double)SIM_SEC;
    case M_DISK_LEFT:
        return (double)(k->disk.until - w_now(w)) / (double)SIM_SEC;
    case M_VALID:
        return !wrong_with(k, w_now(w));
    case M_HANDSHAKES:
        return (double)k->handshakes;
    case M_FAILED:
        return (double)k->failed;
    case M_RENEWALS:
        return (double)k->renewals;
    case M_WORK:
        return (double)k->work / (double)SIM_SEC;
    default:
        return (double)k->renewals_failed;
    }
}

void world_certificate(const struct world *w, comp_id c, struct certificate_view *v)
{
    const struct certificate *k = cert_at(w, c);
    *v = (struct certificate_view){.on = p_comp(w, c, P_ON),
                                   .from = k->shown.from,
                                   .until = k->shown.until,
                                   .disk_from = k->disk.from,
                                   .disk_until = k->disk.until,
                                   .wrong = wrong_with(k, w_now(w))};
}

static size_t cert_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct certificate);
}

static void cert_init(struct world *w, comp_id c)
{
    struct certificate *k = cert_at(w, c);
    sim_time until = p_time(w, c, P_EXPIRES_IN);
    k->shown = k->disk = (struct validity){until - p_time(w, c, P_LIFETIME), until};
    arm(w, c, 0);
}

const struct kind_impl kind_certificate = {
    .desc = {.name = "certificate",
             .doc = "What a callee proves itself with to new connections.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .state_size = cert_size,
    .init = cert_init,
    .event = cert_event,
    .changed = cert_changed,
    .op = cert_op,
    .fault = cert_fault,
    .metric = cert_metric,
};
