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
