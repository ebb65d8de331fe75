/* Halves: bf16 copies of the tiled dense kernels, as products in bf16 read them, for training.
 *
 * oneDNN wants AB8b64a2b where the store has AB16b64a: the same tiles in the same order, and inside a tile the values
 * of two neighbouring inputs side by side (tensor/dnn.h).  So 256 values of the store, which are 4 inputs of 64
 * outputs, become 256 halves at the same place: an optimizer can write them along with the values. */
#ifndef ALX_MODEL_HALVES_H
#define ALX_MODEL_HALVES_H

#include "model/params.h"

enum { ALX_HALVES_BLOCK = 256 };

typedef struct alx_half_tensor {
    int param;
    int64_t first, count; /* floats of the span that it copies */
    uint16_t *values;     /* (count) */
} alx_half_tensor;

typedef struct alx_halves {
    int count;
    alx_half_tensor *list; /* in the order of the span */
    uint16_t *memory;
    size_t bytes;
    uint64_t made_from; /* alx_params_stamp of the values that they are copies of; 0: of none */
} alx_halves;

/* Bytes of the copies of all tiled tensors. */
size_t alx_halves_bytes(const alx_params *params);
/* Room for them; nothing is copied yet. */
alx_status alx_halves_create(alx_halves **halves, const alx_params *params, int threads, alx_error *err);
void alx_halves_destroy(alx_halves *halves);
/* The copy of a parameter; it must be tiled. */
uint16_t *alx_halves_of(const alx_halves *halves, int param);
/* Copies the values anew, unless that is what they are copies of. */
void alx_halves_refresh(alx_halves *halves, const alx_params *params, int threads);
/* to = from, rounded to nearest even: ALX_HALVES_BLOCK values. */
void alx_halves_pack(uint16_t *restrict to, const float *restrict from);

#endif
