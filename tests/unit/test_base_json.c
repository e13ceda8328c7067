/*
 * The JSON writer: commas and lines in every place, and no text that breaks out of its
 * quotes or reaches a terminal raw.
 */
#include "truecode/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void commas_stand_between_and_nowhere_else(void **state)
{
    struct buf b = {0};
    (void)state;
    struct json j = json_to(&b);
    json_object(&j, NULL);
    json_text(&j, "a", "x");
    json_array(&j, "empty");
    json_end(&j);
    json_array(&j, "list");
    json_count(&j, NULL, UINT64_MAX);
    json_int(&j, NULL, INT64_MIN);
    json_object(&j, NULL);
    json_end(&j);
    json_object(&j, NULL);
    json_bool(&j, "yes", true);
    json_bool(&j, "no", false);
    json_end(&j);
    json_end(&j);
    json_text(&j, "none", NULL);
    json_textf(&j, "digest", "%04x", 0xbeu);
    json_end(&j);
    assert_string_equal(b.s, "{\"a\": \"x\", \"empty\": [], \"list\": "
                             "[18446744073709551615, -9223372036854775808, {}, "
                             "{\"yes\": true, \"no\": false}], \"none\": null, "
                             "\"digest\": \"00be\"}");
    buf_release(&b);
}

static void lines_begin_where_they_are_asked_for(void **state)
{
    struct buf b = {0};
    (void)state;
    struct json j = json_to(&b);
    json_array(&j, NULL);
    json_line(&j, 2), json_object(&j, NULL);
    json_array(&j, "rows");
    json_line(&j, 6), json_count(&j, NULL, 1);
    json_line(&j, 6), json_count(&j, NULL, 2);
    json_line(&j, 4), json_end(&j);
    json_end(&j);
    json_line(&j, 2), json_count(&j, NULL, 3);
    json_count(&j, NULL, 4);
    json_line(&j, 0), json_end(&j);
    assert_string_equal(b.s,
                        "[\n  {\"rows\": [\n      1,\n      2\n    ]},\n  3, 4\n]");
    buf_reset(&b);
    json_array(&j, NULL); /* an empty one has only its last line */
    json_line(&j, 0), json_end(&j);
    assert_string_equal(b.s, "[\n]");
    buf_release(&b);
}

static void text_stays_in_its_quotes_and_is_clean(void **state)
{
    struct buf b = {0};
    (void)state;
    struct json j = json_to(&b);
    json_text(&j, NULL, "a \"b\" \\ c\nd \x1b[31m \xff \xe2\x80\xae");
    assert_string_equal(b.s, "\"a \\\"b\\\" \\\\ c\\nd ^[[31m \xef\xbf\xbd <U+202E>\"");
    buf_reset(&b);
    json_object(&j, NULL);
    json_count(&j, "ke\"y", 1);
    json_end(&j);
    assert_string_equal(b.s, "{\"ke\\\"y\": 1}");
    buf_release(&b);
}

static void what_is_no_number_is_null(void **state)
{
    struct buf b = {0};
    (void)state;
    struct json j = json_to(&b);
    json_array(&j, NULL);
    json_real(&j, NULL, 0.1, 6);
    json_real(&j, NULL, 1e300, 9);
    json_real(&j, NULL, NAN, 6);
    json_real(&j, NULL, -INFINITY, 6);
    json_end(&j);
    assert_string_equal(b.s, "[0.1, 1e+300, null, null]");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_and_nowhere_else),
        cmocka_unit_test(lines_begin_where_they_are_asked_for),
        cmocka_unit_test(text_stays_in_its_quotes_and_is_clean),
        cmocka_unit_test(what_is_no_number_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
