/* Batch normalisation folded into the convolution or product in front of it, for inference.  With fixed statistics it
 * is affine in each channel o,
 *
 *     gamma (y - mean) / sqrt(variance + epsilon) + beta,     y = w[o] x + b
 *
 * so with s = gamma / sqrt(variance + epsilon)
 *
 *     w'[o] = s w[o],     b' = (b - mean) s + beta
 *
 * Jacob et al. 2018 (arXiv:1712.05877), section 3.2. */
#include <math.h>

#include "ops/build.h"

enum { W, GAMMA, BETA, MEAN, VARIANCE, B };

/* args: the inputs in their order, a bias or none, w', b' */
static void run_fold(const alx_step *step, const alx_run_context *context)
{
    const int outputs = step->arg_count - 2;
    const float *w = step->data[W], *b = outputs > B ? step->data[B] : NULL;
    const float *gamma = step->data[GAMMA], *beta = step->data[BETA];
    const float *mean = step->data[MEAN], *variance = step->data[VARIANCE];
    float *folded = step->data[outputs], *bias = step->data[outputs + 1];
    const alx_shape whole = alx_md_shape(step->md[W]), channels = alx_md_shape(step->md[GAMMA]);
    const int64_t count = channels.dims[0], each = alx_shape_elements(&whole) / count;
#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t o = 0; o < count; o++) {
        const float s = gamma[o] / sqrtf(variance[o] + step->op->attr.batch_norm.epsilon);
        for (int64_t i = 0; i < each; i++) folded[o * each + i] = s * w[o * each + i];
        bias[o] = ((b ? b[o] : 0.0f) - mean[o]) * s + beta[o];
    }
}

static alx_status build_fold(alx_build *build, alx_op *op, alx_error *err)
{
    alx_step_arg args[B + 3];
    const int inputs = op->inputs[B] == ALX_NO_VALUE ? B : B + 1;
    for (int i = 0; i < inputs + 2; i++) {
        const alx_value value = i < inputs ? op->inputs[i] : op->outputs[i - inputs];
        const alx_md *md;
        ALX_TRY(alx_build_md(&md, build, value, ALX_F32, ALX_ORDER_PLAIN, err));
        args[i].arg = i < inputs ? ALX_ARG_SRC : ALX_ARG_DST;
        ALX_TRY(i < inputs ? alx_build_input(&args[i].slot, build, value, md, err)
                           : alx_build_output(&args[i].slot, build, value, md, err));
    }
    ALX_TRY(alx_build_kernel(build, op, run_fold, inputs + 2, args, -1, err));
    alx_build_keep(build, 2);
    return ALX_OK;
}

/* Inference alone has use for it. */
const alx_op_class alx_op_class_fold_norm = {"fold_norm", NULL, build_fold};

alx_status alx_op_fold_norm(alx_value *w, alx_value *b, alx_program *program, const alx_value inputs[2],
                            const alx_op *norm, alx_error *err)
{
    const alx_value all[] = {inputs[0], norm->inputs[1], norm->inputs[2], norm->inputs[3], norm->inputs[4], inputs[1]};
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_fold_norm, B + 1, all, err));
    op->attr.batch_norm = norm->attr.batch_norm;
    const alx_shape kernel = *alx_value_shape(program, inputs[0]), channels = *alx_value_shape(program, all[GAMMA]);
    ALX_TRY(alx_op_add_output(op, program, &kernel, ALX_F32, err));
    ALX_TRY(alx_op_add_output(op, program, &channels, ALX_F32, err));
    *w = op->outputs[0];
    *b = op->outputs[1];
    return ALX_OK;
}
