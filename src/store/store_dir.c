/*
 * Paths, directories and whole files, with the care that saved work needs: private
 * modes whatever the umask, no half-written files, directories synced after a name
 * appeared in them.
 */
#include "store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_MAX (64u * 1024 * 1024)

static void path_join(struct buf *out, const char *dir, const char *name)
{
    buf_reset(out);
    buf_addf(out, "%s/%s", dir, name);
}

void state_path(const struct store *s, struct buf *out, const char *name)
{
    buf_init(out, 4096);
    path_join(out, s->dir.s, name);
}

bool store_default_dir(struct buf *path)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    buf_reset(path);
    /* The XDG rules: a relative path there is invalid and ignored. */
    if (xdg && xdg[0] == '/')
        buf_addf(path, "%s/truecode", xdg);
    else if (home && home[0] == '/')
        buf_addf(path, "%s/.local/state/truecode", home);
    return path->len > 0 && !path->full;
}

/* ---- directories ----------------------------------------------------------------- */

/* The umask may have taken bits from what was asked for, even the owner's. */
static bool make_one(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return chmod(path, 0700) == 0;
    return errno == EEXIST;
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
            ok = make_one(part.s);
            part.s[i] = c;
        }
    struct stat st, here;
    ok = ok && !part.full && stat(path, &st) == 0 && lstat(path, &here) == 0;
    if (ok && !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        ok = false;
    }
    int e = errno;
    if (ok && S_ISDIR(here.st_mode) && (here.st_mode & 0777) != 0700 &&
        here.st_uid == geteuid())
        (void)!chmod(path, 0700); /* where that is not allowed, it is as it is */
    buf_release(&part);
    errno = e;
    return ok;
}

void dir_narrow(const char *path)
{
    struct stat st;
    DIR *d = opendir(path);
    if (!d)
        return;
    if (fstat(dirfd(d), &st) == 0 && (st.st_mode & 077) != 0 && st.st_uid == geteuid())
        (void)!fchmod(dirfd(d), 0700);
    for (struct dirent *e; (e = readdir(d));)
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && (st.st_mode & 077) != 0 && st.st_uid == geteuid())
            (void)!fchmodat(dirfd(d), e->d_name, 0600, 0);
    closedir(d);
}

void dir_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* ---- whole files ----------------------------------------------------------------- */

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
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

bool write_all(int fd, const char *s, size_t n)
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

/* Two windows may put the same file: each has a temporary one of its own. */
bool file_put(const char *path, const char *text, size_t n)
{
    struct buf temp;
    buf_init(&temp, 4096);
    buf_addf(&temp, "%s.%ld.tmp", path, (long)getpid());
    unlink(temp.s);
    int fd = open(temp.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok =
        fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, text, n) && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(temp.s, path) == 0;
    if (!ok && fd >= 0)
        unlink(temp.s);
    buf_release(&temp);
    return ok;
}

bool file_copy(const char *from, const char *to)
{
    struct buf text;
    buf_init(&text, COPY_MAX);
    bool ok = file_read(from, COPY_MAX, &text, NULL) == ERR_OK &&
              file_put(to, text.s, text.len);
    buf_release(&text);
    return ok;
}
