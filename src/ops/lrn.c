/* Local response normalisation across channels (Krizhevsky 2012, sec. 3.3) through oneDNN. */
#include "ops/build.h"

static const alx_op_class class_lrn;

alx_status alx_op_lrn(alx_value *y, alx_program *program, alx_value x, const alx_lrn_geometry *geometry, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_lrn, 1, &x, err));
    op->attr.lrn = *geometry;
    alx_shape shape = *alx_value_shape(program, x);
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    bool training = alx_program_goes_back(build->program);
    const alx_md *x;
    ALX_TRY(alx_build_current(&x, build, op->inputs[0], err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_lrn_forward(&prim, build->dnn, &op->attr.lrn, training, x, err));
    alx_step_arg args[3] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_WORKSPACE, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], x, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], x, err));
    const alx_md *workspace = training ? alx_prim_md(prim, ALX_ARG_WORKSPACE) : NULL;
    if (workspace) {
        ALX_TRY(alx_build_raw(&op->workspace, build, workspace, err));
        args[2].slot = op->workspace;
    }
    return alx_build_prim(build, op, prim, workspace ? 3 : 2, args, -1, err);
}

/* inputs: dy, x; outputs: dx */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    alx_op *forward = op->forward;
    const alx_md *md;
    ALX_TRY(alx_build_current(&md, build, op->inputs[1], err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_lrn_backward(&prim, build->dnn, &forward->attr.lrn, md, md, err));
    alx_step_arg args[4] = {
        {ALX_ARG_SRC, 0}, {ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_SRC, 0}, {ALX_ARG_WORKSPACE, forward->workspace}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[1], md, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[0], md, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], md, err));
    return alx_build_prim(build, op, prim, forward->workspace >= 0 ? 4 : 3, args, -1, err);
}

static const alx_op_class class_backward = {"lrn_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    alx_value inputs[] = {dy[0], op->inputs[0]};
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, 2, inputs, err));
    backward->forward = op;
    alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, program->type, err));
    dx[0] = backward->outputs[0];
    return ALX_OK;
}

static const alx_op_class class_lrn = {"lrn", gradient, build_forward};
