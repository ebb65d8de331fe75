/* Concatenation along the channels, and the parts that its gradient is cut into. */
#include "ops/build.h"

static const alx_op_class class_concat;

alx_status alx_op_concat(alx_value *y, alx_program *program, int count, const alx_value *x, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_concat, count, x, err));
    alx_shape shape = *alx_value_shape(program, x[0]);
    for (int i = 1; i < count; i++) shape.dims[1] += alx_value_shape(program, x[i])->dims[1];
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

/* Blocks must not be cut: one part that is no multiple of a block makes the whole plain. */
static alx_order common_order(const alx_build *build, int count, const alx_value *parts)
{
    int block = alx_dnn_cpu().channel_block;
    if (!block) return ALX_ORDER_PLAIN;
    for (int i = 0; i < count; i++)
        if (alx_value_shape(build->program, parts[i])->dims[1] % block) return ALX_ORDER_PLAIN;
    return ALX_ORDER_BLOCKED;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    size_t count = (size_t)op->input_count;
    alx_dtype type = build->program->type;
    alx_order order = common_order(build, op->input_count, op->inputs);
    const alx_md **list = alx_arena_alloc(&build->arena, count, sizeof *list, err);
    alx_step_arg *args = alx_arena_alloc(&build->arena, count + 1, sizeof *args, err);
    if (!list || !args) return ALX_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        ALX_TRY(alx_build_md(&list[i], build, op->inputs[i], type, order, err));
        args[i].arg = ALX_ARG_MULTIPLE + (unsigned)i;
        ALX_TRY(alx_build_input(&args[i].slot, build, op->inputs[i], list[i], err));
    }
    const alx_md *y;
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], type, order, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_concat(&prim, build->dnn, op->input_count, list, y, err));
    args[count].arg = ALX_ARG_DST;
    ALX_TRY(alx_build_output(&args[count].slot, build, op->outputs[0], y, err));
    return alx_build_prim(build, op, prim, op->input_count + 1, args, -1, err);
}

/* inputs: dy; outputs: the gradient of one input of the forward op, given by attr.part */
static alx_status build_part(alx_build *build, alx_op *op, alx_error *err)
{
    alx_op *forward = op->forward;
    alx_dtype type = build->program->type;
    alx_order order = common_order(build, forward->input_count, forward->inputs);
    int64_t offsets[ALX_MAX_RANK] = {0};
    for (int i = 0; i < op->attr.part; i++) offsets[1] += alx_value_shape(build->program, forward->inputs[i])->dims[1];
    const alx_md *whole, *part, *dx;
    ALX_TRY(alx_build_md(&whole, build, op->inputs[0], type, order, err));
    ALX_TRY(alx_md_part(&part, build->dnn, whole, alx_value_shape(build->program, op->outputs[0]), offsets, err));
    ALX_TRY(alx_build_md(&dx, build, op->outputs[0], type, order, err));
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_reorder(&prim, build->dnn, part, dx, err));
    alx_step_arg args[2] = {{ALX_ARG_FROM, 0}, {ALX_ARG_TO, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], whole, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], dx, err));
    return alx_build_prim(build, op, prim, 2, args, -1, err);
}

static const alx_op_class class_part = {"concat_part", NULL, build_part};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    for (int i = 0; i < op->input_count; i++) {
        if (!need[i]) continue;
        alx_op *part;
        ALX_TRY(alx_op_add(&part, program, &class_part, 1, dy, err));
        part->forward = op;
        part->attr.part = i;
        alx_shape shape = *alx_value_shape(program, op->inputs[i]);
        ALX_TRY(alx_op_add_output(part, program, &shape, program->type, err));
        dx[i] = part->outputs[0];
    }
    return ALX_OK;
}

static const alx_op_class class_concat = {"concat", gradient, build_forward};
