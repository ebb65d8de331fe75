/* The parameter store: every tensor of a network in one span of memory.
 *
 * The layout is fixed when the store is made and no plan changes it.  Trainable
 * tensors come first, the last layer's first (so that gradients, which use the same
 * offsets, are complete from the front as the backward pass runs); moving statistics
 * follow.  A tensor is canonical (conv OIHW, dense OI) unless `tiled`. */
#ifndef ALX_MODEL_PARAMS_H
#define ALX_MODEL_PARAMS_H

#include "model/graph.h"

typedef struct alx_param {
    const char *name; /* in the graph's arena */
    alx_shape shape;
    int64_t offset, count; /* floats, within the span; offsets are multiples of 16 */
    bool trainable;
    bool tiled; /* (O, I) stored as AB16b64a: tiles of 16 inputs x 64 outputs (see tensor/dnn.h) */
} alx_param;

typedef struct alx_params {
    const alx_graph *graph; /* outlives the store */
    int count;
    alx_param *list;        /* in the order of graph->params */
    int64_t span;           /* floats in all, padding included */
    int64_t trainable_span; /* the leading part that has gradients */
    float *data;            /* (span); padding is zero */
    /* What packed copies compare.  version changes when values are set: loaded, drawn, exchanged; updates with what
     * training changes: an optimizer's step, moving statistics.  Frozen tensors know only the first. */
    uint64_t version, updates;
} alx_params;

/* Changes with every change of any value; never 0. */
static inline uint64_t alx_params_stamp(const alx_params *params)
{
    return params->version + params->updates;
}

/* Whether large dense kernels are stored in tiles on this processor: they are made for AVX-512. */
bool alx_params_prefer_tiles(void);
/* The layout alone: data is NULL, and no memory is taken for values. */
alx_status alx_params_lay_out(alx_params **params, const alx_graph *graph, bool tiled, alx_error *err);
/* Zeroed values; tiled: store large dense kernels in tiles. */
alx_status alx_params_create(alx_params **params, const alx_graph *graph, bool tiled, alx_error *err);
void alx_params_destroy(alx_params *params);
/* Draw the initial values (model/init.c): depends on seed and parameter index only. */
void alx_params_init(alx_params *params, uint64_t seed);
/* Copy tensor `index` of a span with this store's offsets (values, gradients, moments) to or from canonical order. */
void alx_params_export(const alx_params *params, int index, const float *span, float *canonical);
/* Rows first..first + count of its canonical order alone, (count, I); for a tiled tensor both are multiples of
 * ALX_TILE_OUT. */
void alx_params_export_rows(const alx_params *params, int index, const float *span, int64_t first, int64_t count,
                            float *canonical);
void alx_params_import(const alx_params *params, int index, const float *canonical, float *span);
/* The same of rows first..first + count, by the calling thread alone. */
void alx_params_import_rows(const alx_params *params, int index, const float *canonical, int64_t first, int64_t count,
                            float *span);

#endif
