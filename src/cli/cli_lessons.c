/*
 * Where lessons come from: $TRUECODE_LESSONS, the tree the program was built in, or
 * where it was installed; or a path somebody typed. The front only reads the files:
 * what they mean is for a worker to say.
 */
#include "cli_internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lesson_id_valid(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n <= 64 && id[0] != '-' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool has_course(const char *dir)
{
    struct buf path;
    buf_init(&path, 4096);
    buf_addf(&path, "%s/course.lua", dir);
    bool yes = access(path.s, R_OK) == 0;
    buf_release(&path);
    return yes;
}

/* The tree the program stands in: build/truecode, build/asan/truecode. */
static bool tree_of_program(struct buf *dir)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(exe, '/');
    for (int up = 0; up < 2 && slash; up++) {
        *slash = '\0';
        slash = strrchr(exe, '/');
        if (!slash)
            return false;
        buf_reset(dir);
        buf_addf(dir, "%.*s/lessons", (int)(slash - exe), exe);
        if (has_course(dir->s))
            return true;
    }
    return false;
}

void lessons_dir_shipped(struct buf *dir)
{
    if (!tree_of_program(dir)) {
        buf_reset(dir);
        buf_adds(dir, TRUECODE_DATADIR "/lessons");
    }
}

enum err lessons_dir(struct buf *dir, struct errmsg *why)
{
    const char *chosen = getenv("TRUECODE_LESSONS");
    buf_reset(dir);
    if (chosen && chosen[0] != '\0') {
        buf_adds(dir, chosen);
        return has_course(dir->s)
                   ? ERR_OK
                   : errmsg_set(why, ERR_NOT_FOUND,
                                "TRUECODE_LESSONS: there is no %s/course.lua", chosen);
    }
    struct buf tree;
    buf_init(&tree, 4096);
    bool found = tree_of_program(&tree);
    buf_adds(dir, found ? tree.s : TRUECODE_DATADIR "/lessons");
    if (!found && !has_course(dir->s)) {
        enum err e = errmsg_set(why, ERR_NOT_FOUND,
                                "no lessons: neither %s nor %s has a course.lua",
                                tree.s, dir->s);
        buf_release(&tree);
        return e;
    }
    buf_release(&tree);
    return ERR_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int by_text(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t lesson_ids(const char *dir, char *ids[LESSONS_MAX])
{
    size_t n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *f; d && n < LESSONS_MAX && (f = readdir(d));) {
        char *dot = strrchr(f->d_name, '.');
        if (!dot || strcmp(dot, ".lua") != 0)
            continue;
        *dot = '\0';
        if (lesson_id_valid(f->d_name) && strcmp(f->d_name, "course") != 0)
            ids[n++] = mem_strdup(f->d_name);
    }
    if (d)
        closedir(d);
    sort_stable(ids, n, sizeof *ids, by_text, NULL);
    return n;
}

static enum err unknown_lesson(const char *word, const char *dir, struct errmsg *why)
{
    char *names[LESSONS_MAX];
    size_t n = lesson_ids(dir, names);
    const char *near = text_suggest(word, (const char *const *)names, n);
    if (near)
        errmsg_set(why, ERR_NOT_FOUND, "there is no lesson '%s'; did you mean '%s'?",
                   word, near);
    else
        errmsg_set(why, ERR_NOT_FOUND, "there is no lesson '%s'; see %s", word,
                   command("list", NULL).s);
    while (n > 0)
        mem_free(names[--n]);
    return ERR_NOT_FOUND;
}

static bool is_path(const char *word)
{
    size_t n = strlen(word);
    return strchr(word, '/') || (n > 4 && strcmp(word + n - 4, ".lua") == 0);
}

/* The file that a lesson's id or a path names. */
static enum err lesson_path(const char *word, struct buf *path, struct errmsg *why)
{
    buf_reset(path);
    if (is_path(word)) {
        buf_adds(path, word);
        return ERR_OK;
    }
    enum err e = lessons_dir(path, why);
    if (e == ERR_OK)
        buf_addf(path, "/%s.lua", word);
    return e;
}

static enum err read_by_id(const char *id, struct buf *text, struct buf *name,
                           struct errmsg *why)
{
    struct buf dir, path;
    buf_init(&dir, 4096);
    buf_init(&path, 4096);
    enum err e = lessons_dir(&dir, why);
    if (e == ERR_OK)
        e = lesson_path(id, &path, why);
    if (e == ERR_OK) {
        e = lesson_id_valid(id) && strcmp(id, "course") != 0
                ? file_read(path.s, LESSON_MAX_BYTES, text, why)
                : ERR_NOT_FOUND;
        if (e == ERR_NOT_FOUND)
            e = unknown_lesson(id, dir.s, why);
    }
    buf_addf(name, "%s.lua", id);
    buf_release(&dir);
    buf_release(&path);
    return e;
}

enum err lesson_read(const char *word, struct buf *text, struct buf *name,
                     struct errmsg *why)
{
    buf_reset(name);
    if (!is_path(word))
        return read_by_id(word, text, name, why);
    struct buf clean;
    buf_init(&clean, 200);
    text_clean(&clean, base_name(word), strlen(base_name(word)), false);
    buf_adds(name, clean.s);
    buf_release(&clean);
    return file_read(word, LESSON_MAX_BYTES, text, why);
}

/* A file's last word is what it returns: at the beginning of a line. */
static bool returns(const struct buf *text, const char *what)
{
    char line[32];
    snprintf(line, sizeof line, "\n%s", what);
    return text->len > 0 && (str_starts(text->s, what) || strstr(text->s, line));
}

static enum err refuse_lab(const char *word, const struct buf *text, struct errmsg *why)
{
    if (!returns(text, "return lab") || returns(text, "return lesson"))
        return ERR_OK;
    return errmsg_set(why, ERR_LESSON, "%s is a lab, not a lesson; run it with: %s",
                      word, command("lab", word).s);
}

enum err lesson_take(const struct cli_args *a, const char *word, struct buf *text,
                     struct buf *name, struct errmsg *why)
{
    struct buf path;
    buf_init(&path, 4096);
    enum err e = lesson_read(word, text, name, why);
    if (e == ERR_OK)
        e = refuse_lab(word, text, why);
    if (e == ERR_OK)
        e = lesson_path(word, &path, why);
    if (e == ERR_OK)
        e = jail_allows(a, path.s, why);
    buf_release(&path);
    return e;
}
