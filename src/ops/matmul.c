/* The product of a dense layer: y = x w^T + b, through oneDNN's inner product. */
#include "ops/build.h"

alx_status alx_op_matmul(alx_value *y, alx_program *program, alx_value x, alx_value w, alx_value b, bool logits,
                         alx_error *err)
{
    alx_value inputs[] = {x, w, b};
    alx_shape out = ALX_SHAPE(alx_value_shape(program, x)->dims[0], alx_value_shape(program, w)->dims[0]);
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_matmul, 3, inputs, err));
    op->attr.logits = logits;
    op->inputs_each = alx_value_shape(program, x)->dims[1];
    ALX_TRY(alx_op_add_output(op, program, &out, logits ? ALX_F32 : program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    alx_dtype type = build->program->type;
    bool has_bias = op->inputs[2] != ALX_NO_VALUE;
    const alx_md *x, *w, *b = NULL, *y;
    ALX_TRY(alx_build_md(&x, build, op->inputs[0], type, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&w, build, op->inputs[1], type, ALX_ORDER_ANY, err));
    if (has_bias) ALX_TRY(alx_build_md(&b, build, op->inputs[2], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], op->attr.logits ? ALX_F32 : type, ALX_ORDER_PLAIN, err));
    alx_prim *prim = NULL;
    ALX_TRY(
        alx_dnn_matmul_forward(&prim, build->dnn, op->relu, build->program->mode == ALX_MODE_TRAIN, x, w, b, y, err));
    alx_step_arg args[4] = {{ALX_ARG_SRC, 0}, {ALX_ARG_WEIGHTS, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_BIAS, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], x, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[1], alx_prim_md(prim, ALX_ARG_WEIGHTS), err));
    if (has_bias) ALX_TRY(alx_build_input(&args[3].slot, build, op->inputs[2], b, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], y, err));
    return alx_build_prim(build, op, prim, has_bias ? 4 : 3, args, -1, err);
}

/* inputs: dy, w; outputs: dx */
static alx_status build_backward_data(alx_build *build, alx_op *op, alx_error *err)
{
    alx_dtype type = build->program->type;
    const alx_md *dx, *w, *dy;
    ALX_TRY(alx_build_md(&dy, build, op->inputs[0], type, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&w, build, op->inputs[1], type, ALX_ORDER_ANY, err));
    ALX_TRY(alx_build_md(&dx, build, op->outputs[0], type, ALX_ORDER_PLAIN, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_matmul_backward_data(&prim, build->dnn, dx, w, dy, err));
    alx_step_arg args[3] = {{ALX_ARG_DIFF_DST, 0}, {ALX_ARG_WEIGHTS, 0}, {ALX_ARG_DIFF_SRC, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], dy, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[1], alx_prim_md(prim, ALX_ARG_WEIGHTS), err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], dx, err));
    return alx_build_prim(build, op, prim, 3, args, -1, err);
}

/* inputs: dy, x; outputs: dw, db */
static alx_status build_backward_weights(alx_build *build, alx_op *op, alx_error *err)
{
    alx_dtype type = build->program->type;
    bool has_bias = op->output_count > 1;
    const alx_md *x, *dw, *db = NULL, *dy;
    ALX_TRY(alx_build_md(&dy, build, op->inputs[0], type, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&x, build, op->inputs[1], type, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&dw, build, op->outputs[0], ALX_F32, ALX_ORDER_ANY, err));
    if (has_bias) ALX_TRY(alx_build_md(&db, build, op->outputs[1], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_matmul_backward_weights(&prim, build->dnn, x, dw, db, dy, err));
    alx_step_arg args[4] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_WEIGHTS, 0}, {ALX_ARG_DIFF_BIAS, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[1], x, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[0], dy, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], alx_prim_md(prim, ALX_ARG_DIFF_WEIGHTS), err));
    if (has_bias) ALX_TRY(alx_build_output(&args[3].slot, build, op->outputs[1], db, err));
    return alx_build_prim(build, op, prim, has_bias ? 4 : 3, args, -1, err);
}

static const alx_op_class backward_data = {"matmul_backward_data", NULL, build_backward_data};
static const alx_op_class backward_weights = {"matmul_backward_weights", NULL, build_backward_weights};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    return alx_op_linear_gradient(program, op, dy[0], need, dx, &backward_weights, &backward_data, err);
}

const alx_op_class alx_op_class_matmul = {"matmul", gradient, build_forward};
