/*
 * The list of runs in memory, and the rule that play never stops for a disk.
 *
 * Everything is read once, at the start; from then on memory is what is shown and the
 * database is where it is kept. A changed run is dirty until a transaction with it was
 * committed. Each program writes only the runs it plays, by ids that no other uses, so
 * two at once lose nothing.
 */
#include "store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the list
 * --------------------------------------------------------------------------- */

bool run_id_valid(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n < STORE_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static struct store_run *find(const struct store *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->runs[i].id, id) == 0)
            return &s->runs[i];
    return NULL;
}

static void insert(struct store *s, const struct store_run *run, bool dirty)
{
    if (s->n == s->cap) {
        s->cap = s->cap > 0 ? s->cap * 2 : 32;
        s->runs = mem_grow(s->runs, s->cap, sizeof *s->runs);
        s->dirty = mem_grow(s->dirty, s->cap, sizeof *s->dirty);
    }
    size_t at = s->n;
    while (at > 0 && strcmp(s->runs[at - 1].id, run->id) > 0)
        at--;
    memmove(s->runs + at + 1, s->runs + at, (s->n - at) * sizeof *s->runs);
    memmove(s->dirty + at + 1, s->dirty + at, (s->n - at) * sizeof *s->dirty);
    s->runs[at] = *run;
    s->dirty[at] = dirty;
    s->n++;
}

void runs_put(struct store *s, const struct store_run *run, bool dirty)
{
    struct store_run *old = find(s, run->id);
    if (old == NULL) {
        insert(s, run, dirty);
        return;
    }
    *old = *run;
    s->dirty[old - s->runs] = dirty;
}

/* ---- runs found by their tapes
 * ----------------------------------------------------------- */

/* "20260323-201205-all-green-000000000000002a": takes the id apart. */
static bool run_from_id(struct store_run *run, const char *id)
{
    size_t n = strlen(id);
    if (!run_id_valid(id) || n < 16 + 2 + 17 || id[n - 17] != '-' || id[15] != '-')
        return false;
    size_t name = n - 17 - 16;
    char *end;
    *run = (struct store_run){.score = -1};
    if (name >= sizeof run->lesson)
        return false;
    memcpy(run->id, id, n + 1);
    memcpy(run->lesson, id + 16, name);
    run->seed = strtoull(id + n - 16, &end, 16);
    struct tm when = {0};
    if (*end != '\0' || strptime(id, "%Y%m%d-%H%M%S", &when) == NULL)
        return false;
    run->started = (int64_t)timegm(&when);
    return true;
}

static void adopt_tapes(struct store *s)
{
    struct buf path;
    buf_init(&path, 4096);
    path_join(&path, s->dir.s, "tapes");
    DIR *d = opendir(path.s);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        struct store_run run;
        char id[STORE_ID_MAX];
        size_t n = strlen(e->d_name);
        if (n < 6 || n - 5 >= sizeof id || strcmp(e->d_name + n - 5, ".tape") != 0)
            continue;
        memcpy(id, e->d_name, n - 5);
        id[n - 5] = '\0';
        if (find(s, id) == NULL && run_from_id(&run, id))
            insert(s, &run, false);
    }
    if (d != NULL)
        closedir(d);
    buf_release(&path);
}

/* ---- life
 * -----------------------------------------------------------------------------------
 */

/* false: there is no directory, and trouble says why. */
static bool open_dir(struct store *s)
{
    if (s->dir.len == 0)
        return false;
    if (dir_make(s->dir.s)) {
        db_open(s);
        return true;
    }
    buf_reset(&s->trouble);
    buf_addf(&s->trouble, "Progress is not saved: %s: %s.", s->dir.s, strerror(errno));
    return false;
}

struct store *store_open(const char *dir)
{
    struct store *s = mem_alloc(sizeof *s);
    buf_init(&s->dir, 4096);
    buf_init(&s->trouble, 1024);
    buf_init(&s->tape_trouble, 1024);
    buf_init(&s->news, 2048);
    if (dir != NULL)
        buf_adds(&s->dir, dir);
    else if (!store_default_dir(&s->dir))
        buf_adds(&s->trouble, "Progress is not saved: neither XDG_STATE_HOME nor HOME "
                              "names a directory.");
    if (open_dir(s))
        adopt_tapes(s);
    return s;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    store_retry(s);
    db_close(s);
    mem_free(s->runs);
    mem_free(s->dirty);
    buf_release(&s->dir);
    buf_release(&s->trouble);
    buf_release(&s->tape_trouble);
    buf_release(&s->news);
    mem_free(s);
}

const char *store_dir(const struct store *s)
{
    return s->dir.s;
}

const char *store_trouble(const struct store *s)
{
    if (s->trouble.len > 0)
        return s->trouble.s;
    return s->tape_trouble.len > 0 ? s->tape_trouble.s : NULL;
}

const char *store_news(const struct store *s)
{
    return s->news.len > 0 ? s->news.s : NULL;
}

bool store_unreadable(const struct store *s)
{
    return s->unreadable;
}

/* ---- reading
 * ---------------------------------------------------------------------------------- */

size_t store_runs(const struct store *s, const struct store_run **runs)
{
    *runs = s->runs;
    return s->n;
}

const struct store_run *store_run_by_id(const struct store *s, const char *id)
{
    return find(s, id);
}

const struct store_run *store_unfinished(const struct store *s, const char *lesson)
{
    for (size_t i = s->n; i-- > 0;) {
        const struct store_run *r = &s->runs[i];
        if (r->finished == 0 && !r->dropped &&
            (lesson == NULL || strcmp(r->lesson, lesson) == 0))
            return r;
    }
    return NULL;
}

const struct store_run *store_begun(const struct store *s, const char *lesson)
{
    for (size_t i = s->n; i-- > 0;) {
        const struct store_run *r = &s->runs[i];
        if (r->finished == 0 && !r->dropped &&
            (lesson == NULL || strcmp(r->lesson, lesson) == 0) && tape_touched(s, r))
            return r;
    }
    return NULL;
}

const struct store_run *store_finished(const struct store *s, const char *lesson)
{
    const struct store_run *last = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct store_run *r = &s->runs[i];
        if (r->finished != 0 && (lesson == NULL || strcmp(r->lesson, lesson) == 0) &&
            (last == NULL || r->finished >= last->finished))
            last = r;
    }
    return last;
}

const struct store_run *store_best(const struct store *s, const char *lesson)
{
    const struct store_run *best = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct store_run *r = &s->runs[i];
        if (r->finished != 0 && r->score >= 0 && strcmp(r->lesson, lesson) == 0 &&
            (best == NULL || r->score > best->score))
            best = r;
    }
    return best;
}

/* ---- writing
 * -----------------------------------------------------------------------------------
 */

struct store_run store_begin(struct store *s, const char *lesson, const char *hash,
                             uint64_t seed, int mode)
{
    struct store_run run = {.seed = seed, .mode = mode, .score = -1};
    run.started = (int64_t)time(NULL);
    snprintf(run.lesson, sizeof run.lesson, "%s", lesson);
    snprintf(run.hash, sizeof run.hash, "%s", hash);
    /* Two runs of one lesson and seed may begin in one second: the next second is free.
     */
    for (time_t t = (time_t)run.started;; t++) {
        struct tm tm;
        char when[20];
        gmtime_r(&t, &tm);
        strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
        snprintf(run.id, sizeof run.id, "%s-%.64s-%016llx", when, run.lesson,
                 (unsigned long long)seed);
        bool newest = s->n == 0 || strcmp(run.id, s->runs[s->n - 1].id) > 0;
        if (newest || (t > (time_t)run.started + 60 && find(s, run.id) == NULL))
            return run;
    }
}

static bool any_dirty(const struct store *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->dirty[i])
            return true;
    return false;
}

bool store_retry(struct store *s)
{
    if (!any_dirty(s))
        return true;
    if (s->read_only || s->dir.len == 0)
        return false;
    if (s->db == NULL && (!dir_make(s->dir.s) || !db_open(s)))
        return false;
    return db_flush(s);
}

bool store_save(struct store *s, const struct store_run *run)
{
    const struct store_run *old = find(s, run->id);
    bool was_finished = old != NULL && old->finished != 0;
    runs_put(s, run, true);
    bool saved = store_retry(s);
    if (saved && run->finished != 0 && !was_finished)
        db_backup(s);
    return saved;
}
