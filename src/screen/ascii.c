/*
 * The ASCII tier. Views draw with line and block characters only; where a terminal
 * cannot show them, the finished canvas is translated cell by cell through this one
 * table. One place, so that no glyph can be forgotten, and of equal width, so that no
 * layout changes.
 */
#include "truecode/screen.h"

static const struct {
    uint32_t cp;
    char ascii;
} table[] = {
    {0x2500, '-'},
    {0x2501, '='},
    {0x2502, '|'},
    {0x2503, '|'},
    {0x250c, '+'},
    {0x2510, '+'},
    {0x2514, '+'},
    {0x2518, '+'},
    {0x251c, '+'},
    {0x2524, '+'},
    {0x252c, '+'},
    {0x2534, '+'},
    {0x253c, '+'},
    {0x256d, '+'},
    {0x256e, '+'},
    {0x256f, '+'},
    {0x2570, '`'},
    {0x2506, ':'},
    {0x250a, ':'},
    {0x254e, ':'},
    /* eighths from below, then full */
    {0x2581, '_'},
    {0x2582, '.'},
    {0x2583, ':'},
    {0x2584, '-'},
    {0x2585, '='},
    {0x2586, '+'},
    {0x2587, '*'},
    {0x2588, '#'},
    /* eighths from the left */
    {0x2589, '#'},
    {0x258a, '#'},
    {0x258b, '='},
    {0x258c, '='},
    {0x258d, '-'},
    {0x258e, '-'},
    {0x258f, '|'},
    /* shades */
    {0x2591, '.'},
    {0x2592, ':'},
    {0x2593, '%'},
    /* arrows, marks */
    {0x2190, '<'},
    {0x21b5, '/'},
    {0x2191, '^'},
    {0x2192, '>'},
    {0x2193, 'v'},
    {0x25b2, '^'},
    {0x25bc, 'v'},
    {0x25b6, '>'},
    {0x25c0, '<'},
    {0x25b8, '>'},
    {0x25c6, '*'},
    {0x25cb, 'o'},
    {0x25cf, '*'},
    {0x25d0, '%'},
    {0x25a0, '#'},
    {0x2016, '='},
    {0x2713, '+'},
    {0x2717, 'x'},
    {0x203a, '>'},
    {0x2039, '<'},
    {0x00d7, 'x'},
    {0x00b7, '.'},
    {0x2026, '~'},
    {0x2013, '-'},
    {0x2014, '-'},
    {0x2018, '\''},
    {0x2019, '\''},
    {0x201c, '"'},
    {0x201d, '"'},
    {0x2022, '*'},
    {0x00a0, ' '},
    {0x202f, ' '},
    {0x2009, ' '},
    {0x00b5, 'u'},
    {0x2248, '~'},
    {0x2264, '<'},
    {0x2265, '>'},
    {0x21bb, '@'},
    {0x2212, '-'},
    {0x21b3, '`'},
    {0x221e, '8'},
};

/* Braille charts by the number of dots; letters with accents lose them. */
static char ascii_of(uint32_t cp)
{
    if (cp >= 0x2800 && cp <= 0x28ff) {
        int dots = __builtin_popcount(cp - 0x2800);
        return " ..::+*##"[dots];
    }
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].cp == cp)
            return table[i].ascii;
    if (cp >= 0xc0 && cp <= 0xff)
        return "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"[cp -
                                                                                  0xc0];
    return '?';
}

void canvas_to_ascii(struct canvas *c)
{
    size_t n = (size_t)c->rows * (size_t)c->cols;
    for (size_t i = 0; i < n; i++) {
        struct cell *at = &c->cells[i];
        at->mark[0] = at->mark[1] = 0;
        if (at->width == 0) {
            at->cp = ' ';
        } else if (at->cp < ' ' || at->cp > '~') {
            at->cp = (uint32_t)ascii_of(at->cp);
        }
        at->width = 1;
    }
}
