/* Pooling with a window: what max_pooling2d and average_pooling2d share. */
#ifndef ALX_LAYERS_POOLING_H
#define ALX_LAYERS_POOLING_H

#include "layers/explain.h"

enum { ALX_STRIDES_POOL_SIZE = -1 };

typedef struct alx_pooling_config {
    int64_t pool_size[2], strides[2], padding[2];
    alx_window window; /* resolved by shape() */
} alx_pooling_config;

extern const alx_option alx_pooling_options[];

alx_status alx_pooling_shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out,
                             alx_error *err);
/* Output and window; the caller adds what the layer is for. */
void alx_pooling_explain(const alx_pooling_config *config, alx_explain *e);
alx_status alx_pooling_lower(alx_value *y, const alx_pooling_config *config, const alx_lower_args *args, bool average,
                             alx_error *err);

#endif
