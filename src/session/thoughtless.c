/*
 * Players who do not think (thoughtless.h). A player is a function that types lines; what
 * all have in common (answering what is asked, an update, waiting, calling it over) is
 * here, and so is the table.
 */
#include "thoughtless.h"
#include "prove_internal.h"
#include "twin.h"

#include "promise.h"

#include <stdio.h>
#include <string.h>

struct hand { /* of a player */
    struct session *s;
    struct rng rng;
    enum player player;
};

/* ---- typing ---------------------------------------------------------------------- */

/* A line as a learner types it, risks confirmed; refusals are the player's to ignore. */
static void type(struct hand *h, const char *line)
{
    struct errmsg ignored = {0};
    enum err e = session_line(h->s, line, true, &ignored);
    (void)e;
}

static void typef(struct hand *h, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void typef(struct hand *h, const char *fmt, ...)
{
    char line[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    type(h, line);
}

static bool over(const struct hand *h)
{
    return h->s->phase == PHASE_DEBRIEF;
}

/* Lets time pass, whatever stops a wait on the way. */
static void pass(struct hand *h, sim_time t)
{
    struct errmsg ignored = {0};
    sim_time until = run_now(&h->s->run) + t;
    for (int i = 0; i < 64 && !over(h) && run_now(&h->s->run) < until; i++) {
        sim_time before = run_now(&h->s->run);
        session_wait(h->s, until - before);
        if (session_advance(h->s, until, &ignored) != ERR_OK ||
            run_now(&h->s->run) == before)
            break;
    }
}

static void say_anything(struct hand *h)
{
    type(h, "say --who x --since x --impact x --state investigating --next x");
}

/* ---- the lesson's steps, without looking at them --------------------------------- */

/* Types the first answer, then the others. */
static void answer(struct hand *h, size_t step, size_t choices)
{
    for (size_t i = 1; i <= choices && h->s->step == step; i++)
        typef(h, "%zu", i);
}

/* Gets past a step by any means but thinking. */
static void get_past(struct hand *h)
{
    const struct step *st = step_current(h->s);
    size_t step = h->s->step;
    if (!st)
        return;
    if (st->nchoices > 0)
        answer(h, step, st->nchoices);
    else if (st->npredict > 0)
        type(h, st->npredict == 1 ? "up" : st->npredict == 2 ? "up, up" : "up, up, up");
    else if (st->nneeds > 0)
        say_anything(h);
    if (h->s->step == step && !over(h))
        type(h, "skip");
}

static void get_past_all(struct hand *h)
{
    for (size_t i = 0; i < 64 && step_current(h->s) && !over(h); i++)
        get_past(h);
}

static bool begins_with_command(const char *text)
{
    size_t n = strcspn(text, " ,.");
    for (size_t i = 0; i < console_commands(); i++)
        if (strlen(console_command(i)->name) == n &&
            strncmp(console_command(i)->name, text, n) == 0)
            return true;
    return false;
}

/* A line that was read somewhere; a wait in it is waited for. */
static void type_and_wait(struct hand *h, const char *text, size_t n)
{
    char line[400];
    snprintf(line, sizeof line, "%.*s", (int)n, text);
    prove_play_line(h->s, line, SIZE_MAX);
}

/* "restart checkout --rolling, then wait 8m": two lines. */
static void type_sentence(struct hand *h, const char *text)
{
    while (*text && begins_with_command(text) && !over(h)) {
        const char *then = strstr(text, ", then ");
        type_and_wait(h, text, then ? (size_t)(then - text) : strlen(text));
        text = then ? then + strlen(", then ") : "";
    }
}

/* Types the commands in words: `a command`, and words that are one themselves. */
static void type_words(struct hand *h, const char *words, size_t step)
{
    const char *p = words;
    if (h->s->step == step)
        type_sentence(h, words);
    while (h->s->step == step && !over(h) && (p = strchr(p, '`'))) {
        const char *end = strchr(p + 1, '`');
        if (!end)
            return;
        type_and_wait(h, p + 1, (size_t)(end - p - 1));
        p = end + 1;
    }
}

static void type_shown(struct hand *h, const struct text *text, size_t step)
{
    struct buf words;
    buf_init(&words, 0);
    if (session_text(h->s, text, &words))
        type_words(h, words.s, step);
    buf_release(&words);
}

/* ---- settings, without knowing what they mean ------------------------------------ */

/* Whether a setting is one of what the player turns, and to what; false: leave it. */
typedef bool setting_fn(const struct hand *h, comp_id c, const struct param_desc *p,
                        char *value, size_t size);

static void turn_settings(struct hand *h, setting_fn *want)
{
    const struct model *m = world_model(h->s->run.world);
    for (size_t i = 0; i < model_comps(m) && !over(h); i++) {
        const struct kind_desc *k = model_kind(m, (comp_id)i);
        for (size_t j = 0; j < k->nparams && !over(h); j++) {
            char value[64];
            if (param_is_setting(&k->params[j]) &&
                want(h, (comp_id)i, &k->params[j], value, sizeof value))
                typef(h, "set %s.%s %s", model_name(m, (comp_id)i), k->params[j].name,
                      value);
        }
    }
}

static bool number_of(const struct hand *h, comp_id c, const struct param_desc *p,
                      double *out)
{
    struct value v = world_get(h->s->run.world, c, p->name);
    if (v.type == VALUE_COUNT)
        *out = (double)v.as.count;
    else if (v.type == VALUE_NUMBER || v.type == VALUE_FRACTION)
        *out = v.as.number;
    else
        return false;
    return true;
}

static bool twice(const struct hand *h, comp_id c, const struct param_desc *p,
                  char *value, size_t size)
{
    double x;
    if (!number_of(h, c, p, &x) || x <= 0)
        return false;
    snprintf(value, size, "%g", 2 * x);
    return true;
}

static bool biggest(const struct hand *h, comp_id c, const struct param_desc *p,
                    char *value, size_t size)
{
    static const char *const machines[] = {"cores", "memory", "disk", "disk_size",
                                           "max_connections"};
    double x;
    bool machine = false;
    for (size_t i = 0; i < COUNT_OF(machines); i++)
        machine |= str_eq(p->name, machines[i]);
    if (!machine || !number_of(h, c, p, &x) || x <= 0)
        return false;
    double most = 8 * x;
    if (p->max > p->min && most > p->max)
        most = p->max;
    snprintf(value, size, "%g", most);
    return true;
}

static bool least(const struct hand *h, comp_id c, const struct param_desc *p,
                  char *value, size_t size)
{
    double x;
    if (!number_of(h, c, p, &x))
        return false;
    snprintf(value, size, "%g", p->max > p->min ? p->min : 0.0);
    return true;
}

static bool off(const struct hand *h, comp_id c, const struct param_desc *p,
                char *value, size_t size)
{
    struct value v = world_get(h->s->run.world, c, p->name);
    double x;
    bool rate = str_eq(p->name, "rate") && number_of(h, c, p, &x);
    if (!(v.type == VALUE_BOOL && v.as.on) && !rate)
        return false;
    snprintf(value, size, "%s", rate ? "0" : "off");
    return true;
}

/* Improvements, from number `first` on, each `step`-th, as far as the budget goes. */
static void spend(struct hand *h, size_t first, size_t step)
{
    const struct design *d = lesson_design(h->s->lesson);
    for (size_t i = first; d && i < d->n && !over(h); i += step)
        typef(h, "improve %s", d->list[i].id);
}

static void play_spender(struct hand *h)
{
    const struct design *d = lesson_design(h->s->lesson);
    for (int i = 0; d && i < 10 * d->budget && !over(h); i++)
        typef(h, "improve %s", d->list[rng_below(&h->rng, (uint32_t)d->n)].id);
}

/* ---- the players ----------------------------------------------------------------- */

static bool is_service(const struct model *m, comp_id c)
{
    return str_eq(model_kind(m, c)->name, "service");
}

static void each_service(struct hand *h, const char *fmt_before, const char *after)
{
    const struct model *m = world_model(h->s->run.world);
    for (size_t i = 0; i < model_comps(m) && !over(h); i++)
        if (is_service(m, (comp_id)i))
            typef(h, "%s %s%s", fmt_before, model_name(m, (comp_id)i), after);
}

static void play_highlighter(struct hand *h)
{
    for (size_t i = 0; i < 64 && step_current(h->s) && !over(h); i++) {
        const struct step *st = step_current(h->s);
        size_t step = h->s->step;
        type_shown(h, &st->say, step);
        if (h->s->step == step && st->nchoices > 0)
            type(h, "1");
        for (size_t k = 0; k < st->nchoices && k < 1; k++)
            type_shown(h, &st->choices[k].reply, step);
        for (size_t k = 0; k < st->nhints && k < 2 && h->s->step == step; k++) {
            type(h, "hint");
            type_shown(h, &st->hints[k], step);
        }
        if (h->s->step == step)
            get_past(h);
        if (step < h->s->step)
            type_shown(h, &st->done, h->s->step);
    }
}

static void play_restarter(struct hand *h)
{
    each_service(h, "restart", "");
}

static void play_reverter(struct hand *h)
{
    size_t n = recording_changes(h->s->run.rec);
    if (n > 0)
        typef(h, "revert %u", recording_change(h->s->run.rec, n - 1)->id);
}

static void play_doubler(struct hand *h)
{
    const struct model *m = world_model(h->s->run.world);
    for (size_t i = 0; i < model_comps(m) && !over(h); i++)
        if (is_service(m, (comp_id)i))
            typef(h, "scale %s %d", model_name(m, (comp_id)i),
                  2 * (int)world_metric(h->s->run.world, (comp_id)i, "up", -1));
    turn_settings(h, twice);
    spend(h, 1, 2);
}

static void play_buyer(struct hand *h)
{
    turn_settings(h, biggest);
    spend(h, 0, 1);
}

static void play_limiter(struct hand *h)
{
    turn_settings(h, least);
}

static void play_unplugger(struct hand *h)
{
    turn_settings(h, off);
}

/* Does to each component whatever can cost data, without a look at what is where. */
static void play_loser(struct hand *h)
{
    static const struct {
        const char *kind, *verb;
    } acts[] = {
        {"replica", "db failover"},          {"database", "db failover"},
        {"database", "db restore"},          {"subscription", "queue skip"},
        {"subscription", "queue dead drop"}, {"cache", "flush"},
    };
    const struct model *m = world_model(h->s->run.world);
    size_t n = model_comps(m);
    for (size_t i = 0; i < n * COUNT_OF(acts) && !over(h); i++) {
        comp_id c = (comp_id)(i % n);
        bool replica = str_eq(acts[i / n].kind, "replica");
        if (!str_eq(model_kind(m, c)->name, acts[i / n].kind))
            continue;
        typef(h, "%s %s%s%s", acts[i / n].verb,
              replica ? model_name(m, model_owner(m, c)) : "", replica ? " " : "",
              model_name(m, c));
        pass(h, SIM_MIN);
    }
    each_service(h, "restart", " --rolling");
}

static void play_waiter(struct hand *h)
{
    (void)h;
}

/* All is well, says this player, whatever is so; nothing is done about it. */
static void play_liar(struct hand *h)
{
    type(h, "hurt nobody");
    type(h, "since never");
    type(h, "much none");
    type(h,
         "say --who nobody --since never --impact none --state recovered --next 30m");
}

/* Names the cause and does what works, and has looked at nothing. */
static void play_lucky(struct hand *h)
{
    const struct lesson *l = h->s->lesson;
    const struct course *fix = lesson_fix(l, 0);
    for (size_t i = 0; i < lesson_suspects(l); i++) {
        const struct suspect *x = lesson_suspect(l, i);
        if (x->right)
            typef(h, "suspect %s %s", x->component, mechanism_word(x->mechanism));
    }
    for (size_t i = 0; i < fix->nlines && !over(h); i++)
        type_and_wait(h, fix->lines[i], strlen(fix->lines[i]));
}

/* Two may be open: each is ruled out before the next but one. */
static void play_suspecter(struct hand *h)
{
    const struct model *m = world_model(h->s->run.world);
    for (size_t i = 0; i < model_comps(m) && !over(h); i++) {
        const char *name = model_name(m, (comp_id)i);
        for (int k = 0; k < MECHANISM_COUNT && !over(h); k++) {
            typef(h, "suspect %s %s", name, mechanism_word((enum mechanism)k));
            if ((comp_id)i + 1 < (comp_id)model_comps(m) || k + 1 < MECHANISM_COUNT)
                typef(h, "rule-out %s %s", name, mechanism_word((enum mechanism)k));
        }
    }
}

static const char *word(struct hand *h)
{
    static const char *const words[] = {
        "x",    "cheese", "42",    "maybe", "the cloud", "19:99", "-1",
        "NULL", "users",  "100 %", "yes",   "0",         "1",     "x; x; x"};
    return words[rng_below(&h->rng, COUNT_OF(words))];
}

static void play_garbage(struct hand *h)
{
    const struct model *m = world_model(h->s->run.world);
    for (size_t i = 0; i < 64 && step_current(h->s) && !over(h); i++) {
        type(h, word(h));
        type(h, "");
        if (step_current(h->s) && step_current(h->s)->nchoices > 0)
            typef(h, "%u", 1 + (unsigned)rng_below(&h->rng, 4));
        get_past(h);
    }
    comp_id c = (comp_id)rng_below(&h->rng, (uint32_t)model_comps(m));
    enum mechanism k = (enum mechanism)rng_below(&h->rng, MECHANISM_COUNT);
    typef(h, "suspect %s %s because %s", model_name(m, c), mechanism_word(k), word(h));
    typef(h, "say --who %s --since %s --impact %s --state recovered --next %s", word(h),
          word(h), word(h), word(h));
}

/* ---- a run ----------------------------------------------------------------------- */

static void (*const plays[PLAYER_COUNT])(struct hand *h) = {
#define X(id, does, ceiling) [PLAYER_##id] = play_##id,
    PLAYER_LIST(X)
#undef X
};

/* Acts at once, then gives it the time that a verdict needs, and calls it recovered. */
static void play(struct hand *h)
{
    const struct lesson_info *li = lesson_info(h->s->lesson);
    bool guided = h->s->mode == MODE_GUIDED;
    type(h, "");
    plays[h->player](h);
    if (h->player == PLAYER_waiter)
        get_past_all(h);
    else if (!over(h))
        say_anything(h);
    sim_time left = li->ends_at - run_now(&h->s->run);
    sim_time due = li->good_for + 2 * SIM_MIN;
    if (!over(h))
        pass(h, h->player == PLAYER_waiter || due > left ? left : due);
    if (guided)
        get_past_all(h);
    if (!over(h))
        type(h, "resolve recovered");
    if (!over(h))
        session_finish(h->s);
}

/* Improvements can be chosen in some lessons alone, and one fault guessed in the others. */
static bool is_idle(enum player p, const struct lesson *l)
{
    return p == PLAYER_spender ? !lesson_design(l)
           : p == PLAYER_lucky ? lesson_design(l) || lesson_fixes(l) == 0
                               : false;
}

enum err thoughtless_play(enum player p, struct session *s, struct score *score,
                          struct errmsg *why)
{
    struct hand h = {.s = s, .player = p};
    struct report report;
    if (is_idle(p, s->lesson) || (p == PLAYER_loser && run_wards(&s->run) == 0)) {
        *score = (struct score){.outcome = OUTCOME_COUNT};
        return ERR_OK;
    }
    rng_seed(&h.rng, s->seed, "thoughtless");
    play(&h);
    enum err e = session_report_early(s, &report, why);
    if (e == ERR_OK) {
        *score = report.score;
        report_release(&report);
    }
    return e;
}

static enum err play_from(enum player p, const struct session_options *o,
                          const struct run *page, struct score *score,
                          struct errmsg *why)
{
    struct session *s;
    enum err e = session_open_at(&s, o, page, why);
    if (e != ERR_OK)
        return e;
    e = thoughtless_play(p, s, score, why);
    session_free(s);
    return e;
}

enum err thoughtless_run(enum player p, const struct session_options *o,
                         struct score *score, struct errmsg *why)
{
    return play_from(p, o, NULL, score, why);
}

/* ---- all of them ----------------------------------------------------------------- */

/* A seed's night up to the page, and the healthy one: all players begin there. */
struct opening {
    struct run page;
    struct twin twin; /* no world: there is none */
};

static void opening_release(struct opening *n)
{
    run_release(&n->page);
    twin_release(&n->twin);
}

static enum err opening_begin(struct opening *n, const struct lesson *l, uint64_t seed,
                              struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(l);
    struct errmsg none = {0};
    memset(n, 0, sizeof *n);
    struct stage *g = stage_new(l, seed, why);
    if (!g)
        return ERR_LESSON;
    enum err e = run_open(&n->page, g, seed, why);
    stage_unref(g);
    if (e == ERR_OK)
        e = run_advance(&n->page, li->starts_at, NULL, NULL, why);
    if (e == ERR_OK && (twin_open(&n->twin, l, seed, NULL, &none) != ERR_OK ||
                        twin_follow(&n->twin, li->ends_at, NULL, &none) != ERR_OK))
        twin_release(&n->twin);
    return e;
}

static enum err play_row(struct player_row *r, const struct session_options *base,
                         const struct opening *n, uint64_t seed, struct errmsg *why)
{
    struct session_options o = *base;
    struct score score;
    o.mode = r->mode;
    o.seed = seed;
    o.twin = n->twin.run.world ? &n->twin.run : NULL;
    enum err e = play_from(r->player, &o, &n->page, &score, why);
    if (e == ERR_OK && score.outcome != OUTCOME_COUNT)
        player_row_add(r, &score, seed);
    return e;
}

enum { ROWS = MODE_BLIND * PLAYER_COUNT }; /* in which something is surely wrong */

struct progress {
    bool (*tell)(void *ctx, unsigned done, unsigned all);
    void *ctx;
    unsigned done, all;
};

static enum err play_seed(struct players *out, const struct session_options *o,
                          uint64_t seed, struct progress *p, struct errmsg *why)
{
    struct opening n;
    enum err e = opening_begin(&n, o->lesson, seed, why);
    for (unsigned i = 0; e == ERR_OK && i < ROWS; i++) {
        if (!is_idle(out->rows[i].player, o->lesson))
            e = play_row(&out->rows[i], o, &n, seed, why);
        p->done++;
        if (e == ERR_OK && p->tell && !p->tell(p->ctx, p->done, p->all))
            e = errmsg_set(why, ERR_STOPPED, "stopped after %u of %u plays", p->done,
                           p->all);
    }
    opening_release(&n);
    return e;
}

enum err players_play(struct players *out, const struct session_options *o,
                      unsigned count,
                      bool (*progress)(void *ctx, unsigned done, unsigned all),
                      void *ctx, struct errmsg *why)
{
    struct progress p = {progress, ctx, 0, ROWS * count};
    struct session_options at = *o;
    struct lesson *l = NULL;
    enum err e = ERR_OK;
    *out = (struct players){.rows = mem_array(ROWS, sizeof *out->rows), .n = ROWS};
    for (unsigned i = 0; i < ROWS; i++)
        out->rows[i] = (struct player_row){.player = (enum player)(i % PLAYER_COUNT),
                                           .mode = (enum play_mode)(i / PLAYER_COUNT)};
    if (o->lesson)
        l = lesson_ref(o->lesson);
    else
        e = lesson_load(&l, o->text, o->len, o->name, why);
    at.lesson = l;
    for (unsigned i = 0; e == ERR_OK && i < count; i++)
        e = play_seed(out, &at, o->seed + i, &p, why);
    lesson_unref(l);
    if (e != ERR_OK)
        players_release(out);
    return e;
}
