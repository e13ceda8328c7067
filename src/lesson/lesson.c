/*
 * A lesson's life: its text is scanned, run once in a sandbox of its own, read into
 * plain structs by the schema tables, and from then on only its functions need Lua. A
 * second state of the same text (lesson_reload) is what a rewind or fork uses:
 * functions keep nothing, and the prover compares the two to make sure.
 */
#include "lesson_internal.h"

#include <stdio.h>
#include <string.h>

struct loading {
    struct lesson *l;
    const char *what; /* "lesson" or "course": what the file must return */
    int (*read)(lua_State *L, struct loading *load);
    void *out;
    struct scan_reader at; /* how far the parser has come */
};

/* One line at a time, so that the host knows where the parser is. */
static const char *next_piece(lua_State *L, void *ud, size_t *n)
{
    struct loading *load = ud;
    const char *piece = scan_piece(&load->l->scan, &load->at, n);
    host_of(L)->line = load->at.line;
    return piece;
}

static int read_lab(lua_State *L, struct loading *load);

/* Inside host_run(): compile, run the top level, read what it returned. */
static int load_inside(lua_State *L)
{
    struct loading *load = lua_touserdata(L, 1);
    struct lesson *l = load->l;
    char chunk[64];
    snprintf(chunk, sizeof chunk, "=%s", l->host.name);
    l->host.trusted = true;
    int status = lua_load(L, next_piece, load, chunk, "t");
    l->host.trusted = false;
    if (status != LUA_OK)
        return lua_error(L);
    if (l->scan.twice.len)
        fail(L, l->scan.twice.line,
             "'%.*s' is written twice in one table (see line %d)",
             l->scan.twice.len < 60 ? (int)l->scan.twice.len : 60,
             l->text + l->scan.twice.off, l->scan.first_line);
    host_charge(L, l->len / 4);
    lua_call(L, 0, 1);
    bool lesson_too = load->read == read_lab && is_marked(L, -1, "lesson");
    if (!lesson_too && !is_marked(L, -1, load->what))
        fail(L, 1, "the file must end with `return %s { … }`", load->what);
    l->host.line = mark_line(L, -1, 1);
    load->read(L, load);
    lua_settop(L, 0); /* what is left are the functions that were kept */
    host_settle(&l->host);
    return 0;
}

static int read_lesson(lua_State *L, struct loading *load)
{
    struct reader r = {L, &load->l->host, &load->l->mem};
    read_record(&r, -1, 1, &lesson_schema, load->l);
    return 0;
}

/* A lesson's file is one, too: its world and incident, and nobody acts. */
static int read_lab(lua_State *L, struct loading *load)
{
    struct reader r = {L, &load->l->host, &load->l->mem};
    if (is_marked(L, -1, "lesson"))
        return read_lesson(L, load);
    load->l->info.starts_at = LAB_WARM_UP_UNSET;
    read_record(&r, -1, 1, &lab_schema, load->l);
    return 0;
}

static enum err check_text(const char *text, size_t len, const char *name,
                           struct errmsg *why)
{
    (void)text;
    if (len == 0)
        return errmsg_set(why, ERR_LESSON, "%s:1: the file is empty", name);
    if (len > LESSON_MAX_BYTES)
        return errmsg_set(why, ERR_LESSON, "%s:1: %zu bytes; a lesson has %d at most",
                          name, len, LESSON_MAX_BYTES);
    return ERR_OK;
}

/* A base name without what could confuse a message. */
static const char *tidy_name(struct lesson *l, const char *name)
{
    const char *slash = strrchr(name, '/');
    char *s = arena_strndup(&l->mem, slash ? slash + 1 : name, 40);
    for (char *p = s; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == ':' || (unsigned char)*p >= 127)
            *p = '?';
    return s;
}

static enum err load_text(struct lesson *l, const char *text, size_t len,
                          const char *name, struct loading *load, struct errmsg *why)
{
    name = tidy_name(l, name);
    enum err e = check_text(text, len, name, why);
    if (e != ERR_OK)
        return e;
    char *copy = arena_alloc(&l->mem, len + 1);
    memcpy(copy, text, len);
    l->text = copy;
    l->len = len;
    sha256_hex(l->hash, text, len);
    e = scan_text(&l->scan, l->text, len, name, why);
    if (e == ERR_OK)
        e = host_open(&l->host, name, why);
    l->host.scan = &l->scan;
    l->host.dear = l->scan.modulo ? MODULO_PRICE : 0;
    if (e == ERR_OK)
        e = host_run(&l->host, load_inside, load, STEPS_LOAD, 1, why);
    return e;
}

static enum err load_file(struct lesson **out, const char *text, size_t len,
                          const char *name, struct loading *load, size_t limit,
                          struct errmsg *why)
{
    struct lesson *l = load->l = mem_alloc(sizeof *l);
    l->world = l->incident = l->twin = FN_NONE;
    l->host.limit = limit;
    enum err e = load_text(l, text, len, name, load, why);
    *out = e == ERR_OK ? l : NULL;
    if (e != ERR_OK)
        lesson_free(l);
    return e;
}

enum err lesson_load_within(struct lesson **out, const char *text, size_t len,
                            const char *name, size_t limit, struct errmsg *why)
{
    struct loading load = {.what = "lesson", .read = read_lesson};
    return load_file(out, text, len, name, &load, limit, why);
}

enum err lesson_load_lab(struct lesson **out, const char *text, size_t len,
                         const char *name, struct errmsg *why)
{
    struct loading load = {.what = "lab", .read = read_lab};
    return load_file(out, text, len, name, &load, HOST_MEMORY, why);
}

enum err lesson_load(struct lesson **out, const char *text, size_t len,
                     const char *name, struct errmsg *why)
{
    return lesson_load_within(out, text, len, name, HOST_MEMORY, why);
}

enum err lesson_reload(struct lesson **out, const struct lesson *l, struct errmsg *why)
{
    return lesson_load(out, l->text, l->len, l->host.name, why);
}

void lesson_free(struct lesson *l)
{
    if (!l)
        return;
    host_close(&l->host);
    scan_release(&l->scan);
    arena_release(&l->mem);
    mem_free(l);
}

/* ---- course.lua ------------------------------------------------------------------ */

static void add_entry(struct reader *r, struct course_list *c, const char *track,
                      const char *id, int line)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->entries[i].id, id))
            fail(r->L, scan_line(r->h->scan, id, line), "'%.40s' is listed twice", id);
    if (c->n == LIST_MAX)
        fail(r->L, line, "more than %d lessons", LIST_MAX);
    c->entries[c->n++] = (struct course_entry){track, id};
}

/* { { track = "fail", "all-green", … }, … } */
static int read_course(lua_State *L, struct loading *load)
{
    struct course_list *c = load->out;
    struct reader r = {L, &load->l->host, &c->mem};
    int top = lua_gettop(L), line = mark_line(L, top, 1);
    c->entries = arena_alloc(&c->mem, LIST_MAX * sizeof *c->entries);
    size_t groups = read_length(&r, top, line, "course");
    for (size_t g = 1; g <= groups; g++) {
        lua_rawgeti(L, top, (lua_Integer)g);
        if (lua_type(L, -1) != LUA_TTABLE ||
            lua_getfield(L, -1, "track") != LUA_TSTRING)
            fail(L, line, "group %zu must be { track = \"…\", \"lesson\", … }", g);
        const char *track = read_string(&r, -1, line, "track");
        size_t n = lua_rawlen(L, top + 1);
        for (size_t i = 1; i <= n; i++) {
            lua_rawgeti(L, top + 1, (lua_Integer)i);
            add_entry(&r, c, track, read_string(&r, -1, line, "a lesson's id"), line);
            lua_pop(L, 1);
        }
        lua_settop(L, top);
    }
    return 0;
}

enum err course_load(struct course_list *out, const char *text, size_t len,
                     const char *name, struct errmsg *why)
{
    struct lesson *l = mem_alloc(sizeof *l);
    *out = (struct course_list){0};
    struct loading load = {.l = l, .what = "course", .read = read_course, .out = out};
    enum err e = load_text(l, text, len, name, &load, why);
    lesson_free(l);
    if (e != ERR_OK)
        course_release(out);
    return e;
}

void course_release(struct course_list *c)
{
    arena_release(&c->mem);
    *c = (struct course_list){0};
}

/* ---- reading --------------------------------------------------------------------- */

const struct lesson_info *lesson_info(const struct lesson *l)
{
    return &l->info;
}

struct lab_plan lesson_lab_plan(const struct lesson *l)
{
    return (struct lab_plan){.warm_up = l->info.starts_at,
                             .ends_at = l->info.ends_at,
                             .batches = l->batches ? l->batches : LAB_BATCHES_MIN,
                             .warm_up_left_out = l->warm_up_left_out};
}

bool lesson_stopped(const struct lesson *l)
{
    return l->host.over || l->host.refused;
}

uint64_t lesson_effort(const struct lesson *l)
{
    return l->host.steps;
}

const char *lesson_hash(const struct lesson *l)
{
    return l->hash;
}

#define LIST_OF(plural, singular, type, member)                                        \
    size_t lesson_##plural(const struct lesson *l)                                     \
    {                                                                                  \
        return l->n##member;                                                           \
    }                                                                                  \
    const struct type *lesson_##singular(const struct lesson *l, size_t i)             \
    {                                                                                  \
        return &l->member[i];                                                          \
    }
LIST_OF(steps, step, step, steps)
LIST_OF(traps, trap, trap, traps)
LIST_OF(fixes, fix, course, fixes)
LIST_OF(wrongs, wrong, course, wrongs)
LIST_OF(accepts, accept, accepted, accepts)
LIST_OF(reals, real, cited, reals)

size_t lesson_moves(const struct lesson *l)
{
    return l->expect.nmoves;
}

const struct predicate *lesson_move(const struct lesson *l, size_t i)
{
    return &l->expect.moves[i];
}

size_t lesson_normals(const struct lesson *l)
{
    return l->expect.nnormals;
}

const struct predicate *lesson_normal(const struct lesson *l, size_t i)
{
    return &l->expect.normals[i];
}

sim_time lesson_expect_at(const struct lesson *l)
{
    return l->expect.at;
}

bool lesson_has_twin(const struct lesson *l)
{
    return l->twin != FN_NONE;
}

const char *lesson_debrief(const struct lesson *l)
{
    return l->debrief ? l->debrief : "";
}

size_t lesson_sums(const struct lesson *l)
{
    return l->nsums;
}

const char *lesson_sum(const struct lesson *l, size_t i)
{
    return l->sums[i];
}

const struct glossary_term *lesson_terms(const struct lesson *l, size_t *n)
{
    *n = l->nglossary;
    return l->glossary;
}
