/* add: the sum of inputs of one shape, as in residual networks (He et al. 2015). */
#include "layers/explain.h"

static const alx_option options[] = {{0}};

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)config, (void)classes;
    char first[64], other[64];
    for (int i = 1; i < count; i++)
        if (!alx_shape_equal(&inputs[0], &inputs[i]))
            return alx_fail(err, ALX_BAD_MODEL,
                            "input 1 is %s and input %d is %s; add needs equal shapes (concatenate joins channels)",
                            alx_shape_text(&inputs[0], first), i + 1, alx_shape_text(&inputs[i], other));
    *out = inputs[0];
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    (void)config;
    return alx_op_sum(out, args->program, args->input_count, args->inputs, err);
}

static void explain(const void *config, alx_explain *e)
{
    (void)config;
    alx_text shape = {0};
    e->window = (alx_window){.size = {1, 1}, .stride = {1, 1}};
    alx_explain_shape(&shape, e->out);
    alx_say(&e->output, VALUES_ADD, e->language, ALX_TEXT("shape", shape));
    alx_text_finish(&shape);
    alx_say(&e->purpose, ADD, e->language);
    alx_say(&e->brief, BRIEF_ADD, e->language);
}

const alx_layer_class alx_layer_add = {
    .name = "add",
    .keras = "Add",
    .help = {"the sum of several layers of one shape; from: [a, b]", "若干同形状的层逐元素相加；from: [a, b]"},
    .also = "sum plus eltwise residual shortcut skip",
    .options = options,
    .config_size = 0,
    .min_inputs = 2,
    .max_inputs = ALX_MAX_INPUTS,
    .shape = shape,
    .lower = lower,
    .explain = explain,
};
