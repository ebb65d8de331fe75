/* Maximum and average pooling through oneDNN; in training the maximum is ours (ops/max_pool.h) where images lie in
 * channel blocks. */
#include "ops/build.h"
#include "ops/max_pool.h"

alx_status alx_op_pool(alx_value *y, alx_program *program, alx_value x, const alx_pool_geometry *geometry,
                       alx_error *err)
{
    alx_shape out = *alx_value_shape(program, x);
    for (int i = 0; i < 2; i++) {
        int64_t padded = out.dims[2 + i] + geometry->pad_begin[i] + geometry->pad_end[i];
        out.dims[2 + i] = (padded - geometry->kernel[i]) / geometry->stride[i] + 1;
    }
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_pool, 1, &x, err));
    op->attr.pool = *geometry;
    ALX_TRY(alx_op_add_output(op, program, &out, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

/* ---- Ours ---- */

/* args: x, y, places */
static void run_max(const alx_step *step, const alx_run_context *context)
{
    alx_max_pool_forward(step->state, step->data[0], step->data[1], step->data[2], context->threads);
}

/* args: dy, places, dx */
static void run_max_backward(const alx_step *step, const alx_run_context *context)
{
    alx_max_pool_backward(step->state, step->data[0], step->data[1], step->data[2], context->threads);
}

/* op: the forward op; x: its input's layout */
static alx_status describe_max(const alx_max_pool **described, alx_build *build, const alx_op *op, const alx_md *x,
                               alx_error *err)
{
    alx_max_pool *pool = alx_arena_alloc(&build->arena, 1, sizeof *pool, err);
    if (!pool) return ALX_NO_MEMORY;
    const int64_t *in = alx_value_shape(build->program, op->inputs[0])->dims;
    const int64_t *out = alx_value_shape(build->program, op->outputs[0])->dims;
    const int block = alx_md_channel_block(x);
    *pool = (alx_max_pool){.geometry = op->attr.pool,
                           .planes = in[0] * ((in[1] + block - 1) / block),
                           .height = in[2],
                           .width = in[3],
                           .out_height = out[2],
                           .out_width = out[3],
                           .block = block,
                           .bf16 = alx_md_type(x) == ALX_BF16,
                           .relu = op->relu};
    *described = pool;
    return ALX_OK;
}

static alx_status build_max(alx_build *build, alx_op *op, const alx_md *x, alx_error *err)
{
    const alx_md *y;
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], build->program->type, ALX_ORDER_BLOCKED, err));
    const size_t values = alx_md_bytes(y) / (build->program->type == ALX_BF16 ? sizeof(uint16_t) : sizeof(float));
    const alx_max_pool *pool;
    alx_step_arg args[3] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_WORKSPACE, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], x, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], y, err));
    ALX_TRY(alx_build_bytes(&op->workspace, build, values, err));
    args[2].slot = op->workspace;
    ALX_TRY(describe_max(&pool, build, op, x, err));
    return alx_build_kernel_with(build, op, run_max, pool, NULL, 3, args, err);
}

static alx_status build_max_backward(alx_build *build, alx_op *op, const alx_md *dx, const alx_md *dy, alx_error *err)
{
    const alx_max_pool *pool;
    alx_step_arg args[3] = {{ALX_ARG_DIFF_DST, 0}, {ALX_ARG_WORKSPACE, op->forward->workspace}, {ALX_ARG_DIFF_SRC, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], dy, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], dx, err));
    ALX_TRY(describe_max(&pool, build, op->forward, dx, err));
    return alx_build_kernel_with(build, op, run_max_backward, pool, NULL, 3, args, err);
}

bool alx_op_pool_keeps_places(const alx_program *program, const alx_op *op)
{
    return alx_program_goes_back(program) &&
           alx_max_pool_can(&op->attr.pool, alx_value_shape(program, op->inputs[0])->dims[3],
                            alx_dnn_cpu().channel_block);
}

/* The layout of x; a ReLU's backward pass depends on it that the pooling is ours. */
static alx_status image_layout(const alx_md **x, bool *ours, alx_build *build, const alx_op *op, alx_error *err)
{
    if (op->relu)
        ALX_TRY(alx_build_md(x, build, op->inputs[0], build->program->type, ALX_ORDER_BLOCKED, err));
    else
        ALX_TRY(alx_build_current(x, build, op->inputs[0], err));
    *ours = alx_op_pool_keeps_places(build->program, op) && alx_md_channel_block(*x) == alx_dnn_cpu().channel_block;
    return ALX_OK;
}

/* ---- oneDNN's ---- */

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    bool training = alx_program_goes_back(build->program);
    const alx_md *x, *y;
    bool ours;
    ALX_TRY(image_layout(&x, &ours, build, op, err));
    if (ours) return build_max(build, op, x, err);
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], build->program->type, ALX_ORDER_ANY, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_pool_forward(&prim, build->dnn, &op->attr.pool, training, x, y, err));
    y = alx_prim_md(prim, ALX_ARG_DST); /* the order of x, whatever its block */
    alx_step_arg args[3] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_WORKSPACE, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], x, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], y, err));
    const alx_md *workspace = training ? alx_prim_md(prim, ALX_ARG_WORKSPACE) : NULL;
    if (workspace) {
        ALX_TRY(alx_build_raw(&op->workspace, build, workspace, err));
        args[2].slot = op->workspace;
    }
    return alx_build_prim(build, op, prim, workspace ? 3 : 2, args, -1, err);
}

/* inputs: dy; outputs: dx, in the order of the forward input (the workspace fits no other) */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    alx_op *forward = op->forward;
    const alx_md *dx, *dy;
    bool ours;
    ALX_TRY(image_layout(&dx, &ours, build, forward, err));
    dy = alx_build_layout(build, forward->outputs[0]);
    if (ours) return build_max_backward(build, op, dx, dy, err);
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_pool_backward(&prim, build->dnn, &forward->attr.pool, dx, dy, err));
    alx_step_arg args[3] = {{ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_SRC, 0}, {ALX_ARG_WORKSPACE, forward->workspace}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], dy, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], dx, err));
    return alx_build_prim(build, op, prim, forward->workspace >= 0 ? 3 : 2, args, -1, err);
}

static const alx_op_class class_backward = {"pool_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, 1, dy, err));
    backward->forward = op;
    alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, program->type, err));
    dx[0] = backward->outputs[0];
    return ALX_OK;
}

const alx_op_class alx_op_class_pool = {"pool", gradient, build_forward};
