#include "report/histogram.h"

#include <math.h>
#include <string.h>

enum {
    SHIFT = 20, /* of a float's bits, to its cell */
    SIGN = ALX_HISTOGRAM_CELLS / 2,
    PER_OCTAVE = 8,
    OCTAVES = 12
};

void alx_histogram_init(alx_histogram *histogram)
{
    *histogram = (alx_histogram){.least = INFINITY, .most = -INFINITY};
}

void alx_histogram_add(alx_histogram *h, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        h->cells[bits >> SHIFT]++;
        const double value = (double)values[i];
        if (!isfinite(value)) continue;
        if (value < h->least) h->least = value;
        if (value > h->most) h->most = value;
        h->sum += value;
        h->squares += value * value;
        h->count++;
    }
}

/* The smallest size in cell `size` (a cell without its sign). */
static double cell_edge(int size)
{
    const uint32_t bits = (uint32_t)size << SHIFT;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static void put(alx_histogram_bucket *buckets, int *used, double low, double high, int64_t count)
{
    if (!*used && !count) return; /* below the least */
    buckets[(*used)++] = (alx_histogram_bucket){low, high, count};
}

int alx_histogram_buckets(const alx_histogram *h, alx_histogram_bucket buckets[ALX_HISTOGRAM_BUCKETS])
{
    const int infinite = 0xff * PER_OCTAVE; /* the first cell of what is not finite */
    int largest = infinite - 1, used = 0;
    while (largest > 1 && !h->cells[largest] && !h->cells[SIGN + largest]) largest--;
    const int smallest = largest >= OCTAVES * PER_OCTAVE ? largest - OCTAVES * PER_OCTAVE + 1 : 1;
    int64_t middle = 0;
    for (int c = 0; c < smallest; c++) middle += h->cells[c] + h->cells[SIGN + c];
    if (!h->count) return 0;
    for (int c = largest; c >= smallest; c--) put(buckets, &used, -cell_edge(c + 1), -cell_edge(c), h->cells[SIGN + c]);
    put(buckets, &used, -cell_edge(smallest), cell_edge(smallest), middle);
    for (int c = smallest; c <= largest; c++) put(buckets, &used, cell_edge(c), cell_edge(c + 1), h->cells[c]);
    while (!buckets[used - 1].count) used--;
    return used;
}
