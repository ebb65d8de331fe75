/* scikit-learn's train_test_split, index for index. */
#ifndef ALX_DATA_SKLEARN_SPLIT_H
#define ALX_DATA_SKLEARN_SPLIT_H

#include <stdint.h>

#include "base/status.h"

enum { ALX_RANDOM_STATE_MAX_COUNT = INT32_MAX };

/* numpy.random.RandomState(seed).permutation(count), with the MT19937 of Matsumoto and Nishimura (1998) seeded as
 * numpy's legacy generator is.  order: (count), count <= ALX_RANDOM_STATE_MAX_COUNT. */
void alx_random_state_permutation(int64_t *order, int64_t count, uint32_t seed);

/* The number of test samples: ceil(share x count), as scikit-learn rounds. */
int64_t alx_sklearn_test_count(int64_t count, double share);

/* train_test_split(range(count), test_size=share, random_state=seed): order (count) gets the test indices, *test_count
 * of them, and behind them the training indices, both in scikit-learn's order.  A share that leaves one side empty is
 * an error. */
alx_status alx_sklearn_split(int64_t *order, int64_t *test_count, int64_t count, double share, uint32_t seed,
                             alx_error *err);

#endif
