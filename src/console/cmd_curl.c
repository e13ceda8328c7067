/*
 * curl: what one request would meet now. A health address answers what its check asks;
 * any other is described from the requests that are inside and those that finished in
 * the last minute. The world is not touched: no request is sent.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define INSIDE_MAX 50000
#define WINDOW     SIM_MIN

static const char *param_text(struct call *c, comp_id comp, const char *name)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, name)) {
            struct value v = world_get(c->w, comp, name);
            value_format(c->m, &k->params[i], &v, &b);
        }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* ---- /health --------------------------------------------------------------------- */

static void health(struct call *c, comp_id service, int instance)
{
    int ok = 0, all = 0;
    for (int i = 1; i <= world_instances(c->w, service); i++) {
        struct instance_view v;
        world_instance(c->w, service, i, &v);
        if (v.state == INSTANCE_NONE || (instance && i != instance))
            continue;
        all++;
        ok += v.ready && v.state != INSTANCE_STARTING;
    }
    if (ok)
        out_line(c->o, TONE_GOOD, "200 OK   from %d of %d instances", ok, all);
    if (ok < all)
        out_line(c->o, TONE_BAD, "503 Service Unavailable   from %d of %d instances",
                 all - ok, all);
    note(c,
         "readiness = %s, liveness = %s: that is what this answer depends on, and "
         "nothing else.",
         param_text(c, service, "readiness"), param_text(c, service, "liveness"));
    seen_comp(c, service, "instances");
}

/* ---- an endpoint ----------------------------------------------------------------- */

struct inside {
    size_t n, most;
    sim_time oldest;
    uint8_t cause;
    comp_id place;
};

/* Requests of the endpoint that are inside now, and what most of them wait for. */
static struct inside look_inside(struct call *c, comp_id service, comp_id endpoint)
{
    struct inside in = {.oldest = c->now, .place = COMP_NONE, .cause = CAUSE_OTHER};
    struct inflight_view *v = arena_alloc(c->mem, INSIDE_MAX * sizeof *v);
    size_t n = world_inflight(c->w, service, v, INSIDE_MAX), kept = 0;
    for (size_t i = 0; i < n && i < INSIDE_MAX; i++)
        if (v[i].endpoint == endpoint)
            v[kept++] = v[i];
    for (size_t i = 0; i < kept; i++) {
        size_t same = 0;
        in.n++;
        in.oldest = v[i].started < in.oldest ? v[i].started : in.oldest;
        if (i && v[i].cause == v[i - 1].cause && v[i].place == v[i - 1].place)
            continue;
        for (size_t j = 0; j < kept; j++)
            same += v[j].cause == v[i].cause && v[j].place == v[i].place;
        if (same > in.most) {
            in.most = same;
            in.cause = v[i].cause;
            in.place = v[i].place;
        }
    }
    return in;
}

/* Answers that have a name of their own, each with its counter. */
static void results(struct call *c, comp_id endpoint)
{
    for (comp_id k = next_of(c, "counter", COMP_NONE); k != COMP_NONE;
         k = next_of(c, "counter", k))
        if (model_owner(c->m, k) == endpoint)
            out_line(c->o, TONE_NORMAL,
                     "  answered %s: %s in the last minute (chart %s)",
                     strrchr(name_of(c, k), '/') + 1,
                     count(c, rate(c, k, "total") * 60), name_of(c, k));
}

static void describe(struct call *c, comp_id service, comp_id endpoint)
{
    struct inside in = look_inside(c, service, endpoint);
    double done = rate(c, endpoint, "requests_total") * 60;
    double failed = rate(c, endpoint, "errors_total") * 60;
    double p50 = scene_latency(&c->scene, endpoint, 0.5);
    double p99 = scene_latency(&c->scene, endpoint, 0.99);
    out_line(c->o, TONE_STRONG, "%s", name_of(c, endpoint));
    if (isnan(p50))
        out_line(c->o, TONE_BAD, "  finished in the last minute: none");
    else
        para(c, TONE_NORMAL, 2,
             strf(c,
                  "last minute: %s requests, %s failed; of those that finished, half "
                  "took "
                  "%s and 1 %% more than %s",
                  count(c, done), count(c, failed), quantity(c, p50, "s"),
                  quantity(c, p99, "s")));
    results(c, endpoint);
    if (!in.n) {
        out_line(c->o, TONE_NORMAL, "  inside now: none");
        return;
    }
    out_line(c->o, TONE_NORMAL, "  inside now: %s, the oldest for %s",
             count(c, (double)in.n), ago(c, in.oldest));
    out_line(c->o, TONE_NORMAL, "  most of them: %s at %s (%s)",
             cause_phrase((enum cause)in.cause), name_of(c, in.place),
             count(c, (double)in.most));
}

static comp_id endpoint_named(struct call *c, comp_id service, const char *path)
{
    comp_id e = model_find(c->m, strf(c, "%s/%s", name_of(c, service), path));
    return e != COMP_NONE && is_kind(c, e, "endpoint") ? e : COMP_NONE;
}

static enum err no_endpoint(struct call *c, comp_id service, const char *path)
{
    const char *names[64];
    comp_id v[62];
    size_t n = endpoints_of(c, service, v, COUNT_OF(v));
    for (size_t i = 0; i < n; i++)
        names[i] = strf(c, "%s", strrchr(name_of(c, v[i]), '/') + 1);
    names[n++] = "metrics";
    names[n] = "health";
    const char *near = text_suggest(path, names, n + 1);
    if (near)
        return refuse(c, ERR_NOT_FOUND,
                      "404 Not Found: %s has no %s; did you mean %s/%s?",
                      name_of(c, service), path, name_of(c, service), near);
    struct buf b;
    buf_init(&b, 300);
    for (size_t i = 0; i <= n; i++)
        buf_addf(&b, "%s%s/%s", i ? ", " : "", name_of(c, service), names[i]);
    enum err e = refuse(c, ERR_NOT_FOUND, "404 Not Found: %s has no %s; it has %s",
                        name_of(c, service), path, b.s);
    buf_release(&b);
    return e;
}

static enum err run(struct call *c)
{
    comp_id comp, service;
    int instance;
    const char *url = c->arg[0], *scheme = strstr(url, "://");
    url = scheme ? scheme + 3 : url;
    size_t host = strcspn(url, "/");
    const char *path = url[host] ? url + host + 1 : "health";
    enum err e =
        need_comp(c, arena_strndup(c->mem, url, strcspn(url, "/:")), &comp, &instance);
    if (e != ERR_OK)
        return e;
    service = is_kind(c, comp, "balancer") ? model_target(c->m, comp) : comp;
    if (!is_kind(c, service, "service"))
        return refuse(c, ERR_INPUT, "%s does not speak HTTP here; services do: %s",
                      name_of(c, comp), names_of_kind(c, "service"));
    if (str_starts(path, "health") || !*path) {
        health(c, service, instance);
        return ERR_OK;
    }
    if (str_eq(path, "metrics"))
        return show_exposition(c, service);
    comp_id endpoint = endpoint_named(c, service, path);
    if (endpoint == COMP_NONE)
        return no_endpoint(c, service, path);
    describe(c, service, endpoint);
    note(c, "A new request would join those inside. Nothing was sent.");
    seen_comp(c, service, "stacks");
    seen_comp(c, endpoint, "metrics");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"curl", "curl -sS -o /dev/null -w '%{http_code} %{time_total}\\n' "
             "http://COMPONENT/health"},
    {"hey", "hey -n 20 -c 2 http://COMPONENT/"},
};
const struct command cmd_curl = {
    .info =
        {.name = "curl",
         .synopsis = "curl COMPONENT/health | COMPONENT/ENDPOINT | COMPONENT/metrics",
         .doc =
             "What one request would meet now. The health answer, or for an endpoint "
             "what finished lately and what is stuck inside. Nothing is sent. /metrics "
             "is what a Prometheus server would scrape.",
         .examples = "curl COMPONENT/health\ncurl ENDPOINT\n"
                     "curl COMPONENT/metrics | grep cpu",
         .group = GROUP_LOOK,
         WILD(wild)},
    .args = {ARG_ENDPOINT},
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
