/*
 * A copy of a session, to be played elsewhere: the prover tries every course from where its
 * own session stands. The copy borrows the words of tickets and hands nothing back; its
 * tape, transcript and score begin empty, and it may not be rewound or reported. The first
 * session has to outlive it.
 */
#include "session_internal.h"

#include <string.h>

static void *copy(const void *list, size_t n, size_t size)
{
    char *made = mem_array(n + 1, size);
    if (n > 0)
        memcpy(made, list, n * size);
    return made;
}

static void strings_copy(struct strings *to, const struct strings *from)
{
    *to = (struct strings){0};
    for (size_t i = 0; i < from->n; i++)
        strings_add(to, from->s[i]);
}

static void copy_lists(struct session *to, const struct session *s)
{
    size_t steps = lesson_steps(s->lesson) + 1, traps = lesson_traps(s->lesson);
    to->lesson = lesson_ref(s->lesson);
    to->status = copy(s->status, steps, sizeof *s->status);
    to->began = copy(s->began, steps, sizeof *s->began);
    to->trapped_at = copy(s->trapped_at, traps, sizeof *s->trapped_at);
    to->people = s->people;
    to->people.last = (struct told){0};
    to->people.inbox = copy(s->people.inbox, s->people.n, sizeof *s->people.inbox);
    to->people.letters =
        copy(s->people.letters, s->people.n, sizeof *s->people.letters);
    to->people.cap = s->people.n;
    to->forecasts = copy(s->forecasts, s->nforecasts, sizeof *s->forecasts);
    to->nforecasts = to->forecasts_cap = s->nforecasts;
    to->notes = copy(s->notes, s->nnotes, sizeof *s->notes);
    to->nnotes = to->notes_cap = s->nnotes;
    for (size_t i = 0; i < s->nnotes; i++)
        to->notes[i].text = mem_strdup(s->notes[i].text);
    strings_copy(&to->seen, &s->seen);
    strings_copy(&to->seen_ever, &s->seen_ever);
    memcpy(to->facts_seen, s->facts_seen, sizeof to->facts_seen);
    to->nfacts_seen = s->nfacts_seen;
}

enum err session_fork(struct session **out, const struct session *s, struct errmsg *why)
{
    struct session *to = mem_alloc(sizeof *to);
    to->onlooker = s->onlooker;
    to->seed = s->seed;
    to->mode = s->mode;
    to->quiet = s->quiet;
    to->columns = s->columns;
    to->phase = s->phase;
    to->speed = s->speed;
    to->target = s->target;
    to->step = s->step;
    to->moot = s->moot;
    to->tickets_read = s->tickets_read;
    to->chain = s->chain;
    to->taped_at = s->taped_at;
    buf_init(&to->tape, 0);
    transcript_init(&to->transcript);
    copy_lists(to, s);
    enum err e = run_fork(&to->run, &s->run, why);
    to->run.on_second = s->run.on_second;
    to->run.seen = s->run.seen;
    to->run.ctx = to;
    if (e != ERR_OK) {
        session_free(to);
        to = NULL;
    }
    *out = to;
    return e;
}
