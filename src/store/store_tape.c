/*
 * Tapes on disk: appended and synced before the screen shows what they say.
 *
 * The whole text is kept in memory as well, with the length that is known to be on
 * disk. A write that fails leaves that length where it was; the next one begins by
 * cutting the file back to it. So a full disk costs nothing but a banner: once there is
 * room, everything is written, in order, without a hole.
 *
 * A tape's file is made exclusively and locked at once: two windows that begin the same
 * lesson with the same seed in the same second get two tapes. Before each write the
 * file is looked for under its name; one that was removed meanwhile is made again.
 */
#include "store_internal.h"

#include "truecode/tape.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDS_MAX 3600 /* seconds tried for an id that nobody has */

struct tape_file {
    struct store *store;
    struct store_run run; /* the run at its beginning; its id is the tape's */
    struct buf path;
    struct buf text;
    size_t written; /* bytes on disk and synced */
    int fd;         /* -1: not open (yet) */
    bool new;       /* begun here: without a line it need not stay */
    bool removed;   /* by somebody, and not written again yet */
};

static void name_tape(struct tape_file *t)
{
    buf_reset(&t->path);
    buf_addf(&t->path, "%s/tapes/%s.tape", t->store->dir.s, t->run.id);
}

static struct tape_file *tape_new(struct store *s, const struct store_run *run)
{
    struct tape_file *t = mem_alloc(sizeof *t);
    t->store = s;
    t->run = *run;
    t->fd = -1;
    buf_init(&t->text, TAPE_LIMIT);
    buf_init(&t->path, 4096);
    name_tape(t);
    return t;
}

static void tape_free(struct tape_file *t)
{
    if (t->fd >= 0)
        close(t->fd);
    buf_release(&t->path);
    buf_release(&t->text);
    mem_free(t);
}

static void tell_trouble(struct tape_file *t)
{
    struct buf *b = &t->store->tape_trouble;
    int e = errno;
    buf_reset(b);
    buf_addf(b, "This run is not saved: %s: %s.", t->path.s, strerror(e));
}

/* ---- making the file ------------------------------------------------------------- */

/* Ours alone, or nobody else's where files cannot be locked. */
static bool lock_file(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* The file under this name is the one that is open. */
static bool still_there(const struct tape_file *t)
{
    struct stat open_one, named;
    return fstat(t->fd, &open_one) == 0 && stat(t->path.s, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

static int make_file(const struct tape_file *t)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(t->path.s, flags, 0600);
    if (fd < 0)
        return -1;
    (void)!fchmod(fd, 0600);
    if (lock_file(fd))
        return fd;
    close(fd); /* another window was quicker to take what we had just made */
    errno = EEXIST;
    return -1;
}

/* A tape that goes on: where it could not be opened before, it may be now. */
static bool open_old(struct tape_file *t)
{
    t->fd = open(t->path.s, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (t->fd < 0 || lock_file(t->fd))
        return t->fd >= 0;
    close(t->fd);
    t->fd = -1;
    errno = EWOULDBLOCK;
    return false;
}

/* Under its own id, or that of the next second that is free. */
static bool claim(struct tape_file *t)
{
    int64_t second = t->run.started;
    char id[STORE_ID_MAX];
    memcpy(id, t->run.id, sizeof id);
    for (int i = 0; i < IDS_MAX; i++) {
        t->fd = make_file(t);
        if (t->fd >= 0)
            return true;
        if (errno != EEXIST)
            break;
        do
            run_id_make(t->run.id, ++second, run_id_name(&t->run), t->run.seed);
        while (runs_find(t->store, t->run.id));
        name_tape(t);
    }
    int e = errno;
    memcpy(t->run.id, id, sizeof id);
    name_tape(t);
    errno = e;
    return false;
}

static bool open_tape(struct tape_file *t)
{
    struct buf dir;
    char id[STORE_ID_MAX];
    if (t->store->dir.len == 0) {
        errno = ENOENT;
        return false;
    }
    memcpy(id, t->run.id, sizeof id);
    state_path(t->store, &dir, "tapes");
    bool ok = t->written > 0 ? open_old(t)
                             : dir_make(t->store->dir.s) && dir_make(dir.s) && claim(t);
    int e = errno;
    if (ok)
        dir_sync(dir.s);
    if (ok && strcmp(id, t->run.id) != 0)
        runs_rename(t->store, id, t->run.id);
    buf_release(&dir);
    errno = e;
    return ok;
}

/* ---- writing --------------------------------------------------------------------- */

static bool write_rest(struct tape_file *t)
{
    assert(t->fd >= 0 && t->written <= t->text.len);
    if (ftruncate(t->fd, (off_t)t->written) != 0)
        return false;
    for (size_t at = t->written; at < t->text.len;) {
        ssize_t n = pwrite(t->fd, t->text.s + at, t->text.len - at, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    if (fsync(t->fd) != 0)
        return false;
    t->written = t->text.len;
    return true;
}

/* Somebody removed it, or the whole state folder: what was written there is gone. */
static void look_for_it(struct tape_file *t)
{
    if (t->fd < 0 || still_there(t))
        return;
    close(t->fd);
    t->fd = -1;
    t->written = 0;
    t->removed = true;
}

bool tape_retry(struct tape_file *t)
{
    look_for_it(t);
    if (t->written == t->text.len && !t->removed)
        return true;
    if ((t->fd >= 0 || open_tape(t)) && write_rest(t)) {
        buf_reset(&t->store->tape_trouble);
        if (t->removed)
            news_add(t->store,
                     "What is saved was removed from %s while you played. This run was "
                     "written again, whole; what else was there is gone.",
                     t->store->dir.s);
        t->removed = false;
        return true;
    }
    tell_trouble(t);
    return false;
}

struct tape_file *tape_create(struct store *s, struct store_run *run)
{
    struct tape_file *t = tape_new(s, run);
    t->new = true;
    if (!open_tape(t))
        tell_trouble(t);
    snprintf(run->id, sizeof run->id, "%s", t->run.id);
    return t;
}

bool tape_append(struct tape_file *t, const char *lines, size_t n)
{
    assert(lines || !n);
    buf_add(&t->text, lines, n);
    bool ok = tape_retry(t);
    if (!t->text.full)
        return ok;
    buf_reset(&t->store->tape_trouble);
    buf_addf(
        &t->store->tape_trouble,
        "This run is saved no further: its tape has %u MB, more than any may have.",
        TAPE_LIMIT >> 20);
    return false;
}

const char *tape_path(const struct tape_file *t)
{
    return t->path.s;
}

const char *tape_id(const struct tape_file *t)
{
    return t->run.id;
}

void tape_close(struct tape_file *t)
{
    if (!t)
        return;
    if (t->text.len == 0) {
        tape_discard(t);
        return;
    }
    tape_retry(t);
    tape_free(t);
}

void tape_discard(struct tape_file *t)
{
    if (!t)
        return;
    if (t->new && t->fd >= 0 && still_there(t))
        unlink(t->path.s);
    tape_free(t);
}

/* A file of a page, written, synced and removed: what a tape will need. */
void store_probe(struct store *s)
{
    static const char page[4096];
    struct buf dir, path;
    if (s->dir.len == 0 || s->trouble.len > 0)
        return;
    state_path(s, &dir, "tapes");
    buf_init(&path, 4096);
    buf_addf(&path, "%s/probe.%ld.tmp", dir.s, (long)getpid());
    int fd = -1;
    bool ok = dir_make(dir.s);
    if (ok)
        fd = open(path.s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    ok = fd >= 0 && write_all(fd, page, sizeof page) && fsync(fd) == 0;
    int e = errno;
    if (fd >= 0) {
        close(fd);
        unlink(path.s);
    }
    if (!ok) {
        buf_reset(&s->tape_trouble);
        buf_addf(&s->tape_trouble, "What you play is not saved: %s: %s.", dir.s,
                 strerror(e));
    }
    buf_release(&dir);
    buf_release(&path);
}

/* ---- reading one again ----------------------------------------------------------- */

/* A line cut short by a power loss is no line. */
static void keep_whole_lines(struct buf *text)
{
    while (text->len > 0 && text->s[text->len - 1] != '\n')
        text->s[--text->len] = '\0';
}

enum err tape_read(const struct store *s, const struct store_run *run, struct buf *text,
                   struct errmsg *why)
{
    struct buf path;
    if (!run_id_valid(run->id))
        return errmsg_set(why, ERR_INPUT, "that is no run's id");
    buf_init(&path, 4096);
    buf_addf(&path, "%s/tapes/%s.tape", s->dir.s, run->id);
    enum err e = file_read(path.s, TAPE_LIMIT, text, why);
    if (e == ERR_OK)
        keep_whole_lines(text);
    buf_release(&path);
    return e;
}

/* Something stands below the head that is not the reading of the briefing; what cannot
 * be read is something, too. */
static bool has_deeds(const char *text, size_t n)
{
    struct tape_reader r;
    struct tape_line l;
    if (tape_open(&r, text, n, NULL) != ERR_OK) /* another format, perhaps */
        return memmem(text, n, " cmd ", 5);
    enum err e = tape_next(&r, &l, NULL);
    while (e == ERR_OK && str_eq(l.kind, "read"))
        e = tape_next(&r, &l, NULL);
    return e != ERR_NOT_FOUND;
}

bool tape_touched(const struct store *s, const struct store_run *run)
{
    struct buf path;
    char head[4096];
    if (!run_id_valid(run->id))
        return false;
    buf_init(&path, 4096);
    buf_addf(&path, "%s/tapes/%s.tape", s->dir.s, run->id);
    int fd = open(path.s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    buf_release(&path);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    return has_deeds(head, n > 0 ? (size_t)n : 0);
}

/* Locked, and still the file of that name: not one that was swapped before the lock. */
static enum err open_again(struct tape_file *t, struct errmsg *why)
{
    t->fd = open(t->path.s, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (t->fd < 0) {
        tell_trouble(t);
        return ERR_OK; /* the tape may be readable all the same */
    }
    if (!lock_file(t->fd))
        return errmsg_set(why, ERR_REFUSED,
                          "this run is being played in another window");
    return still_there(t) ? ERR_OK
                          : errmsg_set(why, ERR_NOT_FOUND, "%s is gone", t->path.s);
}

enum err tape_resume(struct tape_file **out, struct store *s,
                     const struct store_run *run, struct buf *text, struct errmsg *why)
{
    struct tape_file *t = tape_new(s, run);
    enum err e = open_again(t, why);
    if (e == ERR_OK)
        e = tape_read(s, run, text, why);
    if (e != ERR_OK) {
        tape_free(t);
        return e;
    }
    buf_add(&t->text, text->s, text->len);
    t->written = t->text.len;
    *out = t;
    return ERR_OK;
}
