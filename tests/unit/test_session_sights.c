/*
 * What a screen tells unasked: where a lesson names what its business measures, map and
 * charts begin with that, and figures of a component stand there from the first look on.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"
#include "truecode/picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct session *showing(const char *shows)
{
    char *text = play_edit(play_small, "  expect = {", shows);
    struct session *s = play_lesson(text, NULL);
    mem_free(text);
    play_type(s, "");
    return s;
}

static struct scene scene_of(const struct session *s)
{
    const struct session_view *v = session_view(s);
    return (struct scene){v->world, v->rec, v->now, v->users_hidden, v->known};
}

static comp_id comp(const struct session *s, const char *name)
{
    return model_find(world_model(session_view(s)->world), name);
}

static size_t facts_of(const struct session *s, const char *name)
{
    struct scene at = scene_of(s);
    struct fact f[FACTS_MAX];
    return scene_facts(&at, comp(s, name), NULL, f, FACTS_MAX);
}

static size_t curves_of(const struct session *s, const char *name)
{
    struct scene at = scene_of(s);
    static struct curve k[64];
    size_t n = scene_curves(&at, k, 64), those = 0;
    for (size_t i = 0; i < n; i++)
        those += comp_top(world_model(at.w), k[i].comp) == comp(s, name);
    return those;
}

static double rate_into_api(const struct session *s)
{
    struct scene at = scene_of(s);
    struct edge e[EDGES_MAX];
    assert_int_equal(scene_edges(&at, comp(s, "users"), e, EDGES_MAX), 1);
    return e[0].per_s;
}

static void figures_wait_for_a_look(void **state)
{
    (void)state;
    struct session *s = showing("  shows = { 'orders' },\n  expect = {");
    assert_int_equal(facts_of(s, "api"), 0);
    assert_int_equal(curves_of(s, "api"), 0);
    assert_true(curves_of(s, "orders") > 0);
    assert_true(isnan(rate_into_api(s)));
    play_type(s, "status"); /* a dashboard is no look at one component */
    assert_int_equal(facts_of(s, "api"), 0);
    play_type(s, "ps api");
    assert_true(facts_of(s, "api") > 0);
    assert_true(curves_of(s, "api") > 0);
    assert_true(rate_into_api(s) > 0);
    session_free(s);
}

static void what_is_measured_stands_there(void **state)
{
    (void)state;
    struct session *s =
        showing("  shows = { 'orders', 'api.requests_total' },\n  expect = {");
    assert_true(facts_of(s, "api") > 0);
    assert_true(rate_into_api(s) > 0);
    session_free(s);
}

static void without_the_list_all_stands_there(void **state)
{
    (void)state;
    struct session *s = showing("  expect = {");
    assert_null(session_view(s)->known);
    assert_true(facts_of(s, "api") > 0);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_wait_for_a_look),
        cmocka_unit_test(what_is_measured_stands_there),
        cmocka_unit_test(without_the_list_all_stands_there),
    };
    return cmocka_run_group_tests_name("session: sights", tests, NULL, NULL);
}
