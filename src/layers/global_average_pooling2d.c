/* global_average_pooling2d: the mean of each channel (Lin et al. 2013, "Network in network"). */
#include "layers/explain.h"

static const alx_option options[] = {{0}};

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)config, (void)classes, (void)count;
    ALX_TRY(alx_layer_need_image("global_average_pooling2d", inputs, err));
    *out = ALX_SHAPE(inputs->dims[0]);
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    (void)config;
    const alx_shape *x = alx_value_shape(args->program, args->inputs[0]); /* (N, C, H, W) */
    alx_pool_geometry geometry = {.average = true, .kernel = {x->dims[2], x->dims[3]}, .stride = {1, 1}};
    alx_value mean; /* (N, C, 1, 1) */
    ALX_TRY(alx_op_pool(&mean, args->program, args->inputs[0], &geometry, err));
    return alx_op_flatten(out, args->program, mean, err);
}

static void explain(const void *config, alx_explain *e)
{
    (void)config;
    alx_say(&e->output, ONE_PER_CHANNEL, e->language, ALX_COUNT("channels", e->out->dims[0]));
    alx_say(&e->purpose, GLOBAL_POOL, e->language);
    alx_say(&e->brief, BRIEF_GLOBAL_POOL, e->language);
}

const alx_layer_class alx_layer_global_average_pooling2d = {
    .name = "global_average_pooling2d",
    .keras = "GlobalAveragePooling2D",
    .help = {"the mean of each channel: an image becomes features", "全局平均池化：每个通道取平均，图像变为特征"},
    .also = "gap gap2d global_avg_pool global_average_pool global_pool globalavgpool globalaveragepool "
            "adaptive_avg_pool2d adaptiveavgpool2d global_average_pooling globalaveragepooling",
    .options = options,
    .config_size = 0,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .lower = lower,
    .explain = explain,
};
