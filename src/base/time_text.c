/*
 * Durations and times of day, as people write and read them.
 *
 * All in integers: "0.1s" is 100,000,000 ns and not what a double makes of it. A
 * duration is shown with three significant digits below a minute and with its two
 * biggest units above; it is rounded first and the unit chosen after, so 59.99 s
 * is "1 m" and not "60.0 s".
 */
#include "truecode/base.h"

#include <assert.h>
#include <string.h>

static const struct unit {
    const char *name;
    sim_time ns;
} units[] = {
    /* biggest first */
    {"d", 24 * SIM_HOUR}, {"h", SIM_HOUR}, {"m", SIM_MIN}, {"s", SIM_SEC},
    {"ms", SIM_MS},       {"us", SIM_US},  {"ns", 1},
};

#define UNIT_LIST "ns, us, ms, s, m, h or d"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_spaces(const char *s)
{
    while (*s == ' ')
        s++;
    return s;
}

/* A decimal number exactly: `whole` and nine digits of fraction (more are dropped).
 * Returns the first byte behind it, or NULL where there is none or it is too big. */
static const char *parse_decimal(const char *s, int64_t *whole, int64_t *billionths)
{
    *whole = *billionths = 0;
    if (!is_digit(*s))
        return NULL;
    for (; is_digit(*s); s++)
        if (__builtin_mul_overflow(*whole, 10, whole) ||
            __builtin_add_overflow(*whole, *s - '0', whole))
            return NULL;
    if (*s != '.')
        return s;
    if (!is_digit(*++s))
        return NULL;
    for (int64_t place = 100000000; is_digit(*s); s++, place /= 10)
        *billionths += (*s - '0') * place;
    return s;
}

static const struct unit *parse_unit(const char *s, size_t *length)
{
    static const char micro_sign[] = "\xC2\xB5s", mu[] = "\xCE\xBCs";
    if (str_starts(s, micro_sign) || str_starts(s, mu)) {
        *length = 3;
        return &units[5];
    }
    *length = 0;
    while (s[*length] >= 'a' && s[*length] <= 'z')
        (*length)++;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strlen(units[i].name) == *length && memcmp(s, units[i].name, *length) == 0)
            return &units[i];
    return NULL;
}

/* billionths * unit / 1e9, without a 128-bit product: both are split at 1e9. */
static sim_time fraction_of(int64_t billionths, sim_time unit)
{
    assert(billionths >= 0 && billionths < 1000000000);
    sim_time seconds = unit / SIM_SEC, rest = unit % SIM_SEC;
    return billionths * seconds + billionths * rest / SIM_SEC;
}

static bool add_part(sim_time *sum, int64_t whole, int64_t billionths, sim_time unit)
{
    sim_time part;
    return !__builtin_mul_overflow(whole, unit, &part) &&
           !__builtin_add_overflow(part, fraction_of(billionths, unit), &part) &&
           !__builtin_add_overflow(*sum, part, sum);
}

static enum err refuse(struct errmsg *why, const char *s)
{
    return errmsg_set(why, ERR_INPUT,
                      "\"%.40s\" is not a duration: write a number and a unit "
                      "(" UNIT_LIST "), such as 90s, 1.5s or 1m30s",
                      s);
}

/* Units must shrink from part to part: "1m30s", not "30s1m" nor "1m1m". */
enum err time_parse(const char *s, sim_time *out, struct errmsg *why)
{
    const char *at = skip_spaces(s);
    sim_time sum = 0, last_unit = INT64_MAX;
    do {
        int64_t whole, billionths;
        const char *behind = parse_decimal(at, &whole, &billionths);
        if (!behind)
            return refuse(why, s);
        behind = skip_spaces(behind);
        size_t length;
        const struct unit *unit = parse_unit(behind, &length);
        if (!unit && *behind == '\0' && whole == 0 && billionths == 0 && sum == 0 &&
            last_unit == INT64_MAX) {
            *out = 0;
            return ERR_OK;
        }
        if (!unit || unit->ns >= last_unit)
            return refuse(why, s);
        if (!add_part(&sum, whole, billionths, unit->ns))
            return errmsg_set(why, ERR_INPUT, "\"%.40s\" is too long a time", s);
        last_unit = unit->ns;
        at = skip_spaces(behind + length);
    } while (*at);
    *out = sum;
    return ERR_OK;
}

/* Three significant digits of t in `unit`; false when that rounds up to 1000 (or, for
 * seconds, to 60) of them, which is one of the next unit. */
static bool format_small(struct buf *b, sim_time t, const struct unit *unit)
{
    sim_time limit = unit->ns == SIM_SEC ? 60 : 1000;
    int decimals = t >= 100 * unit->ns ? 0 : t >= 10 * unit->ns ? 1 : 2;
    if (unit->ns == 1)
        decimals = 0;
    sim_time scale = decimals == 0 ? 1 : decimals == 1 ? 10 : 100;
    sim_time step = unit->ns / scale, count = (t + step / 2) / step;
    if (count >= limit * scale)
        return false;
    sim_time whole = count / scale, part = count % scale;
    for (; decimals > 0 && part % 10 == 0; decimals--)
        part /= 10;
    buf_addf(b, "%lld", (long long)whole);
    if (decimals > 0)
        buf_addf(b, ".%0*lld", decimals, (long long)part);
    buf_addf(b, " %s", unit->name);
    return true;
}

/* Two units next to each other, the smaller with two digits and left out when 0. */
static void format_pair(struct buf *b, sim_time count, sim_time ratio, const char *big,
                        const char *small)
{
    assert(ratio > 0 && count >= 0);
    buf_addf(b, "%lld %s", (long long)(count / ratio), big);
    if (count % ratio)
        buf_addf(b, " %02lld %s", (long long)(count % ratio), small);
}

static sim_time rounded(sim_time t, sim_time unit)
{
    assert(unit > 0);
    return t / unit + (t % unit >= unit / 2);
}

void time_format(struct buf *b, sim_time t)
{
    if (t == SIM_FOREVER) {
        buf_adds(b, "forever");
        return;
    }
    if (t < 0) {
        buf_addch(b, '-');
        t = t == INT64_MIN ? INT64_MAX : -t;
    }
    if (t == 0) {
        buf_adds(b, "0 s");
        return;
    }
    for (int i = 6; i >= 3; i--)
        if (t < (i == 3 ? SIM_MIN : units[i - 1].ns) && format_small(b, t, &units[i]))
            return;
    if (rounded(t, SIM_SEC) < 3600)
        format_pair(b, rounded(t, SIM_SEC), 60, "m", "s");
    else if (rounded(t, SIM_MIN) < 24 * 60)
        format_pair(b, rounded(t, SIM_MIN), 60, "h", "m");
    else
        format_pair(b, rounded(t, SIM_HOUR), 24, "d", "h");
}

void clock_format(struct buf *b, sim_time day_start, sim_time t, bool seconds)
{
    const sim_time day = 24 * SIM_HOUR;
    sim_time in_day = (day_start % day + t % day) % day;
    if (in_day < 0)
        in_day += day;
    int s = (int)(in_day / SIM_SEC);
    buf_addf(b, "%02d:%02d", s / 3600, s / 60 % 60);
    if (seconds)
        buf_addf(b, ":%02d", s % 60);
}
