/* Logs and change records: what is kept, what is said about the rest, and rewinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "telemetry_test.h"

#include <stdio.h>
#include <string.h>

static struct recording *rec_new(void)
{
    struct model *m = small_model(NULL);
    struct recording *r = recording_new(m, NULL, 0);
    model_unref(m);
    return r;
}

static void say(struct recording *r, sim_time at, comp_id c, enum log_level level,
                const char *text)
{
    struct observer o = recording_observer(r);
    o.log(o.ctx, &(struct log_line){.at = at,
                                    .comp = c,
                                    .instance = 1,
                                    .level = level,
                                    .request = (uint64_t)at,
                                    .text = text});
}

static const struct log_filter everything = {.comp = COMP_NONE};

static size_t lines(const struct recording *r, struct log_entry *out, size_t max)
{
    return recording_logs(r, &everything, out, max);
}

/* ---- access lines ---------------------------------------------------------------- */

struct ended {
    sim_time at, took;
    enum reason reason;
    const char *result;
    bool user, abandoned;
};

static void end_request(struct recording *r, struct ended x)
{
    const struct model *m = recording_model(r);
    struct request_done d = {.id = 7,
                             .client = model_find(m, "users"),
                             .endpoint = model_find(m, "api/get"),
                             .place = model_find(m, "api"),
                             .instance = 2,
                             .user = x.user,
                             .abandoned = x.abandoned,
                             .start = x.at - x.took,
                             .end = x.at,
                             .reason = x.reason,
                             .result = x.result,
                             .culprit =
                                 x.reason ? model_find(m, "api/put") : COMP_NONE};
    struct observer o = recording_observer(r);
    o.done(o.ctx, &d);
}

static void a_request_that_ended_is_a_line(void **state)
{
    (void)state;
    static const struct {
        struct ended x;
        const char *text; /* NULL: no line */
    } all[] = {
        {{.took = 212400 * SIM_US}, "/get 200 in 212 ms"},
        {{.took = 1234567}, "/get 200 in 1.2 ms"},
        {{.took = 190 * SIM_MS, .result = "declined"}, "/get 200 declined in 190 ms"},
        {{.took = 8 * SIM_SEC, .reason = REASON_TIMEOUT},
         "/get 504 timeout (api/put) in 8 s"},
        {{.took = 9 * SIM_SEC, .reason = REASON_QUEUE_FULL},
         "/get 503 queue full (api/put) in 9 s"},
        {{.took = 12 * SIM_MIN, .abandoned = true}, "/get 499 caller gone in 12 m"},
        {{.took = SIM_SEC, .user = true}, NULL},
        {{.took = SIM_SEC, .reason = REASON_INSTANCE_GONE}, NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct recording *r = rec_new();
        struct log_entry e[4];
        struct ended x = all[i].x;
        x.at = SIM_HOUR;
        end_request(r, x);
        assert_int_equal(lines(r, e, 4), all[i].text ? 1 : 0);
        if (all[i].text) {
            assert_string_equal(e[0].text, all[i].text);
            assert_true(e[0].access);
            assert_int_equal(e[0].instance, 2);
            assert_int_equal(e[0].request, 7);
            assert_int_equal(e[0].level, LOG_INFO);
        }
        recording_free(r);
    }
}

/* However much ordinary life there is: the odd line of an hour ago is still there, and
 * so is the odd result among the usual ones. */
static void the_odd_line_outlives_ordinary_life(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct log_entry e[4];
    say(r, SIM_SEC, 0, LOG_ERROR, "the odd one");
    for (sim_time t = SIM_MIN; t < SIM_HOUR; t += 20 * SIM_MS) {
        end_request(r, (struct ended){.at = t, .took = SIM_MS});
        say(r, t, 0, LOG_DEBUG, "nothing special");
    }
    end_request(r,
                (struct ended){.at = SIM_HOUR, .took = SIM_MS, .result = "declined"});
    struct log_filter odd = {.comp = COMP_NONE, .min_level = LOG_ERROR};
    assert_int_equal(recording_logs(r, &odd, e, 4), 1);
    assert_string_equal(e[0].text, "the odd one");
    assert_int_equal(recording_logs(r, &(struct log_filter){.comp = COMP_NONE}, e, 1),
                     1);
    assert_string_equal(e[0].text, "/get 200 declined in 1 ms");
    assert_in_range(recording_bytes(r), 1, 4 << 20);
    recording_free(r);
}

/* ---- logs ------------------------------------------------------------------------ */

static void lines_alike_are_limited_and_counted(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct log_entry e[40];
    char text[64];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof text, "no connection for request %d in %d ms", i,
                       i * 7);
        say(r, SIM_SEC + i * SIM_MS + 1, 0, LOG_WARN, text);
    }
    say(r, SIM_SEC + 500 * SIM_MS, 0, LOG_WARN, "something else");
    say(r, 3 * SIM_SEC, 0, LOG_WARN, "no connection for request 9 in 1 ms");
    say(r, 4 * SIM_SEC, 0, LOG_WARN, "no connection for request 9 in 1 ms");
    size_t n = lines(r, e, 40);
    assert_int_equal(n, 8);
    assert_string_equal(e[0].text, "no connection for request 0 in 0 ms");
    assert_string_equal(e[5].text, "something else");
    assert_int_equal(e[5].dropped, 0);
    assert_int_equal(e[6].dropped, 95);
    assert_int_equal(e[7].dropped, 0);
    recording_free(r);
}

static void a_filter_takes_the_last_that_match(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct log_entry e[10];
    for (int i = 1; i <= 20; i++)
        say(r, i * SIM_SEC, (comp_id)(i % 2), i % 4 ? LOG_INFO : LOG_ERROR, "tick");
    struct log_filter f = {.comp = 0, .min_level = LOG_ERROR, .from = 4 * SIM_SEC};
    size_t n = recording_logs(r, &f, e, 3);
    assert_int_equal(n, 3);
    assert_int_equal(e[0].at, 12 * SIM_SEC);
    assert_int_equal(e[2].at, 20 * SIM_SEC);
    f.to = 12 * SIM_SEC;
    n = recording_logs(r, &f, e, 10);
    assert_int_equal(n, 2);
    assert_int_equal(e[0].at, 8 * SIM_SEC);
    f = (struct log_filter){.comp = COMP_NONE, .request = (uint64_t)(7 * SIM_SEC)};
    assert_int_equal(recording_logs(r, &f, e, 10), 1);
    f = (struct log_filter){.comp = COMP_NONE, .instance = 2};
    assert_int_equal(recording_logs(r, &f, e, 10), 0);
    recording_free(r);
}

static void long_lines_are_cut_between_characters(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct log_entry e[2];
    struct buf text;
    buf_init(&text, 0);
    for (int i = 0; i < 300; i++)
        buf_adds(&text, i % 3 ? "\xc3\xa4" : "x");
    say(r, SIM_SEC, 0, LOG_INFO, text.s);
    buf_release(&text);
    assert_int_equal(lines(r, e, 2), 1);
    size_t n = strlen(e[0].text), at = 0;
    assert_in_range(n, 200, 240);
    while (at < n) {
        uint32_t cp;
        at += utf8_next(e[0].text + at, n - at, &cp);
        assert_int_not_equal(cp, 0xfffd);
    }
    recording_free(r);
}

static void memory_is_bounded_and_the_oldest_go(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct log_entry e[4];
    char text[260];
    for (int i = 0; i < 40000; i++) {
        /* no two alike: words, not numbers */
        (void)snprintf(text, sizeof text, "word%c%c%c %0200d", 'a' + i % 26,
                       'a' + i / 26 % 26, 'a' + i / 676 % 26, i);
        say(r, (i + 1) * SIM_SEC, (comp_id)(i % 2), LOG_INFO, text);
    }
    assert_in_range(logs_bytes(&r->logs[LOG_STORE_WRITTEN]), 1, 3 << 19);
    assert_int_equal(lines(r, e, 4), 4);
    assert_int_equal(e[3].at, 40000 * SIM_SEC);
    recording_free(r);
}

struct told {
    sim_time at;
    comp_id c;
    int what;
};

static void tell(struct recording *r, const struct told *t)
{
    static const char *const texts[] = {"pool: no connection", "request %d failed",
                                        "retry %d after timeout", "started"};
    char text[64];
    (void)snprintf(text, sizeof text, "%s (%d)", texts[t->what & 3], t->what);
    say(r, t->at, t->c, LOG_WARN, text);
}

static void same_logs(const struct recording *a, const struct recording *b)
{
    static struct log_entry x[20000], y[20000];
    size_t n = lines(a, x, 20000);
    assert_int_equal(n, lines(b, y, 20000));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i].at, y[i].at);
        assert_int_equal(x[i].comp, y[i].comp);
        assert_int_equal(x[i].dropped, y[i].dropped);
        assert_string_equal(x[i].text, y[i].text);
    }
}

/* A fork at any second and its origin go on counting what is dropped, as one that was
 * never forked does. */
static void a_fork_goes_on_counting_what_is_dropped(void **state)
{
    (void)state;
    enum { N = 6000 };
    static struct told all[N];
    struct rng rng;
    rng_seed(&rng, 3, "logs");
    sim_time at = 0;
    for (int i = 0; i < N; i++) {
        at += (sim_time)(rng_exponential(&rng) * (rng_below(&rng, 50) ? 5e6 : 9e8));
        all[i] =
            (struct told){at, (comp_id)rng_below(&rng, 2), (int)rng_below(&rng, 64)};
    }
    struct recording *whole = rec_new();
    for (int i = 0; i < N; i++)
        tell(whole, &all[i]);
    for (sim_time then = 0; then < at + SIM_SEC; then += 3 * SIM_SEC) {
        struct recording *r = rec_new();
        int told = 0;
        for (; told < N && all[told].at <= then; told++)
            tell(r, &all[told]);
        struct recording *fork = recording_fork(r);
        for (int i = told; i < N; i++)
            tell(fork, &all[i]);
        same_logs(fork, whole);
        for (int i = told; i < N; i++)
            tell(r, &all[i]);
        same_logs(r, whole);
        recording_free(r);
        recording_free(fork);
    }
    recording_free(whole);
}

/* ---- changes --------------------------------------------------------------------- */

static void change(struct recording *r, uint32_t id, sim_time at)
{
    char who[] = "deploy bot", title[] = "deploy v42 (was v41)", name[] = "deploy",
         version[] = "v42", old[] = "v41";
    struct change c = {.id = id, .at = at, .who = who, .comp = 0, .title = title};
    c.action = (struct action){.kind = ACTION_OP, .comp = 0, .name = name, .nargs = 2};
    c.action.args[0] = value_text(version);
    c.action.args[1] = value_count(7);
    c.undo = c.action;
    c.undo.args[0] = value_text(old);
    c.undoable = true;
    struct observer o = recording_observer(r);
    o.change(o.ctx, &c);
    memset(who, 'x', sizeof who - 1); /* borrowed for the call */
    memset(version, 'x', sizeof version - 1);
}

static void changes_are_kept_whole(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    change(r, 1, 5 * SIM_SEC);
    struct recording *f = recording_fork(r);
    change(f, 2, 9 * SIM_SEC);
    assert_int_equal(recording_changes(r), 1);
    recording_free(r);
    assert_int_equal(recording_changes(f), 2);
    const struct change *c = recording_change(f, 1);
    assert_int_equal(c->id, 2);
    assert_string_equal(c->who, "deploy bot");
    assert_string_equal(c->title, "deploy v42 (was v41)");
    assert_string_equal(c->action.name, "deploy");
    assert_string_equal(c->action.args[0].as.text, "v42");
    assert_int_equal(c->action.args[1].as.count, 7);
    assert_string_equal(c->undo.args[0].as.text, "v41");
    assert_null(recording_change(f, 2));
    recording_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_ended_is_a_line),
        cmocka_unit_test(the_odd_line_outlives_ordinary_life),
        cmocka_unit_test(lines_alike_are_limited_and_counted),
        cmocka_unit_test(a_filter_takes_the_last_that_match),
        cmocka_unit_test(long_lines_are_cut_between_characters),
        cmocka_unit_test(memory_is_bounded_and_the_oldest_go),
        cmocka_unit_test(a_fork_goes_on_counting_what_is_dropped),
        cmocka_unit_test(changes_are_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
