#include "train/signal.h"

#include <math.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/rng.h"

enum { BLOCK = 16 };

/* Sixteen sums side by side, in an order that does not depend on the machine. */
ALX_CLONES("avx512f", "avx2", "default")
static float squared_distance(const float *a, const float *b, int64_t size)
{
    float sums[BLOCK] = {0}, total = 0.0f;
    int64_t i = 0;
    for (; i + BLOCK <= size; i += BLOCK)
        for (int k = 0; k < BLOCK; k++) sums[k] += (a[i + k] - b[i + k]) * (a[i + k] - b[i + k]);
    for (; i < size; i++) sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
    for (int k = 0; k < BLOCK; k++) total += sums[k];
    return total;
}

/* (count, count), symmetric.  The largest one, or NaN. */
static double measure(float *distances, const float *features, int64_t count, int64_t size, int threads)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < i; j++)
            distances[i * count + j] = distances[j * count + i] =
                sqrtf(squared_distance(features + i * size, features + j * size, size));
    double largest = 0.0;
    for (int64_t i = 0; i < count * count; i++) {
        if (!isfinite(distances[i])) return NAN;
        if ((double)distances[i] > largest) largest = (double)distances[i];
    }
    return largest;
}

/* The mean distance of an image to those of its own class, itself included, summed over the images: the smaller, the
 * nearer lie the classes' own.  order: whose label image i has. */
static double within(const float *distances, const int32_t *labels, const double *share, const int64_t *order,
                     int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const int32_t label = labels[order[i]];
        double row = 0.0;
        for (int64_t j = 0; j < count; j++)
            if (labels[order[j]] == label) row += (double)distances[i * count + j];
        sum += row * share[order[i]];
    }
    return sum;
}

/* share[i]: one part of image i's class. */
static bool count_classes(double *share, const int32_t *labels, int64_t count)
{
    bool several = false;
    for (int64_t i = 0; i < count; i++) {
        int64_t own = 0;
        for (int64_t j = 0; j < count; j++) own += labels[j] == labels[i];
        share[i] = 1.0 / (double)own;
        several |= own < count;
    }
    return several;
}

static double permute(const float *distances, const int32_t *labels, const double *share, int64_t *orders,
                      int64_t count, uint64_t seed, int threads)
{
    int64_t nearer = 0;
    for (int64_t i = 0; i < count; i++) orders[i] = i;
    const double given = within(distances, labels, share, orders, count);
#pragma omp parallel for schedule(static) num_threads(threads) reduction(+ : nearer)
    for (int turn = 1; turn <= ALX_SIGNAL_PERMUTATIONS; turn++) {
        int64_t *order = orders + turn * count;
        alx_rng_permute(order, count, seed, ALX_RNG_SIGNAL, (uint32_t)turn, 0);
        nearer += within(distances, labels, share, order, count) <= given;
    }
    return (double)(1 + nearer) / (double)(1 + ALX_SIGNAL_PERMUTATIONS);
}

alx_status alx_signal_test(double *p, const float *features, const int32_t *labels, int64_t count, int64_t size,
                           uint64_t seed, int threads, alx_error *err)
{
    *p = NAN;
    float *distances = alx_calloc((size_t)(count * count), sizeof *distances, err);
    double *share = alx_calloc((size_t)count, sizeof *share, err);
    int64_t *orders = alx_calloc((size_t)(count * (1 + ALX_SIGNAL_PERMUTATIONS)), sizeof *orders, err);
    const bool there = distances && share && orders;
    if (there && count_classes(share, labels, count) && measure(distances, features, count, size, threads) > 0.0)
        *p = permute(distances, labels, share, orders, count, seed, threads);
    free(distances);
    free(share);
    free(orders);
    return there ? ALX_OK : ALX_NO_MEMORY;
}
