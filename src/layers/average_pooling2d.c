/* average_pooling2d: the mean of each window; padding is not counted, as in Keras (PyTorch counts it by default). */
#include "layers/pooling.h"

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    return alx_pooling_lower(out, config, args, true, err);
}

static void explain(const void *config, alx_explain *e)
{
    const alx_window *w = &((const alx_pooling_config *)config)->window;
    alx_pooling_explain(config, e);
    alx_say(&e->purpose, AVERAGE_POOL, e->language);
    alx_say(&e->brief, BRIEF_AVERAGE_POOL, e->language, ALX_COUNT("height", w->size[0]),
            ALX_COUNT("width", w->size[1]));
    if (alx_window_overlaps(w)) alx_say(&e->brief, BRIEF_OVERLAP, e->language);
}

const alx_layer_class alx_layer_average_pooling2d = {
    .name = "average_pooling2d",
    .keras = "AveragePooling2D",
    .help = {"the mean of each window, padding not counted", "平均池化：取窗口内的平均值，不计填充"},
    .also = "avgpool avgpool2d avg_pool avg_pool2d average_pool average_pooling averagepooling mean_pooling",
    .options = alx_pooling_options,
    .config_size = sizeof(alx_pooling_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = alx_pooling_shape,
    .lower = lower,
    .explain = explain,
};
