/*
 * prove: every lesson over many seeds, in worker processes side by side.
 *
 * The seeds of a lesson are cut into chunks; a chunk is one PROVE request. Each worker
 * gets the next chunk when it is done with one, so two cores stay busy until the end.
 * Chunks are merged in their order, whichever is done first, so the table is the same
 * for any number of jobs.
 */
#include "cli_internal.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_MAX 64

struct subject { /* a lesson being proven */
    struct buf text, name;
    struct proof proof;
    struct players players;
};
struct chunk {
    size_t subject;
    uint64_t first;
    unsigned count, done;
    enum { WAITING, RUNNING, DONE } state;
    struct wire_answer a;
    struct errmsg why; /* set: the chunk itself failed */
    enum err err;
};
struct job {
    struct wire_worker *worker; /* NULL: none */
    struct chunk *chunk;        /* the chunk in work; NULL: idle */
};
struct proving {
    struct subject *subjects;
    size_t nsubjects, cap;
    struct chunk *chunks;
    size_t nchunks;
    struct job jobs[JOBS_MAX];
    size_t njobs;
    uint64_t first, all; /* seed; seeds, over all lessons */
    const char *only;    /* rows; "": all */
    uint64_t told;       /* tenths of the work, where lines tell of it */
    bool jail, tty;
    bool thoughtless; /* players instead of proofs */
    int status;       /* LEAVE_OK, or why some lessons cannot be proven */
};

/* ---- workers --------------------------------------------------------------------- */

static void end_chunk(struct job *j, enum err e)
{
    j->chunk->err = e;
    j->chunk->state = DONE;
    j->chunk->done = j->chunk->count;
    j->chunk = NULL;
    /* A fresh worker for each chunk: no lesson's proof depends on another's leftovers.
     */
    wire_worker_end(j->worker);
    j->worker = NULL;
}

static void give_work(struct proving *v, struct job *j)
{
    struct chunk *c = NULL;
    for (size_t i = 0; i < v->nchunks && !c; i++)
        if (v->chunks[i].state == WAITING)
            c = &v->chunks[i];
    if (!c)
        return;
    j->chunk = c;
    c->state = RUNNING;
    const struct subject *s = &v->subjects[c->subject];
    enum err e = wire_worker_start(&j->worker, v->jail, &c->why);
    if (e == ERR_OK)
        e = wire_worker_send(
            j->worker,
            &(struct wire_request){.op = v->thoughtless ? WIRE_PLAYERS : WIRE_PROVE,
                                   .name = s->name.s,
                                   .text = s->text.s,
                                   .len = s->text.len,
                                   .seed = c->first,
                                   .first_seed = v->first,
                                   .line = v->only,
                                   .count = c->count},
            &c->why);
    if (e != ERR_OK)
        end_chunk(j, e);
}

/* Seeds done; players count the runs of a seed, one after the other. */
static unsigned done_of(const struct chunk *c)
{
    uint64_t all = c->a.all > 0 ? c->a.all : 1;
    uint64_t done = (uint64_t)c->count * c->a.done / all;
    return done < c->count ? (unsigned)done : c->count;
}

/* A worker has something to say, perhaps several things. One that never ends is not
 * listened to any longer than somebody wants. */
static void listen_to(struct job *j)
{
    struct chunk *c = j->chunk;
    while (term_left_by() == 0) {
        enum err e = wire_worker_poll(j->worker, &c->a, &c->why);
        if (e == ERR_NOT_FOUND)
            return;
        if (e == ERR_OK && c->a.kind == WIRE_PROGRESS) {
            c->done = done_of(c);
            continue;
        }
        if (e == ERR_OK && c->a.err != ERR_OK)
            e = errmsg_set(&c->why, c->a.err, "%s", c->a.error);
        end_chunk(j, e);
        return;
    }
}

/* On a terminal a line that changes; in a pipe a line for each tenth of the work. */
static void show_progress(struct proving *v)
{
    uint64_t done = 0;
    double work = 0;
    char text[80];
    for (size_t i = 0; i < v->nchunks; i++) {
        const struct chunk *c = &v->chunks[i];
        double all = c->a.all > 0 ? c->a.all : 1;
        done += c->done;
        work += c->state == DONE ? c->count : c->count * (double)c->a.done / all;
    }
    unsigned percent = v->all > 0 ? (unsigned)(100 * work / (double)v->all) : 100;
    snprintf(text, sizeof text, "%s%s: %u %%, %llu of %llu seeds %s",
             v->tty ? "\r" : "", v->thoughtless ? "playing" : "proving", percent,
             (unsigned long long)done, (unsigned long long)v->all, v->tty ? "" : "\n");
    if (v->tty || percent / 10 > v->told)
        (void)term_write(STDERR_FILENO, text, strlen(text));
    v->told = percent / 10;
}

/* false: interrupted. */
static bool work(struct proving *v)
{
    for (;;) {
        struct pollfd p[JOBS_MAX];
        nfds_t n = 0;
        for (size_t i = 0; i < v->njobs; i++) {
            if (!v->jobs[i].chunk)
                give_work(v, &v->jobs[i]);
            if (v->jobs[i].chunk)
                p[n++] = (struct pollfd){.fd = wire_worker_fd(v->jobs[i].worker),
                                         .events = POLLIN};
        }
        if (n == 0)
            return true;
        show_progress(v);
        poll(p, n, 200);
        if (term_left_by() != 0)
            return false;
        for (size_t i = 0; i < v->njobs; i++)
            for (nfds_t k = 0; k < n && v->jobs[i].chunk; k++)
                if (p[k].revents != 0 && p[k].fd == wire_worker_fd(v->jobs[i].worker))
                    listen_to(&v->jobs[i]);
    }
}

/* ---- what is to be proven -------------------------------------------------------- */

static enum err add_subject(struct proving *v, const struct cli_args *a,
                            const char *word, struct errmsg *why)
{
    GROW(v->subjects, v->nsubjects, v->cap);
    struct subject *s = &v->subjects[v->nsubjects++];
    *s = (struct subject){0};
    buf_init(&s->text, LESSON_MAX_BYTES);
    buf_init(&s->name, 4096);
    return lesson_take(a, word, &s->text, &s->name, why);
}

/* All lessons of the course, in its order. */
static enum err add_course(struct proving *v, const struct cli_args *a,
                           struct errmsg *why)
{
    struct library l;
    struct wire_answer cards = {0};
    enum err e = library_read(&l, a, why);
    if (e != ERR_OK)
        return e;
    e = library_cards(&l, &(struct wire_client_options){.jail = v->jail}, &cards, why);
    library_release(&l);
    for (size_t i = 0; e == ERR_OK && i < cards.ncards; i++) {
        const struct wire_card *c = &cards.cards[i];
        if (c->broken[0] == '\0') {
            e = add_subject(v, a, c->id, why);
            continue;
        }
        complain("%s", c->broken); /* the others are proven */
        v->status = LEAVE_LESSON;
    }
    wire_answer_release(&cards);
    return e;
}

static void cut(struct proving *v, uint64_t first, unsigned seeds)
{
    /* Small enough that both cores end together, large enough to share what seeds
     * share. */
    unsigned size = seeds / (unsigned)(v->njobs * 4);
    size = size < 1 ? 1 : size > 25 ? 25 : size;
    size_t each = (seeds + size - 1) / size;
    v->chunks = mem_array(each * v->nsubjects + 1, sizeof *v->chunks);
    for (size_t s = 0; s < v->nsubjects; s++)
        for (unsigned at = 0; at < seeds; at += size)
            v->chunks[v->nchunks++] =
                (struct chunk){.subject = s,
                               .first = first + at,
                               .count = seeds - at < size ? seeds - at : size};
    v->all = (uint64_t)seeds * v->nsubjects;
}

/* ---- results --------------------------------------------------------------------- */

/* proof_merge() keeps rows in memory of its own: hand it copies. */
static void add_proof(struct proof *to, const struct proof *from)
{
    if (to->n == 0 && to->seeds == 0) {
        *to = (struct proof){
            .seeds = from->seeds, .ok = from->ok, .n = from->n, .cap = from->n};
        to->rows = mem_array(from->n + 1, sizeof *to->rows);
        if (from->n > 0)
            memcpy(to->rows, from->rows, from->n * sizeof *to->rows);
        return;
    }
    proof_merge(to, from);
}

/* Why a chunk has no proof; a lesson that cannot be loaded cannot for any seed. */
static void tell_chunk(const struct proving *v, size_t i)
{
    const struct chunk *c = &v->chunks[i];
    for (size_t k = 0; k < i; k++)
        if (v->chunks[k].subject == c->subject && v->chunks[k].err == c->err &&
            strcmp(v->chunks[k].why.text, c->why.text) == 0)
            return;
    complain("%s, from seed %llu on: %s", v->subjects[c->subject].name.s,
             (unsigned long long)c->first, c->why.text);
}

static bool all_well(const struct proving *v)
{
    struct players all = {0};
    bool well = true;
    for (size_t i = 0; i < v->nsubjects; i++) {
        const struct subject *s = &v->subjects[i];
        well &= v->thoughtless || s->proof.ok;
        for (size_t k = 0; k < s->players.n; k++)
            well &= player_row_within(&s->players.rows[k]);
        if (s->players.n > 0)
            players_merge(&all, &s->players);
    }
    for (size_t k = 0; k < all.n; k++)
        well &= !player_row_passes(&all.rows[k]);
    players_release(&all);
    return well;
}

/* Merges the chunks of each lesson; the worst exit code. */
static int merge(struct proving *v)
{
    int status = v->status;
    for (size_t i = 0; i < v->nchunks; i++) {
        struct chunk *c = &v->chunks[i];
        if (c->err == ERR_OK && v->thoughtless) {
            players_merge(&v->subjects[c->subject].players, &c->a.players);
        } else if (c->err == ERR_OK) {
            add_proof(&v->subjects[c->subject].proof, &c->a.proof);
        } else {
            tell_chunk(v, i);
            status = c->err == ERR_LESSON ? LEAVE_LESSON : LEAVE_NOT_PASSED;
            v->subjects[c->subject].proof.ok = false;
        }
    }
    return status == LEAVE_OK && !all_well(v) ? LEAVE_NOT_PASSED : status;
}

static void id_of(const struct subject *s, char *id, size_t size)
{
    size_t n = s->name.len > 4 ? s->name.len - 4 : s->name.len;
    snprintf(id, size, "%.*s", (int)n, s->name.s);
}

static void json_row(struct json *j, const struct prove_row *r)
{
    json_line(j, 6), json_object(j, NULL);
    json_text(j, "kind", proof_word(r->kind));
    json_text(j, "name", r->name);
    json_count(j, "passed", r->passed);
    json_count(j, "failed", r->failed);
    json_real(j, "margin", r->margin_min, 6);
    if (r->failed > 0)
        json_count(j, "first_bad_seed", r->first_bad_seed);
    json_text(j, "detail", r->detail);
    json_end(j);
}

static void json_subject(struct json *j, const struct subject *s)
{
    char id[128];
    id_of(s, id, sizeof id);
    json_line(j, 2), json_object(j, NULL);
    json_text(j, "lesson", id);
    json_count(j, "seeds", s->proof.seeds);
    json_bool(j, "ok", s->proof.ok);
    json_array(j, "rows");
    for (size_t i = 0; i < s->proof.n; i++)
        json_row(j, &s->proof.rows[i]);
    json_line(j, 4), json_end(j);
    json_end(j);
}

static void json_player(struct json *j, const struct player_row *r)
{
    json_line(j, 6), json_object(j, NULL);
    json_text(j, "player", player_word(r->player));
    json_text(j, "mode", mode_word(r->mode));
    json_bool(j, "ok", player_row_within(r));
    json_count(j, "seeds", r->seeds);
    json_count(j, "passed", r->passed);
    json_int(j, "least", r->least);
    json_real(j, "mean", r->mean, 6);
    json_int(j, "most", r->most);
    json_count(j, "best_seed", r->best_seed);
    json_object(j, "ended");
    for (int i = 0; i < OUTCOME_COUNT; i++)
        json_count(j, outcome_word((enum outcome)i), r->ended[i]);
    json_end(j);
    json_end(j);
}

static void json_players(struct json *j, const struct subject *s)
{
    char id[128];
    id_of(s, id, sizeof id);
    json_line(j, 2), json_object(j, NULL);
    json_text(j, "lesson", id);
    json_array(j, "players");
    for (size_t i = 0; i < s->players.n; i++)
        json_player(j, &s->players.rows[i]);
    json_line(j, 4), json_end(j);
    json_end(j);
}

static void add_json(struct buf *b, const struct proving *v)
{
    struct json j = json_to(b);
    json_array(&j, NULL);
    for (size_t i = 0; i < v->nsubjects; i++)
        (v->thoughtless ? json_players : json_subject)(&j, &v->subjects[i]);
    json_line(&j, 0), json_end(&j);
    buf_addch(b, '\n');
}

/* Players who pass too often on call, over all lessons. */
static void add_passing(struct buf *b, const struct proving *v)
{
    struct players all = {0};
    for (size_t i = 0; i < v->nsubjects; i++)
        if (v->subjects[i].players.n > 0)
            players_merge(&all, &v->subjects[i].players);
    for (size_t k = 0; k < all.n; k++)
        if (player_row_passes(&all.rows[k]))
            buf_addf(b, "FAIL %s passes %u of %u runs on call: more than one in %d\n",
                     player_word(all.rows[k].player), all.rows[k].passed,
                     all.rows[k].seeds, PLAYERS_ONE_IN);
    players_release(&all);
}

static void add_text(struct buf *b, const struct proving *v)
{
    for (size_t i = 0; i < v->nsubjects; i++) {
        char id[128];
        id_of(&v->subjects[i], id, sizeof id);
        if (v->subjects[i].proof.seeds > 0) /* else why not was told */
            proof_print(&v->subjects[i].proof, id, b);
        if (v->subjects[i].players.n > 0)
            players_print(&v->subjects[i].players, id, b);
    }
    if (v->thoughtless)
        add_passing(b, v);
}

/* Adds one table of all lessons, as lessons/README.md has it; before that of players, their
 * descriptions. */
static void add_markdown(struct buf *b, const struct proving *v)
{
    if (v->thoughtless) {
        players_legend(b);
        buf_addch(b, '\n');
    }
    (v->thoughtless ? players_head : proof_head)(b);
    for (size_t i = 0; i < v->nsubjects; i++) {
        char id[128];
        id_of(&v->subjects[i], id, sizeof id);
        if (v->thoughtless)
            players_line(&v->subjects[i].players, id, b);
        else
            proof_line(&v->subjects[i].proof, id, b);
    }
}

static void print_results(const struct proving *v, const struct cli_args *a)
{
    struct buf b;
    buf_init(&b, 0);
    if (option_given(a, OPT_MARKDOWN))
        add_markdown(&b, v);
    else
        (option_given(a, OPT_JSON) ? add_json : add_text)(&b, v);
    print_raw(&b);
    buf_release(&b);
}

static void release(struct proving *v)
{
    for (size_t i = 0; i < v->njobs; i++)
        wire_worker_end(v->jobs[i].worker);
    for (size_t i = 0; i < v->nchunks; i++)
        wire_answer_release(&v->chunks[i].a);
    for (size_t i = 0; i < v->nsubjects; i++) {
        buf_release(&v->subjects[i].text);
        buf_release(&v->subjects[i].name);
        proof_release(&v->subjects[i].proof);
        players_release(&v->subjects[i].players);
    }
    mem_free(v->chunks);
    mem_free(v->subjects);
}

static enum err collect(struct proving *v, const struct cli_args *a, struct errmsg *why)
{
    enum err e = ERR_OK;
    if (a->nwords == 0)
        return add_course(v, a, why);
    for (size_t i = 0; e == ERR_OK && i < a->nwords; i++)
        e = add_subject(v, a, a->words[i], why);
    return e;
}

static int prove(struct proving *v, const struct cli_args *a, uint64_t first,
                 unsigned seeds)
{
    struct errmsg why = {0};
    struct term_lines signals; /* Ctrl-C ends the workers, then us */
    enum err e = collect(v, a, &why);
    if (e != ERR_OK) {
        complain("%s", why.text);
        return exit_code_of(e);
    }
    v->first = first;
    v->only = a->options[OPT_ONLY] ? a->options[OPT_ONLY] : "";
    cut(v, first, seeds);
    term_lines_open(&signals, STDIN_FILENO);
    bool done = work(v);
    term_lines_close(&signals);
    if (v->tty)
        (void)term_write(STDERR_FILENO, "\r\033[K", 4);
    if (!done)
        return LEAVE_INTERRUPTED;
    int status = merge(v);
    print_results(v, a);
    return status;
}

static int run(const struct cli_args *a)
{
    struct proving v = {.jail = !option_given(a, OPT_NO_JAIL),
                        .tty = isatty(STDERR_FILENO) == 1,
                        .thoughtless = option_given(a, OPT_THOUGHTLESS)};
    uint64_t seeds, first, jobs;
    if (!option_number(a, OPT_SEEDS, 5, &seeds) ||
        !option_number(a, OPT_FROM, 1, &first) || !option_number(a, OPT_JOBS, 2, &jobs))
        return LEAVE_USAGE;
    if (seeds < 1 || seeds > 100000 || jobs < 1 || jobs > JOBS_MAX) {
        complain("--seeds is 1 to 100000 and --jobs 1 to %d", JOBS_MAX);
        return LEAVE_USAGE;
    }
    v.njobs = (size_t)jobs;
    int status = prove(&v, a, first, (unsigned)seeds);
    release(&v);
    return status;
}

const struct subcommand subcommand_prove = {
    .name = "prove",
    .synopsis =
        "prove [LESSON|FILE]... [--thoughtless] [--only \"KIND NAME\"] [--seeds N] "
        "[--from N] [--jobs N] [--json|--markdown]",
    .doc = "prove lessons over many seeds",
    .about =
        "For each seed: the fixes win, doing nothing loses, each wrong fix does "
        "the harm it "
        "claims, each step's goal is false before its solution and true after. "
        "Margins say "
        "how close a lesson is to failing. Without a lesson: all of them. "
        "With --thoughtless, players who do not think play them: it fails where one of "
        "them passes too often.",
    .examples = "truecode prove\n"
                "truecode prove all-green --seeds 100\n"
                "truecode prove --thoughtless --seeds 3\n"
                "truecode prove my-lesson.lua --seeds 1 --only \"wrong restart\"\n"
                "truecode prove my-lesson.lua --seeds 1 --from 17 --json",
    .options = HAS(THOUGHTLESS) | HAS(ONLY) | HAS(SEEDS) | HAS(FROM) | HAS(JOBS) |
               HAS(JSON) | HAS(MARKDOWN) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_LESSON,
    .max_words = 200,
    .run = run,
};
