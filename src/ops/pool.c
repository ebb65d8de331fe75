/* Maximum and average pooling through oneDNN; the maximum's places are kept in a workspace. */
#include "ops/build.h"

static const alx_op_class class_pool;

alx_status alx_op_pool(alx_value *y, alx_program *program, alx_value x, const alx_pool_geometry *geometry,
                       alx_error *err)
{
    alx_shape out = *alx_value_shape(program, x);
    for (int i = 0; i < 2; i++) {
        int64_t padded = out.dims[2 + i] + geometry->pad_begin[i] + geometry->pad_end[i];
        out.dims[2 + i] = (padded - geometry->kernel[i]) / geometry->stride[i] + 1;
    }
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_pool, 1, &x, err));
    op->attr.pool = *geometry;
    ALX_TRY(alx_op_add_output(op, program, &out, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    bool training = build->program->mode == ALX_MODE_TRAIN;
    const alx_md *x, *y;
    ALX_TRY(alx_build_current(&x, build, op->inputs[0], err));
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
    ALX_TRY(alx_build_current(&dx, build, forward->inputs[0], err));
    dy = alx_build_layout(build, forward->outputs[0]);
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

static const alx_op_class class_pool = {"pool", gradient, build_forward};
