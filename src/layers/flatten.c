/* flatten: an image (C, H, W) becomes C*H*W features, in the order C, H, W (Keras: H, W, C). */
#include "layers/explain.h"

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

static void explain(const void *config, alx_explain *e)
{
    (void)config;
    const int64_t features = e->out->dims[0];
    if (e->inputs->rank == 3) {
        alx_text sum = {0};
        alx_explain_product(&sum, e->inputs);
        alx_say(&e->output, FLAT, e->language, ALX_TEXT("sum", sum), ALX_COUNT("features", features));
        alx_text_finish(&sum);
    } else {
        alx_say(&e->output, FLAT_ALREADY, e->language, ALX_COUNT("features", features));
    }
    e->window = (alx_window){.size = {1, 1}, .stride = {1, 1}}; /* each feature is one value of the image */
    alx_say(&e->purpose, FLATTEN, e->language);
    alx_say(&e->brief, BRIEF_FLATTEN, e->language);
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
    .explain = explain,
};
