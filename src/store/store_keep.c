/*
 * Keepsakes of runs: the texts of lessons, each under its own SHA-256, and the
 * reports of finished runs. A course moves on; a run is played, replayed and reported
 * with the very text it had.
 */
#include "store_internal.h"

#include <string.h>

#define TEXT_LIMIT   (1024u * 1024)
#define REPORT_LIMIT (4u * 1024 * 1024)

static bool hash_valid(const char *hash)
{
    return strlen(hash) == 64 && strspn(hash, "0123456789abcdef") == 64;
}

static void kept_path(const struct store *s, struct buf *path, const char *folder,
                      const char *name, const char *ending)
{
    buf_init(path, 4096);
    buf_addf(path, "%s/%s/%s%s", s->dir.s, folder, name, ending);
}

static bool put(struct store *s, const char *folder, const struct buf *path,
                const char *text, size_t n)
{
    struct buf dir;
    state_path(s, &dir, folder);
    bool ok = dir_make(dir.s) && file_put(path->s, text, n);
    if (ok)
        dir_sync(dir.s);
    buf_release(&dir);
    return ok;
}

/* ---- texts ----------------------------------------------------------------------- */

bool text_keep(struct store *s, const char *hash, const char *text, size_t n)
{
    struct buf path, old;
    if (s->dir.len == 0 || !hash_valid(hash))
        return false;
    buf_init(&old, TEXT_LIMIT);
    kept_path(s, &path, "texts", hash, ".lua");
    bool ok =
        text_kept(s, hash, &old, NULL) == ERR_OK || put(s, "texts", &path, text, n);
    buf_release(&path);
    buf_release(&old);
    return ok;
}

enum err text_kept(const struct store *s, const char *hash, struct buf *text,
                   struct errmsg *why)
{
    struct buf path;
    char now[65];
    if (s->dir.len == 0 || !hash_valid(hash))
        return errmsg_set(why, ERR_NOT_FOUND, "no text of the lesson was kept");
    kept_path(s, &path, "texts", hash, ".lua");
    enum err e = file_read(path.s, TEXT_LIMIT, text, why);
    if (e == ERR_OK) {
        sha256_hex(now, text->s, text->len);
        if (strcmp(now, hash) != 0)
            e = errmsg_set(why, ERR_CORRUPT, "%s was changed: it is another text",
                           path.s);
    }
    buf_release(&path);
    return e;
}

void text_path(const struct store *s, const char *hash, struct buf *path)
{
    buf_reset(path);
    buf_addf(path, "%s/texts/%s.lua", s->dir.s, hash);
}

/* ---- reports --------------------------------------------------------------------- */

bool report_keep(struct store *s, const char *id, const char *text, size_t n)
{
    struct buf path;
    if (s->dir.len == 0 || !run_id_valid(id))
        return false;
    kept_path(s, &path, "reports", id, ".md");
    bool ok = put(s, "reports", &path, text, n);
    buf_release(&path);
    return ok;
}

enum err report_kept(const struct store *s, const char *id, struct buf *text,
                     struct errmsg *why)
{
    struct buf path;
    if (s->dir.len == 0 || !run_id_valid(id))
        return errmsg_set(why, ERR_NOT_FOUND, "no report was kept");
    kept_path(s, &path, "reports", id, ".md");
    enum err e = file_read(path.s, REPORT_LIMIT, text, why);
    buf_release(&path);
    return e;
}
