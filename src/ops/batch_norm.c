/* Batch normalisation (Ioffe and Szegedy 2015) through oneDNN; the moving statistics are ours.
 *
 * moving = momentum * moving + (1 - momentum) * batch statistic, with the population
 * variance of the batch, as Keras 3 (PyTorch takes the sample variance here).
 *
 * Its scale and shift may have moved into the convolution behind it (ops/fold_affine.c).
 *
 * A frozen one is affine in training as in prediction, and so is any in ALX_MODE_ATTRIBUTE: dx = dy * gamma /
 * sqrt(variance + epsilon) with the moving statistics, and its gamma and beta have no gradient. */
#include "ops/build.h"

enum { X, GAMMA, BETA, MEAN, VARIANCE };

/* Whether the batch's statistics are computed and kept for the backward pass. */
static bool uses_batch(const alx_program *program, const alx_op *op)
{
    return program->mode == ALX_MODE_TRAIN && !op->attr.batch_norm.frozen;
}

alx_status alx_op_batch_norm(alx_value *y, alx_program *program, alx_value x, alx_value gamma, alx_value beta,
                             alx_value mean, alx_value variance, const alx_batch_norm_attr *attr, alx_error *err)
{
    alx_value inputs[] = {x, gamma, beta, mean, variance};
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_batch_norm, 5, inputs, err));
    op->attr.batch_norm = *attr;
    alx_shape shape = *alx_value_shape(program, x), channels = *alx_value_shape(program, gamma);
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    if (uses_batch(program, op)) {
        ALX_TRY(alx_op_add_output(op, program, &channels, ALX_F32, err));
        ALX_TRY(alx_op_add_output(op, program, &channels, ALX_F32, err));
    }
    *y = op->outputs[0];
    return ALX_OK;
}

/* args: batch mean, batch variance, moving mean, moving variance; each (C) */
static void update_moving(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    const float *batch[] = {step->data[0], step->data[1]};
    float *moving[] = {step->data[2], step->data[3]};
    float momentum = step->op->attr.batch_norm.momentum;
    size_t channels = alx_md_bytes(step->md[0]) / sizeof(float);
    for (int i = 0; i < 2; i++)
        for (size_t c = 0; c < channels; c++) moving[i][c] = momentum * moving[i][c] + (1.0f - momentum) * batch[i][c];
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    bool training = uses_batch(build->program, op);
    const alx_md *x;
    ALX_TRY(alx_build_current(&x, build, op->inputs[X], err));
    alx_prim *prim = NULL;
    const bool affine = op->inputs[GAMMA] != ALX_NO_VALUE;
    ALX_TRY(alx_dnn_batch_norm_forward(&prim, build->dnn, op->attr.batch_norm.epsilon, affine, training, x, err));
    alx_step_arg args[6] = {{ALX_ARG_SRC, 0},      {ALX_ARG_DST, 0},   {ALX_ARG_MEAN, 0},
                            {ALX_ARG_VARIANCE, 0}, {ALX_ARG_SCALE, 0}, {ALX_ARG_SHIFT, 0}};
    alx_step_arg update[4] = {{ALX_ARG_SRC, 0}, {ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[X], x, err));
    for (int i = 0; i < 2; i++) {
        int moving;
        ALX_TRY(alx_build_input(&moving, build, op->inputs[MEAN + i], NULL, err));
        update[2 + i].slot = args[2 + i].slot = moving;
        if (!training) continue;
        const alx_md *channels = alx_build_layout(build, op->inputs[MEAN + i]);
        ALX_TRY(alx_build_output(&args[2 + i].slot, build, op->outputs[1 + i], channels, err));
        update[i].slot = args[2 + i].slot;
    }
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], x, err));
    for (int i = 0; affine && i < 2; i++)
        ALX_TRY(alx_build_input(&args[4 + i].slot, build, op->inputs[GAMMA + i], NULL, err));
    ALX_TRY(alx_build_prim(build, op, prim, affine ? 6 : 4, args, -1, err));
    return training ? alx_build_kernel(build, op, update_moving, 4, update, -1, err) : ALX_OK;
}

/* inputs: dy, x, gamma, mean, variance; outputs: dx, dgamma, dbeta */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_current(&md, build, op->inputs[1], err));
    alx_prim *prim = NULL;
    const bool fixed = !uses_batch(build->program, op->forward);
    ALX_TRY(alx_dnn_batch_norm_backward(&prim, build->dnn, op->forward->attr.batch_norm.epsilon, fixed, md, md, err));
    static const alx_arg in_args[] = {ALX_ARG_DIFF_DST, ALX_ARG_SRC, ALX_ARG_SCALE, ALX_ARG_MEAN, ALX_ARG_VARIANCE};
    static const alx_arg out_args[] = {ALX_ARG_DIFF_SRC, ALX_ARG_DIFF_SCALE, ALX_ARG_DIFF_SHIFT};
    alx_step_arg args[9];
    int count = 0;
    for (int i = 0; i < 5; i++, count++) {
        args[count].arg = in_args[i];
        ALX_TRY(alx_build_input(&args[count].slot, build, op->inputs[i], i < 2 ? md : NULL, err));
    }
    for (int i = 0; i < 3; i++, count++) {
        args[count].arg = out_args[i];
        const alx_md *out = i ? alx_build_layout(build, op->inputs[2]) : md;
        ALX_TRY(alx_build_output(&args[count].slot, build, op->outputs[i], out, err));
    }
    if (alx_batch_norm_backward_reads_shift()) {
        args[count].arg = ALX_ARG_SHIFT;
        ALX_TRY(alx_build_input(&args[count++].slot, build, op->forward->inputs[BETA], NULL, err));
    }
    return alx_build_prim(build, op, prim, count, args, -1, err);
}

static const alx_op_class class_backward = {"batch_norm_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    const bool fixed = !uses_batch(program, op);
    alx_value inputs[] = {dy[0], op->inputs[X], op->inputs[GAMMA], fixed ? op->inputs[MEAN] : op->outputs[1],
                          fixed ? op->inputs[VARIANCE] : op->outputs[2]};
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, 5, inputs, err));
    backward->forward = op;
    alx_shape shape = *alx_value_shape(program, op->inputs[X]), channels = *alx_value_shape(program, op->inputs[GAMMA]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, program->type, err));
    for (int i = GAMMA; i <= BETA; i++) {
        if (fixed) /* oneDNN computes them all the same; nobody reads them */
            ALX_TRY(alx_op_add_output(backward, program, &channels, ALX_F32, err));
        else
            ALX_TRY(alx_op_add_gradient(backward, program, op->inputs[i], err));
    }
    if (need[X]) dx[X] = backward->outputs[0];
    return ALX_OK;
}

const alx_op_class alx_op_class_batch_norm = {"batch_norm", gradient, build_forward};
