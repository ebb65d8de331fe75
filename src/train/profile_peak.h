/* What this machine can do at most, as far as oneDNN shows it: the fastest of several matrix products. */
#ifndef ALX_TRAIN_PROFILE_PEAK_H
#define ALX_TRAIN_PROFILE_PEAK_H

#include "tensor/dnn.h"

typedef struct alx_peak alx_peak;

alx_status alx_peak_create(alx_peak **peak, alx_dtype type, int threads, alx_error *err);
void alx_peak_destroy(alx_peak *peak);
/* Tries products for about `seconds`, at least one.  The caller's number of OpenMP threads is put back. */
alx_status alx_peak_sample(alx_peak *peak, double seconds, alx_error *err);
/* Operations a second (a multiply-add is two) of the best so far. */
double alx_peak_rate(const alx_peak *peak);

#endif
