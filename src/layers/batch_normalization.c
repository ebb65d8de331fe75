/* batch_normalization: each channel to mean 0 and variance 1, then scaled and shifted (Ioffe and Szegedy 2015).
 * Training uses the batch's statistics, prediction their moving averages. */
#include <inttypes.h>

#include "layers/explain.h"

typedef struct batch_normalization_config {
    double epsilon, momentum;
} batch_normalization_config;

#define AT(field) offsetof(batch_normalization_config, field)
/* clang-format off */
static const alx_option options[] = {
    {"epsilon", ALX_OPTION_NUMBER, AT(epsilon), "0.001", 1e-38, 1, NULL, "eps",
     {"added to the variance (PyTorch: 1e-5)", "加在方差上的小数（PyTorch 为 1e-5）"}},
    {"momentum", ALX_OPTION_NUMBER, AT(momentum), "0.99", 0, 1, NULL, "decay",
     {"moving = momentum * moving + (1 - momentum) * batch, as Keras (PyTorch's is 1 - this); the variance is the "
      "population's, divided by n, as Keras 3 (PyTorch: n - 1)",
      "滑动值 = momentum * 滑动值 + (1 - momentum) * 本批值，与 Keras 相同（PyTorch 的等于 1 减它）；方差除以 n，与 "
      "Keras 3 相同（PyTorch 除以 n - 1）"}},
    {0},
};
/* clang-format on */

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)config, (void)classes, (void)count, (void)err;
    *out = *inputs;
    return ALX_OK;
}

static int params(const void *config, const alx_shape *inputs, alx_param_decl *out)
{
    (void)config;
    alx_shape channels = ALX_SHAPE(inputs->dims[0]);
    /* The order of Keras' weights. */
    out[0] = (alx_param_decl){"gamma", channels, true, ALX_INIT_CONSTANT, 1, 0, 0, 1};
    out[1] = (alx_param_decl){"beta", channels, true, ALX_INIT_CONSTANT, 0, 0, 0, 1};
    out[2] = (alx_param_decl){"moving_mean", channels, false, ALX_INIT_CONSTANT, 0, 0, 0, 1};
    out[3] = (alx_param_decl){"moving_variance", channels, false, ALX_INIT_CONSTANT, 1, 0, 0, 1};
    return 4;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    const batch_normalization_config *c = config;
    const alx_value *p = args->params;
    alx_batch_norm_attr attr = {.epsilon = (float)c->epsilon, .momentum = (float)c->momentum, .frozen = args->frozen};
    return alx_op_batch_norm(out, args->program, args->inputs[0], p[0], p[1], p[2], p[3], &attr, err);
}

static void explain(const void *config, alx_explain *e)
{
    (void)config;
    const int64_t channels = e->inputs->dims[0];
    alx_explain_each_place(e);
    alx_say(&e->parameters, BATCH_NORM, e->language, ALX_COUNT("channels", channels), ALX_COUNT("total", 4 * channels),
            ALX_COUNT("trained", 2 * channels));
    alx_text_printf(&e->formula, "4 * %" PRId64, channels);
    alx_say(&e->purpose, BATCH_NORM_PURPOSE, e->language);
    alx_say(&e->brief, BRIEF_BATCH_NORM, e->language);
}

const alx_layer_class alx_layer_batch_normalization = {
    .name = "batch_normalization",
    .keras = "BatchNormalization",
    .help = {"each channel to mean 0 and variance 1, then scaled and shifted",
             "批归一化：每个通道化为均值 0、方差 1，再缩放平移"},
    .also = "batchnorm batchnorm2d batchnorm1d batch_norm bn batch_normalisation batchnormalisation",
    .options = options,
    .config_size = sizeof(batch_normalization_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .params = params,
    .lower = lower,
    .explain = explain,
    .mixes_images = true,
};
