/* The kernels of ops/kernels.h for AVX-512: 32 registers hold 12 x 2 sums, and the vectors that they are made of. */
#if defined(__AVX512F__)
#include "ops/kernels.h"

#define LANES             16
#define ROWS              12
#define TURNED_ROWS       8
#define HAS_BF16_PRODUCTS /* where the processor has them: ops/winograd_bf16.c */
#include "ops/max_pool.inc"
#include "ops/winograd_kernels.inc"

const alx_kernels alx_kernels_avx512 = {LANES, &winograd_kernels, &max_pool_kernels};
#else
typedef int alx_not_this_processor;
#endif
