/* The range test of learning rates: what its curve says. */
#ifndef ALX_TRAIN_FIND_RATE_H
#define ALX_TRAIN_FIND_RATE_H

#include "alexnet.h"

/* points (count), as they were measured.  All of findings is NaN below ten points. */
void alx_rate_analyse(alx_rate_findings *findings, const alx_rate_point *points, int count);

#endif
