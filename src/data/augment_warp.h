/* Sampling an image through a map. */
#ifndef ALX_DATA_AUGMENT_WARP_H
#define ALX_DATA_AUGMENT_WARP_H

#include "data/augment_class.h"

/* Pixel (i, j) of dst shows the place (xx i + xy j + x0, yx i + yy j + y0) of src, where whole numbers are the centres
 * of pixels; with a field, (i, j) is displaced by it first. */
typedef struct alx_warp {
    const uint8_t *src; /* (src_height, src_width, 3) */
    int src_width, src_height;
    alx_augment_map map;
    const alx_augment_field *field; /* may be NULL */
    alx_fill fill;
    uint8_t *dst; /* (height, width, 3) */
    int width, height;
    /* Scratch. */
    uint32_t *words; /* alx_warp_words of them */
    int32_t *places; /* (2, width) */
    float *found;    /* (width) */
    float *shifts;   /* (2, width), and as many as the field has columns */
    uint32_t *sums;  /* (3, width) */
} alx_warp;

size_t alx_warp_words(int src_height, int src_width);

/* Bilinear, with weights of 8 bits; where the map shrinks by more than 1.5 along an axis of dst, the mean of several
 * samples a pixel.  A map that moves pixels by whole numbers gives their bytes. */
void alx_warp_run(const alx_warp *warp);

#endif
