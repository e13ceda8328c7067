/*
 * Paths, directories and whole files, with the care that saved work needs: private
 * modes, no half-written files, directories synced after a name appeared in them.
 */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void path_join(struct buf *out, const char *dir, const char *name)
{
    buf_reset(out);
    buf_addf(out, "%s/%s", dir, name);
}

bool store_default_dir(struct buf *path)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    buf_reset(path);
    /* The XDG rules: a relative path there is invalid and ignored. */
    if (xdg != NULL && xdg[0] == '/')
        buf_addf(path, "%s/truecode", xdg);
    else if (home != NULL && home[0] == '/')
        buf_addf(path, "%s/.local/state/truecode", home);
    return path->len > 0 && !path->full;
}

bool dir_make(const char *path)
{
    struct buf part;
    bool ok = true;
    buf_init(&part, 4096);
    buf_adds(&part, path);
    for (size_t i = 1; ok && i <= part.len; i++)
        if (part.s[i] == '/' || part.s[i] == '\0') {
            char c = part.s[i];
            part.s[i] = '\0';
            ok = mkdir(part.s, 0700) == 0 || errno == EEXIST;
            part.s[i] = c;
        }
    struct stat st;
    ok = ok && !part.full && stat(path, &st) == 0;
    if (ok && !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        ok = false;
    }
    int e = errno;
    buf_release(&part);
    errno = e;
    return ok;
}

void dir_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Reads all of an open file. */
static enum err read_fd(int fd, const char *path, size_t max, struct buf *out,
                        struct errmsg *why)
{
    struct stat st;
    char part[16384];
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return errmsg_set(why, ERR_IO, "%s is not a regular file", path);
    if (st.st_size < 0 || (size_t)st.st_size > max)
        return errmsg_set(why, ERR_LIMIT, "%s is longer than %zu kB", path, max / 1024);
    buf_reset(out);
    for (;;) {
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errmsg_set(why, ERR_IO, "%s cannot be read: %s", path,
                              strerror(errno));
        if (n == 0)
            return out->full || out->len > max
                       ? errmsg_set(why, ERR_LIMIT, "%s is longer than %zu kB", path,
                                    max / 1024)
                       : ERR_OK;
        buf_add(out, part, (size_t)n);
    }
}

enum err file_read(const char *path, size_t max, struct buf *out, struct errmsg *why)
{
    /* Not blocking: a pipe or device by that name must not hang us before we see it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errmsg_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                          "%s cannot be opened: %s", path, strerror(errno));
    enum err e = read_fd(fd, path, max, out, why);
    close(fd);
    return e;
}

static bool write_all(int fd, const char *s, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, s, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        s += put;
        n -= (size_t)put;
    }
    return true;
}

bool file_copy(const char *from, const char *to)
{
    struct buf text, temp;
    buf_init(&text, 64u * 1024 * 1024);
    buf_init(&temp, 4096);
    buf_addf(&temp, "%s.tmp", to);
    bool ok = file_read(from, 64u * 1024 * 1024, &text, NULL) == ERR_OK;
    int fd = ok ? open(temp.s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    ok = fd >= 0 && write_all(fd, text.s, text.len) && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(temp.s, to) == 0;
    buf_release(&text);
    buf_release(&temp);
    return ok;
}
