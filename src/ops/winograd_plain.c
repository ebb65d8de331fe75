/* Winograd for any processor, in whatever vectors the compiler has for it. */
#define LANES       8
#define ROWS        4
#define TURNED_ROWS 4
#include "ops/winograd_kernels.inc"

const alx_winograd_kernels alx_winograd_plain = {
    .lanes = LANES,
    .input = input,
    .gradient = gradient,
    .output = output,
    .kernel = kernel,
    .kernel_gradient = kernel_gradient,
    .product = product,
    .product_transposed = product_transposed,
};
