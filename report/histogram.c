#include "report/histogram.h"

#include <math.h>

enum { BUCKETS = ALX_HISTOGRAM_BUCKETS };

void alx_histogram_init(alx_histogram *histogram)
{
    *histogram = (alx_histogram){.least = INFINITY, .most = -INFINITY};
}

void alx_histogram_look(alx_histogram *h, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)values[i];
        if (!isfinite(value)) continue;
        if (value < h->least) h->least = value;
        if (value > h->most) h->most = value;
        h->sum += value;
        h->squares += value * value;
        h->count++;
    }
}

void alx_histogram_count(alx_histogram *h, const float *values, int64_t count)
{
    const double scale = h->most > h->least ? BUCKETS / (h->most - h->least) : 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)values[i];
        if (!isfinite(value)) continue;
        const int bucket = (int)((value - h->least) * scale);
        h->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    }
}

int alx_histogram_size(const alx_histogram *h)
{
    return h->most > h->least ? BUCKETS : h->count > 0;
}

double alx_histogram_limit(const alx_histogram *h, int i)
{
    if (i == alx_histogram_size(h) - 1) return h->most;
    return h->least + (h->most - h->least) / BUCKETS * (i + 1);
}
