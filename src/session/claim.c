/*
 * The number in what somebody says. People say "600 orders", "about 30 %", "3 in 10", "six a
 * second": a count, a share or a rate. Words without a number, "not known yet" among them,
 * claim nothing. What a number is held against is the sheet's (sheet_much.c).
 */
#include "notebook.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '#';
}

/* Past "19:40", which is a time, or "v42", which is a name. */
static const char *past_name(const char *p)
{
    while (digit(*p) || *p == ':' || letter(*p) || *p == '.')
        p++;
    return p;
}

/* The next number of a text, NULL when there is none. */
static const char *next_number(const char *text)
{
    for (const char *p = text; *p; p++) {
        size_t n = strspn(p, "0123456789");
        if (letter(*p))
            p = past_name(p) - 1;
        else if (n > 0 && p[n] == ':')
            p = past_name(p) - 1;
        else if (n > 0)
            return p;
    }
    return NULL;
}

/* "1,234", "1 234", "2.5", "3k"; *rest: what follows. */
static double read_number(const char *p, const char **rest)
{
    double v = 0, place = 1;
    for (;;) {
        while (digit(*p))
            v = v * 10 + (*p++ - '0');
        bool group = (*p == ',' || *p == ' ') && strspn(p + 1, "0123456789") == 3;
        if (!group)
            break;
        p++;
    }
    if (*p == '.' && digit(p[1]))
        for (p++; digit(*p); p++)
            v += (*p - '0') * (place /= 10);
    if ((*p == 'k' || *p == 'K') && !letter(p[1])) {
        v *= 1000;
        p++;
    }
    *rest = p;
    return v;
}

static bool starts_word(const char *p, const char *word)
{
    size_t n = strlen(word);
    return strncasecmp(p, word, n) == 0 && !isalpha((unsigned char)p[n]);
}

/* How many seconds the unit of a rate has; 0: the text goes on otherwise. Between the
 * number and "per second" may stand what is counted: "6 orders a second". */
static double rate_seconds(const char *p)
{
    static const struct {
        const char *word;
        double seconds;
    } units[] = {{"second", 1}, {"sec", 1},     {"s", 1},   {"minute", 60},
                 {"min", 60},   {"hour", 3600}, {"h", 3600}};
    static const char *const links[] = {"per ", "a ", "each ", "every ", "an ", "/"};
    for (; *p && !strchr(",;.(", *p); p++)
        for (size_t i = 0; i < COUNT_OF(links); i++) {
            size_t n = strlen(links[i]);
            bool begins = *links[i] == '/' || p[-1] == ' ';
            if (!begins || strncasecmp(p, links[i], n) != 0)
                continue;
            for (size_t k = 0; k < COUNT_OF(units); k++)
                if (starts_word(p + n, units[k].word))
                    return units[k].seconds;
        }
    return 0;
}

static bool is_time(const char *p)
{
    static const char *const units[] = {"second",  "seconds", "s",    "minute",
                                        "minutes", "min",     "hour", "hours"};
    p += strspn(p, " ");
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (starts_word(p, units[i]))
            return true;
    return false;
}

/* "of 10", "in 10", "out of 10", "orders in 10"; but not "in 10 minutes". */
static double out_of(const char *p)
{
    const char *rest;
    p += strspn(p, " ");
    if (!starts_word(p, "out") && !starts_word(p, "of") && !starts_word(p, "in"))
        p += strcspn(p, " ,.;"), p += strspn(p, " ");
    if (starts_word(p, "out"))
        p += 3 + strspn(p + 3, " ");
    if (!starts_word(p, "of") && !starts_word(p, "in"))
        return 0;
    p += 2 + strspn(p + 2, " ");
    double whole = digit(*p) ? read_number(p, &rest) : 0;
    return whole > 0 && !is_time(rest) ? whole : 0;
}

/* ---- numbers as words ------------------------------------------------------------ */

const char *const number_words[NUMBER_WORDS] = {
    "zero",  "one",   "two",  "three", "four",   "five",  "six",
    "seven", "eight", "nine", "ten",   "eleven", "twelve"};

/* Words for numbers above those, and for parts. */
static const struct {
    const char *word, *digits;
} other_words[] = {{"half", "50%"},     {"third", "33%"}, {"quarter", "25%"},
                   {"all", "100%"},     {"twenty", "20"}, {"hundred", "100"},
                   {"thousand", "1000"}};

/* The word for a number at `p`, and its digits; "": there is none. Zero is no claim. */
static const char *word_at(const char *p, char *digits, size_t size)
{
    for (int i = 1; i < NUMBER_WORDS; i++)
        if (starts_word(p, number_words[i])) {
            snprintf(digits, size, "%d", i);
            return number_words[i];
        }
    for (size_t i = 0; i < COUNT_OF(other_words); i++)
        if (starts_word(p, other_words[i].word)) {
            snprintf(digits, size, "%s", other_words[i].digits);
            return other_words[i].word;
        }
    return "";
}

/* "three in ten" and "half" in digits, where a text has none. */
static void in_digits(const char *text, struct buf *out)
{
    char digits[8];
    for (const char *p = text; *p;) {
        bool inside = p > text && letter(p[-1]);
        const char *word = inside ? "" : word_at(p, digits, sizeof digits);
        if (*word)
            buf_adds(out, digits);
        else
            buf_addch(out, *p);
        p += *word ? strlen(word) : 1;
    }
}

/* ---- a claim --------------------------------------------------------------------- */

static struct claim read_claim(const char *text)
{
    struct claim c = {CLAIM_NONE, 0};
    const char *rest, *p = text ? next_number(text) : NULL;
    if (!p)
        return c;
    c.number = read_number(p, &rest);
    const char *after = rest + strspn(rest, " ");
    double whole = out_of(rest), seconds = rate_seconds(rest);
    c.kind = CLAIM_REQUESTS;
    if (*after == '%' || starts_word(after, "percent") ||
        starts_word(after, "per cent"))
        c = (struct claim){CLAIM_SHARE, c.number / 100};
    else if (whole > 0 && whole >= c.number)
        c = (struct claim){CLAIM_SHARE, c.number / whole};
    else if (seconds > 0)
        c = (struct claim){CLAIM_RATE, c.number / seconds};
    return c;
}

struct claim claim_read(const char *text)
{
    struct buf digits;
    struct claim c = {CLAIM_NONE, 0};
    if (!text || next_number(text))
        return read_claim(text);
    buf_init(&digits, 100);
    in_digits(text, &digits);
    c = read_claim(digits.s);
    buf_release(&digits);
    return c;
}

double claim_number(const char *text)
{
    const char *rest, *p = text ? next_number(text) : NULL;
    if (!p)
        return NAN;
    double v = read_number(p, &rest);
    return p > text && p[-1] == '-' ? -v : v;
}
