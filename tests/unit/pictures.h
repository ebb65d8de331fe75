/* Pictures that differ to the eye, for the tests of duplicates. */
#ifndef TESTS_UNIT_PICTURES_H
#define TESTS_UNIT_PICTURES_H

#include "images.h"

/* Smooth coloured blobs: a 9 x 9 grid of random colours, interpolated.  (height, width, 3), release with free. */
static inline uint8_t *picture(uint32_t seed, int width, int height)
{
    enum { GRID = 9 };
    uint8_t grid[GRID * GRID * 3], *rgb = malloc((size_t)width * (size_t)height * 3), *out = rgb;
    assert_non_null(rgb);
    seed = seed * 2654435761u + 1;
    for (size_t i = 0; i < sizeof grid; i++) grid[i] = next_byte(&seed);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                double u = (x + 0.5) / width * (GRID - 1), v = (y + 0.5) / height * (GRID - 1);
                int i = (int)u, j = (int)v;
                const uint8_t *at = grid + (j * GRID + i) * 3 + c;
                double top = at[0] + (u - i) * (at[3] - at[0]);
                double bottom = at[GRID * 3] + (u - i) * (at[GRID * 3 + 3] - at[GRID * 3]);
                *out++ = (uint8_t)(top + (v - j) * (bottom - top) + 0.5);
            }
    return rgb;
}

#endif
