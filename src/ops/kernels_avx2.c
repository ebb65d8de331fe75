/* The kernels of ops/kernels.h for AVX2: 16 registers hold 6 x 2 sums, and the vectors that they are made of. */
#if defined(__AVX2__)
#include "ops/kernels.h"

#define LANES       8
#define ROWS        6
#define TURNED_ROWS 4
#include "ops/max_pool.inc"
#include "ops/winograd_kernels.inc"

const alx_kernels alx_kernels_avx2 = {LANES, &winograd_kernels, &max_pool_kernels};
#else
typedef int alx_not_this_processor;
#endif
