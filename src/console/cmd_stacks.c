/*
 * stacks: what the requests inside a component wait for right now, equal ones together,
 * like a thread dump read by somebody who has seen many.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define INSIDE_MAX 50000
#define GROUPS_MAX 256
#define SHOWN      16

struct group {
    comp_id endpoint, place;
    uint8_t cause;
    size_t n, abandoned;
    sim_time longest; /* in this wait */
};

static struct group *group_for(struct group *g, size_t *n,
                               const struct inflight_view *v)
{
    for (size_t i = 0; i < *n; i++)
        if (g[i].endpoint == v->endpoint && g[i].place == v->place &&
            g[i].cause == v->cause)
            return &g[i];
    if (*n == GROUPS_MAX)
        return &g[GROUPS_MAX - 1];
    g[*n] =
        (struct group){.endpoint = v->endpoint, .place = v->place, .cause = v->cause};
    return &g[(*n)++];
}

static int most_first(const void *a, const void *b, void *ctx)
{
    const struct group *x = a, *y = b;
    (void)ctx;
    return (x->n < y->n) - (x->n > y->n);
}

static void show_groups(struct call *c, const struct group *g, size_t n)
{
    struct out_table t;
    table_init(&t, c->o, ">REQUESTS|ENDPOINT|DOING|WHERE|LONGEST|>CALLER GONE");
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        table_cell(&t, TONE_STRONG, "%zu", g[i].n);
        table_cell(&t, TONE_NORMAL, "%s", name_of(c, g[i].endpoint));
        table_cell(&t, TONE_NORMAL, "%s", cause_phrase((enum cause)g[i].cause));
        table_cell(&t, TONE_NORMAL, "%s", name_of(c, g[i].place));
        table_cell(&t, TONE_NORMAL, "%s", ago(c, c->now - g[i].longest));
        table_cell(&t, g[i].abandoned ? TONE_WARN : TONE_DIM, "%s",
                   g[i].abandoned ? strf(c, "%zu", g[i].abandoned) : "");
    }
    table_print(&t);
}

static enum err run(struct call *c)
{
    comp_id comp;
    int instance;
    struct group g[GROUPS_MAX];
    size_t groups = 0, inside = 0;
    sim_time oldest = c->now;
    enum err e = need_comp(c, c->arg[0], &comp, &instance);
    if (e != ERR_OK)
        return e;
    struct inflight_view *v = arena_alloc(c->mem, INSIDE_MAX * sizeof *v);
    size_t n = world_inflight(c->w, comp, v, INSIDE_MAX);
    for (size_t i = 0; i < n && i < INSIDE_MAX; i++) {
        if (instance && v[i].instance != instance)
            continue;
        struct group *k = group_for(g, &groups, &v[i]);
        sim_time waits = c->now - v[i].since;
        inside++;
        k->n++;
        k->abandoned += v[i].abandoned;
        k->longest = waits > k->longest ? waits : k->longest;
        oldest = v[i].started < oldest ? v[i].started : oldest;
    }
    if (inside)
        out_line(c->o, TONE_STRONG, "%s: %s request%s inside, the oldest for %s",
                 inst_name(c, comp, instance), count(c, (double)inside),
                 inside == 1 ? "" : "s", ago(c, oldest));
    else
        out_line(c->o, TONE_STRONG, "%s: no request inside.",
                 inst_name(c, comp, instance));
    sort_stable(g, groups, sizeof *g, most_first, NULL);
    if (groups)
        show_groups(c, g, groups);
    seen_comp(c, comp, "stacks");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"jcmd", "kubectl exec INSTANCE -- jcmd 1 Thread.print"},
    {"py-spy", "kubectl exec INSTANCE -- py-spy dump --pid 1"},
    {"curl", "curl -s http://INSTANCE:6060/debug/pprof/goroutine?debug=1"},
    {"gdb", "gdb -p \"$(pgrep -o COMPONENT)\" -batch -ex 'thread apply all bt'"},
};
const struct command cmd_stacks = {
    .info = {.name = "stacks",
             .synopsis = "stacks COMPONENT|INSTANCE",
             .doc = "What the requests inside wait for right now. Equal ones together; "
                    "also those that no metric counts, because they have not finished.",
             .examples = "stacks INSTANCE\nstacks COMPONENT",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_INSTANCE},
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
