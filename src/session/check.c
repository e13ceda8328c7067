/*
 * check: what can be known of a lesson without proving it. The night is run up to the page,
 * and there everything that an author wrote for later is tried:
 *
 *     predicates, values     asked once: unknown components, metrics, facets, types
 *     console lines          of fixes, wrong turns, solutions, predictions: each is carried
 *                            out on a fork, its waits left out
 *     tools                  are commands
 *     the incident           all of it can be done when its time comes, while nobody acts
 *     steps                  have a hint; those that act have a solution
 *
 * A line may be refused because a wait before it was left out: then its course is played
 * once more with all its waits before anything is said of it.
 */
#include "session_internal.h"

#include <stdio.h>
#include <string.h>

struct checking {
    const struct lesson *l;
    struct run page;
    struct buf *faults;
};

static void fault(struct checking *k, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void fault(struct checking *k, int line, const char *fmt, ...)
{
    va_list ap;
    buf_addf(k->faults, "%s:%d: ", lesson_file(k->l), line);
    va_start(ap, fmt);
    buf_vaddf(k->faults, fmt, ap);
    va_end(ap);
    buf_addch(k->faults, '\n');
}

/* ---- functions ------------------------------------------------------------------- */

static bool gives_number(const struct lesson *l, fn_id fn)
{
    bool yes = false;
    for (size_t i = 0; i < lesson_lives(l); i++)
        yes |= lesson_live(l, i)->value == fn;
    for (size_t i = 0; i < lesson_data_promises(l); i++)
        yes |= lesson_data_promise(l, i)->broken == fn;
    for (size_t i = 0; i < lesson_steps(l); i++)
        for (size_t p = 0; p < lesson_step(l, i)->npredict; p++)
            yes |= lesson_step(l, i)->predict[p].value == fn;
    for (size_t i = 0; i < lesson_data_promises(l); i++)
        yes |= lesson_data_promise(l, i)->broken == fn;
    return yes;
}

/* The finding that a function answers; NULL: it is of something else. */
static const struct finding *finding_by(const struct lesson *l, fn_id fn)
{
    for (size_t i = 0; i < lesson_steps(l); i++)
        if (lesson_step(l, i)->finding && lesson_step(l, i)->finding->answer == fn)
            return lesson_step(l, i)->finding;
    return NULL;
}

static enum err ask(struct checking *k, fn_id fn, const struct lesson_facts *f,
                    struct errmsg *why)
{
    const struct finding *found = finding_by(k->l, fn);
    bool names = found && found->of != FINDING_NUMBER && found->of != FINDING_TIME &&
                 found->of != FINDING_SHARE;
    struct buf b;
    bool yes;
    double v;
    buf_init(&b, 0);
    enum err e = names ? lesson_names(k->page.lua, fn, f, &b, why)
                 : found || gives_number(k->l, fn)
                     ? lesson_number(k->page.lua, fn, f, &v, why)
                     : lesson_test(k->page.lua, fn, f, &yes, why);
    buf_release(&b);
    return e;
}

static void check_functions(struct checking *k)
{
    struct lesson_facts f = run_facts(&k->page);
    for (fn_id fn = 0; (size_t)fn < lesson_functions(k->l); fn++) {
        struct errmsg why = {0};
        if (!lesson_is_question(k->l, fn))
            continue;
        enum err e = ask(k, fn, &f, &why);
        if (e != ERR_OK && !(k->faults->s && strstr(k->faults->s, why.text)))
            buf_addf(k->faults, "%s\n", why.text);
        if (lesson_stopped(k->page.lua))
            lesson_state_reset(k->page.lua);
    }
}

/* ---- the briefing ---------------------------------------------------------------- */

/* Values are filled in where there is a running system; before it nobody does. */
static void check_plain(struct checking *k, const char *what, const char *words)
{
    struct text_slot slot;
    int line = lesson_line(k->l, what, 1);
    for (; words && text_slot(words, &slot); words = slot.after)
        if (!slot.plain)
            fault(k, line,
                  "%s: {%.*s} would stand there as it is: values stand in what is "
                  "said of the running system (steps, tickets, debrief)",
                  what, (int)slot.len, slot.name);
}

static void check_briefing(struct checking *k)
{
    const struct lesson_info *li = lesson_info(k->l);
    check_plain(k, "summary", li->summary);
    check_plain(k, "place", li->place);
    check_plain(k, "page", li->page);
}

/* ---- tools ----------------------------------------------------------------------- */

static void check_tools(struct checking *k)
{
    const struct lesson_info *li = lesson_info(k->l);
    const char *names[128];
    size_t n = 0;
    for (; n < console_commands() && n < 128; n++)
        names[n] = console_command(n)->name;
    for (size_t i = 0; i < li->ntools; i++) {
        bool known = false;
        for (size_t c = 0; c < n; c++)
            known |= str_eq(names[c], li->tools[i]);
        if (known)
            continue;
        const char *near = text_suggest(li->tools[i], names, n);
        int line = lesson_line(k->l, li->tools[i], lesson_line(k->l, "tools", 1));
        fault(k, line, "tools: there is no command '%.40s'%s%s%s", li->tools[i],
              near ? "; did you mean '" : "; `help` lists them", near ? near : "",
              near ? "'?" : "");
    }
}

/* ---- console lines --------------------------------------------------------------- */

struct lines {
    const char *what; /* "fix \"restart\"" */
    int from;         /* the line on which it begins */
    const char *const *list;
    size_t n;
};

static bool waits(const char *line)
{
    return str_starts(line, "wait");
}

/* On one line, in the words of the console; what was typed stands before it. */
static void one_line(char *text)
{
    for (char *p = text; *p; p++)
        if (*p == '\n')
            *p = p[1] ? ' ' : '\0';
}

/* The number of the first line that is refused; n: none was. */
static size_t first_refused(const struct lines *v, struct run *r, bool with_waits,
                            struct errmsg *why)
{
    sim_time end = lesson_info(run_lesson(r))->ends_at;
    for (size_t i = 0; i < v->n; i++) {
        if (waits(v->list[i]) && !with_waits) {
            struct run parsed; /* a wait that cannot be read is found without waiting */
            if (run_fork(&parsed, r, why) != ERR_OK)
                return i;
            enum err e = run_line(&parsed, v->list[i], run_now(r), why);
            run_release(&parsed);
            if (e != ERR_OK)
                return i;
        } else if (run_line(r, v->list[i], end, why) != ERR_OK)
            return i;
    }
    return v->n;
}

static void check_lines(struct checking *k, const struct lines *v, bool changes)
{
    struct errmsg why = {0};
    struct run r;
    size_t bad = 0;
    for (int with_waits = 0; with_waits < 2; with_waits++) {
        if (run_fork(&r, &k->page, &why) != ERR_OK)
            return;
        bad = first_refused(v, &r, with_waits, &why);
        bool changed = r.first_change != SIM_FOREVER;
        run_release(&r);
        if (bad == v->n) {
            if (changes && !changed)
                fault(k, v->from, "%s: none of its lines changes anything", v->what);
            return;
        }
    }
    one_line(why.text);
    fault(k, lesson_line(k->l, v->list[bad], v->from), "%s, line %zu: %s", v->what,
          bad + 1, why.text);
}

static void check_course(struct checking *k, const struct course *c, bool fix)
{
    char what[100];
    snprintf(what, sizeof what, "%s \"%.70s\"", fix ? "fix" : "wrong turn", c->title);
    const struct lines v = {what, lesson_line(k->l, c->title, 1), c->lines, c->nlines};
    check_lines(k, &v, fix);
}

/* "restart api --rolling or restart api": each of them alone. */
static void check_change(struct checking *k, const struct step *st, int from)
{
    char what[100], line[200];
    const char *list[1] = {line};
    const struct lines v = {what, from, list, 1};
    snprintf(what, sizeof what, "step \"%.60s\", change", st->id);
    for (size_t i = 0; i < st->nchange && !st->any_change; i++)
        for (const char *p = st->change[i]; p;) {
            const char *next = strstr(p, " or ");
            size_t n = next ? (size_t)(next - p) : strlen(p);
            snprintf(line, sizeof line, "%.*s", (int)(n < 190 ? n : 190), p);
            check_lines(k, &v, true);
            p = next ? next + strlen(" or ") : NULL;
        }
}

/* The steps' solutions follow one another, as somebody types them who looks at each. */
static void check_steps(struct checking *k)
{
    struct errmsg why = {0};
    struct run r;
    bool on = run_fork(&r, &k->page, &why) == ERR_OK;
    for (size_t i = 0; i < lesson_steps(k->l); i++) {
        const struct step *st = lesson_step(k->l, i);
        char what[100];
        int from = lesson_line(k->l, st->id, 1);
        snprintf(what, sizeof what, "step \"%.60s\", solution", st->id);
        const struct lines v = {what, from, st->solution, st->nsolution};
        if (st->nhints == 0)
            fault(k, from,
                  "step \"%.60s\" has no hints: write hints = { \"…\" }, at "
                  "best from a nudge to the command",
                  st->id);
        if (st->kind->acts && st->nsolution == 0)
            fault(k, from,
                  "step \"%.60s\" has no solution: write solution = { \"…\" }, "
                  "console lines",
                  st->id);
        check_change(k, st, from);
        size_t bad = on ? first_refused(&v, &r, true, &why) : v.n;
        if (bad == v.n)
            continue;
        one_line(why.text);
        fault(k, lesson_line(k->l, v.list[bad], from), "%s, line %zu: %s", what,
              bad + 1, why.text);
    }
    if (on)
        run_release(&r);
}

/* ---- the incident ---------------------------------------------------------------- */

/* The night to its end: an entry that is refused then says nothing to whoever plays. */
static enum err check_incident(struct checking *k, struct errmsg *why)
{
    struct run r;
    const char *first;
    int line;
    enum err e = run_fork(&r, &k->page, why);
    if (e != ERR_OK)
        return e;
    e = run_advance(&r, lesson_info(k->l)->ends_at, NULL, NULL, why);
    size_t n = world_refused(r.world, &first, &line);
    if (n > 0)
        fault(k, line, "%zu of the incident's actions cannot be done; the first: %s", n,
              first);
    run_release(&r);
    return e == ERR_LIMIT ? ERR_OK : e; /* to say that it runs away is the proof's */
}

/* ---- all of it ------------------------------------------------------------------- */

enum err lesson_check(const struct lesson *l, uint64_t seed, struct buf *faults,
                      struct errmsg *why)
{
    struct checking k = {.l = l, .faults = faults};
    struct stage *g = stage_new(l, seed, why);
    if (!g)
        return ERR_LESSON;
    enum err e = run_open(&k.page, g, seed, why);
    stage_unref(g);
    if (e != ERR_OK)
        return e;
    e = run_advance(&k.page, lesson_info(l)->starts_at, NULL, NULL, why);
    if (e == ERR_OK) {
        check_briefing(&k);
        check_tools(&k);
        check_functions(&k);
        for (size_t i = 0; i < lesson_fixes(l); i++)
            check_course(&k, lesson_fix(l, i), true);
        for (size_t i = 0; i < lesson_wrongs(l); i++)
            check_course(&k, lesson_wrong(l, i), false);
        check_steps(&k);
        e = check_incident(&k, why);
    }
    run_release(&k.page);
    return e;
}
