/* Categorical cross-entropy fused with softmax: L = -sum_k t_k log softmax(z)_k with
 * t = (1 - s) one-hot + s / K, times the class's weight; dL/dz = w (softmax(z) - t). */
#include <assert.h>
#include <math.h>

#include "base/bf16.h"
#include "ops/build.h"

static const alx_op_class class_softmax_loss;

alx_status alx_op_softmax_loss(alx_value *loss, alx_value *probabilities, alx_program *program, alx_value logits,
                               alx_value labels, const alx_loss_attr *attr, alx_error *err)
{
    alx_value inputs[] = {logits, labels};
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_softmax_loss, 2, inputs, err));
    op->attr.loss = *attr;
    alx_shape shape = *alx_value_shape(program, logits), each = ALX_SHAPE(shape.dims[0]);
    ALX_TRY(alx_op_add_output(op, program, &each, ALX_F32, err));
    ALX_TRY(alx_op_add_output(op, program, &shape, ALX_F32, err));
    *loss = op->outputs[0];
    *probabilities = op->outputs[1];
    return ALX_OK;
}

/* args: logits (N, K), labels (N), loss (N), probabilities (N, K) */
static void run_forward(const alx_step *step, const alx_run_context *context)
{
    const alx_shape shape = alx_md_shape(step->md[0]);
    const int64_t images = shape.dims[0], classes = shape.dims[1];
    const alx_loss_attr *attr = &step->op->attr.loss;
    const int32_t *labels = step->data[1];
    float *loss = step->data[2];

#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < images; n++) {
        const float *z = (const float *)step->data[0] + n * classes;
        float *p = (float *)step->data[3] + n * classes;
        float top = z[0];
        for (int64_t k = 1; k < classes; k++) top = z[k] > top ? z[k] : top;
        double sum = 0.0, total = 0.0;
        for (int64_t k = 0; k < classes; k++) {
            sum += exp((double)z[k] - (double)top);
            total += (double)z[k] - (double)top;
        }
        assert(classes > 0); /* so the top one has added exp(0) */
        double log_sum = log(sum), s = (double)attr->smoothing;
        for (int64_t k = 0; k < classes; k++) p[k] = (float)(exp((double)z[k] - (double)top) / sum);
        double own = log_sum - ((double)z[labels[n]] - (double)top);
        double all = log_sum - total / (double)classes; /* mean of -log p over the classes */
        double weight = attr->class_weights ? (double)attr->class_weights[labels[n]] : 1.0;
        loss[n] = (float)(weight * ((1.0 - s) * own + s * all));
    }
}

/* args: probabilities (N, K), labels (N), dlogits (N, K) */
static void run_backward(const alx_step *step, const alx_run_context *context)
{
    const alx_shape shape = alx_md_shape(step->md[0]);
    const int64_t images = shape.dims[0], classes = shape.dims[1];
    const bool bf16 = alx_md_type(step->md[2]) == ALX_BF16;
    const alx_loss_attr *attr = &step->op->forward->attr.loss;
    const float *probabilities = step->data[0];
    const int32_t *labels = step->data[1];
    const float off = attr->smoothing / (float)classes, on = 1.0f - attr->smoothing + off;

#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < images; n++) {
        float weight = (attr->class_weights ? attr->class_weights[labels[n]] : 1.0f) / (float)images;
        for (int64_t k = 0; k < classes; k++) {
            float d = weight * (probabilities[n * classes + k] - (k == labels[n] ? on : off));
            if (bf16)
                ((uint16_t *)step->data[2])[n * classes + k] = alx_bf16_from_float(d);
            else
                ((float *)step->data[2])[n * classes + k] = d;
        }
    }
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *matrix, *each;
    ALX_TRY(alx_build_md(&matrix, build, op->inputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&each, build, op->outputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_step_arg args[4] = {{ALX_ARG_SRC, 0}, {ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], matrix, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[1], NULL, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], each, err));
    ALX_TRY(alx_build_output(&args[3].slot, build, op->outputs[1], matrix, err));
    return alx_build_kernel(build, op, run_forward, 4, args, -1, err);
}

/* inputs: probabilities, labels; outputs: dlogits */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *matrix, *diff;
    ALX_TRY(alx_build_md(&matrix, build, op->inputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&diff, build, op->outputs[0], build->program->type, ALX_ORDER_PLAIN, err));
    alx_step_arg args[3] = {{ALX_ARG_SRC, 0}, {ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], matrix, err));
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[1], NULL, err));
    ALX_TRY(alx_build_output(&args[2].slot, build, op->outputs[0], diff, err));
    return alx_build_kernel(build, op, run_backward, 3, args, -1, err);
}

static const alx_op_class class_backward = {"softmax_loss_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    (void)dy; /* the loss is where the backward pass begins */
    if (!need[0]) return ALX_OK;
    alx_value inputs[] = {op->outputs[1], op->inputs[1]};
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, 2, inputs, err));
    backward->forward = op;
    alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, program->type, err));
    dx[0] = backward->outputs[0];
    return ALX_OK;
}

static const alx_op_class class_softmax_loss = {"softmax_loss", gradient, build_forward};
