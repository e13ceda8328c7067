/*
 * How fast the engine is: customers a second through M/M/1, through M/M/50 with a
 * timeout each, through many M/M/1 side by side, and requests a second through a shop
 * of three tiers with retries, timeouts and traces; the latter also as it is played,
 * with telemetry listening. Prints; judges nothing.
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

/* One M/M/c at four fifths of its capacity, by way of a call with this timeout (0:
 * none). */
static void add_queue(struct model *m, int number, int servers, sim_time mean,
                      sim_time timeout)
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
    set(m, c, "rate", value_number(0.8 * servers * (double)SIM_SEC / (double)mean));
    set(m, c, "trace_every", value_count(-1));
    snprintf(text, sizeof text, "%s.%s", users, api);
    c = add(m, "call", text);
    set(m, c, "network", value_duration(0));
    set(m, c, "timeout", value_duration(timeout));
}

/* `n` of them, which know nothing of each other. */
static struct model *mm1(int n)
{
    struct model *m = model_new();
    for (int i = 0; i < n; i++)
        add_queue(m, i, 1, SIM_MS * n, 0);
    return m;
}

static struct model *mm50(int n)
{
    struct model *m = model_new();
    (void)n;
    add_queue(m, 0, 50, 50 * SIM_MS, SIM_SEC);
    return m;
}

static struct model *three_tiers(int n)
{
    (void)n;
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
    struct model *(*model)(int n);
    int n;
    sim_time until;
    bool watched;
};
static const struct bench benches[] = {
    {"M/M/1", mm1, 1, 5000 * SIM_SEC, false},
    {"M/M/50, timeouts", mm50, 1, 2000 * SIM_SEC, false},
    {"10 M/M/1", mm1, 10, 1000 * SIM_SEC, false},
    {"100 M/M/1", mm1, 100, 1000 * SIM_SEC, false},
    {"1000 M/M/1", mm1, 1000, 1000 * SIM_SEC, false},
    {"10000 M/M/1", mm1, 10000, 1000 * SIM_SEC, false},
    {"three tiers", three_tiers, 1, 500 * SIM_SEC, false},
    {"three tiers, telemetry", three_tiers, 1, 500 * SIM_SEC, true},
};

/* Of all clients together. */
static double sum(const struct world *w, const char *metric)
{
    const struct model *m = world_model(w);
    double x = 0;
    for (size_t c = 0; c < model_comps(m); c++)
        if (strcmp(model_kind(m, (comp_id)c)->name, "client") == 0)
            x += world_metric(w, (comp_id)c, metric, -1);
    return x;
}

static void run(const struct bench *b, int part)
{
    struct model *m = b->model(b->n);
    must(model_finish(m, &why));
    struct world *w = world_new(m, 1, &why);
    double start = seconds();
    if (b->watched)
        run_watched(w, m, b->until / part);
    else
        must(world_run(w, b->until / part, UINT64_MAX, NULL, &why));
    double took = seconds() - start;
    double n = sum(w, "attempts_total"), mean = sum(w, "seconds_total") / n;
    printf("%-24s %6.2f M requests/s  %6.2f M events/s  mean %9.3f ms  %zu KiB\n",
           b->name, n / took / 1e6, (double)world_events(w) / took / 1e6, mean * 1e3,
           world_bytes(w) / 1024);
    fflush(stdout);
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
