/*
 * Keys by name, and terminfo as a list.
 */
#include "keys.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [KEY_ENTER] = "enter",  [KEY_TAB] = "tab",        [KEY_BACKTAB] = "btab",
    [KEY_BACKSPACE] = "bs", [KEY_DELETE] = "del",     [KEY_ESC] = "esc",
    [KEY_UP] = "up",        [KEY_DOWN] = "down",      [KEY_LEFT] = "left",
    [KEY_RIGHT] = "right",  [KEY_HOME] = "home",      [KEY_END] = "end",
    [KEY_PGUP] = "pgup",    [KEY_PGDN] = "pgdn",      [KEY_CLICK] = "click",
    [KEY_WHEEL_UP] = "wup", [KEY_WHEEL_DOWN] = "wdn",
};

void keys_name(struct buf *out, const struct key *k)
{
    char utf8[5] = "";
    if (k->kind == KEY_CHAR || k->kind == KEY_PASTE_CHAR)
        utf8[utf8_put(utf8, k->cp)] = '\0';
    if (k->kind == KEY_PASTE_CHAR)
        buf_addf(out, "'%s", utf8);
    else if (k->kind == KEY_CHAR && !k->ctrl && !k->alt)
        buf_adds(out, utf8);
    else if (k->kind >= KEY_CLICK)
        buf_addf(out, "<%s %d,%d>", kinds[k->kind], k->row, k->col);
    else if (k->kind == KEY_F)
        buf_addf(out, "<%s%sf%u>", k->ctrl ? "c-" : "", k->alt ? "m-" : "", k->cp);
    else
        buf_addf(out, "<%s%s%s>", k->ctrl ? "c-" : "", k->alt ? "m-" : "",
                 k->kind == KEY_CHAR ? utf8 : kinds[k->kind]);
}

void keys_drain(struct key_decoder *d, sim_time now, struct buf *out)
{
    struct key k;
    while (key_decoder_next(d, now, &k))
        keys_name(out, &k);
}

/* ---- terminfo -------------------------------------------------------------------- */

struct names {
    char **s;
    size_t n, cap;
};

static void add_name(struct names *names, const char *s)
{
    if (names->n + 1 >= names->cap) {
        names->cap = names->cap > 0 ? 2 * names->cap : 256;
        names->s = mem_grow(names->s, names->cap, sizeof *names->s);
    }
    names->s[names->n++] = mem_strdup(s);
    names->s[names->n] = NULL;
}

/* A folder of terminfo has one for each first letter (or its code). */
static void add_folder(struct names *names, const char *folder, int depth)
{
    char path[600];
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (depth == 0 && strlen(e->d_name) <= 2)
            add_folder(names, path, 1);
        else if (depth == 1)
            add_name(names, e->d_name);
    }
    if (dir)
        closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_path(struct names *names, const char *path)
{
    char folder[500];
    for (size_t n; path && *path != '\0'; path += n + (path[n] == ':')) {
        n = strcspn(path, ":");
        snprintf(folder, sizeof folder, "%.*s", (int)n, path);
        add_folder(names, folder, 0);
    }
}

const char *const *terminals(size_t *n)
{
    static struct names names;
    if (!names.s) {
        add_path(&names, getenv("TERMINFO"));
        add_path(&names, getenv("TERMINFO_DIRS"));
        add_path(&names, "/etc/terminfo:/lib/terminfo:/usr/share/terminfo:"
                         "/usr/lib/terminfo:/usr/local/share/terminfo");
        add_name(&names, "vt100"); /* so that the list is there */
        qsort(names.s, names.n, sizeof *names.s, by_name);
        size_t kept = 1;
        for (size_t i = 1; i < names.n; i++)
            if (strcmp(names.s[i], names.s[kept - 1]) != 0)
                names.s[kept++] = names.s[i];
        names.s[names.n = kept] = NULL;
    }
    *n = names.n;
    return (const char *const *)names.s;
}

char *tigetstr(const char *name);
extern const char *const strnames[];

/* The extended ones, as base and suffix. */
static const char *const bases[] = {
    "kUP",   "kDN",   "kLFT",  "kRIT",  "kHOM", "kEND",  "kPRV",  "kNXT",
    "kDC",   "kIC",   "kFND",  "kSEL",  "kF1",  "kF2",   "kF9",   "kF16",
    "ka2",   "kb1",   "kb3",   "kc2",   "kp5",  "kpADD", "kpSUB", "kpMUL",
    "kpDIV", "kpDOT", "kpCMA", "kpZRO", "kcbt2"};

static const char *nth_name(size_t i)
{
    static char name[16];
    static size_t standard;
    while (standard == 0 || strnames[standard])
        standard++;
    if (i < standard)
        return strnames[i];
    i -= standard;
    if (i >= 8 * sizeof bases / sizeof *bases)
        return NULL;
    snprintf(name, sizeof name, i % 8 == 0 ? "%s" : "%s%zu", bases[i / 8], i % 8 + 1);
    return name;
}

bool capability_next(size_t *i, struct capability *c)
{
    while ((c->name = nth_name((*i)++))) {
        char id[16];
        snprintf(id, sizeof id, "%s", c->name);
        const char *s = c->name[0] == 'k' ? tigetstr(id) : NULL;
        if (!s || s == (const char *)-1 || *s == '\0')
            continue;
        snprintf(c->bytes, sizeof c->bytes, "%s", s);
        char *padding = strstr(c->bytes, "$<");
        if (padding)
            *padding = '\0';
        return true;
    }
    return false;
}
