/* max_pooling2d: the largest value in each window. */
#include "layers/pooling.h"

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    return alx_pooling_lower(out, config, args, false, err);
}

static void explain(const void *config, alx_explain *e)
{
    const alx_window *w = &((const alx_pooling_config *)config)->window;
    alx_pooling_explain(config, e);
    alx_say(&e->purpose, MAX_POOL, e->language);
    alx_say(&e->brief, BRIEF_MAX_POOL, e->language, ALX_COUNT("height", w->size[0]), ALX_COUNT("width", w->size[1]));
    if (alx_window_overlaps(w)) alx_say(&e->brief, BRIEF_OVERLAP, e->language);
}

const alx_layer_class alx_layer_max_pooling2d = {
    .name = "max_pooling2d",
    .keras = "MaxPooling2D",
    .help = {"the largest value in each window", "最大池化：取窗口内的最大值"},
    .also = "maxpool maxpool2d max_pool max_pool2d max_pooling maxpooling pooling pool pool2d",
    .options = alx_pooling_options,
    .config_size = sizeof(alx_pooling_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = alx_pooling_shape,
    .lower = lower,
    .explain = explain,
};
