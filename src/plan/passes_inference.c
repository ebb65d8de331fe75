/* Passes that inference alone allows: what training needs in between is not computed. */
#include "plan/passes.h"

/* ---- Folding batch normalisation ---- */

static bool is_linear(const alx_op *op)
{
    return op && (op->cls == &alx_op_class_conv || op->cls == &alx_op_class_matmul);
}

/* A kernel stored in tiles is shared by all plans and sessions, of which a folded copy would be another; and what is
 * saved behind a large dense layer, a row for each image, is little. */
static bool is_shared(const alx_program *program, const alx_params *params, alx_value kernel)
{
    const alx_value_info *info = &program->values[kernel];
    return info->kind == ALX_VALUE_PARAM && params->list[info->param].tiled;
}

/* Nobody else may read what stands before the normalisation, which is no longer computed. */
static bool can_fold(const alx_program *program, const alx_params *params, const alx_op *before)
{
    return is_linear(before) && !before->relu && alx_pass_consumers(program, before->outputs[0]) == 1 &&
           program->values[before->outputs[0]].type == program->type && !is_shared(program, params, before->inputs[1]);
}

static int place_of(const alx_program *program, const alx_op *op)
{
    int place = 0;
    while (program->ops[place] != op) place++;
    return place;
}

/* The op in front gets new weights, made by an op before it, and takes over the output. */
static alx_status fold(alx_program *program, alx_op *before, const alx_op *norm, alx_error *err)
{
    const int layer = program->layer, place = place_of(program, before);
    const alx_value old[] = {before->inputs[1], before->inputs[2]};
    program->layer = before->layer;
    ALX_TRY(alx_op_fold_norm(&before->inputs[1], &before->inputs[2], program, old, norm, err));
    program->layer = layer;
    alx_pass_move_last(program, place);
    before->outputs[0] = norm->outputs[0];
    return ALX_OK;
}

alx_status alx_pass_fold_norms(alx_program *program, const alx_params *params, alx_error *err)
{
    for (int i = 0; i < program->op_count;) {
        alx_op *op = program->ops[i];
        alx_op *before = op->cls == &alx_op_class_batch_norm ? alx_pass_producer(program, op->inputs[0]) : NULL;
        if (!can_fold(program, params, before)) {
            i++;
            continue;
        }
        ALX_TRY(fold(program, before, op, err));
        alx_pass_remove(program, i + 1); /* the normalisation, which has moved on by the op that makes weights */
    }
    return ALX_OK;
}

/* ---- Adding in place ---- */

/* How often ops from `place` on read a value. */
static int reads_from(const alx_program *program, alx_value value, int place)
{
    int count = 0;
    for (int i = place; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->input_count; k++) count += program->ops[i]->inputs[k] == value;
    return count;
}

/* Flattened values may be the same memory, read under another shape. */
static bool is_flattened(const alx_program *program, alx_value value)
{
    for (int i = 0; i < program->op_count; i++)
        if (program->ops[i]->cls == &alx_op_class_reshape && program->ops[i]->inputs[0] == value) return true;
    return false;
}

/* Of the two ways that meet in the sum at place `sum`: a convolution that comes last, and what it may be written over:
 * computed before, and read by nobody from there on but the sum. */
static alx_op *last_before_sum(const alx_program *program, int sum, alx_value *other)
{
    const alx_op *op = program->ops[sum];
    int last = sum;
    alx_op *conv = NULL;
    while (last > 0 && !conv) {
        alx_op *before = program->ops[--last];
        if (before->outputs[0] == op->inputs[0] || before->outputs[0] == op->inputs[1]) conv = before;
    }
    if (!conv || conv->cls != &alx_op_class_conv || conv->relu) return NULL;
    const alx_value y = conv->outputs[0];
    *other = op->inputs[op->inputs[0] == y];
    const bool free =
        alx_pass_producer(program, *other) && !is_flattened(program, *other) && !alx_pass_is_kept(program, *other);
    return free && alx_pass_consumers(program, y) == 1 && reads_from(program, *other, last) == 1 ? conv : NULL;
}

alx_status alx_pass_fuse_add(alx_program *program, alx_error *err)
{
    for (int i = 0; i < program->op_count;) {
        const alx_op *op = program->ops[i];
        alx_value other = ALX_NO_VALUE;
        const bool two = op->cls == &alx_op_class_sum && op->input_count == 2 && op->inputs[0] != op->inputs[1];
        alx_op *conv = two ? last_before_sum(program, i, &other) : NULL;
        if (!conv) {
            i++;
            continue;
        }
        alx_value *inputs = alx_arena_alloc(&program->arena, 4, sizeof *inputs, err);
        if (!inputs) return ALX_NO_MEMORY;
        for (int k = 0; k < 3; k++) inputs[k] = conv->inputs[k];
        inputs[3] = other;
        conv->inputs = inputs;
        conv->input_count = 4;
        conv->sum = true;
        conv->outputs[0] = op->outputs[0];
        alx_pass_remove(program, i);
    }
    return ALX_OK;
}
