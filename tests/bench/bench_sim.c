/*
 * How fast the engine is, on one core, along the way that every lesson's requests take:
 * customers through M/M/1, through M/M/50 with a timeout of a second each (so 5,000
 * timers are pending), through many M/M/1 side by side, and requests through three
 * tiers, with and without telemetry; then what a request in flight and a copy cost.
 * Each figure is the median of several stretches of one long run. Judges nothing.
 *
 *     bench_sim [PART [NAME]]   PART 20: a twentieth of the length, for callgrind;
 *                               NAME: only those whose name begins so
 */
#include "truecode/telemetry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct errmsg why;

static void must(enum err err)
{
    if (err != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
}

static comp_id add(struct model *m, const char *kind, const char *name)
{
    comp_id c = model_add(m, kind, name, &why);
    if (c == COMP_NONE)
        must(ERR_INPUT);
    return c;
}

static void set(struct model *m, comp_id c, const char *param, struct value v)
{
    must(model_set(m, c, param, v, &why));
}

/* Of processor time: the machine may have other things to do. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum { RUNS = 7 };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, RUNS, sizeof *v, by_size);
    return v[RUNS / 2];
}

/* One M/M/c at `load` of its capacity, by way of a call with this timeout (0: none). */
static void add_queue(struct model *m, int number, int servers, sim_time mean,
                      double load, sim_time timeout)
{
    char api[24], users[24], text[64];
    snprintf(api, sizeof api, "api%d", number);
    snprintf(users, sizeof users, "users%d", number);
    comp_id c = add(m, "service", api);
    set(m, c, "workers", value_count(servers));
    set(m, c, "cores", value_number(servers));
    struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(mean)};
    must(model_endpoint(m, c, "get", NULL, &work, &why));
    c = add(m, "client", users);
    snprintf(text, sizeof text, "%s/get", api);
    set(m, c, "to", value_text(text));
    set(m, c, "rate", value_number(load * servers * (double)SIM_SEC / (double)mean));
    set(m, c, "trace_every", value_count(-1));
    snprintf(text, sizeof text, "%s.%s", users, api);
    c = add(m, "call", text);
    set(m, c, "network", value_duration(0));
    set(m, c, "timeout", value_duration(timeout));
}

static struct model *mm1(int n)
{
    struct model *m = model_new();
    (void)n;
    add_queue(m, 0, 1, SIM_MS, 0.9, 0);
    return m;
}

/* `n` of them, which know nothing of each other. */
static struct model *many(int n)
{
    struct model *m = model_new();
    for (int i = 0; i < n; i++)
        add_queue(m, i, 1, SIM_MS * n, 0.7, 0);
    return m;
}

static struct model *mm50(int n)
{
    struct model *m = model_new();
    (void)n;
    add_queue(m, 0, 50, 9 * SIM_MS, 0.9, SIM_SEC);
    return m;
}

/* In the service: some work, a value from the cache or else from the database. */
static void add_api(struct model *m)
{
    comp_id db = add(m, "database", "db");
    set(m, db, "cores", value_number(16));
    set(m, add(m, "statement", "db.read"), "cpu",
        value_dist(dist_exponential(4 * SIM_MS)));
    (void)add(m, "cache", "cache");
    comp_id keys = add(m, "keyspace", "cache.items");
    set(m, keys, "keys", value_count(10000));
    set(m, keys, "popularity", value_number(1));
    set(m, keys, "ttl", value_duration(4 * SIM_SEC));
    comp_id api = add(m, "service", "api");
    set(m, api, "instances", value_count(8));
    set(m, add(m, "pool", "api.pool"), "to", value_text("db"));
    struct node query = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    struct node item = {
        .kind = NODE_CACHED, .target = "cache", .what = "items", .body = &query};
    struct node work = {
        .kind = NODE_COMPUTE, .time = dist_exponential(2 * SIM_MS), .next = &item};
    must(model_endpoint(m, api, "get", NULL, &work, &why));
}

static void add_users(struct model *m, const char *service, const char *to)
{
    set(m, add(m, "balancer", "edge"), "to", value_text(service));
    comp_id users = add(m, "client", "users");
    set(m, users, "to", value_text(to));
    set(m, users, "rate", value_number(2000));
    set(m, users, "gives_up", value_duration(8 * SIM_SEC));
    struct slo slo = {"an answer within 2 s", 2 * SIM_SEC, 0, 0.99,
                      30 * SIM_MIN,           false};
    must(model_slo(m, &slo, NULL, 0, &why));
}

/* Users, a balancer, a service with its pool, database and cache. */
static struct model *three_tiers(int n)
{
    struct model *m = model_new();
    (void)n;
    add_api(m);
    add_users(m, "api", "edge/get");
    return m;
}

/* The same with one more service between the balancer and that one. */
static struct model *four_tiers(int n)
{
    struct model *m = model_new();
    (void)n;
    add_api(m);
    comp_id web = add(m, "service", "web");
    set(m, web, "instances", value_count(4));
    struct node call = {.kind = NODE_CALL, .target = "api", .what = "get"};
    struct node page = {
        .kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS), .next = &call};
    must(model_endpoint(m, web, "page", NULL, &page, &why));
    comp_id retry = add(m, "call", "web.api");
    set(m, retry, "timeout", value_duration(SIM_SEC));
    set(m, retry, "retries", value_count(2));
    add_users(m, "web", "edge/page");
    return m;
}

struct bench {
    const char *name;
    struct model *(*model)(int n);
    int n;
    sim_time until;
    bool watched;
    const char *target;
};
static const struct bench benches[] = {
    {"M/M/1", mm1, 1, 3000 * SIM_SEC, false, "10 M customers/s"},
    {"M/M/50, timeouts", mm50, 1, 400 * SIM_SEC, false, "5 M requests/s"},
    {"1 station", many, 1, 2000 * SIM_SEC, false, ""},
    {"10 stations", many, 10, 2000 * SIM_SEC, false, ""},
    {"100 stations", many, 100, 2000 * SIM_SEC, false, ""},
    {"1000 stations", many, 1000, 2000 * SIM_SEC, false, ""},
    {"10000 stations", many, 10000, 2000 * SIM_SEC, false, "4 M events/s"},
    {"three tiers", three_tiers, 1, 200 * SIM_SEC, false, ""},
    {"three tiers, telemetry", three_tiers, 1, 200 * SIM_SEC, true, "1 M requests/s"},
    {"four tiers", four_tiers, 1, 200 * SIM_SEC, false, ""},
    {"four tiers, telemetry", four_tiers, 1, 200 * SIM_SEC, true, ""},
};

/* Of all clients together. */
static double attempts(const struct world *w)
{
    const struct model *m = world_model(w);
    double x = 0;
    for (size_t c = 0; c < model_comps(m); c++)
        if (strcmp(model_kind(m, (comp_id)c)->name, "client") == 0)
            x += world_metric(w, (comp_id)c, "attempts_total", -1);
    return x;
}

/* With telemetry a second at a time, as a game goes. */
static void run_to(struct world *w, struct recording *r, sim_time until)
{
    if (!r) {
        must(world_run(w, until, UINT64_MAX, NULL, &why));
        return;
    }
    struct observer o = recording_observer(r);
    while (world_now(w) < until) {
        sim_time t = (world_now(w) / SIM_SEC + 1) * SIM_SEC;
        must(world_run(w, t, UINT64_MAX, &o, &why));
        recording_sample(r, w);
    }
}

static struct world *world_of(struct model *m)
{
    model_limit(m, (size_t)192 << 20);
    must(model_finish(m, &why));
    struct world *w = world_new(m, 1, &why);
    if (!w)
        must(ERR_LIMIT);
    return w;
}

static void run(const struct bench *b, int part)
{
    struct model *m = b->model(b->n);
    struct world *w = world_of(m);
    struct recording *r = b->watched ? recording_new(m, NULL, 0) : NULL;
    sim_time each = b->until / part / (RUNS + 1);
    double requests[RUNS], events[RUNS];
    run_to(w, r, each); /* until there is as much in it as ever */
    for (int i = 0; i < RUNS; i++) {
        double start = seconds(), n = attempts(w), e = (double)world_events(w);
        run_to(w, r, each * (i + 2));
        double took = seconds() - start;
        requests[i] = (attempts(w) - n) / took / 1e6;
        events[i] = ((double)world_events(w) - e) / took / 1e6;
    }
    double rate = median(requests);
    printf("%-24s %8.2f %8.2f %8.0f %9zu  %s\n", b->name, rate, median(events),
           1e3 / rate, world_bytes(w) / 1024, b->target);
    fflush(stdout);
    recording_free(r);
    world_free(w);
    model_unref(m);
}

/* A service that holds on to all that comes: what each of them takes. */
static void in_flight(void)
{
    struct model *m = model_new();
    comp_id api = add(m, "service", "api"), users = add(m, "client", "users");
    set(m, api, "workers", value_count(100000));
    struct node rest = {.kind = NODE_SLEEP, .time = dist_const(SIM_HOUR)};
    must(model_endpoint(m, api, "get", NULL, &rest, &why));
    set(m, users, "to", value_text("api/get"));
    set(m, users, "rate", value_number(1000));
    struct world *w = world_of(m);
    must(world_run(w, 5 * SIM_SEC, UINT64_MAX, NULL, &why));
    double n = attempts(w), bytes = (double)world_bytes(w);
    must(world_run(w, 20 * SIM_SEC, UINT64_MAX, NULL, &why));
    printf("%-44s %10.0f bytes\n", "a request in flight, user and service",
           ((double)world_bytes(w) - bytes) / (attempts(w) - n));
    world_free(w);
    model_unref(m);
}

static void forks(void)
{
    double ms[RUNS];
    struct model *m = three_tiers(1);
    struct world *w = world_of(m);
    must(world_run(w, 60 * SIM_SEC, UINT64_MAX, NULL, &why));
    for (int i = 0; i < RUNS; i++) {
        double start = seconds();
        struct world *copy = world_fork(w);
        ms[i] = (seconds() - start) * 1e3;
        world_free(copy);
    }
    printf("%-44s %10.3f ms     under 5\n", "a copy of three tiers", median(ms));
    world_free(w);
    model_unref(m);
}

int main(int argc, char **argv)
{
    int part = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;
    const char *only = argc > 2 ? argv[2] : "";
    printf("%-24s %8s %8s %8s %9s  %s\n", "engine, one core", "M req/s", "M ev/s",
           "ns/req", "KiB", "to reach");
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (strncmp(benches[i].name, only, strlen(only)) == 0)
            run(&benches[i], part < 1 ? 1 : part);
    if (only[0] == '\0') {
        in_flight();
        forks();
    }
    return 0;
}
