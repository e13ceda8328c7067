/*
 * The person's terminal, through ncurses: the only file that includes curses.
 *
 * Curses is used for what it knows: terminfo, key sequences, the least output that
 * turns one screen into another. It is told cells, never lines of text, so nothing in a
 * text can move the cursor. Frames are painted only when a cell changed.
 *
 * Signals: Ctrl-C is a signal that becomes the key ctrl-c, so that it also works while
 * a worker hangs; Ctrl-Z is left to curses' own handler, wrapped so that bracketed
 * paste is off while the shell has the terminal.
 */
#include "term_internal.h"

/* curses names its keys like ours, as macros: remember ours before it hides them. */
enum {
    OUR_UP = KEY_UP,
    OUR_DOWN = KEY_DOWN,
    OUR_LEFT = KEY_LEFT,
    OUR_RIGHT = KEY_RIGHT,
    OUR_HOME = KEY_HOME,
    OUR_END = KEY_END,
    OUR_ENTER = KEY_ENTER,
    OUR_BACKSPACE = KEY_BACKSPACE,
    OUR_F = KEY_F
};

#include <curses.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* From <term.h>, which cannot be included: it also defines a struct term, and names
 * like `lines` as macros. */
int setupterm(const char *name, int fd, int *status);
char *tigetstr(const char *name);

#define PASTE_BEGIN (KEY_MAX + 1)
#define PASTE_END   (KEY_MAX + 2)
#define PASTE_ON    "\033[?2004h"
#define PASTE_OFF   "\033[?2004l"
#define HEATS       9

struct display {
    struct term term;
    SCREEN *curses;
    struct canvas *shown; /* what curses was told; NULL: nothing */
    enum theme theme;
    int colours;
    bool pairs; /* a colour pair for each tone and heat */
    bool pasting;
    bool test_sync;
    unsigned long frames;
};

/* ---- suspending: curses' handler, with bracketed paste off around it
 * -------------------------- */

static struct sigaction curses_tstp;

static void say(const char *s)
{
    ssize_t n = write(STDOUT_FILENO, s, strlen(s));
    (void)n; /* a terminal that does not take it has other troubles */
}

static void on_tstp(int sig)
{
    int saved = errno;
    say(PASTE_OFF);
    curses_tstp.sa_handler(sig); /* stops here; returns after fg, redrawn */
    say(PASTE_ON);
    errno = saved;
}

/* Let in only while waiting for a key (wait_readable): curses' handler draws, and one
 * that comes while curses draws or allocates would wait for itself for ever. */
static void wrap_suspend(void)
{
    struct sigaction a = {.sa_handler = on_tstp, .sa_flags = SA_RESTART};
    sigset_t set;
    sigemptyset(&a.sa_mask);
    if (sigaction(SIGTSTP, NULL, &curses_tstp) != 0 ||
        curses_tstp.sa_handler == SIG_IGN || curses_tstp.sa_handler == SIG_DFL)
        return;
    sigaction(SIGTSTP, &a, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- resizing: curses' handler, and a note that something happened
 * ---------------------------- */

static struct sigaction curses_winch;
static volatile sig_atomic_t window_changed;

static void on_winch(int sig)
{
    window_changed = 1;
    curses_winch.sa_handler(sig);
}

/* A window that was made small and large again between two of our looks has its old
 * size and nothing of its content. curses sees no change then; we must. */
static void wrap_resize(void)
{
    struct sigaction a = {.sa_handler = on_winch};
    sigemptyset(&a.sa_mask);
    if (sigaction(SIGWINCH, NULL, &curses_winch) == 0 &&
        curses_winch.sa_handler != SIG_IGN && curses_winch.sa_handler != SIG_DFL)
        sigaction(SIGWINCH, &a, NULL);
}

/* ---- opening
 * ------------------------------------------------------------------------------------
 */

static void add_capability(struct buf *b, const char *name)
{
    char id[16];
    snprintf(id, sizeof id, "%s", name);
    const char *s = tigetstr(id);
    if (s == NULL || s == (const char *)-1)
        return;
    for (; *s != '\0'; s++) { /* without the padding "$<5>" */
        if (s[0] == '$' && s[1] == '<' && strchr(s, '>') != NULL)
            s = strchr(s, '>');
        else
            buf_addch(b, *s);
    }
}

/* The bytes that make a terminal usable again, ready before anything can go wrong. */
static void prepare_crash(void)
{
    static const char *const undo[] = {"sgr0", "op", "cnorm", "rmkx", "rmcup"};
    struct buf b;
    buf_init(&b, 500);
    buf_adds(&b, PASTE_OFF);
    for (size_t i = 0; i < sizeof undo / sizeof *undo; i++)
        add_capability(&b, undo[i]);
    buf_adds(&b, "\r\n");
    crash_prepare(STDOUT_FILENO, b.s, b.len);
    buf_release(&b);
}

/* The TERM to use: the environment's if terminfo knows it, else one nearly all
 * understand. */
static const char *usable_term(void)
{
    const char *name = getenv("TERM");
    int status;
    if (name == NULL || name[0] == '\0')
        return NULL;
    if (strcmp(name, "dumb") == 0)
        return NULL;
    if (setupterm(name, STDOUT_FILENO, &status) == OK)
        return name;
    if (setupterm("xterm-256color", STDOUT_FILENO, &status) == OK)
        return "xterm-256color";
    return NULL;
}

static short pair_of(int tone, int heat)
{
    return (short)(1 + tone * HEATS + heat);
}

static void make_pairs(struct display *s)
{
    int heats = COLOR_PAIRS > TONE_COUNT * HEATS ? HEATS : 1;
    for (int tone = 0; tone < TONE_COUNT; tone++)
        for (int heat = 0; heat < heats; heat++) {
            struct look l = look_of(s->theme, s->colours, (enum tone)tone, heat);
            init_pair(heats == 1 ? (short)(1 + tone) : pair_of(tone, heat), l.fg, l.bg);
        }
    s->pairs = heats > 1;
}

static void start_colours(struct display *s, bool no_colour)
{
    s->colours = 0;
    if (!no_colour && has_colors() && start_color() == OK) {
        bool own_background = use_default_colors() == OK;
        (void)own_background; /* without it black is the background: still legible */
        s->colours = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
        make_pairs(s);
    }
    s->term.mono = s->colours == 0;
}

/* Ctrl-S would freeze the screen, also out of the middle of a paste. */
static void stop_flow_control(void)
{
    struct termios t;
    if (tcgetattr(STDIN_FILENO, &t) == 0) {
        t.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
        tcsetattr(STDIN_FILENO, TCSANOW, &t);
        def_prog_mode();
    }
}

static void start_keys(void)
{
    cbreak();
    stop_flow_control();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    define_key("\033[200~", PASTE_BEGIN);
    define_key("\033[201~", PASTE_END);
    if (getenv("ESCDELAY") == NULL)
        set_escdelay(25);
}

/* ---- painting
 * ------------------------------------------------------------------------------------
 */

static attr_t attrs_of(unsigned char look)
{
    return (look & LOOK_BOLD ? A_BOLD : 0) | (look & LOOK_DIM ? A_DIM : 0) |
           (look & LOOK_UNDERLINE ? A_UNDERLINE : 0) |
           (look & LOOK_REVERSE ? A_REVERSE : 0);
}

/* The C library, and so curses, may disagree with our table about a width, and a
 * terminal without UTF-8 has no such character at all: then a question mark is the
 * honest cell. */
static void cell_text(const struct cell *c, wchar_t text[4])
{
    wmemset(text, L'\0', 4);
    text[0] = (wchar_t)c->cp;
    if (c->cp >= 127 && wcwidth((wchar_t)c->cp) != c->width) {
        text[0] = L'?';
        return;
    }
    for (int i = 0; i < 2 && c->mark[i] != 0; i++)
        if (wcwidth((wchar_t)c->mark[i]) == 0)
            text[i + 1] = (wchar_t)c->mark[i];
}

static void put_one(const struct display *s, int row, int col, const struct cell *c)
{
    wchar_t text[4];
    cchar_t out;
    struct look l = look_of(s->theme, s->colours, (enum tone)c->tone, c->heat);
    short pair = 0;
    if (s->colours > 0)
        pair = s->pairs ? pair_of(c->tone, c->heat) : (short)(1 + c->tone);
    cell_text(c, text);
    setcchar(&out, text, attrs_of(l.attrs), pair, NULL);
    mvadd_wch(row, col, &out);
    if (c->width == 2 && text[0] == L'?')
        mvaddch(row, col + 1, ' ');
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->cp == b->cp && a->mark[0] == b->mark[0] && a->mark[1] == b->mark[1] &&
           a->width == b->width && a->tone == b->tone && a->heat == b->heat;
}

static bool paint_cells(const struct display *s, const struct canvas *c)
{
    bool any = false;
    for (int row = 0; row < c->rows && row < s->term.rows; row++)
        for (int col = 0; col < c->cols && col < s->term.cols; col++) {
            size_t i = (size_t)row * (size_t)c->cols + (size_t)col;
            if (c->cells[i].width == 0 ||
                (s->shown != NULL && same(&s->shown->cells[i], &c->cells[i]) &&
                 (c->cells[i].width == 1 ||
                  same(&s->shown->cells[i + 1], &c->cells[i + 1]))))
                continue;
            put_one(s, row, col, &c->cells[i]);
            any = true;
        }
    return any;
}

static void remember(struct display *s, const struct canvas *c)
{
    if (s->shown == NULL)
        s->shown = canvas_new(c->rows, c->cols);
    memcpy(s->shown->cells, c->cells,
           (size_t)c->rows * (size_t)c->cols * sizeof *c->cells);
    s->shown->cursor_row = c->cursor_row;
    s->shown->cursor_col = c->cursor_col;
}

static void forget(struct display *s)
{
    canvas_free(s->shown);
    s->shown = NULL;
    erase();
}

static void screen_put(struct term *t, const struct canvas *c)
{
    struct display *s = (struct display *)t;
    if (s->shown != NULL && (s->shown->rows != c->rows || s->shown->cols != c->cols))
        forget(s);
    bool moved = s->shown == NULL || s->shown->cursor_row != c->cursor_row ||
                 s->shown->cursor_col != c->cursor_col;
    bool any = paint_cells(s, c);
    if (any || moved) {
        bool cursor = c->cursor_row >= 0 && c->cursor_row < t->rows &&
                      c->cursor_col >= 0 && c->cursor_col < t->cols;
        curs_set(cursor ? 1 : 0);
        if (cursor)
            move(c->cursor_row, c->cursor_col);
        wnoutrefresh(stdscr);
        doupdate();
        remember(s, c);
    }
    if (s->test_sync) {
        char title[64];
        snprintf(title, sizeof title, "\033]2;truecode frame %lu\007", ++s->frames);
        say(title);
    }
}

static void screen_redraw(struct term *t)
{
    forget((struct display *)t);
    clearok(curscr, TRUE);
}

/* ---- keys
 * ------------------------------------------------------------------------------------------
 */

static const struct {
    int curses;
    enum key_kind ours;
} special[] = {
    {KEY_UP, (enum key_kind)OUR_UP},
    {KEY_DOWN, (enum key_kind)OUR_DOWN},
    {KEY_LEFT, (enum key_kind)OUR_LEFT},
    {KEY_RIGHT, (enum key_kind)OUR_RIGHT},
    {KEY_HOME, (enum key_kind)OUR_HOME},
    {KEY_END, (enum key_kind)OUR_END},
    {KEY_FIND, (enum key_kind)OUR_HOME},
    {KEY_SELECT, (enum key_kind)OUR_END},
    {KEY_PPAGE, KEY_PGUP},
    {KEY_NPAGE, KEY_PGDN},
    {KEY_DC, KEY_DELETE},
    {KEY_BTAB, KEY_BACKTAB},
    {KEY_ENTER, (enum key_kind)OUR_ENTER},
    {KEY_BACKSPACE, (enum key_kind)OUR_BACKSPACE},
};

/* false: a code that means nothing to us. */
static bool special_key(struct display *s, wint_t code, struct key *k)
{
    *k = (struct key){0};
    if (code == PASTE_BEGIN || code == PASTE_END) {
        s->pasting = code == PASTE_BEGIN;
        return false;
    }
    if (code > KEY_F0 && code <= KEY_F0 + 12) {
        k->kind = (enum key_kind)OUR_F;
        k->cp = (uint32_t)(code - KEY_F0);
        return true;
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if ((wint_t)special[i].curses == code) {
            k->kind = special[i].ours;
            return true;
        }
    return false;
}

static struct key char_key(const struct display *s, wint_t ch)
{
    struct key k = {.kind = KEY_CHAR, .cp = (uint32_t)ch};
    if (s->pasting)
        k.kind = KEY_PASTE_CHAR;
    else if (ch == '\r' || ch == '\n')
        k.kind = (enum key_kind)OUR_ENTER;
    else if (ch == '\t')
        k.kind = KEY_TAB;
    else if (ch == 127 || ch == 8)
        k.kind = (enum key_kind)OUR_BACKSPACE;
    else if (ch == 27)
        k.kind = KEY_ESC;
    else if (ch < 27) {
        k.ctrl = true;
        k.cp = ch == 0 ? ' ' : (uint32_t)('a' + ch - 1);
    }
    return k;
}

/* Esc followed at once by a character is that character with alt. */
static struct key maybe_alt(const struct display *s, struct key esc)
{
    wint_t ch;
    int got = get_wch(&ch);
    if (got == ERR)
        return esc;
    if (got == OK && ch >= ' ' && ch != 127) {
        struct key k = char_key(s, ch);
        k.alt = true;
        return k;
    }
    if (got == OK)
        unget_wch((wchar_t)ch);
    else
        ungetch((int)ch);
    return esc;
}

static void take_size(struct display *s)
{
    getmaxyx(stdscr, s->term.rows, s->term.cols);
    if (s->term.rows > WIRE_ROWS_MAX)
        s->term.rows = WIRE_ROWS_MAX;
    if (s->term.cols > WIRE_COLS_MAX)
        s->term.cols = WIRE_COLS_MAX;
}

static struct term_event resized(struct display *s)
{
    window_changed = 0;
    take_size(s);
    forget(s);
    clearok(curscr, TRUE);
    return (struct term_event){.kind = TERM_RESIZE};
}

/* What curses has ready. false: nothing. */
static bool next_event(struct display *s, struct term_event *e)
{
    wint_t ch;
    for (;;) {
        errno = 0;
        int got = get_wch(&ch);
        bool resize = got == KEY_CODE_YES && ch == KEY_RESIZE;
        if (got == ERR && !window_changed)
            return false;
        if (got == ERR || resize) {
            *e = resized(s);
            return true;
        }
        *e = (struct term_event){.kind = TERM_KEY};
        if (got == KEY_CODE_YES) {
            if (special_key(s, ch, &e->key))
                return true;
            continue;
        }
        e->key = char_key(s, ch);
        if (e->key.kind == KEY_ESC)
            e->key = maybe_alt(s, e->key);
        return true;
    }
}

static bool signal_event(struct term_event *e)
{
    int sig = leave_signal();
    if (sig == 0)
        return false;
    leave_signal_clear();
    *e = (struct term_event){.kind = TERM_LEAVE};
    if (sig == SIGINT)
        *e = (struct term_event){.kind = TERM_KEY,
                                 .key = {.kind = KEY_CHAR, .cp = 'c', .ctrl = true}};
    return true;
}

static sim_time screen_now(const struct term *t)
{
    (void)t;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (sim_time)now.tv_sec * SIM_SEC + now.tv_nsec;
}

/* The terminal went away: reading it says so for ever. */
static bool gone(void)
{
    char c;
    return isatty(STDIN_FILENO) == 0 || (read(STDIN_FILENO, &c, 0) < 0 && errno == EIO);
}

static struct term_event screen_wait(struct term *t, int ms)
{
    struct display *s = (struct display *)t;
    struct term_event e = {.kind = TERM_NOTHING};
    sim_time end = screen_now(t) + (sim_time)ms * SIM_MS;
    for (;;) {
        if (signal_event(&e) || next_event(s, &e))
            return e;
        int left = ms < 0 ? -1 : (int)((end - screen_now(t) + SIM_MS - 1) / SIM_MS);
        if (ms >= 0 && left <= 0 && ms != 0)
            return e;
        int ready = wait_readable(STDIN_FILENO, ms == 0 ? 0 : left);
        if (ready > 0 && !next_event(s, &e)) {
            /* Readable without a key: half a sequence, or no terminal any more. */
            if (gone())
                return (struct term_event){.kind = TERM_LEAVE};
        } else if (ready > 0) {
            return e;
        }
        if (ready == 0 && ms >= 0)
            return e;
    }
}

/* ---- life
 * ---------------------------------------------------------------------------------------------
 */

static void screen_close(struct term *t)
{
    struct display *s = (struct display *)t;
    say(PASTE_OFF);
    endwin();
    crash_prepare(STDOUT_FILENO, NULL, 0);
    delscreen(s->curses);
    canvas_free(s->shown);
    mem_free(s);
}

static const struct term_ops screen_ops = {screen_close, screen_put, screen_redraw,
                                           screen_wait, screen_now};

enum err term_curses_open(struct term **out, const struct term_options *o,
                          struct errmsg *why)
{
    const char *name = usable_term();
    if (name == NULL)
        return errmsg_set(why, ERR_REFUSED,
                          "this terminal (TERM=%s) cannot show the screen; "
                          "truecode play --plain works on any",
                          getenv("TERM") != NULL ? getenv("TERM") : "");
    struct display *s = mem_alloc(sizeof *s);
    s->term.ops = &screen_ops;
    s->theme = o->theme;
    s->test_sync = o->test_sync;
    leave_signal_clear();
    leave_signals_catch();
    s->curses = newterm(name, stdout, stdin);
    if (s->curses == NULL) {
        mem_free(s);
        return errmsg_set(why, ERR_REFUSED, "the terminal %s cannot be opened", name);
    }
    prepare_crash();
    wrap_suspend();
    wrap_resize();
    start_colours(s, o->no_colour);
    start_keys();
    say(PASTE_ON);
    take_size(s);
    *out = &s->term;
    return ERR_OK;
}
