/*
 * Power loss: after an acknowledged save, nothing that a dying machine does to unsynced
 * writes loses it.
 *
 * A file system of our own under SQLite keeps, next to each real file, what of it was
 * synced. A crash puts on disk the synced content plus an arbitrary part of the writes
 * since. The experiment runs many saves with a crash at every write in turn. That it
 * can see a loss is shown by the same experiment with syncs that do nothing, which must
 * lose something.
 */
#include "truecode/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include <cmocka.h>

/* ---- disks ----------------------------------------------------------------------- */

enum { FILES = 8, OPS = 4096, PAGE = 512 };

/* A file as the program sees it (`now`), and as it is on the platter (`safe`). */
struct disk_file {
    char name[300];
    bool exists, safe_exists;
    struct buf now, safe;
};

/* What was done since the last sync of that file, in order: any of it may have reached
 * the disk. */
struct op {
    int file;
    enum { OP_WRITE, OP_TRUNCATE } kind;
    size_t at;
    struct buf bytes;
};

static struct disk {
    struct disk_file files[FILES];
    struct op ops[OPS];
    int nops;
    long writes;   /* counted; the crash comes when it reaches crash_at */
    long crash_at; /* -1: never */
    bool crashed;  /* from then on everything fails */
    bool lazy;     /* the control: syncs do nothing */
} disk;

static int find_file(const char *name, bool create)
{
    for (int i = 0; i < FILES; i++)
        if (disk.files[i].name[0] != '\0' && strcmp(disk.files[i].name, name) == 0)
            return i;
    for (int i = 0; create && i < FILES; i++)
        if (disk.files[i].name[0] == '\0') {
            snprintf(disk.files[i].name, sizeof disk.files[i].name, "%s", name);
            buf_init(&disk.files[i].now, 0);
            buf_init(&disk.files[i].safe, 0);
            return i;
        }
    return -1;
}

static void put_at(struct buf *b, size_t at, const char *bytes, size_t n)
{
    static const char zeros[4096];
    while (b->len < at + n) {
        size_t more = at + n - b->len;
        buf_add(b, zeros, more < sizeof zeros ? more : sizeof zeros);
    }
    memcpy(b->s + at, bytes, n);
}

static void cut_at(struct buf *b, size_t n)
{
    if (n < b->len) {
        b->len = n;
        b->s[n] = '\0';
    }
}

static void do_op(struct buf *b, const struct op *o)
{
    if (o->kind == OP_WRITE)
        put_at(b, o->at, o->bytes.s, o->bytes.len);
    else
        cut_at(b, o->at);
}

/* Counts; false: the power is gone. */
static bool powered(void)
{
    if (disk.crashed || (disk.crash_at >= 0 && disk.writes >= disk.crash_at))
        disk.crashed = true;
    disk.writes++;
    return !disk.crashed;
}

static void log_op(int file, int kind, size_t at, const void *bytes, size_t n)
{
    assert_true(disk.nops < OPS);
    struct op *o = &disk.ops[disk.nops++];
    o->file = file;
    o->kind = kind;
    o->at = at;
    buf_init(&o->bytes, 0);
    buf_add(&o->bytes, bytes, n);
}

/* Everything done to this file is on the platter. */
static void settle(int file)
{
    int kept = 0;
    for (int i = 0; i < disk.nops; i++) {
        if (disk.ops[i].file != file) {
            disk.ops[kept++] = disk.ops[i];
            continue;
        }
        do_op(&disk.files[file].safe, &disk.ops[i]);
        buf_release(&disk.ops[i].bytes);
    }
    disk.nops = kept;
}

/* Loses power, which leaves an arbitrary part of what was not synced. */
static void lose_power(struct rng *r)
{
    for (int i = 0; i < disk.nops; i++) {
        if (rng_below(r, 2) == 0)
            do_op(&disk.files[disk.ops[i].file].safe, &disk.ops[i]);
        buf_release(&disk.ops[i].bytes);
    }
    disk.nops = 0;
    for (int i = 0; i < FILES; i++) {
        struct disk_file *f = &disk.files[i];
        /* A name made or removed without a sync of its folder may be either way. */
        if (f->exists != f->safe_exists && rng_below(r, 2) == 0)
            f->safe_exists = f->exists;
        f->exists = f->safe_exists;
        buf_reset(&f->now);
        if (f->exists)
            buf_add(&f->now, f->safe.s, f->safe.len);
        else
            buf_reset(&f->safe);
    }
    disk.crashed = false;
    disk.crash_at = -1;
    disk.writes = 0;
}

static void new_disk(void)
{
    for (int i = 0; i < disk.nops; i++)
        buf_release(&disk.ops[i].bytes);
    for (int i = 0; i < FILES; i++)
        if (disk.files[i].name[0] != '\0') {
            buf_release(&disk.files[i].now);
            buf_release(&disk.files[i].safe);
        }
    memset(&disk, 0, sizeof disk);
    disk.crash_at = -1;
}

/* ---- the file system as SQLite wants it ------------------------------------------ */

struct open_file {
    sqlite3_file base;
    int file;
};

static int f_close(sqlite3_file *f)
{
    (void)f;
    return SQLITE_OK;
}
static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    const struct buf *b = &disk.files[((struct open_file *)f)->file].now;
    size_t have = (size_t)at < b->len ? b->len - (size_t)at : 0;
    size_t take = have < (size_t)n ? have : (size_t)n;
    memset(to, 0, (size_t)n);
    if (take > 0)
        memcpy(to, b->s + at, take);
    return take == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}
/* A sector may be torn from its neighbours: each is an operation of its own. */
static int f_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    int file = ((struct open_file *)f)->file;
    for (int done = 0; done < n; done += PAGE) {
        int part = n - done < PAGE ? n - done : PAGE;
        if (!powered())
            return SQLITE_IOERR_WRITE;
        put_at(&disk.files[file].now, (size_t)(at + done), (const char *)from + done,
               (size_t)part);
        log_op(file, OP_WRITE, (size_t)(at + done), (const char *)from + done,
               (size_t)part);
    }
    return SQLITE_OK;
}
static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    int file = ((struct open_file *)f)->file;
    if (!powered())
        return SQLITE_IOERR_TRUNCATE;
    cut_at(&disk.files[file].now, (size_t)n);
    log_op(file, OP_TRUNCATE, (size_t)n, "", 0);
    return SQLITE_OK;
}
static int f_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    if (!powered())
        return SQLITE_IOERR_FSYNC;
    if (!disk.lazy) {
        /* A new file's name is durable with its first sync, as ext4 and XFS do it. */
        disk.files[((struct open_file *)f)->file].safe_exists = true;
        settle(((struct open_file *)f)->file);
    }
    return SQLITE_OK;
}
static int f_size(sqlite3_file *f, sqlite3_int64 *n)
{
    *n = (sqlite3_int64)disk.files[((struct open_file *)f)->file].now.len;
    return SQLITE_OK;
}
static int f_lock(sqlite3_file *f, int level)
{
    (void)f;
    (void)level;
    return SQLITE_OK;
}
static int f_check(sqlite3_file *f, int *out)
{
    (void)f;
    *out = 0;
    return SQLITE_OK;
}
static int f_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}
static int f_sector(sqlite3_file *f)
{
    (void)f;
    return PAGE;
}
static int f_device(sqlite3_file *f)
{
    (void)f;
    return 0;
}

static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = f_close,
                                           .xRead = f_read,
                                           .xWrite = f_write,
                                           .xTruncate = f_truncate,
                                           .xSync = f_sync,
                                           .xFileSize = f_size,
                                           .xLock = f_lock,
                                           .xUnlock = f_lock,
                                           .xCheckReservedLock = f_check,
                                           .xFileControl = f_control,
                                           .xSectorSize = f_sector,
                                           .xDeviceCharacteristics = f_device};

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
                  int *out)
{
    (void)v;
    struct open_file *o = (struct open_file *)f;
    o->base.pMethods = NULL;
    o->file = find_file(name ? name : "temporary", true);
    if (o->file < 0)
        return SQLITE_CANTOPEN;
    if (!disk.files[o->file].exists && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    disk.files[o->file].exists = true;
    o->base.pMethods = &methods;
    if (out)
        *out = flags;
    return SQLITE_OK;
}
static int v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v;
    int i = find_file(name, false);
    if (i < 0 || !disk.files[i].exists)
        return SQLITE_IOERR_DELETE_NOENT;
    if (!powered())
        return SQLITE_IOERR_DELETE;
    disk.files[i].exists = false;
    buf_reset(&disk.files[i].now);
    if (sync && !disk.lazy)
        disk.files[i].safe_exists = false;
    return SQLITE_OK;
}
static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v;
    (void)flags;
    int i = find_file(name, false);
    *out = i >= 0 && disk.files[i].exists;
    return SQLITE_OK;
}
static int v_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}
static int v_random(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    memset(out, 7, (size_t)n);
    return n;
}
static int v_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}
static int v_time(sqlite3_vfs *v, double *out)
{
    (void)v;
    *out = 2460000.5;
    return SQLITE_OK;
}
static int v_error(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    (void)n;
    (void)out;
    return 0;
}

static sqlite3_vfs vfs = {.iVersion = 1,
                          .szOsFile = sizeof(struct open_file),
                          .mxPathname = 300,
                          .zName = "power",
                          .xOpen = v_open,
                          .xDelete = v_delete,
                          .xAccess = v_access,
                          .xFullPathname = v_path,
                          .xRandomness = v_random,
                          .xSleep = v_sleep,
                          .xCurrentTime = v_time,
                          .xGetLastError = v_error};

/* ---- the experiment -------------------------------------------------------------- */

static char dir[300];

static struct store_run make_run(struct store *s, int i)
{
    char lesson[32];
    snprintf(lesson, sizeof lesson, "lesson-%d", i);
    struct store_run r = store_begin(s, lesson, "", (uint64_t)i, 0);
    r.score = i % 101;
    r.started = i;
    return r;
}

/* Saves until the power goes; how many saves were acknowledged. */
static int save_until_dark(int most)
{
    struct store *s = store_open(dir);
    int saved = 0;
    while (saved < most && !disk.crashed) {
        struct store_run r = make_run(s, saved);
        if (!store_save(s, &r))
            break;
        saved++;
    }
    store_close(s);
    return saved;
}

/* After the power is back: are all acknowledged runs there? */
static bool all_there(int saved)
{
    struct store *s = store_open(dir);
    bool ok = !store_news(s) && !store_trouble(s);
    for (int i = 0; ok && i < saved; i++) {
        char lesson[32];
        snprintf(lesson, sizeof lesson, "lesson-%d", i);
        const struct store_run *r = store_unfinished(s, lesson);
        ok = r && r->score == i % 101;
    }
    store_close(s);
    return ok;
}

/* Losses over crashes at every write, several ways each. */
static int count_losses(bool lazy)
{
    int losses = 0;
    for (long at = 1; at < 90; at++)
        for (uint64_t way = 0; way < 6; way++) {
            struct rng r;
            rng_seed(&r, (uint64_t)at * 100 + way, "power");
            new_disk();
            disk.lazy = lazy;
            disk.crash_at = at;
            int saved = save_until_dark(5);
            lose_power(&r);
            losses += !all_there(saved);
        }
    new_disk();
    return losses;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    assert_int_equal(count_losses(false), 0);
}

static void the_experiment_can_see_losses(void **state)
{
    (void)state;
    assert_true(count_losses(true) > 10);
}

static int use_vfs(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "%s/truecode-power-XXXXXX",
             getenv("SCRATCH") ? getenv("SCRATCH") : "/tmp");
    return !mkdtemp(dir) || sqlite3_vfs_register(&vfs, 1) != SQLITE_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(the_experiment_can_see_losses),
    };
    return cmocka_run_group_tests(tests, use_vfs, NULL);
}
