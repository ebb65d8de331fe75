/* Maximum pooling over channel blocks for training: besides the maximum its place is kept, one byte each, so that the
 * backward pass needs neither input nor output.  Where the maximum is a ReLU's zero the place says so, and the gradient
 * ends there: the ReLU's backward pass, on an output that is smaller than its input. */
#ifndef ALX_OPS_MAX_POOL_H
#define ALX_OPS_MAX_POOL_H

#include <stdint.h>

#include "tensor/dnn.h"

/* Places are counted by row in the window; this one means none. */
enum { ALX_MAX_POOL_NONE = 255, ALX_MAX_POOL_WIDTH = 1024 /* of images: a row of sums lies on the stack */ };

typedef struct alx_max_pool {
    alx_pool_geometry geometry; /* kernel[0] kernel[1] <= ALX_MAX_POOL_NONE */
    int64_t planes;             /* N (C / block) */
    int64_t height, width, out_height, out_width;
    int block; /* 8 or 16 */
    bool bf16;
    bool relu; /* values <= 0 are a ReLU's zeros */
} alx_max_pool;

/* The loops over one plane. */
typedef struct alx_max_pool_kernels {
    void (*pool[2])(const alx_max_pool *p, const void *x, void *y, uint8_t *places); /* f32, bf16 */
    void (*spread[2])(const alx_max_pool *p, const void *dy, const uint8_t *places, void *dx);
} alx_max_pool_kernels;

bool alx_max_pool_can(const alx_pool_geometry *geometry, int64_t width, int block);
/* x (planes, height, width, block) -> y and places (planes, out_height, out_width, block) */
void alx_max_pool_forward(const alx_max_pool *pool, const void *x, void *y, uint8_t *places, int threads);
/* dy and places -> dx */
void alx_max_pool_backward(const alx_max_pool *pool, const void *dy, const uint8_t *places, void *dx, int threads);

#endif
