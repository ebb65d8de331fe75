/* Winograd's inner loops (winograd_kernels.inc), of which each instruction set has its own (ops/kernels.h).
 *
 * Everything runs over vectors of `lanes` channels that lie side by side, which is how images are stored
 * (nChw16c, nChw8c).  A tile's values are numbered by frequency f = row n + column, 0 <= f < n n. */
#ifndef ALX_OPS_WINOGRAD_KERNELS_H
#define ALX_OPS_WINOGRAD_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

/* F(m x m, r x r): tiles of m x m outputs of an r x r convolution, from n x n inputs, n = m + r - 1. */
typedef enum alx_winograd_size {
    ALX_WINOGRAD_2X3,
    ALX_WINOGRAD_4X3,
    ALX_WINOGRAD_5X3,
    ALX_WINOGRAD_2X5,
    ALX_WINOGRAD_3X5,
    ALX_WINOGRAD_SIZES
} alx_winograd_size;

/* One block of channels of one image: (height, width, lanes). */
typedef struct alx_winograd_plane {
    void *data;
    bool bf16;
    int64_t height, width;
} alx_winograd_plane;

/* Where a row of tiles lies among transformed values: element (f, tile, lane) at f frequency + tile step + lane. */
typedef struct alx_winograd_row {
    void *data;
    bool bf16;
    int64_t frequency, step; /* elements */
    int64_t tiles;
} alx_winograd_row;

/* What is done to outputs on their way. */
typedef struct alx_winograd_finish {
    const float *bias; /* (outputs), or (lanes) of a block; is added; NULL: none */
    bool sum;          /* what stands in the output already is added */
    bool relu;         /* then negative values become zeros */
} alx_winograd_finish;

/* Weights of one block of lanes: element (lane, input, i, j) at lane lanes_apart + input inputs_apart + i r + j, or
 * turned by half a turn.  lanes and inputs behind the counts are zeros. */
typedef struct alx_winograd_weights {
    float *data;
    int64_t lane_count, lanes_apart, input_count, inputs_apart;
    bool turned;
} alx_winograd_weights;

/* c (rows, columns) f32: the product of a (rows, depth) and b. */
typedef struct alx_winograd_product {
    const void *a, *b;
    float *c;
    int64_t rows, depth, columns;
    int64_t c_step;     /* elements between rows of c */
    int64_t block_step; /* product_transposed: elements between blocks of a, and of b */
    void *scratch;      /* product_transposed_bf16 */
} alx_winograd_product;

typedef struct alx_winograd_kernels {
    /* B^T d B of the n x n inputs of each tile in a row of tiles that begins at (top, left); zeros outside. */
    void (*input)(alx_winograd_size size, const alx_winograd_row *v, const alx_winograd_plane *x, int64_t top,
                  int64_t left);
    /* A dy A^T of the m x m output gradients of each tile; sum (lanes): all of them added up. */
    void (*gradient)(alx_winograd_size size, const alx_winograd_row *d, const alx_winograd_plane *dy, int64_t top,
                     float *sum);
    /* A^T m A; what lies outside is left out. */
    void (*output)(alx_winograd_size size, const alx_winograd_row *m, const alx_winograd_plane *y, int64_t top,
                   const alx_winograd_finish *finish);
    /* G g G^T of the first `lanes` inputs: u (n n, depth, lanes) with `frequency` elements between frequencies
     * and `step` between inputs; bf16: pairs of inputs side by side. */
    void (*kernel)(alx_winograd_size size, void *u, bool bf16, int64_t frequency, int64_t step,
                   const alx_winograd_weights *w);
    /* G^T du G: du (n n, inputs, lanes) f32, strides as above, into w. */
    void (*kernel_gradient)(alx_winograd_size size, const float *du, int64_t frequency, int64_t step,
                            const alx_winograd_weights *w);
    /* a (rows, depth) by rows; b in panels of 2 lanes columns: (columns / (2 lanes), depth, 2 lanes); bf16: pairs along
     * the depth side by side, (columns / (2 lanes), depth / 2, 2 lanes, 2).  Where the last panel is half full, its
     * other half may hold anything. */
    void (*product)(const alx_winograd_product *p);
    void (*product_bf16)(const alx_winograd_product *p); /* NULL: the processor has no such instructions */
    /* c += a^T b: a in blocks of rows, (rows / lanes, depth, lanes), b (columns / lanes, depth, lanes); blocks lie
     * block_step elements apart.  bf16: depth is even, and scratch has room for a copy of both. */
    void (*product_transposed)(const alx_winograd_product *p);
    void (*product_transposed_bf16)(const alx_winograd_product *p);
} alx_winograd_kernels;

/* winograd_bf16.c */
void alx_winograd_product_bf16(const alx_winograd_product *p);
void alx_winograd_product_transposed_bf16(const alx_winograd_product *p);

#endif
