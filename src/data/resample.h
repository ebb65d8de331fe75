/* Resizing that equals Pillow's Image.resize byte for byte (8-bit fixed-point, two passes). */
#ifndef ALX_DATA_RESAMPLE_H
#define ALX_DATA_RESAMPLE_H

#include <stdint.h>

#include "data/image.h"

typedef enum alx_filter {
    ALX_FILTER_NEAREST,
    ALX_FILTER_BILINEAR, /* a triangle as wide as the scale when shrinking: antialiased */
    ALX_FILTER_BICUBIC,  /* a = -0.5 */
    ALX_FILTER_LANCZOS   /* a = 3 */
} alx_filter;

/* Resize src (src_width x src_height x 3) to out->width x out->height, which the
 * caller reserved.  scratch keeps the intermediate rows and tables between calls;
 * zeroed at first, released with alx_resampler_finish. */
typedef struct alx_resampler {
    uint8_t *rows;
    size_t rows_capacity;
    int32_t *tables;
    size_t tables_capacity;
} alx_resampler;
void alx_resampler_finish(alx_resampler *scratch);
alx_status alx_resample(alx_resampler *scratch, uint8_t *dst, int dst_width, int dst_height, const uint8_t *src,
                        int src_width, int src_height, alx_filter filter, alx_error *err);

/* A part of a resized image: as if src had been resized to full_width x full_height
 * and width x height cut out of it at (left, top); only the part is computed. */
typedef struct alx_resample_part {
    const uint8_t *src; /* (src_height, src_width, 3) */
    int src_width, src_height;
    alx_extent across, down; /* what of src is resized, as Pillow's `box`; length 0: all */
    int full_width, full_height;
    int left, top, width, height;
    uint8_t *dst; /* height rows of width x 3 bytes, dst_stride bytes apart */
    size_t dst_stride;
    alx_filter filter;
} alx_resample_part;
alx_status alx_resample_cut(alx_resampler *scratch, const alx_resample_part *part, alx_error *err);

#endif
