/* How values are distributed: counted in steps of an eighth of an octave, whatever their scale. */
#ifndef ALX_REPORT_HISTOGRAM_H
#define ALX_REPORT_HISTOGRAM_H

#include "alexnet.h"

enum {
    ALX_HISTOGRAM_CELLS = 4096, /* sign, exponent and three bits of the fraction of a float */
    ALX_HISTOGRAM_BUCKETS = 2 * 12 * 8 + 1
};

typedef struct alx_histogram {
    int64_t cells[ALX_HISTOGRAM_CELLS];
    double least, most, sum, squares; /* of the finite values */
    int64_t count;                    /* of them */
} alx_histogram;

/* Values between low and high, which both have the sign of the values, or are around 0. */
typedef struct alx_histogram_bucket {
    double low, high;
    int64_t count;
} alx_histogram_bucket;

void alx_histogram_init(alx_histogram *histogram);
void alx_histogram_add(alx_histogram *histogram, const float *values, int64_t count);
/* From the least to the most, without a gap; what is smaller than 2^-12 of the largest lies in one bucket around 0.
 * Returns how many there are: 0 of no values. */
int alx_histogram_buckets(const alx_histogram *histogram, alx_histogram_bucket buckets[ALX_HISTOGRAM_BUCKETS]);

#endif
