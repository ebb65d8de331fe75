/* A program: what the machine runs for a network, as ops over values.
 *
 * Layers append forward ops through the constructors below; plan/gradient.c
 * appends the backward ops; ops/build.c turns the whole into steps.  Values are
 * tensors with a logical shape and no order in memory: layouts are chosen later. */
#ifndef ALX_OPS_PROGRAM_H
#define ALX_OPS_PROGRAM_H

#include "base/arena.h"
#include "tensor/dnn.h"

typedef int32_t alx_value; /* an id within a program */
#define ALX_NO_VALUE ((alx_value)-1)

/* What is given before each run, of a batch. */
typedef enum alx_input {
    ALX_INPUT_IMAGES, /* (N, C, H, W) f32 */
    ALX_INPUT_LABELS, /* (N) s32 */
    ALX_INPUT_OTHERS, /* (N) s32: the second label of an image that was mixed from two */
    ALX_INPUT_SHARES, /* (N) f32: the first label's share, 0..1 */
    ALX_INPUT_COUNT
} alx_input;

typedef enum alx_value_kind {
    ALX_VALUE_INPUT,    /* given before each run */
    ALX_VALUE_PARAM,    /* a tensor of the parameter store */
    ALX_VALUE_GRADIENT, /* its gradient, in the gradient span */
    ALX_VALUE_COMPUTED  /* made by an op */
} alx_value_kind;

typedef struct alx_value_info {
    alx_value_kind kind;
    alx_shape shape; /* with N */
    alx_dtype type;
    int param;      /* PARAM, GRADIENT: its index in the store; INPUT: alx_input */
    bool trainable; /* PARAM */
} alx_value_info;

/* How a program is lowered. */
typedef enum alx_mode {
    ALX_MODE_TRAIN,    /* dropout on, batch statistics, loss and gradients */
    ALX_MODE_EVALUATE, /* inference plus the loss */
    ALX_MODE_PREDICT,  /* inference: probabilities */
    ALX_MODE_ATTRIBUTE /* inference, and the gradient of one class's logit at a layer's output; in f32 */
} alx_mode;

typedef struct alx_op_class alx_op_class;
typedef struct alx_op alx_op; /* ops/op.h */

typedef struct alx_program {
    alx_arena arena;
    alx_mode mode;
    alx_dtype type;  /* of activations: F32 or BF16 */
    bool exact;      /* convolutions as they are written: direct, nothing folded */
    bool accumulate; /* gradients are added to those of the step's parts before (ops/accumulate.c) */
    int64_t batch;
    int layer; /* new ops belong to this layer: for profiles and messages; -1: the loss, behind the last one */
    int value_count, value_capacity;
    alx_value_info *values;
    int op_count, op_capacity;
    alx_op **ops;
    int forward_count; /* of ops: the others run backward */
    /* Results, set by lowering. */
    alx_value logits, probabilities, loss; /* ATTRIBUTE: the loss is the logit of each image's label */
    alx_value *outputs;                    /* (layers + 1) the images, then each layer's output: by alx_graph_lower */
    /* What somebody reads behind a run: no pass fuses over it, and it stays, in plain f32 (alx_build.kept). */
    int kept_count;
    alx_value *kept;
} alx_program;

void alx_program_init(alx_program *program, alx_mode mode, alx_dtype type, bool exact, int64_t batch);
void alx_program_finish(alx_program *program);

alx_status alx_program_add_value(alx_value *value, alx_program *program, const alx_value_info *info, alx_error *err);
/* The value of a parameter; each index has one value, made at its first use. */
alx_status alx_program_param(alx_value *value, alx_program *program, int param, const alx_shape *shape, bool trainable,
                             alx_error *err);
static inline const alx_shape *alx_value_shape(const alx_program *program, alx_value value)
{
    return &program->values[value].shape;
}

/* ---- Constructors: each appends an op and returns its output ---- */

typedef struct alx_conv_attr {
    int64_t stride[2], pad_begin[2], pad_end[2]; /* height, width */
    int64_t groups;
} alx_conv_attr;

/* x (N, C, H, W), w (O, C, KH, KW) or with groups > 1 (G, O/G, C/G, KH, KW), b (O) or ALX_NO_VALUE. */
alx_status alx_op_conv(alx_value *y, alx_program *program, alx_value x, alx_value w, alx_value b,
                       const alx_conv_attr *attr, alx_error *err);
/* How a strided convolution is folded to one of stride 1 (ops/space_to_depth.c). */
typedef struct alx_fold {
    int64_t step;    /* the stride, both sides */
    int64_t pad[2];  /* before the image: height, width */
    int64_t size[2]; /* of the folded image */
} alx_fold;
/* x (N, C, H, W), an input; y (N, C step step, size) */
alx_status alx_op_space_to_depth(alx_value *y, alx_program *program, alx_value x, const alx_fold *fold, alx_error *err);
/* w (O, C, KH, KW), a parameter; y (O, C step step, ceil(KH / step), ceil(KW / step)), f32 */
alx_status alx_op_fold_kernel(alx_value *y, alx_program *program, alx_value w, const alx_fold *fold, alx_error *err);

/* x (N, I), w (O, I), b (O) or ALX_NO_VALUE; y (N, O).  logits: y stays f32 in a bf16 program. */
alx_status alx_op_matmul(alx_value *y, alx_program *program, alx_value x, alx_value w, alx_value b, bool logits,
                         alx_error *err);
/* x (N, C, H, W) */
alx_status alx_op_pool(alx_value *y, alx_program *program, alx_value x, const alx_pool_geometry *geometry,
                       alx_error *err);
/* x (N, C, H, W) */
alx_status alx_op_lrn(alx_value *y, alx_program *program, alx_value x, const alx_lrn_geometry *geometry,
                      alx_error *err);

typedef struct alx_batch_norm_attr {
    float epsilon;
    float momentum; /* moving = momentum * moving + (1 - momentum) * batch statistic */
    bool frozen;    /* the moving statistics normalise in training too, and nothing changes them */
} alx_batch_norm_attr;
/* x (N, C, H, W) or (N, F); gamma, beta, mean, variance (C): values of parameters.  In training the
 * batch's mean and population variance normalise, and update mean and variance in the store, unless it is frozen. */
alx_status alx_op_batch_norm(alx_value *y, alx_program *program, alx_value x, alx_value gamma, alx_value beta,
                             alx_value mean, alx_value variance, const alx_batch_norm_attr *attr, alx_error *err);
/* alpha: slope of LEAKY_RELU */
alx_status alx_op_eltwise(alx_value *y, alx_program *program, alx_value x, alx_eltwise kind, float alpha,
                          alx_error *err);
/* Over the channels; in f32 whatever the program's type. */
alx_status alx_op_softmax(alx_value *y, alx_program *program, alx_value x, alx_error *err);
/* Zero with probability rate, else x / (1 - rate); x itself outside training. */
alx_status alx_op_dropout(alx_value *y, alx_program *program, alx_value x, float rate, alx_error *err);
/* (N, C, H, W) -> (N, C*H*W), in the order C, H, W */
alx_status alx_op_flatten(alx_value *y, alx_program *program, alx_value x, alx_error *err);
/* Equal shapes; an input may appear more than once. */
alx_status alx_op_sum(alx_value *y, alx_program *program, int count, const alx_value *x, alx_error *err);
/* Along the channels. */
alx_status alx_op_concat(alx_value *y, alx_program *program, int count, const alx_value *x, alx_error *err);

typedef struct alx_loss_attr {
    float smoothing;            /* label smoothing: target = (1 - s) * one-hot + s / K */
    const float *class_weights; /* (K) or NULL: each image's loss times its class's weight (as Keras) */
} alx_loss_attr;
/* What an image is taken for: labels (N) s32; where images are mixed from two, others (N) s32 and shares (N) f32 as
 * well, else ALX_NO_VALUE. */
typedef struct alx_targets {
    alx_value labels, others, shares;
} alx_targets;
/* logits (N, K) f32, labels (N) s32 -> y (N) f32, the logit of each image's label.  Its gradient is that of the sum
 * over N. */
alx_status alx_op_class_logit(alx_value *y, alx_program *program, alx_value logits, alx_value labels, alx_error *err);
/* logits (N, K) f32 -> loss (N) f32 and probabilities (N, K) f32: share times the loss of the label, and 1 - share
 * times that of the other.  Its gradient is that of the mean over N. */
alx_status alx_op_softmax_loss(alx_value *loss, alx_value *probabilities, alx_program *program, alx_value logits,
                               const alx_targets *targets, const alx_loss_attr *attr, alx_error *err);

#endif
