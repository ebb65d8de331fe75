/* A strided convolution on few channels as a 3x3 one on many, which vector units like better:
 *
 *     y[o, i, j] = sum over c, u, v of w[o, c, u, v] x[c, s i + u - p, s j + v - p]
 *
 * With u = s a + r and v = s b + q, r and q below s, and places s i + r - p as channels of place i,
 *
 *     x'[(c, r, q), i, j] = x[c, s i + r - p, s j + q - p]           space to depth, zero outside the image
 *     w'[o, (c, r, q), a, b] = w[o, c, s a + r, s b + q]             zero where that is outside the kernel
 *     y[o, i, j] = sum over (c, r, q), a, b of w'[o, (c, r, q), a, b] x'[(c, r, q), i + a, j + b]
 *
 * AlexNet's first layer, 11x11 in steps of 4 on 3 channels, becomes 3x3 in steps of 1 on 48.  The sums have the same
 * terms in another order, and zeros.  (oneDNN's direct convolution pads 3 channels to 16 lanes instead.) */
#include <string.h>

#include "base/bf16.h"
#include "base/clones.h"
#include "ops/build.h"

enum { MAX_BLOCK = 16 };

/* ---- Images ---- */

alx_status alx_op_space_to_depth(alx_value *y, alx_program *program, alx_value x, const alx_fold *fold, alx_error *err)
{
    const alx_shape *xs = alx_value_shape(program, x);
    alx_shape shape = ALX_SHAPE(xs->dims[0], xs->dims[1] * fold->step * fold->step, fold->size[0], fold->size[1]);
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_space_to_depth, 1, &x, err));
    op->attr.fold = *fold;
    ALX_TRY(alx_op_add_output(op, program, &shape, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

/* One row of places of one block of channels: step values each of some rows of the image, side by side. */
typedef struct fold_row {
    const float *rows[MAX_BLOCK]; /* (runs) of the image; NULL: outside it, zeros */
    int64_t runs;                 /* block / step */
    int64_t step, width, pad;     /* of the image */
    bool bf16;                    /* what is written */
} fold_row;

enum { MANY = 64 }; /* a multiple of each step, which divides the block */

ALX_CLONES("arch=x86-64-v4", "avx2", "default")
static void round_many(uint16_t *restrict to, const float *restrict from)
{
    for (int i = 0; i < MANY; i++) to[i] = alx_bf16_from_float(from[i]);
}

/* Places first..last - 1, whose values all lie inside the image.  step: a constant where this is called, so that a run
 * is a few instructions. */
static inline void fold_inside_f32(float *to, const fold_row *f, int64_t first, int64_t last, int64_t step)
{
    for (int64_t run = 0; run < f->runs; run++) {
        if (!f->rows[run]) continue;
        const float *from = f->rows[run] + first * step - f->pad;
        float *at = to + (first * f->runs + run) * step;
        for (int64_t j = first; j < last; j++, from += step, at += f->runs * step)
            memcpy(at, from, (size_t)step * sizeof *at);
    }
}

/* Through a buffer, so that the loop that rounds has a constant count. */
static inline void fold_inside_bf16(uint16_t *to, const fold_row *f, int64_t first, int64_t last, int64_t step)
{
    float wide[MANY] = {0};
    uint16_t narrow[MANY];
    for (int64_t run = 0; run < f->runs; run++) {
        if (!f->rows[run]) continue;
        const float *from = f->rows[run] + first * step - f->pad, *end = f->rows[run] + last * step - f->pad;
        uint16_t *at = to + (first * f->runs + run) * step;
        for (; from < end; from += MANY) {
            const int64_t left = end - from < MANY ? end - from : MANY;
            if (left < MANY) memcpy(wide, from, (size_t)left * sizeof *wide);
            round_many(narrow, left < MANY ? wide : from);
            for (int64_t i = 0; i < left; i += step, at += f->runs * step)
                memcpy(at, narrow + i, (size_t)step * sizeof *at);
        }
    }
}

/* Any place: value by value. */
static void fold_edge(void *to, const fold_row *f, int64_t first, int64_t last)
{
    const int64_t lanes = f->runs * f->step;
    for (int64_t j = first; j < last; j++)
        for (int64_t lane = 0; lane < lanes; lane++) {
            const float *row = f->rows[lane / f->step];
            const int64_t column = j * f->step + lane % f->step - f->pad, at = j * lanes + lane;
            if (!row || column < 0 || column >= f->width) continue;
            if (f->bf16)
                ((uint16_t *)to)[at] = alx_bf16_from_float(row[column]);
            else
                ((float *)to)[at] = row[column];
        }
}

static void fold_one(void *to, const fold_row *f, int64_t places)
{
    /* The first place and the one behind the last whose values are all inside. */
    int64_t first = (f->pad + f->step - 1) / f->step, last = (f->width + f->pad) / f->step;
    if (last > places) last = places;
    if (first > last) first = last;
    memset(to, 0, (size_t)(places * f->runs * f->step) * (f->bf16 ? sizeof(uint16_t) : sizeof(float)));
    fold_edge(to, f, 0, first);
    if (f->bf16 && f->step == 4)
        fold_inside_bf16(to, f, first, last, 4);
    else if (f->bf16)
        fold_inside_bf16(to, f, first, last, f->step);
    else if (f->step == 4)
        fold_inside_f32(to, f, first, last, 4);
    else
        fold_inside_f32(to, f, first, last, f->step);
    fold_edge(to, f, last, places);
}

/* args: x (N, C, H, W) plain f32, y (N, C s s, H', W') in channel blocks, of the program's type: images are rounded on
 * the way. */
static void run_space_to_depth(const alx_step *step, const alx_run_context *context)
{
    const alx_fold *fold = &step->op->attr.fold;
    const alx_shape in = alx_md_shape(step->md[0]), out = alx_md_shape(step->md[1]);
    const int64_t s = fold->step, channels = in.dims[1], height = in.dims[2], width = in.dims[3];
    const int64_t block = alx_md_channel_block(step->md[1]), blocks = out.dims[1] / block, runs = block / s;
    const int64_t rows = out.dims[2], places = out.dims[3];
    const bool bf16 = alx_md_type(step->md[1]) == ALX_BF16;
    const size_t element = bf16 ? sizeof(uint16_t) : sizeof(float);
    const float *x = step->data[0];
    char *y = step->data[1];

#pragma omp parallel for collapse(3) schedule(static) num_threads(context->threads)
    for (int64_t n = 0; n < in.dims[0]; n++)
        for (int64_t b = 0; b < blocks; b++)
            for (int64_t i = 0; i < rows; i++) {
                fold_row f = {.runs = runs, .step = s, .width = width, .pad = fold->pad[1], .bf16 = bf16};
                for (int64_t run = 0; run < runs; run++) {
                    /* Channel (c, r, 0) of the output: run number c s + r. */
                    const int64_t number = b * runs + run, c = number / s, row = i * s + number % s - fold->pad[0];
                    f.rows[run] = row >= 0 && row < height ? x + ((n * channels + c) * height + row) * width : NULL;
                }
                fold_one(y + (size_t)((n * blocks + b) * rows + i) * (size_t)(places * block) * element, &f, places);
            }
}

static alx_status build_space_to_depth(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *x, *y;
    ALX_TRY(alx_build_md(&x, build, op->inputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&y, build, op->outputs[0], build->program->type, ALX_ORDER_BLOCKED, err));
    alx_step_arg args[2] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], x, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], y, err));
    return alx_build_kernel(build, op, run_space_to_depth, 2, args, -1, err);
}

/* No gradient flows to images. */
const alx_op_class alx_op_class_space_to_depth = {"space_to_depth", NULL, build_space_to_depth};

/* ---- Kernels ---- */

/* The place of tap (u, v) of channel c in a folded kernel of one filter, (C s s, KH', KW'). */
static int64_t folded_place(const alx_fold *fold, const alx_shape *folded, int64_t c, int64_t u, int64_t v)
{
    const int64_t s = fold->step, *k = folded->dims + 2;
    return (((c * s + u % s) * s + v % s) * k[0] + u / s) * k[1] + v / s;
}

/* args: w (O, C, KH, KW), w' (O, C s s, KH', KW'); both plain f32.  Few numbers: one thread. */
static void run_fold(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    const alx_shape plain = alx_md_shape(step->md[0]), folded = alx_md_shape(step->md[1]);
    const int64_t *d = plain.dims, filter = alx_shape_elements(&folded) / d[0];
    const float *w = step->data[0];
    float *to = step->data[1];
    memset(to, 0, alx_md_bytes(step->md[1]));
    for (int64_t o = 0; o < d[0]; o++)
        for (int64_t c = 0; c < d[1]; c++)
            for (int64_t u = 0; u < d[2]; u++)
                for (int64_t v = 0; v < d[3]; v++)
                    to[o * filter + folded_place(&step->op->attr.fold, &folded, c, u, v)] = *w++;
}

/* args: dw', dw: the gradients of the taps that the kernel has; those of its zeros are left out. */
static void run_unfold(const alx_step *step, const alx_run_context *context)
{
    (void)context;
    const alx_shape folded = alx_md_shape(step->md[0]), plain = alx_md_shape(step->md[1]);
    const int64_t *d = plain.dims, filter = alx_shape_elements(&folded) / d[0];
    const float *from = step->data[0];
    float *dw = step->data[1];
    for (int64_t o = 0; o < d[0]; o++)
        for (int64_t c = 0; c < d[1]; c++)
            for (int64_t u = 0; u < d[2]; u++)
                for (int64_t v = 0; v < d[3]; v++)
                    *dw++ = from[o * filter + folded_place(&step->op->attr.fold, &folded, c, u, v)];
}

static alx_status build_kernels(alx_build *build, alx_op *op, alx_kernel run, alx_error *err)
{
    const alx_md *from, *to;
    ALX_TRY(alx_build_md(&from, build, op->inputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_build_md(&to, build, op->outputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
    alx_step_arg args[2] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], from, err));
    ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], to, err));
    return alx_build_kernel(build, op, run, 2, args, -1, err);
}

static alx_status build_fold(alx_build *build, alx_op *op, alx_error *err)
{
    ALX_TRY(build_kernels(build, op, run_fold, err));
    alx_build_keep(build, 1);
    return ALX_OK;
}

static alx_status build_unfold(alx_build *build, alx_op *op, alx_error *err)
{
    return build_kernels(build, op, run_unfold, err);
}

static const alx_op_class class_unfold = {"unfold_kernel", NULL, build_unfold};

static alx_status fold_gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                                alx_error *err)
{
    (void)dx; /* a parameter's gradient has its own place */
    if (!need[0]) return ALX_OK;
    alx_op *unfold;
    ALX_TRY(alx_op_add(&unfold, program, &class_unfold, 1, dy, err));
    unfold->attr.fold = op->attr.fold;
    unfold->forward = op;
    return alx_op_add_gradient(unfold, program, op->inputs[0], err);
}

static const alx_op_class class_fold = {"fold_kernel", fold_gradient, build_fold};

alx_status alx_op_fold_kernel(alx_value *y, alx_program *program, alx_value w, const alx_fold *fold, alx_error *err)
{
    const int64_t *d = alx_value_shape(program, w)->dims, s = fold->step;
    alx_shape shape = ALX_SHAPE(d[0], d[1] * s * s, (d[2] + s - 1) / s, (d[3] + s - 1) / s);
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_fold, 1, &w, err));
    op->attr.fold = *fold;
    ALX_TRY(alx_op_add_output(op, program, &shape, ALX_F32, err));
    *y = op->outputs[0];
    return ALX_OK;
}
