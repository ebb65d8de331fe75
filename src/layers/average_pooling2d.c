/* average_pooling2d: the mean of each window; padding is not counted, as in Keras (PyTorch counts it by default). */
#include "layers/pooling.h"

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    return alx_pooling_lower(out, config, args, true, err);
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
};
