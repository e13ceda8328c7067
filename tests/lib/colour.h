/*
 * What colours look like, in numbers: contrast as WCAG 2 defines it, the palettes of
 * real terminals, and what is left of a colour for the colour-blind.
 */
#ifndef COLOUR_H
#define COLOUR_H

#include <stdbool.h>
#include <stdint.h>

/* The contrast ratio of two colours 0xRRGGBB, 1 to 21. */
double colour_contrast(uint32_t a, uint32_t b);
double colour_luminance(uint32_t rgb);

/* A palette of 16 colours as a terminal has it. */
struct palette {
    const char *name;
    uint32_t rgb[16];
    bool bold_is_bright; /* surely: bold 1 is drawn as 9; else it may or may not be */
};
extern const struct palette palettes[];
extern const int npalettes;
/* The colour 16..255, the same on every terminal. */
uint32_t colour_of_256(int index);

/* How a colour is seen without one kind of cones: 0 protanopia, 1 deuteranopia, 2
 * tritanopia. */
uint32_t colour_blind(uint32_t rgb, int kind);
/* CIE76, in Lab: 2.3 is just noticeable. */
double colour_distance(uint32_t a, uint32_t b);

#endif
