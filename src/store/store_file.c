/*
 * A small private file, written as a whole or not at all.
 */
#include "store_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_synced(int fd, const char *s, size_t n)
{
    assert(fd >= 0);
    return write_all(fd, s, n) && fsync(fd) == 0;
}

/* A name beside it that nobody else has. */
static bool write_beside(const char *path, const char *s, size_t n, struct buf *temp)
{
    buf_addf(temp, "%s.XXXXXX", path);
    int fd = temp->full ? -1 : mkostemp(temp->s, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return false;
    bool ok = fchmod(fd, 0600) == 0 && write_synced(fd, s, n);
    ok = close(fd) == 0 && ok && rename(temp->s, path) == 0;
    if (!ok) {
        int e = errno;
        unlink(temp->s);
        errno = e;
    }
    return ok;
}

/* Many keep such files elsewhere and a link here: the file behind it is meant. */
static const char *behind_links(const char *path, char real[PATH_MAX])
{
    return realpath(path, real) ? real : path;
}

enum err file_replace(const char *path, const char *s, size_t n, struct errmsg *why)
{
    assert(path && *path);
    char real[PATH_MAX];
    struct buf dir, temp;
    const char *slash = strrchr(path, '/');
    buf_init(&dir, 4096);
    buf_init(&temp, PATH_MAX + 8);
    buf_add(&dir, path, slash ? (size_t)(slash - path) : 0);
    bool ok = dir.len > 0 && dir_make(dir.s) &&
              write_beside(behind_links(path, real), s, n, &temp);
    enum err e = ERR_OK;
    if (ok)
        dir_sync(dir.s);
    else
        e = errmsg_set(why, ERR_IO, "%s cannot be written: %s", path, strerror(errno));
    buf_release(&dir);
    buf_release(&temp);
    return e;
}
