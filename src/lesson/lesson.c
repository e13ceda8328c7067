/*
 * A lesson's life: its text is scanned, run once in a sandbox of its own, and read into
 * plain structs by the schema tables. From then on nothing of it changes. What Lua made of
 * the text is kept, with the places of the functions in what the file returned: that is
 * all that a state (state.c) needs to open.
 */
#include "binding.h"
#include "lesson_internal.h"

#include <stdio.h>
#include <string.h>

struct loading {
    struct lesson *l;
    struct host host; /* the state in which the file is read */
    const char *what; /* "lesson" or "course": what the file must return */
    int (*read)(lua_State *L, struct loading *load);
    void *out;
    bool draft;
    struct scan_reader at; /* how far the parser has come */
};

/* Hands out a line at a time, so that the host knows where the parser is. */
static const char *next_piece(lua_State *L, void *ud, size_t *n)
{
    struct loading *load = ud;
    const char *piece = scan_piece(&load->l->scan, &load->at, n);
    host_of(L)->line = load->at.line;
    return piece;
}

static int keep_code(lua_State *L, const void *p, size_t n, void *ud)
{
    (void)L;
    buf_add(ud, p, n);
    return ((struct buf *)ud)->full;
}

/* Compiles the text, and keeps what came of it for the states to come: with its lines and
 * names, which errors need. */
static void compile(lua_State *L, struct loading *load)
{
    struct lesson *l = load->l;
    char chunk[64];
    snprintf(chunk, sizeof chunk, "=%s", l->name);
    load->host.trusted = true;
    int status = lua_load(L, next_piece, load, chunk, "t");
    load->host.trusted = false;
    if (status != LUA_OK)
        lua_error(L);
    if (lua_dump(L, keep_code, &l->code, 0))
        fail(L, 1, "this compiles to more than can be kept");
}

static int read_lab(lua_State *L, struct loading *load);

/* Inside host_run(): compile, run the top level, read what it returned. */
static int load_inside(lua_State *L)
{
    struct loading *load = lua_touserdata(L, 1);
    struct lesson *l = load->l;
    compile(L, load);
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
    load->host.line = mark_line(L, -1, 1);
    load->read(L, load);
    return 0;
}

static struct reader reader_of(lua_State *L, struct loading *load)
{
    return (struct reader){
        .L = L, .h = &load->host, .mem = &load->l->mem, .l = load->l};
}

static int read_lesson(lua_State *L, struct loading *load)
{
    struct reader r = reader_of(L, load);
    read_record(&r, -1, 1, &lesson_schema, load->l);
    return 0;
}

/* A lesson's file is one, too: its world and incident, and nobody acts. */
static int read_lab(lua_State *L, struct loading *load)
{
    struct reader r = reader_of(L, load);
    if (is_marked(L, -1, "lesson"))
        return read_lesson(L, load);
    load->l->info.starts_at = LAB_WARM_UP_UNSET;
    read_record(&r, -1, 1, &lab_schema, load->l);
    return 0;
}

static enum err check_text(size_t len, const char *name, struct errmsg *why)
{
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
    l->name = tidy_name(l, name);
    enum err e = check_text(len, l->name, why);
    if (e != ERR_OK)
        return e;
    char *copy = arena_alloc(&l->mem, len + 1);
    memcpy(copy, text, len);
    l->text = copy;
    l->len = len;
    sha256_hex(l->hash, text, len);
    e = scan_text(&l->scan, l->text, len, l->name, why);
    if (e == ERR_OK)
        e = lesson_host(l, &load->host, why);
    if (e == ERR_OK)
        e = host_run(&load->host, load_inside, load, STEPS_LOAD, 1, why);
    host_close(&load->host);
    return e;
}

static struct lesson *lesson_new(size_t limit)
{
    struct lesson *l = mem_alloc(sizeof *l);
    l->refs = 1;
    l->world = l->incident = l->twin = FN_NONE;
    l->limit = limit;
    return l;
}

static enum err load_file(struct lesson **out, const char *text, size_t len,
                          const char *name, struct loading *load, size_t limit,
                          struct errmsg *why)
{
    struct lesson *l = load->l = lesson_new(limit);
    l->draft = load->draft;
    enum err e = load_text(l, text, len, name, load, why);
    *out = e == ERR_OK ? l : NULL;
    if (e != ERR_OK)
        lesson_unref(l);
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

enum err lesson_load_draft(struct lesson **out, const char *text, size_t len,
                           const char *name, struct errmsg *why)
{
    struct loading load = {.what = "lesson", .read = read_lesson, .draft = true};
    return load_file(out, text, len, name, &load, HOST_MEMORY, why);
}

bool lesson_is_draft(const struct lesson *l)
{
    return l->draft;
}

struct lesson *lesson_ref(const struct lesson *l)
{
    struct lesson *mine = (struct lesson *)(uintptr_t)l; /* holding a lesson changes
                                                            nothing in it */
    mine->refs++;
    return mine;
}

void lesson_unref(struct lesson *l)
{
    if (!l || --l->refs > 0)
        return;
    scan_release(&l->scan);
    buf_release(&l->code);
    mem_free(l->places);
    arena_release(&l->mem);
    mem_free(l);
}

/* ---- course.lua ------------------------------------------------------------------ */

static void add_entry(struct reader *r, struct course_list *c, struct course_entry e,
                      int line)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->entries[i].id, e.id))
            fail(r->L, scan_line(r->h->scan, e.id, line), "'%.40s' is listed twice",
                 e.id);
    if (c->n == LIST_MAX)
        fail(r->L, line, "more than %d lessons", LIST_MAX);
    c->entries[c->n++] = e;
}

/* The string in a field of the table on top of the stack; "": there is none. */
static const char *read_words(struct reader *r, int line, const char *key)
{
    const char *words = "";
    if (lua_getfield(r->L, -1, key) != LUA_TNIL)
        words = read_string(r, -1, line, key);
    lua_pop(r->L, 1);
    return words;
}

/* "all-green", or { "all-green", why = "…" }, on top of the stack. */
static void read_entry(struct reader *r, struct course_entry *e, int line)
{
    e->why = "";
    if (lua_type(r->L, -1) != LUA_TTABLE) {
        e->id = read_string(r, -1, line, "a lesson's id");
        return;
    }
    e->why = read_words(r, line, "why");
    lua_rawgeti(r->L, -1, 1);
    e->id = read_string(r, -1, line, "a lesson's id");
    lua_pop(r->L, 1);
}

/* { { track = "fail", asks = "…", "all-green", … }, … } */
static int read_course(lua_State *L, struct loading *load)
{
    struct course_list *c = load->out;
    struct reader r = {.L = L, .h = &load->host, .mem = &c->mem};
    int top = lua_gettop(L), line = mark_line(L, top, 1);
    c->entries = arena_alloc(&c->mem, LIST_MAX * sizeof *c->entries);
    size_t groups = read_length(&r, top, line, "course");
    for (size_t g = 1; g <= groups; g++) {
        lua_rawgeti(L, top, (lua_Integer)g);
        if (lua_type(L, -1) != LUA_TTABLE ||
            lua_getfield(L, -1, "track") != LUA_TSTRING)
            fail(L, line, "group %zu must be { track = \"…\", \"lesson\", … }", g);
        struct course_entry e = {.track = read_string(&r, -1, line, "track")};
        lua_pop(L, 1);
        e.asks = read_words(&r, line, "asks");
        size_t n = lua_rawlen(L, top + 1);
        for (size_t i = 1; i <= n; i++) {
            lua_rawgeti(L, top + 1, (lua_Integer)i);
            read_entry(&r, &e, line);
            add_entry(&r, c, e, line);
            lua_pop(L, 1);
        }
        lua_settop(L, top);
    }
    return 0;
}

enum err course_load(struct course_list *out, const char *text, size_t len,
                     const char *name, struct errmsg *why)
{
    struct lesson *l = lesson_new(HOST_MEMORY);
    *out = (struct course_list){0};
    struct loading load = {.l = l, .what = "course", .read = read_course, .out = out};
    enum err e = load_text(l, text, len, name, &load, why);
    lesson_unref(l);
    if (e != ERR_OK)
        course_release(out);
    return e;
}

void course_release(struct course_list *c)
{
    arena_release(&c->mem);
    *c = (struct course_list){0};
}

/* ---- eval ------------------------------------------------------------------------ */

struct evaluation {
    struct lesson_state *run;
    const struct lesson_facts *facts;
    struct buf *out;
    struct buf parts;
};

static int read_eval(lua_State *L, struct loading *load)
{
    struct evaluation *v = load->out;
    struct host *h = host_of(L);
    lua_rawgeti(L, -1, 1);
    object_push(L, "s");
    h->facts = v->facts;
    h->run = v->run;
    h->parts = &v->parts;
    lua_call(L, 1, 1);
    parts_value(L, -1, v->out);
    if (v->parts.len > 0)
        buf_addf(v->out, "    (%s)", v->parts.s);
    return 0;
}

/* The expression is read as a file of its own, so that all of a file's walls stand around
 * it. */
enum err lesson_eval(struct lesson_state *run, const struct lesson_facts *f,
                     const char *expression, struct buf *out, struct errmsg *why)
{
    struct lesson *l = lesson_new(HOST_MEMORY);
    struct evaluation v = {.run = run, .facts = f, .out = out};
    struct loading load = {.l = l, .what = "course", .read = read_eval, .out = &v};
    struct buf text;
    buf_init(&v.parts, 0);
    buf_init(&text, LESSON_MAX_BYTES);
    buf_addf(&text, "return course { function(s) return %s\nend }", expression);
    enum err e = load_text(l, text.s, text.len, "eval", &load, why);
    buf_release(&text);
    buf_release(&v.parts);
    lesson_unref(l);
    return e;
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
LIST_OF(traps, trap, trap, traps)
LIST_OF(fixes, fix, course, fixes)
LIST_OF(wrongs, wrong, course, wrongs)
LIST_OF(suspects, suspect, suspect, suspects)
LIST_OF(case_facts, case_fact, case_fact, facts)
LIST_OF(reals, real, cited, reals)
LIST_OF(persons, person, person, people)
LIST_OF(reactions, reaction, reaction, reactions)
LIST_OF(lives, live, live_value, lives)

const char *lesson_file(const struct lesson *l)
{
    return l->name;
}

int lesson_line(const struct lesson *l, const char *word, int from)
{
    return scan_line(&l->scan, word, from);
}

size_t lesson_functions(const struct lesson *l)
{
    return l->nplaces;
}

bool lesson_is_question(const struct lesson *l, fn_id fn)
{
    return l->places[fn].type == LUA_TFUNCTION && fn != l->world && fn != l->incident;
}

size_t lesson_steps(const struct lesson *l)
{
    return l->nsteps;
}

const struct step *lesson_step(const struct lesson *l, size_t i)
{
    return l->steps[i];
}

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

const struct text *lesson_debrief(const struct lesson *l)
{
    return &l->debrief;
}

const char *harm_word(enum harm h)
{
    static const char *const words[HARM_COUNT] = {"",
#define X(id, word, doc) word,
                                                  HARMS(X)
#undef X
    };
    return h < HARM_COUNT ? words[h] : "";
}

size_t lesson_sums(const struct lesson *l)
{
    return l->nsums;
}

const struct text *lesson_sum(const struct lesson *l, size_t i)
{
    return &l->sums[i];
}

size_t lesson_data_promises(const struct lesson *l)
{
    return l->promises.ndata;
}

const struct data_promise *lesson_data_promise(const struct lesson *l, size_t i)
{
    return &l->promises.data[i];
}

size_t lesson_fresh_promises(const struct lesson *l)
{
    return l->promises.nfresh;
}

const struct fresh_promise *lesson_fresh_promise(const struct lesson *l, size_t i)
{
    return &l->promises.fresh[i];
}

size_t lesson_preventions(const struct lesson *l)
{
    return l->npreventions;
}

const struct prevention *lesson_prevention(const struct lesson *l, size_t i)
{
    return &l->preventions[i].says;
}

const struct glossary_term *lesson_terms(const struct lesson *l, size_t *n)
{
    *n = l->nglossary;
    return l->glossary;
}
