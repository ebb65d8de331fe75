/* What a network has inside, as pixels: kernels and feature maps side by side, a heat map over an image.  Numbers to
 * RGB; nothing is drawn here. */
#ifndef ALX_REPORT_MOSAIC_H
#define ALX_REPORT_MOSAIC_H

#include <stdint.h>

#include "alexnet.h"

/* An image of our own: rgb (height, width, 3), released with free. */
typedef struct alx_pixels {
    uint8_t *rgb;
    int width, height;
} alx_pixels;

/* values: (count, height, width, channels); three channels are colours, else the first is grey.  Each is scaled by
 * itself, its zero to middle grey, `columns` in a row with lines of a pixel between. */
alx_status alx_mosaic_kernels(alx_pixels *out, const float *values, int count, int height, int width, int channels,
                              int columns, alx_error *err);
/* values: (count, height, width), from the smallest of all (dark) to the largest (bright) in viridis' colours. */
alx_status alx_mosaic_maps(alx_pixels *out, const float *values, int count, int height, int width, int columns,
                           alx_error *err);
/* The image, and beside it the same, grey, under the map (height, width; 0..1) in viridis' colours. */
alx_status alx_mosaic_heat(alx_pixels *out, const uint8_t *rgb, const float *map, int height, int width,
                           alx_error *err);
/* Columns that make a mosaic of so many pieces about twice as wide as high. */
int alx_mosaic_columns(int count, int height, int width);

#endif
