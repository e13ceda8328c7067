/*
 * The cards of a course: what each lesson's own file says of it, or why it says nothing.
 *
 * One bad file never hides the others. A lesson that cannot be read, loaded or found has
 * a card that tells why; so has course.lua itself, and then the files that are there
 * stand in the order of their tracks and names.
 */
#include "worker_internal.h"

#include "truecode/console.h"

#include <string.h>
#include <strings.h>

static const char *join(struct arena *mem, const char *const *parts, size_t n)
{
    const char *all = "";
    for (size_t i = 0; i < n; i++)
        all = arena_printf(mem, "%s%s%s", all, i > 0 ? "; " : "", parts[i]);
    return all;
}

/* Terms beyond what a message may hold are left out of the course's list. */
static void copy_terms(struct wire_card *c, const struct lesson *l, struct arena *mem)
{
    size_t n;
    const struct glossary_term *own = lesson_terms(l, &n);
    c->nterms = n < LESSONS_MAX ? n : LESSONS_MAX;
    c->terms = arena_alloc(mem, (n + 1) * sizeof *c->terms);
    for (size_t i = 0; i < c->nterms; i++)
        c->terms[i] = (struct wire_term){arena_strdup(mem, own[i].word),
                                         arena_strdup(mem, own[i].meaning)};
}

const struct glossary_term *card_terms(const struct wire_card *c, struct arena *mem)
{
    struct glossary_term *t = arena_alloc(mem, (c->nterms + 1) * sizeof *t);
    for (size_t i = 0; i < c->nterms; i++)
        t[i] = (struct glossary_term){c->terms[i].word, c->terms[i].meaning};
    return t;
}

void card_tell(struct wire_card *c, const struct lesson *l, struct arena *mem)
{
    const struct lesson_info *info = lesson_info(l);
    c->title = arena_strdup(mem, info->title);
    c->track = arena_strdup(mem, info->track ? info->track : "");
    c->summary = arena_strdup(mem, info->summary ? info->summary : "");
    c->post = arena_strdup(mem, info->post_title ? info->post_title : "");
    c->hash = arena_strdup(mem, lesson_hash(l));
    c->teaches = join(mem, info->teaches, info->nteaches);
    copy_terms(c, l, mem);
    c->minutes = info->minutes;
    c->level = info->level;
}

static struct wire_card card_of(struct arena *mem, const struct course_entry *e)
{
    return (struct wire_card){.id = arena_strdup(mem, e->id),
                              .title = arena_strdup(mem, e->id),
                              .track = arena_strdup(mem, e->track),
                              .asks = arena_strdup(mem, e->asks),
                              .why = arena_strdup(mem, e->why),
                              .teaches = "",
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

/* Tells of files beyond those that are read: which are missing is not known. */
static void tell_too_many(struct wire_card *c, struct arena *mem)
{
    c->broken =
        arena_printf(mem,
                     "%s.lua was not read: of more than %d lesson files only the "
                     "smallest are",
                     c->id, LESSONS_MAX);
}

/* The place of a card that stands for the course's own file. */
static const struct course_entry nobody = {
    .track = "", .id = "course", .asks = "", .why = ""};

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
    cards[n] = card_of(mem, &nobody);
    cards[n].title = "The order of the course";
    cards[n++].broken = arena_strdup(mem, why);
    for (size_t i = 0; i < q->nlessons && n < LESSONS_MAX; i++) {
        const char *name = q->lessons[i].name;
        size_t k = strlen(name);
        struct course_entry e = nobody;
        e.id = arena_strndup(mem, name, k > 4 ? k - 4 : k);
        cards[n] = card_of(mem, &e);
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
        (*cards)[i] = card_of(mem, &course.entries[i]);
        const struct wire_lesson *file = card_file(q, course.entries[i].id);
        if (!file && q->nlessons == LESSONS_MAX)
            tell_too_many(&(*cards)[i], mem);
        else
            card_load(&(*cards)[i], file, mem);
    }
    if (course.n > n) { /* instead of the last one that there is room for */
        (*cards)[n - 1] = card_of(mem, &nobody);
        (*cards)[n - 1].broken =
            arena_printf(mem, "%s: more than %d lessons; the rest is not shown",
                         q->name, LESSONS_MAX - 1);
    }
    course_release(&course);
    return n;
}

static void add_word(struct buf *b, const struct course_word *w)
{
    buf_addf(b, "%s: %s", w->term.word, w->term.meaning);
    if (w->from[0] != '\0')
        buf_addf(b, " (%s)", w->from);
    buf_addch(b, '\n');
}

static enum err no_word(const struct course_word *w, size_t n, const char *word,
                        struct arena *mem, struct errmsg *why)
{
    const char **names = arena_alloc(mem, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = w[i].term.word;
    const char *near = text_suggest(word, names, n);
    return errmsg_set(why, ERR_INPUT, "no word of the course is '%.60s'%s%s%s", word,
                      near ? "; is it '" : "", near ? near : "", near ? "'?" : "");
}

enum err cards_words(const struct wire_card *cards, size_t n, const char *word,
                     struct buf *out, struct arena *mem, struct errmsg *why)
{
    const struct course_word *w;
    bool any = false;
    struct lesson_words *l = arena_alloc(mem, (n + 1) * sizeof *l);
    for (size_t i = 0; i < n; i++)
        l[i] = (struct lesson_words){cards[i].title, card_terms(&cards[i], mem),
                                     cards[i].nterms};
    n = glossary_course(mem, l, n, &w);
    for (size_t i = 0; i < n; i++)
        if (word[0] == '\0' || strcasecmp(word, w[i].term.word) == 0) {
            add_word(out, &w[i]);
            any = true;
        }
    return any ? ERR_OK : no_word(w, n, word, mem, why);
}
