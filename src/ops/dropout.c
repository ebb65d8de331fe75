/* Dropout (Srivastava 2014, inverted): no mask is stored.  The draw depends on (seed,
 * step, layer, slot in the global batch, place, channel) alone, so the backward pass makes
 * it again, and layout, threads and batch cuts cannot change it.  Behind a ReLU it need not
 * even draw: where the output is above 0 it was kept, and the ReLU active. */
#include <string.h>

#include "base/bf16.h"
#include "base/clones.h"
#include "base/rng.h"
#include "ops/build.h"

static alx_status dropout(alx_value *y, alx_program *program, alx_value x, float rate, int key, alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_dropout, 1, &x, err));
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

/* How a layout lays out images: element e of an image is four neighbouring channels of one place. */
typedef struct dropout_layout {
    int64_t images, channels, places, groups; /* groups of four channels */
    int64_t block, blocks;                    /* lanes of a channel block (1: plain), blocks of an image */
    bool bf16;
} dropout_layout;

static dropout_layout layout_of(const alx_md *md)
{
    const alx_shape shape = alx_md_shape(md);
    dropout_layout l = {.images = shape.dims[0],
                        .channels = shape.dims[1],
                        .places = shape.rank == 4 ? shape.dims[2] * shape.dims[3] : 1,
                        .block = alx_md_channel_block(md),
                        .bf16 = alx_md_type(md) == ALX_BF16};
    l.groups = (l.channels + 3) / 4;
    l.blocks = (l.channels + l.block - 1) / l.block;
    return l;
}

/* keep[4 * e + lane]: what multiplies that value of element e. */
ALX_CLONES("avx512f", "avx2", "default")
static void draw_keep(float keep[restrict 4 * ALX_RNG_MANY], uint32_t words[restrict 4][ALX_RNG_MANY],
                      uint32_t drop_below, float scale)
{
    for (int e = 0; e < ALX_RNG_MANY; e++) {
        keep[4 * e] = words[0][e] >= drop_below ? scale : 0.0f;
        keep[4 * e + 1] = words[1][e] >= drop_below ? scale : 0.0f;
        keep[4 * e + 2] = words[2][e] >= drop_below ? scale : 0.0f;
        keep[4 * e + 3] = words[3][e] >= drop_below ? scale : 0.0f;
    }
}

/* ---- Features: a row of values, four neighbours a draw ---- */

enum { ROW = 4 * ALX_RNG_MANY };

ALX_CLONES("avx512f", "avx2", "default")
static void apply_row_f32(float *restrict y, const float *restrict x, const float *restrict keep)
{
    for (int i = 0; i < ROW; i++) y[i] = x[i] * keep[i];
}

ALX_CLONES("arch=x86-64-v4", "avx2", "default")
static void apply_row_bf16(uint16_t *restrict y, const uint16_t *restrict x, const float *restrict keep)
{
    for (int i = 0; i < ROW; i++) y[i] = alx_bf16_from_float(alx_bf16_to_float(x[i]) * keep[i]);
}

typedef union row_values {
    float f32[ROW];
    uint16_t bf16[ROW];
} row_values;

/* Values from place `first` on, ROW or those that are left.  Through buffers, so that the loops have a constant count
 * and x may be y. */
static void apply_row(const alx_step *step, bool bf16, const float *keep, int64_t first, int64_t left)
{
    const size_t count = (size_t)(left < ROW ? left : ROW), size = bf16 ? sizeof(uint16_t) : sizeof(float);
    row_values x = {{0}}, y;
    memcpy(&x, (const char *)step->data[0] + (size_t)first * size, count * size);
    if (bf16)
        apply_row_bf16(y.bf16, x.bf16, keep);
    else
        apply_row_f32(y.f32, x.f32, keep);
    memcpy((char *)step->data[1] + (size_t)first * size, &y, count * size);
}

/* ---- Images ---- */

/* Where lane 0 of a group of channels of image n lies, at place p. */
static int64_t place_of(const dropout_layout *l, int64_t n, int64_t p, int64_t group)
{
    const int64_t c = 4 * group;
    if (l->block == 1) return (n * l->channels + c) * l->places + p;
    return ((n * l->blocks + c / l->block) * l->places + p) * l->block + c % l->block;
}

/* ALX_RNG_MANY elements of image n, or those that are left, from `first` on; keep[4 * e + lane] multiplies. */
static void apply(const dropout_layout *l, const alx_step *step, const float *keep, int64_t n, int64_t first)
{
    const int64_t last = first + ALX_RNG_MANY, end = l->places * l->groups, stride = l->block == 1 ? l->places : 1;
    const float *x = step->data[0];
    float *y = step->data[1];
    const uint16_t *x16 = step->data[0];
    uint16_t *y16 = step->data[1];
    int64_t p = first / l->groups, group = first % l->groups;
    for (int64_t e = first; e < last && e < end; e++, keep += 4) {
        const int64_t left = l->channels - 4 * group, lanes = left < 4 ? left : 4, base = place_of(l, n, p, group);
        for (int64_t lane = 0; lane < lanes; lane++) {
            const int64_t i = base + lane * stride;
            if (l->bf16)
                y16[i] = alx_bf16_from_float(alx_bf16_to_float(x16[i]) * keep[lane]);
            else
                y[i] = x[i] * keep[lane];
        }
        if (++group == l->groups) group = 0, p++;
    }
}

/* Padding lanes of the last block: zero, as every kernel leaves them. */
static void clear_padding(const dropout_layout *l, const alx_step *step)
{
    const size_t element = l->bf16 ? sizeof(uint16_t) : sizeof(float);
    const int64_t used = l->channels % l->block;
    if (step->data[0] == step->data[1] || used == 0) return;
    for (int64_t n = 0; n < l->images; n++)
        for (int64_t p = 0; p < l->places; p++) {
            int64_t i = ((n * l->blocks + l->blocks - 1) * l->places + p) * l->block + used;
            memset((char *)step->data[1] + (size_t)i * element, 0, (size_t)(l->block - used) * element);
        }
}

/* args: x, y of the same layout, plain or blocked.  One draw serves one element, four channels. */
static void run_dropout(const alx_step *step, const alx_run_context *context)
{
    const dropout_layout l = layout_of(step->md[0]);
    const float rate = step->op->attr.dropout.rate, scale = 1.0f / (1.0f - rate);
    const uint32_t drop_below = (uint32_t)(rate * 0x1p32f < 0x1p32f ? (double)rate * 0x1p32 : 0xffffffffu);
    const uint32_t purpose = ALX_RNG_DROPOUT + 256u * (uint32_t)step->op->attr.dropout.key;
    const int64_t elements = l.places * l.groups;

#pragma omp parallel for collapse(2) schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < l.images; n++)
        for (int64_t first = 0; first < elements; first += ALX_RNG_MANY) {
            uint32_t words[4][ALX_RNG_MANY];
            float keep[4 * ALX_RNG_MANY];
            alx_rng_draw_many(words, context->seed, purpose, context->step, context->first_slot + (uint32_t)n,
                              (uint32_t)first);
            draw_keep(keep, words, drop_below, scale);
            if (l.places == 1 && l.block == 1)
                apply_row(step, l.bf16, keep, n * l.channels + 4 * first, l.channels - 4 * first);
            else
                apply(&l, step, keep, n, first);
        }
    clear_padding(&l, step);
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

/* ---- Behind a ReLU ---- */

ALX_CLONES("avx512f", "avx2", "default")
static void keep_active_f32(float *restrict keep, const float *restrict y, float scale)
{
    for (int i = 0; i < ROW; i++) keep[i] = y[i] > 0.0f ? scale : 0.0f;
}

ALX_CLONES("arch=x86-64-v4", "avx2", "default")
static void keep_active_bf16(float *restrict keep, const uint16_t *restrict y, float scale)
{
    for (int i = 0; i < ROW; i++) keep[i] = alx_bf16_to_float(y[i]) > 0.0f ? scale : 0.0f;
}

/* args: dy, dx, y of the same layout; dx may be dy.  Values as they lie in memory, padding lanes too. */
static void run_masked(const alx_step *step, const alx_run_context *context)
{
    const float rate = step->op->attr.dropout.rate, scale = 1.0f / (1.0f - rate);
    const bool bf16 = alx_md_type(step->md[0]) == ALX_BF16;
    const size_t size = bf16 ? sizeof(uint16_t) : sizeof(float);
    const int64_t count = (int64_t)(alx_md_bytes(step->md[0]) / size);
#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t first = 0; first < count; first += ROW) {
        row_values y = {{0}};
        float keep[ROW];
        const int64_t left = count - first;
        memcpy(&y, (const char *)step->data[2] + (size_t)first * size, (size_t)(left < ROW ? left : ROW) * size);
        if (bf16)
            keep_active_bf16(keep, y.bf16, scale);
        else
            keep_active_f32(keep, y.f32, scale);
        apply_row(step, bf16, keep, first, left);
    }
}

/* inputs: dy, y; outputs: dx */
static alx_status build_masked(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    ALX_TRY(alx_build_current(&md, build, op->inputs[1], err));
    alx_step_arg args[3] = {{ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], md, err));
    ALX_TRY(alx_build_input(&args[2].slot, build, op->inputs[1], md, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], md, err));
    return alx_build_kernel(build, op, run_masked, 3, args, 0, err);
}

static const alx_op_class class_masked = {"dropout_relu_backward", NULL, build_masked};

static alx_status masked_gradient(alx_value *dx, alx_program *program, alx_op *op, alx_value dy, alx_error *err)
{
    const alx_value inputs[] = {dy, op->outputs[0]};
    alx_op *masked;
    ALX_TRY(alx_op_add(&masked, program, &class_masked, 2, inputs, err));
    masked->attr.dropout.rate = op->attr.dropout.rate;
    const alx_shape shape = *alx_value_shape(program, op->outputs[0]);
    ALX_TRY(alx_op_add_output(masked, program, &shape, program->type, err));
    *dx = masked->outputs[0];
    return ALX_OK;
}

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    if (!need[0]) return ALX_OK;
    if (op->attr.dropout.masked) return masked_gradient(&dx[0], program, op, dy[0], err);
    return dropout(&dx[0], program, dy[0], op->attr.dropout.rate, op->attr.dropout.key, err);
}

const alx_op_class alx_op_class_dropout = {"dropout", gradient, build_dropout};
