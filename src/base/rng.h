/* Random numbers that depend on what they are for and on nothing else.
 *
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011) maps (seed, purpose, step, slot, element) to four words.  There is no
 * state: layout, threads and restarts cannot change a draw. */
#ifndef ALX_BASE_RNG_H
#define ALX_BASE_RNG_H

#include <stdint.h>

/* Stable values: they are part of what makes a run repeatable. */
typedef enum alx_rng_purpose {
    ALX_RNG_INIT = 1,    /* step: parameter, slot: high element bits */
    ALX_RNG_SPLIT = 2,   /* slot: class */
    ALX_RNG_ORDER = 3,   /* step: epoch */
    ALX_RNG_AUGMENT = 4, /* step: epoch, slot: sample, element: augmentation + 16 x (word / 4) */
    ALX_RNG_DROPOUT = 5, /* + 256 x the layer's index; step: training step, slot: place in the global batch */
    ALX_RNG_SAMPLE = 6,  /* pictures to show */
    ALX_RNG_PROFILE = 7, /* images of a profile; slot: image, element: a quarter of the pixel's index */
    ALX_RNG_PIXELS = 8,  /* step: epoch, slot: sample, element: augmentation << 28 | of its pixels */
    ALX_RNG_SWEEP = 9,   /* step: trial, slot: key */
    ALX_RNG_SIGNAL = 10, /* step: permutation */
} alx_rng_purpose;

typedef struct alx_rng4 {
    uint32_t v[4];
} alx_rng4;

alx_rng4 alx_rng_draw(uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot, uint32_t element);

/* The draws of ALX_RNG_MANY elements from `first` on: words[k][i] is word k of element first + i.  The same words as
 * alx_rng_draw's, many times faster. */
enum { ALX_RNG_MANY = 64 };
void alx_rng_draw_many(uint32_t words[4][ALX_RNG_MANY], uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot,
                       uint32_t first);

/* Uniform in [0, 1) with 24 bits. */
static inline float alx_rng_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

/* Two independent standard normals from two words (Box and Muller 1958). */
void alx_rng_normal(uint32_t a, uint32_t b, float out[2]);

/* A permutation of 0..count-1 (Fisher and Yates), from (seed, purpose, step, slot). */
void alx_rng_permute(int64_t *order, int64_t count, uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot);

#endif
