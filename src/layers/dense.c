/* dense: every output is a weighted sum of all inputs, plus a bias. */
#include <inttypes.h>

#include "layers/explain.h"

typedef struct dense_config {
    int64_t units;
    int activation;
    alx_weight_options weights;
    int64_t outputs; /* units, resolved by shape() */
} dense_config;

static const alx_choice units_choices[] = {{"classes", ALX_UNITS_CLASSES}, {NULL, 0}};

/* clang-format off */
static const alx_option options[] = {
    {"units", ALX_OPTION_INT, offsetof(dense_config, units), NULL, 1, 10000000, units_choices,
     "out_features num_output n outputs size neurons filters",
     {"number of outputs; `classes`: as many as the data has classes", "输出个数；classes 表示与数据的类别数相同"}},
    ALX_ACTIVATION_OPTION(dense_config),
    ALX_WEIGHT_OPTIONS(dense_config),
    {0},
};
/* clang-format on */

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)count;
    dense_config *c = config;
    char text[64];
    if (inputs->rank != 1)
        return alx_fail(err, ALX_BAD_MODEL,
                        "dense reads features, but its input is an image of %s; add a flatten layer before it",
                        alx_shape_text(inputs, text));
    ALX_TRY(alx_weights_check(&c->weights, err));
    c->outputs = c->units == ALX_UNITS_CLASSES ? classes : c->units;
    *out = ALX_SHAPE(c->outputs);
    return ALX_OK;
}

static int params(const void *config, const alx_shape *inputs, alx_param_decl *out)
{
    const dense_config *c = config;
    alx_shape kernel = ALX_SHAPE(c->outputs, inputs->dims[0]);
    return alx_weights_declare(&c->weights, &kernel, inputs->dims[0], c->outputs, out);
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    const dense_config *c = config;
    alx_value bias = c->weights.use_bias ? args->params[1] : ALX_NO_VALUE;
    bool logits =
        c->activation == ALX_ACTIVATION_LINEAR ? args->logits : args->last && c->activation == ALX_ACTIVATION_SOFTMAX;
    alx_value y;
    ALX_TRY(alx_op_matmul(&y, args->program, args->inputs[0], args->params[0], bias, logits, err));
    return alx_activation_lower(out, args, y, (alx_activation)c->activation, ALX_LEAKY_SLOPE, err);
}

static bool is_softmax(const void *config)
{
    return ((const dense_config *)config)->activation == ALX_ACTIVATION_SOFTMAX;
}

static void explain(const void *config, alx_explain *e)
{
    const dense_config *c = config;
    const int64_t inputs = e->inputs->dims[0];
    const alx_language language = e->language;
    e->inputs_each = inputs;
    if (c->units == ALX_UNITS_CLASSES)
        alx_say(&e->output, UNITS_CLASSES, language, ALX_COUNT("units", c->outputs));
    else
        alx_say(&e->output, UNITS, language, ALX_COUNT("units", c->outputs));

    alx_say(&e->parameters, OUTPUT_WEIGHS, language, ALX_COUNT("inputs", inputs));
    alx_explain_weights(e, c->weights.use_bias, c->outputs, ALX_PHRASE_ALL_OUTPUTS);
    alx_text_printf(&e->formula, c->weights.use_bias ? "(%" PRId64 " + 1) * %" PRId64 : "%" PRId64 " * %" PRId64,
                    inputs, c->outputs);

    if (e->last || c->units == ALX_UNITS_CLASSES) {
        alx_say(&e->purpose, CLASS_DENSE, language);
        alx_say(&e->brief, BRIEF_CLASS_DENSE, language);
    } else {
        alx_say(&e->purpose, HIDDEN_DENSE, language);
        alx_say(&e->brief, BRIEF_HIDDEN_DENSE, language);
    }
    alx_explain_activation(e, (alx_activation)c->activation);
    alx_explain_start(e, &c->weights);
}

const alx_layer_class alx_layer_dense = {
    .name = "dense",
    .keras = "Dense",
    .help = {"fully connected: every output sees every input", "全连接：每个输出都与所有输入相连"},
    .also = "linear fc fullyconnected inner_product innerproduct gemm affine mlp",
    .options = options,
    .config_size = sizeof(dense_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .params = params,
    .lower = lower,
    .explain = explain,
    .is_softmax = is_softmax,
};
