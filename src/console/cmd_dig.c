/*
 * dig: what a name stands for, and what its callers believe: they ask the resolver only
 * when the answer that they have has lived its time.
 */
#include "console_internal.h"
#include "lookup.h"

#define BELIEFS_MAX 4096
#define SHOWN       16

static const char *answer_of(struct call *c, comp_id to, int addresses)
{
    if (to == COMP_NONE)
        return "no such name";
    if (addresses == 0)
        return name_of(c, to);
    return strf(c, "%s, %d address%s", name_of(c, to), addresses,
                addresses == 1 ? "" : "es");
}

static void name_row(struct call *c, struct out_table *t, comp_id name)
{
    struct dns_view v;
    world_dns(c->w, name, &v);
    table_cell(t, TONE_STRONG, "%s", name_of(c, name));
    if (!v.answers)
        table_cell(t, TONE_BAD, "timed out: no answer from the resolver");
    else
        table_cell(t, v.to == COMP_NONE ? TONE_BAD : TONE_NORMAL, "%s",
                   answer_of(c, v.to, v.addresses));
    table_cell(t, TONE_NORMAL, "%s", span_of(c, v.ttl));
    seen_comp(c, name, "metrics");
    seen_comp(c, name, "config");
}

static void belief_row(struct call *c, struct out_table *t, const struct dns_belief *b)
{
    table_cell(t, TONE_STRONG, "%s",
               b->resolver
                   ? strf(c, "%s, resolver %d", name_of(c, b->caller), b->instance)
                   : inst_name(c, b->caller, b->instance));
    table_cell(t, b->old ? TONE_WARN : TONE_NORMAL, "%s",
               answer_of(c, b->to, b->addresses));
    if (b->ttl_left == SIM_FOREVER)
        table_cell(t, TONE_WARN, "for ever");
    else
        table_cell(t, TONE_NORMAL, "%s",
                   b->ttl_left <= 0 ? "over"
                                    : span_of(c, b->ttl_left / SIM_SEC * SIM_SEC));
}

static void show_beliefs(struct call *c, comp_id name)
{
    struct dns_belief *b = arena_alloc(c->mem, BELIEFS_MAX * sizeof *b);
    size_t n = world_dns_beliefs(c->w, name, b, BELIEFS_MAX), old = 0;
    n = n < BELIEFS_MAX ? n : BELIEFS_MAX;
    struct out_table t;
    if (n == 0)
        return;
    table_init(&t, c->o, "WHO ASKED|BELIEVES|>KEEPS IT FOR");
    for (size_t i = 0; i < n; i++) {
        old += b[i].old;
        if (i < SHOWN || c->piped)
            belief_row(c, &t, &b[i]);
    }
    table_print(&t);
    if (n > SHOWN)
        note(c, "The first %d of %zu; dig %s | grep ... sees all.", SHOWN, n,
             name_of(c, name));
    if (old > 0)
        para(
            c, TONE_WARN, 0,
            strf(c, "%zu of %zu believe what the name does not say any more.", old, n));
    seen_comp(c, name, "instances");
}

static enum err run(struct call *c)
{
    comp_id name = next_of(c, "dns", COMP_NONE);
    int instance;
    struct out_table t;
    if (name == COMP_NONE)
        return refuse(c, ERR_NOT_FOUND, "Nothing here is found by a name.");
    if (c->nargs > 0) {
        enum err e = need_comp(c, c->arg[0], &name, &instance);
        if (e != ERR_OK)
            return e;
        if (!is_kind(c, name, "dns"))
            return refuse(c, ERR_INPUT, "%s is no name; there is %s", c->arg[0],
                          names_of_kind(c, "dns"));
    }
    table_init(&t, c->o, "NAME|STANDS FOR|>TTL");
    if (c->nargs > 0)
        name_row(c, &t, name);
    for (; c->nargs == 0 && name != COMP_NONE; name = next_of(c, "dns", name))
        name_row(c, &t, name);
    table_print(&t);
    if (c->nargs > 0)
        show_beliefs(c, name);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"dig", "dig +noall +answer COMPONENT"},
    {"kubectl", "kubectl exec INSTANCE -- getent hosts COMPONENT"},
};
const struct command cmd_dig = {
    .info = {.name = "dig",
             .synopsis = "dig [NAME]",
             .doc = "What a name stands for, and who still believes what.",
             .examples = "dig\ndig NAME",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 1,
    .run = run,
};
