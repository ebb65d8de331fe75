/* Flatten: (N, C, H, W) in plain order, read as (N, C*H*W).  No copy beyond the change of order. */
#include "ops/build.h"

static alx_status reshape(alx_value *y, alx_program *program, alx_value x, const alx_shape *shape, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_reshape, 1, &x, err));
    ALX_TRY(alx_op_add_output(op, program, shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

alx_status alx_op_flatten(alx_value *y, alx_program *program, alx_value x, alx_error *err)
{
    alx_shape shape = *alx_value_shape(program, x);
    int64_t features = alx_shape_elements(&shape) / shape.dims[0];
    alx_shape flat = ALX_SHAPE(shape.dims[0], features);
    return reshape(y, program, x, &flat, err);
}

static alx_status build_reshape(alx_build *build, alx_op *op, alx_error *err)
{
    alx_dtype type = build->program->type;
    const alx_md *x, *y;
    ALX_TRY(alx_build_md(&x, build, op->inputs[0], type, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], type, ALX_ORDER_PLAIN, err));
    int slot;
    ALX_TRY(alx_build_input(&slot, build, op->inputs[0], x, err));
    return alx_build_alias(build, op->outputs[0], slot, y, err);
}

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    return reshape(&dx[0], program, dy[0], &shape, err);
}

const alx_op_class alx_op_class_reshape = {"reshape", gradient, build_reshape};
