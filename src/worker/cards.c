/*
 * The cards of a course: what each lesson's own file says of it, or why it says nothing.
 *
 * One bad file never hides the others. A lesson that cannot be read, loaded or found has
 * a card that tells why; so has course.lua itself, and then the files that are there
 * stand in the order of their tracks and names.
 */
#include "worker_internal.h"

#include <string.h>

void card_tell(struct wire_card *c, const struct lesson *l, struct arena *mem)
{
    const struct lesson_info *info = lesson_info(l);
    c->title = arena_strdup(mem, info->title);
    c->track = arena_strdup(mem, info->track ? info->track : "");
    c->summary = arena_strdup(mem, info->summary ? info->summary : "");
    c->post = arena_strdup(mem, info->post_title ? info->post_title : "");
    c->hash = arena_strdup(mem, lesson_hash(l));
    c->minutes = info->minutes;
    c->level = info->level;
}

static struct wire_card card_of(struct arena *mem, const char *id, const char *track)
{
    return (struct wire_card){.id = arena_strdup(mem, id),
                              .title = arena_strdup(mem, id),
                              .track = arena_strdup(mem, track),
                              .summary = "",
                              .post = "",
                              .hash = "",
                              .broken = ""};
}

static void card_load(struct wire_card *c, const struct wire_lesson *file,
                      struct arena *mem)
{
    struct errmsg why = {0};
    struct lesson *l = NULL;
    if (!file) {
        c->broken = arena_printf(mem, "%s.lua is not there", c->id);
        return;
    }
    if (file->broken && file->broken[0] != '\0') {
        c->broken = arena_strdup(mem, file->broken);
        return;
    }
    if (lesson_load(&l, file->text, file->len, file->name, &why) != ERR_OK) {
        c->broken = arena_strdup(mem, why.text);
        return;
    }
    if (str_eq(lesson_info(l)->id, c->id))
        card_tell(c, l, mem);
    else
        c->broken = arena_printf(mem, "%s: the lesson calls itself %s", file->name,
                                 lesson_info(l)->id);
    lesson_unref(l);
}

const struct wire_lesson *card_file(const struct wire_request *q, const char *id)
{
    size_t n = strlen(id);
    for (size_t i = 0; i < q->nlessons; i++) {
        const char *name = q->lessons[i].name;
        if (strncmp(name, id, n) == 0 && strcmp(name + n, ".lua") == 0)
            return &q->lessons[i];
    }
    return NULL;
}

/* There are more files than are read: which are missing is not known. */
static void tell_too_many(struct wire_card *c, struct arena *mem)
{
    c->broken =
        arena_printf(mem,
                     "%s.lua was not read: of more than %d lesson files only the "
                     "smallest are",
                     c->id, LESSONS_MAX);
}

static int by_track(const void *a, const void *b, void *ctx)
{
    const struct wire_card *x = a, *y = b;
    int c = strcmp(x->track, y->track);
    (void)ctx;
    return c != 0 ? c : strcmp(x->id, y->id);
}

/* Without a course that can be read: the files there are, after a card that says why. */
static size_t cards_without_course(const struct wire_request *q,
                                   struct wire_card *cards, const char *why,
                                   struct arena *mem)
{
    size_t n = 0;
    cards[n] = card_of(mem, "course", "");
    cards[n].title = "The order of the course";
    cards[n++].broken = arena_strdup(mem, why);
    for (size_t i = 0; i < q->nlessons && n < LESSONS_MAX; i++) {
        const char *name = q->lessons[i].name;
        size_t k = strlen(name);
        char *id = arena_strndup(mem, name, k > 4 ? k - 4 : k);
        cards[n] = card_of(mem, id, "");
        card_load(&cards[n++], &q->lessons[i], mem);
    }
    sort_stable(cards + 1, n - 1, sizeof *cards, by_track, NULL);
    return n;
}

size_t cards_load(const struct wire_request *q, struct wire_card **cards,
                  struct arena *mem)
{
    struct errmsg why = {0};
    struct course_list course = {0};
    enum err e = course_load(&course, q->text, q->len, q->name, &why);
    size_t n = course.n < LESSONS_MAX ? course.n : LESSONS_MAX;
    *cards = arena_alloc(mem, (LESSONS_MAX + 1) * sizeof **cards);
    if (e != ERR_OK)
        return cards_without_course(q, *cards, q->line[0] != '\0' ? q->line : why.text,
                                    mem);
    for (size_t i = 0; i < n; i++) {
        (*cards)[i] = card_of(mem, course.entries[i].id, course.entries[i].track);
        const struct wire_lesson *file = card_file(q, course.entries[i].id);
        if (!file && q->nlessons == LESSONS_MAX)
            tell_too_many(&(*cards)[i], mem);
        else
            card_load(&(*cards)[i], file, mem);
    }
    if (course.n > n) { /* instead of the last one that there is room for */
        (*cards)[n - 1] = card_of(mem, "course", "");
        (*cards)[n - 1].broken =
            arena_printf(mem, "%s: more than %d lessons; the rest is not shown",
                         q->name, LESSONS_MAX - 1);
    }
    course_release(&course);
    return n;
}
