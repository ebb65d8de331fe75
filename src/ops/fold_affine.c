/* The scale and shift of a batch normalisation of the images, moved into the convolution behind it, for training.  With
 * x the images normalised,
 *
 *     w * (gamma x + beta) + b = w' * x + b',     w'[o, c] = gamma[c] w[o, c],
 *                                                 b'[o] = b[o] + sum over c and taps of beta[c] w[o, c]
 *
 * where the convolution pads nothing.  Then gamma and beta learn from the weights' gradient, and none need flow back to
 * the images, which is otherwise the most expensive part of a small network's step:
 *
 *     dw[o, c] = gamma[c] dw'[o, c] + beta[c] db'[o],     dgamma[c] = sum over o and taps of w[o, c] dw'[o, c],
 *     db = db',                                           dbeta[c] = sum over o and taps of w[o, c] db'[o] */
#include "ops/build.h"

/* Of a kernel (O, C, KH, KW), few numbers: one thread. */
typedef struct kernel_shape {
    int64_t outputs, channels, taps;
} kernel_shape;

static kernel_shape shape_of(const alx_md *md)
{
    const alx_shape w = alx_md_shape(md);
    return (kernel_shape){w.dims[0], w.dims[1], w.dims[2] * w.dims[3]};
}

enum { W, GAMMA, BETA, B };

/* args: w', b', w, gamma, beta[, b] */
static void run_fold(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    float *folded = step->data[0], *bias = step->data[1];
    const float *w = step->data[2 + W], *gamma = step->data[2 + GAMMA], *beta = step->data[2 + BETA];
    const kernel_shape s = shape_of(step->md[0]);
    for (int64_t o = 0; o < s.outputs; o++) {
        float sum = step->arg_count > 2 + B ? ((const float *)step->data[2 + B])[o] : 0.0f;
        for (int64_t c = 0; c < s.channels; c++)
            for (int64_t i = 0; i < s.taps; i++, w++) {
                *folded++ = gamma[c] * *w;
                sum += beta[c] * *w;
            }
        bias[o] = sum;
    }
}

/* args: dw', db', w, gamma, beta, dw, dgamma, dbeta[, db] */
static void run_unfold(const alx_step *step, const alx_run_context *context)
{
    enum { DW_FOLDED, DB_FOLDED, OF_W, OF_GAMMA, OF_BETA, DW, DGAMMA, DBETA, DB };
    (void)context;
    const float *dw_folded = step->data[DW_FOLDED], *db_folded = step->data[DB_FOLDED], *w = step->data[OF_W];
    const float *gamma = step->data[OF_GAMMA], *beta = step->data[OF_BETA];
    float *dw = step->data[DW], *dgamma = step->data[DGAMMA], *dbeta = step->data[DBETA];
    const kernel_shape s = shape_of(step->md[DW_FOLDED]);
    for (int64_t c = 0; c < s.channels; c++) dgamma[c] = dbeta[c] = 0.0f;
    for (int64_t o = 0; o < s.outputs; o++) {
        for (int64_t c = 0; c < s.channels; c++)
            for (int64_t i = 0; i < s.taps; i++, w++, dw_folded++) {
                *dw++ = gamma[c] * *dw_folded + beta[c] * db_folded[o];
                dgamma[c] += *w * *dw_folded;
                dbeta[c] += *w * db_folded[o];
            }
        if (step->arg_count > DB) ((float *)step->data[DB])[o] = db_folded[o];
    }
}

/* Outputs first, or inputs first; ALX_NO_VALUE is left out. */
static alx_status add_args(alx_step_arg *args, int *count, alx_build *build, const alx_value *values, int value_count,
                           bool output, alx_error *err)
{
    for (int i = 0; i < value_count; i++) {
        const alx_md *md;
        if (values[i] == ALX_NO_VALUE) continue;
        ALX_TRY(alx_build_md(&md, build, values[i], ALX_F32, ALX_ORDER_PLAIN, err));
        args[*count].arg = output ? ALX_ARG_DST : ALX_ARG_SRC;
        ALX_TRY(output ? alx_build_output(&args[*count].slot, build, values[i], md, err)
                       : alx_build_input(&args[*count].slot, build, values[i], md, err));
        ++*count;
    }
    return ALX_OK;
}

static alx_status build_fold(alx_build *build, alx_op *op, alx_error *err)
{
    alx_step_arg args[ALX_STEP_MAX_KERNEL_ARGS];
    int count = 0;
    ALX_TRY(add_args(args, &count, build, op->outputs, op->output_count, true, err));
    ALX_TRY(add_args(args, &count, build, op->inputs, op->input_count, false, err));
    return alx_build_kernel(build, op, run_fold, count, args, -1, err);
}

static alx_status build_unfold(alx_build *build, alx_op *op, alx_error *err)
{
    alx_step_arg args[ALX_STEP_MAX_KERNEL_ARGS];
    int count = 0;
    ALX_TRY(add_args(args, &count, build, op->inputs, op->input_count, false, err));
    ALX_TRY(add_args(args, &count, build, op->outputs, op->output_count, true, err));
    return alx_build_kernel(build, op, run_unfold, count, args, -1, err);
}

static const alx_op_class class_unfold = {"unfold_affine", NULL, build_unfold};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    (void)need, (void)dx; /* all are parameters, whose gradients have their own places */
    const alx_value inputs[] = {dy[0], dy[1], op->inputs[W], op->inputs[GAMMA], op->inputs[BETA]};
    alx_op *unfold;
    ALX_TRY(alx_op_add(&unfold, program, &class_unfold, 5, inputs, err));
    unfold->forward = op;
    for (int i = W; i <= B; i++)
        if (op->inputs[i] != ALX_NO_VALUE) ALX_TRY(alx_op_add_gradient(unfold, program, op->inputs[i], err));
    return ALX_OK;
}

static const alx_op_class class_fold = {"fold_affine", gradient, build_fold};

alx_status alx_op_fold_affine(alx_value *w, alx_value *b, alx_program *program, const alx_value inputs[4],
                              alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_fold, 4, inputs, err));
    const alx_shape kernel = *alx_value_shape(program, inputs[W]);
    ALX_TRY(alx_op_add_output(op, program, &kernel, ALX_F32, err));
    ALX_TRY(alx_op_add_output(op, program, &ALX_SHAPE(kernel.dims[0]), ALX_F32, err));
    *w = op->outputs[0];
    *b = op->outputs[1];
    return ALX_OK;
}
