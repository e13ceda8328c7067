/*
 * cache: key spaces with their hit ratio and settings; single keys with what is left of
 * their time, who asks for them and when they were written: keys written in one moment
 * expire in one moment, and here that can be seen.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define SHOWN    16
#define KEYS_MAX 20000
#define WINDOW   SIM_MIN

static const char *setting(struct call *c, comp_id ks, const char *name)
{
    const struct kind_desc *k = model_kind(c->m, ks);
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, name)) {
            struct value v = world_get(c->w, ks, name);
            value_format(c->m, &k->params[i], &v, &b);
        }
    const char *s = arena_strdup(c->mem, *b.s ? b.s : "-");
    buf_release(&b);
    return s;
}

static void stats_row(struct call *c, struct out_table *t, comp_id ks)
{
    double hits = rate(c, ks, "hits_total");
    double misses = rate(c, ks, "misses_total");
    table_cell(t, TONE_STRONG, "%s", name_of(c, ks));
    table_cell(t, TONE_NORMAL, "%s",
               percent(c, hits + misses > 0 ? hits / (hits + misses) : NAN));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, hits));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, misses));
    table_cell(t, TONE_NORMAL, "%s", num(c, gauge(c, ks, "loading", 0)));
    table_cell(t, TONE_NORMAL, "%s", setting(c, ks, "ttl"));
    table_cell(t, TONE_NORMAL, "%s", setting(c, ks, "jitter"));
    table_cell(t, TONE_NORMAL, "%s", setting(c, ks, "single_flight"));
    table_cell(t, TONE_NORMAL, "%s", setting(c, ks, "stale_while_revalidate"));
    seen_comp(c, ks, "metrics");
    seen_comp(c, ks, "config");
    seen_metric(c, ks, "hits_total");
}

static const struct fate_word fates[] = {
    {false, "filled_total", "there at the start"},
    {false, "stores_total", "written"},
    {false, "refused_total", "not written, as the memory was full"},
    {false, "replaced_total", "replaced by newer ones"},
    {false, "expired_total", "cleared away after their time"},
    {false, "evictions_total", "evicted to make room"},
    {false, "flushed_total", "deleted by an operator"},
    {false, "lost_total", "lost with the memory of the cache"},
};

/* The values of each key space, and the memory of the cache where that is limited. */
static void tell_values(struct call *c, comp_id ks)
{
    comp_id cache = model_owner(c->m, ks);
    double most = world_metric(c->w, cache, "maxmemory_bytes", 0);
    tell_fates(c, strf(c, "Values of %s so far:", name_of(c, ks)), ks, fates,
               COUNT_OF(fates));
    if (most > 0 && world_metric(c->w, ks, "bytes", 0) > 0)
        para(c, TONE_NORMAL, 0,
             strf(c, "%s: %.1f of %.1f MiB in use, %s.", name_of(c, cache),
                  world_metric(c->w, cache, "memory", 0) / 1048576, most / 1048576,
                  setting(c, cache, "maxmemory_policy")));
}

static enum err stats(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o,
               "KEY SPACE|>HIT RATIO|>HITS|>MISSES|>LOADING|>TTL|>JITTER|SINGLE|"
               ">STALE");
    for (comp_id ks = next_of(c, "keyspace", COMP_NONE); ks != COMP_NONE;
         ks = next_of(c, "keyspace", ks)) {
        stats_row(c, &t, ks);
        seen_comp(c, model_owner(c->m, ks), "metrics");
    }
    table_print(&t);
    for (comp_id ks = next_of(c, "keyspace", COMP_NONE); ks != COMP_NONE;
         ks = next_of(c, "keyspace", ks))
        tell_values(c, ks);
    note(c,
         "Over the last minute. SINGLE: one load at a time for a key. STALE: how long "
         "an "
         "old value may be used while a new one is loaded. cache ttl PATTERN: single "
         "keys.");
    return ERR_OK;
}

/* ---- keys ------------------------------------------------------------------------ */

static int busiest_first(const void *a, const void *b, void *ctx)
{
    const struct cache_key_view *x = a, *y = b;
    double p = x->hits_per_s + x->misses_per_s, q = y->hits_per_s + y->misses_per_s;
    (void)ctx;
    return (p < q) - (p > q);
}

/* "10:04:00.214": writes that belong together differ by milliseconds. */
static const char *written(struct call *c, sim_time t)
{
    if (!t)
        return "-";
    return strf(c, "%s.%03d", clock_of(c, t, true), (int)(t % SIM_SEC / SIM_MS));
}

static void key_row(struct call *c, struct out_table *t, const struct cache_key_view *k)
{
    bool stale = k->present && k->ttl_left < 0;
    table_cell(t, TONE_STRONG, "%s", k->name);
    if (!k->present)
        table_cell(t, TONE_WARN, "missing");
    else if (stale)
        table_cell(t, TONE_WARN, "stale %s",
                   span_of(c, -k->ttl_left / SIM_MS * SIM_MS));
    else if (k->ttl_left == SIM_FOREVER)
        table_cell(t, TONE_NORMAL, "none");
    else
        table_cell(t, TONE_NORMAL, "%s",
                   span_of(c, k->ttl_left >= SIM_SEC ? k->ttl_left / SIM_SEC * SIM_SEC
                                                     : k->ttl_left / SIM_MS * SIM_MS));
    table_cell(t, TONE_NORMAL, "%.1f", k->hits_per_s);
    table_cell(t, k->misses_per_s > 0 ? TONE_WARN : TONE_NORMAL, "%.1f",
               k->misses_per_s);
    table_cell(t, k->loading > 1 ? TONE_WARN : TONE_NORMAL, "%d", k->loading);
    table_cell(t, TONE_NORMAL, "%s", written(c, k->written));
}

static size_t matching(struct call *c, comp_id ks, const char *pattern,
                       struct cache_key_view *v, size_t max)
{
    size_t n = world_cache_keys(c->w, ks, v, max), kept = 0;
    for (size_t i = 0; i < n && i < max; i++)
        if (!pattern || str_match(pattern, v[i].name))
            v[kept++] = v[i];
    if (kept) {
        seen_comp(c, ks, "keys");
        seen_comp(c, model_owner(c->m, ks), "keys");
    }
    return kept;
}

/* "seats:ws-1*" as it is; a word without * also finds what begins with it. */
static const char *pattern_of(struct call *c)
{
    if (c->nargs < 2)
        return NULL;
    const char *p = c->arg[1];
    return strpbrk(p, "*?") ? p : strf(c, "%s*", p);
}

static enum err ttl(struct call *c)
{
    struct cache_key_view *v = arena_alloc(c->mem, KEYS_MAX * sizeof *v);
    size_t n = 0;
    comp_id only = c->nargs > 1 ? model_find(c->m, c->arg[1]) : COMP_NONE;
    const char *pattern = only == COMP_NONE ? pattern_of(c) : NULL;
    for (comp_id ks = next_of(c, "keyspace", COMP_NONE); ks != COMP_NONE;
         ks = next_of(c, "keyspace", ks))
        if (only == COMP_NONE || only == ks || model_owner(c->m, ks) == only)
            n += matching(c, ks, pattern, v + n, KEYS_MAX - n);
    if (!n) {
        out_line(c->o, TONE_NORMAL, "No key matches%s%s.", pattern ? " " : "",
                 pattern ? pattern : "");
        return ERR_OK;
    }
    sort_stable(v, n, sizeof *v, busiest_first, NULL);
    struct out_table t;
    table_init(&t, c->o, "KEY|>TTL|>HITS/s|>MISSES/s|>LOADING|LAST WRITTEN");
    for (size_t i = 0; i < n && (i < SHOWN || c->piped); i++)
        key_row(c, &t, &v[i]);
    table_print(&t);
    if (n > SHOWN)
        note(c, "The busiest %d of %zu. Rates over the last ten seconds.", SHOWN, n);
    return ERR_OK;
}

const char *const cache_views[] = {"stats", "ttl", NULL};

static enum err run(struct call *c)
{
    if (!count_of(c, "keyspace"))
        return refuse(c, ERR_NOT_FOUND, "There is no cache here.");
    if (!c->nargs || str_eq(c->arg[0], "stats"))
        return stats(c);
    if (str_eq(c->arg[0], "ttl"))
        return ttl(c);
    const char *near = text_suggest(c->arg[0], cache_views, COUNT_OF(cache_views) - 1);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "cache has no view %s; did you mean %s?",
                      c->arg[0], near);
    return refuse(c, ERR_INPUT, "cache shows stats, or single keys: cache ttl %s",
                  c->arg[0]);
}

static const struct command_wild wild[] = {
    {"redis-cli", "redis-cli info stats | grep keyspace"},
    {"redis-cli",
     "redis-cli --scan --pattern 'seats:*' | while read -r k; do echo \"$k "
     "$(redis-cli ttl \"$k\")\"; done"},
    {"memcached", "printf 'stats\\r\\nquit\\r\\n' | nc localhost 11211"},
};
const struct command cmd_cache = {
    .info = {.name = "cache",
             .synopsis = "cache [stats|ttl [PATTERN]]",
             .doc = "Hit ratios and settings, or single keys. Of a key: what is left "
                    "of its time to live, hits and misses, loads of it at once, and "
                    "when it was written.",
             .examples = "cache\ncache ttl",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_CACHE_VIEW, ARG_TEXT},
    .max_args = 2,
    .run = run,
};
