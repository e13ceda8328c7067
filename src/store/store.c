/*
 * The list of runs in memory, and the rule that play never stops for a disk.
 *
 * Everything is read once, at the start; from then on memory is what is shown and the
 * database is where it is kept. A changed run keeps a mark until a transaction with it
 * was committed. Each program writes only the runs it plays, by ids that no other uses,
 * so two at once lose nothing; and the numbers that order the runs come from the
 * database, so that all windows agree on which was written last, whatever their clocks
 * say.
 */
#include "store_internal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the list -------------------------------------------------------------------- */

bool run_id_valid(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n < STORE_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

struct store_run *runs_find(const struct store *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->runs[i].id, id) == 0)
            return &s->runs[i];
    return NULL;
}

static int in_order(const void *a, const void *b, void *ctx)
{
    const struct store_run *x = a, *y = b;
    (void)ctx;
    if (x->written != y->written)
        return x->written < y->written ? -1 : 1;
    return strcmp(x->id, y->id);
}

void runs_order(struct store *s)
{
    sort_stable(s->runs, s->n, sizeof *s->runs, in_order, NULL);
}

/* Until the database gives the number: behind all that are known. */
static int64_t next_number(const struct store *s)
{
    return s->n > 0 ? s->runs[s->n - 1].written + 1 : 1;
}

void runs_append(struct store *s, const struct store_run *run)
{
    assert(s->n <= s->cap);
    GROW(s->runs, s->n, s->cap);
    s->runs[s->n++] = *run;
}

void runs_put(struct store *s, const struct store_run *run, enum run_mark mark)
{
    assert(run->id[0]);
    struct store_run *old = runs_find(s, run->id), put = *run;
    bool last = mark == RUN_TOUCHED || mark == RUN_FOUND;
    if (old && mark == RUN_DIRTY && old->mark != RUN_CLEAN && old->mark != RUN_DIRTY)
        mark = RUN_TOUCHED; /* the run's number is not given yet */
    put.mark = mark;
    if (last)
        put.written = next_number(s);
    else if (mark != RUN_CLEAN && old)
        put.written = old->written;
    if (!old)
        runs_append(s, &put);
    else
        *old = put;
    runs_order(s);
}

void runs_rename(struct store *s, const char *old, const char *id)
{
    struct store_run *run = runs_find(s, old);
    if (!run)
        return;
    snprintf(run->id, sizeof run->id, "%s", id);
    run->mark = RUN_TOUCHED;
    runs_order(s);
}

void news_add(struct store *s, const char *fmt, ...)
{
    va_list ap;
    if (s->news.len > 0)
        buf_addch(&s->news, ' ');
    va_start(ap, fmt);
    buf_vaddf(&s->news, fmt, ap);
    va_end(ap);
}

/* ---- seals ----------------------------------------------------------------------- */

/* A seal is no secret and stops nobody who computes one: it tells what was changed
 * since the run was played, so that the tape is asked again. */
void seal_make(const struct store *s, const struct store_run *run, char seal[65])
{
    struct buf b;
    char tape[65];
    seal[0] = '\0';
    buf_init(&b, TAPE_LIMIT);
    if (tape_read(s, run, &b, NULL) == ERR_OK && b.len > 0) {
        sha256_hex(tape, b.s, b.len);
        buf_reset(&b);
        buf_addf(&b, "truecode seal 1\n%s\n%s\n%d %d %d\n", run->id, tape, run->score,
                 run->outcome, run->practice);
        sha256_hex(seal, b.s, b.len);
    }
    buf_release(&b);
}

static void look_at_seals(struct store *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct store_run *r = &s->runs[i];
        char seal[65];
        if (r->finished == 0 || r->seal[0] == '\0' || r->vouched)
            continue;
        seal_make(s, r, seal);
        r->vouched = strcmp(seal, r->seal) == 0;
    }
}

/* ---- runs found by their tapes --------------------------------------------------- */

const char *run_id_name(const struct store_run *run)
{
    return run->mode == MODE_BLIND ? "on-call" : run->lesson;
}

void run_id_make(char id[STORE_ID_MAX], int64_t when, const char *lesson, uint64_t seed)
{
    time_t t = (time_t)when;
    struct tm tm;
    char day[20];
    gmtime_r(&t, &tm);
    strftime(day, sizeof day, "%Y%m%d-%H%M%S", &tm);
    snprintf(id, STORE_ID_MAX, "%s-%.64s-%016llx", day, lesson,
             (unsigned long long)seed);
}

/* "20260323-201205-all-green-000000000000002a": takes the id apart. */
static bool run_from_id(struct store_run *run, const char *id)
{
    size_t n = strlen(id);
    if (!run_id_valid(id) || n < 16 + 1 + 17 || id[n - 17] != '-' || id[15] != '-')
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
    if (*end != '\0' || !strptime(id, "%Y%m%d-%H%M%S", &when))
        return false;
    run->started = (int64_t)timegm(&when);
    return true;
}

/* The rest of a tape's head line that begins with `key`; NULL: there is none. */
static const char *head_line(const char *head, const char *key, char *to, size_t size)
{
    const char *at = strstr(head, key);
    if (!at)
        return NULL;
    at += strlen(key);
    snprintf(to, size, "%.*s", (int)strcspn(at, " \n"), at);
    return to;
}

/* Lesson and mode, as the tape's head has them: an id does not tell the mode, and that of
 * a drawn run not the lesson either. */
static void run_from_head(struct store_run *run, DIR *d, const char *name)
{
    char head[1024], lesson[sizeof run->lesson], mode[40];
    int fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head - 1) : -1;
    if (fd >= 0)
        close(fd);
    head[n > 0 ? n : 0] = '\0';
    if (head_line(head, "\nmode ", mode, sizeof mode))
        run->mode = mode_of_tape(mode);
    if (run->mode == MODE_BLIND && head_line(head, "\nlesson ", lesson, sizeof lesson))
        memcpy(run->lesson, lesson, sizeof lesson);
}

struct found_tape {
    struct store_run run;
    struct timespec changed;
};

/* Nothing else is known of their order. */
static int by_change(const void *a, const void *b, void *ctx)
{
    const struct found_tape *x = a, *y = b;
    (void)ctx;
    if (x->changed.tv_sec != y->changed.tv_sec)
        return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
    if (x->changed.tv_nsec != y->changed.tv_nsec)
        return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
    return strcmp(x->run.id, y->run.id);
}

/* An empty one belongs to a window that is about to write its first line. */
static bool found_tape(const struct store *s, DIR *d, const char *name,
                       struct found_tape *f)
{
    char id[STORE_ID_MAX];
    struct stat st;
    size_t n = strlen(name);
    if (n < 6 || n - 5 >= sizeof id || strcmp(name + n - 5, ".tape") != 0)
        return false;
    memcpy(id, name, n - 5);
    id[n - 5] = '\0';
    if (runs_find(s, id) || !run_from_id(&f->run, id) ||
        fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_size == 0)
        return false;
    run_from_head(&f->run, d, name);
    f->changed = st.st_mtim;
    return true;
}

/* false: the folder is there and cannot be read. */
static bool adopt_tapes(struct store *s)
{
    struct buf path;
    struct found_tape *found = NULL, f = {0};
    size_t n = 0, cap = 0;
    state_path(s, &path, "tapes");
    DIR *d = opendir(path.s);
    bool ok = d || errno == ENOENT;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!found_tape(s, d, e->d_name, &f))
            continue;
        GROW(found, n, cap);
        found[n++] = f;
    }
    if (d)
        closedir(d);
    if (n > 0)
        sort_stable(found, n, sizeof *found, by_change, NULL);
    for (size_t i = 0; i < n; i++)
        runs_put(s, &found[i].run, RUN_FOUND);
    mem_free(found);
    buf_release(&path);
    return ok;
}

/* ---- life ------------------------------------------------------------------------ */

static void dir_trouble(struct store *s)
{
    buf_reset(&s->trouble);
    buf_addf(&s->trouble, "Progress %s: %s: %s.",
             s->make ? "is not saved" : "cannot be read", s->dir.s, strerror(errno));
}

/* To look: a folder that is not there is no trouble, there is just nothing in it. */
static bool dir_there(struct store *s)
{
    DIR *d = opendir(s->dir.s);
    if (d) {
        closedir(d);
        return true;
    }
    if (errno == ENOENT)
        return false;
    s->unreadable = true;
    dir_trouble(s);
    return false;
}

static bool open_dir(struct store *s)
{
    if (s->dir.len == 0)
        return false;
    if (!s->make)
        return dir_there(s);
    if (dir_make(s->dir.s))
        return true;
    s->unreadable = true;
    dir_trouble(s);
    return false;
}

static void narrow(const struct store *s)
{
    static const char *const folders[] = {"tapes", "texts", "reports"};
    struct buf path;
    dir_narrow(s->dir.s);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        state_path(s, &path, folders[i]);
        dir_narrow(path.s);
        buf_release(&path);
    }
}

static struct store *open_store(const char *dir, bool make)
{
    struct store *s = mem_alloc(sizeof *s);
    buf_init(&s->dir, 4096);
    buf_init(&s->trouble, 1024);
    buf_init(&s->tape_trouble, 1024);
    buf_init(&s->news, 2048);
    s->make = make;
    if (dir)
        buf_adds(&s->dir, dir);
    else if (!store_default_dir(&s->dir)) {
        s->unreadable = true;
        buf_addf(&s->trouble,
                 "Progress %s: neither XDG_STATE_HOME nor HOME names a directory.",
                 make ? "is not saved" : "cannot be read");
    }
    if (!open_dir(s))
        return s;
    narrow(s);
    bool opened = db_open(s);
    if (!adopt_tapes(s) && s->trouble.len == 0) {
        s->unreadable = true;
        buf_addf(&s->trouble, "Progress cannot be read: %s/tapes: %s.", s->dir.s,
                 strerror(errno));
    }
    look_at_seals(s);
    if (opened && make)
        store_retry(s);
    return s;
}

struct store *store_open(const char *dir)
{
    return open_store(dir, true);
}

struct store *store_look(const char *dir)
{
    return open_store(dir, false);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->make)
        store_retry(s);
    db_close(s);
    mem_free(s->runs);
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

void store_told(struct store *s)
{
    buf_reset(&s->news);
}

bool store_unreadable(const struct store *s)
{
    return s->unreadable;
}

/* ---- writing --------------------------------------------------------------------- */

struct store_run store_begin(struct store *s, const char *lesson, const char *hash,
                             uint64_t seed, enum play_mode mode)
{
    assert(lesson && hash);
    struct store_run run = {.seed = seed, .mode = mode, .score = -1};
    run.started = (int64_t)time(NULL);
    snprintf(run.lesson, sizeof run.lesson, "%s", lesson);
    snprintf(run.hash, sizeof run.hash, "%s", hash);
    int64_t second = run.started;
    do
        run_id_make(run.id, second++, run_id_name(&run), seed);
    while (runs_find(s, run.id));
    return run;
}

static bool any_marked(const struct store *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->runs[i].mark != RUN_CLEAN)
            return true;
    return false;
}

/* Runs that others wrote are gone with the file; the run we play is written again.
 */
static void forget_gone(struct store *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->runs[i].mark != RUN_CLEAN)
            s->runs[kept++] = s->runs[i];
    s->n = kept;
}

static void leave_moved(struct store *s)
{
    if (!s->db || !db_moved(s))
        return;
    db_close(s);
    forget_gone(s);
}

bool store_retry(struct store *s)
{
    if (!any_marked(s))
        return true;
    if (s->read_only || s->dir.len == 0)
        return false;
    leave_moved(s);
    if (!s->db && !(s->make && dir_make(s->dir.s) && db_open(s)))
        return false;
    return db_flush(s);
}

static bool put_and_save(struct store *s, const struct store_run *run,
                         enum run_mark mark)
{
    const struct store_run *old = runs_find(s, run->id);
    bool was_finished = old && old->finished != 0;
    struct store_run put = *run;
    put.vouched = run->finished != 0;
    if (run->finished != 0)
        seal_make(s, run, put.seal);
    runs_put(s, &put, mark);
    bool saved = store_retry(s);
    if (saved && run->finished != 0 && !was_finished)
        db_backup(s);
    return saved;
}

bool store_save(struct store *s, const struct store_run *run)
{
    bool known = runs_find(s, run->id);
    return put_and_save(s, run, known ? RUN_DIRTY : RUN_TOUCHED);
}

bool store_touch(struct store *s, const struct store_run *run, bool changed)
{
    if (!changed && !any_marked(s) && s->db && db_is_last(s, run))
        return true;
    if (changed || s->db)
        return put_and_save(s, run, RUN_TOUCHED);
    runs_put(s, run, RUN_TOUCHED); /* a database that is away is not asked each time */
    return false;
}
