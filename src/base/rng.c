#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>

#include "base/clones.h"

alx_rng4 alx_rng_draw(uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot, uint32_t element)
{
    philox4x32_ctr_t counter = {{element, slot, step, purpose}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t draw = philox4x32(counter, key);
    return (alx_rng4){{draw.v[0], draw.v[1], draw.v[2], draw.v[3]}};
}

/* One round over all elements (Salmon et al. 2011, sec. 5.3); the loop has a constant count so that it is vectorised.
 */
#define PHILOX_ROUND(c, k0, k1)                                                                                        \
    for (int i = 0; i < ALX_RNG_MANY; i++) {                                                                           \
        const uint64_t a = (uint64_t)0xD2511F53u * c[0][i];                                                            \
        const uint64_t b = (uint64_t)0xCD9E8D57u * c[2][i];                                                            \
        const uint32_t c1 = c[1][i], c3 = c[3][i];                                                                     \
        c[0][i] = (uint32_t)(b >> 32) ^ c1 ^ k0;                                                                       \
        c[1][i] = (uint32_t)b;                                                                                         \
        c[2][i] = (uint32_t)(a >> 32) ^ c3 ^ k1;                                                                       \
        c[3][i] = (uint32_t)a;                                                                                         \
    }

/* Static: the resolver of an extern one would be exported. */
ALX_CLONES("avx512f", "avx2", "default")
static void draw_many(uint32_t words[4][ALX_RNG_MANY], uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot,
                      uint32_t first)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int i = 0; i < ALX_RNG_MANY; i++) {
        words[0][i] = first + (uint32_t)i;
        words[1][i] = slot;
        words[2][i] = step;
        words[3][i] = purpose;
    }
    for (int round = 0; round < 10; round++) {
        PHILOX_ROUND(words, k0, k1)
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

void alx_rng_draw_many(uint32_t words[4][ALX_RNG_MANY], uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot,
                       uint32_t first)
{
    draw_many(words, seed, purpose, step, slot, first);
}

void alx_rng_normal(uint32_t a, uint32_t b, float out[2])
{
    /* + 0.5 keeps the logarithm's argument above zero. */
    double radius = sqrt(-2.0 * log(((double)a + 0.5) * 0x1p-32));
    double angle = 6.283185307179586 * ((double)b * 0x1p-32);
    out[0] = (float)(radius * cos(angle));
    out[1] = (float)(radius * sin(angle));
}

/* An unbiased draw below bound, at most 2^32 (Lemire 2019, by rejection). */
static uint32_t draw_below(uint64_t bound, uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot,
                           uint32_t element)
{
    alx_rng4 words = alx_rng_draw(seed, purpose, step, slot, element);
    uint64_t reject_below = (0x100000000u % bound);
    for (int i = 0; i < 3; i++) {
        uint64_t product = (uint64_t)words.v[i] * bound;
        if ((uint32_t)product >= reject_below) return (uint32_t)(product >> 32);
    }
    return (uint32_t)(((uint64_t)words.v[3] * bound) >> 32); /* a bias below 2^-60 for any set of images */
}

void alx_rng_permute(int64_t *order, int64_t count, uint64_t seed, uint32_t purpose, uint32_t step, uint32_t slot)
{
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = draw_below((uint64_t)i + 1, seed, purpose, step, slot, (uint32_t)i);
        int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
