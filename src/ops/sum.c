/* Sums of equal shapes: the layer `add`, and gradients of a value that several ops read. */
#include "ops/build.h"

alx_status alx_op_sum(alx_value *y, alx_program *program, int count, const alx_value *x, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_sum, count, x, err));
    alx_shape shape = *alx_value_shape(program, x[0]);
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_current(&md, build, op->inputs[0], err));
    size_t count = (size_t)op->input_count;
    const alx_md **list = alx_arena_alloc(&build->arena, count, sizeof *list, err);
    alx_step_arg *args = alx_arena_alloc(&build->arena, count + 1, sizeof *args, err);
    if (!list || !args) return ALX_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        list[i] = md;
        args[i].arg = ALX_ARG_MULTIPLE + (unsigned)i;
        ALX_TRY(alx_build_input(&args[i].slot, build, op->inputs[i], md, err));
    }
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_sum(&prim, build->dnn, op->input_count, list, md, err));
    args[count].arg = ALX_ARG_DST;
    ALX_TRY(alx_build_output(&args[count].slot, build, op->outputs[0], md, err));
    return alx_build_prim(build, op, prim, op->input_count + 1, args, -1, err);
}

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    (void)program, (void)err;
    for (int i = 0; i < op->input_count; i++)
        if (need[i]) dx[i] = dy[0];
    return ALX_OK;
}

const alx_op_class alx_op_class_sum = {"sum", gradient, build_forward};
