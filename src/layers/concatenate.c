/* concatenate: the channels (or features) of several layers, one after another. */
#include "layers/explain.h"

static const alx_option options[] = {{0}};

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)config, (void)classes;
    char first[64], other[64];
    *out = inputs[0];
    for (int i = 1; i < count; i++) {
        alx_shape same = inputs[i];
        same.dims[0] = inputs[0].dims[0];
        if (!alx_shape_equal(&inputs[0], &same))
            return alx_fail(err, ALX_BAD_MODEL,
                            "input 1 is %s and input %d is %s; concatenate joins channels: height and width must agree",
                            alx_shape_text(&inputs[0], first), i + 1, alx_shape_text(&inputs[i], other));
        out->dims[0] += inputs[i].dims[0]; /* at most ALX_MAX_INPUTS times 2^40 */
    }
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    (void)config;
    return alx_op_concat(out, args->program, args->input_count, args->inputs, err);
}

static void explain(const void *config, alx_explain *e)
{
    (void)config;
    alx_text shape = {0}, sum = {0};
    char number[32];
    e->window = (alx_window){.size = {1, 1}, .stride = {1, 1}};
    for (int i = 0; i < e->input_count; i++)
        alx_text_printf(&sum, "%s%s", i ? " + " : "", alx_text_thousands(e->inputs[i].dims[0], number));
    alx_explain_shape(&shape, e->out);
    alx_say(&e->output, CHANNELS_JOIN, e->language, ALX_TEXT("sum", sum), ALX_COUNT("channels", e->out->dims[0]),
            ALX_TEXT("shape", shape));
    alx_text_finish(&sum);
    alx_text_finish(&shape);
    alx_say(&e->purpose, CONCATENATE, e->language);
    alx_say(&e->brief, BRIEF_CONCATENATE, e->language);
}

const alx_layer_class alx_layer_concatenate = {
    .name = "concatenate",
    .keras = "Concatenate",
    .help = {"the channels of several layers side by side; from: [a, b]", "把若干层的通道拼接起来；from: [a, b]"},
    .also = "concat cat merge join route",
    .options = options,
    .config_size = 0,
    .min_inputs = 2,
    .max_inputs = ALX_MAX_INPUTS,
    .shape = shape,
    .lower = lower,
    .explain = explain,
};
