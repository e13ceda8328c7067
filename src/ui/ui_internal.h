/*
 * Shared by the files of src/ui: drawing, the line editor, the one key table, the
 * views and the state of the whole screen. Nothing outside src/ui includes this.
 *
 * How a frame comes about: a key or a tick changes `struct ui` or the session;
 * ui_draw() lays out rectangles (cockpit.c) and each view draws itself into its
 * rectangle. While it draws, a view notes what it really shows (ui_show()); after the
 * frame those subjects go to the session.
 *
 *     key ─ ui_key() ─ overlay_key() or ui_act(): the row of `bindings` that is valid here
 *     frame ─ ui_draw() ─ cockpit_draw() ─ header, step, tabs, a view, console, footer
 *
 * A view is a file view_NAME.c that ends in its `struct view`; the table of them is in
 * ui.c. A key is a row of keys.c, and ui_do_NAME() in actions.c.
 *
 * Owners: `struct ui` owns what is in it and borrows the session, which outlives it.
 * Strings for a frame live in u->frame; a canvas is the caller's. Rows and columns are
 * cells, from 0 at the top left; `n` of rows that something wants may be more than it
 * gets. Drawing outside a canvas is cut off and no error; nothing here fails but the
 * making of a report, which says why in report_why.
 */
#ifndef TRUECODE_UI_INTERNAL_H
#define TRUECODE_UI_INTERNAL_H

#include "truecode/picture.h"
#include "truecode/screen.h"
#include "truecode/session.h"
#include "truecode/ui.h"
#include "truecode/ui_editor.h"

/* ---- draw.c ---------------------------------------------------------------------- */

/* The sign of a clock that stands, and of an alert: in ASCII of their own width. */
const char *sign_pause(enum glyphs g);
const char *sign_alert(enum glyphs g);

/* Wraps `s` into r; draws at most r.rows rows from wrapped row `skip` on. Returns all
 * rows. */
int draw_wrapped(struct canvas *c, struct rect r, enum tone t, const char *s, int skip);
int wrapped_rows(const char *s, int cols);
/* "─ title ─────── right ──" over the whole width. */
void draw_rule(struct canvas *c, int row, int col, int cols, enum tone title_tone,
               const char *title, const char *right);
void draw_frame(struct canvas *c, struct rect r, const char *title, const char *right);
/* A horizontal bar of `cols` cells, `share` of them full in eighths, the rest dotted.
 */
void draw_bar(struct canvas *c, int row, int col, int cols, double share, enum tone t);
/* Text that may be too long: cut with … */
int draw_clipped(struct canvas *c, int row, int col, int width, enum tone t,
                 const char *s);
int draw_right(struct canvas *c, int row, int col, int width, enum tone t,
               const char *s);

/* A visual row of an `out`, in bytes. */
struct span_of {
    size_t from, to;
};
/* Rows that the text from byte `from` on takes when wrapped at cols; at most `max` are
 * written; returns how many there are in all. */
size_t out_rows(const struct out *o, size_t from, int cols, struct span_of *rows,
                size_t max);
void draw_out_row(struct canvas *c, int row, int col, int cols, const struct out *o,
                  struct span_of s);

void clock_text(struct buf *b, const struct session_view *v, sim_time t, bool seconds);

/* ---- editor.c, editor_draw.c ----------------------------------------------------- */

void text_drop_last(struct buf *b); /* the last code point; there is room again */
#define TEXT_CUT "  (cut: no room for more)"

/* Shared by editor.c and editor_draw.c. */
size_t editor_right_of(const struct editor *e, size_t at); /* the next character */
int editor_columns(const struct editor *e, size_t from, size_t to);

/* ---- keys.c, actions.c ----------------------------------------------------------- */

struct ui;

enum where { /* where a key is valid */
             AT_START = 1,
             AT_BRIEFING = 2,
             AT_CONSOLE = 4,
             AT_PANEL = 8,
             AT_DEBRIEF = 16,
             AT_PLAY = AT_CONSOLE | AT_PANEL,
             AT_ANY = 31
};
/* The deed of a key. Each action of the table is one of these, ui_do_NAME. */
typedef enum want key_action(struct ui *u, const struct key *k);
key_action ui_do_back, ui_do_begin, ui_do_complete, ui_do_enter_list, ui_do_faster,
    ui_do_find, ui_do_find_logs, ui_do_help, ui_do_hint, ui_do_interrupt, ui_do_leave,
    ui_do_move, ui_do_next_tab, ui_do_palette, ui_do_pause, ui_do_prev_tab,
    ui_do_read_back, ui_do_read_on, ui_do_redraw, ui_do_reset, ui_do_reset_chosen,
    ui_do_endings, ui_do_on_call, ui_do_slower, ui_do_submit, ui_do_tab, ui_do_theme,
    ui_do_to_console, ui_do_to_console_reading, ui_do_words, ui_do_zoom;

struct binding {
    unsigned where;
    enum key_kind kind;
    uint32_t cp;
    bool ctrl;
    key_action *run;
    const char *label; /* "F1"; NULL: another key for the row above */
    const char *does;  /* for help and README */
    const char *foot;  /* for the footer; NULL: not there */
};
extern const struct binding bindings[];
extern const size_t nbindings;
/* NULL: not bound there. */
const struct binding *binding_find(unsigned where, const struct key *k);
/* Row i of a place's keys, for help and README: those of the table, then, in the
 * console, the editor's. *label NULL: nothing to list there. False: behind the last. */
bool key_row(unsigned where, size_t i, const char **label, const char **does);
/* The palette lists it: it is no movement and no key of the line. */
bool binding_is_command(const struct binding *b);
/* Whether a key types, in the console and wherever words are looked for: a character,
 * from a hand or out of a paste, that is no control. */
bool key_types(const struct key *k);
/* Keys, as many as fit, in the order of the table. `now`: of the flags. `right`: what the
 * panel's own keys do; NULL: nothing. */
#define FOOT_NO_HINT 1u /* no hint is left */
#define FOOT_ASKING  2u /* a question is open: digits are answers, Tab goes to panels */
void draw_footer(struct canvas *c, int row, unsigned where, unsigned now,
                 const char *right);

/* ---- views ----------------------------------------------------------------------- */

enum view_id {
    VIEW_MAP,
    VIEW_CHARTS,
    VIEW_LOGS,
    VIEW_TRACES,
    VIEW_CHANGES,
    VIEW_PEOPLE,
    VIEW_COUNT
};
struct view_state {
    int top;       /* first row shown */
    int sel;       /* the selected row or chart; -1: none */
    int cursor;    /* charts: column under the cursor, from the right; -1: none */
    int scale;     /* charts: which window */
    bool open;     /* traces: the waterfall of the selected one */
    uint64_t id;   /* traces: the request */
    int count;     /* rows there were at the last drawing */
    int page;      /* rows shown at the last drawing */
    char find[48]; /* logs: only lines with this in them */
    bool find_cut; /* typed text had no room in `find` */
};
struct view {
    const char *name;
    char key;
    const char *about; /* the view's subject, for help */
    const char *hint;  /* the view's own keys, for the tab row while it has the focus */
    void (*draw)(struct ui *u, struct canvas *c, struct rect r);
    bool (*on_key)(struct ui *u, const struct key *k); /* NULL: only scrolls */
    int (*wants)(struct ui *u,
                 int cols); /* rows it would like; NULL: as many as there are */
};
extern const struct view view_map, view_charts, view_logs, view_traces, view_changes,
    view_people;
const struct view *ui_view(enum view_id id);
/* The legend: what a column of charts so wide stands for, what the dotted lines
 * mean. */
const char *charts_legend(struct ui *u, int cols);
/* Up, down, pages, ends on vs->sel or, when that is -1, vs->top. */
bool view_scroll(struct view_state *vs, const struct key *k);
/* Keeps sel inside and on the page; call when drawing. */
void view_clamp(struct view_state *vs, int count, int page);

/* ---- plot.c ---------------------------------------------------------------------- */

struct plot {
    const char *title;  /* "orders-db  CPU" */
    const char *value;  /* "now 97 %", right of it; NULL: none */
    struct scale scale; /* how values are written */
    double top;         /* of the axis, as written; it begins at 0 */
    const struct curve_slot
        *v[BLOCK_SERIES_MAX]; /* n each. [0] is filled, the others are lines */
    enum tone tone[BLOCK_SERIES_MAX];
    const char *name[BLOCK_SERIES_MAX]; /* for more than one */
    size_t nseries, n;
    sim_time from, to, day_start;
    const sim_time *marks;
    size_t nmarks;
    int cursor; /* column from the right; -1 none */
    bool selected, braille;
};
void plot_draw(struct canvas *c, struct rect r, const struct plot *p);
void plot_times(struct canvas *c, struct rect body, const struct plot *p);
int plot_columns(int cols); /* columns left for values in a rectangle so wide */
/* The scene that all facts of a session are read off. */
struct scene ui_scene(const struct session_view *v);

/* ---- mouse.c --------------------------------------------------------------------- */

enum spot_kind { SPOT_TAB, SPOT_PANEL, SPOT_CONSOLE, SPOT_LESSON };
/* A place on the last frame that takes the mouse. */
struct spot {
    enum spot_kind kind;
    int which; /* tab and panel: its view; lesson: its index */
    struct rect r;
};
/* Called while drawing; what is noted later lies above. */
void spot_note(struct ui *u, enum spot_kind kind, int which, struct rect r);
enum want mouse_key(struct ui *u, const struct key *k);

/* ---- the screen ------------------------------------------------------------------ */

enum overlay {
    OVER_NONE,
    OVER_HELP,
    OVER_PALETTE,
    OVER_CONFIRM,
    OVER_CHOOSE,
    OVER_WORDS
};
enum ask { ASK_NONE, ASK_LINE, ASK_RESET, ASK_RESTART };

/* A candidate for Charts, in a fixed order; `moved` says which come first. */
struct chart {
    struct curve curve;
    double moved;
    bool first; /* of the table: the users' own */
};
#define CHARTS_MAX 96

/* A way to go on from the list. */
struct way {
    char text[100];
    enum want want; /* WANT_NOTHING: the lesson's endings are offered instead */
    unsigned number;
};
#define CHOICES_MAX 24

struct ui {
    struct ui_options o;
    char *program;             /* owned; never NULL */
    struct ui_lesson *lessons; /* array owned, strings borrowed */
    size_t nlessons;
    struct session *s; /* borrowed; NULL: the start screen */

    /* start screen */
    int pick, list_top;
    bool finding;
    struct buf find;
    const char *wanted;
    unsigned wanted_number;
    bool drawn_night; /* a night that was drawn blind is begun */
    struct way choices[CHOICES_MAX];
    size_t nchoices;
    int choice; /* the selected one */
    char choices_title[80];

    /* cockpit */
    bool at_panel; /* focus: panels; else the console */
    enum view_id tab;
    bool zoom;
    struct view_state vs[VIEW_COUNT];
    struct editor ed;
    bool big;      /* the console may grow for the last answer (until Esc) */
    bool scrolled; /* the transcript does not follow its end */
    bool fresh;    /* the last answer was not laid out yet */
    size_t anchor; /* byte of the transcript at the console's top row */
    size_t said_from, said_to;      /* bytes of the last answer, its echo included */
    int console_rows, console_cols; /* transcript rows at the last layout */
    int briefing_top;

    /* charts */
    struct chart charts[CHARTS_MAX];
    size_t ncharts;
    size_t charts_step;  /* the step they were ranked for; SIZE_MAX: never */
    size_t charts_known; /* how many components were known then */

    /* overlays */
    enum overlay over;
    enum ask ask;
    struct buf asked;  /* the line that waits for a yes */
    struct buf queued; /* pasted lines that wait for the one before them */
    char answer[4];    /* typed so far: a beginning of "yes" */
    int over_top;      /* the first row shown */
    int over_letter;   /* of the words: gone to at the next drawing; 0: none */
    struct buf palette;
    int palette_pick;
    struct buf notice;

    /* debrief */
    struct report report;
    bool have_report, report_failed, report_announced;
    bool report_early;   /* some of it is still being worked out */
    struct canvas *page; /* the report at this width; NULL: draw it */
    int page_rows, page_top;
    struct errmsg report_why;

    struct spot spots[64]; /* of the last frame */
    size_t nspots;

    unsigned chosen; /* views the learner has opened: only those count as looked at */
    enum view_id drawing; /* the view being drawn */
    struct buf shown;     /* subjects of this frame, each ended by NUL */
    struct arena frame;   /* until the next frame */
    size_t read_lines;    /* of the transcript, when a key was pressed last */
    sim_time idle;        /* real time since then */
    size_t rung;          /* pages that a frame has flashed for */
    bool flash;           /* frames are that, until the next tick */
    bool bell;            /* and nobody has rung for it yet */
    bool dirty;
    uint64_t drawn; /* the session's version at the last frame */
};

void ui_show_tab(struct ui *u, int id); /* any number: they go round */
void ui_show(struct ui *u, const char *fmt, ...) PRINTF_LIKE(2, 3);
unsigned ui_where(const struct ui *u);
const struct session_view *ui_view_of(const struct ui *u); /* NULL: no session */
bool ui_has_word(const char *text, const char *word);      /* case-blind, for finding */

/* Guided: something was said, and no key was pressed since. */
bool ui_unread(const struct ui *u);
/* A line is half typed, and somebody is still at it. */
bool ui_typing(const struct ui *u);
/* Runs the binding of a key there, if it has any. */
enum want ui_act(struct ui *u, unsigned where, const struct key *k);

/* ---- the start screen and the briefing (start.c, briefing.c) --------------------- */

/* choose.c: what can be done with the selected lesson */
void choose_on_call(struct ui *u);
void choose_again(struct ui *u); /* a lesson that was won */
void choose_ending(struct ui *u);
void choose_draw(struct ui *u, struct canvas *c);
enum want choose_key(struct ui *u, const struct key *k);

bool start_won(const struct ui_lesson *l); /* guided */
void start_draw(struct ui *u, struct canvas *c);
bool start_find_key(struct ui *u, const struct key *k); /* while words are typed */
void start_scroll(struct ui *u, const struct key *k);
void start_pick_first(struct ui *u);

void briefing_draw(struct ui *u, struct canvas *c);
void briefing_scroll(struct ui *u, const struct key *k);

/* ---- the cockpit (cockpit.c, header.c, steps.c) ---------------------------------- */

void cockpit_draw(struct ui *u, struct canvas *c);
enum want cockpit_key(struct ui *u, const struct key *k);
void header_draw(struct ui *u, struct canvas *c, int row);
void tabs_draw(struct ui *u, struct canvas *c, int row);
int step_rows(struct ui *u, int cols); /* rows the step panel needs, without its rule */
void step_draw(struct ui *u, struct canvas *c, struct rect r);
void notes_draw(struct ui *u, struct canvas *c, struct rect r);

/* ---- the console (console_panel.c) ----------------------------------------------- */

void console_draw(struct ui *u, struct canvas *c, struct rect r);
int console_wants(struct ui *u, int cols); /* rows, rule and input included */
void console_scroll(struct ui *u, int pages);
void console_scroll_rows(struct ui *u, int by); /* < 0: back */
void console_submit(struct ui *u);
/* Runs the next of the lines that were pasted together, if the last one is done. */
void console_go_on(struct ui *u);
bool console_owes(const struct ui *u); /* console_go_on() would run one */
void console_drop_queue(struct ui *u); /* none of them runs; what is left goes back
                                            * to where it can be seen or found */
void console_send(struct ui *u, const char *line); /* sends the line as if typed */
void ui_ask(struct ui *u, enum ask what);          /* the question before a risk */
void console_confirmed(struct ui *u);              /* u->asked, which got its yes */

/* ---- the debrief (debrief.c) ----------------------------------------------------- */

void debrief_draw(struct ui *u, struct canvas *c);
void debrief_scroll(struct ui *u, const struct key *k);
bool debrief_at_end(const struct ui *u);
void debrief_forget(struct ui *u);
void debrief_go_on(struct ui *u, uint64_t max_events, bool *more);

/* ---- what lies above the screen (overlay.c) -------------------------------------- */

void help_draw(struct ui *u, struct canvas *c);
void palette_draw(struct ui *u, struct canvas *c);
void confirm_draw(struct ui *u, struct canvas *c);
void notice_draw(struct ui *u, struct canvas *c);
void small_draw(struct ui *u, struct canvas *c);
enum want overlay_key(struct ui *u, const struct key *k);
/* A frame of at most so many rows and columns in the middle, and the room in a frame. */
struct rect over_rect(const struct canvas *c, int rows, int cols);
struct rect over_inside(struct rect r);

/* ---- the words of the course (words.c) ------------------------------------------- */

void words_draw(struct ui *u, struct canvas *c);
/* Goes to the first word of a letter; false: the key is none. */
bool words_key(struct ui *u, const struct key *k);

#endif
