/* Passes for what the backward pass needs. */
#include "plan/passes.h"

/* ---- Dropout and pooling behind ReLU ---- */

/* Or in the maximum over a ReLU's outputs (pool's relu), whose backward pass stops at its zeros too. */
static bool ends_in_relu(const alx_op *op)
{
    return op->relu || (op->cls == &alx_op_class_eltwise && op->attr.eltwise.kind == ALX_RELU);
}

/* The op whose ReLU's output the op alone reads. */
static alx_op *relu_before(const alx_program *program, const alx_op *op)
{
    alx_op *before = alx_pass_producer(program, op->inputs[0]);
    return before && ends_in_relu(before) && alx_pass_consumers(program, op->inputs[0]) == 1 ? before : NULL;
}

/* Then the ReLU's output is needed by nobody, and dropout may overwrite it. */
static void mask_dropout(const alx_program *program, alx_op *op)
{
    alx_op *before = relu_before(program, op);
    if (!before) return;
    op->attr.dropout.masked = true;
    before->relu_behind = true;
}

/* Then the ReLU's output, of all values the largest, need not be kept. */
static void mask_pool(const alx_program *program, alx_op *op)
{
    alx_op *before = alx_op_pool_keeps_places(program, op) ? relu_before(program, op) : NULL;
    if (!before || alx_value_shape(program, op->inputs[0])->dims[1] <= 4) return; /* few channels stay plain */
    op->relu = true;
    before->relu_behind = true;
}

void alx_pass_mask_relu(alx_program *program)
{
    for (int i = 0; i < program->op_count; i++) {
        if (program->ops[i]->cls == &alx_op_class_dropout) mask_dropout(program, program->ops[i]);
        if (program->ops[i]->cls == &alx_op_class_pool) mask_pool(program, program->ops[i]);
    }
}

/* ---- A batch normalisation of the images ---- */

static bool is_learned(const alx_program *program, alx_value value)
{
    return program->values[value].kind == ALX_VALUE_PARAM && program->values[value].trainable;
}

/* The normalisation of the images that the convolution alone reads, if its scale and shift can move into the weights.
 */
static alx_op *norm_before(const alx_program *program, const alx_op *conv)
{
    const alx_conv_attr *attr = &conv->attr.conv;
    alx_op *norm = alx_pass_producer(program, conv->inputs[0]);
    if (!norm || norm->cls != &alx_op_class_batch_norm || norm->attr.batch_norm.frozen) return NULL;
    for (int i = 0; i < 2; i++)
        if (attr->pad_begin[i] != 0 || attr->pad_end[i] != 0) return NULL; /* zeros have no shift */
    const alx_value parts[] = {conv->inputs[1], norm->inputs[1], norm->inputs[2], conv->inputs[2]};
    for (int i = 0; i < 4; i++)
        if (parts[i] != ALX_NO_VALUE && !is_learned(program, parts[i])) return NULL;
    const bool of_images = program->values[norm->inputs[0]].kind == ALX_VALUE_INPUT;
    return of_images && attr->groups <= 1 && alx_pass_consumers(program, conv->inputs[0]) == 1 ? norm : NULL;
}

alx_status alx_pass_fold_affine(alx_program *program, alx_error *err)
{
    for (int i = 0; i < program->op_count; i++) {
        alx_op *conv = program->ops[i];
        alx_op *norm = conv->cls == &alx_op_class_conv ? norm_before(program, conv) : NULL;
        if (!norm) continue;
        const alx_value parts[] = {conv->inputs[1], norm->inputs[1], norm->inputs[2], conv->inputs[2]};
        const int layer = program->layer;
        program->layer = conv->layer;
        ALX_TRY(alx_op_fold_affine(&conv->inputs[1], &conv->inputs[2], program, parts, err));
        program->layer = layer;
        alx_pass_move_last(program, i++);
        norm->inputs[1] = norm->inputs[2] = ALX_NO_VALUE;
    }
    return ALX_OK;
}

/* ---- Computing again instead of keeping ---- */

static alx_status compute_again(alx_program *program, int reader, int input, alx_op *op, alx_error *err)
{
    alx_op *again;
    ALX_TRY(alx_op_add(&again, program, op->cls, op->input_count, op->inputs, err));
    again->layer = op->layer;
    again->attr = op->attr;
    const alx_shape shape = *alx_value_shape(program, op->outputs[0]);
    ALX_TRY(alx_op_add_output(again, program, &shape, program->values[op->outputs[0]].type, err));
    program->ops[reader]->inputs[input] = again->outputs[0];
    alx_pass_move_last(program, reader);
    return ALX_OK;
}

alx_status alx_pass_compute_again(alx_program *program, alx_error *err)
{
    for (int i = program->forward_count; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->input_count; k++) {
            alx_op *op = alx_pass_producer(program, program->ops[i]->inputs[k]);
            if (!op || op->cls != &alx_op_class_space_to_depth) continue;
            ALX_TRY(compute_again(program, i++, k, op, err));
        }
    return ALX_OK;
}
