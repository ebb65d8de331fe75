/* The kernels of ops/kernels.h for any processor, in whatever vectors the compiler has for it. */
#include "ops/kernels.h"

#define LANES       8
#define ROWS        4
#define TURNED_ROWS 4
#include "ops/max_pool.inc"
#include "ops/winograd_kernels.inc"

const alx_kernels alx_kernels_plain = {LANES, &winograd_kernels, &max_pool_kernels};
