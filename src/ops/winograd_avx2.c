/* Winograd for AVX2: 16 registers hold 6 x 2 sums, and the vectors that they are made of. */
#if defined(__AVX2__)
#define LANES       8
#define ROWS        6
#define TURNED_ROWS 4
#include "ops/winograd_kernels.inc"

const alx_winograd_kernels alx_winograd_avx2 = {
    .lanes = LANES,
    .input = input,
    .gradient = gradient,
    .output = output,
    .kernel = kernel,
    .kernel_gradient = kernel_gradient,
    .product = product,
    .product_transposed = product_transposed,
};
#else
typedef int alx_not_this_processor;
#endif
