/* Convolutions in Winograd's ways (ops/winograd.h), as rows of ops/conv_ways.c. */
#include <omp.h>

#include "ops/conv_ways.h"
#include "ops/winograd.h"

typedef struct winograd_way {
    alx_winograd_size size;
    bool bf16; /* products */
} winograd_way;

static winograd_way way_of(alx_conv_way way)
{
    const bool bf16 = way >= ALX_CONV_WINOGRAD_BF16;
    return (winograd_way){(alx_winograd_size)(way - (bf16 ? ALX_CONV_WINOGRAD_BF16 : ALX_CONV_WINOGRAD)), bf16};
}

bool alx_conv_can_winograd(const alx_program *program, const alx_op *op, alx_conv_way way, alx_conv_direction direction)
{
    const winograd_way how = way_of(way);
    const alx_cpu cpu = alx_dnn_cpu();
    const alx_shape *w = alx_value_shape(program, op->inputs[1]);
    const alx_conv_attr *attr = &op->attr.conv;
    const int64_t side = alx_winograd_kernel(how.size);
    if (how.bf16 && (program->type != ALX_BF16 || !cpu.bf16)) return false;
    /* Rounded before they are multiplied and subtracted, large tiles lose more digits than bf16 itself does (2x3: 0.3 %
     * of the result, 4x3: 1.4 %, 5x3: 3 %).  In a gradient that is small beside what a batch's choice makes of it;
     * forward it turns ReLUs and maxima, after which gradients are another network's (tests/parity: the first layer's
     * gradient is off by 0.67 instead of 0.29). */
    if (how.bf16 && direction == ALX_CONV_FORWARD && how.size != ALX_WINOGRAD_2X3) return false;
    if (!alx_kernels_for(cpu.channel_block) || attr->groups > 1 || w->dims[2] != side || w->dims[3] != side)
        return false;
    for (int i = 0; i < 2; i++) {
        if (attr->stride[i] != 1) return false;
        /* Backward data pads by side - 1 - pad. */
        if (direction == ALX_CONV_BACKWARD_DATA && attr->pad_begin[i] >= side) return false;
    }
    /* Few channels stay plain (alx_build_image_order). */
    return w->dims[0] > 4 && w->dims[1] > 4;
}

/* The fastest of ours on two cores of Zen 5 for every layer of AlexNet, and where there is enough work to pay for
 * transforming the weights: as many tiles as a block of them has rows. */
bool alx_conv_usually_winograd(const alx_program *program, const alx_op *op, alx_conv_way way,
                               alx_conv_direction direction)
{
    const winograd_way how = way_of(way);
    const int64_t *y = alx_value_shape(program, op->outputs[0])->dims;
    const int64_t tile = how.size == ALX_WINOGRAD_5X3 ? 5 : 3;
    if (how.size != ALX_WINOGRAD_5X3 && how.size != ALX_WINOGRAD_3X5) return false;
    if (how.bf16 != (program->type == ALX_BF16 && direction != ALX_CONV_FORWARD)) return false;
    return y[0] * ((y[2] + tile - 1) / tile) * ((y[3] + tile - 1) / tile) >= 64;
}

static alx_winograd_geometry geometry_of(const alx_program *program, const alx_op *op, bool backward_data)
{
    const int64_t *x = alx_value_shape(program, op->inputs[0])->dims,
                  *y = alx_value_shape(program, op->outputs[0])->dims;
    const int64_t *w = alx_value_shape(program, op->inputs[1])->dims, *from = backward_data ? y : x;
    const int64_t *to = backward_data ? x : y;
    alx_winograd_geometry g = {.batch = x[0],
                               .inputs = from[1],
                               .outputs = to[1],
                               .height = from[2],
                               .width = from[3],
                               .out_height = to[2],
                               .out_width = to[3],
                               .bf16_images = program->type == ALX_BF16};
    for (int i = 0; i < 2; i++)
        g.pad[i] = backward_data ? w[2 + i] - 1 - op->attr.conv.pad_begin[i] : op->attr.conv.pad_begin[i];
    return g;
}

/* op: the forward op */
static alx_status plan(alx_winograd **out, alx_build *build, const alx_op *op, alx_conv_way way,
                       alx_conv_direction direction, alx_error *err)
{
    const winograd_way how = way_of(way);
    const alx_winograd_geometry g = geometry_of(build->program, op, direction == ALX_CONV_BACKWARD_DATA);
    const alx_winograd_pass pass =
        direction == ALX_CONV_BACKWARD_WEIGHTS ? ALX_WINOGRAD_BACKWARD_WEIGHTS : ALX_WINOGRAD_FORWARD;
    *out = alx_arena_alloc(&build->arena, 1, sizeof **out, err);
    if (!*out) return ALX_NO_MEMORY;
    /* Plans are built by the team that runs them, as oneDNN expects it too. */
    const int threads = omp_get_max_threads();
    if (!alx_winograd_init(*out, &g, how.size, pass, how.bf16, alx_dnn_cpu().channel_block, threads))
        return alx_fail(err, ALX_UNSUPPORTED, "%s: not for this processor", alx_conv_way_row_of(way)->name);
    return ALX_OK;
}

/* ---- Kernels ---- */

/* args: w, u */
static void run_weights(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    alx_winograd_transform_weights(step->state, step->data[0], step->backward, step->data[1]);
}

/* args: x, u, scratch, y[, b]: forward; backward data has dy for x and dx for y */
static void run_images(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    const alx_winograd_finish finish = {
        .bias = step->arg_count > 4 ? step->data[4] : NULL, .sum = step->op->sum, .relu = step->op->relu};
    alx_winograd_forward(step->state, step->data[0], step->data[1], &finish, step->data[3], step->data[2]);
}

/* args: x, dy, scratch, dw[, db] */
static void run_backward_weights(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    float *db = step->arg_count > 4 ? step->data[4] : NULL;
    alx_winograd_backward_weights(step->state, step->data[0], step->data[1], step->data[3], db, step->data[2]);
}

/* ---- Steps ---- */

/* A value in channel blocks, or a gradient or parameter as the store has it. */
static alx_status input(int *slot, alx_build *build, alx_value value, bool image, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_md(&md, build, value, image ? build->program->type : ALX_F32,
                         image ? ALX_ORDER_BLOCKED : ALX_ORDER_PLAIN, err));
    return alx_build_input(slot, build, value, md, err);
}

static alx_status output(int *slot, alx_build *build, alx_value value, bool image, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_md(&md, build, value, image ? build->program->type : ALX_F32,
                         image ? ALX_ORDER_BLOCKED : ALX_ORDER_PLAIN, err));
    return alx_build_output(slot, build, value, md, err);
}

/* from -> to through weights w: forward, or backward data. */
static alx_status build_images(alx_build *build, alx_op *op, const alx_winograd *wino, const char *name, alx_value from,
                               alx_value w, alx_value b, alx_value to, alx_error *err)
{
    alx_step_arg weights[2] = {{ALX_ARG_FROM, 0}, {ALX_ARG_TO, 0}};
    ALX_TRY(input(&weights[0].slot, build, w, false, err));
    ALX_TRY(alx_build_bytes(&weights[1].slot, build, wino->weights_bytes, err));
    ALX_TRY(alx_build_kernel_with(build, op, run_weights, wino, name, 2, weights, err));
    alx_build_keep(build, 1);
    alx_step_arg args[5] = {{ALX_ARG_SRC, 0},
                            {ALX_ARG_WEIGHTS, weights[1].slot},
                            {ALX_ARG_SCRATCHPAD, 0},
                            {ALX_ARG_DST, 0},
                            {ALX_ARG_BIAS, 0}};
    ALX_TRY(input(&args[0].slot, build, from, true, err));
    ALX_TRY(alx_build_bytes(&args[2].slot, build, wino->scratch_bytes, err));
    if (op->sum) {
        const alx_md *y;
        ALX_TRY(alx_build_md(&y, build, to, build->program->type, ALX_ORDER_BLOCKED, err));
        ALX_TRY(alx_conv_build_destination(&args[3].slot, build, op, y, err));
    } else {
        ALX_TRY(output(&args[3].slot, build, to, true, err));
    }
    if (b != ALX_NO_VALUE) ALX_TRY(input(&args[4].slot, build, b, false, err));
    return alx_build_kernel_with(build, op, run_images, wino, name, b != ALX_NO_VALUE ? 5 : 4, args, err);
}

alx_status alx_conv_build_winograd_forward(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err)
{
    alx_winograd *wino;
    ALX_TRY(plan(&wino, build, op, way, ALX_CONV_FORWARD, err));
    return build_images(build, op, wino, alx_conv_way_row_of(way)->name, op->inputs[0], op->inputs[1], op->inputs[2],
                        op->outputs[0], err);
}

alx_status alx_conv_build_winograd_backward_data(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err)
{
    alx_winograd *wino;
    ALX_TRY(plan(&wino, build, op->forward, way, ALX_CONV_BACKWARD_DATA, err));
    return build_images(build, op, wino, alx_conv_way_row_of(way)->name, op->inputs[0], op->inputs[1], ALX_NO_VALUE,
                        op->outputs[0], err);
}

alx_status alx_conv_build_winograd_backward_weights(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err)
{
    alx_winograd *wino;
    ALX_TRY(plan(&wino, build, op->forward, way, ALX_CONV_BACKWARD_WEIGHTS, err));
    const bool has_bias = op->output_count > 1;
    alx_step_arg args[5] = {{ALX_ARG_SRC, 0},
                            {ALX_ARG_DIFF_DST, 0},
                            {ALX_ARG_SCRATCHPAD, 0},
                            {ALX_ARG_DIFF_WEIGHTS, 0},
                            {ALX_ARG_DIFF_BIAS, 0}};
    ALX_TRY(input(&args[0].slot, build, op->inputs[1], true, err));
    ALX_TRY(input(&args[1].slot, build, op->inputs[0], true, err));
    ALX_TRY(alx_build_bytes(&args[2].slot, build, wino->scratch_bytes, err));
    ALX_TRY(output(&args[3].slot, build, op->outputs[0], false, err));
    if (has_bias) ALX_TRY(output(&args[4].slot, build, op->outputs[1], false, err));
    const char *name = alx_conv_way_row_of(way)->name;
    return alx_build_kernel_with(build, op, run_backward_weights, wino, name, has_bias ? 5 : 4, args, err);
}
