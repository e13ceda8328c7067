/*
 * map: how work flows, from the clients along the calls, with rates; where it queues
 * and where it dies. A chain stands on one line; where it branches, the callees hang
 * below.
 */
#include "console_internal.h"

#include <string.h>

#define WINDOW      SIM_MIN
#define FACTS_MAX   6
#define BAR         10
#define CALLEES     24
#define DEPTH_MAX   6
#define FACT_ROOM   22
#define TURNED_AWAY "turned away"

struct fact {
    const char *text;
    enum tone tone;
};
struct facts {
    struct fact v[FACTS_MAX];
    size_t n;
};
struct drawing {
    struct call *c;
    bool drawn[COMPS_MAX];
    size_t depth;
};

static void add(struct facts *f, enum tone tone, const char *text)
{
    if (f->n < FACTS_MAX)
        f->v[f->n++] = (struct fact){text, tone};
}

/* ---- edges ------------------------------------------------------------------------
 */

static comp_id policy_of(const struct call *c, comp_id from, comp_id to)
{
    comp_id p = next_owned(c, from, "call", COMP_NONE);
    while (p != COMP_NONE && model_target(c->m, p) != to)
        p = next_owned(c, from, "call", p);
    return p;
}

static double known(double x)
{
    return isnan(x) ? 0 : x;
}

/* What arrives at a component from everybody. */
static double arriving(const struct call *c, comp_id comp)
{
    if (is_kind(c, comp, "database"))
        return rate(c, comp, "statements_total", WINDOW);
    if (is_kind(c, comp, "cache"))
        return known(rate(c, comp, "hits_total", WINDOW)) +
               known(rate(c, comp, "misses_total", WINDOW));
    return rate(c, comp, "requests_total", WINDOW);
}

static double flow(const struct call *c, comp_id from, comp_id to)
{
    comp_id p = policy_of(c, from, to);
    double r = p == COMP_NONE ? NAN : rate(c, p, "attempts_total", WINDOW);
    return isnan(r) ? arriving(c, to) : r;
}

static size_t callees(const struct call *c, comp_id comp, comp_id *out)
{
    size_t n = 0;
    bool hands_on = is_kind(c, comp, "balancer") || is_kind(c, comp, "limiter");
    if (hands_on && model_target(c->m, comp) != COMP_NONE)
        out[n++] = model_target(c->m, comp);
    for (comp_id p = next_owned(c, comp, "call", COMP_NONE);
         p != COMP_NONE && n < CALLEES; p = next_owned(c, comp, "call", p)) {
        comp_id to = model_target(c->m, p);
        bool have = to == COMP_NONE;
        for (size_t i = 0; i < n; i++)
            have = have || out[i] == to;
        if (!have)
            out[n++] = to;
    }
    return n;
}

/* "✗ 41/s timeout"; aloud "41/s fail: timeout". */
static const char *dying(const struct call *c, double per_s, const char *why)
{
    if (c->ctx->spoken)
        return strf(c, "%s fail: %s", per_time(c, per_s), why);
    return strf(c, "%s %s %s", c->ctx->ascii ? "x" : "✗", per_time(c, per_s), why);
}

/* What a component turned away has died on the way to it: where the caller's reason
 * stands beside it with the same rate, that says more. */
static void drop_told_twice(struct facts *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const char *text = f->v[i].text, *why = strstr(text, TURNED_AWAY);
        bool twice = false;
        for (size_t k = 0; why && k < f->n; k++)
            twice =
                twice || (k != i && !strncmp(text, f->v[k].text, (size_t)(why - text)));
        if (!twice)
            f->v[n++] = f->v[i];
    }
    f->n = n;
}

/* What dies on the way: the two most frequent reasons. */
static void edge_facts(struct call *c, comp_id policy, struct facts *f)
{
    double r[REASON_COUNT];
    static const char *const metric[REASON_COUNT] = {
#define X(name, phrase) "failures_" #name,
        REASON_LIST(X)
#undef X
    };
    if (policy == COMP_NONE || is_hidden(c, policy))
        return;
    for (int i = 0; i < REASON_COUNT; i++)
        r[i] = known(rate(c, policy, metric[i], WINDOW));
    for (int k = 0; k < 2; k++) {
        int best = REASON_NONE + 1;
        for (int i = best; i < REASON_COUNT; i++)
            if (r[i] > r[best])
                best = i;
        if (!(r[best] > 0))
            break;
        add(f, TONE_BAD, dying(c, r[best], reason_phrase((enum reason)best)));
        r[best] = 0;
    }
    double again = known(rate(c, policy, "retries_total", WINDOW));
    if (again > 0)
        add(f, TONE_WARN, strf(c, "%s retries", per_time(c, again)));
}

/* ---- nodes
 * ---------------------------------------------------------------------------- */

static const char *bar(const struct call *c, double share)
{
    struct buf b;
    int full = (int)(known(share) * BAR + 0.5);
    buf_init(&b, 0);
    for (int i = 0; i < BAR; i++)
        buf_adds(&b,
                 i < full ? (c->ctx->ascii ? "#" : "█") : (c->ctx->ascii ? "." : "░"));
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

static void cpu_fact(struct call *c, comp_id comp, struct facts *f)
{
    double cpu = gauge(c, comp, "cpu", 0);
    if (!isnan(cpu))
        add(f, cpu > 0.9 ? TONE_WARN : TONE_NORMAL,
            c->ctx->spoken ? strf(c, "cpu %s", percent(c, cpu))
                           : strf(c, "cpu %s %s", bar(c, cpu), percent(c, cpu)));
}

static void service_facts(struct call *c, comp_id comp, struct facts *f)
{
    double queued = gauge(c, comp, "queued", 0);
    double waiting = gauge(c, comp, "pool_waiting", 0);
    double refused = rate(c, comp, "refused_total", WINDOW);
    if (queued > 0)
        add(f, TONE_WARN, strf(c, "%s queued for a worker", count(c, queued)));
    if (waiting > 0)
        add(f, TONE_WARN, strf(c, "%s waiting for a connection", count(c, waiting)));
    if (refused > 0)
        add(f, TONE_BAD, dying(c, refused, TURNED_AWAY));
    if (gauge(c, comp, "cpu", 0) > 0.8)
        cpu_fact(c, comp, f);
}

static void node_facts(struct call *c, comp_id comp, struct facts *f)
{
    if (is_kind(c, comp, "service")) {
        service_facts(c, comp, f);
    } else if (is_kind(c, comp, "database")) {
        cpu_fact(c, comp, f);
        double open = gauge(c, comp, "connections", 0),
               max = gauge(c, comp, "max_connections", 0);
        add(f, open >= max ? TONE_WARN : TONE_NORMAL,
            strf(c, "connections %s/%s", num(c, open), num(c, max)));
    } else if (is_kind(c, comp, "cache")) {
        double h = known(rate(c, comp, "hits_total", WINDOW));
        double all = h + known(rate(c, comp, "misses_total", WINDOW));
        if (all > 0)
            add(f, TONE_NORMAL, strf(c, "hit %s", percent(c, h / all)));
    } else if (is_kind(c, comp, "external")) {
        double e = rate(c, comp, "errors_total", WINDOW);
        if (e > 0)
            add(f, TONE_BAD, dying(c, e, "errors"));
    }
    if (gauge(c, comp, "up", 0) == 0 && !is_kind(c, comp, "client"))
        add(f, TONE_BAD, "down");
}

static const char *label(const struct call *c, comp_id comp)
{
    int n = 0;
    if (!is_kind(c, comp, "service"))
        return name_of(c, comp);
    for (int i = 1; i <= world_instances(c->w, comp); i++) {
        struct instance_view v;
        world_instance(c->w, comp, i, &v);
        n += v.state != INSTANCE_NONE;
    }
    return strf(c, c->ctx->ascii ? "%s x%d" : "%s ×%d", name_of(c, comp), n);
}

static const char *arrow(const struct call *c, comp_id from, comp_id to)
{
    const char *r = per_time(c, flow(c, from, to));
    return strf(c, c->ctx->ascii ? "--%s--> " : "──%s──▶ ", r);
}

/* ---- drawing
 * ----------------------------------------------------------------------------- */

static void draw_branches(struct drawing *d, comp_id comp, const char *prefix);

static void fact_lines(struct drawing *d, const char *prefix, const struct facts *f)
{
    for (size_t i = 0; i < f->n; i++) {
        out_add(d->c->o, TONE_DIM, "%s%s ", prefix, d->c->ctx->ascii ? "|" : "│");
        out_line(d->c->o, f->v[i].tone, "%s", f->v[i].text);
    }
}

/* The facts of a callee stand right of its name, one below the other. */
static void facts_beside(struct drawing *d, const struct facts *f, const char *under,
                         size_t used, size_t col)
{
    for (size_t i = 0; i < f->n; i++) {
        if (i) {
            out_add(d->c->o, TONE_DIM, "%s", under);
            used = text_width(under);
        }
        out_add(d->c->o, TONE_NORMAL, "%*s", (int)(col > used ? col - used : 1), "");
        out_line(d->c->o, f->v[i].tone, "%s", f->v[i].text);
    }
    if (!f->n)
        out_end(d->c->o);
}

static void draw_callee(struct drawing *d, comp_id from, comp_id to, const char *prefix,
                        bool last, size_t col)
{
    struct call *c = d->c;
    const char *branch = c->ctx->ascii ? (last ? "`" : "+") : (last ? "╰" : "├");
    const char *under = strf(c, "%s%s", prefix, last ? " " : c->ctx->ascii ? "|" : "│");
    const char *way = arrow(c, from, to);
    bool again = d->drawn[to];
    struct facts f = {.n = 0};
    if (!again)
        node_facts(c, to, &f);
    edge_facts(c, policy_of(c, from, to), &f);
    drop_told_twice(&f);
    out_add(c->o, TONE_DIM, "%s%s%s", prefix, branch, way);
    out_add(c->o, TONE_STRONG, "%s", label(c, to));
    facts_beside(d, &f, under,
                 text_width(prefix) + 1 + text_width(way) + text_width(label(c, to)),
                 col);
    d->drawn[to] = true;
    if (!again)
        draw_branches(d, to, strf(c, "%s   ", under));
}

/* Where the facts of these callees begin. */
static size_t facts_column(struct drawing *d, comp_id comp, const comp_id *v, size_t n,
                           const char *prefix)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t w = text_width(arrow(d->c, comp, v[i])) + text_width(label(d->c, v[i]));
        most = w > most ? w : most;
    }
    return text_width(prefix) + 1 + most + 3;
}

static void draw_branches(struct drawing *d, comp_id comp, const char *prefix)
{
    comp_id v[CALLEES];
    size_t n = callees(d->c, comp, v);
    if (d->depth >= DEPTH_MAX)
        return;
    d->depth++;
    size_t col = facts_column(d, comp, v, n, prefix);
    for (size_t i = 0; i < n; i++)
        draw_callee(d, comp, v[i], prefix, i + 1 == n, col);
    d->depth--;
}

/* The stem goes down from under the name, or further left where the callees need room.
 */
static const char *stem(struct drawing *d, comp_id comp, size_t under)
{
    struct call *c = d->c;
    comp_id v[CALLEES];
    size_t n = callees(c, comp, v), col = under + 1;
    size_t needed = facts_column(d, comp, v, n, "") + FACT_ROOM;
    size_t room = (size_t)c->ctx->columns;
    if (col + needed > room)
        col = room > needed + 3 ? room - needed : 3;
    if (col < under + 1 && n) {
        struct buf b;
        buf_init(&b, 0);
        for (size_t i = 0; i < col; i++)
            buf_addch(&b, ' ');
        buf_adds(&b, c->ctx->ascii ? "," : "╭");
        for (size_t i = col + 1; i < under + 1; i++)
            buf_adds(&b, c->ctx->ascii ? "-" : "─");
        buf_adds(&b, c->ctx->ascii ? "'" : "╯");
        out_line(c->o, TONE_DIM, "%s", b.s);
        buf_release(&b);
    }
    return strf(c, "%*s", (int)col, "");
}

/* A client and the chain that follows it, as far as each has one callee. */
static void draw_chain(struct drawing *d, comp_id client)
{
    struct call *c = d->c;
    comp_id at = client, v[CALLEES];
    size_t col = 1;
    struct facts f = {.n = 0};
    out_add(c->o, TONE_STRONG, " %s", label(c, at));
    for (;;) {
        size_t n = callees(c, at, v);
        d->drawn[at] = true;
        if (n != 1 || d->drawn[v[0]] || is_kind(c, at, "service"))
            break;
        const char *way = arrow(c, at, v[0]);
        edge_facts(c, policy_of(c, at, v[0]), &f);
        col += text_width(label(c, at)) + 1 + text_width(way);
        at = v[0];
        out_add(c->o, TONE_DIM, " %s", way);
        out_add(c->o, TONE_STRONG, "%s", label(c, at));
    }
    out_end(c->o);
    node_facts(c, at, &f);
    drop_told_twice(&f);
    const char *prefix = stem(d, at, col);
    if (callees(c, at, v) || f.n)
        fact_lines(d, prefix, &f);
    draw_branches(d, at, prefix);
}

/* ---- in words
 * -------------------------------------------------------------------------------- */

static void speak_node(struct drawing *d, comp_id comp)
{
    struct call *c = d->c;
    comp_id v[CALLEES];
    struct facts f = {.n = 0};
    struct buf b;
    size_t n = callees(c, comp, v);
    buf_init(&b, 0);
    d->drawn[comp] = true;
    node_facts(c, comp, &f);
    buf_addf(&b, "%s", name_of(c, comp));
    if (is_kind(c, comp, "service"))
        buf_addf(&b, ", %s instances", num(c, gauge(c, comp, "up", 0)));
    for (size_t i = 0; i < f.n; i++)
        buf_addf(&b, "%s %s", i ? "," : ":", f.v[i].text);
    for (size_t i = 0; i < n; i++) {
        struct facts e = {.n = 0};
        edge_facts(c, policy_of(c, comp, v[i]), &e);
        buf_addf(&b, "%s %s %s",
                 i     ? ","
                 : f.n ? "; on to"
                       : ": on to",
                 name_of(c, v[i]), per_time(c, flow(c, comp, v[i])));
        for (size_t k = 0; k < e.n; k++)
            buf_addf(&b, "%s%s", k ? ", " : " (", e.v[k].text);
        buf_adds(&b, e.n ? ")" : "");
    }
    para(c, TONE_NORMAL, 0, strf(c, "%s.", b.s));
    buf_release(&b);
    for (size_t i = 0; i < n; i++)
        if (!d->drawn[v[i]])
            speak_node(d, v[i]);
}

static enum err run(struct call *c)
{
    struct drawing d = {.c = c};
    bool first = true;
    if (model_comps(c->m) > COMPS_MAX)
        return refuse(c, ERR_LIMIT, "This system is too big to draw.");
    for (comp_id k = next_of(c, "client", COMP_NONE); k != COMP_NONE;
         k = next_of(c, "client", k)) {
        if (c->ctx->spoken) {
            speak_node(&d, k);
            continue;
        }
        if (!first)
            out_end(c->o);
        first = false;
        draw_chain(&d, k);
    }
    note(c, "Rates over the last minute, attempts and retries included.");
    seen(c, "map");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"linkerd", "linkerd viz edges deployment"},
    {"istioctl", "istioctl dashboard kiali"},
};
const struct command cmd_map = {
    .info = {.name = "map",
             .synopsis = "map",
             .doc = "How work flows, where it queues, where it dies. From the users "
                    "on, with rates.",
             .examples = "map",
             .group = GROUP_LOOK,
             WILD(wild)},
    .run = run,
};
