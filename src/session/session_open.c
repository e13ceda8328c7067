/*
 * Opening a session: the night that a seed builds, run up to the page, and a tape played again
 * on it; and freeing one.
 */
#include "ahead.h"
#include "quiet.h"
#include "session_internal.h"
#include "sheet.h"
#include "twin.h"

#include <string.h>

static bool seen_in_step(const void *ctx, const char *subject)
{
    const struct session *s = ctx;
    return strings_has(&s->seen, subject);
}

static void session_init(struct session *s, const struct session_options *o)
{
    s->seed = o->seed;
    s->mode = o->mode;
    s->spoken = o->spoken;
    s->ascii = o->ascii;
    s->columns = o->columns ? o->columns : 78;
    s->speed = 1;
    buf_init(&s->tape, 0);
    transcript_init(&s->transcript);
}

/* The night has come to its page. */
static enum err arrive(struct session *s, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    s->run.ctx = s;
    s->run.seen = seen_in_step;
    s->run.on_second = session_on_second;
    s->run.step_started = li->starts_at;
    s->began[0] = li->starts_at;
    s->target = li->starts_at;
    people_introduce(s);
    people_begin(s);
    mark_push(s);
    tape_header(s);
    session_touch(s);
    return run_fork(&s->begin, &s->run, why);
}

/* The system has run for a while before anybody is paged. */
enum err session_come(struct session *s, uint64_t *left, struct errmsg *why)
{
    if (s->failed.text[0] != '\0')
        *why = s->failed;
    if (!s->opening || s->failed.text[0] != '\0')
        return s->opening ? ERR_LESSON : ERR_OK;
    enum err e =
        run_advance(&s->run, lesson_info(s->lesson)->starts_at, left, NULL, why);
    if (e == ERR_STOPPED)
        return e;
    if (e == ERR_OK)
        e = arrive(s, why);
    if (e != ERR_OK)
        s->failed = *why;
    s->opening = e != ERR_OK;
    return e;
}

/* A drawn night may be quiet; where no night of a lesson can be, it is the incident's. The
 * alert that fires for nothing is on both. */
static struct stage *night_of(struct session *s, const struct session_options *o,
                              struct errmsg *why)
{
    struct errmsg no = {0};
    bool drawn = s->mode == MODE_BLIND && quiet_drawn(s->seed);
    struct stage *g = drawn || o->quiet
                          ? quiet_stage(s->lesson, s->seed, o->quiet ? why : &no)
                          : NULL;
    s->quiet = g || lesson_info(s->lesson)->quiet;
    if (g || o->quiet)
        return g;
    return s->mode == MODE_BLIND ? stage_night(s->lesson, s->seed, NIGHT_NOISY, 0, why)
                                 : stage_new(s->lesson, s->seed, why);
}

static enum err open_run(struct session *s, const struct session_options *o,
                         const struct run *page, struct errmsg *why)
{
    if (page) {
        s->quiet = o->quiet || lesson_info(s->lesson)->quiet;
        return run_fork(&s->run, page, why);
    }
    struct stage *g = night_of(s, o, why);
    if (!g)
        return ERR_LESSON;
    enum err e = run_open(&s->run, g, s->seed, why);
    stage_unref(g);
    return e;
}

static enum err session_load(struct session *s, const struct session_options *o,
                             const struct run *page, struct errmsg *why)
{
    enum err e = ERR_OK;
    if (o->lesson)
        s->lesson = lesson_ref(o->lesson);
    else if (o->draft)
        e = lesson_load_draft(&s->lesson, o->text, o->len, o->name, why);
    else
        e = lesson_load(&s->lesson, o->text, o->len, o->name, why);
    if (e == ERR_OK)
        e = open_run(s, o, page, why);
    if (e == ERR_OK && o->twin)
        e = run_fork(&s->twin.run, o->twin, why);
    if (e != ERR_OK)
        return e;
    lesson_identity(s->lesson, &s->run.stage->lw, s->identity);
    s->run.effort = o->effort;
    s->status = mem_array(lesson_steps(s->lesson) + 1, sizeof *s->status);
    s->began = mem_array(lesson_steps(s->lesson) + 1, sizeof *s->began);
    s->trapped_at = mem_array(lesson_traps(s->lesson) + 1, sizeof *s->trapped_at);
    for (size_t i = 0; i < lesson_traps(s->lesson); i++)
        s->trapped_at[i] = SIM_FOREVER;
    s->opening = true;
    return ERR_OK;
}

/* A page that can be shown before the night has come to it. */
static bool may_be_early(const struct session_options *o)
{
    return o->early && !o->tape && o->mode != MODE_BLIND;
}

enum err session_open_at(struct session **out, const struct session_options *o,
                         const struct run *page, struct errmsg *why)
{
    struct session *s = mem_alloc(sizeof *s);
    session_init(s, o);
    enum err e = session_load(s, o, page, why);
    if (e == ERR_OK && !may_be_early(o))
        e = session_come(s, NULL, why);
    if (e == ERR_OK && o->tape)
        e = tape_replay(s, o->tape, o->tape_len, o->bad_line, why);
    if (e != ERR_OK) {
        session_free(s);
        s = NULL;
    }
    *out = s;
    return e;
}

enum err session_open(struct session **out, const struct session_options *o,
                      struct errmsg *why)
{
    return session_open_at(out, o, NULL, why);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    marks_release(s);
    form_close(s);
    branch_release(&s->first);
    rivals_release(&s->rivals);
    ahead_release(&s->ahead);
    run_release(&s->begin);
    run_release(&s->fork);
    run_release(&s->run);
    twin_release(&s->twin);
    lesson_unref(s->lesson);
    for (size_t i = 0; i < s->nnotes; i++)
        mem_free(s->notes[i].text);
    mem_free(s->notes);
    mem_free(s->note_views);
    sheet_release(s);
    mem_free(s->saids);
    mem_free(s->forecasts);
    mem_free(s->status);
    mem_free(s->began);
    mem_free(s->trapped_at);
    mem_free(s->actions);
    mem_free(s->feedback);
    mem_free(s->confirm);
    mem_free(s->say);
    mem_free(s->hint);
    mem_free(s->claimed);
    strings_release(&s->seen);
    strings_release(&s->seen_ever);
    mem_free(s->known);
    people_release(&s->people);
    arena_release(&s->bystander_mem);
    strings_release(&s->words);
    buf_release(&s->tape);
    out_release(&s->transcript);
    mem_free(s);
}
