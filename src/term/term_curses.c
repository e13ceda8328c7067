/*
 * The person's terminal, through ncurses: the only file that includes curses.
 *
 * Curses is used for what it knows best: the least output that turns one screen into
 * another. It is told cells, never lines of text, so nothing in a text can move the
 * cursor. Frames are painted only when a cell changed. It neither reads nor measures the
 * terminal: keys are read and decoded by us (term_keys.h says why), and it counts
 * columns in a short, which a window of 65,535 makes negative.
 *
 * Signals: Ctrl-C is a signal that becomes the key ctrl-c, so that it also works while
 * a worker hangs; Ctrl-Z is left to curses' own handler, wrapped so that bracketed
 * paste is off while the shell has the terminal.
 */
#include "term_internal.h"

#include <curses.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* From <term.h>, which cannot be included: see terminfo.c. */
int setupterm(const char *name, int fd, int *status);

#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define MOUSE_ON  "\033[?1000h\033[?1006h" /* presses and the wheel, as SGR reports */
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define HEATS     9

struct display {
    struct term term;
    int in; /* the terminal, for reading */
    SCREEN *curses;
    struct canvas *shown; /* cells that curses was told; NULL: nothing */
    const char *name;     /* in terminfo */
    enum theme theme;
    enum ground ground;
    bool ground_known; /* found or told: the terminal is not asked (again) */
    bool started;      /* curses' colours */
    bool own_black;    /* black is told as black: the terminal does not know "your own
                          colour" */
    int colours;
    bool pairs; /* a colour pair for each tone and heat */
    struct key_decoder *keys;
    bool test_sync;
    unsigned long frames;
};

/* ---- suspending: curses' handler, with bracketed paste off around it ------------- */

static struct sigaction curses_tstp;
static const char *modes_on = PASTE_ON, *modes_off = PASTE_OFF; /* of this terminal */
static volatile sig_atomic_t window_changed;

static void say(const char *s)
{
    ssize_t n = write(STDOUT_FILENO, s, strlen(s));
    (void)n; /* a terminal that does not take it has other troubles */
}

static void on_tstp(int sig)
{
    int saved = errno;
    say(modes_off);
    curses_tstp.sa_handler(sig); /* stops here; returns after fg, redrawn */
    say(modes_on);
    window_changed = 1; /* the shell was told if it did, not we */
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

/* ---- the window's size ----------------------------------------------------------- */

static void on_winch(int sig)
{
    (void)sig;
    window_changed = 1;
}

/* Before curses starts: it leaves a handler alone that is there. */
static void watch_window(void)
{
    struct sigaction a = {.sa_handler = on_winch};
    sigemptyset(&a.sa_mask);
    sigaction(SIGWINCH, &a, NULL);
}

/* 0 where it is none, and for what is below. */
static int whole_number(const char *s)
{
    char *end;
    long n = strtol(s, &end, 10);
    return end == s || n < 0 ? 0 : n < 1000000 ? (int)n : 1000000;
}

/* A side's length: from the terminal, the environment where it does not know (a serial
 * line), or terminfo, or what terminals have been since 1978. */
static int side_of(int told, const char *variable, const char *capability, int usual,
                   int most)
{
    const char *env = getenv(variable);
    if (told <= 0 && env)
        told = whole_number(env);
    if (told <= 0)
        told = terminfo_number(capability);
    if (told <= 0)
        told = usual;
    return told < most ? told : most;
}

static void take_size(struct display *s)
{
    struct winsize w = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
        w = (struct winsize){0};
    s->term.rows = side_of(w.ws_row, "LINES", "lines", 24, SCREEN_ROWS_MAX);
    s->term.cols = side_of(w.ws_col, "COLUMNS", "cols", 80, SCREEN_COLS_MAX);
    resize_term(s->term.rows, s->term.cols);
}

/* ---- opening --------------------------------------------------------------------- */

static sim_time screen_now(const struct term *t)
{
    (void)t;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (sim_time)now.tv_sec * SIM_SEC + now.tv_nsec;
}

/* The bytes that make a terminal usable again, ready before anything can go wrong. */
static void prepare_crash(void)
{
    static const char *const undo[] = {"sgr0", "op", "cnorm", "rmkx", "rmcup"};
    struct buf b;
    buf_init(&b, 500);
    buf_adds(&b, modes_off);
    for (size_t i = 0; i < COUNT_OF(undo); i++)
        terminfo_string(undo[i], &b);
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
    if (!name || name[0] == '\0')
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

/* The colours of a look as curses wants them. */
static void make_pair(const struct display *s, short pair, struct look l)
{
    if (s->own_black && l.fg < 0)
        l.fg = COLOR_WHITE;
    if (s->own_black && l.bg < 0)
        l.bg = COLOR_BLACK;
    init_pair(pair, l.fg, l.bg);
}

static void make_pairs(struct display *s)
{
    int heats = COLOR_PAIRS > TONE_COUNT * HEATS ? HEATS : 1;
    for (int tone = 0; tone < TONE_COUNT; tone++)
        for (int heat = 0; heat < heats; heat++)
            make_pair(s, heats == 1 ? (short)(1 + tone) : pair_of(tone, heat),
                      look_of(s->theme, s->ground, s->colours, (enum tone)tone, heat));
    s->pairs = heats > 1;
}

/* Not before a theme needs them: starting them sends colours, and whoever wants none
 * gets none. */
static void start_colours(struct display *s)
{
    s->started = true;
    if (!has_colors() || start_color() != OK)
        return;
    s->own_black = use_default_colors() != OK;
    if (s->own_black)
        s->ground = GROUND_DARK;
    s->colours = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
}

/* dark, light and mono do not depend on the background. */
static bool needs_ground(enum theme t)
{
    return t != THEME_DARK && t != THEME_LIGHT && t != THEME_MONO;
}

/* Asks what the background is, unless that is known, told or without effect. What was
 * typed meanwhile is what the keys begin with. */
static void find_ground(struct display *s)
{
    struct ground_reader r;
    if (s->ground_known || !needs_ground(s->theme))
        return;
    ground_reader_init(&r);
    s->ground = ground_find(&r, s->in, s->name, terminfo_number("colors"));
    s->ground_known = true;
    key_decoder_feed(s->keys, r.typed.s, r.typed.len, screen_now(&s->term));
    ground_reader_release(&r);
}

static void use_theme(struct display *s)
{
    bool mono = s->theme == THEME_MONO;
    if (!mono && !s->started)
        start_colours(s);
    if (!mono && s->colours > 0)
        make_pairs(s);
    s->term.mono = mono || s->colours == 0;
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

/* The wait after a lone Esc: 25 ms, or what the person's ESCDELAY says. */
static sim_time escape_delay(void)
{
    const char *s = getenv("ESCDELAY");
    int ms = s ? whole_number(s) : 25;
    return (ms < 5000 ? ms : 5000) * SIM_MS;
}

/* keypad() makes the terminal send what terminfo says; reading it is ours. */
static void start_keys(struct display *s)
{
    cbreak();
    stop_flow_control();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    typeahead(-1); /* waiting input is no reason to stop painting */
    terminfo_learn_keys(s->keys);
    say(modes_on);
}

static void put_env(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

/* In a size that curses can count in and has from nowhere else, whatever the window and
 * terminfo say: take_size() sets the true one. */
static SCREEN *start_curses(const char *name)
{
    char *rows = getenv("LINES"), *cols = getenv("COLUMNS");
    rows = rows ? mem_strdup(rows) : NULL;
    cols = cols ? mem_strdup(cols) : NULL;
    put_env("LINES", "24");
    put_env("COLUMNS", "80");
    SCREEN *s = newterm(name, stdout, stdin);
    put_env("LINES", rows);
    put_env("COLUMNS", cols);
    mem_free(rows);
    mem_free(cols);
    return s;
}

/* ---- painting -------------------------------------------------------------------- */

static attr_t attrs_of(unsigned char look)
{
    return (look & LOOK_BOLD ? A_BOLD : 0) | (look & LOOK_UNDERLINE ? A_UNDERLINE : 0) |
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
    struct look l =
        look_of(s->theme, s->ground, s->colours, (enum tone)c->tone, c->heat);
    short pair = 0;
    if (!s->term.mono)
        pair = s->pairs ? pair_of(c->tone, c->heat) : (short)(1 + c->tone);
    cell_text(c, text);
    if (l.blank)
        wmemcpy(text, L" ", 2);
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
                (s->shown && same(&s->shown->cells[i], &c->cells[i]) &&
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
    if (!s->shown)
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
    if (s->shown && (s->shown->rows != c->rows || s->shown->cols != c->cols))
        forget(s);
    bool moved = !s->shown || s->shown->cursor_row != c->cursor_row ||
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

static void screen_theme(struct term *t, enum theme theme)
{
    struct display *s = (struct display *)t;
    s->theme = theme;
    find_ground(s);
    use_theme(s);
    forget(s);
}

static void screen_bell(struct term *t)
{
    (void)t;
    beep();
}

/* ---- keys ------------------------------------------------------------------------ */

static struct term_event resized(struct display *s)
{
    window_changed = 0;
    take_size(s);
    screen_redraw(&s->term); /* also at the old size: made small and large again, a
                                window has nothing of its content */
    return (struct term_event){.kind = TERM_RESIZE};
}

static bool signal_event(struct display *s, struct term_event *e)
{
    int sig = leave_signal();
    if (sig == 0)
        return false;
    leave_signal_clear();
    *e = (struct term_event){.kind = TERM_LEAVE, .signal = sig};
    if (sig != SIGINT)
        return true;
    key_decoder_reset(s->keys); /* a paste that never ended ends here */
    *e = (struct term_event){.kind = TERM_KEY,
                             .key = {.kind = KEY_CHAR, .cp = 'c', .ctrl = true}};
    return true;
}

/* Takes what the terminal has, or as much as one piece holds. false: it went away;
 * reading it says so for ever. */
static bool take_bytes(struct display *s)
{
    char piece[1024];
    ssize_t n = read(s->in, piece, sizeof piece);
    if (n > 0)
        key_decoder_feed(s->keys, piece, (size_t)n, screen_now(&s->term));
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* The next event that is there without reading. `now` as key_decoder_next() wants it. */
static bool next_event(struct display *s, sim_time now, struct term_event *e)
{
    if (signal_event(s, e))
        return true;
    if (window_changed) {
        *e = resized(s);
        return true;
    }
    *e = (struct term_event){.kind = TERM_KEY};
    return key_decoder_next(s->keys, now, &e->key);
}

static int ms_until(sim_time t, sim_time now)
{
    sim_time left = t > now ? (t - now + SIM_MS - 1) / SIM_MS : 0;
    return left < 1000000 ? (int)left : 1000000;
}

/* The time to wait for bytes: to the caller's end (-1: for ever), or to where half a
 * sequence is one. */
static int patience(const struct display *s, sim_time end, sim_time now)
{
    sim_time due = key_decoder_due(s->keys);
    if (due >= 0 && (end < 0 || due < end))
        return ms_until(due, now);
    return end < 0 ? -1 : ms_until(end, now);
}

/* Nothing is taken for late before it was tried to read what may be its rest. */
static struct term_event screen_wait(struct term *t, int ms)
{
    struct display *s = (struct display *)t;
    struct term_event e;
    sim_time now = screen_now(t), end = ms < 0 ? -1 : now + ms * SIM_MS;
    for (;;) {
        if (next_event(s, -1, &e))
            return e;
        int ready = wait_readable(s->in, patience(s, end, now));
        now = screen_now(t);
        if (ready > 0 && !take_bytes(s))
            return (struct term_event){.kind = TERM_LEAVE, .signal = SIGHUP};
        if (ready == 0 && next_event(s, now, &e))
            return e;
        if (ready == 0 && end >= 0 && now >= end)
            return (struct term_event){.kind = TERM_NOTHING};
    }
}

/* ---- life ------------------------------------------------------------------------ */

static void screen_close(struct term *t)
{
    struct display *s = (struct display *)t;
    say(modes_off);
    endwin();
    crash_prepare(STDOUT_FILENO, NULL, 0);
    delscreen(s->curses);
    key_decoder_free(s->keys);
    close(s->in);
    canvas_free(s->shown);
    mem_free(s);
}

static const struct term_ops screen_ops = {screen_close, screen_put, screen_redraw,
                                           screen_wait,  screen_now, screen_theme,
                                           screen_bell};

enum err term_curses_open(struct term **out, const struct term_options *o,
                          struct errmsg *why)
{
    const char *name = usable_term();
    if (!name)
        return errmsg_set(why, ERR_REFUSED,
                          "this terminal (TERM=%s) cannot show the screen",
                          getenv("TERM") ? getenv("TERM") : "");
    struct display *s = mem_alloc(sizeof *s);
    s->term.ops = &screen_ops;
    s->in = input_open(STDIN_FILENO);
    s->name = name;
    s->theme = o->theme;
    s->ground = o->ground;
    s->ground_known = o->ground != GROUND_UNKNOWN;
    s->test_sync = o->test_sync;
    s->keys = key_decoder_new(term_utf8(), escape_delay());
    modes_on = o->mouse ? PASTE_ON MOUSE_ON : PASTE_ON;
    modes_off = o->mouse ? MOUSE_OFF PASTE_OFF : PASTE_OFF;
    leave_signal_clear();
    leave_signals_catch();
    watch_window();
    crash_prepare(STDOUT_FILENO, "\r\n", 2); /* the line as it is before all of this */
    find_ground(s);
    s->curses = start_curses(name);
    if (!s->curses) {
        crash_prepare(STDOUT_FILENO, NULL, 0);
        key_decoder_free(s->keys);
        close(s->in);
        mem_free(s);
        return errmsg_set(why, ERR_REFUSED, "the terminal %s cannot be opened", name);
    }
    prepare_crash();
    wrap_suspend();
    use_theme(s);
    start_keys(s);
    take_size(s);
    *out = &s->term;
    return ERR_OK;
}
