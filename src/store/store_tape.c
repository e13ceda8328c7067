/*
 * Tapes on disk: appended and synced before the screen shows what they say.
 *
 * The whole text is kept in memory as well, with the length that is known to be on
 * disk. A write that fails leaves that length where it was; the next one begins by
 * cutting the file back to it. So a full disk costs nothing but a banner: once there is
 * room, everything is written, in order, without a hole. A lock keeps two windows from
 * playing one tape.
 */
#include "store_internal.h"

#include "truecode/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TAPE_LIMIT (4u * 1024 * 1024)

struct tape_file {
    struct store *store;
    struct buf path;
    struct buf text;
    size_t written; /* so much of it is on disk and synced */
    int fd;         /* -1: not open (yet) */
};

static void tape_name(const struct store *s, const struct store_run *run, struct buf *b)
{
    buf_init(b, 4096);
    buf_addf(b, "%s/tapes/%s.tape", s->dir.s, run->id);
}

static struct tape_file *tape_new(struct store *s, const struct store_run *run)
{
    struct tape_file *t = mem_alloc(sizeof *t);
    t->store = s;
    t->fd = -1;
    buf_init(&t->text, TAPE_LIMIT);
    tape_name(s, run, &t->path);
    return t;
}

static bool open_tape(struct tape_file *t)
{
    struct buf dir;
    if (t->store->dir.len == 0) {
        errno = ENOENT;
        return false;
    }
    buf_init(&dir, 4096);
    path_join(&dir, t->store->dir.s, "tapes");
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    if (dir_make(dir.s))
        t->fd = open(t->path.s, flags, 0600);
    bool ok = t->fd >= 0;
    if (ok) {
        flock(t->fd, LOCK_EX | LOCK_NB);
        dir_sync(dir.s);
    }
    buf_release(&dir);
    return ok;
}

static bool write_rest(struct tape_file *t)
{
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

bool tape_retry(struct tape_file *t)
{
    if (t->written == t->text.len)
        return true;
    if ((t->fd >= 0 || open_tape(t)) && write_rest(t)) {
        buf_reset(&t->store->tape_trouble);
        return true;
    }
    buf_reset(&t->store->tape_trouble);
    buf_addf(&t->store->tape_trouble, "This run is not saved: %s: %s.", t->path.s,
             strerror(errno));
    return false;
}

struct tape_file *tape_create(struct store *s, const struct store_run *run)
{
    return tape_new(s, run); /* the file appears with its first line */
}

bool tape_append(struct tape_file *t, const char *lines, size_t n)
{
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

void tape_close(struct tape_file *t)
{
    if (t == NULL)
        return;
    tape_retry(t);
    if (t->fd >= 0)
        close(t->fd);
    buf_release(&t->path);
    buf_release(&t->text);
    mem_free(t);
}

/* ---- reading one again
 * --------------------------------------------------------------------- */

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
    tape_name(s, run, &path);
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
    if (tape_open(&r, text, n, NULL) != ERR_OK)
        return false;
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
    tape_name(s, run, &path);
    int fd = open(path.s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    buf_release(&path);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    return has_deeds(head, n > 0 ? (size_t)n : 0);
}

enum err tape_resume(struct tape_file **out, struct store *s,
                     const struct store_run *run, struct buf *text, struct errmsg *why)
{
    struct tape_file *t = tape_new(s, run);
    enum err e = ERR_OK;
    t->fd = open(t->path.s, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (t->fd >= 0 && flock(t->fd, LOCK_EX | LOCK_NB) != 0)
        e = errmsg_set(why, ERR_REFUSED, "this run is being played in another window");
    if (e == ERR_OK)
        e = tape_read(s, run, text, why);
    if (e != ERR_OK) {
        if (t->fd >= 0)
            close(t->fd);
        buf_release(&t->path);
        buf_release(&t->text);
        mem_free(t);
        return e;
    }
    buf_add(&t->text, text->s, text->len);
    t->written = t->text.len;
    *out = t;
    return ERR_OK;
}
