/* Loops over whole spans of the parameter store, for gradients and averages.
 *
 * count is in floats, a multiple of 16 as the store's spans are; pointers are 64-byte aligned.  The same bits for any
 * number of threads; zeros that pad tensors stay zero. */
#ifndef ALX_TRAIN_SPAN_H
#define ALX_TRAIN_SPAN_H

#include <stdint.h>

/* x *= factor */
void alx_span_scale(float *x, double factor, int64_t count, int threads);
/* Into -limit..limit. */
void alx_span_clamp(float *x, double limit, int64_t count, int threads);
/* mean += (1 - decay) (x - mean): an exponential moving average */
void alx_span_average(float *mean, const float *x, double decay, int64_t count, int threads);
void alx_span_swap(float *a, float *b, int64_t count, int threads);
/* The square root of the sum of squares, in double. */
double alx_span_norm(const float *x, int64_t count, int threads);

#endif
