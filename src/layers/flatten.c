/* flatten: an image (C, H, W) becomes C*H*W features, in the order C, H, W (Keras: H, W, C). */
#include "layers/common.h"

static const alx_option options[] = {{0}};

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)config, (void)classes, (void)count;
    int64_t features;
    ALX_TRY(alx_shape_count(&features, inputs, err));
    *out = ALX_SHAPE(features);
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    (void)config;
    *out = args->inputs[0];
    if (alx_value_shape(args->program, *out)->rank == 2) return ALX_OK; /* features already */
    return alx_op_flatten(out, args->program, args->inputs[0], err);
}

const alx_layer_class alx_layer_flatten = {
    .name = "flatten",
    .keras = "Flatten",
    .help = {"an image becomes a row of features", "展平：图像变为一行特征"},
    .also = "reshape view squeeze",
    .options = options,
    .config_size = 0,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .lower = lower,
};
