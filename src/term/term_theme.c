/*
 * How tones look: one hand-made table per theme and number of colours. Colours are
 * never the only sign of anything (the views add words and glyphs), so the tables aim
 * at calm.
 *
 * The background is always the terminal's own, except for a heat map's cells and the
 * selection in themes that can afford it.
 */
#include "truecode/term.h"

#include <string.h>

#define B LOOK_BOLD
#define D LOOK_DIM
#define U LOOK_UNDERLINE
#define R LOOK_REVERSE

/* In the order of TONE_LIST: normal dim strong head good warn bad accent prompt mark
 * select series1..4 ghost. */
typedef struct look tone_table[TONE_COUNT];

static const tone_table mono = {
    {-1, -1, 0},     {-1, -1, D}, {-1, -1, B}, {-1, -1, B}, {-1, -1, 0}, {-1, -1, B},
    {-1, -1, B | R}, {-1, -1, B}, {-1, -1, B}, {-1, -1, U}, {-1, -1, R}, {-1, -1, 0},
    {-1, -1, B},     {-1, -1, U}, {-1, -1, D}, {-1, -1, D},
};

/* 8 and 16 colours: 0 black 1 red 2 green 3 yellow 4 blue 5 magenta 6 cyan 7 white;
 * from 16 on also +8, bright. With 8 colours bright becomes bold. */
static const tone_table few[THEME_COUNT] = {
    [THEME_DEFAULT] = {{-1, -1, 0},
                       {8, -1, 0},
                       {-1, -1, B},
                       {6, -1, B},
                       {2, -1, 0},
                       {3, -1, 0},
                       {9, -1, B},
                       {6, -1, 0},
                       {14, -1, B},
                       {5, -1, 0},
                       {-1, -1, R},
                       {6, -1, 0},
                       {3, -1, 0},
                       {5, -1, 0},
                       {2, -1, 0},
                       {8, -1, 0}},
    [THEME_LIGHT] = {{-1, -1, 0},
                     {8, -1, 0},
                     {-1, -1, B},
                     {4, -1, B},
                     {2, -1, 0},
                     {5, -1, 0},
                     {1, -1, B},
                     {4, -1, 0},
                     {4, -1, B},
                     {5, -1, 0},
                     {-1, -1, R},
                     {4, -1, 0},
                     {1, -1, 0},
                     {5, -1, 0},
                     {2, -1, 0},
                     {8, -1, 0}},
    [THEME_CONTRAST] = {{-1, -1, 0},
                        {-1, -1, 0},
                        {-1, -1, B},
                        {-1, -1, B | U},
                        {10, -1, B},
                        {11, -1, B},
                        {9, -1, B | R},
                        {14, -1, B},
                        {-1, -1, B},
                        {13, -1, B},
                        {-1, -1, R | B},
                        {14, -1, B},
                        {11, -1, B},
                        {13, -1, B},
                        {10, -1, B},
                        {-1, -1, 0}},
    [THEME_COLOUR_BLIND] = {{-1, -1, 0},
                            {8, -1, 0},
                            {-1, -1, B},
                            {-1, -1, B},
                            {4, -1, B},
                            {3, -1, 0},
                            {11, -1, B | R},
                            {6, -1, 0},
                            {-1, -1, B},
                            {5, -1, 0},
                            {-1, -1, R},
                            {12, -1, 0},
                            {3, -1, 0},
                            {-1, -1, B},
                            {6, -1, 0},
                            {8, -1, 0}},
};

static const tone_table many[THEME_COUNT] = {
    [THEME_DEFAULT] = {{-1, -1, 0},
                       {245, -1, 0},
                       {-1, -1, B},
                       {110, -1, B},
                       {108, -1, 0},
                       {179, -1, 0},
                       {203, -1, B},
                       {74, -1, 0},
                       {116, -1, B},
                       {176, -1, 0},
                       {-1, 238, B},
                       {74, -1, 0},
                       {179, -1, 0},
                       {176, -1, 0},
                       {108, -1, 0},
                       {242, -1, 0}},
    [THEME_LIGHT] = {{-1, -1, 0},
                     {243, -1, 0},
                     {-1, -1, B},
                     {24, -1, B},
                     {28, -1, 0},
                     {130, -1, 0},
                     {160, -1, B},
                     {25, -1, 0},
                     {24, -1, B},
                     {90, -1, 0},
                     {-1, 253, B},
                     {25, -1, 0},
                     {130, -1, 0},
                     {90, -1, 0},
                     {28, -1, 0},
                     {247, -1, 0}},
    [THEME_CONTRAST] = {{-1, -1, 0},
                        {-1, -1, 0},
                        {-1, -1, B},
                        {-1, -1, B | U},
                        {46, -1, B},
                        {226, -1, B},
                        {196, -1, B | R},
                        {51, -1, B},
                        {-1, -1, B},
                        {201, -1, B},
                        {-1, -1, R | B},
                        {51, -1, B},
                        {226, -1, B},
                        {201, -1, B},
                        {46, -1, B},
                        {-1, -1, 0}},
    /* Blue, orange and light grey stay apart for every kind of colour blindness. */
    [THEME_COLOUR_BLIND] = {{-1, -1, 0},
                            {245, -1, 0},
                            {-1, -1, B},
                            {-1, -1, B},
                            {74, -1, 0},
                            {179, -1, 0},
                            {208, -1, B},
                            {117, -1, 0},
                            {-1, -1, B},
                            {252, -1, U},
                            {-1, 238, B},
                            {74, -1, 0},
                            {208, -1, 0},
                            {252, -1, 0},
                            {32, -1, 0},
                            {242, -1, 0}},
};

/* Heat 1..8 as backgrounds, from nearly nothing to glaring; and the same for light
 * ones. */
static const short heat_dark[8] = {234, 236, 58, 94, 130, 166, 202, 208};
static const short heat_light[8] = {255, 254, 230, 229, 222, 215, 209, 203};
static const short heat_blue[8] = {234, 235, 17, 18, 25, 32, 39, 51};

static short heat_colour(enum theme theme, int heat)
{
    if (theme == THEME_LIGHT)
        return heat_light[heat - 1];
    return theme == THEME_COLOUR_BLIND ? heat_blue[heat - 1] : heat_dark[heat - 1];
}

/* With 8 colours, a bright one is its plain one in bold. */
static struct look without_bright(struct look l)
{
    if (l.fg >= 8) {
        l.attrs |= l.fg == 8 ? LOOK_DIM : LOOK_BOLD;
        l.fg = l.fg == 8 ? -1 : (short)(l.fg - 8);
    }
    return l;
}

struct look look_of(enum theme theme, int colours, enum tone tone, int heat)
{
    struct look l;
    if (colours < 8)
        l = mono[tone];
    else if (colours < 16)
        l = without_bright(few[theme][tone]);
    else
        l = colours < 256 ? few[theme][tone] : many[theme][tone];
    if (heat > 0 && colours >= 256)
        l.bg = heat_colour(theme, heat);
    else if (heat > 4)
        l.attrs |= LOOK_REVERSE; /* hot or not is all that can be told */
    return l;
}

static const char *const names[] = {
#define X(name, word, doc) word,
    THEME_LIST(X)
#undef X
};

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
