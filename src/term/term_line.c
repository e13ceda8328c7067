/*
 * A terminal of one row: plain mode's prompt, edited in place.
 *
 * Everything above the row is only ever added. The row itself changes with the least
 * that does it: what was typed at its end is written and nothing else, so that a screen
 * reader says the character and not the line. It is moved in with backspaces and by
 * writing again what stands there: no sequence that some terminal might not know. The
 * last column stays empty, since what follows a character there is another matter on
 * each terminal.
 *
 * The line discipline is off while the program plays: what is typed ahead waits without
 * an echo and is edited when the prompt comes. Ctrl-C, ctrl-\ and Ctrl-Z remain signals.
 */
#include "term_internal.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define COLS_MIN  20

int setupterm(const char *name, int fd, int *status);

struct line {
    struct term term;
    int in; /* the terminal, for reading */
    struct key_decoder *keys;
    struct termios before, raw;
    bool utf8;
    struct canvas *shown; /* the row on the screen; NULL: nothing of ours */
    int used, cursor;     /* columns of it, and where the cursor is */
    bool failed;          /* writing does not work any more; errno was `error` */
    int error;
};

/* ---- signals --------------------------------------------------------------------- */

static volatile sig_atomic_t window_changed, asked_to_stop;

static void on_winch(int sig)
{
    (void)sig;
    window_changed = 1;
}

static void on_tstp(int sig)
{
    (void)sig;
    asked_to_stop = 1;
}

/* Blocked but while waiting, as the others are (term.c). */
static void catch_window_and_stop(void)
{
    struct sigaction winch = {.sa_handler = on_winch}, tstp = {.sa_handler = on_tstp};
    struct sigaction old;
    sigset_t set;
    sigemptyset(&winch.sa_mask);
    sigemptyset(&tstp.sa_mask);
    sigaction(SIGWINCH, &winch, NULL);
    if (sigaction(SIGTSTP, NULL, &old) != 0 || old.sa_handler == SIG_IGN)
        return; /* nobody could wake it */
    sigaction(SIGTSTP, &tstp, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- writing --------------------------------------------------------------------- */

static void put(struct line *l, const char *s, size_t n)
{
    if (!l->failed && !term_write(STDOUT_FILENO, s, n)) {
        l->failed = true;
        l->error = errno;
    }
}

static void put_str(struct line *l, const char *s)
{
    put(l, s, strlen(s));
}

/* Where the C library, and so probably the terminal, disagrees with our table about a
 * width, a question mark is the honest cell. */
static void add_cell(const struct line *l, const struct cell *c, struct buf *out)
{
    char bytes[4];
    bool known = c->cp < 127 || (l->utf8 && wcwidth((wchar_t)c->cp) == c->width);
    if (!known) {
        buf_adds(out, c->width == 2 ? "? " : "?");
        return;
    }
    buf_add(out, bytes, utf8_put(bytes, c->cp));
    for (int i = 0; i < 2 && c->mark[i] != 0 && l->utf8; i++)
        if (wcwidth((wchar_t)c->mark[i]) == 0)
            buf_add(out, bytes, utf8_put(bytes, c->mark[i]));
}

static void add_cells(const struct line *l, const struct canvas *c, int from, int to,
                      struct buf *out)
{
    assert(from <= to && to <= c->cols);
    for (int col = from; col < to; col++)
        if (c->cells[col].width > 0)
            add_cell(l, &c->cells[col], out);
}

/* From column `from` to `to` of a row that shows `c`. */
static void add_move(const struct line *l, const struct canvas *c, int from, int to,
                     struct buf *out)
{
    if (to >= from)
        add_cells(l, c, from, to, out);
    for (; to < from; to++)
        buf_addch(out, '\b');
}

/* ---- the row --------------------------------------------------------------------- */

static bool is_blank(const struct cell *c)
{
    return c->cp == ' ' && c->width == 1 && c->mark[0] == 0;
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->cp == b->cp && a->mark[0] == b->mark[0] && a->mark[1] == b->mark[1] &&
           a->width == b->width;
}

static int cursor_of(const struct canvas *c)
{
    return c->cursor_col < 0         ? 0
           : c->cursor_col < c->cols ? c->cursor_col
                                     : c->cols - 1;
}

/* With the blanks before the cursor: they were typed. */
static int used_of(const struct canvas *c)
{
    int used = c->cols;
    while (used > 0 && is_blank(&c->cells[used - 1]))
        used--;
    return used > cursor_of(c) ? used : cursor_of(c);
}

/* The first column in which they differ, where a character begins in both. */
static int differ_from(const struct canvas *a, const struct canvas *b, int used)
{
    int col = 0;
    while (col < used && same(&a->cells[col], &b->cells[col]))
        col++;
    while (col > 0 && col < a->cols &&
           (a->cells[col].width == 0 || b->cells[col].width == 0))
        col--;
    return col;
}

static void keep(struct line *l, const struct canvas *c)
{
    canvas_free(l->shown);
    l->shown = canvas_new(1, c->cols);
    memcpy(l->shown->cells, c->cells, (size_t)c->cols * sizeof *c->cells);
    l->used = used_of(c);
    l->cursor = cursor_of(c);
}

static void forget(struct line *l)
{
    canvas_free(l->shown);
    l->shown = NULL;
    l->used = l->cursor = 0;
}

static void line_put(struct term *t, const struct canvas *c)
{
    struct line *l = (struct line *)t;
    struct buf out;
    if (l->shown && l->shown->cols != c->cols)
        t->ops->redraw(t);
    int used = used_of(c), at = 0, now = l->cursor;
    buf_init(&out, 0);
    if (l->shown)
        at = differ_from(l->shown, c, used > l->used ? used : l->used);
    if (!l->shown || at < used || at < l->used) {
        if (l->shown)
            add_move(l, l->shown, now, at, &out);
        add_cells(l, c, at, used, &out);
        for (now = used; now < l->used; now++)
            buf_addch(&out, ' ');
    }
    add_move(l, c, now, cursor_of(c), &out);
    put(l, out.s, out.len);
    keep(l, c);
    buf_release(&out);
}

/* Takes the row away, so that the next put writes all of it. One that was drawn for a
 * wider window may stand in the last column, too. */
static void line_redraw(struct term *t)
{
    struct line *l = (struct line *)t;
    struct buf out;
    buf_init(&out, 0);
    buf_addch(&out, '\r');
    for (int i = 0; i < l->used && i <= t->cols; i++)
        buf_addch(&out, ' ');
    if (l->shown) {
        buf_addch(&out, '\r');
        put(l, out.s, out.len);
    }
    forget(l);
    buf_release(&out);
}

/* Leaves the row as it stands: what comes next is below it. */
static void end_row(struct line *l)
{
    struct buf out;
    if (!l->shown)
        return;
    buf_init(&out, 0);
    add_move(l, l->shown, l->cursor, l->used, &out);
    buf_addch(&out, '\n');
    put(l, out.s, out.len);
    buf_release(&out);
    forget(l);
}

/* The text's first line is what stands there already. */
static bool stands_there(const struct line *l, const char *text)
{
    struct buf row;
    size_t n = strcspn(text, "\n");
    if (!l->shown || text[n] == '\0')
        return false;
    buf_init(&row, 0);
    add_cells(l, l->shown, 0, l->used, &row);
    bool yes = row.len == n && memcmp(row.s, text, n) == 0;
    buf_release(&row);
    return yes;
}

bool term_line_say(struct term *t, const char *text)
{
    struct line *l = (struct line *)t;
    if (text[0] == '\0')
        end_row(l);
    else if (stands_there(l, text)) {
        end_row(l);
        text += strcspn(text, "\n") + 1;
    } else {
        line_redraw(t);
    }
    put_str(l, text);
    errno = l->error;
    return !l->failed;
}

/* ---- waiting --------------------------------------------------------------------- */

static void set_mode(const struct termios *mode)
{
    /* Fails only where the terminal is gone; reading tells that. */
    (void)tcsetattr(STDIN_FILENO, TCSANOW, mode);
}

static void take_size(struct line *l)
{
    struct winsize w = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0)
        w.ws_col = 80;
    int cols = w.ws_col < COLS_MIN ? COLS_MIN : w.ws_col;
    l->term.rows = 1;
    l->term.cols = (cols < SCREEN_COLS_MAX ? cols : SCREEN_COLS_MAX) - 1;
}

/* The terminal as it was, while the shell has it. */
static void stop(struct line *l)
{
    struct sigaction now, usual = {.sa_handler = SIG_DFL};
    sigset_t set;
    asked_to_stop = 0;
    end_row(l);
    put_str(l, PASTE_OFF);
    set_mode(&l->before);
    sigemptyset(&usual.sa_mask);
    sigaction(SIGTSTP, &usual, &now);
    raise(SIGTSTP);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here; goes on after fg */
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGTSTP, &now, NULL);
    set_mode(&l->raw);
    put_str(l, "\r" PASTE_ON); /* over what was echoed in the meantime */
    window_changed = 1;
}

static bool signal_event(struct line *l, struct term_event *e)
{
    int sig = leave_signal();
    if (sig != 0) {
        term_stay();
        key_decoder_reset(l->keys); /* a paste that never ended ends here */
        *e = (struct term_event){.kind = TERM_LEAVE, .signal = sig};
        if (sig == SIGINT)
            *e = (struct term_event){
                .kind = TERM_KEY, .key = {.kind = KEY_CHAR, .cp = 'c', .ctrl = true}};
        return true;
    }
    if (asked_to_stop)
        stop(l);
    if (!window_changed)
        return false;
    window_changed = 0;
    take_size(l);
    line_redraw(&l->term);
    *e = (struct term_event){.kind = TERM_RESIZE};
    return true;
}

static sim_time line_now(const struct term *t)
{
    (void)t;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (sim_time)now.tv_sec * SIM_SEC + now.tv_nsec;
}

static bool next_event(struct line *l, sim_time now, struct term_event *e)
{
    if (signal_event(l, e))
        return true;
    *e = (struct term_event){.kind = TERM_KEY};
    return key_decoder_next(l->keys, now, &e->key);
}

static bool take_bytes(struct line *l)
{
    char piece[1024];
    ssize_t n = read(l->in, piece, sizeof piece);
    if (n > 0)
        key_decoder_feed(l->keys, piece, (size_t)n, line_now(&l->term));
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Milliseconds to the earlier of `end` (-1: none) and where half a sequence is one. */
static int patience(const struct line *l, sim_time end, sim_time now)
{
    sim_time due = key_decoder_due(l->keys);
    if (due >= 0 && (end < 0 || due < end))
        end = due;
    if (end < 0)
        return -1;
    return end <= now ? 0 : (int)((end - now + SIM_MS - 1) / SIM_MS);
}

static struct term_event line_wait(struct term *t, int ms)
{
    struct line *l = (struct line *)t;
    struct term_event e;
    sim_time now = line_now(t), end = ms < 0 ? -1 : now + ms * SIM_MS;
    for (;;) {
        if (next_event(l, -1, &e))
            return e;
        int ready = wait_readable(l->in, patience(l, end, now));
        now = line_now(t);
        if (ready > 0 && !take_bytes(l))
            return (struct term_event){.kind = TERM_LEAVE, .signal = SIGHUP};
        if (ready == 0 && next_event(l, now, &e))
            return e;
        if (ready == 0 && end >= 0 && now >= end)
            return (struct term_event){.kind = TERM_NOTHING};
    }
}

/* ---- life ------------------------------------------------------------------------ */

static void line_close(struct term *t)
{
    struct line *l = (struct line *)t;
    end_row(l);
    put_str(l, PASTE_OFF);
    set_mode(&l->before);
    crash_prepare(STDOUT_FILENO, NULL, 0);
    key_decoder_free(l->keys);
    close(l->in);
    mem_free(l);
}

/* The row is in the terminal's own colours. */
static void line_theme(struct term *t, enum theme theme)
{
    (void)t;
    (void)theme;
}

static void line_bell(struct term *t)
{
    put_str((struct line *)t, "\a");
}

static const struct term_ops line_ops = {.close = line_close,
                                         .put = line_put,
                                         .redraw = line_redraw,
                                         .wait = line_wait,
                                         .now = line_now,
                                         .theme = line_theme,
                                         .bell = line_bell};

static struct termios raw_mode(const struct termios *before)
{
    struct termios t = *before;
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    t.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON | IXOFF);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return t;
}

static sim_time escape_delay(void)
{
    const char *s = getenv("ESCDELAY");
    long ms = s ? strtol(s, NULL, 10) : 25;
    return (ms < 0 ? 25 : ms < 5000 ? ms : 5000) * SIM_MS;
}

bool term_line_open(struct term **out)
{
    const char *name = getenv("TERM");
    struct termios before;
    int status;
    if (!name || name[0] == '\0' || strcmp(name, "dumb") == 0 ||
        isatty(STDOUT_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    struct line *l = mem_alloc(sizeof *l);
    l->term.ops = &line_ops;
    l->term.mono = true;
    l->in = input_open(STDIN_FILENO);
    l->utf8 = term_utf8();
    l->before = before;
    l->raw = raw_mode(&before);
    l->keys = key_decoder_new(l->utf8, escape_delay());
    if (setupterm(name, STDOUT_FILENO, &status) == 0)
        terminfo_learn_keys(l->keys);
    take_size(l);
    leave_signal_clear();
    leave_signals_catch();
    catch_window_and_stop();
    crash_prepare(STDOUT_FILENO, PASTE_OFF "\r\n", sizeof PASTE_OFF + 1);
    set_mode(&l->raw);
    put_str(l, PASTE_ON);
    *out = &l->term;
    return true;
}
