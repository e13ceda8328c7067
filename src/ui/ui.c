/*
 * The screen as a whole: which face is up (the list, the page, the cockpit, the
 * debrief, an overlay on any of them), where a key goes, and when a frame is due. It
 * draws only when a key or the session changed something: a paused screen costs
 * nothing.
 *
 * Time stands still while the learner types a line or reads an overlay (guided mode):
 * then the elapsed time is simply not handed on.
 */
#include "ui_internal.h"

#include <stdio.h>
#include <string.h>

static const struct view *const views[VIEW_COUNT] = {
    &view_map, &view_charts, &view_logs, &view_traces, &view_changes, &view_people,
};

const struct view *ui_view(enum view_id id)
{
    return views[id];
}

const struct session_view *ui_view_of(const struct ui *u)
{
    return u->s ? session_view(u->s) : NULL;
}

static void complete_line(void *ctx, const char *line, size_t cursor,
                          struct completions *out)
{
    session_complete(((struct ui *)ctx)->s, line, cursor, out);
}

struct ui *ui_new(const struct ui_options *o)
{
    struct ui *u = mem_alloc(sizeof *u);
    u->o = *o;
    u->program = mem_strdup(o->program ? o->program : "truecode");
    u->o.program = u->program;
    buf_init(&u->find, 40);
    buf_init(&u->asked, EDITOR_LINE);
    buf_init(&u->palette, 40);
    buf_init(&u->notice, 1000);
    buf_init(&u->shown, 64 * 1024);
    buf_init(&u->queued, EDITOR_LINE);
    editor_init(&u->ed, complete_line, u);
    u->dirty = true;
    return u;
}

void ui_free(struct ui *u)
{
    if (!u)
        return;
    debrief_forget(u);
    mem_free(u->program);
    mem_free(u->lessons);
    buf_release(&u->find);
    buf_release(&u->asked);
    buf_release(&u->queued);
    buf_release(&u->palette);
    buf_release(&u->notice);
    buf_release(&u->shown);
    arena_release(&u->frame);
    editor_release(&u->ed);
    mem_free(u);
}

void ui_catalogue(struct ui *u, const struct ui_lesson *lessons, size_t n)
{
    const char *was = u->lessons && u->pick >= 0 && (size_t)u->pick < u->nlessons
                          ? u->lessons[u->pick].id
                          : NULL;
    struct ui_lesson *copy = mem_array(n ? n : 1, sizeof *copy);
    if (n > 0)
        memcpy(copy, lessons, n * sizeof *copy);
    int again = -1;
    for (size_t i = 0; was && i < n; i++)
        if (str_eq(copy[i].id, was))
            again = (int)i;
    mem_free(u->lessons);
    u->lessons = copy;
    u->nlessons = n;
    start_pick_first(u);
    if (again >= 0 && !copy[u->pick].saved && copy[again].best < 0)
        u->pick = again;
    u->wanted = NULL;
    u->wanted_number = 0;
    u->over = OVER_NONE;
    u->dirty = true;
}

void ui_session(struct ui *u, struct session *s)
{
    debrief_forget(u);
    u->s = s;
    u->over = OVER_NONE;
    u->at_panel = u->zoom = u->big = u->scrolled = false;
    u->tab = VIEW_MAP;
    u->chosen = 0;
    u->finding = false;
    u->briefing_top = 0;
    u->rung = s ? session_view(s)->pages : 0;
    u->flash = u->bell = false;
    u->read_lines = s ? session_view(s)->transcript->lines : 0;
    u->charts_step = SIZE_MAX;
    u->said_from = u->said_to = 0;
    u->console_cols = 0;
    u->ncharts = 0;
    u->drawn = 0;
    memset(u->vs, 0, sizeof u->vs);
    for (int i = 0; i < VIEW_COUNT; i++)
        u->vs[i].sel = u->vs[i].cursor = -1;
    u->vs[VIEW_CHARTS].scale = 1; /* ten minutes */
    editor_set(&u->ed, "");
    buf_reset(&u->queued);
    u->dirty = true;
}

void ui_resize(struct ui *u, int rows, int cols)
{
    u->o.rows = rows;
    u->o.cols = cols;
    canvas_free(u->page);
    u->page = NULL;
    u->dirty = true;
}

const char *ui_wanted_lesson(const struct ui *u)
{
    return u->wanted;
}

unsigned ui_wanted_number(const struct ui *u)
{
    return u->wanted_number;
}

void ui_drawn(struct ui *u, bool begun)
{
    u->drawn_night = begun;
    u->dirty = true;
}

void ui_notice(struct ui *u, const char *text)
{
    buf_reset(&u->notice);
    text_clean(&u->notice, text, strlen(text), true);
    u->dirty = true;
}

unsigned ui_where(const struct ui *u)
{
    const struct session_view *v = ui_view_of(u);
    if (!v)
        return AT_START;
    if (v->phase == PHASE_BRIEFING)
        return AT_BRIEFING;
    if (v->phase == PHASE_DEBRIEF)
        return AT_DEBRIEF;
    return u->at_panel ? AT_PANEL : AT_CONSOLE;
}

/* ---- what is seen ---------------------------------------------------------------- */

/* A panel that stands on a large screen uninvited is not yet looked at: else a step
 * that asks to look would be over before it was read. */
void ui_show(struct ui *u, const char *fmt, ...)
{
    char subject[120];
    va_list ap;
    if (!(u->chosen & 1u << u->drawing))
        return;
    va_start(ap, fmt);
    vsnprintf(subject, sizeof subject, fmt, ap);
    va_end(ap);
    buf_add(&u->shown, subject, strlen(subject) + 1);
}

static void tell_seen(struct ui *u)
{
    const struct session_view *v = ui_view_of(u);
    if (v && v->phase == PHASE_PLAY && u->over == OVER_NONE && u->notice.len == 0)
        for (size_t at = 0; at < u->shown.len; at += strlen(u->shown.s + at) + 1)
            session_seen(u->s, u->shown.s + at);
    buf_reset(&u->shown);
}

/* ---- drawing --------------------------------------------------------------------- */

static bool too_small(const struct ui *u)
{
    return u->o.rows < SCREEN_ROWS_LEAST || u->o.cols < SCREEN_COLS_LEAST;
}

static void draw_face(struct ui *u, struct canvas *c)
{
    switch (ui_where(u)) {
    case AT_START:
        start_draw(u, c);
        break;
    case AT_BRIEFING:
        briefing_draw(u, c);
        break;
    case AT_DEBRIEF:
        debrief_draw(u, c);
        break;
    default:
        cockpit_draw(u, c);
        break;
    }
    if (u->over == OVER_HELP)
        help_draw(u, c);
    else if (u->over == OVER_PALETTE)
        palette_draw(u, c);
    else if (u->over == OVER_CONFIRM)
        confirm_draw(u, c);
    else if (u->over == OVER_CHOOSE)
        choose_draw(u, c);
    else if (u->over == OVER_WORDS)
        words_draw(u, c);
    if (u->notice.len > 0)
        notice_draw(u, c);
}

/* The pager rang since the last frame: this one flashes, and whoever takes it rings. */
static void take_pages(struct ui *u)
{
    size_t pages = u->s ? session_view(u->s)->pages : 0;
    bool reads = u->s && session_view(u->s)->phase == PHASE_BRIEFING;
    if (pages > u->rung && !reads) /* the front rang for the page that is read */
        u->flash = u->bell = true;
    u->rung = pages;
}

bool ui_flashes(const struct ui *u)
{
    return u->flash;
}

bool ui_take_bell(struct ui *u)
{
    bool rings = u->bell;
    u->bell = false;
    return rings;
}

void ui_draw(struct ui *u, struct canvas *c)
{
    canvas_clear(c);
    take_pages(u);
    arena_release(&u->frame);
    u->nspots = 0;
    if (too_small(u))
        small_draw(u, c);
    else
        draw_face(u, c);
    if (u->o.glyphs == GLYPHS_ASCII)
        canvas_to_ascii(c);
    u->dirty = false;
    u->drawn = u->s ? session_view(u->s)->version : 0;
    tell_seen(u); /* may finish a step: then the next frame is due at once */
}

bool ui_dirty(const struct ui *u)
{
    return u->dirty || (u->s && session_view(u->s)->version != u->drawn);
}

/* ---- time ------------------------------------------------------------------------ */

/* A half-typed line holds the clock for so long. */
#define TYPING (60 * SIM_SEC)

bool ui_unread(const struct ui *u)
{
    const struct session_view *v = ui_view_of(u);
    return v && v->mode == MODE_GUIDED && v->phase == PHASE_PLAY &&
           v->hold == HOLD_NONE && v->transcript->lines != u->read_lines;
}

bool ui_typing(const struct ui *u)
{
    return (u->ed.text.len > 0 || u->ed.searching) && u->idle < TYPING;
}

/* A line is being typed, an overlay or an answer is read, or nothing can be seen. */
static bool stands_still(const struct ui *u, const struct session_view *v)
{
    if (too_small(u))
        return true;
    bool busy = ui_typing(u) || u->over != OVER_NONE || u->notice.len > 0 ||
                v->feedback || ui_unread(u);
    return v->mode == MODE_GUIDED && v->hold != HOLD_WAITING && busy;
}

void ui_tick(struct ui *u, sim_time elapsed, uint64_t max_events, bool *more)
{
    struct errmsg why = {0};
    const struct session_view *v = ui_view_of(u);
    *more = false;
    if (!v)
        return;
    if (v->phase == PHASE_DEBRIEF) {
        debrief_go_on(u, max_events, more);
        *more |= u->report_early;
        return;
    }
    bool typed = ui_typing(u);
    u->idle += elapsed;
    u->dirty |= u->flash || typed != ui_typing(u);
    u->flash = u->flash && elapsed == 0;
    if (stands_still(u, v))
        elapsed = 0;
    if (session_tick(u->s, elapsed, max_events, more, &why) != ERR_OK && why.text[0]) {
        ui_notice(u, why.text);
        *more = false;
    }
    console_go_on(u);
}

bool ui_owes(const struct ui *u)
{
    return u->s && console_owes(u);
}

/* ---- keys ------------------------------------------------------------------------ */

static bool types(const struct ui *u, const struct key *k)
{
    return ui_where(u) == AT_CONSOLE && u->over == OVER_NONE && key_types(k);
}

/* Alt with a key that has no such meaning here is nothing, not the key without. */
static bool means_nothing(const struct ui *u, const struct key *k)
{
    bool at_line = ui_where(u) == AT_CONSOLE && u->over == OVER_NONE;
    return k->alt && !(at_line && editor_binding_find(k));
}

enum want ui_act(struct ui *u, unsigned where, const struct key *k)
{
    const struct binding *b = binding_find(where, k);
    return b ? b->run(u, k) : WANT_NOTHING;
}

/* Works in whatever is open, and closes nothing. */
static bool works_everywhere(const struct ui *u, const struct key *k)
{
    const struct binding *b = binding_find(ui_where(u), k);
    return b && b->where == AT_ANY;
}

enum want ui_key(struct ui *u, const struct key *k)
{
    if (means_nothing(u, k))
        return WANT_NOTHING;
    u->dirty = true;
    u->flash = false;
    u->idle = 0;
    if (u->s)
        u->read_lines = session_view(u->s)->transcript->lines;
    if (works_everywhere(u, k))
        return ui_act(u, ui_where(u), k);
    if (u->notice.len > 0) {
        buf_reset(&u->notice);
        if (!types(u, k)) /* somebody typing loses no letter to it */
            return WANT_NOTHING;
    }
    if (too_small(u))
        return k->kind == KEY_CHAR && !k->ctrl && k->cp == 'q' ? WANT_LEAVE
                                                               : WANT_NOTHING;
    if (k->kind == KEY_CLICK || k->kind == KEY_WHEEL_UP || k->kind == KEY_WHEEL_DOWN)
        return mouse_key(u, k);
    if (u->over != OVER_NONE)
        return overlay_key(u, k);
    if (ui_where(u) & AT_PLAY)
        return cockpit_key(u, k);
    if (ui_where(u) == AT_START && u->finding && start_find_key(u, k))
        return WANT_NOTHING;
    return ui_act(u, ui_where(u), k);
}
