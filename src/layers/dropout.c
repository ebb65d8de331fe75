/* dropout: in training, zeros at random (Srivastava et al. 2014; Krizhevsky 2012, sec. 4.2).  What is kept grows by
 * 1 / (1 - rate), as in Keras and PyTorch, so that prediction leaves values as they are; the paper instead halved
 * them at prediction. */
#include <stdio.h>

#include "layers/explain.h"

typedef struct dropout_config {
    double rate;
} dropout_config;

static const alx_option options[] = {{"rate",
                                      ALX_OPTION_NUMBER,
                                      offsetof(dropout_config, rate),
                                      NULL,
                                      0,
                                      1 - 1e-12,
                                      NULL,
                                      "p dropout_ratio prob probability",
                                      {"share of values that become zero while training", "训练时置零的比例"}},
                                     {0}};

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)classes, (void)count;
    const dropout_config *c = config;
    if ((float)c->rate >= 1) /* the table's bound again, in the op's precision */
        return alx_fail(err, ALX_BAD_MODEL, "rate %g would drop everything; use a rate below 1, such as 0.5", c->rate);
    *out = *inputs;
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    const dropout_config *c = config;
    return alx_op_dropout(out, args->program, args->inputs[0], (float)c->rate, err);
}

static void explain(const void *config, alx_explain *e)
{
    const double rate = ((const dropout_config *)config)->rate;
    char rate_text[32], scale[32], share[32];
    snprintf(rate_text, sizeof rate_text, "%g", rate);
    snprintf(scale, sizeof scale, "%.4g", 1 / (1 - rate));
    snprintf(share, sizeof share, "%g %%", 100 * rate);
    alx_explain_each_place(e);
    alx_say(&e->purpose, DROPOUT, e->language, ALX_WORD("rate", rate_text), ALX_WORD("scale", scale));
    alx_say(&e->brief, BRIEF_DROPOUT, e->language, ALX_WORD("rate", share));
}

const alx_layer_class alx_layer_dropout = {
    .name = "dropout",
    .keras = "Dropout",
    .help = {"zeros at random while training, against overfitting", "训练时随机置零，防止过拟合"},
    .also = "drop dropout2d dropout1d spatial_dropout",
    .options = options,
    .config_size = sizeof(dropout_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .lower = lower,
    .explain = explain,
};
