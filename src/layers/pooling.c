#include "layers/pooling.h"

#include <inttypes.h>

static const alx_choice strides_choices[] = {{"pool_size", ALX_STRIDES_POOL_SIZE}, {NULL, 0}};

#define AT(field) offsetof(alx_pooling_config, field)
/* clang-format off */
const alx_option alx_pooling_options[] = {
    {"pool_size", ALX_OPTION_PAIR, AT(pool_size), "2", 1, 16384, NULL, "kernel_size kernel kernel_shape k size window",
     {"height and width of the window; one number stands for both", "窗口的高和宽；一个数表示两者相同"}},
    {"strides", ALX_OPTION_PAIR, AT(strides), "pool_size", 1, 16384, strides_choices, "stride s step",
     {"step of the window; less than pool_size: overlapping pooling", "窗口的步长；小于 pool_size 即重叠池化"}},
    {"padding", ALX_OPTION_PAIR, AT(padding), "valid", 0, 16384, alx_padding_choices, "pad pads border",
     {"border that the window may reach over, never counted: valid none, same, or a number for each side",
      "窗口可越过的边界，不参与计算：valid 无，same，或每边的像素数"}},
    {0},
};
/* clang-format on */

alx_status alx_pooling_shape(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out,
                             alx_error *err)
{
    (void)classes, (void)count;
    alx_pooling_config *c = config;
    ALX_TRY(alx_layer_need_image("pooling", inputs, err));
    for (int side = 0; side < 2; side++) {
        if (c->padding[side] >= c->pool_size[side])
            return alx_fail(err, ALX_BAD_MODEL,
                            "padding %" PRId64 " is not smaller than pool_size %" PRId64
                            ": windows at the border would see no pixel; use padding: same",
                            c->padding[side], c->pool_size[side]);
        c->window.size[side] = c->pool_size[side];
        c->window.stride[side] = c->strides[side] == ALX_STRIDES_POOL_SIZE ? c->pool_size[side] : c->strides[side];
    }
    int64_t size[2];
    ALX_TRY(alx_window_fit(&c->window, c->padding, inputs, size, "pool_size", err));
    *out = ALX_SHAPE(inputs->dims[0], size[0], size[1]);
    return ALX_OK;
}

alx_status alx_pooling_lower(alx_value *y, const alx_pooling_config *config, const alx_lower_args *args, bool average,
                             alx_error *err)
{
    const alx_window *w = &config->window;
    alx_pool_geometry geometry = {.average = average,
                                  .kernel = {w->size[0], w->size[1]},
                                  .stride = {w->stride[0], w->stride[1]},
                                  .pad_begin = {w->pad_begin[0], w->pad_begin[1]},
                                  .pad_end = {w->pad_end[0], w->pad_end[1]}};
    return alx_op_pool(y, args->program, args->inputs[0], &geometry, err);
}

void alx_pooling_explain(const alx_pooling_config *config, alx_explain *e)
{
    const bool same = config->padding[0] == ALX_PADDING_SAME || config->padding[1] == ALX_PADDING_SAME;
    alx_text shape = {0};
    e->window = config->window;
    alx_explain_window(e, same, true);
    alx_explain_shape(&shape, e->out);
    alx_say(&e->output, CHANNELS_STAY, e->language, ALX_COUNT("channels", e->out->dims[0]), ALX_TEXT("shape", shape));
    alx_text_finish(&shape);
}
