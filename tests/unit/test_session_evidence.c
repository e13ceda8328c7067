/*
 * Suspects and facts: what was on the screen, and only that, speaks for a suspicion and
 * against it; and what was found is typed at the prompt.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* Four suspects: a right one, a true symptom, two rivals; two facts that are so and one
 * that is not. */
#define SUSPECTS                                                                       \
    "  suspects = { { 'api', 'bad-deploy', right = true, also = { 'api/buy' } },\n"    \
    "    { 'api', 'overload', reply = 'How busy is it?' },\n"                          \
    "    { 'users', 'traffic-spike' }, { 'api', 'slow-dependency', part = true } },\n" \
    "  facts = {\n"                                                                    \
    "    { 'the new version runs', seen = { 'changes', 'api:changes' },\n"             \
    "      fits = { 'bad-deploy', 'traffic-spike' }, tells = 'v2 runs.',\n"            \
    "      when = function(s) return s:version('api') == 'v2' end },\n"                \
    "    { 'more people come', seen = 'users:metric.visits_total',\n"                  \
    "      fits = 'users traffic-spike', tells = 'As many come as before.',\n"         \
    "      when = function(s) return s:rate('users', 'visits_total', min(1)) > 30 "    \
    "end },\n"                                                                         \
    "    { 'the api is busy', seen = 'status', fits = 'overload',\n"                   \
    "      tells = 'It has little to do.',\n"                                          \
    "      when = function(s) return s:service('api').cpu > 0.7 end } },\n"

static char *with(const char *find)
{
    const char *begin = strstr(play_small, "  suspects ="),
               *end = strstr(play_small, "  steps ="),
               *step = strstr(play_small, "    find { 'changes'"),
               *next = strstr(play_small, "    predict {");
    struct buf b;
    buf_init(&b, 0);
    buf_add(&b, play_small, (size_t)(begin - play_small));
    buf_adds(&b, SUSPECTS);
    buf_add(&b, end, (size_t)(step - end));
    if (find)
        buf_addf(&b,
                 "    find { 'it', say = '?', %s, solution = { 'status' }, "
                 "hints = { 'look' } },\n",
                 find);
    buf_adds(&b, next);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

static struct session *begun(const char *find, enum play_mode mode)
{
    char *text = with(find);
    struct session_options o = play_options(text, NULL);
    o.mode = mode;
    struct session *s = play_open(&o);
    play_type(s, "");
    if (find)
        play_type(s, "2"); /* the first question */
    mem_free(text);
    return s;
}

static struct session *oncall(void)
{
    return begun(NULL, MODE_ONCALL);
}

/* ---- what was seen --------------------------------------------------------------- */

static void nothing_seen_is_said(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "suspect api bad-deploy");
    assert_true(play_said(s, "Nothing that you have seen so far speaks for it or "
                             "against it."));
    assert_false(play_said(s, "traffic-spike"));
    session_free(s);
}

static void what_fits_alike_is_named(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "changes");
    play_type(s, "suspect api bad-deploy");
    assert_true(play_said(s, "What you have seen fits bad-deploy and traffic-spike "
                             "alike. What would differ?"));
    play_type(s, "chart users.visits_total");
    play_type(s, "suspect api slow-dependency");
    play_type(s, "rule-out api slow-dependency");
    play_type(s, "suspect api/buy bad-deploy"); /* another name of the place */
    assert_true(play_said(s, "What you have seen fits bad-deploy alone."));
    session_free(s);
}

static void a_contradiction_is_told(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "status");
    play_type(s, "suspect api overload");
    assert_true(play_said(s, "But you saw something that does not go with it. It has "
                             "little to do."));
    assert_false(play_said(s, "How busy is it?"));
    play_type(s, "rule-out api overload");
    assert_true(play_said(s, "What you saw excludes it. It has little to do."));
    session_free(s);
}

static void a_reply_asks_before_it_is_seen(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "chart users.visits_total");
    play_type(s, "suspect api overload");
    assert_true(play_said(s, "How busy is it?"));
    play_type(s, "rule-out api overload");
    assert_true(play_said(s, "Nothing that you have seen so far excludes it."));
    session_free(s);
}

/* The same words for what is right and for what is not: nothing is given away. */
static void ruling_out_gives_nothing_away(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "rule-out api bad-deploy");
    assert_true(play_said(s, "Nothing that you have seen so far excludes it. What "
                             "would?"));
    session_free(s);
}

/* A fact counts while it is so: what was looked at after the cure shows nothing. */
static void a_fact_is_seen_while_it_is_so(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "rollback api");
    play_type(s, "wait 2m");
    play_for(s, 3 * SIM_MIN);
    play_type(s, "changes");
    assert_int_equal(s->nfacts_seen, 0);
    play_type(s, "status");
    assert_int_equal(s->nfacts_seen, 1); /* that it is not busy is as true as before */
    session_free(s);
}

/* A panel shows it again once it is so, and a replay sees the same. */
static void a_panel_shows_it_later(void **state)
{
    (void)state;
    char *text = with(NULL);
    char *later = play_edit(text, "s:version('api') == 'v2'", "s:now() > min(6)");
    struct session *s = play_lesson(later, NULL);
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "up");
    session_seen(s, "changes");
    assert_int_equal(s->nfacts_seen, 0);
    play_for(s, 90 * SIM_SEC);
    session_seen(s, "changes");
    session_seen(s, "changes");
    assert_int_equal(s->nfacts_seen, 1);
    play_same_again(s, later);
    session_free(s);
    mem_free(later);
    mem_free(text);
}

static void the_sheet_tells_what_was_seen(void **state)
{
    (void)state;
    struct session *s = oncall();
    play_type(s, "status");
    play_type(s, "changes");
    play_type(s, "sheet");
    assert_false(play_said(s, "the new version runs"));
    play_type(s, "suspect api bad-deploy");
    play_type(s, "sheet");
    assert_true(play_said(s, "told apart by      not so: the api is busy"));
    assert_true(play_said(s, "                   the new version runs"));
    session_free(s);
}

/* ---- findings -------------------------------------------------------------------- */

#define TRY(s, line)                                                                   \
    do {                                                                               \
        struct errmsg ignored = {0};                                                   \
        enum err e = session_line(s, line, true, &ignored);                            \
        (void)e;                                                                       \
    } while (0)

static void finds(const char *step, const char *const *no, const char *yes)
{
    struct session *s = begun(step, MODE_GUIDED);
    for (; *no; no++) {
        TRY(s, *no);
        if (s->step != 1)
            fail_msg("%s: \"%s\" was taken", step, *no);
    }
    play_type(s, yes);
    if (s->step != 2)
        fail_msg("%s: \"%s\" was not taken: %s", step, yes,
                 session_view(s)->transcript->text.s);
    session_free(s);
}
#define NO(...) ((const char *const[]){__VA_ARGS__, NULL})

#define SHARE  "of = 'share', answer = function(s) return 1 - s:good(min(1)) end"
#define NUMBER "of = 'number', answer = function(s) return s:instances('api') end"
#define PLACE  "of = 'component', answer = function(s) return 'api' end"
#define CLIENT "of = 'client', answer = function(s) return 'users' end"
#define TIME   "of = 'time', answer = function(s) return min(3) end"
#define WORD   "of = 'state', answer = function(s) return 'not busy', 'idle' end"

static void each_kind_is_typed_bare(void **state)
{
    (void)state;
    finds(SHARE, NO("cheese", "80%", "-1", "status"), "30 %");
    finds(SHARE, NO("1 in 10"), "3 in 10");
    finds(NUMBER, NO("x", "3", "19:99", "-2"), "2.");
    finds(NUMBER, NO("one"), "Two");
    finds(PLACE, NO("users", "the cloud", "changes"), "API");
    finds(CLIENT, NO("api", "5"), "Users");
    finds(TIME, NO("19:99", "10:30", "soon"), "10:03");
    finds(TIME, NO("09:59"), "10:05");
    finds(WORD, NO("busy"), "Not-Busy");
    finds(WORD, NO("on fire"), "idle");
}

static void lines_of_the_sheet_are_typed_bare(void **state)
{
    (void)state;
    finds("answer = 'hurt'", NO("nobody", "x"), "USERS");
    finds("answer = 'since'", NO("cheese", "09:10"), "10:03");
    finds("answer = 'since'", NO("since 09:10"), "since 10:03");
    finds("answer = 'much'", NO("x", "90 %"), "three in ten");
    finds("answer = 'trigger'", NO("nothing", "-1", "users"), "1");
    finds("answer = 'trigger'", NO("growth", "19:99"), "api");
    finds("answer = 'state'", NO("cured", "?"), "Investigating");
}

/* What is stated at a question stands on the sheet, right or wrong. */
static void a_finding_is_stated(void **state)
{
    (void)state;
    char *text = with("answer = 'since'");
    struct session *s = begun("answer = 'since'", MODE_GUIDED);
    play_type(s, "09:10");
    play_type(s, "10:03");
    assert_int_equal(s->sheet.n, 2);
    assert_string_equal(s->sheet.list[1].text, "10:03");
    play_same_again(s, text);
    mem_free(text);
    session_free(s);
}

/* A suspicion goes on when it is right and what was seen tells it from the rest. */
static void a_suspicion_needs_its_facts(void **state)
{
    (void)state;
    struct session *s = begun("answer = 'suspect'", MODE_GUIDED);
    play_type(s, "Api Bad-Deploy");
    assert_int_equal(s->nnotes, 1);
    play_type(s, "status");
    play_type(s, "changes");
    assert_int_equal(s->step, 1);
    play_type(s, "chart users.visits_total");
    assert_int_equal(s->step, 2);
    session_free(s);
}

static void replies_speak_of_what_was_answered(void **state)
{
    (void)state;
    struct session *s = begun(
        PLACE ", replies = { { 'users', 'They only come.' } }, wrong = 'Not that.'",
        MODE_GUIDED);
    play_type(s, "users");
    assert_true(play_said(s, "They only come."));
    play_type(s, "api/buy");
    assert_true(play_said(s, "Not that."));
    assert_int_equal(s->wrong_answers, 2);
    session_free(s);
    s = begun(SHARE ", within = 0.15, near = 'Near.', wrong = 'Far.'", MODE_GUIDED);
    play_type(s, "37%");
    assert_true(play_said(s, "Near."));
    assert_false(play_said(s, "Far."));
    play_type(s, "90%");
    assert_true(play_said(s, "Far."));
    session_free(s);
}

/* The clock stands at a finding, unless it is to be watched. */
static void the_clock_stands(void **state)
{
    (void)state;
    struct session *s = begun(PLACE, MODE_GUIDED);
    assert_int_equal(session_view(s)->hold, HOLD_QUESTION);
    assert_true(session_view(s)->asking);
    session_free(s);
    s = begun(PLACE ", watch = true", MODE_GUIDED);
    play_type(s, "");
    assert_int_equal(session_view(s)->hold, HOLD_NONE);
    assert_true(session_view(s)->asking);
    session_free(s);
}

/* ---- an update says something ---------------------------------------------------- */

static void an_update_is_readable(void **state)
{
    (void)state;
    static const char *const no[][2] = {
        {"say --who x --state cured", "users, everybody, nobody"},
        {"say --since x --state cured", "like 14:05"},
        {"say --impact x --state cured", "30 %"},
        {"say --next x --state cured", "like 20:30"},
    };
    struct session *s = oncall();
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        struct errmsg why = {0};
        assert_int_equal(session_line(s, no[i][0], true, &why), ERR_INPUT);
        if (!strstr(why.text, no[i][1]))
            fail_msg("%s: %s", no[i][0], why.text);
    }
    assert_int_equal(s->nsaids, 0);
    play_type(s, "say");
    play_type(s, "x");
    assert_true(play_said(s, "Who is hurt is one or more of: users"));
    play_type(s, "users");
    assert_true(play_said(s, "Since when"));
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_seen_is_said),
        cmocka_unit_test(what_fits_alike_is_named),
        cmocka_unit_test(a_contradiction_is_told),
        cmocka_unit_test(a_reply_asks_before_it_is_seen),
        cmocka_unit_test(ruling_out_gives_nothing_away),
        cmocka_unit_test(a_fact_is_seen_while_it_is_so),
        cmocka_unit_test(a_panel_shows_it_later),
        cmocka_unit_test(the_sheet_tells_what_was_seen),
        cmocka_unit_test(each_kind_is_typed_bare),
        cmocka_unit_test(lines_of_the_sheet_are_typed_bare),
        cmocka_unit_test(a_finding_is_stated),
        cmocka_unit_test(a_suspicion_needs_its_facts),
        cmocka_unit_test(replies_speak_of_what_was_answered),
        cmocka_unit_test(the_clock_stands),
        cmocka_unit_test(an_update_is_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
