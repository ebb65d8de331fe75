#include "data/sklearn_split.h"

#include <math.h>

/* ---- MT19937 ---- */

enum { WORDS = 624, SHIFT = 397 };

typedef struct twister {
    uint32_t words[WORDS];
    int next;
} twister;

/* init_genrand of the authors' mt19937ar.c, which numpy's RandomState(seed) calls. */
static void seed_twister(twister *t, uint32_t seed)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        t->words[i] = seed;
        seed = 1812433253u * (seed ^ (seed >> 30)) + i + 1;
    }
    t->next = WORDS;
}

static void twist(twister *t)
{
    for (int i = 0; i < WORDS; i++) {
        const uint32_t y = (t->words[i] & 0x80000000u) | (t->words[(i + 1) % WORDS] & 0x7fffffffu);
        t->words[i] = t->words[(i + SHIFT) % WORDS] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    t->next = 0;
}

static uint32_t draw(twister *t)
{
    if (t->next == WORDS) twist(t);
    uint32_t y = t->words[t->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* 0..max, as numpy's random_interval: draws under the smallest mask that holds max, until one fits. */
static uint32_t draw_up_to(twister *t, uint32_t max)
{
    uint32_t mask = max, value;
    for (int shift = 1; shift <= 16; shift *= 2) mask |= mask >> shift;
    do value = draw(t) & mask;
    while (value > max);
    return value;
}

/* ---- The split ---- */

void alx_random_state_permutation(int64_t *order, int64_t count, uint32_t seed)
{
    twister t;
    seed_twister(&t, seed);
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        const uint32_t j = draw_up_to(&t, (uint32_t)i);
        const int64_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

int64_t alx_sklearn_test_count(int64_t count, double share)
{
    return (int64_t)ceil(share * (double)count);
}

alx_status alx_sklearn_split(int64_t *order, int64_t *test_count, int64_t count, double share, uint32_t seed,
                             alx_error *err)
{
    if (count > ALX_RANDOM_STATE_MAX_COUNT)
        return alx_fail(err, ALX_USAGE, "data.split: random_state splits at most %d images; use seed",
                        ALX_RANDOM_STATE_MAX_COUNT);
    *test_count = alx_sklearn_test_count(count, share);
    if (*test_count < 1 || *test_count >= count)
        return alx_fail(err, ALX_USAGE, "data.split: a share of %g of %lld images leaves one side empty", share,
                        (long long)count);
    alx_random_state_permutation(order, count, seed);
    return ALX_OK;
}
