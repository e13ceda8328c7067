/*
 * Lessons that may be run, and how. In the jail, any. Without it, a lesson's file is as
 * good as a program: those that come with truecode are trusted, others only by who says
 * --no-jail twice.
 */
#include "cli_internal.h"

#include "truecode/worker.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The folder of a file, with every link and dot followed; false: there is none. */
static bool folder_of(const char *path, char *to)
{
    if (!realpath(path, to))
        return false;
    char *slash = strrchr(to, '/');
    if (slash)
        *slash = '\0';
    return slash;
}

/* In the folder of lessons that the program was built or installed with, or in the
 * folder of labs below it; wherever $TRUECODE_LESSONS points. */
static bool comes_with_us(const char *path)
{
    char theirs[PATH_MAX], ours[PATH_MAX];
    struct buf dir;
    buf_init(&dir, PATH_MAX);
    lessons_dir_shipped(&dir);
    bool yes = folder_of(path, theirs) && realpath(dir.s, ours);
    size_t n = yes ? strlen(ours) : 0;
    yes = yes && strncmp(theirs, ours, n) == 0 &&
          (theirs[n] == '\0' || strcmp(theirs + n, "/lab") == 0);
    buf_release(&dir);
    return yes;
}

enum err jail_allows(const struct cli_args *a, const char *path, struct errmsg *why)
{
    unsigned said = a->times[OPT_NO_JAIL];
    if (said >= 2 || comes_with_us(path))
        return ERR_OK;
    if (said == 1)
        return errmsg_set(
            why, ERR_INPUT,
            "%s does not come with truecode: without the jail it could do "
            "whatever you can. Give --no-jail twice if you trust it",
            path);
    if (worker_jail_is_partial())
        return errmsg_set(
            why, ERR_REFUSED,
            "%s does not come with truecode, and this system has no "
            "filter of system calls: a lesson that broke out of Lua could "
            "do whatever you can. Give --no-jail twice if you trust it",
            path);
    return ERR_OK;
}
