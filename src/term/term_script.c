/*
 * The headless back-end: keys come from a text, time goes by only when the text says
 * so, and the screen is printed on request. The same loop, worker and views as live
 * play; nothing is simulated but the person.
 *
 * The script is read completely before it runs, so a mistake in its last line costs
 * nobody a run. A look without waiting (ms 0) never yields a key: what is owed is
 * finished first, which makes a script's outcome independent of the machine's speed.
 */
#include "term_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum item_kind { ITEM_KEY, ITEM_TICK, ITEM_DUMP, ITEM_SIZE };
struct item {
    enum item_kind kind;
    struct key key;
    sim_time t; /* TICK: what is left of it */
    int rows, cols;
};

struct script {
    struct term term;
    struct item *items;
    size_t n, cap, at;
    sim_time now;
    struct canvas *shown; /* a copy of the last frame */
    bool dump_last;
    void (*print)(const struct buf *screen);
};

/* ---- reading the script ---------------------------------------------------------- */

struct scan {
    const char *p, *name;
    int line;
    struct script *s;
};

static void add(struct script *s, struct item item)
{
    GROW(s->items, s->n, s->cap);
    s->items[s->n++] = item;
}

static void add_key(struct script *s, struct key k)
{
    add(s, (struct item){.kind = ITEM_KEY, .key = k});
}

static void skip_blank(struct scan *c)
{
    for (;; c->p++) {
        if (*c->p == '#')
            while (c->p[1] != '\0' && c->p[1] != '\n')
                c->p++;
        else if (*c->p == '\n')
            c->line++;
        else if (*c->p != ' ' && *c->p != '\t' && *c->p != '\r')
            return;
    }
}

/* The word at the scan, without moving it past the blank. */
static void take_word(struct scan *c, char *word, size_t size)
{
    size_t n = 0;
    while (*c->p != '\0' && !isspace((unsigned char)*c->p)) {
        if (n + 1 < size)
            word[n++] = *c->p;
        c->p++;
    }
    word[n] = '\0';
}

static enum err take_string(struct scan *c, enum key_kind kind, struct errmsg *why)
{
    c->p++;
    while (*c->p != '"') {
        if (*c->p == '\0' || *c->p == '\n')
            return errmsg_set(why, ERR_INPUT, "%s:%d: the text has no closing \"",
                              c->name, c->line);
        if (*c->p == '\\' && (c->p[1] == '"' || c->p[1] == '\\'))
            c->p++;
        uint32_t cp;
        bool line_end = kind == KEY_PASTE_CHAR && c->p[0] == '\\' && c->p[1] == 'n';
        c->p += line_end ? 2 : utf8_next(c->p, strlen(c->p), &cp);
        add_key(c->s, (struct key){.kind = kind, .cp = line_end ? '\n' : cp});
    }
    c->p++;
    return ERR_OK;
}

static const struct {
    const char *name;
    enum key_kind kind;
} key_names[] = {
    {"Enter", KEY_ENTER},     {"Tab", KEY_TAB},
    {"Backtab", KEY_BACKTAB}, {"Backspace", KEY_BACKSPACE},
    {"Delete", KEY_DELETE},   {"Esc", KEY_ESC},
    {"Up", KEY_UP},           {"Down", KEY_DOWN},
    {"Left", KEY_LEFT},       {"Right", KEY_RIGHT},
    {"Home", KEY_HOME},       {"End", KEY_END},
    {"PgUp", KEY_PGUP},       {"PgDn", KEY_PGDN},
};

static bool named_key(const char *word, struct key *k)
{
    for (size_t i = 0; i < COUNT_OF(key_names); i++)
        if (strcmp(word, key_names[i].name) == 0) {
            *k = (struct key){.kind = key_names[i].kind};
            return true;
        }
    if (word[0] == 'F' && isdigit((unsigned char)word[1])) {
        long n = strtol(word + 1, NULL, 10);
        *k = (struct key){.kind = KEY_F, .cp = (uint32_t)n};
        return n >= 1 && n <= 12;
    }
    if (word[0] == '^' && isalpha((unsigned char)word[1]) && word[2] == '\0') {
        *k = (struct key){.kind = KEY_CHAR,
                          .ctrl = true,
                          .cp = (uint32_t)tolower((unsigned char)word[1])};
        return true;
    }
    if (strncmp(word, "M-", 2) == 0 && word[2] > ' ' && word[3] == '\0') {
        *k = (struct key){.kind = KEY_CHAR, .alt = true, .cp = (uint32_t)word[2]};
        return true;
    }
    return false;
}

bool term_size_parse(const char *word, int *rows, int *cols)
{
    char *x, *end;
    long c = strtol(word, &x, 10);
    if (*x != 'x')
        return false;
    long r = strtol(x + 1, &end, 10);
    *rows = (int)r;
    *cols = (int)c;
    return *end == '\0' && r >= 1 && r <= SCREEN_ROWS_MAX && c >= 1 &&
           c <= SCREEN_COLS_MAX;
}

/* A word with an argument: tick 5s, size 80x24, paste "text". */
static enum err take_verb(struct scan *c, const char *verb, struct errmsg *why)
{
    char arg[32];
    struct item item = {.kind = ITEM_TICK};
    skip_blank(c);
    if (strcmp(verb, "paste") == 0)
        return *c->p == '"' ? take_string(c, KEY_PASTE_CHAR, why)
                            : errmsg_set(why, ERR_INPUT, "%s:%d: paste wants \"text\"",
                                         c->name, c->line);
    take_word(c, arg, sizeof arg);
    if (strcmp(verb, "tick") == 0) {
        enum err e = time_parse(arg, &item.t, why);
        if (e != ERR_OK) {
            errmsg_prefix(why, "%s:%d: tick: ", c->name, c->line);
            return e;
        }
    } else {
        item.kind = ITEM_SIZE;
        if (!term_size_parse(arg, &item.rows, &item.cols))
            return errmsg_set(why, ERR_INPUT, "%s:%d: size wants COLSxROWS, as 80x24",
                              c->name, c->line);
    }
    add(c->s, item);
    return ERR_OK;
}

static enum err take_item(struct scan *c, struct errmsg *why)
{
    char word[32];
    struct key k;
    if (*c->p == '"')
        return take_string(c, KEY_CHAR, why);
    take_word(c, word, sizeof word);
    if (strcmp(word, "tick") == 0 || strcmp(word, "size") == 0 ||
        strcmp(word, "paste") == 0)
        return take_verb(c, word, why);
    if (strcmp(word, "dump") == 0)
        add(c->s, (struct item){.kind = ITEM_DUMP});
    else if (named_key(word, &k))
        add_key(c->s, k);
    else
        return errmsg_set(why, ERR_INPUT,
                          "%s:%d: '%s' is no key; text to type stands in \"quotes\"",
                          c->name, c->line, word);
    return ERR_OK;
}

/* ---- the back-end ---------------------------------------------------------------- */

static void print_screen(const struct script *s)
{
    struct buf b;
    buf_init(&b, 0);
    if (s->shown)
        canvas_dump(s->shown, &b);
    s->print(&b);
    buf_release(&b);
}

static void script_close(struct term *t)
{
    struct script *s = (struct script *)t;
    if (s->dump_last)
        print_screen(s);
    canvas_free(s->shown);
    mem_free(s->items);
    mem_free(s);
}

static void script_put(struct term *t, const struct canvas *c)
{
    struct script *s = (struct script *)t;
    if (!s->shown || s->shown->rows != c->rows || s->shown->cols != c->cols) {
        canvas_free(s->shown);
        s->shown = canvas_new(c->rows, c->cols);
    }
    memcpy(s->shown->cells, c->cells,
           (size_t)c->rows * (size_t)c->cols * sizeof *c->cells);
}

/* Lets time go by as far as the script and the caller want. */
static struct term_event pass(struct script *s, struct item *i, int ms)
{
    sim_time step = ms < 0 ? i->t : (sim_time)ms * SIM_MS;
    if (step > i->t)
        step = i->t;
    i->t -= step;
    s->now += step;
    if (i->t == 0)
        s->at++;
    return (struct term_event){.kind = TERM_NOTHING};
}

static struct term_event script_wait(struct term *t, int ms)
{
    struct script *s = (struct script *)t;
    if (ms == 0)
        return (struct term_event){.kind = TERM_NOTHING};
    while (s->at < s->n) {
        struct item *i = &s->items[s->at];
        if (i->kind == ITEM_TICK)
            return pass(s, i, ms);
        s->at++;
        if (i->kind == ITEM_KEY)
            return (struct term_event){.kind = TERM_KEY, .key = i->key};
        if (i->kind == ITEM_SIZE) {
            t->rows = i->rows;
            t->cols = i->cols;
            return (struct term_event){.kind = TERM_RESIZE};
        }
        print_screen(s);
    }
    return (struct term_event){.kind = TERM_LEAVE};
}

static sim_time script_now(const struct term *t)
{
    return ((const struct script *)t)->now;
}

static void script_theme(struct term *t, enum theme theme)
{
    t->mono = theme == THEME_MONO;
}

static void script_bell(struct term *t)
{
    (void)t; /* nobody is there */
}

static const struct term_ops script_ops = {.close = script_close,
                                           .put = script_put,
                                           .wait = script_wait,
                                           .now = script_now,
                                           .theme = script_theme,
                                           .bell = script_bell};

enum err term_script_open(struct term **out, const struct term_options *o,
                          struct errmsg *why)
{
    struct script *s = mem_alloc(sizeof *s);
    s->term = (struct term){&script_ops, o->rows, o->cols, o->theme == THEME_MONO};
    struct scan c = {o->script, o->name, 1, s};
    enum err e = ERR_OK;
    for (skip_blank(&c); e == ERR_OK && *c.p != '\0'; skip_blank(&c))
        e = take_item(&c, why);
    if (e != ERR_OK) {
        script_close(&s->term);
        return e;
    }
    s->dump_last = o->dump;
    s->print = o->print;
    *out = &s->term;
    return ERR_OK;
}
