/*
 * Explanations over every lesson and every lab, against the plain list of all their
 * requests: each request's time by cause and place sums to what it took, to the
 * nanosecond; each failure has one reason of the closed list and a culprit; and what
 * the recording tells of any window, by any part of the latencies, is what adding up
 * the list tells.
 */
#include "../../src/telemetry/telemetry_internal.h"
#include "truecode/lesson.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 650000, WINDOWS = 60, SLICES_MAX = 200 };

/* ---- everything that happened ---------------------------------------------------- */

struct one { /* a finished request */
    comp_id who, culprit;
    uint8_t reason;
    sim_time start, end;
    size_t first, n; /* the request's slices */
};
struct all {
    const char *name;
    struct observer next; /* the recording's */
    size_t ncomps;
    struct one *list;
    size_t n, cap;
    struct slice *slices;
    size_t nslices, slices_cap;
    uint64_t user, server, failed, abandoned;
};

static void must(enum err e, const struct errmsg *why)
{
    if (e != ERR_OK)
        fail_msg("%s: %s", err_phrase(e), why->text);
}

static void keep(struct all *a, comp_id who, const struct request_done *r)
{
    if (a->n == a->cap)
        a->list = mem_grow(a->list, a->cap = a->cap * 2 + 64, sizeof *a->list);
    while (a->nslices + r->nslices > a->slices_cap)
        a->slices = mem_grow(a->slices, a->slices_cap = a->slices_cap * 2 + 256,
                             sizeof *a->slices);
    a->list[a->n++] = (struct one){.who = who,
                                   .culprit = r->culprit,
                                   .reason = (uint8_t)r->reason,
                                   .start = r->start,
                                   .end = r->end,
                                   .first = a->nslices,
                                   .n = r->nslices};
    for (size_t i = 0; i < r->nslices; i++)
        a->slices[a->nslices++] = r->slices[i];
}

/* The rules that hold for every request, whoever finished it and however. */
static void check_one(const struct all *a, const struct request_done *r)
{
    sim_time sum = 0;
    assert_true(r->nslices <= SLICES_MAX);
    for (size_t i = 0; i < r->nslices; i++) {
        const struct slice *s = &r->slices[i];
        assert_true(s->ns > 0 && s->cause < CAUSE_COUNT && s->place < a->ncomps);
        for (size_t k = 0; k < i; k++)
            assert_false(s->cause == r->slices[k].cause &&
                         s->place == r->slices[k].place);
        sum += s->ns;
    }
    if (sum != r->end - r->start)
        fail_msg("%s: request %llu took %lld ns and %lld are explained", a->name,
                 (unsigned long long)r->id, (long long)(r->end - r->start),
                 (long long)sum);
    assert_true(r->reason < REASON_COUNT);
    if ((r->reason == REASON_NONE) != (r->culprit == COMP_NONE) ||
        (r->reason != REASON_NONE && r->culprit >= a->ncomps))
        fail_msg("%s: request %llu: %s, at %d", a->name, (unsigned long long)r->id,
                 reason_phrase(r->reason), r->culprit);
}

static void on_done(void *ctx, const struct request_done *r)
{
    struct all *a = ctx;
    comp_id who = r->user ? r->client : r->endpoint;
    check_one(a, r);
    keep(a, who < a->ncomps ? who : r->place, r);
    a->user += r->user;
    a->server += !r->user;
    a->failed += r->reason != REASON_NONE;
    a->abandoned += r->abandoned;
    a->next.done(a->next.ctx, r);
}

/* ---- adding up the list ---------------------------------------------------------- */

struct window {
    comp_id who;
    sim_time from, to;
    double low, high;
};

/* Tells whether it is of this window; windows are rounded outwards to ten seconds. */
static bool inside(const struct one *x, const struct window *w)
{
    sim_time a = w->from / SLOT_TIME * SLOT_TIME;
    sim_time b = (w->to + SLOT_TIME - 1) / SLOT_TIME * SLOT_TIME;
    return x->who == w->who && x->end > a && x->end <= b;
}

/* How much of a request of each bucket lies between the two quantiles, by counting:
 * each request of rank k is the stretch k to k + 1. */
static uint64_t choose(const struct all *a, const struct window *w,
                       double part[LATENCY_BUCKETS])
{
    uint64_t hist[LATENCY_BUCKETS] = {0}, n = 0, rank = 0;
    for (size_t i = 0; i < a->n; i++)
        if (inside(&a->list[i], w)) {
            hist[latency_bucket(a->list[i].end - a->list[i].start)]++;
            n++;
        }
    double from = w->low * (double)n, to = w->high * (double)n;
    for (uint32_t b = 0; b < LATENCY_BUCKETS; b++) {
        part[b] = 0;
        for (uint64_t k = 0; k < hist[b]; k++, rank++)
            part[b] += fmax(0, fmin(to, (double)(rank + 1)) - fmax(from, (double)rank));
        part[b] = hist[b] ? part[b] / (double)hist[b] : 0;
    }
    return n;
}

static void add_up(const struct all *a, const struct window *w, const double *part,
                   double *ns, double *requests)
{
    *requests = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct one *x = &a->list[i];
        if (!inside(x, w))
            continue;
        double counts = part[latency_bucket(x->end - x->start)];
        *requests += counts;
        for (size_t k = x->first; k < x->first + x->n; k++)
            ns[(size_t)a->slices[k].place * CAUSE_COUNT + a->slices[k].cause] +=
                (double)a->slices[k].ns * counts;
    }
}

/* What is told is whole microseconds for each slot and bucket: not further off. */
static void compare(const struct all *a, const struct window *w,
                    const struct share *got, size_t n, double *ns, double requests,
                    double off)
{
    double rest = 0, shares = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)got[i].place * CAUSE_COUNT + got[i].cause;
        double want = ns[at] / 1e9, told = got[i].seconds * requests;
        if (fabs(told - want) > off + want * 1e-9)
            fail_msg("%s: who %d, %.3f to %.3f: %s at %d is told as %.9f s, was %.9f s",
                     a->name, w->who, w->low, w->high, cause_phrase(got[i].cause),
                     got[i].place, told, want);
        shares += got[i].share;
        ns[at] = 0;
    }
    assert_true(n == 0 || fabs(shares - 1) < 1e-9);
    for (size_t i = 0; i < a->ncomps * CAUSE_COUNT; i++)
        rest += ns[i];
    assert_true(rest / 1e9 <= off * 50);
}

static void check_time(const struct all *a, const struct recording *r,
                       const struct window *w)
{
    double part[LATENCY_BUCKETS], requests;
    size_t cells = a->ncomps * CAUSE_COUNT, buckets = 0;
    double *ns = mem_array(cells, sizeof *ns);
    struct share *got = mem_array(cells, sizeof *got);
    size_t n = explain_time(r, w->who, w->from, w->to, w->low, w->high, got, cells);
    if (choose(a, w, part) == 0) {
        assert_int_equal(n, 0);
    } else {
        double slots = (double)(w->to - w->from) / (double)SLOT_TIME + 2;
        for (size_t b = 0; b < LATENCY_BUCKETS; b++)
            buckets += part[b] > 0;
        add_up(a, w, part, ns, &requests);
        compare(a, w, got, n, ns, requests, slots * (double)buckets * 0.5e-6);
    }
    mem_free(got);
    mem_free(ns);
}

static void check_failures(const struct all *a, const struct recording *r,
                           const struct window *w)
{
    struct failure got[512];
    size_t n = explain_failures(r, w->who, w->from, w->to, got, 512);
    uint64_t failed = 0, told = 0;
    for (size_t k = 0; k < n; k++) {
        uint64_t want = 0;
        for (size_t i = 0; i < a->n; i++)
            want += inside(&a->list[i], w) && a->list[i].reason == got[k].reason &&
                    a->list[i].culprit == got[k].place;
        assert_int_equal(got[k].count, want);
        told += want;
    }
    for (size_t i = 0; i < a->n; i++)
        failed += inside(&a->list[i], w) && a->list[i].reason != REASON_NONE;
    assert_int_equal(told, failed);
}

static void check_windows(const struct all *a, const struct recording *r, sim_time end)
{
    static const double parts[][2] = {{0, 1}, {0.45, 0.55}, {0.985, 0.995}, {0.98, 1}};
    struct rng rng;
    rng_seed(&rng, 1, a->name);
    uint32_t seconds = (uint32_t)(end / SIM_SEC);
    for (int i = 0; i < WINDOWS && a->n > 0; i++) {
        const double *part = parts[rng_below(&rng, 4)];
        struct window w = {.who = a->list[rng_below(&rng, (uint32_t)a->n)].who,
                           .from = (sim_time)rng_below(&rng, seconds) * SIM_SEC,
                           .low = part[0],
                           .high = part[1]};
        w.to = w.from + (1 + (sim_time)rng_below(&rng, seconds)) * SIM_SEC;
        if (i % 3 == 0) { /* any part of all */
            w.from = 0;
            w.to = end;
            w.low = rng_unit(&rng) * 0.9;
            w.high = w.low + 0.01 + rng_unit(&rng) * 0.09;
        }
        check_time(a, r, &w);
        check_failures(a, r, &w);
    }
}

/* ---- every file ------------------------------------------------------------------ */

typedef enum err (*load_fn)(struct lesson **out, const char *text, size_t len,
                            const char *name, struct errmsg *why);

/* Every call stops its callee when it waits no longer. */
static void cancel_calls(struct world *w, const struct model *m)
{
    struct errmsg why = {0};
    for (size_t c = 0; c < model_comps(m); c++) {
        const struct action a = {.kind = ACTION_SET,
                                 .comp = (comp_id)c,
                                 .name = "cancel",
                                 .args = {value_bool(true)},
                                 .nargs = 1};
        if (str_eq(model_kind(m, (comp_id)c)->name, "call"))
            must(world_apply(w, &a, NULL, NULL, NULL, &why), &why);
    }
}

static void run_file(const char *path, const char *text, size_t len, load_fn load,
                     bool cancel)
{
    struct errmsg why = {0};
    struct lesson *l;
    struct lesson_world lw;
    must(load(&l, text, len, path, &why), &why);
    must(lesson_build(l, 1, &lw, &why), &why);
    struct world *w = world_new(lw.model, 1, &why);
    assert_non_null(w);
    if (cancel)
        cancel_calls(w, lw.model);
    struct recording *r = recording_new(lw.model, NULL, 0);
    struct all a = {
        .name = path, .next = recording_observer(r), .ncomps = model_comps(lw.model)};
    struct observer o = a.next;
    o.ctx = &a;
    o.done = on_done;
    o.span = NULL;
    o.log = NULL;
    o.change = NULL;
    sim_time end = lesson_info(l)->starts_at + 8 * SIM_MIN, t = SIM_SEC;
    for (; t <= end && world_events(w) < EVENTS; t += SIM_SEC) {
        must(world_run(w, t, UINT64_MAX, &o, &why), &why);
        recording_sample(r, w);
    }
    check_windows(&a, r, t - SIM_SEC);
    print_message("%s: %llu of users, %llu of servers, %llu failed, %llu abandoned\n",
                  path, (unsigned long long)a.user, (unsigned long long)a.server,
                  (unsigned long long)a.failed, (unsigned long long)a.abandoned);
    assert_true(a.user > 100);
    mem_free(a.list);
    mem_free(a.slices);
    recording_free(r);
    world_free(w);
    lesson_world_release(&lw);
    lesson_unref(l);
}

static void read_and_run(const char *dir, const char *file, load_fn load, bool cancel)
{
    char path[400];
    struct buf text;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(&text, LESSON_MAX_BYTES);
    for (int c; (c = fgetc(f)) != EOF;)
        buf_addch(&text, (char)c);
    fclose(f);
    run_file(path, text.s, text.len, load, cancel);
    buf_release(&text);
}

static void run_folder(const char *dir, load_fn load, bool cancel)
{
    DIR *d = opendir(dir);
    int n = 0;
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d));) {
        size_t len = strlen(f->d_name);
        if (len > 4 && strcmp(f->d_name + len - 4, ".lua") == 0 &&
            strcmp(f->d_name, "course.lua") != 0) {
            read_and_run(dir, f->d_name, load, cancel);
            n++;
        }
    }
    closedir(d);
    assert_true(n > 3);
}

static void lessons_are_explained(void **state)
{
    (void)state;
    run_folder("lessons", lesson_load, false);
}

static void labs_are_explained(void **state)
{
    (void)state;
    run_folder("lessons/lab", lesson_load_lab, false);
}

static void what_is_cancelled_is_explained(void **state)
{
    (void)state;
    run_folder("lessons/lab", lesson_load_lab, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lessons_are_explained),
        cmocka_unit_test(labs_are_explained),
        cmocka_unit_test(what_is_cancelled_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
