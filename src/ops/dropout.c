/* Dropout (Srivastava 2014, inverted): no mask is stored.  The draw depends on (seed,
 * step, layer, slot in the global batch, place, channel) alone, so the backward pass makes
 * it again, and layout, threads and batch cuts cannot change it. */
#include "base/rng.h"
#include "base/bf16.h"
#include "ops/build.h"

static const alx_op_class class_dropout;

static alx_status dropout(alx_value *y, alx_program *program, alx_value x, float rate, int key, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_dropout, 1, &x, err));
    op->attr.dropout.rate = rate;
    op->attr.dropout.key = key < 0 ? op->layer : key;
    alx_shape shape = *alx_value_shape(program, x);
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

alx_status alx_op_dropout(alx_value *y, alx_program *program, alx_value x, float rate, alx_error *err)
{
    if (program->mode != ALX_MODE_TRAIN || rate <= 0.0f) {
        *y = x;
        return ALX_OK;
    }
    return dropout(y, program, x, rate, -1, err);
}

/* args: x, y of the same layout, plain or blocked.  One draw serves four neighbouring
 * channels of one place. */
static void run_dropout(const alx_step *step, const alx_run_context *context)
{
    const alx_shape shape = alx_md_shape(step->md[0]);
    const bool bf16 = alx_md_type(step->md[0]) == ALX_BF16;
    const int64_t block = alx_md_channel_block(step->md[0]);
    const int64_t images = shape.dims[0], channels = shape.dims[1];
    const int64_t places = shape.rank == 4 ? shape.dims[2] * shape.dims[3] : 1;
    const int64_t groups = (channels + 3) / 4, blocks = (channels + block - 1) / block;
    const int64_t lane_stride = block == 1 ? places : 1, place_stride = block;
    const float rate = step->op->attr.dropout.rate, scale = 1.0f / (1.0f - rate);
    const uint32_t drop_below = (uint32_t)(rate * 0x1p32f < 0x1p32f ? (double)rate * 0x1p32 : 0xffffffffu);
    const uint32_t purpose = ALX_RNG_DROPOUT + 256u * (uint32_t)step->op->attr.dropout.key;
    const float *x = step->data[0];
    float *y = step->data[1];
    const uint16_t *x16 = step->data[0];
    uint16_t *y16 = step->data[1];

#pragma omp parallel for collapse(2) schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < images; n++)
        for (int64_t g = 0; g < groups; g++) {
            int64_t lanes = channels - 4 * g < 4 ? channels - 4 * g : 4;
            int64_t base = block == 1 ? (n * channels + 4 * g) * places
                                      : ((n * blocks + 4 * g / block) * places) * block + 4 * g % block;
            for (int64_t p = 0; p < places; p++, base += place_stride) {
                alx_rng4 draw = alx_rng_draw(context->seed, purpose, context->step, context->first_slot + (uint32_t)n,
                                             (uint32_t)(p * groups + g));
                for (int64_t lane = 0; lane < lanes; lane++) {
                    int64_t i = base + lane * lane_stride;
                    float keep = draw.v[lane] >= drop_below ? scale : 0.0f;
                    if (bf16)
                        y16[i] = alx_bf16_from_float(alx_bf16_to_float(x16[i]) * keep);
                    else
                        y[i] = x[i] * keep;
                }
            }
        }
    /* Padding lanes of the last block: zero, as every kernel leaves them. */
    if (step->data[0] == step->data[1] || channels == blocks * block) return;
    const size_t element = bf16 ? sizeof(uint16_t) : sizeof(float);
    for (int64_t n = 0; n < images; n++)
        for (int64_t p = 0; p < places; p++) {
            int64_t i = ((n * blocks + blocks - 1) * places + p) * block + channels % block;
            memset((char *)step->data[1] + (size_t)i * element, 0, (size_t)(block - channels % block) * element);
        }
}

static alx_status build_dropout(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_current(&md, build, op->inputs[0], err));
    alx_step_arg args[2] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], md, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], md, err));
    return alx_build_kernel(build, op, run_dropout, 2, args, 0, err);
}

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    return dropout(&dx[0], program, dy[0], op->attr.dropout.rate, op->attr.dropout.key, err);
}

static const alx_op_class class_dropout = {"dropout", gradient, build_dropout};
