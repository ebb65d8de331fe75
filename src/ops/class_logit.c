/* The logit of a class, as a loss: y = z_label, dy/dz = 1 there and 0 elsewhere.  What Grad-CAM differentiates
 * (Selvaraju et al. 2017, sec. 3: "the score for class c, y^c (before the softmax)"). */
#include <assert.h>
#include <string.h>

#include "ops/build.h"

static const alx_op_class class_logit;

alx_status alx_op_class_logit(alx_value *y, alx_program *program, alx_value logits, alx_value labels, alx_error *err)
{
    const alx_value inputs[] = {logits, labels};
    alx_op *op;
    assert(program->type == ALX_F32);
    ALX_TRY(alx_op_add(&op, program, &class_logit, 2, inputs, err));
    const alx_shape each = ALX_SHAPE(alx_value_shape(program, logits)->dims[0]);
    ALX_TRY(alx_op_add_output(op, program, &each, ALX_F32, err));
    *y = op->outputs[0];
    return ALX_OK;
}

/* args: y (N), z (N, K), labels (N) */
static void run_forward(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    const alx_shape shape = alx_md_shape(step->md[1]);
    float *y = step->data[0];
    const float *z = step->data[1];
    const int32_t *labels = step->data[2];
    for (int64_t n = 0; n < shape.dims[0]; n++) y[n] = z[n * shape.dims[1] + labels[n]];
}

/* args: dz (N, K), labels (N) */
static void run_backward(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    const alx_shape shape = alx_md_shape(step->md[0]);
    float *dz = step->data[0];
    const int32_t *labels = step->data[1];
    memset(dz, 0, (size_t)(shape.dims[0] * shape.dims[1]) * sizeof *dz);
    for (int64_t n = 0; n < shape.dims[0]; n++) dz[n * shape.dims[1] + labels[n]] = 1.0f;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *z, *y;
    ALX_TRY(alx_build_md(&z, build, op->inputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_step_arg args[3] = {{ALX_ARG_DST, 0}, {ALX_ARG_SRC, 0}, {ALX_ARG_SRC, 0}};
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[0], z, err));
    ALX_TRY(alx_build_input(&args[2].slot, build, op->inputs[1], NULL, err));
    ALX_TRY(alx_build_output(&args[0].slot, build, op->outputs[0], y, err));
    return alx_build_kernel(build, op, run_forward, 3, args, -1, err);
}

/* inputs: labels; outputs: dz */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *dz;
    ALX_TRY(alx_build_md(&dz, build, op->outputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_step_arg args[2] = {{ALX_ARG_DST, 0}, {ALX_ARG_SRC, 0}};
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[0], NULL, err));
    ALX_TRY(alx_build_output(&args[0].slot, build, op->outputs[0], dz, err));
    return alx_build_kernel(build, op, run_backward, 2, args, -1, err);
}

static const alx_op_class class_backward = {"class_logit_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    (void)dy; /* the backward pass begins here */
    if (!need[0]) return ALX_OK;
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, 1, &op->inputs[1], err));
    const alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, ALX_F32, err));
    dx[0] = backward->outputs[0];
    return ALX_OK;
}

static const alx_op_class class_logit = {"class_logit", gradient, build_forward};
