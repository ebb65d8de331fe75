#include "data/phash.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"

enum { SIDE = ALX_PHASH_SIDE, LOW = 8 };
#define MIN_CORRELATION 0.975
#define MIN_DEVIATION   2.0

void alx_phash_table_init(alx_phash_table *table)
{
    for (int u = 0; u < LOW; u++)
        for (int x = 0; x < SIDE; x++) table->cosine[u][x] = (float)cos(acos(-1.0) / SIDE * (x + 0.5) * (u + 1));
}

/* The 8 x 8 coefficients of the lowest frequencies, rows and columns of index 0 left out: brightness and even slopes
 * of it.  luma: (32, 32). */
static void transform(float out[LOW * LOW], const alx_phash_table *table, const uint8_t *luma)
{
    float rows[SIDE][LOW]; /* each row transformed */
    for (int y = 0; y < SIDE; y++)
        for (int u = 0; u < LOW; u++) {
            float sum = 0;
            for (int x = 0; x < SIDE; x++) sum += table->cosine[u][x] * (float)luma[y * SIDE + x];
            rows[y][u] = sum;
        }
    for (int v = 0; v < LOW; v++)
        for (int u = 0; u < LOW; u++) {
            float sum = 0;
            for (int y = 0; y < SIDE; y++) sum += table->cosine[v][y] * rows[y][u];
            out[v * LOW + u] = sum;
        }
}

/* A bit is set where fewer than half of the values are larger, of equal ones the first: exactly half are set. */
static uint64_t above_median(const float values[LOW * LOW])
{
    uint64_t bits = 0;
    for (int i = 0; i < LOW * LOW; i++) {
        int larger = 0;
        for (int j = 0; j < LOW * LOW; j++) larger += values[j] > values[i] || (j < i && values[j] == values[i]);
        if (larger < LOW * LOW / 2) bits |= (uint64_t)1 << i;
    }
    return bits;
}

/* 2 x 2 means of rgb (32, 32, 3) and luma (32, 32), rounded. */
static void shrink(alx_thumb *thumb, const uint8_t *rgb, const uint8_t *luma)
{
    for (int y = 0; y < ALX_THUMB_SIDE; y++)
        for (int x = 0; x < ALX_THUMB_SIDE; x++)
            for (int plane = 0; plane < ALX_THUMB_PLANES; plane++) {
                const uint8_t *in = plane < 3 ? rgb + plane : luma;
                int step = plane < 3 ? 3 : 1, at = (2 * y * SIDE + 2 * x) * step, below = at + SIDE * step;
                int sum = in[at] + in[at + step] + in[below] + in[below + step];
                thumb->pixels[plane][y * ALX_THUMB_SIDE + x] = (uint8_t)((sum + 2) / 4);
            }
}

alx_status alx_phash_compute(uint64_t *hash, alx_thumb *thumb, const alx_phash_table *table, alx_resampler *scratch,
                             const uint8_t *rgb, int width, int height, alx_error *err)
{
    uint8_t small[SIDE * SIDE * 3], luma[SIDE * SIDE];
    ALX_TRY(alx_resample(scratch, small, SIDE, SIDE, rgb, width, height, ALX_FILTER_BILINEAR, err));
    for (int i = 0; i < SIDE * SIDE; i++) luma[i] = alx_luma(small + 3 * i);
    float values[LOW * LOW];
    transform(values, table, luma);
    *hash = above_median(values);
    shrink(thumb, small, luma);
    return ALX_OK;
}

int alx_phash_distance(uint64_t a, uint64_t b)
{
    return __builtin_popcountll(a ^ b);
}

/* Sums of integers: the same whatever their order. */
typedef struct sums {
    int64_t a, b, aa, bb, ab;
} sums;

ALX_CLONES("avx2", "default")
static sums add_up(const uint8_t *a, const uint8_t *b, int count)
{
    uint32_t sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0; /* 768 x 255^2 fits */
    for (int i = 0; i < count; i++) {
        uint32_t x = a[i], y = b[i];
        sa += x;
        sb += y;
        saa += x * x;
        sbb += y * y;
        sab += x * y;
    }
    return (sums){sa, sb, saa, sbb, sab};
}

/* Pearson's correlation of count values; 0 where one side is constant. */
static double correlation(const uint8_t *a, const uint8_t *b, int count)
{
    sums s = add_up(a, b, count);
    double va = (double)(count * s.aa - s.a * s.a), vb = (double)(count * s.bb - s.b * s.b);
    return va > 0 && vb > 0 ? (double)(count * s.ab - s.a * s.b) / sqrt(va * vb) : 0;
}

bool alx_thumb_has_content(const alx_thumb *thumb)
{
    const uint8_t *luma = thumb->pixels[3];
    sums s = add_up(luma, luma, ALX_THUMB_PIXELS);
    double variance = (double)(ALX_THUMB_PIXELS * s.aa - s.a * s.a) / ALX_THUMB_PIXELS / ALX_THUMB_PIXELS;
    return variance >= MIN_DEVIATION * MIN_DEVIATION;
}

bool alx_thumb_alike(const alx_thumb *a, const alx_thumb *b)
{
    return correlation(a->pixels[3], b->pixels[3], ALX_THUMB_PIXELS) >= MIN_CORRELATION &&
           correlation(a->pixels[0], b->pixels[0], 3 * ALX_THUMB_PIXELS) >= MIN_CORRELATION;
}
