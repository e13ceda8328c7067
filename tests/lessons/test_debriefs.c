/*
 * The figures that a debrief tells, worked out anew. The reference way through each lesson
 * is played; beside it run the same night with nobody there and the night without its
 * incident, bare worlds that nothing records. Then
 *
 *   - users lost, with and without the learner, are differences of the worlds' own counters;
 *   - the failures that are told of each client are as many as that client has counted;
 *   - figures of the lesson's own words that a counter knows are what that counter says;
 *   - each sum in the lesson's words is right, as it stands there: "2 x 8 = 16".
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"
#include "../lib/screen.h"
#include "truecode/lesson.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 1, CLIENTS = 8 };

/* ---- a bare world ---------------------------------------------------------------- */

struct bare {
    struct lesson_world lw;
    struct world *w;
};

static void bare_open(struct bare *b, const struct lesson *l, bool healthy)
{
    struct errmsg why = {0};
    enum err e = healthy ? lesson_build_night(l, SEED, NIGHT_TWIN, 0, &b->lw, &why)
                         : lesson_build(l, SEED, &b->lw, &why);
    if (e != ERR_OK)
        fail_msg("%s", why.text);
    b->w = world_new(b->lw.model, SEED, &why);
    if (!b->w)
        fail_msg("%s", why.text);
}

static void bare_run(struct bare *b, sim_time until)
{
    struct errmsg why = {0};
    if (world_run(b->w, until, UINT64_MAX, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void bare_release(struct bare *b)
{
    world_free(b->w);
    lesson_world_release(&b->lw);
}

/* What a metric that counts is by now, of a component by its name. */
static double counted(const struct world *w, const char *comp, const char *metric)
{
    comp_id c = model_find(world_model(w), comp);
    if (c == COMP_NONE)
        fail_msg("no component '%s'", comp);
    return world_metric(w, c, metric, -1);
}

/* Of all that the objective is about: requests, messages, runs of jobs. */
static double bad_of(const struct world *w)
{
    const struct model *m = world_model(w);
    double all = 0;
    for (size_t c = 0; c < model_comps(m); c++) {
        const char *kind = model_kind(m, (comp_id)c)->name;
        if ((str_eq(kind, "client") || str_eq(kind, "subscription") ||
             str_eq(kind, "job")) &&
            model_in_slo(m, (comp_id)c))
            all += world_metric(w, (comp_id)c, "bad_total", -1);
    }
    return all;
}

/* ---- numbers in words ------------------------------------------------------------ */

/* A number as it is written, with what rounding may have taken from it: "1 449", "20,000",
 * "4.9", "33 %", "250 ms". NULL: there is none. */
struct amount {
    double low, high;
};

static bool digit(char c)
{
    return isdigit((unsigned char)c);
}

static const char *read_amount(const char *at, struct amount *a)
{
    char text[64];
    size_t n = 0, behind = 0;
    bool point = false;
    if (!digit(*at))
        return NULL;
    for (; n < sizeof text - 1; at++) {
        bool group = (*at == ' ' || *at == ',') && digit(at[1]) && digit(at[2]) &&
                     digit(at[3]) && !digit(at[4]) && !point;
        if (group)
            continue;
        if (*at == '.' && digit(at[1]) && !point)
            point = true;
        else if (digit(*at))
            behind += point;
        else
            break;
        text[n++] = *at;
    }
    text[n] = '\0';
    double v = strtod(text, NULL), half = point     ? 0.5 * pow(10, -(double)behind)
                                          : v >= 20 ? 0.5
                                                    : 0;
    double unit = 1;
    const char *u = at + (*at == ' ');
    if (*u == '%')
        unit = 0.01, at = u + 1;
    else if (strncmp(u, "ms", 2) == 0 && !isalpha((unsigned char)u[2]))
        unit = 1e-3, at = u + 2;
    else if (strncmp(u, "kB", 2) == 0)
        unit = 1e3, at = u + 2;
    else if (strncmp(u, "MB", 2) == 0)
        unit = 1e6, at = u + 2;
    *a = (struct amount){(v - half) * unit, (v + half) * unit};
    return at;
}

/* Over what a number counts: "visits/s", "cores", "orders a second", as far as the next
 * sign of a sum. */
static const char *skip_words(const char *at)
{
    for (;;) {
        while (*at == ' ')
            at++;
        if (!isalpha((unsigned char)*at) && *at != '/')
            return at;
        if (*at == '/' && !isalpha((unsigned char)at[1]))
            return at;
        if (*at == 'x' && at[1] == ' ' && (digit(at[2]) || at[2] == '('))
            return at;
        while (isalpha((unsigned char)*at) || *at == '/' || *at == '\'')
            at++;
    }
}

static const char *read_terms(const char *at, struct amount *a, int level);

static const char *read_factor(const char *at, struct amount *a)
{
    at += strspn(at, " ");
    if (*at != '(') {
        at = read_amount(at, a);
        return at ? skip_words(at) : NULL;
    }
    at = read_terms(at + 1, a, 0);
    at = at ? skip_words(at) : NULL;
    return at && *at == ')' ? skip_words(at + 1) : NULL;
}

/* Level 0: what is added and taken away; 1: what is multiplied and divided. */
static const char *read_terms(const char *at, struct amount *a, int level)
{
    at = level == 0 ? read_terms(at, a, 1) : read_factor(at, a);
    const char *signs = level == 0 ? "+-" : "x/";
    while (at && *at && strchr(signs, *at) && at[1] == ' ') {
        struct amount b;
        char sign = *at;
        at = level == 0 ? read_terms(at + 1, &b, 1) : read_factor(at + 1, &b);
        if (!at)
            return NULL;
        *a = sign == '+'   ? (struct amount){a->low + b.low, a->high + b.high}
             : sign == '-' ? (struct amount){a->low - b.high, a->high - b.low}
             : sign == 'x' ? (struct amount){a->low * b.low, a->high * b.high}
                           : (struct amount){a->low / b.high, a->high / b.low};
    }
    return at;
}

/* Where the left side of the sum that is equal at `equal` begins: behind the last sign that
 * ends a sentence, or a sum before it. */
static const char *side_before(const char *line, const char *equal)
{
    const char *begin = line;
    for (const char *p = line; p < equal; p++) {
        bool ends = strchr(";:=", *p) || ((*p == '.' || *p == ',') && p[1] == ' ');
        if (ends)
            begin = p + 1;
    }
    return begin;
}

/* The left side of the sum that is equal at `equal`, from the first number on from which all
 * up to there is one: "a pool of 20 lasts 20 / 1.1". */
static bool read_left(const char *line, const char *equal, struct amount *a)
{
    for (const char *at = side_before(line, equal); at < equal; at++) {
        bool begins = (digit(*at) || *at == '(') && (at == line || at[-1] == ' ');
        if (begins && read_terms(at, a, 0) == equal)
            return true;
    }
    return false;
}

/* Checks the sums of a line; how many there were. */
static size_t check_sums(const char *id, const char *line)
{
    size_t n = 0;
    for (const char *eq = strstr(line, " = "); eq; eq = strstr(eq + 1, " = ")) {
        struct amount left, right;
        const char *right_side = eq + strcspn(eq, "0123456789");
        if (!read_left(line, eq + 1, &left) || !read_amount(right_side, &right))
            fail_msg("%s: a sum that cannot be read: %s", id, line);
        double slack = 0.01 * fabs(right.high);
        if (left.high < right.low - slack || left.low > right.high + slack)
            fail_msg("%s: %.6g to %.6g is not %.6g to %.6g: %s", id, left.low,
                     left.high, right.low, right.high, line);
        n++;
    }
    return n;
}

/* The number that stands between some words, as in "you had lost # requests". NaN: those
 * words are not there. */
static double number_in(const char *text, const char *before, const char *after)
{
    for (const char *at = strstr(text, before); at; at = strstr(at + 1, before)) {
        struct amount a;
        const char *end = read_amount(at + strlen(before), &a);
        if (end && strncmp(end, after, strlen(after)) == 0)
            return (a.low + a.high) / 2;
    }
    return NAN;
}

/* ---- figures that a counter knows ------------------------------------------------ */

enum moment { AT_PAGE, AT_END };
static const struct figure {
    const char *id, *before, *after;
    enum moment when;
    const char *comp, *metric;
} figures[] = {
    {"the-quiet-import", "When Mara wrote, ", " had come in", AT_PAGE,
     "payments_received", "total"},
    {"the-quiet-import", "had come in and ", " were booked", AT_PAGE, "payments_booked",
     "total"},
    {"the-order-that-vanished", "The queue said ", ".", AT_PAGE, "bus.orders.projector",
     "lag_max"},
    {"the-storm-after", "This run: ", " checks done", AT_END, "checks_done", "total"},
    {"the-storm-after", "checks done, ", " locks opened", AT_END, "locks_opened",
     "total"},
    {"nobody-is-watching", "- ", " rows were deleted", AT_PAGE, "bookings-db.bookings",
     "missing"},
    {"eleven-forty-seven", "This run: ", " orders placed", AT_END, "orders_placed",
     "total"},
    {"eleven-forty-seven", "orders placed, ", " answers late", AT_END, "diners",
     "bad_total"},
    {"ten-thousand", "This run: ", " beds booked", AT_END, "beds_booked", "total"},
    {"ten-thousand", "beds booked, ", " requests ended", AT_END, "booking",
     "abandoned_total"},
    {"cache-stampede", "This run: ", " seat queries", AT_END, "bookings-db.seats",
     "calls_total"},
    {"is-it-good", "printed twice tonight: ", ".", AT_END, "labels", "doubled_total"},
};

static void check_figures(const char *id, const char *text, const struct bare *nothing,
                          const struct session *s, enum moment when)
{
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        const struct figure *f = &figures[i];
        if (!str_eq(f->id, id) || f->when != when)
            continue;
        const struct world *w = when == AT_PAGE ? nothing->w : s->run.world;
        double told = number_in(text, f->before, f->after);
        double is = counted(w, f->comp, f->metric);
        if (!(fabs(told - is) <= 0.01 * is + 0.5))
            fail_msg("%s: '%s%.9g%s', and %s.%s is %.9g", id, f->before, told, f->after,
                     f->comp, f->metric, is);
    }
}

/* ---- a way through a lesson ------------------------------------------------------ */

/* Types the lines of the reference way, and lets waits end. Yes and no are for a face. */
static void play_way(struct session *s, const char *id)
{
    char path[120];
    snprintf(path, sizeof path, "tests/lessons/ways/%s.txt", id);
    char *lines = screen_file(path);
    assert_non_null(lines);
    for (char *at = lines, *end;
         (end = strchr(at, '\n')) && session_view(s)->phase != PHASE_DEBRIEF;
         at = end + 1) {
        *end = '\0';
        if (str_eq(at, "yes"))
            continue;
        play_type(s, at);
        const struct session_view *v = session_view(s);
        if (v->hold == HOLD_WAITING)
            play_for(s, v->wait_until - v->now);
    }
    mem_free(lines);
    if (session_view(s)->phase != PHASE_DEBRIEF)
        fail_msg("%s: the way does not end in a debrief", id);
}

/* The report as text, a block a line. */
static char *report_text(struct session *s)
{
    struct report r;
    struct errmsg why = {0};
    struct buf b;
    buf_init(&b, 0);
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    for (size_t i = 0; i < r.n; i++) {
        buf_adds(&b, r.blocks[i].kind == BLOCK_BULLET ? "- " : "");
        buf_addf(&b, "%s\n", r.blocks[i].text ? r.blocks[i].text : "");
        for (size_t c = 0; c < r.blocks[i].ncells; c++)
            buf_addf(&b, "%s%s", r.blocks[i].cells[c],
                     (c + 1) % r.blocks[i].ncols ? "|" : "\n");
    }
    report_release(&r);
    return b.s;
}

/* ---- users lost ------------------------------------------------------------------ */

/* Some who gave up never came again, whom counters of bad requests do not know: as many as
 * are missing of those who came to the twin. */
static void check_lost(const char *id, const char *what, double told,
                       const struct world *here, const struct bare *twin)
{
    double bad = bad_of(here) - bad_of(twin->w), missing = 0;
    const struct model *m = world_model(here);
    for (size_t c = 0; c < model_comps(m); c++)
        if (str_eq(model_kind(m, (comp_id)c)->name, "client"))
            missing += fabs(world_metric(twin->w, (comp_id)c, "attempts_total", -1) -
                            world_metric(here, (comp_id)c, "attempts_total", -1));
    if (!(told >= bad * 0.99 - 2 && told <= bad * 1.01 + missing + 2))
        fail_msg(
            "%s: %s %.0f are told; by the counters it is %.0f and at most %.0f who "
            "never came",
            id, what, told, bad, missing);
}

static sim_time moment_in(const char *text, const char *before, sim_time day)
{
    int hours, minutes, seconds = 0;
    const char *at = strstr(text, before);
    if (!at || sscanf(at + strlen(before), "%d:%d:%d", &hours, &minutes, &seconds) < 2)
        return SIM_FOREVER;
    sim_time t = (hours * 3600 + minutes * 60 + seconds) * SIM_SEC - day;
    return t < 0 ? t + 24 * 3600 * SIM_SEC : t;
}

static void check_users(const char *id, const struct lesson *l, const char *text,
                        struct bare *nothing, struct bare *twin,
                        const struct session *s)
{
    sim_time day = lesson_info(l)->day_start, left = run_now(&s->run);
    sim_time to = moment_in(text, "was hurt, until ", day);
    double away = number_in(text, "you had lost ", "."),
           mine = number_in(text, ". ", " requests were lost until");
    bare_run(twin, left);
    if (!lesson_design(l))
        check_lost(id, "you", isnan(away) ? mine : away, s->run.world, twin);
    to = to == SIM_FOREVER ? left : to;
    if (to > left)
        bare_run(twin, to);
    bare_run(nothing, to);
    if (!lesson_design(l))
        check_lost(id, "doing nothing",
                   number_in(text, "Doing nothing would have lost ", "."), nothing->w,
                   twin);
}

/* The sums of the part that says so, a line each. */
static size_t check_own_words(const char *id, const char *told)
{
    size_t n = 0;
    const char *at = strstr(told, "\nThe sum\n");
    if (!at)
        fail_msg("%s: the debrief has no sum", id);
    for (at += strlen("\nThe sum\n"); strncmp(at, "- ", 2) == 0;) {
        char line[600];
        size_t len = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)len, at);
        n += check_sums(id, line);
        at += len + (at[len] == '\n');
    }
    return n;
}

static void look_at(const char *id, size_t *sums)
{
    char path[120];
    struct errmsg why = {0};
    struct lesson *l;
    struct bare nothing, twin;
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    char *text = screen_file(path);
    assert_non_null(text);
    if (lesson_load(&l, text, strlen(text), path, &why) != ERR_OK)
        fail_msg("%s", why.text);
    struct session *s =
        play_open(&(struct session_options){.lesson = l, .seed = SEED, .spoken = true});
    play_type(s, "");
    play_way(s, id);
    char *told = report_text(s);
    bare_open(&nothing, l, false);
    bare_open(&twin, l, true);
    bare_run(&nothing, lesson_info(l)->starts_at);
    check_figures(id, told, &nothing, s, AT_PAGE);
    check_users(id, l, told, &nothing, &twin, s);
    check_figures(id, told, &nothing, s, AT_END);
    *sums = check_own_words(id, told);
    mem_free(told);
    bare_release(&twin);
    bare_release(&nothing);
    session_free(s);
    lesson_unref(l);
    mem_free(text);
}

static void figures_are_those_of_the_run(void **state)
{
    struct errmsg why = {0};
    struct course_list course;
    size_t all = 0;
    (void)state;
    char *text = screen_file("lessons/course.lua");
    assert_non_null(text);
    if (course_load(&course, text, strlen(text), "course.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    for (size_t i = 0; i < course.n; i++) {
        size_t sums;
        look_at(course.entries[i].id, &sums);
        all += sums;
    }
    assert_true(all > 2 * course.n); /* figures were found */
    course_release(&course);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_are_those_of_the_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
