/*
 * The mouse: where things are is noted while they are drawn, and a click or a turn of
 * the wheel goes to what it is over. Nothing needs it: whatever it does, keys do too.
 *
 * A click on a tab opens that panel, one in the panel or the console gives it the
 * focus, one in the list chooses an incident and the next one opens it. The wheel
 * scrolls what it is over, whatever has the focus.
 */
#include "ui_internal.h"

#define WHEEL_ROWS 3

void spot_note(struct ui *u, enum spot_kind kind, int which, struct rect r)
{
    if (u->nspots < COUNT_OF(u->spots))
        u->spots[u->nspots++] = (struct spot){kind, which, r};
}

/* The thing that was drawn there last; NULL: nothing that takes the mouse. */
static const struct spot *spot_at(const struct ui *u, int row, int col)
{
    for (size_t i = u->nspots; i > 0; i--) {
        const struct spot *s = &u->spots[i - 1];
        if (row >= s->r.row && row < s->r.row + s->r.rows && col >= s->r.col &&
            col < s->r.col + s->r.cols)
            return s;
    }
    return NULL;
}

static enum want click(struct ui *u, const struct spot *s)
{
    switch (s->kind) {
    case SPOT_TAB:
        ui_show_tab(u, s->which);
        u->at_panel = true;
        break;
    case SPOT_PANEL:
        u->at_panel = u->at_panel || s->which == (int)u->tab;
        break;
    case SPOT_CONSOLE:
        u->at_panel = false;
        break;
    case SPOT_LESSON:
        if (u->pick == s->which)
            return ui_act(u, AT_START, &(struct key){.kind = KEY_ENTER});
        u->pick = s->which;
        break;
    }
    return WANT_NOTHING;
}

static void turn_over_panel(struct ui *u, enum view_id id, const struct key *step)
{
    const struct view *w = ui_view(id);
    if (id == u->tab && w->on_key && w->on_key(u, step))
        return;
    for (int i = 0; i < WHEEL_ROWS; i++)
        view_scroll(&u->vs[id], step);
}

/* Where a page or a list fills the screen the wheel is the arrow keys. */
static enum want turn_page(struct ui *u, const struct key *step)
{
    int times = ui_where(u) == AT_START ? 1 : WHEEL_ROWS;
    for (int i = 0; i < times; i++)
        (void)ui_key(u, step);
    return WANT_NOTHING;
}

enum want mouse_key(struct ui *u, const struct key *k)
{
    struct key step = {.kind = k->kind == KEY_WHEEL_UP ? KEY_UP : KEY_DOWN};
    const struct spot *s = spot_at(u, k->row, k->col);
    bool play = (ui_where(u) & AT_PLAY) && u->over == OVER_NONE;
    if (k->kind == KEY_CLICK)
        return s && u->over == OVER_NONE ? click(u, s) : WANT_NOTHING;
    if (!play)
        return turn_page(u, &step);
    if (s && s->kind == SPOT_PANEL)
        turn_over_panel(u, (enum view_id)s->which, &step);
    else if (s && s->kind == SPOT_CONSOLE)
        console_scroll_rows(u, k->kind == KEY_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
    return WANT_NOTHING;
}
