/* Winograd for AVX-512: 32 registers hold 12 x 2 sums, and the vectors that they are made of. */
#if defined(__AVX512F__)
#define LANES       16
#define ROWS        12
#define TURNED_ROWS 8
#include "ops/winograd_kernels.inc"

const alx_winograd_kernels alx_winograd_avx512 = {
    .lanes = LANES,
    .input = input,
    .gradient = gradient,
    .output = output,
    .kernel = kernel,
    .kernel_gradient = kernel_gradient,
    .product = product,
    .product_transposed = product_transposed,
    .product_bf16 = alx_winograd_product_bf16,
    .product_transposed_bf16 = alx_winograd_product_transposed_bf16,
};
#else
typedef int alx_not_this_processor;
#endif
