/*
 * A run from the page to the debrief, as a golden text: its tape and what the debrief
 * says. UPDATE_GOLDEN=1 writes it anew; then read the difference.
 */
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/session_small.txt"

static void play(struct session *s)
{
    static const char *const lines[] = {
        "",
        "status",
        "1",
        "2",
        "changes",
        "users",
        "API",
        "suspect api bad-deploy because it fits in time",
        "up",
        "restart api --rolling",
        "wait 1m",
        "rollback api",
        "wait 2m",
        "say --who users --since 10:03 --impact about 30 % --state mitigated",
        "wait 5m",
        "wait 5m",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        play_type(s, lines[i]);
        const struct session_view *v = session_view(s);
        if (v->hold == HOLD_WAITING)
            play_for(s, v->wait_until - v->now);
        if (session_view(s)->phase == PHASE_DEBRIEF)
            break;
    }
}

/* Digests, which any change of the engine changes, are left out: DIGEST TIME TRACE. */
static void put_tape(struct session *s, struct buf *b)
{
    char *tape = play_tape(s), *at = strstr(tape, "\n-- ") + 4;
    for (memset(at, '.', 16); (at = strchr(at, '\n')) && at[1]; at++) {
        memset(at + 1, '.', 16);
        at = strchr(at + 18, ' ');
        memset(at + 1, '.', 16);
    }
    buf_adds(b, tape);
    buf_addch(b, '\n');
    mem_free(tape);
}

static void put_report(struct session *s, struct buf *b)
{
    struct report r;
    struct errmsg why = {0};
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    report_markdown(&r, b);
    report_release(&r);
}

static void test_the_run(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct buf b, want;
    char piece[4096];
    size_t n;
    buf_init(&b, 0);
    buf_init(&want, 0);
    play(s);
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    put_tape(s, &b);
    put_report(s, &b);
    const char *write = getenv("UPDATE_GOLDEN");
    FILE *f = fopen(GOLDEN, write ? "w" : "r");
    if (!f) {
        print_message("skip: %s is not here; run from the repository\n", GOLDEN);
        skip();
    }
    if (write)
        fwrite(b.s, 1, b.len, f);
    while (!write && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&want, piece, n);
    fclose(f);
    if (!write)
        assert_string_equal(b.s, want.s);
    buf_release(&want);
    buf_release(&b);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
