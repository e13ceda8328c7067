/*
 * The figures a person feels, of the program as it is: how soon there is a screen, how
 * soon a key is on it, what a still screen sends, how much memory an hour takes, how
 * long an hour, a rewind and a proof take. Prints one table, with the budget beside
 * each figure; judges nothing.
 *
 * The screen is measured from outside, on a pseudo terminal, and a frame is done when
 * its marker (--test-sync) arrives. Lessons are measured inside, through a session.
 */
#include "../../src/session/session_internal.h"
#include "../lib/pty_term.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const lessons[] = {"first-page", "all-green", "cache-stampede",
                                      "eleven-forty-seven"};
#define LESSONS (sizeof lessons / sizeof *lessons)
#define TIMES   9

static const char *program(void)
{
    const char *p = getenv("TRUECODE");
    return p ? p : "build/truecode";
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Of processor time: the machine may have other things to do. */
static double used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The same of the programs that this one ran and waited for. */
static double children_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
    return n > 0 ? v[n / 2] : 0;
}

static void row(const char *what, double value, const char *unit, const char *budget)
{
    printf("%-50s %9.1f %-6s %s\n", what, value, unit, budget);
    fflush(stdout);
}

/* ---- a screen -------------------------------------------------------------------- */

static unsigned frames(const struct pty *p, size_t from)
{
    static const char mark[] = "\033]2;truecode frame ";
    unsigned n = 0;
    for (size_t i = from; i + sizeof mark - 1 <= p->raw.len; i++)
        n += memcmp(p->raw.s + i, mark, sizeof mark - 1) == 0;
    return n;
}

static void start_of(const char *what, const char *const *words, const char *seen)
{
    double ms[TIMES];
    for (size_t i = 0; i < TIMES; i++) {
        double start = now_ms();
        struct pty *p = pty_start(words, NULL, NULL, 24, 80);
        if (!pty_sees(p, seen))
            printf("%s: no '%s' within 20 s\n", what, seen);
        ms[i] = now_ms() - start;
        pty_free(p);
    }
    double middle = median(ms, TIMES);
    row(what, middle, "ms", "under 50");
    row("    the best of nine", ms[0], "ms", "");
}

static void starts(void)
{
    static const char *const none[] = {NULL};
    static const char *const first[] = {"play", "first-page", "--seed", "7", NULL};
    static const char *const busy[] = {"play", "eleven-forty-seven", "--seed", "7",
                                       NULL};
    start_of("start to the list of lessons", none, "Your first page");
    start_of("start to a lesson's first frame", first, "Opening");
    start_of("start to the page of first-page", first, "Enter begin");
    start_of("start to the page of eleven-forty-seven", busy, "Enter begin");
}

/* On call: a guided lesson's clock waits for its reader. */
static struct pty *playing(void)
{
    static const char *const words[] = {"play",   "first-page", "--seed",      "7",
                                        "--mode", "oncall",     "--test-sync", NULL};
    struct pty *p = pty_start(words, NULL, NULL, 24, 80);
    pty_sees(p, "Enter begin");
    return p;
}

/* Of a process, from outside; the first number of schedstat is nanoseconds. */
static double processor_ms(pid_t pid)
{
    char path[64];
    long long ns = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%lld", &ns) != 1)
        ns = 0;
    if (f)
        fclose(f);
    return (double)ns / 1e6;
}

static void keys_of(struct pty *p)
{
    double ms[60];
    size_t n = 0;
    for (; n < 60; n++) {
        pty_listen(p, 30); /* the rest of the key before, still to come */
        size_t from = p->raw.len;
        double start = now_ms();
        pty_type(p, n % 20 == 19 ? "\025" : "x");
        while (frames(p, from) == 0 && now_ms() - start < 2000) {
            char part[4096];
            struct pollfd f = {.fd = p->fd, .events = POLLIN};
            if (poll(&f, 1, 100) > 0) {
                ssize_t got = read(p->fd, part, sizeof part);
                if (got > 0)
                    buf_add(&p->raw, part, (size_t)got);
            }
        }
        ms[n] = now_ms() - start;
    }
    double middle = median(ms, n);
    row("key to paint, median", middle, "ms", "under 20");
    row("key to paint, slowest of 60", ms[n - 1], "ms", "");
}

static void screens(void)
{
    struct pty *p = playing();
    pty_listen(p, 500);
    row("bytes of a still screen in 3 s", (double)pty_listen(p, 3000), "bytes", "0");
    pty_type(p, "\r");
    pty_sees(p, "console");
    pty_listen(p, 500);
    size_t from = p->raw.len;
    double used = processor_ms(p->pid) + processor_ms(pty_worker(p)), start = now_ms();
    pty_listen(p, 4000);
    double took = now_ms() - start;
    used = processor_ms(p->pid) + processor_ms(pty_worker(p)) - used;
    row("a live screen: frames per second", frames(p, from) / took * 1e3, "1/s",
        "at most 4");
    row("a live screen: of one core", 100 * used / took, "%", "under 3");
    keys_of(p);
    pty_free(p);
}

/* ---- memory ---------------------------------------------------------------------- */

static double peak_mib(pid_t pid)
{
    char path[64], line[128];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "VmHWM: %ld", &kib);
    if (f)
        fclose(f);
    return (double)kib / 1024;
}

/* In lines, until `asked` is answered by another prompt; false: the lesson is over. */
static bool line(struct pty *p, const char *asked)
{
    size_t from = p->raw.len + strlen(asked) + 2;
    pty_type(p, asked);
    pty_type(p, "\n");
    while (!(p->raw.len > from && memcmp(p->raw.s + p->raw.len - 4, "\r\n> ", 4) == 0))
        if (pty_listen(p, 20) == 0 && kill(p->pid, 0) != 0)
            return false;
    return true;
}

/* The largest of all lessons, an hour or to the lesson's end. */
static void memory(void)
{
    double front = 0, worker = 0;
    static const char *const env[] = {"TERM=dumb", NULL};
    for (size_t i = 0; i < LESSONS; i++) {
        const char *const words[] = {"play", lessons[i], "--seed", "7", NULL};
        struct pty *p = pty_start(words, env, NULL, 24, 80);
        pty_sees(p, "Step 1");
        for (int k = 0; k < 12; k++) {
            double f = peak_mib(p->pid), w = peak_mib(pty_worker(p));
            front = f > front ? f : front;
            worker = w > worker ? w : worker;
            if (!line(p, "wait 5m"))
                break;
        }
        pty_free(p);
    }
    row("peak memory of the front in play", front, "MiB", "16");
    row("peak memory of the worker after an hour", worker, "MiB", "128");
}

/* ---- lessons, headless ----------------------------------------------------------- */

static char *read_lesson(const char *id, size_t *len)
{
    static char text[256 * 1024];
    char path[128];
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    *len = fread(text, 1, sizeof text, f);
    fclose(f);
    return text;
}

static void forks(struct session *s, const char *id)
{
    double ms[TIMES], most = 0;
    char what[80];
    for (size_t i = 0; i < TIMES; i++) {
        double start = used_ms();
        struct world *w = world_fork(s->run.world);
        ms[i] = used_ms() - start;
        world_free(w);
    }
    snprintf(what, sizeof what, "%s: a copy of its world, %.1f MiB", id,
             (double)world_bytes(s->run.world) / (1 << 20));
    row(what, median(ms, TIMES), "ms", "under 5");
    for (size_t i = 0; i < TIMES; i++) {
        double start = used_ms();
        struct world *w = world_fork(s->run.world);
        struct recording *r = recording_fork(s->run.rec);
        ms[i] = used_ms() - start;
        world_free(w);
        recording_free(r);
    }
    snprintf(what, sizeof what, "%s: a fork with its recording", id);
    row(what, median(ms, TIMES), "ms", "under 100");
    for (int i = 0; i < 5; i++) {
        struct errmsg why = {0};
        double start = used_ms();
        if (session_line(s, i % 2 ? "rewind 3m" : "rewind 119s", true, &why) != ERR_OK)
            break;
        double took = used_ms() - start;
        most = took > most ? took : most;
    }
    snprintf(what, sizeof what, "%s: the slowest of five rewinds", id);
    row(what, most, "ms", "under 100");
}

/* Waits go to `end`, past pages and tickets; nothing else is done. */
static void wait_until(struct session *s, sim_time end)
{
    struct errmsg why = {0};
    session_read(s);
    for (int i = 0; i < 200 && run_now(&s->run) < end && !s->over; i++) {
        s->wait_until = end;
        if (session_advance(s, end, &why) != ERR_OK)
            break;
    }
}

/* From time 0 on, with the warm-up, for an hour after the page or to the lesson's end;
 * then scaled to an hour. */
static void hour_of(const char *id)
{
    struct errmsg why = {0};
    struct session *s;
    size_t len = 0;
    char name[80], what[80];
    snprintf(name, sizeof name, "%s.lua", id);
    struct session_options o = {
        .text = read_lesson(id, &len), .len = len, .name = name, .seed = 7};
    double start = used_ms();
    if (!o.text || session_open(&s, &o, &why) != ERR_OK) {
        printf("%s: %s\n", id, why.text);
        return;
    }
    sim_time end = lesson_info(s->lesson)->starts_at + SIM_HOUR;
    if (end > lesson_info(s->lesson)->ends_at - SIM_SEC)
        end = lesson_info(s->lesson)->ends_at - SIM_SEC;
    wait_until(s, end);
    double took = used_ms() - start;
    double hours = (double)run_now(&s->run) / (double)SIM_HOUR;
    snprintf(what, sizeof what, "%s: an hour (of %.0f min played)", id, hours * 60);
    row(what, took / 1e3 / hours, "s", "under 2");
    forks(s, id);
    session_free(s);
}

/* ---- the whole ------------------------------------------------------------------- */

static void proofs(void)
{
    setenv("PROGRAM", program(), 1);
    double start = now_ms(), used = children_ms();
    int status = system("\"$PROGRAM\" prove --seeds 5 >/dev/null");
    row(status == 0 ? "prove, all lessons x 5 seeds"
                    : "prove, all lessons x 5 seeds (not proven)",
        (now_ms() - start) / 1e3, "s", "under 20 on two cores");
    row("    its processor time", (children_ms() - used) / 1e3, "s", "");
}

static void binary(void)
{
    struct stat st;
    char path[300];
    snprintf(path, sizeof path, "%s/stripped", pty_fresh_dir());
    setenv("PROGRAM", program(), 1);
    setenv("STRIPPED", path, 1);
    bool stripped = system("strip -o \"$STRIPPED\" \"$PROGRAM\" 2>/dev/null") == 0;
    if (stat(stripped ? path : program(), &st) == 0)
        row(stripped ? "binary, stripped" : "binary (strip is not here)",
            (double)st.st_size / (1 << 20), "MiB", "under 2");
}

int main(void)
{
    printf("%-50s %9s %-6s %s\n", "figure", "", "", "budget");
    starts();
    screens();
    memory();
    for (size_t i = 0; i < LESSONS; i++)
        hour_of(lessons[i]);
    proofs();
    binary();
    return 0;
}
