#include "ops/conv_ways.h"

#include <string.h>

/* Left to itself oneDNN chooses Winograd by a rule of its own, direct where that says no. */
static bool can_onednn_winograd(const alx_program *program, const alx_op *op, alx_conv_way way,
                                alx_conv_direction direction)
{
    (void)way, (void)direction;
    const alx_shape *w = alx_value_shape(program, op->inputs[1]);
    const int64_t *kernel = w->dims + w->rank - 2, *stride = op->attr.conv.stride;
    return alx_dnn_cpu().winograd && program->type == ALX_F32 && kernel[0] == 3 && kernel[1] == 3 && stride[0] == 1 &&
           stride[1] == 1;
}

#define WINOGRAD(label)                                                                                                \
    {                                                                                                                  \
        .name = label, .can = alx_conv_can_winograd, .usual = alx_conv_usually_winograd, .build = {                    \
            alx_conv_build_winograd_forward,                                                                           \
            alx_conv_build_winograd_backward_data,                                                                     \
            alx_conv_build_winograd_backward_weights                                                                   \
        }                                                                                                              \
    }

static const alx_conv_way_row rows[ALX_CONV_WAYS] = {
    [ALX_CONV_USUAL] = {.name = "usual"},
    [ALX_CONV_DIRECT] = {.name = "direct",
                         .build = {alx_conv_build_forward, alx_conv_build_backward_data,
                                   alx_conv_build_backward_weights}},
    [ALX_CONV_ONEDNN_WINOGRAD] = {.name = "onednn-winograd",
                                  .can = can_onednn_winograd,
                                  .build = {alx_conv_build_forward, alx_conv_build_backward_data,
                                            alx_conv_build_backward_weights}},
    [ALX_CONV_WINOGRAD + ALX_WINOGRAD_2X3] = WINOGRAD("winograd-2x3"),
    [ALX_CONV_WINOGRAD + ALX_WINOGRAD_4X3] = WINOGRAD("winograd-4x3"),
    [ALX_CONV_WINOGRAD + ALX_WINOGRAD_5X3] = WINOGRAD("winograd-5x3"),
    [ALX_CONV_WINOGRAD + ALX_WINOGRAD_2X5] = WINOGRAD("winograd-2x5"),
    [ALX_CONV_WINOGRAD + ALX_WINOGRAD_3X5] = WINOGRAD("winograd-3x5"),
    [ALX_CONV_WINOGRAD_BF16 + ALX_WINOGRAD_2X3] = WINOGRAD("winograd-2x3-bf16"),
    [ALX_CONV_WINOGRAD_BF16 + ALX_WINOGRAD_4X3] = WINOGRAD("winograd-4x3-bf16"),
    [ALX_CONV_WINOGRAD_BF16 + ALX_WINOGRAD_5X3] = WINOGRAD("winograd-5x3-bf16"),
    [ALX_CONV_WINOGRAD_BF16 + ALX_WINOGRAD_2X5] = WINOGRAD("winograd-2x5-bf16"),
    [ALX_CONV_WINOGRAD_BF16 + ALX_WINOGRAD_3X5] = WINOGRAD("winograd-3x5-bf16"),
};

const alx_conv_way_row *alx_conv_way_row_of(alx_conv_way way)
{
    return &rows[way];
}

alx_conv_way alx_conv_way_by_name(const char *name)
{
    for (alx_conv_way way = ALX_CONV_DIRECT; way < ALX_CONV_WAYS; way++)
        if (!strcmp(rows[way].name, name)) return way;
    return ALX_CONV_USUAL;
}

bool alx_conv_way_can(const alx_program *program, const alx_op *op, alx_conv_way way, alx_conv_direction direction)
{
    const alx_conv_way_row *row = &rows[way];
    if (!row->build[direction] || (program->exact && way != ALX_CONV_DIRECT)) return false;
    return !row->can || row->can(program, op, way, direction);
}

alx_conv_way alx_conv_way_of(const alx_program *program, const alx_op *op, alx_conv_direction direction)
{
    alx_conv_way way = op->choice.ways[direction];
    if (alx_conv_way_can(program, op, way, direction)) return way;
    for (way = ALX_CONV_WAYS - 1; way > ALX_CONV_DIRECT; way--)
        if (alx_conv_way_can(program, op, way, direction) &&
            (!rows[way].usual || rows[way].usual(program, op, way, direction)))
            break;
    return way;
}
