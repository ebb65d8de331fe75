/* lrn: local response normalisation across neighbouring channels (Krizhevsky 2012, sec. 3.3):
 * y = x / (k + alpha * sum of squares over size channels)^beta */
#include <inttypes.h>

#include "layers/explain.h"

typedef struct lrn_config {
    int64_t size;
    double alpha, beta, k;
} lrn_config;

#define AT(field) offsetof(lrn_config, field)
/* clang-format off */
static const alx_option options[] = {
    {"size", ALX_OPTION_INT, AT(size), "5", 1, 1001, NULL, "n local_size nsize depth_radius window",
     {"channels in the window, odd: half of them to each side", "窗口内的通道数，须为奇数，两侧各一半"}},
    {"alpha", ALX_OPTION_NUMBER, AT(alpha), "0.0001", 0, 1e6, NULL, "a",
     {"weight of the sum of squares, as in the paper; PyTorch's and Caffe's alpha is size times it",
      "平方和的系数，与论文一致；PyTorch 与 Caffe 的 alpha 是它的 size 倍"}},
    {"beta", ALX_OPTION_NUMBER, AT(beta), "0.75", 0, 100, NULL, "b",
     {"exponent", "指数"}},
    {"k", ALX_OPTION_NUMBER, AT(k), "2", 1e-38, 1e6, NULL, "bias",
     {"added to the sum", "加在和上的常数"}},
    {0},
};
/* clang-format on */

static alx_status shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err)
{
    (void)classes, (void)count;
    const lrn_config *c = config;
    ALX_TRY(alx_layer_need_image("lrn", inputs, err));
    if (c->size % 2 == 0)
        return alx_fail(err, ALX_BAD_MODEL, "size %" PRId64 " is even; use an odd window such as %" PRId64, c->size,
                        c->size + 1);
    *out = *inputs;
    return ALX_OK;
}

static alx_status lower(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err)
{
    const lrn_config *c = config;
    /* The op divides alpha by the window, the paper does not. */
    alx_lrn_geometry geometry = {
        .size = c->size, .alpha = (float)(c->alpha * (double)c->size), .beta = (float)c->beta, .k = (float)c->k};
    return alx_op_lrn(out, args->program, args->inputs[0], &geometry, err);
}

static void explain(const void *config, alx_explain *e)
{
    alx_explain_each_place(e);
    alx_say(&e->purpose, LRN, e->language, ALX_COUNT("size", ((const lrn_config *)config)->size));
    alx_say(&e->brief, BRIEF_LRN, e->language);
}

const alx_layer_class alx_layer_lrn = {
    .name = "lrn",
    .keras = "LRN",
    .help = {"local response normalisation across channels, as in the paper", "局部响应归一化（跨通道），与论文一致"},
    .also = "localresponsenorm local_response_norm local_response_normalization localresponsenormalization",
    .options = options,
    .config_size = sizeof(lrn_config),
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = shape,
    .lower = lower,
    .explain = explain,
};
