/*
 * The tables of looks: one entry per tone, theme and background, chosen by hand for
 * 256, 16 and 8 colours. Nothing here decides; term_theme.c picks a table.
 *
 * Every look keeps a contrast of 4.5:1 (WCAG 2, level AA) against the backgrounds its
 * column is for, the high-contrast ones 7:1 where a hue can;
 * tests/unit/test_term_look.c computes that. Where no hue does, a look is the
 * terminal's own foreground with bold, underline or reverse: the views tell a state by
 * word and glyph anyway.
 *
 * Dim text (SGR 2) is never used: nobody can say how dim it is. Linux draws it in dark
 * grey, 2.8:1.
 *
 * 256 colours: only 16 to 255 are used. They are the same everywhere, while 0 to 15 are
 * each terminal's own. The column for an unknown background has only colours that are
 * readable on black and on white; there are six of them.
 *
 * 16 and 8 colours: the hues must hold in the palettes of VGA and the Linux console,
 * xterm, PuTTY, the old Windows console and Windows' Campbell, Tango and GNOME, macOS.
 * That leaves on black bright red, green, yellow and cyan, on white red and blue. Bold
 * may turn colour 1 into 9 and so on, so both must hold, except where it surely does
 * so. Solarized is not covered and cannot be: its bright colours are its greys, one of
 * them the background itself. Nor is Konsole's Breeze, whose bright red is darker than
 * its red. Both are at home in terminals with 256 colours.
 */
#include "term_internal.h"

#define B LOOK_BOLD
#define U LOOK_UNDERLINE
#define R LOOK_REVERSE

#define OWN(attrs)                                                                     \
    {                                                                                  \
        -1, -1, attrs, false                                                           \
    }
#define FG(c, attrs)                                                                   \
    {                                                                                  \
        c, -1, attrs, false                                                            \
    }
#define ON(c, bg, at)                                                                  \
    {                                                                                  \
        c, bg, at, false                                                               \
    }

const struct look looks_mono[TONE_COUNT] = {
    [TONE_NORMAL] = OWN(0),  [TONE_DIM] = OWN(0),     [TONE_STRONG] = OWN(B),
    [TONE_HEAD] = OWN(B),    [TONE_GOOD] = OWN(0),    [TONE_WARN] = OWN(B),
    [TONE_BAD] = OWN(B | R), [TONE_ACCENT] = OWN(B),  [TONE_PROMPT] = OWN(B),
    [TONE_MARK] = OWN(U),    [TONE_SELECT] = OWN(R),  [TONE_SERIES1] = OWN(0),
    [TONE_SERIES2] = OWN(B), [TONE_SERIES3] = OWN(U), [TONE_SERIES4] = OWN(0),
    [TONE_GHOST] = OWN(0),
};

/* ---- 256 colours: dark, light, unknown ------------------------------------------- */

const struct looks looks_many[TONE_COUNT] = {
    [TONE_NORMAL] = {OWN(0), OWN(0), OWN(0)},
    [TONE_DIM] = {FG(248, 0), FG(241, 0), FG(243, 0)},
    [TONE_STRONG] = {OWN(B), OWN(B), OWN(B)},
    [TONE_HEAD] = {FG(110, B), FG(24, B), FG(63, B)},
    [TONE_GOOD] = {FG(108, 0), FG(22, 0), FG(29, 0)},
    [TONE_WARN] = {FG(179, 0), FG(94, 0), FG(131, 0)},
    [TONE_BAD] = {FG(210, B), FG(124, B), ON(231, 124, B)},
    [TONE_ACCENT] = {FG(74, 0), FG(25, 0), FG(63, 0)},
    [TONE_PROMPT] = {FG(116, B), FG(23, B), FG(29, B)},
    [TONE_MARK] = {FG(176, 0), FG(90, 0), FG(163, 0)},
    [TONE_SELECT] = {ON(255, 238, B), ON(16, 252, B), OWN(R)},
    [TONE_SERIES1] = {FG(74, 0), FG(25, 0), FG(63, 0)},
    [TONE_SERIES2] = {FG(179, 0), FG(94, 0), FG(131, 0)},
    [TONE_SERIES3] = {FG(176, 0), FG(90, 0), FG(163, 0)},
    [TONE_SERIES4] = {FG(108, 0), FG(22, 0), FG(29, 0)},
    [TONE_GHOST] = {FG(248, 0), FG(241, 0), FG(243, 0)},
};

/* No grey, and 7:1. White on dark red is that everywhere. */
const struct looks looks_many_contrast[TONE_COUNT] = {
    [TONE_NORMAL] = {OWN(0), OWN(0), OWN(0)},
    [TONE_DIM] = {OWN(0), OWN(0), OWN(0)},
    [TONE_STRONG] = {OWN(B), OWN(B), OWN(B)},
    [TONE_HEAD] = {OWN(B | U), OWN(B | U), OWN(B | U)},
    [TONE_GOOD] = {FG(120, B), FG(22, B), OWN(B)},
    [TONE_WARN] = {FG(226, B), FG(52, B | U), OWN(B | U)},
    [TONE_BAD] = {ON(231, 124, B), ON(231, 124, B), ON(231, 124, B)},
    [TONE_ACCENT] = {FG(123, B), FG(18, B), OWN(B)},
    [TONE_PROMPT] = {OWN(B), OWN(B), OWN(B)},
    [TONE_MARK] = {FG(219, B), FG(53, B), OWN(U)},
    [TONE_SELECT] = {ON(16, 231, B), ON(231, 16, B), OWN(B | R)},
    [TONE_SERIES1] = {FG(123, B), FG(18, B), OWN(0)},
    [TONE_SERIES2] = {FG(226, B), FG(52, B), OWN(B)},
    [TONE_SERIES3] = {FG(219, B), FG(53, B), OWN(U)},
    [TONE_SERIES4] = {FG(120, B), FG(22, B), OWN(0)},
    [TONE_GHOST] = {OWN(0), OWN(0), OWN(0)},
};

/* Blue for good, yellow or brown for a warning, an orange block for bad: they stay
 * apart for every kind of colour blindness, and the block does without colours too. */
const struct looks looks_many_blind[TONE_COUNT] = {
    [TONE_NORMAL] = {OWN(0), OWN(0), OWN(0)},
    [TONE_DIM] = {FG(248, 0), FG(241, 0), FG(243, 0)},
    [TONE_STRONG] = {OWN(B), OWN(B), OWN(B)},
    [TONE_HEAD] = {OWN(B), OWN(B), OWN(B)},
    [TONE_GOOD] = {FG(75, 0), FG(25, 0), FG(63, 0)},
    [TONE_WARN] = {FG(222, 0), FG(94, 0), FG(131, 0)},
    [TONE_BAD] = {ON(16, 208, B), ON(231, 130, B), ON(16, 208, B)},
    [TONE_ACCENT] = {FG(117, 0), FG(25, 0), FG(63, 0)},
    [TONE_PROMPT] = {OWN(B), OWN(B), OWN(B)},
    [TONE_MARK] = {FG(252, U), FG(16, U), OWN(U)},
    [TONE_SELECT] = {ON(255, 238, B), ON(16, 252, B), OWN(R)},
    [TONE_SERIES1] = {FG(75, 0), FG(25, 0), FG(63, 0)},
    [TONE_SERIES2] = {FG(222, 0), FG(94, 0), FG(131, 0)},
    [TONE_SERIES3] = {OWN(B), OWN(B), OWN(B)},
    [TONE_SERIES4] = {FG(248, 0), FG(241, 0), FG(243, 0)},
    [TONE_GHOST] = {FG(248, 0), FG(241, 0), FG(243, 0)},
};

/* ---- 16 colours: dark, light; unknown is mono ------------------------------------ */

const struct looks looks_few[TONE_COUNT] = {
    [TONE_NORMAL] = {OWN(0), OWN(0), OWN(0)},
    [TONE_DIM] = {FG(7, 0), OWN(0), OWN(0)},
    [TONE_STRONG] = {OWN(B), OWN(B), OWN(B)},
    [TONE_HEAD] = {FG(14, B), OWN(B), OWN(B)},
    [TONE_GOOD] = {FG(10, 0), FG(4, 0), OWN(0)},
    [TONE_WARN] = {FG(11, 0), FG(1, 0), OWN(B)},
    [TONE_BAD] = {FG(9, B), FG(1, R), OWN(B | R)},
    [TONE_ACCENT] = {FG(14, 0), FG(4, 0), OWN(B)},
    [TONE_PROMPT] = {FG(14, B), OWN(B), OWN(B)},
    [TONE_MARK] = {FG(11, U), FG(4, U), OWN(U)},
    [TONE_SELECT] = {OWN(R), OWN(R), OWN(R)},
    [TONE_SERIES1] = {FG(14, 0), FG(4, 0), OWN(0)},
    [TONE_SERIES2] = {FG(11, 0), FG(1, 0), OWN(B)},
    [TONE_SERIES3] = {OWN(B), OWN(B), OWN(U)},
    [TONE_SERIES4] = {FG(10, 0), OWN(U), OWN(0)},
    [TONE_GHOST] = {FG(7, 0), OWN(0), OWN(0)},
};

/* On white no hue of sixteen reaches 7:1 in all palettes. */
const struct looks looks_few_contrast[TONE_COUNT] = {
    [TONE_NORMAL] = {OWN(0), OWN(0), OWN(0)},
    [TONE_DIM] = {OWN(0), OWN(0), OWN(0)},
    [TONE_STRONG] = {OWN(B), OWN(B), OWN(B)},
    [TONE_HEAD] = {OWN(B | U), OWN(B | U), OWN(B | U)},
    [TONE_GOOD] = {FG(10, B), OWN(B), OWN(B)},
    [TONE_WARN] = {FG(11, B), OWN(B | U), OWN(B | U)},
    [TONE_BAD] = {OWN(B | R), OWN(B | R), OWN(B | R)},
    [TONE_ACCENT] = {FG(14, B), OWN(B), OWN(B)},
    [TONE_PROMPT] = {OWN(B), OWN(B), OWN(B)},
    [TONE_MARK] = {OWN(B | U), OWN(U), OWN(U)},
    [TONE_SELECT] = {OWN(B | R), OWN(B | R), OWN(B | R)},
    [TONE_SERIES1] = {FG(14, B), OWN(0), OWN(0)},
    [TONE_SERIES2] = {FG(11, B), OWN(B), OWN(B)},
    [TONE_SERIES3] = {OWN(B), OWN(U), OWN(U)},
    [TONE_SERIES4] = {FG(10, B), OWN(0), OWN(0)},
    [TONE_GHOST] = {OWN(0), OWN(0), OWN(0)},
};

const struct looks looks_few_blind[TONE_COUNT] = {
    [TONE_NORMAL] = {OWN(0), OWN(0), OWN(0)},
    [TONE_DIM] = {FG(7, 0), OWN(0), OWN(0)},
    [TONE_STRONG] = {OWN(B), OWN(B), OWN(B)},
    [TONE_HEAD] = {OWN(B), OWN(B), OWN(B)},
    [TONE_GOOD] = {FG(14, 0), FG(4, 0), OWN(0)},
    [TONE_WARN] = {FG(11, 0), OWN(B), OWN(B)},
    [TONE_BAD] = {FG(11, B | R), OWN(B | R), OWN(B | R)},
    [TONE_ACCENT] = {FG(14, 0), FG(4, 0), OWN(B)},
    [TONE_PROMPT] = {OWN(B), OWN(B), OWN(B)},
    [TONE_MARK] = {OWN(U), OWN(U), OWN(U)},
    [TONE_SELECT] = {OWN(R), OWN(R), OWN(R)},
    [TONE_SERIES1] = {FG(14, 0), FG(4, 0), OWN(0)},
    [TONE_SERIES2] = {FG(11, 0), OWN(B), OWN(B)},
    [TONE_SERIES3] = {OWN(B), OWN(U), OWN(U)},
    [TONE_SERIES4] = {FG(7, 0), OWN(0), OWN(0)},
    [TONE_GHOST] = {FG(7, 0), OWN(0), OWN(0)},
};

/* ---- 8 colours on dark; on light there are the same hues as with 16 -------------- */

/* Bold everywhere: where the palette's green or cyan is too dark (the old Windows
 * console), bold surely is the bright one. Red is too dark in xterm, yellow in GNOME's
 * palette. */
const struct look looks_eight_dark[TONE_COUNT] = {
    [TONE_NORMAL] = OWN(0),  [TONE_DIM] = FG(7, 0),    [TONE_STRONG] = OWN(B),
    [TONE_HEAD] = FG(6, B),  [TONE_GOOD] = FG(2, B),   [TONE_WARN] = OWN(B),
    [TONE_BAD] = OWN(B | R), [TONE_ACCENT] = FG(6, B), [TONE_PROMPT] = FG(6, B),
    [TONE_MARK] = OWN(U),    [TONE_SELECT] = OWN(R),   [TONE_SERIES1] = FG(6, B),
    [TONE_SERIES2] = OWN(B), [TONE_SERIES3] = OWN(U),  [TONE_SERIES4] = FG(2, B),
    [TONE_GHOST] = FG(7, 0),
};

/* Heat 1..8 as backgrounds of 256: further from the terminal's with every step. */
const short looks_heat_dark[8] = {238, 94, 130, 136, 172, 208, 214, 226};
const short looks_heat_light[8] = {252, 216, 209, 203, 166, 160, 124, 88};
const short looks_heat_blind_dark[8] = {238, 24, 25, 31, 38, 45, 123, 195};
const short looks_heat_blind_light[8] = {252, 111, 69, 67, 26, 25, 19, 17};
