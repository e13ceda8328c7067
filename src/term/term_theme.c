/*
 * How tones look: which of the hand-made tables (term_looks.c) a theme, a background
 * and a number of colours mean.
 *
 * The background is the terminal's own, and the tables are chosen to be readable on it.
 * With 256 colours `dark` and `light` bring theirs along, so that they are what they
 * say on every terminal, and so does every theme where the terminal's is neither.
 */
#include "term_internal.h"

#include <assert.h>
#include <string.h>

/* ---- what a background is -------------------------------------------------------- */

/* The relative luminance of WCAG 2. */
static double linear(uint32_t channel)
{
    double c = (double)(channel & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : tc_pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb)
{
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) +
           0.0722 * linear(rgb);
}

/* The limits are those up to which the tables' faintest colours (248 on dark, 94 on
 * light) keep 4.5:1. Nord's and Solarized's dark count as dark, Solarized's cream as
 * light. */
enum ground ground_of(uint32_t rgb)
{
    double l = luminance(rgb);
    return l <= 0.04 ? GROUND_DARK : l >= 0.80 ? GROUND_LIGHT : GROUND_BETWEEN;
}

/* ---- which table ----------------------------------------------------------------- */

/* The ground that looks must be readable on. */
struct backdrop {
    enum ground ground;
    bool painted; /* by the theme, cell by cell; else the terminal's */
};

static struct backdrop backdrop_of(enum theme theme, enum ground ground, int colours)
{
    enum ground wants = theme == THEME_DARK    ? GROUND_DARK
                        : theme == THEME_LIGHT ? GROUND_LIGHT
                                               : ground;
    if (colours >= 256 && wants == GROUND_BETWEEN)
        return (struct backdrop){GROUND_DARK, true};
    if (colours >= 256)
        return (struct backdrop){wants, theme == THEME_DARK || theme == THEME_LIGHT};
    /* With few colours a background of one's own is a grey nobody knows: what the
     * terminal is known to have decides, else the theme's word. */
    if (ground == GROUND_BETWEEN)
        return (struct backdrop){GROUND_UNKNOWN, false};
    return (struct backdrop){ground != GROUND_UNKNOWN ? ground : wants, false};
}

static struct look column(const struct looks *l, enum ground ground)
{
    return ground == GROUND_DARK    ? l->dark
           : ground == GROUND_LIGHT ? l->light
                                    : l->unknown;
}

static struct look look_many(enum theme theme, enum ground ground, enum tone tone)
{
    assert(tone < TONE_COUNT);
    const struct looks *table = theme == THEME_CONTRAST       ? looks_many_contrast
                                : theme == THEME_COLOUR_BLIND ? looks_many_blind
                                                              : looks_many;
    return column(&table[tone], ground);
}

static struct look look_few(enum theme theme, enum ground ground, int colours,
                            enum tone tone)
{
    assert(tone < TONE_COUNT);
    const struct looks *table = theme == THEME_CONTRAST       ? looks_few_contrast
                                : theme == THEME_COLOUR_BLIND ? looks_few_blind
                                                              : looks_few;
    struct look l = column(&table[tone], ground);
    if (colours >= 16 || ground != GROUND_DARK)
        return l;
    /* Eight: none of them needs red and green told apart. */
    return theme == THEME_CONTRAST ? table[tone].unknown : looks_eight_dark[tone];
}

/* ---- what is laid over the table's look ------------------------------------------ */

static struct look on_painted_ground(struct look l, bool light)
{
    if (l.fg < 0)
        l.fg = light ? 16 : 252;
    if (l.bg < 0)
        l.bg = light ? 231 : 16;
    return l;
}

/* On an unknown background, and with few colours, the cell's shade glyph tells it. */
static struct look heated(struct look l, enum theme theme, enum ground ground, int heat)
{
    bool blind = theme == THEME_COLOUR_BLIND;
    if (ground == GROUND_DARK)
        l.bg = blind ? looks_heat_blind_dark[heat - 1] : looks_heat_dark[heat - 1];
    else if (ground == GROUND_LIGHT)
        l.bg = blind ? looks_heat_blind_light[heat - 1] : looks_heat_light[heat - 1];
    l.blank = ground == GROUND_DARK || ground == GROUND_LIGHT;
    return l;
}

struct look look_of(enum theme theme, enum ground ground, int colours, enum tone tone,
                    int heat)
{
    assert(tone < TONE_COUNT && heat >= 0);
    if (theme == THEME_MONO || colours < 8)
        return looks_mono[tone];
    struct backdrop behind = backdrop_of(theme, ground, colours);
    if (colours < 256)
        return look_few(theme, behind.ground, colours, tone);
    struct look l = look_many(theme, behind.ground, tone);
    if (heat > 0)
        l = heated(l, theme, behind.ground, heat);
    return behind.painted ? on_painted_ground(l, behind.ground == GROUND_LIGHT) : l;
}

/* ---- names ----------------------------------------------------------------------- */

static const char *const names[] = {
#define X(name, word, doc) word,
    THEME_LIST(X)
#undef X
};

const char *theme_doc(enum theme t)
{
    static const char *const docs[] = {
#define X(name, word, doc) doc,
        THEME_LIST(X)
#undef X
    };
    return docs[t];
}

const char *theme_name(enum theme t)
{
    return t < THEME_COUNT ? names[t] : NULL;
}

bool theme_parse(const char *word, enum theme *out)
{
    for (int i = 0; i < THEME_COUNT; i++)
        if (strcmp(names[i], word) == 0) {
            *out = (enum theme)i;
            return true;
        }
    return false;
}
