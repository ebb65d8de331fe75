#include "train/span.h"

#include <assert.h>
#include <math.h>

#include "base/clones.h"

#define CLONES ALX_CLONES("avx512f", "avx2", "default")

/* A constant trip count is what gcc -O2 asks for before it vectorises. */
enum { BLOCK = 16, PIECE = 1 << 12 };

/* Floats of the piece that begins there. */
static int64_t piece(int64_t from, int64_t count)
{
    return count - from < PIECE ? count - from : PIECE;
}

CLONES static void scale(float *restrict x, float factor, int64_t count)
{
    for (int64_t i = 0; i < count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) x[i + j] *= factor;
}

CLONES static void clamp(float *restrict x, float limit, int64_t count)
{
    for (int64_t i = 0; i < count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) {
            float low = x[i + j] < -limit ? -limit : x[i + j]; /* NaN stays */
            x[i + j] = low > limit ? limit : low;
        }
}

CLONES static void average(float *restrict mean, const float *restrict x, float share, int64_t count)
{
    for (int64_t i = 0; i < count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) mean[i + j] += share * (x[i + j] - mean[i + j]);
}

CLONES static void swap(float *restrict a, float *restrict b, int64_t count)
{
    for (int64_t i = 0; i < count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) {
            float kept = a[i + j];
            a[i + j] = b[i + j];
            b[i + j] = kept;
        }
}

/* Sixteen sums side by side, added in order at the end. */
CLONES static double squares(const float *restrict x, int64_t count)
{
    double sums[BLOCK] = {0}, sum = 0.0;
    for (int64_t i = 0; i < count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) sums[j] += (double)x[i + j] * (double)x[i + j];
    for (int j = 0; j < BLOCK; j++) sum += sums[j];
    return sum;
}

/* ---- In pieces, over threads ---- */

void alx_span_scale(float *x, double factor, int64_t count, int threads)
{
    assert(count % BLOCK == 0);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < count; i += PIECE) scale(x + i, (float)factor, piece(i, count));
}

void alx_span_clamp(float *x, double limit, int64_t count, int threads)
{
    assert(count % BLOCK == 0);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < count; i += PIECE) clamp(x + i, (float)limit, piece(i, count));
}

void alx_span_average(float *mean, const float *x, double decay, int64_t count, int threads)
{
    assert(count % BLOCK == 0);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < count; i += PIECE) average(mean + i, x + i, (float)(1.0 - decay), piece(i, count));
}

void alx_span_swap(float *a, float *b, int64_t count, int threads)
{
    assert(count % BLOCK == 0);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < count; i += PIECE) swap(a + i, b + i, piece(i, count));
}

/* Each part is summed by one thread, and the parts in order. */
double alx_span_norm(const float *x, int64_t count, int threads)
{
    enum { PARTS = 1024 };
    double sums[PARTS], sum = 0.0;
    const int64_t blocks = (count / BLOCK + PARTS - 1) / PARTS, part = blocks * BLOCK;
    assert(count % BLOCK == 0);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int k = 0; k < PARTS; k++) {
        const int64_t left = count - k * part;
        sums[k] = left > 0 ? squares(x + k * part, left < part ? left : part) : 0.0;
    }
    for (int k = 0; k < PARTS; k++) sum += sums[k];
    return sqrt(sum);
}
