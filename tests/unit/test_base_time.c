/* Durations and times of day: read exactly, shown shortly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "truecode/base.h"

#include <string.h>

static void durations_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        sim_time want;
    } good[] = {
        {"90s", 90 * SIM_SEC},
        {"1.5 s", 1500 * SIM_MS},
        {"250ms", 250 * SIM_MS},
        {"2m", 2 * SIM_MIN},
        {"1m30s", 90 * SIM_SEC},
        {"1 m 30 s", 90 * SIM_SEC},
        {" 1m30s ", 90 * SIM_SEC},
        {"3us", 3 * SIM_US},
        {"3\xC2\xB5s", 3 * SIM_US},
        {"3\xCE\xBCs", 3 * SIM_US},
        {"7ns", 7},
        {"1h", SIM_HOUR},
        {"2d", 48 * SIM_HOUR},
        {"1h2m3s4ms5us6ns",
         SIM_HOUR + 2 * SIM_MIN + 3 * SIM_SEC + 4 * SIM_MS + 5 * SIM_US + 6},
        {"0", 0},
        {"0.0", 0},
        {"0s", 0},
        {"0.1s", 100 * SIM_MS},
        {"0.3s", 300 * SIM_MS},
        {"0.123456789s", 123456789},
        {"0.1234567891s", 123456789},
        {"0.000000001h", 3600},
        {"1.5d", 36 * SIM_HOUR},
        {"9223372036854775807ns", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        sim_time got = -1;
        struct errmsg why = {0};
        assert_int_equal(time_parse(good[i].text, &got, &why), ERR_OK);
        assert_string_equal(why.text, "");
        assert_int_equal(got, good[i].want);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "s",
        "90",
        "1.5",
        "-1s",
        "+1s",
        "1x",
        "1 sec",
        "1S",
        "1.s",
        ".5s",
        "1..5s",
        "1m1m",
        "1s1m",
        "1m30",
        "0 0",
        "1,5s",
        "1s,",
        "1e3s",
        "0x10s",
        "nan",
        "inf",
        "1ms\n",
        "1s\x1B",
        "00x",
        "0s0",
        "9223372036854775808ns",
        "106752d",
        "2562048h",
        "99999999999999999999s",
        "9223372036s 1s",
        "9223372036s 999999999999ns",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sim_time got = 77;
        struct errmsg why = {0};
        assert_int_equal(time_parse(bad[i], &got, &why), ERR_INPUT);
        assert_int_equal(got, 77);
        assert_true(strlen(why.text) > 10);
    }
    struct errmsg why = {0};
    sim_time got;
    assert_int_equal(time_parse("90", &got, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "ns, us, ms, s, m, h or d"));
    assert_int_equal(time_parse("x", &got, NULL), ERR_INPUT);
}

static void durations_are_shown_shortly(void **state)
{
    (void)state;
    static const struct {
        sim_time t;
        const char *want;
    } cases[] = {
        {0, "0 s"},
        {1, "1 ns"},
        {999, "999 ns"},
        {1000, "1 us"},
        {1500, "1.5 us"},
        {1234, "1.23 us"},
        {12340, "12.3 us"},
        {999499, "999 us"},
        {999500, "1 ms"},
        {214 * SIM_MS, "214 ms"},
        {214 * SIM_MS + 499999, "214 ms"},
        {1050 * SIM_US, "1.05 ms"},
        {999999999, "1 s"},
        {SIM_SEC, "1 s"},
        {1500 * SIM_MS, "1.5 s"},
        {12345 * SIM_MS, "12.3 s"},
        {59949 * SIM_MS, "59.9 s"},
        {59950 * SIM_MS, "1 m"},
        {59999 * SIM_MS, "1 m"},
        {SIM_MIN, "1 m"},
        {61 * SIM_SEC, "1 m 01 s"},
        {12 * SIM_MIN + 41 * SIM_SEC, "12 m 41 s"},
        {12 * SIM_MIN + 41 * SIM_SEC + 499 * SIM_MS, "12 m 41 s"},
        {SIM_HOUR - 1, "1 h"},
        {SIM_HOUR, "1 h"},
        {2 * SIM_HOUR + 5 * SIM_MIN, "2 h 05 m"},
        {24 * SIM_HOUR - 1, "1 d"},
        {76 * SIM_HOUR, "3 d 04 h"},
        {-1500 * SIM_MS, "-1.5 s"},
        {INT64_MIN, "-106752 d"},
        {SIM_FOREVER, "forever"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};
        time_format(&b, cases[i].t);
        assert_string_equal(b.s, cases[i].want);
        buf_release(&b);
    }
}

/* A time shown reads back to within the half of its last digit. */
static void what_is_shown_reads_back(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5, "time");
    for (int i = 0; i < 20000; i++) {
        sim_time t = (sim_time)(rng_next(&r) >> (8 + rng_below(&r, 54))), back;
        struct buf b = {0};
        time_format(&b, t);
        assert_int_equal(time_parse(b.s, &back, NULL), ERR_OK);
        sim_time off = back > t ? back - t : t - back;
        assert_true(off <= t / 48);
        assert_true(b.len <= 16);
        buf_release(&b);
    }
}

static void clock_is(sim_time day_start, sim_time t, bool seconds, const char *want)
{
    struct buf b = {0};
    clock_format(&b, day_start, t, seconds);
    assert_string_equal(b.s, want);
    buf_release(&b);
}

static void times_of_day(void **state)
{
    (void)state;
    sim_time start = 20 * SIM_HOUR + 12 * SIM_MIN;
    clock_is(start, 5 * SIM_SEC, true, "20:12:05");
    clock_is(start, 5 * SIM_SEC, false, "20:12");
    clock_is(start, 5 * SIM_SEC + 999 * SIM_MS, true, "20:12:05");
    clock_is(start, 4 * SIM_HOUR, true, "00:12:00");
    clock_is(start, 100 * SIM_HOUR, true, "00:12:00");
    clock_is(0, -SIM_SEC, true, "23:59:59");
    clock_is(0, INT64_MAX, true, "23:47:16");
    clock_is(INT64_MAX, INT64_MAX, false, "23:34");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_exactly),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(durations_are_shown_shortly),
        cmocka_unit_test(what_is_shown_reads_back),
        cmocka_unit_test(times_of_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
