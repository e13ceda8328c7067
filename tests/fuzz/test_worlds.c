/*
 * Worlds at random: whatever a model may be and whatever is done to its world, the
 * process that runs it lives. A model is refused with a sentence, or its world runs, or
 * it stops with a sentence; and the same again is the same again.
 *
 *     build/tests/fuzz/test_worlds            a few, as `make test` does
 *     build/tests/fuzz/test_worlds 20000      so many (make fuzz N=20000)
 *     build/tests/fuzz/test_worlds 1 4711     that one alone, in this very process
 *
 * Each batch runs in a process of its own with the address space that a worker has; one
 * that dies is told with the number of its model, and the next goes on behind it.
 */
#include "../lib/any_world.h"

#include "truecode/telemetry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FEW = 250, BATCH = 50, SECONDS = 20 };
enum { EVENTS = 20000, MANY_EVENTS = 400000 };
#define ADDRESS_SPACE ((rlim_t)512 << 20)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

struct tally {   /* shared with the processes that count in it */
    uint64_t at; /* the model that runs */
    unsigned long models, refused, too_large, ran_away, differed, told, events, actions;
    unsigned long most_bytes; /* of a world before its first event */
    unsigned long figures;    /* impossible */
};

/* ---- one world ------------------------------------------------------------------- */

/* A model that may be finished: with fewer and fewer parameters set. */
static struct model *finished(struct any *a, uint64_t seed, struct tally *t)
{
    for (double wild = 0.4; wild > 0.01; wild /= 2) {
        struct errmsg why = {0};
        struct model *m = any_model(a, seed, wild);
        enum err e = model_finish(m, &why);
        if (e == ERR_OK)
            return m;
        if (e == ERR_LIMIT)
            t->too_large++;
        if (getenv("FUZZ_SAY"))
            printf("# %llu: %s\n", (unsigned long long)seed, why.text);
        model_unref(m);
        any_release(a);
        if (why.text[0] == '\0' || e == ERR_LIMIT)
            return NULL;
    }
    return NULL;
}

struct run {
    struct world *w;
    struct recording *rec; /* NULL: nobody looks */
    struct observer o;
    unsigned long *events;
};

/* ---- figures that cannot be ------------------------------------------------------ */

/* More than anything here can be: what an unsigned difference below zero is. */
#define TOO_MUCH 9e18

/* Whether the reference says that it may be below zero: -1 for what there is none of, or
 * a time that has passed. */
static bool may_be_below(const struct metric_desc *d)
{
    return strstr(d->doc, "-1:") || strstr(d->doc, "below 0") ||
           str_eq(d->name, "offset_seconds") || str_eq(d->name, "disk_seconds_left");
}

/* What a share, a count or an age may be, in whatever state the world is. */
static void look(const struct world *w, uint64_t seed, struct tally *t)
{
    const struct model *m = world_model(w);
    for (size_t i = 0; i < model_comps(m); i++) {
        const struct kind_desc *k = model_kind(m, (comp_id)i);
        for (size_t n = 0; n < k->nmetrics; n++) {
            const struct metric_desc *d = &k->metrics[n];
            double x = world_metric_at(w, (comp_id)i, n, 0);
            if (x != x || (x < TOO_MUCH && (x >= 0 || may_be_below(d))))
                continue;
            if (t->figures++ < 20)
                printf("# %llu: %s.%s is %g at %g s\n", (unsigned long long)seed,
                       model_name(m, (comp_id)i), d->name, x,
                       (double)world_now(w) / (double)SIM_SEC);
        }
    }
}

/* False: it stopped for good. */
static bool go(struct run *r, sim_time until, uint64_t most, struct tally *t)
{
    struct errmsg why = {0};
    while (world_now(r->w) < until && world_events(r->w) < most) {
        sim_time next = world_now(r->w) / SIM_SEC * SIM_SEC + SIM_SEC;
        enum err e = world_run(r->w, next < until ? next : until,
                               most - world_events(r->w), r->rec ? &r->o : NULL, &why);
        if (e == ERR_LIMIT) {
            t->ran_away++;
            t->told += why.text[0] != '\0';
            return false;
        }
        if (e != ERR_OK)
            break;
        if (r->rec)
            recording_sample(r->rec, r->w);
    }
    return !(r->rec && recording_full(r->rec));
}

/* Deeds to a world depend on the seed alone. */
static uint64_t live(struct any *a, struct model *m, uint64_t seed, struct tally *t)
{
    struct errmsg why = {0};
    struct run r = {.w = world_new(m, seed, &why)};
    struct rng days;
    if (!r.w) {
        t->too_large++;
        return why.text[0] == '\0';
    }
    if (world_bytes(r.w) > t->most_bytes)
        t->most_bytes = world_bytes(r.w);
    rng_seed(&days, seed, "days");
    rng_seed(&a->r, seed, "deeds");
    uint64_t most = rng_below(&days, 20) == 0 ? MANY_EVENTS : EVENTS;
    if (rng_below(&days, 2) == 0 && recording_fits(m, &why) == ERR_OK) {
        r.rec = recording_new(m, NULL, 0);
        r.o = recording_observer(r.rec);
    }
    for (int i = 0; i < 12; i++) {
        sim_time until =
            world_now(r.w) + (sim_time)rng_below(&days, SECONDS) * SIM_SEC / 4;
        bool on = go(&r, until, most, t);
        look(r.w, seed, t);
        if (!on)
            break;
        struct action x = any_action(a, m);
        t->actions +=
            world_apply(r.w, &x, "you", r.rec ? &r.o : NULL, NULL, &why) == ERR_OK;
        if (i == 6) {
            struct world *copy = world_fork(r.w);
            if (copy)
                world_free(r.w);
            r.w = copy ? copy : r.w;
        }
    }
    uint64_t digest = world_digest(r.w);
    t->events += (unsigned long)world_events(r.w);
    if (r.rec)
        recording_free(r.rec);
    world_free(r.w);
    return digest;
}

static void one(uint64_t seed, struct tally *t)
{
    struct any a;
    struct model *m = finished(&a, seed, t);
    t->models++;
    if (!m) {
        t->refused++;
        return;
    }
    uint64_t digest = live(&a, m, seed, t);
    if (seed % 8 == 0 && live(&a, m, seed, t) != digest)
        t->differed++;
    model_unref(m);
    any_release(&a);
}

/* ---- many ------------------------------------------------------------------------ */

static void batch(uint64_t from, uint64_t to, struct tally *t)
{
    if (!SANITIZED) {
        struct rlimit most = {ADDRESS_SPACE, ADDRESS_SPACE};
        setrlimit(RLIMIT_AS, &most);
    }
    for (uint64_t seed = from; seed < to; seed++) {
        t->at = seed;
        one(seed, t);
    }
}

/* Runs from..to-1; returns how many of them ended their process. */
static unsigned many(uint64_t from, uint64_t to, struct tally *t)
{
    unsigned died = 0;
    while (from < to) {
        uint64_t end = from + BATCH < to ? from + BATCH : to;
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            batch(from, end, t);
            fflush(stdout);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            return died + 1;
        from = end;
        if (status == 0)
            continue;
        died++;
        printf("# model %llu: its process ended with %s %d\n",
               (unsigned long long)t->at, WIFSIGNALED(status) ? "signal" : "status",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        from = t->at + 1;
    }
    return died;
}

static int verdict(bool ok, const char *name)
{
    printf("%s - %s\n", ok ? "ok" : "not ok", name);
    return !ok;
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : FEW;
    uint64_t from = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct tally *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED)
        return 1;
    unsigned died = 0;
    if (argc > 2 && n == 1)
        one(from, t);
    else
        died = many(from, from + n, t);
    printf(
        "# %lu models: %lu refused, %lu of them as too large; %lu million events, %lu "
        "things done, %lu ran away; at most %.1f MiB before the first event\n",
        t->models, t->refused, t->too_large, t->events / 1000000, t->actions,
        t->ran_away, (double)t->most_bytes / (1 << 20));
    int bad = verdict(died == 0, "no world brings its process down");
    bad |= verdict(t->differed == 0, "the same model and deeds give the same trace");
    bad |= verdict(t->told == t->ran_away, "a world that stops says why");
    bad |= verdict(t->figures == 0, "no figure is less than nothing");
    bad |= verdict(t->most_bytes <= (33u << 20), "what is there at first was reckoned");
    bad |=
        verdict(t->refused * 4 < t->models || t->models < 50, "most models are worlds");
    return bad;
}
