/*
 * The traces of every lesson, every lab and two small worlds, pinned in traces.txt: one
 * digest of the whole and one of each component, after some simulated minutes of
 * seed 1. A change of the engine that moves any event, anywhere, shows here with the
 * component in which it began. Where that is meant, UPDATE_GOLDEN=1 writes the file
 * anew, and ENGINE_NUMBER rises.
 *
 * Besides: nobody who listens changes a world, and what is not connected does not
 * change it either.
 */
#include "../lib/lab.h"
#include "truecode/lesson.h"

#include <dirent.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <inttypes.h>

static const char pinned_path[] = "tests/golden/traces.txt";

/* ---- worlds ---------------------------------------------------------------------- */

static void must(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK)
        fail_msg("%s: %s", err_phrase(e), why->text);
}

/* Retries, timeouts that fire, a queue that fills, a crash and a restart. */
static void add_web(struct lab *l)
{
    const struct node work = {.kind = NODE_COMPUTE,
                              .time = dist_exponential(8 * SIM_MS)};
    const struct node call = {.kind = NODE_CALL, .target = "api", .what = "get"};
    const struct node page = {
        .kind = NODE_COMPUTE, .time = dist_lognormal(SIM_MS, SIM_MS), .next = &call};
    lab_part(l, "service", "api", "instances=2 workers=4 cores=1 queue=20 start_up=5s");
    lab_part(l, "service", "web", "instances=2 workers=30");
    lab_part(l, "call", "web.api",
             "timeout=200ms retries=2 backoff=exponential jitter=full breaker=50%");
    lab_part(l, "balancer", "edge", "to=web policy=two_choices");
    lab_endpoint(l, "api", "get", &work);
    lab_endpoint(l, "web", "page", &page);
    lab_part(l, "client", "users", "to=edge/page rate=150 gives_up=2s reloads=50%");
    lab_slo(l, SIM_SEC, 0);
}

/* Transactions, a leak, branches, a cache that expires, a third party. */
static void add_shop(struct lab *l)
{
    const struct node load = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    const struct node look = {
        .kind = NODE_CACHED, .target = "cache", .what = "seats", .body = &load};
    const struct node leak = {.kind = NODE_LEAK, .target = "db"};
    const struct node maybe = {.kind = NODE_SOMETIMES, .p = 0.01, .body = &leak};
    const struct node charge = {
        .kind = NODE_CALL, .target = "bank", .what = "charge", .next = &maybe};
    const struct node b2 = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    const struct node b1 = {.kind = NODE_SLEEP, .time = dist_exponential(20 * SIM_MS)};
    const struct node work = {
        .kind = NODE_COMPUTE, .time = dist_exponential(4 * SIM_MS), .next = &b1};
    const struct node branches = {.kind = NODE_BLOCK, .body = &work, .next = &b2};
    const struct node both = {
        .kind = NODE_PARALLEL, .body = &branches, .next = &charge};
    const struct node tx = {
        .kind = NODE_TRANSACTION, .target = "db", .body = &load, .next = &both};
    const struct node first = {
        .kind = NODE_BLOCK, .body = &look, .catches = true, .next = &tx};
    lab_part(
        l, "database", "db",
        "cores=2 max_connections=30 contention=0.02 idle_in_transaction_timeout=20s");
    lab_part(l, "statement", "db.read", "cpu=exponential(10ms)");
    lab_part(l, "external", "bank", "latency=lognormal(80ms,40ms) decline=5%");
    lab_part(l, "cache", "cache", "");
    lab_part(l, "keyspace", "cache.seats",
             "keys=40 per_lookup=3 popularity=1 ttl=5s jitter=20% single_flight=on");
    lab_part(l, "service", "shop", "instances=3 workers=12 start_up=5s");
    lab_part(l, "pool", "shop.pool", "to=db size=6 acquire_timeout=1s");
    lab_part(l, "call", "shop.bank", "timeout=1s retries=1 network=1ms");
    lab_endpoint(l, "shop", "buy", &first);
    lab_part(l, "client", "buyers", "to=shop/buy rate=30 gives_up=exponential(6s)");
    lab_slo(l, 2 * SIM_SEC, 30 * SIM_SEC);
}

static void run_web(struct lab *l)
{
    lab_run(l, SIM_MIN);
    lab_fault(l, "api", "slow", "3", 30 * SIM_SEC);
    lab_run(l, 2 * SIM_MIN);
    lab_op(l, "web", "restart", NULL);
    lab_run(l, 4 * SIM_MIN);
}

static void run_shop(struct lab *l)
{
    lab_run(l, SIM_MIN);
    lab_fault(l, "db", "stall", NULL, 5 * SIM_SEC);
    lab_run(l, 2 * SIM_MIN);
    lab_op(l, "cache", "flush", NULL);
    lab_op(l, "shop", "scale", "5");
    lab_run(l, 4 * SIM_MIN);
}

struct small {
    const char *name;
    void (*add)(struct lab *l);
    void (*run)(struct lab *l);
};
static const struct small smalls[] = {{"web", add_web, run_web},
                                      {"shop", add_shop, run_shop}};
#define NSMALLS (sizeof smalls / sizeof *smalls)

static struct lab small_done(const struct small *s)
{
    struct lab l = lab_new();
    s->add(&l);
    lab_start(&l, 1);
    s->run(&l);
    return l;
}

/* ---- what is pinned -------------------------------------------------------------- */

static void say(struct buf *out, const char *world, const struct world *w)
{
    const struct model *m = world_model(w);
    buf_addf(out, "%s: %" PRId64 " s, %" PRIu64 " events: %016" PRIx64 "\n", world,
             world_now(w) / SIM_SEC, world_events(w), world_digest(w));
    for (size_t c = 0; c < model_comps(m); c++)
        if (world_digest_of(w, (comp_id)c) != 0)
            buf_addf(out, "%s  %-24s %016" PRIx64 "\n", world,
                     model_name(m, (comp_id)c), world_digest_of(w, (comp_id)c));
}

/* NULL: it cannot be read. */
static char *file_text(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    struct buf b;
    int ch;
    if (!f)
        return NULL;
    buf_init(&b, 0);
    while ((ch = fgetc(f)) != EOF)
        buf_addch(&b, (char)ch);
    fclose(f);
    *len = b.len;
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

/* Until `end`, or the whole second in which it has had so many events. */
enum { LESSON_EVENTS = 100000000, LAB_EVENTS = 700000 };

static struct world *lesson_run(const struct lesson_world *lw, sim_time end,
                                uint64_t events, bool watched)
{
    struct errmsg why = {0};
    struct world *w = world_new(lw->model, 1, &why);
    if (!w)
        fail_msg("%s", why.text);
    struct recording *r = recording_new(lw->model, lw->rules, lw->nrules);
    struct observer o = recording_observer(r);
    for (sim_time t = SIM_SEC; t <= end && world_events(w) < events; t += SIM_SEC) {
        must(world_run(w, t, UINT64_MAX, watched ? &o : NULL, &why), &why);
        if (watched)
            recording_sample(r, w);
    }
    recording_free(r);
    return w;
}

typedef enum err (*load_fn)(struct lesson **out, const char *text, size_t len,
                            const char *name, struct errmsg *why);

/* The lesson's world run twice, with telemetry and without: five minutes more than
 * until its page; a lab eight more than its warm-up. */
static void say_file(struct buf *out, const char *id, load_fn load)
{
    char path[100];
    bool lab = load == lesson_load_lab;
    size_t len = 0;
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    char *text = file_text(path, &len);
    if (!text)
        return; /* on the list, not written yet */
    must(load(&l, text, len, path, &why), &why);
    must(lesson_build(l, 1, &lw, &why), &why);
    sim_time end = lesson_info(l)->starts_at + (lab ? 8 : 5) * SIM_MIN;
    uint64_t events = lab ? LAB_EVENTS : LESSON_EVENTS;
    struct world *alone = lesson_run(&lw, end, events, false);
    struct world *seen = lesson_run(&lw, end, events, true);
    assert_true(world_digest(alone) == world_digest(seen));
    assert_true(world_events(alone) == world_events(seen));
    say(out, id, alone);
    world_free(alone);
    world_free(seen);
    lesson_world_release(&lw);
    lesson_unref(l);
    mem_free(text);
}

static int by_name(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return strcmp(a, b);
}

static void say_labs(struct buf *out)
{
    char ids[64][80];
    size_t n = 0;
    DIR *d = opendir("lessons/lab");
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d)) && n < 64;) {
        size_t len = strlen(f->d_name);
        if (len > 4 && len < 64 && strcmp(f->d_name + len - 4, ".lua") == 0)
            snprintf(ids[n++], sizeof ids[0], "lab/%.*s", (int)len - 4, f->d_name);
    }
    closedir(d);
    sort_stable(ids, n, sizeof ids[0], by_name, NULL);
    for (size_t i = 0; i < n; i++)
        say_file(out, ids[i], lesson_load_lab);
}

static void say_lessons(struct buf *out)
{
    struct errmsg why = {0};
    struct course_list course;
    size_t len = 0;
    char *text = file_text("lessons/course.lua", &len);
    assert_non_null(text);
    must(course_load(&course, text, len, "course.lua", &why), &why);
    for (size_t i = 0; i < course.n; i++)
        say_file(out, course.entries[i].id, lesson_load);
    course_release(&course);
    mem_free(text);
}

/* ---- comparing ------------------------------------------------------------------- */

static size_t line_len(const char *s)
{
    size_t n = strcspn(s, "\n");
    return n + (s[n] == '\n');
}

static bool has_line(const char *text, const char *line, size_t n)
{
    for (; *text != '\0'; text += line_len(text))
        if (line_len(text) == n && memcmp(text, line, n) == 0)
            return true;
    return false;
}

/* Adds the lines of `a` that `b` has not, as comments; how many. */
static int add_missing(struct buf *out, const char *sign, const char *a, const char *b)
{
    int n = 0;
    for (; *a != '\0'; a += line_len(a)) {
        if (has_line(b, a, line_len(a)))
            continue;
        buf_addf(out, "# %s ", sign);
        buf_add(out, a, line_len(a));
        n++;
    }
    return n;
}

static void rewrite(const struct buf *now)
{
    FILE *f = fopen(pinned_path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(now->s, 1, now->len, f), now->len);
    assert_int_equal(fclose(f), 0);
}

static void traces_are_as_pinned(void **state)
{
    struct buf now, diff;
    size_t len = 0;
    (void)state;
    buf_init(&now, 0);
    buf_init(&diff, 0);
    for (size_t i = 0; i < NSMALLS; i++) {
        struct lab l = small_done(&smalls[i]);
        say(&now, smalls[i].name, l.w);
        lab_free(&l);
    }
    say_lessons(&now);
    say_labs(&now);
    char *was = file_text(pinned_path, &len);
    int n = add_missing(&diff, "-", was ? was : "", now.s) +
            add_missing(&diff, "+", now.s, was ? was : "");
    if (n > 0 && getenv("UPDATE_GOLDEN")) {
        rewrite(&now);
        printf("# %s is written anew:\n%s", pinned_path, diff.s);
    } else if (n > 0) {
        printf("%s", diff.s);
        fflush(stdout);
        fail_msg("%d lines of %s differ (all are above); UPDATE_GOLDEN=1 writes it "
                 "anew. The first:\n%.*s",
                 n, pinned_path, (int)line_len(diff.s), diff.s);
    }
    mem_free(was);
    buf_release(&now);
    buf_release(&diff);
}

/* A stranger's traffic in the same world, added first so that every number shifts. */
static void what_is_not_connected_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < NSMALLS; i++) {
        const struct node work = {.kind = NODE_COMPUTE,
                                  .time = dist_exponential(3 * SIM_MS)};
        struct lab alone = small_done(&smalls[i]), l = lab_new();
        lab_part(&l, "service", "far", "instances=2 queue=3");
        lab_endpoint(&l, "far", "away", &work);
        lab_part(&l, "client", "strangers", "to=far/away rate=90 gives_up=1s");
        smalls[i].add(&l);
        lab_start(&l, 1);
        smalls[i].run(&l);
        assert_true(lab_metric(&l, "strangers", "attempts_total") > 10000);
        for (size_t c = 0; c < model_comps(alone.m); c++) {
            const char *name = model_name(alone.m, (comp_id)c);
            comp_id same = model_find(l.m, name);
            if (world_digest_of(alone.w, (comp_id)c) != world_digest_of(l.w, same))
                fail_msg("%s: %s lives through something else beside strangers",
                         smalls[i].name, name);
        }
        lab_free(&alone);
        lab_free(&l);
    }
}

int main(void)
{
    /* As the program does: numbers stay as they are, letters are those of the place. */
    (void)setlocale(LC_CTYPE, "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces_are_as_pinned),
        cmocka_unit_test(what_is_not_connected_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
