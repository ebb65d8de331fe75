/* How values are distributed: counted between the least and the most of them, in parts of equal width. */
#ifndef ALX_REPORT_HISTOGRAM_H
#define ALX_REPORT_HISTOGRAM_H

#include "alexnet.h"

enum { ALX_HISTOGRAM_BUCKETS = 64 };

typedef struct alx_histogram {
    double least, most, sum, squares; /* of the finite values */
    int64_t count;                    /* of them */
    int64_t buckets[ALX_HISTOGRAM_BUCKETS];
} alx_histogram;

void alx_histogram_init(alx_histogram *histogram);
/* All values pass twice, in as many parts as they come in: first to find where they lie, then to be counted. */
void alx_histogram_look(alx_histogram *histogram, const float *values, int64_t count);
void alx_histogram_count(alx_histogram *histogram, const float *values, int64_t count);
/* Where bucket i ends; the next begins there, the first at `least`. */
double alx_histogram_limit(const alx_histogram *histogram, int i);
/* 0: there are no values; 1: they are all the same; else ALX_HISTOGRAM_BUCKETS. */
int alx_histogram_size(const alx_histogram *histogram);

#endif
