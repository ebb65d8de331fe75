/* Ops: what the machine runs.  Each kind is one file with a descriptor: how its
 * gradient is written as ops, and how it becomes steps. */
#ifndef ALX_OPS_OP_H
#define ALX_OPS_OP_H

#include "ops/program.h"
#include "ops/winograd_kernels.h"

typedef struct alx_build alx_build; /* ops/build.h */

struct alx_op_class {
    const char *name;
    /* Appends backward ops.  dy[i] is the gradient of output i, or ALX_NO_VALUE.  For each
     * input i with need[i], dx[i] becomes its gradient.  NULL: no gradient flows. */
    alx_status (*gradient)(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err);
    /* Chooses layouts and appends steps. */
    alx_status (*build)(alx_build *build, alx_op *op, alx_error *err);
};

/* ---- How a convolution is computed ---- */

typedef enum alx_conv_direction {
    ALX_CONV_FORWARD,
    ALX_CONV_BACKWARD_DATA,
    ALX_CONV_BACKWARD_WEIGHTS,
    ALX_CONV_DIRECTIONS
} alx_conv_direction;

/* The rows of the table in ops/conv_ways.c. */
typedef enum alx_conv_way {
    ALX_CONV_USUAL, /* by rule of thumb */
    ALX_CONV_DIRECT,
    ALX_CONV_ONEDNN_WINOGRAD,
    ALX_CONV_WINOGRAD,                                               /* ours: one a size, with products of f32, */
    ALX_CONV_WINOGRAD_BF16 = ALX_CONV_WINOGRAD + ALX_WINOGRAD_SIZES, /* and of bf16 */
    ALX_CONV_WAYS = ALX_CONV_WINOGRAD_BF16 + ALX_WINOGRAD_SIZES
} alx_conv_way;

typedef enum alx_conv_fold { ALX_FOLD_USUAL, ALX_FOLD_NO, ALX_FOLD_YES } alx_conv_fold;

/* Zeros: everything by rule of thumb. */
typedef struct alx_conv_choice {
    alx_conv_fold fold; /* of strides: plan/passes.c */
    alx_conv_way ways[ALX_CONV_DIRECTIONS];
    const void *reasons; /* whoever chose may leave here what he knows; NULL */
} alx_conv_choice;

/* ---- Ops ---- */

enum { ALX_OP_MAX_OUTPUTS = 4 };

struct alx_op {
    const alx_op_class *cls;
    int layer;
    int input_count, output_count;
    alx_value *inputs; /* in the program's arena; ALX_NO_VALUE for an input left out */
    alx_value outputs[ALX_OP_MAX_OUTPUTS];
    bool relu;        /* conv, matmul: ReLU fused behind; the output is after it.  pool: one in front, whose gradient
                       * ends in it */
    bool relu_behind; /* conv, matmul, eltwise: the op behind does its ReLU's backward pass along with its own */
    bool sum;         /* conv: its fourth input is added, before the ReLU; the output takes over its memory */
    alx_conv_choice choice; /* conv */
    int64_t inputs_each;    /* conv, matmul: inputs that each output weighs, as it was written (rewrites add zeros) */
    alx_op *forward;        /* of a backward op */
    int workspace;          /* slot that the forward op leaves for its backward op, -1: none */
    union {
        alx_conv_attr conv;
        alx_fold fold;
        alx_pool_geometry pool;
        alx_lrn_geometry lrn;
        alx_batch_norm_attr batch_norm;
        struct {
            alx_eltwise kind;
            float alpha;
        } eltwise;
        struct {
            float rate;
            int key;     /* the layer: backward draws the same mask again */
            bool masked; /* behind a ReLU: what is above 0 in its output was neither dropped nor inactive */
        } dropout;
        alx_loss_attr loss;
        bool logits;
        int part; /* concat_part: which input of the forward op */
    } attr;
};

/* Appends an op with room for the inputs; outputs are made with alx_op_add_output. */
alx_status alx_op_add(alx_op **op, alx_program *program, const alx_op_class *cls, int input_count,
                      const alx_value *inputs, alx_error *err);
alx_status alx_op_add_output(alx_op *op, alx_program *program, const alx_shape *shape, alx_dtype type, alx_error *err);
/* The gradient value of a parameter (its place in the gradient span). */
alx_status alx_op_add_gradient(alx_op *op, alx_program *program, alx_value param, alx_error *err);

/* dx = dy through an activation; data is the output or the input, as alx_eltwise_uses_output says. */
alx_status alx_op_eltwise_backward(alx_value *dx, alx_program *program, alx_value dy, alx_value data, alx_eltwise kind,
                                   float alpha, alx_error *err);

/* The gradient of conv and matmul: inputs (dy, x) of backward_weights, (dy, w) of backward_data. */
alx_status alx_op_linear_gradient(alx_program *program, alx_op *op, alx_value dy, const bool *need, alx_value *dx,
                                  const alx_op_class *backward_weights, const alx_op_class *backward_data,
                                  alx_error *err);
/* Of a convolution or a product, forward or either way back, each as many: the outputs times the inputs that one of
 * them weighs, zeros of the padding included, whole batch.  0 for other ops. */
int64_t alx_op_multiply_adds(const alx_program *program, const alx_op *op);

/* The weights w' and biases b' of a convolution or product with weights inputs[0] and biases inputs[1] (or
 * ALX_NO_VALUE) that computes what `norm`, a batch normalisation with fixed statistics, makes of its output. */
alx_status alx_op_fold_norm(alx_value *w, alx_value *b, alx_program *program, const alx_value inputs[2],
                            const alx_op *norm, alx_error *err);

/* The weights w' and biases b' of a convolution with inputs[0] for weights and inputs[3] for biases (or ALX_NO_VALUE),
 * which take over the scale inputs[1] and the shift inputs[2] of its input's channels. */
alx_status alx_op_fold_affine(alx_value *w, alx_value *b, alx_program *program, const alx_value inputs[4],
                              alx_error *err);

/* The classes that passes look at. */
extern const alx_op_class alx_op_class_conv, alx_op_class_matmul, alx_op_class_eltwise, alx_op_class_dropout,
    alx_op_class_space_to_depth, alx_op_class_pool, alx_op_class_batch_norm, alx_op_class_fold_norm, alx_op_class_sum,
    alx_op_class_reshape;

/* Whether backward ops follow, for which forward ops leave their workspaces. */
static inline bool alx_program_goes_back(const alx_program *program)
{
    return program->mode == ALX_MODE_TRAIN || program->mode == ALX_MODE_ATTRIBUTE;
}

/* Whether a pooling op can stand for the backward pass of a ReLU in front of it: maximum pooling in training, in
 * channel blocks. */
bool alx_op_pool_keeps_places(const alx_program *program, const alx_op *op);

#endif
