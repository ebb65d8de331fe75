/* activation: a function of each value, as a layer of its own. */
#include "layers/explain.h"

typedef struct activation_config {
    int activation;
    double negative_slope;
} activation_config;

#define AT(field) offsetof(activation_config, field)
/* clang-format off */
static const alx_option options[] = {
    {"activation", ALX_OPTION_CHOICE, AT(activation), NULL, 0, 0, alx_activation_choices + 1, /* without linear */
     "act function type kind nonlinearity",
     {"the function; softmax runs over the channels or features", "激活函数；softmax 沿通道（特征）计算"}},
    {"negative_slope", ALX_OPTION_NUMBER, AT(negative_slope), "0.3", 0, 1, NULL, "alpha slope leak leakiness",
     {"slope of leaky_relu below zero; Keras' layer has 0.3, PyTorch's 0.01",
      "leaky_relu 在负半轴的斜率；Keras 的层为 0.3，PyTorch 为 0.01"}},
    {0},
};
/* clang-format on */

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)config, (void)classes, (void)count, (void)err;
    *out = *inputs;
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    const activation_config *c = config;
    return alx_activation_lower(out, args, args->inputs[0], (alx_activation)c->activation, c->negative_slope, err);
}

static bool is_softmax(const void *config)
{
    return ((const activation_config *)config)->activation == ALX_ACTIVATION_SOFTMAX;
}

static void explain(const void *config, alx_explain *e)
{
    const alx_activation activation = (alx_activation)((const activation_config *)config)->activation;
    const char *name = alx_activation_name(activation);
    alx_explain_each_place(e);
    alx_say(&e->purpose, ACTIVATION, e->language, ALX_WORD("activation", name));
    alx_explain_activation(e, activation);
    e->brief.length = 0; /* that is for a layer that does something else first */
    alx_say(&e->brief, BRIEF_ACTIVATION_LAYER, e->language, ALX_WORD("activation", name));
}

const alx_layer_class alx_layer_activation = {
    .name = "activation",
    .keras = "Activation",
    .help = {"a function of each value: relu, tanh, sigmoid, leaky_relu, gelu, softmax",
             "激活函数：relu、tanh、sigmoid、leaky_relu、gelu、softmax"},
    .also = "relu leakyrelu leaky_relu tanh sigmoid gelu softmax nonlinearity act",
    .options = options,
    .config_size = sizeof(activation_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .lower = lower,
    .explain = explain,
    .is_softmax = is_softmax,
};
