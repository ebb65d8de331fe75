/* What an image looks like, in 64 bits and in 16 x 16 pixels: for finding near duplicates. */
#ifndef ALX_DATA_PHASH_H
#define ALX_DATA_PHASH_H

#include <stdbool.h>

#include "data/resample.h"

/* The DCT hash (Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions, section 3.2.1): the
 * image is squeezed to 32 x 32, its luma transformed by a DCT-II, and the 8 x 8 lowest frequencies, those of index 0
 * left out, each give one bit: above the median or not.  Half of the bits are set, so distances are even. */
enum { ALX_PHASH_SIDE = 32, ALX_PHASH_BITS = 64 };

/* The first filter: of 400 images each of photos (227 pixels), CIFAR-10 and glyphs, more than 98 % stay within 8 bits
 * when saved as JPEG of quality 75, made half as large, or brighter or darker by a fifth (docs/data-checks.md). */
enum { ALX_PHASH_NEAR = 8 };

/* The second one, since few bits agree by chance among images that are much alike, such as portraits: the pictures
 * themselves, squeezed further.  Planes red, green, blue, luma. */
enum { ALX_THUMB_SIDE = 16, ALX_THUMB_PIXELS = ALX_THUMB_SIDE * ALX_THUMB_SIDE, ALX_THUMB_PLANES = 4 };
typedef struct alx_thumb {
    uint8_t pixels[ALX_THUMB_PLANES][ALX_THUMB_PIXELS];
} alx_thumb;

/* cos(pi / 32 (x + 1/2) u) for u = 1..8: row u - 1, column x. */
typedef struct alx_phash_table {
    float cosine[8][ALX_PHASH_SIDE];
} alx_phash_table;
void alx_phash_table_init(alx_phash_table *table);

/* rgb: (height, width, 3).  scratch is kept between calls; one for each thread. */
alx_status alx_phash_compute(uint64_t *hash, alx_thumb *thumb, const alx_phash_table *table, alx_resampler *scratch,
                             const uint8_t *rgb, int width, int height, alx_error *err);
/* Bits that differ. */
int alx_phash_distance(uint64_t a, uint64_t b);
/* False for an image that is nearly one colour, of which neither filter knows anything: the standard deviation of its
 * luma is below 2 of 255. */
bool alx_thumb_has_content(const alx_thumb *thumb);
/* Whether two pictures are the same to the eye: the correlation of their pixels is at least 0.975, in luma and in
 * colour.  It does not mind brightness and contrast. */
bool alx_thumb_alike(const alx_thumb *a, const alx_thumb *b);

#endif
