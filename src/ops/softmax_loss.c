/* Categorical cross-entropy fused with softmax: L = -sum_k t_k log softmax(z)_k with
 * t = (1 - s) one-hot + s / K, times the class's weight; dL/dz = w (softmax(z) - t).  An image that was mixed from two
 * has the loss of both labels, by their shares (mixup: Zhang et al. 2018, sec. 2). */
#include <assert.h>
#include <math.h>

#include "base/bf16.h"
#include "ops/build.h"

static const alx_op_class class_softmax_loss;

enum { LOGITS, LABELS, OTHERS, SHARES, INPUTS };

alx_status alx_op_softmax_loss(alx_value *loss, alx_value *probabilities, alx_program *program, alx_value logits,
                               const alx_targets *targets, const alx_loss_attr *attr, alx_error *err)
{
    const alx_value inputs[INPUTS] = {logits, targets->labels, targets->others, targets->shares};
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_softmax_loss, INPUTS, inputs, err));
    op->attr.loss = *attr;
    alx_shape shape = *alx_value_shape(program, logits), each = ALX_SHAPE(shape.dims[0]);
    ALX_TRY(alx_op_add_output(op, program, &each, ALX_F32, err));
    ALX_TRY(alx_op_add_output(op, program, &shape, ALX_F32, err));
    *loss = op->outputs[0];
    *probabilities = op->outputs[1];
    return ALX_OK;
}

/* One label of an image, and the weight of its loss. */
typedef struct target {
    int32_t label;
    float weight;
} target;

/* The targets of image n, from a step whose arguments from `first` on are labels, others and shares; returns how many:
 * one, or two of a mixed image. */
static int read_targets(target targets[2], const alx_step *step, const alx_loss_attr *attr, int first, int64_t n)
{
    const bool mixed = step->arg_count > first + 2;
    for (int i = 0; i < (mixed ? 2 : 1); i++) {
        const int32_t label = ((const int32_t *)step->data[first + i])[n];
        const float share = mixed ? ((const float *)step->data[first + 2])[n] : 1.0f;
        targets[i] = (target){label, i == 0 ? share : 1.0f - share};
        if (attr->class_weights) targets[i].weight *= attr->class_weights[label];
    }
    return mixed ? 2 : 1;
}

/* args: loss (N), probabilities (N, K), logits (N, K), labels (N), and of mixed images others (N), shares (N) */
static void run_forward(const alx_step *step, const alx_run_context *context)
{
    const alx_shape shape = alx_md_shape(step->md[1]);
    const int64_t images = shape.dims[0], classes = shape.dims[1];
    const alx_loss_attr *attr = &step->op->attr.loss;
    float *loss = step->data[0];

#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < images; n++) {
        const float *z = (const float *)step->data[2] + n * classes;
        float *p = (float *)step->data[1] + n * classes;
        target targets[2];
        const int count = read_targets(targets, step, attr, 3, n);
        float top = z[0];
        for (int64_t k = 1; k < classes; k++) top = z[k] > top ? z[k] : top;
        double sum = 0.0, total = 0.0;
        for (int64_t k = 0; k < classes; k++) {
            sum += exp((double)z[k] - (double)top);
            total += (double)z[k] - (double)top;
        }
        assert(classes > 0); /* so the top one has added exp(0) */
        const double log_sum = log(sum), s = (double)attr->smoothing;
        for (int64_t k = 0; k < classes; k++) p[k] = (float)(exp((double)z[k] - (double)top) / sum);
        const double all = log_sum - total / (double)classes; /* mean of -log p over the classes */
        double of_all = 0.0;
        for (int i = 0; i < count; i++) {
            const double own = log_sum - ((double)z[targets[i].label] - (double)top);
            of_all += (double)targets[i].weight * ((1.0 - s) * own + s * all);
        }
        loss[n] = (float)of_all;
    }
}

/* args: dlogits (N, K), probabilities (N, K), labels (N), and of mixed images others (N), shares (N) */
static void run_backward(const alx_step *step, const alx_run_context *context)
{
    const alx_shape shape = alx_md_shape(step->md[1]);
    const int64_t images = shape.dims[0], classes = shape.dims[1];
    const bool bf16 = alx_md_type(step->md[0]) == ALX_BF16;
    const alx_loss_attr *attr = &step->op->forward->attr.loss;
    const float *probabilities = step->data[1];
    const float off = attr->smoothing / (float)classes, on = 1.0f - attr->smoothing + off;

#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < images; n++) {
        target targets[2];
        const int count = read_targets(targets, step, attr, 2, n);
        for (int64_t k = 0; k < classes; k++) {
            float d = 0.0f;
            for (int i = 0; i < count; i++)
                d += targets[i].weight / (float)images *
                     (probabilities[n * classes + k] - (k == targets[i].label ? on : off));
            if (bf16)
                ((uint16_t *)step->data[0])[n * classes + k] = alx_bf16_from_float(d);
            else
                ((float *)step->data[0])[n * classes + k] = d;
        }
    }
}

/* Labels, and of mixed images the others and shares; *count grows by one or three. */
static alx_status add_targets(alx_step_arg *args, int *count, alx_build *build, const alx_op *op, alx_error *err)
{
    for (int i = LABELS; i < INPUTS && op->inputs[i] != ALX_NO_VALUE; i++) {
        args[*count].arg = ALX_ARG_SRC;
        ALX_TRY(alx_build_input(&args[(*count)++].slot, build, op->inputs[i], NULL, err));
    }
    return ALX_OK;
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *matrix, *each;
    ALX_TRY(alx_build_md(&matrix, build, op->inputs[LOGITS], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&each, build, op->outputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_step_arg args[6] = {{ALX_ARG_DST, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_SRC, 0}};
    int count = 3;
    ALX_TRY(alx_build_input(&args[2].slot, build, op->inputs[LOGITS], matrix, err));
    ALX_TRY(add_targets(args, &count, build, op, err));
    ALX_TRY(alx_build_output(&args[0].slot, build, op->outputs[0], each, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[1], matrix, err));
    return alx_build_kernel(build, op, run_forward, count, args, -1, err);
}

/* inputs: probabilities, and the targets of the forward op; outputs: dlogits */
static alx_status build_backward(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *matrix, *diff;
    ALX_TRY(alx_build_md(&matrix, build, op->inputs[LOGITS], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&diff, build, op->outputs[0], build->program->type, ALX_ORDER_PLAIN, err));
    alx_step_arg args[5] = {{ALX_ARG_DST, 0}, {ALX_ARG_SRC, 0}};
    int count = 2;
    ALX_TRY(alx_build_input(&args[1].slot, build, op->inputs[LOGITS], matrix, err));
    ALX_TRY(add_targets(args, &count, build, op, err));
    ALX_TRY(alx_build_output(&args[0].slot, build, op->outputs[0], diff, err));
    return alx_build_kernel(build, op, run_backward, count, args, -1, err);
}

static const alx_op_class class_backward = {"softmax_loss_backward", NULL, build_backward};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    (void)dy; /* the loss is where the backward pass begins */
    if (!need[LOGITS]) return ALX_OK;
    const alx_value inputs[INPUTS] = {op->outputs[1], op->inputs[LABELS], op->inputs[OTHERS], op->inputs[SHARES]};
    alx_op *backward;
    ALX_TRY(alx_op_add(&backward, program, &class_backward, INPUTS, inputs, err));
    backward->forward = op;
    alx_shape shape = *alx_value_shape(program, op->inputs[LOGITS]);
    ALX_TRY(alx_op_add_output(backward, program, &shape, program->type, err));
    dx[0] = backward->outputs[0];
    return ALX_OK;
}

static const alx_op_class class_softmax_loss = {"softmax_loss", gradient, build_forward};
