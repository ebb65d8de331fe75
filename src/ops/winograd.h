/* Convolution by Winograd's minimal filtering: 3x3 and 5x5 kernels in steps of 1, over images in channel blocks.
 *
 * Tiles of n x n inputs are transformed (B^T d B), multiplied frequency by frequency with transformed weights
 * (G g G^T) in n n matrix products over the channels, and transformed back (A^T m A) to m x m outputs (Lavin and Gray
 * 2016).  Backward data is the same with the kernel turned by half a turn, inputs and outputs exchanged.  The weights'
 * gradient is G^T (sum over tiles of (B^T d B) (A dy A^T)^T) G.  Transforms are f32; the products f32, or bf16 with
 * f32 sums. */
#ifndef ALX_OPS_WINOGRAD_H
#define ALX_OPS_WINOGRAD_H

#include <stddef.h>

#include "ops/kernels.h"

/* One convolution: (batch, inputs, height, width) -> (batch, outputs, out_height, out_width). */
typedef struct alx_winograd_geometry {
    int64_t batch, inputs, outputs;
    int64_t height, width, out_height, out_width;
    int64_t pad[2];   /* zeros before the image: height, width */
    bool bf16_images; /* x, y and their gradients */
} alx_winograd_geometry;

typedef struct alx_winograd {
    alx_winograd_geometry geometry;
    alx_winograd_size size;
    const alx_winograd_kernels *kernels;
    int lanes; /* of a block of channels */
    bool bf16; /* of the products */
    int threads;
    int64_t tile, kernel, n;     /* m, r, n */
    int64_t depth, columns;      /* channels of inputs and outputs, whole blocks */
    int64_t rows, row_tiles;     /* rows of tiles, of all images; tiles in each */
    int64_t chunks, chunk_tiles; /* pieces of the rows that are worked off at once; tiles of the largest, even */
    size_t weights_bytes;        /* of transformed weights */
    size_t scratch_bytes;
} alx_winograd;

/* Kernel side r; 3 or 5. */
int alx_winograd_kernel(alx_winograd_size size);

/* What a pass is for: the weights' gradient works with all threads on one chunk, which should be large. */
typedef enum alx_winograd_pass { ALX_WINOGRAD_FORWARD, ALX_WINOGRAD_BACKWARD_WEIGHTS } alx_winograd_pass;

/* False where this processor has no kernels for blocks of `lanes` channels, or no bf16 products.  Backward data is a
 * FORWARD pass of the convolution from dy to dx. */
bool alx_winograd_init(alx_winograd *wino, const alx_winograd_geometry *geometry, alx_winograd_size size,
                       alx_winograd_pass pass, bool bf16, int lanes, int threads);

/* w (O, C, r, r) f32, plain -> u.  turned: those of backward data, where geometry.inputs counts O and outputs C. */
void alx_winograd_transform_weights(const alx_winograd *wino, const float *w, bool turned, void *u);
/* x -> y */
void alx_winograd_forward(const alx_winograd *wino, const void *x, const void *u, const alx_winograd_finish *finish,
                          void *y, void *scratch);
/* dw (O, C, r, r) f32, plain; db (O) or NULL */
void alx_winograd_backward_weights(const alx_winograd *wino, const void *x, const void *dy, float *dw, float *db,
                                   void *scratch);

#endif
