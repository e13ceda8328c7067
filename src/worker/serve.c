/*
 * The worker's loop: read a request, do it, answer. Everything it knows lives in
 * `struct server`; a session is opened once, and its screen or plain face stands on it.
 *
 * The order within an answer matters only to the front (tape before frame); here each
 * answer is gathered from what the session and the screen say after the request.
 */
#include "worker_internal.h"

#include <assert.h>
#include <string.h>

#define REPORT_MAX (64u << 20) /* of a lab, in all its pieces */

void serve_error(struct wire_answer *a, enum err e, const struct errmsg *why)
{
    a->err = e;
    a->error = arena_strdup(&a->mem, why->text[0] != '\0' ? why->text : err_phrase(e));
}

/* ---- what every answer tells ----------------------------------------------------- */

static void send_answer(struct server *s, const struct wire_answer *a)
{
    buf_reset(&s->message);
    s->message.full = false;
    wire_put_answer(&s->message, a);
    if (s->message.full) {
        const struct wire_answer too_long = {.err = ERR_LIMIT,
                                             .error = "the answer grew too long"};
        buf_reset(&s->message);
        s->message.full = false;
        wire_put_answer(&s->message, &too_long);
    }
    if (!wire_write(s->out, &s->message))
        die("the front is gone");
}

/* The score costs two more runs of the lesson: it is worked out in the first tick after
 * the end, when the learner already reads the debrief. */
static void tell_score(struct server *s, struct wire_answer *a)
{
    struct errmsg why = {0};
    struct report report = {0};
    enum err e = session_report_early(s->session, &report, &why);
    s->scored = true;
    if (e == ERR_OK) {
        a->scored = true;
        a->score = report.score;
    }
    report_release(&report);
}

/* Whether a session that was opened early is there yet. */
static void tell_opening(const struct session_view *v, struct wire_answer *a)
{
    struct errmsg why = {0};
    if (v->failed && a->err == ERR_OK)
        serve_error(a, errmsg_set(&why, ERR_LESSON, "%s", v->failed), &why);
    a->opening = v->opened < 1;
    a->done = a->opening ? (unsigned)(v->opened * 100) : a->done;
}

static void tell_session(struct server *s, struct wire_answer *a)
{
    if (!s->session)
        return;
    const struct session_view *v = session_view(s->session);
    const struct lesson_info *info = lesson_info(v->lesson);
    s->over = v->phase == PHASE_DEBRIEF;
    a->over = s->over;
    tell_opening(v, a);
    a->ticking |= v->hold == HOLD_NONE || v->hold == HOLD_WAITING;
    a->fast = v->hold == HOLD_WAITING;
    a->lesson = info->id;
    a->title = info->title;
    a->hash = lesson_hash(v->lesson);
    a->seed = v->seed;
    a->now = v->now;
    a->step = v->step;
    a->nsteps = v->nsteps;
    a->practice = v->practice;
}

/* Last of all: drawing tapes what was seen. */
static void tell_tape(struct server *s, struct wire_answer *a)
{
    buf_reset(&s->tape);
    if (s->session)
        session_take_tape(s->session, &s->tape);
    a->tape = s->tape.s;
    a->tape_len = s->tape.len;
}

static void tell_frame(struct server *s, struct wire_answer *a)
{
    if (s->prompt && s->next) {
        serve_draw_prompt(s, a);
        return;
    }
    if (!s->ui || !s->next || (s->shown && !ui_dirty(s->ui)))
        return;
    /* A view that is seen may finish a step: the frame is old before it is sent. */
    for (int i = 0; i == 0 || (i < 3 && ui_dirty(s->ui)); i++)
        ui_draw(s->ui, s->next);
    wire_frame_diff(&a->frame, s->shown, s->next, &a->mem);
    a->bell = ui_take_bell(s->ui);
    a->ticking |= ui_flashes(s->ui);
}

/* The frame was sent: it is what the front has now. */
static void keep_frame(struct server *s)
{
    struct canvas *c = s->shown;
    s->shown = s->next;
    s->next = c ? c : canvas_new(s->shown->rows, s->shown->cols);
}

void serve_drop_canvases(struct server *s)
{
    canvas_free(s->shown);
    canvas_free(s->next);
    s->shown = s->next = NULL;
}

/* ---- the requests ---------------------------------------------------------------- */

static void make_screen(struct server *s, const struct wire_request *q)
{
    serve_drop_canvases(s);
    ui_free(s->ui);
    s->ui = NULL;
    if (q->rows == 0)
        return;
    s->ui = ui_new(
        &(struct ui_options){.rows = q->rows,
                             .cols = q->cols,
                             .glyphs = q->glyphs,
                             .mono = q->mono,
                             .program = q->program[0] != '\0' ? q->program : NULL});
    s->next = canvas_new(q->rows, q->cols);
}

static struct ui_ending *endings_of(const struct wire_lesson *f, struct arena *mem)
{
    size_t n = f ? f->nendings : 0;
    struct ui_ending *list = arena_alloc(mem, (n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct ui_ending){.when = arena_strdup(mem, f->endings[i].when),
                                     .mode = f->endings[i].mode,
                                     .outcome = f->endings[i].outcome,
                                     .score = f->endings[i].score};
    return list;
}

/* The start screen's lessons: what the files say and what the front knows of them. */
static void show_catalogue(struct server *s, const struct wire_card *cards, size_t n,
                           const struct wire_request *q)
{
    struct ui_lesson *l = arena_alloc(&s->keep, (n + 1) * sizeof *l);
    for (size_t i = 0; i < n; i++) {
        const struct wire_card *c = &cards[i];
        const struct wire_lesson *f = card_file(q, c->id);
        struct ui_ending *ends = endings_of(f, &s->keep);
        l[i] = (struct ui_lesson){.id = c->id,
                                  .title = c->title,
                                  .track = c->track,
                                  .summary = c->summary,
                                  .post = c->post,
                                  .asks = c->asks,
                                  .why = c->why,
                                  .teaches = c->teaches,
                                  .terms = card_terms(c, &s->keep),
                                  .nterms = c->nterms,
                                  .minutes = c->minutes,
                                  .level = c->level,
                                  .best = f ? f->best : -1,
                                  .outcome = f ? f->outcome : OUTCOME_LOST,
                                  .saved = f && f->saved,
                                  .stopped = f && f->stopped,
                                  .broken = c->broken[0] != '\0' ? c->broken : NULL,
                                  .alone = f && f->alone,
                                  .best_alone = f ? f->best_alone : 0,
                                  .outcome_alone = f ? f->outcome_alone : OUTCOME_LOST,
                                  .endings = ends,
                                  .nendings = f ? f->nendings : 0};
    }
    ui_catalogue(s->ui, l, n);
    ui_drawn(s->ui, q->drawn);
}

static void do_catalogue(struct server *s, const struct wire_request *q,
                         struct wire_answer *a)
{
    struct wire_card *cards = NULL;
    size_t n = cards_load(q, &cards, &s->keep);
    a->cards = s->cards = cards;
    a->ncards = s->ncards = n;
    if (q->face == WIRE_PLAIN) {
        serve_make_prompt(s, q);
        a->prompt = serve_asks(s);
    } else {
        make_screen(s, q);
    }
    if (s->ui)
        show_catalogue(s, cards, n, q);
}

/* Answers with the words of what can be read; a course.lua that is not there is not
 * missed. */
static void do_words(struct server *s, const struct wire_request *q,
                     struct wire_answer *a)
{
    struct errmsg why = {0};
    struct wire_card *cards = NULL;
    struct wire_request catalogue = *q;
    catalogue.line = "";
    size_t n = cards_load(&catalogue, &cards, &s->keep);
    enum err e = cards_words(cards, n, q->line, &s->text, &s->keep, &why);
    if (e != ERR_OK)
        serve_error(a, e, &why);
}

static void open_face(struct server *s, const struct wire_request *q,
                      struct wire_answer *a)
{
    if (q->speed > 0)
        session_set_speed(s->session, q->speed);
    if (q->face == WIRE_PLAIN) {
        s->plain = plain_new(s->session);
        plain_start(s->plain, &s->text);
        serve_make_prompt(s, q);
        a->prompt = serve_asks(s);
        return;
    }
    make_screen(s, q);
    if (s->ui)
        ui_session(s->ui, s->session);
}

static void do_open(struct server *s, const struct wire_request *q,
                    struct wire_answer *a)
{
    struct errmsg why = {0};
    if (s->session || s->ui) {
        serve_error(a, ERR_REFUSED, &why);
        return;
    }
    struct session_options o = {
        .text = q->text,
        .len = q->len,
        .name = q->name,
        .seed = q->seed,
        .mode = q->mode,
        .tape = q->tape_len > 0 ? q->tape : NULL,
        .tape_len = q->tape_len,
        .bad_line = &a->bad_line,
        .spoken = q->face == WIRE_PLAIN,
        .ascii = q->glyphs == GLYPHS_ASCII,
        .draft = q->draft,
        .early = q->early,
        .columns = q->face == WIRE_FULL && q->cols > 4 ? q->cols - 2 : 0};
    enum err e = session_open(&s->session, &o, &why);
    if (e != ERR_OK) {
        s->session = NULL;
        serve_error(a, e, &why);
        return;
    }
    a->digest = session_digest(s->session);
    open_face(s, q, a);
}

static void do_keys(struct server *s, const struct wire_request *q,
                    struct wire_answer *a)
{
    if (s->prompt)
        serve_prompt_keys(s, q, a);
    if (!s->ui)
        return;
    for (size_t i = 0; i < q->nkeys && a->want == WANT_NOTHING; i++)
        a->want = ui_key(s->ui, &q->keys[i]);
    if (a->want == WANT_NOTHING && s->session && session_view(s->session)->reset)
        a->want = WANT_RESTART;
    if (a->want == WANT_OPEN || a->want == WANT_ON_CALL || a->want == WANT_DEBRIEF ||
        (a->want == WANT_RESTART && !s->session))
        a->want_lesson = ui_wanted_lesson(s->ui);
    a->want_number = ui_wanted_number(s->ui);
}

static void do_resize(struct server *s, const struct wire_request *q,
                      struct wire_answer *a)
{
    (void)a;
    if ((!s->ui && !s->prompt) || q->rows == 0)
        return;
    serve_drop_canvases(s);
    if (s->ui)
        ui_resize(s->ui, q->rows, q->cols);
    s->next = canvas_new(q->rows, q->cols);
}

static void do_tick(struct server *s, const struct wire_request *q,
                    struct wire_answer *a)
{
    if (s->ui)
        ui_tick(s->ui, q->elapsed, q->max_events, &a->more);
    if (s->session && s->over && !s->scored && (!a->more || session_scored(s->session)))
        tell_score(s, a);
}

static void do_report(struct server *s, const struct wire_request *q,
                      struct wire_answer *a)
{
    (void)q;
    struct errmsg why = {0};
    struct report report = {0};
    if (!s->session) {
        serve_error(a, ERR_REFUSED, &why);
        return;
    }
    enum err e = session_post_mortem(s->session, &report, &why);
    if (e == ERR_OK) {
        report_markdown(&report, &s->text);
        a->scored = true;
        a->score = report.score;
        a->digest = session_digest(s->session);
    } else {
        serve_error(a, e, &why);
    }
    report_release(&report);
}

static void do_notice(struct server *s, const struct wire_request *q,
                      struct wire_answer *a)
{
    (void)a;
    if (s->ui)
        ui_notice(s->ui, q->line);
}

/* Loads a lesson, builds its world for some seeds and tries what it holds for later: what
 * `check` says of a file. Without seeds it is loaded alone. */
static void do_validate(struct server *s, const struct wire_request *q,
                        struct wire_answer *a)
{
    struct errmsg why = {0};
    struct lesson *l = NULL;
    enum err e = q->draft ? lesson_load_draft(&l, q->text, q->len, q->name, &why)
                          : lesson_load(&l, q->text, q->len, q->name, &why);
    for (unsigned i = 0; e == ERR_OK && i < q->count; i++) {
        struct lesson_world w = {0};
        e = lesson_build(l, q->seed + i, &w, &why);
        if (e == ERR_OK)
            lesson_world_release(&w);
        else
            errmsg_prefix(&why, "seed %llu: ", (unsigned long long)(q->seed + i));
    }
    if (e == ERR_OK && q->count > 0)
        e = lesson_check(l, q->seed, &s->text, &why);
    if (e == ERR_OK && s->text.len > 0) /* the text goes with the answer */
        e = errmsg_set(&why, ERR_LESSON, "there is something to mend");
    if (e == ERR_OK) {
        a->cards = arena_alloc(&s->keep, sizeof *a->cards);
        *a->cards =
            (struct wire_card){.id = arena_strdup(&s->keep, lesson_info(l)->id)};
        card_tell(a->cards, l, &s->keep);
        a->ncards = 1;
    } else {
        serve_error(a, e, &why);
    }
    lesson_unref(l);
}

static bool prove_progress(void *ctx, unsigned done, unsigned all)
{
    struct wire_answer a = {.kind = WIRE_PROGRESS, .done = done, .all = all};
    send_answer(ctx, &a);
    return true;
}

static void do_prove(struct server *s, const struct wire_request *q,
                     struct wire_answer *a)
{
    struct errmsg why = {0};
    const struct prove_options o = {.text = q->text,
                                    .len = q->len,
                                    .name = q->name,
                                    .first = q->first_seed,
                                    .seed = q->seed,
                                    .count = q->count,
                                    .only = q->line};
    enum err e = prove_lesson(&a->proof, &o, prove_progress, s, &why);
    if (e != ERR_OK)
        serve_error(a, e, &why);
}

static void do_players(struct server *s, const struct wire_request *q,
                       struct wire_answer *a)
{
    struct errmsg why = {0};
    const struct session_options o = {
        .text = q->text, .len = q->len, .name = q->name, .seed = q->seed};
    enum err e = players_play(&a->players, &o, q->count, prove_progress, s, &why);
    if (e != ERR_OK)
        serve_error(a, e, &why);
}

/* ---- the lab --------------------------------------------------------------------- */

#define PIECE_MAX (1u << 20)

static void do_lab(struct server *s, const struct wire_request *q,
                   struct wire_answer *a)
{
    struct errmsg why = {0};
    experiment_free(s->lab);
    s->lab = NULL;
    buf_reset(&s->report);
    enum err e = experiment_open(&s->lab,
                                 &(struct experiment_options){.text = q->text,
                                                              .len = q->len,
                                                              .name = q->name,
                                                              .seed = q->seed,
                                                              .replications = q->count,
                                                              .until = q->until},
                                 &why);
    if (e != ERR_OK)
        serve_error(a, e, &why);
}

static void do_lab_run(struct server *s, const struct wire_request *q,
                       struct wire_answer *a)
{
    struct errmsg why = {0};
    if (!s->lab) {
        serve_error(a, ERR_REFUSED, &why);
        return;
    }
    enum err e = experiment_run(s->lab, q->max_events, &a->more, &why);
    if (e != ERR_OK)
        serve_error(a, e, &why);
    a->all = 1000;
    a->done = (unsigned)(experiment_done(s->lab) * a->all);
    a->events = experiment_events(s->lab);
}

/* The length of a piece of the report that fits a message; whole lines. */
static size_t piece_of(const struct buf *b, size_t at)
{
    assert(at <= b->len);
    size_t n = b->len - at < PIECE_MAX ? b->len - at : PIECE_MAX;
    while (at + n < b->len && n > 1 && b->s[at + n - 1] != '\n')
        n--;
    return n;
}

static void do_lab_tell(struct server *s, const struct wire_request *q,
                        struct wire_answer *a)
{
    struct errmsg why = {0};
    if (!s->lab) {
        serve_error(a, ERR_REFUSED, &why);
        return;
    }
    if (q->count == 0) {
        experiment_stop(s->lab);
        buf_reset(&s->report);
        if (q->json)
            experiment_json(s->lab, &s->report);
        else
            experiment_text(s->lab, &s->report);
    }
    size_t at = 0;
    for (unsigned i = 0; i < q->count && at < s->report.len; i++)
        at += piece_of(&s->report, at);
    size_t n = piece_of(&s->report, at);
    buf_add(&s->text, s->report.s + at, n);
    a->more = at + n < s->report.len;
}

/* ---- request and answer ---------------------------------------------------------- */

typedef void deed(struct server *s, const struct wire_request *q,
                  struct wire_answer *a);

static deed *const deeds[] = {
    [WIRE_CATALOGUE] = do_catalogue,
    [WIRE_WORDS] = do_words,
    [WIRE_OPEN] = do_open,
    [WIRE_KEYS] = do_keys,
    [WIRE_RESIZE] = do_resize,
    [WIRE_LINE] = serve_line,
    [WIRE_TICK] = do_tick,
    [WIRE_PROVE] = do_prove,
    [WIRE_PLAYERS] = do_players,
    [WIRE_REPORT] = do_report,
    [WIRE_VALIDATE] = do_validate,
    [WIRE_NOTICE] = do_notice,
    [WIRE_LAB] = do_lab,
    [WIRE_LAB_RUN] = do_lab_run,
    [WIRE_LAB_TELL] = do_lab_tell,
};
_Static_assert(COUNT_OF(deeds) == WIRE_OPS, "a deed for each request");

static void answer(struct server *s, const struct wire_request *q)
{
    struct wire_answer a = {0};
    assert(q->op < WIRE_OPS && deeds[q->op]);
    buf_reset(&s->text);
    deeds[q->op](s, q, &a);
    a.text = s->text.s;
    if (!q->no_frame)
        tell_frame(s, &a);
    tell_session(s, &a);
    tell_tape(s, &a);
    if (s->over && !s->scored)
        a.more = true; /* the score is still owed: it comes with a later tick */
    if (s->ui && ui_owes(s->ui))
        a.more = true;
    if (s->ui && s->session && q->op != WIRE_TICK)
        a.more = true; /* the next tick tells: time to read is time to run ahead */
    send_answer(s, &a);
    if (a.frame.rows > 0)
        keep_frame(s);
    players_release(&a.players);
    proof_release(&a.proof);
    arena_release(&a.mem);
}

static void server_release(struct server *s)
{
    prompt_free(s->prompt);
    plain_free(s->plain);
    ui_free(s->ui);
    session_free(s->session);
    experiment_free(s->lab);
    buf_release(&s->report);
    serve_drop_canvases(s);
    arena_release(&s->keep);
    buf_release(&s->text);
    buf_release(&s->tape);
    buf_release(&s->message);
}

int worker_serve(int in, int out)
{
    struct server s = {.out = out};
    struct buf request;
    buf_init(&request, WIRE_MESSAGE_MAX);
    buf_init(&s.text, 0);
    buf_init(&s.report, REPORT_MAX);
    buf_init(&s.tape, TAPE_MAX_BYTES);
    buf_init(&s.message, WIRE_MESSAGE_MAX + 4);
    int status = 0;
    while (status == 0 && wire_read(in, &request)) {
        struct arena mem = {0};
        struct wire_request q;
        struct errmsg why = {0};
        if (wire_get_request(&q, &mem, request.s, request.len, &why) == ERR_OK)
            answer(&s, &q);
        else
            status = 2;
        arena_release(&mem);
    }
    buf_release(&request);
    server_release(&s);
    return status;
}
