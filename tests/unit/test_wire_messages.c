/*
 * Messages: what goes in comes out; what an enemy sends is refused or harmless, never a
 * crash. The enemy is a fixed sequence of random numbers, so a failure can be repeated.
 */
#include "../../src/wire/wire_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct key keys[] = {{.kind = KEY_CHAR, .cp = 0x20AC, .alt = true},
                                  {.kind = KEY_F, .cp = 12},
                                  {.kind = KEY_CHAR, .cp = 'c', .ctrl = true}};
static const struct wire_lesson lessons[] = {
    {.name = "a.lua", .text = "return\0x", .len = 8, .best = -1},
    {.name = "b.lua",
     .text = "",
     .best = 88,
     .outcome = OUTCOME_CURED,
     .saved = true,
     .broken = "b.lua is longer than 256 kB"}};

static struct wire_request full_request(void)
{
    return (struct wire_request){.op = WIRE_OPEN,
                                 .name = "all-green.lua",
                                 .text = "text",
                                 .len = 4,
                                 .lessons = lessons,
                                 .nlessons = 2,
                                 .tape = "tape\n",
                                 .tape_len = 5,
                                 .seed = UINT64_MAX - 3,
                                 .mode = MODE_ONCALL,
                                 .face = WIRE_PLAIN,
                                 .rows = 24,
                                 .cols = 80,
                                 .glyphs = GLYPHS_BRAILLE,
                                 .mono = true,
                                 .program = "'my tree/build/truecode'",
                                 .keys = keys,
                                 .nkeys = 3,
                                 .line = "status",
                                 .elapsed = 250 * SIM_MS,
                                 .max_events = 7,
                                 .speed = 2.5,
                                 .count = 9,
                                 .no_frame = true};
}

static void requests_come_through(void **state)
{
    (void)state;
    struct buf b;
    struct arena mem = {0};
    struct errmsg why = {0};
    struct wire_request in = full_request(), q;
    buf_init(&b, 0);
    wire_put_request(&b, &in);
    assert_int_equal(wire_get_request(&q, &mem, b.s + 4, b.len - 4, &why), ERR_OK);
    assert_int_equal(q.op, WIRE_OPEN);
    assert_string_equal(q.name, "all-green.lua");
    assert_string_equal(q.program, "'my tree/build/truecode'");
    assert_int_equal(q.nlessons, 2);
    assert_memory_equal(q.lessons[0].text, "return\0x", 8);
    assert_int_equal(q.lessons[0].best, -1);
    assert_true(q.lessons[1].saved);
    assert_string_equal(q.lessons[0].broken, "");
    assert_string_equal(q.lessons[1].broken, "b.lua is longer than 256 kB");
    assert_int_equal(q.tape_len, 5);
    assert_true(q.seed == UINT64_MAX - 3);
    assert_int_equal(q.keys[0].cp, 0x20AC);
    assert_true(q.keys[0].alt && !q.keys[0].ctrl && q.keys[2].ctrl);
    assert_string_equal(q.line, "status");
    assert_true(q.speed == 2.5 && q.elapsed == 250 * SIM_MS && q.no_frame);
    arena_release(&mem);
    buf_release(&b);
}

static struct cell cells[80 * 24];

static struct wire_answer full_answer(struct wire_run *run, struct prove_row *row,
                                      struct wire_card *card)
{
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        cells[i] = (struct cell){.cp = 'x', .width = 1, .tone = TONE_GOOD};
    *run = (struct wire_run){5, 70, cells};
    *row = (struct prove_row){.kind = PROOF_FIX,
                              .name = "flag off",
                              .passed = 4,
                              .margin_min = 0.5,
                              .detail = "close"};
    static struct wire_term term = {"pool", "Connections."};
    *card = (struct wire_card){.id = "all-green",
                               .title = "Everything is green",
                               .track = "fail",
                               .summary = "s",
                               .post = "p",
                               .hash = "",
                               .broken = "",
                               .asks = "Why?",
                               .why = "Now.",
                               .teaches = "a; b",
                               .terms = &term,
                               .nterms = 1,
                               .minutes = 20,
                               .level = 2};
    struct wire_answer a = {.want = WANT_OPEN,
                            .want_lesson = "all-green",
                            .more = true,
                            .ticking = true,
                            .text = "line\nline\n",
                            .prompt = "> ",
                            .tape = "0 read\n",
                            .tape_len = 7,
                            .lesson = "all-green",
                            .title = "t",
                            .hash = "",
                            .seed = 3,
                            .digest = 4,
                            .scored = true,
                            .cards = card,
                            .ncards = 1,
                            .done = 1,
                            .all = 2};
    a.score.total = 88;
    a.score.part[0] = 0.25;
    a.frame = (struct wire_frame){24, 80, 3, 4, run, 1};
    a.proof = (struct proof){.rows = row, .n = 1, .seeds = 4, .ok = true};
    return a;
}

static void answers_come_through(void **state)
{
    (void)state;
    struct buf b;
    struct errmsg why = {0};
    struct wire_run run;
    struct prove_row row;
    struct wire_card card;
    struct wire_answer in = full_answer(&run, &row, &card), a = {0};
    buf_init(&b, 0);
    wire_put_answer(&b, &in);
    assert_int_equal(wire_get_answer(&a, b.s + 4, b.len - 4, &why), ERR_OK);
    assert_int_equal(a.want, WANT_OPEN);
    assert_string_equal(a.want_lesson, "all-green");
    assert_string_equal(a.text, "line\nline\n");
    assert_int_equal(a.tape_len, 7);
    assert_int_equal(a.frame.nruns, 1);
    assert_int_equal(a.frame.runs[0].n, 70);
    assert_int_equal(a.score.total, 88);
    assert_true(a.score.part[0] == 0.25);
    assert_string_equal(a.cards[0].title, "Everything is green");
    assert_string_equal(a.cards[0].asks, "Why?");
    assert_string_equal(a.cards[0].why, "Now.");
    assert_string_equal(a.cards[0].teaches, "a; b");
    assert_int_equal(a.cards[0].nterms, 1);
    assert_string_equal(a.cards[0].terms[0].meaning, "Connections.");
    assert_int_equal(a.proof.rows[0].kind, PROOF_FIX);
    assert_true(a.proof.ok && a.proof.rows[0].passed == 4);
    wire_answer_release(&a);
    buf_release(&b);
}

static enum err decode_with(struct wire_answer in, struct wire_answer *out)
{
    struct buf b;
    buf_init(&b, 0);
    wire_put_answer(&b, &in);
    enum err e = wire_get_answer(out, b.s + 4, b.len - 4, NULL);
    buf_release(&b);
    return e;
}

static void answers_are_bounded_and_cleaned(void **state)
{
    (void)state;
    struct wire_answer a = {0};
    assert_int_equal(decode_with((struct wire_answer){.text = "\033[2Jx\u202e"}, &a),
                     ERR_OK);
    assert_string_equal(a.text, "^[[2Jx<U+202E>");
    assert_int_equal(decode_with((struct wire_answer){.want_lesson = "../etc"}, &a),
                     ERR_CORRUPT);
    assert_int_equal(decode_with((struct wire_answer){.lesson = "A"}, &a), ERR_CORRUPT);
    assert_int_equal(
        decode_with((struct wire_answer){.tape = "0 cmd \033[2J\n", .tape_len = 11},
                    &a),
        ERR_CORRUPT);
    assert_int_equal(
        decode_with((struct wire_answer){.tape = "half", .tape_len = 4}, &a),
        ERR_CORRUPT);
    struct wire_answer nan_score = {.scored = true};
    nan_score.score.part[2] = (double)NAN;
    assert_int_equal(decode_with(nan_score, &a), ERR_CORRUPT);
    struct wire_answer far = {.frame = {.rows = 1, .cols = 1, .cursor_row = 9}};
    assert_int_equal(decode_with(far, &a), ERR_CORRUPT);
    wire_answer_release(&a);
}

static void runs_stay_on_the_screen(void **state)
{
    (void)state;
    struct wire_run run = {80 * 24 - 3, 4, cells};
    struct wire_answer a = {0};
    struct wire_answer in = {.frame = {24, 80, 0, 0, &run, 1}};
    assert_int_equal(decode_with(in, &a), ERR_CORRUPT);
    run.n = 3;
    assert_int_equal(decode_with(in, &a), ERR_OK);
    wire_answer_release(&a);
}

/* ---- lengths --------------------------------------------------------------------- */

/* A reader of a field of `size` bytes, of which the last one is not there. */
static struct wire_reader short_by_one(const char *bytes, size_t size)
{
    return (struct wire_reader){.p = (const unsigned char *)bytes, .left = size - 1};
}

static void nothing_is_read_behind_the_end(void **state)
{
    (void)state;
    static const char text[8] = "\4\0\0\0text";
    struct wire_reader r = short_by_one(text, 1);
    assert_int_equal(get_u8(&r), 0);
    assert_non_null(r.bad);
    r = short_by_one(text, 4);
    assert_int_equal(get_u32(&r), 0);
    assert_non_null(r.bad);
    assert_true(r.p == (const unsigned char *)text && r.left == 3);
    r = short_by_one(text, sizeof text);
    assert_string_equal(get_bytes(&r, 100, NULL, "too long"), "");
    assert_string_equal(r.bad, "the message ends too early");
    assert_int_equal(r.left, 3);
}

/* Memory is taken for no more elements than the message has bytes for. */
static void a_list_is_no_longer_than_its_message(void **state)
{
    (void)state;
    static const char two[] = "\2\0\0\0aaaabbbb";
    struct wire_reader r = {.p = (const unsigned char *)two, .left = 4 + 8};
    assert_int_equal(get_count(&r, 9, 4, "too many"), 2);
    assert_null(r.bad);
    r = (struct wire_reader){.p = (const unsigned char *)two, .left = 4 + 7};
    assert_int_equal(get_count(&r, 9, 4, "too many"), 0);
    assert_string_equal(r.bad, "too many");
    r = (struct wire_reader){.p = (const unsigned char *)two, .left = 4 + 8};
    assert_int_equal(get_count(&r, 1, 4, "too many"), 0);
    assert_string_equal(r.bad, "too many");
}

/* ---- the enemy ------------------------------------------------------------------- */

/* Damages a valid message in ways that find bounds: bytes, lengths, ends. */
static size_t damage(struct rng *r, char *s, size_t n)
{
    for (uint32_t k = 1 + rng_below(r, 6); k > 0 && n > 0; k--) {
        size_t at = rng_below(r, (uint32_t)n);
        switch (rng_below(r, 4)) {
        case 0:
            s[at] = (char)rng_next(r);
            break;
        case 1:
            s[at] = (char)0xFF;
            break;
        case 2:
            memset(s + at, 0xFF, n - at < 4 ? n - at : 4);
            break;
        default:
            n = at;
            break;
        }
    }
    return n;
}

static void damaged_answers_do_no_harm(void **state)
{
    (void)state;
    struct buf b;
    struct rng r;
    struct wire_run run;
    struct prove_row row;
    struct wire_card card;
    struct wire_answer in = full_answer(&run, &row, &card), a = {0};
    struct canvas *canvas = NULL;
    size_t refused = 0;
    buf_init(&b, 0);
    rng_seed(&r, 1, "answers");
    wire_put_answer(&b, &in);
    char *copy = mem_alloc(b.len);
    for (int i = 0; i < 20000; i++) {
        memcpy(copy, b.s + 4, b.len - 4);
        size_t n = damage(&r, copy, b.len - 4);
        if (wire_get_answer(&a, copy, n, NULL) == ERR_OK)
            wire_frame_apply(&a.frame, &canvas);
        else
            refused++;
    }
    assert_true(refused > 10000);
    mem_free(copy);
    canvas_free(canvas);
    wire_answer_release(&a);
    buf_release(&b);
}

static void damaged_requests_do_no_harm(void **state)
{
    (void)state;
    struct buf b;
    struct rng r;
    struct wire_request in = full_request(), q;
    size_t refused = 0;
    buf_init(&b, 0);
    rng_seed(&r, 2, "requests");
    wire_put_request(&b, &in);
    char *copy = mem_alloc(b.len);
    for (int i = 0; i < 20000; i++) {
        struct arena mem = {0};
        memcpy(copy, b.s + 4, b.len - 4);
        size_t n = damage(&r, copy, b.len - 4);
        refused += wire_get_request(&q, &mem, copy, n, NULL) != ERR_OK;
        arena_release(&mem);
    }
    assert_true(refused > 10000);
    mem_free(copy);
    buf_release(&b);
}

/* A message that ends anywhere but at its end is refused: every field knows its length. */
static void messages_cut_short_are_refused(void **state)
{
    (void)state;
    struct buf b;
    struct wire_run run;
    struct prove_row row;
    struct wire_card card;
    struct wire_request asked = full_request(), q;
    struct wire_answer said = full_answer(&run, &row, &card), a = {0};
    struct arena mem = {0};
    buf_init(&b, 0);
    wire_put_request(&b, &asked);
    for (size_t n = 0; n < b.len - 4; n++)
        assert_int_equal(wire_get_request(&q, &mem, b.s + 4, n, NULL), ERR_CORRUPT);
    buf_reset(&b);
    wire_put_answer(&b, &said);
    for (size_t n = 0; n < b.len - 4; n++)
        assert_int_equal(wire_get_answer(&a, b.s + 4, n, NULL), ERR_CORRUPT);
    arena_release(&mem);
    buf_release(&b);
}

static void noise_is_refused(void **state)
{
    (void)state;
    struct rng r;
    struct wire_answer a = {0};
    char noise[300];
    rng_seed(&r, 3, "noise");
    for (int i = 0; i < 20000; i++) {
        size_t n = rng_below(&r, sizeof noise);
        for (size_t k = 0; k < n; k++)
            noise[k] = (char)rng_next(&r);
        assert_int_equal(wire_get_answer(&a, noise, n, NULL), ERR_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_through),
        cmocka_unit_test(answers_come_through),
        cmocka_unit_test(answers_are_bounded_and_cleaned),
        cmocka_unit_test(runs_stay_on_the_screen),
        cmocka_unit_test(nothing_is_read_behind_the_end),
        cmocka_unit_test(a_list_is_no_longer_than_its_message),
        cmocka_unit_test(damaged_answers_do_no_harm),
        cmocka_unit_test(damaged_requests_do_no_harm),
        cmocka_unit_test(messages_cut_short_are_refused),
        cmocka_unit_test(noise_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
