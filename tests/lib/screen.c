/*
 * Golden screens: keys in, screen text out, compared byte for byte with a file a
 * reviewer can read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

static const struct {
    const char *name;
    enum key_kind kind;
} names[] = {
    {"enter", KEY_ENTER}, {"esc", KEY_ESC},      {"tab", KEY_TAB},
    {"up", KEY_UP},       {"down", KEY_DOWN},    {"left", KEY_LEFT},
    {"right", KEY_RIGHT}, {"pgup", KEY_PGUP},    {"pgdn", KEY_PGDN},
    {"home", KEY_HOME},   {"end", KEY_END},      {"bs", KEY_BACKSPACE},
    {"del", KEY_DELETE},  {"btab", KEY_BACKTAB},
};

/* "c-" and "m-" before a character or a name: with ctrl, with alt. */
static struct key named_key(const char *name, size_t n)
{
    struct key k = {.kind = KEY_CHAR};
    for (; n > 2 && name[1] == '-' && strchr("cm", name[0]); name += 2, n -= 2)
        *(name[0] == 'c' ? &k.ctrl : &k.alt) = true;
    if (n == 1 && (k.ctrl || k.alt)) {
        k.cp = (unsigned char)name[0];
        return k;
    }
    if (n == 2 && name[0] == 'f')
        return (struct key){.kind = KEY_F, .cp = (uint32_t)(name[1] - '0')};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == n && memcmp(names[i].name, name, n) == 0) {
            k.kind = names[i].kind;
            return k;
        }
    fail_msg("no key <%.*s>", (int)n, name);
    return k;
}

struct key screen_key(const char **at)
{
    const char *end = **at == '<' ? strchr(*at, '>') : NULL;
    if (end && end - *at > 2) {
        struct key k = named_key(*at + 1, (size_t)(end - *at - 1));
        *at = end + 1;
        return k;
    }
    uint32_t cp;
    *at += utf8_next(*at, strlen(*at), &cp);
    return (struct key){.kind = KEY_CHAR, .cp = cp};
}

enum want screen_keys(struct ui *u, const char *keys)
{
    enum want want = WANT_NOTHING;
    while (*keys) {
        struct key k = screen_key(&keys);
        want = ui_key(u, &k);
    }
    return want;
}

char *screen_text(struct ui *u, int rows, int cols)
{
    struct canvas *c = canvas_new(rows, cols);
    struct buf b;
    buf_init(&b, 0);
    ui_resize(u, rows, cols);
    ui_draw(u, c);
    canvas_dump(c, &b);
    canvas_free(c);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

char *screen_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf b;
    char piece[4096];
    size_t n;
    if (!f)
        return NULL;
    buf_init(&b, 0);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&b, piece, n);
    fclose(f);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

static void first_difference(const char *is, const char *was, const char *path)
{
    int line = 1;
    while (*is && *was) {
        size_t a = strcspn(is, "\n"), b = strcspn(was, "\n");
        if (a != b || memcmp(is, was, a) != 0)
            break;
        is += a + (is[a] == '\n');
        was += b + (was[b] == '\n');
        line++;
    }
    print_error("%s, line %d\n  was: %.*s\n  is:  %.*s\n", path, line,
                (int)strcspn(was, "\n"), was, (int)strcspn(is, "\n"), is);
}

void screen_compare(const char *text, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "tests/golden/ui_%s.txt", name);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
        return;
    }
    char *was = screen_file(path);
    if (!was)
        fail_msg("%s is not there: run once with UPDATE_GOLDEN=1", path);
    bool same = strcmp(text, was) == 0;
    if (!same)
        first_difference(text, was, path);
    mem_free(was);
    assert_true(same);
}

void screen_golden(struct ui *u, int rows, int cols, const char *name)
{
    char *text = screen_text(u, rows, cols);
    screen_compare(text, name);
    mem_free(text);
}
