/*
 * How fast the engine is: customers a second through M/M/1, and requests a second
 * through a shop of three tiers with retries, timeouts and traces; the latter also as
 * it is played, with telemetry listening. Prints; judges nothing.
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

static struct model *mm1(void)
{
    struct model *m = model_new();
    comp_id api = add(m, "service", "api");
    set(m, api, "workers", value_count(1));
    set(m, api, "cores", value_number(1));
    struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
    must(model_endpoint(m, api, "get", NULL, &work, &why));
    comp_id users = add(m, "client", "users");
    set(m, users, "to", value_text("api/get"));
    set(m, users, "rate", value_number(800));
    set(m, users, "trace_every", value_count(-1));
    set(m, add(m, "call", "users.api"), "network", value_duration(0));
    return m;
}

static struct model *three_tiers(void)
{
    struct model *m = model_new();
    comp_id db = add(m, "database", "db");
    set(m, db, "cores", value_number(16));
    set(m, add(m, "statement", "db.read"), "cpu",
        value_dist(dist_exponential(4 * SIM_MS)));
    comp_id api = add(m, "service", "api");
    set(m, api, "instances", value_count(8));
    set(m, add(m, "pool", "api.pool"), "to", value_text("db"));
    struct node query = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    struct node work = {
        .kind = NODE_COMPUTE, .time = dist_exponential(2 * SIM_MS), .next = &query};
    must(model_endpoint(m, api, "get", NULL, &work, &why));
    comp_id web = add(m, "service", "web");
    set(m, web, "instances", value_count(4));
    struct node call = {.kind = NODE_CALL, .target = "api", .what = "get"};
    struct node page = {
        .kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS), .next = &call};
    must(model_endpoint(m, web, "page", NULL, &page, &why));
    comp_id retry = add(m, "call", "web.api");
    set(m, retry, "timeout", value_duration(SIM_SEC));
    set(m, retry, "retries", value_count(2));
    set(m, add(m, "balancer", "edge"), "to", value_text("web"));
    comp_id users = add(m, "client", "users");
    set(m, users, "to", value_text("edge/page"));
    set(m, users, "rate", value_number(2000));
    set(m, users, "gives_up", value_duration(8 * SIM_SEC));
    struct slo slo = {"an answer within 2 s", 2 * SIM_SEC, 0, 0.99,
                      30 * SIM_MIN,           false};
    must(model_slo(m, &slo, NULL, 0, &why));
    return m;
}

/* A second at a time, as a game goes. */
static void run_watched(struct world *w, struct model *m, sim_time until)
{
    struct recording *r = recording_new(m, NULL, 0);
    struct observer o = recording_observer(r);
    for (sim_time t = SIM_SEC; t <= until; t += SIM_SEC) {
        must(world_run(w, t, UINT64_MAX, &o, &why));
        recording_sample(r, w);
    }
    recording_free(r);
}

struct bench {
    const char *name;
    struct model *(*model)(void);
    sim_time until;
    bool watched;
};
static const struct bench benches[] = {
    {"M/M/1", mm1, 5000 * SIM_SEC, false},
    {"three tiers", three_tiers, 500 * SIM_SEC, false},
    {"three tiers, telemetry", three_tiers, 500 * SIM_SEC, true},
};

static void run(const struct bench *b, int part)
{
    struct model *m = b->model();
    must(model_finish(m, &why));
    struct world *w = world_new(m, 1, &why);
    double start = seconds();
    if (b->watched)
        run_watched(w, m, b->until / part);
    else
        must(world_run(w, b->until / part, UINT64_MAX, NULL, &why));
    double took = seconds() - start;
    double n = world_metric(w, model_find(m, "users"), "attempts_total", -1);
    double mean = world_metric(w, model_find(m, "users"), "seconds_total", -1) / n;
    printf("%-24s %8.2f M requests/s  %8.2f M events/s  mean %6.3f ms  %zu KiB\n",
           b->name, n / took / 1e6, (double)world_events(w) / took / 1e6, mean * 1e3,
           world_bytes(w) / 1024);
    world_free(w);
    model_unref(m);
}

int main(int argc, char **argv)
{
    int part = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;
    const char *only = argc > 2 ? argv[2] : "";
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (strncmp(benches[i].name, only, strlen(only)) == 0)
            run(&benches[i], part < 1 ? 1 : part);
    return 0;
}
