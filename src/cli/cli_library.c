/*
 * All lessons of a folder at once: course.lua and every lesson file beside it.
 *
 * One bad file never hides the others. What cannot be read, is too large or is one too
 * many stays in the library with the reason; its card tells it. When a worker dies or
 * hangs over a course, each file is tried alone in a worker of its own, and the ones that
 * bring theirs down are named.
 */
#include "cli_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The limit of all lessons together, so that they fit a message. */
#define LIBRARY_MAX_BYTES (8u * 1024 * 1024)

/* ---- reading --------------------------------------------------------------------- */

struct found { /* a file that by its name is a lesson */
    char name[72];
    off_t size;
};

static bool lesson_file(const char *file)
{
    char id[65];
    size_t n = strlen(file);
    if (n < 5 || n - 4 >= sizeof id || strcmp(file + n - 4, ".lua") != 0)
        return false;
    snprintf(id, sizeof id, "%.*s", (int)(n - 4), file);
    return lesson_id_valid(id) && strcmp(id, "course") != 0;
}

/* Small ones first: what is left out when it is too much are the largest. */
static int by_size(const void *a, const void *b, void *ctx)
{
    const struct found *x = a, *y = b;
    (void)ctx;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return strcmp(x->name, y->name);
}

static struct found *find_files(const char *dir, size_t *n)
{
    struct found *list = NULL;
    size_t cap = 0;
    struct buf path;
    struct stat st;
    *n = 0;
    buf_init(&path, 4096);
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!lesson_file(e->d_name))
            continue;
        GROW(list, *n, cap);
        struct found *f = &list[(*n)++];
        snprintf(f->name, sizeof f->name, "%s", e->d_name);
        buf_reset(&path);
        buf_addf(&path, "%s/%s", dir, e->d_name);
        f->size = stat(path.s, &st) == 0 ? st.st_size : 0;
    }
    if (d)
        closedir(d);
    buf_release(&path);
    sort_stable(list, *n, sizeof *list, by_size, NULL);
    return list;
}

static void add_file(struct library *l, const char *dir, const char *file)
{
    struct buf path, text;
    struct errmsg why = {0};
    struct wire_lesson *w = &l->lessons[l->n++];
    buf_init(&path, 4096);
    buf_init(&text, LESSON_MAX_BYTES);
    buf_addf(&path, "%s/%s", dir, file);
    *w = (struct wire_lesson){
        .name = arena_strdup(&l->mem, file), .text = "", .best = -1};
    if (file_read(path.s, LESSON_MAX_BYTES, &text, &why) != ERR_OK) {
        w->broken = arena_strdup(&l->mem, why.text);
    } else if (l->bytes + text.len > LIBRARY_MAX_BYTES) {
        w->broken =
            arena_printf(&l->mem,
                         "%s is not loaded: the lessons here have more than %u MB "
                         "together",
                         file, LIBRARY_MAX_BYTES >> 20);
    } else {
        char *copy = arena_alloc(&l->mem, text.len + 1);
        memcpy(copy, text.s, text.len);
        w->text = copy;
        w->len = text.len;
        l->bytes += text.len;
    }
    buf_release(&path);
    buf_release(&text);
}

static void read_all(struct library *l, const char *dir)
{
    struct buf path;
    struct errmsg why = {0};
    size_t n;
    buf_init(&path, 4096);
    buf_addf(&path, "%s/course.lua", dir);
    if (file_read(path.s, LESSON_MAX_BYTES, &l->course, &why) != ERR_OK) {
        buf_reset(&l->course);
        l->lost = arena_strdup(&l->mem, why.text);
    }
    buf_release(&path);
    struct found *files = find_files(dir, &n);
    for (size_t i = 0; i < n && i < LESSONS_MAX; i++)
        add_file(l, dir, files[i].name);
    mem_free(files);
}

/* All lessons of a folder are run, if only to ask their titles. */
static enum err allowed(const struct cli_args *a, const char *dir, struct errmsg *why)
{
    struct buf path;
    buf_init(&path, 4096);
    buf_addf(&path, "%s/course.lua", dir);
    enum err e = jail_allows(a, path.s, why);
    buf_release(&path);
    return e;
}

enum err library_read(struct library *l, const struct cli_args *a, struct errmsg *why)
{
    struct buf dir;
    *l = (struct library){0};
    buf_init(&l->course, LESSON_MAX_BYTES);
    l->lessons = arena_alloc(&l->mem, LESSONS_MAX * sizeof *l->lessons);
    buf_init(&dir, 4096);
    enum err e = lessons_dir(&dir, why);
    if (e == ERR_OK)
        e = allowed(a, dir.s, why);
    if (e == ERR_OK)
        read_all(l, dir.s);
    buf_release(&dir);
    if (e != ERR_OK)
        library_release(l);
    return e;
}

void library_release(struct library *l)
{
    arena_release(&l->mem);
    buf_release(&l->course);
    *l = (struct library){0};
}

static void library_endings(struct library *l, struct wire_lesson *w,
                            const struct store *s, const char *id)
{
    struct wire_ending *list = arena_alloc(&l->mem, WIRE_ENDINGS_MAX * sizeof *list);
    const struct store_run *r;
    w->nendings = 0;
    for (size_t i = 0; i < WIRE_ENDINGS_MAX && (r = store_ending(s, id, i)); i++) {
        char when[32];
        date_text(when, sizeof when, r->finished);
        list[w->nendings++] =
            (struct wire_ending){.when = arena_strdup(&l->mem, when),
                                 .mode = r->mode,
                                 .outcome = r->outcome,
                                 .score = r->vouched && r->score >= 0 ? r->score : -1};
    }
    w->endings = list;
}

void library_progress(struct library *l, const struct store *s)
{
    l->drawn = store_drawn(s);
    for (size_t i = 0; i < l->n; i++) {
        struct wire_lesson *w = &l->lessons[i];
        char id[65];
        snprintf(id, sizeof id, "%.*s", (int)(strlen(w->name) - 4), w->name);
        const struct store_run *best = store_best_as(s, id, false),
                               *alone = store_best_as(s, id, true);
        w->best = best ? best->score : -1;
        w->outcome = best ? best->outcome : OUTCOME_LOST;
        w->alone = alone;
        w->best_alone = alone ? alone->score : 0;
        w->outcome_alone = alone ? alone->outcome : OUTCOME_LOST;
        library_endings(l, w, s, id);
        w->saved = store_begun(s, id);
        const struct store_run *halted = store_halted(s, id);
        w->stopped = halted && halted->halt == HALT_UPDATE;
    }
}

/* ---- asking a worker ------------------------------------------------------------- */

bool library_sift(struct library *l, library_try *load, void *ctx)
{
    bool any = false;
    for (size_t i = 0; i < l->n; i++) {
        struct wire_lesson *w = &l->lessons[i];
        struct errmsg why = {0};
        if (w->broken || load(ctx, w, &why) == ERR_OK)
            continue;
        w->broken = arena_printf(&l->mem, "%s: %s", w->name, why.text);
        w->text = "";
        w->len = 0;
        any = true;
    }
    return any;
}

/* In a worker of its own. What the lesson itself has to say of it does not matter here.
 */
static enum err load_alone(void *ctx, const struct wire_lesson *w, struct errmsg *why)
{
    struct wire_answer a = {0};
    struct wire_client *c = wire_client_new(ctx);
    enum err e = wire_client_open(
        c,
        &(struct wire_request){
            .op = WIRE_VALIDATE, .name = w->name, .text = w->text, .len = w->len},
        &a, why);
    wire_client_free(c);
    wire_answer_release(&a);
    return e;
}

static void fill_request(const struct library *l, struct wire_request *q)
{
    q->name = "course.lua";
    q->text = l->course.s;
    q->len = l->course.len;
    if (q->op == WIRE_CATALOGUE)
        q->line = l->lost;
    q->lessons = l->lessons;
    q->nlessons = l->n;
    q->drawn = l->drawn;
}

enum err library_open(struct library *l, struct wire_client *c,
                      const struct wire_client_options *o, struct wire_request *q,
                      struct wire_answer *a, struct errmsg *why)
{
    struct wire_client_options alone = *o;
    fill_request(l, q);
    enum err e = wire_client_open(c, q, a, why);
    bool fell = e == ERR_LOST || e == ERR_CORRUPT || e == ERR_LIMIT;
    if (fell && library_sift(l, load_alone, &alone))
        e = wire_client_open(c, q, a, why);
    if (e == ERR_OK && a->err != ERR_OK)
        e = errmsg_set(why, a->err, "%s", a->error);
    return e;
}

/* Asks in a worker of its own. */
static enum err ask_alone(struct library *l, const struct wire_client_options *o,
                          struct wire_request *q, struct wire_answer *a,
                          struct errmsg *why)
{
    struct wire_client *c = wire_client_new(o);
    enum err e = library_open(l, c, o, q, a, why);
    wire_client_free(c);
    if (e != ERR_OK)
        wire_answer_release(a);
    return e;
}

enum err library_cards(struct library *l, const struct wire_client_options *o,
                       struct wire_answer *a, struct errmsg *why)
{
    return ask_alone(l, o, &(struct wire_request){.op = WIRE_CATALOGUE}, a, why);
}

enum err library_words(struct library *l, const struct wire_client_options *o,
                       const char *word, struct wire_answer *a, struct errmsg *why)
{
    return ask_alone(l, o, &(struct wire_request){.op = WIRE_WORDS, .line = word}, a,
                     why);
}
