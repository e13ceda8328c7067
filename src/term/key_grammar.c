/*
 * Bytes that nearly every terminal sends for a key: characters, controls, Esc before a
 * key for Alt, and the sequences of ECMA-48 as xterm, rxvt, PuTTY and the consoles of
 * Linux and BSD fill them in. One reading at a time, of the bytes that are there; a
 * sequence is read to its end whether anybody knows it or not.
 */
#include "key_internal.h"

#include <assert.h>
#include <string.h>
#include <wchar.h>

#define ESC            27
#define PARAMETERS_MAX 64 /* bytes between a sequence's head and its end */

static struct reading wait_for_more(sim_time patience)
{
    return (struct reading){.patience = patience};
}

static struct reading nothing(size_t len)
{
    return (struct reading){.len = len};
}

static struct reading key_of(size_t len, enum key_kind kind, uint32_t cp)
{
    return (struct reading){.len = len, .known = true, .key = {.kind = kind, .cp = cp}};
}

/* ---- characters ------------------------------------------------------------------ */

/* The length of the character that begins with this byte; 1 also where none does. */
static size_t utf8_length(unsigned char first)
{
    return first >= 0xf0 && first < 0xf8 ? 4
           : first >= 0xe0               ? first < 0xf0 ? 3 : 1
           : first >= 0xc2               ? 2
                                         : 1;
}

static size_t read_utf8(const char *s, size_t n, uint32_t *cp)
{
    size_t need = utf8_length((unsigned char)s[0]);
    for (size_t i = 1; i < need && i < n; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80) {
            *cp = 0xfffd; /* the byte that breaks it off is read anew */
            return i;
        }
    return n < need ? 0 : utf8_next(s, n, cp);
}

size_t grammar_character(const char *s, size_t n, bool utf8, uint32_t *cp)
{
    assert(n > 0);
    wchar_t wide;
    mbstate_t state;
    if (utf8 || (unsigned char)s[0] < 0x80)
        return read_utf8(s, n, cp);
    memset(&state, 0, sizeof state);
    size_t got = mbrtowc(&wide, s, n, &state);
    if (got == (size_t)-2)
        return 0;
    bool bad = got == (size_t)-1 || got == 0;
    *cp = bad ? 0xfffd : (uint32_t)wide;
    return bad ? 1 : got;
}

static struct reading read_control(unsigned char c)
{
    if (c == '\r' || c == '\n')
        return key_of(1, KEY_ENTER, 0);
    if (c == '\t')
        return key_of(1, KEY_TAB, 0);
    if (c == 127 || c == 8)
        return key_of(1, KEY_BACKSPACE, 0);
    if (c > 'z' - 'a' + 1)
        return nothing(1);
    struct reading r = key_of(1, KEY_CHAR, c == 0 ? ' ' : (uint32_t)('a' + c - 1));
    r.key.ctrl = true;
    return r;
}

static struct reading read_character(const struct grammar *g, const char *s, size_t n)
{
    uint32_t cp;
    unsigned char first = (unsigned char)s[0];
    if (first < ' ' || first == 127)
        return read_control(first);
    size_t len = grammar_character(s, n, g->utf8, &cp);
    if (len == 0 && !g->late)
        return wait_for_more(KEY_REST_LIMIT);
    return len == 0 ? key_of(n, KEY_CHAR, 0xfffd) : key_of(len, KEY_CHAR, cp);
}

/* ---- the keys of sequences ------------------------------------------------------- */

/* The numbers of "ESC [ n ~". */
static const struct {
    unsigned char number;
    enum key_kind kind;
    unsigned char f;
} numbered[] = {
    {1, KEY_HOME, 0}, {3, KEY_DELETE, 0}, {4, KEY_END, 0}, {5, KEY_PGUP, 0},
    {6, KEY_PGDN, 0}, {7, KEY_HOME, 0},   {8, KEY_END, 0}, {11, KEY_F, 1},
    {12, KEY_F, 2},   {13, KEY_F, 3},     {14, KEY_F, 4},  {15, KEY_F, 5},
    {17, KEY_F, 6},   {18, KEY_F, 7},     {19, KEY_F, 8},  {20, KEY_F, 9},
    {21, KEY_F, 10},  {23, KEY_F, 11},    {24, KEY_F, 12},
};

/* The letters of "ESC [ A" and "ESC O A". */
static const struct {
    char letter;
    enum key_kind kind;
} lettered[] = {
    {'A', KEY_UP},   {'B', KEY_DOWN}, {'C', KEY_RIGHT},
    {'D', KEY_LEFT}, {'F', KEY_END},  {'H', KEY_HOME},
};

static struct reading lettered_key(size_t len, char letter)
{
    for (size_t i = 0; i < COUNT_OF(lettered); i++)
        if (lettered[i].letter == letter)
            return key_of(len, lettered[i].kind, 0);
    return nothing(len);
}

static struct reading numbered_key(size_t len, unsigned number)
{
    struct reading r = nothing(len);
    for (size_t i = 0; i < COUNT_OF(numbered); i++)
        if (numbered[i].number == number)
            r = key_of(len, numbered[i].kind, numbered[i].f);
    if (number == 200)
        r.opens = OPENS_PASTE;
    return r;
}

/* xterm's modifier: 1 and the sum of Shift 1, Alt 2, Ctrl 4, Meta 8. A function key
 * with a modifier is another function key, and we have none of those. */
static struct reading modified(struct reading r, unsigned modifier)
{
    unsigned with = modifier > 0 ? modifier - 1 : 0;
    if (with != 0 && r.key.kind == KEY_F)
        r.known = false;
    r.key.alt = with & (2 | 8);
    r.key.ctrl = with & 4;
    return r;
}

/* ---- ESC [ ----------------------------------------------------------------------- */

/* A sequence's parameters: s[from, to), all of digits and ";". */
static bool read_numbers(const char *s, size_t from, size_t to, unsigned number[2])
{
    assert(from <= to);
    size_t at = 0;
    number[0] = number[1] = 0;
    for (size_t i = from; i < to; i++) {
        if (s[i] == ';')
            at++;
        else if (s[i] < '0' || s[i] > '9')
            return false;
        else if (at < 2 && number[at] < 10000)
            number[at] = number[at] * 10 + (unsigned)(s[i] - '0');
    }
    return true;
}

/* "ESC [ < button ; column ; row M": a mouse's report as SGR has it, with m at its end
 * for a release. The button's bits 2 to 4 are Shift, Alt and Ctrl, 5 is a move. */
static struct reading mouse_key(const char *s, size_t from, size_t end)
{
    assert(from <= end);
    unsigned number[3] = {0};
    struct reading r = nothing(end + 1);
    size_t at = 0;
    for (size_t i = from; i < end; i++) {
        if (s[i] == ';')
            at++;
        else if (s[i] >= '0' && s[i] <= '9' && at < 3 && number[at] < 10000)
            number[at] = number[at] * 10 + (unsigned)(s[i] - '0');
    }
    unsigned button = number[0] & ~(4u | 8u | 16u), col = number[1], row = number[2];
    if (s[end] != 'M' || at != 2 || col < 1 || col > SCREEN_COLS_MAX || row < 1 ||
        row > SCREEN_ROWS_MAX || (button != 0 && button != 64 && button != 65))
        return r;
    r = key_of(end + 1,
               button == 0    ? KEY_CLICK
               : button == 64 ? KEY_WHEEL_UP
                              : KEY_WHEEL_DOWN,
               0);
    r.key.row = (int)row - 1;
    r.key.col = (int)col - 1;
    return r;
}

static struct reading end_csi(const char *s, size_t from, size_t end)
{
    assert(from <= end);
    unsigned number[2];
    size_t len = end + 1;
    char final = s[end];
    if (s[from] == '<' && from < end)
        return mouse_key(s, from + 1, end);
    if (!read_numbers(s, from, end, number))
        return nothing(len);
    if (from == end && final >= 'a' && final <= 'd') /* rxvt: with Shift */
        return lettered_key(len, (char)(final - 'a' + 'A'));
    if (final == 'Z')
        return key_of(len, KEY_BACKTAB, 0);
    if (final >= 'P' && final <= 'S' && number[0] == 1)
        return modified(key_of(len, KEY_F, (uint32_t)(final - 'P' + 1)), number[1]);
    if (final == '~')
        return modified(numbered_key(len, number[0]), number[1]);
    /* rxvt: Ctrl, Shift, both */
    if (from < end && (final == '^' || final == '$' || final == '@'))
        return modified(numbered_key(len, number[0]), final == '^'   ? 5
                                                      : final == '$' ? 2
                                                                     : 6);
    return modified(lettered_key(len, final), number[1]);
}

/* The oldest report of a mouse has three bytes behind its end. Nobody types them at
 * once with it, and as the first there are few. */
static size_t mouse_bytes(const char *s, size_t n)
{
    if (n < 3 || s[0] < ' ' || s[1] <= ' ' || s[2] <= ' ')
        return 0;
    return s[0] < '@' || s[0] == '`' || s[0] == 'a' ? 3 : 0;
}

/* The console of Linux, from behind "ESC [ [": A to E are F1 to F5. */
static struct reading read_console(const struct grammar *g, const char *s, size_t n,
                                   size_t from)
{
    if (n == from)
        return g->late ? nothing(n) : wait_for_more(KEY_REST_LIMIT);
    if (s[from] >= 'A' && s[from] <= 'E')
        return key_of(from + 1, KEY_F, (uint32_t)(s[from] - 'A' + 1));
    return nothing(s[from] > ' ' && s[from] < 127 ? from + 1 : from);
}

/* From behind the head, which is s[0, from). */
static struct reading read_csi(const struct grammar *g, const char *s, size_t n,
                               size_t from)
{
    assert(from <= n);
    if (n > from && s[from] == '[')
        return read_console(g, s, n, from + 1);
    for (size_t i = from; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool dollar = c == '$' && i > from && s[from] >= '0' && s[from] <= '9';
        if (c < ' ' || c >= 127)
            return nothing(i); /* broken off: what breaks it is read anew */
        if (c == 'M' && i == from)
            return nothing(i + 1 + mouse_bytes(s + i + 1, n - i - 1));
        if (c >= '@' || dollar)
            return end_csi(s, from, i);
        if (i - from > PARAMETERS_MAX)
            return (struct reading){.len = i + 1, .opens = OPENS_REST};
    }
    return g->late ? nothing(n) : wait_for_more(KEY_REST_LIMIT);
}

/* ---- ESC O ----------------------------------------------------------------------- */

/* The keypad as a VT100 sends it; what it has no character for is 0. */
static char keypad_character(char c)
{
    if (c >= 'p' && c <= 'y')
        return (char)('0' + c - 'p');
    if (c >= 'j' && c <= 'o')
        return "*+,-./"[c - 'j'];
    return c == 'X' ? '=' : c == ' ' ? ' ' : '\0';
}

static struct reading end_ss3(size_t len, char c)
{
    if (c >= 'P' && c <= 'S')
        return key_of(len, KEY_F, (uint32_t)(c - 'P' + 1));
    if (c == 'M')
        return key_of(len, KEY_ENTER, 0);
    if (c == 'I')
        return key_of(len, KEY_TAB, 0);
    if (keypad_character(c) != '\0')
        return key_of(len, KEY_CHAR, (unsigned char)keypad_character(c));
    if (c >= 'a' && c <= 'd') /* rxvt: with Ctrl */
        return modified(lettered_key(len, (char)(c - 'a' + 'A')), 5);
    return lettered_key(len, c);
}

static struct reading read_ss3(const struct grammar *g, const char *s, size_t n,
                               size_t from)
{
    assert(from <= n);
    size_t end = from;
    unsigned number[2];
    while (end < n && s[end] >= '0' && s[end] <= ';')
        end++;
    if (end - from > PARAMETERS_MAX)
        return (struct reading){.len = end, .opens = OPENS_REST};
    if (end == n)
        return g->late ? nothing(n) : wait_for_more(KEY_REST_LIMIT);
    if ((unsigned char)s[end] < ' ' || (unsigned char)s[end] >= 127)
        return nothing(end);
    read_numbers(s, from, end, number);
    struct reading r = end_ss3(end + 1, s[end]);
    unsigned modifier = number[1] > 0 ? number[1] : number[0];
    return modifier > 0 ? modified(r, modifier) : r;
}

/* ---- ESC ------------------------------------------------------------------------- */

/* Answers of terminals to questions: OSC, DCS, APC with what such an answer begins
 * with. Else it was Alt and a key. */
static bool opens_string(char kind, char first)
{
    static const char digits[] = "0123456789";
    if (first == '\0')
        return false;
    return (kind == ']' && strchr(digits, first)) ||
           (kind == 'P' && strchr("0123456789!$+>|", first)) ||
           (kind == '_' && first == 'G');
}

/* Esc, then something: that with Alt. */
static struct reading read_alt(const struct grammar *g, const char *s, size_t n)
{
    if (s[1] == '\t') /* Shift-Tab of the console of Linux */
        return key_of(2, KEY_BACKTAB, 0);
    struct reading r = read_character(g, s + 1, n - 1);
    if (r.len == 0)
        return r;
    r.len++;
    r.key.alt = true;
    return r;
}

/* Esc twice is Esc, and then whatever the second begins; but where that is a sequence
 * it is a key with Alt. */
static struct reading read_esc_esc(const struct grammar *g, const char *s, size_t n)
{
    if (n == 2 && !g->late)
        return wait_for_more(g->escape);
    if (n == 2 || (s[2] != '[' && s[2] != 'O'))
        return key_of(1, KEY_ESC, 0);
    struct reading r = s[2] == '[' ? read_csi(g, s, n, 3) : read_ss3(g, s, n, 3);
    if (r.key.kind == KEY_F)
        r.known = false;
    r.key.alt = true;
    return r;
}

static struct reading read_esc(const struct grammar *g, const char *s, size_t n)
{
    bool string = n > 1 && strchr("]P_", s[1]) && s[1] != '\0';
    if ((n == 1 || (n == 2 && string)) && !g->late)
        return wait_for_more(g->escape);
    if (n == 1)
        return key_of(1, KEY_ESC, 0);
    if (string && n > 2 && opens_string(s[1], s[2]))
        return (struct reading){.len = 2, .opens = OPENS_STRING};
    switch (s[1]) {
    case ESC:
        return read_esc_esc(g, s, n);
    case '[':
        return read_csi(g, s, n, 2);
    case 'O':
        return read_ss3(g, s, n, 2);
    default:
        return read_alt(g, s, n);
    }
}

struct reading grammar_read(const struct grammar *g, const char *s, size_t n)
{
    assert(n > 0);
    unsigned char first = (unsigned char)s[0];
    if (first == ESC)
        return read_esc(g, s, n);
    if (g->utf8 && first == 0x9b) /* no character begins so: ESC [ in one byte */
        return read_csi(g, s, n, 1);
    if (g->utf8 && first == 0x8f)
        return read_ss3(g, s, n, 1);
    return read_character(g, s, n);
}
