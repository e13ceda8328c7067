/*
 * A night drawn blind: the seed decides among the lessons that were finished, and with it
 * the night. Who has the same finished lessons and gives the same seed has the same night.
 */
#include "cli_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void date_text(char *to, size_t size, int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    to[0] = '\0';
    if (localtime_r(&t, &tm))
        strftime(to, size, "%Y-%m-%d %H:%M", &tm);
}

/* The drawn run that was left goes on, with its own seed. */
static enum err go_on(struct play *p, const struct store_run *run,
                      char word[STORE_ID_MAX], struct errmsg *why)
{
    if (p->seed_given && p->seed != run->seed)
        return errmsg_set(
            why, ERR_INPUT,
            "a drawn night is going on, seed %" PRIu64
            ". Leave out --seed to go on with it, or add --new to draw another",
            run->seed);
    snprintf(word, STORE_ID_MAX, "%s", run->id);
    p->seed_given = p->mode_given = false;
    return ERR_OK;
}

/* Chooses among the finished ids by the seed; NULL: none is finished. */
static const char *draw(const struct play *p, char *const *ids, size_t n, uint64_t seed)
{
    const char *finished[LESSONS_MAX];
    uint32_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (store_finished(p->store, ids[i]))
            finished[m++] = ids[i];
    if (m == 0)
        return NULL;
    struct rng rng;
    rng_seed(&rng, seed, "drawn lesson");
    return finished[rng_below(&rng, m)];
}

static enum err draw_anew(struct play *p, char word[STORE_ID_MAX], struct errmsg *why)
{
    struct buf dir;
    char *ids[LESSONS_MAX];
    buf_init(&dir, 4096);
    enum err e = lessons_dir(&dir, why);
    size_t n = e == ERR_OK ? lesson_ids(dir.s, ids) : 0;
    uint64_t seed = p->seed_given ? p->seed : fresh_seed();
    const char *id = draw(p, ids, n, seed);
    if (e == ERR_OK && !id)
        e = errmsg_set(
            why, ERR_INPUT,
            "a night is drawn among the lessons that you finished, and there "
            "is none yet; begin with: %s",
            command("", NULL).s);
    if (e == ERR_OK)
        snprintf(word, STORE_ID_MAX, "%s", id);
    p->seed = seed;
    p->seed_given = true;
    p->anew = true;
    for (size_t i = 0; i < n; i++)
        mem_free(ids[i]);
    buf_release(&dir);
    return e;
}

enum err play_draw(struct play *p, char word[STORE_ID_MAX], struct errmsg *why)
{
    const struct store_run *run = p->anew ? NULL : store_drawn(p->store);
    return run ? go_on(p, run, word, why) : draw_anew(p, word, why);
}

enum err play_open_drawn(struct play *p, struct wire_request *q, struct wire_answer *a,
                         struct buf *note, struct errmsg *why)
{
    char word[STORE_ID_MAX];
    enum play_mode mode = p->mode;
    enum err e = play_draw(p, word, why);
    p->draws = false;
    p->mode = MODE_BLIND;
    if (e == ERR_OK)
        e = play_open(p, word, q, a, note, why);
    p->mode = mode;
    return e;
}

struct command play_goes_on(const struct play *p)
{
    return p->run.mode == MODE_BLIND ? command("on-call", NULL)
                                     : command("play", p->run.lesson);
}
