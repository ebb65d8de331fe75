/* The place of a weight in a tiled dense kernel: oneDNN's AB16b64a.  Tiles of 64 outputs (a) x 16 inputs (b) lie in
 * rows of outputs; inside a tile, the 64 outputs of one input are neighbours. */
#ifndef ALX_MODEL_TILE_H
#define ALX_MODEL_TILE_H

#include <stdint.h>

enum { ALX_TILE_OUT = 64, ALX_TILE_IN = 16, ALX_TILE = ALX_TILE_OUT * ALX_TILE_IN };

/* Element (o, i) of a kernel (O, ins). */
static inline int64_t alx_tile_index(int64_t ins, int64_t o, int64_t i)
{
    int64_t tile = (o / ALX_TILE_OUT) * (ins / ALX_TILE_IN) + i / ALX_TILE_IN;
    return tile * ALX_TILE + (i % ALX_TILE_IN) * ALX_TILE_OUT + o % ALX_TILE_OUT;
}

#endif
