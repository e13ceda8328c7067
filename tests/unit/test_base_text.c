/* UTF-8 strictly, widths, cleaning foreign bytes, wrapping, patterns and suggestions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "truecode/base.h"

#include <stdio.h>
#include <string.h>

/* ---- UTF-8 ----------------------------------------------------------------------- */

static void every_code_point_survives_the_round_trip(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        char bytes[4];
        uint32_t back;
        size_t n = utf8_put(bytes, cp);
        assert_int_equal(utf8_next(bytes, n, &back), n);
        assert_int_equal(back, cp);
        for (size_t cut = 1; cut < n; cut++) {
            assert_int_equal(utf8_next(bytes, cut, &back), cut);
            assert_int_equal(back, 0xFFFD);
        }
    }
}

static void what_is_not_unicode_is_written_as_replacement(void **state)
{
    (void)state;
    char bytes[4];
    assert_int_equal(utf8_put(bytes, 0xD800), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
    assert_int_equal(utf8_put(bytes, 0x110000), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
}

/* Malformed, the bytes it takes, as Unicode's table 3-8 has it. */
static void malformed_sequences_take_what_could_have_begun_one(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n, takes;
    } bad[] = {
        {"\x80", 1, 1},                /* continuation alone */
        {"\xC0\xAF", 2, 1},            /* overlong slash */
        {"\xC1\xBF", 2, 1},            /* overlong */
        {"\xE0\x80\xAF", 3, 1},        /* overlong, three bytes */
        {"\xE0\x9F\xBF", 3, 1},        /* the last overlong */
        {"\xED\xA0\x80", 3, 1},        /* surrogate */
        {"\xED\xBF\xBF", 3, 1},        /* the last surrogate */
        {"\xF0\x80\x80\x80", 4, 1},    /* overlong, four bytes */
        {"\xF0\x8F\xBF\xBF", 4, 1},    /* the last overlong */
        {"\xF4\x90\x80\x80", 4, 1},    /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 1},    /* no such first byte */
        {"\xFF", 1, 1},                /* no such first byte */
        {"\xE2\x80z", 3, 2},           /* broken off, and the z stays */
        {"\xF0\x9F\x98z", 4, 3},       /* broken off, and the z stays */
        {"\xC3z", 2, 1},               /* broken off, and the z stays */
        {"\xE2\x80\xE2\x80\xA6", 5, 2} /* broken off by a good one */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t cp;
        assert_int_equal(utf8_next(bad[i].bytes, bad[i].n, &cp), bad[i].takes);
        assert_int_equal(cp, 0xFFFD);
    }
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(text_width_cp('a'), 1);
    assert_int_equal(text_width_cp(0xE9), 1);    /* e acute */
    assert_int_equal(text_width_cp(0x301), 0);   /* combining acute */
    assert_int_equal(text_width_cp(0x4E2D), 2);  /* Chinese */
    assert_int_equal(text_width_cp(0xFF21), 2);  /* full-width A */
    assert_int_equal(text_width_cp(0x1F600), 2); /* a face */
    assert_int_equal(text_width_cp(0x2500), 1);  /* box drawing */
    assert_int_equal(text_width_cp(0x2588), 1);  /* block */
    assert_int_equal(text_width_cp(0x28FF), 1);  /* braille */
    assert_int_equal(text_width_cp(0x200B), 0);  /* zero width space */
    assert_int_equal(text_width_cp('\n'), 0);
    assert_int_equal(text_width_cp(0x9B), 0);
    assert_int_equal(text_width_cp(0x110000), 0);
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("e\xCC\x81t\xC3\xA9 \xE4\xB8\xAD"), 6);
}

/* ---- clean ----------------------------------------------------------------------- */

/* The cleaned text of n bytes, in a static buffer of the caller's. */
static size_t clean(char out[2000], const char *s, size_t n, bool keep_newlines)
{
    struct buf b = {0};
    size_t columns = text_clean(&b, s, n, keep_newlines);
    assert_true(b.len < 2000);
    memcpy(out, b.s ? b.s : "", b.len + 1);
    buf_release(&b);
    return columns;
}

#define ASSERT_CLEAN(bytes, keep, expected)                                            \
    do {                                                                               \
        char cleaned[2000];                                                            \
        clean(cleaned, bytes, sizeof(bytes) - 1, keep);                                \
        assert_string_equal(cleaned, expected);                                        \
    } while (0)

static void plain_text_stays(void **state)
{
    (void)state;
    ASSERT_CLEAN("", false, "");
    ASSERT_CLEAN("p99 = 1.5 s", false, "p99 = 1.5 s");
    ASSERT_CLEAN("\xC3\xA9t\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80", false,
                 "\xC3\xA9t\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80");
}

static void controls_become_visible(void **state)
{
    (void)state;
    ASSERT_CLEAN("\x1B[31mred\x1B]0;title\x07", false, "^[[31mred^[]0;title^G");
    ASSERT_CLEAN("a\rb\bc\x7F\0d", false, "a^Mb^Hc^?^@d");
    ASSERT_CLEAN("a\nb", false, "a^Jb");
    ASSERT_CLEAN("a\nb\r\n", true, "a\nb^M\n");
    ASSERT_CLEAN("\xC2\x9B"
                 "31m",
                 false, "<U+009B>31m");          /* CSI in eight bits */
    ASSERT_CLEAN("\x9B", false, "\xEF\xBF\xBD"); /* as a raw byte */
    for (char c = 1; c < 0x20; c++) {
        char cleaned[2000];
        if (c == '\t')
            continue;
        clean(cleaned, &c, 1, false);
        assert_int_equal(strlen(cleaned), 2);
        assert_int_equal(cleaned[0], '^');
        assert_int_equal(cleaned[1], c + 0x40);
    }
}

static void tabs_become_spaces_to_the_next_stop(void **state)
{
    (void)state;
    ASSERT_CLEAN("\ta", false, "        a");
    ASSERT_CLEAN("abc\td", false, "abc     d");
    ASSERT_CLEAN("abcdefgh\ti", false, "abcdefgh        i");
    ASSERT_CLEAN("ab\nc\td", true, "ab\nc       d");
    ASSERT_CLEAN("\xE4\xB8\xAD\td", false, "\xE4\xB8\xAD      d");
}

/* Everything that SECURITY names, from its first code point to its last, and what else
 * has no width or unknown width. */
static void disguises_are_named(void **state)
{
    (void)state;
    static const uint32_t ranges[][2] = {
        {0x0080, 0x009F},     {0x00AD, 0x00AD},   {0x034F, 0x034F},
        {0x061C, 0x061C},     {0x115F, 0x1160},   {0x17B4, 0x17B5},
        {0x180B, 0x180F},     {0x200B, 0x200F},   {0x2028, 0x202E},
        {0x2060, 0x206F},     {0x3164, 0x3164},   {0xE000, 0xE010},
        {0xFE00, 0xFE0F},     {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
        {0xFFF9, 0xFFFC},     {0xFFFE, 0xFFFF},   {0x1F1E6, 0x1F1FF},
        {0x1F3FB, 0x1F3FF},   {0xE0000, 0xE007F}, {0xE0100, 0xE01EF},
        {0x10FFFE, 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (uint32_t cp = ranges[i][0]; cp <= ranges[i][1]; cp++) {
            char bytes[6] = "x", cleaned[2000], expected[20];
            size_t n = 1 + utf8_put(bytes + 1, cp);
            snprintf(expected, sizeof expected, "x<U+%04X>", cp);
            assert_int_equal(clean(cleaned, bytes, n, true), strlen(expected));
            assert_string_equal(cleaned, expected);
        }
}

static void bad_bytes_become_replacements(void **state)
{
    (void)state;
    ASSERT_CLEAN("a\xFF\xC3(", false, "a\xEF\xBF\xBD\xEF\xBF\xBD(");
    ASSERT_CLEAN("\xED\xA0\x80", false,
                 "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* a surrogate */
    ASSERT_CLEAN("\xE2\x80", false, "\xEF\xBF\xBD");
}

#define ACUTE "\xCC\x81"

static void at_most_two_marks_and_never_without_a_base(void **state)
{
    (void)state;
    ASSERT_CLEAN("e" ACUTE ACUTE ACUTE ACUTE "f" ACUTE, false,
                 "e" ACUTE ACUTE "f" ACUTE);
    ASSERT_CLEAN(ACUTE "e", false, "<U+0301>e");
    ASSERT_CLEAN("\x01" ACUTE, false, "^A<U+0301>");
    ASSERT_CLEAN("a\n" ACUTE, true, "a\n<U+0301>");
    ASSERT_CLEAN("\t" ACUTE, false, "        <U+0301>");
}

static void the_last_line_is_measured(void **state)
{
    (void)state;
    char cleaned[2000];
    assert_int_equal(clean(cleaned,
                           "abc\n\xE4\xB8\xAD"
                           "e" ACUTE,
                           10, true),
                     3);
    assert_int_equal(clean(cleaned, "abc\n", 4, true), 0);
    assert_int_equal(clean(cleaned, "\x1B", 1, true), 2);
}

/* Whatever comes in: what goes out is UTF-8, holds no control but newlines if wanted,
 * no disguise, at most two marks in a row; is as wide as said; and is clean already. */
static void check_clean(const char *bytes, size_t n, bool keep)
{
    struct buf once = {0}, twice = {0};
    size_t columns = text_clean(&once, bytes, n, keep);
    size_t seen = 0, marks = 0;
    for (size_t i = 0; i < once.len;) {
        uint32_t cp;
        size_t took = utf8_next(once.s + i, once.len - i, &cp);
        if (cp == '\n' && keep) {
            seen = 0;
            marks = 2;
        } else {
            assert_true(cp >= 0x20 && !(cp >= 0x7F && cp < 0xA0));
            assert_true(cp != 0x202E && cp != 0x200B && cp != 0xFEFF && cp != 0x3164);
            int width = text_width_cp(cp);
            marks = width == 0 ? marks + 1 : 0;
            assert_true(marks <= 2);
            seen += (size_t)width;
        }
        i += took;
    }
    assert_int_equal(columns, seen);
    if (once.len) {
        assert_int_equal(text_clean(&twice, once.s, once.len, keep), columns);
        assert_string_equal(twice.s, once.s);
    }
    buf_release(&once);
    buf_release(&twice);
}

static void any_bytes_come_out_clean(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 3, "clean");
    static const char *const pieces[] = {"\x1B", "\xE2\x80", "\xAE", ACUTE,
                                         "\t",   "\n",       "a",    "\xF0",
                                         "\x9F", "\xED",     "\xA0", "\xE3\x85\xA4"};
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        size_t n = 0, want = rng_below(&r, 60);
        while (n < want) {
            if (rng_below(&r, 2)) {
                bytes[n++] = (char)rng_next(&r);
            } else {
                const char *p = pieces[rng_below(&r, 12)];
                size_t m = strlen(p);
                if (n + m > sizeof bytes)
                    break;
                memcpy(bytes + n, p, m);
                n += m;
            }
        }
        check_clean(bytes, n, round % 2);
    }
}

static void every_code_point_comes_out_clean(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char bytes[8] = "a";
        size_t n = 1 + utf8_put(bytes + 1, cp);
        bytes[n++] = 'b';
        check_clean(bytes, n, false);
        check_clean(bytes + 1, n - 1, false);
    }
}

/* ---- wrap ------------------------------------------------------------------------ */

#define ASSERT_WRAP(source, columns, expected)                                         \
    do {                                                                               \
        struct buf wrapped;                                                            \
        buf_init(&wrapped, 0);                                                         \
        text_wrap(&wrapped, source, columns);                                          \
        assert_string_equal(wrapped.s, expected);                                      \
        buf_release(&wrapped);                                                         \
    } while (0)

static void words_fill_lines(void **state)
{
    (void)state;
    ASSERT_WRAP("", 20, "");
    ASSERT_WRAP("one", 20, "one");
    ASSERT_WRAP("one two three four", 9, "one two\nthree\nfour");
    ASSERT_WRAP("one two", 8, "one two");
    ASSERT_WRAP("one  two\nthree", 20, "one two three");
    ASSERT_WRAP("one two\n\nthree\nfour", 20, "one two\n\nthree four");
    ASSERT_WRAP("12345678 12345678", 8, "12345678\n12345678");
    ASSERT_WRAP("a b c", 1, "a b c"); /* at least eight columns */
}

static void samples_stay_as_they_are(void **state)
{
    (void)state;
    ASSERT_WRAP("Type this\nnow:\n  restart  checkout --rolling\n  wait\nand look.", 12,
                "Type this\nnow:\n  restart  checkout --rolling\n  wait\nand look.");
    ASSERT_WRAP(" first\nthen", 12, " first\nthen");
}

static void words_wider_than_a_line_are_broken(void **state)
{
    (void)state;
    ASSERT_WRAP("see http://status.example.com ok", 10,
                "see\nhttp://sta\ntus.exampl\ne.com ok");
    /* A wide character that does not fit goes to the next line whole. */
    ASSERT_WRAP("1234567\xE4\xB8\xAD", 8, "1234567\n\xE4\xB8\xAD");
    /* A mark stays with its base even at the edge. */
    ASSERT_WRAP("1234567e" ACUTE "x", 8, "1234567e" ACUTE "\nx");
}

static void wrapped_lines_never_exceed_the_columns(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 4, "wrap");
    static const char *const pieces[] = {
        "a", "bc", " ", " ", "\n", "\xE4\xB8\xAD", ("e" ACUTE), "word", "-"};
    for (int round = 0; round < 5000; round++) {
        struct buf source = {0}, wrapped = {0};
        buf_adds(&source, "x");
        for (uint32_t i = rng_below(&r, 80); i > 0; i--) {
            const char *p = pieces[rng_below(&r, 9)];
            /* no line of this source begins with a space */
            if (*p != ' ' || source.s[source.len - 1] != '\n')
                buf_adds(&source, p);
        }
        size_t columns = 8 + rng_below(&r, 20), width = 0, letters = 0;
        text_wrap(&wrapped, source.s, columns);
        for (size_t i = 0; i < wrapped.len;) {
            uint32_t cp;
            i += utf8_next(wrapped.s + i, wrapped.len - i, &cp);
            width = cp == '\n' ? 0 : width + (size_t)text_width_cp(cp);
            letters += cp > ' ';
            assert_true(width <= columns);
        }
        for (size_t i = 0; i < source.len;) {
            uint32_t cp;
            i += utf8_next(source.s + i, source.len - i, &cp);
            letters -= cp > ' ';
        }
        assert_int_equal(letters, 0);
        buf_release(&source);
        buf_release(&wrapped);
    }
}

/* ---- small questions ------------------------------------------------------------- */

static void equality_and_beginnings(void **state)
{
    (void)state;
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_true(str_eq("a", "a"));
    assert_false(str_eq("a", "A"));
    assert_true(str_starts("restart", "re"));
    assert_true(str_starts("re", ""));
    assert_false(str_starts("re", "restart"));
}

static void patterns(void **state)
{
    (void)state;
    assert_true(str_match("*", ""));
    assert_true(str_match("*", "anything"));
    assert_true(str_match("check*", "checkout"));
    assert_true(str_match("*out", "checkout"));
    assert_true(str_match("c*k*t", "checkout"));
    assert_true(str_match("c?eckout", "checkout"));
    assert_true(str_match("caf?", "caf\xC3\xA9"));
    assert_true(str_match("a**b", "ab"));
    assert_true(str_match("*a*b", "aaab"));
    assert_true(str_match("*b", "ab"));
    assert_false(str_match("", "a"));
    assert_false(str_match("?", ""));
    assert_false(str_match("check", "checkout"));
    assert_false(str_match("[c]heck", "check"));
    /* Patterns that take a naive matcher longer than the universe. */
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(str_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void suggestions(void **state)
{
    (void)state;
    static const char *const names[] = {"restart", "logs", "status", "rollback",
                                        "revert",  "ps",   "set",    "flag"};
    const size_t n = sizeof names / sizeof names[0];
    assert_string_equal(text_suggest("restrat", names, n), "restart"); /* swapped */
    assert_string_equal(text_suggest("lgos", names, n), "logs");
    assert_string_equal(text_suggest("LOGS", names, n), "logs");
    assert_string_equal(text_suggest("statsu", names, n), "status");
    assert_string_equal(text_suggest("rolback", names, n), "rollback");
    assert_string_equal(text_suggest("flags", names, n), "flag");
    assert_null(text_suggest("kubectl", names, n));
    assert_null(text_suggest("", names, n));
    assert_null(text_suggest("px", names, n)); /* half of it is wrong */
    assert_null(text_suggest("logs", names, 0));
    static const char *const settings[] = {"single_flight", "ttl_jitter", "ttl_mode"};
    assert_string_equal(text_suggest("single", settings, 3), "single_flight");
    assert_null(text_suggest("ttl", settings, 3)); /* two begin so */
    assert_string_equal(text_suggest("jitter", settings, 3), "ttl_jitter");
    assert_null(text_suggest("si", settings, 3));
    static const char *const twins[] = {"abcd", "abce"};
    assert_string_equal(text_suggest("abcf", twins, 2), "abcd");
    assert_string_equal(text_suggest("abce", twins, 2), "abce");
    char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(text_suggest(longest, names, n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_survives_the_round_trip),
        cmocka_unit_test(what_is_not_unicode_is_written_as_replacement),
        cmocka_unit_test(malformed_sequences_take_what_could_have_begun_one),
        cmocka_unit_test(widths),
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(controls_become_visible),
        cmocka_unit_test(tabs_become_spaces_to_the_next_stop),
        cmocka_unit_test(disguises_are_named),
        cmocka_unit_test(bad_bytes_become_replacements),
        cmocka_unit_test(at_most_two_marks_and_never_without_a_base),
        cmocka_unit_test(the_last_line_is_measured),
        cmocka_unit_test(any_bytes_come_out_clean),
        cmocka_unit_test(every_code_point_comes_out_clean),
        cmocka_unit_test(words_fill_lines),
        cmocka_unit_test(samples_stay_as_they_are),
        cmocka_unit_test(words_wider_than_a_line_are_broken),
        cmocka_unit_test(wrapped_lines_never_exceed_the_columns),
        cmocka_unit_test(equality_and_beginnings),
        cmocka_unit_test(patterns),
        cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
