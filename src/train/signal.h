/* Is there a signal?  Whether features of images tell their classes apart better than chance. */
#ifndef ALX_TRAIN_SIGNAL_H
#define ALX_TRAIN_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { ALX_SIGNAL_IMAGES = 256, ALX_SIGNAL_PERMUTATIONS = 999 };

/* A permutation test on the distances between images (distance components: Rizzo and Szekely 2010; Anderson 2001):
 * *p is the share of shuffled labels under which images of one class lie as near to each other as under the given
 * ones.  Exact for any number of images and any features: where labels do not follow from the features, p is uniform.
 * features: (count, size), labels: (count).  NaN where there is nothing to compare: features that do not differ or are
 * not finite, one class alone. */
alx_status alx_signal_test(double *p, const float *features, const int32_t *labels, int64_t count, int64_t size,
                           uint64_t seed, int threads, alx_error *err);

#endif
