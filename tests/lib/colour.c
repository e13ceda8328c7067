/*
 * Colours in numbers.
 *
 * Contrast: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. Colour blindness: the
 * matrices of Machado, Oliveira and Fernandes, "A physiologically-based model for
 * simulation of color vision deficiency" (2009), severity 1. Palettes: the sources of
 * Linux (drivers/tty/vt), xterm, PuTTY, VTE and GNOME Terminal, Windows' documentation
 * of the console, and the defaults of Terminal on macOS.
 */
#include "colour.h"

#include <math.h>

static double linear(uint32_t channel)
{
    double c = (double)(channel & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static uint32_t gamma_of(double v)
{
    if (v < 0)
        v = 0;
    v = v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
    return v >= 1 ? 255 : (uint32_t)(v * 255 + 0.5);
}

double colour_luminance(uint32_t rgb)
{
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) +
           0.0722 * linear(rgb);
}

double colour_contrast(uint32_t a, uint32_t b)
{
    double x = colour_luminance(a), y = colour_luminance(b);
    return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

const struct palette palettes[] = {
    {"VGA and the Linux console",
     {0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
      0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff},
     true},
    {"xterm",
     {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
      0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff},
     false},
    {"PuTTY",
     {0x000000, 0xbb0000, 0x00bb00, 0xbbbb00, 0x0000bb, 0xbb00bb, 0x00bbbb, 0xbbbbbb,
      0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff},
     false},
    {"Windows console, before 2017",
     {0x000000, 0x800000, 0x008000, 0x808000, 0x000080, 0x800080, 0x008080, 0xc0c0c0,
      0x808080, 0xff0000, 0x00ff00, 0xffff00, 0x0000ff, 0xff00ff, 0x00ffff, 0xffffff},
     true},
    {"Windows, Campbell",
     {0x0c0c0c, 0xc50f1f, 0x13a10e, 0xc19c00, 0x0037da, 0x881798, 0x3a96dd, 0xcccccc,
      0x767676, 0xe74856, 0x16c60c, 0xf9f1a5, 0x3b78ff, 0xb4009e, 0x61d6d6, 0xf2f2f2},
     false},
    {"Tango",
     {0x000000, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
      0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec},
     false},
    {"GNOME",
     {0x171421, 0xc01c28, 0x26a269, 0xa2734c, 0x12488b, 0xa347ba, 0x2aa1b3, 0xd0cfcc,
      0x5e5c64, 0xf66151, 0x33d17a, 0xe9ad0c, 0x2a7bde, 0xc061cb, 0x33c7de, 0xffffff},
     false},
    {"macOS",
     {0x000000, 0xc23621, 0x25bc24, 0xadad27, 0x492ee1, 0xd338d3, 0x33bbc8, 0xcbcccd,
      0x818383, 0xfc391f, 0x31e722, 0xeaec23, 0x5833ff, 0xf935f8, 0x14f0f0, 0xe9ebeb},
     false},
};
const int npalettes = sizeof palettes / sizeof *palettes;

uint32_t colour_of_256(int index)
{
    static const uint32_t level[6] = {0, 95, 135, 175, 215, 255};
    if (index >= 232) {
        uint32_t v = 8 + 10 * (uint32_t)(index - 232);
        return v << 16 | v << 8 | v;
    }
    index -= 16;
    return level[index / 36] << 16 | level[index / 6 % 6] << 8 | level[index % 6];
}

uint32_t colour_blind(uint32_t rgb, int kind)
{
    static const double m[3][3][3] = {{{0.152286, 1.052583, -0.204868},
                                       {0.114503, 0.786281, 0.099216},
                                       {-0.003882, -0.048116, 1.051998}},
                                      {{0.367322, 0.860646, -0.227968},
                                       {0.280085, 0.672501, 0.047413},
                                       {-0.011820, 0.042940, 0.968881}},
                                      {{1.255528, -0.076749, -0.178779},
                                       {-0.078411, 0.930809, 0.147602},
                                       {0.004733, 0.691367, 0.303900}}};
    double in[3] = {linear(rgb >> 16), linear(rgb >> 8), linear(rgb)};
    uint32_t out = 0;
    for (int i = 0; i < 3; i++)
        out = out << 8 | gamma_of(m[kind][i][0] * in[0] + m[kind][i][1] * in[1] +
                                  m[kind][i][2] * in[2]);
    return out;
}

static double lab_part(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static void lab(uint32_t rgb, double out[3])
{
    double r = linear(rgb >> 16), g = linear(rgb >> 8), b = linear(rgb);
    double x = lab_part((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    double y = lab_part(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    double z = lab_part((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    out[0] = 116 * y - 16;
    out[1] = 500 * (x - y);
    out[2] = 200 * (y - z);
}

double colour_distance(uint32_t a, uint32_t b)
{
    double x[3], y[3];
    lab(a, x);
    lab(b, y);
    return sqrt(pow(x[0] - y[0], 2) + pow(x[1] - y[1], 2) + pow(x[2] - y[2], 2));
}
