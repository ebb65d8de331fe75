/* conv2d: each output is a weighted sum of a window of the image, plus a bias. */
#include <inttypes.h>

#include "layers/explain.h"

typedef struct conv2d_config {
    int64_t filters, kernel_size[2], strides[2], padding[2], groups;
    int activation;
    alx_weight_options weights;
    alx_window window; /* resolved by shape() */
} conv2d_config;

#define AT(field) offsetof(conv2d_config, field)
/* clang-format off */
static const alx_option options[] = {
    {"filters", ALX_OPTION_INT, AT(filters), NULL, 1, 1000000, NULL, "out_channels num_output channels n",
     {"number of filters: the output's channels", "卷积核个数，即输出通道数"}},
    {"kernel_size", ALX_OPTION_PAIR, AT(kernel_size), NULL, 1, 16384, NULL, "kernel kernel_shape k size ksize",
     {"height and width of a filter; one number stands for both", "卷积核的高和宽；一个数表示两者相同"}},
    {"strides", ALX_OPTION_PAIR, AT(strides), "1", 1, 16384, NULL, "stride s step subsample",
     {"step of the window, in pixels", "窗口每次移动的像素数"}},
    {"padding", ALX_OPTION_PAIR, AT(padding), "valid", 0, 16384, alx_padding_choices, "pad pads border",
     {"zeros around the image: valid none, same as many as keep its size (at stride 1), or a number for each side",
      "图像四周补零：valid 不补，same 补到输出大小不变（步长为 1 时），或直接给出每边的像素数"}},
    {"groups", ALX_OPTION_INT, AT(groups), "1", 1, 1000000, NULL, "group g",
     {"split channels and filters into groups that do not see each other", "把通道和卷积核分成互不相通的组"}},
    ALX_ACTIVATION_OPTION(conv2d_config),
    ALX_WEIGHT_OPTIONS(conv2d_config),
    {0},
};
/* clang-format on */

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)classes, (void)count;
    conv2d_config *c = config;
    ALX_TRY(alx_layer_need_image("conv2d", inputs, err));
    ALX_TRY(alx_weights_check(&c->weights, err));
    if (inputs->dims[0] % c->groups || c->filters % c->groups)
        return alx_fail(err, ALX_BAD_MODEL,
                        "groups %" PRId64 " must divide the %" PRId64 " input channels and the %" PRId64
                        " filters; change groups or filters",
                        c->groups, inputs->dims[0], c->filters);
    for (int side = 0; side < 2; side++) {
        c->window.size[side] = c->kernel_size[side];
        c->window.stride[side] = c->strides[side];
    }
    int64_t size[2];
    ALX_TRY(alx_window_fit(&c->window, c->padding, inputs, size, "kernel_size", err));
    *out = ALX_SHAPE(c->filters, size[0], size[1]);
    return ALX_OK;
}

/* Fans as Keras counts them for its kernel (KH, KW, C/G, O): what a filter sees, and all filters together. */
static int params(const void *config, const alx_shape *inputs, alx_param_decl *out)
{
    const conv2d_config *c = config;
    const int64_t *k = c->kernel_size, channels = inputs->dims[0] / c->groups;
    alx_shape kernel = ALX_SHAPE(c->filters, channels, k[0], k[1]);
    int count = alx_weights_declare(&c->weights, &kernel, channels * k[0] * k[1], c->filters * k[0] * k[1], out);
    out[0].groups = c->groups;
    return count;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    const conv2d_config *c = config;
    const alx_window *w = &c->window;
    alx_conv_attr attr = {.stride = {w->stride[0], w->stride[1]},
                          .pad_begin = {w->pad_begin[0], w->pad_begin[1]},
                          .pad_end = {w->pad_end[0], w->pad_end[1]},
                          .groups = c->groups};
    alx_value bias = c->weights.use_bias ? args->params[1] : ALX_NO_VALUE;
    alx_value y;
    ALX_TRY(alx_op_conv(&y, args->program, args->inputs[0], args->params[0], bias, &attr, err));
    return alx_activation_lower(out, args, y, (alx_activation)c->activation, ALX_LEAKY_SLOPE, err);
}

static bool is_softmax(const void *config)
{
    return ((const conv2d_config *)config)->activation == ALX_ACTIVATION_SOFTMAX;
}

/* "11 x 11 x 3" and "11*11*3" */
static void add_kernel(alx_text *text, const conv2d_config *c, int64_t channels, const char *times)
{
    alx_text_printf(text, "%" PRId64 "%s%" PRId64 "%s%" PRId64, c->kernel_size[0], times, c->kernel_size[1], times,
                    channels);
}

static void explain_parameters(const conv2d_config *c, alx_explain *e)
{
    const int64_t channels = e->inputs->dims[0], own = channels / c->groups,
                  kernel = c->kernel_size[0] * c->kernel_size[1];
    const int64_t each = e->inputs_each + c->weights.use_bias, places = e->out->dims[1] * e->out->dims[2];
    const alx_language language = e->language;
    alx_text sum = {0}, place = {0};
    add_kernel(&sum, c, own, " x ");
    if (c->groups > 1)
        alx_say(&e->parameters, GROUP_SEES, language, ALX_COUNT("groups", c->groups), ALX_COUNT("channels", channels),
                ALX_COUNT("own", own), ALX_TEXT("sum", sum), ALX_COUNT("inputs", e->inputs_each));
    else
        alx_say(&e->parameters, FILTER_SEES, language, ALX_TEXT("sum", sum), ALX_COUNT("inputs", e->inputs_each));
    alx_explain_weights(e, c->weights.use_bias, c->filters, ALX_PHRASE_ALL_FILTERS);
    if (c->groups > 1)
        alx_say(&e->parameters, WITHOUT_GROUPS, language,
                ALX_COUNT("total", (kernel * channels + c->weights.use_bias) * c->filters));
    int64_t unshared;
    if (places > 1 && !__builtin_mul_overflow(each * c->filters, places, &unshared)) {
        alx_text_printf(&place, "%" PRId64 " x %" PRId64, e->out->dims[1], e->out->dims[2]);
        alx_say(&e->parameters, SHARED, language, ALX_TEXT("sum", place), ALX_COUNT("places", places),
                ALX_COUNT("total", unshared));
    }
    alx_text_finish(&sum);
    alx_text_finish(&place);

    alx_text_add(&e->formula, c->weights.use_bias ? "(" : "");
    add_kernel(&e->formula, c, own, "*");
    alx_text_printf(&e->formula, "%s * %" PRId64, c->weights.use_bias ? " + 1)" : "", c->filters);
}

static void explain(const void *config, alx_explain *e)
{
    const conv2d_config *c = config;
    const int64_t kernel = c->kernel_size[0] * c->kernel_size[1];
    const bool point = kernel == 1, same = c->padding[0] == ALX_PADDING_SAME || c->padding[1] == ALX_PADDING_SAME;
    e->window = c->window;
    e->inputs_each = kernel * (e->inputs->dims[0] / c->groups);
    alx_explain_window(e, same, false);
    alx_text shape = {0};
    alx_explain_shape(&shape, e->out);
    alx_say(&e->output, FILTERS_MAKE, e->language, ALX_COUNT("filters", c->filters), ALX_TEXT("shape", shape));
    alx_text_finish(&shape);
    explain_parameters(c, e);

    static const alx_phrase purposes[] = {ALX_PHRASE_FIRST_CONV, ALX_PHRASE_LATER_CONV, ALX_PHRASE_POINT_CONV};
    static const alx_phrase briefs[] = {ALX_PHRASE_BRIEF_FIRST_CONV, ALX_PHRASE_BRIEF_LATER_CONV,
                                        ALX_PHRASE_BRIEF_POINT_CONV};
    const int place = point ? 2 : e->first ? 0 : 1;
    alx_text_add(&e->purpose, alx_phrase_text(purposes[place], e->language));
    alx_text_add(&e->brief, alx_phrase_text(briefs[place], e->language));
    if (c->groups > 1) alx_say(&e->brief, BRIEF_GROUPS, e->language, ALX_COUNT("groups", c->groups));
    alx_explain_activation(e, (alx_activation)c->activation);
    alx_explain_start(e, &c->weights);
}

const alx_layer_class alx_layer_conv2d = {
    .name = "conv2d",
    .keras = "Conv2D",
    .help = {"convolution: filters slide over the image", "卷积：卷积核在图像上滑动"},
    .also = "conv convolution convolution2d conv2 convolutional conv_2d",
    .options = options,
    .config_size = sizeof(conv2d_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .params = params,
    .lower = lower,
    .explain = explain,
    .is_softmax = is_softmax,
};
