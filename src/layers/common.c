#include "layers/common.h"

#include <inttypes.h>
#include <stdio.h>

alx_status alx_layer_need_image(const char *layer, const alx_shape *input, alx_error *err)
{
    if (input->rank == 3) return ALX_OK;
    return alx_fail(err, ALX_BAD_MODEL,
                    "%s reads an image (height, width, channels), but its input is %" PRId64
                    " features; put it before flatten and dense",
                    layer, input->dims[0]);
}

/* ---- Windows ---- */

const alx_choice alx_padding_choices[] = {{"valid", 0}, {"same", ALX_PADDING_SAME}, {NULL, 0}};

/* As Keras: an output for every stride-th pixel; where the padding is odd, the end has one more. */
static void pad_same(alx_window *window, int side, int64_t in)
{
    int64_t outputs = (in + window->stride[side] - 1) / window->stride[side];
    int64_t total = (outputs - 1) * window->stride[side] + window->size[side] - in;
    if (total < 0) total = 0;
    window->pad_begin[side] = total / 2;
    window->pad_end[side] = total - total / 2;
}

/* "an 8x8", "an 11x11", "a 13x13" */
static const char *article(int64_t number)
{
    while (number >= 1000) number /= 1000;
    return number == 8 || number == 11 || number == 18 || number / 10 == 8 || number / 100 == 8 ? "an" : "a";
}

static alx_status does_not_fit(const alx_window *window, const alx_shape *input, const char *option, alx_error *err)
{
    char size[64];
    if (window->size[0] == window->size[1])
        snprintf(size, sizeof size, "%" PRId64, window->size[0]);
    else
        snprintf(size, sizeof size, "[%" PRId64 ", %" PRId64 "]", window->size[0], window->size[1]);
    return alx_fail(
        err, ALX_BAD_MODEL, "%s %s does not fit %s %" PRId64 "x%" PRId64 " input; use a smaller %s or padding: same",
        option, size, article(input->dims[1]), input->dims[1], input->dims[2], option[0] == 'k' ? "kernel" : "window");
}

alx_status alx_window_fit(alx_window *window, const int64_t padding[2], const alx_shape *input, int64_t out[2],
                          const char *option, alx_error *err)
{
    for (int side = 0; side < 2; side++) {
        int64_t in = input->dims[1 + side];
        if (padding[side] == ALX_PADDING_SAME)
            pad_same(window, side, in);
        else
            window->pad_begin[side] = window->pad_end[side] = padding[side];
        int64_t room = in + window->pad_begin[side] + window->pad_end[side] - window->size[side];
        if (room < 0) return does_not_fit(window, input, option, err);
        out[side] = room / window->stride[side] + 1;
    }
    return ALX_OK;
}

/* ---- Activations ---- */

const alx_choice alx_activation_choices[] = {{"linear", ALX_ACTIVATION_LINEAR},
                                             {"relu", ALX_ACTIVATION_RELU},
                                             {"tanh", ALX_ACTIVATION_TANH},
                                             {"sigmoid", ALX_ACTIVATION_SIGMOID},
                                             {"leaky_relu", ALX_ACTIVATION_LEAKY_RELU},
                                             {"gelu", ALX_ACTIVATION_GELU},
                                             {"softmax", ALX_ACTIVATION_SOFTMAX},
                                             {NULL, 0}};

static const alx_eltwise eltwise_of[] = {
    [ALX_ACTIVATION_RELU] = ALX_RELU,       [ALX_ACTIVATION_TANH] = ALX_TANH,
    [ALX_ACTIVATION_SIGMOID] = ALX_SIGMOID, [ALX_ACTIVATION_LEAKY_RELU] = ALX_LEAKY_RELU,
    [ALX_ACTIVATION_GELU] = ALX_GELU,
};

alx_status alx_activation_lower(alx_value *y, const alx_lower_args *args, alx_value x, alx_activation activation,
                                double negative_slope, alx_error *err)
{
    *y = x;
    if (activation == ALX_ACTIVATION_LINEAR) return ALX_OK;
    if (activation == ALX_ACTIVATION_SOFTMAX) return args->last ? ALX_OK : alx_op_softmax(y, args->program, x, err);
    return alx_op_eltwise(y, args->program, x, eltwise_of[activation], (float)negative_slope, err);
}

/* ---- Weights ---- */

const alx_choice alx_initializer_choices[] = {{"glorot_uniform", ALX_INIT_GLOROT_UNIFORM},
                                              {"he_normal", ALX_INIT_HE_NORMAL},
                                              {"normal", ALX_INIT_NORMAL},
                                              {"constant", ALX_INIT_CONSTANT},
                                              {NULL, 0}};

alx_status alx_weights_check(const alx_weight_options *weights, alx_error *err)
{
    if (weights->kernel_initializer == ALX_INIT_NORMAL && !(weights->initializer_value > 0))
        return alx_fail(err, ALX_BAD_MODEL,
                        "initializer_value %g is no standard deviation; give a number above 0, such as 0.01",
                        weights->initializer_value);
    return ALX_OK;
}

int alx_weights_declare(const alx_weight_options *weights, const alx_shape *kernel, int64_t fan_in, int64_t fan_out,
                        alx_param_decl *out)
{
    out[0] = (alx_param_decl){.name = "kernel",
                              .shape = *kernel,
                              .trainable = true,
                              .init = (alx_init_kind)weights->kernel_initializer,
                              .init_value = weights->initializer_value,
                              .fan_in = fan_in,
                              .fan_out = fan_out,
                              .groups = 1};
    if (!weights->use_bias) return 1;
    out[1] = (alx_param_decl){.name = "bias",
                              .shape = ALX_SHAPE(kernel->dims[0]),
                              .trainable = true,
                              .init = ALX_INIT_CONSTANT,
                              .init_value = weights->bias_value,
                              .groups = 1};
    return 2;
}
