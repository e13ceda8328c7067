/*
 * A database that cannot be used: set aside, never deleted, and the backup put in its
 * place when that is good itself. Two windows that find the same damage wait for each
 * other, and the second finds it mended.
 */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 50 /* a tenth of a second each */

int state_lock(const struct store *s)
{
    struct buf path;
    state_path(s, &path, "lock");
    int fd = open(path.s, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    buf_release(&path);
    if (fd < 0)
        return -1;
    (void)!fchmod(fd, 0600);
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK || i == LOCK_TRIES) {
            close(fd);
            return -1;
        }
        poll(NULL, 0, 100);
    }
    return fd;
}

void state_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* ---- the backup ------------------------------------------------------------------ */

static bool good_file(const char *path)
{
    sqlite3 *db = NULL;
    struct buf what;
    buf_init(&what, 200);
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW,
                              NULL) == SQLITE_OK;
    enum found f = ok ? schema_look(db, &what) : FOUND_DAMAGED;
    ok = f == FOUND_NEWER ||
         (f == FOUND_OURS &&
          sql_number(db, "SELECT count(*) FROM pragma_quick_check(1) WHERE "
                         "quick_check = 'ok'") == 1);
    sqlite3_close(db);
    buf_release(&what);
    return ok;
}

bool backup_usable(const struct store *s)
{
    struct buf path;
    state_path(s, &path, "progress.bak");
    bool ok = file_exists(path.s) && good_file(path.s);
    buf_release(&path);
    return ok;
}

static bool restore_backup(const struct store *s)
{
    struct buf from, to;
    state_path(s, &from, "progress.bak");
    state_path(s, &to, "progress.db");
    bool ok = backup_usable(s) && file_copy(from.s, to.s);
    dir_sync(s->dir.s);
    buf_release(&from);
    buf_release(&to);
    return ok;
}

/* ---- setting aside --------------------------------------------------------------- */

static bool move_file(const struct store *s, const char *from, const char *to)
{
    struct buf a, b;
    state_path(s, &a, from);
    state_path(s, &b, to);
    bool ok = rename(a.s, b.s) == 0;
    buf_release(&a);
    buf_release(&b);
    return ok;
}

/* A name that nothing has yet. */
static void aside_name(const struct store *s, char *name, size_t size)
{
    bool taken = true;
    for (long long n = (long long)time(NULL); taken; n++) {
        struct buf path;
        snprintf(name, size, "progress.damaged-%lld", n);
        state_path(s, &path, name);
        taken = file_exists(path.s);
        buf_release(&path);
    }
}

bool mend(struct store *s, const char *what)
{
    char name[64], journal[80];
    struct buf path;
    aside_name(s, name, sizeof name);
    snprintf(journal, sizeof journal, "%s-journal", name);
    state_path(s, &path, "progress.db");
    bool there = file_exists(path.s);
    buf_release(&path);
    if (there && !move_file(s, "progress.db", name))
        return false;
    move_file(s, "progress.db-journal", journal);
    bool restored = restore_backup(s);
    news_add(s, "The progress file %s.", what);
    if (there)
        news_add(s, "It was set aside as %s/%s.", s->dir.s, name);
    news_add(s, restored
                    ? "The backup made after the last finished lesson was restored; "
                      "later runs are listed again where their tapes are there."
                    : "There was no good backup: the list of scores starts anew, and "
                      "runs whose tapes are there are listed again.");
    return true;
}
