/*
 * The views that are lists: what components log, what was changed and which alerts
 * fired, what people wrote. Newest last and in sight, until the learner scrolls up.
 */
#include "ui_internal.h"

#include <stdio.h>
#include <string.h>

static void clock_at(char out[16], const struct session_view *v, sim_time t)
{
    struct buf b;
    buf_init(&b, 16);
    clock_text(&b, v, t, true);
    snprintf(out, 16, "%s", b.s);
    buf_release(&b);
}

/* A list that follows its end: vs->top counts rows hidden below. Returns the first row
 * to draw. */
static int follow_end(struct view_state *vs, int count, int page)
{
    vs->count = count;
    vs->page = page;
    int most = count > page ? count - page : 0;
    if (vs->top > most)
        vs->top = most;
    return most - vs->top;
}

static bool end_key(struct ui *u, const struct key *k)
{
    struct view_state *vs = &u->vs[u->tab];
    struct view_state turned = *vs;
    turned.sel = -1;
    turned.top = vs->count - vs->page - vs->top;
    if (!view_scroll(&turned, k))
        return false;
    vs->top = vs->count - vs->page - turned.top;
    if (vs->top < 0)
        vs->top = 0;
    return true;
}

/* ---- logs ------------------------------------------------------------------------ */

#define LOGS_MAX 2000

static const struct {
    const char *word;
    enum tone tone;
} levels[] = {{"debug", TONE_DIM},
              {"info ", TONE_DIM},
              {"WARN ", TONE_WARN},
              {"ERROR", TONE_BAD}};

enum { LOGS_ORDINARY, LOGS_LOUD, LOGS_DEBUG, LOGS_KINDS };
static const struct {
    enum log_level least;
    const char *label; /* NULL: needs no saying */
} log_kinds[LOGS_KINDS] = {
    [LOGS_ORDINARY] = {LOG_INFO, NULL},
    [LOGS_LOUD] = {LOG_WARN, "only warn and error"},
    [LOGS_DEBUG] = {LOG_DEBUG, "debug lines too"},
};

static size_t matching_logs(struct ui *u, const struct session_view *v,
                            struct log_entry **out)
{
    const struct model *m = world_model(v->world);
    const char *find = u->vs[VIEW_LOGS].find;
    struct log_filter f = {.comp = COMP_NONE,
                           .min_level = log_kinds[u->vs[VIEW_LOGS].scale].least,
                           .from = -1,
                           .to = v->now};
    *out = arena_alloc(&u->frame, LOGS_MAX * sizeof **out);
    size_t n = recording_logs(v->rec, &f, *out, LOGS_MAX), kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct log_entry *e = &(*out)[i];
        if (ui_has_word(e->text, find) || ui_has_word(model_name(m, e->comp), find) ||
            ui_has_word(levels[e->level].word, find))
            (*out)[kept++] = *e;
    }
    return kept;
}

static void draw_log(struct ui *u, struct canvas *c, struct rect r,
                     const struct log_entry *e)
{
    const struct session_view *v = ui_view_of(u);
    const char *name = model_name(world_model(v->world), e->comp);
    char at[16], who[48];
    clock_at(at, v, e->at);
    if (e->instance > 0)
        snprintf(who, sizeof who, "%s-%d", name, e->instance);
    else
        snprintf(who, sizeof who, "%s", name);
    canvas_text(c, r.row, r.col, 8, TONE_DIM, at);
    canvas_text(c, r.row, r.col + 9, 5, levels[e->level].tone, levels[e->level].word);
    draw_clipped(c, r.row, r.col + 15, 14, TONE_ACCENT, who);
    int used = draw_clipped(c, r.row, r.col + 30, r.cols - 30, TONE_NORMAL, e->text);
    if (e->dropped > 0)
        canvas_printf(c, r.row, r.col + 32 + used, r.cols - 32 - used, TONE_DIM,
                      "(+%u alike)", e->dropped);
    ui_show(u, "%s", name);
    ui_show(u, "%s:logs", name);
}

static void logs_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    struct view_state *vs = &u->vs[VIEW_LOGS];
    struct log_entry *logs;
    size_t n = matching_logs(u, v, &logs);
    bool finds = u->finding || vs->find[0];
    const char *label = log_kinds[vs->scale].label;
    struct rect list = {r.row + (label ? 1 : 0), r.col,
                        r.rows - finds - (label ? 1 : 0), r.cols};
    if (label)
        draw_right(c, r.row, r.col, r.cols, TONE_DIM, label);
    int first = follow_end(vs, (int)n, list.rows);
    for (int i = 0; i < list.rows && first + i < (int)n; i++)
        draw_log(u, c, (struct rect){list.row + i, r.col, 1, r.cols}, &logs[first + i]);
    if (n == 0)
        canvas_text(c, list.row, r.col, r.cols, TONE_DIM,
                    vs->find[0]              ? "No line has that in it."
                    : vs->scale == LOGS_LOUD ? "No warn or error has been logged."
                                             : "Nothing has been logged.");
    if (finds) {
        int used = canvas_printf(c, r.row + r.rows - 1, r.col, r.cols, TONE_PROMPT,
                                 "/%s", vs->find);
        const char *how =
            u->finding ? "Enter keeps it, Esc shows all" : "Esc shows all";
        canvas_text(c, r.row + r.rows - 1, r.col + used + 3, r.cols - used - 3,
                    vs->find_cut ? TONE_WARN : TONE_DIM, vs->find_cut ? TEXT_CUT : how);
        if (u->finding) {
            c->cursor_row = r.row + r.rows - 1;
            c->cursor_col = r.col + used;
        }
    }
    if (vs->top > 0)
        canvas_printf(c, r.row + list.rows - 1, r.col + r.cols - 16, 16, TONE_WARN,
                      " ▼ %d newer ", vs->top);
}

static bool logs_key(struct ui *u, const struct key *k)
{
    struct view_state *vs = &u->vs[VIEW_LOGS];
    if (k->kind != KEY_CHAR || k->ctrl || k->alt || k->cp != 'e')
        return end_key(u, k);
    vs->scale = (vs->scale + 1) % LOGS_KINDS;
    vs->top = 0;
    return true;
}

const struct view view_logs = {
    .name = "Logs",
    .key = '3',
    .about = "What the components write, the newest last, and a line for requests that "
             "ended. Of lines alike a few a second are shown, the rest is counted.",
    .hint = "arrows: read back  e: which",
    .draw = logs_draw,
    .on_key = logs_key,
};

/* ---- changes and alerts ---------------------------------------------------------- */

static int alert_row(struct ui *u, struct canvas *c, int row, struct rect r,
                     struct alert a)
{
    const struct session_view *v = ui_view_of(u);
    char at[16], until[16] = "";
    bool fires = a.until == SIM_FOREVER;
    clock_at(at, v, a.since);
    canvas_text(c, row, r.col, 8, TONE_DIM, at);
    canvas_printf(c, row, r.col + 9, 9, fires ? TONE_BAD : TONE_DIM, "%s %s",
                  fires ? sign_alert(u->o.glyphs) : " ", fires ? "ALERT" : "alert");
    int n = draw_clipped(c, row, r.col + 18, r.cols - 40,
                         fires ? TONE_STRONG : TONE_DIM, a.rule->name);
    if (!fires) {
        clock_at(until, v, a.until);
        canvas_printf(c, row, r.col + 20 + n, 24, TONE_DIM, "over at %s", until);
    } else {
        canvas_text(c, row, r.col + 20 + n, 24, TONE_BAD, "firing");
    }
    return 1;
}

static void change_row(struct ui *u, struct canvas *c, int row, struct rect r,
                       const struct change *ch)
{
    const struct session_view *v = ui_view_of(u);
    char at[16];
    clock_at(at, v, ch->at);
    bool mine = str_eq(ch->who, "you");
    canvas_text(c, row, r.col, 8, TONE_DIM, at);
    canvas_printf(c, row, r.col + 9, 8, TONE_DIM, "#%u", ch->id);
    draw_clipped(c, row, r.col + 18, 14, mine ? TONE_ACCENT : TONE_NORMAL, ch->who);
    draw_clipped(c, row, r.col + 33, r.cols - 33, TONE_NORMAL, ch->title);
}

/* Changes and alerts in one order of time. */
static void changes_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    size_t nc = recording_changes(v->rec), na = recording_alerts(v->rec), i = 0, j = 0;
    int first = follow_end(&u->vs[VIEW_CHANGES], (int)(nc + na), r.rows), at = 0;
    if (nc + na == 0)
        canvas_text(c, r.row, r.col, r.cols, TONE_DIM,
                    "Nobody has changed anything, and no alert has fired.");
    while (i < nc || j < na) {
        bool change = j == na || (i < nc && recording_change(v->rec, i)->at <=
                                                recording_alert(v->rec, j).since);
        int row = at++ - first;
        bool shown = row >= 0 && row < r.rows;
        if (shown && change)
            change_row(u, c, r.row + row, r, recording_change(v->rec, i));
        else if (shown)
            alert_row(u, c, r.row + row, r, recording_alert(v->rec, j));
        if (change)
            i++;
        else
            j++;
    }
    ui_show(u, "changes");
    ui_show(u, "alerts");
}

const struct view view_changes = {
    .name = "Changes",
    .key = '5',
    .about = "What people and robots changed, what you did, and alerts.",
    .hint = "arrows: read back",
    .draw = changes_draw,
    .on_key = end_key,
};

/* ---- people ---------------------------------------------------------------------- */

static int ticket_rows(struct canvas *c, struct rect r, int row,
                       const struct session_view *v, const struct ticket *t)
{
    char at[16], who[80];
    clock_at(at, v, t->at);
    at[5] = '\0';
    snprintf(who, sizeof who, "%s  %s%s", at, t->page ? "PAGE  " : "", t->who);
    if (c && row >= 0 && row < r.rows)
        draw_clipped(c, r.row + row, r.col, r.cols, t->page ? TONE_BAD : TONE_ACCENT,
                     who);
    struct rect text = {r.row + row + 1, r.col + 7, r.rows - row - 1, r.cols - 7};
    int skip = row + 1 < 0 ? -(row + 1) : 0;
    text.row += skip;
    text.rows -= skip;
    return 1 + draw_wrapped(text.rows > 0 ? c : NULL, text, TONE_NORMAL, t->text, skip);
}

/* Tickets, and what was told to people, in one order of time. */
static int people_at(struct canvas *c, struct rect r, int from,
                     const struct session_view *v)
{
    int row = from;
    size_t j = 0;
    for (size_t i = 0; i <= v->ntickets; i++) {
        sim_time until = i < v->ntickets ? v->tickets[i].at : SIM_FOREVER;
        for (; j < v->nnotes && v->notes[j].at < until; j++) {
            const struct note_view *n = &v->notes[j];
            struct ticket said = {n->at, note_tells(n->kind), n->text, false};
            if (n->kind == NOTE_UPDATE)
                row += ticket_rows(c, r, row, v, &said);
        }
        if (i < v->ntickets)
            row += ticket_rows(c, r, row, v, &v->tickets[i]);
    }
    return row - from;
}

static void people_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    int all = people_at(NULL, r, 0, v);
    int first = follow_end(&u->vs[VIEW_PEOPLE], all, r.rows);
    if (all == 0)
        canvas_text(c, r.row, r.col, r.cols, TONE_DIM, "Nobody has written yet.");
    people_at(c, r, -first, v);
    if (first > 0) { /* the top row's author cannot be seen any more */
        canvas_fill(c, (struct rect){r.row, r.col, 1, r.cols}, TONE_NORMAL, ' ');
        draw_right(c, r.row, r.col, r.cols, TONE_DIM, "▲ earlier");
    }
    if (v->ntickets > 0)
        ui_show(u, "tickets");
}

const struct view view_people = {
    .name = "People",
    .key = '6',
    .about = "What people write to you, and what you told them with say.",
    .hint = "arrows: read back",
    .draw = people_draw,
    .on_key = end_key,
};
