/* Kernels over blocks of channels (nChw16c, nChw8c), written once in vectors of a block's lanes and compiled for
 * several instruction sets: kernels_avx512.c, kernels_avx2.c, kernels_plain.c. */
#ifndef ALX_OPS_KERNELS_H
#define ALX_OPS_KERNELS_H

#include "ops/max_pool.h"
#include "ops/winograd_kernels.h"

typedef struct alx_kernels {
    int lanes;
    const alx_winograd_kernels *winograd;
    const alx_max_pool_kernels *max_pool;
} alx_kernels;

extern const alx_kernels alx_kernels_avx512, alx_kernels_avx2, alx_kernels_plain;

/* The best that this processor has for blocks of so many channels; NULL: none. */
const alx_kernels *alx_kernels_for(int lanes);

#endif
