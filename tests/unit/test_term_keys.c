/*
 * The key decoder: bytes in, keys out. A case is what a terminal sends and the keys it
 * must be, in words; "|" in the bytes' list is a pause in which nothing comes.
 */
#include "../lib/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ESCAPE (25 * SIM_MS)

struct tester {
    struct key_decoder *d;
    struct buf keys;
    sim_time now;
};

static void begin(struct tester *t)
{
    *t = (struct tester){.d = key_decoder_new(true, ESCAPE), .now = SIM_SEC};
    buf_init(&t->keys, 0);
}

static void end(struct tester *t)
{
    key_decoder_free(t->d);
    buf_release(&t->keys);
}

static void feed(struct tester *t, const char *bytes)
{
    key_decoder_feed(t->d, bytes, strlen(bytes), t->now);
    keys_drain(t->d, -1, &t->keys);
}

static void pause(struct tester *t, sim_time time)
{
    t->now += time;
    keys_drain(t->d, t->now, &t->keys);
}

static void expect(struct tester *t, const char *want)
{
    assert_string_equal(t->keys.len > 0 ? t->keys.s : "", want);
    buf_reset(&t->keys);
}

/* At once, and in pieces of one byte: the same keys. */
static void sends(const char *bytes, const char *want)
{
    struct tester t;
    begin(&t);
    feed(&t, bytes);
    pause(&t, 2 * SIM_SEC);
    expect(&t, want);
    for (const char *s = bytes; *s != '\0'; s++)
        feed(&t, (char[2]){*s, '\0'});
    pause(&t, 2 * SIM_SEC);
    expect(&t, want);
    end(&t);
}

/* ---- keys ------------------------------------------------------------------------ */

static void characters_and_controls(void **state)
{
    (void)state;
    sends("aZ 9~", "aZ 9~");
    sends("é漢😀e\u0301", "é漢😀e\u0301");
    sends("\r\n\t\177\b", "<enter><enter><tab><bs><bs>");
    sends("\001\014\032", "<c-a><c-l><c-z>");
    sends("\034\035\036\037", ""); /* none of ours, and no blanks */
}

static void bytes_that_are_no_character(void **state)
{
    (void)state;
    sends("a\377b\300c", "a\xef\xbf\xbd"
                         "b\xef\xbf\xbd"
                         "c");
    sends("\xe2\x82x", "\xef\xbf\xbdx");
    sends("\xe2\x82", "\xef\xbf\xbd");
    sends("\xc3\033[A", "\xef\xbf\xbd<up>");
}

/* Home, End and F1 to F4, as different families of terminals have them. */
static void every_familys_keys(void **state)
{
    (void)state;
    sends("\033[A\033[B\033[C\033[D", "<up><down><right><left>");
    sends("\033OA\033OB\033OC\033OD", "<up><down><right><left>");
    sends("\033[H\033[F\033OH\033OF", "<home><end><home><end>");     /* xterm */
    sends("\033[1~\033[4~\033[7~\033[8~", "<home><end><home><end>"); /* PuTTY, rxvt */
    sends("\033OP\033OQ\033OR\033OS", "<f1><f2><f3><f4>");
    sends("\033[11~\033[12~\033[13~\033[14~", "<f1><f2><f3><f4>"); /* PuTTY, rxvt */
    sends("\033[[A\033[[B\033[[C\033[[D\033[[E", "<f1><f2><f3><f4><f5>"); /* Linux */
    sends("\033[15~\033[17~\033[21~\033[23~\033[24~", "<f5><f6><f10><f11><f12>");
    sends("\033[3~\033[5~\033[6~", "<del><pgup><pgdn>");
    sends("\033[Z\033\t", "<btab><btab>"); /* the second: the console of Linux */
    sends("\033OM\033Op\033Oy\033Ok\033Oj", "<enter>09+*"); /* a keypad */
    sends("\233A\217P", "<up><f1>");                        /* in eight bits */
}

static void keys_with_others_held(void **state)
{
    (void)state;
    sends("\033[1;5C\033[1;5D", "<c-right><c-left>"); /* xterm */
    sends("\033[5C\033O5D", "<right><c-left>");       /* 5C: five to the right */
    sends("\033Oc\033Od\033Ob", "<c-right><c-left><c-down>"); /* rxvt */
    sends("\033[1;3C\033\033[D\033\033OC", "<m-right><m-left><m-right>");
    sends("\033[1;2A\033[a\033[7$", "<up><up><home>"); /* Shift says nothing */
    sends("\033[8^\033[3;5~\033[6@", "<c-end><c-del><c-pgdn>");
    sends("\033[1;7D", "<c-m-left>");
    sends("\033[1;2P\033[1;5Q\033[15;5~\033\033[11~", ""); /* other function keys */
}

static void alt_is_one_key(void **state)
{
    (void)state;
    sends("\033b\033é\0330", "<m-b><m-é><m-0>");
    sends("\033\177\033\b", "<m-bs><m-bs>");
    sends("\033\r\033\001", "<m-enter><c-m-a>");
    sends("\033P\033]\033_\033^", "<m-P><m-]><m-_><m-^>");
}

static void escape_waits_as_long_as_it_may(void **state)
{
    (void)state;
    struct tester t;
    begin(&t);
    feed(&t, "\033");
    assert_int_equal(key_decoder_due(t.d), t.now + ESCAPE);
    pause(&t, ESCAPE - 1);
    expect(&t, "");
    pause(&t, 1);
    expect(&t, "<esc>");
    assert_int_equal(key_decoder_due(t.d), -1);
    feed(&t, "\033");
    pause(&t, ESCAPE / 2);
    feed(&t, "[A"); /* within the time: one sequence */
    expect(&t, "<up>");
    feed(&t, "\033");
    pause(&t, ESCAPE);
    feed(&t, "[A");
    expect(&t, "<esc>[A");
    feed(&t, "\033\033");
    pause(&t, ESCAPE);
    pause(&t, ESCAPE);
    expect(&t, "<esc><esc>");
    end(&t);
}

static void a_sequence_may_come_in_pieces(void **state)
{
    (void)state;
    struct tester t;
    begin(&t);
    feed(&t, "\033[1;");
    pause(&t, 400 * SIM_MS); /* a packet that is sent again */
    feed(&t, "5C");
    expect(&t, "<c-right>");
    feed(&t, "\xe2\x82");
    pause(&t, 400 * SIM_MS);
    feed(&t, "\xac");
    expect(&t, "€");
    feed(&t, "\033[1;");
    pause(&t, KEY_REST_LIMIT); /* the rest never comes */
    feed(&t, "a");
    expect(&t, "a");
    end(&t);
}

static void a_mouse_is_a_press_a_turn_and_a_place(void **state)
{
    (void)state;
    sends("\033[<0;3;4M\033[<0;3;4mx", "<click 3,2>x");
    sends("\033[<64;80;24M\033[<65;1;1M", "<wup 23,79><wdn 0,0>");
    sends("\033[<16;3;4M\033[<68;3;4M", "<click 3,2><wup 3,2>"); /* with Ctrl, Shift */
    sends("\033[<2;3;4M\033[<32;3;4M\033[<35;3;4M\033[<66;3;4Mx", "x");
    sends("\033[<0;0;4M\033[<0;3;0M\033[<0;501;4M\033[<0;3;201Mx", "x");
    sends("\033[<0;99999999999;4M\033[<0;3M\033[<M\033[<0;1;2;3M\033[<0;3;4~x", "x");
}

static void unknown_sequences_are_swallowed(void **state)
{
    (void)state;
    sends("\033[999;999;999~\033[?62;c\033[1;9Z\033[24;80R\033[<0;3;4mx", "<btab>x");
    sends("\033[27;5;9~\033[97;5u\033[?2004;1$y\033[200z\033[>1;2cx", "x");
    sends("\033O1;9z\033OEx", "x");
    sends("\033[[Z\033[Px", "x");
    sends("\033]11;rgb:ffff/ffff/ffff\033\\x", "x"); /* answers that came too late */
    sends("\033]52;c;AAAA\ax", "x");
    sends("\033P1+r544e\033\\x\033_Gi=1;OK\033\\y", "xy");
    sends("\033[\033[A", "<up>"); /* broken off */
    sends("\033[12\rx", "<enter>x");
    sends("\033]0;never ended\rx", "<enter>x");
    char longest[400] = "\033[";
    memset(longest + 2, '1', 390);
    memcpy(longest + 392, "~x", 3);
    sends(longest, "x");
    struct tester t; /* a mouse's report has no end: it is known by coming at once */
    begin(&t);
    feed(&t, "\033[M !!x");
    expect(&t, "x");
    feed(&t, "\033[Mstatus");
    expect(&t, "status");
    end(&t);
}

static void a_string_without_an_end_ends(void **state)
{
    (void)state;
    struct tester t;
    begin(&t);
    feed(&t, "\033]0;title");
    pause(&t, KEY_QUIET_LIMIT);
    feed(&t, "a");
    expect(&t, "a");
    end(&t);
}

/* ---- pastes ---------------------------------------------------------------------- */

static void a_paste_is_characters(void **state)
{
    (void)state;
    sends("\033[200~ab\033[201~c", "'a'bc");
    sends("\033[200~\033[201~c", "c");
    sends("\033[200~a\033[Ab\033\033[201~c", "'a'\033'[\'A'b'\033c");
    sends("\033[200~a\r\nb\rc\nd\r\033[201~", "'a'\n'b'\n'c'\n'd'\n");
    sends("\033[200~é\t\001\033[201~", "'é'\t'\001");
    sends("\033[201~a", "a");
}

static void a_paste_that_never_ends_ends(void **state)
{
    (void)state;
    struct tester t;
    begin(&t);
    feed(&t, "\033[200~ab");
    pause(&t, KEY_QUIET_LIMIT - 1);
    feed(&t, "c\033[20");
    assert_int_equal(key_decoder_due(t.d), t.now + KEY_QUIET_LIMIT);
    pause(&t, KEY_QUIET_LIMIT);
    feed(&t, "d\r");
    expect(&t, "'a'b'cd<enter>");
    feed(&t, "\033[200~ab");
    key_decoder_reset(t.d); /* Ctrl-C */
    feed(&t, "d\r");
    expect(&t, "'a'bd<enter>");
    end(&t);
}

/* ---- what a terminal says of itself ---------------------------------------------- */

static void learnt_sequences_are_keys(void **state)
{
    (void)state;
    struct tester t;
    begin(&t);
    key_decoder_learn(t.d, "\001@\r", &(struct key){.kind = KEY_F, .cp = 1});
    key_decoder_learn(t.d, "\033P", NULL);
    key_decoder_learn(t.d, "\033[M", &(struct key){.kind = KEY_F, .cp = 1});
    key_decoder_learn(t.d, "\033[224z", &(struct key){.kind = KEY_F, .cp = 2});
    key_decoder_learn(t.d, "\036", &(struct key){.kind = KEY_HOME});
    feed(&t, "\001@\r\033[M\033[224z\036x");
    expect(&t, "<f1><f1><f2><home>x");
    feed(&t, "\033Px");
    expect(&t, "x");
    feed(&t, "\001");
    expect(&t, ""); /* perhaps F1 */
    pause(&t, ESCAPE);
    expect(&t, "<c-a>");
    feed(&t, "\001b"); /* and now it cannot */
    expect(&t, "<c-a>b");
    end(&t);
}

static void nothing_takes_a_common_key_away(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "a",         "abc",       "\r",      "\n",
                                      "\t",   "\b",        "\177",      "\033",    "\f",
                                      "\003", "\033[200~", "\033[201~", "\xc3\xa9"};
    struct tester t;
    begin(&t);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        key_decoder_learn(t.d, bad[i], &(struct key){.kind = KEY_F, .cp = 9});
    feed(&t, "abc\r\n\t\b\177\f\r\né\033[200~x\033[201~\033");
    pause(&t, ESCAPE);
    expect(&t, "abc<enter><enter><tab><bs><bs><c-l><enter><enter>é'x<esc>");
    end(&t);
}

/* ---- anything -------------------------------------------------------------------- */

static size_t make_noise(uint32_t *seed, char *s, size_t max)
{
    static const char *const pieces[] = {
        "\033",     "[",      "O",    "\033[200~", "\033[201~", "\033]1", "\033P1",
        "\\",       ";5",     "~",    "1",         "A",         "a",      "\r",
        "\xe2\x82", "\xac",   "\xff", "\a",        "$",         "^",      "?",
        "\001",     "\033[[", "\233", " ",         "\177",      "\033_G", "\t"};
    size_t n = 0;
    for (int i = 0; i < 12; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        const char *piece = pieces[(*seed >> 16) % (sizeof pieces / sizeof *pieces)];
        size_t len = strlen(piece);
        if (n + len < max) {
            memcpy(s + n, piece, len);
            n += len;
        }
    }
    return n;
}

static void whatever_comes_the_keyboard_lives(void **state)
{
    (void)state;
    uint32_t seed = 7;
    char noise[200];
    struct buf once;
    struct tester t;
    buf_init(&once, 0);
    begin(&t);
    key_decoder_learn(t.d, "\001@\r", &(struct key){.kind = KEY_F, .cp = 1});
    key_decoder_learn(t.d, "\033[", NULL);
    for (int round = 0; round < 100000; round++) {
        size_t n = make_noise(&seed, noise, sizeof noise);
        key_decoder_feed(t.d, noise, n, t.now);
        keys_drain(t.d, -1, &t.keys);
        buf_reset(&once);
        buf_add(&once, t.keys.s, t.keys.len);
        pause(&t, 2 * KEY_QUIET_LIMIT);
        pause(&t, 2 * KEY_QUIET_LIMIT);
        assert_int_equal(key_decoder_due(t.d), -1);
        buf_reset(&t.keys);
        feed(&t, "ok\r");
        expect(&t, "ok<enter>");
        for (size_t i = 0; i < n; i++) { /* in pieces it is the same */
            key_decoder_feed(t.d, noise + i, 1, t.now);
            keys_drain(t.d, -1, &t.keys);
        }
        expect(&t, once.len > 0 ? once.s : "");
        key_decoder_reset(t.d);
    }
    end(&t);
    buf_release(&once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_and_controls),
        cmocka_unit_test(bytes_that_are_no_character),
        cmocka_unit_test(every_familys_keys),
        cmocka_unit_test(keys_with_others_held),
        cmocka_unit_test(alt_is_one_key),
        cmocka_unit_test(escape_waits_as_long_as_it_may),
        cmocka_unit_test(a_sequence_may_come_in_pieces),
        cmocka_unit_test(a_mouse_is_a_press_a_turn_and_a_place),
        cmocka_unit_test(unknown_sequences_are_swallowed),
        cmocka_unit_test(a_string_without_an_end_ends),
        cmocka_unit_test(a_paste_is_characters),
        cmocka_unit_test(a_paste_that_never_ends_ends),
        cmocka_unit_test(learnt_sequences_are_keys),
        cmocka_unit_test(nothing_takes_a_common_key_away),
        cmocka_unit_test(whatever_comes_the_keyboard_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
