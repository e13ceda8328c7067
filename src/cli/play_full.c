/*
 * Playing on a screen: keys and time to the worker, frames from it.
 *
 * One loop, strictly: wait for a key or for the next tick, ask the worker, write the
 * tape down (the client calls play_tape() before an answer comes back here), paint.
 */
#include "play_full.h"

#include <string.h>

#define TICK_MS      250   /* four frames a second for a living chart */
#define FAST_TICK_MS 100   /* while a wait runs */
#define SLICE_EVENTS 20000 /* about 10 ms of simulation: how long a key may wait */
#define ELAPSED_MAX  SIM_SEC

/* ---- the loop -------------------------------------------------------------------- */

static void send_keys(struct full *f, const struct term_event *first)
{
    struct key keys[AHEAD_MAX];
    size_t n = 0;
    keys[n++] = first->key;
    if (!f->line_stays)
        f->line[0] = '\0';
    /* A paste arrives as one piece and is sent as one. */
    while (n < AHEAD_MAX && keys[n - 1].kind == KEY_PASTE_CHAR) {
        struct term_event e = term_wait(f->term, 0);
        if (e.kind != TERM_KEY) {
            f->resized = f->resized || e.kind == TERM_RESIZE;
            if (e.kind == TERM_LEAVE)
                full_leave_by(f, &e);
            break;
        }
        keys[n++] = e.key;
    }
    full_ask(f, &(struct wire_request){.op = WIRE_KEYS, .keys = keys, .nkeys = n});
    if (full_is_interrupt(&first->key) && f->a.want == WANT_LEAVE)
        f->interrupted = true;
}

static void send_tick(struct full *f, sim_time elapsed)
{
    bool hurry = f->a.more && term_now(f->term) - f->last_paint < FAST_TICK_MS * SIM_MS;
    struct wire_request q = {.op = WIRE_TICK,
                             .elapsed = elapsed > ELAPSED_MAX ? ELAPSED_MAX : elapsed,
                             .max_events = SLICE_EVENTS,
                             .no_frame = hurry};
    /* An answer without a frame, and nothing more to come: a frame is needed after
     * all. */
    if (full_ask(f, &q) && hurry && !f->a.more) {
        q.elapsed = 0;
        q.no_frame = false;
        full_ask(f, &q);
    }
}

/* How long to wait for a key before the next tick; -1: time stands still. */
static int patience(struct full *f)
{
    sim_time now = term_now(f->term);
    if (f->a.more)
        return 0;
    if (!f->a.ticking) {
        f->last_tick = now;
        return store_trouble(f->p->store) ? 5000 : -1;
    }
    sim_time due = f->last_tick + (f->a.fast ? FAST_TICK_MS : TICK_MS) * SIM_MS;
    return due <= now ? 0 : (int)((due - now + SIM_MS - 1) / SIM_MS);
}

static void tick_if_due(struct full *f)
{
    if (f->leave || !(f->a.more || f->a.ticking))
        return;
    sim_time elapsed = f->a.ticking ? term_now(f->term) - f->last_tick : 0;
    if (!f->a.more && elapsed < (f->a.fast ? FAST_TICK_MS : TICK_MS) * SIM_MS)
        return;
    f->last_tick += elapsed;
    send_tick(f, elapsed);
}

static struct term_event next_event(struct full *f)
{
    if (f->resized) /* while a worker did not answer, before the keys typed then */
        return (struct term_event){.kind = TERM_RESIZE};
    if (f->nahead > 0 && !f->holds) {
        struct term_event e = {.kind = TERM_KEY, .key = f->ahead[0]};
        memmove(f->ahead, f->ahead + 1, --f->nahead * sizeof *f->ahead);
        return e;
    }
    struct term_event e = term_wait(f->term, patience(f));
    if (!f->holds || e.kind != TERM_KEY || full_is_interrupt(&e.key))
        return e;
    if (f->nahead < AHEAD_MAX)
        f->ahead[f->nahead++] = e.key;
    return (struct term_event){.kind = TERM_NOTHING};
}

static void retry_disk(struct full *f)
{
    if (!store_trouble(f->p->store))
        return;
    if (f->p->tape)
        tape_retry(f->p->tape);
    store_retry(f->p->store);
    full_paint(f);
}

static void loop(struct full *f)
{
    while (!f->leave) {
        struct term_event e = next_event(f);
        if (e.kind == TERM_LEAVE)
            full_leave_by(f, &e);
        else if (e.kind == TERM_KEY)
            send_keys(f, &e);
        else if (e.kind == TERM_RESIZE)
            f->resized = true;
        else
            retry_disk(f);
        f->keyed = e.kind == TERM_KEY;
        if (f->leave)
            break;
        if (f->resized)
            full_send_size(f);
        full_do_want(f);
        tick_if_due(f);
        if (f->a.opening && f->a.err != ERR_OK)
            full_open_failed(f);
        full_tell_said(f);
        full_tell_news(f);
    }
}

/* ---- starting -------------------------------------------------------------------- */

static enum err open_term(struct full *f, struct errmsg *why)
{
    const struct cli_args *a = f->p->args;
    const char *file = a->options[OPT_SCRIPT], *size = a->options[OPT_SIZE];
    const int *set = f->p->config->value;
    struct term_options o = {.theme = (enum theme)set[SET_THEME],
                             .ground = (enum ground)set[SET_BACKGROUND],
                             .mouse = set[SET_MOUSE] != 0,
                             .test_sync = option_given(a, OPT_TEST_SYNC),
                             .dump = option_given(a, OPT_DUMP),
                             .print = print_raw,
                             .name = file,
                             .rows = 24,
                             .cols = 80};
    if (size && !term_size_parse(size, &o.rows, &o.cols))
        return errmsg_set(why, ERR_INPUT, "--size wants COLSxROWS, as 80x24, not '%s'",
                          size);
    if (!file)
        return term_curses_open(&f->term, &o, why);
    struct buf script;
    buf_init(&script, LESSON_MAX_BYTES);
    enum err e = file_read(file, LESSON_MAX_BYTES, &script, why);
    o.script = script.s;
    if (e == ERR_OK)
        e = term_script_open(&f->term, &o, why);
    buf_release(&script);
    return e;
}

/* The last word, on the screen as it was before. */
static void say_farewell(const struct full *f)
{
    bool open = !f->home && f->p->tape && !f->p->opening && f->p->run.finished == 0;
    if (open && !f->gone && f->p->status == LEAVE_OK && !store_trouble(f->p->store) &&
        !option_given(f->p->args, OPT_SCRIPT))
        print("Saved. Go on where you were with: %s\n", command("", NULL).s);
}

int play_full(struct play *p, const char *lesson)
{
    struct errmsg why = {0};
    struct full f = {.p = p};
    enum err e = open_term(&f, &why);
    if (e != ERR_OK) {
        if (e == ERR_REFUSED)
            complain("%s; this works on any: %s", why.text,
                     command("play --plain", lesson).s);
        else
            complain("%s", why.text);
        return e == ERR_REFUSED ? LEAVE_TERMINAL : LEAVE_USAGE;
    }
    p->client =
        wire_client_new(&(struct wire_client_options){.jail = p->jail,
                                                      .tape = full_on_tape,
                                                      .waiting = full_on_waiting,
                                                      .said = full_on_said,
                                                      .ctx = &f});
    p->given = lesson && !lesson_id_valid(lesson);
    if (p->draws)
        full_go_blind(&f);
    else if (lesson)
        full_go_lesson(&f, lesson);
    else
        full_go_home(&f, NULL);
    full_tell_news(&f);
    if (p->config->ntroubles > 0 && !f.leave)
        full_notice(&f, p->config->troubles.s);
    loop(&f);
    term_close(f.term);
    say_farewell(&f);
    if (f.interrupted && p->status == LEAVE_OK)
        p->status = LEAVE_INTERRUPTED;
    canvas_free(f.canvas);
    canvas_free(f.over);
    wire_answer_release(&f.a);
    return p->status;
}
