/* Activations through oneDNN, in place where the input is not needed again. */
#include "ops/build.h"

alx_status alx_op_eltwise(alx_value *y, alx_program *program, alx_value x, alx_eltwise kind, float alpha,
                          alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_eltwise, 1, &x, err));
    op->attr.eltwise.kind = kind;
    op->attr.eltwise.alpha = alpha;
    alx_shape shape = *alx_value_shape(program, x);
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *x;
    ALX_TRY(alx_build_current(&x, build, op->inputs[0], err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_eltwise_forward(&prim, build->dnn, op->attr.eltwise.kind, op->attr.eltwise.alpha,
                                    build->program->mode == ALX_MODE_TRAIN, x, err));
    alx_step_arg args[2] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], x, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], x, err));
    return alx_build_prim(build, op, prim, 2, args, 0, err);
}

/* inputs: dy, data; outputs: dx */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    alx_eltwise kind = op->attr.eltwise.kind;
    const alx_md *md;
    ALX_TRY(alx_build_current(&md, build, op->inputs[1], err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_eltwise_backward(&prim, build->dnn, kind, op->attr.eltwise.alpha, md, md, err));
    alx_step_arg args[3] = {
        {ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_SRC, 0}, {alx_eltwise_uses_output(kind) ? ALX_ARG_DST : ALX_ARG_SRC, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], md, err));
    ALX_TRY(alx_build_input(&args[2].slot, build, op->inputs[1], md, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], md, err));
    return alx_build_prim(build, op, prim, 3, args, 0, err);
}

static const alx_op_class class_backward = {"eltwise_backward", NULL, build_backward};

alx_status alx_op_eltwise_backward(alx_value *dx, alx_program *program, alx_value dy, alx_value data, alx_eltwise kind,
                                   float alpha, alx_error *err)
{
    alx_value inputs[] = {dy, data};
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_backward, 2, inputs, err));
    op->attr.eltwise.kind = kind;
    op->attr.eltwise.alpha = alpha;
    alx_shape shape = *alx_value_shape(program, data);
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *dx = op->outputs[0];
    return ALX_OK;
}

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    if (op->relu_behind) {
        dx[0] = dy[0];
        return ALX_OK;
    }
    alx_eltwise kind = op->attr.eltwise.kind;
    alx_value data = alx_eltwise_uses_output(kind) ? op->outputs[0] : op->inputs[0];
    return alx_op_eltwise_backward(&dx[0], program, dy[0], data, kind, op->attr.eltwise.alpha, err);
}

const alx_op_class alx_op_class_eltwise = {"eltwise", gradient, build_forward};
