/* What several layers share: windows and padding, activations, initial values. */
#ifndef ALX_LAYERS_COMMON_H
#define ALX_LAYERS_COMMON_H

#include "layers/layer.h"

/* ---- Checks of inputs ---- */

/* Fails unless the input is an image, (C, H, W). */
alx_status alx_layer_need_image(const char *layer, const alx_shape *input, alx_error *err);

/* ---- Windows that slide over an image: convolution and pooling ---- */

/* Rows for the option padding: same, valid, a number or [height, width]. */
extern const alx_choice alx_padding_choices[];

/* Height and width each. */
typedef struct alx_window {
    int64_t size[2], stride[2], pad_begin[2], pad_end[2];
} alx_window;

/* Resolves padding (ALX_PADDING_SAME or a number, each side) for size and stride, which are set, and gives the
 * height and width of the output.  option names size in messages: "kernel_size". */
alx_status alx_window_fit(alx_window *window, const int64_t padding[2], const alx_shape *input, int64_t out[2],
                          const char *option, alx_error *err);

static inline bool alx_window_overlaps(const alx_window *window)
{
    return window->stride[0] < window->size[0] || window->stride[1] < window->size[1];
}

/* ---- Activations ---- */

typedef enum alx_activation {
    ALX_ACTIVATION_LINEAR,
    ALX_ACTIVATION_RELU,
    ALX_ACTIVATION_TANH,
    ALX_ACTIVATION_SIGMOID,
    ALX_ACTIVATION_LEAKY_RELU,
    ALX_ACTIVATION_GELU,
    ALX_ACTIVATION_SOFTMAX
} alx_activation;

/* For an option of type CHOICE; from the second on, without linear. */
extern const alx_choice alx_activation_choices[];

/* Appends the op of an activation; linear, and a softmax that makes the logits, are x itself. */
alx_status alx_activation_lower(alx_value *y, const alx_lower_args *args, alx_value x, alx_activation activation,
                                double negative_slope, alx_error *err);

/* The row of conv2d and dense, whose config has `int activation`.  Its leaky_relu has the slope of Keras'
 * activation="leaky_relu", which is not that of Keras' layer LeakyReLU (0.3). */
#define ALX_LEAKY_SLOPE 0.2
/* clang-format off */
#define ALX_ACTIVATION_OPTION(config)                                                                               \
    {"activation", ALX_OPTION_CHOICE, offsetof(config, activation), "linear", 0, 0, alx_activation_choices,         \
     "act nonlinearity activation_function",                                                                        \
     {"function of each output; leaky_relu has slope 0.2 below zero", "激活函数；leaky_relu 在负半轴的斜率为 0.2"}}
/* clang-format on */

/* ---- Weights ---- */

/* Part of the config of a layer with a kernel and a bias, as its field `weights`. */
typedef struct alx_weight_options {
    bool use_bias;
    int kernel_initializer;   /* alx_init_kind */
    double initializer_value; /* standard deviation of normal, value of constant */
    double bias_value;
} alx_weight_options;

extern const alx_choice alx_initializer_choices[];

/* clang-format off */
#define ALX_WEIGHT_OPTIONS(config)                                                                                  \
    {"use_bias", ALX_OPTION_BOOL, offsetof(config, weights.use_bias), "true", 0, 0, NULL, "bias bias_term",         \
     {"add a number of its own to each output", "是否给每个输出加上自己的偏置"}},                                   \
    {"kernel_initializer", ALX_OPTION_CHOICE, offsetof(config, weights.kernel_initializer), "glorot_uniform", 0, 0, \
     alx_initializer_choices, "init initializer weight_init weight_filler",                                         \
     {"how the weights start", "权重的初始化方式"}},                                                                \
    {"initializer_value", ALX_OPTION_NUMBER, offsetof(config, weights.initializer_value), "0.05", -1e6, 1e6, NULL,  \
     "stddev std sd sigma",                                                                                         \
     {"standard deviation of normal, value of constant; other initialisers ignore it",                              \
      "normal 的标准差，constant 的取值；其他方式不用它"}},                                                         \
    {"bias_value", ALX_OPTION_NUMBER, offsetof(config, weights.bias_value), "0", -1e6, 1e6, NULL,                   \
     "bias_initializer bias_init", {"what every bias starts with", "偏置的初始值"}}
/* clang-format on */

/* Fails when normal has no positive standard deviation. */
alx_status alx_weights_check(const alx_weight_options *weights, alx_error *err);
/* Declares "kernel" and, when used, "bias" (first size of the kernel). Returns how many. */
int alx_weights_declare(const alx_weight_options *weights, const alx_shape *kernel, int64_t fan_in, int64_t fan_out,
                        alx_param_decl *out);

#endif
