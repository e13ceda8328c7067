/*
 * map: how work flows, from the clients along the calls, with rates; where it queues
 * and where it dies. A chain stands on one line; where it branches, the callees hang
 * below.
 */
#include "console_internal.h"
#include "lookup.h"

#include <math.h>

/* Levels of branches below a chain. What lies deeper is counted, so that nobody takes the
 * edge of the drawing for the end of the system. */
#define DEPTH_MAX 6
#define FACT_ROOM 22

struct drawing {
    struct call *c;
    bool drawn[COMPS_MAX];
    size_t depth;
};

static enum tone tone_of(enum level level)
{
    return level == LEVEL_PLAIN     ? TONE_NORMAL
           : level == LEVEL_UNUSUAL ? TONE_WARN
                                    : TONE_BAD;
}

#define BAR 10

/* "cpu ████░░░░░░ 37 %": the bar stands before the number. */
static const char *fact_of(struct call *c, const struct fact *f)
{
    struct buf b;
    double share = fact_share(f);
    buf_init(&b, 0);
    fact_text(&b, f, form_of(c));
    if (!isnan(share) && !c->ctx->spoken) {
        int full = (int)(share * BAR + 0.5);
        buf_addch(&b, ' ');
        for (int i = 0; i < BAR; i++)
            buf_adds(&b, i < full ? (c->ctx->ascii ? "#" : "█")
                                  : (c->ctx->ascii ? "." : "░"));
    }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
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

static const char *arrow(const struct call *c, const struct edge *e)
{
    const char *rate = isnan(e->per_s) ? "" : per_time(c, e->per_s);
    return strf(c, c->ctx->ascii ? "--%s--> " : "──%s──▶ ", rate);
}

/* Red where it fails itself, whoever calls it. */
static enum tone name_tone(struct call *c, comp_id comp)
{
    struct fact f[FACTS_MAX];
    size_t n = scene_facts(&c->scene, comp, NULL, f, FACTS_MAX);
    return n > 0 && f[0].level == LEVEL_BAD ? TONE_BAD : TONE_STRONG;
}

/* ---- drawing --------------------------------------------------------------------- */

static void draw_branches(struct drawing *d, comp_id comp, const char *prefix);

static void fact_lines(struct drawing *d, const char *prefix, const struct fact *f,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out_add(d->c->o, TONE_DIM, "%s%s ", prefix, d->c->ctx->ascii ? "|" : "│");
        out_line(d->c->o, tone_of(f[i].level), "%s", fact_of(d->c, &f[i]));
    }
}

/* The facts of a callee stand right of its name, one below the other. */
static void facts_beside(struct drawing *d, const struct fact *f, size_t n,
                         const char *under, size_t used, size_t col)
{
    for (size_t i = 0; i < n; i++) {
        if (i) {
            out_add(d->c->o, TONE_DIM, "%s", under);
            used = text_width(under);
        }
        out_add(d->c->o, TONE_NORMAL, "%*s", (int)(col > used ? col - used : 1), "");
        out_line(d->c->o, tone_of(f[i].level), "%s", fact_of(d->c, &f[i]));
    }
    if (!n)
        out_end(d->c->o);
}

static void draw_callee(struct drawing *d, const struct edge *e, const char *prefix,
                        bool last, size_t col)
{
    struct call *c = d->c;
    const char *branch = c->ctx->ascii ? (last ? "`" : "+") : (last ? "╰" : "├");
    const char *under = strf(c, "%s%s", prefix, last ? " " : c->ctx->ascii ? "|" : "│");
    const char *way = arrow(c, e);
    bool again = d->drawn[e->to];
    struct fact f[FACTS_MAX];
    size_t n = again ? scene_edge_facts(&c->scene, e, f, FACTS_MAX)
                     : scene_facts(&c->scene, e->to, e, f, FACTS_MAX);
    out_add(c->o, TONE_DIM, "%s%s%s", prefix, branch, way);
    out_add(c->o, again ? TONE_DIM : name_tone(c, e->to), "%s", label(c, e->to));
    facts_beside(d, f, n, under,
                 text_width(prefix) + 1 + text_width(way) + text_width(label(c, e->to)),
                 col);
    d->drawn[e->to] = true;
    if (!again)
        draw_branches(d, e->to, strf(c, "%s   ", under));
}

/* Where the facts of these callees begin. */
static size_t facts_column(struct call *c, const struct edge *v, size_t n,
                           const char *prefix)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t w = text_width(arrow(c, &v[i])) + text_width(label(c, v[i].to));
        most = w > most ? w : most;
    }
    return text_width(prefix) + 1 + most + 3;
}

static void draw_branches(struct drawing *d, comp_id comp, const char *prefix)
{
    struct edge v[EDGES_MAX];
    size_t n = scene_edges(&d->c->scene, comp, v, EDGES_MAX);
    if (d->depth >= DEPTH_MAX) {
        if (n)
            out_line(d->c->o, TONE_DIM, "%s%s %zu more below; status lists all", prefix,
                     d->c->ctx->ascii ? "..." : "…", n);
        return;
    }
    d->depth++;
    size_t col = facts_column(d->c, v, n, prefix);
    for (size_t i = 0; i < n; i++)
        draw_callee(d, &v[i], prefix, i + 1 == n, col);
    d->depth--;
}

/* The width of what is said beside these callees: at least as much as is usual. */
static size_t facts_width(struct call *c, const struct edge *v, size_t n)
{
    struct fact f[FACTS_MAX];
    size_t most = FACT_ROOM;
    for (size_t i = 0; i < n; i++) {
        size_t nf = scene_facts(&c->scene, v[i].to, &v[i], f, FACTS_MAX);
        for (size_t k = 0; k < nf; k++) {
            size_t w = text_width(fact_of(c, &f[k]));
            most = w > most ? w : most;
        }
    }
    return most;
}

/* The stem goes down from under the name, or further left where the callees need room.
 */
static const char *stem(struct drawing *d, comp_id comp, size_t under)
{
    struct call *c = d->c;
    struct edge v[EDGES_MAX];
    size_t n = scene_edges(&c->scene, comp, v, EDGES_MAX), col = under + 1;
    size_t needed = facts_column(c, v, n, "") + facts_width(c, v, n);
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

/* A client and the chain that follows it, as far as each has one callee. What dies on
 * the ways of the chain stands below it, with what is said of its end. */
static void draw_chain(struct drawing *d, comp_id client)
{
    struct call *c = d->c;
    comp_id at = client;
    size_t col = 1, nf = 0, n;
    struct edge v[EDGES_MAX];
    struct fact f[2 * FACTS_MAX];
    out_add(c->o, TONE_STRONG, " %s", label(c, at));
    for (;;) {
        n = scene_edges(&c->scene, at, v, EDGES_MAX);
        d->drawn[at] = true;
        if (n != 1 || d->drawn[v[0].to] || is_kind(c, at, "service"))
            break;
        const char *way = arrow(c, &v[0]);
        if (nf < FACTS_MAX)
            nf += scene_edge_facts(&c->scene, &v[0], f + nf, FACTS_MAX);
        col += text_width(label(c, at)) + 1 + text_width(way);
        at = v[0].to;
        out_add(c->o, TONE_DIM, " %s", way);
        out_add(c->o, name_tone(c, at), "%s", label(c, at));
    }
    out_end(c->o);
    nf += scene_facts(&c->scene, at, NULL, f + nf, FACTS_MAX);
    const char *prefix = stem(d, at, col);
    fact_lines(d, prefix, f, nf);
    draw_branches(d, at, prefix);
}

/* ---- in words -------------------------------------------------------------------- */

/* Returns how many there were of that side. */
static size_t speak_facts(struct call *c, struct buf *b, const struct fact *f, size_t n,
                          bool on_edge, const char *first)
{
    size_t told = 0;
    for (size_t i = 0; i < n; i++)
        if (f[i].on_edge == on_edge)
            buf_addf(b, "%s%s", told++ ? ", " : first, fact_of(c, &f[i]));
    return told;
}

/* Speaks of a node; what dies on the way to it is said with its caller. */
static void speak_node(struct drawing *d, comp_id comp, const struct edge *way)
{
    struct call *c = d->c;
    struct edge v[EDGES_MAX];
    struct fact f[FACTS_MAX];
    struct buf b;
    size_t n = scene_edges(&c->scene, comp, v, EDGES_MAX);
    size_t nf = scene_facts(&c->scene, comp, way, f, FACTS_MAX);
    buf_init(&b, 0);
    d->drawn[comp] = true;
    buf_addf(&b, "%s", name_of(c, comp));
    if (is_kind(c, comp, "service"))
        buf_addf(&b, ", %s instances", num(c, gauge(c, comp, "up", 0)));
    nf = speak_facts(c, &b, f, nf, false, ": ");
    for (size_t i = 0; i < n; i++) {
        size_t ne = scene_edge_facts(&c->scene, &v[i], f, FACTS_MAX);
        bool measured = !isnan(v[i].per_s);
        buf_addf(&b, "%s %s%s%s",
                 i    ? ","
                 : nf ? "; on to"
                      : ": on to",
                 name_of(c, v[i].to), measured ? " " : "",
                 measured ? per_time(c, v[i].per_s) : "");
        speak_facts(c, &b, f, ne, true, " (");
        buf_adds(&b, ne ? ")" : "");
    }
    para(c, TONE_NORMAL, 0, strf(c, "%s.", b.s));
    buf_release(&b);
    for (size_t i = 0; i < n; i++)
        if (!d->drawn[v[i].to])
            speak_node(d, v[i].to, &v[i]);
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
            speak_node(&d, k, NULL);
            continue;
        }
        if (!first)
            out_end(c->o);
        first = false;
        draw_chain(&d, k);
    }
    note(c, "Rates over the last minute, retries included; all else as it is now.");
    if (c->scene.known)
        note(c, "Figures stand here for what you have looked at: status, ps, db …");
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
