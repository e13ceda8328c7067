/*
 * Turns that hurt are named with what they cost: each by the night without it. A turn never
 * taken, one that changed nothing and the one that mended it are not.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static char *debrief_of(const char *const *lines)
{
    struct session_options o = play_options(play_small, NULL);
    struct report r;
    struct errmsg why = {0};
    struct buf b;
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    for (; *lines; lines++) {
        sim_time until = session_view(s)->now + 2 * SIM_MIN;
        play_type(s, *lines);
        while (session_view(s)->now < until && session_view(s)->phase == PHASE_PLAY) {
            session_interrupt(s);
            play_for(s, until - session_view(s)->now);
        }
    }
    play_type(s, "resolve cured");
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    buf_init(&b, 0);
    report_markdown(&r, &b);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    report_release(&r);
    session_free(s);
    return text;
}
#define DEBRIEF(...) debrief_of((const char *const[]){__VA_ARGS__, NULL})

static double cost_after(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    assert_non_null(at);
    at = strstr(at, "Without it ");
    assert_non_null(at);
    return strtod(at + strlen("Without it "), NULL);
}

/* Two minutes with the bad version, 20 a second, three in ten fail: 720. */
static void test_undone(void **state)
{
    (void)state;
    char *text = DEBRIEF("rollback api", "note well", "deploy api v2", "rollback api",
                         "note well again", "note still");
    double cost = cost_after(text, "Turns that cost users");
    assert_in_range((int)cost, 600, 850);
    assert_non_null(strstr(text, "deploy api v2"));
    assert_non_null(strstr(text, "undone at 10:11:00."));
    assert_non_null(strstr(text, "you did at 10:09"));
    mem_free(text);
}

/* A restart of all at once drops what is inside, and nobody can undo it. */
static void test_restart(void **state)
{
    (void)state;
    char *text = DEBRIEF("rollback api", "note well", "restart api", "note well again",
                         "note still");
    double cost = cost_after(text, "Turns that cost users");
    assert_in_range((int)cost, 20, 200);
    assert_null(strstr(text, "undone at"));
    mem_free(text);
}

static void test_harmless(void **state)
{
    (void)state;
    char *text = DEBRIEF("scale api 3", "rollback api", "scale api 2", "note well",
                         "note still");
    assert_null(strstr(text, "Turns that cost users"));
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undone),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
