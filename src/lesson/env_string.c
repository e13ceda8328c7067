/*
 * `string` for lessons: no patterns (they can run for hours), no dump, no locale.
 * `find` finds plain text. `format` knows %d %i %u %c %x %X %o %e %E %f %F %g %G %s %%
 * with flags, width and precision below 100; %a would show the machine, %p an address.
 */
#include "binding.h"
#include "lesson_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *text(lua_State *L, int i, size_t *n)
{
    const char *s = luaL_checklstring(L, i, n);
    host_charge(L, 1 + *n / 16);
    return s;
}

static char *room(lua_State *L, size_t n)
{
    if (n > HOST_STRING)
        fail(L, 0, "a string longer than %u bytes", HOST_STRING);
    host_charge(L, 1 + n / 16);
    return lua_newuserdatauv(L, n + 1, 0);
}

/* Lua's i and j: negative counts from the end; clipped to 1..n. False: empty. */
static bool range(lua_State *L, int arg, lua_Integer j_default, size_t n, size_t *from,
                  size_t *to)
{
    lua_Integer len = (lua_Integer)n, i = arg_integer_or(L, arg, 1);
    lua_Integer j = arg_integer_or(L, arg + 1, j_default);
    i = i < -len ? 1 : i < 0 ? len + i + 1 : i == 0 ? 1 : i;
    j = j < -len ? 0 : j < 0 ? len + j + 1 : j > len ? len : j;
    *from = (size_t)i;
    *to = (size_t)j;
    return i <= j;
}

static int string_byte(lua_State *L)
{
    size_t n, from, to;
    const char *s = text(L, 1, &n);
    if (!range(L, 2, arg_integer_or(L, 2, 1), n, &from, &to))
        return 0;
    if (to - from >= HOST_VALUES)
        fail(L, 0, "byte: more than %d values", HOST_VALUES);
    luaL_checkstack(L, (int)(to - from + 1), NULL);
    for (size_t i = from; i <= to; i++)
        lua_pushinteger(L, (unsigned char)s[i - 1]);
    return (int)(to - from + 1);
}

static int string_char(lua_State *L)
{
    char out[HOST_VALUES];
    int n = lua_gettop(L);
    luaL_argcheck(L, n <= HOST_VALUES, n, "too many values");
    host_charge(L, (uint64_t)n);
    for (int i = 1; i <= n; i++) {
        lua_Integer c = arg_integer(L, i);
        luaL_argcheck(L, c >= 1 && c <= 255, i, "not 1 to 255");
        out[i - 1] = (char)c;
    }
    lua_pushlstring(L, out, (size_t)n);
    return 1;
}

static int string_find(lua_State *L)
{
    size_t n, k, from, to;
    const char *s = text(L, 1, &n), *what = text(L, 2, &k);
    lua_settop(L, 3);
    if (!range(L, 3, -1, n, &from, &to) && k > 0) {
        lua_pushnil(L);
        return 1;
    }
    host_charge(L, n / 8 * (1 + k / 64));
    for (size_t i = from; i + k <= n + 1; i++)
        if (!memcmp(s + i - 1, what, k)) {
            lua_pushinteger(L, (lua_Integer)i);
            lua_pushinteger(L, (lua_Integer)(i + k - 1));
            return 2;
        }
    lua_pushnil(L);
    return 1;
}

static int string_len(lua_State *L)
{
    size_t n;
    luaL_checklstring(L, 1, &n);
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

static int change_case(lua_State *L, char first, char last, int shift)
{
    size_t n;
    const char *s = text(L, 1, &n);
    char *out = room(L, n);
    for (size_t i = 0; i < n; i++)
        out[i] = s[i] >= first && s[i] <= last ? (char)(s[i] + shift) : s[i];
    lua_pushlstring(L, out, n);
    return 1;
}

static int string_lower(lua_State *L)
{
    return change_case(L, 'A', 'Z', 'a' - 'A');
}

static int string_upper(lua_State *L)
{
    return change_case(L, 'a', 'z', 'A' - 'a');
}

static int string_rep(lua_State *L)
{
    size_t n, nsep;
    const char *s = text(L, 1, &n);
    lua_Integer times = arg_integer(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &nsep);
    size_t unit = n + nsep;
    if (times <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (times == 1) {
        lua_pushvalue(L, 1);
        return 1;
    }
    if ((lua_Unsigned)times > HOST_STRING / unit + 1)
        fail(L, 0, "rep: a string longer than %u bytes", HOST_STRING);
    size_t total = (size_t)times * unit - nsep;
    char *out = room(L, total);
    memcpy(out, s, n);
    memcpy(out + n, sep, nsep);
    for (size_t done = unit; done < total; done *= 2)
        memcpy(out + done, out, done < total - done ? done : total - done);
    lua_pushlstring(L, out, total);
    return 1;
}

static int string_reverse(lua_State *L)
{
    size_t n;
    const char *s = text(L, 1, &n);
    char *out = room(L, n);
    for (size_t i = 0; i < n; i++)
        out[i] = s[n - 1 - i];
    lua_pushlstring(L, out, n);
    return 1;
}

static int string_sub(lua_State *L)
{
    size_t n, from, to;
    const char *s = text(L, 1, &n);
    if (range(L, 2, -1, n, &from, &to))
        lua_pushlstring(L, s + from - 1, to - from + 1);
    else
        lua_pushliteral(L, "");
    return 1;
}

/* ---- format ---------------------------------------------------------------------- */

struct spec {
    char text[16]; /* "%-08.3" without the conversion */
    size_t n;
    int width, precision; /* precision -1: none */
};

static const char *read_spec(lua_State *L, const char *p, struct spec *s)
{
    *s = (struct spec){.text = "%", .n = 1, .precision = -1};
    while (*p && strchr("-+ #0", *p) && s->n < 6)
        s->text[s->n++] = *p++;
    for (int i = 0; i < 2 && *p >= '0' && *p <= '9'; i++) {
        s->width = 10 * s->width + (*p - '0');
        s->text[s->n++] = *p++;
    }
    if (*p == '.') {
        s->precision = 0;
        s->text[s->n++] = *p++;
        for (int i = 0; i < 2 && *p >= '0' && *p <= '9'; i++) {
            s->precision = 10 * s->precision + (*p - '0');
            s->text[s->n++] = *p++;
        }
    }
    if (*p >= '0' && *p <= '9')
        fail(L, 0, "format: width and precision have at most two digits");
    return p;
}

/* snprintf with a format made here, from characters checked one by one. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int put_integer(char *out, size_t n, struct spec *s, char conv, long long v)
{
    memcpy(s->text + s->n, "ll", 2);
    s->text[s->n + 2] = conv;
    return snprintf(out, n, s->text, v);
}

static int put_float(char *out, size_t n, struct spec *s, char conv, double v)
{
    s->text[s->n] = conv;
    if (isnan(v)) /* the same spelling everywhere */
        return snprintf(out, n, "%*s", s->width, "nan");
    return snprintf(out, n, s->text, v);
}
#pragma GCC diagnostic pop

static size_t put_string(lua_State *L, int i, const struct spec *s, char *out,
                         size_t max)
{
    size_t n, pad;
    bool left = memchr(s->text, '-', s->n);
    lua_pushcfunction(L, env_tostring);
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    const char *v = lua_tolstring(L, -1, &n);
    if (s->precision >= 0 && (size_t)s->precision < n)
        n = (size_t)s->precision;
    pad = (size_t)s->width > n ? (size_t)s->width - n : 0;
    if (n + pad > max)
        fail(L, 0, "format: longer than %u bytes", HOST_STRING);
    memset(out, ' ', n + pad);
    memcpy(left ? out : out + pad, v, n);
    lua_pop(L, 1);
    return n + pad;
}

static size_t put_one(lua_State *L, int arg, char conv, struct spec *s, char *out,
                      size_t max)
{
    char small[480]; /* 1e308 with 99 decimals has 409 characters */
    int n = 0;
    host_charge(L, 8);
    if (conv == 's') {
        luaL_checkany(L, arg);
        return put_string(L, arg, s, out, max);
    }
    host_charge(L, NUMBER_STEPS + (uint64_t)(s->precision > 0 ? s->precision : 0));
    if (conv == 'c') {
        lua_Integer c = arg_integer(L, arg);
        luaL_argcheck(L, c >= 1 && c <= 255, arg, "not 1 to 255");
        small[n++] = (char)c;
    } else if (strchr("diuxXo", conv)) {
        n = put_integer(small, sizeof small, s, conv, arg_integer(L, arg));
    } else if (strchr("eEfFgG", conv)) {
        n = put_float(small, sizeof small, s, conv, arg_number(L, arg));
    } else {
        fail(L, 0, "format: no conversion %%%c here", conv);
    }
    if (n < 0 || (size_t)n >= sizeof small || (size_t)n > max)
        fail(L, 0, "format: longer than %u bytes", HOST_STRING);
    memcpy(out, small, (size_t)n);
    return (size_t)n;
}

/* Upper bound of what format can make of these arguments, within HOST_STRING. */
static size_t format_size(lua_State *L, size_t n)
{
    for (int i = 2; i <= lua_gettop(L); i++)
        n += 480 + (lua_type(L, i) == LUA_TSTRING ? lua_rawlen(L, i) : 0);
    return n < HOST_STRING ? n : HOST_STRING;
}

static int string_format(lua_State *L)
{
    size_t n, used = 0;
    int arg = 1;
    const char *p = text(L, 1, &n), *end = p + n;
    size_t max = format_size(L, n);
    char *out = room(L, max);
    while (p < end) {
        const char *next = memchr(p, '%', (size_t)(end - p));
        size_t plain = next ? (size_t)(next - p) : (size_t)(end - p);
        if (used + plain + (next ? 1 : 0) > max)
            fail(L, 0, "format: longer than %u bytes", HOST_STRING);
        memcpy(out + used, p, plain);
        used += plain;
        p += plain;
        if (!next)
            break;
        if (p[1] == '%') {
            out[used++] = '%';
            p += 2;
            continue;
        }
        struct spec s;
        p = read_spec(L, p + 1, &s);
        if (p == end)
            fail(L, 0, "format: ends in the middle of a conversion");
        used += put_one(L, ++arg, *p++, &s, out + used, max - used);
    }
    lua_pushlstring(L, out, used);
    return 1;
}

static const struct binding string_list[] = {
    {"byte", "s[, from[, to]]", string_byte, "Codes of bytes."},
    {"char", "...", string_char, "A string of these byte codes (1 to 255)."},
    {"find", "s, text[, from]", string_find,
     "Where plain text stands, first and last, or nil."},
    {"format", "format, ...", string_format,
     "As C's printf: %d %x %c %f %e %g %s %%, width and precision below 100."},
    {"len", "s", string_len, "How many bytes there are."},
    {"lower", "s", string_lower, "ASCII capitals made small."},
    {"rep", "s, n[, sep]", string_rep, "s repeated n times."},
    {"reverse", "s", string_reverse, "The bytes backwards."},
    {"sub", "s, from[, to]", string_sub,
     "A part; negative positions count from the end."},
    {"upper", "s", string_upper, "ASCII small letters made capitals."},
};
const struct binding_table bind_string = {
    "string", "string",
    "No patterns. All of it also as methods: `(\"x\"):rep(3)`. A string "
    "holds at most 32 KiB.",
    string_list, COUNT_OF(string_list)};
