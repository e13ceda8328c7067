/*
 * Texts: read from a string or from variants, and held to the values that the lesson has.
 *
 * A text may stand before `values` in the file, so that every string is remembered until
 * the whole lesson was read, and is looked at then.
 */
#include "binding.h"
#include "schema_fields.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

enum { LIVES_MAX = 64, VARIANTS_MAX = 16 };

/* A string of a text, and the line where it may begin. */
struct written {
    const struct written *before;
    const char *words;
    int line;
};

bool text_slot(const char *p, struct text_slot *out)
{
    const char *at = strchr(p, '{');
    if (!at)
        return false;
    size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    bool closed = n > 0 && at[1 + n] == '}', plain = at[1] == '{';
    *out = (struct text_slot){.at = at,
                              .name = at + 1,
                              .after = at + (closed  ? n + 2
                                             : plain ? 2
                                                     : 1),
                              .len = closed ? n : 0,
                              .plain = plain};
    return true;
}

/* ---- reading --------------------------------------------------------------------- */

static const char *read_words(struct reader *r, int line, const char *what)
{
    const char *words = read_lines(r, -1, line, what);
    if (r->l && strchr(words, '{')) {
        struct written *w = arena_alloc(r->mem, sizeof *w);
        *w = (struct written){r->l->written, words, line};
        r->l->written = w;
    }
    return words;
}

static fn_id read_predicate(struct reader *r, int line, const char *what)
{
    if (lua_type(r->L, -1) != LUA_TFUNCTION || lua_iscfunction(r->L, -1))
        fail(r->L, line, "%s must be a function(s), not a %s", what,
             type_word(r->L, -1));
    return read_kept(r, NULL);
}

/* `claims` of the table on top; one alone is a list of one. */
static const fn_id *read_claims(struct reader *r, int line, size_t *n)
{
    fn_id *list = NULL;
    *n = 0;
    read_enter_named(r, -1, "claims");
    if (lua_type(r->L, -1) == LUA_TFUNCTION) {
        *n = 1;
        list = arena_alloc(r->mem, sizeof *list);
        *list = read_predicate(r, line, "a claim");
    } else if (!lua_isnil(r->L, -1)) {
        *n = read_length(r, -1, line, "claims");
        list = arena_alloc(r->mem, (*n + 1) * sizeof *list);
        for (size_t i = 0; i < *n; i++) {
            read_enter(r, -1, i);
            list[i] = read_predicate(r, line, "a claim");
            read_leave(r);
        }
    }
    read_leave(r);
    return list;
}

static void check_names(struct reader *r, int line, const char *what,
                        const char *const *names, size_t n)
{
    int t = lua_gettop(r->L);
    push_sorted_keys(r->L, t);
    for (lua_Integer i = 1; lua_rawgeti(r->L, t + 1, i) != LUA_TNIL; i++) {
        bool known = lua_type(r->L, -1) == LUA_TNUMBER;
        const char *key = known ? "" : lua_tostring(r->L, -1);
        for (size_t k = 0; k < n && !known; k++)
            known = str_eq(names[k], key);
        if (!known)
            fail_unknown(r->L, scan_line(r->h->scan, key, line), what, key, names, n);
        lua_pop(r->L, 1);
    }
    lua_settop(r->L, t);
}

/* A string, or { when = function(s) … end, "…", claims = { … } }. */
static void read_variant(struct reader *r, int line, const char *what,
                         struct variant *v)
{
    static const char *const names[] = {"when", "claims"};
    v->when = FN_NONE;
    if (lua_type(r->L, -1) == LUA_TSTRING) {
        v->words = read_words(r, line, what);
        return;
    }
    if (lua_type(r->L, -1) != LUA_TTABLE)
        fail(r->L, line,
             "%s must be text or { when = function(s) … end, \"…\" }, not a %s", what,
             type_word(r->L, -1));
    check_names(r, line, "a variant has no field", names, 2);
    read_enter_named(r, -1, "when");
    if (!lua_isnil(r->L, -1))
        v->when = read_predicate(r, line, "when");
    read_leave(r);
    v->claims = read_claims(r, line, &v->nclaims);
    lua_rawgeti(r->L, -1, 1);
    v->words = read_words(r, line, what);
    lua_pop(r->L, 1);
}

static bool is_variant(lua_State *L)
{
    bool when = lua_getfield(L, -1, "when") != LUA_TNIL;
    lua_pop(L, 1);
    return when;
}

void read_text(struct reader *r, int line, const char *what, struct text *out)
{
    static const char *const names[] = {"claims"};
    bool list = lua_type(r->L, -1) == LUA_TTABLE && !is_variant(r->L);
    size_t n = list ? lua_rawlen(r->L, -1) : 1;
    luaL_checkstack(r->L, 16, NULL);
    if (list)
        check_names(r, line, "a text has no field", names, 1);
    if (n < 1 || n > VARIANTS_MAX)
        fail(r->L, line, "%s: 1 to %d variants", what, VARIANTS_MAX);
    struct variant *variants = arena_alloc(r->mem, n * sizeof *variants);
    *out = (struct text){.variants = variants, .n = n};
    if (!list) {
        read_variant(r, line, what, variants);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        read_enter(r, -1, i);
        read_variant(r, line, what, &variants[i]);
        read_leave(r);
        if (i + 1 < n && variants[i].when == FN_NONE)
            fail(r->L, line,
                 "%s: variant %zu has no `when`, so those after it are never said",
                 what, i + 1);
    }
    out->claims = read_claims(r, line, &out->nclaims);
}

/* ---- values ---------------------------------------------------------------------- */

#define THIS                    struct live_value
#define BAR_UNIT(id, word, doc) "|" word
static const struct field live_fields[] = {
    {"unit", FIELD_CHOICE, offsetof(THIS, unit), 0, "how it is written", 1, true,
     (&("" LIVE_UNITS(BAR_UNIT))[1]), 0, 0},
    FPOS(2, "value", FUNCTION, value, "function(s) that returns the number"),
};
const SCHEMA(live_schema, "value", "A number that words may hold.", live_fields, NULL);
#undef THIS

void read_values(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    if (lua_type(r->L, -1) != LUA_TTABLE)
        fail(r->L, line, "%s are written { name = { \"count\", function(s) … end } }",
             f->name);
    int t = lua_gettop(r->L);
    push_sorted_keys(r->L, t);
    size_t n = lua_rawlen(r->L, -1);
    if (n > LIVES_MAX)
        fail(r->L, line, "%s: %d at most", f->name, LIVES_MAX);
    l->lives = arena_alloc(r->mem, (n + 1) * sizeof *l->lives);
    for (; l->nlives < n; l->nlives++) {
        struct live_value *v = &l->lives[l->nlives];
        struct text_slot slot;
        char written[80];
        lua_rawgeti(r->L, t + 1, (lua_Integer)l->nlives + 1);
        v->name = read_string(r, -1, line, "a value's name");
        snprintf(written, sizeof written, "{%.60s}", v->name);
        int at = scan_line(r->h->scan, v->name, line);
        if (!text_slot(written, &slot) || slot.len == 0)
            fail(r->L, at, "value '%.40s': small letters, digits, - and _", v->name);
        lua_settop(r->L, t);
        read_enter_named(r, t, v->name);
        read_record(r, -1, at, &live_schema, v);
        read_leave(r);
        push_sorted_keys(r->L, t);
    }
    lua_settop(r->L, t);
}

const struct live_value *lesson_live_named(const struct lesson *l, const char *name,
                                           size_t len)
{
    for (size_t i = 0; i < l->nlives; i++)
        if (strlen(l->lives[i].name) == len && !memcmp(l->lives[i].name, name, len))
            return &l->lives[i];
    return NULL;
}

/* ---- all of a lesson's texts ----------------------------------------------------- */

/* The line at or after `from` on which the file has these bytes. */
static int line_with(const struct lesson *l, const char *bytes, size_t n, int from)
{
    int line = 1;
    for (const char *p = l->text; *p; p++) {
        if (line >= from && !strncmp(p, bytes, n))
            return line;
        line += *p == '\n';
    }
    return from;
}

static void check_slot(lua_State *L, const struct lesson *l,
                       const struct text_slot *slot, int from)
{
    const char *names[LIVES_MAX];
    char name[41];
    if (slot->plain || (slot->len && lesson_live_named(l, slot->name, slot->len)))
        return;
    int line = line_with(l, slot->at, strcspn(slot->at, "}\n"), from);
    if (slot->len == 0)
        fail(L, line, "a brace begins a value, like {held}; a plain one is {{");
    if (l->nlives == 0)
        fail(L, line, "{%.*s}: the lesson has no values = { … }", (int)slot->len,
             slot->name);
    for (size_t i = 0; i < l->nlives; i++)
        names[i] = l->lives[i].name;
    snprintf(name, sizeof name, "%.*s", (int)slot->len, slot->name);
    fail_unknown(L, line, "no such value", name, names, l->nlives);
}

void check_words(lua_State *L, const struct lesson *l, const char *words, int line)
{
    struct text_slot slot;
    for (; text_slot(words, &slot); words = slot.after)
        check_slot(L, l, &slot, line);
}

void check_texts(struct reader *r)
{
    for (const struct written *w = r->l->written; w; w = w->before)
        check_words(r->L, r->l, w->words, w->line);
    r->l->written = NULL;
}
