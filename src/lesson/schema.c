/*
 * Reads a record of a lesson by a table that says what it may hold. The same tables
 * make the author's reference, so what is documented and what is accepted cannot
 * differ. Whatever is wrong is reported on the line where the field is written, which
 * the scan of the text knows.
 */
#include "binding.h"
#include "lesson_internal.h"
#include "values.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static int line_of(struct reader *r, const char *word, int from)
{
    return scan_line(r->h->scan, word, from);
}

/* ---- where the reader stands ----------------------------------------------------- */

static void place_push(struct reader *r, struct key k)
{
    if (r->place.depth == PLACE_DEPTH)
        BUG("the schema nests deeper than %d", PLACE_DEPTH);
    r->place.keys[r->place.depth++] = k;
}

void read_enter(struct reader *r, int t, size_t i)
{
    lua_rawgeti(r->L, t, (lua_Integer)i + 1);
    place_push(r, (struct key){.i = (lua_Integer)i + 1});
}

void read_enter_named(struct reader *r, int t, const char *name)
{
    lua_getfield(r->L, t, name);
    place_push(r, (struct key){.name = name});
}

void read_leave(struct reader *r)
{
    lua_pop(r->L, 1);
    r->place.depth--;
}

fn_id read_kept(struct reader *r, const char *name)
{
    struct lesson *l = r->l;
    assert(l);
    if (name)
        place_push(r, (struct key){.name = name});
    GROW(l->places, l->nplaces, l->places_cap);
    r->place.type = lua_type(r->L, -1);
    l->places[l->nplaces++] = r->place;
    if (name)
        r->place.depth--;
    fn_id id = fn_keep(r->L, -1);
    assert((size_t)id + 1 == l->nplaces);
    return id;
}

/* ---- values ---------------------------------------------------------------------- */

const char *read_string(struct reader *r, int i, int line, const char *what)
{
    size_t n;
    if (lua_type(r->L, i) != LUA_TSTRING)
        fail(r->L, line, "%s must be text, not a %s", what, type_word(r->L, i));
    const char *s = lua_tolstring(r->L, i, &n);
    host_charge(r->L, 1 + n / 8); /* memory kept by C is bounded by the budget too */
    return arena_strndup(r->mem, s, n);
}

size_t read_length(struct reader *r, int t, int line, const char *what)
{
    if (lua_type(r->L, t) != LUA_TTABLE)
        fail(r->L, line, "%s must be a list { … }, not a %s", what, type_word(r->L, t));
    host_walk(r->L);
    size_t n = lua_rawlen(r->L, t), count = 0;
    t = lua_absindex(r->L, t);
    for (lua_pushnil(r->L); lua_next(r->L, t); lua_pop(r->L, 1)) {
        host_look(r->L, 1);
        if (lua_type(r->L, -2) == LUA_TSTRING && *lua_tostring(r->L, -2) == '@')
            continue;
        if (lua_type(r->L, -2) != LUA_TNUMBER)
            fail(r->L, line, "%s must be a list, without named fields", what);
        count++;
    }
    if (n != count)
        fail(r->L, line, "%s is a list with holes", what);
    if (n > LIST_MAX)
        fail(r->L, line, "%s has %zu elements; at most %d are allowed", what, n,
             LIST_MAX);
    return n;
}

bool choice_name(const char *choices, size_t i, char *out, size_t size)
{
    const char *p = choices;
    for (; p && i > 0; i--)
        p = (p = strchr(p, '|')) ? p + 1 : NULL;
    if (!p)
        return false;
    snprintf(out, size, "%.*s", (int)strcspn(p, "|"), p);
    return true;
}

int choice_index(const char *choices, const char *word)
{
    char name[64];
    for (size_t i = 0; choice_name(choices, i, name, sizeof name); i++)
        if (!strcmp(name, word))
            return (int)i;
    return -1;
}

static int read_choice(struct reader *r, const struct field *f, int line)
{
    char names[32][64];
    const char *list[32];
    size_t n = 0;
    if (lua_type(r->L, -1) != LUA_TSTRING)
        fail(r->L, line, "%s must be text, not a %s", f->name, type_word(r->L, -1));
    const char *word = lua_tostring(r->L, -1);
    int i = choice_index(f->choices, word);
    if (i >= 0)
        return i;
    for (; n < 32 && choice_name(f->choices, n, names[n], 64); n++)
        list[n] = names[n];
    char what[96];
    snprintf(what, sizeof what, "%s: no such choice", f->name);
    fail_unknown(r->L, line, what, word, list, n);
}

static double read_number(struct reader *r, const char *what, int line)
{
    if (lua_type(r->L, -1) != LUA_TNUMBER)
        fail(r->L, line, "%s must be a number, not a %s", what, type_word(r->L, -1));
    return lua_tonumber(r->L, -1);
}

static int read_int(struct reader *r, const char *what, int line)
{
    double x = read_number(r, what, line);
    if (!(x >= -1e9 && x <= 1e9) || x != (double)(int)x)
        fail(r->L, line, "%s must be a whole number", what);
    return (int)x;
}

static double read_fraction(struct reader *r, const char *what, int line)
{
    double x = read_number(r, what, line);
    if (!(x >= 0 && x <= 1))
        fail(r->L, line, "%s must be from 0 to 1", what);
    return x;
}

static sim_time read_clock(struct reader *r, const char *what, int line)
{
    int h, m;
    char rest;
    const char *s = read_string(r, -1, line, what);
    if (sscanf(s, "%2d:%2d%c", &h, &m, &rest) != 2 || h < 0 || h > 23 || m < 0 ||
        m > 59)
        fail(r->L, line, "%s must be a time of day like \"19:40\"", what);
    return h * SIM_HOUR + m * SIM_MIN;
}

/* Removes the indentation that all lines share, and empty lines at both ends. */
static const char *undent(struct arena *mem, const char *s)
{
    size_t common = SIZE_MAX, n = 0;
    for (const char *p = s; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        size_t blank = strspn(p, " \t");
        if (p[blank] && p[blank] != '\n' && p != s && blank < common)
            common = blank;
    }
    while (*s == '\n')
        s++;
    char *out = arena_alloc(mem, strlen(s) + 1);
    for (const char *p = s; *p;) {
        size_t len = strcspn(p, "\n"), blank = strspn(p, " \t");
        size_t cut = p == s && blank == 0 ? 0 : blank < common ? blank : common;
        cut = cut > len ? len : cut;
        memcpy(out + n, p + cut, len - cut);
        n += len - cut;
        p += len;
        if (*p)
            out[n++] = *p++;
    }
    while (n > 0 && strchr(" \t\n", out[n - 1]))
        n--;
    out[n] = '\0';
    return out;
}

const char *read_lines(struct reader *r, int i, int line, const char *what)
{
    return undent(r->mem, read_string(r, i, line, what));
}

static void read_texts(struct reader *r, const struct field *f, int line, char *out)
{
    size_t n = read_length(r, -1, line, f->name);
    struct text *list = arena_alloc(r->mem, (n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        read_enter(r, -1, i);
        read_text(r, line, f->name, &list[i]);
        read_leave(r);
    }
    *(struct text **)(void *)(out + f->offset) = list;
    *(size_t *)(void *)(out + f->count) = n;
}

static void read_strings(struct reader *r, const struct field *f, int line, char *out)
{
    size_t n;
    const char **list;
    if (lua_type(r->L, -1) == LUA_TSTRING) { /* a text alone is a list of one */
        n = 1;
        list = arena_alloc(r->mem, sizeof *list);
        list[0] = read_lines(r, -1, line, f->name);
    } else {
        n = read_length(r, -1, line, f->name);
        list = arena_alloc(r->mem, (n + 1) * sizeof *list);
        for (size_t i = 0; i < n; i++) {
            read_enter(r, -1, i);
            list[i] = read_lines(r, -1, line, f->name);
            read_leave(r);
        }
    }
    *(const char *const **)(void *)(out + f->offset) = list;
    *(size_t *)(void *)(out + f->count) = n;
}

static void read_records(struct reader *r, const struct field *f, int line, char *out)
{
    size_t n = read_length(r, -1, line, f->name);
    char *list = arena_alloc(r->mem, (n + 1) * f->of->size);
    luaL_checkstack(r->L, 16, NULL);
    for (size_t i = 0; i < n; i++) {
        read_enter(r, -1, i);
        read_record(r, -1, line, f->of, list + i * f->of->size);
        read_leave(r);
    }
    *(char **)(void *)(out + f->offset) = list;
    *(size_t *)(void *)(out + f->count) = n;
}

static void read_field(struct reader *r, const struct field *f, int line, char *out)
{
    void *at = out + f->offset;
    host_charge(r->L, 4);
    switch (f->type) {
    case FIELD_STRING:
        *(const char **)at = read_string(r, -1, line, f->name);
        break;
    case FIELD_TEXT:
        *(const char **)at = read_lines(r, -1, line, f->name);
        break;
    case FIELD_SAYS:
        read_text(r, line, f->name, at);
        break;
    case FIELD_INT:
        *(int *)at = read_int(r, f->name, line);
        break;
    case FIELD_NUMBER:
        *(double *)at = read_number(r, f->name, line);
        break;
    case FIELD_FRACTION:
        *(double *)at = read_fraction(r, f->name, line);
        break;
    case FIELD_BOOL:
        if (lua_type(r->L, -1) != LUA_TBOOLEAN)
            fail(r->L, line, "%s must be true or false", f->name);
        *(bool *)at = lua_toboolean(r->L, -1);
        break;
    case FIELD_DURATION:
        *(sim_time *)at = to_duration(r->L, -1, line, f->name);
        break;
    case FIELD_CLOCK:
        *(sim_time *)at = read_clock(r, f->name, line);
        break;
    case FIELD_FUNCTION:
        if (lua_type(r->L, -1) != LUA_TFUNCTION || lua_iscfunction(r->L, -1))
            fail(r->L, line, "%s must be a function, not a %s", f->name,
                 type_word(r->L, -1));
        *(fn_id *)at = read_kept(r, NULL);
        break;
    case FIELD_STRINGS:
        read_strings(r, f, line, out);
        break;
    case FIELD_TEXTS:
        read_texts(r, f, line, out);
        break;
    case FIELD_CHOICE:
        *(int *)at = read_choice(r, f, line);
        break;
    case FIELD_RECORDS:
        read_records(r, f, line, out);
        break;
    case FIELD_RECORD:
        read_record(r, -1, line, f->of, at);
        break;
    case FIELD_CUSTOM:
        f->custom(r, f, line, out);
        break;
    }
}

/* Line of a record: where its constructor was called; else where its title is written.
 */
static int record_line(struct reader *r, int t, int line)
{
    lua_rawgeti(r->L, t, 1);
    if (lua_type(r->L, -1) == LUA_TSTRING)
        line = line_of(r, lua_tostring(r->L, -1), line);
    lua_pop(r->L, 1);
    return mark_line(r->L, t, line);
}

static void check_keys(struct reader *r, int t, int line, const struct schema *s)
{
    const char *names[64];
    size_t n = 0;
    int positions = 0;
    char what[80];
    for (size_t i = 0; i < s->n; i++) {
        names[n++] = s->fields[i].name;
        positions = s->fields[i].pos > positions ? s->fields[i].pos : positions;
    }
    push_sorted_keys(r->L, t);
    int keys = lua_gettop(r->L);
    for (lua_Integer i = 1; lua_rawgeti(r->L, keys, i) != LUA_TNIL; i++) {
        if (lua_type(r->L, -1) == LUA_TNUMBER) {
            double x = lua_tonumber(r->L, -1);
            if (x < 1 || x > positions || x != (double)(int)x)
                fail(r->L, line, "%s has %d unnamed value%s at most", s->name,
                     positions, positions == 1 ? "" : "s");
            lua_pop(r->L, 1);
            continue;
        }
        const char *key = lua_tostring(r->L, -1);
        bool known = *key == '@';
        for (size_t k = 0; k < n && !known; k++)
            known = !strcmp(names[k], key);
        snprintf(what, sizeof what, "%s has no field", s->name);
        if (!known)
            fail_unknown(r->L, line_of(r, key, line), what, key, names, n);
        lua_pop(r->L, 1);
    }
    lua_settop(r->L, keys - 1);
}

void read_record(struct reader *r, int t, int line, const struct schema *s, void *out)
{
    lua_State *L = r->L;
    t = lua_absindex(L, t);
    luaL_checkstack(L, 16, NULL);
    if (lua_type(L, t) != LUA_TTABLE)
        fail(L, line, "%s must be a table { … }, not a %s", s->name, type_word(L, t));
    line = record_line(r, t, line);
    check_keys(r, t, line, s);
    for (size_t i = 0; i < s->n; i++) {
        const struct field *f = &s->fields[i];
        struct key key = {.name = f->name};
        int at = line;
        if (f->type == FIELD_FUNCTION)
            *(fn_id *)(void *)((char *)out + f->offset) = FN_NONE;
        lua_getfield(L, t, f->name);
        if (!lua_isnil(L, -1))
            at = line_of(r, f->name, line);
        else if (f->pos) {
            lua_pop(L, 1);
            lua_rawgeti(L, t, f->pos);
            key = (struct key){.i = f->pos};
        }
        if (!lua_isnil(L, -1)) {
            place_push(r, key);
            read_field(r, f, at, out);
            r->place.depth--;
        } else if (f->required)
            fail(L, line, "%s lacks %s (%s)", s->name, f->name, f->doc);
        lua_settop(L, lua_gettop(L) - 1);
    }
    if (s->check)
        s->check(r, line, out);
}
