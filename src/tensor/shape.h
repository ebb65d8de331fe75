/* Shapes: small vectors of sizes whose products are checked once, here. */
#ifndef ALX_TENSOR_SHAPE_H
#define ALX_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { ALX_MAX_RANK = 5 };

/* Images are (N, C, H, W), features (N, F), kernels (O, I, H, W) or with groups
 * (G, O/G, I/G, H, W).  Inside a network's description N is left out. */
typedef struct alx_shape {
    int rank;
    int64_t dims[ALX_MAX_RANK];
} alx_shape;

/* The largest tensor that we build: 2^40 elements.  oneDNN wraps silently beyond 2^63. */
#define ALX_MAX_ELEMENTS ((int64_t)1 << 40)

#define ALX_SHAPE(...) ((alx_shape){(int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), {__VA_ARGS__}})

/* The number of elements, or an error when a size is below 1 or the product too large. */
alx_status alx_shape_count(int64_t *count, const alx_shape *shape, alx_error *err);
/* The same for a shape that was checked before. */
int64_t alx_shape_elements(const alx_shape *shape);
bool alx_shape_equal(const alx_shape *a, const alx_shape *b);
/* (N, rest...) */
alx_shape alx_shape_batched(const alx_shape *sample, int64_t batch);
/* "55x55x96": height, width, channels, as a person reads it; features: "4096". */
const char *alx_shape_text(const alx_shape *sample, char buffer[64]);

#endif
