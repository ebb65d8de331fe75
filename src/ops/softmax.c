/* Softmax over the channels through oneDNN, in f32 whatever the program's type. */
#include "ops/build.h"

static const alx_op_class class_softmax;

alx_status alx_op_softmax(alx_value *y, alx_program *program, alx_value x, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_softmax, 1, &x, err));
    alx_shape shape = *alx_value_shape(program, x);
    ALX_TRY(alx_op_add_output(op, program, &shape, ALX_F32, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_md(&md, build, op->inputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_softmax_forward(&prim, build->dnn, build->program->mode == ALX_MODE_TRAIN, md, err));
    alx_step_arg args[2] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], md, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], md, err));
    return alx_build_prim(build, op, prim, 2, args, -1, err);
}

/* inputs: dy, y; outputs: dx */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_md(&md, build, op->inputs[1], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_softmax_backward(&prim, build->dnn, md, err));
    alx_step_arg args[3] = {{ALX_ARG_DST, 0}, {ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_SRC, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[1], md, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[0], md, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], md, err));
    return alx_build_prim(build, op, prim, 3, args, -1, err);
}

static const alx_op_class class_backward = {"softmax_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    alx_value inputs[] = {dy[0], op->outputs[0]};
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, 2, inputs, err));
    alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, ALX_F32, err));
    dx[0] = backward->outputs[0];
    return ALX_OK;
}

static const alx_op_class class_softmax = {"softmax", gradient, build_forward};
