/*
 * Actions of keys: one function for each that the table in keys.c names.
 */
#include "ui_internal.h"

/* ---- going somewhere ------------------------------------------------------------- */

static enum want open_lesson(struct ui *u, enum want how)
{
    if (u->pick < 0 || (size_t)u->pick >= u->nlessons)
        return WANT_NOTHING;
    const struct ui_lesson *l = &u->lessons[u->pick];
    if (l->broken) {
        ui_notice(u, l->broken);
        return WANT_NOTHING;
    }
    u->wanted = l->id;
    return how;
}

enum want ui_do_on_call(struct ui *u, const struct key *k)
{
    (void)k;
    choose_on_call(u);
    return WANT_NOTHING;
}

enum want ui_do_endings(struct ui *u, const struct key *k)
{
    (void)k;
    choose_ending(u);
    return WANT_NOTHING;
}

/* Asks how to go on where the lesson is won already. */
enum want ui_do_enter_list(struct ui *u, const struct key *k)
{
    (void)k;
    const struct ui_lesson *l =
        u->pick >= 0 && (size_t)u->pick < u->nlessons ? &u->lessons[u->pick] : NULL;
    if (!l || l->broken || l->saved || !start_won(l))
        return open_lesson(u, WANT_OPEN);
    choose_again(u);
    return WANT_NOTHING;
}

enum want ui_do_begin(struct ui *u, const struct key *k)
{
    (void)k;
    if (ui_view_of(u)->opened < 1) /* else the screen would stand still meanwhile */
        return WANT_ENTER;
    u->rung = ui_view_of(u)->pages; /* the front rang for the page that was read */
    session_read(u->s);
    return WANT_NOTHING;
}

static enum want back_in_panel(struct ui *u)
{
    struct view_state *vs = &u->vs[u->tab];
    if (vs->open)
        vs->open = false;
    else if (u->zoom)
        u->zoom = false;
    else if (vs->find[0])
        vs->find[0] = '\0';
    else
        u->at_panel = false;
    return WANT_NOTHING;
}

enum want ui_do_back(struct ui *u, const struct key *k)
{
    (void)k;
    switch (ui_where(u)) {
    case AT_START:
        buf_reset(&u->find);
        return WANT_NOTHING;
    case AT_CONSOLE:
        u->big = u->scrolled = false;
        u->at_panel = true;
        return WANT_NOTHING;
    case AT_PANEL:
        return back_in_panel(u);
    default:
        return WANT_HOME;
    }
}

enum want ui_do_leave(struct ui *u, const struct key *k)
{
    (void)k;
    if (ui_where(u) == AT_PANEL && u->vs[u->tab].open) {
        u->vs[u->tab].open = false; /* the panel's page is closed, not the program */
        return WANT_NOTHING;
    }
    return WANT_LEAVE;
}

enum want ui_do_to_console(struct ui *u, const struct key *k)
{
    (void)k;
    u->at_panel = u->zoom = false;
    return WANT_NOTHING;
}

enum want ui_do_to_console_reading(struct ui *u, const struct key *k)
{
    const struct session_view *v = ui_view_of(u);
    bool unread = v->feedback || v->hold == HOLD_READING;
    if (!v->feedback)
        ui_do_to_console(u, k);
    if (unread)
        session_read(u->s);
    return WANT_NOTHING;
}

void ui_show_tab(struct ui *u, int id)
{
    u->tab = (enum view_id)((id + VIEW_COUNT) % VIEW_COUNT);
    u->chosen |= 1u << u->tab;
    u->finding = false;
}

/* While a question is open a digit is an answer, wherever the keys go. */
enum want ui_do_tab(struct ui *u, const struct key *k)
{
    if (ui_view_of(u)->asking) {
        ui_do_to_console(u, k);
        editor_key(&u->ed, k);
        return WANT_NOTHING;
    }
    ui_show_tab(u, (int)(k->cp - '1'));
    return WANT_NOTHING;
}

enum want ui_do_next_tab(struct ui *u, const struct key *k)
{
    (void)k;
    ui_show_tab(u, (int)u->tab + 1);
    return WANT_NOTHING;
}

enum want ui_do_prev_tab(struct ui *u, const struct key *k)
{
    (void)k;
    ui_show_tab(u, (int)u->tab - 1);
    return WANT_NOTHING;
}

enum want ui_do_zoom(struct ui *u, const struct key *k)
{
    (void)k;
    u->zoom = !u->zoom;
    return WANT_NOTHING;
}

/* ---- moving and reading ---------------------------------------------------------- */

enum want ui_do_move(struct ui *u, const struct key *k)
{
    switch (ui_where(u)) {
    case AT_START:
        start_scroll(u, k);
        break;
    case AT_BRIEFING:
        briefing_scroll(u, k);
        break;
    case AT_DEBRIEF:
        debrief_scroll(u, k);
        break;
    default:
        view_scroll(&u->vs[u->tab], k);
        break;
    }
    return WANT_NOTHING;
}

/* Enter and Space in the debrief: a page on, and home from the last one. Before there
 * is a page the key was meant for the console. */
enum want ui_do_read_on(struct ui *u, const struct key *k)
{
    const struct key page = {.kind = KEY_PGDN};
    if (debrief_at_end(u))
        return k->kind == KEY_ENTER && (u->page || u->report_failed) ? WANT_HOME
                                                                     : WANT_NOTHING;
    if (u->page)
        debrief_scroll(u, &page);
    return WANT_NOTHING;
}

enum want ui_do_read_back(struct ui *u, const struct key *k)
{
    console_scroll(u, k->kind == KEY_PGUP ? -1 : 1);
    return WANT_NOTHING;
}

static enum want find(struct ui *u)
{
    u->finding = true;
    return WANT_NOTHING;
}

enum want ui_do_find(struct ui *u, const struct key *k)
{
    (void)k;
    return find(u);
}

enum want ui_do_find_logs(struct ui *u, const struct key *k)
{
    (void)k;
    if (u->tab != VIEW_LOGS)
        ui_show_tab(u, VIEW_LOGS);
    u->vs[VIEW_LOGS].find[0] = '\0';
    return find(u);
}

/* ---- the line -------------------------------------------------------------------- */

enum want ui_do_submit(struct ui *u, const struct key *k)
{
    if (u->ed.searching)
        editor_key(&u->ed, k);
    console_submit(u);
    return WANT_NOTHING;
}

enum want ui_do_complete(struct ui *u, const struct key *k)
{
    editor_key(&u->ed, k);
    return WANT_NOTHING;
}

/* ---- what lies over the screen --------------------------------------------------- */

static enum want open_over(struct ui *u, enum overlay what)
{
    u->over = what;
    u->over_top = 0;
    u->palette_pick = 0;
    buf_reset(&u->palette);
    return WANT_NOTHING;
}

enum want ui_do_help(struct ui *u, const struct key *k)
{
    (void)k;
    return open_over(u, OVER_HELP);
}

enum want ui_do_words(struct ui *u, const struct key *k)
{
    (void)k;
    return open_over(u, OVER_WORDS);
}

enum want ui_do_palette(struct ui *u, const struct key *k)
{
    (void)k;
    return open_over(u, OVER_PALETTE);
}

void ui_ask(struct ui *u, enum ask what)
{
    u->answer[0] = '\0';
    u->ask = what;
    u->over = OVER_CONFIRM;
}

enum want ui_do_reset(struct ui *u, const struct key *k)
{
    (void)k;
    ui_ask(u, ASK_RESET);
    return WANT_NOTHING;
}

enum want ui_do_reset_chosen(struct ui *u, const struct key *k)
{
    (void)k;
    if ((size_t)u->pick < u->nlessons && u->lessons[u->pick].saved)
        ui_ask(u, ASK_RESTART);
    return WANT_NOTHING;
}

enum want ui_do_theme(struct ui *u, const struct key *k)
{
    (void)u;
    (void)k;
    return WANT_THEME;
}

enum want ui_do_redraw(struct ui *u, const struct key *k)
{
    (void)u;
    (void)k;
    return WANT_REDRAW;
}

/* ---- the lesson and its clock ---------------------------------------------------- */

enum want ui_do_hint(struct ui *u, const struct key *k)
{
    (void)k;
    if (!ui_view_of(u)->feedback) /* the next step is not on the screen yet */
        console_send(u, "hint");
    return WANT_NOTHING;
}

enum want ui_do_pause(struct ui *u, const struct key *k)
{
    (void)k;
    session_pause(u->s, ui_view_of(u)->hold != HOLD_PAUSED);
    return WANT_NOTHING;
}

static enum want change_speed(struct ui *u, bool faster)
{
    const struct session_view *v = ui_view_of(u);
    static const double steps[] = {0.5, 1, 2, 4, 8, 16, 30, 60};
    size_t n = COUNT_OF(steps), i = 0;
    while (i + 1 < n && steps[i] < v->speed)
        i++;
    if (faster && i + 1 < n && steps[i] <= v->speed)
        i++;
    else if (!faster && i > 0)
        i--;
    session_set_speed(u->s, steps[i]);
    return WANT_NOTHING;
}

enum want ui_do_slower(struct ui *u, const struct key *k)
{
    (void)k;
    return change_speed(u, false);
}

enum want ui_do_faster(struct ui *u, const struct key *k)
{
    (void)k;
    return change_speed(u, true);
}

enum want ui_do_interrupt(struct ui *u, const struct key *k)
{
    (void)k;
    const struct session_view *v = ui_view_of(u);
    if (!v || v->hold != HOLD_WAITING)
        return WANT_LEAVE;
    console_drop_queue(u);
    session_interrupt(u->s);
    return WANT_NOTHING;
}
