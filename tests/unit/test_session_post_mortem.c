/*
 * The post-mortem of a run, as a golden text, and as Markdown that a renderer reads as it is
 * meant, whatever the learner wrote. UPDATE_GOLDEN=1 writes it anew; then read the
 * difference.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/post_mortem_small.md"

static void play(struct session *s, const char *const *lines)
{
    for (; *lines && session_view(s)->phase != PHASE_DEBRIEF; lines++) {
        play_type(s, *lines);
        while (session_view(s)->hold == HOLD_WAITING) {
            sim_time now = session_view(s)->now;
            play_for(s, session_view(s)->wait_until - now);
            if (session_view(s)->now == now)
                break;
        }
    }
}

static char *post_mortem_of(enum play_mode mode, const char *const *lines)
{
    struct session_options o = play_options(play_small, NULL);
    struct report r;
    struct errmsg why = {0};
    struct buf b;
    o.mode = mode;
    struct session *s = play_open(&o);
    play(s, lines);
    if (session_post_mortem(s, &r, &why) != ERR_OK)
        fail_msg("%s", why.text);
    buf_init(&b, 0);
    report_markdown(&r, &b);
    report_release(&r);
    session_free(s);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}
#define POST_MORTEM(mode, ...)                                                         \
    post_mortem_of(mode, (const char *const[]){__VA_ARGS__, NULL})

static void test_golden(void **state)
{
    (void)state;
    char *text = POST_MORTEM(
        MODE_ONCALL, "", "changes", "hurt users", "since 10:03", "much 30 %",
        "suspect api bad-deploy because the time fits", "trigger 1",
        "say --who users --since 10:03 --impact 30 % --state investigating --next "
        "10:20",
        "rollback api", "wait 1m", "wait 1m", "deploy api v2", "wait 1m", "wait 1m",
        "rollback api", "wait 4m", "wait 4m", "resolve cured");
    struct buf want;
    buf_init(&want, 0);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *f = fopen(GOLDEN, "w");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
    }
    FILE *f = fopen(GOLDEN, "r");
    assert_non_null(f);
    char piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&want, piece, n);
    fclose(f);
    assert_string_equal(text, want.s);
    buf_release(&want);
    mem_free(text);
}

/* All that LEARNING asks of it, in this order. */
static void test_parts(void **state)
{
    static const char *const heads[] = {
        "# Post-mortem: Small",
        "\n## Summary\n",
        "\n## Impact\n",
        "\n## The timeline\n",
        "\n## Root cause and what contributed\n",
        "\n## What helped\n",
        "\n## What hurt, and what it cost\n",
        "\n## The incident sheet\n",
        "\n## The score\n",
    };
    (void)state;
    char *text = POST_MORTEM(MODE_GUIDED, "", "2", "resolve mitigated");
    const char *at = text;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        at = strstr(at, heads[i]);
        if (!at)
            fail_msg("no \"%s\" in:\n%s", heads[i], text);
    }
    mem_free(text);
}

/* ---- as Markdown ----------------------------------------------------------------- */

/* Borders of a row: those that are not escaped. */
static int borders(const char *line, size_t n)
{
    int all = 0;
    for (size_t i = 0; i < n; i++)
        all += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    return all;
}

/* Each table has a blank line before and after, and as many cells in each row. */
static void check_tables(const char *text)
{
    int cols = 0;
    bool blank = true;
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        size_t n = (size_t)(end - line);
        if (*line == '|') {
            if (cols == 0)
                assert_true(blank);
            else
                assert_int_equal(borders(line, n), cols);
            cols = borders(line, n);
        } else {
            assert_true(cols == 0 || n == 0);
            cols = 0;
        }
        blank = n == 0;
    }
}

static void test_what_a_learner_writes_is_words(void **state)
{
    (void)state;
    char *text =
        POST_MORTEM(MODE_ONCALL, "", "note \"a | b *c* <b>bold</b> [x](y) _z_\"",
                    "note \"`cache | pool` is code\"", "changes", "rollback api",
                    "wait 4m", "wait 4m", "resolve cured");
    check_tables(text);
    assert_non_null(strstr(text, "a \\| b \\*c\\* \\<b>bold\\</b> \\[x](y) \\_z_"));
    assert_non_null(strstr(text, "`cache \\| pool` is code"));
    mem_free(text);
}

static void test_tables_are_whole(void **state)
{
    (void)state;
    char *text = POST_MORTEM(MODE_GUIDED, "", "2", "api", "up", "rollback api",
                             "wait 4m", "wait 4m");
    check_tables(text);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_what_a_learner_writes_is_words),
        cmocka_unit_test(test_tables_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
